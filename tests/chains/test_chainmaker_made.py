"""Made ChainMaker networks: every mode, curve and hash; attacks on blocks, certificates, members and proofs."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from helpers import chainmaker_judge, samples
from helpers.chainmaker_judge import trust_of
from hypothesis import given, settings
from hypothesis import strategies as st

import isthmus
from isthmus import _wire
from isthmus.chains import chainmaker as cm
from isthmus.chains.chainmaker_anchor import TrustedKey
from isthmus.reference import chainmaker as slow
from isthmus.synthetic import chainmaker as made
from isthmus.synthetic.chainmaker import Draft, Network, Vote
from isthmus.verdict import Status, Verdict

pytest.importorskip("cryptography")

MODES = ("permissionedWithCert", "permissionedWithKey", "public")
KEYS = (("P256", "SHA256"), ("P256", "SM3"), ("P256", "SHA3_256"), ("SM2", "SM3"))
CONSENSUS = ("TBFT", "MAXBFT", "DPOS", "RAFT", "SOLO")
# A signature by no key, in the chain's encoding.
NOISE = made.der_signature(bytes(range(1, 65)))


@pytest.fixture(scope="module")
def engine() -> Iterator[isthmus.Engine]:
    with isthmus.Engine(threads=1) as one:
        yield one


@pytest.fixture(scope="module")
def network() -> Network:
    return Network()


@pytest.fixture(scope="module")
def keyed() -> Network:
    return Network(mode="public")


def codes(verdict: Verdict) -> list[str]:
    return [finding.code for finding in verdict.findings]


def refused(engine: isthmus.Engine, raw: bytes, anchor: cm.Anchor, code: str) -> None:
    """The code is found, and the slow reference does not take the block either."""
    verdict = engine.check(cm.BLOCK, raw, anchor)
    assert code in codes(verdict) or verdict.code == code, verdict
    assert not verdict.ok
    assert not slow.holds(raw, trust_of(anchor))


# --- what is valid


@pytest.mark.parametrize("consensus", CONSENSUS)
@pytest.mark.parametrize(("curve", "hash"), KEYS)
@pytest.mark.parametrize("mode", MODES)
def test_every_mode_curve_and_consensus(
    engine: isthmus.Engine, mode: str, curve: made.Curve, hash: str, consensus: str
) -> None:
    network = Network(mode=mode, curve=curve, hash=hash, consensus=consensus)
    verdict = engine.check(cm.BLOCK, network.block(5, txs=3), network.anchor()).require()
    trust = {"RAFT": b"single signer", "SOLO": b"single signer"}.get(consensus, b"validators' quorum")
    assert verdict.facts["trust"] == trust
    assert verdict.counts["tx"].valid == 3


@pytest.mark.parametrize("named_by", ["certificate", "hash", "alias"])
@pytest.mark.parametrize("count", [1, 2, 3, 5, 8, 13])
def test_core_and_slow_reference_agree_on_valid_blocks(engine: isthmus.Engine, named_by: str, count: int) -> None:
    network = Network(named_by=named_by)
    raw, anchor = network.block(7, txs=count), network.anchor()
    assert engine.check(cm.BLOCK, raw, anchor).ok
    assert slow.holds(raw, trust_of(anchor))


@pytest.mark.parametrize("version", [20, 2201, 2299, 2300, 2301, 2030700])
def test_gas_leaves_the_leaf_from_version_2300_on(engine: isthmus.Engine, version: int) -> None:
    network = Network(version=version)
    for gas in (None, 1, 300, 1 << 40):
        raw = network.block(3, [network.transaction(n, gas_used=gas) for n in range(3)])
        assert engine.check(cm.BLOCK, raw, network.anchor()).ok
        assert slow.holds(raw, trust_of(network.anchor()))


def test_gas_is_not_bound_from_version_2300_on_and_is_before(engine: isthmus.Engine) -> None:
    for version, valid in ((2299, False), (2300, True)):
        network = Network(version=version)
        draft = network.draft(3, 1)
        draft.seal()
        draft.txs[0].raw = draft.txs[0].raw.replace(_wire.uint(4, 1000), _wire.uint(4, 1001))
        assert engine.check(cm.BLOCK, draft.seal(), network.anchor()).ok == valid


def test_endorsers_payers_and_extras(engine: isthmus.Engine, network: Network) -> None:
    tx = network.transaction(0, endorsers=tuple(network.admins[:3]), payer=network.members[1])
    draft = network.draft(4, [tx])
    draft.extra = {"BatchPoolAddtionalDataKey": b"\x0a\x01x"}
    verdict = engine.check(cm.BLOCK, draft.seal(), network.anchor()).require()
    assert (verdict.counts["endorser"].valid, verdict.counts["payer"].valid) == (3, 1)


def test_empty_blocks_of_maxbft(engine: isthmus.Engine) -> None:
    network = Network(consensus="MAXBFT", mode="public")
    assert engine.check(cm.BLOCK, network.block(4, txs=0, round=3), network.anchor()).ok


def test_high_rounds_and_late_votes_for_other_blocks(engine: isthmus.Engine, network: Network) -> None:
    draft = network.draft(6, 1, round=12)
    late = network.validators[3]

    def votes(own: bytes) -> list[Vote]:
        mine = network.votes(network.validators[:3], own, draft.header, 12)
        return [*mine, Vote(late, b"NilHash", 6, 12, signature=NOISE)]  # nobody looks at it

    assert engine.check(cm.BLOCK, draft.seal(votes), network.anchor()).ok


def test_invalid_transactions_in_a_vote_are_signed(engine: isthmus.Engine, network: Network) -> None:
    draft = network.draft(6, 1)

    def votes(own: bytes, **change: Any) -> list[Vote]:
        return [replace(vote, invalid_txs=("a", "b")) for vote in network.votes(draft.votes, own, draft.header, 0)]

    raw = draft.seal(votes)
    assert engine.check(cm.BLOCK, raw, network.anchor()).ok
    assert slow.holds(raw, trust_of(network.anchor()))
    refused(
        engine, raw.replace(b"\x3a\x01a\x3a\x01b", b"\x3a\x01a\x3a\x01c"), network.anchor(), "chainmaker_vote_false"
    )


# --- attacks on the certificate


Change = Callable[[Network, bytes, int], list[Vote]]


def _votes(network: Network, own: bytes, height: int, count: int = 3) -> list[Vote]:
    return [Vote(party, own, height) for party in network.validators[:count]]


def _one_key_fills_all(network: Network, own: bytes, height: int) -> list[Vote]:
    """What the chain's own code for followers would take."""
    one = network.validators[0]
    return [Vote(one, own, height, voter=party.node_id) for party in network.validators[:3]]


def _prevotes(network: Network, own: bytes, height: int) -> list[Vote]:
    return [replace(vote, type=0) for vote in _votes(network, own, height)]


def _other_height(network: Network, own: bytes, height: int) -> list[Vote]:
    return [replace(vote, height=height - 1) for vote in _votes(network, own, height)]


def _other_round(network: Network, own: bytes, height: int) -> list[Vote]:
    votes = _votes(network, own, height)
    return [*votes[:2], replace(votes[2], round=1)]


def _voter_twice(network: Network, own: bytes, height: int) -> list[Vote]:
    votes = _votes(network, own, height)
    return [*votes[:2], votes[1]]


def _other_name(network: Network, own: bytes, height: int) -> list[Vote]:
    votes = _votes(network, own, height)
    return [*votes[:2], replace(votes[2], name=network.validators[3].node_id)]


def _stranger(network: Network, own: bytes, height: int) -> list[Vote]:
    votes = _votes(network, own, height)
    return [*votes[:2], replace(votes[2], voter=cm.node_id(made.spki_of(made.signer_of("x", "P256", "SHA256"))))]


def _bad_signature(network: Network, own: bytes, height: int) -> list[Vote]:
    votes = _votes(network, own, height)
    return [*votes[:2], replace(votes[2], signature=NOISE)]


def _one_bad_among_enough(network: Network, own: bytes, height: int) -> list[Vote]:
    votes = _votes(network, own, height, 4)
    return [*votes[:3], replace(votes[3], signature=NOISE)]


def _two_of_four(network: Network, own: bytes, height: int) -> list[Vote]:
    return _votes(network, own, height, 2)


def _none(network: Network, own: bytes, height: int) -> list[Vote]:
    return []


def _nil(network: Network, own: bytes, height: int) -> list[Vote]:
    return [replace(vote, hash=b"NilHash") for vote in _votes(network, own, height)]


def _other_block(network: Network, own: bytes, height: int) -> list[Vote]:
    return [replace(vote, hash=bytes(32)) for vote in _votes(network, own, height)]


def _more_than_validators(network: Network, own: bytes, height: int) -> list[Vote]:
    votes = _votes(network, own, height, 4)
    return [*votes, replace(votes[0], hash=b"NilHash")]


CERTIFICATE_ATTACKS: list[tuple[Change, str]] = [
    (_one_key_fills_all, "chainmaker_vote_owner"),
    (_prevotes, "chainmaker_vote_type"),
    (_other_height, "chainmaker_vote_height"),
    (_other_round, "chainmaker_vote_round"),
    (_voter_twice, "chainmaker_vote_repeated"),
    (_other_name, "chainmaker_vote_name"),
    (_stranger, "chainmaker_vote_voter"),
    (_bad_signature, "chainmaker_vote_false"),
    (_one_bad_among_enough, "chainmaker_vote_false"),
    (_two_of_four, "chainmaker_not_two_thirds"),
    (_none, "chainmaker_not_two_thirds"),
    (_nil, "chainmaker_not_two_thirds"),
    (_other_block, "chainmaker_not_two_thirds"),
    (_more_than_validators, "chainmaker_vote_repeated"),
]


@pytest.mark.parametrize(
    ("change", "code"), CERTIFICATE_ATTACKS, ids=[each.__name__[1:] for each, _ in CERTIFICATE_ATTACKS]
)
@pytest.mark.parametrize("mode", ["permissionedWithCert", "public"])
def test_attacks_on_the_votes_q1_q2_q3_q4(engine: isthmus.Engine, change: Change, code: str, mode: str) -> None:
    network = Network(mode=mode)
    draft = network.draft(9, 1)
    refused(engine, draft.seal(lambda own: change(network, own, 9)), network.anchor(), code)


def test_one_key_in_one_organisation_with_two_nodes_counts_once(engine: isthmus.Engine) -> None:
    """Q1: the organisation owns both nodes, so nothing but the key tells."""
    network = Network(organisations=2)
    first = network.validators[0]
    extra = [cm.node_id(made.spki_of(made.signer_of(f"extra{n}", "P256", "SHA256"))) for n in range(2)]
    orgs = network.anchor().organisations
    anchor = network.anchor(organisations=(replace(orgs[0], node_ids=(first.node_id, *extra)), orgs[1]))
    draft = network.draft(9, 1)

    def votes(own: bytes) -> list[Vote]:
        return [Vote(first, own, 9), *(Vote(first, own, 9, voter=each) for each in extra)]

    refused(engine, draft.seal(votes), anchor, "chainmaker_vote_key_repeated")


def test_two_certificates_of_one_organisation_and_one_node_id(engine: isthmus.Engine, network: Network) -> None:
    """A second consensus certificate of the organisation votes under the same node id: once is all it counts."""
    second = network._party("synthetic-org1", "consensus1b", "consensus")
    first, third = network.validators[0], network.validators[1]
    draft = network.draft(9, 1)

    def votes(own: bytes) -> list[Vote]:
        return [Vote(first, own, 9), Vote(second, own, 9, voter=first.node_id), Vote(third, own, 9)]

    refused(engine, draft.seal(votes), network.anchor(), "chainmaker_vote_repeated")
    alone = network.draft(9, 1).seal(
        lambda own: [Vote(second, own, 9, voter=first.node_id), *(Vote(p, own, 9) for p in network.validators[1:3])]
    )
    assert engine.check(cm.BLOCK, alone, network.anchor()).ok  # a renewed certificate votes like the one before it


def test_a_vote_without_the_consensus_role(engine: isthmus.Engine, network: Network) -> None:
    """X9: an administrator of the organisation that owns the node."""
    admin = network.admins[2]
    draft = network.draft(9, 1)

    def votes(own: bytes) -> list[Vote]:
        return [*_votes(network, own, 9, 2), Vote(admin, own, 9, voter=network.validators[2].node_id)]

    refused(engine, draft.seal(votes), network.anchor(), "chainmaker_vote_role")


@pytest.mark.parametrize("change", ["type", "height", "majority"])
def test_a_certificate_of_another_place(engine: isthmus.Engine, network: Network, change: str) -> None:
    draft = network.draft(9, 1)
    draft.seal()
    own = draft.block_hash
    parts: dict[str, Any] = {"height": 9, "hash": own, "type": 1}
    parts |= {"type": {"type": 0}, "height": {"height": 8}, "majority": {"hash": bytes(32)}}[change]
    draft.extra[made.TBFT_KEY] = made.vote_set(_votes(network, own, 9), **parts)
    refused(engine, draft.seal(), network.anchor(), "chainmaker_certificate_place")


def test_a_block_of_another_chain_with_its_certificate(engine: isthmus.Engine, network: Network) -> None:
    """Q3: the same keys and nodes under another chain's id."""
    other = replace(network.anchor(), chain_id="synthetic-other")
    refused(engine, network.block(9), other, "chainmaker_chain_id")


def test_maxbft_authors_count_once(engine: isthmus.Engine) -> None:
    """The chain's own counting forgets the first author."""
    network = Network(consensus="MAXBFT")
    draft = network.draft(9, 1)

    def repeated(own: bytes) -> list[Vote]:
        votes = _votes(network, own, 9, 2)
        return [votes[0], votes[0], votes[1]]

    verdict = engine.check(cm.BLOCK, draft.seal(repeated), network.anchor())
    assert "chainmaker_vote_repeated" in codes(verdict)
    assert not verdict.ok


@pytest.mark.parametrize(("change", "code"), [("view", "chainmaker_vote_round"), ("epoch", "chainmaker_vote_round")])
def test_maxbft_votes_are_of_the_headers_view(engine: isthmus.Engine, change: str, code: str) -> None:
    network = Network(consensus="MAXBFT")
    draft = network.draft(9, 1, round=4)
    draft.seal()
    votes = [replace(vote, round=4) for vote in _votes(network, draft.block_hash, 9)]
    if change == "view":
        votes[2] = replace(votes[2], round=5)
    encoded = [vote.maxbft(epoch=int(change == "epoch" and n == 2)) for n, vote in enumerate(votes)]
    draft.extra[made.MAXBFT_KEY] = b"".join(_wire.message(1, each) for each in encoded)
    verdict = engine.check(cm.BLOCK, draft.seal(), network.anchor())
    assert code in codes(verdict)
    assert not verdict.ok


def test_a_quorum_is_more_than_two_thirds(engine: isthmus.Engine) -> None:
    """Q4 for 1 to 7 validators."""
    for size in range(1, 8):
        network = Network(organisations=size, mode="public")
        need = 2 * size // 3 + 1
        for count in (need - 1, need):
            draft = network.draft(9, 1)
            draft.votes = network.validators[:count]
            assert engine.check(cm.BLOCK, draft.seal(), network.anchor()).ok == (count == need)


# --- attacks on the header


HEADER_ATTACKS: list[tuple[dict[str, Any], str]] = [
    ({"tx_root": bytes(32)}, "chainmaker_tx_root"),
    ({"rw_set_root": bytes(32)}, "chainmaker_rw_set_root"),
    ({"dag_hash": bytes(32)}, "chainmaker_dag_hash"),
    ({"tx_count": 4}, "chainmaker_tx_count"),
    ({"block_hash": bytes(32)}, "chainmaker_block_hash"),
    ({"signature": NOISE}, "chainmaker_proposer_false"),
    ({"proposer": b""}, "chainmaker_header_incomplete"),
]


@pytest.mark.parametrize(("change", "code"), HEADER_ATTACKS, ids=[code for _, code in HEADER_ATTACKS])
def test_headers_that_do_not_fit(engine: isthmus.Engine, network: Network, change: dict[str, Any], code: str) -> None:
    draft = network.draft(9, 3)
    draft.overrides = dict(change)
    refused(engine, draft.seal(), network.anchor(), code)


def test_a_proposer_that_is_no_validator(engine: isthmus.Engine, network: Network, keyed: Network) -> None:
    for each in (network, keyed):
        draft = each.draft(9, 1)
        draft.proposer = each.admins[0]
        draft.header["proposer"] = draft.proposer.member
        refused(engine, draft.seal(), each.anchor(), "chainmaker_proposer_role")


@pytest.mark.parametrize(
    ("trusted", "header", "code"),
    [
        (cm.TrustedBlock(8, bytes(range(32))), {}, ""),
        (cm.TrustedBlock(8, bytes(32)), {}, "chainmaker_previous_block"),
        (cm.TrustedBlock(9, bytes(32)), {}, "chainmaker_height"),
        (cm.TrustedBlock(20, bytes(32)), {}, "chainmaker_height"),
        (cm.TrustedBlock(3, bytes(32)), {}, ""),  # heights may skip while the configuration stays
        (cm.TrustedBlock(8, bytes(range(32)), True), {}, "chainmaker_config_height"),
        (cm.TrustedBlock(8, bytes(range(32)), True), {"pre_conf_height": 8}, ""),
        (cm.TrustedBlock(8, bytes(range(32)), False, 5), {"pre_conf_height": 5}, ""),
        (cm.TrustedBlock(8, bytes(range(32)), False, 5), {"pre_conf_height": 6}, "chainmaker_config_height"),
    ],
)
def test_the_link_to_a_trusted_block(
    engine: isthmus.Engine, network: Network, trusted: cm.TrustedBlock, header: dict[str, Any], code: str
) -> None:
    verdict = engine.check(cm.BLOCK, network.block(9, **header), network.anchor(trusted=trusted))
    assert verdict.code == (code or "ok")


def test_a_header_of_another_configuration_is_undecided(engine: isthmus.Engine, network: Network) -> None:
    raw = network.block(9, pre_conf_height=4)
    assert engine.check(cm.BLOCK, raw, network.anchor(config_height=4)).ok
    verdict = engine.check(cm.BLOCK, raw, network.anchor(config_height=3))
    assert (verdict.status, verdict.code) == (Status.UNDECIDED, "chainmaker_other_config")


# --- attacks on transactions


def _resealed(network: Network, change: Callable[[Draft], None], count: int = 3) -> bytes:
    draft = network.draft(9, count)
    draft.seal()
    change(draft)
    return draft.seal()


def test_a_repeated_tail_m1_cve_2012_2459(engine: isthmus.Engine, network: Network) -> None:
    draft = network.draft(9, 6)
    draft.seal()
    root = network.root([tx.leaf for tx in draft.txs])
    longer = network.draft(9, [*draft.txs, *draft.txs[4:]])
    assert network.root([tx.leaf for tx in longer.txs]) == root
    raw = longer.seal()
    for code in ("chainmaker_tx_repeated", "merkle_mutated"):
        refused(engine, raw, network.anchor(), code)
    longer.overrides = {"tx_count": 6}
    refused(engine, longer.seal(), network.anchor(), "chainmaker_tx_count")


def test_a_transaction_twice_q13(engine: isthmus.Engine, network: Network) -> None:
    draft = network.draft(9, 3)
    draft.txs[2].tx_id = draft.txs[0].tx_id
    draft.txs[2].payload = draft.txs[0].payload
    refused(engine, draft.seal(), network.anchor(), "chainmaker_tx_repeated")


def test_order_and_presence_are_bound(engine: isthmus.Engine, network: Network) -> None:
    draft = network.draft(9, 4)
    draft.seal()
    root = {"tx_root": network.root([tx.leaf for tx in draft.txs])}
    for listed in (draft.txs[::-1], draft.txs[:3], draft.txs[1:]):
        other = network.draft(9, list(listed))
        other.overrides = dict(root)
        refused(engine, other.seal(), network.anchor(), "chainmaker_tx_root")


@pytest.mark.parametrize("part", ["sender", "endorser", "payer"])
def test_signatures_that_nodes_do_not_look_at_again(engine: isthmus.Engine, network: Network, part: str) -> None:
    """A proposer may carry another signature under the same payload past nodes that hold the transaction already, and
    false endorsements are only not counted: each has a code of its own."""
    mute = replace(network.members[0], signer=_Mute(network.members[0].signer))
    changed = {"sender": {"sender": mute}, "endorser": {"endorsers": (mute,)}, "payer": {"payer": mute}}[part]
    raw = network.block(9, [network.transaction(0, **changed)])  # type: ignore[arg-type]
    refused(engine, raw, network.anchor(), f"chainmaker_{part}_false")


class _Mute:
    """Signs everything with the same numbers."""

    def __init__(self, signer: Any) -> None:
        self.scheme, self.public_key = signer.scheme, signer.public_key

    def sign(self, message: bytes, /) -> bytes:
        return bytes(range(1, 65))


@pytest.mark.parametrize("tail", ["behind", "inside", "high s"])
def test_signatures_are_read_as_nodes_read_them(engine: isthmus.Engine, network: Network, tail: str) -> None:
    class Loose(made.Party):
        def sign(self, message: bytes) -> bytes:
            raw = self.signer.sign(message)
            if tail == "high s":
                order = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
                raw = raw[:32] + (order - int.from_bytes(raw[32:], "big")).to_bytes(32, "big")
            der = made.der_signature(raw)
            if tail == "behind":
                return der + b"\x05\x00"
            return der if tail == "high s" else bytes((0x30, len(der))) + der[2:] + b"\x05\x00"

    one = network.members[0]
    sender = Loose(one.org_id, one.info, one.signer)
    raw = network.block(9, [network.transaction(0, sender=sender)])
    assert engine.check(cm.BLOCK, raw, network.anchor()).ok
    assert slow.holds(raw, trust_of(network.anchor()))


@pytest.mark.parametrize(
    ("payload", "code"),
    [
        ({"chain_id": "synthetic-other"}, "chainmaker_chain_id"),
        ({"tx_id": "x" * 65}, "chainmaker_tx_id"),
        ({"tx_id": ""}, "chainmaker_tx_id"),
        ({"expires": 5}, "chainmaker_expiration"),
    ],
)
def test_payloads_that_no_node_takes(
    engine: isthmus.Engine, network: Network, payload: dict[str, Any], code: str
) -> None:
    tx_id = payload.get("tx_id", "a" * 64)
    raw = (
        _wire.text(1, payload.get("chain_id", network.chain_id))
        + _wire.text(3, tx_id)
        + _wire.sint(4, 10)
        + _wire.sint(5, payload.get("expires", 0))
    )
    tx = made.Transaction(raw, tx_id, network.members[0])
    refused(engine, network.block(9, [tx]), network.anchor(), code)


def test_a_missing_sender(engine: isthmus.Engine, network: Network) -> None:
    refused(
        engine, network.block(9, [network.transaction(0, sender=None)]), network.anchor(), "chainmaker_sender_missing"
    )


def test_read_and_write_sets(engine: isthmus.Engine, network: Network) -> None:
    def other_write(draft: Draft) -> None:
        draft.txs[1].rw_set_bytes = draft.txs[1].rw_set_bytes.replace(b"value", b"valuf")

    draft = network.draft(9, 3)
    whole = draft.seal()
    start = whole.index(_wire.message(2, draft.txs[0].rw_set_bytes))
    refused(engine, whole.replace(b"\x12\x05value", b"\x12\x05valuf", 1), network.anchor(), "chainmaker_rw_set_hash")
    first, last = (_wire.message(2, draft.txs[n].rw_set_bytes) for n in (0, 2))
    refused(engine, whole[:start] + whole[start + len(first) :], network.anchor(), "chainmaker_rw_set_order")
    swapped = whole[:start] + last + _wire.message(2, draft.txs[1].rw_set_bytes) + first
    refused(engine, swapped, network.anchor(), "chainmaker_rw_set_order")
    other = _resealed(network, other_write)
    assert not engine.check(cm.BLOCK, other, network.anchor()).ok


# --- members


def test_an_unknown_certificate_hash_or_alias_is_undecided(engine: isthmus.Engine) -> None:
    for named_by in ("hash", "alias"):
        network = Network(named_by=named_by)
        bare = network.anchor(certificates=(), aliases={})
        verdict = engine.check(cm.BLOCK, network.block(9), bare)
        assert (verdict.status, verdict.code) == (Status.UNDECIDED, "chainmaker_member_unknown")


def test_a_certificate_under_the_hash_of_another(engine: isthmus.Engine) -> None:
    """Whoever writes the anchor's bytes by hand cannot name one certificate by another's hash."""
    network = Network(named_by="hash", clients=2)
    anchor = bytes(network.anchor())
    first, second = (network.members[n].info for n in (0, 1))
    swapped = anchor.replace(first, b"?" * 32).replace(second, first).replace(b"?" * 32, second)
    verdict = engine.check(cm.BLOCK, network.block(9, txs=2), swapped)
    assert verdict.status is Status.INVALID


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"org_id": "synthetic-org2"}, "certificate_organisation_differs"),
        ({"org_id": "synthetic-org9"}, "organisation_unknown"),
        ({"member_type": 2}, "chainmaker_member_type"),
        ({"member_type": 3}, "chainmaker_member_unknown"),
        ({"member_type": 5}, "chainmaker_member_unknown"),
        ({"member_type": 6}, "chainmaker_member_type"),
        ({"info": b"no certificate"}, "certificate_encoding"),
    ],
)
def test_members_that_are_nobody(engine: isthmus.Engine, network: Network, change: dict[str, Any], code: str) -> None:
    sender = replace(network.members[0], **change)
    raw = network.block(9, [network.transaction(0, sender=sender)])
    verdict = engine.check(cm.BLOCK, raw, network.anchor())
    assert not verdict.ok
    assert code in codes(verdict), codes(verdict)
    assert not slow.holds(raw, trust_of(network.anchor()))


def test_a_certificate_of_a_foreign_authority_x12(engine: isthmus.Engine, network: Network) -> None:
    foreign = Network(chain_id="synthetic-foreign")
    sender = foreign.members[0]
    raw = network.block(9, [network.transaction(0, sender=sender)])
    refused(engine, raw, network.anchor(), "certificate_signature_false")


def test_certificates_are_valid_at_the_blocks_time_x2(engine: isthmus.Engine, network: Network) -> None:
    early, late = 1_600_000_000, 2_100_000_000
    for time, code in ((early, "certificate_not_yet_valid"), (late, "certificate_expired")):
        draft = network.draft(9, 1, block_timestamp=time)
        refused(engine, draft.seal(), network.anchor(), code)


def test_frozen_certificates_may_not_sign(engine: isthmus.Engine, network: Network) -> None:
    sender = network.members[0]
    organisations = tuple(
        replace(org, frozen=(sender.certificate,)) if org.name == sender.org_id else org
        for org in network.anchor().organisations
    )
    raw = network.block(9, [network.transaction(0, sender=sender)])
    verdict = engine.check(cm.BLOCK, raw, network.anchor(organisations=organisations))
    assert "certificate_frozen" in codes(verdict)
    assert not verdict.ok


def test_a_trusted_member_needs_no_chain(engine: isthmus.Engine, network: Network) -> None:
    foreign = Network(chain_id="synthetic-foreign").members[0]
    member = cm.TrustMember(foreign.certificate, foreign.org_id, "client")
    raw = network.block(9, [network.transaction(0, sender=foreign)])
    assert engine.check(cm.BLOCK, raw, network.anchor(trust_members=(member,))).ok
    assert not engine.check(cm.BLOCK, raw, network.anchor()).ok


def test_keys_of_the_key_modes(engine: isthmus.Engine, keyed: Network) -> None:
    for info, code in (
        (b"no key", "chainmaker_member_key"),
        (made.pem("PUBLIC KEY", b"\x30\x00").encode(), "chainmaker_member_key"),
        (keyed.members[1].info, "chainmaker_sender_false"),
    ):
        sender = replace(keyed.members[0], info=info)
        raw = keyed.block(9, [keyed.transaction(0, sender=sender)])
        verdict = engine.check(cm.BLOCK, raw, keyed.anchor())
        assert code in codes(verdict)
        assert not verdict.ok
    certified = replace(keyed.members[0], member_type=0)
    verdict = engine.check(cm.BLOCK, keyed.block(9, [keyed.transaction(0, sender=certified)]), keyed.anchor())
    assert "chainmaker_member_type" in codes(verdict)


@pytest.mark.parametrize("engine_name", ["", "tjfoc", "gmssl"])
def test_sm2_keys_under_sha256(engine: isthmus.Engine, engine_name: str) -> None:
    """S10: engines differ, so it is undecided until the anchor names one; each takes its own signatures only."""
    from isthmus.reference import sm2

    secret = int.from_bytes(made.secret_of("sm2 under sha256"), "big")
    signer = made.signer_of("sm2 under sha256", "SM2", "SM3")

    class Engined(made.Party):
        form = "tjfoc"

        def sign(self, message: bytes) -> bytes:
            digest = slow.HASHES["SHA256"](message)
            raw = sm2.sign_digest(secret, digest, 77) if self.form == "tjfoc" else sm2.sign(secret, digest, 77)
            return made.der_signature(raw)

    network = Network(mode="public")
    for form in ("tjfoc", "gmssl"):
        sender = Engined("", made.pem("PUBLIC KEY", made.spki_of(signer)).encode(), signer, 2)
        Engined.form = form
        raw = network.block(9, [network.transaction(0, sender=sender)])
        verdict = engine.check(cm.BLOCK, raw, network.anchor(sm2_engine=engine_name))
        if engine_name == "":
            assert (verdict.status, verdict.code) == (Status.UNDECIDED, "chainmaker_sm2_engine")
        else:
            assert verdict.ok == (engine_name == form)


# --- policies


def _policy_case(
    network: Network, rule: str, endorsers: tuple[made.Party, ...], **more: Any
) -> tuple[bytes, cm.Anchor]:
    policy = cm.Policy("synthetic-save", rule, **more)
    raw = network.block(9, [network.transaction(0, endorsers=endorsers)])
    return raw, network.anchor(policies=(policy,))


@pytest.mark.parametrize(
    ("rule", "who", "more", "met"),
    [
        ("ANY", (0,), {"roles": ("ADMIN",)}, True),
        ("ANY", (), {"roles": ("ADMIN",)}, False),  # the sender is asked, and is a client
        ("ANY", (), {}, True),
        ("ANY", (0,), {"orgs": ("synthetic-org2",)}, False),
        ("ALL", (0, 1, 2, 3), {}, True),
        ("ALL", (0, 1, 2), {}, False),
        ("ALL", (0, 1), {"orgs": ("synthetic-org1", "synthetic-org2")}, True),
        ("MAJORITY", (0, 1, 2), {}, True),
        ("MAJORITY", (0, 1), {}, False),
        ("MAJORITY", (0, 0, 0), {}, False),  # Q12: one organisation, three signatures
        ("2", (0, 1), {}, True),
        ("3", (0, 1), {}, False),
        ("2/3", (0, 1, 2), {}, True),
        ("2/3", (0, 1), {}, False),
        ("FORBIDDEN", (0, 1, 2, 3), {}, False),
        ("SELF", (0,), {}, False),  # nothing says whose own it is
    ],
)
def test_policies_q12(
    engine: isthmus.Engine, network: Network, rule: str, who: tuple[int, ...], more: dict[str, Any], met: bool
) -> None:
    raw, anchor = _policy_case(network, rule, tuple(network.admins[n] for n in who), **more)
    verdict = engine.check(cm.BLOCK, raw, anchor)
    assert verdict.ok == met
    if not met:
        assert verdict.code == ("chainmaker_policy_forbidden" if rule == "FORBIDDEN" else "chainmaker_policy")


def test_the_policy_self_is_about_the_organisation_in_the_parameters(engine: isthmus.Engine, network: Network) -> None:
    tx_id = "s" * 64
    for name, met in (("synthetic-org1", True), ("synthetic-org2", False)):
        parameter = _wire.text(1, "org_id") + _wire.text(2, name)
        payload = (
            _wire.text(1, network.chain_id)
            + _wire.text(3, tx_id)
            + _wire.text(6, "synthetic")
            + _wire.text(7, "save")
            + _wire.message(8, parameter)
        )
        tx = made.Transaction(payload, tx_id, network.members[0], endorsers=(network.admins[0],))
        anchor = network.anchor(policies=(cm.Policy("synthetic-save", "SELF"),))
        assert engine.check(cm.BLOCK, network.block(9, [tx]), anchor).ok == met


def test_policies_count_listed_keys(engine: isthmus.Engine) -> None:
    network = Network(mode="permissionedWithKey")
    raw, anchor = _policy_case(network, "MAJORITY", tuple(network.admins[:3]))
    assert engine.check(cm.BLOCK, raw, anchor).ok
    fewer = replace(anchor, keys=tuple(key for key in anchor.keys if key.role != "admin"))
    assert engine.check(cm.BLOCK, raw, fewer).code == "chainmaker_policy"
    assert isinstance(anchor.keys[0], TrustedKey)


# --- proofs of transactions


def _proof(network: Network, count: int, index: int, version: int = 2030200) -> tuple[Draft, bytes, list[bytes]]:
    draft = network.draft(9, count)
    raw = draft.seal()
    return draft, cm.header_of(raw), network.siblings(draft, index)


def _checked(
    engine: isthmus.Engine, network: Network, draft: Draft, header: bytes, path: list[bytes], **place: Any
) -> Verdict:
    index = place.pop("index")
    transaction = place.pop("transaction", draft.txs[min(index, len(draft.txs) - 1)].raw)
    info = cm.transaction_info(transaction, index=index, **place)
    return engine.check(cm.TRANSACTION, cm.tx_input(info, header, path), network.anchor())


@pytest.mark.parametrize("count", [*range(1, 10), 17, 48, 50])
def test_paths_of_every_index(engine: isthmus.Engine, keyed: Network, count: int) -> None:
    """48 and 50: array positions whose parity nodes of 2.2 took wrongly."""
    for index in range(count):
        draft, header, path = _proof(keyed, count, index)
        leaves = [tx.leaf for tx in draft.txs]
        assert path == slow.merkle_path(leaves, index, "SHA256")
        verdict = _checked(engine, keyed, draft, header, path, index=index)
        assert verdict.ok, verdict
        for other in {0, index ^ 1, count - 1} - {index}:
            wrong = _checked(engine, keyed, draft, header, path, index=other, transaction=draft.txs[index].raw)
            assert not wrong.ok
        if count > 8 and index > 4:
            break


PATH_ATTACKS: list[tuple[str, Callable[[list[bytes]], list[bytes]], int, str]] = [
    ("too short", lambda path: path[:-1], 2, "chainmaker_path_length"),
    ("too long", lambda path: [*path, bytes(32)], 2, "chainmaker_path_length"),
    ("none", lambda path: [], 2, "chainmaker_path_length"),
    ("changed", lambda path: [bytes(32), *path[1:]], 2, "chainmaker_tx_root"),
    ("turned", lambda path: path[::-1], 2, "chainmaker_tx_root"),
    ("sibling of the odd last node", lambda path: [bytes(32), *path[1:]], 6, "chainmaker_path_sibling"),
    ("index beyond the count", lambda path: path, 7, "chainmaker_path_index"),
    ("index of the padding", lambda path: path, 1 << 31, "chainmaker_path_index"),
]


@pytest.mark.parametrize(("name", "change", "index", "code"), PATH_ATTACKS, ids=[each[0] for each in PATH_ATTACKS])
def test_paths_that_are_none_m3_m4(
    engine: isthmus.Engine,
    keyed: Network,
    name: str,
    change: Callable[[list[bytes]], list[bytes]],
    index: int,
    code: str,
) -> None:
    draft = keyed.draft(9, 7)
    header = cm.header_of(draft.seal())
    path = slow.merkle_path([tx.leaf for tx in draft.txs], min(index, 6), "SHA256")
    verdict = _checked(engine, keyed, draft, header, change(path), index=index)
    assert code in codes(verdict)
    assert not verdict.ok


def test_the_padding_proves_nothing_m1(engine: isthmus.Engine, keyed: Network) -> None:
    """The path of the last of seven leaves also leads from an eighth that would repeat it."""
    draft = keyed.draft(9, 7)
    header = cm.header_of(draft.seal())
    path = slow.merkle_path([tx.leaf for tx in draft.txs], 6, "SHA256")
    verdict = _checked(engine, keyed, draft, header, path, index=7)
    assert verdict.code == "chainmaker_path_index"


def test_an_inner_node_is_no_leaf_m2(engine: isthmus.Engine, keyed: Network) -> None:
    draft = keyed.draft(9, 4)
    header = cm.header_of(draft.seal())
    leaves = [tx.leaf for tx in draft.txs]
    node = leaves[0] + leaves[1]
    path = slow.merkle_path(leaves, 0, "SHA256")[1:]
    verdict = _checked(engine, keyed, draft, header, path, index=0, transaction=node)
    assert verdict.status is Status.INVALID


@pytest.mark.parametrize(
    "place", [{"height": 8}, {"block_hash": bytes(32)}, {"timestamp": 5}], ids=["height", "hash", "time"]
)
def test_a_transaction_that_says_another_place_q14(
    engine: isthmus.Engine, keyed: Network, place: dict[str, Any]
) -> None:
    draft, header, _ = _proof(keyed, 4, 1)
    path = slow.merkle_path([tx.leaf for tx in draft.txs], 1, "SHA256")
    verdict = _checked(engine, keyed, draft, header, path, index=1, **place)
    assert verdict.code == "chainmaker_path_place"


def test_a_header_without_votes_proves_no_transaction(engine: isthmus.Engine, keyed: Network) -> None:
    draft, _, _ = _proof(keyed, 4, 1)
    path = slow.merkle_path([tx.leaf for tx in draft.txs], 1, "SHA256")
    verdict = _checked(engine, keyed, draft, cm.header_input(draft.sealed_header), path, index=1)
    assert (verdict.status, verdict.code) == (Status.UNDECIDED, "chainmaker_certificate_missing")


# --- mutations


_BASE = Network(organisations=1, clients=1, mode="public")
_RAW = _BASE.block(2, txs=2)
_ANCHOR = _BASE.anchor()


@given(st.data())
@settings(deadline=None)
def test_a_changed_block_is_valid_only_where_the_slow_reference_says_so(data: st.DataObject) -> None:
    raw = bytearray(_RAW)
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(raw) - 1))
        kind = data.draw(st.sampled_from(["flip", "set", "delete", "insert", "copy"]))
        if kind == "flip":
            raw[at] ^= 1 << data.draw(st.integers(0, 7))
        elif kind == "set":
            raw[at] = data.draw(st.integers(0, 255))
        elif kind == "delete":
            del raw[at : at + data.draw(st.integers(1, 40))]
        elif kind == "insert":
            raw[at:at] = data.draw(st.binary(min_size=1, max_size=8))
        else:
            raw[at:at] = raw[at : at + data.draw(st.integers(1, 60))]
        if not raw:
            return
    verdict = isthmus.Engine(threads=1).check(cm.BLOCK, bytes(raw), _ANCHOR)
    assert verdict.ok == (bytes(raw) == _RAW or slow.holds(bytes(raw), trust_of(_ANCHOR)))


@pytest.mark.parametrize("chain", [cm.BLOCK, cm.HEADER, cm.TRANSACTION])
def test_changed_inputs_are_answered_as_the_slow_reference_answers(engine: isthmus.Engine, chain: str) -> None:
    """What stays valid, all of it; of what does not, a sample."""
    found, anchors = samples.chainmaker(chain)
    judge = chainmaker_judge.judge(chain, anchors)
    raw, anchor, _ = found[0]
    changed = [raw[:at] + bytes((raw[at] ^ 1 << at % 8,)) + raw[at + 1 :] for at in range(len(raw))]
    report = engine.check(chain, [raw, *changed], anchor)
    assert report[0].ok
    for number, (mutant, verdict) in enumerate(zip(changed, report[1:], strict=True)):
        if verdict.ok or number % 29 == 0:
            assert judge(mutant, anchor) == verdict.ok, number


@given(st.binary(max_size=300))
@settings(deadline=None)
def test_any_bytes_give_a_verdict(raw: bytes) -> None:
    engine = isthmus.Engine(threads=1)
    for chain in (cm.BLOCK, cm.HEADER, cm.TRANSACTION):
        for anchor in (_ANCHOR, replace(_BASE.anchor(), auth_type="identity", format="v1")):
            assert not engine.check(chain, raw, anchor).ok


def test_base64_of_the_extra_data_is_what_json_has() -> None:
    raw = cm.block_from_json(
        {"header": {"chain_id": "c"}, "additional_data": {"extra_data": {"k": base64.b64encode(b"v").decode()}}}
    )
    assert b"\x0a\x01k\x12\x01v" in raw
