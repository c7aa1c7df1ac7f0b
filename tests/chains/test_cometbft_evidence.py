"""Provable misbehaviour: two commits of one height, and two votes of one validator."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from helpers import tendermint as tm
from helpers.tendermint import ABSENT, CHAIN_ID, Validators, make

import isthmus
from isthmus.chains.cometbft import (
    Anchor,
    LightBlock,
    Timestamp,
    TrustedHeader,
    conflict_input,
    culprits,
    duplicate_vote_from_json,
)

CONFLICT = "cometbft-conflict"
DUPLICATE = "cometbft-duplicate-vote"
FOUR = Validators.of({1: 40, 2: 30, 3: 20, 4: 10})


def light(block: tm.Block) -> LightBlock:
    return LightBlock.from_json(json.loads(json.dumps(block)))


def trusted(height: int, validators: Validators = FOUR) -> Anchor:
    header = TrustedHeader(
        height,
        Timestamp(tm.START_S + 10 * height),
        validators.hash(),
        validators=light(make(height, validators)).validators,
    )
    return Anchor(CHAIN_ID, trusted=header, now=Timestamp(tm.START_S + 1000))


def judge(a: tm.Block, b: tm.Block, anchor: Anchor) -> isthmus.Verdict:
    return isthmus.Engine(threads=1).check(CONFLICT, conflict_input(light(a), light(b)), anchor)


@pytest.mark.parametrize("base", [4, 2])
def test_equivocation_names_who_signed_both(base: int) -> None:
    """Same round, same state, other block: whoever voted for both is guilty; adjacent and skipping alike."""
    a = make(5, FOUR, flags={4: ABSENT})
    b = make(5, FOUR, flags={3: ABSENT}, seconds=tm.START_S + 51)
    verdict = judge(a, b, trusted(base))
    assert verdict.ok, [str(finding) for finding in verdict.findings]
    found = culprits(verdict)
    assert found.kind == "equivocation"
    assert found.addresses == (tm.address(1), tm.address(2))
    assert (found.power, found.total_power) == (70, 100)


def test_another_round_is_amnesia_and_names_nobody() -> None:
    verdict = judge(make(5, FOUR), make(5, FOUR, round_=1, seconds=tm.START_S + 51), trusted(4))
    assert verdict.ok
    assert culprits(verdict).kind == "amnesia"
    assert culprits(verdict).addresses == ()


def test_a_made_up_header_is_lunatic() -> None:
    verdict = judge(make(5, FOUR), make(5, FOUR, app="BB" * 32), trusted(2))
    assert verdict.ok
    found = culprits(verdict)
    assert found.kind == "lunatic"
    assert set(found.addresses) == {tm.address(name) for name in (1, 2, 3, 4)}


def test_what_is_no_conflict_is_not_proved() -> None:
    a = make(5, FOUR)
    cases = {
        "cometbft_no_conflict": (a, a),
        "cometbft_conflict_height": (a, make(6, FOUR)),
        "cometbft_not_two_thirds": (a, make(5, FOUR, flags={1: ABSENT}, seconds=tm.START_S + 51)),
        "cometbft_chain_id": (a, make(5, FOUR, chain_id="another")),
    }
    for code, (left, right) in cases.items():
        verdict = judge(left, right, trusted(4))
        assert str(verdict.status) == "invalid", code
        assert code in {finding.code for finding in verdict.findings} | {verdict.code}, (code, str(verdict))
        with pytest.raises(ValueError, match="no conflict"):
            culprits(verdict)


def test_every_byte_of_a_conflict_flipped_is_never_valid() -> None:
    a, b = make(5, FOUR, flags={4: ABSENT}), make(5, FOUR, seconds=tm.START_S + 51)
    raw = conflict_input(light(a), light(b))
    engine = isthmus.Engine()
    assert engine.check(CONFLICT, raw, trusted(4)).ok
    mutants = [raw[:i] + bytes([raw[i] ^ 1 << i % 8]) + raw[i + 1 :] for i in range(len(raw))]
    report = engine.check(CONFLICT, mutants, trusted(4))
    assert [i for i, verdict in enumerate(report) if verdict.ok] == []


# --- two votes of one validator


def evidence(name: int, a: tm.Block, b: tm.Block) -> dict[str, Any]:
    """The evidence object of a node's JSON, votes in the order of their block ids."""
    votes = []
    for block in sorted((a, b), key=lambda each: each["commit"]["block_id"]["hash"]):
        index = [member for member, _ in FOUR.members].index(name)
        entry = block["commit"]["signatures"][index]
        votes.append(
            {
                "type": 2,
                "height": block["commit"]["height"],
                "round": block["commit"]["round"],
                "block_id": block["commit"]["block_id"],
                "timestamp": entry["timestamp"],
                "validator_address": entry["validator_address"],
                "validator_index": index,
                "signature": entry["signature"],
            }
        )
    return {
        "vote_a": votes[0],
        "vote_b": votes[1],
        "TotalVotingPower": "100",
        "ValidatorPower": str(dict(FOUR.members)[name]),
        "Timestamp": tm.time_json(tm.START_S),
    }


def duplicate_anchor() -> Anchor:
    return Anchor(CHAIN_ID, evidence_validators=light(make(5, FOUR)).validators)


def judge_votes(source: dict[str, Any], anchor: Anchor | None = None) -> isthmus.Verdict:
    raw = duplicate_vote_from_json(json.loads(json.dumps(source)))
    return isthmus.Engine(threads=1).check(DUPLICATE, raw, anchor or duplicate_anchor())


def two_blocks() -> tuple[tm.Block, tm.Block]:
    return make(5, FOUR), make(5, FOUR, seconds=tm.START_S + 51)


def test_duplicate_votes_are_proved() -> None:
    verdict = judge_votes(evidence(2, *two_blocks()))
    assert verdict.ok, [str(finding) for finding in verdict.findings]
    assert verdict.facts["address"] == tm.address(2)
    assert int.from_bytes(verdict.facts["power"], "little") == 30


def test_what_is_no_duplicate_vote() -> None:
    a, b = two_blocks()
    right = evidence(2, a, b)

    def altered(**changes: Any) -> dict[str, Any]:
        source = copy.deepcopy(right)
        for path, value in changes.items():
            place, _, field = path.partition("__")
            if field:
                source[place][field] = value
            else:
                source[place] = value
        return source

    swapped = right | {"vote_a": right["vote_b"], "vote_b": right["vote_a"]}
    cases = {
        "cometbft_duplicate_order": [swapped, right | {"vote_b": right["vote_a"]}],
        "cometbft_duplicate_power": [altered(TotalVotingPower="101"), altered(ValidatorPower="31")],
        "signature_false": [altered(vote_b__timestamp=tm.time_json(tm.START_S)), evidence(2, a, b) | {
            "vote_b": right["vote_b"] | {"signature": right["vote_a"]["signature"]}}],
        "cometbft_duplicate_place": [evidence(2, a, make(5, FOUR, round_=1)), evidence(2, a, make(6, FOUR))],
    }  # fmt: skip
    for code, sources in cases.items():
        for source in sources:
            verdict = judge_votes(source)
            assert str(verdict.status) == "invalid"
            assert code in {finding.code for finding in verdict.findings}, (code, str(verdict))
    stranger = Anchor(CHAIN_ID, evidence_validators=light(make(5, Validators.of({9: 100}))).validators)
    assert judge_votes(right, stranger).code == "cometbft_duplicate_signer"
    assert judge_votes(right, Anchor(CHAIN_ID)).code == "cometbft_no_evidence_validators"
    assert str(judge_votes(right, Anchor("another-chain", evidence_validators=b"")).status) != "valid"


def test_every_byte_of_duplicate_votes_flipped_is_never_valid() -> None:
    """But for what VerifyDuplicateVote does not look at and no signature covers: each vote's validator_index, and the
    timestamp of the evidence itself, which is the chain's to judge."""
    source = evidence(2, *two_blocks())
    raw = duplicate_vote_from_json(source)
    stamp = raw.rindex(b"\x2a")
    engine = isthmus.Engine()
    mutants = [raw[:i] + bytes([raw[i] ^ 1 << i % 8]) + raw[i + 1 :] for i in range(stamp)]
    report = engine.check(DUPLICATE, mutants, duplicate_anchor())
    address = tm.address(2)
    # Field 7, a varint, stands right behind field 6, the address.
    first = raw.index(address) + len(address)
    second = raw.index(address, first) + len(address)
    assert raw[first] == raw[second] == 7 << 3
    assert [i for i, verdict in enumerate(report) if verdict.ok] == [first + 1, second + 1]
