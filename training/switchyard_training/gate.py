"""The doubt of a text, and intent logits that shrink with it: a few elementwise operations at the end of the int8 graph.

doubt = bias + head * scope logit + energy * logsumexp(intent logits)     -> output `scope`
intent = intent logits / (1 + exp(slope * (doubt - centre)))              -> output `intent`

The second line leaves the order of the intents alone and takes the confidence away from texts that nothing fits, so that one number,
the probability of the top intent, says both which intent it is and whether it is one at all."""

from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

PARAMETERS = ("bias", "head", "energy", "slope", "centre")
# For a model that has seen nothing out of scope: the scope logit as it is, intents untouched.
WIDE_OPEN = {"bias": 0.0, "head": 1.0, "energy": 0.0, "slope": 1.0, "centre": 100.0}


def logsumexp(logits: np.ndarray) -> np.ndarray:
    most = logits.max(-1, keepdims=True)
    return (most + np.log(np.exp(logits - most).sum(-1, keepdims=True)))[:, 0]


def doubt(intent: np.ndarray, scope: np.ndarray, given: dict[str, float]) -> np.ndarray:
    """What the graph answers as `scope`, from the raw logits."""
    return given["bias"] + given["head"] * scope + given["energy"] * logsumexp(intent)


def gated(intent: np.ndarray, doubts: np.ndarray, given: dict[str, float]) -> np.ndarray:
    """What the graph answers as `intent`."""
    open_share = 1 / (1 + np.exp(np.clip(given["slope"] * (doubts - given["centre"]), -60, 60)))
    return intent * open_share[:, None]


def nodes(given: dict[str, float]) -> tuple[list[onnx.NodeProto], list[onnx.TensorProto]]:
    """The operations and their constants; every one works row by row, so a batch cannot change an answer."""
    names = {name: f"gate_{name}" for name in PARAMETERS}
    constants = [numpy_helper.from_array(np.float32(given[name]).reshape(1), names[name]) for name in PARAMETERS]
    make = helper.make_node
    return [
        make("ReduceLogSumExp", ["intent_raw"], ["gate_mass"], axes=[1], keepdims=1),
        make("Mul", ["gate_mass", names["energy"]], ["gate_a"]),
        make("Mul", ["scope_raw", names["head"]], ["gate_b"]),
        make("Add", ["gate_a", "gate_b"], ["gate_c"]),
        make("Add", ["gate_c", names["bias"]], ["scope"]),
        make("Sub", [names["centre"], "scope"], ["gate_d"]),
        make("Mul", ["gate_d", names["slope"]], ["gate_e"]),
        make("Sigmoid", ["gate_e"], ["gate_open"]),
        make("Mul", ["intent_raw", "gate_open"], ["intent"]),
    ], constants


def renamed(graph: onnx.GraphProto, old: str, new: str) -> None:
    for node in graph.node:
        node.input[:] = [new if name == old else name for name in node.input]
        node.output[:] = [new if name == old else name for name in node.output]


def add_gate(source: Path, target: Path, given: dict[str, float]) -> None:
    """Writes the graph of `source` with the gate behind it; outputs keep their names and order."""
    loaded = onnx.load(str(source))
    for name in ("intent", "scope"):
        renamed(loaded.graph, name, f"{name}_raw")
    added, constants = nodes(given)
    loaded.graph.node.extend(added)
    loaded.graph.initializer.extend(constants)
    for output in loaded.graph.output:
        assert output.type.tensor_type.elem_type == TensorProto.FLOAT
    onnx.checker.check_model(loaded)
    onnx.save(loaded, str(target))
