// Sums k_0 G + k_1 P_1 + k_2 P_2 + ... with shared doublings (Straus 1964): signed windows ("wNAF") over affine tables
// of odd multiples, a wide one for G made at first use, a small one per key, halves of scalars where the curve has an
// endomorphism. Public data only.
// Cost on secp256k1 with one key: 128 doublings, about 43 additions from the key's table, 20 from G's, 100 M for the
// key's table, one inversion shared by all keys of a call.
//
// C: see weierstrass.hpp, and kGeneratorX, kGeneratorY, kScalarBits, kSteps, kKeyWindow, kBaseWindow, kBaseTableCheck
// (0: none), kEndomorphism (then beta() and the constants of glv.hpp, and 2 kSteps >= kScalarBits). Scalars of keys
// without endomorphism need kSteps >= kScalarBits. Orders are prime and above 2^(window - 1) + 2 for both windows, so
// that no odd multiple in a table meets another one or infinity.
#pragma once

#include <span>

#include "base/made_once.hpp"
#include "curve/glv.hpp"
#include "curve/weierstrass.hpp"
#include "field/inverse.hpp"

namespace isthmus::curve {

// A digit of a key's scalar; odd and below 2^(kKeyWindow - 1) in size, or zero.
using Digit = int8_t;

// Bits [at, at + count) of k, count <= 32; bits past the end of k are zero.
template <usize n>
constexpr u32 bits_of(const field::WordArray<n>& k, usize at, usize count) {
  const usize word = at / 64, shift = at % 64;
  if (word >= n) return 0;
  u64 v = k[word] >> shift;
  if (shift != 0 && word + 1 < n) v |= k[word + 1] << (64 - shift);
  return static_cast<u32>(v & ((u64{1} << count) - 1));
}

// Bits [start, start + length) of k as signed odd digits below 2^(window - 1) in size, at most one in any `window`
// places: their value is the sum of digits[i * stride] 2^i, 0 <= i <= length. All of these digits must be zero before.
template <class T, usize n>
void signed_digits(T* digits, usize stride, const field::WordArray<n>& k, usize start, usize length, int window) {
  u32 carry = 0;
  usize at = 0;
  while (at < length) {
    if (bits_of(k, start + at, 1) == carry) {  // bit + carry is even: the digit is zero, the carry stays
      ++at;
      continue;
    }
    const usize left = length - at;
    const usize take = left < static_cast<usize>(window) ? left : static_cast<usize>(window);
    const u32 value = bits_of(k, start + at, take) + carry;  // odd
    carry = value >> (window - 1) & 1;
    digits[at * stride] = static_cast<T>(static_cast<i32>(value) - static_cast<i32>(carry << window));
    at += take;
  }
  if (carry != 0) digits[length * stride] = 1;
}

// P, 3P, 5P, ... of one key, affine; `image` holds beta x where the curve has an endomorphism.
template <class C>
struct OddMultiples {
  static constexpr usize kCount = usize{1} << (C::kKeyWindow - 2);
  typename C::Field x[kCount];
  typename C::Field y[kCount];
  typename C::Field image[kCount];
};

namespace strauss_detail {

// Fills table.x and .y with the Jacobian coordinates of the odd multiples, table.image[j] with the factor by which z
// grew from entry j - 1 to entry j (j >= 1), and `z` with the last entry's z.
//
// Additions of points that share their z (Meloni 2007): D = 2P and T = (2j - 1)P with equal z give D + T, and D again,
// both with z (D.x - T.x). The start is P and 2P with z = y: P' = (x y^2, y^4), and with L = (3 x^2 + a) / 2 as in
// double_point 2P = (L^2 - 2 x y^2, L (x y^2 - x_2P) - y^4).
template <class C>
void chain(OddMultiples<C>& table, typename C::Field& z, const Affine<C>& p) {
  using F = typename C::Field;
  F slope, square, t, dx, dy;
  F::sqr(slope, p.x);
  if constexpr (C::kA == -3) {
    F::neg(t, F::one(), 1);
    F::add(slope, slope, t);  // 3
  }
  F::mul_int(slope, slope, 3);
  F::half(slope, slope);  // 3, or 6 when a = -3
  F::sqr(square, p.y);
  F::mul(table.x[0], p.x, square);
  F::sqr(table.y[0], square);
  F::neg(t, table.x[0], 1);  // 2
  F::sqr(dx, slope);
  F::add(dx, dx, t);
  F::add(dx, dx, t);
  F::carry(dx);
  F::add(t, t, dx);                      // 3: x_2P - x y^2
  F::mul_add_sqr(dy, slope, t, square);  // 6 * 3 + 1
  F::neg(dy, dy, 1);
  F::carry(dy);
  z = p.y;
  for (usize j = 1; j < OddMultiples<C>::kCount; ++j) {
    F& growth = table.image[j];
    F w1, w2, dy_part;
    F::neg(growth, table.x[j - 1], 1);
    F::add(growth, growth, dx);  // 3: D.x - T.x
    F::sqr(square, growth);
    F::mul(w1, dx, square);
    F::mul(w2, table.x[j - 1], square);
    F::neg(w2, w2, 1);  // 2
    F::neg(slope, table.y[j - 1], 1);
    F::add(slope, slope, dy);  // 3: D.y - T.y
    F::sqr(table.x[j], slope);
    F::neg(t, w1, 1);
    F::add(t, t, w2);  // 4: -(w1 + w2)
    F::add(table.x[j], table.x[j], t);
    F::carry(table.x[j]);
    F::add(w2, w2, w1);       // 3: w1 - w2
    F::mul(dy_part, dy, w2);  // D.y for the new z
    F::neg(t, table.x[j], 1);
    F::add(t, t, w1);  // 3
    F::mul(table.y[j], slope, t);
    F::neg(t, dy_part, 1);
    F::add(table.y[j], table.y[j], t);
    F::carry(table.y[j]);
    dx = w1;
    dy = dy_part;
    F::mul(z, z, growth);
  }
}

// Divides entry j by its own z, walking down from the last: z of entry j - 1 is z of entry j over the growth.
template <class C>
void scale(OddMultiples<C>& table, typename C::Field z_inverse, const Affine<C>& p) {
  using F = typename C::Field;
  for (usize j = OddMultiples<C>::kCount; j-- > 1;) {
    F square;
    F::sqr(square, z_inverse);
    F::mul(table.x[j], table.x[j], square);
    F::mul(square, square, z_inverse);
    F::mul(table.y[j], table.y[j], square);
    if (j > 1) F::mul(z_inverse, z_inverse, table.image[j]);
  }
  table.x[0] = p.x;
  table.y[0] = p.y;
  if constexpr (C::kEndomorphism) {
    const F beta = C::beta();
    for (usize j = 0; j < OddMultiples<C>::kCount; ++j) F::mul(table.image[j], table.x[j], beta);
  }
}

}  // namespace strauss_detail

// Tables of `count` points (finite, magnitude 1) with one inversion. `scratch` has room for 2 * count.
template <class C>
void odd_multiples(OddMultiples<C>* tables, const Affine<C>* points, usize count, typename C::Field* scratch) {
  for (usize i = 0; i < count; ++i) strauss_detail::chain(tables[i], scratch[i], points[i]);
  field::invert_all(scratch, scratch + count, count);
  for (usize i = 0; i < count; ++i) strauss_detail::scale(tables[i], scratch[i], points[i]);
}

// Odd multiples of 2^(kSteps s) G for each stream s of kSteps bits of G's scalar.
//
// Made once, at first use (under 1 ms), because a table in the source could not be read and one made by the build would
// be one more tool. It is checked before use: the check word
// covers every bit of it and was derived independently (tools/derive_*.py). A wrong table is our fault: trap.
template <class C>
class BaseTable {
  using F = typename C::Field;

 public:
  static constexpr usize kStreams = (C::kScalarBits + C::kSteps - 1) / C::kSteps;
  static constexpr usize kCount = usize{1} << (C::kBaseWindow - 2);

  static const BaseTable& get() {
    static constinit std::atomic<const BaseTable*> table = nullptr;
    return made_once(table, [] { return std::unique_ptr<const BaseTable>(new BaseTable); });
  }

  // Entry |digit| of stream s, negated when the digit is negative. Precondition: the digit is odd.
  void load(Affine<C>& r, usize s, i32 digit) const {
    const Entry& entry = entries_[s][static_cast<u32>(digit < 0 ? -digit : digit) / 2];
    r.x = F::unpack(entry.x);
    r.y = F::unpack(entry.y);
    if (digit < 0) F::neg(r.y, r.y, 1);
  }

 private:
  struct alignas(64) Entry {
    typename F::Packed x;
    typename F::Packed y;
  };

  BaseTable() {
    Affine<C> start = {F::from_constant(C::kGeneratorX), F::from_constant(C::kGeneratorY)};
    u64 check = 0xCBF29CE484222325;
    for (usize s = 0; s < kStreams; ++s) {
      fill(s, start, check);
      Jacobian<C> next = to_jacobian(start);
      for (usize i = 0; i < C::kSteps; ++i) double_point(next, next);
      affine_of(start, next);
    }
    if (C::kBaseTableCheck != 0 && check != C::kBaseTableCheck) __builtin_trap();
  }

  static void affine_of(Affine<C>& r, const Jacobian<C>& p) {
    F inverse;
    F::invert(inverse, p.z);
    to_affine(r, p, inverse);
  }

  void fill(usize s, const Affine<C>& start, u64& check) {
    constexpr usize kBlock = kCount < 32 ? kCount : 32;  // points that share an inversion
    Jacobian<C> at = to_jacobian(start), twice;
    double_point(twice, at);
    Affine<C> step;
    affine_of(step, twice);
    for (usize first = 0; first < kCount; first += kBlock) {
      Jacobian<C> points[kBlock];
      F z[kBlock], scratch[kBlock];
      for (usize i = 0; i < kBlock; ++i) {
        points[i] = at;
        z[i] = at.z;
        add_mixed(at, at, step);
      }
      field::invert_all(z, scratch, kBlock);
      for (usize i = 0; i < kBlock; ++i) {
        Affine<C> point;
        to_affine(point, points[i], z[i]);
        entries_[s][first + i] = {F::pack(point.x), F::pack(point.y)};
        for (const u64 word : F::to_words(point.x)) check = (check ^ word) * 0x100000001B3;
        for (const u64 word : F::to_words(point.y)) check = (check ^ word) * 0x100000001B3;
      }
    }
  }

  Entry entries_[kStreams][kCount];
};

// One addend of a sum: a table, whether its image under the endomorphism is meant, whether the digits count negatively.
template <class C>
struct Term {
  const OddMultiples<C>* table;
  bool image;
  bool negative;
};

// r = base G + the sum of all terms. Digit i of term t is digits[i * stride + t], 0 <= i <= kSteps, made by
// signed_digits with C::kKeyWindow. `base` is below 2^kScalarBits.
template <class C>
void straus(Jacobian<C>& r, const typename C::Words& base, std::span<const Term<C>> terms, const Digit* digits,
            usize stride) {
  using F = typename C::Field;
  using Table = BaseTable<C>;
  const Table& table = Table::get();
  i32 base_digits[Table::kStreams][C::kSteps + 1] = {};
  for (usize s = 0; s < Table::kStreams; ++s) {
    signed_digits(base_digits[s], 1, base, s * C::kSteps, C::kSteps, C::kBaseWindow);
  }
  Jacobian<C> sum;
  Affine<C> q;
  for (usize i = C::kSteps + 1; i-- > 0;) {
    double_point(sum, sum);
    const Digit* row = digits + i * stride;
    for (usize t = 0; t < terms.size(); ++t) {
      if (row[t] == 0) continue;
      const i32 digit = terms[t].negative ? -row[t] : row[t];
      const usize entry = static_cast<u32>(digit < 0 ? -digit : digit) / 2;
      q.x = terms[t].image ? terms[t].table->image[entry] : terms[t].table->x[entry];
      q.y = terms[t].table->y[entry];
      if (digit < 0) F::neg(q.y, q.y, 1);
      add_mixed(sum, sum, q);
    }
    for (usize s = 0; s < Table::kStreams; ++s) {
      if (base_digits[s][i] == 0) continue;
      table.load(q, s, base_digits[s][i]);
      add_mixed(sum, sum, q);
    }
  }
  r = sum;
}

// Terms and digits of k times a key: two with an endomorphism, else one. `terms` and the digits' columns have room for
// kKeyTerms. Precondition: k is below the group's order; the digits are zero.
template <class C>
inline constexpr usize kKeyTerms = C::kEndomorphism ? 2 : 1;

template <class C>
void key_terms(Term<C>* terms, Digit* digits, usize stride, const OddMultiples<C>& table, const typename C::Words& k) {
  if constexpr (C::kEndomorphism) {
    Half k1 = {}, k2 = {};
    split_scalar<C>(k1, k2, k);
    signed_digits(digits, stride, k1.magnitude, 0, C::kSteps, C::kKeyWindow);
    signed_digits(digits + 1, stride, k2.magnitude, 0, C::kSteps, C::kKeyWindow);
    terms[0] = {&table, false, k1.negative};
    terms[1] = {&table, true, k2.negative};
  } else {
    static_assert(C::kSteps >= C::kScalarBits);
    signed_digits(digits, stride, k, 0, C::kSteps, C::kKeyWindow);
    terms[0] = {&table, false, false};
  }
}

// r = base G + k P for one key: what a signature equation needs.
template <class C>
void base_and_key(Jacobian<C>& r, const typename C::Words& base, const typename C::Words& k,
                  const OddMultiples<C>& table) {
  Term<C> terms[kKeyTerms<C>];
  Digit digits[(C::kSteps + 1) * kKeyTerms<C>] = {};
  key_terms<C>(terms, digits, kKeyTerms<C>, table, k);
  straus<C>(r, base, terms, digits, kKeyTerms<C>);
}

}  // namespace isthmus::curve
