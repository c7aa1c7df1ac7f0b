"""FISCO BCOS blocks, headers and proofs slowly and readably: the oracle of ``fisco-block``, ``fisco-header`` and
``fisco-proof``.

Sources: version 2 libethcore/{BlockHeader,Block,Transaction,TransactionReceipt}.cpp, libdevcore/TrieHash2.cpp,
libconsensus/pbft/PBFTEngine.cpp; version 3 bcos-tars-protocol (tars/*.tars, impl/TarsHashable.h),
bcos-pbft/engine/BlockValidator.cpp, bcos-crypto/merkle/Merkle.h; TarsGo's codec. Where the nodes are lenient the rules
here are those of docs/fisco.md. What is not valid raises :class:`Rule`; whether it is wrong or only undecided is not
told apart.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, Final

from isthmus.reference import merkle, rlp, secp256k1, sm2, trie
from isthmus.reference.hashes import keccak256, sm3

RC2: Final = 0x02000002
TREE: Final = 0x02020000
REMAIN_GAS: Final = 0x02090000
V3: Final = 0x03000000
INT64: Final = 1 << 63
_DEPTH_MAX: Final = 16


class Rule(Exception):
    """A rule that the bytes do not keep."""


def _require(holds: bool, rule: str) -> None:
    if not holds:
        raise Rule(rule)


@dataclass(frozen=True)
class Anchor:
    """What is trusted beforehand; ``sealers`` are (id, weight) in order, ``trusted`` is (number, hash)."""

    version: int
    sm: bool = False
    sealers: tuple[tuple[bytes, int], ...] = ()
    overlap: bool = False
    header_hash: bytes = b""
    trusted: tuple[int, bytes] | None = None
    chain_id: bytes = b""
    group_id: bytes = b""

    @property
    def is_v3(self) -> bool:
        """Whether blocks are those of version 3."""
        return self.version >= V3

    def hash(self, data: bytes) -> bytes:
        """The chain's hash."""
        return sm3(data) if self.sm else keccak256(data)

    def root(self, leaves: Sequence[bytes]) -> bytes:
        """The tree over digests, from 2.2.0 on."""
        made = merkle.tree("fisco-v3" if self.is_v3 else "fisco-v2", "sm3" if self.sm else "keccak256")
        if leaves:
            return made.root(leaves)
        return bytes(32) if self.is_v3 else self.hash(b"")


@dataclass
class Header:
    """A header and the bytes that its hash is taken of. ``shifts``: extra data stands where it could be sealers."""

    number: int
    parent: bytes
    roots: tuple[bytes, bytes]  # transactions, receipts
    sealer: int
    sealers: list[tuple[bytes, int]]
    preimage: bytes
    shifts: bool = False


@dataclass
class Transaction:
    """What is hashed, what is signed (``None``: the hash), by whom. ``preimage`` is ``None`` when only the hash is
    known."""

    preimage: bytes | None
    signed: bytes | None = None
    signature: bytes = b""
    key: bytes = b""
    sender: bytes = b""
    chain_id: bytes = b""
    group_id: bytes = b""
    stated: list[bytes] = field(default_factory=list)


@dataclass
class Receipt:
    """What is hashed; the number of the block, which only version 3 tells."""

    preimage: bytes | None
    status: int = 0
    number: int | None = None
    stated: list[bytes] = field(default_factory=list)


@dataclass
class Block:
    """Everything of one block."""

    header: Header
    stated: list[bytes]
    signatures: list[tuple[int, bytes]]
    transactions: list[Transaction] = field(default_factory=list)
    receipts: list[Receipt] = field(default_factory=list)


# --- version 2


def _item(data: bytes) -> Any:
    try:
        return rlp.decode(data)
    except ValueError as error:
        raise Rule(f"rlp: {error}") from None


def _list(value: Any, count: int | None = None) -> list[Any]:
    _require(isinstance(value, list) and count in (None, len(value)), "list")
    return list(value)


def _string(value: Any, *sizes: int) -> bytes:
    _require(isinstance(value, bytes) and (not sizes or len(value) in sizes), "string")
    return bytes(value)


def _number(value: Any, size: int = 32) -> int:
    raw = _string(value)
    _require(len(raw) <= size and raw[:1] != b"\0", "number")
    return int.from_bytes(raw, "big")


def header_v2(value: Any) -> Header:
    """The list of thirteen."""
    items = _list(value, 13)
    for each in items[:5]:
        _string(each, 32)
    _string(items[5], 256)
    number = _number(items[6], 8)
    _number(items[7])
    _number(items[8])
    _number(items[9], 8)
    for each in _list(items[10]):
        _string(each)
    sealers = [(_string(each, 64), 1) for each in _list(items[12])]
    return Header(number, items[0], (items[2], items[3]), _number(items[11], 8), sealers, rlp.encode(value))


def transaction_v2(value: Any, anchor: Anchor) -> Transaction:
    """Ten or thirteen items, the signature last."""
    named = anchor.version >= RC2
    count = 10 if named else 7
    items = _list(value, count + 3)
    for at in (0, 1, 2, 3, 5, *((7, 8) if named else ())):
        _number(items[at])
    _string(items[4], 0, 20)
    for at in (6, *((9,) if named else ())):
        _string(items[at])
    r, s = (_number(each).to_bytes(32, "big") for each in items[-2:])
    tx = Transaction(rlp.encode(value), rlp.encode(items[:count]), r + s)
    if named:
        tx.chain_id, tx.group_id = items[7], items[8]
    if anchor.sm:
        tx.key = _number(items[-3], 64).to_bytes(64, "big")
    else:
        v = _number(items[-3])
        _require(v in (27, 28), "v")
        tx.signature += bytes([v - 27])
    return tx


def receipt_v2(value: Any, anchor: Anchor) -> Receipt:
    """Seven items, from 2.9.0 on eight."""
    with_gas = anchor.version >= REMAIN_GAS
    items = _list(value, 8 if with_gas else 7)
    _string(items[0], 32)
    _number(items[1])
    _string(items[2], 20)
    _string(items[3], 256)
    status = _number(items[4], 8)
    _string(items[5])
    if with_gas:
        _number(items[6])
    for log in _list(items[-1]):
        address, topics, data = _list(log, 3)
        _string(address, 20)
        _string(data)
        for topic in _list(topics):
            _string(topic, 32)
    return Receipt(rlp.encode(value), min(status, (1 << 32) - 1))


def _blob(raw: bytes) -> list[bytes]:
    words = [int.from_bytes(raw[at : at + 4], "little") for at in range(0, len(raw) - 3, 4)]
    _require(len(words) >= 2 and len(raw) >= 8 + 4 * words[0], "blob")
    offsets, body = words[1 : words[0] + 2], raw[8 + 4 * words[0] :]
    _require(offsets[0] == 0 and offsets[-1] == len(body), "blob")
    _require(all(a < b for a, b in pairwise(offsets)), "blob")
    return [body[a:b] for a, b in pairwise(offsets)]


def _signature_list(value: Any) -> list[tuple[int, bytes]]:
    pairs = [_list(each, 2) for each in _list(value)]
    return [(_number(index, 8), _string(signature)) for index, signature in pairs]


def block_v2(raw: bytes, anchor: Anchor) -> Block:
    """A block as nodes store it."""
    items = _list(_item(raw), 5)
    if anchor.version >= RC2:
        header, blob, stated, signatures, receipts = items
        values = [_item(each) for each in _blob(_string(blob))]
    else:
        header, txs, receipts, stated, signatures = items
        values = _list(txs)
    return Block(
        header_v2(header),
        [_string(stated, 32)],
        _signature_list(signatures),
        [transaction_v2(each, anchor) for each in values],
        [receipt_v2(each, anchor) for each in _list(receipts)],
    )


def root_of(encodings: list[bytes], anchor: Anchor, *, receipts: bool = False) -> bytes:
    """The root of either kind over encodings, by the release's rule."""
    if anchor.version >= TREE:
        return anchor.root([anchor.hash(each) for each in encodings])
    if anchor.version < RC2:
        return _trie_root(encodings, anchor.hash)
    if receipts:
        return anchor.hash(rlp.with_header(0xC0, b"".join(encodings)))
    ends = [0]
    for each in encodings:
        ends.append(ends[-1] + len(each))
    table = b"".join(number.to_bytes(4, "little") for number in (len(encodings), *ends))
    return anchor.hash(table + b"".join(encodings))


def _trie_root(values: list[bytes], digest: Callable[[bytes], bytes]) -> bytes:
    items = {trie.index_key(index): value for index, value in enumerate(values)}
    return bytes(trie.Trie(items, digest).root())


# --- TARS


class Text(bytes):
    """A string, told apart from a list of bytes."""


class Opaque(bytes):
    """A value that nothing here reads: a map or a float."""


class _Tars:
    def __init__(self, data: bytes) -> None:
        self.data: Final = data
        self.at = 0

    def take(self, count: int) -> bytes:
        _require(self.at + count <= len(self.data), "truncated")
        self.at += count
        return self.data[self.at - count : self.at]

    def head(self) -> tuple[int, int]:
        first = self.take(1)[0]
        tag, kind = first >> 4, first & 15
        if tag == 15:
            tag = self.take(1)[0]
            _require(tag >= 15, "tag")
        return tag, kind

    def integer(self, kind: int) -> int:
        if kind == 12:
            return 0
        width = 1 << kind
        number = int.from_bytes(self.take(width), "big", signed=True)
        narrower = number == 0 if width == 1 else -(1 << 4 * width - 1) <= number < 1 << 4 * width - 1
        _require(not narrower, "width")
        return number

    def count(self) -> int:
        tag, kind = self.head()
        _require(tag == 0 and kind in (0, 1, 2, 3, 12), "count")
        number = self.integer(kind)
        _require(0 <= number < 1 << 31, "count")
        return number

    def items(self, tags: tuple[int, ...], depth: int) -> list[Any]:
        found = []
        for _ in range(self.count()):
            for wanted in tags:
                tag, kind = self.head()
                _require(tag == wanted, "item")
                found.append(self.value(kind, depth))
        return found

    def value(self, kind: int, depth: int) -> Any:
        _require(depth < _DEPTH_MAX, "depth")
        if kind in (0, 1, 2, 3, 12):
            # Integers that are only passed over may have any width; those that are read, one.
            start = self.at
            try:
                return self.integer(kind)
            except Rule:
                if self.at == start and kind != 12:
                    raise
                return Opaque(b"")
        if kind in (4, 5):
            return Opaque(self.take(4 if kind == 4 else 8))
        if kind in (6, 7):
            size = int.from_bytes(self.take(1 if kind == 6 else 4), "big")
            _require(kind == 6 or size > 255, "text")
            return Text(self.take(size))
        if kind == 8:
            self.items((0, 1), depth + 1)
            return Opaque(b"")
        if kind == 9:
            return self.items((0,), depth + 1)
        if kind == 10:
            return self.struct(depth + 1, inner=True)
        _require(kind == 13 and self.head() == (0, 0), "type")
        return self.take(self.count())

    def struct(self, depth: int, *, inner: bool) -> dict[int, Any]:
        """Fields by tag. Those of the structs that are passed over are read loosely: only their shape counts."""
        fields: dict[int, Any] = {}
        order: list[int] = []
        while inner or self.at < len(self.data):
            tag, kind = self.head()
            if kind == 11:
                _require(inner and tag == 0, "end")
                break
            fields[tag] = self.value(kind, depth)
            order.append(tag)
        fields[-1] = order
        return fields


def tars(data: bytes) -> dict[int, Any]:
    """The fields of a struct by tag."""
    return _Tars(data).struct(0, inner=False)


def _struct(value: Any, tags: set[int]) -> dict[int, Any]:
    _require(isinstance(value, dict), "struct")
    order = value[-1]
    _require(order == sorted(set(order)) and set(order) <= tags, "fields")
    return dict(value)


def _int(fields: dict[int, Any], tag: int, bits: int = 64) -> int:
    value = fields.get(tag, 0)
    _require(type(value) is int and -(1 << bits - 1) <= value < 1 << bits - 1, "integer")
    return int(value)


def _positive(fields: dict[int, Any], tag: int) -> int:
    value = _int(fields, tag)
    _require(value >= 0, "negative")
    return value


def _text(fields: dict[int, Any], tag: int) -> bytes:
    value = fields.get(tag, Text(b""))
    _require(isinstance(value, Text), "text")
    return bytes(value)


def _bytes(fields: dict[int, Any], tag: int, *sizes: int) -> bytes:
    value = fields.get(tag, b"")
    _require(type(value) is bytes and (not sizes or len(value) in sizes), "bytes")
    return bytes(value)


def _items(fields: dict[int, Any], tag: int) -> list[Any]:
    value = fields.get(tag, [])
    _require(isinstance(value, list), "items")
    return list(value)


def _be(value: int, width: int) -> bytes:
    return value.to_bytes(width, "big", signed=True)


def _decimal(text: bytes) -> bool:
    digits = 0 < len(text) <= 20 and all(48 <= each < 58 for each in text)
    return digits and (text == b"0" or text[0] != 48)


def header_v3(value: Any) -> Header:
    """bcostars.BlockHeaderData."""
    fields = _struct(value, set(range(2, 14)))
    version, number = _int(fields, 2, 32), _positive(fields, 7)
    _require(version >> 24 == 3, "version")
    genesis = number == 0
    parents = [_struct(each, {1, 2}) for each in _items(fields, 3)]
    _require(len(parents) == (0 if genesis else 1), "parents")
    parent = b""
    for each in parents:
        parent = _bytes(each, 2, 32)
        _require(_positive(each, 1) == number - 1, "parent")
    roots = [_bytes(fields, tag, *((0, 32) if genesis else (32,))) for tag in (4, 5, 6)]
    gas = _text(fields, 8)
    _require(_decimal(gas) or (genesis and not gas), "gas")
    timestamp, sealer = _positive(fields, 9), _positive(fields, 10)
    _require(timestamp < 1 << 56, "timestamp")
    ids = [_bytes({0: each}, 0, 64) for each in _items(fields, 11)]
    weights = [_int({0: each}, 0) for each in _items(fields, 13)]
    _require(len(ids) == len(weights) and all(each > 0 for each in weights) and sum(weights) < INT64, "weights")
    extra = _bytes(fields, 12)
    preimage = b"".join(
        (
            _be(version, 4), *(_be(number - 1, 8) + parent for _ in parents), *roots, _be(number, 8), gas,
            _be(timestamp, 8), _be(sealer, 8), *ids, extra, *(_be(weight, 8) for weight in weights),
        )
    )  # fmt: skip
    sealers = list(zip(ids, weights, strict=True))
    return Header(number, parent, (roots[0], roots[1]), sealer, sealers, preimage, bool(extra))


def block_header_v3(value: Any) -> Block:
    """bcostars.BlockHeader."""
    fields = _struct(value, {1, 2, 3})
    _require(1 in fields, "version")
    stated = _bytes(fields, 2, 0, 32)
    signed = [_struct(each, {1, 2}) for each in _items(fields, 3)]
    signatures = [(_positive(each, 1), _bytes(each, 2)) for each in signed]
    return Block(header_v3(fields[1]), [stated] if stated else [], signatures)


def transaction_v3(value: Any, anchor: Anchor) -> Transaction:
    """bcostars.Transaction. Those of Ethereum are not decided."""
    fields = _struct(value, {1, 2, 3, 4, 5, 7, 8, 9, 10, 11})
    stated, sender = _bytes(fields, 2, 0, 32), _bytes(fields, 7, 0, 20)
    _bytes(fields, 11, 0, 32)
    _require(_int(fields, 9, 32) == 0, "type")
    data = _struct(fields.get(1, {-1: []}), set(range(1, 15)))
    version = _int(data, 1, 32)
    _require(0 <= version <= 2, "version")
    texts = {tag: _text(data, tag) for tag in (2, 3, 5, 6, 8, 9, 10, 12, 13)}
    texts |= {tag: _bytes(data, tag) for tag in (7, 14)}
    limit, gas = _int(data, 4), _int(data, 11)
    preimage = _be(version, 4) + texts[2] + texts[3] + _be(limit, 8) + texts[5] + texts[6] + texts[7] + texts[8]
    if version >= 1:
        preimage += texts[9] + texts[10] + _be(gas, 8) + texts[12] + texts[13]
    if version >= 2:
        preimage += texts[14]
    raw = _bytes(fields, 3, 0, 128 if anchor.sm else 65)
    tx = Transaction(preimage, None, raw, b"", sender, texts[2], texts[3], [stated] if stated else [])
    if anchor.sm:
        tx.signature, tx.key = raw[:64], raw[64:]
    return tx


_HEX: Final = b"0123456789abcdefABCDEF"


def _is_address(text: bytes) -> bool:
    if b"\0" in text:
        return False
    if not text or text.startswith(b"/"):
        return True
    digits = text[2:] if len(text) == 42 and text.startswith(b"0x") else text
    return len(digits) == 40 and all(each in _HEX for each in digits)


def receipt_v3(value: Any) -> Receipt:
    """bcostars.TransactionReceipt."""
    fields = _struct(value, set(range(1, 9)))
    _require(1 in fields, "data")
    stated = _bytes(fields, 2, 0, 32)
    data = _struct(fields[1], set(range(1, 9)))
    version, status, number = _int(data, 1, 32), _int(data, 4, 32), _positive(data, 7)
    _require(0 <= version <= 2 and 0 <= status < 1 << 24, "receipt")
    gas, address, price = _text(data, 2), _text(data, 3), _text(data, 8)
    _require(_decimal(gas) and _is_address(address), "receipt")
    logs = b""
    for each in _items(data, 6):
        log = _struct(each, {1, 2, 3})
        topics = [_bytes({0: topic}, 0, 0, 32) for topic in _items(log, 2)]
        logs += _text(log, 1) + b"".join(topics) + _bytes(log, 3)
    preimage = b"".join(
        (
            _be(version, 4), gas, address, _be(status, 4), _bytes(data, 5), price if version >= 1 else b"", logs,
            _be(number, 8),
        )
    )  # fmt: skip
    return Receipt(preimage, status, number, [stated] if stated else [])


def block_v3(raw: bytes, anchor: Anchor) -> Block:
    """bcostars.Block."""
    fields = _struct(tars(raw), set(range(1, 12)))
    _require(3 in fields, "header")
    block = block_header_v3(fields[3])
    block.transactions = [transaction_v3(each, anchor) for each in _items(fields, 4)]
    block.receipts = [receipt_v3(each) for each in _items(fields, 5)]
    return block


# --- rules


def _signed_by(signature: bytes, key: bytes, digest: bytes, anchor: Anchor) -> None:
    """A sealer's signature."""
    if anchor.sm:
        bare = anchor.is_v3 and len(signature) == 64
        _require(bare or (len(signature) == 128 and signature[64:] == key), "signature")
        _require(sm2.verify(key, signature[:64], digest), "signature")
        return
    _require(len(signature) == 65 and signature[64] <= 1, "signature")
    _require(secp256k1.recover(signature, digest) == b"\x04" + key, "signature")


def _quorum(sealers: Sequence[tuple[bytes, int]]) -> int:
    total = sum(weight for _, weight in sealers)
    return total - (total - 1) // 3


def check_header(block: Block, anchor: Anchor) -> bytes:
    """Hash, sealers, trust and signatures; the header's hash."""
    header = block.header
    digest = anchor.hash(header.preimage)
    _require(all(each == digest for each in block.stated), "hash")
    pinned = bool(anchor.header_hash)
    _require(not pinned or digest == anchor.header_hash, "pinned")
    listed = bool(anchor.sealers) and tuple(header.sealers) == anchor.sealers
    if header.number > 0:
        _require(header.sealer < len(header.sealers), "sealer")
        _require(len({key for key, _ in header.sealers}) == len(header.sealers), "repeated")
        _require(listed or not anchor.sealers or anchor.overlap, "sealers")
        _require(listed or not header.shifts, "extra data")
    if anchor.trusted is not None:
        number, parent = anchor.trusted
        _require(header.number > number, "later")
        _require(header.number > number + 1 or header.parent == parent, "parent")
    _require(pinned or (header.number > 0 and bool(anchor.sealers)), "no anchor")
    if not block.signatures and pinned:
        return digest
    indices = [index for index, _ in block.signatures]
    _require(len(set(indices)) == len(indices) and all(each < len(header.sealers) for each in indices), "signers")
    for index, signature in block.signatures:
        _signed_by(signature, header.sealers[index][0], digest, anchor)
    signers = {header.sealers[index] for index in indices}
    _require(bool(signers) and sum(weight for _, weight in signers) >= _quorum(header.sealers), "quorum")
    if anchor.sealers and not listed and header.number > 0:
        keys = {key for key, _ in signers}
        _require(sum(weight for key, weight in anchor.sealers if key in keys) >= _quorum(anchor.sealers), "overlap")
    return digest


def check_transaction(tx: Transaction, anchor: Anchor) -> bytes:
    """Names, signature and sender; the transaction's hash."""
    if tx.preimage is None:
        _require(len(set(tx.stated)) == 1 and not tx.sender, "transaction")
        return tx.stated[0]
    digest = anchor.hash(tx.preimage)
    _require(all(each == digest for each in tx.stated), "transaction hash")
    _require(anchor.chain_id in (b"", tx.chain_id) and anchor.group_id in (b"", tx.group_id), "chain")
    if not tx.signature:
        _require(not tx.sender, "unsigned")
        return digest
    message = digest if tx.signed is None else anchor.hash(tx.signed)
    if anchor.sm:
        _require(sm2.verify(tx.key, tx.signature, message), "signature")
        key = tx.key
    else:
        found = secp256k1.recover(tx.signature, message) if tx.signature[64] <= 1 else None
        if found is None:
            raise Rule("signature")
        key = found[1:]
    _require(tx.sender in (b"", anchor.hash(key)[12:]), "sender")
    return digest


def check_receipt(receipt: Receipt, header: Header, anchor: Anchor) -> bytes:
    """The receipt's hash."""
    if receipt.preimage is None:
        _require(len(set(receipt.stated)) == 1, "receipt")
        return receipt.stated[0]
    digest = anchor.hash(receipt.preimage)
    _require(all(each == digest for each in receipt.stated), "receipt hash")
    _require(receipt.number in (None, header.number), "receipt's block")
    return digest


def _require_once(transactions: Sequence[Transaction]) -> None:
    known = [each.preimage for each in transactions if each.preimage is not None]
    _require(len(set(known)) == len(known), "repeated transaction")


def check_block(raw: bytes, anchor: Anchor) -> None:
    """``fisco-block``."""
    block = block_v3(raw, anchor) if anchor.is_v3 else block_v2(raw, anchor)
    header = block.header
    check_header(block, anchor)
    if header.number == 0 and not block.transactions:
        _require(not block.receipts, "receipts of nothing")
        return
    _require(bool(header.roots[0]), "no root")
    for tx in block.transactions:
        check_transaction(tx, anchor)
    _require_once(block.transactions)
    _require(root_of([tx.preimage or b"" for tx in block.transactions], anchor) == header.roots[0], "root")
    if block.receipts:
        _require(len(block.receipts) == len(block.transactions), "receipts")
        for receipt in block.receipts:
            check_receipt(receipt, header, anchor)
        made = root_of([each.preimage or b"" for each in block.receipts], anchor, receipts=True)
        _require(made == header.roots[1], "receipts root")


@dataclass
class Statement:
    """The parts of ``fisco-header``, as the message has them."""

    header: bytes
    hash: bytes = b""
    signatures: list[tuple[int, bytes]] = field(default_factory=list)
    transactions: bytes = b""
    missing: list[bytes] = field(default_factory=list)
    bodies: list[tuple[bytes, bytes]] = field(default_factory=list)  # transaction, sender


def _read_transaction(raw: bytes, anchor: Anchor) -> Transaction:
    return transaction_v3(tars(raw), anchor) if anchor.is_v3 else transaction_v2(_item(raw), anchor)


def _tell_sender(tx: Transaction, sender: bytes) -> None:
    _require(not sender or tx.sender in (b"", sender), "sender")
    tx.sender = sender or tx.sender


def check_statement(statement: Statement, anchor: Anchor) -> Header:
    """``fisco-header``."""
    _require(statement.missing in ([], [b"signatureList"]), "missing")
    if anchor.is_v3:
        block = block_header_v3(tars(statement.header))
        _require(not statement.signatures and not (block.stated and statement.hash), "statement")
    else:
        block = Block(header_v2(_item(statement.header)), [], statement.signatures)
    block.stated += [statement.hash] if statement.hash else []
    check_header(block, anchor)
    hashes = [statement.transactions[at : at + 32] for at in range(0, len(statement.transactions), 32)]
    _require(all(len(each) == 32 for each in hashes), "hashes")
    bodies = []
    for raw, sender in statement.bodies:
        tx = _read_transaction(raw, anchor)
        _tell_sender(tx, sender)
        bodies.append(tx)
    if bodies:
        _require([check_transaction(tx, anchor) for tx in bodies] == hashes, "bodies")
        _require_once(bodies)
    if hashes:
        early = anchor.version < TREE
        _require(bool(bodies) or not early, "bodies")
        made = root_of([tx.preimage or b"" for tx in bodies], anchor) if early else anchor.root(hashes)
        _require(made == block.header.roots[0], "root")
    return block.header


Path = list[tuple[list[bytes], list[bytes]]]


@dataclass
class Proof:
    """The parts of ``fisco-proof``, as the message has them; ``None`` where a field is absent."""

    statement: Statement
    transaction: bytes | None = None
    transaction_hash: bytes = b""
    transaction_path: Path = field(default_factory=list)
    receipt: bytes | None = None
    receipt_hash: bytes = b""
    receipt_path: Path = field(default_factory=list)
    index: int | None = None
    sender: bytes = b""


def climb(leaf: bytes, path: Path, anchor: Anchor) -> tuple[int, bytes]:
    """Where a path leads from a leaf: the index, and the root."""
    width = 2 if anchor.is_v3 else 16
    index, scale, at_edge = 0, 1, False
    for at, (left, right) in enumerate(path):
        _require(len(left) + len(right) < width and scale < 1 << 60, "shape")
        _require(not (at_edge and right) and (bool(left or right) or at + 1 < len(path)), "shape")
        index += scale * len(left)
        scale *= width
        at_edge |= len(left) + 1 + len(right) < width

    def numbered(nodes: list[bytes], first: int) -> list[bytes]:
        return nodes if anchor.is_v3 else [merkle.rlp(first + at) + node for at, node in enumerate(nodes)]

    node = numbered([leaf], index)[0]
    for at, (left, right) in enumerate(path):
        if at == 0:
            left, right = numbered(left, index - len(left)), numbered(right, index + 1)
        node = anchor.hash(b"".join((*left, node, *right)))
    return index, node if anchor.is_v3 else anchor.hash(node)


def check_proof(proof: Proof, anchor: Anchor) -> None:
    """``fisco-proof``."""
    header = check_statement(proof.statement, anchor)
    _require(anchor.version >= TREE, "release")
    has_tx = proof.transaction is not None or bool(proof.transaction_hash)
    has_receipt = proof.receipt is not None or bool(proof.receipt_hash)
    _require(has_tx or has_receipt, "nothing")
    # A bare hash in version 3 may be an inner node, unless the other proof, of a whole leaf, has as many levels.
    whole = (proof.transaction is not None, proof.receipt is not None)
    bare = (has_tx and not whole[0]) or (has_receipt and not whole[1])
    levels_agree = any(whole) and len(proof.transaction_path) == len(proof.receipt_path)
    _require(not (anchor.is_v3 and bare) or levels_agree, "hash only")
    place = proof.index
    if has_tx:
        tx = Transaction(None) if proof.transaction is None else _read_transaction(proof.transaction, anchor)
        _tell_sender(tx, proof.sender)
        tx.stated += [proof.transaction_hash] if proof.transaction_hash else []
        index, root = climb(check_transaction(tx, anchor), proof.transaction_path, anchor)
        _require(proof.index in (None, index) and root == header.roots[0], "transaction's place")
        place = None if anchor.is_v3 else index
    if has_receipt:
        receipt = Receipt(None)
        if proof.receipt is not None:
            receipt = receipt_v3(tars(proof.receipt)) if anchor.is_v3 else receipt_v2(_item(proof.receipt), anchor)
        receipt.stated += [proof.receipt_hash] if proof.receipt_hash else []
        index, root = climb(check_receipt(receipt, header, anchor), proof.receipt_path, anchor)
        _require(place in (None, index) and root == header.roots[1], "receipt's place")
