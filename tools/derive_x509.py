"""Derive ext/wire/x509_oids.inc (object identifiers) and ext/membership/orders.inc (half orders for low s).

Sources: RFC 5280 (names and extensions), RFC 5480 and RFC 5758 (EC keys, ECDSA), RFC 8410 (Ed25519), GM/T 0006-2012
(SM2). The orders are those of tools/derive_prime_curves.py.

Usage: ``python tools/derive_x509.py`` prints both files; ``--write`` writes them; ``--check`` compares and exits with
status 1 when one differs.
"""

from __future__ import annotations

import sys
from pathlib import Path

from derive_prime_curves import P256, P384

EXT = Path(__file__).resolve().parent.parent / "ext"

OIDS = {
    "EcPublicKey": "1.2.840.10045.2.1",
    "P256": "1.2.840.10045.3.1.7",
    "P384": "1.3.132.0.34",
    "Sm2": "1.2.156.10197.1.301",
    "Sm2Sign": "1.2.156.10197.1.301.1",
    "Ed25519": "1.3.101.112",
    "EcdsaSha1": "1.2.840.10045.4.1",
    "EcdsaSha256": "1.2.840.10045.4.3.2",
    "EcdsaSha384": "1.2.840.10045.4.3.3",
    "EcdsaSha512": "1.2.840.10045.4.3.4",
    "Sm2Sm3": "1.2.156.10197.1.501",
    "Sm2Sha256": "1.2.156.10197.1.503",
    "CommonName": "2.5.4.3",
    "Organization": "2.5.4.10",
    "OrganizationalUnit": "2.5.4.11",
    "SubjectKeyId": "2.5.29.14",
    "KeyUsage": "2.5.29.15",
    "SubjectAltName": "2.5.29.17",
    "BasicConstraints": "2.5.29.19",
    "NameConstraints": "2.5.29.30",
    "CrlDistributionPoints": "2.5.29.31",
    "CertificatePolicies": "2.5.29.32",
    "AuthorityKeyId": "2.5.29.35",
    "ExtendedUsage": "2.5.29.37",
    "UsageAny": "2.5.29.37.0",
    "UsageServer": "1.3.6.1.5.5.7.3.1",
    "UsageClient": "1.3.6.1.5.5.7.3.2",
    "AuthorityInfoAccess": "1.3.6.1.5.5.7.1.1",
}


def oid_bytes(dotted: str) -> bytes:
    """Contents of an OBJECT IDENTIFIER (X.690, section 8.19)."""
    first, second, *rest = (int(arc) for arc in dotted.split("."))
    out = bytearray()
    for arc in (40 * first + second, *rest):
        digits = [arc & 0x7F]
        while arc := arc >> 7:
            digits.append(0x80 | arc & 0x7F)
        out += bytes(reversed(digits))
    return bytes(out)


def array(name: str, value: bytes) -> str:
    """A constant in C++."""
    body = ", ".join(f"0x{byte:02x}" for byte in value)
    line = f"constexpr u8 {name}[] = {{{body}}};"
    if len(line) <= 120:
        return line
    rows = [", ".join(f"0x{byte:02x}" for byte in value[at : at + 16]) for at in range(0, len(value), 16)]
    return f"constexpr u8 {name}[] = {{\n    " + ",\n    ".join(rows) + "};"


HEAD = "// Made by tools/derive_x509.py; do not edit.\n// clang-format off\n"


def oids() -> str:
    """The text of x509_oids.inc."""
    lines = [f"{array(f'kOid{name}', oid_bytes(dotted))}  // {dotted}" for name, dotted in OIDS.items()]
    return HEAD + "\n".join(lines) + "\n// clang-format on\n"


def orders() -> str:
    """The text of orders.inc."""
    parts = []
    for name, curve in (("P256", P256), ("P384", P384)):
        width = (curve.n.bit_length() + 7) // 8
        parts.append(array(f"k{name}Order", curve.n.to_bytes(width, "big")))
        parts.append(array(f"k{name}HalfOrder", (curve.n // 2).to_bytes(width, "big")))
    return HEAD + "\n".join(parts) + "\n// clang-format on\n"


FILES = {EXT / "wire" / "x509_oids.inc": oids, EXT / "membership" / "orders.inc": orders}


def main(arguments: list[str]) -> int:
    """Prints, writes or checks the files."""
    wrong = 0
    for path, make in FILES.items():
        text = make()
        if "--write" in arguments:
            path.write_text(text)
        elif "--check" in arguments:
            same = path.exists() and path.read_text() == text
            wrong += not same
            print(f"{path.name}: {'ok' if same else 'differs'}")
        else:
            print(text)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
