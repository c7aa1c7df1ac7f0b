"""ECDSA over any curve of `weierstrass`, and signatures in DER: the oracle of the native code, for tests and teaching.

Sources: SEC 1 version 2 sections 4.1.3 to 4.1.6 (signing, verifying, recovering the key), FIPS 186-5 section 6.4 (which
bits of a digest count), RFC 6979 (nonces), X.690 section 10 (DER), BIP66 (strict DER in Bitcoin).

One rule for all curves: keys 02|03 x and 04 x y, and 06|07 x y where hybrid keys are allowed; r and s in [1, n); high s
allowed unless low s is demanded; of a digest of one byte or more, as many leftmost bits as n has.

Verifiers return ``False`` for bytes of any length that are refused and never raise. Nothing here is constant time:
never sign with it outside tests.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterator

from isthmus.reference.weierstrass import Curve, Point


def digest_integer(curve: Curve, digest: bytes) -> int:
    """The leftmost bits of a digest, as many as n has, as an integer (bits2int); a shorter digest is the integer that
    it spells."""
    return int.from_bytes(digest[: curve.width], "big")  # all our orders fill their last byte


def rfc6979_nonces(
    curve: Curve, secret: int, digest: bytes, extra: bytes = b"", hash_name: str = "sha256"
) -> Iterator[int]:
    """Nonces of RFC 6979 section 3.2, in order; ``extra`` is the additional data of section 3.6."""
    width = curve.width
    seed = secret.to_bytes(width, "big") + (digest_integer(curve, digest) % curve.n).to_bytes(width, "big") + extra
    size = len(hmac.digest(b"", b"", hash_name))
    v, k = b"\x01" * size, b"\x00" * size
    for separator in (b"\x00", b"\x01"):
        k = hmac.digest(k, v + separator + seed, hash_name)
        v = hmac.digest(k, v, hash_name)
    while True:
        drawn = b""
        while len(drawn) < width:
            v = hmac.digest(k, v, hash_name)
            drawn += v
        nonce = int.from_bytes(drawn[:width], "big")
        if 1 <= nonce < curve.n:
            yield nonce
        k = hmac.digest(k, v + b"\x00", hash_name)
        v = hmac.digest(k, v, hash_name)


def sign(
    curve: Curve, secret: int, digest: bytes, extra: bytes = b"", *, low_s: bool = True, hash_name: str = "sha256"
) -> bytes:
    """Signature r || s of a digest of one byte or more, with a nonce of RFC 6979."""
    if not 1 <= secret < curve.n or not digest:
        raise ValueError("a secret is a number in [1, n) and a digest is not empty")
    for nonce in rfc6979_nonces(curve, secret, digest, extra, hash_name):
        r = curve.public_point(nonce).x % curve.n
        s = (digest_integer(curve, digest) + r * secret) * pow(nonce, -1, curve.n) % curve.n
        if r and s:
            s = curve.n - s if low_s and s > curve.n // 2 else s
            return r.to_bytes(curve.width, "big") + s.to_bytes(curve.width, "big")
    raise AssertionError("nonces do not end")


def _read(curve: Curve, sig: bytes, low_s: bool) -> tuple[int, int] | None:
    """r and s, or ``None`` where a length or a range is wrong."""
    if len(sig) != 2 * curve.width:
        return None
    r, s = int.from_bytes(sig[: curve.width], "big"), int.from_bytes(sig[curve.width :], "big")
    if not (1 <= r < curve.n and 1 <= s < curve.n) or (low_s and s > curve.n // 2):
        return None
    return r, s


def verify(curve: Curve, key: bytes, sig: bytes, digest: bytes, *, low_s: bool = False, hybrid: bool = False) -> bool:
    """Whether r || s is an ECDSA signature of the digest by the key; ``low_s`` refuses s > n/2."""
    point, numbers = curve.decode(key, hybrid), _read(curve, sig, low_s)
    if point is None or numbers is None or not digest:
        return False
    r, s = numbers
    inverse = pow(s, -1, curve.n)
    u1, u2 = digest_integer(curve, digest) * inverse, r * inverse
    total = curve.add(curve.multiply(u1, curve.g), curve.multiply(u2, point))
    return total is not None and total.x % curve.n == r


def recover(curve: Curve, sig: bytes, digest: bytes, *, low_s: bool = False) -> Point | None:
    """The key under which r || s || v signs the digest, or ``None`` (SEC 1 section 4.1.6).

    Bit 0 of v is the parity of R's y, bit 1 says that R's x is r + n; v may have 27 added to it, as Bitcoin and
    Ethereum write it. No other v is read, and no digest of no bytes.
    """
    numbers = _read(curve, sig[:-1], low_s)
    if numbers is None or sig[-1] not in (0, 1, 2, 3, 27, 28, 29, 30) or not digest:
        return None
    r, s = numbers
    v = sig[-1] % 27
    nonce_point = curve.lift_x(r + curve.n if v & 2 else r, odd=bool(v & 1))
    if nonce_point is None:
        return None
    inverse = pow(r, -1, curve.n)
    u1, u2 = -digest_integer(curve, digest) * inverse, s * inverse
    return curve.add(curve.multiply(u1, curve.g), curve.multiply(u2, nonce_point))


def parse_der_strict(der: bytes, width: int = 32) -> bytes | None:
    """r || s of a DER signature (two numbers of ``width`` bytes), or ``None``: encode what was read and compare.

    Integers must be non-negative and fit ``width`` bytes.
    """
    compact = parse_der_lax(der, width)
    return compact if compact is not None and encode_der(compact) == der else None


def encode_der(sig: bytes) -> bytes:
    """The one DER encoding of r || s of up to 48 bytes each, without a hash type."""

    def integer(value: bytes) -> bytes:
        number = int.from_bytes(value, "big")
        body = number.to_bytes(number.bit_length() // 8 + 1, "big")  # one bit more than needed: the sign
        return bytes([2, len(body)]) + body

    body = integer(sig[: len(sig) // 2]) + integer(sig[len(sig) // 2 :])
    return bytes([0x30, len(body)]) + body  # at most 2 (2 + 49) bytes: the short form of a length


def parse_der_lax(der: bytes, width: int = 32) -> bytes | None:
    """r || s as Bitcoin's tolerant parser reads it, or ``None``; all zero where a number does not fit ``width`` bytes.

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
    return bytes(2 * width) if max(r, s) >> 8 * width else r.to_bytes(width, "big") + s.to_bytes(width, "big")


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
