#include "merkle/trie.hpp"

#include <algorithm>
#include <bit>
#include <compare>
#include <memory>
#include <vector>

#include "base/check.hpp"
#include "base/made_once.hpp"
#include "hash/hash.hpp"
#include "merkle/trie_node.hpp"
#include "wire/rlp.hpp"

namespace isthmus::merkle {
namespace {

using hash::Message;
using hash::Segment;

constexpr usize kNodesAtOnce = 512;  // written before they are hashed: their headers stay in the second-level cache
constexpr usize kBranchMax = wire::kRlpHeaderMax + kBranchChildren * (1 + kTrieRoot) + wire::kRlpHeaderMax;
constexpr u32 kNone = ~u32{0};
constexpr u32 kIsBranch = u32{1} << 31;  // in a child's number: a branch's, else an item's

// Nibbles that both keys begin with.
usize common_prefix(Bytes a, Bytes b) {
  const usize size = std::min(a.size(), b.size());
  usize i = 0;
  for (; i + 8 <= size; i += 8) {
    const u64 differ = load_be64(a.data() + i) ^ load_be64(b.data() + i);
    if (differ != 0) return 2 * i + static_cast<usize>(std::countl_zero(differ)) / 4;
  }
  for (; i < size; ++i) {
    if (a[i] != b[i]) return 2 * i + ((a[i] ^ b[i]) < 0x10 ? 1 : 0);
  }
  return 2 * size;
}

struct Item {
  Bytes key;
  Bytes value;
  usize path_at = 0;  // nibble of the key where the leaf's path begins
};

// A branch, and the extension before it where path_at < depth.
struct Branch {
  Branch(usize depth_of_children, u32 any_item) : item(any_item), depth(depth_of_children) {
    std::fill_n(children, kBranchChildren, kNone);
  }

  u32 children[kBranchChildren];
  u32 value_item = kNone;
  u32 item;           // any item below: its key holds the path
  u32 height = 1;     // 1 + that of the highest child; leaves are at 0
  usize depth;        // nibbles before its children's
  usize path_at = 0;  // where the extension's path begins

  bool has_extension() const { return path_at < depth; }
  u32 top() const { return height + (has_extension() ? 1 : 0); }
};

// What stands for a node in its parent: its hash, or its whole encoding where that is shorter.
struct Ref {
  u8 bytes[kTrieRoot];
  u8 len;
};

usize ref_len(const Ref& ref) { return ref.len == kTrieRoot ? 1 + kTrieRoot : ref.len; }

u8* write_ref(u8* out, const Ref& ref) {
  if (ref.len == kTrieRoot) *out++ = wire::kRlpString + kTrieRoot;
  memcpy(out, ref.bytes, kTrieRoot);  // in full however short: every child has room for a hash
  return out + ref.len;
}

class Tries {
 public:
  void reserve(usize items) { items_.reserve(items); }

  void add_item(Bytes key, Bytes value) { items_.push_back({key, value}); }

  // A trie of the items that were added since the last one, which are in ascending order of their keys. False iff two
  // keys are equal.
  bool close() {
    const u32 first = first_;
    first_ = static_cast<u32>(items_.size());
    tops_.push_back(first == first_ ? kNone : first);
    for (u32 i = first; i < first_; ++i) {
      if (!place(i, i + 1 < first_)) return false;
    }
    return true;
  }

  void hash(u8* roots) {
    leaf_refs_.resize(items_.size());
    branch_refs_.resize(branches_.size());
    hash_leaves();
    hash_branches();
    write_roots(roots);
  }

 private:
  // ---- shape ----
  // open_ holds the branches on the path to the latest item, whose next children are still to come.

  Branch& latest() { return branches_[open_.back()]; }

  void open(usize depth, u32 item) {
    open_.push_back(static_cast<u32>(branches_.size()));
    branches_.emplace_back(depth, item);
  }

  bool place(u32 i, bool has_next) {
    const usize next = has_next ? common_prefix(items_[i].key, items_[i + 1].key) : 0;
    if (has_next && next == 2 * items_[i + 1].key.size()) return false;
    if (has_next && (open_.empty() || next > latest().depth)) open(next, i);
    if (open_.empty()) return true;  // the only item: its path is its whole key
    place_in_latest(i);
    while (!open_.empty() && !(has_next && latest().depth <= next)) close_latest(i, has_next, next);
    return true;
  }

  void place_in_latest(u32 i) {
    Branch& branch = latest();
    Item& item = items_[i];
    if (2 * item.key.size() == branch.depth) {
      branch.value_item = i;
      return;
    }
    branch.children[nibble(item.key, branch.depth)] = i;
    item.path_at = branch.depth + 1;
  }

  // The latest branch has all its children. Its parent is the branch before it, or one that begins at `next`.
  void close_latest(u32 item, bool has_next, usize next) {
    const u32 closed = open_.back();
    open_.pop_back();
    if (has_next && (open_.empty() || latest().depth < next)) open(next, item);
    if (open_.empty()) {
      tops_.back() = closed | kIsBranch;
      return;
    }
    Branch& parent = latest();
    Branch& child = branches_[closed];
    child.path_at = parent.depth + 1;
    parent.children[nibble(items_[child.item].key, parent.depth)] = closed | kIsBranch;
    parent.height = std::max(parent.height, child.top() + 1);
  }

  // ---- encodings ----

  // Room for a run of encodings that stays where it is until flush().
  void begin_run(usize bytes) {
    text_.resize(std::max(text_.size(), bytes));
    end_ = text_.data();
  }

  // The node whose encoding is text_ from `from` to end_, and then `rest`.
  void put(const u8* from, Bytes rest, Ref& ref) {
    const usize head = static_cast<usize>(end_ - from);
    const usize size = head + rest.size();
    if (size < kInline) {
      memcpy(ref.bytes, from, head);
      if (!rest.empty()) memcpy(ref.bytes + head, rest.data(), rest.size());
      ref.len = static_cast<u8>(size);
      return;
    }
    ref.len = kTrieRoot;
    Segment* const segments = segments_ + 2 * count_;
    segments[0] = {from, head};
    segments[1] = {rest.data(), rest.size()};
    messages_[count_++] = {segments, rest.empty() ? usize{1} : usize{2}, ref.bytes};
  }

  void flush() {
    if (count_ != 0) hash::digest_many(Hash::keccak256, {messages_, count_});
    count_ = 0;
  }

  // Hex-prefix form of the key's nibbles from `from` to `to`.
  static u8* write_path(u8* out, Bytes key, usize from, usize to, u8 flag) {
    if ((to - from) % 2 != 0) {
      *out++ = static_cast<u8>(flag | kOddFlag | nibble(key, from++));
    } else {
      *out++ = flag;
    }
    if (from % 2 == 0) {
      if (from != to) memcpy(out, key.data() + from / 2, (to - from) / 2);
      return out + (to - from) / 2;
    }
    for (; from != to; from += 2) *out++ = static_cast<u8>(nibble(key, from) << 4 | nibble(key, from + 1));
    return out;
  }

  static usize path_len(usize from, usize to) { return (to - from) / 2 + 1; }

  // A path of one byte is below 80 and stands for itself.
  static usize path_string_len(usize len) { return len == 1 ? 1 : wire::rlp_header_len(len) + len; }

  u8* write_path_string(u8* out, Bytes key, usize from, usize to, u8 flag) {
    const usize len = path_len(from, to);
    if (len != 1) out += wire::write_rlp_header(out, wire::kRlpString, len);
    return write_path(out, key, from, to, flag);
  }

  void put_leaf(u32 i) {
    const Item& item = items_[i];
    const u8* const from = end_;
    const usize to = 2 * item.key.size();
    const usize payload =
        path_string_len(path_len(item.path_at, to)) + wire::rlp_string_header_len(item.value) + item.value.size();
    end_ += wire::write_rlp_header(end_, wire::kRlpList, payload);
    end_ = write_path_string(end_, item.key, item.path_at, to, kLeafFlag);
    end_ += wire::write_rlp_string_header(end_, item.value);
    put(from, item.value, leaf_refs_[i]);
  }

  const Ref& ref_of(u32 child) const {
    return (child & kIsBranch) != 0 ? branch_refs_[child & ~kIsBranch] : leaf_refs_[child];
  }

  void put_branch(u32 number) {
    const Branch& branch = branches_[number];
    const Bytes value = branch.value_item == kNone ? Bytes() : items_[branch.value_item].value;
    usize payload = wire::rlp_string_header_len(value) + value.size();
    for (const u32 child : branch.children) payload += child == kNone ? 1 : ref_len(ref_of(child));
    const u8* const from = end_;
    end_ += wire::write_rlp_header(end_, wire::kRlpList, payload);
    for (const u32 child : branch.children) {
      if (child == kNone) {
        *end_++ = wire::kRlpString;
      } else {
        end_ = write_ref(end_, ref_of(child));
      }
    }
    end_ += wire::write_rlp_string_header(end_, value);
    put(from, value, branch_refs_[number]);
  }

  // Takes the place of its branch in branch_refs_.
  void put_extension(u32 number) {
    const Branch& branch = branches_[number];
    Ref& ref = branch_refs_[number];
    const u8* const from = end_;
    const usize payload = path_string_len(path_len(branch.path_at, branch.depth)) + ref_len(ref);
    end_ += wire::write_rlp_header(end_, wire::kRlpList, payload);
    end_ = write_path_string(end_, items_[branch.item].key, branch.path_at, branch.depth, 0);
    end_ = write_ref(end_, ref);
    put(from, {}, ref);
  }

  // ---- levels ----

  // A value in a branch has no leaf; what is computed in its place is read by nobody.
  bool is_leaf(u32 i) const { return items_[i].path_at != kInBranch; }

  void hash_leaves() {
    for (const Branch& branch : branches_) {
      if (branch.value_item != kNone) items_[branch.value_item].path_at = kInBranch;
    }
    for (usize at = 0; at < items_.size(); at += kNodesAtOnce) {
      const usize last = std::min(items_.size(), at + kNodesAtOnce);
      usize bytes = 0;
      for (usize i = at; i < last; ++i) bytes += 3 * wire::kRlpHeaderMax + items_[i].key.size() + 1;
      begin_run(bytes);
      for (usize i = at; i < last; ++i) {
        if (is_leaf(static_cast<u32>(i))) put_leaf(static_cast<u32>(i));
      }
      flush();
    }
  }

  // Branches and extensions in ascending order of height: a branch's number at its own, and once more, marked as
  // kExtension, at the one above.
  std::vector<u32> by_height(std::vector<u32>& ends) const {
    u32 highest = 0;
    for (const Branch& branch : branches_) highest = std::max(highest, branch.top());
    ends.assign(usize{highest} + 2, 0);
    for (const Branch& branch : branches_) {
      ++ends[branch.height + 1];
      if (branch.has_extension()) ++ends[branch.height + 2];
    }
    for (usize h = 1; h < ends.size(); ++h) ends[h] += ends[h - 1];
    std::vector<u32> order(ends.back());
    for (u32 b = 0; b < branches_.size(); ++b) {
      const Branch& branch = branches_[b];
      order[ends[branch.height]++] = b;
      if (branch.has_extension()) order[ends[branch.height + 1]++] = b | kExtension;
    }
    return order;
  }

  void hash_branches() {
    std::vector<u32> ends;  // of each height in the order
    const std::vector<u32> order = by_height(ends);
    u32 at = 0;
    for (const u32 end : ends) {
      for (; at < end; at += kNodesAtOnce) hash_run({order.data() + at, std::min<usize>(end - at, kNodesAtOnce)});
      at = end;
    }
  }

  void hash_run(std::span<const u32> run) {
    usize bytes = 0;
    for (const u32 job : run) {
      const Branch& branch = branches_[job & ~kExtension];
      bytes += kBranchMax + ((job & kExtension) != 0 ? (branch.depth - branch.path_at) / 2 + 1 : 0);
    }
    begin_run(bytes);
    for (const u32 job : run) {
      if ((job & kExtension) != 0) {
        put_extension(job & ~kExtension);
      } else {
        put_branch(job);
      }
    }
    flush();
  }

  // A root is hashed however short it is.
  void write_roots(u8* roots) {
    for (usize i = 0; i < tops_.size(); ++i) {
      u8* const out = roots + kTrieRoot * i;
      if (tops_[i] == kNone) {
        memcpy(out, empty_trie_root(), kTrieRoot);
        continue;
      }
      const Ref& ref = ref_of(tops_[i]);
      if (ref.len == kTrieRoot) {
        memcpy(out, ref.bytes, kTrieRoot);
        continue;
      }
      segments_[count_] = {ref.bytes, ref.len};
      messages_[count_] = {segments_ + count_, 1, out};
      if (++count_ == kNodesAtOnce) flush();
    }
    flush();
  }

  static constexpr u32 kExtension = u32{1} << 31;
  static constexpr usize kInBranch = ~usize{0};

  std::vector<Item> items_;
  std::vector<Branch> branches_;
  std::vector<u32> open_;
  std::vector<u32> tops_;  // of each trie: its topmost node, kNone if it is empty
  u32 first_ = 0;          // items from here on are in no trie yet
  std::vector<Ref> leaf_refs_;
  std::vector<Ref> branch_refs_;
  // A run.
  std::vector<u8> text_;
  u8* end_ = nullptr;
  Segment segments_[2 * kNodesAtOnce];
  Message messages_[kNodesAtOnce];
  usize count_ = 0;
};

// ---- the order of keys ----

// A key's first eight bytes decide most comparisons.
struct Sorted {
  u64 head;
  u32 index;
};

u64 head_of(Bytes key) {
  if (key.size() >= 8) return load_be64(key.data());
  u64 head = 0;
  for (usize i = 0; i < key.size(); ++i) head |= static_cast<u64>(key[i]) << (56 - 8 * i);
  return head;
}

std::vector<Sorted> sorted(std::span<const Bytes> keys) {
  std::vector<Sorted> order(keys.size());
  for (usize i = 0; i < keys.size(); ++i) order[i] = {head_of(keys[i]), static_cast<u32>(i)};
  std::sort(order.begin(), order.end(), [keys](const Sorted& a, const Sorted& b) {
    if (a.head != b.head) return a.head < b.head;
    const Bytes x = keys[a.index], y = keys[b.index];
    const auto less = std::lexicographical_compare_three_way(x.begin(), x.end(), y.begin(), y.end());
    return less != 0 ? less < 0 : a.index < b.index;
  });
  return order;
}

// Of the keys that are equal to the one before them in this order, the first in the list.
EqualKeys first_repeated(std::span<const Bytes> keys, std::span<const Sorted> order) {
  EqualKeys found = {0, keys.size()};
  for (usize i = 1; i < order.size(); ++i) {
    const EqualKeys here = {order[i - 1].index, order[i].index};
    if (here.second < found.second && equal(keys[here.first], keys[here.second])) found = here;
  }
  return found;
}

class IndexKeys {
 public:
  explicit IndexKeys(usize count) : keys_(count) {
    for (usize i = 0; i < count; ++i) keys_[i].len = static_cast<u8>(wire::write_rlp_number(keys_[i].bytes, i));
  }

  Bytes operator[](usize i) const { return {keys_[i].bytes, keys_[i].len}; }

 private:
  struct Key {
    u8 bytes[wire::kRlpNumberMax];
    u8 len;
  };

  std::vector<Key> keys_;
};

struct EmptyRoot {
  u8 bytes[kTrieRoot];
};

constinit std::atomic<const EmptyRoot*> empty_root{nullptr};

}  // namespace

// The hash of the empty string's encoding.
const u8* empty_trie_root() {
  const EmptyRoot& root = made_once(empty_root, [] {
    static constexpr u8 kEmpty[] = {wire::kRlpString};
    auto made = std::make_unique<EmptyRoot>();
    const Segment segment = {kEmpty, 1};
    const Message message = {&segment, 1, made->bytes};
    hash::digest_many(Hash::keccak256, {&message, 1});
    return made;
  });
  return root.bytes;
}

std::optional<EqualKeys> trie_root(std::span<const Bytes> keys, std::span<const Bytes> values, u8* root) {
  ISTHMUS_CHECK(keys.size() == values.size() && keys.size() < kIsBranch);
  const std::vector<Sorted> order = sorted(keys);
  const auto tries = std::make_unique_for_overwrite<Tries>();
  tries->reserve(keys.size());
  for (const Sorted& each : order) tries->add_item(keys[each.index], values[each.index]);
  if (!tries->close()) return first_repeated(keys, order);
  tries->hash(root);
  return std::nullopt;
}

void list_roots(std::span<const Bytes> values, std::span<const usize> ends, u8* roots) {
  ISTHMUS_CHECK(values.size() < kIsBranch && (ends.empty() ? 0 : ends.back()) == values.size());
  usize longest = 0;
  for (usize i = 0; i < ends.size(); ++i) longest = std::max(longest, ends[i] - (i == 0 ? 0 : ends[i - 1]));
  const IndexKeys keys(longest);
  const auto tries = std::make_unique_for_overwrite<Tries>();
  tries->reserve(values.size());
  usize first = 0;
  for (const usize end : ends) {
    // The key of 0 is 80, after those of 1 to 127, which are single bytes, and before 81 80.
    const std::span<const Bytes> list = values.subspan(first, end - first);
    constexpr usize kSingle = 0x80;
    for (usize i = 1; i < std::min(list.size(), kSingle); ++i) tries->add_item(keys[i], list[i]);
    if (!list.empty()) tries->add_item(keys[0], list[0]);
    for (usize i = kSingle; i < list.size(); ++i) tries->add_item(keys[i], list[i]);
    const bool distinct = tries->close();
    ISTHMUS_CHECK(distinct);
    static_cast<void>(distinct);
    first = end;
  }
  tries->hash(roots);
}

}  // namespace isthmus::merkle
