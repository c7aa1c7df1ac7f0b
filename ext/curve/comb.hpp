// Tables of multiples of a fixed point for the lanes of curve/multiply.hpp: made by scalar code, read by kernels.
// Entries are x and y of four words each, one cache line, in the form that the lanes' products keep.
// Cost: one mixed addition and 9 M per entry, one inversion per kBlock entries; a comb of width 5 (832 entries, 52 KiB)
// takes about half a millisecond, one of width 7 (2,368 entries, 148 KiB) a little over one.
#pragma once

#include <string.h>

#include "curve/multiply_tiers.hpp"
#include "curve/weierstrass.hpp"
#include "field/inverse.hpp"
#include "field/mont.hpp"

namespace isthmus::curve {

inline constexpr usize kCombEntryWords = 8;

constexpr usize comb_words(u32 width) { return (usize{comb_windows(width)} << (width - 1)) * kCombEntryWords; }

namespace comb_detail {

// The factor between a value and the form that the lanes' products keep.
template <class C>
inline constexpr field::Words kForm =
    C::kEndomorphism ? field::Words{1, 0, 0, 0} : field::power_of_two_mod(260, C::Field::kModulus);

}  // namespace comb_detail

// out = P, 2P, ..., count P for P = start; `last` = count P. The order of P is far above count, and count is a multiple
// of the block or below it.
template <class C>
void write_multiples(u64* out, Jacobian<C>& last, const Affine<C>& start, usize count) {
  using F = typename C::Field;
  constexpr usize kBlock = 32;  // entries that share an inversion
  const F form = F::from_constant(comb_detail::kForm<C>);
  Jacobian<C> at = to_jacobian(start);
  for (usize first = 0; first < count; first += kBlock) {
    const usize block = count - first < kBlock ? count - first : kBlock;
    Jacobian<C> points[kBlock];
    F z[kBlock], scratch[kBlock];
    for (usize i = 0; i < block; ++i) {
      points[i] = at;
      z[i] = at.z;
      add_mixed(at, at, start);
    }
    last = points[block - 1];
    field::invert_all(z, scratch, block);
    for (usize i = 0; i < block; ++i, out += kCombEntryWords) {
      Affine<C> point;
      to_affine(point, points[i], z[i]);
      F::mul(point.x, point.x, form);
      F::mul(point.y, point.y, form);
      const field::Words x = F::to_words(point.x), y = F::to_words(point.y);
      memcpy(out, x.data(), sizeof x);
      memcpy(out + 4, y.data(), sizeof y);
    }
  }
}

// The comb of a point; `out` has room for comb_words(width).
template <class C>
void write_comb(u64* out, Affine<C> point, u32 width) {
  using F = typename C::Field;
  const usize entries = usize{1} << (width - 1);
  for (u32 w = 0; w < comb_windows(width); ++w, out += entries * kCombEntryWords) {
    Jacobian<C> next;
    write_multiples(out, next, point, entries);
    double_point(next, next);  // 2 * 2^(width - 1) P
    F inverse;
    F::invert(inverse, next.z);
    to_affine(point, next, inverse);
  }
}

}  // namespace isthmus::curve
