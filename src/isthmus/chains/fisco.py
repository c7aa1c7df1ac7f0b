"""FISCO BCOS 2 and 3: anchors, blocks and proofs from what nodes hand out, and a light client.

An anchor says what is trusted before a block is looked at: the chain's rules, its sealers, the hash of a header. The
native decoders ``fisco-block`` (the bytes that nodes store), ``fisco-header`` and ``fisco-proof`` (what nodes tell in
JSON) hold the rules; Python only writes what they read. docs/fisco.md says what is checked and what cannot be.

>>> anchor = Anchor(Version(3), sealers=(Sealer(bytes(64)),))
>>> anchor.fingerprint[:16]
'c6da3a1d3490f908'
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from isthmus._json import Node
from isthmus.chains import fisco_json
from isthmus.chains.fisco_anchor import Anchor, Change, Sealer, Suite, TrustedHeader, Version
from isthmus.chains.fisco_client import BLOCK, HEADER, PROOF, Given, LightClient, Step, Walk, sealers_of
from isthmus.chains.fisco_json import Proof, Statement

if TYPE_CHECKING:
    from isthmus.engine import Engine
    from isthmus.verdict import Verdict

__all__ = [
    "BLOCK",
    "HEADER",
    "PROOF",
    "Anchor",
    "Change",
    "Given",
    "LightClient",
    "Proof",
    "Sealer",
    "Statement",
    "Step",
    "Suite",
    "TrustedHeader",
    "Version",
    "Walk",
    "anchor_from_genesis",
    "anchor_from_header",
    "check",
    "proof_from_json",
    "sealers_of",
    "statement_from_json",
    "statements_from_json",
]

_TABLE: Final = "["


def statement_from_json(source: Any, anchor: Anchor) -> Statement:
    """A block or header as a node or SDK tells it, as the input of ``fisco-header``.

    Raises ``ValueError`` naming the path of what cannot be read; whether the block is right is the engine's to say.
    """
    return fisco_json.read_statement(source, anchor)


def statements_from_json(source: Any, anchor: Anchor) -> list[Statement]:
    """The blocks of a file: a list, an object with ``blocks``, or a single block."""
    node = Node.load(source)
    if isinstance(node.value, dict) and node.has("blocks"):
        node = node.at("blocks")
    if isinstance(node.value, list):
        return [statement_from_json(each, anchor) for each in node]
    return [statement_from_json(node, anchor)]


def proof_from_json(block: Any, *documents: Any, anchor: Anchor) -> Proof:
    """A transaction, its receipt, or both, with their Merkle proofs, as the input of ``fisco-proof``.

    ``block``      the block or header that they are of
    ``documents``  a node's answers about the transaction and the receipt, in any order

    Raises ``ValueError`` as :func:`statement_from_json` does.
    """
    return fisco_json.read_proof(block, list(documents), anchor)


def check(engine: Engine, given: Given | Proof, anchor: Anchor) -> Verdict:
    """The verdict of one statement, proof or block in the chain's own bytes."""
    if isinstance(given, Proof):
        return engine.check(PROOF, given.encoded, anchor)
    if isinstance(given, Statement):
        return engine.check(HEADER, given.encoded, anchor)
    return engine.check(BLOCK, given, anchor)


def anchor_from_header(source: Any, anchor: Anchor) -> Anchor:
    """``anchor`` with the sealers that a header names: a list to show to a person, not one to trust as it is."""
    node = fisco_json.unwrap(source)
    ids = [fisco_json.data(each, 64) for each in node.at("sealerList")]
    weights = [1] * len(ids)
    if anchor.version.major == 3:
        weights = [fisco_json.quantity(each) for each in node.at("consensusWeights")]
    if len(weights) != len(ids) or not ids:
        raise node.fail(f"expected sealers with their weights, got {len(ids)} and {len(weights)}")
    return replace(anchor, sealers=tuple(Sealer(*each) for each in zip(ids, weights, strict=True)))


def anchor_from_genesis(source: Any) -> Anchor:
    """Everything that the first block of version 3 says: its extra data is the text of the chain's configuration, so a
    pinned hash of it pins sealers, suite, chain and group. Sealers come in the order of headers, which is that of ids.

    ``ValueError`` names what is not there. The hash is the stated one: judge the block under the anchor to see that it
    is right.
    """
    node = fisco_json.unwrap(source)
    if fisco_json.quantity(node.at("number")) != 0:
        raise node.at("number").fail("expected the first block, 0")
    text = fisco_json.data(node.at("extraData")).decode("utf-8", "strict")
    values: dict[str, str] = {}
    for line in text.splitlines():
        key, colon, value = line.partition(":")
        if colon and not line.startswith(_TABLE):
            values[key.strip()] = value.strip()
    sealers: list[Sealer] = []
    while (entry := values.get(f"node.{len(sealers)}")) is not None:
        identity, _, weight = entry.partition(",")
        sealers.append(Sealer(bytes.fromhex(identity.strip()), int(weight.strip() or "1")))
    if not sealers:
        raise node.at("extraData").fail("names no sealers: expected lines node.0, node.1 ...")
    return Anchor(
        version=Version.parse(values.get("compatibility_version", "3")),
        suite="sm" if values.get("sm_crypto") == "1" else "keccak",
        sealers=tuple(sorted(sealers, key=lambda sealer: sealer.id)),
        header_hash=fisco_json.data(node.at("hash"), 32),
        chain_id=values.get("chainID", ""),
        group_id=values.get("groupID", values.get("grouID", "")),  # nodes write the latter
    )
