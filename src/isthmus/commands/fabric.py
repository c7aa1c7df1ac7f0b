"""``isthmus check fabric``: walks the blocks of a channel from an anchor; ``isthmus anchor fabric`` makes one."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final, NamedTuple

from isthmus import progress
from isthmus.chains import fabric
from isthmus.chains.fabric import Anchor, Block, Client
from isthmus.commands.common import (
    EXIT_OF,
    EXIT_VALID,
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
_DOCS: Final = "docs/fabric.md tells what an anchor holds"

# What to do about a verdict that is undecided.
_NEXT: Final[Mapping[str, str]] = {
    "fabric_no_anchor": "the block only agrees with itself: give an --anchor, the channel's --genesis block, or "
    "--trust-first",
    "fabric_genesis_unpinned": "give the block's hash from a source that you trust (--trust-hash), or --genesis",
    "fabric_config_missing": "give the config that was in force before the block: config = { file = ... } in --anchor",
    "fabric_endorsement_policy_missing": "give the chaincode's endorsement policy: --policy NAME=POLICY",
    "fabric_state_needed": "leave out --commit-hash for this block: it needs the ledger's state",
    "limit_exceeded": "raise --max-bytes",
}


class Given(NamedTuple):
    """One block of a file. ``block`` is None where the bytes do not even tell its number."""

    name: str
    raw: bytes
    block: Block | None


class Judged(NamedTuple):
    """A block and what was said about it."""

    given: Given
    verdict: Verdict


def run(args: argparse.Namespace) -> Result:
    """Judges the blocks in the order of their numbers, up to the first that is not valid."""
    given = [each for path in args.files for each in read_file(path)]
    if not given:
        raise UsageError(f"{args.files[0]}: no blocks", "a block in protobuf or a block file is expected")
    if args.commit_hash and args.gaps:
        raise UsageError("commit hashes follow from every block before", "leave out --commit-hash or --gaps")
    given.sort(key=lambda each: each.block.number if each.block else -1)
    anchor = read_anchor(args, given)
    with make_engine(args) as engine:
        total = len(given)
        with progress.bar("walking", total, "blocks", shown=shown_progress(args)) as done:
            try:
                walk = attest if args.attestations else follow
                judged = walk(engine, anchor, given, done, gaps=args.gaps)
            except ValueError as error:
                raise UsageError(f"anchor: {error}", _DOCS) from None
    return report(judged, total, anchor, all_findings=args.all_findings)


def follow(
    engine: Engine, anchor: Anchor, given: Sequence[Given], done: progress.Advance, *, gaps: bool
) -> list[Judged]:
    """Verdicts up to the first that is not valid."""
    for each in given:
        if each.block is None:  # it comes first and stops the walk, as any block that is not valid
            return [Judged(each, engine.check(fabric.CHAIN, each.raw, anchor))]
    client = Client(engine, anchor, chunk=_CHUNK)
    judged: list[Judged] = []
    for first in range(0, len(given), _CHUNK):
        part = given[first : first + _CHUNK]
        blocks = [each.block for each in part if each.block is not None]
        steps = (client.skip(blocks) if gaps else client.walk(blocks)).steps
        judged += [Judged(each, step.verdict) for each, step in zip(part, steps, strict=False)]
        done(len(steps))
        if not judged[-1].verdict.ok:
            break
    return judged


def attest(
    engine: Engine, anchor: Anchor, given: Sequence[Given], done: progress.Advance, *, gaps: bool
) -> list[Judged]:
    """Verdicts of headers with metadata, each under the same anchor."""
    del gaps
    verdicts = engine.check(fabric.ATTESTATION, [each.raw for each in given], replace(anchor, form=0))
    done(len(given))
    return [Judged(each, verdict) for each, verdict in zip(given, verdicts, strict=True)]


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
    lines.append(f"{anchor.channel_id}: {valid} of {total} blocks verified: {status}")
    lines.append(f"  order by: {', '.join(trust_classes(judged)) or 'nothing'}; effects of transactions are not proved")
    if len(judged) < total:
        lines.append(f"  the {total - len(judged)} after the first that is not valid were not judged")
    code = judged[-1].verdict.code
    if status is Status.UNDECIDED and code in _NEXT:
        lines.append(f"  next: {_NEXT[code]}")
    data = {
        "chain": "fabric",
        "channel_id": anchor.channel_id,
        "dialect": anchor.dialect,
        "status": str(status),
        "given": total,
        "valid": valid,
        "trust": trust_classes(judged),
        "blocks": [{"file": each.given.name, **_steering(each.given), **_shown(each.verdict)} for each in judged],
    }
    return Result(EXIT_OF[status], data, lines)


def trust_classes(judged: Sequence[Judged]) -> list[str]:
    """Whose word the order of the valid blocks is, each once."""
    said = [
        each.verdict.facts["trust"].decode() for each in judged if each.verdict.ok and "trust" in each.verdict.facts
    ]
    return list(dict.fromkeys(said))


def read_file(path: str) -> list[Given]:
    """The blocks of a file: one in protobuf, a block file, or JSON."""
    raw = bytes(open_input(path))
    try:
        blocks = fabric.read_blocks(raw)
    except ValueError as error:
        if raw.lstrip()[:1] in (b"{", b"["):
            raise UsageError(f"{path}: {error}", "peer channel fetch writes a block in protobuf") from None
        return [Given(path, raw, None)]  # malformed: the decoder will say where
    if len(blocks) == 1:
        return [Given(path, blocks[0].encoded, blocks[0])]
    return [Given(f"{path}[{block.number}]", block.encoded, block) for block in blocks]


def read_anchor(args: argparse.Namespace, given: Sequence[Given]) -> Anchor:
    """The anchor of ``--anchor`` or ``--genesis``, with what the other options say in its place."""
    first = next((each.block for each in given if each.block), None)
    try:
        anchor = _base(args, first)
        if args.channel_id is not None:
            anchor = replace(anchor, channel_id=args.channel_id)
        if args.dialect is not None:
            anchor = replace(anchor, dialect=args.dialect)
        if args.trust_hash is not None:
            anchor = replace(anchor, header_hash=from_hex(args.trust_hash, "--trust-hash"))
        options = anchor.options
        if args.transactions is not None:
            options = replace(options, transactions=args.transactions)
        if args.commit_hash:
            options = replace(options, commit_hash=True)
        if args.check_update:
            options = replace(options, check_update=True)
        rules = {**anchor.endorsements, **dict(_policy(each) for each in args.policy)}
        return replace(anchor, options=options, endorsements=rules)
    except OSError as error:
        raise UsageError(f"cannot read {error.filename}: {error.strerror}", _DOCS) from None
    except ValueError as error:
        raise UsageError(f"{args.anchor or 'anchor'}: {error}", _DOCS) from None


def _base(args: argparse.Namespace, first: Block | None) -> Anchor:
    if args.anchor is not None:
        return Anchor.load(args.anchor)
    if args.genesis is not None:
        block = _config_block(args.genesis)
        # Pinned where it is walked over, else trusted for what comes after it.
        if first is not None and first.number <= block.number:
            return Anchor.from_block(block, args.dialect)
        anchor = Anchor.from_config_block(block, args.dialect)
        adjacent = first is not None and first.number == block.number + 1
        return anchor if adjacent else replace(anchor, parent=None, previous_commit_hash=b"")
    if args.trust_first:
        if first is None or first.config is None:
            raise UsageError("the first block is no config block", "give the channel's config block: --genesis FILE")
        return Anchor.from_block(first, args.dialect)
    channel_id = args.channel_id or (first.channel_id if first else "") or "unknown"
    return Anchor(channel_id, args.dialect or "standard")


def _config_block(path: str) -> Block:
    for each in read_file(path):
        if each.block is not None and each.block.config is not None:
            return each.block
    raise UsageError(f"{path}: no config block", "peer channel fetch config (or 0) writes one")


def _policy(text: str) -> tuple[str, bytes | str]:
    name, mark, rule = text.partition("=")
    if not mark or not name:
        raise UsageError(f"--policy {text!r}: expected CHAINCODE=POLICY", _DOCS)
    return name, rule if rule.startswith("/") else fabric.signature_policy(rule)


def _steering(given: Given) -> dict[str, Any]:
    if given.block is None:
        return {"number": None, "header_hash": None}
    return {"number": given.block.number, "header_hash": given.block.header_hash.hex()}


def _shown(verdict: Verdict) -> dict[str, Any]:
    """A verdict for ``--json``; a config is long and stands in the file."""
    said = verdict.to_dict()
    said["facts"].pop("config", None)
    return said


# --- isthmus anchor fabric


def add_anchor_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of ``isthmus anchor fabric``."""
    parser.add_argument("--dialect", metavar="NAME", help="legacy, standard, bft or x (default: by the config)")


def anchor(args: argparse.Namespace) -> Result:
    """The anchor that pins the first config block of the files, as TOML, with its fingerprint."""
    block = _config_block(args.files[0])
    try:
        made = Anchor.from_block(block, args.dialect)
    except ValueError as error:
        raise UsageError(f"{args.files[0]}: {error}", _DOCS) from None
    made = replace(made, form=fabric.BLOCK)
    lines = [
        f"# block {block.number} of channel {made.channel_id}; fingerprint of this anchor: {made.fingerprint}",
        "# compare both hashes by another way than the one by which the block came",
        f'channel_id = "{made.channel_id}"',
        f'dialect = "{made.dialect}"',
        f'header_hash = "{made.header_hash.hex()}"',
    ]
    data = {
        "channel_id": made.channel_id,
        "dialect": made.dialect,
        "number": block.number,
        "header_hash": made.header_hash.hex(),
        "fingerprint": made.fingerprint,
    }
    return Result(EXIT_VALID, data, lines)
