// Where leaves come from, how work is shared out, and the root over a list of leaves under any rule.
#pragma once

#include <functional>

#include "merkle/rule.hpp"

namespace isthmus::merkle {

// Calls job(i) once for every i below `count`, on as many threads as the caller has, and returns when all have run.
using Spread = std::function<void(usize count, const std::function<void(usize)>& job)>;

// On the calling thread.
void in_turn(usize count, const std::function<void(usize)>& job);

// Where leaves come from: returns the nodes of leaves first .. first + count, 32 bytes each, where they lie; or writes
// them to `room` and returns that. Called once for every leaf, by any thread.
using Leaves = std::function<const u8*(u8* room, usize first, usize count)>;

// Leaves side by side, hashed already where the rule prefixes them.
inline Leaves leaves_at(const u8* nodes) {
  return [nodes](u8*, usize first, usize) { return nodes + kNode * first; };
}

// Writes the root of `count` leaves to `out` (32 bytes). False iff the tree is mutated: rules that repeat nodes, two
// equal nodes paired anywhere before padding (CVE-2012-2459). False, and `out` is zero, also for a number of leaves
// that the rule has no tree of.
bool root(const Rule& rule, const Leaves& leaves, usize count, u8* out, const Spread& spread = in_turn);

inline bool root(const Rule& rule, const u8* leaves, usize count, u8* out, const Spread& spread = in_turn) {
  return root(rule, leaves_at(leaves), count, out, spread);
}

}  // namespace isthmus::merkle
