"""Made FISCO BCOS chains: every release's rules, both suites, every attack, and mutations of valid bytes."""

from __future__ import annotations

import functools
import json
import random
import tomllib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import isthmus
from isthmus import _wire
from isthmus.chains import fisco
from isthmus.chains.fisco import Anchor, LightClient, Version
from isthmus.cli import main
from isthmus.synthetic.fisco import Chain
from isthmus.synthetic.fisco_attacks import Attack, attacks

ENGINE = isthmus.Engine(threads=1)
RULES = [
    ("2.0.0-rc1", "keccak"), ("2.0.0", "keccak"), ("2.1.0", "sm"), ("2.2.0", "keccak"), ("2.7.2", "sm"),
    ("2.9.1", "keccak"), ("3", "keccak"), ("3", "sm"),
]  # fmt: skip


def name(rule: tuple[str, str]) -> str:
    return "-".join(rule)


@pytest.mark.parametrize("rule", RULES, ids=name)
@pytest.mark.parametrize("count", [0, 1, 2, 16, 17, 300])
def test_blocks_of_every_release_are_valid(rule: tuple[str, str], count: int) -> None:
    chain = Chain(*rule)
    block = chain.block(transactions=count)
    anchor = chain.anchor()
    verdict = ENGINE.check(fisco.BLOCK, block.encoded, anchor)
    assert verdict.ok, str(verdict)
    assert verdict.facts["header_hash"] == block.hash
    assert verdict.facts["proves"] == b"ordered included" + (b" effective" if count else b"")
    assert fisco.sealers_of(verdict) == chain.sealers
    told = ENGINE.check(fisco.HEADER, fisco.statement_from_json(block.json, anchor).encoded, anchor)
    assert told.ok, str(told)
    assert told.counts.get("tx", isthmus.Count(0, 0, 0)).valid == count


@pytest.mark.parametrize("rule", [rule for rule in RULES if rule[0] >= "2.2"], ids=name)
def test_proofs_of_every_place(rule: tuple[str, str]) -> None:
    chain = Chain(*rule)
    anchor = chain.anchor()
    for count in (1, 2, 3, 15, 16, 17, 33, 257):
        block = chain.block(transactions=count)
        for index in {0, 1, count // 2, count - 1} & set(range(count)):
            documents = [block.transaction_json(index), block.receipt_json(index)]
            proof = fisco.proof_from_json(block.json, *documents, anchor=anchor)
            verdict = fisco.check(ENGINE, proof, anchor)
            assert verdict.ok, (count, index, str(verdict))
            assert verdict.facts["proves"] == b"ordered included effective"
            assert int.from_bytes(verdict.facts["index"], "little") == index
            assert verdict.facts["sender"].hex() == chain.address(chain.user)[2:]


def test_a_failed_receipt_is_included_but_not_effective() -> None:
    for rule in (("2.7.2", "keccak"), ("3", "keccak")):
        chain = Chain(*rule)
        block = chain.block(transactions=3, statuses=[0, 22, 0])
        proof = fisco.proof_from_json(
            block.json, block.transaction_json(1), block.receipt_json(1), anchor=chain.anchor()
        )
        verdict = fisco.check(ENGINE, proof, chain.anchor())
        assert verdict.ok, str(verdict)
        assert verdict.facts["proves"] == b"ordered included"
        assert verdict.facts["receipt_status"] == (22).to_bytes(4, "little")


def test_a_receipt_at_another_place_is_not_the_transactions() -> None:
    """Version 3 binds a receipt to its transaction by nothing but the place."""
    chain = Chain("3", "sm")
    block = chain.block(transactions=4)
    proof = fisco.proof_from_json(block.json, block.transaction_json(1), block.receipt_json(2), anchor=chain.anchor())
    verdict = fisco.check(ENGINE, proof, chain.anchor())
    assert verdict.ok
    assert verdict.facts["proves"] == b"ordered included"
    older = Chain("2.7.2", "sm")
    block = older.block(transactions=4)
    with pytest.raises(ValueError, match="leaf"):
        fisco.proof_from_json(block.json, block.transaction_json(1), block.receipt_json(2), anchor=older.anchor())


def test_a_hash_alone_may_be_an_inner_node_of_version_3() -> None:
    chain = Chain("3", "sm")
    block = chain.block(transactions=4)
    anchor = chain.anchor()
    statement = fisco.statement_from_json(block.json, anchor).encoded
    leaves = [block.transaction_hash(index) for index in range(4)]
    above = [chain.hash(leaves[0] + leaves[1]), chain.hash(leaves[2] + leaves[3])]
    for stated, siblings in ((leaves[1], (1, leaves[0], 2, above[1])), (above[0], (2, above[1]))):
        levels = b"".join(
            _wire.message(1, _wire.blob(side, sibling))
            for side, sibling in zip(siblings[::2], siblings[1::2], strict=True)
        )
        proof = _wire.message(1, statement) + _wire.blob(3, stated) + _wire.message(4, levels)
        verdict = ENGINE.check(fisco.PROOF, proof, anchor)
        assert (verdict.status, verdict.code) == (isthmus.Status.UNDECIDED, "fisco_hash_only"), str(verdict)


# Nobody can say, so nobody is called a liar: what is trusted does not tell.
UNDECIDED = {"fisco_no_anchor", "fisco_sender_unproved", "fisco_extra_data", "fisco_version", "fisco_hash_only"}


def every_attack() -> Iterator[tuple[str, Attack]]:
    for rule in [("2.0.0", "keccak"), ("2.7.2", "keccak"), ("2.7.2", "sm"), ("3", "keccak"), ("3", "sm")]:
        for attack in attacks(Chain(*rule)):
            yield name(rule), attack


@pytest.mark.parametrize(
    "attack", [pytest.param(attack, id=f"{rule}-{attack.case}-{attack.name}") for rule, attack in every_attack()]
)
def test_attacks(attack: Attack) -> None:
    verdict = ENGINE.check(attack.format, attack.input, attack.anchor)
    assert verdict.code in attack.codes, str(verdict)
    assert verdict.status == ("undecided" if verdict.code in UNDECIDED else "invalid")


# --- quorums


@pytest.mark.parametrize("sealers", range(1, 14))
def test_quorums_by_count(sealers: int) -> None:
    """n - f signers of n = 3f + 1 (and of the numbers between) are needed and are enough."""
    chain = Chain("3", "sm", sealers=sealers)
    need = sealers - (sealers - 1) // 3
    enough = ENGINE.check(fisco.BLOCK, chain.block(transactions=0, signers=range(need)).encoded, chain.anchor())
    assert enough.ok, str(enough)
    few = ENGINE.check(fisco.BLOCK, chain.block(transactions=0, signers=range(need - 1)).encoded, chain.anchor())
    assert few.code == "fisco_quorum"


def test_quorums_by_weight() -> None:
    chain = Chain("3", "keccak", weights=[10, 1, 1, 1])  # 13: 9 are needed
    for signers, holds in (((0,), True), ((0, 1), True), ((1, 2, 3), False)):
        verdict = ENGINE.check(fisco.BLOCK, chain.block(transactions=0, signers=signers).encoded, chain.anchor())
        assert verdict.ok is holds, signers


def test_a_high_s_is_accepted_as_the_network_does() -> None:
    """Nodes of both versions recover the key and compare it, so s and n - s (with the other v) are both a sealer's."""
    order = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
    for rule in (("2.7.2", "keccak"), ("3", "keccak")):
        block = Chain(*rule).block()
        made = []
        for index, raw in block.signatures:
            s = order - int.from_bytes(raw[32:64], "big")
            made.append((index, raw[:32] + s.to_bytes(32, "big") + bytes([raw[64] ^ 1])))
        verdict = ENGINE.check(fisco.BLOCK, replace(block, signatures=made).encoded, block.chain.anchor())
        assert verdict.ok, str(verdict)


def test_sm2_signatures_of_version_3_may_carry_their_key() -> None:
    chain = Chain("3", "sm")
    block = chain.block()
    long = replace(block, signatures=[(i, raw + chain.keys[i].id) for i, raw in block.signatures])
    assert ENGINE.check(fisco.BLOCK, long.encoded, chain.anchor()).ok
    wrong = replace(block, signatures=[(i, raw + chain.keys[i ^ 1].id) for i, raw in block.signatures])
    assert ENGINE.check(fisco.BLOCK, wrong.encoded, chain.anchor()).code == "fisco_signer_differs"


# --- a walk


@pytest.mark.parametrize("rule", [("2.7.2", "keccak"), ("3", "sm")], ids=name)
def test_a_light_client_walks_headers_and_blocks(rule: tuple[str, str]) -> None:
    chain = Chain(*rule)
    blocks = list(chain.blocks(12, transactions=1))
    told = [fisco.statement_from_json(block.json, chain.anchor()) for block in blocks]
    client = LightClient(ENGINE, chain.anchor(), chunk=5)
    walk = client.walk(told)
    assert walk.ok
    assert client.anchor.trusted is not None
    assert client.anchor.trusted.hash == blocks[-1].hash
    assert LightClient(ENGINE, chain.anchor()).walk(block.encoded for block in blocks).ok
    assert LightClient(ENGINE, chain.anchor()).walk(told[::3]).ok  # numbers may skip
    # A fork: block 7 of another history, signed by the same sealers.
    fork = chain.block(7, transactions=1)
    forked = [*told[:6], fisco.statement_from_json(fork.json, chain.anchor()), *told[7:]]
    walk = LightClient(ENGINE, chain.anchor()).walk(forked)
    assert not walk.ok
    assert len(walk.steps) == 7
    assert walk.verdicts[-1].code == "fisco_parent_hash"


def test_a_light_client_follows_sealers_by_overlap_only() -> None:
    first = Chain("3", "sm", seed="first")
    second = Chain("3", "sm", seed="first", sealers=5)  # one sealer joins
    one = first.block(1)
    two = first.block(2, parent=one.hash, others=second)
    three = first.block(3, parent=two.hash, others=second, signers=(0, 1, 2, 3))
    blocks = [block.encoded for block in (one, two, three)]
    pinned = LightClient(ENGINE, first.anchor()).walk(blocks)
    assert [verdict.ok for verdict in pinned.verdicts] == [True, False]
    assert pinned.verdicts[-1].code == "fisco_sealers"
    client = LightClient(ENGINE, first.anchor("overlap"))
    walk = client.walk(blocks)
    assert walk.ok, [str(verdict) for verdict in walk.verdicts]
    assert walk.verdicts[1].facts["trust"] == b"overlap"
    assert walk.verdicts[2].facts["trust"] == b"quorum"
    assert client.anchor.sealers == second.sealers


# --- anchors


def test_anchors_as_files() -> None:
    chain = Chain("2.7.2", "sm")
    anchor = chain.anchor("overlap", trusted=chain.block())
    again = Anchor.from_mapping(tomllib.loads(anchor.to_toml()))
    assert again == anchor
    assert again.fingerprint == anchor.fingerprint
    v3 = Chain("3", "sm").anchor()
    assert Anchor.from_mapping(tomllib.loads(v3.to_toml())) == v3


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({}, "version"),
        ({"version": "1.3"}, "version"),
        ({"version": "4"}, "version"),
        ({"version": "3", "suite": "rsa"}, "suite"),
        ({"version": "3", "change": "any"}, "change"),
        ({"version": "3", "header_hash": "00"}, "header_hash"),
        ({"version": "3", "sealers": ["00"]}, "sealer"),
        ({"version": "3", "sealers": [{"id": "11" * 64, "weight": 0}]}, "weight"),
        ({"version": "2.7.2", "sealers": [{"id": "11" * 64, "weight": 2}]}, "weights"),
        ({"version": "2.7.2", "chain_id": "one"}, "chain_id"),
        ({"version": "3", "quorum": 1}, "quorum"),
        ({"version": "3", "trusted": {"number": 1}}, "hash"),
    ],
)
def test_anchors_that_are_refused(values: dict[str, object], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        Anchor.from_mapping(values)


# --- JSON and the command line


def test_numbers_and_bytes_of_either_spelling_are_the_same_block() -> None:
    chain = Chain("2.7.2")
    block = chain.block(transactions=1)
    anchor = chain.anchor()
    usual = fisco.statement_from_json(block.json, anchor)
    other = {**block.json, "number": 1, "timestamp": str(int(block.json["timestamp"], 16)), "gasUsed": 0}
    other["sealerList"] = ["0x" + each for each in block.json["sealerList"]]
    other["signatureList"] = [{**each, "index": int(each["index"], 16)} for each in block.json["signatureList"]]
    assert fisco.statement_from_json(other, anchor) == usual
    assert fisco.statement_from_json({"jsonrpc": "2.0", "id": 1, "result": block.json}, anchor) == usual


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("number", "0x"), ("number", "01"), ("number", -1), ("number", True), ("timestamp", "1e3"),
        ("stateRoot", "0x12"), ("logsBloom", "0000...0000"), ("sealerList", ["11"]), ("extraData", ["0x1"]),
        ("signatureList", [{"index": "0x0"}]), ("signatureList", [{"index": hex(1 << 63), "signature": "0x"}]),
    ],
)  # fmt: skip
def test_values_that_cannot_be_read_are_named(field: str, value: object) -> None:
    chain = Chain("2.7.2")
    with pytest.raises(ValueError, match=field.rstrip("s")):
        fisco.statement_from_json({**chain.block().json, field: value}, chain.anchor())


def test_anchor_and_check_commands(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    chain = Chain("3", "sm")
    block = chain.block(3, transactions=4)
    header, document, raw = (tmp_path / name for name in ("block.json", "proof.json", "block.bin"))
    header.write_text(json.dumps(block.json), encoding="utf-8")
    whole = {"block": block.json, "transaction": block.transaction_json(2), "receipt": block.receipt_json(2)}
    document.write_text(json.dumps(whole), encoding="utf-8")
    raw.write_bytes(block.encoded)
    assert main(["anchor", "fisco", str(header), "--version", "3", "--sm"]) == 0
    made = tmp_path / "anchor.toml"
    printed = capsys.readouterr().out
    made.write_text(printed, encoding="utf-8")
    anchor = Anchor.from_mapping(tomllib.loads(printed))
    assert anchor.sealers == chain.sealers
    assert f"{anchor.fingerprint}" in printed
    for path, proves in ((header, "ordered included"), (document, "ordered included effective"), (raw, "effective")):
        assert main(["check", "fisco", str(path), "--anchor", str(made), "--no-progress"]) == 0
        assert proves in capsys.readouterr().out
    assert main(["check", "fisco", str(header), "--version", "3", "--sm", "--no-progress"]) == 3
    assert "only agrees with itself" in capsys.readouterr().out
    made.write_text(Chain("3", "sm", seed="other").anchor().to_toml(), encoding="utf-8")
    assert main(["check", "fisco", str(header), "--anchor", str(made), "--no-progress"]) == 1
    assert main(["check", "fisco", str(header), "--no-progress"]) == 2
    assert main(["anchor", "fisco", str(header)]) == 2
    assert main(["check", "fisco", str(header), "--version", "3", "--block", "nowhere", "--no-progress"]) == 2
    assert "the files hold none" in capsys.readouterr().err
    made.write_text('{"height": 5}', encoding="utf-8")
    assert main(["check", "fisco", str(made), "--version", "3", "--no-progress"]) == 2
    assert "neither a number nor a hash" in capsys.readouterr().err
    lied = {**block.json, "stateRoot": "0x" + "00" * 32}
    header.write_text(json.dumps(lied), encoding="utf-8")
    assert main(["anchor", "fisco", str(header), "--version", "3", "--sm"]) == 2


# --- mutations


@functools.cache
def one_block(rule: tuple[str, str]) -> tuple[bytes, bytes, Anchor]:
    """Bytes, hash and anchor of one block: SM2 signs differently each time."""
    chain = Chain(*rule)
    block = chain.block(transactions=2)
    return block.encoded, block.hash, chain.anchor()


@pytest.mark.parametrize("rule", [("2.7.2", "keccak"), ("2.7.2", "sm"), ("2.0.0-rc1", "keccak")], ids=name)
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_no_changed_byte_of_a_block_of_version_2_is_valid(rule: tuple[str, str], data: st.DataObject) -> None:
    """Every byte is hashed, signed, or a signature, whose second form (n - s) is no change of one byte."""
    encoded, _, anchor = one_block(rule)
    raw = bytearray(encoded)
    at = data.draw(st.integers(0, len(raw) - 1))
    raw[at] ^= data.draw(st.integers(1, 255))
    assert not ENGINE.check(fisco.BLOCK, bytes(raw), anchor).ok


@pytest.mark.parametrize("suite", ["keccak", "sm"])
@settings(max_examples=80, deadline=None)
@given(data=st.data())
def test_a_changed_byte_of_version_3_is_valid_only_outside_what_is_hashed(suite: str, data: st.DataObject) -> None:
    encoded, header_hash, anchor = one_block(("3", suite))
    raw = bytearray(encoded)
    at = data.draw(st.integers(0, len(raw) - 1))
    raw[at] ^= data.draw(st.integers(1, 255))
    verdict = ENGINE.check(fisco.BLOCK, bytes(raw), anchor)
    if verdict.ok:
        # The container's version, of one byte, is the only thing in a made block that nothing binds.
        assert at == 1
        assert verdict.facts["header_hash"] == header_hash


@settings(max_examples=80, deadline=None)
@given(seed=st.integers(0, 2**32), rule=st.sampled_from([("2.7.2", "keccak"), ("3", "keccak")]))
def test_changed_proofs_are_not_valid(seed: int, rule: tuple[str, str]) -> None:
    chain = Chain(*rule)
    block = chain.block(transactions=18)
    anchor = chain.anchor()
    proof = fisco.proof_from_json(block.json, block.transaction_json(17), block.receipt_json(17), anchor=anchor)
    assert fisco.check(ENGINE, proof, anchor).ok
    source = random.Random(seed)
    raw = bytearray(proof.encoded)
    raw[source.randrange(len(raw))] ^= source.randrange(1, 256)
    assert not ENGINE.check(fisco.PROOF, bytes(raw), anchor).ok


@settings(max_examples=200, deadline=None)
@given(raw=st.binary(max_size=200), version=st.sampled_from(["2.0.0-rc1", "2.7.2", "3"]))
def test_any_bytes_get_a_verdict(raw: bytes, version: str) -> None:
    for format_name in (fisco.BLOCK, fisco.HEADER, fisco.PROOF):
        assert not ENGINE.check(format_name, raw, Anchor(Version.parse(version))).ok
