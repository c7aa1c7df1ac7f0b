"""Makes FISCO BCOS chains of versions 2 and 3 that never existed, in the bytes and the JSON of real ones.

For tests, demonstrations and load: any number of sealers, weights, transactions and blocks, both suites, every
release's rule for roots. The chain's and group's names are ``synthetic`` (numbers in version 2), secrets follow from a
seed, so nothing here may guard anything. Keccak chains need coincurve (``pip install 'isthmus[sign]'``); SM chains need
nothing.

>>> chain = Chain("3", "sm", sealers=4)
>>> block = chain.block(transactions=2)
>>> from isthmus import Engine
>>> from isthmus.chains import fisco
>>> str(fisco.check(Engine(threads=1), block.encoded, chain.anchor()))
'valid: block 1'
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final, NamedTuple

from isthmus import _rlp, _tars
from isthmus._json import Node
from isthmus.batch import hash_many, merkle_root
from isthmus.chains import fisco_json
from isthmus.chains.fisco_anchor import Anchor, Change, Sealer, Suite, TrustedHeader, Version
from isthmus.signing import Sm2Signer
from isthmus.tries import trie_root

NAME: Final = "synthetic"
CHAIN_NUMBER: Final = 0x5EE7
GROUP_NUMBER: Final = 1
START_MS: Final = 1_700_000_000_000
_TREE: Final = 0x02020000
_RC2: Final = 0x02000002
_REMAIN_GAS: Final = 0x02090000
_COUNT_LEN: Final = 32


class Key(NamedTuple):
    """A signing key of either suite: ``id`` is x || y, ``sign`` makes the signature of a sealer or sender over a digest
    of 32 bytes (65 bytes r || s || v, or 64 bytes r || s)."""

    id: bytes
    sign: Callable[[bytes], bytes]


def make_key(suite: Suite, seed: str) -> Key:
    """The key that follows from a seed."""
    secret = hashlib.sha256(f"{NAME} {suite} {seed}".encode()).digest()
    if suite == "sm":
        signer = Sm2Signer(secret)
        return Key(signer.public_key[1:], signer.sign)
    try:
        from coincurve import PrivateKey
    except ImportError:
        raise ImportError("signing with secp256k1 needs coincurve: pip install 'isthmus[sign]'") from None
    key = PrivateKey(secret)
    return Key(key.public_key.format(compressed=False)[1:], lambda digest: key.sign_recoverable(digest, hasher=None))


class Chain:
    """A chain from its rules and sealers.

    ``version``   the release, as text; ``suite`` its hash and curve
    ``sealers``   how many there are; ``weights`` of version 3, 1 each by default
    ``seed``      other seeds give other keys
    """

    def __init__(
        self,
        version: str = "3",
        suite: Suite = "keccak",
        *,
        sealers: int = 4,
        weights: Sequence[int] | None = None,
        seed: str = "",
    ) -> None:
        self.version: Final = Version.parse(version)
        self.suite: Final = suite
        if suite == "sm" and self.version.number < _RC2:
            raise ValueError("2.0.0-rc1 is made with Keccak only")
        keys = [make_key(suite, f"sealer {seed}{index}") for index in range(sealers)]
        self.keys: Final = sorted(keys, key=lambda key: key.id)
        self.weights: Final = list(weights) if weights is not None else [1] * sealers
        self.user: Final = make_key(suite, f"user {seed}")

    @property
    def is_v3(self) -> bool:
        """Whether the chain is one of version 3."""
        return self.version.major == 3

    @property
    def sealers(self) -> tuple[Sealer, ...]:
        """The sealers as an anchor names them."""
        return tuple(Sealer(key.id, weight) for key, weight in zip(self.keys, self.weights, strict=True))

    def anchor(self, change: Change = "pinned", *, trusted: Block | None = None) -> Anchor:
        """What somebody who knows this chain trusts."""
        names = (NAME, NAME) if self.is_v3 else (str(CHAIN_NUMBER), str(GROUP_NUMBER))
        if self.version.number < _RC2:
            names = ("", "")
        return Anchor(
            self.version,
            self.suite,
            self.sealers,
            change,
            trusted=None if trusted is None else TrustedHeader(trusted.number, trusted.hash),
            chain_id=names[0],
            group_id=names[1],
        )

    def hash(self, data: bytes) -> bytes:
        """The chain's hash."""
        return bytes(hash_many("sm3" if self.suite == "sm" else "keccak256", [data], threads=1)[0])

    def address(self, key: Key) -> str:
        """The account of a key, in hexadecimal."""
        return "0x" + self.hash(key.id)[-20:].hex()

    def block(
        self,
        number: int = 1,
        *,
        transactions: int = 3,
        parent: bytes | None = None,
        signers: Sequence[int] | None = None,
        statuses: Sequence[int] = (),
        others: Chain | None = None,
        receipts: bool = True,
    ) -> Block:
        """A block with as many transactions, signed by the sealers of these indices (all by default).

        ``parent``     hash of the block before it
        ``statuses``   of the receipts; 0 where it does not say
        ``others``     the header names, and is signed by, that chain's sealers
        """
        sealed_by = others or self
        txs = [self._transaction(number, index) for index in range(transactions)]
        made = [self._receipt(number, index, statuses) for index in range(transactions)] if receipts else None
        before = parent if parent is not None else self.hash(f"{NAME} {number - 1}".encode())
        block = Block(self, number, self._header(number, before, sealed_by), txs, made)
        block = block.with_roots()
        indices = range(len(sealed_by.keys)) if signers is None else signers
        return block.signed([(index, sealed_by.keys[index]) for index in indices])

    def blocks(self, count: int, **options: Any) -> Iterator[Block]:
        """Blocks 1 to ``count``, each linked to the one before it."""
        parent = None
        for number in range(1, count + 1):
            block = self.block(number, parent=parent, **options)
            parent = block.hash
            yield block

    def _header(self, number: int, parent: bytes, sealed_by: Chain) -> dict[str, Any]:
        prefix = "0x" if self.is_v3 else ""
        ids = [prefix + key.id.hex() for key in sealed_by.keys]
        state = "0x" + self.hash(f"{NAME} state {number}".encode()).hex()
        if self.is_v3:
            return {
                "version": 0x03020000,
                "parentInfo": [{"blockNumber": number - 1, "blockHash": "0x" + parent.hex()}],
                "stateRoot": state,
                "number": number,
                "gasUsed": str(24_000 + number),
                "timestamp": START_MS + 1000 * number,
                "sealer": number % len(ids),
                "sealerList": ids,
                "extraData": "0x",
                "consensusWeights": list(sealed_by.weights),
            }
        return {
            "parentHash": "0x" + parent.hex(),
            "stateRoot": state,
            "dbHash": state,
            "logsBloom": "0x" + "00" * 256,
            "number": hex(number),
            "gasLimit": "0x0",
            "gasUsed": "0x0",
            "timestamp": hex(START_MS + 1000 * number),
            "extraData": ["0x" + NAME.encode().hex()],
            "sealer": hex(number % len(ids)),
            "sealerList": ids,
        }

    def _transaction(self, number: int, index: int) -> dict[str, Any]:
        nonce = int.from_bytes(self.hash(f"{NAME} nonce {number} {index}".encode()), "big")
        fields: dict[str, Any] = {"from": self.address(self.user), "to": "0x" + "1a" * 20}
        data = "0x" + f"{NAME} {number} {index}".encode().hex()
        if self.is_v3:
            fields |= {
                "version": 0, "chainID": NAME, "groupID": NAME, "blockLimit": number + 500, "nonce": str(nonce),
                "input": data, "abi": "", "importTime": START_MS,
            }  # fmt: skip
        else:
            fields |= {
                "nonce": hex(nonce), "gasPrice": "0x1", "gas": "0x11e1a300", "blockLimit": hex(number + 500),
                "value": "0x0", "input": data, "chainId": hex(CHAIN_NUMBER), "groupId": hex(GROUP_NUMBER),
                "extraData": "0x", "transactionIndex": hex(index),
            }  # fmt: skip
        return self.sign_transaction(fields)

    def sign_transaction(self, fields: dict[str, Any], key: Key | None = None) -> dict[str, Any]:
        """The fields with signature and hash."""
        key = key or self.user
        if self.is_v3:
            digest = self.hash(v3_transaction_preimage(fields))
            signature = key.sign(digest) + (key.id if self.suite == "sm" else b"")
            return {**fields, "hash": "0x" + digest.hex(), "signature": "0x" + signature.hex()}
        blank = {**fields, "signature": {"v": "0x0", "r": "0x00", "s": "0x00", "pub": "0x" + "00" * 64}}
        items = _items(fisco_json.read_transaction(Node.load(blank), self.anchor()) or b"")
        unsigned = items[: 10 if self.version.number >= _RC2 else 7]
        raw = key.sign(self.hash(_list(unsigned)))
        parts = {"r": "0x" + raw[:32].hex(), "s": "0x" + raw[32:64].hex()}
        parts |= {"pub": "0x" + key.id.hex()} if self.suite == "sm" else {"v": hex(raw[64])}
        signed = {**fields, "signature": parts}
        encoding = fisco_json.read_transaction(Node.load(signed), self.anchor()) or b""
        return {**signed, "hash": "0x" + self.hash(encoding).hex()}

    def _receipt(self, number: int, index: int, statuses: Sequence[int]) -> dict[str, Any]:
        status = statuses[index] if index < len(statuses) else 0
        log = {"address": "1a" * 20, "topics": ["0x" + f"{index:064x}"], "data": "0x" + NAME.encode().hex()}
        if self.is_v3:
            fields: dict[str, Any] = {
                "version": 0, "gasUsed": str(21_000 + index), "contractAddress": "", "status": status,
                "output": "0x", "logEntries": [log], "blockNumber": number,
            }  # fmt: skip
            return {**fields, "hash": "0x" + self.hash(v3_receipt_preimage(fields)).hex()}
        remain = {"remainGas": "0x5208"} if self.version.number >= _REMAIN_GAS else {}
        return {
            "root": "0x" + "07" * 32, "gasUsed": hex(21_000 + index), "contractAddress": "0x" + "00" * 20,
            "logsBloom": "0x" + "00" * 256, "status": hex(status), "output": "0x", "logs": [log],
            "transactionIndex": hex(index), **remain,
        }  # fmt: skip


@dataclass(frozen=True)
class Block:
    """One made block. Its fields are those of a node's JSON; ``with_header``, ``with_roots`` and ``signed`` make others
    of it, so every part can be wrong for itself.

    ``receipts``     ``None``: the block travels without them
    ``signatures``   (index of the sealer, signature)
    """

    chain: Chain
    number: int
    header: dict[str, Any]
    transactions: list[dict[str, Any]]
    receipts: list[dict[str, Any]] | None
    signatures: list[tuple[int, bytes]] = field(default_factory=list)
    stated_hash: bytes | None = None

    # --- values

    @property
    def hash(self) -> bytes:
        """The header's hash."""
        if self.chain.is_v3:
            return self.chain.hash(v3_header_preimage(self.header))
        return self.chain.hash(self.header_bytes)

    @property
    def header_bytes(self) -> bytes:
        """Version 2: RLP. Version 3: the fields of bcostars.BlockHeader with the stated hash."""
        fields = fisco_json.Fields(Node.load(self.header))
        if not self.chain.is_v3:
            return fisco_json.header_v2(fields)
        signatures = [fisco_json.Signature(*each) for each in self.signatures]
        stated = self.stated_hash if self.stated_hash is not None else self.hash
        return fisco_json.header_v3(fields, signatures, stated)

    def transaction_bytes(self, index: int) -> bytes:
        """A transaction in the chain's own bytes."""
        return fisco_json.read_transaction(Node.load(self.transactions[index]), self.chain.anchor()) or b""

    def receipt_bytes(self, index: int) -> bytes:
        """A receipt in the chain's own bytes."""
        return fisco_json.read_receipt(Node.load((self.receipts or [])[index]), self.chain.anchor())

    def transaction_hash(self, index: int) -> bytes:
        """As the transaction states it."""
        return bytes.fromhex(self.transactions[index]["hash"][2:])

    def receipt_hash(self, index: int) -> bytes:
        """Of the receipt's fields."""
        if self.chain.is_v3:
            return self.chain.hash(v3_receipt_preimage((self.receipts or [])[index]))
        return self.chain.hash(self.receipt_bytes(index))

    # --- other blocks

    def with_header(self, **fields: Any) -> Block:
        """With other fields in the header; signatures stay as they are."""
        return replace(self, header={**self.header, **fields})

    def with_transaction(self, index: int, **fields: Any) -> Block:
        """With other fields in one transaction."""
        changed = list(self.transactions)
        changed[index] = {**changed[index], **fields}
        return replace(self, transactions=changed)

    def with_receipt(self, index: int, **fields: Any) -> Block:
        """With other fields in one receipt."""
        changed = list(self.receipts or [])
        changed[index] = {**changed[index], **fields}
        return replace(self, receipts=changed)

    def with_roots(self) -> Block:
        """With the roots that its transactions and receipts give."""
        count = len(self.transactions)
        tx_root = self._root(
            [self.transaction_bytes(i) for i in range(count)], [self.transaction_hash(i) for i in range(count)]
        )
        receipts = self.receipts or []
        receipt_root = self._root(
            [self.receipt_bytes(i) for i in range(len(receipts))],
            [self.receipt_hash(i) for i in range(len(receipts))],
            receipts=True,
        )
        name = "txsRoot" if self.chain.is_v3 else "transactionsRoot"
        return self.with_header(**{name: "0x" + tx_root.hex(), "receiptsRoot": "0x" + receipt_root.hex()})

    def signed(self, signers: Sequence[tuple[int, Key]]) -> Block:
        """Signed by these keys in the name of the sealers of these indices."""
        digest = self.hash
        bare = self.chain.is_v3 or self.chain.suite == "keccak"
        made = [(index, key.sign(digest) + (b"" if bare else key.id)) for index, key in signers]
        return replace(self, signatures=made)

    def _root(self, encodings: list[bytes], hashes: list[bytes], *, receipts: bool = False) -> bytes:
        version = self.chain.version.number
        hash_name = "sm3" if self.chain.suite == "sm" else "keccak256"
        if version >= _TREE:
            return merkle_root("fisco-v3" if self.chain.is_v3 else "fisco-v2", hashes, hash=hash_name, threads=1)
        if version >= _RC2:
            return self.chain.hash(_list(encodings) if receipts else blob(encodings))
        return trie_root(encodings)

    # --- forms

    @property
    def encoded(self) -> bytes:
        """The bytes that nodes store and send: the input of ``fisco-block``."""
        if self.chain.is_v3:
            return b"".join(
                (
                    _tars.integer(1, 1),
                    _tars.struct(3, self.header_bytes),
                    _tars.items(4, [_tars.struct(0, self.transaction_bytes(i)) for i in range(len(self.transactions))]),
                    _tars.items(5, [_tars.struct(0, self.receipt_bytes(i)) for i in range(len(self.receipts or []))]),
                )
            )
        txs = [self.transaction_bytes(index) for index in range(len(self.transactions))]
        receipts = _list([self.receipt_bytes(index) for index in range(len(self.receipts or []))])
        stated = _rlp.encode(self.stated_hash if self.stated_hash is not None else self.hash)
        signed = _rlp.encode([[_rlp.number(index), signature] for index, signature in self.signatures])
        if self.chain.version.number >= _RC2:
            return _list([self.header_bytes, _rlp.encode(blob(txs)), stated, signed, receipts])
        return _list([self.header_bytes, _list(txs), receipts, stated, signed])

    @property
    def json(self) -> dict[str, Any]:
        """What a node answers to a question for the block."""
        index_name, prefix = ("sealerIndex", int) if self.chain.is_v3 else ("index", hex)
        stated = self.stated_hash if self.stated_hash is not None else self.hash
        return {
            **self.header,
            "hash": "0x" + stated.hex(),
            "signatureList": [
                {index_name: prefix(index), "signature": "0x" + signature.hex()} for index, signature in self.signatures
            ],
            "transactions": self.transactions,
        }

    def transaction_json(self, index: int) -> dict[str, Any]:
        """What a node answers to a question for a transaction with its proof."""
        hashes = [self.transaction_hash(i) for i in range(len(self.transactions))]
        proof = self._proof(hashes, index)
        if self.chain.is_v3:
            return {**self.transactions[index], "txProof": proof}
        return {"transaction": self.transactions[index], "txProof": proof}

    def receipt_json(self, index: int) -> dict[str, Any]:
        """What a node answers to a question for a receipt with its proof."""
        hashes = [self.receipt_hash(i) for i in range(len(self.receipts or []))]
        receipt = {**(self.receipts or [])[index], "transactionHash": self.transactions[index]["hash"]}
        if self.chain.is_v3:
            return {**receipt, "txReceiptProof": self._proof(hashes, index)}
        return {"transactionReceipt": receipt, "receiptProof": self._proof(hashes, index)}

    def _proof(self, leaves: list[bytes], index: int) -> list[Any]:
        return (
            _proof_v3(self.chain.hash, leaves, index) if self.chain.is_v3 else _proof_v2(self.chain.hash, leaves, index)
        )


# --- bytes


def blob(transactions: Sequence[bytes]) -> bytes:
    """Transactions as releases from 2.0.0-rc2 put them into a block: count, offsets, bytes."""
    offsets = [0]
    for each in transactions:
        offsets.append(offsets[-1] + len(each))
    table = [len(transactions), *offsets]
    return b"".join(number.to_bytes(4, "little") for number in table) + b"".join(transactions)


def _list(encodings: Sequence[bytes]) -> bytes:
    """RLP of a list of items that are encoded already."""
    return _rlp.with_length(0xC0, b"".join(encodings))


def _items(encoding: bytes) -> list[bytes]:
    """The encodings of the items of one list of short strings."""
    at = 1 if encoding[0] < 0xF8 else 2 + encoding[0] - 0xF8
    found = []
    while at < len(encoding):
        first = encoding[at]
        end = at + 1
        if 0x80 <= first <= 0xB7:
            end += first - 0x80
        elif first > 0xB7:
            width = first - 0xB7
            end += width + int.from_bytes(encoding[at + 1 : at + 1 + width], "big")
        found.append(encoding[at:end])
        at = end
    return found


def _be(value: int, width: int) -> bytes:
    return value.to_bytes(width, "big", signed=True)


def _bytes(text: str) -> bytes:
    return bytes.fromhex(text.removeprefix("0x"))


def v3_header_preimage(fields: dict[str, Any]) -> bytes:
    """What the header's hash of version 3 is taken of."""
    parents = [_be(each["blockNumber"], 8) + _bytes(each["blockHash"]) for each in fields["parentInfo"]]
    roots = [_bytes(fields[name]) for name in ("txsRoot", "receiptsRoot", "stateRoot")]
    return b"".join(
        (
            _be(fields["version"], 4),
            *parents,
            *roots,
            _be(fields["number"], 8),
            fields["gasUsed"].encode(),
            _be(fields["timestamp"], 8),
            _be(fields["sealer"], 8),
            *(_bytes(each) for each in fields["sealerList"]),
            _bytes(fields["extraData"]),
            *(_be(weight, 8) for weight in fields["consensusWeights"]),
        )
    )


def v3_transaction_preimage(fields: dict[str, Any]) -> bytes:
    """What a transaction's hash of version 3 is taken of."""
    parts = [
        _be(fields["version"], 4), fields["chainID"].encode(), fields["groupID"].encode(), _be(fields["blockLimit"], 8),
        fields["nonce"].encode(), fields["to"].encode(), _bytes(fields["input"]), fields["abi"].encode(),
    ]  # fmt: skip
    if fields["version"] >= 1:
        parts += [fields["value"].encode(), fields["gasPrice"].encode(), _be(fields["gasLimit"], 8)]
        parts += [fields["maxFeePerGas"].encode(), fields["maxPriorityFeePerGas"].encode()]
    if fields["version"] >= 2:
        parts.append(_bytes(fields["extension"]))
    return b"".join(parts)


def v3_receipt_preimage(fields: dict[str, Any]) -> bytes:
    """What a receipt's hash of version 3 is taken of."""
    logs = [
        log["address"].encode() + b"".join(_bytes(topic) for topic in log["topics"]) + _bytes(log["data"])
        for log in fields["logEntries"]
    ]
    price = fields["effectiveGasPrice"].encode() if fields["version"] >= 1 else b""
    return b"".join(
        (
            _be(fields["version"], 4), fields["gasUsed"].encode(), fields["contractAddress"].encode(),
            _be(fields["status"], 4), _bytes(fields["output"]), price, *logs, _be(fields["blockNumber"], 8),
        )
    )  # fmt: skip


# --- proofs as nodes print them


def _proof_v2(digest: Callable[[bytes], bytes], leaves: list[bytes], index: int) -> list[dict[str, list[str]]]:
    level = [_rlp.encode(_rlp.number(at)) + leaf for at, leaf in enumerate(leaves)]
    proof = []
    while len(level) > 1:
        first = index - index % 16
        group = level[first : first + 16]
        place = index - first
        proof.append(
            {"left": [each.hex() for each in group[:place]], "right": [each.hex() for each in group[place + 1 :]]}
        )
        level = [digest(b"".join(level[at : at + 16])) for at in range(0, len(level), 16)]
        index //= 16
    return [*proof, {"left": [], "right": []}]


def _proof_v3(digest: Callable[[bytes], bytes], leaves: list[bytes], index: int) -> list[str]:
    if len(leaves) == 1:
        return [leaves[0].hex()]
    level, proof = leaves, []
    while len(level) > 1:
        first = index - index % 2
        group = level[first : first + 2]
        proof += [len(group).to_bytes(4, "big").ljust(_COUNT_LEN, b"\0").hex(), *(each.hex() for each in group)]
        level = [digest(b"".join(level[at : at + 2])) for at in range(0, len(level), 2)]
        index //= 2
    return proof
