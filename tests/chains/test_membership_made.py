"""Made identities: every rule of both networks, and every attack of the catalogue's families X and Q that is about
certificates, through the public API. Cases bear the catalogue's names."""

from __future__ import annotations

import base64
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

import pytest

import isthmus
from isthmus import membership
from isthmus.membership import (
    ANY_TIME,
    NodeUnits,
    Organisation,
    Presented,
    Role,
    TrustedMember,
    TrustRoots,
    Unit,
    check,
)
from isthmus.synthetic import certificates as made
from isthmus.synthetic.certificates import NOT_AFTER, NOT_BEFORE, Attribute, Certificate, Extension, Key, authority, pem

ORG = "org1.synthetic"
AT = NOT_BEFORE + 1000
ROOT = authority("ca", organization=ORG)
MIDDLE = ROOT.issue_authority("middle")
FOUR = NodeUnits(Unit("client"), Unit("peer"), Unit("admin"), Unit("orderer"))


def fabric(
    identity: bytes,
    roots: Sequence[bytes] = (ROOT.pem,),
    intermediates: Sequence[bytes] = (),
    *,
    version: str = "3.0",
    **more: Any,
) -> membership.Answer:
    """The answer under Fabric's rules."""
    return check([identity], TrustRoots(f"fabric-{version}", [Organisation(ORG, roots, intermediates, **more)]))


def chainmaker(
    identity: bytes, roots: Sequence[bytes] = (ROOT.pem,), *, at: Any = AT, **more: Any
) -> membership.Answer:
    """The answer under ChainMaker's rules."""
    return check([identity], TrustRoots("chainmaker", [Organisation(ORG, roots, **more)], at))


def leaf(issuer: Certificate = ROOT, /, **fields: Any) -> Certificate:
    """A good identity but for ``fields``."""
    return issuer.issue("someone", units=("consensus",), **fields)


# --- what is good


@pytest.mark.parametrize("algorithm", ["p256", "p384", "ed25519"])
@pytest.mark.parametrize("depth", [0, 1, 4])
def test_fabric_takes_chains_of_every_depth_and_key(algorithm: Any, depth: int) -> None:
    root = above = authority("ca", key=Key.of(algorithm, "fabric"), organization=ORG)
    chain = []
    for level in range(depth):
        above = above.issue_authority(f"level {level}", path_len=depth - 1 - level)
        chain.append(above.pem)
    answer = fabric(leaf(above).pem, [root.pem], chain)
    assert answer.verdict.require().rows["signature"] == depth + 1
    assert answer.members[0].organisation == ORG


@pytest.mark.parametrize("algorithm", ["p256", "p384", "sm2"])
def test_chainmaker_takes_every_key_and_whole_chains_in_one_root(algorithm: Any) -> None:
    root = authority("ca", key=Key.of(algorithm, "chainmaker"), organization=ORG)
    middle = root.issue_authority("middle")
    identity = leaf(middle)
    answer = chainmaker(identity.pem, [middle.pem + root.pem])
    assert answer.ok
    assert answer.members[0].roles == Role.MEMBER | Role.CONSENSUS
    assert chainmaker(identity.der, [middle.pem + root.pem]).ok


@pytest.mark.parametrize("unit", ["admin", "ADMIN", "Client", "light", "common", "consensus"])
def test_chainmaker_roles_are_the_first_unit_in_any_case(unit: str) -> None:
    answer = chainmaker(ROOT.issue("x", units=(unit, "consensus")).pem)
    assert answer.members[0].roles == Role.MEMBER | Role[unit.upper()]


def test_chainmaker_root_signs_for_itself() -> None:
    answer = chainmaker(ROOT.pem)
    assert answer.ok
    assert answer.members[0].roles == Role.MEMBER


def test_no_identities_prove_nothing() -> None:
    trust = TrustRoots("fabric-3.0", [Organisation(ORG, [ROOT.pem])])
    assert not check([], trust).ok


# --- X: chains and certificates


def self_issued(**fields: Any) -> Certificate:
    """An authority that anybody can make: the root's name, another key."""
    return authority("ca", key=Key.of("p256", "mallory"), organization=ORG, **fields)


WRONG: dict[str, tuple[Callable[[], tuple[bytes, list[bytes], list[bytes]]], str]] = {
    "X1 signed by a leaf": (lambda: (leaf(leaf()).pem, [ROOT.pem], []), "certificate_issuer_unknown"),
    "X1 path length of the root": (
        lambda: (leaf((root := authority("ca", path_len=0)).issue_authority("m")).pem, [root.pem],
                 [root.issue_authority("m").pem]), "issuer_path_length"),
    "X1 path length of an intermediate": (
        lambda: (leaf(low := (top := ROOT.issue_authority("top", path_len=0)).issue_authority("low")).pem, [ROOT.pem],
                 [top.pem, low.pem]), "issuer_path_length"),
    "X1 issuer without keyCertSign": (
        lambda: (leaf(root := authority("ca", key_usage=("digital_signature",))).pem, [root.pem], []),
        "issuer_not_authority"),
    "X5 explicit curve": (lambda: (leaf(spki=Key.of("p256", "x").spki_explicit).pem, [ROOT.pem], []),
                          "certificate_explicit_curve"),
    "X5 explicit curve of the root": (
        lambda: (leaf().pem, [authority("ca", spki=ROOT.key.spki_explicit).pem], []), "anchor"),
    "compressed key": (lambda: (leaf(spki=Key.of("p256", "x").spki_compressed).pem, [ROOT.pem], []),
                       "certificate_key"),
    "X7 unknown critical extension": (
        lambda: (leaf(extensions=[Extension("1.2.3.4", b"\x05\0", True)]).pem, [ROOT.pem], []),
        "certificate_extension_critical"),
    "X7 unknown critical extension of the root": (
        lambda: (leaf(root := authority("ca", extensions=[Extension("1.2.3.4", b"\x05\0", True)])).pem, [root.pem], []),
        "certificate_extension_critical"),
    "X7 extension repeated": (
        lambda: (leaf(extensions=[Extension("1.2.3.4", b"\x05\0")] * 2).pem, [ROOT.pem], []),
        "certificate_extension_repeated"),
    "X7 negative serial": (lambda: (leaf(serial=-1).pem, [ROOT.pem], []), "certificate_serial"),
    "X7 serial of 21 bytes": (lambda: (leaf(serial=2**160).pem, [ROOT.pem], []), "certificate_serial"),
    "X7 root of version 1": (lambda: (leaf(root := authority("ca", version=1)).pem, [root.pem], []), "anchor"),
    "X8 algorithms differ": (
        lambda: (leaf(outer_algorithm=made.signature_algorithm(ROOT.key, "sha384")).pem, [ROOT.pem], []),
        "certificate_algorithm_differs"),
    "X8 algorithm of another key": (
        lambda: (leaf(algorithm=made.signature_algorithm(Key.of("ed25519", "x"))).pem, [ROOT.pem], []),
        "certificate_algorithm"),
    "X8 ECDSA with SHA-1": (
        lambda: (leaf(algorithm=made.sequence(made.oid("1.2.840.10045.4.1"))).pem, [ROOT.pem], []),
        "certificate_algorithm"),
    "X8 another hash than was signed": (
        lambda: (leaf(algorithm=made.signature_algorithm(ROOT.key, "sha384")).pem, [ROOT.pem], []),
        "certificate_signature_false"),
    "X12 self-signed": (lambda: (authority("nobody").again(ca=None).pem, [ROOT.pem], []), "certificate_issuer_unknown"),
    "X12 signed by a root of the same name": (lambda: (leaf(self_issued()).pem, [ROOT.pem], []),
                                              "certificate_signature_false"),
    "issuer named wrongly": (lambda: (leaf(issuer=made.name("ca")).pem, [ROOT.pem], []), "certificate_issuer_unknown"),
    "issuer's name in another string type": (
        lambda: (leaf(issuer=made.sequence(
            Attribute("2.5.4.6", "CN", 0x13).der, Attribute("2.5.4.10", ORG, 0x13).der, Attribute("2.5.4.3", "ca").der,
        )).pem, [ROOT.pem], []), "certificate_issuer_unknown"),
    "extended usage for clients only": (lambda: (leaf(extended_usage=("client",)).pem, [ROOT.pem], []),
                                        "certificate_usage"),
    "an authority as identity": (lambda: (MIDDLE.pem, [ROOT.pem], [MIDDLE.pem]), "certificate_is_authority"),
    "the root as identity": (lambda: (ROOT.pem, [ROOT.pem], []), "certificate_is_authority"),
    "issuer certifies authorities": (lambda: (leaf().pem, [ROOT.pem], [MIDDLE.pem]), "issuer_not_for_identities"),
    "two certificates of one authority": (lambda: (leaf().pem, [ROOT.pem, ROOT.again(serial=99).pem], []),
                                          "certificate_chain_ambiguous"),
    "bytes behind the signature": (lambda: (leaf(tail=b"\x05\0").pem, [ROOT.pem], []), "certificate_encoding"),
    "bytes behind the certificate": (lambda: (pem(leaf().der + b"\0"), [ROOT.pem], []), "certificate_encoding"),
    "DER without PEM": (lambda: (leaf().der, [ROOT.pem], []), "certificate_pem"),
    "a signature of zeros": (lambda: (leaf(change_signature=lambda _: made.pair(0, 0)).pem, [ROOT.pem], []),
                             "certificate_signature_false"),
    "a signature in long form": (
        lambda: (leaf(change_signature=lambda s: b"\x30\x81" + s[1:]).pem, [ROOT.pem], []),
        "certificate_signature_false"),
    "name of ill-formed UTF-8": (
        lambda: (leaf(subject=made.sequence(Attribute("2.5.4.3", b"\xc0\x80").der)).pem, [ROOT.pem], []),
        "certificate_name"),
}  # fmt: skip


@pytest.mark.parametrize("case", WRONG)
def test_fabric_refuses(case: str) -> None:
    make, code = WRONG[case]
    identity, roots, intermediates = make()
    if code == "anchor":
        with pytest.raises(ValueError, match="anchors"):
            fabric(identity, roots, intermediates)
        return
    answer = fabric(identity, roots, intermediates)
    assert (answer.verdict.status, answer.verdict.code) == (isthmus.Status.INVALID, code)
    assert answer.verdict.where == "certificate 0"
    assert not answer.members[0].valid


def test_x2_fabric_ignores_expiry_but_not_that_the_authority_was_expired_then() -> None:
    assert fabric(leaf(not_after=NOT_BEFORE + 1).pem).ok
    assert fabric(leaf(not_after=NOT_BEFORE).pem).verdict.code == "certificate_expired"
    old = authority("ca", organization=ORG, not_after=NOT_BEFORE + 100)
    assert fabric(leaf(old, not_before=NOT_BEFORE + 99).pem, [old.pem]).ok
    assert fabric(leaf(old, not_before=NOT_BEFORE + 100).pem, [old.pem]).verdict.code == "certificate_expired"
    young = authority("ca", organization=ORG, not_before=NOT_BEFORE + 100)
    assert fabric(leaf(young).pem, [young.pem]).verdict.code == "certificate_not_yet_valid"


@pytest.mark.parametrize(
    ("at", "code"),
    [
        (NOT_BEFORE - 1, "certificate_not_yet_valid"),
        (NOT_BEFORE, "ok"),
        (NOT_AFTER, "ok"),
        (NOT_AFTER + 1, "certificate_expired"),
        (None, "certificate_instant_missing"),
        (ANY_TIME, "ok"),
        (datetime(2024, 6, 1, tzinfo=UTC), "ok"),
    ],
)
def test_x2_chainmaker_looks_at_the_time_it_is_given(at: Any, code: str) -> None:
    assert chainmaker(leaf().pem, at=at).verdict.code == code


def test_x2_every_certificate_of_the_chain_must_be_valid() -> None:
    old = authority("ca", organization=ORG, not_after=AT - 1)
    assert chainmaker(leaf(old).pem, [old.pem]).verdict.code == "certificate_expired"


def test_x3_revoked() -> None:
    identity = leaf()
    for rules in (fabric, chainmaker):
        for listed, code in (([identity.serial], "certificate_revoked"), ([identity.serial + 1], "ok"), ([], "ok")):
            for form in (bytes, lambda der: pem(der, "X509 CRL")):
                answer = rules(identity.pem, revocation_lists=[form(ROOT.revocation_list(listed))])
                assert answer.verdict.code == code
                assert answer.members[0].valid == (code == "ok")


def test_x3_an_intermediate_is_revoked() -> None:
    identity = leaf(MIDDLE)
    lists = [ROOT.revocation_list([MIDDLE.serial])]
    assert fabric(identity.pem, [ROOT.pem], [MIDDLE.pem], revocation_lists=lists).verdict.code == "certificate_revoked"
    assert (
        chainmaker(identity.pem, [MIDDLE.pem + ROOT.pem], revocation_lists=lists).verdict.code == "certificate_revoked"
    )


@pytest.mark.parametrize("version", [1, 2])
@pytest.mark.parametrize("next_update", [None, NOT_BEFORE])
def test_x3_stale_lists_and_lists_of_both_versions_revoke(version: int, next_update: int | None) -> None:
    identity = leaf()
    lists = [ROOT.revocation_list([identity.serial], version=version, next_update=next_update)]
    assert fabric(identity.pem, revocation_lists=lists).verdict.code == "certificate_revoked"


@pytest.mark.parametrize(
    "changed",
    [
        {"signed_by": Key.of("p256", "mallory")},
        {"authority_key_id": b"\1" * 32},
        {"change_signature": lambda signature: signature[:-1] + bytes([signature[-1] ^ 1])},
        {"change_signature": lambda _: b""},
    ],
    ids=["X4 another key", "X4 another key id", "X4 bad signature", "X4 no signature"],
)
def test_x4_lists_that_the_issuer_did_not_sign_revoke_nothing(changed: dict[str, Any]) -> None:
    identity = leaf()
    lists = [ROOT.revocation_list([identity.serial], **changed)]
    assert fabric(identity.pem, revocation_lists=lists).ok
    assert chainmaker(identity.pem, revocation_lists=lists).ok


def test_x4_a_list_of_a_namesake_revokes_nothing() -> None:
    identity = leaf()
    assert fabric(identity.pem, revocation_lists=[self_issued().revocation_list([identity.serial])]).ok


def test_x6_cycles_and_look_alikes_end_soon() -> None:
    first, second = Key.of("p256", "cycle 1"), Key.of("p256", "cycle 2")
    a = authority("a", key=first).issue_authority("b", key=second)
    b = authority("b", key=second).issue_authority("a", key=first)
    cyclic = chainmaker(a.issue("x", organization=ORG).pem, [ROOT.pem, a.pem + b.pem])
    assert not cyclic.ok
    alike = [authority("ca", key=Key.of("p256", f"alike {i}"), organization=ORG).pem for i in range(200)]
    answer = chainmaker(leaf(self_issued()).pem, alike)
    assert answer.verdict.rows["signature"] <= 100
    assert not answer.ok


def test_x6_the_right_one_of_some_namesakes_is_found() -> None:
    alike = [authority("ca", key=Key.of("p256", f"alike {i}"), organization=ORG).pem for i in range(5)]
    for rules in (fabric, chainmaker):
        answer = rules(leaf().pem, [*alike[:3], ROOT.pem, *alike[3:]])
        assert answer.ok
        assert answer.members[0].valid
        wrong = rules(leaf().pem, alike)
        assert (wrong.verdict.code, wrong.members[0].valid) == ("certificate_signature_false", False)


def test_x7_a_known_critical_extension_is_fine() -> None:
    names = Extension("2.5.29.17", made.sequence(made.tlv(0x82, b"a.b")), True)
    assert fabric(leaf(extensions=[names]).pem).ok
    other = Extension("2.5.29.17", made.sequence(made.tlv(0x88, b"\x2a")), True)
    assert fabric(leaf(extensions=[other]).pem).verdict.code == "certificate_extension_critical"


def test_name_constraints_are_undecided() -> None:
    subtree = made.tlv(0xA0, made.sequence(made.tlv(0x82, b"example")))
    root = authority("ca", organization=ORG, extensions=[Extension("2.5.29.30", made.sequence(subtree), True)])
    assert fabric(leaf(root).pem, [root.pem]).verdict.status is isthmus.Status.UNDECIDED


def test_unknown_keys_are_undecided() -> None:
    p521 = made.sequence(
        made.sequence(made.oid("1.2.840.10045.2.1"), made.oid("1.3.132.0.35")), made.bit_string(b"\4" + bytes(132))
    )
    assert fabric(leaf(spki=p521).pem).verdict.status is isthmus.Status.UNDECIDED


def test_ed25519_identities_come_with_fabric_3() -> None:
    root = authority("ca", key=Key.of("ed25519", "x"), organization=ORG)
    assert fabric(leaf(root).pem, [root.pem]).ok
    assert fabric(leaf(root).pem, [root.pem], version="1.4.3").verdict.code == "certificate_key_refused"
    assert chainmaker(leaf(root).pem, [root.pem]).verdict.code == "certificate_key_refused"


# --- X9: roles


@pytest.mark.parametrize("version", ["1.0", "1.1", "1.3", "1.4.3", "3.0"])
@pytest.mark.parametrize(
    ("units", "roles"),
    [
        ((), None),
        (("peer",), Role.PEER),
        (("x", "client"), Role.CLIENT),
        (("admin",), Role.ADMIN),
        (("orderer",), Role.ORDERER),
        (("peer", "client"), None),
        (("peer", "peer"), None),
        (("Peer",), None),
        (("admin", "peer"), None),
    ],
)
def test_x9_node_units_by_version(version: str, units: tuple[str, ...], roles: Role | None) -> None:
    answer = fabric(ROOT.issue("x", units=units).pem, version=version, node_units=FOUR)
    if version == "1.0":
        assert (answer.ok, answer.members[0].roles) == (True, Role.MEMBER)
        return
    if version in ("1.1", "1.3"):  # admin and orderer are no node units yet
        counted = [unit for unit in units if unit in ("peer", "client")]
        roles = Role[counted[0].upper()] if len(counted) == 1 else None
    assert answer.ok == (roles is not None)
    if roles is None:
        assert answer.verdict.code == "certificate_role_missing"
    else:
        assert answer.members[0].roles == Role.MEMBER | roles


def test_x9_a_role_needs_its_certifier() -> None:
    other = ROOT.issue_authority("other")
    nodes = NodeUnits(peer=Unit("peer", MIDDLE.pem), client=Unit("client"))
    chain = [MIDDLE.pem, other.pem]
    assert fabric(MIDDLE.issue("x", units=("peer",)).pem, [ROOT.pem], chain, node_units=nodes).ok
    wrong = fabric(other.issue("x", units=("peer",)).pem, [ROOT.pem], chain, node_units=nodes)
    assert wrong.verdict.code == "certificate_certifier_differs"
    assert fabric(other.issue("x", units=("client",)).pem, [ROOT.pem], chain, node_units=nodes).ok
    with pytest.raises(ValueError, match="certificate authority is another"):
        fabric(leaf().pem, node_units=NodeUnits(peer=Unit("peer", MIDDLE.pem)))


def test_x9_listed_units_gate_membership() -> None:
    units = [Unit("department", ROOT.pem)]
    for version in ("1.0", "3.0"):
        assert fabric(ROOT.issue("x", units=("a", "department")).pem, version=version, units=units).ok
        assert fabric(leaf().pem, version=version, units=units).verdict.code == "certificate_unit_unknown"


def test_x9_admins_by_list() -> None:
    boss = leaf()
    twin = boss.again(ROOT, change_signature=ROOT.key.high_s)
    for identity in (boss, twin):
        assert fabric(identity.pem, admins=[boss.pem]).members[0].roles == Role.MEMBER | Role.ADMIN
    other = ROOT.issue("other")
    assert fabric(other.pem, admins=[boss.pem]).members[0].roles == Role.MEMBER


def test_x9_an_admin_of_another_organisation_is_none_here() -> None:
    boss = self_issued().issue("boss")
    answer = fabric(boss.pem, admins=[boss.pem])
    assert not answer.ok


def test_node_units_of_version_1_1_need_client_and_peer() -> None:
    with pytest.raises(ValueError, match="role"):
        fabric(leaf().pem, version="1.1", node_units=NodeUnits(client=Unit("client")))


# --- X10: SM2


def test_x10_sm2_in_both_forms_of_the_key_and_of_the_parameters() -> None:
    key = Key.of("sm2", "x10")
    null = made.sequence(made.oid("1.2.156.10197.1.501"), b"\x05\0")
    for spki in (key.spki, key.spki_of_curve):
        root = authority("ca", key=key, organization=ORG, spki=spki)
        assert chainmaker(leaf(root).pem, [root.pem]).ok
        assert chainmaker(leaf(root, algorithm=null).pem, [root.pem]).ok
    root = authority("ca", key=key, organization=ORG)
    members = [leaf(root), leaf(root, key=Key.of("sm2", "y"), spki=Key.of("sm2", "y").spki_of_curve, serial=5)]
    trust = TrustRoots("chainmaker", [Organisation(ORG, [root.pem])], AT)
    plain = leaf(root, key=Key.of("sm2", "y"), serial=6)
    answer = check([*(each.pem for each in members), plain.pem], trust)
    assert answer.ok
    assert answer.members[1].key == answer.members[2].key != answer.members[0].key


def test_x10_sm2_under_another_algorithm_is_undecided_and_another_key_under_sm2_is_refused() -> None:
    root = authority("ca", key=Key.of("sm2", "x"), organization=ORG)
    ecdsa = made.signature_algorithm(ROOT.key)
    assert chainmaker(leaf(root, algorithm=ecdsa).pem, [root.pem]).verdict.status is isthmus.Status.UNDECIDED
    sm2 = made.signature_algorithm(root.key)
    assert chainmaker(leaf(algorithm=sm2).pem).verdict.code == "certificate_algorithm"
    assert fabric(leaf(root).pem, [ROOT.pem]).verdict.code == "certificate_key_refused"


# --- X11, Q: one identity, many spellings


def test_x11_the_same_certificate_in_two_organisations_is_two_identities_of_one_key() -> None:
    trust = TrustRoots("fabric-3.0", [Organisation("A", [ROOT.pem]), Organisation("B", [ROOT.pem])])
    identity = leaf().pem
    answer = check([Presented(identity, "A"), Presented(identity, "B"), Presented(identity, "C")], trust)
    a, b, c = answer.members
    assert (a.organisation, b.organisation, c.organisation) == ("A", "B", None)
    assert a.identity != b.identity
    assert a.key == b.key
    assert (a.valid, b.valid, c.valid) == (True, True, False)
    assert answer.verdict.findings[0].code == "organisation_unknown"


def test_x11_another_members_authority_has_no_power() -> None:
    other = authority("ca2", organization="org2")
    trust = TrustRoots("chainmaker", [Organisation(ORG, [ROOT.pem]), Organisation("org2", [other.pem])], AT)
    thief = other.issue("x", organization=ORG, units=("consensus",))
    for claimed in (ORG, "org2"):
        assert not check([Presented(thief.pem, claimed)], trust).ok
    assert check([Presented(other.issue("x").pem, "org2")], trust).ok


def spellings(identity: Certificate) -> list[bytes]:
    """One certificate, written in ways that the networks take."""
    text = identity.pem
    body = b"".join(text.splitlines()[1:-1])
    twin = identity.again(ROOT, change_signature=ROOT.key.high_s)
    again = identity.again(ROOT, change_signature=lambda _: ROOT.key.low_s(fresh_signature(identity)))
    return [
        text,
        b"something before\n" + text,
        text + b"\nand behind it",
        text.replace(b"\n", b"\r\n"),
        b"-----BEGIN CERTIFICATE-----\n" + body + b"\n-----END CERTIFICATE-----",
        b"-----BEGIN ANYTHING-----\nA: b\n\n" + body + b"\n-----END ANYTHING-----\n",
        text.replace(b"\n", b" \n", 3),
        twin.pem,
        again.pem,
    ]


def fresh_signature(identity: Certificate) -> bytes:
    """A second signature of the authority over the same contents, with a nonce of its own."""
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec

    secret = ec.derive_private_key(int.from_bytes(ROOT.key.secret, "big"), ec.SECP256R1())
    der = identity.der
    header = 2 + (der[1] & 0x7F)
    length = int.from_bytes(der[header + 2 : header + 2 + (der[header + 1] & 0x7F)], "big")
    tbs = der[header : header + 2 + (der[header + 1] & 0x7F) + length]
    return secret.sign(tbs, ec.ECDSA(hashes.SHA256()))


def test_q1_q12_spellings_of_one_identity_have_one_number() -> None:
    identity = leaf()
    texts = spellings(identity)
    assert len(set(texts)) == len(texts)
    trust = TrustRoots("fabric-3.0", [Organisation(ORG, [ROOT.pem])])
    answer = check([*texts, ROOT.issue("other").pem, ROOT.issue("again", key=identity.key).pem], trust)
    assert answer.ok
    *same, other, rekeyed = answer.members
    assert {member.identity for member in same} == {same[0].identity}
    assert other.identity != same[0].identity != rekeyed.identity
    assert rekeyed.key == same[0].key != other.key
    # The fingerprint is Fabric's: of the certificate with low s.
    import hashlib

    low = hashlib.sha256(identity.der).digest()
    assert [member.fingerprint for member in same[:-1]] == [low] * (len(texts) - 1)


def test_signatures_of_a_chain_are_stated_once_for_a_sheet() -> None:
    trust = TrustRoots("fabric-3.0", [Organisation(ORG, [ROOT.pem], [MIDDLE.pem])])
    several = [MIDDLE.issue(f"p{i}").pem for i in range(3)]
    answer = check(several * 20, trust)
    assert answer.ok
    assert answer.verdict.rows["signature"] == 4
    assert len(answer.members) == 60


def test_high_s_of_a_certificate_is_taken() -> None:
    for rules in (fabric, chainmaker):
        assert rules(leaf(change_signature=ROOT.key.high_s).pem).ok


# --- ChainMaker's own


def test_chainmaker_refuses_another_organisation_and_frozen_certificates() -> None:
    assert chainmaker(leaf(organization="org2").pem).verdict.code == "certificate_organisation_differs"
    assert chainmaker(leaf(organization=None).pem).verdict.code == "certificate_organisation_differs"
    assert chainmaker(leaf().pem, frozen=[leaf().pem]).verdict.code == "certificate_frozen"
    assert chainmaker(leaf().pem, frozen=[ROOT.issue("other").pem]).ok


def test_chainmaker_trusted_members_are_taken_as_they_are() -> None:
    stranger = authority("stranger").issue("x", not_after=NOT_BEFORE)
    members = [TrustedMember(stranger.pem, "Client")]
    answer = chainmaker(stranger.pem, members=members)
    assert answer.ok
    assert answer.members[0].roles == Role.MEMBER | Role.CLIENT
    assert not chainmaker(stranger.pem + b"\n", members=members).ok
    assert not chainmaker(stranger.der, members=members).ok


def test_chainmaker_takes_any_of_several_chains() -> None:
    assert chainmaker(leaf().pem, [ROOT.pem, ROOT.again(serial=99).pem]).ok
    assert chainmaker(leaf(extended_usage=("code",)).pem).ok


# --- trust roots


@pytest.mark.parametrize(
    ("organisation", "match"),
    [
        (Organisation(ORG), "no certificate that is trusted"),
        (Organisation(ORG, [b"nothing"]), "not well-formed DER"),
        (Organisation(ORG, [leaf().pem]), "no certificate authority"),
        (Organisation(ORG, [MIDDLE.pem]), "cannot be used"),
        (
            Organisation(ORG, [ROOT.pem], [self_issued().issue_authority("x", issuer=made.name("y")).pem]),
            "issuer's name",
        ),
        (Organisation(ORG, [authority("ca", subject_key_id=b"").pem]), "cannot be used"),
        (Organisation(ORG, [ROOT.pem], revocation_lists=[b"\x30\0"]), "revocation list"),
        (
            Organisation(ORG, [ROOT.pem], revocation_lists=[ROOT.revocation_list([1], authority_key_id=b"")]),
            "revocation",
        ),
    ],
)
def test_trust_roots_that_cannot_be_used_raise(organisation: Organisation, match: str) -> None:
    with pytest.raises(ValueError, match=match):
        check([leaf().pem], TrustRoots("fabric-3.0", [organisation]))


def test_mistakes_of_the_caller() -> None:
    with pytest.raises(ValueError, match="rules"):
        TrustRoots("fabric", [Organisation(ORG)])
    with pytest.raises(ValueError, match="at least one"):
        TrustRoots("chainmaker", [])
    with pytest.raises(ValueError, match="time zone"):
        TrustRoots("chainmaker", [Organisation(ORG)], datetime(2024, 1, 1))
    with pytest.raises(TypeError, match=r"roots\[0\]"):
        Organisation(ORG, ["text"])  # type: ignore[list-item]
    with pytest.raises(ValueError, match="stands twice"):
        check([leaf().pem], TrustRoots("fabric-3.0", [Organisation(ORG, [ROOT.pem])] * 2))


def test_identities_beyond_the_size_limit() -> None:
    assert fabric(base64.b64encode(bytes(50_000)) * 2).verdict.code == "certificate_encoding"
