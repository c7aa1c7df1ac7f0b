"""Real Fabric ledgers and blocks: every file gets the verdict that the folder's SOURCES.txt states, through the engine
and through the command line."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from pathlib import Path

import pytest
from helpers.fabric_judge import verify

import isthmus
from chains import fabric_data
from isthmus import cli
from isthmus.chains import fabric
from isthmus.chains.fabric import Anchor, Block, Client, Options
from isthmus.reference import fabric as ref

FOLDER = "blocks/fabric"


def chain_named(data: Path, word: str) -> fabric_data.Chain:
    found = [each for each in fabric_data.ledgers(data) + fabric_data.folders_of_blocks(data) if word in each.name]
    if not found:
        pytest.skip(f"no chain named {word} in the data folder")
    return found[0]


def test_every_real_chain_is_valid_from_its_first_block(data: Path) -> None:
    """Links, data hashes, orderers' signatures, creators, endorsements, commit hashes, config updates."""
    chains = fabric_data.chains(data)
    if not chains:
        pytest.skip("no Fabric chains in the data folder")
    for chain in chains:
        flagged = any(block.flags for block in chain.blocks)
        anchor = replace(Anchor.from_block(chain.blocks[0]), options=Options(commit_hash=flagged, check_update=True))
        walk = Client(isthmus.Engine(threads=1), anchor).walk(chain.blocks)
        assert walk.ok, f"{chain.name}: {walk.steps[-1].verdict}"
        for step in walk.steps[1:]:
            assert step.verdict.counts["creator"].valid == step.block.tx_count
            assert step.verdict.counts["signer"].valid >= 1
            if flagged:
                assert step.verdict.facts["commit_hash"] == step.block.commit_hash


def test_the_slow_reference_agrees_on_every_real_chain(data: Path) -> None:
    for chain in fabric_data.chains(data):
        channel, config_index, commit = None, 0, b""
        for block in chain.blocks:
            slow = ref.read_block(block.encoded) if block.form == fabric.BLOCK else ref.read_record(block.encoded)
            ref.check_data(slow)
            ref.check_channel(slow, chain.blocks[0].channel_id)
            assert ref.header_hash(slow) == block.header_hash
            if channel is not None:
                ref.check_orderers(
                    slow, channel, config_index, bft=fabric.dialect_of(chain.blocks[0].config or b"") == "bft"
                )
                for entry in slow.data:
                    ref.check_transaction(entry, channel, block.channel_id)
                if block.commit_hash and (commit or block.number == 1):
                    assert ref.commit_hash(slow, commit) == block.commit_hash
            commit = block.commit_hash
            if block.config is not None:
                channel, config_index = ref.Channel(block.config, verify), block.number


def test_bft_nodes_hold_other_signatures_and_the_same_headers(data: Path) -> None:
    folders = [each for each in fabric_data.folders_of_blocks(data) if "bft" in each.name]
    if not folders:
        pytest.skip("no BFT blocks in the data folder")
    for chain in folders:
        walk = Client(isthmus.Engine(threads=1), Anchor.from_block(chain.blocks[0])).walk(chain.blocks)
        assert walk.ok
        signed = {step.block.number: step.verdict.counts["signer"].valid for step in walk.steps[1:]}
        assert signed == {number: 3 if number <= 13 else 4 for number in range(1, 17)}
        assert walk.steps[1].verdict.facts["trust"] == b"byzantine quorum 3 of 4"
        assert walk.steps[-1].verdict.facts["trust"] == b"byzantine quorum 4 of 5"
    assert len({tuple(block.header_hash for block in chain.blocks) for chain in folders}) == 1


def test_a_skipping_client_needs_the_config_blocks_alone(data: Path) -> None:
    chain = chain_named(data, "bft_v3.1.5_loopback/orderer1")
    engine = isthmus.Engine(threads=1)
    configs = [block for block in chain.blocks if block.config is not None]
    target = chain.blocks[-1]
    anchor = Anchor.from_block(chain.blocks[0])
    assert [block.number for block in configs] == [0, 9, 13]
    assert Client(engine, anchor).skip([*configs, target]).ok
    left_out = Client(engine, anchor).skip([configs[0], configs[2], target])
    assert left_out.steps[-1].verdict.code == "fabric_config_sequence"
    stale = Client(engine, anchor).skip([configs[0], configs[1], target])
    assert "fabric_last_config" in {finding.code for finding in stale.steps[-1].verdict.findings}


def test_config_less_block_with_its_genesis(data: Path) -> None:
    """orderer_cluster_block3.pb under orderer_cluster_mychannel.block."""
    blocks = dict(fabric_data.single_blocks(data))
    named = {Path(name).name: block for name, block in blocks.items()}
    if not {"orderer_cluster_block3.pb", "orderer_cluster_mychannel.block"} <= set(named):
        pytest.skip("the pair is not in the data folder")
    anchor = Anchor.from_config_block(named["orderer_cluster_mychannel.block"])
    verdict = isthmus.Engine(threads=1).check(
        fabric.CHAIN,
        named["orderer_cluster_block3.pb"].encoded,
        replace(anchor, parent=None, options=Options("report")),
    )
    assert verdict.ok, str(verdict)


def test_genesis_and_config_blocks_are_valid_under_their_pin(data: Path) -> None:
    """Also: without one a genesis is undecided, whatever it says."""
    engine = isthmus.Engine(threads=1)
    found = [(name, block) for name, block in fabric_data.single_blocks(data) if block.config is not None]
    if not found:
        pytest.skip("no config blocks in the data folder")
    for name, block in found:
        verdict = engine.check(fabric.CHAIN, block.encoded, Anchor.from_block(block))
        if "resmgmt_config" in name:  # synthetic: its data hash is another's
            assert verdict.code == "fabric_data_hash"
            continue
        assert verdict.ok, f"{name}: {verdict}"
        if block.number == 0:
            bare = engine.check(fabric.CHAIN, block.encoded, Anchor(block.channel_id))
            assert bare.code == "fabric_genesis_unpinned"


def test_bad_ledger(data: Path) -> None:
    """Block 0: data hash; block 1: link. Fabric's own ledgerutil says the same."""
    chain = chain_named(data, "sample_bad_ledger")
    engine = isthmus.Engine(threads=1)
    walk = Client(engine, Anchor.from_block(chain.blocks[0])).walk(chain.blocks)
    assert [step.verdict.code for step in walk.steps] == ["fabric_data_hash"]
    anchor = Anchor.from_config_block(chain.blocks[0])
    walk = Client(engine, anchor).walk(chain.blocks[1:])
    assert [step.verdict.code for step in walk.steps] == ["fabric_previous_hash"]
    assert Client(engine, replace(anchor, parent=None)).walk(chain.blocks[1:]).ok


def test_c3_glued_together(data: Path) -> None:
    """Two envelopes in one entry: the data hash is the same, the envelope is not one."""
    chain = chain_named(data, "glued_together")
    walk = Client(isthmus.Engine(threads=1), Anchor.from_block(chain.blocks[0])).walk(chain.blocks)
    last = walk.steps[-1]
    assert last.block.number == 8
    codes = {finding.code for finding in last.verdict.findings}
    assert last.verdict.status == "invalid"
    assert "fabric_envelope_form" in codes
    assert "fabric_data_hash" not in codes


@pytest.mark.parametrize("word", ["kvledger_v11_sample_ledgers_ledgers", "with_commit_hashes", "kvledger_v13"])
def test_old_ledgers_without_signatures(data: Path, word: str) -> None:
    """Data hashes hold and links from block 2 on; block 1 names another genesis header, and nobody signed."""
    found = [each for each in fabric_data.ledgers(data) if word in each.name]
    if not found:
        pytest.skip(f"no {word} in the data folder")
    engine = isthmus.Engine(threads=1)
    for chain in found:
        for before, block in zip(chain.blocks, chain.blocks[1:], strict=False):
            anchor = replace(
                Anchor(block.channel_id or "ledger", header_hash=block.header_hash, form=block.form),
                dialect="legacy",
                parent=fabric.Parent(before.number, before.header_hash),
                options=Options("skip"),
            )
            verdict = engine.check(fabric.CHAIN, block.encoded, anchor)
            codes = {finding.code for finding in verdict.findings}
            assert "fabric_data_hash" not in codes
            assert ("fabric_previous_hash" in codes) == (block.previous_hash != before.header_hash)
        under_config = Anchor.from_config_block(chain.blocks[0], "legacy")
        walk = Client(engine, under_config).walk(chain.blocks[1:])
        assert walk.steps[-1].verdict.status == "invalid"


def test_commit_hashes_of_an_old_ledger(data: Path) -> None:
    chain = chain_named(data, "with_commit_hashes")
    previous = b""
    for block in chain.blocks[1:]:
        anchor = Anchor(
            block.channel_id or "ledger", "legacy", header_hash=block.header_hash, previous_commit_hash=previous,
            options=Options("report", commit_hash=True), form=block.form,
        )  # fmt: skip
        verdict = isthmus.Engine(threads=1).check(fabric.CHAIN, block.encoded, anchor)
        assert "fabric_commit_hash" not in {finding.code for finding in verdict.findings}
        previous = block.commit_hash
    assert len(previous) == 32


def test_smartbft_block_with_signature_headers(data: Path) -> None:
    """Semi-synthetic: the data hash is another's, and the genesis block beside it another channel's; three orderers'
    signatures over the header are true."""
    named = {Path(name).name: block for name, block in fabric_data.single_blocks(data)}
    block, genesis = named.get("smartbft_orderertxn_deleted.block"), named.get("smartbftorderergenesis_deleted.block")
    if block is None or genesis is None:
        pytest.skip("the pair is not in the data folder")
    anchor = replace(Anchor.from_config_block(genesis, "bft"), channel_id=block.channel_id, parent=None)
    verdict = isthmus.Engine(threads=1).check(fabric.CHAIN, block.encoded, anchor)
    assert verdict.code == "fabric_data_hash"
    slow = ref.read_block(block.encoded)
    value, signatures = ref.piece(slow.slots[0], 1), ref.pieces(slow.slots[0], 2)
    for each in signatures:
        header, signature = ref.piece(each, 1), ref.piece(each, 2)
        key = ref.parse_certificate(ref.from_pem(ref.piece(ref.piece(header, 1), 2))).key
        digest = hashlib.sha256(value + header + ref.header_bytes(slow)).digest()
        assert verify(key, digest, signature)
    assert len(signatures) == 3


def test_legacy_block_with_two_signed_slots(data: Path) -> None:
    named = {Path(name).name: block for name, block in fabric_data.single_blocks(data)}
    block = named.get("e2e_cli_channel-artifacts_businesschannel_4.block")
    genesis = named.get("e2e_cli_channel-artifacts_orderer.genesis.block")
    if block is None or genesis is None:
        pytest.skip("the pair is not in the data folder")
    engine = isthmus.Engine(threads=1)
    slow = ref.read_block(block.encoded)
    index = ref.number(ref.piece(slow.slots[1], 1), 1)
    anchor = replace(
        Anchor.from_config_block(genesis, "legacy"), channel_id=block.channel_id, parent=None, config_index=index
    )
    verdict = engine.check(fabric.CHAIN, block.encoded, replace(anchor, options=Options("report")))
    # Both slots' signatures are true and name the newest config. But the genesis block beside it was made again later:
    # its authorities begin after the certificates that the same keys signed, and that no verifier takes.
    assert verdict.counts["signer"] == (2, 0, 0)
    assert {finding.code for finding in verdict.findings if "tx" not in finding.where} == {"certificate_not_yet_valid"}
    assert verdict.status == "invalid"
    assert engine.check(fabric.CHAIN, block.encoded, replace(anchor, dialect="standard")).status == "invalid"


def test_command_line_on_a_ledger(data: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    path = data / FOLDER / "fabric" / "sample_ledger_from_snapshot" / "blockfile_000000"
    if not path.is_file():
        pytest.skip("the ledger is not in the data folder")
    assert cli.main(["check", "fabric", str(path), "--trust-first", "--commit-hash", "--no-progress"]) == 0
    assert "4 of 4 blocks verified: valid" in capsys.readouterr().out
    assert cli.main(["check", "fabric", str(path), "--no-progress"]) == 3
    assert "--trust-first" in capsys.readouterr().out
    assert cli.main(["anchor", "fabric", str(path)]) == 0
    toml = tmp_path / "anchor.toml"
    toml.write_text(capsys.readouterr().out)
    assert cli.main(["check", "fabric", str(path), "--anchor", str(toml), "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert (said["status"], said["valid"], said["trust"]) == ("valid", 4, ["pinned header", "any single orderer"])
    assert cli.main(["anchor", "fabric", str(path), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["fingerprint"] == Anchor.load(toml).fingerprint


def test_command_line_names_what_is_wrong(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = data / FOLDER / "fabric" / "sample_bad_ledger" / "blockfile_000000"
    if not path.is_file():
        pytest.skip("the ledger is not in the data folder")
    assert cli.main(["check", "fabric", str(path), "--trust-first", "--no-progress"]) == 1
    assert "fabric_data_hash" in capsys.readouterr().out


def test_hundred_mutations_of_each_real_chain_are_never_valid(data: Path) -> None:
    """Header, data and signed metadata; ci/fuzz.py runs 100,000."""
    import random

    chooser = random.Random(5)
    engine = isthmus.Engine(threads=2)
    for chain in fabric_data.chains(data):
        before, block = chain.blocks[-2], chain.blocks[-1]
        anchor = Anchor.from_block(chain.blocks[0])
        for each in chain.blocks[: chain.blocks.index(before) + 1]:
            anchor = anchor.after(each)
        anchor = replace(anchor, form=block.form)
        unbound = sum(map(len, block.slots[1:]))
        end = len(block.encoded) - unbound - 32
        mutants = []
        for _ in range(100):
            at = chooser.randrange(end)
            mutants.append(block.encoded[:at] + bytes([block.encoded[at] ^ 1 << at % 8]) + block.encoded[at + 1 :])
        report = engine.check(fabric.CHAIN, [block.encoded, *mutants], anchor)
        assert report[0].ok
        assert [index for index, verdict in enumerate(report[1:]) if verdict.ok] == [], chain.name


def test_json_of_protobuf_gives_the_same_bytes(data: Path) -> None:
    import base64

    for _, block in fabric_data.single_blocks(data):
        slow = ref.read_block(block.encoded)
        text = {
            "header": {
                "number": str(slow.number),
                "previous_hash": base64.b64encode(slow.previous_hash).decode(),
                "data_hash": base64.b64encode(slow.data_hash).decode(),
            },
            "data": {"data": [base64.b64encode(each).decode() for each in slow.data]},
            "metadata": {"metadata": [base64.b64encode(each).decode() for each in slow.slots]},
        }
        assert Block.from_json(json.dumps(text)).encoded == block.encoded
