"""Merkle trees of many chains: roots, proofs and their checking, each rule written from its definition.

Recursive and slow: a tree is cut from the top, where the fast code works level by level from the leaves. Sources:
RFC 6962 section 2.1 and CometBFT's specification ("Merkle Trees"); Bitcoin Core, ``consensus/merkle.cpp``; ChainMaker,
``common/crypto/hash/merkle.go``; FISCO BCOS 2, ``libdevcore/TrieHash2.cpp``; FISCO BCOS 3, ``bcos-crypto/merkle``;
Ethereum's ``ssz/simple-serialize.md``, "Merkleization"; Nervos' and Polkadot's ``merkle-mountain-range``. Cost: a hash
for every node, about 2 us each where Python has the hash and 0.1 ms where it has not.
"""

from __future__ import annotations

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from typing import Final

from isthmus.reference import hashes

Hash = Callable[[bytes], bytes]

NODE: Final = 32


def sha256(message: bytes) -> bytes:
    """SHA-256 (32 bytes), from hashlib."""
    return hashlib.sha256(message).digest()


def sha256d(message: bytes) -> bytes:
    """SHA-256 of SHA-256 (32 bytes)."""
    return sha256(sha256(message))


def sm3(message: bytes) -> bytes:
    """SM3 (32 bytes), from hashlib where OpenSSL has it."""
    return hashlib.new("sm3", message).digest() if "sm3" in hashlib.algorithms_available else hashes.sm3(message)


HASHES: Final[dict[str, Hash]] = {
    "sha256": sha256,
    "sha256d": sha256d,
    "sm3": sm3,
    "keccak256": hashes.keccak256,
    "sha3-256": lambda message: hashlib.sha3_256(message).digest(),
    "blake3-parent": hashes.blake3_parent,
}
"""What nodes are hashed with; ``blake3-parent`` takes two nodes, the others bytes of any length."""

RULES: Final[dict[str, tuple[str, ...]]] = {
    "sha256d-bitcoin": ("sha256d",),
    "rfc6962": ("sha256",),
    "sha256-pairs": ("sha256",),
    "sm3-pairs": ("sm3",),
    "cometbft": ("sha256",),
    "keccak256-pairs": ("keccak256",),
    "blake3-parent": ("blake3-parent",),
    "chainmaker": ("sha256", "sm3", "keccak256", "sha3-256"),
    "fisco-v2": ("keccak256", "sm3", "sha256", "sha3-256"),
    "fisco-v3": ("keccak256", "sm3", "sha256", "sha3-256"),
    "ssz": ("sha256",),
    "mmr": ("keccak256", "sha256", "sm3", "sha3-256"),
}
"""Every rule and the names of the hashes that it can have, the usual one first."""


class Tree(ABC):
    """One rule with one hash: what a node is, and what a subtree over the leaves lo .. hi is."""

    leaves_are_data = False

    def __init__(self, hash: Hash) -> None:
        self.hash = hash

    def leaf(self, data: bytes) -> bytes:
        """The node that a leaf is."""
        return data

    def empty(self) -> bytes | None:
        """The root over no leaves; None where there is none."""
        return None

    def has(self, count: int) -> bool:
        """Whether the rule has a tree of so many leaves."""
        return count > 0 or self.empty() is not None

    @abstractmethod
    def root(self, leaves: Sequence[bytes]) -> bytes:
        """The root; the rule has one."""

    @abstractmethod
    def proof(self, leaves: Sequence[bytes], index: int) -> list[bytes]:
        """Siblings on the way up, lowest first."""

    @abstractmethod
    def climb(self, leaf: bytes, index: int, count: int, siblings: Iterator[bytes]) -> bytes | None:
        """The root that leaf and siblings give; None where a sibling cannot be what it is."""

    def mutated(self, leaves: Sequence[bytes]) -> bool:
        """Whether another list of leaves is known to have the same root."""
        del leaves
        return False

    def holds(self, root: bytes, index: int, leaf: bytes, proof: Sequence[bytes], count: int) -> bool:
        """Whether the proof holds, and is of the length that index and count imply."""
        if not 0 <= index < count or not self.has(count) or any(len(node) != NODE for node in proof):
            return False
        if not self.leaves_are_data and len(leaf) != NODE:
            return False
        siblings = iter(proof)
        try:
            got = self.climb(self.leaf(leaf), index, count, siblings)
        except StopIteration:
            return False
        return got == root and next(siblings, None) is None


class _Split(Tree):
    """RFC 6962: a list of n is cut at k, the largest power of two below n. Also CometBFT's tree."""

    leaves_are_data = True

    def leaf(self, data: bytes) -> bytes:
        return self.hash(b"\x00" + data)

    def empty(self) -> bytes | None:
        return self.hash(b"")

    def join(self, left: bytes, right: bytes, count: int) -> bytes:
        """The node over ``count`` leaves."""
        del count
        return self.hash(b"\x01" + left + right)

    def root(self, leaves: Sequence[bytes]) -> bytes:
        return self._over([self.leaf(each) for each in leaves]) if leaves else self.empty() or b""

    def _over(self, nodes: Sequence[bytes]) -> bytes:
        if len(nodes) == 1:
            return nodes[0]
        k = _below(len(nodes))
        return self.join(self._over(nodes[:k]), self._over(nodes[k:]), len(nodes))

    def proof(self, leaves: Sequence[bytes], index: int) -> list[bytes]:
        if len(leaves) == 1:
            return []
        k = _below(len(leaves))
        if index < k:
            return [*self.proof(leaves[:k], index), self.root(leaves[k:])]
        return [*self.proof(leaves[k:], index - k), self.root(leaves[:k])]

    def climb(self, leaf: bytes, index: int, count: int, siblings: Iterator[bytes]) -> bytes | None:
        if count == 1:
            return leaf
        k = _below(count)
        if index < k:
            left = self.climb(leaf, index, k, siblings)
            return None if left is None else self.join(left, next(siblings), count)
        right = self.climb(leaf, index - k, count - k, siblings)
        return None if right is None else self.join(next(siblings), right, count)


class _MountainRange(_Split):
    """A Merkle mountain range as Polkadot and Nervos have it: the peaks are the perfect trees over the powers of two
    that add up to n, and they are bagged from the right, each time as hash(what is bagged || next peak)."""

    leaves_are_data = False

    def leaf(self, data: bytes) -> bytes:
        return data

    def empty(self) -> bytes | None:
        return None

    def join(self, left: bytes, right: bytes, count: int) -> bytes:
        perfect = count & (count - 1) == 0
        return self.hash(left + right if perfect else right + left)


class _Padded(Tree):
    """Trees that are cut in the middle of the next power of two; ``lone`` says what stands over a left child whose
    right sibling would be beyond the leaves."""

    def lone(self, left: bytes, height: int, siblings: Iterator[bytes] | None) -> bytes | None:
        """The node over ``left``, which is ``height`` high, alone; a proof's siblings are taken from ``siblings``."""
        del left, height, siblings
        return None  # where no node is ever alone

    def sibling_of_lone(self, left: bytes, height: int) -> list[bytes]:
        """What a proof holds for it."""
        del left, height
        return []

    def root(self, leaves: Sequence[bytes]) -> bytes:
        if not leaves:
            return self.empty() or b""
        return self._under(leaves, 0, _height(len(leaves))) or b""

    def _under(self, leaves: Sequence[bytes], low: int, height: int) -> bytes | None:
        if low >= len(leaves):
            return None
        if height == 0:
            return self.leaf(leaves[low])
        left = self._under(leaves, low, height - 1) or b""
        right = self._under(leaves, low + (1 << height - 1), height - 1)
        return self.lone(left, height - 1, None) if right is None else self.hash(left + right)

    def proof(self, leaves: Sequence[bytes], index: int) -> list[bytes]:
        def walk(low: int, height: int) -> list[bytes]:
            if height == 0:
                return []
            middle = low + (1 << height - 1)
            if index >= middle:
                return [*walk(middle, height - 1), self._under(leaves, low, height - 1) or b""]
            right = self._under(leaves, middle, height - 1)
            if right is not None:
                return [*walk(low, height - 1), right]
            return walk(low, height - 1) + self.sibling_of_lone(self._under(leaves, low, height - 1) or b"", height - 1)

        return walk(0, _height(len(leaves)))

    def climb(self, leaf: bytes, index: int, count: int, siblings: Iterator[bytes]) -> bytes | None:
        def walk(low: int, height: int) -> bytes | None:
            if height == 0:
                return leaf
            middle = low + (1 << height - 1)
            own = walk(low if index < middle else middle, height - 1)
            if own is None:
                return None
            if middle >= count:
                return self.lone(own, height - 1, siblings)
            other = next(siblings)
            if self.forbids(own, other):
                return None
            return self.hash(own + other if index < middle else other + own)

        return walk(0, _height(count))

    def forbids(self, own: bytes, other: bytes) -> bool:
        """Whether these two cannot be siblings."""
        del own, other
        return False


class _Repeated(_Padded):
    """Bitcoin and ChainMaker: a lone node is paired with itself. Two equal nodes that are really paired are what a
    list with a repeated tail has (CVE-2012-2459)."""

    def __init__(self, hash: Hash, zeros: bool) -> None:
        super().__init__(hash)
        self._zeros = zeros

    def empty(self) -> bytes | None:
        return bytes(NODE) if self._zeros else None

    def lone(self, left: bytes, height: int, siblings: Iterator[bytes] | None) -> bytes | None:
        del height
        if siblings is not None and next(siblings) != left:
            return None
        return self.hash(left + left)

    def sibling_of_lone(self, left: bytes, height: int) -> list[bytes]:
        del height
        return [left]

    def forbids(self, own: bytes, other: bytes) -> bool:
        return own == other

    def mutated(self, leaves: Sequence[bytes]) -> bool:
        level = list(leaves)
        while len(level) > 1:
            if any(a == b for a, b in zip(level[::2], level[1::2], strict=False)):
                return True
            pairs = [level[i : i + 2] for i in range(0, len(level), 2)]
            level = [self.hash(pair[0] + pair[-1]) for pair in pairs]
        return False


class _Perfect(_Padded):
    """Pairs over a power of two of leaves: no node is ever alone."""

    def has(self, count: int) -> bool:
        return count > 0 and count & (count - 1) == 0


class _Alone(_Padded):
    """FISCO BCOS 3: a lone node is hashed by itself, and a proof holds nothing for it."""

    def empty(self) -> bytes | None:
        return bytes(NODE)

    def lone(self, left: bytes, height: int, siblings: Iterator[bytes] | None) -> bytes | None:
        del height, siblings
        return self.hash(left)


class _Chunks(_Padded):
    """SSZ: chunks of zeros up to the next power of two; the root over nothing is one of them."""

    def empty(self) -> bytes | None:
        return bytes(NODE)

    def _zero(self, height: int) -> bytes:
        return self.hash(self._zero(height - 1) * 2) if height else bytes(NODE)

    def lone(self, left: bytes, height: int, siblings: Iterator[bytes] | None) -> bytes | None:
        if siblings is not None and next(siblings) != self._zero(height):
            return None
        return self.hash(left + self._zero(height))

    def sibling_of_lone(self, left: bytes, height: int) -> list[bytes]:
        del left
        return [self._zero(height)]


class _Sixteen(Tree):
    """FISCO BCOS 2 from version 2.2: leaf i is RLP(i) || digest; up to sixteen neighbours are hashed together until one
    is left, and that one once more."""

    def empty(self) -> bytes | None:
        return self.hash(b"")

    def root(self, leaves: Sequence[bytes]) -> bytes:
        if not leaves:
            return self.hash(b"")
        level = [rlp(i) + leaf for i, leaf in enumerate(leaves)]
        while len(level) > 1:
            level = [self.hash(b"".join(level[i : i + 16])) for i in range(0, len(level), 16)]
        return self.hash(level[0])

    def proof(self, leaves: Sequence[bytes], index: int) -> list[bytes]:
        out: list[bytes] = []
        level = list(leaves)
        texts = [rlp(i) + leaf for i, leaf in enumerate(leaves)]
        while len(level) > 1:
            first = index // 16 * 16
            out += [node for i, node in enumerate(level[first : first + 16], first) if i != index]
            level = texts = [self.hash(b"".join(texts[i : i + 16])) for i in range(0, len(texts), 16)]
            index //= 16
        return out

    def climb(self, leaf: bytes, index: int, count: int, siblings: Iterator[bytes]) -> bytes | None:
        numbered, at = True, index
        while count > 1:
            first = at // 16 * 16
            parts = []
            for i in range(first, min(first + 16, count)):
                node = leaf if i == at else next(siblings)
                parts.append(rlp(i) + node if numbered else node)
            leaf, numbered = self.hash(b"".join(parts)), False
            at, count = at // 16, -(-count // 16)
        return self.hash(rlp(index) + leaf if numbered else leaf)


def rlp(number: int) -> bytes:
    """RLP of a number: the byte itself below 128, else 80 + length and big-endian without leading zeros."""
    raw = number.to_bytes((number.bit_length() + 7) // 8, "big")
    return raw if 0 < number < 0x80 else bytes([0x80 + len(raw)]) + raw


def tree(rule: str, hash: str | None = None) -> Tree:
    """The rule of that name, with the hash of that name where it leaves one open."""
    function = HASHES[hash or RULES[rule][0]]
    if rule in ("rfc6962", "cometbft"):
        return _Split(function)
    if rule in ("sha256d-bitcoin", "chainmaker"):
        return _Repeated(function, zeros=rule == "sha256d-bitcoin")
    classes: dict[str, Callable[[Hash], Tree]] = {
        "fisco-v2": _Sixteen, "fisco-v3": _Alone, "ssz": _Chunks, "mmr": _MountainRange,
    }  # fmt: skip
    return classes.get(rule, _Perfect)(function)


def _below(count: int) -> int:
    return 1 << (count - 1).bit_length() - 1


def _height(count: int) -> int:
    return (count - 1).bit_length()
