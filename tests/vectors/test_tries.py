"""Tries: Ethereum's published roots, roots of real blocks, every account and slot of real eth_getProof answers."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from helpers.data import files, json_files

import isthmus
from isthmus.reference import rlp
from isthmus.reference import trie as slow

EMPTY = bytes.fromhex("56e81f171bcc55a6ff8345e692c0f86e5b48e01b996cadc001622fb5e363b421")


def raw(text: str) -> bytes:
    return bytes.fromhex(text[2:]) if text.startswith("0x") else text.encode()


def keccak(items: list[bytes]) -> list[bytes]:
    return [digest.tobytes() for digest in isthmus.hash_many("keccak256", items)]


def test_known_roots() -> None:
    """The empty trie (Yellow Paper), and the sorted order of list keys, whose 0 stands behind 127."""
    assert isthmus.trie_root([]) == slow.list_root([]) == EMPTY
    values = [b"value %d" % i for i in range(130)]
    assert isthmus.trie_root(values) == slow.list_root(values)


def test_published_roots(data: Path, figures: Callable[[str], None]) -> None:
    seen = 0
    for path, content in json_files(data / "vectors" / "merkle" / "ethereum-trie"):
        for name, case in content.items():
            if "root" not in case:
                continue
            pairs = case["in"].items() if isinstance(case["in"], dict) else case["in"]
            items: dict[bytes, bytes] = {}
            for key, value in pairs:
                items[raw(key)] = b"" if value is None else raw(value)
            kept = {key: value for key, value in items.items() if value}
            keys = list(kept)
            if "securetrie" in path.name.lower():
                keys = keccak(keys)
            root = raw(case["root"])
            assert isthmus.trie_root(list(kept.values()), keys=keys) == root, (path.name, name)
            assert slow.root(dict(zip(keys, kept.values(), strict=True))) == root, (path.name, name)
            seen += 1
    if not seen:
        pytest.skip("no tries in the data folder")
    figures(f"tries: {seen} published roots, {seen} right")


def block_lists(data: Path) -> Iterator[tuple[str, list[bytes], bytes]]:
    """(what, items, root that the header states) of every list of every block."""
    for path in files(data / "blocks" / "ethereum" / "blocks", "*.json.gz"):
        block = json.loads(gzip.decompress(path.read_bytes()))
        header: Any = rlp.decode(bytes.fromhex(block["header_rlp"]))
        for name, field in (("transactions", 4), ("receipts", 5), ("withdrawals", 16)):
            if block[name] is not None:
                yield f"{name} of {block['number']}", [bytes.fromhex(item) for item in block[name]], header[field]


def test_roots_of_real_blocks(data: Path, figures: Callable[[str], None]) -> None:
    lists = list(block_lists(data))
    if not lists:
        pytest.skip("no Ethereum blocks in the data folder")
    for what, items, root in lists:
        assert isthmus.trie_root(items) == root, what
        if len(items) > 1:
            assert isthmus.trie_root(items[::-1]) != root, what
    together = isthmus.trie_roots([items for _, items, _ in lists])
    assert [each.tobytes() for each in together] == [root for _, _, root in lists]
    figures(f"tries: {len(lists)} roots of real blocks' lists, {len(lists)} right")


class Rows:
    """Accounts and slots of an eth_getProof answer, with what the provider says stands there."""

    def __init__(self, content: dict[str, Any]) -> None:
        self.roots: list[bytes] = []
        self.keys: list[bytes] = []
        self.proofs: list[list[bytes]] = []
        self.values: list[bytes | None] = []
        for account in content["accounts"]:
            self._add(raw(content["stateRoot"]), raw(account["address"]), account["accountProof"], _account(account))
            for slot in account["storageProof"]:
                number, value = int(slot["key"], 16), int(slot["value"], 16)
                said = rlp.encode(value.to_bytes((value.bit_length() + 7) // 8, "big")) if value else None
                self._add(raw(account["storageHash"]), number.to_bytes(32, "big"), slot["proof"], said)

    def _add(self, root: bytes, key: bytes, proof: list[str], value: bytes | None) -> None:
        self.roots.append(root)
        self.keys.append(key)
        self.proofs.append([raw(node) for node in proof])
        self.values.append(value)


def _account(account: dict[str, Any]) -> bytes | None:
    """The value of an account; providers write an absent one as one that is empty."""
    numbers = [int(account[name], 16) for name in ("nonce", "balance")]
    hashes = [raw(account["storageHash"]), raw(account["codeHash"])]
    no_code = bytes.fromhex("c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470")
    if numbers == [0, 0] and hashes in ([EMPTY, no_code], [bytes(32), bytes(32)]):
        return None
    return rlp.encode([*(number.to_bytes((number.bit_length() + 7) // 8, "big") for number in numbers), *hashes])


def answers(data: Path) -> list[tuple[Path, dict[str, Any]]]:
    folder = data / "blocks" / "ethereum" / "proofs"
    zipped = [(path, json.loads(gzip.decompress(path.read_bytes()))) for path in files(folder, "*.json.gz")]
    return zipped + [(path, content) for path, content in json_files(folder)]


def test_real_proofs(data: Path, figures: Callable[[str], None]) -> None:
    seen = absent = 0
    for path, content in answers(data):
        rows = Rows(content)
        keys = keccak(rows.keys)
        values, ok = isthmus.read_trie_proofs(rows.roots, keys, rows.proofs)
        assert ok.all(), path
        # before EIP-161 an account may exist and be empty, which a provider's answer does not tell apart from none
        same = [
            value == said or (said is None and _is_empty(value))
            for value, said in zip(values, rows.values, strict=True)
        ]
        assert all(same), (path, same.index(False))
        assert isthmus.verify_trie_proofs(rows.roots, keys, rows.proofs, values).all(), path
        turned = [None if value is not None else b"\x80" for value in values]
        assert not isthmus.verify_trie_proofs(rows.roots, keys, rows.proofs, turned).any(), path
        seen += len(keys)
        absent += values.count(None)
    if not seen:
        pytest.skip("no eth_getProof answers in the data folder")
    figures(f"tries: {seen} real proofs of accounts and slots, {absent} of absence, {seen} right")


def _is_empty(value: bytes | None) -> bool:
    return value is not None and rlp.decode(value)[:2] == [b"", b""]


def test_real_proofs_with_changes(data: Path) -> None:
    """Every node of real proofs changed, left out, doubled; the other rows of the call keep their answers."""
    found = answers(data)
    if not found:
        pytest.skip("no eth_getProof answers in the data folder")
    rows = Rows(found[0][1])
    keys, count = keccak(rows.keys), len(rows.keys)
    values, _ = isthmus.read_trie_proofs(rows.roots, keys, rows.proofs)
    rng = np.random.default_rng(1)
    for _ in range(60):
        row = int(rng.integers(count))
        proof = list(rows.proofs[row])
        if not proof:
            continue
        at = int(rng.integers(len(proof)))
        sort = int(rng.integers(5))
        node = bytearray(proof[at])
        node[int(rng.integers(len(node)))] ^= 1 << int(rng.integers(8))
        proof[at : at + 1] = ([bytes(node)], [], [proof[at]] * 2, [proof[at] + b"\0"], [proof[at][:-1]])[sort]
        proofs = [*rows.proofs[:row], proof, *rows.proofs[row + 1 :]]
        said = isthmus.verify_trie_proofs(rows.roots, keys, proofs, values)
        assert np.flatnonzero(~said).tolist() == [row]
