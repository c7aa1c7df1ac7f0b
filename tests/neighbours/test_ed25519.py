"""Ed25519 against libsodium (PyNaCl) and OpenSSL (cryptography).

libsodium refuses small-order points beside what RFC 8032 refuses; OpenSSL accepts keys that are not
canonical. So the three agree on honest rows and on plain forgeries, and differ from our strict rule only
where a row names such a point.
"""

from __future__ import annotations

import os
import random
from typing import Final

import pytest
from helpers import curves, pools
from helpers.pools import Row, columns

import isthmus

COUNT: Final = 20_000 if os.environ.get("ISTHMUS_SLOW") else 1500

ORDINARY: Final = ("random", "S + L", "edge S")


def ordinary(row: Row) -> bool:
    """Whether no encoding in the row is odd: neither small order, nor torsion, nor beyond canonical."""
    return row.why in ORDINARY or "flipped" in row.why


def sodium(row: Row) -> bool:
    bindings = pytest.importorskip("nacl.bindings")
    exceptions = pytest.importorskip("nacl.exceptions")
    try:
        bindings.crypto_sign_open(row.signature + row.message, row.key)
    except (exceptions.BadSignatureError, ValueError):
        return False
    return True


def openssl(row: Row) -> bool:
    ed25519 = pytest.importorskip("cryptography.hazmat.primitives.asymmetric.ed25519")
    exceptions = pytest.importorskip("cryptography.exceptions")
    try:
        ed25519.Ed25519PublicKey.from_public_bytes(row.key).verify(row.signature, row.message)
    except (exceptions.InvalidSignature, ValueError):
        return False
    return True


@pytest.mark.full
@pytest.mark.parametrize("neighbour", [sodium, openssl])
@pytest.mark.parametrize("scheme", ["ed25519-zip215", "ed25519-rfc8032"])
def test_ordinary_rows(scheme: str, neighbour: object) -> None:
    rows = [row for row in pools.make(scheme, 8032, COUNT) if ordinary(row)]
    assert len(rows) > COUNT // 2
    got = isthmus.verify(scheme, *columns(rows)).tolist()
    wanted = [neighbour(row) for row in rows]  # type: ignore[operator]
    wrong = [row.why for row, one, other in zip(rows, got, wanted, strict=True) if one != other]
    assert not wrong
    assert 0 < sum(wanted) < len(wanted)


@pytest.mark.full
def test_strict_accepts_whatever_sodium_accepts() -> None:
    """libsodium's set lies inside RFC 8032's without cofactor, which lies inside ZIP-215's."""
    rows = pools.make("ed25519-zip215", 215, COUNT)
    inner = [sodium(row) for row in rows]
    strict = isthmus.verify("ed25519-rfc8032", *columns(rows)).tolist()
    loose = isthmus.verify("ed25519-zip215", *columns(rows)).tolist()
    for row, a, b, c in zip(rows, inner, strict, loose, strict=True):
        assert a <= b <= c, row.why
    assert sum(inner) < sum(strict) < sum(loose), "the rows must tell the three rules apart"


@pytest.mark.full
@pytest.mark.parametrize("scheme", ["ed25519-zip215", "ed25519-rfc8032"])
def test_the_oracle_agrees_on_odd_points(scheme: str) -> None:
    from helpers.subjects import oracle
    from vectors.rows import SigRow

    rows = [row for row in pools.make(scheme, 9, 800) if not ordinary(row)][:250]
    asked = [SigRow("odd", row.why, row.key, row.message, row.signature, False) for row in rows]
    assert isthmus.verify(scheme, *columns(rows)).tolist() == oracle(scheme, asked)


def test_foreign_signatures_verify() -> None:
    signing = pytest.importorskip("nacl.signing")
    rng = random.Random(5)
    keys, messages, signatures = [], [], []
    for _ in range(200):
        key, message = signing.SigningKey(rng.randbytes(32)), rng.randbytes(rng.randrange(300))
        keys.append(bytes(key.verify_key))
        messages.append(message)
        signatures.append(key.sign(message).signature)
    for scheme in ("ed25519-zip215", "ed25519-rfc8032"):
        assert isthmus.verify(scheme, keys, messages, signatures).all()


def test_the_helper_signs_as_rfc_8032_says() -> None:
    signing = pytest.importorskip("nacl.signing")
    seed = bytes(range(32))
    scalar, _ = curves.ed_secret(seed)
    assert curves.ed_encode(curves.ed_mul(scalar, curves.BASE)) == bytes(signing.SigningKey(seed).verify_key)
