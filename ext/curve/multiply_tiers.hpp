// The kernels behind curve/multiply.hpp, one set per tier; made by curve/multiply_kernel.inl.
#pragma once

#include <string_view>

#include "curve/multiply.hpp"

namespace isthmus::curve {

// Rows that one call of a kernel takes at most; inversions are shared among them.
inline constexpr usize kMultiplyBlock = 128;
// G's table: 1, 2, ..., 2^(window - 1) times 2^(128 s) G for each stream s, as x and y of four words each, in the form
// that the lanes' products keep (times 2^260 for P-256 and SM2).
inline constexpr u32 kMultiplyBaseWindow = 12;
inline constexpr usize kMultiplyBaseEntries = usize{1} << (kMultiplyBaseWindow - 1);

// results[i] answers rows[i], i < count <= kMultiplyBlock. `workspace`: multiply_workspace() bytes at a multiple of 64.
using MultiplyKernel = void (*)(const MultiplyRow* rows, usize count, const u64* base_table, MultiplyResult* results,
                                void* workspace);

// The most that a kernel of this machine's tiers wants.
usize multiply_workspace_max();
// G's table, made at first use; null without memory.
const u64* multiply_base_table(LaneCurve curve);
// The kernel of that tier when it may run here, else null. For tests: the choice itself is never switched.
MultiplyKernel named_multiply(LaneCurve curve, std::string_view tier);

}  // namespace isthmus::curve

#define ISTHMUS_MULTIPLY(tier)                                                                \
  namespace isthmus::tier {                                                                   \
  usize multiply_workspace();                                                                 \
  void multiply_secp256k1(const curve::MultiplyRow* rows, usize count, const u64* base_table, \
                          curve::MultiplyResult* results, void* workspace);                   \
  void multiply_p256(const curve::MultiplyRow* rows, usize count, const u64* base_table,      \
                     curve::MultiplyResult* results, void* workspace);                        \
  void multiply_sm2(const curve::MultiplyRow* rows, usize count, const u64* base_table,       \
                    curve::MultiplyResult* results, void* workspace);                         \
  }

ISTHMUS_MULTIPLY(emulated)
#if defined(__x86_64__)
ISTHMUS_MULTIPLY(avx2)
ISTHMUS_MULTIPLY(avx512)
ISTHMUS_MULTIPLY(ifma)
#endif
#undef ISTHMUS_MULTIPLY
