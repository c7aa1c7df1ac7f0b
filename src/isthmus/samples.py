"""Data that come with isthmus, for examples: early Bitcoin blocks as facts, and a recorded light-block chain."""

from __future__ import annotations

import json
from functools import cache
from importlib import resources
from typing import Any, NamedTuple


class EarlyBitcoin(NamedTuple):
    """Bitcoin mainnet: the headers of heights 0 to 170 as one run of bytes, and some whole blocks by
    height."""

    headers: bytes
    blocks: dict[int, bytes]


def _load(name: str) -> Any:
    return json.loads(resources.files("isthmus").joinpath("data", name).read_text(encoding="utf-8"))


@cache
def early_bitcoin() -> EarlyBitcoin:
    """Blocks 0 to 10 and 170; block 170 holds the first payment, which spends the reward of block 9.

    >>> headers, blocks = early_bitcoin()
    >>> len(headers) // 80, sorted(blocks)
    (171, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 170])
    """
    data = _load("bitcoin_early.json")
    headers = b"".join(bytes.fromhex(header) for header in data["headers"])
    return EarlyBitcoin(headers, {int(height): bytes.fromhex(raw) for height, raw in data["blocks"].items()})


@cache
def recorded_cometbft() -> dict[str, Any]:
    """A light-block chain with real rules and made-up validators: ``chain_id``, ``anchor`` and ``blocks``."""
    data: dict[str, Any] = _load("cometbft_chain.json")
    return data
