"""The two native extensions; every other packaging fact is in pyproject.toml, every compiler flag in
ext/manifest.toml.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pybind11
from Cython.Build import cythonize
from pybind11.setup_helpers import ParallelCompile
from setuptools import Extension, setup
from setuptools.command.build_ext import build_ext

sys.path.insert(0, str(Path(__file__).resolve().parent / "ci"))
from manifest import Manifest, machine

MANIFEST = Manifest()
WHEEL = MANIFEST.wheel()
SOURCES = {source.path: source for source in MANIFEST.sources(machine()) if source.kind != "test"}
HEADERS = sorted(
    path.relative_to(MANIFEST.ext.parent).as_posix()
    for pattern in ("*.hpp", "*.inl", "*.inc", "*.def", "*.h", "*.toml")
    for path in MANIFEST.ext.rglob(pattern)
)


class BuildExt(build_ext):
    """setuptools has no flags per file: the hook below adds the manifest's to each C++ file by its name."""

    def build_extension(self, ext: Extension) -> None:
        """Builds one extension with the hook in place."""
        original = self.compiler._compile

        def compile_one(obj: str, src: str, ext_name: str, cc_args: Any, extra: Any, pp_opts: Any) -> None:
            source = SOURCES.get(Path(src).as_posix())
            added = [*MANIFEST.flags(source), *WHEEL.flags] if source else []
            original(obj, src, ext_name, cc_args, [*extra, *added], pp_opts)

        self.compiler._compile = compile_one
        try:
            super().build_extension(ext)
        finally:
            self.compiler._compile = original


ParallelCompile("ISTHMUS_JOBS", default=0).install()

setup(
    cmdclass={"build_ext": BuildExt},
    ext_modules=[
        Extension(
            "isthmus._native",
            sources=list(SOURCES),
            depends=HEADERS,
            include_dirs=[*MANIFEST.include, pybind11.get_include()],
            extra_link_args=[*MANIFEST.link(), *WHEEL.link],
            language="c++",
        ),
        *cythonize(
            [
                Extension(
                    "isthmus._gather",
                    sources=["src/isthmus/_gather.pyx"],
                    include_dirs=list(MANIFEST.include),
                    extra_compile_args=[*MANIFEST.cython(), *WHEEL.flags],
                    extra_link_args=list(WHEEL.link),
                )
            ],
            build_dir="build/cython",
            language_level=3,
        ),
    ],
)
