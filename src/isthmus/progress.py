"""A progress bar on long work: rich where it is installed, a plain line where it is not, nothing where nobody
looks.

The bar goes to standard error, and only to a terminal, so that output can be piped and parsed.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final, TextIO

Advance = Callable[[int], None]

_PLAIN_EVERY_S: Final = 0.2
_PLAIN_WIDTH: Final = 30


@contextmanager
def bar(title: str, total: int, unit: str, *, shown: bool = True, stream: TextIO | None = None) -> Iterator[Advance]:
    """Gives a function to be called with the amount of work just done, of ``total`` in ``unit``."""
    out = sys.stderr if stream is None else stream
    if not shown or total <= 0 or not out.isatty():
        yield _ignore
        return
    try:
        from rich.console import Console
        from rich.progress import (
            BarColumn,
            MofNCompleteColumn,
            Progress,
            TextColumn,
            TimeElapsedColumn,
            TimeRemainingColumn,
        )
    except ImportError:
        yield from _plain(title, total, unit, out)
        return
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn(unit),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(file=out), transient=True) as progress:
        task = progress.add_task(title, total=total)
        yield lambda amount: progress.advance(task, amount)


def _ignore(amount: int) -> None:
    del amount


def _plain(title: str, total: int, unit: str, out: TextIO) -> Iterator[Advance]:
    done, shown_at, start = 0, 0.0, time.monotonic()

    def draw() -> None:
        filled = _PLAIN_WIDTH * min(done, total) // total
        line = "#" * filled + "." * (_PLAIN_WIDTH - filled)
        out.write(f"\r{title} [{line}] {done}/{total} {unit} {time.monotonic() - start:.0f} s")
        out.flush()

    def advance(amount: int) -> None:
        nonlocal done, shown_at
        done += amount
        now = time.monotonic()
        if now - shown_at >= _PLAIN_EVERY_S or done >= total:
            shown_at = now
            draw()

    draw()
    try:
        yield advance
    finally:
        out.write("\r\x1b[K")
        out.flush()
