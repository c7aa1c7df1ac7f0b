// What this CPU can do, as bits, and what the user took away.
//
// x86-64: CPUID leaves 1 and 7, and XCR0 for the register state that the operating system saves (Intel SDM
// volume 1, sections 13.2 and 14.3). AArch64: AT_HWCAP. ISTHMUS_CPU_CLEAR=avx512,ifma removes features for
// diagnosis in the field. Detection runs once, on first use; the environment is read then and never again.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.hpp"

namespace isthmus::cpu {

inline constexpr u32 kNone = 0;
#define X(symbol, bit, name, arch) inline constexpr u32 symbol = u32{1} << bit;
#include "cpu/features.def"
#undef X
// What tier files avx512 and avx2 are compiled for (ext/manifest.toml), as far as features tell it.
inline constexpr u32 kWide512 = kAvx512 | kAvx2 | kBmi2;
inline constexpr u32 kWide256 = kAvx2 | kBmi2;

// A row runs only where all bits that it needs are in `usable()`.
struct Features {
  u32 hardware;  // what CPU and operating system offer
  u32 cleared;   // what the user removed, offered or not

  constexpr u32 usable() const { return hardware & ~cleared; }
};

struct FeatureReport {
  const char* name;
  bool hardware;
  bool cleared;
  bool usable;
};

// The features of this process. Safe from any thread.
Features features();

// One entry per feature of this architecture, in the order of features.def.
std::vector<FeatureReport> list();

// Words of ISTHMUS_CPU_CLEAR that name no feature of any architecture; they had no effect.
std::vector<std::string> unknown_cleared();

// Reads a list like "avx512, ifma": returns the bits, appends unknown words to `unknown`. Empty words are
// skipped.
u32 parse_cleared(std::string_view text, std::vector<std::string>& unknown);

// "avx512+ifma"; the empty string for no bits.
std::string names_of(u32 bits);

}  // namespace isthmus::cpu
