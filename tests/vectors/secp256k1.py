"""secp256k1 ECDSA vectors of every known form in a folder: Wycheproof (DER, P1363 and Bitcoin's low-s
variant, any hash), the CAVP-like SigGen text, and tiny-secp256k1's JSON. A file is recognised by its content.

Messages are given to the verifier as digests; the hash named by the file is computed here with hashlib.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

from helpers.data import files, json_files

from vectors.ecdsa import EcdsaSet, cavp, wycheproof
from vectors.rows import SigRow

P: Final = 2**256 - 2**32 - 977
ORDER: Final = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
G: Final = (
    0x79BE667EF9DCBBAC55A06295CE870B07029BFCDB2DCE28D959F2815B16F81798,
    0x483ADA7726A3C4655DA4FBFC0E1108A8FD17B448A68554199C47D08FFB10D4B8,
)


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


def load(folder: Path, public_key: Callable[[bytes], bytes]) -> dict[str, EcdsaSet]:
    """Sets by file; `public_key` maps a 32-byte secret to a SEC1 key (for files that state only the
    secret)."""
    found: dict[str, EcdsaSet] = {}
    for path, content in json_files(folder):
        sets: list[EcdsaSet] = []
        if isinstance(content, dict) and "testGroups" in content and content.get("algorithm") == "ECDSA":
            sets = list(wycheproof(path, content, "secp256k1"))
        elif isinstance(content, dict) and "valid" in content and "m" in str(content["valid"])[:400]:
            first = content["valid"][0] if isinstance(content["valid"], list) and content["valid"] else {}
            if {"d", "m", "signature"} <= set(first):
                sets = list(tiny_secp256k1(path, content, public_key))
        for number, chosen in enumerate(sets):
            found[str(path.relative_to(folder)) + (f"#{number}" if number else "")] = chosen
    for path in files(folder, "*SigGen*.txt"):
        rows = cavp(path, ("K-256", "secp256k1"), 32)
        if rows:
            found[str(path.relative_to(folder))] = EcdsaSet(rows, "compact", low_s=False)
    return found
