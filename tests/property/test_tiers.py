"""Every usable row of every hash operation, by name, equals the base row and hashlib on odd counts and edge
bytes."""

from __future__ import annotations

import hashlib
import os
import random
import subprocess
import sys
from typing import Any

import numpy as np
import pytest
from blake3 import blake3

import isthmus
from isthmus import _native
from isthmus.reference import hashes as oracle

STATES_THAT_RUN = ("chosen", "usable")


HASHES = (
    "sha",
    "sm3",
    "ripemd",
    "keccak",
    "blake3",
)  # operations whose rows can be called by name; the C++ tests run those of curves


def usable_rows() -> list[tuple[str, str]]:
    """(operation, tier) of every row of a hash that this machine runs."""
    return [
        (operation, tier)
        for operation, rows in _native.info()["operations"]
        for tier, state, _ in rows
        if state in STATES_THAT_RUN and operation.startswith(HASHES)
    ]


def test_every_operation_has_a_base_row_and_one_chosen() -> None:
    operations = _native.info()["operations"]
    assert operations
    for operation, rows in operations:
        assert rows[-1][0] == "base", operation
        assert sum(state == "chosen" for _, state, _ in rows) == 1, operation
        assert all(reason for _, _, reason in rows), operation


def test_every_known_answer_passes() -> None:
    results = _native.selftest()
    assert results
    assert all(passed for _, _, passed in results), results


def test_unknown_rows_are_the_callers_mistake() -> None:
    with pytest.raises(ValueError, match="no-such"):
        _native.hash_row("no-such", "base", np.zeros((1, 64), np.uint8))


def clear(features: str, code: str) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"ISTHMUS_CPU_CLEAR": features}
    return subprocess.run(
        [sys.executable, "-c", code],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


CLEARED = """
import hashlib, random, isthmus
from blake3 import blake3
from isthmus import _native
from isthmus.reference.hashes import keccak256
rng = random.Random(1)
rows = [rng.randbytes(n) for n in [*range(0, 200, 7), 64, 64, 64, 1000]]
for name in ("sha256", "sha512", *{"sm3", "ripemd160"} & hashlib.algorithms_available):
    got = [row.tobytes() for row in isthmus.hash_many(name, rows)]
    assert got == [hashlib.new(name, row).digest() for row in rows], name
rows += [rng.randbytes(n) for n in [135, 136, 137, 272, 1024, 1025, 2048, 2049, 9000]]
others = {"keccak256": keccak256, "sha3-256": lambda m: hashlib.sha3_256(m).digest(),
          "blake3": lambda m: blake3(m).digest()}
for name, reference in others.items():
    got = [row.tobytes() for row in isthmus.hash_many(name, rows)]
    assert got == [reference(row) for row in rows], name
leaves = [rng.randbytes(32) for _ in range(77)]
level = leaves
while len(level) > 1:
    level = level + level[-1:] if len(level) % 2 else level
    pairs = [level[i] + level[i + 1] for i in range(0, len(level), 2)]
    level = [hashlib.sha256(hashlib.sha256(pair).digest()).digest() for pair in pairs]
assert isthmus.merkle_root("sha256d-bitcoin", leaves) == level[0]
from isthmus.reference import merkle as oracle
for rule, hashes in oracle.RULES.items():
    slow = oracle.tree(rule)
    count = 77 if slow.has(77) else 64
    tree = isthmus.MerkleTree(rule, leaves[:count])
    assert tree.root == isthmus.merkle_root(rule, leaves[:count]) == slow.root(leaves[:count]), rule
    proofs = tree.proofs(range(count))
    assert isthmus.verify_proofs(rule, tree.root, range(count), leaves[:count], proofs, count).all(), rule
    others = leaves[1:count] + leaves[:1]
    assert not isthmus.verify_proofs(rule, tree.root, range(count), others, proofs, count).any(), rule
operations = [rows for _, rows in _native.info()["operations"]]
print(",".join(tier for rows in operations for tier, state, _ in rows if state == "chosen"))
"""


def test_with_every_feature_cleared_only_base_runs() -> None:
    features = [name for name, *_ in _native.info()["features"]]
    done = clear(",".join(features), CLEARED)
    assert done.returncode == 0, done.stderr
    assert set(done.stdout.strip().split(",")) == {"base"}


@pytest.mark.parametrize("feature", [name for name, hardware, *_ in _native.info()["features"] if hardware])
def test_with_one_feature_cleared(feature: str) -> None:
    done = clear(feature, CLEARED)
    assert done.returncode == 0, done.stderr


def test_signatures_verify_with_every_feature_cleared() -> None:
    features = [name for name, *_ in _native.info()["features"]]
    code = (
        "import isthmus\n"
        "key = bytes.fromhex('d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a')\n"
        "sig = bytes.fromhex('e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155'\n"
        "                    '5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b')\n"
        "for scheme in ('ed25519-zip215', 'ed25519-rfc8032'):\n"
        "    got = isthmus.verify(scheme, [key] * 9, [b''] * 8 + [b'x'], [sig] * 9)\n"
        "    assert got.tolist() == [True] * 8 + [False]\n"
    )
    done = clear(",".join(features), code)
    assert done.returncode == 0, done.stderr


COUNTS = (1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 32, 33, 49, 64, 65)
STATE_AND_BLOCK = {
    "sha256_compress": (32, 64),
    "sha512_compress": (64, 128),
    "ripemd160_compress": (20, 64),
    "sm3_compress": (32, 64),
    "keccak_compress": (200, 136),
}
WIDTHS = {"sha512": 128, "keccak": 136}  # bytes of a block, where they are not 64


def blocks(operation: str, count: int, width: int) -> bytes:
    """`count` blocks: edge patterns among random ones."""
    rng = random.Random(f"{operation} {count}")
    patterns = [bytes(width), b"\xff" * width, b"\x80" + bytes(width - 1), bytes(width - 1) + b"\x01"]
    return b"".join(rng.choice([*patterns, rng.randbytes(width)]) for _ in range(count))


def rows_of(operation: str, count: int, per_message: int = 1) -> Any:
    """What the named row takes: a state and `count` blocks, or `count` messages of `per_message` blocks."""
    if operation in STATE_AND_BLOCK:
        state, width = STATE_AND_BLOCK[operation]
        raw = random.Random(operation).randbytes(state) + blocks(operation, count, width)
        return np.frombuffer(raw, np.uint8).reshape(1, -1)
    width = WIDTHS.get(operation.split("_")[0], 64)
    return np.frombuffer(blocks(operation, count, per_message * width), np.uint8).reshape(count, per_message * width)


def sha256(message: bytes) -> bytes:
    return hashlib.sha256(message).digest()


WANTED = {
    "sha256_64": sha256,
    "sha256d_64": lambda message: sha256(sha256(message)),
    "sha256_node": lambda message: sha256(b"\x01" + message),
    "keccak256_64": oracle.keccak256,
    "blake3_lanes": lambda message: blake3(message).digest(),
}
if "sm3" in hashlib.algorithms_available:
    WANTED["sm3_64"] = lambda message: hashlib.new("sm3", message).digest()


@pytest.mark.parametrize(("operation", "tier"), usable_rows())
def test_named_rows_equal_base(operation: str, tier: str) -> None:
    for count in COUNTS:
        data = rows_of(operation, count)
        got = _native.hash_row(operation, tier, data)
        base = _native.hash_row(operation, "base", data)
        assert got.tolist() == base.tolist(), count
        if operation in WANTED:
            assert [row.tobytes() for row in got] == [WANTED[operation](row.tobytes()) for row in data]


OF_PADDED = [row for row in usable_rows() if row[0].endswith(("_blocks", "_lanes"))]


@pytest.mark.parametrize(("operation", "tier"), OF_PADDED)
def test_rows_of_several_blocks_equal_base(operation: str, tier: str) -> None:
    for count, per_message in ((1, 2), (5, 3), (17, 2), (33, 7)):
        data = rows_of(operation, count, per_message)
        got = _native.hash_row(operation, tier, data)
        plain = operation if operation.startswith("blake3_") else operation.replace("_lanes", "_blocks")
        base = _native.hash_row(plain, "base", data)
        assert got.tolist() == base.tolist(), (count, per_message)


def test_info_names_the_machine() -> None:
    info = _native.info()
    assert info["arch"] in ("x86_64", "aarch64")
    assert info["compiler"]
    assert isthmus.__version__
