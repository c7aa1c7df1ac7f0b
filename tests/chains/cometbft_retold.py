"""Bisection cases of before Tendermint 0.34, told again in today's encoding.

Their hashes and signatures are over amino, which is not covered. What they say about a light client is in their shape:
which sets follow each other, who signed, which headers differ. So every set keeps its powers, every block its height,
time, flags and links, and keys, hashes and signatures are made new: equal old hashes stay equal, unequal ones unequal.
"""

from __future__ import annotations

import base64
import copy
from typing import Any

from helpers import tendermint as tm
from helpers.tendermint import Validators


class Retelling:
    """New names for old keys and hashes."""

    def __init__(self) -> None:
        self.names: dict[str, int] = {}
        self.set_hashes: dict[str, str] = {}
        self.header_hashes: dict[str, str] = {}

    def case(self, case: Any) -> Any:
        """The whole case; primary and witnesses share keys."""
        told = copy.deepcopy(case)
        peers = [told["primary"], *(each.get("value", each) for each in told.get("witnesses") or ())]
        for peer in peers:
            for block in peer["lite_blocks"]:
                self._learn_set(block["validator_set"])
                self._learn_set(block["next_validator_set"])
        for peer in peers:
            peer["lite_blocks"] = [self._block(block) for block in peer["lite_blocks"]]
        trust = told["trust_options"]
        trust["hash"] = self.header_hashes[trust["hash"]]
        return told

    def _validators(self, source: Any) -> Validators:
        powers = {}
        for each in source["validators"]:
            name = self.names.setdefault(each["address"], 100 + len(self.names))
            powers[name] = int(each["voting_power"])
        return Validators.of(powers)

    def _learn_set(self, source: Any) -> None:
        """A set's hash, whether over amino or protobuf, stands for its new one."""
        new = self._validators(source).hash().hex().upper()
        members = [
            (base64.b64decode(each["pub_key"]["value"]), int(each["voting_power"])) for each in source["validators"]
        ]
        amino = bytes.fromhex("1624DE6420")  # the prefix of an Ed25519 key and its length
        old_forms = (
            [tm.raw(1, amino + key) + tm.number(2, power) for key, power in members],
            [tm.message(1, tm.raw(1, key)) + tm.number(2, power) for key, power in members],
        )
        for leaves in old_forms:
            self.set_hashes[tm.root(leaves).hex().upper()] = new

    def _block(self, old: Any) -> Any:
        signed = old["signed_header"]
        header, commit = copy.deepcopy(signed["header"]), signed["commit"]
        validators = self._validators(old["validator_set"])
        for name in ("validators_hash", "next_validators_hash"):
            header[name] = self.set_hashes.get(header[name], header[name])
        header["version"] = {"block": "11", "app": "0"}
        last = header["last_block_id"] or {"hash": ""}
        link = self.header_hashes.get(last["hash"], last["hash"])
        parts = {"total": 1, "hash": link} if link else {"total": 0, "hash": ""}
        header["last_block_id"] = {"hash": link, "parts": parts}
        proposer = self.names.get(header["proposer_address"])
        if proposer is not None:
            header["proposer_address"] = tm.address(proposer).hex().upper()
        flags = dict.fromkeys((name for name, _ in validators.members), tm.ABSENT)
        for vote in commit["signatures"]:
            name = self.names.get(vote["validator_address"])
            if name in flags:
                flags[name] = int(vote["block_id_flag"])
        block: tm.Block = {"header": header, "validators": validators.json()}
        tm.sign(block, validators, flags=flags, round_=int(commit["round"]))
        self.header_hashes[commit["block_id"]["hash"]] = block["commit"]["block_id"]["hash"]
        block["next_validators"] = self._validators(old["next_validator_set"]).json()
        return block
