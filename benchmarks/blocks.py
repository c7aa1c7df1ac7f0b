"""Whole inputs for the benchmarks: real blocks and a real commit when the data folder is there."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

from isthmus.chains.bitcoin import Anchor
from isthmus.chains.cometbft import Anchor as CometAnchor
from isthmus.chains.cometbft import LightBlock
from isthmus.reference.bitcoin import sha256d

HEIGHTS: Final = (866342, 413567)
COMMIT: Final = "cosmoshub-4_6185877.json"


class Case(NamedTuple):
    """One input with its anchor and the status that it must have."""

    name: str
    unit: str
    chain: str
    raw: bytes
    anchor: object
    expected: str


def present(root: Path | None) -> Iterator[Case]:
    """The cases whose files are there. Both blocks hold scripts or lack outputs, so they end undecided."""
    if root is None:
        return
    folder = root / "blocks" / "bitcoin"
    for height in HEIGHTS:
        path, spent = folder / "blocks" / f"{height}.raw", folder / "prevouts" / f"{height}.bin"
        if path.is_file():
            raw = path.read_bytes()
            prevouts = spent.read_bytes() if spent.is_file() else None
            anchor = bytes(Anchor(height, hash=sha256d(raw[:80]), prevouts=prevouts))
            yield Case(f"block {height}", "block", "bitcoin-block", raw, anchor, "undecided")
    path = root / "blocks" / "cosmos" / "light_blocks" / COMMIT
    if path.is_file():
        block = LightBlock.from_json(json.loads(path.read_text()))
        pin = bytes(CometAnchor(block.chain_id, validators_hash=block.validators_hash))
        yield Case("light block of 125 validators", "block", "cometbft-light-block", block.encoded, pin, "valid")
