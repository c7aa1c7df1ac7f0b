"""Signers: what they sign verifies, secrets that are none are refused, and nothing shows the secret.

The known answers of SM2 are computed here from the standards: Python's ``hmac`` and integers for the nonce (RFC 6979),
the oracle for the signature.
"""

from __future__ import annotations

import builtins
import copy
import gc
import hashlib
import hmac
import pickle
import random
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest

import isthmus
from isthmus import _native, signing
from isthmus.reference import sm2
from isthmus.signing import Bip340Signer, Ed25519Signer, P256Signer, Secp256k1Signer, Signer, Sm2Signer

N = sm2.CURVE.n
SECRET = bytes.fromhex("3945208f7b2144b13f36e38ac6d39f95889393692860b51a42fb81ef4df7c5b8")  # GB/T 32918.5, annex A.2
KINDS: dict[str, Callable[[bytes], Signer]] = {
    "secp256k1": Secp256k1Signer,
    "bip340": Bip340Signer,
    "ed25519": Ed25519Signer,
    "p256": P256Signer,
    "sm2": Sm2Signer,
}
PACKAGES = {"secp256k1": "coincurve", "bip340": "coincurve", "ed25519": "cryptography", "p256": "cryptography"}
# The orders of the groups; every 32 bytes are an Ed25519 secret.
ORDERS = {
    "secp256k1": 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141,
    "bip340": 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141,
    "p256": 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551,
    "sm2": N,
}


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    if name in PACKAGES:
        pytest.importorskip(PACKAGES[name])
    return name


def be(number: int) -> bytes:
    return number.to_bytes(32, "big")


def accepted(signer: Signer, messages: list[bytes], signatures: list[bytes]) -> list[bool]:
    name = getattr(signer, "hash", None)
    keys = [signer.public_key] * len(messages)
    said: list[bool] = isthmus.verify(signer.scheme, keys, messages, signatures, hash=name).tolist()
    return said


def messages_for(name: str, count: int, rng: random.Random) -> list[bytes]:
    return [rng.randbytes(32 if name == "bip340" else rng.randrange(200)) for _ in range(count)]


def test_what_is_signed_verifies(kind: str) -> None:
    rng = random.Random(f"signing {kind}")
    for number in range(10):
        signer = KINDS[kind](be(rng.randrange(1, 2**255)))
        assert isinstance(signer, Signer)
        messages = messages_for(kind, 5, rng)
        signatures = [signer.sign(message) for message in messages]
        assert {len(signature) for signature in signatures} == {64}
        assert accepted(signer, messages, signatures) == [True] * 5
        if number == 0:
            bad = [bytes([signature[0] ^ 1]) + signature[1:] for signature in signatures]
            assert accepted(signer, messages, bad) == [False] * 5
            turned = signatures[1:] + signatures[:1]
            assert accepted(signer, messages, turned) == [False] * 5


def test_generated_signers_differ_and_verify(kind: str) -> None:
    made: Any = KINDS[kind]
    first, second = made.generate(), made.generate()
    assert first.public_key != second.public_key
    message = bytes(32)
    assert accepted(first, [message], [first.sign(message)]) == [True]
    assert accepted(second, [message], [first.sign(message)]) == [False]


@pytest.mark.full
def test_a_thousand_sm2_signatures() -> None:
    rng = random.Random(32918)
    signers = [Sm2Signer(be(rng.randrange(1, N - 1))) for _ in range(50)]
    keys, messages, signatures = [], [], []
    for number in range(1000):
        signer = signers[number % len(signers)]
        messages.append(rng.randbytes(rng.randrange(100)))
        signatures.append(signer.sign(messages[-1]))
        keys.append(signer.public_key)
    assert isthmus.verify("sm2-sm3", keys, messages, signatures).sum() == 1000
    # The oracle sees a few of them, signed for itself.
    for key, message, signature in list(zip(keys, messages, signatures, strict=True))[:5]:
        assert sm2.verify(key, signature, message)
        assert not sm2.verify(key, signature, message + b"!")


# ---- SM2 in numbers ----


def nonce(secret: int, digest: bytes, extra: bytes) -> int:
    """RFC 6979, sections 3.2 and 3.6, with the extra bytes and a tag as additional data."""
    data = be(secret) + be(int.from_bytes(digest, "big") % N) + extra + b"SM2-GB/T 32918.2"
    key, v = bytes(32), b"\1" * 32
    for separator in (b"\0", b"\1"):
        key = hmac.digest(key, v + separator + data, "sha256")
        v = hmac.digest(key, v, "sha256")
    while True:
        v = hmac.digest(key, v, "sha256")
        if 1 <= int.from_bytes(v, "big") < N:
            return int.from_bytes(v, "big")
        key = hmac.digest(key, v + b"\0", "sha256")
        v = hmac.digest(key, v, "sha256")


def test_sm2_signs_as_a_second_implementation_does() -> None:
    rng = random.Random(6979)
    cases = [(secret, be(e), extra) for secret in (1, 2, N - 2) for e in (0, N, 2**256 - 1) for extra in (bytes(32),)]
    cases += [(rng.randrange(1, N - 1), rng.randbytes(32), rng.randbytes(32)) for _ in range(30)]
    for secret, digest, extra in cases:
        wanted = sm2.sign_digest(secret, digest, nonce(secret, digest, extra))
        assert _native.sm2_sign(be(secret), digest, extra) == wanted
        assert _native.sm2_public_key(be(secret)) == b"\4" + b"".join(map(be, sm2.CURVE.public_point(secret)))


def test_sm2_known_answer() -> None:
    # e of the standard's example, no randomness: this signature is a fact of the nonce rule above.
    key = _native.sm2_public_key(SECRET)
    digest = _native.sm2_digest(key, b"1234567812345678", b"message digest")
    assert digest.hex() == "f0b43e94ba45accaace692ed534382eb17e6ab5a19ce7b31f4486fdfc0d28640"
    assert _native.sm2_sign(SECRET, digest, bytes(32)).hex() == (
        "1ddf0414475e4d9a42823bf8e4d13e357aa69ea721c17169565d4b2744ae6466"
        "d2767ef497979d181d1547b993dced8e0d99cba03fe3adc8a1e12d2ac830e13d"
    )
    assert _native.sm2_sign(bytearray(SECRET), memoryview(digest), bytes(32)) == _native.sm2_sign(
        SECRET, digest, bytes(32)
    )


def test_sm2_randomness_changes_the_signature() -> None:
    digest = hashlib.sha256(b"m").digest()
    signatures = {_native.sm2_sign(SECRET, digest, be(number)) for number in range(20)}
    assert len(signatures) == 20
    signer = Sm2Signer(SECRET)
    assert len({signer.sign(b"m") for _ in range(20)}) == 20


def test_sm2_digest_takes_in_identity_and_key() -> None:
    for signer_id in (b"", b"ALICE123@YAHOO.COM", b"x" * 8191):
        signer = Sm2Signer(SECRET, signer_id=signer_id)
        assert signer.signer_id == signer_id
        signature = signer.sign(b"m")
        assert sm2.verify(signer.public_key, signature, b"m", signer_id)
        assert not sm2.verify(signer.public_key, signature, b"m")
        columns = [[signer.public_key], [b"m"], [signature]]
        assert isthmus.verify("sm2-sm3", *columns, signer_id=signer_id).all()
        assert not isthmus.verify("sm2-sm3", *columns).any()
    with pytest.raises(ValueError, match="signer_id: expected at most 8191 bytes, got 8192"):
        Sm2Signer(SECRET, signer_id=bytes(8192))
    point = sm2.CURVE.public_point(int.from_bytes(SECRET, "big"))
    key = _native.sm2_public_key(SECRET)
    assert _native.sm2_digest(key, b"", b"abc" * 100) == sm2.message_digest(point, b"abc" * 100, b"")


def test_native_arguments() -> None:
    good = [SECRET, bytes(32), bytes(32)]
    for position, name in enumerate(("secret", "digest", "extra")):
        for length in (0, 31, 33):
            arguments = [*good[:position], b"\x77" * length, *good[position + 1 :]]
            with pytest.raises(ValueError, match=f"{name}: expected 32 bytes, got {length}") as raised:
                _native.sm2_sign(*arguments)
            assert "77" not in str(raised.value)
        arguments = [*good[:position], memoryview(bytes(64))[::2], *good[position + 1 :]]
        with pytest.raises(TypeError, match=f"{name}: expected contiguous bytes"):
            _native.sm2_sign(*arguments)
    with pytest.raises(ValueError, match="key: expected 65 bytes"):
        _native.sm2_digest(bytes(64), b"", b"")


# ---- secrets ----


def test_secrets_that_are_none(kind: str) -> None:
    made: Any = KINDS[kind]
    for length in (0, 31, 33, 64):
        with pytest.raises(ValueError, match=f"secret: expected 32 bytes, got {length}"):
            made(bytes(length))
    for wrong in (5, "x" * 32, None):
        with pytest.raises(TypeError, match="secret: expected bytes-like"):
            made(wrong)
    if kind == "ed25519":
        assert made(bytes(32)).public_key != made(b"\xff" * 32).public_key
        return
    order = ORDERS[kind]
    refused = [0, order, order + 1, 2**256 - 1] + ([order - 1] if kind == "sm2" else [])
    for number in refused:
        with pytest.raises(ValueError) as raised:
            made(be(number))
        assert be(number).hex() not in str(raised.value)
        if number > order:  # libsecp256k1's binding names the order itself
            assert str(number) not in str(raised.value)
    last = order - 2 if kind == "sm2" else order - 1
    for number in (1, last):
        signer = made(be(number))
        assert accepted(signer, [bytes(32)], [signer.sign(bytes(32))]) == [True]


def test_nothing_shows_the_secret(kind: str) -> None:
    secret = bytes.fromhex("1f" * 16 + "2e" * 16)
    signer = KINDS[kind](secret)
    for text in (repr(signer), str(signer), f"{signer}"):
        assert signer.public_key.hex() in text
        assert "1f1f" not in text.replace(signer.public_key.hex(), "")
    for attempt in (pickle.dumps, copy.copy, copy.deepcopy):
        with pytest.raises(TypeError, match="holds a secret"):
            attempt(signer)
    assert not hasattr(signer, "__dict__")


def test_messages_of_a_wrong_type(kind: str) -> None:
    signer = KINDS[kind](SECRET)
    for wrong in (32, "text", None, [1]):
        with pytest.raises(TypeError, match="message: expected bytes-like"):
            signer.sign(wrong)  # type: ignore[arg-type]


def test_public_keys_are_what_the_scheme_takes(kind: str) -> None:
    signer = KINDS[kind](SECRET)
    assert signer.scheme in isthmus.schemes()
    assert len(signer.public_key) == {"secp256k1": 33, "bip340": 32, "ed25519": 32, "p256": 33, "sm2": 65}[kind]
    with pytest.raises(AttributeError):
        signer.public_key = b""  # type: ignore[misc]


def test_sm2_wipes() -> None:
    given = bytearray(SECRET)
    signer = Sm2Signer(bytes(given))
    held = signer._secret
    assert held == given
    signer.wipe()
    assert held == bytes(32)
    with pytest.raises(ValueError, match="the secret was wiped"):
        signer.sign(b"m")
    signer.wipe()
    assert signer.public_key == Sm2Signer(SECRET).public_key
    another = Sm2Signer(given)
    given[0] ^= 1  # what the caller does with its own bytes afterwards is no matter
    assert isthmus.verify("sm2-sm3", another.public_key, b"m", another.sign(b"m")).all()
    held = another._secret
    del another
    gc.collect()
    assert held == bytes(32)


# ---- what a signer says about its messages ----


@pytest.mark.parametrize("made", [Secp256k1Signer, P256Signer])
def test_ecdsa_digests(made: Any) -> None:
    pytest.importorskip("coincurve" if made is Secp256k1Signer else "cryptography")
    message = b"a message"
    digest = hashlib.sha256(message).digest()
    twice = hashlib.sha256(digest).digest()
    others = [(name, isthmus.hash_many(name, [message])[0]) for name in ("sm3", "keccak256", "sha3-256", "blake3")]
    for name, seen in (("sha256", digest), ("sha256d", twice), *others):
        signer = made(SECRET, hash=name)
        assert signer.hash == name
        assert isthmus.verify(signer.scheme, [signer.public_key], [bytes(seen)], [signer.sign(message)]).all()
    plain = made(SECRET, hash=None)
    assert isthmus.verify(plain.scheme, [plain.public_key], [digest], [plain.sign(digest)]).all()
    for length in (0, 31, 33):
        with pytest.raises(ValueError, match=f"message: expected a digest of 32 bytes, got {length}"):
            plain.sign(bytes(length))
    with pytest.raises(ValueError, match="hash: expected one of 32 bytes, sha512 has 64"):
        made(SECRET, hash="sha512")
    with pytest.raises(ValueError, match="md5"):
        made(SECRET, hash="md5")
    with pytest.raises(ValueError):
        made.generate(hash="sha512")


@pytest.mark.parametrize("made", [Secp256k1Signer, P256Signer])
def test_ecdsa_halves_are_low(made: Any) -> None:
    pytest.importorskip("coincurve" if made is Secp256k1Signer else "cryptography")
    order = ORDERS["secp256k1" if made is Secp256k1Signer else "p256"]
    signer = made(SECRET)
    for number in range(60):
        assert 0 < int.from_bytes(signer.sign(be(number))[32:], "big") <= order // 2


def test_bip340_signs_digests_only() -> None:
    pytest.importorskip("coincurve")
    signer = Bip340Signer(SECRET)
    assert signer.sign(bytes(32)) != signer.sign(bytes(32))
    with pytest.raises(ValueError, match="message: expected a digest of 32 bytes, got 3"):
        signer.sign(b"abc")


def test_ed25519_is_rfc8032() -> None:
    pytest.importorskip("cryptography")
    # RFC 8032, section 7.1, test 2.
    secret = bytes.fromhex("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb")
    for scheme in ("ed25519-zip215", "ed25519-rfc8032"):
        signer = Ed25519Signer(secret, scheme=scheme)  # type: ignore[arg-type]
        assert signer.scheme == scheme
        assert signer.public_key.hex() == "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c"
        assert signer.sign(b"\x72").hex() == (
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
            "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
        )
    with pytest.raises(ValueError, match="scheme: expected"):
        Ed25519Signer(secret, scheme="sm2-sm3")  # type: ignore[arg-type]


@pytest.mark.parametrize("name", PACKAGES)
def test_a_missing_library_says_what_to_install(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def without(wanted: str, *rest: Any, **named: Any) -> Any:
        if wanted.partition(".")[0] == PACKAGES[name]:
            raise ImportError(f"No module named {wanted!r}")
        return real(wanted, *rest, **named)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(ImportError, match=r"pip install 'isthmus\[sign\]'") as raised:
        KINDS[name](SECRET)
    assert raised.value.name == PACKAGES[name]


def test_no_library_is_loaded_before_it_is_needed() -> None:
    code = "import sys, isthmus.signing; sys.exit('coincurve' in sys.modules or 'cryptography' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_secret_out_of_range_is_drawn_again(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = [be(0), be(N - 1), SECRET]
    monkeypatch.setattr(signing.secrets, "token_bytes", lambda _: drawn.pop(0))
    assert Sm2Signer.generate().public_key == Sm2Signer(SECRET).public_key
    assert drawn == []
    monkeypatch.setattr(signing.secrets, "token_bytes", lambda _: be(0))
    with pytest.raises(ValueError, match="secret"):
        Sm2Signer.generate()
