"""Ethereum's Merkle-Patricia tries: roots of lists and maps, proofs of values and of absence (docs/tries.md)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import accumulate

import numpy as np
from numpy.typing import NDArray

from isthmus import _native
from isthmus.columns import Buffer, Column, Rows, column, copied_row, is_buffer, optional_column, same_length

_ROOT = 32


def trie_root(values: Rows, *, keys: Rows | None = None) -> bytes:
    """Root (32 bytes) of the trie that holds n values (Yellow Paper, appendix D).

    ``values``  n values, none of them empty: a trie holds nothing under a key whose value is empty
    ``keys``    n distinct keys of any length, in any order; a secure trie's are hashed by the caller. Without keys the
                values are an ordered list, each under the RLP of its index: a block's transactions, receipts or
                withdrawals in their consensus bytes

    Empty values, equal keys (both are named) and columns of different lengths raise ``ValueError``. Arrays are read in
    place, so nobody should write to them during the call.

    >>> import isthmus
    >>> isthmus.trie_root([]).hex()[:16]
    '56e81f171bcc55a6'
    >>> isthmus.trie_root([b"puppy", b"coin"], keys=[b"dog", b"doge"]).hex()[:16]
    'c7615a9d094af6bb'
    """
    value = column(values, "values", snapshot=False)
    if keys is None:
        return _native.list_roots(value.native, np.array([len(value)], dtype=np.int64)).tobytes()
    key = column(keys, "keys")  # a copy: the order of keys that change meanwhile is none
    same_length(key, value)
    return _native.trie_root(key.native, value.native)


def trie_roots(lists: Iterable[Sequence[Buffer]]) -> NDArray[np.uint8]:
    """Roots of many ordered lists, as a uint8 array of shape (n, 32); see :func:`trie_root`.

    Nodes of all lists are hashed together, so this is faster than one call a list: the transactions, receipts and
    withdrawals of a block, or of many blocks.

    >>> import isthmus
    >>> isthmus.trie_roots([[b"a", b"b"], [], [b"a"]]).shape
    (3, 32)
    """
    runs = _runs(lists, "lists")
    ends = np.fromiter(accumulate(map(len, runs)), dtype=np.int64, count=len(runs))
    values = _flat(runs, "lists")
    empty = values.first_of_length(0)
    if empty is not None:
        index = int(np.searchsorted(ends, empty, side="right"))
        at = empty - int(ends[index]) + len(runs[index])
        raise ValueError(f"lists[{index}][{at}]: a trie holds no empty values")
    return _native.list_roots(values.native, ends)


def trie_index_key(index: int) -> bytes:
    """The key of item ``index`` of an ordered list (RLP of the number), for proofs about a block's transactions,
    receipts and withdrawals. 0 <= index < 2**64; ``ValueError`` outside.

    >>> import isthmus
    >>> [isthmus.trie_index_key(index).hex() for index in (0, 1, 127, 128, 256)]
    ['80', '01', '7f', '8180', '820100']
    """
    if not 0 <= index < 1 << 64:
        raise ValueError(f"index: expected 0 to 2**64 - 1, got {index}")
    return _native.trie_index_key(index)


def verify_trie_proofs(
    roots: Rows,
    keys: Rows,
    proofs: Iterable[Sequence[Buffer]],
    values: Rows | Iterable[Buffer | None] | None = None,
) -> NDArray[np.bool_]:
    """Which of n proofs show a value under a key, or its absence, as a bool array of shape (n,) (EIP-1186).

    ``roots``   n roots of 32 bytes, or one for all rows
    ``keys``    n keys as they stand in the trie: for an account keccak256 of its address, for a slot of its number in
                32 bytes, for an item of a list :func:`trie_index_key`
    ``proofs``  n proofs: the nodes on the key's path, root first, as ``eth_getProof`` gives them
    ``values``  n values as they stand in the trie, of which each may be None for absence; None for the absence of all

    A proof is taken only as it must be: each node has the hash that its parent names, is canonical RLP of one of the
    three shapes, and is used; see docs/tries.md. Bad bytes are False and never raise. All nodes of a call are hashed
    together, equal ones once. Columns of different lengths raise ``ValueError``.

    >>> import isthmus
    >>> root = isthmus.trie_root([b"value"], keys=[b"key"])
    >>> leaf = bytes.fromhex("cb" "84206b6579" "8576616c7565")
    >>> isthmus.verify_trie_proofs(root, [b"key", b"key", b"other"], [[leaf]] * 3, [b"value", b"x", None]).tolist()
    [True, False, True]
    """
    root, key, nodes, ends = _columns(roots, keys, proofs)
    value, present = optional_column(values, len(key), "values")
    same_length(key, value)
    return _native.verify_trie_proofs(root.native, key.native, nodes.native, ends, value.native, present)


def read_trie_proofs(
    roots: Rows, keys: Rows, proofs: Iterable[Sequence[Buffer]]
) -> tuple[list[bytes | None], NDArray[np.bool_]]:
    """What n proofs show: values, None for absence, and a bool array of shape (n,) that says which proofs hold.

    Arguments and rules are those of :func:`verify_trie_proofs`. **None where the second says False is no absence**:
    that proof shows nothing.

    >>> import isthmus
    >>> root = isthmus.trie_root([b"value"], keys=[b"key"])
    >>> leaf = bytes.fromhex("cb" "84206b6579" "8576616c7565")
    >>> values, ok = isthmus.read_trie_proofs(root, [b"key", b"other", b"key"], [[leaf], [leaf], []])
    >>> values, ok.tolist()
    ([b'value', None, None], [True, True, False])
    """
    root, key, nodes, ends = _columns(roots, keys, proofs)
    return _native.read_trie_proofs(root.native, key.native, nodes.native, ends)


def _columns(
    roots: Rows, keys: Rows, proofs: Iterable[Sequence[Buffer]]
) -> tuple[Column, Column, Column, NDArray[np.int64]]:
    key = column(keys, "keys")
    runs = _runs(proofs, "proofs")
    if len(runs) != len(key):
        raise ValueError(f"columns of different lengths: keys has {len(key)}, proofs has {len(runs)}")
    root = column([copied_row(roots, "roots")] if is_buffer(roots) else roots, "roots")
    if not is_buffer(roots):
        same_length(key, root)
    wrong = root.first_of_other_length(_ROOT)
    if wrong is not None:
        raise ValueError(f"roots[{wrong[0]}]: expected {_ROOT} bytes, got {wrong[1]}")
    return root, key, _flat(runs, "proofs"), np.fromiter(accumulate(map(len, runs)), dtype=np.int64, count=len(runs))


def _flat(runs: list[Sequence[Buffer]], name: str) -> Column:
    """All items one after the other; errors name the run and the item: ``proofs[1][0]: expected ...``."""
    try:
        return column([item for run in runs for item in run], name)
    except TypeError:
        for index, run in enumerate(runs):
            column(list(run), f"{name}[{index}]")
        raise


def _runs(lists: Iterable[Sequence[Buffer]], name: str) -> list[Sequence[Buffer]]:
    if is_buffer(lists) or isinstance(lists, (str, dict)) or not isinstance(lists, Iterable):
        raise TypeError(f"{name}: expected a list of lists of bytes-likes, got {type(lists).__name__}")
    runs = list(lists)
    for index, run in enumerate(runs):
        if is_buffer(run) or not isinstance(run, Sequence):
            raise TypeError(f"{name}[{index}]: expected a list of bytes-likes, got {type(run).__name__}")
    return runs
