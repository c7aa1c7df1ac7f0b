"""Signers: who holds a secret key, behind one small interface.

isthmus verifies; it signs only where a node takes part in a consensus. Whatever has ``scheme``, ``public_key`` and
``sign`` is a :class:`Signer`: the classes here, which keep their secret in this process, and yours, which asks a
hardware module or a service. Each class signs with code whose authors keep it constant time:

* :class:`Secp256k1Signer`, :class:`Bip340Signer`: libsecp256k1, through coincurve
* :class:`Ed25519Signer`, :class:`P256Signer`: OpenSSL, through cryptography
* :class:`Sm2Signer`: isthmus itself, because no well-kept Python library signs with SM2

The libraries come with ``pip install 'isthmus[sign]'``; without them the constructor raises ``ImportError``. SM2 needs
none. A signer's text never shows the secret, and signers cannot be pickled or copied. The ``bytes`` that you hand over
stay yours: Python cannot wipe them. SECURITY.md says what is constant time and what is wiped.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final, Literal, NoReturn, Protocol, Self, TypeVar, runtime_checkable

from isthmus import _native
from isthmus.batch import hash_many
from isthmus.forms import DEFAULT_ID

_SECRET_LEN: Final = 32
_DIGEST_LEN: Final = 32
_P256_ORDER: Final = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
_Made = TypeVar("_Made")


@runtime_checkable
class Signer(Protocol):
    """Signs messages under one key and one scheme.

    ``scheme``      a name of :func:`isthmus.schemes`
    ``public_key``  the key that :func:`isthmus.verify` takes under that scheme
    ``sign``        64 bytes that it accepts for the message; what it takes as the message is the scheme's: ECDSA
                    verifies digests, so a signer says how it makes them (its attribute ``hash``)
    """

    @property
    def scheme(self) -> str:
        """A name of :func:`isthmus.schemes`."""

    @property
    def public_key(self) -> bytes:
        """The key in the scheme's encoding."""

    def sign(self, message: bytes, /) -> bytes:
        """A signature of 64 bytes."""


class _Held:
    """What the signers here share: a public key that may be shown and a secret that may not leave."""

    __slots__ = ("_public_key", "_scheme")
    _public_key: bytes
    _scheme: str

    @property
    def scheme(self) -> str:
        """A name of :func:`isthmus.schemes`."""
        return self._scheme

    @property
    def public_key(self) -> bytes:
        """The key in the scheme's encoding."""
        return self._public_key

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self._scheme} {self._public_key.hex()}>"

    def __reduce_ex__(self, _: Any) -> NoReturn:
        raise TypeError(f"a {type(self).__name__} holds a secret: it cannot be pickled or copied")


class Secp256k1Signer(_Held):
    """ECDSA over secp256k1: low s, RFC 6979 nonces, a compressed key of 33 bytes.

    ``secret``  32 bytes, a number from 1 to n - 1, big-endian
    ``hash``    the function of :func:`isthmus.hashes` that makes the digest of a message; ``None`` when messages are
                digests of 32 bytes already

    ``ValueError`` for a secret or a hash that is none, ``ImportError`` without the extra ``sign``. Verify with
    ``isthmus.verify(signer.scheme, keys, messages, signatures, hash=signer.hash)``.
    """

    __slots__ = ("_hash", "_key")

    def __init__(self, secret: bytes, *, hash: str | None = "sha256") -> None:
        self._hash = _checked_hash(hash)
        self._scheme = "secp256k1-ecdsa"
        held = _checked_secret(secret)
        with _needs("coincurve"):
            from coincurve import PrivateKey
        self._key = PrivateKey(held)
        self._public_key = self._key.public_key.format(compressed=True)

    @classmethod
    def generate(cls, *, hash: str | None = "sha256") -> Self:
        """A signer with a fresh secret of the operating system's randomness."""
        return _fresh(lambda secret: cls(secret, hash=hash))

    @property
    def hash(self) -> str | None:
        """How a message becomes the digest that is signed; ``None``: it is the digest."""
        return self._hash

    def sign(self, message: bytes, /) -> bytes:
        """r || s (64 bytes), the same for the same message."""
        return self._key.sign_recoverable(_digest(self._hash, message), hasher=None)[:64]


class Bip340Signer(_Held):
    """BIP340 Schnorr signatures over secp256k1: an x-only key of 32 bytes, messages of exactly 32 bytes.

    ``secret`` is 32 bytes, a number from 1 to n - 1, big-endian. A protocol's message is longer than 32 bytes: hash it
    first, with a tag of the protocol's own (BIP340, "Tagged Hashes").
    """

    __slots__ = ("_key",)

    def __init__(self, secret: bytes) -> None:
        self._scheme = "secp256k1-bip340"
        held = _checked_secret(secret)
        with _needs("coincurve"):
            from coincurve import PrivateKey
        self._key = PrivateKey(held)
        self._public_key = self._key.public_key_xonly.format()

    @classmethod
    def generate(cls) -> Self:
        """A signer with a fresh secret of the operating system's randomness."""
        return _fresh(cls)

    def sign(self, message: bytes, /) -> bytes:
        """64 bytes; other ones each time, because the nonce takes in 32 bytes of auxiliary randomness."""
        return self._key.sign_schnorr(_digest(None, message), secrets.token_bytes(32))


class Ed25519Signer(_Held):
    """Ed25519 (RFC 8032): every secret of 32 bytes is one, messages have any length, signatures are deterministic.

    ``scheme``  under which name signatures are to be verified; they are the same and both accept them

    >>> import isthmus
    >>> from isthmus.signing import Ed25519Signer
    >>> signer = Ed25519Signer.generate()
    >>> isthmus.verify(signer.scheme, [signer.public_key], [b"a vote"], [signer.sign(b"a vote")]).tolist()
    [True]
    """

    __slots__ = ("_key",)

    def __init__(
        self, secret: bytes, *, scheme: Literal["ed25519-zip215", "ed25519-rfc8032"] = "ed25519-zip215"
    ) -> None:
        if scheme not in ("ed25519-zip215", "ed25519-rfc8032"):
            raise ValueError(f"scheme: expected ed25519-zip215 or ed25519-rfc8032, got {scheme!r}")
        self._scheme = scheme
        held = _checked_secret(secret)
        with _needs("cryptography"):
            from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
        self._key = Ed25519PrivateKey.from_private_bytes(held)
        self._public_key = self._key.public_key().public_bytes_raw()

    @classmethod
    def generate(cls, *, scheme: Literal["ed25519-zip215", "ed25519-rfc8032"] = "ed25519-zip215") -> Self:
        """A signer with a fresh secret of the operating system's randomness."""
        return _fresh(lambda secret: cls(secret, scheme=scheme))

    def sign(self, message: bytes, /) -> bytes:
        """R || S (64 bytes), the same for the same message."""
        return self._key.sign(_checked_bytes(message, "message"))


class P256Signer(_Held):
    """ECDSA over P-256 (FIPS 186-5): low s, a compressed key of 33 bytes.

    ``secret``  32 bytes, a number from 1 to n - 1, big-endian
    ``hash``    the function of :func:`isthmus.hashes` that makes the digest of a message; ``None`` when messages are
                digests of 32 bytes already

    s is the lower of s and n - s, which every verifier takes and some demand.

    >>> import isthmus
    >>> from isthmus.signing import P256Signer
    >>> signer = P256Signer.generate()
    >>> sig = signer.sign(b"a vote")
    >>> isthmus.verify(signer.scheme, [signer.public_key], [b"a vote"], [sig], hash=signer.hash).tolist()
    [True]
    """

    __slots__ = ("_algorithm", "_hash", "_key", "_numbers_of")

    def __init__(self, secret: bytes, *, hash: str | None = "sha256") -> None:
        self._hash = _checked_hash(hash)
        self._scheme = "p256-ecdsa"
        held = _checked_secret(secret)
        with _needs("cryptography"):
            from cryptography.hazmat.primitives import hashes, serialization
            from cryptography.hazmat.primitives.asymmetric import ec, utils
        self._key = ec.derive_private_key(int.from_bytes(held, "big"), ec.SECP256R1())
        # The name of a hash of 32 bytes, not its computation: the digest is ours.
        self._algorithm = ec.ECDSA(utils.Prehashed(hashes.SHA256()))
        self._numbers_of = utils.decode_dss_signature
        self._public_key = self._key.public_key().public_bytes(
            serialization.Encoding.X962, serialization.PublicFormat.CompressedPoint
        )

    @classmethod
    def generate(cls, *, hash: str | None = "sha256") -> Self:
        """A signer with a fresh secret of the operating system's randomness."""
        return _fresh(lambda secret: cls(secret, hash=hash))

    @property
    def hash(self) -> str | None:
        """How a message becomes the digest that is signed; ``None``: it is the digest."""
        return self._hash

    def sign(self, message: bytes, /) -> bytes:
        """r || s (64 bytes); other ones each time, because the nonce is random."""
        r, s = self._numbers_of(self._key.sign(_digest(self._hash, message), self._algorithm))
        low = min(s, _P256_ORDER - s)
        return r.to_bytes(32, "big") + low.to_bytes(32, "big")


class Sm2Signer(_Held):
    """SM2 with SM3 (GB/T 32918.2): an uncompressed key of 65 bytes, messages of any length.

    ``secret``     32 bytes, a number from 1 to n - 2, big-endian
    ``signer_id``  the identity that Z takes in, at most 8,191 bytes; verifiers must use the same. The default is the
                   one of GM/T 0009

    The secret is kept in memory of its own until :meth:`wipe`, or until the signer is freed. To have none left
    elsewhere, pass a ``bytearray`` and overwrite it afterwards. Signing is constant time, and its nonce is a function
    of the secret, the message and 32 bytes of the operating system's randomness.

    >>> import isthmus
    >>> from isthmus.signing import Sm2Signer
    >>> signer = Sm2Signer.generate()
    >>> isthmus.verify(signer.scheme, [signer.public_key], [b"a vote"], [signer.sign(b"a vote")]).tolist()
    [True]
    """

    __slots__ = ("_secret", "_signer_id")

    def __init__(self, secret: bytes | bytearray | memoryview, *, signer_id: bytes = DEFAULT_ID) -> None:
        self._scheme = "sm2-sm3"
        self._signer_id = _checked_bytes(signer_id, "signer_id")
        _require_bytes(secret, "secret")
        self._secret = bytearray(secret)
        self._public_key = _native.sm2_public_key(self._secret)
        _native.sm2_digest(self._public_key, self._signer_id, b"")  # refuses an identity that is too long

    @classmethod
    def generate(cls, *, signer_id: bytes = DEFAULT_ID) -> Self:
        """A signer with a fresh secret of the operating system's randomness."""
        return _fresh(lambda secret: cls(secret, signer_id=signer_id))

    @property
    def signer_id(self) -> bytes:
        """The identity that is signed together with every message."""
        return self._signer_id

    def sign(self, message: bytes, /) -> bytes:
        """r || s (64 bytes); other ones each time. ``ValueError`` after :meth:`wipe`."""
        if not self._secret:
            raise ValueError("the secret was wiped")
        digest = _native.sm2_digest(self._public_key, self._signer_id, _checked_bytes(message, "message"))
        return _native.sm2_sign(self._secret, digest, secrets.token_bytes(32))

    def wipe(self) -> None:
        """Overwrites the secret; the signer signs no more. Copies that you or Python made are not reached."""
        for i in range(len(self._secret)):
            self._secret[i] = 0
        self._secret = bytearray()

    def __del__(self) -> None:
        if hasattr(self, "_secret"):  # not where the constructor refused its arguments
            self.wipe()


@contextmanager
def _needs(package: str) -> Iterator[None]:
    """Around imports of the extra ``sign``: the ``ImportError`` says how to get it."""
    try:
        yield
    except ImportError as error:
        raise ImportError(
            f"signing with this key needs {package}: pip install 'isthmus[sign]' (where that leaves coincurve out, on "
            f"Python 3.14 and newer: pip install coincurve, which compiles libsecp256k1)",
            name=package,
        ) from error


def _fresh(make: Callable[[bytes], _Made]) -> _Made:
    """A signer with a fresh secret. One secret in 2^32 is above P-256's and SM2's order and drawn again."""
    for _ in range(8):
        try:
            return make(secrets.token_bytes(_SECRET_LEN))
        except ValueError as error:
            refused = error
    raise refused


def _require_bytes(value: object, name: str) -> None:
    """``TypeError`` for what is no bytes; an int among it, of which ``bytes`` would make zeros."""
    if not isinstance(value, bytes | bytearray | memoryview):
        raise TypeError(f"{name}: expected bytes-like, got {type(value).__name__}")


def _checked_bytes(value: bytes, name: str) -> bytes:
    """The value as bytes of its own."""
    _require_bytes(value, name)
    return bytes(value)


def _checked_secret(secret: bytes) -> bytes:
    held = _checked_bytes(secret, "secret")
    if len(held) != _SECRET_LEN:
        raise ValueError(f"secret: expected {_SECRET_LEN} bytes, got {len(held)}")
    return held


def _checked_hash(name: str | None) -> str | None:
    if name is not None and (width := hash_many(name, [b""], threads=1).shape[1]) != _DIGEST_LEN:
        raise ValueError(f"hash: expected one of {_DIGEST_LEN} bytes, {name} has {width}")
    return name


def _digest(name: str | None, message: bytes) -> bytes:
    body = _checked_bytes(message, "message")
    if name is not None:
        digest: bytes = hash_many(name, [body], threads=1)[0].tobytes()
        return digest
    if len(body) != _DIGEST_LEN:
        raise ValueError(f"message: expected a digest of {_DIGEST_LEN} bytes, got {len(body)}")
    return body
