"""What ci/fuzz.py feeds: every decoder, its real inputs, and who else decides whether bytes are valid.

Changed bytes may well be valid: a run of headers cut at a header's end is a shorter run, nobody signs the index of a
vote, ZIP-215 takes keys of small order. So no rule of the fuzzer says "changed, hence invalid". Each target has an
oracle that shares no code with the core: the slow references for signatures, encodings, proofs, CometBFT and FISCO
BCOS, rules over the Bitcoin reference for headers, and for Bitcoin bodies and spends the bytes of the real ones
(tests/helpers).
"""

from __future__ import annotations

import functools
import importlib
import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

ROOT: Final = Path(__file__).resolve().parents[1]


@dataclass(frozen=True)
class Sample:
    """One real input, and what goes with it: an anchor, for DER the key and the digest."""

    raw: bytes
    anchor: bytes


Runner = Callable[[list[bytes], list[bytes]], list[str]]
Oracle = Callable[[bytes, bytes], bool]
Fit = Callable[[bytes, bytes], bytes]


def never(_raw: bytes, _anchor: bytes) -> bool:
    """The oracle of what decides nothing."""
    return False


def unchanged(_raw: bytes, anchor: bytes) -> bytes:
    """What goes with a changed input is what went with the real one."""
    return anchor


@dataclass(frozen=True)
class Target:
    """Something that reads hostile bytes: `run` gives one word per input and raises nothing for any bytes.

    The word is "valid" iff `oracle` holds; `fit` chooses what goes with a changed input that the oracle will judge.
    """

    name: str
    samples: list[Sample]
    run: Runner
    oracle: Oracle
    fit: Fit = unchanged


def helper(name: str) -> Any:
    """A module of tests/helpers."""
    folder = str(ROOT / "tests")
    if folder not in sys.path:
        sys.path.insert(0, folder)
    return importlib.import_module(f"helpers.{name}")


# --- chains


def _chain_oracle(chain: str, real: list[tuple[bytes, bytes, bool]]) -> Oracle:
    valid = [(raw, anchor) for raw, anchor, holds in real if holds]
    bitcoin, cometbft, fisco = helper("bitcoin_judge"), helper("cometbft_judge"), helper("fisco_judge")
    makers: dict[str, Callable[[], Oracle]] = {
        "bitcoin-block": lambda: bitcoin.blocks(valid),
        "bitcoin-txids": lambda: never,
        "bitcoin-headers": lambda: bitcoin.headers,
        "bitcoin-input": lambda: bitcoin.inputs(valid),
        "cometbft-light-block": lambda: cometbft.light_block,
        "cometbft-conflict": lambda: cometbft.conflict,
        "cometbft-duplicate-vote": lambda: cometbft.duplicate_vote,
        "fisco-header": lambda: fisco.header,
        "fisco-block": lambda: fisco.block,
        "fisco-proof": lambda: fisco.proof,
    }
    return makers[chain]()


def _chain_target(chain: str) -> Target:
    import isthmus

    engine = isthmus.Engine(threads=1)
    real = helper("samples").real(chain)

    def run(inputs: list[bytes], anchors: list[bytes]) -> list[str]:
        return [str(verdict.status) for verdict in engine.check(chain, inputs, anchors)]

    return Target(chain, [Sample(raw, anchor) for raw, anchor, _ in real], run, _chain_oracle(chain, real))


def _anchor_target(chain: str) -> Target:
    """Mutated anchors: a refusal or a verdict. Whoever writes the anchor decides what is trusted, so no oracle says
    which."""
    import isthmus

    engine = isthmus.Engine(threads=1)
    real = helper("samples").real(chain)

    def run(anchors: list[bytes], raws: list[bytes]) -> list[str]:
        words = []
        for anchor, raw in zip(anchors, raws, strict=True):
            try:
                engine.check(chain, raw, anchor)
                words.append("read")
            except ValueError:
                words.append("refused")
        return words

    return Target(f"{chain} anchor", [Sample(anchor, raw) for raw, anchor, _ in real], run, never)


# --- signatures


def _reference(scheme: str, keys: list[bytes], messages: list[bytes], signatures: list[bytes], **how: str) -> bool:
    """The slow reference's answer about one row."""
    row = importlib.import_module("vectors.rows").SigRow("fuzz", "", keys[0], messages[0], signatures[0], False)
    return bool(helper("subjects").oracle(scheme, [row], **how)[0])


def _cut(scheme: str, inputs: list[bytes]) -> tuple[list[bytes], list[bytes], list[bytes]]:
    """Keys, messages and signatures out of inputs that hold key, signature and message one after the other."""
    width = 33 if scheme.endswith("ecdsa") else 32
    end = width + (33 if scheme.endswith("tweak") else 64)
    return [raw[:width] for raw in inputs], [raw[end:] for raw in inputs], [raw[width:end] for raw in inputs]


def _scheme_target(scheme: str) -> Target:
    import isthmus

    options: dict[str, Any] = {"digest_len": None} if scheme.endswith("ecdsa") else {}

    def run(inputs: list[bytes], _: list[bytes]) -> list[str]:
        answers = isthmus.verify(scheme, *_cut(scheme, inputs), threads=1, **options)
        return ["valid" if answer else "refused" for answer in answers]

    def oracle(raw: bytes, _: bytes) -> bool:
        return _reference(scheme, *_cut(scheme, [raw]))

    rows = helper("samples").signature_rows(scheme)
    return Target(scheme, [Sample(row, b"") for row in rows], run, oracle)


def _der_target(encoding: Literal["der", "der-lax"]) -> Target:
    """DER signatures, each with a key and a digest under which its real form verifies. Changed ones are fitted with the
    key under which the numbers that the reference reads verify, so that a number that is read wrongly shows."""
    import isthmus

    scheme = "secp256k1-ecdsa"
    slow, pools = importlib.import_module("isthmus.reference.secp256k1"), helper("pools")
    parse = slow.parse_der_strict if encoding == "der" else slow.parse_der_lax

    def cut(beside: list[bytes]) -> tuple[list[bytes], list[bytes]]:
        return [each[:-32] for each in beside], [each[-32:] for each in beside]

    def run(inputs: list[bytes], beside: list[bytes]) -> list[str]:
        answers = isthmus.verify(scheme, *cut(beside), inputs, encoding=encoding, threads=1)
        return ["valid" if answer else "refused" for answer in answers]

    def oracle(raw: bytes, key_and_digest: bytes) -> bool:
        return _reference(scheme, *cut([key_and_digest]), [raw], encoding=encoding)

    def fit(raw: bytes, key_and_digest: bytes) -> bytes:
        compact = parse(raw)
        if compact is None:
            return key_and_digest
        r, s, digest = int.from_bytes(compact[:32], "big"), int.from_bytes(compact[32:], "big"), key_and_digest[-32:]
        forced = pools.ecdsa_forced(r, s, digest)
        return key_and_digest if forced is None else bytes(forced.key) + digest

    return Target(encoding, [Sample(*row) for row in helper("samples").der_rows()], run, oracle, fit)


# --- proofs


def _rlp_target() -> Target:
    """RLP items, judged by what they hold: the word is "valid" where the core reads what the reference writes back."""
    native, slow = importlib.import_module("isthmus._native"), importlib.import_module("isthmus.reference.rlp")

    def run(inputs: list[bytes], _: list[bytes]) -> list[str]:
        items = [native.rlp_decode(raw) for raw in inputs]
        return ["refused" if each is None else "valid" for each in items]

    def oracle(raw: bytes, _: bytes) -> bool:
        try:
            return bool(slow.decode(raw) == native.rlp_decode(raw))
        except ValueError:
            return False

    return Target("rlp", [Sample(raw, b"") for raw in helper("samples").rlp_items()], run, oracle)


def _trie_proof_target() -> Target:
    """Trie proofs, each node behind its length, with root and key. Changed ones are fitted with their first node's hash
    as root, so that what stands in it is read."""
    import isthmus

    slow = importlib.import_module("isthmus.reference.trie")

    def nodes(raw: bytes) -> list[bytes]:
        found = []
        while raw:
            end = 2 + int.from_bytes(raw[:2], "big")
            found.append(raw[2:end])
            raw = raw[end:]
        return found

    def read(inputs: list[bytes], anchors: list[bytes]) -> tuple[list[bytes | None], list[bool]]:
        roots, keys = [each[:32] for each in anchors], [each[32:] for each in anchors]
        values, ok = isthmus.read_trie_proofs(roots, keys, [nodes(raw) for raw in inputs])
        return values, ok.tolist()

    def run(inputs: list[bytes], anchors: list[bytes]) -> list[str]:
        return ["valid" if holds else "refused" for holds in read(inputs, anchors)[1]]

    def oracle(raw: bytes, anchor: bytes) -> bool:
        holds, value = slow.read_proof(anchor[:32], anchor[32:], nodes(raw))
        return bool(holds and value == read([raw], [anchor])[0][0])

    def fit(raw: bytes, anchor: bytes) -> bytes:
        first = nodes(raw)[:1]
        return bytes(slow.keccak256(first[0])) + anchor[32:] if first else anchor

    return Target("trie-proof", [Sample(*each) for each in helper("samples").trie_proofs()], run, oracle, fit)


def _ics23_target() -> Target:
    """CommitmentProofs, each with the store's kind, root, key and value that its real form is about."""
    stores, core = helper("ics23"), importlib.import_module("isthmus.ics23")
    slow = importlib.import_module("isthmus.reference.ics23")

    def cut(anchor: bytes) -> tuple[str, bytes, bytes, bytes | None]:
        kind, *rest = json.loads(anchor)
        root, key, value = (None if each is None else bytes.fromhex(each) for each in rest)
        return kind, root or b"", key or b"", value

    def run(inputs: list[bytes], anchors: list[bytes]) -> list[str]:
        words = []
        for raw, (kind, root, key, value) in zip(inputs, map(cut, anchors), strict=True):
            words.append("valid" if core.verify(stores.CORE[kind], root, raw, key, value) else "refused")
        return words

    def oracle(raw: bytes, anchor: bytes) -> bool:
        kind, root, key, value = cut(anchor)
        return bool(slow.verify(stores.SLOW[kind], root, raw, key, value))

    return Target("ics23", [Sample(*each) for each in stores.samples()], run, oracle)


def targets() -> dict[str, Callable[[], Target]]:
    """Every target by name; samples are loaded only where they are used."""
    import isthmus

    found: dict[str, Callable[[], Target]] = {}
    for chain in isthmus.formats():
        found[chain] = functools.partial(_chain_target, chain)
        found[f"{chain} anchor"] = functools.partial(_anchor_target, chain)
    found["der"] = functools.partial(_der_target, "der")
    found["der-lax"] = functools.partial(_der_target, "der-lax")
    found["rlp"] = _rlp_target
    found["trie-proof"] = _trie_proof_target
    found["ics23"] = _ics23_target
    for scheme in isthmus.schemes():
        found[scheme] = functools.partial(_scheme_target, scheme)
    return found
