"""What is doubtful about the texts a model is to learn from: contradictions, copies across splits, intents that overlap or are thin."""

import random
import re
from collections import defaultdict
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from switchyard_training import runtime
from switchyard_training.sample import Sample
from switchyard_training.settings import Settings
from switchyard_training.taxonomy import INTENTS

# Texts are near-duplicates from this Jaccard similarity of their words and word pairs.
ALIKE = 0.8
HASHES, BANDS = 64, 16
SHORTEST, LONGEST = 2, 500
THIN = 30
# Pairs of intents are reported from this share of texts that lie nearer to the other's centroid.
OVERLAP = 0.1
TEXTS_AN_INTENT = 60


@dataclass(frozen=True)
class Finding:
    """One line of the report; `grave` ones make the command fail."""

    kind: str
    what: str
    grave: bool = False


def normalised(text: str) -> str:
    """Letters and digits alone, lower-cased."""
    return " ".join(re.findall(r"[^\W_]+", text.lower()))


def shingles(text: str) -> frozenset[str]:
    words = normalised(text).split()
    return frozenset(words) | frozenset(f"{a} {b}" for a, b in zip(words, words[1:]))


def signatures(sets: list[frozenset[str]], seed: int = 0) -> np.ndarray:
    """MinHash: the share of equal numbers in two rows estimates the Jaccard similarity of the two sets."""
    rng = np.random.default_rng(seed)
    factor = rng.integers(1, 2**63, HASHES, dtype=np.uint64) | np.uint64(1)
    offset = rng.integers(0, 2**63, HASHES, dtype=np.uint64)
    numbers: dict[str, int] = {}
    found = np.empty((len(sets), HASHES), dtype=np.uint64)
    for row, members in enumerate(sets):
        at = np.array([numbers.setdefault(one, rng.integers(1, 2**63)) for one in sorted(members)] or [0], dtype=np.uint64)
        found[row] = (at[:, None] * factor + offset).min(0)
    return found


def near_duplicates(texts: list[str]) -> list[tuple[int, int, float]]:
    """Pairs of positions with their similarity, from MinHash bands, checked on the sets themselves."""
    sets = [shingles(text) for text in texts]
    marks, width = signatures(sets), HASHES // BANDS
    pairs: set[tuple[int, int]] = set()
    for band in range(BANDS):
        buckets = defaultdict(list)
        for row, mark in enumerate(marks[:, band * width : (band + 1) * width]):
            buckets[mark.tobytes()].append(row)
        for rows in buckets.values():
            pairs |= set(combinations(rows[:50], 2))
    found = [(a, b, len(sets[a] & sets[b]) / max(1, len(sets[a] | sets[b]))) for a, b in sorted(pairs)]
    return [(a, b, share) for a, b, share in found if share >= ALIKE]


def labels_of(sample: Sample) -> dict[str, object]:
    hazards = None if sample.hazards is None else tuple(sorted(sample.hazards))
    return {"intent": sample.intent, "sentiment": sample.sentiment, "urgency": sample.urgency, "hazards": hazards, "scope": sample.out_of_scope}


def contradictions(samples: list[Sample]) -> list[Finding]:
    """Texts that are the same but for case and punctuation, with labels that cannot both be right."""
    same = defaultdict(list)
    for sample in samples:
        same[normalised(sample.text)].append(sample)
    found = []
    for alike in same.values():
        for one, other in combinations(alike, 2):
            differ = {k: (a, b) for (k, a), b in zip(labels_of(one).items(), labels_of(other).values()) if a is not None and b is not None and a != b}
            if differ:
                said = ", ".join(f"{k} {a} and {b}" for k, (a, b) in differ.items())
                found.append(Finding("contradiction", f"{shown(one.text)} ({one.source}, {other.source}): {said}", grave=True))
    return found


def shown(text: str) -> str:
    return repr(text[:60] + ("…" if len(text) > 60 else ""))


def copies(samples: list[Sample]) -> list[Finding]:
    """Hand-written texts that lie, all but the same, in two splits; of Bitext, which repeats itself by design, only the number."""
    hand = [s for s in samples if not s.source.startswith("bitext")]
    found = [
        Finding("near-duplicate across splits", f"{hand[a].split} {shown(hand[a].text)} ~ {hand[b].split} {shown(hand[b].text)} ({share:.2f})")
        for a, b, share in near_duplicates([s.text for s in hand]) if hand[a].split != hand[b].split
    ]
    release = defaultdict(set)
    for sample in samples:
        if sample.source.startswith("bitext"):
            release[frozenset(shingles(sample.text))].add(sample.split)
    shared = sum(len(splits) > 1 for splits in release.values())
    return found + ([Finding("same words across splits (Bitext)", f"{shared} of {len(release)} sets of words")] if shared else [])


def lengths(samples: list[Sample]) -> list[Finding]:
    counts = [(len(s.text.split()), s) for s in samples if not s.source.startswith("bitext")]
    short = [s for words, s in counts if words < SHORTEST and s.intent]
    long = [(words, s) for words, s in counts if words > LONGEST]
    found = [Finding("too short to carry an intent", f"{shown(s.text)} ({s.intent})") for s in short]
    return found + [Finding("longer than the model reads", f"{shown(s.text)} ({words} words)") for words, s in long]


def thin(samples: list[Sample]) -> list[Finding]:
    found = []
    for intent in INTENTS:
        mine = [s for s in samples if s.intent == intent]
        counts = {split: sum(s.split == split for s in mine) for split in ("train", "calibrate", "test")}
        natural = sum(not s.source.startswith("bitext") and s.split == "train" for s in mine)
        if natural < THIN or min(counts["calibrate"], counts["test"]) == 0:
            found.append(Finding("thin intent", f"{intent}: {natural} hand-written to train on, {counts}"))
    return found


def vectors(texts: list[str], settings: Settings) -> np.ndarray:
    folder = settings.out / "encoder"
    return runtime.Onnx(folder / "model.onnx", str(folder / "tokenizer.json"), settings.max_tokens, threads=settings.threads).answers(texts)["embedding"]


def overlaps(samples: list[Sample], settings: Settings) -> list[Finding]:
    """Pairs of intents whose texts lie nearer to the other's centroid, the text itself not counting for its own."""
    rng = random.Random(settings.seed)
    chosen: list[Sample] = []
    for intent in INTENTS:
        mine = [s for s in samples if s.intent == intent and s.split == "train"]
        hand = [s for s in mine if not s.source.startswith("bitext")] or mine
        chosen += rng.sample(hand, min(TEXTS_AN_INTENT, len(hand)))
    if not chosen:
        return []
    rows, labels = vectors([s.text for s in chosen], settings), np.array([INTENTS.index(s.intent) for s in chosen])
    sums = np.stack([rows[labels == i].sum(0) for i in range(len(INTENTS))])
    nearest = []
    for row, label in zip(rows, labels):
        others = sums.copy()
        others[label] -= row
        nearest.append(int((others @ row / np.linalg.norm(others, axis=1).clip(1e-9)).argmax()))
    nearest = np.array(nearest)
    share = lambda a, b: float((nearest[labels == a] == b).mean()) if (labels == a).any() else 0.0  # noqa: E731
    pairs = sorted(((share(a, b) + share(b, a)) / 2, a, b) for a, b in combinations(range(len(INTENTS)), 2))
    return [Finding("overlapping intents", f"{INTENTS[a]} and {INTENTS[b]}: {part:.0%} nearer to the other") for part, a, b in reversed(pairs) if part >= OVERLAP]


def lint(samples: list[Sample], settings: Settings) -> list[Finding]:
    """Everything found, the grave first."""
    found = contradictions(samples) + copies(samples) + thin(samples) + lengths(samples)
    encoder = settings.out / "encoder" / "model.onnx"
    found += overlaps(samples, settings) if encoder.is_file() else [Finding("not measured", f"overlapping intents: no encoder at {encoder}")]
    return sorted(found, key=lambda finding: not finding.grave)


def table(found: list[Finding]) -> str:
    """One line a finding, under a count by kind."""
    counts = defaultdict(int)
    for finding in found:
        counts[finding.kind] += 1
    lines = [f"{count:6}  {kind}" for kind, count in counts.items()]
    return "\n".join([*lines, "", *(f"{finding.kind}\t{finding.what}" for finding in found)])
