"""Derive every constant of ext/curve/secp256k1.hpp from the curve's definition.

Source of the definition: SEC 2 version 2, section 2.4.1 (p, a, b, G, n). All else is computed here: that p and n are
prime and n G is the point at infinity, the endomorphism (x, y) -> (beta x, y) = lambda (x, y), the short basis of its
lattice (extended Euclid on n and lambda), the scaled quotients that round to it, and the check word of the table of
odd multiples of G and 2^128 G.

Usage: ``python tools/derive_secp256k1.py`` prints the constants; ``--check`` compares them with the header and exits
with status 1 when one differs.
"""

from __future__ import annotations

import argparse
import re
import sys
from math import isqrt
from pathlib import Path

P = 2**256 - 2**32 - 977
N = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
B = 7
GENERATOR = (
    0x79BE667EF9DCBBAC55A06295CE870B07029BFCDB2DCE28D959F2815B16F81798,
    0x483ADA7726A3C4655DA4FBFC0E1108A8FD17B448A68554199C47D08FFB10D4B8,
)
HEADER = Path(__file__).resolve().parent.parent / "ext" / "curve" / "secp256k1.hpp"
WORD = 2**64

Point = tuple[int, int] | None


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


def add(left: Point, right: Point) -> Point:
    """Affine addition on the curve; None is the point at infinity."""
    if left is None or right is None:
        return right if left is None else left
    if left[0] == right[0]:
        if (left[1] + right[1]) % P == 0:
            return None
        slope = 3 * left[0] * left[0] * pow(2 * left[1], -1, P) % P
    else:
        slope = (right[1] - left[1]) * pow(right[0] - left[0], -1, P) % P
    x = (slope * slope - left[0] - right[0]) % P
    return x, (slope * (left[0] - x) - left[1]) % P


def multiply(k: int, point: Point) -> Point:
    """k times a point, k >= 0."""
    result: Point = None
    for bit in bin(k)[2:]:
        result = add(result, result)
        if bit == "1":
            result = add(result, point)
    return result


def cube_root_of_one(modulus: int) -> int:
    """The smaller number w with w^2 + w + 1 = 0 modulo a prime that is 1 modulo 3."""
    base = 2
    while (root := pow(base, (modulus - 1) // 3, modulus)) == 1:
        base += 1
    return min(root, modulus - 1 - root)


def endomorphism() -> tuple[int, int]:
    """(beta, lambda) with (beta x, y) = lambda (x, y); lambda is the smaller of the two roots."""
    lam = cube_root_of_one(N)
    image = multiply(lam, GENERATOR)
    assert image is not None
    assert image[1] == GENERATOR[1]
    beta = image[0] * pow(GENERATOR[0], -1, P) % P
    assert beta != 1
    assert pow(beta, 3, P) == 1
    return beta, lam


def short_basis(lam: int) -> tuple[tuple[int, int], tuple[int, int]]:
    """Two short (a, b) with a + b lambda = 0 mod n and determinant n.

    They are neighbours in the extended Euclid of (n, lambda).
    """
    rows = [(N, 0), (lam, 1)]  # every row (r, t) has r = t lambda mod n
    while rows[-1][0] != 0:
        quotient = rows[-2][0] // rows[-1][0]
        rows.append((rows[-2][0] - quotient * rows[-1][0], rows[-2][1] - quotient * rows[-1][1]))
    first = next(i for i, row in enumerate(rows) if row[0] < isqrt(N))
    candidates = sorted((rows[first - 1], rows[first + 1]), key=lambda row: row[0] ** 2 + row[1] ** 2)
    v1 = (rows[first][0], -rows[first][1])
    v2 = (candidates[0][0], -candidates[0][1])
    if v1[0] * v2[1] - v1[1] * v2[0] < 0:
        v2 = (-v2[0], -v2[1])
    assert v1[0] * v2[1] - v1[1] * v2[0] == N
    return v1, v2


def rounded(numerator: int, denominator: int) -> int:
    """The nearest integer to a quotient of positive integers."""
    return (2 * numerator + denominator) // (2 * denominator)


def inverted(values: list[int]) -> list[int]:
    """All inverses mod p with one inversion (Montgomery's trick)."""
    prefix, product = [], 1
    for value in values:
        prefix.append(product)
        product = product * value % P
    inverse, out = pow(product, -1, P), []
    for value, before in zip(reversed(values), reversed(prefix), strict=True):
        out.append(inverse * before % P)
        inverse = inverse * value % P
    return out[::-1]


def odd_multiples(point: tuple[int, int], count: int) -> list[tuple[int, int]]:
    """[1, 3, 5, ...] times a point, affine.

    From k known entries T_0 .. T_(k-1) the next k are T_i + 2k P, so that inversions are shared.
    """
    table = [point]
    step = add(point, point)
    while len(table) < count:
        assert step is not None
        inverses = inverted([(x - step[0]) % P for x, _ in table])
        more: list[tuple[int, int]] = []
        for (x, y), inverse in zip(table, inverses, strict=True):
            slope = (y - step[1]) * inverse % P
            x3 = (slope * slope - x - step[0]) % P
            more.append((x3, (slope * (x - x3) - y) % P))
        table += more
        step = add(step, step)
    return table[:count]


def table_check(window: int, steps: int) -> int:
    """The check word of the base table.

    x = (x ^ word) * 0x100000001B3 mod 2^64, over the words of all x and y in order.
    """
    check = 0xCBF29CE484222325
    for start in (GENERATOR, multiply(2**steps, GENERATOR)):
        assert start is not None
        for point in odd_multiples(start, 2 ** (window - 2)):
            for coordinate in point:
                for i in range(4):
                    check = (check ^ (coordinate >> 64 * i) % WORD) * 0x100000001B3 % WORD
    return check


def constants(window: int, steps: int) -> dict[str, list[int]]:
    """Every constant of the header by name, as 64-bit words, least significant first."""
    assert is_prime(P)
    assert is_prime(N)
    assert (GENERATOR[1] ** 2 - GENERATOR[0] ** 3 - B) % P == 0
    assert multiply(N, GENERATOR) is None
    beta, lam = endomorphism()
    (a1, b1), (a2, b2) = short_basis(lam)
    assert b1 < 0 < min(a1, a2, b2)
    assert max(a1 + a2, b2 - b1) < 2**129 - 8  # halves of a scalar stay below 2^128

    def words(value: int, count: int) -> list[int]:
        assert 0 <= value < WORD**count
        return [(value >> 64 * i) % WORD for i in range(count)]

    return {
        "kModulus": words(N, 4),
        "kGeneratorX": words(GENERATOR[0], 4),
        "kGeneratorY": words(GENERATOR[1], 4),
        "kBeta": words(beta, 4),
        "kLambda": words(lam, 4),
        "kA1": words(a1, 3),
        "kMinusB1": words(-b1, 3),
        "kA2": words(a2, 3),
        "kB2": words(b2, 3),
        "kG1": words(rounded(2**384 * b2, N), 4),
        "kG2": words(rounded(2**384 * -b1, N), 4),
        "kBaseTableCheck": words(table_check(window, steps), 1),
    }


def main() -> int:
    """Print the constants, or compare them with the header."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--check", action="store_true", help="compare with the header instead of printing")
    arguments = parser.parse_args()
    text = HEADER.read_text(encoding="utf-8") if HEADER.exists() else ""

    def setting(name: str, default: int) -> int:
        match = re.search(rf"\b{name} = (\d+);", text)
        return int(match.group(1)) if match else default

    wrong = 0
    for name, words in constants(setting("kBaseWindow", 12), setting("kSteps", 128)).items():
        if not arguments.check:
            print(f"{name} = {{{', '.join(f'0x{word:016X}' for word in words)}}}")
            continue
        match = re.search(rf"\b{name}(?:\[\d\])? = \{{?([^;}}]*)\}}?;", text)
        found = [int(word, 16) for word in re.findall(r"0x[0-9A-Fa-f]+", match.group(1))] if match else []
        if found + [0] * (len(words) - len(found)) != words:
            print(f"{HEADER.name}: {name} is {found}, derived {words}", file=sys.stderr)
            wrong += 1
    if arguments.check and wrong == 0:
        print(f"{HEADER.name}: all constants are as derived")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
