"""Verdicts and reports: immutable, without a truth value, picklable; what they say comes from the one list of codes."""

from __future__ import annotations

import copy
import dataclasses
import json
import pickle
import re
from types import SimpleNamespace
from typing import Any, cast

import pytest
from helpers.data import REPOSITORY

import isthmus
from isthmus import Count, Finding, Report, Status, Verdict
from isthmus.verdict import from_native

VALID = Verdict(Status.VALID, "ok", "block 1", counts={"tx": Count(2, 0, 0)}, facts={"hash": b"\x01\xff"})
INVALID = Verdict(
    Status.INVALID,
    "merkle_root_differs",
    "block 7 merkle",
    (
        Finding(Status.INVALID, "merkle_root_differs", "block 7 merkle", 36),
        Finding(Status.INVALID, "signature_false", "block 7 tx 1 input 0", 0),
    ),
    counts={"tx": Count(1, 1, 0), "input": Count(0, 1, 0)},
)
UNDECIDED = Verdict(Status.UNDECIDED, "part_undecided", "block 8")
TOO_LARGE = Verdict(Status.UNDECIDED, "limit_exceeded", "")
ALL = [VALID, INVALID, UNDECIDED, TOO_LARGE]


def test_a_verdict_has_no_truth_value() -> None:
    for verdict in ALL:
        with pytest.raises(TypeError, match=r"use verdict\.ok"):
            bool(verdict)
        with pytest.raises(TypeError, match=r"use report\.ok"):
            bool(Report([verdict]))
    assert [verdict.ok for verdict in ALL] == [True, False, False, False]


def test_a_verdict_cannot_be_changed() -> None:
    for name in ("status", "code", "findings", "counts"):
        with pytest.raises(dataclasses.FrozenInstanceError):
            setattr(INVALID, name, None)
    native = SimpleNamespace(status=0, code=0, place="", findings=[], counts={}, facts={"a": b"b"}, rows={})
    verdict = from_native(cast(Any, native))
    for mapping in (verdict.counts, verdict.facts, verdict.rows):
        with pytest.raises(TypeError):
            cast(Any, mapping)["a"] = b"c"


def test_require_raises_what_fits() -> None:
    assert VALID.require() is VALID
    with pytest.raises(isthmus.InvalidBlock, match="merkle_root_differs at block 7 merkle") as invalid:
        INVALID.require()
    assert invalid.value.verdict is INVALID
    with pytest.raises(isthmus.Undecided) as undecided:
        UNDECIDED.require()
    assert not isinstance(undecided.value, ValueError)
    with pytest.raises(isthmus.LimitExceeded) as limit:
        TOO_LARGE.require()
    assert isinstance(limit.value, ValueError)
    assert isinstance(limit.value, isthmus.Undecided)
    assert pickle.loads(pickle.dumps(invalid.value)).verdict == INVALID


def test_the_tree_of_errors() -> None:
    tree = (isthmus.InvalidBlock, isthmus.Undecided, isthmus.LimitExceeded, isthmus.MutatedTree, isthmus.InternalError)
    for error in tree:
        assert issubclass(error, isthmus.IsthmusError)
    assert issubclass(isthmus.MutatedTree, ValueError)
    assert not issubclass(isthmus.InternalError, ValueError)


@pytest.mark.parametrize("verdict", ALL)
def test_pickle_copy_and_json(verdict: Verdict) -> None:
    assert pickle.loads(pickle.dumps(verdict)) == verdict
    assert copy.deepcopy(verdict) == verdict
    assert hash(verdict) == hash(copy.copy(verdict))
    said = json.loads(json.dumps(verdict.to_dict()))
    assert said["status"] == verdict.status
    assert said["code"] == verdict.code
    assert said["reason"] == isthmus.codes()[verdict.code].text
    assert len(said["findings"]) == len(verdict.findings)


def test_text() -> None:
    assert str(VALID) == "valid: block 1"
    assert str(INVALID) == "invalid: merkle_root_differs at block 7 merkle: the recomputed Merkle root differs"
    assert str(INVALID.findings[0]).startswith("invalid: merkle_root_differs at block 7 merkle (byte 36): ")
    assert "(byte" not in str(INVALID.findings[1])
    assert INVALID.offset == 36
    assert VALID.offset == 0


def test_native_verdicts_are_translated() -> None:
    native = SimpleNamespace(
        status=1,
        code=3001,
        place="block 7 tx 1 input 0",
        findings=[(1, 3001, "block 7 tx 1 input 0", 0), (2, 1009, "block 7", 12)],
        counts={"input": (0, 1, 2)},
        facts={"hash": b"\x00"},
        rows={"signature": 3},
    )
    verdict = from_native(cast(Any, native))
    assert (verdict.status, verdict.code) == (Status.INVALID, "signature_false")
    assert verdict.findings[1] == Finding(Status.UNDECIDED, "limit_exceeded", "block 7", 12)
    assert verdict.counts["input"] == Count(valid=0, invalid=1, undecided=2)
    assert verdict.rows["signature"] == 3


def test_a_code_in_no_list_is_our_defect() -> None:
    native = SimpleNamespace(status=1, code=9999, place="", findings=[], counts={}, facts={}, rows={})
    with pytest.raises(isthmus.InternalError, match="9999"):
        from_native(cast(Any, native))


@pytest.mark.parametrize(
    ("verdicts", "status"),
    [
        ([], Status.UNDECIDED),
        ([VALID], Status.VALID),
        ([VALID, VALID], Status.VALID),
        ([VALID, UNDECIDED], Status.UNDECIDED),
        ([UNDECIDED, INVALID, VALID], Status.INVALID),
    ],
)
def test_a_report_folds(verdicts: list[Verdict], status: Status) -> None:
    report = Report(verdicts)
    assert report.status is status
    assert report.ok is (status is Status.VALID)
    assert list(report) == verdicts == list(report[:])
    assert report == verdicts
    if report.ok:
        assert report.require() is report
    else:
        with pytest.raises((isthmus.IsthmusError, ValueError)):
            report.require()


def test_a_report_counts_and_makes_records() -> None:
    report = Report(ALL)
    assert report.counts == {"tx": Count(3, 1, 0), "input": Count(0, 1, 0)}
    assert report.summary() == "1 valid, 1 invalid, 2 undecided"
    assert report[1] is INVALID
    assert isinstance(report[1:3], Report)
    records = report.to_records()
    assert records["status"].tolist() == [0, 1, 2, 2]
    assert records["code"].tolist() == [0, 4002, 2004, 1009]
    assert records["findings"].tolist() == [0, 2, 0, 0]
    assert records["where"].tolist() == ["block 1", "block 7 merkle", "block 8", ""]
    assert Report([]).to_records().shape == (0,)


def test_codes_are_those_of_the_one_list() -> None:
    text = (REPOSITORY / "ext/base/codes.def").read_text(encoding="utf-8")
    listed = {name: (int(number), said) for name, number, said in re.findall(r'^X\((\w+), (\d+), "(.*)"\)', text, re.M)}
    assert {code.name: (code.number, code.text) for code in isthmus.codes().values()} == listed
    numbers = [code.number for code in isthmus.codes().values()]
    assert numbers == sorted(set(numbers))
