"""``isthmus check``: blocks of a chain, or the demo. The options stand here; the work is in one module per chain."""

from __future__ import annotations

import argparse
from typing import Any

from isthmus.commands.common import Result, add_common, natural


def add(parent: Any) -> None:
    """Adds ``check`` with its chains."""
    parser = parent.add_parser("check", help="judge blocks from raw bytes, or see a demo")
    chains = parser.add_subparsers(dest="chain", metavar="CHAIN", required=True)
    _add_bitcoin(chains)
    _add_cometbft(chains)
    _add_fisco(chains)
    _add_fabric(chains)
    _add_chainmaker(chains)
    demo = chains.add_parser("demo", help="real early Bitcoin blocks and a light-block chain that come with isthmus")
    add_common(demo)
    demo.set_defaults(run=_demo)


def _add_bitcoin(chains: Any) -> None:
    parser = chains.add_parser(
        "bitcoin",
        help="Bitcoin blocks and headers",
        description="Files hold one block (network bytes, or hexadecimal as getblock gives), many blocks as blk*.dat "
        "do, or headers of 80 bytes. Blocks are taken to follow each other in the order given.",
        epilog="docs/cli.md tells what an anchor holds and what is left undecided without it.",
    )
    add_common(parser)
    _add_shared(parser)
    parser.add_argument("--network", help="main (default), testnet3, testnet4, signet or regtest")
    parser.add_argument("--height", type=natural, metavar="N", help="height of the first block or header")
    parser.add_argument(
        "--headers", action="store_true", help="the files hold headers of 80 bytes, one after the other"
    )
    parser.add_argument("--parents", metavar="FILE", help="headers before the first block, the last one its parent")
    parser.add_argument(
        "--prevouts", metavar="FILE", action="append", default=[], help="spent outputs of a block; once for each block"
    )
    parser.add_argument(
        "--xor", metavar="FILE", help="the node's xor.dat, for blk*.dat files of Bitcoin Core 28 and later"
    )
    parser.set_defaults(run=_bitcoin)


def _add_cometbft(chains: Any) -> None:
    parser = chains.add_parser(
        "cometbft",
        help="light blocks of CometBFT chains",
        description="Files hold light blocks as JSON (RPC answers, light clients) or protobuf. They are walked in "
        "the order of their heights from the anchor; each verified block is trusted for the next.",
        epilog="docs/cli.md tells what an anchor holds.",
    )
    add_common(parser)
    _add_shared(parser)
    parser.add_argument("--chain-id", metavar="ID", help="the chain that the light blocks must belong to")
    parser.add_argument("--trust-first", action="store_true", help="take the first light block on trust")
    parser.add_argument(
        "--trusting-period", metavar="SECONDS", type=natural, help="how long a verified header is trusted"
    )
    parser.add_argument("--now", metavar="TIME", help="the present time as RFC 3339 (default: the system's clock)")
    parser.add_argument("--early-stop", action="store_true", help="stop at the thresholds, as the reference does")
    parser.set_defaults(run=_cometbft)


def _add_fisco(chains: Any) -> None:
    from isthmus.commands import fisco

    parser = chains.add_parser(
        "fisco",
        help="FISCO BCOS blocks, headers and proofs",
        description="Files hold blocks or headers as nodes tell them in JSON, transactions or receipts with their "
        "proofs, or blocks in the chain's own bytes. Blocks are walked from the anchor; each verified block is trusted "
        "for the next.",
        epilog="docs/fisco.md tells what an anchor holds and what is left undecided.",
    )
    add_common(parser)
    _add_shared(parser)
    fisco.add_check_arguments(parser)
    parser.set_defaults(run=fisco.run)


def _add_fabric(chains: Any) -> None:
    parser = chains.add_parser(
        "fabric",
        help="blocks of Hyperledger Fabric channels",
        description="Files hold one block in protobuf (peer channel fetch), a peer's or orderer's block file "
        "(blockfile_000000), or protobuf's JSON. The blocks are walked in the order of their numbers from the anchor.",
        epilog="docs/fabric.md tells what an anchor holds and what is checked.",
    )
    add_common(parser)
    _add_shared(parser)
    parser.add_argument("--genesis", metavar="FILE", help="take this config block on trust; isthmus anchor prints it")
    parser.add_argument("--trust-first", action="store_true", help="take the first config block of the files on trust")
    parser.add_argument("--channel-id", metavar="ID", help="the channel that the blocks must belong to")
    parser.add_argument("--dialect", metavar="NAME", help="legacy, standard, bft or x: how orderers sign")
    parser.add_argument(
        "--policy", metavar="CHAINCODE=POLICY", action="append", default=[],
        help="an endorsement policy, such as mycc=AND('Org1MSP.peer','Org2MSP.peer')",
    )  # fmt: skip
    parser.add_argument("--transactions", metavar="HOW", help="judge (default), report or skip")
    parser.add_argument("--commit-hash", action="store_true", help="recompute the commit hashes that the peer recorded")
    parser.add_argument("--check-update", action="store_true", help="judge the signed update of each config block")
    parser.add_argument("--gaps", action="store_true", help="blocks between config blocks may be left out")
    parser.add_argument("--attestations", action="store_true", help="the files hold headers with metadata only")
    parser.set_defaults(run=_fabric)


def _add_chainmaker(chains: Any) -> None:
    parser = chains.add_parser(
        "chainmaker",
        help="blocks, headers and transactions of ChainMaker",
        description="Files hold the JSON that explorers and SDKs write, or protobuf bytes (also in hexadecimal). Each "
        "is judged under the anchor, or with --follow from the one before it.",
        epilog="docs/chainmaker.md tells what an anchor holds.",
    )
    add_common(parser)
    _add_shared(parser)
    parser.add_argument("--chain-id", metavar="ID", help="the chain that the blocks must belong to")
    parser.add_argument(
        "--kind", choices=("block", "header", "tx"), help="what the files hold (default: what they look like)"
    )
    parser.add_argument("--follow", action="store_true", help="walk as a light client, through configurations")
    parser.add_argument("--signed-only", action="store_true", help="ask about a transaction's signatures alone")
    parser.set_defaults(run=_chainmaker)


def _add_shared(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("files", nargs="+", metavar="FILE", help="- is standard input")
    parser.add_argument("--anchor", metavar="TOML", help="what is trusted beforehand")
    parser.add_argument("--trust-hash", metavar="HEX", help="hash of the first block, from a source that you trust")
    parser.add_argument("--max-bytes", type=natural, metavar="N", help="length above which an input is undecided")
    parser.add_argument("--all-findings", action="store_true", help="print every finding, not the first ten of a block")


def _bitcoin(args: argparse.Namespace) -> Result:
    from isthmus.commands import bitcoin

    return bitcoin.run(args)


def _cometbft(args: argparse.Namespace) -> Result:
    from isthmus.commands import cometbft

    return cometbft.run(args)


def _fabric(args: argparse.Namespace) -> Result:
    from isthmus.commands import fabric

    return fabric.run(args)


def _chainmaker(args: argparse.Namespace) -> Result:
    from isthmus.commands import chainmaker

    return chainmaker.run(args)


def _demo(args: argparse.Namespace) -> Result:
    from isthmus.commands import demo

    return demo.run(args)
