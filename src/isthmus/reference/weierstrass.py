"""Curves y^2 = x^3 + a x + b over prime fields, slowly and readably, and their points as bytes.

Sources: SEC 1 version 2 sections 2.2.1 (the group law) and 2.3 (points as bytes). The curves that we use: secp256k1,
P-256, P-384 and SM2's recommended curve; each has prime order, so that every point but infinity generates the group.

Nothing here is constant time: never use it with a secret that matters.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple


class Point(NamedTuple):
    """A finite curve point in affine coordinates, both in [0, p)."""

    x: int
    y: int


@dataclass(frozen=True, slots=True)
class Curve:
    """A curve of prime order over a prime field with p = 3 mod 4, and its generator.

    ``p``  prime of the field                       ``n``  prime order of the group
    ``a``, ``b``  the curve is y^2 = x^3 + a x + b  ``g``  generator
    """

    p: int
    a: int
    b: int
    n: int
    g: Point

    @property
    def width(self) -> int:
        """Bytes of a coordinate and of a scalar."""
        return (self.n.bit_length() + 7) // 8

    def on_curve(self, x: int, y: int) -> bool:
        """Whether (x, y), both in [0, p), satisfies the equation."""
        return (y * y - x * x * x - self.a * x - self.b) % self.p == 0

    def add(self, left: Point | None, right: Point | None) -> Point | None:
        """Sum of two points; ``None`` is the point at infinity."""
        if left is None or right is None:
            return right if left is None else left
        p = self.p
        if left.x == right.x:
            if (left.y + right.y) % p == 0:
                return None
            slope = (3 * left.x * left.x + self.a) * pow(2 * left.y, -1, p) % p
        else:
            slope = (right.y - left.y) * pow(right.x - left.x, -1, p) % p
        x = (slope * slope - left.x - right.x) % p
        return Point(x, (slope * (left.x - x) - left.y) % p)

    def negate(self, point: Point) -> Point:
        """The point that adds to infinity."""
        return Point(point.x, -point.y % self.p)

    def multiply(self, scalar: int, point: Point) -> Point | None:
        """``scalar`` times a point, for any integer: double and add, low bit first."""
        scalar %= self.n
        total: Point | None = None
        power: Point | None = point
        while scalar:
            if scalar & 1:
                total = self.add(total, power)
            power = self.add(power, power)
            scalar >>= 1
        return total

    def lift_x(self, x: int, odd: bool) -> Point | None:
        """The point with this x and parity of y, if x is in [0, p) and the x of a point."""
        if not 0 <= x < self.p:
            return None
        square = (x**3 + self.a * x + self.b) % self.p
        y = pow(square, (self.p + 1) // 4, self.p)  # the root where there is one, because p = 3 mod 4
        if y * y % self.p != square:
            return None
        return Point(x, y if (y & 1) == odd else -y % self.p)

    def public_point(self, secret: int) -> Point:
        """``secret`` times the generator; ``ValueError`` for a secret outside [1, n)."""
        point = self.multiply(secret, self.g)
        if not 1 <= secret < self.n or point is None:
            raise ValueError("a secret is a number in [1, n)")
        return point

    def decode(self, key: bytes, hybrid: bool = False) -> Point | None:
        """The point of a SEC 1 key, or ``None``: 02|03 x, 04 x y, and 06|07 x y where ``hybrid`` is set."""
        width = self.width
        if len(key) == 1 + width and key[0] in (2, 3):
            return self.lift_x(int.from_bytes(key[1:], "big"), key[0] == 3)
        if len(key) != 1 + 2 * width or key[0] not in ((4, 6, 7) if hybrid else (4,)):
            return None
        x, y = int.from_bytes(key[1 : 1 + width], "big"), int.from_bytes(key[1 + width :], "big")
        if x >= self.p or y >= self.p or not self.on_curve(x, y):
            return None
        if key[0] != 4 and (y & 1) != (key[0] & 1):
            return None
        return Point(x, y)

    def encode(self, point: Point, compressed: bool = True) -> bytes:
        """The SEC 1 key of a point."""
        x, y = point.x.to_bytes(self.width, "big"), point.y.to_bytes(self.width, "big")
        return bytes([2 + (point.y & 1)]) + x if compressed else b"\x04" + x + y
