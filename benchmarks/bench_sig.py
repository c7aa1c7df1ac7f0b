"""Signatures, n at a time: `sig::verify/scheme=... n=...`, and the neighbours' loops over the same rows."""

from __future__ import annotations

from typing import Any

import cases
import neighbours
import pytest

import isthmus

pytest.importorskip("coincurve")
pytest.importorskip("nacl")

SIZES = (1, 8, 64, 1024)
MAKERS = {
    "ed25519-zip215": lambda n: cases.ed25519(n, n),
    "ed25519-rfc8032": lambda n: cases.ed25519(n, n),
    "secp256k1-ecdsa": cases.ecdsa_compact,
    "secp256k1-bip340": cases.schnorr,
}


@pytest.mark.parametrize("n", SIZES)
@pytest.mark.parametrize("scheme", MAKERS)
def test_verify(benchmark: Any, engine: isthmus.Engine, scheme: str, n: int) -> None:
    benchmark.name = f"sig::verify/scheme={scheme} n={n}"
    columns = MAKERS[scheme](n)
    assert benchmark(engine.verify, scheme, *columns).all()


@pytest.mark.parametrize("name", neighbours.ed25519())
def test_ed25519_neighbour(benchmark: Any, name: str) -> None:
    benchmark.name = f"sig::verify/neighbour={name} scheme=ed25519 n=64"
    assert benchmark(neighbours.ed25519()[name], cases.ed25519(64, 64)) == 64


@pytest.mark.parametrize("name", neighbours.ecdsa())
def test_ecdsa_neighbour(benchmark: Any, name: str) -> None:
    benchmark.name = f"sig::verify/neighbour={name} scheme=secp256k1-ecdsa n=64"
    assert benchmark(neighbours.ecdsa()[name], cases.ecdsa(64)) == 64


@pytest.mark.parametrize("name", neighbours.schnorr())
def test_schnorr_neighbour(benchmark: Any, name: str) -> None:
    benchmark.name = f"sig::verify/neighbour={name} scheme=secp256k1-bip340 n=64"
    assert benchmark(neighbours.schnorr()[name], cases.schnorr(64)) == 64
