"""``isthmus anchor``: from a block that is known to be right to the anchor that later checks start from.

The anchor is TOML on standard output; beside it stands a fingerprint, the SHA-256 of the anchor's bytes, which people
compare by another way than the one by which they got the block.
"""

from __future__ import annotations

import argparse
import importlib
from typing import Any, Final

from isthmus.commands.common import Result, add_common

# Chains whose module in isthmus.commands has anchor(args) and add_anchor_arguments(parser).
_CHAINS: Final = {
    "fabric": "blocks of Hyperledger Fabric channels: a genesis or config block",
    "fisco": "blocks of FISCO BCOS: the first block of version 3, or any header",
    "chainmaker": "blocks of ChainMaker: the first block, or one that holds a configuration",
}


def add(parent: Any) -> None:
    """Adds ``anchor`` with its chains."""
    parser = parent.add_parser("anchor", help="make an anchor from a genesis or config block")
    chains = parser.add_subparsers(dest="chain", metavar="CHAIN", required=True)
    for chain, text in _CHAINS.items():
        each = chains.add_parser(chain, help=text, description=text)
        add_common(each)
        each.add_argument("files", nargs="+", metavar="FILE", help="- is standard input")
        _module(chain).add_anchor_arguments(each)
        each.set_defaults(run=_run)


def _run(args: argparse.Namespace) -> Result:
    result: Result = _module(args.chain).anchor(args)
    return result


def _module(chain: str) -> Any:
    return importlib.import_module(f"isthmus.commands.{chain}")
