// The right edge of a Merkle tree that only grows: its root after any number of leaves, from a few nodes.
#pragma once

#include <vector>

#include "merkle/merkle.hpp"

namespace isthmus::merkle {

// Of every level it keeps the nodes that stand over whole subtrees and wait for the rest of their group: one at most
// where groups are pairs (32 bytes a level), fifteen where they are sixteen. Copying it is cheap.
class Frontier {
 public:
  // A rule whose trees grow leaf by leaf: only powers of two of leaves would be trees otherwise.
  static bool takes(const Rule& rule) { return rule.odd != Odd::refused; }

  explicit Frontier(const Rule& rule);

  const Rule& rule() const { return rule_; }
  usize count() const { return count_; }

  // Adds `count` leaves at the end. Cost: a node for every group that becomes whole, and log n more with rules whose
  // trees can be mutated. False, and nothing is changed, iff the longer tree would be: what Tree::append refuses.
  // Throws std::bad_alloc, and then nothing is changed either.
  bool append(const Leaves& leaves, usize count);

  // 32 bytes; the rule has a tree of count() leaves. Cost: log n nodes.
  void root(u8* out) const;

 private:
  struct Rooms;

  u32 waiting(u64 nodes) const { return static_cast<u32>(nodes & (rule_.group() - 1)); }
  u8* of_level(u32 level) { return nodes_.data() + kNode * (rule_.group() - 1) * level; }
  const u8* of_level(u32 level) const { return nodes_.data() + kNode * (rule_.group() - 1) * level; }
  bool take(const Rooms& rooms, usize count);
  bool top(u8* out) const;

  Rule rule_;
  usize count_ = 0;
  // Of level l, count_ >> (bits l) modulo the group nodes: no number is kept that the count does not give.
  std::vector<u8> nodes_;
};

}  // namespace isthmus::merkle
