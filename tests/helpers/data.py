"""Where third-party data lies, and how files of it are found: by folder and form, never by a fixed list of
names."""

from __future__ import annotations

import functools
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).resolve().parents[2]


@functools.cache
def data_root() -> Path | None:
    """The folder that holds `vectors/` and `blocks/`, or None.

    A folder named by ISTHMUS_DATA that does not exist is an error: a run must not pass because of a typing
    mistake.
    """
    named = os.environ.get("ISTHMUS_DATA")
    root = Path(named) if named else REPOSITORY.parent / "shared"
    if (root / "vectors").is_dir() or (root / "blocks").is_dir():
        return root
    if named:
        raise FileNotFoundError(f"ISTHMUS_DATA={named} has neither vectors/ nor blocks/")
    return None


def files(folder: Path, *patterns: str) -> list[Path]:
    """All files below `folder` that match one of the glob patterns, sorted; an absent folder has none."""
    if not folder.is_dir():
        return []
    found = {path for pattern in patterns for path in folder.rglob(pattern) if path.is_file()}
    return sorted(found)


@functools.lru_cache(maxsize=64)
def load_json(path: Path) -> Any:
    """The parsed JSON file."""
    return json.loads(path.read_text(encoding="utf-8"))


def json_files(folder: Path) -> Iterator[tuple[Path, Any]]:
    """Every JSON file below `folder` with its content; a file that is not JSON is passed over."""
    for path in files(folder, "*.json"):
        try:
            yield path, load_json(path)
        except ValueError:
            continue
