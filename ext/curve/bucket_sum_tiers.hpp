// The kernels behind curve/bucket_sum.hpp, one per tier; made by curve/bucket_sum_kernel.inl.
#pragma once

#include "base/bytes.hpp"

namespace isthmus::curve {

// A point of secp256k1 ready to be added: limbs of 52 bits, values below p.
struct alignas(64) LiftedPoint {
  u64 x[5];
  u64 y[5];
  u64 minus_y[5];
  u64 image_x[5];  // beta x: the point times lambda is (beta x, y)
  u64 is_point;    // all ones where x is that of a point, else 0 and the rest is of no use
};

// (k + l lambda) P as magnitudes and signs.
struct BucketTerm {
  const LiftedPoint* point;
  u64 part[2][2];  // |k| and |l|, each below kBucketPartMax, in a half term at most 2^63
  u8 negative;     // bits 0 and 1: k and l
  bool half;
};

// 0xA3 2^120, which halves of scalars do not reach (asserted in bucket_sum.cpp).
inline constexpr u64 kBucketPartTop = 0xA3;
// Bits of a whole part and of a half one.
inline constexpr u32 kBucketBits = 128, kBucketHalfBits = 64;
inline constexpr u32 kBucketWidthMin = 4, kBucketWidthMax = 8;
inline constexpr usize kBucketTermsMax = 2048;
inline constexpr usize kBucketWindowsMax = 32;

// Where buckets begin, x and y: the topmost one of a window at twice the point at which the others do.
struct BucketStart {
  u64 once[2][5];
  u64 twice[2][5];
};

// The sum of a window's buckets, m times the m-th for m = 1, ..., entries; X, Y, ZZ, ZZZ of curve/xyzz_lanes.hpp.
struct BucketWindow {
  u64 coordinate[4][5];
  u32 entries;
};

struct BucketKernel {
  // Bytes that `sums` needs at a multiple of 64.
  usize workspace;
  // out[i] is the point with x = xs[i] < p and even y.
  void (*lift)(LiftedPoint* out, const u64 (*xs)[4], usize count);
  // The sum of all terms as sums of windows: window w counts 2^(width w) times. How many windows were written.
  // count <= kBucketTermsMax, kBucketWidthMin <= width <= kBucketWidthMax.
  u32 (*sums)(BucketWindow* windows, const BucketTerm* terms, usize count, u32 width, const BucketStart& start,
              void* workspace);
  // The width with which `sums` takes least time for so many whole and half terms.
  u32 (*best_width)(usize whole, usize half);
};

}  // namespace isthmus::curve

#define ISTHMUS_BUCKET_SUM(tier)               \
  namespace isthmus::tier {                    \
  extern const curve::BucketKernel bucket_sum; \
  }
ISTHMUS_BUCKET_SUM(emulated)
#if defined(__x86_64__)
ISTHMUS_BUCKET_SUM(avx2)
ISTHMUS_BUCKET_SUM(avx512)
ISTHMUS_BUCKET_SUM(ifma)
#elif defined(__aarch64__)
ISTHMUS_BUCKET_SUM(neon)
#endif
#undef ISTHMUS_BUCKET_SUM
