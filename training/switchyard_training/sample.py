"""One text with its partial labels, and where the samples of a run lie."""

import hashlib
import json
from dataclasses import dataclass

from switchyard_training.settings import Settings


class DataError(Exception):
    """A training file is missing or holds something that cannot be used; each line of the text names file, line and what to do."""


@dataclass
class Sample:
    """One text with the labels known for it; an absent label is None and its head learns nothing from it."""

    text: str
    source: str
    split: str
    intent: str | None = None
    sentiment: str | None = None
    urgency: str | None = None
    hazards: list[str] | None = None
    out_of_scope: bool | None = None
    group: str = ""

    @property
    def is_release(self) -> bool:
        """Whether the text comes from a large set of which an epoch takes a share of each intent."""
        return self.source.startswith("bitext") or self.source == "table"


def file_of(sample: Sample) -> str:
    """The stem of the hand-written file or table that a text comes from."""
    return sample.group.partition("/")[0]


def fraction(key: str) -> float:
    """A number in [0, 1) that depends on the key alone."""
    return int.from_bytes(hashlib.sha256(key.encode()).digest()[:8], "big") / 2**64


def split_of(group: str, train: float, calibrate: float) -> str:
    """The split of a group of like texts, by hash: the first two shares are given, the rest is for testing."""
    where = fraction(group)
    return "train" if where < train else "calibrate" if where < train + calibrate else "test"


def load(settings: Settings) -> list[Sample]:
    """The samples of the last `data` step."""
    path = settings.path("samples.jsonl")
    if not path.is_file():
        raise DataError(f"{path} not found: run the data step first")
    return [Sample(**json.loads(line)) for line in path.read_text(encoding="utf-8").splitlines()]
