"""``isthmus check bitcoin``: blocks or headers that follow each other, from files.

The first one is judged under the anchor that was given. Each later one is judged under the headers before it,
which are judged in the same run: it is valid given that they are, and the run is valid only if all are.
"""

from __future__ import annotations

import argparse
import tomllib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final, NamedTuple

from isthmus import progress
from isthmus.chains import bitcoin
from isthmus.chains.bitcoin import HEADER_LEN, MEDIAN_SPAN, PERIOD, Anchor, opener_height
from isthmus.columns import Buffer
from isthmus.commands.common import (
    EXIT_OF,
    Result,
    UsageError,
    counts_line,
    make_engine,
    open_input,
    open_raw_or_hex,
    shown_progress,
    verdict_lines,
)
from isthmus.commands.framing import frames, is_framed, unscramble
from isthmus.engine import Engine
from isthmus.samples import early_bitcoin
from isthmus.verdict import Report, Status, Verdict

_BLOCKS_MAX: Final = 1 << 14  # in one call of the engine,
_BYTES_MAX: Final = 128 << 20  # which is the size of one blk*.dat
_HEADERS_MAX: Final = 16 * PERIOD  # in one input
_LINES_MAX: Final = 40  # blocks named one by one; above, only those that are not valid

# What to do about a finding that is undecided.
_NEXT: Final[Mapping[str, str]] = {
    "bitcoin_prevouts_missing": "give the spent outputs of each block: --prevouts FILE (docs/cli.md tells the form)",
    "bitcoin_header_context_missing": "give the headers before the first block (--parents FILE), or its hash "
    "from a source that you trust (--trust-hash)",
    "bitcoin_median_time_missing": "give at least eleven headers before the first block: --parents FILE",
    "bitcoin_prevout_height_missing": "give spent outputs with the heights of the blocks that made them",
    "bitcoin_script_not_template": "these inputs are not judged: their scripts are none of the standard templates",
    "bitcoin_script_rules_unknown": "give the block's hash: --trust-hash",
    "limit_exceeded": "raise --max-bytes",
}


class Item(NamedTuple):
    """One input: a block, or a run of headers. ``headers`` are those that it adds to the run."""

    name: str
    raw: Buffer
    headers: bytes


def run(args: argparse.Namespace) -> Result:
    """Judges the files as one run."""
    items, network = (read_headers(args), None) if args.headers else read_blocks(args)
    anchor = read_anchor(args, items, network)
    anchors = run_anchors(anchor, items)
    if args.prevouts:
        anchors = with_prevouts(anchors, args.prevouts)
    chain = "bitcoin-headers" if args.headers else "bitcoin-block"
    unit = "runs of headers" if args.headers else "blocks"
    with make_engine(args) as engine, progress.bar("checking", len(items), unit, shown=shown_progress(args)) as done:
        report = check(engine, chain, items, anchors, done)
    return tell(args, anchor.network, items, anchors, report)


def check(
    engine: Engine, chain: str, items: Sequence[Item], anchors: Sequence[Anchor], done: progress.Advance
) -> Report:
    """Verdicts of all items, as many in one call as a node's file holds."""
    verdicts: list[Verdict] = []
    for part in parts(items):
        inputs, trusted = [item.raw for item in items[part]], list(anchors[part])
        if chain == "bitcoin-block":
            trusted = with_txids(engine, inputs, trusted)
        try:
            verdicts += engine.check(chain, inputs, trusted)
        except ValueError as error:  # such as a container of spent outputs that is not one
            raise UsageError(f"{error}", "docs/cli.md tells the form of anchors and of spent outputs") from None
        done(len(inputs))
    return Report(verdicts)


def parts(items: Sequence[Item]) -> Iterator[slice]:
    """Cuts the run into calls of the engine."""
    first = size = 0
    for index, item in enumerate(items):
        if index > first and (index - first == _BLOCKS_MAX or size + len(item.raw) > _BYTES_MAX):
            yield slice(first, index)
            first, size = index, 0
        size += len(item.raw)
    if first < len(items):
        yield slice(first, len(items))


def with_txids(engine: Engine, inputs: Sequence[Buffer], anchors: Sequence[Anchor]) -> list[Anchor]:
    """The anchors with each block's transaction identifiers as a hint: outputs that a block makes and spends
    are then found."""
    bare = [Anchor(anchor.height, anchor.network) for anchor in anchors]
    said = engine.check("bitcoin-txids", inputs, bare)
    hints = [verdict.facts.get("txids", b"") for verdict in said]
    return [replace(anchor, txids=hint) for anchor, hint in zip(anchors, hints, strict=True)]


# --- what was given


def read_blocks(args: argparse.Namespace) -> tuple[list[Item], str | None]:
    """The blocks of all files, and the network that their framing names."""
    key = open_input(args.xor) if args.xor is not None else None
    items: list[Item] = []
    networks: dict[str, str] = {}
    for path in args.files:
        data = open_raw_or_hex(path)
        if key is not None and not is_framed(data):
            data = unscramble(data, key, args.xor)
        if not is_framed(data):
            items.append(Item(path, data, bytes(data[:HEADER_LEN])))
            continue
        for frame in frames(data, path):
            items.append(Item(f"{path}@{frame.offset}", frame.block, bytes(frame.block[:HEADER_LEN])))
            networks.setdefault(frame.network, path)
    if not items:
        raise UsageError(f"{args.files[0]}: no blocks", "a blk*.dat file, or one block in each file, is expected")
    if len(networks) > 1:
        raise UsageError(f"the files are of different networks: {', '.join(networks)}", "check one network at a time")
    return items, next(iter(networks), None)


def read_headers(args: argparse.Namespace) -> list[Item]:
    """The headers of all files, cut into runs that threads can share."""
    items: list[Item] = []
    for path in args.files:
        data = open_raw_or_hex(path)
        step = HEADER_LEN * _HEADERS_MAX
        for at in range(0, max(len(data), 1), step):
            part = bytes(data[at : at + step])
            items.append(Item(path if len(data) <= step else f"{path}@{at}", part, part))
    return items


def read_anchor(args: argparse.Namespace, items: Sequence[Item], network: str | None) -> Anchor:
    """The anchor of the first item: ``--anchor``, with what the other options say in its place."""
    try:
        anchor = Anchor.load(args.anchor) if args.anchor is not None else None
        chosen = args.network or (anchor.network if anchor else network or "main")
        if chosen not in bitcoin.NETWORKS:
            raise UsageError(f"no network {chosen!r}", f"choose one of {', '.join(bitcoin.NETWORKS)}")
        if network is not None and network != chosen:
            raise UsageError(f"the files are of network {network}, not {chosen}", f"give --network {network}")
        height = args.height if args.height is not None else anchor.height if anchor else infer_height(items[0], chosen)
        anchor = replace(anchor or Anchor(height), height=height, network=chosen)
        if args.parents is not None:
            headers = bytes(open_raw_or_hex(args.parents))
            if len(headers) % HEADER_LEN or not headers:
                raise UsageError(f"{args.parents}: {len(headers)} bytes", f"headers of {HEADER_LEN} bytes are expected")
            anchor = anchor.with_headers(headers, height - len(headers) // HEADER_LEN)
        elif height == 1 and chosen == "main" and not anchor.parents and not anchor.hash:
            # the genesis is no matter of trust
            anchor = replace(anchor, parents=early_bitcoin().headers[:HEADER_LEN])
        if args.trust_hash is not None:
            anchor = replace(anchor, hash=bitcoin.from_printed(args.trust_hash))
        return anchor
    except OSError as error:
        raise UsageError(
            f"cannot read {error.filename}: {error.strerror}", "files are looked for beside the anchor"
        ) from None
    except (ValueError, tomllib.TOMLDecodeError) as error:
        raise UsageError(f"{args.anchor or 'anchor'}: {error}", "docs/cli.md tells what an anchor holds") from None


def infer_height(item: Item, network: str) -> int:
    """0 for a header without a parent, 1 for one that follows mainnet's genesis; else the caller has to
    say."""
    parent = item.headers[4:36]
    if parent == bytes(32):
        return 0
    if network == "main" and parent == early_bitcoin().headers[HEADER_LEN + 4 : HEADER_LEN + 36]:
        return 1
    raise UsageError(f"{item.name}: the height is not known", "give --height N, or an --anchor with a height")


def run_anchors(first: Anchor, items: Sequence[Item]) -> list[Anchor]:
    """One anchor per item: that of the caller, then those that the headers of the run make."""
    run = memoryview(first.parents + b"".join(item.headers for item in items))
    start = first.height - len(first.parents) // HEADER_LEN
    anchors = [first]
    height = first.height
    for item in items[:-1]:
        height += max(1, len(item.headers) // HEADER_LEN)
        parents, opener = _context(run, start, height, first)
        anchors.append(Anchor(height, first.network, parents=parents, opener=opener, now=first.now))
    return anchors


def _context(run: memoryview, start: int, height: int, first: Anchor) -> tuple[bytes, bytes]:
    """Parents and opener of the header at ``height``, out of headers from ``start`` on."""
    last = height - start
    opens = opener_height(height) - start
    # on testnets the last target that is not the easiest may lie anywhere in the period
    wanted = MEDIAN_SPAN if opens >= 0 or first.network == "main" else PERIOD
    parents = bytes(run[HEADER_LEN * max(0, last - wanted) : HEADER_LEN * last])
    if opens >= 0:
        return parents, bytes(run[HEADER_LEN * opens : HEADER_LEN * (opens + 1)])
    return parents, first.opener if opener_height(height) == opener_height(first.height) else b""


def with_prevouts(anchors: Sequence[Anchor], paths: Sequence[str]) -> list[Anchor]:
    """The anchors with one container of spent outputs each."""
    if len(paths) != len(anchors):
        raise UsageError(
            f"{len(anchors)} blocks but {len(paths)} files of spent outputs", "give --prevouts once for each block"
        )
    return [replace(anchor, prevouts=bytes(open_input(path))) for anchor, path in zip(anchors, paths, strict=True)]


# --- what was found


def tell(
    args: argparse.Namespace, network: str, items: Sequence[Item], anchors: Sequence[Anchor], report: Report
) -> Result:
    """What was found, for people and for ``--json``."""
    lines: list[str] = []
    for item, verdict in zip(items, report, strict=True):
        if len(report) <= _LINES_MAX or not verdict.ok:
            lines += verdict_lines(item.name, verdict, all_findings=args.all_findings)
    counted = counts_line(report.counts)
    lines.append(f"{network}: {report.summary()}" + (f" [{counted}]" if counted and len(report) > 1 else ""))
    codes = Counter(finding.code for verdict in report for finding in verdict.findings)
    if codes:
        lines.append("  findings: " + ", ".join(f"{count} {code}" for code, count in codes.most_common()))
    if report.status is Status.UNDECIDED:
        lines += [f"  next: {_NEXT[code]}" for code, _ in codes.most_common() if code in _NEXT]
    data: dict[str, Any] = {
        "chain": "bitcoin",
        "network": network,
        "status": str(report.status),
        "counts": {kind: count._asdict() for kind, count in report.counts.items()},
        "findings": dict(codes),
        "headers" if args.headers else "blocks": [
            {
                "file": item.name,
                "height": anchor.height,
                "hash": bitcoin.to_printed(verdict.facts.get("hash", b"")),
                **verdict.to_dict(),
            }
            for item, anchor, verdict in zip(items, anchors, report, strict=True)
        ],
    }
    return Result(EXIT_OF[report.status], data, lines)
