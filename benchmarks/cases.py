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
def ecdsa(count: int, signers: int, seed: int = SEED) -> Columns:
    """`count` DER signatures with low s by `signers` keys over digests."""
    from coincurve import PrivateKey

    rng = random.Random(seed)
    keys = [PrivateKey(rng.randbytes(32)) for _ in range(signers)]
    rows = []
    for number in range(count):
        key, digest = keys[number % signers], rng.randbytes(32)
        rows.append((key.public_key.format(), digest, key.sign(digest, hasher=None)))
    return _columns(rows)


@cache
def ecdsa_compact(count: int, signers: int | None = None, seed: int = SEED) -> Columns:
    """The same signatures as r || s, by as many keys unless `signers` says otherwise."""
    keys, digests, signatures = ecdsa(count, signers or count, seed)
    return keys, digests, [_compact(signature) for signature in signatures]


@cache
def p256(count: int, signers: int, seed: int = SEED) -> Columns:
    """`count` DER signatures over P-256 by `signers` uncompressed keys over digests."""
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec, utils

    rng = random.Random(seed)
    secrets = [ec.derive_private_key(rng.getrandbits(255) + 1, ec.SECP256R1()) for _ in range(signers)]
    form = (serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint)
    keys = [secret.public_key().public_bytes(*form) for secret in secrets]
    rule = ec.ECDSA(utils.Prehashed(hashes.SHA256()))
    rows = []
    for number in range(count):
        digest = rng.randbytes(32)
        rows.append((keys[number % signers], digest, secrets[number % signers].sign(digest, rule)))
    return _columns(rows)


@cache
def sm2(count: int, signers: int, seed: int = SEED) -> Columns:
    """`count` DER signatures by `signers` uncompressed keys with the default identity over 120-byte messages."""
    from isthmus.signing import Sm2Signer

    rng = random.Random(seed)
    keys = [Sm2Signer(rng.randbytes(31).rjust(32, b"\0")) for _ in range(signers)]
    rows = []
    for number in range(count):
        key, message = keys[number % signers], rng.randbytes(120)
        rows.append((key.public_key, message, _der(key.sign(message))))
    return _columns(rows)


@cache
def recoverable(count: int, seed: int = SEED) -> Columns:
    """`count` digests with signatures r || s || v; the first column is the key that must come out."""
    from coincurve import PrivateKey

    rng = random.Random(seed)
    rows = []
    for _ in range(count):
        key, digest = PrivateKey(rng.randbytes(32)), rng.randbytes(32)
        signature = key.sign_recoverable(digest, hasher=None)
        rows.append((key.public_key.format(compressed=False), digest, signature))
    return _columns(rows)


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


def _der(compact: bytes) -> bytes:
    parts = []
    for half in (compact[:32], compact[32:]):
        value = half.lstrip(b"\0") or b"\0"
        value = b"\0" + value if value[0] & 0x80 else value
        parts.append(b"\x02" + bytes([len(value)]) + value)
    body = b"".join(parts)
    return b"\x30" + bytes([len(body)]) + body


def _compact(der: bytes) -> bytes:
    r_len = der[3]
    r, s = der[4 : 4 + r_len], der[6 + r_len :]
    return b"".join(int.from_bytes(part, "big").to_bytes(32, "big") for part in (r, s))
