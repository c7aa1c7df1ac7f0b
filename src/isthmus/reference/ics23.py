"""ICS-23 proofs by objects and recursion, one at a time: the rules of cosmos/ics23 (go/ops.go and go/proof.go as of
7f2c2d0).

A message is canonical iff writing what was read gives the same bytes. Batches follow rust/src/api.rs and
rust/src/compress.rs of the same commit. Where the reference panics, the answer is False. Cost: about 10 us a step.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from isthmus.reference import hashes

# --- protobuf: a message is a dict of its fields, described by (number, name, kind)

_INT: Final = "int"
_BYTES: Final = "bytes"
_Kind = Any  # _INT, _BYTES, a Shape, or a list of one of them for a repeated field


@dataclass(frozen=True)
class Shape:
    """The fields of a message."""

    fields: tuple[tuple[int, str, _Kind], ...]
    one_of: bool = False


LEAF_OP: Final = Shape((
    (1, "hash", _INT), (2, "prehash_key", _INT), (3, "prehash_value", _INT), (4, "length", _INT), (5, "prefix", _BYTES),
))  # fmt: skip
INNER_OP: Final = Shape(((1, "hash", _INT), (2, "prefix", _BYTES), (3, "suffix", _BYTES)))
EXIST: Final = Shape(((1, "key", _BYTES), (2, "value", _BYTES), (3, "leaf", LEAF_OP), (4, "path", [INNER_OP])))
NONEXIST: Final = Shape(((1, "key", _BYTES), (2, "left", EXIST), (3, "right", EXIST)))
ENTRY: Final = Shape(((1, "exist", EXIST), (2, "nonexist", NONEXIST)), one_of=True)
SMALL_EXIST: Final = Shape(((1, "key", _BYTES), (2, "value", _BYTES), (3, "leaf", LEAF_OP), (4, "path", [_INT])))
SMALL_NONEXIST: Final = Shape(((1, "key", _BYTES), (2, "left", SMALL_EXIST), (3, "right", SMALL_EXIST)))
SMALL_ENTRY: Final = Shape(((1, "exist", SMALL_EXIST), (2, "nonexist", SMALL_NONEXIST)), one_of=True)
BATCH: Final = Shape(((1, "entries", [ENTRY]),))
COMPRESSED: Final = Shape(((1, "entries", [SMALL_ENTRY]), (2, "lookup_inners", [INNER_OP])))
PROOF: Final = Shape(
    ((1, "exist", EXIST), (2, "nonexist", NONEXIST), (3, "batch", BATCH), (4, "compressed", COMPRESSED)),
    one_of=True,
)
INNER_SPEC: Final = Shape((
    (1, "child_order", [_INT]), (2, "child_size", _INT), (3, "min_prefix_length", _INT), (4, "max_prefix_length", _INT),
    (5, "empty_child", _BYTES), (6, "hash", _INT),
))  # fmt: skip
SPEC: Final = Shape((
    (1, "leaf_spec", LEAF_OP), (2, "inner_spec", INNER_SPEC), (3, "max_depth", _INT), (4, "min_depth", _INT),
    (5, "prehash_key_before_comparison", _INT),
))  # fmt: skip
MERKLE_PROOF: Final = Shape(((1, "proofs", [PROOF]),))


def _read_varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        if at >= len(data) or shift >= 70:
            raise ValueError("varint")
        value |= (data[at] & 0x7F) << shift
        shift += 7
        at += 1
        if data[at - 1] < 0x80:
            return value, at


def varint(value: int) -> bytes:
    """Base-128, lowest group first."""
    return bytes([value]) if value < 0x80 else bytes([value & 0x7F | 0x80]) + varint(value >> 7)


def _raw_fields(data: bytes) -> Iterator[tuple[int, int | bytes]]:
    at = 0
    while at < len(data):
        key, at = _read_varint(data, at)
        value, at = _read_varint(data, at)
        if key & 7 == 0:
            yield key >> 3, value
        elif key & 7 == 2:
            if at + value > len(data):
                raise ValueError("length")
            yield key >> 3, data[at : at + value]
            at += value
        else:
            raise ValueError("wire type")


def _ints(packed: bytes) -> Iterator[int]:
    at = 0
    while at < len(packed):
        value, at = _read_varint(packed, at)
        yield value


def _value(kind: _Kind, raw: int | bytes) -> Any:
    if isinstance(raw, int) != (kind == _INT):
        raise ValueError("wire type")
    return _read(kind, raw) if isinstance(kind, Shape) else raw


def _read(shape: Shape, data: Any) -> dict[str, Any]:
    kinds = {number: (name, kind) for number, name, kind in shape.fields}
    out: dict[str, Any] = {}
    for number, raw in _raw_fields(data):
        name, kind = kinds[number]
        if isinstance(kind, list):
            many = list(_ints(raw)) if kind[0] == _INT and isinstance(raw, bytes) else [_value(kind[0], raw)]
            out.setdefault(name, []).extend(many)
        else:
            out[name] = _value(kind, raw)
    return out


def _write_one(number: int, kind: _Kind, value: Any) -> bytes:
    if kind == _INT:
        return varint(number << 3) + varint(value)
    raw = write(kind, value) if isinstance(kind, Shape) else value
    return varint(number << 3 | 2) + varint(len(raw)) + raw


def write(shape: Shape, message: dict[str, Any]) -> bytes:
    """The canonical bytes of a message: fields in order, no default but where a message is present."""
    out = b""
    for number, name, kind in shape.fields:
        value = message.get(name)
        if isinstance(kind, list) and kind[0] == _INT:
            packed = b"".join(map(varint, value or []))
            out += _write_one(number, _BYTES, packed) if packed else b""
        elif isinstance(kind, list):
            out += b"".join(_write_one(number, kind[0], each) for each in value or [])
        elif value or (isinstance(kind, Shape) and value is not None):
            out += _write_one(number, kind, value)
    return out


def parse(shape: Shape, data: bytes) -> dict[str, Any] | None:
    """The message that `data` is the canonical form of, or None."""
    try:
        message = _read(shape, data)
    except (ValueError, KeyError):
        return None
    if write(shape, message) != data or not _numbers_fit(message):
        return None
    return message if _members_fit(shape, message) else None


def _numbers_fit(value: Any) -> bool:
    """Every number is a non-negative int32, and an enum's where it is one."""
    tops = {"hash": 9, "prehash_key": 9, "prehash_value": 9, "length": 8}
    if isinstance(value, dict):
        return all(_numbers_fit(each) and not (isinstance(each, int) and each > tops.get(name, each))
                   for name, each in value.items())  # fmt: skip
    if isinstance(value, list):
        return all(map(_numbers_fit, value))
    return not isinstance(value, int) or value < 1 << 31


def _members_fit(shape: Shape, message: dict[str, Any]) -> bool:
    """At most one member of a oneof, wherever one stands, and a leaf in every existence proof."""
    if shape.one_of and len(message) > 1:
        return False
    if shape in (EXIST, SMALL_EXIST) and "leaf" not in message:
        return False
    for _, name, kind in shape.fields:
        inner = kind[0] if isinstance(kind, list) else kind
        if not isinstance(inner, Shape) or name not in message:
            continue
        many = message[name] if isinstance(kind, list) else [message[name]]
        if not all(_members_fit(inner, each) for each in many):
            return False
    return True


# --- steps


def _sha512_256(data: bytes) -> bytes:
    return hashlib.new("sha512_256", data).digest()


HASHES: Final[dict[int, Callable[[bytes], bytes]]] = {
    1: lambda data: hashlib.sha256(data).digest(),
    2: lambda data: hashlib.sha512(data).digest(),
    3: hashes.keccak256,
    4: hashes.ripemd160,
    5: lambda data: hashes.ripemd160(hashlib.sha256(data).digest()),
    6: _sha512_256,
    7: lambda data: hashlib.blake2b(data).digest(),
    8: lambda data: hashlib.blake2s(data).digest(),
    9: hashes.blake3,
}


def do_hash(op: int, data: bytes) -> bytes:
    """doHash; ValueError for a hash that there is none of."""
    if op not in HASHES:
        raise ValueError(f"unsupported hash {op}")
    return HASHES[op](data)


def do_hash_or_noop(op: int, data: bytes) -> bytes:
    """doHashOrNoop."""
    return do_hash(op, data) if op else data


def do_length(op: int, data: bytes) -> bytes:
    """doLengthOp."""
    size = len(data)
    forms: dict[int, Callable[[], bytes]] = {
        0: lambda: b"", 1: lambda: varint(size), 3: lambda: size.to_bytes(4, "big"),
        4: lambda: size.to_bytes(4, "little"), 5: lambda: size.to_bytes(8, "big"),
        6: lambda: size.to_bytes(8, "little"),
    }  # fmt: skip
    if op in (7, 8) and size == {7: 32, 8: 64}[op]:
        return data
    if op not in forms:
        raise ValueError(f"length form {op} for {size} bytes")
    return forms[op]() + data


def apply_leaf(op: dict[str, Any], key: bytes, value: bytes) -> bytes:
    """LeafOp.Apply; ValueError where there is no hash."""
    if not key or not value:
        raise ValueError("a leaf needs a key and a value")
    parts = [op.get("prefix", b"")]
    for prehash, data in (("prehash_key", key), ("prehash_value", value)):
        parts.append(do_length(op.get("length", 0), do_hash_or_noop(op.get(prehash, 0), data)))
    return do_hash(op.get("hash", 0), b"".join(parts))


def apply_inner(op: dict[str, Any], child: bytes) -> bytes:
    """InnerOp.Apply; ValueError where there is no hash."""
    if not child:
        raise ValueError("a node needs a child")
    return do_hash(op.get("hash", 0), op.get("prefix", b"") + child + op.get("suffix", b""))


# --- specs


@dataclass(frozen=True)
class Spec:
    """A ProofSpec's numbers."""

    leaf: dict[str, Any]
    order: tuple[int, ...] = (0, 1)
    child_size: int = 0
    prefix_min: int = 0
    prefix_max: int = 0
    empty_child: bytes = b""
    inner_hash: int = 0
    depth_max: int = 128
    depth_min: int = 0
    prehash: bool = False

    def numbers(self) -> tuple[Any, ...]:
        """What SpecEquals compares."""
        leaf = tuple(self.leaf.get(name, 0) for name in ("hash", "prehash_key", "prehash_value", "length"))
        return (*leaf, self.inner_hash, self.prefix_min, self.prefix_max, self.child_size, len(self.order))


def read_spec(data: bytes) -> Spec:
    """A spec out of protobuf; ValueError for one that may not be used."""
    message = parse(SPEC, data)
    if message is None or "leaf_spec" not in message or "inner_spec" not in message:
        raise ValueError("not a spec")
    inner = message["inner_spec"]
    spec = Spec(
        message["leaf_spec"], tuple(inner.get("child_order", ())), inner.get("child_size", 0),
        inner.get("min_prefix_length", 0), inner.get("max_prefix_length", 0), inner.get("empty_child", b""),
        inner.get("hash", 0), message.get("max_depth", 128), message.get("min_depth", 0),
        bool(message.get("prehash_key_before_comparison")),
    )  # fmt: skip
    ops = {spec.leaf.get(name, 0) for name in ("prehash_key", "prehash_value")} - {0}
    sound = (
        sorted(spec.order) == list(range(len(spec.order))) and 1 <= len(spec.order) <= 256
        and spec.child_size >= 1 and spec.prefix_min <= spec.prefix_max < spec.prefix_min + spec.child_size
        and (ops | {spec.leaf.get("hash", 0), spec.inner_hash}) <= set(HASHES) and spec.leaf.get("length", 0) != 2
        and message.get("prehash_key_before_comparison", 0) <= 1
    )  # fmt: skip
    if not sound:
        raise ValueError("a spec that is not sound")
    return spec


_SDK_LEAF: Final = {"hash": 1, "prehash_value": 1, "length": 1, "prefix": b"\0"}
IAVL: Final = Spec(_SDK_LEAF, child_size=33, prefix_min=4, prefix_max=12, inner_hash=1)
TENDERMINT: Final = Spec(_SDK_LEAF, child_size=32, prefix_min=1, prefix_max=1, inner_hash=1)
SMT: Final = Spec(
    {"hash": 1, "prehash_key": 1, "prehash_value": 1, "prefix": b"\0"}, child_size=32, prefix_min=1, prefix_max=1,
    empty_child=bytes(32), inner_hash=1, depth_max=256, prehash=True,
)  # fmt: skip


def _go_varint(data: bytes) -> tuple[int, bytes]:
    """binary.ReadVarint: the number and the rest."""
    raw, at = _read_varint(data, 0)
    if raw >= 1 << 64:
        raise ValueError("overflow")
    return (raw >> 1) ^ -(raw & 1), data[at:]


def _iavl_prefix_fits(prefix: bytes, layer: int) -> bool:
    try:
        height, rest = _go_varint(prefix)
        size, rest = _go_varint(rest)
        version, rest = _go_varint(rest)
    except ValueError:
        return False
    if height < 0 or height < layer or size < 0 or version < 0:
        return False
    if layer == 0:
        return not rest and height == 0 and size == 1
    return len(rest) in (1, 34)


def check_leaf(spec: Spec, op: dict[str, Any]) -> bool:
    """LeafOp.CheckAgainstSpec."""
    if spec.numbers() == IAVL.numbers() and not _iavl_prefix_fits(op.get("prefix", b""), 0):
        return False
    names = ("hash", "prehash_key", "prehash_value", "length")
    same = all(op.get(name, 0) == spec.leaf.get(name, 0) for name in names)
    return same and op.get("prefix", b"").startswith(spec.leaf.get("prefix", b""))


def check_inner(spec: Spec, op: dict[str, Any], layer: int) -> bool:
    """InnerOp.CheckAgainstSpec."""
    prefix, suffix = op.get("prefix", b""), op.get("suffix", b"")
    if op.get("hash", 0) != spec.inner_hash:
        return False
    if spec.numbers() == IAVL.numbers() and not _iavl_prefix_fits(prefix, layer):
        return False
    if spec.numbers() == TENDERMINT.numbers() and (not prefix.startswith(b"\1") or (suffix and prefix != b"\1")):
        return False
    if prefix.startswith(spec.leaf.get("prefix", b"")):
        return False
    longest = spec.prefix_max + (len(spec.order) - 1) * spec.child_size
    return spec.prefix_min <= len(prefix) <= longest and len(suffix) % spec.child_size == 0


# --- neighbours


def _padding(spec: Spec, branch: int) -> tuple[int, int, int]:
    place = spec.order.index(branch)
    before, behind = place * spec.child_size, (len(spec.order) - 1 - place) * spec.child_size
    return before + spec.prefix_min, before + spec.prefix_max, behind


def _has_padding(op: dict[str, Any], padding: tuple[int, int, int]) -> bool:
    return padding[0] <= len(op.get("prefix", b"")) <= padding[1] and len(op.get("suffix", b"")) == padding[2]


def branch_of(spec: Spec, op: dict[str, Any]) -> int | None:
    """orderFromPadding, None for its error."""
    fitting = [branch for branch in range(len(spec.order)) if _has_padding(op, _padding(spec, branch))]
    return fitting[0] if fitting else None


def _all_empty(spec: Spec, data: bytes, start: int, count: int) -> bool:
    if start < 0:
        return False
    places = [start + spec.order.index(branch) * spec.child_size for branch in range(count)]
    return all(data[at : at + spec.child_size] == spec.empty_child for at in places)


def left_branches_are_empty(spec: Spec, op: dict[str, Any]) -> bool:
    """leftBranchesAreEmpty, False for its errors."""
    left = branch_of(spec, op)
    prefix = op.get("prefix", b"")
    return bool(left) and _all_empty(spec, prefix, len(prefix) - (left or 0) * spec.child_size, left or 0)


def right_branches_are_empty(spec: Spec, op: dict[str, Any]) -> bool:
    """rightBranchesAreEmpty, False for its errors."""
    branch = branch_of(spec, op)
    if branch is None:
        return False
    right = len(spec.order) - 1 - branch
    suffix = op.get("suffix", b"")
    return right > 0 and len(suffix) == right * spec.child_size and _all_empty(spec, suffix, 0, right)


def is_left_most(spec: Spec, path: Sequence[dict[str, Any]]) -> bool:
    """IsLeftMost."""
    return all(_has_padding(op, _padding(spec, 0)) or left_branches_are_empty(spec, op) for op in path)


def is_right_most(spec: Spec, path: Sequence[dict[str, Any]]) -> bool:
    """IsRightMost."""
    last = len(spec.order) - 1
    return all(_has_padding(op, _padding(spec, last)) or right_branches_are_empty(spec, op) for op in path)


def are_neighbours(spec: Spec, left: Sequence[dict[str, Any]], right: Sequence[dict[str, Any]]) -> bool:
    """IsLeftNeighbor, False for its panics."""
    if not left or not right:
        return False
    *left_rest, left_top = left
    *right_rest, right_top = right
    if all(left_top.get(part, b"") == right_top.get(part, b"") for part in ("prefix", "suffix")):
        return are_neighbours(spec, left_rest, right_rest)
    left_branch, right_branch = branch_of(spec, left_top), branch_of(spec, right_top)
    if left_branch is None or right_branch != left_branch + 1:
        return False
    return is_right_most(spec, left_rest) and is_left_most(spec, right_rest)


# --- proofs


@dataclass(frozen=True)
class Shown:
    """What a proof shows: its root, the value where it is one of existence."""

    root: bytes
    value: bytes | None = field(default=None)


def _exist_root(spec: Spec, proof: dict[str, Any]) -> bytes | None:
    """The root of an existence proof that fits the spec."""
    path = proof.get("path", [])
    if not check_leaf(spec, proof["leaf"]) or not spec.depth_min <= len(path) <= spec.depth_max:
        return None
    if not all(check_inner(spec, op, layer) for layer, op in enumerate(path, 1)):
        return None
    try:
        node = apply_leaf(proof["leaf"], proof.get("key", b""), proof.get("value", b""))
        for op in path:
            node = apply_inner(op, node)
            if len(node) > spec.child_size >= 32:
                return None
    except ValueError:
        return None
    return node


def _sort_key(spec: Spec, key: bytes) -> bytes:
    return do_hash_or_noop(spec.leaf.get("prehash_key", 0), key) if spec.prehash else key


def _between(spec: Spec, proof: dict[str, Any], key: bytes) -> bool:
    left, right = proof.get("left"), proof.get("right")
    here = _sort_key(spec, key)
    if left is not None and not _sort_key(spec, left.get("key", b"")) < here:
        return False
    if right is not None and not here < _sort_key(spec, right.get("key", b"")):
        return False
    return left is not None or right is not None


def _nonexist_root(spec: Spec, proof: dict[str, Any]) -> bytes | None:
    sides = [proof[side] for side in ("left", "right") if side in proof]
    roots = {_exist_root(spec, side) for side in sides}
    if len(roots) != 1 or None in roots:
        return None
    paths = [side.get("path", []) for side in sides]
    if len(sides) == 2:
        adjacent = are_neighbours(spec, *paths)
    else:
        adjacent = is_right_most(spec, paths[0]) if "left" in proof else is_left_most(spec, paths[0])
    return roots.pop() if adjacent else None


def _expand(proof: dict[str, Any], lookup: list[dict[str, Any]]) -> dict[str, Any]:
    out = dict(proof)
    for side in ("exist", "nonexist", "left", "right"):
        if side in out:
            out[side] = _expand(out[side], lookup)
    if "path" in out:
        out["path"] = [lookup[index] for index in out["path"]]
    return out


def _entries(proof: dict[str, Any]) -> list[dict[str, Any]]:
    """The single proofs in a proof; IndexError where a compressed one points outside its table."""
    if "batch" in proof:
        return list(proof["batch"].get("entries", []))
    if "compressed" in proof:
        lookup = proof["compressed"].get("lookup_inners", [])
        return [_expand(entry, lookup) for entry in proof["compressed"].get("entries", [])]
    return [proof]


def shown(spec: Spec, data: bytes, key: bytes, *, absent: bool, batches: bool = True) -> Shown | None:
    """What a CommitmentProof shows about the key under a spec, or None."""
    proof = parse(PROOF, data)
    if proof is None or (not batches and ("batch" in proof or "compressed" in proof)):
        return None
    try:
        entries = _entries(proof)
    except IndexError:
        return None
    depths = [len(each.get("path", [])) for entry in entries for one in entry.values()
              for each in (one, one.get("left", {}), one.get("right", {}))]  # fmt: skip
    if max(depths, default=0) > spec.depth_max:
        return None
    for entry in entries:
        if absent and "nonexist" in entry and _between(spec, entry["nonexist"], key):
            root = _nonexist_root(spec, entry["nonexist"])
            return None if root is None else Shown(root)
        if not absent and "exist" in entry and entry["exist"].get("key", b"") == key:
            root = _exist_root(spec, entry["exist"])
            return None if root is None else Shown(root, entry["exist"].get("value", b""))
    return None


def verify(spec: Spec, root: bytes, proof: bytes, key: bytes, value: bytes | None) -> bool:
    """VerifyMembership, or VerifyNonMembership where the value is None."""
    return shown(spec, proof, key, absent=value is None) == Shown(root, value)


def verify_chain(
    specs: Sequence[Spec], root: bytes, path: Sequence[bytes], merkle_proof: bytes, value: bytes | None
) -> bool:
    """ibc-go's MerkleProof.VerifyMembership and VerifyNonMembership; the path is outermost first."""
    message = parse(MERKLE_PROOF, merkle_proof)
    if message is None or not len(specs) == len(path) == len(message.get("proofs", [])) > 0:
        return False
    held = value
    for spec, key, proof in zip(specs, reversed(path), message["proofs"], strict=True):
        said = shown(spec, write(PROOF, proof), key, absent=held is None, batches=False)
        if said is None or said.value != held:
            return False
        held = said.root
    return held == root
