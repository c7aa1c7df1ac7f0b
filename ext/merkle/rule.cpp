// The table of rules, and one level up; see rule.hpp.
#include "merkle/rule.hpp"

#include <algorithm>

#include "base/check.hpp"
#include "base/made_once.hpp"
#include "hash/blake3.hpp"
#include "hash/hash.hpp"
#include "hash/keccak.hpp"
#include "hash/sha256.hpp"
#include "hash/sm3.hpp"
#include "wire/rlp.hpp"

namespace isthmus::merkle {
namespace {

// Symbols of base/hashes.def that a rule with a free hash takes, and their nodes of 64 bytes.
struct PairHash {
  Hash hash;
  Pairs pairs;
};

// SHA3-256 has no kernel for nodes: trees of it are rare. `out` may be where `in` is, so digests of some pairs wait
// until their inputs, and those of the pairs whose place they take, were read.
void sha3_256_64(u8* out, const u8* in, usize count) {
  constexpr usize kAtOnce = 64;
  u8 made[kNode * kAtOnce];
  while (count != 0) {
    const usize some = std::min(count, kAtOnce);
    hash::Segment segments[kAtOnce];
    hash::Message messages[kAtOnce];
    for (usize i = 0; i < some; ++i) {
      segments[i] = {in + 2 * kNode * i, 2 * kNode};
      messages[i] = {&segments[i], 1, made + kNode * i};
    }
    hash::digest_many(Hash::sha3_256, {messages, some});
    memcpy(out, made, kNode * some);
    in += 2 * kNode * some;
    out += kNode * some;
    count -= some;
  }
}

constexpr PairHash kPairHashes[] = {
    {Hash::sha256, hash::sha256_64},
    {Hash::sm3, hash::sm3_64},
    {Hash::keccak256, hash::keccak256_64},
    {Hash::sha3_256, sha3_256_64},
};

struct Entry {
  Rule rule;
  bool free_hash;
};

// Digests in pairs, of which only powers of two make a tree.
constexpr Entry whole_pairs(Tree tree, Hash hash, Pairs pairs) {
  return {{.tree = tree,
           .hash = hash,
           .pairs = pairs,
           .bits = 1,
           .odd = Odd::refused,
           .leaf = Leaf::digest,
           .empty = Empty::refused},
          false};
}

// RFC 6962, section 2.1.
constexpr Entry split_at_powers(Tree tree) {
  return {{.tree = tree,
           .hash = Hash::sha256,
           .pairs = hash::sha256_node,
           .bits = 1,
           .odd = Odd::promoted,
           .leaf = Leaf::prefixed,
           .empty = Empty::hash_of_nothing},
          false};
}

constexpr Entry kRules[] = {
    {{.tree = Tree::sha256d_bitcoin,
      .hash = Hash::sha256d,
      .pairs = hash::sha256d_64,
      .bits = 1,
      .odd = Odd::repeated,
      .leaf = Leaf::digest,
      .empty = Empty::zeros},
     false},
    split_at_powers(Tree::rfc6962),
    split_at_powers(Tree::cometbft),
    whole_pairs(Tree::sha256_pairs, Hash::sha256, hash::sha256_64),
    whole_pairs(Tree::sm3_pairs, Hash::sm3, hash::sm3_64),
    whole_pairs(Tree::keccak256_pairs, Hash::keccak256, hash::keccak256_64),
    whole_pairs(Tree::blake3_parent, Hash::blake3, hash::blake3_parent),
    {{.tree = Tree::chainmaker,
      .hash = Hash::sha256,
      .pairs = hash::sha256_64,
      .bits = 1,
      .odd = Odd::repeated,
      .leaf = Leaf::digest,
      .empty = Empty::refused},
     true},
    {{.tree = Tree::fisco_v2,
      .hash = Hash::keccak256,
      .pairs = nullptr,
      .bits = 4,
      .odd = Odd::grouped,
      .leaf = Leaf::numbered,
      .empty = Empty::hash_of_nothing,
      .hashes_root = true},
     true},
    {{.tree = Tree::fisco_v3,
      .hash = Hash::keccak256,
      .pairs = hash::keccak256_64,
      .bits = 1,
      .odd = Odd::grouped,
      .leaf = Leaf::digest,
      .empty = Empty::zeros},
     true},
    {{.tree = Tree::ssz,
      .hash = Hash::sha256,
      .pairs = hash::sha256_64,
      .bits = 1,
      .odd = Odd::zeros,
      .leaf = Leaf::digest,
      .empty = Empty::zeros},
     false},
    {{.tree = Tree::mmr,
      .hash = Hash::keccak256,
      .pairs = hash::keccak256_64,
      .bits = 1,
      .odd = Odd::promoted,
      .leaf = Leaf::digest,
      .empty = Empty::refused,
      .swaps = true},
     true},
};

// What the algorithms take for granted: a group fits its room, runs and all levels are whole groups, a node is of
// 32 bytes, and where groups are not pairs they have all the children there are. That rules of pairs, and no others,
// have a kernel for pairs is a test's to see: under sanitizers a function's address is no constant.
constexpr bool is_sound(const Rule& rule) {
  if (rule.bits == 0 || rule.group() > kGroupMost) return false;
  if (kRunBits % rule.bits != 0 || kLevelsMost % rule.bits != 0) return false;
  if (digest_size(rule.hash) != kNode) return false;
  return rule.bits == 1 || (rule.odd == Odd::grouped && !rule.swaps);
}

static_assert(std::all_of(std::begin(kRules), std::end(kRules), [](const Entry& each) { return is_sound(each.rule); }));
static_assert(std::all_of(std::begin(kPairHashes), std::end(kPairHashes),
                          [](const PairHash& each) { return digest_size(each.hash) == kNode; }));

const Entry* find(Tree tree) {
  for (const Entry& entry : kRules) {
    if (entry.rule.tree == tree) return &entry;
  }
  return nullptr;
}

struct ZeroNodes {
  u8 of_level[kLevelsMost + 1][kNode] = {};
};

constinit std::atomic<const ZeroNodes*> zero_nodes{nullptr};

constexpr u8 kLeafPrefix = 0;
constexpr usize kLeavesAtOnce = 256;

// With its prefix and SHA-256's padding: 1 + 54 + 1 + 8 bytes.
bool fits_a_block(Bytes leaf) { return leaf.size() <= 54; }

void hash_short_leaves(u8* out, std::span<const Bytes> leaves) {
  constexpr usize kBlock = 64;
  u8 blocks[kBlock * kLeavesAtOnce];
  for (usize i = 0; i < leaves.size(); ++i) {
    const usize size = leaves[i].size();
    u8* const block = blocks + kBlock * i;
    memset(block, 0, kBlock);
    block[0] = kLeafPrefix;
    // Digests are the usual leaves, and moved without a call.
    if (size == kNode) {
      memcpy(block + 1, leaves[i].data(), kNode);
    } else {
      std::copy(leaves[i].begin(), leaves[i].end(), block + 1);
    }
    block[1 + size] = 0x80;
    store_be64(block + kBlock - 8, 8 * (1 + size));
  }
  hash::sha256_blocks(out, blocks, 1, leaves.size());
}

void hash_long_leaves(const Rule& rule, u8* out, std::span<const Bytes> leaves) {
  hash::Segment segments[2 * kLeavesAtOnce];
  hash::Message messages[kLeavesAtOnce];
  for (usize i = 0; i < leaves.size(); ++i) {
    segments[2 * i] = {&kLeafPrefix, 1};
    segments[2 * i + 1] = {leaves[i].data(), leaves[i].size()};
    messages[i] = {segments + 2 * i, 2, out + kNode * i};
  }
  hash::digest_many(rule.hash, {messages, leaves.size()});
}

constexpr usize kGroupsAtOnce = 64;  // keeps the lanes full, and the tables on the stack

// Up to kGroupsAtOnce groups of one rule.
void hash_some(const Rule& rule, const Group* groups, usize count) {
  hash::Segment segments[2 * kGroupMost * kGroupsAtOnce];
  hash::Message messages[kGroupsAtOnce];
  u8 numbers[wire::kRlpNumberMax * kGroupMost * kGroupsAtOnce];
  u8 digests[kNode * kGroupsAtOnce];
  hash::Segment* segment = segments;
  u8* number = numbers;
  for (usize i = 0; i < count; ++i) {
    const Group& group = groups[i];
    const hash::Segment* const first = segment;
    if (rule.leaf == Leaf::numbered && group.of_leaves) {
      for (u32 k = 0; k < group.size; ++k) {
        const usize length = wire::write_rlp_number(number, group.first + k);
        *segment++ = {number, length};
        *segment++ = {group.children + kNode * k, kNode};
        number += length;
      }
    } else {
      *segment++ = {group.children, kNode * group.size};
    }
    messages[i] = {first, static_cast<usize>(segment - first), digests + kNode * i};
  }
  hash::digest_many(rule.hash, {messages, count});
  for (usize i = 0; i < count; ++i) memcpy(groups[i].out, digests + kNode * i, kNode);
}

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

void raise_groups(const Rule& rule, u8* out, const u8* in, const Part& part) {
  Group groups[kGroupsAtOnce];
  usize waiting = 0;
  for (usize at = 0; at < part.nodes; at += rule.group()) {
    const usize left = part.nodes - at;
    const u32 size = left < rule.group() ? static_cast<u32>(left) : rule.group();
    groups[waiting++] = {in + kNode * at, out + kNode * (at >> rule.bits), part.first + at, size, part.level == 0};
    if (waiting == kGroupsAtOnce || at + rule.group() >= part.nodes) {
      hash_some(rule, groups, waiting);
      waiting = 0;
    }
  }
}

// The last pair of an MMR's level when its right child is no whole subtree.
void raise_swapped(const Rule& rule, u8* out, const u8* pair) {
  u8 swapped[2 * kNode];
  memcpy(swapped, pair + kNode, kNode);
  memcpy(swapped + kNode, pair, kNode);
  rule.pairs(out, swapped, 1);
}

// What the odd last node `node` of `level` becomes.
void raise_odd(const Rule& rule, u8* out, const u8* node, u32 level) {
  u8 pair[2 * kNode];
  memcpy(pair, node, kNode);
  memcpy(pair + kNode, rule.odd == Odd::zeros ? zero_node(level) : node, kNode);
  if (rule.odd == Odd::promoted) {
    memcpy(out, pair, kNode);
  } else if (rule.odd == Odd::grouped) {
    const Group alone{pair, out, 0, 1, level == 0};
    hash_some(rule, &alone, 1);
  } else {
    rule.pairs(out, pair, 1);
  }
}

}  // namespace

bool rule_of(Tree tree, Hash hash, Rule& out) {
  const Entry* const entry = find(tree);
  if (entry == nullptr) return false;
  out = entry->rule;
  if (hash == kUsualHash) return true;
  if (!entry->free_hash) return false;
  for (const PairHash& each : kPairHashes) {
    if (each.hash != hash) continue;
    out.hash = hash;
    if (out.pairs != nullptr) out.pairs = each.pairs;
    return true;
  }
  return false;
}

void hash_leaves(const Rule& rule, u8* out, std::span<const Bytes> leaves) {
  while (!leaves.empty()) {
    const std::span<const Bytes> some = leaves.first(std::min(leaves.size(), kLeavesAtOnce));
    if (rule.hash == Hash::sha256 && std::ranges::all_of(some, fits_a_block)) {
      hash_short_leaves(out, some);
    } else {
      hash_long_leaves(rule, out, some);
    }
    out += kNode * some.size();
    leaves = leaves.subspan(some.size());
  }
}

const u8* zero_node(u32 level) {
  const ZeroNodes& nodes = made_once(zero_nodes, [] {
    auto made = std::make_unique<ZeroNodes>();
    for (u32 i = 0; i < kLevelsMost; ++i) {
      u8 pair[2 * kNode];
      memcpy(pair, made->of_level[i], kNode);
      memcpy(pair + kNode, made->of_level[i], kNode);
      hash::sha256_64(made->of_level[i + 1], pair, 1);
    }
    return made;
  });
  return nodes.of_level[level];
}

void hash_groups(const Rule& rule, std::span<const Group> groups) {
  for (usize from = 0; from < groups.size(); from += kGroupsAtOnce) {
    const usize left = groups.size() - from;
    hash_some(rule, groups.data() + from, left < kGroupsAtOnce ? left : kGroupsAtOnce);
  }
}

void empty_root(const Rule& rule, u8* out) {
  memset(out, 0, kNode);
  if (rule.empty != Empty::hash_of_nothing) return;
  const hash::Message nothing{nullptr, 0, out};
  hash::digest_many(rule.hash, {&nothing, 1});
}

void finish_root(const Rule& rule, u8* out, const u8* top, u64 count) {
  if (rule.hashes_root) {
    const Group last{top, out, 0, 1, count == 1};
    hash_some(rule, &last, 1);
  } else {
    memmove(out, top, kNode);
  }
}

bool raise(const Rule& rule, u8* out, const u8* in, const Part& part) {
  ISTHMUS_CHECK(part.nodes != 0 && part.first % rule.group() == 0);
  if (rule.pairs == nullptr) {
    raise_groups(rule, out, in, part);
    return true;
  }
  const bool clean = !rule.can_mutate() || !has_equal_pair(in, part.nodes);
  usize pairs = part.nodes / 2;
  const u64 parent = part.first / 2;
  // Saved before the pass over the pairs, which may write where they stand.
  u8 last[2 * kNode];
  const bool odd = part.nodes % 2 != 0;
  const bool swapped = rule.swaps && !odd && !is_whole(part.level + 1, parent + pairs - 1, part.count);
  if (odd) memcpy(last, in + kNode * (part.nodes - 1), kNode);
  if (swapped) memcpy(last, in + kNode * (part.nodes - 2), 2 * kNode);
  if (swapped) --pairs;
  rule.pairs(out, in, pairs);
  if (swapped) raise_swapped(rule, out + kNode * pairs, last);
  if (odd) raise_odd(rule, out + kNode * pairs, last, part.level);
  return clean;
}

}  // namespace isthmus::merkle
