// How lane kernels walk over rows of one length. For tier files: internal linkage only.
#pragma once

#include "base/bytes.hpp"
#include "simd/intrinsics.hpp"

namespace isthmus::hash {
namespace {

// Calls pass(digests, rows) for every kLanes rows of `stride` bytes at `in`: rows[i] is where row i of the pass
// stands, digests takes kLanes digests of kDigest bytes. The last pass may be partial: its spare lanes repeat its
// first row, and their digests are dropped. A pass that reads before it writes may run in place.
template <usize kLanes, usize kDigest, typename Pass>
ISTHMUS_INLINE void passes(u8* out, const u8* in, usize stride, usize count, Pass pass) {
  alignas(64) u8 digests[kDigest * kLanes];
  const u8* rows[kLanes];
  while (count != 0) {
    const usize here = count < kLanes ? count : kLanes;
    for (usize i = 0; i < kLanes; ++i) rows[i] = in + (i < here ? stride * i : 0);
    u8* const to = here == kLanes ? out : digests;
    pass(to, rows);
    if (to != out) memcpy(out, digests, kDigest * here);
    in += stride * here;
    out += kDigest * here;
    count -= here;
  }
}

}  // namespace
}  // namespace isthmus::hash
