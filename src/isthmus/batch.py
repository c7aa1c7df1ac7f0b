"""Batches of signatures, hashes and Merkle leaves, without an engine in hand."""

from __future__ import annotations

import os
from typing import Final

import numpy as np
from numpy.typing import NDArray

from isthmus import _native
from isthmus.columns import Buffer, Rows
from isthmus.engine import Engine, cpu_count
from isthmus.forms import DEFAULT_ID, FORMS, Encoding, known

_engines: Final[dict[int, Engine]] = {}
# a child process starts with fresh engines: a thread that held a lock of an old one does not exist there
os.register_at_fork(after_in_child=_engines.clear)


def shared_engine(threads: int | None = None) -> Engine:
    """The engine that the functions of this package use: one for each number of threads, made on first use."""
    wanted = cpu_count() if threads is None else threads
    engine = _engines.get(wanted) if type(wanted) is int else None  # True and 1.0 would find that of 1
    # two threads may each make one here; setdefault keeps the first, and an engine without work costs nothing
    return engine if engine is not None else _engines.setdefault(wanted, Engine(wanted))


def verify(
    scheme: str,
    keys: Rows,
    messages: Rows,
    signatures: Rows,
    *,
    encoding: Encoding = "compact",
    low_s: bool = False,
    hash: str | None = None,
    signer_id: Buffer = DEFAULT_ID,
    threads: int | None = None,
) -> NDArray[np.bool_]:
    """Which of n signatures verify.

    ``scheme``      a name of :func:`isthmus.schemes`; the acceptance rule is part of the name
                    (docs/acceptance.md)
    ``keys``        n public keys: 32 bytes (Ed25519, BIP340 x-only), SEC1 compressed or uncompressed (ECDSA,
                    SM2), or 64 bytes x || y (SM2)
    ``messages``    n messages; for ECDSA n digests of any length, of which as many leftmost bits count as the
                    group order has, unless ``hash`` is given
    ``signatures``  n signatures of 64 bytes (P-384: 96), or DER with ``encoding``
    ``encoding``    ``compact`` r || s big-endian; ECDSA and SM2: ``der`` strict DER; secp256k1-ecdsa:
                    ``der-lax`` what Bitcoin took before BIP66
    ``low_s``       ECDSA: refuse s above half the group order
    ``hash``        ECDSA: hash each message with this function (:func:`isthmus.hashes`) first; ``none``, as
                    without it, leaves digests as they are. SM2: ``none`` says that each message is e already,
                    the 32 bytes that Z and the message hash to
    ``signer_id``   SM2: the signer's identity, at most 8191 bytes, which goes into Z
    ``threads``     how many threads work; by default one per usable CPU

    Returns a bool array of shape (n,). A malformed key or signature is False in its row and never raises;
    arguments of the wrong type, columns of different lengths, and options that a scheme does not have raise
    ``TypeError`` or ``ValueError`` that name the item. Writable buffers are copied once before work; read-only
    ones are read in place.

    >>> import isthmus
    >>> key = bytes.fromhex("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a")
    >>> sig = bytes.fromhex("e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155"
    ...                     "5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b")
    >>> isthmus.verify("ed25519-rfc8032", [key, key], [b"", b"x"], [sig, sig]).tolist()
    [True, False]
    """
    return shared_engine(threads).verify(
        scheme, keys, messages, signatures, encoding=encoding, low_s=low_s, hash=hash, signer_id=signer_id
    )


def recover(
    curve: str,
    digests: Rows,
    signatures: Rows,
    *,
    hash: str | None = None,
    low_s: bool = False,
    threads: int | None = None,
) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
    """The keys that n ECDSA signatures were made with (SEC 1 section 4.1.6).

    ``curve``       ``secp256k1``
    ``digests``     n digests of any length (the leftmost 256 bits count), or n messages when ``hash`` is given
    ``signatures``  n signatures of 65 bytes r || s || v: bit 0 of v is the parity of R's y, bit 1 says that R's
                    x is r + n; 27 to 30 count as 0 to 3, and no other v is read (take a chain's own number off)
    ``hash``        hash each message with this function (:func:`isthmus.hashes`) first
    ``low_s``       refuse s above half the group order
    ``threads``     how many threads work; by default one per usable CPU

    Returns the keys, a uint8 array of shape (n, 65) of uncompressed SEC1 keys, and a bool array of shape (n,): where
    it is False there is no key, and its row is zero. Every digest and signature has *some* key, so a key that was
    recovered proves nothing until it is compared with the signer's. Raises as :func:`verify` does.

    >>> import isthmus
    >>> digest = bytes.fromhex("ff" * 32)
    >>> sig = bytes.fromhex("e30f2e6a0f705f4fb5f8501ba79c7c0d3fac847f1ad70b873e9797b17b89b390"
    ...                     "81f1a4457589f30d76ab9f89e748a68c8a94c30fe0bac8fb5c0b54ea70bf6d2f" "00")
    >>> keys, ok = isthmus.recover("secp256k1", [digest, digest], [sig, sig[:64]])
    >>> keys[0].tobytes().hex()[:18], ok.tolist()
    ('04f3f8bb913aa68589', [True, False])
    """
    return shared_engine(threads).recover(curve, digests, signatures, hash=hash, low_s=low_s)


def hash_many(
    name: str, messages: Rows, *, threads: int | None = None, out: NDArray[np.uint8] | None = None
) -> NDArray[np.uint8]:
    """Digests of n messages, as a uint8 array of shape (n, digest size).

    ``name`` is one of :func:`isthmus.hashes`. Arrays are read in place, so nobody should write to them during
    the call. ``out`` is where the digests go: a C-contiguous uint8 array of that shape that does not overlap the
    messages.

    >>> import isthmus, numpy as np
    >>> isthmus.hash_many("sha256d", np.zeros((3, 80), dtype=np.uint8)).shape
    (3, 32)
    """
    return shared_engine(threads).hash_many(name, messages, out=out)


def merkle_root(
    rule: str,
    leaves: Rows,
    *,
    hash: str | None = None,
    allow_mutated: bool = False,
    threads: int | None = None,
) -> bytes:
    """Root of the Merkle tree over n leaves, 32 bytes.

    ``rule``           a name of :func:`isthmus.merkle_rules`; docs/merkle.md says what each of them is
    ``leaves``         in order: digests of 32 bytes; data of any length for ``rfc6962`` and ``cometbft``, which hash it
                       with the leaf prefix first. Arrays are read in place
    ``hash``           for ``chainmaker``, ``fisco-v2``, ``fisco-v3`` and ``mmr``: the hash that the chain uses
    ``allow_mutated``  give the root of a mutated tree all the same
    ``threads``        how many threads work; by default one per usable CPU

    Rules that repeat the last node of an odd level (``sha256d-bitcoin``, ``chainmaker``) raise
    :class:`isthmus.MutatedTree` when two equal neighbours are paired: a second list of leaves has the same root, so
    the root alone does not name the leaves. A number of leaves that the rule has no tree of, and leaves of a wrong
    length, are a ``ValueError`` that names the item.

    >>> import isthmus
    >>> isthmus.merkle_root("rfc6962", [b"a", b"b"]).hex()[:16]
    'b137985ff484fb60'
    """
    return shared_engine(threads).merkle_root(rule, leaves, hash=hash, allow_mutated=allow_mutated)


def dtype(scheme: str, *, key: int | None = None, message: int = 32) -> np.dtype[np.void]:
    """Record type of one row (key, sig, msg) with messages of fixed length, for zero-copy batches.

    ``key`` is the length of a key where a scheme has several: 33 by default or 65 for ECDSA (P-384: 49 or 97), 65 by
    default, 33 or 64 for SM2.

    >>> import isthmus, numpy as np
    >>> raw = bytes(2 * isthmus.dtype("ed25519-zip215").itemsize)
    >>> rows = np.frombuffer(raw, dtype=isthmus.dtype("ed25519-zip215"))
    >>> isthmus.verify("ed25519-zip215", rows["key"], rows["msg"], rows["sig"]).shape
    (2,)
    """
    form = FORMS[known(scheme, "scheme", list(FORMS))]
    width = form.keys[0] if key is None else key
    if width not in form.keys:
        raise ValueError(f"key: {scheme} has keys of {' or '.join(map(str, form.keys))} bytes, got {key}")
    if message < 0:
        raise ValueError(f"message: expected a length in bytes, got {message}")
    return np.dtype([("key", np.uint8, (width,)), ("sig", np.uint8, (form.sig,)), ("msg", np.uint8, (message,))])


def schemes() -> tuple[str, ...]:
    """Names of the signature schemes, acceptance rule included.

    >>> import isthmus
    >>> "ed25519-zip215" in isthmus.schemes()
    True
    """
    return tuple(_native.schemes())


def hashes() -> tuple[str, ...]:
    """Names of the hash functions.

    >>> import isthmus
    >>> "sha256d" in isthmus.hashes()
    True
    """
    return tuple(_native.hashes())


def merkle_rules() -> tuple[str, ...]:
    """Names of the Merkle tree rules.

    >>> import isthmus
    >>> "rfc6962" in isthmus.merkle_rules()
    True
    """
    return tuple(_native.merkle_rules())


def formats() -> tuple[str, ...]:
    """Names of the inputs that ``Engine.check`` can judge.

    >>> import isthmus
    >>> "bitcoin-block" in isthmus.formats()
    True
    """
    return tuple(_native.chains())
