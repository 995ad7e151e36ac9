"""Quality of the int8 encoder against its fp32 original."""

import json
import random

import numpy as np

from switchyard_training import augment, evaluate, model, runtime, sample
from switchyard_training.settings import Settings


def top5_overlap(one: np.ndarray, other: np.ndarray, queries: int) -> float:
    """Mean share of the five nearest texts that both versions name."""
    shared = []
    for i in range(queries):
        near = [set(np.argsort(-(v[i] @ np.delete(v, i, 0).T))[:5]) for v in (one, other)]
        shared.append(len(near[0] & near[1]) / 5)
    return round(float(np.mean(shared)), 4)


def evaluate_encoder(settings: Settings) -> dict:
    """Cosine to fp32 and overlap of neighbours on short texts and on long mails; writes work/encoder.json."""
    rng = random.Random(f"{settings.seed}/encoder")
    test = rng.sample([s for s in sample.load(settings) if s.split == "test"], 400)
    sets = {"short": [s.text for s in test], "long": [augment.mail(s.text, rng, rng.randint(5, 12), augment.TEST_STORIES) for s in test]}
    tokens = model.tokenizer_file(settings.base)
    int8 = runtime.Onnx(settings.path("encoder.int8.onnx"), tokens, settings.max_tokens, threads=2)
    full = runtime.Onnx(settings.path("encoder.fp32.onnx"), tokens, settings.max_tokens, threads=2)
    figures = {}
    for name, texts in sets.items():
        one, other = int8.answers(texts, f"int8 {name}")["embedding"], full.answers(texts, f"fp32 {name}")["embedding"]
        cosine = (one * other).sum(-1)
        figures[name] = {
            "texts": len(texts),
            "cosine_mean": round(float(cosine.mean()), 4),
            "cosine_least": round(float(cosine.min()), 4),
            "top5_overlap": top5_overlap(one, other, len(texts)),
        }
    figures["texts_with_other_bits_in_a_batch"] = evaluate.batch_differences(int8, sets["short"][:15] + sets["long"][:15])
    settings.path("encoder.json").write_text(json.dumps(figures, indent=2))
    return figures
