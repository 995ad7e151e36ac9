# Switchyard. `make` shows what there is; set-up is inside the targets.

SHELL := /bin/bash
.DEFAULT_GOAL := help

LOCAL := .local
ORT := $(LOCAL)/onnxruntime/libonnxruntime.so
export ORT_DYLIB_PATH ?= $(CURDIR)/$(ORT)
# Minutes of `make soak`, rounds of `make bench`.
MINUTES ?= 10
ROUNDS ?= 5

.PHONY: help
help: ## Show this
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 12

.PHONY: demo
demo: $(ORT) packages ## Five tickets and then five hundred through the whole line, on this machine
	cargo build --release --quiet -p switchyard
	target/release/switchyard demo

.PHONY: up
up: $(ORT) packages ## The whole product in one process; POST tickets to 127.0.0.1:8080/tickets
	cargo build --release --quiet -p switchyard
	target/release/switchyard up

.PHONY: test
test: $(ORT) packages lint doc ## Format, lint, docs, unit, snapshot, property and end-to-end tests
	cargo build --workspace --bins --examples
	deploy/local/test.sh

.PHONY: lint
lint: ## rustfmt and clippy, warnings are errors
	cargo fmt --all --check
	cargo clippy --workspace --all-targets -- -D warnings

.PHONY: doc
doc: ## The documentation of every crate, warnings are errors
	RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps --quiet

.PHONY: soak
soak: $(ORT) packages ## The end-to-end test with random faults, the bills with a kill -9 every few seconds, a provider that is out: MINUTES=10 each
	cargo build --workspace --bins
	SWITCHYARD_SOAK_MINUTES=$(MINUTES) cargo test -p all --test chaos --test bills --test outage -- --nocapture

.PHONY: bench
bench: $(ORT) packages ## Speed and memory beside their limits, to target/bench/; one ticket's steps, ledger and draft worker below
	cargo build --release --workspace --bins --examples
	ROUNDS=$(ROUNDS) cargo run --release -p bench
	cargo bench --quiet -p shared --bench model -- $(ROUNDS)
	cargo bench --quiet -p shared -p route -p draft --bench reading --bench decide --bench drafting
	cargo run --release --quiet -p draft --example ledger_speed
	cargo run --release --quiet -p draft --example overhead

.PHONY: train
train: training/.venv/installed ## Fine-tune, calibrate, export and quantise the models; data from SWITCHYARD_BITEXT_DIR
	cd training && .venv/bin/python -m switchyard_training all --out ../models

.PHONY: test-training
test-training: training/.venv/installed ## Tests of the training pipeline; its packages take 6 GB, so `make test` leaves them out
	cd training && .venv/bin/python -m pytest -q

.PHONY: push
push: training/.venv/installed ## Adapter, ONNX file and card to the Hub in one commit; REPO=you/name, token from HF_TOKEN, DRY=1 lists only
	cd training && .venv/bin/python -m switchyard_training push --out ../models --repo "$(REPO)" $(if $(DRY),--dry-run)

# Labelled tickets, each judged by what the line makes of it today.
LABELLED := target/decisions/labelled.jsonl

.PHONY: judge
judge: $(ORT) # Not listed: part of fit and certify
	cargo build --release --quiet -p switchyard
	target/release/switchyard judge deploy/decisions/*.jsonl --out $(LABELLED)

.PHONY: routes
routes: $(ORT) ## What becomes of texts held back from training, by set: SWITCHYARD_BITEXT_DIR adds a whole Bitext release
	cargo build --release --quiet -p switchyard -p evaluate
	rm -rf target/decisions/held-back
	target/release/evaluate --tickets target/decisions/held-back
	target/release/switchyard judge target/decisions/held-back/*.jsonl --out target/decisions/routes.jsonl

.PHONY: fit
fit: judge ## Fit the score to one half of deploy/decisions, into deploy/policy.yaml; after each new model
	target/release/switchyard fit $(LABELLED) --policy deploy/policy.yaml --write

.PHONY: certify
certify: judge ## Test the thresholds on the other half: deploy/certificate.json and a picture, or why there is none
	target/release/switchyard certify $(LABELLED) --policy deploy/policy.yaml --alpha 0.02 --delta 0.05 \
		--out deploy/certificate.json --picture deploy/risk-coverage.svg || test $$? -eq 2

.PHONY: evaluate
evaluate: $(ORT) ## What the classifier is worth: models/classifier/report/ and the card's figures; SWITCHYARD_BITEXT_DIR adds Bitext
	cargo run --release --quiet -p evaluate

.PHONY: schemas
schemas: ## Write schemas/*.v1.json from the types
	SWITCHYARD_WRITE_SCHEMAS=1 cargo test --quiet -p shared --test schemas

.PHONY: packages
packages: # What the machine has to have, named if it is missing
	@deploy/local/packages.sh

$(ORT): deploy/local/onnxruntime.sh
	deploy/local/onnxruntime.sh

training/.venv/installed: training/requirements.lock
	python3 -m venv training/.venv
	training/.venv/bin/pip install --quiet --no-deps -r training/requirements.lock
	touch $@
