// Point encodings and what is accepted of them: SEC 1 version 2, section 2.3.4, and the x-only keys of BIP340.
// Total: any bytes of any length give an answer. Accepted are exactly
//   33 bytes 02|03 x   : x < p, x^3 + a x + b a square; y has the parity of the first byte
//   65 bytes 04 x y    : x < p, y < p, on the curve
//   65 bytes 06|07 x y : the same, and y has the parity of the first byte; only when `hybrid` is set
//   32 bytes x         : x < p, x^3 + a x + b a square; y is even (decode_x_only)
// The point at infinity (the single byte 00) has no place in a key and is refused. The cofactor of the curves here is
// 1, so a point on the curve is in the group. Cost: a square root for the compressed forms, 3 multiplications for the
// others.
#pragma once

#include "base/span.hpp"
#include "curve/weierstrass.hpp"

namespace isthmus::curve {

// The point with this x and parity of y; coordinates of magnitude 1. False iff there is none.
template <class C>
bool lift_x(Affine<C>& r, const field::Words& x, bool odd) {
  using F = typename C::Field;
  if (!F::from_words(r.x, x)) return false;
  F t;
  F::sqr(t, r.x);
  F::mul(t, t, r.x);
  if constexpr (C::kA == -3) {
    F three_x;
    F::mul_int(three_x, r.x, 3);
    F::neg(three_x, three_x, 3);
    F::add(t, t, three_x);
  }
  F::add(t, t, C::b());
  if (!F::sqrt(r.y, t)) return false;
  F::normalize(r.y);
  // An odd prime's p - y has the other parity, except for y = 0, which stays even: then there is no odd root.
  if (F::is_odd(r.y) != odd) {
    negate(r, r);
    return F::is_odd(r.y) == odd;
  }
  return true;
}

// An x-only key (BIP340, lift_x): the point with even y.
template <class C>
bool decode_x_only(Affine<C>& r, Bytes key) {
  return key.size() == 32 && lift_x(r, field::words_from_be(key.data()), false);
}

// False, and r unspecified, iff the key is refused.
template <class C>
bool decode_sec1(Affine<C>& r, Bytes key, bool hybrid) {
  using F = typename C::Field;
  if (key.size() == 33 && (key[0] == 2 || key[0] == 3)) {
    return lift_x(r, field::words_from_be(key.data() + 1), key[0] == 3);
  }
  if (key.size() != 65) return false;
  const bool is_hybrid = key[0] == 6 || key[0] == 7;
  if (key[0] != 4 && !(hybrid && is_hybrid)) return false;
  if (!F::from_words(r.x, field::words_from_be(key.data() + 1))) return false;
  const field::Words y = field::words_from_be(key.data() + 33);
  if (!F::from_words(r.y, y)) return false;
  if (is_hybrid && (y[0] & 1) != (key[0] & 1u)) return false;
  return is_on_curve(r);
}

}  // namespace isthmus::curve
