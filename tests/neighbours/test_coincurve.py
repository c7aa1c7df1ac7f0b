"""secp256k1 against libsecp256k1 (coincurve): the same answer on structured rows, valid and not."""

from __future__ import annotations

import os
import random
from typing import Any, Final

import pytest
from helpers import curves, pools
from helpers.pools import columns

import isthmus

coincurve = pytest.importorskip("coincurve")
from coincurve._libsecp256k1 import ffi, lib  # noqa: E402
from coincurve.context import GLOBAL_CONTEXT  # noqa: E402

COUNT: Final = 20_000 if os.environ.get("ISTHMUS_SLOW") else 1500


def parsed(key: bytes) -> Any:
    """The key as libsecp256k1 holds it, None for what is none. Its parser takes hybrid keys, the scheme does not."""
    if key[:1] in (b"\6", b"\7"):
        return None
    point = ffi.new("secp256k1_pubkey *")
    return point if lib.secp256k1_ec_pubkey_parse(GLOBAL_CONTEXT.ctx, point, key, len(key)) else None


def ecdsa(key: bytes, digest: bytes, signature: bytes, *, der: bool = False, low_s: bool = False) -> bool:
    """libsecp256k1's answer; its verify refuses a high s, so s is normalised first unless `low_s`."""
    context, point = GLOBAL_CONTEXT.ctx, parsed(key)
    given, normal = ffi.new("secp256k1_ecdsa_signature *"), ffi.new("secp256k1_ecdsa_signature *")
    if point is None:
        return False
    if der:
        read = lib.secp256k1_ecdsa_signature_parse_der(context, given, signature, len(signature))
    else:
        read = len(signature) == 64 and lib.secp256k1_ecdsa_signature_parse_compact(context, given, signature)
    if not read:
        return False
    high = lib.secp256k1_ecdsa_signature_normalize(context, normal, given)
    return not (high and low_s) and bool(lib.secp256k1_ecdsa_verify(context, normal, digest, point))


def schnorr(key: bytes, message: bytes, signature: bytes) -> bool:
    try:
        return bool(coincurve.PublicKeyXOnly(key).verify(signature, message))
    except ValueError:
        return False


@pytest.mark.full
@pytest.mark.parametrize("low_s", [False, True])
def test_ecdsa(low_s: bool) -> None:
    rows = pools.make("secp256k1-ecdsa", 256 + low_s, COUNT)
    keys, digests, signatures = columns(rows)
    got = isthmus.verify("secp256k1-ecdsa", keys, digests, signatures, low_s=low_s).tolist()
    wanted = [ecdsa(row.key, row.message, row.signature, low_s=low_s) for row in rows]
    wrong = [row.why for row, one, other in zip(rows, got, wanted, strict=True) if one != other]
    assert not wrong
    assert 0 < sum(wanted) < len(wanted)
    if not low_s:
        known = [
            (row.why, row.valid) for row, truth in zip(rows, wanted, strict=True) if row.valid not in (None, truth)
        ]
        assert not known, "the generator is wrong"


def test_ecdsa_der() -> None:
    """Strict DER of the same scalars, and bytes that are nearly DER."""
    rng = random.Random(66)
    keys, digests, signatures = [], [], []
    for row in pools.make("secp256k1-ecdsa", 66, COUNT // 2):
        r, s = int.from_bytes(row.signature[:32], "big"), int.from_bytes(row.signature[32:], "big")
        encoded = bytearray(curves.der(r, s))
        pick = rng.randrange(8)
        if pick == 0:
            encoded[rng.randrange(len(encoded))] = rng.randrange(256)
        elif pick == 1:
            del encoded[rng.randrange(len(encoded))]
        elif pick == 2:
            encoded.insert(rng.randrange(len(encoded) + 1), rng.choice((0, 0x80, 0xFF, 2, 0x30)))
        elif pick == 3:
            encoded[1] += 1
            encoded[3] += 1
            encoded.insert(4, 0)
        elif pick == 4:
            encoded += b"\0"
        keys.append(row.key)
        digests.append(row.message)
        signatures.append(bytes(encoded))
    got = isthmus.verify("secp256k1-ecdsa", keys, digests, signatures, encoding="der").tolist()
    wanted = [ecdsa(*row, der=True) for row in zip(keys, digests, signatures, strict=True)]
    assert [signatures[i].hex() for i in range(len(got)) if got[i] != wanted[i]] == []


def test_bip340() -> None:
    rows = pools.make("secp256k1-bip340", 340, COUNT)
    got = isthmus.verify("secp256k1-bip340", *columns(rows)).tolist()
    wanted = [schnorr(row.key, row.message, row.signature) for row in rows]
    wrong = [row.why for row, one, other in zip(rows, got, wanted, strict=True) if one != other]
    assert not wrong
    assert 0 < sum(wanted) < len(wanted)


@pytest.mark.full
def test_keys_of_every_form() -> None:
    """Random and edge encodings of keys: accepted or refused as libsecp256k1 does, but for hybrid ones."""
    rng = random.Random(33)
    digest = bytes(31) + b"\1"
    keys, signatures = [], []
    while len(keys) < COUNT:
        secret = rng.randrange(1, curves.N)
        point = curves.mul(secret)
        assert point is not None
        signature = curves.compact(*curves.ecdsa_sign(secret, digest, rng.randrange(1, curves.N)))
        raw = bytearray(curves.sec1(point, compressed=bool(rng.randrange(2))))
        pick = rng.randrange(5)
        if pick == 0:
            raw[0] = rng.choice((0, 1, 2, 3, 4, 5, 6, 7, 8, 0xFF))
        elif pick == 1:
            edge = rng.choice((0, 1, curves.P - 1, curves.P, curves.P + 1, 2**256 - 1))
            raw[1:33] = edge.to_bytes(32, "big")
        elif pick == 2 and len(raw) == 65:
            raw[33:] = ((curves.P - point[1]) if rng.randrange(2) else rng.randrange(2**256)).to_bytes(32, "big")
        keys.append(bytes(raw))
        signatures.append(signature)
    got = isthmus.verify("secp256k1-ecdsa", keys, [digest] * len(keys), signatures).tolist()
    wanted = [ecdsa(key, digest, signature) for key, signature in zip(keys, signatures, strict=True)]
    assert [keys[i].hex() for i in range(len(keys)) if got[i] != wanted[i]] == []


def test_libsecp_signatures_verify() -> None:
    rng = random.Random(1)
    keys, digests, signatures, x_only, schnorrs = [], [], [], [], []
    for _ in range(200):
        key, digest = coincurve.PrivateKey(rng.randbytes(32)), rng.randbytes(32)
        keys.append(key.public_key.format(compressed=bool(rng.randrange(2))))
        digests.append(digest)
        signatures.append(key.sign(digest, hasher=None))
        x_only.append(coincurve.PublicKeyXOnly.from_secret(key.secret).format())
        schnorrs.append(key.sign_schnorr(digest))
    assert isthmus.verify("secp256k1-ecdsa", keys, digests, signatures, encoding="der", low_s=True).all()
    assert isthmus.verify("secp256k1-bip340", x_only, digests, schnorrs).all()


def recovered(digest: bytes, signature: bytes) -> bytes | None:
    """libsecp256k1's key for r || s || v."""
    try:
        key = coincurve.PublicKey.from_signature_and_message(signature, digest, hasher=None)
    except ValueError:
        return None
    return bytes(key.format(compressed=False))


@pytest.mark.full
def test_recovery() -> None:
    """Structured signatures with every number, and with numbers and lengths that are none."""
    rng = random.Random(65)
    digests, signatures = [], []
    for row in pools.make("secp256k1-ecdsa", 65, COUNT // 2):
        for v in (0, 1, 2, 3, rng.choice((4, 26, 31, 255))):
            digests.append(row.message)
            signatures.append(row.signature + bytes([v]))
        digests.append(row.message)
        signatures.append(rng.choice((row.signature, row.signature + b"\0\0", b"", row.signature[1:] + b"\0")))
    keys, ok = isthmus.recover("secp256k1", digests, signatures)
    got = [key.tobytes() if found else None for key, found in zip(keys, ok, strict=True)]
    wanted = [recovered(digest, signature) for digest, signature in zip(digests, signatures, strict=True)]
    assert [signatures[i].hex() for i in range(len(got)) if got[i] != wanted[i]] == []
    assert 0 < sum(key is not None for key in wanted) < len(wanted)
    assert any(key is not None for key, sig in zip(wanted, signatures, strict=True) if sig[-1:] in (b"\2", b"\3"))
    numbered = [at for at, sig in enumerate(signatures) if len(sig) == 65 and sig[64] <= 3]
    shifted = [signatures[at][:64] + bytes([27 + signatures[at][64]]) for at in numbered]  # libsecp256k1 has no 27
    others, same = isthmus.recover("secp256k1", [digests[at] for at in numbered], shifted)
    assert others.tolist() == keys[numbered].tolist()
    assert same.tolist() == ok[numbered].tolist()
