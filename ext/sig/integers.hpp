// What the schemes with a signature r || s share: the integers of a signature and of a digest, and the comparison of a
// point's x with a number modulo n.
#pragma once

#include "curve/decode.hpp"

namespace isthmus::sig {

// Reads r || s, big-endian; false iff the length is wrong or one is not in [1, n).
template <class C>
bool read_pair(typename C::Words& r, typename C::Words& s, Bytes sig) {
  constexpr usize kBytes = curve::kCoordinateBytes<C>;
  if (sig.size() != 2 * kBytes) return false;
  r = curve::coordinate_from_be<C>(sig.data());
  s = curve::coordinate_from_be<C>(sig.data() + kBytes);
  return !field::is_zero_words(r) && field::less_words(r, C::Order::kModulus) && !field::is_zero_words(s) &&
         field::less_words(s, C::Order::kModulus);
}

// s > n / 2.
template <class C>
bool is_high(const typename C::Words& s) {
  return field::less_words(field::half_words(C::Order::kModulus), s);
}

// The digest as an integer: bits2int of SEC 1, section 4.1.3 step 5, for orders that fill their words.
template <class C>
typename C::Words digest_integer(const u8* digest, u64 len) {
  static_assert(C::Order::kModulus.back() >> 63 == 1);
  constexpr usize kBytes = curve::kCoordinateBytes<C>;
  u8 bytes[kBytes] = {};
  const usize take = len < kBytes ? static_cast<usize>(len) : kBytes;
  memcpy(bytes + kBytes - take, digest, take);
  return curve::coordinate_from_be<C>(bytes);
}

// Whether the x of a finite point is r modulo n, for r < n. As n < p < 2n, x is r or r + n; the second only if that is
// below p.
template <class C>
bool x_is_r(const curve::Jacobian<C>& point, const typename C::Words& r) {
  using F = typename C::Field;
  static_assert(field::less_words(C::Order::kModulus, F::kModulus));
  if (curve::has_x(point, F::from_constant(r))) return true;
  typename C::Words other = {};
  if (field::add_words(other, r, C::Order::kModulus) != 0 || !field::less_words(other, F::kModulus)) return false;
  return curve::has_x(point, F::from_constant(other));
}

}  // namespace isthmus::sig
