"""Every row of the written acceptance tables, through the native core and through the oracle.

A table is one TOML file per scheme: `scheme`, then `[[case]]` with a name, the reason, hexadecimal key, sig and msg,
and the answer. A case may name options: `encoding`, `low_s`.
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest
from helpers.subjects import SUBJECTS
from vectors.rows import SigRow

import isthmus

TABLES = {path.stem: tomllib.loads(path.read_text("utf-8")) for path in sorted(Path(__file__).parent.glob("*.toml"))}
KNOWN = {"name", "reason", "key", "sig", "msg", "accept", "scheme", "encoding", "low_s"}


def test_there_is_a_table_for_every_scheme() -> None:
    covered = {scheme_of(table, case) for table in TABLES.values() for case in table["case"]}
    assert covered == set(isthmus.schemes())


def scheme_of(table: dict[str, Any], case: dict[str, Any]) -> str:
    return str(case.get("scheme") or table["scheme"])


def unhex(text: str) -> bytes:
    return bytes.fromhex("".join(text.split()))


@pytest.mark.parametrize("subject", SUBJECTS)
@pytest.mark.parametrize("stem", TABLES)
def test_table(stem: str, subject: str) -> None:
    table = TABLES[stem]
    names = [case["name"] for case in table["case"]]
    assert len(set(names)) == len(names), "two rows of one name"
    assert {case["accept"] for case in table["case"]} == {True, False}, "a table says what is refused as well"
    wrong = []
    for case in table["case"]:
        assert case["reason"], "a row without a reason teaches nothing"
        assert set(case) <= KNOWN, (case["name"], sorted(set(case) - KNOWN))
        row = SigRow(stem, case["name"], *(unhex(case[part]) for part in ("key", "msg", "sig")), case["accept"])
        encoding, low_s = case.get("encoding", "compact"), case.get("low_s", False)
        if SUBJECTS[subject](scheme_of(table, case), [row], encoding, low_s) != [row.valid]:
            wrong.append(case["name"])
    assert not wrong
    if subject == "native":
        _all_at_once(table)


def _all_at_once(table: dict[str, Any]) -> None:
    """The rows of a table in one batch: neighbours must not change an answer."""
    plain = [case for case in table["case"] if "encoding" not in case and not case.get("low_s")]
    rows = [SigRow("", "", *(unhex(case[part]) for part in ("key", "msg", "sig")), case["accept"]) for case in plain]
    scheme = scheme_of(table, plain[0])
    assert SUBJECTS["native"](scheme, rows, "compact", False) == [row.valid for row in rows]
