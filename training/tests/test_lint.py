import pytest

from switchyard_training import cli, data, lint
from switchyard_training.sample import Sample
from switchyard_training.settings import HERE
from switchyard_training.tables import Problems


def kinds(found):
    return {finding.kind for finding in found}


def test_the_same_text_with_two_intents_is_a_contradiction():
    samples = [Sample("Cancel it!", "requests", "train", intent="cancel_order"), Sample("cancel it", "tickets", "train", intent="get_refund")]
    found = lint.contradictions(samples)
    assert len(found) == 1 and found[0].grave and "intent cancel_order and get_refund" in found[0].what


def test_labels_that_a_text_lacks_contradict_nothing():
    samples = [Sample("cancel it", "requests", "train", intent="cancel_order"), Sample("cancel it", "mood", "train", sentiment="neutral")]
    assert lint.contradictions(samples) == []


def test_near_duplicates_across_splits_are_found_among_a_thousand_texts():
    others = [f"text number {n} about thing {n * 7} and matter {n * 13}" for n in range(1000)]
    one, other = "I know where your warehouse is and I am coming with a bat", "I know where your warehouse is and I am coming with a bat."
    samples = [Sample(text, "tickets", "train") for text in [*others, one]] + [Sample(other, "tickets", "test")]
    found = lint.copies(samples)
    assert len(found) == 1 and "warehouse" in found[0].what


def test_thin_intents_and_one_word_requests_are_named():
    samples = [Sample("invoice", "requests", "train", intent="get_invoice")]
    assert {"thin intent", "too short to carry an intent"} == kinds(lint.thin(samples) + lint.lengths(samples))


def test_the_committed_texts_contradict_each_other_nowhere_and_hold_no_copies_across_splits():
    samples = data.handwritten_samples(HERE / "data", Problems())
    assert [finding.what for finding in lint.contradictions(samples) + lint.copies(samples)] == []


def test_intents_that_mean_the_same_overlap():
    same = ["where is my parcel", "track my order please", "has my package been sent", "when does my parcel come"] * 3
    far = ["delete my account", "close my profile for good", "remove my user account"] * 3
    samples = [Sample(f"{text} {n}", "tickets", "train", intent=intent) for intent, texts in (("track_order", same), ("delivery_period", same), ("delete_account", far)) for n, text in enumerate(texts)]
    found = lint.overlaps(samples, data.Settings(out=HERE.parent / "models"))
    assert any("delivery_period and track_order" in finding.what for finding in found)
    assert not any("delete_account" in finding.what for finding in found)


def test_a_contradiction_ends_the_command_with_1(tmp_path, monkeypatch, capsys):
    table = tmp_path / "mine.csv"
    table.write_text("text,intent\nstop it now,cancel_order\nStop it now!,get_refund\n")
    (tmp_path / "hand").mkdir()
    arguments = ["lint", "--table", str(table), "--columns", "intent=intent", "--handwritten", str(tmp_path / "hand"), "--work", str(tmp_path / "work"), "--out", str(tmp_path)]
    monkeypatch.delenv("SWITCHYARD_BITEXT_DIR", raising=False)
    monkeypatch.setattr("sys.argv", ["switchyard_training", *arguments])
    with pytest.raises(SystemExit) as stopped:
        cli.main()
    assert stopped.value.code == 1 and "contradiction" in capsys.readouterr().out
