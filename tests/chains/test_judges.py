"""The judges that say which changed bytes are valid (helpers: bitcoin_judge, cometbft_judge, fisco_judge) against the
core: every byte of a real input flipped, and the changes that the rules leave free."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from helpers import bitcoin as made
from helpers import bitcoin_judge, cometbft_judge, fabric_judge, fisco_judge, samples, wire_forms
from helpers import tendermint as tm
from helpers.bitcoin_judge import Judge

import isthmus
from chains import test_cometbft_evidence as evidence
from isthmus.chains.bitcoin import RULES, Anchor, pack_prevouts
from isthmus.reference import bitcoin as ref
from isthmus.reference import ed25519

Pair = tuple[bytes, bytes]


def judge_of(chain: str, valid: list[Pair]) -> Judge:
    makers: dict[str, Callable[[], Judge]] = {
        "bitcoin-block": lambda: bitcoin_judge.blocks(valid),
        "bitcoin-headers": lambda: bitcoin_judge.headers,
        "bitcoin-input": lambda: bitcoin_judge.inputs(valid),
        "cometbft-light-block": lambda: cometbft_judge.light_block,
        "cometbft-conflict": lambda: cometbft_judge.conflict,
        "cometbft-duplicate-vote": lambda: cometbft_judge.duplicate_vote,
        "fisco-header": lambda: fisco_judge.header,
        "fisco-block": lambda: fisco_judge.block,
        "fisco-proof": lambda: fisco_judge.proof,
        "fabric-block": lambda: fabric_judge.blocks(valid),
        "fabric-attestation": lambda: fabric_judge.blocks(valid),
    }
    return makers[chain]()


CHAINS = ("bitcoin-block", "bitcoin-headers", "bitcoin-input", "cometbft-light-block", "cometbft-conflict",
          "cometbft-duplicate-vote", "fisco-header", "fisco-block", "fisco-proof", "fabric-block",
          "fabric-attestation")  # fmt: skip


def core(chain: str, raw: bytes, anchor: bytes) -> bool:
    return isthmus.Engine(threads=1).check(chain, raw, anchor).ok


@pytest.mark.full
@pytest.mark.parametrize("chain", CHAINS)
def test_core_and_judge_agree_on_every_byte_flipped(chain: str) -> None:
    raw, anchor, _ = min(samples.real(chain)[:2], key=lambda sample: len(sample[0]))
    judge = judge_of(chain, [(raw, anchor)])
    assert judge(raw, anchor)
    mutants = [raw[:i] + bytes([raw[i] ^ 1 << i % 8]) + raw[i + 1 :] for i in range(len(raw))]
    report = isthmus.Engine().check(chain, [raw, *mutants], anchor)
    answers = [verdict.ok for verdict in report]
    assert answers[0]
    assert [i for i, mutant in enumerate(mutants) if judge(mutant, anchor) != answers[1 + i]] == []


def test_a_run_of_headers_cut_at_a_headers_end_is_a_shorter_run() -> None:
    raw, anchor, _ = samples.real("bitcoin-headers")[1]
    for length, wanted in ((800, True), (80, True), (0, False), (799, False), (801, False)):
        assert core("bitcoin-headers", raw[:length], anchor) == wanted
        assert bitcoin_judge.headers(raw[:length], anchor) == wanted


def test_pushes_of_another_form_and_items_below_are_free_before_the_witness() -> None:
    """The node's interpreter demands neither shortest pushes nor a clean stack there: that is relay policy."""
    for template, free in ((made.p2pkh(13), True), (made.p2pk(11), True), (made.p2wpkh(16, nested=True), False)):
        tx, prevout = made.spend(template, 0)
        anchor = bytes(Anchor(900_000, prevouts=pack_prevouts([prevout]), rules=frozenset(RULES)))
        judge = bitcoin_judge.inputs([(tx.serialise(), anchor)])
        script = tx.inputs[0].script
        longer = b"\x4c" + script
        below = b"\x01\x07" + script
        no_push = b"\x61" + script
        for changed, wanted in ((script, True), (longer, free), (below, free), (no_push, False)):
            tx.inputs[0].script = changed
            assert core("bitcoin-input", tx.serialise(), anchor) == wanted, (template.name, changed)
            assert judge(tx.serialise(), anchor) == wanted, (template.name, changed)


def test_priorities_proposer_and_total_are_free() -> None:
    """ValidatorSet.Hash does not cover them, and no rule of a light client uses them."""
    raw, anchor, _ = samples.real("cometbft-light-block")[0]
    for path, value, wanted in (
        ((2, 1, 0, 4), 9, True),  # a validator's proposer priority
        ((2, 3), 77, True),  # the total that a node recomputes
        ((2, 1, 0, 3), 6, False),  # a validator's power
        ((1, 2, 2), 1, False),  # the commit's round
    ):
        block = wire_forms.read(raw, cometbft_judge.LIGHT_BLOCK)
        *way, last = path
        place = block
        for step in way:
            place = place[step]
        place[last] = value
        changed = wire_forms.write(block, cometbft_judge.LIGHT_BLOCK)
        assert changed != raw
        assert core("cometbft-light-block", changed, anchor) == wanted, path
        assert cometbft_judge.light_block(changed, anchor) == wanted, path
    proposed = wire_forms.read(raw, cometbft_judge.LIGHT_BLOCK)
    proposed[2][2] = proposed[2][1][1]
    changed = wire_forms.write(proposed, cometbft_judge.LIGHT_BLOCK)
    assert core("cometbft-light-block", changed, anchor)
    assert cometbft_judge.light_block(changed, anchor)


def test_a_voted_block_id_is_empty_or_complete() -> None:
    """Vote.ValidateBasic: a signed block id with only some of its parts is no vote, so it proves nothing."""
    anchor = bytes(evidence.duplicate_anchor())
    raw = evidence.duplicate_vote_from_json(evidence.evidence(2, *evidence.two_blocks()))
    for block_id, vote, wanted in (
        ({2: {}}, 1, True),  # for nil
        ({1: b"\xff" * 32, 2: {1: 1, 2: bytes(32)}}, 2, True),
        ({1: b"\xff" * 32, 2: {2: bytes(32)}}, 2, False),
        ({1: b"\xff" * 32, 2: {1: 1}}, 2, False),
        ({1: b"\xff" * 32, 2: {}}, 2, False),
        ({2: {1: 1, 2: bytes(32)}}, 1, False),
    ):
        pair = wire_forms.read(raw, cometbft_judge.EVIDENCE)
        pair[vote][4] = block_id
        signed = cometbft_judge.vote_sign_bytes(tm.CHAIN_ID, pair[vote])
        pair[vote][8] = ed25519.sign(bytes([2]) * 32, signed)
        changed = wire_forms.write(pair, cometbft_judge.EVIDENCE)
        assert core("cometbft-duplicate-vote", changed, anchor) == wanted, block_id
        assert cometbft_judge.duplicate_vote(changed, anchor) == wanted, block_id


def test_a_last_header_of_another_time_is_right_above_the_median() -> None:
    raw, anchor, _ = samples.real("bitcoin-headers")[1]
    last = ref.Header.parse(raw[-80:])
    early = last.time - 600 * 6
    for time, wanted in ((early, False), (early + 1, True)):
        header = made.mine(ref.Header(4, last.previous, last.merkle_root, time, last.bits, 0))
        changed = raw[:-80] + header.serialise()
        assert core("bitcoin-headers", changed, anchor) == wanted
        assert bitcoin_judge.headers(changed, anchor) == wanted
