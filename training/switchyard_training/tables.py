"""Rows of CSV and JSONL files (and of a data set of the Hub), every unusable row named with file and line, all at once."""

import csv
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from switchyard_training.sample import DataError

MOST_SHOWN = 20
# Characters of the longest text taken: a mail of 100 pages. Whatever is longer is a broken file.
LONGEST = 200_000

csv.field_size_limit(1 << 30)


@dataclass
class Problems:
    """What is wrong with the input, gathered so that one run names it all."""

    found: list[str] = field(default_factory=list)

    def add(self, place: str, what: str) -> None:
        self.found.append(f"{place}: {what}")

    def stop_if_any(self) -> None:
        if self.found:
            more = len(self.found) - MOST_SHOWN
            raise DataError("\n".join(self.found[:MOST_SHOWN] + ([f"and {more} more"] if more > 0 else [])))


@dataclass
class Row:
    """A row and where it was read: `file:line`."""

    place: str
    values: dict


def decoded(path: Path) -> str:
    """The file as UTF-8, with or without byte-order mark."""
    raw = path.read_bytes()
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        raise DataError(f"{path}:{line}: not UTF-8 (byte 0x{raw[error.start]:02x}); save the file as UTF-8") from None


def csv_rows(path: Path, needed: set[str], problems: Problems) -> Iterator[Row]:
    lines = decoded(path).replace("\0", "\ufffd").splitlines(keepends=True)
    reader = csv.DictReader(lines, strict=True)
    missing = needed - set(reader.fieldnames or [])
    if missing:
        raise DataError(f"{path}:1: no column {', '.join(sorted(missing))}; it has {', '.join(reader.fieldnames or ['none'])}")
    while True:
        at = reader.line_num + 1
        try:
            values = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            problems.add(f"{path}:{at}", f"not CSV: {error}")
            return
        yield Row(f"{path}:{at}", {name: value for name, value in values.items() if name is not None})


def jsonl_rows(path: Path, needed: set[str], problems: Problems) -> Iterator[Row]:
    for at, raw in enumerate(decoded(path).split("\n"), 1):
        if not raw.strip():
            continue
        try:
            values = json.loads(raw)
        except json.JSONDecodeError as error:
            problems.add(f"{path}:{at}", f"not json: {error}")
            continue
        if not isinstance(values, dict):
            problems.add(f"{path}:{at}", "not a json object")
        elif needed - set(values):
            problems.add(f"{path}:{at}", f"no {', '.join(sorted(needed - set(values)))}")
        else:
            yield Row(f"{path}:{at}", values)


def hub_rows(name: str, needed: set[str]) -> Iterator[Row]:
    """The rows of the first split of a data set of the Hub, from the cache where it has been fetched before."""
    from datasets import load_dataset

    try:
        splits = load_dataset(name)
    except Exception as error:  # the library raises whatever the network does
        raise DataError(f"data set {name} could not be loaded from the Hub: {str(error).splitlines()[0]}; give a folder instead, or check the id") from error
    for split, rows in splits.items():
        missing = needed - set(rows.column_names)
        if missing:
            raise DataError(f"{name} ({split}): no column {', '.join(sorted(missing))}; it has {', '.join(rows.column_names)}")
        for at, values in enumerate(rows, 1):
            yield Row(f"{name}/{split}:{at}", values)


def rows(path: Path, needed: set[str], problems: Problems) -> Iterator[Row]:
    """The rows of a file; `.csv` is CSV, anything else JSONL. Unusable rows go to `problems` and are passed over."""
    if not path.is_file():
        raise DataError(f"{path} not found")
    return csv_rows(path, needed, problems) if path.suffix.lower() == ".csv" else jsonl_rows(path, needed, problems)


def text_of(row: Row, name: str, problems: Problems) -> str | None:
    """The text of a row; empty, huge or not a text is a problem."""
    value = row.values.get(name)
    if not isinstance(value, str) or not value.strip():
        problems.add(row.place, f"empty {name}" if value in (None, "") or isinstance(value, str) else f"{name} is no text: {value!r}")
        return None
    if len(value) > LONGEST:
        problems.add(row.place, f"{name} has {len(value):,} characters, more than {LONGEST:,}; cut it or leave the row out")
        return None
    return value.strip()


def label_of(row: Row, name: str, known: list[str], problems: Problems):
    """A label, or a list of labels, of a row; one the taxonomy does not know is a problem."""
    value = row.values.get(name)
    for one in value if isinstance(value, list) else [value]:
        if one is not None and one not in known:
            problems.add(row.place, f"unknown label {one!r} in {name}; known are {', '.join(known)}")
            return None
    return value
