// Carrying leaves up the right edge; see frontier.hpp.
#include "merkle/frontier.hpp"

#include <algorithm>
#include <memory>
#include <utility>

#include "base/check.hpp"

namespace isthmus::merkle {
// Two levels, each with room in front for nodes that wait there. Leaves go through them a run (kRun) at a time.
struct Frontier::Rooms {
  Rooms(const Rule& rule, usize leaves) : front(kNode * (rule.group() - 1)) {
    for (std::unique_ptr<u8[]>& room : rooms) room = std::make_unique_for_overwrite<u8[]>(front + kNode * leaves);
  }
  u8* level(u32 number) const { return rooms[number & 1].get() + front; }

  usize front;
  std::unique_ptr<u8[]> rooms[2];
};

Frontier::Frontier(const Rule& rule) : rule_(rule), nodes_(kNode * (rule.group() - 1) * (kLevelsMost / rule.bits)) {
  ISTHMUS_CHECK(takes(rule));
}

// Takes in the `count` nodes at rooms.level(0). False iff a mutation was met among whole subtrees.
bool Frontier::take(const Rooms& rooms, usize count) {
  bool clean = true;
  u64 before = count_;
  count_ += count;
  for (u32 level = 0; count != 0; ++level, before >>= rule_.bits) {
    const u32 held = waiting(before);
    u8* const nodes = rooms.level(level) - kNode * held;
    memcpy(nodes, of_level(level), kNode * held);
    const usize rest = waiting(held + count);
    const usize whole = held + count - rest;
    memcpy(of_level(level), nodes + kNode * whole, kNode * rest);
    if (whole != 0) clean &= raise(rule_, rooms.level(level + 1), nodes, {level, before - held, whole, count_});
    count = whole >> rule_.bits;
  }
  return clean;
}

bool Frontier::append(const Leaves& leaves, usize count) {
  if (count == 0) return true;
  Frontier longer = *this;
  const Rooms rooms(rule_, std::min(count, kRun));
  bool clean = true;
  for (usize from = 0; from < count && clean; from += kRun) {
    const usize here = std::min(count - from, kRun);
    u8* const room = rooms.level(0);
    const u8* const nodes = leaves(room, from, here);
    if (nodes != room) memcpy(room, nodes, kNode * here);
    clean = longer.take(rooms, here);
  }
  u8 unused[kNode];
  if (!clean || (rule_.can_mutate() && !longer.top(unused))) return false;
  std::swap(*this, longer);
  return true;
}

// The node over everything: on each level what waits there and, behind it, what the levels below were put together to,
// which is the level's last node. False iff a mutation was met.
bool Frontier::top(u8* out) const {
  u8 nodes[kNode * kGroupMost];
  bool clean = true;
  bool carries = false;
  u64 whole = count_;
  u32 level = 0;
  for (u64 width = count_; width > 1; width = width_above(rule_, width), whole >>= rule_.bits, ++level) {
    const u32 held = waiting(whole);
    const u32 size = held + (carries ? 1 : 0);
    if (size == 0) continue;
    memcpy(nodes, of_level(level), kNode * held);
    if (carries) memcpy(nodes + kNode * held, out, kNode);
    clean &= raise(rule_, out, nodes, {level, width - size, size, count_});
    carries = true;
  }
  if (!carries) memcpy(out, of_level(level), kNode);
  return clean;
}

void Frontier::root(u8* out) const {
  ISTHMUS_CHECK(is_count(rule_, count_));
  if (count_ == 0) return empty_root(rule_, out);
  top(out);
  finish_root(rule_, out, out, count_);
}

}  // namespace isthmus::merkle
