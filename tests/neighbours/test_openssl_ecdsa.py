"""secp256k1 ECDSA against OpenSSL (cryptography), which reads DER strictly and hashes by itself."""

from __future__ import annotations

import random

import pytest
from helpers import curves

import isthmus

ec = pytest.importorskip("cryptography.hazmat.primitives.asymmetric.ec")
hashes = pytest.importorskip("cryptography.hazmat.primitives.hashes")
exceptions = pytest.importorskip("cryptography.exceptions")


def test_signatures_and_near_misses() -> None:
    rng = random.Random(2)
    keys, messages, signatures, wanted = [], [], [], []
    for number in range(300):
        secret = ec.derive_private_key(rng.randrange(1, curves.N), ec.SECP256K1())
        numbers = secret.public_key().public_numbers()
        message = rng.randbytes(rng.randrange(100))
        raw = bytearray(secret.sign(message, ec.ECDSA(hashes.SHA256())))
        if number % 3 == 1:
            raw[rng.randrange(len(raw))] ^= 1 << rng.randrange(8)
        elif number % 3 == 2:
            message += b"!"
        try:
            secret.public_key().verify(bytes(raw), message, ec.ECDSA(hashes.SHA256()))
            wanted.append(True)
        except exceptions.InvalidSignature:
            wanted.append(False)
        keys.append(curves.sec1((numbers.x, numbers.y), compressed=bool(number % 2)))
        messages.append(message)
        signatures.append(bytes(raw))
    got = isthmus.verify("secp256k1-ecdsa", keys, messages, signatures, encoding="der", hash="sha256")
    assert got.tolist() == wanted
    assert 0 < sum(wanted) < len(wanted)
