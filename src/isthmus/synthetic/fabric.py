"""Makes Fabric channels: organisations with certificates, genesis and config blocks, transactions, signed blocks.

Everything is synthetic and says so in its names (``SyntheticOrg1MSP``). Keys follow from names, so that certificates
can be told apart; nothing here is secret. Needs ``cryptography``.

>>> network = Network(organisations=2)
>>> blocks = [network.genesis(), network.block([network.transaction({"key": b"value"})])]
>>> len(blocks)
2
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from isthmus import _wire
from isthmus.chains import fabric_config
from isthmus.chains.fabric_block import Block
from isthmus.chains.fabric_config import Consenter, Organisation, serialized_identity

_EPOCH: Final = datetime(2024, 1, 1, tzinfo=UTC)
_ORDER: Final = {
    "p256": 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551,
    "p384": int("ffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973", 16),
}
CONFIG: Final = 1
CONFIG_UPDATE: Final = 2
ENDORSER: Final = 3
SLOTS: Final = 5


def _library() -> Any:
    try:
        from cryptography import x509
        from cryptography.hazmat.primitives import hashes, serialization
        from cryptography.hazmat.primitives.asymmetric import ec, utils
    except ImportError:
        raise ImportError("isthmus.synthetic needs the package 'cryptography': pip install 'isthmus[sign]'") from None

    class Library:
        pass

    library: Any = Library()
    library.x509, library.hashes, library.serialization, library.ec, library.utils = (
        x509, hashes, serialization, ec, utils,
    )  # fmt: skip
    return library


def _key(name: str, curve: str) -> Any:
    library = _library()
    number = int.from_bytes(hashlib.sha512(f"synthetic {curve} {name}".encode()).digest(), "big")
    which = library.ec.SECP256R1() if curve == "p256" else library.ec.SECP384R1()
    return library.ec.derive_private_key(number % (_ORDER[curve] - 1) + 1, which)


@dataclass(frozen=True)
class Signer:
    """Someone with a certificate of an MSP."""

    msp_id: str
    pem: bytes
    key: Any
    curve: str

    @property
    def identity(self) -> bytes:
        """msp.SerializedIdentity."""
        return serialized_identity(self.msp_id, self.pem)

    def sign(self, message: bytes, *, high_s: bool = False) -> bytes:
        """ECDSA over SHA-256 in DER, with low s as Fabric demands, or with the other one."""
        library = _library()
        raw = self.key.sign(message, library.ec.ECDSA(library.hashes.SHA256()))
        r, s = library.utils.decode_dss_signature(raw)
        order = _ORDER[self.curve]
        if (s > order // 2) != high_s:
            s = order - s
        made: bytes = library.utils.encode_dss_signature(r, s)
        return made


class Authority:
    """A certificate authority: the root of one organisation, or an intermediate one below another."""

    def __init__(self, msp_id: str, *, curve: str = "p256", parent: Authority | None = None, name: str = "ca") -> None:
        library = _library()
        self.msp_id: Final = msp_id
        self.curve: Final = curve
        self.parent: Final = parent
        self._name: Final = f"{name}.{msp_id}.synthetic"
        self._key: Final = _key(self._name, curve)
        self._serial = 1
        issuer = self if parent is None else parent
        self.certificate: Final = (
            self._builder(self._name, self._key.public_key(), issuer._name, (), days=5000)
            .add_extension(library.x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .add_extension(self._usage(certify=True), critical=True)
            .add_extension(library.x509.SubjectKeyIdentifier(self.key_id), critical=False)
            .sign(issuer._key, library.hashes.SHA256())
        )

    @property
    def pem(self) -> bytes:
        """The authority's own certificate."""
        made: bytes = self.certificate.public_bytes(_library().serialization.Encoding.PEM)
        return made

    @property
    def key_id(self) -> bytes:
        """The subject key identifier."""
        return hashlib.sha256(self._name.encode()).digest()

    def issue(
        self, name: str, unit: str = "client", *, expired: bool = False, ca: bool = False, by: Authority | None = None
    ) -> Signer:
        """A certificate for ``name`` with one organisation unit; ``by`` another authority signs in this one's name."""
        library = _library()
        full = f"{name}.{self.msp_id}.synthetic"
        key = _key(full, self.curve)
        self._serial += 1
        units, days = (unit,) if unit else (), 4000 if expired else 1
        builder = self._builder(full, key.public_key(), self._name, units, days=days, expired=expired)
        builder = builder.add_extension(library.x509.BasicConstraints(ca=ca, path_length=None), critical=True)
        builder = builder.add_extension(self._usage(certify=False), critical=True)
        builder = builder.add_extension(library.x509.AuthorityKeyIdentifier(self.key_id, None, None), critical=False)
        signing = self if by is None else by
        pem = builder.sign(signing._key, library.hashes.SHA256()).public_bytes(library.serialization.Encoding.PEM)
        return Signer(self.msp_id, pem, key, self.curve)

    def revoke(self, *signers: Signer) -> bytes:
        """A revocation list in PEM that names the certificates of the signers."""
        library = _library()
        builder = (
            library.x509.CertificateRevocationListBuilder()
            .issuer_name(self.certificate.subject)
            .last_update(_EPOCH)
            .next_update(_EPOCH + timedelta(days=3650))
            .add_extension(library.x509.AuthorityKeyIdentifier(self.key_id, None, None), critical=False)
        )
        for each in signers:
            serial = library.x509.load_pem_x509_certificate(each.pem).serial_number
            entry = library.x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(_EPOCH).build()
            builder = builder.add_revoked_certificate(entry)
        made: bytes = builder.sign(self._key, library.hashes.SHA256()).public_bytes(library.serialization.Encoding.PEM)
        return made

    def _usage(self, *, certify: bool) -> Any:
        return _library().x509.KeyUsage(
            digital_signature=True, content_commitment=False, key_encipherment=False, data_encipherment=False,
            key_agreement=False, key_cert_sign=certify, crl_sign=certify, encipher_only=False, decipher_only=False,
        )  # fmt: skip

    def _builder(
        self, name: str, public: Any, issuer: str, units: Sequence[str], *, days: int = 1, expired: bool = False
    ) -> Any:
        """A certificate that begins so many days before the epoch; one that is expired ended ten days later."""
        x509 = _library().x509
        start = _EPOCH - timedelta(days=days)
        attributes = [x509.NameAttribute(x509.NameOID.ORGANIZATION_NAME, f"synthetic {self.msp_id}")]
        attributes += [x509.NameAttribute(x509.NameOID.ORGANIZATIONAL_UNIT_NAME, unit) for unit in units]
        attributes += [x509.NameAttribute(x509.NameOID.COMMON_NAME, name)]
        return (
            x509.CertificateBuilder()
            .subject_name(x509.Name(attributes))
            .issuer_name(self._own_name() if issuer == self._name else self._parent_name())
            .public_key(public)
            .serial_number(self._serial)
            .not_valid_before(start)
            .not_valid_after(start + timedelta(days=10) if expired else _EPOCH + timedelta(days=7300))
        )

    def _own_name(self) -> Any:
        x509 = _library().x509
        return x509.Name(
            [
                x509.NameAttribute(x509.NameOID.ORGANIZATION_NAME, f"synthetic {self.msp_id}"),
                x509.NameAttribute(x509.NameOID.COMMON_NAME, self._name),
            ]
        )

    def _parent_name(self) -> Any:
        assert self.parent is not None
        return self.parent._own_name()


# --- blocks


def block_bytes(
    number: int, previous: bytes, data: Sequence[bytes], slots: Sequence[bytes], dialect: str = "standard"
) -> bytes:
    """common.Block with the data hash of its data; Fabric-X hashes each entry behind its length."""
    parts = [len(each).to_bytes(4, "big") + each for each in data] if dialect == "x" else data
    header = header_fields(number, previous, hashlib.sha256(b"".join(parts)).digest())
    return assemble(header, data, slots)


def header_fields(number: int, previous: bytes, data_hash: bytes) -> bytes:
    """common.BlockHeader."""
    return _wire.uint(1, number) + _wire.blob(2, previous) + _wire.blob(3, data_hash)


def assemble(header: bytes, data: Sequence[bytes] | None, slots: Sequence[bytes]) -> bytes:
    """common.Block from its parts; without data it is an attestation."""
    body = b"" if data is None else _wire.message(2, b"".join(_wire.blob(1, each, keep=True) for each in data))
    return (
        _wire.message(1, header) + body + _wire.message(3, b"".join(_wire.blob(1, each, keep=True) for each in slots))
    )


def record_bytes(block: bytes) -> bytes:
    """The block as the record of a block file, with its length."""
    read = Block.from_protobuf(block)
    body = next((each for number, each in _wire.fields(block) if number == 2 and isinstance(each, bytes)), b"")
    data = [each for number, each in _wire.fields(body) if number == 1 and isinstance(each, bytes)]

    def piece(raw: bytes) -> bytes:
        return _wire.varint(len(raw)) + raw

    record = _wire.varint(read.number) + piece(read.data_hash) + piece(read.previous_hash)
    for run in (data, list(read.slots)):
        record += _wire.varint(len(run)) + b"".join(map(piece, run))
    return piece(record)


def metadata_slot(value: bytes, signatures: Sequence[bytes]) -> bytes:
    """common.Metadata."""
    return _wire.blob(1, value) + b"".join(_wire.message(2, each) for each in signatures)


def header_der(block: Block) -> bytes:
    """What is hashed and signed of a header."""
    number = block.number.to_bytes(block.number.bit_length() // 8 + 1, "big")
    body = _der(2, number) + _der(4, block.previous_hash) + _der(4, block.data_hash)
    return _der(0x30, body)


def _der(tag: int, body: bytes) -> bytes:
    size = len(body)
    if size < 0x80:
        return bytes([tag, size]) + body
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(length)]) + length + body


def last_config(index: int) -> bytes:
    """common.OrdererBlockMetadata with the number of the newest config block."""
    return _wire.message(1, _wire.uint(1, index))


def channel_header(kind: int, channel_id: str, tx_id: str = "", extension: bytes = b"", *, epoch: int = 0) -> bytes:
    """common.ChannelHeader."""
    stamp = _wire.message(3, _wire.uint(1, 1_700_000_000))
    head = _wire.uint(1, kind) + stamp + _wire.text(4, channel_id) + _wire.text(5, tx_id)
    return head + _wire.uint(6, epoch) + _wire.blob(7, extension)


def signature_header(creator: bytes, nonce: bytes) -> bytes:
    """common.SignatureHeader."""
    return _wire.blob(1, creator) + _wire.blob(2, nonce)


def payload_bytes(channel: bytes, signature: bytes, data: bytes) -> bytes:
    """common.Payload."""
    return _wire.message(1, _wire.blob(1, channel) + _wire.blob(2, signature)) + _wire.blob(2, data)


def envelope_bytes(payload: bytes, signature: bytes) -> bytes:
    """common.Envelope."""
    return _wire.blob(1, payload) + _wire.blob(2, signature)


@dataclass
class Network:
    """A channel that is made block by block.

    ``organisations``  how many peer organisations; each has a client and a peer
    ``consenters``     0 for one orderer that signs alone, else a BFT channel with that many
    ``dialect``        ``standard``, ``bft`` (the default with consenters), ``legacy`` or ``x``
    ``curve``          of every key: ``p256`` or ``p384``
    ``node_units``     whether organisation units tell identities apart
    ``intermediate``   whether identities are certified by an intermediate authority
    """

    organisations: int = 2
    consenters: int = 0
    channel_id: str = "synthetic-channel"
    dialect: str = ""
    curve: str = "p256"
    node_units: bool = True
    intermediate: bool = False
    chaincode: str = "syntheticcc"
    blocks: list[Block] = field(default_factory=list)
    config_index: int = 0

    def __post_init__(self) -> None:
        self.dialect = self.dialect or ("bft" if self.consenters else "standard")
        self._nonce = 0
        self.roots: dict[str, Authority] = {}
        self.authorities: dict[str, Authority] = {}
        peers = [f"SyntheticOrg{index + 1}MSP" for index in range(self.organisations)]
        orderers = [f"SyntheticOrderer{index + 1}MSP" for index in range(max(1, self.consenters))]
        for msp_id in (*peers, *orderers):
            root = Authority(msp_id, curve=self.curve)
            self.roots[msp_id] = root
            below = Authority(msp_id, curve=self.curve, parent=root, name="ica") if self.intermediate else root
            self.authorities[msp_id] = below
        self.clients = [self.authorities[each].issue("client", "client") for each in peers]
        self.peers = [self.authorities[each].issue("peer", "peer") for each in peers]
        self.admins = [self.authorities[each].issue("admin", "admin") for each in peers]
        self.orderers = [self.authorities[each].issue("orderer", "orderer") for each in orderers]
        self.orderer_admins = [self.authorities[each].issue("admin", "admin") for each in orderers]
        self.application_members = [self.organisation(each) for each in peers]
        self.orderer_members = [self.organisation(each) for each in orderers]
        self.config = self.make_config(0)

    def organisation(self, msp_id: str, **changed: Any) -> Organisation:
        """The MSP of an organisation."""
        below = (self.authorities[msp_id].pem,) if self.intermediate else ()
        settings = {"intermediates": below, "node_units": self.node_units, **changed}
        return Organisation(msp_id, (self.roots[msp_id].pem,), **settings)

    def members(self) -> list[Consenter]:
        """The consenters of a BFT channel."""
        signers = self.orderers if self.consenters else []
        return [Consenter(index + 1, each.msp_id, each.pem) for index, each in enumerate(signers)]

    def make_config(self, sequence: int) -> bytes:
        """common.Config of the members as they are now."""
        return fabric_config.make_config(
            self.orderer_members, self.application_members, consenters=self.members(), sequence=sequence
        )

    # --- transactions

    def nonce(self) -> bytes:
        """24 bytes that were not given before."""
        self._nonce += 1
        return hashlib.sha256(b"synthetic nonce" + self._nonce.to_bytes(8, "big")).digest()[:24]

    def transaction(
        self,
        writes: Mapping[str, bytes],
        *,
        client: Signer | None = None,
        endorsers: Sequence[Signer] | None = None,
        nonce: bytes | None = None,
        chaincode: str | None = None,
        collections: Mapping[str, Mapping[bytes, bytes]] | None = None,
        **changed: Any,
    ) -> bytes:
        """An endorsed transaction as an Envelope. ``changed`` replaces parts: ``tx_id``, ``proposal_hash``, ``epoch``,
        ``actions`` (how many), ``high_s``, ``channel_id``, ``kind``, ``event_chaincode``, ``results``."""
        client = client or self.clients[0]
        signers = self.peers if endorsers is None else endorsers
        nonce = self.nonce() if nonce is None else nonce
        name = chaincode or self.chaincode
        tx_id = changed.get("tx_id", hashlib.sha256(nonce + client.identity).hexdigest())
        chaincode_id = _wire.text(2, name) + _wire.text(3, "1.0")
        head = channel_header(
            changed.get("kind", ENDORSER), changed.get("channel_id", self.channel_id), tx_id,
            _wire.message(2, _wire.text(2, name)), epoch=changed.get("epoch", 0),
        )  # fmt: skip
        who = signature_header(client.identity, nonce)
        proposal = _wire.blob(1, b"synthetic input of " + tx_id.encode())
        results = changed.get("results", rwset(name, writes, collections or {}))
        events = b""
        if "event_chaincode" in changed:
            events = _wire.text(1, changed["event_chaincode"]) + _wire.text(3, "synthetic")
        action = _wire.blob(1, results) + _wire.blob(2, events)
        action += _wire.message(3, _wire.uint(1, 200)) + _wire.message(4, chaincode_id)
        proposal_hash = changed.get("proposal_hash", hashlib.sha256(head + who + proposal).digest())
        response = _wire.blob(1, proposal_hash) + _wire.blob(2, action)
        endorsements = [
            _wire.blob(1, each.identity)
            + _wire.blob(2, each.sign(response + each.identity, high_s=changed.get("high_s", False)))
            for each in signers
        ]
        endorsed = _wire.blob(1, response) + b"".join(_wire.message(2, each) for each in endorsements)
        one = _wire.blob(1, who) + _wire.blob(2, _wire.blob(1, proposal) + _wire.message(2, endorsed))
        data = b"".join(_wire.message(1, one) for _ in range(changed.get("actions", 1)))
        payload = payload_bytes(head, who, data)
        return envelope_bytes(payload, client.sign(payload))

    # --- blocks

    def genesis(self) -> bytes:
        """Block 0 with the channel's config, signed by nobody."""
        data = _wire.message(1, self.config)
        payload = payload_bytes(channel_header(CONFIG, self.channel_id), signature_header(b"", self.nonce()), data)
        slots = [metadata_slot(last_config(0), ()), *[b""] * (SLOTS - 1)]
        made = block_bytes(0, b"", [envelope_bytes(payload, b"")], slots, self.dialect)
        return self._keep(made, 0)

    def block(
        self,
        envelopes: Sequence[bytes],
        *,
        signers: Sequence[Signer] | None = None,
        flags: bytes | None = None,
        keep: bool = True,
        **changed: Any,
    ) -> bytes:
        """The next block. ``changed`` replaces ``number``, ``previous``, ``value`` (the signed metadata), ``high_s``,
        ``slots`` (how many)."""
        previous = changed.get("previous", self.blocks[-1].header_hash)
        number = changed.get("number", len(self.blocks))
        value = changed.get("value", last_config(self.config_index))
        slots = self.slots(number, previous, envelopes, value, signers, high_s=changed.get("high_s", False))
        slots[2] = bytes(len(envelopes)) if flags is None else flags
        made = block_bytes(number, previous, envelopes, slots[: changed.get("slots", SLOTS)], self.dialect)
        return self._keep(made, self.config_index) if keep else made

    def slots(
        self,
        number: int,
        previous: bytes,
        envelopes: Sequence[bytes],
        value: bytes,
        signers: Sequence[Signer] | None = None,
        *,
        high_s: bool = False,
    ) -> list[bytes]:
        """The metadata of a block, signed as the dialect has it."""
        bare = Block.from_protobuf(block_bytes(number, previous, envelopes, [b""] * SLOTS, self.dialect))
        head = header_der(bare)
        chosen = self.default_signers() if signers is None else signers
        if self.consenters and self.dialect in ("bft", "x"):
            return [metadata_slot(value, [self.numbered(each, value, head, high_s=high_s) for each in chosen])] + [
                b""
            ] * (SLOTS - 1)
        plain = b"" if self.dialect == "legacy" else value
        slots = [metadata_slot(plain, [self.headed(each, plain, head, high_s=high_s) for each in chosen])]
        slots += [b""] * (SLOTS - 1)
        if self.dialect == "legacy":
            index = dict(_wire.fields(value)).get(1, b"")
            assert isinstance(index, bytes)
            slots[1] = metadata_slot(index, [self.headed(each, index, head, high_s=high_s) for each in chosen])
        return slots

    def default_signers(self) -> list[Signer]:
        """As many orderers as must sign."""
        return self.orderers[: fabric_config.quorum(self.consenters)] if self.consenters else self.orderers[:1]

    def headed(self, signer: Signer, value: bytes, head: bytes, *, high_s: bool = False) -> bytes:
        """common.MetadataSignature with a signature header."""
        who = signature_header(signer.identity, self.nonce())
        return _wire.blob(1, who) + _wire.blob(2, signer.sign(self._message(value, who, head), high_s=high_s))

    def numbered(
        self, signer: Signer, value: bytes, head: bytes, *, number: int | None = None, high_s: bool = False
    ) -> bytes:
        """common.MetadataSignature with a consenter's number."""
        who = self.orderers.index(signer) + 1 if number is None else number
        identifier = _wire.uint(1, who) + _wire.blob(2, self.nonce())
        message = self._message(value, identifier, head)
        return _wire.blob(2, signer.sign(message, high_s=high_s)) + _wire.blob(3, identifier)

    def _message(self, value: bytes, who: bytes, head: bytes) -> bytes:
        """What an orderer signs."""
        if self.dialect == "x":
            return _der(0x30, b"".join(_der(4, part) for part in (who, head, value)))
        return value + who + head

    def config_block(
        self, config: bytes, last_update: bytes = b"", *, signers: Sequence[Signer] | None = None, **changed: Any
    ) -> bytes:
        """The next block with a new config in it; signed by the orderers that the old config knows."""
        envelope = self.config_envelope(config, last_update)
        number = len(self.blocks)
        made = self.block(
            [envelope], signers=signers, keep=False, **{"value": last_config(number), "flags": b"\0", **changed}
        )
        self._keep(made, number)
        self.config, self.config_index = config, number
        return made

    def config_envelope(self, config: bytes, last_update: bytes = b"") -> bytes:
        """A config transaction, signed by an orderer."""
        signer = self.orderers[0]
        data = _wire.message(1, config) + (_wire.message(2, last_update) if last_update else b"")
        head = channel_header(CONFIG, self.channel_id)
        payload = payload_bytes(head, signature_header(signer.identity, self.nonce()), data)
        return envelope_bytes(payload, signer.sign(payload))

    def config_update(self, read_set: bytes, write_set: bytes, signers: Sequence[Signer]) -> bytes:
        """An Envelope with a config update, signed by those who must agree."""
        body = _wire.text(1, self.channel_id) + _wire.message(2, read_set) + _wire.message(3, write_set)
        signatures = []
        for each in signers:
            who = signature_header(each.identity, self.nonce())
            signatures.append(_wire.blob(1, who) + _wire.blob(2, each.sign(who + body)))
        data = _wire.blob(1, body) + b"".join(_wire.message(2, each) for each in signatures)
        client = self.clients[0]
        head = channel_header(CONFIG_UPDATE, self.channel_id)
        payload = payload_bytes(head, signature_header(client.identity, self.nonce()), data)
        return envelope_bytes(payload, client.sign(payload))

    def _keep(self, raw: bytes, config_index: int) -> bytes:
        self.blocks.append(Block.from_protobuf(raw))
        self.config_index = config_index
        return raw


def rwset(chaincode: str, writes: Mapping[str, bytes], collections: Mapping[str, Mapping[bytes, bytes]]) -> bytes:
    """rwset.TxReadWriteSet; a value of no bytes deletes its key."""
    sets = b"".join(_wire.message(3, _write(key.encode(), value)) for key, value in writes.items())
    hashed = b""
    for name, entries in collections.items():
        body = b"".join(
            _wire.message(2, _write(hashlib.sha256(key).digest(), hashlib.sha256(value).digest() if value else b""))
            for key, value in entries.items()
        )
        hashed += _wire.message(3, _wire.text(1, name) + _wire.blob(2, body))
    return _wire.message(2, _wire.text(1, chaincode) + _wire.blob(2, sets, keep=True) + hashed)


def _write(key: bytes, value: bytes) -> bytes:
    return _wire.blob(1, key) + _wire.uint(2, not value) + _wire.blob(3, value)
