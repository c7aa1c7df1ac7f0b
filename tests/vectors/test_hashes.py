"""NIST, Botan and textbook hash vectors through hash_many, in batches of mixed lengths."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import isthmus
from isthmus import _native
from isthmus.reference import hashes as oracle
from vectors import hashes


def test_published_answers() -> None:
    for name in ("sha256", "sha512"):
        rows = [(message, digest) for own, message, digest in hashes.SHA2_KNOWN if own == name]
        got = isthmus.hash_many(name, [message for message, _ in rows])
        assert [row.tobytes().hex() for row in got] == [digest for _, digest in rows]
    got = isthmus.hash_many("ripemd160", [message for message, _ in hashes.RIPEMD160_KNOWN])
    assert [row.tobytes().hex() for row in got] == [digest for _, digest in hashes.RIPEMD160_KNOWN]
    got = isthmus.hash_many("keccak256", [message for message, _ in hashes.KECCAK_KNOWN])
    assert [row.tobytes().hex() for row in got] == [digest for _, digest in hashes.KECCAK_KNOWN]


def test_the_oracle_gives_the_published_answers() -> None:
    for name, message, digest in hashes.SHA2_KNOWN:
        if len(message) < 1000:
            assert getattr(oracle, name)(message).hex() == digest
    for message, digest in hashes.RIPEMD160_KNOWN:
        if len(message) < 1000:
            assert oracle.ripemd160(message).hex() == digest
    for message, digest in hashes.KECCAK_KNOWN:
        assert oracle.keccak256(message).hex() == digest


def test_composed_hashes() -> None:
    """hash160 and sha256d against their definition; the values of the generator's key and of an empty
    string."""
    key = bytes.fromhex("0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798")
    assert isthmus.hash_many("hash160", [key])[0].tobytes().hex() == "751e76e8199196d454941c45d1b3a323f1433bd6"
    twice = isthmus.hash_many("sha256d", [b""])[0].tobytes()
    assert twice.hex() == "5df6e0e2761359d30a8275058e299fcc0381534545f55cf43e41983f5d4c9456"


@pytest.mark.parametrize("name", hashes.NAMES)
def test_public_vectors(name: str, data: Path, figures: Callable[[str], None]) -> None:
    rows = [row for folder in ("hash", "sm3") for row in hashes.load(data / "vectors" / folder)[name]]
    if not rows:
        pytest.skip(f"no {name} vectors in the data folder")
    got = isthmus.hash_many(name, [row.message for row in rows])
    wrong = [row.source for row, digest in zip(rows, got, strict=True) if digest.tobytes() != row.digest]
    figures(f"{name}: {len(rows)} vectors, {len(wrong)} wrong")
    assert not wrong
    for row in rows[::7]:
        if len(row.message) < 2000:
            assert getattr(oracle, name.replace("-", "_"))(row.message) == row.digest


def test_permutations_of_keccak(data: Path, figures: Callable[[str], None]) -> None:
    """A block of zeros leaves the state to the permutation alone."""
    pairs = list(hashes.permutations(data / "vectors" / "hash"))
    if not pairs:
        pytest.skip("no permutations in the data folder")
    for before, after in pairs:
        row = np.frombuffer(before + bytes(136), np.uint8).reshape(1, -1)
        assert _native.hash_row("keccak_compress", "base", row).tobytes() == after
        lanes = {(i % 5, i // 5): int.from_bytes(before[8 * i : 8 * i + 8], "little") for i in range(25)}
        done = oracle.keccak_f(lanes)
        assert b"".join(done[i % 5, i // 5].to_bytes(8, "little") for i in range(25)) == after
    figures(f"Keccak-f[1600]: {len(pairs)} permutations, 0 wrong")


def test_monte_carlo(data: Path, figures: Callable[[str], None]) -> None:
    """CAVP's chain: each digest follows from the three before it (SHA-3: from the last), a thousand times per stated
    value."""
    seen = 0
    for run in hashes.monte_carlo(data / "vectors" / "hash"):
        seed = run.seed
        for number, stated in enumerate(run.digests):
            last = [seed, seed, seed]
            # The core computes every tenth value's thousand; hashlib the rest, so that one call per hash
            # stays cheap.
            native = number % 10 == 0
            for _ in range(1000):
                message = last[2] if run.name.startswith("sha3-") else last[0] + last[1] + last[2]
                if native:
                    digest = isthmus.hash_many(run.name, [message], threads=1)[0].tobytes()
                else:
                    digest = hashlib.new(run.name.replace("-", "_"), message).digest()
                last = [last[1], last[2], digest]
            seed = last[2]
            assert seed == stated, (run.source, number)
            seen += native
    if not seen:
        pytest.skip("no Monte Carlo files in the data folder")
    figures(f"SHA-2 and SHA-3 Monte Carlo: {seen} stated values, {seen} right")
