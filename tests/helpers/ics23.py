"""Stores with ICS-23 proofs, made here: IAVL, Tendermint and sparse Merkle trees over a dict."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from isthmus import ics23 as core
from isthmus.reference import ics23 as slow

Kind = Literal["iavl", "tendermint", "smt"]
Op = dict[str, Any]
Paths = dict[bytes, list[Op]]

KINDS: Final[tuple[Kind, ...]] = ("iavl", "tendermint", "smt")
CORE: Final = {"iavl": core.IAVL, "tendermint": core.TENDERMINT, "smt": core.SMT}
SLOW: Final = {"iavl": slow.IAVL, "tendermint": slow.TENDERMINT, "smt": slow.SMT}


def _sha256(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


def _zigzag(number: int) -> bytes:
    return slow.varint(2 * number)


@dataclass
class Store:
    """A store's root and, for every key, the steps from its leaf to the root."""

    kind: Kind
    items: Mapping[bytes, bytes]

    def __post_init__(self) -> None:
        self.order = sorted(self.items, key=_sha256 if self.kind == "smt" else None)
        self.root, self.paths, _ = self._grow(self.order, 0)

    # --- trees

    def leaf(self, key: bytes) -> Op:
        """The leaf step of a key."""
        op: Op = {"hash": 1, "prehash_value": 1}
        if self.kind == "smt":
            return {"hash": 1, "prehash_key": 1, "prehash_value": 1, "prefix": b"\0"}
        prefix = b"\0" + _zigzag(1) + _zigzag(1 + len(key)) if self.kind == "iavl" else b"\0"
        return {**op, "length": 1, "prefix": prefix}

    def _grow(self, keys: Sequence[bytes], depth: int) -> tuple[bytes, Paths, int]:
        if not keys:
            return bytes(32), {}, 0
        if len(keys) == 1:
            return slow.apply_leaf(self.leaf(keys[0]), keys[0], self.items[keys[0]]), {keys[0]: []}, 0
        cut = self._cut(keys, depth)
        left, left_paths, left_height = self._grow(keys[:cut], depth + 1)
        right, right_paths, right_height = self._grow(keys[cut:], depth + 1)
        height = 1 + max(left_height, right_height)
        before, length = b"\1", b""
        if self.kind == "iavl":
            before, length = _zigzag(height) + _zigzag(len(keys)) + _zigzag(len(keys) + 3), b"\x20"
        from_left: Op = {"hash": 1, "prefix": before + length, "suffix": length + right}
        from_right: Op = {"hash": 1, "prefix": before + length + left + length}
        paths = {key: [*path, from_left] for key, path in left_paths.items()}
        paths |= {key: [*path, from_right] for key, path in right_paths.items()}
        return _sha256(before + length + left + length + right), paths, height

    def _cut(self, keys: Sequence[bytes], depth: int) -> int:
        if self.kind == "smt":
            return sum(not _sha256(key)[depth // 8] >> (7 - depth % 8) & 1 for key in keys)
        if self.kind == "tendermint":
            return 1 << ((len(keys) - 1).bit_length() - 1)
        return len(keys) // 2

    # --- proofs

    def exist(self, key: bytes) -> Op:
        """The ExistenceProof of a key."""
        return {"key": key, "value": self.items[key], "leaf": self.leaf(key), "path": self.paths[key]}

    def nonexist(self, key: bytes) -> Op:
        """The NonExistenceProof of a key that is not there."""
        place = _sha256 if self.kind == "smt" else bytes
        left = [each for each in self.order if place(each) < place(key)]
        right = [each for each in self.order if place(each) > place(key)]
        out: Op = {"key": key}
        if left:
            out["left"] = self.exist(left[-1])
        if right:
            out["right"] = self.exist(right[0])
        return out

    def single(self, key: bytes) -> bytes:
        """The CommitmentProof about one key."""
        return slow.write(slow.PROOF, self._about(key))

    def _about(self, key: bytes) -> Op:
        return {"exist": self.exist(key)} if key in self.items else {"nonexist": self.nonexist(key)}

    def batch(self, keys: Sequence[bytes]) -> bytes:
        """The CommitmentProof about several keys."""
        return slow.write(slow.PROOF, {"batch": {"entries": [self._about(key) for key in keys]}})

    def compressed(self, keys: Sequence[bytes]) -> bytes:
        """The same with each step written once."""
        lookup: list[Op] = []
        entries = [compress(self._about(key), lookup) for key in keys]
        return slow.write(slow.PROOF, {"compressed": {"entries": entries, "lookup_inners": lookup}})


def compress(message: Op, lookup: list[Op]) -> Op:
    """A proof with its steps as indexes into a table that grows."""
    out = dict(message)
    for name in ("exist", "nonexist", "left", "right"):
        if name in out:
            out[name] = compress(out[name], lookup)
    if "path" in out:
        for op in out["path"]:
            if op not in lookup:
                lookup.append(op)
        out["path"] = [lookup.index(op) for op in out["path"]]
    return out


def both(kind: Kind, root: bytes, proof: bytes, key: bytes, value: bytes | None) -> bool:
    """The core's answer, which must be the slow reference's."""
    said = core.verify(CORE[kind], root, proof, key, value)
    assert said == slow.verify(SLOW[kind], root, proof, key, value), (kind, proof.hex())
    return said


def samples() -> list[tuple[bytes, bytes]]:
    """Proofs of every sort with, as JSON, the kind of store, root, key and value that they show."""
    found = []
    for kind in KINDS:
        store = Store(kind, {b"key%02d" % i: b"value %d" % i for i in range(1, 20, 2)})
        keys = [b"key%02d" % i for i in (0, 3, 4, 8, 20)]
        for key in keys:
            value = store.items.get(key)
            anchor = json.dumps([kind, store.root.hex(), key.hex(), None if value is None else value.hex()]).encode()
            found += [(raw, anchor) for raw in (store.single(key), store.batch(keys), store.compressed(keys))]
    return found
