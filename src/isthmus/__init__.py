"""isthmus: verifies blocks, signatures and Merkle proofs of any chain from raw bytes, at hardware speed.

Whole inputs go through an :class:`Engine` and come back as a :class:`Verdict`; batches of signatures,
messages and leaves go through :func:`verify`, :func:`recover`, :func:`hash_many` and :func:`merkle_root`, proofs
through :class:`MerkleTree` and :func:`verify_proofs`; a :class:`Batch` collects signatures of many schemes, a
:class:`Hasher` takes one message in pieces.
:func:`trie_root` and :func:`verify_trie_proofs` are for Ethereum's tries, :mod:`isthmus.ics23` for Cosmos stores.
:mod:`isthmus.chains` makes the anchors: what the caller already trusts; :mod:`isthmus.membership` judges the identities
of permissioned networks.
"""

from __future__ import annotations

from typing import Final

from isthmus import logs
from isthmus.batch import dtype, formats, hash_many, hashes, merkle_root, merkle_rules, recover, schemes, verify
from isthmus.engine import Engine, Limits
from isthmus.errors import InternalError, InvalidBlock, IsthmusError, LimitExceeded, MutatedTree, Undecided
from isthmus.hasher import Hasher
from isthmus.mixed import Batch
from isthmus.trees import MerkleFrontier, MerkleTree, hash_pairs, verify_multiproof, verify_proofs
from isthmus.tries import read_trie_proofs, trie_index_key, trie_root, trie_roots, verify_trie_proofs
from isthmus.verdict import Code, Count, Finding, Report, Status, Verdict, codes

__version__: Final = "0.1.0"

__all__ = [
    "Batch",
    "Code",
    "Count",
    "Engine",
    "Finding",
    "Hasher",
    "InternalError",
    "InvalidBlock",
    "IsthmusError",
    "LimitExceeded",
    "Limits",
    "MerkleFrontier",
    "MerkleTree",
    "MutatedTree",
    "Report",
    "Status",
    "Undecided",
    "Verdict",
    "__version__",
    "codes",
    "dtype",
    "formats",
    "hash_many",
    "hash_pairs",
    "hashes",
    "merkle_root",
    "merkle_rules",
    "read_trie_proofs",
    "recover",
    "schemes",
    "trie_index_key",
    "trie_root",
    "trie_roots",
    "verify",
    "verify_multiproof",
    "verify_proofs",
    "verify_trie_proofs",
]

logs.quiet()


def __getattr__(name: str) -> object:
    if name in (
        "chains",
        "ics23",
        "membership",
    ):  # loaded on first use: scripts that only hash or verify do not pay for it
        import importlib

        return importlib.import_module(f"isthmus.{name}")
    raise AttributeError(f"module 'isthmus' has no attribute {name!r}")
