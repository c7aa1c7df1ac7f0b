"""Records a small CometBFT chain of light blocks, the same for the same arguments: for examples and tests.

The chain is made up, its rules are real: Ed25519 keys from a seed, signed commits, validators that come and go, votes
that are absent or for nil. Signing needs the package ``cryptography``, which is imported when it is needed. The
constants of the recording that the package carries are the defaults:

    python -m isthmus.chains.cometbft_record src/isthmus/data/cometbft_chain.json
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from isthmus import _wire
from isthmus._json import Timestamp
from isthmus.reference import cometbft as rules


class _Signer(Protocol):
    def sign(self, data: bytes, /) -> bytes: ...


class _Member(NamedTuple):
    validator: rules.Validator
    signer: _Signer


_START = Timestamp(1_735_689_600)  # 2025-01-01


@dataclass(frozen=True, slots=True)
class Plan:
    """What to record.

    ``validators``   how many validators sign each block
    ``heights``      how many blocks, from height 1
    ``change_every`` at each multiple of this height the oldest validator leaves and a new one joins; 0: never
    ``absent_every`` the n-th vote over the whole chain is absent; and every n-th of those left is for nil; 0: none
    """

    chain_id: str = "isthmus-recorded-1"
    seed: int = 1
    validators: int = 7
    heights: int = 24
    change_every: int = 6
    absent_every: int = 9
    start: Timestamp = _START
    interval_ns: int = 6_123_456_789

    def __post_init__(self) -> None:
        if self.validators < 1 or self.heights < 1:
            raise ValueError("a chain has at least one validator and one block")


def record(plan: Plan | None = None) -> dict[str, Any]:
    """The chain as JSON values: ``chain_id``, ``anchor`` and ``blocks``, each with a node's answers to /commit and
    /validators. ``ImportError`` without the package ``cryptography``."""
    plan = plan or Plan()
    last = rules.BlockId(b"", 0, b"")
    last_commit_hash = hashlib.sha256(b"").digest()
    blocks: list[dict[str, Any]] = []
    vote_count = 0
    for height in range(1, plan.heights + 1):
        members = _members(plan, height)
        header = _header(plan, height, last, last_commit_hash)
        block_id = rules.BlockId(rules.header_hash(header), 1, _digest("parts", plan.seed, height))
        commit = _commit(plan, header, block_id, members, vote_count)
        vote_count += len(members)
        blocks.append(_answers(header, commit, members))
        last, last_commit_hash = block_id, _commit_hash(commit)
    return {
        "about": "A chain that isthmus.chains.cometbft_record made: keys from a seed, real rules, no real money.",
        "chain_id": plan.chain_id,
        "anchor": {
            "chain_id": plan.chain_id,
            "header_hash": blocks[0]["commit"]["signed_header"]["commit"]["block_id"]["hash"],
            "trusting_period": "14d",
            "now": str(Timestamp.from_ns(plan.start.ns + (plan.heights + 1) * plan.interval_ns)),
        },
        "blocks": blocks,
    }


def conflicting(plan: Plan, height: int, *, round_: int = 0, app: str | None = None) -> dict[str, Any]:
    """Another block of this height that the same validators signed: in the same round (equivocation), in another
    (amnesia), or with a state that no execution gave (``app``, lunatic). A node's answers, as in :func:`record`."""
    blocks = record(plan)["blocks"]
    honest = rules.header_from_json(blocks[height - 1]["commit"]["signed_header"]["header"])
    header = honest._replace(data_hash=_digest("other data", plan.seed, height))
    if app is not None:
        header = header._replace(app_hash=_digest(app, plan.seed, height))
    block_id = rules.BlockId(rules.header_hash(header), 1, _digest("other parts", plan.seed, height))
    members = _members(plan, height)
    whole = Plan(plan.chain_id, plan.seed, plan.validators, plan.heights, plan.change_every, 0, plan.start)
    return _answers(header, _commit(whole, header, block_id, members, 0, round_), members)


def _digest(what: str, *values: int) -> bytes:
    return hashlib.sha256(f"isthmus {what} {' '.join(map(str, values))}".encode()).digest()


def _members(plan: Plan, height: int) -> list[_Member]:
    """The set of a height in the chain's order: power descending, then address."""
    try:
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    except ImportError:
        raise ImportError("recording signs with the package cryptography: pip install cryptography") from None

    changes = height // plan.change_every if plan.change_every else 0
    members = []
    for index in range(changes, changes + plan.validators):
        signer = Ed25519PrivateKey.from_private_bytes(_digest("key", plan.seed, index))
        key = signer.public_key().public_bytes_raw()
        power = 100 + int.from_bytes(_digest("power", plan.seed, index)[:2], "big") % 900
        validator = rules.Validator(b"", "ed25519", key, power)
        members.append(_Member(validator._replace(address=rules.address(validator)), signer))
    members.sort(key=lambda member: (-member.validator.power, member.validator.address))
    return members


def _set_hash(plan: Plan, height: int) -> bytes:
    return rules.validators_hash([member.validator for member in _members(plan, height)])


def _header(plan: Plan, height: int, last: rules.BlockId, last_commit_hash: bytes) -> rules.Header:
    members = _members(plan, height)
    nothing = hashlib.sha256(b"").digest()
    return rules.Header(
        version_block=11,
        version_app=1,
        chain_id=plan.chain_id,
        height=height,
        time_ns=plan.start.ns + height * plan.interval_ns,
        last_block_id=last,
        last_commit_hash=last_commit_hash,
        data_hash=_digest("data", plan.seed, height),
        validators_hash=_set_hash(plan, height),
        next_validators_hash=_set_hash(plan, height + 1),
        consensus_hash=_digest("consensus", plan.seed),
        app_hash=_digest("app", plan.seed, height - 1),
        last_results_hash=nothing,
        evidence_hash=nothing,
        proposer_address=members[height % len(members)].validator.address,
    )


def _commit(
    plan: Plan, header: rules.Header, block_id: rules.BlockId, members: Sequence[_Member], first: int, round_: int = 0
) -> rules.Commit:
    unsigned = rules.Commit(header.height, round_, block_id, ())
    votes = []
    power_left = (sum(member.validator.power for member in members) - 1) // 3
    for index, (validator, signer) in enumerate(members):
        vote_number = first + index + 1
        flag = rules.FOR_BLOCK
        if plan.absent_every and vote_number % plan.absent_every == 0 and validator.power <= power_left:
            power_left -= validator.power
            flag = rules.FOR_NIL if vote_number // plan.absent_every % 2 == 0 else rules.ABSENT
        if flag == rules.ABSENT:
            votes.append(rules.Vote(flag, b"", _ZERO_TIME_NS, b""))
            continue
        vote = rules.Vote(flag, validator.address, header.time_ns + 1_000_003 * (index + 1), b"")
        message = rules.sign_bytes(header.chain_id, unsigned, vote)
        votes.append(vote._replace(signature=signer.sign(message)))
    return unsigned._replace(votes=tuple(votes))


_ZERO_TIME_NS = -62_135_596_800 * rules.NS  # Go's zero time, which an absent vote carries


def _commit_hash(commit: rules.Commit) -> bytes:
    """Commit.Hash, which the next header names."""
    return rules.merkle_root(
        [
            _wire.uint(1, vote.flag)
            + _wire.blob(2, vote.address)
            + _wire.message(3, rules.timestamp(vote.time_ns))
            + _wire.blob(4, vote.signature)
            for vote in commit.votes
        ]
    )


def _hex(value: bytes) -> str:
    return value.hex().upper()


def _time(time_ns: int) -> str:
    return str(Timestamp.from_ns(time_ns))


def _block_id(value: rules.BlockId) -> dict[str, Any]:
    return {"hash": _hex(value.hash), "parts": {"total": value.parts_total, "hash": _hex(value.parts_hash)}}


def _answers(header: rules.Header, commit: rules.Commit, members: Sequence[_Member]) -> dict[str, Any]:
    names = rules.Header._fields[6:]
    return {
        "commit": {
            "signed_header": {
                "header": {
                    "version": {"block": str(header.version_block), "app": str(header.version_app)},
                    "chain_id": header.chain_id,
                    "height": str(header.height),
                    "time": _time(header.time_ns),
                    "last_block_id": _block_id(header.last_block_id),
                    **{name: _hex(getattr(header, name)) for name in names},
                },
                "commit": {
                    "height": str(commit.height),
                    "round": commit.round,
                    "block_id": _block_id(commit.block_id),
                    "signatures": [
                        {
                            "block_id_flag": vote.flag,
                            "validator_address": _hex(vote.address),
                            "timestamp": _time(vote.time_ns),
                            "signature": base64.b64encode(vote.signature).decode() or None,
                        }
                        for vote in commit.votes
                    ],
                },
            },
            "canonical": True,
        },
        "validators": {
            "block_height": str(header.height),
            "validators": [
                {
                    "address": _hex(validator.address),
                    "pub_key": {
                        "type": "tendermint/PubKeyEd25519",
                        "value": base64.b64encode(validator.key).decode(),
                    },
                    "voting_power": str(validator.power),
                    "proposer_priority": "0",
                }
                for validator, _ in members
            ],
            "count": str(len(members)),
            "total": str(len(members)),
        },
    }


def main(argv: Sequence[str] | None = None) -> int:
    """Writes a recording to a file."""
    default = Plan()
    parser = argparse.ArgumentParser(
        prog="python -m isthmus.chains.cometbft_record", description=__doc__.split("\n")[0]
    )
    parser.add_argument("file", type=Path)
    parser.add_argument("--chain-id", default=default.chain_id)
    parser.add_argument("--seed", type=int, default=default.seed)
    parser.add_argument("--validators", type=int, default=default.validators)
    parser.add_argument("--heights", type=int, default=default.heights)
    args = parser.parse_args(argv)
    chain = record(Plan(args.chain_id, args.seed, args.validators, args.heights))
    args.file.write_text(json.dumps(chain, indent=1) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
