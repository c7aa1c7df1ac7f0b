"""Merkle trees from Python: forms of arguments, what each mistake is called, threads and forks."""

from __future__ import annotations

import os
import pickle
import random
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest

import isthmus
from isthmus import _native
from isthmus.reference import merkle as oracle

MATRIX = np.frombuffer(random.Random(7).randbytes(256), np.uint8).reshape(8, 32)
LEAVES = [row.tobytes() for row in MATRIX]


def test_rules_are_those_of_the_reference() -> None:
    assert set(isthmus.merkle_rules()) == set(oracle.RULES)


@pytest.mark.parametrize("rule", oracle.RULES)
def test_leaves_take_every_form(rule: str) -> None:
    wanted = isthmus.merkle_root(rule, LEAVES)
    wide = np.zeros((16, 40), np.uint8)
    wide[::2, 4:36] = MATRIX
    record = np.zeros(8, np.dtype([("n", "u4"), ("leaf", "V32")]))
    record["leaf"] = MATRIX.view("V32")[:, 0]
    forms: list[Any] = [
        MATRIX, MATRIX.view("V32")[:, 0], wide[::2, 4:36], record["leaf"], (MATRIX.tobytes(), np.arange(0, 257, 32)),
        tuple(LEAVES), iter(LEAVES), [bytearray(leaf) for leaf in LEAVES], list(MATRIX),
    ]  # fmt: skip
    for form in forms[:6]:
        assert isthmus.merkle_root(rule, form) == wanted
    for form in forms:
        assert isthmus.MerkleTree(rule, form).root == wanted


@pytest.mark.parametrize("rule", ["sha256-pairs", "fisco-v2"])
def test_proofs_take_every_form(rule: str) -> None:
    tree = isthmus.MerkleTree(rule, LEAVES)
    flat, offsets = tree.proofs(range(8))
    cube = flat.reshape(8, -1, 32)
    lists = [[row.tobytes() for row in proof] for proof in cube]
    forms: list[Any] = [
        (flat, offsets), cube, cube.reshape(8, -1), lists, [b"".join(each) for each in lists], list(cube),
        [tree.proof(i) for i in range(8)], [tuple(each) for each in lists], cube[::-1][::-1],
        (flat, offsets.tolist()), (flat.tobytes(), offsets.tolist()), lambda: iter(lists), lambda: map(tuple, lists),
    ]  # fmt: skip
    for made in forms:
        form = made() if callable(made) else made
        assert isthmus.verify_proofs(rule, tree.root, range(8), LEAVES, form, 8).all()
        every: list[Any] = [list(range(8)), np.arange(8, dtype=np.int16), np.arange(8, dtype=np.uint64), iter(range(8))]
        for numbers in every:
            form = made() if callable(made) else made
            assert isthmus.verify_proofs(rule, tree.root, numbers, MATRIX, form, [8] * 8).all()
    assert isthmus.verify_proofs(rule, [tree.root] * 8, range(8), MATRIX, cube, 8).all()
    nodes = tree.multiproof([1, 2])
    for proof in (nodes, nodes.tobytes(), [row.tobytes() for row in nodes], bytearray(nodes.tobytes()), list(nodes)):
        assert isthmus.verify_multiproof(rule, tree.root, [1, 2], LEAVES[1:3], proof, 8)


def test_single_leaves_have_empty_proofs() -> None:
    tree = isthmus.MerkleTree("rfc6962", [b"only"])
    proofs: Any
    assert tree.proof(0).shape == (0, 32)
    for proofs in ([b""], [[]], [tree.proof(0)], tree.proofs([0]), np.zeros((1, 0, 32), np.uint8)):
        assert isthmus.verify_proofs("rfc6962", tree.root, [0], [b"only"], proofs, 1).tolist() == [True]
        assert isthmus.verify_proofs("rfc6962", tree.root, [0], [b"other"], proofs, 1).tolist() == [False]


def test_siblings_that_are_no_nodes_make_a_row_false() -> None:
    """31 and 33 bytes are as many as two nodes have; cutting them otherwise would accept them."""
    tree = isthmus.MerkleTree("sha256-pairs", LEAVES[:4])
    a, b = (row.tobytes() for row in tree.proof(0))
    assert isthmus.verify_proofs("sha256-pairs", tree.root, [0], LEAVES[:1], [[a, b]], 4).all()
    assert not isthmus.verify_proofs("sha256-pairs", tree.root, [0], LEAVES[:1], [[a + b[:1], b[1:]]], 4).any()
    nodes = tree.multiproof([0])
    cut = [nodes.tobytes()[:33], nodes.tobytes()[33:]]
    assert not isthmus.verify_multiproof("sha256-pairs", tree.root, [0], LEAVES[:1], cut, 4)


TREE = isthmus.MerkleTree("sha256-pairs", LEAVES)
PROOFS = TREE.proofs(range(8))
MIXED: Any = [0, 1.0]
FLOATS: Any = np.zeros(2)
WRITABLE: Any = bytearray(256)
ONE: Any = 1.0
OWN = np.zeros((8, 32), np.uint8)
OFFSETS = range(0, 257, 32)


@pytest.mark.parametrize(
    ("error", "said", "call"),
    [
        (ValueError, "rule: 'oak' is none of", lambda: isthmus.MerkleTree("oak", LEAVES)),
        (TypeError, "rule: expected a str", lambda: isthmus.merkle_root(3, LEAVES)),  # type: ignore[arg-type]
        (ValueError, "hash: rfc6962 has no such option", lambda: isthmus.merkle_root("rfc6962", LEAVES, hash="sm3")),
        (ValueError, "hash: 'md5' is none of", lambda: isthmus.merkle_root("chainmaker", LEAVES, hash="md5")),
        (ValueError, r"leaves\[1\]: expected a digest", lambda: isthmus.MerkleTree("ssz", [LEAVES[0], b"x"])),
        (ValueError, "power of two of leaves, got 9", lambda: TREE.append(LEAVES[:1])),
        (ValueError, "at least one leaf", lambda: isthmus.MerkleTree("mmr", [])),
        (ValueError, r"indices\[1\]: 8 is out of range, the tree has 8 leaves", lambda: TREE.proofs([0, 8])),
        (ValueError, r"indices\[0\]: -1 is out of range", lambda: TREE.proof(-1)),
        (ValueError, r"indices\[2\]: -3 is out of range", lambda: TREE.proofs(np.array([0, 1, -3, -1]))),
        (ValueError, r"indices\[1\]: 18446744073709551616 is out", lambda: TREE.multiproof([2, 1 << 64])),
        (ValueError, r"indices\[0\]: -2 is out of range", lambda: TREE.multiproof(range(-2, 3))),
        (TypeError, r"indices\[1\]: expected an int, got float", lambda: TREE.proofs(MIXED)),
        (TypeError, r"indices: expected integers, got float64", lambda: TREE.proofs(FLOATS)),
        (TypeError, r"indices: expected integers, got bytes", lambda: TREE.proofs(b"1")),
        (ValueError, r"indices\[1\]: 2 does not come after 2", lambda: TREE.multiproof([2, 2])),
        (ValueError, "indices: expected at least one", lambda: TREE.multiproof([])),
        (ValueError, r"indices\[1\]: 9 is out of range, the tree has 8 leaves", lambda: TREE.multiproof([2, 9])),
        (ValueError, "columns of different lengths", lambda: verify(leaves=LEAVES[:7])),
        (ValueError, "indices: expected one for each of 8", lambda: verify(indices=[1])),
        (ValueError, "count: expected one, or one for each of 8", lambda: verify(count=[8, 8])),
        (TypeError, r"count\[0\]: expected an int, got str", lambda: verify(count=["8"])),
        (ValueError, r"root\[0\]: expected 32 bytes, got 31", lambda: verify(root=bytes(31))),
        (ValueError, "root: expected one, or one for each of 8", lambda: verify(root=[bytes(32)] * 3)),
        (TypeError, r"proofs: expected shape \(n, depth, 32\)", lambda: verify(proofs=np.zeros((8, 3, 31), np.uint8))),
        (TypeError, r"proofs\[2\]", lambda: verify(proofs=[b"", b"", 3, b"", b"", b"", b"", b""])),
        (ValueError, r"pairs\[0\]: expected 64 bytes, got 32", lambda: isthmus.hash_pairs("sha256", MATRIX)),
        (ValueError, "name: 'sha512' is none of", lambda: isthmus.hash_pairs("sha512", [])),
        (TypeError, "out: expected a uint8 array", lambda: isthmus.hash_many("sha256", LEAVES, out=WRITABLE)),
        (ValueError, "out: expected a writable", lambda: isthmus.hash_many("sha512", LEAVES, out=MATRIX.copy())),
        (ValueError, "out: overlaps", lambda: isthmus.hash_many("sha256", OWN, out=OWN)),
        (ValueError, "out: overlaps", lambda: isthmus.hash_many("sha256", (OWN.ravel(), OFFSETS), out=OWN)),
        (ValueError, "out: overlaps", lambda: isthmus.hash_pairs("sha256", OWN.reshape(4, 64), out=OWN[:4])),
        (TypeError, "threads: expected an int", lambda: isthmus.hash_many("sha256", LEAVES, threads=ONE)),
    ],
)  # fmt: skip
def test_mistakes_are_named(error: type[Exception], said: str, call: Any) -> None:
    with pytest.raises(error, match=said):
        call()


def native(leaves: int = 8, proofs: int = 8, roots: int = 1, root: int = 32, counts: int = 1) -> Any:
    """The core's own function, which must not read beyond columns that nobody has checked."""
    engine = _native.Engine(1, None)
    shapes = ((roots, root), (leaves, 32), (proofs, 96))
    made = [
        _native.Column.ragged(np.zeros(count * width, np.uint8), np.arange(count + 1) * width)
        for count, width in shapes
    ]
    many = np.full(counts, 8, np.uint64)
    return _native.merkle_verify(engine, "ssz", "", made[0], np.arange(8, dtype=np.uint64), many, made[1], made[2])


def test_the_core_looks_at_lengths_itself() -> None:
    assert native().tolist() == [False] * 8
    assert native(roots=8, counts=8).tolist() == [False] * 8
    wrong: list[dict[str, int]] = [
        {"leaves": 7}, {"proofs": 7}, {"proofs": 0}, {"roots": 7}, {"roots": 0}, {"root": 31}, {"counts": 0},
        {"counts": 9},
    ]  # fmt: skip
    for each in wrong:
        with pytest.raises(ValueError, match=r"expected|different lengths"):
            native(**each)
    engine = _native.Engine(1, None)
    tree = _native.Tree("ssz", "")
    rows = _native.Column.rows(MATRIX)
    assert tree.append(engine, rows)
    for indices in ([2, 1], [1, 1], [1 << 40, 0]):
        with pytest.raises(ValueError, match="ascend"):
            tree.multiproof(np.array(indices, np.uint64))
    for pairs, out in ((MATRIX, OWN), (MATRIX.reshape(4, 64), OWN[:3]), (MATRIX.reshape(2, 128), OWN[:2])):
        with pytest.raises(ValueError, match=r"pairs: expected|out: expected"):
            _native.hash_pairs(engine, "sha256", _native.Column.rows(pairs), out)
    short = _native.Column.rows(MATRIX[:1, :31])
    several = _native.Column.rows(MATRIX)
    one = _native.Column.rows(MATRIX[:1])
    zero = np.zeros(1, np.uint64)
    for root, numbers, leaves, siblings in (
        (short, zero, one, one), (several, zero, one, one), (one, zero, one, several), (one, zero, several, one),
        (one, np.zeros(0, np.uint64), one, one),
    ):  # fmt: skip
        with pytest.raises(ValueError, match=r"expected|different lengths"):
            _native.merkle_verify_multiproof(engine, "ssz", "", root, 8, numbers, leaves, siblings)


def verify(**changed: Any) -> Any:
    given: dict[str, Any] = {"root": TREE.root, "indices": range(8), "leaves": LEAVES, "proofs": PROOFS, "count": 8}
    return isthmus.verify_proofs("sha256-pairs", **(given | changed))


def test_leaves_of_impossible_length_are_false() -> None:
    leaves = [*LEAVES[:6], LEAVES[6] + b"\0", b""]
    assert verify(leaves=leaves).tolist() == [True] * 6 + [False] * 2


def test_digests_go_where_they_are_asked_for() -> None:
    out = np.empty((8, 64), np.uint8)
    assert isthmus.hash_many("sha512", LEAVES, out=out) is out
    assert np.array_equal(out, isthmus.hash_many("sha512", LEAVES))


def test_a_tree_says_what_it_is() -> None:
    tree = isthmus.MerkleTree("chainmaker", LEAVES, hash="sm3")
    assert (tree.rule, tree.count, len(tree)) == ("chainmaker", 8, 8)
    assert repr(tree) == "<isthmus.MerkleTree chainmaker count=8>"
    with pytest.raises(TypeError, match="cannot be pickled"):
        pickle.dumps(tree)


def test_appending_nothing_changes_nothing() -> None:
    tree = isthmus.MerkleTree("rfc6962", [])
    assert tree.root == isthmus.merkle_root("rfc6962", [])
    tree.append([])
    assert tree.count == 0
    tree.append([b"a"])
    assert tree.root == isthmus.merkle_root("rfc6962", [b"a"])


def test_a_tree_is_read_while_it_grows() -> None:
    """Proofs that other threads ask for belong to one state of the tree each."""
    rows = np.frombuffer(random.Random(1).randbytes(32 * 4096), np.uint8).reshape(-1, 32)
    tree = isthmus.MerkleTree("mmr", rows[:64])
    proofs = {tuple(tree.proof(3)[0].tolist())}

    def read(_: int) -> bool:
        proof = tree.proof(3)
        return tuple(proof[0].tolist()) in proofs and 6 <= len(proof) <= 13

    with ThreadPoolExecutor(4) as pool:
        reads = pool.map(read, range(400))
        for at in range(64, 4096, 64):
            tree.append(rows[at : at + 64])
        assert all(reads)
    assert tree.root == isthmus.merkle_root("mmr", rows)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_a_tree_survives_fork() -> None:
    rows = np.frombuffer(random.Random(2).randbytes(32 * 70_000), np.uint8).reshape(-1, 32)
    tree = isthmus.MerkleTree("rfc6962", rows, threads=2)
    child = os.fork()
    if child == 0:
        tree.append(rows[:40_000])
        os._exit(
            0 if isthmus.verify_proofs("rfc6962", tree.root, [9], rows[9:10], [tree.proof(9)], 110_000).all() else 1
        )
    assert os.waitpid(child, 0)[1] == 0
    assert tree.count == 70_000
