"""Bitcoin blocks, headers and script cases of the data folder, found by their form."""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

from helpers.data import files, load_json

from isthmus.reference import bitcoin as ref

MAGIC: Final = {b"\xf9\xbe\xb4\xd9": "main", b"\x0b\x11\x09\x07": "testnet3", b"\x0a\x03\xcf\x40": "signet"}


@dataclass(frozen=True)
class RealBlock:
    """A block in network form, its height, and the container of the outputs that it spends, if that is known."""

    name: str
    raw: bytes
    height: int
    network: str
    prevouts: bytes | None

    @property
    def hash(self) -> bytes:
        """The header's hash in internal order."""
        return ref.sha256d(self.raw[:80])


def _height(stem: str, raw: bytes) -> int:
    """From the file's name, else from the coinbase (BIP34), else about ten minutes per block from the genesis."""
    if stem.isdigit():
        return int(stem)
    header = ref.Header.parse(raw[:80])
    script = ref.Block.parse(raw).transactions[0].inputs[0].script
    if header.version >= 2 and 1 <= script[0] <= 4:
        return int.from_bytes(script[1 : 1 + script[0]], "little")
    return max(1, (header.time - 1231006505) // 600)


@cache
def blocks(root: Path) -> tuple[RealBlock, ...]:
    """Every single block: blocks/bitcoin and the block files of vectors/block_validation/bitcoin."""
    found = []
    folders = (root / "blocks" / "bitcoin", root / "vectors" / "block_validation" / "bitcoin")
    for folder in folders:
        for path in files(folder, "*.raw", "*.blk"):
            raw = path.read_bytes()
            spent = folder / "prevouts" / f"{path.stem}.bin"
            network = "testnet3" if path.stem.startswith("testnet") else "main"
            prevouts = spent.read_bytes() if spent.is_file() else None
            found.append(RealBlock(path.stem, raw, _height(path.stem, raw), network, prevouts))
    return tuple(found)


def block_files(root: Path) -> Iterator[tuple[str, str, list[bytes]]]:
    """(name, network, blocks) of files in which each block stands behind magic and length."""
    for path in files(root / "blocks" / "bitcoin", "*.dat"):
        raw, at, found = path.read_bytes(), 0, []
        network = MAGIC.get(raw[:4])
        if network is None:
            continue
        while at < len(raw):
            size = int.from_bytes(raw[at + 4 : at + 8], "little")
            found.append(raw[at + 8 : at + 8 + size])
            at += 8 + size
        yield path.name, network, found


def header_files(root: Path) -> Iterator[tuple[str, str, int, bytes]]:
    """(name, network, first height, headers) of files named <network>_<first>-<last>.headers."""
    for path in files(root / "blocks" / "bitcoin", "*.headers"):
        part = re.match(r"([a-z0-9]+?)(?:net)?_(\d+)-(\d+)$", path.stem)
        if part is not None:
            network = {"main": "main", "sig": "signet", "test": "testnet3", "test4": "testnet4"}.get(part[1], part[1])
            yield path.name, network, int(part[2]), path.read_bytes()


def light_states(root: Path) -> Iterator[tuple[str, Any]]:
    """Headers with the chain's state before and after them (light_*.json)."""
    for path in files(root / "blocks" / "bitcoin" / "headers", "*.json"):
        content = load_json(path)
        if isinstance(content, dict) and {"chain_state", "blocks", "expected"} <= set(content):
            yield path.name, content


def vector(root: Path, name: str) -> Any | None:
    """A JSON vector file of blocks/bitcoin/vectors by its name, plain or gzipped; None when absent."""
    folder = root / "blocks" / "bitcoin" / "vectors"
    for path in files(folder, name, name + ".gz"):
        raw = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
        return json.loads(raw)
    return None
