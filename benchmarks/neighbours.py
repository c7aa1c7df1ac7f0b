"""The libraries that stand beside isthmus in a measurement, one adapter each, called as their users call
them.

An adapter takes the same columns of bytes as `isthmus.verify` and answers every row; parsing of keys
belongs to the work, as it does for isthmus. A library that is not installed has no adapter.
"""

from __future__ import annotations

import ctypes
import ctypes.util
import hashlib
from collections.abc import Callable, Sequence
from typing import Final, TypeAlias

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


def _coincurve_recover() -> Verifier | None:
    try:
        from coincurve import PublicKey
    except ImportError:
        return None

    def recover(columns: Columns) -> int:
        return sum(
            PublicKey.from_signature_and_message(signature, digest, hasher=None).format(compressed=False) == key
            for key, digest, signature in zip(*columns, strict=True)
        )

    return recover


def _cryptography_p256() -> Verifier | None:
    try:
        from cryptography.exceptions import InvalidSignature
        from cryptography.hazmat.primitives import hashes
        from cryptography.hazmat.primitives.asymmetric import ec, utils
    except ImportError:
        return None
    curve, rule = ec.SECP256R1(), ec.ECDSA(utils.Prehashed(hashes.SHA256()))

    def verify(columns: Columns) -> int:
        good = 0
        for key, digest, signature in zip(*columns, strict=True):
            try:
                ec.EllipticCurvePublicKey.from_encoded_point(curve, key).verify(signature, digest, rule)
                good += 1
            except InvalidSignature:
                continue
        return good

    return verify


# SubjectPublicKeyInfo of an uncompressed SM2 key up to the point: id-ecPublicKey, 1.2.156.10197.1.301, BIT STRING.
_SM2_SPKI: Final = bytes.fromhex("3059301306072a8648ce3d020106082a811ccf5501822d034200")


def _openssl_sm2() -> Verifier | None:
    """The system's OpenSSL 3 through ctypes, keys from the wire, Z and SM3 of the message included."""
    name = ctypes.util.find_library("crypto")
    lib = ctypes.CDLL(name) if name else None
    if lib is None or not hasattr(lib, "EVP_PKEY_CTX_set1_id"):
        return None
    pointer, size = ctypes.c_void_p, ctypes.c_size_t
    for function in ("d2i_PUBKEY", "EVP_sm3", "EVP_MD_CTX_new", "EVP_PKEY_CTX_new"):
        getattr(lib, function).restype = pointer
    sm3 = pointer(lib.EVP_sm3())

    def one(key: bytes, message: bytes, signature: bytes) -> bool:
        raw = _SM2_SPKI + key
        at = ctypes.cast(ctypes.c_char_p(raw), ctypes.POINTER(ctypes.c_ubyte))
        public = pointer(lib.d2i_PUBKEY(None, ctypes.byref(at), ctypes.c_long(len(raw))))
        if not public:
            return False
        context, digest = pointer(lib.EVP_PKEY_CTX_new(public, None)), pointer(lib.EVP_MD_CTX_new())
        lib.EVP_PKEY_CTX_set1_id(context, b"1234567812345678", ctypes.c_int(16))
        lib.EVP_MD_CTX_set_pkey_ctx(digest, context)
        lib.EVP_DigestVerifyInit(digest, None, sm3, None, public)
        answer = lib.EVP_DigestVerify(digest, signature, size(len(signature)), message, size(len(message)))
        lib.EVP_MD_CTX_free(digest)
        lib.EVP_PKEY_CTX_free(context)
        lib.EVP_PKEY_free(public)
        return bool(answer == 1)

    return lambda columns: sum(one(*row) for row in zip(*columns, strict=True))


def p256() -> dict[str, Verifier]:
    """P-256 verifiers that are installed; signatures are DER."""
    found = {"cryptography": _cryptography_p256()}
    return {name: verifier for name, verifier in found.items() if verifier is not None}


def sm2() -> dict[str, Verifier]:
    """SM2 verifiers that are installed; signatures are DER, the identity is the default one."""
    found = {"OpenSSL": _openssl_sm2()}
    return {name: verifier for name, verifier in found.items() if verifier is not None}


def recover() -> dict[str, Verifier]:
    """What recovers secp256k1 keys here; the first column is compared with what comes out."""
    found = {"coincurve": _coincurve_recover()}
    return {name: verifier for name, verifier in found.items() if verifier is not None}


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
    """hashlib, or BLAKE3's package, one message at a time; `sha256d` is two calls."""
    if name == "sha256d":
        sha256 = hashlib.sha256
        return [sha256(sha256(message).digest()).digest() for message in messages]
    if name == "blake3":
        from blake3 import blake3

        return [blake3(message).digest() for message in messages]
    name = name.replace("-", "_")
    new = getattr(hashlib, name, None)
    if new is None:
        return [hashlib.new(name, message).digest() for message in messages]
    return [new(message).digest() for message in messages]


def has_hash(name: str) -> bool:
    """Whether hashlib, or BLAKE3's package, has it: OpenSSL comes without its legacy or national hashes in places."""
    try:
        hash_loop(name, [b""])
    except (ImportError, ValueError):
        return False
    return True


def merkle_loop(leaves: Sequence[bytes], name: str = "sha256d") -> bytes:
    """The root over 32-byte leaves, an odd last node paired with itself, with hashlib."""
    level = list(leaves)
    while len(level) > 1:
        if len(level) % 2:
            level.append(level[-1])
        level = hash_loop(name, [a + b for a, b in zip(level[::2], level[1::2], strict=True)])
    return level[0]


def merkle_levels(leaves: Sequence[bytes]) -> list[list[bytes]]:
    """All levels over a power of two of leaves, SHA-256."""
    levels = [list(leaves)]
    while len(levels[-1]) > 1:
        pairs = zip(levels[-1][::2], levels[-1][1::2], strict=True)
        levels.append(hash_loop("sha256", [a + b for a, b in pairs]))
    return levels


def proof_holds(root: bytes, index: int, node: bytes, siblings: Sequence[bytes]) -> bool:
    """A proof in a SHA-256 tree over a power of two of leaves."""
    sha256 = hashlib.sha256
    for sibling in siblings:
        node = sha256(sibling + node if index & 1 else node + sibling).digest()
        index >>= 1
    return node == root
