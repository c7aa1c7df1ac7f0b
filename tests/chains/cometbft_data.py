"""Light blocks, model-based steps and bisections of the data folder, found by their form."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from helpers.data import json_files

FOLDERS = ("blocks/cosmos", "blocks/tendermint", "vectors/block_validation")


@dataclass(frozen=True)
class Found:
    """A light block as JSON, with its file."""

    name: str
    json: Any
    validators: Any = None  # a node's separate answer to /validators


def _folders(root: Path) -> Iterator[tuple[str, Path, Any]]:
    for folder in FOLDERS:
        for path, content in json_files(root / folder):
            yield str(path.relative_to(root)), path, content


def _is_light_block(content: Any) -> bool:
    return isinstance(content, dict) and {"header", "commit", "validators"} <= set(content)


def light_blocks(root: Path) -> list[Found]:
    """Every light block that stands in one file, or as /commit and /validators answers side by side."""
    found = []
    for name, path, content in _folders(root):
        if _is_light_block(content):
            found.append(Found(name, content))
        elif path.name == "commit.json" and (path.parent / "validators_1.json").is_file():
            from helpers.data import load_json

            found.append(Found(name, content, load_json(path.parent / "validators_1.json")))
        elif path.name == "signed_block.json" and isinstance(content, dict):
            block = content.get("result", content)
            if _is_light_block(block) or {"header", "commit", "validator_set"} <= set(block):
                found.append(Found(name, block))
    return found


def single_steps(root: Path) -> list[tuple[str, Any]]:
    """Model-based cases: an initial state and blocks with verdicts."""
    return [
        (name, content)
        for name, _, content in _folders(root)
        if isinstance(content, dict) and {"initial", "input"} <= set(content)
    ]


def bisections(root: Path) -> list[tuple[str, Any]]:
    """Bisection cases: trust options, a primary and perhaps witnesses."""
    return [
        (name, content)
        for name, _, content in _folders(root)
        if isinstance(content, dict) and {"trust_options", "primary", "expected_output"} <= set(content)
    ]
