"""Real light blocks of public networks, and tendermint-rs's generated light-client cases with the verdicts
they state."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

import isthmus
from chains import cometbft_data
from chains.cometbft_retold import Retelling
from isthmus.chains.cometbft import Anchor, LightBlock, LightClient, Timestamp, TrustedHeader, TrustOptions

CHAIN = "cometbft-light-block"
SECOND = 1_000_000_000
Report = Callable[[str], None]


def decoded(found: cometbft_data.Found) -> LightBlock:
    return LightBlock.from_json(found.json, found.validators)


def real_blocks(data: Path) -> list[tuple[cometbft_data.Found, LightBlock]]:
    found = [(each, decoded(each)) for each in cometbft_data.light_blocks(data)]
    if not found:
        pytest.skip("no light blocks in the data folder")
    return found


def flags(found: cometbft_data.Found) -> Counter[int]:
    """Votes of a block's commit by flag, counted from the JSON."""
    block = found.json.get("result", found.json)
    block = block.get("signed_header", block)
    return Counter(int(each["block_id_flag"]) for each in block["commit"]["signatures"])


def test_every_real_block_is_valid_under_a_pin(data: Path, figures: Report) -> None:
    """Pinned by its validators, by its header, and by both; the engine sees all blocks in one call."""
    blocks = real_blocks(data)
    raw = [block.encoded for _, block in blocks]
    anchors = [
        [Anchor(block.chain_id, validators_hash=block.validators_hash) for _, block in blocks],
        [Anchor(block.chain_id, header_hash=block.header_hash) for _, block in blocks],
        [
            Anchor(block.chain_id, header_hash=block.header_hash, validators_hash=block.validators_hash)
            for _, block in blocks
        ],
    ]
    engine = isthmus.Engine(threads=2)
    for chosen in anchors:
        report = engine.check(CHAIN, raw, chosen)
        wrong = [(found.name, str(v)) for (found, _), v in zip(blocks, report, strict=True) if not v.ok]
        assert not wrong
    signatures = 0
    for (found, block), verdict in zip(blocks, engine.check(CHAIN, raw, anchors[0]), strict=True):
        votes = flags(found)
        assert verdict.rows["signature"] == votes[2] + votes[3], found.name
        assert verdict.facts["header_hash"] == block.header_hash
        assert int.from_bytes(verdict.facts["height"], "little") == block.height
        signatures += votes[2] + votes[3]
    largest = max(sum(flags(found).values()) for found, _ in blocks)
    figures(f"CometBFT: {len(blocks)} real light blocks valid, {signatures} signatures, <= {largest} validators")


def test_without_an_anchor_nothing_is_valid(data: Path) -> None:
    blocks = real_blocks(data)
    report = isthmus.Engine().check(
        CHAIN, [block.encoded for _, block in blocks], [Anchor(block.chain_id) for _, block in blocks]
    )
    assert {(str(v.status), v.code) for v in report} == {("undecided", "cometbft_no_anchor")}


def test_wrong_pins_are_refused(data: Path) -> None:
    engine = isthmus.Engine()
    for _, block in real_blocks(data)[:12]:
        other = bytes([block.header_hash[0] ^ 1]) + block.header_hash[1:]
        cases = {
            "cometbft_pinned_header": Anchor(block.chain_id, header_hash=other),
            "cometbft_pinned_validators": Anchor(block.chain_id, validators_hash=other),
            "cometbft_chain_id": Anchor(block.chain_id + "x", header_hash=block.header_hash),
        }
        for code, anchor in cases.items():
            verdict = engine.check(CHAIN, block.encoded, anchor)
            assert (str(verdict.status), verdict.code) == ("invalid", code)


def _later(block: LightBlock, seconds: int = 5) -> Timestamp:
    return Timestamp(block.time.seconds + seconds, block.time.nanos)


def by_chain(data: Path) -> dict[str, list[LightBlock]]:
    chains: dict[str, dict[int, LightBlock]] = defaultdict(dict)
    for _, block in real_blocks(data):
        chains[block.chain_id][block.height] = block
    return {name: [blocks[height] for height in sorted(blocks)] for name, blocks in chains.items()}


def test_adjacent_blocks(data: Path, figures: Report) -> None:
    engine = isthmus.Engine()
    pairs = 0
    for chain_id, blocks in by_chain(data).items():
        for before, after in pairwise(blocks):
            if after.height != before.height + 1:
                continue
            pairs += 1
            moment = _later(after)
            trusted = TrustedHeader.of(before, link=True)
            verdict = engine.check(CHAIN, after.encoded, Anchor(chain_id, trusted=trusted, now=moment))
            assert verdict.ok, (chain_id, after.height, str(verdict))
            announced = bytes([trusted.next_validators_hash[0] ^ 1]) + trusted.next_validators_hash[1:]
            wrong = TrustedHeader(before.height, before.time, announced)
            verdict = engine.check(CHAIN, after.encoded, Anchor(chain_id, trusted=wrong, now=moment))
            assert (str(verdict.status), verdict.code) == ("invalid", "cometbft_next_validators")
            backwards = TrustedHeader.of(after)
            verdict = engine.check(CHAIN, before.encoded, Anchor(chain_id, trusted=backwards, now=moment))
            assert str(verdict.status) == "invalid"
            assert "cometbft_height_not_later" in {finding.code for finding in verdict.findings}
    if not pairs:
        pytest.skip("no adjacent light blocks in the data folder")
    figures(f"CometBFT: {pairs} adjacent pairs of real blocks valid")


def test_skipping_between_real_blocks(data: Path, figures: Report) -> None:
    """From every older block to every later one of its chain: valid iff more than a third of the old set
    signed."""
    engine = isthmus.Engine()
    counts: Counter[str] = Counter()
    found_of = {(block.chain_id, block.height): found for found, block in real_blocks(data)}
    for chain_id, blocks in by_chain(data).items():
        for i, before in enumerate(blocks):
            for after in blocks[i + 1 :]:
                if after.height == before.height + 1:
                    continue
                span = (after.time.seconds - before.time.seconds + 60) * SECOND
                options = TrustOptions(trusting_period_ns=span)
                trusted = TrustedHeader.of(before)
                anchor = Anchor(chain_id, trusted=trusted, now=_later(after), options=options)
                verdict = engine.check(CHAIN, after.encoded, anchor)
                enough = _signed_power(found_of[(chain_id, before.height)], found_of[(chain_id, after.height)])
                wanted = ("valid", "ok") if enough else ("undecided", "cometbft_not_enough_trust")
                assert (str(verdict.status), verdict.code) == wanted, (chain_id, before.height, after.height)
                counts[wanted[0]] += 1
    if not counts:
        pytest.skip("no two light blocks of one chain in the data folder")
    figures(f"CometBFT: skipping between real blocks: {dict(counts)}")


def _signed_power(before: cometbft_data.Found, after: cometbft_data.Found) -> bool:
    """More than a third of the older set's power signed the later block, in exact integers, from the JSON
    alone."""

    def members(found: cometbft_data.Found) -> list[Any]:
        source = found.json if found.validators is None else found.validators
        source = source.get("result", source)
        listed = source.get("validators") or source["validator_set"]
        return listed["validators"] if isinstance(listed, dict) else listed

    block = after.json.get("result", after.json)
    block = block.get("signed_header", block)
    signers = {
        each["validator_address"].upper() for each in block["commit"]["signatures"] if int(each["block_id_flag"]) == 2
    }
    powers = {each["address"].upper(): int(each["voting_power"]) for each in members(before)}
    return 3 * sum(power for who, power in powers.items() if who in signers) > sum(powers.values())


def test_ibc_updates_with_their_trusted_validators(data: Path, figures: Report) -> None:
    """Messages that carry the trusted set: the set must hash to what the anchor says, and a third of it
    signed."""
    engine = isthmus.Engine()
    seen = 0
    for found, block in real_blocks(data):
        if not isinstance(found.json, dict) or "trusted_validators" not in found.json:
            continue
        from isthmus.chains.cometbft import validator_set_from_json

        members = found.json["trusted_validators"]
        height = int(found.json["trusted_height"]["height"])
        encoded = validator_set_from_json(members)
        digest = _set_hash(members)
        time = Timestamp(block.time.seconds - 60, 0)
        adjacent = block.height == height + 1
        trusted = TrustedHeader(height, time, digest, validators=None if adjacent else encoded)
        verdict = engine.check(CHAIN, block.encoded, Anchor(block.chain_id, trusted=trusted, now=_later(block)))
        assert verdict.ok, (found.name, str(verdict))
        if not adjacent:
            other = TrustedHeader(height, time, bytes(32), validators=encoded)
            verdict = engine.check(CHAIN, block.encoded, Anchor(block.chain_id, trusted=other, now=_later(block)))
            assert verdict.code == "cometbft_trusted_validators_hash"
        seen += 1
    if not seen:
        pytest.skip("no IBC updates in the data folder")
    figures(f"CometBFT: {seen} IBC client updates valid")


def _set_hash(members: list[Any]) -> bytes:
    """Hash of a set from its JSON, with the test's own encoder."""
    import base64

    from helpers.tendermint import message, number, raw, root

    leaves = []
    for each in members:
        key, kind = base64.b64decode(each["pub_key"]["value"]), each["pub_key"]["type"].lower()
        field = 2 if "secp256k1" in kind else 1
        leaves.append(message(1, raw(field, key)) + number(2, int(each["voting_power"])))
    return root(leaves)


def test_trust_expires_and_clocks_bind(data: Path) -> None:
    engine = isthmus.Engine()
    block = max((block for _, block in real_blocks(data)), key=lambda block: block.height)
    before = TrustedHeader(
        block.height - 1, Timestamp(block.time.seconds - 6, 0), block.validators_hash, validators=None
    )
    period = TrustOptions(trusting_period_ns=100 * SECOND, max_clock_drift_ns=10 * SECOND)

    def verdict(now: Timestamp, trusted: TrustedHeader = before) -> tuple[str, str]:
        judged = engine.check(CHAIN, block.encoded, Anchor(block.chain_id, trusted=trusted, now=now, options=period))
        return str(judged.status), judged.code

    start = before.time.seconds
    assert verdict(Timestamp(start + 99, 999_999_999)) == ("valid", "ok")
    assert verdict(Timestamp(start + 100, 0)) == ("undecided", "cometbft_trust_expired")
    assert verdict(Timestamp(start + 101, 0)) == ("undecided", "cometbft_trust_expired")
    edge = block.time.seconds - 10
    assert verdict(Timestamp(edge, block.time.nanos)) == ("invalid", "cometbft_header_from_future")
    assert verdict(Timestamp(edge + 1, block.time.nanos)) == ("valid", "ok")
    same_time = TrustedHeader(block.height - 1, block.time, block.validators_hash)
    assert verdict(_later(block), same_time) == ("invalid", "cometbft_time_not_later")


# --- tendermint-rs's generated cases


def test_model_based_single_steps(data: Path, figures: Report) -> None:
    """Every step has the stated verdict; a step that succeeds is the state of the next one."""
    cases = cometbft_data.single_steps(data)
    if not cases:
        pytest.skip("no model-based cases in the data folder")
    engine = isthmus.Engine()
    wrong, steps = [], Counter[str]()
    for name, case in cases:
        initial = case["initial"]
        period = int(initial["trusting_period"])
        header = initial["signed_header"]["header"]
        trusted = TrustedHeader(
            int(header["height"]),
            Timestamp.parse(header["time"]),
            bytes.fromhex(header["next_validators_hash"]),
            validators=_sorted_set(initial["next_validator_set"]),
        )
        for number, step in enumerate(case["input"]):
            block = LightBlock.from_json(step["block"])
            moment = Timestamp.parse(step["now"])
            options = TrustOptions(trusting_period_ns=period, max_clock_drift_ns=SECOND)
            anchor = Anchor(header["chain_id"], trusted=trusted, now=moment, options=options)
            verdict = engine.check(CHAIN, block.encoded, anchor)
            steps[step["verdict"]] += 1
            if _outcome(verdict) != step["verdict"]:
                wrong.append((name, number, step["verdict"], str(verdict)))
            if step["verdict"] == "SUCCESS":
                trusted = TrustedHeader.of(block)
    figures(f"CometBFT model-based: {len(cases)} files, steps {dict(steps)}, {len(wrong)} wrong")
    assert not wrong


def test_the_oracle_says_the_same_of_model_based_steps(data: Path) -> None:
    """The reference light client, rule by rule in Python, ends every step as the file says."""
    from isthmus.reference import cometbft as oracle
    from isthmus.reference import ed25519

    def verify(validator: oracle.Validator, message: bytes, signature: bytes) -> bool:
        return ed25519.verify_zip215(validator.key, signature, message)

    words = {"not_enough_trust": "NOT_ENOUGH_TRUST"}
    for name, case in cometbft_data.single_steps(data)[::4]:
        header = oracle.header_from_json(case["initial"]["signed_header"]["header"])
        period = int(case["initial"]["trusting_period"])
        members = _ordered(case["initial"]["next_validator_set"])
        trusted = oracle.Trusted(header.chain_id, header.height, header.time_ns, header.next_validators_hash, members)
        for number, step in enumerate(case["input"]):
            signed = step["block"]["signed_header"]
            block = oracle.LightBlock(
                oracle.header_from_json(signed["header"]),
                oracle.commit_from_json(signed["commit"]),
                _ordered(step["block"]["validator_set"]),
            )
            try:
                oracle.check_light(block, trusted, oracle.time_ns(step["now"]), period, SECOND, verify)
                got = "SUCCESS"
            except oracle.Rule as rule:
                got = words.get(str(rule), "INVALID")
            assert got == step["verdict"], (name, number)
            if got == "SUCCESS":
                new = block.header
                known = _ordered(step["block"]["next_validator_set"])
                trusted = oracle.Trusted(new.chain_id, new.height, new.time_ns, new.next_validators_hash, known)


def _ordered(source: Any) -> Any:
    """Validators of a JSON set by power and address, as the Rust client reads them."""
    from isthmus.reference import cometbft as oracle

    return tuple(
        sorted(oracle.validators_from_json(source["validators"]), key=lambda each: (-each.power, each.address))
    )


def _outcome(verdict: isthmus.Verdict) -> str:
    """The model's words: whoever lacks trust may fetch a header in between, all else ends the step."""
    if verdict.ok:
        return "SUCCESS"
    return "NOT_ENOUGH_TRUST" if verdict.code == "cometbft_not_enough_trust" else "INVALID"


def _sorted_set(source: Any) -> bytes:
    """The set as the Rust client reads it: by power and address."""
    from isthmus.chains.cometbft_json import read_validator_set

    return read_validator_set(source, sort=True)


class Peer:
    """A provider over a list of light blocks."""

    def __init__(self, source: Any) -> None:
        self.blocks = {}
        for each in source.get("value", source)["lite_blocks"]:
            block = LightBlock.from_json(each)
            self.blocks[block.height] = block

    def __call__(self, height: int) -> LightBlock:
        if height not in self.blocks:
            raise ValueError(f"this peer has no block {height}")
        return self.blocks[height]


def test_bisections(data: Path, figures: Report) -> None:
    """The primary is followed by bisection; a witness that shows another header of that height is an error.

    Cases from before Tendermint 0.34 are judged twice: as they stand nothing may be valid, since their hashes are
    over amino, and told again in today's encoding they must end as they say.
    """
    cases = cometbft_data.bisections(data)
    if not cases:
        pytest.skip("no bisection cases in the data folder")
    engine = isthmus.Engine()
    wrong, retold = [], 0
    for name, case in cases:
        got, steps = _bisect(engine, case)
        if got == "not this encoding":
            got, steps = _bisect(engine, Retelling().case(case))
            retold += 1
        if got != case["expected_output"]:
            wrong.append((name, case["expected_output"], got, steps))
    figures(f"CometBFT bisection: {len(cases)} files ({retold} told again), {len(wrong)} wrong")
    assert not wrong


def _bisect(engine: isthmus.Engine, case: Any) -> tuple[str, list[str]]:
    trust = case["trust_options"]
    level = trust["trust_level"]
    from fractions import Fraction

    options = TrustOptions(
        trusting_period_ns=int(trust["period"]),
        max_clock_drift_ns=SECOND,
        trust_level=Fraction(int(level["numerator"]), int(level["denominator"])),
    )
    primary = Peer(case["primary"])
    moment = Timestamp.parse(case["now"])
    anchor = Anchor(case["primary"]["chain_id"], header_hash=bytes.fromhex(trust["hash"]), now=moment, options=options)
    client = LightClient(engine, anchor)
    start = client.walk([primary(int(trust["height"]))])
    if start.steps[0].verdict.code == "cometbft_header_hash":
        return "not this encoding", []
    assert start.ok, case["description"]
    target = int(case["height_to_verify"])
    try:
        walk = client.bisect(primary, target)
    except ValueError as error:
        return "error", [str(error)]
    said = [f"{step.block.height}: {step.verdict}" for step in walk.steps]
    if not walk.ok:
        return "error", said
    for witness in case.get("witnesses") or ():
        shown = Peer(witness).blocks.get(target)
        if shown is None or shown.header_hash != primary(target).header_hash:
            return "error", [*said, "a witness disagrees"]
    return "no error", said
