"""Real ChainMaker blocks, headers and transactions: what SOURCES.txt says of each must come out."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from helpers.chainmaker_judge import trust_of
from helpers.data import load_json

import isthmus
from chains import chainmaker_data as data
from isthmus import _wire
from isthmus.chains import chainmaker as cm
from isthmus.cli import main
from isthmus.reference import chainmaker as slow
from isthmus.verdict import Status, Verdict

ABSENT = "no ChainMaker data: set ISTHMUS_DATA"
CHAIN1 = data.folder("v2_cert_sha256") is not None
chain1 = pytest.mark.skipif(not CHAIN1, reason=ABSENT)


def ids(paths: list[Path]) -> list[str]:
    return [path.stem for path in paths]


def each(pattern: str, name: str = "v2_cert_sha256") -> Any:
    paths = data.matching(name, pattern)
    return pytest.mark.parametrize("path", paths or [None], ids=ids(paths) or ["absent"])


def given(path: Path | None) -> Path:
    if path is None:
        pytest.skip(ABSENT)
    return path


@pytest.fixture(scope="module")
def engine() -> Iterator[isthmus.Engine]:
    with isthmus.Engine(threads=1) as one:
        yield one


def count(verdict: Verdict, kind: str) -> int:
    return verdict.counts[kind].valid


# --- chain1: certificates, SHA-256, TBFT


@each("block_*.json")
def test_blocks_of_chain1_with_their_certificates(engine: isthmus.Engine, path: Path | None) -> None:
    source = load_json(given(path))
    raw, anchor = cm.block_from_json(source), data.chain1_anchor()
    verdict = engine.check(cm.BLOCK, raw, anchor)
    assert verdict.require().facts["trust"] == b"validators' quorum"
    assert verdict.facts["block_hash"] == base64.b64decode(source["block"]["header"]["block_hash"])
    assert count(verdict, "vote") == 3
    assert slow.holds(raw, trust_of(anchor))


@each("block_*.json")
def test_blocks_of_chain1_without_read_and_write_sets_or_additional_data(
    engine: isthmus.Engine, path: Path | None
) -> None:
    source, anchor = load_json(given(path)), data.chain1_anchor()
    assert engine.check(cm.BLOCK, cm.block_from_json(source["block"]), anchor).ok
    bare = cm.block_from_json({key: value for key, value in source["block"].items() if key != "additional_data"})
    assert engine.check(cm.BLOCK, bare, anchor).code == "chainmaker_certificate_missing"
    pinned = replace(anchor, block_hash=base64.b64decode(source["block"]["header"]["block_hash"]))
    assert engine.check(cm.BLOCK, bare, pinned).require().facts["trust"] == b"pinned hash"


@each("header_qc_*.json")
def test_headers_of_chain1_with_their_certificates(engine: isthmus.Engine, path: Path | None) -> None:
    verdict = engine.check(cm.HEADER, cm.header_from_json(load_json(given(path))), data.chain1_anchor())
    assert verdict.require().facts["trust"] == b"validators' quorum"
    assert count(verdict, "vote") == 3


@chain1
def test_block_3_follows_block_2(engine: isthmus.Engine) -> None:
    second = next(iter(data.chain1_files("block_0002.json")), None)
    third = next(iter(data.chain1_files("header_qc_0003.json")), None)
    if second is None or third is None:
        pytest.skip(ABSENT)
    client = cm.LightClient(engine, data.chain1_anchor())
    whole = cm.Header(cm.block_from_json(load_json(second)), whole=True)
    walk = client.walk([whole, cm.header_from_json(load_json(third))])
    assert walk.ok
    assert client.trusted is not None
    assert client.trusted.height == 3
    other = replace(walk.steps[1].anchor, trusted=cm.TrustedBlock(2, bytes(32)))
    assert engine.check(cm.HEADER, walk.steps[1].header.raw, other).code == "chainmaker_previous_block"


@each("tx_*.json")
def test_transactions_of_chain1(engine: isthmus.Engine, path: Path | None) -> None:
    path = given(path)
    info = cm.transaction_from_json(load_json(path))
    anchor = replace(data.chain1_anchor(), signed_only=True)
    verdict = engine.check(cm.TRANSACTION, cm.tx_input(info), anchor)
    if "negative" not in path.stem:
        verdict.require()
        assert engine.check(cm.TRANSACTION, cm.tx_input(info), data.chain1_anchor()).code == "chainmaker_not_included"
        return
    assert verdict.status is Status.INVALID
    assert "chainmaker_sender_false" in [finding.code for finding in verdict.findings]


@each("block_*.json")
def test_a_transaction_proves_its_inclusion(engine: isthmus.Engine, path: Path | None) -> None:
    source = load_json(given(path))
    block = source["block"]
    info = cm.transaction_from_json({"transaction": block["txs"][0], "tx_index": 0, "rw_set": source["rwset_list"][0]})
    raw = cm.tx_input(info, cm.header_from_json(block))
    assert len(block["txs"]) == 1
    assert engine.check(cm.TRANSACTION, raw, data.chain1_anchor()).ok
    later = cm.transaction_from_json({"transaction": block["txs"][0], "tx_index": 1})
    verdict = engine.check(cm.TRANSACTION, cm.tx_input(later, cm.header_from_json(block)), data.chain1_anchor())
    assert verdict.code == "chainmaker_path_index"


@chain1
def test_the_client_that_is_named_by_its_hash_is_needed(engine: isthmus.Engine) -> None:
    path = given(next(iter(data.chain1_files("block_*.json")), None))
    anchor = replace(data.chain1_anchor(), certificates=())
    verdict = engine.check(cm.BLOCK, cm.block_from_json(load_json(path)), anchor)
    assert (verdict.status, verdict.code) == (Status.UNDECIDED, "chainmaker_member_unknown")


@chain1
def test_every_changed_byte_of_a_real_block_is_refused_or_was_bound_by_nothing(engine: isthmus.Engine) -> None:
    """What stays valid lies in votes_by_block, which nodes ignore as well, or is the gas used, which no leaf of this
    version covers; and the slow reference agrees."""
    path = given(next(iter(data.chain1_files("block_*.json")), None))
    raw, anchor = cm.block_from_json(load_json(path)), data.chain1_anchor()
    trust = trust_of(anchor)
    changed = [raw[:at] + bytes((raw[at] ^ 1 << at % 8,)) + raw[at + 1 :] for at in range(0, len(raw), 3)]
    report = engine.check(cm.BLOCK, changed, anchor)
    valid = [mutant for mutant, verdict in zip(changed, report, strict=True) if verdict.ok]
    assert all(slow.holds(mutant, trust) for mutant in valid[:: len(valid) // 12 + 1])
    assert {without_unbound(mutant) for mutant in valid} <= {without_unbound(raw)}


def without_unbound(raw: bytes) -> bytes:
    """A block without field 7 of its certificate, the number of votes and the gas used, written anew by the
    reference."""
    info = slow.decode("BlockInfo", raw)
    for extra in info["block"]["additional_data"]["extra_data"]:
        kept = slow.without(slow.decode("VoteSet", extra["value"]), "votes_by_block", "sum")
        extra["value"] = slow.encode("VoteSet", kept)
    for tx in info["block"]["txs"]:
        tx["result"]["contract_result"].pop("gas_used", None)
    return slow.encode("BlockInfo", info)


# --- genesis


@each("genesis_*.json", "v2_genesis_sha256")
def test_the_genesis_block(engine: isthmus.Engine, path: Path | None) -> None:
    path = given(path)
    raw = cm.block_from_json(load_json(path))
    anchor = cm.Anchor.from_genesis(raw)
    verdict = engine.check(cm.BLOCK, raw, anchor)
    assert verdict.require().facts["trust"] == b"pinned hash"
    config = (path.parent / "chain_config.pb.hex").read_text().strip()
    assert verdict.facts["chain_config"].hex() == config
    roots = [file.read_text() for file in sorted(path.parent.glob("ca_wx-org*.pem"))]
    assert [org.roots[0] for org in sorted(anchor.organisations, key=lambda org: org.name)] == roots
    assert slow.holds(raw, trust_of(anchor))
    assert engine.check(cm.BLOCK, raw, replace(anchor, block_hash=b"")).code == "chainmaker_no_anchor"
    assert engine.check(cm.BLOCK, raw, replace(anchor, block_hash=bytes(32))).code == "chainmaker_pinned_block"
    assert bytes(cm.Anchor.from_toml(anchor.to_toml())) == bytes(anchor)


@each("genesis_*.json", "v2_genesis_sha256")
def test_a_light_client_starts_from_genesis(engine: isthmus.Engine, path: Path | None) -> None:
    raw = cm.block_from_json(load_json(given(path)))
    client = cm.LightClient(engine, cm.Anchor.from_genesis(raw))
    assert client.walk([cm.Header(raw, whole=True)]).ok
    assert client.trusted == cm.TrustedBlock(0, client.anchor.trusted.hash, True, 0)  # type: ignore[union-attr]
    assert client.anchor.config_height == 0
    assert client.anchor.block_hash == b""


# --- derived bytes


@each("*.json", "derived")
def test_canonical_bytes(engine: isthmus.Engine, path: Path | None) -> None:
    path = given(path)
    source = load_json(path)
    raw = bytes.fromhex(source["block_pb_hex"])
    if path.stem.startswith("genesis"):
        anchor = cm.Anchor.from_genesis(raw)
    else:
        if not CHAIN1:
            pytest.skip(ABSENT)
        anchor = data.chain1_anchor()
    assert engine.check(cm.BLOCK, raw, anchor).ok
    assert slow.decode("Block", raw)["header"] == slow.decode("Header", bytes.fromhex(source["header_full_hex"]))


# --- chain2: public, SM3 over P-256


def chain2_headers() -> list[bytes]:
    path = given(next(iter(data.matching("v2_public_sm3", "headers_*.json")), None))
    return [bytes.fromhex(each) for each in load_json(path)["headers_hex"]]


def test_public_headers_by_pinned_hashes_and_links(engine: isthmus.Engine) -> None:
    anchor = cm.Anchor("chain2", auth_type="public", hash="SM3")
    before: cm.TrustedBlock | None = None
    for raw in map(cm.header_input, chain2_headers()):
        verdict = engine.check(cm.HEADER, raw, anchor)
        assert (verdict.status, verdict.code) == (Status.UNDECIDED, "chainmaker_no_anchor")
        assert count(verdict, "proposer") == 1
        assert count(verdict, "header") == 1
        pinned = replace(anchor, block_hash=verdict.facts["block_hash"], trusted=before)
        assert engine.check(cm.HEADER, raw, pinned).ok
        height, pre_conf = (int.from_bytes(verdict.facts[name], "little") for name in ("height", "pre_conf_height"))
        before = cm.TrustedBlock(height, verdict.facts["block_hash"], False, pre_conf)
    wrong_hash = replace(anchor, hash="SHA256")
    assert engine.check(cm.HEADER, cm.header_input(chain2_headers()[0]), wrong_hash).code == "chainmaker_block_hash"


def proposer_key(header: bytes) -> bytes:
    member = next(value for number, value in _wire.fields(header) if number == 14)
    assert isinstance(member, bytes)
    return next(value for number, value in _wire.fields(member) if number == 3 and isinstance(value, bytes))


def test_public_proposers_are_bound_to_their_node_ids(engine: isthmus.Engine) -> None:
    headers = chain2_headers()
    nodes = sorted({cm.node_id(proposer_key(raw)) for raw in headers})
    anchor = cm.Anchor("chain2", (cm.Organisation("public", (), tuple(nodes)),), auth_type="public", hash="SM3")
    for raw in headers:
        verdict = engine.check(cm.HEADER, cm.header_input(raw), anchor)
        assert verdict.code == "chainmaker_certificate_missing"  # headers alone: the votes are not in them
        assert count(verdict, "proposer") == 1
        stranger = replace(
            anchor, organisations=(cm.Organisation("public", (), ("QmTa6QKgmLVz7HdcT68CarNaekjGFoyn1bUJ1GpuYAEF1P",)),)
        )
        assert engine.check(cm.HEADER, cm.header_input(raw), stranger).code == "chainmaker_proposer_role"


@pytest.mark.parametrize("number", [1, 2])
def test_public_transactions_with_their_read_and_write_sets(engine: isthmus.Engine, number: int) -> None:
    folder = data.folder("v2_public_sm3")
    if folder is None:
        pytest.skip(ABSENT)
    info = json.loads((folder / f"cross_{number}_txInfoJson.json").read_text())
    sets = next(path for path in sorted(folder.glob(f"cross_{number}_txRW*.json")))
    source = {"transaction": info, "rw_set": json.loads(sets.read_text())}
    anchor = cm.Anchor("chain1", auth_type="public", hash="SM3", signed_only=True)
    assert engine.check(cm.TRANSACTION, cm.tx_input(cm.transaction_from_json(source)), anchor).ok
    source["rw_set"]["tx_writes"] = source["rw_set"]["tx_writes"][:-1]
    verdict = engine.check(cm.TRANSACTION, cm.tx_input(cm.transaction_from_json(source)), anchor)
    assert verdict.code == "chainmaker_rw_set_hash"


def test_the_transactions_of_a_relayed_record(engine: isthmus.Engine) -> None:
    """TCIP: tx_prove carries the transaction with its gas left out; the leaf and the signature are those of the
    chain."""
    folder = data.folder("v2_public_sm3")
    if folder is None:
        pytest.skip(ABSENT)
    record = json.loads((folder / "cross_0_crossChainInfo.json").read_text())
    content = record["cross_chain_tx_content"][0]["tx_content"]
    proof = json.loads(content["tx_prove"])
    transaction = base64.b64decode(proof["tx_byte"])
    anchor = cm.Anchor("chain2", auth_type="public", hash="SM3", signed_only=True)
    assert engine.check(cm.TRANSACTION, cm.tx_input(cm.transaction_info(transaction)), anchor).ok
    assert base64.b64decode(proof["hash_array"]) == b"[]"


# --- version 1


def test_transactions_of_version_1_0_0(engine: isthmus.Engine) -> None:
    path = given(next(iter(data.matching("v1_cert_sha256", "v1_0_0_*.json")), None))
    source = load_json(path)
    config = cm.ChainConfig.decode(bytes.fromhex(source["chain_config_hex"]))
    certificates = tuple(source["certs_by_hash"].values())
    anchor = cm.Anchor.from_config(config, certificates=certificates, signed_only=True)
    assert (anchor.format, anchor.auth_type, len(anchor.organisations)) == ("v1.0.0", "identity", 4)
    endorsers = []
    for info in source["transaction_infos_hex"]:
        verdict = engine.check(cm.TRANSACTION, cm.tx_input(bytes.fromhex(info)), anchor).require()
        endorsers.append(count(verdict, "endorser") if "endorser" in verdict.counts else 0)
    assert sorted(endorsers) == [0, 0, 4, 4]
    unnamed = engine.check(
        cm.TRANSACTION, cm.tx_input(bytes.fromhex(source["transaction_infos_hex"][0])), replace(anchor, certificates=())
    )
    assert (unnamed.status, unnamed.code) == (Status.UNDECIDED, "chainmaker_member_unknown")


def v1_infos() -> list[tuple[str, bytes]]:
    found = []
    for path in data.matching("v1_cert_sha256", "v1_*.json"):
        source = load_json(path)
        if "transaction_info_hex" in source:
            found.append((path.stem, bytes.fromhex(source["transaction_info_hex"])))
    return found


def test_a_managing_transaction_with_full_certificates(engine: isthmus.Engine) -> None:
    """Its network's roots are not published: the certificates are trusted for being listed."""
    from cryptography import x509

    infos = v1_infos()
    if not infos:
        pytest.skip(ABSENT)
    for _, raw in infos:
        shown = re.findall(rb"-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----\n?", raw, re.DOTALL)
        members = []
        for text in dict.fromkeys(shown):
            subject = x509.load_pem_x509_certificate(text).subject
            org, unit = (
                str(subject.get_attributes_for_oid(oid)[0].value)
                for oid in (x509.NameOID.ORGANIZATION_NAME, x509.NameOID.ORGANIZATIONAL_UNIT_NAME)
            )
            members.append(cm.TrustMember(text.decode(), org, unit))
        organisations = tuple(cm.Organisation(name) for name in sorted({each.org_id for each in members}))
        anchor = cm.Anchor("chain1", organisations, "v1", trust_members=tuple(members), signed_only=True)
        verdict = engine.check(cm.TRANSACTION, cm.tx_input(raw), anchor).require()
        assert count(verdict, "endorser") >= 1
        changed = bytearray(raw)
        changed[raw.index(b"\x22", len(raw) // 2)] ^= 1
        assert not engine.check(cm.TRANSACTION, cm.tx_input(bytes(changed)), anchor).ok
        assert not engine.check(cm.TRANSACTION, cm.tx_input(raw), replace(anchor, format="v2")).ok


# --- node ids, trees


def test_node_ids() -> None:
    from cryptography import x509
    from cryptography.hazmat.primitives import serialization

    folder = data.folder("identity")
    if folder is None:
        pytest.skip(ABSENT)
    seen = 0
    for path in sorted(folder.glob("*.nodeid")):
        named = path.stem.replace("pid", "cert")
        certificate = (folder / f"{named}.crt").read_bytes()
        try:
            key = x509.load_pem_x509_certificate(certificate).public_key()
            spki = key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
        except Exception:  # OpenSSL before SM2 keys in certificates
            spki = spki_in(certificate)
        assert cm.node_id(spki) == path.read_text().strip()
        seen += 1
    assert seen >= 2


def spki_in(certificate: bytes) -> bytes:
    from isthmus.chains.chainmaker_config import der_of

    der = der_of(certificate)
    at = der.index(bytes.fromhex("3059301306072a8648ce3d0201"))
    return der[at : at + 91]


def test_merkle_roots() -> None:
    path = given(next(iter(data.matching("merkle", "sha256_roots_*.txt")), None))
    for line in path.read_text().splitlines():
        number, *root = line.split()
        leaves = [slow.HASHES["SHA256"](str(index).encode()) for index in range(int(number))]
        assert slow.merkle(leaves, "SHA256").hex() == "".join(root)
        if leaves:
            assert isthmus.merkle_root("chainmaker", leaves).hex() == root[0]


# --- the command line


@each("block_*.json")
def test_the_command_line_judges_blocks(path: Path | None, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = given(path)
    anchor = tmp_path / "anchor.toml"
    anchor.write_text(data.chain1_anchor().to_toml())
    assert main(["check", "chainmaker", str(path), "--anchor", str(anchor), "--json", "--threads", "1"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert (said["status"], said["trust"], said["valid"]) == ("valid", ["validators' quorum"], 1)
    headers = [str(each) for each in data.chain1_files("header_qc_*.json")]
    assert main(["check", "chainmaker", *headers, "--anchor", str(anchor), "--threads", "1"]) == 0
    assert main(["check", "chainmaker", str(path), "--chain-id", "chain1", "--trust-hash", "00" * 32]) == 1


@each("tx_negative_*.json")
def test_the_command_line_refuses_the_negatives(path: Path | None, tmp_path: Path) -> None:
    anchor = tmp_path / "anchor.toml"
    anchor.write_text(data.chain1_anchor().to_toml())
    args = ["check", "chainmaker", str(given(path)), "--anchor", str(anchor), "--signed-only", "--threads", "1"]
    assert main(args) == 1


@each("genesis_*.json", "v2_genesis_sha256")
def test_the_command_line_makes_an_anchor(
    path: Path | None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = given(path)
    assert main(["anchor", "chainmaker", str(path)]) == 0
    text = capsys.readouterr().out
    made = cm.Anchor.from_toml(text)
    assert f"fingerprint {made.fingerprint()}" in text
    anchor = tmp_path / "anchor.toml"
    anchor.write_text(text)
    assert main(["check", "chainmaker", str(path), "--anchor", str(anchor), "--follow", "--threads", "1"]) == 0
