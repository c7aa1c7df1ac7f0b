// Merkle trees over rows of any layout: leaves become nodes, rows become proofs, and the pool shares the work.
#include <algorithm>
#include <memory>
#include <mutex>

#include "engine/engine.hpp"
#include "exec/spread.hpp"
#include "hash/blake3.hpp"
#include "hash/hash.hpp"
#include "hash/keccak.hpp"
#include "hash/sha256.hpp"
#include "hash/sm3.hpp"
#include "merkle/verify.hpp"

namespace isthmus::engine {
namespace {

using exec::spread_over;
using merkle::kNode;

constexpr usize kLeavesPerJob = 1024;
constexpr usize kLeavesAtOnce = 256;
constexpr usize kPairsPerJob = 4096;

// The nodes of leaves first .. first + count. A leaf of another length than the rule's, which a caller may not have
// checked, is all zero.
void write_nodes(const merkle::Rule& rule, const Rows& leaves, u8* out, usize first, usize count) {
  Bytes some[kLeavesAtOnce];
  for (usize done = 0; done < count;) {
    const usize here = std::min(kLeavesAtOnce, count - done);
    for (usize i = 0; i < here; ++i) some[i] = leaves[first + done + i];
    u8* const nodes = out + kNode * done;
    done += here;
    if (rule.leaf == merkle::Leaf::prefixed) {
      merkle::hash_leaves(rule, nodes, {some, here});
      continue;
    }
    for (usize i = 0; i < here; ++i) {
      if (some[i].size() == kNode) {
        memcpy(nodes + kNode * i, some[i].data(), kNode);
      } else {
        memset(nodes + kNode * i, 0, kNode);
      }
    }
  }
}

// All leaves as nodes side by side, when they lie so; else null.
const u8* nodes_in_place(const merkle::Rule& rule, const Rows& leaves) {
  return rule.leaf == merkle::Leaf::prefixed ? nullptr : leaves.contiguous(kNode);
}

// Leaves as the Merkle room takes them: where they lie when they can stay there. The arguments must live as long.
merkle::Leaves source_of(const merkle::Rule& rule, const Rows& leaves) {
  if (const u8* const nodes = nodes_in_place(rule, leaves)) return merkle::leaves_at(nodes);
  return [&rule, &leaves](u8* room, usize first, usize count) {
    write_nodes(rule, leaves, room, first, count);
    return room;
  };
}

// The leaves as nodes side by side: in place when they already lie so, else in `copy`.
const u8* nodes_of(exec::Pool& pool, const merkle::Rule& rule, const Rows& leaves, std::vector<u8>& copy) {
  if (const u8* const nodes = nodes_in_place(rule, leaves)) return nodes;
  const usize count = leaves.size();
  copy.resize(kNode * count);
  pool.run((count + kLeavesPerJob - 1) / kLeavesPerJob, [&](usize job) {
    const usize first = job * kLeavesPerJob;
    write_nodes(rule, leaves, copy.data() + kNode * first, first, std::min(count - first, kLeavesPerJob));
  });
  return copy.data();
}

struct NamedPairs {
  std::string_view name;
  merkle::Pairs pairs;
};

constexpr NamedPairs kPairs[] = {
    {"sha256", hash::sha256_64},       {"sha256d", hash::sha256d_64},          {"sm3", hash::sm3_64},
    {"keccak256", hash::keccak256_64}, {"blake3-parent", hash::blake3_parent},
};

}  // namespace

merkle::Pairs find_pairs(std::string_view name) {
  for (const NamedPairs& each : kPairs) {
    if (each.name == name) return each.pairs;
  }
  return nullptr;
}

std::vector<std::string_view> pair_names() {
  std::vector<std::string_view> names;
  for (const NamedPairs& each : kPairs) names.push_back(each.name);
  return names;
}

void Engine::hash_pairs(merkle::Pairs pairs, const Rows& rows, u8* out) {
  const usize count = rows.size();
  const u8* const run = rows.contiguous(2 * kNode);
  executor_.pool().run((count + kPairsPerJob - 1) / kPairsPerJob, [&](usize job) {
    const usize first = job * kPairsPerJob;
    const usize last = std::min(count, first + kPairsPerJob);
    if (run != nullptr) return pairs(out + kNode * first, run + 2 * kNode * first, last - first);
    constexpr usize kBatch = 64;
    u8 copy[2 * kNode * kBatch];
    for (usize from = first; from < last; from += kBatch) {
      const usize here = std::min(kBatch, last - from);
      for (usize i = 0; i < here; ++i) memcpy(copy + 2 * kNode * i, rows[from + i].data(), 2 * kNode);
      pairs(out + kNode * from, copy, here);
    }
  });
}

bool Engine::merkle_root(const merkle::Rule& rule, const Rows& leaves, u8* root) {
  return merkle::root(rule, source_of(rule, leaves), leaves.size(), root, spread_over(executor_.pool()));
}

bool Engine::merkle_append(SharedTree& shared, const Rows& leaves) {
  const std::unique_lock lock(shared.mutex);
  return shared.tree.append(source_of(shared.tree.rule(), leaves), leaves.size(), spread_over(executor_.pool()));
}

bool merkle_append(SharedFrontier& shared, const Rows& leaves) {
  const std::lock_guard lock(shared.mutex);
  return shared.frontier.append(source_of(shared.frontier.rule(), leaves), leaves.size());
}

bool Engine::merkle_proofs(const SharedTree& shared, std::span<const u64> indices, std::vector<u64>& offsets,
                           std::unique_ptr<u8[]>& nodes) {
  const std::shared_lock lock(shared.mutex);
  const merkle::Tree& tree = shared.tree;
  offsets.assign(1, 0);
  offsets.reserve(indices.size() + 1);
  for (const u64 index : indices) {
    if (index >= tree.count()) return false;
    offsets.push_back(offsets.back() + kNode * merkle::proof_length(tree.rule(), index, tree.count()));
  }
  nodes = std::make_unique_for_overwrite<u8[]>(offsets.back());
  tree.proofs(indices, offsets.data(), nodes.get(), spread_over(executor_.pool()));
  return true;
}

void Engine::merkle_verify(const merkle::Rule& rule, const Rows& roots, std::span<const u64> indices,
                           std::span<const u64> counts, const Rows& leaves, const Rows& proofs, u8* ok) {
  std::vector<u8> copy;
  exec::Pool& pool = executor_.pool();
  const u8* const nodes = nodes_of(pool, rule, leaves, copy);
  std::vector<merkle::Proof> rows(indices.size());
  for (usize i = 0; i < rows.size(); ++i) {
    const Bytes proof = proofs[i];
    const bool formed = rule.leaf == merkle::Leaf::prefixed || leaves[i].size() == kNode;
    rows[i] = {roots[roots.size() == 1 ? 0 : i].data(),
               formed && proof.size() % kNode == 0 ? nodes + kNode * i : nullptr,
               proof.data(),
               proof.size() / kNode,
               indices[i],
               counts[counts.size() == 1 ? 0 : i]};
  }
  merkle::verify(rule, rows, ok, spread_over(pool));
}

bool Engine::merkle_verify_multiproof(const merkle::Rule& rule, Bytes root, u64 count, std::span<const u64> indices,
                                      const Rows& leaves, Bytes siblings) {
  if (siblings.size() % kNode != 0) return false;
  for (usize i = 0; rule.leaf != merkle::Leaf::prefixed && i < leaves.size(); ++i) {
    if (leaves[i].size() != kNode) return false;
  }
  std::vector<u8> copy;
  const u8* const nodes = nodes_of(executor_.pool(), rule, leaves, copy);
  return merkle::verify_multiproof(rule, root.data(), count, indices, nodes, siblings.data(), siblings.size() / kNode);
}

}  // namespace isthmus::engine
