"""What is valid among FISCO BCOS inputs, decided by the reference implementation: the oracle of changed bytes."""

from __future__ import annotations

import functools
from typing import Final

from helpers.wire_forms import Form, Message, Nested, read
from isthmus.reference import fisco as ref

SEALER: Final[Form] = {1: bytes, 2: int}
TRUSTED: Final[Form] = {1: int, 2: bytes}
ANCHOR: Final[Form] = {1: int, 2: int, 3: Nested(SEALER, repeated=True), 4: int, 5: bytes, 6: Nested(TRUSTED), 7: bytes,
                       8: bytes}  # fmt: skip
SIGNATURE: Final[Form] = {1: int, 2: bytes}
BODY: Final[Form] = {1: bytes, 2: bytes}
LEVEL: Final[Form] = {1: bytes, 2: bytes}
PATH: Final[Form] = {1: Nested(LEVEL, repeated=True)}
STATEMENT: Final[Form] = {1: bytes, 2: bytes, 3: Nested(SIGNATURE, repeated=True), 4: bytes, 5: bytes,
                          6: Nested(BODY, repeated=True)}  # fmt: skip
PROOF: Final[Form] = {1: Nested(STATEMENT, always=True), 2: bytes, 3: bytes, 4: Nested(PATH), 5: bytes, 6: bytes,
                      7: Nested(PATH), 8: int, 9: bytes}  # fmt: skip


def _require(holds: bool, what: str) -> None:
    if not holds:
        raise ref.Rule(what)


@functools.lru_cache(maxsize=256)
def anchor_of(raw: bytes) -> ref.Anchor:
    """The anchor that these bytes are; they were made by isthmus.chains."""
    value = read(raw, ANCHOR)
    sealers = tuple((each[1], each[2]) for each in value.get(3, ()))
    trusted = (value[6].get(1, 0), value[6][2]) if 6 in value else None
    return ref.Anchor(value[1], bool(value.get(2, 0)), sealers, bool(value.get(4, 0)), value.get(5, b""), trusted,
                      value.get(7, b""), value.get(8, b""))  # fmt: skip


def _sized(value: Message, number: int, size: int) -> bytes:
    raw: bytes = value.get(number, b"")
    _require(len(raw) in (0, size), "size")
    return raw


def _statement(value: Message) -> ref.Statement:
    """One name at most can be missing in what is valid, so the field is read as if it could not be repeated."""
    _require(1 in value, "header")
    signatures = [(each.get(1, 0), each.get(2, b"")) for each in value.get(3, ())]
    bodies = []
    for each in value.get(6, ()):
        _require(1 in each, "body")
        bodies.append((each[1], _sized(each, 2, 20)))
    missing = [value[5]] if 5 in value else []
    return ref.Statement(value[1], _sized(value, 2, 32), signatures, value.get(4, b""), missing, bodies)


def _path(value: Message) -> ref.Path:
    levels = []
    for each in value.get(1, ()):
        sides = [each.get(number, b"") for number in (1, 2)]
        _require(all(len(side) % 32 == 0 for side in sides), "siblings")
        levels.append(tuple([side[at : at + 32] for at in range(0, len(side), 32)] for side in sides))
    _require(len(levels) <= 64, "levels")
    return [(left, right) for left, right in levels]


def header(raw: bytes, anchor: bytes) -> bool:
    """``fisco-header``."""
    try:
        ref.check_statement(_statement(read(raw, STATEMENT)), anchor_of(anchor))
    except (ref.Rule, ValueError):
        return False
    return True


def block(raw: bytes, anchor: bytes) -> bool:
    """``fisco-block``."""
    try:
        ref.check_block(raw, anchor_of(anchor))
    except ref.Rule:
        return False
    return True


def proof(raw: bytes, anchor: bytes) -> bool:
    """``fisco-proof``."""
    try:
        value = read(raw, PROOF)
        index = value[8] - 1 if value.get(8, 0) else None
        made = ref.Proof(_statement(value[1]), value.get(2), _sized(value, 3, 32), _path(value.get(4, {})),
                         value.get(5), _sized(value, 6, 32), _path(value.get(7, {})), index,
                         _sized(value, 9, 20))  # fmt: skip
        ref.check_proof(made, anchor_of(anchor))
    except (ref.Rule, ValueError):
        return False
    return True
