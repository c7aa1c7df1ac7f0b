"""A tiny writer of Ethereum's RLP, for inputs that are rebuilt from JSON.

>>> encode([number(0), number(1024), b"cat"]).hex()
'c88082040083636174'
"""

from __future__ import annotations

from typing import Any, TypeAlias

Rlp: TypeAlias = "bytes | list[Any]"


def encode(item: Rlp) -> bytes:
    """The encoding of a byte string or a list of items."""
    if isinstance(item, list):
        return with_length(0xC0, b"".join(map(encode, item)))
    return item if len(item) == 1 and item[0] < 0x80 else with_length(0x80, item)


def number(value: int) -> bytes:
    """The byte string of a number: big-endian, nothing for 0."""
    return value.to_bytes((value.bit_length() + 7) // 8, "big")


def with_length(base: int, payload: bytes) -> bytes:
    """A payload behind its length, as a string (base 80) or a list of encoded items (base C0)."""
    size = len(payload)
    if size <= 55:
        return bytes([base + size]) + payload
    digits = number(size)
    return bytes([base + 55 + len(digits)]) + digits + payload
