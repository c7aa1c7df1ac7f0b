"""Blocks of Fabric channels as nodes hand them out: protobuf, block files, the JSON of protobuf.

What is read here steers a client (which block comes next, which one brings a config); whether it is right is the
engine's to say, over the same bytes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from isthmus import _wire
from isthmus._json import Node

BLOCK: Final = 0
RECORD: Final = 1

_CONFIG: Final = 1
_FLAGS: Final = 2
_COMMIT_HASH: Final = 4
_SLOTS: Final = 5


@dataclass(frozen=True, slots=True)
class Block:
    """One block: its bytes, and what a client needs to know of them.

    ``encoded``      the bytes that the engine judges
    ``form``         ``BLOCK`` for common.Block, ``RECORD`` for the record of a block file
    ``slots``        the metadata, slot by slot
    ``channel_id``   of its first transaction; empty where the bytes do not tell
    ``config``       common.Config of a config block, else ``None``
    """

    encoded: bytes
    form: int
    number: int
    previous_hash: bytes
    data_hash: bytes
    slots: tuple[bytes, ...]
    tx_count: int
    channel_id: str = ""
    config: bytes | None = None

    @classmethod
    def from_protobuf(cls, raw: bytes) -> Block:
        """From common.Block, an attestation (no data) among them. ``ValueError`` where the bytes are not one."""
        parts = dict.fromkeys((1, 2, 3), b"")
        for number, value in _wire.fields(raw):
            if number in parts and isinstance(value, bytes):
                parts[number] = value
        header = dict(_wire.fields(parts[1]))
        return _block(raw, BLOCK, _number(header.get(1, 0)), _bytes(header.get(2, b"")), _bytes(header.get(3, b"")),
                      _run(parts[2]), _run(parts[3]))  # fmt: skip

    @classmethod
    def from_record(cls, raw: bytes) -> Block:
        """From a record of a block file, without the length before it."""
        cut = _Cut(raw)
        number, data_hash, previous_hash = cut.number(), cut.bytes(), cut.bytes()
        data = [cut.bytes() for _ in range(cut.number())]
        slots = [cut.bytes() for _ in range(cut.number())]
        if cut.at != len(raw):
            raise ValueError(f"record: {len(raw) - cut.at} bytes follow its end")
        return _block(raw, RECORD, number, previous_hash, data_hash, data, slots)

    @classmethod
    def from_json(cls, source: Any) -> Block:
        """From protobuf's JSON of common.Block, whose ``data.data`` and ``metadata.metadata`` are lists of base64 text.

        What ``configtxlator proto_decode`` and explorers print instead, envelopes taken apart, does not tell in which
        order a map's entries stood; so it cannot give back the bytes that were hashed, and raises ``ValueError``.
        """
        node = Node.load(source, "block")
        header = node.at("header")
        parts = [
            _wire.uint(1, header.get("number").integer() if header.has("number") else 0)
            + _wire.blob(2, _base64(header, "previous_hash", "previousHash"))
            + _wire.blob(3, _base64(header, "data_hash", "dataHash"))
        ]
        for name in ("data", "metadata"):
            if not node.has(name):
                continue
            items = b"".join(_wire.blob(1, _entry(each), keep=True) for each in node.at(name).at(name))
            parts.append(items)
        fields = [_wire.message(number, part) for number, part in zip((1, 2, 3), parts, strict=False)]
        if not node.has("data") and len(parts) == 2:
            fields[1] = _wire.message(3, parts[1])
        return cls.from_protobuf(b"".join(fields))

    @property
    def header_hash(self) -> bytes:
        """SHA-256 of the header in DER, which the next block names."""
        body = _der(2, _der_number(self.number)) + _der(4, self.previous_hash) + _der(4, self.data_hash)
        return hashlib.sha256(_der(0x30, body)).digest()

    @property
    def flags(self) -> bytes:
        """Validation flags, a byte for each transaction; empty where no peer has written them."""
        return self.slots[_FLAGS] if len(self.slots) > _FLAGS else b""

    @property
    def commit_hash(self) -> bytes:
        """The commit hash that a peer recorded; empty where there is none."""
        if len(self.slots) < _SLOTS:
            return b""
        try:
            return next((_bytes(value) for number, value in _wire.fields(self.slots[_COMMIT_HASH]) if number == 1), b"")
        except ValueError:
            return b""


def read_ledger(raw: bytes) -> list[Block]:
    """The blocks of a peer's or orderer's block file (``blockfile_000000``), in the order of the file.

    ``ValueError`` names the record that cannot be read. Zeros after the last record, which some tools leave, are no
    record and are refused as well.
    """
    cut = _Cut(raw)
    blocks: list[Block] = []
    while cut.at < len(raw):
        start = cut.at
        try:
            blocks.append(Block.from_record(cut.bytes()))
        except ValueError as error:
            raise ValueError(f"record {len(blocks)} at byte {start}: {error}") from None
    return blocks


def read_blocks(raw: bytes) -> list[Block]:
    """The blocks of a file of any form: one common.Block, a block file, or JSON (one block or a list of them).

    A common.Block begins with the byte 0a, which no block file does: its first record would have ten bytes.
    """
    start = raw.lstrip()[:1]
    if start in (b"{", b"["):
        node = Node.load(raw, "blocks")
        return [Block.from_json(each) for each in (node if isinstance(node.value, list) else [node])]
    return [Block.from_protobuf(raw)] if raw[:1] == b"\x0a" else read_ledger(raw)


def _block(
    raw: bytes, form: int, number: int, previous: bytes, data_hash: bytes, data: list[bytes], slots: list[bytes]
) -> Block:
    channel_id, config = _steering(data)
    return Block(raw, form, number, previous, data_hash, tuple(slots), len(data), channel_id, config)


def _steering(data: list[bytes]) -> tuple[str, bytes | None]:
    """Channel and, where the block is a config block, its config; nothing where the bytes are broken."""
    try:
        payload = _fields(_fields(data[0])[1]) if data else {}
        channel_header = dict(_wire.fields(_fields(payload.get(1, b"")).get(1, b"")))
        channel_id = _bytes(channel_header.get(4, b"")).decode()
        if len(data) != 1 or channel_header.get(1) != _CONFIG:
            return channel_id, None
        return channel_id, _fields(payload.get(2, b"")).get(1, b"")
    except (ValueError, KeyError, TypeError):
        return "", None


def _fields(raw: bytes) -> dict[int, bytes]:
    return {number: _bytes(value) for number, value in _wire.fields(raw)}


def _bytes(value: int | bytes) -> bytes:
    if isinstance(value, int):
        raise ValueError("a number where bytes are expected")
    return value


def _number(value: int | bytes) -> int:
    if isinstance(value, bytes):
        raise ValueError("bytes where a number is expected")
    return value


def _run(raw: bytes) -> list[bytes]:
    return [_bytes(value) for number, value in _wire.fields(raw) if number == 1]


class _Cut:
    """Reads numbers and byte strings from left to right."""

    def __init__(self, raw: bytes) -> None:
        self._raw: Final = raw
        self.at = 0

    def number(self) -> int:
        value = 0
        for shift in range(0, 70, 7):
            if self.at >= len(self._raw):
                raise ValueError("the bytes end inside a number")
            byte = self._raw[self.at]
            self.at += 1
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                return value
        raise ValueError("a number of more than ten bytes")

    def bytes(self) -> bytes:
        size = self.number()
        if size > len(self._raw) - self.at:
            raise ValueError("the bytes end inside a field")
        self.at += size
        return self._raw[self.at - size : self.at]

    def __iter__(self) -> Iterator[int]:
        raise TypeError("a cut is read, not iterated")


def _der(tag: int, body: bytes) -> bytes:
    size = len(body)
    if size < 0x80:
        return bytes([tag, size]) + body
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(length)]) + length + body


def _der_number(value: int) -> bytes:
    return value.to_bytes(value.bit_length() // 8 + 1, "big")


def _base64(node: Node, *names: str) -> bytes:
    return next((node.at(name).base64() for name in names if node.has(name)), b"")


def _entry(node: Node) -> bytes:
    if not isinstance(node.value, str):
        raise node.fail(
            "expected base64 text: this JSON has its envelopes taken apart, which loses bytes that were hashed; give "
            "the block in protobuf, as 'peer channel fetch' writes it"
        )
    return node.base64()
