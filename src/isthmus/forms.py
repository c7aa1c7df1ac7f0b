"""What each signature scheme takes: lengths of keys and signatures, and the options of ``verify``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal, NamedTuple, TypeAlias, TypedDict

import numpy as np

from isthmus import _native
from isthmus.columns import Buffer

Encoding: TypeAlias = Literal["compact", "der", "der-lax"]

DEFAULT_ID: Final = b"1234567812345678"
"""The identity of an SM2 signer who has stated none (GM/T 0009)."""
ID_MAX: Final = 8191
"""Bytes of the longest identity: its length in bits fills the two bytes that Z has for it."""
GIVEN: Final = "none"
"""``hash``: what stands in the column of messages is the digest already."""

LOW_S: Final = 1  # kSigLowS and kSigPrehashed of ext/base/ids.hpp
PREHASHED: Final = 4


class VerifyOptions(TypedDict, total=False):
    """The keywords of :func:`isthmus.verify` that say how rows are to be read."""

    encoding: Encoding
    low_s: bool
    hash: str | None
    signer_id: Buffer


class Form(NamedTuple):
    """The bytes of one scheme, and which options it has."""

    keys: tuple[int, ...]
    """lengths of a key; the first is the usual one"""
    sig: int
    """length of a compact signature"""
    encodings: tuple[str, ...] = ("compact",)
    low_s: bool = False
    hash: bool = False
    signer_id: bool = False


_DER: Final = ("compact", "der")

FORMS: Final = {
    "ed25519-zip215": Form((32,), 64),
    "ed25519-rfc8032": Form((32,), 64),
    "secp256k1-ecdsa": Form((33, 65), 64, (*_DER, "der-lax"), low_s=True, hash=True),
    "secp256k1-bip340": Form((32,), 64),
    "secp256k1-taproot-tweak": Form((32,), 33),
    "p256-ecdsa": Form((33, 65), 64, _DER, low_s=True, hash=True),
    "p384-ecdsa": Form((49, 97), 96, _DER, low_s=True, hash=True),
    "sm2-sm3": Form((65, 33, 64), 64, _DER, hash=True, signer_id=True),
}


@dataclass(frozen=True, slots=True)
class Options:
    """How the rows of one call are read, checked against the scheme; equal options may share a native call."""

    encoding: Encoding = "compact"
    flags: int = 0
    """flags of a row, as ext/base/ids.hpp numbers them"""
    hash: str | None = None
    """the function that messages go through before the scheme sees them"""
    signer_id: bytes = DEFAULT_ID


_USUAL: Final = Options()


def known(name: object, what: str, names: list[str]) -> str:
    """``name`` when it is one of ``names``; ``TypeError`` or ``ValueError`` that names ``what`` else."""
    if not isinstance(name, str):
        raise TypeError(f"{what}: expected a str, got {type(name).__name__}")
    if name not in names:
        raise ValueError(f"{what}: {name!r} is none of {', '.join(names)}")
    return name


def known_hash(name: str | None) -> str | None:
    """The function that turns messages into digests; None when they are digests."""
    return None if name is None or name == GIVEN else known(name, "hash", _native.hashes())


def known_flag(value: object, name: str) -> bool:
    """``value`` when it is a bool; ``TypeError`` else."""
    if not isinstance(value, (bool, np.bool_)):
        raise TypeError(f"{name}: expected a bool, got {type(value).__name__}")
    return bool(value)


def checked(
    scheme: str,
    *,
    encoding: Encoding = "compact",
    low_s: bool = False,
    hash: str | None = None,
    signer_id: Buffer = DEFAULT_ID,
) -> Options:
    """The options of a call; ``ValueError`` names the one that the scheme does not have."""
    if (
        encoding == "compact"
        and low_s is False
        and hash is None
        and signer_id is DEFAULT_ID
        and type(scheme) is str
        and scheme in FORMS
    ):
        return _USUAL  # the usual call, which may be for one signature only
    form = FORMS[known(scheme, "scheme", _native.schemes())]
    if encoding not in form.encodings:
        raise ValueError(f"encoding: {scheme} takes {' or '.join(map(repr, form.encodings))}, got {encoding!r}")
    wants_low = known_flag(low_s, "low_s")
    if wants_low and not form.low_s:
        raise ValueError(f"low_s: {scheme} has no such option")
    if hash is not None and not form.hash:
        raise ValueError(f"hash: {scheme} has no such option")
    identity = _identity(signer_id)
    if identity != DEFAULT_ID and not form.signer_id:
        raise ValueError(f"signer_id: {scheme} has no such option")
    if not form.signer_id:
        return Options(encoding, LOW_S if wants_low else 0, known_hash(hash))
    if hash not in (None, GIVEN):
        raise ValueError(f"hash: {scheme} hashes messages by itself, or takes e with {GIVEN!r}; got {hash!r}")
    if hash == GIVEN and identity != DEFAULT_ID:
        raise ValueError(f"signer_id: with hash={GIVEN!r} messages are e, which an identity has gone into already")
    return Options(encoding, PREHASHED if hash == GIVEN else 0, None, identity)


def _identity(signer_id: object) -> bytes:
    if not isinstance(signer_id, Buffer):
        raise TypeError(f"signer_id: expected bytes, got {type(signer_id).__name__}")
    identity = bytes(signer_id)
    if len(identity) > ID_MAX:
        raise ValueError(f"signer_id: expected at most {ID_MAX} bytes, got {len(identity)}")
    return identity
