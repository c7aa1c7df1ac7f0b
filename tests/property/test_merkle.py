"""Every Merkle rule against a slow reference: roots, trees, proofs and multiproofs of every small tree, every
alteration of a proof, and large or random ones."""

from __future__ import annotations

import pickle
import random
from collections.abc import Iterator
from functools import cache, partial
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import isthmus
from isthmus.reference import merkle as oracle

CASES = [(rule, hash) for rule, hashes in oracle.RULES.items() for hash in hashes]
SMALL = 70


def option(rule: str, hash: str) -> str | None:
    """What to pass as ``hash``: rules with one hash have no such option, and a default is not named."""
    return hash if hash != oracle.RULES[rule][0] else None


@cache
def hashed(name: str, message: bytes) -> bytes:
    """Hashes that Python has not, from the core: their own tests are elsewhere, and the reference takes 1 ms each."""
    if name == "blake3-parent":
        return bytes(isthmus.hash_pairs(name, [message], threads=1)[0])
    if name == "keccak256":
        return bytes(isthmus.hash_many(name, [message], threads=1)[0])
    return oracle.HASHES[name](message)


def quick(rule: str, hash: str) -> oracle.Tree:
    """The reference's tree, which hashes nothing twice."""
    tree = oracle.tree(rule, hash)
    tree.hash = partial(hashed, hash)
    return tree


def some_leaves(count: int, seed: int = 0) -> list[bytes]:
    rng = random.Random(seed)
    return [rng.randbytes(32) for _ in range(count)]


def sizes(tree: oracle.Tree, most: int = SMALL) -> Iterator[int]:
    return (count for count in range(1, most + 1) if tree.has(count))


def nodes(proof: np.ndarray) -> list[bytes]:
    return [row.tobytes() for row in proof]


class Row:
    """One claim about a proof."""

    def __init__(self, index: int, leaf: bytes, proof: list[bytes], count: int, what: str = "") -> None:
        self.index, self.leaf, self.proof, self.count, self.what = index, leaf, proof, count, what


def verdicts(rule: str, hash: str | None, root: bytes, rows: list[Row], threads: int = 1) -> list[bool]:
    ok = isthmus.verify_proofs(
        rule, root, [row.index for row in rows], [row.leaf for row in rows], [row.proof for row in rows],
        [row.count for row in rows], hash=hash, threads=threads,
    )  # fmt: skip
    return [bool(each) for each in ok]


def flipped(node: bytes, bit: int) -> bytes:
    raw = bytearray(node)
    raw[bit // 8] ^= 1 << bit % 8
    return bytes(raw)


def altered(row: Row, root: bytes, rng: random.Random) -> Iterator[Row]:
    """The row with one thing wrong, every way but that of other counts."""
    index, leaf, proof, count = row.index, row.leaf, row.proof, row.count
    for i, node in enumerate(proof):
        changed = [*proof[:i], flipped(node, rng.randrange(256)), *proof[i + 1 :]]
        yield Row(index, leaf, changed, count, f"bit of sibling {i}")
        yield Row(index, leaf, proof[:i] + proof[i + 1 :], count, f"without sibling {i}")
        yield Row(index, leaf, [*proof[:i], node, *proof[i:]], count, f"sibling {i} twice")
    for i, (a, b) in enumerate(pairwise(proof)):
        if a != b:
            yield Row(index, leaf, [*proof[:i], b, a, *proof[i + 2 :]], count, f"siblings {i} swapped")
    for extra in (bytes(32), root, leaf, rng.randbytes(32)):
        yield Row(index, leaf, [*proof, extra], count, "one too many above")
        yield Row(index, leaf, [extra, *proof], count, "one too many below")
    yield Row(index, flipped(leaf, rng.randrange(256)), proof, count, "bit of the leaf")
    yield Row(index, leaf[:-1], proof, count, "short leaf")
    if proof:
        if proof[0] != leaf:
            yield Row(index, proof[0], [leaf, *proof[1:]], count, "leaf and sibling changed about")
        yield Row(index, leaf, [proof[0][:-1], *proof[1:]], count, "short sibling")
    for wrong in (index ^ 1, index + 1, index - 1, count, count + index, index + (1 << 32), index + (1 << 63), -1):
        if wrong != index:
            yield Row(wrong, leaf, proof, count, f"index {wrong}")
    for wrong in (0, -1, index, 1 << 63, (1 << 64) - 1, 1 << 64):
        if wrong != count:
            yield Row(index, leaf, proof, wrong, f"count {wrong}")


@pytest.mark.parametrize(("rule", "hash"), CASES)
def test_roots_of_every_small_tree(rule: str, hash: str) -> None:
    tree = oracle.tree(rule, hash)
    leaves = some_leaves(SMALL)
    for count in range(SMALL + 1):
        if count == 0 and (tree.empty() is None or rule == "sha256d-bitcoin"):
            with pytest.raises(ValueError, match="at least one leaf"):
                isthmus.merkle_root(rule, [], hash=option(rule, hash))
        elif tree.has(count):
            wanted = tree.root(leaves[:count])
            assert isthmus.merkle_root(rule, leaves[:count], hash=option(rule, hash)) == wanted, count
            assert isthmus.MerkleTree(rule, leaves[:count], hash=option(rule, hash)).root == wanted, count
        else:
            with pytest.raises(ValueError, match="power of two"):
                isthmus.merkle_root(rule, leaves[:count], hash=option(rule, hash))


@pytest.mark.parametrize(("rule", "hash"), CASES)
def test_proofs_of_every_small_tree(rule: str, hash: str) -> None:
    """Every proof is the reference's and holds, one by one and all together."""
    slow = quick(rule, hash)
    leaves = some_leaves(SMALL)
    for count in sizes(slow):
        given_leaves = leaves[:count]
        tree = isthmus.MerkleTree(rule, given_leaves, hash=option(rule, hash))
        rows = [Row(i, leaf, nodes(tree.proof(i)), count) for i, leaf in enumerate(given_leaves)]
        if count < 20 or count % 8 < 2:
            assert [row.proof for row in rows] == [slow.proof(given_leaves, i) for i in range(count)], count
        assert all(verdicts(rule, option(rule, hash), tree.root, rows)), count
        assert [verdicts(rule, option(rule, hash), tree.root, [row])[0] for row in rows] == [True] * count
        flat, offsets = tree.proofs(range(count))
        assert flat.tobytes() == b"".join(b"".join(row.proof) for row in rows)
        ok = isthmus.verify_proofs(
            rule, tree.root, np.arange(count), given_leaves, (flat, offsets), count, hash=option(rule, hash)
        )
        assert ok.all()


@pytest.mark.full
@pytest.mark.parametrize(("rule", "hash"), CASES)
def test_every_altered_proof_is_refused(rule: str, hash: str) -> None:
    slow = quick(rule, hash)
    rng = random.Random(f"{rule} {hash}")
    leaves = some_leaves(SMALL, 1)
    for count in sizes(slow):
        tree = isthmus.MerkleTree(rule, leaves[:count], hash=option(rule, hash))
        rows = []
        for index in {*range(min(count, 5)), *range(max(0, count - 4), count), rng.randrange(count)}:
            proof = nodes(tree.proof(index))
            rows += [Row(index, leaves[index], proof, count)]
            rows += altered(rows[-1], tree.root, rng)
        said = verdicts(rule, option(rule, hash), tree.root, rows)
        for row, ok in zip(rows, said, strict=True):
            assert ok == (not row.what), (count, row.index, row.what)


@pytest.mark.parametrize(("rule", "hash"), CASES)
def test_wrong_counts_are_judged_as_the_reference_does(rule: str, hash: str) -> None:
    """A proof can hold under another count only where the reference's recursion says so: the rest of the tree, and the
    length of its path, must look the same."""
    slow = quick(rule, hash)
    leaves = some_leaves(20, 2)
    for count in sizes(slow, 20):
        tree = isthmus.MerkleTree(rule, leaves[:count], hash=option(rule, hash))
        rows = [
            Row(i, leaves[i], nodes(tree.proof(i)), other)
            for i in range(count)
            for other in range(24)
            if other != count
        ]
        wanted = [slow.holds(tree.root, row.index, row.leaf, row.proof, row.count) for row in rows]
        assert verdicts(rule, option(rule, hash), tree.root, rows) == wanted


@pytest.mark.parametrize(("rule", "hash"), CASES)
def test_multiproofs_of_every_set_of_a_small_tree(rule: str, hash: str) -> None:
    slow = quick(rule, hash)
    name = option(rule, hash)
    for count in sizes(slow, 9):
        leaves = some_leaves(count, 3)
        tree = isthmus.MerkleTree(rule, leaves, hash=name)
        for mask in range(1, 1 << count):
            chosen = [i for i in range(count) if mask >> i & 1]
            proof = tree.multiproof(chosen)
            said = [leaves[i] for i in chosen]
            assert isthmus.verify_multiproof(rule, tree.root, chosen, said, proof, count, hash=name)
            rng = random.Random(f"{rule} {count} {mask}")
            wrong = [said[0], *said[1:]]
            wrong[rng.randrange(len(said))] = rng.randbytes(32)
            assert not isthmus.verify_multiproof(rule, tree.root, chosen, wrong, proof, count, hash=name)
            more = np.concatenate([proof, np.zeros((1, 32), np.uint8)])
            assert not isthmus.verify_multiproof(rule, tree.root, chosen, said, more, count, hash=name)
            if len(proof):
                bad = proof.copy()
                bad[rng.randrange(len(bad)), rng.randrange(32)] ^= 1 << rng.randrange(8)
                assert not isthmus.verify_multiproof(rule, tree.root, chosen, said, bad, count, hash=name)
                assert not isthmus.verify_multiproof(rule, tree.root, chosen, said, proof[:-1], count, hash=name)
                assert not isthmus.verify_multiproof(rule, tree.root, chosen, said, proof[1:], count, hash=name)
            shifted = [i + 1 for i in chosen]
            assert not isthmus.verify_multiproof(rule, tree.root, shifted, said, proof, count, hash=name)
            if len(chosen) > 1:
                back = chosen[::-1]
                assert not isthmus.verify_multiproof(rule, tree.root, back, said[::-1], proof, count, hash=name)
                twice = [chosen[0], *chosen[:-1]]
                assert not isthmus.verify_multiproof(
                    rule, tree.root, twice, [said[0], *said[:-1]], proof, count, hash=name
                )
    assert not isthmus.verify_multiproof(rule, tree.root, [], [], [], count, hash=name)


@pytest.mark.parametrize(("rule", "hash"), CASES)
@given(cuts=st.lists(st.integers(0, 40), min_size=1, max_size=6), seed=st.integers(0, 1 << 32))
def test_a_tree_that_grew_is_the_tree_built_at_once(rule: str, hash: str, cuts: list[int], seed: int) -> None:
    slow = quick(rule, hash)
    leaves = some_leaves(300, seed)
    tree = None
    count = 0
    for cut in cuts:
        count += cut
        if not slow.has(count) or (count == 0 and slow.empty() is None):
            continue
        if rule == "sha256d-bitcoin" and count == 0:
            continue
        if tree is None:
            tree = isthmus.MerkleTree(rule, leaves[:count], hash=option(rule, hash))
        else:
            tree.append(leaves[tree.count : count])
        assert tree.count == count
        assert tree.root == slow.root(leaves[:count])
        if count:
            index = seed % count
            assert nodes(tree.proof(index)) == slow.proof(leaves[:count], index)


@pytest.mark.parametrize(("rule", "hash"), [case for case in CASES if oracle.tree(*case).has(3)])
def test_a_root_after_every_leaf(rule: str, hash: str) -> None:
    slow = quick(rule, hash)
    leaves = some_leaves(140, 5)
    tree = isthmus.MerkleTree(rule, leaves[:1], hash=option(rule, hash))
    for count in range(2, 141):
        tree.append([leaves[count - 1]])
        assert tree.root == slow.root(leaves[:count]), count


@pytest.mark.parametrize("rule", ["rfc6962", "cometbft"])
def test_leaves_of_every_width(rule: str) -> None:
    """Leaves up to 54 bytes fit one block with prefix and padding; mixed with longer ones, as rows and as a list."""
    slow = oracle.tree(rule, "sha256")
    for width in (0, 1, 31, 32, 33, 53, 54, 55, 63, 64, 119, 200):
        leaves = [random.Random(width * 1000 + i).randbytes(width) for i in range(37)]
        wanted = slow.root(leaves)
        assert isthmus.merkle_root(rule, leaves) == wanted, width
        if width:
            rows = np.frombuffer(b"".join(leaves), np.uint8).reshape(37, width)
            assert isthmus.merkle_root(rule, rows) == wanted
            assert isthmus.MerkleTree(rule, np.ascontiguousarray(rows[::-1])[::-1]).root == wanted
    mixed = [random.Random(i).randbytes(i % 70) for i in range(700)]
    assert isthmus.merkle_root(rule, mixed) == slow.root(mixed) == isthmus.MerkleTree(rule, mixed).root


FRONTIERS = [case for case in CASES if oracle.tree(*case).has(3)]


@pytest.mark.parametrize(("rule", "hash"), FRONTIERS)
def test_frontiers_of_every_small_tree(rule: str, hash: str) -> None:
    """Leaf by leaf, all at once, and as the tree that keeps its levels says."""
    slow = quick(rule, hash)
    name = option(rule, hash)
    leaves = some_leaves(SMALL, 21)
    steps = isthmus.MerkleFrontier(rule, hash=name)
    assert (steps.rule, steps.count, len(steps)) == (rule, 0, 0)
    for count in range(SMALL + 1):
        if count:
            steps.append([leaves[count - 1]])
        if count == 0 and (slow.empty() is None or rule == "sha256d-bitcoin"):
            with pytest.raises(ValueError, match="at least one leaf"):
                _ = steps.root
            continue
        wanted = slow.root(leaves[:count])
        assert (steps.root, steps.count) == (wanted, count)
        whole = isthmus.MerkleFrontier(rule, hash=name)
        whole.append(leaves[:count])
        assert whole.root == wanted == isthmus.MerkleTree(rule, leaves[:count], hash=name).root, count


@pytest.mark.parametrize(("rule", "hash"), FRONTIERS)
@given(cuts=st.lists(st.integers(0, 40), max_size=9), width=st.sampled_from([0, 1, 31, 32, 54, 55, 64, 200]))
def test_frontiers_appended_in_pieces(rule: str, hash: str, cuts: list[int], width: int) -> None:
    slow = quick(rule, hash)
    prefixed = rule in ("rfc6962", "cometbft")
    leaves = [random.Random(i).randbytes(width if prefixed else 32) for i in range(360)]
    frontier = isthmus.MerkleFrontier(rule, hash=option(rule, hash))
    for cut in cuts:
        frontier.append(leaves[frontier.count : frontier.count + cut])
        if frontier.count:
            assert frontier.root == slow.root(leaves[: frontier.count])


@pytest.mark.parametrize("rule", ["sha256d-bitcoin", "chainmaker"])
def test_frontiers_refuse_what_trees_refuse(rule: str) -> None:
    for count in range(1, 41):
        leaves = some_leaves(count, 22)
        frontier = isthmus.MerkleFrontier(rule)
        tree = isthmus.MerkleTree(rule, leaves)
        frontier.append(leaves)
        for tail in range(1, count + 1):
            mutated = leaves[count - tail :]
            try:
                tree.append(mutated)
            except isthmus.MutatedTree:
                with pytest.raises(isthmus.MutatedTree, match="leaves"):
                    frontier.append(mutated)
                assert (frontier.count, frontier.root) == (count, tree.root)
            else:
                frontier.append(mutated)
                assert frontier.root == tree.root
                break


@pytest.mark.parametrize("rule", ["sha256-pairs", "sm3-pairs", "keccak256-pairs", "blake3-parent"])
def test_rules_without_frontiers(rule: str) -> None:
    with pytest.raises(ValueError, match=f"rule: {rule} has no frontier"):
        isthmus.MerkleFrontier(rule)


def test_frontiers_name_what_is_wrong() -> None:
    frontier = isthmus.MerkleFrontier("mmr", hash="sha256")
    frontier.append([bytes(32)])
    with pytest.raises(ValueError, match=r"leaves\[1\]: expected a digest of 32 bytes, got 31"):
        frontier.append([bytes(32), bytes(31)])
    assert frontier.count == 1
    with pytest.raises(ValueError, match="hash: rfc6962 has no such option"):
        isthmus.MerkleFrontier("rfc6962", hash="sha256")
    with pytest.raises(TypeError, match="pickled"):
        pickle.dumps(frontier)
    assert repr(frontier) == "<isthmus.MerkleFrontier mmr count=1>"


@given(data=st.data())
def test_batches_answer_as_single_rows_do(data: st.DataObject) -> None:
    """Right and wrong rows of several trees of one rule, repeated, in any order: what rows share changes no answer."""
    rule, hash = data.draw(st.sampled_from(CASES))
    name = option(rule, hash)
    slow = quick(rule, hash)
    rng = random.Random(data.draw(st.integers(0, 1 << 32)))
    rows: list[tuple[bytes, Row]] = []
    for _ in range(data.draw(st.integers(1, 3))):
        count = data.draw(st.sampled_from(list(sizes(slow, 40))))
        # few different leaves: nodes that are equal at different places
        pool = (
            some_leaves(3, 9) if rule not in ("sha256d-bitcoin", "chainmaker") else some_leaves(40, rng.randrange(99))
        )
        leaves = [pool[i % len(pool)] if len(pool) > 3 else rng.choice(pool) for i in range(count)]
        tree = isthmus.MerkleTree(rule, leaves, hash=name)
        for _ in range(rng.randrange(1, 25)):
            index = rng.randrange(count)
            row = Row(index, leaves[index], nodes(tree.proof(index)), count)
            if rng.random() < 0.4:
                row = rng.choice(list(altered(row, tree.root, rng)))
            rows += [(tree.root, row)] * rng.choice([1, 1, 1, 3])
    rng.shuffle(rows)
    said = isthmus.verify_proofs(
        rule, [root for root, _ in rows], [row.index for _, row in rows], [row.leaf for _, row in rows],
        [row.proof for _, row in rows], [row.count for _, row in rows], hash=name, threads=rng.choice([1, 3]),
    ).tolist()  # fmt: skip
    assert said == [slow.holds(root, row.index, row.leaf, row.proof, row.count) for root, row in rows]


@pytest.mark.full
@pytest.mark.parametrize("rule", ["sha256-pairs", "sha256d-bitcoin", "rfc6962", "fisco-v2", "fisco-v3", "mmr"])
@pytest.mark.parametrize("threads", [1, 3])
def test_large_batches_with_bad_rows_anywhere(rule: str, threads: int) -> None:
    """Several pieces of work; bad rows among rows that share their path with them."""
    rng = random.Random(rule)
    count = 1 << 12
    leaves = some_leaves(count, 11)
    tree = isthmus.MerkleTree(rule, leaves)
    indices = [rng.randrange(count) for _ in range(3000)]
    flat, offsets = tree.proofs(indices)
    proofs = [bytearray(flat[a:b].tobytes()) for a, b in pairwise(offsets)]
    given_leaves = [leaves[i] for i in indices]
    bad = set(rng.sample(range(3000), 200))
    for row in bad:
        where = rng.randrange(-32, len(proofs[row]))
        if where < 0:
            given_leaves[row] = flipped(given_leaves[row], rng.randrange(256))
        else:
            proofs[row][where] ^= 1 << rng.randrange(8)
    got = isthmus.verify_proofs(rule, tree.root, indices, given_leaves, proofs, count, threads=threads)
    assert set(np.flatnonzero(~got).tolist()) == bad


BORDERS = [(1 << 12) + d for d in (-1, 0, 1, 2)] + [(1 << 13) + d for d in (-1, 0, 1)] + [3 << 12, (9 << 12) + 5]


@pytest.mark.full
@pytest.mark.parametrize(("rule", "hash"), CASES)
def test_trees_around_the_borders_of_runs(rule: str, hash: str) -> None:
    """Large trees are folded in runs of 4096 leaves, eight runs to a piece of work."""
    slow = quick(rule, hash)
    name = option(rule, hash)
    leaves = np.frombuffer(random.Random(12).randbytes(32 * max(BORDERS)), np.uint8).reshape(-1, 32)
    for count in BORDERS:
        if not slow.has(count):
            continue
        wanted = slow.root([row.tobytes() for row in leaves[:count]])
        for threads in (1, 3):
            assert isthmus.merkle_root(rule, leaves[:count], hash=name, threads=threads) == wanted, count
        tree = isthmus.MerkleTree(rule, leaves[: count // 2] if "pairs" not in rule else leaves[:count], hash=name)
        if tree.count < count:
            tree.append(leaves[count // 2 : count])
        assert tree.root == wanted, count
        chosen = np.array(sorted({0, 1, 4094, count // 2, count - 2, count - 1}))
        assert isthmus.verify_proofs(rule, wanted, chosen, leaves[chosen], tree.proofs(chosen), count, hash=name).all()
        proof = tree.multiproof(chosen)
        assert isthmus.verify_multiproof(rule, wanted, chosen, leaves[chosen], proof, count, hash=name)


@pytest.mark.parametrize("name", ["sha256", "sha256d", "sm3", "keccak256"])
@pytest.mark.parametrize("count", [0, 1, 2, 15, 16, 17, 63, 64, 65, 130, 5000])
def test_pairs_are_hashes_of_64_bytes(name: str, count: int) -> None:
    rows = np.frombuffer(random.Random(count).randbytes(64 * count), np.uint8).reshape(count, 64)
    wanted = isthmus.hash_many(name, rows)
    assert np.array_equal(isthmus.hash_pairs(name, rows), wanted)
    assert np.array_equal(isthmus.hash_pairs(name, [row.tobytes() for row in rows]), wanted)
    assert np.array_equal(isthmus.hash_pairs(name, rows[::-1], threads=2), wanted[::-1])
    out = np.empty((count, 32), np.uint8)
    assert isthmus.hash_pairs(name, rows, out=out) is out
    assert np.array_equal(out, wanted)


@pytest.mark.parametrize("count", [1, 7, 8, 9, 15, 16, 17, 33])
def test_pairs_of_chaining_values(count: int) -> None:
    rows = np.frombuffer(random.Random(count).randbytes(64 * count), np.uint8).reshape(count, 64)
    wanted = [oracle.HASHES["blake3-parent"](row.tobytes()) for row in rows]
    assert [row.tobytes() for row in isthmus.hash_pairs("blake3-parent", rows)] == wanted
