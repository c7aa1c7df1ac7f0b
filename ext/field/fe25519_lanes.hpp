// Arithmetic in GF(p), p = 2^255 - 19, in lanes: one element per lane, five limbs of radix 2^51, over a policy of
// simd/lanes_fe52.hpp. Radix 2^51 and not 2^52: a limb may be a factor while it is below 2^52, so after a product, a
// sum or a difference one round of carries that do not wait for one another is enough. Public data only.
//
// Two types: Fe25519Lanes holds elements that may be factors, Wide25519Lanes sums and products before their carries, so
// that a formula that adds products carries once and not twice.
//   tight < 2^51 + 2^16    every limb of a Fe25519Lanes
//   wide  < 2^62           every limb of a Wide25519Lanes; of a product < 2^59
//
//   mul_wide, sqr_wide : tight -> product           mul, sqr, add, sub, neg : tight -> tight
//   wide               : tight -> wide              carry                   : wide, or tight -> tight
//   a + b              : sums of at most 8 products -> wide
//   sub_wide(a, b)     : a + 2^10 p - b for a < 2^61, b < 2^61 - 2^15
//   canonical          : tight -> limbs of the one representative in [0, p)
// The names are those of field/fe25519.hpp, so that field/fe25519_chains.hpp and curve/edwards.hpp serve these types.
//
// Cost in instructions: mul_wide 84, sqr_wide 71 with IFMA; 165 and 118 with double-precision multiply-adds; carry 16.
// Measured on a Zen 4, eight lanes, in cycles of a stream of them: mul 65 and sqr 50 with IFMA, 100 and 73 without.
//
// Everything has internal linkage, as the policies have.
#pragma once

#include "base/check.hpp"
#include "field/fe25519.hpp"
#include "simd/lanes_fe52.hpp"

namespace isthmus::field {
namespace {

template <class P>
struct Fe25519Lanes {
  using Policy = P;
  using V = typename P::V;
  static constexpr usize kLanes = V::kLanes;
  V v[5];

  static ISTHMUS_INLINE Fe25519Lanes constant(const Fe25519& a) {
    Fe25519Lanes r;
    for (usize i = 0; i < 5; ++i) r.v[i] = V::set1(a.limb[i]);
    return r;
  }
  // Words from the least significant up; bit 255 is ignored, the value may be p or more.
  static ISTHMUS_INLINE Fe25519Lanes unpack(const V (&w)[4]) {
    using simd::shl, simd::shr;
    const V mask = V::set1(kFe25519Mask);
    return {{w[0] & mask, (shr<51>(w[0]) | shl<13>(w[1])) & mask, (shr<38>(w[1]) | shl<26>(w[2])) & mask,
             (shr<25>(w[2]) | shl<39>(w[3])) & mask, shr<12>(w[3]) & mask}};
  }
  // For canonical limbs.
  ISTHMUS_INLINE void pack(V (&w)[4]) const {
    using simd::shl, simd::shr;
    w[0] = v[0] | shl<51>(v[1]);
    w[1] = shr<13>(v[1]) | shl<38>(v[2]);
    w[2] = shr<26>(v[2]) | shl<25>(v[3]);
    w[3] = shr<39>(v[3]) | shl<12>(v[4]);
  }
};

template <class P>
struct Wide25519Lanes {
  using V = typename P::V;
  V v[5];
};

inline constexpr u64 kLaneTight = (u64{1} << 51) + (u64{1} << 16);
inline constexpr u64 kLaneWide = u64{1} << 62;

template <class Element>
ISTHMUS_INLINE void check_below([[maybe_unused]] const Element& a, [[maybe_unused]] u64 bound) {
#ifdef ISTHMUS_DEBUG
  for (usize i = 0; i < 5; ++i) {
    for (usize lane = 0; lane < Element::V::kLanes; ++lane) ISTHMUS_CHECK(a.v[i].lane(lane) < bound);
  }
#endif
}

// ---- sums ----

template <class P>
ISTHMUS_INLINE Wide25519Lanes<P> wide(const Fe25519Lanes<P>& a) {
  return {{a.v[0], a.v[1], a.v[2], a.v[3], a.v[4]}};
}

template <class P>
ISTHMUS_INLINE Wide25519Lanes<P> operator+(const Wide25519Lanes<P>& a, const Wide25519Lanes<P>& b) {
  return {{a.v[0] + b.v[0], a.v[1] + b.v[1], a.v[2] + b.v[2], a.v[3] + b.v[3], a.v[4] + b.v[4]}};
}

// The limbs of 2^10 p are 2^61 - 19 2^10 and 2^61 - 2^10, above those of b.
template <class P>
ISTHMUS_INLINE Wide25519Lanes<P> sub_wide(const Wide25519Lanes<P>& a, const Wide25519Lanes<P>& b) {
  using V = typename P::V;
  check_below(b, (u64{1} << 61) - (u64{1} << 15));
  const V k0 = V::set1((u64{1} << 61) - (u64{19} << 10));
  const V k1 = V::set1((u64{1} << 61) - (u64{1} << 10));
  return {
      {a.v[0] + k0 - b.v[0], a.v[1] + k1 - b.v[1], a.v[2] + k1 - b.v[2], a.v[3] + k1 - b.v[3], a.v[4] + k1 - b.v[4]}};
}

// All carries at once: each is below 2^62 / 2^51 = 2^11, the top one returns as 19 * 2^11 < 2^15.3.
template <class P>
ISTHMUS_INLINE Fe25519Lanes<P> carry(const Wide25519Lanes<P>& a) {
  using V = typename P::V;
  check_below(a, kLaneWide);
  const V mask = V::set1(kFe25519Mask);
  return {{(a.v[0] & mask) + mul32(simd::shr<51>(a.v[4]), V::set1(19)), (a.v[1] & mask) + simd::shr<51>(a.v[0]),
           (a.v[2] & mask) + simd::shr<51>(a.v[1]), (a.v[3] & mask) + simd::shr<51>(a.v[2]),
           (a.v[4] & mask) + simd::shr<51>(a.v[3])}};
}
template <class P>
ISTHMUS_INLINE Fe25519Lanes<P> carry(const Fe25519Lanes<P>& a) {
  return a;
}

template <class P>
ISTHMUS_INLINE Fe25519Lanes<P> add(const Fe25519Lanes<P>& a, const Fe25519Lanes<P>& b) {
  return carry(wide(a) + wide(b));
}
// a + 2p - b; the limbs of 2p are 2^52 - 38 and 2^52 - 2, above any tight limb.
template <class P>
ISTHMUS_INLINE Fe25519Lanes<P> sub(const Fe25519Lanes<P>& a, const Fe25519Lanes<P>& b) {
  using V = typename P::V;
  check_below(b, kLaneTight);
  const V k0 = V::set1((u64{1} << 52) - 38);
  const V k1 = V::set1((u64{1} << 52) - 2);
  return carry(Wide25519Lanes<P>{
      {a.v[0] + k0 - b.v[0], a.v[1] + k1 - b.v[1], a.v[2] + k1 - b.v[2], a.v[3] + k1 - b.v[3], a.v[4] + k1 - b.v[4]}});
}
template <class P>
ISTHMUS_INLINE Fe25519Lanes<P> neg(const Fe25519Lanes<P>& a) {
  return sub(Fe25519Lanes<P>::constant(kFe25519Zero), a);
}

// ---- products ----

// How many products a_i b_j stand at i + j = k; of equal factors only those with i < j.
constexpr u64 products_at(usize k, bool mixed) {
  u64 count = 0;
  for (usize i = 0; i < 5; ++i) {
    for (usize j = mixed ? i + 1 : 0; j < 5; ++j) count += i + j == k ? 1 : 0;
  }
  return count;
}

// What the double-precision policies leave in column k besides the sum.
template <class P>
constexpr u64 product_excess(usize k) {
  return products_at(k, false) * P::kLowExcess + (k == 0 ? 0 : products_at(k - 1, false) * P::kHighExcess51);
}
template <class P>
constexpr u64 square_excess(usize k) {
  const u64 mixed = products_at(k, true) * P::kLowExcess + (k == 0 ? 0 : products_at(k - 1, true) * P::kHighExcess51);
  return 2 * mixed + (k % 2 == 0 ? P::kLowExcess : P::kHighExcess51);
}
struct Excess {
  u64 column[5];
};
template <class P, bool kSquare>
constexpr Excess folded_excess() {
  Excess out = {};
  for (usize k = 0; k < 5; ++k) {
    out.column[k] = kSquare ? square_excess<P>(k) + 19 * square_excess<P>(k + 5)
                            : product_excess<P>(k) + 19 * product_excess<P>(k + 5);
  }
  return out;
}

// 2^255 = 19: column k + 5 counts 19 times in column k. A column holds at most 5 low parts below 2^52 and as many high
// parts that count below 2^51 (1 + 2^-34) each; column 5 with 4 and 5 of them is the largest that folds: below
// (1 + 19 * 6.5) 2^52 (1 + 2^-34) < 2^59 in all.
template <class V>
ISTHMUS_INLINE V plus_19_times(V a, V b) {
  return (a + b) + ((b + b) + simd::shl<4>(b));
}
template <class P, bool kSquare>
ISTHMUS_INLINE Wide25519Lanes<P> fold(const typename P::V (&c)[10]) {
  using V = typename P::V;
  Wide25519Lanes<P> r;
  for (usize k = 0; k < 5; ++k) r.v[k] = plus_19_times(c[k], c[k + 5]);
  if constexpr (!P::kPartsAlone) {
    constexpr Excess kExcess = folded_excess<P, kSquare>();
    for (usize k = 0; k < 5; ++k) r.v[k] = r.v[k] - V::set1(kExcess.column[k]);
  }
  check_below(r, u64{1} << 59);
  return r;
}

template <class P>
struct Factors25519 {
  typename P::Factor v[5];
};
template <class P>
ISTHMUS_INLINE Factors25519<P> factors(const Fe25519Lanes<P>& a) {
  check_below(a, kLaneTight);
  return {{P::factor(a.v[0]), P::factor(a.v[1]), P::factor(a.v[2]), P::factor(a.v[3]), P::factor(a.v[4])}};
}

// Where parts can be had alone they are those of 2^52 = 2 * 2^51: the high ones gather first and are doubled, the low
// ones follow in the same sums. The others split at 2^51 (tight a b < 2^103), and nothing is doubled.
template <class P>
ISTHMUS_INLINE Wide25519Lanes<P> mul_wide(const Fe25519Lanes<P>& a, const Fe25519Lanes<P>& b) {
  using V = typename P::V;
  const Factors25519<P> fa = factors(a), fb = factors(b);
  V c[10];
  for (usize k = 0; k < 10; ++k) c[k] = V::set1(0);
  if constexpr (P::kPartsAlone) {
#pragma GCC unroll 5
    for (usize i = 0; i < 5; ++i) {
#pragma GCC unroll 5
      for (usize j = 0; j < 5; ++j) P::accumulate_high(c[i + j + 1], fa.v[i], fb.v[j]);
    }
    for (usize k = 1; k < 10; ++k) c[k] = c[k] + c[k];
#pragma GCC unroll 5
    for (usize i = 0; i < 5; ++i) {
#pragma GCC unroll 5
      for (usize j = 0; j < 5; ++j) P::accumulate_low(c[i + j], fa.v[i], fb.v[j]);
    }
  } else {
#pragma GCC unroll 5
    for (usize i = 0; i < 5; ++i) {
#pragma GCC unroll 5
      for (usize j = 0; j < 5; ++j) P::accumulate51(c[i + j], c[i + j + 1], fa.v[i], fb.v[j]);
    }
  }
  return fold<P, false>(c);
}

// As mul_wide, each product of different limbs once: its high part counts 4 times, its low part and the high part of a
// square twice.
template <class P>
ISTHMUS_INLINE Wide25519Lanes<P> sqr_wide(const Fe25519Lanes<P>& a) {
  using V = typename P::V;
  const Factors25519<P> f = factors(a);
  V c[10];
  for (usize k = 0; k < 10; ++k) c[k] = V::set1(0);
  if constexpr (P::kPartsAlone) {
#pragma GCC unroll 5
    for (usize i = 0; i < 5; ++i) {
#pragma GCC unroll 5
      for (usize j = i + 1; j < 5; ++j) P::accumulate_high(c[i + j + 1], f.v[i], f.v[j]);
    }
    for (usize k = 2; k < 9; ++k) c[k] = c[k] + c[k];
#pragma GCC unroll 5
    for (usize i = 0; i < 5; ++i) {
      P::accumulate_high(c[2 * i + 1], f.v[i], f.v[i]);
#pragma GCC unroll 5
      for (usize j = i + 1; j < 5; ++j) P::accumulate_low(c[i + j], f.v[i], f.v[j]);
    }
    for (usize k = 1; k < 10; ++k) c[k] = c[k] + c[k];
#pragma GCC unroll 5
    for (usize i = 0; i < 5; ++i) P::accumulate_low(c[2 * i], f.v[i], f.v[i]);
  } else {
#pragma GCC unroll 5
    for (usize i = 0; i < 5; ++i) {
#pragma GCC unroll 5
      for (usize j = i + 1; j < 5; ++j) P::accumulate51(c[i + j], c[i + j + 1], f.v[i], f.v[j]);
    }
    for (usize k = 1; k < 9; ++k) c[k] = c[k] + c[k];
#pragma GCC unroll 5
    for (usize i = 0; i < 5; ++i) P::accumulate51(c[2 * i], c[2 * i + 1], f.v[i], f.v[i]);
  }
  return fold<P, true>(c);
}

template <class P>
ISTHMUS_INLINE Fe25519Lanes<P> mul(const Fe25519Lanes<P>& a, const Fe25519Lanes<P>& b) {
  return carry(mul_wide(a, b));
}
template <class P>
ISTHMUS_INLINE Fe25519Lanes<P> sqr(const Fe25519Lanes<P>& a) {
  return carry(sqr_wide(a));
}

// ---- values ----

template <class V, class P>
ISTHMUS_INLINE Fe25519Lanes<P> select(V mask, const Fe25519Lanes<P>& a, const Fe25519Lanes<P>& b) {
  Fe25519Lanes<P> r;
  for (usize i = 0; i < 5; ++i) r.v[i] = simd::select(mask, a.v[i], b.v[i]);
  return r;
}

// As field/fe25519.hpp does it: the value is below 2^255 (1 + 2^-34) < 2p, so 19 more leave bit 255 iff it is at least
// p.
template <class P>
ISTHMUS_INLINE Fe25519Lanes<P> canonical(Fe25519Lanes<P> a) {
  using V = typename P::V;
  const V mask = V::set1(kFe25519Mask), k19 = V::set1(19);
  V quotient = simd::shr<51>(a.v[0] + k19);
  for (usize i = 1; i < 5; ++i) quotient = simd::shr<51>(a.v[i] + quotient);
  a.v[0] = a.v[0] + mul32(quotient, k19);
  for (usize i = 0; i < 4; ++i) {
    a.v[i + 1] = a.v[i + 1] + simd::shr<51>(a.v[i]);
    a.v[i] = a.v[i] & mask;
  }
  a.v[4] = a.v[4] & mask;
  return a;
}

// Masks: all ones where it is so.
template <class P>
ISTHMUS_INLINE typename P::V is_zero(const Fe25519Lanes<P>& a) {
  const Fe25519Lanes<P> c = canonical(a);
  return simd::equal(c.v[0] | c.v[1] | c.v[2] | c.v[3] | c.v[4], P::V::set1(0));
}
template <class P>
ISTHMUS_INLINE typename P::V is_odd(const Fe25519Lanes<P>& a) {
  using V = typename P::V;
  return V::set1(0) - (canonical(a).v[0] & V::set1(1));
}

}  // namespace
}  // namespace isthmus::field
