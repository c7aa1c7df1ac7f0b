"""SM2 with SM3 against OpenSSL's libcrypto through ctypes (cryptography offers no SM2).

OpenSSL refuses identities of 8191 bytes, which the standard allows, and reads hybrid keys, which we do not: such rows
are left to the oracle.
"""

from __future__ import annotations

import ctypes
import ctypes.util
import os
import random
from typing import Any, Final

import pytest
from helpers import curves, pools
from helpers.pools import Row, columns
from helpers.weierstrass import SM2

import isthmus
from isthmus.reference import sm2 as oracle
from isthmus.signing import Sm2Signer

COUNT: Final = 10_000 if os.environ.get("ISTHMUS_SLOW") else 600
# SubjectPublicKeyInfo: id-ecPublicKey, OID 1.2.156.10197.1.301, then the point as a BIT STRING
ALGORITHM: Final = bytes.fromhex("301306072a8648ce3d020106082a811ccf5501822d")
NEEDED: Final = ("d2i_PUBKEY", "EVP_DigestVerify", "EVP_PKEY_CTX_set1_id", "EVP_sm3", "EVP_MD_CTX_set_pkey_ctx")


def libcrypto() -> Any:
    """OpenSSL 3 with SM2; skips else."""
    name = ctypes.util.find_library("crypto")
    if name is None:
        pytest.skip("no libcrypto on this machine")
    library = ctypes.CDLL(name)
    if not all(hasattr(library, function) for function in NEEDED):
        pytest.skip(f"{name} has no SM2: OpenSSL 3 or newer is needed")
    for function in ("d2i_PUBKEY", "EVP_sm3", "EVP_MD_CTX_new", "EVP_PKEY_CTX_new"):
        getattr(library, function).restype = ctypes.c_void_p
    return library


def spki(key: bytes) -> bytes:
    """A key in any of our three forms as OpenSSL reads it."""
    point = b"\x04" + key if len(key) == 64 else key
    bits = b"\x03" + bytes([len(point) + 1, 0]) + point
    return b"\x30" + bytes([len(ALGORITHM) + len(bits)]) + ALGORITHM + bits


class OpenSsl:
    """Verifies DER signatures: of messages under an identity, or of e."""

    def __init__(self) -> None:
        self.lib = libcrypto()

    def __call__(self, key: bytes, message: bytes, signature: bytes, signer_id: bytes | None) -> bool:
        lib, raw = self.lib, spki(key) if len(key) < 100 else b""
        start = ctypes.c_char_p(raw)
        pointer = ctypes.cast(start, ctypes.POINTER(ctypes.c_ubyte))
        public = lib.d2i_PUBKEY(None, ctypes.byref(pointer), ctypes.c_long(len(raw)))
        if not public:
            return False
        context = lib.EVP_PKEY_CTX_new(ctypes.c_void_p(public), None)
        try:
            return self._verify(public, context, message, signature, signer_id)
        finally:
            lib.EVP_PKEY_CTX_free(ctypes.c_void_p(context))
            lib.EVP_PKEY_free(ctypes.c_void_p(public))

    def _verify(self, public: int, context: int, message: bytes, signature: bytes, signer_id: bytes | None) -> bool:
        lib, size = self.lib, ctypes.c_size_t
        held = ctypes.c_void_p(context)
        if signer_id is None:
            assert lib.EVP_PKEY_verify_init(held) == 1
            return bool(lib.EVP_PKEY_verify(held, signature, size(len(signature)), message, size(len(message))) == 1)
        assert lib.EVP_PKEY_CTX_set1_id(held, signer_id, ctypes.c_int(len(signer_id))) == 1
        digest = lib.EVP_MD_CTX_new()
        into = ctypes.c_void_p(digest)
        lib.EVP_MD_CTX_set_pkey_ctx(into, held)
        try:
            started = lib.EVP_DigestVerifyInit(
                into, None, ctypes.c_void_p(lib.EVP_sm3()), None, ctypes.c_void_p(public)
            )
            assert started == 1
            return bool(lib.EVP_DigestVerify(into, signature, size(len(signature)), message, size(len(message))) == 1)
        finally:
            lib.EVP_MD_CTX_free(into)


def der(row: Row) -> bytes:
    return curves.der(int.from_bytes(row.signature[:32], "big"), int.from_bytes(row.signature[32:], "big"))


@pytest.fixture(scope="module")
def openssl() -> OpenSsl:
    return OpenSsl()


def test_the_example_of_the_standard(openssl: OpenSsl) -> None:
    """OpenSSL as we call it knows what it is asked."""
    secret = 0x3945208F7B2144B13F36E38AC6D39F95889393692860B51A42FB81EF4DF7C5B8
    key = SM2.sec1(SM2.mul(secret), compressed=False)
    signature = oracle.sign(secret, b"message digest", 77)
    encoded = curves.der(int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big"))
    assert openssl(key, b"message digest", encoded, oracle.DEFAULT_ID)
    assert not openssl(key, b"message digesu", encoded, oracle.DEFAULT_ID)
    assert not openssl(key, b"message digest", encoded, b"")
    assert isthmus.verify("sm2-sm3", key, b"message digest", encoded, encoding="der").all()


@pytest.mark.full
@pytest.mark.parametrize("given", [False, True])
def test_structured_rows(openssl: OpenSsl, given: bool) -> None:
    rows = pools.sm2_given(1, COUNT) if given else pools.sm2(1, COUNT)
    rows = [row for row in rows if row.why != "hybrid key"]
    keys, messages, _ = columns(rows)
    signatures = [der(row) for row in rows]
    got = isthmus.verify("sm2-sm3", keys, messages, signatures, encoding="der", hash="none" if given else None).tolist()
    identity = None if given else oracle.DEFAULT_ID
    wanted = [openssl(row.key, row.message, sig, identity) for row, sig in zip(rows, signatures, strict=True)]
    wrong = [row.why for row, one, other in zip(rows, got, wanted, strict=True) if one != other]
    assert not wrong
    assert 0 < sum(wanted) < len(wanted)
    known = [row.why for row, truth in zip(rows, wanted, strict=True) if row.valid not in (None, truth)]
    assert not known, "the generator is wrong"


@pytest.mark.full
def test_identities(openssl: OpenSsl) -> None:
    """One Batch of rows with an identity each, some of them not the signer's."""
    rng = random.Random(8191)
    batch, wanted = isthmus.Batch(), []
    for number in range(COUNT // 4):
        secret = rng.randrange(1, SM2.n - 1)
        signer = rng.randbytes(rng.choice((0, 1, 16, 20, 50, 300, 8190)))
        point = SM2.mul(secret)
        assert point is not None
        message = rng.randbytes(rng.randrange(90))
        e = oracle.message_digest(oracle.Point(*point), message, signer)
        signature = curves.der(*SM2.sm2_sign(secret, int.from_bytes(e, "big"), rng.randrange(1, SM2.n)))
        asked = rng.choice((signer, signer, signer + b"\0" if len(signer) < 8190 else signer[1:], oracle.DEFAULT_ID))
        key = pools.sm2_key(rng, point)
        assert batch.add("sm2-sm3", key, message, signature, encoding="der", signer_id=asked) == number
        wanted.append(openssl(key, message, signature, asked))
    assert batch.verify().tolist() == wanted
    assert 0 < sum(wanted) < len(wanted)


@pytest.mark.full
def test_nearly_der(openssl: OpenSsl) -> None:
    rng = random.Random(66)
    rows = [row for row in pools.sm2(66, COUNT // 2) if row.valid]
    keys, messages, signatures = columns(rows)
    for at, row in enumerate(rows):
        encoded = bytearray(der(row))
        pick = rng.randrange(6)
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
        signatures[at] = bytes(encoded)
    got = isthmus.verify("sm2-sm3", keys, messages, signatures, encoding="der").tolist()
    wanted = [openssl(*row, oracle.DEFAULT_ID) for row in zip(keys, messages, signatures, strict=True)]
    assert [signatures[i].hex() for i in range(len(got)) if got[i] != wanted[i]] == []
    assert 0 < sum(wanted) < len(wanted)


@pytest.mark.full
def test_keys_of_every_form(openssl: OpenSsl) -> None:
    """Edge encodings of keys, each with a signature that fits what it was made from; hybrid forms aside."""
    rng = random.Random(33)
    keys, digests, signatures = [], [], []
    for _ in range(COUNT // 2):
        secret, e = rng.randrange(1, SM2.n - 1), rng.randrange(2**256)
        point = SM2.mul(secret)
        raw = bytearray(SM2.sec1(point, compressed=bool(rng.randrange(2))))
        pick = rng.randrange(5)
        if pick == 0:
            raw[0] = rng.choice((0, 1, 2, 3, 4, 5, 8, 0xFF))
        elif pick == 1:
            raw[1:33] = rng.choice((0, 1, SM2.p - 1, SM2.p, SM2.p + 1, 2**256 - 1)).to_bytes(32, "big")
        elif pick == 2 and len(raw) == 65:
            raw[33:] = rng.randbytes(32)
        keys.append(bytes(raw[1:] if pick != 0 and len(raw) == 65 and rng.randrange(2) else raw))
        digests.append(e.to_bytes(32, "big"))
        signatures.append(curves.der(*SM2.sm2_sign(secret, e, rng.randrange(1, SM2.n))))
    got = isthmus.verify("sm2-sm3", keys, digests, signatures, encoding="der", hash="none").tolist()
    wanted = [openssl(*row, None) for row in zip(keys, digests, signatures, strict=True)]
    assert [keys[i].hex() for i in range(len(keys)) if got[i] != wanted[i]] == []
    assert 0 < sum(wanted) < len(wanted)


def test_what_a_signer_signs(openssl: OpenSsl) -> None:
    """OpenSSL accepts signatures of ``Sm2Signer``, and none with a bit, the message or the identity changed."""
    rng = random.Random(32918)
    for number in range(100):
        identity = oracle.DEFAULT_ID if number % 2 else rng.randbytes(rng.randrange(1, 200))
        signer = Sm2Signer(rng.randrange(1, SM2.n - 1).to_bytes(32, "big"), signer_id=identity)
        message = rng.randbytes(rng.randrange(300))
        signature = signer.sign(message)
        bad = bytearray(signature)
        bad[rng.randrange(64)] ^= 1 << rng.randrange(8)
        good, other = (
            curves.der(int.from_bytes(each[:32], "big"), int.from_bytes(each[32:], "big")) for each in (signature, bad)
        )
        assert openssl(signer.public_key, message, good, identity)
        assert not openssl(signer.public_key, message, other, identity)
        assert not openssl(signer.public_key, message + b"!", good, identity)
        assert not openssl(signer.public_key, message, good, identity + b"!")
