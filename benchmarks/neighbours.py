"""The libraries that stand beside isthmus in a measurement, one adapter each, called as their users call
them.

An adapter takes the same columns of bytes as `isthmus.verify` and answers every row; parsing of keys
belongs to the work, as it does for isthmus. A library that is not installed has no adapter.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from typing import TypeAlias

Columns: TypeAlias = tuple[Sequence[bytes], Sequence[bytes], Sequence[bytes]]
Verifier: TypeAlias = Callable[[Columns], int]


def _pynacl() -> Verifier | None:
    try:
        from nacl.exceptions import BadSignatureError
        from nacl.signing import VerifyKey
    except ImportError:
        return None

    def verify(columns: Columns) -> int:
        good = 0
        for key, message, signature in zip(*columns, strict=True):
            try:
                VerifyKey(key).verify(message, signature)
                good += 1
            except BadSignatureError:
                continue
        return good

    return verify


def _cryptography() -> Verifier | None:
    try:
        from cryptography.exceptions import InvalidSignature
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    except ImportError:
        return None

    def verify(columns: Columns) -> int:
        good = 0
        for key, message, signature in zip(*columns, strict=True):
            try:
                Ed25519PublicKey.from_public_bytes(key).verify(signature, message)
                good += 1
            except InvalidSignature:
                continue
        return good

    return verify


def _coincurve_ecdsa() -> Verifier | None:
    try:
        from coincurve import PublicKey
    except ImportError:
        return None

    def verify(columns: Columns) -> int:
        return sum(
            PublicKey(key).verify(signature, digest, hasher=None)
            for key, digest, signature in zip(*columns, strict=True)
        )

    return verify


def _coincurve_schnorr() -> Verifier | None:
    try:
        from coincurve import PublicKeyXOnly
    except ImportError:
        return None

    def verify(columns: Columns) -> int:
        return sum(
            PublicKeyXOnly(key).verify(signature, message) for key, message, signature in zip(*columns, strict=True)
        )

    return verify


def ed25519() -> dict[str, Verifier]:
    """Ed25519 verifiers that are installed."""
    found = {"PyNaCl": _pynacl(), "cryptography": _cryptography()}
    return {name: verifier for name, verifier in found.items() if verifier is not None}


def ecdsa() -> dict[str, Verifier]:
    """ECDSA verifiers that are installed; signatures are strict DER with low s."""
    found = {"coincurve": _coincurve_ecdsa()}
    return {name: verifier for name, verifier in found.items() if verifier is not None}


def schnorr() -> dict[str, Verifier]:
    """BIP340 verifiers that are installed."""
    found = {"coincurve": _coincurve_schnorr()}
    return {name: verifier for name, verifier in found.items() if verifier is not None}


def hash_loop(name: str, messages: Sequence[bytes]) -> list[bytes]:
    """hashlib, one message at a time; `sha256d` is two calls."""
    if name == "sha256d":
        sha256 = hashlib.sha256
        return [sha256(sha256(message).digest()).digest() for message in messages]
    new = getattr(hashlib, name, None)
    if new is None:
        return [hashlib.new(name, message).digest() for message in messages]
    return [new(message).digest() for message in messages]


def merkle_loop(leaves: Sequence[bytes]) -> bytes:
    """Bitcoin's root over 32-byte leaves, with hashlib."""
    sha256 = hashlib.sha256
    level = list(leaves)
    while len(level) > 1:
        if len(level) % 2:
            level.append(level[-1])
        left, right = level[::2], level[1::2]
        level = [sha256(sha256(a + b).digest()).digest() for a, b in zip(left, right, strict=True)]
    return level[0]
