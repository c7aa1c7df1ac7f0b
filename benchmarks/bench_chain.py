"""Whole inputs: `chain::check/input=...`; blocks come from the data folder, which may be absent."""

from __future__ import annotations

from typing import Any

import blocks
import cases
import pytest

import isthmus

PRESENT = list(blocks.present(cases.data_folder()))


@pytest.mark.skipif(not PRESENT, reason="no blocks: set ISTHMUS_DATA")
@pytest.mark.parametrize("case", PRESENT, ids=[case.name for case in PRESENT])
def test_check(benchmark: Any, engine: isthmus.Engine, case: blocks.Case) -> None:
    benchmark.name = f"chain::check/input={case.name}"
    verdict = benchmark(engine.check, case.chain, case.raw, case.anchor)
    assert str(verdict.status) == case.expected
