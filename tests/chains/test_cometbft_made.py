"""Light blocks made here: exact thresholds, every field altered, every byte flipped, sets that must not
exist."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import pytest
from helpers import tendermint as tm
from helpers.tendermint import ABSENT, CHAIN_ID, FOR_NIL, Validators, make

import isthmus
from isthmus.chains.cometbft import Anchor, LightBlock, Timestamp, TrustedHeader, TrustOptions

CHAIN = "cometbft-light-block"
LARGE = (2**63 - 1) // 8 // 3 - 1
FOUR = Validators.of({1: 10, 2: 10, 3: 10, 4: 10})


def encoded(block: tm.Block) -> bytes:
    return LightBlock.from_json(json.loads(json.dumps(block))).encoded


def judge(block: tm.Block | bytes, anchor: Anchor) -> tuple[str, str]:
    raw = block if isinstance(block, bytes) else encoded(block)
    verdict = isthmus.Engine(threads=1).check(CHAIN, raw, anchor)
    return str(verdict.status), verdict.code


def pinned(validators: Validators) -> Anchor:
    return Anchor(CHAIN_ID, validators_hash=validators.hash())


def moment(height: int) -> Timestamp:
    return Timestamp(tm.START_S + 10 * height + 30)


def trusted(height: int, validators: Validators, *, level: Fraction = Fraction(1, 3), now: int = 9) -> Anchor:
    header = TrustedHeader(
        height,
        Timestamp(tm.START_S + 10 * height),
        validators.hash(),
        validators=LightBlock.from_json(json.loads(json.dumps(make(height, validators)))).validators,
    )
    options = TrustOptions(trust_level=level)
    return Anchor(CHAIN_ID, trusted=header, now=moment(now), options=options)


def test_an_ordinary_block_is_valid() -> None:
    block = make(5, FOUR)
    assert judge(block, pinned(FOUR)) == ("valid", "ok")
    assert LightBlock.from_json(block).header_hash == tm.header_hash(block["header"])
    assert LightBlock.from_json(block).validators_hash == FOUR.hash()


@pytest.mark.parametrize("round_", [0, 1, 2, 1000, 2**31 - 1])
def test_any_round(round_: int) -> None:
    assert judge(make(5, FOUR, round_=round_), pinned(FOUR)) == ("valid", "ok")


@pytest.mark.parametrize(
    ("powers", "absent", "status"),
    [
        ({1: 1}, [], "valid"),
        ({1: 1, 2: 1, 3: 1}, [3], "invalid"),  # exactly 2/3 is not more than 2/3
        ({1: 1, 2: 1, 3: 1}, [], "valid"),
        ({1: 2, 2: 1}, [2], "invalid"),  # 2 of 3
        ({1: 201, 2: 99}, [2], "valid"),  # 201 of 300
        ({1: 200, 2: 100}, [2], "invalid"),
        ({1: 66, 2: 34}, [2], "invalid"),  # 66 of 100; 100 * 2 / 3 = 66 in integers
        ({1: 67, 2: 33}, [2], "valid"),
        ({1: 7, 2: 3}, [2], "valid"),
        ({1: 6, 2: 4}, [2], "invalid"),
        ({1: 2, 2: 2}, [2], "invalid"),
        ({1: 3, 2: 1}, [2], "valid"),  # 3 of 4; 4 * 2 / 3 = 2 in integers
        ({1: 2 * LARGE, 2: LARGE}, [2], "invalid"),
        ({1: 2 * LARGE + 1, 2: LARGE}, [2], "valid"),
        ({1: 2**60 - 1}, [], "valid"),
        ({1: 2**60 - 2, 2: 1}, [2], "valid"),
        ({1: 2**60 - 2, 2: 1}, [1], "invalid"),
    ],
)
@pytest.mark.parametrize("flag", [ABSENT, FOR_NIL])
def test_two_thirds_in_exact_integers(powers: dict[int, int], absent: list[int], status: str, flag: int) -> None:
    """Votes for nil count as little as absent ones."""
    validators = Validators.of(powers)
    block = make(5, validators, flags=dict.fromkeys(absent, flag))
    wanted = ("valid", "ok") if status == "valid" else ("invalid", "cometbft_not_two_thirds")
    assert judge(block, pinned(validators)) == wanted


@pytest.mark.parametrize(
    ("signed", "level", "wanted"),
    [
        ({1: 1, 9: 2}, Fraction(1, 3), "undecided"),  # exactly 1/3 of the old set
        ({1: 2, 9: 3}, Fraction(1, 3), "valid"),
        ({1: 2, 9: 2}, Fraction(1, 2), "undecided"),
        ({1: 3, 9: 2}, Fraction(1, 2), "valid"),
        ({1: 4, 9: 2}, Fraction(2, 3), "undecided"),
        ({1: 5, 9: 2}, Fraction(2, 3), "valid"),
        ({1: 5}, Fraction(1, 1), "undecided"),  # more than all cannot be
    ],
)
def test_trust_level_in_exact_integers(signed: dict[int, int], level: Fraction, wanted: str) -> None:
    """Validator 1 stays, 9 leaves: what counts is 1's power in the old set."""
    old = Validators.of(signed)
    new = Validators.of({1: 10, 2: 1})
    status, code = judge(make(8, new), trusted(3, old, level=level))
    assert status == wanted
    assert code == ("ok" if wanted == "valid" else "cometbft_not_enough_trust")


def test_an_unknown_set_is_not_trusted() -> None:
    """Q9: the trusted set replaced by an unrelated one, which signs unanimously."""
    strangers = Validators.of({21: 10, 22: 10, 23: 10})
    assert judge(make(8, strangers), trusted(3, FOUR)) == ("undecided", "cometbft_not_enough_trust")
    assert judge(make(4, strangers), trusted(3, FOUR)) == ("invalid", "cometbft_next_validators")


def test_adjacent_and_skipping_from_the_same_anchor() -> None:
    anchor = trusted(3, FOUR)
    assert judge(make(4, FOUR), anchor) == ("valid", "ok")
    assert judge(make(7, FOUR), anchor) == ("valid", "ok")
    assert judge(make(3, FOUR), anchor) == ("invalid", "cometbft_height_not_later")
    earlier = isthmus.Engine().check(CHAIN, encoded(make(2, FOUR)), anchor)
    assert str(earlier.status) == "invalid"
    codes = {finding.code for finding in earlier.findings}
    assert {"cometbft_height_not_later", "cometbft_time_not_later"} <= codes
    assert judge(make(7, FOUR, chain_id="other"), anchor) == ("invalid", "cometbft_chain_id")
    assert judge(make(90, FOUR), anchor) == ("invalid", "cometbft_header_from_future")
    assert judge(make(7, FOUR, seconds=tm.START_S), anchor) == ("invalid", "cometbft_time_not_later")


# --- every field altered; signatures are those of the original block


def _set(path: str, value: Any) -> Callable[[tm.Block], None]:
    def change(block: tm.Block) -> None:
        *way, last = path.split(".")
        place: Any = block
        for step in way:
            place = place[int(step)] if isinstance(place, list) else place[step]
        place[int(last) if isinstance(place, list) else last] = value

    return change


def _flip_signature(at: int) -> Callable[[tm.Block], None]:
    def change(block: tm.Block) -> None:
        import base64

        entry = block["commit"]["signatures"][0]
        raw = bytearray(base64.b64decode(entry["signature"]))
        raw[at] ^= 1
        entry["signature"] = base64.b64encode(bytes(raw)).decode()

    return change


def _swap_votes(block: tm.Block) -> None:
    votes = block["commit"]["signatures"]
    votes[0], votes[1] = votes[1], votes[0]


def _repeat_vote(block: tm.Block) -> None:
    votes = block["commit"]["signatures"]
    votes[1] = copy.deepcopy(votes[0])


def _drop_vote(block: tm.Block) -> None:
    block["commit"]["signatures"].pop()


def _extra_vote(block: tm.Block) -> None:
    votes = block["commit"]["signatures"]
    votes.append(copy.deepcopy(votes[0]))


def _no_votes(block: tm.Block) -> None:
    block["commit"]["signatures"] = []


def _no_validators(block: tm.Block) -> None:
    block["validators"] = []


def _swap_validators(block: tm.Block) -> None:
    members = block["validators"]
    members[0], members[1] = members[1], members[0]


def _foreign_key(block: tm.Block) -> None:
    import base64

    member = block["validators"][0]
    member["pub_key"]["value"] = base64.b64encode(tm.public_key(77)).decode()


SHA = "AB" * 32
FIELDS: list[tuple[str, Callable[[tm.Block], None], str]] = [
    ("version.block", _set("header.version.block", "12"), "cometbft_header_hash"),
    ("version.app", _set("header.version.app", "2"), "cometbft_header_hash"),
    ("chain_id", _set("header.chain_id", "isthmus-test-2"), "cometbft_chain_id"),
    ("height", _set("header.height", "6"), "cometbft_height"),
    ("height zero", _set("header.height", "0"), "cometbft_height field_missing field_value"),
    ("time", _set("header.time", tm.time_json(tm.START_S + 51, 7)), "cometbft_header_hash"),
    ("last_block_id.hash", _set("header.last_block_id.hash", SHA), "cometbft_header_hash"),
    ("last_block_id.total", _set("header.last_block_id.parts.total", 1), "cometbft_header_hash"),
    *(
        (name, _set(f"header.{name}", SHA), "cometbft_header_hash")
        for name in ("last_commit_hash", "data_hash", "consensus_hash", "app_hash", "last_results_hash")
    ),
    ("evidence_hash", _set("header.evidence_hash", SHA), "cometbft_header_hash"),
    ("next_validators_hash", _set("header.next_validators_hash", SHA), "cometbft_header_hash"),
    (
        "validators_hash",
        _set("header.validators_hash", SHA),
        "cometbft_header_hash cometbft_validators_hash cometbft_pinned_validators",
    ),
    ("proposer_address", _set("header.proposer_address", "AB" * 20), "cometbft_header_hash"),
    ("commit height", _set("commit.height", "6"), "cometbft_height"),
    ("commit round", _set("commit.round", 1), "signature_false"),
    ("commit hash", _set("commit.block_id.hash", SHA), "cometbft_header_hash signature_false"),
    ("commit parts total", _set("commit.block_id.parts.total", 2), "signature_false"),
    ("commit parts hash", _set("commit.block_id.parts.hash", SHA), "signature_false"),
    ("vote time", _set("commit.signatures.0.timestamp", tm.time_json(tm.START_S + 56)), "signature_false"),
    ("vote address", _set("commit.signatures.0.validator_address", "AB" * 20), "cometbft_vote_address"),
    ("vote flag nil", _set("commit.signatures.0.block_id_flag", 3), "signature_false"),
    ("vote flag absent", _set("commit.signatures.0.block_id_flag", 1), "cometbft_vote_absent"),
    (
        "vote flag 0",
        _set("commit.signatures.0.block_id_flag", 0),
        "cometbft_vote_flag field_value field_missing",
    ),
    ("vote flag 4", _set("commit.signatures.0.block_id_flag", 4), "cometbft_vote_flag field_value"),
    ("signature R", _flip_signature(3), "signature_false"),
    ("signature S", _flip_signature(40), "signature_false"),
    ("signature high bits", _flip_signature(63), "signature_false"),
    (
        "no signature",
        _set("commit.signatures.0.signature", ""),
        "signature_missing signature_encoding field_missing",
    ),
    ("votes swapped", _swap_votes, "cometbft_vote_address"),
    ("vote repeated", _repeat_vote, "cometbft_vote_address cometbft_vote_repeated"),
    ("vote dropped", _drop_vote, "cometbft_commit_size"),
    ("vote too many", _extra_vote, "cometbft_commit_size"),
    ("no votes", _no_votes, "cometbft_commit_size field_missing empty"),
    (
        "no validators",
        _no_validators,
        "cometbft_commit_size field_missing empty cometbft_power cometbft_validators_hash",
    ),
    ("power", _set("validators.0.voting_power", "11"), "cometbft_validators_hash"),
    ("power zero", _set("validators.0.voting_power", "0"), "cometbft_power field_missing field_value"),
    ("power negative", _set("validators.0.voting_power", "-5"), "cometbft_power field_value"),
    ("power too large", _set("validators.0.voting_power", str(2**62)), "cometbft_power field_value"),
    (
        "validator address",
        _set("validators.0.address", "AB" * 20),
        "cometbft_validator_address cometbft_vote_address",
    ),
    ("validator key", _foreign_key, "cometbft_validators_hash cometbft_validator_address"),
    ("validators swapped", _swap_validators, "cometbft_validators_hash cometbft_vote_address"),
]


@pytest.mark.parametrize(("name", "change", "codes"), FIELDS, ids=[name for name, _, _ in FIELDS])
def test_an_altered_field_is_named(name: str, change: Callable[[tm.Block], None], codes: str) -> None:
    original = make(5, FOUR, round_=2)
    anchors = (
        pinned(FOUR),
        Anchor(CHAIN_ID, header_hash=tm.header_hash(original["header"])),
        trusted(4, FOUR),
        trusted(2, FOUR),
    )
    for anchor in anchors:
        block = copy.deepcopy(original)
        assert judge(block, anchor) == ("valid", "ok")
        change(block)
        verdict = isthmus.Engine(threads=1).check(CHAIN, encoded(block), anchor)
        assert str(verdict.status) == "invalid", (name, str(verdict))
        found = {finding.code for finding in verdict.findings} | {verdict.code}
        assert found & set(codes.split()), (name, str(verdict), found)


def test_an_altered_header_that_is_signed_again_is_not_the_pinned_one() -> None:
    """Whoever holds two thirds can sign anything; a pin on the header still tells."""
    original, other = make(5, FOUR), make(5, FOUR, app="BB" * 32)
    assert judge(other, pinned(FOUR)) == ("valid", "ok")
    pin = Anchor(CHAIN_ID, header_hash=tm.header_hash(original["header"]))
    assert judge(other, pin) == ("invalid", "cometbft_pinned_header")


@pytest.mark.parametrize("mask", [1, 0x80, 0xFF])
def test_every_byte_flipped_is_never_valid(mask: int) -> None:
    original = make(5, Validators.of({1: 7, 2: 2, 3: 1}), flags={3: ABSENT}, round_=1)
    raw = encoded(original)
    validators = Validators.of({1: 7, 2: 2, 3: 1})
    engine = isthmus.Engine()
    mutants = [raw[:i] + bytes([raw[i] ^ mask]) + raw[i + 1 :] for i in range(len(raw))]
    for anchor in (
        pinned(validators),
        Anchor(CHAIN_ID, header_hash=tm.header_hash(original["header"])),
        trusted(4, validators),
        trusted(2, validators),
    ):
        assert engine.check(CHAIN, raw, anchor).ok
        report = engine.check(CHAIN, mutants, anchor)
        assert [i for i, verdict in enumerate(report) if verdict.ok] == []
    lengths = engine.check(CHAIN, [raw[:n] for n in range(len(raw))], pinned(validators))
    assert {str(verdict.status) for verdict in lengths} == {"invalid"}
    assert not engine.check(CHAIN, raw + b"\0", pinned(validators)).ok


# --- sets that must not exist, and votes that must not count


def test_one_key_under_two_addresses_counts_once() -> None:
    """Q1: the same validator listed twice would double its power."""
    twice = make(5, FOUR)
    twice["validators"].append(copy.deepcopy(twice["validators"][0]))
    twice["commit"]["signatures"].append(copy.deepcopy(twice["commit"]["signatures"][0]))
    members = [(name, power) for name, power in FOUR.members] + [FOUR.members[0]]
    repeated = Validators(tuple(members))
    block = make(5, repeated)
    status, code = judge(block, pinned(repeated))
    assert (status, code) == ("invalid", "cometbft_validator_repeated")
    assert judge(twice, pinned(FOUR))[0] == "invalid"


@pytest.mark.parametrize("powers", [{1: 2**60, 2: 1}, {1: 2**63 - 1}, {1: 2**60 // 2 + 1, 2: 2**60 // 2}])
def test_a_total_above_the_limit_is_refused(powers: dict[int, int]) -> None:
    """Q5: int64 / 8 bounds the total."""
    validators = Validators.of(powers)
    assert sum(powers.values()) > (2**63 - 1) // 8
    assert judge(make(5, validators), pinned(validators)) == ("invalid", "cometbft_power")


def test_a_bad_signature_after_two_thirds_is_still_named() -> None:
    """Q8: all signatures are checked by default; early_stop stops where the reference's light client does."""
    block = make(5, Validators.of({1: 70, 2: 20, 3: 10}))
    entry = block["commit"]["signatures"][2]
    entry["signature"] = block["commit"]["signatures"][0]["signature"]
    validators = Validators.of({1: 70, 2: 20, 3: 10})
    verdict = isthmus.Engine().check(CHAIN, encoded(block), pinned(validators))
    assert (str(verdict.status), verdict.code) == ("invalid", "signature_false")
    assert verdict.where.endswith("vote 2")
    lazy = Anchor(CHAIN_ID, validators_hash=validators.hash(), options=TrustOptions(early_stop=True))
    assert judge(block, lazy) == ("valid", "ok")


def test_a_stolen_commit_does_not_fit_another_header() -> None:
    a, b = make(5, FOUR), make(5, FOUR, app="BB" * 32)
    a["commit"] = b["commit"]
    assert judge(a, pinned(FOUR)) == ("invalid", "cometbft_header_hash")


def test_votes_of_another_chain_height_or_round_do_not_count() -> None:
    """Q3: signatures are bound to chain, height, round and block."""
    for other in (make(5, FOUR, chain_id="isthmus-test-2"), make(6, FOUR), make(5, FOUR, round_=1)):
        block = make(5, FOUR)
        for mine, theirs in zip(block["commit"]["signatures"], other["commit"]["signatures"], strict=True):
            mine["signature"], mine["timestamp"] = theirs["signature"], theirs["timestamp"]
        assert judge(block, pinned(FOUR)) == ("invalid", "signature_false")
