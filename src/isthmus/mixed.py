"""Rows of mixed schemes, collected one by one and verified together."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple, Unpack

import numpy as np
from numpy.typing import NDArray

from isthmus.batch import shared_engine
from isthmus.columns import Buffer, Rows, copied, copied_row
from isthmus.forms import Options, VerifyOptions, checked


class Group(NamedTuple):
    """Rows of one scheme and the same options, in the order of adding."""

    scheme: str
    options: Options
    places: list[int]
    """row numbers in the batch"""
    keys: list[bytes]
    messages: list[bytes]
    signatures: list[bytes]


class Batch:
    """Collects signature rows of any schemes; :meth:`verify` settles them with one native call for each scheme and
    set of options, and answers in the order of adding.

    Rows are copied when they are added, so that later writing to a buffer changes nothing. A batch may be verified
    more than once, and added to in between; one batch belongs to one thread.

    >>> import isthmus
    >>> batch = isthmus.Batch()
    >>> key = bytes.fromhex("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a")
    >>> sig = bytes.fromhex("e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155"
    ...                     "5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b")
    >>> batch.add("ed25519-rfc8032", key, b"", sig)
    0
    >>> batch.extend("secp256k1-ecdsa", [bytes(33)] * 2, [bytes(32)] * 2, [bytes(64)] * 2, low_s=True)
    slice(1, 3, None)
    >>> batch.verify().tolist()
    [True, False, False]
    """

    def __init__(self) -> None:
        self._groups: dict[tuple[str, Options], Group] = {}
        self._count = 0

    def add(
        self, scheme: str, key: Buffer, message: Buffer, signature: Buffer, **options: Unpack[VerifyOptions]
    ) -> int:
        """Adds one row, and returns its number; schemes and options are those of :func:`isthmus.verify`.

        A malformed row is added, and False later. A scheme or an option that there is not, or something that is not
        bytes-like, raises ``TypeError`` or ``ValueError`` and adds nothing.
        """
        group = self._group(scheme, checked(scheme, **options))
        row = copied_row(key, "key"), copied_row(message, "message"), copied_row(signature, "signature")
        place = self._count
        self._append(group, [[part] for part in row])
        return place

    def extend(
        self, scheme: str, keys: Rows, messages: Rows, signatures: Rows, **options: Unpack[VerifyOptions]
    ) -> slice:
        """Adds n rows, given in any form that :func:`isthmus.verify` takes, and returns the slice of their numbers.

        Raises as :func:`isthmus.verify` does, before anything is added.
        """
        group = self._group(scheme, checked(scheme, **options))
        columns = [copied(keys, "keys"), copied(messages, "messages"), copied(signatures, "signatures")]
        if len({len(column) for column in columns}) > 1:
            names = zip(("keys", "messages", "signatures"), columns, strict=True)
            said = ", ".join(f"{name} has {len(column)}" for name, column in names)
            raise ValueError(f"columns of different lengths: {said}")
        start = self._count
        self._append(group, columns)
        return slice(start, self._count)

    def verify(self, threads: int | None = None) -> NDArray[np.bool_]:
        """Which rows verify: a bool array of shape (len(batch),) in the order of adding.

        ``threads``  how many threads work; by default one per usable CPU. ``Engine.verify_batch`` uses an engine.
        """
        return shared_engine(threads).verify_batch(self)

    def groups(self) -> Iterator[Group]:
        """The rows by scheme and options, in the order in which a group's first row was added."""
        yield from (group for group in self._groups.values() if group.places)

    def clear(self) -> None:
        """Takes all rows out; numbers start at 0 again."""
        self._groups.clear()
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def __repr__(self) -> str:
        return f"<isthmus.Batch of {self._count} rows>"

    def _group(self, scheme: str, options: Options) -> Group:
        return self._groups.setdefault((scheme, options), Group(scheme, options, [], [], [], []))

    def _append(self, group: Group, columns: list[list[bytes]]) -> None:
        keys, messages, signatures = columns
        group.places.extend(range(self._count, self._count + len(keys)))
        group.keys.extend(keys)
        group.messages.extend(messages)
        group.signatures.extend(signatures)
        self._count += len(keys)
