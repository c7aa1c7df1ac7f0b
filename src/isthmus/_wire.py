"""A tiny writer and reader of the protobuf wire format, for anchors and for inputs that are rebuilt from JSON.

Messages are plain ``bytes``: a field is written by one function and fields are joined with ``+`` in ascending order of
their numbers, which gives the only encoding that the native decoders accept. A scalar 0 and an empty string are left
out, as proto3 does, unless ``keep`` is true.

>>> (uint(1, 300) + blob(2, b"ab") + message(3, b"")).hex()
'08ac02120261621a00'
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

VARINT: Final = 0
FIXED64: Final = 1
BYTES: Final = 2
FIXED32: Final = 5

_NUMBER_MAX: Final = (1 << 29) - 1


def varint(value: int) -> bytes:
    """Shortest base-128 encoding of 0 <= value < 2**64; ``ValueError`` outside."""
    if not 0 <= value < 1 << 64:
        raise ValueError(f"varint: {value} does not fit 64 unsigned bits")
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def tag(number: int, wire_type: int) -> bytes:
    """The key of a field: number 1 to 2**29 - 1 and wire type."""
    if not 1 <= number <= _NUMBER_MAX:
        raise ValueError(f"tag: {number} is not a field number")
    return varint(number << 3 | wire_type)


def uint(number: int, value: int, *, keep: bool = False) -> bytes:
    """A uint32, uint64, bool or enum field; 0 is left out unless ``keep``."""
    if value == 0 and not keep:
        return b""
    return tag(number, VARINT) + varint(value)


def sint(number: int, value: int, *, keep: bool = False) -> bytes:
    """An int32 or int64 field: two's complement, so a negative value takes ten bytes."""
    if not -(1 << 63) <= value < 1 << 63:
        raise ValueError(f"field {number}: {value} does not fit 64 signed bits")
    return uint(number, value & 0xFFFF_FFFF_FFFF_FFFF, keep=keep)


def sfixed64(number: int, value: int, *, keep: bool = False) -> bytes:
    """An sfixed64 field: eight bytes, little-endian; 0 is left out unless ``keep``."""
    if value == 0 and not keep:
        return b""
    if not -(1 << 63) <= value < 1 << 63:
        raise ValueError(f"field {number}: {value} does not fit 64 signed bits")
    return tag(number, FIXED64) + value.to_bytes(8, "little", signed=True)


def blob(number: int, value: bytes, *, keep: bool = False) -> bytes:
    """A bytes field; empty is left out unless ``keep`` (the elements of a repeated field need it)."""
    if not value and not keep:
        return b""
    return tag(number, BYTES) + varint(len(value)) + value


def text(number: int, value: str, *, keep: bool = False) -> bytes:
    """A string field in UTF-8."""
    return blob(number, value.encode("utf-8"), keep=keep)


def message(number: int, value: bytes, *, keep: bool = True) -> bytes:
    """A nested message; an empty one is written (it is present) unless ``keep`` is false."""
    return blob(number, value, keep=keep)


def fields(data: bytes) -> Iterator[tuple[int, int | bytes]]:
    """Number and value of each field of a message; ``ValueError`` where it is not one.

    Reads what a writer wrote. Strictness is the native decoders' part: nothing that is read here is believed before
    they have judged the same bytes.
    """
    at = 0
    while at < len(data):
        key, at = _read_varint(data, at)
        value: int | bytes
        if key & 7 == VARINT:
            value, at = _read_varint(data, at)
        elif key & 7 in (FIXED64, FIXED32):
            size = 8 if key & 7 == FIXED64 else 4
            value, at = int.from_bytes(data[at : at + size], "little"), at + size
        elif key & 7 == BYTES:
            size, at = _read_varint(data, at)
            value, at = data[at : at + size], at + size
        else:
            raise ValueError(f"byte {at}: wire type {key & 7} is not read")
        if at > len(data):
            raise ValueError("the message ends inside a field")
        yield key >> 3, value


def _read_varint(data: bytes, at: int) -> tuple[int, int]:
    value = 0
    for shift in range(0, 70, 7):
        if at >= len(data):
            raise ValueError("the message ends inside a number")
        value |= (data[at] & 0x7F) << shift
        at += 1
        if data[at - 1] < 0x80:
            return value, at
    raise ValueError(f"byte {at}: a number of more than ten bytes")
