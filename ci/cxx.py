"""Builds the C++ with ninja, and runs its tests.

    python ci/cxx.py test --mode native                 # build and run the C++ tests
    python ci/cxx.py test --mode debug -- -tc='*der*'   # arguments after -- go to doctest
    python ci/cxx.py ext                                # both Python extensions, in place, for work on src/
    python ci/cxx.py build --mode sanitise              # build only

Only what changed is compiled again: headers are followed through depfiles, and ccache is used where it is
installed. Objects are shared: the extension is linked from the very objects that the C++ tests exercise.
Everything lies under ``build/cxx/<mode>``; the flags are those of ``ext/manifest.toml``; $CXX replaces the
compiler of a native mode.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import shlex
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from manifest import ROOT, Manifest, Mode, Source, machine

BUILD: Final = ROOT / "build" / "cxx"
DOCTEST_MISSING: Final = (
    "the doctest header is missing, so the C++ tests cannot be built.\n"
    "Install it (Debian and Ubuntu: apt-get install doctest-dev), or point CPLUS_INCLUDE_PATH at a folder\n"
    "that holds doctest/doctest.h."
)

RULES: Final = """\
ninja_required_version = 1.9
builddir = {builddir}

rule cxx
  command = {compiler} $flags -MD -MF $out.d -c $in -o $out
  depfile = $out.d
  deps = gcc
  description = {mode} $in

rule cc
  command = {c_compiler} $flags -MD -MF $out.d -c $in -o $out
  depfile = $out.d
  deps = gcc
  description = {mode} $in

rule cython
  command = {python} -m cython -3 -M -o $out $in
  depfile = $out.dep
  description = {mode} $in

rule link
  command = {linker} $in -o $out $flags
  description = {mode} $out

"""


class BuildError(Exception):
    """A build that cannot start; the message says what to install."""


def _escape(text: str) -> str:
    return text.replace("$", "$$").replace(" ", "$ ").replace(":", "$:")


class Plan:
    """The ninja file of one mode: sources, flags and where each product lies."""

    def __init__(self, mode: Mode, manifest: Manifest) -> None:
        self.mode = mode
        self.manifest = manifest
        self.folder = BUILD / mode.name
        self.sources = manifest.sources(mode.arch)
        self.compiler = mode.compiler or os.environ.get("CXX", "") or "g++"
        self.native = mode.arch == machine() and not mode.compiler
        self.test_binary = self.folder / "isthmus_test"

    def object_of(self, source: Source) -> Path:
        """Where the object of one source lies."""
        return self.folder / "obj" / f"{source.path}.o"

    def package(self) -> Path:
        """Where the extensions go: into the source tree, or, for another mode than native, beside its
        objects.
        """
        return ROOT / "src" / "isthmus" if self.mode.name == "native" else self.folder / "python" / "isthmus"

    def extensions(self) -> dict[str, Path]:
        """Module name -> file, for both Python extensions."""
        suffix = sysconfig.get_config_var("EXT_SUFFIX")
        return {name: self.package() / f"{name}{suffix}" for name in ("_native", "_gather")}

    def _includes(self, python: bool) -> list[str]:
        folders = [str(ROOT / folder) for folder in self.manifest.include]
        if python:
            folders += [sysconfig.get_paths()["include"], _pybind11_include()]
        # System folders keep the project's warnings out of other people's headers.
        return [f"-I{folder}" for folder in folders[:2]] + [f"-isystem{folder}" for folder in folders[2:]]

    def _compile(self, source: Source) -> str:
        flags = [
            *self.manifest.flags(source),
            *self.manifest.warnings,
            *self.mode.flags,
            *self._includes(python=source.kind == "bind"),
        ]
        return (
            f"build {_escape(str(self.object_of(source)))}: cxx {_escape(str(ROOT / source.path))}\n"
            f"  flags = {shlex.join(flags)}\n"
        )

    def _link(self, product: Path, objects: Sequence[Path], extra: Sequence[str]) -> str:
        flags = [*self.manifest.link(), *self.mode.link, *extra]
        inputs = " ".join(_escape(str(path)) for path in objects)
        return f"build {_escape(str(product))}: link {inputs}\n  flags = {shlex.join(flags)}\n"

    def _python_extensions(self) -> list[str]:
        products = self.extensions()
        native = [source for source in self.sources if source.kind != "test"]
        rows = [self._compile(source) for source in native if source.kind == "bind"]
        rows.append(self._link(products["_native"], [self.object_of(s) for s in native], ["-shared"]))
        pyx = ROOT / "src" / "isthmus" / "_gather.pyx"
        # Cython's depfile names its output from here, where ninja runs: another name would never be up to date.
        made = (self.folder / "cython" / "_gather.c").relative_to(ROOT)
        code = made.with_suffix(".o")
        flags = [*self.manifest.cython(), *self.mode.flags, *self._includes(python=True)]
        rows.append(f"build {_escape(str(made))}: cython {_escape(str(pyx))}\n")
        rows.append(f"build {_escape(str(code))}: cc {_escape(str(made))}\n  flags = {shlex.join(flags)}\n")
        rows.append(self._link(products["_gather"], [code], ["-shared"]))
        rows.append(f"build extensions: phony {' '.join(_escape(str(p)) for p in products.values())}\n")
        return rows

    def text(self) -> str:
        """The whole build.ninja; without the extensions where their tools are not installed."""
        ccache = shutil.which("ccache")
        prefix = "ccache " if ccache else ""
        c_compiler = os.environ.get("CC", "") or ("clang" if "clang" in self.compiler else "gcc")
        rows = [
            RULES.format(
                builddir=_escape(str(self.folder)),
                compiler=prefix + self.compiler,
                c_compiler=prefix + c_compiler,
                linker=self.compiler,
                python=shlex.quote(sys.executable),
                mode=self.mode.name,
            )
        ]
        plain = [source for source in self.sources if source.kind != "bind"]
        rows += [self._compile(source) for source in plain]
        rows.append(self._link(self.test_binary, [self.object_of(source) for source in plain], []))
        rows.append(f"build tests: phony {_escape(str(self.test_binary))}\n")
        objects = " ".join(_escape(str(self.object_of(s))) for s in plain if s.kind != "test")
        rows.append(f"build core: phony {objects}\n")
        if not missing_for_extensions():
            rows += self._python_extensions()
        return "\n".join(rows)


def _pybind11_include() -> str:
    spec = importlib.util.find_spec("pybind11")
    assert spec is not None
    assert spec.origin is not None
    return str(Path(spec.origin).parent / "include")


def missing_for_extensions() -> str:
    """What the Python extensions lack to be built here; "" when nothing."""
    if importlib.util.find_spec("pybind11") is None or importlib.util.find_spec("Cython") is None:
        return "pybind11 and Cython are not installed here: pip install --group dev"
    if not Path(sysconfig.get_paths()["include"], "Python.h").exists():
        return "Python.h is missing (Debian: apt-get install python3-dev)"
    return ""


def _ninja() -> list[str]:
    if importlib.util.find_spec("ninja") is not None:
        return [sys.executable, "-m", "ninja"]
    found = shutil.which("ninja")
    if found is None:
        raise BuildError("ninja is not installed: pip install --group dev, or apt-get install ninja-build")
    return [found]


def has_doctest(compiler: str) -> bool:
    """Whether the compiler finds the header of the C++ tests."""
    probe = [compiler, "-x", "c++", "-std=c++20", "-E", "-", "-o", os.devnull]
    text = "#include <doctest/doctest.h>\n"
    return subprocess.run(probe, input=text, text=True, capture_output=True, check=False).returncode == 0


def plan_of(mode_name: str) -> Plan:
    """The plan of a mode; ``BuildError`` when its compiler is not there."""
    manifest = Manifest()
    plan = Plan(manifest.mode(mode_name), manifest)
    if shutil.which(plan.compiler) is None:
        hint = " (Debian: apt-get install g++-aarch64-linux-gnu)" if plan.mode.arch != machine() else ""
        raise BuildError(f"compiler {plan.compiler} is not installed{hint}")
    return plan


def build(plan: Plan, targets: Sequence[str], jobs: int | None = None) -> None:
    """Brings ``targets`` ("tests", "core", "extensions") up to date; ``BuildError`` on a failed build."""
    if "tests" in targets and not has_doctest(plan.compiler):
        raise BuildError(DOCTEST_MISSING)
    missing = missing_for_extensions()
    if "extensions" in targets and missing:
        raise BuildError(missing)
    plan.folder.mkdir(parents=True, exist_ok=True)
    text = plan.text()
    path = plan.folder / "build.ninja"
    if not path.exists() or path.read_text(encoding="utf-8") != text:
        path.write_text(text, encoding="utf-8")
    command = [*_ninja(), "-f", str(path), *(["-j", str(jobs)] if jobs else []), *targets]
    if subprocess.run(command, cwd=ROOT, check=False).returncode != 0:
        raise BuildError(f"the {plan.mode.name} build failed")


def main(argv: Sequence[str] | None = None) -> int:
    """Command line; 0 when everything was built and every test passed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["build", "test", "ext"])
    parser.add_argument("--mode", default="native", choices=Manifest().modes)
    parser.add_argument("--jobs", type=int, default=None)
    parser.add_argument("rest", nargs="*", help="after --: arguments of the test program")
    options = parser.parse_args(argv)
    try:
        plan = plan_of(options.mode)
        build(plan, ["extensions"] if options.what == "ext" else ["tests"], options.jobs)
    except BuildError as error:
        print(f"cxx: {error}", file=sys.stderr)
        return 1
    if options.what != "test":
        return 0
    if not plan.native:
        print("cxx: a program for another machine: run it with ci/arm.py", file=sys.stderr)
        return 1
    return subprocess.run([str(plan.test_binary), *options.rest], cwd=ROOT, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
