"""Real inputs with their anchors, for fuzzing and benchmarks: from the data folder when there is one, else made here.

Each sample is (input bytes, anchor bytes, whether it is valid as it stands).
"""

from __future__ import annotations

import functools
from typing import Final

from helpers import pools
from helpers.data import data_root
from isthmus.chains.chainmaker import Anchor

Sample = tuple[bytes, bytes, bool]
LARGE: Final = 1_200_000


def real(chain: str) -> list[Sample]:
    """Samples of one input format; at least one is valid where the format can be."""
    makers = {
        "bitcoin-block": _bitcoin_blocks,
        "bitcoin-txids": _bitcoin_txids,
        "bitcoin-headers": _bitcoin_headers,
        "bitcoin-input": _bitcoin_inputs,
        "cometbft-light-block": _light_blocks,
        "cometbft-conflict": _conflicts,
        "cometbft-duplicate-vote": _duplicate_votes,
        "fisco-header": _fisco_headers,
        "fisco-block": _fisco_blocks,
        "fisco-proof": _fisco_proofs,
        "fabric-block": _fabric_blocks,
        "fabric-attestation": _fabric_attestations,
        "chainmaker-block": lambda: chainmaker("chainmaker-block")[0],
        "chainmaker-header": lambda: chainmaker("chainmaker-header")[0],
        "chainmaker-tx": lambda: chainmaker("chainmaker-tx")[0],
        "membership": _identities,
    }
    return makers[chain]()


@functools.cache
def chainmaker(chain: str) -> tuple[list[Sample], list[Anchor]]:
    """Made ChainMaker inputs of key and certificate networks, real blocks where there are any, and the anchors that the
    bytes of the samples' are of."""
    from chains import chainmaker_data

    from isthmus.chains import chainmaker as cm
    from isthmus.synthetic.chainmaker import Network

    found: list[tuple[bytes, Anchor]] = []
    for network in (
        Network(mode="public", organisations=1),
        Network(organisations=1),
        Network(mode="public", curve="SM2", hash="SM3"),
    ):
        draft = network.draft(2, 3)
        raw, anchor = draft.seal(), network.anchor()
        header = cm.header_of(raw)
        made = {
            "chainmaker-block": [raw],
            "chainmaker-header": [header],
            "chainmaker-tx": [
                cm.tx_input(
                    cm.transaction_info(draft.txs[index].raw, index=index), header, network.siblings(draft, index)
                )
                for index in range(3)
            ],
        }
        found += [(each, anchor) for each in made[chain]]
    if chainmaker_data.folder("v2_cert_sha256") is not None:
        anchor = chainmaker_data.chain1_anchor()
        for path in chainmaker_data.chain1_files("block_*.json"):
            text = path.read_text()
            block, header = cm.block_from_json(text), cm.header_from_json(text)
            if chain != "chainmaker-tx":
                found.append((block if chain == "chainmaker-block" else header, anchor))
    return [(raw, bytes(anchor), True) for raw, anchor in found], [anchor for _, anchor in found]


def _identities() -> list[Sample]:
    from helpers import membership

    return membership.samples()


def signature_rows(scheme: str) -> list[bytes]:
    """Key, signature and message of right rows and near misses, one after the other; keys of the shorter form."""
    rows = [row for row, _ in pools.pool(scheme)]
    width = 33 if scheme.endswith("ecdsa") else 32
    return [row.key + row.signature + row.message for row in rows if len(row.key) == width]


def der_rows() -> list[tuple[bytes, bytes]]:
    """(DER signature, key and digest) of right rows, strict ones and shapes that only the tolerant parser takes."""
    from helpers.curves import der

    rows = [row for row, truth in pools.pool("secp256k1-ecdsa") if truth and len(row.signature) == 64][:60]
    found = []
    for number, row in enumerate(rows):
        r, s = int.from_bytes(row.signature[:32], "big"), int.from_bytes(row.signature[32:], "big")
        strict, about = der(r, s), row.key + row.message
        found.append((strict, about))
        if number < 10:
            found += [(strict[:1] + b"\x81" + strict[1:], about), (strict + b"\0\0", about)]
    return found


def rlp_items() -> list[bytes]:
    """RLP of every form, and real Ethereum blocks."""
    from isthmus.reference import rlp

    strings = [bytes([size % 251 + 1]) * size for size in (0, 1, 2, 55, 56, 255, 256, 600)]
    nested: rlp.Rlp = []
    for depth in range(40):
        nested = [b"%d" % depth, nested, strings[depth % len(strings)]]
    root = data_root()
    blocks = sorted((root / "blocks" / "ethereum" / "blocks_rlp").glob("*.rlp"))[:6] if root else []
    return [*map(rlp.encode, [*strings, strings, nested]), *(path.read_bytes() for path in blocks)]


def trie_proofs() -> list[tuple[bytes, bytes]]:
    """(proof, root and key): the nodes of a proof, each behind its length in two bytes; of values and of absence."""
    from isthmus.reference import trie as slow

    tries = [
        {b"": b"root", b"do": b"verb", b"dog": b"puppy", b"doge": b"coin", b"horse": b"stallion"},
        {bytes([number]) * 4: b"v" * number for number in range(1, 70, 3)},
        {b"\x12": b"a", b"\x13": b"b"},
        {},
    ]
    found = []
    for items in tries:
        trie = slow.Trie(items)
        for key in [*list(items)[:6], b"doges", b"\x07" * 4, b"\x22"]:
            proof = b"".join(len(node).to_bytes(2, "big") + node for node in trie.proof(key))
            found.append((proof, trie.root() + key))
    return found


def _bitcoin_blocks() -> list[Sample]:
    from helpers import bitcoin as made

    block = made.make()
    raw = block.seal()
    found = [(raw, bytes(block.anchor()), True)]
    empty = made.make([])
    found.append((empty.seal(), bytes(empty.anchor()), True))
    root = data_root()
    if root is None:
        return found
    from chains import bitcoin_data

    from isthmus import Engine
    from isthmus.chains.bitcoin import Anchor, with_txids

    engine = Engine(threads=1)
    for real_block in bitcoin_data.blocks(root):
        if len(real_block.raw) > LARGE:
            continue
        anchor = Anchor(real_block.height, real_block.network, hash=real_block.hash, prevouts=real_block.prevouts)
        anchor = with_txids(engine, real_block.raw, anchor)
        valid = engine.check("bitcoin-block", real_block.raw, anchor).ok
        found.append((real_block.raw, bytes(anchor), valid))
        if len(real_block.raw) < 5000:
            # A pin refuses any other header at once; without it the body is read as well.
            loose = Anchor(real_block.height, real_block.network, prevouts=real_block.prevouts)
            found.append((real_block.raw, bytes(loose), False))
    return found


def _bitcoin_txids() -> list[Sample]:
    from isthmus.chains.bitcoin import Anchor

    return [(raw, bytes(Anchor(1)), False) for raw, _, _ in _bitcoin_blocks()]


def _bitcoin_headers() -> list[Sample]:
    from helpers import bitcoin as made
    from isthmus.chains.bitcoin import Anchor

    headers = made.parents()
    found = [(headers, bytes(Anchor(0, "regtest")), True)]
    late = Anchor(100, "regtest").with_headers(headers)
    found.append((headers[8000:], bytes(late), True))
    root = data_root()
    if root is not None:
        from chains import bitcoin_data

        for _, network, first, raw in bitcoin_data.header_files(root):
            found.append((raw[: 80 * 60], bytes(Anchor(first, network)), first == 0))
            if len(raw) > 80 * 2030 and first == 0:
                across = Anchor(2010, network).with_headers(raw)
                found.append((raw[80 * 2010 : 80 * 2025], bytes(across), True))
    return found


def _bitcoin_inputs() -> list[Sample]:
    from helpers import bitcoin as made
    from isthmus.chains.bitcoin import RULES, Anchor, pack_prevouts

    found = []
    for number, template in enumerate(made.all_templates()):
        tx, prevout = made.spend(template, number)
        anchor = Anchor(900_000, prevouts=pack_prevouts([prevout]), rules=frozenset(RULES))
        found.append((tx.serialise(), bytes(anchor), True))
    return found


def _light_blocks() -> list[Sample]:
    from helpers import tendermint as tm
    from isthmus.chains.cometbft import Anchor, LightBlock, Timestamp, TrustedHeader

    validators = tm.Validators.of({1: 5, 2: 4, 3: 3})
    block = LightBlock.from_json(tm.make(5, validators, flags={3: tm.FOR_NIL}))
    before = LightBlock.from_json(tm.make(2, validators))
    moment = Timestamp(tm.START_S + 900)
    pinned = Anchor(block.chain_id, validators_hash=block.validators_hash)
    skipping = Anchor(block.chain_id, trusted=TrustedHeader.of(before), now=moment)
    found = [(block.encoded, bytes(pinned), True), (block.encoded, bytes(skipping), True)]
    root = data_root()
    if root is not None:
        from chains import cometbft_data

        for each in cometbft_data.light_blocks(root):
            real_block = LightBlock.from_json(each.json, each.validators)
            anchor = Anchor(real_block.chain_id, validators_hash=real_block.validators_hash)
            found.append((real_block.encoded, bytes(anchor), True))
    return found


def _conflicts() -> list[Sample]:
    from chains import test_cometbft_evidence as cases

    from helpers import tendermint as tm
    from isthmus.chains.cometbft import conflict_input

    right = cases.light(tm.make(5, cases.FOUR))
    anchor = bytes(cases.trusted(4))
    others = [
        tm.make(5, cases.FOUR, seconds=tm.START_S + 51),
        tm.make(5, cases.FOUR, app="BB" * 32),
        tm.make(5, cases.FOUR, round_=1, seconds=tm.START_S + 51),
    ]
    return [(conflict_input(right, cases.light(other)), anchor, True) for other in others]


def _duplicate_votes() -> list[Sample]:
    from chains import test_cometbft_evidence as cases

    from isthmus.chains.cometbft import duplicate_vote_from_json

    anchor = bytes(cases.duplicate_anchor())
    pairs = [cases.evidence(name, *cases.two_blocks()) for name in (1, 2, 4)]
    return [(duplicate_vote_from_json(pair), anchor, True) for pair in pairs]


_FISCO_RULES: Final = (("2.0.0", "keccak"), ("2.7.2", "keccak"), ("2.9.1", "sm"), ("3", "keccak"), ("3", "sm"))


def _fisco_blocks() -> list[Sample]:
    from isthmus.synthetic.fisco import Chain

    small = Chain("2.7.2", sealers=1)
    found = [(small.block(transactions=1, receipts=False).encoded, bytes(small.anchor()), True)]
    small = Chain("3", sealers=1)
    found.append((small.block(transactions=1).encoded, bytes(small.anchor()), True))
    for rule in (("2.0.0-rc1", "keccak"), *_FISCO_RULES):
        chain = Chain(*rule)
        changed = chain.block(2, transactions=1, others=Chain(*rule, sealers=5))
        found += [
            (chain.block(transactions=2).encoded, bytes(chain.anchor()), True),
            (changed.encoded, bytes(chain.anchor("overlap")), True),
            (chain.block(transactions=0).encoded, bytes(chain.anchor()), True),
        ]
    return found


def _fisco_headers() -> list[Sample]:
    from isthmus.chains import fisco
    from isthmus.synthetic.fisco import Chain

    found = []
    for rule, sealers in ((_FISCO_RULES[3], 1), *((rule, 4) for rule in _FISCO_RULES)):
        chain = Chain(*rule, sealers=sealers)
        statement = fisco.statement_from_json(chain.block(transactions=sealers // 2).json, chain.anchor())
        found.append((statement.encoded, bytes(chain.anchor()), True))
    root = data_root()
    if root is not None:
        from chains import fisco_data

        for file in fisco_data.blocks(root):
            if file.recomputes is True:
                statement = fisco.statement_from_json(file.whole, file.base())
                found.append((statement.encoded, bytes(file.pinned()), True))
    return found


def _fisco_proofs() -> list[Sample]:
    from isthmus.chains import fisco
    from isthmus.synthetic.fisco import Chain

    found = []
    for rule, sealers, count in ((_FISCO_RULES[3], 1, 2), *((rule, 4, 18) for rule in _FISCO_RULES[1:])):
        chain = Chain(*rule, sealers=sealers)
        anchor = chain.anchor()
        block = chain.block(transactions=count)
        for index in {1, count - 1}:
            documents = (block.transaction_json(index), block.receipt_json(index))
            found.append((fisco.proof_from_json(block.json, *documents, anchor=anchor).encoded, bytes(anchor), True))
    root = data_root()
    if root is not None:
        from chains import fisco_data

        for name, block_json, document in fisco_data.proofs(root):
            file = fisco_data.File(name, block_json)
            proof = fisco.proof_from_json(block_json, document, anchor=file.base())
            found.append((proof.encoded, bytes(file.pinned()), True))
    return found


def _fabric_blocks() -> list[Sample]:
    from chains import fabric_data

    from isthmus.chains.fabric import Anchor, Block
    from isthmus.synthetic.fabric import Network

    found: list[Sample] = []
    for network in (Network(organisations=1), Network(organisations=2, consenters=4)):
        trusted = Block.from_protobuf(network.genesis())
        raw = network.block([network.transaction({"key": b"value"})])
        found.append((raw, bytes(Anchor.from_config_block(trusted)), True))
    root = data_root()
    for chain in fabric_data.chains(root) if root is not None else []:
        found += [(raw, bytes(anchor), True) for raw, anchor in fabric_data.samples(chain)]
    return found


def _fabric_attestations() -> list[Sample]:
    from dataclasses import replace

    from isthmus.chains.fabric import Anchor, Block
    from isthmus.synthetic.fabric import Network, assemble, header_fields

    found: list[Sample] = []
    for network in (Network(organisations=1), Network(organisations=1, consenters=4)):
        trusted = Block.from_protobuf(network.genesis())
        block = Block.from_protobuf(network.block([network.transaction({"key": b"value"})]))
        header = header_fields(block.number, block.previous_hash, block.data_hash)
        anchor = replace(Anchor.from_config_block(trusted), parent=None)
        found.append((assemble(header, None, block.slots), bytes(anchor), True))
    return found
