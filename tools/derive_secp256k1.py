"""Derive every constant of ext/curve/secp256k1.hpp from the curve's definition.

Source of the definition: SEC 2 version 2, section 2.4.1 (p, a, b, G, n). All else is computed here: that p and n are
prime and n G is the point at infinity, the endomorphism (x, y) -> (beta x, y) = lambda (x, y), the short basis of its
lattice (extended Euclid on n and lambda), the scaled quotients that round to it, and the check word of the table of
odd multiples of G and 2^128 G.

Usage: ``python tools/derive_secp256k1.py`` prints the constants; ``--check`` compares them with the header and exits
with status 1 when one differs.
"""

from __future__ import annotations

import sys
from math import isqrt
from pathlib import Path

from weierstrass import Constants, Curve, Header, run, words

P = 2**256 - 2**32 - 977
N = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
GENERATOR = (
    0x79BE667EF9DCBBAC55A06295CE870B07029BFCDB2DCE28D959F2815B16F81798,
    0x483ADA7726A3C4655DA4FBFC0E1108A8FD17B448A68554199C47D08FFB10D4B8,
)
CURVE = Curve(p=P, a=0, b=7, n=N, generator=GENERATOR)
HEADER = Path(__file__).resolve().parent.parent / "ext" / "curve" / "secp256k1.hpp"


def cube_root_of_one(modulus: int) -> int:
    """The smaller number w with w^2 + w + 1 = 0 modulo a prime that is 1 modulo 3."""
    base = 2
    while (root := pow(base, (modulus - 1) // 3, modulus)) == 1:
        base += 1
    return min(root, modulus - 1 - root)


def endomorphism() -> tuple[int, int]:
    """(beta, lambda) with (beta x, y) = lambda (x, y); lambda is the smaller of the two roots."""
    lam = cube_root_of_one(N)
    image = CURVE.multiply(lam, GENERATOR)
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


def constants(header: Header) -> Constants:
    """Every constant of the header by name, as 64-bit words, least significant first."""
    CURVE.assert_sound()
    beta, lam = endomorphism()
    (a1, b1), (a2, b2) = short_basis(lam)
    assert b1 < 0 < min(a1, a2, b2)
    assert max(a1 + a2, b2 - b1) < 2**129 - 8  # halves of a scalar stay below 2^128
    check = CURVE.table_check(header.setting("kBaseWindow", 12), header.setting("kSteps", 128), 256)
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
        "kBaseTableCheck": words(check, 1),
    }


def main() -> int:
    """Print the constants, or compare them with the header."""
    return run((__doc__ or "").splitlines()[0], [(HEADER, constants)])


if __name__ == "__main__":
    sys.exit(main())
