"""Light blocks from JSON: what CometBFT nodes and light clients hand out, rebuilt as protobuf.

Nothing is judged here; the native decoder is the judge. Only what cannot be written as protobuf is refused, with the
path to the value. Three forms are read:

* a node's RPC answers to ``/commit`` and ``/validators`` (one or more pages), with or without the ``result`` of
  JSON-RPC; together as ``{"commit": ..., "validators": ...}`` or as two arguments;
* one object with ``header``, ``commit`` and ``validators`` (or ``validator_set``), optionally with ``next_validators``;
* a light block of the Rust light client: ``signed_header``, ``validator_set``, ``next_validator_set``. That client
  sorts a set by power and address when it reads it, so the order in the file says nothing, and it is sorted here too.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final, NamedTuple

from isthmus import _wire
from isthmus._json import Node, Timestamp

# Go's zero time, which an absent vote carries.
ZERO_TIME: Final = Timestamp(-62135596800)

_ABSENT: Final = 1
# Tools that keep protobuf's absent field in a Go or Rust value print it as one of these.
_NO_TIME: Final = (ZERO_TIME, Timestamp(0))

# Type names in the RPC of CometBFT and short names; numbers of tendermint.crypto.PublicKey.
_KEY_FIELD: Final = {
    "tendermint/PubKeyEd25519": 1,
    "ed25519": 1,
    "tendermint/PubKeySecp256k1": 2,
    "secp256k1": 2,
    "cometbft/PubKeyBls12_381": 3,
    "bls12_381": 3,
    "cometbft/PubKeySecp256k1eth": 4,
    "secp256k1eth": 4,
}


class Parts(NamedTuple):
    """The protobuf parts of a light block."""

    signed_header: bytes
    validators: bytes
    next_validators: bytes | None


def timestamp(time: Timestamp) -> bytes:
    """google.protobuf.Timestamp."""
    return _wire.sint(1, time.seconds) + _wire.uint(2, time.nanos)


def _block_id(node: Node) -> bytes:
    if node.is_null:
        return _wire.message(2, b"")
    parts = node.first("parts", "part_set_header")
    part_set = (
        b"" if parts.is_null else _wire.sint(1, parts.at("total").integer()) + _wire.blob(2, parts.at("hash").hex())
    )
    return _wire.blob(1, node.at("hash").hex()) + _wire.message(2, part_set)


def _header(node: Node) -> bytes:
    version = node.at("version")
    return b"".join(
        (
            _wire.message(
                1, _wire.sint(1, version.at("block").integer()) + _wire.sint(2, _or_zero(version.get("app")))
            ),
            _wire.text(2, node.at("chain_id").text()),
            _wire.sint(3, node.at("height").integer()),
            _wire.message(4, timestamp(node.at("time").time())),
            _wire.message(5, _block_id(node.get("last_block_id"))),
            _wire.blob(6, node.get("last_commit_hash").hex()),
            _wire.blob(7, node.get("data_hash").hex()),
            _wire.blob(8, node.at("validators_hash").hex()),
            _wire.blob(9, node.at("next_validators_hash").hex()),
            _wire.blob(10, node.get("consensus_hash").hex()),
            _wire.blob(11, node.get("app_hash").hex()),
            _wire.blob(12, node.get("last_results_hash").hex()),
            _wire.blob(13, node.get("evidence_hash").hex()),
            _wire.blob(14, node.at("proposer_address").hex()),
        )
    )


def _or_zero(node: Node) -> int:
    return 0 if node.is_null else node.integer()


def _commit_sig(node: Node) -> bytes:
    flag = node.at("block_id_flag").integer()
    time = ZERO_TIME if node.get("timestamp").is_null else node.at("timestamp").time()
    if flag == _ABSENT and time in _NO_TIME:
        time = ZERO_TIME
    return (
        _wire.sint(1, flag)
        + _wire.blob(2, node.get("validator_address").hex())
        + _wire.message(3, timestamp(time))
        + _wire.blob(4, node.get("signature").base64())
    )


def _commit(node: Node) -> bytes:
    return b"".join(
        (
            _wire.sint(1, node.at("height").integer()),
            _wire.sint(2, node.at("round").integer()),
            _wire.message(3, _block_id(node.at("block_id"))),
            *(_wire.message(4, _commit_sig(each)) for each in node.at("signatures")),
        )
    )


def _validator(node: Node) -> tuple[int, bytes, bytes]:
    """(power, address, message)"""
    key = node.at("pub_key")
    name = key.at("type").text()
    if name not in _KEY_FIELD:
        raise key.at("type").fail(f"{name!r} is none of {', '.join(_KEY_FIELD)}")
    power = node.first("voting_power", "power").integer()
    address = node.at("address").hex()
    public = _wire.blob(_KEY_FIELD[name], key.at("value").base64(), keep=True)
    priority = _or_zero(node.get("proposer_priority"))
    message = _wire.blob(1, address) + _wire.message(2, public) + _wire.sint(3, power) + _wire.sint(4, priority)
    return power, address, message


def validator_set(validators: Iterable[Node], *, sort: bool = False) -> bytes:
    """tendermint.types.ValidatorSet of validator objects, in their order or by power (descending) and address."""
    members = [_validator(each) for each in validators]
    if sort:
        members.sort(key=lambda member: (-member[0], member[1]))
    return b"".join(_wire.message(1, message) for _, _, message in members)


def _unwrap(node: Node) -> Node:
    """The ``result`` of a JSON-RPC answer; an ``error`` is told."""
    if node.has("error"):
        raise node.at("error").fail(f"the node answered with an error: {node.value['error']!r:.200}")
    return node.at("result") if node.has("result") else node


def _pages(source: Node) -> tuple[list[Node], int | None]:
    """Validators of the pages of one /validators answer, and their height."""
    pages = [_unwrap(each) for each in source] if isinstance(source.value, list) else [_unwrap(source)]
    found = [validator for page in pages for validator in page.at("validators")]
    heights = {page.at("block_height").integer() for page in pages if page.has("block_height")}
    if len(heights) > 1:
        raise source.fail(f"pages of different heights: {sorted(heights)}")
    for page in pages:
        if page.has("total") and page.at("total").integer() != len(found):
            raise page.at("total").fail(f"{len(found)} validators were given: fetch all pages")
    return found, heights.pop() if heights else None


def _is_validator_list(node: Node) -> bool:
    return isinstance(node.value, list) and all(isinstance(each, dict) and "pub_key" in each for each in node.value)


def _set_of(node: Node, *, sort: bool = False) -> bytes:
    """A set as a bare list, as an object with ``validators``, or as answers to /validators."""
    if _is_validator_list(node):
        return validator_set(node, sort=sort)
    return validator_set(_pages(node)[0], sort=sort)


def read_validator_set(source: Any, *, sort: bool = False) -> bytes:
    """tendermint.types.ValidatorSet from a list of validators, from an object with ``validators`` or from the pages of
    a node's answer to /validators."""
    return _set_of(Node.load(source), sort=sort)


def _signed_header(header: Node, commit: Node) -> bytes:
    return _wire.message(1, _header(header)) + _wire.message(2, _commit(commit))


def _optional_set(node: Node, key: str, *, sort: bool = False) -> bytes | None:
    return _set_of(node.at(key), sort=sort) if node.has(key) else None


def _from_rpc(commit: Node, validators: Node) -> Parts:
    signed = _unwrap(commit)
    signed = signed.at("signed_header") if signed.has("signed_header") else signed
    header = signed.at("header")
    if _is_validator_list(validators):
        return Parts(_signed_header(header, signed.at("commit")), validator_set(validators), None)
    members, height = _pages(validators)
    if height is not None and height != header.at("height").integer():
        raise validators.fail(f"validators of height {height} for a header of height {header.at('height').integer()}")
    return Parts(_signed_header(header, signed.at("commit")), validator_set(members), None)


def read_light_block(source: Any, validators: Any = None) -> Parts:
    """The parts of a light block; ``ValueError`` naming the path for what is not one of the three forms."""
    node = _unwrap(Node.load(source))
    if validators is not None:
        return _from_rpc(node, Node.load(validators, "$validators"))
    if node.has("signed_header") and node.has("validator_set"):
        signed = node.at("signed_header")
        return Parts(
            _signed_header(signed.at("header"), signed.at("commit")),
            _set_of(node.at("validator_set"), sort=True),
            _optional_set(node, "next_validator_set", sort=True),
        )
    if node.has("header") and node.has("commit"):
        return Parts(
            _signed_header(node.at("header"), node.at("commit")),
            _set_of(node.first("validators", "validator_set")),
            _optional_set(node, "next_validators"),
        )
    if node.has("commit") and node.has("validators"):
        parts = _from_rpc(node.at("commit"), node.at("validators"))
        return parts._replace(next_validators=_optional_set(node, "next_validators"))
    if node.has("signed_header"):
        raise node.fail("the answer to /commit alone is no light block: the answer to /validators is needed too")
    raise node.fail("neither an answer of a node, nor a header with commit and validators, nor a light block")


def read_duplicate_vote(source: Any) -> bytes:
    """tendermint.types.DuplicateVoteEvidence from the evidence object of a block, with or without its type."""
    node = Node.load(source)
    node = node.at("value") if node.has("value") else node
    return b"".join(
        (
            _wire.message(1, _vote(node.at("vote_a"))),
            _wire.message(2, _vote(node.at("vote_b"))),
            _wire.sint(3, node.first("total_voting_power", "TotalVotingPower").integer()),
            _wire.sint(4, node.first("validator_power", "ValidatorPower").integer()),
            _wire.message(5, timestamp(node.first("timestamp", "Timestamp").time())),
        )
    )


def _vote(node: Node) -> bytes:
    return b"".join(
        (
            _wire.sint(1, node.at("type").integer()),
            _wire.sint(2, node.at("height").integer()),
            _wire.sint(3, node.at("round").integer()),
            _wire.message(4, _block_id(node.at("block_id"))),
            _wire.message(5, timestamp(node.at("timestamp").time())),
            _wire.blob(6, node.at("validator_address").hex()),
            _wire.sint(7, node.at("validator_index").integer()),
            _wire.blob(8, node.at("signature").base64()),
            _wire.blob(9, node.get("extension").base64()),
            _wire.blob(10, node.get("extension_signature").base64()),
        )
    )
