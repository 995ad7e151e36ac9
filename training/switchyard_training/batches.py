"""Token ids of one epoch: sampled, augmented, cut into batches of about equal padded size."""

import random
from collections import defaultdict

import numpy as np
from tokenizers import Tokenizer

from switchyard_training import augment
from switchyard_training.sample import Sample, file_of
from switchyard_training.settings import Settings
from switchyard_training.taxonomy import HAZARDS, INTENTS, SENTIMENTS, URGENCIES
from switchyard_training.text import prepare

MAIL_SHARE = 0.28
# How often a hand-written text comes in an epoch.
TIMES = {"tickets": 4, "hazards": 3, "out_of_scope": 2, "mood": 2, "requests": 3, "intents_extra": 3, "scenery": 1, "table": 1}
# Mails of scenery alone and strings of random letters in an epoch; both are out of scope.
EMPTY_MAILS = 300
GIBBERISH = 60
TICKET_LENGTH = 160
UNKNOWN = -100


def tokenizer(path: str) -> Tokenizer:
    """The tokenizer without padding or truncation; a customer who types "[SEP]" has typed five characters."""
    loaded = Tokenizer.from_file(path)
    loaded.no_padding()
    loaded.no_truncation()
    loaded.encode_special_tokens = True
    return loaded


def token_ids(tokens: Tokenizer, texts: list[str], most: int) -> list[list[int]]:
    """What the model reads of each text, as in the workers: the customer's own words, of a long text both ends."""
    rows = [e.ids for e in tokens.encode_batch([prepare(text) for text in texts])]
    tail = most // 4
    return [row if len(row) <= most else row[: most - tail] + row[-tail:] for row in rows]


def joined(one: Sample, other: Sample, rng: random.Random) -> Sample:
    """A request and a remark in one text: the intent of the first, the hazards of both."""
    parts = [augment.ending(one.text), augment.ending(other.text)]
    rng.shuffle(parts)
    hazards = None if other.hazards is None else sorted(set(one.hazards or []) | set(other.hazards))
    return Sample(" ".join(parts), "joined", one.split, intent=one.intent, sentiment=None, urgency=None, hazards=hazards, out_of_scope=False)


def varied(sample: Sample, rng: random.Random, stories: list[str]) -> Sample:
    """A copy of the sample with its text as somebody else might have sent it, perhaps in a mail with some of these stories."""
    if sample.source == "tickets" and (len(sample.text) > TICKET_LENGTH or rng.random() < 0.8):
        text = augment.ticket(sample.text, rng)
    elif len(sample.text) > 350:
        text = augment.typo(sample.text, rng, 0.01) if rng.random() < 0.2 else sample.text
    elif rng.random() < MAIL_SHARE:
        text = augment.mail(sample.text, rng, 0 if sample.out_of_scope and rng.random() < 0.5 else None, stories)
    else:
        text = augment.short(sample.text, rng)
    return Sample(**{**sample.__dict__, "text": text})


def without_request(rng: random.Random, stories: list[str]) -> list[Sample]:
    """Texts that ask for nothing, so that scenery alone never looks like a request or a hazard."""
    texts = [augment.empty_mail(rng, stories) for _ in range(EMPTY_MAILS)] + [augment.gibberish(rng) for _ in range(GIBBERISH)]
    return [Sample(text, "out_of_scope", "train", hazards=[], out_of_scope=True) for text in texts]


def epoch_samples(samples: list[Sample], settings: Settings, epoch: int) -> list[Sample]:
    """Balanced over intents by sampling; hand-written texts come several times, some joined to an ordinary request."""
    rng = random.Random(f"{settings.seed}/{epoch}")
    by_intent, other = defaultdict(list), []
    for sample in samples:
        if sample.is_release and sample.intent:
            by_intent[sample.intent, sample.source].append(sample)
        else:
            other.append(sample)
    chosen = []
    for intent in INTENTS:
        pools = [by_intent[key] for key in sorted(by_intent) if key[0] == intent]
        for pool in pools:
            wanted = settings.per_intent // len(pools)
            chosen += rng.sample(pool, wanted) if len(pool) >= wanted else rng.choices(pool, k=wanted)
    ordinary, tickets = list(chosen), [s for s in other if s.source == "tickets"]
    is_new = lambda sample: not settings.new or file_of(sample) in settings.new.split(",")  # noqa: E731
    fresh = list(filter(is_new, other))
    chosen += [sample for sample in other if not is_new(sample)]
    for sample in fresh:
        chosen += [sample] * TIMES[sample.source]
    for sample in fresh:
        if sample.hazards is not None and sample.intent is None and not sample.out_of_scope and (sample.hazards or rng.random() < 0.5):
            chosen.append(joined(rng.choice(tickets if tickets and rng.random() < 0.6 else ordinary), sample, rng))
    stories = augment.scenery(samples, "train")
    return [varied(sample, rng, stories) for sample in chosen] + without_request(rng, stories)


def label_arrays(samples: list[Sample]) -> dict[str, np.ndarray]:
    """Targets per head; UNKNOWN marks what a text has no label for."""
    hazard = [[UNKNOWN] * len(HAZARDS) if s.hazards is None else [int(h in s.hazards) for h in HAZARDS] for s in samples]
    return {
        "intent": np.array([INTENTS.index(s.intent) if s.intent else UNKNOWN for s in samples]),
        "sentiment": np.array([SENTIMENTS.index(s.sentiment) if s.sentiment else UNKNOWN for s in samples]),
        "urgency": np.array([URGENCIES.index(s.urgency) if s.urgency else UNKNOWN for s in samples]),
        "hazard": np.array(hazard),
        "scope": np.array([UNKNOWN if s.out_of_scope is None else int(s.out_of_scope) for s in samples]),
    }


def padded(rows: list[list[int]]) -> tuple[np.ndarray, np.ndarray]:
    """input_ids and attention_mask, padded with zeros to the longest row."""
    width = max(map(len, rows))
    ids = np.zeros((len(rows), width), dtype=np.int64)
    mask = np.zeros_like(ids)
    for i, row in enumerate(rows):
        ids[i, : len(row)] = row
        mask[i, : len(row)] = 1
    return ids, mask


def by_length(lengths: list[int], budget: int, rng: random.Random, largest: int = 64) -> list[list[int]]:
    """Positions grouped by length so that no batch passes `budget` padded tokens, batches in random order."""
    order = sorted(range(len(lengths)), key=lambda i: (lengths[i], rng.random()))
    groups, current = [], []
    for i in order:
        if current and (lengths[i] * (len(current) + 1) > budget or len(current) >= largest):
            groups.append(current)
            current = []
        current.append(i)
    if current:
        groups.append(current)
    rng.shuffle(groups)
    return groups
