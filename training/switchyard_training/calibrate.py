"""Temperatures and thresholds, fitted on the answers of the int8 file to texts that were not trained on: the intent's on natural texts alone."""

import json
import random

import numpy as np

from switchyard_training import augment, batches, data, measures, model, runtime
from switchyard_training.settings import Settings
from switchyard_training.taxonomy import HAZARDS, HEADS

HAZARD_RECALL = 0.96
HAZARD_ALARMS = 0.012
HAZARD_RANGE = (0.1, 0.95)
SCOPE_KEEPS = 0.98
SCOPE_RANGE = (0.2, 0.8)
BITEXT_TEXTS = 400
NATURAL = ("tickets", "requests", "intents_extra")


def calibration_samples(samples: list[data.Sample], seed: int) -> list[data.Sample]:
    """Every calibration text alone and once inside a mail with scenery that training has not seen."""
    rng = random.Random(f"{seed}/calibrate")
    held = [s for s in samples if s.split == "calibrate"]
    bitext, chosen = ([s for s in held if s.source.startswith("bitext") is is_bitext] for is_bitext in (True, False))
    chosen += rng.sample(bitext, min(BITEXT_TEXTS, len(bitext)))
    made = [data.Sample(**{**s.__dict__, "text": augment.short(s.text, rng)}) for s in chosen]
    made += [data.Sample(**{**s.__dict__, "text": augment.mail(s.text, rng, None, augment.CALIBRATION_STORIES)}) for s in chosen]
    return made


def hazard_thresholds(probability: np.ndarray, labels: np.ndarray, ordinary: np.ndarray) -> np.ndarray:
    """As high as nearly every positive text allows, and for all hazards at least so high that no more than HAZARD_ALARMS of the
    ordinary tickets raise any."""
    low, high = HAZARD_RANGE
    wanted = np.array([np.quantile(p[y == 1], 1 - HAZARD_RECALL) if y.any() else high for p, y in zip(probability.T, labels.T)])
    quiet = np.quantile(probability[ordinary].max(1), 1 - HAZARD_ALARMS) + 1e-3 if ordinary.any() else low
    return np.maximum(wanted, quiet).clip(low, high).round(3)


def fit(answers: dict[str, np.ndarray], labels: dict[str, np.ndarray], natural: np.ndarray, tickets: np.ndarray) -> dict:
    """`natural` marks the texts that say how sure the intent is, `tickets` those that must stay quiet: whole tickets without hazard."""
    heads = {}
    for name in ("intent", "sentiment", "urgency"):
        known = (labels[name] >= 0) & (natural if name == "intent" and natural.any() else True)
        temperature = measures.fit_temperature(answers[name][known], labels[name][known]) if known.any() else 1.0
        heads[name] = {"labels": HEADS[name], "temperature": temperature}
    known = labels["hazard"][:, 0] >= 0
    logits, truth = answers["hazard"][known], labels["hazard"][known]
    temperature = measures.fit_temperature(logits, truth)
    probability = measures.sigmoid(logits, temperature)
    thresholds = dict(zip(HAZARDS, hazard_thresholds(probability, truth, tickets[known]).tolist()))
    heads["hazard"] = {"labels": HAZARDS, "temperature": temperature, "thresholds": thresholds}
    known = labels["scope"] >= 0
    logits, truth = answers["scope"][known, 0], labels["scope"][known]
    temperature = measures.fit_temperature(logits, truth)
    inside = measures.sigmoid(logits[tickets[known] if tickets.any() else truth == 0], temperature)
    threshold = round(float(np.quantile(inside, SCOPE_KEEPS).clip(*SCOPE_RANGE)), 3)
    heads["scope"] = {"labels": HEADS["scope"], "temperature": temperature, "thresholds": {"out_of_scope": threshold}}
    return heads


def calibrate(settings: Settings) -> dict:
    """Writes work/heads.json, the `heads` of bundle.json."""
    samples = calibration_samples(data.load(settings), settings.seed)
    onnx = runtime.Onnx(settings.path("classifier.int8.onnx"), model.tokenizer_file(settings.base), settings.max_tokens, threads=2)
    natural = np.array([s.source in NATURAL for s in samples])
    alone = np.arange(len(samples)) < len(samples) // 2
    tickets = np.array([s.source == "tickets" and s.hazards == [] for s in samples]) & alone
    heads = fit(onnx.answers([s.text for s in samples], "calibrate"), batches.label_arrays(samples), natural, tickets)
    settings.path("heads.json").write_text(json.dumps(heads, indent=2))
    return heads
