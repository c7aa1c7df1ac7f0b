"""P-256 and P-384 ECDSA against OpenSSL (cryptography), which reads DER strictly."""

from __future__ import annotations

import os
import random
from typing import Any, Final

import pytest
from helpers import curves, pools
from helpers.pools import columns

import isthmus

ec = pytest.importorskip("cryptography.hazmat.primitives.asymmetric.ec")
utils = pytest.importorskip("cryptography.hazmat.primitives.asymmetric.utils")
hashes = pytest.importorskip("cryptography.hazmat.primitives.hashes")
exceptions = pytest.importorskip("cryptography.exceptions")

COUNT: Final = 10_000 if os.environ.get("ISTHMUS_SLOW") else 600
CURVES: Final = {"p256-ecdsa": ec.SECP256R1(), "p384-ecdsa": ec.SECP384R1()}
BY_LENGTH: Final = {
    20: hashes.SHA1(),
    28: hashes.SHA224(),
    32: hashes.SHA256(),
    48: hashes.SHA384(),
    64: hashes.SHA512(),
}


def openssl(scheme: str, key: bytes, digest: bytes, signature: bytes) -> bool:
    """OpenSSL's answer for a DER signature of a digest that some hash function may have made."""
    try:
        point = ec.EllipticCurvePublicKey.from_encoded_point(CURVES[scheme], key)
        point.verify(signature, digest, ec.ECDSA(utils.Prehashed(BY_LENGTH[len(digest)])))
    except (ValueError, exceptions.InvalidSignature):
        return False
    return True


def der(scheme: str, signature: bytes) -> bytes:
    width = pools.GROUPS[scheme].width
    return curves.der(int.from_bytes(signature[:width], "big"), int.from_bytes(signature[width:], "big"))


def disagreements(scheme: str, keys: list[bytes], digests: list[bytes], signatures: list[bytes]) -> list[Any]:
    """Numbers of the rows with another answer; rows of both answers must be there."""
    got = isthmus.verify(scheme, keys, digests, signatures, encoding="der").tolist()
    wanted = [openssl(scheme, *row) for row in zip(keys, digests, signatures, strict=True)]
    assert 0 < sum(wanted) < len(wanted)
    return [at for at, (one, other) in enumerate(zip(got, wanted, strict=True)) if one != other]


@pytest.mark.full
@pytest.mark.parametrize("scheme", CURVES)
def test_structured_rows(scheme: str) -> None:
    rows = pools.make(scheme, 384, COUNT)
    keys, digests, signatures = columns(rows)
    signatures = [der(scheme, signature) for signature in signatures]
    wrong = disagreements(scheme, keys, digests, signatures)
    assert [rows[at].why for at in wrong] == []
    known = [row.why for row, encoded in zip(rows, signatures, strict=True)
             if row.valid not in (None, openssl(scheme, row.key, row.message, encoded))]  # fmt: skip
    assert not known, "the generator is wrong"


@pytest.mark.full
@pytest.mark.parametrize("scheme", CURVES)
def test_digests_of_every_length(scheme: str) -> None:
    rng, group = random.Random(20), pools.GROUPS[scheme]
    keys, digests, signatures = [], [], []
    for number in range(COUNT // 4):
        secret, length = rng.randrange(1, group.n), list(BY_LENGTH)[number % len(BY_LENGTH)]
        digest = bytes(number % 7) + rng.randbytes(length - number % 7)
        signed = digest if number % 3 else digest[: length - 1] + bytes([digest[-1] ^ 1])
        keys.append(group.sec1(group.mul(secret), compressed=bool(number % 2)))
        digests.append(digest)
        signatures.append(curves.der(*group.ecdsa_sign(secret, signed, rng.randrange(1, group.n))))
    assert disagreements(scheme, keys, digests, signatures) == []


@pytest.mark.full
@pytest.mark.parametrize("scheme", CURVES)
def test_keys_of_every_form(scheme: str) -> None:
    """Random and edge encodings of keys, each with a right signature of the key that it was made from."""
    rng, group = random.Random(33), pools.GROUPS[scheme]
    digest = bytes(31) + b"\1"
    keys, signatures = [], []
    top = 2 ** (8 * group.width) - 1
    for _ in range(COUNT // 2):
        secret = rng.randrange(1, group.n)
        point = group.mul(secret)
        assert point is not None
        raw = bytearray(group.sec1(point, compressed=bool(rng.randrange(2))))
        pick = rng.randrange(6)
        if pick == 0:
            raw[0] = rng.choice((0, 1, 2, 3, 4, 5, 8, 0xFF))
        elif pick == 1:
            raw[1 : 1 + group.width] = group.number(rng.choice((0, 1, group.p - 1, group.p, group.p + 1, top)))
        elif pick == 2 and len(raw) > 1 + group.width:
            raw[1 + group.width :] = group.number((group.p - point[1]) if rng.randrange(2) else rng.randrange(top))
        elif pick == 3:
            del raw[rng.randrange(len(raw)) :]
        keys.append(bytes(raw))
        signatures.append(curves.der(*group.ecdsa_sign(secret, digest, rng.randrange(1, group.n))))
    assert disagreements(scheme, keys, [digest] * len(keys), signatures) == []


@pytest.mark.full
@pytest.mark.parametrize("scheme", CURVES)
def test_nearly_der(scheme: str) -> None:
    """Bytes changed, left out, put in; lengths that still add up around a needless zero."""
    rng = random.Random(66)
    rows = [row for row in pools.make(scheme, 66, COUNT // 2) if row.valid]
    keys, digests, signatures = columns(rows)
    for at, signature in enumerate(signatures):
        encoded = bytearray(der(scheme, signature))
        pick = rng.randrange(7)
        if pick == 0:
            encoded[rng.randrange(len(encoded))] = rng.randrange(256)
        elif pick == 1:
            del encoded[rng.randrange(len(encoded))]
        elif pick == 2:
            encoded.insert(rng.randrange(len(encoded) + 1), rng.choice((0, 0x80, 0x81, 0xFF, 2, 0x30)))
        elif pick == 3:
            encoded[1] += 1
            encoded[3] += 1
            encoded.insert(4, 0)
        elif pick == 4:
            encoded += b"\0"
        elif pick == 5:
            encoded.insert(1, 0x81)
        signatures[at] = bytes(encoded)
    assert [signatures[at].hex() for at in disagreements(scheme, keys, digests, signatures)] == []


def test_foreign_signatures_verify() -> None:
    rng = random.Random(7)
    for scheme, curve in CURVES.items():
        keys, messages, signatures = [], [], []
        for number in range(60):
            secret = ec.derive_private_key(rng.randrange(1, pools.GROUPS[scheme].n), curve)
            numbers = secret.public_key().public_numbers()
            keys.append(pools.GROUPS[scheme].sec1((numbers.x, numbers.y), compressed=bool(number % 2)))
            messages.append(rng.randbytes(number))
            signatures.append(secret.sign(messages[-1], ec.ECDSA(hashes.SHA512())))
        assert isthmus.verify(scheme, keys, messages, signatures, encoding="der", hash="sha512").all()
        assert not isthmus.verify(scheme, keys, messages, signatures, encoding="der", hash="sha256").any()
