"""The one command: everything that a change must pass.

    python ci/check.py                  # all of it
    python ci/check.py --fast           # under a minute after an edit: no tests marked full, no package
    python ci/check.py --deep           # besides: sanitizers, AArch64, debug build, constant time
    python ci/check.py --only tidy,layers      python ci/check.py --skip package
    python ci/check.py --fix            # writes what ruff and clang-format want, then checks
    python ci/check.py --list

One line per step with its seconds; the whole output of a step that fails; exit code 0 only when every chosen
step passed. A tool that is missing is a failure that says what to install, never a step left out. At the end
stands what pytest said last.

Run it with a Python that has the group ``dev`` (pip install --group dev). The extensions are built in place,
and the tests import the package from src/.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import tomllib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from manifest import ROOT
from tree import select

CI: Final = ROOT / "ci"
PYTHON: Final = sys.executable
CXX_FILES: Final = (".hpp", ".cpp", ".inl", ".h")
PYTEST_LAST: Final = re.compile(r"^=* ?(\d+ (passed|failed|error|skipped|deselected)|no tests ran).*$")


class StepFailed(Exception):
    """A step that did not pass; the message is its output."""


@dataclass(frozen=True)
class Context:
    """What was asked for on the command line."""

    fast: bool
    fix: bool


def run(*command: str | Path, env: dict[str, str] | None = None, cwd: Path = ROOT) -> str:
    """The output of a command; ``StepFailed`` with it when the command does not end with 0."""
    words = [str(word) for word in command]
    try:
        done = subprocess.run(
            words,
            cwd=cwd,
            env=os.environ | {"PYTHONPATH": str(ROOT / "src")} | (env or {}),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            check=False,
        )
    except FileNotFoundError:
        raise StepFailed(f"{words[0]} is not installed: pip install --group dev") from None
    if done.returncode != 0:
        raise StepFailed(f"$ {' '.join(words)}\n{done.stdout}\n(exit code {done.returncode})")
    return done.stdout


def tool(name: str) -> str:
    """A command of this Python's environment, at the version that pyproject.toml pins."""
    group = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["dependency-groups"]["dev"]
    pins = {text.partition("==")[0]: text.partition("==")[2] for text in group if isinstance(text, str)}
    try:
        version = importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        raise StepFailed(f"{name} is not installed here: {PYTHON} -m pip install --group dev") from None
    if pins.get(name) and version != pins[name]:
        raise StepFailed(f"{name} {version} is installed, pyproject.toml pins {pins[name]}")
    beside = Path(PYTHON).parent / name
    return str(beside) if beside.exists() else name


def step_ruff(context: Context) -> str:
    """Lint and format of all Python."""
    ruff = tool("ruff")
    if context.fix:
        run(ruff, "check", "--fix", "--quiet", "--exit-zero", ".")
        run(ruff, "format", "--quiet", ".")
    faults = []
    for arguments in (["check", "."], ["format", "--check", "--output-format=concise", "."]):
        try:
            run(ruff, *arguments)
        except StepFailed as error:
            faults.append(str(error))
    if faults:
        raise StepFailed("\n".join(faults))
    return ""


def step_format(context: Context) -> str:
    """clang-format on all C++."""
    program = tool("clang-format")
    files = select(*CXX_FILES, under="ext")
    if context.fix:
        run(program, "-i", *files)
    try:
        run(program, "--dry-run", "-Werror", *files)
    except StepFailed as error:
        places = re.findall(r"^(.+?):(\d+):\d+: error:", str(error), re.MULTILINE)
        if not places:
            raise
        lines: dict[str, list[str]] = {}
        for path, line in places:
            lines.setdefault(os.path.relpath(path, ROOT), []).append(line)
        rows = [f"{path}:{found[0]}: and {len(found) - 1} more places" for path, found in lines.items()]
        hint = f"{program} wants other line breaks or spaces; python ci/check.py --only format --fix writes them"
        raise StepFailed("\n".join([*rows, hint])) from None
    return f"{len(files)} files"


def step_spelling(_: Context) -> str:
    """codespell on all text."""
    return run(tool("codespell"), "src", "ext", "ci", "tests", *sorted(ROOT.glob("*.md")))


def step_types(_: Context) -> str:
    """mypy --strict, as configured in pyproject.toml."""
    tool("mypy")
    return run(PYTHON, "-m", "mypy").strip()


def step_layers(_: Context) -> str:
    """Who may include and import whom."""
    return run(PYTHON, CI / "layers.py").strip()


def step_tidy(_: Context) -> str:
    """Lengths, lists, words."""
    return run(PYTHON, CI / "tidy.py").strip()


def step_build(_: Context) -> str:
    """Both Python extensions, in place."""
    return run(PYTHON, CI / "cxx.py", "ext").strip().rpartition("\n")[2]


def step_variants(_: Context) -> str:
    """Hygiene of tier objects."""
    return run(PYTHON, CI / "variants.py").strip().rpartition("\n")[2]


def _doctest_line(output: str) -> str:
    lines = [line for line in output.splitlines() if line.startswith("[doctest] test cases")]
    return lines[-1] if lines else ""


def step_cxx(_: Context) -> str:
    """The C++ tests, as they run in a release build."""
    return _doctest_line(run(PYTHON, CI / "cxx.py", "test"))


def step_cleared(_: Context) -> str:
    """The C++ tests again with each CPU feature taken away, and with all of them."""
    names = re.findall(r"^X\(\w+,[^\"\n]*\"([a-z0-9_]+)\"", _read(ROOT / "ext" / "cpu" / "features.def"), re.M)
    if not names:
        raise StepFailed("ext/cpu/features.def: no feature found")
    run(PYTHON, CI / "cxx.py", "build")
    binary = ROOT / "build" / "cxx" / "native" / "isthmus_test"
    for cleared in [*names, ",".join(names)]:
        # The field's probes run every tier that the hardware has whatever is cleared: few cases are enough here.
        run(binary, env={"ISTHMUS_CPU_CLEAR": cleared, "ISTHMUS_FIELD_CASES": "1000"})
    return f"{len(names)} features, each alone and all together"


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8") if path.exists() else ""


def _pytest(*arguments: str) -> str:
    output = run(PYTHON, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--benchmark-disable", *arguments)
    lines = [line for line in output.splitlines() if PYTEST_LAST.match(line)]
    return lines[-1] if lines else output


def step_python(context: Context) -> str:
    """The Python tests."""
    return _pytest(*(["-m", "not slow and not full"] if context.fast else []))


def step_docs(_: Context) -> str:
    """Every example in README.md, docs/ and the docstrings of src/."""
    pages = [ROOT / "README.md", ROOT / "docs"]
    found = [str(path) for path in pages if path.exists()]
    return _pytest("--doctest-modules", "--doctest-glob=*.md", "src", *found)


def step_package(_: Context) -> str:
    """sdist, wheel from the sdist, installation into an environment of its own, and what is in them."""
    with tempfile.TemporaryDirectory(prefix="isthmus-package-") as name:
        folder = Path(name)
        # From elsewhere: in the repository the folder `build` would hide the module of that name.
        run(PYTHON, "-m", "build", "--outdir", folder, ROOT, cwd=folder, env={"PYTHONPATH": ""})
        (wheel,) = folder.glob("*.whl")
        content = set(run(PYTHON, "-m", "zipfile", "-l", wheel).split())
        for wanted in ("isthmus/py.typed", "isthmus/_native.pyi"):
            if wanted not in content:
                raise StepFailed(f"{wheel.name} lacks {wanted}")
        strange = [n for n in content if n.startswith("isthmus/") and n.endswith((".c", ".cpp", ".hpp", ".pyx"))]
        if strange:
            raise StepFailed(f"{wheel.name} carries sources: {strange}")
        run(PYTHON, "-m", "venv", folder / "venv")
        python = folder / "venv" / "bin" / "python"
        clean = {"PYTHONPATH": ""}
        run(python, "-m", "pip", "install", "--quiet", wheel, cwd=folder, env=clean)
        for command in (["selftest"], ["info"], ["check", "demo"]):
            run(python.parent / "isthmus", *command, cwd=folder, env=clean)
        return f"{wheel.name}, {wheel.stat().st_size // 1024} KiB; selftest, info and demo ran from it"


def step_debug(_: Context) -> str:
    """The C++ tests with every ISTHMUS_CHECK armed."""
    return _doctest_line(run(PYTHON, CI / "cxx.py", "test", "--mode", "debug"))


def step_arm(_: Context) -> str:
    """The C++ tests on AArch64, under qemu."""
    return run(PYTHON, CI / "arm.py").strip().rpartition("\n")[2]


def step_ct(_: Context) -> str:
    """Code that holds secrets, under valgrind."""
    return run(PYTHON, CI / "ct.py").strip().rpartition("\n")[2]


def step_sanitize(_: Context) -> str:
    """Both test suites under ASan and UBSan."""
    return run(PYTHON, CI / "sanitize.py", env={"PYTHONPATH": ""}).strip().rpartition("\n")[2]


Step = Callable[[Context], str]
STEPS: Final[dict[str, tuple[Step, str]]] = {
    # Cheap ones first; the Python tests last, so that their summary is the last thing said.
    "ruff": (step_ruff, "fast"),
    "format": (step_format, "fast"),
    "spelling": (step_spelling, "fast"),
    "layers": (step_layers, "fast"),
    "tidy": (step_tidy, "fast"),
    "types": (step_types, "fast"),
    "build": (step_build, "fast"),
    "variants": (step_variants, "fast"),
    "cxx": (step_cxx, "fast"),
    "cleared": (step_cleared, "full"),
    "debug": (step_debug, "deep"),
    "ct": (step_ct, "deep"),
    "arm": (step_arm, "deep"),
    "sanitize": (step_sanitize, "deep"),
    "package": (step_package, "full"),
    "docs": (step_docs, "fast"),
    "python": (step_python, "fast"),
}


def choose(options: argparse.Namespace) -> list[str]:
    """The steps that the command line asks for; ``SystemExit`` on an unknown name."""
    asked = {name for text in (options.only, options.skip) for name in text.split(",") if name}
    unknown = asked - set(STEPS)
    if unknown:
        raise SystemExit(f"check: no such step: {', '.join(sorted(unknown))}; see --list")
    if options.only:
        return [name for name in STEPS if name in options.only.split(",")]
    wanted = {"fast"} | (set() if options.fast else {"full"}) | ({"deep"} if options.deep else set())
    return [name for name, (_, level) in STEPS.items() if level in wanted and name not in options.skip.split(",")]


def check(names: Sequence[str], context: Context) -> int:
    """Runs the steps in order; the exit code."""
    failed = []
    last = ""
    start = time.monotonic()
    for name in names:
        begun = time.monotonic()
        try:
            said = STEPS[name][0](context)
        except StepFailed as error:
            failed.append(name)
            print(f"FAIL  {name:<10}{time.monotonic() - begun:7.1f} s\n{error}\n", flush=True)
            continue
        lines = said.strip().splitlines()
        print(f"ok    {name:<10}{time.monotonic() - begun:7.1f} s  {lines[-1] if lines else ''}", flush=True)
        last = lines[-1] if name == "python" and lines else last
    print(f"{len(names)} steps, {len(failed)} failed, {time.monotonic() - start:.0f} s", flush=True)
    if failed:
        print(f"FAILED: {', '.join(failed)}", flush=True)
    elif last:
        print(f"===== {last.strip('= ')} =====", flush=True)
    return 1 if failed else 0


def main() -> int:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    level = parser.add_mutually_exclusive_group()
    level.add_argument("--fast", action="store_true", help="what fits into a minute after an edit")
    level.add_argument("--deep", action="store_true", help="besides: debug build, constant time, AArch64, sanitizers")
    parser.add_argument("--only", default="", metavar="STEP,...", help="these steps and no others")
    parser.add_argument("--skip", default="", metavar="STEP,...", help="all steps but these")
    parser.add_argument("--fix", action="store_true", help="let ruff and clang-format rewrite files first")
    parser.add_argument("--list", action="store_true", help="the steps and when each runs")
    options = parser.parse_args()
    if options.list:
        for name, (step, when) in STEPS.items():
            print(f"{name:<10} {when:<5} {(step.__doc__ or '').splitlines()[0]}")
        return 0
    if shutil.which(os.environ.get("CXX", "g++")) is None:
        print("check: no C++ compiler (Debian: apt-get install g++)", file=sys.stderr)
        return 1
    return check(choose(options), Context(options.fast, options.fix))


if __name__ == "__main__":
    sys.exit(main())
