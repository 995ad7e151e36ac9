"""Lays a bundle folder: model, tokenizer, bundle.json, card; built beside its place and moved in whole."""

import json
import shutil
from pathlib import Path

import numpy as np

from switchyard_training import card, evaluate, model, runtime
from switchyard_training.sample import Sample
from switchyard_training.digests import MAKERS, code_digest, digest
from switchyard_training.settings import LEARNED, Settings
from switchyard_training.taxonomy import INTENTS

FORMAT = 1
MODEL_FILES = {"classifier": "classifier.onnx", "encoder": "encoder.int8.onnx"}
FILES = ("model.onnx", "tokenizer.json", LEARNED)
PREPROCESSING = 1
GOLDEN_CLASSIFIER = [
    "Where is my parcel? It should have been here on Tuesday.",
    "please cancel order 88213, I found the same lamp at home",
    "I would like my money back for the kettle, it arrived with a dent.",
    "how can i reset the password of my account",
    "Do you have a voucher or any kind of discount for returning customers?",
    "The checkout page shows a blank screen every time I press Pay now.",
    "Can I speak to a real person please",
    "Invoice needed\nHello,\nplease send me the invoice for order 55120, my accountant asks for it.\nThanks, Ruth",
    "I moved to a new flat and need to change the shipping address of my order.",
    "how do I unsubscribe from your newsletter?",
    "i want to delete my account",
    "can i get an email when my refund has been processed? i want to know its status",
]
GOLDEN_ENCODER = [
    "Where is my parcel?",
    "I would like my money back for the kettle, it arrived with a dent.",
    "how can i reset the password of my account",
    "Invoice needed\nHello,\nplease send me the invoice for order 55120, my accountant asks for it.\nThanks, Ruth",
    "What is a good recipe for pancakes without eggs?",
    "The headphones stopped charging after a week and I would like to know how to get a replacement under warranty.",
]


def plain_tokenizer(source: str, target: Path) -> None:
    """The tokenizer without fixed padding or truncation: whoever loads it decides."""
    content = json.loads(Path(source).read_text(encoding="utf-8"))
    content |= {"padding": None, "truncation": None}
    target.write_text(json.dumps(content, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def public_name(base: str) -> str:
    """The Hub's id of a base model; a folder's own name where it has none, never its path."""
    if base in ("all-MiniLM-L6-v2", model.MINILM):
        return model.MINILM
    return Path(base).name if Path(base).is_dir() else base


def describe(settings: Settings, name: str, folder: Path, code: str) -> dict:
    """What both bundles say about themselves; `code` is the digest of the code that made them."""
    base = public_name(settings.base)
    return {
        "name": name,
        "kind": name,
        "format": FORMAT,
        "base_model": base,
        "files": {path.name: digest(path) for path in sorted(folder.iterdir()) if path.name in FILES},
        "max_tokens": settings.max_tokens,
        "preprocessing": PREPROCESSING,
        "language": "en",
        "training": {"data": digest(settings.path("samples.jsonl")), "code": code, "seed": settings.seed, "base": base},
    }


def write(folder: Path, content: dict) -> None:
    (folder / "bundle.json").write_text(json.dumps(content, indent=2, sort_keys=True, ensure_ascii=False) + "\n", encoding="utf-8")


def move_in(made: Path, place: Path) -> None:
    """Puts a finished folder in place of the old one."""
    old = place.with_name(f".{place.name}.old")
    shutil.rmtree(old, ignore_errors=True)
    if place.exists():
        place.rename(old)
    made.rename(place)
    shutil.rmtree(old, ignore_errors=True)


def fresh(settings: Settings, name: str) -> Path:
    folder = settings.out / f".{name}.new"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    shutil.copyfile(settings.path(MODEL_FILES[name]), folder / "model.onnx")
    plain_tokenizer(model.tokenizer_file(settings.base), folder / "tokenizer.json")
    return folder


def lay_report(made: Path, place: Path) -> None:
    """What only training knows: its own figures and the comparison of rejection scores. `make evaluate` adds the worker's own."""
    place.mkdir()
    shutil.copyfile(made / "metrics.json", place / "training.json")
    if (made / "rejection.csv").is_file():
        shutil.copyfile(made / "rejection.csv", place / "rejection.csv")


def bundle_classifier(settings: Settings) -> Path:
    folder = fresh(settings, "classifier")
    shutil.copyfile(settings.path(LEARNED), folder / LEARNED)
    lay_report(settings.path("report"), folder / "report")
    judge = evaluate.Judge(settings)
    found = judge.probabilities([Sample(text, "golden", "test") for text in GOLDEN_CLASSIFIER], "")["intent"]
    golden = [
        {"text": text, "top": INTENTS[row.argmax()], "probability": round(float(row.max()), 6)} for text, row in zip(GOLDEN_CLASSIFIER, found)
    ]
    figures = json.loads((folder / "report" / "training.json").read_text(encoding="utf-8"))
    content = describe(settings, "classifier", folder, code_digest(*MAKERS)) | {
        "heads": judge.heads, "rejection": judge.rejection, "golden": golden, "metrics": card.headline(figures),
    }
    content["training"] |= {"rank": settings.rank, "targets": settings.targets, "start": figures["training"]["start"], "averaged": figures["training"].get("averaged")}
    write(folder, content)
    (folder / "README.md").write_text(card.classifier_card(content, figures), encoding="utf-8")
    move_in(folder, settings.out / "classifier")
    return settings.out / "classifier"


def bundle_encoder(settings: Settings) -> Path:
    folder = fresh(settings, "encoder")
    onnx = runtime.Onnx(folder / "model.onnx", str(folder / "tokenizer.json"), settings.max_tokens)
    vectors = onnx.answers(GOLDEN_ENCODER)["embedding"]
    golden = [{"text": text, "first": [round(float(x), 6) for x in row[:4]]} for text, row in zip(GOLDEN_ENCODER, vectors)]
    figures = json.loads(settings.path("encoder.json").read_text())
    content = describe(settings, "encoder", folder, code_digest("export", "quantise")) | {
        "heads": {}, "dimension": int(np.shape(vectors)[1]), "golden": golden, "metrics": figures,
    }
    write(folder, content)
    (folder / "README.md").write_text(card.encoder_card(content, figures), encoding="utf-8")
    move_in(folder, settings.out / "encoder")
    return settings.out / "encoder"
