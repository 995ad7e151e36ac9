"""One subcommand a step; `all` runs them in order."""

import argparse
import json
import logging
import sys
from pathlib import Path

from switchyard_training.settings import Settings, bitext_default

STEPS = ["data", "train", "export", "quantise", "calibrate", "evaluate", "bundle", "encoder"]


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(prog="switchyard_training", description=__doc__, formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    default = Settings(bitext=None)
    made.add_argument("step", choices=[*STEPS, "all", "classifier"], help="'classifier' is all but the encoder")
    made.add_argument("--data", type=Path, default=bitext_default(), help="folder with the Bitext CSV files; also SWITCHYARD_BITEXT_DIR")
    made.add_argument("--handwritten", type=Path, default=default.handwritten, help="folder with the project's own JSONL files")
    made.add_argument("--out", type=Path, default=default.out, help="folder that gets classifier/ and encoder/")
    made.add_argument("--work", type=Path, default=default.work, help="folder for what lies between the steps")
    made.add_argument("--tickets", type=Path, default=default.tickets, help="folder with the demo's tickets; tested on, never trained on")
    made.add_argument("--base", default=default.base, help="all-MiniLM-L6-v2, a model folder, or a Hub id")
    made.add_argument("--epochs", type=int, default=default.epochs)
    made.add_argument("--rank", type=int, default=default.rank, help="rank of the adapters")
    made.add_argument("--targets", default=default.targets, help="linear layers that get adapters")
    made.add_argument("--per-intent", type=int, default=default.per_intent, help="Bitext texts an intent and epoch")
    made.add_argument("--seed", type=int, default=default.seed)
    made.add_argument("--lr", type=float, default=default.lr, help="highest learning rate of the adapters; the heads get twice that")
    made.add_argument("--strict", action="store_true", help="train on the 20k release alone, nothing of the 6,480 one")
    return made


def settings_of(given: argparse.Namespace) -> Settings:
    return Settings(
        bitext=given.data and Path(given.data), handwritten=given.handwritten, work=given.work, out=given.out, tickets=given.tickets, base=given.base,
        epochs=given.epochs, rank=given.rank, targets=given.targets, per_intent=given.per_intent, seed=given.seed, strict=given.strict, lr=given.lr,
    )


def run(step: str, settings: Settings) -> object:
    from switchyard_training import bundle, calibrate, data, encoder, evaluate, export, quantise, train

    if step == "data":
        return {"samples": len(data.prepare(settings))}
    if step == "train":
        return train.train(settings)
    if step == "export":
        return export.export_classifier(settings)
    if step == "quantise":
        return str(quantise.quantise("classifier", settings))
    if step == "calibrate":
        return calibrate.calibrate(settings)
    if step == "evaluate":
        return evaluate.evaluate(settings)
    if step == "bundle":
        return str(bundle.bundle_classifier(settings))
    export.export_encoder(settings)
    quantise.quantise("encoder", settings)
    return [encoder.evaluate_encoder(settings), str(bundle.bundle_encoder(settings))]


def main() -> None:
    given = parser().parse_args()
    logging.getLogger().setLevel(logging.ERROR)
    settings = settings_of(given)
    steps = STEPS if given.step == "all" else STEPS[:-1] if given.step == "classifier" else [given.step]
    from switchyard_training.data import DataError

    for step in steps:
        print(f"== {step}", file=sys.stderr)
        try:
            found = run(step, settings)
        except (DataError, OSError) as error:
            print(f"{step}: {error}", file=sys.stderr)
            raise SystemExit(64) from None
        print(json.dumps(found, indent=2, ensure_ascii=False))
