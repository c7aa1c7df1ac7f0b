// Prime fields of 256 bits in Montgomery form for secrets: no branch, no memory address and no division depends on a
// value. field/mont.hpp, for public data, is the same arithmetic with `if`s; a compiler may turn those into jumps, so
// this type has masks instead, and hides each mask's origin from the optimiser. ci/ct.py runs the release objects under
// valgrind with secrets marked undefined, which finds a jump or an address that depends on one.
//
// Assumed of the machine: additions, logic, shifts by constants and 64 x 64-bit products take a time that does not
// depend on their operands. x86-64 (Intel's and AMD's data-operand-independent lists hold MUL and MULX) and the
// out-of-order AArch64 cores do so; small in-order AArch64 cores that end a multiplication early do not.
//
// Invariant: an element a is held as a * 2^256 mod m, fully reduced. Cost: mul 36 word products.
#pragma once

#include <string.h>

#include "field/words.hpp"

namespace isthmus::sign {

using field::Words;

// x, about which the optimiser knows nothing: it cannot prove that a mask is all zeros or all ones and branch on it.
inline u64 opaque_ct(u64 x) {
  __asm__("" : "+r"(x));
  return x;
}

// All ones for bit 1, zero for bit 0.
inline u64 mask_ct(u64 bit) { return 0 - opaque_ct(bit); }

// 1 iff x = 0.
inline u64 is_zero_ct(u64 x) { return ((x | (0 - x)) >> 63) ^ 1; }

// r = mask ? a : r, for a mask of all zeros or all ones.
inline void select_ct(Words& r, const Words& a, u64 mask) {
  for (usize i = 0; i < 4; ++i) r[i] ^= mask & (r[i] ^ a[i]);
}

// 1 iff a < b.
inline u64 less_ct(const Words& a, const Words& b) {
  Words difference;
  return field::sub_words(difference, a, b);
}

// 2^256 a mod m, for constants at compile time: a < m.
constexpr Words montgomery_form(Words a, const Words& m) {
  for (int i = 0; i < 256; ++i) {
    const u64 carry = field::add_words(a, a, a);
    Words t = {};
    const u64 borrow = field::sub_words(t, a, m);
    if (carry != 0 || borrow == 0) a = t;
  }
  return a;
}

// P::kModulus: Words, a prime in (2^255, 2^256).
template <class P>
class MontCt {
 public:
  static constexpr Words kModulus = P::kModulus;
  static_assert((kModulus[0] & 1) == 1 && kModulus[3] >> 63 == 1);

  constexpr MontCt() = default;
  static constexpr MontCt one() { return MontCt(kOne); }
  // A public constant below m.
  static constexpr MontCt from_constant(const Words& a) { return MontCt(montgomery_form(a, kModulus)); }

  // a mod m for any 256-bit a: a < 2m, as m > 2^255.
  static MontCt from_words(Words a) {
    reduce_once(a, 0);
    return product(a, kSquare);
  }
  Words to_words() const { return product(v_, {1, 0, 0, 0}).v_; }

  friend MontCt operator+(const MontCt& a, const MontCt& b) {
    MontCt r;
    const u64 carry = field::add_words(r.v_, a.v_, b.v_);
    reduce_once(r.v_, carry);
    return r;
  }
  friend MontCt operator-(const MontCt& a, const MontCt& b) {
    MontCt r;
    const u64 mask = mask_ct(field::sub_words(r.v_, a.v_, b.v_));
    Words back = kModulus;
    for (u64& word : back) word &= mask;
    field::add_words(r.v_, r.v_, back);
    return r;
  }
  friend MontCt operator*(const MontCt& a, const MontCt& b) { return product(a.v_, b.v_); }

  // 1/a, and 0 for 0: a^(m-2) by Fermat, four bits of the exponent at a time. The exponent is public, so that its
  // digits may choose entries and skip products.
  MontCt inverse() const {
    Words exponent = {};
    field::sub_words(exponent, kModulus, {2, 0, 0, 0});
    MontCt power[16] = {one()};
    for (usize i = 1; i < 16; ++i) power[i] = power[i - 1] * *this;
    MontCt r = one();
    for (usize digit = 64; digit-- > 0;) {
      for (int i = 0; i < 4; ++i) r = r * r;
      r = r * power[exponent[digit / 16] >> (4 * (digit % 16)) & 15];
    }
    explicit_bzero(power, sizeof(power));
    return r;
  }

  u64 is_zero() const { return is_zero_ct(v_[0] | v_[1] | v_[2] | v_[3]); }
  // *this = mask ? a : *this.
  void select(const MontCt& a, u64 mask) { select_ct(v_, a.v_, mask); }

 private:
  explicit constexpr MontCt(const Words& v) : v_(v) {}

  // From [0, 2m), given as four words and a carry out of them, to [0, m). Below m the subtraction borrows and there
  // is no carry; a carry means at least 2^256 > m, and then the borrow only takes the carry away.
  static void reduce_once(Words& a, u64 carry) {
    Words t;
    const u64 borrow = field::sub_words(t, a, kModulus);
    select_ct(a, t, mask_ct(carry | (borrow ^ 1)));
  }

  // a b / 2^256 mod m, word by word (Montgomery 1985), for a < 2^256 and b < m. Bound: if t < 2m before a row, then
  // after it t' = (t + a_i b + q m) / 2^64 < (2m + (2^64 - 1) 2m) / 2^64 = 2m, so that t4 is one bit and one
  // subtraction at the end is enough.
  static MontCt product(const Words& a, const Words& b) {
    u64 t[5] = {};
    for (usize i = 0; i < 4; ++i) {
      u64 high = 0;
      for (usize j = 0; j < 4; ++j) t[j] = multiply_add(a[i], b[j], t[j], high);
      // t + a_i b < 2m + (2^64 - 1) m < 2^320 + 2^256: six words, the sixth at most 1.
      u64 sixth = 0;
      t[4] = field::add_carry(t[4], high, sixth);
      const u64 q = t[0] * kMinusInverse;
      high = 0;
      multiply_add(q, kModulus[0], t[0], high);  // the low word becomes 0 by the choice of q
      for (usize j = 1; j < 4; ++j) t[j - 1] = multiply_add(q, kModulus[j], t[j], high);
      u64 carry = 0;
      t[3] = field::add_carry(t[4], high, carry);
      t[4] = sixth + carry;
    }
    MontCt r(Words{t[0], t[1], t[2], t[3]});
    reduce_once(r.v_, t[4]);
    return r;
  }

  // The low word of x y + c + high, whose high word replaces high: at most (2^64-1)^2 + 2 (2^64-1) = 2^128 - 1.
  static u64 multiply_add(u64 x, u64 y, u64 c, u64& high) {
    const u128 sum = static_cast<u128>(x) * y + c + high;
    high = static_cast<u64>(sum >> 64);
    return static_cast<u64>(sum);
  }

  static constexpr u64 kMinusInverse = field::negated_inverse_64(P::kModulus[0]);
  static constexpr Words kOne = montgomery_form({1, 0, 0, 0}, P::kModulus);
  static constexpr Words kSquare = montgomery_form(kOne, P::kModulus);

  Words v_ = {};
};

}  // namespace isthmus::sign
