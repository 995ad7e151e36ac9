"""What a result was made from: files, code, settings."""

import ast
import hashlib
import json
from dataclasses import asdict
from pathlib import Path

from switchyard_training.settings import Settings

PACKAGE = "switchyard_training"
# Not part of a result: settings are compared by their values, and this module only compares.
LEFT_OUT = {"settings", "digests"}
# The steps that decide a classifier's answers; a bundle names the digest of their code.
MAKERS = ("data", "train", "export", "quantise", "calibrate")


def digest(path: Path) -> str:
    """`sha256:` and the hex digest of a file, read in pieces."""
    with path.open("rb") as file:
        return "sha256:" + hashlib.file_digest(file, "sha256").hexdigest()


def imported(module: str) -> set[str]:
    """Modules of this package that a module names in its imports, those inside functions too."""
    found: set[str] = set()
    for node in ast.walk(ast.parse((Path(__file__).parent / f"{module}.py").read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module == PACKAGE:
            found |= {name.name for name in node.names}
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith(PACKAGE + "."):
            found.add(node.module.removeprefix(PACKAGE + "."))
    return found - LEFT_OUT


def closure(module: str) -> list[str]:
    """The module and all modules of this package it uses, in order of name."""
    seen, todo = set(), {module}
    while todo:
        seen |= todo
        todo = {name for one in todo for name in imported(one)} - seen
    return sorted(seen)


def code_digest(*modules: str) -> str:
    """One digest over these modules and all they use, names included."""
    whole = hashlib.sha256()
    for name in sorted({found for module in modules for found in closure(module)}):
        whole.update(name.encode() + b"\0" + (Path(__file__).parent / f"{name}.py").read_bytes() + b"\0")
    return "sha256:" + whole.hexdigest()


def values(settings: Settings) -> dict:
    """The settings that can change a result: all but paths, and where the samples came from, since their bytes are compared."""
    read = ("data", "tables", "columns")
    return {name: value for name, value in asdict(settings).items() if not isinstance(value, Path) and name not in read}


def key(module: str, settings: Settings, inputs: list[Path]) -> str:
    """One digest over a step's code, settings and the bytes it reads; equal keys promise equal results."""
    content = {"code": code_digest(module), "settings": values(settings), "inputs": [digest(path) for path in inputs]}
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
