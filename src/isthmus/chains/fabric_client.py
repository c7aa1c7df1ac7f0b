"""A client of a Fabric channel: walks blocks, or only its config blocks, from an anchor.

It holds no rule. Each block is judged by the engine under an anchor made from the block before; many are judged in one
call under anchors made ahead, and the verdicts count only up to the first that is not valid: from there on the anchors
were never earned.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from isthmus.chains.fabric_anchor import Anchor
from isthmus.chains.fabric_block import Block
from isthmus.errors import InternalError

if TYPE_CHECKING:
    from isthmus.engine import Engine
    from isthmus.verdict import Verdict

CHAIN: Final = "fabric-block"
ATTESTATION: Final = "fabric-attestation"
_ID_LEN: Final = 32


@dataclass(frozen=True, slots=True)
class Step:
    """One block that was judged, and under which anchor."""

    block: Block
    anchor: Anchor
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Walk:
    """What a client did: its steps in order, the last of which is the first failure if there was one.

    ``given``  how many blocks were asked for; blocks after a failure are not judged
    """

    steps: tuple[Step, ...]
    given: int

    @property
    def ok(self) -> bool:
        """True iff every block that was asked for is valid, and there was one."""
        return bool(self.steps) and self.valid_count >= self.given

    @property
    def valid_count(self) -> int:
        """How many steps ended valid."""
        return sum(step.verdict.ok for step in self.steps)

    @property
    def verdicts(self) -> list[Verdict]:
        """The verdict of each step."""
        return [step.verdict for step in self.steps]


class Client:
    """Follows one channel from an anchor.

    ``anchor``   a pinned block (``Anchor.from_block``), which must be given first, or a config (``from_config_block``)
    ``chunk``    how many blocks are judged in one call

    ``anchor`` is what the next block will be judged under. A client is not for several threads at once.
    """

    def __init__(self, engine: Engine, anchor: Anchor, *, chunk: int = 256) -> None:
        if chunk < 1:
            raise ValueError(f"chunk: expected at least 1, got {chunk}")
        self._engine: Final = engine
        self._chunk: Final = chunk
        self._anchor = anchor
        self._seen: set[bytes] = set()

    @property
    def anchor(self) -> Anchor:
        """What is trusted now."""
        return self._anchor

    def walk(self, blocks: Iterable[Block]) -> Walk:
        """Judges blocks that follow each other without a gap, up to the first that is not valid.

        Each must name the header before it, and no transaction's identifier may come twice among the blocks of all
        walks of this client.
        """
        return self._run(list(blocks), linked=True)

    def skip(self, blocks: Iterable[Block]) -> Walk:
        """Judges config blocks in their order, each by the config before it, and then whatever blocks are wanted.

        No config block can be left out: the sequence of configs has no gap, and every block names the newest config
        block under its signatures. So the cost follows the number of configs, not the height.
        """
        return self._run(list(blocks), linked=False)

    def attest(self, raw: bytes) -> Verdict:
        """Judges an attestation, a block's header and metadata, by the config that is trusted now."""
        anchor = replace(self._anchor, parent=None, form=0)
        return self._engine.check(ATTESTATION, raw, anchor)

    def _run(self, blocks: Sequence[Block], *, linked: bool) -> Walk:
        steps: list[Step] = []
        for part in _runs(blocks, self._chunk):
            steps += self._judge(part, linked=linked)
            if not steps[-1].verdict.ok:
                break
        return Walk(tuple(steps), len(blocks))

    def _judge(self, blocks: Sequence[Block], *, linked: bool) -> list[Step]:
        """Steps up to the first that is not valid; moves the anchor on."""
        anchors = [_fitted(self._anchor, blocks[0], linked=linked)]
        trusted = self._anchor
        for before, block in pairwise(blocks):
            trusted = trusted.after(before)
            anchors.append(_fitted(trusted, block, linked=linked))
        try:
            verdicts = self._engine.check(CHAIN, [block.encoded for block in blocks], anchors)
        except ValueError:
            # A block's own bytes may make an anchor that is none, which is no mistake of the caller; judged one by one,
            # only blocks that were valid become anchors.
            if len(blocks) == 1:
                raise
            return self._judge_singly(blocks, linked=linked)
        steps: list[Step] = []
        for block, anchor, verdict in zip(blocks, anchors, verdicts, strict=True):
            judged = self._once(block, anchor, verdict) if linked else verdict
            steps.append(Step(block, anchor, judged))
            if not judged.ok:
                break
            _require_same(block, verdict)
            self._anchor = self._anchor.after(block)
        return steps

    def _judge_singly(self, blocks: Sequence[Block], *, linked: bool) -> list[Step]:
        steps: list[Step] = []
        for block in blocks:
            steps += self._judge([block], linked=linked)
            if not steps[-1].verdict.ok:
                break
        return steps

    def _once(self, block: Block, anchor: Anchor, verdict: Verdict) -> Verdict:
        """The verdict, made again where an identifier came before: then the decoder is told and says so."""
        ids = _effective_ids(verdict)
        again = ids & self._seen
        if verdict.ok and again:
            told = replace(anchor, seen_tx_ids=b"".join(sorted(again)))
            verdict = self._engine.check(CHAIN, block.encoded, told)
        if verdict.ok:
            self._seen |= ids
        return verdict


def _runs(blocks: Sequence[Block], chunk: int) -> Iterable[Sequence[Block]]:
    """Blocks that share a config: up to and with the next config block, or so many."""
    first = 0
    for index, block in enumerate(blocks):
        if block.config is not None or index + 1 - first == chunk or index + 1 == len(blocks):
            yield blocks[first : index + 1]
            first = index + 1


def _fitted(anchor: Anchor, block: Block, *, linked: bool) -> Anchor:
    """The anchor for a block in its form; without the link where blocks may be left out.

    A walk that starts at a pinned block does not know the commit hash before it, so that one is not recomputed.
    """
    if anchor.parent is None and not anchor.previous_commit_hash and block.number > 1:
        anchor = replace(anchor, options=replace(anchor.options, commit_hash=False))
    adjacent = anchor.parent is not None and block.number == anchor.parent.number + 1
    if linked or adjacent:
        return replace(anchor, form=block.form)
    options = replace(anchor.options, commit_hash=False)
    return replace(anchor, form=block.form, parent=None, previous_commit_hash=b"", options=options)


def _effective_ids(verdict: Verdict) -> set[bytes]:
    """Identifiers of the transactions that claim an effect."""
    raw, flags = verdict.facts.get("tx_ids", b""), verdict.facts.get("flags", b"")
    ids = [raw[at : at + _ID_LEN] for at in range(0, len(raw), _ID_LEN)]
    return {each for index, each in enumerate(ids) if any(each) and not (flags and flags[index])}


def _require_same(block: Block, verdict: Verdict) -> None:
    """What Python read from a block must be what the decoder judged: the next anchor is made from it."""
    facts = verdict.facts
    same = (
        facts["header_hash"] == block.header_hash
        and int.from_bytes(facts["number"], "little") == block.number
        and facts.get("config") == block.config
        and facts.get("commit_hash", b"") == block.commit_hash
    )
    if not same:
        raise InternalError(f"block {block.number}: the decoder judged other values than the client read")
