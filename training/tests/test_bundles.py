"""The committed bundles hold together: digests, tokenizer, and the golden answers of the file itself."""

import json

import numpy as np
import pytest

from switchyard_training import bundle, measures, runtime
from switchyard_training.settings import HERE
from switchyard_training.taxonomy import HEADS

MODELS = HERE.parent / "models"


def opened(name):
    content = json.loads((MODELS / name / "bundle.json").read_text(encoding="utf-8"))
    return content, runtime.Onnx(MODELS / name / "model.onnx", str(MODELS / name / "tokenizer.json"), content["max_tokens"])


@pytest.mark.parametrize("name", ["classifier", "encoder"])
def test_the_digests_are_those_of_the_files(name):
    content, _ = opened(name)
    assert content["files"] == {file: bundle.digest(MODELS / name / file) for file in content["files"]}


@pytest.mark.parametrize("name", ["classifier", "encoder"])
def test_the_tokenizer_neither_pads_nor_cuts(name):
    content = json.loads((MODELS / name / "tokenizer.json").read_text(encoding="utf-8"))
    assert content["padding"] is None and content["truncation"] is None


def test_the_classifier_gives_its_golden_answers():
    content, onnx = opened("classifier")
    assert {name: head["labels"] for name, head in content["heads"].items()} == HEADS
    for golden in content["golden"]:
        head = content["heads"]["intent"]
        row = measures.softmax(onnx.answers([golden["text"]])["intent"], head["temperature"])[0]
        assert head["labels"][row.argmax()] == golden["top"]
        assert abs(row.max() - golden["probability"]) < 1e-3


def test_the_encoder_gives_its_golden_answers_in_one_batch():
    content, onnx = opened("encoder")
    rows = onnx.run(onnx.ids([golden["text"] for golden in content["golden"]]))["embedding"]
    assert np.allclose(rows[:, :4], [golden["first"] for golden in content["golden"]], atol=1e-4)
    assert np.allclose(np.linalg.norm(rows, axis=1), 1, atol=1e-5)


@pytest.mark.parametrize("name", ["classifier", "encoder"])
def test_a_text_gets_the_same_bits_alone_and_in_a_padded_batch(name):
    content, onnx = opened(name)
    texts = [golden["text"] for golden in content["golden"]] + ["The lamp came on Monday and I like it. " * 12]
    together = onnx.run(onnx.ids(texts))
    for i, text in enumerate(texts):
        for output, alone in onnx.run(onnx.ids([text])).items():
            assert np.array_equal(alone[0], together[output][i]), (text, output)
