// Batches of proofs, level by level; see verify.hpp.
//
// Rows are sorted by tree and index, so that rows whose paths meet lie side by side when they do. They go up together,
// a level at a time, some hundred rows in one piece of work. Where two neighbours reach the same parent with the same
// children and the same siblings from there on, what is left of their claims is one claim: the second follows the
// first and costs no more. Rows that differ anywhere above go on alone. So honest rows of one tree share almost all of
// its upper half, and a bad row costs one path, whatever it says.
#include "merkle/verify.hpp"

#include <algorithm>
#include <memory>
#include <vector>

namespace isthmus::merkle {
namespace {

constexpr usize kRowsPerJob = 256;  // their siblings, of some twenty levels, stay in the second-level cache

// A row's place in the order of the work: equal trees have equal numbers.
struct Place {
  u64 tree;
  u64 index;
  u32 row;

  bool operator<(const Place& other) const {
    return tree != other.tree ? tree < other.tree : (index != other.index ? index < other.index : row < other.row);
  }
};

// A row on its way up.
struct Climber {
  const u8* node;
  const u8* siblings;  // not yet used
  const u8* end;
  u64 index;
  u64 width;  // of the level where it is
  u64 tree;
  bool apart;  // from the one before it: they met, and were not the same
};

bool equal(const u8* a, const u8* b) { return memcmp(a, b, kNode) == 0; }

// One piece of work: up to kRowsPerJob rows on their way up.
class Climb {
 public:
  Climb(const Rule& rule, std::span<const Proof> proofs, u8* ok, usize rows)
      : rule_(rule),
        proofs_(proofs),
        ok_(ok),
        stride_(kNode * rule.group()),
        children_(std::make_unique_for_overwrite<u8[]>(stride_ * rows)),
        nodes_(std::make_unique_for_overwrite<u8[]>(kNode * rows)) {
    if (rule_.odd == Odd::promoted) held_ = std::make_unique_for_overwrite<u8[]>(kNode * rows);
  }

  void run(std::span<const Place> places) {
    begin(places);
    for (level_ = 0; live_count_ != 0; ++level_) step();
    for (usize i = 0; i < places.size(); ++i) {
      if (follows_[i] != i) ok_[places[i].row] = ok_[places[follows_[i]].row];
    }
  }

 private:
  // A node that is to be hashed: whose it is, and how many children it has.
  struct Step {
    u32 climber;
    u32 size;
  };

  void begin(std::span<const Place> places) {
    places_ = places.data();
    live_count_ = places.size();
    for (u32 i = 0; i < places.size(); ++i) {
      if (i + kAhead < places.size()) __builtin_prefetch(&proofs_[places[i + kAhead].row]);
      const Proof& proof = proofs_[places[i].row];
      const u8* const end = proof.siblings + kNode * proof.length;
      for (const u8* line = proof.siblings; line < end; line += kLine) __builtin_prefetch(line, 0, 2);
      climbers_[i] = {proof.leaf, proof.siblings, end, proof.index, proof.count, places[i].tree, false};
      live_[i] = i;
      follows_[i] = i;
    }
  }

  const Proof& proof_of(u32 climber) const { return proofs_[places_[climber].row]; }

  // One level up for every climber; those that arrive, fail or follow another are dropped.
  void step() {
    step_count_ = 0;
    usize kept = 0;
    for (usize i = 0; i < live_count_; ++i) {
      if (proceeds(live_[i])) live_[kept++] = live_[i];
    }
    live_count_ = kept;
    hash();
  }

  // True iff this climber has another level to go after this one.
  bool proceeds(u32 number) {
    Climber& climber = climbers_[number];
    if (climber.width == 1) {
      arrive(number);
      return false;
    }
    const u32 size = group_size(rule_, climber.width, climber.index >> rule_.bits);
    if (size == 1 && rule_.odd == Odd::promoted) {
      u8* const held = held_.get() + kNode * number;
      memmove(held, climber.node, kNode);
      climber.node = held;
      rise(climber);
      return true;
    }
    const u32 children = gather(number, size, children_.get() + stride_ * step_count_);
    if (children == 0) return false;
    rise(climber);
    if (shares(number, children)) return false;
    steps_[step_count_++] = {number, children};
    return true;
  }

  void rise(Climber& climber) const {
    climber.index >>= rule_.bits;
    climber.width = width_above(rule_, climber.width);
  }

  void arrive(u32 number) {
    const Proof& proof = proof_of(number);
    u8 root[kNode];
    finish_root(rule_, root, climbers_[number].node, proof.count);
    ok_[places_[number].row] = equal(root, proof.root);
  }

  // Writes the children of the climber's parent to `out`, its node among them, and uses up its siblings. Returns how
  // many there are; 0: the proof does not hold.
  u32 gather(u32 number, u32 size, u8* out) {
    Climber& climber = climbers_[number];
    if (rule_.bits != 1) {
      for (u32 k = 0; k < size; ++k) memcpy(out + kNode * k, k == own(climber) ? climber.node : take(climber), kNode);
      return size;
    }
    if (size == 1 && rule_.odd == Odd::grouped) {
      memcpy(out, climber.node, kNode);
      return 1;
    }
    const u8* const sibling = take(climber);
    if (size == 1) {
      if (!equal(sibling, rule_.odd == Odd::zeros ? zero_node(level_) : climber.node)) return 0;
    } else if (rule_.can_mutate() && equal(sibling, climber.node)) {
      return 0;
    }
    const bool swapped = rule_.swaps && !is_whole(level_ + 1, climber.index >> 1, proof_of(number).count);
    // The side is a bit that nobody can predict, so it is no branch.
    const usize at = kNode * static_cast<usize>((climber.index & 1) ^ static_cast<u64>(swapped));
    memcpy(out + at, climber.node, kNode);
    memcpy(out + kNode - at, sibling, kNode);
    return 2;
  }

  u32 own(const Climber& climber) const { return static_cast<u32>(climber.index & (rule_.group() - 1)); }

  static const u8* take(Climber& climber) {
    const u8* const sibling = climber.siblings;
    climber.siblings += kNode;
    return sibling;
  }

  // True iff the climber, whose children were just gathered, is where the last one that was kept is, with all that is
  // left to do the same: it follows that one. Two that once meet and differ are never asked about again: what differs,
  // in the children or in a sibling further up, makes every node from there on differ.
  bool shares(u32 number, u32 size) {
    if (step_count_ == 0) return false;
    Climber& climber = climbers_[number];
    const Climber& other = climbers_[steps_[step_count_ - 1].climber];
    if (other.index != climber.index || other.tree != climber.tree || climber.apart) return false;
    const usize rest = static_cast<usize>(climber.end - climber.siblings);
    const u8* const mine = children_.get() + stride_ * step_count_;
    climber.apart = steps_[step_count_ - 1].size != size || static_cast<usize>(other.end - other.siblings) != rest ||
                    memcmp(mine, mine - stride_, kNode * size) != 0 || (rest != 0 && differ(climber, other, rest));
    if (!climber.apart) follows_[number] = steps_[step_count_ - 1].climber;
    return !climber.apart;
  }

  // Whether siblings of `rest` bytes differ; the last one is looked at first, where rows of other trees would differ.
  static bool differ(const Climber& a, const Climber& b, usize rest) {
    return !equal(a.end - kNode, b.end - kNode) || memcmp(a.siblings, b.siblings, rest) != 0;
  }

  // The parents of all that were gathered. They take the place of the nodes below them, which nobody reads any more.
  void hash() {
    u8* const nodes = nodes_.get();
    if (rule_.pairs != nullptr) rule_.pairs(nodes, children_.get(), step_count_);
    groups_.clear();
    for (usize i = 0; i < step_count_; ++i) {
      if (rule_.pairs != nullptr && steps_[i].size == 2) continue;
      const u64 first = climbers_[steps_[i].climber].index << rule_.bits;
      groups_.push_back({children_.get() + stride_ * i, nodes + kNode * i, first, steps_[i].size, level_ == 0});
    }
    hash_groups(rule_, groups_);
    for (usize i = 0; i < step_count_; ++i) climbers_[steps_[i].climber].node = nodes + kNode * i;
  }

  static constexpr usize kLine = 64;  // proofs lie anywhere: all of a piece's are asked for at once
  static constexpr usize kAhead = 8;

  const Rule& rule_;
  std::span<const Proof> proofs_;
  u8* ok_;
  usize stride_;  // bytes between the children of two steps
  u32 level_ = 0;
  const Place* places_ = nullptr;
  std::unique_ptr<u8[]> children_;  // of the steps
  std::unique_ptr<u8[]> nodes_;     // over them, where climbers stand
  std::unique_ptr<u8[]> held_;      // nodes that were promoted, by place within the piece
  Climber climbers_[kRowsPerJob];   // by place within the piece
  u32 follows_[kRowsPerJob];        // by place within the piece: whose answer it has
  u32 live_[kRowsPerJob];           // places of those that are not there yet, in order
  Step steps_[kRowsPerJob];
  usize live_count_ = 0;
  usize step_count_ = 0;
  std::vector<Group> groups_;
};

// Sorts by index, rows of one index in the order they have; indices are below `count`.
void sort_by_index(std::vector<Place>& places, u64 count) {
  constexpr u32 kDigit = 11;
  constexpr usize kFew = 256;
  if (std::is_sorted(places.begin(), places.end())) return;
  const u32 bits = static_cast<u32>(std::bit_width(count - 1));
  if (places.size() < kFew || bits > 3 * kDigit) return std::sort(places.begin(), places.end());
  std::vector<Place> other(places.size());
  for (u32 shift = 0; shift < bits; shift += kDigit) {
    u32 at[(1 << kDigit) + 1] = {};
    const auto digit = [shift](const Place& place) { return (place.index >> shift) & ((1 << kDigit) - 1); };
    for (const Place& place : places) ++at[digit(place) + 1];
    for (u32 i = 1; i < 1 << kDigit; ++i) at[i] += at[i - 1];
    for (const Place& place : places) other[at[digit(place)]++] = place;
    places.swap(other);
  }
}

// Rows that could hold, in the order of the work.
std::vector<Place> places_of(const Rule& rule, std::span<const Proof> proofs, u8* ok) {
  std::vector<Place> places;
  places.reserve(proofs.size());
  bool one_tree = true;
  for (u32 i = 0; i < proofs.size(); ++i) {
    const Proof& proof = proofs[i];
    ok[i] = 0;
    if (proof.leaf == nullptr || proof.index >= proof.count || !is_count(rule, proof.count)) continue;
    if (proof.length != proof_length(rule, proof.index, proof.count)) continue;
    places.push_back({0, proof.index, i});
    const Proof& first = proofs[places.front().row];
    one_tree = one_tree && proof.count == first.count && (proof.root == first.root || equal(proof.root, first.root));
  }
  if (one_tree) {
    if (!places.empty()) sort_by_index(places, proofs[places.front().row].count);
    return places;
  }
  // Most roots differ in their first bytes, which lie in the place itself: rows are not looked up to sort them.
  for (Place& place : places) place.tree = load_be64(proofs[place.row].root);
  std::sort(places.begin(), places.end(), [&](const Place& a, const Place& b) {
    if (a.tree != b.tree) return a.tree < b.tree;
    const Proof& x = proofs[a.row];
    const Proof& y = proofs[b.row];
    const int roots = memcmp(x.root, y.root, kNode);
    return roots != 0 ? roots < 0 : x.count != y.count ? x.count < y.count : a < b;
  });
  places.front().tree = 0;
  for (usize i = 1; i < places.size(); ++i) {
    const Proof& before = proofs[places[i - 1].row];
    const Proof& here = proofs[places[i].row];
    const bool same = before.count == here.count && equal(before.root, here.root);
    places[i].tree = places[i - 1].tree + (same ? 0 : 1);
  }
  return places;
}

}  // namespace

void verify(const Rule& rule, std::span<const Proof> proofs, u8* ok, const Spread& spread) {
  constexpr usize kMost = usize{1} << 30;  // rows have numbers of 32 bits
  while (proofs.size() > kMost) {
    verify(rule, proofs.first(kMost), ok, spread);
    proofs = proofs.subspan(kMost);
    ok += kMost;
  }
  const std::vector<Place> places = places_of(rule, proofs, ok);
  spread((places.size() + kRowsPerJob - 1) / kRowsPerJob, [&](usize job) {
    const usize first = job * kRowsPerJob;
    const usize rows = std::min(kRowsPerJob, places.size() - first);
    Climb climb(rule, proofs, ok, rows);
    climb.run(std::span(places).subspan(first, rows));
  });
}

bool verify_multiproof(const Rule& rule, const u8* root, u64 count, std::span<const u64> indices, const u8* leaves,
                       const u8* siblings, usize length) {
  if (indices.empty() || !is_count(rule, count) || indices.back() >= count) return false;
  for (usize i = 1; i < indices.size(); ++i) {
    if (indices[i - 1] >= indices[i]) return false;
  }
  const usize stride = kNode * rule.group();
  std::vector<u64> known(indices.begin(), indices.end());
  std::vector<u8> nodes(leaves, leaves + kNode * indices.size());
  std::vector<u8> children(stride * indices.size());
  std::vector<Group> groups;
  bool clean = true;
  u32 level = 0;
  for (u64 width = count; width > 1; width = width_above(rule, width), ++level) {
    groups.clear();
    usize above = 0;
    for (usize i = 0; i < known.size();) {
      const u64 parent = known[i] >> rule.bits;
      const u32 size = group_size(rule, width, parent);
      u8* const group = children.data() + stride * above;
      for (u32 k = 0; k < size; ++k) {
        const bool have = i < known.size() && known[i] == (parent << rule.bits) + k;
        if (!have && length == 0) return false;
        memcpy(group + kNode * k, have ? nodes.data() + kNode * i : siblings, kNode);
        if (have) {
          ++i;
        } else {
          siblings += kNode;
          --length;
        }
      }
      groups.push_back({group, nodes.data() + kNode * above, parent << rule.bits, size, level == 0});
      known[above++] = parent;
    }
    known.resize(above);
    if (rule.pairs == nullptr) {
      hash_groups(rule, groups);
    } else {
      // Only the last group can be short, and it is the level's last: the children are those of one run of a level.
      const usize run = 2 * (above - 1) + groups.back().size;
      clean &= raise(rule, nodes.data(), children.data(), {level, 2 * (known.back() - (above - 1)), run, count});
    }
  }
  u8 got[kNode];
  finish_root(rule, got, nodes.data(), count);
  return clean && length == 0 && equal(got, root);
}

}  // namespace isthmus::merkle
