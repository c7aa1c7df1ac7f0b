// Prime fields in Montgomery form, n 64-bit limbs: the general type for scalar fields and for base fields without a
// type of their own. An element a is held as a R mod m with R = 2^(64 n), always fully reduced. Every constant follows
// from the modulus at compile time; a new field is one struct with one array, whose length is n. Cost: mul 2 n^2 + n
// word products (n less where the lowest word of m is 2^64 - 1), add a few instructions.
//
// The type also answers the lazy vocabulary of the formulas in curve/weierstrass.hpp (magnitudes, carry, half): here
// every value has magnitude 1 and the magnitude arguments are ignored.
#pragma once

#include "base/check.hpp"
#include "field/inverse.hpp"
#include "field/power.hpp"
#include "field/words.hpp"

namespace isthmus::field {

// P::kModulus: WordArray<n>, an odd prime with a top word other than 0.
template <class P>
class Mont {
 public:
  static constexpr usize kWords = P::kModulus.size();
  using Words = WordArray<kWords>;
  static constexpr Words kModulus = P::kModulus;
  static_assert((kModulus[0] & 1) == 1 && kModulus[kWords - 1] != 0);

  constexpr Mont() = default;

  static constexpr Mont zero() { return Mont(); }
  static constexpr Mont one() { return raw(kOne); }

  // False, and r unspecified, iff a >= m.
  static constexpr bool from_words(Mont& r, const Words& a) {
    if (!less_words(a, kModulus)) return false;
    mul(r, raw(a), raw(kSquare));
    return true;
  }
  // a mod m for any a. The modulus must have its top bit set, so that a < 2m.
  static constexpr Mont from_words_reduced(const Words& a) {
    static_assert(kModulus[kWords - 1] >> 63 == 1, "one subtraction must be enough");
    Words reduced = {};
    if (sub_words(reduced, a, kModulus) != 0) reduced = a;
    Mont r;
    mul(r, raw(reduced), raw(kSquare));
    return r;
  }
  static constexpr Mont from_int(u64 a) {
    Mont r;
    mul(r, raw({a}), raw(kSquare));
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
    mul(r, a, raw({1}));
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
    Mont sum = a;
    for (int bit = 30 - __builtin_clz(k); bit >= 0; --bit) {
      add(sum, sum, sum);
      if (k >> bit & 1) add(sum, sum, base);
    }
    r = sum;
  }
  // r = a / 2.
  static constexpr void half(Mont& r, const Mont& a) {
    const u64 odd = 0 - (a.v_[0] & 1);
    Words t = {};
    u64 carry = 0;
    for (usize i = 0; i < kWords; ++i) t[i] = add_carry(a.v_[i], kModulus[i] & odd, carry);
    t = half_words(t);
    t[kWords - 1] |= carry << 63;
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
  // A square root of a, for m = 3 mod 4: a^((m+1)/4). False, and r unspecified, iff a is not a square.
  static constexpr bool sqrt(Mont& r, const Mont& a) {
    Mont root, square;
    power(root, a, sqrt_exponent(kModulus));
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

  // From [0, 2m), given as a word array and a carry out of it, to [0, m). Without a branch: which way it goes is a coin
  // toss, which no predictor learns.
  static constexpr void reduce_once(Words& a, u64 carry) {
    Words t = {};
    const u64 borrow = sub_words(t, a, kModulus);
    const u64 keep = 0 - (borrow & ~carry);  // all ones: a is below m
    for (usize i = 0; i < kWords; ++i) a[i] = (a[i] & keep) | (t[i] & ~keep);
  }

  // r = a b / R mod m, word by word (Montgomery 1985), for a, b < m. Bound: if t < 2m before a row, then after it
  // t' = (t + a_i b + q m) / 2^64 < (2m + (2^64 - 1) 2m) / 2^64 = 2m. So t has one bit more than m (it is in `top`) and
  // one subtraction at the end is enough.
  static constexpr void multiply(Words& r, const Words& a, const Words& b) {
    Words t = {};
    u64 top = 0;
#pragma GCC unroll 8
    for (usize i = 0; i < kWords; ++i) {
      // Two carry chains, of a_i b and of q m; each step adds at most (2^64-1)^2 + 2 (2^64-1) = 2^128 - 1.
      u128 c = static_cast<u128>(a[i]) * b[0] + t[0];
      const u64 low = static_cast<u64>(c);
      const u64 q = low * kMinusInverse;
      // With m_0 = 2^64 - 1, q is low and low + q m_0 = 2^64 low.
      u64 d_high = kMinusInverse == 1 ? low : static_cast<u64>((static_cast<u128>(q) * kModulus[0] + low) >> 64);
#pragma GCC unroll 8
      for (usize j = 1; j < kWords; ++j) {
        c = static_cast<u128>(a[i]) * b[j] + t[j] + static_cast<u64>(c >> 64);
        const u128 d = static_cast<u128>(q) * kModulus[j] + static_cast<u64>(c) + d_high;
        t[j - 1] = static_cast<u64>(d);
        d_high = static_cast<u64>(d >> 64);
      }
      const u128 d = static_cast<u128>(top) + static_cast<u64>(c >> 64) + d_high;
      t[kWords - 1] = static_cast<u64>(d);
      top = static_cast<u64>(d >> 64);
    }
    reduce_once(t, top);
    r = t;
  }

  static constexpr u64 kMinusInverse = negated_inverse_64(P::kModulus[0]);

  // R, R^2 and R^3 mod m.
  static constexpr Words kOne = power_of_two_mod(64 * kWords, P::kModulus);
  static constexpr Words kSquare = power_of_two_mod(128 * kWords, P::kModulus);
  static constexpr Words kCube = power_of_two_mod(192 * kWords, P::kModulus);

  Words v_ = {};
};

}  // namespace isthmus::field
