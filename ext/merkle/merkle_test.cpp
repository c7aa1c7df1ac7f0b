// Merkle roots against recursive definitions, the duplicate-leaf mutation, large trees across run boundaries; whole
// trees, their proofs and what is wrong with altered ones. Every rule meets its slow reference in tests/property.
#include "merkle/merkle.hpp"

#include <doctest/doctest.h>

#include <new>

#include "hash/slow_test.hpp"
#include "merkle/frontier.hpp"
#include "merkle/tree.hpp"
#include "merkle/verify.hpp"

using namespace isthmus;
using slow::Buffer;

namespace {

using Node = Buffer;
using Nodes = std::vector<Node>;

Buffer joined(const Nodes& nodes) {
  Buffer out;
  for (const Node& node : nodes) out.insert(out.end(), node.begin(), node.end());
  return out;
}

Nodes leaves(usize count) {
  Nodes out;
  for (usize i = 0; i < count; ++i) out.push_back(slow::sha256(slow::paint(8 + i / 251, i)));
  return out;
}

merkle::Rule rule_of(Tree tree, Hash hash = kUsualHash) {
  merkle::Rule rule;
  REQUIRE(merkle::rule_of(tree, hash, rule));
  return rule;
}

// Writes into a poisoned buffer, so that an output that was not written shows.
bool root(Tree tree, const Nodes& nodes, Node& out) {
  out.assign(32, 0xee);
  const Buffer bytes = joined(nodes);
  return merkle::root(rule_of(tree), bytes.data(), nodes.size(), out.data());
}

constexpr Tree kTrees[] = {
#define X(symbol, number, name) Tree::symbol,
#include "base/trees.def"
#undef X
};

// A whole tree over leaves(count), and every claim about its leaves.
struct Claims {
  merkle::Tree tree;
  Buffer bytes;
  Node root = Node(32);
  Buffer siblings;
  std::vector<merkle::Proof> rows;

  Claims(const merkle::Rule& rule, usize count) : tree(rule), bytes(joined(leaves(count))) {
    REQUIRE(tree.append(bytes.data(), count));
    tree.root(root.data());
    std::vector<u64> indices;
    std::vector<u64> offsets{0};
    for (u64 i = 0; i < count; ++i) {
      indices.push_back(i);
      offsets.push_back(offsets.back() + 32 * merkle::proof_length(rule, i, count));
    }
    siblings.resize(offsets.back() + 1);
    tree.proofs(indices, offsets.data(), siblings.data());
    for (u64 i = 0; i < count; ++i) {
      rows.push_back({root.data(), bytes.data() + 32 * i, siblings.data() + offsets[i],
                      static_cast<usize>(offsets[i + 1] - offsets[i]) / 32, i, count});
    }
  }
};

std::vector<u8> verdicts(const merkle::Rule& rule, const std::vector<merkle::Proof>& rows) {
  std::vector<u8> ok(rows.size() + 1, 9);
  merkle::verify(rule, rows, ok.data());
  CHECK(ok.back() == 9);
  ok.pop_back();
  return ok;
}

bool holds(const merkle::Rule& rule, const merkle::Proof& row) { return verdicts(rule, {row})[0] != 0; }

// Level by level, copying, with the flag of CVE-2012-2459.
bool naive_bitcoin(Nodes nodes, Node& out) {
  bool clean = true;
  while (nodes.size() > 1) {
    for (usize i = 0; i + 1 < nodes.size(); i += 2) clean = clean && nodes[i] != nodes[i + 1];
    if (nodes.size() % 2 != 0) nodes.push_back(nodes.back());
    Nodes above;
    for (usize i = 0; i < nodes.size(); i += 2) above.push_back(slow::sha256d(joined({nodes[i], nodes[i + 1]})));
    nodes = above;
  }
  out = nodes.empty() ? Node(32, 0) : nodes[0];
  return clean;
}

// RFC 6962, section 2.1, as written: recursive, split at the largest power of two below n.
Node naive_rfc6962(const Nodes& nodes) {
  if (nodes.empty()) return slow::sha256({});
  if (nodes.size() == 1) return nodes[0];
  usize split = 1;
  while (2 * split < nodes.size()) split *= 2;
  const auto middle = nodes.begin() + static_cast<std::ptrdiff_t>(split);
  Buffer text{0x01};
  const Node left = naive_rfc6962({nodes.begin(), middle});
  const Node right = naive_rfc6962({middle, nodes.end()});
  text.insert(text.end(), left.begin(), left.end());
  text.insert(text.end(), right.begin(), right.end());
  return slow::sha256(text);
}

Node naive_pairs(const Nodes& nodes) {
  if (nodes.size() == 1) return nodes[0];
  const auto middle = nodes.begin() + static_cast<std::ptrdiff_t>(nodes.size() / 2);
  return slow::sha256(joined({naive_pairs({nodes.begin(), middle}), naive_pairs({middle, nodes.end()})}));
}

}  // namespace

TEST_CASE("trees of 0 to 70 leaves") {
  for (usize count = 0; count <= 70; ++count) {
    CAPTURE(count);
    const Nodes nodes = leaves(count);
    Node got;
    Node expected;
    CHECK(naive_bitcoin(nodes, expected));
    CHECK(root(Tree::sha256d_bitcoin, nodes, got));
    CHECK(got == expected);
    CHECK(root(Tree::rfc6962, nodes, got));
    CHECK(got == naive_rfc6962(nodes));
    const bool power = count != 0 && (count & (count - 1)) == 0;
    CHECK(root(Tree::sha256_pairs, nodes, got) == power);
    CHECK(got == (power ? naive_pairs(nodes) : Node(32, 0)));
  }
}

TEST_CASE("leaves are not changed") {
  const Buffer bytes = joined(leaves(37));
  Buffer copy = bytes;
  Node out(32);
  for (const Tree tree : {Tree::sha256d_bitcoin, Tree::rfc6962, Tree::sha256_pairs}) {
    merkle::root(rule_of(tree), copy.data(), 37, out.data());
    CHECK(copy == bytes);
  }
}

TEST_CASE("the duplicate-leaf mutation") {
  // CVE-2012-2459: [1..6] and [1..6, 5, 6] have one root; only the second pairs equal nodes.
  const Nodes honest = leaves(6);
  Nodes mutated = honest;
  mutated.push_back(honest[4]);
  mutated.push_back(honest[5]);
  Node first;
  Node second;
  CHECK(root(Tree::sha256d_bitcoin, honest, first));
  CHECK_FALSE(root(Tree::sha256d_bitcoin, mutated, second));
  CHECK(first == second);

  // An odd leaf doubled: equal neighbours among the leaves themselves.
  Nodes odd = leaves(7);
  CHECK(root(Tree::sha256d_bitcoin, odd, first));
  odd.push_back(odd.back());
  CHECK_FALSE(root(Tree::sha256d_bitcoin, odd, second));
  CHECK(first == second);

  // Equal leaves that are never paired are no mutation.
  Nodes apart = leaves(6);
  apart[2] = apart[1];
  CHECK(root(Tree::sha256d_bitcoin, apart, first));
  // RFC 6962 has no such rule.
  CHECK(root(Tree::rfc6962, mutated, first));
}

TEST_CASE("every mutation by repeating a tail is found") {
  for (usize count = 2; count <= 40; ++count) {
    const Nodes honest = leaves(count);
    for (usize tail = 1; tail <= count; tail *= 2) {
      Nodes longer = honest;
      for (usize i = 0; i < tail; ++i) longer.push_back(honest[count - tail + i]);
      Node got;
      Node expected;
      const bool clean = naive_bitcoin(longer, expected);
      CHECK(root(Tree::sha256d_bitcoin, longer, got) == clean);
      CHECK(got == expected);
      Node before;
      root(Tree::sha256d_bitcoin, honest, before);
      if (before == got) CHECK_FALSE(clean);
    }
  }
}

TEST_CASE("known roots") {
  // Bitcoin block 170: two transactions, ids in internal byte order.
  const Nodes ids = {slow::from_hex("82501c1178fa0b222c1f3d474ec726b832013f0a532b44bb620cce8624a5feb1"),
                     slow::from_hex("169e1e83e930853391bc6f35f605c6754cfead57cf8387639d3b4096c54f18f4")};
  Node got;
  CHECK(root(Tree::sha256d_bitcoin, ids, got));
  CHECK(got == slow::from_hex("ff104ccb05421ab93e63f8c3ce5c2c2e9dbb37de2764b3a3175c8166562cac7d"));

  // The reference trees of Certificate Transparency: leaf data "", 00, 10, 2021, 3031, 40414243,
  // 5051525354555657, 6061..6f.
  const char* kData[] = {
      "", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"};
  const char* kRoots[] = {"6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
                          "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
                          "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
                          "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
                          "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
                          "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
                          "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
                          "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"};
  Nodes nodes;
  for (usize i = 0; i < 8; ++i) {
    Buffer text = slow::from_hex(kData[i]);
    text.insert(text.begin(), 0x00);
    nodes.push_back(slow::sha256(text));
    CHECK(root(Tree::rfc6962, nodes, got));
    CHECK(got == slow::from_hex(kRoots[i]));
  }
}

TEST_CASE("large trees across run boundaries") {
  // 4096 leaves are one run; the odd counts leave short runs of every kind, down to a single leaf.
  const Nodes all = leaves(3 * 4096 + 1);
  for (const usize count : {4095, 4096, 4097, 4098, 4099, 8191, 8192, 8193, 8200, 12288, 12289}) {
    CAPTURE(count);
    const Nodes nodes(all.begin(), all.begin() + count);
    Node got;
    Node expected;
    CHECK(naive_bitcoin(nodes, expected));
    CHECK(root(Tree::sha256d_bitcoin, nodes, got));
    CHECK(got == expected);
    CHECK(root(Tree::rfc6962, nodes, got));
    CHECK(got == naive_rfc6962(nodes));
    if ((count & (count - 1)) == 0) {
      CHECK(root(Tree::sha256_pairs, nodes, got));
      CHECK(got == naive_pairs(nodes));
    }
  }
  // A mutation in a later run, and one above the runs.
  Nodes late(all.begin(), all.begin() + 8194);
  late[8193] = late[8192];
  Node got;
  CHECK_FALSE(root(Tree::sha256d_bitcoin, late, got));
  Nodes doubled(all.begin(), all.begin() + 4096);
  doubled.insert(doubled.end(), all.begin(), all.begin() + 4096);
  CHECK_FALSE(root(Tree::sha256d_bitcoin, doubled, got));
}

TEST_CASE("rules and hashes that go together") {
  merkle::Rule rule;
  for (const Tree tree : kTrees) {
    CHECK(merkle::rule_of(tree, kUsualHash, rule));
    CHECK((rule.pairs != nullptr) == (rule.bits == 1));  // a kernel for pairs where groups are pairs
  }
  CHECK(merkle::rule_of(Tree::chainmaker, Hash::sm3, rule));
  CHECK(rule.hash == Hash::sm3);
  CHECK(merkle::rule_of(Tree::chainmaker, Hash::sha3_256, rule));
  CHECK_FALSE(merkle::rule_of(Tree::chainmaker, Hash::sha512, rule));
  CHECK_FALSE(merkle::rule_of(Tree::rfc6962, Hash::sm3, rule));
  CHECK_FALSE(merkle::rule_of(static_cast<Tree>(999), kUsualHash, rule));
}

TEST_CASE("shapes of hostile counts") {
  for (const Tree tree : kTrees) {
    const merkle::Rule rule = rule_of(tree);
    const u64 half = u64{1} << 63;
    for (const u64 count : {half - 1, half, half + 1, ~u64{0}}) {
      CHECK(merkle::depth_of(rule, count) <= merkle::kLevelsMost);
      if (!merkle::is_count(rule, count)) continue;
      for (const u64 index : {u64{0}, u64{1}, count / 2, count - 1}) {
        usize walked = 0;
        u64 at = index;
        for (u64 width = count; width > 1; width = merkle::width_above(rule, width), at >>= rule.bits) {
          walked += merkle::siblings_of(rule, width, at);
        }
        CHECK(merkle::proof_length(rule, index, count) == walked);
      }
    }
  }
}

TEST_CASE("proofs of every small tree, and what altering them does") {
  for (const Tree tree : kTrees) {
    const merkle::Rule rule = rule_of(tree);
    for (usize count = 1; count <= 36; ++count) {
      if (!merkle::is_count(rule, count)) continue;
      CAPTURE(name_of(tree));
      CAPTURE(count);
      Claims claims(rule, count);
      Node by_levels(32);
      CHECK(merkle::root(rule, claims.bytes.data(), count, by_levels.data()));
      CHECK(claims.root == by_levels);
      CHECK(verdicts(rule, claims.rows) == std::vector<u8>(count, 1));
      std::vector<merkle::Proof> bad;
      for (const merkle::Proof& row : claims.rows) {
        merkle::Proof other = row;
        other.length += 1;
        bad.push_back(other);
        other = row;
        other.index = row.index + count;
        bad.push_back(other);
        other = row;
        other.leaf = claims.root.data();
        if (count > 1) bad.push_back(other);
        if (row.length == 0) continue;
        other = row;
        other.length -= 1;
        bad.push_back(other);
      }
      CHECK(verdicts(rule, bad) == std::vector<u8>(bad.size(), 0));
      for (usize i = 0; i < claims.siblings.size() - 1; i += 13) {
        claims.siblings[i] ^= 0x10;
        for (const merkle::Proof& row : claims.rows) {
          const u8* const at = claims.siblings.data() + i;
          const bool own = at >= row.siblings && at < row.siblings + 32 * row.length;
          CHECK(holds(rule, row) == !own);
        }
        claims.siblings[i] ^= 0x10;
      }
    }
  }
}

TEST_CASE("a row never answers for another") {
  // Rows that share their path with one that is wrong somewhere, before and after it, in every order of two.
  const merkle::Rule rule = rule_of(Tree::sha256d_bitcoin);
  Claims claims(rule, 16);
  for (usize level = 0; level < 4; ++level) {
    for (usize victim = 0; victim < 16; ++victim) {
      Buffer wrong(claims.rows[victim].siblings, claims.rows[victim].siblings + 4 * 32);
      wrong[32 * level + 7] ^= 1;
      std::vector<merkle::Proof> rows = claims.rows;
      rows[victim].siblings = wrong.data();
      for (const merkle::Proof& row : claims.rows) rows.push_back(row);
      rows.push_back(rows[victim]);
      const std::vector<u8> ok = verdicts(rule, rows);
      for (usize i = 0; i < rows.size(); ++i) CHECK(ok[i] == (rows[i].siblings != wrong.data()));
    }
  }
}

TEST_CASE("a tree that would be mutated is left as it was") {
  const merkle::Rule rule = rule_of(Tree::sha256d_bitcoin);
  for (usize count = 1; count <= 40; ++count) {
    Claims claims(rule, count);
    Node before(32);
    Node after(32);
    claims.tree.root(before.data());
    const usize tail = count & (~count + 1);
    CHECK_FALSE(claims.tree.append(claims.bytes.data() + 32 * (count - tail), tail));
    CHECK(claims.tree.count() == count);
    claims.tree.root(after.data());
    CHECK(before == after);
    Claims again(rule, count + 3);
    REQUIRE(claims.tree.append(again.bytes.data() + 32 * count, 3));
    claims.tree.root(after.data());
    CHECK(after == again.root);
  }
}

TEST_CASE("a tree is left as it was when memory runs out on the way") {
  // Leaves that cannot be had from some place on, and threads that cannot take a piece of work after the first ones.
  constexpr usize kMost = 3 * 4096 + 300;
  const Buffer bytes = joined(leaves(kMost));
  for (const Tree which :
       {Tree::sha256d_bitcoin, Tree::rfc6962, Tree::fisco_v2, Tree::fisco_v3, Tree::ssz, Tree::mmr}) {
    const merkle::Rule rule = rule_of(which);
    CAPTURE(name_of(which));
    for (const usize old : {0, 1, 2, 5, 16, 77, 4096, 4099}) {
      for (const usize more : {1, 30, 4096, 3 * 4096}) {
        if (old + more > kMost) continue;
        CAPTURE(old);
        CAPTURE(more);
        merkle::Tree tree(rule);
        if (old != 0) REQUIRE(tree.append(bytes.data(), old));
        Buffer before(32 * (1 + 16 * 8), 0);
        const auto look = [&](Buffer& out) {
          if (old == 0) return;
          tree.root(out.data());
          tree.proof(old - 1, out.data() + 32);
        };
        look(before);
        for (const usize good : {usize{0}, more - 1}) {
          const merkle::Leaves fail = [&](u8*, usize first, usize count) -> const u8* {
            if (first + count > good) throw std::bad_alloc();
            return bytes.data() + 32 * (old + first);
          };
          CHECK_THROWS_AS(tree.append(fail, more), std::bad_alloc);
          const merkle::Spread above = [&](usize count, const std::function<void(usize)>& job) {
            for (usize i = 0; i < count; ++i) job(i);
            throw std::bad_alloc();
          };
          if (old + more > 1) {
            CHECK_THROWS_AS(tree.append(merkle::leaves_at(bytes.data() + 32 * old), more, above), std::bad_alloc);
          }
          CHECK(tree.count() == old);
          Buffer after(before.size(), 0);
          look(after);
          CHECK(after == before);
        }
        REQUIRE(tree.append(bytes.data() + 32 * old, more));
        Node got(32);
        Node expected(32);
        tree.root(got.data());
        merkle::root(rule, bytes.data(), old + more, expected.data());
        CHECK(got == expected);
      }
    }
  }
}

TEST_CASE("a frontier has the root of the whole tree after every split of the leaves") {
  constexpr usize kMost = 70;
  const Buffer bytes = joined(leaves(kMost));
  for (const Tree tree : kTrees) {
    const merkle::Rule rule = rule_of(tree);
    if (!merkle::Frontier::takes(rule)) continue;
    CAPTURE(name_of(tree));
    std::vector<Node> roots(kMost + 1, Node(32));
    for (usize count = 0; count <= kMost; ++count) {
      if (merkle::is_count(rule, count)) merkle::root(rule, bytes.data(), count, roots[count].data());
    }
    std::vector<merkle::Frontier> after(kMost + 1, merkle::Frontier(rule));
    for (usize first = 1; first <= kMost; ++first) {
      REQUIRE(after[first].append(merkle::leaves_at(bytes.data()), first));
      Node got(32);
      after[first].root(got.data());
      CHECK(got == roots[first]);
      for (usize then = 0; first + then <= kMost; ++then) {
        merkle::Frontier longer = after[first];
        REQUIRE(longer.append(merkle::leaves_at(bytes.data() + 32 * first), then));
        longer.root(got.data());
        CHECK(longer.count() == first + then);
        CHECK(got == roots[first + then]);
      }
    }
  }
}

TEST_CASE("a frontier over several runs") {
  const usize count = 3 * 4096 + 77;
  const Buffer bytes = joined(leaves(count));
  for (const Tree tree : kTrees) {
    const merkle::Rule rule = rule_of(tree);
    if (!merkle::Frontier::takes(rule)) continue;
    CAPTURE(name_of(tree));
    merkle::Frontier frontier(rule);
    REQUIRE(frontier.append(merkle::leaves_at(bytes.data()), 33));
    REQUIRE(frontier.append(merkle::leaves_at(bytes.data() + 32 * 33), count - 33));
    Node got(32);
    Node expected(32);
    frontier.root(got.data());
    merkle::root(rule, bytes.data(), count, expected.data());
    CHECK(got == expected);
  }
}

TEST_CASE("a frontier refuses what a whole tree refuses") {
  // Few different leaves, so that equal nodes meet on every level and in tails; both must say the same of each append.
  for (const Tree which : {Tree::sha256d_bitcoin, Tree::chainmaker}) {
    const merkle::Rule rule = rule_of(which);
    const Nodes some = leaves(3);
    u64 state = 1;
    usize refused = 0;
    usize longest = 0;
    for (usize round = 0; round < 300; ++round) {
      merkle::Tree tree(rule);
      merkle::Frontier frontier(rule);
      for (usize step = 0; step < 12; ++step) {
        Nodes more;
        state = state * 6364136223846793005 + 1442695040888963407;
        for (u64 bits = state >> 40, left = 1 + (bits & 3); left != 0; --left, bits /= 3)
          more.push_back(some[bits % 3]);
        const Buffer bytes = joined(more);
        const bool taken = tree.append(bytes.data(), more.size());
        REQUIRE(frontier.append(merkle::leaves_at(bytes.data()), more.size()) == taken);
        refused += !taken;
        longest = std::max(longest, tree.count());
        REQUIRE(frontier.count() == tree.count());
        if (tree.count() == 0) continue;
        Node a(32);
        Node b(32);
        tree.root(a.data());
        frontier.root(b.data());
        REQUIRE(a == b);
      }
    }
    CHECK(refused > 300);
    CHECK(longest > 8);
  }
}
