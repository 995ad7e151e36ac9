"""The whole line on a random DistilBERT: same seed same bundle, going on after a kill, counts of trainable weights."""

import dataclasses
import json

import pytest
import small
import torch
from safetensors.torch import load_file, save_file
from transformers import DistilBertConfig, DistilBertModel

from switchyard_training import average, bundle, card, data, digests, gate, model, runtime, steps, train
from switchyard_training.sample import DataError
from switchyard_training.settings import LEARNED


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    return tmp_path_factory.mktemp("runs")


@pytest.fixture(scope="module")
def first(root):
    chosen = small.settings(root, "first")
    small.run_all(chosen)
    return chosen


def test_the_same_seed_gives_the_same_bundle(root, first):
    second = small.settings(root, "second")
    small.run_all(second)
    one, other = ((chosen.out / "classifier" / "bundle.json") for chosen in (first, second))
    assert digests.digest(one) == digests.digest(other)
    assert json.loads(one.read_text())["files"]["model.onnx"] == digests.digest(first.out / "classifier" / "model.onnx")


def test_another_seed_gives_another_bundle(root, first):
    other = dataclasses.replace(small.settings(root, "other"), seed=8)
    data.prepare(other)
    train.train(other)
    assert digests.digest(other.path(LEARNED)) != digests.digest(first.path(LEARNED))


def test_a_finished_run_has_nothing_left_to_do(first):
    found = small.run_all(first)
    assert found[1:-1] == ["done before; nothing it depends on has changed"] * (len(found) - 2)


def test_what_was_lost_is_made_again_and_what_depends_on_it_is_not(first):
    before = digests.digest(first.path("classifier.int8.onnx"))
    first.path("classifier.int8.onnx").unlink()
    found = small.run_all(first)
    assert digests.digest(first.path("classifier.int8.onnx")) == before
    done = [result == "done before; nothing it depends on has changed" for result in found[1:-1]]
    assert done == [True, True, False, True, True, True]


def test_training_that_was_killed_goes_on_after_the_last_finished_epoch(root, first, monkeypatch):
    chosen = small.settings(root, "killed")
    data.prepare(chosen)
    save = train.Run.save

    def killed(run, path, key):
        save(run, path, key)
        raise KeyboardInterrupt

    monkeypatch.setattr(train.Run, "save", killed)
    with pytest.raises(KeyboardInterrupt):
        train.train(chosen)
    monkeypatch.setattr(train.Run, "save", save)
    epochs = []
    run_epoch = train.Run.epoch
    monkeypatch.setattr(train.Run, "epoch", lambda run, batches, title: (epochs.append(title), run_epoch(run, batches, title)))
    train.train(chosen)
    assert epochs == ["epoch 2/2"]
    assert digests.digest(first.path(LEARNED)) == digests.digest(chosen.path(LEARNED))


def test_a_training_goes_on_from_the_adapter_of_a_bundle(root, first):
    start = first.out / "classifier" / LEARNED
    chosen = dataclasses.replace(small.settings(root, "further"), start=start, epochs=1)
    data.prepare(chosen)
    further, earlier = train.train(chosen), json.loads(first.path("train.json").read_text())
    assert further["start"] == digests.digest(start) and earlier["start"] is None
    assert further["epochs"][0]["all"] < earlier["epochs"][0]["all"]
    assert not steps.is_done(steps.RESUMABLE["train"], dataclasses.replace(chosen, start=None), steps.read_state(chosen))


def test_the_mean_of_two_trainings_from_one_start_lies_between_them(root, first):
    parts = []
    for seed in (7, 8):
        chosen = dataclasses.replace(small.settings(root, f"part-{seed}"), start=first.path(LEARNED), epochs=1, seed=seed)
        data.prepare(chosen)
        train.train(chosen)
        parts.append(chosen.work)
    chosen = small.settings(root, "mean")
    report = average.average(chosen, parts)
    one, other, mean = (load_file(str(folder / LEARNED)) for folder in (*parts, chosen.work))
    assert report["averaged"] == [digests.digest(folder / LEARNED) for folder in parts] and len(report["epochs"]) == 2
    assert all(torch.allclose(mean[name], (one[name] + other[name]) / 2) for name in one)
    assert any(not torch.equal(one[name], other[name]) for name in one)
    with pytest.raises(DataError, match="the same --start"):
        average.average(chosen, [first.work, parts[0]])
    with pytest.raises(DataError, match="nothing to average"):
        average.average(chosen, [first.work])


def test_an_adapter_of_another_shape_or_no_adapter_at_all_is_refused(root, first):
    net = model.with_lora(first.base, first.rank + 1, first.targets)
    other = root / "other.safetensors"
    save_file(model.learned(net), str(other))
    with pytest.raises(DataError, match="another --base, --rank or --targets.*lora_A.*is .3, 32., not .2, 32."):
        model.take(model.with_lora(first.base, first.rank, first.targets), other)
    other.write_text("no weights")
    with pytest.raises(DataError, match="other.safetensors holds no learned weights"):
        model.take(net, other)


def test_the_bundle_names_its_adapter_and_how_it_was_trained(first):
    folder = first.out / "classifier"
    made = json.loads((folder / "bundle.json").read_text())
    assert made["files"][LEARNED] == digests.digest(folder / LEARNED) == digests.digest(first.path(LEARNED))
    assert (made["training"]["rank"], made["training"]["targets"], made["training"]["start"]) == (2, "q,k,v", None)


def test_a_full_disk_leaves_the_old_samples_alone(root):
    chosen = small.settings(root, "full")
    data.prepare(chosen)
    before = digests.digest(chosen.path("samples.jsonl"))
    chosen.path("samples.part").symlink_to("/dev/full")
    with pytest.raises(OSError, match="No space left"):
        data.prepare(dataclasses.replace(chosen, strict=True))
    assert digests.digest(chosen.path("samples.jsonl")) == before


def test_a_step_depends_on_its_code_and_on_no_other():
    used = digests.closure("train")
    assert {"train", "batches", "augment", "text", "model", "taxonomy"} <= set(used)
    assert not {"push", "lint", "cli", "card", "settings"} & set(used)
    assert set(digests.MAKERS) == {"data"} | {step.module for step in steps.RESUMABLE.values() if step.name in digests.MAKERS}


def test_the_gate_in_the_graph_is_the_gate_in_numbers(first):
    tokens = model.tokenizer_file(first.base)
    raw, shipped = (runtime.Onnx(first.path(name), tokens, first.max_tokens) for name in ("classifier.int8.onnx", "classifier.onnx"))
    given = json.loads(first.path("heads.json").read_text())["rejection"]
    texts = ["where is my lamp", "how tall is a giraffe", "invoice"]
    before, after = raw.answers(texts), shipped.answers(texts)
    doubts = gate.doubt(before["intent"], before["scope"][:, 0], given)
    assert abs(after["scope"][:, 0] - doubts).max() < 1e-4
    assert abs(after["intent"] - gate.gated(before["intent"], doubts, given)).max() < 1e-4
    top = before["intent"].argmax(1)
    assert (after["intent"][range(len(texts)), top] == after["intent"].max(1)).all() and raw.names == shipped.names


def test_the_card_passes_the_hubs_own_checks(first):
    from huggingface_hub import ModelCard
    from huggingface_hub.repocard_data import eval_results_to_model_index

    made = ModelCard.load(first.out / "classifier" / "README.md")
    assert made.data.library_name == "peft" and made.data.license == "apache-2.0" and made.data.base_model == "tiny-distilbert"
    assert made.data.datasets == [card.DATA_SET]
    kinds = {result.metric_type for result in made.data.eval_results}
    assert {"f1", "accuracy", "ece", "aurc"} <= kinds
    assert eval_results_to_model_index("switchyard-classifier", made.data.eval_results) == made.data.to_dict()["model-index"]
    for title in ("Intended use", "Limits and bias", "Energy and cost"):
        assert f"## {title}" in made.text
    assert str(first.out.parent) not in made.content


def test_no_bundle_tells_where_it_was_made(root, first):
    for path in (first.out / "classifier").rglob("*.json"):
        assert str(root) not in path.read_text(encoding="utf-8")


def test_distilbert_with_rank_16_on_q_k_v_trains_0_66_percent():
    with torch.device("meta"):
        counts = model.trainable(model.adapted(DistilBertModel(DistilBertConfig()), 16, "q,k,v"))
        classifier = 66_974_235  # the same encoder with its own head of 27 labels, as the share is usually stated
    assert counts["lora"] == 442_368
    assert round(counts["lora_percent"], 2) == round(100 * counts["lora"] / (classifier + counts["lora"]), 2) == 0.66
    assert counts["trainable"] > counts["lora"] and round(counts["trainable_percent"], 2) == 0.77


def test_short_names_of_layers_fit_both_architectures():
    assert model.target_layers("bert", "q,k,v,dense") == ["query", "key", "value", "dense"]
    assert model.target_layers("distilbert", "q,k,v") == ["q_lin", "k_lin", "v_lin"]
    assert model.target_layers("roberta", "query") == ["query"]


def test_a_base_is_named_by_its_id_and_never_by_its_path(first):
    assert bundle.public_name("all-MiniLM-L6-v2") == model.MINILM
    assert bundle.public_name(first.base) == "tiny-distilbert"
    assert bundle.public_name("distilbert-base-uncased") == "distilbert-base-uncased"
