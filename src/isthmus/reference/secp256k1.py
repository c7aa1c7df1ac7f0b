"""ECDSA and BIP340 over secp256k1 slowly and readably: the oracle of the native code, for tests and teaching.

Sources: SEC 2 version 2 section 2.4.1 (the curve), SEC 1 version 2 sections 2.3.4 (keys) and 4.1 (ECDSA), RFC 6979
(nonces), BIP66 (strict DER), BIP340 (Schnorr). Scheme names are those of the engine:

* ``secp256k1-ecdsa``: :func:`verify_ecdsa`. Keys 02|03 x, 04 x y, and 06|07 x y where hybrid keys are allowed; r and s
  in [1, n); high s allowed unless low s is demanded; the leftmost 256 bits of a digest of one byte or more.
* ``secp256k1-bip340``: :func:`verify_bip340`. 32-byte keys, 64-byte signatures, messages of any length.

All values are ``bytes``, big-endian, or ``int``. Verifiers return ``False`` for bytes of any length that are
refused and never raise. Nothing here is constant time: never sign with it outside tests.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterator
from typing import NamedTuple

P = 2**256 - 2**32 - 977
"""Prime of the field."""
N = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
"""Prime order of the group."""
B = 7
"""The curve is y^2 = x^3 + B."""


class Point(NamedTuple):
    """A finite curve point in affine coordinates, both in [0, P)."""

    x: int
    y: int


G = Point(
    0x79BE667EF9DCBBAC55A06295CE870B07029BFCDB2DCE28D959F2815B16F81798,
    0x483ADA7726A3C4655DA4FBFC0E1108A8FD17B448A68554199C47D08FFB10D4B8,
)
"""Generator."""


def on_curve(x: int, y: int) -> bool:
    """Whether (x, y), both in [0, P), satisfies the equation."""
    return (y * y - x * x * x - B) % P == 0


def add(left: Point | None, right: Point | None) -> Point | None:
    """Sum of two points; ``None`` is the point at infinity."""
    if left is None or right is None:
        return right if left is None else left
    if left.x == right.x:
        if (left.y + right.y) % P == 0:
            return None
        slope = 3 * left.x * left.x * pow(2 * left.y, -1, P) % P
    else:
        slope = (right.y - left.y) * pow(right.x - left.x, -1, P) % P
    x = (slope * slope - left.x - right.x) % P
    return Point(x, (slope * (left.x - x) - left.y) % P)


def negate(point: Point) -> Point:
    """The point that adds to infinity."""
    return Point(point.x, -point.y % P)


def multiply(scalar: int, point: Point) -> Point | None:
    """``scalar`` times a point, for any integer: double and add, low bit first."""
    scalar %= N
    total: Point | None = None
    power: Point | None = point
    while scalar:
        if scalar & 1:
            total = add(total, power)
        power = add(power, power)
        scalar >>= 1
    return total


def lift_x(x: int, odd: bool) -> Point | None:
    """The point with this x and parity of y, if x is in [0, P) and the x of a point."""
    if not 0 <= x < P:
        return None
    square = (x**3 + B) % P
    y = pow(square, (P + 1) // 4, P)
    if y * y % P != square:
        return None
    return Point(x, y if (y & 1) == odd else P - y)


def decode_key(key: bytes, hybrid: bool = False) -> Point | None:
    """The point of a SEC 1 key, or ``None``. 06|07 x y are read only when ``hybrid`` is set."""
    if len(key) == 33 and key[0] in (2, 3):
        return lift_x(int.from_bytes(key[1:], "big"), key[0] == 3)
    if len(key) != 65 or key[0] not in ((4, 6, 7) if hybrid else (4,)):
        return None
    x, y = int.from_bytes(key[1:33], "big"), int.from_bytes(key[33:], "big")
    if x >= P or y >= P or not on_curve(x, y):
        return None
    if key[0] != 4 and (y & 1) != (key[0] & 1):
        return None
    return Point(x, y)


def public_key(secret: int, compressed: bool = True) -> bytes:
    """SEC 1 key of a secret in [1, N): 33 bytes, or 65."""
    point = _public_point(secret)
    x, y = point.x.to_bytes(32, "big"), point.y.to_bytes(32, "big")
    return bytes([2 + (point.y & 1)]) + x if compressed else b"\x04" + x + y


def _public_point(secret: int) -> Point:
    point = multiply(secret, G)
    if not 1 <= secret < N or point is None:
        raise ValueError("a secret is a number in [1, n)")
    return point


def digest_integer(digest: bytes) -> int:
    """The leftmost 256 bits of a digest as an integer (bits2int); a shorter digest is the integer that it spells."""
    return int.from_bytes(digest[:32], "big")


def rfc6979_nonces(secret: int, digest: bytes, extra: bytes = b"") -> Iterator[int]:
    """Nonces of RFC 6979 section 3.2 with HMAC-SHA-256, in order; ``extra`` is the additional data of section 3.6."""
    seed = secret.to_bytes(32, "big") + (digest_integer(digest) % N).to_bytes(32, "big") + extra
    v, k = b"\x01" * 32, b"\x00" * 32
    for separator in (b"\x00", b"\x01"):
        k = hmac.digest(k, v + separator + seed, "sha256")
        v = hmac.digest(k, v, "sha256")
    while True:
        v = hmac.digest(k, v, "sha256")
        nonce = int.from_bytes(v, "big")
        if 1 <= nonce < N:
            yield nonce
        k = hmac.digest(k, v + b"\x00", "sha256")
        v = hmac.digest(k, v, "sha256")


def sign_ecdsa(secret: int, digest: bytes, extra: bytes = b"", low_s: bool = True) -> bytes:
    """64-byte signature r || s of a digest of one byte or more, with a nonce of RFC 6979."""
    if not 1 <= secret < N or not digest:
        raise ValueError("a secret is a number in [1, n) and a digest is not empty")
    for nonce in rfc6979_nonces(secret, digest, extra):
        r = _public_point(nonce).x % N
        s = (digest_integer(digest) + r * secret) * pow(nonce, -1, N) % N
        if r and s:
            s = N - s if low_s and s > N // 2 else s
            return r.to_bytes(32, "big") + s.to_bytes(32, "big")
    raise AssertionError("nonces do not end")


def verify_ecdsa(key: bytes, sig: bytes, digest: bytes, *, low_s: bool = False, hybrid: bool = False) -> bool:
    """Whether r || s is an ECDSA signature of the digest by the key; ``low_s`` refuses s > n/2."""
    point = decode_key(key, hybrid)
    if point is None or len(sig) != 64 or not digest:
        return False
    r, s = int.from_bytes(sig[:32], "big"), int.from_bytes(sig[32:], "big")
    if not (1 <= r < N and 1 <= s < N) or (low_s and s > N // 2):
        return False
    inverse = pow(s, -1, N)
    total = add(multiply(digest_integer(digest) * inverse, G), multiply(r * inverse, point))
    return total is not None and total.x % N == r


def tagged_hash(tag: str, data: bytes) -> bytes:
    """SHA-256 of SHA-256(tag) || SHA-256(tag) || data (BIP340)."""
    prefix = hashlib.sha256(tag.encode()).digest()
    return hashlib.sha256(prefix + prefix + data).digest()


def _challenge(r: bytes, key: bytes, msg: bytes) -> int:
    return int.from_bytes(tagged_hash("BIP0340/challenge", r + key + msg), "big") % N


def sign_bip340(secret: int, msg: bytes, aux: bytes = bytes(32)) -> bytes:
    """64-byte BIP340 signature of a message of any length, with 32 bytes of auxiliary randomness."""
    point = _public_point(secret)
    if len(aux) != 32:
        raise ValueError(f"auxiliary randomness is 32 bytes, got {len(aux)}")
    d = secret if point.y % 2 == 0 else N - secret
    key = point.x.to_bytes(32, "big")
    masked = d ^ int.from_bytes(tagged_hash("BIP0340/aux", aux), "big")
    nonce = int.from_bytes(tagged_hash("BIP0340/nonce", masked.to_bytes(32, "big") + key + msg), "big") % N
    nonce_point = _public_point(nonce)
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


def parse_der_strict(der: bytes) -> bytes | None:
    """r || s of a DER signature (64 bytes), or ``None``: encode what was read and compare.

    Integers must be non-negative and have at most 256 bits.
    """
    compact = parse_der_lax(der)
    return compact if compact is not None and encode_der(compact) == der else None


def encode_der(sig: bytes) -> bytes:
    """The one DER encoding of r || s, without a hash type."""

    def integer(value: bytes) -> bytes:
        number = int.from_bytes(value, "big")
        body = number.to_bytes(number.bit_length() // 8 + 1, "big")  # one bit more than needed: the sign
        return bytes([2, len(body)]) + body

    body = integer(sig[:32]) + integer(sig[32:])
    return bytes([0x30, len(body)]) + body


def parse_der_lax(der: bytes) -> bytes | None:
    """r || s as Bitcoin's tolerant parser reads it, or ``None``; all zero where a number has more than 256 bits.

    The sequence's length is skipped whatever it says; integers are unsigned, may have long-form lengths, leading
    zeros or no bytes at all; whatever follows s is ignored.
    """
    try:
        if der[0] != 0x30:
            return None
        at = 2 + (der[1] & 0x7F if der[1] & 0x80 else 0)
        r, at = _lax_integer(der, at)
        s, at = _lax_integer(der, at)
    except (IndexError, ValueError):
        return None
    return bytes(64) if max(r, s) >> 256 else r.to_bytes(32, "big") + s.to_bytes(32, "big")


def _lax_integer(der: bytes, at: int) -> tuple[int, int]:
    """The integer at an offset and the offset behind it; IndexError or ValueError when it is not there."""
    if der[at] != 2:
        raise ValueError("an INTEGER starts with 02")
    length = der[at + 1]
    at += 2
    if length & 0x80:
        digits = der[at : at + (length & 0x7F)]
        at += length & 0x7F
        length = int.from_bytes(digits, "big")
        if at > len(der) or length >= 1 << 24:
            raise ValueError("a length that ends outside, or of more than three bytes that count")
    if at + length > len(der):
        raise ValueError("a value that ends outside")
    return int.from_bytes(der[at : at + length], "big"), at + length


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
