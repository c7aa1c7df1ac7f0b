// The kernels behind curve/multiply.hpp, one set per tier; made by curve/multiply_kernel.inl.
#pragma once

#include "curve/multiply.hpp"

namespace isthmus::curve {

// Rows that one call of a kernel takes at most; inversions are shared among them.
inline constexpr usize kMultiplyBlock = 128;
// G's table: 1, 2, ..., 2^(window - 1) times 2^(128 s) G for each stream s, as x and y of four words each, in the form
// that the lanes' products keep (times 2^260 for P-256 and SM2).
inline constexpr u32 kMultiplyBaseWindow = 12;
inline constexpr usize kMultiplyBaseEntries = usize{1} << (kMultiplyBaseWindow - 1);

// Combs: entries 1, ..., 2^(width - 1) times 2^(width w) P for each window w, in the same form. The windows of a
// 255-bit number with the carry of its signed digits.
constexpr u32 comb_windows(u32 width) { return (255 + width) / width; }
inline constexpr u32 kBaseCombWidth = 8;

// results[i] answers rows[i], i < count <= kMultiplyBlock. `workspace`: multiply_workspace() bytes at a multiple of 64.
using MultiplyKernel = void (*)(const MultiplyRow* rows, usize count, const u64* base_table, MultiplyResult* results,
                                void* workspace);
using CombKernel = void (*)(const CombRow* rows, usize count, u32 width, const u64* base_comb, MultiplyResult* results,
                            void* workspace);
// One tier's pair for one curve.
struct MultiplyKernels {
  MultiplyKernel multiply;
  CombKernel comb;
  bool operator==(const MultiplyKernels&) const = default;
};

}  // namespace isthmus::curve

#define ISTHMUS_MULTIPLY_CURVE(name)                                                         \
  void multiply_##name(const curve::MultiplyRow* rows, usize count, const u64* base_table,   \
                       curve::MultiplyResult* results, void* workspace);                     \
  void comb_##name(const curve::CombRow* rows, usize count, u32 width, const u64* base_comb, \
                   curve::MultiplyResult* results, void* workspace);
#define ISTHMUS_MULTIPLY(tier)      \
  namespace isthmus::tier {         \
  usize multiply_workspace();       \
  ISTHMUS_MULTIPLY_CURVE(secp256k1) \
  ISTHMUS_MULTIPLY_CURVE(p256)      \
  ISTHMUS_MULTIPLY_CURVE(sm2)       \
  }

#if defined(__x86_64__)
ISTHMUS_MULTIPLY(avx2)
ISTHMUS_MULTIPLY(avx512)
ISTHMUS_MULTIPLY(ifma)
#elif defined(__aarch64__)
ISTHMUS_MULTIPLY(neon)
#endif
#undef ISTHMUS_MULTIPLY
#undef ISTHMUS_MULTIPLY_CURVE
