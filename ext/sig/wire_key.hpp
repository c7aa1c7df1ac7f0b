// A public key as it came from the wire: coordinates below p, not yet known to be those of a point.
#pragma once

#include <type_traits>

#include "curve/decode.hpp"
#include "curve/multiply.hpp"
#include "curve/p256.hpp"
#include "curve/p384.hpp"
#include "curve/secp256k1.hpp"
#include "curve/sm2.hpp"

namespace isthmus::sig {

using curve::PointForm;

template <class C>
struct WireKey {
  typename C::Words x;
  typename C::Words y;  // only for PointForm::full
  PointForm form;
};

// The coordinates of a SEC 1 key; false iff the encoding is refused (curve/decode.hpp) but for the curve's equation.
template <class C>
bool read_sec1(WireKey<C>& r, Bytes key, bool hybrid) {
  constexpr usize kBytes = curve::kCoordinateBytes<C>;
  const auto below_p = [](const typename C::Words& a) { return field::less_words(a, C::Field::kModulus); };
  if (key.size() == 1 + kBytes && (key[0] == 2 || key[0] == 3)) {
    r.form = key[0] == 3 ? PointForm::odd : PointForm::even;
    r.x = curve::coordinate_from_be<C>(key.data() + 1);
    return below_p(r.x);
  }
  if (key.size() != 1 + 2 * kBytes) return false;
  const bool is_hybrid = key[0] == 6 || key[0] == 7;
  if (key[0] != 4 && !(hybrid && is_hybrid)) return false;
  if (is_hybrid && (key.back() & 1) != (key[0] & 1)) return false;
  r.form = PointForm::full;
  r.x = curve::coordinate_from_be<C>(key.data() + 1);
  r.y = curve::coordinate_from_be<C>(key.data() + 1 + kBytes);
  return below_p(r.x) && below_p(r.y);
}

// Which curves curve/multiply.hpp knows.
template <class C>
inline constexpr bool kHasLanes = false;
template <>
inline constexpr bool kHasLanes<curve::Secp256k1> = true;
template <>
inline constexpr bool kHasLanes<curve::P256> = true;
template <>
inline constexpr bool kHasLanes<curve::Sm2> = true;

template <class C>
constexpr curve::LaneCurve lane_curve() {
  if constexpr (std::is_same_v<C, curve::Secp256k1>) return curve::LaneCurve::secp256k1;
  if constexpr (std::is_same_v<C, curve::P256>) return curve::LaneCurve::p256;
  return curve::LaneCurve::sm2;
}

// The point; false iff there is none.
template <class C>
bool decode_wire_key(curve::Affine<C>& r, const WireKey<C>& key) {
  using F = typename C::Field;
  if (key.form != PointForm::full) return curve::lift_x(r, key.x, key.form == PointForm::odd);
  return F::from_words(r.x, key.x) && F::from_words(r.y, key.y) && curve::is_on_curve(r);
}

}  // namespace isthmus::sig
