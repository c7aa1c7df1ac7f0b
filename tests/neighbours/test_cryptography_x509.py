"""Certificates beside cryptography's own reader and verifier (Rust and OpenSSL)."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from isthmus.membership import Organisation, TrustRoots, check
from isthmus.reference import membership as slow
from isthmus.synthetic.certificates import NOT_BEFORE, Certificate, Key, authority

x509 = pytest.importorskip("cryptography.x509")
verification = pytest.importorskip("cryptography.x509.verification")


def chain(algorithm: Any, depth: int, **fields: Any) -> tuple[Certificate, list[Certificate], Certificate]:
    """A root, intermediates and a leaf that a web client would take too."""
    root = above = authority("ca", key=Key.of(algorithm, "neighbour"), organization="o")
    between = []
    for level in range(depth):
        above = above.issue_authority(f"level {level}")
        between.append(above)
    usual = {"alternative_names": ("peer.synthetic",), "extended_usage": ("server",)}
    return root, between, above.issue("peer", **{**usual, **fields})


def neighbour(root: Certificate, between: list[Certificate], leaf: Certificate) -> bool:
    """What cryptography says about the chain, one second after the leaf begins, as Fabric asks."""
    read = x509.load_der_x509_certificate
    moment = datetime.fromtimestamp(leaf.fields.not_before + 1, UTC).replace(tzinfo=None)
    store = verification.Store([read(root.der)])
    policy = verification.PolicyBuilder().store(store).time(moment)
    try:
        policy.build_server_verifier(x509.DNSName("peer.synthetic")).verify(
            read(leaf.der), [read(c.der) for c in between]
        )
    except (verification.VerificationError, ValueError):
        return False
    return True


def ours(root: Certificate, between: list[Certificate], leaf: Certificate) -> bool:
    """What isthmus says under Fabric's rules."""
    organisation = Organisation("o", [root.pem], [each.pem for each in between])
    return check([leaf.pem], TrustRoots("fabric-3.0", [organisation])).ok


@pytest.mark.parametrize("algorithm", ["p256", "p384"])
@pytest.mark.parametrize("depth", [0, 1, 3])
def test_good_chains(algorithm: str, depth: int) -> None:
    case = chain(algorithm, depth)
    assert neighbour(*case)
    assert ours(*case)


@pytest.mark.parametrize("algorithm", ["p256", "p384", "ed25519"])
def test_fields_are_read_alike(algorithm: str) -> None:
    _, _, leaf = chain(algorithm, 1, units=("peer", "x"), serial=2**159 + 5)
    theirs, parsed = x509.load_der_x509_certificate(leaf.der), slow.parse(leaf.der)
    assert parsed.tbs == theirs.tbs_certificate_bytes
    assert parsed.signature == theirs.signature
    assert parsed.serial == theirs.serial_number
    assert parsed.issuer == theirs.issuer.public_bytes()
    assert parsed.not_before == theirs.not_valid_before_utc.timestamp() == NOT_BEFORE
    assert parsed.units == [
        each.value for each in theirs.subject.get_attributes_for_oid(x509.NameOID.ORGANIZATIONAL_UNIT_NAME)
    ]


@pytest.mark.parametrize(
    "fields",
    [
        {"change_signature": lambda signature: signature[:-1] + bytes([signature[-1] ^ 1])},
        {"extended_usage": ("client",)},
        {"not_after": NOT_BEFORE},
        {"serial": 2**168},
        {"issuer": authority("other").subject},
        {"tail": b"\x05\0"},
    ],
    ids=lambda fields: next(iter(fields)),
)
def test_bad_leaves_are_refused_by_both(fields: dict[str, Any]) -> None:
    case = chain("p256", 1, **fields)
    assert not neighbour(*case)
    assert not ours(*case)
