"""Figures computed from logits and labels; nothing here knows where they came from."""

import numpy as np
from scipy.optimize import minimize_scalar
from sklearn.metrics import f1_score, roc_auc_score


def softmax(logits: np.ndarray, temperature: float = 1.0) -> np.ndarray:
    scaled = logits / temperature
    raised = np.exp(scaled - scaled.max(-1, keepdims=True))
    return raised / raised.sum(-1, keepdims=True)


def sigmoid(logits: np.ndarray, temperature: float = 1.0) -> np.ndarray:
    return 1 / (1 + np.exp(-np.clip(logits / temperature, -50, 50)))


def fit_temperature(logits: np.ndarray, labels: np.ndarray) -> float:
    """The temperature with the least negative log likelihood; labels are classes, or 0/1 of the same shape as the logits."""

    def softmax_loss(log_t: float) -> float:
        p = softmax(logits, np.exp(log_t))[np.arange(len(labels)), labels]
        return -np.log(p.clip(1e-12)).mean()

    def sigmoid_loss(log_t: float) -> float:
        p = sigmoid(logits, np.exp(log_t)).clip(1e-12, 1 - 1e-12)
        return -(labels * np.log(p) + (1 - labels) * np.log(1 - p)).mean()

    loss = sigmoid_loss if labels.ndim == logits.ndim else softmax_loss
    return round(float(np.exp(minimize_scalar(loss, bounds=(-1.5, 1.5), method="bounded").x)), 4)


def ece(confidence: np.ndarray, correct: np.ndarray, bins: int = 15) -> float:
    """Expected calibration error over equal-width bins."""
    which = np.minimum((confidence * bins).astype(int), bins - 1)
    gaps = [abs(confidence[which == b].mean() - correct[which == b].mean()) * (which == b).mean() for b in range(bins) if (which == b).any()]
    return float(sum(gaps))


def aurc(confidence: np.ndarray, correct: np.ndarray) -> float:
    """Area under the risk-coverage curve."""
    errors = 1 - correct[np.argsort(-confidence, kind="stable")]
    return float((np.cumsum(errors) / np.arange(1, len(errors) + 1)).mean())


def coverage_at_risk(confidence: np.ndarray, correct: np.ndarray, risk: float) -> float:
    """The largest share of texts, most confident first, whose error rate stays within `risk`."""
    errors = 1 - correct[np.argsort(-confidence, kind="stable")]
    within = np.flatnonzero(np.cumsum(errors) / np.arange(1, len(errors) + 1) <= risk)
    return float((within[-1] + 1) / len(errors)) if len(within) else 0.0


def brier(probability: np.ndarray, labels: np.ndarray) -> float:
    """Mean squared distance of the probabilities from the truth, summed over the classes."""
    truth = np.zeros_like(probability)
    truth[np.arange(len(labels)), labels] = 1
    return float(((probability - truth) ** 2).sum(-1).mean())


def mixed_ece(confidence: np.ndarray, correct: np.ndarray, outside: np.ndarray, share: float = 0.2) -> float:
    """Calibration error with so many texts out of scope among the others that they make up `share`; each of them counts as wrong."""
    wanted = max(1, round(share / (1 - share) * len(confidence)))
    picked = np.sort(outside)[np.linspace(0, len(outside) - 1, wanted).round().astype(int)]
    return ece(np.r_[confidence, picked], np.r_[correct, np.zeros(len(picked))])


def bootstrap_f1(labels: np.ndarray, predicted: np.ndarray, seed: int, rounds: int = 300) -> list[float]:
    """95 % interval of macro-F1 over the classes present."""
    rng = np.random.default_rng(seed)
    classes = np.unique(labels)
    scores = []
    for _ in range(rounds):
        at = rng.integers(0, len(labels), len(labels))
        scores.append(f1_score(labels[at], predicted[at], labels=classes, average="macro", zero_division=0))
    return [round(float(q), 4) for q in np.quantile(scores, [0.025, 0.975])]


def classification(probability: np.ndarray, labels: np.ndarray, seed: int) -> dict:
    """Accuracy, macro-F1 with its interval, calibration and selective prediction of one set."""
    predicted, confidence = probability.argmax(-1), probability.max(-1)
    correct = (predicted == labels).astype(float)
    return {
        "texts": len(labels),
        "accuracy": round(float(correct.mean()), 4),
        "macro_f1": round(float(f1_score(labels, predicted, labels=np.unique(labels), average="macro", zero_division=0)), 4),
        "macro_f1_interval": bootstrap_f1(labels, predicted, seed),
        "ece": round(ece(confidence, correct), 4),
        "aurc": round(aurc(confidence, correct), 5),
        "brier": round(brier(probability, labels), 5),
        **{f"coverage_at_{p}_percent_risk": round(coverage_at_risk(confidence, correct, p / 100), 4) for p in (1, 2, 5)},
        "share_above_0.85": round(float((confidence > 0.85).mean()), 4),
        "accuracy_above_0.85": round(float(correct[confidence > 0.85].mean()), 4) if (confidence > 0.85).any() else None,
    }


def auroc(inside: np.ndarray, outside: np.ndarray) -> float:
    """How well a score that should be high for `outside` tells the two apart."""
    labels = np.r_[np.zeros(len(inside)), np.ones(len(outside))]
    return round(float(roc_auc_score(labels, np.r_[inside, outside])), 4)
