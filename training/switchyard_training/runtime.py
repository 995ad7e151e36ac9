"""Answers of an ONNX file, one thread, the way the workers run it."""

import random
from pathlib import Path

import numpy as np
import onnxruntime
from tqdm import tqdm

from switchyard_training import batches


class Onnx:
    """A model file with its tokenizer; `answers` keeps the order of the texts."""

    def __init__(self, path: Path, tokenizer_path: str, max_tokens: int, threads: int = 1):
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        self.session = onnxruntime.InferenceSession(
            str(path), options, providers=["CPUExecutionProvider"], disabled_optimizers=["SkipLayerNormFusion", "BiasGeluFusion"]
        )
        self.names = [output.name for output in self.session.get_outputs()]
        self.tokenizer, self.max_tokens = batches.tokenizer(tokenizer_path), max_tokens

    def ids(self, texts: list[str]) -> list[list[int]]:
        return batches.token_ids(self.tokenizer, texts, self.max_tokens)

    def run(self, rows: list[list[int]]) -> dict[str, np.ndarray]:
        ids, mask = batches.padded(rows)
        return dict(zip(self.names, self.session.run(None, {"input_ids": ids, "attention_mask": mask})))

    def answers(self, texts: list[str], title: str = "", budget: int = 512) -> dict[str, np.ndarray]:
        rows = self.ids(texts)
        found: dict[str, list] = {name: [None] * len(rows) for name in self.names}
        for at in tqdm(batches.by_length([len(r) for r in rows], budget, random.Random(0)), desc=title, mininterval=5, disable=not title):
            for name, values in self.run([rows[i] for i in at]).items():
                for i, value in zip(at, values):
                    found[name][i] = value
        return {name: np.stack(values) for name, values in found.items()}
