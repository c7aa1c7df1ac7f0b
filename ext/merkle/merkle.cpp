// Merkle roots by whole levels; see merkle.hpp. Bitcoin Core's ComputeMerkleRoot with its mutation flag, RFC
// 6962 section 2.1, and plain binary trees.
//
// All three rules are one shape: pair the nodes of a level from the left, and let the rule say what becomes
// of an odd last node (paired with itself; promoted; cannot happen). RFC 6962's split at the largest power of
// two below n gives the same tree as promoting. A large tree is folded in runs of 2^12 leaves, so that a run
// and its levels stay in the second-level cache, and scratch is 1/64 of the leaves instead of half. Cost: n -
// 1 node hashes, and one more for every odd level of a Bitcoin tree.
#include "merkle/merkle.hpp"

#include <vector>

#include "base/check.hpp"
#include "hash/sha256.hpp"

namespace isthmus::merkle {
namespace {

constexpr usize kNode = 32;
constexpr u32 kRunLevels = 12;
constexpr usize kRun = usize{1} << kRunLevels;

// True iff some pair of neighbours is equal. An odd last node has no neighbour.
bool has_equal_pair(const u8* nodes, usize count) {
  bool found = false;
  for (usize i = 0; i + 1 < count; i += 2) {
    const u8* pair = nodes + kNode * i;
    u64 differs = 0;
    for (usize j = 0; j < kNode; j += 8) differs |= load_le64(pair + j) ^ load_le64(pair + kNode + j);
    found |= differs == 0;
  }
  return found;
}

// One level up: (count + 1) / 2 nodes to `out`, which is `in` or does not overlap it.
struct BitcoinRule {
  bool mutated = false;

  void level(u8* out, const u8* in, usize count) {
    mutated |= has_equal_pair(in, count);
    u8 last[2 * kNode];
    if (count % 2 != 0) {  // saved first: the pass over the pairs may write where it stands
      memcpy(last, in + kNode * (count - 1), kNode);
      memcpy(last + kNode, last, kNode);
    }
    hash::sha256d_64(out, in, count / 2);
    if (count % 2 != 0) hash::sha256d_64(out + kNode * (count / 2), last, 1);
  }
};

struct PairsRule {
  void level(u8* out, const u8* in, usize count) { hash::sha256_64(out, in, count / 2); }
};

// Nodes are SHA-256 of 01 || left || right, 65 bytes: two padded blocks, of which only the 64 bytes change.
class Rfc6962Rule {
 public:
  Rfc6962Rule() {
    for (usize i = 0; i < kBatch; ++i) {
      u8* block = blocks_ + kPadded * i;
      memset(block, 0, kPadded);
      block[0] = 0x01;
      block[65] = 0x80;
      store_be64(block + kPadded - 8, 65 * 8);
    }
  }

  void level(u8* out, const u8* in, usize count) {
    usize pairs = count / 2;
    const u8* odd = count % 2 != 0 ? in + kNode * (count - 1) : nullptr;
    while (pairs != 0) {
      const usize here = pairs < kBatch ? pairs : kBatch;
      for (usize i = 0; i < here; ++i) memcpy(blocks_ + kPadded * i + 1, in + 2 * kNode * i, 2 * kNode);
      hash::sha256_blocks(out, blocks_, 2, here);
      in += 2 * kNode * here;
      out += kNode * here;
      pairs -= here;
    }
    // In place, the target lies below the odd node except when there are no pairs, where both are the same.
    if (odd != nullptr) memmove(out, odd, kNode);
  }

 private:
  static constexpr usize kPadded = 128;
  static constexpr usize kBatch = 64;

  u8 blocks_[kPadded * kBatch];
};

// Folds `count` nodes up `levels` levels into scratch (kRun / 2 nodes or more); the nodes end at its start.
template <typename Rule>
void fold(Rule& rule, u8* scratch, const u8* nodes, usize count, u32 levels) {
  for (u32 i = 0; i < levels; ++i) {
    rule.level(scratch, nodes, count);
    nodes = scratch;
    count = (count + 1) / 2;
  }
}

// The root of count >= 2 leaves. A run that is short because it is the last one still goes up kRunLevels
// levels: on each of them its last node is the level's odd last node, exactly when it is in the whole tree.
template <typename Rule>
void tree_root(Rule& rule, const u8* leaves, usize count, u8* out) {
  const usize first_width = count < kRun ? count : kRun;
  std::vector<u8> scratch(kNode * ((first_width + 1) / 2));
  std::vector<u8> tops(count > kRun ? kNode * ((count + kRun - 1) / kRun) : 0);
  const u8* nodes = leaves;
  while (count > kRun) {
    const usize runs = (count + kRun - 1) / kRun;
    for (usize i = 0; i < runs; ++i) {
      const usize from = i * kRun;
      const usize width = count - from < kRun ? count - from : kRun;
      fold(rule, scratch.data(), nodes + kNode * from, width, kRunLevels);
      memcpy(tops.data() + kNode * i, scratch.data(), kNode);  // at or below what is still to be read
    }
    nodes = tops.data();
    count = runs;
  }
  u32 levels = 0;
  while ((usize{1} << levels) < count) ++levels;
  fold(rule, scratch.data(), nodes, count, levels);
  memcpy(out, scratch.data(), kNode);
}

bool bitcoin_root(const u8* leaves, usize count, u8* out) {
  if (count == 0) {
    memset(out, 0, kNode);
    return true;
  }
  if (count == 1) {
    memcpy(out, leaves, kNode);
    return true;
  }
  BitcoinRule rule;
  tree_root(rule, leaves, count, out);
  return !rule.mutated;
}

bool rfc6962_root(const u8* leaves, usize count, u8* out) {
  if (count == 0) {
    hash::sha256(out, {});
    return true;
  }
  if (count == 1) {
    memcpy(out, leaves, kNode);
    return true;
  }
  Rfc6962Rule rule;
  tree_root(rule, leaves, count, out);
  return true;
}

bool pairs_root(const u8* leaves, usize count, u8* out) {
  if (count == 0 || (count & (count - 1)) != 0) {
    memset(out, 0, kNode);
    return false;
  }
  if (count == 1) {
    memcpy(out, leaves, kNode);
    return true;
  }
  PairsRule rule;
  tree_root(rule, leaves, count, out);
  return true;
}

}  // namespace

bool root(Tree tree, const u8* leaves, usize count, u8* out) {
  switch (tree) {
    case Tree::sha256d_bitcoin:
      return bitcoin_root(leaves, count, out);
    case Tree::rfc6962:
      return rfc6962_root(leaves, count, out);
    case Tree::sha256_pairs:
      return pairs_root(leaves, count, out);
  }
  ISTHMUS_CHECK(false);  // ids come from trees.def; the caller has refused others
  memset(out, 0, kNode);
  return false;
}

}  // namespace isthmus::merkle
