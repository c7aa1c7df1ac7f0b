"""Protobuf messages as dictionaries, read by a table of their fields and written back: a message that is written back
as it was read is in the one encoding that the decoders take.

The writer is that of the reference implementation, so nothing here is shared with the core.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from isthmus.reference import cometbft as ref


@dataclass(frozen=True)
class Nested:
    """A field that holds a message; `always`: written even when it is empty, as Go writes what it holds by value."""

    form: Form
    always: bool = False
    repeated: bool = False


Form = dict[int, "type[int] | type[bytes] | Nested"]
Message = dict[int, Any]


def read(raw: bytes, form: Form) -> Message:
    """The fields of a message; ValueError unless writing them back gives `raw`."""
    message = _read(raw, form)
    if write(message, form) != raw:
        raise ValueError("not the one encoding")
    return message


def _varint(raw: bytes, at: int) -> tuple[int, int]:
    """Value and where it ends."""
    value = 0
    for count, byte in enumerate(raw[at : at + 10]):
        value |= (byte & 0x7F) << 7 * count
        if byte < 0x80:
            return value, at + count + 1
    raise ValueError("a varint without an end")


def _read(raw: bytes, form: Form) -> Message:
    message: Message = {}
    at = 0
    while at < len(raw):
        tag, at = _varint(raw, at)
        number, kind = tag >> 3, form.get(tag >> 3)
        if kind is None or tag & 7 != (0 if kind is int else 2):
            raise ValueError(f"field {number} of type {tag & 7}")
        value, at = _varint(raw, at)
        if kind is int:
            message[number] = value
            continue
        content, at = raw[at : at + value], at + value
        if not isinstance(kind, Nested):
            message[number] = content
        elif kind.repeated:
            message.setdefault(number, []).append(_read(content, kind.form))
        else:
            message[number] = _read(content, kind.form)
    return message


def write(message: Message, form: Form) -> bytes:
    """Ascending fields, shortest varints, nothing written that is 0 or empty but messages that must stand."""
    out = b""
    for number, kind in sorted(form.items()):
        value = message.get(number)
        if not isinstance(kind, Nested):
            out += ref.number_field(number, value or 0) if kind is int else ref.bytes_field(number, value or b"")
        elif kind.repeated:
            out += b"".join(ref.message_field(number, write(each, kind.form)) for each in value or ())
        elif value is not None or kind.always:
            out += ref.message_field(number, write(value or {}, kind.form))
    return out


def signed(value: int) -> int:
    """An int64 out of its 64 bits."""
    return value - (1 << 64) if value >> 63 else value
