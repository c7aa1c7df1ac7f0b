"""The command ``isthmus``.

Exit codes: 0 valid, 1 invalid, 2 a mistake in how the command was used, 3 undecided, 70 a defect of isthmus itself.
"""

from __future__ import annotations

import argparse
import logging
import os
import sys
import traceback
from collections.abc import Sequence

import isthmus
from isthmus import logs
from isthmus.commands import anchor, batches, check, machine
from isthmus.commands.common import EXIT_DEFECT, EXIT_USAGE, Result, UsageError

_EPILOG = "exit codes: 0 valid, 1 invalid, 2 usage, 3 undecided, 70 internal error"
_INTERRUPTED = 130


def make_parser() -> argparse.ArgumentParser:
    """The whole command line."""
    parser = argparse.ArgumentParser(
        prog="isthmus",
        description="Verifies blocks, signatures and Merkle proofs of many chains from raw bytes.",
        epilog=_EPILOG,
    )
    parser.add_argument("--version", action="version", version=f"isthmus {isthmus.__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for group in (check, anchor, batches, machine):
        group.add(commands)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one command; returns the exit code."""
    args = make_parser().parse_args(argv)
    if args.verbose or args.log_json:
        logs.to_stderr(logging.DEBUG, as_json=args.log_json)
    try:
        result: Result = args.run(args)
        result.show(as_json=args.json)
        sys.stdout.flush()
        return result.code
    except UsageError as error:
        sys.stderr.write(f"isthmus: error: {error}\n")
        if error.next_step:
            sys.stderr.write(f"  next: {error.next_step}\n")
        return EXIT_USAGE
    except KeyboardInterrupt:
        return _INTERRUPTED
    except BrokenPipeError:  # the reader of our output has gone, and with it whoever wanted the verdict
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return EXIT_DEFECT
    except Exception:
        traceback.print_exc()
        sys.stderr.write(
            "isthmus: this is a defect of isthmus, not of your input: please report it with isthmus info\n"
        )
        return EXIT_DEFECT
