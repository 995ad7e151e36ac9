"""Temperatures and thresholds, fitted on the answers of the int8 file to texts that were not trained on."""

import json
import random

import numpy as np

from switchyard_training import augment, batches, data, measures, model, runtime
from switchyard_training.settings import Settings
from switchyard_training.taxonomy import HAZARDS, HEADS

HAZARD_RECALL = 0.98
HAZARD_QUIET = 0.99
HAZARD_RANGE = (0.1, 0.4)
SCOPE_KEEPS = 0.99


def calibration_samples(samples: list[data.Sample], seed: int) -> list[data.Sample]:
    """Every calibration text alone and once inside a mail with scenery that training has not seen."""
    rng = random.Random(f"{seed}/calibrate")
    chosen = [s for s in samples if s.split == "calibrate"]
    made = [data.Sample(**{**s.__dict__, "text": augment.short(s.text, rng)}) for s in chosen]
    made += [data.Sample(**{**s.__dict__, "text": augment.mail(s.text, rng, None, augment.CALIBRATION_STORIES)}) for s in chosen]
    return made


def hazard_threshold(probability: np.ndarray, labels: np.ndarray, ordinary: np.ndarray) -> float:
    """Low enough to find nearly every positive text, yet above what all but a few ordinary requests reach."""
    low, high = HAZARD_RANGE
    if not labels.any():
        return high
    wanted = float(np.quantile(probability[labels == 1], 1 - HAZARD_RECALL))
    quiet = float(np.quantile(probability[ordinary], HAZARD_QUIET)) if ordinary.any() else low
    return round(min(max(wanted, quiet, low), high), 3)


def fit(answers: dict[str, np.ndarray], labels: dict[str, np.ndarray], ordinary: np.ndarray) -> dict:
    heads = {}
    for name in ("intent", "sentiment", "urgency"):
        known = labels[name] >= 0
        temperature = measures.fit_temperature(answers[name][known], labels[name][known]) if known.any() else 1.0
        heads[name] = {"labels": HEADS[name], "temperature": temperature}
    known = labels["hazard"][:, 0] >= 0
    logits, truth = answers["hazard"][known], labels["hazard"][known]
    temperature = measures.fit_temperature(logits, truth)
    probability = measures.sigmoid(logits, temperature)
    thresholds = {hazard: hazard_threshold(probability[:, i], truth[:, i], ordinary[known]) for i, hazard in enumerate(HAZARDS)}
    heads["hazard"] = {"labels": HAZARDS, "temperature": temperature, "thresholds": thresholds}
    known = labels["scope"] >= 0
    logits, truth = answers["scope"][known, 0], labels["scope"][known]
    temperature = measures.fit_temperature(logits, truth)
    inside = measures.sigmoid(logits[truth == 0], temperature)
    threshold = round(min(max(float(np.quantile(inside, SCOPE_KEEPS)), 0.2), 0.8), 3)
    heads["scope"] = {"labels": HEADS["scope"], "temperature": temperature, "thresholds": {"out_of_scope": threshold}}
    return heads


def calibrate(settings: Settings) -> dict:
    """Writes work/heads.json, the `heads` of bundle.json."""
    samples = calibration_samples(data.load(settings), settings.seed)
    onnx = runtime.Onnx(settings.path("classifier.int8.onnx"), model.tokenizer_file(settings.base), settings.max_tokens, threads=2)
    ordinary = np.array([s.hazards == [] and s.source != "hazards" for s in samples])
    heads = fit(onnx.answers([s.text for s in samples], "calibrate"), batches.label_arrays(samples), ordinary)
    settings.path("heads.json").write_text(json.dumps(heads, indent=2))
    return heads
