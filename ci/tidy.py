"""The shape of the text: lengths, numbered lists, words that have no place here.

    python ci/tidy.py

* no line over 120 columns, no function over 70 lines, no file over 900 lines (code only);
* the lists of codes and ids (``ext/**/*.def``): numbers unique, names unique, ascending within a block; texts
  of ``codes.def`` start in lower case and end without a full stop;
* the core (``ext`` without ``bind``, tests and the thread pool) neither throws nor catches and asks no type
  at run time;
* no unfinished work, no words about how the text came to be, no path of somebody's machine;
* the lists ``test`` and ``dev`` in pyproject.toml, which stand there twice, agree.
"""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from manifest import EXT, ROOT
from tree import files, select

LINE_MAX: Final = 120
FUNCTION_MAX: Final = 70
FILE_MAX: Final = 900
CODE: Final = (".py", ".pyi", ".pyx", ".hpp", ".cpp", ".inl", ".inc", ".h", ".def", ".toml", ".sh")
CXX: Final = (".hpp", ".cpp", ".inl", ".h")

# The letter in brackets keeps a pattern from matching its own text.
UNFINISHED: Final = re.compile(
    r"\b([T]ODO|[F]IXME|[X]XX|[N]otImplementedError)\b|pytest\.mark\.[s]kip\b|\bassert [T]rue\b"
)
FOREIGN: Final = re.compile(
    r"\b(this ([s]ession|[i]ssue|[t]ask)|the session [t]hat|[C]EO|issue #?[0-9]+|[w]orkplace|[h]oldout)\b",
    re.IGNORECASE,
)
MACHINE: Final = re.compile(r"/([w]ork|[f]arm)/|/tmp/([b]ash_jobs|[i]sthmus)")
EXCEPTIONS: Final = re.compile(r"\b(throw|try|catch|dynamic_cast|typeid)\b")
# Where an exception may be handled below ext/bind: the pool carries std::bad_alloc from its threads to the caller,
# and the C surface turns it into a return value.
MAY_CATCH: Final = {"ext/exec/pool.cpp", "ext/engine/capi.cpp"}
DEF_ROW: Final = re.compile(r"^X\((\w+),\s*(\d+)(?:,\s*\"([^\"]*)\")?")


def _place(path: Path, line: int) -> str:
    return f"{path.relative_to(ROOT)}:{line}"


def strip_cxx(text: str) -> str:
    """C++ text with comments, strings, characters and preprocessor lines blanked, line for line."""
    pattern = re.compile(
        r'//[^\n]*|/\*.*?\*/|R"(?P<d>[^(\s]*)\(.*?\)(?P=d)"|"(?:\\.|[^"\\\n])*"'
        r"|(?<![0-9a-fA-F])'(?:\\.|[^'\\\n])+'"
        r"|^[ \t]*#(?:[^\n\\]|\\.|\\\n)*",
        re.DOTALL | re.MULTILINE,
    )
    return pattern.sub(lambda match: "\n" * match[0].count("\n") or " ", text)


def cxx_functions(text: str) -> Iterator[tuple[int, int]]:
    """(first line, line count) of every function body that is not inside another; ``text`` is stripped."""
    depth_of_function = 0
    depth = 0
    head_start = 0
    first = 0
    for match in re.finditer(r"[{};]", text):
        sign = match[0]
        if sign == ";" or (sign == "}" and depth > 0):
            depth -= sign == "}"
            if sign == "}" and depth_of_function and depth < depth_of_function:
                yield first, text.count("\n", 0, match.start()) + 2 - first
                depth_of_function = 0
            head_start = match.end()
            continue
        head = text[head_start : match.start()]
        if not depth_of_function and _opens_function(head):
            depth_of_function = depth + 1
            lead = len(head) - len(head.lstrip())
            first = text.count("\n", 0, head_start + lead) + 1
        depth += 1
        head_start = match.end()


def _opens_function(head: str) -> bool:
    """Whether the text between the last statement and a brace is that of a function."""
    bare = re.sub(r"\b(public|private|protected)\s*:", " ", head)
    if re.search(r"\b(namespace|extern)\b|\b(struct|class|union|enum)\s+[\w:]*\s*(final\s*)?(:[^()]*)?$", bare):
        return False
    return "(" in bare and re.search(r"=\s*$", bare) is None and re.search(r"[\])\w>}]\s*$", bare) is not None


def _python_functions(path: Path, text: str) -> Iterator[tuple[int, int]]:
    if path.suffix == ".py":
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                yield node.lineno, (node.end_lineno or node.lineno) - node.lineno + 1
        return
    lines = text.splitlines()
    for number, line in enumerate(lines):
        if not re.match(r"\s*(def|cdef|cpdef)\b[^=]*\(", line):
            continue
        indent = len(line) - len(line.lstrip())
        end = number + 1
        while end < len(lines) and (not lines[end].strip() or len(lines[end]) - len(lines[end].lstrip()) > indent):
            end += 1
        yield number + 1, end - number


def check_lengths() -> list[str]:
    """Lines, functions and files."""
    faults = []
    for path in select(*CODE):
        text = path.read_text(encoding="utf-8")
        lines = text.splitlines()
        if len(lines) > FILE_MAX:
            faults.append(f"{path.relative_to(ROOT)}: {len(lines)} lines, more than {FILE_MAX}")
        wide = [number for number, line in enumerate(lines, 1) if len(line) > LINE_MAX]
        if wide:
            faults.append(f"{_place(path, wide[0])}: {len(wide)} lines of more than {LINE_MAX} columns: {wide}")
        functions: Iterator[tuple[int, int]] = iter(())
        if path.suffix in CXX:
            functions = cxx_functions(strip_cxx(text))
        elif path.suffix in (".py", ".pyx"):
            functions = _python_functions(path, text)
        faults += [
            f"{_place(path, first)}: a function of {count} lines, more than {FUNCTION_MAX}"
            for first, count in functions
            if count > FUNCTION_MAX
        ]
    return faults


def check_lists() -> list[str]:
    """The numbered X-macro lists."""
    faults = []
    for path in select(".def", under="ext"):
        numbers: dict[int, str] = {}
        last = -1
        for line, text in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            row = DEF_ROW.match(text)
            if row is None:
                last = -1 if not text.strip() else last
                continue
            name, number, words = row[1], int(row[2]), row[3] or ""
            if number in numbers:
                faults.append(f"{_place(path, line)}: number {number} belongs to {numbers[number]} already")
            if name in numbers.values():
                faults.append(f"{_place(path, line)}: a second {name}")
            if number < last:
                faults.append(f"{_place(path, line)}: {number} after {last} in one block")
            if path.name == "codes.def" and (words[:1].isupper() or words.endswith(".") or not words):
                faults.append(f"{_place(path, line)}: a text starts in lower case and ends without a full stop")
            numbers[number] = name
            last = number
    return faults


def check_words() -> list[str]:
    """Words and paths in every text file, exceptions in the core."""
    faults = []
    for path in files():
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        if path.name == "LICENSE":
            continue
        for number, line in enumerate(text.splitlines(), 1):
            for pattern, meaning in (
                (UNFINISHED, "unfinished"),
                (FOREIGN, "not of this project"),
                (MACHINE, "a path"),
            ):
                found = pattern.search(line)
                if found:
                    faults.append(f"{_place(path, number)}: {meaning}: {found[0]}")
    for path in select(*CXX, under="ext"):
        name = path.relative_to(ROOT).as_posix()
        if path.relative_to(EXT).parts[0] == "bind" or path.stem.endswith("_test") or name in MAY_CATCH:
            continue
        bare = strip_cxx(path.read_text(encoding="utf-8"))
        faults += [
            f"{_place(path, number)}: no exceptions and no run-time types below ext/bind: {found[0]}"
            for number, line in enumerate(bare.splitlines(), 1)
            if (found := EXCEPTIONS.search(line))
        ]
    return faults


def check_pyproject() -> list[str]:
    """What stands twice in pyproject.toml."""
    data = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    project, groups = data["project"], data["dependency-groups"]
    extras = project["optional-dependencies"]
    faults = []
    if extras["test"] != groups["test"]:
        faults.append("pyproject.toml: the extra test and the group test differ")
    extra = {text for text in extras["dev"] if not text.startswith("isthmus[")} | set(extras["cli"])
    group = {text for text in groups["dev"] if isinstance(text, str)} - set(project["dependencies"])
    if extra != group:
        faults.append(f"pyproject.toml: the extra dev and the group dev differ: {sorted(extra ^ group)}")
    missing = set(data["build-system"]["requires"]) - group
    if missing:
        faults.append(f"pyproject.toml: needed to build but not in the group dev: {sorted(missing)}")
    return faults


def main() -> int:
    """Prints every fault; 0 when there is none."""
    faults = [*check_lengths(), *check_lists(), *check_words(), *check_pyproject()]
    for fault in faults:
        print(fault)
    print(f"tidy: {len(files())} files, {len(faults)} faults")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
