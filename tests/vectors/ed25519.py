"""Ed25519 vectors of every known form in a folder: Wycheproof, ZIP-215 grid, speccheck, CCTV, RFC 8032,
NIST ACVP, and the reference implementation's sign.input. A file is recognised by its content, so further
files of a known form count.

The same signature may be right under one rule and wrong under another, so each loader yields rows for a rule:
`zip215` (cofactored, any encoding of a point, k over the bytes as given) or `rfc8032` (canonical encodings
only).
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from helpers.data import files, json_files

from vectors.rows import SigRow

RULES: Final = ("zip215", "rfc8032")

P: Final = 2**255 - 19
ORDER: Final = 2**252 + 27742317777372353535851937790883648493

# Whether the project's RFC 8032 rule multiplies by the cofactor. RFC 8032 section 5.1.7 states the
# cofactored equation and allows the other; tests/accept/ed25519.toml says which one the scheme follows.
RFC8032_COFACTORED: Final = False

# The twelve cases of "Taming the many EdDSAs" (speccheck), V accepted and X refused, for each rule:
#   0-2    a point of small order as key, as R, or both; the plain equation holds
#   3      key and R with torsion parts that cancel; the plain equation holds
#   4, 5   torsion parts that do not cancel: only the cofactored equation holds
#   6, 7   S >= L
#   8, 9   R not canonical: reduced before hashing (k differs), and hashed as given
#   10, 11 key of small order and not canonical: reduced before hashing, which [8]A = 0 forgives, and as given
SPECCHECK: Final = {
    "zip215": "VVVVVVXXXVVV",
    "rfc8032": "VVVVVVXXXXXX" if RFC8032_COFACTORED else "VVVVXXXXXXXX",
}


def canonical(encoding: bytes) -> bool:
    """Whether 32 bytes are the one encoding that RFC 8032 section 5.1.2 gives to a point (on the curve or
    not)."""
    number = int.from_bytes(encoding, "little")
    y = number & ((1 << 255) - 1)
    sign = number >> 255
    return y < P and not (sign and y in (1, P - 1))


def _hex(text: str | None) -> bytes:
    return bytes.fromhex(text or "")


def wycheproof(path: Path, content: Any) -> Iterator[SigRow]:
    """EdDSA verification groups over edwards25519."""
    for group in content["testGroups"]:
        key = group.get("publicKey") or group.get("key")
        if group.get("type") != "EddsaVerify" or key["curve"] != "edwards25519":
            continue
        for test in group["tests"]:
            yield SigRow(
                path.name, f"tcId {test['tcId']}", _hex(key["pk"]), _hex(test["msg"]), _hex(test["sig"]),
                test["result"] == "valid",
            )  # fmt: skip


def acvp(path: Path, content: Any) -> Iterator[SigRow]:
    """NIST ACVP sigVer and sigGen groups of pure Ed25519 without a context."""
    for group in content["testGroups"]:
        if group.get("curve") != "ED-25519" or group.get("preHash"):
            continue
        for test in group["tests"]:
            if test.get("context") or "signature" not in test:
                continue
            key = test.get("q") or group.get("q")
            yield SigRow(
                path.name, f"tcId {test['tcId']}", _hex(key), _hex(test["message"]), _hex(test["signature"]),
                test.get("testPassed", True),
            )  # fmt: skip


def zip215_grid(path: Path, content: Any, rule: str) -> Iterator[SigRow]:
    """Fourteen encodings of small-order points as key and as R, S = 0, "Zcash": ZIP-215 accepts all.

    Under RFC 8032 the encodings must be canonical; with S = 0 the cofactored equation then always holds.
    The plain equation R = -[k]A is decided by the oracle, so those rows are left out here unless an encoding
    settles them.
    """
    for number, case in enumerate(content):
        key, signature = _hex(case["vk_bytes"]), _hex(case["sig_bytes"])
        valid = bool(case["valid_zip215"])
        if rule == "rfc8032":
            proper = canonical(key) and canonical(signature[:32])
            if proper and not RFC8032_COFACTORED:
                continue
            valid = valid and proper
        yield SigRow(path.name, f"case {number}", key, b"Zcash", signature, valid)


def speccheck(path: Path, content: Any, rule: str) -> Iterator[SigRow]:
    """The twelve speccheck cases with the project's own table of right answers."""
    assert len(content) == len(SPECCHECK[rule]), path
    for number, (case, mark) in enumerate(zip(content, SPECCHECK[rule], strict=True)):
        key, message = _hex(case["pub_key"]), _hex(case["message"])
        yield SigRow(path.name, f"case {number}", key, message, _hex(case["signature"]), mark == "V")


def cctv(path: Path, content: Any, rule: str) -> Iterator[SigRow]:
    """C2SP's edge cases of points: the flags of a vector decide it under either rule.

    A vector with `reencoded_k` was signed over the canonical encoding instead of the given bytes: k
    differs, which only a key of small order survives, since [8][k]A is then the identity for every k.
    """
    for case in content:
        flags = set(case["flags"] or ())
        valid = "reencoded_k" not in flags or "low_order_A" in flags
        if rule == "rfc8032":
            valid = not flags & {"non_canonical_A", "non_canonical_R"}
            valid = valid and (RFC8032_COFACTORED or "low_order_residue" not in flags)
        yield SigRow(
            path.name,
            f"number {case['number']}",
            _hex(case["key"]),
            case["msg"].encode(),
            _hex(case["sig"]),
            valid,
        )


def rfc_examples(path: Path, content: Any) -> Iterator[SigRow]:
    """Signing examples (secretKey, publicKey, message, signature); those of Ed448, Ed25519ph and -ctx are
    left out."""
    for case in content:
        key, signature = _hex(case["publicKey"]), _hex(case["signature"])
        if len(key) != 32 or len(signature) != 64 or "context" in case or "ph" in path.stem:
            continue
        yield SigRow(path.name, f"test {case.get('name', '?')}", key, _hex(case["message"]), signature, True)


def sign_input(path: Path) -> Iterator[SigRow]:
    """Lines `secret+key:key:message:signature+message:` of the reference implementation's test."""
    for number, line in enumerate(path.read_text().splitlines(), 1):
        parts = line.split(":")
        if len(parts) != 5:
            return
        yield SigRow(path.name, f"line {number}", _hex(parts[1]), _hex(parts[2]), _hex(parts[3])[:64], True)


def load(folder: Path, rule: str) -> dict[str, list[SigRow]]:
    """Rows by file for one rule, from every file below `folder` whose form is known."""
    found: dict[str, list[SigRow]] = {}
    for path, content in json_files(folder):
        rows: list[SigRow] = []
        if isinstance(content, dict) and content.get("mode") in ("sigVer", "sigGen"):
            rows = list(acvp(path, content))
        elif isinstance(content, dict) and content.get("algorithm") in ("EDDSA", "ED25519"):
            rows = list(wycheproof(path, content)) if "schema" in content else []
        elif isinstance(content, list) and content and isinstance(content[0], dict):
            keys = set(content[0])
            if {"vk_bytes", "valid_zip215"} <= keys:
                rows = list(zip215_grid(path, content, rule))
            elif {"pub_key", "signature", "message"} <= keys and len(content) == len(SPECCHECK[rule]):
                rows = list(speccheck(path, content, rule))
            elif {"key", "sig", "msg", "flags"} <= keys:
                rows = list(cctv(path, content, rule))
            elif {"publicKey", "signature", "message"} <= keys:
                rows = list(rfc_examples(path, content))
        if rows:
            found[str(path.relative_to(folder))] = rows
    for path in files(folder, "sign.input", "TESTVECTORS"):
        found[str(path.relative_to(folder))] = list(sign_input(path))
    return found


def stated_by_rfc(source: str) -> bool:
    """Whether a file's verdicts are those of RFC 8032, so that ZIP-215 may differ where an encoding is not
    canonical."""
    return source.startswith("wycheproof") or "SigVer" in source
