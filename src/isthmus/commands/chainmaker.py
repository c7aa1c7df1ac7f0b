"""``isthmus check chainmaker``: blocks, headers and transactions under an anchor; ``isthmus anchor chainmaker``."""

from __future__ import annotations

import argparse
import json
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final, NamedTuple

from isthmus import progress
from isthmus._json import Node
from isthmus.chains import chainmaker
from isthmus.chains.chainmaker import Anchor, Header, LightClient, TrustedBlock
from isthmus.chains.chainmaker_anchor import genesis_parts
from isthmus.commands.common import (
    EXIT_OF,
    Result,
    UsageError,
    from_hex,
    make_engine,
    open_raw_or_hex,
    shown_progress,
    status_of,
    verdict_lines,
)
from isthmus.engine import Engine
from isthmus.verdict import Status, Verdict

_LINES_MAX: Final = 40  # inputs named one by one; above, only those that are not valid
_DOC: Final = "docs/chainmaker.md tells what an anchor holds"
_KINDS: Final = {
    "block": chainmaker.BLOCK,
    "header": chainmaker.HEADER,
    "tx": chainmaker.TRANSACTION,
}

# What to do about a verdict that is undecided.
_NEXT: Final[Mapping[str, str]] = {
    "chainmaker_no_anchor": "give the block's hash from a source that you trust (--trust-hash), or an --anchor "
    "with the validators of its configuration",
    "chainmaker_certificate_missing": "ask the node for the block with its additional_data, or give the block's hash "
    "from a source that you trust",
    "chainmaker_other_config": "give the configuration blocks in between, with --follow",
    "chainmaker_config_missing": "give the configuration block whole, or its header with the proof of transaction 0",
    "chainmaker_not_included": "give the block that holds the transaction, or ask for the signatures alone "
    "(--signed-only)",
    "chainmaker_member_unknown": "put the certificate that the hash or alias names into the anchor's certificates or "
    "aliases, or the endorser's key into its keys",
    "chainmaker_sm2_engine": "say in the anchor which engine the nodes use (sm2_engine)",
    "limit_exceeded": "raise --max-bytes",
}


class Given(NamedTuple):
    """One input of a file."""

    name: str
    kind: str
    raw: bytes


class Judged(NamedTuple):
    """An input and what was said about it."""

    given: Given
    verdict: Verdict


def run(args: argparse.Namespace) -> Result:
    """Judges the inputs in the order given: each under the anchor, or with ``--follow`` each from the one before it."""
    given = [each for path in args.files for each in read_file(path, args.kind)]
    anchor = read_anchor(args)
    try:
        bar = progress.bar("judging", len(given), "inputs", shown=shown_progress(args))
        with make_engine(args) as engine, bar as done:
            judged = follow(engine, anchor, given) if args.follow else judge(engine, anchor, given)
            done(len(judged))
    except ValueError as error:
        raise UsageError(f"anchor: {error}", _DOC) from None
    return report(judged, len(given), anchor, all_findings=args.all_findings)


def judge(engine: Engine, anchor: Anchor, given: Sequence[Given]) -> list[Judged]:
    """Every input under the same anchor."""
    judged: list[Judged] = []
    for each in given:
        judged.append(Judged(each, engine.check(_KINDS[each.kind], each.raw, anchor)))
    return judged


def follow(engine: Engine, anchor: Anchor, given: Sequence[Given]) -> list[Judged]:
    """As a light client: configurations that blocks hold are what later blocks are judged by."""
    if any(each.kind == "tx" for each in given):
        raise UsageError("--follow: transactions have nothing to follow", "give blocks and headers, or leave it out")
    walk = LightClient(engine, anchor).walk(Header(each.raw, each.kind == "block") for each in given)
    return [Judged(each, step.verdict) for each, step in zip(given, walk.steps, strict=False)]


def report(judged: Sequence[Judged], total: int, anchor: Anchor, *, all_findings: bool) -> Result:
    """What was found, for people and for ``--json``."""
    statuses = [each.verdict.status for each in judged]
    status = status_of(statuses)
    many = len(judged) > _LINES_MAX
    lines: list[str] = []
    for given, verdict in judged:
        if not (many and verdict.ok):
            lines += verdict_lines(given.name, verdict, all_findings=all_findings)
    valid = statuses.count(Status.VALID)
    trusts = sorted({_trust(each.verdict) for each in judged if each.verdict.ok})
    lines.append(f"{anchor.chain_id}: {valid} of {total} verified: {status}")
    if trusts:
        lines.append(f"  trust: {', '.join(trusts)}")
    if len(judged) < total:
        lines.append(f"  the {total - len(judged)} after the first that is not valid were not judged")
    codes = [each.verdict.code for each in judged if each.verdict.status is Status.UNDECIDED]
    if status is Status.UNDECIDED and codes and codes[0] in _NEXT:
        lines.append(f"  next: {_NEXT[codes[0]]}")
    data = {
        "chain": "chainmaker",
        "chain_id": anchor.chain_id,
        "status": str(status),
        "given": total,
        "valid": valid,
        "trust": trusts,
        "inputs": [
            {"file": each.given.name, "kind": each.given.kind, **_steering(each.verdict), **each.verdict.to_dict()}
            for each in judged
        ],
    }
    return Result(EXIT_OF[status], data, lines)


def _trust(verdict: Verdict) -> str:
    return verdict.facts.get("trust", b"signatures alone").decode()


def _steering(verdict: Verdict) -> dict[str, Any]:
    facts = verdict.facts
    height = facts.get("height")
    return {
        "height": None if height is None else int.from_bytes(height, "little"),
        "block_hash": facts["block_hash"].hex() if "block_hash" in facts else None,
        "trust": _trust(verdict) if verdict.ok else None,
    }


def read_file(path: str, kind: str | None) -> list[Given]:
    """The inputs of a file: JSON of one block, header or transaction or of a list of them, or the bytes of one input
    (or these in hexadecimal), which are taken for a block unless ``kind`` says otherwise."""
    raw = bytes(open_raw_or_hex(path))
    if raw.lstrip()[:1] not in (b"{", b"["):
        return [Given(path, kind or "block", raw)]
    try:
        node = Node.load(raw)
        if not isinstance(node.value, list):
            return [_given(path, node, kind)]
        return [_given(f"{path}[{index}]", each, kind) for index, each in enumerate(node)]
    except ValueError as error:
        raise UsageError(f"{path}: {error}", "docs/chainmaker.md tells which JSON is read") from None


def _given(name: str, node: Node, kind: str | None) -> Given:
    chosen = kind or _kind_of(node)
    if chosen == "tx":
        return Given(name, chosen, chainmaker.tx_input(chainmaker.transaction_from_json(node)))
    read = chainmaker.block_from_json if chosen == "block" else chainmaker.header_from_json
    return Given(name, chosen, read(node))


def _kind_of(node: Node) -> str:
    if node.has("payload") or node.has("transaction"):
        return "tx"
    block = node.at("block") if node.has("block") else node
    return "block" if block.has("txs") else "header"


def read_anchor(args: argparse.Namespace) -> Anchor:
    """The anchor of ``--anchor``, with what the other options say in its place."""
    if args.anchor is None and (args.chain_id is None or args.trust_hash is None):
        raise UsageError("an anchor is needed: --anchor, or --chain-id and --trust-hash", _DOC)
    try:
        anchor = Anchor(args.chain_id) if args.anchor is None else Anchor.from_mapping(read_toml(args.anchor))
        if args.chain_id is not None:
            anchor = replace(anchor, chain_id=args.chain_id)
        if args.trust_hash is not None:
            anchor = replace(anchor, block_hash=from_hex(args.trust_hash, "--trust-hash"))
        return replace(anchor, signed_only=True) if args.signed_only else anchor
    except ValueError as error:
        raise UsageError(f"{args.anchor or 'anchor'}: {error}", _DOC) from None


def read_toml(path: str) -> dict[str, Any]:
    """The values of a TOML file, or of JSON."""
    try:
        text = bytes(open_raw_or_hex(path)).decode("utf-8")
        values: dict[str, Any] = json.loads(text) if text.lstrip().startswith("{") else tomllib.loads(text)
    except ValueError as error:
        raise UsageError(f"{path}: not TOML: {error}", "docs/chainmaker.md shows an anchor") from None
    return values


def add_anchor_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of ``isthmus anchor chainmaker``."""
    parser.add_argument(
        "--sm2-engine", metavar="NAME", default="", help="tjfoc or gmssl: what the nodes sign SM2 with under SHA-256"
    )


def anchor(args: argparse.Namespace) -> Result:
    """The anchor that a block's configuration makes, as TOML, and its fingerprint for people to compare.

    The first block's anchor pins its hash; another configuration block's trusts it as the block before the next.
    """
    if len(args.files) != 1:
        raise UsageError(f"expected one block, got {len(args.files)}", "give the first block, or a configuration block")
    given = read_file(args.files[0], "block")[0]
    try:
        block_hash, config = genesis_parts(given.raw)
        made = Anchor.from_config(config, 0, block_hash=block_hash, sm2_engine=args.sm2_engine)
        with Engine(1) as engine:
            verdict = engine.check(chainmaker.BLOCK, given.raw, made)
        height = int.from_bytes(verdict.facts.get("height", b""), "little")
        if height and _is_itself(verdict):
            made = Anchor.from_config(config, height, sm2_engine=args.sm2_engine)
            made = made.after(TrustedBlock(height, block_hash, True, _number(verdict, "pre_conf_height")))
        elif not verdict.ok:
            raise UsageError(f"{given.name}: {verdict}", "an anchor must come from a block that agrees with itself")
    except ValueError as error:
        raise UsageError(f"{given.name}: {error}", "give the first block, or a configuration block") from None
    fingerprint = made.fingerprint()
    text = made.to_toml()
    nodes = sum(len(org.node_ids) for org in made.organisations)
    data = {
        "chain": "chainmaker",
        "chain_id": made.chain_id,
        "fingerprint": fingerprint,
        "height": height,
        "block_hash": block_hash.hex(),
        "validators": nodes,
        "anchor": text,
    }
    about = f"# height {height}, {nodes} validators, {made.consensus}, {made.auth_type}, {made.hash}"
    return Result(0, data, [f"# fingerprint {fingerprint}", about, text.rstrip("\n")])


# What a configuration block under its own configuration may lack: those who made it belong to the one before.
_EARLIER: Final = frozenset({"proposer", "commit", "vote", "certificate"})


def _is_itself(verdict: Verdict) -> bool:
    """Whether a block's header, transactions and roots belong together, whoever made it."""
    if "chain_config" not in verdict.facts:
        return False
    words = (finding.where.split() for finding in verdict.findings if finding.code != "chainmaker_other_config")
    return all(_EARLIER.intersection(each) for each in words)


def _number(verdict: Verdict, name: str) -> int:
    return int.from_bytes(verdict.facts[name], "little")
