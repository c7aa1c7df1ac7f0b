"""Derives every Ed25519 constant that stands in the C++ source, from the definitions in RFC 8032 section 5.1.

    python tools/derive_ed25519.py            prints the constants
    python tools/derive_ed25519.py --check    compares them with the source; exit status 1 if one differs
    python tools/derive_ed25519.py --write    writes ext/curve/ed25519_base.inc

Checked: L and the Barrett factor (ext/field/sc25519.hpp), d, 2d, sqrt(-1) (ext/curve/ed25519.hpp) and the
odd multiples of the base point (ext/curve/ed25519_base.inc).
"""

from __future__ import annotations

import argparse
import re
import sys
from pathlib import Path

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P
SQRT_M1 = pow(2, (P - 1) // 4, P)
TABLE_COUNT = 128

EXT = Path(__file__).resolve().parent.parent / "ext"
TABLE = EXT / "curve" / "ed25519_base.inc"


def words(value: int, bits: int, count: int) -> list[int]:
    """Little-endian words of ``bits`` bits."""
    return [value >> bits * i & (1 << bits) - 1 for i in range(count)]


def constants() -> dict[tuple[str, str], list[int]]:
    """(file below ext, C++ name) -> the words that must stand there."""
    return {
        ("field/sc25519.hpp", "kSc25519Order"): words(L, 64, 4),
        ("field/sc25519.hpp", "kSc25519Barrett"): words(2**512 // L, 64, 5),
        ("curve/ed25519.hpp", "kEd25519D"): words(D, 51, 5),
        ("curve/ed25519.hpp", "kEd25519D2"): words(2 * D % P, 51, 5),
        ("curve/ed25519.hpp", "kEd25519SqrtM1"): words(SQRT_M1, 51, 5),
    }


def base_point() -> tuple[int, int]:
    """y = 4/5 and the even x (RFC 8032 section 5.1)."""
    y = 4 * pow(5, -1, P) % P
    square = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x = pow(square, (P + 3) // 8, P)
    if x * x % P != square:
        x = x * SQRT_M1 % P
    assert x * x % P == square
    return (P - x if x & 1 else x), y


def add(left: tuple[int, int], right: tuple[int, int]) -> tuple[int, int]:
    """The affine group law (RFC 8032 section 5.1.4)."""
    product = D * left[0] * right[0] * left[1] * right[1] % P
    x = (left[0] * right[1] + left[1] * right[0]) * pow(1 + product, -1, P) % P
    y = (left[1] * right[1] + left[0] * right[0]) * pow(1 - product, -1, P) % P
    return x, y


def hex_words(values: list[int]) -> str:
    """The words as C++ hexadecimal literals."""
    return ", ".join(f"0x{value:x}" for value in values)


def table() -> str:
    """Text of ed25519_base.inc: B, 3B, 5B, ... as (y + x, y - x, 2 d x y), five limbs of 51 bits each."""
    lines = [
        "// Odd multiples B, 3B, 5B, ... of the Ed25519 base point as {y + x, y - x, 2dxy},",
        "// limbs of 51 bits.",
        "// Written by `tools/derive_ed25519.py --write`; `--check` derives it anew and compares.",
        "// clang-format off",
    ]
    point = base_point()
    double = add(point, point)
    for _ in range(TABLE_COUNT):
        x, y = point
        parts = ((y + x) % P, (y - x) % P, 2 * D * x * y % P)
        rows = [f"{{{{{hex_words(words(part, 51, 5))}}}}}" for part in parts]
        lines.append("{" + ",\n ".join(rows) + "},")
        point = add(point, double)
    lines.append("// clang-format on")
    return "\n".join(lines) + "\n"


def found(text: str, name: str) -> list[int] | None:
    """The integer literals of the initialiser of ``name`` in a C++ text; None if there is none."""
    match = re.search(rf"\b{name}(?:\[\d+\])?\s*=\s*([^;]*);", text)
    return [int(word, 0) for word in re.findall(r"0x[0-9a-fA-F]+|\b\d+\b", match.group(1))] if match else None


def check() -> int:
    """Number of differences between derived constants and the source; each is printed."""
    wrong = 0
    for (file, name), expected in constants().items():
        if found((EXT / file).read_text(), name) != expected:
            print(f"ext/{file}: {name} should be {{{hex_words(expected)}}}")
            wrong += 1
    if TABLE.read_text() != table():
        print(f"ext/{TABLE.relative_to(EXT)}: differs; run with --write")
        wrong += 1
    return wrong


def main() -> int:
    """Entry point; returns the exit status."""
    parser = argparse.ArgumentParser(description="Derive the Ed25519 constants.")
    parser.add_argument("--check", action="store_true", help="compare with the source")
    parser.add_argument("--write", action="store_true", help="write the table of base point multiples")
    options = parser.parse_args()
    if options.check:
        return 1 if check() else 0
    if options.write:
        TABLE.write_text(table())
        return 0
    for (file, name), expected in constants().items():
        print(f"ext/{file}: {name} = {{{hex_words(expected)}}}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
