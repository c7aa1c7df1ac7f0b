"""RLP: Ethereum's published encodings, transactions with wrong ones, real blocks and proofs, and changes of them."""

from __future__ import annotations

import gzip
import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from helpers.data import files, json_files
from hypothesis import given
from hypothesis import strategies as st

from isthmus import _native
from isthmus.reference import rlp

# The exceptions of ttWrongRLP that are about the encoding itself; the others are about what a field may be.
WRONG_ENCODINGS = (
    "RLP_LEADING_ZEROS_DATA_SIZE",
    "RLP_ERROR_SIZE",
    "RLP_LEADING_ZEROS_NONCE_SIZE",
    "RLP_ERROR_SIZE_LEADING_ZEROS",
)


def both(data: bytes) -> Any:
    """The core's answer, which must be the slow reference's."""
    said = _native.rlp_decode(data)
    try:
        wanted: Any = rlp.decode(data)
    except ValueError:
        wanted = None
    assert said == wanted, data.hex()
    return said


def item(content: Any) -> Any:
    """An item out of the test files' JSON: text, numbers, #numbers and lists of them."""
    if isinstance(content, list):
        return [item(each) for each in content]
    if isinstance(content, str) and not content.startswith("#"):
        return content.encode()
    number = int(content[1:]) if isinstance(content, str) else content
    return number.to_bytes((number.bit_length() + 7) // 8, "big")


def test_published_encodings(data: Path, figures: Callable[[str], None]) -> None:
    seen = 0
    for _, content in json_files(data / "vectors" / "encoding" / "ethereum-rlp"):
        for name, case in content.items():
            raw = bytes.fromhex(case["out"].removeprefix("0x"))
            decoded = both(raw)
            if case["in"] == "INVALID":
                assert decoded is None, name
            elif case["in"] == "VALID":
                assert decoded is not None, name
            else:
                assert decoded == item(case["in"]), name
                assert rlp.encode(item(case["in"])) == raw, name
            seen += 1
    if not seen:
        pytest.skip("no RLP vectors in the data folder")
    figures(f"RLP: {seen} published encodings, {seen} right")


def test_transactions_in_wrong_rlp(data: Path, figures: Callable[[str], None]) -> None:
    seen = refused = 0
    for path, content in json_files(data / "vectors" / "encoding" / "ethereum-ttWrongRLP"):
        for name, case in content.items():
            reasons = {str(fork.get("exception", "")).rpartition(".")[2] for fork in case["result"].values()}
            raw = bytes.fromhex(case["txbytes"].removeprefix("0x"))
            is_typed = raw[:1] < b"\x80"  # a type byte before the encoding
            wrong = is_typed or bool(reasons & set(WRONG_ENCODINGS))
            assert (both(raw) is None) == wrong, (path.name, name, reasons)
            seen += 1
            refused += wrong
    if not seen:
        pytest.skip("no wrong transactions in the data folder")
    figures(f"RLP: {seen} wrong transactions, {refused} refused as encodings, the others well-formed as such")


def test_real_blocks_and_nodes(data: Path) -> None:
    raws = [path.read_bytes() for path in files(data / "blocks" / "ethereum" / "blocks_rlp", "*.rlp")]
    for path in files(data / "blocks" / "ethereum" / "proofs", "*.json.gz")[:2]:
        content = json.loads(gzip.decompress(path.read_bytes()))
        raws += [bytes.fromhex(node[2:]) for account in content["accounts"] for node in account["accountProof"]]
    if not raws:
        pytest.skip("no Ethereum blocks in the data folder")
    for raw in raws:
        assert both(raw) is not None
        assert both(raw + b"\0") is None
        assert both(raw[:-1]) is None


ITEMS = st.recursive(st.binary(max_size=70), lambda inner: st.lists(inner, max_size=6), max_leaves=30)


@given(ITEMS, st.randoms(use_true_random=False))
def test_random_items_and_every_change(value: Any, rng: random.Random) -> None:
    raw = rlp.encode(value)
    assert both(raw) == value
    for _ in range(20):
        changed = bytearray(raw)
        at = rng.randrange(len(raw))
        changed[at : at + rng.randrange(3)] = rng.randbytes(rng.randrange(3))
        other = both(bytes(changed))
        assert other is None or rlp.encode(other) == changed


@given(st.binary(max_size=80))
def test_random_bytes(raw: bytes) -> None:
    both(raw)


def test_c1_what_no_item_is_encoded_as() -> None:
    """C1 of the attack catalogue: leading zeros, long forms of short items, extra bytes, lengths that overflow."""
    wrong = ["", "8100", "817f", "b800", "b837" + "00" * 55, "b90038" + "01" * 56, "f800", "f837" + "01" * 55,
             "c101c0", "8080", "bf" + "ff" * 8, "ff" + "ff" * 8, "bf" + "80" + "00" * 7, "bf00000000000000" + "38",
             "ff0f0000000000005f", "c281", "c28101"]  # fmt: skip
    for text in wrong:
        assert both(bytes.fromhex(text)) is None, text


@pytest.mark.parametrize("depth", [1, 255, 256, 257, 5000])
def test_m11_lists_within_lists(depth: int) -> None:
    raw = b""
    for _ in range(depth):
        raw = rlp.with_header(0xC0, raw)
    assert (both(raw) is None) == (depth > rlp.DEPTH_MAX)
