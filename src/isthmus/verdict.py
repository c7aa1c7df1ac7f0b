"""What the judge said about one input, and reports over many.

A verdict is immutable and picklable. It has no truth value: ``if verdict:`` raises, so that a result cannot
be passed over by accident; say ``verdict.ok``, or ``verdict.require()`` for an exception.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from types import MappingProxyType
from typing import Any, Final, NamedTuple, NoReturn, overload

import numpy as np
from numpy.typing import NDArray

from isthmus import _native
from isthmus.errors import InternalError, InvalidBlock, LimitExceeded, Undecided


class Status(enum.StrEnum):
    """Nothing may be believed about an input but ``valid``."""

    VALID = "valid"
    INVALID = "invalid"
    UNDECIDED = "undecided"


_STATUS: Final = (Status.VALID, Status.INVALID, Status.UNDECIDED)


class Code(NamedTuple):
    """One stable code. ``name`` and ``number`` never change; ``text`` is for people and may."""

    name: str
    number: int
    text: str


@cache
def codes() -> Mapping[str, Code]:
    """Every code by name, in ascending order of number.

    >>> codes()["signature_false"].number
    3001
    """
    entries = sorted((Code(*entry) for entry in _native.codes()), key=lambda code: code.number)
    return MappingProxyType({entry.name: entry for entry in entries})


@cache
def _name_by_number() -> Mapping[int, str]:
    return {code.number: code.name for code in codes().values()}


def _code_name(number: int) -> str:
    try:
        return _name_by_number()[number]
    except KeyError:
        raise InternalError(f"the native core gave code {number}, which is in no list") from None


class Finding(NamedTuple):
    """One thing that is not valid. ``where`` is a place such as ``block 170 tx 1 input 0``; ``offset`` counts
    bytes of the input and is 0 where the finding is about a settled claim rather than about a field."""

    status: Status
    code: str
    where: str
    offset: int

    @property
    def reason(self) -> str:
        """The code's text."""
        return codes()[self.code].text

    def __str__(self) -> str:
        place = f" at {self.where}" if self.where else ""
        offset = f" (byte {self.offset})" if self.offset else ""
        return f"{self.status}: {self.code}{place}{offset}: {self.reason}"


class Count(NamedTuple):
    """Parts of one kind (tx, input, vote ...) by status."""

    valid: int
    invalid: int
    undecided: int


_NO_COUNTS: Final[Mapping[str, Count]] = MappingProxyType({})
_NO_FACTS: Final[Mapping[str, bytes]] = MappingProxyType({})
_NO_ROWS: Final[Mapping[str, int]] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Verdict:
    """The judgement of one input.

    ``status``   valid, invalid or undecided
    ``code``     name of the first reason in decode order (``ok`` when valid), a key of :func:`codes`
    ``where``    the place of that reason, such as ``block 170 tx 1 input 0``
    ``findings`` everything that is not valid, in decode order
    ``counts``   for each kind of part how many are valid, invalid and undecided
    ``facts``    values read or computed on the way (a header hash, say), as raw bytes
    ``rows``     how many rows of each sort were settled
    """

    status: Status
    code: str
    where: str = ""
    findings: tuple[Finding, ...] = ()
    counts: Mapping[str, Count] = field(default_factory=lambda: _NO_COUNTS, hash=False)
    facts: Mapping[str, bytes] = field(default_factory=lambda: _NO_FACTS, hash=False, repr=False)
    rows: Mapping[str, int] = field(default_factory=lambda: _NO_ROWS, hash=False, repr=False)

    @property
    def ok(self) -> bool:
        """True iff the status is valid."""
        return self.status is Status.VALID

    @property
    def reason(self) -> str:
        """The code's text."""
        return codes()[self.code].text

    @property
    def offset(self) -> int:
        """Byte of the input that the first reason is about; 0 where it is about a settled claim."""
        return next((f.offset for f in self.findings if f.code == self.code and f.where == self.where), 0)

    def require(self) -> Verdict:
        """This verdict when it is valid; else raises :class:`~isthmus.InvalidBlock`,
        :class:`~isthmus.Undecided` or, for an input beyond the caller's limits,
        :class:`~isthmus.LimitExceeded`."""
        if self.status is Status.VALID:
            return self
        if self.status is Status.INVALID:
            raise InvalidBlock(self)
        raise LimitExceeded(self) if self.code == "limit_exceeded" else Undecided(self)

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON; facts as hexadecimal text."""
        return {
            "status": str(self.status),
            "code": self.code,
            "where": self.where,
            "reason": self.reason,
            "findings": [
                {"status": str(f.status), "code": f.code, "where": f.where, "offset": f.offset} for f in self.findings
            ],
            "counts": {kind: count._asdict() for kind, count in self.counts.items()},
            "facts": {name: value.hex() for name, value in self.facts.items()},
            "rows": dict(self.rows),
        }

    def __bool__(self) -> NoReturn:
        raise TypeError("a verdict has no truth value: use verdict.ok, or verdict.require() for an exception")

    def __str__(self) -> str:
        if self.ok:
            return f"{self.status}: {self.where}" if self.where else f"{self.status}"
        place = f" at {self.where}" if self.where else ""
        return f"{self.status}: {self.code}{place}: {self.reason}"

    def __reduce__(self) -> tuple[Any, ...]:
        maps = (dict(self.counts), dict(self.facts), dict(self.rows))
        return _rebuild, (self.status, self.code, self.where, self.findings, *maps)


def _rebuild(
    status: Status,
    code: str,
    where: str,
    findings: tuple[Finding, ...],
    counts: dict[str, Count],
    facts: dict[str, bytes],
    rows: dict[str, int],
) -> Verdict:
    proxies = (MappingProxyType(counts), MappingProxyType(facts), MappingProxyType(rows))
    return Verdict(status, code, where, findings, *proxies)


def from_native(native: _native.Verdict) -> Verdict:
    """The Python form of a native verdict; copies, so the native sheet may go."""
    findings = tuple(Finding(_STATUS[s], _code_name(c), place, offset) for s, c, place, offset in native.findings)
    counts = {kind: Count(*by_status) for kind, by_status in native.counts.items()}
    status = _STATUS[native.status]
    return _rebuild(status, _code_name(native.code), native.place, findings, counts, native.facts, native.rows)


REPORT_DTYPE: Final = np.dtype([("status", "u1"), ("code", "<u2"), ("findings", "<u4"), ("where", "U64")])


class Report(Sequence[Verdict]):
    """The verdicts of many inputs, in the order of the inputs.

    A sequence with helpers: ``report.ok`` is true iff there is at least one verdict and all are valid (an
    empty report proves nothing), ``report.status`` folds them, ``report.to_records()`` gives a NumPy record
    array.
    """

    __slots__ = ("_verdicts",)

    def __init__(self, verdicts: Iterable[Verdict]) -> None:
        self._verdicts: Final = tuple(verdicts)

    @overload
    def __getitem__(self, index: int) -> Verdict: ...
    @overload
    def __getitem__(self, index: slice) -> Report: ...
    def __getitem__(self, index: int | slice) -> Verdict | Report:
        return Report(self._verdicts[index]) if isinstance(index, slice) else self._verdicts[index]

    def __len__(self) -> int:
        return len(self._verdicts)

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Report):
            return self._verdicts == other._verdicts
        return self._verdicts == tuple(other) if isinstance(other, (list, tuple)) else NotImplemented

    def __hash__(self) -> int:
        return hash(self._verdicts)

    def __bool__(self) -> NoReturn:
        raise TypeError("a report has no truth value: use report.ok, or len(report) for the number of verdicts")

    def __repr__(self) -> str:
        return f"<Report of {len(self)}: {self.summary()}>"

    @property
    def status(self) -> Status:
        """Invalid if any is invalid, else undecided if any is or if there are none, else valid."""
        seen = {verdict.status for verdict in self._verdicts}
        if Status.INVALID in seen:
            return Status.INVALID
        return Status.VALID if seen == {Status.VALID} else Status.UNDECIDED

    @property
    def ok(self) -> bool:
        """True iff there is a verdict and every verdict is valid."""
        return self.status is Status.VALID

    @property
    def counts(self) -> Mapping[str, Count]:
        """Parts by kind and status, added up over the verdicts."""
        total: dict[str, Count] = {}
        for verdict in self._verdicts:
            for kind, count in verdict.counts.items():
                before = total.get(kind, Count(0, 0, 0))
                total[kind] = Count(*(left + right for left, right in zip(before, count, strict=True)))
        return MappingProxyType(total)

    def require(self) -> Report:
        """This report when every verdict is valid; else raises for the first that is not, as
        ``Verdict.require`` does. An empty report raises ``ValueError``: nothing was checked."""
        if not self._verdicts:
            raise ValueError("an empty report proves nothing: no input was checked")
        for verdict in self._verdicts:
            verdict.require()
        return self

    def summary(self) -> str:
        """One line, such as ``255 valid, 0 invalid, 0 undecided``."""
        statuses = [verdict.status for verdict in self._verdicts]
        return ", ".join(f"{statuses.count(status)} {status}" for status in _STATUS)

    def to_records(self) -> NDArray[np.void]:
        """One record per verdict: status (0 valid, 1 invalid, 2 undecided), code number, number of findings,
        place (cut at 64 characters)."""
        rows = [
            (_STATUS.index(v.status), codes()[v.code].number, len(v.findings), v.where[:64]) for v in self._verdicts
        ]
        return np.array(rows, dtype=REPORT_DTYPE)
