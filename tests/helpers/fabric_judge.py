"""Which bytes are valid Fabric blocks, without the core: hashes bind everything but the metadata, and of that slot 0 is
judged by the slow reference with an independent library's signatures.

What remains free: the slots that nobody signs, but for the number of validation flags, and which of more signatures
than are needed stand in slot 0.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from isthmus.reference import fabric as ref

Judge = Callable[[bytes, bytes], bool]
Parts = tuple[bytes, tuple[bytes, ...] | None, tuple[bytes, ...]]


@functools.lru_cache(maxsize=1 << 16)
def verify(key: bytes, digest: bytes, signature: bytes) -> bool:
    """ECDSA over P-256 or P-384 by `cryptography`."""
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec, utils

    curve = ec.SECP256R1() if len(key) == 65 else ec.SECP384R1()
    try:
        public = ec.EllipticCurvePublicKey.from_encoded_point(curve, key)
        public.verify(signature, digest, ec.ECDSA(utils.Prehashed(hashes.SHA256())))
    except (InvalidSignature, ValueError):
        return False
    return True


def once(data: bytes, *single: int, repeated: int = 0) -> bool:
    """Whether a message has only these fields, each in its shortest form, and each but one at most once."""
    seen: set[int] = set()
    rebuilt = b""
    for number, value in ref.fields(data):
        if number in seen or number not in (*single, repeated):
            return False
        if number != repeated:
            seen.add(number)
        kind = 0 if isinstance(value, int) else 2
        rebuilt += ref.varint(number << 3 | kind)
        rebuilt += ref.varint(value) if isinstance(value, int) else ref.varint(len(value)) + value
    return rebuilt == data


def message(number: int, body: bytes) -> bytes:
    return ref.varint(number << 3 | 2) + ref.varint(len(body)) + body


def split(raw: bytes) -> Parts:
    """Header, data and slots of a block in its only encoding; `Rule` for any other bytes."""
    parts: dict[int, Any] = {}
    for number, value in ref.fields(raw):
        ref.require(isinstance(value, bytes) and number not in parts and number in (1, 2, 3), "block form")
        parts[number] = value
    header, data = parts.get(1, b""), parts.get(2)
    slots = tuple(ref.pieces(parts.get(3, b""), 1))
    rebuilt = message(1, header)
    if data is not None:
        rebuilt += message(2, b"".join(message(1, each) for each in ref.pieces(data, 1)))
    if 3 in parts:
        rebuilt += message(3, b"".join(message(1, each) for each in slots))
    ref.require(rebuilt == raw, "block form")
    return header, None if data is None else tuple(ref.pieces(data, 1)), slots


def blocks(valid: list[tuple[bytes, bytes]]) -> Judge:
    """For blocks and attestations like these valid ones, in protobuf and under anchors with a config."""
    real = {anchor: split(raw) for raw, anchor in valid}

    @functools.cache
    def channel(anchor: bytes) -> ref.Channel:
        return ref.Channel(ref.piece(anchor, 4), verify)

    def judge(raw: bytes, anchor: bytes) -> bool:
        try:
            header, data, slots = split(raw)
        except ref.Rule:
            return False
        wanted_header, wanted_data, _ = real[anchor]
        if (header, data) != (wanted_header, wanted_data) or len(slots) < 5:
            return False
        if data is not None and len(slots[2]) not in (0, len(data)):
            return False
        try:
            if not once(slots[0], 1, repeated=2) or not all(once(s, 1, 2, 3) for s in ref.pieces(slots[0], 2)):
                return False
            number, index = ref.number(header, 1), ref.number(anchor, 5)
            block = ref.Block(number, ref.piece(header, 2), ref.piece(header, 3), data or (), slots)
            signed_index = ref.number(ref.piece(ref.piece(slots[0], 1), 1), 1)
            own = data is None and signed_index == number
            ref.check_orderers(block, channel(anchor), number if own else index, bft=ref.number(anchor, 2) == 3)
        except ref.Rule:
            return False
        return True

    return judge
