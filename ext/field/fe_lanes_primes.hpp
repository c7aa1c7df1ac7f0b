// The primes of field/fe_lanes.hpp: how a double-length product comes back below 2^256, what 2^256 is worth, and the
// two fixed powers that curves need. Everything but the chains follows from the modulus at compile time.
//
//   reduce      ten columns of weight 2^(52 k), settled, in [0, 2^58) -> an element
//   add_excess  v += t (2^256 mod p), limbs of any sign, 0 <= t < 2^8
//   root        a^((p + 1) / 4): a square root of a, if there is one (all three primes are 3 mod 4)
//   inverse     a^(p - 2)
#pragma once

#include "field/fe_lanes.hpp"
#include "field/mont.hpp"

namespace isthmus::field {
namespace {

// a^(2^count) b. Not inlined: the chains below have a dozen of these, and a call is nothing to a run of squarings.
template <class F>
[[gnu::noinline]] F shift_mul(const F& a, u32 count, const F& b) {
  return F::mul(F::sqr_times(a, count), b);
}
template <class F>
[[gnu::noinline]] F shift_only(const F& a, u32 count) {
  return F::sqr_times(a, count);
}

// p = 2^256 - c with c = 2^32 + 977: secp256k1.
struct LanePrime256k1 {
  static constexpr bool kMontgomery = false;
  static constexpr Words kModulus = {0xFFFFFFFEFFFFFC2F, ~u64{0}, ~u64{0}, ~u64{0}};
  static constexpr Limbs52 kLimbs = limbs52(kModulus);
  static constexpr Limbs52 kOne = limbs52({1, 0, 0, 0});
  static constexpr u64 kC = (u64{1} << 32) + 977;

  template <class V>
  static ISTHMUS_INLINE void add_excess(V (&v)[5], V t) {
    v[0] = v[0] + simd::shl<32>(t) + mul32(t, V::set1(977));
  }

  // H 2^260 + L with H < 2^260 becomes L + 16 c H. The columns of H are carried to limbs below 2^52 first, since they
  // become factors; 16 c < 2^37. What then stands above 2^256, t < 2^42, returns as t c < 2^75 before the one ripple,
  // so limb 4 ends below 2^48 + 2^7: magnitude 1.
  template <class P, class F, class V = typename P::V>
  static ISTHMUS_INLINE F reduce(V (&c)[10]) {
    const V mask = V::set1(simd::kMask52);
    for (usize k = 5; k < 9; ++k) {
      c[k + 1] = c[k + 1] + simd::shr<52>(c[k]);
      c[k] = c[k] & mask;
    }
    const auto fold = P::factor(V::set1(kC << 4));
    typename P::Factor high[5];
#pragma GCC unroll 5
    for (usize k = 0; k < 5; ++k) high[k] = P::factor(c[5 + k]);
    V top = V::set1(0);
#pragma GCC unroll 5
    for (usize k = 0; k < 4; ++k) P::accumulate(c[k], c[k + 1], high[k], fold);
    P::accumulate(c[4], top, high[4], fold);
    for (usize k = 1; k < 5; ++k) c[k] = P::template settle<1, 1>(c[k]);
    top = P::template settle<0, 1>(top);
    const V excess = simd::shr<48>(c[4]) + simd::shl<4>(top);
    c[4] = c[4] & V::set1(F::kTop);
    P::accumulate(c[0], c[1], P::factor(excess), P::factor(V::set1(kC)));
    c[0] = P::template settle<2, 0>(c[0]);  // its part of the first fold too
    c[1] = P::template settle<0, 1>(c[1]);
    return F::template ripple<false>({c[0], c[1], c[2], c[3], c[4]});
  }

  // (p + 1) / 4 in binary: 223 ones, 0, 22 ones, 0000 11 00. p - 2: 223 ones, 0, 22 ones, 0000 1 0 11 01.
  template <class F>
  struct Runs {
    F x1, x2, x22, x223;
  };
  template <class F>
  static ISTHMUS_INLINE void runs(Runs<F>& r, const F& a) {
    r.x1 = a;
    r.x2 = shift_mul(a, 1, a);
    const F x3 = shift_mul(r.x2, 1, a);
    const F x6 = shift_mul(x3, 3, x3);
    const F x9 = shift_mul(x6, 3, x3);
    const F x11 = shift_mul(x9, 2, r.x2);
    r.x22 = shift_mul(x11, 11, x11);
    const F x44 = shift_mul(r.x22, 22, r.x22);
    const F x88 = shift_mul(x44, 44, x44);
    const F x176 = shift_mul(x88, 88, x88);
    const F x220 = shift_mul(x176, 44, x44);
    r.x223 = shift_mul(x220, 3, x3);
  }
  template <class F>
  static F root(const F& a) {
    Runs<F> r;
    runs(r, a);
    return shift_only(shift_mul(shift_mul(r.x223, 23, r.x22), 6, r.x2), 2);
  }
  template <class F>
  static F inverse(const F& a) {
    Runs<F> r;
    runs(r, a);
    return shift_mul(shift_mul(shift_mul(shift_mul(r.x223, 23, r.x22), 5, r.x1), 3, r.x2), 2, r.x1);
  }
};

// What P-256 and SM2 share: p = -1 mod 2^52, so the Montgomery quotient of a column is the column itself (its low 52
// bits), and adding m p means adding m (p + 1) / 2^52 one column up, where the low bits of the column have vanished.
template <class Self>
struct LaneMontgomery {
  static constexpr bool kMontgomery = true;

  // Parts that the rounds below column k add to it: low ones from i + j = k, high ones from i + j = k - 1.
  static constexpr u32 parts(u32 sum) {
    u32 count = 0;
    for (u32 i = 0; i < 5; ++i) {
      if (sum > i && sum - i <= 4 && Self::kQuotient[sum - i] != 0) ++count;
    }
    return count;
  }

  // a b + m p over 2^260, m < 2^260: below (a b) / 2^260 + p. Columns stay below 10 2^52 + 9 2^52 + carries < 2^57.
  template <class P, class F, class V = typename P::V>
  static ISTHMUS_INLINE F reduce(V (&c)[10]) {
    typename P::Factor q[5];
    for (usize j = 1; j < 5; ++j) q[j] = P::factor(V::set1(Self::kQuotient[j]));
    round<0, P>(c, q);
    round<1, P>(c, q);
    round<2, P>(c, q);
    round<3, P>(c, q);
    round<4, P>(c, q);
    c[6] = P::template settle<parts(6), parts(5)>(c[6]);
    c[7] = P::template settle<parts(7), parts(6)>(c[7]);
    c[8] = P::template settle<parts(8), parts(7)>(c[8]);
    c[9] = P::template settle<0, parts(8)>(c[9]);
    return F::template ripple<false>({c[5], c[6], c[7], c[8], c[9]});
  }

 private:
  template <u32 i, class P, class V, class Factor>
  static ISTHMUS_INLINE void round(V (&c)[10], const Factor (&q)[5]) {
    const Factor m = P::factor(c[i] & V::set1(simd::kMask52));
    c[i + 1] = c[i + 1] + simd::shr<52>(c[i]);
#pragma GCC unroll 5
    for (usize j = 1; j < 5; ++j) {
      if (Self::kQuotient[j] != 0) P::accumulate(c[i + j], c[i + j + 1], m, q[j]);
    }
    // Column i + 1 has now all its parts.
    c[i + 1] = P::template settle<parts(i + 1), parts(i)>(c[i + 1]);
  }
};

// p = 2^256 - 2^224 + 2^192 + 2^96 - 1: P-256.
struct LanePrimeP256 : LaneMontgomery<LanePrimeP256> {
  static constexpr Words kModulus = {~u64{0}, 0x00000000FFFFFFFF, 0, 0xFFFFFFFF00000001};
  static constexpr Limbs52 kLimbs = limbs52(kModulus);
  static constexpr Limbs52 kQuotient = {{0, kLimbs[1] + 1, kLimbs[2], kLimbs[3], kLimbs[4]}};
  static constexpr Limbs52 kOne = limbs52(power_of_two_mod(260, kModulus));
  static constexpr Limbs52 kSquare = limbs52(power_of_two_mod(520, kModulus));

  // 2^256 = 2^224 - 2^192 - 2^96 + 1.
  template <class V>
  static ISTHMUS_INLINE void add_excess(V (&v)[5], V t) {
    v[0] = v[0] + t;
    v[1] = v[1] - simd::shl<44>(t);
    v[3] = v[3] - simd::shl<36>(t);
    v[4] = v[4] + simd::shl<16>(t);
  }

  template <class F>
  struct Runs {
    F x2, x30, x32;
  };
  template <class F>
  static ISTHMUS_INLINE void runs(Runs<F>& r, const F& a) {
    r.x2 = shift_mul(a, 1, a);
    const F x4 = shift_mul(r.x2, 2, r.x2);
    const F x6 = shift_mul(x4, 2, r.x2);
    const F x12 = shift_mul(x6, 6, x6);
    const F x24 = shift_mul(x12, 12, x12);
    r.x30 = shift_mul(x24, 6, x6);
    r.x32 = shift_mul(r.x30, 2, r.x2);
  }
  // (p + 1) / 4 = (((2^32 - 1) 2^32 + 1) 2^96 + 1) 2^94.
  template <class F>
  static F root(const F& a) {
    Runs<F> r;
    runs(r, a);
    return shift_only(shift_mul(shift_mul(r.x32, 32, a), 96, a), 94);
  }
  // p - 2 in words of 32 bits: FFFFFFFF 00000001 0 0 0 FFFFFFFF FFFFFFFF FFFFFFFD.
  template <class F>
  static F inverse(const F& a) {
    Runs<F> r;
    runs(r, a);
    const F head = shift_mul(shift_mul(shift_mul(r.x32, 32, a), 128, r.x32), 32, r.x32);
    return shift_mul(shift_mul(head, 30, r.x30), 2, a);
  }
};

// p = 2^256 - 2^224 - 2^96 + 2^64 - 1: SM2 (GB/T 32918.5).
struct LanePrimeSm2 : LaneMontgomery<LanePrimeSm2> {
  static constexpr Words kModulus = {~u64{0}, 0xFFFFFFFF00000000, ~u64{0}, 0xFFFFFFFEFFFFFFFF};
  static constexpr Limbs52 kLimbs = limbs52(kModulus);
  static constexpr Limbs52 kQuotient = {{0, kLimbs[1] + 1, kLimbs[2], kLimbs[3], kLimbs[4]}};
  static constexpr Limbs52 kOne = limbs52(power_of_two_mod(260, kModulus));
  static constexpr Limbs52 kSquare = limbs52(power_of_two_mod(520, kModulus));

  // 2^256 = 2^224 + 2^96 - 2^64 + 1.
  template <class V>
  static ISTHMUS_INLINE void add_excess(V (&v)[5], V t) {
    v[0] = v[0] + t;
    v[1] = v[1] + simd::shl<44>(t) - simd::shl<12>(t);
    v[4] = v[4] + simd::shl<16>(t);
  }

  template <class F>
  struct Runs {
    F x30, x31, x32, x64, x128;
  };
  template <class F>
  static ISTHMUS_INLINE void runs(Runs<F>& r, const F& a) {
    const F x2 = shift_mul(a, 1, a);
    const F x4 = shift_mul(x2, 2, x2);
    const F x6 = shift_mul(x4, 2, x2);
    const F x12 = shift_mul(x6, 6, x6);
    const F x24 = shift_mul(x12, 12, x12);
    r.x30 = shift_mul(x24, 6, x6);
    r.x31 = shift_mul(r.x30, 1, a);
    r.x32 = shift_mul(r.x31, 1, a);
    r.x64 = shift_mul(r.x32, 32, r.x32);
    r.x128 = shift_mul(r.x64, 64, r.x64);
  }
  // (p + 1) / 4 = (((2^31 - 1) 2^129 + 2^128 - 1) 2^32 + 1) 2^62.
  template <class F>
  static F root(const F& a) {
    Runs<F> r;
    runs(r, a);
    return shift_only(shift_mul(shift_mul(r.x31, 129, r.x128), 32, a), 62);
  }
  // p - 2 in words of 32 bits: FFFFFFFE, four of FFFFFFFF, 0, FFFFFFFF, FFFFFFFD.
  template <class F>
  static F inverse(const F& a) {
    Runs<F> r;
    runs(r, a);
    const F head = shift_mul(shift_mul(r.x31, 129, r.x128), 64, r.x32);
    return shift_mul(shift_mul(head, 30, r.x30), 2, a);
  }
};

}  // namespace
}  // namespace isthmus::field
