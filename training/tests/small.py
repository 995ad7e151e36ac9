"""A small run: a random DistilBERT, a table of four intents, a few lines of each hand-written file."""

import json
from pathlib import Path

from tiny import base_folder

from switchyard_training import cli
from switchyard_training.settings import HERE, Settings

REQUESTS = {
    "track_order": ["where is my {}", "has the {} been sent", "track the {}"],
    "cancel_order": ["cancel the {}", "I no longer want the {}", "stop my order of a {}"],
    "get_refund": ["money back for the {}", "refund the {}", "I want a refund for a broken {}"],
    "get_invoice": ["invoice for the {}", "send me the bill of the {}", "I need the receipt for a {}"],
}
THINGS = ["lamp", "kettle", "rug", "tent", "chair", "mug", "desk", "jacket", "stool", "sofa", "bench", "clock"]


def settings(root: Path, name: str) -> Settings:
    """Settings of a run in `root/name`; data and base are made once for all runs of `root`."""
    table, hand, base = root / "requests.jsonl", root / "hand", root / "tiny-distilbert"
    if not table.is_file():
        rows = [{"text": text.format(thing), "intent": intent} for intent, texts in REQUESTS.items() for text in texts for thing in THINGS]
        table.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
        hand.mkdir()
        for source in ("hazards", "out_of_scope", "mood", "tickets_a"):
            lines = (HERE / "data" / f"{source}.jsonl").read_text(encoding="utf-8").splitlines(keepends=True)
            (hand / f"{source}.jsonl").write_text("".join(lines[:: len(lines) // 40]), encoding="utf-8")
        base_folder(base)
    return Settings(
        tables=(str(table),), columns="intent=intent", handwritten=hand, work=root / name / "work", out=root / name / "models", tickets=root / "none", base=str(base),
        epochs=2, rank=2, targets="q,k,v", per_intent=6, max_tokens=96,
    )


def run_all(chosen: Settings) -> list[object]:
    """All steps up to the bundle, as the command runs them; what each gave."""
    given = cli.parser().parse_args(["classifier"])
    return [cli.run(step, chosen, given, again=False) for step in cli.STEPS[:-1]]
