"""Bitcoin: what a caller trusts before a block, a run of headers or one input is looked at.

The native decoders ``bitcoin-block``, ``bitcoin-headers`` and ``bitcoin-input`` take an :class:`Anchor`. The more it
holds, the more they decide; what it lacks makes a verdict ``undecided``, never ``valid``. Nothing here decides.

Hashes are 32 bytes in internal order; the printed form is the reverse of it, see :func:`from_printed`.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from isthmus import _wire

if TYPE_CHECKING:
    from isthmus.engine import Engine

HEADER_LEN: Final = 80
PERIOD: Final = 2016
MEDIAN_SPAN: Final = 11
UNKNOWN: Final = 0xFFFF_FFFF

NETWORKS: Final[Mapping[str, int]] = {"main": 0, "testnet3": 1, "signet": 2, "regtest": 3, "testnet4": 4}
RULES: Final[Mapping[str, int]] = {
    "p2sh": 2,
    "strict-der": 4,
    "null-dummy": 8,
    "witness": 16,
    "taproot": 32,
}
_RULES_STATED: Final = 1
_HEIGHT_MAX: Final = (1 << 31) - 1
_HASH_LEN: Final = 32


def from_printed(text: str) -> bytes:
    """A hash in internal order from its printed form of 64 hexadecimal digits.

    >>> from_printed("00" * 31 + "6f")[:2].hex()
    '6f00'
    """
    if len(text) != 2 * _HASH_LEN:
        raise ValueError(f"a hash has {2 * _HASH_LEN} hexadecimal digits, got {len(text)}")
    return bytes.fromhex(text)[::-1]


def to_printed(digest: bytes) -> str:
    """The printed form of a hash in internal order."""
    return digest[::-1].hex()


@dataclass(frozen=True, slots=True)
class Prevout:
    """An output that an input spends.

    ``value``     satoshi
    ``script``    its scriptPubKey
    ``height``    of the block that made it; ``None`` when it is not known
    ``coinbase``  whether a coinbase made it
    ``time``      median time past of the block before the one that made it, unix seconds; only relative lock times in
                  seconds need it; ``None`` when it is not known
    """

    value: int
    script: bytes
    height: int | None = None
    coinbase: bool = False
    time: int | None = None

    def __post_init__(self) -> None:
        if not 0 <= self.value < 1 << 64:
            raise ValueError(f"value: {self.value} does not fit 64 unsigned bits")
        for name, number in (("height", self.height), ("time", self.time)):
            if number is not None and not 0 <= number < UNKNOWN:
                raise ValueError(f"{name}: {number} does not fit 32 unsigned bits")


def pack_prevouts(prevouts: Iterable[Prevout]) -> bytes:
    """The container of spent outputs, in the order of the inputs that spend them.

    u32 count, then for each: u64 value, u32 height (ffffffff when not known), u8 coinbase flag, compactSize length and
    script. The inputs of a block's first transaction, its coinbase, have no entry.

    >>> pack_prevouts([Prevout(5, b"\\x51", 7)]).hex()
    '01000000050000000000000007000000000151'
    """
    entries = list(prevouts)
    parts = [len(entries).to_bytes(4, "little")]
    for entry in entries:
        height = UNKNOWN if entry.height is None else entry.height
        parts.append(entry.value.to_bytes(8, "little") + height.to_bytes(4, "little"))
        parts.append(bytes([entry.coinbase]) + _compact_size(len(entry.script)) + entry.script)
    return b"".join(parts)


def pack_times(prevouts: Iterable[Prevout]) -> bytes:
    """The times of spent outputs, u32 each in the order of their container; empty when none is known."""
    times = [entry.time for entry in prevouts]
    if all(time is None for time in times):
        return b""
    return b"".join((UNKNOWN if time is None else time).to_bytes(4, "little") for time in times)


def _compact_size(value: int) -> bytes:
    if value < 0xFD:
        return value.to_bytes(1, "little")
    width, mark = (2, 0xFD) if value <= 0xFFFF else (4, 0xFE)
    return bytes([mark]) + value.to_bytes(width, "little")


@dataclass(frozen=True, slots=True)
class Anchor:
    """What is trusted beforehand. Give it to ``Engine.check``; ``bytes(anchor)`` is its wire form.

    ``height``         of the block, of the first header, or of the block that holds the transaction
    ``network``        a key of ``NETWORKS``
    ``hash``           the hash that the block or the first header must have; then no header before it is needed for its
                       own rules
    ``parents``        n * 80 bytes of headers, ending with the parent: eleven give the median time past, 2016 a period
    ``opener``         80 bytes: the header that opens the parent's period, at ``opener_height(height)``
    ``prevouts``       container of the spent outputs, see ``pack_prevouts``; ``None`` when they are not known. Whoever
                       gives it says that they are unspent before the block, and that no transaction of the block
                       overwrites an unspent one (BIP30)
    ``prevout_times``  see ``pack_times``
    ``now``            unix seconds: no header may be more than two hours later; ``None`` leaves that rule out
    ``txids``          n * 32 bytes, see ``with_txids``
    ``rules``          keys of ``RULES`` that hold, for ``bitcoin-input`` only; ``None``: those of the height
    ``index``          which input, for ``bitcoin-input`` only
    ``median_time``    median time past of the parent (``mediantime`` of a node's RPC), for those without eleven parents

    >>> bytes(Anchor(170)).hex()
    '10aa01'
    """

    height: int
    network: str = "main"
    hash: bytes = b""
    parents: bytes = b""
    opener: bytes = b""
    prevouts: bytes | None = None
    prevout_times: bytes = b""
    now: int | None = None
    txids: bytes = b""
    rules: frozenset[str] | None = None
    index: int = 0
    median_time: int | None = None

    def __post_init__(self) -> None:
        if not 0 <= self.height <= _HEIGHT_MAX:
            raise ValueError(f"height: expected 0 to {_HEIGHT_MAX}, got {self.height}")
        if self.network not in NETWORKS:
            raise ValueError(f"network: {self.network!r} is none of {', '.join(NETWORKS)}")
        if self.hash and len(self.hash) != _HASH_LEN:
            raise ValueError(f"hash: expected {_HASH_LEN} bytes, got {len(self.hash)}")
        if len(self.parents) % HEADER_LEN:
            raise ValueError(f"parents: expected a multiple of {HEADER_LEN} bytes, got {len(self.parents)}")
        if len(self.parents) // HEADER_LEN > self.height:
            raise ValueError(f"parents: block {self.height} has fewer than {len(self.parents) // HEADER_LEN}")
        if self.opener and len(self.opener) != HEADER_LEN:
            raise ValueError(f"opener: expected {HEADER_LEN} bytes, got {len(self.opener)}")
        if len(self.txids) % _HASH_LEN:
            raise ValueError(f"txids: expected a multiple of {_HASH_LEN} bytes, got {len(self.txids)}")
        if self.now is not None and not 0 < self.now < 1 << 62:
            raise ValueError(f"now: {self.now} is no time in unix seconds")
        if self.rules is not None and not self.rules <= RULES.keys():
            raise ValueError(f"rules: {', '.join(sorted(self.rules - RULES.keys()))} not in {', '.join(RULES)}")
        if not 0 <= self.index < 1 << 32:
            raise ValueError(f"index: {self.index} does not fit 32 unsigned bits")
        if self.median_time is not None and not 0 < self.median_time < 1 << 32:
            raise ValueError(f"median_time: {self.median_time} is no time of a header")

    def to_bytes(self) -> bytes:
        """The wire form; its fields are listed in ext/chain/bitcoin_anchor.hpp."""
        rules = 0 if self.rules is None else _RULES_STATED | sum(RULES[name] for name in self.rules)
        return (
            _wire.uint(1, NETWORKS[self.network])
            + _wire.uint(2, self.height)
            + _wire.blob(3, self.hash)
            + _wire.blob(4, self.parents)
            + _wire.blob(5, self.opener)
            + (b"" if self.prevouts is None else _wire.blob(6, self.prevouts))
            + _wire.uint(7, self.now or 0)
            + _wire.uint(8, rules)
            + _wire.blob(9, self.txids)
            + _wire.blob(10, self.prevout_times)
            + _wire.uint(11, self.index)
            + _wire.uint(12, self.median_time or 0)
        )

    def __bytes__(self) -> bytes:
        return self.to_bytes()

    def with_prevouts(self, prevouts: Iterable[Prevout]) -> Anchor:
        """This anchor with the outputs that the block's (or transaction's) inputs spend."""
        entries = list(prevouts)
        return replace(self, prevouts=pack_prevouts(entries), prevout_times=pack_times(entries))

    def with_headers(self, headers: bytes, first_height: int = 0) -> Anchor:
        """This anchor with ``parents`` and ``opener`` taken from a run of trusted headers.

        ``headers``  n * 80 bytes from ``first_height`` on; they must reach the block's parent. As many as the rules can
        use are taken. Raises ``ValueError`` when the parent is not among them.
        """
        parents, opener = header_context(headers, self.height, first_height)
        return replace(self, parents=parents, opener=opener)

    @classmethod
    def load(cls, path: str | Path) -> Anchor:
        """From a TOML file, see :meth:`from_mapping`; files that it names are looked for beside it."""
        path = Path(path)
        with path.open("rb") as file:
            return cls.from_mapping(tomllib.load(file), path.parent)

    @classmethod
    def from_mapping(cls, table: Mapping[str, Any], folder: Path | None = None) -> Anchor:
        """From the keys of a TOML table.

        ``height`` and, as wanted, ``network``, ``hash`` (printed form), ``now``, ``rules`` (list), ``index``,
        ``median_time``; ``parents``, ``opener``, ``prevouts``, ``prevout_times``, ``txids`` as hexadecimal digits, or
        as ``{ file = "path" }``. ``headers = { file = "path", first_height = 0 }`` gives parents and opener at once.

        >>> Anchor.from_mapping({"height": 1, "network": "regtest"}).network
        'regtest'
        """
        known = {"height", "network", "hash", "now", "rules", "index", "median_time", "headers", *_BLOBS}
        unknown = sorted(table.keys() - known)
        if unknown:
            raise ValueError(f"anchor: {', '.join(map(repr, unknown))} not in {', '.join(sorted(known))}")
        if "height" not in table:
            raise ValueError("anchor: 'height' is missing")
        values: dict[str, Any] = {"height": _integer(table, "height"), "network": table.get("network", "main")}
        if "hash" in table:
            values["hash"] = from_printed(table["hash"])
        for name in ("now", "index", "median_time"):
            if name in table:
                values[name] = _integer(table, name)
        if "rules" in table:
            values["rules"] = frozenset(table["rules"])
        for name in _BLOBS:
            if name in table:
                values[name] = _blob(name, table[name], folder)
        anchor = cls(**values)
        if "headers" not in table:
            return anchor
        headers = table["headers"]
        first_height = headers.get("first_height", 0) if isinstance(headers, Mapping) else 0
        return anchor.with_headers(_blob("headers", headers, folder), first_height)


_BLOBS: Final = ("parents", "opener", "prevouts", "prevout_times", "txids")


def _integer(table: Mapping[str, Any], name: str) -> int:
    value = table[name]
    if isinstance(value, bool) or not isinstance(value, int):
        raise ValueError(f"anchor: {name!r} is not an integer")
    return value


def _blob(name: str, value: object, folder: Path | None) -> bytes:
    if isinstance(value, str):
        return bytes.fromhex(value)
    if isinstance(value, Mapping) and isinstance(value.get("file"), str):
        path: str = value["file"]
        return ((folder or Path()) / path).read_bytes()
    raise ValueError(f"anchor: {name!r} is neither hexadecimal digits nor {{ file = ... }}")


def opener_height(height: int) -> int:
    """Height of the header that opens the period of the parent of ``height`` (> 0).

    >>> opener_height(2016), opener_height(2017)
    (0, 2016)
    """
    return (height - 1) // PERIOD * PERIOD


def header_context(headers: bytes, height: int, first_height: int = 0) -> tuple[bytes, bytes]:
    """Parents and opener of the header at ``height``, cut from a run of trusted headers.

    ``headers``  n * 80 bytes from ``first_height`` on. Eleven parents and the opener are enough; when the run begins
    after the opener, all parents of a period are taken, which tells testnets the target that is not the easiest.
    Raises ``ValueError`` when the parent is not among the headers.
    """
    if height == 0:
        return b"", b""
    last = height - 1 - first_height
    if not 0 <= last < len(headers) // HEADER_LEN:
        raise ValueError(f"headers: the parent of block {height} is not among them")
    opens = opener_height(height) - first_height
    wanted = MEDIAN_SPAN if opens >= 0 else PERIOD
    first = max(0, last + 1 - wanted)
    opener = headers[HEADER_LEN * opens : HEADER_LEN * (opens + 1)] if opens >= 0 else b""
    return headers[HEADER_LEN * first : HEADER_LEN * (last + 1)], opener


def with_txids(engine: Engine, block: bytes, anchor: Anchor) -> Anchor:
    """The anchor with the block's transaction identifiers as a hint.

    With it outputs that the block makes and spends itself are found, and the anchor's spent outputs are compared with
    them. The hint is checked, so it need not be trusted. An unreadable block leaves the anchor as it is.
    """
    verdict = engine.check("bitcoin-txids", block, Anchor(anchor.height, anchor.network))
    return replace(anchor, txids=verdict.facts.get("txids", b""))
