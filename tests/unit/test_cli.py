"""The command line: exit codes, what goes to which stream, and mistakes that tell what to do next."""

from __future__ import annotations

import hashlib
import io
import json
import logging
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import isthmus
from isthmus import cli, logs, progress
from isthmus.commands import machine
from isthmus.commands.common import UsageError, open_input, open_raw_or_hex
from isthmus.commands.framing import frames, is_framed, unscramble

KEY, SIG = machine._ED25519_KEY, machine._ED25519_SIG
GOOD = f"{KEY},,{SIG}"
BAD = f"{KEY},00,{SIG}"


@pytest.fixture(autouse=True)
def logger() -> Iterator[None]:
    handlers, level = logs.LOGGER.handlers[:], logs.LOGGER.level
    yield
    logs.LOGGER.handlers[:] = handlers
    logs.LOGGER.setLevel(level)


class Ran:
    """One run of the command: exit code, text of both streams, the JSON object."""

    def __init__(self, code: int, out: str, err: str) -> None:
        self.code, self.out, self.err = code, out, err

    @property
    def json(self) -> Any:
        return json.loads(self.out)


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Any:
    def call(*argv: object) -> Ran:
        try:
            code = cli.main([str(word) for word in argv])
        except SystemExit as stop:
            code = int(stop.code or 0)
        out, err = capsys.readouterr()
        assert "Traceback" not in err
        return Ran(code, out, err)

    return call


def test_module_and_help() -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "isthmus", "--help"], capture_output=True, text=True, check=True, timeout=60
    )
    for word in ("check", "verify", "hash", "info", "selftest", "exit codes: 0 valid, 1 invalid, 2 usage, 3 undecided"):
        assert word in ran.stdout


@pytest.mark.parametrize(
    "argv",
    [[], ["dig"], ["check"], ["check", "dogecoin"], ["hash", "sha256"], ["check", "bitcoin", "--height", "-1", "f"]],
)
def test_wrong_words_are_usage(run: Any, argv: list[str]) -> None:
    ran = run(*argv)
    assert ran.code == 2
    assert ran.out == ""
    assert "usage:" in ran.err


# --- verify


@pytest.mark.parametrize(
    ("text", "code", "verified", "bad"),
    [
        (GOOD, 0, 1, []),
        (f"{GOOD}\n{BAD}\n{GOOD}\n", 1, 2, [2]),
        (f"# a comment\n\nsig,msg,key\n{SIG},0x,0x{KEY.upper()}\n", 0, 1, []),
        (f"name,key,msg,sig\nfirst,{GOOD}\nsecond,{BAD}\n", 1, 1, [3]),
        (f"{KEY},,{SIG[:-2]}", 1, 0, [1]),
        ("", 3, 0, []),
        ("key,msg,sig\n", 3, 0, []),
        (
            json.dumps({"key": KEY, "msg": "", "sig": SIG})
            + "\n\n"
            + json.dumps({"key": KEY, "msg": "00", "sig": SIG}),
            1,
            1,
            [3],
        ),
    ],
)
def test_verify(run: Any, tmp_path: Path, text: str, code: int, verified: int, bad: list[int]) -> None:
    path = tmp_path / "rows"
    path.write_text(text, encoding="utf-8")
    ran = run("verify", "ed25519-zip215", path, "--json")
    assert ran.code == code
    assert ran.json["verified"] == verified
    assert [row["line"] for row in ran.json["bad"]] == bad
    plain = run("verify", "ed25519-zip215", path)
    assert plain.code == code
    assert f"{verified} of {ran.json['rows']} signatures verify under ed25519-zip215" in plain.out
    for line in bad:
        assert f"line {line}: signature does not verify" in plain.out


def test_verify_ecdsa_and_standard_input(run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    row = f"{machine._ECDSA_KEY},{machine._ECDSA_DIGEST},{machine._ECDSA_SIG}\n"
    for options, code in ((["--encoding", "der"], 0), (["--encoding", "der", "--low-s"], 0), ([], 1)):
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(row.encode())))
        assert run("verify", "secp256k1-ecdsa", "-", *options).code == code


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (f"{KEY},{SIG}\n", "rows:1: expected 3 cells, got 2"),
        (f"{GOOD}\n{KEY},zz,{SIG}\n", "rows:2: msg: not hexadecimal text: 'zz'"),
        ('{"key": "00"}', "rows:1: msg is missing"),
        ('{"key": 5, "msg": "", "sig": ""}', "rows:1: key: expected hexadecimal text, got int"),
        ('{"key": \n', "rows:1: not JSON"),
        (b"\xff\xfe\x00", "rows: not a text file"),
    ],
)
def test_a_list_that_cannot_be_read_is_usage(run: Any, tmp_path: Path, text: str | bytes, said: str) -> None:
    path = tmp_path / "rows"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    ran = run("verify", "ed25519-zip215", path)
    assert ran.code == 2
    assert said in ran.err
    assert "next: " in ran.err
    assert ran.out == ""


def test_verify_usage(run: Any, tmp_path: Path) -> None:
    path = tmp_path / "rows"
    path.write_text(GOOD, encoding="utf-8")
    ran = run("verify", "ed25519", path)
    assert ran.code == 2
    assert "choose one of ed25519-zip215, " in ran.err
    for options in (["--low-s"], ["--hash", "sha256"], ["--threads", "0"]):
        assert run("verify", "ed25519-zip215", path, *options).code == 2
    path.write_text(f"{machine._ECDSA_KEY},00,{machine._ECDSA_SIG}", encoding="utf-8")
    ran = run("verify", "secp256k1-ecdsa", path)
    assert ran.code == 2
    assert "expected a digest of 32 bytes, got 1" in ran.err


# --- hash


def test_hash(run: Any, tmp_path: Path) -> None:
    names = []
    for size in (0, 3, 100_000):
        names.append(tmp_path / str(size))
        names[-1].write_bytes(bytes(size))
    ran = run("hash", "sha256", *names)
    assert ran.code == 0
    expected = [f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path}" for path in names]
    assert ran.out.splitlines() == expected
    assert [row["digest"] for row in run("hash", "sha512", *names, "--json").json["digests"]] == [
        hashlib.sha512(path.read_bytes()).hexdigest() for path in names
    ]


def test_hash_usage(run: Any, tmp_path: Path) -> None:
    missing = run("hash", "sha256", tmp_path / "missing")
    assert missing.code == 2
    assert "No such file" in missing.err
    assert "next: check the path" in missing.err
    assert run("hash", "sha256", tmp_path).code == 2
    assert "choose one of sha256, " in run("hash", "md5", tmp_path).err


# --- info, selftest


def test_info(run: Any) -> None:
    ran = run("info")
    assert ran.code == 0
    assert ran.out.startswith(f"isthmus {isthmus.__version__}, ")
    said = run("info", "--json", "--codes").json
    assert said["schemes"] == list(isthmus.schemes())
    assert {"name": "ok", "number": 0, "text": "every claim holds"} in said["codes"]
    for operation in said["operations"]:
        assert [row["state"] for row in operation["rows"]].count("chosen") == 1, operation
        assert all(row["reason"] for row in operation["rows"])


def test_selftest(run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    ran = run("selftest", "--json")
    assert ran.code == 0
    assert ran.json["passed"] is True
    assert {row["operation"] for row in ran.json["rows"]} >= {"ed25519-zip215", "secp256k1-ecdsa", "sha256d"}
    monkeypatch.setattr(machine._native, "selftest", lambda: [("sha256_64", "avx2", False)])
    failed = run("selftest")
    assert failed.code == 1
    assert "FAILED sha256_64 avx2" in failed.out
    assert "next: " in failed.out


# --- what all commands share


def test_a_defect_is_no_verdict(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def broken(args: object) -> None:
        raise isthmus.InternalError("impossible")

    monkeypatch.setattr(machine, "info", broken)
    assert cli.main(["info"]) == 70
    assert "a defect of isthmus" in capsys.readouterr().err


def test_inputs_are_mapped_and_hexadecimal_is_decoded(tmp_path: Path) -> None:
    path = tmp_path / "block"
    path.write_bytes(b"\x01\x00raw")
    assert bytes(open_input(str(path))) == b"\x01\x00raw"
    assert memoryview(open_input(str(path))).readonly
    path.write_text("0100\n ABcd \n")
    assert open_raw_or_hex(str(path)) == bytes.fromhex("0100abcd")
    path.write_text("0100x")
    assert bytes(open_raw_or_hex(str(path))) == b"0100x"
    path.write_bytes(b"")
    assert open_raw_or_hex(str(path)) == b""


def test_frames() -> None:
    magic = bytes.fromhex("f9beb4d9")
    one, two = magic + b"\x03\0\0\0abc", magic + b"\x02\0\0\0de"
    assert is_framed(one)
    assert not is_framed(b"\x01\0\0\0")
    assert not is_framed(b"")
    found = list(frames(one + two + bytes(100), "f"))
    assert [(frame.offset, bytes(frame.block), frame.network) for frame in found] == [
        (8, b"abc", "main"),
        (19, b"de", "main"),
    ]
    assert [bytes(frame.block) for frame in frames(one + two[:-1], "f")] == [b"abc", b"d"]
    assert [bytes(frame.block) for frame in frames(magic, "f")] == [b""]
    with pytest.raises(UsageError, match="f: no block at byte 11: 00000001 is the magic of no known network"):
        list(frames(one + b"\0\0\0\x01", "f"))


@pytest.mark.parametrize("key", [b"\x01", b"\x01\x02\x03", bytes(range(8))])
def test_unscramble(key: bytes) -> None:
    clear = bytes(range(256)) * 3
    scrambled = bytes(b ^ key[i % len(key)] for i, b in enumerate(clear))
    assert unscramble(scrambled, key, "xor.dat") == clear
    with pytest.raises(UsageError, match=r"xor\.dat: a key of 0 bytes"):
        unscramble(scrambled, b"", "xor.dat")


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize("rich", [True, False])
def test_progress(monkeypatch: pytest.MonkeyPatch, rich: bool) -> None:
    if rich:
        pytest.importorskip("rich")
    else:
        monkeypatch.setitem(sys.modules, "rich.console", None)
    terminal, pipe = Terminal(), io.StringIO()
    for stream, shown in ((terminal, True), (terminal, False), (pipe, True)):
        before = len(terminal.getvalue())
        with progress.bar("checking", 10, "blocks", shown=shown, stream=stream) as done:
            for _ in range(10):
                done(1)
        assert (len(terminal.getvalue()) > before) is (stream is terminal and shown)
    assert pipe.getvalue() == ""
    assert "checking" in terminal.getvalue()
    with progress.bar("nothing", 0, "blocks", stream=terminal) as done:
        done(1)
    assert "nothing" not in terminal.getvalue()


def test_logs(capsys: pytest.CaptureFixture[str]) -> None:
    logs.LOGGER.error("unseen")
    assert capsys.readouterr().err == ""
    logs.to_stderr(logging.INFO, as_json=True)
    logs.to_stderr(logging.INFO, as_json=True)  # replaces the first handler
    logs.LOGGER.info("seen %d", 1, extra={"data": {"blocks": 2}})
    logs.LOGGER.debug("unseen")
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1
    said = json.loads(lines[0])
    assert (said["message"], said["level"], said["blocks"], said["logger"]) == ("seen 1", "info", 2, "isthmus")
    assert said["time"].endswith("Z")
