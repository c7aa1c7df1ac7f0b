// Every lane operation of every tier against plain scalar arithmetic, on edge and random words; the 52-bit
// multiply-add against products computed here from 26-bit halves.
#include <doctest/doctest.h>

#if defined(__aarch64__)
#include <sys/auxv.h>
#endif

#include <random>
#include <string>
#include <vector>

#include "simd/lanes_fe52.hpp"
#include "simd/probe_tiers.hpp"

using namespace isthmus;

namespace {

struct LaneTier {
  const char* name;
  bool here;
  usize lanes32, lanes64;
  usize (*u32_ops)(u32*, const u32*, const u32*, const u32*);
  usize (*u32_rows)(u32*, u8*, u32*, const u8*, usize);
  usize (*u64_ops)(u64*, const u64*, const u64*, const u64*, const u64*, const u64*);
  usize (*u64_rows)(u64*, u8*, u64*, const u8*, usize);
  usize (*logic)(u64*, const u64*, const u64*, const u64*);
  usize (*logic_rows)(u64*, u8*, const u8*, usize);
};

#if defined(__aarch64__)
constexpr unsigned long kHwcapSha3 = 1ul << 17;  // as cpu/features.cpp has it
#endif

#if defined(__x86_64__)
bool cpu_has(const std::string& tier) {
  __builtin_cpu_init();
  const bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi2");
  const bool avx512 = avx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                      __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
  if (tier == "avx2") return avx2;
  if (tier == "avx512") return avx512;
  return avx512 && __builtin_cpu_supports("avx512ifma");
}
#endif

std::vector<LaneTier> tiers() {
  return {
#define ISTHMUS_TIER_ROW(tier, here, lanes32, lanes64) \
  {#tier,                                              \
   here,                                               \
   lanes32,                                            \
   lanes64,                                            \
   tier::probe_u32,                                    \
   tier::probe_u32_rows,                               \
   tier::probe_u64,                                    \
   tier::probe_u64_rows,                               \
   tier::probe_logic,                                  \
   tier::probe_logic_rows}
      ISTHMUS_TIER_ROW(base, true, 1, 1),
#if defined(__x86_64__)
      ISTHMUS_TIER_ROW(avx2, cpu_has("avx2"), 8, 4),
      ISTHMUS_TIER_ROW(avx512, cpu_has("avx512"), 16, 8),
#elif defined(__aarch64__)
      ISTHMUS_TIER_ROW(neon, true, 4, 2),
      ISTHMUS_TIER_ROW(armsha3, (getauxval(AT_HWCAP) & kHwcapSha3) != 0, 4, 2),
#endif
#undef ISTHMUS_TIER_ROW
  };
}

// Edge words first, then random ones; the generator is seeded, so every run sees the same.
template <typename Word>
class Words {
 public:
  Word next() {
    constexpr u64 kEdges[] = {0,
                              1,
                              0x7fffffff,
                              0x80000000,
                              0xffffffff,
                              0x100000000,
                              (u64{1} << 52) - 1,
                              u64{1} << 52,
                              (u64{1} << 63) - 1,
                              u64{1} << 63,
                              ~u64{0},
                              0x0102030405060708};
    const u64 draw = random_();
    return static_cast<Word>(draw % 4 == 0 ? kEdges[(draw >> 8) % 12] : random_());
  }
  void fill(Word* out, usize count) {
    for (usize i = 0; i < count; ++i) out[i] = next();
  }

 private:
  std::mt19937_64 random_{20240501};
};

u32 turn32(u32 x, u32 bits) { return (x >> bits) | (x << (32 - bits)); }
u64 turn64(u64 x, u32 bits) { return (x >> bits) | (x << (64 - bits)); }
u64 mask_of(bool condition) { return condition ? ~u64{0} : 0; }

u64 filled_shift(u64 x, u32 bits) { return (x >> bits) | ((x >> 63) != 0 ? ~(~u64{0} >> bits) : 0); }

u64 bytes_reversed(u64 x, usize bytes) {
  u64 out = 0;
  for (usize i = 0; i < bytes; ++i) out |= ((x >> (8 * i)) & 0xff) << (8 * (bytes - 1 - i));
  return out;
}

template <typename Word>
Word bitwise(Word x, Word y, Word z, bool majority) {
  Word out = 0;
  for (usize i = 0; i < 8 * sizeof(Word); ++i) {
    const int a = (x >> i) & 1, b = (y >> i) & 1, c = (z >> i) & 1;
    const int bit = majority ? (a + b + c >= 2) : (a != 0 ? b : c);
    out |= static_cast<Word>(bit) << i;
  }
  return out;
}

void expected_u32(u32 (&out)[kU32Ops], u32 x, u32 y, u32 z, u32 first) {
  out[kU32Add] = x + y;
  out[kU32Xor] = x ^ y;
  out[kU32And] = x & y;
  out[kU32Or] = x | y;
  out[kU32Shr3] = x >> 3;
  out[kU32Shr10] = x >> 10;
  out[kU32Rotr2] = turn32(x, 2);
  out[kU32Rotr7] = turn32(x, 7);
  out[kU32Rotr8] = turn32(x, 8);
  out[kU32Rotr16] = turn32(x, 16);
  out[kU32Rotr25] = turn32(x, 25);
  out[kU32Xor3] = x ^ y ^ z;
  out[kU32Choose] = bitwise(x, y, z, false);
  out[kU32Majority] = bitwise(x, y, z, true);
  out[kU32OrNotXor] = (x | ~y) ^ z;
  out[kU32Swap] = static_cast<u32>(bytes_reversed(x, 4));
  out[kU32Set1] = first;
  out[kU32Pin] = x;
}

// `any` and `mask` are of the group and the lane; they are set by the caller.
void expected_u64(u64 (&out)[kU64Ops], u64 x, u64 y, u64 z, u64 first, const u64* table) {
  out[kU64Add] = x + y;
  out[kU64Sub] = x - y;
  out[kU64Xor] = x ^ y;
  out[kU64And] = x & y;
  out[kU64Or] = x | y;
  out[kU64AndNot] = x & ~y;
  out[kU64Shl1] = x << 1;
  out[kU64Shl51] = x << 51;
  out[kU64Shr1] = x >> 1;
  out[kU64Shr52] = x >> 52;
  out[kU64ShlBy23] = x << 23;
  out[kU64ShrBy37] = x >> 37;
  out[kU64Sar1] = filled_shift(x, 1);
  out[kU64Sar52] = filled_shift(x, 52);
  out[kU64Sar63] = filled_shift(x, 63);
  out[kU64Rotr1] = turn64(x, 1);
  out[kU64Rotr41] = turn64(x, 41);
  out[kU64Mul32] = (x & 0xffffffff) * (y & 0xffffffff);
  out[kU64Equal] = mask_of(x == y);
  out[kU64EqualSelf] = ~u64{0};
  out[kU64Less] = mask_of(x < y);
  out[kU64LessSelf] = 0;
  out[kU64Xor3] = x ^ y ^ z;
  out[kU64Choose] = bitwise(x, y, z, false);
  out[kU64Majority] = bitwise(x, y, z, true);
  out[kU64Swap] = bytes_reversed(x, 8);
  out[kU64Gather] = table[x % kProbeLanes];
  out[kU64Set1] = first;
  out[kU64Lane] = x;
  out[kU64Pin] = x;
}

}  // namespace

TEST_CASE("32-bit lanes equal scalar words") {
  for (const LaneTier& tier : tiers()) {
    if (!tier.here) continue;
    CAPTURE(tier.name);
    Words<u32> words;
    for (int round = 0; round < 200; ++round) {
      u32 a[kProbeLanes], b[kProbeLanes], c[kProbeLanes];
      words.fill(a, kProbeLanes);
      words.fill(b, kProbeLanes);
      words.fill(c, kProbeLanes);
      u32 got[kU32Ops * kProbeLanes];
      CHECK(tier.u32_ops(got, a, b, c) == tier.lanes32);
      for (usize i = 0; i < kProbeLanes; ++i) {
        u32 expected[kU32Ops];
        expected_u32(expected, a[i], b[i], c[i], c[0]);
        for (usize op = 0; op < kU32Ops; ++op) {
          CAPTURE(op);
          REQUIRE(got[kProbeLanes * op + i] == expected[op]);
        }
      }
    }
  }
}

TEST_CASE("rows of 32-bit words move to lanes and back") {
  for (const LaneTier& tier : tiers()) {
    if (!tier.here) continue;
    CAPTURE(tier.name);
    constexpr usize kStride = 68;  // rows need not touch
    u32 square[16 * 16];
    for (usize i = 0; i < tier.lanes32 * tier.lanes32; ++i) square[i] = static_cast<u32>(1000 + i);
    u8 rows16[kStride * 16 + 4];
    for (usize i = 0; i < sizeof(rows16); ++i) rows16[i] = static_cast<u8>(i * 7 + i / 251);
    u8 rows8[32 * 16];
    u32 words16[16 * 16];
    const usize lanes = tier.u32_rows(square, rows8, words16, rows16, kStride);
    REQUIRE(lanes == tier.lanes32);
    for (usize i = 0; i < lanes; ++i) {
      for (usize j = 0; j < lanes; ++j) CHECK(square[lanes * i + j] == 1000 + lanes * j + i);
      const u8* const row = rows16 + kStride * (lanes - 1 - i) + 4;
      for (usize j = 0; j < 16; ++j) CHECK(words16[lanes * j + i] == load_le32(row + 4 * j));
      CHECK(memcmp(rows8 + 32 * i, row, 32) == 0);
    }
  }
}

TEST_CASE("64-bit lanes equal scalar words") {
  u64 table[kProbeLanes];
  for (usize i = 0; i < kProbeLanes; ++i) table[i] = 0x9e3779b97f4a7c15 * (i + 1);
  for (const LaneTier& tier : tiers()) {
    if (!tier.here) continue;
    CAPTURE(tier.name);
    Words<u64> words;
    for (int round = 0; round < 200; ++round) {
      u64 a[kProbeLanes], b[kProbeLanes], c[kProbeLanes], masks[kProbeLanes];
      words.fill(a, kProbeLanes);
      words.fill(b, kProbeLanes);
      words.fill(c, kProbeLanes);
      b[round % kProbeLanes] = a[round % kProbeLanes];  // equal lanes would be rare among random words
      for (u64& mask : masks) mask = mask_of(words.next() % 8 == 0);
      u64 got[kU64Ops * kProbeLanes];
      CHECK(tier.u64_ops(got, a, b, c, table, masks) == tier.lanes64);
      for (usize i = 0; i < kProbeLanes; ++i) {
        u64 expected[kU64Ops];
        expected_u64(expected, a[i], b[i], c[i], c[0], table);
        expected[kU64Select] = masks[i] != 0 ? a[i] : b[i];
        expected[kU64Any] = 0;
        const usize group = i / tier.lanes64 * tier.lanes64;
        for (usize j = 0; j < tier.lanes64; ++j) expected[kU64Any] |= masks[group + j] & 1;
        for (usize op = 0; op < kU64Ops; ++op) {
          CAPTURE(op);
          REQUIRE(got[kProbeLanes * op + i] == expected[op]);
        }
      }
    }
  }
}

TEST_CASE("rows of 64-bit words move to lanes and back") {
  for (const LaneTier& tier : tiers()) {
    if (!tier.here) continue;
    CAPTURE(tier.name);
    constexpr usize kStride = 136;
    u64 square[8 * 8];
    for (usize i = 0; i < 64; ++i) square[i] = (u64{i} << 40) + 77 * i;
    u64 before[8 * 8];
    memcpy(before, square, sizeof(square));
    u8 rows16[kStride * 8 + 8];
    for (usize i = 0; i < sizeof(rows16); ++i) rows16[i] = static_cast<u8>(i * 7 + i / 251);
    u8 rows8[64 * 8];
    u64 words16[16 * 8];
    const usize lanes = tier.u64_rows(square, rows8, words16, rows16, kStride);
    REQUIRE(lanes == tier.lanes64);
    for (usize i = 0; i < lanes; ++i) {
      for (usize j = 0; j < lanes; ++j) CHECK(square[lanes * i + j] == before[lanes * j + i]);
      const u8* const row = rows16 + kStride * (lanes - 1 - i) + 8;
      for (usize j = 0; j < 16; ++j) CHECK(words16[lanes * j + i] == load_le64(row + 8 * j));
      CHECK(memcmp(rows8 + 64 * i, row, 64) == 0);
    }
  }
}

TEST_CASE("64-bit lanes: logic of three words and turned sums equal scalar words") {
  for (const LaneTier& tier : tiers()) {
    if (!tier.here) continue;
    CAPTURE(tier.name);
    Words<u64> words;
    for (int round = 0; round < 200; ++round) {
      u64 a[kProbeLanes], b[kProbeLanes], c[kProbeLanes];
      words.fill(a, kProbeLanes);
      words.fill(b, kProbeLanes);
      words.fill(c, kProbeLanes);
      u64 got[kLogicOps * kProbeLanes];
      CHECK(tier.logic(got, a, b, c) == tier.lanes64);
      for (usize i = 0; i < kProbeLanes; ++i) {
        u64 expected[kLogicOps];
        expected[kLogicAndNotXor] = (a[i] & ~b[i]) ^ c[i];
        expected[kLogicRotl0] = a[i];
        expected[kLogicRotl13] = turn64(a[i], 51);
        expected[kLogicXorRotl0] = a[i] ^ b[i];
        expected[kLogicXorRotl8] = turn64(a[i] ^ b[i], 56);
        expected[kLogicXorRotl21] = turn64(a[i] ^ b[i], 43);
        expected[kLogicXorRotl56] = turn64(a[i] ^ b[i], 8);
        expected[kLogicXorTurned] = a[i] ^ turn64(b[i], 63);
        for (usize op = 0; op < kLogicOps; ++op) {
          CAPTURE(op);
          REQUIRE(got[kProbeLanes * op + i] == expected[op]);
        }
      }
    }
  }
}

TEST_CASE("columns and rows of four 64-bit words") {
  for (const LaneTier& tier : tiers()) {
    if (!tier.here) continue;
    CAPTURE(tier.name);
    constexpr usize kStride = 41;
    u8 rows[kStride * 8];
    for (usize i = 0; i < sizeof(rows); ++i) rows[i] = static_cast<u8>(i * 7 + i / 251);
    u64 column[8];
    u8 rows4[32 * 8];
    const usize lanes = tier.logic_rows(column, rows4, rows, kStride);
    REQUIRE(lanes == tier.lanes64);
    for (usize i = 0; i < lanes; ++i) {
      const u8* const row = rows + kStride * (lanes - 1 - i) + 1;
      CHECK(column[i] == load_le64(row + 8));
      CHECK(memcmp(rows4 + 32 * i, row, 32) == 0);
    }
  }
}

namespace {

// acc plus the low or high 52 bits of a 104-bit product, from 26-bit halves and without 128-bit arithmetic.
u64 slow_madd(u64 acc, u64 a, u64 b, bool high) {
  constexpr u64 kHalf = (u64{1} << 26) - 1;
  const u64 a0 = a & kHalf, a1 = (a >> 26) & kHalf, b0 = b & kHalf, b1 = (b >> 26) & kHalf;
  const u64 middle = a0 * b1 + a1 * b0 + ((a0 * b0) >> 26);  // below 2^53 + 2^26
  const u64 low = ((middle & kHalf) << 26) | (a0 * b0 & kHalf);
  return acc + (high ? a1 * b1 + (middle >> 26) : low);
}

void check_fe52(usize (*probe)(u64*, u64*, const u64*, const u64*, const u64*), usize lanes = 8) {
  Words<u64> words;
  for (int round = 0; round < 2000; ++round) {
    u64 acc[kProbeLanes], a[kProbeLanes], b[kProbeLanes], low[kProbeLanes], high[kProbeLanes];
    words.fill(acc, kProbeLanes);
    words.fill(a, kProbeLanes);
    words.fill(b, kProbeLanes);
    // Factors are below 2^52 by contract; a third of them stands at the bound.
    for (usize i = 0; i < kProbeLanes; ++i) {
      a[i] = i % 3 == 0 ? simd::kMask52 - (a[i] & 1) : a[i] & simd::kMask52;
      b[i] = i % 3 == 0 ? simd::kMask52 - (b[i] & 3) : b[i] & simd::kMask52;
    }
    CHECK(probe(low, high, acc, a, b) == lanes);
    for (usize i = 0; i < kProbeLanes; ++i) {
      REQUIRE(low[i] == slow_madd(acc[i], a[i], b[i], false));
      REQUIRE(high[i] == slow_madd(acc[i], a[i], b[i], true));
    }
  }
}

}  // namespace

TEST_CASE("52-bit multiply-add, emulated") { check_fe52(base::probe_fe52); }

#if defined(__x86_64__)
TEST_CASE("52-bit multiply-add, IFMA" * doctest::skip(!cpu_has("ifma"))) { check_fe52(ifma::probe_fe52); }
TEST_CASE("52-bit multiply-add, AVX-512 doubles" * doctest::skip(!cpu_has("avx512"))) {
  check_fe52(avx512::probe_fe52);
}
TEST_CASE("52-bit multiply-add, AVX2 doubles" * doctest::skip(!cpu_has("avx2"))) { check_fe52(avx2::probe_fe52, 4); }
#elif defined(__aarch64__)
TEST_CASE("52-bit multiply-add, NEON doubles") { check_fe52(neon::probe_fe52, 2); }
#endif

TEST_CASE("52-bit multiply-add at its bounds") {
  using P = simd::Fe52Plain<1>;
  using V = P::V;
  const V top = V::set1(simd::kMask52);
  V lo = V::set1(0), hi = V::set1(0);
  P::accumulate(lo, hi, P::factor(top), P::factor(top));
  // (2^52 - 1)^2 = (2^52 - 2) * 2^52 + 1
  CHECK(lo.lane(0) == 1);
  CHECK(hi.lane(0) == simd::kMask52 - 1);
}
