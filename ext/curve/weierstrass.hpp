// Point formulas on y^2 = x^3 + a x + b, for a = 0 and a = -3, over any field type with the vocabulary of
// field/fe256k1.hpp; Jacobian (x/z^2, y/z^3) and affine. Public data only: they branch on special cases and are
// complete. Cost (M, S of the field; "2M" with one reduction where products are summed): double 3M 4S, mixed add 8M 3S,
// add 12M 4S. Sources: IEEE P1363 A.10.4 and A.10.5, rewritten so that the slope of a doubling is halved and sums share
// reductions.
//
// C: Field, Words (what holds a coordinate or a scalar), kA (0 or -3), b() (a Field). The order of the group must be
// odd (no point with y = 0). Magnitudes of a Jacobian point between operations: x <= 4, y <= 2, z <= 1. Of an affine
// one: x <= 1, y <= 2.
#pragma once

#include "base/check.hpp"
#include "field/words.hpp"

namespace isthmus::curve {

template <class C>
struct Affine {
  typename C::Field x;
  typename C::Field y;
};

template <class C>
struct Jacobian {
  typename C::Field x;
  typename C::Field y;
  typename C::Field z;
  bool infinity = true;
};

template <class C>
bool is_on_curve(const Affine<C>& p) {
  using F = typename C::Field;
  F left, right;
  F::sqr(left, p.y);
  F::sqr(right, p.x);
  F::mul(right, right, p.x);
  if constexpr (C::kA == -3) {
    F t;
    F::mul_int(t, p.x, 3);
    F::neg(t, t, 3);
    F::add(right, right, t);
  }
  F::add(right, right, C::b());
  F::carry(right);
  return F::equal(left, right);
}

// r = -p. r may be p.
template <class C>
void negate(Affine<C>& r, const Affine<C>& p) {
  using F = typename C::Field;
  r.x = p.x;
  F::neg(r.y, p.y, 2);
  F::carry(r.y);
}

// r = -p. r may be p. The point at infinity has no coordinates to read.
template <class C>
void negate(Jacobian<C>& r, const Jacobian<C>& p) {
  using F = typename C::Field;
  if (&r != &p) r = p;
  if (p.infinity) return;
  F::neg(r.y, r.y, 2);
  F::carry(r.y);
}

template <class C>
Jacobian<C> to_jacobian(const Affine<C>& p) {
  return {p.x, p.y, C::Field::one(), false};
}

// The affine point with z_inverse = 1/p.z. Precondition: p is finite.
template <class C>
void to_affine(Affine<C>& r, const Jacobian<C>& p, const typename C::Field& z_inverse) {
  using F = typename C::Field;
  ISTHMUS_CHECK(!p.infinity);
  F square, cube;
  F::sqr(square, z_inverse);
  F::mul(cube, square, z_inverse);
  F::mul(r.x, p.x, square);
  F::mul(r.y, p.y, cube);
}

// r = 2 p. r may be p. With L = (3 x^2 + a z^4) / 2, S = y^2, T = x S:
// x3 = L^2 - 2 T, y3 = L (T - x3) - S^2, z3 = y z (the usual formulas with z halved).
template <class C>
void double_point(Jacobian<C>& r, const Jacobian<C>& p) {
  using F = typename C::Field;
  static_assert(C::kA == 0 || C::kA == -3);
  r.infinity = p.infinity;
  if (p.infinity) return;
  F slope, s, minus_t, t;
  // Neighbours are independent where that is possible, so that their latencies overlap.
  if constexpr (C::kA == 0) {
    F::sqr(slope, p.x);
    F::sqr(s, p.y);
    F::mul(r.z, p.y, p.z);
  } else {  // x^2 - z^4 = (x + z^2)(x - z^2): magnitudes 5 and 6
    F zz;
    F::sqr(zz, p.z);
    F::sqr(s, p.y);
    F::neg(t, zz, 1);
    F::add(t, t, p.x);
    F::add(zz, zz, p.x);
    F::mul(r.z, p.y, p.z);
    F::mul(slope, zz, t);
  }
  F::mul_int(slope, slope, 3);
  F::half(slope, slope);    // 3
  F::neg(t, s, 1);          // 2
  F::mul(minus_t, p.x, t);  // 4 * 2 -> 1
  F::sqr(r.x, slope);
  F::mul_int(t, minus_t, 2);
  F::add(r.x, r.x, t);               // 1 + 2
  F::add(t, r.x, minus_t);           // 4: x3 - T
  F::mul_add_sqr(r.y, slope, t, s);  // 3 * 4 + 1
  F::neg(r.y, r.y, 1);               // 2
}

// The common end of both additions: r = (u1/z^2, s1/z^3) + (u2/z^2, s2/z^3). False, and r untouched, iff u1 = u2; then
// `opposite` says whether s1 != s2, so that the sum is the point at infinity. Magnitudes: u1 <= 4, s1 <= 2, others 1.
// With H = u2 - u1, R = s1 - s2, V = u1 H^2: x3 = R^2 - H^3 - 2 V, y3 = R (x3 - V) - s1 H^3, z3 = z H.
template <class C>
bool add_common(Jacobian<C>& r, const typename C::Field& u1, const typename C::Field& s1, const typename C::Field& u2,
                const typename C::Field& s2, const typename C::Field& z, bool& opposite) {
  using F = typename C::Field;
  F h, slope, t, minus_cube, minus_v;
  F::neg(h, u1, 4);
  F::add(h, h, u2);  // 6
  F::neg(slope, s2, 1);
  F::add(slope, slope, s1);  // 4
  if (F::is_zero(h)) {
    opposite = !F::is_zero(slope);
    return false;
  }
  F::sqr(t, h);
  F::neg(t, t, 1);           // 2: -H^2
  F::mul(minus_cube, h, t);  // 6 * 2 -> 1
  F::mul(minus_v, u1, t);    // 4 * 2 -> 1
  F::mul(r.z, z, h);
  F::sqr(r.x, slope);
  F::add(r.x, r.x, minus_cube);
  F::mul_int(t, minus_v, 2);
  F::add(r.x, r.x, t);                        // 1 + 1 + 2
  F::add(t, r.x, minus_v);                    // 5
  F::mul_add(r.y, slope, t, s1, minus_cube);  // 4 * 5 + 2
  r.infinity = false;
  return true;
}

// r = p + q. r may be p.
template <class C>
void add_mixed(Jacobian<C>& r, const Jacobian<C>& p, const Affine<C>& q) {
  using F = typename C::Field;
  if (p.infinity) {
    r.x = q.x;
    r.y = q.y;
    r.z = F::one();
    r.infinity = false;
    return;
  }
  F square, u2, s2;
  F::sqr(square, p.z);
  F::mul(u2, q.x, square);
  F::mul(square, square, p.z);
  F::mul(s2, q.y, square);
  bool opposite = false;
  if (add_common<C>(r, p.x, p.y, u2, s2, p.z, opposite)) return;
  if (opposite) {
    r.infinity = true;
  } else {
    double_point(r, p);
  }
}

// r = p + q. r may be p or q.
template <class C>
void add(Jacobian<C>& r, const Jacobian<C>& p, const Jacobian<C>& q) {
  using F = typename C::Field;
  if (p.infinity || q.infinity) {
    const Jacobian<C> only = p.infinity ? q : p;
    r = only;
    return;
  }
  F pp, qq, u1, u2, s1, s2, z;
  F::sqr(pp, p.z);
  F::sqr(qq, q.z);
  F::mul(u1, p.x, qq);
  F::mul(u2, q.x, pp);
  F::mul(pp, pp, p.z);
  F::mul(qq, qq, q.z);
  F::mul(s1, p.y, qq);
  F::mul(s2, q.y, pp);
  F::mul(z, p.z, q.z);
  bool opposite = false;
  if (add_common<C>(r, u1, s1, u2, s2, z, opposite)) return;
  if (opposite) {
    r.infinity = true;
  } else {
    double_point(r, p);
  }
}

// Whether the affine x of p is `x` (magnitude 1), without an inversion. Precondition: p is finite.
template <class C>
bool has_x(const Jacobian<C>& p, const typename C::Field& x) {
  using F = typename C::Field;
  F scaled;
  F::sqr(scaled, p.z);
  F::mul(scaled, scaled, x);
  return F::equal(p.x, scaled);
}

// Slow and plain k p by doubling and adding, top bit first: start-up checks, tests.
template <class C>
Jacobian<C> multiply_plain(const typename C::Words& k, const Affine<C>& p) {
  Jacobian<C> r;
  for (usize bit = 64 * k.size(); bit-- > 0;) {
    double_point(r, r);
    if (k[bit / 64] >> (bit % 64) & 1) add_mixed(r, r, p);
  }
  return r;
}

}  // namespace isthmus::curve
