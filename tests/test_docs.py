"""What the documents say is run: examples, links, names, tables."""

from __future__ import annotations

import ast
import doctest
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from helpers.data import REPOSITORY

import isthmus
from isthmus import cli
from isthmus.chains import bitcoin, cometbft

PAGES = [REPOSITORY / "README.md", *sorted((REPOSITORY / "docs").glob("*.md"))]
FLAGS = doctest.ELLIPSIS | doctest.IGNORE_EXCEPTION_DETAIL


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_examples(page: Path) -> None:
    failed, tried = doctest.testfile(str(page), module_relative=False, optionflags=FLAGS, encoding="utf-8")
    assert failed == 0
    if page.name in ("README.md", "python.md"):
        assert tried >= 10


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_and_named_files_exist(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    links = re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", text)
    named = re.findall(r"`((?:docs|ext|tests|ci|tools|src)/[\w./]+\.\w+)`", text)
    missing = [each for each in links if not (page.parent / each).exists()]
    missing += [each for each in named if not (REPOSITORY / each).exists()]
    assert missing == []


def test_commands_in_the_documents_are_ones_that_parse() -> None:
    lines = [
        line.removeprefix("$ ").split("#")[0]
        for page in PAGES
        for line in page.read_text(encoding="utf-8").splitlines()
        if line.startswith("$ ")
    ]
    commands = [part.strip() for line in lines for part in line.split("&&") if part.strip().startswith("isthmus ")]
    assert len(commands) >= 6
    for command in commands:
        cli.make_parser().parse_args(command.split()[1:])


def test_every_option_of_check_is_documented() -> None:
    text = (REPOSITORY / "docs/cli.md").read_text(encoding="utf-8")
    for chain in ("bitcoin", "cometbft"):
        shown = subprocess.run(
            [sys.executable, "-m", "isthmus", "check", chain, "--help"],
            capture_output=True,
            text=True,
            check=True,
            timeout=60,
        ).stdout
        assert "docs/cli.md" in shown
    for option in (
        "--height",
        "--network",
        "--parents",
        "--prevouts",
        "--trust-hash",
        "--xor",
        "--trust-first",
        "--anchor",
    ):
        assert option in text, option


def test_anchors_in_the_documents_can_be_read(tmp_path: Path) -> None:
    text = (REPOSITORY / "docs/cli.md").read_text(encoding="utf-8")
    first, second = re.findall(r"```toml\n(.*?)```", text, re.DOTALL)
    (tmp_path / "headers.bin").write_bytes(bytes(80 * (866342 - 864000)))
    (tmp_path / "866342.bin").write_bytes(bitcoin.pack_prevouts([]))
    anchor = bitcoin.Anchor.from_mapping(tomllib.loads(first), tmp_path)
    assert anchor.height == 866342
    from isthmus.commands.cometbft import read_toml

    path = tmp_path / "anchor.toml"
    path.write_text(second, encoding="utf-8")
    assert cometbft.Anchor.from_mapping(read_toml(str(path))).chain_id == "cosmoshub-4"


def test_every_public_name_has_a_docstring() -> None:
    for name in isthmus.__all__:
        thing = getattr(isthmus, name)
        if callable(thing):
            assert thing.__doc__, name
    page = (REPOSITORY / "docs/python.md").read_text(encoding="utf-8") + (REPOSITORY / "README.md").read_text("utf-8")
    for name in ("Engine", "Verdict", "Report", "verify", "hash_many", "merkle_root", "dtype", "LimitExceeded"):
        assert name in page


def test_tables_are_those_of_the_source() -> None:
    subprocess.run([sys.executable, str(REPOSITORY / "tools/doc_tables.py"), "--check"], check=True, timeout=60)


def test_tests_that_the_table_of_attacks_names_exist() -> None:
    """And their parameters; and every case of the families that these chains share has a row."""
    page = (REPOSITORY / "docs/attacks.md").read_text(encoding="utf-8")
    made = (REPOSITORY / "src/isthmus/synthetic/fisco_attacks.py").read_text(encoding="utf-8")
    named = re.findall(r"`([\w/]+\.py)::(\w+)`((?: \[[^\]]+\])*)", page)
    assert len(named) > 100
    for path, name, parameters in named:
        source = (REPOSITORY / "tests" / path).read_text(encoding="utf-8")
        assert name in {each.name for each in ast.parse(source).body if isinstance(each, ast.FunctionDef)}, name
        for parameter in re.findall(r"\[([^\]]+)\]", parameters):
            assert parameter in source + made, f"{name}[{parameter}]"
    cases = set(re.findall(r"^\| (\w+) \|", page, re.MULTILINE)) - {"case"}
    wanted = {f"{family}{n + 1}" for family, count in (("X", 12), ("Q", 14), ("C", 5)) for n in range(count)}
    assert wanted <= cases
    said = re.findall(r"`((?:certificate|fabric|fisco|chainmaker|policy|signature|issuer|field)_\w+)`", page)
    assert set(said) - set(isthmus.codes()) == set()
