// Powers with a public exponent in any field type: what square roots need.
// Cost for 256 bits: 252 squarings, 14 products for the table, one product for each digit of four bits but 0.
#pragma once

#include "base/check.hpp"
#include "field/words.hpp"

namespace isthmus::field {

// r = a^exponent, four bits at a time from the top. r may be a. Magnitudes: what F::mul accepts squared -> 1.
template <class F, usize n>
constexpr void power(F& r, const F& a, const WordArray<n>& exponent) {
  F table[16] = {F::one(), a};
  for (usize i = 2; i < 16; ++i) F::mul(table[i], table[i - 1], a);
  F result = F::one();
  for (usize bit = 64 * n; bit > 0;) {
    bit -= 4;
    for (int i = 0; i < 4; ++i) F::sqr(result, result);
    const u64 digit = exponent[bit / 64] >> (bit % 64) & 15;
    if (digit != 0) F::mul(result, result, table[digit]);
  }
  r = result;
}

// (m + 1) / 4 for m = 3 mod 4: a to this power is a square root of a, if there is one.
template <usize n>
constexpr WordArray<n> sqrt_exponent(const WordArray<n>& m) {
  ISTHMUS_CHECK((m[0] & 3) == 3);
  WordArray<n> r = {};
  add_words(r, half_words(half_words(m)), {1});  // floor(m/4) + 1
  return r;
}

}  // namespace isthmus::field
