"""What is valid among CometBFT inputs, decided by the reference implementation: the oracle of changed bytes.

Signatures of both key types are judged by the slow curve code. Anchors are those that helpers.samples makes.
"""

from __future__ import annotations

import functools
import hashlib
from dataclasses import dataclass
from typing import Final

from helpers.wire_forms import Form, Message, Nested, read, signed
from isthmus.reference import cometbft as ref
from isthmus.reference import ed25519, secp256k1

ZERO_TIME_NS: Final = -62_135_596_800 * ref.NS
TIME_END_NS: Final = 253_402_300_800 * ref.NS

TIME: Final[Form] = {1: int, 2: int}
PARTS: Final[Form] = {1: int, 2: bytes}
BLOCK_ID: Final[Form] = {1: bytes, 2: Nested(PARTS, always=True)}
VERSION: Final[Form] = {1: int, 2: int}
HEADER: Final[Form] = {1: Nested(VERSION, always=True), 2: bytes, 3: int, 4: Nested(TIME, always=True),
                       5: Nested(BLOCK_ID, always=True), **dict.fromkeys(range(6, 15), bytes)}  # fmt: skip
COMMIT_SIG: Final[Form] = {1: int, 2: bytes, 3: Nested(TIME), 4: bytes}
COMMIT: Final[Form] = {1: int, 2: int, 3: Nested(BLOCK_ID, always=True), 4: Nested(COMMIT_SIG, repeated=True)}
KEY: Final[Form] = {1: bytes, 2: bytes}
VALIDATOR: Final[Form] = {1: bytes, 2: Nested(KEY, always=True), 3: int, 4: int}
VALIDATORS: Final[Form] = {1: Nested(VALIDATOR, repeated=True), 2: Nested(VALIDATOR), 3: int}
SIGNED_HEADER: Final[Form] = {1: Nested(HEADER, always=True), 2: Nested(COMMIT, always=True)}
LIGHT_BLOCK: Final[Form] = {1: Nested(SIGNED_HEADER, always=True), 2: Nested(VALIDATORS, always=True)}
CONFLICT: Final[Form] = {1: Nested(LIGHT_BLOCK, always=True), 2: Nested(LIGHT_BLOCK, always=True)}
VOTE: Final[Form] = {1: int, 2: int, 3: int, 4: Nested(BLOCK_ID, always=True), 5: Nested(TIME, always=True), 6: bytes,
                     7: int, 8: bytes, 9: bytes, 10: bytes}  # fmt: skip
EVIDENCE: Final[Form] = {1: Nested(VOTE, always=True), 2: Nested(VOTE, always=True), 3: int, 4: int,
                         5: Nested(TIME, always=True)}  # fmt: skip
TRUSTED: Final[Form] = {1: int, 2: Nested(TIME), 4: bytes, 5: Nested(VALIDATORS)}
ANCHOR: Final[Form] = {1: bytes, 2: bytes, 3: bytes, 4: Nested(TRUSTED), 5: Nested(TIME), 6: Nested(TIME),
                       7: Nested(TIME), 8: int, 9: int, 12: Nested(VALIDATORS)}  # fmt: skip


def _require(holds: bool, what: str) -> None:
    if not holds:
        raise ref.Rule(what)


def _time_ns(time: Message) -> int:
    nanos = time.get(2, 0)
    value = signed(time.get(1, 0)) * ref.NS + nanos
    _require(nanos < ref.NS and ZERO_TIME_NS <= value < TIME_END_NS, "time")
    return value


def _block_id(value: Message) -> ref.BlockId:
    """A hash that stands has 32 bytes, the number of parts 32 bits."""
    found = ref.BlockId(value.get(1, b""), value[2].get(1, 0), value[2].get(2, b""))
    _require(len(found.hash) in (0, 32) and len(found.parts_hash) in (0, 32) and found.parts_total < 1 << 32, "id")
    return found


def _header(value: Message) -> ref.Header:
    hashes = [value.get(number, b"") for number in range(6, 15)]
    _require(all(len(each) in (0, 32) for each in [*hashes[:5], *hashes[6:8]]), "hash_size")
    _require(len(hashes[8]) == 20 and 0 < value.get(3, 0) < 1 << 63, "header")
    version = value[1].get(1, 0), value[1].get(2, 0)
    chain_id, height = value.get(2, b"").decode(), value[3]
    return ref.Header(*version, chain_id, height, _time_ns(value[4]), _block_id(value[5]), *hashes)


def _vote(value: Message) -> ref.Vote:
    time_ns = _time_ns(value[3]) if 3 in value else ZERO_TIME_NS
    vote = ref.Vote(value.get(1, 0), value.get(2, b""), time_ns, value.get(4, b""))
    # CommitSig.ValidateBasic: an absent vote has the zero time.
    _require(vote.flag != ref.ABSENT or time_ns == ZERO_TIME_NS, "vote_absent")
    _require(vote.flag == ref.ABSENT or 3 in value, "vote_time")
    return vote


def _commit(value: Message) -> ref.Commit:
    _require(value.get(2, 0) < 1 << 31, "round")
    votes = tuple(_vote(each) for each in value.get(4, ()))
    return ref.Commit(value.get(1, 0), value.get(2, 0), _block_id(value[3]), votes)


def _validator(value: Message) -> ref.Validator:
    key = value[2]
    _require(len(key) == 1 and len(key.get(1, bytes(32))) == 32 and len(key.get(2, bytes(33))) == 33, "key")
    _require(0 < value.get(3, 0) <= ref.TOTAL_POWER_MAX and len(value.get(1, b"")) == 20, "validator")
    scheme = "ed25519" if 1 in key else "secp256k1"
    return ref.Validator(value[1], scheme, key.get(1) or key[2], value[3])


def _validators(value: Message) -> tuple[ref.Validator, ...]:
    """Priorities, the proposer and the written total are neither hashed nor used: ValidatorSetFromProto recomputes the
    total, and a light client asks nobody for a proposal."""
    if 2 in value:
        _validator(value[2])
    return tuple(_validator(each) for each in value.get(1, ()))


def _light_block(value: Message) -> ref.LightBlock:
    return ref.LightBlock(_header(value[1][1]), _commit(value[1][2]), _validators(value[2]))


@functools.lru_cache(maxsize=1 << 16)
def verify(validator: ref.Validator, message: bytes, signature: bytes) -> bool:
    """Signatures are 64 bytes; those over secp256k1 are low and over the SHA-256 of the message."""
    if validator.scheme == "ed25519":
        return ed25519.verify_zip215(validator.key, signature, message)
    return secp256k1.verify_ecdsa(validator.key, signature, hashlib.sha256(message).digest(), low_s=True)


@dataclass(frozen=True)
class Trust:
    """An anchor as the reference takes it."""

    chain_id: str
    header_hash: bytes
    validators_hash: bytes
    trusted: ref.Trusted | None
    period_ns: int
    now_ns: int
    drift_ns: int
    level: tuple[int, int]
    evidence: tuple[ref.Validator, ...]


@functools.cache
def _trust(raw: bytes) -> Trust:
    value = read(raw, ANCHOR)
    chain_id = value[1].decode()
    trusted = None
    if 4 in value:
        inner = value[4]
        members = _validators(inner.get(5, {}))
        trusted = ref.Trusted(chain_id, inner[1], _time_ns(inner[2]), inner[4], members)
    period, now, drift = (_time_ns(value.get(number, {})) for number in (5, 6, 7))
    evidence = _validators(value.get(12, {}))
    level = value.get(8, 1), value.get(9, 3)
    return Trust(chain_id, value.get(2, b""), value.get(3, b""), trusted, period, now, drift, level, evidence)


def _check_light_block(block: ref.LightBlock, trust: Trust) -> None:
    pins = trust.header_hash, trust.validators_hash
    _require(trust.trusted is not None or any(pins), "no_anchor")
    _require(pins[0] in (b"", ref.header_hash(block.header)), "pinned_header")
    _require(pins[1] in (b"", block.header.validators_hash), "pinned_validators")
    if trust.trusted is not None:
        ref.check_light(block, trust.trusted, trust.now_ns, trust.period_ns, trust.drift_ns, verify, trust.level)
        return
    ref.check_block(block, trust.chain_id)
    ref.check_commit(block, verify)


def _check_conflict(value: Message, trust: Trust) -> None:
    a, b = _light_block(value[1]), _light_block(value[2])
    _require(a.header.height == b.header.height, "conflict_height")
    _require(ref.header_hash(a.header) != ref.header_hash(b.header), "no_conflict")
    for block in (a, b):
        _check_light_block(block, trust)


def vote_sign_bytes(chain_id: str, vote: Message) -> bytes:
    """What a vote of either type signs; one for nil has no block id."""
    body = ref.number_field(1, vote[1]) + ref.fixed64_field(2, vote[2]) + ref.fixed64_field(3, vote.get(3, 0))
    block_id = _block_id(vote[4])
    if block_id != ref.BlockId(b"", 0, b""):
        body += ref.message_field(4, ref.block_id(block_id))
    body += ref.message_field(5, ref.timestamp(_time_ns(vote[5]))) + ref.bytes_field(6, chain_id.encode())
    return ref.varint(len(body)) + body


def _order_key(vote: Message) -> bytes:
    """BlockID.Key: the hash, then the part set header's bytes."""
    block_id = _block_id(vote[4])
    return block_id.hash + ref.number_field(1, block_id.parts_total) + ref.bytes_field(2, block_id.parts_hash)


def _check_vote(vote: Message) -> None:
    """Vote.ValidateBasic. A vote's extension and its signature say nothing about the block: no rule is about them."""
    _require(vote.get(1, 0) in (1, 2) and 0 < vote.get(2, 0) < 1 << 63 and vote.get(3, 0) < 1 << 31, "place")
    _require(vote.get(7, 0) < 1 << 31 and len(vote.get(6, b"")) == 20, "validator")
    empty, complete = ref.BlockId(b"", 0, b""), _block_id(vote[4])
    _require(complete == empty or all(complete), "block_id")


def _check_duplicate_vote(value: Message, trust: Trust) -> None:
    """VerifyDuplicateVote and DuplicateVoteEvidence.ValidateBasic. Whom a vote's index names is not looked at: the
    address says it, and no signature covers the index. The evidence's own time is for the chain to compare with its
    block, which is not at hand."""
    a, b = value[1], value[2]
    for vote in (a, b):
        _check_vote(vote)
    _time_ns(value[5])
    _require(all(a.get(number) == b.get(number) for number in (1, 2, 3, 6)), "place")
    _require(_order_key(a) < _order_key(b), "order")
    members = {each.address: each for each in trust.evidence}
    _require(len(members) == len(trust.evidence), "validator_repeated")
    _require(all(ref.address(each) == each.address for each in trust.evidence), "validator_address")
    _require(trust.validators_hash in (b"", ref.validators_hash(trust.evidence)), "validators_hash")
    signer = members.get(a[6])
    _require(signer is not None, "signer")
    assert signer is not None
    total = sum(each.power for each in trust.evidence)
    _require((value.get(3, 0), value.get(4, 0)) == (total, signer.power), "power")
    for vote in (a, b):
        _require(verify(signer, vote_sign_bytes(trust.chain_id, vote), vote.get(8, b"")), "signature_false")


def light_block(raw: bytes, anchor: bytes) -> bool:
    """light.Verify, or VerifyCommit of a pinned block."""
    trust = _trust(anchor)
    try:
        _check_light_block(_light_block(read(raw, LIGHT_BLOCK)), trust)
    except (ValueError, ref.Rule):
        return False
    return True


def conflict(raw: bytes, anchor: bytes) -> bool:
    """Two blocks of one height that both pass, with different hashes."""
    trust = _trust(anchor)
    try:
        _check_conflict(read(raw, CONFLICT), trust)
    except (ValueError, ref.Rule):
        return False
    return True


def duplicate_vote(raw: bytes, anchor: bytes) -> bool:
    """Two votes of one validator at one place."""
    trust = _trust(anchor)
    try:
        _check_duplicate_vote(read(raw, EVIDENCE), trust)
    except (ValueError, ref.Rule):
        return False
    return True
