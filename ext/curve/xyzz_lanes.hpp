// Point additions on y^2 = x^3 + b in lanes, for a prime that folds (field/fe_lanes.hpp): coordinates (X, Y, ZZ, ZZZ)
// with x = X / ZZ, y = Y / ZZZ and ZZ^3 = ZZZ^2, which save sums of many points a square each against Jacobian ones.
//
// Uniform, and not complete: a point added to itself or to its negative has P = 0, so ZZ and ZZZ become 0, and from
// then on they stay 0, because both additions multiply them. Wherever ZZ ends as another value than 0, no special case
// has occurred and the result is right.
//
// Magnitudes between operations: 1 for all coordinates and those of affine points; bounds of sums are written beside
// them. Every product has magnitude 1. Cost: plus an affine point 8M 2S, plus another 12M 2S, nine and thirteen
// reductions.
#pragma once

#include "field/fe_lanes_primes.hpp"

namespace isthmus::curve {
namespace {

template <class F>
struct XyzzLanes {
  F x, y, zz, zzz;
};

// The common end: of (u1, s1) and (u2, s2) over the product of both denominators. With P = u2 - u1, R = s2 - s1,
// Q = u1 P^2: x3 = R^2 - P^3 - 2 Q, y3 = R (Q - x3) - s1 P^3; zz and zzz times P^2 and P^3.
template <class F>
ISTHMUS_INLINE void add_xyzz_common(XyzzLanes<F>& r, const F& u1, const F& s1, const F& u2, const F& s2, const F& zz,
                                    const F& zzz) {
  const F p = F::template tight<2>(u2 - u1);  // 3
  const F s = F::template tight<2>(s2 - s1);  // 3
  const F pp = F::sqr(p);                     // 3 * 3
  const F ppp = F::mul(pp, p);
  const F q = F::mul(u1, pp);
  const F x3 = F::template fold<4>(F::sqr(s) - ppp - q - q);  // above -3 (1 + 2^-20) u
  r.zz = F::mul(zz, pp);
  r.zzz = F::mul(zzz, ppp);
  r.y = F::mul_sub(s, F::template tight<2>(q - x3), s1, ppp);  // 3 * 3 and 1 * 1
  r.x = x3;
}

// r = p + q. r may be p.
template <class F>
ISTHMUS_INLINE void add_xyzz(XyzzLanes<F>& r, const XyzzLanes<F>& p, const F& x, const F& y) {
  add_xyzz_common(r, p.x, p.y, F::mul(x, p.zz), F::mul(y, p.zzz), p.zz, p.zzz);
}
template <class F>
ISTHMUS_INLINE void add_xyzz(XyzzLanes<F>& r, const XyzzLanes<F>& p, const XyzzLanes<F>& q) {
  const F u1 = F::mul(p.x, q.zz), s1 = F::mul(p.y, q.zzz);
  const F u2 = F::mul(q.x, p.zz), s2 = F::mul(q.y, p.zzz);
  add_xyzz_common(r, u1, s1, u2, s2, F::mul(p.zz, q.zz), F::mul(p.zzz, q.zzz));
}

}  // namespace
}  // namespace isthmus::curve
