"""ChainMaker (Chang'an Chain): anchors, blocks and transactions from what explorers and SDKs hand out, a light client.

An anchor says what is trusted before a block is looked at: the block's hash, or the validators and members of the
configuration in force. The native decoders ``chainmaker-block``, ``chainmaker-header`` and ``chainmaker-tx`` hold the
rules; Python only writes what they read.

>>> anchor = Anchor("chain1", (Organisation("org1", node_ids=("QmTa6QKgmLVz7HdcT68CarNaekjGFoyn1bUJ1GpuYAEF1P",)),))
>>> len(bytes(anchor))
80
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from isthmus import _wire
from isthmus.chains import chainmaker_json
from isthmus.chains.chainmaker_anchor import Anchor, Organisation, TrustedBlock, TrustedKey
from isthmus.chains.chainmaker_client import BLOCK, HEADER, TRANSACTION, Header, LightClient, Step, Walk
from isthmus.chains.chainmaker_config import ChainConfig, Policy, TrustMember, node_id

__all__ = [
    "BLOCK",
    "HEADER",
    "TRANSACTION",
    "Anchor",
    "ChainConfig",
    "Header",
    "LightClient",
    "Organisation",
    "Policy",
    "Step",
    "TrustMember",
    "TrustedBlock",
    "TrustedKey",
    "Walk",
    "block_from_json",
    "config_proof",
    "header_from_json",
    "header_input",
    "header_of",
    "node_id",
    "rw_set_from_json",
    "transaction_from_json",
    "transaction_info",
    "tx_input",
]

_HEADER_FIELDS: Final = (1, 2, 4)


def block_from_json(source: Any) -> bytes:
    """common.BlockInfo from JSON text or parsed values: ``{"block": ..., "rwset_list": ...}`` as explorers and SDKs
    dump it, or a block's own object.

    Raises ``ValueError`` naming the path of what cannot be written; whether the block is right is the engine's to say.
    """
    return chainmaker_json.read_block_info(source)


def header_from_json(source: Any) -> bytes:
    """Input of ``chainmaker-header`` from the JSON of a block, whose transactions are left out."""
    return chainmaker_json.read_header_input(source)


def transaction_from_json(source: Any) -> bytes:
    """common.TransactionInfo from its JSON, or from that of a bare transaction, which then says no place."""
    return chainmaker_json.read_transaction_info(source)


def rw_set_from_json(source: Any) -> bytes:
    """common.TxRWSet from its JSON."""
    return chainmaker_json.read_rw_set(source)


def header_of(block: bytes) -> bytes:
    """Input of ``chainmaker-header`` from a whole block (BlockInfo or Block of version 2)."""
    if (chainmaker_json.first_field(block, 1) or b"")[:1] == b"\x0a":
        block = chainmaker_json.first_field(block, 1) or b""
    kept = ((number, value) for number, value in _wire.fields(block) if number in _HEADER_FIELDS)
    return b"".join(_wire.message(number, value) for number, value in kept if isinstance(value, bytes))


def header_input(header: bytes, additional_data: bytes | None = None, *, dag: bytes | None = None) -> bytes:
    """Input of ``chainmaker-header`` from the bytes of a BlockHeader and, where there are any, of its AdditionalData
    and DAG."""
    out = _wire.message(1, header)
    if dag is not None:
        out += _wire.message(2, dag)
    return out if additional_data is None else out + _wire.message(4, additional_data)


def config_proof(header: bytes, transaction: bytes, path: Sequence[bytes] = ()) -> bytes:
    """Input of ``chainmaker-header`` with the proof of its transaction 0: ``path`` are the siblings from the leaf
    up."""
    proof = _wire.message(1, transaction) + b"".join(_wire.blob(2, each) for each in path)
    return header + _wire.message(5, proof)


def transaction_info(
    transaction: bytes,
    *,
    height: int = 0,
    block_hash: bytes = b"",
    index: int = 0,
    timestamp: int = 0,
    rw_set: bytes | None = None,
) -> bytes:
    """common.TransactionInfo (TransactionInfoWithRWSet with ``rw_set``) from a transaction's bytes and its place."""
    out = b"".join(
        (
            _wire.message(1, transaction),
            _wire.uint(2, height),
            _wire.blob(3, block_hash),
            _wire.uint(4, index),
            _wire.sint(5, timestamp),
        )
    )
    return out if rw_set is None else out + _wire.message(6, rw_set)


def tx_input(info: bytes, header: bytes | None = None, path: Sequence[bytes] = ()) -> bytes:
    """Input of ``chainmaker-tx``: a TransactionInfo, the header of its block (input of ``chainmaker-header``) and the
    siblings from the leaf to the root. Without a header nothing shows that a block holds the transaction."""
    out = _wire.message(1, info)
    if header is not None:
        out += _wire.message(2, header)
    return out + b"".join(_wire.blob(3, each) for each in path)
