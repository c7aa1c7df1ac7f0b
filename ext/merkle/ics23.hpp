// ICS-23 vector commitments: keys present or absent in a store under a root, in many proofs at a time.
//
// The rules are those of cosmos/ics23's Go code (commit 7f2c2d0). That code no longer reads batches and compressed
// batches; they follow the Rust code of the same repository. Where the Go code panics (the paths of a proof of absence
// that end before they part), the answer here is false. Proofs go up their paths a run of statements at a time, a step
// of all of them together, so that the lanes of a hash are filled across proofs.
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

// ok[i] = 1 iff statement i is proven. Any bytes may stand in it; specs come from read_spec.
//
// Cost of a statement: one leaf hash, the prehashes and one hash a step for each link's proof (twice for absence), and
// a comparison of keys for each entry of a batch up to the one that proves. A proof is read once for all links that
// follow one another with the same memory and spec; where absence is asked for and keys are ordered by their hashes,
// each key in it is hashed once then, and that of each statement once. Memory: what read_proof and those hashes take
// for 4 MiB of proofs or for the proofs of one statement, whichever is more, and some 2 MiB.
void verify(std::span<const Statement> statements, u8* ok);

// Single steps (LeafOp.Apply and InnerOp.Apply of the reference), for tests and diagnosis: the digest (at most 64
// bytes) to `out` and its length, or 0 where there is none.
usize apply_leaf(const LeafOp& op, Bytes key, Bytes value, u8* out);
usize apply_inner(const InnerOp& op, Bytes child, u8* out);

}  // namespace isthmus::merkle::ics23
