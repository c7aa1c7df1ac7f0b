#include "sign/sm2_point_ct.hpp"

namespace isthmus::sign {
namespace {

constexpr FeSm2 kCoefficient = FeSm2::from_constant(curve::Sm2::kB);

constexpr Words kCombAffine[15][2] = {
#include "sign/sm2_comb.inc"
};

// Entry i is the sum of 2^(64 j) G over the bits j of i, entry 0 infinity.
struct Comb {
  PointSm2 point[16];
};

constexpr Comb make_comb() {
  Comb comb = {{{FeSm2(), FeSm2::one(), FeSm2()}}};
  for (usize i = 1; i < 16; ++i) {
    const Words(&xy)[2] = kCombAffine[i - 1];
    comb.point[i] = {FeSm2::from_constant(xy[0]), FeSm2::from_constant(xy[1]), FeSm2::one()};
  }
  return comb;
}

constexpr Comb kComb = make_comb();

FeSm2 twice(const FeSm2& a) { return a + a; }
FeSm2 thrice(const FeSm2& a) { return a + a + a; }

// p = mask ? q : p.
void select_ct(PointSm2& p, const PointSm2& q, u64 mask) {
  p.x.select(q.x, mask);
  p.y.select(q.y, mask);
  p.z.select(q.z, mask);
}

}  // namespace

PointSm2 infinity_sm2() { return {FeSm2(), FeSm2::one(), FeSm2()}; }

PointSm2 generator_sm2() { return kComb.point[1]; }

PointSm2 add_ct(const PointSm2& p, const PointSm2& q) {
  const FeSm2& b = kCoefficient;
  const FeSm2 xx = p.x * q.x, yy = p.y * q.y, zz = p.z * q.z;
  const FeSm2 xy = (p.x + p.y) * (q.x + q.y) - (xx + yy);  // X1 Y2 + X2 Y1, and so on
  const FeSm2 yz = (p.y + p.z) * (q.y + q.z) - (yy + zz);
  const FeSm2 xz = (p.x + p.z) * (q.x + q.z) - (xx + zz);
  const FeSm2 w = thrice(xz - b * zz), plus = yy + w, minus = yy - w;
  const FeSm2 u = thrice(xx - zz), v = thrice(b * xz - thrice(zz) - xx);
  return {xy * plus - yz * v, plus * minus + u * v, yz * minus + xy * u};
}

PointSm2 double_ct(const PointSm2& p) {
  const FeSm2& b = kCoefficient;
  const FeSm2 xx = p.x * p.x, yy = p.y * p.y, zz = p.z * p.z;
  const FeSm2 xy = twice(p.x * p.y), yz = twice(p.y * p.z), xz = twice(p.x * p.z);
  const FeSm2 w = thrice(xz - b * zz), plus = yy + w, minus = yy - w;
  const FeSm2 u = thrice(xx - zz), v = thrice(b * xz - thrice(zz) - xx);
  return {xy * plus - yz * v, plus * minus + u * v, twice(twice(yz * yy))};
}

PointSm2 multiply_generator_ct(const Words& k) {
  PointSm2 sum = infinity_sm2(), chosen;
  for (usize column = 64; column-- > 0;) {
    u64 wanted = 0;
    for (usize tooth = 0; tooth < 4; ++tooth) wanted |= (k[tooth] >> column & 1) << tooth;
    for (usize i = 0; i < 16; ++i) select_ct(chosen, kComb.point[i], mask_ct(is_zero_ct(wanted ^ i)));
    sum = add_ct(double_ct(sum), chosen);
  }
  return sum;
}

void affine_ct(Words& x, Words& y, const PointSm2& p) {
  const FeSm2 inverse = p.z.inverse();
  x = (p.x * inverse).to_words();
  y = (p.y * inverse).to_words();
}

}  // namespace isthmus::sign
