"""The engine and the batch functions: right answers row by row, and mistakes named before any work is done."""

from __future__ import annotations

import hashlib
import mmap
import multiprocessing
import os
import pickle
import threading
from collections.abc import Iterator
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import isthmus
from isthmus import Engine
from isthmus.batch import shared_engine
from isthmus.chains import bitcoin
from isthmus.forms import FORMS
from isthmus.samples import early_bitcoin

ORDER = 0xFFFFFFFF_FFFFFFFF_FFFFFFFF_FFFFFFFE_BAAEDCE6_AF48A03B_BFD25E8C_D0364141
# RFC 8032, 7.1, test 3
ED_KEY = bytes.fromhex("fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025")
ED_MSG = bytes.fromhex("af82")
ED_SIG = bytes.fromhex(
    "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac"
    "18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a"
)
# the first payment in Bitcoin: key, DER signature, signature hash
EC_KEY = bytes.fromhex(
    "0411db93e1dcdb8a016b49840f8c53bc1eb68a382e97b1482ecad7b148a6909a5c"
    "b2e0eaddfb84ccf9744464f82e160bfa9b8b64f9d4c03f999b8643f656b412a3"
)
EC_R = bytes.fromhex("4e45e16932b8af514961a1d3a1a25fdf3f4f7732e9d624c6c61548ab5fb8cd41")
EC_S = bytes.fromhex("181522ec8eca07de4860a4acdd12909d831cc56cbbac4622082221a8768d1d09")
EC_SIG = EC_R + EC_S
EC_HIGH = EC_R + (ORDER - int.from_bytes(EC_S, "big")).to_bytes(32, "big")
EC_DER = b"\x30\x44\x02\x20" + EC_R + b"\x02\x20" + EC_S
EC_DIGEST = bytes.fromhex("7a05c6145f10101e9d6325494245adf1297d80f8f38d4d576d57cdba220bcb19")
ECDSA = "secp256k1-ecdsa"


@pytest.fixture(params=[1, 3])
def engine(request: pytest.FixtureRequest) -> Iterator[Engine]:
    with Engine(request.param) as made:
        yield made


# --- signatures


@pytest.mark.parametrize("scheme", ["ed25519-zip215", "ed25519-rfc8032"])
def test_one_bad_row_among_many_is_named(engine: Engine, scheme: str) -> None:
    count = 500
    signatures = [ED_SIG] * count
    for at in (0, 77, 256, 499):
        signatures[at] = ED_SIG[:-1] + b"\x00"
    said = engine.verify(scheme, [ED_KEY] * count, [ED_MSG] * count, signatures)
    assert said.dtype == np.bool_
    assert said.shape == (count,)
    assert np.flatnonzero(~said).tolist() == [0, 77, 256, 499]


def test_malformed_rows_are_false_and_never_raise(engine: Engine) -> None:
    keys = [ED_KEY, b"", ED_KEY[:31], ED_KEY + b"\0", ED_KEY, ED_KEY, ED_KEY, b"\xff" * 32]
    signatures = [ED_SIG, ED_SIG, ED_SIG, ED_SIG, b"", ED_SIG[:63], ED_SIG + b"\0", ED_SIG]
    said = engine.verify("ed25519-zip215", keys, [ED_MSG] * 8, signatures)
    assert said.tolist() == [True] + [False] * 7


def test_every_form_of_column_gives_the_same_answer(engine: Engine) -> None:
    raw = (ED_KEY + ED_SIG + ED_MSG) * 9
    rows = np.frombuffer(raw, dtype=isthmus.dtype("ed25519-zip215", message=2))
    assert engine.verify("ed25519-zip215", rows["key"], rows["msg"], rows["sig"]).all()
    flat = engine.verify(
        "ed25519-zip215",
        np.tile(np.frombuffer(ED_KEY, np.uint8), (9, 1)),
        (memoryview(ED_MSG * 9), np.arange(0, 19, 2)),
        (bytearray(ED_SIG * 9), range(0, 577, 64)),
    )
    assert flat.all()
    assert flat.shape == (9,)
    assert engine.verify("ed25519-zip215", ED_KEY, ED_MSG, ED_SIG).tolist() == [True]


def test_ecdsa_encodings_and_low_s() -> None:
    keys, digests = [EC_KEY] * 2, [EC_DIGEST] * 2
    assert isthmus.verify(ECDSA, keys, digests, [EC_SIG, EC_HIGH]).tolist() == [True, True]
    assert isthmus.verify(ECDSA, keys, digests, [EC_SIG, EC_HIGH], low_s=True).tolist() == [True, False]
    assert isthmus.verify(ECDSA, keys, digests, [EC_DER, EC_DER + b"\0"], encoding="der").tolist() == [True, False]
    padded = b"\x30\x45\x02\x21\x00" + EC_R + b"\x02\x20" + EC_S  # a leading zero that strict DER forbids
    assert isthmus.verify(ECDSA, keys, digests, [EC_DER, padded], encoding="der").tolist() == [True, False]
    assert isthmus.verify(ECDSA, keys, digests, [EC_DER, padded], encoding="der-lax").tolist() == [True, True]


@pytest.mark.parametrize("encoding", ["der", "der-lax"])
def test_malformed_der_is_false(encoding: Any) -> None:
    rows = [b"", b"\x30", b"\x30\x06\x02\x01\x00\x02\x01\x00", EC_DER[:-1], bytes(70), b"\x30\x84\xff\xff\xff\xff"]
    said = isthmus.verify(ECDSA, [EC_KEY] * 6, [EC_DIGEST] * 6, rows, encoding=encoding)
    assert not said.any()


def test_ecdsa_can_hash_messages() -> None:
    coincurve = pytest.importorskip("coincurve")
    secret = coincurve.PrivateKey(bytes(31) + b"\x07")
    messages = [b"", b"abc", bytes(1000)]
    signatures = [secret.sign(message) for message in messages]
    keys = [secret.public_key.format()] * 3
    assert isthmus.verify(ECDSA, keys, messages, signatures, encoding="der", hash="sha256").all()
    assert not isthmus.verify(ECDSA, keys, messages[::-1], signatures, encoding="der", hash="sha256")[[0, 2]].any()


def test_digests_have_any_length() -> None:
    """The leftmost 256 bits count; a shorter digest is the integer that it spells; nothing is no digest."""
    assert isthmus.verify(ECDSA, EC_KEY, EC_DIGEST + b"more", EC_SIG).all()
    short = [EC_DIGEST, EC_DIGEST[:31], b"\0" + EC_DIGEST, b""]
    assert isthmus.verify(ECDSA, [EC_KEY] * 4, short, [EC_SIG] * 4).tolist() == [True, False, False, False]
    assert isthmus.verify(ECDSA, EC_KEY, EC_DIGEST, EC_SIG, hash="none").all()


@pytest.mark.parametrize("empty", [[], (), np.zeros((0, 32), np.uint8), (b"", [0])])
def test_an_empty_batch_is_an_empty_answer(empty: Any) -> None:
    assert isthmus.verify("ed25519-zip215", empty, [], []).shape == (0,)
    assert isthmus.verify(ECDSA, empty, [], [], encoding="der", hash="sha256").dtype == np.bool_
    assert isthmus.hash_many("sha512", empty).shape == (0, 64)
    assert isthmus.hash_many("ripemd160", empty).dtype == np.uint8


@pytest.mark.parametrize(
    ("arguments", "error", "said"),
    [
        (("sha1", [], [], []), ValueError, "scheme: 'sha1' is none of ed25519-zip215, "),
        ((7, [], [], []), TypeError, "scheme: expected a str, got int"),
        (("ed25519-zip215", [b""], [], [b""]), ValueError, "keys has 1, messages has 0, signatures has 1"),
        (("ed25519-zip215", [b""] * 4, [b""] * 4, [b""] * 3 + [5]), TypeError, r"signatures\[3\]: expected bytes-like"),
        (("ed25519-zip215", "abc", [b""], [b""]), TypeError, "keys: expected .* got str"),
    ],
)
def test_mistakes_are_named(arguments: Any, error: type[Exception], said: str) -> None:
    with pytest.raises(error, match=said):
        isthmus.verify(*arguments)


@pytest.mark.parametrize(
    ("scheme", "options", "error", "said"),
    [
        ("secp256k1-bip340", {"low_s": True}, ValueError, "low_s: secp256k1-bip340 has no such option"),
        ("secp256k1-bip340", {"hash": "sha256"}, ValueError, "hash: secp256k1-bip340 has no such option"),
        ("secp256k1-bip340", {"encoding": "der"}, ValueError, "encoding: secp256k1-bip340 takes 'compact', got 'der'"),
        ("ed25519-zip215", {"signer_id": b"me"}, ValueError, "signer_id: ed25519-zip215 has no such option"),
        ("p256-ecdsa", {"signer_id": b""}, ValueError, "signer_id: p256-ecdsa has no such option"),
        ("p256-ecdsa", {"encoding": "der-lax"}, ValueError, "p256-ecdsa takes 'compact' or 'der', got 'der-lax'"),
        ("sm2-sm3", {"encoding": "der-lax"}, ValueError, "encoding: sm2-sm3 takes 'compact' or 'der', got 'der-lax'"),
        (ECDSA, {"encoding": "ber"}, ValueError, "'compact' or 'der' or 'der-lax', got 'ber'"),
        (ECDSA, {"hash": "md5"}, ValueError, "hash: 'md5' is none of sha256, "),
        (ECDSA, {"hash": 256}, TypeError, "hash: expected a str, got int"),
        (ECDSA, {"low_s": "yes"}, TypeError, "low_s: expected a bool, got str"),
        ("sm2-sm3", {"low_s": True}, ValueError, "low_s: sm2-sm3 has no such option"),
        ("sm2-sm3", {"hash": "sm3"}, ValueError, "hash: sm2-sm3 hashes messages by itself, or takes e with 'none'"),
        ("sm2-sm3", {"signer_id": "1234567812345678"}, TypeError, "signer_id: expected bytes, got str"),
        ("sm2-sm3", {"signer_id": bytes(8192)}, ValueError, "signer_id: expected at most 8191 bytes, got 8192"),
        ("sm2-sm3", {"signer_id": b"me", "hash": "none"}, ValueError, "signer_id: with hash='none' messages are e"),
    ],
)
def test_options_that_do_not_fit_are_refused(
    scheme: str, options: dict[str, Any], error: type[Exception], said: str
) -> None:
    with pytest.raises(error, match=said):
        isthmus.verify(scheme, [], [], [], **options)
    with pytest.raises(error, match=said):
        isthmus.Batch().add(scheme, b"", b"", b"", **options)


# --- recovery

RECOVERED = bytes.fromhex(
    "04f3f8bb913aa68589a2c8c607a877ab05252adbd963e1be846ddeb8456942aedc"
    "a2ed51f08ca3ef3dac0a7504613d54cd539fc1b3cbc92453cd704b6a2d012b2c"
)
RECOVER_SIG = bytes.fromhex(
    "e30f2e6a0f705f4fb5f8501ba79c7c0d3fac847f1ad70b873e9797b17b89b390"
    "81f1a4457589f30d76ab9f89e748a68c8a94c30fe0bac8fb5c0b54ea70bf6d2f00"
)


def test_recover(engine: Engine) -> None:
    signatures = [RECOVER_SIG, RECOVER_SIG[:64], RECOVER_SIG[:64] + b"\4", b"", RECOVER_SIG[:64] + b"\1"] * 40
    keys, ok = engine.recover("secp256k1", [b"\xff" * 32] * 200, signatures)
    assert keys.shape == (200, 65)
    assert keys.dtype == np.uint8
    assert ok.tolist() == [True, False, False, False, True] * 40
    assert keys[195].tobytes() == RECOVERED
    assert keys[199].tobytes() != RECOVERED
    assert not keys[~ok].any()
    for low_s in (False, True):  # its s is above n/2
        assert engine.recover("secp256k1", b"\xff" * 32, RECOVER_SIG, low_s=low_s)[1].tolist() == [not low_s]


def test_recover_hashes_messages() -> None:
    digest = hashlib.sha256(b"a message").digest()
    given, _ = isthmus.recover("secp256k1", [digest], [RECOVER_SIG])
    hashed, ok = isthmus.recover("secp256k1", [b"a message"], [RECOVER_SIG], hash="sha256", threads=1)
    assert ok.all()
    assert hashed.tobytes() == given.tobytes()


def test_recover_nothing_and_mistakes() -> None:
    keys, ok = isthmus.recover("secp256k1", [], [], hash="sha256")
    assert (keys.shape, keys.dtype, ok.shape, ok.dtype) == ((0, 65), np.uint8, (0,), np.bool_)
    with pytest.raises(ValueError, match="curve: 'p256' is none of secp256k1"):
        isthmus.recover("p256", [], [])
    with pytest.raises(ValueError, match="digests has 1, signatures has 2"):
        isthmus.recover("secp256k1", [b""], [b"", b""])
    with pytest.raises(TypeError, match=r"signatures\[1\]: expected bytes-like, got int"):
        isthmus.recover("secp256k1", [b"", b""], [b"", 5])  # type: ignore[list-item]
    with pytest.raises(ValueError, match="hash: 'md5' is none of"):
        isthmus.recover("secp256k1", [], [], hash="md5")
    with pytest.raises(TypeError, match="low_s: expected a bool, got int"):
        isthmus.recover("secp256k1", [], [], low_s=1)  # type: ignore[arg-type]


# --- mixed batches


def test_a_mixed_batch_answers_in_the_order_of_adding(engine: Engine) -> None:
    batch = isthmus.Batch()
    wanted = []
    for number in range(60):
        pick = number % 4
        if pick == 0:
            place = batch.add("ed25519-zip215", ED_KEY, ED_MSG, ED_SIG)
        elif pick == 1:
            place = batch.add(ECDSA, bytearray(EC_KEY), EC_DIGEST, EC_HIGH, low_s=bool(number % 3))
        elif pick == 2:
            place = batch.add(ECDSA, memoryview(EC_KEY), EC_DIGEST, EC_DER, encoding="der")
        else:
            place = batch.add("ed25519-rfc8032", ED_KEY, ED_MSG[: number % 3], np.frombuffer(ED_SIG, np.uint8))
        assert place == number
        wanted.append([True, number % 3 == 0, True, number % 3 == 2][pick])
    assert len(batch) == 60
    assert len(list(batch.groups())) == 5
    for said in (engine.verify_batch(batch), batch.verify(), batch.verify(threads=1)):
        assert said.dtype == np.bool_
        assert said.tolist() == wanted
    batch.clear()
    assert len(batch) == 0
    assert batch.verify().shape == (0,)
    assert batch.add("ed25519-zip215", ED_KEY, ED_MSG, ED_SIG) == 0
    assert batch.verify().tolist() == [True]


def test_a_batch_is_extended_by_columns_of_any_form() -> None:
    batch = isthmus.Batch()
    assert batch.extend("ed25519-zip215", [ED_KEY] * 3, [ED_MSG, b"", ED_MSG], iter([ED_SIG] * 3)) == slice(0, 3)
    flat = (bytearray(ED_MSG * 3), [0, 2, 4, 6])
    wide = np.frombuffer(ED_SIG * 6, np.uint8).reshape(6, 64)[::2]
    assert batch.extend("ed25519-zip215", np.frombuffer(ED_KEY * 3, "V32"), flat, wide) == slice(3, 6)
    assert batch.extend("ed25519-zip215", ED_KEY, ED_MSG, ED_SIG) == slice(6, 7)
    assert batch.extend(ECDSA, [], [], []) == slice(7, 7)
    raw = memoryview(ED_SIG).cast("B", (1, 64))
    assert batch.extend("ed25519-zip215", [ED_KEY], [ED_MSG], raw) == slice(7, 8)
    assert batch.verify().tolist() == [True, False, True, True, True, True, True, True]
    assert len(list(batch.groups())) == 1


def test_a_batch_keeps_what_was_added() -> None:
    """Writing to a buffer afterwards changes nothing."""
    key, message, signature = bytearray(ED_KEY), bytearray(ED_MSG), np.frombuffer(bytearray(ED_SIG), np.uint8)
    batch = isthmus.Batch()
    batch.add("ed25519-zip215", key, message, signature)
    batch.extend("ed25519-zip215", [key], (message, [0, 2]), signature.reshape(1, 64))
    key[0] ^= 1
    message[0] ^= 1
    signature[0] ^= 1
    assert batch.verify().tolist() == [True, True]


@pytest.mark.parametrize(
    ("arguments", "error", "said"),
    [
        (("md5", [b""], [b""], [b""]), ValueError, "scheme: 'md5' is none of"),
        (
            ("ed25519-zip215", [b""] * 2, [b""] * 2, [b"", 7]),
            TypeError,
            r"signatures\[1\]: expected bytes-like, got int",
        ),
        (
            ("ed25519-zip215", [b""] * 2, [b""] * 3, [b""] * 2),
            ValueError,
            "keys has 2, messages has 3, signatures has 2",
        ),
        (("ed25519-zip215", "key", [b""], [b""]), TypeError, "keys: expected .* got str"),
        (
            ("ed25519-zip215", [b""], (b"ab", [0, 3]), [b""]),
            ValueError,
            r"messages\[1\]: offsets 0 to 3 leave the 2 bytes",
        ),
        (("ed25519-zip215", np.zeros(3), [b""], [b""]), TypeError, "keys: expected uint8 of shape"),
    ],
)
def test_a_mistake_adds_nothing_to_a_batch(arguments: Any, error: type[Exception], said: str) -> None:
    batch = isthmus.Batch()
    batch.add("ed25519-zip215", ED_KEY, ED_MSG, ED_SIG)
    with pytest.raises(error, match=said):
        batch.extend(*arguments)
    with pytest.raises(TypeError, match="message: expected bytes-like, got int"):
        batch.add("ed25519-zip215", b"", 5, b"")  # type: ignore[arg-type]
    assert len(batch) == 1
    assert batch.verify().tolist() == [True]
    assert repr(batch) == "<isthmus.Batch of 1 rows>"


def test_dtype() -> None:
    kind = isthmus.dtype(ECDSA, key=65)
    assert kind.names == ("key", "sig", "msg")
    assert kind.itemsize == 65 + 64 + 32
    with pytest.raises(ValueError, match="key: ed25519-zip215 has keys of 32 bytes, got 33"):
        isthmus.dtype("ed25519-zip215", key=33)
    with pytest.raises(ValueError, match="scheme: 'x' is none of"):
        isthmus.dtype("x")
    for scheme in isthmus.schemes():
        assert isthmus.dtype(scheme).itemsize > 96
    assert list(FORMS) == list(isthmus.schemes())
    for scheme, keys, sig in (
        ("p256-ecdsa", (33, 65), 64),
        ("p384-ecdsa", (49, 97), 96),
        ("sm2-sm3", (65, 33, 64), 64),
    ):
        assert isthmus.dtype(scheme) == isthmus.dtype(scheme, key=keys[0])
        for key in keys:
            assert isthmus.dtype(scheme, key=key, message=7).itemsize == key + sig + 7
    with pytest.raises(ValueError, match="key: sm2-sm3 has keys of 65 or 33 or 64 bytes, got 32"):
        isthmus.dtype("sm2-sm3", key=32)


# --- hashes and trees


@pytest.mark.parametrize(
    ("name", "reference"),
    [
        ("sha256", lambda m: hashlib.sha256(m).digest()),
        ("sha256d", lambda m: hashlib.sha256(hashlib.sha256(m).digest()).digest()),
        ("sha512", lambda m: hashlib.sha512(m).digest()),
        ("sha3-256", lambda m: hashlib.sha3_256(m).digest()),
    ],
)
def test_hash_many_equals_hashlib(engine: Engine, name: str, reference: Any) -> None:
    messages = [bytes(range(256)) * 3 + bytes(n) for n in range(200)] + [bytes(n) for n in range(200)]
    assert [row.tobytes() for row in engine.hash_many(name, messages)] == [reference(m) for m in messages]


def test_hash_mistakes_are_named(engine: Engine) -> None:
    with pytest.raises(ValueError, match="name: 'md5' is none of sha256, "):
        engine.hash_many("md5", [])
    with pytest.raises(TypeError, match=r"messages\[2\]: expected bytes-like, got float"):
        engine.hash_many("sha256", [b"", b"", 1.5])  # type: ignore[list-item]


def test_a_mutated_bitcoin_tree_is_refused() -> None:
    leaves = [bytes([n]) * 32 for n in range(6)]
    honest = isthmus.merkle_root("sha256d-bitcoin", leaves)
    with pytest.raises(isthmus.MutatedTree, match="CVE-2012-2459"):
        isthmus.merkle_root("sha256d-bitcoin", leaves + leaves[4:])
    assert isthmus.merkle_root("sha256d-bitcoin", leaves + leaves[4:], allow_mutated=True) == honest


@pytest.mark.parametrize(
    ("rule", "leaves", "said"),
    [
        ("sha256d-bitcoin", [], "at least one leaf"),
        ("sha256-pairs", [], "at least one leaf"),
        ("sha256-pairs", [bytes(32)] * 3, "power of two of leaves, got 3"),
        ("sha256d-bitcoin", [bytes(32), bytes(31)], r"leaves\[1\]: expected a digest of 32 bytes, got 31"),
        ("sha256d-bitcoin", np.zeros((2, 64), np.uint8), r"leaves\[0\]: expected a digest of 32 bytes, got 64"),
        ("sha1", [], "rule: 'sha1' is none of"),
    ],
)
def test_tree_mistakes_are_named(rule: str, leaves: Any, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        isthmus.merkle_root(rule, leaves)


# --- blocks


def test_bad_bytes_are_verdicts_and_bad_calls_are_errors(engine: Engine) -> None:
    with pytest.raises(ValueError, match="chain: 'dogecoin' is none of bitcoin-block, "):
        engine.check("dogecoin", b"", b"")
    with pytest.raises(ValueError, match="2 inputs but 1 anchors"):
        engine.check("bitcoin-block", [b"", b""], [b""])
    with pytest.raises(TypeError, match=r"anchors\[1\]: expected an anchor of isthmus\.chains or bytes-like, got int"):
        engine.check("bitcoin-block", [b"", b""], [b"", 4])  # type: ignore[list-item]
    with pytest.raises(TypeError, match="anchors: expected one anchor or a list of them, got str"):
        engine.check("bitcoin-block", [b""], "anchor")
    with pytest.raises(TypeError, match=r"inputs\[0\]: expected bytes-like, got int"):
        engine.check("bitcoin-block", [1], b"")  # type: ignore[list-item]
    assert len(engine.check("bitcoin-block", [], b"")) == 0


def early_run() -> tuple[list[bytes], list[bitcoin.Anchor]]:
    headers, blocks = early_bitcoin()
    heights = range(11)
    return [blocks[height] for height in heights], [bitcoin.Anchor(height).with_headers(headers) for height in heights]


def test_one_input_gives_a_verdict_and_many_give_a_report(engine: Engine, tmp_path: Path) -> None:
    blocks, anchors = early_run()
    path = tmp_path / "block"
    path.write_bytes(blocks[1])
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
        forms = (blocks[1], bytearray(blocks[1]), memoryview(blocks[1]), mapped, np.frombuffer(blocks[1], np.uint8))
        for form in forms:
            verdict = engine.check("bitcoin-block", form, anchors[1])
            assert isinstance(verdict, isthmus.Verdict)
            assert verdict.ok
            del form
        del forms
    report = engine.check("bitcoin-block", blocks, anchors)
    assert isinstance(report, isthmus.Report)
    assert report.ok
    assert len(report) == 11
    offsets = np.cumsum([0, *map(len, blocks)])
    assert engine.check("bitcoin-block", (b"".join(blocks), offsets), [bytes(each) for each in anchors]) == report


def test_one_anchor_may_stand_for_all_inputs(engine: Engine) -> None:
    blocks, anchors = early_run()
    report = engine.check("bitcoin-block", [blocks[5], blocks[6], blocks[5][:-1], b""], anchors[5])
    assert [verdict.ok for verdict in report] == [True, False, False, False]
    assert report[1].code == "bitcoin_parent_differs"
    assert report.status is isthmus.Status.INVALID


def test_an_ill_formed_anchor_is_the_callers_mistake(engine: Engine) -> None:
    blocks, anchors = early_run()
    with pytest.raises(ValueError, match=r"anchors\[2\]: .*byte"):
        engine.check("bitcoin-block", blocks[:3], [*anchors[:2], b"\xff\xff"])


def test_a_limit_leaves_an_input_undecided() -> None:
    blocks, anchors = early_run()
    with Engine(1, limits={"bytes_max": 100}) as small:
        verdict = small.check("bitcoin-block", blocks[0], anchors[0])
    assert (verdict.status, verdict.code) == (isthmus.Status.UNDECIDED, "limit_exceeded")
    with pytest.raises(isthmus.LimitExceeded):
        verdict.require()


def test_stats_count_what_was_settled(engine: Engine) -> None:
    blocks, anchors = early_run()
    engine.check("bitcoin-block", blocks, anchors)
    stats = engine.stats()
    assert stats["sheets"] == 11
    assert stats["hash_rows"] >= 22
    assert all(isinstance(count, int) and count >= 0 for count in stats.values())


@pytest.mark.parametrize("kind", ["threads", "processes"])
def test_map_gives_what_check_gives(kind: str) -> None:
    blocks, anchors = early_run()
    blocks[7] = blocks[7][:-1]
    pool: Executor = (
        ThreadPoolExecutor(2)
        if kind == "threads"
        else ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn"))
    )
    with Engine(1) as engine, pool:
        wanted = engine.check("bitcoin-block", blocks, anchors)
        assert engine.map("bitcoin-block", blocks, anchors, pool, chunk=4) == wanted
        assert engine.map("bitcoin-block", iter(blocks), anchors[3], pool)[3].ok
        assert len(engine.map("bitcoin-block", [], anchors[0], pool)) == 0
        with pytest.raises(ValueError, match="11 inputs but 2 anchors"):
            engine.map("bitcoin-block", blocks, anchors[:2], pool)
        with pytest.raises(ValueError, match="chunk: expected at least 1"):
            engine.map("bitcoin-block", blocks, anchors, pool, chunk=0)


def test_a_writer_meanwhile_gets_an_answer_for_one_state() -> None:
    """While a thread flips every signature between two states, a row must answer for one or the other."""
    count = 64
    good, other = np.frombuffer(ED_SIG, np.uint8), np.zeros(64, np.uint8)
    signatures = np.tile(good, (count, 1))
    stop = threading.Event()

    def write() -> None:
        while not stop.is_set():
            signatures[:] = other
            signatures[:] = good

    writer = threading.Thread(target=write)
    writer.start()
    try:
        for _ in range(20):
            said = isthmus.verify("ed25519-zip215", [ED_KEY] * count, [ED_MSG] * count, signatures, threads=2)
            assert said.shape == (count,)
    finally:
        stop.set()
        writer.join()
    assert isthmus.verify("ed25519-zip215", [ED_KEY] * count, [ED_MSG] * count, signatures).all()


# --- life


def test_arguments_of_an_engine() -> None:
    assert Engine().threads == len(os.sched_getaffinity(0))
    for threads, error in ((0, ValueError), (-1, ValueError), (1025, ValueError), (True, TypeError), (1.0, TypeError)):
        with pytest.raises(error, match="threads: expected"):
            Engine(threads)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="limits: 'bytes' is none of bytes_max"):
        Engine(1, limits={"bytes": 3})
    for value, kind in ((0, ValueError), (1 << 40, ValueError), (True, TypeError), ("9", TypeError)):
        with pytest.raises(kind, match=r"limits\['bytes_max'\]: expected"):
            Engine(1, limits={"bytes_max": value})  # type: ignore[dict-item]


def test_a_closed_engine_refuses_work() -> None:
    engine = Engine(2)
    assert engine.stats()["sheets"] == 0
    with engine:
        assert "threads=2" in repr(engine)
    engine.close()
    for call in (engine.stats, engine.__enter__, lambda: engine.hash_many("sha256", [b""])):
        with pytest.raises(ValueError, match="closed"):
            call()
    assert "closed" in repr(engine)


def test_an_engine_cannot_be_pickled() -> None:
    with pytest.raises(TypeError, match=r"Engine\.map"):
        pickle.dumps(Engine(1))


def test_the_shared_engine_is_one_for_each_number_of_threads() -> None:
    assert shared_engine(2) is shared_engine(2)
    assert shared_engine(2) is not shared_engine(1)
    with pytest.raises(ValueError, match="threads"):
        shared_engine(0)


def test_many_threads_share_an_engine(engine: Engine) -> None:
    wrong: list[str] = []

    def work(seed: int) -> None:
        messages = [seed.to_bytes(4, "big") * n for n in range(50)]
        for _ in range(10):
            got = [row.tobytes() for row in engine.hash_many("sha256", messages)]
            if got != [hashlib.sha256(m).digest() for m in messages]:
                wrong.append(f"hash {seed}")
            if engine.verify("ed25519-zip215", [ED_KEY] * 8, [ED_MSG] * 8, [ED_SIG] * 7 + [bytes(64)]).sum() != 7:
                wrong.append(f"verify {seed}")

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
        assert not thread.is_alive()
    assert wrong == []


@pytest.mark.filterwarnings("ignore:.*multi-threaded.*:DeprecationWarning")  # 3.12 and later: it is the point here
def test_engines_survive_fork() -> None:
    engine = Engine(3)
    messages = [bytes(64)] * 2000
    before = engine.hash_many("sha256", messages).tobytes()
    isthmus.hash_many("sha256", messages, threads=3)
    child = os.fork()
    if child == 0:  # no pytest, no clean-up in the child: only its exit status speaks
        try:
            good = engine.hash_many("sha256", messages).tobytes() == before
            good &= isthmus.hash_many("sha256", messages, threads=3).tobytes() == before
            os._exit(0 if good else 1)
        finally:
            os._exit(2)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert engine.hash_many("sha256", messages).tobytes() == before
