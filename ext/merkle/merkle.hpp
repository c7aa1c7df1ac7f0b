// Merkle roots over 32-byte digests, one rule per Tree id.
#pragma once

#include "base/ids.hpp"
#include "base/span.hpp"

namespace isthmus::merkle {

// Writes the root of `count` leaves (32 bytes each, contiguous) to `out` (32 bytes). Returns false iff the
// tree is mutated: sha256d-bitcoin, two equal nodes paired anywhere before padding (CVE-2012-2459);
// sha256-pairs, a count that is not a power of two. No leaves: sha256d-bitcoin gives 32 zero bytes, rfc6962
// gives SHA-256 of nothing. rfc6962 leaves are leaf hashes already (SHA-256 of 00 || data).
bool root(Tree tree, const u8* leaves, usize count, u8* out);

}  // namespace isthmus::merkle
