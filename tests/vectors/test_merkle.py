"""Merkle roots: RFC 6962's published tree, Bitcoin's rule with its mutation check, and the oracle on every
small size."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Callable
from pathlib import Path

import pytest

import isthmus
from isthmus.reference import hashes as oracle
from vectors import merkle

# Roots of the first n of the published leaves (certificate transparency's test data).
KNOWN_ROOTS = (
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
)


@pytest.mark.parametrize("count", range(9))
def test_rfc6962_published_roots(count: int) -> None:
    leaves = list(merkle.LEAVES[:count])
    assert isthmus.merkle_root("rfc6962", leaves).hex() == KNOWN_ROOTS[count]
    assert oracle.rfc6962_root([oracle.rfc6962_leaf(leaf) for leaf in leaves]).hex() == KNOWN_ROOTS[count]


def test_rfc6962_roots_of_the_data(data: Path, figures: Callable[[str], None]) -> None:
    seen = 0
    for source, size, root in merkle.roots(data / "vectors" / "merkle"):
        assert isthmus.merkle_root("rfc6962", list(merkle.LEAVES[:size])) == root, source
        seen += 1
    if not seen:
        pytest.skip("no RFC 6962 proofs in the data folder")
    figures(f"RFC 6962: {seen} stated roots, {seen} right")


def _random_leaves(count: int) -> list[bytes]:
    rng = random.Random(count)
    return [rng.randbytes(32) for _ in range(count)]


@pytest.mark.full
@pytest.mark.parametrize("count", [*range(1, 70), 127, 128, 129, 255, 256, 257, 1000])
def test_every_rule_equals_the_oracle(count: int) -> None:
    leaves = _random_leaves(count)
    assert isthmus.merkle_root("sha256d-bitcoin", leaves) == oracle.bitcoin_merkle_root(leaves)[0]
    hashed = [hashlib.sha256(b"\0" + leaf).digest() for leaf in leaves]
    assert isthmus.merkle_root("rfc6962", leaves) == oracle.rfc6962_root(hashed)
    if count & (count - 1) == 0:
        assert isthmus.merkle_root("sha256-pairs", leaves) == oracle.pairs_root(leaves)
    else:
        with pytest.raises(ValueError, match="power of two"):
            isthmus.merkle_root("sha256-pairs", leaves)


def test_rfc6962_leaves_of_any_length() -> None:
    rng = random.Random(6962)
    leaves = [rng.randbytes(rng.choice([0, 1, 31, 54, 55, 56, 63, 64, 65, 119, 120, 300])) for _ in range(131)]
    wanted = oracle.rfc6962_root([hashlib.sha256(b"\0" + leaf).digest() for leaf in leaves])
    assert isthmus.merkle_root("rfc6962", leaves) == wanted


@pytest.mark.parametrize("count", range(1, 66))
def test_bitcoin_mutations_are_refused(count: int) -> None:
    """CVE-2012-2459: repeating the tail that padding would repeat keeps the root and must be named."""
    leaves = _random_leaves(count)
    root = isthmus.merkle_root("sha256d-bitcoin", leaves)
    tail = count & -count
    mutated = leaves + leaves[-tail:]
    if tail == count:
        mutated = leaves + leaves
    same, flagged = oracle.bitcoin_merkle_root(mutated)
    assert flagged
    with pytest.raises(isthmus.MutatedTree):
        isthmus.merkle_root("sha256d-bitcoin", mutated)
    forced = isthmus.merkle_root("sha256d-bitcoin", mutated, allow_mutated=True)
    assert forced == same
    if tail != count:
        assert forced == root, "the mutation is only dangerous because the root is the same"


def test_equal_leaves_that_are_no_pair_are_allowed() -> None:
    a, b = _random_leaves(2)
    assert isthmus.merkle_root("sha256d-bitcoin", [a, b, b]) == oracle.bitcoin_merkle_root([a, b, b])[0]
    assert isthmus.merkle_root("sha256d-bitcoin", [a, b, b, a]) == oracle.bitcoin_merkle_root([a, b, b, a])[0]
    with pytest.raises(isthmus.MutatedTree):
        isthmus.merkle_root("sha256d-bitcoin", [a, b, a, b])  # equal nodes one level up
    with pytest.raises(isthmus.MutatedTree):
        isthmus.merkle_root("sha256d-bitcoin", [a, a, b])


def test_no_leaves() -> None:
    assert isthmus.merkle_root("rfc6962", []) == hashlib.sha256(b"").digest()
    for rule in ("sha256d-bitcoin", "sha256-pairs"):
        with pytest.raises(ValueError, match="at least one leaf"):
            isthmus.merkle_root(rule, [])


def test_wrong_leaves_are_named() -> None:
    with pytest.raises(ValueError, match=r"leaves\[1\]"):
        isthmus.merkle_root("sha256d-bitcoin", [bytes(32), bytes(31)])
