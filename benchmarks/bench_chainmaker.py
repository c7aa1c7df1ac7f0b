"""ChainMaker blocks of 10,000 transactions on one thread: `chain::chainmaker/...`.

Clients are 50 certificates, validators 7. The neighbour does part of the work: the hashes by hashlib (leaves, read and
write sets, payloads) and, for P-256, one signature for each transaction by the package cryptography with parsed keys.
It parses nothing, looks at no certificate, builds no tree; for SM2 it does the hashes alone: cryptography has no SM2.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import cache
from typing import Any

import pytest

import isthmus
from isthmus.synthetic.chainmaker import Curve, Draft, Network, point_of

COUNT = 10_000
CASES: tuple[tuple[str, Curve, str], ...] = (("sm2", "SM2", "SM3"), ("p256", "P256", "SHA256"))


@cache
def made(curve: Curve, hash: str) -> tuple[Network, Draft, bytes]:
    """A network, a block of it, and the block's bytes."""
    network = Network(organisations=7, curve=curve, hash=hash, clients=50)
    draft = network.draft(5, COUNT)
    return network, draft, draft.seal()


@pytest.mark.parametrize(("name", "curve", "hash"), CASES, ids=[case[0] for case in CASES])
def test_check(benchmark: Any, engine: isthmus.Engine, name: str, curve: Curve, hash: str) -> None:
    network, _, raw = made(curve, hash)
    anchor = bytes(network.anchor())
    benchmark.name = f"chain::chainmaker/{name}/isthmus"
    benchmark.extra_info["transactions"] = COUNT
    assert benchmark(engine.check, "chainmaker-block", raw, anchor).ok


@pytest.mark.parametrize(("name", "curve", "hash"), CASES, ids=[case[0] for case in CASES])
def test_neighbour(benchmark: Any, name: str, curve: Curve, hash: str) -> None:
    _, draft, _ = made(curve, hash)
    benchmark.name = f"chain::chainmaker/{name}/neighbour"
    benchmark.extra_info["transactions"] = COUNT
    benchmark(neighbour(draft, curve, hash))


def neighbour(draft: Draft, curve: Curve, hash: str) -> Callable[[], None]:
    """The part of a block's work that hashlib and cryptography can do."""
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec

    algorithm = "sm3" if hash == "SM3" else "sha256"
    keys: dict[str, Any] = {}
    rows = []
    for tx in draft.txs:
        assert tx.sender is not None
        if curve == "P256" and tx.sender.certificate not in keys:
            point = point_of(tx.sender.signer)
            keys[tx.sender.certificate] = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point)
        rows.append((tx.raw, tx.rw_set_bytes, tx.payload, keys.get(tx.sender.certificate), tx.sender.sign(tx.payload)))
    scheme = ec.ECDSA(hashes.SHA256())

    def run() -> None:
        for raw, rw_set, payload, key, signature in rows:
            hashlib.new(algorithm, raw).digest()
            hashlib.new(algorithm, rw_set).digest()
            if key is None:
                hashlib.new(algorithm, payload).digest()
            else:
                key.verify(signature, payload, scheme)

    return run
