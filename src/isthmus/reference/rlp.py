"""Ethereum's RLP by recursion (Yellow Paper, appendix B).

What was read is canonical iff writing it gives the same bytes, so no rule about lengths stands in the reader.
"""

from __future__ import annotations

from typing import Any, Final, TypeAlias

Rlp: TypeAlias = "bytes | list[Any]"

DEPTH_MAX: Final = 256


def encode(item: Rlp) -> bytes:
    """The encoding of a byte string or a list of items."""
    if isinstance(item, list):
        return with_header(0xC0, b"".join(map(encode, item)))
    return item if len(item) == 1 and item[0] < 0x80 else with_header(0x80, item)


def with_header(base: int, payload: bytes) -> bytes:
    """A payload behind its length, as a string (base 80) or list (base C0)."""
    size = len(payload)
    if size <= 55:
        return bytes([base + size]) + payload
    digits = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes([base + 55 + len(digits)]) + digits + payload


def decode(data: bytes, depth_max: int = DEPTH_MAX) -> Rlp:
    """The item that `data` is the canonical encoding of; ValueError if there is none.

    Lengths are read in any form; that the form was the right one shows when the item is encoded again.
    """
    item, rest = _take(data, depth_max)
    if rest or encode(item) != data:
        raise ValueError("not canonical")
    return item


def _take(data: bytes, depth_left: int) -> tuple[Rlp, bytes]:
    if not data:
        raise ValueError("no item")
    first = data[0]
    if first < 0x80:
        return data[:1], data[1:]
    base = 0xC0 if first >= 0xC0 else 0x80
    size, at = first - base, 1
    if size > 55:
        at += size - 55
        size = int.from_bytes(data[1:at], "big")
    if at > len(data) or size > len(data) - at:
        raise ValueError("the item ends outside")
    payload, rest = data[at : at + size], data[at + size :]
    if base == 0x80:
        return payload, rest
    if depth_left == 0:
        raise ValueError("too deep")
    items: list[Any] = []
    while payload:
        item, payload = _take(payload, depth_left - 1)
        items.append(item)
    return items, rest
