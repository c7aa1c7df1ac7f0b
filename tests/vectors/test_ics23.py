"""ICS-23 test data of cosmos/ics23 and real IBC proofs: every file's stated answer."""

from __future__ import annotations

import base64
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from helpers.data import json_files
from helpers.ics23 import CORE, SLOW, both

from isthmus import _native, ics23
from isthmus.reference import ics23 as slow

NAMES = {"prefix", "suffix", "key", "value", "empty_child"}


def message(content: Any) -> Any:
    """A message out of Go's JSON: byte strings are base64."""
    if isinstance(content, dict):
        return {name: base64.b64decode(value or "") if name in NAMES else message(value)
                for name, value in content.items()}  # fmt: skip
    return [message(each) for each in content] if isinstance(content, list) else content


def cases(data: Path, name: str) -> list[tuple[str, dict[str, Any]]]:
    found = [content for path, content in json_files(data / "vectors" / "merkle" / "ics23") if path.name == name]
    if not found:
        pytest.skip(f"no {name} in the data folder")
    return list(found[0].items()) if isinstance(found[0], dict) else [(str(i), each) for i, each in enumerate(found[0])]


def test_proofs_of_whole_stores(data: Path, figures: Callable[[str], None]) -> None:
    seen = 0
    for path, content in json_files(data / "vectors" / "merkle" / "ics23"):
        kind = path.parent.name
        if kind not in CORE:
            continue
        root, proof, key = (bytes.fromhex(content[name]) for name in ("root", "proof", "key"))
        value = bytes.fromhex(content["value"]) if content["value"] else None
        assert both(kind, root, proof, key, value), path  # type: ignore[arg-type]
        assert not both(kind, root, proof, key, b"other" if value is None else None), path  # type: ignore[arg-type]
        seen += 1
    if not seen:
        pytest.skip("no ICS-23 proofs in the data folder")
    figures(f"ICS-23: {seen} proofs of IAVL, Tendermint and sparse stores, {seen} right")


def test_ibc_packet_proofs(data: Path, figures: Callable[[str], None]) -> None:
    """Proofs that relayers sent between public networks, against the app_hash of verified headers."""
    seen = 0
    for _, content in json_files(data / "blocks" / "cosmos" / "state_proofs"):
        for entry in content:
            root, proof = (bytes.fromhex(entry[name]) for name in ("app_hash", "merkle_proof_protobuf"))
            value = None if entry["value"] is None else bytes.fromhex(entry["value"])
            path = [entry["store"].encode(), entry["key"].encode()]
            specs = [ics23.IAVL, ics23.TENDERMINT]
            if value is None:
                assert ics23.verify_non_membership(specs, root, path, proof)
            else:
                assert ics23.verify_membership(specs, root, path, proof, value)
                assert not ics23.verify_membership(specs, root, path, proof, value + b"x")
                assert not ics23.verify_non_membership(specs, root, path, proof)
            assert slow.verify_chain([SLOW["iavl"], SLOW["tendermint"]], root, path, proof, value)
            seen += 1
    if not seen:
        pytest.skip("no IBC proofs in the data folder")
    figures(f"ICS-23: {seen} real IBC proofs, {seen} right")


def test_do_hash(data: Path) -> None:
    for name, case in cases(data, "TestDoHashData.json"):
        preimage = (case.get("Preimage") or case.get("PreImage")).encode()
        op = slow.write(slow.INNER_OP, {"hash": case["HashOp"], "prefix": preimage[:1], "suffix": preimage[2:]})
        said = _native.ics23_apply_inner(op, preimage[1:2])
        wanted = bytes.fromhex(case["ExpectedHash"]) if case["HashOp"] in slow.HASHES else None
        assert said == wanted, name


def test_leaf_op(data: Path) -> None:
    for name, case in cases(data, "TestLeafOpData.json"):
        op = slow.write(slow.LEAF_OP, message(case["Op"]))
        key, value = (base64.b64decode(case[part] or "") for part in ("Key", "Value"))
        wanted = None if case["IsErr"] else base64.b64decode(case["Expected"])
        assert _native.ics23_apply_leaf(op, key, value) == wanted, name


def test_inner_op(data: Path) -> None:
    for name, case in cases(data, "TestInnerOpData.json"):
        op = slow.write(slow.INNER_OP, message(case["Op"]))
        wanted = None if case["IsErr"] else base64.b64decode(case["Expected"])
        assert _native.ics23_apply_inner(op, base64.b64decode(case["Child"] or "")) == wanted, name


def test_check_leaf(data: Path) -> None:
    for name, case in cases(data, "TestCheckLeafData.json"):
        leaf, spec = (slow.write(slow.LEAF_OP, message(case[part])) for part in ("Leaf", "Spec"))
        assert _native.ics23_fits_leaf(leaf, spec) == (not case["IsErr"]), name


def test_check_against_spec(data: Path) -> None:
    """Whether a proof fits a spec, asked through its own root: what fits is proven, what does not is not."""
    for name, case in cases(data, "TestCheckAgainstSpecData.json"):
        proof, spec = message(case["Proof"]), message(case["Spec"])
        raw = slow.write(slow.SPEC, spec)
        try:
            root = slow.apply_leaf(proof.get("leaf") or {}, proof.get("key", b""), proof.get("value", b""))
            for op in proof.get("path") or []:
                root = slow.apply_inner(op, root)
        except ValueError:
            root = bytes(32)
        whole = slow.write(slow.PROOF, {"exist": proof})
        try:
            said = ics23.verify(raw, root, whole, proof.get("key", b""), proof.get("value", b""))
        except ValueError:
            said = False
        assert said == (not case["Err"]), name


def test_empty_branches(data: Path) -> None:
    """isLeft and isRight: whether a step has no neighbour on a side, empty children not counted. The core is asked for
    the absence of a key on that side of a path of this one step, which the outermost child's step shows as well."""
    for name, case in cases(data, "TestEmptyBranchData.json"):
        op, raw = message(case["Op"]), slow.write(slow.SPEC, message(case["Spec"]))
        spec = slow.read_spec(raw)
        assert slow.left_branches_are_empty(spec, op) == case["IsLeft"], name
        assert slow.right_branches_are_empty(spec, op) == case["IsRight"], name
        exist = {"key": b"m", "value": b"v", "leaf": spec.leaf, "path": [op]}
        root = slow.apply_inner(op, slow.apply_leaf(spec.leaf, b"m", b"v"))
        assert ics23.verify(raw, root, slow.write(slow.PROOF, {"exist": exist}), b"m", b"v"), name
        for side, key, is_empty, here, there in (
            ("right", b"a", case["IsLeft"], "prefix", "suffix"),
            ("left", b"z", case["IsRight"], "suffix", "prefix"),
        ):
            proof = slow.write(slow.PROOF, {"nonexist": {side: exist}})
            is_outermost = len(op.get(here, b"")) < spec.child_size <= len(op.get(there, b""))
            assert ics23.verify(raw, root, proof, key, None) == (is_empty or is_outermost), (name, side)
            assert slow.verify(spec, root, proof, key, None) == (is_empty or is_outermost), (name, side)
