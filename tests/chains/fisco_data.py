"""The FISCO BCOS files of the data folder and what SOURCES.txt and INDEX.tsv say of them."""

from __future__ import annotations

import csv
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from helpers.data import json_files

from isthmus.chains.fisco import Anchor, Version, anchor_from_header

V2 = Anchor(Version.parse("2.7.0"))
V3 = Anchor(Version(3))
# The first block of version 3 hashes when the fields that it does not have are left out (SOURCES.txt).
GENESIS = "0x47c6d949"


@dataclass(frozen=True)
class File:
    """A block, header or bridge message in JSON. ``recomputes`` is None where no list says whether the hash does."""

    name: str
    json: dict[str, Any]
    recomputes: bool | None = None
    signatures: int = 0

    @property
    def is_v3(self) -> bool:
        return "txsRoot" in self.json or "recovered_fields" in self.json

    @property
    def is_sm(self) -> bool:
        """Chains with SM2 show by the length of sealers' signatures, or in the text of their first block."""
        signed = self.json.get("signatureList") or self.json.get("signatures") or []
        extra = self.json.get("extraData")
        text = bytes.fromhex(extra.removeprefix("0x")) if isinstance(extra, str) else b""
        return any(len(each["signature"]) != 2 + 130 for each in signed) or b"sm_crypto:1" in text

    @property
    def whole(self) -> dict[str, Any]:
        """With the fields that AntChain Bridge leaves out and SOURCES.txt gives."""
        return {**self.json, **self.json.get("recovered_fields", {})}

    def base(self) -> Anchor:
        return replace(V3, suite="sm" if self.is_sm else "keccak") if self.is_v3 else V2

    def pinned(self) -> Anchor:
        return replace(self.base(), header_hash=bytes.fromhex(self.json["hash"][2:]))

    def listed(self) -> Anchor:
        return anchor_from_header(self.whole, self.base())


def blocks(root: Path) -> list[File]:
    """Every block of the folder."""
    folder = root / "blocks" / "fisco"
    said = {}
    index = folder / "json" / "INDEX.tsv"
    if index.is_file():
        with index.open(encoding="utf-8") as lines:
            for row in csv.DictReader(lines, delimiter="\t"):
                said[row["file"]] = (row["header_hash_recomputed"] == "True", row["signatures"].count("OK"))
    found = []
    for path, value in json_files(folder):
        if not isinstance(value, dict) or "hash" not in value or "sealerList" not in value:
            continue
        recomputes, signatures = said.get(path.name, (None, 0))
        if value["hash"].startswith(GENESIS) or "recovered_fields" in value:
            recomputes, signatures = True, 3 if "recovered_fields" in value else 0
        found.append(File(path.name, value, recomputes, signatures))
    return found


def proofs(root: Path) -> list[tuple[str, dict[str, Any], dict[str, Any]]]:
    """(name, block, document) of every transaction or receipt with a proof whose block is there."""
    known = {each.json["hash"]: each.json for each in blocks(root) if each.recomputes is not False}
    by_number = {(each.is_v3, int(str(each.json["number"]), 0)): each.json for each in blocks(root)
                 if each.recomputes is not False and each.name.startswith("v")}  # fmt: skip
    found = []
    for path, value in json_files(root / "blocks" / "fisco" / "proofs"):
        inner = value.get("transaction") or value.get("transactionReceipt") or value
        if "sealerList" in value:
            continue
        block = known.get(inner.get("blockHash", ""))
        if block is None and "blockNumber" in inner:
            block = by_number.get((True, int(str(inner["blockNumber"]), 0)))
        if block is None:  # a transaction of version 3 does not say where it is: the block with its number of zeros
            tail = path.stem.removeprefix("v3_transactionAndProofJson")
            beside = path.with_name(f"v3_blockJson{tail}.json")
            block = next((each for at, each in json_files(path.parent) if at == beside), None)
        if block is not None:
            found.append((path.name, block, value))
    return found
