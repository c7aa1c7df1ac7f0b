"""Public vectors of P-256, P-384, SM2 and of recovered keys, through the native core and the oracle."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final, TypeVar

import pytest
from helpers.curves import mul, sec1
from helpers.subjects import RECOVERERS, SUBJECTS

import isthmus
from vectors import nist, recover, secp256k1, sm2
from vectors.rows import Outcome

Report = Callable[[str], None]
T = TypeVar("T")

# The oracle is slow Python: of large files it sees every n-th row, so that a run stays short.
ORACLE_ROWS_MAX: Final = 60


def sample(subject: str, rows: Sequence[T]) -> list[T]:
    """All rows for the core, some for the oracle."""
    return list(rows) if subject == "native" else list(rows[:: -(-len(rows) // ORACLE_ROWS_MAX)])


@pytest.mark.full
@pytest.mark.parametrize("subject", SUBJECTS)
@pytest.mark.parametrize("scheme", nist.NAMES)
def test_nist(scheme: str, subject: str, data: Path, figures: Report) -> None:
    loaded = nist.load(data / "vectors" / "p256_ecdsa", scheme)
    if not loaded:
        pytest.skip(f"no {scheme} vectors in the data folder")
    total = Outcome()
    for name, chosen in loaded.items():
        rows = sample(subject, chosen.rows)
        answers = SUBJECTS[subject](scheme, rows, encoding=chosen.encoding)
        outcome = Outcome()
        outcome.add(rows, answers)
        total.add(rows, answers)
        figures(outcome.line(f"{scheme} ({chosen.encoding}) {subject} {name}"))
    total.require_right()
    assert total.rows > total.valid > 0


@pytest.mark.parametrize("subject", SUBJECTS)
@pytest.mark.parametrize("scheme", nist.NAMES)
def test_nist_keys(scheme: str, subject: str, data: Path, figures: Report) -> None:
    """Points off the curve and beyond p, each with a signature that fits: only a check of the key refuses it."""
    rows = nist.key_validation(data / "vectors" / "p256_ecdsa", scheme)
    if not rows:
        pytest.skip(f"no keys of {scheme} in the data folder")
    outcome = Outcome()
    outcome.add(rows, SUBJECTS[subject](scheme, rows))
    figures(outcome.line(f"{scheme} {subject} keys of CAVP"))
    outcome.require_right()
    assert outcome.rows > outcome.valid > 0


def test_p256_hashes_messages_itself(data: Path) -> None:
    seen = 0
    for chosen in nist.load(data / "vectors" / "p256_ecdsa", "p256-ecdsa").values():
        if chosen.raw is None:
            continue
        encoding = "der" if chosen.encoding == "der" else "compact"
        columns = [row.key for row in chosen.rows], chosen.raw, [row.signature for row in chosen.rows]
        answers = isthmus.verify("p256-ecdsa", *columns, encoding=encoding, hash="sha256")
        assert answers.tolist() == [row.valid for row in chosen.rows]
        seen += len(answers)
    if not seen:
        pytest.skip("no P-256 vectors with raw messages in the data folder")


@pytest.mark.full
@pytest.mark.parametrize("subject", SUBJECTS)
def test_sm2(subject: str, data: Path, figures: Report) -> None:
    loaded = sm2.load(data / "vectors" / "sm2")
    if not loaded:
        pytest.skip("no SM2 vectors in the data folder")
    total = Outcome()
    for name, groups in loaded.items():
        outcome = Outcome()
        for options, group in groups.items():
            rows = sample(subject, group)
            answers = SUBJECTS[subject]("sm2-sm3", rows, **dict(options))
            outcome.add(rows, answers)
            total.add(rows, answers)
        figures(outcome.line(f"sm2-sm3 {subject} {name}"))
    total.require_right()
    assert total.rows > total.valid > 0


def test_sm2_in_one_batch(data: Path) -> None:
    """All rows of all files, options mixed, in one Batch."""
    batch, wanted = isthmus.Batch(), []
    for groups in sm2.load(data / "vectors" / "sm2").values():
        rows = [(options, row) for options, group in groups.items() for row in group]
        for options, row in rows[::2] + rows[1::2]:
            batch.add("sm2-sm3", row.key, row.message, row.signature, **dict(options))
            wanted.append(row.valid)
    if not wanted:
        pytest.skip("no SM2 vectors in the data folder")
    assert batch.verify().tolist() == wanted


@pytest.mark.parametrize("subject", RECOVERERS)
def test_recovery(subject: str, data: Path, figures: Report) -> None:
    rows = recover.load(data / "vectors" / "secp256k1_recover")
    if not rows:
        pytest.skip("no vectors of recovery in the data folder")
    keys = RECOVERERS[subject]([row.digest for row in rows], [row.signature for row in rows])
    wrong = [row.case for row, key in zip(rows, keys, strict=True) if key != row.key]
    figures(f"recovery {subject}: {len(rows)} rows with keys, {len(wrong)} wrong")
    assert not wrong


@pytest.mark.parametrize("subject", RECOVERERS)
def test_senders_of_ethereum_transactions(subject: str, data: Path, figures: Report) -> None:
    found = recover.transactions(data / "vectors" / "secp256k1_recover")
    if not found:
        pytest.skip("no Ethereum transactions in the data folder")
    keys = RECOVERERS[subject]([each.digest for each in found], [each.signature for each in found])
    senders = [None if key is None else recover.address(key) for key in keys]
    wrong = [each.source for each, sender in zip(found, senders, strict=True) if sender != each.sender]
    figures(f"recovery {subject}: {len(found)} senders of Ethereum transactions, {len(wrong)} wrong")
    assert not wrong


@pytest.mark.full
@pytest.mark.parametrize("subject", RECOVERERS)
def test_recovery_of_every_ecdsa_vector(subject: str, data: Path, figures: Report) -> None:
    """A right signature gives its key back under one number, and one that is wrong under none."""
    loaded = secp256k1.load(
        data / "vectors" / "secp256k1_ecdsa", lambda secret: sec1(mul(int.from_bytes(secret, "big")))
    )
    sets = [each for each in loaded.values() if each.encoding == "compact" and not each.low_s]
    rows = [row for each in sets for row in each.rows]
    rows = [row for row in rows if len(row.signature) == 64 and len(row.key) in (33, 65)]
    if not rows:
        pytest.skip("no ECDSA vectors in the data folder")
    rows = sample(subject, rows)
    outcome = Outcome()
    digests = [row.message for row in rows for _ in range(4)]
    signatures = [row.signature + bytes([v]) for row in rows for v in range(4)]
    keys = RECOVERERS[subject](digests, signatures)
    same = [key is not None and row.key in (key, bytes([2 + key[64] % 2]) + key[1:33]) for row, key in
            zip((row for row in rows for _ in range(4)), keys, strict=True)]  # fmt: skip
    outcome.add(rows, [any(same[4 * i : 4 * i + 4]) for i in range(len(rows))])
    figures(outcome.line(f"recovery {subject} of ECDSA signatures"))
    outcome.require_right()


def test_longer_identities_are_the_callers_mistake() -> None:
    with pytest.raises(ValueError, match="signer_id: expected at most 8191 bytes, got 8192"):
        isthmus.verify("sm2-sm3", [], [], [], signer_id=bytes(8192))
