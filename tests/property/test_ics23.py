"""ICS-23: random stores, every proof of existence and absence holds, every altered one is refused, and the cases of the
attack catalogue by their numbers (M2 to M13, C2). Core and slow reference always answer alike."""

from __future__ import annotations

import dataclasses
import random
from typing import Any

import numpy as np
import pytest
from helpers.ics23 import CORE, KINDS, SLOW, Kind, Store, both
from hypothesis import given
from hypothesis import strategies as st

from isthmus import ics23
from isthmus.reference import ics23 as slow

ITEMS = st.dictionaries(st.binary(min_size=1, max_size=6), st.binary(min_size=1, max_size=40), min_size=1, max_size=24)


def store(kind: Kind, count: int = 11) -> Store:
    return Store(kind, {b"key%02d" % i: b"value %d" % i for i in range(1, 2 * count, 2)})


def sealed(**message: Any) -> bytes:
    return slow.write(slow.PROOF, message)


@pytest.mark.parametrize("kind", KINDS)
def test_every_key_and_every_gap(kind: Kind) -> None:
    @given(ITEMS, st.lists(st.binary(max_size=7), max_size=8))
    def run(items: dict[bytes, bytes], others: list[bytes]) -> None:
        made = Store(kind, items)
        absent = [key for key in others if key not in items]
        for key, value in items.items():
            proof = made.single(key)
            assert both(kind, made.root, proof, key, value)
            assert not both(kind, made.root, proof, key, value + b"x")
            assert not both(kind, made.root, proof, key, None)
            assert not both(kind, made.root, proof, key + b"x", value)
            assert not both(kind, made.root[::-1] + b"\0", proof, key, value)
        for key in absent:
            assert both(kind, made.root, made.single(key), key, None)
            assert not both(kind, made.root, made.single(key), key, b"")
        keys = [*items, *absent]
        for proof in (made.batch(keys), made.compressed(keys)):
            for key in keys:
                assert both(kind, made.root, proof, key, items.get(key))

    run()


@pytest.mark.parametrize("kind", KINDS)
def test_no_gap_proof_shows_the_absence_of_a_key(kind: Kind) -> None:
    made = store(kind)
    gaps = [b"key%02d" % i for i in range(0, 23, 2)]
    for gap in gaps:
        proof = made.single(gap)
        for key in made.items:
            assert not both(kind, made.root, proof, key, None)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("key", [b"key03", b"key04"])
def test_every_flipped_byte(kind: Kind, key: bytes) -> None:
    """The key that a proof of absence repeats is bound by nothing, in the reference neither; all else is."""
    made = store(kind, 5)
    proof, value = made.single(key), made.items.get(key)
    named = proof.index(key) if value is None else -1
    for place in range(len(proof)):
        for bit in (0, 3, 7):
            changed = bytearray(proof)
            changed[place] ^= 1 << bit
            said = both(kind, made.root, bytes(changed), key, value)
            assert said == (named <= place < named + len(key) and value is None), (place, bit)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("key", [b"key03", b"key04"])
def test_every_cut_and_every_addition(kind: Kind, key: bytes) -> None:
    made = store(kind, 5)
    proof, value = made.single(key), made.items.get(key)
    for end in range(len(proof)):
        assert not both(kind, made.root, proof[:end], key, value)
    for tail in (b"\0", b"\x0a\0", b"\x1a\0", b"\x28\1", proof):
        assert not both(kind, made.root, proof + tail, key, value)


@pytest.mark.parametrize("kind", KINDS)
def test_many_rows_at_once(kind: Kind) -> None:
    made = store(kind, 40)
    rng = random.Random(1)
    keys = [b"key%02d" % i for i in range(80)]
    values = [made.items.get(key) for key in keys]
    proofs = [made.single(key) for key in keys]
    wanted = np.ones(80, dtype=np.bool_)
    for place in rng.sample(range(80), 20):
        cut = rng.randrange(len(proofs[place]))
        proofs[place] = proofs[place][:cut]
        wanted[place] = False
    assert ics23.verify_many(CORE[kind], [made.root] * 80, proofs, keys, values).tolist() == wanted.tolist()
    assert ics23.verify_many(CORE[kind], made.root, proofs, keys, values).tolist() == wanted.tolist()
    assert ics23.verify_many(CORE[kind], made.root, made.compressed(keys), keys, values).all()
    gaps = keys[0::2]
    assert ics23.verify_many(CORE[kind], made.root, made.batch(gaps), gaps).all()
    assert ics23.verify_many(CORE[kind], [], [], [], []).shape == (0,)


@pytest.mark.parametrize("kind", KINDS)
def test_a_shared_batch_over_many_runs(kind: Kind) -> None:
    """2,500 rows are several runs of work: batches that rows share from one run to the next, that stand between others,
    and that a second store's rows must not be answered from."""
    made, other = store(kind, 12), Store(kind, {b"key%02d" % i: b"other %d" % i for i in range(0, 24, 3)})
    keys = [b"key%02d" % i for i in range(25)]
    batches = [made.batch(keys), made.compressed(keys), other.batch(keys), made.single(b"key04"), b"", b"\x1a\x00"]
    rng = random.Random(kind)
    rows = []
    while len(rows) < 2500:
        proof = rng.choice(batches)
        for _ in range(rng.choice([1, 2, 40, 1500])):
            key = rng.choice(keys)
            root, value = rng.choice([(each.root, each.items.get(key)) for each in (made, other)])
            rows.append((root, proof, key, value if rng.random() < 0.8 else rng.choice([None, b"x"])))
    said = ics23.verify_many(CORE[kind], *(list(column) for column in zip(*rows, strict=True)))
    known: dict[tuple[bytes, bytes, bytes, bytes | None], bool] = {}
    for row in set(rows):
        known[row] = slow.verify(SLOW[kind], *row)
    assert said.tolist() == [known[row] for row in rows]
    assert 0 < int(said.sum()) < len(rows)


# --- the attack catalogue


@pytest.mark.parametrize("kind", KINDS)
def test_m2_a_node_offered_as_a_leaf(kind: Kind) -> None:
    """The bytes that a node hashes, cut into a leaf's prefix, key and value."""
    made = store(kind, 4)
    top = made.paths[made.order[0]][-1]
    preimage = top["prefix"] + bytes(32) + top["suffix"]
    for cut in range(1, 4):
        leaf = {**made.leaf(b""), "prefix": preimage[:cut]}
        proof = sealed(exist={"key": preimage[cut : cut + 20], "value": preimage[cut + 20 :], "leaf": leaf})
        assert not both(kind, made.root, proof, preimage[cut : cut + 20], preimage[cut + 20 :])


@pytest.mark.parametrize("kind", KINDS)
def test_m4_steps_too_many_too_few_repeated_reordered(kind: Kind) -> None:
    made = store(kind, 9)
    key = made.order[4]
    path = made.paths[key]
    wrong = [path[:-1], path[1:], [*path, path[-1]], [path[0], *path], path[::-1], [], path[:1] * 128, path[:1] * 129]
    for steps in wrong:
        proof = sealed(exist={**made.exist(key), "path": steps})
        assert not both(kind, made.root, proof, key, made.items[key])


def test_m5_empty_stores_and_proofs_of_nothing() -> None:
    for kind in KINDS:
        for root in (b"", bytes(32), store(kind).root):
            for proof in (b"", sealed(nonexist={}), sealed(nonexist={"key": b"k"}), sealed(batch={}),
                          sealed(batch={"entries": [{}]}), sealed(compressed={})):  # fmt: skip
                assert not both(kind, root, proof, b"k", None)
                assert not both(kind, root, proof, b"k", b"v")


def test_m6_a_node_with_both_children_given() -> None:
    """The BNB bridge, October 2022: a node that carries a left and a right sibling beside its child."""
    made = store("iavl", 8)
    key = made.order[3]
    for place in range(3):
        path = [dict(op) for op in made.paths[key]]
        path[place]["suffix"] = path[place].get("suffix", b"") + b"\x20" + bytes(32)
        assert not both("iavl", made.root, sealed(exist={**made.exist(key), "path": path}), key, made.items[key])
        path = [dict(op) for op in made.paths[key]]
        path[place]["prefix"] += b"\x20" + bytes(32)
        assert not both("iavl", made.root, sealed(exist={**made.exist(key), "path": path}), key, made.items[key])


@pytest.mark.parametrize("kind", KINDS)
def test_m7_dragonberry_a_prefix_that_swallows_a_child(kind: Kind) -> None:
    """The step above a leaf moved into the leaf's prefix, and a step whose prefix holds its own child."""
    made = store(kind, 4)
    key = made.order[1]
    first, *rest = made.paths[key]
    leaf = made.leaf(key)
    swallowed = {**leaf, "prefix": first["prefix"] + leaf["prefix"]}
    proof = sealed(exist={**made.exist(key), "leaf": swallowed, "path": rest})
    assert not both(kind, made.root, proof, key, made.items[key])
    node = slow.apply_inner(first, slow.apply_leaf(leaf, key, made.items[key]))
    for prefix in (first["prefix"] + node, leaf["prefix"] + first["prefix"][1:], b"", b"\0" + first["prefix"]):
        proof = sealed(exist={**made.exist(key), "path": [first, {"hash": 1, "prefix": prefix}, *rest]})
        assert not both(kind, made.root, proof, key, made.items[key])


def test_m7_iavl_prefixes_are_checked_to_the_last_byte() -> None:
    made = store("iavl", 3)
    key = made.order[0]
    prefix = made.paths[key][0]["prefix"]
    altered = (b"", b"\1" + prefix[1:], b"\0" + prefix[1:], prefix[:1] + b"\x09" + prefix[2:], prefix + b"\0",
               prefix[:-1], b"\xff" * 9 + b"\x02" + prefix, b"\x80" * 11)  # fmt: skip
    for bad in altered:
        op = {"hash": 1, "prefix": bad}
        assert not slow.check_inner(slow.IAVL, op, 1)
        assert not both("iavl", made.root, sealed(exist={**made.exist(key), "path": [op]}), key, made.items[key])


def spec_with(**changes: Any) -> ics23.ProofSpec:
    return dataclasses.replace(ics23.TENDERMINT, inner_spec=dataclasses.replace(ics23.TENDERMINT.inner_spec, **changes))


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        (spec_with(max_prefix_length=33), "hide a child"),
        (spec_with(child_size=0), "child_size"),
        (spec_with(child_size=-1), "child_size"),
        (spec_with(child_order=()), "child_order"),
        (spec_with(child_order=(0, 0)), "child_order"),
        (spec_with(child_order=(0, 2)), "child_order"),
        (spec_with(min_prefix_length=2), "min_prefix_length"),
        (spec_with(hash=ics23.HashOp.NO_HASH), "hashed"),
        (spec_with(hash=10), "known hashes"),
        (dataclasses.replace(ics23.IAVL, max_depth=-1), "depth"),
        (dataclasses.replace(ics23.IAVL, leaf_spec=ics23.LeafOp(hash=1, prehash_key=10)), "known hashes"),
        (dataclasses.replace(ics23.IAVL, leaf_spec=ics23.LeafOp(hash=1, length=2)), "var_rlp"),
        (b"", "canonical"),
        (bytes(ics23.IAVL) + b"\x30\1", "canonical"),
    ],
)
def test_m8_a_spec_that_allows_confusion_is_an_error(spec: ics23.Spec, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        ics23.verify(spec, bytes(32), b"", b"k", b"v")
    with pytest.raises(ValueError, match=rf"specs\[0\].*{words}"):
        ics23.verify_membership([spec], bytes(32), [b"k"], [b""], b"v")
    with pytest.raises(ValueError, match=r"not a spec|sound"):
        slow.read_spec(bytes(spec))


def test_m8_specs_are_read_as_they_are_written() -> None:
    for kind in KINDS:
        assert slow.read_spec(bytes(CORE[kind])) == SLOW[kind]
    made = store("iavl")
    key = made.order[0]
    assert ics23.verify(bytes(ics23.IAVL), made.root, made.single(key), key, made.items[key])
    with pytest.raises(TypeError, match="spec: expected a ProofSpec"):
        ics23.verify("iavl", made.root, made.single(key), key, made.items[key])  # type: ignore[arg-type]


def test_specs_are_the_same_in_any_container() -> None:
    fields = dataclasses.replace(ics23.IAVL.inner_spec, child_order=[0, 1])  # type: ignore[arg-type]
    assert not ics23.verify(dataclasses.replace(ics23.IAVL, inner_spec=fields), bytes(32), b"", b"k", b"v")
    with pytest.raises(ValueError, match="spec: "):
        ics23.verify(dataclasses.replace(ics23.IAVL, inner_spec=fields, max_depth=-1), bytes(32), b"", b"k", b"v")


@pytest.mark.parametrize("kind", KINDS)
def test_m9_neighbours_that_are_none(kind: Kind) -> None:
    made = store(kind, 12)
    order = made.order
    proofs = [made.exist(key) for key in order]
    gaps = [b"key%02d" % i for i in range(0, 25, 2)]
    for i in range(len(order)):
        for j in range(len(order)):
            if j == i + 1:
                continue
            pair = sealed(nonexist={"key": gaps[0], "left": proofs[i], "right": proofs[j]})
            for key in (*gaps, order[i], order[j]):
                assert not both(kind, made.root, pair, key, None), (i, j)
    for i in range(1, len(order)):
        only_right = sealed(nonexist={"right": proofs[i]})
        only_left = sealed(nonexist={"left": proofs[i - 1]})
        for key in gaps:
            assert not both(kind, made.root, only_right, key, None)
            assert not both(kind, made.root, only_left, key, None)


@pytest.mark.parametrize("kind", KINDS)
def test_m9_paths_that_never_part(kind: Kind) -> None:
    """The reference panics here (an index outside its slice)."""
    made = store(kind, 3)
    first, last = made.exist(made.order[0]), made.exist(made.order[-1])
    for left, right in ((first, first), (first, {**last, "path": []}), ({**first, "path": []}, {**last, "path": []})):
        assert not both(kind, made.root, sealed(nonexist={"left": left, "right": right}), b"key02", None)


def test_m10_one_form_of_a_path() -> None:
    """Indexes of a compressed proof in other varints, out of range, or negative."""
    made = store("iavl", 4)
    key = made.order[1]
    proof = made.compressed([key])
    assert both("iavl", made.root, proof, key, made.items[key])
    packed = bytes(range(len(made.paths[key])))
    field = b"\x22" + bytes([len(packed)]) + packed
    assert field in proof
    for other in (packed[:-1] + b"\x7f", packed[:-1] + b"\x81\0", packed[:-1] + b"\x81", packed[::-1], b"\xff" * 10):
        if len(other) == len(packed):
            changed = proof.replace(field, field[:2] + other)
        else:
            entry = {"key": key, "value": made.items[key], "leaf": made.leaf(key)}
            small = slow.write(slow.SMALL_EXIST, entry) + b"\x22" + bytes([len(other)]) + other
            whole = b"\x0a" + slow.varint(len(small)) + small
            table = b"".join(b"\x12" + slow.varint(len(raw)) + raw
                             for raw in (slow.write(slow.INNER_OP, op) for op in made.paths[key]))  # fmt: skip
            inner = b"\x0a" + slow.varint(len(whole)) + whole + table
            changed = b"\x22" + slow.varint(len(inner)) + inner
        assert not both("iavl", made.root, changed, key, made.items[key])


def test_m11_depth_bombs() -> None:
    made = store("tendermint", 3)
    key = made.order[0]
    op = made.paths[key][0]
    for steps in (128, 129, 300):
        proof = sealed(exist={**made.exist(key), "path": [op] * steps})
        assert not both("tendermint", made.root, proof, key, made.items[key])
    # 128 steps are a tree like any other: a root that is made of them is proven, 129 are not
    node = slow.apply_leaf(made.leaf(key), key, made.items[key])
    for steps in range(1, 130):
        node = slow.apply_inner(op, node)
        if steps >= 128:
            proof = sealed(exist={**made.exist(key), "path": [op] * steps})
            assert both("tendermint", node, proof, key, made.items[key]) == (steps == 128)
    bomb = slow.write(slow.EXIST, made.exist(key)) + b"\x22\x00" * 1_000_000
    bomb = b"\x0a" + slow.varint(len(bomb)) + bomb
    assert not ics23.verify(ics23.TENDERMINT, made.root, bomb, key, made.items[key])
    entries = b"\x0a\x00" * 1_000_000
    batch = b"\x1a" + slow.varint(len(entries)) + entries
    assert not ics23.verify(ics23.TENDERMINT, made.root, batch, key, made.items[key])


def test_m11_depths_of_a_spec() -> None:
    made = store("tendermint", 8)
    key = made.order[0]
    assert len(made.paths[key]) == 3
    for low, high, holds in ((0, 3, True), (3, 3, True), (4, 0, False), (0, 2, False)):
        spec = dataclasses.replace(ics23.TENDERMINT, min_depth=low, max_depth=high)
        assert ics23.verify(spec, made.root, made.single(key), key, made.items[key]) == holds
        reference = dataclasses.replace(slow.TENDERMINT, depth_min=low, depth_max=high or 128)
        assert slow.verify(reference, made.root, made.single(key), key, made.items[key]) == holds


def test_m12_roots_of_zero_bytes() -> None:
    for kind in KINDS:
        made = store(kind)
        for root in (b"", bytes(32), bytes(31), made.root[:31], made.root + b"\0"):
            assert not both(kind, root, made.single(made.order[0]), made.order[0], made.items[made.order[0]])


@pytest.mark.parametrize("kind", KINDS)
def test_m13_empty_keys_and_values(kind: Kind) -> None:
    """An empty value is under no key; the empty key is absent from every store."""
    made = store(kind)
    key = made.order[0]
    for message in ({**made.exist(key), "value": b""}, {**made.exist(key), "key": b""}):
        proof = sealed(exist=message)
        assert not both(kind, made.root, proof, message["key"], message["value"])
        assert not both(kind, made.root, proof, message["key"], None)
    assert both(kind, made.root, made.single(b""), b"", None)
    assert not both(kind, made.root, made.single(b""), b"", b"")


def test_c2_protobuf_in_other_forms() -> None:
    made = store("tendermint", 2)
    key = made.order[0]
    value = made.items[key]
    inner = slow.write(slow.EXIST, made.exist(key))
    leaf = slow.write(slow.LEAF_OP, made.leaf(key))
    assert both("tendermint", made.root, b"\x0a" + slow.varint(len(inner)) + inner, key, value)
    forms = {
        "unknown field": inner + b"\x28\1",
        "field twice": inner[: 2 + len(key)] + inner,
        "default written": b"\x0a\0" + inner[2 + len(key) :],
        "long varint": inner.replace(b"\x1a" + bytes([len(leaf)]), b"\x1a" + bytes([len(leaf) | 0x80]) + b"\0"),
        "wrong wire type": b"\x08\1" + inner[2 + len(key) :],
        "out of order": inner[2 + len(key) :] + inner[: 2 + len(key)],
        "negative enum": inner.replace(leaf, b"\x08" + b"\xff" * 9 + b"\1" + leaf[2:]),
        "enum of none": inner.replace(leaf, b"\x08\x0a" + leaf[2:]),
    }
    for name, body in forms.items():
        changed = b"\x0a" + slow.varint(len(body)) + body
        assert not both("tendermint", made.root, changed, key, value), name
    single = made.single(key)
    assert not both("tendermint", made.root, single + made.single(b"key02"), key, value), "two members of a oneof"


# --- chains of stores


def test_chains() -> None:
    made = store("iavl")
    key = made.order[5]
    multi = Store("tendermint", {b"bank": b"other", b"ibc": made.root, b"mint": b"more"})
    specs = [ics23.IAVL, ics23.TENDERMINT]
    parts = [made.single(key), multi.single(b"ibc")]
    whole = b"".join(b"\x0a" + slow.varint(len(part)) + part for part in parts)
    gap = [made.single(b"key04"), parts[1]]
    value = made.items[key]
    assert ics23.verify_membership(specs, multi.root, [b"ibc", key], whole, value)
    assert slow.verify_chain([slow.IAVL, slow.TENDERMINT], multi.root, [b"ibc", key], whole, value)
    assert ics23.verify_membership(specs, multi.root, [b"ibc", key], parts, value)
    assert ics23.verify_non_membership(specs, multi.root, [b"ibc", b"key04"], gap)
    assert not ics23.verify_non_membership(specs, multi.root, [b"ibc", key], whole)
    assert not ics23.verify_membership(specs, multi.root, [b"ibc", b"key04"], gap, b"v")
    assert not ics23.verify_membership(specs, multi.root, [b"ibc", b"key04"], gap, b"")
    for path in ([key, b"ibc"], [b"bank", key], [b"ibc", b"key07"]):
        assert not ics23.verify_membership(specs, multi.root, path, whole, value)
    assert not ics23.verify_membership(specs, made.root, [b"ibc", key], whole, value)
    assert not ics23.verify_membership(specs[::-1], multi.root, [b"ibc", key], whole, value)
    for other in (parts[::-1], parts[:1], [*parts, parts[1]], [made.batch([key]), parts[1]], [], [parts[0], b""]):
        assert not ics23.verify_membership(specs, multi.root, [b"ibc", key], other, value)
    for cut in range(len(whole)):
        assert not ics23.verify_membership(specs, multi.root, [b"ibc", key], whole[:cut], value)
    # the outer store's absence proves nothing about the inner one
    hole = Store("tendermint", {b"bank": b"other", b"mint": b"more"})
    assert not ics23.verify_non_membership(specs, hole.root, [b"ibc", b"key04"], [gap[0], hole.single(b"ibc")])
    with pytest.raises(ValueError, match="path: expected a key for each of 2 specs"):
        ics23.verify_membership(specs, multi.root, [key], whole, value)
    with pytest.raises(ValueError, match="path"):
        ics23.verify_membership([], multi.root, [], [], value)


# --- steps


@given(
    st.sampled_from([*range(10)]), st.sampled_from([*range(10)]), st.sampled_from([*range(10)]),
    st.sampled_from([*range(9)]), st.binary(max_size=5), st.sampled_from([0, 1, 31, 32, 64, 127, 128, 300]),
    st.sampled_from([0, 1, 20, 32, 64, 200]),
)  # fmt: skip
def test_steps_equal_the_reference(
    hashed: int, key_op: int, value_op: int, length: int, prefix: bytes, key_len: int, value_len: int
) -> None:
    from isthmus import _native

    op = {"hash": hashed, "prehash_key": key_op, "prehash_value": value_op, "length": length, "prefix": prefix}
    raw = slow.write(slow.LEAF_OP, op)
    try:
        wanted = slow.apply_leaf(op, b"k" * key_len, b"v" * value_len)
    except ValueError:
        wanted = None
    assert _native.ics23_apply_leaf(raw, b"k" * key_len, b"v" * value_len) == wanted
    inner = {"hash": hashed, "prefix": prefix, "suffix": prefix[::-1]}
    try:
        wanted = slow.apply_inner(inner, b"c" * value_len)
    except ValueError:
        wanted = None
    assert _native.ics23_apply_inner(slow.write(slow.INNER_OP, inner), b"c" * value_len) == wanted


# --- other shapes than binary trees


def test_trees_of_three_children_in_another_order() -> None:
    """A made-up store like merk's, whose branches stand at positions 0, 2, 1."""
    inner = ics23.InnerSpec(child_order=(0, 2, 1), child_size=32, min_prefix_length=1, max_prefix_length=2,
                            empty_child=bytes(32), hash=ics23.HashOp.SHA256)  # fmt: skip
    spec = ics23.ProofSpec(leaf_spec=ics23.TENDERMINT.leaf_spec, inner_spec=inner)
    reference = slow.read_spec(bytes(spec))
    leaf = {"hash": 1, "prehash_value": 1, "length": 1, "prefix": b"\0"}
    rng = random.Random(3)

    def step(children: list[bytes], place: int) -> dict[str, Any]:
        return {"hash": 1, "prefix": b"\1" + b"".join(children[:place]), "suffix": b"".join(children[place + 1 :])}

    answers: list[bool] = []
    for _ in range(1000):
        paths, nodes = [], []
        for key in (b"a", b"c"):
            place = rng.randrange(3)
            children = [rng.choice([bytes(32), rng.randbytes(32)]) for _ in range(3)]
            paths.append([step(children, place)])
            nodes.append(slow.apply_inner(paths[-1][0], slow.apply_leaf(leaf, key, b"v")))
        top = [*nodes, rng.choice([bytes(32), rng.randbytes(32)])]
        rng.shuffle(top)
        for path, node in zip(paths, nodes, strict=True):
            path.append(step(top, top.index(node)))
        root = slow.apply_inner(paths[0][1], nodes[0])
        sides = [
            {"key": key, "value": b"v", "leaf": leaf, "path": path}
            for key, path in zip((b"a", b"c"), paths, strict=True)
        ]
        for message in ({"left": sides[0], "right": sides[1]}, {"left": sides[0]}, {"right": sides[1]}):
            proof = sealed(nonexist=message)
            answers.append(ics23.verify(spec, root, proof, b"b", None))
            assert answers[-1] == slow.verify(reference, root, proof, b"b", None)
    assert any(answers)
    assert not all(answers)
