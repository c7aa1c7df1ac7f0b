"""ECDSA over NIST's curves P-256 and P-384: the oracle of ``p256-ecdsa`` and ``p384-ecdsa``.

Source: NIST SP 800-186 sections 3.2.1.3 and 3.2.1.4 (the curves; also SEC 2 version 2, secp256r1 and secp384r1). The
acceptance rule is that of `ecdsa`: keys 02|03 x and 04 x y, r || s of 64 or 96 bytes, the leftmost 256 or 384 bits of a
digest.
"""

from __future__ import annotations

from typing import Final

from isthmus.reference import ecdsa
from isthmus.reference.weierstrass import Curve, Point

_P256: Final = 2**256 - 2**224 + 2**192 + 2**96 - 1
_P384: Final = 2**384 - 2**128 - 2**96 + 2**32 - 1

P256: Final = Curve(
    p=_P256,
    a=_P256 - 3,
    b=0x5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B,
    n=0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551,
    g=Point(
        0x6B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296,
        0x4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5,
    ),
)
P384: Final = Curve(
    p=_P384,
    a=_P384 - 3,
    b=0xB3312FA7E23EE7E4988E056BE3F82D19181D9C6EFE8141120314088F5013875AC656398D8A2ED19D2A85C8EDD3EC2AEF,
    n=0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFC7634D81F4372DDF581A0DB248B0A77AECEC196ACCC52973,
    g=Point(
        0xAA87CA22BE8B05378EB1C71EF320AD746E1D3B628BA79B9859F741E082542A385502F25DBF55296C3A545E3872760AB7,
        0x3617DE4A96262C6F5D9E98BF9292DC29F8F41DBD289A147CE9DA3113B5F0B8C00A60B1CE1D7E819D7A431D7C90EA0E5F,
    ),
)


def verify_p256(key: bytes, sig: bytes, digest: bytes, *, low_s: bool = False) -> bool:
    """Whether 64 bytes r || s are an ECDSA signature of the digest by the key over P-256."""
    return ecdsa.verify(P256, key, sig, digest, low_s=low_s)


def verify_p384(key: bytes, sig: bytes, digest: bytes, *, low_s: bool = False) -> bool:
    """Whether 96 bytes r || s are an ECDSA signature of the digest by the key over P-384."""
    return ecdsa.verify(P384, key, sig, digest, low_s=low_s)
