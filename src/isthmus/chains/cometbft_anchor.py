"""What a caller trusts before a CometBFT light block is looked at; ext/chain/cometbft_anchor.hpp tells its bytes."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Any, Final

from isthmus import _wire
from isthmus._json import Node, Timestamp
from isthmus.chains import cometbft_json
from isthmus.chains.cometbft_block import LightBlock

_HASH_LEN: Final = 32
_PART_MAX: Final = 1 << 32
_SECOND: Final = 1_000_000_000
_DAY_NS: Final = 86_400 * _SECOND


def now() -> Timestamp:
    """This machine's clock."""
    return Timestamp.from_ns(time.time_ns())


@dataclass(frozen=True, slots=True)
class TrustOptions:
    """How far trust in a header reaches. Spans are nanoseconds.

    ``trusting_period_ns``    a trusted header older than this proves nothing; below the chain's unbonding period
    ``max_clock_drift_ns``    how far ahead of ``now`` a header's time may be
    ``trust_level``           which part of the trusted set's power must have signed to skip heights: 1/3 to 1
    ``early_stop``            check signatures only until each threshold is passed, as the reference's light client does
    ``link``                  demand that an adjacent block names the trusted header as its last block
    ``block_protocol``        the only version.block that is accepted; 0 accepts any
    ``amino``                 hashes and sign bytes as Tendermint 0.33 made them
    """

    trusting_period_ns: int = 14 * _DAY_NS
    max_clock_drift_ns: int = 10 * _SECOND
    trust_level: Fraction = Fraction(1, 3)
    early_stop: bool = False
    link: bool = False
    block_protocol: int = 0
    amino: bool = False

    def __post_init__(self) -> None:
        if self.trusting_period_ns <= 0:
            raise ValueError(f"trusting_period_ns: expected more than 0, got {self.trusting_period_ns}")
        if self.max_clock_drift_ns < 0:
            raise ValueError(f"max_clock_drift_ns: expected at least 0, got {self.max_clock_drift_ns}")
        if not Fraction(1, 3) <= self.trust_level <= 1 or self.trust_level.denominator > _PART_MAX:
            raise ValueError(f"trust_level: expected 1/3 to 1, got {self.trust_level}")
        if not 0 <= self.block_protocol < 1 << 64:
            raise ValueError(f"block_protocol: expected an unsigned number, got {self.block_protocol}")


@dataclass(frozen=True, slots=True)
class TrustedHeader:
    """A header that was verified before.

    ``hash``             when given, an adjacent block must name it as its last block
    ``validators``       a tendermint.types.ValidatorSet, needed to skip heights: the one after this header (it hashes
                         to ``next_validators_hash``) or, when ``validators_hash`` is given, this header's own
    """

    height: int
    time: Timestamp
    next_validators_hash: bytes
    hash: bytes = b""
    validators: bytes | None = None
    validators_hash: bytes = b""

    def __post_init__(self) -> None:
        if not 1 <= self.height < 1 << 63:
            raise ValueError(f"height: expected 1 to 2^63 - 1, got {self.height}")
        _check_hash("next_validators_hash", self.next_validators_hash, optional=False)
        _check_hash("hash", self.hash)
        _check_hash("validators_hash", self.validators_hash)

    @classmethod
    def of(cls, block: LightBlock, *, link: bool = False) -> TrustedHeader:
        """Trust in a light block that was verified. Skipping uses the next validators when they are known, else the
        block's own, as CometBFT does."""
        header_hash = block.header_hash if link else b""
        same = block.next_validators_hash == block.validators_hash
        known = block.validators if same else block.next_validators
        if known is not None:
            return cls(block.height, block.time, block.next_validators_hash, header_hash, known)
        return cls(
            block.height, block.time, block.next_validators_hash, header_hash, block.validators, block.validators_hash
        )

    def __bytes__(self) -> bytes:
        return b"".join(
            (
                _wire.sint(1, self.height),
                _wire.message(2, cometbft_json.timestamp(self.time)),
                _wire.blob(3, self.hash),
                _wire.blob(4, self.next_validators_hash),
                b"" if self.validators is None else _wire.message(5, self.validators),
                _wire.blob(6, self.validators_hash),
            )
        )


@dataclass(frozen=True, slots=True)
class Anchor:
    """What is trusted beforehand. What is given must all hold; with none of ``header_hash``, ``validators_hash`` and
    ``trusted`` a block that keeps every rule is ``undecided`` (cometbft_no_anchor).

    ``now``                    the time to judge by, needed with ``trusted``; by default the clock when bytes are made
    ``evidence_validators``    for duplicate votes: the validator set of the votes' height
    """

    chain_id: str
    header_hash: bytes = b""
    validators_hash: bytes = b""
    trusted: TrustedHeader | None = None
    now: Timestamp | None = None
    options: TrustOptions = field(default_factory=TrustOptions)
    evidence_validators: bytes | None = None

    def __post_init__(self) -> None:
        if not 1 <= len(self.chain_id.encode()) <= 50:
            raise ValueError(f"chain_id: expected 1 to 50 bytes, got {self.chain_id!r:.60}")
        _check_hash("header_hash", self.header_hash)
        _check_hash("validators_hash", self.validators_hash)

    @classmethod
    def from_mapping(cls, source: Mapping[str, Any] | str | bytes) -> Anchor:
        """From the values of a TOML or JSON file; hashes in hexadecimal, times in RFC 3339, spans as strings of seconds
        (``"1209600s"``), the trust level as ``"1/3"``. ``ValueError`` names what cannot be read.

        Keys: ``chain_id``; ``header_hash`` and ``validators_hash``; ``now``; ``trusting_period``, ``max_clock_drift``,
        ``trust_level``, ``early_stop``, ``link``, ``block_protocol``, ``amino``; ``evidence_validators``; and
        ``trusted`` with ``height``, ``time``, ``next_validators_hash``, ``hash``, ``validators``, ``validators_hash``.
        ``trusted`` may also be a whole light block that was verified.
        """
        return _read_anchor(Node.load(source if isinstance(source, (str, bytes)) else dict(source), "anchor"))

    def at(self, moment: Timestamp) -> Anchor:
        """This anchor with another ``now``."""
        return replace(self, now=moment)

    def __bytes__(self) -> bytes:
        options = self.options
        level = options.trust_level
        out = _wire.text(1, self.chain_id) + _wire.blob(2, self.header_hash) + _wire.blob(3, self.validators_hash)
        if self.trusted is not None:
            out += b"".join(
                (
                    _wire.message(4, bytes(self.trusted)),
                    _wire.message(5, cometbft_json.timestamp(Timestamp.from_ns(options.trusting_period_ns))),
                    _wire.message(6, cometbft_json.timestamp(self.now or now())),
                    _wire.message(7, cometbft_json.timestamp(Timestamp.from_ns(options.max_clock_drift_ns))),
                    _wire.uint(8, level.numerator),
                    _wire.uint(9, level.denominator),
                )
            )
        out += _wire.uint(10, options.early_stop) + _wire.uint(11, options.block_protocol)
        if self.evidence_validators is not None:
            out += _wire.message(12, self.evidence_validators)
        return out + _wire.uint(13, options.amino)


def _check_hash(name: str, value: bytes, *, optional: bool = True) -> None:
    if len(value) != _HASH_LEN and not (optional and not value):
        raise ValueError(f"{name}: expected {_HASH_LEN} bytes, got {len(value)}")


_SPAN_UNITS: Final = {"ns": 1, "ms": 1_000_000, "s": _SECOND, "m": 60 * _SECOND, "h": 3600 * _SECOND, "d": _DAY_NS}


def _span(node: Node, default: int) -> int:
    """Nanoseconds of "336h", "1209600s" or "14d"; a bare number is nanoseconds, as the reference's JSON has it."""
    if node.is_null:
        return default
    text = node.value if isinstance(node.value, str) else str(node.integer())
    digits = text.rstrip("abcdefghijklmnopqrstuvwxyz")
    unit = text[len(digits) :] or "ns"
    if unit not in _SPAN_UNITS or not (digits.isascii() and digits.isdigit()):
        raise node.fail(f"expected a whole number and one of {', '.join(_SPAN_UNITS)}, got {text!r:.40}")
    return int(digits) * _SPAN_UNITS[unit]


def _level(node: Node) -> Fraction:
    if node.is_null:
        return Fraction(1, 3)
    if isinstance(node.value, dict):
        numerator, denominator = node.at("numerator").integer(), node.at("denominator").integer()
    else:
        parts = node.text().split("/")
        if len(parts) != 2 or not all(part.isascii() and part.isdigit() for part in parts):
            raise node.fail(f"expected a fraction such as '1/3', got {node.value!r:.40}")
        numerator, denominator = int(parts[0]), int(parts[1])
    if denominator == 0:
        raise node.fail("the denominator is zero")
    return Fraction(numerator, denominator)


def _flag(node: Node) -> bool:
    if not isinstance(node.value, bool) and not node.is_null:
        raise node.fail("expected true or false")
    return bool(node.value)


def _hash(node: Node) -> bytes:
    raw = node.hex()
    if len(raw) not in (0, _HASH_LEN):
        raise node.fail(f"expected {_HASH_LEN} bytes in hexadecimal, got {len(raw)}")
    return raw


_ANCHOR_KEYS: Final = frozenset(
    {
        "chain_id", "header_hash", "validators_hash", "trusted", "now", "trusting_period", "max_clock_drift",
        "trust_level", "early_stop", "link", "block_protocol", "amino", "evidence_validators", "height", "about",
    }
)  # fmt: skip


def _read_options(node: Node) -> TrustOptions:
    default = TrustOptions()
    return TrustOptions(
        trusting_period_ns=_span(node.get("trusting_period"), default.trusting_period_ns),
        max_clock_drift_ns=_span(node.get("max_clock_drift"), default.max_clock_drift_ns),
        trust_level=_level(node.get("trust_level")),
        early_stop=_flag(node.get("early_stop")),
        link=_flag(node.get("link")),
        block_protocol=node.at("block_protocol").integer() if node.has("block_protocol") else 0,
        amino=_flag(node.get("amino")),
    )


def _read_trusted(node: Node, *, link: bool) -> TrustedHeader:
    if node.has("header") or node.has("signed_header") or node.has("commit"):
        return TrustedHeader.of(LightBlock.from_json(node), link=link)
    return TrustedHeader(
        height=node.at("height").integer(),
        time=node.at("time").time(),
        next_validators_hash=_hash(node.at("next_validators_hash")),
        hash=_hash(node.get("hash")),
        validators=cometbft_json.read_validator_set(node.at("validators")) if node.has("validators") else None,
        validators_hash=_hash(node.get("validators_hash")),
    )


def _read_anchor(node: Node) -> Anchor:
    unknown = sorted(set(node.fields()) - _ANCHOR_KEYS)
    if unknown:
        raise node.fail(f"{unknown[0]!r} is none of {', '.join(sorted(_ANCHOR_KEYS))}")
    options = _read_options(node)
    members = node.get("evidence_validators")
    return Anchor(
        chain_id=node.at("chain_id").text(),
        header_hash=_hash(node.get("header_hash")),
        validators_hash=_hash(node.get("validators_hash")),
        trusted=_read_trusted(node.at("trusted"), link=options.link) if node.has("trusted") else None,
        now=node.at("now").time() if node.has("now") else None,
        options=options,
        evidence_validators=None if members.is_null else cometbft_json.read_validator_set(members),
    )
