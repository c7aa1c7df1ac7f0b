// The formulas of curve/edwards.hpp for fields in lanes whose products may be added before their carries
// (field/fe25519_lanes.hpp): sums of products are carried once, and every coordinate is tight. Complete, as those are.
//
// Cost in (M, S, carries besides those of products): twice (1, 3, 4), plus with Cached (4, 0, 6), with Affine (3, 0,
// 6), extended 4 M, projective 3 M; plus for Sheared (3, 0, 4) and (5, 0, 4), sheared 4 M and 2 sums.
//
// Inline always, so that coordinates stay in registers from one formula to the next: the kernels decide where functions
// begin. With a lane type everything has internal linkage.
#pragma once

#include "curve/edwards.hpp"
#include "field/fe25519_lanes.hpp"

namespace isthmus::curve {

template <class F>
ISTHMUS_INLINE Projective<F> projective_lanes(const Completed<F>& p) {
  return {mul(p.X, p.T), mul(p.Y, p.Z), mul(p.Z, p.T)};
}
template <class F>
ISTHMUS_INLINE Extended<F> extended_lanes(const Completed<F>& p) {
  return {mul(p.X, p.T), mul(p.Y, p.Z), mul(p.Z, p.T), mul(p.X, p.Y)};
}

// 2p. E = 2XY, H = X^2 + Y^2, G = Y^2 - X^2, F = 2Z^2 - G; x = E / G, y = H / F. Every sum is below 4 products.
template <class F>
ISTHMUS_INLINE Completed<F> twice_lanes(const Projective<F>& p) {
  const auto xx = sqr_wide(p.X);
  const auto yy = sqr_wide(p.Y);
  const auto zz = sqr_wide(p.Z);
  const auto xy = mul_wide(p.X, p.Y);
  return {carry(xy + xy), carry(yy + xx), carry(sub_wide(yy, xx)), carry(sub_wide(zz + zz + xx, yy))};
}

// As finish_sum of curve/edwards.hpp; where `minus` is set the roles of F and G are changed. d below 4 products.
template <class F, class Wide, class V>
ISTHMUS_INLINE Completed<F> finish_sum_lanes(const Wide& a, const Wide& b, const Wide& c, const Wide& d, V minus) {
  const F g = carry(d + c);
  const F f = carry(sub_wide(d, c));
  return {carry(sub_wide(b, a)), carry(b + a), select(minus, f, g), select(minus, g, f)};
}

// A point of a running sum: Y - X and Y + X instead of X and Y, because additions begin with them, and made from
// products before their carries they cost no more than the others.
template <class F>
struct Sheared {
  F difference, sum, Z, T;
};
template <class F>
ISTHMUS_INLINE Sheared<F> sheared_lanes(const Completed<F>& p) {
  const auto x = mul_wide(p.X, p.T);
  const auto y = mul_wide(p.Y, p.Z);
  return {carry(sub_wide(y, x)), carry(y + x), mul(p.Z, p.T), mul(p.X, p.Y)};
}
// Twice all coordinates: the same point.
template <class F>
ISTHMUS_INLINE Extended<F> extended_lanes(const Sheared<F>& p) {
  return {sub(p.sum, p.difference), add(p.sum, p.difference), add(p.Z, p.Z), add(p.T, p.T)};
}
template <class F, class V>
ISTHMUS_INLINE Completed<F> plus_lanes(const Sheared<F>& p, const Affine<F>& q, V minus) {
  const auto a = mul_wide(p.difference, select(minus, q.sum, q.difference));
  const auto b = mul_wide(p.sum, select(minus, q.difference, q.sum));
  const auto z = wide(p.Z);
  return finish_sum_lanes<F>(a, b, mul_wide(p.T, q.xy2d), z + z, minus);
}
// d2 = 2d.
template <class F>
ISTHMUS_INLINE Completed<F> plus_lanes(const Sheared<F>& p, const Sheared<F>& q, const F& d2) {
  const auto a = mul_wide(p.difference, q.difference);
  const auto b = mul_wide(p.sum, q.sum);
  const auto c = mul_wide(p.T, mul(q.T, d2));
  const auto d = mul_wide(p.Z, q.Z);
  const auto dd = d + d;
  return {carry(sub_wide(b, a)), carry(b + a), carry(dd + c), carry(sub_wide(dd, c))};
}

// p + q, and p - q in the lanes where `minus` is all ones.
template <class F, class V>
ISTHMUS_INLINE Completed<F> plus_lanes(const Extended<F>& p, const Cached<F>& q, V minus) {
  const auto a = mul_wide(sub(p.Y, p.X), select(minus, q.sum, q.difference));
  const auto b = mul_wide(add(p.Y, p.X), select(minus, q.difference, q.sum));
  return finish_sum_lanes<F>(a, b, mul_wide(p.T, q.T2d), mul_wide(p.Z, q.Z2), minus);
}
template <class F, class V>
ISTHMUS_INLINE Completed<F> plus_lanes(const Extended<F>& p, const Affine<F>& q, V minus) {
  const auto a = mul_wide(sub(p.Y, p.X), select(minus, q.sum, q.difference));
  const auto b = mul_wide(add(p.Y, p.X), select(minus, q.difference, q.sum));
  const auto z = wide(p.Z);
  return finish_sum_lanes<F>(a, b, mul_wide(p.T, q.xy2d), z + z, minus);
}

}  // namespace isthmus::curve
