"""Slow, readable judge of X.509 identities under the rules of Hyperledger Fabric and ChainMaker.

Chains are built as Go's ``crypto/x509`` builds them: step by step, each signature verified when it is met, which is not
how the native decoder goes about it. What isthmus does not decide (RSA, other curves, name constraints) is
:class:`Undecided` here too.

Sources: RFC 5280; Go's crypto/x509, encoding/pem and encoding/asn1; Fabric's msp; ChainMaker's accesscontrol.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from isthmus.reference import ecdsa, ed25519, nist, sm2


class Refused(ValueError):
    """The identity is none; the text says why."""


class Undecided(ValueError):
    """Deciding would take what isthmus does not do."""


# ---- DER


def _element(data: bytes, at: int) -> tuple[int, bytes, int]:
    """Tag, contents and end of the element at ``at``."""
    if at + 2 > len(data) or data[at] & 0x1F == 0x1F:
        raise Refused("no element")
    length, begin = data[at + 1], at + 2
    if length >= 0x80:
        count = length - 0x80
        digits = data[begin : begin + count]
        if not 1 <= count <= 4 or len(digits) < count or digits[0] == 0:
            raise Refused("length form")
        length, begin = int.from_bytes(digits, "big"), begin + count
        if length < 0x80:
            raise Refused("length not shortest")
    if begin + length > len(data):
        raise Refused("length beyond the end")
    return data[at], data[begin : begin + length], begin + length


class _Reader:
    def __init__(self, data: bytes) -> None:
        self.data, self.at = data, 0

    @property
    def tag(self) -> int:
        return self.data[self.at] if self.at < len(self.data) else -1

    def take(self, tag: int | None = None) -> bytes:
        found, body, self.at = _element(self.data, self.at)
        if tag is not None and found != tag:
            raise Refused(f"tag {found:#x} instead of {tag:#x}")
        return body

    def whole(self, tag: int) -> bytes:
        begin = self.at
        self.take(tag)
        return self.data[begin : self.at]

    def inside(self, tag: int) -> _Reader:
        return _Reader(self.take(tag))

    def end(self) -> None:
        if self.at != len(self.data):
            raise Refused("bytes behind the end")


def _list(body: bytes) -> Iterator[_Reader]:
    reader = _Reader(body)
    while reader.tag != -1:
        yield reader.inside(0x30)


def _oid(body: bytes) -> str:
    arcs, value, fresh = [], 0, True
    for byte in body:
        if fresh and byte == 0x80:
            raise Refused("arc not shortest")
        value = value << 7 | byte & 0x7F
        fresh = byte < 0x80
        if value >= 1 << 31:
            raise Refused("arc too large")
        if fresh:
            arcs.append(value)
            value = 0
    if not arcs or not fresh:
        raise Refused("identifier cut off")
    first = min(arcs[0] // 40, 2)
    return ".".join(map(str, [first, arcs[0] - 40 * first, *arcs[1:]]))


def _integer(body: bytes) -> int:
    if not body or (len(body) > 1 and (body[0], body[1] >> 7) in ((0, 0), (0xFF, 1))):
        raise Refused("integer not shortest")
    return int.from_bytes(body, "big", signed=True)


def _boolean(body: bytes) -> bool:
    if body not in (b"\0", b"\xff"):
        raise Refused("boolean")
    return body == b"\xff"


def _bits(body: bytes) -> tuple[bytes, int]:
    if not body or body[0] > 7 or (len(body) == 1 and body[0]):
        raise Refused("bit string")
    if len(body) > 1 and body[-1] & (1 << body[0]) - 1:
        raise Refused("padding")
    return body[1:], 8 * (len(body) - 1) - body[0]


_DAYS: Final = (0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


def _time(reader: _Reader) -> int:
    general = reader.tag == 0x18
    text = reader.take(0x18 if general else 0x17).decode("latin-1")
    if not general:
        text = ("20" if text[:2] < "50" else "19") + text
    zone = text[-5:] if text[-5:-4] in ("+", "-") else text[-1:]
    digits = text[: len(text) - len(zone)]
    if not (digits.isascii() and digits.isdigit()) or len(digits) not in ((14,) if general else (12, 14)):
        raise Refused("time")
    year, *parts = int(digits[:4]), *(int(digits[i : i + 2]) for i in range(4, len(digits), 2))
    month, day, hour, minute, second = (*parts, 0)[:5]
    if not 1 <= month <= 12 or hour > 23 or minute > 59 or second > 59:
        raise Refused("time")
    leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    if not 1 <= day <= (29 if month == 2 and leap else _DAYS[month]):
        raise Refused("day")
    years = year - 1
    days = 365 * years + years // 4 - years // 100 + years // 400 - 719162
    days += sum(_DAYS[1:month]) + (month > 2 and leap) + day - 1
    return 86400 * days + 3600 * hour + 60 * minute + second - _offset(zone)


def _offset(zone: str) -> int:
    if zone == "Z":
        return 0
    digits = zone[1:]
    if len(zone) != 5 or not (digits.isascii() and digits.isdigit()) or digits == "0000":
        raise Refused("time zone")
    if digits[:2] > "23" or digits[2:] > "59":
        raise Refused("time zone")
    seconds = 60 * (60 * int(digits[:2]) + int(digits[2:]))
    return -seconds if zone[0] == "-" else seconds


# ---- PEM


def pem(text: bytes) -> tuple[bytes, bytes] | None:
    """The first block's bytes and what follows it, as Go's ``pem.Decode`` finds them, or None."""
    rest = text
    while True:
        if rest.startswith(b"-----BEGIN "):
            rest = rest[11:]
        elif b"\n-----BEGIN " in rest:
            rest = rest.split(b"\n-----BEGIN ", 1)[1]
        else:
            return None
        kind, rest = _line(rest)
        if not kind.endswith(b"-----"):
            continue
        kind, headers = kind[:-5], False
        while rest and b":" in _line(rest)[0]:
            headers, rest = True, _line(rest)[1]
        if not rest:
            return None
        at = 0 if not headers and rest.startswith(b"-----END ") else rest.find(b"\n-----END ") + 1
        if at == 0 and not rest.startswith(b"-----END "):
            continue
        if headers and at == 0:
            continue
        tail = rest[at + 9 :]
        if not tail.startswith(kind + b"-----") or _line(tail[len(kind) + 5 :])[0]:
            continue
        try:
            body = base64.b64decode(rest[:at].translate(None, b" \t\r\n"), validate=True)
        except binascii.Error:
            continue
        return body, _line(tail)[1]


def _line(text: bytes) -> tuple[bytes, bytes]:
    line, end, rest = text.partition(b"\n")
    if end and line.endswith(b"\r"):
        line = line[:-1]
    return line.rstrip(b" \t"), rest


def _ders(text: bytes) -> list[bytes]:
    found = []
    rest = text
    while (block := pem(rest)) is not None:
        found.append(block[0])
        rest = block[1]
    return found or [text]


# ---- certificates

_CURVES: Final = {"1.2.840.10045.3.1.7": "p256", "1.3.132.0.34": "p384", "1.2.156.10197.1.301": "sm2"}
_HASHES: Final[dict[str, Callable[[bytes], bytes]]] = {
    "1.2.840.10045.4.3.2": lambda data: hashlib.sha256(data).digest(),
    "1.2.840.10045.4.3.3": lambda data: hashlib.sha384(data).digest(),
    "1.2.840.10045.4.3.4": lambda data: hashlib.sha512(data).digest(),
}
_KNOWN: Final = {f"2.5.29.{last}" for last in (14, 15, 17, 19, 30, 31, 32, 35, 37)} | {"1.3.6.1.5.5.7.1.1"}
_USAGES: Final = {"2.5.29.37.0": "any", "1.3.6.1.5.5.7.3.1": "server", "1.3.6.1.5.5.7.3.2": "client"}


@dataclass
class Certificate:
    """The fields that the rules look at."""

    der: bytes
    tbs: bytes = b""
    serial: int = 0
    algorithm: str = ""
    issuer: bytes = b""
    subject: bytes = b""
    not_before: int = 0
    not_after: int = 0
    key_kind: str = ""
    key: bytes = b""
    signature: bytes = b""
    version: int = 1
    organizations: list[str] = field(default_factory=list)
    units: list[str] = field(default_factory=list)
    extensions: dict[str, bytes] = field(default_factory=dict)
    unknown_critical: bool = False
    constrained: bool = False  # has basic constraints
    ca: bool = False
    path_len: int | None = None
    key_usage: set[int] = field(default_factory=set)
    usages: set[str] = field(default_factory=set)
    subject_key_id: bytes | None = None
    authority_key_id: bytes = b""


def _algorithm(reader: _Reader) -> tuple[str, bytes, bytes]:
    body = reader.take(0x30)
    inside = _Reader(body)
    name = _oid(inside.take(0x06))
    parameters = b""
    if inside.tag != -1:
        begin = inside.at
        inside.take()
        parameters = inside.data[begin : inside.at]
    inside.end()
    return name, parameters, body


def _text(tag: int, body: bytes) -> str | None:
    if tag == 0x0C:
        return body.decode("utf-8")
    if tag == 0x13:
        if not all(chr(c).isascii() and (chr(c).isalnum() or chr(c) in "'()+,-./ :=?*&") for c in body):
            raise Refused("PrintableString")
        return body.decode()
    if tag == 0x12:
        if not all(chr(c) in "0123456789 " for c in body):
            raise Refused("NumericString")
        return body.decode()
    if tag == 0x16:
        return body.decode("ascii")
    if tag == 0x14:
        return body.decode("latin-1")
    if tag != 0x1E:
        return None
    if len(body) % 2:
        raise Refused("BMPString")
    points = [int.from_bytes(body[i : i + 2], "big") for i in range(0, len(body), 2)]
    if points and points[-1] == 0:
        points.pop()
    if any(p in (0xFFFE, 0xFFFF) or 0xFDD0 <= p <= 0xFDEF or 0xD800 <= p <= 0xDFFF for p in points):
        raise Refused("BMPString")
    return "".join(map(chr, points))


def _name(body: bytes) -> list[tuple[str, str]]:
    out, count = [], 0
    reader = _Reader(body)
    while reader.tag != -1:
        pairs = reader.inside(0x31)
        while pairs.tag != -1:
            pair = pairs.inside(0x30)
            kind = _oid(pair.take(0x06))
            tag = pair.tag
            try:
                text = _text(tag, pair.take())
            except UnicodeDecodeError as wrong:
                raise Refused("text") from wrong
            pair.end()
            count += 1
            if text is not None:
                out.append((kind, text))
    if count > 64:
        raise Refused("name too long")
    return out


def _key(reader: _Reader) -> tuple[str, bytes]:
    info = reader.inside(0x30)
    name, parameters, _ = _algorithm(info)
    key, count = _bits(info.take(0x03))
    info.end()
    kind = "other"
    if name == "1.2.840.10045.2.1" or name.startswith("1.2.156.10197.1.301"):
        if parameters[:1] == b"\x30":
            raise Refused("explicit curve")
        if name in ("1.2.156.10197.1.301", "1.2.156.10197.1.301.1"):
            if parameters and parameters != bytes.fromhex("06082a811ccf5501822d"):
                raise Refused("key parameters")
            kind = "sm2"
        elif name == "1.2.840.10045.2.1":
            curve = _Reader(parameters)
            kind = _CURVES.get(_oid(curve.take(0x06)), "other")
            curve.end()
    elif name == "1.3.101.112":
        if parameters:
            raise Refused("key parameters")
        kind = "ed25519"
    size = {"p256": 65, "sm2": 65, "p384": 97, "ed25519": 32}.get(kind)
    if size is not None and (len(key) != size or count % 8 or (size != 32 and key[0] != 4)):
        raise Refused("key form")
    return kind, key


def parse(der: bytes) -> Certificate:
    """The certificate, or :class:`Refused`."""
    if len(der) > 1 << 20:
        raise Refused("too large")
    outer = _Reader(der)
    whole = outer.inside(0x30)
    outer.end()
    out = Certificate(der, tbs=whole.whole(0x30))
    out.algorithm, parameters, body = _algorithm(whole)
    if out.algorithm == "1.3.101.112" and parameters:
        out.algorithm = "unknown"
    out.signature, count = _bits(whole.take(0x03))
    whole.end()
    if count % 8:
        raise Refused("signature of odd bits")
    tbs = _Reader(out.tbs).inside(0x30)
    if tbs.tag == 0xA0:
        version = tbs.inside(0xA0)
        number = _integer(version.take(0x02))
        version.end()
        if not 0 <= number <= 2:
            raise Refused("version")
        out.version = number + 1
    out.serial = _integer(tbs.take(0x02))
    if not 0 <= out.serial < 1 << 160:
        raise Refused("serial")
    if _algorithm(tbs)[2] != body:
        raise Refused("algorithms differ")
    out.issuer = tbs.whole(0x30)
    validity = tbs.inside(0x30)
    out.not_before, out.not_after = _time(validity), _time(validity)
    validity.end()
    out.subject = tbs.whole(0x30)
    _name(_Reader(out.issuer).take(0x30))
    for kind, text in _name(_Reader(out.subject).take(0x30)):
        if kind == "2.5.4.10":
            out.organizations.append(text)
        if kind == "2.5.4.11":
            out.units.append(text)
    out.key_kind, out.key = _key(tbs)
    if out.version > 1:
        for tag in (0x81, 0x82):
            if tbs.tag == tag:
                tbs.take()
    if out.version == 3 and tbs.tag == 0xA3:
        wrapper = tbs.inside(0xA3)
        entries = list(_list(wrapper.take(0x30)))
        wrapper.end()
        for entry in entries:
            _extension(out, entry)
    tbs.end()
    return out


def _extension(out: Certificate, entry: _Reader) -> None:
    kind = _oid(entry.take(0x06))
    critical = entry.tag == 0x01 and _boolean(entry.take())
    value = entry.take(0x04)
    entry.end()
    if kind in out.extensions or len(out.extensions) == 64:
        raise Refused("extension repeated")
    out.extensions[kind] = value
    reader = _Reader(value)
    if kind == "2.5.29.15":
        bits, count = _bits(reader.take(0x03))
        out.key_usage = {i for i in range(min(count, 9)) if bits[i // 8] >> (7 - i % 8) & 1}
    elif kind == "2.5.29.19":
        inside = reader.inside(0x30)
        out.constrained = True
        out.ca = inside.tag == 0x01 and _boolean(inside.take())
        if inside.tag == 0x02:
            out.path_len = _integer(inside.take())
            if not 0 <= out.path_len < 1 << 63:
                raise Refused("path length")
        inside.end()
    elif kind == "2.5.29.37":
        inside = reader.inside(0x30)
        while inside.tag != -1:
            out.usages.add(_USAGES.get(_oid(inside.take(0x06)), "other"))
    elif kind in ("2.5.29.14", "2.5.29.35", "1.3.6.1.5.5.7.1.1") and critical:
        raise Refused("critical")
    elif kind == "2.5.29.14":
        out.subject_key_id = reader.take(0x04)
    elif kind == "2.5.29.35":
        out.authority_key_id = _authority_key_id(reader)
    elif kind == "2.5.29.17":
        out.unknown_critical |= not _alternative_names(reader) and critical
    elif kind in _KNOWN:
        reader.take(0x30)
    else:
        out.unknown_critical |= critical
        return
    reader.end()


def _authority_key_id(reader: _Reader) -> bytes:
    inside = reader.inside(0x30)
    found = inside.take() if inside.tag == 0x80 else b""
    for tag in (0xA1, 0x82):
        if inside.tag == tag:
            inside.take()
    inside.end()
    return found


def _alternative_names(reader: _Reader) -> bool:
    inside, handled = reader.inside(0x30), False
    while inside.tag != -1:
        tag, body = inside.tag, inside.take()
        if tag == 0x87 and len(body) not in (4, 16):
            raise Refused("address")
        if tag in (0x81, 0x82, 0x86) and not body.isascii():
            raise Refused("name")
        handled |= tag in (0x81, 0x82, 0x86, 0x87)
    return handled


# ---- signatures


def signed_by(data: bytes, signature: bytes, algorithm: str, kind: str, key: bytes) -> bool:
    """Whether a certificate's or list's signature is the key's."""
    if kind == "other" or (kind == "sm2" and (algorithm in _HASHES or algorithm == "1.2.156.10197.1.503")):
        raise Undecided("algorithm")
    if kind == "ed25519":
        return algorithm == "1.3.101.112" and ed25519.verify_rfc8032(key, signature, data)
    compact = ecdsa.parse_der_strict(signature, 48 if kind == "p384" else 32)
    if compact is None:
        return False
    if kind == "sm2":
        return algorithm == "1.2.156.10197.1.501" and sm2.verify(key, compact, data)
    if algorithm not in _HASHES:
        return False
    verify = nist.verify_p384 if kind == "p384" else nist.verify_p256
    return verify(key, compact, _HASHES[algorithm](data))


# ---- organisations


@dataclass
class Organisation:
    """What is trusted: PEM or DER, as :class:`isthmus.membership.Organisation` without units of membership."""

    name: str
    roots: Sequence[bytes]
    intermediates: Sequence[bytes] = ()
    revocation_lists: Sequence[bytes] = ()
    node_units: dict[str, str] | None = None  # role -> unit, any certifier


@dataclass(frozen=True)
class _Rules:
    fabric: bool
    keys: frozenset[str]
    usages: frozenset[str]


_FABRIC: Final = _Rules(True, frozenset({"p256", "p384", "ed25519"}), frozenset({"server"}))
_CHAINMAKER: Final = _Rules(False, frozenset({"p256", "p384", "sm2"}), frozenset())


_List = tuple[bytes, set[int], bytes | None, str, bytes]


class _Search:
    def __init__(self, rules: _Rules, source: Organisation, leaf: Certificate, now: int) -> None:
        self.rules, self.leaf, self.now = rules, leaf, now
        self.roots, self.others = _authorities(rules, source)
        self.lists = [parse_list(der) for text in source.revocation_lists for der in _ders(text)]
        if rules.fabric and any(each[2] is None for each in self.lists):
            raise Refused("a list without a key id")
        self.undecided = False

    def chains(self) -> list[list[Certificate]]:
        self.check(self.leaf, [])
        if any(root.der == self.leaf.der for root in self.roots):
            return [[self.leaf]]
        return self.grow([self.leaf])

    def check(self, certificate: Certificate, chain: list[Certificate]) -> None:
        if certificate.unknown_critical:
            raise Refused("unknown critical extension")
        if not certificate.not_before <= self.now <= certificate.not_after:
            raise Refused("not valid at the time")
        if certificate.path_len is not None and len(chain) - 1 > certificate.path_len:
            raise Refused("path length")

    def grow(self, chain: list[Certificate]) -> list[list[Certificate]]:
        found = []
        for root, candidates in ((True, self.roots), (False, self.others)):
            for issuer in candidates:
                try:
                    self.step(chain, issuer, root)
                except Refused:
                    continue
                found += [[*chain, issuer]] if root else self.grow([*chain, issuer])
        return found

    def step(self, chain: list[Certificate], issuer: Certificate, root: bool) -> None:
        child = chain[-1]
        if child.issuer != issuer.subject or any(_same(issuer, met) for met in chain):
            raise Refused("no issuer")
        if (issuer.version == 3 and not issuer.constrained) or (issuer.constrained and not issuer.ca):
            raise Refused("no authority")
        if (not root and not issuer.ca) or (issuer.key_usage and 5 not in issuer.key_usage):
            raise Refused("no authority")
        self.check(issuer, chain)
        left = self.rules.usages
        for each in (*chain, issuer):
            if left and each.usages and "any" not in each.usages:
                left = left & each.usages
                if not left:
                    raise Refused("usage")
        if issuer.key_kind not in self.rules.keys and issuer.key_kind != "other":
            raise Refused("key")
        if not signed_by(child.tbs, child.signature, child.algorithm, issuer.key_kind, issuer.key):
            raise Refused("signature")
        if "2.5.29.30" in issuer.extensions:
            raise Undecided("name constraints")

    def revoked(self, chain: list[Certificate]) -> bool:
        return any(
            self.names(each, child, issuer) for each in self.lists for child, issuer in itertools.pairwise(chain)
        )

    def names(self, each: _List, child: Certificate, issuer: Certificate) -> bool:
        tbs, serials, key_id, algorithm, signature = each
        if child.serial not in serials or not key_id or key_id != issuer.subject_key_id:
            return False
        if not self.rules.fabric and child.authority_key_id != key_id:
            return False
        return signed_by(tbs, signature, algorithm, issuer.key_kind, issuer.key)


def _same(a: Certificate, b: Certificate) -> bool:
    names = (a.extensions.get("2.5.29.17", b""), b.extensions.get("2.5.29.17", b""))
    return a.subject == b.subject and (a.key_kind, a.key) == (b.key_kind, b.key) and names[0] == names[1]


def _authorities(rules: _Rules, source: Organisation) -> tuple[list[Certificate], list[Certificate]]:
    roots: list[Certificate] = []
    others = [parse(der) for text in source.intermediates for der in _ders(text)]
    for text in source.roots:
        listed = [parse(der) for der in _ders(text)]
        for each in listed:
            above = [other for other in listed if other is not each and other.subject == each.issuer]
            is_root = rules.fabric or not above or each.subject == each.issuer
            (roots if is_root else others).append(each)
    return roots, [each for each in others if each.ca]


def parse_list(der: bytes) -> _List:
    """Signed part, serial numbers, authority key id, algorithm and signature of a revocation list."""
    if len(der) > 1 << 20:
        raise Refused("too large")
    outer = _Reader(der)
    whole = outer.inside(0x30)
    outer.end()
    signed = whole.whole(0x30)
    algorithm, _, body = _algorithm(whole)
    signature, count = _bits(whole.take(0x03))
    whole.end()
    tbs = _Reader(signed).inside(0x30)
    if tbs.tag == 0x02 and _integer(tbs.take()) != 1:
        raise Refused("version")
    if _algorithm(tbs)[2] != body or count % 8:
        raise Refused("algorithms differ")
    _name(tbs.take(0x30))
    _time(tbs)
    if tbs.tag in (0x17, 0x18):
        _time(tbs)
    serials = {_entry(entry) for entry in _list(tbs.take())} if tbs.tag == 0x30 else set()
    key_id = _list_key_id(tbs.inside(0xA0)) if tbs.tag == 0xA0 else None
    tbs.end()
    return signed, serials, key_id, algorithm, signature


def _entry(entry: _Reader) -> int:
    serial = _integer(entry.take(0x02))
    _time(entry)
    if entry.tag != -1:
        for extension in _list(entry.take(0x30)):
            _plain_extension(extension)
    entry.end()
    return serial


def _plain_extension(entry: _Reader) -> tuple[str, bytes]:
    kind = _oid(entry.take(0x06))
    if entry.tag == 0x01:
        _boolean(entry.take())
    value = entry.take(0x04)
    entry.end()
    return kind, value


def _list_key_id(wrapper: _Reader) -> bytes | None:
    found = None
    for entry in _list(wrapper.take(0x30)):
        kind, value = _plain_extension(entry)
        if kind != "2.5.29.35":
            continue
        if found is not None:
            raise Refused("key id repeated")
        reader = _Reader(value)
        found = _authority_key_id(reader)
        reader.end()
    wrapper.end()
    return found


def judge(identity: bytes, organisation: Organisation, rules: str, at: int | None = None) -> set[str]:
    """The roles of who presents ``identity`` to ``organisation``, or :class:`Refused`, or :class:`Undecided`."""
    chosen = _FABRIC if rules.startswith("fabric") else _CHAINMAKER
    block = pem(identity)
    if (block is None and chosen.fabric) or len(identity) > 64 << 10:
        raise Refused("no PEM block")
    leaf = parse(identity if block is None else block[0])
    if leaf.key_kind not in chosen.keys - ({"ed25519"} if rules < "fabric-3" and chosen.fabric else set()):
        raise Undecided("key") if leaf.key_kind == "other" else Refused("key")
    if chosen.fabric and leaf.ca:
        raise Refused("an authority")
    if not chosen.fabric and leaf.organizations[:1] != [organisation.name]:
        raise Refused("another organisation")
    if not chosen.fabric and at is None:
        raise Undecided("no time")
    now = leaf.not_before + 1 if chosen.fabric else at or 0
    search = _Search(chosen, organisation, leaf, now)
    chains = search.chains()
    if not chains or (chosen.fabric and len(chains) > 1):
        raise Refused(f"{len(chains)} chains")
    good = [chain for chain in chains if not search.revoked(chain)]
    if not good:
        raise Refused("revoked")
    if chosen.fabric and any(_certifies(search, chain[1]) for chain in good):
        raise Refused("the issuer certifies authorities")
    return _roles(chosen, organisation, leaf)


def _certifies(search: _Search, issuer: Certificate) -> bool:
    above = list(search.others)
    names = {each.issuer for each in above}
    return issuer.subject in names


def _roles(rules: _Rules, organisation: Organisation, leaf: Certificate) -> set[str]:
    if not rules.fabric:
        return {"member", *(unit.lower() for unit in leaf.units[:1])}
    if organisation.node_units is None:
        return {"member"}
    by_unit = {unit: role for role, unit in organisation.node_units.items()}
    met = [by_unit[unit] for unit in leaf.units if unit in by_unit]
    if len(met) != 1:
        raise Refused("not one role")
    return {"member", met[0]}
