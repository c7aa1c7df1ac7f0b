// Points of the SM2 curve for secret scalars: complete formulas, which have no special case to branch on.
// Renes, Costello and Batina, "Complete addition formulas for prime order elliptic curves" (EUROCRYPT 2016),
// algorithms 4 (addition) and 6 (doubling) for a = -3: right for every pair of points of a curve of odd order, equal,
// opposite and infinite ones included. Only the curve's numbers come from curve/sm2.hpp, no arithmetic. Cost: 14 and 13
// products.
#pragma once

#include "curve/sm2.hpp"
#include "sign/mont_ct.hpp"

namespace isthmus::sign {

using FeSm2 = MontCt<curve::Sm2::Prime>;
using ScSm2 = MontCt<curve::Sm2::Order>;

// (X : Y : Z) with x = X/Z, y = Y/Z; infinity is (0 : 1 : 0).
struct PointSm2 {
  FeSm2 x, y, z;
};

PointSm2 infinity_sm2();
PointSm2 generator_sm2();
PointSm2 add_ct(const PointSm2& p, const PointSm2& q);
PointSm2 double_ct(const PointSm2& p);

// k G for any 256-bit k, by a comb of four teeth 64 bits apart (Lim and Lee, CRYPTO 1994) whose table of 16 is read in
// full for each of 64 columns. Cost: 64 doublings, 64 additions.
PointSm2 multiply_generator_ct(const Words& k);

// Affine coordinates; (0, 0), which is on no curve with b != 0, for infinity.
void affine_ct(Words& x, Words& y, const PointSm2& p);

}  // namespace isthmus::sign
