"""Merkle proofs and roots of other projects, and the cases of the attack catalogue that are about trees, by name."""

from __future__ import annotations

import hashlib
import random
import re
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from helpers.data import files, json_files, load_json

import isthmus
from isthmus.reference import merkle as oracle
from vectors import merkle


def one(
    rule: str, root: bytes, index: int, leaf: bytes, proof: list[bytes], count: int, hash: str | None = None
) -> bool:
    return bool(isthmus.verify_proofs(rule, root, [index], [leaf], [proof], count, hash=hash)[0])


def unhex(text: str) -> bytes:
    return bytes.fromhex(text.removeprefix("0x"))


def some_leaves(count: int, seed: int = 0) -> list[bytes]:
    rng = random.Random(seed)
    return [rng.randbytes(32) for _ in range(count)]


# --- other projects' data


def test_transparency_dev_inclusions(data: Path, figures: Callable[[str], None]) -> None:
    """Leaves are stated as leaf hashes, which are found again as nodes: the path above them is what is looked at."""
    by_hash = {hashlib.sha256(b"\0" + leaf).digest(): leaf for leaf in merkle.LEAVES}
    rng = random.Random(1)
    seen = refused = 0
    for case in merkle.inclusions(data / "vectors" / "merkle"):
        leaf = by_hash.get(case.leaf)
        if leaf is None:
            assert case.refused or case.size > len(merkle.LEAVES), case.source
            leaf = rng.randbytes(9)  # no leaf of ours has this hash, as none had for the authors
            if not case.refused:
                continue
        root = case.root if len(case.root) == 32 else bytes(32)
        for rule in ("rfc6962", "cometbft"):
            said = one(rule, root, case.index, leaf, list(case.proof), case.size)
            assert said == (not case.refused), case.source
        seen += 1
        refused += case.refused
    if not seen:
        pytest.skip("no RFC 6962 proofs in the data folder")
    figures(f"RFC 6962 inclusion: {seen} proofs, {refused} to be refused, all right")


def test_chainmaker_roots(data: Path) -> None:
    """Roots of the original merkle.go; leaf i is SHA-256 of the text of i."""
    path = data / "blocks" / "chainmaker" / "merkle" / "sha256_roots_0_40.txt"
    if not path.is_file():
        pytest.skip("no ChainMaker roots in the data folder")
    leaves = [hashlib.sha256(str(i).encode()).digest() for i in range(41)]
    for line in path.read_text(encoding="utf-8").splitlines():
        count, _, root = line.partition(" ")
        if root:
            assert isthmus.merkle_root("chainmaker", leaves[: int(count)]).hex() == root, count


def _yaml_list(text: str, name: str) -> list[bytes]:
    part = re.split(rf"^{name}: *\n", text, maxsplit=1, flags=re.MULTILINE)[1]
    out = []
    for line in part.splitlines():
        found = re.match(r'\s*-?\s*"(0x[0-9a-f]{64})"', line)
        if not found:
            break
        out.append(unhex(found[1]))
    return out


def test_execution_blocks_of_mainnet_under_beacon_blocks(data: Path, figures: Callable[[str], None]) -> None:
    """Portal network data: block_hash (field 12) of the execution payload (field 9) of the body (field 4), SSZ. The
    payload has 14 or 15 fields before Deneb and 17 in it."""
    seen = 0
    for path in files(data / "vectors" / "merkle", "beacon_block_proof-*.yaml"):
        text = path.read_text(encoding="utf-8")
        proof = _yaml_list(text, "execution_block_proof")
        root = _yaml_list(text, "beacon_block_root")[0]
        leaf = _yaml_list(text, "execution_block_header")[0]
        payload_depth = len(proof) - 7
        index = ((4 << 4) + 9 << payload_depth) + 12
        assert one("ssz", root, index, leaf, proof, 1 << len(proof)), path.name
        assert not one("ssz", root, index ^ 1, leaf, proof, 1 << len(proof))
        assert not one("ssz", root, index, leaf, proof, 1 << len(proof) + 1)
        assert not one("ssz", root, index, leaf, proof[:-1], 1 << len(proof))
        seen += 1
    if not seen:
        pytest.skip("no beacon block proofs in the data folder")
    figures(f"SSZ: {seen} proofs of mainnet execution blocks, all right")


def _blocks(folder: Path) -> list[Any]:
    found: list[Any] = []

    def walk(value: Any) -> None:
        if isinstance(value, dict):
            if {"transactions", "transactionsRoot"} <= set(value):
                found.append(value)
            value = list(value.values())
        for each in value if isinstance(value, list) else ():
            walk(each)

    for _, content in json_files(folder):
        walk(content)
    return found


ALTERED = {
    "516787f85980a86fd04b0e9ce82a1a75950db866e8cdf543c2cae3e4a51d91b7": "a console's example, block 1",
    "07009a9d655cee91e95dcd1c53d5917a58f80e6e6ac689bae24bd911d75c471c": "a mock's block 331 of block 9's contents",
}
"""Roots of samples that their publishers have altered: they are not over the transactions beside them."""


def test_fisco_2_transaction_roots(data: Path, figures: Callable[[str], None]) -> None:
    """Blocks of developers' networks with the hashes of all their transactions; one of them has five."""
    right: list[int] = []
    altered = 0
    for block in _blocks(data / "blocks" / "fisco"):
        said = [str(each.get("hash") if isinstance(each, dict) else each) for each in block["transactions"]]
        if not said or any(len(each) != 66 for each in said):
            continue
        stated = unhex(block["transactionsRoot"])
        holds = isthmus.merkle_root("fisco-v2", [unhex(each) for each in said]) == stated
        assert holds == (stated.hex() not in ALTERED), block["transactionsRoot"]
        if holds:
            right.append(len(said))
        else:
            altered += 1
    if not right and not altered:
        pytest.skip("no FISCO BCOS 2 blocks in the data folder")
    assert 5 in right
    figures(f"FISCO BCOS 2: {len(right)} transaction roots right, {altered} of altered samples differ")


def _groups(proof: list[str]) -> list[list[bytes]]:
    """FISCO BCOS 3 writes a count before each group of children."""
    raw, out = [bytes.fromhex(each.removeprefix("0x")) for each in proof], []
    while raw:
        size = int.from_bytes(raw[0][:4], "big")
        out.append(raw[1 : 1 + size])
        raw = raw[1 + size :]
    return out


def test_fisco_3_proofs(data: Path, figures: Callable[[str], None]) -> None:
    """Real proofs of ten levels. Which child goes on says the index, a group of one the last node of an odd level:
    together they are an index and a count."""
    folder = data / "blocks" / "fisco" / "proofs"
    seen = 0
    roots = {"txProof": ("hash", "txsRoot"), "txReceiptProof": ("hash", "receiptsRoot")}
    blocks = [content for path, content in json_files(folder) if "txsRoot" in content]
    for path, content in json_files(folder):
        for field, (leaf_field, root_field) in roots.items():
            if field not in content or not isinstance(content[field][0], str):
                continue
            if field == "txProof" and "txReceiptProof" in content:
                leaf_field = "transactionHash"
            groups = _groups(content[field])
            leaf = node = unhex(content[leaf_field])
            index, siblings, count = 0, [], 0
            for level, group in enumerate(groups):
                place = group.index(node)
                index |= place << level
                siblings += [group[1 - place]] if len(group) == 2 else []
                node = isthmus.hash_many("keccak256", [b"".join(group)])[0].tobytes()
            # whole up to the node that is alone, and nothing after it
            alone = [level for level, group in enumerate(groups) if len(group) == 1]
            count = (index >> alone[0]) + 1 << alone[0] if alone else 1 << len(groups)
            root = unhex(next(block[root_field] for block in blocks))
            assert one("fisco-v3", root, index, leaf, siblings, count), (path.name, field)
            assert not one("fisco-v3", root, index ^ 1 << len(groups) - 1, leaf, siblings, count)
            assert not one("fisco-v3", root, index, leaf, siblings[:-1], count)
            seen += 1
    if not seen:
        pytest.skip("no FISCO BCOS 3 proofs in the data folder")
    figures(f"FISCO BCOS 3: {seen} proofs, all right")


def test_polkadot_mountain_range(data: Path) -> None:
    """Snowbridge's range of 15 leaves; its proofs are the siblings on the way up, as ours."""
    path = data / "blocks" / "snowbridge" / "mmr-fixture-data-15-leaves.json"
    if not path.is_file():
        pytest.skip("no mountain range in the data folder")
    content = load_json(path)
    leaves = [unhex(leaf) for leaf in content["leaves"]]
    tree = isthmus.MerkleTree("mmr", leaves)
    assert tree.root == unhex(content["rootHash"])
    for index, proof in enumerate(content["proofs"]):
        assert [row.tobytes() for row in tree.proof(index)] == [unhex(item) for item in proof["items"]]
    stated = [[unhex(item) for item in proof["items"]] for proof in content["proofs"]]
    assert isthmus.verify_proofs("mmr", tree.root, range(15), leaves, stated, 15).all()


# --- the attack catalogue, family M (a node, a list or a number that is not what it says it is)

DIGEST_RULES = [rule for rule in oracle.RULES if rule not in ("rfc6962", "cometbft")]


@pytest.mark.parametrize("rule", ["sha256d-bitcoin", "chainmaker"])
def test_m1_repeated_tail(rule: str) -> None:
    """CVE-2012-2459: 1..6 and 1..6,5,6 have one root; neither the longer list nor a proof of its tail is taken."""
    leaves = some_leaves(6)
    tree = isthmus.MerkleTree(rule, leaves)
    mutated = leaves + leaves[4:]
    with pytest.raises(isthmus.MutatedTree):
        isthmus.merkle_root(rule, mutated)
    assert isthmus.merkle_root(rule, mutated, allow_mutated=True) == tree.root
    with pytest.raises(isthmus.MutatedTree):
        isthmus.MerkleTree(rule, mutated)
    with pytest.raises(isthmus.MutatedTree):
        tree.append(leaves[4:])
    assert (tree.count, tree.root) == (6, isthmus.merkle_root(rule, leaves))
    for index in (4, 5):
        proof = [row.tobytes() for row in tree.proof(index)]
        assert one(rule, tree.root, index, leaves[index], proof, 6)
        assert not one(rule, tree.root, index + 2, leaves[index], proof, 6), "a second position, beyond the count"
        assert not one(rule, tree.root, index + 2, leaves[index], proof, 8), "a second position of the mutated list"
        assert not one(rule, tree.root, index, leaves[index], proof, 8), "the first position of the mutated list"


@pytest.mark.parametrize("rule", oracle.RULES)
def test_m2_inner_node_as_a_leaf(rule: str) -> None:
    """CVE-2017-12842: the two children of a leaf's parent, or the parent itself, offered as a leaf. Index and count
    settle the length of the path, so a node is no leaf of the same tree; the prefix of RFC 6962 says it once more."""
    leaves = some_leaves(8)
    tree = isthmus.MerkleTree(rule, leaves)
    slow = oracle.tree(rule, None)
    proof = [row.tobytes() for row in tree.proof(2)]
    inner = slow.hash(slow.leaf(leaves[2]) + slow.leaf(leaves[3]))  # what the parent is, under rules of pairs
    for count in (4, 8):
        assert not one(rule, tree.root, 1, inner, proof[1:], 8)
        assert not one(rule, tree.root, 1, slow.leaf(leaves[2]) + slow.leaf(leaves[3]), proof[1:], count)
    if rule in ("rfc6962", "cometbft"):
        assert not one(rule, tree.root, 1, inner, proof[1:], 4), "even when the count is a lie"


@pytest.mark.parametrize("rule", oracle.RULES)
def test_m3_index_aliases(rule: str) -> None:
    leaves = some_leaves(16)
    tree = isthmus.MerkleTree(rule, leaves)
    proof = [row.tobytes() for row in tree.proof(5)]
    assert one(rule, tree.root, 5, leaves[5], proof, 16)
    for power in range(65):
        assert not one(rule, tree.root, 5 + (1 << power), leaves[5], proof, 16)
    assert not one(rule, tree.root, -11, leaves[5], proof, 16)


@pytest.mark.parametrize("rule", oracle.RULES)
def test_m4_lengths(rule: str) -> None:
    leaves = some_leaves(16)
    tree = isthmus.MerkleTree(rule, leaves)
    proof = [row.tobytes() for row in tree.proof(5)]
    for wrong in ([], proof[1:], proof[:-1], [*proof, tree.root], [*proof, bytes(32)], [proof[0], *proof], proof * 2):
        assert not one(rule, tree.root, 5, leaves[5], wrong, 16)


@pytest.mark.parametrize("rule", oracle.RULES)
def test_m5_nothing_is_in_an_empty_tree(rule: str) -> None:
    for root in (bytes(32), hashlib.sha256(b"").digest()):
        for leaf in (b"", bytes(32), root):
            assert not one(rule, root, 0, leaf, [], 0)
        assert not isthmus.verify_multiproof(rule, root, [0], [bytes(32)], [], 0)
        assert not isthmus.verify_multiproof(rule, root, [], [], [], 0)
    assert isthmus.verify_proofs(rule, bytes(32), [], [], [], 5).tolist() == []


@pytest.mark.parametrize("rule", oracle.RULES)
def test_m6_a_sibling_for_each_side_is_one_too_many(rule: str) -> None:
    """What a step of an IAVL path could carry and not hash: here a step is one node, and its side is not in it."""
    leaves = some_leaves(4)
    tree = isthmus.MerkleTree(rule, leaves)
    proof = [row.tobytes() for row in tree.proof(1)]
    for at in range(len(proof) + 1):
        for extra in (leaves[2], bytes(32)):
            assert not one(rule, tree.root, 1, leaves[1], [*proof[:at], extra, *proof[at:]], 4)


@pytest.mark.parametrize("rule", oracle.RULES)
def test_m10_one_form_of_a_path(rule: str) -> None:
    """Every other order of the siblings is refused."""
    leaves = some_leaves(8)
    tree = isthmus.MerkleTree(rule, leaves)
    proof = [row.tobytes() for row in tree.proof(3)]
    for i, j in pairwise(range(len(proof))):
        other = list(proof)
        other[i], other[j] = other[j], other[i]
        assert not one(rule, tree.root, 3, leaves[3], other, 8)


@pytest.mark.parametrize("rule", oracle.RULES)
@pytest.mark.parametrize("count", [(1 << 32) + 1, (1 << 63) - 1, 1 << 63, (1 << 64) - 1, 1 << 64, 1 << 200, -1])
def test_m11_counts_and_depths_without_end(rule: str, count: int) -> None:
    for depth in (0, 1, 63, 64, 65, 129, 100_000):
        assert not one(rule, bytes(32), 0, bytes(32), [bytes(32)] * depth, count)
        assert not isthmus.verify_multiproof(rule, bytes(32), [0], [bytes(32)], [bytes(32)] * depth, count)


@pytest.mark.parametrize("rule", oracle.RULES)
def test_m12_zero_root(rule: str) -> None:
    """A root of zeros has no leaves but the zero leaf of a tree of one, which the caller then has stated."""
    for count in (2, 3, 4, 16, 17):
        for proof in ([], [bytes(32)] * 4, [bytes(32)] * 15):
            assert not one(rule, bytes(32), 0, bytes(32), proof, count)


def test_h3_lanes_of_unequal_paths() -> None:
    """Rows of 1 to 64 trees of different sizes in one call answer as single ones do."""
    roots, rows = [], []
    for count in range(1, 65):
        leaves = some_leaves(count, count)
        tree = isthmus.MerkleTree("rfc6962", leaves)
        roots.append(tree.root)
        rows.append((count // 2, leaves[count // 2], tree.proof(count // 2), count))
    index, leaf, proof, counts = (list(each) for each in zip(*rows, strict=True))
    assert isthmus.verify_proofs("rfc6962", roots, index, leaf, proof, counts).all()
    assert not isthmus.verify_proofs("rfc6962", roots[::-1], index, leaf, proof, counts)[:30].any()
