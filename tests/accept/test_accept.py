"""Every row of the written acceptance tables, through the native core and through the oracle.

A table is one TOML file. For a scheme: `scheme`, then `[[case]]` with a name, the reason, hexadecimal key, sig and msg,
and the answer; a case may name options: `encoding`, `low_s`, `hybrid`, `hash`, and the hexadecimal `signer_id`, which
`signer_id_times` repeats; the table may name an `encoding` for all. For an encoding of signatures: `rule`, then
`[[case]]` with the bytes `der` and, where they are accepted, the 64 bytes `out` that they mean. For the recovery of
keys: `recover`, then `[[case]]` with hexadecimal sig and msg and, where there is one, the key `out`.
"""

from __future__ import annotations

import tomllib
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from helpers.subjects import RECOVERERS, SUBJECTS
from vectors.rows import SigRow

import isthmus
from isthmus.reference import secp256k1

TABLES = {path.stem: tomllib.loads(path.read_text("utf-8")) for path in sorted(Path(__file__).parent.glob("*.toml"))}
SCHEMES = {stem: table for stem, table in TABLES.items() if "scheme" in table}
ENCODINGS = {stem: table for stem, table in TABLES.items() if "rule" in table}
RECOVERIES = {stem: table for stem, table in TABLES.items() if "recover" in table}
OPTIONS = {"encoding", "low_s", "hash", "signer_id"}
KNOWN = {"name", "reason", "key", "sig", "msg", "accept", "scheme", "hybrid", "signer_id_times"} | OPTIONS
KNOWN_OF = {"scheme": KNOWN, "rule": {"name", "reason", "der", "out", "accept"}}
KNOWN_OF["recover"] = {"name", "reason", "sig", "msg", "low_s", "out", "accept"}


def test_there_is_a_table_for_every_scheme() -> None:
    covered = {scheme_of(table, case) for table in SCHEMES.values() for case in table["case"]}
    assert covered == set(isthmus.schemes())
    assert {table["rule"] for table in ENCODINGS.values()} == {"der-strict", "der-lax"}
    assert SCHEMES.keys() | ENCODINGS.keys() | RECOVERIES.keys() == TABLES.keys()


@pytest.mark.parametrize("stem", TABLES)
def test_tables_are_well_formed(stem: str) -> None:
    cases = TABLES[stem]["case"]
    names = [case["name"] for case in cases]
    assert len(set(names)) == len(names), "two rows of one name"
    assert {case["accept"] for case in cases} == {True, False}, "a table says what is refused as well"
    (known,) = (known for kind, known in KNOWN_OF.items() if kind in TABLES[stem])
    for case in cases:
        assert case["reason"], "a row without a reason teaches nothing"
        assert set(case) <= known, (case["name"], sorted(set(case) - known))


def scheme_of(table: dict[str, Any], case: dict[str, Any]) -> str:
    return str(case.get("scheme") or table["scheme"])


def unhex(text: str) -> bytes:
    return bytes.fromhex("".join(text.split()))


def options_of(table: dict[str, Any], case: dict[str, Any]) -> dict[str, Any]:
    """The options of a case, as isthmus.verify takes them."""
    options = {name: value for name, value in (table | case).items() if name in OPTIONS}
    if "signer_id" in options:
        options["signer_id"] = unhex(options["signer_id"]) * case.get("signer_id_times", 1)
    return options


def row_of(case: dict[str, Any]) -> SigRow:
    return SigRow("", case["name"], *(unhex(case[part]) for part in ("key", "msg", "sig")), case["accept"])


# the oracle's P-384 takes some seconds
STEMS = [pytest.param(stem, marks=pytest.mark.full) if "384" in stem else stem for stem in SCHEMES]


@pytest.mark.parametrize("subject", SUBJECTS)
@pytest.mark.parametrize("stem", STEMS)
def test_scheme(stem: str, subject: str) -> None:
    table = SCHEMES[stem]
    wrong = []
    for case in table["case"]:
        row = row_of(case)
        if case.get("hybrid"):  # what only a Bitcoin script may ask for: the C++ tests have these rows for the core
            answer = secp256k1.verify_ecdsa(row.key, row.signature, row.message, hybrid=True)
        else:
            (answer,) = SUBJECTS[subject](scheme_of(table, case), [row], **options_of(table, case))
        if answer != row.valid:
            wrong.append(case["name"])
    assert not wrong


@pytest.mark.parametrize("stem", SCHEMES)
def test_neighbours_change_no_answer(stem: str) -> None:
    """The rows of a table in one mixed batch, which puts those of the same options into one call."""
    table, batch = SCHEMES[stem], isthmus.Batch()
    cases = [case for case in table["case"] if not case.get("hybrid")]
    for case in cases:
        row = row_of(case)
        batch.add(scheme_of(table, case), row.key, row.message, row.signature, **options_of(table, case))
    assert batch.verify().tolist() == [case["accept"] for case in cases]


@pytest.mark.parametrize("subject", RECOVERERS)
@pytest.mark.parametrize("stem", RECOVERIES)
def test_recovery(stem: str, subject: str) -> None:
    """Each case alone, and those without options in one call."""
    cases = RECOVERIES[stem]["case"]
    wanted = {case["name"]: unhex(case["out"]) if case["accept"] else None for case in cases}
    for case in cases:
        low_s = case.get("low_s", False)
        (key,) = RECOVERERS[subject]([unhex(case["msg"])], [unhex(case["sig"])], low_s=low_s)
        assert key == wanted[case["name"]], case["name"]
    plain = [case for case in cases if "low_s" not in case]
    digests, signatures = [unhex(case["msg"]) for case in plain], [unhex(case["sig"]) for case in plain]
    assert RECOVERERS[subject](digests, signatures) == [wanted[case["name"]] for case in plain]


@pytest.mark.parametrize("subject", SUBJECTS)
@pytest.mark.parametrize("stem", RECOVERIES)
def test_a_recovered_key_verifies(stem: str, subject: str) -> None:
    cases = [case for case in RECOVERIES[stem]["case"] if case["accept"]]
    rows = [SigRow("", case["name"], *(unhex(case[part]) for part in ("out", "msg", "sig")), True) for case in cases]
    rows = [replace(row, signature=row.signature[:64]) for row in rows]
    assert SUBJECTS[subject]("secp256k1-ecdsa", rows) == [True] * len(rows)


@pytest.mark.parametrize("stem", ENCODINGS)
def test_encoding_oracle(stem: str) -> None:
    parse = {"der-strict": secp256k1.parse_der_strict, "der-lax": secp256k1.parse_der_lax}[ENCODINGS[stem]["rule"]]
    for case in ENCODINGS[stem]["case"]:
        assert parse(unhex(case["der"])) == (unhex(case["out"]) if case["accept"] else None), case["name"]


@pytest.mark.parametrize("stem", ENCODINGS)
def test_encoding_native(stem: str) -> None:
    """An encoding that means r and s verifies under the key that r and s have been made to fit, and under no digest
    but that one; one that is refused verifies under no key, not even the one that a tolerant reader's r and s fit."""
    encoding = {"der-strict": "der", "der-lax": "der-lax"}[ENCODINGS[stem]["rule"]]
    digest, fitted = bytes(range(32)), 0
    for case in ENCODINGS[stem]["case"]:
        der = unhex(case["der"])
        values = unhex(case["out"]) if case["accept"] else secp256k1.parse_der_lax(der)
        key = values and key_that_fits(values, digest)
        if not key:
            continue
        fitted += 1
        assert secp256k1.verify_ecdsa(key, values or b"", digest), "the key was made to fit"
        for message, wanted in ((digest, case["accept"]), (digest[::-1], False)):
            row = SigRow("", case["name"], key, message, der, wanted)
            assert SUBJECTS["native"]("secp256k1-ecdsa", [row], encoding=encoding) == [wanted], case["name"]
    assert fitted >= 5


def key_that_fits(signature: bytes, digest: bytes) -> bytes | None:
    """A key under which r || s signs the digest: (s R - e G) / r for a point R with that x (SEC 1, section 4.1.6)."""
    r, s = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")
    nonce = secp256k1.lift_x(r, odd=False)
    if nonce is None or not (1 <= r < secp256k1.N and 1 <= s < secp256k1.N):
        return None
    inverse = pow(r, -1, secp256k1.N)
    u1 = -secp256k1.digest_integer(digest) * inverse % secp256k1.N
    point = secp256k1.add(secp256k1.multiply(u1, secp256k1.G), secp256k1.multiply(s * inverse % secp256k1.N, nonce))
    if point is None:
        return None
    return b"\x04" + point.x.to_bytes(32, "big") + point.y.to_bytes(32, "big")
