"""Prove ext/sign/sm2_params.hpp from the definition of the SM2 curve, and make the table ext/sign/sm2_comb.inc.

Source of the definition: GB/T 32918.5-2017, the recommended curve (p, a, b, n, G); the same numbers stand in RFC 8998
and in ISO/IEC 14888-3. Computed here: that p and n are prime, a = p - 3, G lies on the curve and n G is the point at
infinity, so that n is the group's order (by Hasse's bound no other multiple of n is near p); and the points that are
the sums of G, 2^64 G, 2^128 G and 2^192 G (Lim and Lee, CRYPTO 1994).

Usage: ``python tools/derive_sm2_sign.py`` prints the words and small multiples of G; ``--write`` writes the table;
``--check`` compares both files and exits with status 1 when one differs.
"""

from __future__ import annotations

import argparse
import re
import sys
from math import isqrt
from pathlib import Path

P = 2**256 - 2**224 - 2**96 + 2**64 - 1
A = 0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF00000000FFFFFFFFFFFFFFFC
B = 0x28E9FA9E9D9F5E344D5A9E4BCF6509A7F39789F515AB8F92DDBCBD414D940E93
N = 0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFF7203DF6B21C6052B53BBF40939D54123
GENERATOR = (
    0x32C4AE2C1F1981195F9904466A39C9948FE30BBFF2660BE1715A4589334C74C7,
    0xBC3736A2F4F6779C59BDCEE36B692153D0A9877CC62A474002DF32E52139F0A0,
)
HEADER = Path(__file__).resolve().parent.parent / "ext" / "sign" / "sm2_params.hpp"
TABLE = HEADER.with_name("sm2_comb.inc")
TABLE_HEAD = """\
// {x, y} of the sum of 2^(64 j) G over the bits j of i, for i = 1..15; words least significant first.
// Written by `tools/derive_sm2_sign.py --write`; `--check` derives it anew and compares.
// clang-format off
"""

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
        slope = (3 * left[0] * left[0] + A) * pow(2 * left[1], -1, P) % P
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


def words(value: int) -> list[int]:
    """Four words of 64 bits, least significant first."""
    assert 0 <= value < 2**256
    return [(value >> 64 * i) % 2**64 for i in range(4)]


def constants() -> dict[str, list[int]]:
    """Every constant of the header by name, proved."""
    assert is_prime(P)
    assert is_prime(N)
    assert P - 3 == A
    assert (4 * A**3 + 27 * B**2) % P != 0
    assert (GENERATOR[1] ** 2 - GENERATOR[0] ** 3 - A * GENERATOR[0] - B) % P == 0
    assert multiply(N, GENERATOR) is None
    assert abs(N - (P + 1)) <= 2 * isqrt(P) + 1
    return {
        "PrimeSm2": words(P),
        "OrderSm2": words(N),
        "kB": words(B),
        "kGeneratorX": words(GENERATOR[0]),
        "kGeneratorY": words(GENERATOR[1]),
    }


def braces(value: int) -> str:
    """A number as C++ writes its words."""
    return f"{{{', '.join(f'0x{word:016X}' for word in words(value))}}}"


def table() -> str:
    """The text of the table."""
    rows = []
    for i in range(1, 16):
        point = multiply(sum(2 ** (64 * j) for j in range(4) if i >> j & 1), GENERATOR)
        assert point is not None
        rows.append(f"{{{braces(point[0])},\n {braces(point[1])}}},\n")
    return TABLE_HEAD + "".join(rows)


def check_files() -> int:
    """How many constants differ from what is committed; each is printed."""
    wrong = 0
    text = HEADER.read_text(encoding="utf-8") if HEADER.exists() else ""
    for name, wanted in constants().items():
        match = re.search(rf"\b{name}\b[^=]*= \{{([^}}]*)\}};", text)
        found = [int(word, 16) for word in re.findall(r"0x[0-9A-Fa-f]+", match.group(1))] if match else []
        if found != wanted:
            print(f"{HEADER.name}: {name} is {found}, derived {wanted}", file=sys.stderr)
            wrong += 1
    if not TABLE.exists() or TABLE.read_text(encoding="utf-8") != table():
        print(f"{TABLE.name}: not what --write would write", file=sys.stderr)
        wrong += 1
    return wrong


def main() -> int:
    """Print the constants, write the table, or compare both files."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--check", action="store_true", help="compare with the files instead of printing")
    parser.add_argument("--write", action="store_true", help="write the table")
    arguments = parser.parse_args()
    if arguments.write:
        TABLE.write_text(table(), encoding="utf-8")
        return 0
    if arguments.check:
        wrong = check_files()
        if wrong == 0:
            print(f"{HEADER.name}, {TABLE.name}: all constants are as derived")
        return 1 if wrong else 0
    for name, wanted in constants().items():
        print(f"{name} = {{{', '.join(f'0x{word:016X}' for word in wanted)}}}")
    for k in (2, 3, 15, 16, 17, N - 2, N - 1):
        point = multiply(k, GENERATOR)
        assert point is not None
        print(f"{k:x} G = {point[0]:064x}, {point[1]:064x}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
