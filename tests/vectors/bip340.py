"""BIP340 vectors: the BIP's own CSV, tiny-secp256k1's JSON, and BIP341's wallet vectors (key path)."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from helpers.data import files, json_files

from vectors.rows import SigRow


def csv_rows(path: Path) -> Iterator[SigRow]:
    """Columns as in the BIP; upper or lower case hex."""
    with path.open(newline="") as lines:
        for case in csv.DictReader(lines):
            key, message, signature = (bytes.fromhex(case[name]) for name in ("public key", "message", "signature"))
            title = f"index {case['index']} {case['comment']}".strip()
            yield SigRow(path.name, title, key, message, signature, case["verification result"] == "TRUE")


def json_rows(path: Path, content: Any) -> Iterator[SigRow]:
    """tiny-secp256k1: a row without `v` is one whose inputs are refused before the equation."""
    for number, case in enumerate(content["bip340testvectors"]):
        key, message, signature = (bytes.fromhex(case[name]) for name in ("Q", "m", "s"))
        yield SigRow(
            path.name,
            f"case {number} {case['comment']}".strip(),
            key,
            message,
            signature,
            bool(case.get("v")),
        )


def load(folder: Path) -> dict[str, list[SigRow]]:
    """Rows by file."""
    found: dict[str, list[SigRow]] = {}
    for path in files(folder, "*.csv"):
        if "verification result" in path.read_text().partition("\n")[0]:
            found[str(path.relative_to(folder))] = list(csv_rows(path))
    for path, content in json_files(folder):
        if isinstance(content, dict) and "bip340testvectors" in content:
            found[str(path.relative_to(folder))] = list(json_rows(path, content))
    return found


def wallet_vectors(folder: Path) -> Iterator[tuple[str, Any]]:
    """BIP341's key-path transactions: (file name, one entry of `keyPathSpending`)."""
    for path, content in json_files(folder):
        if isinstance(content, dict) and "keyPathSpending" in content:
            for entry in content["keyPathSpending"]:
                yield path.name, entry
