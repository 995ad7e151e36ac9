"""Moves outliers of activations into the weights behind them, so that eight bits suffice (SmoothQuant).

y = x W equals (x / s) (s W) for any s per input channel. Channels with a wide range get a large s; the product stays the same."""

import torch
from torch import nn

ALPHA = 0.85


class Smoothed(nn.Module):
    """A linear layer whose input channels are evened out first."""

    def __init__(self, linear: nn.Linear, scale: torch.Tensor):
        super().__init__()
        self.register_buffer("even", 1 / scale)
        self.linear = linear
        self.linear.weight.data = linear.weight.data * scale

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.linear(x * self.even)


def input_ranges(net: nn.Module, linears: dict[str, nn.Linear], batches: list[tuple[torch.Tensor, torch.Tensor]]) -> dict[str, torch.Tensor]:
    """Largest absolute input of each channel of each layer over the batches."""
    found: dict[str, torch.Tensor] = {}

    def watch(name: str):
        def hook(_, inputs):
            seen = inputs[0].detach().abs().flatten(0, -2).max(0).values
            found[name] = torch.maximum(found[name], seen) if name in found else seen

        return hook

    hooks = [linear.register_forward_pre_hook(watch(name)) for name, linear in linears.items()]
    with torch.no_grad():
        for ids, mask in batches:
            net(ids, mask)
    for hook in hooks:
        hook.remove()
    return found


def family(name: str) -> str:
    """Layers that read the same tensor share one scale, so that one multiplication serves them all."""
    parent, _, last = name.rpartition(".")
    if parent == "heads":
        return parent
    return parent + ".qkv" if last in ("query", "key", "value", "q_lin", "k_lin", "v_lin") else name


def smooth(net: nn.Module, batches: list[tuple[torch.Tensor, torch.Tensor]], alpha: float = ALPHA) -> None:
    """Evens out every linear layer, in place; the answers stay what they were."""
    linears = {name: module for name, module in net.named_modules() if isinstance(module, nn.Linear)}
    ranges = input_ranges(net, linears, batches)
    weights: dict[str, torch.Tensor] = {}
    for name, linear in linears.items():
        seen = linear.weight.detach().abs().max(0).values
        weights[family(name)] = torch.maximum(weights[family(name)], seen) if family(name) in weights else seen
    for name, linear in linears.items():
        scale = ranges[name].clamp(min=1e-4) ** alpha / weights[family(name)].clamp(min=1e-4) ** (1 - alpha)
        parent, _, last = name.rpartition(".")
        setattr(net.get_submodule(parent), last, Smoothed(linear, scale / scale.median()))
