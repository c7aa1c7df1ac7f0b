"""A CometBFT light block with the few values that a light client steers by."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from isthmus import _wire
from isthmus._json import Node, Timestamp
from isthmus.chains import cometbft_json


@dataclass(frozen=True, slots=True)
class LightBlock:
    """A light block as protobuf, and what it says about itself. Nothing here is believed: the verdict on ``encoded``
    decides.

    ``encoded``               tendermint.types.LightBlock, the native decoder's input
    ``header_hash``           the hash that the commit signs
    ``validators``            tendermint.types.ValidatorSet of this height
    ``next_validators``       that of the next height, when it was given beside the block
    """

    encoded: bytes
    chain_id: str
    height: int
    time: Timestamp
    header_hash: bytes
    last_block_hash: bytes
    validators_hash: bytes
    next_validators_hash: bytes
    validators: bytes
    next_validators: bytes | None = None

    def __bytes__(self) -> bytes:
        return self.encoded

    @classmethod
    def from_json(cls, source: Any, validators: Any = None) -> LightBlock:
        """From one of the JSON forms of :mod:`isthmus.chains.cometbft_json`, as text or as parsed values.

        ``validators`` is a node's answer to /validators (or the list of its pages) when ``source`` is its answer to
        /commit. ``ValueError`` names the path of what cannot be read.
        """
        parts = cometbft_json.read_light_block(Node.load(source), validators)
        encoded = _wire.message(1, parts.signed_header) + _wire.message(2, parts.validators)
        return cls.from_protobuf(encoded, next_validators=parts.next_validators)

    @classmethod
    def from_protobuf(cls, encoded: bytes, *, next_validators: bytes | None = None) -> LightBlock:
        """From tendermint.types.LightBlock; ``ValueError`` when the values to steer by cannot be found in it."""
        block = dict(_wire.fields(encoded))
        signed = dict(_wire.fields(_message(block, 1, "signed_header")))
        header = dict(_wire.fields(_message(signed, 1, "header")))
        commit = dict(_wire.fields(_message(signed, 2, "commit")))
        try:
            chain_id = _message(header, 2, "chain_id").decode()
        except UnicodeDecodeError:
            raise ValueError("chain_id: not UTF-8") from None
        return cls(
            encoded=bytes(encoded),
            chain_id=chain_id,
            height=_int64(header.get(3, 0)),
            time=_time(_message(header, 4, "time")),
            header_hash=_hash_of(_message(commit, 3, "block_id")),
            last_block_hash=_hash_of(_message(header, 5, "last_block_id")),
            validators_hash=_message(header, 8, "validators_hash"),
            next_validators_hash=_message(header, 9, "next_validators_hash"),
            validators=_message(block, 2, "validator_set"),
            next_validators=next_validators,
        )


def _message(fields: dict[int, int | bytes], number: int, name: str) -> bytes:
    value = fields.get(number, b"")
    if not isinstance(value, bytes):
        raise ValueError(f"{name}: expected bytes, got a number")
    return value


def _hash_of(block_id: bytes) -> bytes:
    return _message(dict(_wire.fields(block_id)), 1, "hash")


def _int64(value: int | bytes) -> int:
    if not isinstance(value, int):
        raise ValueError("expected a number, got bytes")
    return value - (1 << 64) if value >= 1 << 63 else value


def _time(message: bytes) -> Timestamp:
    fields = dict(_wire.fields(message))
    return Timestamp(_int64(fields.get(1, 0)), _int64(fields.get(2, 0)))
