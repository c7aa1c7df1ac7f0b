"""``isthmus anchor``: makes the anchor that a first block or configuration names, and its fingerprint, for a person to
compare before anything is trusted. One module per chain."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping
from types import ModuleType
from typing import Any, Final

from isthmus.commands import fisco
from isthmus.commands.common import Result, add_common

_CHAINS: Final[Mapping[str, tuple[ModuleType, str]]] = {
    "fisco": (fisco, "FISCO BCOS: the first block of version 3, or any header"),
}


def add(parent: Any) -> None:
    """Adds ``anchor`` with its chains."""
    parser = parent.add_parser("anchor", help="make the anchor that a first block names, for you to compare")
    chains = parser.add_subparsers(dest="chain", metavar="CHAIN", required=True)
    for name, (module, about) in _CHAINS.items():
        chain = chains.add_parser(name, help=about)
        add_common(chain)
        chain.add_argument("files", nargs="+", metavar="FILE", help="- is standard input")
        module.add_anchor_arguments(chain)
        chain.set_defaults(run=_runner(module))


def _runner(module: ModuleType) -> Callable[[argparse.Namespace], Result]:
    def run(args: argparse.Namespace) -> Result:
        made: Result = module.anchor(args)
        return made

    return run
