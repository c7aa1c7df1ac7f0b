"""ChainMaker's Python: JSON to protobuf, anchors, configurations, node ids."""

from __future__ import annotations

from typing import Any

import pytest

import isthmus
from isthmus import _wire
from isthmus.chains import chainmaker as cm
from isthmus.chains.chainmaker_config import base58, check_node_id, der_of
from isthmus.reference import chainmaker as slow

NODE = "QmTa6QKgmLVz7HdcT68CarNaekjGFoyn1bUJ1GpuYAEF1P"
OTHER = "QmcQHCuAXaFkbcsPUj7e37hXXfZ9DdN7bozseo5oX4qiC4"

FULL_TRANSACTION: dict[str, Any] = {
    "payload": {
        "chain_id": "c",
        "tx_type": "QUERY_CONTRACT",
        "tx_id": "t",
        "timestamp": "1700000000",
        "expiration_time": 1700000001,
        "contract_name": "n",
        "method": "m",
        "parameters": [{"key": "a"}, {"key": "b", "value": "AQI="}],
        "sequence": 7,
        "limit": {"gas_limit": 9},
    },
    "sender": {"signer": {"org_id": "o", "member_type": "ALIAS", "member_info": "AQ=="}, "signature": "Ag=="},
    "endorsers": [{"signer": {"member_type": 2}}, {}],
    "result": {
        "code": 3,
        "contract_result": {
            "code": 1,
            "result": "AA==",
            "gas_used": 5,
            "contract_event": [{"topic": "x", "event_data": ["", "y"]}],
        },
        "rw_set_hash": None,
        "message": "m",
    },
    "payer": {"signature": "Aw=="},
}


def test_json_becomes_the_bytes_that_the_slow_reference_writes() -> None:
    raw = cm.transaction_from_json(FULL_TRANSACTION)
    tx = slow.decode("TransactionInfo", raw)["transaction"]
    assert tx["payload"]["tx_type"] == 1
    assert tx["payload"]["timestamp"] == 1700000000
    assert tx["payload"]["parameters"] == [{"key": b"a"}, {"key": b"b", "value": b"\x01\x02"}]
    assert tx["sender"]["signer"] == {"org_id": b"o", "member_type": 4, "member_info": b"\x01"}
    assert len(tx["endorsers"]) == 2
    assert tx["result"]["contract_result"]["contract_event"] == [{"topic": b"x", "event_data": [b"", b"y"]}]
    assert "rw_set_hash" not in tx["result"]


def test_blocks_with_their_read_and_write_sets() -> None:
    sets = [{"tx_id": "t", "tx_reads": [{"key": "AQ==", "version": {"ref_tx_id": "r", "ref_offset": -1}}]}]
    block = {"header": {"chain_id": "c", "block_timestamp": -1}, "dag": {"vertexes": [{}, {"neighbors": [0, 300]}]}}
    for name in ("rwset_list", "txRWSets"):
        info = slow.decode("BlockInfo", cm.block_from_json({"block": block, name: sets}))
        assert info["block"]["header"]["block_timestamp"] == -1
        assert info["block"]["dag"]["vertexes"] == [{}, {"neighbors": [0, 300]}]
        assert info["rwset_list"][0]["tx_reads"][0]["version"] == {"ref_tx_id": b"r", "ref_offset": -1}
    with pytest.raises(ValueError, match="two names"):
        cm.block_from_json({"block": block, "rwset_list": sets, "txRWSets": sets})


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("{", "not JSON"),
        ("[]", "expected an object"),
        ({"block": {"header": {"tallness": 1}}}, "'tallness' is no field"),
        ({"header": {"block_height": -1}}, "expected 0 or more"),
        ({"header": {"block_hash": "abc"}}, "expected base64"),
        ({"header": {"chain_id": 1}}, "expected a string"),
        ({"header": {}, "dag": {"vertexes": [{"neighbors": [-1]}]}}, "does not fit 32"),
        ({"header": {"block_type": "SOME_BLOCK"}}, "expected an integer"),
        ('{"header": {"chain_id": "a", "chain_id": "b"}}', "stands twice"),
    ],
)
def test_json_that_cannot_be_written_names_its_path(source: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        cm.block_from_json(source)


def test_a_header_needs_a_header() -> None:
    with pytest.raises(ValueError, match="'header' is missing"):
        cm.header_from_json({"block": {"dag": {}}})


def test_node_ids() -> None:
    assert check_node_id(NODE) == NODE
    assert base58(b"\x12\x20" + bytes(32)) == "QmNLei78zWmzUdbeRB3CiUfAizWUrbeeZh5K1rhAQKCh51"
    for text in ("", "Qm", "0" + NODE[1:], NODE + "1", "z" * 46):
        with pytest.raises(ValueError, match="node id"):
            check_node_id(text)
    with pytest.raises(ValueError, match="no key of a supported curve"):
        cm.node_id(bytes(200))
    with pytest.raises(ValueError, match="no PEM block"):
        der_of("nothing")


def _config(**parts: bytes) -> bytes:
    """A ChainConfig of two organisations."""
    nodes = b"".join(
        _wire.message(2, _wire.text(1, name) + _wire.text(3, node)) for name, node in (("a", NODE), ("b", OTHER))
    )
    policy = _wire.text(1, "CHAIN_CONFIG-NODE_ID_UPDATE") + _wire.message(
        2, _wire.text(1, "majority") + _wire.text(3, "ADMIN")
    )
    member = _wire.text(1, "PEM") + _wire.text(2, "a") + _wire.text(3, "admin") + _wire.text(4, NODE)
    out = _wire.text(1, "chain") + _wire.text(2, "2030700") + _wire.text(3, parts.get("auth", b"public").decode())
    out += _wire.uint(4, 3) + _wire.message(5, _wire.text(1, "SM3")) + _wire.message(8, _wire.uint(1, 1) + nodes)
    for name, root in (("a", "ra"), ("b", "rb")):
        out += _wire.message(9, _wire.text(1, name) + _wire.text(2, root))
    return out + _wire.message(10, member) + _wire.message(11, policy) + _wire.message(99, b"later versions")


def test_configurations() -> None:
    config = cm.ChainConfig.decode(_config(auth=b"permissionedWithCert"))
    assert (config.chain_id, config.version, config.hash, config.consensus) == ("chain", "2030700", "SM3", "TBFT")
    assert config.nodes == {"a": (NODE,), "b": (OTHER,)}
    assert config.trust_roots == {"a": ("ra",), "b": ("rb",)}
    assert config.trust_members == (cm.TrustMember("PEM", "a", "admin", NODE),)
    assert config.policies == (cm.Policy("CHAIN_CONFIG-NODE_ID_UPDATE", "MAJORITY", (), ("ADMIN",)),)
    anchor = cm.Anchor.from_config(config, 5)
    assert (anchor.config_height, anchor.format, anchor.organisations[0].roots) == (5, "v2", ("ra",))
    with pytest.raises(ValueError, match="consensus type 9"):
        cm.ChainConfig.decode(_wire.message(8, _wire.uint(1, 9)))
    with pytest.raises(ValueError, match="holds no configuration"):
        cm.Anchor.from_genesis(b"")


def test_anchors_are_written_and_read_back() -> None:
    anchor = cm.Anchor(
        "chain",
        (cm.Organisation("a", ("text\nof two lines\n", b"\x30\x00"), (NODE,), ("i",), ("l",), ("f",)),),
        auth_type="permissionedWithCert",
        hash="SM3",
        consensus="MAXBFT",
        trust_members=(cm.TrustMember("PEM", "a", "client"),),
        aliases={'an "alias"': "certificate"},
        policies=(cm.Policy("x-y", "2/3", ("a",), ("admin",)), cm.Policy("x-z", "2")),
        trusted=cm.TrustedBlock(4, bytes(32), True, 2),
        config_height=4,
        sm2_engine="gmssl",
        signed_only=True,
        follow=True,
    )
    again = cm.Anchor.from_toml(anchor.to_toml())
    assert again.policies == anchor.policies
    assert again.trusted == anchor.trusted
    assert again.aliases == anchor.aliases
    assert again.organisations[0].node_ids == (NODE,)
    plain = cm.Anchor("chain", (cm.Organisation("a", ("one",), (NODE,)),), block_hash=bytes(32))
    assert bytes(cm.Anchor.from_toml(plain.to_toml())) == bytes(plain)
    assert len(plain.fingerprint()) == 64


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({}, "'chain_id' is missing"),
        ({"chain_id": ""}, "1 to 256 bytes"),
        ({"chain_id": "c", "hash": "MD5"}, "hash: 'MD5'"),
        ({"chain_id": "c", "format": "v3"}, "format"),
        ({"chain_id": "c", "consensus": "POW"}, "consensus"),
        ({"chain_id": "c", "block_hash": "00"}, "block_hash: expected 32"),
        ({"chain_id": "c", "trusted": {"height": 1}}, "'hash' is missing"),
        ({"chain_id": "c", "organization": []}, "'organization' is none of"),
        ({"chain_id": "c", "organisation": [{"name": "a", "root": []}]}, "'root' is none of"),
        ({"chain_id": "c", "policy": [{"resource": "r", "rule": "SOME"}]}, "rule"),
        ({"chain_id": "c", "policy": [{"resource": "r", "rule": "0"}]}, "rule"),
        ({"chain_id": "c", "signed_only": 1}, "true or false"),
    ],
)
def test_anchors_that_cannot_be_read(values: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        cm.Anchor.from_mapping(values)


def test_an_anchor_of_bad_node_ids_is_refused_before_any_check() -> None:
    with pytest.raises(ValueError, match="node id"):
        bytes(cm.Anchor("c", (cm.Organisation("a", (), ("Qm",)),)))
    twice = cm.Anchor("c", (cm.Organisation("a", (), (NODE, NODE)),))
    with pytest.raises(ValueError, match="stands twice"):
        isthmus.Engine(threads=1).check(cm.BLOCK, b"", twice)
