// Point encodings and what is accepted of them: SEC 1 version 2, section 2.3.4, and the x-only keys of BIP340.
// Total: any bytes of any length give an answer. With B bytes to a coordinate (32, of P-384 48) accepted are exactly
//   1 + B bytes 02|03 x     : x < p, x^3 + a x + b a square; y has the parity of the first byte
//   1 + 2 B bytes 04 x y    : x < p, y < p, on the curve
//   1 + 2 B bytes 06|07 x y : the same, and y has the parity of the first byte; only when `hybrid` is set
//   B bytes x               : x < p, x^3 + a x + b a square; y is even (decode_x_only)
//   2 B bytes x y           : x < p, y < p, on the curve (decode_raw)
// The point at infinity (the single byte 00) has no place in a key and is refused. The cofactor of the curves here is
// 1, so a point on the curve is in the group. Cost: a square root for the compressed forms, 3 multiplications for the
// others.
#pragma once

#include "base/span.hpp"
#include "curve/weierstrass.hpp"

namespace isthmus::curve {

template <class C>
inline constexpr usize kCoordinateBytes = sizeof(typename C::Words);

template <class C>
typename C::Words coordinate_from_be(const u8* bytes) {
  return field::words_from_be<kCoordinateBytes<C> / 8>(bytes);
}

// The point with this x and parity of y; coordinates of magnitude 1. False iff there is none.
template <class C>
bool lift_x(Affine<C>& r, const typename C::Words& x, bool odd) {
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
  return key.size() == kCoordinateBytes<C> && lift_x(r, coordinate_from_be<C>(key.data()), false);
}

// x and y without a first byte. False, and r unspecified, iff they are not those of a point.
template <class C>
bool decode_raw(Affine<C>& r, Bytes key) {
  using F = typename C::Field;
  constexpr usize kBytes = kCoordinateBytes<C>;
  return key.size() == 2 * kBytes && F::from_words(r.x, coordinate_from_be<C>(key.data())) &&
         F::from_words(r.y, coordinate_from_be<C>(key.data() + kBytes)) && is_on_curve(r);
}

// False, and r unspecified, iff the key is refused.
template <class C>
bool decode_sec1(Affine<C>& r, Bytes key, bool hybrid) {
  constexpr usize kBytes = kCoordinateBytes<C>;
  if (key.size() == 1 + kBytes && (key[0] == 2 || key[0] == 3)) {
    return lift_x(r, coordinate_from_be<C>(key.data() + 1), key[0] == 3);
  }
  if (key.size() != 1 + 2 * kBytes) return false;
  const bool is_hybrid = key[0] == 6 || key[0] == 7;
  if (key[0] != 4 && !(hybrid && is_hybrid)) return false;
  if (is_hybrid && (key.back() & 1) != (key[0] & 1)) return false;
  return decode_raw(r, key.subspan(1));
}

}  // namespace isthmus::curve
