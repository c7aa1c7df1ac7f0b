// Levels, proofs and appending; see tree.hpp.
#include "merkle/tree.hpp"

#include <sys/mman.h>

#include <algorithm>
#include <atomic>

#include "base/check.hpp"

namespace isthmus::merkle {
namespace {

constexpr usize kRunsPerJob = 8;
constexpr usize kProofsPerJob = 1024;
constexpr usize kAhead = 8;  // proofs: how far prefetching runs ahead
constexpr usize kHugePage = usize{2} << 20;

using Memory = std::unique_ptr<u8[], FreeAligned>;

// Large trees lie on huge pages where the system gives them: faulting small ones in costs as much as a fifth of the
// hashing.
Memory allocate(usize bytes) {
  const bool large = bytes >= 2 * kHugePage;
  const std::align_val_t alignment{large ? kHugePage : 64};
  Memory memory(static_cast<u8*>(::operator new(bytes, alignment)), FreeAligned{alignment});
#ifdef MADV_HUGEPAGE
  if (large) madvise(memory.get(), bytes, MADV_HUGEPAGE);  // advice: refusing it changes nothing
#endif
  return memory;
}

}  // namespace

// No size overflows: these leaves, of 32 bytes each, exist in an address space of 57 bits at most.
void Tree::reserve(usize count) {
  if (count <= capacity_) return;
  const usize capacity = std::max(count, 2 * capacity_);
  usize offset[kLevelsMost + 1] = {};
  usize total = capacity;
  u32 level = 0;
  for (u64 width = capacity; width > 1;) {
    width = width_above(rule_, width);
    offset[++level] = total;
    total += static_cast<usize>(width);
  }
  Memory nodes = allocate(kNode * total);
  for (u32 i = 0; count_ != 0 && i <= depth_; ++i) {
    memcpy(nodes.get() + kNode * offset[i], node(i, 0), kNode * static_cast<usize>(width_[i]));
  }
  nodes_ = std::move(nodes);
  std::copy(std::begin(offset), std::end(offset), offset_);
  capacity_ = capacity;
}

// Nodes first .. of `level` that lie in run `run` (of kRun nodes), up to level `upto`.
bool Tree::update_run(u32 level, u32 upto, u64 first, u64 run) {
  bool clean = true;
  u64 from = run << kRunBits;
  u64 to = from + kRun;
  for (; level < upto; ++level) {
    const u64 begin = std::max(from, first & ~u64{rule_.group() - 1});
    const u64 end = std::min(to, width_[level]);
    const Part part{level, begin, static_cast<usize>(end - begin), count_};
    clean &= raise(rule_, node(level + 1, begin >> rule_.bits), node(level, begin), part);
    first >>= rule_.bits;
    from >>= rule_.bits;
    to >>= rule_.bits;
  }
  return clean;
}

// Takes in `leaves` as the leaves first .., run by run just before they are hashed, and makes every node above them
// anew. No other node depends on them or on the number of leaves: a node that padding or promotion made stands above
// the last leaf, and so above every leaf that comes after it.
bool Tree::update(u64 first, const Leaves& leaves, const Spread& spread) {
  const u64 old = first;
  const auto take_in = [&](u64 run) {
    const u64 from = std::max(old, run << kRunBits);
    const u64 to = std::min<u64>(count_, (run + 1) << kRunBits);
    const usize count = static_cast<usize>(to - from);
    u8* const room = node(0, from);
    const u8* const nodes = leaves(room, static_cast<usize>(from - old), count);
    if (nodes != room) memcpy(room, nodes, kNode * count);
  };
  if (depth_ == 0) take_in(0);
  std::atomic<bool> clean{true};
  for (u32 level = 0; level < depth_; level += kRunBits / rule_.bits) {
    const u32 upto = std::min(depth_, level + kRunBits / rule_.bits);
    const usize first_run = static_cast<usize>(first >> kRunBits);
    const usize runs = static_cast<usize>((width_[level] + kRun - 1) >> kRunBits) - first_run;
    const auto work = [&](usize job) {
      for (usize i = job * kRunsPerJob; i < runs && i < (job + 1) * kRunsPerJob; ++i) {
        if (level == 0) take_in(first_run + i);
        if (!update_run(level, upto, first, first_run + i)) clean = false;
      }
    };
    spread((runs + kRunsPerJob - 1) / kRunsPerJob, std::ref(work));  // by reference: nothing here needs memory
    first >>= kRunBits;
  }
  return clean;
}

void Tree::set_count(usize count) {
  count_ = count;
  depth_ = 0;
  width_[0] = count;
  for (u64 width = count; width > 1; width = width_[depth_]) width_[++depth_] = width_above(rule_, width);
}

// What a tree was before update(): its count, and the last node of each level above its leaves, which are all that
// update() changes of it. Puts it back, unless the longer tree is kept.
class Tree::Undo {
 public:
  explicit Undo(Tree& tree) : tree_(tree), count_(tree.count_) {
    for (u32 level = 1; level <= tree.depth_; ++level) memcpy(nodes_[level], last(level), kNode);
  }
  ~Undo() {
    if (kept_) return;
    tree_.set_count(count_);
    for (u32 level = 1; level <= tree_.depth_; ++level) memcpy(last(level), nodes_[level], kNode);
  }
  Undo(const Undo&) = delete;
  Undo& operator=(const Undo&) = delete;

  void keep() { kept_ = true; }

 private:
  u8* last(u32 level) const { return tree_.node(level, tree_.width_[level] - 1); }

  Tree& tree_;
  usize count_;
  u8 nodes_[kLevelsMost + 1][kNode];
  bool kept_ = false;
};

bool Tree::append(const Leaves& leaves, usize count, const Spread& spread) {
  const usize old = count_;
  if (!is_count(rule_, old + count)) return false;
  if (count == 0) return true;
  reserve(old + count);
  Undo undo(*this);  // also when update() runs out of memory
  set_count(old + count);
  if (!update(old, leaves, spread)) return false;
  undo.keep();
  return true;
}

void Tree::root(u8* out) const {
  ISTHMUS_CHECK(is_count(rule_, count_));
  if (count_ == 0) return empty_root(rule_, out);
  finish_root(rule_, out, node(depth_, 0), count_);
}

void Tree::proof(u64 index, u8* out) const {
  ISTHMUS_CHECK(index < count_);
  for (u32 level = 0; level < depth_; ++level, index >>= rule_.bits) {
    const u64 first = index & ~u64{rule_.group() - 1};
    const u32 size = group_size(rule_, width_[level], index >> rule_.bits);
    if (size == 1) {
      if (siblings_of(rule_, width_[level], index) == 0) continue;
      memcpy(out, rule_.odd == Odd::zeros ? zero_node(level) : node(level, index), kNode);
      out += kNode;
      continue;
    }
    for (u32 k = 0; k < size; ++k) {
      if (first + k == index) continue;
      memcpy(out, node(level, first + k), kNode);
      out += kNode;
    }
  }
}

// The levels near the leaves; the others are in some cache.
void Tree::prefetch(u64 index) const {
  constexpr u32 kLevels = 12;
  for (u32 level = 0; level < depth_ && level < kLevels; ++level, index >>= rule_.bits) {
    __builtin_prefetch(node(level, index & ~u64{rule_.group() - 1}));
  }
}

void Tree::proofs(std::span<const u64> indices, const u64* offsets, u8* out, const Spread& spread) const {
  spread((indices.size() + kProofsPerJob - 1) / kProofsPerJob, [&](usize job) {
    const usize last = std::min(indices.size(), (job + 1) * kProofsPerJob);
    for (usize i = job * kProofsPerJob; i < last; ++i) {
      if (i + kAhead < last) prefetch(indices[i + kAhead]);
      proof(indices[i], out + offsets[i]);
    }
  });
}

std::vector<u8> Tree::multiproof(std::span<const u64> indices) const {
  std::vector<u8> out;
  std::vector<u64> known(indices.begin(), indices.end());
  for (u32 level = 0; level < depth_; ++level) {
    usize above = 0;
    for (usize i = 0; i < known.size();) {
      const u64 parent = known[i] >> rule_.bits;
      const u32 size = group_size(rule_, width_[level], parent);
      for (u32 k = 0; k < size; ++k) {
        const u64 child = (parent << rule_.bits) + k;
        if (i < known.size() && known[i] == child) {
          ++i;
        } else {
          out.insert(out.end(), node(level, child), node(level, child) + kNode);
        }
      }
      known[above++] = parent;
    }
    known.resize(above);
  }
  return out;
}

}  // namespace isthmus::merkle
