"""What the shipped int8 file answers on texts it was not trained on; writes work/report/."""

import json
import random
import time
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
from sklearn.metrics import f1_score

from switchyard_training import augment, batches, gate, measures, model, runtime, sample
from switchyard_training.settings import Settings
from switchyard_training.taxonomy import HAZARDS, HEADS, INTENTS, KINDS

AUTO = 0.85
# The release that stands for texts nobody trained on, by what is there.
RELEASES = ("bitext_4514", "held_out_release")
COMPARED = ("natural_tickets", *RELEASES, *(f"{name}_in_long_mails" for name in RELEASES))
COST_TEXTS = 200


def in_mails(samples: list[sample.Sample], seed: int, stories: tuple[int, int], texts: list[str]) -> list[sample.Sample]:
    """Each text inside a mail of so many sentences of this scenery, which no training mail contains."""
    rng = random.Random(f"{seed}/evaluate/{stories}")
    return [replace(s, text=augment.mail(s.text, rng, rng.randint(*stories), texts)) for s in samples]


def with_typos(samples: list[sample.Sample], seed: int) -> list[sample.Sample]:
    rng = random.Random(f"{seed}/typos")
    return [replace(s, text=augment.typo(s.text, rng, 0.04)) for s in samples]


class Judge:
    """The int8 file with its calibration."""

    def __init__(self, settings: Settings, file: str = "classifier.onnx"):
        self.seed, self.has_gate = settings.seed, file == "classifier.onnx"
        found = json.loads(settings.path("heads.json").read_text(encoding="utf-8"))
        self.heads, self.rejection = found["heads"], found["rejection"]
        self.path, self.tokenizer, self.max_tokens = settings.path(file), model.tokenizer_file(settings.base), settings.max_tokens
        self.onnx = runtime.Onnx(self.path, self.tokenizer, self.max_tokens, threads=settings.threads)

    def probabilities(self, samples: list[sample.Sample], title: str) -> dict[str, np.ndarray]:
        answers = self.onnx.answers([s.text for s in samples], title)
        if not self.has_gate:
            doubts = gate.doubt(answers["intent"], answers["scope"][:, 0], self.rejection)
            answers |= {"intent": gate.gated(answers["intent"], doubts, self.rejection), "scope": doubts[:, None]}
        found = {name: measures.softmax(answers[name], self.heads[name]["temperature"]) for name in ("intent", "sentiment", "urgency")}
        for name in ("hazard", "scope"):
            found[name] = measures.sigmoid(answers[name], self.heads[name]["temperature"])
        return found | {"logits": answers["intent"]}


def hazard_figures(probability: np.ndarray, labels: np.ndarray, thresholds: dict[str, float]) -> dict:
    """Recall and false alarms, for each hazard and for any hazard at all."""
    raised = probability >= np.array([thresholds[h] for h in HAZARDS])
    each = {}
    for i, hazard in enumerate(HAZARDS):
        truth = labels[:, i] == 1
        each[hazard] = {
            "positives": int(truth.sum()),
            "recall": round(float(raised[truth, i].mean()), 4) if truth.any() else None,
            "false_alarms": round(float(raised[~truth, i].mean()), 4),
        }
    positive = labels.any(1)
    return {
        "texts": len(labels),
        "recall_of_labels": round(float(raised[labels == 1].mean()), 4) if positive.any() else None,
        "recall_any": round(float(raised[positive].any(1).mean()), 4) if positive.any() else None,
        "false_alarms_any": round(float(raised[~positive].any(1).mean()), 4) if (~positive).any() else None,
        "each": each,
    }


def scope_figures(inside: dict[str, np.ndarray], labels: np.ndarray, outside: dict[str, np.ndarray], threshold: float) -> dict:
    """How well one set's texts and those out of scope are told apart; `auroc_intent_confidence` and the bar at 90 % are of the confidence
    that an event carries."""
    correct = (inside["intent"].argmax(-1) == labels).astype(float)
    scope_in, scope_out = inside["scope"][:, 0], outside["scope"][:, 0]
    top_in, top_out = inside["intent"].max(-1), outside["intent"].max(-1)
    both_in, both_out = top_in * (1 - scope_in), top_out * (1 - scope_out)
    bar, bar_both = float(np.quantile(top_in, 0.1)), float(np.quantile(both_in, 0.1))
    return {
        "in_scope_texts": len(scope_in),
        "out_of_scope_texts": len(scope_out),
        "auroc_scope_head": measures.auroc(scope_in, scope_out),
        "auroc_intent_confidence": measures.auroc(-top_in, -top_out),
        "auroc_both": measures.auroc(-both_in, -both_out),
        "out_of_scope_above_0.85_confidence": round(float((top_out > AUTO).mean()), 4),
        "out_of_scope_above_0.85_and_not_flagged": round(float(((top_out > AUTO) & (scope_out < threshold)).mean()), 4),
        "out_of_scope_flagged": round(float((scope_out >= threshold).mean()), 4),
        "in_scope_flagged": round(float((scope_in >= threshold).mean()), 4),
        "out_of_scope_above_bar_that_lets_90_percent_in": round(float((top_out > bar).mean()), 4),
        "the_same_with_confidence_and_scope": round(float((both_out > bar_both).mean()), 4),
        "ece_with_20_percent_out_of_scope": round(measures.mixed_ece(top_in, correct, top_out), 4),
    }


def ordinal_figures(probability: np.ndarray, labels: np.ndarray) -> dict:
    known = labels >= 0
    predicted, truth = probability[known].argmax(-1), labels[known]
    return {
        "texts": int(known.sum()),
        "macro_f1": round(float(f1_score(truth, predicted, average="macro", zero_division=0)), 4),
        "accuracy": round(float((predicted == truth).mean()), 4),
        "within_one_level": round(float((abs(predicted - truth) <= 1).mean()), 4),
        "ece": round(measures.ece(probability[known].max(-1), (predicted == truth).astype(float)), 4),
    }


def batch_differences(onnx: runtime.Onnx, texts: list[str]) -> int:
    """How many texts get other bits in a padded batch than alone."""
    rows = onnx.ids(texts)
    together, wrong = onnx.run(rows), 0
    for i, row in enumerate(rows):
        alone = onnx.run([row])
        wrong += any(not np.array_equal(alone[name][0], together[name][i]) for name in onnx.names)
    return wrong


def parity(settings: Settings, int8: Judge, sets: dict[str, list[sample.Sample]]) -> dict:
    """Agreement of the int8 file with the fp32 one on the top intent, by set."""
    full = Judge(settings, "classifier.fp32.onnx")
    found = {}
    for name, samples in sets.items():
        some = random.Random(settings.seed).sample(samples, min(300, len(samples)))
        one, other = int8.probabilities(some, ""), full.probabilities(some, f"fp32 {name}")
        found[name] = {
            "texts": len(some),
            "top_intent_agrees": round(float((one["intent"].argmax(-1) == other["intent"].argmax(-1)).mean()), 4),
            "largest_probability_change": round(float(abs(one["intent"] - other["intent"]).max()), 4),
            "mean_logit_change": round(float(abs(one["logits"] - other["logits"]).mean()), 4),
        }
    mixed = [s.text for samples in sets.values() for s in samples[:12]]
    found["texts_with_other_bits_in_a_batch"] = batch_differences(int8.onnx, mixed)
    return found


def cpu_milliseconds(judge: Judge, texts: list[str]) -> dict:
    """CPU time a ticket, one at a time, tokenizer and network; this figure alone differs from run to run."""
    one = runtime.Onnx(judge.path, judge.tokenizer, judge.max_tokens, threads=1)
    began = time.process_time()
    for text in texts:
        one.run(one.ids([text]))
    return {"tickets": len(texts), "cpu_ms_a_ticket": round(1000 * (time.process_time() - began) / len(texts), 2)}


def demo_tickets(folder: Path) -> list[tuple[str, str]]:
    """(kind, text) of the demo's tickets and their paraphrases, where they exist; never trained on."""
    found = []
    for path in (folder / "five.jsonl", folder / "paraphrases.jsonl"):
        if not path.is_file():
            continue
        for line in path.read_text(encoding="utf-8").splitlines():
            row = json.loads(line)
            text = "\n".join(part for part in (row.get("subject"), row.get("body")) if part)
            found.append((row.get("of") or row.get("id", path.stem), text))
    return found


def resolved_tickets(folder: Path) -> list[sample.Sample]:
    """The demo's resolved tickets with the intent they were filed under; never trained on."""
    path = folder / "resolved.jsonl"
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()] if path.is_file() else []
    return [
        sample.Sample("\n".join(part for part in (row.get("subject"), row.get("body")) if part), "resolved", "test", intent=row["intent"])
        for row in rows if row.get("intent") in INTENTS
    ]


def decided_tickets(folder: Path) -> list[sample.Sample]:
    """Tickets with a full truth by other writers, `{ticket, truth}` a line; never trained or calibrated on. Without intent and hazard
    a ticket is out of scope."""
    found = []
    for path in sorted(folder.glob("*.jsonl")) if folder.is_dir() else []:
        for row in map(json.loads, path.read_text(encoding="utf-8").splitlines()):
            ticket, truth = row["ticket"], row["truth"]
            text = "\n".join(part for part in (ticket.get("subject"), ticket.get("body")) if part)
            intent, hazards = truth["intent"] if truth["intent"] in INTENTS else None, truth["hazards"]
            outside = None if truth["intent"] and not intent else not (intent or hazards)
            found.append(sample.Sample(text, "decisions", "test", intent, truth.get("sentiment"), truth.get("urgency"), hazards, outside))
    return found


def decisions_figures(judge: Judge, tickets: list[sample.Sample]) -> dict:
    """The independent set: intents, hazards, moods and scope on whole tickets."""
    found, labels = judge.probabilities(tickets, "decisions"), batches.label_arrays(tickets)
    known, outside = labels["intent"] >= 0, labels["scope"] == 1
    inside = {name: values[known] for name, values in found.items()}
    figures = {
        "intent": measures.classification(inside["intent"], labels["intent"][known], judge.seed),
        "hazard": hazard_figures(found["hazard"], labels["hazard"], judge.heads["hazard"]["thresholds"]),
        **{head: ordinal_figures(found[head], labels[head]) for head in ("sentiment", "urgency")},
    }
    if outside.any():
        limit = judge.heads["scope"]["thresholds"]["out_of_scope"]
        figures["scope"] = scope_figures(inside, labels["intent"][known], {name: values[outside] for name, values in found.items()}, limit)
    return figures


def demo_rows(judge: Judge, tickets: list[tuple[str, str]]) -> list[dict]:
    samples = [sample.Sample(text, "demo", "test") for _, text in tickets]
    found = judge.probabilities(samples, "demo")
    limits = np.array([judge.heads["hazard"]["thresholds"][h] for h in HAZARDS])
    rows = []
    for i, (kind, text) in enumerate(tickets):
        intent = found["intent"][i]
        rows.append({
            "of": kind, "text": text[:70].replace("\n", " / "), "intent": INTENTS[intent.argmax()], "confidence": round(float(intent.max()), 4),
            "scope": round(float(found["scope"][i, 0]), 4), "hazards": [h for h, up in zip(HAZARDS, found["hazard"][i] >= limits) if up],
            "sentiment": HEADS["sentiment"][found["sentiment"][i].argmax()], "urgency": HEADS["urgency"][found["urgency"][i].argmax()],
        })
    return rows


def test_sets(samples: list[sample.Sample], seed: int, tickets: Path) -> dict[str, list[sample.Sample]]:
    test = [s for s in samples if s.split == "test"]
    release = [s for s in test if s.is_release and s.intent]
    name = "bitext_4514" if all(s.source == "bitext-4514" for s in release) else "held_out_release"
    some = random.Random(seed).sample(release, min(1000, len(release)))
    scenery = augment.scenery(samples, "test")
    return {
        "natural_tickets": [s for s in test if s.source == "tickets"],
        name: release,
        f"{name}_in_mails": in_mails(some, seed, (2, 5), scenery),
        f"{name}_in_long_mails": in_mails(some[:400], seed, (8, 12), scenery),
        f"{name}_with_typos": with_typos(some, seed),
        "resolved_tickets": resolved_tickets(tickets),
        "handwritten_intents": [s for s in test if s.source in ("intents_extra", "requests")],
    }


def held_out(samples: list[sample.Sample], kind: str) -> list[sample.Sample]:
    """The test texts of a kind of hand-written file."""
    return [s for s in samples if s.split == "test" and s.source == kind]


def intent_figures(judge: Judge, sets: dict[str, list[sample.Sample]], figures: dict) -> tuple[dict, dict]:
    """Adds what the sets with intents say; gives their answers and their true intents."""
    answers, truths = {}, {}
    for name, chosen in sets.items():
        answers[name] = judge.probabilities(chosen, name)
        labels = batches.label_arrays(chosen)
        truths[name] = labels["intent"]
        figures["intent"][name] = measures.classification(answers[name]["intent"], labels["intent"], judge.seed)
        if chosen[0].hazards is not None:
            found = hazard_figures(answers[name]["hazard"], labels["hazard"], judge.heads["hazard"]["thresholds"])
            figures["hazard"][name] = found if name == "natural_tickets" else {"false_alarms_any": found["false_alarms_any"]}
        if name == "natural_tickets":
            figures |= {f"{head} of natural tickets": ordinal_figures(answers[name][head], labels[head]) for head in ("sentiment", "urgency")}
    return answers, truths


def alarm_figures(judge: Judge, samples: list[sample.Sample]) -> dict:
    """Hazards on the texts written for them, and on texts that carry none."""
    hazards = held_out(samples, "hazards")
    sets = {
        "hazards": hazards,
        "hazards_in_mails": in_mails(hazards, judge.seed, (1, 4), augment.scenery(samples, "test")),
        "mood": [s for s in held_out(samples, "mood") if s.hazards is not None],
        **{kind: held_out(samples, kind) for kind in ("out_of_scope", "scenery")},
    }
    limits = judge.heads["hazard"]["thresholds"]
    found = {name: hazard_figures(judge.probabilities(chosen, name)["hazard"], batches.label_arrays(chosen)["hazard"], limits) for name, chosen in sets.items() if chosen}
    return {name: one if one["recall_any"] is not None else {k: one[k] for k in ("texts", "false_alarms_any")} for name, one in found.items()}


def evaluate(settings: Settings) -> dict:
    """All figures of the classifier, written to work/report/metrics.json and returned."""
    samples = sample.load(settings)
    judge, folder = Judge(settings), settings.path("report")
    folder.mkdir(exist_ok=True)
    figures: dict = {"intent": {}, "hazard": {}, "scope": {}}
    sets = {name: found for name, found in test_sets(samples, settings.seed, settings.tickets).items() if found}
    answers, truths = intent_figures(judge, sets, figures)
    figures["hazard"] |= alarm_figures(judge, samples)
    if moods := held_out(samples, "mood"):
        found, labels = judge.probabilities(moods, "mood"), batches.label_arrays(moods)
        figures |= {head: ordinal_figures(found[head], labels[head]) for head in ("sentiment", "urgency")}
    if strangers := held_out(samples, "out_of_scope"):
        outside = judge.probabilities(strangers, "out of scope")
        limit = judge.heads["scope"]["thresholds"]["out_of_scope"]
        figures["scope"] = {f"against_{name}": scope_figures(found, truths[name], outside, limit) for name, found in answers.items()}
    figures["parity"] = parity(settings, judge, {name: found for name, found in sets.items() if name in COMPARED})
    if decided := decided_tickets(settings.tickets.parent / "decisions"):
        figures["decisions"] = decisions_figures(judge, decided)
    if tickets := demo_tickets(settings.tickets):
        figures["demo"] = demo_rows(judge, tickets)
    figures["cost"] = cpu_milliseconds(judge, [s.text for found in sets.values() for s in found[:40]][:COST_TEXTS])
    figures["texts"] = dict(Counter(s.source for s in samples if s.source in KINDS))
    training = settings.path("train.json")
    figures["training"] = json.loads(training.read_text()) if training.is_file() else {}
    (folder / "metrics.json").write_text(json.dumps(figures, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    return figures
