"""ECDSA vectors over P-256 and P-384 of every known form in a folder: Wycheproof's JSON, CAVP's SigVer, SigGen and PKV,
RFC 6979's examples as JSON, as OpenSSL's test file and as CCTV's text. A file is recognised by its content.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from helpers.data import files, json_files
from helpers.weierstrass import P256, P384, Group

from vectors.ecdsa import EcdsaSet, cavp, cavp_cases, digest_of, wycheproof
from vectors.rows import SigRow

NAMES: Final = {"p256-ecdsa": ("P-256", "secp256r1"), "p384-ecdsa": ("P-384", "secp384r1")}
GROUPS: Final = {"p256-ecdsa": P256, "p384-ecdsa": P384}


def rfc6979_json(path: Path, content: Any, name: str, group: Group) -> Iterator[SigRow]:
    """A list of curves with key and cases."""
    for curve in content:
        if curve["curve"] != f"NIST {name}":
            continue
        numbers = [int(curve[part], 16) for part in ("Ux", "Uy")]
        for number, case in enumerate(curve["cases"]):
            digest = digest_of(case["hash"])(case["message"].encode())
            signature = group.compact(int(case["r"], 16), int(case["s"], 16))
            for compressed in (False, True):
                key = group.sec1((numbers[0], numbers[1]), compressed=compressed)
                yield SigRow(path.name, f"{name} {number}", key, digest, signature, True)


def openssl_text(path: Path, name: str, group: Group) -> Iterator[SigRow]:
    """OpenSSL's evppkey text: public keys in PEM, DigestVerify blocks with Input, Output and maybe a Result."""
    text = path.read_text()
    key = re.search(rf"PublicKey={name}_PUB\n-----BEGIN PUBLIC KEY-----\n([^-]+)-----END", text)
    if key is None:
        return
    point = base64.b64decode(key[1])[-(1 + 2 * group.width) :]  # the point ends a SubjectPublicKeyInfo
    for number, block in enumerate(re.split(r"\n\s*\n", text)):
        fields = dict(re.findall(r"^(\w+) ?= ?(.*)$", block, re.MULTILINE))
        if fields.get("Key") == f"{name}_PUB" and "DigestVerify" in fields:
            digest = digest_of(fields["DigestVerify"])(fields["Input"].strip('"').encode())
            yield SigRow(
                path.name, f"block {number}", point, digest, bytes.fromhex(fields["Output"]), "Result" not in fields
            )


def cctv_text(path: Path, group: Group) -> Iterator[SigRow]:
    """CCTV's example of a nonce that is drawn twice."""
    text = path.read_text()
    number = {name: int(value, 16) for name, value in re.findall(r"^(Ux|Uy|r|s) = ([0-9A-F]+)$", text, re.MULTILINE)}
    message = re.search(r'With SHA-256, message = "(.+)":', text)
    if message is not None:
        key, digest = group.sec1((number["Ux"], number["Uy"])), digest_of("SHA-256")(message[1].encode())
        yield SigRow(path.name, "case 0", key, digest, group.compact(number["r"], number["s"]), True)


def load(folder: Path, scheme: str) -> dict[str, EcdsaSet]:
    """Sets by file."""
    name, other = NAMES[scheme]
    group = GROUPS[scheme]
    found: dict[str, EcdsaSet] = {}
    for path, content in json_files(folder):
        if isinstance(content, dict) and "testGroups" in content and content.get("algorithm") == "ECDSA":
            for number, chosen in enumerate(wycheproof(path, content, other)):
                found[path.name + (f"#{number}" if number else "")] = chosen
        elif isinstance(content, list) and content and "curve" in content[0]:
            found[path.name] = EcdsaSet(list(rfc6979_json(path, content, name, group)), "compact", low_s=False)
    for path in files(folder, "*Sig*.txt", "*Sig*.rsp"):
        found[path.name] = EcdsaSet(cavp(path, (name,), group.width), "compact", low_s=False)
    for path in files(folder, "*evppkey*.txt"):
        found[path.name] = EcdsaSet(list(openssl_text(path, name, group)), "der", low_s=False)
    if scheme == "p256-ecdsa":
        for path in files(folder, "*RFC6979*.md"):
            found[path.name] = EcdsaSet(list(cctv_text(path, group)), "compact", low_s=False)
    return {name: chosen for name, chosen in found.items() if chosen.rows}


def fitting(group: Group, x: int, y: int, u1: int = 3, u2: int = 5) -> tuple[bytes, bytes]:
    """(digest, signature) that the group law without the curve's b, which it never reads, takes for right under (x, y):
    what tells a reader that checks points from one that does not."""
    total = group.add(group.mul(u1), group.mul(u2, (x % group.p, y % group.p)))
    assert total is not None
    r = total[0] % group.n
    s = r * pow(u2, -1, group.n) % group.n
    return group.number(u1 * s % group.n), group.compact(r, s)


def key_validation(folder: Path, scheme: str) -> list[SigRow]:
    """CAVP's PKV: points that are keys or not, each with a signature that fits its coordinates."""
    name, group, rows = NAMES[scheme][0], GROUPS[scheme], []
    for path in files(folder, "*PKV*.rsp"):
        for _, fields in cavp_cases(path, (name,)):
            x, y = (int(fields[part], 16) for part in ("Qx", "Qy"))
            if max(x, y) >> 8 * group.width:
                continue  # no bytes can say it
            digest, signature = fitting(group, x, y)
            key = b"\x04" + group.number(x) + group.number(y)
            rows.append(SigRow(path.name, f"{name} {len(rows)}", key, digest, signature, fields["Result"][0] == "P"))
    return rows
