"""Columns: every form of bytes means the same rows, nothing dangles, and what decides sees one state of them."""

from __future__ import annotations

import array
import gc
import hashlib
import mmap
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from isthmus import _native
from isthmus.columns import Column, column, is_buffer, same_length

ROWS = [bytes([i]) * 32 for i in range(5)]
FLAT = b"".join(ROWS)


def digests(given_column: Column) -> list[str]:
    """What the native core reads, by way of SHA-256."""
    digests = np.empty((len(given_column), 32), dtype=np.uint8)
    _native.Engine(1, None).hash_many("sha256", given_column.native, digests)
    return [row.tobytes().hex() for row in digests]


def expected(rows: list[bytes]) -> list[str]:
    return [hashlib.sha256(row).hexdigest() for row in rows]


def structured() -> np.ndarray[Any, Any]:
    records = np.zeros(5, dtype=[("pad", "u1", (7,)), ("row", "u1", (32,)), ("void", "V32")])
    records["row"] = np.frombuffer(FLAT, dtype=np.uint8).reshape(5, 32)
    records["void"] = np.frombuffer(FLAT, dtype="V32")
    return records


FORMS: dict[str, Any] = {
    "2-D": lambda: np.frombuffer(FLAT, dtype=np.uint8).reshape(5, 32),
    "2-D writable": lambda: np.frombuffer(FLAT, dtype=np.uint8).reshape(5, 32).copy(),
    "2-D Fortran": lambda: np.asfortranarray(np.frombuffer(FLAT, dtype=np.uint8).reshape(5, 32)),
    "2-D backwards": lambda: np.frombuffer(b"".join(ROWS[::-1]), dtype=np.uint8).reshape(5, 32)[::-1],
    "2-D every second": lambda: np.repeat(np.frombuffer(FLAT, dtype=np.uint8).reshape(5, 32), 2, axis=0)[::2],
    "2-D memoryview": lambda: memoryview(FLAT).cast("B", (5, 32)),
    "void": lambda: np.frombuffer(FLAT, dtype="V32"),
    "fixed strings": lambda: np.frombuffer(FLAT, dtype="S32"),
    "field of records": lambda: structured()["row"],
    "void field of records": lambda: structured()["void"],
    "flat and int64": lambda: (FLAT, np.arange(0, 161, 32, dtype=np.int64)),
    "flat and uint64": lambda: (FLAT, np.arange(0, 161, 32, dtype=np.uint64)),
    "flat and uint32": lambda: (bytearray(FLAT), np.arange(0, 161, 32, dtype=np.uint32)),
    "flat and list": lambda: (memoryview(FLAT), [0, 32, 64, 96, 128, 160]),
    "flat and range": lambda: (FLAT, range(0, 161, 32)),
    "flat and array": lambda: (FLAT, array.array("q", range(0, 161, 32))),
    "strided flat": lambda: (np.repeat(np.frombuffer(FLAT, dtype=np.uint8), 2)[::2], range(0, 161, 32)),
    "list": lambda: list(ROWS),
    "tuple": lambda: tuple(ROWS),
    "generator": lambda: (row for row in ROWS),
    "bytearrays": lambda: [bytearray(row) for row in ROWS],
    "memoryviews": lambda: [memoryview(FLAT)[at : at + 32] for at in range(0, 160, 32)],
    "strided memoryviews": lambda: [memoryview(bytes(2 * [b]) * 32)[::2] for b in range(5)],
    "arrays": lambda: [np.frombuffer(row, dtype=np.uint8) for row in ROWS],
    "object array": lambda: np.array([*ROWS, None], dtype=object)[:5],
    "mixed": lambda: [ROWS[0], bytearray(ROWS[1]), memoryview(ROWS[2]), np.frombuffer(ROWS[3], np.uint8), ROWS[4]],
}


@pytest.mark.parametrize("snapshot", [True, False])
@pytest.mark.parametrize("form", FORMS)
def test_every_form_means_the_same_rows(form: str, snapshot: bool) -> None:
    made = column(FORMS[form](), "rows", snapshot=snapshot)
    gc.collect()
    assert len(made) == 5
    assert digests(made) == expected(ROWS)
    assert made.first_of_other_length(32) is None
    assert made.first_of_other_length(33) == (0, 32)


@pytest.mark.parametrize("snapshot", [True, False])
@pytest.mark.parametrize(
    "buffer", [b"abc", bytearray(b"abc"), memoryview(b"abc"), np.frombuffer(b"abc", dtype=np.uint8)]
)
def test_a_buffer_is_one_row(buffer: Any, snapshot: bool) -> None:
    assert is_buffer(buffer)
    assert digests(column(buffer, "rows", snapshot=snapshot)) == expected([b"abc"])


def test_a_mapped_file_is_one_row_and_stays_open(tmp_path: Path) -> None:
    path = tmp_path / "block"
    path.write_bytes(FLAT)
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
        made = column(mapped, "rows")
        with pytest.raises(BufferError):
            mapped.close()
        assert digests(made) == expected([FLAT])
        del made
        gc.collect()


@pytest.mark.parametrize(
    "empty",
    [[], (), b"", np.zeros((0, 32), np.uint8), (b"", [0]), (b"", np.zeros(1, np.int64)), np.zeros(0, "V8")],
)
def test_empty_forms(empty: Any) -> None:
    made = column(empty, "rows")
    assert len(made) == (1 if isinstance(empty, bytes) else 0)
    assert digests(made) == expected([b""] * len(made))


@given(rows=st.lists(st.binary(max_size=80), max_size=40))
def test_ragged_equals_list(rows: list[bytes]) -> None:
    offsets = np.cumsum([0, *map(len, rows)])
    ragged, listed = column((b"".join(rows), offsets), "rows"), column(rows, "rows")
    assert digests(ragged) == digests(listed) == expected(rows)
    wrong = next(((i, len(row)) for i, row in enumerate(rows) if len(row) != 7), None)
    assert ragged.first_of_other_length(7) == listed.first_of_other_length(7) == wrong


def test_items_outlive_their_container() -> None:
    def make() -> Column:
        return column([bytes([i]) * 1000 for i in range(200)], "rows")

    made = make()
    gc.collect()
    ballast = [bytes([255 - i]) * 1000 for i in range(200)]
    assert digests(made) == expected([bytes([i]) * 1000 for i in range(200)])
    assert len(ballast) == 200


@pytest.mark.parametrize("form", ["rows", "ragged", "list", "single", "array items"])
def test_a_writer_cannot_change_what_decides(form: str) -> None:
    raw = bytearray(FLAT)
    view = np.frombuffer(raw, dtype=np.uint8)
    given_rows: Any = {
        "rows": view.reshape(5, 32),
        "ragged": (raw, range(0, 161, 32)),
        "list": [memoryview(raw)[:32]],
        "single": raw,
        "array items": [view[:32]],
    }[form]
    made = column(given_rows, "rows", snapshot=True)
    before = digests(made)
    view[:] = 0xFF
    assert digests(made) == before


def test_read_only_memory_is_read_in_place() -> None:
    raw = bytearray(FLAT)
    view = np.frombuffer(raw, dtype=np.uint8).reshape(5, 32)
    view.flags.writeable = False
    for made in (column(view, "rows"), column((memoryview(raw).toreadonly(), range(0, 161, 32)), "rows")):
        raw[:] = FLAT
        assert digests(made) == expected(ROWS)
        raw[0] = 0xFF
        assert digests(made) != expected(ROWS)


def test_offsets_are_always_a_private_copy() -> None:
    offsets = np.arange(0, 161, 32)
    made = column((FLAT, offsets), "rows")
    offsets[:] = 1 << 40
    assert digests(made) == expected(ROWS)


@pytest.mark.parametrize(
    ("values", "error", "said"),
    [
        ([b"", 1], TypeError, r"keys\[1\]: expected bytes-like, got int"),
        ([b"", "x"], TypeError, r"keys\[1\]: expected bytes-like, got str"),
        ([None], TypeError, r"keys\[0\]: expected bytes-like, got NoneType"),
        ([np.zeros(3)], TypeError, r"keys\[0\]: expected bytes, got a buffer of items of format 'd'"),
        ([np.zeros(3, "M8[s]")], TypeError, r"keys\[0\]: expected bytes-like, got ndarray"),
        ("abc", TypeError, "keys: expected a uint8 array .* got str"),
        ({b"a"}, TypeError, "keys: expected .* got set"),
        ({b"a": 1}, TypeError, "keys: expected .* got dict"),
        (7, TypeError, "keys: expected .* got int"),
        (None, TypeError, "keys: expected .* got NoneType"),
        (np.zeros((2, 2)), TypeError, r"keys: expected uint8 .* got float64 of shape \(2, 2\)"),
        (np.zeros((2, 2, 2), np.uint8), TypeError, r"got uint8 of shape \(2, 2, 2\)"),
        (np.zeros(3, np.int64), TypeError, r"got int64 of shape \(3,\)"),
        (np.uint8(3), TypeError, "got uint8"),
        ((b"abc", [0, 4]), ValueError, r"keys\[1\]: offsets 0 to 4 leave the 3 bytes of keys\[0\]"),
        ((b"abc", [-1, 2]), ValueError, r"keys\[1\]: offsets -1 to 2 leave"),
        ((b"abc", [0, 2, 1]), ValueError, r"keys\[1\]: offset 2 is 1, below offset 1, 2"),
        ((b"abc", []), TypeError, r"keys\[1\]: expected n \+ 1 integer offsets"),
        ((b"abc", np.zeros((2, 2), np.int64)), TypeError, r"keys\[1\]: expected n \+ 1 integer offsets"),
        ((b"abc", np.array([0, 2**63 + 1], np.uint64)), ValueError, "does not fit 63 bits"),
        ((b"abc", np.array([0, 2**63 - 1, 3])), ValueError, r"offset 2 is 3, below offset 1"),
        (("abc", [0, 1]), TypeError, r"keys\[0\]: expected bytes-like, got str"),
        ((np.zeros(3), [0, 1]), TypeError, r"keys\[0\]: expected bytes, got a buffer of items of format 'd'"),
    ],
)
def test_misuse_names_the_argument_and_the_item(values: object, error: type[Exception], said: str) -> None:
    with pytest.raises(error, match=said):
        column(values, "keys")


def test_a_released_view_is_refused() -> None:
    view = memoryview(b"abc")
    view.release()
    with pytest.raises(TypeError, match=r"keys\[1\]: expected bytes-like"):
        column([b"", view], "keys")


def test_columns_of_different_lengths_are_named() -> None:
    keys, messages = column(ROWS, "keys"), column(ROWS[:2], "messages")
    assert same_length(keys, keys) == 5
    with pytest.raises(ValueError, match="different lengths: keys has 5, messages has 2"):
        same_length(keys, messages)
