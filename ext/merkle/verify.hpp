// Merkle proofs, many at a time: every row is judged on its own bytes, and what rows share is hashed once.
#pragma once

#include "merkle/merkle.hpp"

namespace isthmus::merkle {

// One claim: the leaf with this index, of `count` leaves, is under this root. The proof are the siblings on the way up,
// lowest first, in the order of their level. `index` and `count` are what the caller says the tree is, and they settle
// how many siblings there must be and on which side each of them stands: nothing is read out of the proof.
struct Proof {
  const u8* root;      // 32 bytes
  const u8* leaf;      // 32 bytes; hashed already where the rule prefixes leaves. Null: there is none, so it is false
  const u8* siblings;  // 32 bytes each
  usize length;        // of them
  u64 index;
  u64 count;
};

// ok[i] = 1 iff proof i holds, else 0. False are also: an index beyond the count, a count that the rule has no tree of,
// a length other than proof_length(); with rules that repeat nodes a last node whose sibling is not itself, and two
// equal nodes paired elsewhere, which is what a mutated tree has; with ssz a padding node that is not the zero node.
//
// Cost: one hash for every node that is not shared. Rows share a node when all above it, to the root, is the same for
// both: tree, index, node and every further sibling, byte for byte. So an answer never depends on another row.
void verify(const Rule& rule, std::span<const Proof> proofs, u8* ok, const Spread& spread = in_turn);

// True iff the leaves (32 bytes each; hashed already where the rule prefixes them) at these indices are in the tree of
// `count` leaves with that root, by the siblings that Tree::multiproof gives. Indices ascend and are not repeated, else
// it is false; so is no index at all, and any number of siblings but the right one.
bool verify_multiproof(const Rule& rule, const u8* root, u64 count, std::span<const u64> indices, const u8* leaves,
                       const u8* siblings, usize length);

}  // namespace isthmus::merkle
