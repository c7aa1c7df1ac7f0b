"""The exceptions of isthmus: three channels for three different things.

Bad data is a :class:`~isthmus.Verdict`, never an exception, until a caller asks for one with
``Verdict.require()``. A caller's mistake is a ``TypeError`` or ``ValueError`` that names the argument and the
item. A mistake of this library is an :class:`InternalError`, which nobody should catch.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from isthmus.verdict import Verdict


class IsthmusError(Exception):
    """Everything that isthmus itself raises, but for ``TypeError`` and ``ValueError`` about arguments."""


class _VerdictError(IsthmusError):
    verdict: Verdict

    def __init__(self, verdict: Verdict) -> None:
        super().__init__(verdict)
        self.verdict = verdict

    def __str__(self) -> str:
        return str(self.verdict)


class InvalidBlock(_VerdictError):
    """``Verdict.require()`` met a verdict that is invalid; ``.verdict`` tells what and where."""


class Undecided(_VerdictError):
    """``Verdict.require()`` met a verdict that is neither valid nor invalid; ``.verdict`` names what was
    missing."""


class LimitExceeded(Undecided, ValueError):
    """The input is larger than the caller's limits; give the Engine wider ``limits`` to decide it."""


class MutatedTree(IsthmusError, ValueError):
    """Two equal neighbours were paired in a Merkle tree: another list of leaves has the same root
    (CVE-2012-2459)."""


class InternalError(IsthmusError):
    """A self-test failed or an impossible state was met: a defect of isthmus or of the machine."""
