"""Shared fixtures: where the third-party data lies, which tests are slow, and the figures that a run reports.

Data are never part of the repository. `ISTHMUS_DATA` names the folder that holds `vectors/` and `blocks/`;
without it `../shared` beside the repository is tried. A test that needs data and finds none is skipped and
says so.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

TESTS = Path(__file__).resolve().parent
if str(TESTS) not in sys.path:
    sys.path.insert(0, str(TESTS))

from helpers.data import data_root  # noqa: E402

_FIGURES = pytest.StashKey[list[str]]()


def pytest_configure(config: pytest.Config) -> None:
    config.stash[_FIGURES] = []
    try:
        from hypothesis import HealthCheck, settings
    except ImportError:
        return
    lenient = [HealthCheck.too_slow, HealthCheck.data_too_large]
    settings.register_profile("isthmus", deadline=None, max_examples=60, suppress_health_check=lenient)
    settings.register_profile("isthmus-slow", deadline=None, max_examples=2000, suppress_health_check=lenient)
    settings.load_profile("isthmus-slow" if os.environ.get("ISTHMUS_SLOW") else "isthmus")


def pytest_runtest_setup(item: pytest.Item) -> None:
    wanted = os.environ.get("ISTHMUS_SLOW") or "slow" in (item.config.getoption("-m") or "")
    if not wanted and item.get_closest_marker("slow") is not None:
        pytest.skip("slow: run with -m slow or ISTHMUS_SLOW=1")


def pytest_report_header() -> str:
    root = data_root()
    return f"isthmus data: {root or 'none (set ISTHMUS_DATA); tests that need it are skipped'}"


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    figures = config.stash[_FIGURES]
    if figures:
        terminalreporter.section("figures")
        for line in figures:
            terminalreporter.write_line(line)


@pytest.fixture(scope="session")
def data() -> Path:
    """The folder with `vectors/` and `blocks/`; skips when there is none."""
    root = data_root()
    if root is None:
        pytest.skip("no third-party data: set ISTHMUS_DATA or put it at ../shared beside the repository")
    return root


@pytest.fixture(scope="session")
def figures(request: pytest.FixtureRequest) -> Callable[[str], None]:
    """Adds a line to the figures that the run prints at its end."""
    return request.config.stash[_FIGURES].append
