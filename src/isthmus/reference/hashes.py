"""SHA-256, SHA-512, RIPEMD-160, SM3, Keccak-256, SHA3-256, BLAKE3, tagged hashes and Merkle roots, written from their
standards.

Sources: FIPS 180-4 (SHA-2), the RIPEMD-160 paper of 1996 (Dobbertin, Bosselaers, Preneel), GB/T 32905 (SM3), FIPS 202
(SHA-3; Keccak-256 pads as the submission did), the BLAKE3 paper, BIP340 (tagged hashes), RFC 6962 section 2.1 and
Bitcoin's block rules (Merkle trees). Cost: about 0.1 ms per compression, 0.5 ms per permutation of Keccak.

The SHA-2 constants are computed here from their definition (fractional parts of roots of the first primes),
so that a typing mistake in the native tables cannot be repeated.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import isqrt
from typing import Final

_M32: Final = 0xFFFFFFFF
_M64: Final = 0xFFFFFFFFFFFFFFFF


def _primes(count: int) -> list[int]:
    """The first `count` primes, by trial division."""
    found: list[int] = []
    candidate = 2
    while len(found) < count:
        if all(candidate % prime for prime in found):
            found.append(candidate)
        candidate += 1
    return found


def _cube_root(value: int) -> int:
    """The largest integer whose cube is at most `value` (Newton's iteration from above)."""
    guess = 1 << -(-value.bit_length() // 3)
    while True:
        better = (2 * guess + value // (guess * guess)) // 3
        if better >= guess:
            return guess
        guess = better


def _root_fractions(count: int, bits: int, *, cube: bool) -> tuple[int, ...]:
    """First `bits` bits of the fractional parts of the square or cube roots of the first `count` primes."""
    mask = (1 << bits) - 1
    if cube:
        return tuple(_cube_root(prime << (3 * bits)) & mask for prime in _primes(count))
    return tuple(isqrt(prime << (2 * bits)) & mask for prime in _primes(count))


_SHA256_START: Final = _root_fractions(8, 32, cube=False)
_SHA256_ROUND: Final = _root_fractions(64, 32, cube=True)
_SHA512_START: Final = _root_fractions(8, 64, cube=False)
_SHA384_START: Final = tuple(isqrt(prime << 128) & (1 << 64) - 1 for prime in _primes(16)[8:])
_SHA512_ROUND: Final = _root_fractions(80, 64, cube=True)


def _sha2(
    message: bytes,
    *,
    word: int,
    start: tuple[int, ...],
    constants: tuple[int, ...],
    rotations: tuple[tuple[int, int, int], ...],
) -> bytes:
    """SHA-2 over words of `word` bytes (FIPS 180-4, section 6); all chaining words are returned.

    `rotations` are the amounts of Sigma0, Sigma1, sigma0, sigma1; the last amount of a lower-case sigma is
    a shift.
    """
    bits = 8 * word
    mask = (1 << bits) - 1
    block = 16 * word

    def rotr(x: int, n: int) -> int:
        return (x >> n | x << (bits - n)) & mask

    def big(x: int, by: tuple[int, int, int]) -> int:
        return rotr(x, by[0]) ^ rotr(x, by[1]) ^ rotr(x, by[2])

    def small(x: int, by: tuple[int, int, int]) -> int:
        return rotr(x, by[0]) ^ rotr(x, by[1]) ^ (x >> by[2])

    padded = message + b"\x80"
    padded += bytes(-(len(padded) + 2 * word) % block) + (8 * len(message)).to_bytes(2 * word, "big")
    state = list(start)
    for at in range(0, len(padded), block):
        w = [int.from_bytes(padded[at + word * i : at + word * (i + 1)], "big") for i in range(16)]
        for i in range(16, len(constants)):
            w.append((small(w[i - 2], rotations[3]) + w[i - 7] + small(w[i - 15], rotations[2]) + w[i - 16]) & mask)
        a, b, c, d, e, f, g, h = state
        for constant, word_i in zip(constants, w, strict=True):
            choose = (e & f) ^ (~e & g)
            majority = (a & b) ^ (a & c) ^ (b & c)
            t1 = h + big(e, rotations[1]) + choose + constant + word_i
            t2 = big(a, rotations[0]) + majority
            a, b, c, d, e, f, g, h = (t1 + t2) & mask, a, b, c, (d + t1) & mask, e, f, g
        state = [(x + y) & mask for x, y in zip(state, (a, b, c, d, e, f, g, h), strict=True)]
    return b"".join(x.to_bytes(word, "big") for x in state)


def sha256(message: bytes) -> bytes:
    """SHA-256 of `message` (32 bytes)."""
    rotations = ((2, 13, 22), (6, 11, 25), (7, 18, 3), (17, 19, 10))
    return _sha2(message, word=4, start=_SHA256_START, constants=_SHA256_ROUND, rotations=rotations)


_SHA512_ROTATIONS: Final = ((28, 34, 39), (14, 18, 41), (1, 8, 7), (19, 61, 6))


def sha512(message: bytes) -> bytes:
    """SHA-512 of `message` (64 bytes)."""
    return _sha2(message, word=8, start=_SHA512_START, constants=_SHA512_ROUND, rotations=_SHA512_ROTATIONS)


def sha384(message: bytes) -> bytes:
    """SHA-384 of `message` (48 bytes): SHA-512 from another start, cut short."""
    return _sha2(message, word=8, start=_SHA384_START, constants=_SHA512_ROUND, rotations=_SHA512_ROTATIONS)[:48]


def sha256d(message: bytes) -> bytes:
    """SHA-256 of the SHA-256 of `message` (32 bytes): Bitcoin's hash."""
    return sha256(sha256(message))


# RIPEMD-160: word order, rotation and constant of the left and right line, one row of sixteen steps each.
_LEFT_WORDS: Final = (
    (0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15),
    (7, 4, 13, 1, 10, 6, 15, 3, 12, 0, 9, 5, 2, 14, 11, 8),
    (3, 10, 14, 4, 9, 15, 8, 1, 2, 7, 0, 6, 13, 11, 5, 12),
    (1, 9, 11, 10, 0, 8, 12, 4, 13, 3, 7, 15, 14, 5, 6, 2),
    (4, 0, 5, 9, 7, 12, 2, 10, 14, 1, 3, 8, 11, 6, 15, 13),
)
_RIGHT_WORDS: Final = (
    (5, 14, 7, 0, 9, 2, 11, 4, 13, 6, 15, 8, 1, 10, 3, 12),
    (6, 11, 3, 7, 0, 13, 5, 10, 14, 15, 8, 12, 4, 9, 1, 2),
    (15, 5, 1, 3, 7, 14, 6, 9, 11, 8, 12, 2, 10, 0, 4, 13),
    (8, 6, 4, 1, 3, 11, 15, 0, 5, 12, 2, 13, 9, 7, 10, 14),
    (12, 15, 10, 4, 1, 5, 8, 7, 6, 2, 13, 14, 0, 3, 9, 11),
)
_LEFT_ROTATIONS: Final = (
    (11, 14, 15, 12, 5, 8, 7, 9, 11, 13, 14, 15, 6, 7, 9, 8),
    (7, 6, 8, 13, 11, 9, 7, 15, 7, 12, 15, 9, 11, 7, 13, 12),
    (11, 13, 6, 7, 14, 9, 13, 15, 14, 8, 13, 6, 5, 12, 7, 5),
    (11, 12, 14, 15, 14, 15, 9, 8, 9, 14, 5, 6, 8, 6, 5, 12),
    (9, 15, 5, 11, 6, 8, 13, 12, 5, 12, 13, 14, 11, 8, 5, 6),
)
_RIGHT_ROTATIONS: Final = (
    (8, 9, 9, 11, 13, 15, 15, 5, 7, 7, 8, 11, 14, 14, 12, 6),
    (9, 13, 15, 7, 12, 8, 9, 11, 7, 7, 12, 7, 6, 15, 13, 11),
    (9, 7, 15, 11, 8, 6, 6, 14, 12, 13, 5, 14, 13, 13, 7, 5),
    (15, 5, 8, 11, 14, 14, 6, 14, 6, 9, 12, 9, 12, 5, 15, 8),
    (8, 5, 12, 9, 12, 5, 14, 6, 8, 13, 6, 5, 15, 13, 11, 11),
)
# Square roots of 2, 3, 5, 7 on the left; cube roots of the same on the right; 30 fractional bits with the
# integer part.
_LEFT_CONSTANTS: Final = (0, *(isqrt(n << 60) for n in (2, 3, 5, 7)))
_RIGHT_CONSTANTS: Final = (*(_cube_root(n << 90) for n in (2, 3, 5, 7)), 0)

_RIPEMD_ROUND: Final[tuple[Callable[[int, int, int], int], ...]] = (
    lambda x, y, z: x ^ y ^ z,
    lambda x, y, z: (x & y) | (~x & z),
    lambda x, y, z: (x | ~y) ^ z,
    lambda x, y, z: (x & z) | (y & ~z),
    lambda x, y, z: x ^ (y | ~z),
)


def ripemd160(message: bytes) -> bytes:
    """RIPEMD-160 of `message` (20 bytes)."""

    def rotl(x: int, n: int) -> int:
        x &= _M32
        return (x << n | x >> (32 - n)) & _M32

    padded = message + b"\x80"
    padded += bytes(-(len(padded) + 8) % 64) + (8 * len(message) & _M64).to_bytes(8, "little")
    state = (0x67452301, 0xEFCDAB89, 0x98BADCFE, 0x10325476, 0xC3D2E1F0)
    for at in range(0, len(padded), 64):
        x = [int.from_bytes(padded[at + 4 * i : at + 4 * i + 4], "little") for i in range(16)]
        lines: list[tuple[int, int, int, int, int]] = []
        for words, rotations, constants, functions in (
            (_LEFT_WORDS, _LEFT_ROTATIONS, _LEFT_CONSTANTS, _RIPEMD_ROUND),
            (_RIGHT_WORDS, _RIGHT_ROTATIONS, _RIGHT_CONSTANTS, _RIPEMD_ROUND[::-1]),
        ):
            a, b, c, d, e = state
            for row in range(5):
                for step in range(16):
                    t = a + functions[row](b, c, d) + x[words[row][step]] + constants[row]
                    a, b, c, d, e = e, (rotl(t, rotations[row][step]) + e) & _M32, b, rotl(c, 10), d
            lines.append((a, b, c, d, e))
        left, right = lines
        state = (
            (state[1] + left[2] + right[3]) & _M32,
            (state[2] + left[3] + right[4]) & _M32,
            (state[3] + left[4] + right[0]) & _M32,
            (state[4] + left[0] + right[1]) & _M32,
            (state[0] + left[1] + right[2]) & _M32,
        )
    return b"".join(word.to_bytes(4, "little") for word in state)


def hash160(message: bytes) -> bytes:
    """RIPEMD-160 of the SHA-256 of `message` (20 bytes): Bitcoin's key and script identifiers."""
    return ripemd160(sha256(message))


_SM3_START: Final = (
    0x7380166F, 0x4914B2B9, 0x172442D7, 0xDA8A0600, 0xA96F30BC, 0x163138AA, 0xE38DEE4D, 0xB0FB0E4E,
)  # fmt: skip


def sm3(message: bytes) -> bytes:
    """SM3 of `message` (32 bytes; GB/T 32905 section 5)."""

    def rotl(x: int, n: int) -> int:
        x &= _M32
        n %= 32
        return (x << n | x >> (32 - n)) & _M32

    padded = message + b"\x80"
    padded += bytes(-(len(padded) + 8) % 64) + (8 * len(message)).to_bytes(8, "big")
    state = _SM3_START
    for at in range(0, len(padded), 64):
        w = [int.from_bytes(padded[at + 4 * i : at + 4 * i + 4], "big") for i in range(16)]
        for j in range(16, 68):
            x = w[j - 16] ^ w[j - 9] ^ rotl(w[j - 3], 15)
            w.append(x ^ rotl(x, 15) ^ rotl(x, 23) ^ rotl(w[j - 13], 7) ^ w[j - 6])
        a, b, c, d, e, f, g, h = state
        for j in range(64):
            ss1 = rotl(rotl(a, 12) + e + rotl(0x79CC4519 if j < 16 else 0x7A879D8A, j), 7)
            ss2 = ss1 ^ rotl(a, 12)
            first = a ^ b ^ c if j < 16 else (a & b) | (a & c) | (b & c)
            second = e ^ f ^ g if j < 16 else (e & f) | (~e & g)
            tt1 = (first + d + ss2 + (w[j] ^ w[j + 4])) & _M32
            tt2 = (second + h + ss1 + w[j]) & _M32
            a, b, c, d = tt1, a, rotl(b, 9), c
            e, f, g, h = tt2 ^ rotl(tt2, 9) ^ rotl(tt2, 17), e, rotl(f, 19), g
        old = state
        state = (old[0] ^ a, old[1] ^ b, old[2] ^ c, old[3] ^ d, old[4] ^ e, old[5] ^ f, old[6] ^ g, old[7] ^ h)
    return b"".join(word.to_bytes(4, "big") for word in state)


def _rc(t: int) -> int:
    """The bit rc(t) of the round constants (FIPS 202, algorithm 5)."""
    register = [1, 0, 0, 0, 0, 0, 0, 0]
    for _ in range(t % 255):
        register.insert(0, 0)
        for i in (0, 4, 5, 6):
            register[i] ^= register[8]
        register.pop()
    return register[0]


_KECCAK_ROUND: Final = tuple(sum(_rc(j + 7 * i) << ((1 << j) - 1) for j in range(7)) for i in range(24))


def keccak_f(state: dict[tuple[int, int], int]) -> dict[tuple[int, int], int]:
    """Keccak-f[1600] of Lane(x, y) by (x, y): 24 rounds of the five steps of FIPS 202, section 3.2."""

    def rotl(x: int, n: int) -> int:
        return (x << n % 64 | x >> (64 - n % 64)) & _M64

    a = dict(state)
    for constant in _KECCAK_ROUND:
        c = [a[x, 0] ^ a[x, 1] ^ a[x, 2] ^ a[x, 3] ^ a[x, 4] for x in range(5)]  # theta
        d = [c[(x - 1) % 5] ^ rotl(c[(x + 1) % 5], 1) for x in range(5)]
        a = {(x, y): lane ^ d[x] for (x, y), lane in a.items()}
        x, y = 1, 0  # rho
        for t in range(24):
            a[x, y] = rotl(a[x, y], (t + 1) * (t + 2) // 2)
            x, y = y, (2 * x + 3 * y) % 5
        b = {(x, y): a[(x + 3 * y) % 5, x] for x in range(5) for y in range(5)}  # pi
        a = {(x, y): b[x, y] ^ (~b[(x + 1) % 5, y] & b[(x + 2) % 5, y]) for x, y in b}  # chi
        a[0, 0] ^= constant  # iota
    return a


def _sponge(message: bytes, first: int) -> bytes:
    """32 bytes from a sponge of rate 136 (FIPS 202, section 4); `first` is the first byte of the padding."""
    rate = 136
    padded = bytearray(message + bytes([first]))
    padded += bytes(-len(padded) % rate)
    padded[-1] |= 0x80
    state = {(x, y): 0 for x in range(5) for y in range(5)}
    for at in range(0, len(padded), rate):
        for i in range(rate // 8):
            state[i % 5, i // 5] ^= int.from_bytes(padded[at + 8 * i : at + 8 * i + 8], "little")
        state = keccak_f(state)
    return b"".join(state[x, 0].to_bytes(8, "little") for x in range(4))


def keccak256(message: bytes) -> bytes:
    """Keccak-256 of `message` (32 bytes): Ethereum's hash, SHA3-256 without the two bits that name the domain."""
    return _sponge(message, 0x01)


def sha3_256(message: bytes) -> bytes:
    """SHA3-256 of `message` (32 bytes; FIPS 202 section 6.1)."""
    return _sponge(message, 0x06)


_BLAKE3_CHUNK: Final = 1024
_BLAKE3_START, _BLAKE3_END, _BLAKE3_PARENT, _BLAKE3_ROOT = 1, 2, 4, 8  # flags
_BLAKE3_PERMUTATION: Final = (2, 6, 3, 10, 7, 0, 4, 13, 1, 11, 12, 5, 9, 14, 15, 8)


def _blake3_compress(chaining: tuple[int, ...], block: bytes, counter: int, flags: int) -> tuple[int, ...]:
    """The first half of BLAKE3's compression (the paper, section 2.2): eight words."""

    def rotr(x: int, n: int) -> int:
        return (x >> n | x << (32 - n)) & _M32

    v = [*chaining, *_SHA256_START[:4], counter & _M32, counter >> 32, len(block), flags]
    padded = block + bytes(64 - len(block))
    m = [int.from_bytes(padded[4 * i : 4 * i + 4], "little") for i in range(16)]
    columns = ((0, 4, 8, 12), (1, 5, 9, 13), (2, 6, 10, 14), (3, 7, 11, 15))
    diagonals = ((0, 5, 10, 15), (1, 6, 11, 12), (2, 7, 8, 13), (3, 4, 9, 14))
    for _ in range(7):
        for i, (a, b, c, d) in enumerate(columns + diagonals):
            for word, (first, second) in zip(m[2 * i : 2 * i + 2], ((16, 12), (8, 7)), strict=True):
                v[a] = (v[a] + v[b] + word) & _M32
                v[d] = rotr(v[d] ^ v[a], first)
                v[c] = (v[c] + v[d]) & _M32
                v[b] = rotr(v[b] ^ v[c], second)
        m = [m[i] for i in _BLAKE3_PERMUTATION]
    return tuple(v[i] ^ v[i + 8] for i in range(8))


def _words(chaining: tuple[int, ...]) -> bytes:
    return b"".join(word.to_bytes(4, "little") for word in chaining)


def blake3_parent(pair: bytes, *, root: bool = False) -> bytes:
    """The node over two chaining values, 64 bytes (the paper, section 2.5): 32 bytes, a digest if it is the root."""
    flags = _BLAKE3_PARENT | (_BLAKE3_ROOT if root else 0)
    return _words(_blake3_compress(_SHA256_START, pair, 0, flags))


def _blake3_node(part: bytes, chunk: int, *, root: bool) -> bytes:
    """The subtree over `part`, whose first chunk has number `chunk`."""
    if len(part) > _BLAKE3_CHUNK:
        # The left child holds the largest power of two of whole chunks that leaves something to the right one.
        left = 1 << ((len(part) - 1) // _BLAKE3_CHUNK).bit_length() - 1
        cut = left * _BLAKE3_CHUNK
        nodes = _blake3_node(part[:cut], chunk, root=False) + _blake3_node(part[cut:], chunk + left, root=False)
        return blake3_parent(nodes, root=root)
    chaining = _SHA256_START
    blocks = [part[at : at + 64] for at in range(0, len(part), 64)] or [b""]
    for i, block in enumerate(blocks):
        flags = _BLAKE3_START if i == 0 else 0
        if i == len(blocks) - 1:
            flags |= _BLAKE3_END | (_BLAKE3_ROOT if root else 0)
        chaining = _blake3_compress(chaining, block, chunk, flags)
    return _words(chaining)


def blake3(message: bytes) -> bytes:
    """BLAKE3 of `message` (32 bytes; the paper, section 2.4), without key or context."""
    return _blake3_node(message, 0, root=True)


def tagged_hash(tag: str, message: bytes) -> bytes:
    """BIP340's tagged hash (32 bytes): SHA-256(SHA-256(tag) || SHA-256(tag) || message)."""
    prefix = sha256(tag.encode())
    return sha256(prefix + prefix + message)


def bitcoin_merkle_root(leaves: Sequence[bytes]) -> tuple[bytes, bool]:
    """Bitcoin's Merkle root over 32-byte leaves, and whether the tree is a mutation (CVE-2012-2459).

    An odd level repeats its last node. The tree is mutated when two nodes that the level really holds form
    a pair and are equal: the same root then belongs to a shorter list of leaves. No leaves: 32 zero bytes,
    not mutated.
    """
    if not leaves:
        return bytes(32), False
    level = list(leaves)
    mutated = False
    while len(level) > 1:
        mutated |= any(level[i] == level[i + 1] for i in range(0, len(level) - 1, 2))
        if len(level) % 2:
            level.append(level[-1])
        level = [sha256d(level[i] + level[i + 1]) for i in range(0, len(level), 2)]
    return level[0], mutated


def rfc6962_root(leaf_hashes: Sequence[bytes]) -> bytes:
    """RFC 6962's root over leaf hashes (32 bytes each); the split is the largest power of two below the
    count."""
    if not leaf_hashes:
        return sha256(b"")
    if len(leaf_hashes) == 1:
        return leaf_hashes[0]
    split = 1 << (len(leaf_hashes) - 1).bit_length() - 1
    return sha256(b"\x01" + rfc6962_root(leaf_hashes[:split]) + rfc6962_root(leaf_hashes[split:]))


def rfc6962_leaf(data: bytes) -> bytes:
    """RFC 6962's leaf hash (32 bytes): SHA-256(00 || data)."""
    return sha256(b"\x00" + data)


def pairs_root(leaves: Sequence[bytes]) -> bytes:
    """Root of a perfect tree: SHA-256(left || right) over 32-byte leaves.

    Raises ValueError when the count is not a power of two.
    """
    if not leaves or len(leaves) & (len(leaves) - 1):
        raise ValueError(f"a perfect tree needs a power of two of leaves, got {len(leaves)}")
    level = list(leaves)
    while len(level) > 1:
        level = [sha256(level[i] + level[i + 1]) for i in range(0, len(level), 2)]
    return level[0]
