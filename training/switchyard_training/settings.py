"""What a run is told: paths, base model and the few numbers worth turning."""

import os
from dataclasses import dataclass
from pathlib import Path

from switchyard_training.taxonomy import INTENTS

# Adapters and heads as training leaves them, in the work folder and in the bundle.
LEARNED = "adapter.safetensors"
HERE = Path(__file__).resolve().parent.parent


class SettingsError(Exception):
    """Settings that no run can use; one line each."""


@dataclass(frozen=True)
class Settings:
    data: str | None = None
    tables: tuple[str, ...] = ()
    columns: str = "text=text"
    handwritten: Path = HERE / "data"
    work: Path = HERE / "work"
    out: Path = HERE.parent / "models"
    tickets: Path = HERE.parent / "deploy" / "demo"
    start: Path | None = None
    base: str = "all-MiniLM-L6-v2"
    epochs: int = 6
    rank: int = 16
    targets: str = "q,k,v,dense"
    seed: int = 7
    per_intent: int = 90
    batch_tokens: int = 1600
    threads: int = 2
    without: str = ""
    new: str = ""
    lr: float = 1.5e-3
    strict: bool = False
    max_tokens: int = 256

    def problems(self) -> list[str]:
        """What is wrong with the values, one line each."""
        wrong = [f"--{n.replace('_', '-')} is {getattr(self, n)}; it must be 1 or more" for n in ("epochs", "rank", "per_intent", "threads") if getattr(self, n) < 1]
        if not self.lr > 0:
            wrong.append(f"--lr is {self.lr}; it must be above 0")
        if self.start and not self.start.is_file():
            wrong.append(f"--start: {self.start} not found")
        unknown = [name for name in self.without.split(",") if name and name not in INTENTS]
        return wrong + ([f"--without names no intent: {', '.join(unknown)}"] if unknown else [])

    def path(self, name: str) -> Path:
        """A file of the work folder; the folder is made when missing."""
        self.work.mkdir(parents=True, exist_ok=True)
        return self.work / name


def bitext_default() -> str | None:
    return os.environ.get("SWITCHYARD_BITEXT_DIR")
