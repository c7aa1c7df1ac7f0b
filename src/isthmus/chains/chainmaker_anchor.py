"""What a caller trusts before a ChainMaker block is looked at; ext/chain/chainmaker_anchor.hpp tells its bytes."""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from isthmus import _wire
from isthmus._json import Node
from isthmus.chains.chainmaker_config import (
    CONSENSUS,
    RULES,
    ChainConfig,
    Policy,
    TrustMember,
    check_node_id,
    der_of,
)

_HASH_LEN: Final = 32
FORMATS: Final = {"v2": 1, "v1": 2, "v1.0.0": 3}
AUTH_TYPES: Final = {"permissionedWithCert": 1, "identity": 1, "permissionedWithKey": 2, "public": 3}
HASHES: Final = {"SHA256": 1, "SM3": 2, "SHA3_256": 3}
SM2_ENGINES: Final = {"": 0, "tjfoc": 1, "gmssl": 2}
_HASH_NAMES: Final = {"SHA256": "sha256", "SM3": "sm3", "SHA3_256": "sha3-256"}
_COUNT: Final = 6
_SHARE: Final = 7


@dataclass(frozen=True, slots=True)
class Organisation:
    """An organisation of the configuration. Certificates and lists are PEM text or DER bytes.

    ``roots``             CA certificates, roots and intermediates together, as trust_roots has them
    ``node_ids``          its validators (for DPOS, those of the epoch)
    ``intermediates``     more CA certificates
    ``revocation_lists``  CRLs
    ``frozen``            certificates that may not sign
    """

    name: str
    roots: tuple[str | bytes, ...] = ()
    node_ids: tuple[str, ...] = ()
    intermediates: tuple[str | bytes, ...] = ()
    revocation_lists: tuple[str | bytes, ...] = ()
    frozen: tuple[str | bytes, ...] = ()


@dataclass(frozen=True, slots=True)
class TrustedKey:
    """A key of a permissionedWithKey chain: an administrator's, or one of PUBKEY_MANAGE. ``key`` is PEM or DER."""

    key: str | bytes
    org_id: str = ""
    role: str = "admin"


@dataclass(frozen=True, slots=True)
class TrustedBlock:
    """A block that was verified before.

    ``is_config``        it holds a configuration that took effect
    ``pre_conf_height``  of its header
    """

    height: int
    hash: bytes
    is_config: bool = False
    pre_conf_height: int = 0

    def __bytes__(self) -> bytes:
        return (
            _wire.uint(1, self.height)
            + _wire.blob(2, self.hash)
            + _wire.uint(3, self.is_config)
            + _wire.uint(4, self.pre_conf_height)
        )


@dataclass(frozen=True, slots=True)
class Anchor:
    """What is trusted beforehand. Without ``block_hash`` a block needs the votes of more than two thirds of the
    organisations' validators (SOLO and RAFT: its proposer's signature, and no more); with neither it is ``undecided``
    (chainmaker_no_anchor).

    ``format``         v2, v1 (1.1 and 1.2) or v1.0.0; never guessed from the bytes
    ``auth_type``      permissionedWithCert (v1: identity), permissionedWithKey or public
    ``hash``           SHA256, SM3 or SHA3_256: the chain's
    ``consensus``      TBFT, MAXBFT, DPOS, RAFT or SOLO
    ``certificates``   what members named by their certificate's hash are, PEM or DER
    ``aliases``        what members named by an alias are
    ``block_hash``     the block is this one
    ``trusted``        an earlier block that was verified
    ``config_height``  where the configuration stands that the parts above are from: headers must name it
    ``sm2_engine``     tjfoc or gmssl: what SM2 keys sign where the hash is not SM3; empty leaves it undecided
    ``signed_only``    a transaction without a block is valid when its signatures are
    ``follow``         a configuration's header needs the proof of what it holds
    """

    chain_id: str
    organisations: tuple[Organisation, ...] = ()
    format: str = "v2"
    auth_type: str = "permissionedWithCert"
    hash: str = "SHA256"
    consensus: str = "TBFT"
    keys: tuple[TrustedKey, ...] = ()
    trust_members: tuple[TrustMember, ...] = ()
    certificates: tuple[str | bytes, ...] = ()
    aliases: Mapping[str, str | bytes] = field(default_factory=dict)
    policies: tuple[Policy, ...] = ()
    block_hash: bytes = b""
    trusted: TrustedBlock | None = None
    config_height: int | None = None
    sm2_engine: str = ""
    signed_only: bool = False
    follow: bool = False

    def __post_init__(self) -> None:
        if not 1 <= len(self.chain_id.encode()) <= 256:
            raise ValueError(f"chain_id: expected 1 to 256 bytes, got {self.chain_id!r:.60}")
        for name, value, known in (
            ("format", self.format, FORMATS),
            ("auth_type", self.auth_type, AUTH_TYPES),
            ("hash", self.hash, HASHES),
            ("consensus", self.consensus, CONSENSUS),
            ("sm2_engine", self.sm2_engine, SM2_ENGINES),
        ):
            if value not in known:
                raise ValueError(f"{name}: {value!r:.40} is none of {', '.join(filter(None, known))}")
        for name, raw in (
            ("block_hash", self.block_hash),
            ("trusted.hash", self.trusted.hash if self.trusted else b""),
        ):
            if len(raw) not in (0, _HASH_LEN):
                raise ValueError(f"{name}: expected {_HASH_LEN} bytes, got {len(raw)}")

    @classmethod
    def from_config(cls, config: ChainConfig, height: int | None = None, **more: Any) -> Anchor:
        """From a configuration, which stands in the block of ``height``; ``more`` are further fields.

        In the key modes its trust roots are the administrators' keys. Policies are the configuration's own; those that
        nodes have built in are no part of it.
        """
        certified = AUTH_TYPES.get(config.auth_type) == 1
        names = list(dict.fromkeys((*config.trust_roots, *config.nodes)))
        organisations = tuple(
            Organisation(name, config.trust_roots.get(name, ()) if certified else (), config.nodes.get(name, ()))
            for name in names
        )
        keys = () if certified else tuple(
            TrustedKey(key, name) for name, given in config.trust_roots.items() for key in given
        )  # fmt: skip
        fields: dict[str, Any] = {
            "format": ("v1.0.0" if config.version == "v1.0.0" else "v1") if config.is_v1 else "v2",
            "auth_type": config.auth_type or "permissionedWithCert",
            "hash": config.hash,
            "consensus": config.consensus,
            "keys": keys if config.auth_type == "permissionedWithKey" else (),
            "trust_members": config.trust_members,
            "policies": config.policies,
            "config_height": height,
        }
        return cls(config.chain_id, organisations, **(fields | more))

    @classmethod
    def from_genesis(cls, block: bytes, **more: Any) -> Anchor:
        """From the chain's first block (BlockInfo or Block), taken on trust: pins its hash, and takes its
        configuration.

        Compare ``fingerprint()`` with what another party has. The pin is for the first block alone:
        ``LightClient.start`` judges it, and follows from there.
        """
        header, config = genesis_parts(block)
        return cls.from_config(config, 0, block_hash=header, **more)

    @classmethod
    def from_mapping(cls, source: Mapping[str, Any] | str | bytes) -> Anchor:
        """From the values of a TOML or JSON file, ``ValueError`` naming what cannot be read; docs/chainmaker.md shows
        one. Keys are this class's fields; ``organisations`` is written ``[[organisation]]``, ``trust_members``
        ``[[trust_member]]``, ``policies`` ``[[policy]]`` and ``keys`` ``[[key]]``; hashes are hexadecimal."""
        return _read_anchor(Node.load(source if isinstance(source, (str, bytes)) else dict(source), "anchor"))

    @classmethod
    def from_toml(cls, text: str) -> Anchor:
        """From TOML text."""
        return cls.from_mapping(tomllib.loads(text))

    def fingerprint(self) -> str:
        """SHA-256 of the anchor's bytes, for two people to compare."""
        return hashlib.sha256(bytes(self)).hexdigest()

    def after(self, block: TrustedBlock) -> Anchor:
        """This anchor, with that block as what was verified last instead of a pinned hash."""
        return replace(self, trusted=block, block_hash=b"")

    def __bytes__(self) -> bytes:
        parts = [
            _wire.text(1, self.chain_id),
            _wire.uint(2, FORMATS[self.format]),
            _wire.uint(3, AUTH_TYPES[self.auth_type]),
            _wire.uint(4, HASHES[self.hash]),
            _wire.uint(5, CONSENSUS[self.consensus] + 1),
        ]
        parts += [
            _wire.message(6, _wire.text(1, org.name) + _wire.text(2, check_node_id(each)))
            for org in self.organisations
            for each in org.node_ids
        ]
        parts += [_wire.message(7, _organisation(org)) for org in self.organisations if org.name]
        parts += [_wire.message(8, _key(each)) for each in self.keys]
        parts += [_wire.message(9, _member(each)) for each in self.trust_members]
        parts += [
            _wire.message(10, _wire.blob(1, name) + _wire.blob(2, raw)) for name, raw in self._named_certificates()
        ]
        parts += [_wire.message(11, _policy(each)) for each in self.policies]
        parts.append(_wire.blob(12, self.block_hash))
        if self.trusted is not None:
            parts.append(_wire.message(13, bytes(self.trusted)))
        if self.config_height is not None:
            parts.append(_wire.message(14, _wire.uint(1, self.config_height)))
        parts += [
            _wire.uint(15, SM2_ENGINES[self.sm2_engine]),
            _wire.uint(16, self.signed_only),
            _wire.uint(17, self.follow),
        ]
        return b"".join(parts)

    def _named_certificates(self) -> Iterable[tuple[bytes, bytes]]:
        if self.certificates:
            from isthmus.batch import hash_many

            ders = [der_of(each) for each in self.certificates]
            yield from zip((row.tobytes() for row in hash_many(_HASH_NAMES[self.hash], ders)), ders, strict=True)
        for alias, certificate in self.aliases.items():
            yield alias.encode(), _raw(certificate)

    def to_toml(self) -> str:
        """TOML that ``from_toml`` reads back to the same bytes."""
        return "\n".join(_toml_lines(self)) + "\n"


def genesis_parts(block: bytes) -> tuple[bytes, ChainConfig]:
    """Hash and configuration of a first block, as it says them; nothing is checked."""
    parts = dict(_first(block))
    if parts.get(1, b"")[:1] == b"\x0a":
        parts = dict(_first(parts[1]))
    header = dict(_first(parts.get(1, b"")))
    result = dict(_first(dict(_first(parts.get(3, b""))).get(4, b"")))
    config = dict(_first(result.get(2, b""))).get(2)
    if config is None or len(header.get(5, b"")) != _HASH_LEN:
        raise ValueError("the block holds no configuration")
    return header[5], ChainConfig.decode(config)


def _first(data: bytes) -> list[tuple[int, bytes]]:
    """Fields that are bytes, the first of each number last, so that a dict keeps it."""
    return [(number, value) for number, value in _wire.fields(data) if isinstance(value, bytes)][::-1]


def _raw(text: str | bytes) -> bytes:
    return text.encode() if isinstance(text, str) else text


def _organisation(org: Organisation) -> bytes:
    parts = [_wire.text(1, org.name)]
    for number, given in ((2, org.roots), (3, org.intermediates), (4, org.revocation_lists), (5, org.frozen)):
        parts += [_wire.blob(number, _raw(each)) for each in given]
    return b"".join(parts)


def _key(key: TrustedKey) -> bytes:
    return _wire.blob(1, der_of(key.key)) + _wire.text(2, key.org_id) + _wire.text(3, key.role)


def _member(member: TrustMember) -> bytes:
    return _wire.text(1, member.certificate) + _wire.text(2, member.org_id) + _wire.text(3, member.role)


def _policy(policy: Policy) -> bytes:
    rule, numerator, denominator = _rule(policy.rule)
    parts = [_wire.text(1, policy.resource), _wire.uint(2, rule)]
    parts += [_wire.text(3, org) for org in policy.orgs]
    parts += [_wire.text(4, role) for role in policy.roles]
    return b"".join((*parts, _wire.uint(5, numerator), _wire.uint(6, denominator)))


def _rule(text: str) -> tuple[int, int, int]:
    """Number of a rule, numerator and denominator."""
    if text in RULES:
        return RULES.index(text) + 1, 0, 0
    numbers = text.split("/")
    if len(numbers) > 2 or not all(each.isascii() and each.isdigit() and int(each) for each in numbers):
        raise ValueError(f"rule: {text!r:.40} is none of {', '.join(RULES)}, a number or a fraction")
    if len(numbers) == 1:
        return _COUNT, int(numbers[0]), 0
    return _SHARE, int(numbers[0]), int(numbers[1])


# --- TOML

_KEYS: Final = frozenset(
    {
        "chain_id", "organisation", "format", "auth_type", "hash", "consensus", "key", "trust_member", "certificates",
        "aliases", "policy", "block_hash", "trusted", "config_height", "sm2_engine", "signed_only", "follow", "about",
    }
)  # fmt: skip


def _checked(node: Node, known: Iterable[str]) -> Node:
    names = set(known)
    unknown = sorted(set(node.fields()) - names)
    if unknown:
        raise node.fail(f"{unknown[0]!r} is none of {', '.join(sorted(names))}")
    return node


def _texts(node: Node) -> tuple[str, ...]:
    return () if node.is_null else tuple(each.text() for each in node)


def _word(node: Node, default: str) -> str:
    return default if node.is_null else node.text()


def _flag(node: Node) -> bool:
    if not isinstance(node.value, bool) and not node.is_null:
        raise node.fail("expected true or false")
    return bool(node.value)


def _list(node: Node) -> list[Node]:
    return [] if node.is_null else list(node)


def _read_organisation(node: Node) -> Organisation:
    _checked(node, ("name", "roots", "node_ids", "intermediates", "revocation_lists", "frozen"))
    return Organisation(
        node.at("name").text(),
        _texts(node.get("roots")),
        _texts(node.get("node_ids")),
        _texts(node.get("intermediates")),
        _texts(node.get("revocation_lists")),
        _texts(node.get("frozen")),
    )


def _read_key(node: Node) -> TrustedKey:
    _checked(node, ("key", "org_id", "role"))
    return TrustedKey(node.at("key").text(), _word(node.get("org_id"), ""), _word(node.get("role"), "admin"))


def _read_member(node: Node) -> TrustMember:
    _checked(node, ("certificate", "org_id", "role", "node_id"))
    return TrustMember(
        node.at("certificate").text(),
        node.at("org_id").text(),
        node.at("role").text(),
        _word(node.get("node_id"), ""),
    )


def _read_policy(node: Node) -> Policy:
    _checked(node, ("resource", "rule", "orgs", "roles"))
    rule = node.at("rule").text().upper()
    try:
        _rule(rule)
    except ValueError as error:
        raise node.at("rule").fail(str(error)) from None
    return Policy(node.at("resource").text(), rule, _texts(node.get("orgs")), _texts(node.get("roles")))


def _read_trusted(node: Node) -> TrustedBlock:
    _checked(node, ("height", "hash", "is_config", "pre_conf_height"))
    return TrustedBlock(
        node.at("height").integer(),
        node.at("hash").hex(),
        _flag(node.get("is_config")),
        node.at("pre_conf_height").integer() if node.has("pre_conf_height") else 0,
    )


def _read_anchor(node: Node) -> Anchor:
    _checked(node, _KEYS)
    aliases = node.get("aliases")
    return Anchor(
        chain_id=node.at("chain_id").text(),
        organisations=tuple(_read_organisation(each) for each in _list(node.get("organisation"))),
        format=_word(node.get("format"), "v2"),
        auth_type=_word(node.get("auth_type"), "permissionedWithCert"),
        hash=_word(node.get("hash"), "SHA256"),
        consensus=_word(node.get("consensus"), "TBFT"),
        keys=tuple(_read_key(each) for each in _list(node.get("key"))),
        trust_members=tuple(_read_member(each) for each in _list(node.get("trust_member"))),
        certificates=_texts(node.get("certificates")),
        aliases={} if aliases.is_null else {name: aliases.at(name).text() for name in aliases.fields()},
        policies=tuple(_read_policy(each) for each in _list(node.get("policy"))),
        block_hash=node.get("block_hash").hex(),
        trusted=_read_trusted(node.at("trusted")) if node.has("trusted") else None,
        config_height=node.at("config_height").integer() if node.has("config_height") else None,
        sm2_engine=_word(node.get("sm2_engine"), ""),
        signed_only=_flag(node.get("signed_only")),
        follow=_flag(node.get("follow")),
    )


def _quoted(text: str | bytes) -> str:
    if isinstance(text, bytes):
        import base64

        body = base64.encodebytes(text).decode()
        text = f"-----BEGIN CERTIFICATE-----\n{body}-----END CERTIFICATE-----\n"
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\r", "\\r")
    if "\n" in escaped:
        return f'"""\n{escaped}"""'
    return f'"{escaped}"'


def _array(values: Iterable[str | bytes]) -> str:
    return "[" + ", ".join(map(_quoted, values)) + "]"


def _toml_lines(anchor: Anchor) -> Iterable[str]:
    for name in ("chain_id", "format", "auth_type", "hash", "consensus", "sm2_engine"):
        if getattr(anchor, name):
            yield f"{name} = {_quoted(getattr(anchor, name))}"
    if anchor.block_hash:
        yield f'block_hash = "{anchor.block_hash.hex()}"'
    if anchor.config_height is not None:
        yield f"config_height = {anchor.config_height}"
    for name in ("signed_only", "follow"):
        if getattr(anchor, name):
            yield f"{name} = true"
    if anchor.certificates:
        yield f"certificates = {_array(anchor.certificates)}"
    if anchor.trusted is not None:
        yield from ("", "[trusted]", f"height = {anchor.trusted.height}", f'hash = "{anchor.trusted.hash.hex()}"')
        yield from (f"is_config = {str(anchor.trusted.is_config).lower()}",)
        yield from (f"pre_conf_height = {anchor.trusted.pre_conf_height}",)
    if anchor.aliases:
        yield from ("", "[aliases]")
        yield from (f"{_quoted(name)} = {_quoted(text)}" for name, text in anchor.aliases.items())
    for org in anchor.organisations:
        yield from ("", "[[organisation]]", f"name = {_quoted(org.name)}")
        for name in ("node_ids", "roots", "intermediates", "revocation_lists", "frozen"):
            if getattr(org, name):
                yield f"{name} = {_array(getattr(org, name))}"
    for key in anchor.keys:
        yield from ("", "[[key]]", f"key = {_quoted(key.key)}", f"org_id = {_quoted(key.org_id)}")
        yield f"role = {_quoted(key.role)}"
    for member in anchor.trust_members:
        yield from ("", "[[trust_member]]")
        yield from (
            f"{name} = {_quoted(getattr(member, name))}" for name in ("certificate", "org_id", "role", "node_id")
        )
    for policy in anchor.policies:
        yield from ("", "[[policy]]", f"resource = {_quoted(policy.resource)}", f"rule = {_quoted(policy.rule)}")
        yield from (f"orgs = {_array(policy.orgs)}", f"roles = {_array(policy.roles)}")
