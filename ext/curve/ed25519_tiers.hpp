// The kernels behind curve/ed25519_lanes.hpp, one set per tier; made by curve/ed25519_kernel.inl.
#pragma once

#include "base/bytes.hpp"

namespace isthmus::curve {

// 32 bytes of a point as words, least significant first.
struct Ed25519Encoding {
  u64 word[4];
};

// A point in affine form, ready to be added: y + x, y - x, 2dxy with tight limbs.
struct alignas(64) Ed25519Row {
  u64 sum[5];
  u64 difference[5];
  u64 xy2d[5];
  u64 is_point;  // all ones where it was decoded, else 0 and the rest is of no use
};
static_assert(sizeof(Ed25519Row) == 128);

struct Ed25519Term {
  const Ed25519Row* point;
  u64 factor[4];  // whole: below 2^253; half: two's complement, u - 0x8080...80 with any u below 2^128
  bool half;
};

// sB - kA; both scalars below 2^253.
struct Ed25519Product {
  const Ed25519Row* point;
  u64 base[4];
  u64 factor[4];
};

// Terms of one sum at most.
inline constexpr usize kEd25519TermsMax = 2049;

// Rows of one call of `products` at most; an inversion is shared among them.
inline constexpr usize kEd25519Block = 128;
// Windows of one sum at most, and what a window's sum is: X, Y, Z, T, five limbs each, tight.
inline constexpr usize kEd25519Windows = 64;
using Ed25519Limbs = u64[4][5];
// Multiples 0, 1, ..., 128 of the base point, what signed digits of 8 bits need.
inline constexpr usize kEd25519BaseMultiples = 129;

enum class Ed25519FieldOperation : u8 {
  multiply,
  square,  // of a
  add,
  subtract,
  negate,    // a
  sum_wide,  // a b + a^2 - b^2 through one round of carries
};

struct Ed25519Kernel {
  // Bytes that `sums` and `products` need at a multiple of 64.
  usize workspace;
  void (*decode)(Ed25519Row* out, const Ed25519Encoding* encodings, usize count);
  // The sum of all terms as sums of windows: window w counts 2^(width w) times. How many windows were written.
  // 4 <= width <= 8, count <= kEd25519TermsMax.
  u32 (*sums)(Ed25519Limbs* windows, const Ed25519Term* terms, usize count, u32 width, void* workspace);
  // count <= kEd25519Block.
  void (*products)(Ed25519Encoding* out, const Ed25519Product* rows, usize count, const Ed25519Row* base,
                   void* workspace);
  // For tests: out[i] is what `operation` makes of a[i] and b[i], which are tight limbs; its own are canonical.
  void (*field)(u64 (*out)[5], const u64 (*a)[5], const u64 (*b)[5], usize count, Ed25519FieldOperation operation);
  // The width with which `sums` takes least time for so many terms of 253 bits and of 128.
  u32 (*best_width)(usize whole, usize half);
};

}  // namespace isthmus::curve

#define ISTHMUS_ED25519(tier)                \
  namespace isthmus::tier {                  \
  extern const curve::Ed25519Kernel ed25519; \
  }
ISTHMUS_ED25519(emulated)
#if defined(__x86_64__)
ISTHMUS_ED25519(avx2)
ISTHMUS_ED25519(avx512)
ISTHMUS_ED25519(ifma)
#elif defined(__aarch64__)
ISTHMUS_ED25519(neon)
#endif
#undef ISTHMUS_ED25519
