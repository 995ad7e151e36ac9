"""Reads Bitext releases and the hand-written files into one list of partly labelled samples, split for good."""

import csv
import hashlib
import json
import re
from collections import defaultdict
from dataclasses import asdict, dataclass
from pathlib import Path

from switchyard_training.settings import Settings
from switchyard_training.taxonomy import BITEXT_SPELLING, HAZARDS, INTENTS, SENTIMENTS, URGENCIES

BITEXT = {
    "20k": ("bitext_20000_utterances_sample.csv", "utterance"),
    "6480": ("Bitext_Sample_Customer_Support_Training_Dataset_6480.csv", "instruction"),
    "4514": ("Bitext_Sample_Customer_Support_Training_Dataset_4514_with_responses.csv", "instruction"),
}
KINDS = ("intents_extra", "requests", "hazards", "out_of_scope", "mood", "tickets")


class DataError(Exception):
    """A training file is missing or holds something the taxonomy does not know; the text names file and line."""


@dataclass
class Sample:
    """One text with the labels known for it; an absent label is None and its head learns nothing from it."""

    text: str
    source: str
    split: str
    intent: str | None = None
    sentiment: str | None = None
    urgency: str | None = None
    hazards: list[str] | None = None
    out_of_scope: bool | None = None
    group: str = ""


def fraction(key: str) -> float:
    """A number in [0, 1) that depends on the key alone."""
    return int.from_bytes(hashlib.sha256(key.encode()).digest()[:8], "big") / 2**64


def split_of(group: str, train: float, calibrate: float) -> str:
    where = fraction(group)
    return "train" if where < train else "calibrate" if where < train + calibrate else "test"


def read_bitext(folder: Path, release: str) -> list[tuple[str, str]]:
    """(text, intent) pairs of a release, one per lower-cased text."""
    name, column = BITEXT[release]
    path = folder / name
    if not path.is_file():
        raise DataError(f"bitext release {release} not found: {path}")
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.DictReader(file)
        missing = {column, "intent"} - set(reader.fieldnames or [])
        if missing:
            raise DataError(f"{path}: no column {', '.join(sorted(missing))}")
        pairs = {}
        for row in reader:
            intent = BITEXT_SPELLING.get(row["intent"], row["intent"])
            if intent not in INTENTS:
                raise DataError(f"{path}:{reader.line_num}: unknown intent {intent!r}")
            pairs.setdefault((row[column].strip().lower(), intent), row[column].strip())
    return [(text, intent) for (_, intent), text in pairs.items() if text]


def bitext_samples(folder: Path, strict: bool) -> list[Sample]:
    """20k trains, 4,514 tests; texts only the 6,480 release has train (70 %) and calibrate (30 %)."""
    releases = {name: read_bitext(folder, name) for name in BITEXT}
    meanings = defaultdict(set)
    for pairs in releases.values():
        for text, intent in pairs:
            meanings[text.lower()].add(intent)
    held = {text.lower() for text, _ in releases["4514"]}
    seen: set[str] = set()
    samples = []
    for release in ("4514", "20k", "6480"):
        for text, intent in releases[release]:
            low = text.lower()
            if low in seen or len(meanings[low]) > 1 or (release != "4514" and low in held):
                continue
            seen.add(low)
            split = {"4514": "test", "20k": "train"}.get(release) or split_of(low, 0.0 if strict else 0.7, 1.0)
            samples.append(Sample(text, f"bitext-{release}", split, intent=intent, hazards=[], out_of_scope=False))
    return samples


def check(path: Path, line: int, value, known: list[str]):
    for one in value if isinstance(value, list) else [value]:
        if one is not None and one not in known:
            raise DataError(f"{path}:{line}: unknown label {one!r}")
    return value


def kind_of(path: Path) -> str:
    """`requests_more` are requests, `tickets_b` are tickets."""
    return re.sub(r"_(more|[a-z])$", "", path.stem)


def handwritten_sample(path: Path, line: int, row: dict) -> Sample:
    kind = kind_of(path)
    group = f"{path.stem}/{row.get('group') or row['text']}"
    sample = Sample(row["text"].strip(), kind, split_of(group, 0.7, 0.15), group=group)
    sample.intent = check(path, line, row.get("intent"), INTENTS)
    sample.sentiment = check(path, line, row.get("sentiment"), SENTIMENTS)
    sample.urgency = check(path, line, row.get("urgency"), URGENCIES)
    sample.out_of_scope = kind == "out_of_scope"
    if kind != "mood":
        sample.hazards = check(path, line, row.get("hazards", []), HAZARDS)
    return sample


def handwritten_samples(folder: Path) -> list[Sample]:
    samples = []
    for path in sorted(folder.glob("*.jsonl")):
        if kind_of(path) not in KINDS:
            continue
        for line, raw in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            if not raw.strip():
                continue
            try:
                row = json.loads(raw)
            except json.JSONDecodeError as error:
                raise DataError(f"{path}:{line}: not json: {error}") from error
            if not row.get("text", "").strip():
                raise DataError(f"{path}:{line}: empty text")
            samples.append(handwritten_sample(path, line, row))
    return samples


def prepare(settings: Settings) -> list[Sample]:
    """Reads everything, writes work/samples.jsonl and returns the samples."""
    if settings.bitext is None:
        raise DataError("no bitext folder: give --data or SWITCHYARD_BITEXT_DIR")
    samples = bitext_samples(settings.bitext, settings.strict) + handwritten_samples(settings.handwritten)
    with settings.path("samples.jsonl").open("w", encoding="utf-8") as file:
        file.writelines(json.dumps(asdict(s), ensure_ascii=False) + "\n" for s in samples)
    return samples


def load(settings: Settings) -> list[Sample]:
    """The samples of the last `prepare`."""
    path = settings.path("samples.jsonl")
    if not path.is_file():
        raise DataError(f"{path} not found: run the data step first")
    return [Sample(**json.loads(line)) for line in path.read_text(encoding="utf-8").splitlines()]
