"""ChainMaker's light client on made chains: configurations that take effect, and those that must not."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from helpers.chainmaker_judge import trust_of

import isthmus
from isthmus.chains import chainmaker as cm
from isthmus.reference import chainmaker as slow
from isthmus.synthetic.chainmaker import Network
from isthmus.verdict import Verdict

pytest.importorskip("cryptography")

MODES = ("permissionedWithCert", "permissionedWithKey", "public")


@pytest.fixture(scope="module")
def engine() -> Iterator[isthmus.Engine]:
    with isthmus.Engine(threads=1) as one:
        yield one


@pytest.fixture(scope="module")
def network() -> Network:
    return Network()


def codes(verdict: Verdict) -> list[str]:
    return [finding.code for finding in verdict.findings]


def _chain(network: Network, length: int = 6) -> list[bytes]:
    """The first block and those after it, linked; block 3 leaves the last validator out."""
    genesis = network.genesis()
    raws = [genesis.seal()]
    before, conf = genesis.block_hash, 0
    validators = list(network.validators)
    for height in range(1, length):
        if height == 3:
            draft = network.config_block(
                height, network.config(validators[:-1], 2), previous=before, pre_conf_height=conf
            )
        else:
            draft = network.draft(height, 3, previous=before, pre_conf_height=conf)
        if height > 3:
            draft.proposer = validators[0]
            draft.header["proposer"] = draft.proposer.member
            draft.votes = validators[:3]
        raws.append(draft.seal())
        before = draft.block_hash
        conf = 3 if height == 3 else conf
    return raws


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("chunk", [1, 2, 64])
def test_a_light_client_follows_configurations(engine: isthmus.Engine, mode: str, chunk: int) -> None:
    network = Network(mode=mode)
    raws = _chain(network)
    anchor = replace(
        cm.Anchor.from_genesis(raws[0]), keys=network.anchor().keys, certificates=network.anchor().certificates
    )
    client = cm.LightClient(engine, anchor, chunk=chunk)
    headers: list[cm.Header | bytes] = [cm.Header(raws[0], whole=True), *map(cm.header_of, raws[1:3])]
    headers += [cm.Header(raws[3], whole=True), *map(cm.header_of, raws[4:])]
    walk = client.walk(headers)
    assert walk.ok, walk.steps[-1].verdict
    assert client.trusted is not None
    assert client.trusted.height == 5
    assert client.anchor.config_height == 3
    assert sum(len(org.node_ids) for org in client.anchor.organisations) == 3


def test_a_configuration_block_by_header_and_proof(engine: isthmus.Engine, network: Network) -> None:
    raws = _chain(network)
    config = slow.decode("BlockInfo", raws[3])["block"]["txs"][0]
    proved = cm.config_proof(cm.header_of(raws[3]), slow.encode("Transaction", config))
    client = cm.LightClient(engine, cm.Anchor.from_genesis(raws[0]))
    walk = client.walk(
        [cm.Header(raws[0], whole=True), *map(cm.header_of, raws[1:3]), proved, *map(cm.header_of, raws[4:])]
    )
    assert walk.ok
    assert client.anchor.config_height == 3


def test_a_configuration_cannot_be_passed_over_q9(engine: isthmus.Engine, network: Network) -> None:
    raws = _chain(network)
    start = [cm.Header(raws[0], whole=True), *map(cm.header_of, raws[1:3])]
    bare = cm.LightClient(engine, cm.Anchor.from_genesis(raws[0])).walk([*start, cm.header_of(raws[3])])
    assert bare.steps[-1].verdict.code == "chainmaker_config_missing"
    skipped = cm.LightClient(engine, cm.Anchor.from_genesis(raws[0])).walk([*start, cm.header_of(raws[5])])
    assert skipped.steps[-1].verdict.code == "chainmaker_other_config"
    other = slow.decode("BlockInfo", raws[2])["block"]["txs"][0]
    forged = cm.config_proof(cm.header_of(raws[3]), slow.encode("Transaction", other))
    walk = cm.LightClient(engine, cm.Anchor.from_genesis(raws[0])).walk([*start, forged])
    assert walk.steps[-1].verdict.code == "chainmaker_tx_root"


def test_a_configuration_that_failed_changes_nothing(engine: isthmus.Engine, network: Network) -> None:
    genesis = network.genesis()
    first = genesis.seal()
    tx = network.config_transaction(network.config(network.validators[:1], 2), 1, code=1)
    draft = network.draft(1, [tx], previous=genesis.block_hash, block_type=1)
    raw = draft.seal()
    after = network.draft(2, 1, previous=draft.block_hash)
    proved = cm.config_proof(cm.header_of(raw), draft.txs[0].raw)
    client = cm.LightClient(engine, cm.Anchor.from_genesis(first))
    assert client.walk([cm.Header(first, whole=True), proved, cm.header_of(after.seal())]).ok
    assert client.anchor.config_height == 0


def test_a_configuration_in_a_block_that_is_not_marked(engine: isthmus.Engine, network: Network) -> None:
    draft = network.draft(3, [network.config_transaction(network.config(), 3)])
    raw = draft.seal()
    assert engine.check(cm.BLOCK, raw, network.anchor()).code == "chainmaker_config_type"
    assert not slow.holds(raw, trust_of(network.anchor()))


def test_the_removed_validators_cannot_go_on(engine: isthmus.Engine, network: Network) -> None:
    raws = _chain(network)
    client = cm.LightClient(engine, cm.Anchor.from_genesis(raws[0]))
    assert client.walk([cm.Header(raw, whole=True) for raw in raws[:4]]).ok
    assert client.trusted is not None
    draft = network.draft(4, 1, previous=client.trusted.hash, pre_conf_height=3)
    draft.votes = network.validators[1:]
    draft.proposer = network.validators[1]
    draft.header["proposer"] = draft.proposer.member
    verdict = client.walk([cm.header_of(draft.seal())]).steps[0].verdict
    assert "chainmaker_vote_voter" in codes(verdict)
    assert not verdict.ok
