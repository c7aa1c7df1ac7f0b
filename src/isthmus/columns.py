"""Brings what callers hold (arrays, buffers, lists) to the native core's columns of byte strings.

Four forms, one meaning, rows of bytes:

* a 2-D ``uint8`` array, or a 1-D array of fixed-size rows (``V32``, ``S64``, structured): one row per item,
  no copy;
* a pair ``(flat, offsets)``: row i is ``flat[offsets[i]:offsets[i + 1]]``; ``flat`` is any buffer,
  ``offsets`` n + 1 integers;
* one ``bytes``, ``bytearray``, ``memoryview``, ``mmap`` or 1-D ``uint8`` array: a single row;
* a list, tuple or other iterable of such single rows.

What decides must see one state of its bytes even if another thread writes to the caller's buffer meanwhile.
So with ``snapshot`` writable memory is copied once, before any work; read-only memory is always read in
place.
"""

from __future__ import annotations

import array
import mmap
from collections.abc import Iterable, Set
from itertools import pairwise
from typing import Any, Final, Protocol, TypeAlias, TypeGuard

import numpy as np
from numpy.typing import NDArray

from isthmus import _gather, _native

Buffer: TypeAlias = bytes | bytearray | memoryview | mmap.mmap
Rows: TypeAlias = "NDArray[Any] | Buffer | tuple[NDArray[Any] | Buffer, object] | Iterable[NDArray[Any] | Buffer]"
"""What every function that takes many byte strings accepts; the forms stand in this module's docstring."""

_FORMS: Final = "a uint8 array of shape (n, width), a pair (flat, offsets), bytes-like, or a list of bytes-likes"


class SupportsBytes(Protocol):
    """An object with a byte form, such as a chain's anchor."""

    def __bytes__(self) -> bytes: ...


class Column:
    """A native column and what Python needs to know about it: its name in messages, and how long its rows are.

    A plain class: three of them are made for every call, and a call may be for one signature.
    """

    __slots__ = ("count", "lengths", "name", "native")

    def __init__(
        self, name: str, native: _native.Column, count: int, lengths: NDArray[np.uint64] | bytearray | int
    ) -> None:
        self.name: Final = name
        self.native: Final = native
        self.count: Final = count
        self.lengths: Final = lengths
        """bytes of each row (in a bytearray: native uint64), or the one number of all rows"""

    def __len__(self) -> int:
        return self.count

    def first_of_other_length(self, length: int) -> tuple[int, int] | None:
        """(index, length) of the first row that is not ``length`` bytes long."""
        lengths = self._lengths()
        wrong = np.flatnonzero(lengths != length)
        return (int(wrong[0]), int(lengths[wrong[0]])) if wrong.size else None

    def first_of_length(self, length: int) -> int | None:
        """The first row that is ``length`` bytes long."""
        found = np.flatnonzero(self._lengths() == length)
        return int(found[0]) if found.size else None

    def _lengths(self) -> NDArray[np.uint64]:
        if isinstance(self.lengths, int):
            return np.broadcast_to(np.uint64(self.lengths), self.count)
        return np.frombuffer(self.lengths, dtype=np.uint64)


def is_buffer(value: object) -> bool:
    """Whether ``value`` stands for one row: a bytes-like object or a 1-D array of bytes."""
    if isinstance(value, np.ndarray):
        return value.ndim == 1 and value.dtype == np.uint8
    return isinstance(value, (bytes, bytearray, memoryview, mmap.mmap))


def is_flat(values: object) -> TypeGuard[tuple[Any, Any]]:
    """Whether ``values`` is a pair ``(flat, offsets)``."""
    return isinstance(values, tuple) and len(values) == 2 and _is_offsets(values[1])


def column(values: object, name: str, *, snapshot: bool = True) -> Column:
    """``values`` as a column. ``TypeError`` or ``ValueError`` names the argument and the item: ``keys[3]:
    expected ...``."""
    if type(values) is list:  # the usual form, before the questions that the others need
        return _from_list(values, name)
    if isinstance(values, np.ndarray) and not is_buffer(values) and values.dtype != object:
        return _from_rows(_as_matrix(values, name), name, snapshot)
    if isinstance(values, memoryview) and values.ndim == 2:
        return _from_rows(_as_matrix(np.asarray(values), name), name, snapshot)
    if is_flat(values):
        return _from_flat(values[0], values[1], name, snapshot)
    if is_buffer(values):
        return _from_list([values], name) if snapshot else _from_flat(values, [0, _size(values)], name, snapshot)
    if isinstance(values, (str, Set, dict)) or not isinstance(values, Iterable):
        raise TypeError(f"{name}: expected {_FORMS}, got {type(values).__name__}")
    return _from_list(values, name)


def optional_column(values: object, count: int, name: str) -> tuple[Column, NDArray[np.bool_]]:
    """Rows of which each may be None, or None for ``count`` of them; and which are there. None is an empty row."""
    if values is None:
        return column([b""] * count, name), np.zeros(count, dtype=np.bool_)
    if isinstance(values, (list, tuple)) and any(item is None for item in values):
        present = np.array([item is not None for item in values], dtype=np.bool_)
        return column([b"" if item is None else item for item in values], name), present
    rows = column(values, name)
    return rows, np.ones(len(rows), dtype=np.bool_)


def copied(values: object, name: str) -> list[bytes]:
    """The rows of a column as ``bytes`` of their own, one after the other; raises as :func:`column` does."""
    if isinstance(values, np.ndarray) and not is_buffer(values) and values.dtype != object:
        return _sliced(_as_matrix(values, name))
    if isinstance(values, memoryview) and values.ndim == 2:
        return _sliced(_as_matrix(np.asarray(values), name))
    if is_flat(values):
        bounds = np.array(values[1])
        _from_flat(values[0], bounds, name, snapshot=False)  # refuses offsets that leave the buffer
        flat = _as_bytes(values[0], f"{name}[0]").tobytes()
        return [flat[start:end] for start, end in pairwise(bounds.tolist())]
    if is_buffer(values):
        return [copied_row(values, name)]
    if isinstance(values, (str, Set, dict)) or not isinstance(values, Iterable):
        raise TypeError(f"{name}: expected {_FORMS}, got {type(values).__name__}")
    return [copied_row(item, f"{name}[{index}]") for index, item in enumerate(values)]


def copied_row(value: object, name: str) -> bytes:
    """One row as ``bytes`` of its own; ``TypeError`` names it."""
    return value if isinstance(value, bytes) else _as_bytes(value, name).tobytes()


def output(out: object, shape: tuple[int, int], read: object) -> NDArray[np.uint8]:
    """Where a call writes: ``out`` when it has this shape and lies apart from the array ``read``, or an array of its
    own without one."""
    if out is None:
        return np.empty(shape, dtype=np.uint8)
    if not isinstance(out, np.ndarray) or out.dtype != np.uint8:
        said = out.dtype if isinstance(out, np.ndarray) else type(out).__name__
        raise TypeError(f"out: expected a uint8 array of shape {shape}, got {said}")
    if out.shape != shape or not out.flags.c_contiguous or not out.flags.writeable:
        raise ValueError(f"out: expected a writable C-contiguous array of shape {shape}, got {out.shape}")
    if any(isinstance(each, np.ndarray) and np.may_share_memory(out, each) for each in _arrays(read)):
        raise ValueError("out: overlaps what is read")
    return out


def _arrays(values: object) -> tuple[object, ...]:
    return (values[0],) if is_flat(values) else (values,)


def _sliced(rows: NDArray[np.uint8]) -> list[bytes]:
    flat, width = rows.tobytes(), rows.shape[1]
    return [flat[at * width : (at + 1) * width] for at in range(len(rows))]


def same_length(*columns: Column) -> int:
    """The number of rows that all columns have; ``ValueError`` with every length when they differ."""
    count = columns[0].count
    for each in columns:
        if each.count != count:
            said = ", ".join(f"{each.name} has {each.count}" for each in columns)
            raise ValueError(f"columns of different lengths: {said}")
    return count


def _from_rows(rows: NDArray[np.uint8], name: str, snapshot: bool) -> Column:
    if not len(rows):
        return _from_list((), name)
    in_place = rows.strides[1] == 1 and rows.strides[0] >= 0 and not (snapshot and rows.flags.writeable)
    if not in_place:
        rows = np.array(rows, order="C")
    return Column(name, _native.Column.rows(rows), len(rows), rows.shape[1])


def _from_flat(flat: object, offsets: object, name: str, snapshot: bool) -> Column:
    data = _as_bytes(flat, f"{name}[0]")
    if snapshot and data.flags.writeable:
        data = data.copy()
    # always a private copy: bounds are checked once, and must not move between the check and the reading
    bounds = np.array(offsets)
    if bounds.ndim != 1 or bounds.size == 0 or bounds.dtype.kind not in "iu":
        raise TypeError(f"{name}[1]: expected n + 1 integer offsets, got {bounds.dtype} of shape {bounds.shape}")
    if bounds.dtype.kind == "u" and int(bounds.max()) > np.iinfo(np.int64).max:
        raise ValueError(f"{name}[1]: an offset does not fit 63 bits")
    bounds = bounds.astype(np.int64)
    lengths = np.diff(bounds)
    if lengths.size and int(lengths.min()) < 0:
        at = int(np.flatnonzero(lengths < 0)[0])
        raise ValueError(f"{name}[1]: offset {at + 1} is {bounds[at + 1]}, below offset {at}, {bounds[at]}")
    if int(bounds[0]) < 0 or int(bounds[-1]) > data.size:
        raise ValueError(f"{name}[1]: offsets {bounds[0]} to {bounds[-1]} leave the {data.size} bytes of {name}[0]")
    return Column(name, _native.Column.ragged(data, bounds), len(lengths), lengths.astype(np.uint64))


def _from_list(values: Iterable[object], name: str) -> Column:
    addresses, lengths, owner = _gather.walk(values, name)
    return Column(name, _native.Column.pointers(addresses, lengths, owner), len(lengths) // 8, lengths)


def _as_matrix(values: NDArray[Any], name: str) -> NDArray[np.uint8]:
    """A 2-D uint8 view of an array of rows."""
    if values.ndim == 2 and values.dtype == np.uint8:
        return values
    if values.ndim == 1 and values.dtype.kind in "SV" and not values.dtype.hasobject and values.dtype.itemsize:
        as_field = np.dtype([("row", np.uint8, (values.dtype.itemsize,))])
        view: NDArray[np.uint8] = values.view(as_field)["row"]
        return view
    raise TypeError(f"{name}: expected uint8 of shape (n, width), got {values.dtype} of shape {values.shape}")


def _as_bytes(flat: object, name: str) -> NDArray[np.uint8]:
    """A 1-D contiguous uint8 view of a buffer."""
    try:
        view = memoryview(flat)  # type: ignore[arg-type]
    except (TypeError, ValueError, BufferError):
        raise TypeError(f"{name}: expected bytes-like, got {type(flat).__name__}") from None
    if view.itemsize != 1:
        raise TypeError(f"{name}: expected bytes, got a buffer of items of format {view.format!r}")
    return np.frombuffer(view if view.c_contiguous else view.tobytes(), dtype=np.uint8)


def _is_offsets(value: object) -> bool:
    if isinstance(value, np.ndarray):
        return value.dtype.kind in "iu" and value.dtype != np.uint8
    if isinstance(value, (list, range)):
        return all(isinstance(item, int) for item in value)
    return isinstance(value, (array.array, memoryview)) and value.itemsize > 1


def _size(value: object) -> int:
    return memoryview(value).nbytes  # type: ignore[arg-type]
