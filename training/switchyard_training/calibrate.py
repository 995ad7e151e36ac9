"""Gate, temperatures and thresholds, fitted on the answers of the int8 file to texts that were not trained on."""

import json
import random

import numpy as np
from scipy.optimize import minimize
from sklearn.linear_model import LogisticRegression

from switchyard_training import augment, batches, gate, measures, model, runtime, sample
from switchyard_training.settings import Settings
from switchyard_training.taxonomy import HAZARDS, HEADS

# Share of ordinary tickets that may raise a hazard; the threshold goes as low as it allows.
HAZARD_ALARMS = 0.02
HAZARD_RANGE = (0.02, 0.95)
# Share of in-scope tickets whose doubt stays under one half.
SCOPE_KEEPS = 0.98
BITEXT_TEXTS = 400
NATURAL = ("tickets", "requests", "intents_extra")
# Weight of the out-of-scope texts when the gate is fitted, as a share of all.
OUTSIDE_SHARE = 0.2


def calibration_samples(samples: list[sample.Sample], seed: int) -> list[sample.Sample]:
    """Every calibration text alone and once inside a mail with scenery that training has not seen."""
    rng = random.Random(f"{seed}/calibrate")
    held = [s for s in samples if s.split == "calibrate"]
    bitext, chosen = ([s for s in held if s.source.startswith("bitext") is is_bitext] for is_bitext in (True, False))
    chosen += rng.sample(bitext, min(BITEXT_TEXTS, len(bitext)))
    stories = augment.scenery(samples, "calibrate")
    made = [sample.Sample(**{**s.__dict__, "text": augment.short(s.text, rng)}) for s in chosen]
    made += [sample.Sample(**{**s.__dict__, "text": augment.mail(s.text, rng, None, stories)}) for s in chosen]
    return made


def hazard_threshold(probability: np.ndarray, ordinary: np.ndarray) -> float:
    """One threshold for all hazards, as low as the alarms allowed: HAZARD_ALARMS of the ordinary tickets reach it. One for each hazard,
    fitted on the few texts that carry it, catches no more on other texts."""
    calm = probability[ordinary].max(1)
    return float(np.quantile(calm, 1 - HAZARD_ALARMS).clip(*HAZARD_RANGE).round(4)) if len(calm) else HAZARD_RANGE[1]


def fit_doubt(intent: np.ndarray, scope: np.ndarray, outside: np.ndarray) -> dict[str, float]:
    """A logistic regression of being out of scope on the scope logit and the energy of the intents, both sides weighing the same."""
    features = np.stack([scope, gate.logsumexp(intent)], 1)
    fitted = LogisticRegression(C=10.0, class_weight="balanced", max_iter=1000).fit(features, outside)
    return {"bias": float(fitted.intercept_[0]), "head": float(fitted.coef_[0, 0]), "energy": float(fitted.coef_[0, 1])}


def fit_gate(intent: np.ndarray, doubts: np.ndarray, labels: np.ndarray, outside: np.ndarray) -> dict[str, float]:
    """Slope and centre with the least log loss, a text out of scope being worth a uniform answer."""
    inside = labels >= 0

    def loss(values: np.ndarray) -> float:
        slope, centre, log_t = values
        logits = gate.gated(intent, doubts, {"slope": np.exp(slope), "centre": centre}) / np.exp(log_t)
        log_p = np.log(measures.softmax(logits).clip(1e-9))
        right = -log_p[inside, labels[inside]].mean()
        return (1 - OUTSIDE_SHARE) * right - OUTSIDE_SHARE * log_p[outside].mean()

    best = min((minimize(loss, [0.0, centre, 0.0], method="Nelder-Mead") for centre in (0.0, 2.0, 4.0)), key=lambda found: found.fun)
    return {"slope": float(np.exp(best.x[0])), "centre": float(best.x[1])}


def rejection(answers: dict[str, np.ndarray], labels: dict[str, np.ndarray], natural: np.ndarray, ordinary: np.ndarray) -> dict[str, float]:
    """The parameters of the gate, rounded to what single precision keeps. Doubt is zero, its probability one half, where SCOPE_KEEPS of
    the ordinary tickets lie below."""
    known = (labels["scope"] == 1) | ((labels["scope"] == 0) & natural)
    if not ((labels["scope"][known] == 1).any() and ordinary[known].any()):
        return gate.WIDE_OPEN
    intent, scope, outside = answers["intent"][known], answers["scope"][known, 0], labels["scope"][known] == 1
    given = fit_doubt(intent, scope, outside)
    given["bias"] -= float(np.quantile(gate.doubt(intent, scope, given)[ordinary[known]], SCOPE_KEEPS))
    given |= fit_gate(intent, gate.doubt(intent, scope, given), labels["intent"][known], outside)
    return {name: float(np.float32(given[name])) for name in gate.PARAMETERS}


def fit(answers: dict[str, np.ndarray], labels: dict[str, np.ndarray], natural: np.ndarray, ordinary: np.ndarray) -> dict:
    """Temperatures and thresholds of gated answers. `natural` marks the texts that say how sure the intent is, `ordinary` those that
    must stay quiet: whole tickets without hazard, as they came."""
    heads = {}
    for name in ("intent", "sentiment", "urgency"):
        known = (labels[name] >= 0) & (natural if name == "intent" else True)
        heads[name] = {"labels": HEADS[name], "temperature": measures.fit_temperature(answers[name][known], labels[name][known]) if known.any() else 1.0}
    known = labels["hazard"][:, 0] >= 0
    logits, truth = answers["hazard"][known], labels["hazard"][known]
    temperature = measures.fit_temperature(logits, truth)
    limit = hazard_threshold(measures.sigmoid(logits, temperature), ordinary[known])
    heads["hazard"] = {"labels": HAZARDS, "temperature": temperature, "thresholds": dict.fromkeys(HAZARDS, limit)}
    known = labels["scope"] >= 0
    logits, truth = answers["scope"][known, 0], labels["scope"][known]
    heads["scope"] = {"labels": HEADS["scope"], "temperature": measures.fit_temperature(logits, truth), "thresholds": {"out_of_scope": 0.5}}
    return heads


def calibrate(settings: Settings) -> dict:
    """Writes work/classifier.onnx, the int8 file with its gate, and work/heads.json: `heads` and `rejection` of bundle.json."""
    samples = calibration_samples(sample.load(settings), settings.seed)
    onnx = runtime.Onnx(settings.path("classifier.int8.onnx"), model.tokenizer_file(settings.base), settings.max_tokens, threads=settings.threads)
    answers, labels = onnx.answers([s.text for s in samples], "calibrate"), batches.label_arrays(samples)
    natural = np.array([s.source in NATURAL or s.is_release for s in samples])
    ordinary = np.array([s.source in NATURAL and s.hazards == [] for s in samples])
    given = rejection(answers, labels, natural, ordinary)
    gate.add_gate(settings.path("classifier.int8.onnx"), settings.path("classifier.onnx"), given)
    doubts = gate.doubt(answers["intent"], answers["scope"][:, 0], given)
    answers |= {"intent": gate.gated(answers["intent"], doubts, given), "scope": doubts[:, None]}
    alone = np.arange(len(samples)) < len(samples) // 2
    found = {"heads": fit(answers, labels, natural, ordinary & alone), "rejection": given}
    settings.path("heads.json").write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
    return found
