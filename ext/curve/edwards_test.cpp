// The group law of curve/edwards.hpp, the encodings and table of curve/ed25519.hpp and the sums of
// curve/ed25519_sum.hpp, against double-and-add with the affine law in slow arithmetic.
#include "curve/edwards.hpp"

#include <doctest/doctest.h>

#include <vector>

#include "curve/ed25519.hpp"
#include "curve/ed25519_sum.hpp"
#include "field/fe25519_chains.hpp"
#include "field/fe25519_reference_test.hpp"

namespace isthmus::curve {
namespace {

using field::Fe25519;
using field::Sc25519;
using field::SlowFe;
using field::TestRandom;

struct SlowPoint {
  SlowFe x, y;
};

SlowFe slow_inverse(const SlowFe& a) {
  u8 minus_two[32];
  memset(minus_two, 0xff, 32);
  minus_two[0] = 0xeb;
  minus_two[31] = 0x7f;
  return a.power(minus_two);
}

// d = -121665 / 121666, computed here.
const SlowFe& slow_d() {
  static const SlowFe d = (SlowFe() - SlowFe(121665)) * slow_inverse(SlowFe(121666));
  return d;
}

// RFC 8032 section 5.1.4, affine.
SlowPoint slow_sum(const SlowPoint& p, const SlowPoint& q) {
  const SlowFe product = slow_d() * p.x * q.x * p.y * q.y;
  const SlowFe one(1);
  return {(p.x * q.y + p.y * q.x) * slow_inverse(one + product), (p.y * q.y + p.x * q.x) * slow_inverse(one - product)};
}

SlowPoint slow(const Ed25519Point& p) {
  const SlowFe z_inverse = slow_inverse(SlowFe::from_limbs(p.Z));
  return {SlowFe::from_limbs(p.X) * z_inverse, SlowFe::from_limbs(p.Y) * z_inverse};
}

SlowPoint slow_multiple(const Sc25519& c, const SlowPoint& p) {
  SlowPoint r = {SlowFe(), SlowFe(1)};
  for (int bit = 255; bit >= 0; --bit) {
    r = slow_sum(r, r);
    if ((c.word[bit / 64] >> (bit % 64) & 1) != 0) r = slow_sum(r, p);
  }
  return r;
}

bool same(const Ed25519Point& p, const SlowPoint& q) {
  const SlowPoint a = slow(p);
  const bool t_right = equal(mul(p.X, p.Y), mul(p.T, p.Z));
  return a.x == q.x && a.y == q.y && t_right;
}

Ed25519Point sum_of(const Ed25519Point& p, const Ed25519Point& q) {
  return to_extended(plus(p, to_cached(q, kEd25519D2)));
}

Ed25519Point base_point() {
  u8 bytes[32];
  memset(bytes, 0x66, 32);
  bytes[0] = 0x58;
  Ed25519Point p;
  REQUIRE(decode_ed25519(p, bytes, PointRule::rfc8032));
  return p;
}

// A point of order 8, from its encoding.
Ed25519Point torsion_point() {
  const u8 bytes[32] = {0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b, 0x76, 0x0d, 0x10, 0x67, 0x0f,
                        0x2a, 0x20, 0x53, 0xfa, 0x2c, 0x39, 0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac, 0x03, 0x7a};
  Ed25519Point p;
  REQUIRE(decode_ed25519(p, bytes, PointRule::rfc8032));
  return p;
}

// All eight points of small order, some multiples of the base point, and sums of both kinds.
std::vector<Ed25519Point> sample_points() {
  std::vector<Ed25519Point> points = {kEd25519Identity};
  const Ed25519Point torsion = torsion_point();
  for (int i = 1; i < 8; ++i) points.push_back(sum_of(points.back(), torsion));
  const Ed25519Point base = base_point();
  points.push_back(base);
  for (int i = 0; i < 4; ++i) points.push_back(sum_of(points.back(), base));
  points.push_back(sum_of(base, torsion));
  points.push_back(sum_of(points.back(), points[4]));
  points.push_back(negate(base));
  return points;
}

TEST_CASE("edwards: every formula equals the affine law, small orders and equal points included") {
  const std::vector<Ed25519Point> points = sample_points();
  CHECK(is_identity(to_projective(sum_of(points[7], points[1]))));
  CHECK_FALSE(is_identity(to_projective(points[4])));  // (0, -1): X = 0 as well
  for (const Ed25519Point& p : points) {
    const SlowPoint slow_p = slow(p);
    CHECK(same(to_extended(twice(to_projective(p))), slow_sum(slow_p, slow_p)));
    CHECK(is_identity(to_projective(sum_of(p, negate(p)))));
    CHECK(is_identity(to_projective(minus(p, to_cached(p, kEd25519D2)))));
    for (const Ed25519Point& q : points) {
      CHECK(same(sum_of(p, q), slow_sum(slow_p, slow(q))));
      CHECK(same(to_extended(minus(p, to_cached(q, kEd25519D2))), slow_sum(slow_p, slow(negate(q)))));
    }
    for (int i : {0, 1, 127}) {
      const Affine<Fe25519>& entry = kEd25519BaseTable[i];
      const SlowPoint multiple = slow_multiple({{static_cast<u64>(2 * i + 1), 0, 0, 0}}, slow(base_point()));
      CHECK(same(to_extended(plus(p, entry)), slow_sum(slow_p, multiple)));
      CHECK(same(to_extended(minus(p, entry)), slow_sum(slow_p, {SlowFe() - multiple.x, multiple.y})));
    }
  }
}

TEST_CASE("edwards: associativity and commutativity across representations") {
  const std::vector<Ed25519Point> points = sample_points();
  for (const Ed25519Point& p : points) {
    for (const Ed25519Point& q : points) {
      const Ed25519Point& r = points[9];
      CHECK(is_identity(to_projective(sum_of(sum_of(sum_of(p, q), r), negate(sum_of(p, sum_of(q, r)))))));
      CHECK(is_identity(to_projective(sum_of(sum_of(p, q), negate(sum_of(q, p))))));
    }
  }
}

TEST_CASE("ed25519: constants and all entries of the base point's table") {
  CHECK(equal(kEd25519D2, add(kEd25519D, kEd25519D)));
  CHECK(equal(sqr(kEd25519SqrtM1), neg(field::kFe25519One)));
  CHECK(SlowFe::from_limbs(kEd25519D) == slow_d());
  const SlowPoint base = slow(base_point());
  CHECK(base.y * SlowFe(5) == SlowFe(4));
  CHECK_FALSE(base.x.is_odd());
  const SlowPoint step = slow_sum(base, base);
  SlowPoint p = base;
  for (const Affine<Fe25519>& entry : kEd25519BaseTable) {
    CHECK(below(entry.sum, u64{1} << 51));
    CHECK(below(entry.difference, u64{1} << 51));
    CHECK(below(entry.xy2d, u64{1} << 51));
    CHECK(SlowFe::from_limbs(entry.sum) == p.y + p.x);
    CHECK(SlowFe::from_limbs(entry.difference) == p.y - p.x);
    CHECK(SlowFe::from_limbs(entry.xy2d) == slow_d() * p.x * p.y * SlowFe(2));
    p = slow_sum(p, step);
  }
}

// What the two rules say of an encoding, by Euler's criterion in slow arithmetic.
struct Expected {
  bool zip215, rfc8032;
  SlowFe y;
};

Expected expected_decoding(const u8* bytes) {
  u8 low[32];
  memcpy(low, bytes, 32);
  low[31] &= 0x7f;
  Expected e;
  e.y = SlowFe::from_bytes(low);
  u8 canonical_y[32];
  e.y.to_bytes(canonical_y);
  const SlowFe yy = e.y * e.y;
  const SlowFe xx = (yy - SlowFe(1)) * slow_inverse(slow_d() * yy + SlowFe(1));
  u8 half[32];  // (p - 1) / 2 = 2^254 - 10
  memset(half, 0xff, 32);
  half[0] = 0xf6;
  half[31] = 0x3f;
  e.zip215 = xx.is_zero() || xx.power(half) == SlowFe(1);
  const bool minus_zero = xx.is_zero() && (bytes[31] & 0x80) != 0;
  e.rfc8032 = e.zip215 && memcmp(canonical_y, low, 32) == 0 && !minus_zero;
  return e;
}

void check_decoding(const u8* bytes, int& accepted, int& strict) {
  const Expected e = expected_decoding(bytes);
  Ed25519Point p;
  CHECK(decode_ed25519(p, bytes, PointRule::zip215) == e.zip215);
  Ed25519Point q;
  CHECK(decode_ed25519(q, bytes, PointRule::rfc8032) == e.rfc8032);
  accepted += e.zip215 ? 1 : 0;
  strict += e.rfc8032 ? 1 : 0;
  if (!e.zip215) return;
  const SlowPoint affine = slow(p);
  CHECK(affine.y == e.y);
  const SlowFe xx = affine.x * affine.x;
  const SlowFe yy = affine.y * affine.y;
  CHECK(yy - xx == SlowFe(1) + slow_d() * xx * yy);
  CHECK((affine.x.is_zero() || affine.x.is_odd() == ((bytes[31] & 0x80) != 0)));
  CHECK(SlowFe::from_limbs(p.T) == affine.x * affine.y);
  u8 back[32];
  encode_ed25519(back, to_projective(p), field::invert(p.Z));
  CHECK((memcmp(back, bytes, 32) == 0) == e.rfc8032);
}

TEST_CASE("ed25519: decoding of every encoding with y near 0, p and 2^255, and of random ones") {
  int accepted = 0;
  int strict = 0;
  for (int sign : {0, 0x80}) {
    for (int low = 0; low < 256; ++low) {
      u8 bytes[32] = {static_cast<u8>(low)};
      bytes[31] = static_cast<u8>(sign);
      check_decoding(bytes, accepted, strict);
      memset(bytes, 0xff, 32);
      bytes[0] = static_cast<u8>(low);
      bytes[31] = static_cast<u8>(0x7f | sign);
      check_decoding(bytes, accepted, strict);
    }
  }
  // Non-canonical encodings of points: y = p + (0..18) with either sign where that is a curve point, and x =
  // 0 with sign 1 for y = 1 and y = -1. There are 26 in all.
  CHECK(accepted - strict == 26);
  TestRandom random(7);
  for (int i = 0; i < 200; ++i) {
    u8 bytes[32];
    random.fill(bytes, 32);
    check_decoding(bytes, accepted, strict);
    // Low bytes as in p: only all of the others as well make y >= p.
    memset(bytes, 0xff, 7);
    check_decoding(bytes, accepted, strict);
    memset(bytes, 0xff, 31);
    bytes[7 + random.below(24)] = static_cast<u8>(random.below(255));
    bytes[31] |= 0x7f;
    check_decoding(bytes, accepted, strict);
  }
}

TEST_CASE("ed25519: encodings do not depend on the representation") {
  const std::vector<Ed25519Point> points = sample_points();
  for (const Ed25519Point& p : points) {
    const Ed25519Point shifted = sum_of(sum_of(p, points[10]), negate(points[10]));
    u8 left[32];
    u8 right[32];
    encode_ed25519(left, to_projective(p), field::invert(p.Z));
    encode_ed25519(right, to_projective(shifted), field::invert(shifted.Z));
    CHECK(memcmp(left, right, 32) == 0);
    Ed25519Point back;
    REQUIRE(decode_ed25519(back, left, PointRule::rfc8032));
    CHECK(is_identity(to_projective(sum_of(back, negate(p)))));
  }
}

TEST_CASE("ed25519: sums of multiples equal double-and-add") {
  TestRandom random(8);
  const std::vector<Ed25519Point> points = sample_points();
  std::vector<Sc25519> scalars = {field::kSc25519Zero,
                                  {{1, 0, 0, 0}},
                                  {{~u64{0}, 0, 0, 0}},
                                  {{~u64{0}, ~u64{0}, 0, 0}},
                                  {{0, 0, 1, 0}},
                                  {{0, 0, 0, u64{1} << 60}},
                                  {{0xaaaaaaaaaaaaaaaa, 0xaaaaaaaaaaaaaaaa, 0xaaaaaaaaaaaaaaaa, 0x0aaaaaaaaaaaaaaa}},
                                  field::sc_neg({{1, 0, 0, 0}}),
                                  field::sc_neg({{16, 0, 0, 0}})};
  for (int i = 0; i < 8; ++i) {
    u8 bytes[64];
    random.fill(bytes, 64);
    scalars.push_back(field::sc_reduce(bytes));
  }
  const SlowPoint base = slow(base_point());
  Ed25519Sum sum;
  CHECK(is_identity(to_projective(sum.total())));
  Ed25519Table tables[3];
  for (usize i = 0; i < scalars.size(); ++i) {
    const Sc25519& c = scalars[i];
    const Ed25519Point& p = points[random.below(static_cast<u32>(points.size()))];
    const SlowPoint multiple = slow_multiple(c, slow(p));
    tables[0].fill(p);
    sum.clear();
    sum.add_term(c, tables[0]);
    CHECK(same(to_extended(sum.total()), multiple));
    sum.clear();
    sum.take_term(c, tables[0]);
    CHECK(same(to_extended(sum.total()), {SlowFe() - multiple.x, multiple.y}));
    sum.clear();
    sum.add_base(c);
    const SlowPoint base_multiple = slow_multiple(c, base);
    CHECK(same(to_extended(sum.total()), base_multiple));
    // Three terms and the base point at once.
    SlowPoint expected = slow_sum(multiple, base_multiple);
    sum.add_term(c, tables[0]);
    for (int term = 1; term < 3; ++term) {
      const Sc25519& factor = scalars[random.below(static_cast<u32>(scalars.size()))];
      const Ed25519Point& q = points[random.below(static_cast<u32>(points.size()))];
      tables[term].fill(q);
      sum.add_term(factor, tables[term]);
      expected = slow_sum(expected, slow_multiple(factor, slow(q)));
    }
    CHECK(same(to_extended(sum.total()), expected));
  }
}

TEST_CASE("ed25519: the base point has order L and a full sum fits") {
  Ed25519Sum sum;
  const Sc25519 most = field::sc_neg({{1, 0, 0, 0}});
  sum.add_base(most);
  Ed25519Point p = to_extended(sum.total());
  CHECK(is_identity(to_projective(sum_of(p, base_point()))));
  // Digits in every window: as many as a scalar can have.
  const Sc25519 dense = {{0x8421084210842109, 0x1084210842108421, 0x4210842108421084, 0x0842108421084210}};
  Ed25519Table table;
  table.fill(base_point());
  sum.clear();
  Sc25519 total = dense;
  sum.add_base(dense);
  for (int i = 0; i < Ed25519Sum::kTermsMax; ++i) {
    sum.add_term(dense, table);
    total = sc_add(total, dense);
  }
  p = to_extended(sum.total());
  sum.clear();
  sum.add_base(total);
  CHECK(is_identity(to_projective(sum_of(p, negate(to_extended(sum.total()))))));
}

}  // namespace
}  // namespace isthmus::curve
