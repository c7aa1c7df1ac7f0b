"""ChainMaker (Chang'an Chain, version 2), slowly and readably: the oracle of ``chainmaker-block``,
``chainmaker-header`` and ``chainmaker-tx``.

Sources: pb-go v2 (messages), utils/v2/block.go and transaction.go (hashes, what is signed),
common/v2/crypto/hash/merkle.go (the tree), consensus-tbft/v2 (votes), chainconf/v2 (which configuration holds). Bytes
are decoded, encoded again and refused if that gives others; hashes are taken over what was encoded. Who a member is
(its certificate's chain, role and key) comes from a directory: a function that the caller writes.

Nothing here is constant time: never sign with it outside tests.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from isthmus.reference import ecdsa, sm2
from isthmus.reference.hashes import sm3
from isthmus.reference.nist import P256

HASHES: Final[Mapping[str, Callable[[bytes], bytes]]] = {
    "SHA256": lambda data: hashlib.sha256(data).digest(),
    "SM3": sm3,
    "SHA3_256": lambda data: hashlib.sha3_256(data).digest(),
}
GAS_OUT: Final = 2300
"""From this block_version on, the gas used is no part of the leaf."""

Fields = dict[str, Any]


class Rule(Exception):
    """A rule that does not hold."""


def require(holds: bool, what: str) -> None:
    """Raises :class:`Rule` unless the condition holds."""
    if not holds:
        raise Rule(what)


# --- protobuf: number, name, kind; a kind is a scalar's name, a message, or a list of one

MESSAGES: Final[dict[str, tuple[tuple[int, str, str], ...]]] = {
    "HeaderInput": (
        (1, "header", "Header"),
        (2, "dag", "DAG"),
        (4, "additional_data", "AdditionalData"),
        (5, "proof", "Proof"),
    ),
    "Proof": ((1, "transaction", "Transaction"), (2, "siblings", "[hash]")),
    "TxInput": ((1, "info", "TransactionInfo"), (2, "block", "HeaderInput"), (3, "siblings", "[hash]")),
    "TransactionInfo": (
        (1, "transaction", "Transaction"),
        (2, "block_height", "uint64"),
        (3, "block_hash", "hash"),
        (4, "tx_index", "uint32"),
        (5, "block_timestamp", "int64"),
        (6, "rw_set", "TxRWSet"),
    ),
    "BlockInfo": ((1, "block", "Block"), (2, "rwset_list", "[TxRWSet]")),
    "Block": ((1, "header", "Header"), (2, "dag", "DAG"), (3, "txs", "[Transaction]"),
              (4, "additional_data", "AdditionalData")),
    "Header": ((1, "block_version", "uint32"), (2, "block_type", "enum"), (3, "chain_id", "bytes"),
               (4, "block_height", "uint64"), (5, "block_hash", "hash"), (6, "pre_block_hash", "hash"),
               (7, "pre_conf_height", "uint64"), (8, "tx_count", "uint32"), (9, "tx_root", "hash"),
               (10, "dag_hash", "hash"), (11, "rw_set_root", "hash"), (12, "block_timestamp", "int64"),
               (13, "consensus_args", "bytes"), (14, "proposer", "Member"), (15, "signature", "bytes")),
    "AdditionalData": ((1, "extra_data", "[Extra]"),),
    "Extra": ((1, "key", "bytes?"), (2, "value", "bytes?")),
    "DAG": ((2, "vertexes", "[Neighbor]"),),
    "Neighbor": ((1, "neighbors", "packed"),),
    "Member": ((1, "org_id", "bytes"), (2, "member_type", "enum"), (3, "member_info", "bytes")),
    "Entry": ((1, "signer", "Member"), (2, "signature", "bytes")),
    "Transaction": ((1, "payload", "Payload"), (2, "sender", "Entry"), (3, "endorsers", "[Entry]"),
                    (4, "result", "Result"), (5, "payer", "Entry")),
    "Payload": ((1, "chain_id", "bytes"), (2, "tx_type", "enum"), (3, "tx_id", "bytes"), (4, "timestamp", "int64"),
                (5, "expiration_time", "int64"), (6, "contract_name", "bytes"), (7, "method", "bytes"),
                (8, "parameters", "[KeyValue]"), (9, "sequence", "uint64"), (10, "limit", "Limit")),
    "KeyValue": ((1, "key", "bytes"), (2, "value", "bytes")),
    "Limit": ((1, "gas_limit", "uint64"),),
    "Result": ((1, "code", "enum"), (2, "contract_result", "ContractResult"), (3, "rw_set_hash", "hash"),
               (4, "message", "bytes")),
    "ContractResult": ((1, "code", "uint32"), (2, "result", "bytes"), (3, "message", "bytes"),
                       (4, "gas_used", "uint64"), (5, "contract_event", "[Event]")),
    "Event": ((1, "topic", "bytes"), (2, "tx_id", "bytes"), (3, "contract_name", "bytes"),
              (4, "contract_version", "bytes"), (5, "event_data", "[bytes]")),
    "TxRWSet": ((1, "tx_id", "bytes"), (2, "tx_reads", "[Read]"), (3, "tx_writes", "[Write]")),
    "Read": ((1, "key", "bytes"), (2, "value", "bytes"), (3, "contract_name", "bytes"), (4, "version", "KeyVersion")),
    "KeyVersion": ((3, "ref_tx_id", "bytes"), (4, "ref_offset", "int32")),
    "Write": ((1, "key", "bytes"), (2, "value", "bytes"), (3, "contract_name", "bytes")),
    "VoteSet": ((1, "type", "enum"), (2, "height", "uint64"), (3, "round", "enum"), (4, "sum", "uint64"),
                (5, "maj23", "bytes"), (6, "votes", "[VoteEntry]"), (7, "votes_by_block", "[bytes]")),
    "VoteEntry": ((1, "name", "bytes"), (2, "vote", "Vote")),
    "Vote": ((1, "type", "enum"), (2, "voter", "bytes"), (3, "height", "uint64"), (4, "round", "enum"),
             (5, "hash", "bytes"), (6, "endorsement", "Entry"), (7, "invalid_txs", "[bytes]")),
}  # fmt: skip

_RANGES: Final = {
    "uint32": (0, 1 << 32),
    "uint64": (0, 1 << 64),
    "int64": (-(1 << 63), 1 << 63),
    "int32": (-(1 << 31), 1 << 31),
    "enum": (0, 1 << 31),  # the chain has none that is negative
}


def varint(value: int) -> bytes:
    """The shortest base-128 form."""
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes((*out, value))


def _varint_at(data: bytes, at: int) -> tuple[int, int]:
    value = 0
    for shift in range(0, 70, 7):
        require(at < len(data), "cut off")
        value |= (data[at] & 0x7F) << shift
        at += 1
        if data[at - 1] < 0x80:
            require(value < 1 << 64, "more than 64 bits")
            return value, at
    raise Rule("more than ten bytes")


def _split(data: bytes) -> list[tuple[int, int | bytes]]:
    found: list[tuple[int, int | bytes]] = []
    at = 0
    while at < len(data):
        key, at = _varint_at(data, at)
        require(key & 7 in (0, 2), "wire type")
        value, at = _varint_at(data, at)
        if key & 7 == 2:
            require(at + value <= len(data), "cut off")
            found.append((key >> 3, data[at : at + value]))
            at += value
        else:
            found.append((key >> 3, value))
    return found


def _value(kind: str, raw: int | bytes) -> Any:
    if kind in _RANGES:
        require(isinstance(raw, int), "wire type")
        low, high = _RANGES[kind]
        number = raw - (1 << 64) if low < 0 and isinstance(raw, int) and raw >> 63 else raw
        require(isinstance(number, int) and low <= number < high, "out of range")
        return number
    require(isinstance(raw, bytes), "wire type")
    assert isinstance(raw, bytes)
    if kind == "hash":
        require(len(raw) == 32, "hash")
    if kind == "packed":
        numbers, at = [], 0
        while at < len(raw):
            number, at = _varint_at(raw, at)
            require(number < 1 << 32, "out of range")
            numbers.append(number)
        return numbers
    return decode(kind, raw) if kind in MESSAGES else raw


def _read(message: str, data: bytes) -> Fields:
    out: Fields = {}
    by_number = {number: (name, kind) for number, name, kind in MESSAGES[message]}
    for number, raw in _split(data):
        require(number in by_number, "unknown field")
        name, kind = by_number[number]
        if kind.startswith("["):
            out.setdefault(name, []).append(_value(kind[1:-1], raw))
        else:
            require(name not in out, "field twice")
            out[name] = _value(kind.rstrip("?"), raw)
    return out


def encode(message: str, value: Fields) -> bytes:
    """The one encoding: ascending numbers, scalars 0 and empty bytes left out."""
    out = b""
    for number, name, kind in MESSAGES[message]:
        if name not in value:
            continue
        listed = kind.startswith("[")
        for each in value[name] if listed else [value[name]]:
            bare = kind.strip("[]")
            if bare in _RANGES:
                out += (varint(number << 3) + varint(each % (1 << 64))) if each else b""
                continue
            raw = b"".join(map(varint, each)) if bare == "packed" else each
            raw = encode(bare, each) if bare in MESSAGES else raw
            if raw or listed or bare in MESSAGES or bare.endswith("?"):
                out += varint(number << 3 | 2) + varint(len(raw)) + raw
    return out


def decode(message: str, data: bytes) -> Fields:
    """The fields of a message, or :class:`Rule` where it is not in its one encoding.

    What no hash covers, a map of additional data, may write its defaults out.
    """
    value = _read(message, data)
    require(encode(message, value) == data, f"{message}: not the only encoding")
    return value


# --- hashes


def without(value: Fields, *names: str) -> Fields:
    """The fields but for some."""
    return {name: each for name, each in value.items() if name not in names}


def block_hash(header: Fields, hash: str) -> bytes:
    """Hash of a header without its own hash and signature."""
    return HASHES[hash](encode("Header", without(header, "block_hash", "signature")))


def leaf(tx: Fields, version: int, hash: str) -> bytes:
    """Hash of a transaction as the tree has it."""
    result = tx.get("result", {})
    if version >= GAS_OUT and "contract_result" in result:
        bare = {**result, "contract_result": without(result["contract_result"], "gas_used")}
        tx = {**tx, "result": bare}
    return HASHES[hash](encode("Transaction", tx))


def merkle(leaves: list[bytes], hash: str) -> bytes:
    """The root, as nodes compute it: in an array padded with nothing up to a power of two."""
    if not leaves:
        return b""
    width = 1
    while width < len(leaves):
        width *= 2
    level: list[bytes] = leaves + [b""] * (width - len(leaves))
    while len(level) > 1:
        pairs = zip(level[::2], level[1::2], strict=True)
        level = [HASHES[hash](left + (right or left)) if left else b"" for left, right in pairs]
    return level[0]


def merkle_path(leaves: list[bytes], index: int, hash: str) -> list[bytes]:
    """The siblings of a leaf, from the leaf up; an odd node's sibling is the node itself."""
    path = []
    while len(leaves) > 1:
        other = index ^ 1
        path.append(leaves[other] if other < len(leaves) else leaves[index])
        leaves = leaves + leaves[-1:] * (len(leaves) % 2)
        leaves = [HASHES[hash](leaves[at] + leaves[at + 1]) for at in range(0, len(leaves), 2)]
        index //= 2
    return path


# --- signatures


def node_digest(spki: bytes, *, is_sm2: bool = False) -> bytes:
    """What the multihash of a public key's node id holds."""
    return hashlib.sha256(bytes((8, 4 if is_sm2 else 3, 0x12, len(spki))) + spki).digest()


def _element(der: bytes, tag: int) -> tuple[bytes, bytes] | None:
    """Contents of the first element and what follows, by the rules of Go's encoding/asn1."""
    if len(der) < 2 or der[0] != tag:
        return None
    length, at = der[1], 2
    if length >= 0x80:
        count = length - 0x80
        raw = der[2 : 2 + count]
        length, at = int.from_bytes(raw, "big"), 2 + count
        if not 1 <= count <= 4 or len(raw) < count or raw[0] == 0 or length < 0x80:
            return None
    return (der[at : at + length], der[at + length :]) if at + length <= len(der) else None


def parse_signature(der: bytes) -> bytes | None:
    """r || s of a signature, or None. What follows the two numbers, inside or behind the SEQUENCE, does not matter."""
    outer = _element(der, 0x30)
    first = _element(outer[0], 2) if outer else None
    second = _element(first[1], 2) if first else None
    if first is None or second is None:
        return None
    numbers = b""
    for raw in (first[0], second[0]):
        if not raw or (len(raw) > 1 and raw[0] in (0, 0xFF) and (raw[0] == 0xFF) == (raw[1] >= 0x80)):
            return None
        number = int.from_bytes(raw, "big", signed=True)
        if not 0 <= number < 1 << 256:
            return None
        numbers += number.to_bytes(32, "big")
    return numbers


@dataclass(frozen=True)
class Signer:
    """Who a member is.

    ``key``     04 x y
    ``curve``   P256 or SM2
    ``hash``    what it signs over: of its certificate's algorithm, or the chain's
    ``digest``  key modes: what its node id holds
    """

    key: bytes
    curve: str = "P256"
    hash: str = "SHA256"
    org: bytes = b""
    is_consensus: bool = False
    digest: bytes = b""

    def signed(self, message: bytes, signature: bytes) -> bool:
        """Whether the signature is this member's over the message."""
        numbers = parse_signature(signature)
        if numbers is None:
            return False
        if self.curve == "SM2":
            return self.hash == "SM3" and sm2.verify(self.key, numbers, message)
        return ecdsa.verify(P256, self.key, numbers, HASHES[self.hash](message))


Directory = Callable[[Fields, int], Signer | None]
"""Who a member is at a time in seconds; None where it is nobody."""


@dataclass(frozen=True)
class Trust:
    """What is trusted.

    ``nodes``   node id: the organisation that owns it
    ``digests`` node id: what it holds (key modes)
    """

    chain_id: bytes
    directory: Directory
    hash: str = "SHA256"
    nodes: Mapping[bytes, bytes] = field(default_factory=dict)
    digests: Mapping[bytes, bytes] = field(default_factory=dict)
    by_key: bool = False
    pinned: bytes = b""
    previous: tuple[int, bytes] | None = None
    config_height: int | None = None


def check_signature(trust: Trust, entry: Fields, message: bytes, time: int, what: str) -> Signer:
    """The signer of an entry; raises where its signature is false."""
    signer = trust.directory(entry.get("signer", {}), time)
    require(signer is not None, f"{what}: nobody")
    assert signer is not None
    require(signer.signed(message, entry.get("signature", b"")), what)
    return signer


def check_header(header: Fields, trust: Trust) -> None:
    """Chain, link and hash."""
    require(header.get("chain_id", b"") == trust.chain_id, "chain id")
    if trust.previous is not None:
        height, before = trust.previous
        require(header.get("block_height", 0) > height, "height")
        if header.get("block_height", 0) == height + 1:
            require(header.get("pre_block_hash", b"") == before, "previous block")
    if trust.config_height is not None:
        require(header.get("pre_conf_height", 0) == trust.config_height, "configuration")
    require(header.get("block_hash", b"") == block_hash(header, trust.hash), "block hash")
    require(trust.pinned in (b"", header["block_hash"]), "pinned block")


def check_transaction(tx: Fields, trust: Trust, time: int, *, genesis: bool) -> None:
    """A transaction's own rules and signatures."""
    payload = tx.get("payload", {})
    require("payload" in tx and payload.get("chain_id", b"") == trust.chain_id, "transaction's chain id")
    require(1 <= len(payload.get("tx_id", b"")) <= 64, "transaction id")
    expires = payload.get("expiration_time", 0)
    require(expires == 0 or expires > payload.get("timestamp", 0), "expiration")
    if genesis:
        return
    message = encode("Payload", payload)
    require("sender" in tx, "sender missing")
    check_signature(trust, tx["sender"], message, time, "sender")
    for entry in (*tx.get("endorsers", ()), *([tx["payer"]] if "payer" in tx else [])):
        check_signature(trust, entry, message, time, "endorser or payer")


def check_body(block: Fields, rw_sets: list[Fields], trust: Trust) -> None:
    """Transactions, both roots, and the read and write sets where there are any."""
    header, txs = block["header"], block.get("txs", [])
    hashed, time = HASHES[trust.hash], header.get("block_timestamp", 0)
    check_dag(block, trust)
    require(header.get("tx_count", 0) == len(txs), "transaction count")
    ids = [tx.get("payload", {}).get("tx_id", b"") for tx in txs]
    require(len(set(ids)) == len(ids), "transaction twice")
    for tx in txs:
        check_transaction(tx, trust, time, genesis=header.get("block_height", 0) == 0)
    leaves = [leaf(tx, header.get("block_version", 0), trust.hash) for tx in txs]
    require(merkle(leaves, trust.hash) == header.get("tx_root", b""), "transaction root")
    sets = [tx.get("result", {}).get("rw_set_hash", b"") for tx in txs]
    require(all(sets) and merkle(sets, trust.hash) == header.get("rw_set_root", b""), "read and write sets' root")
    if rw_sets:
        require([each.get("tx_id", b"") for each in rw_sets] == ids, "read and write sets' order")
        require([hashed(encode("TxRWSet", each)) for each in rw_sets] == sets, "read and write set")
    config = txs and _is_config(txs[0])
    require(not config or bool(header.get("block_type", 0) & 1), "configuration in another block")


def _is_config(tx: Fields) -> bool:
    result = tx.get("result", {})
    named = tx["payload"].get("contract_name", b"") == b"CHAIN_CONFIG"
    return named and not result.get("code", 0) and bool(result.get("contract_result", {}).get("result", b""))


def check_votes(block: Fields, trust: Trust) -> None:
    """More than two thirds of the validators precommitted this block, each under its own name."""
    header = block["header"]
    extras = block.get("additional_data", {}).get("extra_data", [])
    sets = [each.get("value", b"") for each in extras if each.get("key") == b"TBFTAddtionalDataKey"]
    if not sets and trust.pinned:
        return
    require(bool(sets), "no certificate")
    held = decode("VoteSet", sets[0])
    height, own = header.get("block_height", 0), header["block_hash"]
    require(held.get("type") == 1 and held.get("height", 0) == height, "certificate's place")
    require(held.get("maj23", own) == own and len(held.get("votes", [])) <= len(trust.nodes), "certificate's block")
    voters, keys = set(), set()
    for entry in held.get("votes", []):
        vote, name = entry.get("vote", {}), entry.get("name", b"")
        require("vote" in entry and bool(name), "vote missing")
        if vote.get("hash", b"") != own:
            continue
        require(vote.get("type") == 1 and vote.get("height", 0) == height, "vote's type or height")
        require(vote.get("round", 0) == held.get("round", 0), "vote's round")
        require(name == vote.get("voter", b"") and name in trust.nodes and name not in voters, "voter")
        require("endorsement" in vote, "no signature")
        message = encode("Vote", without(vote, "endorsement"))
        time = header.get("block_timestamp", 0)
        signer = check_signature(trust, vote["endorsement"], message, time, "vote")
        if trust.by_key:
            require(signer.digest == trust.digests[name], "vote's owner")
        else:
            require(signer.is_consensus and signer.org == trust.nodes[name], "vote's owner")
        require(signer.key not in keys, "one key, two votes")
        voters.add(name)
        keys.add(signer.key)
    require(3 * len(voters) > 2 * len(trust.nodes), "two thirds")


def check_trust(block: Fields, trust: Trust) -> None:
    """The proposer, and the validators where the anchor has any."""
    header = block["header"]
    if header.get("block_height", 0) == 0:
        require(bool(trust.pinned), "nothing trusted")
        return
    require(bool(trust.pinned or trust.nodes), "nothing trusted")
    entry = {"signer": header.get("proposer", {}), "signature": header.get("signature", b"")}
    require("proposer" in header, "no proposer")
    signer = check_signature(trust, entry, header["block_hash"], header.get("block_timestamp", 0), "proposer")
    if not trust.nodes:
        return
    if trust.by_key:
        require(signer.digest in trust.digests.values(), "proposer's role")
    else:
        require(signer.is_consensus and signer.org in trust.nodes.values(), "proposer's role")
    check_votes(block, trust)


def check_path(header: Fields, tx: Fields, index: int, siblings: list[bytes], trust: Trust) -> None:
    """The transaction is number ``index`` under the header's root, one sibling for every level."""
    count = header.get("tx_count", 0)
    require(index < count, "index")
    running = leaf(tx, header.get("block_version", 0), trust.hash)
    siblings = list(siblings)
    while count > 1:
        require(bool(siblings), "path too short")
        sibling = siblings.pop(0)
        require(sibling == running or index % 2 == 1 or index + 1 < count, "lone sibling")
        pair = sibling + running if index % 2 else running + sibling
        running, index, count = HASHES[trust.hash](pair), index // 2, (count + 1) // 2
    require(not siblings, "path too long")
    require(running == header.get("tx_root", b""), "root")


def check_dag(block: Fields, trust: Trust) -> None:
    """The dependency graph, where it is given."""
    if "dag" in block:
        hashed = HASHES[trust.hash](encode("DAG", block["dag"]))
        require(hashed == block["header"].get("dag_hash", b""), "dag hash")


def check_header_input(raw: bytes, trust: Trust) -> None:
    """Everything about the input of ``chainmaker-header``."""
    block = decode("HeaderInput", raw)
    require("header" in block, "no header")
    check_header(block["header"], trust)
    check_dag(block, trust)
    check_trust(block, trust)
    if "proof" not in block:
        return
    proof = block["proof"]
    require("transaction" in proof and "payload" in proof["transaction"], "no transaction")
    check_path(block["header"], proof["transaction"], 0, proof.get("siblings", []), trust)
    marked = bool(block["header"].get("block_type", 0) & 1)
    require(marked or not _is_config(proof["transaction"]), "configuration in another block")


def check_tx_input(raw: bytes, trust: Trust, *, signed_only: bool = False) -> None:
    """Everything about the input of ``chainmaker-tx``."""
    given = decode("TxInput", raw)
    info = given.get("info", {})
    require("transaction" in info and "proof" not in given.get("block", {}), "no transaction")
    tx, header = info["transaction"], given.get("block", {}).get("header")
    require("block" not in given or header is not None, "no header")
    said = info.get("block_timestamp", 0) or tx.get("payload", {}).get("timestamp", 0)
    time = said if header is None else header.get("block_timestamp", 0) or tx.get("payload", {}).get("timestamp", 0)
    check_transaction(tx, trust, time, genesis=header is not None and header.get("block_height", 0) == 0)
    if "rw_set" in info:
        own = tx.get("result", {}).get("rw_set_hash", b"")
        require(info["rw_set"].get("tx_id", b"") == tx["payload"].get("tx_id", b""), "read and write set's id")
        require(HASHES[trust.hash](encode("TxRWSet", info["rw_set"])) == own, "read and write set")
    if header is None:
        require(signed_only, "not included")
        return
    for name in ("block_height", "block_timestamp", "block_hash"):
        require(not info.get(name) or info[name] == header.get(name), "place")
    check_path(header, tx, info.get("tx_index", 0), given.get("siblings", []), trust)
    check_header(header, trust)
    check_dag(given["block"], trust)
    check_trust(given["block"], trust)


def check_block(raw: bytes, trust: Trust) -> None:
    """Everything about a BlockInfo or Block; :class:`Rule` says what does not hold."""
    first = _split(raw)[:1]
    bare = bool(first) and isinstance(first[0][1], bytes) and first[0][1][:1] == b"\x08"
    info: Fields = {"block": decode("Block", raw)} if bare else decode("BlockInfo", raw)
    block = info.get("block", {})
    require("header" in block, "no header")
    check_header(block["header"], trust)
    check_body(block, info.get("rwset_list", []), trust)
    check_trust(block, trust)


def holds(raw: bytes, trust: Trust, check: Callable[[bytes, Trust], None] = check_block) -> bool:
    """Whether every rule holds; ``check`` is one of the three for whole inputs."""
    try:
        check(raw, trust)
    except Rule:
        return False
    return True
