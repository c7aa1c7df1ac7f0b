"""A light client: follows a ChainMaker chain from its first block, or from any that is trusted, by headers.

It holds no rule. Each header is judged by the engine under an anchor made from the configuration in force and from the
last block that was valid; headers up to the next configuration are judged in one call under speculative anchors, each
made from the header before it, and the verdicts count only up to the first that is not valid. A configuration block
comes with the proof of its transaction 0, or whole, and what it holds is what the blocks after it are judged by.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from isthmus import _wire
from isthmus.chains.chainmaker_anchor import Anchor, TrustedBlock
from isthmus.chains.chainmaker_config import ChainConfig
from isthmus.errors import InternalError

if TYPE_CHECKING:
    from isthmus.engine import Engine
    from isthmus.verdict import Verdict

BLOCK: Final = "chainmaker-block"
HEADER: Final = "chainmaker-header"
TRANSACTION: Final = "chainmaker-tx"

_CONFIG_BLOCK: Final = 1


@dataclass(frozen=True, slots=True)
class Header:
    """One header to follow: ``raw`` is input of ``chainmaker-header``, or of ``chainmaker-block`` where ``whole``."""

    raw: bytes
    whole: bool = False

    @property
    def chain(self) -> str:
        """The format that judges it."""
        return BLOCK if self.whole else HEADER


@dataclass(frozen=True, slots=True)
class Step:
    """One block that was judged, and under which anchor."""

    header: Header
    anchor: Anchor
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Walk:
    """What a light client did: its steps in order, the last of which is the first failure if there was one.

    ``given``  how many headers were asked for; headers after a failure are not judged
    """

    steps: tuple[Step, ...]
    given: int

    @property
    def ok(self) -> bool:
        """True iff every header that was asked for is valid, and there was one."""
        return bool(self.steps) and self.steps[-1].verdict.ok and len(self.steps) == self.given

    @property
    def valid_count(self) -> int:
        """How many steps ended valid."""
        return sum(step.verdict.ok for step in self.steps)


class LightClient:
    """Follows one chain from an anchor.

    ``anchor``  the root of trust. With ``block_hash`` the first header must be that block's; else the first one is
                judged by the validators of the anchor
    ``chunk``   how many headers are judged in one call

    ``trusted`` is the last block that was valid, ``anchor`` what the next header is judged by. Heights may skip as
    long as the configuration stays; a header whose configuration is another one ends ``undecided``
    (chainmaker_other_config): give the configuration block in between. Revocation lists and frozen certificates of
    the anchor stay as they are: chains keep them in state that headers do not commit to. A client is not for several
    threads at once.
    """

    def __init__(self, engine: Engine, anchor: Anchor, *, chunk: int = 64) -> None:
        if chunk < 1:
            raise ValueError(f"chunk: expected at least 1, got {chunk}")
        self._engine: Final = engine
        self._chunk: Final = chunk
        self._anchor = replace(anchor, follow=True)

    @property
    def anchor(self) -> Anchor:
        """What the next header is judged by."""
        return self._anchor

    @property
    def trusted(self) -> TrustedBlock | None:
        """The last block that was valid, or the anchor's own."""
        return self._anchor.trusted

    def walk(self, headers: Iterable[Header | bytes]) -> Walk:
        """Verifies headers in their order and stops at the first that is not valid. Bytes are input of
        ``chainmaker-header``."""
        given = [each if isinstance(each, Header) else Header(bytes(each)) for each in headers]
        steps: list[Step] = []
        while len(steps) < len(given):
            done = self._judge(given[len(steps) : len(steps) + self._chunk])
            steps += done
            if not done[-1].verdict.ok:
                break
        return Walk(tuple(steps), len(given))

    def _judge(self, headers: Sequence[Header]) -> list[Step]:
        """Steps of the first headers, up to a configuration or the first that is not valid; at least one."""
        batch, anchors = self._speculate(headers)
        verdicts = self._engine.check(batch[0].chain, [each.raw for each in batch], anchors)
        steps: list[Step] = []
        for header, anchor, verdict in zip(batch, anchors, verdicts, strict=True):
            steps.append(Step(header, anchor, verdict))
            if not verdict.ok:
                break
            self._trust(verdict, anchor)
        return steps

    def _speculate(self, headers: Sequence[Header]) -> tuple[list[Header], list[Anchor]]:
        """Headers of one kind that end with the first configuration, and an anchor for each."""
        batch, anchors = [headers[0]], [self._anchor]
        for header in headers[1:]:
            before = None if self._anchor.block_hash else _said(batch[-1])
            if before is None or header.whole != batch[0].whole:
                break
            batch.append(header)
            anchors.append(self._anchor.after(before))
        return batch, anchors

    def _trust(self, verdict: Verdict, judged_by: Anchor) -> None:
        facts = verdict.facts
        height, pre_conf = (int.from_bytes(facts[name], "little") for name in ("height", "pre_conf_height"))
        config = facts.get("chain_config")
        block = TrustedBlock(height, facts["block_hash"], config is not None, pre_conf)
        if judged_by.trusted is not None and height <= judged_by.trusted.height:
            raise InternalError(f"height {height} was valid below {judged_by.trusted.height}")
        anchor = self._anchor if config is None else _with_config(self._anchor, ChainConfig.decode(config), height)
        self._anchor = anchor.after(block)


def _said(header: Header) -> TrustedBlock | None:
    """The block that a header says it is, for a guess about the next one; None where that ends with this header."""
    try:
        data = dict(_wire.fields(header.raw))[1]
        if header.whole and isinstance(data, bytes) and data[:1] == b"\x0a":
            data = dict(reversed(list(_wire.fields(data))))[1]
        said = dict(_wire.fields(data)) if isinstance(data, bytes) else {}
    except (ValueError, KeyError):
        return None
    kind, height, block_hash, pre_conf = (said.get(number, 0) for number in (2, 4, 5, 7))
    if not isinstance(kind, int) or kind & _CONFIG_BLOCK:
        return None
    if not isinstance(height, int) or not isinstance(pre_conf, int) or not isinstance(block_hash, bytes):
        return None
    return TrustedBlock(height, block_hash, False, pre_conf) if len(block_hash) == 32 else None


def _with_config(anchor: Anchor, config: ChainConfig, height: int) -> Anchor:
    """The anchor under another configuration; what no configuration tells stays."""
    kept = {org.name: org for org in anchor.organisations}
    fresh = Anchor.from_config(
        config,
        height,
        certificates=anchor.certificates,
        aliases=anchor.aliases,
        sm2_engine=anchor.sm2_engine,
        format=anchor.format,
        follow=True,
    )
    organisations = tuple(
        replace(
            org,
            revocation_lists=kept[org.name].revocation_lists,
            frozen=kept[org.name].frozen,
        )
        if org.name in kept
        else org
        for org in fresh.organisations
    )
    return replace(fresh, organisations=organisations)
