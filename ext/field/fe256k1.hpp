// The base field of secp256k1 (SEC 2, section 2.4.1): integers mod p = 2^256 - c with c = 2^32 + 977, in five limbs of
// radix 2^52, so that additions need no carries.
// Cost: mul 31 word products, sqr 21, a sum of two products 56.
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
#include "field/words.hpp"

namespace isthmus::field {

class Fe256k1 {
 public:
  static constexpr Words kModulus = {0xFFFFFFFEFFFFFC2F, ~u64{0}, ~u64{0}, ~u64{0}};

  // Limbs are indeterminate: tables of thousands of elements are made to be overwritten.
  Fe256k1() = default;

  static constexpr Fe256k1 zero() { return from_int(0); }
  static constexpr Fe256k1 one() { return from_int(1); }

  // Precondition: a < 2^32.
  static constexpr Fe256k1 from_int(u64 a) {
    ISTHMUS_CHECK(a >> 32 == 0);
    return Fe256k1(a, 0, 0, 0, 0);
  }
  // False, and r unspecified, iff a >= p.
  static constexpr bool from_words(Fe256k1& r, const Words& a) {
    if (!less_words(a, kModulus)) return false;
    r = from_constant(a);
    return true;
  }
  // Precondition: a < p.
  static constexpr Fe256k1 from_constant(const Words& a) {
    return Fe256k1(a[0] & kLow, (a[0] >> 52 | a[1] << 12) & kLow, (a[1] >> 40 | a[2] << 24) & kLow,
                   (a[2] >> 28 | a[3] << 36) & kLow, a[3] >> 16);
  }
  static constexpr Words to_words(Fe256k1 a) {
    normalize(a);
    return {a.v_[0] | a.v_[1] << 52, a.v_[1] >> 12 | a.v_[2] << 40, a.v_[2] >> 24 | a.v_[3] << 28,
            a.v_[3] >> 36 | a.v_[4] << 16};
  }

  // The smallest form for tables: canonical words.
  using Packed = Words;
  static constexpr Packed pack(const Fe256k1& a) { return to_words(a); }
  static constexpr Fe256k1 unpack(const Packed& a) { return from_constant(a); }

  static constexpr void add(Fe256k1& r, const Fe256k1& a, const Fe256k1& b) {
    const u32 magnitude = a.magnitude() + b.magnitude();
    for (usize i = 0; i < 5; ++i) r.v_[i] = a.v_[i] + b.v_[i];
    r.set_magnitude(magnitude);
  }
  // r = (m + 1) p - a. Each limb of (m + 1) p is at least the bound of a's: (m + 1)(2^52 - 2^33) >= m (2^52 + 2^46)
  // and (m + 1)(2^48 - 1) >= m (2^48 + 2^42) hold for m <= 63.
  static constexpr void neg(Fe256k1& r, const Fe256k1& a, u32 m) {
    ISTHMUS_CHECK(a.magnitude() <= m && m <= 31);
    const u64 k = m + 1;
    r.v_[0] = kP0 * k - a.v_[0];
    for (usize i = 1; i < 4; ++i) r.v_[i] = kLow * k - a.v_[i];
    r.v_[4] = kTop * k - a.v_[4];
    r.set_magnitude(m + 1);
  }
  static constexpr void mul_int(Fe256k1& r, const Fe256k1& a, u32 k) {
    const u32 magnitude = a.magnitude() * k;
    for (usize i = 0; i < 5; ++i) r.v_[i] = a.v_[i] * k;
    r.set_magnitude(magnitude);
  }
  // r = a / 2: a, or a + p when a is odd, shifted. Bound: ((m + 1) B) / 2 plus the bit from above, 2^51 < B / 2.
  static constexpr void half(Fe256k1& r, const Fe256k1& a) {
    const u32 magnitude = (a.magnitude() + 3) / 2;
    const u64 mask = 0 - (a.v_[0] & 1);
    const u64 t[5] = {a.v_[0] + (kP0 & mask), a.v_[1] + (kLow & mask), a.v_[2] + (kLow & mask), a.v_[3] + (kLow & mask),
                      a.v_[4] + (kTop & mask)};
    for (usize i = 0; i < 4; ++i) r.v_[i] = (t[i] >> 1) + ((t[i + 1] & 1) << 51);
    r.v_[4] = t[4] >> 1;
    r.set_magnitude(magnitude);
  }
  // Same value mod p, magnitude 1. The top excess is below 2^6 (m <= 32), so limb 0 gains less than 2^40 and the
  // carries below 2^7 run up once; limb 4 ends at 2^48 - 1 + 2^7 < T.
  static constexpr void carry(Fe256k1& a) {
    const u64 excess = a.v_[4] >> 48;
    a.v_[4] &= kTop;
    a.v_[0] += excess * kC;
    ripple(a);
    a.set_magnitude(1);
  }
  // The one representative in [0, p).
  static constexpr void normalize(Fe256k1& a) {
    carry(a);
    // Value < 2^256 + 2^215. Fold the last bit, if any, and subtract p once if needed: t = a + c passes 2^256 iff a >=
    // p.
    const u64 excess = a.v_[4] >> 48;
    a.v_[4] &= kTop;
    a.v_[0] += excess * kC;
    ripple(a);
    Fe256k1 t = a;
    t.v_[0] += kC;
    ripple(t);
    if (t.v_[4] >> 48 != 0) {
      a = t;
      a.v_[4] &= kTop;
    }
    a.set_magnitude(1);
  }

  [[gnu::always_inline]] static void mul(Fe256k1& r, const Fe256k1& a, const Fe256k1& b) {
    ISTHMUS_CHECK(a.magnitude() * b.magnitude() <= 64);
    reduce(r, Product{a.v_, b.v_});
  }
  [[gnu::always_inline]] static void sqr(Fe256k1& r, const Fe256k1& a) {
    ISTHMUS_CHECK(a.magnitude() * a.magnitude() <= 64);
    reduce(r, Square(a.v_));
  }
  // r = a b + c d with one reduction.
  static void mul_add(Fe256k1& r, const Fe256k1& a, const Fe256k1& b, const Fe256k1& c, const Fe256k1& d) {
    ISTHMUS_CHECK(a.magnitude() * b.magnitude() + c.magnitude() * d.magnitude() <= 64);
    reduce(r, Sum<Product, Product>{{a.v_, b.v_}, {c.v_, d.v_}});
  }
  // r = a b + c^2 with one reduction.
  static void mul_add_sqr(Fe256k1& r, const Fe256k1& a, const Fe256k1& b, const Fe256k1& c) {
    ISTHMUS_CHECK(a.magnitude() * b.magnitude() + c.magnitude() * c.magnitude() <= 64);
    reduce(r, Sum<Product, Square>{{a.v_, b.v_}, Square(c.v_)});
  }

  static constexpr bool is_zero(const Fe256k1& a) {
    Fe256k1 t = a;
    carry(t);
    // A value below 2^256 + 2^215 that is 0 mod p is 0 or p (2p is larger): a look at limb 0 settles nearly every case.
    // Carried limbs are unique except for the top one, which holds the excess; p has none.
    if (t.v_[0] != 0 && t.v_[0] != kP0) return false;
    const bool zero = (t.v_[0] | t.v_[1] | t.v_[2] | t.v_[3] | t.v_[4]) == 0;
    return zero || (t.v_[0] == kP0 && (t.v_[1] & t.v_[2] & t.v_[3]) == kLow && t.v_[4] == kTop);
  }
  // Preconditions: a of magnitude at most 30, b of magnitude 1.
  static constexpr bool equal(const Fe256k1& a, const Fe256k1& b) {
    Fe256k1 difference;
    neg(difference, b, 1);
    add(difference, difference, a);
    return is_zero(difference);
  }
  // Parity of the value in [0, p).
  static constexpr bool is_odd(Fe256k1 a) {
    normalize(a);
    return (a.v_[0] & 1) != 0;
  }

  // r = 1/a. Precondition: a is not zero mod p.
  static void invert(Fe256k1& r, const Fe256k1& a) {
    r = from_constant(invert_words(to_words(a), kModulus, negated_inverse_64(kModulus[0])));
  }
  // A square root of a: a^((p+1)/4). False, and r unspecified, iff a is not a square. r may be a.
  static bool sqrt(Fe256k1& r, const Fe256k1& a);

 private:
  static constexpr u64 kC = (u64{1} << 32) + 977;
  static constexpr u64 kLow = columns52::kLow;     // also limbs 1..3 of p
  static constexpr u64 kTop = (u64{1} << 48) - 1;  // also limb 4 of p
  static constexpr u64 kP0 = (u64{1} << 52) - kC;  // limb 0 of p
  static constexpr u64 kFold = kC << 4;            // 2^260 mod p, 37 bits

  static constexpr void ripple(Fe256k1& a) {
    for (usize i = 0; i < 4; ++i) {
      a.v_[i + 1] += a.v_[i] >> 52;
      a.v_[i] &= kLow;
    }
  }

  using Product = columns52::Product;
  using Square = columns52::Square;
  template <class Left, class Right>
  using Sum = columns52::Sum<Left, Right>;

  // From nine columns to magnitude 1. The sum of the magnitude products is at most 64, so column k is at most
  // 2^6 count B^2 (T instead of B once where limb 4 takes part) and all sums below stay under 2^113.
  //
  // Columns 3 and 4 go first: what stands above 2^256 in limb 4 then joins the fold of column 5, and nothing is left to
  // fold at the end of the chain. F = 2^260 mod p = 2^4 c has 37 bits: from column 5 on, x in column k is x F in
  // column k - 5.
  template <class Columns>
  [[gnu::always_inline]] static void reduce(Fe256k1& r, const Columns& columns) {
    // Column 8 < 2^103 in two parts: x 2^416 = low F 2^156 + high (2^12 F) 2^208.
    const u128 top = columns.template column<8>();
    u128 d = columns.template column<3>() + static_cast<u128>(static_cast<u64>(top)) * kFold;
    const u64 r3 = static_cast<u64>(d) & kLow;
    d = (d >> 52) + columns.template column<4>() + static_cast<u128>(static_cast<u64>(top >> 64)) * (kFold << 12);
    const u64 r4 = static_cast<u64>(d) & kTop;
    const u64 above = static_cast<u64>(d) >> 48 & 0xF;  // bits 256..259
    // d >> 52 < 2^60. Column 5 with the four bits below it is 56 bits of weight 2^256 = c.
    d = (d >> 52) + columns.template column<5>();
    u128 t = columns.template column<0>() + static_cast<u128>((static_cast<u64>(d) & kLow) << 4 | above) * kC;
    const u64 r0 = static_cast<u64>(t) & kLow;
    d = (d >> 52) + columns.template column<6>();
    t = (t >> 52) + columns.template column<1>() + static_cast<u128>(static_cast<u64>(d) & kLow) * kFold;
    const u64 r1 = static_cast<u64>(t) & kLow;
    // Column 7 < 2^107.1 in two parts again: d >> 64 < 2^43.1.
    d = (d >> 52) + columns.template column<7>();
    t = (t >> 52) + columns.template column<2>() + static_cast<u128>(static_cast<u64>(d)) * kFold;
    const u64 r2 = static_cast<u64>(t) & kLow;
    // t < 2^60 + 2^43.1 2^49 + 2^52 < 2^93, so limb 4 gains less than 2^41.
    t = (t >> 52) + static_cast<u128>(static_cast<u64>(d >> 64)) * (kFold << 12) + r3;
    r.v_[0] = r0;
    r.v_[1] = r1;
    r.v_[2] = r2;
    r.v_[3] = static_cast<u64>(t) & kLow;
    r.v_[4] = r4 + static_cast<u64>(t >> 52);
    r.set_magnitude(1);
  }

  constexpr Fe256k1(u64 v0, u64 v1, u64 v2, u64 v3, u64 v4) : v_{v0, v1, v2, v3, v4} { set_magnitude(1); }

  u64 v_[5];
#ifdef ISTHMUS_DEBUG
  constexpr u32 magnitude() const { return magnitude_; }
  constexpr void set_magnitude(u32 m) {
    ISTHMUS_CHECK(m >= 1 && m <= 32);
    constexpr u64 kB = (u64{1} << 52) + (u64{1} << 46), kT = (u64{1} << 48) + (u64{1} << 42);
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

inline bool Fe256k1::sqrt(Fe256k1& r, const Fe256k1& a) {
  // (p + 1) / 4 = 2^254 - 2^30 - 244 in binary: 223 ones, 0, 22 ones, then 0000 11 00. So powers a^(2^k - 1) =: x_k
  // with x_(j+k) = x_j^(2^k) x_k for k = 2, 22, 223 are all that is needed: 253 squarings, 13 products.
  const auto shift = [](Fe256k1& out, const Fe256k1& in, int count) {
    sqr(out, in);
    for (int i = 1; i < count; ++i) sqr(out, out);
  };
  const auto join = [&](Fe256k1& out, const Fe256k1& high, const Fe256k1& low, int count) {
    Fe256k1 t;
    shift(t, high, count);
    mul(out, t, low);
  };
  Fe256k1 base = a;
  carry(base);
  Fe256k1 x2, x3, x6, x9, x11, x22, x44, x88, t;
  join(x2, base, base, 1);
  join(x3, x2, base, 1);
  join(x6, x3, x3, 3);
  join(x9, x6, x3, 3);
  join(x11, x9, x2, 2);
  join(x22, x11, x11, 11);
  join(x44, x22, x22, 22);
  join(x88, x44, x44, 44);
  join(t, x88, x88, 88);  // x176
  join(t, t, x44, 44);    // x220
  join(t, t, x3, 3);      // x223
  join(t, t, x22, 23);
  join(t, t, x2, 6);
  shift(t, t, 2);
  sqr(x3, t);
  r = t;
  return equal(x3, base);
}

}  // namespace isthmus::field
