import random

import numpy as np
import pytest

from switchyard_training import augment, batches, calibrate, data, model, quantise, text
from switchyard_training.sample import Sample
from switchyard_training.tables import Problems
from switchyard_training.taxonomy import HAZARDS, HEADS, INTENTS

HERE = data.Path(__file__).resolve().parent.parent / "data"


def test_the_committed_texts_carry_only_known_labels_and_no_group_straddles_splits():
    where, problems = {}, Problems()
    for sample in data.handwritten_samples(HERE, problems):
        assert where.setdefault(sample.group, sample.split) == sample.split
    assert len(where) > 1000 and problems.found == []


def releases(folder):
    rows = {
        "20k": ["where is it,track_order", "Shared with test,get_refund", "two meanings,get_refund", "show invoices,check_invoices"],
        "6480": ["shared with test,get_refund", "only here,get_invoice"],
        "4514": ["shared with test,get_refund", "two meanings,track_refund"],
    }
    for release, lines in rows.items():
        name, column = data.BITEXT[release]
        (folder / name).write_text("\n".join([f"{column},intent", *lines]) + "\n")


def test_no_text_of_the_test_release_is_trained_on_and_texts_with_two_intents_are_dropped(tmp_path):
    releases(tmp_path)
    samples = data.bitext_samples(data.releases_of(str(tmp_path), Problems()), strict=False)
    held = {s.text.lower() for s in samples if s.split == "test"}
    assert held == {"shared with test"}
    assert held.isdisjoint(s.text.lower() for s in samples if s.split != "test")
    assert "two meanings" not in {s.text for s in samples}
    assert ("show invoices", "check_invoice") in {(s.text, s.intent) for s in samples}


def test_strict_trains_on_the_20k_release_alone(tmp_path):
    releases(tmp_path)
    samples = data.bitext_samples(data.releases_of(str(tmp_path), Problems()), strict=True)
    assert {s.source for s in samples if s.split == "train"} == {"bitext-20k"}


def test_a_mail_is_the_same_for_the_same_seed_and_keeps_the_request():
    one, other = (augment.mail("where is my parcel", random.Random(3), 4) for _ in range(2))
    assert one == other
    assert "parcel" in augment.mail("where is my parcel", random.Random(8), 6).lower()


def test_training_calibration_and_tests_share_no_scenery():
    lists = [augment.STORIES, augment.CALIBRATION_STORIES, augment.TEST_STORIES]
    assert len({story for stories in lists for story in stories}) == sum(map(len, lists))


def test_scenery_goes_into_the_mails_of_its_own_split_and_is_itself_out_of_scope(tmp_path):
    rows = "".join(f'{{"text": "The {thing} is in bloom.", "mood": "calm"}}\n' for thing in ("rose", "lilac", "broom", "thyme", "heather", "clover", "sage"))
    (tmp_path / "scenery.jsonl").write_text(rows)
    samples = data.handwritten_samples(tmp_path, Problems())
    assert {(s.source, s.out_of_scope, tuple(s.hazards)) for s in samples} == {("scenery", True, ())}
    train, test = (augment.scenery(samples, split) for split in ("train", "test"))
    assert set(train) & set(test) == set() and len(train) > len(augment.STORIES)
    mails = [augment.mail("where is it", random.Random(n), 3, [s.text for s in samples]) for n in range(20)]
    assert all("in bloom" in mail.lower() for mail in mails)


def test_scenery_never_pushes_the_request_out_of_what_the_model_reads():
    tokens = batches.tokenizer(model.tokenizer_file("all-MiniLM-L6-v2"))
    long = [f"The {n}th chapter of the book on gardens, which my aunt lent me in the spring, is about hedges, ponds and the patience of moles." for n in range(30)]
    for n in range(30):
        whole = batches.token_ids(tokens, [augment.mail("where is my parcel", random.Random(n), 12, long)], 10_000)[0]
        assert len(whole) <= 330


def test_heads_learn_nothing_from_labels_a_text_lacks():
    labels = batches.label_arrays([Sample("a", "mood", "train", sentiment="neutral"), Sample("b", "hazards", "train", hazards=["legal"])])
    assert labels["intent"].tolist() == [batches.UNKNOWN] * 2
    assert labels["hazard"][0].tolist() == [batches.UNKNOWN] * len(HAZARDS)
    assert labels["hazard"][1].tolist() == [1, 0, 0, 0, 0, 0, 0]


def test_batches_stay_within_the_token_budget_and_hold_every_text_once():
    lengths = [random.Random(1).randint(3, 200) for _ in range(300)] + [256]
    groups = batches.by_length(lengths, 512, random.Random(2))
    assert sorted(i for group in groups for i in group) == list(range(301))
    assert all(max(lengths[i] for i in group) * len(group) <= 512 for group in groups)


def test_there_are_29_intents_and_five_heads():
    assert len(INTENTS) == len(set(INTENTS)) == 29
    assert list(HEADS) == ["intent", "sentiment", "urgency", "hazard", "scope"]


def test_quantisation_is_calibrated_on_training_texts_alone():
    samples = [Sample(f"text {i}", "mood" if i % 2 else "bitext-20k", "train" if i % 3 else "test") for i in range(900)]
    texts = " ".join(quantise.calibration_texts(samples, 7, 90)).lower()
    assert not any(f"text {i} " in texts + " " for i in range(0, 10, 3))


def test_natural_tickets_come_four_times_an_epoch_and_keep_their_words():
    tickets = [Sample(f"where is the {n} lamp i bought", "tickets", "train", intent="track_order", hazards=[]) for n in ("red", "tall", "brass")]
    bitext = [Sample("track my order", "bitext-20k", "train", intent=intent, hazards=[]) for intent in INTENTS]
    chosen = batches.epoch_samples(bitext + tickets, data.Settings(per_intent=1), 0)
    assert sum(s.source == "tickets" for s in chosen) == 12
    assert len(chosen) == 12 + len(INTENTS) + batches.EMPTY_MAILS + batches.GIBBERISH


def test_with_new_files_named_all_others_come_once_an_epoch():
    tickets = [Sample("where is the lamp", "tickets", "train", intent="track_order", group=f"{file}/g") for file in ("tickets", "tickets_b")]
    bitext = [Sample("track it", "bitext-20k", "train", intent=intent) for intent in INTENTS]
    chosen = [s.group for s in batches.epoch_samples(tickets + bitext, data.Settings(per_intent=1, new="tickets_b"), 0)]
    assert (chosen.count("tickets/g"), chosen.count("tickets_b/g")) == (1, 4)


def test_of_a_long_text_both_ends_are_read():
    tokens = batches.tokenizer(model.tokenizer_file("all-MiniLM-L6-v2"))
    whole = batches.token_ids(tokens, ["lamp " * 300 + "sue"], 1000)[0]
    cut = batches.token_ids(tokens, ["lamp " * 300 + "sue"], 256)[0]
    assert len(cut) == 256 and cut == whole[:192] + whole[-64:]
    assert len(batches.token_ids(tokens, ["[SEP]"], 256)[0]) > 3


@pytest.mark.parametrize(
    ("mail", "own"),
    [
        ("No, the blue one.\n\nOn Tue, 3 March 2026 at 10:12, Support wrote:\n> Red?\n\nAnd hurry up.", "No, the blue one.\n\nAnd hurry up."),
        ("Please cancel my order.\n\nFrom: Support\nSent: Monday\nTo: Ruth\nSubject: Your tent\nOld", "Please cancel my order."),
        ("Please cancel my order.\n\n-----Original Message-----\nOld", "Please cancel my order."),
        ("Where is my parcel?\n\nKind regards,\nRuth Miller\nHead of Purchasing\n+1 555-0142", "Where is my parcel?"),
        ("Where is my parcel?\n\nSent from my phone", "Where is my parcel?"),
        ("Where is my parcel?\nKind regards\nRuth\nI will sue you", "Where is my parcel?\nKind regards\nRuth\nI will sue you"),
        ("Where is my parcel?\n\nThis e-mail is confidential. If you are not the intended recipient, delete it.", "Where is my parcel?"),
        ("> refund please", "> refund please"),
        ("my la\u200bw\u00adyer \u202ewill\u2069 write\ufeff", "my lawyer will write"),
        ("a\u00a0\tb \r\nc\u2028d\n\n\n\ne\0f\n", "a b\nc\nd\n\ne f"),
    ],
)
def test_texts_are_prepared_as_the_workers_prepare_them(mail, own):
    assert text.prepare(mail) == own


def test_the_hazard_threshold_keeps_ordinary_tickets_quiet():
    rng = np.random.default_rng(5)
    labels = np.zeros((1200, 7), dtype=int)
    labels[np.arange(200), np.arange(200) % 7] = 1
    probability = np.where(labels == 1, rng.uniform(0.3, 1, labels.shape), rng.uniform(0, 0.5, labels.shape) ** 2)
    ordinary = labels.sum(1) == 0
    limit = calibrate.hazard_threshold(probability, ordinary)
    assert (probability[ordinary] >= limit).any(1).mean() <= calibrate.HAZARD_ALARMS + 0.001
    assert (probability >= limit)[labels == 1].mean() > 0.8
