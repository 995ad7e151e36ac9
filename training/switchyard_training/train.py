"""Joint LoRA fine-tuning of all heads; each loss looks only at texts that carry its label."""

import json
import os
import random
import time
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save_file
from torch import nn
from tqdm import tqdm

from switchyard_training import batches, digests, model, sample
from switchyard_training.settings import LEARNED, Settings
from switchyard_training.taxonomy import HEADS

WEIGHTS = {"intent": 2.0, "sentiment": 0.7, "urgency": 0.5, "hazard": 10.0, "scope": 1.5, "uniform": 0.6}
# How far rare moods are raised: 0 leaves them as rare as they are, 1 gives every level the same say.
BALANCE = 0.5


def levels(labels: torch.Tensor, count: int) -> torch.Tensor:
    """Soft targets on an ordered scale: the neighbours of the true level get a tenth of its weight each, further ones hardly any."""
    distance = (labels.unsqueeze(1) - torch.arange(count, device=labels.device)).abs().float()
    weights = torch.exp(-2.2 * distance)
    return weights / weights.sum(1, keepdim=True)


def balance(samples: list[sample.Sample]) -> dict[str, torch.Tensor]:
    """A weight for each level of mood, larger for rare ones, one on average over the texts."""
    found = {}
    for name, values in batches.label_arrays(samples).items():
        if name in ("sentiment", "urgency"):
            count = np.bincount(values[values >= 0], minlength=len(HEADS[name])).clip(min=1)
            weights = (count / count.sum()) ** -BALANCE
            found[name] = torch.tensor(weights * count.sum() / (weights * count).sum(), dtype=torch.float32)
    return found


def ordinal_loss(logits: torch.Tensor, labels: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
    loss = nn.functional.cross_entropy(logits, levels(labels, logits.shape[1]), reduction="none")
    return (loss * weights[labels]).mean()


def losses(logits: dict[str, torch.Tensor], labels: dict[str, torch.Tensor], moods: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Mean loss per head over the labelled texts; out-of-scope texts pull the intent head towards uniform (outlier exposure)."""
    found = {}
    if (labels["intent"] >= 0).any():
        found["intent"] = nn.functional.cross_entropy(logits["intent"], labels["intent"], ignore_index=batches.UNKNOWN)
    for name, weights in moods.items():
        known = labels[name] >= 0
        if known.any():
            found[name] = ordinal_loss(logits[name][known], labels[name][known], weights)
    known = labels["hazard"][:, 0] >= 0
    if known.any():
        target = labels["hazard"][known].float()
        positive = torch.full((target.shape[1],), 2.0, device=target.device)
        found["hazard"] = nn.functional.binary_cross_entropy_with_logits(logits["hazard"][known], target, pos_weight=positive)
    known = labels["scope"] >= 0
    if known.any():
        found["scope"] = nn.functional.binary_cross_entropy_with_logits(logits["scope"][known, 0], labels["scope"][known].float())
    outside = labels["scope"] == 1
    if outside.any():
        found["uniform"] = -logits["intent"][outside].log_softmax(-1).mean(-1).sum() / len(outside)
    return found


def total(found: dict[str, torch.Tensor]) -> torch.Tensor:
    return sum(WEIGHTS[name] * value for name, value in found.items())


def groups(net: nn.Module, lr: float) -> list[dict]:
    heads = [p for name, p in net.named_parameters() if name.startswith("heads.")]
    lora = [p for name, p in net.named_parameters() if p.requires_grad and not name.startswith("heads.")]
    return [{"params": lora, "lr": lr}, {"params": heads, "lr": 2 * lr, "weight_decay": 0.01}]


def plan(samples: list[sample.Sample], settings: Settings) -> list[list[tuple]]:
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


def training_samples(settings: Settings) -> list[sample.Sample]:
    """The training split, without the intents that the settings leave out."""
    without = set(filter(None, settings.without.split(",")))
    found = [s for s in sample.load(settings) if s.split == "train" and s.intent not in without]
    unknown = set(filter(None, settings.new.split(","))) - set(map(sample.file_of, found))
    if unknown:
        raise sample.DataError(f"--new names no file with training texts: {', '.join(sorted(unknown))}")
    return found


class Run:
    """Network, optimizer and schedule of one training, with what is needed to go on after the last finished epoch."""

    def __init__(self, settings: Settings, steps: int, moods: dict[str, torch.Tensor]):
        self.device = "cuda" if torch.cuda.is_available() else "cpu"
        self.net = model.with_lora(settings.base, settings.rank, settings.targets)
        if settings.start:
            model.take(self.net, settings.start)
        self.net = self.net.to(self.device).train()
        self.moods = {name: weights.to(self.device) for name, weights in moods.items()}
        self.optimizer = torch.optim.AdamW(groups(self.net, settings.lr), weight_decay=0.0)
        rates = [group["lr"] for group in self.optimizer.param_groups]
        self.schedule = torch.optim.lr_scheduler.OneCycleLR(self.optimizer, rates, total_steps=steps, pct_start=0.08)
        self.epochs: list[dict[str, float]] = []
        self.seconds = 0.0

    def save(self, path: Path, key: str) -> None:
        random_states = [torch.get_rng_state(), *(torch.cuda.get_rng_state_all() if self.device == "cuda" else [])]
        state = {
            "key": key, "weights": model.learned(self.net), "optimizer": self.optimizer.state_dict(), "schedule": self.schedule.state_dict(),
            "random": random_states, "epochs": self.epochs, "seconds": self.seconds,
        }
        torch.save(state, path.with_suffix(".part"))
        os.replace(path.with_suffix(".part"), path)

    def resume(self, path: Path, key: str) -> None:
        """Goes on where a run with the same key was cut off; anything else is left alone."""
        state = torch.load(path, weights_only=False, map_location="cpu") if path.is_file() else {}
        if state.get("key") != key:
            return
        self.net.load_state_dict(state["weights"], strict=False)
        self.optimizer.load_state_dict(state["optimizer"])
        self.schedule.load_state_dict(state["schedule"])
        torch.set_rng_state(state["random"][0])
        if self.device == "cuda" and state["random"][1:]:
            torch.cuda.set_rng_state_all(state["random"][1:])
        self.epochs, self.seconds = state["epochs"], state["seconds"]

    def step(self, ids: np.ndarray, mask: np.ndarray, labels: dict[str, np.ndarray]) -> dict[str, float]:
        with torch.autocast(self.device, dtype=torch.bfloat16):
            output = self.net(torch.from_numpy(ids).to(self.device), torch.from_numpy(mask).to(self.device))
        logits = {name: out.float() for name, out in zip(HEADS, output)}
        found = losses(logits, {k: torch.from_numpy(v).to(self.device) for k, v in labels.items()}, self.moods)
        loss = total(found)
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(self.net.parameters(), 1.0)
        self.optimizer.step()
        self.schedule.step()
        return {name: value.item() for name, value in found.items()} | {"all": loss.item()}

    def epoch(self, steps: list[tuple], title: str) -> None:
        began, sums = time.time(), dict.fromkeys([*WEIGHTS, "all"], 0.0)
        bar = tqdm(steps, desc=title, mininterval=5)
        for ids, mask, labels in bar:
            found = self.step(ids, mask, labels)
            for name, value in found.items():
                sums[name] += value / len(steps)
            bar.set_postfix(loss=f"{found['all']:.3f}", refresh=False)
        self.epochs.append({name: round(value, 4) for name, value in sums.items()})
        self.seconds += time.time() - began


def train(settings: Settings) -> dict:
    """Fine-tunes; writes work/adapter.safetensors (adapters and heads) and work/train.json. A run that was killed goes on after its last
    finished epoch if code, settings, samples and the file it started from are still the same."""
    start = [settings.start] if settings.start else []
    key, code = digests.key("train", settings, [settings.path("samples.jsonl"), *start]), digests.code_digest("train")
    torch.set_num_threads(settings.threads)
    torch.manual_seed(settings.seed)
    samples = training_samples(settings)
    epochs = plan(samples, settings)
    run = Run(settings, sum(map(len, epochs)), balance(samples))
    run.resume(settings.path("training.pt"), key)
    for number in range(len(run.epochs), len(epochs)):
        run.epoch(epochs[number], f"epoch {number + 1}/{len(epochs)}")
        run.save(settings.path("training.pt"), key)
    save_file(model.learned(run.net), str(settings.path(LEARNED)))
    report = {
        "key": key, "code": code, "start": digests.digest(settings.start) if settings.start else None, **model.trainable(run.net), "samples": len(samples),
        "texts_an_epoch": [sum(len(ids) for ids, _, _ in epoch) for epoch in epochs], "steps": sum(map(len, epochs)), "epochs": run.epochs,
        "device": run.device if run.device == "cpu" else torch.cuda.get_device_name(), "threads": settings.threads, "seconds": round(run.seconds, 1),
    }
    settings.path("train.json").write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    return report


def trained(settings: Settings) -> model.Classifier:
    """The fine-tuned classifier with its adapters merged into the base weights, in evaluation mode."""
    net = model.with_lora(settings.base, settings.rank, settings.targets)
    model.take(net, settings.path(LEARNED))
    net.encoder = net.encoder.merge_and_unload()
    return net.eval()
