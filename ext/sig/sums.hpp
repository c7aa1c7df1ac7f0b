// Sums a G + b P for the rows of a scheme, by whatever is fastest here: in lanes (curve/multiply.hpp) from a measured
// number of rows on, else one by one (curve/strauss.hpp) with shared inversions. The answers are the same.
//
// A key goes in as it came from the wire, its coordinates below p; whether it is on the curve, and its y where only a
// parity is given, come out of the sum.
#pragma once

#include <memory>

#include "base/check.hpp"
#include "curve/decode.hpp"
#include "curve/multiply.hpp"
#include "curve/p256.hpp"
#include "curve/p384.hpp"
#include "curve/secp256k1.hpp"
#include "curve/sm2.hpp"
#include "curve/strauss.hpp"

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

// Whether the x of a finite point is r modulo n, for r < n. As n < p < 2n, x is r or r + n.
template <class C>
bool is_x_mod_n(const typename C::Words& x, const typename C::Words& r) {
  static_assert(field::less_words(C::Order::kModulus, C::Field::kModulus));
  if (x == r) return true;
  typename C::Words other = {};
  return field::add_words(other, r, C::Order::kModulus) == 0 && x == other;
}

namespace sums_detail {

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

template <class C>
bool decode(curve::Affine<C>& r, const WireKey<C>& key) {
  using F = typename C::Field;
  if (key.form != PointForm::full) return curve::lift_x(r, key.x, key.form == PointForm::odd);
  return F::from_words(r.x, key.x) && F::from_words(r.y, key.y) && curve::is_on_curve(r);
}

// The magnitude of a number modulo n that is nearer to 0, below 2^255; true when it counts negatively.
template <class C>
bool nearer_to_zero(u64 (&out)[4], const typename C::Words& a) {
  static_assert(C::Order::kModulus[3] >> 63 == 1);
  typename C::Words negated = {};
  field::sub_words(negated, C::Order::kModulus, a);
  const bool negative = field::less_words(negated, a);
  const typename C::Words& chosen = negative ? negated : a;
  for (usize w = 0; w < 4; ++w) out[w] = chosen[w];
  return negative;
}

}  // namespace sums_detail

// Collects up to kRows rows, then computes all of them. Large: for the heap, or with few rows for the stack.
template <class C, usize kRows>
class Sums {
  using F = typename C::Field;
  using Words = typename C::Words;

 public:
  // Room for one more row; the place is what x() and the rest take.
  usize add(const WireKey<C>& key, const Words& a, const Words& b) {
    ISTHMUS_CHECK(count_ < kRows);
    rows_[count_] = {key, a, b};
    return count_++;
  }
  void clear() { count_ = 0; }
  usize count() const { return count_; }

  // Whether lanes are used from some number of rows on, which the caller may want to reach.
  static bool has_lanes() {
    if constexpr (!sums_detail::kHasLanes<C>) return false;
    return lane_count_min() != 0;
  }

  void compute() {
    if (count_ == 0) return;
    if constexpr (sums_detail::kHasLanes<C>) {
      const u32 least = lane_count_min();
      if (least != 0 && count_ >= least && compute_in_lanes()) return;
    }
    for (usize first = 0; first < count_; first += kScalarRows) {
      usize places[kScalarRows], count = 0;
      for (usize i = first; i < count_ && i < first + kScalarRows; ++i) places[count++] = i;
      compute_singly(places, count);
    }
  }

  // After compute: the sum of place i is a finite point (its key is a point, and the sum is not infinity).
  bool is_finite(usize i) const { return results_[i].finite; }
  const Words& x(usize i) const { return results_[i].x; }
  const Words& y(usize i) const { return results_[i].y; }

 private:
  static constexpr usize kScalarRows = 32;  // that share inversions one by one

  struct SumRow {
    WireKey<C> key;
    Words a;
    Words b;
  };
  struct Result {
    Words x;
    Words y;
    bool finite;
  };

  static u32 lane_count_min() { return curve::multiply_count_min(sums_detail::lane_curve<C>()); }

  static void fill(curve::MultiplyRow& out, const SumRow& row) {
    for (usize w = 0; w < 4; ++w) {
      out.x[w] = row.key.x[w];
      out.y[w] = row.key.form == PointForm::full ? row.key.y[w] : 0;
      out.part[1][w] = 0;
    }
    out.form = row.key.form;
    out.negative = sums_detail::nearer_to_zero<C>(out.base, row.a) ? 4 : 0;
    if constexpr (C::kEndomorphism) {
      curve::Half half[2] = {};
      curve::split_scalar<C>(half[0], half[1], row.b);
      for (usize part = 0; part < 2; ++part) {
        for (usize w = 0; w < 4; ++w) out.part[part][w] = half[part].magnitude[w];
        out.negative |= static_cast<u8>(half[part].negative ? 1u << part : 0u);
      }
    } else {
      if (sums_detail::nearer_to_zero<C>(out.part[0], row.b)) out.negative |= 1;
    }
  }

  // False without memory.
  bool compute_in_lanes() {
    for (usize i = 0; i < count_; ++i) fill(lane_rows_[i], rows_[i]);
    if (!curve::multiply_rows(sums_detail::lane_curve<C>(), {lane_rows_, count_}, lane_results_)) return false;
    for (usize i = 0; i < count_; ++i) {
      const curve::MultiplyResult& result = lane_results_[i];
      results_[i].finite = result.state == curve::SumState::settled;
      for (usize w = 0; w < 4; ++w) {
        results_[i].x[w] = result.x[w];
        results_[i].y[w] = result.y[w];
      }
      if (result.state == curve::SumState::unsettled) compute_singly(&i, 1);
    }
    return true;
  }

  void compute_singly(const usize* places, usize count) {
    usize good[kScalarRows], good_count = 0;
    curve::Affine<C> keys[kScalarRows];
    for (usize k = 0; k < count; ++k) {
      results_[places[k]].finite = false;
      if (sums_detail::decode(keys[good_count], rows_[places[k]].key)) good[good_count++] = places[k];
    }
    if (good_count == 0) return;
    F scratch[2 * kScalarRows], z[kScalarRows];
    curve::OddMultiples<C> tables[kScalarRows];
    curve::Jacobian<C> points[kScalarRows];
    usize finite[kScalarRows], finite_count = 0;
    curve::odd_multiples(tables, keys, good_count, scratch);
    for (usize k = 0; k < good_count; ++k) {
      const SumRow& row = rows_[good[k]];
      curve::Jacobian<C>& point = points[finite_count];
      curve::base_and_key(point, row.a, row.b, tables[k]);
      if (point.infinity) continue;
      z[finite_count] = point.z;
      finite[finite_count++] = good[k];
    }
    field::invert_all(z, scratch, finite_count);
    for (usize k = 0; k < finite_count; ++k) {
      curve::Affine<C> affine;
      curve::to_affine(affine, points[k], z[k]);
      results_[finite[k]] = {F::to_words(affine.x), F::to_words(affine.y), true};
    }
  }

  struct Nothing {};
  using LaneRow = std::conditional_t<sums_detail::kHasLanes<C>, curve::MultiplyRow, Nothing>;
  using LaneResult = std::conditional_t<sums_detail::kHasLanes<C>, curve::MultiplyResult, Nothing>;

  usize count_ = 0;
  SumRow rows_[kRows];
  Result results_[kRows];
  LaneRow lane_rows_[kRows];
  LaneResult lane_results_[kRows];
};

}  // namespace isthmus::sig
