// The probes of one tier; see probe_tiers.hpp. The including file defines ISTHMUS_TIER, and ISTHMUS_LANES32
// with ISTHMUS_LANES64, or ISTHMUS_FE52, or all three; ISTHMUS_FE52_ROUNDING where the policy wants another rounding.
#include "simd/lanes_fe52.hpp"
#include "simd/lanes_u32.hpp"
#include "simd/lanes_u64_logic.hpp"
#include "simd/probe_tiers.hpp"

#ifndef ISTHMUS_FE52_ROUNDING
#define ISTHMUS_FE52_ROUNDING static_cast<void>(0)
#endif

namespace isthmus::ISTHMUS_TIER {

#if defined(ISTHMUS_LANES32)

usize probe_u32(u32* out, const u32* a, const u32* b, const u32* c) {
  using V = simd::ISTHMUS_LANES32;
  for (usize i = 0; i < kProbeLanes; i += V::kLanes) {
    const V x = V::load(a + i);
    const V y = V::load(b + i);
    const V z = V::load(c + i);
    V pinned = x;
    pin(pinned);
    // clang-format off
    const V results[kU32Ops] = {
        x + y, x ^ y, x & y, x | y, simd::shr<3>(x), simd::shr<10>(x), simd::rotr<2>(x), simd::rotr<7>(x),
        simd::rotr<8>(x), simd::rotr<16>(x), simd::rotr<25>(x), xor3(x, y, z), choose(x, y, z), majority(x, y, z),
        or_not_xor(x, y, z), swap_bytes(x), V::set1(c[0]), pinned};
    // clang-format on
    for (usize op = 0; op < kU32Ops; ++op) results[op].store(out + kProbeLanes * op + i);
  }
  return V::kLanes;
}

// square: lanes x lanes words, transposed in place; rows8: 8 words per lane from the first 8 of words16;
// words16: word j of all lanes at words16 + lanes * j; lane i reads the row `lanes - 1 - i` of rows16, past its first
// word.
usize probe_u32_rows(u32* square, u8* rows8, u32* words16, const u8* rows16, usize stride) {
  using V = simd::ISTHMUS_LANES32;
  V x[V::kLanes];
  for (usize i = 0; i < V::kLanes; ++i) x[i] = V::load(square + V::kLanes * i);
  transpose(x);
  for (usize i = 0; i < V::kLanes; ++i) x[i].store(square + V::kLanes * i);
  const u8* rows[V::kLanes];
  for (usize i = 0; i < V::kLanes; ++i) rows[i] = rows16 + stride * (V::kLanes - 1 - i);
  V w[16];
  simd::load_rows16(w, rows, 4);
  for (usize j = 0; j < 16; ++j) w[j].store(words16 + V::kLanes * j);
  const V first[8] = {w[0], w[1], w[2], w[3], w[4], w[5], w[6], w[7]};
  store_rows8(rows8, first);
  return V::kLanes;
}

usize probe_u64(u64* out, const u64* a, const u64* b, const u64* c, const u64* table, const u64* masks) {
  using V = simd::ISTHMUS_LANES64;
  for (usize i = 0; i < kProbeLanes; i += V::kLanes) {
    const V x = V::load(a + i);
    const V y = V::load(b + i);
    const V z = V::load(c + i);
    const V mask = V::load(masks + i);
    u64 lanes[V::kLanes];
    for (usize j = 0; j < V::kLanes; ++j) lanes[j] = x.lane(j);
    V pinned = x;
    pin(pinned);
    // clang-format off
    const V results[kU64Ops] = {
        x + y, x - y, x ^ y, x & y, x | y, and_not(x, y), simd::shl<1>(x), simd::shl<51>(x), simd::shr<1>(x),
        simd::shr<52>(x), simd::shl_by(x, 23), simd::shr_by(x, 37), simd::sar<1>(x), simd::sar<52>(x),
        simd::sar<63>(x), simd::rotr<1>(x),
        simd::rotr<41>(x), mul32(x, y), equal(x, y), equal(x, x), less(x, y), less(x, x), select(mask, x, y),
        V::set1(any(mask) ? 1 : 0), xor3(x, y, z), choose(x, y, z), majority(x, y, z), swap_bytes(x),
        gather(table, x & V::set1(kProbeLanes - 1)), V::set1(c[0]), V::load(lanes), pinned};
    // clang-format on
    for (usize op = 0; op < kU64Ops; ++op) results[op].store(out + kProbeLanes * op + i);
  }
  return V::kLanes;
}

// As probe_u32_rows; rows8 has 64 bytes per lane.
usize probe_u64_rows(u64* square, u8* rows8, u64* words16, const u8* rows16, usize stride) {
  using V = simd::ISTHMUS_LANES64;
  V x[V::kLanes];
  for (usize i = 0; i < V::kLanes; ++i) x[i] = V::load(square + V::kLanes * i);
  transpose(x);
  for (usize i = 0; i < V::kLanes; ++i) x[i].store(square + V::kLanes * i);
  const u8* rows[V::kLanes];
  for (usize i = 0; i < V::kLanes; ++i) rows[i] = rows16 + stride * (V::kLanes - 1 - i);
  V w[16];
  simd::load_rows16(w, rows, 8);
  for (usize j = 0; j < 16; ++j) w[j].store(words16 + V::kLanes * j);
  const V first[8] = {w[0], w[1], w[2], w[3], w[4], w[5], w[6], w[7]};
  store_rows8(rows8, first);
  return V::kLanes;
}

#endif

#if defined(ISTHMUS_LANES32)

usize probe_logic(u64* out, const u64* a, const u64* b, const u64* c) {
  using V = simd::ISTHMUS_LANES64;
  for (usize i = 0; i < kProbeLanes; i += V::kLanes) {
    const V x = V::load(a + i);
    const V y = V::load(b + i);
    const V z = V::load(c + i);
    const V results[kLogicOps] = {and_not_xor(x, y, z),     simd::rotl<0>(x),        simd::rotl<13>(x),
                                  simd::xor_rotl<0>(x, y),  simd::xor_rotl<8>(x, y), simd::xor_rotl<21>(x, y),
                                  simd::xor_rotl<56>(x, y), xor_turned(x, y)};
    for (usize op = 0; op < kLogicOps; ++op) results[op].store(out + kProbeLanes * op + i);
  }
  return V::kLanes;
}

// column: word 1 of every row, lane i of the row `lanes - 1 - i`, past its first byte; rows4: words 0..3 of those rows
// as lanes have them.
usize probe_logic_rows(u64* column, u8* rows4, const u8* rows, usize stride) {
  using V = simd::ISTHMUS_LANES64;
  const u8* at[V::kLanes];
  for (usize i = 0; i < V::kLanes; ++i) at[i] = rows + stride * (V::kLanes - 1 - i);
  V w[4];
  for (usize j = 0; j < 4; ++j) w[j] = simd::load_column(at, 1 + 8 * j);
  w[1].store(column);
  simd::store_rows4(rows4, w);
  return V::kLanes;
}

#endif

#if defined(ISTHMUS_FE52)

// Not inlined, for the sake of RoundTowardsZero.
[[gnu::noinline]] static usize probe_fe52_inner(u64* low, u64* high, const u64* acc, const u64* a, const u64* b) {
  using P = simd::ISTHMUS_FE52;
  using V = typename P::V;
  for (usize i = 0; i < kProbeLanes; i += V::kLanes) {
    V lo = V::load(acc + i), hi = lo;
    P::accumulate(lo, hi, P::factor(V::load(a + i)), P::factor(V::load(b + i)));
    P::template settle<1, 0>(lo).store(low + i);
    P::template settle<0, 1>(hi).store(high + i);
  }
  return V::kLanes;
}

usize probe_fe52(u64* low, u64* high, const u64* acc, const u64* a, const u64* b) {
  ISTHMUS_FE52_ROUNDING;
  return probe_fe52_inner(low, high, acc, a, b);
}

#endif

}  // namespace isthmus::ISTHMUS_TIER
