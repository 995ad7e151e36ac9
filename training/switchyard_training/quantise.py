"""Static QDQ int8 (MinMax; MatMul, Gemm and Gather), calibrated on short and long texts."""

import random
from pathlib import Path

import onnx
from onnxruntime.quantization import CalibrationDataReader, CalibrationMethod, QuantFormat, QuantType, quantize_static
from onnxruntime.quantization.shape_inference import quant_pre_process
from tqdm import tqdm

from switchyard_training import augment, batches, model, sample
from switchyard_training.settings import Settings

OPERATORS = ["MatMul", "Gemm", "Gather"]


class Texts(CalibrationDataReader):
    """Feeds one text at a time, so that padding never widens a range."""

    def __init__(self, rows: list[list[int]]):
        self.rows = iter(tqdm(rows, desc="quantise", mininterval=5))

    def get_next(self):
        row = next(self.rows, None)
        if row is None:
            return None
        ids, mask = batches.padded([row])
        return {"input_ids": ids, "attention_mask": mask}


def calibration_texts(samples: list[sample.Sample], seed: int, count: int = 300) -> list[str]:
    """Half of them one sentence, half of them mails of many lengths; training texts only."""
    rng = random.Random(f"{seed}/quantise")
    pool = [s for s in samples if s.split == "train"]
    handwritten = [s for s in pool if not s.source.startswith("bitext")]
    picked = rng.sample(pool, count // 3) + rng.sample(handwritten, min(len(handwritten), count // 3))
    stories = augment.scenery(samples, "train")
    mails = [augment.mail(s.text, rng, rng.randint(1, 12), stories) for s in rng.sample(pool, count // 3)]
    return [augment.short(s.text, rng) for s in picked] + mails


def calibration_rows(settings: Settings) -> list[list[int]]:
    tokens = batches.tokenizer(model.tokenizer_file(settings.base))
    return batches.token_ids(tokens, calibration_texts(sample.load(settings), settings.seed), settings.max_tokens)


def products_of_activations(path: Path) -> list[str]:
    """MatMuls without a weight (attention, norm): cheap, and probabilities over many tokens do not fit eight bits."""
    graph = onnx.load(str(path)).graph
    weights = {tensor.name for tensor in graph.initializer}
    return [node.name for node in graph.node if node.op_type == "MatMul" and not weights & set(node.input)]


def quantise(name: str, settings: Settings) -> Path:
    """work/<name>.smooth.onnx -> work/<name>.int8.onnx. Weights have a scale per channel; outputs of products stay float, since
    one token with a huge output ([CLS]) would take the resolution from all others."""
    source, target = settings.path(f"{name}.smooth.onnx"), settings.path(f"{name}.int8.onnx")
    ready = source.with_suffix(".ready.onnx")
    quant_pre_process(str(source), str(ready), skip_symbolic_shape=True)
    quantize_static(
        str(ready), str(target), Texts(calibration_rows(settings)), quant_format=QuantFormat.QDQ, op_types_to_quantize=OPERATORS, per_channel=True,
        activation_type=QuantType.QUInt8, weight_type=QuantType.QInt8, calibrate_method=CalibrationMethod.MinMax,
        nodes_to_exclude=products_of_activations(ready), extra_options={"OpTypesToExcludeOutputQuantization": ["MatMul", "Gemm"]},
    )
    ready.unlink()
    return target
