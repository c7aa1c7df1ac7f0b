"""One message in pieces, under any hash of the engine."""

from __future__ import annotations

from typing import Any, Self

from numpy.typing import NDArray

from isthmus import _native
from isthmus.columns import Buffer
from isthmus.forms import known


class Hasher:
    """The digest of one message that comes in pieces, as ``hashlib`` has it.

    ``name``  one of :func:`isthmus.hashes`
    ``data``  the first piece

    :meth:`digest` may be called at any time, and :meth:`update` go on. A hasher may be shared by threads: each call
    finds it between two others. Updates of 2 KiB and more let other threads run; nobody should write to their memory
    meanwhile. An unknown name is a ``ValueError``, data that is not bytes-like a ``TypeError``.

    >>> import isthmus
    >>> hasher = isthmus.Hasher("sha256", b"a")
    >>> hasher.update(b"bc")
    >>> hasher.hexdigest()[:16]
    'ba7816bf8f01cfea'
    >>> fork = hasher.copy()
    >>> fork.update(b"d")
    >>> fork.hexdigest() == hasher.hexdigest()
    False
    """

    __slots__ = ("_name", "_native")

    def __init__(self, name: str, data: Buffer | NDArray[Any] = b"") -> None:
        self._name = known(name, "name", _native.hashes())
        self._native = _native.Hasher(name)
        self._native.update(data)

    @property
    def name(self) -> str:
        """Name of the hash."""
        return self._name

    @property
    def digest_size(self) -> int:
        """Bytes of a digest."""
        return self._native.digest_size

    @property
    def block_size(self) -> int:
        """Bytes that the hash takes in at a time (of a double hash, the inner one): 64, 128 or 136."""
        return self._native.block_size

    def update(self, data: Buffer | NDArray[Any]) -> None:
        """Appends the bytes of ``data``, any contiguous buffer (arrays of any type and shape included).

        ``TypeError`` for what has no buffer, ``ValueError`` for one that is not contiguous; the message is then as it
        was.
        """
        self._native.update(data)

    def digest(self) -> bytes:
        """The digest of everything so far."""
        return self._native.digest()

    def hexdigest(self) -> str:
        """The digest of everything so far, in hexadecimal."""
        return self._native.digest().hex()

    def copy(self) -> Self:
        """Another hasher that has seen the same pieces."""
        fork = object.__new__(type(self))
        fork._name = self._name
        fork._native = self._native.copy()
        return fork

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self._name}>"

    def __reduce__(self) -> str:
        raise TypeError("a Hasher lives in native memory and cannot be pickled")
