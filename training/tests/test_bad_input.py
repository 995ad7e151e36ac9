"""Input that cannot be used is refused with file and line, all of it at once, and nothing half-written is left."""

import json

import pytest

from switchyard_training import cli, data
from switchyard_training.sample import DataError
from switchyard_training.settings import Settings

GOOD = '{"text": "where is my parcel", "intent": "track_order"}\n{"text": "cancel it", "intent": "cancel_order"}\n'


def prepared(tmp_path, name, content, columns="text=text,intent=intent"):
    (tmp_path / "hand").mkdir(exist_ok=True)
    table = tmp_path / name
    table.write_bytes(content if isinstance(content, bytes) else content.encode())
    return data.prepare(Settings(tables=(str(table),), columns=columns, handwritten=tmp_path / "hand", work=tmp_path / "work"))


def refused(tmp_path, name, content, columns="text=text,intent=intent"):
    with pytest.raises(DataError) as caught:
        prepared(tmp_path, name, content, columns)
    assert not (tmp_path / "work" / "samples.jsonl").exists()
    return str(caught.value).replace(str(tmp_path) + "/", "")


def test_every_bad_row_is_named_with_file_and_line_at_once(tmp_path):
    rows = ["text,intent", "where is it,track_order", ",get_refund", "hello,dance", '"two', 'lines",get_refund', "again,sing"]
    found = refused(tmp_path, "mine.csv", "\n".join(rows) + "\n").splitlines()
    assert [line.split(": ")[0] for line in found] == ["mine.csv:3", "mine.csv:4", "mine.csv:7"]
    assert "empty text" in found[0] and "unknown label 'dance'" in found[1] and "unknown label 'sing'" in found[2]


def test_a_long_list_of_bad_rows_is_cut_with_their_number(tmp_path):
    found = refused(tmp_path, "mine.csv", "text,intent\n" + "a,b\n" * 100).splitlines()
    assert len(found) == 21 and found[-1] == "and 80 more"


def test_a_csv_without_the_mapped_columns_says_what_it_has(tmp_path):
    found = refused(tmp_path, "mine.csv", "title,body\na,b\n", "text=body,intent=topic")
    assert found == "mine.csv:1: no column topic; it has title, body"


def test_a_file_in_another_encoding_is_refused_at_its_line(tmp_path):
    assert refused(tmp_path, "mine.csv", "text,intent\nfine,review\ncaf\u00e9,review\n".encode("latin-1")).startswith("mine.csv:3: not UTF-8 (byte 0xe9)")


def test_a_cell_of_ten_megabytes_is_refused(tmp_path):
    assert "mine.csv:2: text has 10,000,000 characters" in refused(tmp_path, "mine.csv", "text,intent\n" + "a" * 10_000_000 + ",review\n")


def test_a_line_that_is_not_json_is_refused(tmp_path):
    assert refused(tmp_path, "mine.jsonl", GOOD + "{oops\n[1]\n").splitlines()[0].startswith("mine.jsonl:3: not json")


def test_one_class_only_is_refused(tmp_path):
    assert "one intent 'review'" in refused(tmp_path, "mine.csv", "text,intent\na b,review\nc d,review\n")


def test_an_unknown_column_name_is_refused(tmp_path):
    assert refused(tmp_path, "mine.csv", "text\n", "texts=body").startswith("--columns: texts is none of text=<column>")


def test_a_folder_without_releases_is_refused(tmp_path):
    with pytest.raises(DataError, match="none of bitext_20000"):
        data.prepare(Settings(data=str(tmp_path), work=tmp_path / "work"))


def test_a_name_that_is_neither_folder_nor_data_set_is_refused(tmp_path):
    with pytest.raises(DataError, match="neither a folder nor the id"):
        data.prepare(Settings(data="no such thing", work=tmp_path / "work"))


def test_no_data_at_all_is_refused(tmp_path):
    with pytest.raises(DataError, match="no data: give --data"):
        data.prepare(Settings(work=tmp_path / "work"))


def test_a_table_of_ones_own_is_mapped_by_its_columns(tmp_path):
    rows = "Betreff,body,label,alarm,when\nLamp,where is 17,track_order,,1\n,I sue you,,legal|press,2\nX,how is the weather,,,3\n,bin it,cancel_order,,4\n"
    found = prepared(tmp_path, "mine.csv", rows, "text=body,subject=Betreff,intent=label,hazards=alarm")
    assert [(s.text, s.intent, s.hazards, s.out_of_scope) for s in found] == [
        ("Lamp\nwhere is 17", "track_order", None, False), ("I sue you", None, ["legal", "press"], None), ("X\nhow is the weather", None, None, None),
        ("bin it", "cancel_order", None, False),
    ]


def test_texts_of_one_template_fall_into_one_split(tmp_path):
    rows = "".join(json.dumps({"text": f"where is order {n}", "intent": "track_order"}) + "\n" for n in range(40)) + GOOD
    assert len({s.split for s in prepared(tmp_path, "mine.jsonl", rows) if s.text.startswith("where is order")}) == 1


def test_the_hubs_data_set_goes_through_the_same_loader(tmp_path, monkeypatch):
    import datasets

    made = datasets.DatasetDict({"train": datasets.Dataset.from_list([
        {"flags": "B", "instruction": "where is order {{Order Number}}", "category": "ORDER", "intent": "track_order", "response": "r"},
        {"flags": "B", "instruction": "cancel {{Order Number}}", "category": "ORDER", "intent": "cancel_order", "response": "r"},
    ])})
    monkeypatch.setattr(datasets, "load_dataset", lambda name: made)
    (tmp_path / "hand").mkdir()
    found = data.prepare(Settings(data=data.HUB, handwritten=tmp_path / "hand", work=tmp_path / "work"))
    assert [(s.source, s.intent) for s in found] == [("bitext-27k", "track_order"), ("bitext-27k", "cancel_order")]


def run(monkeypatch, capsys, *arguments):
    monkeypatch.setattr("sys.argv", ["switchyard_training", *arguments])
    with pytest.raises(SystemExit) as stopped:
        cli.main()
    return stopped.value.code, capsys.readouterr().err


def test_unusable_input_ends_the_command_with_64(tmp_path, monkeypatch, capsys):
    (tmp_path / "mine.csv").write_text("text,intent\na,dance\n")
    code, said = run(monkeypatch, capsys, "data", "--table", str(tmp_path / "mine.csv"), "--columns", "intent=intent", "--work", str(tmp_path / "work"))
    assert code == 64 and "mine.csv:2: unknown label 'dance'" in said


def test_all_unusable_settings_are_named_at_once(monkeypatch, capsys):
    code, said = run(monkeypatch, capsys, "train", "--epochs", "0", "--rank", "-1", "--lr", "0", "--without", "dance", "--start", "nowhere")
    assert code == 64
    assert all(part in said for part in ("--epochs is 0", "--rank is -1", "--lr is 0", "--without names no intent: dance", "--start: nowhere not found"))


def test_an_unknown_step_ends_with_64(monkeypatch, capsys):
    assert run(monkeypatch, capsys, "dance")[0] == 64
