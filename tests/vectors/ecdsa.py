"""Forms of ECDSA vectors that files of several curves share: Wycheproof's JSON and CAVP's text.

Messages are given to the verifier as digests; the hash named by the file is computed here with hashlib.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from vectors.rows import SigRow


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


def wycheproof(path: Path, content: Any, curve: str) -> Iterator[EcdsaSet]:
    """ECDSA verification groups over a curve by Wycheproof's name, one set per kind of group."""
    by_kind: dict[str, EcdsaSet] = {}
    for group in content["testGroups"]:
        key = group.get("publicKey") or group.get("key") or {}
        kind = group.get("type", "")
        if kind not in _WYCHEPROOF or key.get("curve") != curve:
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


def cavp_cases(path: Path, curves: tuple[str, ...]) -> Iterator[tuple[str, dict[str, str]]]:
    """Blocks of ``name = value`` below sections [curve] or [curve,hash]: the hash ("" without one) and the fields."""
    hash_name: str | None = None
    fields: dict[str, str] = {}
    for line in [*path.read_text().splitlines(), ""]:
        section = re.match(r"\[([^,\]]+),?(.*)\]", line.strip())
        name, equals, value = (part.strip() for part in line.partition("="))
        if section:
            hash_name = section[2] if section[1] in curves else None
        elif equals:
            fields[name] = value
        elif fields:  # an empty line ends a block
            if hash_name is not None and "Qx" in fields:
                yield hash_name, fields
            fields = {}


def cavp(path: Path, curves: tuple[str, ...], width: int) -> list[SigRow]:
    """SigGen and SigVer: Msg, Qx, Qy, R, S and, in SigVer, the Result P or F."""
    rows = []
    for hash_name, fields in cavp_cases(path, curves):
        if "S" not in fields:
            continue
        numbers = [bytes.fromhex(fields[part].zfill(2 * width)) for part in ("Qx", "Qy", "R", "S")]
        key, signature = b"\x04" + numbers[0] + numbers[1], numbers[2] + numbers[3]
        digest, valid = digest_of(hash_name)(bytes.fromhex(fields["Msg"])), fields.get("Result", "P")[0] == "P"
        rows.append(SigRow(path.name, f"case {len(rows)}", key, digest, signature, valid))
    return rows
