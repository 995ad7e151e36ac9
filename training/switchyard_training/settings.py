"""What a run is told: paths, base model and the few numbers worth turning."""

import os
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Settings:
    bitext: Path | None
    handwritten: Path = HERE / "data"
    work: Path = HERE / "work"
    out: Path = HERE.parent / "models"
    tickets: Path = HERE.parent / "deploy" / "demo"
    base: str = "all-MiniLM-L6-v2"
    epochs: int = 3
    rank: int = 16
    targets: str = "query,key,value,dense"
    seed: int = 7
    per_intent: int = 80
    batch_tokens: int = 1600
    lr: float = 1e-3
    strict: bool = False
    max_tokens: int = 256

    def path(self, name: str) -> Path:
        """A file of the work folder; the folder is made when missing."""
        self.work.mkdir(parents=True, exist_ok=True)
        return self.work / name


def bitext_default() -> str | None:
    return os.environ.get("SWITCHYARD_BITEXT_DIR")
