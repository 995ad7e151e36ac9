"""Plain fp32 ONNX from the merged PyTorch models (legacy exporter, opset 17, dynamic batch and length)."""

import warnings
from pathlib import Path

import torch
from torch import nn

from switchyard_training import batches, model, quantise, smooth, train
from switchyard_training.settings import Settings
from switchyard_training.taxonomy import HEADS

OPSET = 17


def export(net: nn.Module, outputs: list[str], path: Path) -> None:
    net.eval()
    ids = torch.tensor([[101, 2073, 2003, 2026, 2344, 102], [101, 7592, 102, 0, 0, 0]])
    mask = (ids != 0).long()
    axes = {"input_ids": {0: "batch", 1: "tokens"}, "attention_mask": {0: "batch", 1: "tokens"}} | {name: {0: "batch"} for name in outputs}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            net, (ids, mask), str(path), input_names=["input_ids", "attention_mask"], output_names=outputs,
            dynamic_axes=axes, opset_version=OPSET, dynamo=False,
        )
    net.eval()


def export_both(net: nn.Module, outputs: list[str], name: str, settings: Settings) -> None:
    """work/<name>.fp32.onnx, and the same function evened out for eight bits as work/<name>.smooth.onnx."""
    export(net, outputs, settings.path(f"{name}.fp32.onnx"))
    rows = quantise.calibration_rows(settings)
    smooth.smooth(net, [tuple(map(torch.from_numpy, batches.padded([row]))) for row in rows])
    export(net, outputs, settings.path(f"{name}.smooth.onnx"))


def export_classifier(settings: Settings) -> None:
    export_both(train.trained(settings), [*HEADS, "feature"], "classifier", settings)


def export_encoder(settings: Settings) -> None:
    export_both(model.Encoder(model.load_base(settings.base)).eval(), ["embedding"], "encoder", settings)
