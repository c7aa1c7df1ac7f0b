"""Writes the tables of docs/ that follow from the source: codes.md and acceptance.md.

    python tools/doc_tables.py            # writes the files
    python tools/doc_tables.py --check    # exit code 1 when a file is not what would be written

codes.md comes from ext/base/codes.def, acceptance.md from the tables that tests/accept runs.
"""

from __future__ import annotations

import argparse
import re
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).resolve().parent.parent

# First number of each group, and its name.
GROUPS: Final = (
    (0, "Valid"),
    (1000, "Wire: how bytes are laid out"),
    (2000, "Claims: how parts add up"),
    (3000, "Signatures"),
    (4000, "Hashes and trees"),
    (5000, "Bitcoin"),
    (5300, "CometBFT"),
    (5500, "FISCO BCOS"),
    (5600, "Hyperledger Fabric"),
    (5700, "ChainMaker"),
)

CODES_HEAD: Final = """# Codes

What a verdict, and each of its findings, says. Names and numbers are stable for ever; texts are for people and may
change. `tools/doc_tables.py` makes this list from `ext/base/codes.def`; `isthmus info --codes` prints it, and
`isthmus.codes()` has it in Python.
"""

ACCEPTANCE_HEAD: Final = """# What each scheme accepts

Libraries disagree about signatures at the edges: encodings that are not the shortest, points of small order, high or
low halves. Here the rule is part of the scheme's name, and every line below is a vector that the tests run through the
native core and through a slow reference that shares no code with it. `tools/doc_tables.py` makes this page from
`tests/accept/*.toml`, where the bytes stand.

A key or signature of a wrong length is a false row, never an error.
"""


def cell(text: str) -> str:
    """Text that may stand in a table."""
    return text.replace("|", "\\|").replace("\n", " ")


def codes_page() -> str:
    """The text of docs/codes.md."""
    source = (ROOT / "ext/base/codes.def").read_text(encoding="utf-8")
    entries = sorted((int(n), name, text) for name, n, text in re.findall(r'^X\((\w+), (\d+), "(.*)"\)', source, re.M))
    parts = [CODES_HEAD]
    for (first, title), (end, _) in zip(GROUPS, (*GROUPS[1:], (1 << 16, "")), strict=True):
        group = [entry for entry in entries if first <= entry[0] < end]
        if group:
            parts.append(f"\n## {title}\n\n| number | code | meaning |\n|---|---|---|\n")
            parts += [f"| {number} | `{name}` | {cell(text)} |\n" for number, name, text in group]
    return "".join(parts)


def notes_of(source: str) -> Iterator[str]:
    """The comment at the head of a table."""
    for line in source.splitlines():
        if not line.startswith("#"):
            return
        yield line.lstrip("# ").rstrip()


def options_of(table: dict[str, Any], case: dict[str, Any]) -> str:
    """What a case asks for beyond its bytes."""
    known = {"name", "reason", "key", "sig", "msg", "der", "out", "accept"}
    return ", ".join(f"{key} {case[key]}" for key in sorted(case.keys() - known) if case[key] != table.get(key))


def acceptance_page() -> str:
    """The text of docs/acceptance.md."""
    parts = [ACCEPTANCE_HEAD]
    for path in sorted((ROOT / "tests/accept").glob("*.toml")):
        source = path.read_text(encoding="utf-8")
        table = tomllib.loads(source)
        cases = table["case"]
        accepted = sum(case["accept"] for case in cases)
        title = table.get("scheme") or table.get("rule") or f"recovery, {table['recover']}"
        title += ", DER" if table.get("encoding") == "der" else ""
        parts.append(f"\n## {title}\n\n{' '.join(notes_of(source))}\n\n")
        parts.append(f"{len(cases)} cases, {accepted} accepted, {len(cases) - accepted} refused.\n\n")
        parts.append("| case | answer | why |\n|---|---|---|\n")
        for case in cases:
            options = options_of(table, case)
            name = cell(case["name"]) + (f" ({cell(options)})" if options else "")
            parts.append(f"| {name} | {'accept' if case['accept'] else 'refuse'} | {cell(case['reason'])} |\n")
    return "".join(parts)


def main() -> int:
    """Writes or checks; returns the exit code."""
    parser = argparse.ArgumentParser(description="Writes docs/codes.md and docs/acceptance.md.")
    parser.add_argument("--check", action="store_true", help="only tell whether the files are up to date")
    check = parser.parse_args().check
    stale = 0
    for name, text in (("codes.md", codes_page()), ("acceptance.md", acceptance_page())):
        path = ROOT / "docs" / name
        if not check:
            path.write_text(text, encoding="utf-8")
        elif not path.exists() or path.read_text(encoding="utf-8") != text:
            print(f"docs/{name} is not what its source says: run python tools/doc_tables.py")
            stale = 1
    return stale


if __name__ == "__main__":
    sys.exit(main())
