// The 52-bit multiply-add that wide field arithmetic stands on, as lane policies with one set of operations.
//
//   policy        lanes  where
//   Fe52Ifma      8      files with -mavx512ifma: vpmadd52luq, vpmadd52huq
//   Fe52Plain<N>  N      everywhere, through unsigned __int128: the instruction is compared with it
//
// A kernel is a template over a policy P. It uses P::V, a lane type of lanes_u64.hpp with all its operations,
// and
//
//   P::madd_lo(acc, a, b) = acc + ((a mod 2^52) * (b mod 2^52)) mod 2^52
//   P::madd_hi(acc, a, b) = acc + ((a mod 2^52) * (b mod 2^52)) / 2^52
//
// Both sums wrap modulo 2^64. Bits 52..63 of a and b are IGNORED: a limb that has grown past 52 bits gives a
// wrong product in silence, so every kernel states why its factors are below 2^52. One step adds less than
// 2^52 to acc: an accumulator that starts below 2^52 holds 4095 steps (4096 * 2^52 = 2^64).
#pragma once

#include "simd/lanes_u64.hpp"

namespace isthmus::simd {
namespace {

constexpr u64 kMask52 = (u64{1} << 52) - 1;

template <usize N>
struct Fe52Plain {
  using V = U64Plain<N>;

  static ISTHMUS_INLINE V madd_lo(V acc, V a, V b) {
    for (usize i = 0; i < N; ++i) acc.v[i] += static_cast<u64>(product(a.v[i], b.v[i])) & kMask52;
    return acc;
  }
  static ISTHMUS_INLINE V madd_hi(V acc, V a, V b) {
    for (usize i = 0; i < N; ++i) acc.v[i] += static_cast<u64>(product(a.v[i], b.v[i]) >> 52);
    return acc;
  }

 private:
  static ISTHMUS_INLINE u128 product(u64 a, u64 b) { return static_cast<u128>(a & kMask52) * (b & kMask52); }
};

#if defined(__AVX512IFMA__) && defined(__AVX512F__) && defined(__AVX512DQ__)

struct Fe52Ifma {
  using V = U64x8;

  static ISTHMUS_INLINE V madd_lo(V acc, V a, V b) { return {_mm512_madd52lo_epu64(acc.v, a.v, b.v)}; }
  static ISTHMUS_INLINE V madd_hi(V acc, V a, V b) { return {_mm512_madd52hi_epu64(acc.v, a.v, b.v)}; }
};

#endif

}  // namespace
}  // namespace isthmus::simd
