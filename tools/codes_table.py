"""Writes docs/codes.md from ext/base/codes.def, the one list of codes.

    python tools/codes_table.py            # writes the file
    python tools/codes_table.py --check    # exit code 1 when the file is not what would be written
"""

from __future__ import annotations

import argparse
import re
import sys
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent
SOURCE: Final = ROOT / "ext/base/codes.def"
TARGET: Final = ROOT / "docs/codes.md"

# first number of each group, and its name
GROUPS: Final = (
    (0, "Valid"),
    (1000, "Wire: how bytes are laid out"),
    (2000, "Claims: how parts add up"),
    (3000, "Signatures"),
    (4000, "Hashes and trees"),
    (5000, "Bitcoin"),
    (5300, "CometBFT"),
    (5500, "Other chains"),
)

HEAD: Final = """# Codes

What a verdict, and each of its findings, says. Names and numbers are stable for ever; texts are for people and
may change. The list is made from `ext/base/codes.def` by `tools/codes_table.py`. `isthmus info --codes` prints
it, and `isthmus.codes()` has it in Python.
"""


def render() -> str:
    """The text of docs/codes.md."""
    rows = re.findall(r'^X\((\w+), (\d+), "(.*)"\)', SOURCE.read_text(encoding="utf-8"), re.M)
    entries = sorted((int(number), name, text) for name, number, text in rows)
    parts = [HEAD]
    for (first, title), (end, _) in zip(GROUPS, (*GROUPS[1:], (1 << 16, "")), strict=True):
        group = [entry for entry in entries if first <= entry[0] < end]
        if group:
            parts.append(f"\n## {title}\n\n| number | code | meaning |\n|---|---|---|\n")
            parts += [f"| {number} | `{name}` | {text.replace('|', chr(92) + '|')} |\n" for number, name, text in group]
    return "".join(parts)


def main() -> int:
    """Writes or checks; returns the exit code."""
    parser = argparse.ArgumentParser(description="Writes docs/codes.md from ext/base/codes.def.")
    parser.add_argument("--check", action="store_true", help="only tell whether the file is up to date")
    text = render()
    if not parser.parse_args().check:
        TARGET.write_text(text, encoding="utf-8")
        return 0
    if TARGET.exists() and TARGET.read_text(encoding="utf-8") == text:
        return 0
    print(f"{TARGET.relative_to(ROOT)} is not what ext/base/codes.def says: run python tools/codes_table.py")
    return 1


if __name__ == "__main__":
    sys.exit(main())
