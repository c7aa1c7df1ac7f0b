"""The files of this repository, for the scripts that read all of them."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from manifest import ROOT

SKIPPED: Final = {"build", "dist", "__pycache__"}


def files() -> list[Path]:
    """Every file that git tracks or would track; outside a git checkout (an sdist), every file but build
    products.
    """
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=False,
    )
    if listed.returncode == 0 and (ROOT / ".git").exists():
        names = listed.stdout.decode().split("\0")
        return sorted({path for name in names if name and (path := ROOT / name).is_file()})
    return sorted(_walk(ROOT))


def _walk(folder: Path) -> Iterator[Path]:
    for path in folder.iterdir():
        if path.name in SKIPPED or path.name.startswith(".") or path.suffix == ".so":
            continue
        if path.is_dir():
            yield from _walk(path)
        else:
            yield path


def select(*suffixes: str, under: str = "") -> list[Path]:
    """The files whose name ends in one of ``suffixes``, below one folder of the repository."""
    top = ROOT / under
    return [path for path in files() if path.name.endswith(suffixes) and path.is_relative_to(top)]
