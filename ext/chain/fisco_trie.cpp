// The root that releases before rc2 put into headers: a Merkle Patricia trie (Yellow Paper, appendix D) of RLP(i) ->
// value, stated as hash rows. No key is the beginning of another, so branches hold no values.
#include <algorithm>

#include "chain/fisco_claims.hpp"
#include "wire/rlp.hpp"

namespace isthmus::chain::fisco {
namespace {

constexpr usize kInlineMax = 31;  // a node of fewer bytes than a hash stands in its parent itself
constexpr u8 kHashHeader = wire::kRlpString + kHashLen;

struct Item {
  std::vector<u8> path;  // nibbles
  Ref value;
};

// A run of bytes that is known but for the hashes in it.
struct Encoded {
  std::vector<Ref> segments;
  usize len = 0;

  void add(Ref ref) {
    segments.push_back(ref);
    len += ref.len();
  }
  void add(const Encoded& other) {
    segments.insert(segments.end(), other.segments.begin(), other.segments.end());
    len += other.len;
  }
};

std::vector<u8> nibbles_of_rlp(u64 number) {
  std::vector<u8> bytes;
  for (u64 rest = number; rest != 0; rest >>= 8) bytes.insert(bytes.begin(), static_cast<u8>(rest));
  if (!wire::stands_for_itself(bytes)) {
    bytes.insert(bytes.begin(), static_cast<u8>(wire::kRlpString + bytes.size()));
  }
  std::vector<u8> nibbles;
  for (const u8 byte : bytes) {
    nibbles.push_back(byte >> 4);
    nibbles.push_back(byte & 15);
  }
  return nibbles;
}

class Trie {
 public:
  Trie(Sheet& sheet, Hash hash, std::vector<Item> items) : sheet_(sheet), hash_(hash), items_(std::move(items)) {
    std::sort(items_.begin(), items_.end(), comes_before);
  }

  Ref root() {
    if (items_.empty()) return sheet_.hash(hash_, {sheet_.text({wire::kRlpString})});
    return sheet_.hash(hash_, node(0, items_.size(), 0).segments);
  }

 private:
  // No path is the beginning of another, so they differ before either ends.
  static bool comes_before(const Item& a, const Item& b) {
    usize at = 0;
    while (at + 1 < a.path.size() && at + 1 < b.path.size() && a.path[at] == b.path[at]) ++at;
    return a.path[at] < b.path[at];
  }

  // The node of items [first, last), whose paths agree in their first `depth` nibbles. A path has at most ten.
  Encoded node(usize first, usize last, usize depth) {
    const std::vector<u8>& path = items_[first].path;
    if (last - first == 1) return list({compact(path, depth, path.size(), true), string(items_[first].value)});
    usize shared = depth;
    while (path[shared] == items_[last - 1].path[shared]) ++shared;  // sorted: the last one differs first
    if (shared == depth) return branch(first, last, depth);
    return list({compact(path, depth, shared, false), reference(branch(first, last, shared))});
  }

  Encoded branch(usize first, usize last, usize depth) {
    std::vector<Encoded> children;
    usize at = first;
    for (u8 nibble = 0; nibble < 16; ++nibble) {
      usize end = at;
      while (end < last && items_[end].path[depth] == nibble) ++end;
      children.push_back(end == at ? text({wire::kRlpString}) : reference(node(at, end, depth + 1)));
      at = end;
    }
    children.push_back(text({wire::kRlpString}));
    return list(children);
  }

  Encoded reference(const Encoded& child) {
    if (child.len <= kInlineMax) return child;
    Encoded out = text({kHashHeader});
    out.add(sheet_.hash(hash_, child.segments));
    return out;
  }

  // Hex prefix of nibbles [from, to), as a string.
  Encoded compact(const std::vector<u8>& path, usize from, usize to, bool leaf) {
    const bool odd = (to - from) % 2 != 0;
    std::vector<u8> bytes{static_cast<u8>((leaf ? 0x20 : 0) + (odd ? 0x10 + path[from] : 0))};
    for (usize i = from + (odd ? 1 : 0); i < to; i += 2) bytes.push_back(static_cast<u8>(path[i] << 4 | path[i + 1]));
    return string(sheet_.text(bytes));
  }

  Encoded string(Ref value) {
    u8 head[wire::kRlpHeaderMax];
    const usize len = wire::write_rlp_string_header(head, sheet_.bytes(value));
    Encoded out;
    if (len != 0) out.add(sheet_.text(Bytes(head, len)));
    out.add(value);
    return out;
  }

  Encoded list(const std::vector<Encoded>& items) {
    usize payload = 0;
    for (const Encoded& item : items) payload += item.len;
    u8 head[wire::kRlpHeaderMax];
    Encoded out;
    out.add(sheet_.text(Bytes(head, wire::write_rlp_header(head, wire::kRlpList, payload))));
    for (const Encoded& item : items) out.add(item);
    return out;
  }

  Encoded text(std::initializer_list<u8> bytes) {
    Encoded out;
    out.add(sheet_.text(bytes));
    return out;
  }

  Sheet& sheet_;
  Hash hash_;
  std::vector<Item> items_;
};

}  // namespace

Ref state_trie_root(Sheet& sheet, Hash hash, const std::vector<Ref>& values) {
  std::vector<Item> items;
  for (usize i = 0; i < values.size(); ++i) items.push_back({nibbles_of_rlp(i), values[i]});
  return Trie(sheet, hash, std::move(items)).root();
}

}  // namespace isthmus::chain::fisco
