"""Makes CometBFT light blocks of any shape as the JSON that nodes hand out, with real hashes and real
signatures.

Written apart from the package's own encoders: a light block that this file makes and the core accepts was
encoded the same way twice. Keys are seeds of one repeated byte, so a validator is named by a small number.
"""

from __future__ import annotations

import base64
import copy
import functools
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from isthmus.reference import ed25519

CHAIN_ID: Final = "isthmus-test-1"
START_S: Final = 1_700_000_000
ABSENT, FOR_BLOCK, FOR_NIL = 1, 2, 3
Block = dict[str, Any]


# --- protobuf and the RFC 6962 tree


def varint(value: int) -> bytes:
    value &= (1 << 64) - 1
    out = b""
    while value >= 128:
        out += bytes([value & 127 | 128])
        value >>= 7
    return out + bytes([value])


def number(field: int, value: int) -> bytes:
    return varint(field << 3) + varint(value) if value else b""


def raw(field: int, value: bytes) -> bytes:
    return varint(field << 3 | 2) + varint(len(value)) + value if value else b""


def message(field: int, value: bytes) -> bytes:
    return varint(field << 3 | 2) + varint(len(value)) + value


def fixed(field: int, value: int) -> bytes:
    return varint(field << 3 | 1) + value.to_bytes(8, "little", signed=True) if value else b""


def root(leaves: Sequence[bytes]) -> bytes:
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return hashlib.sha256(b"\0" + leaves[0]).digest()
    split = 1 << (len(leaves) - 1).bit_length() - 1
    return hashlib.sha256(b"\1" + root(leaves[:split]) + root(leaves[split:])).digest()


# --- validators


@functools.cache
def public_key(name: int) -> bytes:
    return ed25519.public_key(bytes([name]) * 32)


def address(name: int) -> bytes:
    return hashlib.sha256(public_key(name)).digest()[:20]


@dataclass(frozen=True)
class Validators:
    """Names and powers, in the order in which they are hashed: power descending, then address."""

    members: tuple[tuple[int, int], ...]

    @classmethod
    def of(cls, powers: dict[int, int]) -> Validators:
        return cls(tuple(sorted(powers.items(), key=lambda item: (-item[1], address(item[0])))))

    def hash(self) -> bytes:
        leaves = [message(1, raw(1, public_key(name))) + number(2, power) for name, power in self.members]
        return root(leaves)

    def json(self) -> list[dict[str, Any]]:
        return [
            {
                "address": address(name).hex().upper(),
                "pub_key": {
                    "type": "tendermint/PubKeyEd25519",
                    "value": base64.b64encode(public_key(name)).decode(),
                },
                "voting_power": str(power),
                "proposer_priority": "0",
            }
            for name, power in self.members
        ]


# --- headers and votes


def time_json(seconds: int, nanos: int = 0) -> str:
    import datetime

    moment = datetime.datetime.fromtimestamp(seconds, datetime.UTC).strftime("%Y-%m-%dT%H:%M:%S")
    return f"{moment}.{nanos:09d}Z"


def time_proto(text: str) -> bytes:
    import datetime

    moment, _, fraction = text.removesuffix("Z").partition(".")
    seconds = int(datetime.datetime.fromisoformat(moment + "+00:00").timestamp())
    return number(1, seconds) + number(2, int(fraction.ljust(9, "0") or 0))


def _unhex(text: str) -> bytes:
    return bytes.fromhex(text)


def block_id_proto(block_id: dict[str, Any]) -> bytes:
    parts = block_id["parts"]
    part_set = number(1, parts["total"]) + raw(2, _unhex(parts["hash"]))
    return raw(1, _unhex(block_id["hash"])) + message(2, part_set)


def header_hash(header: dict[str, Any]) -> bytes:
    """Root over the fourteen fields of a header."""
    version = number(1, int(header["version"]["block"])) + number(2, int(header["version"].get("app", 0)))
    hashes = ("last_commit_hash", "data_hash", "validators_hash", "next_validators_hash", "consensus_hash",
              "app_hash", "last_results_hash", "evidence_hash", "proposer_address")  # fmt: skip
    leaves = [
        version,
        raw(1, header["chain_id"].encode()),
        number(1, int(header["height"])),
        time_proto(header["time"]),
        block_id_proto(header["last_block_id"]),
        *(raw(1, _unhex(header[name])) for name in hashes),
    ]
    return root(leaves)


def sign_bytes(chain_id: str, height: int, round_: int, block_id: dict[str, Any] | None, time: str) -> bytes:
    """The canonical precommit, behind its length."""
    body = number(1, 2) + fixed(2, height) + fixed(3, round_)
    body += message(4, block_id_proto(block_id)) if block_id is not None else b""
    body += message(5, time_proto(time)) + raw(6, chain_id.encode())
    return varint(len(body)) + body


@functools.cache
def _sign(name: int, signed: bytes) -> str:
    return base64.b64encode(ed25519.sign(bytes([name]) * 32, signed)).decode()


def vote(block: Block, name: int, flag: int = FOR_BLOCK, seconds: int | None = None) -> dict[str, Any]:
    """The entry of one validator in a block's commit."""
    if flag == ABSENT:
        return {
            "block_id_flag": 1,
            "validator_address": "",
            "timestamp": "0001-01-01T00:00:00Z",
            "signature": None,
        }
    commit = block["commit"]
    time = time_json(START_S + 10 * int(commit["height"]) + 5 if seconds is None else seconds, 1000 + name)
    block_id = commit["block_id"] if flag == FOR_BLOCK else None
    signed = sign_bytes(block["header"]["chain_id"], int(commit["height"]), commit["round"], block_id, time)
    return {
        "block_id_flag": flag,
        "validator_address": address(name).hex().upper(),
        "timestamp": time,
        "signature": _sign(name, signed),
    }


def make(
    height: int,
    validators: Validators,
    *,
    next_validators: Validators | None = None,
    flags: dict[int, int] | None = None,
    last: Block | None = None,
    chain_id: str = CHAIN_ID,
    round_: int = 0,
    seconds: int | None = None,
    app: str = "AA" * 32,
) -> Block:
    """A light block that keeps every rule, if its flags reach two thirds: {header, commit, validators}.

    `flags` gives votes other than for the block, by validator; `last` is the block before, which this one
    then names.
    """
    empty = hashlib.sha256(b"").hexdigest().upper()
    before = {"hash": "", "parts": {"total": 0, "hash": ""}} if last is None else last["commit"]["block_id"]
    header = {
        "version": {"block": "11", "app": "1"},
        "chain_id": chain_id,
        "height": str(height),
        "time": time_json(START_S + 10 * height if seconds is None else seconds, 7),
        "last_block_id": copy.deepcopy(before),
        "last_commit_hash": empty,
        "data_hash": empty,
        "validators_hash": validators.hash().hex().upper(),
        "next_validators_hash": (next_validators or validators).hash().hex().upper(),
        "consensus_hash": "CC" * 32,
        "app_hash": app,
        "last_results_hash": empty,
        "evidence_hash": empty,
        "proposer_address": address(validators.members[0][0]).hex().upper(),
    }
    block: Block = {"header": header, "validators": validators.json()}
    return sign(block, validators, flags=flags, round_=round_)


def sign(block: Block, validators: Validators, *, flags: dict[int, int] | None = None, round_: int = 0) -> Block:
    """The block with a fresh commit over its present header."""
    digest = header_hash(block["header"]).hex().upper()
    parts = {"total": 1, "hash": hashlib.sha256(digest.encode()).hexdigest().upper()}
    block["commit"] = {
        "height": block["header"]["height"],
        "round": round_,
        "block_id": {"hash": digest, "parts": parts},
    }
    chosen = flags or {}
    votes = [vote(block, name, chosen.get(name, FOR_BLOCK)) for name, _ in validators.members]
    block["commit"]["signatures"] = votes
    return block
