// Base fields whose prime is 2^256 minus a little and -1 modulo 2^52 (P-256, SM2), in Montgomery form: an element a is
// held as a R mod p with R = 2^312, in five limbs of radix 2^52, so that additions need no carries. The reduction is
// six steps of 52 bits, one more than the limbs need, because the sixth takes up the growth of lazy sums; -1/p mod 2^52
// is 1, so the multiple of p that clears a limb is the limb itself. Constants follow from the modulus at compile time.
// Cost: mul 25 word products, sqr 15, a sum of two products 50, and the reduction 12 to 24 products with constants that
// are mostly powers of two.
//
// Ranges. B = 2^52 + 2^46 and T = 2^48 + 2^42. An element of magnitude m has limbs 0..3 at most m B and limb 4 at most
// m T; 1 <= m <= 32. Its value may be p or more. With -DISTHMUS_DEBUG every element carries m and every operation
// checks its preconditions and limbs; in release m exists only in comments.
//   mul, sqr      : m_a m_b <= 64 -> 1          mul_add : m_a m_b + m_c m_d <= 64 -> 1
//   add           : m_a + m_b                   neg(m)  : m_a <= m -> m + 1
//   mul_int(k)    : k m_a                       half    : (m_a + 3) / 2
//   carry         : -> 1                        normalize : -> 1, value in [0, p), limbs below 2^52 and 2^48
#pragma once

#include "base/check.hpp"
#include "field/columns52.hpp"
#include "field/inverse.hpp"
#include "field/power.hpp"
#include "field/words.hpp"

namespace isthmus::field {

// P::kModulus: Words, a prime in (2^256 - 2^225, 2^256) that is -1 mod 2^52.
template <class P>
class Mont52 {
 public:
  static constexpr Words kModulus = P::kModulus;
  static_assert(kModulus[3] >> 33 == 0x7FFFFFFF && (kModulus[0] & columns52::kLow) == columns52::kLow);

  constexpr Mont52() = default;

  static constexpr Mont52 zero() { return raw({}); }
  static constexpr Mont52 one() { return raw(kOne); }
  static constexpr Mont52 from_int(u64 a) { return from_constant({a}); }
  // False, and r unspecified, iff a >= p.
  static constexpr bool from_words(Mont52& r, const Words& a) {
    if (!less_words(a, kModulus)) return false;
    r = from_constant(a);
    return true;
  }
  // Precondition: a < p.
  static constexpr Mont52 from_constant(const Words& a) {
    Mont52 r;
    mul(r, raw(a), raw(kSquare));
    return r;
  }
  static constexpr Words to_words(const Mont52& a) {
    Mont52 r;
    mul(r, a, raw({1}));
    return pack(r);
  }

  // The smallest form for tables: canonical words, still in Montgomery form.
  using Packed = Words;
  static constexpr Packed pack(Mont52 a) {
    normalize(a);
    return {a.v_[0] | a.v_[1] << 52, a.v_[1] >> 12 | a.v_[2] << 40, a.v_[2] >> 24 | a.v_[3] << 28,
            a.v_[3] >> 36 | a.v_[4] << 16};
  }
  static constexpr Mont52 unpack(const Packed& a) { return raw(a); }

  static constexpr void add(Mont52& r, const Mont52& a, const Mont52& b) {
    const u32 magnitude = a.magnitude() + b.magnitude();
    for (usize i = 0; i < 5; ++i) r.v_[i] = a.v_[i] + b.v_[i];
    r.set_magnitude(magnitude);
  }
  // r = (m + 1) p - a, with p in limbs that are all nearly full (kFull).
  static constexpr void neg(Mont52& r, const Mont52& a, u32 m) {
    ISTHMUS_CHECK(a.magnitude() <= m && m <= 31);
    const u64 k = m + 1;
    for (usize i = 0; i < 5; ++i) r.v_[i] = kFull.limb[i] * k - a.v_[i];
    r.set_magnitude(m + 1);
  }
  static constexpr void mul_int(Mont52& r, const Mont52& a, u32 k) {
    const u32 magnitude = a.magnitude() * k;
    for (usize i = 0; i < 5; ++i) r.v_[i] = a.v_[i] * k;
    r.set_magnitude(magnitude);
  }
  // r = a / 2: a, or a + p when a is odd, shifted. Bound: ((m + 1) B) / 2 plus the bit from above, 2^51 < B / 2.
  static constexpr void half(Mont52& r, const Mont52& a) {
    const u32 magnitude = (a.magnitude() + 3) / 2;
    const u64 mask = 0 - (a.v_[0] & 1);
    u64 t[5] = {};
    for (usize i = 0; i < 5; ++i) t[i] = a.v_[i] + (kFull.limb[i] & mask);
    for (usize i = 0; i < 4; ++i) r.v_[i] = (t[i] >> 1) + ((t[i + 1] & 1) << 51);
    r.v_[4] = t[4] >> 1;
    r.set_magnitude(magnitude);
  }
  // Same value mod p, magnitude 1. The excess x over 2^256 is below 2^6 (m <= 32); minus x p leaves less than
  // 2^256 + 2^6 2^225, so limb 4 ends below T, and not less than 0, so no limb is negative after the ripple.
  static constexpr void carry(Mont52& a) {
    const i64 excess = static_cast<i64>(a.v_[4] >> 48);
    a.v_[4] &= kTop;
    subtract_multiple(a, excess);
    a.v_[4] += static_cast<u64>(excess) << 48;
    a.set_magnitude(1);
  }
  // The one representative in [0, p): the value of a carried element is below 2^256 + 2^231 < 2 p.
  static constexpr void normalize(Mont52& a) {
    carry(a);
    Mont52 t = a;
    subtract_multiple(t, 1);
    if (static_cast<i64>(t.v_[4]) >= 0) a = t;
    a.set_magnitude(1);
  }

  [[gnu::always_inline]] static constexpr void mul(Mont52& r, const Mont52& a, const Mont52& b) {
    ISTHMUS_CHECK(a.magnitude() * b.magnitude() <= 64);
    reduce(r, Product{a.v_, b.v_});
  }
  [[gnu::always_inline]] static constexpr void sqr(Mont52& r, const Mont52& a) {
    ISTHMUS_CHECK(a.magnitude() * a.magnitude() <= 64);
    reduce(r, Square(a.v_));
  }
  // r = a b + c d with one reduction.
  static constexpr void mul_add(Mont52& r, const Mont52& a, const Mont52& b, const Mont52& c, const Mont52& d) {
    ISTHMUS_CHECK(a.magnitude() * b.magnitude() + c.magnitude() * d.magnitude() <= 64);
    reduce(r, columns52::Sum<Product, Product>{{a.v_, b.v_}, {c.v_, d.v_}});
  }
  // r = a b + c^2 with one reduction.
  static constexpr void mul_add_sqr(Mont52& r, const Mont52& a, const Mont52& b, const Mont52& c) {
    ISTHMUS_CHECK(a.magnitude() * b.magnitude() + c.magnitude() * c.magnitude() <= 64);
    reduce(r, columns52::Sum<Product, Square>{{a.v_, b.v_}, Square(c.v_)});
  }

  static constexpr bool is_zero(const Mont52& a) {
    Mont52 t = a;
    carry(t);
    // Carried limbs are unique except for the top one, which holds the excess, and the value is below 2 p: it is 0 or
    // p. A look at limb 0 settles nearly every case.
    if (t.v_[0] != 0 && t.v_[0] != kPrime.limb[0]) return false;
    bool zero = true, prime = true;
    for (usize i = 0; i < 5; ++i) {
      zero = zero && t.v_[i] == 0;
      prime = prime && t.v_[i] == kPrime.limb[i];
    }
    return zero || prime;
  }
  // Preconditions: a of magnitude at most 30, b of magnitude 1.
  static constexpr bool equal(const Mont52& a, const Mont52& b) {
    Mont52 difference;
    neg(difference, b, 1);
    add(difference, difference, a);
    return is_zero(difference);
  }
  // Parity of the value itself, not of its Montgomery form.
  static constexpr bool is_odd(const Mont52& a) { return (to_words(a)[0] & 1) != 0; }

  // r = 1/a. Precondition: a is not zero mod p.
  static void invert(Mont52& r, const Mont52& a) {
    // 1/(a R) by words, times R^3 by one product: (a R)^-1 R^3 R^-1 = a^-1 R.
    const Words inverse = invert_words(pack(a), kModulus, negated_inverse_64(kModulus[0]));
    mul(r, raw(inverse), raw(kCube));
  }
  // A square root of a, for p = 3 mod 4: a^((p+1)/4). False, and r unspecified, iff a is not a square. r may be a.
  static constexpr bool sqrt(Mont52& r, const Mont52& a) {
    Mont52 base = a, square;
    carry(base);
    power(r, base, sqrt_exponent(kModulus));
    sqr(square, r);
    return equal(square, base);
  }

 private:
  using Product = columns52::Product;
  using Square = columns52::Square;

  static constexpr u64 kLow = columns52::kLow;
  static constexpr u64 kTop = (u64{1} << 48) - 1;

  template <class T>
  struct Limbs {
    T limb[5];
  };

  static constexpr Limbs<u64> limbs_of(const Words& a) {
    return {{a[0] & kLow, (a[0] >> 52 | a[1] << 12) & kLow, (a[1] >> 40 | a[2] << 24) & kLow,
             (a[2] >> 28 | a[3] << 36) & kLow, a[3] >> 16}};
  }
  static constexpr Limbs<u64> kPrime = limbs_of(kModulus);

  // p in limbs of which 0..3 lie in [2^51, 2^52 + 2^51): a small limb takes 2^52 from the next one. With z one of them
  // neg needs (m + 1) z >= m B, and (m + 1) z <= (m + 1) B; asserted for the largest m.
  static constexpr Limbs<u64> full_limbs() {
    Limbs<u64> r = kPrime;
    for (usize i = 0; i < 4; ++i) {
      if (static_cast<i64>(r.limb[i]) >= i64{1} << 51) continue;  // one may be -1 by now
      r.limb[i] += u64{1} << 52;
      r.limb[i + 1] -= 1;
    }
    return r;
  }
  static constexpr Limbs<u64> kFull = full_limbs();
  static constexpr bool full_enough() {
    for (usize i = 0; i < 5; ++i) {
      const u64 bound = i < 4 ? kB : kT;
      if (kFull.limb[i] > bound || kFull.limb[i] * 32 < bound * 31) return false;
    }
    return true;
  }

  // p + 1 in signed limbs of small size: a limb in the upper half borrows from the next one. Limb 0 is 0.
  static constexpr Limbs<i64> sparse_limbs() {
    Limbs<i64> r = {};
    i64 lent = 1;  // the one of p + 1
    for (usize i = 0; i < 5; ++i) {
      r.limb[i] = static_cast<i64>(kPrime.limb[i]) + lent;
      lent = i < 4 && r.limb[i] >= i64{1} << 51 ? 1 : 0;
      r.limb[i] -= lent << 52;
    }
    return r;
  }
  static constexpr Limbs<i64> kNext = sparse_limbs();

  static constexpr u64 kB = (u64{1} << 52) + (u64{1} << 46), kT = (u64{1} << 48) + (u64{1} << 42);

  // a - x p for 0 <= x < 2^6, limbs 0..3 brought to [0, 2^52), limb 4 signed. p = kNext - 1; |kNext x| < 2^58.
  static constexpr void subtract_multiple(Mont52& a, i64 x) {
    i64 t = static_cast<i64>(a.v_[0]) + x;
    for (usize i = 0; i < 4; ++i) {
      a.v_[i] = static_cast<u64>(t) & kLow;
      t = (t >> 52) + static_cast<i64>(a.v_[i + 1]) - kNext.limb[i + 1] * x;
    }
    a.v_[4] = static_cast<u64>(t);
  }

  // One step: column t, its low limb q and q p added, over 2^52. As p = kNext - 1, t - q is the column without its
  // limb.
  struct Step {
    i128 carry;
    i64 q;
  };
  [[gnu::always_inline]] static constexpr Step step(i128 t) {
    return {t >> 52, static_cast<i64>(static_cast<u64>(t) & kLow)};
  }
  // q kNext at distance k, nothing where that limb of p + 1 is zero.
  template <int k>
  [[gnu::always_inline]] static constexpr i128 part(i64 q) {
    constexpr i64 limb = kNext.limb[k];
    if constexpr (limb == 0) {
      return 0;
    } else if constexpr (limb > 0 && (limb & (limb - 1)) == 0) {  // two shifts have less latency than a product
      constexpr int shift = __builtin_ctzll(static_cast<u64>(limb));
      const u64 low = static_cast<u64>(q) << shift, top = static_cast<u64>(q) >> (64 - shift);
      return static_cast<i128>(static_cast<u128>(top) << 64 | low);
    } else {
      return static_cast<i128>(q) * limb;
    }
  }

  // From nine columns to magnitude 1. With S = the sum of the magnitude products (S <= 64) a column is at most
  // 5 S B^2 < 2^112.4, what the steps add to it is below 4 * 2^104 in size: nothing passes 127 bits. The value is
  // (a b + Q p) / R with a b < S 2^512.1 and Q < R, so below p + 2^207: limbs 0..3 below 2^52, limb 4 below T.
  template <class Columns>
  [[gnu::always_inline]] static constexpr void reduce(Mont52& r, const Columns& columns) {
    static_assert(full_enough());
    const Step s0 = step(static_cast<i128>(columns.template column<0>()));
    const Step s1 = step(s0.carry + static_cast<i128>(columns.template column<1>()) + part<1>(s0.q));
    const Step s2 = step(s1.carry + static_cast<i128>(columns.template column<2>()) + part<2>(s0.q) + part<1>(s1.q));
    const Step s3 = step(s2.carry + static_cast<i128>(columns.template column<3>()) + part<3>(s0.q) + part<2>(s1.q) +
                         part<1>(s2.q));
    const Step s4 = step(s3.carry + static_cast<i128>(columns.template column<4>()) + part<4>(s0.q) + part<3>(s1.q) +
                         part<2>(s2.q) + part<1>(s3.q));
    const Step s5 = step(s4.carry + static_cast<i128>(columns.template column<5>()) + part<4>(s1.q) + part<3>(s2.q) +
                         part<2>(s3.q) + part<1>(s4.q));
    i128 t = s5.carry + static_cast<i128>(columns.template column<6>()) + part<4>(s2.q) + part<3>(s3.q) +
             part<2>(s4.q) + part<1>(s5.q);
    r.v_[0] = static_cast<u64>(t) & kLow;
    t = (t >> 52) + static_cast<i128>(columns.template column<7>()) + part<4>(s3.q) + part<3>(s4.q) + part<2>(s5.q);
    r.v_[1] = static_cast<u64>(t) & kLow;
    t = (t >> 52) + static_cast<i128>(columns.template column<8>()) + part<4>(s4.q) + part<3>(s5.q);
    r.v_[2] = static_cast<u64>(t) & kLow;
    t = (t >> 52) + part<4>(s5.q);
    r.v_[3] = static_cast<u64>(t) & kLow;
    r.v_[4] = static_cast<u64>(t >> 52);
    r.set_magnitude(1);
  }

  static constexpr Mont52 raw(const Words& a) {
    const Limbs<u64> limbs = limbs_of(a);
    Mont52 r;
    for (usize i = 0; i < 5; ++i) r.v_[i] = limbs.limb[i];
    r.set_magnitude(1);
    return r;
  }

  // R, R^2 and R^3 mod p.
  static constexpr Words kOne = power_of_two_mod(312, kModulus);
  static constexpr Words kSquare = power_of_two_mod(624, kModulus);
  static constexpr Words kCube = power_of_two_mod(936, kModulus);

  u64 v_[5] = {};
#ifdef ISTHMUS_DEBUG
  constexpr u32 magnitude() const { return magnitude_; }
  constexpr void set_magnitude(u32 m) {
    ISTHMUS_CHECK(m >= 1 && m <= 32);
    for (usize i = 0; i < 4; ++i) ISTHMUS_CHECK(v_[i] <= kB * m);
    ISTHMUS_CHECK(v_[4] <= kT * m);
    magnitude_ = m;
  }
  u32 magnitude_ = 1;
#else
  constexpr u32 magnitude() const { return 1; }
  constexpr void set_magnitude(u32) {}
#endif
};

}  // namespace isthmus::field
