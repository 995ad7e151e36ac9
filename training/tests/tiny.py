"""A DistilBERT with random weights, small enough to train in a second; its tokenizer is that of the default base."""

import shutil
from pathlib import Path

import torch
from transformers import DistilBertConfig, DistilBertModel

from switchyard_training import model


def base_folder(folder: Path) -> Path:
    """A folder as the Hub would give it: config.json, model.safetensors, tokenizer.json."""
    torch.manual_seed(11)
    config = DistilBertConfig(vocab_size=30522, dim=32, n_layers=2, n_heads=2, hidden_dim=48, max_position_embeddings=256)
    DistilBertModel(config).save_pretrained(str(folder))
    shutil.copyfile(model.tokenizer_file("all-MiniLM-L6-v2"), folder / "tokenizer.json")
    return folder
