"""The C++ tests on AArch64, without the hardware: a cross build run by qemu-user.

    python ci/arm.py                    # cortex-a72 (SHA-2, as most servers have it) and max (everything QEMU
    knows) python ci/arm.py --cpu neoverse-n1

The tier objects of that machine are read by ci/variants.py as well. Needs g++-aarch64-linux-gnu and
qemu-user-static.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
from typing import Final

import cxx
from manifest import ROOT

CPUS: Final = ("cortex-a72", "max")


def main() -> int:
    """Builds, then runs once per CPU model; 0 when all runs pass."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cpu", action="append", help=f"a CPU model of qemu (default: {', '.join(CPUS)})")
    parser.add_argument("rest", nargs="*", help="after --: arguments of the test program")
    options = parser.parse_args()
    qemu = shutil.which("qemu-aarch64-static") or shutil.which("qemu-aarch64")
    if qemu is None:
        print("arm: qemu is not installed (Debian: apt-get install qemu-user-static)", file=sys.stderr)
        return 1
    try:
        plan = cxx.plan_of("aarch64")
        cxx.build(plan, ["tests"])
    except cxx.BuildError as error:
        print(f"arm: {error}", file=sys.stderr)
        return 1
    failed = subprocess.run(
        [sys.executable, str(ROOT / "ci" / "variants.py"), "--mode", "aarch64"], check=False
    ).returncode
    for cpu in options.cpu or CPUS:
        print(f"arm: {cpu}", flush=True)
        command = [qemu, "-cpu", cpu, str(plan.test_binary), *options.rest]
        result = subprocess.run(command, cwd=ROOT, env=os.environ, check=False).returncode
        print(f"arm: {cpu}: {'passed' if result == 0 else f'failed ({result})'}", flush=True)
        failed = failed or result
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
