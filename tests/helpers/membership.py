"""Identities of made and real networks, each with trust roots for the core and for the slow judge."""

from __future__ import annotations

import base64
import functools
from collections.abc import Sequence
from dataclasses import dataclass, replace

from isthmus import membership
from isthmus.membership import NodeUnits, Organisation, TrustRoots, Unit
from isthmus.reference import membership as slow
from isthmus.synthetic.certificates import NOT_BEFORE, Certificate, Key, authority, pem

__all__ = ["AT", "NAME", "Case", "cases", "der", "judge", "read_identities", "replace", "samples"]

AT = NOT_BEFORE + 1000
NAME = "org1.synthetic"


@dataclass(frozen=True)
class Case:
    """An identity that is valid as it stands, under trust roots that both judges know."""

    rules: str
    identity: bytes
    roots: tuple[bytes, ...]
    intermediates: tuple[bytes, ...] = ()
    revocation_lists: tuple[bytes, ...] = ()
    node_units: bool = False
    name: str = NAME
    at: int = AT

    @property
    def trust(self) -> TrustRoots:
        """For the core."""
        units = NodeUnits(*(Unit(role) for role in ("client", "peer", "admin", "orderer"))) if self.node_units else None
        lists = self.roots, self.intermediates, self.revocation_lists
        return TrustRoots(self.rules, [Organisation(self.name, *lists, node_units=units)], self.at)

    def slowly(self, identity: bytes, lists: Sequence[bytes] | None = None) -> bool:
        """Whether the slow judge takes the identity."""
        units = {role: role for role in ("client", "peer", "admin", "orderer")} if self.node_units else None
        known = self.revocation_lists if lists is None else lists
        organisation = slow.Organisation(self.name, self.roots, self.intermediates, known, units)
        try:
            slow.judge(identity, organisation, self.rules, self.at)
        except (slow.Refused, slow.Undecided):
            return False
        return True


def _made(algorithm: str, rules: str, *, depth: int = 0, units: bool = False) -> tuple[Certificate, Case]:
    key = Key.of(algorithm, f"ca {rules}")  # type: ignore[arg-type]
    root = authority(f"ca {algorithm}", key=key, organization=NAME)
    above, chain = root, []
    for level in range(depth):
        above = above.issue_authority(f"intermediate {level}", path_len=depth - level - 1)
        chain.append(above.pem)
    leaf = above.issue("someone", units=("peer",) if units else ("consensus",), extended_usage=("any",))
    lists = (pem(above.revocation_list([leaf.serial + 1, 5, 2**100]), "X509 CRL"),)
    if rules == "chainmaker":
        return leaf, Case(rules, leaf.pem, (b"".join([*reversed(chain), root.pem]),), (), lists)
    return leaf, Case(rules, leaf.pem, (root.pem,), tuple(chain), lists, units)


@functools.cache
def cases() -> tuple[Case, ...]:
    """Made ones of every key and rule set."""
    return (
        _made("p256", "fabric-3.0", units=True)[1],
        _made("p256", "fabric-1.4.3", depth=2)[1],
        _made("p384", "fabric-1.1", depth=1)[1],
        _made("ed25519", "fabric-3.0")[1],
        _made("p256", "chainmaker")[1],
        _made("sm2", "chainmaker", depth=2)[1],
        _made("sm2", "chainmaker")[1],
    )


def der(identity: bytes) -> bytes:
    """The DER bytes of PEM that this project wrote."""
    return base64.b64decode(b"".join(line for line in identity.splitlines() if b"-----" not in line))


def read_identities(raw: bytes) -> list[tuple[str, bytes]] | None:
    """The decoder's input taken apart: organisation and identity of each; None where it is not canonical."""
    out = []
    at = 0
    while at < len(raw):
        body, at = _field(raw, at, 0x0A)
        if body is None:
            return None
        name = identity = b""
        inner = 0
        if inner < len(body) and body[inner] == 0x0A:
            field, inner = _field(body, inner, 0x0A)
            if not field:
                return None
            name = field
        if inner < len(body):
            field, inner = _field(body, inner, 0x12)
            if not field or inner != len(body):
                return None
            identity = field
        out.append((name.decode("latin-1"), identity))
    return out or None


def _field(raw: bytes, at: int, tag: int) -> tuple[bytes | None, int]:
    if raw[at] != tag:
        return None, at
    length = shift = 0
    at += 1
    while True:
        if at >= len(raw) or shift > 35:
            return None, at
        byte = raw[at]
        at += 1
        length |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            break
    if (byte == 0 and shift > 7) or at + length > len(raw):
        return None, at
    return raw[at : at + length], at + length


def samples() -> list[tuple[bytes, bytes, bool]]:
    """(input, anchor, valid) for the decoder ``membership``."""
    found = []
    for case in cases():
        known = membership.Presented(case.identity, case.name)
        found.append((membership.presented([known]), bytes(case.trust), True))
        found.append((membership.presented([case.identity, known]), bytes(case.trust), True))
        found.append((membership.presented([membership.Presented(case.identity, "nobody")]), bytes(case.trust), False))
    return found


def judge(raw: bytes, anchor: bytes) -> bool:
    """Whether all identities of an input are members, under one of the anchors of :func:`samples`."""
    case = {bytes(each.trust): each for each in cases()}[anchor]
    read = read_identities(raw)
    return read is not None and all(name in ("", case.name) and case.slowly(identity) for name, identity in read)
