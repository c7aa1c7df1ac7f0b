// The engine: bytes in, verdicts out. Decode, settle and judge for many inputs at once, and the same kernels for
// callers who have rows of their own. Knows nothing of Python; the bindings and the C surface both stand on it.
#pragma once

#include <array>
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
};

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

  // Root over leaves; rfc6962 takes leaf data, the other rules take 32-byte digests (the caller has checked). Returns
  // false iff the tree is mutated (merkle/merkle.hpp).
  bool merkle_root(Tree tree, const Rows& leaves, u8* root);

  u32 threads() { return executor_.pool().threads(); }
  const exec::Stats& stats() const { return executor_.stats(); }
  sig::KeyTableStats known_signers() const { return executor_.known_signers(); }

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

}  // namespace isthmus::engine
