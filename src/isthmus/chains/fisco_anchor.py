"""What a caller trusts before a FISCO BCOS block is looked at; ext/chain/fisco_anchor.hpp tells its bytes."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, Literal, cast

from isthmus import _rlp, _wire
from isthmus._json import Node

Suite = Literal["keccak", "sm"]
Change = Literal["pinned", "overlap"]

_HASH_LEN: Final = 32
_NODE_ID_LEN: Final = 64
_WEIGHT_MAX: Final = (1 << 63) - 1
_RELEASED: Final = 255
_VERSION: Final = re.compile(r"(\d{1,3})(?:\.(\d{1,3}))?(?:\.(\d{1,3}))?(?:-rc(\d{1,3}))?", re.ASCII)
_SUITES: Final = ("keccak", "sm")
_CHANGES: Final = ("pinned", "overlap")


@dataclass(frozen=True, slots=True)
class Version:
    """A version of FISCO BCOS, such as ``2.7.2``, ``2.0.0-rc1`` or just ``3``.

    >>> Version.parse("2.7.2").number == 0x020702FF, Version.parse("2.0.0-rc1").number
    (True, 33554433)
    """

    major: int
    minor: int = 0
    patch: int = 0
    candidate: int = _RELEASED

    def __post_init__(self) -> None:
        if self.major not in (2, 3) or not 1 <= self.candidate <= _RELEASED:
            raise ValueError(f"version: expected one of 2.0.0-rc1 to 3.x, got {self}")
        if max(self.minor, self.patch) > _RELEASED:
            raise ValueError(f"version: each number is at most {_RELEASED}, got {self}")

    @classmethod
    def parse(cls, text: str) -> Version:
        """``ValueError`` unless the text is a version of major 2 or 3."""
        match = _VERSION.fullmatch(text)
        if match is None:
            raise ValueError(f"version: expected something like '2.7.2', got {text!r:.40}")
        major, minor, patch, candidate = (int(part) if part is not None else None for part in match.groups())
        return cls(major or 0, minor or 0, patch or 0, _RELEASED if candidate is None else candidate)

    @property
    def number(self) -> int:
        """The anchor's number: one byte each, 255 where there is no candidate."""
        return self.major << 24 | self.minor << 16 | self.patch << 8 | self.candidate

    def __str__(self) -> str:
        tail = "" if self.candidate == _RELEASED else f"-rc{self.candidate}"
        return f"{self.major}.{self.minor}.{self.patch}{tail}"


@dataclass(frozen=True, slots=True)
class Sealer:
    """Who makes blocks: a public key of 64 bytes, x || y, and a weight (always 1 in version 2)."""

    id: bytes
    weight: int = 1

    def __post_init__(self) -> None:
        if len(self.id) != _NODE_ID_LEN:
            raise ValueError(f"sealer id: expected {_NODE_ID_LEN} bytes, got {len(self.id)}")
        if not 1 <= self.weight <= _WEIGHT_MAX:
            raise ValueError(f"sealer weight: expected 1 to 2^63 - 1, got {self.weight}")

    def __bytes__(self) -> bytes:
        return _wire.blob(1, self.id) + _wire.uint(2, self.weight)


@dataclass(frozen=True, slots=True)
class TrustedHeader:
    """A header that was verified: the block after it must name it as its parent."""

    number: int
    hash: bytes

    def __post_init__(self) -> None:
        if not 0 <= self.number < 1 << 63:
            raise ValueError(f"number: expected 0 to 2^63 - 1, got {self.number}")
        _check_hash("trusted hash", self.hash)

    def __bytes__(self) -> bytes:
        return _wire.uint(1, self.number) + _wire.blob(2, self.hash)


@dataclass(frozen=True, slots=True)
class Anchor:
    """What is trusted beforehand. What is given must all hold; with neither ``sealers`` nor ``header_hash`` a block
    that keeps every rule is ``undecided`` (fisco_no_anchor).

    ``version``      the release that the chain runs: which rules headers, roots and receipts follow
    ``suite``        ``keccak`` (Keccak-256, secp256k1) or ``sm`` (SM3, SM2)
    ``sealers``      the list of the headers, in their order
    ``change``       ``pinned``: other sealers are refused; ``overlap``: they are believed when a quorum of ``sealers``
                     signed the block as well. No header proves a change of sealers, so this is yours to choose
    ``header_hash``  the block's header is this one
    ``trusted``      an earlier header
    ``chain_id``     transactions are of this chain, and ``group_id`` of this group; text in version 3, a number in 2

    >>> len(bytes(Anchor(Version(3), header_hash=bytes(32))))
    39
    """

    version: Version
    suite: Suite = "keccak"
    sealers: tuple[Sealer, ...] = ()
    change: Change = "pinned"
    header_hash: bytes = b""
    trusted: TrustedHeader | None = None
    chain_id: str = ""
    group_id: str = ""

    def __post_init__(self) -> None:
        if self.suite not in _SUITES:
            raise ValueError(f"suite: expected one of {', '.join(_SUITES)}, got {self.suite!r:.40}")
        if self.change not in _CHANGES:
            raise ValueError(f"change: expected one of {', '.join(_CHANGES)}, got {self.change!r:.40}")
        if self.header_hash:
            _check_hash("header_hash", self.header_hash)
        if sum(sealer.weight for sealer in self.sealers) > _WEIGHT_MAX:
            raise ValueError("sealers: the weights add up to more than 2^63 - 1")
        if self.version.major == 2 and any(sealer.weight != 1 for sealer in self.sealers):
            raise ValueError("sealers: weights are of version 3")
        for name, value in (("chain_id", self.chain_id), ("group_id", self.group_id)):
            self._name_bytes(name, value)

    @property
    def hash_name(self) -> str:
        """The chain's hash, a name of :func:`isthmus.hashes`."""
        return "sm3" if self.suite == "sm" else "keccak256"

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the anchor's bytes, for people to compare over another channel."""
        return hashlib.sha256(bytes(self)).hexdigest()

    @classmethod
    def from_mapping(cls, source: Mapping[str, Any] | str | bytes) -> Anchor:
        """From the values of a TOML or JSON file; hashes and node ids in hexadecimal. ``ValueError`` names what cannot
        be read.

        Keys: ``version``, ``suite``, ``change``, ``header_hash``, ``chain_id``, ``group_id``; ``sealers``, a list of
        node ids or of tables with ``id`` and ``weight``; ``trusted`` with ``number`` and ``hash``; ``about`` is yours.
        """
        return _read_anchor(Node.load(source if isinstance(source, (str, bytes)) else dict(source), "anchor"))

    def to_toml(self) -> str:
        """The anchor as a file that a person can read and :meth:`from_mapping` reads back."""
        lines = [f'version = "{self.version}"', f'suite = "{self.suite}"', f'change = "{self.change}"']
        for name, value in (("chain_id", self.chain_id), ("group_id", self.group_id)):
            if value:
                lines.append(f'{name} = "{value}"')
        if self.header_hash:
            lines.append(f'header_hash = "{self.header_hash.hex()}"')
        for sealer in self.sealers:
            lines += ["", "[[sealers]]", f'id = "{sealer.id.hex()}"', f"weight = {sealer.weight}"]
        if self.trusted is not None:
            lines += ["", "[trusted]", f"number = {self.trusted.number}", f'hash = "{self.trusted.hash.hex()}"']
        return "\n".join(lines) + "\n"

    def after(self, number: int, header_hash: bytes, sealers: tuple[Sealer, ...]) -> Anchor:
        """This anchor once a block was verified from it: linked to that block, with ``overlap`` to its sealers."""
        known = sealers if self.change == "overlap" and sealers else self.sealers
        return replace(self, sealers=known, header_hash=b"", trusted=TrustedHeader(number, header_hash))

    def _name_bytes(self, name: str, value: str) -> bytes:
        if len(value) > 256 or not value.isascii() or any(ord(each) < 0x20 or each in '"\\' for each in value):
            raise ValueError(f"{name}: expected at most 256 plain characters, got {value!r:.40}")
        if self.version.major == 3 or not value:
            return value.encode()
        if not value.isdigit():
            raise ValueError(f"{name}: expected a number in version 2, got {value!r:.40}")
        return _rlp.number(int(value))

    def __bytes__(self) -> bytes:
        return b"".join(
            (
                _wire.uint(1, self.version.number),
                _wire.uint(2, self.suite == "sm"),
                b"".join(_wire.message(3, bytes(sealer)) for sealer in self.sealers),
                _wire.uint(4, self.change == "overlap"),
                _wire.blob(5, self.header_hash),
                b"" if self.trusted is None else _wire.message(6, bytes(self.trusted)),
                _wire.blob(7, self._name_bytes("chain_id", self.chain_id)),
                _wire.blob(8, self._name_bytes("group_id", self.group_id)),
            )
        )


def _check_hash(name: str, value: bytes) -> None:
    if len(value) != _HASH_LEN:
        raise ValueError(f"{name}: expected {_HASH_LEN} bytes, got {len(value)}")


_KEYS: Final = frozenset(
    {"version", "suite", "change", "header_hash", "chain_id", "group_id", "sealers", "trusted", "about"}
)


def _hex(node: Node) -> bytes:
    text = node.text()
    return Node(text.removeprefix("0x"), node.path).hex()


def _read_sealer(node: Node) -> Sealer:
    if isinstance(node.value, str):
        return Sealer(_hex(node))
    return Sealer(_hex(node.at("id")), node.at("weight").integer() if node.has("weight") else 1)


def _name(node: Node) -> str:
    if node.is_null:
        return ""
    return str(node.value) if isinstance(node.value, int) and not isinstance(node.value, bool) else node.text()


def _read_anchor(node: Node) -> Anchor:
    unknown = sorted(set(node.fields()) - _KEYS)
    if unknown:
        raise node.fail(f"{unknown[0]!r} is none of {', '.join(sorted(_KEYS))}")
    trusted = node.get("trusted")
    suite = node.at("suite").text() if node.has("suite") else "keccak"
    change = node.at("change").text() if node.has("change") else "pinned"
    return Anchor(
        version=Version.parse(_name(node.at("version"))),
        suite=cast(Suite, suite),  # Anchor refuses any other
        sealers=tuple(_read_sealer(each) for each in node.at("sealers")) if node.has("sealers") else (),
        change=cast(Change, change),
        header_hash=_hex(node.at("header_hash")) if node.has("header_hash") else b"",
        trusted=None if trusted.is_null else TrustedHeader(trusted.at("number").integer(), _hex(trusted.at("hash"))),
        chain_id=_name(node.get("chain_id")),
        group_id=_name(node.get("group_id")),
    )
