"""Real Fabric ledgers and blocks of the data folder, found by their form."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from helpers.data import files

from isthmus.chains.fabric import Anchor, Block, read_ledger

FOLDER = "blocks/fabric"


@dataclass(frozen=True)
class Chain:
    """Blocks that follow each other from a config block on."""

    name: str
    blocks: tuple[Block, ...]


def single_blocks(root: Path) -> list[tuple[str, Block]]:
    """Every file that is one block in protobuf."""
    folder = root / FOLDER
    found = []
    for path in files(folder, "*.pb", "*.block"):
        found.append((str(path.relative_to(folder)), Block.from_protobuf(path.read_bytes())))
    return found


def ledgers(root: Path) -> list[Chain]:
    """Every block file, alone or in a zip."""
    folder = root / FOLDER
    found = []
    for path in files(folder, "*blockfile_*", "*.zip"):
        name = str(path.relative_to(folder))
        if path.suffix != ".zip":
            found.append(Chain(name, tuple(read_ledger(path.read_bytes()))))
            continue
        with zipfile.ZipFile(path) as archive:
            for member in archive.namelist():
                if Path(member).name.startswith("blockfile_"):
                    found.append(Chain(f"{name}:{member}", tuple(read_ledger(archive.read(member)))))
    return found


def folders_of_blocks(root: Path) -> list[Chain]:
    """Folders whose files 0.pb, 1.pb, ... are the blocks of one channel."""
    folder = root / FOLDER
    numbered: dict[Path, list[Path]] = {}
    for path in files(folder, "*.pb"):
        if path.stem.isdigit():
            numbered.setdefault(path.parent, []).append(path)
    return [
        Chain(
            str(place.relative_to(folder)),
            tuple(Block.from_protobuf(path.read_bytes()) for path in sorted(paths, key=lambda each: int(each.stem))),
        )
        for place, paths in sorted(numbered.items())
    ]


def is_negative(name: str) -> bool:
    """What SOURCES.txt says must not verify, or what was never signed by an orderer."""
    return any(word in name for word in ("bad_ledger", "glued", "kvledger_v11", "kvledger_v13"))


def chains(root: Path) -> list[Chain]:
    """Every real chain that must verify from its first block on."""
    return [chain for chain in ledgers(root) + folders_of_blocks(root) if not is_negative(chain.name)]


def samples(chain: Chain) -> Iterator[tuple[bytes, bytes]]:
    """(block, anchor) of some blocks in protobuf, each under the config before it."""
    anchor = Anchor.from_block(chain.blocks[0])
    for block in chain.blocks[:6]:
        if block.form == 0 and anchor.config:
            yield block.encoded, bytes(anchor)
        anchor = anchor.after(block)
