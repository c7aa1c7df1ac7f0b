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
    "p256-ecdsa": lambda n: cases.p256(n, n),
    "sm2-sm3": lambda n: cases.sm2(n, n),
}
OPTIONS: dict[str, dict[str, Any]] = {"p256-ecdsa": {"encoding": "der"}, "sm2-sm3": {"encoding": "der"}}


@pytest.mark.parametrize("n", SIZES)
@pytest.mark.parametrize("scheme", MAKERS)
def test_verify(benchmark: Any, engine: isthmus.Engine, scheme: str, n: int) -> None:
    benchmark.name = f"sig::verify/scheme={scheme} n={n}"
    columns = MAKERS[scheme](n)
    assert benchmark(engine.verify, scheme, *columns, **OPTIONS.get(scheme, {})).all()


@pytest.mark.parametrize("name", neighbours.ed25519())
def test_ed25519_neighbour(benchmark: Any, name: str) -> None:
    benchmark.name = f"sig::verify/neighbour={name} scheme=ed25519 n=64"
    assert benchmark(neighbours.ed25519()[name], cases.ed25519(64, 64)) == 64


@pytest.mark.parametrize("name", neighbours.ecdsa())
def test_ecdsa_neighbour(benchmark: Any, name: str) -> None:
    benchmark.name = f"sig::verify/neighbour={name} scheme=secp256k1-ecdsa n=64"
    assert benchmark(neighbours.ecdsa()[name], cases.ecdsa(64, 64)) == 64


@pytest.mark.parametrize("name", neighbours.schnorr())
def test_schnorr_neighbour(benchmark: Any, name: str) -> None:
    benchmark.name = f"sig::verify/neighbour={name} scheme=secp256k1-bip340 n=64"
    assert benchmark(neighbours.schnorr()[name], cases.schnorr(64)) == 64


@pytest.mark.parametrize("scheme", ["p256-ecdsa", "sm2-sm3"])
def test_known_signers(benchmark: Any, engine: isthmus.Engine, scheme: str) -> None:
    benchmark.name = f"sig::verify/scheme={scheme} n=1024 signers=50"
    columns = {"p256-ecdsa": cases.p256, "sm2-sm3": cases.sm2}[scheme](1024, 50)
    for _ in range(5):
        engine.verify(scheme, *columns, **OPTIONS[scheme])
    assert benchmark(engine.verify, scheme, *columns, **OPTIONS[scheme]).all()


def test_recover(benchmark: Any, engine: isthmus.Engine) -> None:
    benchmark.name = "sig::recover/curve=secp256k1 n=1024"
    _, digests, signatures = cases.recoverable(1024)
    assert benchmark(engine.recover, "secp256k1", digests, signatures)[1].all()


@pytest.mark.parametrize("name", neighbours.p256())
def test_p256_neighbour(benchmark: Any, name: str) -> None:
    benchmark.name = f"sig::verify/neighbour={name} scheme=p256-ecdsa n=64"
    assert benchmark(neighbours.p256()[name], cases.p256(64, 64)) == 64


@pytest.mark.parametrize("name", neighbours.sm2())
def test_sm2_neighbour(benchmark: Any, name: str) -> None:
    benchmark.name = f"sig::verify/neighbour={name} scheme=sm2-sm3 n=64"
    assert benchmark(neighbours.sm2()[name], cases.sm2(64, 64)) == 64
