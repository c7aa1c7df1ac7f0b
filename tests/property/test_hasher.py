"""Messages in pieces: every hash and every split gives what the whole message gives."""

from __future__ import annotations

import copy
import hashlib
import pickle
import random
import threading
from typing import Any, Final

import numpy as np
import pytest
from blake3 import blake3
from hypothesis import given
from hypothesis import strategies as st

import isthmus
from property.test_hashes import NAMES, REFERENCE, SLOW, WHOLE


def hash_in_pieces(name: str, message: bytes, cuts: list[int]) -> bytes:
    hasher = isthmus.Hasher(name)
    for start, end in zip([0, *cuts], [*cuts, len(message)], strict=True):
        hasher.update(message[start:end])
    return hasher.digest()


@pytest.mark.parametrize("name", NAMES)
@given(data=st.data())
def test_random_splits(name: str, data: st.DataObject) -> None:
    size = data.draw(st.integers(0, 400 if name in SLOW else 20_000))
    cuts = sorted(data.draw(st.lists(st.integers(0, size), max_size=12)))
    message = random.Random(size).randbytes(size)
    assert hash_in_pieces(name, message, cuts) == REFERENCE[name](message)


@pytest.mark.parametrize("name", NAMES)
def test_a_digest_at_any_time_changes_nothing(name: str) -> None:
    message = random.Random(name).randbytes(450)
    hasher = isthmus.Hasher(name)
    for size in range(0, len(message), 9):
        assert hasher.digest() == hasher.digest() == REFERENCE[name](message[:size])
        hasher.update(message[size : size + 9])
    assert hasher.hexdigest() == REFERENCE[name](message).hex()


@pytest.mark.parametrize("name", NAMES)
def test_copies_go_their_own_ways(name: str) -> None:
    first = isthmus.Hasher(name, b"a" * 70)
    second = first.copy()
    first.update(b"b" * 70)
    second.update(b"c" * 70)
    assert first.digest() == REFERENCE[name](b"a" * 70 + b"b" * 70)
    assert second.digest() == REFERENCE[name](b"a" * 70 + b"c" * 70)
    assert (second.name, second.digest_size, second.block_size) == (name, first.digest_size, first.block_size)


@pytest.mark.parametrize("name", NAMES)
def test_sizes_are_those_of_the_neighbours(name: str) -> None:
    hasher = isthmus.Hasher(name)
    assert hasher.digest() == REFERENCE[name](b"")
    assert hasher.digest_size == len(hasher.digest())
    if name in WHOLE:
        assert hasher.block_size == WHOLE[name]().block_size
    assert hasher.block_size == {"sha384": 128, "sha512": 128, "keccak256": 136, "sha3-256": 136}.get(name, 64)
    assert name in repr(hasher)


@pytest.mark.parametrize("seed", range(8))
def test_blake3_in_long_pieces(seed: int) -> None:
    """Pieces begin at any chunk of the tree and end within any window of it."""
    rng = random.Random(seed)
    message = rng.randbytes(3_000_000)
    hasher, neighbour = isthmus.Hasher("blake3"), blake3()
    at = 0
    while at < len(message):
        size = rng.choice((1, 1023, 1024, 1025, 5000, 64 << 10, 100_000, 256 << 10, 700_001))
        hasher.update(message[at : at + size])
        neighbour.update(message[at : at + size])
        at += size
        assert hasher.digest() == neighbour.digest()


def test_any_contiguous_bytes() -> None:
    words = np.arange(600, dtype=np.uint32).reshape(20, 30)
    for data in (words, words.tobytes(), bytearray(words.tobytes()), memoryview(words), words.view(np.uint8)):
        assert isthmus.Hasher("sha256", data).digest() == hashlib.sha256(words.tobytes()).digest()


@pytest.mark.parametrize("wrong", ["text", None, 7, [b"a"]])
def test_what_is_not_bytes(wrong: Any) -> None:
    hasher = isthmus.Hasher("sha256", b"a")
    with pytest.raises(TypeError, match=f"data: expected bytes-like, got {type(wrong).__name__}"):
        hasher.update(wrong)
    with pytest.raises(ValueError, match="data: expected contiguous bytes"):
        hasher.update(np.zeros((4, 4), np.uint8)[:, ::2])
    with pytest.raises(ValueError, match="data: expected contiguous bytes"):
        hasher.update(memoryview(b"abcd")[::2])
    assert hasher.digest() == hashlib.sha256(b"a").digest()


def test_wrong_names() -> None:
    with pytest.raises(ValueError, match=r"name: .sha-256. is none of sha256"):
        isthmus.Hasher("sha-256")
    with pytest.raises(TypeError, match="name: expected a str, got int"):
        isthmus.Hasher(256)  # type: ignore[arg-type]


def test_a_hasher_is_not_pickled() -> None:
    hasher = isthmus.Hasher("sha256")
    with pytest.raises(TypeError, match="cannot be pickled"):
        pickle.dumps(hasher)
    with pytest.raises(TypeError, match="cannot be pickled"):
        copy.copy(hasher)


PIECES: Final = (1, 100, 2047, 2048, 5000, 70_000)


@pytest.mark.parametrize("name", ["sha256", "sha512", "blake3"])
@pytest.mark.parametrize("size", PIECES)
def test_threads_that_share_one_take_turns(name: str, size: int) -> None:
    """Equal pieces, so that any order of whole updates gives one digest, and a torn one another."""
    hasher, rounds, workers = isthmus.Hasher(name), 40, 4
    piece = random.Random(size).randbytes(size)

    def work() -> None:
        for _ in range(rounds):
            hasher.update(piece)
            hasher.digest()
            hasher.copy().update(piece)

    threads = [threading.Thread(target=work) for _ in range(workers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert not any(thread.is_alive() for thread in threads)
    assert hasher.digest() == WHOLE[name](piece * (rounds * workers)).digest()


@pytest.mark.full
@pytest.mark.parametrize("name", ["sha256", "sha512", "sha3-256", "blake3"])
def test_pieces_beyond_four_gibibytes(name: str) -> None:
    """2^32 bytes is where 32-bit counters wrap."""
    piece = np.arange((64 << 20) // 8, dtype=np.uint64).view(np.uint8)
    hasher, neighbour = isthmus.Hasher(name, b"x"), WHOLE[name](b"x")
    for _ in range(65):
        hasher.update(piece)
        neighbour.update(piece)
    assert hasher.digest() == neighbour.digest()
