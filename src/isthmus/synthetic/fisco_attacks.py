"""What a liar could hand over as a FISCO BCOS block, header or proof, each with the answer that it must get.

>>> from isthmus import Engine
>>> from isthmus.synthetic.fisco import Chain
>>> attack = next(each for each in attacks(Chain("3", "sm")) if each.name == "a sealer signs twice")
>>> Engine(threads=1).check(attack.format, attack.input, attack.anchor).code
'fisco_signer_repeated'
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, NamedTuple

from isthmus import _rlp
from isthmus.chains import fisco
from isthmus.chains.fisco import BLOCK, HEADER, PROOF, Anchor
from isthmus.synthetic.fisco import Block, Chain, blob, v3_header_preimage

_N_SECP256K1 = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141


class Attack(NamedTuple):
    """One hostile input.

    ``case``     what it is of: quorums (Q), encodings (C), trees (M), signatures (V, S), FISCO's own (F)
    ``codes``    the answer is one of these; none of them means valid
    """

    case: str
    name: str
    format: str
    input: bytes
    anchor: Anchor
    codes: tuple[str, ...]


def attacks(chain: Chain) -> Iterator[Attack]:
    """Every attack that the chain's version and suite can be given. Needs 4 sealers of weight 1."""
    yield from _quorum(chain)
    yield from _signatures(chain)
    yield from _sealers(chain)
    yield from _binding(chain)
    yield from _bodies(chain)
    if chain.is_v3:
        yield from _weights()
        yield from _boundaries(chain)
    if chain.version.number >= 0x02020000:
        yield from _proofs(chain)


def _block(case: str, name: str, block: Block, anchor: Anchor, *codes: str) -> Attack:
    return Attack(case, name, BLOCK, block.encoded, anchor, codes)


def _quorum(chain: Chain) -> Iterator[Attack]:
    anchor = chain.anchor()
    yield _block("Q4", "two of four signed", chain.block(signers=(0, 1)), anchor, "fisco_quorum")
    yield _block("F1", "nobody signed", chain.block(signers=()), anchor, "fisco_quorum")
    yield _block("F1", "nobody signed a block without transactions", chain.block(transactions=0, signers=()), anchor,
                 "fisco_quorum")  # fmt: skip
    good = chain.block(signers=(0, 1))
    twice = replace(good, signatures=[*good.signatures, good.signatures[1]])
    yield _block("Q1", "a sealer signs twice", twice, anchor, "fisco_signer_repeated")
    under = chain.block(signers=(0, 1, 2))
    moved = replace(under, signatures=[*under.signatures[:2], (3, under.signatures[2][1])])
    yield _block("Q7", "a signature stands under another sealer", moved, anchor, "fisco_signer_differs",
                 "signature_false")  # fmt: skip
    far = replace(under, signatures=[*under.signatures[:2], (4, under.signatures[2][1])])
    yield _block("Q6", "a signer outside the list", far, anchor, "fisco_signer_index")
    other = chain.block(number=2)
    yield _block("Q3", "signatures of another block", replace(chain.block(), signatures=other.signatures), anchor,
                 "fisco_signer_differs", "signature_false")  # fmt: skip
    empty = replace(under, signatures=[*under.signatures, (3, b"")])
    yield _block("Q6", "an empty signature beside a quorum", empty, anchor, "signature_encoding")


def _signatures(chain: Chain) -> Iterator[Attack]:
    anchor = chain.anchor()
    block = chain.block()
    index, signature = block.signatures[0]

    def with_first(raw: bytes) -> Block:
        return replace(block, signatures=[(index, raw), *block.signatures[1:]])

    yield _block("E10", "a signature that is one byte short", with_first(signature[:-1]), anchor, "signature_encoding")
    yield _block(
        "E10", "a signature that is one byte long", with_first(signature + b"\0"), anchor, "signature_encoding"
    )
    if chain.suite == "keccak":
        for v in (2, 3, 4, 27, 255):
            yield _block("V2", f"v is {v}", with_first(signature[:64] + bytes([v])), anchor, "fisco_recovery_id")
        flipped = signature[:64] + bytes([signature[64] ^ 1])
        yield _block("V5", "v is the other one", with_first(flipped), anchor, "fisco_signer_differs", "signature_false")
        for name, number in (("0", 0), ("the order", _N_SECP256K1)):
            raw = number.to_bytes(32, "big")
            yield _block("K2", f"r is {name}", with_first(raw + signature[32:]), anchor, "signature_false")
            yield _block("K2", f"s is {name}", with_first(signature[:32] + raw + signature[64:]), anchor,
                         "signature_false")  # fmt: skip
    else:
        yield _block("S1", "r is 0", with_first(bytes(32) + signature[32:]), anchor, "signature_false")
        if not chain.is_v3:
            other = signature[:64] + chain.keys[(index + 1) % 4].id
            yield _block("V5", "the key behind the signature is another sealer's", with_first(other), anchor,
                         "fisco_signer_differs")  # fmt: skip


def _sealers(chain: Chain) -> Iterator[Attack]:
    other = Chain(str(chain.version), chain.suite, seed="other")
    yield _block("Q9", "a quorum of strangers", chain.block(others=other), chain.anchor(), "fisco_sealers")
    yield _block("Q9", "strangers that nobody known signed for", chain.block(others=other), chain.anchor("overlap"),
                 "fisco_trusted_quorum")  # fmt: skip
    few = Chain(str(chain.version), chain.suite, seed="few")
    few.keys[:] = sorted([*chain.keys[:2], *other.keys[:2]], key=lambda key: key.id)
    yield _block("Q9", "two of the four known signed for the change", chain.block(others=few), chain.anchor("overlap"),
                 "fisco_trusted_quorum")  # fmt: skip
    shuffled = Chain(str(chain.version), chain.suite)
    shuffled.keys[:] = [*chain.keys[1:], chain.keys[0]]
    yield _block("F2", "the known sealers in another order", chain.block(others=shuffled), chain.anchor(),
                 "fisco_sealers")  # fmt: skip
    double = Chain(str(chain.version), chain.suite)
    double.keys[:] = [*chain.keys[:3], chain.keys[2]]
    listed = Anchor(chain.version, chain.suite, double.sealers)
    yield _block("Q1", "one key under two indices", chain.block(others=double), listed, "fisco_sealer_repeated")
    yield _block("F3", "nothing trusted", chain.block(), Anchor(chain.version, chain.suite), "fisco_no_anchor")
    changed = chain.block().with_header(sealer=9 if chain.is_v3 else "0x9")
    changed = changed.signed(list(enumerate(chain.keys)))
    yield _block("F2", "made by a sealer outside the list", changed, chain.anchor(), "fisco_sealer_index")


def _binding(chain: Chain) -> Iterator[Attack]:
    """AntChain Bridge's verifier believes the stated hash; then no field is bound."""
    anchor = chain.anchor()
    block = chain.block()
    for field in ("stateRoot", "receiptsRoot"):
        lied = replace(block.with_header(**{field: "0x" + "ee" * 32}), stated_hash=block.hash)
        yield Attack("W1", f"{field} is not what was signed", BLOCK, lied.encoded, anchor, ("hash_differs",))
        told = fisco.statement_from_json(lied.json, anchor)
        yield Attack("W1", f"{field} of a header is not what was signed", HEADER, told.encoded, anchor,
                     ("hash_differs",))  # fmt: skip
    yield _block("W1", "the stated hash is another", replace(block, stated_hash=bytes(32)), anchor, "hash_differs")
    yield _block("Q10", "the block does not follow the trusted one", chain.block(number=2), chain.anchor(trusted=block),
                 "fisco_parent_hash")  # fmt: skip
    yield _block("Q10", "the block is not later", block, chain.anchor(trusted=chain.block(number=5)),
                 "fisco_number_not_later")  # fmt: skip
    yield _block("F4", "another header than the pinned one", block, replace(anchor, header_hash=bytes(32)),
                 "fisco_pinned_header")  # fmt: skip


def _resigned(block: Block) -> Block:
    return block.with_roots().signed(list(enumerate(block.chain.keys)))


def _bodies(chain: Chain) -> Iterator[Attack]:
    """Bodies that a quorum signed for where the rules are the verifier's own; others that nobody did."""
    anchor = chain.anchor()
    block = chain.block(transactions=5)
    less = replace(block, transactions=block.transactions[:-1], receipts=(block.receipts or [])[:-1])
    yield _block("M4", "a transaction is left out", less, anchor, "merkle_root_differs")
    swapped = replace(block, transactions=[block.transactions[1], block.transactions[0], *block.transactions[2:]])
    yield _block("M4", "two transactions change places", swapped, anchor, "merkle_root_differs")
    again = replace(block, transactions=[*block.transactions, block.transactions[-1]],
                    receipts=[*(block.receipts or []), (block.receipts or [])[-1]])  # fmt: skip
    yield _block("M1", "the last transaction stands again", again, anchor, "merkle_root_differs",
                 "fisco_transaction_repeated")  # fmt: skip
    yield _block("Q13", "a signed block with a transaction twice", _resigned(again), anchor,
                 "fisco_transaction_repeated")  # fmt: skip
    changed = block.with_transaction(2, input="0xdead")
    yield _block("F5", "a transaction says something else", changed, anchor, "hash_differs", "merkle_root_differs",
                 "fisco_sender_differs", "signature_false")  # fmt: skip
    lied = block.with_receipt(2, status=16 if chain.is_v3 else "0x10")
    yield _block("F6", "a receipt tells another status", lied, anchor, "merkle_root_differs", "hash_differs")
    missing = replace(block, receipts=(block.receipts or [])[:-1])
    yield _block("F6", "a receipt is left out", missing, anchor, "fisco_receipt_count", "merkle_root_differs")
    stranger = Chain(str(chain.version), chain.suite, seed="stranger").user
    forged = block.with_transaction(0, **chain.sign_transaction(block.transactions[0], stranger))
    if chain.is_v3:
        yield _block("V5", "a signed block with another's name under a transaction", _resigned(forged), anchor,
                     "fisco_sender_differs")  # fmt: skip
        unsigned = block.with_transaction(0, signature="0x")
        yield _block("V5", "a sender without a signature", unsigned, anchor, "fisco_sender_unproved")
    told = fisco.statement_from_json(_resigned(forged).json, anchor)
    yield Attack("V5", "a node names another sender than who signed", HEADER, told.encoded, anchor,
                 ("fisco_sender_differs",))  # fmt: skip
    elsewhere = replace(anchor, group_id="7")
    if anchor.group_id:
        yield _block("Q3", "transactions of another group", block, elsewhere, "fisco_chain_id")
    if chain.version.major == 2 and chain.version.number >= 0x02000002:
        yield from _blobs(block, anchor)


def _blobs(block: Block, anchor: Anchor) -> Iterator[Attack]:
    txs = [block.transaction_bytes(index) for index in range(len(block.transactions))]
    right = blob(txs)
    inside = bytearray(right)
    inside[8:12] = (len(txs[0]) - 1).to_bytes(4, "little")
    beyond = bytearray(right)
    beyond[8:12] = (1 << 31).to_bytes(4, "little")
    many = (0xFFFFFFFF).to_bytes(4, "little") + right[4:]
    for name, bad, code in (
        ("an offset inside a transaction", bytes(inside), "not_canonical"),
        ("an offset beyond the end", bytes(beyond), "fisco_transactions_blob"),
        ("more transactions than bytes", many, "truncated"),
        ("bytes after the last transaction", right + b"\0", "fisco_transactions_blob"),
    ):
        parts = block.encoded[1 + block.encoded[0] - 0xF7 :]
        raw = _rlp.with_length(0xC0, parts.replace(_rlp.encode(right), _rlp.encode(bad)))
        yield Attack("C3", name, BLOCK, raw, anchor, (code,))


def _weights() -> Iterator[Attack]:
    heavy = Chain("3", "keccak", weights=[10, 1, 1, 1])
    yield _block(
        "F7", "three light sealers of thirteen", heavy.block(signers=(1, 2, 3)), heavy.anchor(), "fisco_quorum"
    )
    yield _block("F7", "the header's weights are not the anchor's", heavy.block(),
                 replace(heavy.anchor(), sealers=Chain("3", "keccak").sealers), "fisco_sealers")  # fmt: skip
    for name, weights in (("no weight", [1, 1, 1, 0]), ("a sum beyond int64", [(1 << 63) - 1, 1, 1, 1])):
        block = heavy.block().with_header(consensusWeights=weights)
        block = block.signed(list(enumerate(heavy.keys)))
        yield _block("Q5", name, block, Anchor(heavy.version), "fisco_sealer_weight")
    fewer = heavy.block().with_header(consensusWeights=[1, 1, 1]).signed(list(enumerate(heavy.keys)))
    yield _block("Q5", "a sealer without a weight", fewer, heavy.anchor(), "fisco_weight_count")


def _boundaries(chain: Chain) -> Iterator[Attack]:
    """Other readings of a header that a quorum signed: the same bytes, cut elsewhere."""
    block = chain.block()
    ids = block.header["sealerList"]
    moved = block.with_header(
        sealerList=ids[:3],
        sealer=0,
        extraData=ids[3] + (1).to_bytes(8, "big").hex(),
        consensusWeights=[1, 1, 1],
    )
    original = block.with_header(sealer=0).signed(list(enumerate(chain.keys)))
    assert v3_header_preimage(moved.header) == v3_header_preimage(original.header)
    shorter = replace(moved, signatures=original.signatures[:3])
    for change in ("pinned", "overlap"):
        anchor: Anchor = chain.anchor("overlap" if change == "overlap" else "pinned")
        yield _block(
            "C3", f"a sealer becomes extra data ({change})", shorter, anchor, "fisco_extra_data", "fisco_sealers"
        )
    alone = Anchor(chain.version, chain.suite, header_hash=original.hash)
    yield _block("C3", "a sealer becomes extra data (the hash is pinned)", shorter, alone, "fisco_extra_data")
    gas = block.with_header(gasUsed="0" + block.header["gasUsed"]).signed(list(enumerate(chain.keys)))
    yield _block("C3", "gas with a leading zero", gas, chain.anchor(), "fisco_gas_used")
    parents = [*block.header["parentInfo"], *block.header["parentInfo"]]
    two = block.with_header(parentInfo=parents).signed(list(enumerate(chain.keys)))
    yield _block("C3", "two parents", two, chain.anchor(), "fisco_parents")
    none = block.with_header(parentInfo=[]).signed(list(enumerate(chain.keys)))
    yield _block("C4", "no parent", none, chain.anchor(), "fisco_parents")
    early = block.with_header(version=4).signed(list(enumerate(chain.keys)))
    yield _block("F8", "a header of a release candidate", early, chain.anchor(), "fisco_version")


def _proofs(chain: Chain) -> Iterator[Attack]:
    anchor = chain.anchor()
    block = chain.block(transactions=20)
    tx, receipt = block.transaction_json(3), block.receipt_json(3)

    def proof(case: str, name: str, tx: dict[str, Any], receipt: dict[str, Any], *codes: str) -> Attack:
        made = fisco.proof_from_json(block.json, tx, receipt, anchor=anchor)
        return Attack(case, name, PROOF, made.encoded, anchor, codes)

    other = block.transaction_json(4)
    if chain.is_v3:
        swapped = {**other, "txProof": tx["txProof"]}
        status: dict[str, Any] = {**receipt, "status": 16}
        unknown = {**tx, "txProof": [*tx["txProof"][:-2], "11" * 32, "22" * 32]}
    else:
        swapped = {
            **other,
            "txProof": tx["txProof"],
            "transaction": {**other["transaction"], "transactionIndex": "0x3"},
        }
        status = copy.deepcopy(receipt)
        status["transactionReceipt"]["status"] = "0x10"
        unknown = copy.deepcopy(tx)
        unknown["txProof"][-2] = {"left": [], "right": ["11" * 32]}
    yield proof("M3", "the proof of a neighbour", swapped, receipt, "merkle_root_differs")
    yield proof("F6", "a receipt tells another status", tx, status, "hash_differs", "merkle_root_differs")
    if chain.is_v3:  # version 2 numbers its leaves, so that this cannot even be written
        inner = {**tx, "txProof": tx["txProof"][3:]}
        yield proof("M4", "the lowest level is left out", inner, receipt, "merkle_root_differs")
    yield proof("M4", "the highest level is another", unknown, receipt, "merkle_root_differs")
    foreign = chain.block(number=2, transactions=20)
    lied = {**foreign.json, "hash": "0x" + block.hash.hex()}
    made = fisco.proof_from_json(lied, foreign.transaction_json(3), anchor=anchor)
    yield Attack("W1", "roots of a block that nobody signed", PROOF, made.encoded, anchor,
                 ("hash_differs",))  # fmt: skip
