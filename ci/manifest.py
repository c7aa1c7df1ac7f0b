"""Which C++ file is compiled where and with which flags: the reader of ``ext/manifest.toml``.

Used by ``setup.py`` for wheels and by the scripts of this folder for everything else, so that both build the
same code.
"""

from __future__ import annotations

import platform
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

ROOT: Final = Path(__file__).resolve().parent.parent
EXT: Final = ROOT / "ext"

Kind = Literal["core", "tier", "test", "bind", "taint"]


@dataclass(frozen=True)
class Source:
    """One C++ file: its path relative to the repository, what it is, and its tier's name ("" for none)."""

    path: str
    kind: Kind
    tier: str = ""


@dataclass(frozen=True)
class Mode:
    """One way to build: a compiler ("" for the machine's own), a target, and what every command adds."""

    name: str
    arch: str
    compiler: str
    flags: tuple[str, ...]
    link: tuple[str, ...]


def machine() -> str:
    """The machine's architecture in the manifest's words."""
    name = platform.machine().lower()
    return {"amd64": "x86_64", "arm64": "aarch64"}.get(name, name)


class Manifest:
    """The manifest of one tree; ``KeyError`` when it lacks a table, ``ValueError`` when it contradicts
    itself.
    """

    def __init__(self, ext: Path = EXT) -> None:
        self.ext = ext
        self._data = tomllib.loads((ext / "manifest.toml").read_text(encoding="utf-8"))
        common = self._data["common"]
        self.warnings: tuple[str, ...] = tuple(common["warnings"])
        self.include: tuple[str, ...] = tuple(common["include"])
        self.tiers: dict[str, str] = {name: tier["arch"] for name, tier in self._data["tier"].items()}
        self.modes: tuple[str, ...] = tuple(self._data["mode"])
        if {"test", "taint"} & set(self.tiers):
            raise ValueError("ext/manifest.toml: a tier cannot be called 'test' or 'taint'")
        for room in self._data["room"]:
            if not (ext / room).is_dir():
                raise ValueError(f"ext/manifest.toml: there is no folder {room}")

    def classify(self, path: Path) -> Source:
        """What the file at ``path`` (below ``ext``) is, told by its name and folder alone."""
        name = path.relative_to(self.ext.parent).as_posix()
        suffix = path.stem.rpartition("_")[2] if "_" in path.stem else ""
        if suffix == "test":
            return Source(name, "test")
        if suffix == "taint":
            return Source(name, "taint")
        if path.relative_to(self.ext).parts[0] == "bind":
            return Source(name, "bind")
        if suffix in self.tiers:
            return Source(name, "tier", suffix)
        return Source(name, "core")

    def sources(self, arch: str) -> list[Source]:
        """Every C++ file that belongs to a build for ``arch``, in a fixed order; programs for ``ci/ct.py`` belong
        to none.
        """
        files = [self.classify(path) for path in sorted(self.ext.rglob("*.cpp"))]
        wanted = [file for file in files if file.kind != "taint"]
        return [file for file in wanted if not file.tier or self.tiers[file.tier] in ("", arch)]

    def flags(self, source: Source) -> list[str]:
        """What a file is compiled with in every build; the build's own flags follow."""
        room = self._data["room"].get(Path(source.path).parts[1], [])
        tier = self._data["tier"][source.tier]["flags"] if source.tier else []
        return [*self._data["common"]["flags"], *self._data["kind"][source.kind], *room, *tier]

    def link(self) -> list[str]:
        """What every link command carries."""
        return list(self._data["common"]["link"])

    def cython(self) -> list[str]:
        """What the C code that Cython writes is compiled with."""
        return list(self._data["cython"]["flags"])

    def wheel(self) -> Mode:
        """The build that ``setup.py`` makes."""
        table = self._data["wheel"]
        return Mode("wheel", machine(), "", tuple(table["flags"]), tuple(table["link"]))

    def mode(self, name: str) -> Mode:
        """A build of ``ci/cxx.py``; ``KeyError`` when there is none of that name."""
        table = self._data["mode"][name]
        return Mode(
            name,
            table.get("arch", machine()),
            table.get("compiler", ""),
            tuple(table["flags"]),
            tuple(table.get("link", ())),
        )
