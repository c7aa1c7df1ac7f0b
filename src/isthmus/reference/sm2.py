"""SM2 signatures with SM3, slowly and readably: the oracle of ``sm2-sm3``.

Sources: GB/T 32918.1 (the group), GB/T 32918.2 sections 5.5 (Z), 6 (signing) and 7 (verifying), GB/T 32918.5 (the
recommended curve), GM/T 0009 section 10 (the default identity); the same rules stand in draft-shen-sm2-ecdsa-02.

What is accepted: keys 02|03 x, 04 x y and x y without a first byte; r and s in [1, n) with r + s != n; both halves of
s, since n - s is no signature of the same message here; identities of at most 8191 bytes; e as it stands has 32 bytes.

Verifiers return ``False`` for bytes of any length that are refused and never raise. Nothing here is constant time:
never sign with it outside tests.
"""

from __future__ import annotations

from typing import Final

from isthmus.reference.hashes import sm3
from isthmus.reference.weierstrass import Curve, Point

_P: Final = 2**256 - 2**224 - 2**96 + 2**64 - 1

CURVE: Final = Curve(
    p=_P,
    a=_P - 3,
    b=0x28E9FA9E9D9F5E344D5A9E4BCF6509A7F39789F515AB8F92DDBCBD414D940E93,
    n=0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFF7203DF6B21C6052B53BBF40939D54123,
    g=Point(
        0x32C4AE2C1F1981195F9904466A39C9948FE30BBFF2660BE1715A4589334C74C7,
        0xBC3736A2F4F6779C59BDCEE36B692153D0A9877CC62A474002DF32E52139F0A0,
    ),
)
DEFAULT_ID: Final = b"1234567812345678"
ID_MAX: Final = 8191
"""Bytes of the longest identity: its length in bits fills two bytes."""


def decode_key(key: bytes) -> Point | None:
    """The point of a SEC 1 key or of 64 bytes x y, or ``None``."""
    return CURVE.decode(b"\x04" + key if len(key) == 64 else key)


def identity_digest(point: Point, signer_id: bytes = DEFAULT_ID) -> bytes:
    """Z: SM3 of the identity's length in bits (two bytes), the identity, a, b, G and the key."""
    if len(signer_id) > ID_MAX:
        raise ValueError(f"an identity has at most {ID_MAX} bytes, got {len(signer_id)}")
    numbers = (CURVE.a, CURVE.b, *CURVE.g, *point)
    length = (8 * len(signer_id)).to_bytes(2, "big")
    return sm3(length + signer_id + b"".join(number.to_bytes(32, "big") for number in numbers))


def message_digest(point: Point, msg: bytes, signer_id: bytes = DEFAULT_ID) -> bytes:
    """e: SM3 of Z and the message (32 bytes)."""
    return sm3(identity_digest(point, signer_id) + msg)


def verify(key: bytes, sig: bytes, msg: bytes, signer_id: bytes = DEFAULT_ID) -> bool:
    """Whether r || s is an SM2 signature of the message by the key of this signer."""
    point = decode_key(key)
    return point is not None and verify_digest(key, sig, message_digest(point, msg, signer_id))


def verify_digest(key: bytes, sig: bytes, e: bytes) -> bool:
    """Whether r || s is an SM2 signature by the key for e, the 32 bytes that Z and the message hash to."""
    point = decode_key(key)
    if point is None or len(sig) != 64 or len(e) != 32:
        return False
    r, s = int.from_bytes(sig[:32], "big"), int.from_bytes(sig[32:], "big")
    t = (r + s) % CURVE.n
    if not (1 <= r < CURVE.n and 1 <= s < CURVE.n and t):
        return False
    total = CURVE.add(CURVE.multiply(s, CURVE.g), CURVE.multiply(t, point))
    return total is not None and (int.from_bytes(e, "big") + total.x) % CURVE.n == r


def sign_digest(secret: int, e: bytes, nonce: int) -> bytes:
    """64-byte signature r || s for e with a nonce in [1, n); ``ValueError`` where the nonce gives none."""
    r = (int.from_bytes(e, "big") + CURVE.public_point(nonce).x) % CURVE.n
    if not 1 <= secret < CURVE.n - 1 or not r or r + nonce == CURVE.n:
        raise ValueError("a secret is a number in [1, n - 1), and this nonce must give r and r + nonce other than 0")
    s = pow(1 + secret, -1, CURVE.n) * (nonce - r * secret) % CURVE.n
    if not s:
        raise ValueError("this nonce gives s = 0")
    return r.to_bytes(32, "big") + s.to_bytes(32, "big")


def sign(secret: int, msg: bytes, nonce: int, signer_id: bytes = DEFAULT_ID) -> bytes:
    """64-byte signature r || s of a message with a nonce in [1, n)."""
    return sign_digest(secret, message_digest(CURVE.public_point(secret), msg, signer_id), nonce)
