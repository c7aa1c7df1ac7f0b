"""Hashes, n messages at a time: `hash::many/name=... len=... n=...` (len=60-3000: every message another length),
and every named row by itself."""

from __future__ import annotations

from typing import Any

import cases
import neighbours
import numpy as np
import pytest

import isthmus
from isthmus import _native

ROWS = [
    (operation, tier)
    for operation, rows in _native.info()["operations"]
    for tier, state, _ in rows
    if state in ("chosen", "usable")
    and operation.startswith(("sha", "sm3", "ripemd", "keccak", "blake3"))
    and not operation.endswith("_compress")  # its rows are not messages
]


@pytest.mark.parametrize("n", [1, 16, 1024])
@pytest.mark.parametrize("length", [32, 64, 80, 200, 1000])
@pytest.mark.parametrize("name", isthmus.hashes())
def test_hash_many(benchmark: Any, engine: isthmus.Engine, name: str, length: int, n: int) -> None:
    benchmark.name = f"hash::many/name={name} len={length} n={n}"
    rows = np.frombuffer(b"".join(cases.messages(n, length)), np.uint8).reshape(n, length)
    assert len(benchmark(engine.hash_many, name, rows)) == n


@pytest.mark.parametrize("name", isthmus.hashes())
def test_mixed_lengths(benchmark: Any, engine: isthmus.Engine, name: str) -> None:
    benchmark.name = f"hash::many/name={name} len=60-3000 n=1024"
    assert len(benchmark(engine.hash_many, name, cases.mixed_messages(1024, 60, 3000))) == 1024


@pytest.mark.parametrize("name", ["sha256", "sha256d", "sha512"])
def test_hashlib_loop(benchmark: Any, name: str) -> None:
    benchmark.name = f"hash::many/neighbour=hashlib name={name} len=64 n=1024"
    assert len(benchmark(neighbours.hash_loop, name, cases.messages(1024, 64))) == 1024


@pytest.mark.parametrize(("operation", "tier"), ROWS)
def test_named_row(benchmark: Any, operation: str, tier: str) -> None:
    benchmark.name = f"hash::row/operation={operation} tier={tier} n=1024"
    width = {"sha512": 128, "keccak": 136}.get(operation.split("_")[0], 64)
    rows = np.frombuffer(b"".join(cases.messages(1024, width)), np.uint8).reshape(1024, width)
    assert len(benchmark(_native.hash_row, operation, tier, rows)) == 1024
