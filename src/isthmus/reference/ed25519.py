"""Ed25519 slowly and readably: the oracle of the native code, for tests and teaching.

Source: RFC 8032 section 5.1 for the curve, encodings, signing and the strict rule; ZIP 215 for the consensus
rule. The two rules differ in what they accept, so a rule is always named:

* :func:`verify_zip215`: any 32 bytes that give a curve point are a key or an R, canonical or not, of small
  order or not; ``s < L``; cofactored equation ``[8][s]B = [8]R + [8][k]A``.
* :func:`verify_rfc8032`: only canonical encodings; ``s < L``; equation without cofactor ``[s]B = R + [k]A``,
  decided by comparing the encoding of ``[s]B - [k]A`` with the bytes of R.

In both ``k = SHA-512(R || A || M) mod L`` over the bytes as given. Nothing here is constant time: never sign
with it outside tests.
"""

from __future__ import annotations

import hashlib
from typing import NamedTuple

P = 2**255 - 19
"""Prime of the field."""
L = 2**252 + 27742317777372353535851937790883648493
"""Prime order of the base point."""
D = -121665 * pow(121666, -1, P) % P
"""Curve constant of -x^2 + y^2 = 1 + d x^2 y^2."""
SQRT_M1 = pow(2, (P - 1) // 4, P)
"""A square root of -1."""


class Point(NamedTuple):
    """A curve point in affine coordinates, both in [0, P)."""

    x: int
    y: int


IDENTITY = Point(0, 1)


def add(left: Point, right: Point) -> Point:
    """Sum of two points (RFC 8032 section 5.1.4); complete, so it also doubles."""
    product = D * left.x * right.x * left.y * right.y % P
    x = (left.x * right.y + left.y * right.x) * pow(1 + product, -1, P) % P
    y = (left.y * right.y + left.x * right.x) * pow(1 - product, -1, P) % P
    return Point(x, y)


def negate(point: Point) -> Point:
    """The point that adds to the identity."""
    return Point(-point.x % P, point.y)


def multiply(scalar: int, point: Point) -> Point:
    """``[scalar]point`` for ``scalar >= 0``: double and add, projective, with one inversion in all."""
    total = (0, 1, 1)
    for bit in bin(scalar)[2:]:
        total = _add_projective(total, total)
        if bit == "1":
            total = _add_projective(total, (point.x, point.y, 1))
    inverse = pow(total[2], -1, P)
    return Point(total[0] * inverse % P, total[1] * inverse % P)


def _add_projective(left: tuple[int, int, int], right: tuple[int, int, int]) -> tuple[int, int, int]:
    """The affine law with denominators kept: (X, Y, Z) stands for (X/Z, Y/Z)."""
    z = left[2] * right[2] % P
    xx, yy = left[0] * right[0] % P, left[1] * right[1] % P
    product = D * xx * yy % P
    cross = (left[0] * right[1] + left[1] * right[0]) % P
    minus, plus = z * z - product, z * z + product
    return z * cross * minus % P, z * (yy + xx) * plus % P, minus * plus % P


def recover_x(y: int, sign: int) -> int | None:
    """The x in [0, P) of parity ``sign`` on the curve with ``y``, or None; x = 0 is given for either sign."""
    u, v = (y * y - 1) % P, (D * y * y + 1) % P
    square = u * pow(v, -1, P) % P
    x = pow(square, (P + 3) // 8, P)
    if x * x % P != square:
        x = x * SQRT_M1 % P
    if x * x % P != square:
        return None
    return -x % P if x & 1 != sign else x


def encode(point: Point) -> bytes:
    """The canonical 32 bytes of a point (RFC 8032 section 5.1.2)."""
    return (point.y | (point.x & 1) << 255).to_bytes(32, "little")


def decode_zip215(data: bytes) -> Point | None:
    """Any encoding of a curve point, else None: y of 255 bits may be P or more, x = 0 may carry the sign."""
    if len(data) != 32:
        return None
    number = int.from_bytes(data, "little")
    y = (number & (2**255 - 1)) % P
    x = recover_x(y, number >> 255)
    return None if x is None else Point(x, y)


def decode_rfc8032(data: bytes) -> Point | None:
    """The point of a canonical encoding (RFC 8032 section 5.1.3), None for anything else."""
    point = decode_zip215(data)
    return point if point is not None and encode(point) == data else None


def challenge(key: bytes, r_bytes: bytes, message: bytes) -> int:
    """k = SHA-512(R || A || M) mod L over the bytes as given."""
    return int.from_bytes(hashlib.sha512(r_bytes + key + message).digest(), "little") % L


def _split(key: bytes, signature: bytes) -> tuple[bytes, int] | None:
    """R bytes and s of a well-formed pair; None for wrong lengths or s >= L."""
    if len(key) != 32 or len(signature) != 64:
        return None
    s = int.from_bytes(signature[32:], "little")
    return None if s >= L else (signature[:32], s)


def verify_zip215(key: bytes, signature: bytes, message: bytes) -> bool:
    """Whether the signature verifies under ZIP 215."""
    parts = _split(key, signature)
    if parts is None:
        return False
    r_bytes, s = parts
    a_point, r_point = decode_zip215(key), decode_zip215(r_bytes)
    if a_point is None or r_point is None:
        return False
    k = challenge(key, r_bytes, message)
    rest = add(multiply(s, BASE), negate(add(r_point, multiply(k, a_point))))
    return multiply(8, rest) == IDENTITY


def verify_rfc8032(key: bytes, signature: bytes, message: bytes) -> bool:
    """Whether the signature verifies under RFC 8032: strict decoding, equation without cofactor."""
    parts = _split(key, signature)
    if parts is None:
        return False
    r_bytes, s = parts
    a_point = decode_rfc8032(key)
    if a_point is None:
        return False
    k = challenge(key, r_bytes, message)
    return encode(add(multiply(s, BASE), negate(multiply(k, a_point)))) == r_bytes


def public_key(seed: bytes) -> bytes:
    """The 32-byte public key of a 32-byte seed (RFC 8032 section 5.1.5)."""
    return encode(multiply(_expand(seed)[0], BASE))


def sign(seed: bytes, message: bytes) -> bytes:
    """The 64-byte signature of a message (RFC 8032 section 5.1.6). For tests only: not constant time."""
    a, prefix = _expand(seed)
    key = encode(multiply(a, BASE))
    r = int.from_bytes(hashlib.sha512(prefix + message).digest(), "little") % L
    r_bytes = encode(multiply(r, BASE))
    s = (r + challenge(key, r_bytes, message) * a) % L
    return r_bytes + s.to_bytes(32, "little")


def _expand(seed: bytes) -> tuple[int, bytes]:
    """Clamped secret scalar and nonce prefix of a seed. Raises ValueError unless it has 32 bytes."""
    if len(seed) != 32:
        raise ValueError(f"seed: expected 32 bytes, got {len(seed)}")
    digest = hashlib.sha512(seed).digest()
    scalar = int.from_bytes(digest[:32], "little") & ((1 << 254) - 8) | 1 << 254
    return scalar, digest[32:]


def _base() -> Point:
    """The base point: y = 4/5, x even (RFC 8032 section 5.1)."""
    y = 4 * pow(5, -1, P) % P
    x = recover_x(y, 0)
    assert x is not None
    return Point(x, y)


BASE = _base()
"""Generator of the group of order L."""


def small_order_points() -> list[Point]:
    """The eight points whose order divides 8, as multiples 0..7 of one of order 8."""
    y = 2
    while True:
        x = recover_x(y, 0)
        if x is not None:
            generator = multiply(L, Point(x, y))
            if multiply(4, generator) != IDENTITY:
                return [multiply(i, generator) for i in range(8)]
        y += 1
