"""Short Weierstrass curves y^2 = x^3 + a x + b in plain integers, for the scripts that derive a curve's constants.

Shares nothing with the code whose constants it checks: affine points, one inversion for each addition or, for tables,
for each doubling of the table.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Callable
from dataclasses import dataclass
from math import isqrt
from pathlib import Path

WORD = 2**64

Point = tuple[int, int] | None
Constants = dict[str, list[int]]


@dataclass(frozen=True)
class Curve:
    """A curve of prime order over a prime field, with its generator. None is the point at infinity."""

    p: int
    a: int
    b: int
    n: int
    generator: tuple[int, int]

    def add(self, left: Point, right: Point) -> Point:
        """Affine addition by chord and tangent."""
        if left is None or right is None:
            return right if left is None else left
        p = self.p
        if left[0] == right[0]:
            if (left[1] + right[1]) % p == 0:
                return None
            slope = (3 * left[0] * left[0] + self.a) * pow(2 * left[1], -1, p) % p
        else:
            slope = (right[1] - left[1]) * pow(right[0] - left[0], -1, p) % p
        x = (slope * slope - left[0] - right[0]) % p
        return x, (slope * (left[0] - x) - left[1]) % p

    def multiply(self, k: int, point: Point) -> Point:
        """k times a point, k >= 0."""
        result: Point = None
        for bit in bin(k)[2:]:
            result = self.add(result, result)
            if bit == "1":
                result = self.add(result, point)
        return result

    def assert_sound(self) -> None:
        """Field and group are of prime size, the generator is on the curve and of order n, the cofactor is 1."""
        p, (x, y) = self.p, self.generator
        assert is_prime(p)
        assert is_prime(self.n)
        assert (4 * self.a**3 + 27 * self.b**2) % p != 0
        assert (y * y - x**3 - self.a * x - self.b) % p == 0
        assert self.multiply(self.n, self.generator) is None
        # Hasse: the group's size lies within 2 sqrt(p) of p + 1, so no other multiple of n is possible.
        assert abs(self.n - p - 1) <= 2 * isqrt(p) + 1 < self.n // 2

    def odd_multiples(self, point: tuple[int, int], count: int) -> list[tuple[int, int]]:
        """[1, 3, 5, ...] times a point, affine.

        From k known entries T_0 .. T_(k-1) the next k are T_i + 2k P, so that inversions are shared.
        """
        p = self.p
        table = [point]
        step = self.add(point, point)
        while len(table) < count:
            assert step is not None
            inverses = inverted([(x - step[0]) % p for x, _ in table], p)
            more: list[tuple[int, int]] = []
            for (x, y), inverse in zip(table, inverses, strict=True):
                slope = (y - step[1]) * inverse % p
                x3 = (slope * slope - x - step[0]) % p
                more.append((x3, (slope * (x - x3) - y) % p))
            table += more
            step = self.add(step, step)
        return table[:count]

    def table_check(self, window: int, steps: int, scalar_bits: int) -> int:
        """The check word of the base table: odd multiples of 2^(steps s) G for each stream s of a scalar's bits.

        x = (x ^ word) * 0x100000001B3 mod 2^64, over the words of all x and y in order.
        """
        check = 0xCBF29CE484222325
        words = -(-self.p.bit_length() // 64)
        for stream in range(-(-scalar_bits // steps)):
            start = self.multiply(2 ** (steps * stream), self.generator)
            assert start is not None
            for point in self.odd_multiples(start, 2 ** (window - 2)):
                for coordinate in point:
                    for i in range(words):
                        check = (check ^ (coordinate >> 64 * i) % WORD) * 0x100000001B3 % WORD
        return check


def is_prime(n: int) -> bool:
    """Miller and Rabin's test with the first 40 primes as bases; a composite not made to fool it fails one."""
    bases = [q for q in range(2, 174) if all(q % d for d in range(2, isqrt(q) + 1))]
    odd, twos = n - 1, 0
    while odd % 2 == 0:
        odd, twos = odd // 2, twos + 1
    for base in bases:
        x = pow(base, odd, n)
        if x in (1, n - 1):
            continue
        for _ in range(twos - 1):
            x = x * x % n
            if x == n - 1:
                break
        else:
            return False
    return True


def inverted(values: list[int], modulus: int) -> list[int]:
    """All inverses with one inversion (Montgomery's trick)."""
    prefix, product = [], 1
    for value in values:
        prefix.append(product)
        product = product * value % modulus
    inverse, out = pow(product, -1, modulus), []
    for value, before in zip(reversed(values), reversed(prefix), strict=True):
        out.append(inverse * before % modulus)
        inverse = inverse * value % modulus
    return out[::-1]


def words(value: int, count: int) -> list[int]:
    """A number as 64-bit words, least significant first."""
    assert 0 <= value < WORD**count
    return [(value >> 64 * i) % WORD for i in range(count)]


class Header:
    """A curve's parameter file: its settings, and its constants against derived ones."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.text = path.read_text(encoding="utf-8") if path.exists() else ""

    def setting(self, name: str, default: int) -> int:
        """A decimal constant of the file, or the default where it has none."""
        match = re.search(rf"\b{name} = (\d+);", self.text)
        return int(match.group(1)) if match else default

    def _found(self, name: str) -> list[list[int]]:
        """Every constant of that name; two structs of one file may both have a kModulus."""
        bodies = re.findall(rf"\b{name}(?:\[\d\])? = \{{?([^;}}]*)\}}?;", self.text)
        return [[int(word, 16) for word in re.findall(r"0x[0-9A-Fa-f]+", body)] for body in bodies]

    def wrong(self, constants: Constants) -> int:
        """Prints each constant that differs; how many do. A derived name may be "Struct::name"."""
        count = 0
        for name, derived in constants.items():
            found = self._found(name.rpartition(":")[2])
            if not any(each + [0] * (len(derived) - len(each)) == derived for each in found):
                print(f"{self.path.name}: {name} is {found}, derived {derived}", file=sys.stderr)
                count += 1
        return count


def run(description: str, headers: list[tuple[Path, Callable[[Header], Constants]]]) -> int:
    """Print the constants of every header, or with --check compare them; the exit status."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--check", action="store_true", help="compare with the headers instead of printing")
    check = parser.parse_args().check
    wrong = 0
    for path, derive in headers:
        header = Header(path)
        constants = derive(header)
        if check:
            bad = header.wrong(constants)
            wrong += bad
            if bad == 0:
                print(f"{path.name}: all constants are as derived")
            continue
        print(f"// {path.name}")
        for name, values in constants.items():
            print(f"{name} = {{{', '.join(f'0x{word:016X}' for word in values)}}}")
    return 1 if wrong else 0
