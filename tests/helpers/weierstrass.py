"""Groups y^2 = x^3 + a x + b for test signers: Jacobian arithmetic of its own, faster than the oracles' affine one.

Enough to sign with chosen nonces and to make a key to which any r and s belong. Nothing here is constant time.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import Final

from isthmus.reference import nist, sm2
from isthmus.reference.weierstrass import Curve

Point = tuple[int, int] | None
"""Affine coordinates; None is the point at infinity."""
Jacobian = tuple[int, int, int]


@dataclass(frozen=True)
class Group:
    """A curve of prime order n over the field of p = 3 mod 4, with generator g."""

    p: int
    a: int
    b: int
    n: int
    g: tuple[int, int]

    @classmethod
    def of(cls, curve: Curve) -> Group:
        """The group of an oracle's curve."""
        return cls(curve.p, curve.a, curve.b, curve.n, (curve.g.x, curve.g.y))

    @property
    def width(self) -> int:
        """Bytes of a coordinate and of a scalar."""
        return (self.n.bit_length() + 7) // 8

    def number(self, value: int) -> bytes:
        """A coordinate or a scalar as bytes."""
        return value.to_bytes(self.width, "big")

    def add(self, a: Point, b: Point) -> Point:
        """Sum of two points."""
        if a is None:
            return b
        if b is None:
            return a
        p = self.p
        if a[0] == b[0]:
            if (a[1] + b[1]) % p == 0:
                return None
            slope = (3 * a[0] * a[0] + self.a) * pow(2 * a[1], -1, p) % p
        else:
            slope = (b[1] - a[1]) * pow(b[0] - a[0], -1, p) % p
        x = (slope * slope - a[0] - b[0]) % p
        return x, (slope * (a[0] - x) - a[1]) % p

    def _double(self, point: Jacobian) -> Jacobian:
        x, y, z = point
        p = self.p
        square = y * y % p
        s = 4 * x * square % p
        m = (3 * x * x + self.a * pow(z, 4, p)) % p
        x3 = (m * m - 2 * s) % p
        return x3, (m * (s - x3) - 8 * square * square) % p, 2 * y * z % p

    def _add_affine(self, point: Jacobian, b: tuple[int, int]) -> Jacobian:
        """The sum of a Jacobian point (z = 0 at infinity) and an affine one."""
        x, y, z = point
        p = self.p
        if z == 0:
            return b[0], b[1], 1
        zz = z * z % p
        h, r = (b[0] * zz - x) % p, (b[1] * z * zz - y) % p
        if h == 0:
            return self._double(point) if r == 0 else (1, 1, 0)
        hh = h * h % p
        hhh, v = h * hh % p, x * hh % p
        x3 = (r * r - hhh - 2 * v) % p
        return x3, (r * (v - x3) - y * hhh) % p, z * h % p

    @functools.cache  # noqa: B019 - the handful of groups live as long as the process
    def _base_powers(self) -> list[tuple[int, int]]:
        """g, 2g, 4g, ... up to the width of n."""
        powers, point = [], self.g
        for _ in range(self.n.bit_length()):
            powers.append(point)
            double = self.add(point, point)
            assert double is not None
            point = double
        return powers

    def mul(self, k: int, point: Point = None) -> Point:
        """k times a point; of the generator where none is given."""
        total: Jacobian = (1, 1, 0)
        k %= self.n
        if point is None or point == self.g:
            for bit, power in enumerate(self._base_powers()):
                if k >> bit & 1:
                    total = self._add_affine(total, power)
        else:
            for digit in bin(k)[2:]:
                total = self._double(total)
                if digit == "1":
                    total = self._add_affine(total, point)
        if total[2] == 0:
            return None
        inverse = pow(total[2], -1, self.p)
        return total[0] * inverse * inverse % self.p, total[1] * pow(inverse, 3, self.p) % self.p

    def lift_x(self, x: int) -> Point:
        """The point with this x and an even y, or None."""
        square = (pow(x, 3, self.p) + self.a * x + self.b) % self.p
        y = pow(square, (self.p + 1) // 4, self.p)
        if x >= self.p or y * y % self.p != square:
            return None
        return x, y if y % 2 == 0 else self.p - y

    def sec1(self, point: Point, *, compressed: bool = True) -> bytes:
        """SEC1 form of a point."""
        assert point is not None
        x, y = point
        if compressed:
            return bytes([2 + y % 2]) + self.number(x)
        return b"\x04" + self.number(x) + self.number(y)

    def compact(self, r: int, s: int) -> bytes:
        """r || s, big-endian."""
        return self.number(r) + self.number(s)

    def ecdsa_sign(self, secret: int, digest: bytes, nonce: int) -> tuple[int, int]:
        """(r, s) with the given nonce; s is not brought to its low half."""
        point = self.mul(nonce)
        assert point is not None
        r = point[0] % self.n
        s = pow(nonce, -1, self.n) * (int.from_bytes(digest[: self.width], "big") + r * secret) % self.n
        assert r
        assert s
        return r, s

    def sm2_sign(self, secret: int, e: int, nonce: int) -> tuple[int, int]:
        """(r, s) of SM2 for the integer e with the given nonce."""
        point = self.mul(nonce)
        assert point is not None
        r = (e + point[0]) % self.n
        s = pow(1 + secret, -1, self.n) * (nonce - r * secret) % self.n
        assert r
        assert s
        assert (r + nonce) % self.n
        return r, s


P256: Final = Group.of(nist.P256)
P384: Final = Group.of(nist.P384)
SM2: Final = Group.of(sm2.CURVE)
