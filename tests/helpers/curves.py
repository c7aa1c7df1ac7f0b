"""Keys and signatures for tests, made with plain integers: slow, but any edge value can be forced.

Ed25519 and secp256k1 arithmetic in affine or extended coordinates, enough to sign with chosen nonces, to
add torsion and to place a signature's r or s at the edge of its range. Nothing here is constant time.
"""

from __future__ import annotations

import functools
import hashlib
from typing import Final

# --- secp256k1

P: Final = 2**256 - 2**32 - 977
N: Final = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
Point = tuple[int, int] | None
G: Final[Point] = (
    0x79BE667EF9DCBBAC55A06295CE870B07029BFCDB2DCE28D959F2815B16F81798,
    0x483ADA7726A3C4655DA4FBFC0E1108A8FD17B448A68554199C47D08FFB10D4B8,
)


def add(a: Point, b: Point) -> Point:
    """Sum of two affine points; None is the point at infinity."""
    if a is None:
        return b
    if b is None:
        return a
    if a[0] == b[0]:
        if (a[1] + b[1]) % P == 0:
            return None
        slope = 3 * a[0] * a[0] * pow(2 * a[1], -1, P) % P
    else:
        slope = (b[1] - a[1]) * pow(b[0] - a[0], -1, P) % P
    x = (slope * slope - a[0] - b[0]) % P
    return x, (slope * (a[0] - x) - a[1]) % P


Jacobian = tuple[int, int, int]


def _double(a: Jacobian) -> Jacobian:
    x, y, z = a
    square = y * y % P
    s = 4 * x * square % P
    m = 3 * x * x % P
    x3 = (m * m - 2 * s) % P
    return x3, (m * (s - x3) - 8 * square * square) % P, 2 * y * z % P


def _add_affine(a: Jacobian, b: tuple[int, int]) -> Jacobian:
    """a + b for a Jacobian a (z = 0 at infinity) and an affine b."""
    x, y, z = a
    if z == 0:
        return b[0], b[1], 1
    zz = z * z % P
    h, r = (b[0] * zz - x) % P, (b[1] * z * zz - y) % P
    if h == 0:
        return _double(a) if r == 0 else (1, 1, 0)
    hh = h * h % P
    hhh, v = h * hh % P, x * hh % P
    x3 = (r * r - hhh - 2 * v) % P
    return x3, (r * (v - x3) - y * hhh) % P, z * h % P


@functools.cache
def _base_powers() -> list[tuple[int, int]]:
    """G, 2G, 4G, ... 2^255 G."""
    powers, point = [], G
    for _ in range(256):
        assert point is not None
        powers.append(point)
        point = add(point, point)
    return powers


def mul(k: int, point: Point = G) -> Point:
    """k times a point."""
    total: Jacobian = (1, 1, 0)
    k %= N
    if point is None:
        return None
    if point == G:
        for bit, power in enumerate(_base_powers()):
            if k >> bit & 1:
                total = _add_affine(total, power)
    else:
        for digit in bin(k)[2:]:
            total = _double(total)
            if digit == "1":
                total = _add_affine(total, point)
    if total[2] == 0:
        return None
    inverse = pow(total[2], -1, P)
    return total[0] * inverse * inverse % P, total[1] * pow(inverse, 3, P) % P


def lift_x(x: int) -> Point:
    """The point with this x and an even y, or None."""
    square = (pow(x, 3, P) + 7) % P
    y = pow(square, (P + 1) // 4, P)
    if x >= P or y * y % P != square:
        return None
    return x, y if y % 2 == 0 else P - y


def sec1(point: Point, *, compressed: bool = True) -> bytes:
    """SEC1 form of a point."""
    assert point is not None
    x, y = point
    if compressed:
        return bytes([2 + y % 2]) + x.to_bytes(32, "big")
    return b"\x04" + x.to_bytes(32, "big") + y.to_bytes(32, "big")


def ecdsa_sign(secret: int, digest: bytes, nonce: int) -> tuple[int, int]:
    """(r, s) with the given nonce; s is not brought to its low half."""
    point = mul(nonce)
    assert point is not None
    r = point[0] % N
    s = pow(nonce, -1, N) * (int.from_bytes(digest[:32], "big") + r * secret) % N
    assert r
    assert s
    return r, s


def compact(r: int, s: int) -> bytes:
    """r || s, 32 bytes each, big-endian."""
    return r.to_bytes(32, "big") + s.to_bytes(32, "big")


def der(r: int, s: int) -> bytes:
    """Strict DER of two non-negative integers."""

    def integer(value: int) -> bytes:
        raw = value.to_bytes(value.bit_length() // 8 + 1, "big")
        return b"\x02" + bytes([len(raw)]) + raw

    body = integer(r) + integer(s)
    return b"\x30" + bytes([len(body)]) + body


def tagged(tag: str, data: bytes) -> bytes:
    """BIP340's tagged hash."""
    prefix = hashlib.sha256(tag.encode()).digest()
    return hashlib.sha256(prefix + prefix + data).digest()


def schnorr_sign(secret: int, message: bytes, nonce: int) -> tuple[bytes, bytes]:
    """(x-only key, BIP340 signature) with the given nonce."""
    public, point = mul(secret), mul(nonce)
    assert public is not None
    assert point is not None
    d = secret if public[1] % 2 == 0 else N - secret
    k = nonce if point[1] % 2 == 0 else N - nonce
    key, r = public[0].to_bytes(32, "big"), point[0].to_bytes(32, "big")
    e = int.from_bytes(tagged("BIP0340/challenge", r + key + message), "big") % N
    return key, r + ((k + e * d) % N).to_bytes(32, "big")


# --- Ed25519

Q: Final = 2**255 - 19
ORDER: Final = 2**252 + 27742317777372353535851937790883648493
D: Final = -121665 * pow(121666, -1, Q) % Q
_ROOT: Final = pow(2, (Q - 1) // 4, Q)
EdPoint = tuple[int, int]
IDENTITY: Final[EdPoint] = (0, 1)


def ed_add(a: EdPoint, b: EdPoint) -> EdPoint:
    """Sum of two affine points; the addition law is complete."""
    product = D * a[0] * b[0] * a[1] * b[1] % Q
    x = (a[0] * b[1] + a[1] * b[0]) * pow(1 + product, -1, Q) % Q
    return x, (a[1] * b[1] + a[0] * b[0]) * pow(1 - product, -1, Q) % Q


def ed_mul(k: int, point: EdPoint) -> EdPoint:
    """k times a point, for k of any size; projective, with one inversion at the end."""

    def plus(a: tuple[int, int, int], b: tuple[int, int, int]) -> tuple[int, int, int]:
        z, xx, yy = a[2] * b[2] % Q, a[0] * b[0] % Q, a[1] * b[1] % Q
        product, square = D * xx * yy % Q, z * z % Q
        minus, more = square - product, square + product
        return z * minus * (a[0] * b[1] + a[1] * b[0]) % Q, z * more * (yy + xx) % Q, minus * more % Q

    total = (0, 1, 1)
    for digit in bin(k)[2:]:
        total = plus(total, total)
        if digit == "1":
            total = plus(total, (point[0], point[1], 1))
    inverse = pow(total[2], -1, Q)
    return total[0] * inverse % Q, total[1] * inverse % Q


def ed_x(y: int, sign: int) -> int | None:
    """The x coordinate for y with the given lowest bit, or None when y is on no point."""
    square = (y * y - 1) * pow(D * y * y + 1, -1, Q) % Q
    x = pow(square, (Q + 3) // 8, Q)
    if (x * x - square) % Q:
        x = x * _ROOT % Q
    if (x * x - square) % Q:
        return None
    return Q - x if x % 2 != sign and x else x


_BASE_Y: Final = 4 * pow(5, -1, Q) % Q
_BASE_X: Final = ed_x(_BASE_Y, 0)
assert _BASE_X is not None
BASE: Final[EdPoint] = (_BASE_X, _BASE_Y)


def ed_encode(point: EdPoint) -> bytes:
    """The canonical 32 bytes of a point."""
    return (point[1] | (point[0] & 1) << 255).to_bytes(32, "little")


def torsion_points() -> list[EdPoint]:
    """The eight points of small order, the identity first."""
    y = 2
    while True:
        x = ed_x(y, 0)
        if x is not None:
            generator = ed_mul(ORDER, (x, y))
            points = [ed_mul(i, generator) for i in range(8)]
            if len(set(points)) == 8:
                return points
        y += 1


def ed_secret(seed: bytes) -> tuple[int, bytes]:
    """RFC 8032's scalar and prefix of a 32-byte seed."""
    h = hashlib.sha512(seed).digest()
    scalar = int.from_bytes(h[:32], "little") & ((1 << 254) - 8) | (1 << 254)
    return scalar, h[32:]


def ed_challenge(r: bytes, key: bytes, message: bytes) -> int:
    """k = SHA-512(R || A || M) mod the group order."""
    return int.from_bytes(hashlib.sha512(r + key + message).digest(), "little") % ORDER


def ed_sign(
    scalar: int, message: bytes, nonce: int, *, key_torsion: EdPoint = IDENTITY, r_torsion: EdPoint = IDENTITY
) -> tuple[bytes, bytes]:
    """(key, signature) over A = scalar B + key_torsion and R = nonce B + r_torsion.

    The cofactored equation holds always; the plain one iff the torsion parts cancel.
    """
    key = ed_encode(ed_add(ed_mul(scalar, BASE), key_torsion))
    r = ed_encode(ed_add(ed_mul(nonce, BASE), r_torsion))
    s = (nonce + ed_challenge(r, key, message) * scalar) % ORDER
    return key, r + s.to_bytes(32, "little")
