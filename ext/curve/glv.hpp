// Splitting a scalar by an endomorphism (Gallant, Lambert, Vanstone 2001): k = k1 + k2 lambda mod n with both halves
// below 2^128 in size, so that 128 doublings serve a 256-bit scalar.
// Cost: two 4 x 4 and four 2 x 3 word products.
//
// G::kA1, kMinusB1, kA2, kB2: a basis (a1, b1), (a2, b2) of the lattice of all (x, y) with x + y lambda = 0 mod n, of
// determinant n, b1 negative. G::kG1, kG2: round(2^384 b2 / n) and round(-2^384 b1 / n).
// Bound: (k, 0) = (b2 k / n) v1 + (-b1 k / n) v2 exactly. c1 and c2 are these two factors rounded; the rounded
// quotients g add an error below 2^256 / 2^385 = 2^-129 each, so |c - exact| <= 1/2 + 2^-128 and
//   |k1| <= (|a1| + |a2|) (1/2 + 2^-128),  |k2| <= (|b1| + |b2|) (1/2 + 2^-128).
// The curve's parameter file asserts that both are below 2^128.
#pragma once

#include "base/check.hpp"
#include "field/words.hpp"

namespace isthmus::curve {

struct Half {
  field::Words magnitude;  // below 2^128
  bool negative;
};

namespace glv_detail {

struct Wide {
  u64 word[3];  // mod 2^192, two's complement
};

// round(k g / 2^384), below 2^128 for k < n.
constexpr void scaled_quotient(u64 out[2], const field::Words& k, const field::Words& g) {
  u64 product[8] = {};
  for (usize i = 0; i < 4; ++i) {
    u64 high = 0;
    for (usize j = 0; j < 4; ++j) {
      const u128 t = static_cast<u128>(k[i]) * g[j] + product[i + j] + high;
      product[i + j] = static_cast<u64>(t);
      high = static_cast<u64>(t >> 64);
    }
    product[i + 4] = high;
  }
  u64 carry = product[5] >> 63;
  out[0] = field::add_carry(product[6], 0, carry);
  out[1] = product[7] + carry;
}

// r -= c * b mod 2^192 (or += when `plus`).
constexpr void accumulate(Wide& r, const u64 c[2], const u64 b[3], bool plus) {
  u64 product[3] = {};
  for (usize i = 0; i < 2; ++i) {
    u64 high = 0;
    for (usize j = 0; i + j < 3; ++j) {
      const u128 t = static_cast<u128>(c[i]) * b[j] + product[i + j] + high;
      product[i + j] = static_cast<u64>(t);
      high = static_cast<u64>(t >> 64);
    }
  }
  u64 carry = 0;
  for (usize i = 0; i < 3; ++i) {
    r.word[i] = plus ? field::add_carry(r.word[i], product[i], carry) : field::sub_borrow(r.word[i], product[i], carry);
  }
}

constexpr Half to_half(Wide a) {
  const bool negative = a.word[2] >> 63 != 0;
  if (negative) {
    u64 borrow = 0;
    for (u64& word : a.word) word = field::sub_borrow(0, word, borrow);
  }
  ISTHMUS_CHECK(a.word[2] == 0);
  return {{a.word[0], a.word[1], 0, 0}, negative};
}

}  // namespace glv_detail

// Precondition: k < n. Postcondition: k = k1 + k2 lambda mod n, magnitudes below 2^128.
template <class G>
constexpr void split_scalar(Half& k1, Half& k2, const field::Words& k) {
  using namespace glv_detail;
  u64 c1[2] = {}, c2[2] = {};
  scaled_quotient(c1, k, G::kG1);
  scaled_quotient(c2, k, G::kG2);
  Wide first = {{k[0], k[1], k[2]}}, second = {};
  accumulate(first, c1, G::kA1, false);
  accumulate(first, c2, G::kA2, false);
  accumulate(second, c1, G::kMinusB1, true);
  accumulate(second, c2, G::kB2, false);
  k1 = to_half(first);
  k2 = to_half(second);
}

}  // namespace isthmus::curve
