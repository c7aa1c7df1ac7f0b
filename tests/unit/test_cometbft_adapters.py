"""CometBFT in Python: strict JSON, the forms of light blocks, anchors from files, the recorder, the walking client."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import pytest

import isthmus
from isthmus import _wire
from isthmus._json import Node, Timestamp
from isthmus.chains import cometbft, cometbft_json, cometbft_record
from isthmus.reference import cometbft as rules
from isthmus.reference import ed25519

pytest.importorskip("cryptography")

PLAN = cometbft_record.Plan(validators=4, heights=12, change_every=3, absent_every=5)
CHAIN = cometbft_record.record(PLAN)
BLOCKS = cometbft.light_blocks_from_json(CHAIN)
ANCHOR = cometbft.Anchor.from_mapping(CHAIN["anchor"])
BY_HEIGHT = {block.height: block for block in BLOCKS}


def engine() -> isthmus.Engine:
    return isthmus.Engine(threads=1)


# --- strict JSON


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ('{"a": {"b": 1, "b": 2}}', "$.a.b"),
        ('{"a": [1, 2.5]}', "$.a[1]"),
        ('{"a": 1e3}', "$.a"),
        ('{"a": NaN}', "$.a"),
        ('{"a": -Infinity}', "$.a"),
        ('{"a": 9223372036854775808}', "$.a"),
        ('{"a": ' + "9" * 5000 + "}", "$.a"),
        ("{", "$"),
        ("[" * 100_000, "$"),
        ("[" * 200 + "]" * 200, "$["),
        (b"\xff", "$"),
    ],
)
def test_what_strict_json_refuses_is_named_by_its_path(text: str | bytes, path: str) -> None:
    with pytest.raises(ValueError) as caught:
        Node.load(text)
    assert str(caught.value).startswith(path)


def test_parsed_values_are_checked_as_text_is() -> None:
    for value in ({"a": 0.5}, {"a": [1 << 63]}):
        with pytest.raises(ValueError, match=r"\$\.a"):
            Node.load(value)


@pytest.mark.parametrize(
    ("value", "wanted"), [(7, 7), ("7", 7), ("-7", -7), ("9223372036854775807", 2**63 - 1), (-(2**63), -(2**63))]
)
def test_integers(value: object, wanted: int) -> None:
    assert Node.load({"n": value}).at("n").integer() == wanted


@pytest.mark.parametrize(
    "value", ["07", "+7", " 7", "7 ", "0x7", "", "\u0667", "9223372036854775808", True, None, [], "1_0"]
)
def test_integers_that_are_none(value: object) -> None:
    with pytest.raises(ValueError, match=r"\$\.n"):
        Node.load({"n": value}).at("n").integer()


@pytest.mark.parametrize("value", ["abc", "0x00", "zz", " aa", 5])
def test_hexadecimal_that_is_none(value: object) -> None:
    with pytest.raises(ValueError, match=r"\$\.h"):
        Node.load({"h": value}).at("h").hex()


@pytest.mark.parametrize("value", ["YQ", "YR==", "YQ==\n", "YQ=", "*", "-_--"])
def test_base64_that_is_none(value: str) -> None:
    with pytest.raises(ValueError, match=r"\$\.b"):
        Node.load({"b": value}).at("b").base64()


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("1970-01-01T00:00:00Z", (0, 0)),
        ("0001-01-01T00:00:00Z", (-62135596800, 0)),
        ("9999-12-31T23:59:59.999999999Z", (253402300799, 999999999)),
        ("2021-05-12T03:02:04.181983838Z", (1620788524, 181983838)),
        ("2021-05-12T03:02:04.1Z", (1620788524, 100000000)),
        ("2021-05-12T05:02:04+02:00", (1620788524, 0)),
        ("1969-12-31T23:59:59.5Z", (-1, 500000000)),
    ],
)
def test_times(text: str, wanted: tuple[int, int]) -> None:
    assert Timestamp.parse(text) == wanted
    assert Timestamp.parse(str(Timestamp.parse(text))) == wanted


@pytest.mark.parametrize(
    "text",
    [
        "2021-05-12",
        "2021-05-12 03:02:04Z",
        "2021-05-12T03:02:04",
        "2021-05-12T03:02:04.Z",
        "2021-05-12T03:02:04.1234567890Z",
        "2021-02-30T00:00:00Z",
        "2021-05-12T24:00:00Z",
        "2021-05-12T03:02:60Z",
        "2021-05-12T03:02:04+24:00",
        "\u0662\u0660\u0662\u0661-05-12T03:02:04Z",
    ],
)
def test_times_that_are_none(text: str) -> None:
    with pytest.raises(ValueError, match="RFC 3339"):
        Timestamp.parse(text)


# --- forms of a light block


def test_every_form_gives_the_same_bytes() -> None:
    answers = CHAIN["blocks"][3]
    wanted = BLOCKS[3].encoded
    signed = answers["commit"]["signed_header"]
    members = answers["validators"]["validators"]
    wrapped = {"jsonrpc": "2.0", "id": -1, "result": answers["commit"]}
    flat = {"header": signed["header"], "commit": signed["commit"], "validators": members}
    rust = {"signed_header": signed, "validator_set": {"validators": members[::-1]}, "next_validator_set": None}
    pages = [{**answers["validators"], "validators": members[:2]}, {**answers["validators"], "validators": members[2:]}]
    assert cometbft.light_block_from_json(json.dumps(answers)) == wanted
    assert cometbft.light_block_from_json(json.dumps(answers).encode()) == wanted
    assert cometbft.light_block_from_json(wrapped, {"result": answers["validators"]}) == wanted
    assert cometbft.light_block_from_json(answers["commit"], pages) == wanted
    assert cometbft.light_block_from_json(flat) == wanted
    assert cometbft.light_block_from_json(rust) == wanted


def test_a_page_of_validators_is_not_all_of_them() -> None:
    answers = copy.deepcopy(CHAIN["blocks"][3])
    del answers["validators"]["validators"][1]
    with pytest.raises(ValueError, match="fetch all pages"):
        cometbft.light_block_from_json(answers)
    other = {**CHAIN["blocks"][3]["validators"], "block_height": "5"}
    with pytest.raises(ValueError, match="height 5"):
        cometbft.light_block_from_json(CHAIN["blocks"][3]["commit"], other)


@pytest.mark.parametrize(
    ("change", "path"),
    [
        (lambda h: h["header"].pop("time"), "header"),
        (lambda h: h["header"].update(height="1.0"), "header.height"),
        (lambda h: h["header"].update(app_hash="0"), "header.app_hash"),
        (lambda h: h["commit"]["signatures"][0].update(signature="AA"), "commit.signatures[0].signature"),
        (lambda h: h["commit"]["block_id"].pop("parts"), "commit.block_id"),
    ],
)
def test_what_cannot_be_read_is_named_by_its_path(change: Callable[[Any], object], path: str) -> None:
    answers = copy.deepcopy(CHAIN["blocks"][3])
    change(answers["commit"]["signed_header"])
    with pytest.raises(ValueError) as caught:
        cometbft.light_block_from_json(answers)
    assert str(caught.value).startswith("$.commit.signed_header." + path)


def test_a_node_error_is_told() -> None:
    with pytest.raises(ValueError, match="height 9 is not available"):
        cometbft.light_block_from_json({"jsonrpc": "2.0", "error": {"message": "height 9 is not available"}})


# --- anchors


def test_anchors_from_files() -> None:
    block = BLOCKS[4]
    anchor = cometbft.Anchor.from_mapping(
        {
            "chain_id": PLAN.chain_id,
            "now": str(block.time),
            "trusting_period": "336h",
            "max_clock_drift": "500ms",
            "trust_level": "2/3",
            "trusted": CHAIN["blocks"][4],
        }
    )
    assert anchor.options.trusting_period_ns == 14 * 86400 * 10**9
    assert anchor.options.max_clock_drift_ns == 5 * 10**8
    assert anchor.options.trust_level == Fraction(2, 3)
    assert anchor.trusted == cometbft.TrustedHeader.of(block)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"chain_id": None}, "chain_id"),
        ({"trust_levl": "1/3"}, "trust_levl"),
        ({"trust_level": "1/4"}, "trust_level"),
        ({"trust_level": "0.5"}, "trust_level"),
        ({"trusting_period": "14 days"}, "trusting_period"),
        ({"trusting_period": "0s"}, "trusting_period"),
        ({"header_hash": "00"}, "header_hash"),
        ({"early_stop": "yes"}, "early_stop"),
    ],
)
def test_anchors_that_cannot_be_read(change: dict[str, object], why: str) -> None:
    with pytest.raises(ValueError, match=why):
        cometbft.Anchor.from_mapping({**CHAIN["anchor"], **change})


def test_wire_round_trip() -> None:
    message = _wire.uint(1, 300) + _wire.sint(2, -1) + _wire.sfixed64(3, -2) + _wire.blob(4, b"ab")
    assert list(_wire.fields(message)) == [(1, 300), (2, 2**64 - 1), (3, 2**64 - 2), (4, b"ab")]
    for length in range(1, len(message)):
        try:
            list(_wire.fields(message[:length]))
        except ValueError:
            continue
        assert length in (3, 14, 23)


# --- recorder and oracle


def test_recordings_repeat() -> None:
    assert cometbft_record.record(PLAN) == CHAIN
    assert cometbft_record.record(cometbft_record.Plan(seed=2, heights=1)) != cometbft_record.record(
        cometbft_record.Plan(heights=1)
    )


def oracle(answers: Any) -> rules.LightBlock:
    signed = answers["commit"]["signed_header"]
    return rules.LightBlock(
        rules.header_from_json(signed["header"]),
        rules.commit_from_json(signed["commit"]),
        rules.validators_from_json(answers["validators"]["validators"]),
    )


def verified(validator: rules.Validator, message: bytes, signature: bytes) -> bool:
    return ed25519.verify_zip215(validator.key, signature, message)


@pytest.mark.parametrize(("before", "after"), [(1, 2), (3, 4), (1, 4), (5, 12), (1, 12), (4, 4), (7, 5)])
def test_the_oracle_and_the_decoder_agree(before: int, after: int) -> None:
    base = oracle(CHAIN["blocks"][before - 1])
    following = oracle(CHAIN["blocks"][before]) if before < PLAN.heights else base
    trusted = rules.Trusted(
        PLAN.chain_id, before, base.header.time_ns, base.header.next_validators_hash, following.validators
    )
    header = cometbft.TrustedHeader(
        before,
        BY_HEIGHT[before].time,
        BY_HEIGHT[before].next_validators_hash,
        validators=BY_HEIGHT[before + 1].validators,
    )
    moment = ANCHOR.now
    assert moment is not None
    anchor = cometbft.Anchor(PLAN.chain_id, trusted=header, now=moment)
    verdict = engine().check(cometbft.CHAIN, BY_HEIGHT[after].encoded, anchor)
    options = anchor.options
    try:
        rules.check_light(
            oracle(CHAIN["blocks"][after - 1]),
            trusted,
            moment.ns,
            options.trusting_period_ns,
            options.max_clock_drift_ns,
            verified,
        )
        said = "ok"
    except rules.Rule as rule:
        said = f"cometbft_{rule}"
    assert verdict.code == said


# --- the client


def test_a_walk() -> None:
    client = cometbft.LightClient(engine(), ANCHOR, chunk=5)
    walk = client.walk(BLOCKS)
    assert walk.ok
    assert walk.valid_count == walk.given == len(walk.steps) == PLAN.heights
    assert client.trusted == BLOCKS[-1]


def test_a_walk_over_skipped_heights_and_with_links() -> None:
    assert cometbft.LightClient(engine(), ANCHOR).walk([BY_HEIGHT[1], BY_HEIGHT[3], BY_HEIGHT[6]]).ok
    linked = cometbft.Anchor(
        PLAN.chain_id,
        header_hash=ANCHOR.header_hash,
        now=ANCHOR.now,
        options=cometbft.TrustOptions(link=True),
    )
    assert cometbft.LightClient(engine(), linked).walk(BLOCKS).ok


def test_a_walk_stops_at_the_first_block_that_is_not_valid() -> None:
    broken = bytearray(BY_HEIGHT[4].encoded)
    broken[broken.index(BY_HEIGHT[4].header_hash)] ^= 1
    blocks = [*BLOCKS[:3], cometbft.LightBlock.from_protobuf(bytes(broken)), *BLOCKS[4:]]
    client = cometbft.LightClient(engine(), ANCHOR)
    walk = client.walk(blocks)
    assert not walk.ok
    assert [verdict.ok for verdict in walk.verdicts] == [True, True, True, False]
    assert walk.steps[-1].verdict.code == "cometbft_header_hash"
    assert client.trusted == BLOCKS[2]


def test_a_block_of_which_no_anchor_can_be_made_does_not_raise() -> None:
    """Skipping from it would put its validators into an anchor, and they are no message."""
    raw = bytearray(BY_HEIGHT[4].encoded)
    raw[raw.index(BY_HEIGHT[4].validators)] = 0x0B
    hollow = cometbft.LightBlock.from_protobuf(bytes(raw))
    walk = cometbft.LightClient(engine(), ANCHOR).walk([*BLOCKS[:3], hollow, *BLOCKS[5:]])
    assert walk.valid_count == 3
    assert walk.steps[-1].verdict.code == "wire_type"


def test_an_empty_walk_proves_nothing() -> None:
    assert not cometbft.LightClient(engine(), ANCHOR).walk([]).ok


def test_bisection_fetches_what_trust_needs() -> None:
    plan = cometbft_record.Plan(validators=3, heights=17, change_every=2)
    chain = cometbft_record.record(plan)
    blocks = {block.height: block for block in cometbft.light_blocks_from_json(chain)}
    client = cometbft.LightClient(engine(), cometbft.Anchor.from_mapping(chain["anchor"]))
    with pytest.raises(ValueError, match="nothing to start from"):
        client.bisect(blocks.__getitem__, 17)
    assert client.walk([blocks[1]]).ok
    walk = client.bisect(blocks.__getitem__, 17)
    assert walk.ok
    assert len(walk.steps) > 2
    assert client.trusted == blocks[17]
    with pytest.raises(ValueError, match="the provider gave"):
        cometbft.LightClient(engine(), client_anchor(blocks[1])).bisect(lambda height: blocks[2], 9)


def client_anchor(block: cometbft.LightBlock) -> cometbft.Anchor:
    return cometbft.Anchor(block.chain_id, trusted=cometbft.TrustedHeader.of(block), now=ANCHOR.now)


@pytest.mark.parametrize(
    ("change", "kind", "named"),
    [({}, "equivocation", True), ({"round_": 2}, "amnesia", False), ({"app": "other"}, "lunatic", True)],
)
def test_conflicts(change: dict[str, Any], kind: str, named: bool) -> None:
    other = cometbft.LightBlock.from_json(cometbft_record.conflicting(PLAN, 7, **change))
    client = cometbft.LightClient(engine(), ANCHOR)
    assert client.walk(BLOCKS[:3]).ok
    culprits = cometbft.culprits(client.conflict(BY_HEIGHT[7], other))
    assert culprits.kind == kind
    assert bool(culprits.addresses) == named
    assert (culprits.power > culprits.total_power // 3) == named
    same = client.conflict(BY_HEIGHT[7], BY_HEIGHT[7])
    assert same.code == "cometbft_no_conflict"
    with pytest.raises(ValueError, match="no conflict"):
        cometbft.culprits(same)


def test_cross_check_finds_the_fork() -> None:
    forged = {**BY_HEIGHT, 12: cometbft.LightBlock.from_json(cometbft_record.conflicting(PLAN, 12))}
    client = cometbft.LightClient(engine(), ANCHOR)
    assert client.walk(BLOCKS[:2]).ok
    assert client.cross_check(BY_HEIGHT.__getitem__, BY_HEIGHT.__getitem__, 12) is None
    verdict = client.cross_check(BY_HEIGHT.__getitem__, forged.__getitem__, 12)
    assert verdict is not None
    assert verdict.ok
    assert client.trusted == BLOCKS[1]


def test_duplicate_votes() -> None:
    """A member of the set that signed two blocks in one round, as a block's evidence holds it."""
    height = 7
    first, second = CHAIN["blocks"][height - 1], cometbft_record.conflicting(PLAN, height)
    commits = [each["commit"]["signed_header"]["commit"] for each in (first, second)]
    commits.sort(key=lambda commit: str(commit["block_id"]["hash"]))
    members = first["validators"]["validators"]
    index = next(i for i, vote in enumerate(commits[0]["signatures"]) if vote["block_id_flag"] == 2)
    votes = [
        {
            "type": 2,
            "height": commit["height"],
            "round": commit["round"],
            "block_id": commit["block_id"],
            "timestamp": commit["signatures"][index]["timestamp"],
            "validator_address": commit["signatures"][index]["validator_address"],
            "validator_index": index,
            "signature": commit["signatures"][index]["signature"],
        }
        for commit in commits
    ]
    evidence = {
        "vote_a": votes[0],
        "vote_b": votes[1],
        "total_voting_power": str(sum(int(member["voting_power"]) for member in members)),
        "validator_power": members[index]["voting_power"],
        "timestamp": "2025-01-01T00:00:40Z",
    }
    anchor = cometbft.Anchor(PLAN.chain_id, evidence_validators=cometbft.validator_set_from_json(members))
    typed = {"type": "tendermint/DuplicateVoteEvidence", "value": evidence}
    raw = cometbft.duplicate_vote_from_json(typed)
    assert engine().check(cometbft.DUPLICATE_VOTE, raw, anchor).ok
    swapped = cometbft.duplicate_vote_from_json({**evidence, "vote_a": votes[1], "vote_b": votes[0]})
    assert engine().check(cometbft.DUPLICATE_VOTE, swapped, anchor).code == "cometbft_duplicate_order"
    forged = copy.deepcopy(evidence)
    forged["vote_b"]["timestamp"] = "2025-01-01T00:00:41Z"  # type: ignore[index]
    broken = cometbft.duplicate_vote_from_json(forged)
    assert engine().check(cometbft.DUPLICATE_VOTE, broken, anchor).code == "signature_false"


def test_zero_time_is_what_go_writes() -> None:
    assert str(cometbft_json.ZERO_TIME) == "0001-01-01T00:00:00Z"
