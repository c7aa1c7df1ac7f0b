"""Whether code that holds secrets is constant time: the release objects under valgrind, secrets marked undefined.

    python ci/ct.py
    python ci/ct.py --mode debug        # another build; a debug build shows the line of a leak more exactly

memcheck follows undefined bits through arithmetic and reports the first jump or memory address that depends on
one, which is where a secret would reach an attacker's clock. The program of ext/sign/*_taint.cpp marks the secret
and the nonce's randomness and is linked with the objects that the tests and, but for -g1, the wheels consist of;
only ext/sign/declassify.cpp is replaced, which stands where something becomes public on purpose. Before that, two
leaks made on purpose must be found.

What it cannot see: instructions whose time depends on their operands (there is no division here), and kernels that
valgrind does not run (it has no SHA instructions, so that HMAC runs on the plain SHA-256).

Needs valgrind and its headers (Debian: apt-get install valgrind).
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

import cxx
from manifest import EXT, ROOT, Manifest

MISSING: Final = "valgrind and its headers are needed (Debian: apt-get install valgrind)"
FOUND: Final = 99  # valgrind's exit code for an error that memcheck reported
REPLACED: Final = "ext/sign/declassify.cpp"


def has_valgrind(compiler: str) -> bool:
    """Whether both the program and the header for marking memory are there."""
    if shutil.which("valgrind") is None:
        return False
    probe = [compiler, "-x", "c++", "-E", "-", "-o", "/dev/null"]
    text = "#include <valgrind/memcheck.h>\n"
    return subprocess.run(probe, input=text, text=True, capture_output=True, check=False).returncode == 0


def build(plan: cxx.Plan, source: Path) -> Path:
    """The program of one taint file, linked with the core's own objects; ``BuildError`` when that fails."""
    cxx.build(plan, ["core"])
    manifest: Manifest = plan.manifest
    kept = [each for each in plan.sources if each.kind in ("core", "tier") and each.path != REPLACED]
    objects = [str(plan.object_of(each)) for each in kept]
    program = plan.folder / source.stem
    command = [
        plan.compiler,
        *manifest.flags(manifest.classify(source)),
        *manifest.warnings,
        *plan.mode.flags,
        *[f"-I{ROOT / folder}" for folder in manifest.include],
        str(source),
        *objects,
        *manifest.link(),
        *plan.mode.link,
        "-o",
        str(program),
    ]
    if subprocess.run(command, cwd=ROOT, check=False).returncode != 0:
        raise cxx.BuildError(f"{source.name} could not be built")
    return program


def run(program: Path, word: str) -> subprocess.CompletedProcess[str]:
    """One run of the program under memcheck."""
    command = ["valgrind", "--quiet", "--track-origins=yes", f"--error-exitcode={FOUND}", str(program), word]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, errors="replace", check=False)


def main() -> int:
    """0 when the leaks made on purpose are found and the code under test shows none."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--mode", default="native", choices=["native", "debug"])
    options = parser.parse_args()
    try:
        plan = cxx.plan_of(options.mode)
        if not has_valgrind(plan.compiler):
            print(f"ct: {MISSING}", file=sys.stderr)
            return 1
        program = build(plan, EXT / "sign" / "sm2_ct_taint.cpp")
    except cxx.BuildError as error:
        print(f"ct: {error}", file=sys.stderr)
        return 1
    for word in ("jump", "address"):
        if run(program, word).returncode != FOUND:
            print(f"ct: valgrind did not report the {word} on a secret that was put there for it", file=sys.stderr)
            return 1
    for word in ("sign", "public"):
        done = run(program, word)
        if done.returncode != 0:
            print(f"ct: {word} (exit code {done.returncode})\n{done.stdout}{done.stderr}", file=sys.stderr)
            return 1
    print(f"ct: 100 signatures and 100 public keys of mode {options.mode}: nothing depends on a secret")
    return 0


if __name__ == "__main__":
    sys.exit(main())
