// The engine: bytes in, verdicts out. Decode, settle and judge for many inputs at once, and the same kernels for
// callers who have rows of their own. Knows nothing of Python; the bindings and the C surface both stand on it.
#pragma once

#include <array>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/codes.hpp"
#include "base/ids.hpp"
#include "base/limits.hpp"
#include "base/span.hpp"
#include "chain/chain.hpp"
#include "exec/executor.hpp"
#include "hash/hash.hpp"
#include "merkle/frontier.hpp"
#include "merkle/tree.hpp"

namespace isthmus::engine {

// A finding with its place in words, so that it outlives its sheet.
struct Finding {
  Status status;
  Code code;
  std::string place;
  u64 byte_off;
};

struct RowCounts {
  u32 hash = 0;
  u32 tree = 0;
  u32 compare = 0;
  u32 signature = 0;
  u32 multisig = 0;
  u32 recover = 0;
};

struct Outcome {
  Status status = Status::undecided;
  Code code = Code::part_undecided;
  std::string place;
  std::vector<Finding> findings;
  // By kind of node that occurs: how many were valid, invalid, undecided.
  std::vector<std::pair<const char*, std::array<u32, 3>>> counts;
  std::vector<std::pair<const char*, std::vector<u8>>> facts;
  RowCounts rows;
};

// The anchor of input `index` is not of its documented form: the caller's mistake.
struct BadAnchor {
  usize index;
  chain::AnchorError error;
};

// A run of byte strings: item i, whatever its layout.
class Rows {
 public:
  virtual ~Rows() = default;
  virtual usize size() const = 0;
  virtual Bytes operator[](usize i) const = 0;
  // All rows as one piece of memory, when they are known to lie so and to have `width` bytes each; else null.
  virtual const u8* contiguous(usize) const { return nullptr; }
  // Whether all rows have one width and are one distance apart; then `out` says how.
  virtual bool even(hash::EvenRows&) const { return false; }
};

// A tree and the threads that use it: any number at a time to read, one to append.
struct SharedTree {
  explicit SharedTree(const merkle::Rule& rule) : tree(rule) {}

  merkle::Tree tree;
  mutable std::shared_mutex mutex;
};

// The same for a frontier, one at a time: there is little to read.
struct SharedFrontier {
  explicit SharedFrontier(const merkle::Rule& rule) : frontier(rule) {}

  merkle::Frontier frontier;
  mutable std::mutex mutex;
};

// Adds leaves (as Engine::merkle_root takes them) on the calling thread; false as of merkle::Frontier::append.
bool merkle_append(SharedFrontier& shared, const Rows& leaves);

class Engine {
 public:
  Engine(u32 threads, const Limits& limits) : executor_(threads, limits.signers_max), limits_(limits) {}

  // Outcome i belongs to inputs[i] under anchors[i]; the columns have equal length. Returns false and fills `bad` when
  // an anchor is malformed; then no outcome is given.
  bool check(const chain::Chain& chain, const Rows& inputs, const Rows& anchors, std::vector<Outcome>& out,
             BadAnchor& bad);

  // ok[i] = 1 iff row i verifies; the columns have equal length.
  void verify(Scheme scheme, const Rows& keys, const Rows& msgs, const Rows& sigs, u32 flags, u8* ok,
              const sig::Context& context = {});

  // The secp256k1 keys that made signatures of 65 bytes (sig/recover.hpp): 65 bytes and one answer per row; the columns
  // have equal length.
  void recover(const Rows& digests, const Rows& sigs, u32 flags, u8* keys, u8* ok);

  // digests: digest_size(hash) bytes per message.
  void hash_many(Hash hash, const Rows& messages, u8* digests);

  // out[32 i ..] = the node over the 64 bytes of row i (the caller has checked their length).
  void hash_pairs(merkle::Pairs pairs, const Rows& rows, u8* out);

  // Root over leaves: data of any length where the rule prefixes leaves, else digests of 32 bytes (the caller has
  // checked). Returns false iff the tree is mutated (merkle/merkle.hpp).
  bool merkle_root(const merkle::Rule& rule, const Rows& leaves, u8* root);

  // Adds leaves to a tree; false as of merkle::Tree::append.
  bool merkle_append(SharedTree& shared, const Rows& leaves);

  // Proofs of leaves, one after the other: the bytes of that of indices[i] are nodes[offsets[i] .. offsets[i + 1]).
  // False iff an index is beyond the tree; offsets and nodes then hold nothing of use.
  bool merkle_proofs(const SharedTree& shared, std::span<const u64> indices, std::vector<u64>& offsets,
                     std::unique_ptr<u8[]>& nodes);

  // ok[i] = 1 iff row i holds (merkle/verify.hpp). roots and counts have one item for all rows, or one per row; roots
  // are of 32 bytes. A leaf or a proof of impossible length is false.
  void merkle_verify(const merkle::Rule& rule, const Rows& roots, std::span<const u64> indices,
                     std::span<const u64> counts, const Rows& leaves, const Rows& proofs, u8* ok);

  // True iff the multiproof holds; `siblings` are all its nodes.
  bool merkle_verify_multiproof(const merkle::Rule& rule, Bytes root, u64 count, std::span<const u64> indices,
                                const Rows& leaves, Bytes siblings);

  u32 threads() { return executor_.pool().threads(); }
  const exec::Stats& stats() const { return executor_.stats(); }
  sig::KeyTableStats known_signers() const { return executor_.known_signers(); }
  u64 remembered_rows() const { return executor_.remembered_rows(); }

 private:
  bool check_group(const chain::Chain& chain, const Rows& inputs, const Rows& anchors, usize first, usize last,
                   std::vector<Outcome>& out, BadAnchor& bad);

  exec::Executor executor_;
  Limits limits_;
};

// The chain, scheme, hash or tree of that name, or null.
const chain::Chain* find_chain(std::string_view name);
const Scheme* find_scheme(std::string_view name);
const Hash* find_hash(std::string_view name);
const Tree* find_tree(std::string_view name);

// Nodes of 64 bytes by the name of their hash, or null.
merkle::Pairs find_pairs(std::string_view name);
std::vector<std::string_view> pair_names();

}  // namespace isthmus::engine
