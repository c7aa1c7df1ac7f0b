// Points of a twisted Edwards curve -x^2 + y^2 = 1 + d x^2 y^2 over any field type F (one element or several
// lanes). Formulas: Hisil, Wong, Carter and Dawson, "Twisted Edwards Curves Revisited" (2008), sections 3.1
// and 3.3. With -1 a square and d a non-square they are complete: no input, small order or not, needs a
// special case, and Z is never 0.
//
// F offers add, sub, sub_wide, neg, carry, mul, sqr with the ranges tight, wide and loose of
// field/fe25519.hpp. Coordinates of Projective and Extended are tight; the other forms state theirs.
// Templates only: a tier may instantiate them with a lane type of its own.
//
// Cost in (M, S): double 0 + 4, to_projective 3, to_extended 4, add 4 with Cached (plus to_...), add 3 with
// Affine.
#pragma once

#include "base/bytes.hpp"

namespace isthmus::curve {

// x = X / Z, y = Y / Z.
template <class F>
struct Projective {
  F X, Y, Z;
};

// As Projective, with T = X Y / Z.
template <class F>
struct Extended {
  F X, Y, Z, T;
};

// x = X / Z, y = Y / T: what a formula ends with; the products that bring it to one denominator are left to
// the use. Loose.
template <class F>
struct Completed {
  F X, Y, Z, T;
};

// A point prepared to be added: Y + X and Y - X wide, 2Z wide, 2dT tight.
template <class F>
struct Cached {
  F sum, difference, Z2, T2d;
};

// The same with Z = 1, for tables: y + x, y - x, 2dxy, all tight.
template <class F>
struct Affine {
  F sum, difference, xy2d;
};

template <class F>
Projective<F> to_projective(const Completed<F>& p) {
  return {mul(p.X, p.T), mul(p.Y, p.Z), mul(p.Z, p.T)};
}

template <class F>
Extended<F> to_extended(const Completed<F>& p) {
  return {mul(p.X, p.T), mul(p.Y, p.Z), mul(p.Z, p.T), mul(p.X, p.Y)};
}

template <class F>
Projective<F> to_projective(const Extended<F>& p) {
  return {p.X, p.Y, p.Z};
}

// d2 = 2d, tight.
template <class F>
Cached<F> to_cached(const Extended<F>& p, const F& d2) {
  return {add(p.Y, p.X), sub(p.Y, p.X), add(p.Z, p.Z), mul(p.T, d2)};
}

template <class F>
Extended<F> negate(const Extended<F>& p) {
  return {carry(neg(p.X)), p.Y, p.Z, carry(neg(p.T))};
}

// 2p. E = (X+Y)^2 - X^2 - Y^2, H = X^2 + Y^2, G = Y^2 - X^2, F = 2Z^2 - G; x = E / G, y = H / F.
// H, G and 2Z^2 are wide (sums of tight squares), so E and F need sub_wide.
template <class F>
Completed<F> twice(const Projective<F>& p) {
  const F xx = sqr(p.X);
  const F yy = sqr(p.Y);
  const F zz = sqr(p.Z);
  const F h = add(yy, xx);
  const F g = sub(yy, xx);
  return {sub_wide(sqr(add(p.X, p.Y)), h), h, g, sub_wide(add(zz, zz), g)};
}

// Shared end of the additions: A = (Y1-X1)(Y2-X2), B = (Y1+X1)(Y2+X2), C = T1 2d T2 tight, D = 2 Z1 Z2 tight
// or wide. E = B - A, H = B + A, G = D + C, F = D - C; x = E / G, y = H / F. Subtracting swaps the factors of
// A and B and the sign of C, which is what `minus` does. wide - tight and wide + tight are loose.
template <class F>
Completed<F> finish_sum(const F& a, const F& b, const F& c, const F& d, bool minus) {
  return minus ? Completed<F>{sub(b, a), add(b, a), sub(d, c), add(d, c)}
               : Completed<F>{sub(b, a), add(b, a), add(d, c), sub(d, c)};
}

template <class F>
Completed<F> plus(const Extended<F>& p, const Cached<F>& q) {
  return finish_sum(mul(sub(p.Y, p.X), q.difference), mul(add(p.Y, p.X), q.sum), mul(p.T, q.T2d), mul(p.Z, q.Z2),
                    false);
}

template <class F>
Completed<F> minus(const Extended<F>& p, const Cached<F>& q) {
  return finish_sum(mul(sub(p.Y, p.X), q.sum), mul(add(p.Y, p.X), q.difference), mul(p.T, q.T2d), mul(p.Z, q.Z2), true);
}

template <class F>
Completed<F> plus(const Extended<F>& p, const Affine<F>& q) {
  return finish_sum(mul(sub(p.Y, p.X), q.difference), mul(add(p.Y, p.X), q.sum), mul(p.T, q.xy2d), add(p.Z, p.Z),
                    false);
}

template <class F>
Completed<F> minus(const Extended<F>& p, const Affine<F>& q) {
  return finish_sum(mul(sub(p.Y, p.X), q.sum), mul(add(p.Y, p.X), q.difference), mul(p.T, q.xy2d), add(p.Z, p.Z), true);
}

// p, 3p, 5p, ..., (2 count - 1) p, ready to be added.
template <class F>
void odd_multiples(Cached<F>* out, int count, const Extended<F>& p, const F& d2) {
  const Extended<F> p2 = to_extended(twice(to_projective(p)));
  out[0] = to_cached(p, d2);
  for (int i = 1; i < count; ++i) out[i] = to_cached(to_extended(plus(p2, out[i - 1])), d2);
}

// 8p: removes the part of p whose order divides the cofactor.
template <class F>
Projective<F> times_cofactor8(Projective<F> p) {
  for (int i = 0; i < 3; ++i) p = to_projective(twice(p));
  return p;
}

}  // namespace isthmus::curve
