"""Who a ChainMaker member is, for the slow reference: certificates by the package cryptography, keys by hand; and the
oracle of changed blocks. SM2 certificates are read by hand, as OpenSSL's Python package has no SM2 signatures."""

from __future__ import annotations

import base64
import functools
import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from isthmus.chains.chainmaker import Anchor
from isthmus.reference import chainmaker as slow
from isthmus.reference import ecdsa, sm2
from isthmus.reference.nist import P256

ALPHABET = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
P256_SPKI = bytes.fromhex("3059301306072a8648ce3d020106082a8648ce3d030107034200")
SM2_SPKI = bytes.fromhex("3059301306072a8648ce3d020106082a811ccf5501822d034200")


@dataclass(frozen=True)
class Read:
    """The parts of a certificate that the judge needs."""

    der: bytes
    tbs: bytes
    algorithm: bytes
    signature: bytes
    issuer: bytes
    subject: bytes
    organization: str
    unit: str
    not_before: float
    not_after: float
    spki: bytes


def _element(data: bytes, at: int) -> tuple[int, int, int]:
    """Tag, begin of the contents and end of the element at a place."""
    tag, length, body = data[at], data[at + 1], at + 2
    if length >= 0x80:
        body += length - 0x80
        length = int.from_bytes(data[at + 2 : body], "big")
    if body + length > len(data):
        raise ValueError("cut off")
    return tag, body, body + length


def _children(data: bytes) -> list[tuple[int, bytes, bytes]]:
    """Tag, whole and contents of each element."""
    found, at = [], 0
    while at < len(data):
        tag, body, end = _element(data, at)
        found.append((tag, data[at:end], data[body:end]))
        at = end
    return found


def _attributes(name: bytes) -> list[tuple[bytes, str]]:
    found = []
    for _, _, group in _children(_children(name)[0][2]):
        for _, _, pair in _children(group):
            (_, _, oid), (_, _, text) = _children(pair)
            found.append((oid, text.decode("utf-8")))
    return found


def _time(tag: int, text: bytes) -> float:
    form = "%y%m%d%H%M%SZ" if tag == 0x17 else "%Y%m%d%H%M%SZ"
    return datetime.strptime(text.decode(), form).replace(tzinfo=UTC).timestamp()


def pem_body(text: bytes, label: bytes) -> bytes:
    """What a PEM block holds whose lines are as Go's encoding/pem wants them: markers stand on lines of their own, with
    nothing but blanks behind. ``ValueError`` where there is none."""
    form = rb"(?:\A|\n)-----BEGIN %s-----[ \t]*\r?\n(.*?)\n?-----END %s-----[ \t]*(?:\r?\n|\Z)" % (label, label)
    found = re.search(form, text, re.DOTALL)
    if found is None:
        raise ValueError("no PEM block")
    return base64.b64decode(b"".join(found.group(1).split()), validate=True)


def read_certificate(text: bytes) -> Read:
    """A certificate in PEM; ``ValueError`` or ``IndexError`` where it is none."""
    if b"-----BEGIN CERTIFICATE-----" in text:
        text = pem_body(text, b"CERTIFICATE")
    (_, whole, _), *rest = _children(text)
    if rest:
        raise ValueError("bytes behind")
    (_, tbs, inside), (_, _, algorithm), (_, _, bits) = _children(_children(whole)[0][2])
    parts = _children(inside)[1:]
    issuer, validity, subject, spki = parts[2], parts[3], parts[4], parts[5]
    attributes = _attributes(subject[1])
    (tag, _, before), (tag2, _, after) = _children(validity[2])
    return Read(
        text,
        tbs,
        _children(algorithm)[0][2],
        bits[1:],
        issuer[1],
        subject[1],
        next(text for oid, text in attributes if oid == b"\x55\x04\x0a"),
        next(text for oid, text in attributes if oid == b"\x55\x04\x0b"),
        _time(tag, before),
        _time(tag2, after),
        spki[1],
    )


ECDSA_SHA256 = bytes.fromhex("2a8648ce3d040302")
SM2_SM3 = bytes.fromhex("2a811ccf55018375")


def _signed_by(spki: bytes, algorithm: bytes, message: bytes, der: bytes) -> bool:
    numbers = slow.parse_signature(der)
    key = spki[-65:]
    if numbers is None:
        return False
    if spki.startswith(SM2_SPKI):
        return algorithm == SM2_SM3 and sm2.verify(key, numbers, message)
    return algorithm == ECDSA_SHA256 and ecdsa.verify(P256, key, numbers, hashlib.sha256(message).digest())


def _raw(text: str | bytes) -> bytes:
    return text.encode() if isinstance(text, str) else text


class Certified:
    """Members of a certificate mode."""

    def __init__(self, anchor: Anchor) -> None:
        self.roots = {org.name: [read_certificate(_raw(each)) for each in org.roots] for org in anchor.organisations}
        hashed = slow.HASHES[anchor.hash]
        self.named = {hashed(read_certificate(_raw(each)).der): _raw(each) for each in anchor.certificates}
        self.named |= {alias.encode(): _raw(each) for alias, each in anchor.aliases.items()}
        self.known: dict[tuple[bytes, bytes], tuple[Read, bool]] = {}

    def __call__(self, member: slow.Fields, time: int) -> slow.Signer | None:
        org, info = member.get("org_id", b""), member.get("member_info", b"")
        kind = member.get("member_type", 0)
        if kind not in (0, 1, 4):
            return None
        shown = info if kind == 0 else self.named.get(info, b"")
        try:
            if (org, shown) not in self.known:
                read = read_certificate(shown)
                self.known[org, shown] = read, self._is_chained(read, org)
        except (ValueError, IndexError, StopIteration, UnicodeDecodeError):
            return None
        read, chained = self.known[org, shown]
        if not chained or read.organization.encode() != org or not read.not_before <= time <= read.not_after:
            return None
        is_sm2, by_sm3 = read.spki.startswith(SM2_SPKI), read.algorithm == SM2_SM3
        return slow.Signer(
            read.spki[-65:],
            "SM2" if is_sm2 else "P256",
            "SM3" if by_sm3 else "SHA256",
            org,
            read.unit.upper() == "CONSENSUS",
        )

    def _is_chained(self, read: Read, org: bytes) -> bool:
        return any(
            root.subject == read.issuer and _signed_by(root.spki, read.algorithm, read.tbs, read.signature)
            for root in self.roots.get(org.decode("utf-8", "replace"), [])
        )


def keyed(anchor: Anchor) -> slow.Directory:
    """Members of the key modes."""

    def directory(member: slow.Fields, _time: int) -> slow.Signer | None:
        if member.get("member_type", 0) != 2:
            return None
        try:
            spki = pem_body(member.get("member_info", b""), b"PUBLIC KEY")
        except ValueError:
            return None
        is_sm2 = spki.startswith(SM2_SPKI)
        if len(spki) != 91 or not (is_sm2 or spki.startswith(P256_SPKI)):
            return None
        digest = slow.node_digest(spki, is_sm2=is_sm2)
        return slow.Signer(spki[-65:], "SM2" if is_sm2 else "P256", anchor.hash, digest=digest)

    return directory


def _multihash(text: str) -> bytes:
    number = functools.reduce(lambda value, letter: value * 58 + ALPHABET.index(letter), text, 0)
    return number.to_bytes(34, "big")


def trust_of(anchor: Anchor) -> slow.Trust:
    """What the slow reference trusts for an anchor."""
    by_key = anchor.auth_type in ("permissionedWithKey", "public")
    nodes = {each: org.name for org in anchor.organisations for each in org.node_ids}
    return slow.Trust(
        anchor.chain_id.encode(),
        keyed(anchor) if by_key else Certified(anchor),
        anchor.hash,
        {node.encode(): name.encode() for node, name in nodes.items()},
        {node.encode(): _multihash(node)[2:] for node in nodes},
        by_key,
        anchor.block_hash,
        None if anchor.trusted is None else (anchor.trusted.height, anchor.trusted.hash),
        anchor.config_height,
    )


CHECKS: dict[str, Callable[[bytes, slow.Trust], None]] = {
    "chainmaker-block": slow.check_block,
    "chainmaker-header": slow.check_header_input,
    "chainmaker-tx": slow.check_tx_input,
}


def judge(chain: str, anchors: list[Anchor]) -> Callable[[bytes, bytes], bool]:
    """The oracle of changed inputs under these anchors, which it knows by their bytes."""
    trusts = {bytes(anchor): trust_of(anchor) for anchor in anchors}
    return lambda raw, anchor: slow.holds(raw, trusts[anchor], CHECKS[chain])
