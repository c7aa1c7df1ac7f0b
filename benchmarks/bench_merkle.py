"""Merkle roots: `merkle::root/rule=... leaves=...`, and a hashlib loop."""

from __future__ import annotations

from typing import Any

import cases
import neighbours
import numpy as np
import pytest

import isthmus


@pytest.mark.parametrize("leaves", [16, 4096, 65536])
@pytest.mark.parametrize("rule", ["sha256d-bitcoin", "rfc6962", "sha256-pairs", "sm3-pairs", "fisco-v2"])
def test_root(benchmark: Any, engine: isthmus.Engine, rule: str, leaves: int) -> None:
    benchmark.name = f"merkle::root/rule={rule} leaves={leaves}"
    rows = np.frombuffer(b"".join(cases.messages(leaves, 32)), np.uint8).reshape(leaves, 32)
    assert len(benchmark(engine.merkle_root, rule, rows)) == 32


def test_hashlib_loop(benchmark: Any, engine: isthmus.Engine) -> None:
    benchmark.name = "merkle::root/neighbour=hashlib rule=sha256d-bitcoin leaves=4096"
    leaves = cases.messages(4096, 32)
    assert benchmark(neighbours.merkle_loop, leaves) == engine.merkle_root("sha256d-bitcoin", leaves)
