"""``isthmus verify`` and ``isthmus hash``: rows of signatures from a file, digests of files."""

from __future__ import annotations

import argparse
import csv
import io
import json
from collections.abc import Iterator
from typing import Any, Final, NamedTuple

import isthmus
from isthmus import progress
from isthmus.commands.common import (
    EXIT_INVALID,
    EXIT_UNDECIDED,
    EXIT_VALID,
    Result,
    UsageError,
    add_common,
    from_hex,
    make_engine,
    open_input,
    shown_progress,
)
from isthmus.forms import VerifyOptions, checked

_CHUNK: Final = 16384
_SHOWN: Final = 20
_FORMS: Final = "each line is key,msg,sig in hexadecimal (CSV), or a JSON object with these three names"


class Row(NamedTuple):
    """One signature of a file, with the line where it stands."""

    line: int
    key: bytes
    msg: bytes
    sig: bytes


def add(parent: Any) -> None:
    """Adds ``verify`` and ``hash``."""
    parser = parent.add_parser("verify", help="verify signatures listed in a file", description=_FORMS)
    add_common(parser)
    parser.add_argument("scheme", help="such as ed25519-zip215; isthmus info lists them")
    parser.add_argument("file", help="CSV or JSON lines; - is standard input")
    parser.add_argument(
        "--hash",
        metavar="NAME",
        help="ECDSA: hash each message first; without it msg is the digest. SM2: none says that msg is e",
    )
    parser.add_argument(
        "--encoding", choices=("compact", "der", "der-lax"), default="compact", help="ECDSA and SM2 signatures"
    )
    parser.add_argument("--low-s", action="store_true", help="ECDSA: refuse s above half the order")
    identity = parser.add_mutually_exclusive_group()
    identity.add_argument("--signer-id", metavar="TEXT", help="SM2: the signer's identity (default: 1234567812345678)")
    identity.add_argument("--signer-id-hex", metavar="HEX", help="SM2: the same as bytes")
    parser.set_defaults(run=verify)
    parser = parent.add_parser("hash", help="digests of files")
    add_common(parser)
    parser.add_argument("name", help="such as sha256; isthmus info lists them")
    parser.add_argument("files", nargs="+", metavar="FILE", help="- is standard input")
    parser.set_defaults(run=hash_files)


def verify(args: argparse.Namespace) -> Result:
    """Exit code 0 when every row verifies, 1 when one does not, 3 for a file without rows."""
    if args.scheme not in isthmus.schemes():
        raise UsageError(f"no scheme {args.scheme!r}", f"choose one of {', '.join(isthmus.schemes())}")
    options = _options(args)
    rows = list(_rows(args.file))
    bad: list[int] = []
    with (
        make_engine(args) as engine,
        progress.bar("verifying", len(rows), "signatures", shown=shown_progress(args)) as done,
    ):
        for at in range(0, len(rows), _CHUNK):
            part = rows[at : at + _CHUNK]
            columns = ([row.key for row in part], [row.msg for row in part], [row.sig for row in part])
            said = engine.verify(args.scheme, *columns, **options)
            bad += [at + int(index) for index in (~said).nonzero()[0]]
            done(len(part))
    lines = [f"line {rows[index].line}: signature does not verify" for index in bad[:_SHOWN]]
    if len(bad) > _SHOWN:
        lines.append(f"... and {len(bad) - _SHOWN} more (--json lists all)")
    lines.append(f"{len(rows) - len(bad)} of {len(rows)} signatures verify under {args.scheme}")
    code = EXIT_INVALID if bad else EXIT_VALID if rows else EXIT_UNDECIDED
    data = {
        "scheme": args.scheme,
        "rows": len(rows),
        "verified": len(rows) - len(bad),
        "bad": [{"row": index, "line": rows[index].line} for index in bad],
    }
    return Result(code, data, lines)


def _options(args: argparse.Namespace) -> VerifyOptions:
    """The options of the command line; ``UsageError`` names the one that the scheme does not have."""
    options: VerifyOptions = {"encoding": args.encoding, "low_s": args.low_s, "hash": args.hash}
    if args.signer_id is not None:
        options["signer_id"] = args.signer_id.encode()
    if args.signer_id_hex is not None:
        options["signer_id"] = from_hex(args.signer_id_hex, "--signer-id-hex")
    try:
        checked(args.scheme, **options)
    except ValueError as error:
        raise UsageError(str(error), "isthmus verify --help tells which option is for which scheme") from None
    return options


def hash_files(args: argparse.Namespace) -> Result:
    """Digests of whole files, all in one call."""
    if args.name not in isthmus.hashes():
        raise UsageError(f"no hash function {args.name!r}", f"choose one of {', '.join(isthmus.hashes())}")
    inputs = [open_input(path) for path in args.files]
    with make_engine(args) as engine:
        digests = [row.tobytes().hex() for row in engine.hash_many(args.name, inputs)]
    data = {
        "hash": args.name,
        "digests": [{"file": path, "digest": digest} for path, digest in zip(args.files, digests, strict=True)],
    }
    return Result(EXIT_VALID, data, [f"{digest}  {path}" for path, digest in zip(args.files, digests, strict=True)])


def _rows(path: str) -> Iterator[Row]:
    try:
        text = bytes(open_input(path)).decode("utf-8-sig")
    except UnicodeDecodeError:
        raise UsageError(f"{path}: not a text file", _FORMS) from None
    if text.lstrip().startswith("{"):
        yield from _json_rows(path, text)
        return
    header: list[str] = ["key", "msg", "sig"]
    reader = csv.reader(io.StringIO(text))
    for cells in reader:
        cells = [cell.strip() for cell in cells]
        if not any(cells) or cells[0].startswith("#"):
            continue
        if set(cells) >= {"key", "msg", "sig"}:
            header = cells
            continue
        if len(cells) != len(header):
            raise UsageError(f"{path}:{reader.line_num}: expected {len(header)} cells, got {len(cells)}", _FORMS)
        yield _row(path, reader.line_num, dict(zip(header, cells, strict=True)))


def _json_rows(path: str, text: str) -> Iterator[Row]:
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        try:
            said = json.loads(line)
        except ValueError as error:
            raise UsageError(f"{path}:{number}: not JSON: {error}", _FORMS) from None
        if not isinstance(said, dict):
            raise UsageError(f"{path}:{number}: expected an object, got {type(said).__name__}", _FORMS)
        yield _row(path, number, said)


def _row(path: str, number: int, said: dict[str, Any]) -> Row:
    missing = [name for name in ("key", "msg", "sig") if name not in said]
    if missing:
        raise UsageError(f"{path}:{number}: {missing[0]} is missing", _FORMS)
    return Row(number, *(from_hex(said[name], f"{path}:{number}: {name}") for name in ("key", "msg", "sig")))
