"""The oracles themselves: curves that are what their standards say, published signatures, and the ways around ECDSA."""

from __future__ import annotations

import hashlib

import pytest

from isthmus.reference import ecdsa, nist, secp256k1, sm2
from isthmus.reference.weierstrass import Curve

CURVES = {"secp256k1": secp256k1.CURVE, "P-256": nist.P256, "P-384": nist.P384, "SM2": sm2.CURVE}


def is_prime(n: int) -> bool:
    """Miller and Rabin's test with the first primes as bases."""
    odd, twos = n - 1, 0
    while odd % 2 == 0:
        odd, twos = odd // 2, twos + 1
    for base in (2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37):
        power = pow(base, odd, n)
        if power not in (1, n - 1) and all((power := power * power % n) != n - 1 for _ in range(twos - 1)):
            return False
    return True


@pytest.mark.parametrize("name", CURVES)
def test_a_curve_is_a_group_of_its_prime_order(name: str) -> None:
    curve = CURVES[name]
    assert curve.p % 4 == 3
    assert is_prime(curve.p)
    assert is_prime(curve.n)
    assert abs(curve.p + 1 - curve.n) <= 2 * (curve.p**0.5) * 1.01, "Hasse's bound"
    assert (4 * curve.a**3 + 27 * curve.b**2) % curve.p
    assert curve.on_curve(*curve.g)
    assert curve.multiply(curve.n - 1, curve.g) == curve.negate(curve.g)


@pytest.mark.parametrize(
    ("curve", "seed"),
    [
        (nist.P256, "c49d360886e704936a6678e1139d26b7819f7e90"),
        (nist.P384, "a335926aa319a27a1d00896a6773a4827acdac73"),
    ],
)
def test_b_of_a_nist_curve_follows_from_its_seed(curve: Curve, seed: str) -> None:
    """FIPS 186-4, D.6: c is hashed from the seed, and b^2 c = -27."""
    bits = curve.p.bit_length()
    count, left = (bits - 1) // 160, (bits - 1) % 160
    start = int(seed, 16)
    c = int.from_bytes(hashlib.sha1(bytes.fromhex(seed)).digest(), "big") & ((1 << left) - 1)
    for i in range(1, count + 1):
        c = c << 160 | int.from_bytes(hashlib.sha1(((start + i) % 2**160).to_bytes(20, "big")).digest(), "big")
    assert (curve.b * curve.b * c + 27) % curve.p == 0


@pytest.mark.parametrize("name", CURVES)
def test_keys_survive_their_encodings(name: str) -> None:
    curve = CURVES[name]
    for secret in (1, 2, 3, curve.n - 1):
        point = curve.public_point(secret)
        for compressed in (False, True):
            assert curve.decode(curve.encode(point, compressed)) == point
        hybrid = bytes([6 + (point.y & 1)]) + curve.encode(point, compressed=False)[1:]
        assert curve.decode(hybrid) is None
        assert curve.decode(hybrid, hybrid=True) == point
    with pytest.raises(ValueError, match="a secret is a number"):
        curve.public_point(curve.n)


@pytest.mark.parametrize("name", ["secp256k1", "P-256", "P-384"])
def test_a_signature_verifies_and_gives_its_key_back(name: str) -> None:
    curve = CURVES[name]
    digest = hashlib.sha384(name.encode()).digest()
    sig = ecdsa.sign(curve, 12345, digest)
    point = curve.public_point(12345)
    key = curve.encode(point)
    assert ecdsa.verify(curve, key, sig, digest, low_s=True)
    assert not ecdsa.verify(curve, key, sig, digest[1:])
    found = [ecdsa.recover(curve, sig + bytes([v]), digest) for v in range(5)]
    assert point in found[:2]
    assert curve.negate(point) not in found
    assert found[4] is None
    assert ecdsa.parse_der_strict(ecdsa.encode_der(sig), curve.width) == sig


def test_rfc_6979_signatures() -> None:
    """RFC 6979, A.2.5 and A.2.6: message "sample" with SHA-256 and with SHA-384."""
    secret = 0xC9AFA9D845BA75166B5C215767B1D6934E50C3DB36E89B127B8A622B120F6721
    sig = ecdsa.sign(nist.P256, secret, hashlib.sha256(b"sample").digest(), low_s=False)
    assert sig.hex() == (
        "efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716"
        "f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8"
    )
    secret = 0x6B9D3DAD2E1B8C1C05B19875B6659F4DE23C3B667BF297BA9AA47740787137D896D5724E4C70A825F872C9EA60D2EDF5
    sig = ecdsa.sign(nist.P384, secret, hashlib.sha384(b"sample").digest(), low_s=False, hash_name="sha384")
    assert sig.hex() == (
        "94edbb92a5ecb8aad4736e56c691916b3f88140666ce9fa73d64c4ea95ad133c81a648152e44acf96e36dd1e80fabe46"
        "99ef4aeb15f178cea1fe40db2603138f130e740a19624526203b6351d0a3a94fa329c145786e679e7b82c71a38628ac8"
    )
    # a short secret and a nonce that does not fill one output of the hash
    assert ecdsa.verify(nist.P384, nist.P384.encode(nist.P384.g), ecdsa.sign(nist.P384, 1, b"x"), b"x")


def test_sm2_signature_of_the_standard() -> None:
    """GB/T 32918.5, annex A.2: key, identity, nonce and signature."""
    secret = 0x3945208F7B2144B13F36E38AC6D39F95889393692860B51A42FB81EF4DF7C5B8
    nonce = 0x59276E27D506861A16680F3AD9C02DCCEF3CC1FA3CDBE4CE6D54B80DEAC1BC21
    key = sm2.CURVE.public_point(secret)
    assert sm2.identity_digest(key).hex() == "b2e14c5c79c6df5b85f4fe7ed8db7a262b9da7e07ccb0ea9f4747b8ccda8a4f3"
    assert sm2.message_digest(key, b"message digest").hex() == (
        "f0b43e94ba45accaace692ed534382eb17e6ab5a19ce7b31f4486fdfc0d28640"
    )
    sig = sm2.sign(secret, b"message digest", nonce)
    assert sig.hex() == (
        "f5a03b0648d2c4630eeac513e1bb81a15944da3827d5b74143ac7eaceee720b3"
        "b1b6aa29df212fd8763182bc0d421ca1bb9038fd1f7f42d4840b69c485bbc1aa"
    )
    encoded = sm2.CURVE.encode(key, compressed=False)
    for form in (encoded, encoded[1:], sm2.CURVE.encode(key)):
        assert sm2.verify(form, sig, b"message digest")
        assert not sm2.verify(form, sig, b"message digest", b"")
    with pytest.raises(ValueError, match="at most 8191 bytes, got 8192"):
        sm2.verify(encoded, sig, b"", bytes(8192))


@pytest.mark.parametrize(("secret", "e", "nonce"), [(sm2.CURVE.n - 1, 1, 1), (0, 1, 1)])
def test_sm2_refuses_secrets_that_sign_nothing(secret: int, e: int, nonce: int) -> None:
    with pytest.raises(ValueError, match="a secret is a number"):
        sm2.sign_digest(secret, e.to_bytes(32, "big"), nonce)
