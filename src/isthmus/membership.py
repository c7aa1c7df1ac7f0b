"""Who belongs to an organisation of a permissioned network, and in which role: X.509 identities under trust roots.

>>> from isthmus.synthetic.certificates import authority
>>> root = authority("ca.org1", organization="org1")
>>> peer = root.issue("peer0", units=("peer",))
>>> trust = TrustRoots("fabric-3.0", [Organisation("Org1MSP", [root.pem], node_units=NodeUnits(peer=Unit("peer")))])
>>> answer = check([peer.pem], trust)
>>> answer.ok, answer.members[0].organisation, answer.members[0].roles
(True, 'Org1MSP', <Role.MEMBER|PEER: 9>)

The rules are those of the networks' own nodes, which stand on Go's ``crypto/x509``; docs/membership.md lists them and
the few places where isthmus is stricter. Python only writes what the native decoder ``membership`` reads.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import numpy as np

from isthmus import _wire
from isthmus.batch import shared_engine
from isthmus.engine import Engine
from isthmus.verdict import Finding, Verdict

__all__ = [
    "ANY_TIME",
    "CHAIN",
    "RULES",
    "Answer",
    "Member",
    "NodeUnits",
    "Organisation",
    "Presented",
    "Role",
    "TrustRoots",
    "TrustedMember",
    "Unit",
    "check",
    "presented",
]

#: The decoder's name, for :meth:`isthmus.Engine.check`.
CHAIN: Final = "membership"

#: Sets of rules by name: Fabric by the version of its membership provider, which follows from the channel's
#: capabilities (V1_1: 1.1; V1_3 and V1_4_2: 1.3; V1_4_3 and V2_0: 1.4.3; V3_0: 3.0), and ChainMaker.
RULES: Final[Mapping[str, int]] = {
    "fabric-1.0": 1,
    "fabric-1.1": 2,
    "fabric-1.3": 3,
    "fabric-1.4.3": 4,
    "fabric-3.0": 5,
    "chainmaker": 16,
}

_NONE: Final = 0xFFFF_FFFF
_RECORD: Final = np.dtype(
    [("organisation", "<u4"), ("roles", "<u4"), ("number", "<u4"), ("key", "<u4"), ("chains", "<u4")]
)


class Role(enum.IntFlag):
    """What an identity may be. ``MEMBER`` is every one that is valid in its organisation."""

    MEMBER = 1
    ADMIN = 2
    CLIENT = 4
    PEER = 8
    ORDERER = 16
    CONSENSUS = 32
    LIGHT = 64
    COMMON = 128


class _AnyTime:
    def __repr__(self) -> str:
        return "ANY_TIME"


#: For ``check(at=...)``: times do not matter (a ChainMaker node with CM_CERT_NO_EXPIRE).
ANY_TIME: Final = _AnyTime()


@dataclass(frozen=True, slots=True)
class Unit:
    """An organisational unit, and the authority that must have certified who bears it (PEM or DER; empty: any)."""

    name: str
    certifier: bytes = b""

    def __bytes__(self) -> bytes:
        return _wire.text(1, self.name) + _wire.blob(2, self.certifier)


@dataclass(frozen=True, slots=True)
class NodeUnits:
    """Fabric's NodeOUs, enabled: which unit makes a client, a peer, an admin, an orderer."""

    client: Unit | None = None
    peer: Unit | None = None
    admin: Unit | None = None
    orderer: Unit | None = None

    def __bytes__(self) -> bytes:
        units = enumerate((self.client, self.peer, self.admin, self.orderer), 1)
        return b"".join(_wire.message(number, bytes(unit)) for number, unit in units if unit is not None)


@dataclass(frozen=True, slots=True)
class TrustedMember:
    """ChainMaker's trust_members: whoever presents exactly these bytes has this role; no chain is looked at."""

    certificate: bytes
    role: str

    def __bytes__(self) -> bytes:
        return _wire.blob(1, self.certificate) + _wire.text(2, self.role)


@dataclass(frozen=True, slots=True)
class Organisation:
    """An organisation as its network's configuration has it. Certificates and lists are PEM or DER.

    ``name``              Fabric: the MSP id; ChainMaker: the org id, which must be the first O of its certificates
    ``roots``             ChainMaker: each may hold a whole chain in PEM
    ``intermediates``     Fabric
    ``revocation_lists``  certificate revocation lists
    ``admins``            Fabric: who is an admin by being listed
    ``frozen``            ChainMaker: certificates that may not sign
    ``units``             Fabric: organizational_unit_identifiers; each needs its certifier
    ``node_units``        Fabric: fabric_node_ous; None: not enabled, so that no roles exist
    ``members``           ChainMaker: trust_members
    """

    name: str
    roots: Sequence[bytes] = ()
    intermediates: Sequence[bytes] = ()
    revocation_lists: Sequence[bytes] = ()
    admins: Sequence[bytes] = ()
    frozen: Sequence[bytes] = ()
    units: Sequence[Unit] = ()
    node_units: NodeUnits | None = None
    members: Sequence[TrustedMember] = ()

    def __post_init__(self) -> None:
        if not self.name:
            raise ValueError("name: an organisation needs one")
        for field in ("roots", "intermediates", "revocation_lists", "admins", "frozen"):
            for i, each in enumerate(getattr(self, field)):
                if not isinstance(each, bytes):
                    raise TypeError(f"{field}[{i}]: expected bytes, got {type(each).__name__}")

    @classmethod
    def from_msp_folder(cls, name: str, folder: str | Path, *, node_units: NodeUnits | None = None) -> Organisation:
        """A Fabric MSP folder: cacerts, intermediatecerts, crls and admincerts, the files of each in order of name."""

        def read(part: str) -> list[bytes]:
            path = Path(folder) / part
            return [each.read_bytes() for each in sorted(path.iterdir()) if each.is_file()] if path.is_dir() else []

        return cls(
            name, read("cacerts"), read("intermediatecerts"), read("crls"), read("admincerts"), node_units=node_units
        )

    @classmethod
    def from_msp_config(cls, config: bytes) -> Organisation:
        """From Fabric's ``msp.FabricMSPConfig``, which a channel's configuration holds for each organisation.

        ``ValueError`` where the bytes are no such message. TLS certificates and keys are passed over.
        """
        lists: dict[int, list[bytes]] = {number: [] for number in (2, 3, 4, 5)}
        name, units, node_units = "", [], None
        for number, value in _wire.fields(config):
            if not isinstance(value, bytes):
                continue
            if number == 1:
                name = value.decode()
            elif number in lists:
                lists[number].append(value)
            elif number == 7:
                units.append(_msp_unit(value))
            elif number == 11:
                node_units = _msp_node_units(value)
        roots, intermediates, admins, revoked = (lists[number] for number in (2, 3, 4, 5))
        return cls(name, roots, intermediates, revoked, admins, units=units, node_units=node_units)

    def __bytes__(self) -> bytes:
        lists = (
            (2, self.roots),
            (3, self.intermediates),
            (4, self.revocation_lists),
            (5, self.admins),
            (6, self.frozen),
        )
        parts = [_wire.text(1, self.name)]
        parts += [_wire.blob(number, each, keep=True) for number, values in lists for each in values]
        parts += [_wire.message(7, bytes(each)) for each in self.units]
        if self.node_units is not None:
            parts.append(_wire.message(8, bytes(self.node_units)))
        parts += [_wire.message(9, bytes(each)) for each in self.members]
        return b"".join(parts)


def _msp_unit(message: bytes) -> Unit:
    """FabricOUIdentifier: certificate 1, organizational_unit_identifier 2."""
    parts = {number: value for number, value in _wire.fields(message) if isinstance(value, bytes)}
    return Unit(parts.get(2, b"").decode(), parts.get(1, b""))


def _msp_node_units(message: bytes) -> NodeUnits | None:
    """FabricNodeOUs: enable 1, client 2, peer 3, admin 4, orderer 5; None where they are not enabled."""
    parts = dict(_wire.fields(message))
    if not parts.get(1):
        return None
    client, peer, admin, orderer = (
        _msp_unit(value) if isinstance(value := parts.get(number), bytes) else None for number in (2, 3, 4, 5)
    )
    return NodeUnits(client, peer, admin, orderer)


@dataclass(frozen=True, slots=True)
class TrustRoots:
    """What is trusted beforehand: organisations, and the network's set of rules, a name of :data:`RULES`.

    ``at``  when certificates must be valid under ChainMaker's rules: seconds since 1970, a ``datetime`` with its zone,
            or :data:`ANY_TIME`; None: such certificates are undecided (certificate_instant_missing). Fabric does not
            look at it: there a certificate is judged one second after it begins, so that expiry does not matter
    """

    rules: str
    organisations: Sequence[Organisation]
    at: int | datetime | _AnyTime | None = None

    def __post_init__(self) -> None:
        if self.rules not in RULES:
            raise ValueError(f"rules: expected one of {', '.join(RULES)}, got {self.rules!r:.40}")
        if not self.organisations:
            raise ValueError("organisations: expected at least one")
        if isinstance(self.at, datetime) and self.at.tzinfo is None:
            raise ValueError("at: a datetime needs its time zone")

    def __bytes__(self) -> bytes:
        organisations = b"".join(_wire.message(2, bytes(each)) for each in self.organisations)
        return _wire.uint(1, RULES[self.rules]) + organisations + _instant(self.at)


def _instant(at: int | datetime | _AnyTime | None) -> bytes:
    if at is None:
        return b""
    if isinstance(at, _AnyTime):
        return _wire.uint(4, 1)
    seconds = int(at.timestamp() // 1) if isinstance(at, datetime) else at
    return _wire.message(3, _wire.sint(1, seconds))


@dataclass(frozen=True, slots=True)
class Presented:
    """An identity with the organisation that it claims to be of."""

    identity: bytes
    organisation: str

    def __bytes__(self) -> bytes:
        return _wire.text(1, self.organisation) + _wire.blob(2, self.identity)


def presented(certificates: Iterable[bytes | Presented]) -> bytes:
    """The decoder's input. Plain bytes claim no organisation: whichever takes them first is theirs.

    >>> presented([b"no certificate"]).hex()
    '0a10120e6e6f206365727469666963617465'
    """
    each = (one if isinstance(one, Presented) else Presented(one, "") for one in certificates)
    return b"".join(_wire.message(1, bytes(one)) for one in each)


@dataclass(frozen=True, slots=True)
class Member:
    """What was found out about one identity.

    ``valid``         its chain, roles, times and revocation are good; else believe nothing of the rest
    ``organisation``  whose it is, or None
    ``roles``         what it may be there
    ``identity``      the same number for every spelling of one certificate in one organisation
    ``key``           the same number for every certificate over one public key
    ``fingerprint``   SHA-256 of the certificate, an ECDSA signature's s brought low: Fabric's identity identifier
    ``findings``      what is wrong
    """

    valid: bool
    organisation: str | None
    roles: Role
    identity: int | None
    key: int | None
    fingerprint: bytes
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class Answer:
    """The verdict about all identities together, and what was found out about each, in their order."""

    verdict: Verdict
    members: tuple[Member, ...]

    @property
    def ok(self) -> bool:
        """Every identity is valid, and there is at least one."""
        return self.verdict.ok


def check(
    certificates: Iterable[bytes | Presented],
    trust: TrustRoots,
    *,
    at: int | datetime | _AnyTime | None = None,
    engine: Engine | None = None,
) -> Answer:
    """Judges identities (certificates as blocks carry them: PEM, under ChainMaker's rules also DER) under trust roots.

    ``at``      takes the place of ``trust.at``
    ``engine``  one that is shared by all calls of this process unless given

    Bad identities never raise. ``ValueError`` for trust roots that cannot be used: a root that is no certificate or no
    authority, an intermediate without a root, a unit whose certifier is not listed.

    >>> from isthmus.synthetic.certificates import authority
    >>> root = authority("ca.org1", organization="org1")
    >>> trust = TrustRoots("chainmaker", [Organisation("org1", [root.pem])])
    >>> old = root.issue("consensus1", units=("consensus",), not_after=1704067300)
    >>> answer = check([old.pem], trust, at=1704067301)
    >>> print(answer.verdict)
    invalid: certificate_expired at certificate 0: a certificate of the chain has expired
    >>> check([old.pem], trust, at=1704067300).members[0].roles
    <Role.MEMBER|CONSENSUS: 33>
    """
    if at is not None:
        trust = TrustRoots(trust.rules, trust.organisations, at)
    verdict = (engine or shared_engine()).check(CHAIN, presented(certificates), bytes(trust))
    return Answer(verdict, _members(verdict, [each.name for each in trust.organisations]))


def _members(verdict: Verdict, names: list[str]) -> tuple[Member, ...]:
    records = np.frombuffer(verdict.facts.get("members", b""), _RECORD)
    digests = verdict.facts.get("fingerprints", b"")
    by_place: dict[str, list[Finding]] = {}
    for finding in verdict.findings:
        by_place.setdefault(" ".join(finding.where.split()[:2]), []).append(finding)
    return tuple(
        _member(record, digests[32 * i : 32 * i + 32], names, tuple(by_place.get(f"certificate {i}", ())))
        for i, record in enumerate(records)
    )


def _member(record: Any, digest: bytes, names: list[str], findings: tuple[Finding, ...]) -> Member:
    organisation, roles, number, key, chains = (int(record[field]) for field in _RECORD.names or ())
    known = organisation != _NONE
    # Of several chains over different keys one must hold: what is wrong with another does not matter then.
    broken = {finding.where for finding in findings if " chain " in finding.where}
    whole = len(broken) == len({finding.where for finding in findings}) and (not broken or len(broken) < chains)
    return Member(
        known and number != _NONE and whole,
        names[organisation] if known else None,
        Role(roles),
        None if number == _NONE else number,
        None if key == _NONE else key,
        digest,
        findings,
    )
