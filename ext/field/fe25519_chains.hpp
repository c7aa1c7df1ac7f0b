// Fixed powers in GF(2^255 - 19) as addition chains, for any field type F that offers mul and sqr with the
// ranges of field/fe25519.hpp. Templates only: a tier may instantiate them with a lane type of its own.
//
//   power_p58 : a^((p - 5) / 8) = a^(2^252 - 3)      251 sqr + 11 mul
//   invert    : a^(p - 2)       = a^(2^255 - 21)     254 sqr + 11 mul; 0 -> 0
// Range: loose -> tight.
#pragma once

#include "base/bytes.hpp"

namespace isthmus::field {

// a^(2^count); count >= 1.
template <class F>
F sqr_times(const F& a, int count) {
  F r = sqr(a);
  for (int i = 1; i < count; ++i) r = sqr(r);
  return r;
}

// a^(2^250 - 1), and a^11 on the side. Doubling run lengths: from a^(2^m - 1), m squarings and one product
// give a^(2^(2m) - 1).
template <class F>
F power_250_ones(const F& a, F& a11) {
  const F a2 = sqr(a);
  const F a9 = mul(a, sqr_times(a2, 2));
  a11 = mul(a9, a2);
  const F ones5 = mul(sqr(a11), a9);  // 22 + 9 = 31
  const F ones10 = mul(sqr_times(ones5, 5), ones5);
  const F ones20 = mul(sqr_times(ones10, 10), ones10);
  const F ones40 = mul(sqr_times(ones20, 20), ones20);
  const F ones50 = mul(sqr_times(ones40, 10), ones10);
  const F ones100 = mul(sqr_times(ones50, 50), ones50);
  const F ones200 = mul(sqr_times(ones100, 100), ones100);
  return mul(sqr_times(ones200, 50), ones50);
}

// 4 (2^250 - 1) + 1 = 2^252 - 3.
template <class F>
F power_p58(const F& a) {
  F a11;
  return mul(sqr_times(power_250_ones(a, a11), 2), a);
}

// 32 (2^250 - 1) + 11 = 2^255 - 21.
template <class F>
F invert(const F& a) {
  F a11;
  const F ones250 = power_250_ones(a, a11);
  return mul(sqr_times(ones250, 5), a11);
}

}  // namespace isthmus::field
