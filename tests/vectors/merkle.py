"""Merkle vectors: the transparency-dev proofs over RFC 6962 trees, whose eight leaves are a published
fact."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from helpers.data import json_files

# The leaves behind every root of the transparency-dev test data (certificate transparency's reference tree).
LEAVES: Final = tuple(
    bytes.fromhex(text)
    for text in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
)


@dataclass(frozen=True, slots=True)
class Inclusion:
    """An inclusion proof and whether it must be refused."""

    source: str
    index: int
    size: int
    root: bytes
    leaf: bytes
    proof: tuple[bytes, ...]
    refused: bool


def _raw(text: str | None) -> bytes:
    return base64.b64decode(text or "")


def roots(folder: Path) -> Iterator[tuple[str, int, bytes]]:
    """(file, size, root) of every accepted proof over a tree of at most eight of the known leaves."""
    for path, content in json_files(folder):
        if not isinstance(content, dict) or content.get("wantErr") is not False:
            continue
        pairs: list[tuple[Any, Any]] = []
        if {"size1", "root1", "size2", "root2"} <= set(content):
            pairs = [(content["size1"], content["root1"]), (content["size2"], content["root2"])]
        elif {"treeSize", "root"} <= set(content):
            pairs = [(content["treeSize"], content["root"])]
        for size, root in pairs:
            if size <= len(LEAVES) and len(_raw(root)) == 32:
                yield str(path.relative_to(folder)), size, _raw(root)


def inclusions(folder: Path) -> Iterator[Inclusion]:
    """Every inclusion proof below `folder`."""
    for path, content in json_files(folder):
        if isinstance(content, dict) and {"leafIdx", "treeSize", "leafHash", "proof", "wantErr"} <= set(content):
            yield Inclusion(
                str(path.relative_to(folder)), content["leafIdx"], content["treeSize"], _raw(content["root"]),
                _raw(content["leafHash"]), tuple(_raw(node) for node in content["proof"] or ()),
                bool(content["wantErr"]),
            )  # fmt: skip
