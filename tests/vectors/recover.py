"""Vectors for the recovery of secp256k1 keys: Botan's text, and signatures of Ethereum transactions whose sender is
known. A file is recognised by its content.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from helpers.data import files, json_files

Item = bytes | list["Item"]
_MASK: Final = (1 << 64) - 1


@dataclass(frozen=True, slots=True)
class RecoverRow:
    """A digest, r || s || v, and the key in 65 bytes."""

    source: str
    case: str
    digest: bytes
    signature: bytes
    key: bytes


@dataclass(frozen=True, slots=True)
class Transaction:
    """What a signed transaction says: the digest and r || s || v that its bytes mean, and the address of its sender."""

    source: str
    digest: bytes
    signature: bytes
    sender: bytes


def vec(path: Path) -> Iterator[RecoverRow]:
    """Botan's ecdsa_key_recovery.vec: cases of Group, R, S, Msg, V and Pubkey."""
    fields: dict[str, str] = {}
    for line in path.read_text().splitlines():
        name, _, value = (part.strip() for part in line.partition("="))
        if value:
            fields[name] = value
        if name == "Pubkey" and fields["Group"] == "secp256k1":
            numbers = b"".join(bytes.fromhex(fields[part][2:].zfill(64)) for part in ("R", "S"))
            signature = numbers + bytes([int(fields["V"])])
            yield RecoverRow(path.name, value[:12], bytes.fromhex(fields["Msg"]), signature, bytes.fromhex(value))


def keccak256(message: bytes) -> bytes:
    """Keccak with the padding that it had before it became SHA-3: Ethereum's hash."""
    constants, register = [], 1
    for _ in range(24):
        word = 0
        for bit in range(7):
            word |= (register & 1) << ((1 << bit) - 1)
            register = register << 1 ^ (0x171 if register >> 7 else 0)
        constants.append(word)

    def rotl(x: int, n: int) -> int:
        return (x << n | x >> (64 - n)) & _MASK if n else x

    padded = bytearray(message + bytes(136 - len(message) % 136))
    padded[len(message)] ^= 0x01
    padded[-1] ^= 0x80
    a = [[0] * 5 for _ in range(5)]
    for start in range(0, len(padded), 136):
        for i in range(17):
            a[i % 5][i // 5] ^= int.from_bytes(padded[start + 8 * i : start + 8 * i + 8], "little")
        for constant in constants:
            c = [a[x][0] ^ a[x][1] ^ a[x][2] ^ a[x][3] ^ a[x][4] for x in range(5)]
            a = [[a[x][y] ^ c[x - 1] ^ rotl(c[(x + 1) % 5], 1) for y in range(5)] for x in range(5)]
            x, y, current = 1, 0, a[1][0]
            for t in range(24):
                x, y = y, (2 * x + 3 * y) % 5
                current, a[x][y] = a[x][y], rotl(current, (t + 1) * (t + 2) // 2 % 64)
            a = [[a[x][y] ^ (~a[(x + 1) % 5][y] & a[(x + 2) % 5][y]) for y in range(5)] for x in range(5)]
            a[0][0] ^= constant
    return b"".join(a[i][0].to_bytes(8, "little") for i in range(4))


def rlp_read(data: bytes, at: int = 0) -> tuple[Item, int]:
    """One item of RLP and the offset behind it."""
    first = data[at]
    if first < 0x80:
        return data[at : at + 1], at + 1
    base = 0x80 if first < 0xC0 else 0xC0
    at, length = at + 1, first - base
    if length > 55:
        size = length - 55
        length, at = int.from_bytes(data[at : at + size], "big"), at + size
    end = at + length
    if end > len(data):
        raise ValueError("an item that ends outside")
    if base == 0x80:
        return data[at:end], end
    items: list[Item] = []
    while at < end:
        item, at = rlp_read(data, at)
        items.append(item)
    return items, end


def rlp_write(item: Item) -> bytes:
    """RLP of an item."""
    if isinstance(item, bytes) and len(item) == 1 and item[0] < 0x80:
        return item
    body = item if isinstance(item, bytes) else b"".join(map(rlp_write, item))
    base = 0x80 if isinstance(item, bytes) else 0xC0
    if len(body) <= 55:
        return bytes([base + len(body)]) + body
    size = len(body).to_bytes((len(body).bit_length() + 7) // 8, "big")
    return bytes([base + 55 + len(size)]) + size + body


def transaction(source: str, case: Any) -> Transaction | None:
    """A legacy transaction that Cancun's rules accept; None for others (their fault may be anything, also fees)."""
    sender = case["result"].get("Cancun", {}).get("sender")
    if sender is None:
        return None
    items, _ = rlp_read(bytes.fromhex(case["txbytes"][2:]))
    assert isinstance(items, list)
    *fields, v_bytes, r, s = items
    v = int.from_bytes(bytes(v_bytes), "big")  # type: ignore[arg-type]
    if v >= 35:  # EIP-155: the chain's number goes into v and into what is signed
        chain = (v - 35) // 2
        fields += [chain.to_bytes((chain.bit_length() + 7) // 8, "big"), b"", b""]
        v = 27 + (v - 35) % 2
    numbers = b"".join(bytes(part).rjust(32, b"\0") for part in (r, s))  # type: ignore[arg-type]
    digest = keccak256(rlp_write(fields))
    return Transaction(source, digest, numbers + bytes([v - 27]), bytes.fromhex(sender[2:]))


def address(key: bytes) -> bytes:
    """Ethereum's address of a key of 65 bytes."""
    return keccak256(key[1:])[12:]


def load(folder: Path) -> list[RecoverRow]:
    """Rows with keys."""
    return [row for path in files(folder, "*recovery*.vec") for row in vec(path)]


def transactions(folder: Path) -> list[Transaction]:
    """Accepted transactions of every test file that has some."""
    found = []
    for path, content in json_files(folder):
        for name, case in content.items() if isinstance(content, dict) else ():
            if isinstance(case, dict) and "txbytes" in case and isinstance(case.get("result"), dict):
                read = transaction(f"{path.name} {name}", case)
                if read is not None:
                    found.append(read)
    return found
