"""The real huggingface_hub client sends a bundle to a stand-in that speaks the Hub's HTTP."""

import json
import os
import shutil
import subprocess
import sys

import pytest
import torch
from hub import TOKEN, Hub
from safetensors.torch import save_file
from tiny import base_folder

from switchyard_training import model, push
from switchyard_training.settings import HERE, LEARNED

REPO = "somebody/model"


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A bundle folder with a tiny adapter and the committed card and report; nothing of a training."""
    root = tmp_path_factory.mktemp("push")
    base = base_folder(root / "tiny-distilbert")
    torch.manual_seed(3)
    net = model.with_lora(str(base), 2, "q,k,v")
    committed, bundle = HERE.parent / "models" / "classifier", root / "models" / "classifier"
    shutil.copytree(committed, bundle, ignore=shutil.ignore_patterns("model.onnx", LEARNED))
    save_file(model.learned(net), str(bundle / LEARNED))
    (bundle / "model.onnx").write_bytes(b"onnx" * 1000)
    return root


@pytest.fixture
def hub():
    made = Hub()
    yield made
    made.close()


def sent(place, hub, *more, token=TOKEN):
    environment = {k: v for k, v in os.environ.items() if not k.startswith("HF_")} | {"HF_ENDPOINT": hub.url, "HF_HOME": str(place / "hf"), "HF_HUB_DISABLE_PROGRESS_BARS": "1"}
    if token:
        environment["HF_TOKEN"] = token
    base = str(place / "tiny-distilbert")
    command = [sys.executable, "-m", "switchyard_training", "push", "--repo", REPO, "--base", base, "--rank", "2", "--targets", "q,k,v"]
    command += ["--work", str(place / "work"), "--out", str(place / "models"), *more]
    return subprocess.run(command, capture_output=True, text=True, cwd=HERE, env=environment, timeout=120)


def test_adapter_onnx_card_and_report_go_in_one_commit(place, hub):
    done = sent(place, hub)
    assert done.returncode == 0, done.stderr
    assert len(hub.commits) == 1
    files = hub.commits[0]["files"]
    assert {"adapter_config.json", "adapter_model.safetensors", "heads.safetensors", "model.onnx", "tokenizer.json", LEARNED, "bundle.json", "README.md"} <= set(files)
    assert any(name.startswith("report/") for name in files)
    config = json.loads(files["adapter_config.json"])
    assert config["r"] == 2 and sorted(config["target_modules"]) == ["k_lin", "q_lin", "v_lin"]
    assert config["base_model_name_or_path"] == "tiny-distilbert"
    assert files["README.md"] == (place / "models" / "classifier" / "README.md").read_bytes()
    assert str(place) not in str({name: content for name, content in files.items() if name.endswith((".json", ".md"))})


def test_a_second_push_goes_on_with_what_is_there(place, hub):
    hub.answers["/commit/"] = [(500, {"Retry-After": "0"})] * push.TRIES
    first = sent(place, hub)
    assert first.returncode == 69 and "run" not in first.stdout
    uploaded = hub.puts()
    assert uploaded >= 3 and hub.commits == []
    assert sent(place, hub).returncode == 0
    assert hub.puts() == uploaded and len(hub.commits) == 1


def test_a_dry_run_lists_everything_and_sends_nothing(place, hub):
    done = sent(place, hub, "--dry-run", token=None)
    assert done.returncode == 0 and hub.asked == []
    assert all(name in done.stderr for name in ("adapter_model.safetensors", "model.onnx", "README.md", f"in one commit to {REPO}"))


def test_a_bundle_without_adapter_says_what_to_do(place, hub, tmp_path):
    shutil.copytree(place / "models", tmp_path / "models")
    (tmp_path / "models" / "classifier" / LEARNED).unlink()
    done = sent(place, hub, "--out", str(tmp_path / "models"))
    assert done.returncode == 64 and f"{LEARNED} not found; the train step makes it" in done.stderr and hub.asked == []


def test_the_token_is_needed(place, hub):
    done = sent(place, hub, token=None)
    assert done.returncode == 64 and "set HF_TOKEN" in done.stderr and hub.asked == []


@pytest.mark.parametrize(
    ("where", "status", "says"),
    [("/api/repos/create", 401, "does not know this token"), ("/preupload/", 403, "may not write to somebody/model"), ("/commit/", 409, "run the same command again"),
     ("/commit/", 429, "asks to wait (429)")],
)
def test_a_refusal_says_why_and_what_to_do(place, hub, monkeypatch, where, status, says):
    from huggingface_hub import HfApi

    hub.answers[where] = [(status, {"Retry-After": "0"})] * 20
    folder = place / "few"
    folder.mkdir(exist_ok=True)
    (folder / "README.md").write_text("---\nlicense: apache-2.0\n---\nA card.\n")
    monkeypatch.setattr("huggingface_hub.HfApi", lambda token: HfApi(endpoint=hub.url, token=token))
    monkeypatch.setattr("time.sleep", lambda _: None)
    with pytest.raises(push.PushError, match=says.replace("(", r"\(").replace(")", r"\)")):
        push.upload(folder, REPO, TOKEN)
    assert hub.commits == []


def test_a_busy_hub_is_asked_again_after_the_time_it_names(place, hub, monkeypatch):
    from huggingface_hub import HfApi

    hub.answers["/commit/"] = [(429, {"Retry-After": "3"}), (409, {})]
    folder = place / "few"
    folder.mkdir(exist_ok=True)
    (folder / "README.md").write_text("---\nlicense: apache-2.0\n---\nA card.\n")
    waited = []
    monkeypatch.setattr("huggingface_hub.HfApi", lambda token: HfApi(endpoint=hub.url, token=token))
    monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", hub.url)
    monkeypatch.setattr("switchyard_training.push.time.sleep", waited.append)
    assert push.upload(folder, REPO, TOKEN).endswith("/commit/1")
    assert waited == [3.0, 2.0] and len(hub.commits) == 1
