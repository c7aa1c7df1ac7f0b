"""Keys and signatures for tests, made with plain integers: slow, but any edge value can be forced.

Ed25519 arithmetic in affine or extended coordinates and secp256k1, enough to sign with chosen nonces, to
add torsion and to place a signature's r or s at the edge of its range. Nothing here is constant time.
"""

from __future__ import annotations

import hashlib
from typing import Final

from helpers.weierstrass import Group, Point

# --- secp256k1

P: Final = 2**256 - 2**32 - 977
N: Final = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
G: Final = (
    0x79BE667EF9DCBBAC55A06295CE870B07029BFCDB2DCE28D959F2815B16F81798,
    0x483ADA7726A3C4655DA4FBFC0E1108A8FD17B448A68554199C47D08FFB10D4B8,
)
K1: Final = Group(P, 0, 7, N, G)

add: Final = K1.add
lift_x: Final = K1.lift_x
sec1: Final = K1.sec1
ecdsa_sign: Final = K1.ecdsa_sign
compact: Final = K1.compact


def mul(k: int, point: Point = G) -> Point:
    """k times a point."""
    return None if point is None else K1.mul(k, point)


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
