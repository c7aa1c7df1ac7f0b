// Reads ICS-23 proofs (proofs.proto of cosmos/ics23) into flat tables: strict, bounded, no recursion.
//
// Only the one canonical encoding is read: fields in order, none twice, none unknown, no default written out, one
// member of each oneof. That is what chains' nodes write; an encoding with play in it would be a second name for the
// same proof.
#pragma once

#include "merkle/ics23_spec.hpp"
#include "wire/protobuf.hpp"

namespace isthmus::merkle::ics23 {

// A key and value under a leaf step and the path above it.
struct Existence {
  Bytes key;
  Bytes value;
  LeafOp leaf;
  u32 path_at = 0;  // in Proof::path
  u32 path_len = 0;
};

inline constexpr u32 kNone = ~u32{0};

// One statement of a proof: of existence (`exist`), or of absence between `left` and `right`; indexes into existences.
struct Entry {
  u32 exist = kNone;
  u32 left = kNone;
  u32 right = kNone;
};

struct Proof {
  std::vector<InnerOp> ops;
  std::vector<u32> path;  // indexes into ops: compressed proofs share steps
  std::vector<Existence> existences;
  std::vector<Entry> entries;
  bool is_batch = false;
};

// Reads a CommitmentProof with paths of at most `depth_max` steps; `bytes` must outlive `proof`. False iff malformed,
// or larger than any tree needs: 2^16 entries, 2^20 steps. Cost: each byte once; memory at most 22 bytes a byte (an
// empty step of two bytes), in tables that grow by doubling: twice that, and three times while one is moved.
bool read_proof(Bytes bytes, u32 depth_max, Proof& proof);

// The CommitmentProofs of a MerkleProof (ibc.core.commitment.v1), innermost store first. False iff malformed.
bool read_merkle_proof(Bytes bytes, std::vector<Bytes>& proofs);

// Steps by themselves, and the parts that specs have in common with them.
void read_leaf_op(wire::ProtobufReader reader, LeafOp& op);
void read_inner_op(wire::ProtobufReader reader, InnerOp& op);
HashOp as_hash_op(wire::ProtobufReader& reader);
// The next number of a packed repeated int32 that holds no negative ones.
bool take_packed_u32(Bytes& packed, u32& value);

}  // namespace isthmus::merkle::ics23
