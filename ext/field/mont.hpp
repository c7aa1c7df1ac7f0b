// Prime fields of up to 256 bits in Montgomery form, four 64-bit limbs: the general type for scalar fields and for base
// fields without a special prime. An element a is held as a * 2^256 mod m, always fully reduced.
// Every constant follows from the modulus at compile time; a new field is one struct with one array.
// Cost: mul 36 word products (16 + 20 of the reduction), add a few instructions.
//
// The type also answers the lazy vocabulary of the formulas in curve/weierstrass.hpp (magnitudes, carry, half): here
// every value has magnitude 1 and the magnitude arguments are ignored.
#pragma once

#include "base/check.hpp"
#include "field/inverse.hpp"
#include "field/words.hpp"

namespace isthmus::field {

// 2^bits mod m by doubling 1.
constexpr Words power_of_two_mod(int bits, const Words& m) {
  Words r = {1, 0, 0, 0};
  for (int i = 0; i < bits; ++i) {
    const u64 carry = add_words(r, r, r);
    Words t = {};
    const u64 borrow = sub_words(t, r, m);
    if (carry != 0 || borrow == 0) r = t;
  }
  return r;
}

// P::kModulus: Words, an odd prime in (2^192, 2^256).
template <class P>
class Mont {
 public:
  static constexpr Words kModulus = P::kModulus;
  static_assert((kModulus[0] & 1) == 1 && kModulus[3] != 0);

  constexpr Mont() = default;

  static constexpr Mont zero() { return Mont(); }
  static constexpr Mont one() { return raw(kOne); }

  // False, and r unspecified, iff a >= m.
  static constexpr bool from_words(Mont& r, const Words& a) {
    if (!less_words(a, kModulus)) return false;
    mul(r, raw(a), raw(kSquare));
    return true;
  }
  // a mod m for any a. The modulus must exceed 2^255, so that a < 2m.
  static constexpr Mont from_words_reduced(const Words& a) {
    static_assert(kModulus[3] >> 63 == 1, "one subtraction must be enough");
    Words reduced = {};
    if (sub_words(reduced, a, kModulus) != 0) reduced = a;
    Mont r;
    mul(r, raw(reduced), raw(kSquare));
    return r;
  }
  static constexpr Mont from_int(u64 a) {
    Mont r;
    mul(r, raw({a, 0, 0, 0}), raw(kSquare));
    return r;
  }
  // For tables of constants: precondition a < m.
  static constexpr Mont from_constant(const Words& a) {
    Mont r;
    mul(r, raw(a), raw(kSquare));
    return r;
  }
  static constexpr Words to_words(const Mont& a) {
    Mont r;
    mul(r, a, raw({1, 0, 0, 0}));
    return r.v_;
  }

  // The form for tables: already small.
  using Packed = Mont;
  static constexpr Packed pack(const Mont& a) { return a; }
  static constexpr Mont unpack(const Packed& a) { return a; }

  static constexpr void add(Mont& r, const Mont& a, const Mont& b) {
    const u64 carry = add_words(r.v_, a.v_, b.v_);
    reduce_once(r.v_, carry);
  }
  static constexpr void sub(Mont& r, const Mont& a, const Mont& b) {
    if (sub_words(r.v_, a.v_, b.v_) != 0) add_words(r.v_, r.v_, kModulus);
  }
  static constexpr void neg(Mont& r, const Mont& a, u32 /*magnitude*/ = 1) {
    if (is_zero_words(a.v_)) {
      r = a;
    } else {
      sub_words(r.v_, kModulus, a.v_);
    }
  }
  // r = k a for a small k >= 1, by doubling and adding.
  static constexpr void mul_int(Mont& r, const Mont& a, u32 k) {
    const Mont base = a;
    Mont sum = zero();
    for (u32 bit = 32; bit-- > 0;) {
      add(sum, sum, sum);
      if (k >> bit & 1) add(sum, sum, base);
    }
    r = sum;
  }
  // r = a / 2.
  static constexpr void half(Mont& r, const Mont& a) {
    Words t = a.v_;
    const u64 carry = (t[0] & 1) ? add_words(t, t, kModulus) : 0;
    t = half_words(t);
    t[3] |= carry << 63;
    r.v_ = t;
  }
  static constexpr void carry(Mont&) {}
  static constexpr void normalize(Mont&) {}

  static constexpr void mul(Mont& r, const Mont& a, const Mont& b) { multiply(r.v_, a.v_, b.v_); }
  static constexpr void sqr(Mont& r, const Mont& a) { multiply(r.v_, a.v_, a.v_); }
  // r = a b + c d.
  static constexpr void mul_add(Mont& r, const Mont& a, const Mont& b, const Mont& c, const Mont& d) {
    Mont left, right;
    mul(left, a, b);
    mul(right, c, d);
    add(r, left, right);
  }
  // r = a b + c^2.
  static constexpr void mul_add_sqr(Mont& r, const Mont& a, const Mont& b, const Mont& c) { mul_add(r, a, b, c, c); }

  static constexpr bool is_zero(const Mont& a) { return is_zero_words(a.v_); }
  static constexpr bool equal(const Mont& a, const Mont& b) { return a.v_ == b.v_; }
  // Parity of the value itself, not of its Montgomery form.
  static constexpr bool is_odd(const Mont& a) { return (to_words(a)[0] & 1) != 0; }

  // r = 1/a. Precondition: a is not zero.
  static void invert(Mont& r, const Mont& a) {
    // 1/(a R) by words, times R^3 by one product: (a R)^-1 R^3 R^-1 = a^-1 R.
    const Words inverse = invert_words(a.v_, kModulus, kMinusInverse);
    mul(r, raw(inverse), raw(kCube));
  }
  // r = a^exponent, left to right; r may be a.
  static constexpr void power(Mont& r, const Mont& a, const Words& exponent) {
    const Mont base = a;
    Mont result = one();
    for (usize bit = 256; bit-- > 0;) {
      sqr(result, result);
      if (exponent[bit / 64] >> (bit % 64) & 1) mul(result, result, base);
    }
    r = result;
  }
  // A square root of a, for m = 3 mod 4: a^((m+1)/4). False, and r unspecified, iff a is not a square.
  static constexpr bool sqrt(Mont& r, const Mont& a) {
    static_assert((kModulus[0] & 3) == 3);
    Words exponent = {};
    add_words(exponent, half_words(half_words(kModulus)), {1, 0, 0, 0});  // floor(m/4) + 1 = (m+1)/4
    Mont root, square;
    power(root, a, exponent);
    sqr(square, root);
    r = root;
    return equal(square, a);
  }

 private:
  static constexpr Mont raw(const Words& v) {
    Mont r;
    r.v_ = v;
    return r;
  }

  // From [0, 2m), given as a word array and a carry out of it, to [0, m).
  static constexpr void reduce_once(Words& a, u64 carry) {
    Words t = {};
    const u64 borrow = sub_words(t, a, kModulus);
    if (carry != 0 || borrow == 0) a = t;
  }

  // r = a b / 2^256 mod m, word by word (Montgomery 1985), for a, b < m. Bound: if t < 2m before a row, then after it
  // t' = (t + a_i b + q m) / 2^64 < (2m + (2^64 - 1) 2m) / 2^64 = 2m. So t fits 257 bits (t4 is its top bit) and one
  // subtraction at the end is enough.
  static constexpr void multiply(Words& r, const Words& a, const Words& b) {
    u64 t0 = 0, t1 = 0, t2 = 0, t3 = 0, t4 = 0;
    for (usize i = 0; i < 4; ++i) {
      u128 c = static_cast<u128>(a[i]) * b[0] + t0;
      const u64 low = static_cast<u64>(c);
      const u64 q = low * kMinusInverse;
      // Two carry chains, of a_i b and of q m; each step adds at most (2^64-1)^2 + 2 (2^64-1) = 2^128 - 1.
      u128 d = static_cast<u128>(q) * kModulus[0] + low;
      c = static_cast<u128>(a[i]) * b[1] + t1 + static_cast<u64>(c >> 64);
      d = static_cast<u128>(q) * kModulus[1] + static_cast<u64>(c) + static_cast<u64>(d >> 64);
      t0 = static_cast<u64>(d);
      c = static_cast<u128>(a[i]) * b[2] + t2 + static_cast<u64>(c >> 64);
      d = static_cast<u128>(q) * kModulus[2] + static_cast<u64>(c) + static_cast<u64>(d >> 64);
      t1 = static_cast<u64>(d);
      c = static_cast<u128>(a[i]) * b[3] + t3 + static_cast<u64>(c >> 64);
      d = static_cast<u128>(q) * kModulus[3] + static_cast<u64>(c) + static_cast<u64>(d >> 64);
      t2 = static_cast<u64>(d);
      d = static_cast<u128>(t4) + static_cast<u64>(c >> 64) + static_cast<u64>(d >> 64);
      t3 = static_cast<u64>(d);
      t4 = static_cast<u64>(d >> 64);
    }
    r = {t0, t1, t2, t3};
    reduce_once(r, t4);
  }

  static constexpr u64 kMinusInverse = negated_inverse_64(P::kModulus[0]);

  // R, R^2 and R^3 mod m for R = 2^256.
  static constexpr Words kOne = power_of_two_mod(256, P::kModulus);
  static constexpr Words kSquare = power_of_two_mod(512, P::kModulus);
  static constexpr Words kCube = power_of_two_mod(768, P::kModulus);

  Words v_ = {};
};

}  // namespace isthmus::field
