"""Certificates, authorities and revocation lists from a small DER writer, right ones and wrong ones.

>>> root = authority("org1.synthetic", organization="org1.synthetic")
>>> peer = root.issue("peer0.org1.synthetic", units=("peer",))
>>> peer.pem.splitlines()[0]
b'-----BEGIN CERTIFICATE-----'
>>> sm2 = authority("org2.synthetic", key=Key.of("sm2", "org2")).issue("consensus1", units=("consensus",))

Every field can be chosen, so that every malformed certificate can be made: see :class:`Fields`. Keys follow from a text
(``Key.of``), so the same call gives the same certificate. P-256, P-384 and Ed25519 sign through ``cryptography`` (``pip
install 'isthmus[sign]'``), which is imported when such a key is made; SM2 needs nothing.

Sources: RFC 5280 (certificates and lists), RFC 5480 and RFC 8410 (keys), GM/T 0015 (SM2 certificates).
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, Final, Literal

from isthmus import signing

Algorithm = Literal["p256", "p384", "ed25519", "sm2"]

#: When the certificates made here begin and end, unless told otherwise: 2024-01-01 and 2034-01-01, in seconds.
NOT_BEFORE: Final = 1_704_067_200
NOT_AFTER: Final = 2_019_686_400

_ORDERS: Final[dict[str, int]] = {
    "p256": 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551,
    "p384": 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFC7634D81F4372DDF581A0DB248B0A77AECEC196ACCC52973,
    "sm2": 0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFF7203DF6B21C6052B53BBF40939D54123,
}
_CURVES: Final = {"p256": "1.2.840.10045.3.1.7", "p384": "1.3.132.0.34", "sm2": "1.2.156.10197.1.301"}
_SIGNATURES: Final = {
    ("p256", "sha256"): "1.2.840.10045.4.3.2",
    ("p256", "sha384"): "1.2.840.10045.4.3.3",
    ("p256", "sha512"): "1.2.840.10045.4.3.4",
    ("p384", "sha256"): "1.2.840.10045.4.3.2",
    ("p384", "sha384"): "1.2.840.10045.4.3.3",
    ("p384", "sha512"): "1.2.840.10045.4.3.4",
    ("sm2", "sm3"): "1.2.156.10197.1.501",
    ("ed25519", ""): "1.3.101.112",
}
_USUAL_HASH: Final = {"p256": "sha256", "p384": "sha384", "sm2": "sm3", "ed25519": ""}

#: Extended key usages by name.
USAGES: Final = {
    "any": "2.5.29.37.0",
    "server": "1.3.6.1.5.5.7.3.1",
    "client": "1.3.6.1.5.5.7.3.2",
    "code": "1.3.6.1.5.5.7.3.3",
}
_KEY_USAGES: Final = (
    "digital_signature",
    "content_commitment",
    "key_encipherment",
    "data_encipherment",
    "key_agreement",
    "cert_sign",
    "crl_sign",
    "encipher_only",
    "decipher_only",
)


# ---- DER


def tlv(tag: int, body: bytes) -> bytes:
    """One element in its only form (X.690, section 10.1).

    >>> tlv(0x04, b"ab").hex()
    '04026162'
    """
    if len(body) < 0x80:
        return bytes((tag, len(body))) + body
    length = len(body).to_bytes((len(body).bit_length() + 7) // 8, "big")
    return bytes((tag, 0x80 | len(length))) + length + body


def sequence(*parts: bytes) -> bytes:
    """A SEQUENCE of encoded parts."""
    return tlv(0x30, b"".join(parts))


def integer(value: int) -> bytes:
    """An INTEGER.

    >>> integer(128).hex(), integer(-1).hex()
    ('02020080', '0201ff')
    """
    return tlv(
        0x02, value.to_bytes(max(1, (value if value >= 0 else ~value).bit_length() // 8 + 1), "big", signed=True)
    )


def oid(dotted: str) -> bytes:
    """An OBJECT IDENTIFIER.

    >>> oid("2.5.4.3").hex()
    '0603550403'
    """
    first, second, *rest = (int(arc) for arc in dotted.split("."))
    out = bytearray()
    for arc in (40 * first + second, *rest):
        digits = [arc & 0x7F]
        left = arc >> 7
        while left:
            digits.append(0x80 | left & 0x7F)
            left >>= 7
        out += bytes(reversed(digits))
    return tlv(0x06, bytes(out))


def bit_string(body: bytes, unused: int = 0) -> bytes:
    """A BIT STRING of whole bytes, or with some bits of the last one unused."""
    return tlv(0x03, bytes((unused,)) + body)


def octets(body: bytes) -> bytes:
    """An OCTET STRING."""
    return tlv(0x04, body)


def time(seconds: int, *, generalized: bool | None = None) -> bytes:
    """UTCTime until 2049 and GeneralizedTime from then on, as RFC 5280 demands, or the form that is asked for.

    >>> time(0)
    b'\\x17\\r700101000000Z'
    """
    moment = datetime.fromtimestamp(seconds, UTC)
    if generalized is None:
        generalized = not 1950 <= moment.year < 2050
    text = moment.strftime("%Y%m%d%H%M%SZ").encode()
    return tlv(0x18, text) if generalized else tlv(0x17, text[2:])


@dataclass(frozen=True, slots=True)
class Attribute:
    """One attribute of a name: its OID, its text, and the string type's tag (UTF8String unless told otherwise)."""

    type: str
    text: str | bytes
    tag: int = 0x0C

    @property
    def der(self) -> bytes:
        """The DER bytes."""
        body = self.text if isinstance(self.text, bytes) else self.text.encode()
        return tlv(0x31, sequence(oid(self.type), tlv(self.tag, body)))


def name(common_name: str, *, organization: str | None = None, units: Sequence[str] = ()) -> bytes:
    """A Name: country, organisation, organisational units, common name. Country and organisation may be missing."""
    parts = [Attribute("2.5.4.6", "CN", 0x13)]
    if organization is not None:
        parts.append(Attribute("2.5.4.10", organization))
    parts += [Attribute("2.5.4.11", unit) for unit in units]
    return sequence(*(part.der for part in parts), Attribute("2.5.4.3", common_name).der)


def pem(der: bytes, label: str = "CERTIFICATE") -> bytes:
    """PEM text with lines of 64 characters, as Go and OpenSSL write it."""
    text = base64.b64encode(der)
    lines = [text[at : at + 64] for at in range(0, len(text), 64)]
    return b"\n".join([b"-----BEGIN %s-----" % label.encode(), *lines, b"-----END %s-----" % label.encode(), b""])


# ---- keys


def _cryptography() -> tuple[Any, Any, Any]:
    try:
        from cryptography.hazmat.primitives import hashes, serialization
        from cryptography.hazmat.primitives.asymmetric import ec
    except ImportError as missing:
        raise ImportError(
            "keys of P-256, P-384 and Ed25519 need cryptography: pip install 'isthmus[sign]'"
        ) from missing
    return hashes, serialization, ec


@dataclass(frozen=True, slots=True)
class Key:
    """A key pair that follows from its seed. ``public`` is 04 x y, or the 32 bytes of Ed25519.

    >>> Key.of("sm2", "org1").public == Key.of("sm2", "org1").public
    True
    """

    algorithm: Algorithm
    secret: bytes = field(repr=False)
    public: bytes

    @classmethod
    def of(cls, algorithm: Algorithm, seed: str) -> Key:
        """The key pair of this seed."""
        digest = hashlib.sha512(f"isthmus.synthetic {algorithm} {seed}".encode()).digest()
        if algorithm == "ed25519":
            signer = signing.Ed25519Signer(digest[:32])
            return cls(algorithm, digest[:32], signer.public_key)
        order = _ORDERS[algorithm]
        width = (order.bit_length() + 7) // 8
        secret = 1 + int.from_bytes(digest, "big") % (order - 1)
        raw = secret.to_bytes(width, "big")
        if algorithm == "sm2":
            return cls(algorithm, raw, _uncompressed(signing.Sm2Signer(raw).public_key))
        _, serialization, ec = _cryptography()
        curve = ec.SECP256R1() if algorithm == "p256" else ec.SECP384R1()
        public = ec.derive_private_key(secret, curve).public_key()
        encoding = serialization.Encoding.X962
        return cls(algorithm, raw, public.public_bytes(encoding, serialization.PublicFormat.UncompressedPoint))

    @property
    def spki(self) -> bytes:
        """SubjectPublicKeyInfo: id-ecPublicKey with the curve's name, or Ed25519's."""
        if self.algorithm == "ed25519":
            return sequence(sequence(oid("1.3.101.112")), bit_string(self.public))
        return sequence(sequence(oid("1.2.840.10045.2.1"), oid(_CURVES[self.algorithm])), bit_string(self.public))

    @property
    def spki_of_curve(self) -> bytes:
        """SubjectPublicKeyInfo as Tongsuo writes it for SM2: the curve's OID is the algorithm too."""
        curve = oid(_CURVES[self.algorithm])
        return sequence(sequence(curve, curve), bit_string(self.public))

    @property
    def spki_explicit(self) -> bytes:
        """SubjectPublicKeyInfo of P-256 with the curve's parameters spelt out (RFC 3279, section 2.3.5): with a
        generator of one's own choice this is how a key forges another's (CVE-2020-0601)."""
        p = 2**256 - 2**224 + 2**192 + 2**96 - 1
        b = 0x5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B
        parameters = sequence(
            integer(1),
            sequence(oid("1.2.840.10045.1.1"), integer(p)),
            sequence(octets((p - 3).to_bytes(32, "big")), octets(b.to_bytes(32, "big"))),
            octets(self.public),
            integer(_ORDERS["p256"]),
            integer(1),
        )
        return sequence(sequence(oid("1.2.840.10045.2.1"), parameters), bit_string(self.public))

    @property
    def spki_compressed(self) -> bytes:
        """SubjectPublicKeyInfo with a compressed point."""
        half = (len(self.public) - 1) // 2
        point = bytes((2 + (self.public[-1] & 1),)) + self.public[1 : 1 + half]
        return sequence(sequence(oid("1.2.840.10045.2.1"), oid(_CURVES[self.algorithm])), bit_string(point))

    def sign(self, message: bytes, hash: str | None = None) -> bytes:
        """The signature as a certificate carries it: DER of r and s with low s where ECDSA allows the choice, or the
        64 bytes of Ed25519. ``hash`` is ECDSA's; usually SHA-256 for P-256 and SHA-384 for P-384."""
        if self.algorithm == "ed25519":
            return signing.Ed25519Signer(self.secret).sign(message)
        if self.algorithm == "sm2":
            compact = signing.Sm2Signer(self.secret).sign(message)
            return pair(int.from_bytes(compact[:32], "big"), int.from_bytes(compact[32:], "big"))
        hashes, _, ec = _cryptography()
        curve = ec.SECP256R1() if self.algorithm == "p256" else ec.SECP384R1()
        digest = {"sha256": hashes.SHA256(), "sha384": hashes.SHA384(), "sha512": hashes.SHA512()}[
            hash or _USUAL_HASH[self.algorithm]
        ]
        secret = ec.derive_private_key(int.from_bytes(self.secret, "big"), curve)
        return self.low_s(secret.sign(message, ec.ECDSA(digest, deterministic_signing=True)))

    def low_s(self, signature: bytes) -> bytes:
        """The twin of an ECDSA signature whose s is not above half the order."""
        r, s = read_pair(signature)
        return pair(r, min(s, _ORDERS[self.algorithm] - s))

    def high_s(self, signature: bytes) -> bytes:
        """The other twin."""
        r, s = read_pair(signature)
        return pair(r, max(s, _ORDERS[self.algorithm] - s))

    @property
    def key_id(self) -> bytes:
        """SHA-256 of the public key, as ChainMaker's and Fabric's authorities name keys."""
        return hashlib.sha256(self.public).digest()


def _uncompressed(key: bytes) -> bytes:
    return key if len(key) == 65 else b"\x04" + key


def pair(r: int, s: int) -> bytes:
    """DER of two numbers."""
    return sequence(integer(r), integer(s))


def read_pair(signature: bytes) -> tuple[int, int]:
    """The two numbers of a signature in short-form DER.

    >>> read_pair(pair(5, 2**255))[0]
    5
    """
    body = signature[2:]
    r = body[2 : 2 + body[1]]
    rest = body[2 + body[1] :]
    s = rest[2 : 2 + rest[1]]
    return int.from_bytes(r, "big"), int.from_bytes(s, "big")


# ---- certificates


@dataclass(frozen=True, slots=True)
class Extension:
    """One extension: its OID, whether it is critical, and the DER of its value."""

    type: str
    value: bytes
    critical: bool = False

    @property
    def der(self) -> bytes:
        """The DER bytes."""
        return sequence(oid(self.type), tlv(0x01, b"\xff") if self.critical else b"", octets(self.value))


@dataclass(frozen=True, slots=True)
class Fields:
    """What a certificate says. The defaults are those of an honest authority; what is None follows from the rest.

    ``serial``           any number: negative and very long ones too
    ``subject``          a Name's DER; None: from common_name, organization and units
    ``issuer``           a Name's DER; None: the issuer's subject
    ``ca``               None: no basic constraints at all
    ``path_len``         None: no limit
    ``key_usage``        names of RFC 5280's bits (``cert_sign``, ...); None: no such extension
    ``extended_usage``   names of :data:`USAGES` or OIDs; None: no such extension
    ``subject_key_id``   None: the key's; empty: no such extension. ``authority_key_id`` likewise, from the issuer
    ``alternative_names``  DNS names
    ``extensions``       further ones, behind the others
    ``version``          3, 2 or 1; below 3 nothing writes extensions
    ``spki``             None: the key's
    ``hash``             of the issuer's ECDSA signature; None: the usual one of its curve
    ``algorithm``        the AlgorithmIdentifier's DER within the signed part and outside; None: what was signed with
    ``outer_algorithm``  None: as ``algorithm``
    ``change_signature`` what is done to the signature's bytes, e.g. ``Key.high_s``
    ``tail``             bytes behind the signature, within the certificate's SEQUENCE
    """

    common_name: str = "synthetic"
    organization: str | None = None
    units: Sequence[str] = ()
    serial: int | None = None
    subject: bytes | None = None
    issuer: bytes | None = None
    not_before: int = NOT_BEFORE
    not_after: int = NOT_AFTER
    ca: bool | None = None
    path_len: int | None = None
    key_usage: Sequence[str] | None = ("digital_signature",)
    extended_usage: Sequence[str] | None = None
    subject_key_id: bytes | None = None
    authority_key_id: bytes | None = None
    alternative_names: Sequence[str] = ()
    extensions: Sequence[Extension] = ()
    version: int = 3
    spki: bytes | None = None
    hash: str | None = None
    algorithm: bytes | None = None
    outer_algorithm: bytes | None = None
    change_signature: Callable[[bytes], bytes] | None = None
    tail: bytes = b""


def key_usage(names: Iterable[str]) -> bytes:
    """The BIT STRING of key usages; trailing zero bits are left out, as DER demands of a list of named bits."""
    bits = [name in names for name in _KEY_USAGES]
    while bits and not bits[-1]:
        bits.pop()
    body = bytearray((len(bits) + 7) // 8)
    for at, on in enumerate(bits):
        body[at // 8] |= on << (7 - at % 8)
    return bit_string(bytes(body), -len(bits) % 8)


def basic_constraints(ca: bool, path_len: int | None) -> bytes:
    """BasicConstraints; ``ca`` False is left out, being the default."""
    return sequence(tlv(0x01, b"\xff") if ca else b"", b"" if path_len is None else integer(path_len))


def _extensions(fields: Fields, key: Key, issuer_key_id: bytes) -> list[Extension]:
    out = []
    if fields.key_usage is not None:
        out.append(Extension("2.5.29.15", key_usage(fields.key_usage), True))
    if fields.extended_usage is not None:
        value = sequence(*(oid(USAGES.get(usage, usage)) for usage in fields.extended_usage))
        out.append(Extension("2.5.29.37", value))
    if fields.ca is not None:
        out.append(Extension("2.5.29.19", basic_constraints(fields.ca, fields.path_len), True))
    subject_key_id = key.key_id if fields.subject_key_id is None else fields.subject_key_id
    if subject_key_id:
        out.append(Extension("2.5.29.14", octets(subject_key_id)))
    authority_key_id = issuer_key_id if fields.authority_key_id is None else fields.authority_key_id
    if authority_key_id:
        out.append(Extension("2.5.29.35", sequence(tlv(0x80, authority_key_id))))
    if fields.alternative_names:
        names = (tlv(0x82, each.encode()) for each in fields.alternative_names)
        out.append(Extension("2.5.29.17", sequence(*names)))
    return [*out, *fields.extensions]


def signature_algorithm(key: Key, hash: str | None = None) -> bytes:
    """The AlgorithmIdentifier of what the key signs with: no parameters."""
    return sequence(oid(_SIGNATURES[key.algorithm, hash or _USUAL_HASH[key.algorithm]]))


def _serial(fields: Fields, key: Key, issuer: bytes) -> int:
    if fields.serial is not None:
        return fields.serial
    seed = repr((fields.common_name, fields.units, fields.not_before)).encode() + key.public + issuer
    return int.from_bytes(hashlib.sha256(seed).digest()[:16], "big") >> 1 | 1


@dataclass(frozen=True, slots=True)
class Certificate:
    """A certificate with its key, so that it can sign messages and, as an authority, certificates and lists."""

    der: bytes
    key: Key
    subject: bytes
    serial: int
    fields: Fields = field(repr=False)

    @property
    def pem(self) -> bytes:
        """PEM text."""
        return pem(self.der)

    def issue(self, common_name: str, *, key: Key | None = None, **fields: Any) -> Certificate:
        """A certificate under this one; ``fields`` are those of :class:`Fields`. The key follows from the name unless
        one is given, and is of this certificate's algorithm."""
        return self.issue_fields(
            Fields(common_name=common_name, **{"organization": self.fields.organization, **fields}), key
        )

    def issue_authority(self, common_name: str, *, key: Key | None = None, **fields: Any) -> Certificate:
        """An intermediate authority under this one."""
        return self.issue(common_name, key=key, **{"ca": True, "key_usage": ("cert_sign", "crl_sign"), **fields})

    def issue_fields(self, fields: Fields, key: Key | None = None) -> Certificate:
        """A certificate of exactly these fields under this one."""
        key = key or Key.of(self.key.algorithm, f"{fields.organization} {fields.common_name} {list(fields.units)}")
        return _make(fields, key, self.key, self.subject, self._own_key_id())

    def again(self, issuer: Certificate | None = None, **changed: Any) -> Certificate:
        """This certificate with other fields, over the same key, signed by ``issuer`` (itself if there is none)."""
        fields = (
            replace(self.fields, serial=self.serial, **changed)
            if "serial" not in changed
            else replace(self.fields, **changed)
        )
        if issuer is None:
            return _make(fields, self.key, self.key, None, b"")
        return _make(fields, self.key, issuer.key, issuer.subject, issuer._own_key_id())

    def revocation_list(
        self,
        serials: Iterable[int],
        *,
        signed_by: Key | None = None,
        issuer: bytes | None = None,
        authority_key_id: bytes | None = None,
        version: int = 2,
        this_update: int = NOT_BEFORE,
        next_update: int | None = NOT_AFTER,
        change_signature: Callable[[bytes], bytes] | None = None,
    ) -> bytes:
        """DER of a list of revoked serial numbers. ``signed_by`` another key, or other names and key ids, make lists
        that must revoke nothing."""
        key = signed_by or self.key
        algorithm = signature_algorithm(key)
        entries = [sequence(integer(serial), time(this_update)) for serial in serials]
        key_id = self._own_key_id() if authority_key_id is None else authority_key_id
        extensions = sequence(Extension("2.5.29.35", sequence(tlv(0x80, key_id))).der) if key_id else b""
        tbs = sequence(
            integer(1) if version == 2 else b"",
            algorithm,
            self.subject if issuer is None else issuer,
            time(this_update),
            b"" if next_update is None else time(next_update),
            sequence(*entries) if entries else b"",
            tlv(0xA0, extensions) if extensions else b"",
        )
        signature = key.sign(tbs)
        if change_signature is not None:
            signature = change_signature(signature)
        return sequence(tbs, algorithm, bit_string(signature))

    def _own_key_id(self) -> bytes:
        return self.key.key_id if self.fields.subject_key_id is None else self.fields.subject_key_id


def _make(fields: Fields, key: Key, issuer_key: Key, issuer: bytes | None, issuer_key_id: bytes) -> Certificate:
    subject = fields.subject
    if subject is None:
        subject = name(fields.common_name, organization=fields.organization, units=fields.units)
    issuer = subject if issuer is None else issuer
    if fields.issuer is not None:
        issuer = fields.issuer
    serial = _serial(fields, key, issuer)
    algorithm = fields.algorithm or signature_algorithm(issuer_key, fields.hash)
    extensions = b"".join(each.der for each in _extensions(fields, key, issuer_key_id))
    tbs = sequence(
        tlv(0xA0, integer(fields.version - 1)) if fields.version > 1 else b"",
        integer(serial),
        algorithm,
        issuer,
        sequence(time(fields.not_before), time(fields.not_after)),
        subject,
        fields.spki or key.spki,
        tlv(0xA3, tlv(0x30, extensions)) if fields.version == 3 and extensions else b"",
    )
    signature = issuer_key.sign(tbs, fields.hash)
    if fields.change_signature is not None:
        signature = fields.change_signature(signature)
    der = sequence(tbs, fields.outer_algorithm or algorithm, bit_string(signature), fields.tail)
    return Certificate(der, key, subject, serial, fields)


def authority(common_name: str, *, key: Key | None = None, **fields: Any) -> Certificate:
    """A root authority that signs itself. ``fields`` are those of :class:`Fields`; the key follows from the name unless
    one is given, and is then of P-256."""
    usual = {"ca": True, "key_usage": ("cert_sign", "crl_sign")}
    made = Fields(common_name=common_name, **{**usual, **fields})
    return _make(
        made,
        key or Key.of("p256", f"authority {common_name}"),
        key or Key.of("p256", f"authority {common_name}"),
        None,
        b"",
    )
