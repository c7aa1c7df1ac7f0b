"""Every public signature vector, under every rule that the project offers, through the native core and the
oracle.

The bar is the same for each rule set: no row accepted that must be refused, none refused that must be
accepted. What a rule wants is written in the loaders, never read back from an implementation.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

import pytest
from helpers.curves import mul, sec1
from helpers.subjects import SUBJECTS

from vectors import bip340, ed25519, secp256k1
from vectors.rows import Outcome, SigRow

Report = Callable[[str], None]

# The oracle is slow Python: of large files it sees every n-th row, so that a run stays short.
ORACLE_ROWS_MAX: Final = 250

# Rows of RFC 8032's world whose encodings are not canonical and which ZIP-215 therefore accepts: R is the
# identity with the sign bit of x = 0 set, and the cofactored equation holds over the bytes as given.
ZIP215_ACCEPTS: Final = {("ed25519_test.json", "tcId 151")}


def _sample(subject: str, rows: Sequence[SigRow]) -> list[SigRow]:
    if subject == "native" or len(rows) <= ORACLE_ROWS_MAX:
        return list(rows)
    step = -(-len(rows) // ORACLE_ROWS_MAX)
    return [row for number, row in enumerate(rows) if number % step == 0 or not row.valid]


def _zip215_expected(row: SigRow) -> SigRow:
    """A row stated by RFC 8032, restated for ZIP-215; only rows with an encoding that is not canonical may
    change."""
    if (row.source, row.case) not in ZIP215_ACCEPTS:
        return row
    assert not (ed25519.canonical(row.key) and ed25519.canonical(row.signature[:32])), row
    return SigRow(row.source, row.case, row.key, row.message, row.signature, True)


def _ed25519_rows(data: Path, rule: str) -> dict[str, list[SigRow]]:
    loaded = ed25519.load(data / "vectors" / "ed25519", rule)
    if rule == "zip215":
        loaded = {
            name: [_zip215_expected(row) for row in rows] if ed25519.stated_by_rfc(name) else rows
            for name, rows in loaded.items()
        }
    return loaded


@pytest.mark.full
@pytest.mark.parametrize("subject", SUBJECTS)
@pytest.mark.parametrize("rule", ed25519.RULES)
def test_ed25519(subject: str, rule: str, data: Path, figures: Report) -> None:
    loaded = _ed25519_rows(data, rule)
    if not loaded:
        pytest.skip("no Ed25519 vectors in the data folder")
    total = Outcome()
    for name, rows in loaded.items():
        chosen = _sample(subject, rows)
        answers = SUBJECTS[subject](f"ed25519-{rule}", chosen)
        outcome = Outcome()
        outcome.add(chosen, answers)
        total.add(chosen, answers)
        figures(outcome.line(f"ed25519-{rule} {subject} {name}"))
    total.require_right()
    assert total.valid
    assert total.rows > total.valid, "vectors that must be refused are missing"


def test_zip215_accepts_the_whole_grid(data: Path, figures: Report) -> None:
    folder = data / "vectors" / "ed25519"
    grids = {name: rows for name, rows in ed25519.load(folder, "zip215").items() if "zip215" in name}
    if not grids:
        pytest.skip("no ZIP-215 grid in the data folder")
    for name, rows in grids.items():
        accepted = sum(SUBJECTS["native"]("ed25519-zip215", rows))
        figures(f"ZIP-215 grid {name}: {accepted} of {len(rows)} accepted")
        assert accepted == len(rows) == 196


def test_rfc8032_refuses_the_grid_beyond_canonical_encodings(data: Path) -> None:
    """Of the 196, the plain equation leaves only rows with two canonical encodings whose torsion parts
    cancel."""
    from isthmus.reference import ed25519 as oracle

    for name, rows in ed25519.load(data / "vectors" / "ed25519", "zip215").items():
        if "zip215" not in name:
            continue
        wanted = [
            ed25519.canonical(row.key)
            and ed25519.canonical(row.signature[:32])
            and oracle.verify_rfc8032(row.key, row.signature, row.message)
            for row in rows
        ]
        assert SUBJECTS["native"]("ed25519-rfc8032", rows) == wanted
        assert sum(wanted) == 8


@pytest.mark.full
@pytest.mark.parametrize("subject", SUBJECTS)
def test_secp256k1_ecdsa(subject: str, data: Path, figures: Report) -> None:
    folder = data / "vectors" / "secp256k1_ecdsa"
    loaded = secp256k1.load(folder, lambda secret: sec1(mul(int.from_bytes(secret, "big"))))
    extra = data / "blocks" / "bitcoin" / "vectors"
    loaded |= {f"bitcoin/{name}": chosen for name, chosen in secp256k1.load(extra, lambda secret: secret).items()}
    if not loaded:
        pytest.skip("no ECDSA vectors in the data folder")
    total = Outcome()
    for name, chosen in loaded.items():
        rows = _sample(subject, chosen.rows)
        answers = SUBJECTS[subject]("secp256k1-ecdsa", rows, encoding=chosen.encoding, low_s=chosen.low_s)
        outcome = Outcome()
        outcome.add(rows, answers)
        total.add(rows, answers)
        rule = f"{chosen.encoding}{', low s' if chosen.low_s else ''}"
        figures(outcome.line(f"secp256k1-ecdsa ({rule}) {subject} {name}"))
    total.require_right()


def test_secp256k1_ecdsa_hashes_messages_itself(data: Path) -> None:
    """The same rows with the raw message and hash="sha256"."""
    import isthmus

    seen = 0
    for chosen in secp256k1.load(data / "vectors" / "secp256k1_ecdsa", lambda secret: sec1(mul(1))).values():
        if chosen.raw is None:
            continue
        encoding = "der" if chosen.encoding == "der" else "compact"
        columns = [row.key for row in chosen.rows], chosen.raw, [row.signature for row in chosen.rows]
        answers = isthmus.verify("secp256k1-ecdsa", *columns, encoding=encoding, low_s=chosen.low_s, hash="sha256")
        assert answers.tolist() == [row.valid for row in chosen.rows]
        seen += len(answers)
    if not seen:
        pytest.skip("no SHA-256 vectors with raw messages in the data folder")


def test_low_s_is_the_only_difference_of_the_bitcoin_rule(data: Path) -> None:
    """Rows that Bitcoin's variant refuses for a high s verify without the flag."""
    changed = 0
    for chosen in secp256k1.load(data / "vectors" / "secp256k1_ecdsa", lambda secret: sec1(mul(1))).values():
        if not chosen.low_s or chosen.encoding != "der":
            continue
        strict = SUBJECTS["native"]("secp256k1-ecdsa", chosen.rows, encoding="der", low_s=True)
        loose = SUBJECTS["native"]("secp256k1-ecdsa", chosen.rows, encoding="der")
        for row, one, other in zip(chosen.rows, strict, loose, strict=True):
            if one == other:
                continue
            assert other, row
            length = row.signature[3]
            s = int.from_bytes(row.signature[4 + length + 2 :], "big")
            assert s > secp256k1.ORDER // 2, row
            changed += 1
    if not changed:
        pytest.skip("no vectors of Bitcoin's variant in the data folder")


@pytest.mark.parametrize("subject", SUBJECTS)
def test_bip340(subject: str, data: Path, figures: Report) -> None:
    loaded = bip340.load(data / "vectors" / "bip340")
    loaded |= {f"bitcoin/{name}": rows for name, rows in bip340.load(data / "blocks" / "bitcoin" / "vectors").items()}
    if not loaded:
        pytest.skip("no BIP340 vectors in the data folder")
    for name, rows in loaded.items():
        outcome = Outcome()
        outcome.add(rows, SUBJECTS[subject]("secp256k1-bip340", rows))
        figures(outcome.line(f"secp256k1-bip340 {subject} {name}"))
        outcome.require_right()


def test_bip341_wallet_signatures(data: Path) -> None:
    """The signatures of BIP341's key-path transaction verify over the digests that the file states."""
    import isthmus

    rows = []
    for source, entry in bip340.wallet_vectors(data / "vectors" / "bip340"):
        for case in entry["inputSpending"]:
            script = bytes.fromhex(entry["given"]["utxosSpent"][case["given"]["txinIndex"]]["scriptPubKey"])
            digest = bytes.fromhex(case["intermediary"]["sigHash"])
            signature = bytes.fromhex(case["expected"]["witness"][0])[:64]
            rows.append(SigRow(source, f"input {case['given']['txinIndex']}", script[2:], digest, signature, True))
    if not rows:
        pytest.skip("no BIP341 wallet vectors in the data folder")
    columns = [row.key for row in rows], [row.message for row in rows], [row.signature for row in rows]
    assert isthmus.verify("secp256k1-bip340", *columns).all()
    flipped = [bytes([row.signature[0] ^ 1]) + row.signature[1:] for row in rows]
    assert not isthmus.verify("secp256k1-bip340", columns[0], columns[1], flipped).any()


def test_wrong_lengths_are_refused_rows_not_errors() -> None:
    import isthmus

    key, signature = bytes(32), bytes(64)
    for scheme in ("ed25519-zip215", "ed25519-rfc8032", "secp256k1-bip340"):
        keys = [key[:31], key + b"\0", b"", key, key, key, key]
        signatures = [signature, signature, signature, signature[:63], signature + b"\0", b"", bytes(1 << 16)]
        assert not isthmus.verify(scheme, keys, [b""] * 7, signatures).any()
    good = sec1(mul(5))
    keys = [good[:32], good + b"\0", b"", b"\x04" + bytes(63), good, good, good]
    signatures = [signature, signature, signature, signature, signature[:63], signature + b"\0", b""]
    for encoding in ("compact", "der"):
        answers = isthmus.verify("secp256k1-ecdsa", keys, [bytes(32)] * 7, signatures, encoding=encoding)
        assert not answers.any()
