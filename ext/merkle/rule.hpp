// What the Merkle rules of the chains differ in, as data; every algorithm of this room is written once over it.
//
// All rules have one shape: the nodes of a level, from the left, are put together in groups of 2 (or 16), and the rule
// says what becomes of a last group that is short. Level 0 are the leaves, all of 32 bytes; a level of n nodes has
// ceil(n / group) nodes above it. RFC 6962's split at the largest power of two below n gives the tree of promoted odd
// nodes, and so does the bagging of an MMR's peaks from the right.
#pragma once

#include <bit>
#include <span>

#include "base/ids.hpp"
#include "base/span.hpp"

namespace isthmus::merkle {

inline constexpr usize kNode = 32;
inline constexpr u32 kGroupMost = 16;
inline constexpr u32 kLevelsMost = 64;  // of a tree whose count fits 64 bits

// Levels are made in runs of 2^12 nodes: a run and what is above it stay in the second-level cache.
inline constexpr u32 kRunBits = 12;
inline constexpr usize kRun = usize{1} << kRunBits;

// What becomes of the last node of a level whose number of nodes is odd.
enum class Odd : u8 {
  refused,   // cannot be: only powers of two of leaves are trees
  repeated,  // paired with itself
  promoted,  // goes up as it is
  grouped,   // hashed with as many siblings as there are, perhaps none
  zeros,     // paired with the root of a subtree of zero leaves
};

// What a leaf is before it becomes a node of level 0.
enum class Leaf : u8 {
  digest,    // 32 bytes, the node itself
  prefixed,  // data of any length: the node is hash(00 || data)
  numbered,  // 32 bytes; their parent hashes RLP(index) || leaf
};

// The root over no leaves.
enum class Empty : u8 { refused, zeros, hash_of_nothing };

// out[32 i ..] = the node over the children in[64 i ..]. out == in is allowed; else no overlap.
using Pairs = void (*)(u8* out, const u8* in, usize count);

struct Rule {
  Tree tree;
  Hash hash;
  Pairs pairs;  // null: groups are not always pairs, the hash is taken of what there is
  u32 bits;     // a group has 2^bits children
  Odd odd;
  Leaf leaf;
  Empty empty;
  bool swaps = false;        // a pair whose right child is not a whole subtree is hashed right || left (MMR)
  bool hashes_root = false;  // the root is the hash of the last node

  constexpr u32 group() const { return u32{1} << bits; }
  // Two lists of leaves can have one root (CVE-2012-2459): a pair of equal nodes tells.
  constexpr bool can_mutate() const { return odd == Odd::repeated; }
};

// The rule of that name with kUsualHash, or with a hash of its own choice; false if it has no such choice.
bool rule_of(Tree tree, Hash hash, Rule& out);

// ---- shape ----

constexpr u64 width_above(const Rule& rule, u64 width) {
  return (width >> rule.bits) + ((width & (rule.group() - 1)) != 0);
}

constexpr u32 depth_of(const Rule& rule, u64 count) {
  u32 depth = 0;
  for (; count > 1; count = width_above(rule, count)) ++depth;
  return depth;
}

constexpr u32 depth_of_pairs(u64 count) { return count < 2 ? 0 : static_cast<u32>(std::bit_width(count - 1)); }

// How many of the children of group `parent` a level of `width` nodes has.
constexpr u32 group_size(const Rule& rule, u64 width, u64 parent) {
  const u64 left = width - (parent << rule.bits);
  return left < rule.group() ? static_cast<u32>(left) : rule.group();
}

// Siblings that a proof holds for one level.
constexpr u32 siblings_of(const Rule& rule, u64 width, u64 index) {
  const u32 size = group_size(rule, width, index >> rule.bits);
  return size == 1 && (rule.odd == Odd::repeated || rule.odd == Odd::zeros) ? 1 : size - 1;
}

// Siblings in the proof of a leaf; index < count.
constexpr usize proof_length(const Rule& rule, u64 index, u64 count) {
  if (rule.bits == 1) {
    if (rule.odd != Odd::promoted && rule.odd != Odd::grouped) return depth_of_pairs(count);
    // Up to where the path meets that of the last leaf every level has a sibling; from there on those have one where
    // the path is a right child.
    const u32 met = static_cast<u32>(std::bit_width(index ^ (count - 1)));
    return met + (met < 64 ? static_cast<u32>(std::popcount(index >> met)) : 0);
  }
  usize length = 0;
  for (u64 width = count; width > 1; width = width_above(rule, width)) {
    length += siblings_of(rule, width, index);
    index >>= rule.bits;
  }
  return length;
}

constexpr bool is_count(const Rule& rule, u64 count) {
  if (count == 0) return rule.empty != Empty::refused;
  return rule.odd != Odd::refused || (count & (count - 1)) == 0;
}

// True iff node `index` of `level` stands over 2^level leaves (rules of pairs).
constexpr bool is_whole(u32 level, u64 index, u64 count) { return index < (level < 64 ? count >> level : 0); }

// ---- nodes ----

// out[32 i ..] = the node of leaf i, hash(00 || data), for rules that prefix leaves.
void hash_leaves(const Rule& rule, u8* out, std::span<const Bytes> leaves);

// Root of a subtree of 2^level zero leaves (Odd::zeros), 32 bytes.
const u8* zero_node(u32 level);

// One node to be hashed by itself: `size` children side by side, the first of which is node `first` of its level.
struct Group {
  const u8* children;
  u8* out;
  u64 first;
  u32 size;
  bool of_leaves;
};

// The nodes over groups of any size. Outputs may overlap the children of the same or an earlier group.
void hash_groups(const Rule& rule, std::span<const Group> groups);

// The root over no leaves; the rule has one.
void empty_root(const Rule& rule, u8* out);

// The root that belongs to the node on top of a tree of `count` leaves; out == top is allowed.
void finish_root(const Rule& rule, u8* out, const u8* top, u64 count);

// A run of nodes of one level, within the tree of `count` leaves.
struct Part {
  u32 level;
  u64 first;  // a multiple of the group
  usize nodes;
  u64 count;
};

// The level above the part's `nodes` nodes at `in`, which are whole groups unless the level ends there; out == in is
// allowed, else no overlap. False iff a pair of equal nodes was met that tells of a mutation.
bool raise(const Rule& rule, u8* out, const u8* in, const Part& part);

}  // namespace isthmus::merkle
