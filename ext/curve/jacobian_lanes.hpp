// Point formulas on y^2 = x^3 + a x + b, a = 0 or -3, in lanes: Jacobian coordinates (x / z^2, y / z^3) over
// field/fe_lanes.hpp. Uniform: no lane's values change what is done.
//
// The point at infinity is kept in a mask, not in coordinates, until a lane has met its first addend. From then on a
// special case cannot hide: adding a point to itself or to its negative has h = 0, so z becomes 0; and z = 0 stays,
// because z3 = 2 y z when doubling and z3 = z1 h when adding. Wherever z ends as another value than 0, no special case
// has occurred and the result is right.
//
// Coordinates have magnitude at most 2 (products) between operations; entries of tables 1.
// Cost: double_point 3M 4S (a = 0) or 4M 4S, add_mixed 8M 3S.
#pragma once

#include "field/fe_lanes_primes.hpp"

namespace isthmus::curve {
namespace {

template <class F>
struct AffineLanes {
  F x, y;
};

template <class F>
struct JacobianLanes {
  F x, y, z;
};

// With S = y^2, T = x S and M = 3 x^2 + a z^4: x3 = M^2 - 8 T, y3 = M (4 T - x3) - 8 S^2, z3 = 2 y z.
template <class C, class F>
[[gnu::noinline]] void double_point(JacobianLanes<F>& p) {
  const F s = F::sqr(p.y);
  const F t = F::mul(p.x, s);
  F m;
  if constexpr (C::kA == 0) {
    const F xx = F::sqr(p.x);
    m = F::template fold<0>(xx + xx + xx);
  } else {  // 3 (x + z^2)(x - z^2)
    const F zz = F::sqr(p.z);
    const F product = F::mul(F::template fold<0>(p.x + zz), F::template fold<3>(p.x - zz));
    m = F::template fold<0>(product + product + product);
  }
  const F z3 = F::mul(p.y, p.z);
  const F x3 = F::template fold<17>(F::sqr(m) - field::doubled<3>(t));
  const F ss = F::sqr(s);
  const F slope = F::mul(m, F::template fold<2>(field::doubled<2>(t) - x3));
  p.x = x3;
  p.y = F::template fold<17>(slope - field::doubled<3>(ss));
  p.z = F::template fold<0>(z3 + z3);
}

// p + q for a finite p. With h = x2 z1^2 - x1, r = y2 z1^3 - y1, v = x1 h^2:
// x3 = r^2 - h^3 - 2 v, y3 = r (v - x3) - y1 h^3, z3 = z1 h.
template <class F>
[[gnu::noinline]] void add_mixed(JacobianLanes<F>& r, const JacobianLanes<F>& p, const AffineLanes<F>& q) {
  const F zz = F::sqr(p.z);
  const F h = F::template fold<3>(F::mul(q.x, zz) - p.x);
  const F s = F::template fold<3>(F::mul(q.y, F::mul(zz, p.z)) - p.y);
  const F hh = F::sqr(h);
  const F v = F::mul(p.x, hh);
  const F hhh = F::mul(hh, h);
  const F old = F::mul(p.y, hhh);
  r.z = F::mul(p.z, h);
  r.x = F::template fold<7>(F::sqr(s) - hhh - v - v);
  r.y = F::template fold<3>(F::mul(s, F::template fold<2>(v - r.x)) - old);
}

}  // namespace
}  // namespace isthmus::curve
