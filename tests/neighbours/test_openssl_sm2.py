"""SM2 signatures of ``Sm2Signer`` against the system's OpenSSL 3, which ``cryptography`` does not offer them from."""

from __future__ import annotations

import ctypes
import ctypes.util
import random

import pytest

from isthmus.signing import Sm2Signer

# SubjectPublicKeyInfo up to the key: id-ecPublicKey with the curve 1.2.156.10197.1.301, then 66 bytes of bits.
SPKI = bytes.fromhex("3059301306072a8648ce3d020106082a811ccf5501822d034200")


class OpenSSL:
    """EVP_DigestVerify with an SM2 key and an identity (openssl-evp_pkey_ctx_set1_id(3))."""

    def __init__(self) -> None:
        name = ctypes.util.find_library("crypto")
        try:
            library = ctypes.CDLL(name or "libcrypto.so.3")
        except OSError:
            pytest.skip("no libcrypto on this machine")
        if not hasattr(library, "EVP_PKEY_CTX_set1_id"):
            pytest.skip("libcrypto is older than OpenSSL 3")
        library.EVP_sm3.restype = ctypes.c_void_p
        library.d2i_PUBKEY.restype = ctypes.c_void_p
        for maker in ("EVP_MD_CTX_new", "EVP_PKEY_CTX_new"):
            getattr(library, maker).restype = ctypes.c_void_p
        self._library = library
        if not library.EVP_sm3():
            pytest.skip("this libcrypto was built without SM3")

    def verify(self, key: bytes, signer_id: bytes, message: bytes, der: bytes) -> bool:
        """Whether OpenSSL accepts the DER signature."""
        library = self._library
        text = SPKI + key
        at = ctypes.c_char_p(text)
        pkey = ctypes.c_void_p(library.d2i_PUBKEY(None, ctypes.byref(at), ctypes.c_long(len(text))))
        if not pkey:
            pytest.skip("this libcrypto was built without SM2")
        context = ctypes.c_void_p(library.EVP_MD_CTX_new())
        key_context = ctypes.c_void_p(library.EVP_PKEY_CTX_new(pkey, None))
        try:
            assert library.EVP_PKEY_CTX_set1_id(key_context, signer_id, ctypes.c_int(len(signer_id))) == 1
            library.EVP_MD_CTX_set_pkey_ctx(context, key_context)
            md = ctypes.c_void_p(library.EVP_sm3())
            assert library.EVP_DigestVerifyInit(context, None, md, None, pkey) == 1
            size = ctypes.c_size_t
            said: int = library.EVP_DigestVerify(context, der, size(len(der)), message, size(len(message)))
            return said == 1
        finally:
            library.EVP_MD_CTX_free(context)
            library.EVP_PKEY_CTX_free(key_context)
            library.EVP_PKEY_free(pkey)


def der_of(signature: bytes) -> bytes:
    numbers = [int.from_bytes(half, "big") for half in (signature[:32], signature[32:])]
    parts = [number.to_bytes(number.bit_length() // 8 + 1, "big") for number in numbers]
    body = b"".join(b"\x02" + bytes([len(part)]) + part for part in parts)
    return b"\x30" + bytes([len(body)]) + body


def test_openssl_accepts_what_is_signed_and_nothing_else() -> None:
    openssl = OpenSSL()
    rng = random.Random(3)
    for number in range(100):
        signer_id = b"1234567812345678" if number % 2 else rng.randbytes(rng.randrange(1, 200))
        signer = Sm2Signer(bytes([rng.randrange(128)]) + rng.randbytes(31), signer_id=signer_id)
        message = rng.randbytes(rng.randrange(300))
        signature = signer.sign(message)
        assert openssl.verify(signer.public_key, signer_id, message, der_of(signature))
        assert not openssl.verify(signer.public_key, signer_id, message + b"!", der_of(signature))
        assert not openssl.verify(signer.public_key, signer_id + b"!", message, der_of(signature))
        bad = bytearray(signature)
        bad[rng.randrange(64)] ^= 1 << rng.randrange(8)
        assert not openssl.verify(signer.public_key, signer_id, message, der_of(bytes(bad)))
