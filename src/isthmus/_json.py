"""Strict JSON for data that ends up in a hash: every refusal names the path to the value.

Refused: a key that stands twice, floats and ``NaN``, integers that do not fit 64 signed bits, wrong types, hexadecimal
or base64 text in any but its usual form, times that are not RFC 3339. Keys that nobody asks for are passed over.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, Final, NamedTuple

_INTEGER: Final = re.compile(r"-?(0|[1-9][0-9]{0,18})")
_RFC3339: Final = re.compile(
    r"(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2})(?:\.(\d{1,9}))?(?:Z|([+-])(\d{2}):(\d{2}))", re.ASCII
)
_EPOCH: Final = datetime(1970, 1, 1)
_DEPTH_MAX: Final = 64


class Timestamp(NamedTuple):
    """Seconds since 1970 and nanoseconds within the second (0 to 999,999,999), in UTC without leap seconds.

    >>> Timestamp.parse("2021-05-12T03:02:04.5Z")
    Timestamp(seconds=1620788524, nanos=500000000)
    """

    seconds: int
    nanos: int = 0

    @classmethod
    def parse(cls, text: str) -> Timestamp:
        """RFC 3339 with up to nine fractional digits; ``ValueError`` otherwise."""
        match = _RFC3339.fullmatch(text)
        if match is None:
            raise ValueError(f"{text!r} is not a time of RFC 3339")
        moment, fraction, sign, hours, minutes = match.groups()
        try:
            since = datetime.strptime(moment, "%Y-%m-%dT%H:%M:%S") - _EPOCH
        except ValueError:
            raise ValueError(f"{text!r} is not a time of RFC 3339") from None
        seconds = since // timedelta(seconds=1)
        if sign is not None:
            if int(hours) > 23 or int(minutes) > 59:
                raise ValueError(f"{text!r} is not a time of RFC 3339")
            offset = int(hours) * 3600 + int(minutes) * 60
            seconds -= offset if sign == "+" else -offset
        return cls(seconds, int((fraction or "").ljust(9, "0")))

    @classmethod
    def from_ns(cls, nanoseconds: int) -> Timestamp:
        """From nanoseconds since 1970."""
        return cls(*divmod(nanoseconds, 1_000_000_000))

    @property
    def ns(self) -> int:
        """Nanoseconds since 1970."""
        return self.seconds * 1_000_000_000 + self.nanos

    def __str__(self) -> str:
        """RFC 3339 as Go writes it: no trailing zeros in the fraction."""
        moment = _EPOCH + timedelta(seconds=self.seconds)
        fraction = f".{self.nanos:09d}".rstrip("0").rstrip(".")
        return f"{moment.isoformat(timespec='seconds')}{fraction}Z"


class _Refused:
    """Stands in a parsed tree for a value that strict JSON does not allow."""

    __slots__ = ("why",)

    def __init__(self, why: str) -> None:
        self.why: Final = why


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    out: dict[str, Any] = {}
    for key, value in pairs:
        out[key] = _Refused("this key stands twice") if key in out else value
    return out


def _integer(text: str) -> int | _Refused:
    fits = _INTEGER.fullmatch(text) is not None and -(1 << 63) <= int(text) < 1 << 63
    return int(text) if fits else _Refused("does not fit 64 signed bits")


def _number(text: str) -> _Refused:
    return _Refused(f"{text[:40]} is not an integer")


def _refuse_inside(value: Any, path: str) -> None:
    """Raises for the first thing in the tree that is not allowed."""
    open_: list[tuple[Any, str, int]] = [(value, path, 0)]
    while open_:
        at, here, depth = open_.pop()
        if isinstance(at, _Refused):
            raise ValueError(f"{here}: {at.why}")
        if isinstance(at, float):
            raise ValueError(f"{here}: {at} is not an integer")
        if isinstance(at, int) and not -(1 << 63) <= at < 1 << 63:
            raise ValueError(f"{here}: does not fit 64 signed bits")
        if depth > _DEPTH_MAX:
            raise ValueError(f"{here}: nested deeper than {_DEPTH_MAX}")
        if isinstance(at, dict):
            open_.extend((each, f"{here}.{key}", depth + 1) for key, each in at.items())
        elif isinstance(at, list):
            open_.extend((each, f"{here}[{index}]", depth + 1) for index, each in enumerate(at))


class Node:
    """One value of a JSON document and the path to it."""

    __slots__ = ("path", "value")

    def __init__(self, value: Any, path: str) -> None:
        self.value: Final = value
        self.path: Final = path

    @classmethod
    def load(cls, source: Any, path: str = "$") -> Node:
        """From JSON text (``str`` or UTF-8 bytes) or from values that ``json`` would give; checked throughout."""
        if isinstance(source, Node):
            return source
        if isinstance(source, (str, bytes, bytearray, memoryview)):
            text = source if isinstance(source, str) else bytes(source)
            try:
                source = json.loads(
                    text, object_pairs_hook=_pairs, parse_int=_integer, parse_float=_number, parse_constant=_number
                )
            except (ValueError, RecursionError) as error:
                raise ValueError(f"{path}: not JSON: {error}") from None
        _refuse_inside(source, path)
        return cls(source, path)

    def fail(self, why: str) -> ValueError:
        """The error to raise about this value."""
        return ValueError(f"{self.path}: {why}")

    def fields(self) -> dict[str, Any]:
        """The value as an object."""
        if not isinstance(self.value, dict):
            raise self.fail(f"expected an object, got {_kind(self.value)}")
        return self.value

    def has(self, key: str) -> bool:
        """Whether the value is an object with this key, and not null there."""
        return isinstance(self.value, dict) and self.value.get(key) is not None

    def at(self, key: str) -> Node:
        """The value under a key that must stand."""
        fields = self.fields()
        if key not in fields:
            raise self.fail(f"{key!r} is missing")
        return Node(fields[key], f"{self.path}.{key}")

    def get(self, key: str) -> Node:
        """The value under a key; null when the key is absent."""
        return Node(self.fields().get(key), f"{self.path}.{key}")

    def first(self, *keys: str) -> Node:
        """The value under the first of these keys that stands."""
        for key in keys:
            if key in self.fields():
                return self.at(key)
        raise self.fail(f"{' or '.join(map(repr, keys))} is missing")

    @property
    def is_null(self) -> bool:
        """Whether the value is null (or its key absent)."""
        return self.value is None

    def __iter__(self) -> Iterator[Node]:
        if not isinstance(self.value, list):
            raise self.fail(f"expected a list, got {_kind(self.value)}")
        return (Node(each, f"{self.path}[{index}]") for index, each in enumerate(self.value))

    def text(self) -> str:
        """A string."""
        if not isinstance(self.value, str):
            raise self.fail(f"expected a string, got {_kind(self.value)}")
        if not self.value.isascii() and any("\ud800" <= each <= "\udfff" for each in self.value):
            raise self.fail("half of a surrogate pair is no character")
        return self.value

    def integer(self) -> int:
        """An integer of 64 signed bits: a JSON number, or the string that nodes write for it."""
        value = self.value
        if isinstance(value, str) and _INTEGER.fullmatch(value):
            value = int(value)
        if isinstance(value, bool) or not isinstance(value, int):
            raise self.fail(f"expected an integer, got {self.value!r:.60}")
        if not -(1 << 63) <= value < 1 << 63:
            raise self.fail(f"{value} does not fit 64 signed bits")
        return value

    def hex(self) -> bytes:
        """Hexadecimal text in either case, without a prefix; null is empty."""
        text = "" if self.is_null else self.text()
        if len(text) % 2 or not re.fullmatch(r"[0-9A-Fa-f]*", text, re.ASCII):
            raise self.fail(f"expected hexadecimal digits in pairs, got {text!r:.60}")
        return bytes.fromhex(text)

    def base64(self) -> bytes:
        """Base64 with padding, in its only form; null is empty."""
        text = "" if self.is_null else self.text()
        try:
            raw = base64.b64decode(text, validate=True)
        except (binascii.Error, ValueError):
            raise self.fail("expected base64 text") from None
        if base64.b64encode(raw).decode() != text:
            raise self.fail("expected base64 text in its canonical form")
        return raw

    def time(self) -> Timestamp:
        """A time of RFC 3339 with up to nine fractional digits, or the value that TOML makes of one."""
        if isinstance(self.value, datetime):
            if self.value.tzinfo is None:
                raise self.fail("a time needs its offset: write Z at its end")
            since = self.value.astimezone(UTC).replace(tzinfo=None) - _EPOCH
            return Timestamp.from_ns(since // timedelta(microseconds=1) * 1000)
        try:
            return Timestamp.parse(self.text())
        except ValueError as error:
            raise self.fail(str(error)) from None


def _kind(value: object) -> str:
    names = {dict: "an object", list: "a list", str: "a string", bool: "a boolean", type(None): "null"}
    return names.get(type(value), f"{value!r:.40}")
