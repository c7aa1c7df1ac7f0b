"""Threads, fork, signals, and memory: nothing hangs, nothing goes stale, nothing leaks."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from helpers import pools
from helpers.pools import columns

import isthmus

TESTS = Path(__file__).resolve().parents[1]


def run_python(code: str, *arguments: str, timeout: float = 120) -> subprocess.CompletedProcess[str]:
    """Runs code in a fresh interpreter that finds the helpers; a hang is a failure."""
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(TESTS), *sys.path])}
    return subprocess.run(
        [sys.executable, "-c", code, *arguments],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=timeout,
    )


@pytest.mark.parametrize("shared", [True, False])
def test_many_threads_verify_at_once(shared: bool) -> None:
    """Different schemes and sizes at the same time, on one engine or one engine each."""
    common = isthmus.Engine(threads=3)
    wrong: list[str] = []

    def work(number: int) -> None:
        rng = random.Random(number)
        engine = common if shared else isthmus.Engine(threads=2)
        for _ in range(12):
            scheme = rng.choice(pools.SCHEMES)
            chosen = [rng.choice(pools.pool(scheme)) for _ in range(rng.randrange(60))]
            got = engine.verify(scheme, *columns([row for row, _ in chosen])).tolist()
            if got != [truth for _, truth in chosen]:
                wrong.append(scheme)

    for scheme in pools.SCHEMES:
        pools.pool(scheme)
    workers = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(120)
    assert not any(worker.is_alive() for worker in workers), "a thread hangs"
    assert not wrong


def test_answers_do_not_depend_on_the_number_of_threads() -> None:
    rng = random.Random(64)
    for scheme in pools.SCHEMES:
        chosen = [rng.choice(pools.pool(scheme)) for _ in range(700)]
        wanted = [truth for _, truth in chosen]
        given = columns([row for row, _ in chosen])
        for threads in (1, 2, 3, 7, 16):
            assert isthmus.verify(scheme, *given, threads=threads).tolist() == wanted


FORKING = """
import os, sys, threading, time
import isthmus
from helpers import pools
from helpers.pools import columns
scheme = sys.argv[1]
entries = pools.pool(scheme)[:60]
given, wanted = columns([row for row, _ in entries]), [truth for _, truth in entries]
engine = isthmus.Engine(threads=3)
stop = threading.Event()
def load():
    while not stop.is_set():
        assert engine.verify(scheme, *given).tolist() == wanted
loader = threading.Thread(target=load)
loader.start()
failed = 0
for number in range(25):
    child = os.fork()
    if child == 0:
        same = engine.verify(scheme, *given).tolist() == wanted
        fresh = isthmus.Engine(threads=2).verify(scheme, *given).tolist() == wanted
        os._exit(0 if same and fresh else 1)
    failed += os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) != 0
stop.set()
loader.join()
assert engine.verify(scheme, *given).tolist() == wanted
sys.exit(failed)
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
@pytest.mark.parametrize("scheme", pools.SCHEMES)
def test_fork_while_another_thread_verifies(scheme: str) -> None:
    """The child inherits a pool whose threads it does not have and a lock that nobody will release."""
    done = run_python("import warnings\nwarnings.simplefilter('ignore')\n" + FORKING, scheme)
    assert done.returncode == 0, done.stderr


def test_a_signal_during_a_call_is_delivered_after_it() -> None:
    rows = [row for row, truth in pools.pool("secp256k1-ecdsa") if truth]
    given = columns([rows[i % len(rows)] for i in range(4000)])

    class Alarm(Exception):
        pass

    def handler(*_: object) -> None:
        raise Alarm

    def many_calls() -> None:
        for _ in range(100):
            assert isthmus.verify("secp256k1-ecdsa", *given).all()

    before = signal.signal(signal.SIGALRM, handler)
    try:
        for _ in range(3):
            signal.setitimer(signal.ITIMER_REAL, 0.01)
            with pytest.raises(Alarm):
                many_calls()
        assert isthmus.verify("secp256k1-ecdsa", *given).all()
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


LEAKING = """
import resource, isthmus, sys
from helpers import pools
from helpers.pools import columns
def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
given = {scheme: columns([row for row, _ in pools.pool(scheme)][:50]) for scheme in pools.SCHEMES}
_, digests, signatures = given["secp256k1-ecdsa"]
blob = [bytes([n % 256]) * 5000 for n in range(400)]
def once():
    for scheme, rows in given.items():
        isthmus.verify(scheme, *rows, threads=2)
    isthmus.recover("secp256k1", digests, [raw + bytes(1) for raw in signatures], threads=2)
    batch = isthmus.Batch()
    batch.extend("sm2-sm3", *given["sm2-sm3"], signer_id=bytes(5000))
    batch.verify(threads=2)
    isthmus.hash_many("sha256", blob, threads=2)
    isthmus.merkle_root("rfc6962", blob, threads=2)
    isthmus.Engine(threads=2).hash_many("sha512", blob)
for _ in range(10):
    once()
before = peak()
for _ in range(150):
    once()
print(peak() - before)
"""


@pytest.mark.full
def test_memory_does_not_grow() -> None:
    done = run_python(LEAKING)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) < 24 * 1024, f"{done.stdout.strip()} KiB more after 150 rounds"


def test_hashing_a_large_buffer_makes_no_copy() -> None:
    """A 200 MB read-only buffer is read in place."""
    code = (
        "import resource, numpy as np, isthmus\n"
        "big = np.zeros(200 << 20, np.uint8); big.flags.writeable = False\n"
        "isthmus.hash_many('sha256', [big[:1000]])\n"
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "isthmus.hash_many('sha256', big.reshape(-1, 1 << 20), threads=2)\n"
        "isthmus.hash_many('sha256', [big], threads=1)\n"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)\n"
    )
    done = run_python(code)
    assert done.returncode == 0, done.stderr
    # zeros are not resident before they are read: the buffer itself may come in, a second one may not
    assert int(done.stdout) < 260 * 1024


LARGE_PROOFS = r"""
import re
from helpers.ics23 import Store
from isthmus import ics23
from isthmus.reference import ics23 as slow
def peak():
    return int(re.search(r"VmHWM:\s+(\d+) kB", open("/proc/self/status").read())[1])
store = Store("tendermint", {b"k": b"v"})
small = store.compressed([b"k"])
body = small[2:] + b"\x12\x00" * (1 << 20)  # as many steps as a proof may hold, of two bytes each
proofs = [bytes(bytearray(b"\x22" + slow.varint(len(body)) + body)) for _ in range(12)]  # none is another
assert ics23.verify_many(ics23.TENDERMINT, store.root, [small] * 12, [b"k"] * 12, [b"v"] * 12).all()
before = peak()
assert ics23.verify_many(ics23.TENDERMINT, store.root, proofs, [b"k"] * 12, [b"v"] * 12).all()
print(peak() - before)
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="the peak is read from /proc")
def test_what_is_read_of_proofs_is_bounded() -> None:
    """Each of these proofs of 2 MB takes 40 MB when it is read: they are worked through a few at a time."""
    done = run_python(LARGE_PROOFS)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) < 250 * 1024, f"{done.stdout.strip()} KiB"


def _raise_in_threads(work: Callable[[], object], count: int) -> list[BaseException]:
    caught: list[BaseException] = []

    def run() -> None:
        try:
            work()
        except BaseException as error:
            caught.append(error)

    threads = [threading.Thread(target=run) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return caught


def test_closing_an_engine_under_work_is_safe() -> None:
    """Calls that began finish; calls that begin later are refused; nothing crashes."""
    entries = pools.pool("ed25519-rfc8032")
    given, wanted = columns([row for row, _ in entries]), [truth for _, truth in entries]
    for _ in range(5):
        engine = isthmus.Engine(threads=2)

        def work(engine: isthmus.Engine = engine) -> None:
            for _ in range(20):
                assert engine.verify("ed25519-rfc8032", *given).tolist() == wanted

        closer = threading.Timer(0.01, engine.close)
        closer.start()
        caught = _raise_in_threads(work, 4)
        closer.join()
        assert all(isinstance(error, ValueError) for error in caught), caught
