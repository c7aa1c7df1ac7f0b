"""Bitcoin Core's published script vectors: signature hashes, key-path spends, whole transactions, single scripts.

The native decoder knows templates and leaves other scripts undecided. So for every vector, whatever it does: what must
fail is never valid, and what must pass is never invalid. Where a template is met the answer must be exact.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import pytest
from vectors import bip340

import isthmus
from chains import bitcoin_data
from chains.bitcoin_asm import assemble, script_case
from isthmus.chains.bitcoin import Anchor, Prevout, pack_prevouts
from isthmus.reference import bitcoin as ref

CHAIN: Final = "bitcoin-input"
HEIGHT: Final = 900_000
RULE: Final = {
    "P2SH": "p2sh",
    "DERSIG": "strict-der",
    "NULLDUMMY": "null-dummy",
    "WITNESS": "witness",
    "TAPROOT": "taproot",
}
# Flags and errors of relay policy: they are no consensus rules, so a refusal by one says nothing here.
POLICY_ERRORS: Final = {
    "SIG_HASHTYPE",
    "PUBKEYTYPE",
    "SIG_HIGH_S",
    "MINIMALDATA",
    "CLEANSTACK",
    "NULLFAIL",
    "MINIMALIF",
    "WITNESS_PUBKEYTYPE",
    "SIG_PUSHONLY",
    "DISCOURAGE_UPGRADABLE_NOPS",
    "DISCOURAGE_UPGRADABLE_WITNESS_PROGRAM",
    "CONST_SCRIPTCODE",
}
Report = Callable[[str], None]


def load(data: Path, name: str) -> Any:
    content = bitcoin_data.vector(data, name)
    if content is None:
        pytest.skip(f"no {name} in the data folder")
    return content


def anchor(spent: list[ref.Output], index: int, rules: frozenset[str]) -> Anchor:
    container = pack_prevouts(Prevout(out.value, out.script) for out in spent)
    return Anchor(HEIGHT, prevouts=container, index=index, rules=rules)


def rules_of(flags: set[str]) -> frozenset[str]:
    return frozenset(RULE[flag] for flag in flags if flag in RULE)


# --- signature hashes


def test_sighash_vectors(data: Path, figures: Report) -> None:
    """The oracle on every vector; the native core is held against the oracle by every spend of the other tests."""
    cases = [case for case in load(data, "sighash.json") if len(case) == 5]
    right = 0
    for raw, script, index, hash_type, stated in cases:
        tx = ref.Transaction.parse(bytes.fromhex(raw))
        got = ref.signature_hash_legacy(tx, index, bytes.fromhex(script), hash_type & 0xFFFFFFFF)
        right += got[::-1].hex() == stated
    figures(f"sighash.json (oracle): {right} of {len(cases)}")
    assert right == len(cases)


@pytest.mark.full
def test_sighash_vectors_as_spends(data: Path, figures: Report) -> None:
    """Each transaction of sighash.json spends a P2PK output that signs the case's hash type: native equals the oracle.

    The vector's own script is no template, so the script code here is the P2PK script; transaction, input and hash
    type are the vector's.
    """
    from helpers.bitcoin import legacy_signature, push

    from isthmus.reference import secp256k1

    key = secp256k1.public_key(7)
    script = push(key) + b"\xac"
    inputs, anchors = [], []
    for raw, _, index, hash_type, _ in (case for case in load(data, "sighash.json") if len(case) == 5):
        tx = ref.Transaction.parse(bytes.fromhex(raw))
        tx.inputs[index].script = push(legacy_signature(tx, index, script, 7, hash_type & 0xFF))
        inputs.append(tx.serialise())
        spent = [ref.Output(0, script if i == index else b"") for i in range(len(tx.inputs))]
        anchors.append(anchor(spent, index, frozenset({"p2sh", "strict-der"})))
    report = isthmus.Engine().check(CHAIN, inputs, anchors)
    figures(f"sighash.json (native, as P2PK spends): {sum(each.ok for each in report)} of {len(report)} valid")
    assert report.ok


def test_bip341_wallet_spends(data: Path) -> None:
    """The BIP's transaction with its witnesses: every key-path input is valid, and none with a changed amount."""
    engine = isthmus.Engine()
    seen = 0
    for folder in (data / "vectors" / "bip340", data / "blocks" / "bitcoin" / "vectors"):
        for _, entry in bip340.wallet_vectors(folder):
            tx = ref.Transaction.parse(bytes.fromhex(entry["given"]["rawUnsignedTx"]))
            spent = [
                ref.Output(out["amountSats"], bytes.fromhex(out["scriptPubKey"]))
                for out in entry["given"]["utxosSpent"]
            ]
            for case in entry["inputSpending"]:
                index = case["given"]["txinIndex"]
                digest = ref.signature_hash_taproot(tx, index, spent, case["given"]["hashType"])
                assert digest.hex() == case["intermediary"]["sigHash"]
                tx.inputs[index].witness = [bytes.fromhex(item) for item in case["expected"]["witness"]]
            raw = tx.serialise()
            for case in entry["inputSpending"]:
                index = case["given"]["txinIndex"]
                assert engine.check(CHAIN, raw, anchor(spent, index, frozenset(RULE.values()))).ok
                richer = [ref.Output(out.value + 1, out.script) for out in spent]
                verdict = engine.check(CHAIN, raw, anchor(richer, index, frozenset(RULE.values())))
                assert (str(verdict.status), verdict.code) == ("invalid", "signature_false")
                seen += 1
    if not seen:
        pytest.skip("no BIP341 wallet vectors in the data folder")


# --- Core's corpus of script assets


def asset_spends(cases: Any) -> Iterator[tuple[Any, str, bytes, Anchor]]:
    """(case, "success" or "failure", transaction, anchor)."""
    for case in cases:
        index = case["index"]
        spent = []
        for text in case["prevouts"]:
            reader = ref.Reader(bytes.fromhex(text))
            spent.append(ref.Output(reader.uint(8), reader.string()))
        rules = rules_of(set(case["flags"].split(",")))
        for outcome in ("success", "failure"):
            if outcome not in case:
                continue
            tx = ref.Transaction.parse(bytes.fromhex(case["tx"]))
            tx.inputs[index].script = bytes.fromhex(case[outcome]["scriptSig"])
            tx.inputs[index].witness = [bytes.fromhex(item) for item in case[outcome]["witness"]]
            yield case, outcome, tx.serialise(), anchor(spent, index, rules)


def is_key_path(case: Any) -> bool:
    """A Taproot output whose right spend is a single witness item beside an annex."""
    output = bytes.fromhex(case["prevouts"][case["index"]])[9:]
    witness = case.get("success", {}).get("witness", [])
    if len(witness) >= 2 and witness[-1].startswith("50"):
        witness = witness[:-1]
    return "TAPROOT" in case["flags"] and output.startswith(b"\x51\x20") and len(output) == 34 and len(witness) == 1


def test_script_assets(data: Path, figures: Report) -> None:
    spends = list(asset_spends(load(data, "taproot_script_assets.json")))
    report = isthmus.Engine().check(CHAIN, [raw for _, _, raw, _ in spends], [each for *_, each in spends])
    counts: Counter[tuple[str, str, str]] = Counter()
    wrong = []
    for (case, outcome, _, _), verdict in zip(spends, report, strict=True):
        kind = "key path" if is_key_path(case) else "other"
        counts[(kind, outcome, str(verdict.status))] += 1
        if (outcome == "failure" and verdict.ok) or (outcome == "success" and str(verdict.status) == "invalid"):
            wrong.append((case["comment"], outcome, str(verdict)))
    for (kind, outcome, status), count in sorted(counts.items()):
        figures(f"taproot script assets, {kind}: {outcome} {status} {count}")
    assert not wrong, wrong[:10]
    assert counts[("key path", "success", "valid")] == sum(
        count for (kind, outcome, _), count in counts.items() if (kind, outcome) == ("key path", "success")
    ), "a right key-path spend was not decided"
    failures = {status for kind, outcome, status in counts if (kind, outcome) == ("key path", "failure")}
    assert failures <= {"invalid"}, "a wrong key-path spend was not decided"


# --- whole transactions


def transactions(cases: Any) -> Iterator[tuple[bytes, list[ref.Output], set[str]]]:
    """(transaction, spent outputs in its order, flags)."""
    for case in cases:
        if len(case) != 3 or not isinstance(case[0], list):
            continue
        raw = bytes.fromhex(case[1])
        known = {
            (bytes.fromhex(entry[0])[::-1], entry[1] & 0xFFFFFFFF): ref.Output(
                entry[3] if len(entry) > 3 else 0, assemble(entry[2])
            )
            for entry in case[0]
        }
        flags = set(case[2].split(",")) - {"NONE", ""}
        try:
            tx = ref.Transaction.parse(raw)
        except ValueError:
            assert "BADTX" in flags
            continue
        if all((entry.previous, entry.index) in known for entry in tx.inputs):
            yield raw, [known[(entry.previous, entry.index)] for entry in tx.inputs], flags


def judged(raw: bytes, spent: list[ref.Output], rules: frozenset[str]) -> list[isthmus.Verdict]:
    engine = isthmus.Engine(threads=1)
    return list(engine.check(CHAIN, [raw] * len(spent), [anchor(spent, i, rules) for i in range(len(spent))]))


def test_valid_transactions(data: Path, figures: Report) -> None:
    """Under all rules but the excluded ones no input of tx_valid.json is invalid."""
    counts: Counter[str] = Counter()
    for raw, spent, excluded in transactions(load(data, "tx_valid.json")):
        flags = set(RULE) - excluded
        if "P2SH" not in flags:
            flags -= {"WITNESS", "TAPROOT"}
        for verdict in judged(raw, spent, rules_of(flags)):
            counts[str(verdict.status)] += 1
            assert str(verdict.status) != "invalid", (raw.hex(), str(verdict))
    figures(f"tx_valid.json: inputs {dict(counts)}")
    assert counts["valid"] > 50


def test_invalid_transactions(data: Path, figures: Report) -> None:
    """Of tx_invalid.json, some input must not be valid, unless the fault lies outside of scripts."""
    counts: Counter[str] = Counter()
    for raw, spent, flags in transactions(load(data, "tx_invalid.json")):
        if flags & (POLICY_ERRORS | {"BADTX"}):
            continue
        verdicts = judged(raw, spent, rules_of(flags))
        assert not all(verdict.ok for verdict in verdicts), raw.hex()
        worst = {str(verdict.status) for verdict in verdicts}
        counts["invalid" if "invalid" in worst else "undecided"] += 1
    figures(f"tx_invalid.json: transactions {dict(counts)}")
    assert counts["invalid"] > 10


# --- single scripts


def script_cases(cases: Any) -> Iterator[tuple[str, bytes, Anchor, set[str], str]]:
    for case in cases:
        witness: list[bytes] = []
        value = 0
        row = list(case)
        if row and isinstance(row[0], list):
            *items, amount = row.pop(0)
            if any(str(item).startswith("#") for item in items):
                continue
            witness, value = [bytes.fromhex(item) for item in items], round(amount * ref.COIN)
        if len(row) < 4 or "#" in row[1]:
            continue
        flags = set(row[2].split(",")) - {""}
        tx, spent = script_case(assemble(row[0]), assemble(row[1]), witness, value)
        yield str(case), tx.serialise(), anchor(spent, 0, rules_of(flags)), flags, row[3]


def test_single_scripts(data: Path, figures: Report) -> None:
    """script_tests.json: OK is never invalid, a consensus error never valid."""
    cases = list(script_cases(load(data, "script_tests.json")))
    report = isthmus.Engine().check(CHAIN, [raw for _, raw, *_ in cases], [each for _, _, each, *_ in cases])
    counts: Counter[str] = Counter()
    wrong = []
    for (text, _, _, flags, expected), verdict in zip(cases, report, strict=True):
        status = str(verdict.status)
        if expected in POLICY_ERRORS or (expected == "SIG_DER" and "DERSIG" not in flags):
            counts[f"policy {status}"] += 1
            continue
        counts[f"{'OK' if expected == 'OK' else 'error'} {status}"] += 1
        if (expected == "OK" and status == "invalid") or (expected != "OK" and status == "valid"):
            wrong.append((text, expected, str(verdict)))
    figures(f"script_tests.json: {len(cases)} scripts {dict(sorted(counts.items()))}")
    assert not wrong, wrong[:10]
    assert counts["OK valid"] > 20
    assert counts["error invalid"] > 20
