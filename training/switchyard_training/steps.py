"""The steps of a run, what each reads and leaves, and which of them are done: a killed run goes on where it stopped."""

import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from switchyard_training import digests
from switchyard_training.settings import LEARNED, Settings


@dataclass(frozen=True)
class Step:
    """One step. `module` is the code it runs, `reads` and `leaves` are files of the work folder."""

    name: str
    module: str
    reads: tuple[str, ...]
    leaves: tuple[str, ...]
    run: Callable[[Settings], object]


def train(settings: Settings) -> object:
    from switchyard_training import train

    return train.train(settings)


def export(settings: Settings) -> object:
    from switchyard_training import export

    return export.export_classifier(settings)


def quantise(settings: Settings) -> object:
    from switchyard_training import quantise

    return str(quantise.quantise("classifier", settings))


def calibrate(settings: Settings) -> object:
    from switchyard_training import calibrate

    return calibrate.calibrate(settings)


def compare(settings: Settings) -> object:
    from switchyard_training import compare

    return compare.compare(settings)


def evaluate(settings: Settings) -> object:
    from switchyard_training import evaluate

    return evaluate.evaluate(settings)


def encoder(settings: Settings) -> object:
    from switchyard_training import encoder, export, quantise

    export.export_encoder(settings)
    quantise.quantise("encoder", settings)
    return encoder.evaluate_encoder(settings)


SAMPLES = "samples.jsonl"
# Reading the data is quick and always done anew; what it leaves decides whether the rest is.
RESUMABLE = {
    step.name: step
    for step in (
        Step("train", "train", (SAMPLES,), (LEARNED, "train.json"), train),
        Step("export", "export", (SAMPLES, LEARNED), ("classifier.fp32.onnx", "classifier.smooth.onnx"), export),
        Step("quantise", "quantise", (SAMPLES, "classifier.smooth.onnx"), ("classifier.int8.onnx",), quantise),
        Step("calibrate", "calibrate", (SAMPLES, "classifier.int8.onnx"), ("classifier.onnx", "heads.json"), calibrate),
        Step("compare", "compare", (SAMPLES, "classifier.int8.onnx", "heads.json"), ("report/rejection.csv",), compare),
        Step("evaluate", "evaluate", (SAMPLES, "classifier.onnx", "classifier.fp32.onnx", "heads.json", "train.json"), ("report/metrics.json",), evaluate),
        Step("encoder", "encoder", (SAMPLES,), ("encoder.fp32.onnx", "encoder.int8.onnx", "encoder.json"), encoder),
    )
}


def read_state(settings: Settings) -> dict:
    path = settings.path("state.json")
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}


def write_state(settings: Settings, state: dict) -> None:
    """Written beside its place and moved in whole, so that a kill leaves the old one or the new one."""
    part = settings.path("state.part")
    part.write_text(json.dumps(state, indent=2, sort_keys=True) + "\n", encoding="utf-8")
    os.replace(part, settings.path("state.json"))


def base_files(settings: Settings) -> list[Path]:
    """The files of a base model that lies on this machine; a Hub id stands for itself."""
    from switchyard_training import model

    folder = Path(model.base_folder(settings.base))
    return sorted(path for path in folder.iterdir() if path.suffix in (".json", ".safetensors", ".bin")) if folder.is_dir() else []


def tickets(settings: Settings) -> list[Path]:
    return sorted(settings.tickets.glob("*.jsonl"))


def key_of(step: Step, settings: Settings) -> str:
    """Digest of all that decides a step's result."""
    inputs = [settings.path(name) for name in step.reads]
    inputs += [settings.start] if settings.start and step.name == "train" else []
    inputs += base_files(settings) if step.name in ("train", "encoder") else tickets(settings) if step.name in ("evaluate", "compare") else []
    return digests.key(step.module, settings, [path for path in inputs if path.is_file()])


def is_done(step: Step, settings: Settings, state: dict) -> bool:
    """Whether the files the step leaves are there, with the bytes it left, and nothing it reads has changed since."""
    known = state.get(step.name, {})
    if known.get("key") != key_of(step, settings):
        return False
    return all(settings.path(name).is_file() and digests.digest(settings.path(name)) == made for name, made in known["leaves"].items())


def run_step(step: Step, settings: Settings, again: bool) -> object:
    """Runs a step, or says that it is done; `again` runs it in any case."""
    if not again and is_done(step, settings, read_state(settings)):
        return "done before; nothing it depends on has changed"
    key = key_of(step, settings)
    found = step.run(settings)
    leaves = {name: digests.digest(settings.path(name)) for name in step.leaves}
    write_state(settings, read_state(settings) | {step.name: {"key": key, "leaves": leaves}})
    return found
