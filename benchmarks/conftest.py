"""pytest-benchmark runs: figures carry their machine; `pytest benchmarks --benchmark-only`."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent))

import cases
import machine

import isthmus


def pytest_report_header() -> list[str]:
    return machine.lines(machine.describe(cases.SEED, 1))


def pytest_benchmark_update_machine_info(config: pytest.Config, machine_info: dict[str, Any]) -> None:
    machine_info["isthmus"] = machine.describe(cases.SEED, 1)


@pytest.fixture(scope="session")
def engine() -> Iterator[isthmus.Engine]:
    """One thread: what is measured is the kernel, not the pool."""
    with isthmus.Engine(threads=1) as one:
        yield one
