"""A light client: walks from an anchor over light blocks, bisects where trust does not reach, proves conflicts.

It holds no rule. Each block is judged by the engine under an anchor made from the last block that was valid; many
blocks are judged in one call under speculative anchors, each made from the block before it, and the verdicts count only
up to the first that is not valid: from there on the anchors were never earned.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias

from isthmus import _wire
from isthmus._json import Timestamp
from isthmus.chains.cometbft_anchor import Anchor, TrustedHeader, now
from isthmus.chains.cometbft_block import LightBlock
from isthmus.errors import InternalError

if TYPE_CHECKING:
    from isthmus.engine import Engine
    from isthmus.verdict import Verdict

CHAIN: Final = "cometbft-light-block"
CONFLICT: Final = "cometbft-conflict"
DUPLICATE_VOTE: Final = "cometbft-duplicate-vote"

Provider: TypeAlias = Callable[[int], LightBlock]
"""Gives the light block of a height, from wherever; its answer is not trusted."""

_ADDRESS_LEN: Final = 20
# A header in between is what these ask for.
_TOO_FAR: Final = frozenset({"cometbft_not_enough_trust", "cometbft_no_trusted_validators"})


@dataclass(frozen=True, slots=True)
class Step:
    """One block that was judged, and under which anchor."""

    block: LightBlock
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
        return bool(self.steps) and self.steps[-1].verdict.ok and self.valid_count >= self.given

    @property
    def valid_count(self) -> int:
        """How many steps ended valid."""
        return sum(step.verdict.ok for step in self.steps)

    @property
    def verdicts(self) -> list[Verdict]:
        """The verdict of each step."""
        return [step.verdict for step in self.steps]


class LightClient:
    """Follows one chain from an anchor.

    ``anchor``   the root of trust: a pinned header (the first block must be that one) or an earlier header
    ``chunk``    how many blocks are judged in one call

    ``trusted`` is the last block that was valid, ``None`` before the first. A client is not for several threads at
    once.
    """

    def __init__(self, engine: Engine, anchor: Anchor, *, chunk: int = 256) -> None:
        if chunk < 1:
            raise ValueError(f"chunk: expected at least 1, got {chunk}")
        self._engine: Final = engine
        self._root: Final = anchor
        self._chunk: Final = chunk
        self._trusted: LightBlock | None = None

    @property
    def trusted(self) -> LightBlock | None:
        """The last block that was valid."""
        return self._trusted

    def walk(self, blocks: Iterable[LightBlock], *, at: Timestamp | None = None) -> Walk:
        """Verifies blocks in their order, each from the one before it, and stops at the first that is not valid.

        Heights may be adjacent or skip. ``at`` is the time to judge by: by default the anchor's ``now``, else the
        clock.
        """
        given = list(blocks)
        moment = self._moment(at)
        steps: list[Step] = []
        for first in range(0, len(given), self._chunk):
            steps += self._judge(given[first : first + self._chunk], moment)
            if not steps[-1].verdict.ok:
                break
        return Walk(tuple(steps), len(given))

    def bisect(self, provider: Provider, height: int, *, at: Timestamp | None = None) -> Walk:
        """Verifies the block of ``height``, fetching blocks in between where trust does not reach.

        Needs a starting point: a client that has walked, or an anchor with a trusted header. Raises ``ValueError``
        without one, for a height that is not above it, and when the provider gives another height.
        """
        moment = self._moment(at)
        if height <= self._base():
            raise ValueError(f"height: expected more than the trusted {self._base()}, got {height}")
        waiting = [_fetch(provider, height)]
        steps: list[Step] = []
        while waiting:
            steps += self._judge(waiting[-1:], moment)
            verdict = steps[-1].verdict
            if verdict.ok:
                waiting.pop()
                continue
            # Every block in between is strictly between two heights, so this ends.
            middle = (self._base() + waiting[-1].height) // 2
            if verdict.code not in _TOO_FAR or middle == self._base():
                break
            waiting.append(_fetch(provider, middle))
        return Walk(tuple(steps), 1)

    def conflict(self, a: LightBlock, b: LightBlock, *, at: Timestamp | None = None) -> Verdict:
        """Whether two blocks of one height are provable misbehaviour, judged from what this client trusts."""
        return conflict(self._engine, a, b, self._anchor_after(self._trusted, b.height, self._moment(at)))

    def cross_check(
        self, ours: Provider, theirs: Provider, height: int, *, at: Timestamp | None = None
    ) -> Verdict | None:
        """Compares what two providers hold at ``height``: ``None`` when they agree.

        When they differ, the last height at which they agree is searched for by halving, verified from what this client
        trusts, and the two blocks after it are judged as a conflict. A valid verdict is proof of misbehaviour; any
        other says why there is none (the other provider may simply be wrong). Needs a client that has walked; it stays
        where it is.
        """
        start = self._trusted
        if start is None:
            raise ValueError("nothing to start from: walk to the block that the anchor names first")
        if _fetch(ours, height).header_hash == _fetch(theirs, height).header_hash:
            return None
        low, high = min(start.height, height - 1), height
        while high - low > 1:
            middle = (low + high) // 2
            same = _fetch(ours, middle).header_hash == _fetch(theirs, middle).header_hash
            low, high = (middle, high) if same else (low, middle)
        scout = LightClient(self._engine, self._root, chunk=self._chunk)
        scout._trusted = start
        if low > start.height:
            walk = scout.bisect(ours, low, at=at)
            if not walk.ok:
                return walk.steps[-1].verdict
        return scout.conflict(_fetch(ours, high), _fetch(theirs, high), at=at)

    def _moment(self, at: Timestamp | None) -> Timestamp:
        return at or self._root.now or now()

    def _base(self) -> int:
        if self._trusted is not None:
            return self._trusted.height
        if self._root.trusted is None:
            raise ValueError("nothing to start from: walk to the block that the anchor names first")
        return self._root.trusted.height

    def _anchor_after(self, block: LightBlock | None, height: int, moment: Timestamp) -> Anchor:
        if block is None:
            return self._root.at(moment)
        header = TrustedHeader.of(block, link=self._root.options.link)
        if height == block.height + 1:
            header = replace(header, validators=None, validators_hash=b"")
        return Anchor(self._root.chain_id, trusted=header, now=moment, options=self._root.options)

    def _judge(self, blocks: Sequence[LightBlock], moment: Timestamp) -> list[Step]:
        """Steps up to the first that is not valid; moves ``trusted`` on."""
        try:
            earlier = [self._trusted, *blocks[:-1]]
            anchors = [
                self._anchor_after(before, block.height, moment) for before, block in zip(earlier, blocks, strict=True)
            ]
            verdicts = self._engine.check(CHAIN, [block.encoded for block in blocks], anchors)
        except ValueError:
            # A block may be too broken to make an anchor of, which is no mistake of the caller; judged one by one, only
            # blocks that were valid become anchors.
            if len(blocks) == 1:
                raise
            return self._judge_singly(blocks, moment)
        steps: list[Step] = []
        for block, anchor, verdict in zip(blocks, anchors, verdicts, strict=True):
            steps.append(Step(block, anchor, verdict))
            if not verdict.ok:
                break
            _require_same(block, verdict)
            self._trusted = block
        return steps

    def _judge_singly(self, blocks: Sequence[LightBlock], moment: Timestamp) -> list[Step]:
        steps: list[Step] = []
        for block in blocks:
            steps += self._judge([block], moment)
            if not steps[-1].verdict.ok:
                break
        return steps


class Culprits(NamedTuple):
    """Who misbehaved, from the facts of a valid ``cometbft-conflict`` verdict.

    ``kind``       lunatic, equivocation or amnesia (where nobody can be named)
    ``addresses``  20 bytes each, by power and address
    ``power``      their power out of ``total_power``
    """

    kind: str
    addresses: tuple[bytes, ...]
    power: int
    total_power: int


def conflict_input(a: LightBlock, b: LightBlock) -> bytes:
    """Input of ``cometbft-conflict``: ``a`` is the block held for right, ``b`` the other."""
    return _wire.message(1, a.encoded) + _wire.message(2, b.encoded)


def conflict(engine: Engine, a: LightBlock, b: LightBlock, anchor: Anchor) -> Verdict:
    """Whether ``a`` (held for right) and ``b``, both verified from ``anchor``, are provable misbehaviour."""
    return engine.check(CONFLICT, conflict_input(a, b), anchor)


def culprits(verdict: Verdict) -> Culprits:
    """Reads the facts of a ``cometbft-conflict`` verdict; ``ValueError`` unless it is valid."""
    if not verdict.ok or "byzantine" not in verdict.facts:
        raise ValueError(f"no conflict was proved: {verdict}")
    facts = verdict.facts
    raw = facts["byzantine"]
    return Culprits(
        kind=facts["kind"].decode(),
        addresses=tuple(raw[at : at + _ADDRESS_LEN] for at in range(0, len(raw), _ADDRESS_LEN)),
        power=int.from_bytes(facts["byzantine_power"], "little"),
        total_power=int.from_bytes(facts["total_power"], "little"),
    )


def _fetch(provider: Provider, height: int) -> LightBlock:
    block = provider(height)
    if block.height != height:
        raise ValueError(f"the provider gave height {block.height} for {height}")
    return block


def _require_same(block: LightBlock, verdict: Verdict) -> None:
    """What Python read from a block must be what the decoder judged: the next anchor is made from it."""
    facts = verdict.facts
    same = (
        facts["header_hash"] == block.header_hash
        and facts["validators_hash"] == block.validators_hash
        and facts["next_validators_hash"] == block.next_validators_hash
        and int.from_bytes(facts["height"], "little") == block.height
        and int.from_bytes(facts["time"][:8], "little", signed=True) == block.time.seconds
        and int.from_bytes(facts["time"][8:], "little") == block.time.nanos
    )
    if not same:
        raise InternalError(f"height {block.height}: the decoder judged other values than the client read")
