"""Tries: random maps and lists against the slow reference, every proof of a value and of absence holds, every other one
is refused, and the cases of the attack catalogue by their numbers (M2 to M13)."""

from __future__ import annotations

import functools
import random
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import isthmus
from isthmus.reference import rlp
from isthmus.reference import trie as slow
from isthmus.reference.hashes import keccak256

# Few different nibbles, so that paths are shared, end inside each other, and part at every place.
KEYS = st.one_of(
    st.binary(max_size=4),
    st.lists(st.sampled_from([0x00, 0x01, 0x10, 0x11, 0xFF]), max_size=6).map(bytes),
    st.lists(st.sampled_from([0x00, 0x01]), min_size=32, max_size=32).map(bytes),
)
VALUES = st.one_of(st.binary(min_size=1, max_size=3), st.binary(min_size=1, max_size=120))
ITEMS = st.dictionaries(KEYS, VALUES, max_size=24)


@functools.lru_cache(maxsize=1 << 16)
def digest(data: bytes) -> bytes:
    """Keccak-256 by the core, which other tests compare with the slow one, so that many tries can be tried."""
    return isthmus.hash_many("keccak256", [data])[0].tobytes()


def both(root: bytes, key: bytes, proof: list[bytes]) -> tuple[bytes | None, bool]:
    """What the core reads in a proof, which must be what the slow reference reads."""
    values, ok = isthmus.read_trie_proofs(root, [key], [proof])
    holds, value = slow.read_proof(root, key, proof, digest)
    assert (bool(ok[0]), values[0]) == (holds, value), (key.hex(), [node.hex() for node in proof])
    return values[0], holds


def root_of(items: dict[bytes, bytes]) -> bytes:
    return isthmus.trie_root(list(items.values()), keys=list(items))


# --- roots


@given(ITEMS, st.randoms(use_true_random=False))
def test_roots_of_maps(items: dict[bytes, bytes], rng: random.Random) -> None:
    wanted = slow.Trie(items, digest).root()
    assert root_of(items) == wanted
    keys = list(items)
    rng.shuffle(keys)
    assert isthmus.trie_root([items[key] for key in keys], keys=keys) == wanted


def test_a_root_by_the_slow_hash_alone() -> None:
    items = {b"do": b"verb", b"dog": b"puppy", b"doge": b"coin", b"horse": b"stallion", b"": b"at the root"}
    assert root_of(items) == slow.Trie(items, keccak256).root()


@pytest.mark.parametrize("count", [0, 1, 2, 3, 15, 16, 17, 127, 128, 129, 130, 255, 256, 257, 400])
def test_roots_of_lists(count: int) -> None:
    rng = random.Random(count)
    values = [rng.randbytes(rng.choice([1, 2, 31, 33, 55, 56, 120, 300])) for _ in range(count)]
    wanted = slow.Trie({slow.index_key(i): value for i, value in enumerate(values)}, digest).root()
    assert isthmus.trie_root(values) == wanted
    keys = [slow.index_key(i) for i in range(count)]
    assert keys == [isthmus.trie_index_key(i) for i in range(count)]
    assert isthmus.trie_root(values, keys=keys) == wanted
    together = isthmus.trie_roots([values, [], values[:1], values, values[:5]])
    assert [each.tobytes() for each in together] == [
        wanted, isthmus.trie_root([]), isthmus.trie_root(values[:1]), wanted, isthmus.trie_root(values[:5])
    ]  # fmt: skip


@pytest.mark.full
def test_long_lists_and_runs() -> None:
    """More leaves and branches than one run of the hash, and keys of three bytes."""
    values = [b"%d" % i for i in range(70_000)]
    items = {slow.index_key(i): value for i, value in enumerate(values)}
    assert isthmus.trie_root(values) == root_of(items)
    rng = random.Random(9)
    hashed = {rng.randbytes(32): rng.randbytes(rng.choice([3, 70])) for _ in range(5000)}
    assert root_of(hashed) == slow.Trie(hashed, digest).root()


def test_keys_within_keys() -> None:
    """Chains of keys of which each begins with the one before: as deep as there are keys, and long ones."""
    chain = {b"\x11" * size: b"v%d" % size for size in range(200)}
    assert root_of(chain) == slow.Trie(chain, digest).root()
    long = {b"a" * 70_000 + tail: tail * 50 for tail in (b"b", b"c", b"bb")} | {b"a": b"x"}
    items = [(key, value) for key, value in long.items()]
    for _ in range(3):
        items = items[1:] + items[:1]
        assert root_of(dict(items)) == slow.Trie(dict(items), digest).root()
    deep = {b"\0" * size: b"v" for size in range(3000)}
    assert len(root_of(deep)) == 32


def test_misuse_is_named() -> None:
    for keys, words in (
        ([b"k", b"l", b"k"], r"keys\[2\]: the same key as keys\[0\]"),
        ([b"z", b"", b"a", b"a", b"", b"a"], r"keys\[3\]: the same key as keys\[2\]"),
        ([b"same for eight bytes", *[b"%d" % i for i in range(40)], b"same for eight bytes"], r"keys\[41\].*keys\[0\]"),
    ):
        with pytest.raises(ValueError, match=words):
            isthmus.trie_root([b"v"] * len(keys), keys=keys)
    with pytest.raises(ValueError, match=r"values\[1\]: a trie holds no empty values"):
        isthmus.trie_root([b"a", b""])
    with pytest.raises(ValueError, match=r"values\[0\]: a trie holds no empty values"):
        isthmus.trie_root([b""], keys=[b"k"])
    for index in (-1, 1 << 64):
        with pytest.raises(ValueError, match="index: expected 0 to"):
            isthmus.trie_index_key(index)
    assert isthmus.trie_index_key((1 << 64) - 1) == slow.index_key((1 << 64) - 1)
    with pytest.raises(ValueError, match="different lengths"):
        isthmus.trie_root([b"a"], keys=[b"k", b"l"])
    with pytest.raises(TypeError, match=r"lists\[1\]"):
        isthmus.trie_roots([[b"a"], b"b"])
    with pytest.raises(TypeError, match=r"lists\[2\]\[1\]: expected bytes-like, got int"):
        isthmus.trie_roots([[b"a"], [], [b"b", 3]])  # type: ignore[list-item]
    with pytest.raises(ValueError, match=r"lists\[2\]\[1\]: a trie holds no empty values"):
        isthmus.trie_roots([[b"a"], [], [b"b", b"", b"c"]])
    with pytest.raises(TypeError, match=r"proofs\[1\]\[0\]: expected bytes-like, got int"):
        isthmus.read_trie_proofs(bytes(32), [b"k", b"l"], [[b"x"], [4]])  # type: ignore[list-item]
    with pytest.raises(TypeError, match="lists"):
        isthmus.trie_roots(b"a")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="different lengths"):
        isthmus.read_trie_proofs(bytes(32), [b"k"], [])
    with pytest.raises(ValueError, match=r"roots\[0\]: expected 32 bytes"):
        isthmus.read_trie_proofs(bytes(31), [b"k"], [[]])
    with pytest.raises(ValueError, match="different lengths"):
        isthmus.verify_trie_proofs(bytes(32), [b"k"], [[]], [])
    with pytest.raises(TypeError, match=r"proofs\[0\]"):
        isthmus.read_trie_proofs(bytes(32), [b"k"], [b"node"])


# --- proofs


@given(ITEMS, st.lists(KEYS, max_size=8))
def test_every_key_and_every_gap(items: dict[bytes, bytes], others: list[bytes]) -> None:
    trie = slow.Trie(items, digest)
    root = trie.root()
    keys = [*items, *others]
    proofs = [trie.proof(key) for key in keys]
    for key, proof in zip(keys, proofs, strict=True):
        assert both(root, key, proof) == (items.get(key), True)
    values = [items.get(key) for key in keys]
    assert isthmus.verify_trie_proofs(root, keys, proofs, values).all()
    assert isthmus.verify_trie_proofs([root] * len(keys), keys, proofs, values).all()
    wrong = [b"" if value is None else value + b"x" for value in values]
    assert not isthmus.verify_trie_proofs(root, keys, proofs, wrong).any()
    absent = isthmus.verify_trie_proofs(root, keys, proofs)
    assert absent.tolist() == [value is None for value in values]


@given(ITEMS.filter(bool), KEYS, st.randoms(use_true_random=False))
def test_every_change_is_refused(items: dict[bytes, bytes], other: bytes, rng: random.Random) -> None:
    trie = slow.Trie(items, digest)
    root = trie.root()
    for key in (rng.choice(list(items)), other):
        proof = trie.proof(key)
        changes: list[list[bytes]] = [proof[::-1], proof[1:], proof[:-1], [*proof, proof[-1]], [*proof, b"\x80"],
                                      [*proof, b""], [b"", *proof], [proof[0], *proof]]  # fmt: skip
        for at, node in enumerate(proof):
            place = rng.randrange(len(node))
            flipped = node[:place] + bytes([node[place] ^ 1 << rng.randrange(8)]) + node[place + 1 :]
            for changed in (flipped, node[:-1], node + b"\0", node[1:], b"\x00" + node, rlp.encode(node), b"\x80"):
                changes.append([*proof[:at], changed, *proof[at + 1 :]])
        for change in changes:
            if change != proof:
                assert both(root, key, change) == (None, False)


@given(st.dictionaries(st.binary(min_size=1, max_size=2), VALUES, min_size=1, max_size=6), st.data())
def test_made_nodes_are_read_alike(items: dict[bytes, bytes], data: st.DataObject) -> None:
    """Roots over nodes that no honest trie has: whatever stands there, core and reference agree."""
    trie = slow.Trie(items, digest)
    key = data.draw(st.sampled_from(list(items)))
    node = bytearray(trie.proof(key)[0])
    telling = st.sampled_from(
        [0, 1, 0x10, 0x1F, 0x20, 0x2F, 0x30, 0x3F, 0x40, 0x80, 0x81, 0xA0, 0xC0, 0xC1, 0xC2, 0xFF]
    )
    for _ in range(data.draw(st.integers(1, 3))):
        node[data.draw(st.integers(0, len(node) - 1))] = data.draw(telling)
    both(digest(bytes(node)), key, [bytes(node), *trie.proof(key)[1:]])


def test_shared_nodes_and_many_rows() -> None:
    """Equal nodes of different objects, and one bad row among many."""
    rng = random.Random(4)
    items = {rng.randbytes(32): rng.randbytes(60) for _ in range(400)}
    trie = slow.Trie(items, digest)
    root, keys = trie.root(), list(items)
    proofs = [[bytes(bytearray(node)) for node in trie.proof(key)] for key in keys]
    values: list[bytes | None] = list(items.values())
    assert isthmus.verify_trie_proofs(root, keys, proofs, values).all()
    for row in rng.sample(range(400), 12):
        bad = [*proofs[:row], [*proofs[row][:-1], proofs[row][-1] + b"x"], *proofs[row + 1 :]]
        said = isthmus.verify_trie_proofs(root, keys, bad, values)
        assert np.flatnonzero(~said).tolist() == [row]


def test_items_of_lists() -> None:
    """The proof of an item under its index, and under no other (M3: indexes beside, beyond, and of other widths)."""
    values = [b"item %d" % i * 10 for i in range(300)]  # too long to stand in a parent that others share
    trie = slow.Trie({slow.index_key(i): value for i, value in enumerate(values)}, digest)
    root = isthmus.trie_root(values)
    for index in (0, 1, 127, 128, 255, 256, 299):
        proof = trie.proof(slow.index_key(index))
        assert both(root, isthmus.trie_index_key(index), proof) == (values[index], True)
        for other in (index ^ 1, index + 256, index + (1 << 32), 300):
            assert both(root, isthmus.trie_index_key(other), proof)[0] is None
        assert both(root, bytes([index & 0xFF]) + b"\0", proof)[0] is None
    gone = trie.proof(slow.index_key(300))
    assert both(root, isthmus.trie_index_key(300), gone) == (None, True)


# --- the attack catalogue


def sealed(node: Any) -> bytes:
    return rlp.encode(node)


def test_m2_a_branch_offered_as_a_leaf() -> None:
    """A leaf whose value is a node, and a node under a key that ends in the middle of it."""
    items = {bytes([high << 4 | low]) * 2: b"v" * 40 for high in range(4) for low in range(4)}
    trie = slow.Trie(items, digest)
    root = trie.root()
    for key in list(items)[:4]:
        proof = trie.proof(key)
        for end in range(1, len(proof)):
            assert both(root, key, proof[:end]) == (None, False)
        assert both(root, key[:1], proof)[0] is None
        assert both(root, key + b"\0", proof)[0] is None
        inner = sealed([slow.hex_prefix(slow.nibbles(key), leaf=True), proof[-1]])
        assert both(root, key, [inner]) == (None, False)


def test_m4_nodes_that_are_not_used() -> None:
    items = {bytes([i]): b"v" * 40 for i in range(40)}
    trie = slow.Trie(items, digest)
    root = trie.root()
    proof, other = trie.proof(b"\x05"), trie.proof(b"\x17")
    for more in ([*proof, other[-1]], [*proof, *other], [*proof, proof[0]], [other[0], *proof]):
        assert both(root, b"\x05", more) == (None, False)
    gone = trie.proof(b"\xf0")
    assert both(root, b"\xf0", gone) == (None, True)
    assert both(root, b"\xf0", [*gone, other[-1]]) == (None, False)


def test_m5_the_empty_trie() -> None:
    empty = isthmus.trie_root([])
    for key in (b"", b"k", bytes(32)):
        assert both(empty, key, []) == (None, True)
        assert both(empty, key, [b"\x80"]) == (None, True)
        for nodes in ([b""], [b"\x80", b"\x80"], [b"\xc0"], [b"\x00"], [b"\x81\x80"]):
            assert both(empty, key, nodes) == (None, False)
        for root in (bytes(32), digest(b""), digest(b"\xc0"), empty[::-1]):
            assert both(root, key, []) == (None, False)
            assert both(root, key, [b"\x80"]) == (None, False)


@pytest.mark.parametrize(
    "path",
    ["", "40", "50", "80", "f0", "00", "0f", "01", "21", "2f", "2012", "3012", "1012", "31", "11", "0012", "2112"],
)
def test_m10_paths_in_other_forms(path: str) -> None:
    """The Polygon bridge: one statement has one proof. Of the forms of a leaf's path for key 12, only 20 12 is one."""
    node = sealed([bytes.fromhex(path), b"v" * 40])
    value, _ = both(digest(node), b"\x12", [node])
    assert (value is not None) == (path == "2012")
    holds = {"2012", "3012", "31"}  # 30 12 is the leaf of 012, and 31 that of 1: b"\x12" is absent there
    assert both(digest(node), b"\x12", [node])[1] == (path in holds)


@pytest.mark.parametrize(
    ("name", "node"),
    [
        ("one item", ["2012"]),
        ("three items", ["2012", "aa", "aa"]),
        ("sixteen items", [""] * 16),
        ("eighteen items", [""] * 18),
        ("no items", []),
        ("a leaf without a value", ["2012", ""]),
        ("a leaf whose value is a list", ["2012", []]),
        ("a path that is a list", [["20"], "aa"]),
        ("a child of 31 bytes", ["aa" * 31] + [""] * 16),
        ("a child of 33 bytes", ["aa" * 33] + [""] * 16),
        ("a child of one byte", ["aa"] + [""] * 16),
        ("a list of 32 bytes as a child", [["aa" * 30]] + [""] * 16),
        ("a branch whose value is a list", [""] * 16 + [[]]),
        ("an extension without a path", ["00", "aa" * 32]),
        ("an extension without a child", ["11", ""]),
        ("an extension of a short child", ["11", "aa" * 31]),
        ("an extension of an extension", ["11", ["12", ["32", "aa"]]]),
        ("an extension of a leaf", ["11", ["32", "aa"]]),
        ("an inner leaf of three items", [""] + [["32", "aa", "aa"]] + [""] * 15),
    ],
)
def test_m10_nodes_that_are_none(name: str, node: Any) -> None:
    def whole(part: Any) -> Any:
        return bytes.fromhex(part) if isinstance(part, str) else [whole(each) for each in part]

    raw = sealed(whole(node))
    assert both(digest(raw), b"\x12", [raw]) == (None, False), name


def test_m10_rlp_of_nodes_in_other_forms() -> None:
    """C1 within proofs: the same node with padded lengths is another node, and not canonical besides."""
    leaf = [bytes.fromhex("2012"), b"v" * 60]
    body = rlp.encode(leaf[0]) + rlp.encode(leaf[1])
    forms = [bytes([0xF9, 0, len(body)]) + body, bytes([0xF8, len(body) + 1]) + body + b"\0",
             bytes([0xF8, len(body)]) + body + b"\0", b"\xff" + bytes(7) + bytes([len(body)]) + body]  # fmt: skip
    good = sealed(leaf)
    assert both(digest(good), b"\x12", [good]) == (leaf[1], True)
    for form in forms:
        assert both(digest(form), b"\x12", [form]) == (None, False)
        assert both(digest(good), b"\x12", [form]) == (None, False)


def test_m10_children_inside_and_outside() -> None:
    """A short child stands in its parent: not as a hash, and not as a node of the proof."""
    short = [bytes.fromhex("32"), b"v"]
    inside = sealed([b"", short] + [b""] * 15)
    outside = sealed([b"", digest(sealed(short))] + [b""] * 15)
    assert both(digest(inside), b"\x12", [inside]) == (b"v", True)
    assert both(digest(inside), b"\x12", [inside, sealed(short)]) == (None, False)
    assert both(digest(outside), b"\x12", [outside, sealed(short)]) == (None, False)
    assert both(digest(inside), b"\x11", [inside]) == (None, True)


def test_m11_depth_bombs() -> None:
    """More nodes than the key has nibbles are refused before any is hashed; inner nodes end with the key."""
    leaf = sealed([bytes.fromhex("20"), b"v" * 40])
    nodes = [leaf]
    for _ in range(70):
        nodes.append(sealed([digest(nodes[-1])] + [b""] * 16))
    path = nodes[::-1]
    for size, key in ((64, bytes(32)), (2, bytes(1)), (0, b"")):
        proof = path[70 - size :]
        assert both(digest(proof[0]), key, proof) == (b"v" * 40, True)
    assert both(digest(path[4]), bytes(32), path[4:]) == (None, False)
    many = [leaf] * 1_000_000
    assert isthmus.read_trie_proofs(digest(leaf), [bytes(32)], [many])[1].tolist() == [False]
    nested: Any = b""
    for _ in range(20):
        nested = [nested]
    bomb = sealed([nested] + [b""] * 16)
    assert both(digest(bomb), bytes(32), [bomb]) == (None, False)
    deep = b""
    for _ in range(2000):
        deep = rlp.with_header(0xC0, deep)
    assert both(digest(deep), bytes(32), [deep]) == (None, False)


def test_m12_roots_of_zero_bytes() -> None:
    leaf = sealed([bytes.fromhex("20"), b"v" * 40])
    branch = sealed([bytes(32)] + [b""] * 16)
    assert both(bytes(32), b"", [leaf]) == (None, False)
    assert both(digest(branch), b"\0", [branch]) == (None, False)
    assert both(digest(branch), b"\0", [branch, b""]) == (None, False)


def test_m13_empty_keys_values_and_absence() -> None:
    """A value at the root's branch under the empty key; an empty value is no value."""
    items = {b"": b"root", b"\x12": b"v" * 40, b"\x22": b"w" * 40}
    trie = slow.Trie(items, digest)
    proof = trie.proof(b"")
    assert both(trie.root(), b"", proof) == (b"root", True)
    assert isthmus.verify_trie_proofs(trie.root(), [b""] * 3, [proof] * 3, [b"root", b"", None]).tolist() == [
        True, False, False,
    ]  # fmt: skip
    bare = slow.Trie({key: value for key, value in items.items() if key}, digest)
    proof = bare.proof(b"")
    assert both(bare.root(), b"", proof) == (None, True)
    assert isthmus.verify_trie_proofs(bare.root(), [b""] * 2, [proof] * 2, [b"", None]).tolist() == [False, True]


def test_colliding_marks_are_hashed_more_than_once() -> None:
    """Nodes that were made to look alike where the search for equal ones looks: still each has its own hash."""
    items = {}
    for i in range(64):
        value = bytearray(200)
        value[40:44] = i.to_bytes(4, "big")  # neither at the ends nor in the middle
        items[bytes([i]) * 32] = bytes(value)
    trie = slow.Trie(items, digest)
    proofs = [trie.proof(key) for key in items]
    assert isthmus.verify_trie_proofs(trie.root(), list(items), proofs, list(items.values())).all()
