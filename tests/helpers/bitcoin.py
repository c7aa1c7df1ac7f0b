"""Makes regtest blocks that keep every rule, and seals altered ones again, so that a test breaks one rule at a time.

Transactions, identifiers and signature hashes come from the reference implementation, signatures from its slow curve
code: what the native core accepts here was written twice. On regtest every rule holds from height 1 and half of all
nonces are proofs of work.
"""

from __future__ import annotations

import copy
import functools
import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from isthmus.chains.bitcoin import Anchor, Prevout
from isthmus.reference import bitcoin as ref
from isthmus.reference import secp256k1
from isthmus.reference.bitcoin import Block, Header, Input, Output, Transaction
from isthmus.reference.hashes import hash160

HEIGHT: Final = 140
BITS: Final = 0x207FFFFF
SUBSIDY: Final = 50 * ref.COIN
START: Final = 1_700_000_000
FINAL: Final = 0xFFFFFFFF
NULL: Final = bytes(32)

GENESIS: Final = Header(
    1,
    bytes(32),
    bytes.fromhex("4a5e1e4baab89f3a32518a88c31bc87f618f76673e2cc77ab2127b7afdeda33b")[::-1],
    1296688602,
    BITS,
    2,
)


def mine(header: Header) -> Header:
    """The header with the first nonce that is a proof of work."""
    target = ref.target_from_bits(header.bits)
    for nonce in range(1 << 20):
        candidate = Header(header.version, header.previous, header.merkle_root, header.time, header.bits, nonce)
        if int.from_bytes(candidate.hash(), "little") <= target:
            return candidate
    raise AssertionError("no nonce was found")


@functools.cache
def parents(height: int = HEIGHT) -> bytes:
    """Headers 0 to height - 1 of a regtest chain, ten minutes apart."""
    chain = [GENESIS]
    for number in range(1, height):
        root = hashlib.sha256(number.to_bytes(4, "big")).digest()
        time = START - 600 * (height - number)
        chain.append(mine(Header(0x20000000, chain[-1].hash(), root, time, BITS, 0)))
    return b"".join(header.serialise() for header in chain)


# --- templates: an output script and how to spend it


Sign = Callable[[Transaction, int, list[Output]], None]


@dataclass(frozen=True)
class Template:
    """An output script; `sign` fills script and witness of one input of a transaction."""

    name: str
    script: bytes
    sign: Sign


def push(data: bytes) -> bytes:
    return ref.push(data)


def p2pkh_script(digest: bytes) -> bytes:
    return b"\x76\xa9\x14" + digest + b"\x88\xac"


def p2sh_script(redeem: bytes) -> bytes:
    return b"\xa9\x14" + hash160(redeem) + b"\x87"


def p2wsh_script(witness: bytes) -> bytes:
    return b"\x00\x20" + hashlib.sha256(witness).digest()


def multisig_script(need: int, keys: list[bytes]) -> bytes:
    return bytes([0x50 + need]) + b"".join(push(key) for key in keys) + bytes([0x50 + len(keys), 0xAE])


def ecdsa(secret: int, digest: bytes, hash_type: int) -> bytes:
    return secp256k1.encode_der(secp256k1.sign_ecdsa(secret, digest)) + bytes([hash_type])


def legacy_signature(tx: Transaction, index: int, code: bytes, secret: int, hash_type: int) -> bytes:
    return ecdsa(secret, ref.signature_hash_legacy(tx, index, code, hash_type), hash_type)


def v0_signature(tx: Transaction, index: int, code: bytes, value: int, secret: int, hash_type: int) -> bytes:
    return ecdsa(secret, ref.signature_hash_v0(tx, index, code, value, hash_type), hash_type)


def schnorr_signature(secret: int, digest: bytes, hash_type: int) -> bytes:
    return secp256k1.sign_bip340(secret, digest) + (bytes([hash_type]) if hash_type else b"")


def p2pk(secret: int, hash_type: int = 1, *, compressed: bool = True) -> Template:
    script = push(secp256k1.public_key(secret, compressed)) + b"\xac"

    def sign(tx: Transaction, index: int, spent: list[Output]) -> None:
        tx.inputs[index].script = push(legacy_signature(tx, index, script, secret, hash_type))

    return Template("p2pk", script, sign)


def p2pkh(secret: int, hash_type: int = 1, *, compressed: bool = True) -> Template:
    key = secp256k1.public_key(secret, compressed)
    script = p2pkh_script(hash160(key))

    def sign(tx: Transaction, index: int, spent: list[Output]) -> None:
        tx.inputs[index].script = push(legacy_signature(tx, index, script, secret, hash_type)) + push(key)

    return Template("p2pkh", script, sign)


def multisig(secrets: list[int], signers: list[int], hash_type: int = 1) -> Template:
    script = multisig_script(len(signers), [secp256k1.public_key(secret) for secret in secrets])

    def sign(tx: Transaction, index: int, spent: list[Output]) -> None:
        signatures = [legacy_signature(tx, index, script, secrets[i], hash_type) for i in signers]
        tx.inputs[index].script = b"\x00" + b"".join(push(each) for each in signatures)

    return Template("multisig", script, sign)


def p2sh_multisig(secrets: list[int], signers: list[int], hash_type: int = 1) -> Template:
    inner = multisig(secrets, signers, hash_type)

    def sign(tx: Transaction, index: int, spent: list[Output]) -> None:
        inner.sign(tx, index, spent)
        tx.inputs[index].script += push(inner.script)

    return Template("p2sh multisig", p2sh_script(inner.script), sign)


def p2wpkh(secret: int, hash_type: int = 1, *, nested: bool = False) -> Template:
    key = secp256k1.public_key(secret)
    program = b"\x00\x14" + hash160(key)

    def sign(tx: Transaction, index: int, spent: list[Output]) -> None:
        code = p2pkh_script(hash160(key))
        tx.inputs[index].script = push(program) if nested else b""
        signature = v0_signature(tx, index, code, spent[index].value, secret, hash_type)
        tx.inputs[index].witness = [signature, key]

    return Template("p2sh-p2wpkh" if nested else "p2wpkh", p2sh_script(program) if nested else program, sign)


def p2wsh_multisig(secrets: list[int], signers: list[int], hash_type: int = 1, *, nested: bool = False) -> Template:
    code = multisig_script(len(signers), [secp256k1.public_key(secret) for secret in secrets])
    program = p2wsh_script(code)

    def sign(tx: Transaction, index: int, spent: list[Output]) -> None:
        tx.inputs[index].script = push(program) if nested else b""
        value = spent[index].value
        signatures = [v0_signature(tx, index, code, value, secrets[i], hash_type) for i in signers]
        tx.inputs[index].witness = [b"", *signatures, code]

    name = "p2sh-p2wsh multisig" if nested else "p2wsh multisig"
    return Template(name, p2sh_script(program) if nested else program, sign)


def _tweaked(secret: int, root: bytes) -> tuple[int, bytes, int]:
    """Secret of the output key, the internal key and the output key's parity."""
    key = secp256k1.public_key(secret)
    even = secret if key[0] == 2 else secp256k1.N - secret
    tweak = int.from_bytes(ref.tap_tweak(key[1:], root), "big")
    output = (even + tweak) % secp256k1.N
    return output, key[1:], secp256k1.public_key(output)[0] & 1


def p2tr(secret: int, hash_type: int = 0, *, annex: bytes | None = None) -> Template:
    """Key path; the internal key is tweaked by an empty tree."""
    output, _, _ = _tweaked(secret, b"")
    script = b"\x51\x20" + secp256k1.public_key(output)[1:]

    def sign(tx: Transaction, index: int, spent: list[Output]) -> None:
        digest = ref.signature_hash_taproot(tx, index, spent, hash_type, annex=annex)
        tail = [] if annex is None else [annex]
        tx.inputs[index].witness = [schnorr_signature(output, digest, hash_type), *tail]

    return Template("p2tr", script, sign)


def tapscript(secret: int, hash_type: int = 0) -> Template:
    """Script path over the only leaf: <key> OP_CHECKSIG."""
    leaf_key = secp256k1.public_key(secret + 1)[1:]
    leaf_script = b"\x20" + leaf_key + b"\xac"
    leaf = ref.tap_leaf(leaf_script)
    output, internal, parity = _tweaked(secret, leaf)
    script = b"\x51\x20" + secp256k1.public_key(output)[1:]

    def sign(tx: Transaction, index: int, spent: list[Output]) -> None:
        digest = ref.signature_hash_taproot(tx, index, spent, hash_type, leaf=leaf)
        signature = schnorr_signature(secret + 1, digest, hash_type)
        tx.inputs[index].witness = [signature, leaf_script, bytes([0xC0 | parity]) + internal]

    return Template("tapscript checksig", script, sign)


def all_templates() -> list[Template]:
    """One of each, signed with ALL (or the default)."""
    secrets = [101, 102, 103]
    return [
        p2pk(11),
        p2pk(12, compressed=False),
        p2pkh(13),
        p2pkh(14, compressed=False),
        multisig(secrets, [0, 2]),
        p2sh_multisig(secrets, [1, 2]),
        p2wpkh(15),
        p2wpkh(16, nested=True),
        p2wsh_multisig(secrets, [0, 1]),
        p2wsh_multisig(secrets, [0, 2], nested=True),
        p2tr(17),
        tapscript(18),
    ]


# --- blocks


@dataclass
class Made:
    """A block with the outputs that its transactions spend: everything that an anchor says."""

    block: Block
    spent: list[Prevout]
    height: int = HEIGHT
    commits: bool = True
    extra: dict[str, object] = field(default_factory=dict)

    def copy(self) -> Made:
        return copy.deepcopy(self)

    def anchor(self) -> Anchor:
        """All headers before the block and all spent outputs."""
        return Anchor(self.height, "regtest").with_headers(parents(self.height)).with_prevouts(self.spent)

    def seal(self) -> bytes:
        """Network bytes with a fresh witness commitment, Merkle root and proof of work."""
        block = self.block
        if self.commits and block.transactions[0].inputs[0].witness:
            script = b"\x6a\x24\xaa\x21\xa9\xed" + ref.computed_witness_commitment(block)
            block.transactions[0].outputs[-1].script = script
        root, _ = ref.merkle_root([tx.txid() for tx in block.transactions])
        old = block.header
        block.header = mine(Header(old.version, old.previous, root, old.time, old.bits, 0))
        return block.serialise()


def coinbase(height: int, value: int, *, witness: bool = True) -> Transaction:
    """A coinbase with a height, a nonce and room for the commitment."""
    number = height.to_bytes(8, "little").rstrip(b"\0")
    number += b"\0" if number[-1] & 0x80 else b""
    entry = Input(NULL, FINAL, push(number) + b"\x01\x07", FINAL, [bytes(32)] if witness else [])
    outputs = [Output(value, b"\x51")]
    if witness:
        outputs.append(Output(0, bytes(38)))
    return Transaction(1, [entry], outputs, 0)


def outpoint(number: int) -> bytes:
    return hashlib.sha256(b"outpoint %d" % number).digest()


def spend(template: Template, number: int, *, value: int = 100_000, fee: int = 1_000, sequence: int = FINAL,
          version: int = 2, locktime: int = 0, height: int = 20) -> tuple[Transaction, Prevout]:  # fmt: skip
    """A transaction that spends one output of a template, and that output."""
    entry = Input(outpoint(number), number % 3, b"", sequence)
    tx = Transaction(version, [entry], [Output(value - fee, b"\x51"), Output(0, b"\x6a\x01\x00")], locktime)
    template.sign(tx, 0, [Output(value, template.script)])
    return tx, Prevout(value, template.script, height)


def make(spends: list[tuple[Transaction, Prevout]] | None = None, *, fees: int | None = None) -> Made:
    """An unsealed block of these spends; one of every template by default."""
    if spends is None:
        spends = [spend(template, number) for number, template in enumerate(all_templates())]
    if fees is None:
        fees = sum(prevout.value - sum(out.value for out in tx.outputs) for tx, prevout in spends)
    last = Header.parse(parents()[-80:])
    header = Header(0x20000000, last.hash(), bytes(32), last.time + 600, BITS, 0)
    transactions = [coinbase(HEIGHT, SUBSIDY + fees), *(tx for tx, _ in spends)]
    return Made(Block(header, transactions), [prevout for _, prevout in spends])
