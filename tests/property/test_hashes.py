"""Every hash, through every form of batch, equals hashlib (BLAKE3 its package, RIPEMD-160 and Keccak-256 the
oracle)."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Callable
from typing import Any, Final

import numpy as np
import pytest
from blake3 import blake3
from hypothesis import given
from hypothesis import strategies as st

import isthmus
from isthmus.reference import hashes as oracle

REFERENCE: Final[dict[str, Callable[[bytes], bytes]]] = {
    "sha256": lambda message: hashlib.sha256(message).digest(),
    "sha256d": lambda message: hashlib.sha256(hashlib.sha256(message).digest()).digest(),
    "sha384": lambda message: hashlib.sha384(message).digest(),
    "sha512": lambda message: hashlib.sha512(message).digest(),
    "ripemd160": oracle.ripemd160,
    "hash160": lambda message: oracle.ripemd160(hashlib.sha256(message).digest()),
    "sm3": lambda message: hashlib.new("sm3", message).digest(),
    "keccak256": oracle.keccak256,
    "sha3-256": lambda message: hashlib.sha3_256(message).digest(),
    "blake3": lambda message: blake3(message).digest(),
}
WHOLE: Final[dict[str, Callable[..., Any]]] = {
    "sha256": hashlib.sha256,
    "sha384": hashlib.sha384,
    "sha512": hashlib.sha512,
    "sha3-256": hashlib.sha3_256,
    "blake3": blake3,
}
SLOW: Final = ("ripemd160", "hash160", "keccak256")  # their oracle is Python
NEEDS_OPENSSL: Final = pytest.mark.skipif("sm3" not in hashlib.algorithms_available, reason="OpenSSL without SM3")
NAMES: Final = [pytest.param(name, marks=NEEDS_OPENSSL) if name == "sm3" else name for name in REFERENCE]

# Lengths around the padding borders of blocks of 64, 128 and 136 bytes, and around BLAKE3's chunks.
BORDERS: Final = sorted(
    {block * k + d for block in (64, 128, 136) for k in range(4) for d in (-17, -9, -8, -1, 0, 1)}
    | {1024 * k + d for k in (1, 2, 3, 4, 5, 8) for d in (-64, -63, -1, 0, 1, 64)}
)


def test_every_hash_has_a_reference() -> None:
    assert set(isthmus.hashes()) == set(REFERENCE)


def digests(name: str, messages: object, threads: int | None = None) -> list[bytes]:
    got = isthmus.hash_many(name, messages, threads=threads)  # type: ignore[arg-type]
    assert got.dtype == np.uint8
    return [row.tobytes() for row in got]


@pytest.mark.parametrize("name", NAMES)
@given(messages=st.lists(st.binary(max_size=300), max_size=40), threads=st.sampled_from([1, 2, 5]))
def test_mixed_lengths(name: str, messages: list[bytes], threads: int) -> None:
    assert digests(name, messages, threads) == [REFERENCE[name](message) for message in messages]


@pytest.mark.parametrize("name", NAMES)
def test_lengths_around_padding_borders(name: str) -> None:
    rng = random.Random(name)
    messages = [rng.randbytes(length) for length in BORDERS if length >= 0]
    assert digests(name, messages) == [REFERENCE[name](message) for message in messages]


@pytest.mark.parametrize("name", NAMES)
def test_every_short_length(name: str) -> None:
    rng = random.Random(name)
    messages = [rng.randbytes(length) for length in range(301)]
    assert digests(name, messages) == [REFERENCE[name](message) for message in messages]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("length", [0, 1, 32, 55, 56, 64, 65, 80, 111, 112, 128, 135, 136])
def test_equal_lengths_of_every_batch_size(name: str, length: int) -> None:
    """Equal lengths are what lanes like; sizes 0 to 40 leave every partial pass."""
    rng = random.Random(length)
    rows = np.frombuffer(rng.randbytes(40 * length), np.uint8).reshape(40, length)
    wanted = [REFERENCE[name](row.tobytes()) for row in rows]
    for size in range(41):
        assert digests(name, rows[:size]) == wanted[:size]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("width", [0, 20, 32, 33, 64, 80, 119, 120, 136, 247, 248, 271, 272])
def test_rows_of_one_width_wherever_they_stand(name: str, width: int) -> None:
    """Side by side, apart, upside down and in a list, through several jobs and passes."""
    count = 70 if name in SLOW else 2100
    wide = np.frombuffer(random.Random(width).randbytes(count * (width + 3)), np.uint8).reshape(count, width + 3)
    rows = wide[:, 1 : width + 1]
    wanted = [REFERENCE[name](row.tobytes()) for row in rows]
    assert digests(name, rows) == wanted
    assert digests(name, np.ascontiguousarray(rows)) == wanted
    assert digests(name, rows[::-1]) == wanted[::-1]
    assert digests(name, [row.tobytes() for row in rows]) == wanted


@pytest.mark.parametrize("name", NAMES)
@given(
    lengths=st.lists(st.one_of(st.integers(0, 200), st.integers(0, 5000)), max_size=60),
    seed=st.integers(0, 2**32 - 1),
)
def test_unequal_lengths(name: str, lengths: list[int], seed: int) -> None:
    """Lanes are refilled as messages end; a few long ones are left to the next row."""
    rng = random.Random(seed)
    messages = [rng.randbytes(length) for length in lengths]
    if name in SLOW:
        messages = [message[:300] for message in messages]
    assert digests(name, messages) == [REFERENCE[name](message) for message in messages]


@pytest.mark.parametrize("name", NAMES)
def test_one_long_message(name: str) -> None:
    message = random.Random(1).randbytes(100_000 if name in SLOW else 3_000_001)
    assert digests(name, [message]) == [REFERENCE[name](message)]


@pytest.mark.parametrize("count", [1, 2, 7, 33])
def test_blake3_trees_of_many_sizes(count: int) -> None:
    """Trees that share a window of chunks, fill it, or need several; a flat tree beside a deep one."""
    rng = random.Random(count)
    window = 256 * 1024
    sizes = (0, 1, 1024, 1025, 3 * 1024, window - 1, window, window + 1, 2 * window + 1025)
    messages = [rng.randbytes(rng.choice(sizes)) for _ in range(count)]
    assert digests("blake3", messages) == [blake3(message).digest() for message in messages]


@pytest.mark.slow
@pytest.mark.parametrize("name", ["sha256", "sha512", "sha3-256", "blake3"])
def test_messages_beyond_four_gibibytes(name: str) -> None:
    """The length field counts bits: 2^32 bytes is where 32-bit counters wrap."""
    size = (1 << 32) + 77
    message = np.zeros(size, np.uint8)
    message[-1] = 1
    got = isthmus.hash_many(name, [message], threads=1)
    assert got[0].tobytes() == WHOLE[name](message).digest()  # reads the array in place


@given(leaves=st.lists(st.binary(min_size=32, max_size=32), min_size=1, max_size=80))
def test_merkle_roots(leaves: list[bytes]) -> None:
    root, mutated = oracle.bitcoin_merkle_root(leaves)
    assert isthmus.merkle_root("sha256d-bitcoin", leaves, allow_mutated=True) == root
    if mutated:
        with pytest.raises(isthmus.MutatedTree):
            isthmus.merkle_root("sha256d-bitcoin", leaves)
    hashed = [oracle.rfc6962_leaf(leaf) for leaf in leaves]
    assert isthmus.merkle_root("rfc6962", leaves) == oracle.rfc6962_root(hashed)


@given(st.lists(st.sampled_from([bytes(32), b"\1" * 32, b"\2" * 32]), min_size=1, max_size=34))
def test_the_mutation_check_equals_the_oracle(leaves: list[bytes]) -> None:
    """Few different leaves make equal neighbours likely, on every level."""
    root, mutated = oracle.bitcoin_merkle_root(leaves)
    try:
        assert isthmus.merkle_root("sha256d-bitcoin", leaves) == root
        assert not mutated
    except isthmus.MutatedTree:
        assert mutated


@pytest.mark.slow
def test_a_root_over_a_million_leaves() -> None:
    leaves = np.frombuffer(random.Random(20).randbytes(32 << 20), np.uint8).reshape(-1, 32)
    level = [row.tobytes() for row in leaves]
    while len(level) > 1:
        pairs = (level[i] + level[i + 1] for i in range(0, len(level), 2))
        level = [hashlib.sha256(hashlib.sha256(pair).digest()).digest() for pair in pairs]
    assert isthmus.merkle_root("sha256d-bitcoin", leaves) == level[0]
