// Merkle roots by whole levels; see merkle.hpp.
//
// A large tree is folded in runs (kRun), and there is no memory but theirs. Leaves are hashed when their run begins.
// Runs know nothing of each other, so threads share them out. Cost: a hash for every node above the leaves (n - 1 for
// pairs, and one more for every odd level of a tree that repeats).
#include "merkle/merkle.hpp"

#include <algorithm>
#include <atomic>
#include <memory>
#include <vector>

namespace isthmus::merkle {
namespace {

constexpr usize kRunsPerJob = 8;  // a millisecond of work or less: little beside it is lost to handing it out

// A level, and where its nodes are.
struct Level {
  const Leaves& nodes;
  usize width;
  u32 level;
};

// Folds the level's nodes first .. first + count up `levels` levels within `room` (count nodes), at whose start they
// end. False iff a mutation was met.
bool fold(const Rule& rule, u8* room, const Level& from, usize first, usize count, u32 levels, u64 leaves) {
  const u8* nodes = from.nodes(room, first, count);
  bool clean = true;
  for (u32 i = 0; i < levels; ++i) {
    clean &= raise(rule, room, nodes, {from.level + i, first, count, leaves});
    nodes = room;
    count = static_cast<usize>(width_above(rule, count));
    first >>= rule.bits;
  }
  if (nodes != room) memcpy(room, nodes, kNode * count);
  return clean;
}

// One node for every run of kRun nodes. A run that is short because it is the last one still goes up as many levels:
// on each of them its last node is the level's last node, exactly when it is in the whole tree.
bool fold_runs(const Rule& rule, u8* tops, const Level& from, u64 leaves, const Spread& spread) {
  const usize runs = (from.width + kRun - 1) / kRun;
  std::atomic<bool> clean{true};
  spread((runs + kRunsPerJob - 1) / kRunsPerJob, [&](usize job) {
    const auto room = std::make_unique_for_overwrite<u8[]>(kNode * kRun);
    for (usize run = job * kRunsPerJob; run < runs && run < (job + 1) * kRunsPerJob; ++run) {
      const usize first = run * kRun;
      const usize count = std::min(from.width - first, kRun);
      if (!fold(rule, room.get(), from, first, count, kRunBits / rule.bits, leaves)) clean = false;
      memcpy(tops + kNode * run, room.get(), kNode);
    }
  });
  return clean;
}

}  // namespace

void in_turn(usize count, const std::function<void(usize)>& job) {
  for (usize i = 0; i < count; ++i) job(i);
}

bool root(const Rule& rule, const Leaves& leaves, usize count, u8* out, const Spread& spread) {
  if (!is_count(rule, count)) {
    memset(out, 0, kNode);
    return false;
  }
  if (count == 0) {
    empty_root(rule, out);
    return true;
  }
  std::vector<u8> held;
  const Leaves held_nodes = [&held](u8*, usize first, usize) { return held.data() + kNode * first; };
  bool clean = true;
  u32 level = 0;
  usize width = count;
  while (width > kRun) {
    std::vector<u8> tops(kNode * ((width + kRun - 1) / kRun));
    clean &= fold_runs(rule, tops.data(), {level == 0 ? leaves : held_nodes, width, level}, count, spread);
    held = std::move(tops);
    width = held.size() / kNode;
    level += kRunBits / rule.bits;
  }
  const auto room = std::make_unique_for_overwrite<u8[]>(kNode * width);
  const Level last{level == 0 ? leaves : held_nodes, width, level};
  clean &= fold(rule, room.get(), last, 0, width, depth_of(rule, width), count);
  finish_root(rule, out, room.get(), count);
  return clean;
}

}  // namespace isthmus::merkle
