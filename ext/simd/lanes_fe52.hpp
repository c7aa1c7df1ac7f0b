// The 52-bit multiply-add that wide field arithmetic stands on, as lane policies with one set of operations.
//
//   policy        lanes  where
//   Fe52Ifma      8      files with -mavx512ifma: vpmadd52luq, vpmadd52huq
//   Fe52Fma8      8      files with -mavx512f: double-precision fused multiply-add, rounding towards zero
//   Fe52Fma4      4      files with -mavx2 -mfma: the same; the caller holds a RoundTowardsZero
//   Fe52Fma2      2      AArch64, of which NEON's doubles are part: the same
//   Fe52Plain<N>  N      everywhere, through unsigned __int128: the others are compared with it
//
// A kernel is a template over a policy P. It uses P::V, a lane type of lanes_u64.hpp with all its operations, and
//
//   P::factor(a)                 -> P::Factor, a limb made ready to be multiplied (used for many products)
//   P::accumulate(lo, hi, a, b)  lo += (a b) mod 2^52, hi += (a b) / 2^52, for factors a and b
//   P::settle<m, n>(acc)         the sum of m low and n high parts that were accumulated in acc, starting from zero
//   P::kPartsAlone               whether P has accumulate_low(lo, a, b) and accumulate_high(hi, a, b), each half of
//                                accumulate; else it has accumulate51(lo, hi, a, b), which splits a product below 2^103
//                                at 2^51: lo += (a b) mod 2^51, hi += (a b) / 2^51, and leaves kLowExcess and
//                                kHighExcess51 in the sums with every part
//
// Factors must come from limbs in [0, 2^52): bits above are IGNORED by Ifma and ruin the others, so every kernel states
// why its factors are in range. One part is below 2^52: 2048 of them stay below 2^63, so that a settled sum may be
// shifted arithmetically.
//
// Why doubles do (Fma8, Fma4, Fma2): a and b are integers below 2^52, so exact doubles. With rounding towards zero
// h = a b + 2^104 loses exactly what lies below the last place of [2^104, 2^105), which is 2^52: h - 2^104 is
// 2^52 floor(a b / 2^52), and h stays in the interval because a b <= 2^104 - 2^53 + 1. The difference
// (2^104 + 2^52) - h is a multiple of 2^52 of at most 53 bits, so exact, and a b + (2^104 + 2^52) - h =
// 2^52 + a b mod 2^52 lies in [2^52, 2^53), where doubles are the integers, so it is exact too. In both intervals the
// bit pattern counts the last places: the integer wanted is the pattern minus that of the interval's lower end. Those
// constants are taken off by `settle`, once per sum. With 2^103 in the place of 2^104 the last place is 2^51, and so is
// the split.
#pragma once

#include "simd/lanes_u64.hpp"

namespace isthmus::simd {
namespace {

constexpr u64 kMask52 = (u64{1} << 52) - 1;

template <usize N>
struct Fe52Plain {
  static constexpr bool kPartsAlone = true;
  using V = U64Plain<N>;
  using Factor = V;

  static ISTHMUS_INLINE Factor factor(V a) { return a & V::set1(kMask52); }
  static ISTHMUS_INLINE void accumulate(V& lo, V& hi, Factor a, Factor b) {
    for (usize i = 0; i < N; ++i) {
      const u128 product = static_cast<u128>(a.v[i]) * b.v[i];
      lo.v[i] += static_cast<u64>(product) & kMask52;
      hi.v[i] += static_cast<u64>(product >> 52);
    }
  }
  static ISTHMUS_INLINE void accumulate_low(V& lo, Factor a, Factor b) {
    for (usize i = 0; i < N; ++i) lo.v[i] += static_cast<u64>(static_cast<u128>(a.v[i]) * b.v[i]) & kMask52;
  }
  static ISTHMUS_INLINE void accumulate_high(V& hi, Factor a, Factor b) {
    for (usize i = 0; i < N; ++i) hi.v[i] += static_cast<u64>(static_cast<u128>(a.v[i]) * b.v[i] >> 52);
  }
  template <u32 kLow, u32 kHigh>
  static ISTHMUS_INLINE V settle(V acc) {
    return acc;
  }
};

#if defined(__AVX512IFMA__) && defined(__AVX512F__) && defined(__AVX512DQ__)

struct Fe52Ifma {
  static constexpr bool kPartsAlone = true;
  using V = U64x8;
  using Factor = V;

  static ISTHMUS_INLINE Factor factor(V a) { return a; }
  static ISTHMUS_INLINE void accumulate(V& lo, V& hi, Factor a, Factor b) {
    lo.v = _mm512_madd52lo_epu64(lo.v, a.v, b.v);
    hi.v = _mm512_madd52hi_epu64(hi.v, a.v, b.v);
  }
  static ISTHMUS_INLINE void accumulate_low(V& lo, Factor a, Factor b) { lo.v = _mm512_madd52lo_epu64(lo.v, a.v, b.v); }
  static ISTHMUS_INLINE void accumulate_high(V& hi, Factor a, Factor b) {
    hi.v = _mm512_madd52hi_epu64(hi.v, a.v, b.v);
  }
  template <u32 kLow, u32 kHigh>
  static ISTHMUS_INLINE V settle(V acc) {
    return acc;
  }
};

#endif

// Keeps sums in the order in which they are written: GCC would gather all parts first, more than there are registers.
#define ISTHMUS_IN_ORDER(kind, first, second) __asm__("" : kind(first), kind(second))

// Bit patterns of 2^52, 2^103 and 2^104.
constexpr u64 kTwo52Bits = u64{52 + 1023} << 52;
constexpr u64 kTwo103Bits = u64{103 + 1023} << 52;
constexpr u64 kTwo104Bits = u64{104 + 1023} << 52;

// What the policies with doubles share. D is a vector of doubles with its lanes' integers D::V and
//   D::set1(x)  D::of(a)        x in every lane; integers below 2^52 as doubles
//   D::fma(a, b, c)  a - b      a b + c with one rounding, and a difference, both towards zero
//   bits()                      the patterns
//   D::in_order(lo, hi)         ISTHMUS_IN_ORDER
template <class D>
struct Fe52Doubles {
  static constexpr bool kPartsAlone = false;
  static constexpr u64 kLowExcess = kTwo52Bits, kHighExcess51 = kTwo103Bits;
  using V = typename D::V;
  using Factor = D;

  static ISTHMUS_INLINE Factor factor(V a) { return D::of(a); }
  static ISTHMUS_INLINE void accumulate(V& lo, V& hi, Factor a, Factor b) { split(lo, hi, a, b, 0x1p104); }
  static ISTHMUS_INLINE void accumulate51(V& lo, V& hi, Factor a, Factor b) { split(lo, hi, a, b, 0x1p103); }
  template <u32 kLow, u32 kHigh>
  static ISTHMUS_INLINE V settle(V acc) {
    return acc - V::set1(kLow * kTwo52Bits + kHigh * kTwo104Bits);
  }

 private:
  static ISTHMUS_INLINE void split(V& lo, V& hi, Factor a, Factor b, double end) {
    const D top = D::fma(a, b, D::set1(end));
    const D low = D::fma(a, b, D::set1(end + 0x1p52) - top);
    hi = hi + top.bits();
    lo = lo + low.bits();
    D::in_order(lo, hi);
  }
};

#if defined(__AVX512F__) && defined(__AVX512DQ__)

struct F64x8 {
  using V = U64x8;
  static constexpr int kChop = _MM_FROUND_TO_ZERO | _MM_FROUND_NO_EXC;
  __m512d v;

  static ISTHMUS_INLINE F64x8 set1(double x) { return {_mm512_set1_pd(x)}; }
  static ISTHMUS_INLINE F64x8 of(V a) { return {_mm512_cvtepu64_pd(a.v)}; }
  static ISTHMUS_INLINE F64x8 fma(F64x8 a, F64x8 b, F64x8 c) { return {_mm512_fmadd_round_pd(a.v, b.v, c.v, kChop)}; }
  friend ISTHMUS_INLINE F64x8 operator-(F64x8 a, F64x8 b) { return {_mm512_sub_round_pd(a.v, b.v, kChop)}; }
  ISTHMUS_INLINE V bits() const { return {_mm512_castpd_si512(v)}; }
  static ISTHMUS_INLINE void in_order(V& lo, V& hi) { ISTHMUS_IN_ORDER("+v", lo.v, hi.v); }
};
using Fe52Fma8 = Fe52Doubles<F64x8>;

#endif

#if defined(__AVX2__) && defined(__FMA__)

struct F64x4 {
  using V = U64x4;
  __m256d v;

  static ISTHMUS_INLINE F64x4 set1(double x) { return {_mm256_set1_pd(x)}; }
  // An integer below 2^52 in the place of the fraction of 2^52, then 2^52 taken off: exact.
  static ISTHMUS_INLINE F64x4 of(V a) {
    const V placed = a | V::set1(kTwo52Bits);
    return {_mm256_sub_pd(_mm256_castsi256_pd(placed.v), _mm256_set1_pd(0x1p52))};
  }
  static ISTHMUS_INLINE F64x4 fma(F64x4 a, F64x4 b, F64x4 c) { return {_mm256_fmadd_pd(a.v, b.v, c.v)}; }
  friend ISTHMUS_INLINE F64x4 operator-(F64x4 a, F64x4 b) { return {_mm256_sub_pd(a.v, b.v)}; }
  ISTHMUS_INLINE V bits() const { return {_mm256_castpd_si256(v)}; }
  static ISTHMUS_INLINE void in_order(V& lo, V& hi) { ISTHMUS_IN_ORDER("+x", lo.v, hi.v); }
};
using Fe52Fma4 = Fe52Doubles<F64x4>;

#endif

#if defined(__aarch64__)

struct F64x2 {
  using V = U64x2;
  float64x2_t v;

  static ISTHMUS_INLINE F64x2 set1(double x) { return {vdupq_n_f64(x)}; }
  static ISTHMUS_INLINE F64x2 of(V a) { return {vcvtq_f64_u64(a.v)}; }
  static ISTHMUS_INLINE F64x2 fma(F64x2 a, F64x2 b, F64x2 c) { return {vfmaq_f64(c.v, a.v, b.v)}; }
  friend ISTHMUS_INLINE F64x2 operator-(F64x2 a, F64x2 b) { return {vsubq_f64(a.v, b.v)}; }
  ISTHMUS_INLINE V bits() const { return {vreinterpretq_u64_f64(v)}; }
  static ISTHMUS_INLINE void in_order(V& lo, V& hi) { ISTHMUS_IN_ORDER("+w", lo.v, hi.v); }
};
using Fe52Fma2 = Fe52Doubles<F64x2>;

#endif

#if defined(__x86_64__) || defined(__aarch64__)

// While it lives, double-precision operations of this thread round towards zero, and none traps, whatever the host has
// asked for: sums that lose bits are the point here. What computes must be in a function that the compiler cannot
// inline beside it, or operations could be moved out of its reach.
class RoundTowardsZero {
 public:
  RoundTowardsZero() : before_(control()) { set_control((before_ & ~kChanged) | kWanted); }
  ~RoundTowardsZero() { set_control(before_); }
  RoundTowardsZero(const RoundTowardsZero&) = delete;
  RoundTowardsZero& operator=(const RoundTowardsZero&) = delete;

 private:
#if defined(__x86_64__)
  using Word = u32;
  static constexpr Word kChanged = _MM_ROUND_MASK | _MM_MASK_MASK;
  static constexpr Word kWanted = _MM_ROUND_TOWARD_ZERO | _MM_MASK_MASK;
  static Word control() { return _mm_getcsr(); }
  static void set_control(Word word) { _mm_setcsr(word); }
#elif defined(__aarch64__)
  // FPCR: RMode, where 3 is towards zero, and the trap enables.
  using Word = u64;
  static constexpr Word kWanted = Word{3} << 22;
  static constexpr Word kChanged = kWanted | Word{0x9F} << 8;
  static Word control() {
    Word word;
    __asm__ volatile("mrs %0, fpcr" : "=r"(word));
    return word;
  }
  static void set_control(Word word) { __asm__ volatile("msr fpcr, %0" : : "r"(word)); }
#endif

  Word before_;
};

#endif

}  // namespace
}  // namespace isthmus::simd
