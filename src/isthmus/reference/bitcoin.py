"""Bitcoin's block and transaction rules, slowly: parsing, identifiers, roots, targets and signature hashes.

Sources: the serialisation and consensus rules of the reference node, BIP141 (witness commitment), BIP143 and BIP341
(signature hashes), BIP94 (testnet4). Hashes come from hashlib. Byte strings of hashes are in internal order (the
reverse of what is printed). Every parser raises ValueError on bytes that are not the one encoding of their structure.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

SIGHASH_NONE: Final = 2
SIGHASH_SINGLE: Final = 3
SIGHASH_ANYONECANPAY: Final = 0x80
MAIN_LIMIT: Final = (1 << 224) - 1
PERIOD: Final = 2016
PERIOD_SECONDS: Final = 1_209_600
COIN: Final = 100_000_000
_LENGTH_MAX: Final = 0x0200_0000
_OP_CODESEPARATOR: Final = 0xAB


def sha256(data: bytes) -> bytes:
    """SHA-256 (32 bytes)."""
    return hashlib.sha256(data).digest()


def sha256d(data: bytes) -> bytes:
    """SHA-256 of SHA-256 (32 bytes)."""
    return sha256(sha256(data))


def tagged_hash(tag: str, data: bytes) -> bytes:
    """BIP340's tagged hash (32 bytes)."""
    prefix = sha256(tag.encode())
    return sha256(prefix + prefix + data)


class Reader:
    """Reads one structure from left to right; every read is checked."""

    def __init__(self, data: bytes, at: int = 0) -> None:
        self.data = data
        self.at = at

    def take(self, count: int) -> bytes:
        """The next `count` bytes; ValueError when there are fewer."""
        if count > len(self.data) - self.at:
            raise ValueError(f"byte {self.at}: {count} bytes wanted, {len(self.data) - self.at} left")
        self.at += count
        return self.data[self.at - count : self.at]

    def uint(self, count: int) -> int:
        """An unsigned little-endian integer of `count` bytes."""
        return int.from_bytes(self.take(count), "little")

    def compact_size(self) -> int:
        """A compactSize used as a length: shortest form, at most 0x02000000."""
        first = self.uint(1)
        if first < 0xFD:
            return first
        width = {0xFD: 2, 0xFE: 4, 0xFF: 8}[first]
        value = self.uint(width)
        if value < {2: 0xFD, 4: 0x1_0000, 8: 0x1_0000_0000}[width]:
            raise ValueError(f"byte {self.at}: compactSize is not the shortest")
        if value > _LENGTH_MAX:
            raise ValueError(f"byte {self.at}: length {value} is out of range")
        return value

    def string(self) -> bytes:
        """compactSize length and that many bytes."""
        return self.take(self.compact_size())


def compact_size(value: int) -> bytes:
    """Shortest compactSize of a value below 2**64."""
    if value < 0xFD:
        return bytes([value])
    if value < 0x1_0000:
        return b"\xfd" + value.to_bytes(2, "little")
    if value < 0x1_0000_0000:
        return b"\xfe" + value.to_bytes(4, "little")
    return b"\xff" + value.to_bytes(8, "little")


def string(data: bytes) -> bytes:
    """`data` behind its compactSize length."""
    return compact_size(len(data)) + data


# --- headers and targets


@dataclass(frozen=True)
class Header:
    """The 80 bytes that proof of work is made over."""

    version: int  # signed
    previous: bytes
    merkle_root: bytes
    time: int
    bits: int
    nonce: int

    @staticmethod
    def parse(data: bytes) -> Header:
        """From exactly 80 bytes."""
        if len(data) != 80:
            raise ValueError(f"a header has 80 bytes, got {len(data)}")
        reader = Reader(data)
        version = int.from_bytes(reader.take(4), "little", signed=True)
        return Header(version, reader.take(32), reader.take(32), reader.uint(4), reader.uint(4), reader.uint(4))

    def serialise(self) -> bytes:
        """The 80 bytes."""
        numbers = b"".join(n.to_bytes(4, "little") for n in (self.time, self.bits, self.nonce))
        return self.version.to_bytes(4, "little", signed=True) + self.previous + self.merkle_root + numbers

    def hash(self) -> bytes:
        """The block's hash in internal order."""
        return sha256d(self.serialise())


def target_from_bits(bits: int) -> int:
    """The target of a compact form; ValueError when it is negative, zero or does not fit 256 bits."""
    size, mantissa = bits >> 24, bits & 0x007F_FFFF
    if mantissa and bits & 0x0080_0000:
        raise ValueError("negative target")
    target = mantissa >> 8 * (3 - size) if size <= 3 else mantissa << 8 * (size - 3)
    if target == 0:
        raise ValueError("target is zero")
    if target >> 256:
        raise ValueError("target overflows 256 bits")
    return target


def bits_from_target(target: int) -> int:
    """Compact form; the lower digits are cut off, which is part of the rule."""
    size = (target.bit_length() + 7) // 8
    mantissa = target << 8 * (3 - size) if size <= 3 else target >> 8 * (size - 3)
    if mantissa & 0x0080_0000:
        mantissa >>= 8
        size += 1
    return size << 24 | mantissa


def retarget(bits: int, first_time: int, last_time: int, limit: int = MAIN_LIMIT) -> int:
    """Bits of the block that opens a period, from those of the period before and its first and last time."""
    span = min(max(last_time - first_time, PERIOD_SECONDS // 4), PERIOD_SECONDS * 4)
    return bits_from_target(min(target_from_bits(bits) * span // PERIOD_SECONDS, limit))


def work(bits: int) -> int:
    """Expected number of hashes behind a header."""
    return (1 << 256) // (target_from_bits(bits) + 1)


def median_time_past(times: Sequence[int]) -> int:
    """Median of the last eleven (or fewer) header times; the upper one of an even count."""
    last = sorted(times[-11:])
    return last[len(last) // 2]


def subsidy(height: int, interval: int = 210_000) -> int:
    """New coins of a block, in satoshi."""
    halvings = height // interval
    return 0 if halvings >= 64 else 50 * COIN >> halvings


# --- transactions and blocks


@dataclass
class Input:
    """An input: the outpoint that it spends, its script, its sequence number, its witness items."""

    previous: bytes
    index: int
    script: bytes
    sequence: int
    witness: list[bytes] = field(default_factory=list)

    def outpoint(self) -> bytes:
        """36 bytes."""
        return self.previous + self.index.to_bytes(4, "little")


@dataclass
class Output:
    """Satoshi (signed 64 bits on the wire) and the script that guards them."""

    value: int
    script: bytes

    def serialise(self) -> bytes:
        """Value and script as in a transaction."""
        return self.value.to_bytes(8, "little", signed=True) + string(self.script)


@dataclass
class Transaction:
    """A transaction; `version` is unsigned here."""

    version: int
    inputs: list[Input]
    outputs: list[Output]
    locktime: int

    @staticmethod
    def read(reader: Reader) -> Transaction:
        """The next transaction of `reader`."""
        version = reader.uint(4)
        count = reader.compact_size()
        flagged = count == 0
        if flagged:
            if reader.uint(1) != 1:
                raise ValueError(f"byte {reader.at}: transaction flags other than 1")
            count = reader.compact_size()
        inputs = [Input(reader.take(32), reader.uint(4), reader.string(), reader.uint(4)) for _ in range(count)]
        outputs = [
            Output(int.from_bytes(reader.take(8), "little", signed=True), reader.string())
            for _ in range(reader.compact_size())
        ]
        if flagged:
            for entry in inputs:
                entry.witness = [reader.string() for _ in range(reader.compact_size())]
            if not any(entry.witness for entry in inputs):
                raise ValueError(f"byte {reader.at}: witness flag without a witness")
        return Transaction(version, inputs, outputs, reader.uint(4))

    @staticmethod
    def parse(data: bytes) -> Transaction:
        """From exactly the bytes of one transaction."""
        reader = Reader(data)
        tx = Transaction.read(reader)
        if reader.at != len(data):
            raise ValueError(f"byte {reader.at}: bytes follow the transaction")
        return tx

    def has_witness(self) -> bool:
        """True iff any input has a witness item."""
        return any(entry.witness for entry in self.inputs)

    def serialise(self, witness: bool = True) -> bytes:
        """Network bytes, or without the witness those that the txid is made over."""
        witness = witness and self.has_witness()
        parts = [self.version.to_bytes(4, "little"), b"\x00\x01" if witness else b""]
        parts.append(compact_size(len(self.inputs)))
        for entry in self.inputs:
            parts += [entry.outpoint(), string(entry.script), entry.sequence.to_bytes(4, "little")]
        parts.append(compact_size(len(self.outputs)))
        parts += [output.serialise() for output in self.outputs]
        if witness:
            for entry in self.inputs:
                parts += [compact_size(len(entry.witness)), *(string(item) for item in entry.witness)]
        parts.append(self.locktime.to_bytes(4, "little"))
        return b"".join(parts)

    def txid(self) -> bytes:
        """Hash without witness."""
        return sha256d(self.serialise(witness=False))

    def wtxid(self) -> bytes:
        """Hash with witness."""
        return sha256d(self.serialise())


@dataclass
class Block:
    """A header and its transactions."""

    header: Header
    transactions: list[Transaction]

    @staticmethod
    def parse(data: bytes) -> Block:
        """From exactly the bytes of one block."""
        reader = Reader(data)
        header = Header.parse(reader.take(80))
        block = Block(header, [Transaction.read(reader) for _ in range(reader.compact_size())])
        if reader.at != len(data):
            raise ValueError(f"byte {reader.at}: bytes follow the block")
        return block

    def serialise(self) -> bytes:
        """Network bytes."""
        count = compact_size(len(self.transactions))
        return self.header.serialise() + count + b"".join(tx.serialise() for tx in self.transactions)

    def weight(self) -> int:
        """Three times the size without witnesses plus the whole size."""
        stripped = 80 + len(compact_size(len(self.transactions)))
        stripped += sum(len(tx.serialise(witness=False)) for tx in self.transactions)
        return 3 * stripped + len(self.serialise())


def merkle_root(leaves: Sequence[bytes]) -> tuple[bytes, bool]:
    """Root over 32-byte leaves, and whether two equal nodes met as a pair (CVE-2012-2459)."""
    level, mutated = list(leaves), False
    while len(level) > 1:
        mutated |= any(level[i] == level[i + 1] for i in range(0, len(level) - 1, 2))
        if len(level) % 2:
            level.append(level[-1])
        level = [sha256d(level[i] + level[i + 1]) for i in range(0, len(level), 2)]
    return (level[0] if level else bytes(32)), mutated


def witness_commitment(block: Block) -> bytes | None:
    """The commitment that the coinbase carries (BIP141): its last output of that form."""
    found = None
    for output in block.transactions[0].outputs:
        if len(output.script) >= 38 and output.script.startswith(bytes.fromhex("6a24aa21a9ed")):
            found = output.script[6:38]
    return found


def computed_witness_commitment(block: Block) -> bytes:
    """What the commitment must be, from the wtxids and the coinbase's witness nonce."""
    leaves = [bytes(32)] + [tx.wtxid() for tx in block.transactions[1:]]
    return sha256d(merkle_root(leaves)[0] + block.transactions[0].inputs[0].witness[0])


@dataclass(frozen=True)
class Prevout:
    """A spent output with the height that made it (None: unknown)."""

    value: int
    script: bytes
    height: int | None
    coinbase: bool

    def output(self) -> Output:
        """As it stands in its transaction."""
        return Output(self.value, self.script)


def parse_prevouts(data: bytes) -> list[Prevout]:
    """The container of spent outputs: u32 count, then value, height, coinbase flag and script of each."""
    reader = Reader(data)
    prevouts: list[Prevout] = []
    for _ in range(reader.uint(4)):
        value, height, coinbase = reader.uint(8), reader.uint(4), reader.uint(1)
        script = reader.string()
        prevouts.append(Prevout(value, script, None if height == 0xFFFF_FFFF else height, coinbase == 1))
    if reader.at != len(data):
        raise ValueError(f"byte {reader.at}: bytes follow the container")
    return prevouts


# --- scripts and signature hashes


def operations(script: bytes) -> Iterator[tuple[int, int, bytes | None]]:
    """(offset, opcode, pushed bytes or None) of each operation; ends before the first one that is cut off."""
    at = 0
    while at < len(script):
        start, opcode = at, script[at]
        at += 1
        data = None
        if opcode <= 0x4E:
            width = {0x4C: 1, 0x4D: 2, 0x4E: 4}.get(opcode, 0)
            size = int.from_bytes(script[at : at + width], "little") if width else opcode
            if at + width + size > len(script):
                return
            data = script[at + width : at + width + size]
            at += width + size
        yield start, opcode, data


def push(data: bytes) -> bytes:
    """The push that FindAndDelete searches for: direct below 76 bytes, else with one, two or four length bytes."""
    if len(data) < 0x4C:
        return bytes([len(data)]) + data
    if len(data) <= 0xFF:
        return b"\x4c" + len(data).to_bytes(1, "little") + data
    if len(data) <= 0xFFFF:
        return b"\x4d" + len(data).to_bytes(2, "little") + data
    return b"\x4e" + len(data).to_bytes(4, "little") + data


def find_and_delete(script: bytes, pattern: bytes) -> bytes:
    """`script` without the occurrences of `pattern` that begin where an operation begins."""
    if not pattern:
        return script
    out, kept, at = b"", 0, 0
    while True:
        out += script[kept:at]
        while script[at : at + len(pattern)] == pattern:
            at += len(pattern)
        kept = at
        step = next(operations(script[at:]), None)
        if step is None:
            return out + script[kept:]
        following = list(_two(script[at:]))
        at += following[0]


def _two(script: bytes) -> Iterator[int]:
    """Length of the first operation of `script`."""
    opcode = script[0]
    width = {0x4C: 1, 0x4D: 2, 0x4E: 4}.get(opcode, 0)
    size = int.from_bytes(script[1 : 1 + width], "little") if width else (opcode if opcode <= 0x4B else 0)
    yield 1 + width + size


def without_codeseparators(script: bytes) -> bytes:
    """`script` without its OP_CODESEPARATORs; a cut-off tail stays."""
    out, kept = b"", 0
    for start, opcode, _ in operations(script):
        if opcode == _OP_CODESEPARATOR:
            out += script[kept:start]
            kept = start + 1
    return out + script[kept:]


def signature_hash_legacy(tx: Transaction, index: int, script_code: bytes, hash_type: int) -> bytes:
    """The digest that a signature before SegWit is made over (32 bytes); `hash_type` is a u32."""
    base = hash_type & 0x1F
    if base == SIGHASH_SINGLE and index >= len(tx.outputs):
        return (1).to_bytes(32, "little")
    inputs: list[Input] = []
    for i, entry in enumerate(tx.inputs):
        mine = i == index
        sequence = entry.sequence if mine or base not in (SIGHASH_NONE, SIGHASH_SINGLE) else 0
        script = without_codeseparators(script_code) if mine else b""
        if mine or not hash_type & SIGHASH_ANYONECANPAY:
            inputs.append(Input(entry.previous, entry.index, script, sequence))
    outputs = tx.outputs
    if base == SIGHASH_NONE:
        outputs = []
    elif base == SIGHASH_SINGLE:
        outputs = [Output(-1, b"")] * index + [tx.outputs[index]]
    blanked = Transaction(tx.version, inputs, outputs, tx.locktime)
    return sha256d(blanked.serialise(witness=False) + hash_type.to_bytes(4, "little"))


def signature_hash_v0(tx: Transaction, index: int, script_code: bytes, value: int, hash_type: int) -> bytes:
    """BIP143's digest (32 bytes)."""
    base, only_this = hash_type & 0x1F, bool(hash_type & SIGHASH_ANYONECANPAY)
    mine = tx.inputs[index]
    prevouts = sequences = outputs = bytes(32)
    if not only_this:
        prevouts = sha256d(b"".join(entry.outpoint() for entry in tx.inputs))
    if not only_this and base not in (SIGHASH_NONE, SIGHASH_SINGLE):
        sequences = sha256d(b"".join(entry.sequence.to_bytes(4, "little") for entry in tx.inputs))
    if base not in (SIGHASH_NONE, SIGHASH_SINGLE):
        outputs = sha256d(b"".join(output.serialise() for output in tx.outputs))
    elif base == SIGHASH_SINGLE and index < len(tx.outputs):
        outputs = sha256d(tx.outputs[index].serialise())
    parts = [tx.version.to_bytes(4, "little"), prevouts, sequences, mine.outpoint(), string(script_code)]
    parts += [value.to_bytes(8, "little"), mine.sequence.to_bytes(4, "little"), outputs]
    parts += [tx.locktime.to_bytes(4, "little"), hash_type.to_bytes(4, "little")]
    return sha256d(b"".join(parts))


def signature_hash_taproot(
    tx: Transaction,
    index: int,
    prevouts: Sequence[Output],
    hash_type: int,
    *,
    annex: bytes | None = None,
    leaf: bytes | None = None,
) -> bytes:
    """BIP341's digest (32 bytes); with `leaf`, a tapleaf hash, BIP342's. ValueError when there is none."""
    if hash_type not in (0, 1, 2, 3, 0x81, 0x82, 0x83):
        raise ValueError(f"hash type {hash_type:#x} does not exist")
    base, only_this = hash_type & 3, bool(hash_type & SIGHASH_ANYONECANPAY)
    mine = tx.inputs[index]
    parts = [b"\x00", bytes([hash_type]), tx.version.to_bytes(4, "little"), tx.locktime.to_bytes(4, "little")]
    if not only_this:
        parts.append(sha256(b"".join(entry.outpoint() for entry in tx.inputs)))
        parts.append(sha256(b"".join(out.value.to_bytes(8, "little") for out in prevouts)))
        parts.append(sha256(b"".join(string(out.script) for out in prevouts)))
        parts.append(sha256(b"".join(entry.sequence.to_bytes(4, "little") for entry in tx.inputs)))
    if base not in (SIGHASH_NONE, SIGHASH_SINGLE):
        parts.append(sha256(b"".join(output.serialise() for output in tx.outputs)))
    parts.append(bytes([2 * (leaf is not None) + (annex is not None)]))
    if only_this:
        parts += [mine.outpoint(), prevouts[index].serialise(), mine.sequence.to_bytes(4, "little")]
    else:
        parts.append(index.to_bytes(4, "little"))
    if annex is not None:
        parts.append(sha256(string(annex)))
    if base == SIGHASH_SINGLE:
        if index >= len(tx.outputs):
            raise ValueError("SINGLE without an output of that index")
        parts.append(sha256(tx.outputs[index].serialise()))
    if leaf is not None:
        parts += [leaf, b"\x00", b"\xff\xff\xff\xff"]
    return tagged_hash("TapSighash", b"".join(parts))


def tap_leaf(script: bytes, version: int = 0xC0) -> bytes:
    """BIP341's leaf hash."""
    return tagged_hash("TapLeaf", bytes([version]) + string(script))


def tap_branch(left: bytes, right: bytes) -> bytes:
    """BIP341's inner node: the smaller child first."""
    return tagged_hash("TapBranch", min(left, right) + max(left, right))


def tap_tweak(internal_key: bytes, root: bytes) -> bytes:
    """BIP341's tweak of a 32-byte internal key by a script tree's root (empty for none)."""
    return tagged_hash("TapTweak", internal_key + root)
