"""What FISCO BCOS nodes and SDKs tell in JSON, rewritten to the bytes that the native decoders read.

Read are: answers of JSON-RPC (with or without their envelope) and the objects that the Java SDK prints, of version 2
(``getBlockByNumber``, ``getBlockHeaderByNumber``, ``getTransactionByHashWithProof`` ...) and of version 3. Numbers may
be JSON integers, decimal text, or hexadecimal text behind ``0x``; bytes are hexadecimal with or without ``0x``.

Nothing is made up. What the hash of a header needs and the source leaves out is named in ``missing``, and the decoder
then answers ``undecided``. Everything else that cannot be read is a ``ValueError`` that names its path. Two things that
the JSON does not tell are settled by the hash, which covers them: a transaction or receipt of version 3 without
``version`` is one of version 0 (nodes left the field out while there was no other), and ``to`` of zeros or null in
version 2 is the creation of a contract.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from isthmus import _rlp, _tars, _wire
from isthmus._json import Node
from isthmus.batch import hash_many
from isthmus.chains.fisco_anchor import Anchor

_HASH_LEN: Final = 32
_ADDRESS_LEN: Final = 20
_NODE_ID_LEN: Final = 64
_BLOOM_LEN: Final = 256
_QUANTITY: Final = re.compile(r"0x[0-9a-fA-F]{1,64}|0|[1-9][0-9]{0,77}", re.ASCII)
_WORD_END: Final = 1 << 256
_RECOVERY_BASE: Final = 27
_REMAIN_GAS: Final = 0x02090000
_NAMES: Final = 0x02000002  # transactions tell chain and group since 2.0.0-rc2
_WEB3: Final = 1


# --- values


def quantity(node: Node) -> int:
    """A number below 2^256: a JSON integer, decimal text, or hexadecimal text behind ``0x``."""
    value = node.value
    if isinstance(value, str):
        if not _QUANTITY.fullmatch(value):
            raise node.fail(f"expected a number, got {value!r:.60}")
        value = int(value, 16) if value.startswith("0x") else int(value)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < _WORD_END:
        raise node.fail(f"expected a number, got {node.value!r:.60}")
    return value


def data(node: Node, size: int | None = None) -> bytes:
    """Bytes as hexadecimal text, ``0x`` allowed."""
    raw = Node(node.text().removeprefix("0x"), node.path).hex()
    if size is not None and len(raw) != size:
        raise node.fail(f"expected {size} bytes in hexadecimal, got {len(raw)}")
    return raw


def _decimal(node: Node) -> str:
    """Text that is hashed as it stands."""
    value = node.value
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else node.text()


def unwrap(source: Any) -> Node:
    """The answer inside JSON-RPC's envelope, if there is one."""
    node = Node.load(source)
    return node.at("result") if node.has("result") and not node.has("hash") else node


# --- headers


class Signature(NamedTuple):
    """A sealer's signature as a header carries it."""

    sealer: int
    signature: bytes


@dataclass(frozen=True, slots=True)
class Statement:
    """What a source tells of one block, as the input of ``fisco-header``.

    ``number``     as stated; nothing here is believed before the verdict
    ``hash``       as stated, empty when the source does not say
    ``missing``    fields that the source left out; with any but ``signatureList`` the verdict is undecided
    ``bodies``     how many whole transactions go with it (0: only their hashes, or none)
    """

    encoded: bytes
    number: int
    hash: bytes
    missing: tuple[str, ...] = ()
    bodies: int = 0

    def __bytes__(self) -> bytes:
        return self.encoded


class Fields:
    """Takes the fields of an object, and keeps the names of those that are not there."""

    def __init__(self, node: Node) -> None:
        self.node: Final = node
        self.missing: Final[list[str]] = []

    def take(self, *names: str) -> Node | None:
        """The value under the first of these names that stands."""
        for name in names:
            if self.node.has(name):
                return self.node.at(name)
        self.missing.append(names[0])
        return None

    def bytes(self, size: int, *names: str) -> bytes:
        """Bytes of that size."""
        found = self.take(*names)
        return bytes(size) if found is None else data(found, size)

    def number(self, *names: str) -> int:
        """A number below 2^256."""
        found = self.take(*names)
        return 0 if found is None else quantity(found)

    def items(self, *names: str) -> list[Node]:
        """The items of a list."""
        found = self.take(*names)
        return [] if found is None else list(found)


def _signatures(fields: Fields) -> list[Signature]:
    found = []
    for each in fields.items("signatureList", "signatures"):
        index = quantity(each.first("index", "sealerIndex"))
        if index >= 1 << 63:
            raise each.fail(f"an index of {index} is none")
        found.append(Signature(index, data(each.at("signature"))))
    return found


def header_v2(fields: Fields) -> bytes:
    """The list of thirteen."""
    return _rlp.encode(
        [
            fields.bytes(_HASH_LEN, "parentHash"),
            fields.bytes(_HASH_LEN, "stateRoot"),
            fields.bytes(_HASH_LEN, "transactionsRoot"),
            fields.bytes(_HASH_LEN, "receiptsRoot"),
            fields.bytes(_HASH_LEN, "dbHash"),
            fields.bytes(_BLOOM_LEN, "logsBloom"),
            _rlp.number(fields.number("number")),
            _rlp.number(fields.number("gasLimit")),
            _rlp.number(fields.number("gasUsed")),
            _rlp.number(fields.number("timestamp")),
            [data(each) for each in fields.items("extraData")],
            _rlp.number(fields.number("sealer")),
            [data(each, _NODE_ID_LEN) for each in fields.items("sealerList")],
        ]
    )


def _signed_64(node: Node) -> int:
    value = quantity(node)
    if value >= 1 << 63:
        raise node.fail(f"{value} does not fit 64 signed bits")
    return value


def _long(fields: Fields, *names: str) -> int:
    found = fields.take(*names)
    return 0 if found is None else _signed_64(found)


def _parents(fields: Fields, number: int) -> list[bytes]:
    if number > 0 and not fields.node.has("parentInfo") and fields.node.has("parentHash"):
        parents = [(number - 1, data(fields.node.at("parentHash"), _HASH_LEN))]
    else:
        parents = [
            (_signed_64(each.at("blockNumber")), data(each.at("blockHash"), _HASH_LEN))
            for each in fields.items("parentInfo")
        ]
    return [_tars.struct(0, _tars.integer(1, at) + _tars.blob(2, digest)) for at, digest in parents]


def header_v3(fields: Fields, signatures: list[Signature], stated_hash: bytes = b"") -> bytes:
    """The fields of bcostars.BlockHeader."""
    number = _long(fields, "number", "blockNumber")
    roots = [
        fields.bytes(_HASH_LEN, *names)
        for names in (("txsRoot", "transactionsRoot"), ("receiptsRoot", "receiptRoot"), ("stateRoot",))
    ]
    gas_node = fields.take("gasUsed")
    gas_used = "" if gas_node is None else _decimal(gas_node)
    if number == 0:  # nodes print zeros for the fields that the first block does not have
        roots = [root if any(root) else b"" for root in roots]
        gas_used = "" if gas_used == "0" else gas_used
    extra = fields.take("extraData")
    header = b"".join(
        (
            _tars.integer(2, _long(fields, "version")),
            _tars.items(3, _parents(fields, number)),
            *(_tars.blob(4 + at, root) for at, root in enumerate(roots)),
            _tars.integer(7, number),
            _tars.text(8, gas_used),
            _tars.integer(9, _long(fields, "timestamp")),
            _tars.integer(10, _long(fields, "sealer")),
            _tars.items(11, [_tars.blob(0, data(each), keep=True) for each in fields.items("sealerList")]),
            b"" if extra is None else _tars.blob(12, data(extra)),
            _tars.items(
                13, [_tars.integer(0, _signed_64(each), keep=True) for each in fields.items("consensusWeights")]
            ),
        )
    )
    signed = [_tars.struct(0, _tars.integer(1, each.sealer) + _tars.blob(2, each.signature)) for each in signatures]
    return _tars.struct(1, header) + _tars.blob(2, stated_hash) + _tars.items(3, signed)


def _listed(node: Node) -> list[Node]:
    """The transactions of a block, where it tells any."""
    return list(node.at("transactions")) if node.has("transactions") else []


def _hash_of(node: Node) -> bytes | None:
    if isinstance(node.value, str):
        return data(node, _HASH_LEN)
    return data(node.at("hash"), _HASH_LEN) if node.has("hash") else None


def read_statement(source: Any, anchor: Anchor, *, body: bool = True) -> Statement:
    """A block or header in JSON, with its transactions unless ``body`` is false; ``ValueError`` names the path of what
    cannot be read."""
    node = unwrap(source)
    if not any(node.has(name) for name in ("number", "blockNumber", "hash")):
        raise node.fail("no block or header: it has neither a number nor a hash")
    fields = Fields(node)
    signatures = _signatures(fields)
    v3 = anchor.version.major == 3
    header = header_v3(fields, signatures) if v3 else header_v2(fields)
    transactions = _listed(node) if body else []
    hashes = [_hash_of(each) for each in transactions]
    told = [each for each in hashes if each is not None]
    bodies = [found for each in transactions if (found := _body(each, anchor)) is not None]
    whole = len(bodies) == len(transactions) == len(told)
    stated = data(node.at("hash"), _HASH_LEN) if node.has("hash") else b""
    unsigned = fields.missing == ["signatureList"]
    encoded = b"".join(
        (
            _wire.blob(1, header if not fields.missing or unsigned else b""),
            _wire.blob(2, stated),
            b"".join(
                _wire.message(3, _wire.uint(1, each.sealer) + _wire.blob(2, each.signature)) for each in signatures
            )
            if not v3
            else b"",
            _wire.blob(4, b"".join(told) if len(told) == len(hashes) else b""),
            b"".join(_wire.text(5, name) for name in fields.missing),
            b"".join(_wire.message(6, each) for each in bodies) if whole else b"",
        )
    )
    number = quantity(node.first("number", "blockNumber")) if node.has("number") or node.has("blockNumber") else 0
    return Statement(encoded, number, stated, tuple(fields.missing), len(bodies) if whole else 0)


# --- transactions


def _body(node: Node, anchor: Anchor) -> bytes | None:
    """A transaction with its stated sender, or ``None`` where not all of it is told."""
    if isinstance(node.value, str):
        return None
    encoding = read_transaction(node, anchor)
    if encoding is None:
        return None
    return _wire.blob(1, encoding) + (_wire.blob(2, _sender(node)) if anchor.version.major == 2 else b"")


def _sender(node: Node) -> bytes:
    return data(node.at("from"), _ADDRESS_LEN) if node.has("from") and node.at("from").value != "" else b""


def read_transaction(node: Node, anchor: Anchor) -> bytes | None:
    """A transaction in the chain's own bytes, or ``None`` where the source leaves out what its hash covers."""
    return _transaction_v3(node) if anchor.version.major == 3 else _transaction_v2(node, anchor)


_V2_NUMBERS: Final = ("nonce", "gasPrice", "gas", "blockLimit", "value")


def _transaction_v2(node: Node, anchor: Anchor) -> bytes | None:
    named = anchor.version.number >= _NAMES
    needed = [*_V2_NUMBERS, "input", "signature", *(("chainId", "groupId", "extraData") if named else ())]
    if not all(node.has(name) for name in needed):
        return None
    nonce, price, gas, limit, value = (_rlp.number(quantity(node.at(name))) for name in _V2_NUMBERS)
    to = data(node.at("to")) if node.has("to") else b""
    fields: list[_rlp.Rlp] = [nonce, price, gas, limit, to if any(to) else b"", value, data(node.at("input"))]
    if named:
        fields += [_rlp.number(quantity(node.at("chainId"))), _rlp.number(quantity(node.at("groupId")))]
        fields.append(data(node.at("extraData")))
    signature = node.at("signature")
    if anchor.suite == "sm":
        fields.append(data(signature.first("pub", "v"), _NODE_ID_LEN))
    else:
        v = quantity(signature.at("v"))
        fields.append(_rlp.number(v + _RECOVERY_BASE if v < _RECOVERY_BASE else v))
    fields += [_rlp.number(int.from_bytes(data(signature.at(name)), "big")) for name in ("r", "s")]
    return _rlp.encode(fields)


_V3_NEEDED: Final = ("chainID", "groupID", "blockLimit", "nonce", "input")
_V3_PRICES: Final = ((9, "value"), (10, "gasPrice"), (12, "maxFeePerGas"), (13, "maxPriorityFeePerGas"))


def _transaction_v3(node: Node) -> bytes | None:
    """bcostars.Transaction."""
    version = _signed_64(node.at("version")) if node.has("version") else 0
    needed = [*_V3_NEEDED, *([name for _, name in _V3_PRICES] + ["gasLimit"] if version >= 1 else [])]
    needed += ["extension"] if version >= 2 else []
    if not all(name in node.fields() for name in needed):
        return None
    kind = _signed_64(node.at("type")) if node.has("type") else 0
    texts = {2: "chainID", 3: "groupID", 5: "nonce", 6: "to", 8: "abi"}
    texts |= dict(_V3_PRICES) if version >= 1 else {}
    fields = {tag: _tars.text(tag, _text(node, name)) for tag, name in texts.items()}
    fields[1] = _tars.integer(1, version)
    fields[4] = _tars.integer(4, _signed_64(node.at("blockLimit")))
    fields[7] = _tars.blob(7, data(node.at("input")))
    if version >= 1:
        fields[11] = _tars.integer(11, _signed_64(node.at("gasLimit")))
    if version >= 2:
        fields[14] = _tars.blob(14, data(node.at("extension")))
    stated = data(node.at("hash"), _HASH_LEN) if node.has("hash") else b""
    return b"".join(
        (
            _tars.struct(1, b"".join(fields[tag] for tag in sorted(fields))),
            _tars.blob(2, stated),
            _tars.blob(3, data(node.at("signature")) if node.has("signature") else b""),
            _tars.blob(7, _sender(node)),
            _tars.integer(9, kind),
            _tars.blob(11, stated if kind == _WEB3 else b""),
        )
    )


def _text(node: Node, name: str) -> str:
    return _decimal(node.at(name)) if node.has(name) else ""


# --- receipts


def read_receipt(node: Node, anchor: Anchor) -> bytes:
    """A receipt in the chain's own bytes; ``ValueError`` names what its hash needs and the source leaves out."""
    return _receipt_v3(node) if anchor.version.major == 3 else _receipt_v2(node, anchor)


def _receipt_v2(node: Node, anchor: Anchor) -> bytes:
    logs = [
        [
            data(log.at("address"), _ADDRESS_LEN),
            [data(topic, _HASH_LEN) for topic in log.at("topics")],
            data(log.at("data")),
        ]
        for log in node.at("logs")
    ]
    remain = [_rlp.number(quantity(node.at("remainGas")))] if anchor.version.number >= _REMAIN_GAS else []
    return _rlp.encode(
        [
            data(node.first("root", "stateRoot"), _HASH_LEN),
            _rlp.number(quantity(node.at("gasUsed"))),
            data(node.at("contractAddress"), _ADDRESS_LEN),
            data(node.at("logsBloom"), _BLOOM_LEN),
            _rlp.number(quantity(node.at("status"))),
            data(node.at("output")),
            *remain,
            logs,
        ]
    )


def _receipt_v3(node: Node) -> bytes:
    """bcostars.TransactionReceipt."""
    version = _signed_64(node.at("version")) if node.has("version") else 0
    logs = [
        _tars.struct(
            0,
            _tars.text(1, log.at("address").text())
            + _tars.items(2, [_tars.blob(0, data(topic), keep=True) for topic in log.first("topics", "topic")])
            + _tars.blob(3, data(log.at("data"))),
        )
        for log in node.first("logEntries", "logs")
    ]
    fields = b"".join(
        (
            _tars.integer(1, version, keep=True),
            _tars.text(2, _decimal(node.at("gasUsed"))),
            _tars.text(3, node.at("contractAddress").text() if node.has("contractAddress") else ""),
            _tars.integer(4, _signed_64(node.at("status"))),
            _tars.blob(5, data(node.at("output"))),
            _tars.items(6, logs),
            _tars.integer(7, _signed_64(node.at("blockNumber"))),
            _tars.text(8, _decimal(node.at("effectiveGasPrice"))) if version >= 1 else b"",
        )
    )
    stated = data(node.at("hash"), _HASH_LEN) if node.has("hash") else b""
    return _tars.struct(1, fields) + _tars.blob(2, stated)


# --- proofs


class Level(NamedTuple):
    """Siblings of one level of a Merkle path, to the left and to the right, 32 bytes each."""

    left: tuple[bytes, ...]
    right: tuple[bytes, ...]


def _path_bytes(levels: list[Level]) -> bytes:
    return b"".join(
        _wire.message(1, _wire.blob(1, b"".join(level.left)) + _wire.blob(2, b"".join(level.right))) for level in levels
    )


def _sides(node: Node) -> Iterator[tuple[list[bytes], list[bytes]]]:
    for level in node:
        yield [data(each) for each in level.at("left")], [data(each) for each in level.at("right")]


def _path_v2(node: Node, index: int) -> list[Level]:
    """Drops the index before each sibling of the lowest level, and the level that only hashes the root again."""
    levels = list(_sides(node))
    if not levels or levels[-1] != ([], []):
        raise node.fail("the last level of a proof has no siblings")
    found = []
    for height, (left, right) in enumerate(levels[:-1]):
        if height == 0:
            left = [_without_index(node, each, index - len(left) + at) for at, each in enumerate(left)]
            right = [_without_index(node, each, index + 1 + at) for at, each in enumerate(right)]
        if any(len(each) != _HASH_LEN for each in (*left, *right)):
            raise node.fail(f"level {height}: a sibling does not have {_HASH_LEN} bytes")
        found.append(Level(tuple(left), tuple(right)))
    return found


def _without_index(node: Node, leaf: bytes, index: int) -> bytes:
    prefix = _rlp.encode(_rlp.number(index)) if index >= 0 else b"\xff"
    if not leaf.startswith(prefix) or len(leaf) != len(prefix) + _HASH_LEN:
        raise node.fail(f"the sibling {leaf.hex():.80} is not leaf {index}")
    return leaf[len(prefix) :]


def _path_v3(node: Node, leaf: bytes, hash_name: str, index: int) -> list[Level]:
    """The siblings of each group of children. Where the path's node is in its group shows by its value; ``index``
    decides where both have it (receipts may be equal). In a group that does not hold it, it is taken to be the first,
    and the root will not come out."""
    flat = list(node)
    if flat and isinstance(flat[0].value, dict):
        return [Level(tuple(left), tuple(right)) for left, right in _sides(node)]
    if len(flat) <= 1:  # the only leaf is the root
        return []
    words = [data(each, _HASH_LEN) for each in flat]
    found: list[Level] = []
    at, running = 0, leaf
    while at < len(words):
        count = int.from_bytes(words[at][:4], "big")
        if any(words[at][4:]) or not 1 <= count <= 2 or at + count >= len(words):
            raise flat[at].fail(
                f"expected the number of children, 1 or 2, before as many hashes, got {words[at].hex()}"
            )
        group = words[at + 1 : at + 1 + count]
        wanted = index >> len(found) & 1 if index >= 0 else 0
        place = wanted if group[wanted : wanted + 1] == [running] else group.index(running) if running in group else 0
        found.append(Level(tuple(group[:place]), tuple(group[place + 1 :])))
        running = hash_many(hash_name, [b"".join(group)], threads=1)[0].tobytes()
        at += 1 + count
    return found


_TX_PROOFS: Final = ("txProof", "transactionProof")
_RECEIPT_PROOFS: Final = ("receiptProof", "txReceiptProof")


def _proof_of(nodes: list[Node], names: tuple[str, ...]) -> Node | None:
    """The first proof that is told; an empty list is none (SDKs print it for a field that was not asked for)."""
    for node in nodes:
        for name in names:
            if node.has(name) and node.at(name).value != []:
                return node.at(name)
    return None


class Parts(NamedTuple):
    """Transaction and receipt of one document, wherever they stand in it."""

    transaction: Node | None
    receipt: Node | None
    outer: list[Node]


def _parts(node: Node) -> Parts:
    outer = [node]
    transaction = node.at("transaction") if node.has("transaction") else None
    receipt = next((node.at(name) for name in ("transactionReceipt", "receipt") if node.has(name)), None)
    if transaction is None and receipt is None:
        if node.has("status") or node.has("gasUsed"):
            receipt = node
        else:
            transaction = node
    return Parts(transaction, receipt, outer)


@dataclass(frozen=True, slots=True)
class Proof:
    """One transaction of a block, its receipt, or both, as the input of ``fisco-proof``.

    ``block``              what the source tells of the block
    ``transaction_hash``   as stated
    """

    encoded: bytes
    block: Statement
    transaction_hash: bytes

    def __bytes__(self) -> bytes:
        return self.encoded


def read_proof(block: Any, documents: list[Any], anchor: Anchor) -> Proof:
    """From a block or header in JSON and a node's answers about one transaction and its receipt, with their proofs."""
    statement = read_statement(block, anchor, body=False)
    found = [_parts(unwrap(each)) for each in documents]
    transaction = next((each.transaction for each in found if each.transaction is not None), None)
    receipt = next((each.receipt for each in found if each.receipt is not None), None)
    nodes = [node for each in found for node in (*each.outer, each.transaction, each.receipt) if node is not None]
    index = next((quantity(node.at("transactionIndex")) for node in nodes if node.has("transactionIndex")), None)
    tx_hash = _transaction_hash(nodes, transaction)
    v3 = anchor.version.major == 3
    if not v3 and index is None:
        raise Node(None, "$").fail("'transactionIndex' is missing: the leaves of version 2 are numbered")

    def path(node: Node, leaf: bytes, place: int) -> list[Level]:
        return _path_v3(node, leaf, anchor.hash_name, place) if v3 else _path_v2(node, place)

    out = _wire.message(1, statement.encoded)
    sender = b""
    place = -1 if index is None else index
    tx_proof = _proof_of(nodes, _TX_PROOFS)
    if tx_proof is not None:
        body = read_transaction(transaction, anchor) if transaction is not None else None
        if transaction is not None and body is not None:
            sender = _sender(transaction)
        levels = path(tx_proof, tx_hash, place)
        place = sum(bool(level.left) << height for height, level in enumerate(levels)) if v3 else place
        out += _wire.blob(2, body or b"") + _wire.blob(3, tx_hash) + _wire.message(4, _path_bytes(levels))
    receipt_proof = _proof_of(nodes, _RECEIPT_PROOFS)
    if receipt_proof is not None and receipt is not None:
        leaf = data(receipt.at("hash"), _HASH_LEN) if v3 and receipt.has("hash") else b""
        out += _wire.blob(5, read_receipt(receipt, anchor)) + _wire.blob(6, leaf)
        out += _wire.message(7, _path_bytes(path(receipt_proof, leaf, place)))
    elif tx_proof is None:
        raise Node(None, "$").fail(f"no proof: none of {', '.join((*_TX_PROOFS, *_RECEIPT_PROOFS))}")
    out += _wire.uint(8, 0 if index is None else index + 1) + _wire.blob(9, sender)
    return Proof(out, statement, tx_hash)


def _transaction_hash(nodes: list[Node], transaction: Node | None) -> bytes:
    if transaction is not None and transaction.has("hash"):
        return data(transaction.at("hash"), _HASH_LEN)
    for node in nodes:
        if node.has("transactionHash"):
            return data(node.at("transactionHash"), _HASH_LEN)
    raise Node(None, "$").fail("the transaction's hash is missing")
