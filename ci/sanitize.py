"""The whole test suite under AddressSanitizer and UndefinedBehaviorSanitizer.

    python ci/sanitize.py                     # C++ tests, then the Python tests that are not marked slow
    python ci/sanitize.py --all               # every Python test
    python ci/sanitize.py -- tests/unit -k der   # arguments after -- replace the selection of Python tests

Builds the mode ``sanitise`` of ext/manifest.toml. The extensions go into a package of their own below
``build``, made of links to src/isthmus, so that the tree keeps its ordinary ones. Python's own allocator is
switched off: with it, a read behind a ``bytes`` object would stay inside an arena and go unseen. Any report
ends the process.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from pathlib import Path
from typing import Final

import cxx
from manifest import ROOT

SOURCE: Final = ROOT / "src" / "isthmus"
OPTIONS: Final = {
    "ASAN_OPTIONS": "detect_leaks=0:allocator_may_return_null=1:detect_stack_use_after_return=1",
    "UBSAN_OPTIONS": "print_stacktrace=1:halt_on_error=1",
    "PYTHONMALLOC": "malloc",
}


def link_package(package: Path) -> None:
    """Fills ``package`` with links to everything of src/isthmus but compiled extensions."""
    package.mkdir(parents=True, exist_ok=True)
    wanted = {path.name: path for path in SOURCE.iterdir() if path.suffix != ".so" and path.name != "__pycache__"}
    for present in package.iterdir():
        if present.is_symlink() and present.name not in wanted:
            present.unlink()
    for name, path in wanted.items():
        if not (package / name).is_symlink():
            (package / name).symlink_to(path)


def runtime(compiler: str, name: str) -> str:
    """The path of a sanitizer's shared library; "" where the compiler has none of that name."""
    answer = subprocess.run(
        [compiler, f"-print-file-name={name}"], capture_output=True, text=True, check=True
    ).stdout.strip()
    return answer if Path(answer).is_absolute() else ""


def main() -> int:
    """Runs both suites; 0 when both pass and nothing was reported."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--all", action="store_true", help="the slow Python tests too")
    parser.add_argument("rest", nargs="*", help="after --: arguments of pytest")
    options = parser.parse_args()
    try:
        plan = cxx.plan_of("sanitise")
        link_package(plan.package())
        cxx.build(plan, ["tests", "extensions"])
    except cxx.BuildError as error:
        print(f"sanitize: {error}", file=sys.stderr)
        return 1
    libraries = [runtime(plan.compiler, name) for name in ("libasan.so", "libubsan.so")]
    if not all(libraries):
        print("sanitize: this compiler's sanitizers are static; use g++ (unset CXX)", file=sys.stderr)
        return 1
    environment = os.environ | OPTIONS
    print("sanitize: C++ tests", flush=True)
    native = subprocess.run([str(plan.test_binary)], cwd=ROOT, env=environment, check=False).returncode
    print("sanitize: Python tests", flush=True)
    environment |= {
        "LD_PRELOAD": " ".join(libraries),
        "PYTHONPATH": str(plan.package().parent),
        # What is compiled and cached under the sanitizer must not land beside the sources.
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    selection = options.rest or ["tests", *([] if options.all else ["-m", "not slow"])]
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        "--benchmark-disable",
        *selection,
    ]
    python = subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode
    words = ["passed" if code == 0 else "failed" for code in (native, python)]
    print(f"sanitize: C++ {words[0]}, Python {words[1]}")
    return 1 if native or python else 0


if __name__ == "__main__":
    sys.exit(main())
