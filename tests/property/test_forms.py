"""The four forms of a column (list, 2-D array, flat with offsets, structured array) give the same answers."""

from __future__ import annotations

import random
from collections import Counter

import numpy as np
import pytest
from helpers import pools
from helpers.pools import columns
from hypothesis import given
from hypothesis import strategies as st

import isthmus


def ragged(rows: list[bytes]) -> tuple[bytes, np.ndarray]:
    return b"".join(rows), np.cumsum([0, *map(len, rows)])


def matrix(rows: list[bytes]) -> np.ndarray:
    return np.frombuffer(b"".join(rows), np.uint8).reshape(len(rows), -1)


def strided(rows: list[bytes]) -> np.ndarray:
    """Every second row and a slice of each: rows that do not touch."""
    wide = np.full((2 * len(rows), len(rows[0]) + 9), 0xAA, np.uint8)
    wide[::2, 4 : 4 + len(rows[0])] = matrix(rows)
    return wide[::2, 4 : 4 + len(rows[0])]


FORMS = {
    "list": lambda rows: rows,
    "tuple": tuple,
    "generator": iter,
    "bytearrays": lambda rows: [bytearray(row) for row in rows],
    "memoryviews": lambda rows: [memoryview(b"x" + row + b"y")[1:-1] for row in rows],
    "ragged": ragged,
    "matrix": matrix,
    "fortran": lambda rows: np.asfortranarray(matrix(rows)),
    "strided": strided,
    "reversed": lambda rows: matrix(rows[::-1])[::-1],
}


def uniform(scheme: str) -> list[tuple[pools.Row, bool]]:
    """Rows of the scheme's pool whose keys, messages and signatures have the commonest lengths."""
    entries = pools.pool(scheme)
    for part in ("key", "signature", "message"):
        lengths = Counter(len(getattr(row, part)) for row, _ in entries)
        common = lengths.most_common(1)[0][0]
        entries = [(row, truth) for row, truth in entries if len(getattr(row, part)) == common]
    assert len({truth for _, truth in entries}) == 2, "right and wrong rows"
    return entries


@pytest.mark.parametrize("scheme", pools.SCHEMES)
@pytest.mark.parametrize("form", FORMS)
def test_signatures(scheme: str, form: str) -> None:
    entries = uniform(scheme)
    given_columns = [FORMS[form](part) for part in columns([row for row, _ in entries])]
    answers = isthmus.verify(scheme, *given_columns)
    assert answers.tolist() == [truth for _, truth in entries]


@pytest.mark.parametrize("scheme", pools.SCHEMES)
def test_structured_rows(scheme: str) -> None:
    entries = uniform(scheme)
    first = entries[0][0]
    parts = [("key", len(first.key)), ("sig", len(first.signature)), ("msg", len(first.message))]
    record = np.dtype([(name, np.uint8, (width,)) for name, width in parts])
    assert record == isthmus.dtype(scheme, key=len(first.key), message=len(first.message))
    raw = b"".join(row.key + row.signature + row.message for row, _ in entries)
    rows = np.frombuffer(raw, record)
    answers = isthmus.verify(scheme, rows["key"], rows["msg"], rows["sig"])
    assert answers.tolist() == [truth for _, truth in entries]
    backwards = isthmus.verify(scheme, rows["key"][::-1], rows["msg"][::-1], rows["sig"][::-1])
    assert backwards.tolist() == answers[::-1].tolist()


@pytest.mark.parametrize("form", FORMS)
def test_recovery(form: str) -> None:
    rows = [row for row, _ in uniform("secp256k1-ecdsa")]
    digests, signatures = [row.message for row in rows], [row.signature + b"\1" for row in rows]
    keys, ok = isthmus.recover("secp256k1", digests, signatures)
    others, same = isthmus.recover("secp256k1", FORMS[form](digests), FORMS[form](signatures))
    assert others.tolist() == keys.tolist()
    assert same.tolist() == ok.tolist()


@pytest.mark.parametrize("scheme", pools.SCHEMES)
@pytest.mark.parametrize("form", FORMS)
def test_a_batch_takes_every_form(scheme: str, form: str) -> None:
    entries = uniform(scheme)
    batch = isthmus.Batch()
    place = batch.extend(scheme, *(FORMS[form](part) for part in columns([row for row, _ in entries])))
    assert place == slice(0, len(entries))
    assert batch.verify().tolist() == [truth for _, truth in entries]


@given(st.lists(st.binary(max_size=90), max_size=30))
def test_hashes_of_ragged_columns(rows: list[bytes]) -> None:
    assert isthmus.hash_many("sha256", ragged(rows)).tolist() == isthmus.hash_many("sha256", rows).tolist()


def test_offsets_may_overlap_nothing_and_skip_bytes() -> None:
    """Offsets that start late or end early leave bytes out; empty rows are allowed."""
    flat = random.Random(3).randbytes(100)
    rows = isthmus.hash_many("sha256", (flat, [10, 10, 45, 90]))
    wanted = isthmus.hash_many("sha256", [b"", flat[10:45], flat[45:90]])
    assert rows.tolist() == wanted.tolist()


@pytest.mark.parametrize("offsets", [[0, 101], [-1, 5], [5, 4], [0, 50, 40], [], [1 << 62, (1 << 62) + 1]])
def test_offsets_outside_the_buffer_are_the_callers_mistake(offsets: list[int]) -> None:
    with pytest.raises((ValueError, TypeError), match="messages"):
        isthmus.hash_many("sha256", (bytes(100), np.array(offsets, np.int64)))
