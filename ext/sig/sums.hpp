// Sums a G + b P for the rows of a scheme, by whatever is fastest here: with the tables of known keys
// (sig/key_tables.hpp) or without, in lanes (curve/multiply.hpp) from a measured number of rows on, else one by one
// (curve/strauss.hpp) with shared inversions. The answers are the same.
//
// A key goes in as it came from the wire, its coordinates below p; whether it is on the curve, and its y where only a
// parity is given, come out of the sum.
#pragma once

#include <memory>

#include "base/check.hpp"
#include "curve/multiply.hpp"
#include "curve/strauss.hpp"
#include "sig/key_tables.hpp"
#include "sig/wire_key.hpp"

namespace isthmus::sig {

// Whether the x of a finite point is r modulo n, for r < n. As n < p < 2n, x is r or r + n.
template <class C>
bool is_x_mod_n(const typename C::Words& x, const typename C::Words& r) {
  static_assert(field::less_words(C::Order::kModulus, C::Field::kModulus));
  if (x == r) return true;
  typename C::Words other = {};
  return field::add_words(other, r, C::Order::kModulus) == 0 && x == other;
}

namespace sums_detail {

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
    if constexpr (!kHasLanes<C>) return false;
    return lane_count_min() != 0;
  }

  // `known` may be null.
  void compute(KeyTables* known = nullptr) {
    usize left = count_;
    for (usize i = 0; i < count_; ++i) places_[i] = i;
    if constexpr (kHasLanes<C>) {
      const u32 least = lane_count_min();
      if (least != 0 && known != nullptr) left = compute_known(*known).size();
      if (least != 0 && left >= least && compute_in_lanes(left)) return;
    }
    for (usize first = 0; first < left; first += kScalarRows) {
      compute_singly(places_ + first, left - first < kScalarRows ? left - first : kScalarRows);
    }
  }

  // Computes only the rows whose keys have tables, those of one width together; returns the places of the others.
  // Precondition: has_lanes().
  std::span<const usize> compute_known(KeyTables& known) {
    for (usize i = 0; i < count_; ++i) places_[i] = i;
    const WireKey<C>* keys[kRows];
    for (usize i = 0; i < count_; ++i) keys[i] = &rows_[i].key;
    known.find<C>({keys, count_}, tables_);
    for (const u32 width : {KeyTables::kNarrow, KeyTables::kWide}) {
      usize count = 0, chosen[kRows];
      for (usize i = 0; i < count_; ++i) {
        if (tables_[i] == nullptr || tables_[i]->width != width) continue;
        curve::CombRow& row = comb_rows_[count];
        row.negative = sums_detail::nearer_to_zero<C>(row.base, rows_[i].a) ? 4 : 0;
        if (sums_detail::nearer_to_zero<C>(row.part, rows_[i].b)) row.negative |= 1;
        row.table = tables_[i]->entries;
        chosen[count++] = i;
      }
      const bool worth_it = count >= curve::comb_count_min(lane_curve<C>());
      if (worth_it && !curve::comb_rows(lane_curve<C>(), {comb_rows_, count}, width, lane_results_)) {
        return {places_, count_};
      }
      for (usize i = 0; i < count; ++i) {
        if (worth_it) {
          take(chosen[i], lane_results_[i]);
        } else {
          tables_[chosen[i]].reset();
        }
      }
    }
    usize left = 0;
    for (usize i = 0; i < count_; ++i) {
      if (tables_[i] == nullptr) places_[left++] = i;
      tables_[i].reset();
    }
    return {places_, left};
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

  static u32 lane_count_min() { return curve::multiply_count_min(lane_curve<C>()); }

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

  // Takes a lane's answer for a place; what is left unsettled is computed by the complete formulas.
  void take(usize place, const curve::MultiplyResult& result) {
    results_[place].finite = result.state == curve::SumState::settled;
    for (usize w = 0; w < 4; ++w) {
      results_[place].x[w] = result.x[w];
      results_[place].y[w] = result.y[w];
    }
    if (result.state == curve::SumState::unsettled) compute_singly(&place, 1);
  }

  // places_[0, count); false without memory.
  bool compute_in_lanes(usize count) {
    for (usize i = 0; i < count; ++i) fill(lane_rows_[i], rows_[places_[i]]);
    if (!curve::multiply_rows(lane_curve<C>(), {lane_rows_, count}, lane_results_)) return false;
    for (usize i = 0; i < count; ++i) take(places_[i], lane_results_[i]);
    return true;
  }

  void compute_singly(const usize* places, usize count) {
    usize good[kScalarRows], good_count = 0;
    curve::Affine<C> keys[kScalarRows];
    for (usize k = 0; k < count; ++k) {
      results_[places[k]].finite = false;
      if (decode_wire_key(keys[good_count], rows_[places[k]].key)) good[good_count++] = places[k];
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
  using LaneRow = std::conditional_t<kHasLanes<C>, curve::MultiplyRow, Nothing>;
  using LaneResult = std::conditional_t<kHasLanes<C>, curve::MultiplyResult, Nothing>;

  usize count_ = 0;
  SumRow rows_[kRows];
  Result results_[kRows];
  usize places_[kRows];
  LaneRow lane_rows_[kRows];
  LaneResult lane_results_[kRows];
  std::conditional_t<kHasLanes<C>, curve::CombRow, Nothing> comb_rows_[kRows];
  std::shared_ptr<const KeyTable> tables_[kRows];
};

}  // namespace isthmus::sig
