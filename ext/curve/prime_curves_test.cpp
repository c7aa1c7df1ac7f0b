// Every short Weierstrass curve in use: sums against plain double-and-add and a textbook in Montgomery arithmetic, and
// which key encodings are points.
#include <doctest/doctest.h>

#include <vector>

#include "curve/decode.hpp"
#include "curve/p256.hpp"
#include "curve/p384.hpp"
#include "curve/secp256k1.hpp"
#include "curve/sm2.hpp"
#include "curve/strauss.hpp"
#include "field/slow_int_test.hpp"

namespace isthmus::curve {
namespace {

using field::SlowInt;
using field::TestNoise;

template <class C>
Affine<C> generator() {
  return {C::Field::from_constant(C::kGeneratorX), C::Field::from_constant(C::kGeneratorY)};
}

template <class C>
Affine<C> affine(const Jacobian<C>& p) {
  REQUIRE_FALSE(p.infinity);
  typename C::Field inverse;
  C::Field::invert(inverse, p.z);
  Affine<C> r;
  to_affine(r, p, inverse);
  return r;
}

template <class C>
bool same(const Affine<C>& a, const Affine<C>& b) {
  using F = typename C::Field;
  return F::to_words(a.x) == F::to_words(b.x) && F::to_words(a.y) == F::to_words(b.y);
}

template <class C>
bool same(const Jacobian<C>& a, const Jacobian<C>& b) {
  if (a.infinity || b.infinity) return a.infinity == b.infinity;
  return same(affine(a), affine(b));
}

template <class C>
typename C::Words random_below(const typename C::Words& m, TestNoise& noise) {
  return SlowInt(noise.words<kCoordinateBytes<C> / 8>()).mod(m);
}

// Scalars where halves, carries and windows are extreme.
template <class C>
std::vector<typename C::Words> scalars() {
  constexpr usize n = kCoordinateBytes<C> / 8;
  const typename C::Words order = C::Order::kModulus;
  TestNoise noise(1);
  std::vector<typename C::Words> all;
  if constexpr (C::kEndomorphism) all.push_back(C::kLambda);
  for (const auto& a : field::limb_patterns(order)) {
    if (field::less_words(a, order)) all.push_back(a);
  }
  for (int i = 0; i < 40; ++i) all.push_back(SlowInt(i % 2 == 0 ? noise.words<n>() : noise.jagged<n>()).mod(order));
  return all;
}

// The textbook's chord and tangent in the general field type, one inversion each.
template <class C>
struct Textbook {
  struct Prime {
    static constexpr typename C::Words kModulus = C::Field::kModulus;
  };
  using M = field::Mont<Prime>;
  struct Point {
    M x, y;
    bool infinity = true;
  };

  static Point of(const Affine<C>& p) {
    using F = typename C::Field;
    return {M::from_constant(F::to_words(p.x)), M::from_constant(F::to_words(p.y)), false};
  }
  static Point of(const Jacobian<C>& p) { return p.infinity ? Point() : of(curve::affine(p)); }
  static Point add(const Point& p, const Point& q) {
    if (p.infinity) return q;
    if (q.infinity) return p;
    M top, bottom, slope;
    if (M::equal(p.x, q.x)) {
      M::add(bottom, p.y, q.y);
      if (M::is_zero(bottom)) return {};
      M::sqr(top, p.x);
      M::mul_int(top, top, 3);
      if (C::kA == -3) M::sub(top, top, M::from_int(3));
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
    using F = typename C::Field;
    if (p.infinity || q.infinity) return p.infinity == q.infinity;
    const Affine<C> a = curve::affine(q);
    return M::to_words(p.x) == F::to_words(a.x) && M::to_words(p.y) == F::to_words(a.y);
  }
};

template <class W>
std::vector<u8> encoded(u8 first, const W& x, const W* y = nullptr) {
  constexpr usize kBytes = sizeof(W);
  std::vector<u8> out(1 + (y == nullptr ? kBytes : 2 * kBytes));
  out[0] = first;
  field::words_to_be(out.data() + 1, x);
  if (y != nullptr) field::words_to_be(out.data() + 1 + kBytes, *y);
  return out;
}

}  // namespace

TEST_CASE_TEMPLATE("curve: the generator is on it and has the order", C, Secp256k1, P256, P384, Sm2) {
  const Affine<C> g = generator<C>();
  CHECK(is_on_curve(g));
  CHECK(multiply_plain<C>(C::Order::kModulus, g).infinity);
  Affine<C> opposite;
  negate(opposite, g);
  typename C::Words before = {};
  field::sub_words(before, C::Order::kModulus, {1});
  CHECK(same(affine(multiply_plain<C>(before, g)), opposite));
}

TEST_CASE_TEMPLATE("curve: formulas equal the textbook, special cases included", C, Secp256k1, P256, P384, Sm2) {
  using Book = Textbook<C>;
  TestNoise noise(3);
  const Affine<C> g = generator<C>();
  std::vector<Jacobian<C>> points(1);  // infinity
  for (int i = 0; i < 12; ++i) points.push_back(multiply_plain<C>(random_below<C>(C::Order::kModulus, noise), g));
  for (usize i = 1; i < 4; ++i) {
    Jacobian<C> opposite;
    negate(opposite, points[i]);
    points.push_back(opposite);
    points.push_back(to_jacobian(affine(points[i])));  // the same point with another z
  }
  for (const Jacobian<C>& p : points) {
    const typename Book::Point left = Book::of(p);
    Jacobian<C> r;
    double_point(r, p);
    CHECK(Book::equal(Book::add(left, left), r));
    for (const Jacobian<C>& q : points) {
      const typename Book::Point right = Book::of(q);
      add(r, p, q);
      CHECK(Book::equal(Book::add(left, right), r));
      if (q.infinity) continue;
      add_mixed(r, p, affine(q));
      CHECK(Book::equal(Book::add(left, right), r));
    }
  }
}

TEST_CASE_TEMPLATE("curve: u G + k P equals double-and-add", C, Secp256k1, P256, P384, Sm2) {
  using F = typename C::Field;
  TestNoise noise(4);
  const auto all = scalars<C>();
  const Affine<C> g = generator<C>();
  const Affine<C> key = affine(multiply_plain<C>(random_below<C>(C::Order::kModulus, noise), g));
  Affine<C> minus_g;
  negate(minus_g, g);
  const Affine<C> keys[] = {key, g, minus_g};
  OddMultiples<C> tables[3];
  F scratch[6];
  odd_multiples(tables, keys, 3, scratch);
  for (usize t = 0; t < 3; ++t) {
    for (usize i = 0; i < all.size(); ++i) {
      const auto& k = all[i];
      const auto& u = all[(i * 7 + t) % all.size()];
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

TEST_CASE_TEMPLATE("curve: which encodings of keys are points", C, Secp256k1, P256, P384, Sm2) {
  using F = typename C::Field;
  using Words = typename C::Words;
  constexpr usize kBytes = kCoordinateBytes<C>;
  TestNoise noise(5);
  const Words p = F::kModulus;
  Affine<C> r;
  for (int i = 0; i < 60; ++i) {
    const Words x = random_below<C>(p, noise);
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
    CHECK((decode_raw(r, Bytes(encoded(4, x, &yo)).subspan(1)) && same(r, odd)));
    CHECK_FALSE(decode_raw(r, encoded(4, x, &yo)));
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
    for (usize len = 0; len < 2 * kBytes + 6; ++len) {
      std::vector<u8> cut = encoded(4, x, &ye);
      cut.resize(len);
      if (len != 1 + 2 * kBytes) CHECK_FALSE(decode_sec1(r, cut, true));
    }
  }
}

TEST_CASE_TEMPLATE("curve: coordinates of p and above are refused even where their rest is a point", C, P256, P384,
                   Sm2) {
  using Words = typename C::Words;
  Affine<C> r;
  usize lifted = 0;
  for (u64 small = 0; small < 12; ++small) {
    const Words x = {small};
    Words above = {};
    field::add_words(above, C::Field::kModulus, x);
    for (const u8 first : {2, 3}) {
      lifted += decode_sec1(r, encoded(first, x), false) ? 1 : 0;
      CHECK_FALSE(decode_sec1(r, encoded(first, above), false));
    }
    if (!decode_sec1(r, encoded(2, x), false)) continue;
    const Words y = C::Field::to_words(r.y);
    REQUIRE(decode_sec1(r, encoded(4, x, &y), false));
    CHECK_FALSE(decode_sec1(r, encoded(4, above, &y), false));
    CHECK_FALSE(decode_raw(r, Bytes(encoded(4, above, &y)).subspan(1)));
  }
  CHECK(lifted >= 6);
}

}  // namespace isthmus::curve
