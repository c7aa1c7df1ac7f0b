#include "merkle/trie_proof.hpp"

#include <algorithm>
#include <bit>
#include <vector>

#include "base/check.hpp"
#include "hash/hash.hpp"
#include "merkle/trie.hpp"
#include "merkle/trie_node.hpp"
#include "wire/rlp.hpp"

namespace isthmus::merkle {
namespace {

using wire::RlpItem;

constexpr usize kBranchItems = kBranchChildren + 1;
constexpr u8 kEmptyTrie = wire::kRlpString;

// ---- one hash for each node ----

// Digests of nodes, those of equal bytes computed once. Nodes with equal marks are compared, at most kProbes of them,
// so bytes that were made to share marks are hashed more than once but never make the search long.
class Digests {
 public:
  static constexpr usize kNodesMax = usize{1} << 31;

  explicit Digests(usize count) : table_(std::bit_ceil(2 * count + 1), kNone) { numbers_.reserve(count); }

  void add(Bytes node) { numbers_.push_back(number_of(node)); }

  // Stands for a node that nobody asks about.
  void skip() { numbers_.push_back(kNone); }

  void hash() {
    digests_.resize(kTrieRoot * unique_.size());
    std::vector<hash::Segment> segments(unique_.size());
    std::vector<hash::Message> messages(unique_.size());
    for (usize i = 0; i < unique_.size(); ++i) {
      segments[i] = {unique_[i].data(), unique_[i].size()};
      messages[i] = {&segments[i], 1, digests_.data() + kTrieRoot * i};
    }
    hash::digest_many(Hash::keccak256, messages);
  }

  // Of the node that was added or skipped as number `i`; nothing, which equals no hash, where it was skipped.
  Bytes operator[](usize i) const {
    if (numbers_[i] == kNone) return {};
    return {digests_.data() + kTrieRoot * numbers_[i], kTrieRoot};
  }

 private:
  static constexpr u32 kNone = ~u32{0};
  static constexpr usize kProbes = 8;

  // The length and words from both ends and the middle: nodes are made of hashes, so few bytes tell them apart.
  static u64 mark_of(Bytes node) {
    constexpr u64 kOdd = 0x9e3779b97f4a7c15;  // 2^64 / the golden ratio
    u64 mark = node.size();
    if (node.size() < 8) {
      for (const u8 byte : node) mark = (mark ^ byte) * kOdd;
      return mark ^ mark >> 32;
    }
    for (const usize at : {usize{0}, node.size() / 2 - 4, node.size() - 8}) {
      mark = (mark ^ load_le64(node.data() + at)) * kOdd;
      mark ^= mark >> 32;
    }
    return mark;
  }

  u32 number_of(Bytes node) {
    const usize mask = table_.size() - 1;
    usize at = static_cast<usize>(mark_of(node)) & mask;
    for (usize probe = 0; probe < kProbes && table_[at] != kNone; ++probe, at = (at + 1) & mask) {
      if (equal(unique_[table_[at]], node)) return table_[at];
    }
    const u32 number = static_cast<u32>(unique_.size());
    unique_.push_back(node);
    table_[at] = number;
    return number;
  }

  std::vector<u32> table_;
  std::vector<u32> numbers_;  // of each node that was added
  std::vector<Bytes> unique_;
  std::vector<u8> digests_;
};

// ---- nodes ----

// Nibbles of a hex-prefix path.
struct Path {
  Bytes bytes;
  bool is_odd = false;
  bool is_leaf = false;

  usize len() const { return 2 * bytes.size() - (is_odd ? 1 : 2); }
  u8 operator[](usize i) const { return nibble(bytes, i + (is_odd ? 1 : 2)); }
};

struct Node {
  bool is_branch = false;
  RlpItem items[kBranchItems];  // of a leaf or extension only the first two
  Path path;                    // of a leaf or extension
};

// Flags 0 to 3, and a zero nibble to pad an even path.
bool read_path(const RlpItem& item, Path& path) {
  if (item.is_list || item.payload.empty() || item.payload[0] >= 2 * kLeafFlag) return false;
  path = {item.payload, (item.payload[0] & kOddFlag) != 0, (item.payload[0] & kLeafFlag) != 0};
  return path.is_odd || (item.payload[0] & 0x0f) == 0;
}

// A hash, or a node that is shorter than one.
bool is_child(const RlpItem& item) {
  if (!item.is_list) return item.payload.size() == kTrieRoot;
  return item.encoding.size() < kInline && wire::is_canonical_rlp(item.encoding);
}

bool is_empty(const RlpItem& item) { return !item.is_list && item.payload.empty(); }

bool is_branch(const Node& node) {
  for (usize i = 0; i < kBranchChildren; ++i) {
    if (!is_empty(node.items[i]) && !is_child(node.items[i])) return false;
  }
  return !node.items[kBranchChildren].is_list;
}

bool is_leaf_or_extension(Node& node) {
  if (!read_path(node.items[0], node.path)) return false;
  const RlpItem& second = node.items[1];
  if (node.path.is_leaf) return !second.is_list && !second.payload.empty();
  return node.path.len() != 0 && is_child(second);
}

bool read_node(Bytes encoding, Node& node) {
  RlpItem list;
  if (!wire::take_rlp(encoding, list) || !encoding.empty() || !list.is_list) return false;
  usize count = 0;
  for (Bytes rest = list.payload; !rest.empty(); ++count) {
    if (count == kBranchItems || !wire::take_rlp(rest, node.items[count])) return false;
  }
  node.is_branch = count == kBranchItems;
  return node.is_branch ? is_branch(node) : count == 2 && is_leaf_or_extension(node);
}

// ---- one proof ----

class Walk {
 public:
  Walk(Bytes key, std::span<const Bytes> nodes, const Digests& digests, usize first)
      : key_(key), nodes_(nodes), digests_(digests), first_(first) {}

  TrieAnswer run(Bytes root, Bytes& value) {
    const TrieAnswer answer = follow(root, value);
    return used_ == nodes_.size() ? answer : TrieAnswer::refused;
  }

 private:
  TrieAnswer follow(Bytes root, Bytes& value) {
    Node node;
    Bytes encoding;
    if (!take(root, encoding)) return TrieAnswer::refused;
    bool is_after_extension = false;
    // Every turn but the last takes a nibble of the key or more: an extension's path is not empty.
    while (read_node(encoding, node) && !(is_after_extension && !node.is_branch)) {
      is_after_extension = !node.is_branch;
      const RlpItem* next;
      if (node.is_branch) {
        if (at_ == 2 * key_.size()) return answer(node.items[kBranchChildren].payload, value);
        next = &node.items[nibble(key_, at_++)];
        if (is_empty(*next)) return TrieAnswer::absent;
      } else {
        const bool is_on_path = takes_path(node.path);
        if (node.path.is_leaf) {
          return answer(is_on_path && at_ == 2 * key_.size() ? node.items[1].payload : Bytes(), value);
        }
        if (!is_on_path) return TrieAnswer::absent;
        next = &node.items[1];
      }
      if (next->is_list) {
        encoding = next->encoding;
      } else if (!take(next->payload, encoding) || encoding.size() < kInline) {
        return TrieAnswer::refused;
      }
    }
    return TrieAnswer::refused;
  }

  static TrieAnswer answer(Bytes found, Bytes& value) {
    value = found;
    return found.empty() ? TrieAnswer::absent : TrieAnswer::present;
  }

  // The next node of the proof, which must be the one of that hash.
  bool take(Bytes reference, Bytes& encoding) {
    if (used_ == nodes_.size() || !equal(digests_[first_ + used_], reference)) return false;
    encoding = nodes_[used_++];
    return true;
  }

  bool takes_path(const Path& path) {
    const usize len = path.len();
    if (len > 2 * key_.size() - at_) return false;
    for (usize i = 0; i < len; ++i) {
      if (path[i] != nibble(key_, at_ + i)) return false;
    }
    at_ += len;
    return true;
  }

  Bytes key_;
  std::span<const Bytes> nodes_;
  const Digests& digests_;
  usize first_;  // of this proof's nodes among the digests
  usize used_ = 0;
  usize at_ = 0;  // nibbles of the key behind us
};

// ---- many proofs ----

class Rows {
 public:
  explicit Rows(const TrieProofs& proofs) : proofs_(proofs) {}

  Bytes root(usize i) const { return proofs_.roots.size() == 1 ? proofs_.roots[0] : proofs_.roots[i]; }
  usize first(usize i) const { return i == 0 ? 0 : proofs_.node_ends[i - 1]; }
  std::span<const Bytes> nodes(usize i) const {
    return proofs_.nodes.subspan(first(i), proofs_.node_ends[i] - first(i));
  }

  bool is_of_empty_trie(usize i) const {
    const std::span<const Bytes> given = nodes(i);
    return given.empty() || (given.size() == 1 && equal(given[0], {&kEmptyTrie, 1}));
  }

  // A path has a node for each nibble at most, and one behind the last.
  bool may_hold(usize i) const {
    return root(i).size() == kTrieRoot && nodes(i).size() <= 2 * proofs_.keys[i].size() + 1;
  }

 private:
  const TrieProofs& proofs_;
};

}  // namespace

void read_trie_proofs(const TrieProofs& proofs, std::span<TrieAnswer> answers, std::span<Bytes> values) {
  ISTHMUS_CHECK(proofs.nodes.size() < Digests::kNodesMax);
  const Rows rows(proofs);
  Digests digests(proofs.nodes.size());
  for (usize i = 0; i < proofs.keys.size(); ++i) {
    const bool asks = rows.may_hold(i) && !rows.is_of_empty_trie(i);
    for (const Bytes& node : rows.nodes(i)) asks ? digests.add(node) : digests.skip();
  }
  digests.hash();
  for (usize i = 0; i < proofs.keys.size(); ++i) {
    values[i] = {};
    if (!rows.may_hold(i)) {
      answers[i] = TrieAnswer::refused;
    } else if (rows.is_of_empty_trie(i)) {
      answers[i] = equal(rows.root(i), {empty_trie_root(), kTrieRoot}) ? TrieAnswer::absent : TrieAnswer::refused;
    } else {
      Walk walk(proofs.keys[i], rows.nodes(i), digests, rows.first(i));
      answers[i] = walk.run(rows.root(i), values[i]);
    }
    if (answers[i] != TrieAnswer::present) values[i] = {};
  }
}

}  // namespace isthmus::merkle
