"""SM2 vectors of every known form in a folder: Wycheproof-like JSON, a JSON list of cases, Botan's .vec text. A file is
recognised by its content, and rows are grouped by the options under which their verdicts hold.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from helpers.data import files, json_files
from helpers.weierstrass import SM2

from vectors.rows import SigRow

DEFAULT_ID: Final = b"1234567812345678"
ID_MAX: Final = 8191
# Forms of a key that a decoder may take or leave: we take those, and no others.
TAKEN: Final = {"Compressed", "NoPrefix"}

Options = tuple[tuple[str, Any], ...]
"""Keywords of isthmus.verify, in a form that can be a key."""


def options_of(encoding: str, signer_id: bytes | None) -> Options:
    """Messages under an identity, or e where there is none."""
    said: dict[str, Any] = {"encoding": encoding, "hash": "none"} if signer_id is None else {"encoding": encoding}
    if signer_id is not None:
        said["signer_id"] = signer_id
    return tuple(sorted(said.items()))


def derived(path: Path, content: Any) -> Iterator[tuple[Options, SigRow]]:
    """Groups Sm2Verify (messages) and Sm2DigestVerify (e) with DER signatures, Sm2PublicKeyDecode with keys."""
    for group in content["testGroups"]:
        for test in group["tests"]:
            case, valid = f"tcId {test['tcId']}", test["result"] != "invalid"
            if group["type"] == "Sm2PublicKeyDecode":
                taken = test["result"] == "valid" or (test["result"] == "acceptable" and set(test["flags"]) <= TAKEN)
                yield options_of("compact", None), key_row(path, case, bytes.fromhex(test["encoded"]), taken)
                continue
            key, signature = bytes.fromhex(group["publicKey"]["uncompressed"]), bytes.fromhex(test["sig"])
            if group["type"] == "Sm2DigestVerify":
                digest = bytes.fromhex(test["digest"])
                yield options_of("der", None), SigRow(path.name, case, key, digest, signature, valid)
            elif len(group["id"]) <= 2 * ID_MAX:
                row = SigRow(path.name, case, key, bytes.fromhex(test["msg"]), signature, valid)
                yield options_of("der", bytes.fromhex(group["id"])), row


def key_row(path: Path, case: str, key: bytes, taken: bool) -> SigRow:
    """A signature that fits the coordinates of a key, whether or not they are a point of the curve."""
    body = key[1:] if len(key) in (33, 65) else key
    x = int.from_bytes(body[:32], "big") % SM2.p
    y = int.from_bytes(body[32:64], "big") % SM2.p
    if len(key) == 33:
        point = SM2.lift_x(x)
        y = 1 if point is None else point[1] if point[1] % 2 == key[0] % 2 else SM2.p - point[1]
    s, t = 3, 5
    total = SM2.add(SM2.mul(s), SM2.mul(t, (x, y)) if y else None)
    assert total is not None
    r = t - s
    return SigRow(path.name, case, key, SM2.number((r - total[0]) % SM2.n), SM2.compact(r, s), taken)


def listed(path: Path, content: Any) -> Iterator[tuple[Options, SigRow]]:
    """Cases with a key, both encodings of a signature, e, and mostly a message with its identity."""
    for case in content["cases"]:
        valid, key = case["result"] == "valid", bytes.fromhex(case["pubkey"])
        for encoding, name in (("der", "sig_der"), ("compact", "sig_raw")):
            signature = bytes.fromhex(case[name])
            row = SigRow(path.name, case["name"], key, bytes.fromhex(case["digest_e"]), signature, valid)
            yield options_of(encoding, None), row
            if "msg" in case:
                row = SigRow(path.name, case["name"], key, bytes.fromhex(case["msg"]), signature, valid)
                yield options_of(encoding, bytes.fromhex(case["id"])), row


def vec(path: Path) -> Iterator[tuple[Options, SigRow]]:
    """Botan's text: a curve, then cases of Hash, Ident, Msg, x (the secret) and Signature; SM3 over our curve only."""
    fields: dict[str, str] = {}
    for line in path.read_text().splitlines():
        name, equals, value = (part.strip() for part in line.partition("="))
        if equals:
            fields[name] = value
        if name == "Signature" and fields["Hash"] == "SM3" and int(fields["P"], 16) == SM2.p:
            key = SM2.sec1(SM2.mul(int(fields["x"], 16)), compressed=False)
            message, signature = bytes.fromhex(fields["Msg"]), bytes.fromhex(value)
            row = SigRow(path.name, fields["Ident"], key, message, signature, True)
            yield options_of("compact", fields["Ident"].encode()), row


def openssl_text(path: Path) -> Iterator[tuple[Options, SigRow]]:
    """OpenSSL's evppkey text: Verify blocks over e under the one key; its point ends the PKCS 8 text."""
    import base64

    text = path.read_text()
    key = re.search(r"PrivateKey=SM2_key1\n-----BEGIN PRIVATE KEY-----\n([^-]+)-----END", text)
    for number, block in enumerate(re.split(r"\n\s*\n", text)):
        fields = dict(re.findall(r"^(\w+) ?= ?(.*)$", block, re.MULTILINE))
        if key is not None and "Verify" in fields and fields.get("Ctrl") == "digest:SM3":
            point, e, signature = base64.b64decode(key[1])[-65:], fields["Input"], fields["Output"]
            row = SigRow(path.name, f"block {number}", point, bytes.fromhex(e), bytes.fromhex(signature), True)
            yield options_of("der", None), row


def load(folder: Path) -> dict[str, dict[Options, list[SigRow]]]:
    """Rows by file and options."""
    found: dict[str, dict[Options, list[SigRow]]] = {}

    def put(path: Path, rows: Iterator[tuple[Options, SigRow]]) -> None:
        for options, row in rows:
            found.setdefault(path.name, {}).setdefault(options, []).append(row)

    for path, content in json_files(folder):
        if content.get("algorithm") == "SM2":
            put(path, derived(path, content))
        elif "cases" in content and "default_id" in content:
            put(path, listed(path, content))
    for path in files(folder, "*.vec"):
        put(path, vec(path))
    for path in files(folder, "*evppkey*.txt"):
        put(path, openssl_text(path))
    return found
