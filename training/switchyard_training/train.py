"""Joint LoRA fine-tuning of all heads; each loss looks only at texts that carry its label."""

import json
import random
import time

import numpy as np
import torch
from torch import nn
from tqdm import tqdm

from switchyard_training import batches, data, model
from switchyard_training.digests import code_digest
from switchyard_training.settings import Settings
from switchyard_training.taxonomy import HEADS

WEIGHTS = {"intent": 1.0, "sentiment": 0.7, "urgency": 0.5, "hazard": 6.0, "scope": 1.0}
UNIFORM_WEIGHT = 1.0


def levels(labels: torch.Tensor, count: int) -> torch.Tensor:
    """Soft targets on an ordered scale: the neighbours of the true level get a tenth of its weight each, further ones hardly any."""
    distance = (labels.unsqueeze(1) - torch.arange(count)).abs().float()
    weights = torch.exp(-2.2 * distance)
    return weights / weights.sum(1, keepdim=True)


def losses(logits: dict[str, torch.Tensor], labels: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Mean loss per head over the labelled texts; out-of-scope texts pull the intent head towards uniform."""
    found = {}
    if (labels["intent"] >= 0).any():
        found["intent"] = nn.functional.cross_entropy(logits["intent"], labels["intent"], ignore_index=batches.UNKNOWN)
    for name in ("sentiment", "urgency"):
        known = labels[name] >= 0
        if known.any():
            found[name] = nn.functional.cross_entropy(logits[name][known], levels(labels[name][known], logits[name].shape[1]))
    known = labels["hazard"][:, 0] >= 0
    if known.any():
        target = labels["hazard"][known].float()
        positive = torch.full((target.shape[1],), 2.0)
        found["hazard"] = nn.functional.binary_cross_entropy_with_logits(logits["hazard"][known], target, pos_weight=positive)
    known = labels["scope"] >= 0
    if known.any():
        found["scope"] = nn.functional.binary_cross_entropy_with_logits(logits["scope"][known, 0], labels["scope"][known].float())
    outside = labels["scope"] == 1
    if outside.any():
        found["uniform"] = -logits["intent"][outside].log_softmax(-1).mean(-1).sum() / len(outside)
    return found


def total(found: dict[str, torch.Tensor]) -> torch.Tensor:
    return sum(WEIGHTS.get(name, UNIFORM_WEIGHT) * value for name, value in found.items())


def groups(net: nn.Module, lr: float) -> list[dict]:
    heads = [p for name, p in net.named_parameters() if name.startswith("heads.")]
    lora = [p for name, p in net.named_parameters() if p.requires_grad and not name.startswith("heads.")]
    return [{"params": lora, "lr": lr}, {"params": heads, "lr": 2 * lr, "weight_decay": 0.01}]


def plan(samples: list[data.Sample], settings: Settings) -> list[list[tuple]]:
    """All batches of all epochs, as (ids, mask, labels)."""
    tokens = batches.tokenizer(model.tokenizer_file(settings.base))
    epochs = []
    for epoch in range(settings.epochs):
        chosen = batches.epoch_samples(samples, settings, epoch)
        rows = batches.token_ids(tokens, [s.text for s in chosen], settings.max_tokens)
        labels = batches.label_arrays(chosen)
        order = batches.by_length([len(r) for r in rows], settings.batch_tokens, random.Random(f"{settings.seed}/{epoch}/order"))
        epochs.append([(*batches.padded([rows[i] for i in at]), {k: v[at] for k, v in labels.items()}) for at in order])
    return epochs


def train(settings: Settings) -> dict:
    """Fine-tunes, writes work/classifier.pt (adapters and heads) and work/train.json."""
    code = code_digest()
    torch.manual_seed(settings.seed)
    np.random.seed(settings.seed)
    samples = [s for s in data.load(settings) if s.split == "train"]
    net = model.with_lora(settings.base, settings.rank, settings.targets)
    net.train()
    epochs = plan(samples, settings)
    steps, texts = sum(map(len, epochs)), [sum(len(ids) for ids, _, _ in epoch) for epoch in epochs]
    optimizer = torch.optim.AdamW(groups(net, settings.lr), weight_decay=0.0)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, [g["lr"] for g in optimizer.param_groups], total_steps=steps, pct_start=0.08)
    report = {"code": code, **model.trainable(net), "samples": len(samples), "texts_an_epoch": texts, "steps": steps, "epochs": []}
    began = time.time()
    for number, epoch in enumerate(epochs, 1):
        report["epochs"].append(run_epoch(net, epoch, optimizer, schedule, f"epoch {number}/{len(epochs)}"))
        weights = {k: v for k, v in net.state_dict().items() if "lora_" in k or k.startswith("heads.")}
        torch.save(weights, settings.path("classifier.pt"))
    report["seconds"] = round(time.time() - began, 1)
    settings.path("train.json").write_text(json.dumps(report, indent=2))
    return report


def run_epoch(net: nn.Module, epoch: list[tuple], optimizer, schedule, title: str) -> dict[str, float]:
    sums = {name: 0.0 for name in [*HEADS, "uniform"]}
    bar = tqdm(epoch, desc=title, mininterval=5)
    for ids, mask, labels in bar:
        with torch.autocast("cpu", dtype=torch.bfloat16):
            output = net(torch.from_numpy(ids), torch.from_numpy(mask))
        logits = {name: out.float() for name, out in zip(HEADS, output)}
        found = losses(logits, {k: torch.from_numpy(v) for k, v in labels.items()})
        loss = total(found)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(net.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        for name, value in found.items():
            sums[name] += value.item() / len(epoch)
        bar.set_postfix(loss=f"{loss.item():.3f}", refresh=False)
    return {name: round(value, 4) for name, value in sums.items()}


def trained(settings: Settings) -> model.Classifier:
    """The fine-tuned classifier with its adapters merged into the base weights, in evaluation mode."""
    net = model.with_lora(settings.base, settings.rank, settings.targets)
    missing = net.load_state_dict(torch.load(settings.path("classifier.pt")), strict=False)
    if missing.unexpected_keys:
        raise ValueError(f"classifier.pt does not fit the model: {missing.unexpected_keys[:3]}")
    net.encoder = net.encoder.merge_and_unload()
    return net.eval()
