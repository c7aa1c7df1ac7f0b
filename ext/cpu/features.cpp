// Detection of CPU features; see features.hpp. Compiled without any architecture flag.
#include "cpu/features.hpp"

#include <stdlib.h>

#if defined(__x86_64__)
#include <cpuid.h>
#elif defined(__aarch64__)
#include <sys/auxv.h>
#endif

namespace isthmus::cpu {
namespace {

enum class Arch : u8 { x86, arm };

#if defined(__aarch64__)
constexpr Arch kHere = Arch::arm;
#else
constexpr Arch kHere = Arch::x86;
#endif

struct Entry {
  u32 bit;
  const char* name;
  Arch arch;
};

constexpr Entry kEntries[] = {
#define X(symbol, bit, name, arch) {symbol, name, Arch::arch},
#include "cpu/features.def"
#undef X
};

struct State {
  Features features;
  std::vector<std::string> unknown;
};

#if defined(__x86_64__)

constexpr bool has(u32 word, u32 bit) { return ((word >> bit) & 1) != 0; }

// XCR0: bits 1-2 are SSE and YMM state, bits 5-7 the three parts of ZMM state. Only defined when
// CPUID.1:ECX.OSXSAVE.
u64 xcr0() {
  u32 low = 0;
  u32 high = 0;
  __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return (u64{high} << 32) | low;
}

u32 detect() {
  u32 eax = 0, ebx = 0, ecx = 0, edx = 0;
  if (!__get_cpuid(1, &eax, &ebx, &ecx, &edx)) return kNone;
  const u32 leaf1_ecx = ecx;
  u32 leaf7_ebx = 0;
  if (__get_cpuid_count(7, 0, &eax, &ebx, &ecx, &edx)) leaf7_ebx = ebx;

  u32 bits = kNone;
  if (has(leaf1_ecx, 9)) bits |= kSsse3;
  if (has(leaf1_ecx, 19)) bits |= kSse41;
  if (has(leaf7_ebx, 8)) bits |= kBmi2;
  if (has(leaf7_ebx, 19)) bits |= kAdx;
  if (has(leaf7_ebx, 29)) bits |= kShaNi;

  const bool saves = has(leaf1_ecx, 27);
  const u64 state = saves ? xcr0() : 0;
  // A compiler that was told -mavx2 may also use SSE4.2 and POPCNT, and the tier is compiled with -mfma; with -mavx512f
  // also F16C.
  const bool avx2 = (state & 0x06) == 0x06 && has(leaf1_ecx, 28) && has(leaf1_ecx, 20) && has(leaf1_ecx, 23) &&
                    has(leaf1_ecx, 12) && has(leaf7_ebx, 5);
  if (avx2) bits |= kAvx2;
  const bool avx512 = avx2 && (state & 0xe0) == 0xe0 && has(leaf1_ecx, 29) && has(leaf7_ebx, 16) &&
                      has(leaf7_ebx, 17) && has(leaf7_ebx, 30) && has(leaf7_ebx, 31);
  if (avx512) bits |= kAvx512;
  if (avx512 && has(leaf7_ebx, 21)) bits |= kIfma;
  return bits;
}

#elif defined(__aarch64__)

// Bits of AT_HWCAP as the Linux ABI fixes them (arch/arm64/include/uapi/asm/hwcap.h); spelled out because old
// libc headers lack some of the names.
u32 detect() {
  const unsigned long hwcap = getauxval(AT_HWCAP);
  u32 bits = kNone;
  if (hwcap & (1ul << 1)) bits |= kNeon;
  if (hwcap & (1ul << 6)) bits |= kSha2;
  if (hwcap & (1ul << 17)) bits |= kSha3;
  if (hwcap & (1ul << 18)) bits |= kSm3;
  if (hwcap & (1ul << 21)) bits |= kSha512;
  return bits;
}

#else

u32 detect() { return kNone; }

#endif

const State& state() {
  static const State value = [] {
    State made{{detect(), kNone}, {}};
    const char* text = getenv("ISTHMUS_CPU_CLEAR");
    if (text != nullptr) made.features.cleared = parse_cleared(text, made.unknown);
    return made;
  }();
  return value;
}

std::string_view trimmed(std::string_view word) {
  while (!word.empty() && (word.front() == ' ' || word.front() == '\t')) word.remove_prefix(1);
  while (!word.empty() && (word.back() == ' ' || word.back() == '\t')) word.remove_suffix(1);
  return word;
}

u32 bit_of(std::string_view name) {
  for (const Entry& entry : kEntries) {
    if (name == entry.name) return entry.bit;
  }
  return kNone;
}

}  // namespace

Features features() { return state().features; }

std::vector<std::string> unknown_cleared() { return state().unknown; }

std::vector<FeatureReport> list() {
  const Features have = features();
  std::vector<FeatureReport> out;
  for (const Entry& entry : kEntries) {
    if (entry.arch != kHere) continue;
    out.push_back({entry.name, (have.hardware & entry.bit) != 0, (have.cleared & entry.bit) != 0,
                   (have.usable() & entry.bit) != 0});
  }
  return out;
}

u32 parse_cleared(std::string_view text, std::vector<std::string>& unknown) {
  u32 bits = kNone;
  while (!text.empty()) {
    const usize comma = text.find(',');
    const std::string_view word = trimmed(text.substr(0, comma));
    text = comma == std::string_view::npos ? std::string_view() : text.substr(comma + 1);
    if (word.empty()) continue;
    const u32 bit = bit_of(word);
    if (bit == kNone) unknown.emplace_back(word);
    bits |= bit;
  }
  return bits;
}

std::string names_of(u32 bits) {
  std::string out;
  for (const Entry& entry : kEntries) {
    if ((bits & entry.bit) == 0) continue;
    if (!out.empty()) out += '+';
    out += entry.name;
  }
  return out;
}

}  // namespace isthmus::cpu
