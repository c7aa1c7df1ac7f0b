"""Make ext/sign/sm2_comb.inc: the sums of G, 2^64 G, 2^128 G and 2^192 G, from the definition of the SM2 curve.

The comb of Lim and Lee ("More flexible exponentiation with precomputation", CRYPTO 1994) with four teeth reads these 15
points. The curve is that of tools/derive_prime_curves.py, which proves it.

Usage: ``python tools/derive_sm2_sign.py`` prints small multiples of G, facts for tests; ``--write`` writes the table;
``--check`` compares it and exits with status 1 when it differs.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from derive_prime_curves import SM2
from weierstrass import words

TABLE = Path(__file__).resolve().parent.parent / "ext" / "sign" / "sm2_comb.inc"
HEAD = """\
// {x, y} of the sum of 2^(64 j) G over the bits j of i, for i = 1..15; words least significant first.
// Written by `tools/derive_sm2_sign.py --write`; `--check` derives it anew and compares.
// clang-format off
"""


def affine(k: int) -> tuple[int, int]:
    """k G, which is not infinity."""
    point = SM2.multiply(k, SM2.generator)
    assert point is not None
    return point


def braces(value: int) -> str:
    """A number as C++ writes its words."""
    return f"{{{', '.join(f'0x{word:016X}' for word in words(value, 4))}}}"


def table() -> str:
    """The text of the table."""
    SM2.assert_sound()
    points = [affine(sum(2 ** (64 * j) for j in range(4) if i >> j & 1)) for i in range(1, 16)]
    return HEAD + "".join(f"{{{braces(x)},\n {braces(y)}}},\n" for x, y in points)


def main() -> int:
    """Print multiples of G, write the table, or compare it."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--check", action="store_true", help="compare with the file instead of printing")
    parser.add_argument("--write", action="store_true", help="write the file")
    arguments = parser.parse_args()
    if arguments.write:
        TABLE.write_text(table(), encoding="utf-8")
    elif arguments.check:
        if not TABLE.exists() or TABLE.read_text(encoding="utf-8") != table():
            print(f"{TABLE.name}: not what --write would write", file=sys.stderr)
            return 1
        print(f"{TABLE.name}: all points are as derived")
    else:
        for k in (2, 3, 15, 16, 17):
            print(f"{k} G = {affine(k)[0]:064x}, {affine(k)[1]:064x}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
