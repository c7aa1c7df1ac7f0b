"""Made Fabric channels: every mode is valid, every attack of the catalogue is refused for its own reason."""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from helpers.fabric_judge import verify
from hypothesis import given, settings
from hypothesis import strategies as st

import isthmus
from isthmus import Verdict, _wire, cli
from isthmus.chains import fabric, fabric_config
from isthmus.chains.fabric import Anchor, Block, Client, Options
from isthmus.reference import fabric as ref
from isthmus.synthetic import fabric as made
from isthmus.synthetic.fabric import Authority, Network, Signer

ENGINE = isthmus.Engine(threads=1)
CODES = isthmus.codes()


def check(raw: bytes, anchor: Anchor) -> Verdict:
    return ENGINE.check(fabric.CHAIN, raw, anchor)


def codes(verdict: Verdict) -> set[str]:
    return {finding.code for finding in verdict.findings}


def started(network: Network) -> Anchor:
    """The anchor after the genesis block."""
    return Anchor.from_config_block(Block.from_protobuf(network.genesis()), network.dialect)


# --- what is valid


@pytest.mark.parametrize("curve", ["p256", "p384"])
@pytest.mark.parametrize(("dialect", "consenters"), [("legacy", 0), ("standard", 0), ("bft", 4), ("x", 0), ("x", 4)])
@pytest.mark.parametrize("intermediate", [False, True])
def test_every_mode_is_valid(curve: str, dialect: str, consenters: int, intermediate: bool) -> None:
    network = Network(2, consenters, dialect=dialect, curve=curve, intermediate=intermediate)
    raws = [network.genesis()]
    raws += [network.block([network.transaction({f"key{i}": b"v"}) for i in range(1 + n)]) for n in range(3)]
    anchor = Anchor.from_block(raws[0], dialect)
    walk = Client(ENGINE, anchor).walk(map(Block.from_protobuf, raws))
    assert walk.ok, str(walk.steps[-1].verdict)
    trust = walk.steps[-1].verdict.facts["trust"]
    assert trust == (b"byzantine quorum 3 of 4" if consenters else b"any single orderer")


@pytest.mark.parametrize("consenters", [1, 2, 3, 4, 5, 6, 7, 10])
def test_q4_bft_quorums(consenters: int) -> None:
    network = Network(1, consenters)
    anchor = started(network)
    need = fabric.quorum(consenters)
    tx = [network.transaction({"k": b"v"})]
    assert check(network.block(tx, signers=network.orderers[:need], keep=False), anchor).ok
    below = check(network.block(tx, signers=network.orderers[: need - 1], keep=False), anchor)
    assert below.code == "policy_not_satisfied"
    assert check(network.block(tx, signers=network.orderers[::-1], keep=False), anchor).ok


def test_the_record_of_a_block_file_is_the_same_block() -> None:
    network = Network()
    raws = [network.genesis(), network.block([network.transaction({"k": b"v"})])]
    blocks = fabric.read_ledger(b"".join(map(made.record_bytes, raws)))
    assert [block.header_hash for block in blocks] == [Block.from_protobuf(raw).header_hash for raw in raws]
    assert Client(ENGINE, Anchor.from_block(blocks[0])).walk(blocks).ok
    record = blocks[1].encoded
    anchor = Anchor.from_config_block(blocks[0])
    assert check(record + b"\0", anchor).code == "trailing_bytes"
    assert check(record[:-1], anchor).code == "truncated"
    assert not check(record, replace(anchor, form=fabric.BLOCK)).ok


def test_an_attestation_is_the_block_without_its_data() -> None:
    for consenters in (0, 4):
        network = Network(1, consenters)
        anchor = started(network)
        block = Block.from_protobuf(network.block([network.transaction({"k": b"v"})]))
        header = made.header_fields(block.number, block.previous_hash, block.data_hash)
        raw = made.assemble(header, None, block.slots)
        assert ENGINE.check(fabric.ATTESTATION, raw, anchor).ok
        assert Client(ENGINE, anchor).attest(raw).ok
        assert ENGINE.check(fabric.ATTESTATION, block.encoded, anchor).code == "field_unknown"
        assert check(raw, anchor).code == "field_missing"
        other = made.assemble(made.header_fields(block.number, block.previous_hash, bytes(32)), None, block.slots)
        assert ENGINE.check(fabric.ATTESTATION, other, anchor).code == "policy_not_satisfied"


def test_expired_certificates_pass() -> None:
    """A1.8: Fabric checks a chain at the moment when the certificate begins."""
    network = Network(1)
    network.orderers[0] = network.authorities[network.orderers[0].msp_id].issue("old", "orderer", expired=True)
    network.clients[0] = network.authorities[network.clients[0].msp_id].issue("old", "client", expired=True)
    anchor = started(network)
    assert check(network.block([network.transaction({"k": b"v"})]), anchor).ok


# --- the block


def test_nothing_trusted_is_undecided() -> None:
    network = Network()
    genesis = network.genesis()
    raw = network.block([network.transaction({"k": b"v"})])
    verdict = check(raw, Anchor(network.channel_id))
    assert (verdict.status, verdict.code) == ("undecided", "fabric_no_anchor")
    assert check(genesis, Anchor(network.channel_id)).code == "fabric_genesis_unpinned"
    pinned = Anchor(network.channel_id, header_hash=Block.from_protobuf(raw).header_hash)
    assert check(raw, pinned).code == "fabric_config_missing"
    assert check(raw, replace(pinned, options=Options("skip"))).ok
    assert check(raw, replace(pinned, header_hash=bytes(32))).code == "fabric_pinned_header"


def test_links() -> None:
    network = Network()
    anchor = started(network)
    tx = [network.transaction({"k": b"v"})]
    assert check(network.block(tx, keep=False, previous=bytes(32)), anchor).code == "fabric_previous_hash"
    assert "fabric_number" in codes(check(network.block(tx, keep=False, number=2), anchor))
    assert "length_out_of_range" in codes(check(network.block(tx, keep=False, previous=bytes(31)), anchor))


def test_c3_glued_envelopes_have_the_same_data_hash() -> None:
    network = Network()
    anchor = started(network)
    first, second = (network.transaction({"k": bytes([n])}) for n in (1, 2))
    honest = Block.from_protobuf(network.block([first, second], keep=False))
    header = made.header_fields(honest.number, honest.previous_hash, honest.data_hash)
    for data in ([first + second], [first[:-1], first[-1:] + second], [first, second[:9], second[9:]]):
        verdict = check(made.assemble(header, data, honest.slots), anchor)
        assert "fabric_data_hash" not in codes(verdict)
        assert verdict.code in ("fabric_envelope_form", "fabric_flags_length")
        assert "fabric_envelope_form" in codes(verdict)


@pytest.mark.parametrize(
    "change",
    [
        lambda entry: entry + _wire.uint(3, 1),  # a field that is not known
        lambda entry: entry + _wire.blob(2, b"x"),  # a signature twice
        lambda entry: _wire.blob(2, b"s") + _wire.blob(1, b"p"),  # fields the other way round
        lambda entry: entry[:1] + bytes([entry[1] | 0x80, entry[2] | 0x80, 0]) + entry[3:],  # a longer length
        lambda entry: _wire.blob(1, b"p"),  # no signature
        lambda entry: _wire.blob(2, b"s"),  # no payload
        lambda entry: b"",
    ],
)
def test_c2_entries_that_are_not_the_only_encoding(change: Callable[[bytes], bytes]) -> None:
    network = Network()
    anchor = started(network)
    entry = change(network.transaction({"k": b"v"}))
    verdict = check(network.block([entry, network.transaction({"k": b"w"})]), anchor)
    assert verdict.code == "fabric_envelope_form"


def test_c4_empty_blocks_and_missing_parts() -> None:
    network = Network()
    anchor = started(network)
    assert "fabric_empty_block" in codes(check(network.block([], keep=False), anchor))
    for raw in (b"", b"\x0a\x00", b"\x12\x00", b"\x0a\x00\x12\x00\x1a\x00", b"\xff" * 40):
        assert check(raw, anchor).status == "invalid"
    few = network.block([network.transaction({"k": b"v"})], keep=False, slots=4)
    assert check(few, anchor).code == "fabric_metadata_slots"
    assert check(few, replace(anchor, dialect="legacy")).code == "fabric_dialect"


def test_a1_8_number_of_64_bits_in_der() -> None:
    network = Network()
    anchor = replace(started(network), parent=None)
    for number in (127, 128, 255, 256, (1 << 63) - 1, 1 << 63, (1 << 64) - 1):
        raw = network.block([network.transaction({"k": b"v"})], keep=False, number=number)
        verdict = check(raw, anchor)
        assert verdict.ok, number
        assert verdict.facts["header_hash"] == ref.header_hash(ref.read_block(raw))
        legacy = Network(dialect="legacy")
        trusted = replace(started(legacy), parent=None)
        below = check(legacy.block([legacy.transaction({"k": b"v"})], keep=False, number=number), trusted)
        assert below.ok == (number < 1 << 63)


def test_a1_8_a_signed_genesis() -> None:
    network = Network()
    genesis = Block.from_protobuf(network.genesis())
    signature = network.headed(network.orderers[0], b"", made.header_der(genesis))
    data = next(each for number, each in _wire.fields(genesis.encoded) if number == 2)
    assert isinstance(data, bytes)
    entries = [each for _, each in _wire.fields(data) if isinstance(each, bytes)]
    slots = [made.metadata_slot(made.last_config(0), [signature]), *genesis.slots[1:]]
    raw = made.assemble(made.header_fields(0, b"", genesis.data_hash), entries, slots)
    assert check(raw, Anchor.from_block(genesis)).code == "fabric_genesis_signed"


def test_a1_9_fabric_x_binds_lengths_and_signs_a_sequence() -> None:
    network = Network(1, 4, dialect="x")
    anchor = started(network)
    first, second = (network.transaction({"k": bytes([n])}) for n in (1, 2))
    raw = network.block([first, second], keep=False)
    assert check(raw, anchor).ok
    assert "fabric_data_hash" in codes(check(raw, replace(anchor, dialect="bft")))
    honest = Block.from_protobuf(raw)
    header = made.header_fields(honest.number, honest.previous_hash, honest.data_hash)
    assert "fabric_data_hash" in codes(check(made.assemble(header, [first + second], honest.slots), anchor))
    # A certificate that is named by its hash is not judged.
    client = network.clients[0]
    named = _wire.text(1, client.msp_id) + _wire.text(3, "00" * 32)
    who = made.signature_header(named, network.nonce())
    payload = made.payload_bytes(made.channel_header(made.ENDORSER, network.channel_id, "00" * 32), who, b"")
    verdict = check(network.block([made.envelope_bytes(payload, client.sign(payload))], keep=False), anchor)
    assert "fabric_msp_unsupported" in codes(verdict)


# --- orderers


def test_k1_high_s_is_refused() -> None:
    for consenters in (0, 4):
        network = Network(1, consenters)
        anchor = started(network)
        tx = network.transaction({"k": b"v"})
        assert check(network.block([tx], keep=False, high_s=True), anchor).code == "policy_not_satisfied"
        bad = network.transaction({"k": b"v"}, high_s=True)
        assert check(network.block([bad], keep=False), anchor).code == "fabric_endorsement_invalid"


def test_q6_unknown_numbers_are_passed_over() -> None:
    network = Network(1, 4)
    anchor = started(network)
    raw = Block.from_protobuf(network.block([network.transaction({"k": b"v"})], keep=False))
    value, head = made.last_config(0), made.header_der(raw)
    good = [network.numbered(each, value, head) for each in network.orderers[:3]]
    stray = network.numbered(network.orderers[3], value, head, number=9)

    def with_signatures(signatures: Sequence[bytes]) -> Verdict:
        slots = [made.metadata_slot(value, signatures), *raw.slots[1:]]
        data = [network_data(raw)]
        header = made.header_fields(raw.number, raw.previous_hash, raw.data_hash)
        return check(made.assemble(header, data, slots), anchor)

    assert with_signatures(good).ok
    passed = with_signatures([stray, *good])
    assert passed.ok
    assert "fabric_consenter_unknown" in codes(passed)
    assert with_signatures([*good[:2], stray]).code == "policy_not_satisfied"
    # Q1: the same consenter twice counts once, also when the first is false.
    assert with_signatures([good[0], good[0], good[1]]).code == "policy_not_satisfied"
    false = network.numbered(network.orderers[0], value, head + b"x")
    assert with_signatures([false, *good]).ok
    # A number that is another's: the signature is under the wrong key.
    swapped = network.numbered(network.orderers[3], value, head, number=1)
    assert with_signatures([swapped, *good[1:]]).code == "policy_not_satisfied"
    # Both headers: the signature header wins, and the number is not looked at.
    both = network.headed(network.orderers[3], value, head) + _wire.blob(3, _wire.uint(1, 1))
    assert with_signatures([*good[:2], both]).ok
    assert with_signatures([*good[:2], good[2] + _wire.blob(1, b"\x0a\x00")]).status == "invalid"
    assert with_signatures([]).code == "policy_not_satisfied"


def network_data(block: Block) -> bytes:
    """The one entry of a block."""
    return ref.read_block(block.encoded).data[0]


def test_a1_8_numbers_do_not_count_without_the_capability_or_the_dialect() -> None:
    network = Network(1, 4)
    anchor = started(network)
    raw = network.block([network.transaction({"k": b"v"})])
    assert check(raw, anchor).ok
    assert check(raw, replace(anchor, dialect="standard")).code == "policy_not_satisfied"
    off = fabric.make_config(
        network.orderer_members, network.application_members, consenters=network.members(), capability="V2_0"
    )
    assert check(raw, replace(anchor, config=off)).code == "policy_not_satisfied"


def test_bft_policy_must_be_the_quorum() -> None:
    """A config whose policy one orderer satisfies is refused, although his signature does."""
    network = Network(1, 4)
    members = network.members()
    weak = fabric_config.policy_envelope(
        fabric_config.n_out_of(1, [fabric_config.signed_by(n) for n in range(4)]),
        [fabric_config.identity_principal(each.identity()) for each in members],
    )
    strong = fabric_config.bft_policy(members)
    assert network.config.count(strong) == 1
    assert len(weak) == len(strong)
    anchor = started(network)
    tampered = replace(anchor, config=anchor.config.replace(strong, weak))
    raw = network.block([network.transaction({"k": b"v"})], signers=network.orderers[:1])
    assert check(raw, tampered).code == "fabric_bft_policy"


def test_last_config_index() -> None:
    network = Network()
    anchor = started(network)
    tx = [network.transaction({"k": b"v"})]
    assert check(network.block(tx, keep=False, value=made.last_config(1)), anchor).code == "fabric_last_config"
    assert check(network.block(tx, keep=False), replace(anchor, config_index=1)).code == "fabric_last_config"
    envelope = network.config_envelope(network.make_config(1))
    own = network.block([envelope], keep=False, value=made.last_config(0))
    assert check(own, anchor).code == "fabric_last_config"


def test_a1_8_a_config_block_is_judged_by_the_config_before_it() -> None:
    network = Network(1)
    anchor = started(network)
    stranger = Network(1, channel_id=network.channel_id)
    fresh = Authority("SyntheticStrangerMSP")
    stranger.orderer_members.append(fabric.Organisation("SyntheticStrangerMSP", (fresh.pem,), node_units=True))
    config = stranger.make_config(1)
    usurper = fresh.issue("orderer", "orderer")
    raw = network.config_block(config, signers=[usurper])
    verdict = check(raw, anchor)
    assert "fabric_msp_unknown" in codes(verdict)
    assert any(f.code == "policy_not_satisfied" for f in verdict.findings) or verdict.code == "policy_not_satisfied"
    # Under the new config it would stand.
    assert "fabric_msp_unknown" not in codes(check(raw, replace(anchor, config=config)))


def test_configs_come_in_their_sequence() -> None:
    network = Network(1)
    anchor = started(network)
    for sequence, wanted in ((1, None), (0, "fabric_config_sequence"), (2, "fabric_config_sequence")):
        envelope = network.config_envelope(network.make_config(sequence))
        verdict = check(network.block([envelope], keep=False, value=made.last_config(1)), anchor)
        assert verdict.ok == (wanted is None)
        assert wanted is None or verdict.code == wanted


def test_a1_8_two_configs_in_a_block() -> None:
    network = Network(1)
    anchor = started(network)
    envelopes = [network.config_envelope(network.make_config(1)) for _ in range(2)]
    assert "fabric_config_block" in codes(check(network.block(envelopes, keep=False), anchor))
    mixed = [envelopes[0], network.transaction({"k": b"v"})]
    assert "fabric_config_block" in codes(check(network.block(mixed, keep=False), anchor))


# --- identities


def impostors(network: Network) -> dict[str, tuple[Signer, str]]:
    """Clients who are none, by the case of the catalogue."""
    authority = network.authorities[network.clients[0].msp_id]
    other = network.authorities[network.clients[1].msp_id]
    leaf = Authority(authority.msp_id, parent=None, name="leaf")
    stranger = Authority("SyntheticStrangerMSP")
    foreign = other.issue("client", "client")
    return {
        "X1 signed by somebody else": (authority.issue("x1", by=leaf), "fabric_identity_invalid"),
        "X9 two roles at once": (authority.issue("x9", ""), "fabric_identity_invalid"),
        "X9 no such unit": (authority.issue("x9b", "auditor"), "fabric_identity_invalid"),
        "X12 authority itself": (authority.issue("x12", "client", ca=True), "fabric_identity_invalid"),
        "X11 another member's certificate": (
            Signer(authority.msp_id, foreign.pem, foreign.key, "p256"), "fabric_identity_invalid",
        ),
        "unknown MSP": (stranger.issue("client", "client"), "fabric_msp_unknown"),
    }  # fmt: skip


@pytest.mark.parametrize("case", list(impostors(Network(2))))
def test_impostors(case: str) -> None:
    network = Network(2)
    anchor = started(network)
    client, code = impostors(network)[case]
    verdict = check(network.block([network.transaction({"k": b"v"}, client=client)], keep=False), anchor)
    assert verdict.status == "invalid"
    assert code in codes(verdict) or any(each.startswith("certificate") for each in codes(verdict))
    endorsed = network.transaction({"k": b"v"}, endorsers=[network.peers[0], client])
    assert check(network.block([endorsed], keep=False), anchor).status == "invalid"


def test_x3_revoked_certificates() -> None:
    network = Network(2)
    msp_id = network.clients[0].msp_id
    crl = network.authorities[msp_id].revoke(network.clients[0])
    forged = Authority(msp_id, name="other").revoke(network.peers[0])
    network.application_members[0] = network.organisation(msp_id, revocation_lists=(crl, forged))
    network.config = network.make_config(0)
    anchor = started(network)
    verdict = check(network.block([network.transaction({"k": b"v"})], keep=False), anchor)
    assert verdict.status == "invalid"
    assert "certificate_revoked" in codes(verdict)
    # X4: a list by another authority revokes nobody: the peer still endorses.
    fine = network.transaction({"k": b"v"}, client=network.clients[1])
    assert check(network.block([fine], keep=False), anchor).ok


# --- transactions


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"tx_id": "00" * 32}, "fabric_tx_id"),
        ({"tx_id": "AB" * 32}, "fabric_tx_id"),
        ({"tx_id": ""}, "fabric_tx_id"),
        ({"proposal_hash": bytes(32)}, "fabric_proposal_hash"),
        ({"epoch": 1}, "fabric_tx_header"),
        ({"actions": 2}, "fabric_tx_actions"),
        ({"actions": 0}, "fabric_tx_actions"),
        ({"channel_id": "other"}, "fabric_channel"),
        ({"kind": 2}, "fabric_tx_type"),
        ({"kind": 77}, "fabric_tx_type"),
        ({"endorsers": []}, "fabric_no_endorsement"),
        ({"event_chaincode": "other"}, "fabric_chaincode"),
        ({"results": made.rwset("a", {"k": b"v"}, {}) * 2}, "fabric_namespace_repeated"),
        ({"results": b"\xff"}, "truncated"),
        ({"nonce": b""}, "fabric_tx_header"),
    ],
)
def test_transactions_that_break_a_rule(changed: dict[str, Any], code: str) -> None:
    network = Network()
    anchor = started(network)
    good, bad = network.transaction({"k": b"v"}), network.transaction({"k": b"w"}, **changed)
    raw = network.block([good, bad], keep=False)
    verdict = check(raw, anchor)
    assert (verdict.status, verdict.code) == ("invalid", code)
    assert verdict.where.startswith("block 1 tx 1")
    # Flagged as without effect it is judged beside the verdict; so are all with "report", and none with "skip".
    flagged = network.block([good, bad], keep=False, flags=b"\x00\x0a")
    assert check(flagged, anchor).ok
    assert code in codes(check(flagged, anchor))
    assert check(raw, replace(anchor, options=Options("report"))).ok
    assert codes(check(raw, replace(anchor, options=Options("skip")))) == set()


def test_creator_signature_is_over_the_payload() -> None:
    network = Network()
    anchor = started(network)
    entry = network.transaction({"k": b"v"})
    payload = ref.piece(entry, 1)
    for signature in (network.clients[1].sign(payload), network.clients[0].sign(payload + b"x"), b"\x30\x00", b"x"):
        verdict = check(network.block([made.envelope_bytes(payload, signature)], keep=False), anchor)
        assert verdict.status == "invalid"
        assert verdict.where == "block 1 tx 0 creator 0"


def test_q13_identifiers_come_once() -> None:
    network = Network()
    genesis = Block.from_protobuf(network.genesis())
    anchor = Anchor.from_config_block(genesis)
    entry = network.transaction({"k": b"v"})
    assert check(network.block([entry, entry], keep=False), anchor).code == "fabric_tx_id_repeated"
    assert check(network.block([entry, entry], keep=False, flags=b"\x00\x09"), anchor).ok
    first, second = (Block.from_protobuf(network.block([entry])) for _ in range(2))
    walk = Client(ENGINE, Anchor.from_block(genesis)).walk([genesis, first, second])
    assert [step.verdict.code for step in walk.steps] == ["ok", "ok", "fabric_tx_id_repeated"]
    assert not walk.ok
    client = Client(ENGINE, Anchor.from_block(genesis))
    assert client.walk([genesis, first]).ok
    assert client.walk([second]).steps[-1].verdict.code == "fabric_tx_id_repeated"


def test_flags_are_one_for_each_transaction() -> None:
    network = Network()
    anchor = started(network)
    tx = [network.transaction({"k": b"v"})]
    assert check(network.block(tx, keep=False, flags=b""), anchor).ok
    for flags in (b"\0\0", b"\0\0\0"):
        assert check(network.block(tx, keep=False, flags=flags), anchor).code == "fabric_flags_length"


# --- endorsement policies


@pytest.mark.parametrize(
    ("policy", "endorsers", "holds"),
    [
        ("AND('{0}.peer','{1}.peer')", [0, 1], True),
        ("AND('{0}.peer','{1}.peer')", [1, 0], True),
        ("AND('{0}.peer','{1}.peer')", [0], False),
        ("AND('{0}.peer','{0}.peer')", [0, 0], False),  # Q12: one identity counts once
        ("AND('{0}.peer','{0}.member')", [0], False),
        ("OR('{0}.peer','{1}.peer')", [1], True),
        ("OutOf(2,'{0}.peer','{1}.peer','{2}.peer')", [2, 0], True),
        ("OutOf(2,'{0}.peer','{1}.peer','{2}.peer')", [2, 2], False),
        ("AND('{0}.admin','{1}.peer')", [0, 1], False),  # X9: a peer is no admin
        ("OR('{0}.client')", [0], False),
        ("/Channel/Application/Endorsement", [0, 1], True),  # majority of three
        ("/Channel/Application/Endorsement", [0], False),
        ("/Channel/Application/Nothing", [0, 1, 2], False),
        ("/Elsewhere/Endorsement", [0, 1, 2], False),
        ("AND('{0}.peer', OR('{1}.peer', AND('{1}.member','{2}.member')))", [0, 2], False),
        ("AND('{0}.peer', OR('{1}.peer', '{2}.peer'))", [0, 2], True),
    ],
)
def test_endorsement_policies(policy: str, endorsers: list[int], holds: bool) -> None:
    network = Network(3)
    names = [peer.msp_id for peer in network.peers]
    text = policy.format(*names)
    rule = text if text.startswith("/") else fabric.signature_policy(text)
    anchor = replace(started(network), endorsements={network.chaincode: rule}, options=Options(demand_policies=True))
    chosen = [network.peers[index] for index in endorsers]
    raw = network.block([network.transaction({"k": b"v"}, endorsers=chosen)])
    verdict = check(raw, anchor)
    assert verdict.ok == holds, str(verdict)
    if not text.startswith("/"):
        channel = ref.Channel(network.config, verify)
        (action,) = ref.pieces(ref.piece(ref.piece(ref.read_block(raw).data[0], 1), 2), 1)
        endorsed = ref.piece(ref.piece(action, 2), 2)
        response = ref.piece(endorsed, 1)
        signatures = [
            (ref.piece(each, 1), response + ref.piece(each, 1), ref.piece(each, 2)) for each in ref.pieces(endorsed, 2)
        ]
        assert channel.envelope_holds(rule if isinstance(rule, bytes) else b"", channel.signers(signatures)) == holds


def test_a_false_endorsement_beside_enough_good_ones() -> None:
    """With a policy it does not matter; without one nobody can say that it is not needed."""
    network = Network(2)
    anchor = started(network)
    liar = replace(network.peers[1], key=network.clients[0].key)
    raw = network.block([network.transaction({"k": b"v"}, endorsers=[liar, network.peers[0], network.peers[1]])])
    rule = fabric.signature_policy(f"AND('{network.peers[0].msp_id}.peer','{network.peers[1].msp_id}.peer')")
    assert check(raw, replace(anchor, endorsements={network.chaincode: rule})).ok
    assert check(raw, anchor).code == "fabric_endorsement_invalid"


def test_missing_policies_are_told_and_may_be_demanded() -> None:
    network = Network(2)
    anchor = started(network)
    raw = network.block([network.transaction({"k": b"v"})])
    said = check(raw, anchor)
    assert said.ok
    assert "fabric_endorsement_policy_missing" in codes(said)
    demanded = check(raw, replace(anchor, options=Options(demand_policies=True)))
    assert (demanded.status, demanded.code) == ("undecided", "fabric_endorsement_policy_missing")


def test_vacuous_policies_never_hold() -> None:
    network = Network(2)
    for rule in (fabric_config.n_out_of(0, []), fabric_config.n_out_of(-1, [])):
        envelope = fabric_config.policy_envelope(rule, [])
        anchor = replace(started(network), endorsements={network.chaincode: envelope})
        verdict = check(network.block([network.transaction({"k": b"v"})], keep=False), anchor)
        assert verdict.code == "policy_vacuous"
        network = Network(2)
    # Implicit meta over no organisations: true in Fabric, never here.
    config = fabric.make_config([], network.application_members)
    anchor = replace(started(network), config=config)
    verdict = check(network.block([network.transaction({"k": b"v"})], keep=False), anchor)
    assert verdict.code == "policy_vacuous"


# --- commit hashes


def test_commit_hashes_follow_the_writes() -> None:
    network = Network()
    raws = [network.genesis()]
    commit = b""
    secret = {"synthetic-collection": {b"a": b"1", b"b": b""}}
    sets: list[dict[str, Any]] = [{"writes": {"b": b"1", "a": b"2"}}, {"writes": {"a": b""}, "collections": secret}]
    for flags in (b"\0\0", b"\0\x0b", b"\x0b\x0b"):
        block = network.block([network.transaction(**each) for each in sets], keep=False, flags=flags)
        slow = ref.read_block(block)
        commit = ref.commit_hash(slow, commit)
        slots = [*slow.slots[:4], _wire.blob(1, commit)]
        header = made.header_fields(slow.number, slow.previous_hash, slow.data_hash)
        raws.append(made.assemble(header, slow.data, slots))
        network.blocks.append(Block.from_protobuf(raws[-1]))
    blocks = [Block.from_protobuf(raw) for raw in raws]
    anchor = replace(Anchor.from_block(blocks[0]), options=Options(commit_hash=True))
    assert Client(ENGINE, anchor).walk(blocks).ok
    last = Anchor.from_config_block(blocks[0]).after(blocks[2])
    judged = replace(last, options=Options(commit_hash=True))
    assert check(raws[3], judged).ok
    assert check(raws[3], replace(judged, previous_commit_hash=bytes(32))).code == "fabric_commit_hash"
    flagged = blocks[3].encoded.replace(b"\x0a\x02\x0b\x0b", b"\x0a\x02\x0b\x0c")
    assert flagged != blocks[3].encoded
    assert check(flagged, judged).code == "fabric_commit_hash"


# --- config updates


def raised(config: bytes, network: Network, *, timeout: bytes) -> tuple[bytes, bytes, bytes]:
    """(read set, write set, new config) of an update that adds a value to the ordering service."""
    base = ref.piece(config, 2)
    orderer = ref.mapping(base, 2)["Orderer"]
    values, policies = ref.mapping(orderer, 3), ref.mapping(orderer, 4)
    groups = ref.mapping(orderer, 2)
    read = fabric_config.group({"Orderer": fabric_config.group(mod_policy="")}, mod_policy="")
    new_value = fabric_config.value(timeout)
    empty = dict.fromkeys(groups, fabric_config.group(mod_policy=""))
    kept = {name: fabric_config.value(b"", mod_policy="") for name in values}
    shells = dict.fromkeys(policies, b"")
    read_orderer = fabric_config.group(empty, kept, shells, mod_policy="")
    read = fabric_config.group({"Orderer": read_orderer}, mod_policy="")
    write_orderer = fabric_config.group(empty, {**kept, "BatchTimeout": new_value}, shells, version=1)
    write = fabric_config.group({"Orderer": write_orderer}, mod_policy="")
    new_orderer = fabric_config.group(groups, {**values, "BatchTimeout": new_value}, policies, version=1)
    channel = fabric_config.group(
        {**ref.mapping(base, 2), "Orderer": new_orderer}, ref.mapping(base, 3), ref.mapping(base, 4)
    )
    del network
    return read, write, _wire.uint(1, 1) + _wire.message(2, channel)


def test_config_updates_are_signed_by_who_must_agree() -> None:
    network = Network(2)
    genesis = Block.from_protobuf(network.genesis())
    anchor = replace(Anchor.from_config_block(genesis), options=Options(check_update=True))
    read, write, config = raised(network.config, network, timeout=b"\x0a\x022s")

    def judged(signers: Sequence[Signer], new: bytes = config, write_set: bytes = write, sent: bytes = read) -> Verdict:
        update = network.config_update(sent, write_set, signers)
        envelope = network.config_envelope(new, update)
        return check(network.block([envelope], keep=False, value=made.last_config(1)), anchor)

    agreed = judged(network.orderer_admins)
    assert agreed.ok, str(agreed)
    assert judged(network.admins).code == "policy_not_satisfied"  # admins of the wrong organisations
    assert judged(network.orderers).code == "policy_not_satisfied"  # X9: an orderer is no admin
    assert judged([]).code == "policy_not_satisfied"
    # A quorum of orderers cannot put another config in place of what was agreed on.
    other = raised(network.config, network, timeout=b"\x0a\x029s")[2]
    assert judged(network.orderer_admins, other).code == "fabric_update_result"
    assert judged(network.orderer_admins, write_set=read).code == "fabric_update_empty"
    stale = fabric_config.group({"Orderer": fabric_config.group(version=7)}, mod_policy="")
    assert judged(network.orderer_admins, sent=stale).code == "fabric_update_version"
    # Without the option the orderers' word is taken.
    trusting = replace(anchor, options=Options())
    envelope = network.config_envelope(other, network.config_update(read, write, []))
    assert check(network.block([envelope], keep=False, value=made.last_config(1)), trusting).ok


# --- anchors


def test_anchor_from_toml_with_certificates(tmp_path: Path) -> None:
    network = Network(2, 4)
    genesis = Block.from_protobuf(network.genesis())
    raw = network.block([network.transaction({"k": b"v"})])
    lines = [f'channel_id = "{network.channel_id}"', 'dialect = "bft"']
    for kind, signers in (("orderers", network.orderers), ("applications", network.peers)):
        for each in signers:
            (tmp_path / f"{each.msp_id}.pem").write_bytes(network.roots[each.msp_id].pem)
            lines += [f"[[{kind}]]", f'msp_id = "{each.msp_id}"', f'roots = {{ file = "{each.msp_id}.pem" }}']
            lines += ["node_units = true"]
    for member in network.members():
        lines += ["[[consenters]]", f"number = {member.number}", f'msp_id = "{member.msp_id}"']
        lines += [f'certificate = """{member.certificate.decode()}"""']
    lines += ["[endorsements]", f"{network.chaincode} = \"OR('{network.peers[0].msp_id}.peer')\""]
    path = tmp_path / "anchor.toml"
    path.write_text("\n".join(lines))
    anchor = Anchor.load(path)
    assert check(raw, anchor).ok
    assert not check(raw.replace(b"synthetic input", b"synthetic INPUT"), anchor).ok
    (tmp_path / "genesis.block").write_bytes(genesis.encoded)
    path.write_text(f'channel_id = "{network.channel_id}"\nconfig = {{ file = "genesis.block" }}\n')
    assert Anchor.load(path).dialect == "bft"
    assert check(raw, Anchor.load(path)).ok


@pytest.mark.parametrize(
    ("table", "word"),
    [
        ({}, "dialect"),
        ({"dialect": "bft"}, "channel_id"),
        ({"channel_id": "c", "dialect": "3.0"}, "dialect"),
        ({"channel_id": "c", "dialect": "bft", "colour": 1}, "colour"),
        ({"channel_id": "c", "dialect": "bft", "header_hash": "00"}, "header_hash"),
        ({"channel_id": "c", "dialect": "bft", "header_hash": "xx"}, "header_hash"),
        ({"channel_id": "c", "dialect": "bft", "endorsements": {"cc": "AND('A')"}}, "policy"),
        ({"channel_id": "c", "dialect": "bft", "orderers": [{"msp_id": "A"}]}, "roots"),
        ({"channel_id": "c", "dialect": "bft", "transactions": "all"}, "transactions"),
        ({"channel_id": "c", "dialect": "bft", "parent": {"number": 1}}, "hash"),
    ],
)
def test_anchors_that_are_none(table: dict[str, Any], word: str) -> None:
    with pytest.raises((ValueError, KeyError), match=word):
        Anchor.from_mapping(table)


@pytest.mark.parametrize("text", ["", "AND()", "OutOf(3,'A.peer')", "OutOf(0,'A.peer')", "'A.peer' x", "OR('peer')"])
def test_policy_texts_that_are_none(text: str) -> None:
    with pytest.raises(ValueError, match="policy"):
        fabric.signature_policy(text)


def test_json_with_envelopes_taken_apart_is_refused() -> None:
    source = {"header": {"number": "1"}, "data": {"data": [{"payload": {}}]}, "metadata": {"metadata": []}}
    with pytest.raises(ValueError, match=r"data\[0\].*peer channel fetch"):
        Block.from_json(source)


# --- mutations


@functools.cache
def fixed(consenters: int) -> tuple[bytes, Anchor]:
    network = Network(1, consenters)
    anchor = started(network)
    return network.block([network.transaction({"k": b"v"})]), anchor


@settings(max_examples=200, deadline=None)
@given(consenters=st.sampled_from([0, 4]), where=st.floats(0, 1, exclude_max=True), bit=st.integers(0, 7))
def test_a_mutated_block_is_valid_only_where_nobody_signs(consenters: int, where: float, bit: int) -> None:
    raw, anchor = fixed(consenters)
    at = int(where * len(raw))
    mutant = raw[:at] + bytes([raw[at] ^ 1 << bit]) + raw[at + 1 :]
    if not check(mutant, anchor).ok:
        return
    old, new = ref.read_block(raw), ref.read_block(mutant)
    assert (old.number, old.previous_hash, old.data) == (new.number, new.previous_hash, new.data)
    assert old.slots[0] == new.slots[0]
    assert len(new.slots[2]) in (0, len(new.data))


def test_made_hashes_are_what_they_say() -> None:
    """The hash of nothing, by which a deletion is told from a write in a collection."""
    assert hashlib.sha256(b"").hexdigest().startswith("e3b0c442")


def test_command_line_options(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    network = Network(2, 4)
    paths = {"genesis": network.genesis()}
    paths["one"] = network.block([network.transaction({"k": b"v"})])
    paths["two"] = network.block([network.transaction({"k": b"w"})])
    block = network.blocks[-1]
    header = made.header_fields(block.number, block.previous_hash, block.data_hash)
    paths["attestation"] = made.assemble(header, None, block.slots)
    paths["broken"] = b"\x0a\xff"
    for name, raw in paths.items():
        (tmp_path / name).write_bytes(raw)

    def run(*words: str) -> tuple[int, str]:
        files = [str(tmp_path / word) if word in paths else word for word in words]
        code = cli.main(["check", "fabric", "--no-progress", *files])
        shown = capsys.readouterr()
        return code, shown.out + shown.err

    assert run("genesis", "one", "two", "--genesis", "genesis")[0] == 0
    assert run("two", "--genesis", "genesis", "--gaps")[0] == 0
    assert run("attestation", "--genesis", "genesis", "--attestations")[0] == 0
    policy = f"{network.chaincode}=AND('{network.peers[0].msp_id}.peer','{network.peers[1].msp_id}.peer')"
    assert run("one", "--genesis", "genesis", "--policy", policy)[0] == 0
    assert run("one", "--genesis", "genesis", "--policy", policy.replace("AND(", "OutOf(2,"))[0] == 0
    demanding = policy.replace(".peer')", ".admin')")
    code, said = run("one", "--genesis", "genesis", "--policy", demanding)
    assert (code, "policy_not_satisfied" in said) == (1, True)
    code, said = run("one", "--genesis", "genesis", "--dialect", "standard")
    assert (code, "policy_not_satisfied" in said) == (1, True)
    assert run("genesis", "two", "--genesis", "genesis")[0] == 1  # a gap
    assert run("one")[0] == 3
    assert run("broken", "--genesis", "genesis")[0] == 1
    for words in (["--policy", "x"], ["--policy", "cc=AND("], ["--dialect", "v9"], ["--transactions", "some"],
                  ["--commit-hash", "--gaps"], ["--policy", "cc=" + "AND(" * 5000]):  # fmt: skip
        assert run("one", "--genesis", "genesis", *words)[0] == 2
    assert run("one", "--trust-first")[0] == 2
    assert run("one", "--genesis", "one")[0] == 2
    assert run("one", "--genesis", "nowhere")[0] == 2
    assert run("one", "--genesis", "genesis", "--trust-hash", "00" * 32)[0] == 1
