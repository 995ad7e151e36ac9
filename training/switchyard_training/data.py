"""Reads Bitext releases, the hand-written files and tables of the user's own into one list of partly labelled samples, split for good."""

import json
import os
import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path

from switchyard_training import tables
from switchyard_training.sample import DataError, Sample, split_of
from switchyard_training.settings import Settings
from switchyard_training.tables import Problems, Row
from switchyard_training.taxonomy import BITEXT_SPELLING, HAZARDS, INTENTS, KINDS, SENTIMENTS, URGENCIES

BITEXT = {
    "20k": ("bitext_20000_utterances_sample.csv", "utterance"),
    "6480": ("Bitext_Sample_Customer_Support_Training_Dataset_6480.csv", "instruction"),
    "4514": ("Bitext_Sample_Customer_Support_Training_Dataset_4514_with_responses.csv", "instruction"),
    "27k": ("Bitext_Sample_Customer_Support_Training_Dataset_27K_responses-v11.csv", "instruction"),
}
HUB = "bitext/Bitext-customer-support-llm-chatbot-training-dataset"
# What a kind of hand-written file says about being out of scope where it does not say no; of a mood nothing is known.
OUT_OF_SCOPE = {"out_of_scope": True, "scenery": True, "mood": None}
# Characters that make a template.
TEMPLATE_LENGTH = 2000
COLUMNS = ("text", "subject", "intent", "sentiment", "urgency", "hazards", "out_of_scope", "group")


def pairs_of(rows: Iterable[Row], column: str, problems: Problems) -> list[tuple[str, str]]:
    """(text, intent) of a Bitext release, one per lower-cased text."""
    pairs = {}
    for row in rows:
        row.values["intent"] = BITEXT_SPELLING.get(row.values.get("intent"), row.values.get("intent"))
        text, intent = tables.text_of(row, column, problems), tables.label_of(row, "intent", INTENTS, problems)
        if intent is None and row.values["intent"] is None:
            problems.add(row.place, "no intent")
        if text and intent:
            pairs.setdefault((text.lower(), intent), text)
    return [(text, intent) for (_, intent), text in pairs.items()]


def read_bitext(folder: Path, release: str, problems: Problems) -> list[tuple[str, str]]:
    """The pairs of a release in a folder."""
    name, column = BITEXT[release]
    return pairs_of(tables.rows(folder / name, {column, "intent"}, problems), column, problems)


def releases_of(source: str, problems: Problems) -> dict[str, list[tuple[str, str]]]:
    """The releases that a folder holds, or the data set of the Hub with that id (as release `27k`)."""
    folder = Path(source)
    if folder.is_dir():
        found = {name: read_bitext(folder, name, problems) for name, (file, _) in BITEXT.items() if (folder / file).is_file()}
        if not found:
            raise DataError(f"{folder}: none of {', '.join(file for file, _ in BITEXT.values())} is there")
        return found
    if folder.exists() or not re.fullmatch(r"[\w.-]+/[\w.-]+", source) or source.startswith((".", "/")):
        raise DataError(f"{source}: neither a folder nor the id of a data set on the Hub, such as {HUB}")
    return {"27k": pairs_of(tables.hub_rows(source, {"instruction", "intent"}), "instruction", problems)}


def template(text: str) -> str:
    """What texts of one template have in common: their words without numbers, placeholders and order."""
    words = re.sub(r"\{\{[^{}]*\}\}", " ", text[:TEMPLATE_LENGTH].lower()).split()
    return " ".join(sorted({re.sub(r"[^a-z']", "", word) for word in words if not any(c.isdigit() for c in word)}))


def release_split(release: str, text: str, releases: Iterable[str], strict: bool) -> str:
    """4,514 tests where there is another release; 20k trains; 6,480 trains and calibrates; what stands alone is split by template."""
    if release == "4514" and len(set(releases)) > 1:
        return "test"
    if release == "20k" and len(set(releases)) > 1:
        return "train"
    if release == "6480":
        return split_of(text.lower(), 0.0 if strict else 0.7, 1.0)
    return split_of(template(text), 0.7, 0.15)


def bitext_samples(releases: dict[str, list[tuple[str, str]]], strict: bool) -> list[Sample]:
    """Every text once; a text that two rows give two intents is dropped, and no text of the 4,514 release is trained on."""
    meanings = defaultdict(set)
    for pairs in releases.values():
        for text, intent in pairs:
            meanings[text.lower()].add(intent)
    seen: set[str] = set()
    samples = []
    for release in sorted(releases, key=["4514", "20k", "6480", "27k"].index):
        for text, intent in releases[release]:
            low = text.lower()
            if low in seen or len(meanings[low]) > 1:
                continue
            seen.add(low)
            split = release_split(release, text, releases, strict)
            samples.append(Sample(text, f"bitext-{release}", split, intent=intent, hazards=[], out_of_scope=False))
    return samples


def kind_of(path: Path) -> str:
    """`requests_more` are requests, `tickets_b` are tickets."""
    return re.sub(r"_(more|[a-z])$", "", path.stem)


def labelled(row: Row, source: str, group: str, problems: Problems) -> Sample | None:
    """A sample with all labels the row has; None when its text is unusable."""
    text = tables.text_of(row, "text", problems)
    if text is None:
        return None
    sample = Sample(text, source, split_of(group, 0.7, 0.15), group=group)
    sample.intent = tables.label_of(row, "intent", INTENTS, problems)
    sample.sentiment = tables.label_of(row, "sentiment", SENTIMENTS, problems)
    sample.urgency = tables.label_of(row, "urgency", URGENCIES, problems)
    sample.hazards = tables.label_of(row, "hazards", HAZARDS, problems)
    return sample


def handwritten_sample(row: Row, stem: str, kind: str, problems: Problems) -> Sample | None:
    if kind != "mood":
        row.values.setdefault("hazards", [])
    sample = labelled(row, kind, f"{stem}/{row.values.get('group') or row.values['text']}", problems)
    if sample and not (kind == "hazards" and sample.hazards):  # "I will sue" alone is neither a request nor somebody else's business
        sample.out_of_scope = OUT_OF_SCOPE.get(kind, False)
    return sample


def handwritten_samples(folder: Path, problems: Problems) -> list[Sample]:
    """The samples of the project's own files."""
    samples = []
    for path in sorted(folder.glob("*.jsonl")):
        if kind_of(path) in KINDS:
            made = (handwritten_sample(row, path.stem, kind_of(path), problems) for row in tables.rows(path, {"text"}, problems))
            samples += [sample for sample in made if sample]
    return samples


def parsed_columns(given: str) -> dict[str, str]:
    """`text=body,intent=label` -> {text: body, intent: label}."""
    pairs = dict(part.split("=", 1) for part in given.split(",") if "=" in part)
    wrong = [part for part in given.split(",") if part and "=" not in part] + sorted(set(pairs) - set(COLUMNS))
    if wrong:
        raise DataError(f"--columns: {', '.join(wrong)} is none of {', '.join(name + '=<column>' for name in COLUMNS)}")
    return {"text": "text"} | pairs


def flag(value) -> bool | None:
    return None if value in (None, "") else str(value).strip().lower() in ("1", "true", "yes")


def table_sample(row: Row, columns: dict[str, str], stem: str, problems: Problems) -> Sample | None:
    values = {name: row.values.get(column) or None for name, column in columns.items()}
    if isinstance(values.get("hazards"), str):
        values["hazards"] = [one.strip() for one in re.split(r"[|;,]", values["hazards"]) if one.strip()]
    if values.get("subject") and isinstance(values["text"], str):
        values["text"] = f"{values['subject']}\n{values['text']}"
    text = values["text"] if isinstance(values["text"], str) else ""
    sample = labelled(Row(row.place, values), "table", f"{stem}/{values.get('group') or template(text)}", problems)
    if sample:
        sample.out_of_scope = flag(values["out_of_scope"]) if "out_of_scope" in columns else False if sample.intent else None
    return sample


def table_samples(path: Path, columns: dict[str, str], problems: Problems) -> list[Sample]:
    """The samples of a table of the user's own, split by the group column, or by template without one."""
    made = (table_sample(row, columns, path.stem, problems) for row in tables.rows(path, set(columns.values()), problems))
    samples = [sample for sample in made if sample]
    intents = {sample.intent for sample in samples if sample.intent}
    if len(intents) == 1 and not problems.found:
        problems.add(str(path), f"all texts have the one intent {intents.pop()!r}; at least two are needed to learn a difference")
    return samples


def gathered(settings: Settings, problems: Problems) -> list[Sample]:
    if not settings.data and not settings.tables:
        raise DataError(f"no data: give --data (or SWITCHYARD_BITEXT_DIR) a folder with Bitext releases or the Hub's id {HUB}, or --table a file")
    samples = bitext_samples(releases_of(settings.data, problems), settings.strict) if settings.data else []
    for path in settings.tables:
        samples += table_samples(Path(path), parsed_columns(settings.columns), problems)
    return samples + handwritten_samples(settings.handwritten, problems)


def prepare(settings: Settings) -> list[Sample]:
    """Reads everything, writes work/samples.jsonl and returns the samples; nothing is written when a row is unusable."""
    problems = Problems()
    samples = gathered(settings, problems)
    problems.stop_if_any()
    part = settings.path("samples.part")
    with part.open("w", encoding="utf-8") as file:
        file.writelines(json.dumps(asdict(s), ensure_ascii=False) + "\n" for s in samples)
    os.replace(part, settings.path("samples.jsonl"))
    return samples
