"""A tiny writer of TARS (JCE), for FISCO BCOS 3 blocks that are rebuilt from JSON.

Structs are plain ``bytes``: a field is written by one function, and fields are joined with ``+`` in ascending order of
their tags. Integers take the narrowest type; 0 and nothing are left out, as the C++ writer does for optional fields.

>>> (integer(2, 300) + text(8, "0") + blob(12, b"") + struct(1, integer(1, 0))).hex()
'21012c8601301a0b'
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

_WIDTHS: Final = ((0, 1), (1, 2), (2, 4), (3, 8))  # type, bytes
_TEXT_SHORT: Final = 6
_TEXT_LONG: Final = 7
_LIST: Final = 9
_STRUCT_BEGIN: Final = 10
_STRUCT_END: Final = b"\x0b"
_ZERO: Final = 12
_BYTES: Final = 13


def head(tag: int, kind: int) -> bytes:
    """Tag (0 to 255) and type of a field."""
    return bytes([tag << 4 | kind]) if tag < 15 else bytes([0xF0 | kind, tag])


def integer(tag: int, value: int, *, keep: bool = False) -> bytes:
    """An integer of 64 signed bits; 0 is left out unless ``keep`` (the items of a list need it)."""
    if value == 0:
        return head(tag, _ZERO) if keep else b""
    for kind, width in _WIDTHS:
        if -(1 << 8 * width - 1) <= value < 1 << 8 * width - 1:
            return head(tag, kind) + value.to_bytes(width, "big", signed=True)
    raise ValueError(f"tag {tag}: {value} does not fit 64 signed bits")


def text(tag: int, value: str) -> bytes:
    """A string in UTF-8; nothing is left out."""
    raw = value.encode("utf-8")
    if not raw:
        return b""
    if len(raw) < 256:
        return head(tag, _TEXT_SHORT) + bytes([len(raw)]) + raw
    return head(tag, _TEXT_LONG) + len(raw).to_bytes(4, "big") + raw


def blob(tag: int, value: bytes, *, keep: bool = False) -> bytes:
    """A list of bytes; nothing is left out unless ``keep``."""
    if not value and not keep:
        return b""
    return head(tag, _BYTES) + b"\0" + integer(0, len(value), keep=True) + value


def struct(tag: int, fields: bytes) -> bytes:
    """A struct of fields."""
    return head(tag, _STRUCT_BEGIN) + fields + _STRUCT_END


def items(tag: int, values: Iterable[bytes]) -> bytes:
    """A list of values, each written with tag 0; an empty one is left out."""
    written = list(values)
    if not written:
        return b""
    return head(tag, _LIST) + integer(0, len(written), keep=True) + b"".join(written)
