"""secp256k1 ECDSA vectors of every known form in a folder: Wycheproof (DER, P1363 and Bitcoin's low-s
variant, any hash), the CAVP-like SigGen text, and tiny-secp256k1's JSON. A file is recognised by its content.

Messages are given to the verifier as digests; the hash named by the file is computed here with hashlib.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from helpers.data import files, json_files

from vectors.rows import SigRow

P: Final = 2**256 - 2**32 - 977
ORDER: Final = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
G: Final = (
    0x79BE667EF9DCBBAC55A06295CE870B07029BFCDB2DCE28D959F2815B16F81798,
    0x483ADA7726A3C4655DA4FBFC0E1108A8FD17B448A68554199C47D08FFB10D4B8,
)


@dataclass(frozen=True, slots=True)
class EcdsaSet:
    """Rows of one file with the options under which its verdicts hold."""

    rows: list[SigRow]
    encoding: str
    low_s: bool
    raw: list[bytes] | None = None  # messages before hashing, when the file hashes with SHA-256


def digest_of(name: str) -> Callable[[bytes], bytes]:
    """The hash that a file names ("SHA-256", "SHA3-512", "SHAKE128"), as a function of bytes."""
    plain = name.lower().replace("-", "")
    if plain == "shake128":
        return lambda message: hashlib.shake_128(message).digest(32)
    if plain == "shake256":
        return lambda message: hashlib.shake_256(message).digest(64)
    if name.upper().startswith("SHA3-"):
        return lambda message: hashlib.new("sha3_" + plain[4:], message).digest()
    if plain.startswith("sha512/"):
        return lambda message: hashlib.new("sha512_" + plain[7:], message).digest()
    return lambda message: hashlib.new(plain, message).digest()


_WYCHEPROOF: Final = {
    "EcdsaVerify": ("der", False),
    "EcdsaP1363Verify": ("compact", False),
    "EcdsaBitcoinVerify": ("der", True),
}


def wycheproof(path: Path, content: Any) -> Iterator[EcdsaSet]:
    """ECDSA verification groups over secp256k1, one set per kind of group."""
    by_kind: dict[str, EcdsaSet] = {}
    for group in content["testGroups"]:
        key = group.get("publicKey") or group.get("key") or {}
        kind = group.get("type", "")
        if kind not in _WYCHEPROOF or key.get("curve") != "secp256k1":
            continue
        encoding, low_s = _WYCHEPROOF[kind]
        hashed = digest_of(group["sha"])
        chosen = by_kind.setdefault(kind, EcdsaSet([], encoding, low_s, []))
        for test in group["tests"]:
            message = bytes.fromhex(test["msg"])
            case, raw_key = f"tcId {test['tcId']}", bytes.fromhex(key["uncompressed"])
            signature, valid = bytes.fromhex(test["sig"]), test["result"] == "valid"
            chosen.rows.append(SigRow(path.name, case, raw_key, hashed(message), signature, valid))
            if chosen.raw is not None and group["sha"] == "SHA-256":
                chosen.raw.append(message)
    for chosen in by_kind.values():
        complete = chosen.raw is not None and len(chosen.raw) == len(chosen.rows)
        yield EcdsaSet(chosen.rows, chosen.encoding, chosen.low_s, chosen.raw if complete else None)


def tiny_secp256k1(path: Path, content: Any, public_key: Callable[[bytes], bytes]) -> Iterator[EcdsaSet]:
    """Deterministic signatures with their secret keys, and refused (key, digest, signature) rows."""
    rows = []
    for number, case in enumerate(content.get("valid", [])):
        key = public_key(bytes.fromhex(case["d"]))
        digest, signature = bytes.fromhex(case["m"]), bytes.fromhex(case["signature"])
        rows.append(SigRow(path.name, f"valid {number}", key, digest, signature, True))
    for number, case in enumerate(content.get("extraEntropy", [])):
        key, digest = public_key(bytes.fromhex(case["d"])), bytes.fromhex(case["m"])
        for name in ("signature", *(name for name in case if name.startswith("extraEntropy"))):
            rows.append(SigRow(path.name, f"{name} {number}", key, digest, bytes.fromhex(case[name]), True))
    plain, strict = [], []
    for number, case in enumerate(content.get("invalid", {}).get("verify", [])):
        row = SigRow(
            path.name, f"invalid {number} ({case['description']})", bytes.fromhex(case["Q"]),
            bytes.fromhex(case["m"]), bytes.fromhex(case["signature"]), False,
        )  # fmt: skip
        (strict if case.get("strict") else plain).append(row)
    if rows or plain:
        yield EcdsaSet(rows + plain, "compact", low_s=False)
    if strict:
        yield EcdsaSet(strict, "compact", low_s=True)


def siggen_text(path: Path) -> Iterator[EcdsaSet]:
    """CAVP's SigGen text: sections [curve,hash] of Msg, Qx, Qy, R, S."""
    rows = []
    hashed: Callable[[bytes], bytes] | None = None
    fields: dict[str, str] = {}
    for line in path.read_text().splitlines():
        section = re.match(r"\[(K-256|secp256k1),(.+)\]", line.strip())
        if section:
            hashed = digest_of(section[2])
        elif line.startswith("["):
            hashed = None
        name, _, value = (part.strip() for part in line.partition("="))
        if value:
            fields[name] = value
        if name == "S" and hashed is not None:
            numbers = [bytes.fromhex(fields[part].zfill(64)) for part in ("Qx", "Qy", "R", "S")]
            key, signature = b"\x04" + numbers[0] + numbers[1], numbers[2] + numbers[3]
            digest = hashed(bytes.fromhex(fields["Msg"]))
            rows.append(SigRow(path.name, f"case {len(rows)}", key, digest, signature, True))
    if rows:
        yield EcdsaSet(rows, "compact", low_s=False)


def load(folder: Path, public_key: Callable[[bytes], bytes]) -> dict[str, EcdsaSet]:
    """Sets by file; `public_key` maps a 32-byte secret to a SEC1 key (for files that state only the
    secret)."""
    found: dict[str, EcdsaSet] = {}
    for path, content in json_files(folder):
        sets: list[EcdsaSet] = []
        if isinstance(content, dict) and "testGroups" in content and content.get("algorithm") == "ECDSA":
            sets = list(wycheproof(path, content))
        elif isinstance(content, dict) and "valid" in content and "m" in str(content["valid"])[:400]:
            first = content["valid"][0] if isinstance(content["valid"], list) and content["valid"] else {}
            if {"d", "m", "signature"} <= set(first):
                sets = list(tiny_secp256k1(path, content, public_key))
        for number, chosen in enumerate(sets):
            found[str(path.relative_to(folder)) + (f"#{number}" if number else "")] = chosen
    for path in files(folder, "*SigGen*.txt"):
        for chosen in siggen_text(path):
            found[str(path.relative_to(folder))] = chosen
    return found
