"""Hyperledger Fabric's block rules, written to be read: an oracle for tests, slow and without care for hostile sizes.

Follows protoutil/blockutils.go, common/cauthdsl/cauthdsl.go, common/policies, msp and
core/common/validation/msgvalidation.go. Protobuf is read leniently, as Go does. Signatures are checked by the functions
that the caller gives (``Crypto``), so that an independent library can be used.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

Fields = list[tuple[int, "int | bytes"]]

VerifyDigest = Callable[[bytes, bytes, bytes], bool]
"""(uncompressed P-256 or P-384 point, digest, DER signature) -> whether it verifies; s may be high."""

P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


class Rule(Exception):
    """A rule is broken; the text names it."""


def require(holds: bool, name: str) -> None:
    """Raises ``Rule`` unless it holds."""
    if not holds:
        raise Rule(name)


# --- protobuf


def read_varint(data: bytes, at: int) -> tuple[int, int]:
    """A base-128 number and where it ends."""
    value = shift = 0
    while True:
        require(at < len(data) and shift < 70, "varint")
        value |= (data[at] & 0x7F) << shift
        shift += 7
        at += 1
        if data[at - 1] < 0x80:
            return value, at


def fields(data: bytes) -> Fields:
    """The fields of a message in their order."""
    out: Fields = []
    at = 0
    while at < len(data):
        key, at = read_varint(data, at)
        require(key & 7 in (0, 2), "wire type")
        value, at = read_varint(data, at)
        if key & 7 == 0:
            out.append((key >> 3, value))
            continue
        require(at + value <= len(data), "length")
        out.append((key >> 3, data[at : at + value]))
        at += value
    return out


def number(data: bytes, wanted: int) -> int:
    """A number field, 0 where it is absent; the last one where it stands more than once."""
    return next((v for n, v in reversed(fields(data)) if n == wanted and isinstance(v, int)), 0)


def piece(data: bytes, wanted: int) -> bytes:
    """A bytes field, empty where it is absent."""
    return next((v for n, v in reversed(fields(data)) if n == wanted and isinstance(v, bytes)), b"")


def pieces(data: bytes, wanted: int) -> list[bytes]:
    """A repeated bytes field."""
    return [v for n, v in fields(data) if n == wanted and isinstance(v, bytes)]


def mapping(data: bytes, wanted: int) -> dict[str, bytes]:
    """A map from text to messages."""
    return {piece(entry, 1).decode(): piece(entry, 2) for entry in pieces(data, wanted)}


def varint(value: int) -> bytes:
    """The shortest encoding of a number."""
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes(out) + bytes([value])


def blob(wanted: int, value: bytes) -> bytes:
    """A bytes field; nothing where it is empty."""
    return varint(wanted << 3 | 2) + varint(len(value)) + value if value else b""


# --- DER


def der(tag: int, body: bytes) -> bytes:
    """One element."""
    if len(body) < 0x80:
        return bytes([tag, len(body)]) + body
    size = len(body).to_bytes((len(body).bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(size)]) + size + body


def elements(data: bytes) -> Iterator[tuple[int, bytes, bytes]]:
    """(tag, contents, whole) of each element of a run."""
    at = 0
    while at < len(data):
        start, tag, size = at, data[at], data[at + 1]
        at += 2
        if size & 0x80:
            count = size & 0x7F
            size = int.from_bytes(data[at : at + count], "big")
            at += count
        require(at + size <= len(data), "der")
        yield tag, data[at : at + size], data[start : at + size]
        at += size


@dataclass(frozen=True)
class Certificate:
    """What MSP rules need of an X.509 certificate."""

    tbs: bytes
    issuer: bytes
    subject: bytes
    key: bytes
    signature: bytes
    units: tuple[str, ...]
    is_ca: bool
    key_id: bytes
    authority_key_id: bytes
    serial: bytes


def parse_certificate(raw: bytes) -> Certificate:
    """Reads a certificate over an EC key; ``Rule`` where it is not one."""
    try:
        (_, body, _), *_ = elements(raw)
        (_, tbs_body, tbs), _, (_, bits, _) = elements(body)
        parts = list(elements(tbs_body))
        parts = parts[1:] if parts[0][0] == 0xA0 else parts
        (_, serial, _), _, (_, _, issuer), _, (_, subject_body, subject), (_, spki, _), *rest = parts
        _, (_, key_bits, _) = elements(spki)
        units = tuple(_attributes(subject_body, bytes.fromhex("55040b")))
        extensions = dict(_extensions(rest))
    except (ValueError, IndexError) as error:
        raise Rule("certificate") from error
    constraints = extensions.get(bytes.fromhex("551d13"), b"")
    is_ca = any(tag == 1 and value == b"\xff" for _, seq, _ in elements(constraints) for tag, value, _ in elements(seq))
    key_id = next((value for _, value, _ in elements(extensions.get(bytes.fromhex("551d0e"), b""))), b"")
    authority = extensions.get(bytes.fromhex("551d23"), b"")
    authority_id = next((v for _, seq, _ in elements(authority) for tag, v, _ in elements(seq) if tag == 0x80), b"")
    return Certificate(tbs, issuer, subject, key_bits[1:], bits[1:], units, is_ca, key_id, authority_id, serial)


def _attributes(name: bytes, oid: bytes) -> Iterator[str]:
    for _, rdn, _ in elements(name):
        for _, pair, _ in elements(rdn):
            (_, kind, _), (_, value, _) = elements(pair)
            if kind == oid:
                yield value.decode()


def _extensions(rest: list[tuple[int, bytes, bytes]]) -> Iterator[tuple[bytes, bytes]]:
    for tag, body, _ in rest:
        if tag != 0xA3:
            continue
        for _, listed, _ in elements(body):
            for _, extension, _ in elements(listed):
                parts = list(elements(extension))
                yield parts[0][1], parts[-1][1]


def from_pem(text: bytes) -> bytes:
    """The first block's bytes, whatever its type."""
    match = re.search(rb"-----BEGIN [^-]*-----(.*?)-----END [^-]*-----", text, re.DOTALL)
    if match is None:
        raise Rule("pem")
    try:
        return base64.b64decode(re.sub(rb"\s", b"", match.group(1)))
    except ValueError as error:
        raise Rule("pem") from error


def der_signature(raw: bytes) -> tuple[int, int]:
    """(r, s) of a strict DER signature."""
    try:
        ((_, body, whole),) = elements(raw)
        (r_tag, r, _), (s_tag, s, _) = elements(body)
    except (ValueError, IndexError) as error:
        raise Rule("signature form") from error
    values = int.from_bytes(r, "big"), int.from_bytes(s, "big")
    strict = der(0x30, b"".join(der(2, each.to_bytes(each.bit_length() // 8 + 1, "big")) for each in values))
    require(whole == raw == strict and r_tag == s_tag == 2, "signature form")
    return values


# --- blocks


@dataclass(frozen=True)
class Block:
    """A block's parts."""

    number: int
    previous_hash: bytes
    data_hash: bytes
    data: tuple[bytes, ...]
    slots: tuple[bytes, ...]


def read_block(raw: bytes) -> Block:
    """From common.Block."""
    header = piece(raw, 1)
    data, slots = tuple(pieces(piece(raw, 2), 1)), tuple(pieces(piece(raw, 3), 1))
    return Block(number(header, 1), piece(header, 2), piece(header, 3), data, slots)


def read_record(raw: bytes) -> Block:
    """From the record of a block file."""
    at = 0

    def varint_() -> int:
        nonlocal at
        value, at = read_varint(raw, at)
        return value

    def bytes_() -> bytes:
        nonlocal at
        size = varint_()
        require(at + size <= len(raw), "length")
        at += size
        return raw[at - size : at]

    block_number, data_hash, previous_hash = varint_(), bytes_(), bytes_()
    data = tuple(bytes_() for _ in range(varint_()))
    slots = tuple(bytes_() for _ in range(varint_()))
    require(at == len(raw), "trailing")
    return Block(block_number, previous_hash, data_hash, data, slots)


def header_bytes(block: Block) -> bytes:
    """The header in DER."""
    value = block.number.to_bytes(block.number.bit_length() // 8 + 1, "big")
    return der(0x30, der(2, value) + der(4, block.previous_hash) + der(4, block.data_hash))


def header_hash(block: Block) -> bytes:
    """What the next block names."""
    return hashlib.sha256(header_bytes(block)).digest()


def tx_type(envelope: bytes) -> int:
    """ChannelHeader.type of an envelope."""
    return number(piece(piece(piece(envelope, 1), 1), 1), 1)


def is_config(block: Block) -> bool:
    """Whether the block is exactly one config envelope."""
    try:
        return len(block.data) == 1 and tx_type(block.data[0]) == 1
    except Rule:
        return False


def check_data(block: Block) -> None:
    """The data hash, and that every entry is the only encoding of an envelope."""
    require(bool(block.data), "empty block")
    require(hashlib.sha256(b"".join(block.data)).digest() == block.data_hash, "data hash")
    if is_config(block):
        return
    for entry in block.data:
        payload, signature = piece(entry, 1), piece(entry, 2)
        require(bool(payload) and bool(signature), "envelope incomplete")
        require(blob(1, payload) + blob(2, signature) == entry, "envelope form")


def check_channel(block: Block, channel_id: str) -> None:
    """The first envelope, where it can be read, is the channel's: nothing that orderers sign names it."""
    try:
        named = piece(piece(piece(piece(block.data[0], 1), 1), 1), 4)
    except Rule:
        return
    require(named in (b"", channel_id.encode()), "channel")


# --- members


@dataclass(frozen=True)
class Msp:
    """FabricMSPConfig, as far as identities need it."""

    name: str
    roots: tuple[Certificate, ...]
    intermediates: tuple[Certificate, ...]
    admins: tuple[bytes, ...]
    node_units: dict[str, str] = field(default_factory=dict)  # role -> unit


@dataclass(frozen=True)
class Person:
    """A certificate of an MSP whose chain holds."""

    msp: Msp
    raw: bytes
    certificate: Certificate
    good: bool

    def roles(self) -> set[int]:
        """Numbers of the roles that it has."""
        if not self.good:
            return set()
        numbers = {"admin": 1, "client": 2, "peer": 3, "orderer": 4}
        found = {numbers[role] for role, unit in self.msp.node_units.items() if unit in self.certificate.units}
        return {0} | found | ({1} if self.raw in self.msp.admins else set())


def read_msp(raw: bytes) -> Msp:
    """From FabricMSPConfig."""

    def certificates(wanted: int) -> tuple[Certificate, ...]:
        return tuple(parse_certificate(from_pem(each)) for each in pieces(raw, wanted))

    nodes = piece(raw, 11)
    units = {}
    if number(nodes, 1):
        names = ((2, "client"), (3, "peer"), (4, "admin"), (5, "orderer"))
        units = {role: piece(piece(nodes, wanted), 2).decode() for wanted, role in names if piece(nodes, wanted)}
    admins = tuple(from_pem(each) for each in pieces(raw, 4))
    return Msp(piece(raw, 1).decode(), certificates(2), certificates(3), admins, units)


class Channel:
    """A config's members and policies. ``verify`` checks signatures over digests."""

    def __init__(self, config: bytes, verify: VerifyDigest) -> None:
        self.sequence = number(config, 1)
        self.root = piece(config, 2)
        self._verify = verify
        self.msps: dict[str, Msp] = {}
        self._collect(self.root)

    def _collect(self, group: bytes) -> None:
        msp = mapping(group, 3).get("MSP")
        if msp is not None:
            made = read_msp(piece(piece(msp, 2), 2))
            self.msps[made.name] = made
        for child in mapping(group, 2).values():
            self._collect(child)

    def consenters(self) -> list[bytes]:
        """common.Consenter of the ordering service."""
        orderers = mapping(mapping(self.root, 2)["Orderer"], 3).get("Orderers", b"")
        return pieces(piece(orderers, 2), 1)

    def _signed(self, certificate: Certificate, by: Certificate) -> bool:
        if certificate.issuer != by.subject:
            return False
        return self._verify(by.key, hashlib.sha256(certificate.tbs).digest(), certificate.signature)

    def _chains(self, certificate: Certificate, msp: Msp, depth: int = 0) -> bool:
        if any(self._signed(certificate, root) for root in msp.roots):
            return True
        above = (each for each in msp.intermediates if depth < 8 and self._signed(certificate, each))
        return any(self._chains(each, msp, depth + 1) for each in above)

    def person(self, identity: bytes) -> Person:
        """Who a SerializedIdentity is; ``Rule`` where nobody can be told."""
        msp = self.msps.get(piece(identity, 1).decode(errors="replace"))
        if msp is None:
            raise Rule("msp unknown")
        raw = from_pem(piece(identity, 2))
        certificate = parse_certificate(raw)
        require(self._chains(certificate, msp), "no chain")
        named = [unit for unit in msp.node_units.values() if unit in certificate.units]
        good = not certificate.is_ca and (not msp.node_units or len(named) == 1)
        return Person(msp, raw, certificate, good)

    def signed(self, person: Person, message: bytes, signature: bytes) -> bool:
        """Whether the person signed the message, with low s."""
        try:
            _, s = der_signature(signature)
        except Rule:
            return False
        if len(person.certificate.key) == 65 and s > P256_ORDER // 2:
            return False
        return self._verify(person.certificate.key, hashlib.sha256(message).digest(), signature)

    # --- policies

    def signers(self, signatures: Iterable[tuple[bytes, bytes, bytes]]) -> list[Person]:
        """Distinct persons of (identity, message, signature), in order: SignatureSetToValidIdentities."""
        found: list[Person] = []
        for identity, message, signature in signatures:
            try:
                person = self.person(identity)
            except Rule:
                continue
            if any(each.raw == person.raw and each.msp.name == person.msp.name for each in found):
                continue
            if self.signed(person, message, signature):
                found.append(person)
        return found

    def satisfies(self, person: Person, principal: bytes) -> bool:
        """Roles and identities; other principals satisfy nobody."""
        kind, body = number(principal, 1), piece(principal, 2)
        if kind == 0:
            return piece(body, 1).decode() == person.msp.name and number(body, 2) in person.roles()
        if kind == 2:
            same = piece(body, 1).decode() == person.msp.name and from_pem(piece(body, 2)) == person.raw
            return same and person.good
        return False

    def holds(self, path: Sequence[str], persons: list[Person]) -> bool:
        """A policy by its path below the root group."""
        group = self.root
        for name in path[:-1]:
            group = mapping(group, 2).get(name, b"")
        policy = piece(mapping(group, 4).get(path[-1], b""), 2)
        kind, value = number(policy, 1), piece(policy, 2)
        if kind == 1:
            return self.envelope_holds(value, persons)
        if kind != 3:
            return False
        below = list(mapping(group, 2))
        need = (1, len(below), len(below) // 2 + 1)[number(value, 2)]
        name = piece(value, 1).decode()
        return bool(below) and sum(self.holds([*path[:-1], each, name], persons) for each in below) >= need

    def envelope_holds(self, envelope: bytes, persons: list[Person]) -> bool:
        """common.SignaturePolicyEnvelope, greedily; one that holds without anybody never holds."""
        rows = [[self.satisfies(each, principal) for principal in pieces(envelope, 3)] for each in persons]
        return not evaluate(piece(envelope, 2), [], []) and evaluate(piece(envelope, 2), rows, [False] * len(rows))


def evaluate(rule: bytes, rows: list[list[bool]], used: list[bool]) -> bool:
    """cauthdsl.compile: marks in ``used`` whom the rule took."""
    if not any(n == 2 for n, _ in fields(rule)):
        principal = number(rule, 1)
        for index, row in enumerate(rows):
            if not used[index] and row[principal]:
                used[index] = True
                return True
        return False
    body = piece(rule, 2)
    held = 0
    for part in pieces(body, 2):
        tried = list(used)
        if evaluate(part, rows, tried):
            held += 1
            used[:] = tried
    need = number(body, 1)
    return held >= (need - (1 << 64) if need >> 63 else need)


# --- certificates of orderers


def check_orderers(block: Block, channel: Channel, config_index: int, *, bft: bool) -> list[Person]:
    """The signatures in slot 0 satisfy BlockValidation, and the newest config is the expected one."""
    require(len(block.slots) >= 5, "metadata slots")
    value, head = piece(block.slots[0], 1), header_bytes(block)
    require(bool(value), "dialect")
    require(number(piece(value, 1), 1) == (block.number if is_config(block) else config_index), "last config")
    by_number = {number(each, 1): each for each in channel.consenters()} if bft else {}
    signatures = []
    for each in pieces(block.slots[0], 2):
        header, signature, identifier = piece(each, 1), piece(each, 2), piece(each, 3)
        if bft and not header and identifier:
            consenter = by_number.get(number(identifier, 1))
            if consenter is None:
                continue
            identity = blob(1, piece(consenter, 4)) + blob(2, piece(consenter, 5))
            signatures.append((identity, value + identifier + head, signature))
        else:
            signatures.append((piece(header, 1), value + header + head, signature))
    persons = channel.signers(signatures)
    require(channel.holds(["Orderer", "BlockValidation"], persons), "block validation")
    return persons


# --- transactions


def check_transaction(entry: bytes, channel: Channel, channel_id: str) -> str:
    """What needs no state; returns the transaction's identifier, empty for a config."""
    payload, signature = piece(entry, 1), piece(entry, 2)
    header = piece(payload, 1)
    channel_header, signature_header = piece(header, 1), piece(header, 2)
    creator, nonce = piece(signature_header, 1), piece(signature_header, 2)
    require(piece(channel_header, 4).decode() == channel_id, "channel")
    require(number(channel_header, 6) == 0 and bool(creator) and bool(nonce), "header")
    person = channel.person(creator)
    require(person.good and channel.signed(person, payload, signature), "creator")
    if number(channel_header, 1) == 1:
        return ""
    require(number(channel_header, 1) == 3, "type")
    tx_id = piece(channel_header, 5).decode()
    require(tx_id == hashlib.sha256(nonce + creator).hexdigest(), "tx id")
    (action,) = pieces(piece(payload, 2), 1)
    action_header, action_payload = piece(action, 1), piece(action, 2)
    endorsed = piece(action_payload, 2)
    response = piece(endorsed, 1)
    proposal = hashlib.sha256(channel_header + action_header + piece(action_payload, 1)).digest()
    require(proposal == piece(response, 1), "proposal hash")
    endorsements = pieces(endorsed, 2)
    require(bool(endorsements), "no endorsement")
    for each in endorsements:
        endorser = channel.person(piece(each, 1))
        require(endorser.good and channel.signed(endorser, response + piece(each, 1), piece(each, 2)), "endorsement")
    return tx_id


# --- commit hash


def ordered(value: int) -> bytes:
    """A number as ordered bytes."""
    raw = value.to_bytes((value.bit_length() + 7) // 8, "big")
    return bytes([len(raw)]) + raw


def commit_hash(block: Block, previous: bytes) -> bytes:
    """The running hash after a block whose slot 2 holds its flags; metadata-only writes are not followed."""
    flags = block.slots[2]
    updates: dict[tuple[bytes, bytes, bytes], tuple[bytes | None, int]] = {}
    for index, entry in enumerate(block.data):
        if flags[index] or tx_type(entry) != 3:
            continue
        (action,) = pieces(piece(piece(entry, 1), 2), 1)
        results = piece(piece(piece(piece(piece(action, 2), 2), 1), 2), 1)
        for ns in pieces(results, 2):
            name = piece(ns, 1)
            writes = [(b"", each) for each in pieces(piece(ns, 2), 3)]
            for collection in pieces(ns, 3):
                writes += [(piece(collection, 1), each) for each in pieces(piece(collection, 2), 2)]
            for collection_name, write in writes:
                value = piece(write, 3)
                empty = collection_name and value == hashlib.sha256(b"").digest()
                gone = bool(number(write, 2)) or not value or bool(empty)
                updates[name, collection_name, piece(write, 1)] = (None if gone else value, index)
    body, last = b"", (b"", b"")
    for (name, collection_name, key), (stored, index) in sorted(updates.items()):
        if not name:
            continue
        write = blob(1, name) if name != last[0] else b""
        write += blob(2, collection_name) if (name, collection_name) != last else b""
        last = (name, collection_name)
        write += blob(3, key) + (b"\x20\x01" if stored is None else blob(5, stored))
        body += blob(1, write + blob(6, ordered(block.number) + ordered(index)))
    return hashlib.sha256(varint(len(flags)) + flags + body + previous).digest()
