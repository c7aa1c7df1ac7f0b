"""Ethereum's Merkle-Patricia tries by recursion over dicts (Yellow Paper, appendix D).

A trie is a dict from keys to values; a node is made when it is asked for. Paths are tuples of nibbles. Cost: one slow
Keccak-256 (about 1 ms) a node.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from isthmus.reference import rlp
from isthmus.reference.hashes import keccak256
from isthmus.reference.rlp import Rlp

Path: TypeAlias = tuple[int, ...]
Digest: TypeAlias = Callable[[bytes], bytes]

# --- tries


def nibbles(key: bytes) -> Path:
    """A key as a path."""
    return tuple(digit for byte in key for digit in (byte >> 4, byte & 15))


def hex_prefix(path: Path, *, leaf: bool) -> bytes:
    """HP of the Yellow Paper."""
    odd = len(path) % 2
    digits = (2 * leaf + odd, *(() if odd else (0,)), *path)
    return bytes(16 * high + low for high, low in zip(digits[::2], digits[1::2], strict=True))


@dataclass
class Trie:
    """The trie of a dict of non-empty values; `digest` replaces Keccak-256 where a test wants speed."""

    items: Mapping[bytes, bytes]
    digest: Digest = keccak256
    _paths: dict[Path, bytes] = field(init=False)

    def __post_init__(self) -> None:
        if not all(self.items.values()):
            raise ValueError("a trie holds no empty values")
        self._paths = {nibbles(key): value for key, value in self.items.items()}

    def root(self) -> bytes:
        """TRIE of the Yellow Paper."""
        return self.digest(rlp.encode(self._node(self._paths, 0)) if self._paths else b"\x80")

    def proof(self, key: bytes) -> list[bytes]:
        """The nodes on the key's path that are hashed, root first, as eth_getProof gives them."""
        out: list[bytes] = []
        below, at, path = self._paths, 0, nibbles(key)
        while below:
            encoding = rlp.encode(self._node(below, at))
            if len(encoding) >= 32 or not out:
                out.append(encoding)
            common = _common(below)
            if len(below) == 1 or path[:common] != next(iter(below))[:common]:
                break
            if common > at:
                at = common
                branch = rlp.encode(self._node(below, at))
                if len(branch) >= 32:
                    out.append(branch)
            if len(path) == at:
                break
            below, at = {each: value for each, value in below.items() if each[: at + 1] == path[: at + 1]}, at + 1
        return out

    def _node(self, below: dict[Path, bytes], at: int) -> Rlp:
        """c of the Yellow Paper: the node of all paths in `below`, of which `at` nibbles are behind us."""
        path, value = next(iter(below.items()))
        if len(below) == 1:
            return [hex_prefix(path[at:], leaf=True), value]
        common = _common(below)
        if common > at:
            return [hex_prefix(path[at:common], leaf=False), self._child(below, common)]
        children: list[Any] = []
        for digit in range(16):
            part = {each: held for each, held in below.items() if len(each) > at and each[at] == digit}
            children.append(self._child(part, at + 1) if part else b"")
        return [*children, below.get(path[:at], b"")]

    def _child(self, below: dict[Path, bytes], at: int) -> Rlp:
        """n of the Yellow Paper: the node itself where it is short, else its hash."""
        node = self._node(below, at)
        encoding = rlp.encode(node)
        return node if len(encoding) < 32 else self.digest(encoding)


def _common(below: Mapping[Path, bytes]) -> int:
    """Nibbles that all paths begin with."""
    first, last = min(below), max(below)
    count = 0
    while count < min(len(first), len(last)) and first[count] == last[count]:
        count += 1
    return count


def root(items: Mapping[bytes, bytes]) -> bytes:
    """The root of the trie of a dict."""
    return Trie(items).root()


def index_key(index: int) -> bytes:
    """The key of an item of a list."""
    return rlp.encode(index.to_bytes((index.bit_length() + 7) // 8, "big"))


def list_root(values: Sequence[bytes]) -> bytes:
    """The root of an ordered list: of transactions, receipts, withdrawals."""
    return root({index_key(index): value for index, value in enumerate(values)})


# --- proofs


def read_proof(
    root: bytes, key: bytes, proof: Sequence[bytes], digest: Digest = keccak256
) -> tuple[bool, bytes | None]:
    """Whether the proof holds, and the value that it shows under the key: None for absence."""
    try:
        return True, _read(root, key, list(proof), digest)
    except ValueError:
        return False, None


def _read(root: bytes, key: bytes, proof: list[bytes], digest: Digest) -> bytes | None:
    _require(len(root) == 32)
    if proof in ([], [b"\x80"]):
        _require(root == digest(b"\x80"))
        return None
    path = nibbles(key)
    _require(len(proof) <= len(path) + 1)
    reference: Rlp = root
    after_extension = is_below = False
    while True:
        node = _resolve(reference, proof, is_below, digest)
        _require(not after_extension or len(node) == 17)
        is_below = True
        if len(node) == 17:
            _require(all(_is_reference(child) for child in node[:16]) and isinstance(node[16], bytes))
            if not path:
                return _end(proof, node[16] or None)
            reference, path = node[path[0]], path[1:]
            if not reference:
                return _end(proof, None)
            after_extension = False
            continue
        own, leaf = _path_of(node[0])
        if leaf:
            _require(isinstance(node[1], bytes) and bool(node[1]))
            return _end(proof, node[1] if own == path else None)
        _require(bool(own) and bool(node[1]) and _is_reference(node[1]))
        if path[: len(own)] != own:
            return _end(proof, None)
        reference, path, after_extension = node[1], path[len(own) :], True


def _require(holds: bool) -> None:
    if not holds:
        raise ValueError("the proof does not hold")


def _end(proof: list[bytes], value: bytes | None) -> bytes | None:
    _require(not proof)
    return value


def _resolve(reference: Rlp, proof: list[bytes], is_below: bool, digest: Digest) -> list[Any]:
    """The node that a reference stands for: itself, or the next of the proof."""
    if isinstance(reference, list):
        _require(len(reference) in (2, 17))
        return reference
    _require(bool(proof))
    encoding = proof.pop(0)
    _require(digest(encoding) == reference and not (is_below and len(encoding) < 32))
    node = rlp.decode(encoding)
    _require(isinstance(node, list) and len(node) in (2, 17))
    return node  # type: ignore[return-value]


def _is_reference(child: Rlp) -> bool:
    if isinstance(child, list):
        return len(rlp.encode(child)) < 32
    return len(child) in (0, 32)


def _path_of(encoded: Rlp) -> tuple[Path, bool]:
    """The path in hex-prefix form, and whether it is a leaf's."""
    _require(isinstance(encoded, bytes) and bool(encoded))
    flag, *rest = nibbles(encoded)  # type: ignore[arg-type]
    _require(flag <= 3)
    if flag % 2 == 0:
        _require(rest[0] == 0)
        rest = rest[1:]
    return tuple(rest), flag >= 2
