"""ICS-23 proofs: a key and its value, or a key's absence, in a Cosmos store under a root (cosmos/ics23).

A proof is a ``CommitmentProof`` in protobuf form, as chains' nodes and IBC messages carry it: of existence, of absence,
a batch or a compressed batch. A :class:`ProofSpec` says what proofs of a store look like. **It is the caller's trust,
like the root**: it comes from the light client's state or from the constants :data:`IAVL`, :data:`TENDERMINT` and
:data:`SMT`, never from whoever sends the proof, who could otherwise pass off one node for another (docs/tries.md).

>>> from isthmus import ics23
>>> root = bytes.fromhex("edc60159c304bdb2cbfcdb91f9df71e1d960e0d20a9b36714452f48a2e733759")  # of a single leaf
>>> proof = bytes.fromhex("0a170a036b6579120576616c75651a090801180120012a0100")
>>> ics23.verify(ics23.TENDERMINT, root, proof, b"key", b"value")
True
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import IntEnum
from functools import lru_cache
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from isthmus import _native, _wire
from isthmus.columns import (
    Buffer,
    Column,
    Rows,
    SupportsBytes,
    column,
    copied_row,
    is_buffer,
    optional_column,
    same_length,
)

__all__ = [
    "IAVL",
    "SMT",
    "TENDERMINT",
    "HashOp",
    "InnerSpec",
    "LeafOp",
    "LengthOp",
    "ProofSpec",
    "verify",
    "verify_many",
    "verify_membership",
    "verify_non_membership",
]


class HashOp(IntEnum):
    """Hash functions by their numbers in ``proofs.proto``."""

    NO_HASH = 0
    SHA256 = 1
    SHA512 = 2
    KECCAK256 = 3
    RIPEMD160 = 4
    BITCOIN = 5
    """RIPEMD-160 of SHA-256"""
    SHA512_256 = 6
    BLAKE2B_512 = 7
    BLAKE2S_256 = 8
    BLAKE3 = 9


class LengthOp(IntEnum):
    """What stands before keys and values in a leaf. ``VAR_RLP`` is not computed, as in the reference."""

    NO_PREFIX = 0
    VAR_PROTO = 1
    VAR_RLP = 2
    FIXED32_BIG = 3
    FIXED32_LITTLE = 4
    FIXED64_BIG = 5
    FIXED64_LITTLE = 6
    REQUIRE_32_BYTES = 7
    REQUIRE_64_BYTES = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class LeafOp:
    """How a leaf is hashed: ``hash(prefix + length(k) + k + length(v) + v)``, with k and v prehashed where asked."""

    hash: HashOp
    prehash_key: HashOp = HashOp.NO_HASH
    prehash_value: HashOp = HashOp.NO_HASH
    length: LengthOp = LengthOp.NO_PREFIX
    prefix: bytes = b""

    def __bytes__(self) -> bytes:
        numbers = (self.hash, self.prehash_key, self.prehash_value, self.length)
        return b"".join(_wire.uint(1 + i, number) for i, number in enumerate(numbers)) + _wire.blob(5, self.prefix)


@dataclass(frozen=True, slots=True, kw_only=True)
class InnerSpec:
    """Where the children of a node lie in what is hashed. Lengths are in bytes."""

    child_order: tuple[int, ...] = (0, 1)
    """the branch at each position: each of 0 to n - 1 once"""
    child_size: int
    min_prefix_length: int
    max_prefix_length: int
    """less than ``min_prefix_length + child_size``, or a prefix could hide a child"""
    empty_child: bytes = b""
    """what stands in place of a child that is not there"""
    hash: HashOp

    def __bytes__(self) -> bytes:
        return (
            _wire.blob(1, b"".join(map(_wire.varint, self.child_order)))
            + _wire.sint(2, self.child_size)
            + _wire.sint(3, self.min_prefix_length)
            + _wire.sint(4, self.max_prefix_length)
            + _wire.blob(5, self.empty_child)
            + _wire.uint(6, self.hash)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ProofSpec:
    """What the proofs of one sort of store look like; ``bytes(spec)`` is the protobuf ``ProofSpec``."""

    leaf_spec: LeafOp
    inner_spec: InnerSpec
    max_depth: int = 0
    """steps of a path at most; 0 stands for 128"""
    min_depth: int = 0
    prehash_key_before_comparison: bool = False
    """the store orders keys by their hashes"""

    def __bytes__(self) -> bytes:
        return (
            _wire.message(1, bytes(self.leaf_spec))
            + _wire.message(2, bytes(self.inner_spec))
            + _wire.sint(3, self.max_depth)
            + _wire.sint(4, self.min_depth)
            + _wire.uint(5, self.prehash_key_before_comparison)
        )


_LEAF: Final = LeafOp(
    hash=HashOp.SHA256, prehash_value=HashOp.SHA256, length=LengthOp.VAR_PROTO, prefix=b"\0"
)  # fmt: skip

IAVL: Final = ProofSpec(
    leaf_spec=_LEAF,
    inner_spec=InnerSpec(child_size=33, min_prefix_length=4, max_prefix_length=12, hash=HashOp.SHA256),
)
"""Stores of Cosmos SDK modules. Prefixes are checked to the last byte: height, size, version, length bytes."""

TENDERMINT: Final = ProofSpec(
    leaf_spec=_LEAF,
    inner_spec=InnerSpec(child_size=32, min_prefix_length=1, max_prefix_length=1, hash=HashOp.SHA256),
)
"""The tree over the roots of all stores, which a header's app_hash is."""

SMT: Final = ProofSpec(
    leaf_spec=LeafOp(hash=HashOp.SHA256, prehash_key=HashOp.SHA256, prehash_value=HashOp.SHA256, prefix=b"\0"),
    inner_spec=InnerSpec(
        child_size=32, min_prefix_length=1, max_prefix_length=1, empty_child=bytes(32), hash=HashOp.SHA256
    ),
    max_depth=256,
    prehash_key_before_comparison=True,
)
"""Sparse Merkle trees of celestiaorg/smt."""

Spec: TypeAlias = ProofSpec | SupportsBytes | Buffer
"""A spec, or its protobuf form."""


def verify(spec: Spec, root: Buffer, proof: Buffer, key: Buffer, value: Buffer | None = None) -> bool:
    """Whether a proof shows ``value`` under ``key`` in the store with that root, or nothing where ``value`` is None.

    ``spec``   the store's form, from the caller; ``ValueError`` where it is ill-formed, allows one node to be read as
               another
    ``root``   the root that is trusted
    ``proof``  a ``CommitmentProof`` in canonical protobuf form. In a batch the first entry for the key counts
    ``key``    bytes of any length; the empty key exists nowhere
    ``value``  bytes; the empty value is never under a key, which is not the same as absence

    Bad bytes in the proof are False and never raise.
    """
    single = [copied_row(item, name) for item, name in ((root, "root"), (proof, "proof"), (key, "key"))]
    said = None if value is None else [copied_row(value, "value")]
    return bool(verify_many(spec, single[:1], single[1:2], single[2:], said)[0])


def verify_many(
    spec: Spec,
    roots: Rows,
    proofs: Rows,
    keys: Rows,
    values: Rows | Iterable[Buffer | None] | None = None,
) -> NDArray[np.bool_]:
    """Which of n proofs about stores of one form hold, as a bool array of shape (n,); see :func:`verify`.

    ``roots``   n roots, or one for all rows
    ``proofs``  n proofs, or one for all rows: a batch is then read once
    ``keys``    n keys
    ``values``  n values, of which each may be None; None for all rows to ask for the absence of every key

    Hashes of all rows are computed together. Columns of different lengths raise ``ValueError``.
    """
    form = _form(spec)
    key = column(keys, "keys")
    value, present = optional_column(values, len(key), "values")
    root, proof = _for_all(roots, "roots", len(key)), _for_all(proofs, "proofs", len(key))
    if same_length(key, value, root, proof) == 0:
        return np.zeros(0, dtype=np.bool_)
    return _native.ics23_verify(form, root.native, proof.native, key.native, value.native, present)


def verify_membership(
    specs: Sequence[Spec], root: Buffer, path: Sequence[Buffer], proof: Buffer | Sequence[Buffer], value: Buffer
) -> bool:
    """Whether a chain of proofs shows a value in a store within stores, as IBC's ``VerifyMembership`` does (ibc-go, 23
    commitment).

    ``specs``  the stores' forms, innermost first: ``[IAVL, TENDERMINT]`` for a module's store below an app_hash
    ``root``   the root of the outermost store
    ``path``   keys, outermost first: the store's name, then the key in it
    ``proof``  a ``MerkleProof`` in protobuf form, or its ``CommitmentProof`` parts, innermost first; no batches
    ``value``  bytes; an empty one is under no key

    ``ValueError`` for a spec that :func:`verify` refuses, no specs, or a path of another length; whatever the proof
    holds is at worst False.
    """
    return _verify_chain(specs, root, path, proof, copied_row(value, "value"))


def verify_non_membership(
    specs: Sequence[Spec], root: Buffer, path: Sequence[Buffer], proof: Buffer | Sequence[Buffer]
) -> bool:
    """Whether a chain of proofs shows that the innermost store, which exists, holds nothing under the path's last key;
    arguments as for :func:`verify_membership`."""
    return _verify_chain(specs, root, path, proof, None)


def _verify_chain(
    specs: Sequence[Spec], root: Buffer, path: Sequence[Buffer], proof: Buffer | Sequence[Buffer], value: bytes | None
) -> bool:
    forms = [_form(spec, f"specs[{index}]") for index, spec in enumerate(specs)]
    keys = [copied_row(key, f"path[{index}]") for index, key in enumerate(path)]
    if not forms or len(keys) != len(forms):
        raise ValueError(f"path: expected a key for each of {len(forms)} specs, of which at least one, got {len(keys)}")
    if is_buffer(proof):
        parts = _native.ics23_merkle_proof(copied_row(proof, "proof"))
    else:
        parts = [copied_row(part, f"proof[{index}]") for index, part in enumerate(proof)]
    if parts is None or len(parts) != len(forms):
        return False
    return _native.ics23_verify_chain(forms, copied_row(root, "root"), keys[::-1], parts, value)


def _form(spec: Spec, name: str = "spec") -> bytes:
    if not is_buffer(spec) and not isinstance(spec, ProofSpec):
        raise TypeError(f"{name}: expected a ProofSpec or its protobuf form, got {type(spec).__name__}")
    given = spec if isinstance(spec, ProofSpec) else bytes(spec)
    try:
        try:
            return _checked(given)
        except TypeError:  # a list or bytearray in a field: as good as what is declared, but no key of a cache
            return _checked.__wrapped__(given)
    except ValueError as error:
        raise ValueError(f"{name}: {str(error).removeprefix('spec: ')}") from None


@lru_cache(maxsize=64)
def _checked(spec: ProofSpec | bytes) -> bytes:
    """The protobuf form of a spec; there are few of them, and callers pass them with every proof."""
    form = bytes(spec)
    _native.ics23_spec(form)
    return form


def _for_all(values: Rows, name: str, count: int) -> Column:
    """A column of `count` rows; a single row stands for all."""
    if is_buffer(values):
        return column([copied_row(values, name)] * count, name)
    return column(values, name)
