"""The engine: a pool of threads, limits and counters around the native core.

Every call takes a batch, releases the GIL once and uses all threads of the engine. An engine may be shared by
threads (calls take turns on its pool) and survives ``fork``; it cannot be pickled.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from concurrent.futures import Executor
from itertools import repeat
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, Self, TypeAlias, TypedDict, overload

import numpy as np
from numpy.typing import NDArray

from isthmus import _native
from isthmus.columns import Buffer, Column, Rows, SupportsBytes, column, is_buffer, output, same_length
from isthmus.errors import MutatedTree
from isthmus.forms import DEFAULT_ID, FORMS, LOW_S, Encoding, Options, checked, known, known_flag, known_hash
from isthmus.logs import LOGGER
from isthmus.tree_forms import checked_count, leaf_column, rule_with
from isthmus.verdict import Report, Verdict, from_native

if TYPE_CHECKING:
    from isthmus.mixed import Batch

Anchor: TypeAlias = Buffer | SupportsBytes


class Limits(TypedDict, total=False):
    """Bounds on one input. Exceeding one makes the verdict ``undecided`` with ``limit_exceeded``, never
    invalid: a limit is the caller's, not the network's."""

    bytes_max: int
    """length of the input"""
    rows_max: int
    """hash, tree, compare and signature rows, together"""
    nodes_max: int
    """parts that a verdict is made of"""
    text_max: int
    """bytes that a decoder may write beside the input"""
    scratch_max: int
    """bytes of digests"""
    signers_max: int
    """bytes for the tables of keys that sign often; of the whole engine, and no verdict depends on it"""


_THREADS_MAX: Final = 1024
_LIMIT_TOP: Final = {  # what the offsets and lengths of a claim sheet can hold (ext/claim/sheet.hpp)
    "bytes_max": (1 << 30) - 1,
    "rows_max": (1 << 32) - 1,
    "nodes_max": (1 << 32) - 1,
    "text_max": (1 << 30) - 1,
    "scratch_max": (1 << 30) - 1,
    "signers_max": (1 << 40) - 1,
}
_KEY: Final = 65  # an uncompressed key
MUTATED: Final = "two equal neighbours are paired, so another list of leaves has this root (CVE-2012-2459)"


def cpu_count() -> int:
    """CPUs that this process may use: the default number of threads of an engine."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class Engine:
    """Verifies blocks, signatures and Merkle trees with a pool of native threads.

    ``threads``  how many threads work, 1 to 1024; by default one per usable CPU; 1 keeps all work on the
                 caller's thread
    ``limits``   bounds on one input, see :class:`Limits`

    >>> import isthmus
    >>> with isthmus.Engine(threads=2) as engine:
    ...     engine.hash_many("sha256", [b"abc"])[0].tobytes().hex()[:16]
    'ba7816bf8f01cfea'
    """

    def __init__(self, threads: int | None = None, *, limits: Limits | Mapping[str, int] | None = None) -> None:
        wanted = cpu_count() if threads is None else threads
        if isinstance(wanted, bool) or not isinstance(wanted, int):
            raise TypeError(f"threads: expected an int, got {type(wanted).__name__}")
        if not 1 <= wanted <= _THREADS_MAX:
            raise ValueError(f"threads: expected 1 to {_THREADS_MAX}, got {wanted}")
        self._limits: Final = _checked_limits(limits)
        self._threads: Final = wanted
        self._native: _native.Engine | None = _native.Engine(wanted, self._limits)

    @property
    def threads(self) -> int:
        """How many threads work."""
        return self._threads

    # --- blocks

    @overload
    def check(self, chain: str, inputs: Buffer, anchors: Anchor) -> Verdict: ...
    @overload
    def check(
        self, chain: str, inputs: Iterable[Buffer] | NDArray[Any], anchors: Anchor | Iterable[Anchor]
    ) -> Report: ...
    def check(self, chain: str, inputs: Any, anchors: Any) -> Verdict | Report:
        """Judges untrusted inputs under trusted anchors.

        ``chain``    a name of :func:`isthmus.formats`, such as ``bitcoin-block``
        ``inputs``   one bytes-like object (gives a :class:`Verdict`), or many in any form of
                     ``isthmus.columns`` (gives a :class:`Report`, one verdict per input in order); bad bytes
                     never raise
        ``anchors``  what is trusted beforehand, made by ``isthmus.chains``: one for all inputs, or one per
                     input

        All rows of all inputs are settled together, so many inputs in one call are faster than many calls.
        Raises ``ValueError`` for an unknown chain, an ill-formed anchor, or a number of anchors that fits
        neither rule.
        """
        name = known(chain, "chain", _native.chains())
        single = is_buffer(inputs)
        given = column(inputs, "inputs")
        trusted = _anchors(anchors, len(given))
        if len(given) == 0:
            return Report([])
        verdicts = [from_native(each) for each in self._open().check(name, given.native, trusted.native)]
        LOGGER.debug("checked %d %s", len(verdicts), name)
        return verdicts[0] if single else Report(verdicts)

    def map(
        self,
        chain: str,
        inputs: Iterable[Buffer],
        anchors: Anchor | Iterable[Anchor],
        executor: Executor,
        *,
        chunk: int = 64,
    ) -> Report:
        """``check`` spread over any ``concurrent.futures.Executor``: processes, or the nodes of a cluster.

        Inputs and anchors are sent as bytes, ``chunk`` inputs at a time; each worker uses engines of this
        engine's limits and threads. The verdicts come back in order.
        """
        if chunk < 1:
            raise ValueError(f"chunk: expected at least 1, got {chunk}")
        raw = [bytes(each) for each in inputs]
        shared = _is_anchor(anchors)
        trusted = [_anchor_bytes(anchors, "anchors")] * len(raw) if shared else _anchor_list(anchors)
        if len(trusted) != len(raw):
            raise ValueError(f"{len(raw)} inputs but {len(trusted)} anchors: give one anchor, or one per input")
        known(chain, "chain", _native.chains())
        jobs = ((list(part), list(with_)) for part, with_ in zip(_cut(raw, chunk), _cut(trusted, chunk), strict=True))
        parts = executor.map(_check_part, repeat((self._threads, self._limits, chain)), jobs)
        return Report(verdict for part in parts for verdict in part)

    # --- batches

    def verify(
        self,
        scheme: str,
        keys: Rows,
        messages: Rows,
        signatures: Rows,
        *,
        encoding: Encoding = "compact",
        low_s: bool = False,
        hash: str | None = None,
        signer_id: Buffer = DEFAULT_ID,
    ) -> NDArray[np.bool_]:
        """Which of n signatures verify; see :func:`isthmus.verify`."""
        options = checked(scheme, encoding=encoding, low_s=low_s, hash=hash, signer_id=signer_id)
        return self._verify(scheme, options, keys, messages, signatures)

    def verify_batch(self, batch: Batch) -> NDArray[np.bool_]:
        """Which rows of a :class:`isthmus.Batch` verify: a bool array in the order of adding."""
        answers = np.zeros(len(batch), dtype=np.bool_)
        self._open()
        for group in batch.groups():
            said = self._verify(group.scheme, group.options, group.keys, group.messages, group.signatures)
            answers[group.places] = said
        return answers

    def recover(
        self, curve: str, digests: Rows, signatures: Rows, *, hash: str | None = None, low_s: bool = False
    ) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
        """The keys that n signatures were made with; see :func:`isthmus.recover`."""
        known(curve, "curve", ["secp256k1"])
        name = known_hash(hash)
        flags = LOW_S if known_flag(low_s, "low_s") else 0
        msg, sig = column(digests, "digests"), column(signatures, "signatures")
        native = self._open()
        if same_length(msg, sig) == 0:
            return np.zeros((0, _KEY), dtype=np.uint8), np.zeros(0, dtype=np.bool_)
        return native.recover(self._digests(name, msg), sig.native, flags)

    def _verify(self, scheme: str, options: Options, keys: Rows, messages: Rows, signatures: Rows) -> NDArray[np.bool_]:
        key, msg, sig = column(keys, "keys"), column(messages, "messages"), column(signatures, "signatures")
        count = same_length(key, msg, sig)
        native = self._open()
        if count == 0:
            return np.zeros(0, dtype=np.bool_)
        said = self._digests(options.hash, msg)
        if options.encoding == "compact":
            return native.verify(scheme, key.native, said, sig.native, options.flags, options.signer_id)
        width = FORMS[scheme].sig // 2
        compact, formed = _native.der_to_compact(sig.native, options.encoding == "der", width)
        parsed = _native.Column.rows(compact)
        return native.verify(scheme, key.native, said, parsed, options.flags, options.signer_id) & formed

    def _digests(self, name: str | None, messages: Column) -> _native.Column:
        if name is None or len(messages) == 0:
            return messages.native
        digests = np.empty((len(messages), _native.digest_size(name)), dtype=np.uint8)
        self._open().hash_many(name, messages.native, digests)
        return _native.Column.rows(digests)

    def hash_many(self, name: str, messages: Rows, *, out: NDArray[np.uint8] | None = None) -> NDArray[np.uint8]:
        """Digests of n messages; see :func:`isthmus.hash_many`."""
        known(name, "name", _native.hashes())
        data = column(messages, "messages", snapshot=False)
        digests = output(out, (len(data), _native.digest_size(name)), messages)
        self._open().hash_many(name, data.native, digests)
        return digests

    def merkle_root(self, rule: str, leaves: Rows, *, hash: str | None = None, allow_mutated: bool = False) -> bytes:
        """Root of a Merkle tree; see :func:`isthmus.merkle_root`."""
        chosen, name = rule_with(rule, hash)
        data = leaf_column(chosen, leaves)
        checked_count(chosen, len(data))
        root, mutated = _native.merkle_root(self._open(), rule, name, data.native)
        if mutated and not allow_mutated:
            raise MutatedTree(f"leaves: {MUTATED}; pass allow_mutated=True to get it all the same")
        return root

    # --- life

    def stats(self) -> dict[str, int]:
        """Counters since the engine was made: sheets, rows by sort, batches, nanoseconds of settling."""
        return self._open().stats()

    def close(self) -> None:
        """Ends the threads. A closed engine refuses work; closing twice is allowed."""
        self._native = None

    def __enter__(self) -> Self:
        self._open()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<isthmus.Engine threads={self._threads}{'' if self._native else ' closed'}>"

    def __reduce__(self) -> Any:
        raise TypeError("an Engine holds threads and cannot be pickled: make one in each process, or use Engine.map")

    def _open(self) -> _native.Engine:
        if self._native is None:
            raise ValueError("this Engine is closed")
        return self._native


def native_of(engine: Engine) -> _native.Engine:
    """The native core of an engine, for the other modules of this package; ``ValueError`` when it is closed."""
    return engine._open()


def _checked_limits(limits: Limits | Mapping[str, int] | None) -> dict[str, int] | None:
    if limits is None:
        return None
    out: dict[str, int] = {}
    for name, value in limits.items():
        if name not in _LIMIT_TOP:
            raise ValueError(f"limits: {name!r} is none of {', '.join(_LIMIT_TOP)}")
        if isinstance(value, bool) or not isinstance(value, int):
            raise TypeError(f"limits[{name!r}]: expected an int, got {type(value).__name__}")
        if not 1 <= value <= _LIMIT_TOP[name]:
            raise ValueError(f"limits[{name!r}]: expected 1 to {_LIMIT_TOP[name]}, got {value}")
        out[name] = value
    return out


def _is_anchor(value: object) -> bool:
    return is_buffer(value) or (not isinstance(value, (np.ndarray, type)) and hasattr(value, "__bytes__"))


def _anchor_bytes(value: object, name: str) -> bytes:
    if not _is_anchor(value):
        raise TypeError(f"{name}: expected an anchor of isthmus.chains or bytes-like, got {type(value).__name__}")
    return bytes(value)  # type: ignore[call-overload, no-any-return]


def _anchor_list(values: object) -> list[bytes]:
    if isinstance(values, (str, dict)) or not isinstance(values, Iterable):
        raise TypeError(f"anchors: expected one anchor or a list of them, got {type(values).__name__}")
    return [_anchor_bytes(each, f"anchors[{index}]") for index, each in enumerate(values)]


def _anchors(anchors: object, count: int) -> Column:
    """One anchor per input; a single anchor stands for all."""
    if _is_anchor(anchors):
        return column([_anchor_bytes(anchors, "anchors")] * count, "anchors")
    many = _anchor_list(anchors)
    if len(many) != count:
        raise ValueError(f"{count} inputs but {len(many)} anchors: give one anchor, or one per input")
    return column(many, "anchors")


def _cut(values: list[bytes], size: int) -> Iterable[list[bytes]]:
    return (values[at : at + size] for at in range(0, len(values), size))


def _check_part(
    settings: tuple[int, dict[str, int] | None, str], job: tuple[list[bytes], list[bytes]]
) -> list[Verdict]:
    threads, limits, chain = settings
    with Engine(threads, limits=limits) as engine:
        return list(engine.check(chain, *job))
