"""Regtest blocks made here: every template, every rule broken once with its code, every byte changed and sealed
again."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace

import pytest
from helpers import bitcoin as made
from helpers.bitcoin import FINAL, Made, Template, make, spend

import isthmus
from isthmus.chains.bitcoin import Anchor, Prevout
from isthmus.reference import secp256k1
from isthmus.reference.bitcoin import Header, Input, Output

CHAIN = "bitcoin-block"


def judge(raw: bytes, anchor: Anchor) -> isthmus.Verdict:
    return isthmus.Engine(threads=1).check(CHAIN, raw, anchor)


def codes(verdict: isthmus.Verdict) -> set[str]:
    return {finding.code for finding in verdict.findings}


def test_a_block_of_every_template_is_valid() -> None:
    block = make()
    raw = block.seal()
    verdict = judge(raw, block.anchor())
    assert str(verdict) == "valid at block 140" or verdict.ok, verdict.findings
    assert verdict.counts["input"].valid == len(block.spent)
    assert verdict.facts["hash"] == block.block.header.hash()
    assert int.from_bytes(verdict.facts["fees"], "little") == 1000 * len(block.spent)
    txids = b"".join(tx.txid() for tx in block.block.transactions)
    assert verdict.facts["txids"] == txids


def test_the_empty_block_is_valid() -> None:
    block = make([])
    assert judge(block.seal(), block.anchor()).ok


def test_without_prevouts_it_is_undecided() -> None:
    block = make()
    raw = block.seal()
    verdict = judge(raw, replace(block.anchor(), prevouts=None))
    assert str(verdict.status) == "undecided"
    assert verdict.counts["input"].invalid == 0
    # P2PKH, P2SH multisig reveal their keys; everything else needs the spent output
    assert verdict.counts["input"].valid >= 3


HASH_TYPES = (1, 2, 3, 0x81, 0x82, 0x83)
MAKERS: dict[str, Callable[[int], Template]] = {
    "p2pk": lambda t: made.p2pk(21, t),
    "p2pk uncompressed": lambda t: made.p2pk(22, t, compressed=False),
    "p2pkh": lambda t: made.p2pkh(23, t),
    "multisig": lambda t: made.multisig([31, 32, 33], [0, 1], t),
    "multisig 3 of 3": lambda t: made.multisig([31, 32, 33], [0, 1, 2], t),
    "multisig 1 of 1": lambda t: made.multisig([31], [0], t),
    "p2sh multisig": lambda t: made.p2sh_multisig([31, 32, 33], [1, 2], t),
    "p2wpkh": lambda t: made.p2wpkh(24, t),
    "p2sh-p2wpkh": lambda t: made.p2wpkh(25, t, nested=True),
    "p2wsh multisig": lambda t: made.p2wsh_multisig([31, 32, 33], [0, 2], t),
    "p2sh-p2wsh multisig": lambda t: made.p2wsh_multisig([31, 32, 33], [0, 2], t, nested=True),
    "p2tr": lambda t: made.p2tr(26, t),
    "p2tr annex": lambda t: made.p2tr(26, t, annex=b"\x50 hello"),
    "tapscript": lambda t: made.tapscript(27, t),
}


@pytest.mark.parametrize("name", MAKERS)
def test_every_hash_type(name: str) -> None:
    """One block with a spend per hash type; legacy and v0 take any byte, Taproot only its seven."""
    legacy = not name.startswith(("p2tr", "tapscript"))
    types = (*HASH_TYPES, 0, 4, 0x1F, 0x44, 0xFF) if legacy else (0, *HASH_TYPES)
    block = make([spend(MAKERS[name](each), number) for number, each in enumerate(types)])
    verdict = judge(block.seal(), block.anchor())
    assert verdict.ok, [str(finding) for finding in verdict.findings]


def test_single_without_a_matching_output_signs_the_number_one() -> None:
    """Legacy SINGLE beyond the outputs hashes to 1; BIP143 uses zero; BIP341 refuses."""
    templates = [made.p2pkh(41), made.p2pkh(42), made.p2pkh(43, 3), made.p2wpkh(44, 3)]
    outputs = [Output(1000, each.script) for each in templates]
    entries = [Input(made.outpoint(i), 0, b"", FINAL) for i in range(len(templates))]
    tx = made.Transaction(2, entries, [Output(3000, b"\x51"), Output(0, b"\x51")], 0)
    for i, each in enumerate(templates):
        each.sign(tx, i, outputs)
    block = make([(tx, Prevout(1000, b"", 20))], fees=1000)
    block.spent = [Prevout(1000, each.script, 20) for each in templates]
    verdict = judge(block.seal(), block.anchor())
    assert verdict.ok, [str(finding) for finding in verdict.findings]


# --- one rule broken at a time


def _flip(data: bytes, at: int, mask: int = 1) -> bytes:
    raw = bytearray(data)
    raw[at] ^= mask
    return bytes(raw)


def _coinbase(change: Callable[[made.Transaction], None]) -> Callable[[Made], None]:
    return lambda block: change(block.block.transactions[0])


def _tx(number: int, change: Callable[[made.Transaction], None]) -> Callable[[Made], None]:
    return lambda block: change(block.block.transactions[number])


def _set_script(script: bytes) -> Callable[[made.Transaction], None]:
    def change(tx: made.Transaction) -> None:
        tx.inputs[0].script = script

    return change


def _pay_more(tx: made.Transaction) -> None:
    tx.outputs[0].value += 1


def _no_nonce(tx: made.Transaction) -> None:
    tx.inputs[0].witness = []


def _long_nonce(tx: made.Transaction) -> None:
    tx.inputs[0].witness = [bytes(33)]


def _two_nonces(tx: made.Transaction) -> None:
    tx.inputs[0].witness = [bytes(32), b""]


def _drop_commitment(block: Made) -> None:
    block.commits = False
    block.block.transactions[0].outputs.pop()
    block.block.transactions[0].inputs[0].witness = []


def _wrong_commitment(block: Made) -> None:
    block.commits = False
    script = b"\x6a\x24\xaa\x21\xa9\xed" + bytes(32)
    block.block.transactions[0].outputs[-1].script = script


def _drop_coinbase(block: Made) -> None:
    block.block.transactions.pop(0)
    block.commits = False


def _second_coinbase(block: Made) -> None:
    block.block.transactions.append(made.coinbase(made.HEIGHT, 0, witness=False))
    block.spent.append(Prevout(0, b"\x51", 20))


def _null_outpoint(block: Made) -> None:
    entry = Input(made.NULL, FINAL, b"", FINAL)
    block.block.transactions[1].inputs.append(entry)
    block.spent.insert(1, Prevout(0, b"\x51", 20))


def _repeat_input(block: Made) -> None:
    tx = block.block.transactions[1]
    tx.inputs.append(tx.inputs[0])
    block.spent.insert(1, block.spent[0])


def _double_spend(block: Made) -> None:
    block.block.transactions.append(block.block.transactions[1])
    tx = made.Transaction(3, *_parts(block.block.transactions[1]))
    block.block.transactions[-1] = tx
    block.spent.append(block.spent[0])


def _parts(tx: made.Transaction) -> tuple[list[Input], list[Output], int]:
    return tx.inputs, tx.outputs, tx.locktime


def _duplicate_tail(block: Made) -> None:
    """Thirteen transactions: the last one repeated keeps the root (CVE-2012-2459)."""
    block.block.transactions.append(block.block.transactions[-1])
    block.spent.append(block.spent[-1])


def _outputs(*values: int) -> Callable[[made.Transaction], None]:
    def change(tx: made.Transaction) -> None:
        tx.outputs = [Output(value, b"\x51") for value in values]

    return change


def _many_sigops(block: Made) -> None:
    block.block.transactions[0].outputs[0].script = b"\xac" * 20_001


def _too_heavy(block: Made) -> None:
    block.block.transactions[0].outputs[0].script = b"\x6a" * 1_000_001


def _header(**fields: object) -> Callable[[Made], None]:
    def change(block: Made) -> None:
        block.block.header = replace(block.block.header, **fields)  # type: ignore[arg-type]

    return change


def _respend(template: Template, at: int = 0, **options: int) -> Callable[[Made], None]:
    """Replaces the first spend by one with these options."""

    def change(block: Made) -> None:
        block.block.transactions[1 + at], block.spent[at] = spend(template, at, **options)

    return change


def _immature(block: Made) -> None:
    block.spent[0] = replace(block.spent[0], coinbase=True, height=made.HEIGHT - 99)


def _unknown_value(block: Made) -> None:
    block.spent[0] = replace(block.spent[0], value=block.spent[0].value - 1_001)


RULES: list[tuple[str, Callable[[Made], None], str]] = [
    ("coinbase pays one more", _coinbase(_pay_more), "bitcoin_coinbase_value"),
    ("no coinbase", _drop_coinbase, "bitcoin_no_coinbase"),
    ("two coinbases", _second_coinbase, "bitcoin_extra_coinbase"),
    ("coinbase script of 1", _coinbase(_set_script(b"\x51")), "bitcoin_coinbase_script"),
    ("coinbase script of 101", _coinbase(_set_script(b"\x02\x8c\x00" + bytes(98))), "bitcoin_coinbase_script"),
    ("coinbase height", _coinbase(_set_script(b"\x02\x8d\x00\x01\x07")), "bitcoin_coinbase_height"),
    ("coinbase height not minimal", _coinbase(_set_script(b"\x03\x8c\x00\x00")), "bitcoin_coinbase_height"),
    ("no witness nonce", _coinbase(_no_nonce), "bitcoin_witness_nonce"),
    ("witness nonce of 33", _coinbase(_long_nonce), "bitcoin_witness_nonce"),
    ("two witness items", _coinbase(_two_nonces), "bitcoin_witness_nonce"),
    ("wrong commitment", _wrong_commitment, "bitcoin_witness_commitment"),
    ("no commitment", _drop_commitment, "bitcoin_witness_uncommitted"),
    ("null outpoint", _null_outpoint, "bitcoin_null_outpoint"),
    ("input twice", _repeat_input, "bitcoin_input_repeated"),
    ("double spend", _double_spend, "bitcoin_double_spend"),
    ("mutated tail", _duplicate_tail, "merkle_mutated"),
    ("no outputs", _tx(1, _outputs()), "bitcoin_tx_no_outputs"),
    ("negative output", _tx(1, _outputs(-1)), "bitcoin_output_value"),
    ("output above all coins", _tx(1, _outputs(21_000_000 * 10**8 + 1)), "bitcoin_output_value"),
    ("sum above all coins", _tx(1, _outputs(*[21_000_000 * 10**8 // 2 + 1] * 2)), "bitcoin_output_value"),
    ("sum wraps 64 bits", _tx(1, _outputs(*[2**62] * 5)), "bitcoin_output_value"),
    ("value from nothing", _tx(1, _outputs(100_001)), "bitcoin_value_created"),
    ("spent output worth less", _unknown_value, "bitcoin_value_created"),
    ("too many sigops", _many_sigops, "bitcoin_sigops"),
    ("too heavy", _too_heavy, "bitcoin_block_too_large"),
    ("immature", _immature, "bitcoin_coinbase_immature"),
    ("lock height", _respend(made.p2pkh(13), locktime=made.HEIGHT, sequence=0), "bitcoin_not_final"),
    ("lock time", _respend(made.p2pkh(13), locktime=made.START, sequence=0), "bitcoin_not_final"),
    ("relative height", _respend(made.p2pkh(13), sequence=121), "bitcoin_relative_lock"),
    ("version 3", _header(version=3), "bitcoin_version_too_low"),
    ("negative version", _header(version=-1), "bitcoin_version_too_low"),
    ("wrong parent", _header(previous=bytes(32)), "bitcoin_parent_differs"),
    ("harder bits", _header(bits=0x207FFFFE), "bitcoin_bits_wrong"),
    ("time of the median", _header(time=made.START - 600 * 6), "bitcoin_time_too_early"),
    ("negative bits", _header(bits=0x20FFFFFF), "bitcoin_bits_out_of_range"),
    ("zero bits", _header(bits=0x20000000), "bitcoin_bits_out_of_range"),
    ("bits beyond 256", _header(bits=0x237FFFFF), "bitcoin_bits_out_of_range"),
]


def _sealed(block: Made) -> bytes:
    """Sealed even where the bits give no target: then any nonce does."""
    try:
        return block.seal()
    except ValueError:
        bits = block.block.header.bits
        block.block.header = replace(block.block.header, bits=made.BITS)
        block.seal()
        block.block.header = replace(block.block.header, bits=bits)
        return block.block.serialise()


@pytest.mark.full
@pytest.mark.parametrize(("name", "change", "code"), RULES, ids=[name for name, _, _ in RULES])
def test_a_broken_rule_is_named(name: str, change: Callable[[Made], None], code: str) -> None:
    block = make()
    assert judge(block.seal(), block.anchor()).ok
    anchor = block.anchor()
    change(block)
    verdict = judge(_sealed(block), replace(anchor, prevouts=block.anchor().prevouts))
    assert str(verdict.status) == "invalid", str(verdict)
    assert code in codes(verdict), (str(verdict), sorted(codes(verdict)))


def test_edges_that_keep_the_rules() -> None:
    """The last allowed value of each bounded rule."""
    at_edge: list[Callable[[Made], None]] = [
        _respend(made.p2pkh(13), locktime=made.HEIGHT - 1, sequence=0),
        _respend(made.p2pkh(13), locktime=made.HEIGHT, sequence=FINAL),
        _respend(made.p2pkh(13), locktime=made.START - 600 * 6 - 1, sequence=0),
        _respend(made.p2pkh(13), sequence=120),
        _respend(made.p2pkh(13), sequence=121 | 1 << 31),
        _respend(made.p2pkh(13), sequence=121, version=1),
        _respend(made.p2pkh(13), value=21_000_000 * 10**8, fee=21_000_000 * 10**8 - 5),
        _header(time=made.START - 600 * 6 + 1),
        _header(version=4),
        _header(version=0x7FFFFFFF),
    ]
    for number, change in enumerate(at_edge):
        block = make([spend(made.p2pkh(13), 0)])
        change(block)
        spent, paid = block.spent[0].value, sum(out.value for out in block.block.transactions[1].outputs)
        block.block.transactions[0].outputs[0].value = min(made.SUBSIDY + spent - paid, 21_000_000 * 10**8)
        verdict = judge(block.seal(), block.anchor())
        assert verdict.ok, (number, [str(finding) for finding in verdict.findings])
    mature = make([spend(made.p2pkh(13), 0)])
    mature.spent[0] = replace(mature.spent[0], coinbase=True, height=made.HEIGHT - 100)
    assert judge(mature.seal(), mature.anchor()).ok
    poorer = make()
    poorer.block.transactions[0].outputs[0].value = 0
    assert judge(poorer.seal(), poorer.anchor()).ok


def test_time_in_the_future_needs_a_clock() -> None:
    block = make([])
    raw = block.seal()
    time = block.block.header.time
    assert judge(raw, replace(block.anchor(), now=time - 7200)).ok
    late = judge(raw, replace(block.anchor(), now=time - 7201))
    assert (str(late.status), late.code) == ("invalid", "bitcoin_time_too_late")


def test_work_too_low() -> None:
    block = make([])
    block.seal()
    header = block.block.header
    while int.from_bytes(header.hash(), "little") <= made.ref.target_from_bits(header.bits):
        header = replace(header, nonce=header.nonce + 1)
    block.block.header = header
    verdict = judge(block.block.serialise(), block.anchor())
    assert (str(verdict.status), verdict.code) == ("invalid", "bitcoin_work_too_low")


def test_outputs_of_the_same_block() -> None:
    """A chain of spends inside a block: the hint of identifiers finds them, and order counts."""
    from isthmus.chains.bitcoin import with_txids

    first, prevout = spend(made.p2pkh(51), 0)
    first.outputs[0].script = made.p2wpkh(52).script
    made.p2pkh(51).sign(first, 0, [Output(prevout.value, prevout.script)])
    inner = Prevout(first.outputs[0].value, first.outputs[0].script, made.HEIGHT)
    entry = Input(first.txid(), 0, b"", FINAL)
    second = made.Transaction(2, [entry], [Output(inner.value - 500, b"\x51")], 0)
    made.p2wpkh(52).sign(second, 0, [Output(inner.value, inner.script)])
    block = make([(first, prevout), (second, inner)])
    raw = block.seal()
    engine = isthmus.Engine()
    assert judge(raw, with_txids(engine, raw, block.anchor())).ok
    lying = block.copy()
    lying.spent[1] = replace(inner, value=inner.value + 1)
    verdict = judge(raw, with_txids(engine, raw, lying.anchor()))
    assert "bitcoin_prevout_differs" in codes(verdict)
    assert not verdict.ok
    swapped = make([(second, inner), (first, prevout)])
    raw = swapped.seal()
    verdict = judge(raw, with_txids(engine, raw, swapped.anchor()))
    assert "bitcoin_input_missing" in codes(verdict)
    assert str(verdict.status) == "invalid"
    hint = replace(block.anchor(), txids=bytes(32) * 3)
    assert not judge(block.seal(), hint).ok


# --- scripts: one thing wrong at a time


def _bad_spends() -> list[tuple[str, Template, Callable[[made.Transaction], None], str]]:
    def script(change: Callable[[bytes], bytes]) -> Callable[[made.Transaction], None]:
        def apply(tx: made.Transaction) -> None:
            tx.inputs[0].script = change(tx.inputs[0].script)

        return apply

    def witness(change: Callable[[list[bytes]], list[bytes]]) -> Callable[[made.Transaction], None]:
        def apply(tx: made.Transaction) -> None:
            tx.inputs[0].witness = change(tx.inputs[0].witness)

        return apply

    other = secp256k1.public_key(99)
    high = witness(lambda w: [_flip(w[0], -1, 2), *w[1:]])
    secrets = [101, 102, 103]
    pair = made.multisig(secrets, [0, 2])
    shared = made.p2sh_multisig(secrets, [0, 1])
    wpkh, wsh = made.p2wpkh(15), made.p2wsh_multisig(secrets, [0, 1])
    tr, leaf = made.p2tr(17), made.tapscript(18)
    return [
        ("p2pk signature", made.p2pk(11), script(lambda s: _flip(s, 20)), "signature_false"),
        ("p2pk not DER", made.p2pk(11), script(lambda s: _flip(s, 1)), "signature_encoding"),
        ("p2pk hash type", made.p2pk(11), script(lambda s: _flip(s, -1)), "signature_false"),
        ("p2pk empty", made.p2pk(11), script(lambda s: b""), "bitcoin_stack"),
        ("p2pk empty signature", made.p2pk(11), script(lambda s: b"\x00"), "signature_"),
        ("p2pkh key", made.p2pkh(13), script(lambda s: s[: -len(other)] + other), "bitcoin_key_hash"),
        ("p2pkh signature", made.p2pkh(13), script(lambda s: _flip(s, 20)), "signature_false"),
        ("p2pkh cut push", made.p2pkh(13), script(lambda s: s[:-1]), "bitcoin_script_fails"),
        ("p2pkh witness", made.p2pkh(13), witness(lambda w: [b"x"]), "bitcoin_witness_unexpected"),
        ("multisig signature", pair, script(lambda s: _flip(s, 20)), "bitcoin_multisig_false"),
        ("multisig dummy", pair, script(lambda s: b"\x01\x01" + s[1:]), "bitcoin_null_dummy"),
        ("multisig order", made.multisig(secrets, [2, 0]), script(lambda s: s), "bitcoin_multisig_false"),
        ("multisig same twice", made.multisig(secrets, [1, 1]), script(lambda s: s), "bitcoin_multisig_false"),
        ("p2sh redeem", shared, script(lambda s: _flip(s, -5)), "bitcoin_script_hash"),
        ("p2sh not pushes", shared, script(lambda s: b"\x61" + s), "bitcoin_script_not_pushes"),
        ("p2wpkh signature", wpkh, witness(lambda w: [_flip(w[0], 20), w[1]]), "signature_false"),
        ("p2wpkh hash type", wpkh, high, "signature_false"),
        ("p2wpkh key", wpkh, witness(lambda w: [w[0], other]), "bitcoin_key_hash"),
        ("p2wpkh one item", wpkh, witness(lambda w: w[:1]), "bitcoin_witness_program"),
        ("p2wpkh three items", wpkh, witness(lambda w: [b"", *w]), "bitcoin_witness_program"),
        ("p2wpkh no witness", wpkh, witness(lambda w: []), "bitcoin_witness_program"),
        ("p2wpkh with a script", wpkh, script(lambda s: b"\x51"), "bitcoin_script_malleated"),
        ("nested with more", made.p2wpkh(16, nested=True), script(lambda s: b"\x00" + s), "bitcoin_script_malleated"),
        ("p2wsh script", wsh, witness(lambda w: [*w[:-1], _flip(w[-1], 5)]), "bitcoin_script_hash"),
        ("p2wsh signature", wsh, witness(lambda w: [w[0], _flip(w[1], 20), *w[2:]]), "bitcoin_multisig_false"),
        ("p2wsh dummy", wsh, witness(lambda w: [b"\x01", *w[1:]]), "bitcoin_null_dummy"),
        ("p2wsh extra item", wsh, witness(lambda w: [b"", *w]), "bitcoin_stack"),
        ("p2tr signature", tr, witness(lambda w: [_flip(w[0], 20)]), "signature_false"),
        ("p2tr 63 bytes", tr, witness(lambda w: [w[0][:63]]), "bitcoin_hash_type"),
        ("p2tr explicit default", tr, witness(lambda w: [w[0] + b"\x00"]), "bitcoin_hash_type"),
        ("p2tr hash type 4", tr, witness(lambda w: [w[0] + b"\x04"]), "bitcoin_hash_type"),
        ("p2tr added hash type", tr, witness(lambda w: [w[0] + b"\x01"]), "signature_false"),
        ("p2tr unsigned annex", tr, witness(lambda w: [w[0], b"\x50"]), "signature_false"),
        ("p2tr no witness", tr, witness(lambda w: []), "bitcoin_witness_program"),
        ("p2tr with a script", tr, script(lambda s: b"\x51"), "bitcoin_script_malleated"),
        ("leaf signature", leaf, witness(lambda w: [_flip(w[0], 20), *w[1:]]), "signature_false"),
        ("leaf script", leaf, witness(lambda w: [w[0], _flip(w[1], 9), w[2]]), "bitcoin_tap_commitment"),
        ("leaf control parity", leaf, witness(lambda w: [*w[:2], _flip(w[2], 0)]), "bitcoin_tap_commitment"),
        ("leaf control key", leaf, witness(lambda w: [*w[:2], _flip(w[2], 9)]), "bitcoin_tap_commitment"),
        ("leaf control length", leaf, witness(lambda w: [*w[:2], w[2] + b"x"]), "bitcoin_control_block"),
        ("leaf empty signature", leaf, witness(lambda w: [b"", *w[1:]]), "signature_"),
    ]  # fmt: skip


BAD_SPENDS = _bad_spends()


@pytest.mark.parametrize(("name", "template", "change", "code"), BAD_SPENDS, ids=[name for name, *_ in BAD_SPENDS])
def test_a_bad_spend_is_named_with_its_place(
    name: str, template: Template, change: Callable[[made.Transaction], None], code: str
) -> None:
    block = make([spend(made.p2pkh(61), 0), spend(template, 1), spend(made.p2tr(62), 2)])
    change(block.block.transactions[2])
    verdict = judge(block.seal(), block.anchor())
    assert str(verdict.status) == "invalid", (name, str(verdict))
    assert any(each.startswith(code) for each in codes(verdict)), (name, str(verdict), codes(verdict))
    assert verdict.where.startswith("block 140 tx 2"), verdict.where
    assert (verdict.counts["input"].valid, verdict.counts["input"].invalid) == (2, 1)


def test_scripts_that_are_no_template_are_undecided() -> None:
    anyone = Template("anyone", b"\x51", lambda tx, i, spent: None)
    block = make([spend(made.p2pkh(61), 0), spend(anyone, 1)])
    verdict = judge(block.seal(), block.anchor())
    assert (str(verdict.status), verdict.code) == ("undecided", "bitcoin_script_not_template")
    assert verdict.where == "block 140 tx 2 input 0"
    assert verdict.counts["input"] == (1, 0, 1)


# --- mutation


@pytest.mark.full
def test_every_byte_flipped_is_never_valid() -> None:
    """With the hash pinned every byte counts; without it, half of all other nonces are regtest proofs of work too."""
    block = make()
    raw, anchor = block.seal(), block.anchor()
    engine = isthmus.Engine()
    assert engine.check(CHAIN, raw, anchor).ok
    mutants = [_flip(raw, i, 1 << i % 8) for i in range(len(raw))]
    report = engine.check(CHAIN, mutants, replace(anchor, hash=block.block.header.hash()))
    assert [i for i, verdict in enumerate(report) if str(verdict.status) != "invalid"] == []
    report = engine.check(CHAIN, mutants, anchor)
    free = {*range(4), *range(68, 80)}
    assert {i for i, verdict in enumerate(report) if str(verdict.status) != "invalid"} <= free


@pytest.mark.full
def test_every_byte_flipped_and_sealed_again_is_never_valid() -> None:
    """Merkle root, commitment and work made new over each change, so that only signatures and rules can tell.

    The coinbase is left out: its bytes are the miner's to choose.
    """
    block = make()
    raw, anchor = block.seal(), block.anchor()
    assert judge(raw, anchor).ok
    start = 81 + len(block.block.transactions[0].serialise())
    rng = random.Random(81)
    mutants, places = [], []
    for place in range(start, len(raw)):
        changed = _flip(raw, place, 1 << rng.randrange(8))
        try:
            parsed = made.Block.parse(changed)
        except ValueError:
            mutants.append(changed)
            places.append(place)
            continue
        again = Made(parsed, block.spent)
        mutants.append(again.seal())
        places.append(place)
    report = isthmus.Engine().check(CHAIN, mutants, anchor)
    assert [place for place, verdict in zip(places, report, strict=True) if verdict.ok] == []
    merkle = sum("merkle_root_differs" in codes(verdict) for verdict in report)
    assert merkle < len(mutants) // 10, "the seal is what found the changes"


def test_truncated_and_extended_blocks_are_invalid() -> None:
    block = make([spend(made.p2wpkh(15), 0), spend(made.p2pkh(13), 1)])
    raw, anchor = block.seal(), block.anchor()
    engine = isthmus.Engine()
    report = engine.check(CHAIN, [raw[:n] for n in range(len(raw))], anchor)
    assert {str(verdict.status) for verdict in report} == {"invalid"}
    assert {verdict.code for verdict in report} <= {"truncated", "length_out_of_range", "bitcoin_no_coinbase"}
    extended = engine.check(CHAIN, raw + b"\0", anchor)
    assert (str(extended.status), extended.code) == ("invalid", "trailing_bytes")


def test_headers_made_here() -> None:
    headers = made.parents()
    engine = isthmus.Engine()
    verdict = engine.check("bitcoin-headers", headers, Anchor(0, "regtest"))
    assert verdict.ok, str(verdict)
    assert verdict.counts["header"].valid == made.HEIGHT
    assert verdict.facts["hash"] == Header.parse(headers[-80:]).hash()
    # The last header is left out: nothing names its hash, and half of its other nonces are proofs of work.
    mutants = [_flip(headers, i, 1 << i % 8) for i in range(len(headers) - 80)]
    report = engine.check("bitcoin-headers", mutants, Anchor(0, "regtest"))
    assert [i for i, each in enumerate(report) if each.ok] == []
    for i in range(0, len(mutants), 97):
        assert report[i].where in {f"header {i // 80}", f"header {i // 80 + 1}"}, (i, str(report[i]))
