"""Real blocks and headers of Bitcoin: right verdicts, counted inputs, and mutations that nothing may forgive."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from statistics import median
from typing import Final

import pytest

import isthmus
from chains import bitcoin_data
from chains.bitcoin_data import RealBlock
from isthmus.chains.bitcoin import Anchor, Prevout, with_txids
from isthmus.reference import bitcoin as ref

CHAIN: Final = "bitcoin-block"
Report = Callable[[str], None]

# Inputs by verdict, (valid, invalid, undecided), of blocks that were counted by hand with another library.
COUNTED: Final = {
    "866342": (7913, 0, 59),
    "413567": (4886, 0, 0),
    "170": (1, 0, 0),
    "478558": (666, 0, 0),
}
# What may keep a real block from being decided; anything else is a defect.
HONEST_DOUBTS: Final = {
    "bitcoin_script_not_template",
    "bitcoin_tap_branches",
    "bitcoin_prevouts_missing",
    "bitcoin_prevout_height_missing",
    "bitcoin_median_time_missing",
    "bitcoin_script_rules_unknown",
    "bitcoin_header_context_missing",
}


def real_blocks(data: Path) -> tuple[RealBlock, ...]:
    found = bitcoin_data.blocks(data)
    if not found:
        pytest.skip("no Bitcoin blocks in the data folder")
    return found


def pinned(block: RealBlock, engine: isthmus.Engine) -> Anchor:
    """The block's own hash, its spent outputs and the hint of identifiers."""
    anchor = Anchor(block.height, block.network, hash=block.hash, prevouts=block.prevouts)
    return with_txids(engine, block.raw, anchor)


def test_every_real_block(data: Path, figures: Report) -> None:
    """No input of a real block is invalid; what is not decided is so for a reason that the page states."""
    engine = isthmus.Engine()
    total: Counter[str] = Counter()
    blocks = real_blocks(data)
    for block in blocks:
        verdict = engine.check(CHAIN, block.raw, pinned(block, engine))
        problems = {finding.code for finding in verdict.findings} - HONEST_DOUBTS
        assert not problems, (block.name, [str(finding) for finding in verdict.findings][:5])
        assert str(verdict.status) != "invalid", (block.name, str(verdict))
        inputs = verdict.counts.get("input", isthmus.Count(0, 0, 0))
        assert inputs.invalid == 0
        if block.name in COUNTED:
            assert inputs == COUNTED[block.name], block.name
        if block.prevouts is not None and inputs.undecided == 0:
            allowed = {"bitcoin_median_time_missing", "bitcoin_prevout_height_missing"}
            assert verdict.ok or {f.code for f in verdict.findings} <= allowed, (block.name, str(verdict))
        total[str(verdict.status)] += 1
        figures(
            f"bitcoin {block.name} ({'with' if block.prevouts else 'without'} prevouts): {verdict.status}, inputs "
            f"{inputs.valid} valid, {inputs.undecided} undecided, {inputs.invalid} invalid"
        )
    figures(f"bitcoin: {len(blocks)} real blocks: {dict(total)}")


def test_all_real_blocks_in_one_call(data: Path) -> None:
    """Pooling rows over blocks changes no verdict."""
    engine = isthmus.Engine(threads=2)
    blocks = [block for block in real_blocks(data) if len(block.raw) < 300_000]
    anchors = [pinned(block, engine) for block in blocks]
    together = engine.check(CHAIN, [block.raw for block in blocks], anchors)
    for block, anchor, verdict in zip(blocks, anchors, together, strict=True):
        assert engine.check(CHAIN, block.raw, anchor) == verdict, block.name


def test_fees_and_coinbase_agree_with_the_oracle(data: Path) -> None:
    engine = isthmus.Engine()
    seen = 0
    for block in real_blocks(data):
        if block.prevouts is None or len(block.raw) > 300_000:
            continue
        verdict = engine.check(CHAIN, block.raw, pinned(block, engine))
        parsed = ref.Block.parse(block.raw)
        spent = sum(prevout.value for prevout in ref.parse_prevouts(block.prevouts))
        made = sum(out.value for tx in parsed.transactions[1:] for out in tx.outputs)
        assert int.from_bytes(verdict.facts["fees"], "little") == spent - made, block.name
        assert verdict.facts["txids"] == b"".join(tx.txid() for tx in parsed.transactions)
        seen += 1
    if not seen:
        pytest.skip("no small blocks with spent outputs in the data folder")


def test_duplicated_tail_of_real_blocks(data: Path) -> None:
    """CVE-2012-2459 on real bytes: the last transaction again, where the root stays the same."""
    engine = isthmus.Engine()
    seen = 0
    for block in real_blocks(data):
        if len(block.raw) > 300_000:
            continue
        parsed = ref.Block.parse(block.raw)
        if len(parsed.transactions) % 2 == 0 or len(parsed.transactions) == 1:
            continue
        parsed.transactions.append(parsed.transactions[-1])
        raw = parsed.serialise()
        assert ref.merkle_root([tx.txid() for tx in parsed.transactions]) == (parsed.header.merkle_root, True)
        verdict = engine.check(CHAIN, raw, replace(pinned(block, engine), txids=b""))
        assert str(verdict.status) == "invalid"
        assert "merkle_mutated" in {finding.code for finding in verdict.findings}
        seen += 1
    if not seen:
        pytest.skip("no small block with an odd number of transactions in the data folder")


def test_wrong_anchors_are_refused(data: Path) -> None:
    engine = isthmus.Engine()
    for block in [block for block in real_blocks(data) if len(block.raw) < 100_000]:
        anchor = pinned(block, engine)
        other = bytes([block.hash[0] ^ 1]) + block.hash[1:]
        verdict = engine.check(CHAIN, block.raw, replace(anchor, hash=other))
        assert (str(verdict.status), verdict.code) == ("invalid", "bitcoin_trusted_hash_differs")
        if block.prevouts is None or len(block.prevouts) < 10:
            continue
        poorer = bytearray(block.prevouts)
        poorer[4:12] = bytes(8)
        verdict = engine.check(CHAIN, block.raw, replace(anchor, prevouts=bytes(poorer)))
        assert not verdict.ok


# --- mutation of real bytes


def context(data: Path, height: int) -> tuple[bytes, bytes] | None:
    for _, network, first, headers in bitcoin_data.header_files(data):
        if network == "main" and first == 0 and height <= len(headers) // 80:
            return headers, headers[80 * height : 80 * (height + 1)]
    return None


def test_small_blocks_with_their_headers_and_every_byte_flipped(data: Path, figures: Report) -> None:
    """Blocks whose parents are known are valid without a pin; then no flipped bit of any byte is."""
    engine = isthmus.Engine()
    seen = flips = 0
    for block in real_blocks(data):
        known = context(data, block.height)
        if block.network != "main" or block.prevouts is None or known is None or len(block.raw) > 3000:
            continue
        anchor = Anchor(block.height, prevouts=block.prevouts).with_headers(known[0])
        assert engine.check(CHAIN, block.raw, anchor).ok, block.name
        for mask in (1, 0x10, 0x80, 0xFF):
            mutants = [block.raw[:i] + bytes([block.raw[i] ^ mask]) + block.raw[i + 1 :] for i in range(len(block.raw))]
            report = engine.check(CHAIN, mutants, anchor)
            assert [i for i, each in enumerate(report) if str(each.status) != "invalid"] == [], block.name
            flips += len(mutants)
        seen += 1
    if not seen:
        pytest.skip("no small block with known parents in the data folder")
    figures(f"bitcoin mutation: {seen} small real blocks valid, {flips} single-byte flips, 0 not invalid")


def _field_flips(raw: bytes) -> list[tuple[int, str]]:
    """(offset, code that must be among the findings) for a byte of each field of a block."""
    header = "bitcoin_trusted_hash_differs"
    fields = [(0, header), (4, header), (36, header), (36, "merkle_root_differs"), (68, header), (72, header)]
    fields += [(76, header), (85, "merkle_root_differs"), (len(raw) - 1, "merkle_root_differs")]
    return fields


def test_a_byte_of_each_field_of_real_blocks(data: Path) -> None:
    engine = isthmus.Engine()
    for block in real_blocks(data):
        if len(block.raw) > 300_000:
            continue
        anchor = replace(pinned(block, engine), txids=b"")
        for at, code in _field_flips(block.raw):
            mutant = block.raw[:at] + bytes([block.raw[at] ^ 1]) + block.raw[at + 1 :]
            verdict = engine.check(CHAIN, mutant, anchor)
            found = {finding.code for finding in verdict.findings}
            assert str(verdict.status) == "invalid", (block.name, at)
            structural = {"truncated", "trailing_bytes", "length_out_of_range", "not_canonical"}
            structural |= {"bitcoin_tx_flags", "bitcoin_tx_no_inputs"}
            assert code in found or found & structural, (block.name, at, found)


@pytest.mark.full
def test_spread_flips_over_large_blocks(data: Path, figures: Report) -> None:
    """Six bytes spread over each large block; every flip is invalid."""
    engine = isthmus.Engine()
    count = 0
    for block in real_blocks(data):
        if len(block.raw) < 100_000:
            continue
        anchor = replace(Anchor(block.height, block.network, hash=block.hash), prevouts=block.prevouts)
        places = [80 + (len(block.raw) - 81) * i // 5 for i in range(6)]
        for at in places:
            mutant = block.raw[:at] + bytes([block.raw[at] ^ 4]) + block.raw[at + 1 :]
            assert str(engine.check(CHAIN, mutant, anchor).status) == "invalid", (block.name, at)
            count += 1
    figures(f"bitcoin mutation: {count} flips in large real blocks, all invalid")


def test_witness_bytes_are_committed(data: Path) -> None:
    """A flip inside a witness leaves the txids alone; the commitment tells, and a signature does as well."""
    engine = isthmus.Engine()
    seen = 0
    for block in real_blocks(data):
        parsed = ref.Block.parse(block.raw) if len(block.raw) < 100_000 else None
        if parsed is None or block.prevouts is None:
            continue
        for tx in parsed.transactions[1:]:
            if not tx.has_witness():
                continue
            items = next(entry.witness for entry in tx.inputs if any(entry.witness))
            at = next(number for number, item in enumerate(items) if item)
            items[at] = bytes([items[at][0] ^ 1]) + items[at][1:]
            verdict = engine.check(CHAIN, parsed.serialise(), replace(pinned(block, engine), txids=b""))
            found = {finding.code for finding in verdict.findings}
            assert "bitcoin_witness_commitment" in found
            assert "merkle_root_differs" not in found
            seen += 1
            break
    if not seen:
        pytest.skip("no small SegWit block in the data folder")


# --- the chain's first blocks


def test_blocks_behind_magic_numbers(data: Path, figures: Report) -> None:
    """Heights 1 to n, each under all headers before it, with spent outputs from the blocks before."""
    engine = isthmus.Engine()
    seen = False
    for name, network, raws in bitcoin_data.block_files(data):
        known = context(data, len(raws))
        if network != "main" or known is None:
            continue
        seen = True
        unspent: dict[bytes, Prevout] = {}
        anchors, inputs = [], 0
        for height, raw in enumerate(raws, 1):
            parsed = ref.Block.parse(raw)
            spent = []
            for number, tx in enumerate(parsed.transactions):
                if number:
                    spent += [unspent.pop(entry.outpoint()) for entry in tx.inputs]
                for index, out in enumerate(tx.outputs):
                    outpoint = tx.txid() + index.to_bytes(4, "little")
                    unspent[outpoint] = Prevout(out.value, out.script, height, number == 0)
            inputs += len(spent)
            anchors.append(Anchor(height, network).with_headers(known[0]).with_prevouts(spent))
        report = engine.check(CHAIN, raws, anchors)
        assert report.ok, [str(verdict) for verdict in report if not verdict.ok][:3]
        assert report.counts["input"].valid == inputs
        figures(f"bitcoin {name}: {len(raws)} blocks valid, {inputs} inputs valid")
    if not seen:
        pytest.skip("no file of consecutive blocks in the data folder")


# --- headers


def test_header_files(data: Path, figures: Report) -> None:
    engine = isthmus.Engine()
    seen = False
    for name, network, first, headers in bitcoin_data.header_files(data):
        seen = True
        count = len(headers) // 80
        verdict = engine.check("bitcoin-headers", headers, Anchor(first, network))
        if first == 0:
            wanted = {"signet": ("valid", "undecided")}.get(network, ("valid",))
            assert str(verdict.status) in wanted, str(verdict)
        assert verdict.counts["header"].valid + verdict.counts["header"].undecided == count
        work = sum(ref.work(ref.Header.parse(headers[80 * i : 80 * i + 80]).bits) for i in range(count))
        assert int.from_bytes(verdict.facts["work"], "little") == work
        assert verdict.facts["hash"] == ref.sha256d(headers[-80:])
        retargets = sum(height % ref.PERIOD == 0 for height in range(max(first, 1), first + count))
        figures(f"bitcoin {name}: {count} headers {verdict.status}, {retargets} retargets")
    if not seen:
        pytest.skip("no header files in the data folder")


def test_runs_of_headers_from_the_middle(data: Path) -> None:
    """Any run is valid under the headers before it, across a retarget as well."""
    engine = isthmus.Engine()
    for _, network, first, headers in bitcoin_data.header_files(data):
        count = len(headers) // 80
        if first or network != "main":
            continue
        for start in (1, 11, 12, 2015, 2016, 2017, 4032, count - 1):
            if start >= count:
                continue
            run = headers[80 * start : 80 * min(start + 2100, count)]
            anchor = Anchor(start, network).with_headers(headers)
            assert engine.check("bitcoin-headers", run, anchor).ok, start
            without = engine.check("bitcoin-headers", run[:80], Anchor(start, network))
            assert (str(without.status), without.code) == ("undecided", "bitcoin_header_context_missing")


def test_a_changed_header_breaks_the_chain(data: Path) -> None:
    engine = isthmus.Engine()
    for _, network, first, headers in bitcoin_data.header_files(data):
        if first or network != "main":
            continue
        head = headers[: 80 * 2050]
        assert engine.check("bitcoin-headers", head, Anchor(0)).ok
        for height in (0, 1, 170, 2015, 2016, 2049):
            for at in (0, 4, 35, 36, 67, 68, 71, 72, 75, 76, 79):
                place = 80 * height + at
                mutant = head[:place] + bytes([head[place] ^ 1]) + head[place + 1 :]
                verdict = engine.check("bitcoin-headers", mutant, Anchor(0))
                assert str(verdict.status) == "invalid"
                assert verdict.where == f"header {height}", (height, at, str(verdict))
        swapped = head[: 80 * 100] + head[80 * 101 : 80 * 102] + head[80 * 100 : 80 * 101] + head[80 * 102 :]
        verdict = engine.check("bitcoin-headers", swapped, Anchor(0))
        assert (verdict.where, verdict.code) == ("header 100", "bitcoin_parent_differs")
        cut = engine.check("bitcoin-headers", head[:-1], Anchor(0))
        assert not cut.ok


def _made_header(time: int, bits: int) -> bytes:
    return ref.Header(4, bytes(32), bytes(32), time, bits, 0).serialise()


def test_headers_with_the_state_before_them(data: Path, figures: Report) -> None:
    """Real headers at retargets and between: target, median time and work from the stated chain state.

    The parents themselves are not in the files. Headers with the stated times stand in for them, so the link to the
    parent must be the one thing that is wrong; with any other target or an early time, more is.
    """
    engine = isthmus.Engine()
    seen = retargets = 0
    for name, state in bitcoin_data.light_states(data):
        before, after = state["chain_state"], state["expected"]
        height = before["block_height"] + 1
        fields = state["blocks"][0]["header"]
        previous = bytes.fromhex(before["best_block_hash"])[::-1]
        root = bytes.fromhex(state["blocks"][0]["data"]["merkle_root"])[::-1]
        real = ref.Header(fields["version"], previous, root, fields["time"], fields["bits"], fields["nonce"])
        assert real.hash()[::-1].hex() == after["best_block_hash"], name
        parent_bits = ref.bits_from_target(int(before["current_target"]))
        times = before["prev_timestamps"]
        parents = b"".join(_made_header(time, parent_bits) for time in times[-height:])
        opener = _made_header(before["epoch_start_time"], parent_bits)
        anchor = Anchor(height, parents=parents, opener=opener)
        verdict = engine.check("bitcoin-headers", real.serialise(), anchor)
        assert {finding.code for finding in verdict.findings} == {"bitcoin_parent_differs"}, (name, str(verdict))
        work = int(after["total_work"]) - int(before["total_work"])
        assert int.from_bytes(verdict.facts["work"], "little") == work
        if height % ref.PERIOD == 0:
            retargets += 1
            slower = replace(anchor, opener=_made_header(before["epoch_start_time"] - 700_000, parent_bits))
            moved = engine.check("bitcoin-headers", real.serialise(), slower)
            expected = ref.retarget(parent_bits, before["epoch_start_time"] - 700_000, times[-1])
            assert ("bitcoin_bits_wrong" in {f.code for f in moved.findings}) == (expected != fields["bits"])
        early = replace(real, time=int(median(times)))
        codes = {f.code for f in engine.check("bitcoin-headers", early.serialise(), anchor).findings}
        assert "bitcoin_time_too_early" in codes
        pinned_verdict = engine.check("bitcoin-headers", real.serialise(), Anchor(height, hash=real.hash()))
        assert pinned_verdict.ok, name
        seen += 1
    if not seen:
        pytest.skip("no chain states in the data folder")
    figures(f"bitcoin: {seen} headers under their chain state, {retargets} of them retargets")
