"""Cases of docs/attacks.md that Fabric, FISCO BCOS, ChainMaker and the membership room share, or that belong to none of
their own test files: each attack is made, and the answer and its code are asserted."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest

import isthmus
from isthmus import Verdict, _rlp, _tars, _wire
from isthmus.chains import chainmaker as cm
from isthmus.chains import fabric, fisco
from isthmus.chains.fabric import Anchor, Block, Client, Options
from isthmus.membership import Organisation, TrustRoots, check
from isthmus.reference import fabric as fabric_ref
from isthmus.synthetic import certificates
from isthmus.synthetic import chainmaker as cm_made
from isthmus.synthetic import fabric as fabric_made
from isthmus.synthetic import fisco as fisco_made
from isthmus.synthetic.certificates import NOT_BEFORE, Certificate, Extension, Key, authority

pytest.importorskip("cryptography")

ENGINE = isthmus.Engine(threads=1)
ORG = "org1.synthetic"
ROOT = authority("ca", organization=ORG)


def codes(verdict: Verdict) -> set[str]:
    return {finding.code for finding in verdict.findings}


def refused(verdict: Verdict, code: str) -> None:
    assert (verdict.status, verdict.code) == ("invalid", code), str(verdict)


# --- X under ChainMaker's rules


def issued(issuer: Certificate = ROOT, **fields: Any) -> Certificate:
    return issuer.issue("someone", units=("consensus",), **fields)


def chainmaker_answer(identity: bytes, *roots: bytes) -> Verdict:
    trust = TrustRoots("chainmaker", [Organisation(ORG, roots or (ROOT.pem,))], NOT_BEFORE + 1000)
    return check([identity], trust).verdict


def below(**fields: Any) -> tuple[bytes, bytes]:
    """An identity two authorities below a root with these fields, and the chain that it comes with."""
    root = authority("ca", organization=ORG, **fields)
    middle = root.issue_authority("m")
    return issued(middle).pem, middle.pem + root.pem


def under(**fields: Any) -> tuple[bytes, bytes]:
    """An identity of a root with these fields, and the root."""
    root = authority("ca", organization=ORG, **fields)
    return issued(root).pem, root.pem


CRITICAL = Extension("1.2.3.4", b"\x05\0", True)
CHAINMAKER_WRONG: dict[str, tuple[Callable[[], tuple[bytes, ...]], str]] = {
    "X1 signed by a leaf": (lambda: (issued(issued()).pem,), "certificate_issuer_unknown"),
    "X1 path length": (lambda: below(path_len=0), "issuer_path_length"),
    "X1 issuer without keyCertSign": (lambda: under(key_usage=("digital_signature",)), "issuer_not_authority"),
    "X5 explicit curve": (lambda: (issued(spki=Key.of("p256", "x").spki_explicit).pem,), "certificate_explicit_curve"),
    "X7 unknown critical extension": (lambda: (issued(extensions=[CRITICAL]).pem,), "certificate_extension_critical"),
    "X7 unknown critical extension of the root": (
        lambda: under(extensions=[CRITICAL]), "certificate_extension_critical"),
    "X7 extension repeated": (
        lambda: (issued(extensions=[replace(CRITICAL, critical=False)] * 2).pem,), "certificate_extension_repeated"),
    "X7 negative serial": (lambda: (issued(serial=-1).pem,), "certificate_serial"),
    "X7 serial of 21 bytes": (lambda: (issued(serial=2**160).pem,), "certificate_serial"),
    "X8 algorithms differ": (
        lambda: (issued(outer_algorithm=certificates.signature_algorithm(ROOT.key, "sha384")).pem,),
        "certificate_algorithm_differs"),
    "X12 self-signed": (
        lambda: (authority("nobody", organization=ORG).again(ca=None).pem,), "certificate_issuer_unknown"),
    "X12 signed by a root of the same name": (
        lambda: (issued(authority("ca", key=Key.of("p256", "mallory"), organization=ORG)).pem,),
        "certificate_signature_false"),
}  # fmt: skip


@pytest.mark.parametrize("case", CHAINMAKER_WRONG)
def test_chainmaker_refuses_certificates(case: str) -> None:
    make, code = CHAINMAKER_WRONG[case]
    refused(chainmaker_answer(*make()), code)


def test_x5_explicit_curves_are_refused_before_any_arithmetic() -> None:
    """CVE-2020-0601: parameters under which the attacker's key would be the root's."""
    identity = issued(spki=Key.of("p256", "x").spki_explicit).pem
    for rules, at in (("fabric-3.0", None), ("chainmaker", NOT_BEFORE + 1000)):
        verdict = check([identity], TrustRoots(rules, [Organisation(ORG, [ROOT.pem])], at)).verdict
        refused(verdict, "certificate_explicit_curve")
        assert verdict.rows["signature"] == 0


def test_x6_ten_thousand_look_alikes() -> None:
    """Authorities of one name, each of another key: few signatures are looked at, and the answer comes soon."""
    alike = [authority("ca", key=Key.of("p256", f"alike {i}"), organization=ORG).pem for i in range(10_000)]
    identity = issued(authority("ca", key=Key.of("p256", "mallory"), organization=ORG)).pem
    for rules, at in (("fabric-3.0", None), ("chainmaker", NOT_BEFORE + 1000)):
        trust = TrustRoots(rules, [Organisation(ORG, alike)], at)
        before = time.process_time()
        verdict = check([identity], trust).verdict
        assert time.process_time() - before < 1.0
        assert not verdict.ok
        assert verdict.rows["signature"] <= 100


# --- X3 in blocks


def test_x3_revoked_orderers() -> None:
    """A1.8: a signature under a revoked certificate does not count towards the policy."""
    for consenters in (0, 4):
        network = fabric_made.Network(1, consenters)
        orderer = network.orderers[0]
        crl = network.authorities[orderer.msp_id].revoke(orderer)
        network.orderer_members[0] = network.organisation(orderer.msp_id, revocation_lists=(crl,))
        network.config = network.make_config(0)
        anchor = started(network)
        raw = network.block([network.transaction({"k": b"v"})], signers=network.orderers[:3], keep=False)
        verdict = ENGINE.check(fabric.CHAIN, raw, anchor)
        refused(verdict, "policy_not_satisfied")
        assert "certificate_revoked" in codes(verdict)


@pytest.mark.parametrize("who", ["sender", "validator"])
def test_x3_x4_revocation_lists_of_chainmaker(who: str) -> None:
    from cryptography import x509

    network = cm_made.Network()
    party = network.members[0] if who == "sender" else network.validators[0]
    serial = x509.load_pem_x509_certificate(party.certificate.encode()).serial_number
    issuer = network._authorities[party.org_id]
    other = authority(f"ca.{party.org_id}", key=Key.of("p256", "mallory"), organization=party.org_id)
    raw = network.block(9, [network.transaction(0, sender=network.members[0])])
    for revoked_by, code in ((issuer, "certificate_revoked"), (other, "ok")):
        lists = (revoked_by.revocation_list([serial]),)
        organisations = tuple(
            replace(each, revocation_lists=lists) if each.name == party.org_id else each
            for each in network.anchor().organisations
        )
        assert ENGINE.check(cm.BLOCK, raw, network.anchor(organisations=organisations)).code == code


# --- Q: who signed what


def started(network: fabric_made.Network) -> Anchor:
    """The anchor after the genesis block."""
    return Anchor.from_config_block(Block.from_protobuf(network.genesis()), network.dialect)


def test_q1_one_key_under_two_consenter_numbers() -> None:
    """The config lists one identity under the numbers 1 and 4: it counts once, whatever numbers it signs as."""
    network = fabric_made.Network(1, 4)
    network.orderers[3] = network.orderers[0]
    network.config = network.make_config(0)
    anchor = started(network)
    block = Block.from_protobuf(network.block([network.transaction({"k": b"v"})], keep=False))
    value, head = fabric_made.last_config(0), fabric_made.header_der(block)
    data = fabric_ref.read_block(block.encoded).data
    for numbers, code in (((1, 4, 2), "policy_not_satisfied"), ((1, 2, 3), "ok")):
        signatures = [network.numbered(network.orderers[each - 1], value, head, number=each) for each in numbers]
        slots = [fabric_made.metadata_slot(value, signatures), *block.slots[1:]]
        header = fabric_made.header_fields(block.number, block.previous_hash, block.data_hash)
        assert ENGINE.check(fabric.CHAIN, fabric_made.assemble(header, data, slots), anchor).code == code


def test_q1_one_key_in_two_certificates() -> None:
    """ChainMaker, an organisation of two nodes: its one key votes for both, under two certificates."""
    network = cm_made.Network(organisations=2)
    first = network.validators[0]
    key = cm_made.key_of(f"{network.chain_id} {first.org_id} consensus1", "P256")
    renewed = network._authorities[first.org_id].issue("renewed", key=key, units=("consensus",)).pem.decode()
    node = cm.node_id(cm_made.spki_of(cm_made.signer_of("second node", "P256", "SHA256")))
    second = replace(first, info=renewed.encode(), certificate=renewed, node_id=node)
    mine, others = network.anchor().organisations
    anchor = network.anchor(organisations=(replace(mine, node_ids=(first.node_id, node)), others))
    voters = (first, second, network.validators[1])
    raw = network.draft(9, 1).seal(lambda own: [cm_made.Vote(each, own, 9) for each in voters])
    refused(ENGINE.check(cm.BLOCK, raw, anchor), "chainmaker_vote_key_repeated")


def served_by_the_same(network: fabric_made.Network, channel_id: str) -> fabric_made.Network:
    """Another channel with the same members, orderers and config."""
    other = fabric_made.Network(1, network.consenters, channel_id=channel_id)
    kept = ("roots", "authorities", "clients", "peers", "admins", "orderers", "orderer_admins")
    for name in (*kept, "application_members", "orderer_members", "config"):
        setattr(other, name, getattr(network, name))
    other.genesis()
    return other


@pytest.mark.parametrize("transactions", ["judge", "report", "skip"])
@pytest.mark.parametrize("consenters", [0, 4])
def test_q3_a_block_of_another_channel_of_the_same_orderers(consenters: int, transactions: Any) -> None:
    """Orderers sign nothing that names the channel; its envelopes do, also where transactions are not judged."""
    network = fabric_made.Network(1, consenters)
    anchor = replace(started(network), parent=None, options=Options(transactions))
    other = served_by_the_same(network, "synthetic-second")
    ordinary = other.block([other.transaction({"k": b"v"})], keep=False)
    config = other.block([other.config_envelope(other.make_config(1))], keep=False, value=fabric_made.last_config(1))
    for raw in (ordinary, config):
        refused(ENGINE.check(fabric.CHAIN, raw, anchor), "fabric_channel")
        assert ENGINE.check(fabric.CHAIN, raw, replace(anchor, channel_id="synthetic-second")).ok
        fabric_ref.check_channel(fabric_ref.read_block(raw), "synthetic-second")
        with pytest.raises(fabric_ref.Rule, match="channel"):
            fabric_ref.check_channel(fabric_ref.read_block(raw), network.channel_id)


def test_q3_an_attestation_of_another_channel_is_told_by_its_link_only() -> None:
    """It has no envelope. So it is as good as the orderers' word for "one of our channels", and no more."""
    network = fabric_made.Network(1, 4)
    anchor = started(network)
    other = served_by_the_same(network, "synthetic-second")
    block = Block.from_protobuf(other.block([other.transaction({"k": b"v"})], keep=False))
    header = fabric_made.header_fields(block.number, block.previous_hash, block.data_hash)
    raw = fabric_made.assemble(header, None, block.slots)
    refused(ENGINE.check(fabric.ATTESTATION, raw, anchor), "fabric_previous_hash")


def test_q5_no_validators() -> None:
    """Nobody's two thirds are not reached by nobody."""
    network = cm_made.Network()
    nobody = tuple(replace(each, node_ids=()) for each in network.anchor().organisations)
    for votes in ([], network.validators):
        draft = network.draft(9, 1)
        draft.votes = list(votes)
        verdict = ENGINE.check(cm.BLOCK, draft.seal(), network.anchor(organisations=nobody))
        assert (verdict.status, verdict.code) == ("undecided", "chainmaker_no_anchor")


def test_q9_a_config_block_cannot_be_left_out() -> None:
    """A1.8: the newest config's number stands under the signatures, so a client that skips must have seen it."""
    network = fabric_made.Network(1, 4)
    genesis = Block.from_protobuf(network.genesis())
    config = Block.from_protobuf(network.config_block(network.make_config(1)))
    target = Block.from_protobuf(network.block([network.transaction({"k": b"v"})]))
    start = Anchor.from_config_block(genesis)
    assert Client(ENGINE, start).skip([config, target]).ok
    walk = Client(ENGINE, start).skip([target])
    assert [step.verdict.code for step in walk.steps] == ["fabric_last_config"]


def test_q11_two_blocks_of_one_number() -> None:
    """Orderers that sign two histories: the second does not link, and a pin tells which one is meant."""
    network = fabric_made.Network(1, 4)
    genesis = Block.from_protobuf(network.genesis())
    one, two = (Block.from_protobuf(network.block([network.transaction({"k": v})], keep=False)) for v in (b"1", b"2"))
    network.blocks.append(one)
    three = Block.from_protobuf(network.block([network.transaction({"k": b"3"})]))
    for walked, wanted in (([one, three], ["ok", "ok"]), ([two, three], ["ok", "fabric_previous_hash"])):
        walk = Client(ENGINE, Anchor.from_config_block(genesis)).walk(walked)
        assert [step.verdict.code for step in walk.steps] == wanted
    pinned = replace(Anchor.from_config_block(genesis), header_hash=one.header_hash)
    refused(ENGINE.check(fabric.CHAIN, two.encoded, pinned), "fabric_pinned_header")


@pytest.mark.parametrize(
    ("policy", "case", "holds"),
    [
        ("AND('{0}.peer','{0}.peer')", "spelled twice", False),
        ("AND('{0}.peer','{1}.peer')", "two of one member", False),
        ("OutOf(2,'{0}.peer','{1}.peer')", "two of one member", False),
        ("AND('{0}.peer','{0}.peer')", "two of one member", True),  # two identities, as in Fabric
    ],
)
def test_q12_endorsers_count_once(policy: str, case: str, holds: bool) -> None:
    network = fabric_made.Network(2)
    first, other = network.peers
    second = {
        "spelled twice": replace(first, pem=first.pem + b"behind it\n"),
        "two of one member": network.authorities[first.msp_id].issue("second", "peer"),
    }[case]
    rule = fabric.signature_policy(policy.format(first.msp_id, other.msp_id))
    anchor = replace(started(network), endorsements={network.chaincode: rule})
    raw = network.block([network.transaction({"k": b"v"}, endorsers=[first, second])], keep=False)
    assert ENGINE.check(fabric.CHAIN, raw, anchor).code == ("ok" if holds else "policy_not_satisfied")


# --- C1: RLP of FISCO BCOS, with everything after the header's encoding right


def rlp_items(encoded: bytes) -> list[bytes]:
    """The encodings of a list's items."""
    payload = len(_rlp.with_length(0xC0, b"")) if encoded[0] < 0xF8 else 1 + encoded[0] - 0xF7
    found, at = [], payload
    while at < len(encoded):
        first, end = encoded[at], at + 1
        short, wide = (0x80, 0xB7) if first < 0xC0 else (0xC0, 0xF7)
        if first > wide:
            end += first - wide + int.from_bytes(encoded[at + 1 : at + 1 + first - wide], "big")
        elif first >= 0x80:
            end += first - short
        found.append(encoded[at:end])
        at = end
    return found


def rlp_block(header: bytes, block: fisco_made.Block) -> bytes:
    """The block under another header, which its sealers sign."""
    chain = block.chain
    digest = chain.hash(header)
    signed = _rlp.encode([[_rlp.number(index), key.sign(digest)] for index, key in enumerate(chain.keys)])
    count = len(block.transactions)
    txs = _rlp.encode(fisco_made.blob([block.transaction_bytes(index) for index in range(count)]))
    receipts = fisco_made._list([block.receipt_bytes(index) for index in range(count)])
    return fisco_made._list([header, txs, _rlp.encode(digest), signed, receipts])


@pytest.mark.parametrize(
    ("number", "code"),
    [
        (b"\x01", "ok"),
        (b"\x82\x00\x01", "not_canonical"),  # a leading zero
        (b"\x81\x01", "not_canonical"),  # long for one byte
        (b"\xb8\x01\x01", "not_canonical"),  # the long form for a short string
        (b"\x00", "not_canonical"),  # zero is the empty string
        (b"\xbf" + b"\xff" * 8, "not_canonical"),  # 2^64 - 1 bytes
        (b"\xa0" + b"\x01" * 32, "field_value"),  # 2^248
        (b"\x89\x01" + bytes(8), "field_value"),  # 2^64
        (b"\xc1\x01", "wire_type"),
        (b"\x01\x80", "wire_type"),  # one item more
        (b"", "wire_type"),  # one item less
    ],
)
def test_c1_numbers_of_a_header_that_sealers_signed(number: bytes, code: str) -> None:
    block = fisco_made.Chain("2.7.2", "keccak").block(1, transactions=2)
    items = rlp_items(block.header_bytes)
    assert fisco_made._list(items) == block.header_bytes
    raw = rlp_block(fisco_made._list([*items[:6], number, *items[7:]]), block)
    verdict = ENGINE.check(fisco.BLOCK, raw, block.chain.anchor())
    assert verdict.code == code, str(verdict)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda raw: raw + b"\0", "trailing_bytes"),
        (lambda raw: raw[:-1], "not_canonical"),  # the list's length reaches beyond the end
        (lambda raw: b"\xfa\x00" + raw[1:], "not_canonical"),  # the list's length with a leading zero
        (lambda raw: b"\xff" + b"\xff" * 8 + raw[3:], "not_canonical"),  # a length that overflows
    ],
    ids=["a byte more", "a byte less", "leading zero", "overflow"],
)
def test_c1_the_list_of_a_block(change: Callable[[bytes], bytes], code: str) -> None:
    block = fisco_made.Chain("2.7.2", "keccak").block(1)
    refused(ENGINE.check(fisco.BLOCK, change(block.encoded), block.chain.anchor()), code)


# --- C2: protobuf of what is hashed or signed


def nonminimal(field: bytes) -> bytes:
    """A field that begins with a varint of one byte, in two."""
    return field[:1] + bytes((field[1] | 0x80, 0)) + field[2:]


FABRIC_HEADER: list[tuple[str, Callable[[bytes], bytes], str]] = [
    ("unknown", lambda raw: raw + _wire.uint(4, 1), "field_unknown"),
    ("repeated", lambda raw: raw + _wire.uint(1, 1), "field_repeated"),
    ("longer varint", nonminimal, "not_canonical"),
    ("wire type", lambda raw: b"\x0a\x01\x01" + raw[2:], "wire_type"),
    ("order", lambda raw: raw[2:] + raw[:2], "not_canonical"),
    ("varint of 11 bytes", lambda raw: b"\x08" + b"\x80" * 10 + b"\x01" + raw[2:], "field_value"),
]


@pytest.mark.parametrize(("name", "change", "code"), FABRIC_HEADER, ids=[each[0] for each in FABRIC_HEADER])
def test_c2_header_of_fabric(name: str, change: Callable[[bytes], bytes], code: str) -> None:
    network = fabric_made.Network(1, 4)
    anchor = started(network)
    block = Block.from_protobuf(network.block([network.transaction({"k": b"v"})], keep=False))
    header = fabric_made.header_fields(block.number, block.previous_hash, block.data_hash)
    data = fabric_ref.read_block(block.encoded).data
    assert ENGINE.check(fabric.CHAIN, fabric_made.assemble(header, data, block.slots), anchor).ok
    refused(ENGINE.check(fabric.CHAIN, fabric_made.assemble(change(header), data, block.slots), anchor), code)


def test_c2_block_and_metadata_of_fabric() -> None:
    network = fabric_made.Network(1, 4)
    anchor = started(network)
    raw = network.block([network.transaction({"k": b"v"})], keep=False)
    block = Block.from_protobuf(raw)
    header = fabric_made.header_fields(block.number, block.previous_hash, block.data_hash)
    refused(ENGINE.check(fabric.CHAIN, raw + _wire.uint(4, 1), anchor), "field_unknown")
    refused(ENGINE.check(fabric.CHAIN, raw + _wire.message(1, header), anchor), "field_repeated")
    data = fabric_ref.read_block(raw).data
    # What a later version may add to the metadata leaves it undecided; a second value is nobody's.
    for extra, status, code in (
        (_wire.uint(3, 1), "undecided", "field_unknown"),
        (_wire.blob(1, b"x"), "invalid", "field_repeated"),
    ):
        slots = [block.slots[0] + extra, *block.slots[1:]]
        verdict = ENGINE.check(fabric.CHAIN, fabric_made.assemble(header, data, slots), anchor)
        assert (verdict.status, verdict.code) == (status, code)


CHAINMAKER_TX: list[tuple[str, Callable[[bytes], bytes], str]] = [
    ("unknown", lambda raw: raw + _wire.uint(9, 1), "field_unknown"),
    ("repeated", lambda raw: raw + _wire.message(5, b"") * 2, "field_repeated"),
    ("wire type", lambda raw: _wire.uint(1, 1) + raw, "wire_type"),
]


@pytest.mark.parametrize(("name", "change", "code"), CHAINMAKER_TX, ids=[each[0] for each in CHAINMAKER_TX])
def test_c2_transaction_of_chainmaker(name: str, change: Callable[[bytes], bytes], code: str) -> None:
    """The leaf is of the changed bytes, and the validators signed for it."""
    network = cm_made.Network()
    draft = network.draft(9, 1)
    (tx,) = draft.txs
    tx.seal(network.hash, draft.header["block_version"])
    tx.raw = change(tx.raw)
    tx.leaf = cm_made.digest(network.hash, tx.raw)
    refused(ENGINE.check(cm.BLOCK, draft.seal(), network.anchor()), code)


CHAINMAKER_HEADER: list[tuple[str, Callable[[bytes], bytes], str]] = [
    ("unknown", lambda raw: raw + _wire.uint(16, 1), "field_unknown"),
    ("longer varint", lambda raw: raw[:4] + bytes((raw[4] | 0x80, 0)) + raw[5:], "not_canonical"),
    ("wire type", lambda raw: b"\x0a\x00" + raw, "wire_type"),
    ("repeated", lambda raw: raw + raw[raw.index(b"\x7a") :], "field_repeated"),
]


@pytest.mark.parametrize(("name", "change", "code"), CHAINMAKER_HEADER, ids=[each[0] for each in CHAINMAKER_HEADER])
def test_c2_header_of_chainmaker(
    name: str, change: Callable[[bytes], bytes], code: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The hash is of the changed bytes, and the validators signed it."""
    network = cm_made.Network()
    encode = cm_made.encode_header
    assert ENGINE.check(cm.BLOCK, network.draft(9, 1).seal(), network.anchor()).ok
    monkeypatch.setattr(cm_made, "encode_header", lambda header: change(encode(header)))
    refused(ENGINE.check(cm.BLOCK, network.draft(9, 1).seal(), network.anchor()), code)


# --- C3: what is hashed without lengths


def moved(first: bytes, second: bytes) -> Sequence[tuple[bytes, bytes]]:
    """The same bytes, cut one place earlier and one later."""
    return ((first[:-1], first[-1:] + second), (first + second[:1], second[1:]))


def test_c3_fields_of_version_3_have_their_lengths() -> None:
    """A2.5: bytes move from a root to the next one, or between node ids; the hash stays, and so do the signatures."""
    chain = fisco_made.Chain("3", "keccak")
    block = chain.block(1)
    assert ENGINE.check(fisco.BLOCK, block.encoded, chain.anchor()).ok
    roots = [bytes.fromhex(block.header[name].removeprefix("0x")) for name in ("txsRoot", "receiptsRoot")]
    ids = [bytes.fromhex(each.removeprefix("0x")) for each in block.header["sealerList"][:2]]
    for tags, parts in (((4, 5), roots), ((0, 0), ids)):
        old = b"".join(_tars.blob(tag, part, keep=True) for tag, part in zip(tags, parts, strict=True))
        assert block.encoded.count(old) == 1
        for cut in moved(*parts):
            new = b"".join(_tars.blob(tag, part, keep=True) for tag, part in zip(tags, cut, strict=True))
            refused(ENGINE.check(fisco.BLOCK, block.encoded.replace(old, new), chain.anchor()), "fisco_field_size")


# --- C4: absent parts


def test_c4_absent_parts_of_chainmaker() -> None:
    network = cm_made.Network()
    draft = network.draft(9, 1)
    draft.seal()
    for raw, code in (
        (b"", "field_missing"),
        (_wire.message(1, b""), "field_missing"),
        (_wire.message(1, _wire.message(1, b"")), "chainmaker_chain_id"),
        (_wire.message(1, _wire.message(1, draft.sealed_header)), "chainmaker_tx_count"),
        (b"\xff" * 40, "field_value"),
    ):
        refused(ENGINE.check(cm.BLOCK, raw, network.anchor()), code)


@pytest.mark.parametrize("version", ["2.7.2", "3"])
def test_c4_absent_parts_of_fisco(version: str) -> None:
    chain = fisco_made.Chain(version)
    for raw in (b"", b"\xc0", b"\x80", b"\xc5" + b"\x80" * 5, b"\xc5" + b"\xc0" * 5, b"\x1a\x0b", b"\x10\x01"):
        for kind in (fisco.BLOCK, fisco.HEADER, fisco.PROOF):
            assert ENGINE.check(kind, raw, chain.anchor()).status == "invalid"


# --- C5: JSON


def readers() -> dict[str, Callable[[str], object]]:
    anchor = fisco_made.Chain("2.7.2").anchor()
    return {
        "fabric": Block.from_json,
        "fisco": lambda text: fisco.statement_from_json(text, anchor),
        "chainmaker": cm.block_from_json,
    }


@pytest.mark.parametrize("chain", ["fabric", "fisco", "chainmaker"])
@pytest.mark.parametrize("text", ['{"header": {}, "header": {}}', '{"header": {"number": NaN}}', '{"number": 1.5}'])
def test_c5_json_that_says_two_things_or_none(chain: str, text: str) -> None:
    with pytest.raises(ValueError, match=r"twice|integer"):
        readers()[chain](text)


def test_c5_numbers_beyond_2_53_are_exact() -> None:
    number = (1 << 53) + 1
    raw = cm.block_from_json(json.dumps({"header": {"chain_id": "c", "block_height": number}}))
    assert _wire.uint(4, number) in raw
    chain = fisco_made.Chain("2.7.2")
    told = fisco.statement_from_json(json.dumps({**chain.block().json, "number": number}), chain.anchor())
    assert told.number == number
