"""The inputs of the benchmarks: signatures made from a seed, leaves, and real blocks when the data folder
is there."""

from __future__ import annotations

import os
import random
from functools import cache
from pathlib import Path
from typing import Final

from neighbours import Columns

SEED: Final = 20240521


@cache
def ed25519(count: int, signers: int, seed: int = SEED) -> Columns:
    """`count` signatures by `signers` keys over messages of 110 to 200 bytes, the size of votes."""
    from nacl.signing import SigningKey

    rng = random.Random(seed)
    keys = [SigningKey(rng.randbytes(32)) for _ in range(signers)]
    rows = []
    for number in range(count):
        key, message = keys[number % signers], rng.randbytes(rng.randrange(110, 200))
        rows.append((bytes(key.verify_key), message, key.sign(message).signature))
    return _columns(rows)


@cache
def ecdsa(count: int, seed: int = SEED) -> Columns:
    """`count` DER signatures with low s by as many keys over digests."""
    from coincurve import PrivateKey

    rng = random.Random(seed)
    rows = []
    for _ in range(count):
        key, digest = PrivateKey(rng.randbytes(32)), rng.randbytes(32)
        rows.append((key.public_key.format(), digest, key.sign(digest, hasher=None)))
    return _columns(rows)


@cache
def ecdsa_compact(count: int, seed: int = SEED) -> Columns:
    """The same signatures as r || s."""
    keys, digests, signatures = ecdsa(count, seed)
    return keys, digests, [_compact(signature) for signature in signatures]


@cache
def schnorr(count: int, seed: int = SEED) -> Columns:
    """`count` BIP340 signatures by as many keys over 32-byte messages."""
    from coincurve import PrivateKey, PublicKeyXOnly

    rng = random.Random(seed)
    rows = []
    for _ in range(count):
        key, message = PrivateKey(rng.randbytes(32)), rng.randbytes(32)
        rows.append((PublicKeyXOnly.from_secret(key.secret).format(), message, key.sign_schnorr(message)))
    return _columns(rows)


@cache
def messages(count: int, length: int, seed: int = SEED) -> list[bytes]:
    """`count` random messages of one length."""
    rng = random.Random(seed)
    return [rng.randbytes(length) for _ in range(count)]


@cache
def mixed_messages(count: int, low: int, high: int, seed: int = SEED) -> list[bytes]:
    """`count` random messages of low..high bytes."""
    rng = random.Random(seed)
    return [rng.randbytes(rng.randint(low, high)) for _ in range(count)]


@cache
def data_folder() -> Path | None:
    """The folder with `blocks/`, or None."""
    named = os.environ.get("ISTHMUS_DATA")
    root = Path(named) if named else Path(__file__).resolve().parents[2] / "shared"
    return root if (root / "blocks").is_dir() else None


def _columns(rows: list[tuple[bytes, bytes, bytes]]) -> Columns:
    keys, said, signatures = zip(*rows, strict=True)
    return list(keys), list(said), list(signatures)


def _compact(der: bytes) -> bytes:
    r_len = der[3]
    r, s = der[4 : 4 + r_len], der[6 + r_len :]
    return b"".join(int.from_bytes(part, "big").to_bytes(32, "big") for part in (r, s))
