"""Derive every constant of ext/curve/p256.hpp, p384.hpp and sm2.hpp from the curves' definitions.

Sources: FIPS 186-5 and SP 800-186, sections 3.2.1.3 and 3.2.1.4 (P-256, P-384: p, the seed of b, n, G) and
GB/T 32918.5-2017 (SM2: p, b, n, G); a = -3 for all three. Computed here: that p and n are prime, that b of the NIST
curves is the one that its seed gives, that G is on the curve and of order n, and the check word of the table of odd
multiples of G.

Usage: ``python tools/derive_prime_curves.py`` prints the constants; ``--check`` compares them with the headers and
exits with status 1 when one differs.
"""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path

from weierstrass import Constants, Curve, Header, run, words

FOLDER = Path(__file__).resolve().parent.parent / "ext" / "curve"

P256_P = 2**256 - 2**224 + 2**192 + 2**96 - 1
P256 = Curve(
    p=P256_P,
    a=P256_P - 3,
    b=0x5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B,
    n=0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551,
    generator=(
        0x6B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296,
        0x4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5,
    ),
)
P256_SEED = "c49d360886e704936a6678e1139d26b7819f7e90"

P384_P = 2**384 - 2**128 - 2**96 + 2**32 - 1
P384 = Curve(
    p=P384_P,
    a=P384_P - 3,
    b=0xB3312FA7E23EE7E4988E056BE3F82D19181D9C6EFE8141120314088F5013875AC656398D8A2ED19D2A85C8EDD3EC2AEF,
    n=0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFC7634D81F4372DDF581A0DB248B0A77AECEC196ACCC52973,
    generator=(
        0xAA87CA22BE8B05378EB1C71EF320AD746E1D3B628BA79B9859F741E082542A385502F25DBF55296C3A545E3872760AB7,
        0x3617DE4A96262C6F5D9E98BF9292DC29F8F41DBD289A147CE9DA3113B5F0B8C00A60B1CE1D7E819D7A431D7C90EA0E5F,
    ),
)
P384_SEED = "a335926aa319a27a1d00896a6773a4827acdac73"

SM2_P = 2**256 - 2**224 - 2**96 + 2**64 - 1
SM2 = Curve(
    p=SM2_P,
    a=SM2_P - 3,
    b=0x28E9FA9E9D9F5E344D5A9E4BCF6509A7F39789F515AB8F92DDBCBD414D940E93,
    n=0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFF7203DF6B21C6052B53BBF40939D54123,
    generator=(
        0x32C4AE2C1F1981195F9904466A39C9948FE30BBFF2660BE1715A4589334C74C7,
        0xBC3736A2F4F6779C59BDCEE36B692153D0A9877CC62A474002DF32E52139F0A0,
    ),
)


def assert_seed(curve: Curve, seed: str) -> None:
    """SP 800-186, appendix C.3.1: the seed's hash c fixes b by b^2 c = -27."""
    bits = curve.p.bit_length()
    extra = (bits - 1) // 160
    start = int(seed, 16)
    hashes = [hashlib.sha1(((start + i) % 2**160).to_bytes(20, "big")).digest() for i in range(extra + 1)]
    first = int.from_bytes(hashes[0], "big") % 2 ** (bits - 160 * extra - 1)
    c = int.from_bytes(first.to_bytes(20, "big") + b"".join(hashes[1:]), "big")
    assert (curve.b * curve.b * c + 27) % curve.p == 0


def constants(curve: Curve, header: Header) -> Constants:
    """Every constant of one header by name."""
    curve.assert_sound()
    bits = curve.p.bit_length()
    count = bits // 64
    window = header.setting("kBaseWindow", 12)
    steps = header.setting("kSteps", bits)
    assert header.setting("kScalarBits", bits) >= curve.n.bit_length()
    return {
        "Prime::kModulus": words(curve.p, count),
        "Order::kModulus": words(curve.n, count),
        "kB": words(curve.b, count),
        "kGeneratorX": words(curve.generator[0], count),
        "kGeneratorY": words(curve.generator[1], count),
        "kBaseTableCheck": words(curve.table_check(window, steps, bits), 1),
    }


def main() -> int:
    """Print the constants of all three curves, or compare them with the headers."""
    assert_seed(P256, P256_SEED)
    assert_seed(P384, P384_SEED)
    description = (__doc__ or "").splitlines()[0]
    return run(
        description,
        [
            (FOLDER / "p256.hpp", lambda header: constants(P256, header)),
            (FOLDER / "p384.hpp", lambda header: constants(P384, header)),
            (FOLDER / "sm2.hpp", lambda header: constants(SM2, header)),
        ],
    )


if __name__ == "__main__":
    sys.exit(main())
