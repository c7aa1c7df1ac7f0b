// Point formulas on y^2 = x^3 + a x + b, a = 0 or -3, in lanes: Jacobian coordinates (x / z^2, y / z^3) over
// field/fe_lanes.hpp. Uniform: no lane's values change what is done.
//
// The point at infinity is kept in a mask, not in coordinates, until a lane has met its first addend. From then on a
// special case cannot hide: adding a point to itself or to its negative has h = 0, so z becomes 0; and z = 0 stays,
// because z3 = 2 y z when doubling and z3 = z1 h when adding. Wherever z ends as another value than 0, no special case
// has occurred and the result is right.
//
// Magnitudes between operations: x 1, y at most 2.4, z at most 1.6, entries of tables 1 (2 when negated); bounds in
// brackets below are those of Montgomery form, the prime that folds has 1 for every product.
// Cost: double_points 3M 4S (a = 0) or 4M 4S each, add_mixed 8M 3S with 10 reductions.
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

// p = 2^count p. With S = y^2, T = x S, E = x^2 (a = 0) or (x + z^2)(x - z^2) (a = -3) and the slope 3 E:
// x3 = 9 E^2 - 8 T, y3 = E 3 (4 T - x3) - 8 S^2, z3 = 2 y z. Where a = 0 nothing but z3 asks for z, so its factor 2
// waits for the last of the doublings.
template <class C, u32 count, class F>
[[gnu::noinline]] void double_points(JacobianLanes<F>& p) {
  static_assert(count >= 1 && count <= 4);
  for (u32 i = 0; i < count; ++i) {
    const F s = F::sqr(p.y);     // [1.4]
    const F t = F::mul(p.x, s);  // [1.1]
    F e;
    if constexpr (C::kA == 0) {
      e = F::sqr(p.x);
    } else {
      const F zz = F::sqr(p.z);                                                    // [1.2]
      e = F::mul(F::template tight<0>(p.x + zz), F::template tight<3>(p.x - zz));  // [2.2 * 4 / 16 + 1]
    }
    const F z3 = F::mul(p.y, p.z);
    const F q = F::sqr(e);  // [1.2]
    const F x3 = F::template fold<11>(field::doubled<3>(q - t) + q);
    const typename F::Loose w = field::doubled<2>(t) - x3;
    p.y = F::template fold<17>(F::mul(e, F::template fold<4>(w + w + w)) - field::doubled<3>(F::sqr(s)));
    p.x = x3;
    p.z = C::kA == 0 ? z3 : F::template fold<0>(z3 + z3);
  }
  if constexpr (C::kA == 0) p.z = F::template fold<0>(field::doubled<count>(p.z));
}

// p + q for a finite p. With h = x2 z1^2 - x1, s = y2 z1^3 - y1, v = x1 h^2:
// x3 = s^2 - h^3 - 2 v, y3 = s (v - x3) - y1 h^3, z3 = z1 h.
template <class F>
[[gnu::noinline]] void add_mixed(JacobianLanes<F>& r, const JacobianLanes<F>& p, const AffineLanes<F>& q) {
  const F zz = F::sqr(p.z);
  const F h = F::template tight<3>(F::mul(q.x, zz) - p.x);               // 4.2
  const F s = F::template tight<3>(F::mul(q.y, F::mul(zz, p.z)) - p.y);  // 4.2
  const F hh = F::sqr(h);                                                // [2.1]
  const F v = F::mul(p.x, hh);                                           // [1.2]
  const F hhh = F::mul(hh, h);                                           // [1.6]
  const F x3 = F::template fold<7>(F::sqr(s) - hhh - v - v);
  r.z = F::mul(p.z, h);                                         // [1.5]
  r.y = F::mul_sub(s, F::template tight<2>(v - x3), p.y, hhh);  // 4.2 * 3.2 and 2.4 * 1.6 -> [2.4]
  r.x = x3;
}

}  // namespace
}  // namespace isthmus::curve
