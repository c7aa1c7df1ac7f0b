"""Real ChainMaker data: what an anchor needs for it, and the files by folder and form."""

from __future__ import annotations

import base64
import functools
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from helpers.data import data_root, files, load_json

from isthmus.chains import chainmaker as cm


def folder(name: str) -> Path | None:
    """One of the folders of the data set, or None without it."""
    root = data_root()
    path = None if root is None else root / "blocks" / "chainmaker" / name
    return path if path is not None and path.is_dir() else None


def matching(name: str, pattern: str) -> list[Path]:
    """Files of a folder, in the order of their names."""
    path = folder(name)
    return [] if path is None else files(path, pattern)


def chain1_files(pattern: str) -> list[Path]:
    return matching("v2_cert_sha256", pattern)


def certificates_in(value: Any) -> Iterator[str]:
    """Every certificate that a block's JSON holds in base64, those of the votes too."""
    if isinstance(value, dict):
        for each in value.values():
            yield from certificates_in(each)
    elif isinstance(value, list):
        for each in value:
            yield from certificates_in(each)
    elif isinstance(value, str) and len(value) > 200:
        try:
            raw = base64.b64decode(value, validate=True)
        except ValueError:
            return
        at = raw.find(b"-----BEGIN CERTIFICATE-----")
        while at >= 0:
            end = raw.find(b"-----END CERTIFICATE-----", at) + 25
            yield raw[at:end].decode("ascii") + "\n"
            at = raw.find(b"-----BEGIN CERTIFICATE-----", end)


def rebuilt_root(name_of: str, point: str) -> str:
    """A CA's certificate where only its key is known: the issuer's name of a certificate that it signed, over that key.
    Its own signature is somebody else's; trust roots are trusted for being listed."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    issued = x509.load_pem_x509_certificate(name_of.encode())
    key = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), bytes.fromhex(point))
    aki = issued.extensions.get_extension_for_class(x509.AuthorityKeyIdentifier).value.key_identifier
    assert aki is not None
    made = (
        x509.CertificateBuilder(subject_name=issued.issuer, issuer_name=issued.issuer, public_key=key)
        .serial_number(1)
        .not_valid_before(issued.not_valid_before_utc)
        .not_valid_after(issued.not_valid_after_utc)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier(aki), critical=False)
        .sign(ec.generate_private_key(ec.SECP256R1()), hashes.SHA256())
    )
    return made.public_bytes(serialization.Encoding.PEM).decode()


def node_of_org(value: Any) -> dict[str, str]:
    """Organisation and node id of every vote: chain1's own configuration is not published, so who owns which node is
    known from the votes, which agree in every block."""
    from isthmus.reference import chainmaker as slow

    found = {}
    for entry in value["block"]["additional_data"]["extra_data"].values():
        for each in slow.decode("VoteSet", base64.b64decode(entry))["votes"]:
            org = each["vote"]["endorsement"]["signer"]["org_id"].decode()
            found[org] = each["name"].decode()
    return found


@functools.cache
def chain1_anchor() -> cm.Anchor:
    """chain1: two roots as certificates, two as keys that were recovered from signatures; four validators."""
    path = folder("v2_cert_sha256")
    assert path is not None
    sources = [load_json(each) for each in (*chain1_files("block_*.json"), *chain1_files("header_qc_*.json"))]
    nodes: dict[str, str] = {}
    for source in sources:
        for org, node in node_of_org(source).items():
            assert nodes.setdefault(org, node) == node
    shown = [text for source in sources for text in certificates_in(source)]
    keys = {
        dict(part.split("=", 1) for part in name.split(","))["O"]: point
        for name, point in json.loads((path / "ca_public_keys_recovered.json").read_text()).items()
        if "=" in name
    }
    organisations = []
    for org, point in sorted(keys.items()):
        given = path / f"ca_{org.split('.')[0].removeprefix('wx-')}.pem"
        root = given.read_text() if given.is_file() else rebuilt_root(_issued_by(shown, org), point)
        organisations.append(cm.Organisation(org, (root,), (nodes[org],) if org in nodes else ()))
    client = (path / "client1_sign.pem").read_text()
    return cm.Anchor("chain1", tuple(organisations), certificates=(client,))


def _issued_by(shown: list[str], org: str) -> str:
    from cryptography import x509

    for text in shown:
        issuer = x509.load_pem_x509_certificate(text.encode()).issuer
        if any(part.value == org for part in issuer):
            return text
    raise AssertionError(f"no certificate of {org} is shown")
