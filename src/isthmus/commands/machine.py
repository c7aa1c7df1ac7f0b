"""``isthmus info`` and ``isthmus selftest``: what this machine offers, what was chosen, whether it computes right."""

from __future__ import annotations

import argparse
from typing import Any, Final

import isthmus
from isthmus import _native
from isthmus.commands.common import EXIT_INVALID, EXIT_VALID, Result
from isthmus.engine import cpu_count

_ED25519_KEY: Final = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"  # RFC 8032 7.1, test 1
_ED25519_SIG: Final = (
    "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155"
    "5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"
)
_BIP340_KEY: Final = "f9308a019258c31049344f85f89d5229b531c845836f99b08601f113bce036f9"  # BIP340, vector 0
_BIP340_SIG: Final = (
    "e907831f80848d1069a5371b402410364bdf1c5f8307b0084c55f1ce2dca8215"
    "25f66a4a85ea8b71e482a74f382d2ce5ebeee8fdb2172f477df4900d310536c0"
)
# key, DER signature and signature hash of the first payment in Bitcoin, block 170
_ECDSA_KEY: Final = (
    "0411db93e1dcdb8a016b49840f8c53bc1eb68a382e97b1482ecad7b148a6909a5c"
    "b2e0eaddfb84ccf9744464f82e160bfa9b8b64f9d4c03f999b8643f656b412a3"
)
_ECDSA_SIG: Final = (
    "304402204e45e16932b8af514961a1d3a1a25fdf3f4f7732e9d624c6c61548ab5fb8cd41"
    "0220181522ec8eca07de4860a4acdd12909d831cc56cbbac4622082221a8768d1d09"
)
_ECDSA_DIGEST: Final = "7a05c6145f10101e9d6325494245adf1297d80f8f38d4d576d57cdba220bcb19"


def add(parent: Any) -> None:
    """Adds ``info`` and ``selftest``."""
    from isthmus.commands.common import add_common

    parser = parent.add_parser("info", help="CPU features, chosen kernels and why, names and codes")
    add_common(parser, engine=False)
    parser.add_argument("--codes", action="store_true", help="list every code that a verdict can carry")
    parser.set_defaults(run=info)
    parser = parent.add_parser("selftest", help="run the known answers of every kernel that this machine can run")
    add_common(parser, engine=False)
    parser.set_defaults(run=selftest)


def info(args: argparse.Namespace) -> Result:
    """Everything that a bug report needs."""
    native = _native.info()
    data: dict[str, Any] = {
        "version": isthmus.__version__,
        **{key: value for key, value in native.items() if key not in ("features", "operations", "version")},
        "threads": cpu_count(),
        "features": [
            dict(zip(("name", "hardware", "usable", "cleared"), row, strict=True)) for row in native["features"]
        ],
        "operations": [
            {"operation": name, "rows": [dict(zip(("tier", "state", "reason"), row, strict=True)) for row in rows]}
            for name, rows in native["operations"]
        ],
        "formats": isthmus.formats(),
        "schemes": isthmus.schemes(),
        "hashes": isthmus.hashes(),
        "merkle_rules": isthmus.merkle_rules(),
    }
    lines = [f"isthmus {isthmus.__version__}, {native['arch']}, {native['compiler']}, {cpu_count()} threads"]
    usable = [row["name"] for row in data["features"] if row["usable"] and not row["cleared"]]
    cleared = [row["name"] for row in data["features"] if row["cleared"]]
    lines.append(f"features: {' '.join(usable) or 'none'}" + (f"; cleared: {' '.join(cleared)}" if cleared else ""))
    if native.get("unknown_cleared"):
        lines.append(f"warning: ISTHMUS_CPU_CLEAR names no feature: {native['unknown_cleared']}")
    for each in data["operations"]:
        lines.append(f"{each['operation']}:")
        lines += [f"  {row['tier']:<8} {row['state']:<10} {row['reason']}".rstrip() for row in each["rows"]]
    for what in ("formats", "schemes", "hashes", "merkle_rules"):
        lines.append(f"{what}: {' '.join(data[what])}")
    if args.codes:
        data["codes"] = [code._asdict() for code in isthmus.codes().values()]
        lines += [f"{code.number:>5} {code.name:<28} {code.text}" for code in isthmus.codes().values()]
    return Result(EXIT_VALID, data, lines)


def selftest(args: argparse.Namespace) -> Result:
    """Known answers of every usable kernel row, then of the public functions on top of them."""
    del args
    rows = [(operation, tier, bool(passed)) for operation, tier, passed in _native.selftest()]
    rows += [(name, "chosen", passed) for name, passed in _known_answers()]
    failed = [row for row in rows if not row[2]]
    lines = [f"{'ok' if passed else 'FAILED':<7}{operation} {tier}" for operation, tier, passed in rows]
    lines.append(f"{len(rows) - len(failed)} of {len(rows)} passed")
    if failed:
        lines.append(
            "next: run ISTHMUS_CPU_CLEAR=<tier> isthmus selftest, and report it with the output of isthmus info"
        )
    data = {
        "passed": not failed,
        "rows": [dict(zip(("operation", "tier", "passed"), row, strict=True)) for row in rows],
    }
    return Result(EXIT_INVALID if failed or not rows else EXIT_VALID, data, lines)


def _known_answers() -> list[tuple[str, bool]]:
    """(what, passed): a good row must be true and the same row with one bit changed false."""
    cases = [
        ("ed25519-zip215", _ED25519_KEY, b"", _ED25519_SIG, "compact"),
        ("ed25519-rfc8032", _ED25519_KEY, b"", _ED25519_SIG, "compact"),
        ("secp256k1-bip340", _BIP340_KEY, bytes(32), _BIP340_SIG, "compact"),
        ("secp256k1-ecdsa", _ECDSA_KEY, bytes.fromhex(_ECDSA_DIGEST), _ECDSA_SIG, "der"),
    ]
    out = []
    with isthmus.Engine(1) as engine:
        for scheme, key, msg, sig, encoding in cases:
            good = bytes.fromhex(sig)
            bad = good[:-1] + bytes([good[-1] ^ 1])
            keys = [bytes.fromhex(key)] * 2
            said = engine.verify(scheme, keys, [msg, msg], [good, bad], encoding=encoding)  # type: ignore[arg-type]
            out.append((scheme, said.tolist() == [True, False]))
        digest = engine.hash_many("sha256d", [b"hello"])[0].tobytes().hex()
        out.append(("sha256d", digest == "9595c9df90075148eb06860365df33584b75bff782a510c6cd4883a419833d50"))
        root = engine.merkle_root("rfc6962", []).hex()
        out.append(("rfc6962", root == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"))
    return out
