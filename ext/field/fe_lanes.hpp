// Prime fields of 256 bits in lanes: one element per lane, five limbs of radix 2^52, over a policy of
// simd/lanes_fe52.hpp. One text serves secp256k1 (whose prime folds) and P-256 and SM2 (Montgomery form with R = 2^260,
// for which -1/p = 1 mod 2^52 saves a multiplication); a prime is one struct of field/fe_lanes_primes.hpp.
//
// Ranges. u = 2^256. Limbs 0..3 of an element are in [0, 2^52), limb 4 in [0, 2^52), so all may be factors.
//   Fe     : an element of `magnitude` m has a value of at most m u (1 + 2^-20); 1 <= m <= 15
//   Loose  : sums and differences of a few elements, limbs above -2^58 and below 2^59; not a factor
//
//   mul, sqr        : m_a m_b <= 60          -> 1 (fold), m_a m_b / 16 + 1 (Montgomery)
//   mul_sub         : also m_c m_d <= 4      -> 1 (fold), (m_a m_b + 9) / 16 + 1 (Montgomery)
//   +, - , times<k> : Fe or Loose            -> Loose
//   tight<k>(x)     : x + k p in [0, 15 u]   -> Fe, magnitude of x + k p
//   fold<k>(x)      : x + k p in [u / 4, 63 u] -> 1; with k = 0 in [0, 63 u], and no limb of x may be negative
//   canonical       : magnitude <= 2         -> value in [0, p)
// Cost in (multiply-adds, other operations), each two instructions with IFMA: mul (62, 35) and sqr (42, 52) when the
// prime folds; (80 or 90, 30) and (60 or 70, 46) in Montgomery form; fold (0, 27).
//
// Everything has internal linkage, as the policies have.
#pragma once

#include "base/bytes.hpp"
#include "base/check.hpp"
#include "field/mont.hpp"
#include "field/words.hpp"
#include "simd/lanes_fe52.hpp"

namespace isthmus::field {
namespace {

// Limbs of a constant.
struct Limbs52 {
  u64 limb[5];
  constexpr u64 operator[](usize i) const { return limb[i]; }
};
constexpr Limbs52 limbs52(const Words& a) {
  constexpr u64 kMask = simd::kMask52;
  return {{a[0] & kMask, (a[0] >> 52 | a[1] << 12) & kMask, (a[1] >> 40 | a[2] << 24) & kMask,
           (a[2] >> 28 | a[3] << 36) & kMask, a[3] >> 16}};
}

// Sums on the way to an element; limbs are two's complement.
template <class V>
struct LooseLanes {
  V v[5];
};

template <class V>
ISTHMUS_INLINE LooseLanes<V> operator+(const LooseLanes<V>& a, const LooseLanes<V>& b) {
  return {{a.v[0] + b.v[0], a.v[1] + b.v[1], a.v[2] + b.v[2], a.v[3] + b.v[3], a.v[4] + b.v[4]}};
}
template <class V>
ISTHMUS_INLINE LooseLanes<V> operator-(const LooseLanes<V>& a, const LooseLanes<V>& b) {
  return {{a.v[0] - b.v[0], a.v[1] - b.v[1], a.v[2] - b.v[2], a.v[3] - b.v[3], a.v[4] - b.v[4]}};
}
// 2^n a.
template <int n, class V>
ISTHMUS_INLINE LooseLanes<V> doubled(const LooseLanes<V>& a) {
  return {
      {simd::shl<n>(a.v[0]), simd::shl<n>(a.v[1]), simd::shl<n>(a.v[2]), simd::shl<n>(a.v[3]), simd::shl<n>(a.v[4])}};
}

template <class P, class Prime>
struct FeLanes : LooseLanes<typename P::V> {
  using V = typename P::V;
  using Loose = LooseLanes<V>;
  using Factor = typename P::Factor;
  static constexpr usize kLanes = V::kLanes;
  static constexpr u64 kMask = simd::kMask52;
  static constexpr u64 kTop = (u64{1} << 48) - 1;

  static ISTHMUS_INLINE FeLanes constant(const Limbs52& limb) {
    FeLanes r;
    for (usize i = 0; i < 5; ++i) r.v[i] = V::set1(limb[i]);
    return r;
  }
  static ISTHMUS_INLINE FeLanes one() { return constant(Prime::kOne); }
  // Between a plain value and the form that products keep.
  static ISTHMUS_INLINE FeLanes to_form(const FeLanes& a) {
    if constexpr (Prime::kMontgomery) {
      return mul(a, constant(Prime::kSquare));
    } else {
      return a;
    }
  }
  static ISTHMUS_INLINE FeLanes from_form(const FeLanes& a) {
    if constexpr (Prime::kMontgomery) {
      return mul(a, constant(limbs52({1, 0, 0, 0})));
    } else {
      return a;
    }
  }

  // The element of 256-bit little-endian words, any value below 2^256; no conversion to Montgomery form. -> 1
  static ISTHMUS_INLINE FeLanes unpack(V w0, V w1, V w2, V w3) {
    const V mask = V::set1(kMask);
    FeLanes r;
    r.v[0] = w0 & mask;
    r.v[1] = (simd::shr<52>(w0) | simd::shl<12>(w1)) & mask;
    r.v[2] = (simd::shr<40>(w1) | simd::shl<24>(w2)) & mask;
    r.v[3] = (simd::shr<28>(w2) | simd::shl<36>(w3)) & mask;
    r.v[4] = simd::shr<16>(w3);
    return r;
  }
  // Precondition: the value is below 2^256.
  static ISTHMUS_INLINE void pack(V (&w)[4], const FeLanes& a) {
    w[0] = a.v[0] | simd::shl<52>(a.v[1]);
    w[1] = simd::shr<12>(a.v[1]) | simd::shl<40>(a.v[2]);
    w[2] = simd::shr<24>(a.v[2]) | simd::shl<28>(a.v[3]);
    w[3] = simd::shr<36>(a.v[3]) | simd::shl<16>(a.v[4]);
  }
  // Below 2^256, for pack. A folded value is at most u (1 + 2^-20): if it reaches u, taking p off leaves less.
  static ISTHMUS_INLINE FeLanes packable(const Loose& a) { return fold<0>(a); }

  // a + k p.
  template <u64 k>
  static ISTHMUS_INLINE Loose plus_primes(const Loose& a) {
    if constexpr (k == 0) return a;
    Loose r;
    for (usize i = 0; i < 5; ++i) r.v[i] = a.v[i] + V::set1(k * Prime::kLimbs[i]);
    return r;
  }
  // a + k p, with limbs 0..3 made positive: each lends 2^6 of its successor, 2^58 to itself.
  template <u64 k>
  static ISTHMUS_INLINE Loose plus_primes_lent(const Loose& a) {
    if constexpr (k == 0) return a;
    constexpr u64 kLent = 64;
    Loose r;
    for (usize i = 0; i < 5; ++i) {
      const u64 own = i < 4 ? kLent << 52 : 0, next = i > 0 ? kLent : 0;
      r.v[i] = a.v[i] + V::set1(k * Prime::kLimbs[i] + own - next);
    }
    return r;
  }

  // Carries from limb to limb; the value is unchanged, so limb 4 ends below 2^52 for a value below 2^260. Limbs may be
  // negative unless kSigned is false: without an arithmetic shift AVX2 has two operations less for each.
  template <bool kSigned = true>
  static ISTHMUS_INLINE FeLanes ripple(Loose a) {
    const V mask = V::set1(kMask);
    FeLanes r;
    for (usize i = 0; i < 4; ++i) {
      if (!kSigned) check_positive(a.v[i]);
      r.v[i] = a.v[i] & mask;
      a.v[i + 1] = a.v[i + 1] + (kSigned ? simd::sar<52>(a.v[i]) : simd::shr<52>(a.v[i]));
    }
    r.v[4] = a.v[4];
    check_factor(r);
    return r;
  }
  template <u64 k>
  static ISTHMUS_INLINE FeLanes tight(const Loose& a) {
    return ripple(plus_primes<k>(a));
  }
  // Takes off t p with t = floor(limb 4 / 2^48). Limbs 0..3 are in [0, 2^60) here, so what remains is not negative and
  // below u + 2^217 + t (u - p); t <= 63 keeps the last part below 2^-20 u. Their share of the value is below 2^217, so
  // a value of u / 4 or more leaves limb 4 positive: t is not negative either, as add_excess wants it.
  template <u64 k>
  static ISTHMUS_INLINE FeLanes fold(const Loose& a) {
    Loose r = plus_primes_lent<k>(a);
    const V t = simd::sar<48>(r.v[4]);
    check_excess(t);
    r.v[4] = r.v[4] & V::set1(kTop);
    Prime::add_excess(r.v, t);
    return ripple(r);
  }

  static ISTHMUS_INLINE FeLanes mul(const FeLanes& a, const FeLanes& b) {
    check_factor(a);
    check_factor(b);
    Factor fa[5], fb[5];
    for (usize i = 0; i < 5; ++i) fa[i] = P::factor(a.v[i]);
    for (usize i = 0; i < 5; ++i) fb[i] = P::factor(b.v[i]);
    return product(fa, fb);
  }
  static ISTHMUS_INLINE FeLanes sqr(const FeLanes& a) {
    check_factor(a);
    Factor f[5];
    for (usize i = 0; i < 5; ++i) f[i] = P::factor(a.v[i]);
    // Mixed products once, doubled; then the squares. Column k of the mixed ones has at most 4 parts.
    V c[10];
    clear(c);
#pragma GCC unroll 5
    for (usize i = 0; i < 5; ++i) {
#pragma GCC unroll 5
      for (usize j = i + 1; j < 5; ++j) P::accumulate(c[i + j], c[i + j + 1], f[i], f[j]);
    }
    settle_mixed(c);
    for (usize k = 1; k < 9; ++k) c[k] = c[k] + c[k];
    V d[10];
    clear(d);
#pragma GCC unroll 5
    for (usize i = 0; i < 5; ++i) P::accumulate(d[2 * i], d[2 * i + 1], f[i], f[i]);
    for (usize i = 0; i < 5; ++i) {
      c[2 * i] = c[2 * i] + P::template settle<1, 0>(d[2 * i]);
      c[2 * i + 1] = c[2 * i + 1] + P::template settle<0, 1>(d[2 * i + 1]);
    }
    return Prime::template reduce<P, FeLanes>(c);
  }
  // a b - c d with one reduction. c d is below 2^514, so that with the bias (2^515 and a little more, a multiple of p,
  // its columns above those of c d) no column is negative.
  static ISTHMUS_INLINE FeLanes mul_sub(const FeLanes& a, const FeLanes& b, const FeLanes& c, const FeLanes& d) {
    V x[10], y[10];
    {
      Factor fa[5], fb[5];
      for (usize i = 0; i < 5; ++i) fa[i] = P::factor(a.v[i]);
      for (usize i = 0; i < 5; ++i) fb[i] = P::factor(b.v[i]);
      columns(x, fa, fb);
    }
    {
      Factor fc[5], fd[5];
      for (usize i = 0; i < 5; ++i) fc[i] = P::factor(c.v[i]);
      for (usize i = 0; i < 5; ++i) fd[i] = P::factor(d.v[i]);
      columns(y, fc, fd);
    }
    for (usize k = 0; k < 10; ++k) x[k] = x[k] + V::set1(kBias.column[k]) - y[k];
    return Prime::template reduce<P, FeLanes>(x);
  }
  static ISTHMUS_INLINE FeLanes sqr_times(FeLanes a, u32 count) {
    for (u32 i = 0; i < count; ++i) a = sqr(a);
    return a;
  }

  static ISTHMUS_INLINE FeLanes select(V mask, const FeLanes& a, const FeLanes& b) {
    FeLanes r;
    for (usize i = 0; i < 5; ++i) r.v[i] = simd::select(mask, a.v[i], b.v[i]);
    return r;
  }

  // The one value in [0, p). Precondition: magnitude <= 2. fold leaves less than 2 p; one p more is taken off where the
  // difference is not negative.
  static ISTHMUS_INLINE FeLanes canonical(const FeLanes& a) {
    const FeLanes once = fold<0>(a);
    Loose less = once;
    for (usize i = 0; i < 5; ++i) less.v[i] = less.v[i] - V::set1(Prime::kLimbs[i]);
    const V mask = V::set1(kMask);
    FeLanes r;
    for (usize i = 0; i < 4; ++i) {
      r.v[i] = less.v[i] & mask;
      less.v[i + 1] = less.v[i + 1] + simd::sar<52>(less.v[i]);
    }
    r.v[4] = less.v[4];
    return select(simd::sar<63>(less.v[4]), once, r);
  }
  // All ones where a = 0 mod p. Precondition: magnitude <= 2.
  static ISTHMUS_INLINE V is_zero(const FeLanes& a) {
    const FeLanes c = canonical(a);
    return simd::equal(c.v[0] | c.v[1] | c.v[2] | c.v[3] | c.v[4], V::set1(0));
  }

 private:
  // A multiple of p whose columns 0..8 are above 2^55, column 9 being 2^47: columns of a product of magnitude 4 have at
  // most ten parts below 2^52, and column 9 less than 2^46.
  struct Bias {
    u64 column[10];
  };
  static constexpr Bias make_bias() {
    using M = Mont<Prime>;
    Bias out = {};
    M value = M::zero();
    for (usize k = 0; k < 10; ++k) {
      const int bits = k < 9 ? 56 : 47;
      out.column[k] = u64{1} << bits;
      M::add(value, value, M::from_constant(power_of_two_mod(static_cast<int>(52 * k) + bits, Prime::kModulus)));
    }
    const Limbs52 excess = limbs52(M::to_words(value));
    for (usize k = 0; k < 5; ++k) out.column[k] -= excess[k];
    return out;
  }
  static constexpr Bias kBias = make_bias();

  static ISTHMUS_INLINE void columns(V (&c)[10], const Factor (&a)[5], const Factor (&b)[5]) {
    clear(c);
    // Unrolled by order: GCC finds the policies with doubles too long for it, and sums in memory are half as fast.
#pragma GCC unroll 5
    for (usize i = 0; i < 5; ++i) {
#pragma GCC unroll 5
      for (usize j = 0; j < 5; ++j) P::accumulate(c[i + j], c[i + j + 1], a[i], b[j]);
    }
    settle_product(c);
  }
  static ISTHMUS_INLINE FeLanes product(const Factor (&a)[5], const Factor (&b)[5]) {
    V c[10];
    columns(c, a, b);
    return Prime::template reduce<P, FeLanes>(c);
  }
  static ISTHMUS_INLINE void clear(V (&c)[10]) {
    for (usize k = 0; k < 10; ++k) c[k] = V::set1(0);
  }
  // Column k of a product has the low parts of all i + j = k and the high parts of all i + j = k - 1.
  static ISTHMUS_INLINE void settle_product(V (&c)[10]) {
    c[0] = P::template settle<1, 0>(c[0]);
    c[1] = P::template settle<2, 1>(c[1]);
    c[2] = P::template settle<3, 2>(c[2]);
    c[3] = P::template settle<4, 3>(c[3]);
    c[4] = P::template settle<5, 4>(c[4]);
    c[5] = P::template settle<4, 5>(c[5]);
    c[6] = P::template settle<3, 4>(c[6]);
    c[7] = P::template settle<2, 3>(c[7]);
    c[8] = P::template settle<1, 2>(c[8]);
    c[9] = P::template settle<0, 1>(c[9]);
  }
  // The same for i < j.
  static ISTHMUS_INLINE void settle_mixed(V (&c)[10]) {
    c[1] = P::template settle<1, 0>(c[1]);
    c[2] = P::template settle<1, 1>(c[2]);
    c[3] = P::template settle<2, 1>(c[3]);
    c[4] = P::template settle<2, 2>(c[4]);
    c[5] = P::template settle<2, 2>(c[5]);
    c[6] = P::template settle<1, 2>(c[6]);
    c[7] = P::template settle<1, 1>(c[7]);
    c[8] = P::template settle<0, 1>(c[8]);
  }
  static ISTHMUS_INLINE void check_excess([[maybe_unused]] V t) {
#ifdef ISTHMUS_DEBUG
    for (usize j = 0; j < kLanes; ++j) ISTHMUS_CHECK(t.lane(j) <= 63);
#endif
  }
  static ISTHMUS_INLINE void check_positive([[maybe_unused]] V a) {
#ifdef ISTHMUS_DEBUG
    for (usize j = 0; j < kLanes; ++j) ISTHMUS_CHECK(a.lane(j) >> 63 == 0);
#endif
  }
  static ISTHMUS_INLINE void check_factor([[maybe_unused]] const FeLanes& a) {
#ifdef ISTHMUS_DEBUG
    for (usize i = 0; i < 5; ++i) {
      for (usize j = 0; j < kLanes; ++j) ISTHMUS_CHECK(a.v[i].lane(j) <= kMask);
    }
#endif
  }
};

}  // namespace
}  // namespace isthmus::field
