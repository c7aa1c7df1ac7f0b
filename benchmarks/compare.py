"""One run, side by side: isthmus and its neighbours on the same rows, interleaved, as medians and ratios.

    python benchmarks/compare.py                       # everything, about two minutes
    python benchmarks/compare.py --only ed25519,block  # contests whose name contains one of these
    python benchmarks/compare.py --quick --json out.json --plot out.png

Every round runs all entrants once, in an order that turns from round to round, so that a neighbour on the
machine slows all of them alike. A ratio is the median over the rounds of (neighbour's time / isthmus's
time) within one round: above 1 isthmus is faster. Times are process CPU seconds by default (`--clock wall`
for wall time), since shared machines lie about the other. isthmus runs on one thread unless `--threads`
says more; the neighbours have one. Blocks need the data folder.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

sys.path.insert(0, str(Path(__file__).resolve().parent))

import cases
import machine
import neighbours
import numpy as np
from numpy.typing import NDArray

import isthmus

Entrant = Callable[[], object]
Others = dict[str, neighbours.Verifier]
ISTHMUS: Final = "isthmus"
SIGNERS: Final = 50  # of a permissioned network
WARM_UP_MAX: Final = 60
MERKLE_HASHES: Final = {  # by rule: what a neighbour hashes 64 bytes with, where hashlib has it
    "sha256-pairs": "sha256",
    "sha256d-bitcoin": "sha256d",
    "sm3-pairs": "sm3",
    "keccak256-pairs": "keccak256",
    "blake3-parent": "blake3-parent",
}
TABLED: Final = ("secp256k1-ecdsa", "p256-ecdsa", "sm2-sm3")  # schemes whose frequent signers get tables


@dataclass
class Contest:
    """The same work by several entrants; `items` of `unit` per run."""

    name: str
    items: int
    unit: str
    entrants: dict[str, Entrant]
    answer: object = None  # what every entrant must return, when it is known
    times: dict[str, list[float]] = field(default_factory=dict)

    def check(self) -> None:
        """Runs every entrant once and compares the answers: a fast wrong answer is no figure."""
        for name, run in self.entrants.items():
            got = run()
            if self.answer is not None and got != self.answer:
                raise SystemExit(f"{self.name}: {name} answered {got!r}, expected {self.answer!r}")

    def rounds(self, count: int, clock: Callable[[], float]) -> None:
        """Times `count` interleaved rounds."""
        names = list(self.entrants)
        self.times = {name: [] for name in names}
        for number in range(count):
            turn = number % len(names)
            for name in names[turn:] + names[:turn]:
                start = clock()
                self.entrants[name]()
                self.times[name].append(clock() - start)

    def result(self) -> dict[str, Any]:
        """Medians in seconds per item and ratios against isthmus."""
        own = self.times[ISTHMUS]
        out: dict[str, Any] = {"name": self.name, "items": self.items, "unit": self.unit, "entrants": {}}
        for name, times in self.times.items():
            ratios = [other / mine for other, mine in zip(times, own, strict=True)]
            out["entrants"][name] = {
                "median_s": statistics.median(times),
                "best_s": min(times),
                "per_item_s": statistics.median(times) / self.items,
                "ratio": statistics.median(ratios),
                "rounds": len(times),
            }
        return out


def signature_contests(engine: isthmus.Engine, scale: int) -> Iterator[Contest]:
    """Every scheme: rows of distinct keys, rows of 50 known signers, and calls with one row."""

    def own(scheme: str, columns: neighbours.Columns, **options: Any) -> Entrant:
        return lambda: int(engine.verify(scheme, *columns, **options).sum())

    def singly(scheme: str, columns: neighbours.Columns, **options: Any) -> Entrant:
        rows = [tuple([value] for value in row) for row in zip(*columns, strict=True)]
        return lambda: sum(int(engine.verify(scheme, *row, **options)[0]) for row in rows)

    def known(scheme: str, columns: neighbours.Columns, **options: Any) -> Entrant:
        """Runs until every row finds a table: keys earn theirs by being seen."""
        run = own(scheme, columns, **options)
        for _ in range(WARM_UP_MAX if scheme in TABLED else 0):
            before = engine.stats()["signer_table_rows"]
            run()
            if engine.stats()["signer_table_rows"] - before == len(columns[0]):
                break
        return run

    def contest(title: str, scheme: str, columns: neighbours.Columns, own_run: Entrant, others: Others) -> Contest:
        entrants = {ISTHMUS: own_run} | {name: _bound(each, columns) for name, each in others.items()}
        return Contest(f"{scheme} {title}", len(columns[0]), "signature", entrants, len(columns[0]))

    few = scale // 10
    der: dict[str, Any] = {"encoding": "der"}
    groups: list[tuple[str, Callable[[int, int], neighbours.Columns], Others, dict[str, Any]]] = [
        ("ed25519-zip215", cases.ed25519, neighbours.ed25519(), {}),
        ("ed25519-rfc8032", cases.ed25519, neighbours.ed25519(), {}),
        ("secp256k1-ecdsa", cases.ecdsa, neighbours.ecdsa(), der | {"low_s": True}),
        ("secp256k1-bip340", lambda count, _: cases.schnorr(count), neighbours.schnorr(), {}),
        ("p256-ecdsa", cases.p256, neighbours.p256(), der),
        ("sm2-sm3", cases.sm2, neighbours.sm2(), der),
    ]
    for scheme, make, others, options in groups:
        columns = make(scale, scale)
        yield contest("distinct keys", scheme, columns, own(scheme, columns, **options), others)
        one = make(few, few)
        yield contest("one at a time", scheme, one, singly(scheme, one, **options), others)
        if scheme == "secp256k1-bip340":
            continue
        columns = make(scale, SIGNERS)
        yield contest("50 signers", scheme, columns, known(scheme, columns, **options), others)
    keys, digests, signatures = columns = cases.recoverable(scale)
    entrants = {ISTHMUS: lambda: int(engine.recover("secp256k1", digests, signatures)[1].sum())}
    entrants |= {name: _bound(each, columns) for name, each in neighbours.recover().items()}
    yield Contest("secp256k1 recover", len(keys), "signature", entrants, len(keys))


def hash_entrants(engine: isthmus.Engine, name: str, rows: list[bytes]) -> dict[str, Entrant]:
    """isthmus, and hashlib where OpenSSL has the hash; for BLAKE3 its package."""
    loop = "blake3 loop" if name == "blake3" else "hashlib loop"
    entrants: dict[str, Entrant] = {ISTHMUS: _bound(lambda given: engine.hash_many(name, given), rows)}
    if neighbours.has_hash(name):
        entrants[loop] = _bound(lambda given: neighbours.hash_loop(name, given), rows)
    return entrants


def hash_contests(engine: isthmus.Engine, scale: int) -> Iterator[Contest]:
    """Many messages, of one length and of mixed lengths, and Merkle roots."""
    for name, length in (
        ("sha256", 64),
        ("sha256", 200),
        ("sha256d", 80),
        ("sha256", 1000),
        ("sha512", 64),
        ("sha512", 200),
        ("sm3", 200),
        ("keccak256", 200),
        ("sha3-256", 200),
        ("blake3", 200),
        ("blake3", 4000),
        ("ripemd160", 32),
    ):
        rows = cases.messages(20 * scale, length)
        yield Contest(f"{name} {length} bytes", len(rows), "message", hash_entrants(engine, name, rows))
    for name in ("sha256", "sha512", "sm3", "sha3-256", "blake3", "ripemd160"):
        rows = cases.mixed_messages(5 * scale, 60, 3000)
        yield Contest(f"{name} 60 to 3000 bytes", len(rows), "message", hash_entrants(engine, name, rows))


def merkle_contests(engine: isthmus.Engine, scale: int) -> Iterator[Contest]:
    """Roots, whole trees and batches of proofs; hashlib is the neighbour where Python has the hash."""
    leaves = 1 << 20 if scale >= 1000 else 1 << 15
    power = leaves.bit_length() - 1
    rows = cases.messages(leaves, 32)
    matrix = np.frombuffer(b"".join(rows), np.uint8).reshape(leaves, 32)
    for rule, name in MERKLE_HASHES.items():
        entrants: dict[str, Entrant] = {ISTHMUS: _bound(lambda given, r=rule: engine.merkle_root(r, given), matrix)}
        if neighbours.has_hash(name):
            entrants["hashlib loop"] = _bound(lambda given, n=name: neighbours.merkle_loop(given, n), rows)
        root = engine.merkle_root(rule, rows)
        yield Contest(f"merkle {rule} 2^{power}", leaves, "leaf", entrants, root)
    threads = engine.threads
    entrants = {ISTHMUS: lambda: isthmus.MerkleTree("sha256-pairs", matrix, threads=threads).root}
    entrants["hashlib loop"] = lambda: neighbours.merkle_levels(rows)[-1][0]
    yield Contest(f"merkle all levels 2^{power}", leaves, "leaf", entrants, engine.merkle_root("sha256-pairs", rows))
    yield proof_contest(rows, matrix, 5 * scale, threads)


def proof_contest(rows: list[bytes], matrix: NDArray[np.uint8], count: int, threads: int) -> Contest:
    """Proofs of leaves all over one tree, in one call."""
    tree = isthmus.MerkleTree("sha256-pairs", matrix, threads=threads)
    indices = np.random.default_rng(cases.SEED).integers(0, len(rows), count)
    flat, offsets = tree.proofs(indices)
    given, root, total = matrix[indices], tree.root, tree.count
    listed = [
        (int(i), rows[i], [flat[at : at + 32].tobytes() for at in range(first, last, 32)])
        for i, first, last in zip(indices, offsets, offsets[1:], strict=False)
    ]
    entrants: dict[str, Entrant] = {
        ISTHMUS: lambda: int(
            isthmus.verify_proofs("sha256-pairs", root, indices, given, (flat, offsets), total, threads=threads).sum()
        ),
        "hashlib loop": lambda: sum(neighbours.proof_holds(root, *each) for each in listed),
    }
    return Contest(f"merkle proofs of depth {total.bit_length() - 1}", count, "proof", entrants, count)


def block_contests(engine: isthmus.Engine) -> Iterator[Contest]:
    """Whole blocks and commits, when the data folder is there; no neighbour does this job."""
    import blocks

    for name, unit, chain, raw, anchor, expected in blocks.present(cases.data_folder()):

        def run(chain: str = chain, raw: bytes = raw, anchor: object = anchor) -> str:
            verdict = engine.check(chain, raw, anchor)  # type: ignore[call-overload]
            return str(verdict.status)

        yield Contest(name, 1, unit, {ISTHMUS: run}, expected)


def _bound(function: Callable[[Any], object], given: Any) -> Entrant:
    return lambda: function(given)


def _duration(seconds: float) -> str:
    for unit, size in (("s", 1.0), ("ms", 1e-3), ("us", 1e-6)):
        if seconds >= size:
            return f"{seconds / size:.2f} {unit}"
    return f"{seconds / 1e-9:.1f} ns"


def report(results: list[dict[str, Any]]) -> Iterator[str]:
    """The table: per item, per second, ratio."""
    width = max(len(result["name"]) for result in results)
    for result in results:
        for name, figures in result["entrants"].items():
            rate = 1 / figures["per_item_s"]
            ratio = "" if name == ISTHMUS else f"  isthmus is {figures['ratio']:.2f}x"
            title = result["name"] if name == ISTHMUS else ""
            per_item = _duration(figures["per_item_s"])
            yield f"{title:{width}}  {name:13} {per_item:>10} per {result['unit']:9} {rate:>14,.1f} /s{ratio}"


def plot(results: list[dict[str, Any]], path: Path) -> bool:
    """A bar chart of the ratios; False when matplotlib is not installed."""
    try:
        import matplotlib as mpl
    except ImportError:
        return False
    mpl.use("Agg")
    from matplotlib import pyplot

    bars = [
        (f"{result['name']}  vs {name}", figures["ratio"])
        for result in results
        for name, figures in result["entrants"].items()
        if name != ISTHMUS
    ][::-1]
    figure, axes = pyplot.subplots(figsize=(9, 0.26 * len(bars) + 1))
    drawn = axes.barh([label for label, _ in bars], [ratio for _, ratio in bars], color="#3b6ea5")
    axes.bar_label(drawn, fmt="%.1f", padding=3, fontsize=8)
    axes.axvline(1, color="black", linewidth=0.8)
    axes.set_xscale("log")
    axes.margins(x=0.08, y=0.01)
    axes.tick_params(axis="y", labelsize=8)
    axes.set_xlabel("times faster than the neighbour, one thread (1 is equal)")
    figure.tight_layout()
    figure.savefig(path, dpi=120)
    return True


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="", help="comma-separated parts of contest names")
    parser.add_argument("--rounds", type=int, default=7, help="interleaved rounds (default 7)")
    parser.add_argument("--threads", type=int, default=1, help="isthmus's threads (default 1)")
    parser.add_argument("--clock", choices=["cpu", "wall"], default=None, help="default cpu; wall with threads")
    parser.add_argument("--quick", action="store_true", help="a tenth of the rows, three rounds")
    parser.add_argument("--json", type=Path, help="write all figures here")
    parser.add_argument("--plot", type=Path, help="write a PNG of the ratios here (needs matplotlib)")
    return parser.parse_args()


def main() -> int:
    """Runs the contests and prints the table."""
    options = arguments()
    rounds = 3 if options.quick else options.rounds
    scale = 200 if options.quick else 2000
    chosen_clock = options.clock or ("cpu" if options.threads == 1 else "wall")
    clock = time.process_time if chosen_clock == "cpu" else time.perf_counter
    description = machine.describe(cases.SEED, options.threads) | {"clock": chosen_clock, "rounds": rounds}
    print(*machine.lines(description), f"clock     {chosen_clock}, {rounds} rounds", "", sep="\n", flush=True)
    wanted = [part for part in options.only.split(",") if part]
    results = []
    with isthmus.Engine(options.threads) as engine:
        groups: list[Callable[[], Iterator[Contest]]] = [
            lambda: signature_contests(engine, scale),
            lambda: hash_contests(engine, scale),
            lambda: merkle_contests(engine, scale),
            lambda: block_contests(engine),
        ]
        for group in groups:
            for contest in group():
                if wanted and not any(part in contest.name for part in wanted):
                    continue
                contest.check()
                contest.rounds(rounds, clock)
                results.append(contest.result())
                print(*report(results[-1:]), sep="\n", flush=True)
    if options.json is not None:
        options.json.write_text(json.dumps({"machine": description, "results": results}, indent=1) + "\n")
    if options.plot is not None and not plot(results, options.plot):
        print("no plot: matplotlib is not installed", file=sys.stderr)
    return 0 if results else 1


if __name__ == "__main__":
    sys.exit(main())
