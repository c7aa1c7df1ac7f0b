"""A Fabric block of many endorsed transactions: the whole check, one thread, beside the signatures alone elsewhere.

    python benchmarks/fabric.py [--envelopes 1000] [--endorsements 3] [--rounds 5]

Prints medians of thread CPU time. The neighbour only verifies the same signatures over ready digests with ready keys:
it parses nothing, hashes nothing and knows no policy.
"""

from __future__ import annotations

import argparse
import hashlib
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import isthmus
from isthmus.chains import fabric
from isthmus.reference import fabric as ref
from isthmus.synthetic.fabric import Network


def signatures(raw: bytes) -> list[tuple[bytes, bytes, bytes]]:
    """(certificate in PEM, message, signature) of every creator and endorser."""
    found = []
    for entry in ref.read_block(raw).data:
        payload = ref.piece(entry, 1)
        creator = ref.piece(ref.piece(ref.piece(payload, 1), 2), 1)
        found.append((ref.piece(creator, 2), payload, ref.piece(entry, 2)))
        (action,) = ref.pieces(ref.piece(payload, 2), 1)
        endorsed = ref.piece(ref.piece(action, 2), 2)
        for each in ref.pieces(endorsed, 2):
            endorser = ref.piece(each, 1)
            found.append((ref.piece(endorser, 2), ref.piece(endorsed, 1) + endorser, ref.piece(each, 2)))
    return found


def neighbour(raw: bytes) -> Callable[[], None]:
    """Verifies all signatures with `cryptography`, keys and digests ready."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec, utils

    keys: dict[bytes, Any] = {}
    rule = ec.ECDSA(utils.Prehashed(hashes.SHA256()))
    rows = []
    for pem, message, signature in signatures(raw):
        if pem not in keys:
            keys[pem] = x509.load_pem_x509_certificate(pem).public_key()
        rows.append((keys[pem], hashlib.sha256(message).digest(), signature))

    def run() -> None:
        for key, digest, signature in rows:
            key.verify(signature, digest, rule)

    return run


def median(run: Callable[[], Any], rounds: int) -> float:
    """Seconds of thread CPU time."""
    run()
    times = []
    for _ in range(rounds):
        start = time.thread_time()
        run()
        times.append(time.thread_time() - start)
    return statistics.median(times)


def main() -> int:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--envelopes", type=int, default=1000)
    parser.add_argument("--endorsements", type=int, default=3)
    parser.add_argument("--rounds", type=int, default=5)
    args = parser.parse_args()
    network = Network(organisations=args.endorsements)
    trusted = fabric.Block.from_protobuf(network.genesis())
    policy = fabric.signature_policy("AND(" + ",".join(f"'{each.msp_id}.peer'" for each in network.peers) + ")")
    anchor = replace(fabric.Anchor.from_config_block(trusted), endorsements={network.chaincode: policy})
    raw = network.block([network.transaction({f"key{n}": b"v" * 100}) for n in range(args.envelopes)])
    engine = isthmus.Engine(threads=1)
    engine.check(fabric.CHAIN, raw, anchor).require()
    ours = median(lambda: engine.check(fabric.CHAIN, raw, anchor), args.rounds)
    theirs = median(neighbour(raw), args.rounds)
    rows = len(signatures(raw))
    sys.stdout.write(
        f"{len(raw)} bytes, {args.envelopes} envelopes, {rows} signatures of creators and endorsers\n"
        f"isthmus, whole check:           {1e3 * ours:8.1f} ms  {args.envelopes / ours:8.0f} envelopes/s\n"
        f"cryptography, signatures alone: {1e3 * theirs:8.1f} ms  {args.envelopes / theirs:8.0f} envelopes/s\n"
        f"ratio {theirs / ours:.1f}\n"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
