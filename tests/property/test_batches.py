"""Batch equals single: in any order and size, on any number of threads, with bad rows planted anywhere."""

from __future__ import annotations

import functools
import random

import numpy as np
import pytest
from helpers import curves, pools
from helpers.pools import Row, columns
from helpers.subjects import oracle, oracle_recover
from hypothesis import given
from hypothesis import strategies as st
from vectors.rows import SigRow

import isthmus

# P-384 costs several times what the others do
SCHEMES = [pytest.param(scheme, marks=pytest.mark.full) if "384" in scheme else scheme for scheme in pools.SCHEMES]
SIZES = (0, 1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 32, 33, 63, 64, 65, 127, 128, 129, 255, 256, 257)


def check(scheme: str, chosen: list[tuple[Row, bool]], threads: int | None = None) -> None:
    keys, messages, signatures = columns([row for row, _ in chosen])
    answers = isthmus.verify(scheme, keys, messages, signatures, threads=threads)
    assert answers.dtype == np.bool_
    assert answers.shape == (len(chosen),)
    wrong = [row.why for (row, truth), answer in zip(chosen, answers, strict=True) if truth != answer]
    assert not wrong, wrong


@pytest.mark.parametrize("scheme", SCHEMES)
def test_single_rows(scheme: str) -> None:
    for entry in pools.pool(scheme):
        check(scheme, [entry], threads=1)


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("threads", [1, 3])
def test_sizes_around_lanes(scheme: str, threads: int) -> None:
    entries = pools.pool(scheme)
    rng = random.Random(threads)
    for size in SIZES:
        check(scheme, [rng.choice(entries) for _ in range(size)], threads)


@pytest.mark.parametrize("scheme", SCHEMES)
def test_any_order_and_size(scheme: str) -> None:
    entries = pools.pool(scheme)

    @given(st.lists(st.integers(0, len(entries) - 1), max_size=40), st.sampled_from([1, 2, 4]))
    def run(picks: list[int], threads: int) -> None:
        check(scheme, [entries[pick] for pick in picks], threads)

    run()


@pytest.mark.parametrize("scheme", SCHEMES)
def test_one_bad_row_is_named_wherever_it_stands(scheme: str) -> None:
    """A batch of right rows with a single wrong one at every place."""
    good = [entry for entry in pools.pool(scheme) if entry[1]]
    bad = next(entry for entry in pools.pool(scheme) if not entry[1] and "flipped" in entry[0].why)
    for size in (1, 2, 9, 33, 70):
        batch = [good[i % len(good)] for i in range(size)]
        for place in range(size):
            check(scheme, [*batch[:place], bad, *batch[place + 1 :]], threads=2)


@pytest.mark.parametrize("scheme", SCHEMES)
def test_one_bad_row_among_thousands(scheme: str) -> None:
    good = [row for row, truth in pools.pool(scheme) if truth]
    rows = [good[i % len(good)] for i in range(3000)]
    keys, messages, signatures = columns(rows)
    place = 1777
    raw = bytearray(signatures[place])
    raw[20] ^= 1
    signatures[place] = bytes(raw)
    answers = isthmus.verify(scheme, keys, messages, signatures)
    assert np.flatnonzero(~answers).tolist() == [place]


@pytest.mark.slow
@pytest.mark.parametrize("scheme", SCHEMES)
def test_one_bad_row_among_a_million(scheme: str) -> None:
    good = [row for row, truth in pools.pool(scheme) if truth and len(row.key) in (32, 33)]
    keys, messages, signatures = columns([good[i % len(good)] for i in range(1_000_000)])
    place = 987_654
    signatures[place] = bytes([signatures[place][0] ^ 1]) + signatures[place][1:]
    answers = isthmus.verify(scheme, keys, messages, signatures)
    assert np.flatnonzero(~answers).tolist() == [place]


@pytest.mark.parametrize("scheme", ["ed25519-zip215", "ed25519-rfc8032"])
def test_cancelling_errors_are_both_named(scheme: str) -> None:
    """S + d in one row and S - d in another sum to a true equation without random weights: both are bad."""
    rng = random.Random(25519)
    rows = []
    for _ in range(6):
        key, signature = curves.ed_sign(rng.randrange(curves.ORDER), b"m", rng.randrange(curves.ORDER))
        rows.append((key, signature))
    for delta in (1, 8, curves.ORDER // 2, rng.randrange(curves.ORDER)):
        batch = [list(row) for row in rows]
        for place, change in ((1, delta), (4, -delta)):
            s = (int.from_bytes(batch[place][1][32:], "little") + change) % curves.ORDER
            batch[place][1] = batch[place][1][:32] + s.to_bytes(32, "little")
        answers = isthmus.verify(scheme, [row[0] for row in batch], [b"m"] * 6, [row[1] for row in batch])
        assert answers.tolist() == [True, False, True, True, False, True]


@pytest.mark.parametrize("size", [6, 90])  # below and above what an equation in lanes asks for
def test_cancelling_errors_of_schnorr_are_both_named(size: int) -> None:
    rng = random.Random(340)
    rows = [curves.schnorr_sign(rng.randrange(1, curves.N), b"m", rng.randrange(1, curves.N)) for _ in range(size)]
    delta = rng.randrange(1, curves.N)
    signatures = [signature for _, signature in rows]
    for place, change in ((0, delta), (size - 1, -delta)):
        s = (int.from_bytes(signatures[place][32:], "big") + change) % curves.N
        signatures[place] = signatures[place][:32] + s.to_bytes(32, "big")
    answers = isthmus.verify("secp256k1-bip340", [key for key, _ in rows], [b"m"] * size, signatures)
    assert np.flatnonzero(~answers).tolist() == [0, size - 1]


@pytest.mark.parametrize(("scheme", "rounds"), [("ed25519-zip215", 60), ("ed25519-rfc8032", 60)])
def test_torsion_in_every_entry_gives_the_same_answers_every_time(scheme: str, rounds: int) -> None:
    """Torsion parts that cancel between rows must not: random weights, were they multiples of 8 away,
    differ."""
    rng = random.Random(215)
    torsion = curves.torsion_points()
    keys, messages, signatures, wanted = [], [], [], []
    for number in range(24):
        a, r = rng.choice(torsion), rng.choice(torsion)
        message = bytes([number])
        scalar, nonce = rng.randrange(curves.ORDER), rng.randrange(curves.ORDER)
        key, signature = curves.ed_sign(scalar, message, nonce, key_torsion=a, r_torsion=r)
        k = curves.ed_challenge(signature[:32], key, message)
        plain = curves.ed_add(r, curves.ed_mul(k, a)) == curves.IDENTITY
        keys.append(key)
        messages.append(message)
        signatures.append(signature)
        wanted.append(scheme.endswith("zip215") or plain)
    for _ in range(rounds):
        assert isthmus.verify(scheme, keys, messages, signatures).tolist() == wanted
        order = list(range(24))
        rng.shuffle(order)
        for part in (keys, messages, signatures, wanted):
            part[:] = [part[i] for i in order]


@pytest.mark.parametrize("scheme", SCHEMES)
def test_the_empty_batch_answers_nothing(scheme: str) -> None:
    answers = isthmus.verify(scheme, [], [], [])
    assert answers.shape == (0,)
    assert answers.dtype == np.bool_


@pytest.mark.parametrize("scheme", SCHEMES)
def test_rows_do_not_borrow_from_each_other(scheme: str) -> None:
    """Keys, messages and signatures of right rows, rotated against each other, are all wrong."""
    random_rows = [row for row, truth in pools.pool(scheme) if truth and row.why == "random"]
    rows = list({row.signature[:33]: row for row in {row.key: row for row in random_rows}.values()}.values())[:12]
    assert len(rows) == 12
    keys, messages, signatures = columns(rows)
    assert isthmus.verify(scheme, keys, messages, signatures).all()
    assert not isthmus.verify(scheme, keys[1:] + keys[:1], messages, signatures).any()
    assert not isthmus.verify(scheme, keys, messages, signatures[1:] + signatures[:1]).any()
    longer = [message + b"\0" if "ecdsa" not in scheme else message[::-1] for message in messages]
    assert not isthmus.verify(scheme, keys, longer, signatures).any()


# --- mixed schemes, and schemes with options


def test_a_mixed_batch_equals_its_single_rows() -> None:
    """Rows of every scheme in any order: the answer of each is its own."""
    entries = [(scheme, *entry) for scheme in pools.SCHEMES for entry in pools.pool(scheme)]

    @given(st.lists(st.integers(0, len(entries) - 1), max_size=40), st.sampled_from([1, 2, 4]))
    def run(picks: list[int], threads: int) -> None:
        batch = isthmus.Batch()
        for pick in picks:
            scheme, row, _ = entries[pick]
            batch.add(scheme, row.key, row.message, row.signature)
        assert batch.verify(threads).tolist() == [entries[pick][2] for pick in picks]

    run()


def test_one_bad_row_of_a_mixed_batch_is_named_wherever_it_stands() -> None:
    good = [(scheme, row) for scheme in pools.SCHEMES for row, truth in pools.pool(scheme)[:40] if truth]
    random.Random(1).shuffle(good)
    for scheme in pools.SCHEMES:
        bad = next(row for row, truth in pools.pool(scheme) if not truth and "flipped" in row.why)
        for place in (0, 1, 20, len(good)):
            batch = isthmus.Batch()
            for name, row in [*good[:place], (scheme, bad), *good[place:]]:
                batch.add(name, row.key, row.message, row.signature)
            assert np.flatnonzero(~batch.verify()).tolist() == [place]


@functools.cache
def given_rows() -> list[tuple[Row, bool]]:
    """SM2 rows over e with their answers."""
    rows = pools.sm2_given(7, 70)
    asked = [SigRow("", row.why, row.key, row.message, row.signature, False) for row in rows]
    return list(zip(rows, oracle("sm2-sm3", asked, hash="none"), strict=True))


@pytest.mark.parametrize("threads", [1, 3])
def test_sm2_over_e_in_any_size(threads: int) -> None:
    rng = random.Random(threads)
    entries = given_rows()
    assert [row.why for row, truth in entries if row.valid not in (None, truth)] == []
    for size in SIZES:
        chosen = [rng.choice(entries) for _ in range(size)]
        keys, messages, signatures = columns([row for row, _ in chosen])
        answers = isthmus.verify("sm2-sm3", keys, messages, signatures, hash="none", threads=threads)
        assert answers.tolist() == [truth for _, truth in chosen]


@pytest.mark.parametrize("scheme", ["secp256k1-ecdsa", "p256-ecdsa", "p384-ecdsa"])
def test_low_s_refuses_the_high_half_only(scheme: str) -> None:
    group = pools.GROUPS[scheme]
    entries = pools.pool(scheme)
    keys, messages, signatures = columns([row for row, _ in entries])
    low = [int.from_bytes(signature[group.width :], "big") <= group.n // 2 for signature in signatures]
    answers = isthmus.verify(scheme, keys, messages, signatures, low_s=True)
    wanted = [truth and is_low for (_, truth), is_low in zip(entries, low, strict=True)]
    assert answers.tolist() == wanted
    assert sum(wanted) < sum(truth for _, truth in entries)


@pytest.mark.parametrize("scheme", pools.GROUPS)
def test_der_means_what_its_numbers_mean(scheme: str) -> None:
    width = pools.GROUPS[scheme].width
    entries = [entry for entry in pools.pool(scheme) if len(entry[0].signature) == 2 * width]
    keys, messages, signatures = columns([row for row, _ in entries])
    numbers = [(int.from_bytes(sig[:width], "big"), int.from_bytes(sig[width:], "big")) for sig in signatures]
    encoded = [curves.der(r, s) for r, s in numbers]
    answers = isthmus.verify(scheme, keys, messages, encoded, encoding="der")
    assert answers.tolist() == [truth for _, truth in entries]
    assert not isthmus.verify(scheme, keys, messages, [row + b"\0" for row in encoded], encoding="der").any()


@functools.cache
def recover_rows() -> list[tuple[bytes, bytes, bytes | None]]:
    """(digest, signature, key or None) by the oracle."""
    rng = random.Random(4)
    rows = [row for row, _ in pools.pool("secp256k1-ecdsa")]
    digests = [row.message for row in rows]
    signatures = [row.signature + bytes([rng.choice((0, 0, 1, 1, 2, 3, 4))]) for row in rows]
    return list(zip(digests, signatures, oracle_recover(digests, signatures), strict=True))


@pytest.mark.parametrize("threads", [1, 3])
def test_recovery_in_any_order_and_size(threads: int) -> None:
    rng = random.Random(threads)
    entries = recover_rows()
    assert {key is None for _, _, key in entries} == {False, True}
    for size in SIZES:
        chosen = [rng.choice(entries) for _ in range(size)]
        keys, ok = isthmus.recover("secp256k1", [d for d, _, _ in chosen], [s for _, s, _ in chosen], threads=threads)
        got = [key.tobytes() if found else None for key, found in zip(keys, ok, strict=True)]
        assert got == [key for _, _, key in chosen]


def test_a_recovered_key_verifies() -> None:
    found = [(digest, signature[:64], key) for digest, signature, key in recover_rows() if key is not None]
    digests, signatures, keys = zip(*found, strict=True)
    assert isthmus.verify("secp256k1-ecdsa", keys, digests, signatures).all()
