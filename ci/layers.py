"""Who may include whom: fails on an include or an import that the table in ARCHITECTURE.md does not allow.

    python ci/layers.py

The table is the fenced block ```layers of ARCHITECTURE.md. One line per folder of ``ext``, in any order:

    hash -> cpu, simd              files of ext/hash may include ext/cpu and ext/simd
    cpu ->                         nothing but itself and base
    chain_test -> exec             what ext/chain/*_test.cpp may include besides
    # a comment

A folder may always include itself and ``base``; ``base`` includes nothing else. The table must be free of
cycles, have a row for every folder and no row without one. Besides, in C++:

* quoted includes are written from the include root ("hash/sha256.hpp") and name a file that exists;
* Python.h and pybind11 stand in ``bind`` only, doctest in ``*_test.cpp`` only, valgrind in ``*_taint.cpp`` only,
  and no other third party anywhere;
* what a tier file reaches, however deep, is base/bytes.hpp, base/check.hpp, ``*_tiers.hpp``, ``*.inl``, ``simd/``,
  the arithmetic of ``field/`` and ``curve/``, C headers, <array>, <span> and intrinsics. Nothing else could be of use
  to a kernel; whether its object holds a symbol that the linker would share is for ``ci/variants.py`` to see.

In Python: ``reference`` imports nothing of ours but itself, no cycle between modules (an import inside a
function counts), nothing but the standard library and declared dependencies at import time, and packages of
an extra only inside functions, ``try`` or TYPE_CHECKING. A declared dependency that no module imports is an
error too.
"""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from manifest import EXT, ROOT, Manifest
from tree import select

INCLUDE: Final = re.compile(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^>"]+)[>"]', re.MULTILINE)
BLOCK: Final = re.compile(r"^```layers[^\n]*\n(.*?)^```", re.MULTILINE | re.DOTALL)
ROW: Final = re.compile(r"^([a-z0-9_]+)\s*->\s*((?:[a-z0-9_]+(?:\s*,\s*[a-z0-9_]+)*)?)$")
CODE: Final = (".hpp", ".cpp", ".inl", ".inc", ".def", ".h")
INTRINSICS: Final = {"immintrin.h", "x86intrin.h", "arm_neon.h", "arm_acle.h"}
TIER_HEADERS: Final = {"base/bytes.hpp", "base/check.hpp"}
TIER_FOLDERS: Final = ("simd/", "field/", "curve/")
TIER_SYSTEM: Final = {"stddef.h", "stdint.h", "string.h", "array", "span"} | INTRINSICS
SYSTEM: Final = re.compile(
    r"^((stddef|stdint|string|stdlib|stdio|limits|errno|unistd|pthread|sys/auxv|sys/mman|sys/wait|asm/hwcap)"
    r"|cpuid|x86intrin|[a-z0-9]*mmintrin|arm_neon|arm_acle)\.h$"
)

Table = dict[str, set[str]]


def read_table(text: str) -> tuple[Table, list[str]]:
    """The table of ARCHITECTURE.md's text and what is wrong with its form."""
    block = BLOCK.search(text)
    if block is None:
        return {}, ["ARCHITECTURE.md: no fenced block ```layers"]
    table: Table = {}
    faults = []
    for number, line in enumerate(block[1].splitlines(), text.count("\n", 0, block.start(1)) + 1):
        bare = line.partition("#")[0].strip()
        if not bare:
            continue
        row = ROW.match(bare)
        if row is None:
            faults.append(f"ARCHITECTURE.md:{number}: not of the form 'folder -> folder, folder': {bare}")
        elif row[1] in table:
            faults.append(f"ARCHITECTURE.md:{number}: a second row for {row[1]}")
        else:
            table[row[1]] = {name.strip() for name in row[2].split(",") if name.strip()}
    return table, faults


def find_cycle(edges: dict[str, set[str]]) -> list[str]:
    """Some cycle of a directed graph as the list of its nodes, the first one repeated at the end; [] when
    there is none.
    """
    done: set[str] = set()
    for start in sorted(edges):
        path: list[str] = []
        stack: list[tuple[str, Iterator[str]]] = []
        node: str | None = start
        while True:
            if node is not None and node not in done:
                if node in path:
                    return [*path[path.index(node) :], node]
                path.append(node)
                stack.append((node, iter(sorted(edges.get(node, ())))))
            if not stack:
                break
            node = next(stack[-1][1], None)
            if node is None:
                done.add(stack.pop()[0])
                path.pop()
    return []


def check_table(table: Table, folders: set[str]) -> list[str]:
    """Rows against the folders that exist, and against each other."""
    faults = []
    tests = {name for name in table if name.endswith("_test")}
    for name in sorted(folders - set(table) - {"base"}):
        faults.append(f"ARCHITECTURE.md: no row for ext/{name}")
    for name in sorted(table):
        owner = name.removesuffix("_test") if name in tests else name
        if owner not in folders:
            faults.append(f"ARCHITECTURE.md: a row for ext/{owner}, which does not exist")
        faults += [
            f"ARCHITECTURE.md: {name} may include {other}, which does not exist"
            for other in sorted(table[name] - folders)
        ]
    cycle = find_cycle({name: others - {name} for name, others in table.items() if name not in tests})
    if cycle:
        faults.append(f"ARCHITECTURE.md: a cycle: {' -> '.join(cycle)}")
    return faults


def includes_of(path: Path) -> list[tuple[int, bool, str]]:
    """(line, quoted, name) of every include of a file."""
    text = path.read_text(encoding="utf-8")
    return [(text.count("\n", 0, m.start(1)) + 1, m[1] == '"', m[2]) for m in INCLUDE.finditer(text)]


def _third_party_fault(name: str, folder: str, is_test: bool, is_taint: bool) -> str:
    if name.startswith("pybind11/") or name == "Python.h":
        return "" if folder == "bind" else "Python stands in ext/bind only"
    if name.startswith("doctest/"):
        return "" if is_test else "doctest stands in *_test.cpp only"
    if name.startswith("valgrind/"):
        return "" if is_taint else "valgrind stands in *_taint.cpp only"
    if (name.endswith(".h") or "/" in name) and not SYSTEM.match(name):
        return "no third-party C or C++ here; a system header must be added to the list in ci/layers.py"
    return ""


def check_includes(table: Table) -> list[str]:
    """Every include of every C++ file against the table."""
    faults = []
    for path in select(*CODE, under="ext"):
        inside = path.relative_to(EXT)
        folder = inside.parts[0]
        is_test = path.stem.endswith("_test")
        allowed = {folder} if folder == "base" else {folder, "base"} | table.get(folder, set())
        if is_test:
            allowed |= table.get(f"{folder}_test", set())
        for line, quoted, name in includes_of(path):
            place = f"{path.relative_to(ROOT)}:{line}: "
            if not quoted:
                fault = _third_party_fault(name, folder, is_test, path.stem.endswith("_taint"))
                if fault:
                    faults.append(f"{place}<{name}>: {fault}")
                continue
            target = EXT / name
            if not target.is_file() and (EXT / "include" / name).is_file():
                target = EXT / "include" / name
            if "/" not in name or ".." in name or not target.is_file():
                faults.append(f'{place}"{name}" is not a path from the include root ext/')
            elif target.relative_to(EXT).parts[0] not in allowed:
                faults.append(f"{place}{folder} may not include {target.relative_to(EXT).parts[0]} ({name})")
    return faults


def check_tiers(manifest: Manifest) -> list[str]:
    """What tier files reach through includes, however deep."""
    faults = []
    for path in select(".cpp", under="ext"):
        source = manifest.classify(path)
        if source.kind != "tier":
            continue
        todo = [(path, "")]
        seen = {path}
        while todo:
            file, through = todo.pop()
            for _, quoted, name in includes_of(file):
                plain = name in TIER_HEADERS or name.endswith(("_tiers.hpp", ".inl", ".inc"))
                allowed = plain or name.startswith(TIER_FOLDERS) if quoted else name in TIER_SYSTEM
                if not allowed:
                    faults.append(f"{source.path}: a tier file may not reach {name}{through}")
                target = EXT / name
                if quoted and target.is_file() and target not in seen:
                    seen.add(target)
                    todo.append((target, f" (through {name})"))
    return faults


@dataclass
class Module:
    """A Python module of the package: what it imports of ours, and of others while it is being loaded."""

    path: Path
    ours: set[str] = field(default_factory=set)
    eager: set[str] = field(default_factory=set)
    lazy: set[str] = field(default_factory=set)


def _imports(tree: ast.Module) -> Iterator[tuple[ast.Import | ast.ImportFrom, bool, bool]]:
    """Every import statement with (is it only for type checkers, may it fail or wait)."""

    def walk(node: ast.AST, typing: bool, lazy: bool) -> Iterator[tuple[ast.Import | ast.ImportFrom, bool, bool]]:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.Import | ast.ImportFrom):
                yield child, typing, lazy
                continue
            guard = isinstance(child, ast.If) and ast.unparse(child.test).endswith("TYPE_CHECKING")
            waits = isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Try)
            yield from walk(child, typing or guard, lazy or waits)

    yield from walk(tree, False, False)


def _names(statement: ast.Import | ast.ImportFrom, package: str) -> list[str]:
    """Absolute dotted names that one statement asks for; for ``from a import b`` that is a.b."""
    if isinstance(statement, ast.Import):
        return [alias.name for alias in statement.names]
    base = statement.module or ""
    if statement.level:
        parts = package.split(".")
        parts = parts[: len(parts) - statement.level + 1]
        base = ".".join([*parts, base] if base else parts)
    return [f"{base}.{alias.name}" for alias in statement.names]


def read_modules(top: Path) -> dict[str, Module]:
    """Every module below ``top`` (the folder of the package) by its dotted name."""
    paths = {}
    for path in select(".py", ".pyx", ".pyi", under=str(top.relative_to(ROOT))):
        parts = [top.name, *path.relative_to(top).with_suffix("").parts]
        name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        if name not in paths or path.suffix == ".py":
            paths[name] = path
    modules = {name: Module(path) for name, path in paths.items()}
    for name, module in modules.items():
        if module.path.suffix != ".py":
            continue
        package = name if module.path.name == "__init__.py" else name.rpartition(".")[0]
        for statement, typing, lazy in _imports(ast.parse(module.path.read_text(encoding="utf-8"))):
            for asked in _names(statement, package):
                if asked.split(".")[0] != top.name:
                    (module.lazy if typing or lazy else module.eager).add(asked.split(".")[0])
                    continue
                found = asked
                while found not in modules:
                    found = found.rpartition(".")[0]
                if found != name and not typing:
                    module.ours.add(found)
    return modules


def _declared() -> tuple[set[str], set[str]]:
    """Import names of the dependencies, and of what the extras for users add."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]

    def names(requirements: Sequence[str]) -> set[str]:
        return {re.split(r"[^A-Za-z0-9_-]", text)[0].lower().replace("-", "_") for text in requirements}

    return names(project["dependencies"]), names([*extras["cli"], *extras["record"], *extras["sign"]])


def check_python(top: Path) -> list[str]:
    """Imports of the package's modules."""
    modules = read_modules(top)
    dependencies, optional = _declared()
    faults = []
    for name, module in sorted(modules.items()):
        place = str(module.path.relative_to(ROOT))
        inside = f"{top.name}.reference"
        if name.startswith(inside):
            faults += [
                f"{place}: reference may not import {other}"
                for other in sorted(module.ours)
                if not other.startswith(inside)
            ]
        known = set(sys.stdlib_module_names) | dependencies
        faults += [
            f"{place}: {other} is not a dependency; an extra's package is imported inside a function or try"
            for other in sorted(module.eager - known)
        ]
        faults += [
            f"{place}: {other} is neither a dependency nor part of an extra"
            for other in sorted(module.lazy - known - optional)
        ]
    cycle = find_cycle({name: module.ours for name, module in modules.items()})
    if cycle:
        faults.append(f"a cycle of imports: {' -> '.join(cycle)}")
    used = {name for module in modules.values() for name in module.eager | module.lazy}
    faults += [
        f"pyproject.toml: no module imports the dependency {name}" for name in sorted((dependencies | optional) - used)
    ]
    return faults


def main() -> int:
    """Prints every fault; 0 when there is none."""
    page = ROOT / "ARCHITECTURE.md"
    table, faults = read_table(page.read_text(encoding="utf-8") if page.exists() else "")
    # ext/include is the C surface for embedders: a folder like the others, but one that includes nothing.
    folders = {path.relative_to(EXT).parts[0] for path in select(*CODE, under="ext")}
    if table:
        faults += check_table(table, folders)
        faults += check_includes(table)
    faults += check_tiers(Manifest())
    faults += check_python(ROOT / "src" / "isthmus")
    for fault in faults:
        print(fault)
    print(f"layers: {len(folders)} folders, {len(faults)} faults")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
