// A whole Merkle tree in memory: every level, proofs of any leaves, and more leaves at its end.
#pragma once

#include <memory>
#include <new>
#include <vector>

#include "merkle/merkle.hpp"

namespace isthmus::merkle {

struct FreeAligned {
  std::align_val_t alignment{1};
  void operator()(u8* memory) const { ::operator delete(memory, alignment); }
};

// All levels lie in one allocation, so that where a node lies is arithmetic. Memory: 64 bytes a leaf (rules of pairs);
// room for leaves that come later is made by doubling.
class Tree {
 public:
  explicit Tree(const Rule& rule) : rule_(rule) {}

  const Rule& rule() const { return rule_; }
  usize count() const { return count_; }

  // Adds `count` leaves (as merkle::root takes them; their room is in the tree) at the end. Cost: their own nodes and
  // log n more, so a root after every leaf is cheap. False, and nothing is changed, iff the longer tree would be
  // mutated or the rule has none of that many leaves. Throws std::bad_alloc, and then nothing is changed either.
  bool append(const Leaves& leaves, usize count, const Spread& spread = in_turn);
  bool append(const u8* leaves, usize count) { return append(leaves_at(leaves), count); }

  // 32 bytes; the rule has a tree of count() leaves.
  void root(u8* out) const;

  // The siblings on the way up from leaf `index` < count(), lowest first, in the order of their level:
  // proof_length(rule(), index, count()) nodes.
  void proof(u64 index, u8* out) const;

  // Proofs of many leaves: that of indices[i] at out + offsets[i].
  void proofs(std::span<const u64> indices, const u64* offsets, u8* out, const Spread& spread = in_turn) const;

  // One list of siblings for a set of leaves (ascending, each once): level by level from the leaves, from the left,
  // every child of a needed group that is not itself known. What padding makes is left out.
  std::vector<u8> multiproof(std::span<const u64> indices) const;

 private:
  const u8* node(u32 level, u64 index) const { return nodes_.get() + kNode * (offset_[level] + index); }
  u8* node(u32 level, u64 index) { return nodes_.get() + kNode * (offset_[level] + index); }
  class Undo;

  void reserve(usize count);
  void set_count(usize count);
  bool update(u64 first, const Leaves& leaves, const Spread& spread);
  bool update_run(u32 level, u32 upto, u64 first, u64 run);
  void prefetch(u64 index) const;

  Rule rule_;
  usize count_ = 0;
  usize capacity_ = 0;
  u32 depth_ = 0;                       // levels above the leaves
  usize offset_[kLevelsMost + 1] = {};  // of the first node of a level
  u64 width_[kLevelsMost + 1] = {};     // nodes of a level
  std::unique_ptr<u8[], FreeAligned> nodes_;
};

}  // namespace isthmus::merkle
