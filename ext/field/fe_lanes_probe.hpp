// What the tests call to reach field/fe_lanes.hpp in each tier; see fe_lanes_probe_kernel.inl.
#pragma once

#include "base/bytes.hpp"

namespace isthmus {

enum class FeLanesPrime : u8 { secp256k1, p256, sm2 };
// The raw ones take the operands for what products keep (for Montgomery form: without bringing them into it), so that
// limb patterns reach the multiplier as they are; their results carry a factor 2^-520 in that form.
enum class FeLanesOp : u8 { mul, sqr, mul_raw, sqr_raw, add, sub, spread, mul_sub, inverse, root };

// out[4 i ..] = op(a[4 i ..], b[4 i ..]) in [0, p), for values below 2^256; `count` is a multiple of eight.
#define ISTHMUS_PROBE(tier)                                                                                 \
  namespace tier {                                                                                          \
  void probe_fe_lanes(FeLanesPrime prime, FeLanesOp op, u64* out, const u64* a, const u64* b, usize count); \
  }
ISTHMUS_PROBE(base)
#if defined(__x86_64__)
ISTHMUS_PROBE(avx2)
ISTHMUS_PROBE(avx512)
ISTHMUS_PROBE(ifma)
#elif defined(__aarch64__)
ISTHMUS_PROBE(neon)
#endif
#undef ISTHMUS_PROBE

}  // namespace isthmus
