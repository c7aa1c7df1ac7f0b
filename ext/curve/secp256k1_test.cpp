// secp256k1: its endomorphism and scalar splitting, sums against plain double-and-add and a textbook in Montgomery
// arithmetic, and which key encodings are points.
#include <doctest/doctest.h>

#include <vector>

#include "curve/decode.hpp"
#include "curve/secp256k1.hpp"
#include "curve/strauss.hpp"
#include "field/slow_int_test.hpp"

namespace isthmus::curve {
namespace {

using C = Secp256k1;
using F = C::Field;
using Scalar = C::Scalar;
using field::SlowInt;
using field::TestNoise;
using field::Words;

const Words& order() { return C::Order::kModulus; }

Affine<C> generator() { return {F::from_constant(C::kGeneratorX), F::from_constant(C::kGeneratorY)}; }

Affine<C> affine(const Jacobian<C>& p) {
  REQUIRE_FALSE(p.infinity);
  F inverse;
  F::invert(inverse, p.z);
  Affine<C> r;
  to_affine(r, p, inverse);
  return r;
}

bool same(const Affine<C>& a, const Affine<C>& b) {
  return F::to_words(a.x) == F::to_words(b.x) && F::to_words(a.y) == F::to_words(b.y);
}

bool same(const Jacobian<C>& a, const Jacobian<C>& b) {
  if (a.infinity || b.infinity) return a.infinity == b.infinity;
  return same(affine(a), affine(b));
}

// Scalars where halves, carries and windows are extreme.
std::vector<Words> scalars() {
  TestNoise noise(1);
  std::vector<Words> all = {C::kLambda};
  for (const Words& a : field::limb_patterns(order())) {
    if (field::less_words(a, order())) all.push_back(a);
  }
  for (int i = 0; i < 40; ++i) all.push_back(SlowInt(i % 2 == 0 ? noise.words() : noise.jagged()).mod(order()));
  return all;
}

// The textbook's chord and tangent in the general field type, one inversion each.
struct Textbook {
  struct Prime {
    static constexpr Words kModulus = F::kModulus;
  };
  using M = field::Mont<Prime>;
  struct Point {
    M x, y;
    bool infinity = true;
  };

  static Point of(const Affine<C>& p) {
    return {M::from_constant(F::to_words(p.x)), M::from_constant(F::to_words(p.y)), false};
  }
  static Point add(const Point& p, const Point& q) {
    if (p.infinity) return q;
    if (q.infinity) return p;
    M top, bottom, slope;
    if (M::equal(p.x, q.x)) {
      M::add(bottom, p.y, q.y);
      if (M::is_zero(bottom)) return {};
      M::sqr(top, p.x);
      M::mul_int(top, top, 3);
    } else {
      M::sub(top, p.y, q.y);
      M::sub(bottom, p.x, q.x);
    }
    M::invert(slope, bottom);
    M::mul(slope, slope, top);
    Point r;
    M::sqr(r.x, slope);
    M::sub(r.x, r.x, p.x);
    M::sub(r.x, r.x, q.x);
    M::sub(r.y, p.x, r.x);
    M::mul(r.y, r.y, slope);
    M::sub(r.y, r.y, p.y);
    r.infinity = false;
    return r;
  }
  static bool equal(const Point& p, const Jacobian<C>& q) {
    if (p.infinity || q.infinity) return p.infinity == q.infinity;
    const Affine<C> a = affine(q);
    return M::to_words(p.x) == F::to_words(a.x) && M::to_words(p.y) == F::to_words(a.y);
  }
};

std::vector<u8> encoded(u8 first, const Words& x, const Words* y = nullptr) {
  std::vector<u8> out(y == nullptr ? 33 : 65);
  out[0] = first;
  field::words_to_be(out.data() + 1, x);
  if (y != nullptr) field::words_to_be(out.data() + 33, *y);
  return out;
}

}  // namespace

TEST_CASE("secp256k1: halves of a scalar are below 2^128 and give it back") {
  TestNoise noise(2);
  std::vector<Words> all = scalars();
  for (int i = 0; i < 20'000; ++i) all.push_back(SlowInt(i % 2 == 0 ? noise.words() : noise.jagged()).mod(order()));
  Words largest = {};
  usize wrong = 0;
  for (const Words& k : all) {
    Half k1 = {}, k2 = {};
    split_scalar<C>(k1, k2, k);
    wrong += (k1.magnitude[2] | k1.magnitude[3] | k2.magnitude[2] | k2.magnitude[3]) == 0 ? 0 : 1;
    for (const Half& half : {k1, k2}) {
      if (field::less_words(largest, half.magnitude)) largest = half.magnitude;
    }
    Scalar a = Scalar::from_constant(k1.magnitude), b = Scalar::from_constant(k2.magnitude);
    if (k1.negative) Scalar::neg(a, a);
    if (k2.negative) Scalar::neg(b, b);
    Scalar::mul(b, b, Scalar::from_constant(C::kLambda));
    Scalar::add(a, a, b);
    wrong += Scalar::to_words(a) == k ? 0 : 1;
  }
  CHECK(wrong == 0);
  // (|a1| + |a2|) / 2 is 0.635 * 2^128: the bound is met, and met closely.
  CHECK(largest[1] < 0xA2A9000000000000);
  CHECK(largest[1] > 0x9000000000000000);
}

TEST_CASE("secp256k1: (beta x, y) is lambda (x, y)") {
  const Affine<C> g = generator();
  Affine<C> image = g;
  F::mul(image.x, g.x, C::beta());
  CHECK(is_on_curve(image));
  CHECK(same(affine(multiply_plain<C>(C::kLambda, g)), image));
  CHECK(multiply_plain<C>(order(), g).infinity);
}

TEST_CASE("secp256k1: formulas equal the textbook, special cases included") {
  TestNoise noise(3);
  const Affine<C> g = generator();
  std::vector<Jacobian<C>> points(1);  // infinity
  for (int i = 0; i < 12; ++i) points.push_back(multiply_plain<C>(SlowInt(noise.words()).mod(order()), g));
  for (usize i = 1; i < 4; ++i) {
    Jacobian<C> opposite;
    negate(opposite, points[i]);
    points.push_back(opposite);
    points.push_back(to_jacobian(affine(points[i])));  // the same point with another z
  }
  for (const Jacobian<C>& p : points) {
    const Textbook::Point left = p.infinity ? Textbook::Point() : Textbook::of(affine(p));
    Jacobian<C> r;
    double_point(r, p);
    CHECK(Textbook::equal(Textbook::add(left, left), r));
    for (const Jacobian<C>& q : points) {
      const Textbook::Point right = q.infinity ? Textbook::Point() : Textbook::of(affine(q));
      add(r, p, q);
      CHECK(Textbook::equal(Textbook::add(left, right), r));
      if (q.infinity) continue;
      add_mixed(r, p, affine(q));
      CHECK(Textbook::equal(Textbook::add(left, right), r));
    }
  }
}

TEST_CASE("secp256k1: u G + k P equals double-and-add") {
  TestNoise noise(4);
  const std::vector<Words> all = scalars();
  const Affine<C> g = generator();
  const Affine<C> key = affine(multiply_plain<C>(SlowInt(noise.words()).mod(order()), g));
  Affine<C> minus_g;
  negate(minus_g, g);
  const Affine<C> keys[] = {key, g, minus_g};
  OddMultiples<C> tables[3];
  F scratch[6];
  odd_multiples(tables, keys, 3, scratch);
  for (usize t = 0; t < 3; ++t) {
    for (usize i = 0; i < all.size(); ++i) {
      const Words& k = all[i];
      const Words& u = all[(i * 7 + t) % all.size()];
      Jacobian<C> expected, r;
      add(expected, multiply_plain<C>(u, g), multiply_plain<C>(k, keys[t]));
      base_and_key<C>(r, u, k, tables[t]);
      CHECK(same(r, expected));
      // k G + k (-G) and k G + (n - k) G meet infinity, k G + k G meets doublings.
      base_and_key<C>(r, k, k, tables[2]);
      CHECK(r.infinity);
    }
  }
}

TEST_CASE("secp256k1: which SEC 1 keys are points") {
  TestNoise noise(5);
  const Words p = F::kModulus;
  Affine<C> r;
  for (int i = 0; i < 60; ++i) {
    const Words x = SlowInt(noise.words()).mod(p);
    Affine<C> even, odd;
    const bool exists = lift_x(even, x, false);
    REQUIRE(lift_x(odd, x, true) == exists);
    CHECK(decode_sec1(r, encoded(2, x), false) == exists);
    CHECK(decode_x_only(r, Bytes(encoded(2, x)).subspan(1)) == exists);
    if (!exists) {
      CHECK_FALSE(decode_sec1(r, encoded(4, x, &x), false));
      continue;
    }
    REQUIRE(is_on_curve(even));
    REQUIRE(is_on_curve(odd));
    const Words ye = F::to_words(even.y), yo = F::to_words(odd.y);
    CHECK(((ye[0] & 1) == 0 && (yo[0] & 1) == 1));
    CHECK((decode_sec1(r, encoded(2, x), false) && same(r, even)));
    CHECK((decode_sec1(r, encoded(3, x), false) && same(r, odd)));
    CHECK((decode_sec1(r, encoded(4, x, &yo), false) && same(r, odd)));
    for (const bool hybrid : {false, true}) {
      CHECK(decode_sec1(r, encoded(6, x, &ye), hybrid) == hybrid);
      CHECK(decode_sec1(r, encoded(7, x, &yo), hybrid) == hybrid);
      CHECK_FALSE(decode_sec1(r, encoded(6, x, &yo), hybrid));
      CHECK_FALSE(decode_sec1(r, encoded(7, x, &ye), hybrid));
      for (const u8 first : {0, 1, 5, 8, 0x30, 255}) {
        CHECK_FALSE(decode_sec1(r, encoded(first, x), hybrid));
        CHECK_FALSE(decode_sec1(r, encoded(first, x, &ye), hybrid));
      }
    }
    Words off = ye;
    off[0] ^= 1;
    CHECK_FALSE(decode_sec1(r, encoded(4, x, &off), false));
    for (usize len = 0; len < 70; ++len) {
      std::vector<u8> cut = encoded(4, x, &ye);
      cut.resize(len);
      if (len != 65) CHECK_FALSE(decode_sec1(r, cut, true));
    }
  }
}

TEST_CASE("secp256k1: coordinates of p and above are refused even where their rest is a point") {
  Affine<C> r;
  // x = 1 is on the curve; x = p + 1 is the same number and still no key.
  REQUIRE(decode_sec1(r, encoded(2, {1, 0, 0, 0}), false));
  Words one_more = {};
  field::add_words(one_more, F::kModulus, {1, 0, 0, 0});
  CHECK_FALSE(decode_sec1(r, encoded(2, one_more), false));
  CHECK_FALSE(decode_x_only(r, Bytes(encoded(2, one_more)).subspan(1)));
  CHECK_FALSE(decode_sec1(r, encoded(2, F::kModulus), false));
  const Words ones = {~u64{0}, ~u64{0}, ~u64{0}, ~u64{0}};
  CHECK_FALSE(decode_sec1(r, encoded(3, ones), false));
  CHECK_FALSE(decode_sec1(r, encoded(4, one_more, &C::kGeneratorY), true));
  // The same for y: y = 1 with the cube root of 1 - 7.
  const Words x = {0xB24BCBCFAAAFF507, 0xE80D68167653F6B2, 0x35AB7741333CE5A6, 0x1FE1E5EF3FCEB5C1};
  const Words one = {1, 0, 0, 0};
  REQUIRE(decode_sec1(r, encoded(4, x, &one), false));
  CHECK_FALSE(decode_sec1(r, encoded(4, x, &one_more), false));
}

}  // namespace isthmus::curve
