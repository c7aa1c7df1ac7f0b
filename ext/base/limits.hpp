// Bounds that a caller puts on one input. Exceeding one makes the verdict `undecided` with `limit_exceeded`: a limit is
// the caller's, not the network's, so it never makes a block invalid.
#pragma once

#include "base/bytes.hpp"

namespace isthmus {

struct Limits {
  u64 bytes_max = u64{64} << 20;     // one input (block, header chain, light block)
  u32 rows_max = u32{1} << 22;       // hash, tree, compare and signature rows of one sheet, together
  u32 nodes_max = u32{1} << 22;      // nodes of one sheet's threshold tree
  u64 text_max = u64{256} << 20;     // literal bytes that a decoder writes into one sheet
  u64 signers_max = u64{64} << 20;   // tables of keys that sign often, of the whole engine
  u64 scratch_max = u64{256} << 20;  // bytes that the hash rows of one sheet write
};

}  // namespace isthmus
