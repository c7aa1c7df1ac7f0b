"""The two things that every vector is run through: the native core and the slow oracle.

A subject answers rows of one scheme. Both see the same bytes, and the oracle shares no code with the core.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final, Protocol

from vectors.rows import SigRow


class Subject(Protocol):
    """Answers rows of one scheme; options are those of isthmus.verify."""

    def __call__(self, scheme: str, rows: Sequence[SigRow], **options: Any) -> list[bool]: ...


def native(scheme: str, rows: Sequence[SigRow], **options: Any) -> list[bool]:
    """One call of isthmus.verify for all rows."""
    import isthmus

    columns = [row.key for row in rows], [row.message for row in rows], [row.signature for row in rows]
    return [bool(answer) for answer in isthmus.verify(scheme, *columns, **options)]


def curve_of(scheme: str) -> Any:
    """The oracle's curve under an ECDSA or SM2 scheme."""
    from isthmus.reference import nist, secp256k1, sm2

    return {
        "secp256k1-ecdsa": secp256k1.CURVE,
        "p256-ecdsa": nist.P256,
        "p384-ecdsa": nist.P384,
        "sm2-sm3": sm2.CURVE,
    }[scheme]


def _compact(row: SigRow, encoding: str, width: int) -> bytes | None:
    """r || s as the encoding has it; None where it is none."""
    from isthmus.reference import ecdsa

    if encoding == "compact":
        return row.signature
    return {"der": ecdsa.parse_der_strict, "der-lax": ecdsa.parse_der_lax}[encoding](row.signature, width)


def _ecdsa(
    scheme: str, row: SigRow, *, encoding: str = "compact", low_s: bool = False, hash: str | None = None
) -> bool:
    from isthmus.reference import ecdsa, hashes

    curve = curve_of(scheme)
    signature = _compact(row, encoding, curve.width)
    digest = row.message if hash is None else getattr(hashes, hash)(row.message)
    return signature is not None and ecdsa.verify(curve, row.key, signature, digest, low_s=low_s)


def _sm2(
    row: SigRow, *, encoding: str = "compact", hash: str | None = None, signer_id: bytes = b"1234567812345678"
) -> bool:
    from isthmus.reference import sm2

    signature = _compact(row, encoding, 32)
    if signature is None:
        return False
    if hash == "none":
        return sm2.verify_digest(row.key, signature, row.message)
    return sm2.verify(row.key, signature, row.message, signer_id)


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


def oracle(scheme: str, rows: Sequence[SigRow], **options: Any) -> list[bool]:
    """The reference implementation, row by row."""
    from isthmus.reference import ed25519, secp256k1

    answers: dict[str, Callable[..., bool]] = {
        "ed25519-zip215": lambda row: ed25519.verify_zip215(row.key, row.signature, row.message),
        "ed25519-rfc8032": lambda row: ed25519.verify_rfc8032(row.key, row.signature, row.message),
        "secp256k1-ecdsa": lambda row, **options: _ecdsa(scheme, row, **options),
        "secp256k1-bip340": lambda row: secp256k1.verify_bip340(row.key, row.signature, row.message),
        "secp256k1-taproot-tweak": _taproot_tweak,
        "p256-ecdsa": lambda row, **options: _ecdsa(scheme, row, **options),
        "p384-ecdsa": lambda row, **options: _ecdsa(scheme, row, **options),
        "sm2-sm3": _sm2,
    }
    return [answers[scheme](row, **options) for row in rows]


SUBJECTS: Final[dict[str, Subject]] = {"native": native, "reference": oracle}


Recoverer = Callable[..., list[bytes | None]]


def native_recover(digests: Sequence[bytes], signatures: Sequence[bytes], *, low_s: bool = False) -> list[bytes | None]:
    """One call of isthmus.recover for all rows; None where there is no key."""
    import isthmus

    keys, ok = isthmus.recover("secp256k1", list(digests), list(signatures), low_s=low_s)
    assert not keys[~ok].any(), "a row without a key is zero"
    return [key.tobytes() if found else None for key, found in zip(keys, ok, strict=True)]


def oracle_recover(digests: Sequence[bytes], signatures: Sequence[bytes], *, low_s: bool = False) -> list[bytes | None]:
    """The reference implementation, row by row."""
    from isthmus.reference import secp256k1

    pairs = zip(signatures, digests, strict=True)
    return [secp256k1.recover(signature, digest, low_s=low_s) for signature, digest in pairs]


RECOVERERS: Final[dict[str, Recoverer]] = {"native": native_recover, "reference": oracle_recover}
