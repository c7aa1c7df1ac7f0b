"""ChainMaker messages in the protobuf bytes that nodes hash, from the JSON that explorers and SDKs write.

That JSON is Go's: field names in snake case, bytes in base64, enums as numbers (or, from jsonpb, as names), defaults
left out. The bytes are gogo-protobuf's: ascending numbers, defaults left out, a message that is present but empty
written with length 0. A key that no message has is refused: what cannot be written back cannot be hashed. Whether the
bytes are right is the engine's to say: it recomputes every hash. Numbers and names: pb-go v2.3 (common,
accesscontrol, consensus).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple

from isthmus import _wire
from isthmus._json import Node

_U64: Final = 1 << 64


class _Field(NamedTuple):
    number: int
    name: str
    write: Callable[[int, Node], bytes]
    repeated: bool = False


_Schema = tuple[_Field, ...]


def _text(number: int, node: Node) -> bytes:
    return _wire.text(number, node.text())


def _blob(number: int, node: Node) -> bytes:
    return _wire.blob(number, node.base64())


def _uint(number: int, node: Node) -> bytes:
    value = node.integer()
    if value < 0:
        raise node.fail(f"expected 0 or more, got {value}")
    return _wire.uint(number, value)


def _sint(number: int, node: Node) -> bytes:
    return _wire.sint(number, node.integer())


def _item_text(number: int, node: Node) -> bytes:
    return _wire.text(number, node.text(), keep=True)


def _enum(*names: str, **more: int) -> Callable[[int, Node], bytes]:
    numbers = {name: value for value, name in enumerate(names)} | more

    def write(number: int, node: Node) -> bytes:
        if isinstance(node.value, str) and node.value in numbers:
            return _wire.uint(number, numbers[node.value])
        return _uint(number, node)

    return write


def _message(schema: _Schema) -> Callable[[int, Node], bytes]:
    def write(number: int, node: Node) -> bytes:
        return _wire.message(number, encode(node, schema))

    return write


def _packed(number: int, node: Node) -> bytes:
    """A list of uint32, packed."""
    values = []
    for each in node:
        value = each.integer()
        if not 0 <= value < 1 << 32:
            raise each.fail(f"{value} does not fit 32 unsigned bits")
        values.append(_wire.varint(value))
    return _wire.blob(number, b"".join(values))


def _extra(number: int, node: Node) -> bytes:
    """map<string, bytes>, in the order in which the keys stand: no hash covers it."""
    entries = []
    for key in node.fields():
        entry = _wire.text(1, key) + _wire.blob(2, node.at(key).base64())
        entries.append(_wire.message(number, entry))
    return b"".join(entries)


def encode(node: Node, schema: _Schema) -> bytes:
    """One message's bytes; ``ValueError`` names the path of what cannot be written."""
    given = node.fields()
    unknown = sorted(set(given) - {field.name for field in schema})
    if unknown:
        raise node.fail(f"{unknown[0]!r} is no field of this message, so its bytes cannot be told")
    parts = []
    for field in schema:
        value = node.get(field.name)
        if value.is_null:
            continue
        if field.repeated:
            parts += [field.write(field.number, each) for each in value]
        else:
            parts.append(field.write(field.number, value))
    return b"".join(parts)


MEMBER: Final[_Schema] = (
    _Field(1, "org_id", _text),
    _Field(2, "member_type", _enum("CERT", "CERT_HASH", "PUBLIC_KEY", "DID", "ALIAS", "ADDR")),
    _Field(3, "member_info", _blob),
)
ENTRY: Final[_Schema] = (_Field(1, "signer", _message(MEMBER)), _Field(2, "signature", _blob))
HEADER: Final[_Schema] = (
    _Field(1, "block_version", _uint),
    _Field(2, "block_type", _enum("NORMAL_BLOCK", "CONFIG_BLOCK", "CONTRACT_MGR_BLOCK", HAS_COINBASE=4)),
    _Field(3, "chain_id", _text),
    _Field(4, "block_height", _uint),
    _Field(5, "block_hash", _blob),
    _Field(6, "pre_block_hash", _blob),
    _Field(7, "pre_conf_height", _uint),
    _Field(8, "tx_count", _uint),
    _Field(9, "tx_root", _blob),
    _Field(10, "dag_hash", _blob),
    _Field(11, "rw_set_root", _blob),
    _Field(12, "block_timestamp", _sint),
    _Field(13, "consensus_args", _blob),
    _Field(14, "proposer", _message(MEMBER)),
    _Field(15, "signature", _blob),
)
DAG: Final[_Schema] = (_Field(2, "vertexes", _message((_Field(1, "neighbors", _packed),)), True),)
PAYLOAD: Final[_Schema] = (
    _Field(1, "chain_id", _text),
    _Field(2, "tx_type", _enum("INVOKE_CONTRACT", "QUERY_CONTRACT", "SUBSCRIBE", "ARCHIVE")),
    _Field(3, "tx_id", _text),
    _Field(4, "timestamp", _sint),
    _Field(5, "expiration_time", _sint),
    _Field(6, "contract_name", _text),
    _Field(7, "method", _text),
    _Field(8, "parameters", _message((_Field(1, "key", _text), _Field(2, "value", _blob))), True),
    _Field(9, "sequence", _uint),
    _Field(10, "limit", _message((_Field(1, "gas_limit", _uint),))),
)
EVENT: Final[_Schema] = (
    _Field(1, "topic", _text),
    _Field(2, "tx_id", _text),
    _Field(3, "contract_name", _text),
    _Field(4, "contract_version", _text),
    _Field(5, "event_data", _item_text, True),
)
CONTRACT_RESULT: Final[_Schema] = (
    _Field(1, "code", _uint),
    _Field(2, "result", _blob),
    _Field(3, "message", _text),
    _Field(4, "gas_used", _uint),
    _Field(5, "contract_event", _message(EVENT), True),
)
RESULT: Final[_Schema] = (
    _Field(1, "code", _enum("SUCCESS")),
    _Field(2, "contract_result", _message(CONTRACT_RESULT)),
    _Field(3, "rw_set_hash", _blob),
    _Field(4, "message", _text),
)
TRANSACTION: Final[_Schema] = (
    _Field(1, "payload", _message(PAYLOAD)),
    _Field(2, "sender", _message(ENTRY)),
    _Field(3, "endorsers", _message(ENTRY), True),
    _Field(4, "result", _message(RESULT)),
    _Field(5, "payer", _message(ENTRY)),
)
KEY_VERSION: Final[_Schema] = (_Field(3, "ref_tx_id", _text), _Field(4, "ref_offset", _sint))
RW_SET: Final[_Schema] = (
    _Field(1, "tx_id", _text),
    _Field(
        2,
        "tx_reads",
        _message(
            (
                _Field(1, "key", _blob),
                _Field(2, "value", _blob),
                _Field(3, "contract_name", _text),
                _Field(4, "version", _message(KEY_VERSION)),
            )
        ),
        True,
    ),
    _Field(
        3,
        "tx_writes",
        _message((_Field(1, "key", _blob), _Field(2, "value", _blob), _Field(3, "contract_name", _text))),
        True,
    ),
)
ADDITIONAL_DATA: Final[_Schema] = (_Field(1, "extra_data", _extra),)
BLOCK: Final[_Schema] = (
    _Field(1, "header", _message(HEADER)),
    _Field(2, "dag", _message(DAG)),
    _Field(3, "txs", _message(TRANSACTION), True),
    _Field(4, "additional_data", _message(ADDITIONAL_DATA)),
)
HEADER_INPUT: Final[_Schema] = tuple(field for field in BLOCK if field.name != "txs")

# BlockInfo's list of read and write sets, as the SDKs and as nodes' logs name it.
_RW_SET_LISTS: Final = ("rwset_list", "txRWSets", "tx_rw_sets")


def read_block_info(source: Any) -> bytes:
    """common.BlockInfo from {"block": {...}, "rwset_list": [...]}, or from a block's own object."""
    node = Node.load(source)
    block = node.at("block") if node.has("block") else node
    out = _wire.message(1, encode(block, BLOCK))
    named = [name for name in _RW_SET_LISTS if block is not node and node.has(name)]
    if len(named) > 1:
        raise node.fail(f"{named[0]!r} and {named[1]!r} are the same list under two names")
    for name in named:
        out += b"".join(_wire.message(2, encode(each, RW_SET)) for each in node.at(name))
    return out


def read_header_input(source: Any) -> bytes:
    """Input of ``chainmaker-header`` from the header, dag and additional_data of a block's JSON; its transactions are
    left out."""
    node = Node.load(source)
    block = node.at("block") if node.has("block") else node
    fields = {name: value for name, value in block.fields().items() if name != "txs"}
    if "header" not in fields:
        raise block.fail("'header' is missing")
    return encode(Node(fields, block.path), HEADER_INPUT)


def read_transaction(source: Any) -> bytes:
    """common.Transaction from its JSON."""
    return encode(Node.load(source), TRANSACTION)


def read_transaction_info(source: Any) -> bytes:
    """common.TransactionInfo (with its read and write set, where one is given) from JSON; a bare transaction becomes
    one without a place."""
    node = Node.load(source)
    if not node.has("transaction"):
        return _wire.message(1, encode(node, TRANSACTION))
    schema = (
        _Field(1, "transaction", _message(TRANSACTION)),
        _Field(2, "block_height", _uint),
        _Field(3, "block_hash", _blob),
        _Field(4, "tx_index", _uint),
        _Field(5, "block_timestamp", _sint),
        _Field(6, "rw_set", _message(RW_SET)),
    )
    return encode(node, schema)


def read_rw_set(source: Any) -> bytes:
    """common.TxRWSet from its JSON."""
    return encode(Node.load(source), RW_SET)


def first_field(data: bytes, number: int) -> bytes | None:
    """The first field of this number that is bytes, of a message that a writer wrote."""
    for found, value in _wire.fields(data):
        if found == number and isinstance(value, bytes):
            return value
    return None


def scalars(data: bytes) -> Mapping[int, int]:
    """The numbers of a message by field."""
    return {number: value for number, value in _wire.fields(data) if isinstance(value, int)}
