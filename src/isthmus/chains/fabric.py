"""Hyperledger Fabric: anchors, blocks of nodes and block files, and a client that walks a channel.

An anchor says what is trusted before a block is looked at: the hash of its header, or the config that was in force
before it. The native decoders ``fabric-block`` and ``fabric-attestation`` hold the rules; Python only writes what they
read. docs/fabric.md tells what is checked, in which order, and what a valid block does not prove.

>>> anchor = Anchor("mychannel", dialect="bft", header_hash=bytes(32))
>>> anchor.dialect
'bft'
"""

from __future__ import annotations

from isthmus.chains.fabric_anchor import DIALECTS, TRANSACTIONS, Anchor, Options, Parent, dialect_of
from isthmus.chains.fabric_block import BLOCK, RECORD, Block, read_blocks, read_ledger
from isthmus.chains.fabric_client import ATTESTATION, CHAIN, Client, Step, Walk
from isthmus.chains.fabric_config import Consenter, Organisation, make_config, quorum, signature_policy

LightClient = Client

__all__ = [
    "ATTESTATION",
    "BLOCK",
    "CHAIN",
    "DIALECTS",
    "RECORD",
    "TRANSACTIONS",
    "Anchor",
    "Block",
    "Client",
    "Consenter",
    "LightClient",
    "Options",
    "Organisation",
    "Parent",
    "Step",
    "Walk",
    "dialect_of",
    "make_config",
    "quorum",
    "read_blocks",
    "read_ledger",
    "signature_policy",
]
