"""Channel configs written by hand: organisations from PEM certificates, endorsement policies from their usual text.

For those who hold certificates of a channel's organisations and no config block. The config that comes out has the
groups, MSPs and policies that Fabric's own tools write by default, and nothing else.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from isthmus import _wire

ROLES: Final[Mapping[str, int]] = {"member": 0, "admin": 1, "client": 2, "peer": 3, "orderer": 4}
_UNITS: Final = ("client", "peer", "admin", "orderer")
_SIGNATURE: Final = 1
_IMPLICIT_META: Final = 3
ANY: Final = 0
ALL: Final = 1
MAJORITY: Final = 2


@dataclass(frozen=True, slots=True)
class Organisation:
    """An organisation of a channel: its MSP.

    ``roots``, ``intermediates``, ``admins``, ``revocation_lists``   PEM text, one certificate or list each
    ``node_units``   whether organisation units client, peer, admin and orderer tell its identities apart (NodeOUs)
    """

    msp_id: str
    roots: tuple[bytes, ...]
    intermediates: tuple[bytes, ...] = ()
    admins: tuple[bytes, ...] = ()
    revocation_lists: tuple[bytes, ...] = ()
    node_units: bool = False

    def msp(self) -> bytes:
        """msp.MSPConfig."""
        config = _wire.text(1, self.msp_id)
        for number, items in ((2, self.roots), (3, self.intermediates), (4, self.admins), (5, self.revocation_lists)):
            config += b"".join(_wire.blob(number, each, keep=True) for each in items)
        config += _wire.message(8, _wire.text(1, "SHA2") + _wire.text(2, "SHA256"))
        if self.node_units:
            units = (_wire.message(2 + index, _wire.text(2, unit)) for index, unit in enumerate(_UNITS))
            config += _wire.message(11, _wire.uint(1, 1) + b"".join(units))
        return _wire.blob(2, config)


@dataclass(frozen=True, slots=True)
class Consenter:
    """An orderer of a BFT channel, which signs blocks by its number. ``certificate`` is PEM text."""

    number: int
    msp_id: str
    certificate: bytes

    def encoded(self) -> bytes:
        """common.Consenter, without addresses and TLS certificates."""
        return _wire.uint(1, self.number) + _wire.text(4, self.msp_id) + _wire.blob(5, self.certificate)

    def identity(self) -> bytes:
        """msp.SerializedIdentity."""
        return serialized_identity(self.msp_id, self.certificate)


def serialized_identity(msp_id: str, certificate: bytes) -> bytes:
    """msp.SerializedIdentity of a PEM certificate."""
    return _wire.text(1, msp_id) + _wire.blob(2, certificate)


def quorum(consenters: int) -> int:
    """How many of n consenters must sign a block: ceil((n + f + 1) / 2) with f = (n - 1) div 3.

    >>> [quorum(n) for n in (1, 4, 5, 6, 7, 10)]
    [1, 3, 4, 4, 5, 7]
    """
    return (consenters + (consenters - 1) // 3 + 2) // 2


# --- policies


def signed_by(index: int) -> bytes:
    """common.SignaturePolicy: someone who is principal ``index`` signed."""
    return _wire.uint(1, index, keep=True)


def n_out_of(need: int, rules: Iterable[bytes]) -> bytes:
    """common.SignaturePolicy: that many of the rules hold."""
    return _wire.message(2, _wire.sint(1, need) + b"".join(_wire.message(2, rule) for rule in rules))


def role(msp_id: str, name: str) -> bytes:
    """msp.MSPPrincipal of a role."""
    return _wire.blob(2, _wire.text(1, msp_id) + _wire.uint(2, ROLES[name]))


def identity_principal(identity: bytes) -> bytes:
    """msp.MSPPrincipal of one identity."""
    return _wire.uint(1, 2) + _wire.blob(2, identity)


def policy_envelope(rule: bytes, principals: Iterable[bytes]) -> bytes:
    """common.SignaturePolicyEnvelope."""
    return _wire.message(2, rule) + b"".join(_wire.message(3, each) for each in principals)


_TOKEN: Final = re.compile(r"\s*(?:(\d+)|([A-Za-z]+)|'([^']*)'|\"([^\"]*)\"|([(),]))")


def signature_policy(text: str) -> bytes:
    """common.SignaturePolicyEnvelope from the text that Fabric's tools take.

    ``AND(...)``, ``OR(...)`` and ``OutOf(n, ...)`` over each other and over ``'MSP.role'``; roles are member, admin,
    client, peer and orderer. ``ValueError`` tells what cannot be read.

    >>> signature_policy("OR('Org1MSP.member')").hex()
    '120812060801120208001a0b12090a074f7267314d5350'
    """
    reader = _PolicyText(text)
    try:
        rule = reader.rule()
    except RecursionError:
        raise ValueError("policy: nested too deeply") from None
    if reader.left():
        raise ValueError(f"policy: {reader.left()!r:.40} follows its end")
    return policy_envelope(rule, reader.principals)


class _PolicyText:
    def __init__(self, text: str) -> None:
        self._text: Final = text
        self._at = 0
        self.principals: Final[list[bytes]] = []

    def left(self) -> str:
        return self._text[self._at :].strip()

    def rule(self) -> bytes:
        _, word, *quoted, _ = self._next()
        name = next((each for each in quoted if each is not None), None)
        if name is not None:
            return self._principal(name)
        kind = (word or "").lower()
        if kind not in ("and", "or", "outof"):
            raise ValueError(f"policy: expected AND, OR, OutOf or 'MSP.role' before {self.left()!r:.40}")
        self._punctuation("(")
        need = self._count() if kind == "outof" else None
        rules = self._rules(more=need is not None)
        if need is None:
            need = len(rules) if kind == "and" else 1
        if not 1 <= need <= len(rules):
            raise ValueError(f"policy: {need} out of {len(rules)}")
        return n_out_of(need, rules)

    def _rules(self, *, more: bool) -> list[bytes]:
        if more:
            self._punctuation(",")
        rules = [self.rule()]
        while self._punctuation(",", ")") == ",":
            rules.append(self.rule())
        return rules

    def _principal(self, name: str) -> bytes:
        msp_id, _, role_name = name.rpartition(".")
        if not msp_id or role_name.lower() not in ROLES:
            raise ValueError(f"policy: {name!r:.60} is not 'MSP.role' with one of {', '.join(ROLES)}")
        self.principals.append(role(msp_id, role_name.lower()))
        return signed_by(len(self.principals) - 1)

    def _count(self) -> int:
        number, *_ = self._next()
        if number is None:
            raise ValueError(f"policy: OutOf begins with a number, got {self.left()!r:.40}")
        return int(number)

    def _punctuation(self, *allowed: str) -> str:
        *_, mark = self._next()
        if mark not in allowed:
            raise ValueError(f"policy: expected {' or '.join(allowed)} before {self.left()!r:.40}")
        return str(mark)

    def _next(self) -> tuple[str | None, ...]:
        match = _TOKEN.match(self._text, self._at)
        if match is None:
            left = self.left()
            raise ValueError(
                f"policy: cannot read {left!r:.40}" if left else f"policy: {self._text!r:.40} ends too early"
            )
        self._at = match.end()
        return match.groups()


# --- config trees


def _entry(number: int, key: str, value: bytes) -> bytes:
    return _wire.message(number, _wire.text(1, key) + _wire.message(2, value))


def group(
    groups: Mapping[str, bytes] | None = None,
    values: Mapping[str, bytes] | None = None,
    policies: Mapping[str, bytes] | None = None,
    *,
    version: int = 0,
    mod_policy: str = "Admins",
) -> bytes:
    """common.ConfigGroup from encoded groups, values and policies; entries in the order of their names."""
    out = _wire.uint(1, version)
    for number, entries in ((2, groups), (3, values), (4, policies)):
        out += b"".join(_entry(number, key, value) for key, value in sorted((entries or {}).items()))
    return out + _wire.text(5, mod_policy)


def value(raw: bytes, *, version: int = 0, mod_policy: str = "Admins") -> bytes:
    """common.ConfigValue."""
    return _wire.uint(1, version) + _wire.blob(2, raw) + _wire.text(3, mod_policy)


def signature(envelope: bytes, *, version: int = 0, mod_policy: str = "Admins") -> bytes:
    """common.ConfigPolicy of a signature policy."""
    policy = _wire.uint(1, _SIGNATURE) + _wire.blob(2, envelope)
    return _wire.uint(1, version) + _wire.message(2, policy) + _wire.text(3, mod_policy)


def implicit_meta(name: str, rule: int, *, version: int = 0, mod_policy: str = "Admins") -> bytes:
    """common.ConfigPolicy: ``ANY``, ``ALL`` or ``MAJORITY`` of the groups below satisfy their policy ``name``."""
    meta = _wire.text(1, name) + _wire.uint(2, rule)
    policy = _wire.uint(1, _IMPLICIT_META) + _wire.blob(2, meta)
    return _wire.uint(1, version) + _wire.message(2, policy) + _wire.text(3, mod_policy)


def capabilities(*names: str) -> bytes:
    """common.Capabilities."""
    return b"".join(_entry(1, name, b"") for name in sorted(names))


def bft_policy(consenters: Iterable[Consenter]) -> bytes:
    """common.SignaturePolicyEnvelope: a quorum of the consenters, the only one that a BFT orderer accepts."""
    members = list(consenters)
    rule = n_out_of(quorum(len(members)), (signed_by(index) for index in range(len(members))))
    return policy_envelope(rule, (identity_principal(each.identity()) for each in members))


def organisation_group(organisation: Organisation) -> bytes:
    """The group of one organisation, with the policies that configtxgen's samples give it."""
    member, admin = (signature(signature_policy(f"OR('{organisation.msp_id}.{name}')")) for name in ("member", "admin"))
    endorser = signature(
        signature_policy(f"OR('{organisation.msp_id}.{'peer' if organisation.node_units else 'member'}')")
    )
    return group(
        values={"MSP": value(organisation.msp())},
        policies={"Readers": member, "Writers": member, "Admins": admin, "Endorsement": endorser},
    )


def _metas() -> dict[str, bytes]:
    return {
        "Readers": implicit_meta("Readers", ANY),
        "Writers": implicit_meta("Writers", ANY),
        "Admins": implicit_meta("Admins", MAJORITY),
    }


def make_config(
    orderers: Iterable[Organisation],
    applications: Iterable[Organisation],
    *,
    consenters: Iterable[Consenter] = (),
    sequence: int = 0,
    consensus: str | None = None,
    capability: str | None = None,
) -> bytes:
    """common.Config of a channel: groups Orderer and Application with one group for each organisation.

    ``consenters``   makes it a BFT channel: capability V3_0, and a quorum of them must sign a block
    ``consensus``    name of the consensus; by default BFT with consenters, else etcdraft
    ``capability``   of the channel; by default V3_0 with consenters, else V2_0
    """
    members = list(consenters)
    order = _metas()
    order["BlockValidation"] = signature(bft_policy(members)) if members else implicit_meta("Writers", ANY)
    order_values = {"ConsensusType": value(_wire.text(1, consensus or ("BFT" if members else "etcdraft")))}
    if members:
        order_values["Orderers"] = value(b"".join(_wire.message(1, each.encoded()) for each in members))
    orderer_group = group({each.msp_id: organisation_group(each) for each in orderers}, order_values, order)
    endorsement = {name: implicit_meta("Endorsement", MAJORITY) for name in ("Endorsement", "LifecycleEndorsement")}
    application_group = group(
        {each.msp_id: organisation_group(each) for each in applications}, {}, {**_metas(), **endorsement}
    )
    channel = group(
        {"Orderer": orderer_group, "Application": application_group},
        {"Capabilities": value(capabilities(capability or ("V3_0" if members else "V2_0")))},
        _metas(),
    )
    return _wire.uint(1, sequence) + _wire.message(2, channel)
