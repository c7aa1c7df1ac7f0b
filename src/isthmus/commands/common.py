"""What all subcommands share: results, exit codes, inputs from files, mistakes of the user."""

from __future__ import annotations

import argparse
import json
import mmap
import re
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from isthmus.columns import Buffer
from isthmus.engine import Engine
from isthmus.verdict import Count, Status, Verdict

EXIT_VALID: Final = 0
EXIT_INVALID: Final = 1
EXIT_USAGE: Final = 2
EXIT_UNDECIDED: Final = 3
EXIT_DEFECT: Final = 70  # EX_SOFTWARE of sysexits.h: never to be taken for a verdict

EXIT_OF: Final[Mapping[Status, int]] = {
    Status.VALID: EXIT_VALID,
    Status.INVALID: EXIT_INVALID,
    Status.UNDECIDED: EXIT_UNDECIDED,
}

_SHOWN_FINDINGS: Final = 10
_HEX_STEP: Final = "write two hexadecimal digits for each byte, in quotes"
_HEX: Final = re.compile(rb"\s*(?:[0-9a-fA-F]{2}\s*)+\Z")


class UsageError(Exception):
    """A mistake of the user: what is wrong, and what to do next. No traceback, exit code 2."""

    def __init__(self, what: str, next_step: str = "") -> None:
        super().__init__(what)
        self.next_step = next_step


@dataclass(slots=True)
class Result:
    """What a subcommand found: the exit code, lines for people, and the object that ``--json`` prints."""

    code: int
    data: dict[str, Any] = field(default_factory=dict)
    lines: list[str] = field(default_factory=list)

    def show(self, *, as_json: bool) -> None:
        """Writes the result to standard output."""
        text = json.dumps(self.data, indent=2) if as_json else "\n".join(self.lines)
        if text:
            sys.stdout.write(text + "\n")


def status_of(statuses: Iterable[Status]) -> Status:
    """Invalid if any is, else undecided if any is or there are none, else valid."""
    seen = set(statuses)
    if Status.INVALID in seen:
        return Status.INVALID
    return Status.VALID if seen == {Status.VALID} else Status.UNDECIDED


def make_engine(args: argparse.Namespace) -> Engine:
    """The engine that ``--threads`` and ``--max-bytes`` ask for."""
    limits = {"bytes_max": args.max_bytes} if getattr(args, "max_bytes", None) is not None else None
    try:
        return Engine(args.threads, limits=limits)
    except ValueError as error:
        raise UsageError(str(error)) from None


def add_common(parser: argparse.ArgumentParser, *, engine: bool = True) -> None:
    """Options that every subcommand has."""
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of text")
    parser.add_argument("--no-progress", action="store_true", help="no progress bar")
    parser.add_argument("-v", "--verbose", action="store_true", help="log to standard error")
    parser.add_argument("--log-json", action="store_true", help="log lines are JSON objects (implies -v)")
    if engine:
        parser.add_argument("--threads", type=int, metavar="N", help="threads to use (default: one per usable CPU)")


def shown_progress(args: argparse.Namespace) -> bool:
    """Whether a progress bar may be drawn."""
    return not (args.no_progress or args.json)


def open_input(path: str) -> Buffer:
    """The bytes of a file: mapped read-only where possible, read from a pipe, ``-`` for standard input."""
    if path == "-":
        return sys.stdin.buffer.read()
    try:
        with Path(path).open("rb") as file:
            try:
                return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
            except (ValueError, OSError):  # empty, or something that cannot be mapped
                return file.read()
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror}", "check the path and its permissions") from None


def open_raw_or_hex(path: str) -> Buffer:
    """As ``open_input``; a file of hexadecimal text, as a node's RPC gives, is decoded."""
    data = open_input(path)
    if len(data) and _HEX.match(data):
        return bytes.fromhex(bytes(data).decode("ascii"))
    return data


def from_hex(text: object, what: str) -> bytes:
    """Bytes of hexadecimal text, ``0x`` allowed; ``UsageError`` names ``what``."""
    if not isinstance(text, str):
        raise UsageError(f"{what}: expected hexadecimal text, got {type(text).__name__}", _HEX_STEP)
    try:
        return bytes.fromhex(text.strip().removeprefix("0x"))
    except ValueError:
        raise UsageError(f"{what}: not hexadecimal text: {text[:40]!r}", _HEX_STEP) from None


def counts_line(counts: Mapping[str, Count]) -> str:
    """``1 tx, 3 input (1 undecided)``: how many parts of each kind were judged."""
    parts = []
    for kind, count in counts.items():
        bad = [f"{n} {word}" for n, word in ((count.invalid, "invalid"), (count.undecided, "undecided")) if n]
        parts.append(f"{sum(count)} {kind}" + (f" ({', '.join(bad)})" if bad else ""))
    return ", ".join(parts)


def verdict_lines(name: str, verdict: Verdict, *, all_findings: bool) -> list[str]:
    """A verdict for people: one line, then its findings."""
    counted = counts_line(verdict.counts)
    lines = [f"{name}: {verdict}" + (f" [{counted}]" if counted else "")]
    shown = verdict.findings if all_findings else verdict.findings[:_SHOWN_FINDINGS]
    if len(shown) == 1 and (shown[0].code, shown[0].where) == (verdict.code, verdict.where):
        return lines  # the first line says it all
    lines += [f"  {finding}" for finding in shown]
    if len(shown) < len(verdict.findings):
        lines.append(f"  ... and {len(verdict.findings) - len(shown)} more (--all-findings shows them)")
    return lines


def natural(text: str) -> int:
    """A whole number, 0 or more, for argparse."""
    value = int(text, 10)
    if value < 0:
        raise argparse.ArgumentTypeError(f"expected 0 or more, got {text}")
    return value
