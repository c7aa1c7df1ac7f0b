"""ECDSA and BIP340 over secp256k1 slowly and readably: the oracle of the native code, for tests and teaching.

Sources: SEC 2 version 2 section 2.4.1 (the curve), SEC 1 version 2 sections 2.3.4 (keys) and 4.1 (ECDSA), RFC 6979
(nonces), BIP66 (strict DER), BIP340 (Schnorr). Scheme names are those of the engine:

* ``secp256k1-ecdsa``: :func:`verify_ecdsa`. Keys 02|03 x, 04 x y, and 06|07 x y where hybrid keys are allowed; r and s
  in [1, n); high s allowed unless low s is demanded; the leftmost 256 bits of a digest of one byte or more.
* ``secp256k1-bip340``: :func:`verify_bip340`. 32-byte keys, 64-byte signatures, messages of any length.

:func:`recover` gives the key of an ECDSA signature with its recovery number. The curve is one of `weierstrass`, the
rule that of `ecdsa`; what only this curve has stands here.

All values are ``bytes``, big-endian, or ``int``. Verifiers return ``False`` for bytes of any length that are
refused and never raise. Nothing here is constant time: never sign with it outside tests.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Final

from isthmus.reference import ecdsa
from isthmus.reference.ecdsa import encode_der as encode_der
from isthmus.reference.ecdsa import parse_der_lax as parse_der_lax
from isthmus.reference.ecdsa import parse_der_strict as parse_der_strict
from isthmus.reference.weierstrass import Curve
from isthmus.reference.weierstrass import Point as Point

P: Final = 2**256 - 2**32 - 977
"""Prime of the field."""
N: Final = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
"""Prime order of the group."""
B: Final = 7
"""The curve is y^2 = x^3 + B."""
G: Final = Point(
    0x79BE667EF9DCBBAC55A06295CE870B07029BFCDB2DCE28D959F2815B16F81798,
    0x483ADA7726A3C4655DA4FBFC0E1108A8FD17B448A68554199C47D08FFB10D4B8,
)
"""Generator."""
CURVE: Final = Curve(p=P, a=0, b=B, n=N, g=G)

on_curve: Final = CURVE.on_curve
add: Final = CURVE.add
negate: Final = CURVE.negate
multiply: Final = CURVE.multiply
lift_x: Final = CURVE.lift_x
decode_key: Final = CURVE.decode


def public_key(secret: int, compressed: bool = True) -> bytes:
    """SEC 1 key of a secret in [1, N): 33 bytes, or 65."""
    return CURVE.encode(CURVE.public_point(secret), compressed)


def digest_integer(digest: bytes) -> int:
    """The leftmost 256 bits of a digest as an integer (bits2int); a shorter digest is the integer that it spells."""
    return ecdsa.digest_integer(CURVE, digest)


def rfc6979_nonces(secret: int, digest: bytes, extra: bytes = b"") -> Iterator[int]:
    """Nonces of RFC 6979 section 3.2 with HMAC-SHA-256, in order; ``extra`` is the additional data of section 3.6."""
    return ecdsa.rfc6979_nonces(CURVE, secret, digest, extra)


def sign_ecdsa(secret: int, digest: bytes, extra: bytes = b"", low_s: bool = True) -> bytes:
    """64-byte signature r || s of a digest of one byte or more, with a nonce of RFC 6979."""
    return ecdsa.sign(CURVE, secret, digest, extra, low_s=low_s)


def verify_ecdsa(key: bytes, sig: bytes, digest: bytes, *, low_s: bool = False, hybrid: bool = False) -> bool:
    """Whether r || s is an ECDSA signature of the digest by the key; ``low_s`` refuses s > n/2."""
    return ecdsa.verify(CURVE, key, sig, digest, low_s=low_s, hybrid=hybrid)


def recover(sig: bytes, digest: bytes, *, low_s: bool = False) -> bytes | None:
    """The key (65 bytes) under which r || s || v (65 bytes; v 0 to 3, or 27 to 30) sign the digest, or ``None``."""
    point = ecdsa.recover(CURVE, sig, digest, low_s=low_s)
    return None if point is None else CURVE.encode(point, compressed=False)


def tagged_hash(tag: str, data: bytes) -> bytes:
    """SHA-256 of SHA-256(tag) || SHA-256(tag) || data (BIP340)."""
    prefix = hashlib.sha256(tag.encode()).digest()
    return hashlib.sha256(prefix + prefix + data).digest()


def _challenge(r: bytes, key: bytes, msg: bytes) -> int:
    return int.from_bytes(tagged_hash("BIP0340/challenge", r + key + msg), "big") % N


def sign_bip340(secret: int, msg: bytes, aux: bytes = bytes(32)) -> bytes:
    """64-byte BIP340 signature of a message of any length, with 32 bytes of auxiliary randomness."""
    point = CURVE.public_point(secret)
    if len(aux) != 32:
        raise ValueError(f"auxiliary randomness is 32 bytes, got {len(aux)}")
    d = secret if point.y % 2 == 0 else N - secret
    key = point.x.to_bytes(32, "big")
    masked = d ^ int.from_bytes(tagged_hash("BIP0340/aux", aux), "big")
    nonce = int.from_bytes(tagged_hash("BIP0340/nonce", masked.to_bytes(32, "big") + key + msg), "big") % N
    nonce_point = CURVE.public_point(nonce)
    k = nonce if nonce_point.y % 2 == 0 else N - nonce
    r = nonce_point.x.to_bytes(32, "big")
    return r + ((k + _challenge(r, key, msg) * d) % N).to_bytes(32, "big")


def verify_bip340(key: bytes, sig: bytes, msg: bytes) -> bool:
    """Whether r || s is a BIP340 signature of the message by the x-only key."""
    if len(key) != 32 or len(sig) != 64:
        return False
    point = lift_x(int.from_bytes(key, "big"), odd=False)
    r, s = int.from_bytes(sig[:32], "big"), int.from_bytes(sig[32:], "big")
    if point is None or r >= P or s >= N:
        return False
    total = add(multiply(s, G), multiply(-_challenge(sig[:32], key, msg), point))
    return total is not None and total.y % 2 == 0 and total.x == r


def is_bip66(sig_with_hash_type: bytes) -> bool:
    """BIP66: strict DER without a bound on each integer, 9 to 73 bytes in all, the last of which is the hash type."""
    sig = sig_with_hash_type
    if not 9 <= len(sig) <= 73 or sig[0] != 0x30 or sig[1] != len(sig) - 3:
        return False
    at = 2
    for _ in range(2):
        if at + 2 > len(sig) - 1 or sig[at] != 2:
            return False
        value = sig[at + 2 : at + 2 + sig[at + 1]]
        at += 2 + sig[at + 1]
        if at > len(sig) - 1 or not value or value[0] & 0x80:
            return False
        if len(value) > 1 and value[0] == 0 and not value[1] & 0x80:
            return False
    return at == len(sig) - 1
