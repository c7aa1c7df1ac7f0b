"""What a caller trusts before a Fabric block is looked at; ext/chain/fabric_anchor.hpp tells its bytes."""

from __future__ import annotations

import base64
import binascii
import hashlib
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from isthmus import _wire
from isthmus.chains import fabric_config
from isthmus.chains.fabric_block import Block, read_blocks
from isthmus.chains.fabric_config import Consenter, Organisation, signature_policy

DIALECTS: Final[Mapping[str, int]] = {"legacy": 1, "standard": 2, "bft": 3, "x": 4}
TRANSACTIONS: Final[Mapping[str, int]] = {"judge": 0, "report": 1, "skip": 2}
_HASH_LEN: Final = 32
_NUMBER_MAX: Final = (1 << 64) - 1
_CHANNEL_ID_MAX: Final = 249


@dataclass(frozen=True, slots=True)
class Parent:
    """The block before, whose header was verified."""

    number: int
    hash: bytes

    def __post_init__(self) -> None:
        _check_number("number", self.number)
        _check_hash("hash", self.hash, optional=False)


@dataclass(frozen=True, slots=True)
class Options:
    """What is checked besides the block itself.

    ``transactions``      ``judge``: every transaction that is not flagged as without effect must keep the rules that
                          need no state; ``report``: they are judged, and the block's verdict does not depend on it;
                          ``skip``: they are not looked at
    ``demand_policies``   a transaction that writes to a chaincode without a policy in ``endorsements`` is undecided
    ``check_update``      a config block must be what its signed update makes of the config before
    ``commit_hash``       the commit hash must be that of the block's writes and of the hash before
    """

    transactions: str = "judge"
    demand_policies: bool = False
    check_update: bool = False
    commit_hash: bool = False

    def __post_init__(self) -> None:
        if self.transactions not in TRANSACTIONS:
            raise ValueError(f"transactions: {self.transactions!r} is none of {', '.join(TRANSACTIONS)}")
        if self.commit_hash and self.transactions == "skip":
            raise ValueError("commit_hash: needs the transactions, which are to be skipped")


@dataclass(frozen=True, slots=True)
class Anchor:
    """What is trusted beforehand. Give it to ``Engine.check``; ``bytes(anchor)`` is its wire form.

    ``channel_id``            of every transaction
    ``dialect``               how orderers sign, never guessed from a block: ``legacy`` (Fabric 1.0 to 1.4.0),
                              ``standard`` (1.4.1 and later), ``bft`` (3.x, consenters sign by number), ``x`` (Fabric-X)
    ``config``                common.Config that is in force before the block, ``config_index`` the block it came with
    ``header_hash``           the block must have this header
    ``parent``                the block must follow this one
    ``endorsements``          by chaincode: common.SignaturePolicyEnvelope, or the name of a policy of the channel that
                              begins with ``/Channel/``
    ``previous_commit_hash``  of the block before, for ``options.commit_hash``
    ``seen_tx_ids``           identifiers of earlier transactions, 32 bytes each, that must not come again
    ``form``                  0 for common.Block, 1 for the record of a block file

    Without ``config`` and ``header_hash`` a block that keeps every rule is ``undecided`` (fabric_no_anchor).

    >>> len(bytes(Anchor("mychannel", header_hash=bytes(32))))
    47
    """

    channel_id: str
    dialect: str = "standard"
    config: bytes = b""
    config_index: int = 0
    header_hash: bytes = b""
    parent: Parent | None = None
    endorsements: Mapping[str, bytes | str] = field(default_factory=dict)
    previous_commit_hash: bytes = b""
    seen_tx_ids: bytes = b""
    options: Options = field(default_factory=Options)
    form: int = 0

    def __post_init__(self) -> None:
        if not 1 <= len(self.channel_id.encode()) <= _CHANNEL_ID_MAX:
            raise ValueError(f"channel_id: expected 1 to {_CHANNEL_ID_MAX} bytes, got {self.channel_id!r:.60}")
        if self.dialect not in DIALECTS:
            raise ValueError(f"dialect: {self.dialect!r} is none of {', '.join(DIALECTS)}")
        _check_number("config_index", self.config_index)
        _check_hash("header_hash", self.header_hash)
        _check_hash("previous_commit_hash", self.previous_commit_hash)
        if len(self.seen_tx_ids) % _HASH_LEN:
            raise ValueError(f"seen_tx_ids: expected a multiple of {_HASH_LEN} bytes, got {len(self.seen_tx_ids)}")
        if self.form not in (0, 1):
            raise ValueError(f"form: expected 0 or 1, got {self.form}")

    @classmethod
    def from_block(cls, block: Block | bytes, dialect: str | None = None) -> Anchor:
        """Trust in one block by its header's hash: a genesis block, or a config block that is known to be right.

        A client that starts from this anchor is given that block first and goes on with its config. ``dialect`` is by
        default the one that its config speaks: ``bft`` where the capability V3_0 and the consensus BFT are on, else
        ``standard``; ``legacy`` and ``x`` must be named. ``ValueError`` for a block without a config.
        """
        block = Block.from_protobuf(block) if isinstance(block, bytes) else block
        if block.config is None:
            raise ValueError(f"block {block.number} is no config block")
        said = dialect or dialect_of(block.config)
        return cls(block.channel_id, said, header_hash=block.header_hash, form=block.form)

    @classmethod
    def from_config_block(cls, block: Block | bytes, dialect: str | None = None) -> Anchor:
        """Trust in the config of a block, for the blocks after it."""
        block = Block.from_protobuf(block) if isinstance(block, bytes) else block
        return cls.from_block(block, dialect).after(block)

    @classmethod
    def load(cls, path: str | Path) -> Anchor:
        """From a TOML file, see :meth:`from_mapping`; files that it names are looked for beside it."""
        path = Path(path)
        with path.open("rb") as file:
            return cls.from_mapping(tomllib.load(file), path.parent)

    @classmethod
    def from_mapping(cls, table: Mapping[str, Any], folder: Path | None = None) -> Anchor:
        """From the keys of a TOML table; ``ValueError`` names what cannot be read.

        ``channel_id``, ``dialect``, ``config_index``, hashes in hexadecimal (``header_hash``, ``previous_commit_hash``,
        ``parent = { number, hash }``), the options by their names, ``endorsements`` (a table from chaincode to a policy
        such as ``"AND('Org1MSP.peer', 'Org2MSP.peer')"`` or a name such as ``/Channel/Application/Endorsement``), and
        one of two ways to say who is a member:

        ``config``  base64 text, or ``{ file = "path" }`` of a config block or a common.Config;
        ``orderers`` and ``applications``  lists of tables with ``msp_id``, ``roots`` and, as wanted, ``intermediates``,
        ``admins``, ``revocation_lists`` (PEM text or ``{ file = ... }``, one or a list) and ``node_units``; for the
        dialect bft also ``consenters`` with ``number``, ``msp_id`` and ``certificate``.
        """
        return _read_anchor(dict(table), folder or Path())

    def after(self, block: Block) -> Anchor:
        """The anchor of the block after one that was verified under this anchor."""
        brings = block.config is not None
        return replace(
            self,
            config=block.config if block.config is not None else self.config,
            config_index=block.number if brings else self.config_index,
            header_hash=b"",
            parent=Parent(block.number, block.header_hash),
            previous_commit_hash=block.commit_hash if len(block.commit_hash) == _HASH_LEN else b"",
            seen_tx_ids=b"",
        )

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the wire form in hexadecimal, for people to compare."""
        return hashlib.sha256(bytes(self)).hexdigest()

    def __bytes__(self) -> bytes:
        parent = b""
        if self.parent is not None:
            parent = _wire.message(7, _wire.uint(1, self.parent.number) + _wire.blob(2, self.parent.hash))
        rules = b"".join(
            _wire.message(
                8, _wire.text(1, name) + (_wire.text(3, rule) if isinstance(rule, str) else _wire.blob(2, rule))
            )
            for name, rule in sorted(self.endorsements.items(), key=lambda item: item[0].encode())
        )
        options = self.options
        return (
            _wire.text(1, self.channel_id)
            + _wire.uint(2, DIALECTS[self.dialect])
            + _wire.uint(3, self.form)
            + _wire.blob(4, self.config)
            + _wire.uint(5, self.config_index)
            + _wire.blob(6, self.header_hash)
            + parent
            + rules
            + _wire.uint(9, options.commit_hash)
            + _wire.blob(10, self.previous_commit_hash)
            + _wire.blob(11, self.seen_tx_ids)
            + _wire.uint(12, TRANSACTIONS[options.transactions])
            + _wire.uint(13, options.demand_policies)
            + _wire.uint(14, options.check_update)
        )


def dialect_of(config: bytes) -> str:
    """``bft`` where a config has the channel capability V3_0 and the consensus BFT, else ``standard``."""
    try:
        channel = _group(_field(config, 2))
        orderer = _group(channel["groups"].get("Orderer", b""))
        names = {_field(entry, 1) for entry in _all(_field(channel["values"].get("Capabilities", b""), 2), 1)}
        consensus = _field(_field(orderer["values"].get("ConsensusType", b""), 2), 1)
    except ValueError:
        return "standard"
    return "bft" if b"V3_0" in names and consensus == b"BFT" else "standard"


def _all(raw: bytes, wanted: int) -> list[bytes]:
    return [each for number, each in _wire.fields(raw) if number == wanted and isinstance(each, bytes)]


def _field(raw: bytes, wanted: int) -> bytes:
    return next(iter(_all(raw, wanted)), b"")


def _group(raw: bytes) -> dict[str, dict[str, bytes]]:
    names = ((2, "groups"), (3, "values"))
    return {
        name: {_field(entry, 1).decode(errors="replace"): _field(entry, 2) for entry in _all(raw, number)}
        for number, name in names
    }


def _check_number(name: str, number: int) -> None:
    if not 0 <= number <= _NUMBER_MAX:
        raise ValueError(f"{name}: {number} does not fit 64 unsigned bits")


def _check_hash(name: str, digest: bytes, *, optional: bool = True) -> None:
    if len(digest) != _HASH_LEN and not (optional and not digest):
        raise ValueError(f"{name}: expected {_HASH_LEN} bytes, got {len(digest)}")


# --- TOML

_OPTION_FLAGS: Final = ("demand_policies", "check_update", "commit_hash")
_KEYS: Final = frozenset(
    {
        "channel_id", "dialect", "config", "config_index", "header_hash", "parent", "endorsements",
        "previous_commit_hash", "transactions", "orderers", "applications", "consenters", *_OPTION_FLAGS,
    }
)  # fmt: skip


def _read_anchor(table: dict[str, Any], folder: Path) -> Anchor:
    unknown = sorted(table.keys() - _KEYS)
    if unknown:
        raise ValueError(f"anchor: {unknown[0]!r} is none of {', '.join(sorted(_KEYS))}")
    config, index = _read_config(table, folder)
    if config and "dialect" not in table:
        table["dialect"] = dialect_of(config)
    if "dialect" not in table:
        raise ValueError(f"anchor: 'dialect' is missing: one of {', '.join(DIALECTS)}")
    parent = None
    if "parent" in table:
        said = _table(table["parent"], "parent", {"number", "hash"})
        parent = Parent(_integer(said, "number"), _hex(said["hash"], "parent.hash"))
    flags = {name: _flag(table[name], name) for name in _OPTION_FLAGS if name in table}
    return Anchor(
        channel_id=_text(table.get("channel_id"), "channel_id"),
        dialect=_text(table["dialect"], "dialect"),
        config=config,
        config_index=_integer(table, "config_index") if "config_index" in table else index,
        header_hash=_hex(table.get("header_hash", ""), "header_hash"),
        parent=parent,
        endorsements={name: _rule(rule, name) for name, rule in dict(table.get("endorsements", {})).items()},
        previous_commit_hash=_hex(table.get("previous_commit_hash", ""), "previous_commit_hash"),
        options=Options(_text(table.get("transactions", "judge"), "transactions"), **flags),
    )


def _read_config(table: dict[str, Any], folder: Path) -> tuple[bytes, int]:
    """The config, and the number of the block that it came with."""
    members = [name for name in ("orderers", "applications", "consenters") if name in table]
    if "config" in table:
        if members:
            raise ValueError(f"anchor: 'config' and {members[0]!r} both say who is a member")
        raw = _blob(table["config"], "config", folder)
        if not isinstance(table["config"], Mapping):
            return raw, 0
        try:
            block = read_blocks(raw)[0]
        except (ValueError, IndexError):
            return raw, 0
        # A bare common.Config reads as a block without data.
        return (raw, 0) if block.config is None else (block.config, block.number)
    if not members:
        return b"", 0
    orderers, applications = (_organisations(table, name, folder) for name in ("orderers", "applications"))
    consenters = [_consenter(each, index, folder) for index, each in enumerate(table.get("consenters", []))]
    return fabric_config.make_config(orderers, applications, consenters=consenters), 0


def _organisations(table: dict[str, Any], name: str, folder: Path) -> list[Organisation]:
    keys = {"msp_id", "roots", "intermediates", "admins", "revocation_lists", "node_units"}
    made = []
    for index, each in enumerate(table.get(name, [])):
        where = f"{name}[{index}]"
        said = _table(each, where, keys)
        lists = {key: _pems(said.get(key, []), f"{where}.{key}", folder) for key in keys - {"msp_id", "node_units"}}
        if not lists["roots"]:
            raise ValueError(f"anchor: {where}.roots is missing")
        node_units = _flag(said.get("node_units", False), f"{where}.node_units")
        made.append(Organisation(_text(said.get("msp_id"), f"{where}.msp_id"), node_units=node_units, **lists))
    return made


def _consenter(said: Any, index: int, folder: Path) -> Consenter:
    where = f"consenters[{index}]"
    table = _table(said, where, {"number", "msp_id", "certificate"})
    certificates = _pems(table.get("certificate", []), f"{where}.certificate", folder)
    if len(certificates) != 1:
        raise ValueError(f"anchor: {where}.certificate: expected one, got {len(certificates)}")
    return Consenter(_integer(table, "number"), _text(table.get("msp_id"), f"{where}.msp_id"), certificates[0])


def _table(said: Any, where: str, keys: set[str]) -> Mapping[str, Any]:
    if not isinstance(said, Mapping):
        raise ValueError(f"anchor: {where} is not a table")
    unknown = sorted(said.keys() - keys)
    if unknown:
        raise ValueError(f"anchor: {where}.{unknown[0]} is none of {', '.join(sorted(keys))}")
    return said


def _pems(said: Any, where: str, folder: Path) -> tuple[bytes, ...]:
    items = said if isinstance(said, list) else [said]
    return tuple(_pem(each, where, folder) for each in items)


def _pem(said: Any, where: str, folder: Path) -> bytes:
    raw = said.encode() if isinstance(said, str) else _blob(said, where, folder)
    if b"-----BEGIN" not in raw:
        raise ValueError(f"anchor: {where} is not PEM text")
    return raw


def _blob(said: Any, where: str, folder: Path) -> bytes:
    if isinstance(said, Mapping) and isinstance(said.get("file"), str):
        path: str = said["file"]
        return (folder / path).read_bytes()
    if isinstance(said, str):
        try:
            return base64.b64decode(said, validate=True)
        except (binascii.Error, ValueError):
            pass
    raise ValueError(f"anchor: {where} is neither base64 text nor {{ file = ... }}")


def _rule(said: Any, name: str) -> bytes | str:
    text = _text(said, f"endorsements.{name}")
    return text if text.startswith("/") else signature_policy(text)


def _text(said: Any, where: str) -> str:
    if not isinstance(said, str) or not said:
        raise ValueError(f"anchor: {where!r} is missing or no text")
    return said


def _flag(said: Any, where: str) -> bool:
    if not isinstance(said, bool):
        raise ValueError(f"anchor: {where!r} is not true or false")
    return said


def _integer(table: Mapping[str, Any], name: str) -> int:
    said = table.get(name)
    if isinstance(said, bool) or not isinstance(said, int):
        raise ValueError(f"anchor: {name!r} is missing or no whole number")
    return said


def _hex(said: Any, where: str) -> bytes:
    try:
        return bytes.fromhex(said)
    except (TypeError, ValueError):
        raise ValueError(f"anchor: {where!r} is not hexadecimal text") from None
