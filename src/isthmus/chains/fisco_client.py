"""A light client: walks headers or blocks from an anchor, each verified one trusted for the next.

It holds no rule: each block is judged by the engine under an anchor made from the one before it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeAlias

from isthmus.chains.fisco_anchor import Anchor, Sealer
from isthmus.chains.fisco_json import Statement

if TYPE_CHECKING:
    from isthmus.engine import Engine
    from isthmus.verdict import Verdict

HEADER: Final = "fisco-header"
BLOCK: Final = "fisco-block"
PROOF: Final = "fisco-proof"

Given: TypeAlias = Statement | bytes
"""What a node told of a block, or a block in the chain's own bytes."""

_ENTRY: Final = 72  # of a list of sealers: 64 bytes of id, 8 of weight


def sealers_of(verdict: Verdict) -> tuple[Sealer, ...]:
    """The sealers that a valid verdict's header names."""
    raw = verdict.facts["sealers"]
    return tuple(
        Sealer(raw[at : at + 64], int.from_bytes(raw[at + 64 : at + _ENTRY], "little"))
        for at in range(0, len(raw), _ENTRY)
    )


@dataclass(frozen=True, slots=True)
class Step:
    """One block that was judged, and under which anchor."""

    given: Given
    anchor: Anchor
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Walk:
    """What a light client did: its steps in order, the last of which is the first failure if there was one.

    ``given``  how many blocks were asked for; blocks after a failure are not judged
    """

    steps: tuple[Step, ...]
    given: int

    @property
    def ok(self) -> bool:
        """True iff every block that was asked for is valid, and there was one."""
        return bool(self.steps) and len(self.steps) == self.given and all(step.verdict.ok for step in self.steps)

    @property
    def verdicts(self) -> list[Verdict]:
        """The verdict of each step."""
        return [step.verdict for step in self.steps]


class LightClient:
    """Follows one chain from an anchor.

    ``anchor``   the root of trust: sealers, or the hash of the first block that will be given
    ``chunk``    how many blocks are judged in one call

    Numbers may skip: sealers that the anchor names (or that replaced them, with ``change="overlap"``) are enough to
    believe any later block. Adjacent blocks must be linked. ``anchor`` is what holds after the last block that was
    valid. A client is not for several threads at once.
    """

    def __init__(self, engine: Engine, anchor: Anchor, *, chunk: int = 256) -> None:
        if chunk < 1:
            raise ValueError(f"chunk: expected at least 1, got {chunk}")
        self._engine: Final = engine
        self._chunk: Final = chunk
        self._anchor = anchor

    @property
    def anchor(self) -> Anchor:
        """What the next block is judged under."""
        return self._anchor

    def walk(self, blocks: Iterable[Given]) -> Walk:
        """Verifies blocks in their order, each from the one before it, and stops at the first that is not valid."""
        given = list(blocks)
        steps: list[Step] = []
        while len(steps) < len(given):
            steps += self._judge(self._next(given[len(steps) :]))
            if not steps[-1].verdict.ok:
                break
        return Walk(tuple(steps), len(given))

    def _next(self, rest: Sequence[Given]) -> Sequence[Given]:
        """The blocks that can be judged in one call: their anchors must be known before any of them is judged, which
        they are while the sealers stay and each block states its hash."""
        if self._anchor.change == "overlap":
            return rest[:1]
        count = 1
        while count < min(len(rest), self._chunk):
            before = rest[count - 1]
            if not isinstance(before, Statement) or not before.hash or not isinstance(rest[count], Statement):
                break
            count += 1
        return rest[:count]

    def _judge(self, blocks: Sequence[Given]) -> list[Step]:
        """Steps up to the first that is not valid; moves ``anchor`` on. Anchors after that one were never earned, and
        their verdicts are dropped."""
        anchors = [self._anchor]
        for block in blocks[:-1]:
            assert isinstance(block, Statement)
            anchors.append(self._anchor.after(block.number, block.hash, ()))
        chain = HEADER if isinstance(blocks[0], Statement) else BLOCK
        verdicts = self._engine.check(chain, [bytes(block) for block in blocks], anchors)
        steps: list[Step] = []
        for block, anchor, verdict in zip(blocks, anchors, verdicts, strict=True):
            steps.append(Step(block, anchor, verdict))
            if not verdict.ok:
                break
            number = int.from_bytes(verdict.facts["number"], "little")
            self._anchor = anchor.after(number, verdict.facts["header_hash"], sealers_of(verdict))
        return steps
