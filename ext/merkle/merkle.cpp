// Merkle roots by whole levels; see merkle.hpp.
//
// A large tree is folded in runs of 2^12 leaves, so that a run and its levels stay in the second-level cache, and
// scratch is 1/64 of the leaves instead of half. Runs know nothing of each other, so threads share them out. Cost: a
// hash for every node above the leaves (n - 1 for pairs, and one more for every odd level of a tree that repeats).
#include "merkle/merkle.hpp"

#include <atomic>
#include <vector>

namespace isthmus::merkle {
namespace {

constexpr u32 kRunBits = 12;
constexpr usize kRun = usize{1} << kRunBits;
constexpr usize kRunsPerJob = 8;  // a millisecond of work or less: little beside it is lost to handing it out

struct Nodes {
  const u8* data;
  usize count;
  u32 level;
};

// Folds `nodes`, which begin at `first` of their level, up `levels` levels into scratch (kRun / 2 nodes or more); the
// nodes end at its start. False iff a mutation was met.
bool fold(const Rule& rule, u8* scratch, Nodes nodes, u64 first, u32 levels, u64 leaves) {
  bool clean = true;
  for (u32 i = 0; i < levels; ++i) {
    clean &= raise(rule, scratch, nodes.data, {nodes.level, first, nodes.count, leaves});
    nodes = {scratch, static_cast<usize>(width_above(rule, nodes.count)), nodes.level + 1};
    first >>= rule.bits;
  }
  return clean;
}

// One node for every run of kRun nodes. A run that is short because it is the last one still goes up as many levels:
// on each of them its last node is the level's last node, exactly when it is in the whole tree.
bool fold_runs(const Rule& rule, u8* tops, const Nodes& nodes, u64 leaves, const Spread& spread) {
  const usize runs = (nodes.count + kRun - 1) / kRun;
  std::atomic<bool> clean{true};
  spread((runs + kRunsPerJob - 1) / kRunsPerJob, [&](usize job) {
    std::vector<u8> scratch(kNode * kRun / 2);
    for (usize run = job * kRunsPerJob; run < runs && run < (job + 1) * kRunsPerJob; ++run) {
      const usize from = run * kRun;
      const usize width = nodes.count - from < kRun ? nodes.count - from : kRun;
      const Nodes part{nodes.data + kNode * from, width, nodes.level};
      if (!fold(rule, scratch.data(), part, from, kRunBits / rule.bits, leaves)) clean = false;
      memcpy(tops + kNode * run, scratch.data(), kNode);
    }
  });
  return clean;
}

}  // namespace

void in_turn(usize count, const std::function<void(usize)>& job) {
  for (usize i = 0; i < count; ++i) job(i);
}

bool root(const Rule& rule, const u8* leaves, usize count, u8* out, const Spread& spread) {
  if (!is_count(rule, count)) {
    memset(out, 0, kNode);
    return false;
  }
  if (count == 0) {
    empty_root(rule, out);
    return true;
  }
  bool clean = true;
  Nodes nodes{leaves, count, 0};
  std::vector<u8> held;
  while (nodes.count > kRun) {
    std::vector<u8> tops(kNode * ((nodes.count + kRun - 1) / kRun));
    clean &= fold_runs(rule, tops.data(), nodes, count, spread);
    held = std::move(tops);
    nodes = {held.data(), held.size() / kNode, nodes.level + kRunBits / rule.bits};
  }
  const u32 levels = depth_of(rule, nodes.count);
  if (levels == 0) {
    finish_root(rule, out, nodes.data, count);
    return clean;
  }
  std::vector<u8> scratch(kNode * ((nodes.count + 1) / 2));
  clean &= fold(rule, scratch.data(), nodes, 0, levels, count);
  finish_root(rule, out, scratch.data(), count);
  return clean;
}

}  // namespace isthmus::merkle
