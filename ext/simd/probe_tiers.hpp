// Every lane operation of a tier, applied to arrays: how the tests compare lane types with plain arithmetic
// without being compiled for a wide CPU themselves. Not used by the engine.
//
// `count` is kProbeLanes for all arrays. Results go to out[kProbeLanes * op + i], op in the order of the
// lists below. The transposes work in place on lanes x lanes words; each function returns the tier's number
// of lanes.
#pragma once

#include "base/bytes.hpp"

namespace isthmus {
namespace {

constexpr usize kProbeLanes = 16;

// clang-format off
enum U32Op : usize {
  kU32Add, kU32Xor, kU32And, kU32Or, kU32Shr3, kU32Shr10, kU32Rotr2, kU32Rotr7, kU32Rotr8, kU32Rotr16, kU32Rotr25,
  kU32Xor3, kU32Choose, kU32Majority, kU32OrNotXor, kU32Swap, kU32Set1, kU32Pin, kU32Ops
};

enum U64Op : usize {
  kU64Add, kU64Sub, kU64Xor, kU64And, kU64Or, kU64AndNot, kU64Shl1, kU64Shl51, kU64Shr1, kU64Shr52, kU64ShlBy23,
  kU64ShrBy37, kU64Sar1,
  kU64Sar52, kU64Sar63, kU64Rotr1, kU64Rotr41, kU64Mul32, kU64Equal, kU64EqualSelf, kU64Less, kU64LessSelf,
  kU64Select, kU64Any, kU64Xor3, kU64Choose, kU64Majority, kU64Swap, kU64Gather, kU64Set1, kU64Lane, kU64Pin,
  kU64Ops
};

// Those of lanes_u64_logic.hpp.
enum LogicOp : usize {
  kLogicAndNotXor, kLogicRotl0, kLogicRotl13, kLogicXorRotl0, kLogicXorRotl8, kLogicXorRotl21,
  kLogicXorRotl56, kLogicXorTurned, kLogicOps
};
// clang-format on

}  // namespace

#define ISTHMUS_PROBE_LANES(tier)                                                                          \
  namespace tier {                                                                                         \
  usize probe_u32(u32* out, const u32* a, const u32* b, const u32* c);                                     \
  usize probe_u32_rows(u32* square, u8* rows8, u32* words16, const u8* rows16, usize stride);              \
  usize probe_u64(u64* out, const u64* a, const u64* b, const u64* c, const u64* table, const u64* masks); \
  usize probe_u64_rows(u64* square, u8* rows8, u64* words16, const u8* rows16, usize stride);              \
  usize probe_logic(u64* out, const u64* a, const u64* b, const u64* c);                                   \
  usize probe_logic_rows(u64* column, u8* rows4, const u8* rows, usize stride);                            \
  }
#define ISTHMUS_PROBE_FE52(tier)                                                     \
  namespace tier {                                                                   \
  usize probe_fe52(u64* low, u64* high, const u64* acc, const u64* a, const u64* b); \
  }

ISTHMUS_PROBE_LANES(base)
ISTHMUS_PROBE_FE52(base)
#if defined(__x86_64__)
ISTHMUS_PROBE_LANES(avx2)
ISTHMUS_PROBE_LANES(avx512)
ISTHMUS_PROBE_FE52(avx2)
ISTHMUS_PROBE_FE52(avx512)
ISTHMUS_PROBE_FE52(ifma)
#elif defined(__aarch64__)
ISTHMUS_PROBE_LANES(armsha3)
ISTHMUS_PROBE_LANES(neon)
ISTHMUS_PROBE_FE52(neon)
#endif

#undef ISTHMUS_PROBE_LANES
#undef ISTHMUS_PROBE_FE52

}  // namespace isthmus
