"""A long comparison of the lanes' field arithmetic with scalar code, on every tier that this machine can run.

    python ci/field.py                       # 10^9 operations per tier, some minutes each
    python ci/field.py --operations 1e7      # a short run
    python ci/field.py --tier IFMA           # one of: emulated, AVX2, AVX-512, IFMA

Random operands and limb patterns (ext/field/fe_lanes_test.cpp) for products, squares, sums and differences, over the
primes of secp256k1, P-256 and SM2, five hundred times fewer inverses and roots; every result is compared with
field/mont.hpp. The emulated tier is the same text over plain integers, slow, and left out unless it is named.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import time
from typing import Final

import cxx

TIERS: Final = ("AVX2", "AVX-512", "IFMA")
KINDS: Final = 24  # operations times primes
PASSED: Final = re.compile(r"test cases:\s+1 \|\s+1 passed \| 0 failed")


def main() -> int:
    """Runs the tiers one after the other; 0 when no result differs."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--operations", type=float, default=1e9, help="per tier (default 1e9)")
    parser.add_argument("--tier", action="append", choices=["emulated", *TIERS])
    options = parser.parse_args()
    try:
        plan = cxx.plan_of("native")
        cxx.build(plan, ["tests"])
    except cxx.BuildError as error:
        print(f"field: {error}", file=sys.stderr)
        return 1
    cases = max(1, round(options.operations / KINDS))
    environment = os.environ | {"ISTHMUS_FIELD_CASES": str(cases)}
    failed = 0
    for tier in options.tier or TIERS:
        start = time.monotonic()
        # a comma would end the pattern, and a pattern that nothing matches passes: hence the star and the count
        command = [str(plan.test_binary), f"--test-case=field in lanes*{tier}", "--no-colors=true"]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        passed = done.returncode == 0 and PASSED.search(done.stdout) is not None
        words = "no difference" if passed else done.stdout[-2000:]
        print(f"field: {tier}: {KINDS * cases} operations in {time.monotonic() - start:.0f} s: {words}", flush=True)
        failed += not passed
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
