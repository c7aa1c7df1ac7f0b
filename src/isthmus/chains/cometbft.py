"""CometBFT (Cosmos): anchors, light blocks from what nodes hand out, and a light client.

An anchor says what is trusted before a block is looked at: the hash of its header, the hash of its validators, or an
earlier header that was verified. The native decoders ``cometbft-light-block``, ``cometbft-conflict`` and
``cometbft-duplicate-vote`` hold the rules; Python only writes what they read.

>>> anchor = Anchor("cosmoshub-4", header_hash=bytes(32))
>>> len(bytes(anchor))
47
"""

from __future__ import annotations

from typing import Any

from isthmus._json import Node, Timestamp
from isthmus.chains import cometbft_json
from isthmus.chains.cometbft_anchor import Anchor, TrustedHeader, TrustOptions, now
from isthmus.chains.cometbft_block import LightBlock
from isthmus.chains.cometbft_client import (
    CHAIN,
    CONFLICT,
    DUPLICATE_VOTE,
    Culprits,
    LightClient,
    Provider,
    Step,
    Walk,
    conflict,
    conflict_input,
    culprits,
)

__all__ = [
    "CHAIN",
    "CONFLICT",
    "DUPLICATE_VOTE",
    "Anchor",
    "Culprits",
    "LightBlock",
    "LightClient",
    "Provider",
    "Step",
    "Timestamp",
    "TrustOptions",
    "TrustedHeader",
    "Walk",
    "conflict",
    "conflict_input",
    "culprits",
    "duplicate_vote_from_json",
    "light_block_from_json",
    "light_blocks_from_json",
    "now",
    "validator_set_from_json",
]


def light_block_from_json(source: Any, validators: Any = None) -> bytes:
    """tendermint.types.LightBlock from JSON text or parsed values: a node's answers to /commit and /validators, one
    object with header, commit and validators, or a light block of the Rust client (see ``cometbft_json``).

    Raises ``ValueError`` naming the path of what cannot be read; whether the block is right is the engine's to say.
    """
    return LightBlock.from_json(source, validators).encoded


def light_blocks_from_json(source: Any) -> list[LightBlock]:
    """The light blocks of a file: a list, an object with ``blocks``, or a single block."""
    node = Node.load(source)
    if isinstance(node.value, dict) and node.has("blocks"):
        node = node.at("blocks")
    if isinstance(node.value, list):
        return [LightBlock.from_json(each) for each in node]
    return [LightBlock.from_json(node)]


def validator_set_from_json(source: Any) -> bytes:
    """tendermint.types.ValidatorSet from a list of validators or a node's answer to /validators (or its pages)."""
    return cometbft_json.read_validator_set(source)


def duplicate_vote_from_json(source: Any) -> bytes:
    """tendermint.types.DuplicateVoteEvidence from the evidence object in a block's JSON."""
    return cometbft_json.read_duplicate_vote(source)
