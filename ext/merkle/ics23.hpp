// ICS-23 vector commitments: keys present or absent in a store under a root, in many proofs at a time.
//
// The rules are those of cosmos/ics23 (go, 7f2c2d0); batches and compressed batches, which that version has dropped,
// follow its Rust sibling. Where the reference panics (paths that end before they part), the answer here is false. All
// proofs of a call go up their paths together, so that the lanes of a hash are filled across proofs.
#pragma once

#include "merkle/ics23_spec.hpp"

namespace isthmus::merkle::ics23 {

// A proof about one store: `proof` is a CommitmentProof.
struct Link {
  const Spec* spec;
  Bytes key;
  Bytes proof;
};

// That the innermost store, links[0], holds `value` under its key, or holds nothing there, and that each further store
// holds the root of the one before it (IBC: the module's store, then the multistore). `root` is the last store's.
struct Statement {
  std::span<const Link> links;
  Bytes root;
  bool is_present;
  Bytes value;
  // A batch proves what is asked by its first entry for the key. Proofs of chained stores must be single ones (ibc-go).
  bool takes_batches;
};

// ok[i] = 1 iff statement i is proven. Any bytes may stand in it; specs come from read_spec. Cost: one leaf hash, the
// prehashes and one hash a step for each proof (twice for absence), plus reading each proof once for each run of
// statements that share its memory.
void verify(std::span<const Statement> statements, u8* ok);

// Single steps (LeafOp.Apply and InnerOp.Apply of the reference), for tests and diagnosis: the digest (at most 64
// bytes) to `out` and its length, or 0 where there is none.
usize apply_leaf(const LeafOp& op, Bytes key, Bytes value, u8* out);
usize apply_inner(const InnerOp& op, Bytes child, u8* out);

}  // namespace isthmus::merkle::ics23
