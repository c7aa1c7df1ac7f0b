"""Seeded structured generators of signature rows: edges of every scalar, limb patterns, torsion, near misses.

Every generator yields rows whose right answer is known by construction (`valid`) or left to an oracle
(`None`). The generators invert the schemes where they can: for ECDSA any r, s and digest become a valid
signature for the key Q = (s R - z G) / r, so a carry that needs an odd pattern in r or s is reached on
purpose and not once in 2^64 rows.
"""

from __future__ import annotations

import functools
import random
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

from helpers import curves, weierstrass
from helpers.curves import N, P
from helpers.weierstrass import Group, Point
from isthmus.reference import sm2 as reference

SCHEMES: Final = (
    "ed25519-zip215",
    "ed25519-rfc8032",
    "secp256k1-ecdsa",
    "secp256k1-bip340",
    "secp256k1-taproot-tweak",
    "p256-ecdsa",
    "p384-ecdsa",
    "sm2-sm3",
)
GROUPS: Final = {
    "secp256k1-ecdsa": curves.K1,
    "p256-ecdsa": weierstrass.P256,
    "p384-ecdsa": weierstrass.P384,
    "sm2-sm3": weierstrass.SM2,
}


@dataclass(frozen=True, slots=True)
class Row:
    """Bytes of one signature row; `valid` is None where only an oracle knows."""

    key: bytes
    message: bytes
    signature: bytes
    valid: bool | None
    why: str


def columns(rows: list[Row]) -> tuple[list[bytes], list[bytes], list[bytes]]:
    """Keys, messages and signatures."""
    return [row.key for row in rows], [row.message for row in rows], [row.signature for row in rows]


def limb_pattern(rng: random.Random, bits: int = 256) -> int:
    """An integer made of long runs of equal bits, which is what breaks carries."""
    value, left, bit = 0, bits, rng.getrandbits(1)
    while left:
        run = min(left, rng.choice((1, 2, 7, 13, 26, 32, 51, 52, 63, 64, 65, 128)))
        value = value << run | ((1 << run) - 1 if bit else 0)
        left, bit = left - run, bit ^ 1
    return value


def edges(modulus: int) -> list[int]:
    """Values around zero, the modulus, its half and powers of two; all fit the modulus's bytes."""
    top = 1 << (modulus.bit_length() + 7) // 8 * 8
    near = [0, 1, 2, 3, modulus // 2 - 1, modulus // 2, modulus // 2 + 1, modulus - 2, modulus - 1]
    beyond = [modulus, modulus + 1, modulus + 2, top // 2 - 1, top // 2, top - 1]
    powers = [2**k for k in (26, 51, 52, 63, 64, 102, 128, 153, 192, 204, 252, 254, 256, 320, 383)]
    return [value for value in near + beyond + powers + [power - 1 for power in powers] if value < top]


# --- ECDSA


def ecdsa_forced(
    r: int, s: int, digest: bytes, *, odd: bool = False, wrap: bool = False, group: Group = curves.K1
) -> Row | None:
    """A valid row with exactly this r and s, or None when r is no x coordinate; `wrap` takes R.x = r + n."""
    n = group.n
    point = group.lift_x(r + n if wrap else r)
    if point is None or not 0 < r < n or not 0 < s < n:
        return None
    if odd:
        point = point[0], group.p - point[1]
    z = int.from_bytes(digest[: group.width], "big") % n
    inverse = pow(r, -1, n)
    key = group.add(group.mul(s * inverse, point), group.mul(-z * inverse))
    if key is None:
        return None
    why = f"forced r={r:x} s={s:x} wrap={wrap}"
    return Row(group.sec1(key, compressed=odd), digest, group.compact(r, s), True, why)


def ecdsa_special(rng: random.Random, group: Group = curves.K1) -> Iterator[Row]:
    """Doubling (u1 G = u2 Q), infinity (u1 G = -u2 Q), R.x above n, keys G and -G, special digests."""
    n, width = group.n, group.width
    for _ in range(4):
        z, k = rng.randrange(1, n), rng.randrange(1, n)
        digest = group.number(z)
        point = group.mul(k)
        assert point is not None
        r = point[0] % n
        secret = z * pow(r, -1, n) % n
        s = 2 * z * pow(k, -1, n) % n
        key = group.sec1(group.mul(secret))
        yield Row(key, digest, group.compact(r, s), True, "u1 G equals u2 Q")
        opposite = group.sec1(group.mul(n - secret))
        yield Row(opposite, digest, group.compact(r, s), False, "u1 G + u2 Q is infinity")
    found = 0
    for small in range(1, 60):
        forced = ecdsa_forced(small, rng.randrange(1, n), rng.randbytes(width), wrap=True, group=group)
        if forced is not None:
            found += 1
            yield forced
            yield replace(forced, signature=group.compact(n - small, 1), valid=None, why="r negated")
    assert found, "no x coordinate between n and p was met"
    for z in (0, 1, n - 1, n, n + 1, 2 ** (8 * width) - 1):
        digest = group.number(z)
        for secret in (1, 2, n - 1, n // 2):
            r, s = group.ecdsa_sign(secret, digest, rng.randrange(1, n))
            yield Row(group.sec1(group.mul(secret)), digest, group.compact(r, s), True, f"digest {z:x}")


def ecdsa(seed: int, count: int, group: Group = curves.K1) -> list[Row]:
    """About `count` ECDSA rows with compact signatures and digests as wide as the group order."""
    rng = random.Random(seed)
    n, bits = group.n, 8 * group.width
    rows = list(ecdsa_special(rng, group))
    values = edges(n) + edges(group.p)
    while len(rows) < count:
        pick = rng.randrange(6)
        digest = group.number(limb_pattern(rng, bits)) if rng.randrange(2) else rng.randbytes(group.width)
        if pick <= 2:
            r = rng.choice(values) if pick == 0 else limb_pattern(rng, bits)
            s = rng.choice(values) if pick == 1 else limb_pattern(rng, bits)
            forced = ecdsa_forced(r, s, digest, odd=bool(rng.randrange(2)), group=group)
            if forced is not None:
                rows.append(forced)
            continue
        secret = rng.randrange(1, n)
        r, s = group.ecdsa_sign(secret, digest, rng.randrange(1, n))
        key = group.sec1(group.mul(secret), compressed=bool(rng.randrange(2)))
        good = Row(key, digest, group.compact(r, s), True, "random")
        rows.append(good)
        if pick == 3:
            rows.append(replace(good, signature=group.compact(r, n - s), why="s negated"))
        if pick == 4:
            bad_r, bad_s = rng.choice(values), rng.choice(values)
            pair = rng.choice(((bad_r, s), (r, bad_s), (bad_r, bad_s)))
            rows.append(replace(good, signature=group.compact(*pair), valid=None, why="edge scalar"))
        if pick == 5:
            rows.append(_flip(rng, good))
    return rows[:count]


# --- SM2


def sm2_key(rng: random.Random, point: Point) -> bytes:
    """A key in one of its three forms."""
    group, pick = weierstrass.SM2, rng.randrange(4)
    raw = group.sec1(point, compressed=pick == 0)
    return raw[1:] if pick == 1 else raw


def sm2_forced(rng: random.Random, r: int, s: int, x: int) -> Row | None:
    """A valid row (key, e, signature) with exactly this r, s and x of R, or None when there is none."""
    group = weierstrass.SM2
    n, point, t = group.n, group.lift_x(x), (r + s) % group.n
    if point is None or not 0 < r < n or not 0 < s < n or not t:
        return None
    key = group.mul(pow(t, -1, n), group.add(point, group.mul(-s)))
    if key is None:
        return None
    return Row(sm2_key(rng, key), group.number((r - x) % n), group.compact(r, s), True, f"forced {r=:x} {s=:x} {x=:x}")


def sm2_given(seed: int, count: int) -> list[Row]:
    """About `count` SM2 rows whose messages are e (hash="none")."""
    group = weierstrass.SM2
    n, rng = group.n, random.Random(seed)
    values = edges(n) + edges(group.p)
    rows: list[Row] = []
    for _ in range(4):  # with the key d G: s G = t P for s = t d, and s G + t P = O for s = -t d
        d, t = rng.randrange(1, n), rng.randrange(1, n)
        key, double = sm2_key(rng, group.mul(d)), group.mul(2 * t * d)
        assert double is not None
        s = t * d % n
        r = (t - s) % n
        rows.append(Row(key, group.number((r - double[0]) % n), group.compact(r, s), True, "s G equals t P"))
        rows.append(Row(key, group.number((t + s) % n), group.compact((t + s) % n, n - s), False, "R is infinity"))
    while len(rows) < count:
        pick = rng.randrange(5)
        if pick <= 2:
            r, s, x = (rng.choice(values) if pick == part else limb_pattern(rng) for part in range(3))
            forced = sm2_forced(rng, r, s, x)
            if forced is not None:
                rows.append(forced)
            continue
        secret, e = rng.randrange(1, n - 1), limb_pattern(rng)
        r, s = group.sm2_sign(secret, e, rng.randrange(1, n))
        good = Row(sm2_key(rng, group.mul(secret)), group.number(e), group.compact(r, s), True, "random")
        rows.append(good)
        rows.append(_flip(rng, good) if pick == 3 else sm2_wrong(rng, good, values))
    return rows[:count]


def sm2_wrong(rng: random.Random, row: Row, values: list[int]) -> Row:
    """A row near a right one: numbers at the edges of their ranges, n - s, r + s = n."""
    group = weierstrass.SM2
    r, s = int.from_bytes(row.signature[:32], "big"), int.from_bytes(row.signature[32:], "big")
    edge = rng.choice(values)
    pair, why = rng.choice(
        (
            ((edge, s), "edge r"),
            ((r, edge), "edge s"),
            ((edge, rng.choice(values)), "edge r and s"),
            ((r, group.n - s), "s negated"),
            ((r, group.n - r), "r + s = n"),
            ((s, r), "exchanged"),
        )
    )
    return replace(row, signature=group.compact(*pair), valid=None, why=why)


def sm2(seed: int, count: int) -> list[Row]:
    """About `count` SM2 rows with messages of mixed length under the default identity."""
    group = weierstrass.SM2
    n, rng = group.n, random.Random(seed)
    values = edges(n) + edges(group.p)
    lengths = (0, 1, 31, 32, 45, 46, 47, 55, 56, 63, 64, 65, 119, 120, 200)
    rows: list[Row] = []
    while len(rows) < count:
        edge = rng.choice((0, 0, 0, 1, 2, n - 2, n // 2))
        secret = edge or rng.randrange(1, n - 1)
        message = rng.randbytes(32 if rng.randrange(2) else rng.choice(lengths))
        point = group.mul(secret)
        assert point is not None
        e = int.from_bytes(reference.message_digest(reference.Point(*point), message), "big")
        r, s = group.sm2_sign(secret, e, rng.choice((1, 2, n - 1, rng.randrange(1, n), rng.randrange(1, n))))
        good = Row(sm2_key(rng, point), message, group.compact(r, s), True, "edge secret" if edge else "random")
        rows.append(good)
        pick = rng.randrange(4)
        if pick == 0:
            rows.append(_flip(rng, good))
        elif pick == 1:
            rows.append(sm2_wrong(rng, good, values))
        elif pick == 2:
            rows.append(
                replace(
                    good, key=b"\x06" + group.number(point[0]) + group.number(point[1]), valid=False, why="hybrid key"
                )
            )
    return rows[:count]


# --- BIP340


def bip340(seed: int, count: int) -> list[Row]:
    """About `count` Schnorr rows with messages of mixed length."""
    rng = random.Random(seed)
    rows: list[Row] = []
    values = edges(N) + edges(P)
    lengths = (0, 1, 17, 31, 32, 33, 55, 56, 63, 64, 65, 100, 119, 120, 200)
    while len(rows) < count:
        secret = rng.choice((1, 2, N - 1, rng.randrange(1, N), limb_pattern(rng) % N or 1))
        nonce = rng.choice((1, 2, N - 1, rng.randrange(1, N), limb_pattern(rng) % N or 1))
        message = rng.randbytes(rng.choice(lengths))
        key, signature = curves.schnorr_sign(secret, message, nonce)
        good = Row(key, message, signature, True, "random")
        rows.append(good)
        pick = rng.randrange(7)
        r, s = signature[:32], int.from_bytes(signature[32:], "big")
        edge = rng.choice(values).to_bytes(32, "big")
        if pick == 0:
            negated = ((N - s) % N).to_bytes(32, "big")
            rows.append(replace(good, signature=r + negated, valid=None, why="s negated"))
        elif pick == 1:
            rows.append(replace(good, signature=edge + signature[32:], valid=None, why="edge r"))
        elif pick == 2:
            rows.append(replace(good, signature=r + edge, valid=None, why="edge s"))
        elif pick == 3:
            rows.append(replace(good, key=edge, valid=None, why="edge key"))
        elif pick == 4 and s + N < 2**256:
            rows.append(replace(good, signature=r + (s + N).to_bytes(32, "big"), valid=False, why="s + n"))
        elif pick == 5:
            rows.append(_flip(rng, good))
    return rows[:count]


# --- BIP341's tweak: rows of (x of the output key, parity || x of the internal key, t)


def taproot_tweak(seed: int, count: int) -> list[Row]:
    """About `count` tweak rows."""
    rng = random.Random(seed)
    rows: list[Row] = []
    values = edges(N) + edges(P)
    while len(rows) < count:
        secret = rng.choice((1, 2, N - 1, rng.randrange(1, N), limb_pattern(rng) % N or 1))
        tweak = rng.choice((0, 1, N - 1, rng.randrange(N), limb_pattern(rng) % N))
        point = curves.mul(secret)
        assert point is not None
        internal = curves.lift_x(point[0])
        output = curves.add(internal, curves.mul(tweak))
        t, x = tweak.to_bytes(32, "big"), point[0].to_bytes(32, "big")
        if output is None:
            zero = Row(x, t, b"\0" + x, False, "the output key is infinity")
            rows += [zero, replace(zero, key=bytes(32))]
            continue
        parity = bytes([output[1] & 1])
        good = Row(output[0].to_bytes(32, "big"), t, parity + x, True, "random")
        rows.append(good)
        pick = rng.randrange(6)
        edge = rng.choice(values).to_bytes(32, "big")
        if pick == 0:
            rows.append(replace(good, signature=bytes([parity[0] ^ 1]) + x, valid=False, why="parity"))
        elif pick == 1:
            rows.append(replace(good, message=edge, valid=None, why="edge tweak"))
        elif pick == 2:
            rows.append(replace(good, signature=parity + edge, valid=None, why="edge internal key"))
        elif pick == 3:
            rows.append(replace(good, key=edge, valid=None, why="edge output key"))
        elif pick == 4:
            rows.append(_flip(rng, good))
        elif tweak + N < 2**256:
            rows.append(replace(good, message=(tweak + N).to_bytes(32, "big"), valid=False, why="t + n"))
    return rows[:count]


# --- Ed25519


def _small_key_row(rng: random.Random, s: int, message: bytes) -> Row | None:
    """A row with a chosen S under a key of small order: R = [S]B - [k]A, where k counts only modulo 8."""
    points = curves.torsion_points()
    key_point = rng.choice(points)
    key = curves.ed_encode(key_point)
    for j in range(8):
        r_point = curves.ed_add(curves.ed_mul(s, curves.BASE), curves.ed_mul(8 - j, key_point))
        r = curves.ed_encode(r_point)
        if curves.ed_challenge(r, key, message) % 8 == j:
            return Row(key, message, r + s.to_bytes(32, "little"), True, f"chosen S={s:x}, small key")
    return None


def non_canonical_encodings() -> list[bytes]:
    """Every encoding of a curve point that is not canonical: y + p for y < 19, and a sign bit on x = 0."""
    found = []
    for y in range(19):
        for sign in (0, 1):
            if curves.ed_x(y, sign) is not None:
                found.append((y + curves.Q | sign << 255).to_bytes(32, "little"))
    for y in (1, curves.Q - 1):
        found.append((y | 1 << 255).to_bytes(32, "little"))
    return found


def ed25519(seed: int, count: int, *, cofactored: bool) -> list[Row]:
    """About `count` Ed25519 rows; `cofactored` says whether the scheme multiplies by eight (ZIP-215)."""
    rng = random.Random(seed)
    torsion = curves.torsion_points()
    odd_encodings = non_canonical_encodings()
    lengths = (0, 1, 31, 32, 47, 48, 63, 64, 65, 110, 111, 112, 127, 128, 129, 175, 176, 250)
    values = [value for value in edges(curves.ORDER) if value < curves.ORDER]
    rows: list[Row] = []
    while len(rows) < count:
        message = rng.randbytes(rng.choice(lengths))
        pick = rng.randrange(9)
        scalar = limb_pattern(rng, 253) % curves.ORDER or 1
        nonce = rng.choice((rng.randrange(curves.ORDER), limb_pattern(rng, 252), rng.choice(values)))
        if pick <= 1:
            small = _small_key_row(rng, limb_pattern(rng, 252) if pick else rng.choice(values), message)
            if small is not None:
                rows.append(small)
            continue
        if pick == 2:
            a, r = rng.choice(torsion), rng.choice(torsion)
            key, signature = curves.ed_sign(scalar, message, nonce, key_torsion=a, r_torsion=r)
            k = curves.ed_challenge(signature[:32], key, message)
            plain = curves.ed_add(r, curves.ed_mul(k, a)) == curves.IDENTITY
            rows.append(Row(key, message, signature, cofactored or plain, "torsion"))
            continue
        key, signature = curves.ed_sign(scalar, message, nonce)
        good = Row(key, message, signature, True, "random" if nonce % curves.ORDER else "R is the identity")
        rows.append(good)
        s = int.from_bytes(signature[32:], "little")
        if pick == 3:
            more = s + curves.ORDER * rng.choice((1, 2, 7, 8, 15))
            if more < 2**256:
                grown = signature[:32] + more.to_bytes(32, "little")
                rows.append(replace(good, signature=grown, valid=False, why="S + L"))
        elif pick == 4:
            edge = rng.choice(edges(curves.ORDER)).to_bytes(32, "little")
            rows.append(replace(good, signature=signature[:32] + edge, valid=None, why="edge S"))
        elif pick == 5:
            rows.append(replace(good, key=rng.choice(odd_encodings), valid=None, why="key not canonical"))
        elif pick == 6:
            odd = rng.choice(odd_encodings)
            k = curves.ed_challenge(odd, key, message)
            wanted = (k * scalar % curves.ORDER).to_bytes(32, "little")
            rows.append(replace(good, signature=odd + wanted, valid=None, why="R not canonical"))
        elif pick == 7:
            rows.append(_flip(rng, good))
    return rows[:count]


def _flip(rng: random.Random, row: Row) -> Row:
    """One bit of the signature, the key or the message changed."""
    part = rng.choice(("key", "signature", "message") if row.message else ("key", "signature"))
    raw = bytearray(getattr(row, part))
    bit = rng.randrange(8 * len(raw))
    raw[bit // 8] ^= 1 << bit % 8
    return replace(row, **{part: bytes(raw)}, valid=None, why=f"bit {bit} of the {part} flipped")


def make(scheme: str, seed: int, count: int) -> list[Row]:
    """Rows for a scheme by name."""
    if scheme.startswith("ed25519"):
        return ed25519(seed, count, cofactored=scheme.endswith("zip215"))
    makers = {
        "secp256k1-ecdsa": ecdsa,
        "secp256k1-bip340": bip340,
        "secp256k1-taproot-tweak": taproot_tweak,
        "p256-ecdsa": functools.partial(ecdsa, group=weierstrass.P256),
        "p384-ecdsa": functools.partial(ecdsa, group=weierstrass.P384),
        "sm2-sm3": sm2,
    }
    return makers[scheme](seed, count)


@functools.cache
def pool(scheme: str) -> list[tuple[Row, bool]]:
    """Rows of a scheme with their right answers; the oracle decides where construction does not."""
    from vectors.rows import SigRow

    from helpers.subjects import oracle

    rows = make(scheme, 7, 160)
    unknown = [row for row in rows if row.valid is None]
    asked = [SigRow("pool", row.why, row.key, row.message, row.signature, False) for row in unknown]
    answers = dict(zip(map(id, unknown), oracle(scheme, asked), strict=True))
    return [(row, answers[id(row)] if row.valid is None else row.valid) for row in rows]
