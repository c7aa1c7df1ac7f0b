// Names, clearing and plausibility of the detected features.
#include "cpu/features.hpp"

#include <doctest/doctest.h>

using namespace isthmus;

TEST_CASE("feature bits are distinct and named") {
  u32 seen = 0;
  usize count = 0;
#define X(symbol, bit, name, arch)           \
  CHECK((seen & cpu::symbol) == 0);          \
  CHECK(cpu::names_of(cpu::symbol) == name); \
  seen |= cpu::symbol;                       \
  ++count;
#include "cpu/features.def"
#undef X
  CHECK(count == 13);
  CHECK(cpu::names_of(cpu::kNone) == "");
  CHECK(cpu::names_of(cpu::kAvx512 | cpu::kIfma) == "avx512+ifma");
}

TEST_CASE("the list of cleared features") {
  std::vector<std::string> unknown;
  CHECK(cpu::parse_cleared("", unknown) == cpu::kNone);
  CHECK(cpu::parse_cleared(" , ,,", unknown) == cpu::kNone);
  CHECK(unknown.empty());
  CHECK(cpu::parse_cleared("avx512,ifma", unknown) == (cpu::kAvx512 | cpu::kIfma));
  CHECK(cpu::parse_cleared("\t avx2 ,\tshani ", unknown) == (cpu::kAvx2 | cpu::kShaNi));
  CHECK(cpu::parse_cleared("sha2,avx512", unknown) == (cpu::kSha2 | cpu::kAvx512));
  CHECK(unknown.empty());
  CHECK(cpu::parse_cleared("avx,ifma,AVX2,avx512 ifma", unknown) == cpu::kIfma);
  CHECK(unknown == std::vector<std::string>{"avx", "AVX2", "avx512 ifma"});
}

TEST_CASE("clearing wins over hardware") {
  constexpr cpu::Features kSome{cpu::kAvx2 | cpu::kBmi2, cpu::kAvx2 | cpu::kIfma};
  static_assert(kSome.usable() == cpu::kBmi2);
}

TEST_CASE("this machine") {
  const cpu::Features have = cpu::features();
  const std::vector<cpu::FeatureReport> list = cpu::list();
  u32 listed = 0;
  for (const cpu::FeatureReport& feature : list) {
    CAPTURE(feature.name);
    std::vector<std::string> unknown;
    const u32 bit = cpu::parse_cleared(feature.name, unknown);
    CHECK(unknown.empty());
    CHECK(feature.hardware == ((have.hardware & bit) != 0));
    CHECK(feature.usable == (feature.hardware && !feature.cleared));
    listed |= bit;
  }
  CHECK((have.hardware & ~listed) == 0);  // no bit of the other architecture
#if defined(__x86_64__)
  CHECK(list.size() == 8);
  __builtin_cpu_init();
  CHECK(((have.hardware & cpu::kSsse3) != 0) == (__builtin_cpu_supports("ssse3") != 0));
  CHECK(((have.hardware & cpu::kSse41) != 0) == (__builtin_cpu_supports("sse4.1") != 0));
  CHECK(((have.hardware & cpu::kAvx2) != 0) == (__builtin_cpu_supports("avx2") != 0));
  CHECK(((have.hardware & cpu::kBmi2) != 0) == (__builtin_cpu_supports("bmi2") != 0));
  const bool avx512 = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                      __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
  CHECK(((have.hardware & cpu::kAvx512) != 0) == avx512);
  CHECK(((have.hardware & cpu::kIfma) != 0) == (avx512 && __builtin_cpu_supports("avx512ifma")));
#elif defined(__aarch64__)
  CHECK(list.size() == 5);
  CHECK((have.hardware & cpu::kNeon) != 0);
#endif
}
