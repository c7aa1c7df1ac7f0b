"""``isthmus check fisco`` and ``isthmus anchor fisco``: FISCO BCOS blocks, headers and proofs."""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final, NamedTuple

from isthmus import progress
from isthmus._json import Node
from isthmus.chains import fisco
from isthmus.chains.fisco import Anchor, LightClient, Proof, Statement, TrustedHeader, Version
from isthmus.commands.cometbft import read_toml
from isthmus.commands.common import (
    EXIT_OF,
    Result,
    UsageError,
    from_hex,
    make_engine,
    open_input,
    open_raw_or_hex,
    shown_progress,
    status_of,
    verdict_lines,
)
from isthmus.engine import Engine
from isthmus.verdict import Status, Verdict

_DOCS: Final = "docs/fisco.md tells what an anchor holds"
_LINES_MAX: Final = 40  # blocks named one by one; above, only those that are not valid
_PROOF_FIELDS: Final = ("txProof", "transactionProof", "receiptProof", "txReceiptProof")

# What to do about a verdict that is undecided.
_NEXT: Final[Mapping[str, str]] = {
    "fisco_no_anchor": "the block only agrees with itself: put the chain's sealers or the header's hash into --anchor",
    "fisco_field_missing": "ask the node for the whole block; the first line names what is missing",
    "fisco_extra_data": "put the sealers of this block into the anchor",
    "limit_exceeded": "raise --max-bytes",
}


class Given(NamedTuple):
    """Something of a file that can be judged."""

    name: str
    what: Statement | Proof | bytes


class Judged(NamedTuple):
    """What was said about it."""

    name: str
    verdict: Verdict


def add_check_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of ``isthmus check fisco`` beside those of every chain."""
    parser.add_argument("--block", metavar="FILE", help="the block or header that the proofs of the files are of")
    parser.add_argument("--version", metavar="N", dest="chain_version", help="the chain's release, such as 2.7.2 or 3")
    parser.add_argument("--sm", action="store_true", help="the chain runs on SM3 and SM2")


def run(args: argparse.Namespace) -> Result:
    """Judges proofs one by one and blocks in the order of their numbers, up to the first that is not valid."""
    anchor = read_anchor(args)
    given = [each for path in args.files for each in read_file(path, anchor, args.block)]
    if not given:
        raise UsageError(f"{args.files[0]}: no blocks", "each file holds one block or proof, or a list of blocks")
    if args.block is not None and not any(isinstance(each.what, Proof) for each in given):
        raise UsageError("--block is for proofs, and the files hold none", "give the block among the files instead")
    shown = shown_progress(args)
    with make_engine(args) as engine, progress.bar("walking", len(given), "blocks", shown=shown) as done:
        judged = judge(engine, anchor, given)
        done(len(judged))
    return report(judged, len(given), anchor, all_findings=args.all_findings)


def judge(engine: Engine, anchor: Anchor, given: Sequence[Given]) -> list[Judged]:
    """Proofs each by itself; blocks as a walk, those of JSON sorted by number."""
    judged = [
        Judged(each.name, fisco.check(engine, each.what, anchor)) for each in given if isinstance(each.what, Proof)
    ]
    blocks = [each for each in given if not isinstance(each.what, Proof)]
    blocks.sort(key=lambda each: each.what.number if isinstance(each.what, Statement) else 0)
    if blocks:
        walk = LightClient(engine, anchor).walk(each.what for each in blocks)  # type: ignore[misc]
        judged += [Judged(each.name, step.verdict) for each, step in zip(blocks, walk.steps, strict=False)]
    return judged


def report(judged: Sequence[Judged], total: int, anchor: Anchor, *, all_findings: bool) -> Result:
    """What was found, for people and for ``--json``."""
    status = status_of(each.verdict.status for each in judged)
    many = len(judged) > _LINES_MAX
    lines: list[str] = []
    for name, verdict in judged:
        if not (many and verdict.ok):
            lines += verdict_lines(name, verdict, all_findings=all_findings)
            lines += _about(verdict)
    valid = sum(each.verdict.ok for each in judged)
    lines.append(f"FISCO BCOS {anchor.version} ({anchor.suite}): {valid} of {total} verified: {status}")
    if len(judged) < total:
        lines.append(f"  the {total - len(judged)} after the first that is not valid were not judged")
    code = judged[-1].verdict.code
    if status is Status.UNDECIDED and code in _NEXT:
        lines.append(f"  next: {_NEXT[code]}")
    data = {
        "chain": "fisco",
        "version": str(anchor.version),
        "suite": anchor.suite,
        "anchor": anchor.fingerprint,
        "status": str(status),
        "given": total,
        "valid": valid,
        "blocks": [{"file": each.name, **_words(each.verdict), **each.verdict.to_dict()} for each in judged],
    }
    return Result(EXIT_OF[status], data, lines)


def _words(verdict: Verdict) -> dict[str, Any]:
    facts = verdict.facts
    return {name: facts[name].decode() for name in ("proves", "trust", "missing") if name in facts}


def _about(verdict: Verdict) -> list[str]:
    words = _words(verdict)
    if verdict.ok:
        return [f"  proves: {words['proves']} (trust: {words['trust']})"]
    return [f"  missing: {words['missing']}"] if "missing" in words else []


def read_file(path: str, anchor: Anchor, block: str | None) -> list[Given]:
    """What a file holds: JSON of blocks, headers or proofs, or one block in the chain's own bytes (or hexadecimal)."""
    raw = bytes(open_input(path))
    if raw.lstrip()[:1] not in (b"{", b"["):
        return [Given(path, bytes(open_raw_or_hex(path)) if path != "-" else raw)]
    try:
        node = Node.load(raw)
        if _is_proof(node):
            return [Given(path, _read_proof(node, anchor, block))]
        statements = fisco.statements_from_json(node, anchor)
    except ValueError as error:
        raise UsageError(f"{path}: {error}", "docs/fisco.md tells which answers of nodes are read") from None
    if len(statements) == 1:
        return [Given(path, statements[0])]
    return [Given(f"{path}[{index}]", each) for index, each in enumerate(statements)]


def _is_proof(node: Node) -> bool:
    """Whether a document holds a Merkle proof, at its top or one level below."""
    if not isinstance(node.value, dict):
        return False
    inner = [node, *(node.at(name) for name in node.value if isinstance(node.value[name], dict))]
    return any(each.has(name) for each in inner for name in _PROOF_FIELDS)


def _read_proof(node: Node, anchor: Anchor, block: str | None) -> Proof:
    if node.has("block"):
        documents = [node.at(name) for name in ("transaction", "receipt") if node.has(name)]
        return fisco.proof_from_json(node.at("block"), *documents, anchor=anchor)
    if block is None:
        raise node.fail("a proof needs the block that it is of (--block)")
    return fisco.proof_from_json(bytes(open_input(block)), node, anchor=anchor)


def read_anchor(args: argparse.Namespace) -> Anchor:
    """The anchor of ``--anchor``, with what the other options say in its place."""
    try:
        if args.anchor is not None:
            anchor = Anchor.from_mapping(read_toml(args.anchor))
        elif args.chain_version is not None:
            anchor = Anchor(Version.parse(args.chain_version))
        else:
            raise UsageError("which release does the chain run?", "give an --anchor, or --version 2.7.2 or 3")
        if args.chain_version is not None:
            anchor = replace(anchor, version=Version.parse(args.chain_version))
        if args.sm:
            anchor = replace(anchor, suite="sm")
        if args.trust_hash is not None:
            anchor = replace(anchor, header_hash=from_hex(args.trust_hash, "--trust-hash"))
        return anchor
    except ValueError as error:
        raise UsageError(f"{args.anchor or 'anchor'}: {error}", _DOCS) from None


# --- isthmus anchor fisco


def add_anchor_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of ``isthmus anchor fisco``."""
    parser.add_argument("--version", metavar="N", dest="chain_version", help="the chain's release, such as 2.7.2 or 3")
    parser.add_argument("--sm", action="store_true", help="the chain runs on SM3 and SM2")
    parser.add_argument(
        "--overlap", action="store_true", help="believe new sealers when a quorum of the old ones signed"
    )


def anchor(args: argparse.Namespace) -> Result:
    """The anchor that the first block (version 3) or any header names, for a person to compare over another channel.

    The block is judged under it first: its hash and signatures agree with what it says of itself. That is all a block
    can show; whether it is of the right chain is for the person to know.
    """
    path = args.files[0]
    try:
        node = Node.load(bytes(open_input(path)))
        node = node.at("result") if node.has("result") and not node.has("hash") else node
        made = _make_anchor(node, args)
        statement = fisco.statement_from_json(node, made)
    except ValueError as error:
        raise UsageError(f"{path}: {error}", "give a block as a node tells it in JSON") from None
    with make_engine(args) as engine:
        verdict = fisco.check(engine, statement, made)
    if not verdict.ok:
        raise UsageError(f"{path}: the block does not hold under its own anchor: {verdict}", "give another block")
    if made.header_hash:  # later blocks have other hashes, but block 1 must name this one
        made = replace(made, header_hash=b"", trusted=TrustedHeader(0, made.header_hash))
    text = made.to_toml()
    lines = [*text.splitlines(), "", f"# fingerprint (SHA-256 of the anchor's bytes): {made.fingerprint}"]
    data = {"chain": "fisco", "fingerprint": made.fingerprint, "anchor": json.loads(json.dumps(_plain(made)))}
    return Result(0, data, lines)


def _make_anchor(node: Node, args: argparse.Namespace) -> Anchor:
    first = fisco.anchor_from_genesis(node) if _is_first(node) else None
    if first is not None:
        made = first
    elif args.chain_version is None:
        raise node.fail("a header does not tell the chain's release: give --version")
    else:
        base = Anchor(Version.parse(args.chain_version), suite="sm" if args.sm else "keccak")
        made = fisco.anchor_from_header(node, base)
    return replace(made, change="overlap" if args.overlap else "pinned")


def _is_first(node: Node) -> bool:
    return node.has("txsRoot") and node.at("number").integer() == 0


def _plain(made: Anchor) -> dict[str, Any]:
    return {
        "version": str(made.version),
        "suite": made.suite,
        "change": made.change,
        "trusted": None if made.trusted is None else {"number": 0, "hash": made.trusted.hash.hex()},
        "chain_id": made.chain_id,
        "group_id": made.group_id,
        "sealers": [{"id": each.id.hex(), "weight": each.weight} for each in made.sealers],
    }
