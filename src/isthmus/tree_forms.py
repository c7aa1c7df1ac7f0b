"""What Merkle functions are given (rules, leaves, roots, positions, proofs), brought to what the native core takes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any, Final, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from isthmus import _native
from isthmus.columns import Buffer, Column, Rows, column, copied, is_buffer, is_flat
from isthmus.forms import known

Indices: TypeAlias = "Sequence[int] | NDArray[np.integer[Any]] | range"
"""Positions of leaves."""
Proofs: TypeAlias = "Rows | Iterable[Sequence[Buffer]]"
"""Many proofs: row i holds the siblings of proof i, 32 bytes each, lowest first. Any form of rows, an array of shape
(n, depth, 32), or a list of lists of siblings."""

NODE: Final = 32
TOP: Final = (1 << 64) - 1
"""An index that no tree has."""


class Rule(NamedTuple):
    """What arguments are checked by; the rule itself is in ext/merkle/rule.cpp."""

    name: str
    digests: bool
    """leaves are digests of 32 bytes, and not data of any length"""
    powers: bool
    """only powers of two of leaves are trees"""
    empty: bool
    """no leaves have a root"""
    hashes: tuple[str, ...]
    """what ``hash`` may be; none where the rule leaves nothing open"""


@cache
def _rule(name: str) -> Rule:
    digests, powers, empty, hashes = _native.merkle_rule(name)
    # Bitcoin Core's root over nothing is zero, but no block is without transactions: who asks is mistaken
    return Rule(name, digests, powers, empty and name != "sha256d-bitcoin", tuple(hashes))


def rule_with(name: object, hash: object) -> tuple[Rule, str]:
    """The rule of that name and the hash to name to the native core; errors name the argument."""
    rule = _rule(known(name, "rule", _native.merkle_rules()))
    if hash is None:
        return rule, ""
    if not rule.hashes:
        raise ValueError(f"hash: {rule.name} has no such option")
    return rule, known(hash, "hash", list(rule.hashes))


def checked_count(rule: Rule, count: int) -> None:
    """``ValueError`` when the rule has no tree of that many leaves."""
    if count == 0 and not rule.empty:
        raise ValueError(f"leaves: a {rule.name} tree has at least one leaf, got none")
    if rule.powers and count & (count - 1):
        raise ValueError(f"leaves: {rule.name} takes a power of two of leaves, got {count}")


def leaf_column(rule: Rule, leaves: Rows) -> Column:
    """Leaves to build from: one of another length than the rule's is the caller's mistake."""
    data = column(leaves, "leaves", snapshot=False)
    wrong = data.first_of_other_length(NODE) if rule.digests else None
    if wrong is not None:
        raise ValueError(f"leaves[{wrong[0]}]: expected a digest of {NODE} bytes, got {wrong[1]}")
    return data


def root_column(root: object, count: int) -> Column:
    """One root for all rows, or one per row."""
    data = column(root, "root")
    if len(data) not in (1, count):
        raise ValueError(f"root: expected one, or one for each of {count} rows, got {len(data)}")
    wrong = data.first_of_other_length(NODE)
    if wrong is not None:
        raise ValueError(f"root[{wrong[0]}]: expected {NODE} bytes, got {wrong[1]}")
    return data


def numbers(values: object, name: str, *, outside: int | None = None) -> NDArray[np.uint64]:
    """Integers as a uint64 array; those that 64 bits without a sign do not hold become ``outside``, or without one are
    a ``ValueError`` that names the item."""
    given = values if isinstance(values, np.ndarray) else _listed(values, name, outside)
    if given.ndim != 1 or given.dtype.kind not in "iu":
        raise TypeError(f"{name}: expected integers, got {given.dtype} of shape {given.shape}")
    if given.dtype.kind == "i":
        below = np.flatnonzero(given < 0)
        if below.size and outside is None:
            raise out_of_range(name, int(below[0]), int(given[below[0]]))
        given = given.astype(np.uint64)
        given[below] = outside or 0
    return np.array(given, dtype=np.uint64)


def out_of_range(name: str, at: int, value: int) -> ValueError:
    """The error for a number that nothing can have as its position."""
    return ValueError(f"{name}[{at}]: {value} is out of range")


def _listed(values: object, name: str, outside: int | None) -> NDArray[Any]:
    if isinstance(values, range) and values and 0 <= min(values[0], values[-1]) <= max(values[0], values[-1]) < 1 << 63:
        return np.arange(values.start, values.stop, values.step)
    if isinstance(values, (str, bytes)) or not isinstance(values, Iterable):
        raise TypeError(f"{name}: expected integers, got {type(values).__name__}")
    listed = list(values)
    for index, value in enumerate(listed):
        if isinstance(value, bool) or not isinstance(value, (int, np.integer)):
            raise TypeError(f"{name}[{index}]: expected an int, got {type(value).__name__}")
        if not 0 <= value <= TOP:
            if outside is None:
                raise out_of_range(name, index, int(value))
            listed[index] = outside
    return np.array(listed, dtype=np.uint64)


def proof_column(proofs: object) -> Column:
    """Proofs as rows of siblings."""
    if isinstance(proofs, np.ndarray) and proofs.ndim == 3 and proofs.dtype == np.uint8:
        if proofs.shape[2] != NODE:
            raise TypeError(f"proofs: expected shape (n, depth, {NODE}), got {proofs.shape}")
        if not proofs.shape[1] or not proofs.shape[0]:
            return column([b""] * proofs.shape[0], "proofs")
        return column(proofs.reshape(len(proofs), -1), "proofs")
    if isinstance(proofs, (np.ndarray, str)) or is_buffer(proofs) or not isinstance(proofs, Iterable):
        return column(proofs, "proofs")
    if is_flat(proofs) and is_buffer(proofs[0]):
        return column(proofs, "proofs")
    listed = list(proofs)
    if not any(isinstance(each, (list, tuple)) for each in listed):
        return column(listed, "proofs")
    rows = [_joined(each, f"proofs[{i}]") if isinstance(each, (list, tuple)) else each for i, each in enumerate(listed)]
    return column(rows, "proofs")


def _joined(nodes: object, name: str) -> bytes:
    """Nodes as one row; of an impossible length when one of them is not a node."""
    rows = copied(nodes, name)
    return b"".join(rows) if all(len(each) == NODE for each in rows) else b"?"


def counts_of(count: object, size: int) -> NDArray[np.uint64]:
    """How many leaves the tree has: one number for all rows, or one per row."""
    if isinstance(count, (int, np.integer)) and not isinstance(count, bool):
        return numbers([count], "count", outside=0)
    counts = numbers(count, "count", outside=0)
    if len(counts) not in (1, size):
        raise ValueError(f"count: expected one, or one for each of {size} leaves, got {len(counts)}")
    return counts


def siblings_of(proof: object) -> list[bytes]:
    """The nodes of a multiproof as one row; of an impossible length when one of them is not a node."""
    if isinstance(proof, (bytes, bytearray, memoryview)):
        return [bytes(proof)]
    return [_joined(proof, "proof")]
