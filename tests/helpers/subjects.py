"""The two things that every vector is run through: the native core and the slow oracle.

A subject answers rows of one scheme. Both see the same bytes, and the oracle shares no code with the core.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

from vectors.rows import SigRow

Subject = Callable[[str, Sequence[SigRow], str, bool], list[bool]]


def native(scheme: str, rows: Sequence[SigRow], encoding: str = "compact", low_s: bool = False) -> list[bool]:
    """One call of isthmus.verify for all rows."""
    import isthmus

    columns = [row.key for row in rows], [row.message for row in rows], [row.signature for row in rows]
    if scheme != "secp256k1-ecdsa":
        return [bool(answer) for answer in isthmus.verify(scheme, *columns)]
    options: Any = {"encoding": encoding, "low_s": low_s, "digest_len": None}
    answers = isthmus.verify(scheme, *columns, **options)
    return [bool(answer) for answer in answers]


def _ecdsa(row: SigRow, encoding: str, low_s: bool) -> bool:
    from isthmus.reference import secp256k1

    signature: bytes | None = row.signature
    if encoding == "der":
        signature = secp256k1.parse_der_strict(row.signature)
    elif encoding == "der-lax":
        signature = secp256k1.parse_der_lax(row.signature)
    return signature is not None and secp256k1.verify_ecdsa(row.key, signature, row.message, low_s=low_s)


def _taproot_tweak(row: SigRow) -> bool:
    """BIP341: x(lift_x(internal key) + t G) and its parity, t below the group order."""
    from isthmus.reference import secp256k1

    tweak = int.from_bytes(row.message, "big")
    if len(row.key) != 32 or len(row.signature) != 33 or len(row.message) != 32 or tweak >= secp256k1.N:
        return False
    internal = secp256k1.lift_x(int.from_bytes(row.signature[1:], "big"), odd=False)
    if internal is None:
        return False
    output = secp256k1.add(internal, secp256k1.multiply(tweak, secp256k1.G))
    return output is not None and (output.x.to_bytes(32, "big"), output.y & 1) == (row.key, row.signature[0])


def oracle(scheme: str, rows: Sequence[SigRow], encoding: str = "compact", low_s: bool = False) -> list[bool]:
    """The reference implementation, row by row."""
    from isthmus.reference import ed25519, secp256k1

    answers: dict[str, Callable[[SigRow], bool]] = {
        "ed25519-zip215": lambda row: ed25519.verify_zip215(row.key, row.signature, row.message),
        "ed25519-rfc8032": lambda row: ed25519.verify_rfc8032(row.key, row.signature, row.message),
        "secp256k1-ecdsa": lambda row: _ecdsa(row, encoding, low_s),
        "secp256k1-bip340": lambda row: secp256k1.verify_bip340(row.key, row.signature, row.message),
        "secp256k1-taproot-tweak": _taproot_tweak,
    }
    return [answers[scheme](row) for row in rows]


SUBJECTS: Final[dict[str, Subject]] = {"native": native, "reference": oracle}
