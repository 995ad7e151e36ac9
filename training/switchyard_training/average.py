"""The mean of the learned weights of several trainings from one start: better than each of them, at the cost of one (model soups,
Wortsman et al. 2022, arXiv:2203.05482). Only weights that began alike can be averaged."""

import json
from pathlib import Path

import torch
from safetensors.torch import save_file

from switchyard_training import digests, model
from switchyard_training.sample import DataError
from switchyard_training.settings import LEARNED, Settings


def reports(folders: list[Path]) -> list[dict]:
    """train.json of each work folder; trainings from other samples or another start are refused."""
    if len(folders) < 2:
        raise DataError("nothing to average: give --of the work folders of two or more trainings")
    found = [json.loads((folder / "train.json").read_text(encoding="utf-8")) for folder in folders]
    samples = {digests.digest(folder / "samples.jsonl") for folder in folders}
    if len(samples) > 1 or len({report["start"] for report in found}) > 1 or found[0]["start"] is None:
        raise DataError("only trainings on the same samples that went on from the same --start can be averaged")
    return found


def average(settings: Settings, folders: list[Path]) -> dict:
    """Writes work/adapter.safetensors, work/samples.jsonl and work/train.json, which names the parts by digest and adds up their time."""
    found = reports(folders)
    net = model.with_lora(settings.base, settings.rank, settings.targets)
    parts = [model.take(net, folder / LEARNED) for folder in folders]
    mean = {name: torch.stack([part[name] for part in parts]).mean(0) for name in parts[0]}
    report = found[0] | {
        "averaged": [digests.digest(folder / LEARNED) for folder in folders],
        "epochs": [epoch for one in found for epoch in one["epochs"]],
        "texts_an_epoch": [texts for one in found for texts in one["texts_an_epoch"]],
        "steps": sum(one["steps"] for one in found),
        "seconds": round(sum(one["seconds"] for one in found), 1),
    }
    samples = (folders[0] / "samples.jsonl").read_bytes()
    settings.path("samples.jsonl").write_bytes(samples)
    save_file(mean, str(settings.path(LEARNED)))
    settings.path("train.json").write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    return report
