"""Sends adapter, ONNX file, card and report to the Hub in one commit."""

import os
import shutil
import sys
import time
from pathlib import Path

from switchyard_training import model
from switchyard_training.bundle import FILES, public_name
from switchyard_training.sample import DataError
from switchyard_training.settings import LEARNED, Settings

TRIES = 5
LONGEST_WAIT = 60.0
REPORT = "report"
MESSAGES = {
    401: "the Hub does not know this token (401); set HF_TOKEN to one with write permission from https://huggingface.co/settings/tokens",
    403: "the token may not write to {repo} (403); give it write permission, or name a repository of your own with --repo",
    404: "{repo} is not there or not visible to this token (404); check the name and the token",
    409: "somebody else changed {repo} meanwhile (409); run the same command again",
    413: "the Hub finds a file too large (413)",
    429: "the Hub asks to wait (429) and did so {tries} times; run the same command again later, what has been uploaded stays uploaded",
}


class PushError(Exception):
    """The Hub did not take it; the text says why and what to do."""


def adapter(settings: Settings, folder: Path) -> None:
    """adapter_config.json and adapter_model.safetensors by peft's own hand, heads.safetensors beside them."""
    from safetensors.torch import save_file

    net = model.with_lora(settings.base, settings.rank, settings.targets)
    weights = model.take(net, settings.out / "classifier" / LEARNED)
    net.encoder.peft_config["default"].base_model_name_or_path = public_name(settings.base)
    net.encoder.save_pretrained(str(folder))
    save_file({k: v for k, v in weights.items() if k.startswith("heads.")}, str(folder / "heads.safetensors"))


def staged(settings: Settings) -> Path:
    """All that goes to the Hub, in one folder; the bundle's card takes the place of peft's."""
    bundle, folder = settings.out / "classifier", settings.path("push")
    if not (bundle / "bundle.json").is_file():
        raise DataError(f"{bundle}/bundle.json not found: run `make train` first, or name the folder with --out")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    adapter(settings, folder)
    for name in (*FILES, "bundle.json", "README.md"):
        shutil.copyfile(bundle / name, folder / name)
    shutil.copytree(bundle / REPORT, folder / REPORT)
    return folder


def files_of(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def listed(folder: Path, repo: str) -> str:
    files = files_of(folder)
    lines = [f"{path.stat().st_size:12,}  {path.relative_to(folder)}" for path in files]
    return "\n".join([*lines, f"{sum(path.stat().st_size for path in files):12,}  in one commit to {repo}"])


def wait_for(response, attempt: int) -> float:
    """Seconds to wait: what the Hub asks for, else longer each time."""
    asked = response.headers.get("Retry-After", "")
    return min(float(asked) if asked.replace(".", "", 1).isdigit() else 2.0**attempt, LONGEST_WAIT)


def explained(error, repo: str) -> PushError:
    status = getattr(error.response, "status_code", None)
    told = MESSAGES.get(status, "the Hub refused: {said}").format(repo=repo, tries=TRIES, said=str(error).splitlines()[0])
    return PushError(told)


def patiently(ask, repo: str):
    """Asks again where the Hub is busy (429, 5xx) or another commit came first (409), a few times."""
    from huggingface_hub.errors import HfHubHTTPError
    from requests.exceptions import ConnectionError, Timeout

    for attempt in range(TRIES):
        try:
            return ask()
        except HfHubHTTPError as error:
            status = getattr(error.response, "status_code", 0)
            if attempt + 1 == TRIES or not (status in (409, 429) or status >= 500):
                raise explained(error, repo) from error
            time.sleep(wait_for(error.response, attempt))
        except (ConnectionError, Timeout) as error:
            raise PushError(f"the Hub cannot be reached: {error}; run the same command again") from error


def upload(folder: Path, repo: str, token: str) -> str:
    """Makes the repository where there is none and commits; files the Hub already has are not sent again. Gives the commit's address."""
    from huggingface_hub import CommitOperationAdd, HfApi

    hub = HfApi(token=token)
    patiently(lambda: hub.create_repo(repo, exist_ok=True), repo)

    def commit():
        operations = [CommitOperationAdd(path.relative_to(folder).as_posix(), str(path)) for path in files_of(folder)]
        return hub.create_commit(repo, operations, commit_message="Upload classifier: adapter, ONNX, card and report")

    return patiently(commit, repo).commit_url


def push(settings: Settings, repo: str, dry_run: bool) -> str:
    """What goes to the Hub, or the address of the commit it went in."""
    token = os.environ.get("HF_TOKEN", "").strip()
    if not repo:
        raise DataError("no repository: give --repo <user or organisation>/<name>")
    if not dry_run and not token:
        raise DataError("no token: set HF_TOKEN to one with write permission from https://huggingface.co/settings/tokens")
    folder = staged(settings)
    print(listed(folder, repo), file=sys.stderr)
    return f"would go to {repo}; nothing was sent" if dry_run else upload(folder, repo, token)
