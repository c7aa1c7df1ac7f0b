"""Random bytes and mutated real inputs through every decoder: no crash, no hang, memory bounded, no wrong answer.

    python ci/fuzz.py                           # 100,000 random and 100,000 mutated inputs for each decoder
    python ci/fuzz.py --cases 2000              # a quick run
    python ci/fuzz.py --only bitcoin-block,der  # some targets
    python ci/fuzz.py --seed 7 --out build/fuzz # a given seed; inputs that fail are written to a folder
    python ci/fuzz.py --sanitize                # under the build and environment of ci/sanitize.py

Each target runs in a process of its own, so a crash is seen and named. Inputs go to the native core in
batches; one that crashes, takes longer than --case-s, or is answered otherwise than by the target's oracle
(ci/fuzz_targets.py) is written to --out with the seed and number that make it again. The oracle is slow: it
judges every real input, every input that the core calls valid, and one in --judge-every of the others. Real inputs
come from the data folder (ISTHMUS_DATA); without it small ones that are part of the project are used. Exit code 0
only when every target came through.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import resource
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, Final

import cxx
import sanitize
from fuzz_targets import Target, never, targets

ROOT: Final = Path(__file__).resolve().parents[1]
BATCH: Final = 250
SEED_LEN_MAX: Final = 24_000  # larger real inputs are mutated rarely: a hundred thousand of them would take a day
LARGE_EVERY: Final = 400
INTERESTING: Final = (
    *(bytes([value]) for value in (0, 1, 2, 0x7F, 0x80, 0xFC, 0xFD, 0xFE, 0xFF)),
    b"\xfd\xff\xff",
    b"\xfe\xff\xff\xff\xff",
    b"\xff" * 9,
    b"\xff" * 9 + b"\x01",
    b"\x80" * 9 + b"\x01",
    b"\xfe\x00\x00\x00\x02",
    (2**31).to_bytes(4, "little"),
    (2**32 - 1).to_bytes(4, "little"),
    (2**63).to_bytes(8, "little"),
    b"\0" * 32,
    b"\xff" * 32,
)


@dataclass
class Tally:
    """What a worker saw."""

    cases: int = 0
    words: Counter[str] = field(default_factory=Counter)
    judged: int = 0
    slowest_s: float = 0.0
    faults: list[str] = field(default_factory=list)


# --- inputs


def random_bytes(rng: random.Random) -> bytes:
    """Mostly short; sometimes runs of one byte; sometimes tens of kilobytes."""
    length = rng.choice((rng.randrange(8), rng.randrange(130), rng.randrange(130), rng.randrange(2000)))
    if rng.randrange(200) == 0:
        length = rng.randrange(60_000)
    if rng.randrange(6) == 0:
        return bytes([rng.choice((0, 1, 0x0A, 0x12, 0x7F, 0x80, 0xFD, 0xFF))]) * length
    return rng.randbytes(length)


def mutate(rng: random.Random, raw: bytes, other: bytes) -> bytes:
    """One to four small changes."""
    data = bytearray(raw)
    for _ in range(rng.choice((1, 1, 1, 2, 4))):
        size = len(data)
        at = rng.randrange(size + 1)
        width = rng.choice((1, 1, 2, 4, 8, 32, rng.randrange(1, 100)))
        pick = rng.randrange(9)
        if pick <= 1 and size:
            data[at % size] ^= 1 << rng.randrange(8)
        elif pick == 2 and size:
            data[at % size] = rng.randrange(256)
        elif pick == 3:
            piece = rng.choice(INTERESTING)
            data[at : at + (len(piece) if rng.randrange(2) else 0)] = piece
        elif pick == 4:
            del data[at : at + width]
        elif pick == 5:
            data[at:at] = data[max(0, at - width) : at]
        elif pick == 6:
            data[at:at] = rng.randbytes(width)
        elif pick == 7:
            del data[at:]
            if rng.randrange(2):
                data += rng.randbytes(rng.randrange(40))
        elif other:
            start = rng.randrange(len(other))
            data[at : at + width] = other[start : start + width]
    return bytes(data)


@dataclass(frozen=True)
class Batch:
    """Inputs and what goes with each; made from its own seed, so that one alone can be made again."""

    name: str
    inputs: list[bytes]
    beside: list[bytes]
    first: int = 0  # number of the first one where this is a part

    def part(self, first: int, size: int) -> Batch:
        """`size` inputs from number `first` on."""
        end = first + size
        name = f"{self.name} {first}"
        return Batch(name, self.inputs[first:end], self.beside[first:end], self.first + first)


def batches(target: Target, options: argparse.Namespace) -> Iterator[Batch]:
    """The real inputs as they stand, then random and then mutated ones; or one batch by its name."""
    cases, only = options.cases, options.batch
    if only in ("", "real 0"):
        yield Batch("real 0", [each.raw for each in target.samples], [each.anchor for each in target.samples])
    for kind in ("random", "mutated"):
        for number in range(-(-cases // BATCH)):
            if only in ("", f"{kind} {number}"):
                yield changed_batch(target, kind, number, options)


def changed_batch(target: Target, kind: str, number: int, options: argparse.Namespace) -> Batch:
    """Random or mutated inputs; those that will be judged in any case are fitted with what may make them valid."""
    rng = random.Random(f"{options.seed} {target.name} {kind} {number}")
    batch = Batch(f"{kind} {number}", [], [])
    small = [sample for sample in target.samples if len(sample.raw) <= SEED_LEN_MAX] or target.samples
    for case in range(min(BATCH, options.cases - number * BATCH)):
        rare = (number * BATCH + case) % LARGE_EVERY == 0
        sample = rng.choice(target.samples if rare else small)
        changed = mutate(rng, sample.raw, rng.choice(small).raw)
        raw = random_bytes(rng) if kind == "random" else changed
        batch.inputs.append(raw)
        judged = case % options.judge_every == 0
        batch.beside.append(target.fit(raw, sample.anchor) if judged else sample.anchor)
    return batch


# --- worker: one target in its own process


def work(options: argparse.Namespace) -> int:
    """Runs one target and prints one JSON object per batch."""
    target = targets()[options.worker]()
    tally = Tally()
    for batch in batches(target, options):
        say({"at": batch.name})
        size = 1 if options.batch else max(1, len(batch.inputs))
        for first in range(0, len(batch.inputs), size):
            part = batch.part(first, size)
            if options.batch:
                say({"at": part.name})
            run_part(target, tally, options, part)
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    if peak_mb > options.rss_mb:
        tally.faults.append(f"peak memory {peak_mb:.0f} MB is above {options.rss_mb} MB")
    say({"cases": tally.cases, "words": dict(tally.words), "judged": tally.judged, "slowest_s": tally.slowest_s,
         "peak_mb": peak_mb, "faults": tally.faults})  # fmt: skip
    return 0


def run_part(target: Target, tally: Tally, options: argparse.Namespace, part: Batch) -> None:
    """One call of the target; a slow batch is run again case by case to find the slow one.

    Processor time counts, so that a busy machine is no fault; whoever waits for ever is ended by `watch`.
    """
    start = time.process_time()
    words = target.run(part.inputs, part.beside)
    took = time.process_time() - start
    if len(part.inputs) > 1 and took > options.case_s:
        for index in range(len(part.inputs)):
            run_one(target, tally, options, part.part(index, 1))
    tally.slowest_s = max(tally.slowest_s, took / len(part.inputs))
    assert len(words) == len(part.inputs), "an input without an answer"
    real = part.name.startswith("real")
    if real and not options.batch and target.oracle is not never and "valid" not in words:
        tally.faults.append("no real input is valid")
    for index, word in enumerate(words):
        tally.cases += 1
        tally.words[word] += 1
        if real or word == "valid" or (part.first + index) % options.judge_every == 0:
            judge(target, tally, options, part.part(index, 1), word)


def judge(target: Target, tally: Tally, options: argparse.Namespace, case: Batch, word: str) -> None:
    """Compares the core's word about one input with the oracle."""
    tally.judged += 1
    holds = target.oracle(case.inputs[0], case.beside[0])
    if holds == (word == "valid"):
        return
    said = "valid" if holds else "not valid"
    tally.faults.append(f"{case.name}: {word}, but {said} by the oracle")
    keep(options, f"{target.name} {case.name}", case.inputs[0], case.beside[0])


def run_one(target: Target, tally: Tally, options: argparse.Namespace, case: Batch) -> None:
    """Times one input alone."""
    start = time.process_time()
    target.run(case.inputs, case.beside)
    took = time.process_time() - start
    tally.slowest_s = max(tally.slowest_s, took)
    if took > options.case_s:
        tally.faults.append(f"{case.name}: {took:.2f} s for {len(case.inputs[0])} bytes")
        keep(options, f"{target.name} {case.name}", case.inputs[0], case.beside[0])


def keep(options: argparse.Namespace, name: str, raw: bytes, beside: bytes) -> None:
    """Writes an input that failed."""
    folder: Path = options.out
    folder.mkdir(parents=True, exist_ok=True)
    stem = f"{name} seed {options.seed}".replace(" ", "-")
    (folder / f"{stem}.bin").write_bytes(raw)
    (folder / f"{stem}.beside").write_bytes(beside)


def say(message: dict[str, Any]) -> None:
    """One line to the parent, at once."""
    print(json.dumps(message), flush=True)


# --- parent


def start_worker(options: argparse.Namespace, name: str, errors: IO[str], batch: str = "") -> subprocess.Popen[str]:
    """A worker process for one target; what it says on its standard error goes to a file."""
    command = [sys.executable, str(Path(__file__).resolve()), "--worker", name]
    command += ["--seed", str(options.seed), "--cases", str(options.cases), "--out", str(options.out)]
    command += ["--case-s", str(options.case_s), "--rss-mb", str(options.rss_mb), "--batch", batch]
    command += ["--judge-every", str(options.judge_every)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors, text=True, env=environment(options))


def prepare(options: argparse.Namespace) -> None:
    """Brings the extensions up to date: the ordinary ones, which name the targets, and those that the workers load."""
    cxx.build(cxx.plan_of("native"), ["extensions"])
    if options.sanitize:
        plan = cxx.plan_of("sanitise")
        sanitize.link_package(plan.package())
        cxx.build(plan, ["extensions"])


def environment(options: argparse.Namespace) -> dict[str, str]:
    """The worker's environment: that of ci/sanitize.py with --sanitize."""
    if not options.sanitize:
        return os.environ | {"PYTHONPATH": str(ROOT / "src")}
    plan = cxx.plan_of("sanitise")
    libraries = [sanitize.runtime(plan.compiler, name) for name in ("libasan.so", "libubsan.so")]
    added = {"LD_PRELOAD": " ".join(libraries), "PYTHONPATH": str(plan.package().parent)}
    return os.environ | sanitize.OPTIONS | added | {"PYTHONDONTWRITEBYTECODE": "1"}


def watch(worker: subprocess.Popen[str], options: argparse.Namespace, name: str) -> tuple[dict[str, Any], str]:
    """Reads a worker to its end: (its last report, where it was when it ended)."""
    total = 1 + 2 * -(-options.cases // BATCH)
    at, done, last_shown = "", 0, 0.0
    report: dict[str, Any] = {}
    assert worker.stdout is not None
    silence_s = BATCH * options.case_s
    alarm = threading.Timer(silence_s, worker.kill)
    alarm.start()
    for line in worker.stdout:
        alarm.cancel()
        alarm = threading.Timer(silence_s, worker.kill)
        alarm.start()
        message = json.loads(line)
        if "at" not in message:
            report = message
            continue
        at, done = message["at"], done + 1
        if sys.stderr.isatty() and time.monotonic() - last_shown > 0.5:
            last_shown = time.monotonic()
            print(f"\r{name:28} {100 * done // total:3d} %", end="", file=sys.stderr, flush=True)
    alarm.cancel()
    if sys.stderr.isatty():
        print("\r" + " " * 40 + "\r", end="", file=sys.stderr, flush=True)
    return report, at


def run_target(options: argparse.Namespace, name: str) -> bool:
    """Runs one target and prints its line; a crash is narrowed down to its input."""
    start = time.monotonic()
    with tempfile.TemporaryFile("w+") as errors:
        worker = start_worker(options, name, errors)
        report, at = watch(worker, options, name)
        code = worker.wait()
        errors.seek(0)
        said = errors.read()
    if code != 0 or not report:
        how = "hung" if code == -signal.SIGKILL else f"ended with code {code}"
        print(f"{name:28} {how} at {at or 'its start'} (seed {options.seed})\n{said[-4000:]}")
        if at:
            with tempfile.TemporaryFile("w+") as errors:
                again = start_worker(options, name, errors, batch=at)
                _, case = watch(again, options, name)
                again.wait()
            print(f"{name:28} the input is {case!r}: --seed {options.seed} --worker {name!r} --batch {at!r}")
        return False
    words = ", ".join(f"{count} {word}" for word, count in sorted(report["words"].items()))
    took = time.monotonic() - start
    bounds = f"slowest {1000 * report['slowest_s']:.1f} ms, peak {report['peak_mb']:.0f} MB"
    line = f"{name:28} {report['cases']} inputs in {took:.0f} s: {words}; {report['judged']} judged, {bounds}"
    print(f"{line}, {len(report['faults'])} faults", flush=True)
    for fault in report["faults"][:10]:
        print(f"{'':28} {fault}")
    return not report["faults"]


def choose(names: list[str], only: str) -> list[str]:
    """The targets of --only, all of them by default: a whole name means that one, a part all that contain it."""
    parts = only.split(",")
    return [name for name in names if any(name == part or (part in name and part not in names) for part in parts)]


def main() -> int:
    """Runs the chosen targets; 0 when all came through."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", type=int, default=100_000, help="inputs of each kind per target")
    parser.add_argument("--seed", type=int, default=None, help="default: from the clock, printed")
    parser.add_argument("--only", default="", help="comma-separated target names, or parts of them")
    parser.add_argument("--case-s", type=float, default=2.0, help="processor seconds that one input may take")
    parser.add_argument("--rss-mb", type=int, default=1200, help="peak memory of one target")
    parser.add_argument("--out", type=Path, default=ROOT / "build" / "fuzz", help="folder for inputs that fail")
    parser.add_argument("--judge-every", type=int, default=50, help="the oracle looks at one in so many not valid")
    parser.add_argument("--sanitize", action="store_true", help="use the build of ci/sanitize.py (limits are wider)")
    parser.add_argument("--worker", help=argparse.SUPPRESS)
    parser.add_argument("--batch", default="", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.seed is None:
        options.seed = time.time_ns() % 1_000_000_007
    if options.worker:
        return work(options)
    if options.sanitize:
        options.case_s, options.rss_mb = 20 * options.case_s, 6 * options.rss_mb
    try:
        prepare(options)
    except cxx.BuildError as error:
        print(f"fuzz: {error}", file=sys.stderr)
        return 1
    sys.path.insert(0, str(ROOT / "src"))
    names = choose(list(targets()), options.only)
    print(
        f"fuzz: {len(names)} targets, {options.cases} random and {options.cases} mutated inputs each, "
        f"seed {options.seed}"
    )
    results = [run_target(options, name) for name in names]
    print(f"fuzz: {sum(results)} of {len(results)} targets came through")
    return 0 if results and all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
