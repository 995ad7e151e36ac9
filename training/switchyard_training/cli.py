"""One subcommand a step; `all` runs them in order."""

import argparse
import json
import logging
import sys
from dataclasses import fields
from pathlib import Path

from switchyard_training.settings import Settings, SettingsError, bitext_default

STEPS = ["data", "train", "export", "quantise", "calibrate", "compare", "evaluate", "bundle", "encoder"]


class Parser(argparse.ArgumentParser):
    """Says what is wrong and exits with 64, like everything here that was told something unusable."""

    def error(self, message: str):
        self.print_usage(sys.stderr)
        self.exit(64, f"{self.prog}: {message}\n")


def parser() -> argparse.ArgumentParser:
    made = Parser(prog="switchyard_training", description=__doc__, formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    default = Settings()
    made.add_argument("step", choices=[*STEPS, "all", "classifier", "average", "lint", "push"], help="'classifier' is all but the encoder")
    made.add_argument("--data", default=bitext_default(), help="folder with Bitext releases, or the Hub's id of the set; also SWITCHYARD_BITEXT_DIR")
    made.add_argument("--table", dest="tables", metavar="TABLE", action="append", default=[], help="a CSV or JSONL file of your own with texts and labels; may come several times")
    made.add_argument("--columns", default=default.columns, help="what your columns are called: text=body,subject=title,intent=label,…")
    made.add_argument("--handwritten", type=Path, default=default.handwritten, help="folder with the project's own JSONL files")
    made.add_argument("--out", type=Path, default=default.out, help="folder that gets classifier/ and encoder/")
    made.add_argument("--work", type=Path, default=default.work, help="folder for what lies between the steps")
    made.add_argument("--tickets", type=Path, default=default.tickets, help="folder with the demo's tickets; tested on, never trained on")
    made.add_argument("--start", type=Path, metavar="FILE", help="go on from the adapter.safetensors of an earlier training of the same base, rank and targets")
    made.add_argument("--base", default=default.base, help="all-MiniLM-L6-v2, a folder, or a Hub id such as distilbert-base-uncased")
    made.add_argument("--epochs", type=int, default=default.epochs)
    made.add_argument("--rank", type=int, default=default.rank, help="rank of the adapters")
    made.add_argument("--targets", default=default.targets, help="linear layers that get adapters: q,k,v,dense or the names the model itself uses")
    made.add_argument("--per-intent", type=int, default=default.per_intent, help="Bitext texts an intent and epoch")
    made.add_argument("--seed", type=int, default=default.seed)
    made.add_argument("--lr", type=float, default=default.lr, help="highest learning rate of the adapters; the heads get twice that")
    made.add_argument("--threads", type=int, default=default.threads, help="CPU threads; another number gives other bits")
    made.add_argument("--without", default=default.without, help="intents to leave out of training, to see what the model says of them")
    made.add_argument("--new", default=default.new, metavar="FILES", help="hand-written files that --start has not learned from, such as hazards_d,scenery: their texts come several times an epoch, all others once and never joined")
    made.add_argument("--of", type=Path, metavar="FOLDER", action="append", default=[], help="average: the work folder of a training; comes twice or more")
    made.add_argument("--repo", default="", help="push: the Hub's repository, <user>/<name>; the token comes from HF_TOKEN")
    made.add_argument("--dry-run", action="store_true", help="push: list what would go and send nothing")
    made.add_argument("--strict", action="store_true", help="train on the 20k release alone, nothing of the 6,480 one")
    return made


def settings_of(given: argparse.Namespace) -> Settings:
    """The settings, or all that is wrong with them at once."""
    values = vars(given) | {"tables": tuple(given.tables)}
    settings = Settings(**{field.name: values[field.name] for field in fields(Settings) if field.name in values})
    wrong = settings.problems()
    if wrong:
        raise SettingsError("\n".join(wrong))
    return settings


def run(step: str, settings: Settings, given: argparse.Namespace, again: bool) -> object:
    from switchyard_training import average, bundle, data, push, steps

    if step == "data":
        return {"samples": len(data.prepare(settings))}
    if step == "push":
        return push.push(settings, given.repo, given.dry_run)
    if step == "average":
        return average.average(settings, given.of)
    if step == "lint":
        return linted(settings)
    if step == "bundle":
        return str(bundle.bundle_classifier(settings))
    found = steps.run_step(steps.RESUMABLE[step], settings, again)
    return [found, str(bundle.bundle_encoder(settings))] if step == "encoder" else found


def linted(settings: Settings) -> str:
    """The table of doubtful texts; texts that contradict each other end the command with 1."""
    from switchyard_training import data, lint

    found = lint.lint(data.prepare(settings), settings)
    print(lint.table(found))
    if any(finding.grave for finding in found):
        raise SystemExit(1)
    return f"{len(found)} findings, none of them a contradiction"


def main() -> None:
    given = parser().parse_args()
    logging.getLogger().setLevel(logging.ERROR)
    chosen = STEPS if given.step == "all" else STEPS[:-1] if given.step == "classifier" else [given.step]
    from switchyard_training.push import PushError
    from switchyard_training.sample import DataError

    for step in chosen:
        print(f"== {step}", file=sys.stderr)
        try:
            found = run(step, settings_of(given), given, again=len(chosen) == 1)
        except (DataError, SettingsError, OSError) as error:
            print(f"{step}: {error}", file=sys.stderr)
            raise SystemExit(64) from None
        except PushError as error:
            print(f"{step}: {error}", file=sys.stderr)
            raise SystemExit(69) from None
        print(json.dumps(found, indent=2, ensure_ascii=False))
