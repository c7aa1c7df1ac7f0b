"""ChainConfig: what a configuration block of a ChainMaker chain says, as far as a verifier needs it.

Read leniently: fields that verification does not need are passed over, for later versions add some. Believe a
configuration only after the block that holds it was judged valid.
"""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import dataclass, field
from typing import Final

from isthmus import _wire

CONSENSUS: Final = {"SOLO": 0, "TBFT": 1, "MAXBFT": 3, "RAFT": 4, "DPOS": 5}
RULES: Final = ("ANY", "ALL", "MAJORITY", "SELF", "FORBIDDEN")
_BASE58: Final = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_PEM: Final = re.compile(r"-----BEGIN ([A-Z0-9 ]+)-----(.*?)-----END \1-----", re.DOTALL)
_SM2_OID: Final = bytes.fromhex("06082a811ccf5501822d")
_NODE_ID_LEN: Final = 34


def der_of(text: str | bytes) -> bytes:
    """The DER bytes of the first PEM block of a text; bytes that hold no PEM text are taken for DER."""
    if isinstance(text, bytes):
        if b"-----BEGIN" not in text:
            return text
        text = text.decode("ascii", "replace")
    match = _PEM.search(text)
    if match is None:
        raise ValueError(f"no PEM block in {text[:40]!r}")
    body = "".join(line for line in match.group(2).splitlines() if ":" not in line)
    return base64.b64decode("".join(body.split()), validate=True)


def node_id(public_key: str | bytes) -> str:
    """The node id of a public key (SubjectPublicKeyInfo, PEM or DER): base58 of 12 20 SHA-256(08 T 12 len SPKI), with T
    4 for SM2 and 3 for the NIST curves. In certificate modes it is made from the transport's certificate, which no
    block shows."""
    spki = der_of(public_key)
    if len(spki) >= 0x80:
        raise ValueError(f"public_key: {len(spki)} bytes are no key of a supported curve")
    kind = 4 if _SM2_OID in spki else 3
    return base58(b"\x12\x20" + hashlib.sha256(bytes((0x08, kind, 0x12, len(spki))) + spki).digest())


def base58(data: bytes) -> str:
    """Bitcoin's base58, without a checksum."""
    number, out = int.from_bytes(data, "big"), ""
    while number:
        number, digit = divmod(number, 58)
        out = _BASE58[digit] + out
    return "1" * (len(data) - len(data.lstrip(b"\0"))) + out


def check_node_id(text: str) -> str:
    """The text, if it is a node id; ``ValueError`` otherwise."""
    number = 0
    for letter in text:
        digit = _BASE58.find(letter)
        if digit < 0:
            raise ValueError(f"{text!r:.60} is no node id: {letter!r} is no digit of base58")
        number = number * 58 + digit
    if number.bit_length() > 8 * _NODE_ID_LEN or number.to_bytes(_NODE_ID_LEN, "big")[:2] != b"\x12\x20":
        raise ValueError(f"{text!r:.60} is no node id: expected the base58 form of 12 20 and 32 bytes")
    return text


@dataclass(frozen=True, slots=True)
class Policy:
    """Who must endorse one resource (contract name, hyphen, method).

    ``rule``   ANY, ALL, MAJORITY, SELF, FORBIDDEN, a number of organisations ("2") or a share of them ("2/3")
    ``orgs``   the organisations that count; none: all
    ``roles``  the roles that count; none: all
    """

    resource: str
    rule: str
    orgs: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TrustMember:
    """A certificate that is a member by being listed."""

    certificate: str
    org_id: str
    role: str
    node_id: str = ""


@dataclass(frozen=True, slots=True)
class ChainConfig:
    """The parts of config.ChainConfig that verification needs.

    ``trust_roots``  organisation: its PEM certificates, or public keys in the key modes
    ``nodes``        organisation: the node ids of its validators
    """

    chain_id: str
    version: str
    auth_type: str
    hash: str
    consensus: str
    trust_roots: dict[str, tuple[str, ...]] = field(default_factory=dict)
    nodes: dict[str, tuple[str, ...]] = field(default_factory=dict)
    trust_members: tuple[TrustMember, ...] = ()
    policies: tuple[Policy, ...] = ()
    sequence: int = 0

    @classmethod
    def decode(cls, data: bytes) -> ChainConfig:
        """From protobuf: the contract result of a configuration transaction. ``ValueError`` where it is none."""
        scalars = {number: value for number, value in _wire.fields(data) if isinstance(value, int)}
        parts = [(number, value) for number, value in _wire.fields(data) if isinstance(value, bytes)]
        first = dict(reversed(parts))
        version = _text(first.get(2, b""))
        consensus, nodes = _consensus(first.get(8, b""))
        # v1.0.0 has the policies under 10, where later versions have trust members.
        early = version.startswith("v1")
        policies = [_policy(value) for number, value in parts if number == (10 if early else 11)]
        return cls(
            chain_id=_text(first.get(1, b"")),
            version=version,
            auth_type=_text(first.get(3, b"")),
            hash=_text(_one(first.get(5, b""), 1)),
            consensus=consensus,
            trust_roots=_roots([value for number, value in parts if number == 9]),
            nodes=nodes,
            trust_members=() if early else tuple(_trust_member(value) for number, value in parts if number == 10),
            policies=tuple(each for each in policies if each is not None),
            sequence=scalars.get(4, 0),
        )

    @property
    def is_v1(self) -> bool:
        """Whether the chain is of version 1."""
        return self.version.startswith("v1")


def _text(data: bytes) -> str:
    return data.decode("utf-8")


def _many(data: bytes, number: int) -> list[bytes]:
    return [value for found, value in _wire.fields(data) if found == number and isinstance(value, bytes)]


def _one(data: bytes, number: int) -> bytes:
    return next(iter(_many(data, number)), b"")


def _consensus(data: bytes) -> tuple[str, dict[str, tuple[str, ...]]]:
    kind = next((value for number, value in _wire.fields(data) if number == 1 and isinstance(value, int)), 0)
    names = [name for name, value in CONSENSUS.items() if value == kind]
    if not names:
        raise ValueError(f"consensus type {kind} is none of {', '.join(CONSENSUS)}")
    nodes: dict[str, tuple[str, ...]] = {}
    for org in _many(data, 2):
        name = _text(_one(org, 1))
        ids = [_text(value) for value in _many(org, 3)]
        if not ids:  # v1: addresses that end in the node's id
            ids = [_text(value).rsplit("/p2p/", 1)[-1] for value in _many(org, 2)]
        nodes[name] = nodes.get(name, ()) + tuple(check_node_id(each) for each in ids)
    return names[0], nodes


def _roots(parts: list[bytes]) -> dict[str, tuple[str, ...]]:
    roots: dict[str, tuple[str, ...]] = {}
    for part in parts:
        name = _text(_one(part, 1))
        roots[name] = roots.get(name, ()) + tuple(_text(value) for value in _many(part, 2))
    return roots


def _trust_member(data: bytes) -> TrustMember:
    return TrustMember(*(_text(_one(data, number)) for number in (1, 2, 3, 4)))


def _policy(data: bytes) -> Policy | None:
    policy = _one(data, 2)
    rule = _text(_one(policy, 1)).upper()
    if not rule:
        return None
    orgs = tuple(_text(value) for value in _many(policy, 2))
    return Policy(_text(_one(data, 1)), rule, orgs, tuple(_text(value) for value in _many(policy, 3)))
