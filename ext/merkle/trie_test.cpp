// Tries against a recursive definition over maps, and proofs made by it: shapes, inlined nodes, runs, and refusals.
#include "merkle/trie.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <string>

#include "hash/slow_test.hpp"
#include "merkle/trie_proof.hpp"
#include "wire/rlp.hpp"

using namespace isthmus;
using slow::Buffer;

namespace {

using Path = std::string;  // of nibbles
using Items = std::map<Path, Buffer>;

Path nibbles(Bytes key) {
  Path out;
  for (const u8 byte : key) {
    out.push_back(static_cast<char>(byte >> 4));
    out.push_back(static_cast<char>(byte & 15));
  }
  return out;
}

// Not inlined: GCC 12 for AArch64 warns of bytes behind the header that nobody writes.
[[gnu::noinline]] Buffer with_header(u8 kind, const Buffer& payload) {
  u8 header[2 * wire::kRlpHeaderMax];
  const usize size = wire::write_rlp_header(header, kind, payload.size());
  Buffer out(header, header + size);
  out.insert(out.end(), payload.begin(), payload.end());
  return out;
}

Buffer string(const Buffer& payload) {
  return wire::stands_for_itself(payload) ? payload : with_header(wire::kRlpString, payload);
}

void append(Buffer& out, const Buffer& more) { out.insert(out.end(), more.begin(), more.end()); }

Buffer hex_prefix(const Path& path, bool leaf) {
  Path whole(1, static_cast<char>((leaf ? 2 : 0) + path.size() % 2));
  if (path.size() % 2 == 0) whole.push_back(0);
  whole.append(path);
  Buffer out;
  for (usize i = 0; i < whole.size(); i += 2) out.push_back(static_cast<u8>(whole[i] << 4 | whole[i + 1]));
  return out;
}

// Nibbles that all paths begin with.
usize common_prefix(const Items& items) {
  const Path& first = items.begin()->first;
  const Path& last = items.rbegin()->first;
  return static_cast<usize>(std::mismatch(first.begin(), first.end(), last.begin(), last.end()).first - first.begin());
}

// c of the Yellow Paper, appendix D, encoded: the node of all items, of whose paths `at` nibbles are behind us.
Buffer node(const Items& items, usize at);

Buffer child(const Items& items, usize at) {
  const Buffer encoding = node(items, at);
  return encoding.size() < 32 ? encoding : with_header(wire::kRlpString, slow::keccak256(encoding));
}

Buffer branch(const Items& items, usize at) {
  Buffer value;
  Items below[16];
  for (const auto& [path, held] : items) {
    if (path.size() == at) {
      value = held;
    } else {
      below[static_cast<usize>(path[at])][path] = held;
    }
  }
  Buffer payload;
  for (const Items& each : below) append(payload, each.empty() ? Buffer{0x80} : child(each, at + 1));
  append(payload, string(value));
  return with_header(wire::kRlpList, payload);
}

Buffer node(const Items& items, usize at) {
  const auto& [path, value] = *items.begin();
  const usize common = common_prefix(items);
  if (items.size() > 1 && common == at) return branch(items, at);
  const bool is_leaf = items.size() == 1;
  Buffer payload = string(hex_prefix(path.substr(at, common - at), is_leaf));
  append(payload, is_leaf ? string(value) : child(items, common));
  return with_header(wire::kRlpList, payload);
}

// The hashed nodes on a key's path, root first, as eth_getProof gives them.
std::vector<Buffer> proof_of(Items items, const Path& path) {
  std::vector<Buffer> proof;
  for (usize at = 0; !items.empty();) {
    const Buffer encoding = node(items, at);
    if (encoding.size() >= 32 || proof.empty()) proof.push_back(encoding);
    const usize common = common_prefix(items);
    if (items.size() == 1 || path.compare(0, common, items.begin()->first, 0, common) != 0) break;
    if (common > at) {
      at = common;
      continue;
    }
    if (path.size() == at) break;
    std::erase_if(items, [&](const auto& each) { return each.first.size() <= at || each.first[at] != path[at]; });
    ++at;
  }
  return proof;
}

struct Made {
  std::vector<Buffer> keys;
  std::vector<Buffer> values;

  void add(Buffer key, Buffer value) {
    if (std::find(keys.begin(), keys.end(), key) != keys.end()) return;
    keys.push_back(std::move(key));
    values.push_back(std::move(value));
  }

  Items items() const {
    Items out;
    for (usize i = 0; i < keys.size(); ++i) out[nibbles(keys[i])] = values[i];
    return out;
  }

  Buffer root() const {
    const std::vector<Bytes> key_rows(keys.begin(), keys.end()), value_rows(values.begin(), values.end());
    Buffer out(merkle::kTrieRoot, 0xee);
    REQUIRE_FALSE(merkle::trie_root(key_rows, value_rows, out.data()));
    return out;
  }

  Buffer slow_root() const { return slow::keccak256(keys.empty() ? Buffer{0x80} : node(items(), 0)); }
};

// Keys of few different nibbles, so that they share paths and begin each other.
Made make(usize count, usize seed) {
  Made made;
  for (usize i = 0; i < count; ++i) {
    const Buffer dice = slow::paint(40, 1000 * seed + i);
    Buffer key;
    for (usize j = dice[0] % (2 + seed % 5); j != 0; --j) {
      key.push_back(static_cast<u8>((dice[j] & 1) << 4 | (dice[j] >> 4 & 1)));
    }
    made.add(key, slow::paint(1 + dice[30] % (seed % 3 == 0 ? 3 : 90), i));
  }
  return made;
}

TEST_CASE("trie roots equal the recursive definition") {
  for (usize seed = 0; seed < 60; ++seed) {
    const Made made = make(seed % 23, seed);
    CHECK(made.root() == made.slow_root());
  }
}

TEST_CASE("trie roots of lists, alone and together") {
  std::vector<Buffer> held;
  for (usize i = 0; i < 600; ++i) held.push_back(slow::paint(1 + i % 70, i));
  const std::vector<Bytes> values(held.begin(), held.end());
  const std::vector<usize> sizes = {0, 1, 2, 16, 17, 127, 128, 129, 180};
  std::vector<usize> ends;
  usize end = 0;
  for (const usize size : sizes) ends.push_back(end += size);
  REQUIRE(end == 600);
  Buffer roots(merkle::kTrieRoot * sizes.size());
  merkle::list_roots(values, ends, roots.data());
  for (usize i = 0; i < sizes.size(); ++i) {
    Made made;
    for (usize j = 0; j < sizes[i]; ++j) {
      Buffer index;
      for (usize left = j; left != 0; left >>= 8) index.insert(index.begin(), static_cast<u8>(left));
      made.add(string(index), held[ends[i] - sizes[i] + j]);
    }
    const Buffer wanted = made.slow_root();
    CHECK(std::equal(wanted.begin(), wanted.end(), roots.begin() + static_cast<i64>(merkle::kTrieRoot * i)));
    CHECK(made.root() == wanted);
  }
}

TEST_CASE("equal keys of a trie are told") {
  const Buffer a = {1, 2}, b = {1}, value = {3};
  const auto told = [&](const std::vector<Bytes>& keys) {
    const std::vector<Bytes> values(keys.size(), value);
    u8 root[merkle::kTrieRoot];
    const auto same = merkle::trie_root(keys, values, root);
    return same ? std::pair{same->first, same->second} : std::pair{usize{0}, usize{0}};
  };
  CHECK(told({a, b, a}) == std::pair{usize{0}, usize{2}});
  CHECK(told({Bytes(), Bytes(), a}) == std::pair{usize{0}, usize{1}});
  CHECK(told({b, a, a, Bytes(), b, b, Bytes()}) == std::pair{usize{1}, usize{2}});
  CHECK(told({a, b, Bytes()}) == std::pair{usize{0}, usize{0}});
}

TEST_CASE("the root of the empty trie") {
  const Buffer wanted = slow::keccak256(Buffer{0x80});
  CHECK(equal(wanted, {merkle::empty_trie_root(), merkle::kTrieRoot}));
}

merkle::TrieAnswer ask(Bytes root, Bytes key, const std::vector<Buffer>& proof, Buffer& value) {
  const std::vector<Bytes> nodes(proof.begin(), proof.end());
  const usize end = nodes.size();
  merkle::TrieAnswer answer;
  Bytes found;
  merkle::read_trie_proofs({{&root, 1}, {&key, 1}, nodes, {&end, 1}}, {&answer, 1}, {&found, 1});
  value.assign(found.begin(), found.end());
  return answer;
}

TEST_CASE("trie proofs hold, and do not with any node changed, missing or added") {
  for (usize seed = 0; seed < 40; ++seed) {
    const Made made = make(1 + seed % 19, seed);
    const Buffer root = made.root();
    std::vector<Buffer> keys = made.keys;
    keys.push_back({0x11, 0x22});
    keys.push_back({0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00});
    for (usize i = 0; i < keys.size(); ++i) {
      const std::vector<Buffer> proof = proof_of(made.items(), nibbles(keys[i]));
      const bool is_there = i < made.keys.size();
      Buffer value;
      CHECK(ask(root, keys[i], proof, value) == (is_there ? merkle::TrieAnswer::present : merkle::TrieAnswer::absent));
      CHECK(value == (is_there ? made.values[i] : Buffer()));
      for (usize at = 0; at < proof.size(); ++at) {
        std::vector<Buffer> changed = proof;
        changed[at][seed % changed[at].size()] ^= 1;
        CHECK(ask(root, keys[i], changed, value) == merkle::TrieAnswer::refused);
        changed = proof;
        changed.erase(changed.begin() + static_cast<i64>(at));
        CHECK(ask(root, keys[i], changed, value) == merkle::TrieAnswer::refused);
        changed = proof;
        changed.insert(changed.begin() + static_cast<i64>(at), proof[at]);
        CHECK(ask(root, keys[i], changed, value) == merkle::TrieAnswer::refused);
        CHECK(value.empty());
      }
    }
  }
}

}  // namespace
