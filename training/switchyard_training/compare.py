"""Which score tells texts out of scope best: head, confidence, energy, distances between features, and the gate, side by side.

Scores that learn something learn it from training texts (distances) or calibration texts (the gate); all are judged on the test texts."""

import csv
import json
import random

import numpy as np
from sklearn.covariance import LedoitWolf

from switchyard_training import augment, batches, gate, measures, model, runtime, sample
from switchyard_training.evaluate import in_mails, resolved_tickets
from switchyard_training.settings import Settings

KNOWN_TEXTS = 4000
NEIGHBOURS = 10


def unit(rows: np.ndarray) -> np.ndarray:
    return rows / np.linalg.norm(rows, axis=1, keepdims=True).clip(1e-9)


class Distances:
    """Mahalanobis distance to the nearest intent (and the same relative to all texts), cosine to the tenth-nearest known text."""

    def __init__(self, features: np.ndarray, intents: np.ndarray):
        classes = np.unique(intents)
        self.means = np.stack([features[intents == c].mean(0) for c in classes])
        self.within = LedoitWolf().fit(features - self.means[np.searchsorted(classes, intents)]).precision_
        self.whole = LedoitWolf().fit(features)
        self.known = unit(features)

    def mahalanobis(self, features: np.ndarray) -> np.ndarray:
        apart = features[:, None, :] - self.means[None]
        return np.einsum("nck,kl,ncl->nc", apart, self.within, apart, optimize=True).min(1)

    def relative(self, features: np.ndarray) -> np.ndarray:
        return self.mahalanobis(features) - self.whole.mahalanobis(features)

    def neighbour(self, features: np.ndarray) -> np.ndarray:
        return -np.partition(unit(features) @ self.known.T, -NEIGHBOURS, axis=1)[:, -NEIGHBOURS]


def scores(answers: dict[str, np.ndarray], distances: Distances, rejection: dict[str, float]) -> dict[str, np.ndarray]:
    """Every score, high for out of scope, from the answers of the int8 file before the gate."""
    intent, scope, feature = answers["intent"], answers["scope"][:, 0], answers["feature"]
    doubts = gate.doubt(intent, scope, rejection)
    return {
        "trained rejection class (scope head)": scope,
        "1 - highest intent probability": -measures.softmax(intent).max(1),
        "largest intent logit": -intent.max(1),
        "energy": -gate.logsumexp(intent),
        "Mahalanobis on features": distances.mahalanobis(feature),
        "relative Mahalanobis on features": distances.relative(feature),
        "kNN on features": distances.neighbour(feature),
        "head and energy (the gate's doubt)": doubts,
        "1 - highest gated intent probability": -measures.softmax(gate.gated(intent, doubts, rejection)).max(1),
    }


def compare(settings: Settings) -> list[dict]:
    """Writes work/report/rejection.csv: AUROC and the share of out-of-scope texts under the bar that lets 90 % of the in-scope ones through."""
    samples = sample.load(settings)
    onnx = runtime.Onnx(settings.path("classifier.int8.onnx"), model.tokenizer_file(settings.base), settings.max_tokens, threads=settings.threads)
    rng = random.Random(f"{settings.seed}/compare")
    pool = [s for s in samples if s.split == "train" and s.intent]
    pool = [s for s in pool if s.source == "tickets"] + rng.sample(pool, min(KNOWN_TEXTS, len(pool)))
    known = onnx.answers([s.text for s in pool], "known texts")["feature"]
    distances = Distances(known, batches.label_arrays(pool)["intent"])
    rejection = json.loads(settings.path("heads.json").read_text())["rejection"]
    test = [s for s in samples if s.split == "test"]
    release = [s for s in test if s.is_release and s.intent]
    release = rng.sample(release, min(1000, len(release)))
    inside = {
        "natural tickets": [s for s in test if s.source == "tickets"],
        "demo's resolved tickets": resolved_tickets(settings.tickets),
        "a release not trained on": release,
        "the same in mails": in_mails(release, settings.seed, (2, 5), augment.scenery(samples, "test")),
    }
    outside = [s for s in test if s.source == "out_of_scope"]
    found = {name: scores(onnx.answers([s.text for s in texts], name), distances, rejection) for name, texts in (inside | {"": outside}).items() if texts}
    rows = []
    for name in found:
        for score in found[name] if name else []:
            one, other = found[name][score], found[""][score]
            let_in = float((other <= np.quantile(one, 0.9)).mean())
            rows.append({"score": score, "in scope": name, "texts": len(one), "out of scope": len(other), "auroc": measures.auroc(one, other), "let in at 90 %": round(let_in, 4)})
    folder = settings.path("report")
    folder.mkdir(exist_ok=True)
    with (folder / "rejection.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    return rows
