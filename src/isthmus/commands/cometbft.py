"""``isthmus check cometbft``: walks light blocks from an anchor, each verified block trusted for the next."""

from __future__ import annotations

import argparse
import json
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Final, NamedTuple

from isthmus import progress
from isthmus.chains import cometbft
from isthmus.chains.cometbft import Anchor, LightBlock, LightClient, Timestamp
from isthmus.commands.common import (
    EXIT_OF,
    Result,
    UsageError,
    from_hex,
    make_engine,
    open_input,
    shown_progress,
    status_of,
    verdict_lines,
)
from isthmus.engine import Engine
from isthmus.verdict import Status, Verdict

_CHUNK: Final = 64
_LINES_MAX: Final = 40  # blocks named one by one; above, only those that are not valid
_NS: Final = 1_000_000_000

# What to do about a verdict that is undecided.
_NEXT: Final[Mapping[str, str]] = {
    "cometbft_no_anchor": "the block only agrees with itself: give its header hash from a source that you trust "
    "(--trust-hash), an --anchor, or take the first block on trust (--trust-first)",
    "cometbft_trust_expired": "the trusted header is older than the trusting period: start from a newer one, or judge "
    "by the time that you mean (--now)",
    "cometbft_not_enough_trust": "fetch a light block of a height in between and give it too",
    "cometbft_no_trusted_validators": "put the validators into the anchor's [trusted], or give the block in between",
    "limit_exceeded": "raise --max-bytes",
}


class Given(NamedTuple):
    """One light block of a file. ``block`` is None where the bytes do not even tell their height."""

    name: str
    raw: bytes
    block: LightBlock | None


class Judged(NamedTuple):
    """A light block and what was said about it."""

    given: Given
    verdict: Verdict


def run(args: argparse.Namespace) -> Result:
    """Judges the blocks in the order of their heights, up to the first that is not valid."""
    given = [each for path in args.files for each in read_file(path)]
    if not given:
        raise UsageError(f"{args.files[0]}: no light blocks", "each file holds one light block or a list of them")
    given.sort(key=lambda each: each.block.height if each.block else 0)
    anchor = read_anchor(args, given)
    with make_engine(args) as engine:
        total = len(given)
        with progress.bar("walking", total, "light blocks", shown=shown_progress(args)) as done:
            try:
                judged = walk(engine, anchor, given, done)
            except ValueError as error:
                raise UsageError(f"anchor: {error}", "docs/cli.md tells what an anchor holds") from None
    return report(judged, total, anchor, all_findings=args.all_findings)


def walk(engine: Engine, anchor: Anchor, given: Sequence[Given], done: progress.Advance) -> list[Judged]:
    """Verdicts up to the first that is not valid."""
    for each in given:
        if each.block is None:  # it comes first and stops the walk, as any block that is not valid
            return [Judged(each, engine.check(cometbft.CHAIN, each.raw, anchor))]
    client = LightClient(engine, anchor, chunk=_CHUNK)
    judged: list[Judged] = []
    for first in range(0, len(given), _CHUNK):
        part = given[first : first + _CHUNK]
        steps = client.walk([each.block for each in part if each.block is not None]).steps
        judged += [Judged(each, step.verdict) for each, step in zip(part, steps, strict=False)]
        done(len(steps))
        if not judged[-1].verdict.ok:
            break
    return judged


def report(judged: Sequence[Judged], total: int, anchor: Anchor, *, all_findings: bool) -> Result:
    """What was found, for people and for ``--json``."""
    statuses = [each.verdict.status for each in judged]
    status = status_of(statuses)
    many = len(judged) > _LINES_MAX
    lines: list[str] = []
    for name, verdict in ((each.given.name, each.verdict) for each in judged):
        if not (many and verdict.ok):
            lines += verdict_lines(name, verdict, all_findings=all_findings)
    valid = statuses.count(Status.VALID)
    lines.append(f"{anchor.chain_id}: {valid} of {total} light blocks verified: {status}")
    if len(judged) < total:
        lines.append(f"  the {total - len(judged)} after the first that is not valid were not judged")
    code = judged[-1].verdict.code
    if status is Status.UNDECIDED and code in _NEXT:
        lines.append(f"  next: {_NEXT[code]}")
    data = {
        "chain": "cometbft",
        "chain_id": anchor.chain_id,
        "status": str(status),
        "given": total,
        "valid": valid,
        "blocks": [{"file": each.given.name, **_steering(each.given), **each.verdict.to_dict()} for each in judged],
    }
    return Result(EXIT_OF[status], data, lines)


def read_file(path: str) -> list[Given]:
    """The light blocks of a file: JSON (one, a list, or an object with ``blocks``) or one in protobuf."""
    raw = bytes(open_input(path))
    if raw.lstrip()[:1] not in (b"{", b"["):
        try:
            return [Given(path, raw, LightBlock.from_protobuf(raw))]
        except ValueError:
            return [Given(path, raw, None)]  # malformed: the decoder will say where
    try:
        blocks = cometbft.light_blocks_from_json(raw)
    except ValueError as error:
        raise UsageError(
            f"{path}: {error}", "docs/cli.md shows how to make a light block of a node's /commit and /validators"
        ) from None
    if len(blocks) == 1:
        return [Given(path, blocks[0].encoded, blocks[0])]
    return [Given(f"{path}[{index}]", block.encoded, block) for index, block in enumerate(blocks)]


def read_anchor(args: argparse.Namespace, given: Sequence[Given]) -> Anchor:
    """The anchor of ``--anchor``, with what the other options say in its place."""
    first = next((each.block for each in given if each.block), None)
    try:
        if args.anchor is not None:
            anchor = Anchor.from_mapping(read_toml(args.anchor))
        elif args.chain_id is not None:
            anchor = Anchor(args.chain_id)
        else:
            anchor = Anchor(first.chain_id if first else "unknown")
        if args.chain_id is not None:
            anchor = replace(anchor, chain_id=args.chain_id)
        if args.trust_hash is not None:
            anchor = replace(anchor, header_hash=from_hex(args.trust_hash, "--trust-hash"))
        if args.trust_first and first is not None:
            anchor = replace(anchor, header_hash=first.header_hash)
        if args.now is not None:
            anchor = anchor.at(Timestamp.parse(args.now))
        options = anchor.options
        if args.trusting_period is not None:
            options = replace(options, trusting_period_ns=args.trusting_period * _NS)
        if args.early_stop:
            options = replace(options, early_stop=True)
        return replace(anchor, options=options)
    except ValueError as error:
        where = args.anchor or "anchor"
        raise UsageError(f"{where}: {error}", "docs/cli.md tells what an anchor holds") from None


def read_toml(path: str) -> dict[str, Any]:
    """The values of a TOML file (or of JSON); dates and times as text of RFC 3339."""
    try:
        text = bytes(open_input(path)).decode("utf-8")
        values = json.loads(text) if text.lstrip().startswith("{") else tomllib.loads(text)
    except ValueError as error:
        raise UsageError(f"{path}: not TOML: {error}", "docs/cli.md shows an anchor") from None
    return {key: _plain(value) for key, value in values.items()}


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_plain(each) for each in value]
    if isinstance(value, datetime):
        text = value.isoformat()
        return text.removesuffix("+00:00") + "Z" if value.utcoffset() is None or text.endswith("+00:00") else text
    return value


def _steering(given: Given) -> dict[str, Any]:
    if given.block is None:
        return {"height": None, "header_hash": None}
    return {"height": given.block.height, "header_hash": given.block.header_hash.hex()}
