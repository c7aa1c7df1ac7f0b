"""CometBFT light blocks slowly and readably: the oracle of the native decoder, for tests and teaching.

Source: the CometBFT specification (spec/core/data_structures.md, spec/light-client/verification) and the Go code's
``types/block.go``, ``types/canonical.go``, ``types/validation.go`` and ``light/verifier.go``. Encodings are those since
Tendermint 0.34.

* A Merkle tree is RFC 6962: ``SHA-256(00 || leaf)``, ``SHA-256(01 || left || right)``, split at the largest power of
  two below the number of leaves; no leaves give ``SHA-256("")``.
* A header's hash is the root over its fourteen fields, each encoded by itself.
* A validator set's hash is the root over ``{1: public key, 2: power}`` of each validator, in the set's order.
* A precommit signs ``length || CanonicalVote``.
* Thresholds are integers: a tally must be *more* than ``total * 2 // 3``.

Signatures are judged by a function that the caller gives, ``verify(validator, message, signature)``, so that this file
needs nothing but hashes.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

ABSENT, FOR_BLOCK, FOR_NIL = 1, 2, 3
PRECOMMIT = 2
TOTAL_POWER_MAX = (2**63 - 1) // 8
NS = 1_000_000_000


class Rule(Exception):
    """A rule is broken; the text says which, in the words of the native codes without their prefix."""


class BlockId(NamedTuple):
    """A block's hash and its part set header; hashes are 0 or 32 bytes."""

    hash: bytes
    parts_total: int
    parts_hash: bytes


class Header(NamedTuple):
    """The fourteen fields in the order in which they are hashed; ``time_ns`` is nanoseconds since 1970."""

    version_block: int
    version_app: int
    chain_id: str
    height: int
    time_ns: int
    last_block_id: BlockId
    last_commit_hash: bytes
    data_hash: bytes
    validators_hash: bytes
    next_validators_hash: bytes
    consensus_hash: bytes
    app_hash: bytes
    last_results_hash: bytes
    evidence_hash: bytes
    proposer_address: bytes


class Vote(NamedTuple):
    """One entry of a commit."""

    flag: int
    address: bytes
    time_ns: int
    signature: bytes


class Commit(NamedTuple):
    """The precommits for one block, one entry per validator."""

    height: int
    round: int
    block_id: BlockId
    votes: tuple[Vote, ...]


class Validator(NamedTuple):
    """``scheme`` is ``ed25519`` (32-byte keys) or ``secp256k1`` (33-byte keys)."""

    address: bytes
    scheme: str
    key: bytes
    power: int


class LightBlock(NamedTuple):
    """A header, the commit for it and the set that signed."""

    header: Header
    commit: Commit
    validators: tuple[Validator, ...]


class Trusted(NamedTuple):
    """What a light client keeps of a header that it has verified."""

    chain_id: str
    height: int
    time_ns: int
    next_validators_hash: bytes
    next_validators: tuple[Validator, ...]


Verify = Callable[[Validator, bytes, bytes], bool]


# --- protobuf, as far as it is hashed or signed


def varint(value: int) -> bytes:
    """Seven bits a byte, lowest first; negative values as 64-bit two's complement."""
    value &= 2**64 - 1
    out = b""
    while value > 0x7F:
        out += bytes([value & 0x7F | 0x80])
        value >>= 7
    return out + bytes([value])


def number_field(number: int, value: int) -> bytes:
    """A varint field; zero is left out."""
    return varint(number << 3) + varint(value) if value else b""


def bytes_field(number: int, value: bytes) -> bytes:
    """A bytes field; empty is left out."""
    return message_field(number, value) if value else b""


def message_field(number: int, value: bytes) -> bytes:
    """A message field, present even when empty."""
    return varint(number << 3 | 2) + varint(len(value)) + value


def fixed64_field(number: int, value: int) -> bytes:
    """An sfixed64 field; zero is left out."""
    return varint(number << 3 | 1) + value.to_bytes(8, "little", signed=True) if value else b""


def timestamp(time_ns: int) -> bytes:
    """google.protobuf.Timestamp."""
    seconds, nanos = divmod(time_ns, NS)
    return number_field(1, seconds) + number_field(2, nanos)


def block_id(value: BlockId) -> bytes:
    """tendermint.types.BlockID, which is also CanonicalBlockID: the part set header is always there."""
    parts = number_field(1, value.parts_total) + bytes_field(2, value.parts_hash)
    return bytes_field(1, value.hash) + message_field(2, parts)


# --- hashes


def merkle_root(leaves: Sequence[bytes]) -> bytes:
    """RFC 6962 section 2.1."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return hashlib.sha256(b"\x00" + leaves[0]).digest()
    split = 1 << (len(leaves) - 1).bit_length() - 1
    return hashlib.sha256(b"\x01" + merkle_root(leaves[:split]) + merkle_root(leaves[split:])).digest()


def header_hash(header: Header) -> bytes:
    """Header.Hash: bare values are wrapped as field 1 of a message."""
    return merkle_root(
        [
            number_field(1, header.version_block) + number_field(2, header.version_app),
            bytes_field(1, header.chain_id.encode()),
            number_field(1, header.height),
            timestamp(header.time_ns),
            block_id(header.last_block_id),
            bytes_field(1, header.last_commit_hash),
            bytes_field(1, header.data_hash),
            bytes_field(1, header.validators_hash),
            bytes_field(1, header.next_validators_hash),
            bytes_field(1, header.consensus_hash),
            bytes_field(1, header.app_hash),
            bytes_field(1, header.last_results_hash),
            bytes_field(1, header.evidence_hash),
            bytes_field(1, header.proposer_address),
        ]
    )


def validators_hash(validators: Sequence[Validator]) -> bytes:
    """ValidatorSet.Hash: addresses and priorities are not part of it."""
    number = {"ed25519": 1, "secp256k1": 2}
    return merkle_root(
        [
            message_field(1, message_field(number[each.scheme], each.key)) + number_field(2, each.power)
            for each in validators
        ]
    )


def address(validator: Validator) -> bytes:
    """The 20 bytes that a validator is named by."""
    digest = hashlib.sha256(validator.key).digest()
    return digest[:20] if validator.scheme == "ed25519" else hashlib.new("ripemd160", digest).digest()


def sign_bytes(chain_id: str, commit: Commit, vote: Vote) -> bytes:
    """Vote.SignBytes of a precommit: a vote for nil has no block id."""
    body = number_field(1, PRECOMMIT) + fixed64_field(2, commit.height) + fixed64_field(3, commit.round)
    if vote.flag == FOR_BLOCK:
        body += message_field(4, block_id(commit.block_id))
    body += message_field(5, timestamp(vote.time_ns)) + bytes_field(6, chain_id.encode())
    return varint(len(body)) + body


# --- rules


def _require(holds: bool, rule: str) -> None:
    if not holds:
        raise Rule(rule)


def check_block(block: LightBlock, chain_id: str) -> None:
    """LightBlock.ValidateBasic: the parts belong together."""
    header, commit, validators = block
    _require(header.chain_id == chain_id, "chain_id")
    _require(header.height > 0 and header.height == commit.height, "height")
    _require(header_hash(header) == commit.block_id.hash, "header_hash")
    _require(bool(validators), "empty")
    _require(all(each.power > 0 for each in validators), "power")
    _require(sum(each.power for each in validators) <= TOTAL_POWER_MAX, "power")
    _require(all(address(each) == each.address for each in validators), "validator_address")
    _require(len({each.address for each in validators}) == len(validators), "validator_repeated")
    _require(validators_hash(validators) == header.validators_hash, "validators_hash")
    _require(len(commit.votes) == len(validators), "commit_size")
    for vote, validator in zip(commit.votes, validators, strict=True):
        _require(vote.flag in (ABSENT, FOR_BLOCK, FOR_NIL), "vote_flag")
        if vote.flag == ABSENT:
            _require(not vote.address and not vote.signature, "vote_absent")
        else:
            _require(vote.address == validator.address, "vote_address")


def check_commit(block: LightBlock, verify: Verify) -> None:
    """VerifyCommit: every signature that is there must hold, more than two thirds must be for the block."""
    tally = 0
    for vote, validator in zip(block.commit.votes, block.validators, strict=True):
        if vote.flag == ABSENT:
            continue
        message = sign_bytes(block.header.chain_id, block.commit, vote)
        _require(verify(validator, message, vote.signature), "signature_false")
        if vote.flag == FOR_BLOCK:
            tally += validator.power
    total = sum(each.power for each in block.validators)
    _require(tally > total * 2 // 3, "not_two_thirds")


def check_overlap(block: LightBlock, trusted: Sequence[Validator], level: tuple[int, int], verify: Verify) -> None:
    """VerifyCommitLightTrusting: enough of a set that is trusted signed this block, whatever its own set is."""
    by_address = {each.address: each for each in trusted}
    seen: set[bytes] = set()
    tally = 0
    for vote in block.commit.votes:
        if vote.flag != FOR_BLOCK or vote.address not in by_address:
            continue
        _require(vote.address not in seen, "vote_repeated")
        seen.add(vote.address)
        message = sign_bytes(block.header.chain_id, block.commit, vote)
        _require(verify(by_address[vote.address], message, vote.signature), "signature_false")
        tally += by_address[vote.address].power
    numerator, denominator = level
    total = sum(each.power for each in trusted)
    _require(tally > total * numerator // denominator, "not_enough_trust")


def check_light(
    block: LightBlock,
    trusted: Trusted,
    now_ns: int,
    trusting_period_ns: int,
    max_clock_drift_ns: int,
    verify: Verify,
    level: tuple[int, int] = (1, 3),
) -> None:
    """light.Verify: one step of a light client, adjacent or skipping. Raises :class:`Rule` for the first that is
    broken."""
    _require(trusted.time_ns + trusting_period_ns > now_ns, "trust_expired")
    check_block(block, trusted.chain_id)
    _require(block.header.height > trusted.height, "height_not_later")
    _require(block.header.time_ns > trusted.time_ns, "time_not_later")
    _require(block.header.time_ns < now_ns + max_clock_drift_ns, "header_from_future")
    if block.header.height == trusted.height + 1:
        _require(block.header.validators_hash == trusted.next_validators_hash, "next_validators")
    else:
        _require(validators_hash(trusted.next_validators) == trusted.next_validators_hash, "trusted_validators_hash")
        check_overlap(block, trusted.next_validators, level, verify)
    check_commit(block, verify)


# --- from the JSON of a node


def time_ns(text: str) -> int:
    """RFC 3339 in UTC with up to nine fractional digits, as nanoseconds since 1970."""
    moment, _, fraction = text.removesuffix("Z").partition(".")
    since = datetime.fromisoformat(moment) - datetime(1970, 1, 1)
    return (since.days * 86_400 + since.seconds) * NS + int((fraction or "0").ljust(9, "0"))


def block_id_from_json(value: Any) -> BlockId:
    """A block id; null is the empty one."""
    if value is None:
        return BlockId(b"", 0, b"")
    parts = value.get("parts") or value["part_set_header"]
    return BlockId(bytes.fromhex(value["hash"]), int(parts["total"]), bytes.fromhex(parts["hash"]))


def header_from_json(value: Any) -> Header:
    """A header as a node's RPC gives it."""
    names = Header._fields[6:]
    return Header(
        int(value["version"]["block"]),
        int(value["version"].get("app", 0)),
        value["chain_id"],
        int(value["height"]),
        time_ns(value["time"]),
        block_id_from_json(value["last_block_id"]),
        *(bytes.fromhex(value[name] or "") for name in names),
    )


def commit_from_json(value: Any) -> Commit:
    """A commit as a node's RPC gives it."""
    votes = tuple(
        Vote(
            int(each["block_id_flag"]),
            bytes.fromhex(each["validator_address"] or ""),
            time_ns(each["timestamp"]) if each["timestamp"] else 0,
            base64.b64decode(each["signature"] or ""),
        )
        for each in value["signatures"]
    )
    return Commit(int(value["height"]), int(value["round"]), block_id_from_json(value["block_id"]), votes)


def validators_from_json(values: Any) -> tuple[Validator, ...]:
    """Validators as a node's RPC gives them, in their order."""
    return tuple(
        Validator(
            bytes.fromhex(each["address"]),
            "secp256k1" if "secp256k1" in each["pub_key"]["type"].lower() else "ed25519",
            base64.b64decode(each["pub_key"]["value"]),
            int(each["voting_power"]),
        )
        for each in values
    )
