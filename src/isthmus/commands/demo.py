"""``isthmus check demo``: blocks that come with isthmus, verified; then the same blocks tampered with, refused.

Bitcoin's first eleven blocks and its first payment are facts of a public chain. The light-block chain was recorded by
``isthmus.chains.cometbft_record`` with made-up validators. Nothing is downloaded.
"""

from __future__ import annotations

import argparse
import base64
import copy
from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from isthmus.chains import bitcoin, cometbft
from isthmus.chains.bitcoin import HEADER_LEN
from isthmus.commands.common import EXIT_DEFECT, EXIT_VALID, Result, counts_line, make_engine
from isthmus.engine import Engine
from isthmus.samples import early_bitcoin, recorded_cometbft
from isthmus.verdict import Report, Status, Verdict

_PAYMENT: Final = 170  # the block with the first payment,
_REWARD: Final = 9  # and the block whose reward it spends
_COUNT: Final = HEADER_LEN  # where a block says how many transactions it has
_SIGNATURE: Final = bytes.fromhex("304402204e45e169")
_COIN: Final = 100_000_000  # satoshi


class Shown(NamedTuple):
    """One line of the demo: what was checked, what it should be, the verdict, and what the verdict counted."""

    title: str
    expected: Status
    verdict: Verdict
    note: str = ""

    @property
    def as_expected(self) -> bool:
        """Whether the verdict is the one that it should be."""
        return self.verdict.status is self.expected


def run(args: argparse.Namespace) -> Result:
    """Exit code 0 when everything that is right was verified and everything that is wrong was refused."""
    with make_engine(args) as engine:
        shown = [*bitcoin_lines(engine), *cometbft_lines(engine)]
    lines = []
    for expected, title in ((Status.VALID, "As they are"), (Status.INVALID, "Tampered with")):
        lines.append(f"{title}:")
        lines += [_line(each) for each in shown if each.expected is expected]
    surprises = [each for each in shown if not each.as_expected]
    valid = sum(each.expected is Status.VALID for each in shown)
    if surprises:
        lines.append(
            f"{len(surprises)} of {len(shown)} verdicts are not as expected: please report it with isthmus info"
        )
    else:
        lines.append(f"All {valid} are valid, all {len(shown) - valid} tampered copies are refused.")
    data = {
        "as_expected": not surprises,
        "checks": [{"title": each.title, "expected": str(each.expected), **each.verdict.to_dict()} for each in shown],
    }
    return Result(EXIT_DEFECT if surprises else EXIT_VALID, data, lines)


def _line(shown: Shown) -> str:
    verdict = shown.verdict
    said = f"{verdict.status}" if verdict.ok else f"{verdict.status}: {verdict.code} at {verdict.where}"
    mark = "" if shown.as_expected else "   <- not as expected"
    counted = shown.note or (counts_line(verdict.counts) if verdict.ok else verdict.reason)
    return f"  {shown.title}\n      {said} ({counted}){mark}"


# --- Bitcoin


def bitcoin_lines(engine: Engine) -> list[Shown]:
    """Headers from the genesis on, whole blocks, the first payment; then four kinds of damage."""
    headers, blocks = early_bitcoin()
    run_of_headers = engine.check("bitcoin-headers", headers, bitcoin.Anchor(0))
    heights = [height for height in blocks if height != _PAYMENT]
    first = engine.check(
        "bitcoin-block",
        [blocks[height] for height in heights],
        [bitcoin.Anchor(height).with_headers(headers) for height in heights],
    )
    block, anchor = blocks[_PAYMENT], payment_anchor()
    tx = payment()
    spend = bitcoin.Anchor(_PAYMENT, prevouts=anchor.prevouts)
    tampered = {
        "block 170 with one bit of the payment's signature changed": _flip(block, block.index(_SIGNATURE) + 20),
        "block 170 with its payment listed twice": block[:_COUNT] + b"\x03" + block[_COUNT + 1 :] + tx,
        "block 170 with another nonce": _flip(block, HEADER_LEN - 1),
        "block 170 cut off after 300 bytes": block[:300],
    }
    refused = engine.check("bitcoin-block", list(tampered.values()), anchor)
    richer = _flip(tx, tx.index((10 * _COIN).to_bytes(8, "little")))
    return [
        Shown(f"Bitcoin headers 0 to {len(headers) // HEADER_LEN - 1}", Status.VALID, run_of_headers),
        Shown(f"Bitcoin blocks 0 to {heights[-1]}", Status.VALID, _first_bad(first), counts_line(first.counts)),
        Shown("Bitcoin block 170, the first payment", Status.VALID, engine.check("bitcoin-block", block, anchor)),
        *(Shown(title, Status.INVALID, verdict) for title, verdict in zip(tampered, refused, strict=True)),
        Shown(
            "the payment alone, with one satoshi more for the payee",
            Status.INVALID,
            engine.check("bitcoin-input", richer, spend),
        ),
    ]


def payment() -> bytes:
    """The first payment: the last transaction of block 170, whose coinbase takes 134 bytes after the count."""
    return early_bitcoin().blocks[_PAYMENT][_COUNT + 1 + 134 :]


def payment_anchor() -> bitcoin.Anchor:
    """What to trust for block 170: the headers before it, and the output of block 9 that it spends."""
    headers, blocks = early_bitcoin()
    reward = blocks[_REWARD]
    # the coinbase ends with its one output (value of 8 bytes, length, script of 67 bytes) and a lock time of 4
    script, value = reward[-71:-4], int.from_bytes(reward[-80:-72], "little")
    spent = bitcoin.Prevout(value, script, height=_REWARD, coinbase=True)
    return bitcoin.Anchor(_PAYMENT).with_headers(headers).with_prevouts([spent])


def _flip(raw: bytes, at: int) -> bytes:
    return raw[:at] + bytes([raw[at] ^ 1]) + raw[at + 1 :]


def _first_bad(report: Report) -> Verdict:
    return next((verdict for verdict in report if not verdict.ok), report[0])


# --- CometBFT


def cometbft_lines(engine: Engine) -> list[Shown]:
    """The recorded chain, walked from its first header; then a forged vote, too few votes, another validator set."""
    data = recorded_cometbft()
    anchor = cometbft.Anchor.from_mapping(data["anchor"])
    blocks = cometbft.light_blocks_from_json(data["blocks"])
    walk = cometbft.LightClient(engine, anchor).walk(blocks)
    report = Report(walk.verdicts)
    title = f"{data['chain_id']}, light blocks {blocks[0].height} to {blocks[-1].height}, a recorded CometBFT chain"
    whole = Shown(title, Status.VALID, _first_bad(report), counts_line(report.counts))
    return [whole, *(_tampered(engine, anchor, data["blocks"][0], *change) for change in _CHANGES)]


def _tampered(engine: Engine, anchor: cometbft.Anchor, original: Any, title: str, change: Any) -> Shown:
    block = copy.deepcopy(original)
    change(block["commit"]["signed_header"], block["validators"]["validators"])
    return Shown(title, Status.INVALID, engine.check(cometbft.CHAIN, cometbft.light_block_from_json(block), anchor))


def _forge_vote(signed_header: Any, validators: Sequence[Any]) -> None:
    del validators
    vote = _signed(signed_header)[0]
    vote["signature"] = base64.b64encode(_flip(base64.b64decode(vote["signature"]), 40)).decode()


def _drop_votes(signed_header: Any, validators: Sequence[Any]) -> None:
    del validators
    for vote in _signed(signed_header)[2:]:
        vote.update(block_id_flag=1, validator_address="", timestamp="0001-01-01T00:00:00Z", signature=None)


def _change_header(signed_header: Any, validators: Sequence[Any]) -> None:
    del validators
    signed_header["header"]["app_hash"] = "00" * 32


def _more_power(signed_header: Any, validators: Sequence[Any]) -> None:
    del signed_header
    validators[-1]["voting_power"] = str(10 * int(validators[-1]["voting_power"]))


def _signed(signed_header: Any) -> list[Any]:
    return [vote for vote in signed_header["commit"]["signatures"] if vote["block_id_flag"] == 2]


_CHANGES: Final = (
    ("one bit of a vote in light block 1", _forge_vote),
    ("light block 1 with only two votes", _drop_votes),
    ("another application hash in light block 1", _change_header),
    ("ten times the power for one validator of light block 1", _more_power),
)
