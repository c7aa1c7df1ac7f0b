"""Merkle trees and proofs, without an engine in hand."""

from __future__ import annotations

from typing import Any, Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from isthmus import _native
from isthmus.batch import shared_engine
from isthmus.columns import Buffer, Column, Rows, column, output, same_length
from isthmus.engine import MUTATED, native_of
from isthmus.errors import MutatedTree
from isthmus.forms import known
from isthmus.tree_forms import (
    NODE,
    TOP,
    Indices,
    Proofs,
    Rule,
    checked_count,
    counts_of,
    leaf_column,
    numbers,
    proof_column,
    root_column,
    rule_with,
    siblings_of,
)

Made = TypeVar("Made", _native.Tree, _native.Frontier)


class _Leaves(Generic[Made]):
    """What everything that is made from leaves tells of itself."""

    _rule: Rule
    _native: Made

    @property
    def rule(self) -> str:
        """Name of the rule."""
        return self._rule.name

    @property
    def count(self) -> int:
        """Number of leaves."""
        return len(self._native)

    def __len__(self) -> int:
        return len(self._native)

    def __repr__(self) -> str:
        return f"<isthmus.{type(self).__name__} {self.rule} count={self.count}>"


class MerkleTree(_Leaves[_native.Tree]):
    """A Merkle tree with all its levels: root, proofs, and more leaves at its end.

    ``rule``     a name of :func:`isthmus.merkle_rules`; docs/merkle.md says what each of them is
    ``leaves``   as in :func:`isthmus.merkle_root`; they are copied
    ``hash``     for rules that leave their hash open, as in :func:`isthmus.merkle_root`
    ``threads``  how many threads work; by default one per usable CPU

    Memory: 64 bytes a leaf. A tree may be used by several threads, one of which may append. Leaves that would give a
    mutated tree raise :class:`isthmus.MutatedTree`, and the tree stays as it was. Other mistakes raise ``TypeError``
    or ``ValueError`` that name the argument and the item.

    >>> import isthmus
    >>> tree = isthmus.MerkleTree("rfc6962", [b"a", b"b", b"c"])
    >>> tree.root == isthmus.merkle_root("rfc6962", [b"a", b"b", b"c"])
    True
    >>> tree.proof(2).shape  # one sibling: the third leaf has none on the first level
    (1, 32)
    >>> isthmus.verify_proofs("rfc6962", tree.root, [2], [b"c"], [tree.proof(2)], tree.count).tolist()
    [True]
    """

    def __init__(self, rule: str, leaves: Rows, *, hash: str | None = None, threads: int | None = None) -> None:
        self._rule, chosen = rule_with(rule, hash)
        self._threads = threads
        shared_engine(threads)  # refuses a number that is none
        self._native = _native.Tree(rule, chosen)
        data = leaf_column(self._rule, leaves)
        checked_count(self._rule, len(data))
        self._append(data)

    @property
    def root(self) -> bytes:
        """The root over all leaves, 32 bytes."""
        return self._native.root()

    def append(self, leaves: Rows) -> None:
        """Adds leaves at the end. Cost: their own nodes and about log2 n more."""
        data = leaf_column(self._rule, leaves)
        if len(data):
            checked_count(self._rule, self.count + len(data))
            self._append(data)

    def _append(self, data: Column) -> None:
        if not self._native.append(native_of(shared_engine(self._threads)), data.native):
            raise MutatedTree(f"leaves: {MUTATED}")

    def proof(self, index: int) -> NDArray[np.uint8]:
        """The siblings of leaf ``index`` on the way up, lowest first: uint8 of shape (depth, 32).

        How many there are follows from rule, index and count. ``fisco-v2`` has up to 15 of one level, from the
        left."""
        return self.proofs([index])[0].reshape(-1, NODE)

    def proofs(self, indices: Indices) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
        """Proofs of many leaves, as the pair ``(flat, offsets)`` that :func:`isthmus.verify_proofs` takes: the bytes
        of proof i are ``flat[offsets[i]:offsets[i + 1]]``. Leaves may be asked for in any order and more than once.

        >>> import isthmus
        >>> tree = isthmus.MerkleTree("sha256-pairs", [bytes([n]) * 32 for n in range(8)])
        >>> flat, offsets = tree.proofs(range(8))
        >>> flat.reshape(8, 3, 32).shape, offsets.tolist()[:3]
        ((8, 3, 32), [0, 96, 192])
        """
        wanted = numbers(indices, "indices")
        made = self._native.proofs(native_of(shared_engine(self._threads)), wanted)
        if made is None:
            raise _beyond(wanted, self.count)
        return made

    def multiproof(self, indices: Indices) -> NDArray[np.uint8]:
        """One list of siblings for a set of leaves: uint8 of shape (m, 32).

        ``indices`` ascend and are not repeated. The siblings stand level by level from the leaves, on a level from the
        left: every child of a needed node that is neither such a leaf nor made from them. What padding repeats or
        fills in is left out.

        >>> import isthmus
        >>> tree = isthmus.MerkleTree("sha256-pairs", [bytes([n]) * 32 for n in range(8)])
        >>> tree.multiproof([0, 1, 2, 3]).shape  # the right half of the tree is one node
        (1, 32)
        """
        wanted = numbers(indices, "indices")
        if not wanted.size:
            raise ValueError("indices: expected at least one")
        if np.any(wanted[1:] <= wanted[:-1]):
            at = 1 + int(np.flatnonzero(wanted[1:] <= wanted[:-1])[0])
            raise ValueError(f"indices[{at}]: {wanted[at]} does not come after {wanted[at - 1]}")
        made = self._native.multiproof(wanted)
        if made is None:
            raise _beyond(wanted, self.count)
        return np.frombuffer(made, dtype=np.uint8).reshape(-1, NODE)

    def __reduce__(self) -> Any:
        raise TypeError("a MerkleTree lives in native memory and cannot be pickled: send its leaves")


class MerkleFrontier(_Leaves[_native.Frontier]):
    """The root of a Merkle tree that only grows, from the few nodes at its right edge.

    ``rule``  a name of :func:`isthmus.merkle_rules`, but for those that take powers of two of leaves only
    ``hash``  for rules that leave their hash open, as in :func:`isthmus.merkle_root`

    Memory: 32 bytes a level (``fisco-v2``: up to fifteen times that), however many leaves there were; no proofs. Roots
    are those of :class:`isthmus.MerkleTree` over the same leaves. Several threads may use a frontier. Leaves that would
    give a mutated tree raise :class:`isthmus.MutatedTree`, and the frontier stays as it was. Other mistakes raise
    ``TypeError`` or ``ValueError`` that name the argument and the item.

    >>> import isthmus
    >>> log = isthmus.MerkleFrontier("rfc6962")
    >>> log.append([b"a", b"b"])
    >>> log.append([b"c"])
    >>> log.count, log.root == isthmus.merkle_root("rfc6962", [b"a", b"b", b"c"])
    (3, True)
    """

    def __init__(self, rule: str, *, hash: str | None = None) -> None:
        self._rule, chosen = rule_with(rule, hash)
        if self._rule.powers:
            raise ValueError(f"rule: {rule} has no frontier, it takes only powers of two of leaves")
        self._native = _native.Frontier(rule, chosen)

    @property
    def root(self) -> bytes:
        """The root over all leaves, 32 bytes. Cost: about log2 n nodes. ``ValueError`` before the first leaf where the
        rule has no root over none."""
        made = self._native.root()
        if made is None or not (self._rule.empty or len(self._native)):
            raise ValueError(f"root: a {self.rule} tree has at least one leaf, this one has none")
        return made

    def append(self, leaves: Rows) -> None:
        """Adds leaves at the end, in any form that :func:`isthmus.merkle_root` takes, on the calling thread."""
        if not self._native.append(leaf_column(self._rule, leaves).native):
            raise MutatedTree(f"leaves: {MUTATED}")

    def __reduce__(self) -> Any:
        raise TypeError("a MerkleFrontier lives in native memory and cannot be pickled")


def _beyond(indices: NDArray[np.uint64], count: int) -> ValueError:
    at = int(indices.argmax())  # not the first beyond `count`, which may have grown meanwhile
    return ValueError(f"indices[{at}]: {indices[at]} is out of range, the tree has {count} leaves")


def verify_proofs(
    rule: str,
    root: Buffer | Rows,
    indices: Indices,
    leaves: Rows,
    proofs: Proofs,
    count: int | Indices,
    *,
    hash: str | None = None,
    threads: int | None = None,
) -> NDArray[np.bool_]:
    """Which of n leaves are in the tree with this root, at the index that is claimed.

    ``rule``     a name of :func:`isthmus.merkle_rules`
    ``root``     32 bytes that are trusted; or n of them, one per row
    ``indices``  n positions
    ``leaves``   n leaves: digests of 32 bytes, or data where the rule hashes leaves with a prefix
    ``proofs``   n proofs, the siblings on the way up, lowest first: what :meth:`MerkleTree.proofs` gives, uint8 of
                 shape (n, depth, 32) or (n, 32 * depth), or a list of lists of nodes
    ``count``    how many leaves the tree has, trusted as the root is; or n counts
    ``hash``     for rules that leave their hash open, as in :func:`isthmus.merkle_root`
    ``threads``  how many threads work; by default one per usable CPU

    Returns a bool array of shape (n,). Index and count settle how many siblings a proof has and where they stand;
    a proof of another length, an index beyond the count, a count that the rule has no tree of and a leaf that is no
    digest are False. So is, where levels repeat their last node, a last node whose sibling is another, and two equal
    nodes that are paired elsewhere (CVE-2012-2459). Nodes that rows share are hashed once, and no answer depends
    on another row. Columns of different lengths and arguments of the wrong type raise.

    >>> import isthmus
    >>> leaves = [bytes([n]) * 32 for n in range(8)]
    >>> tree = isthmus.MerkleTree("sha256d-bitcoin", leaves)
    >>> proofs = tree.proofs([1, 6])
    >>> isthmus.verify_proofs("sha256d-bitcoin", tree.root, [1, 6], [leaves[1], leaves[6]], proofs, 8).tolist()
    [True, True]
    >>> isthmus.verify_proofs("sha256d-bitcoin", tree.root, [1, 7], [leaves[1], leaves[6]], proofs, 8).tolist()
    [True, False]
    """
    _, chosen = rule_with(rule, hash)
    given = column(leaves, "leaves")
    path = proof_column(proofs)
    size = same_length(given, path)
    where = numbers(indices, "indices", outside=TOP)
    counts = counts_of(count, size)
    if len(where) != size:
        raise ValueError(f"indices: expected one for each of {size} leaves, got {len(where)}")
    roots = root_column(root, size)
    native = native_of(shared_engine(threads))
    if size == 0:
        return np.zeros(0, dtype=np.bool_)
    return _native.merkle_verify(native, rule, chosen, roots.native, where, counts, given.native, path.native)


def verify_multiproof(
    rule: str,
    root: Buffer,
    indices: Indices,
    leaves: Rows,
    proof: Rows,
    count: int,
    *,
    hash: str | None = None,
) -> bool:
    """Whether all of these leaves are in the tree with this root, by one list of siblings.

    Arguments are those of :func:`isthmus.verify_proofs`; ``indices`` and ``leaves`` go together, and ``proof`` is what
    :meth:`MerkleTree.multiproof` gives: uint8 of shape (m, 32), a list of nodes, or their bytes in one piece. False as
    well are indices that do not ascend or are repeated, no index at all, and a sibling too few or too many.

    >>> import isthmus
    >>> leaves = [bytes([n]) * 32 for n in range(8)]
    >>> tree = isthmus.MerkleTree("sha256-pairs", leaves)
    >>> isthmus.verify_multiproof("sha256-pairs", tree.root, [0, 5], [leaves[0], leaves[5]], tree.multiproof([0, 5]), 8)
    True
    """
    _, chosen = rule_with(rule, hash)
    given = column(leaves, "leaves")
    where = numbers(indices, "indices", outside=TOP)
    if len(where) != len(given):
        raise ValueError(f"indices: expected one for each of {len(given)} leaves, got {len(where)}")
    nodes = column(siblings_of(proof), "proof")
    trusted = root_column(root, 1)
    counts = counts_of(count, 1)
    if len(given) == 0:
        return False
    native = native_of(shared_engine())
    return _native.merkle_verify_multiproof(
        native, rule, chosen, trusted.native, int(counts[0]), where, given.native, nodes.native
    )


def hash_pairs(
    name: str, pairs: Rows, *, threads: int | None = None, out: NDArray[np.uint8] | None = None
) -> NDArray[np.uint8]:
    """Digests of n pairs of 32-byte nodes, left || right: a uint8 array of shape (n, 32).

    ``name``   ``sha256``, ``sha256d``, ``sm3``, ``keccak256``, or ``blake3-parent`` for two chaining values
    ``pairs``  n rows of 64 bytes in any form; a level of a tree of shape (2 n, 32) is reshaped to (n, 64). Arrays are
               read in place, so nobody should write to them during the call
    ``out``    where the digests go: a C-contiguous uint8 array of shape (n, 32) that does not overlap ``pairs``

    A plain hash of 64 bytes, but faster: what follows the 64 bytes is the same in every message.

    >>> import isthmus, numpy as np
    >>> level = np.zeros((8, 32), dtype=np.uint8)
    >>> isthmus.hash_pairs("sha256", level.reshape(4, 64))[0].tobytes().hex()[:16]
    'f5a5fd42d16a2030'
    """
    known(name, "name", list(_native.pair_hashes()))
    data = column(pairs, "pairs", snapshot=False)
    wrong = data.first_of_other_length(2 * NODE)
    if wrong is not None:
        raise ValueError(f"pairs[{wrong[0]}]: expected {2 * NODE} bytes, got {wrong[1]}")
    digests = output(out, (len(data), NODE), pairs)
    _native.hash_pairs(native_of(shared_engine(threads)), name, data.native, digests)
    return digests
