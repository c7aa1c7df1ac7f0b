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
from isthmus.chains import cometbft
from isthmus.commands import bitcoin, demo, machine
from isthmus.commands.common import UsageError, open_input, open_raw_or_hex
from isthmus.commands.framing import frames, is_framed, unscramble
from isthmus.samples import early_bitcoin, recorded_cometbft

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
    for scheme, options, said in (
        ("ed25519-zip215", ["--signer-id", "me"], "signer_id: ed25519-zip215 has no such option"),
        ("p256-ecdsa", ["--encoding", "der-lax"], "p256-ecdsa takes 'compact' or 'der', got 'der-lax'"),
        ("sm2-sm3", ["--low-s"], "low_s: sm2-sm3 has no such option"),
        ("sm2-sm3", ["--signer-id", "x" * 8192], "signer_id: expected at most 8191 bytes, got 8192"),
        ("sm2-sm3", ["--signer-id-hex", "6"], "--signer-id-hex: not hexadecimal text"),
    ):
        ran = run("verify", scheme, path, *options)
        assert ran.code == 2
        assert said in ran.err
        assert "next: " in ran.err
    assert run("verify", "sm2-sm3", path, "--signer-id", "a", "--signer-id-hex", "61").code == 2


SM2_KEY = (
    "0409f9df311e5421a150dd7d161e4bc5c672179fad1833fc076bb08ff356f35020"
    "ccea490ce26775a52dc6ea718cc1aa600aed05fbf35e084a6632f6072da9ad13"
)
SM2_SIG = (
    "f5a03b0648d2c4630eeac513e1bb81a15944da3827d5b74143ac7eaceee720b3"
    "b1b6aa29df212fd8763182bc0d421ca1bb9038fd1f7f42d4840b69c485bbc1aa"
)
SM2_E = "f0b43e94ba45accaace692ed534382eb17e6ab5a19ce7b31f4486fdfc0d28640"


@pytest.mark.parametrize(
    ("msg", "options", "verified"),
    [
        (b"message digest".hex(), [], 1),
        (b"message digest".hex(), ["--signer-id", "1234567812345678"], 1),
        (b"message digest".hex(), ["--signer-id-hex", b"1234567812345678".hex()], 1),
        (b"message digest".hex(), ["--signer-id", "ALICE123@YAHOO.COM"], 0),
        (b"message digest".hex(), ["--signer-id-hex", ""], 0),
        (SM2_E, ["--hash", "none"], 1),
        (SM2_E, [], 0),
    ],
)
def test_verify_sm2(run: Any, tmp_path: Path, msg: str, options: list[str], verified: int) -> None:
    """The example of GB/T 32918.5, annex A.2."""
    path = tmp_path / "rows"
    path.write_text(f"{SM2_KEY},{msg},{SM2_SIG}\n", encoding="utf-8")
    ran = run("verify", "sm2-sm3", path, "--json", *options)
    assert ran.code == 1 - verified
    assert ran.json["verified"] == verified


def test_verify_p256(run: Any, tmp_path: Path) -> None:
    """RFC 6979, A.2.5: "sample" with SHA-256."""
    key = "0360fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6"
    r = "efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716"
    s = "f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8"
    path = tmp_path / "rows"
    path.write_text(f"{key},{b'sample'.hex()},{r}{s}\n", encoding="utf-8")
    assert run("verify", "p256-ecdsa", path, "--hash", "sha256").code == 0
    assert run("verify", "p256-ecdsa", path, "--hash", "sha256", "--low-s").code == 1
    assert run("verify", "p256-ecdsa", path).code == 1
    path.write_text(f"{key},{b'sample'.hex()},3046022100{r}022100{s}\n", encoding="utf-8")
    assert run("verify", "p256-ecdsa", path, "--hash", "sha256", "--encoding", "der").code == 0


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


# --- check


MAGIC = bytes.fromhex("f9beb4d9")


def framed(*blocks: bytes) -> bytes:
    return b"".join(MAGIC + len(block).to_bytes(4, "little") + block for block in blocks)


@pytest.fixture
def early(tmp_path: Path) -> dict[int, Path]:
    """Files of early Bitcoin blocks."""
    paths = {}
    for height, block in early_bitcoin().blocks.items():
        paths[height] = tmp_path / f"{height}.raw"
        paths[height].write_bytes(block)
    return paths


def test_demo(run: Any) -> None:
    ran = run("check", "demo")
    assert ran.code == 0
    assert "Bitcoin block 170, the first payment" in ran.out
    assert "All 4 are valid, all 9 tampered copies are refused." in ran.out
    checks = run("check", "demo", "--json").json["checks"]
    assert all(each["status"] == each["expected"] for each in checks)
    refused = [each["code"] for each in checks if each["expected"] == "invalid"]
    assert set(refused) >= {"merkle_root_differs", "bitcoin_work_too_low", "truncated", "signature_false"}


def test_demo_says_when_a_verdict_is_not_as_expected(run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(demo, "_flip", lambda raw, at: raw)
    ran = run("check", "demo")
    assert ran.code == 70
    assert "<- not as expected" in ran.out
    assert "please report it" in ran.out


def test_bitcoin_blocks_in_one_file(run: Any, tmp_path: Path) -> None:
    path = tmp_path / "blk00000.dat"
    blocks = [early_bitcoin().blocks[height] for height in range(11)]
    path.write_bytes(framed(*blocks) + bytes(50))
    ran = run("check", "bitcoin", path)
    assert ran.code == 0
    assert "main: 11 valid, 0 invalid, 0 undecided" in ran.out
    said = run("check", "bitcoin", path, "--json").json
    assert [block["height"] for block in said["blocks"]] == list(range(11))
    assert said["blocks"][0]["hash"] == "000000000019d6689c085ae165831e934ff763ae46a2a6c172b3f1b60a8ce26f"
    assert said["counts"]["tx"] == {"valid": 11, "invalid": 0, "undecided": 0}


def test_bitcoin_scrambled_file(run: Any, tmp_path: Path) -> None:
    key = bytes.fromhex("0123456789abcdef")
    clear = framed(*(early_bitcoin().blocks[height] for height in (1, 2, 3)))
    (tmp_path / "xor.dat").write_bytes(key)
    (tmp_path / "blk.dat").write_bytes(bytes(b ^ key[i % 8] for i, b in enumerate(clear)))
    assert run("check", "bitcoin", tmp_path / "blk.dat", "--xor", tmp_path / "xor.dat").code == 0
    assert run("check", "bitcoin", tmp_path / "blk.dat").code == 2


def test_bitcoin_run_over_files(run: Any, early: dict[int, Path]) -> None:
    assert run("check", "bitcoin", *(early[height] for height in range(11))).code == 0
    assert run("check", "bitcoin", *(early[height] for height in range(1, 11))).code == 0  # after the genesis
    gap = run("check", "bitcoin", early[1], early[3])
    assert gap.code == 1
    assert "bitcoin_parent_differs at block 2" in gap.out


def test_bitcoin_payment_under_an_anchor(run: Any, early: dict[int, Path], tmp_path: Path) -> None:
    headers, _ = early_bitcoin()
    (tmp_path / "headers").write_bytes(headers[:-80])
    (tmp_path / "prevouts").write_bytes(demo.payment_anchor().prevouts or b"")
    anchor = tmp_path / "anchor.toml"
    anchor.write_text('height = 170\nheaders = { file = "headers" }\nprevouts = { file = "prevouts" }\n')
    assert run("check", "bitcoin", early[170], "--anchor", anchor).code == 0
    options = ["--height", 170, "--parents", tmp_path / "headers", "--prevouts", tmp_path / "prevouts"]
    assert run("check", "bitcoin", early[170], *options).code == 0
    undecided = run("check", "bitcoin", early[170], *options[:4])
    assert undecided.code == 3
    assert "next: give the spent outputs of each block: --prevouts FILE" in undecided.out
    trusted = "00000000d1145790a8694403d4063f323d499e655c83426834d4ce2f8dd4a2ee"
    assert run("check", "bitcoin", early[170], "--height", 170, "--trust-hash", trusted, *options[4:]).code == 0
    wrong = run("check", "bitcoin", early[170], "--height", 170, "--trust-hash", "11" * 32, *options[4:])
    assert wrong.code == 1
    assert "bitcoin_trusted_hash_differs" in wrong.out


def test_bitcoin_hexadecimal_and_truncated_blocks(run: Any, tmp_path: Path) -> None:
    path = tmp_path / "genesis.hex"
    path.write_text(early_bitcoin().blocks[0].hex() + "\n")
    assert run("check", "bitcoin", path).code == 0
    path.write_bytes(framed(early_bitcoin().blocks[0])[:-5])
    ran = run("check", "bitcoin", path)
    assert ran.code == 1
    assert "truncated" in ran.out


def test_bitcoin_headers(run: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    headers = early_bitcoin().headers
    path = tmp_path / "headers"
    path.write_bytes(headers)
    whole = run("check", "bitcoin", path, "--headers")
    assert whole.code == 0
    assert "171 header" in whole.out
    monkeypatch.setattr(bitcoin, "_HEADERS_MAX", 50)  # the same run in four inputs
    cut = run("check", "bitcoin", path, "--headers", "--json")
    assert cut.code == 0
    assert [part["height"] for part in cut.json["headers"]] == [0, 50, 100, 150]
    path.write_bytes(headers[:8000] + bytes([headers[8000] ^ 1]) + headers[8001:])
    broken = run("check", "bitcoin", path, "--headers")
    assert broken.code == 1
    assert "header 100" in broken.out


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (["missing"], "cannot read missing"),
        (["170.raw"], "the height is not known"),
        (["1.raw", "--prevouts", "1.raw", "--prevouts", "2.raw"], "1 blocks but 2 files of spent outputs"),
        (["1.raw", "--network", "dogecoin"], "no network 'dogecoin'"),
        (["1.raw", "--trust-hash", "00"], "64 hexadecimal digits"),
        (["1.raw", "--trust-hash", "zz" * 32], "non-hexadecimal"),
        (["1.raw", "--anchor", "missing.toml"], "cannot read missing.toml"),
        (["1.raw", "--anchor", "1.raw"], "1.raw: "),
        (["1.raw", "--parents", "1.raw"], "1.raw: 215 bytes"),
        (["1.raw", "--prevouts", "1.raw"], "spent outputs"),
        (["empty.dat"], "the height is not known"),
        (["mixed.dat"], "no block at byte"),
    ],
)
def test_bitcoin_mistakes(
    run: Any, early: dict[int, Path], monkeypatch: pytest.MonkeyPatch, argv: list[str], said: str
) -> None:
    folder = early[1].parent
    monkeypatch.chdir(folder)
    (folder / "empty.dat").write_bytes(b"")
    (folder / "mixed.dat").write_bytes(framed(early_bitcoin().blocks[1]) + b"rest")
    ran = run("check", "bitcoin", *argv)
    assert ran.code == 2, ran.out
    assert said in ran.err
    assert "next: " in ran.err


@pytest.fixture
def recorded(tmp_path: Path) -> dict[str, Path]:
    """The recorded chain as files: all blocks, single blocks, the anchor."""
    data = recorded_cometbft()
    paths = {name: tmp_path / name for name in ("all.json", "1.json", "2.json", "5.pb", "anchor.json", "broken.pb")}
    paths["all.json"].write_text(json.dumps({"blocks": data["blocks"]}))
    paths["1.json"].write_text(json.dumps(data["blocks"][0]))
    paths["2.json"].write_text(json.dumps(data["blocks"][1]))
    paths["5.pb"].write_bytes(cometbft.light_block_from_json(data["blocks"][4]))
    paths["broken.pb"].write_bytes(paths["5.pb"].read_bytes()[:100])
    paths["anchor.json"].write_text(json.dumps(data["anchor"]))
    return paths


def test_cometbft_walk(run: Any, recorded: dict[str, Path]) -> None:
    anchor = ["--anchor", recorded["anchor.json"]]
    ran = run("check", "cometbft", recorded["all.json"], *anchor)
    assert ran.code == 0
    assert "isthmus-recorded-1: 24 of 24 light blocks verified: valid" in ran.out
    mixed = run("check", "cometbft", recorded["5.pb"], recorded["2.json"], recorded["1.json"], *anchor, "--json")
    assert mixed.code == 0
    assert [block["height"] for block in mixed.json["blocks"]] == [1, 2, 5]
    assert run("check", "cometbft", recorded["all.json"], *anchor, "--early-stop").code == 0


def test_cometbft_without_trust_is_undecided(run: Any, recorded: dict[str, Path]) -> None:
    ran = run("check", "cometbft", recorded["1.json"])
    assert ran.code == 3
    assert "cometbft_no_anchor" in ran.out
    assert "next: the block only agrees with itself" in ran.out
    anchor = recorded_cometbft()["anchor"]
    now = ["--now", anchor["now"]]
    assert run("check", "cometbft", recorded["1.json"], "--trust-hash", anchor["header_hash"]).code == 0
    assert run("check", "cometbft", recorded["1.json"], recorded["2.json"], "--trust-first", *now).code == 0
    late = run(
        "check", "cometbft", recorded["1.json"], recorded["2.json"], "--trust-first", "--trusting-period", "1", *now
    )
    assert late.code == 3
    assert "cometbft_trust_expired" in late.out
    other = run("check", "cometbft", recorded["1.json"], "--chain-id", "another", "--trust-first")
    assert other.code == 1
    assert "cometbft_chain_id" in other.out


def test_cometbft_malformed_bytes_are_a_verdict(run: Any, recorded: dict[str, Path]) -> None:
    ran = run("check", "cometbft", recorded["broken.pb"], recorded["1.json"], "--anchor", recorded["anchor.json"])
    assert ran.code == 1
    assert "0 of 2 light blocks verified: invalid" in ran.out
    assert "the 1 after the first that is not valid were not judged" in ran.out


@pytest.mark.parametrize(
    ("text", "options", "said"),
    [
        ("{}", [], "neither an answer of a node"),
        ('{"a": 1,}', [], "not JSON"),
        ("[]", [], "no light blocks"),
        (None, ["--trust-hash", "00"], "header_hash: expected 32 bytes, got 1"),
        (None, ["--trust-hash", "xy"], "--trust-hash: not hexadecimal text"),
        (None, ["--now", "yesterday"], "not a time of RFC 3339"),
        (None, ["--anchor", "1.json"], "1.json: anchor: "),
        (None, ["--anchor", "5.pb"], "5.pb: not TOML"),
        (None, ["--chain-id", "x" * 51], "chain_id: expected 1 to 50 bytes"),
    ],
)
def test_cometbft_mistakes(
    run: Any,
    recorded: dict[str, Path],
    monkeypatch: pytest.MonkeyPatch,
    text: str | None,
    options: list[str],
    said: str,
) -> None:
    monkeypatch.chdir(recorded["1.json"].parent)
    path = recorded["1.json"]
    if text is not None:
        path = path.with_name("given.json")
        path.write_text(text)
    ran = run("check", "cometbft", path, *options)
    assert ran.code == 2, ran.out
    assert said in ran.err
    assert "next: " in ran.err


def test_limits_and_threads(run: Any, early: dict[int, Path]) -> None:
    for threads in (1, 3):
        ran = run("check", "bitcoin", early[1], "--max-bytes", 100, "--threads", threads)
        assert ran.code == 3
        assert "limit_exceeded" in ran.out
        assert "next: raise --max-bytes" in ran.out
    assert run("check", "bitcoin", early[1], "--max-bytes", 0).code == 2
