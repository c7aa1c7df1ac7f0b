// What a proof may look like: ICS-23 specs and the checks of single steps and of paths against them (cosmos/ics23,
// go/ops.go and go/proof.go as of 7f2c2d0, after the Dragonberry fixes).
//
// A spec is the caller's, never the proof's: it says how a key and a value become a leaf and where a node's children
// lie, and without it the same bytes could be read as another key. Everything here looks at lengths and prefixes; no
// hash is computed. Nothing is copied: steps and specs refer to the bytes that they were read from.
#pragma once

#include <vector>

#include "base/span.hpp"

namespace isthmus::merkle::ics23 {

// Numbers of proofs.proto.
enum class HashOp : u8 {
  no_hash = 0,
  sha256 = 1,
  sha512 = 2,
  keccak256 = 3,
  ripemd160 = 4,
  bitcoin = 5,  // RIPEMD-160 of SHA-256
  sha512_256 = 6,
  blake2b_512 = 7,
  blake2s_256 = 8,
  blake3 = 9,
};
inline constexpr i32 kHashOpLast = 9;

enum class LengthOp : u8 {
  no_prefix = 0,
  var_proto = 1,
  var_rlp = 2,
  fixed32_big = 3,
  fixed32_little = 4,
  fixed64_big = 5,
  fixed64_little = 6,
  require_32_bytes = 7,
  require_64_bytes = 8,
};
inline constexpr i32 kLengthOpLast = 8;

// hash(prefix || length(prehash_key(key)) || prehash_value(value) likewise).
struct LeafOp {
  HashOp hash = HashOp::no_hash;
  HashOp prehash_key = HashOp::no_hash;
  HashOp prehash_value = HashOp::no_hash;
  LengthOp length = LengthOp::no_prefix;
  Bytes prefix;
};

// hash(prefix || child || suffix).
struct InnerOp {
  HashOp hash = HashOp::no_hash;
  Bytes prefix;
  Bytes suffix;
};

using Path = std::span<const InnerOp* const>;  // from the leaf's parent to the root

struct InnerSpec {
  std::vector<u32> child_order;  // a permutation of 0 .. n - 1: order[i] is the branch at position i
  i64 child_size = 0;
  i64 prefix_min = 0;
  i64 prefix_max = 0;
  Bytes empty_child;
  HashOp hash = HashOp::no_hash;
};

struct Spec {
  LeafOp leaf;
  InnerSpec inner;
  u32 depth_max = 0;  // steps of a path, bounds included
  u32 depth_min = 0;
  bool prehash_key_before_comparison = false;
  // Stores whose prefixes are known to the last byte are recognised by their numbers, as the reference does: every spec
  // that equals theirs in hashes, lengths and number of children counts as theirs.
  bool is_iavl = false;
  bool is_tendermint = false;
};

// Reads a ProofSpec in protobuf wire form; `bytes` must outlive `spec`. Returns null, or what is wrong with it: a form
// that is not canonical, an unknown hash, the length form var_rlp (which the reference does not compute either), or
// numbers under which a proof could pass off one node for another (child_size < 1, max_prefix_length >=
// min_prefix_length + child_size).
const char* read_spec(Bytes bytes, Spec& spec);

bool fits_leaf(const Spec& spec, const LeafOp& op);
// `layer` is the distance from the leaf: 1 for its parent.
bool fits_inner(const Spec& spec, const InnerOp& op, u32 layer);

// Whether no key can lie left (right) of the path, or between two paths: every sibling on that side is an empty child.
bool is_left_most(const InnerSpec& spec, Path path);
bool is_right_most(const InnerSpec& spec, Path path);
bool are_neighbours(const InnerSpec& spec, Path left, Path right);

}  // namespace isthmus::merkle::ics23
