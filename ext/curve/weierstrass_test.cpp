// The formulas of curve/weierstrass.hpp and the sums of curve/strauss.hpp on tiny groups, where every case can be
// tried: every pair of points, every pair of scalars, against addition by the textbook with slow modular integers.
// Groups of order 13 and 7, and 79, 61 and 199 for wide windows; a = 0 and a = -3.
#include <doctest/doctest.h>

#include <vector>

#include "curve/decode.hpp"
#include "curve/strauss.hpp"

namespace isthmus::curve {
namespace {

using field::Words;

// Integers modulo a small prime, with the vocabulary of the field types.
template <u32 kPrime>
class TinyField {
 public:
  using Packed = TinyField;
  static TinyField zero() { return from_int(0); }
  static TinyField one() { return from_int(1); }
  static TinyField from_int(u64 a) {
    TinyField r;
    r.v_ = static_cast<u32>(a % kPrime);
    return r;
  }
  static TinyField from_constant(const Words& a) { return from_int(a[0]); }
  static bool from_words(TinyField& r, const Words& a) {
    r = from_int(a[0]);
    return a[0] < kPrime && (a[1] | a[2] | a[3]) == 0;
  }
  static Words to_words(const TinyField& a) { return {a.v_, 0, 0, 0}; }
  static Packed pack(const TinyField& a) { return a; }
  static TinyField unpack(const Packed& a) { return a; }
  static void add(TinyField& r, const TinyField& a, const TinyField& b) { r = from_int(a.v_ + b.v_); }
  static void neg(TinyField& r, const TinyField& a, u32) { r = from_int(kPrime - a.v_); }
  static void mul_int(TinyField& r, const TinyField& a, u32 k) { r = from_int(u64{a.v_} * k); }
  static void half(TinyField& r, const TinyField& a) { r = from_int(u64{a.v_} * ((kPrime + 1) / 2)); }
  static void carry(TinyField&) {}
  static void normalize(TinyField&) {}
  static void mul(TinyField& r, const TinyField& a, const TinyField& b) { r = from_int(u64{a.v_} * b.v_); }
  static void sqr(TinyField& r, const TinyField& a) { mul(r, a, a); }
  static void mul_add(TinyField& r, const TinyField& a, const TinyField& b, const TinyField& c, const TinyField& d) {
    r = from_int(u64{a.v_} * b.v_ + u64{c.v_} * d.v_);
  }
  static void mul_add_sqr(TinyField& r, const TinyField& a, const TinyField& b, const TinyField& c) {
    mul_add(r, a, b, c, c);
  }
  static bool is_zero(const TinyField& a) { return a.v_ == 0; }
  static bool equal(const TinyField& a, const TinyField& b) { return a.v_ == b.v_; }
  static bool is_odd(const TinyField& a) { return (a.v_ & 1) != 0; }
  static void invert(TinyField& r, const TinyField& a) {
    for (u32 k = 1; k < kPrime; ++k) {
      if (u64{a.v_} * k % kPrime == 1) {
        r = from_int(k);
        return;
      }
    }
    FAIL("zero has no inverse");
  }
  static bool sqrt(TinyField& r, const TinyField& a) {
    for (u32 k = 0; k < kPrime; ++k) {
      if (u64{k} * k % kPrime == a.v_) {
        r = from_int(k);
        return true;
      }
    }
    return false;
  }
  u32 value() const { return v_; }

 private:
  u32 v_ = 0;
};

// y^2 = x^3 + kAa x + kBb over a prime field, a group of prime order kOrder with a generator.
template <u32 kPrime, int kAa, u32 kBb, u32 kGroup, u32 kX, u32 kY, int kWindow>
struct TinyCurve {
  using Field = TinyField<kPrime>;
  using Words = field::Words;
  static constexpr u32 kOrder = kGroup;
  static constexpr int kA = kAa;
  static Field b() { return Field::from_int(kBb); }
  static constexpr Words kGeneratorX = {kX, 0, 0, 0};
  static constexpr Words kGeneratorY = {kY, 0, 0, 0};
  static constexpr bool kEndomorphism = false;
  static constexpr usize kScalarBits = 8;
  static constexpr usize kSteps = 8;
  static constexpr int kKeyWindow = kWindow;
  static constexpr int kBaseWindow = kWindow;
  static constexpr u64 kBaseTableCheck = 0;
};

using Order13 = TinyCurve<19, 0, 2, 13, 4, 3, 3>;
using Order7 = TinyCurve<11, -3, 10, 7, 2, 1, 3>;
using Order79 = TinyCurve<67, 0, 7, 79, 2, 22, 5>;
using Order61 = TinyCurve<67, -3, 55, 61, 0, 16, 5>;
using Order199 = TinyCurve<211, -3, 103, 199, 0, 37, 5>;

// A point as the textbook has it; `infinite` ones have x = y = 0.
struct Plain {
  u32 x = 0, y = 0;
  bool infinite = true;
  bool operator==(const Plain&) const = default;
};

u32 slow_inverse(u32 a, u32 prime) {
  u32 k = 1;
  while (u64{a} * k % prime != 1) ++k;
  return k;
}

template <class C, u32 kPrime>
Plain slow_add(const Plain& p, const Plain& q) {
  if (p.infinite) return q;
  if (q.infinite) return p;
  if (p.x == q.x && (p.y + q.y) % kPrime == 0) return {};
  const u64 a = C::kA == 0 ? 0 : kPrime - 3;
  u64 slope = 0;
  if (p.x == q.x) {
    slope = (3 * u64{p.x} * p.x + a) % kPrime * slow_inverse(2 * p.y % kPrime, kPrime) % kPrime;
  } else {
    slope = u64{kPrime + p.y - q.y} * slow_inverse((kPrime + p.x - q.x) % kPrime, kPrime) % kPrime;
  }
  const u64 x = (slope * slope + 2 * kPrime - p.x - q.x) % kPrime;
  const u64 y = (slope * (kPrime + p.x - x) + kPrime - p.y) % kPrime;
  return {static_cast<u32>(x), static_cast<u32>(y), false};
}

// All points of a curve: by index k the k-fold of the generator, with k = 0 for infinity.
template <class C>
struct Group;

template <u32 kPrime, int kAa, u32 kBb, u32 kGroup, u32 kX, u32 kY, int kWindow>
struct Group<TinyCurve<kPrime, kAa, kBb, kGroup, kX, kY, kWindow>> {
  using C = TinyCurve<kPrime, kAa, kBb, kGroup, kX, kY, kWindow>;
  using F = typename C::Field;
  std::vector<Plain> points;

  Group() {
    const Plain generator = {kX, kY, false};
    Plain at;
    for (u32 k = 0; k < kGroup; ++k) {
      points.push_back(at);
      at = slow_add<C, kPrime>(at, generator);
    }
    REQUIRE(at.infinite);  // the order is as stated
  }

  Affine<C> affine(usize k) const { return {F::from_int(points[k].x), F::from_int(points[k].y)}; }

  // The same point with another z.
  Jacobian<C> jacobian(usize k, u32 z) const {
    Jacobian<C> r;
    if (points[k].infinite) return r;
    const Affine<C> p = affine(k);
    F square, cube;
    r.z = F::from_int(z);
    F::sqr(square, r.z);
    F::mul(cube, square, r.z);
    F::mul(r.x, p.x, square);
    F::mul(r.y, p.y, cube);
    r.infinity = false;
    return r;
  }

  bool is(const Jacobian<C>& p, usize k) const {
    if (p.infinity || points[k].infinite) return p.infinity == points[k].infinite;
    F inverse;
    F::invert(inverse, p.z);
    Affine<C> a;
    to_affine(a, p, inverse);
    return a.x.value() == points[k].x && a.y.value() == points[k].y && has_x(p, a.x) && is_on_curve(a);
  }
};

}  // namespace

TEST_CASE_TEMPLATE("every pair of points of a tiny group", C, Order13, Order7, Order79, Order61, Order199) {
  const Group<C> group;
  usize wrong = 0;
  for (usize i = 0; i < C::kOrder; ++i) {
    for (const u32 zi : {1u, 2u, 5u}) {
      const Jacobian<C> p = group.jacobian(i, zi);
      Jacobian<C> r;
      double_point(r, p);
      wrong += group.is(r, 2 * i % C::kOrder) ? 0 : 1;
      r = p;
      double_point(r, r);
      wrong += group.is(r, 2 * i % C::kOrder) ? 0 : 1;
      negate(r, p);
      wrong += group.is(r, (C::kOrder - i) % C::kOrder) ? 0 : 1;
      for (usize j = 0; j < C::kOrder; ++j) {
        const usize sum = (i + j) % C::kOrder;
        const Jacobian<C> q = group.jacobian(j, 3);
        add(r, p, q);
        wrong += group.is(r, sum) ? 0 : 1;
        r = p;
        add(r, r, q);
        wrong += group.is(r, sum) ? 0 : 1;
        r = q;
        add(r, p, r);
        wrong += group.is(r, sum) ? 0 : 1;
        if (j == 0) continue;
        add_mixed(r, p, group.affine(j));
        wrong += group.is(r, sum) ? 0 : 1;
        r = p;
        add_mixed(r, r, group.affine(j));
        wrong += group.is(r, sum) ? 0 : 1;
      }
    }
  }
  CHECK(wrong == 0);
}

TEST_CASE_TEMPLATE("every sum u G + k P of a tiny group", C, Order13, Order7, Order79, Order61, Order199) {
  const Group<C> group;
  std::vector<Affine<C>> points;
  for (usize i = 1; i < C::kOrder; ++i) points.push_back(group.affine(i));
  std::vector<OddMultiples<C>> tables(points.size());
  std::vector<typename C::Field> scratch(2 * points.size());
  odd_multiples(tables.data(), points.data(), points.size(), scratch.data());
  usize wrong = 0;
  for (usize i = 0; i < points.size(); ++i) {
    for (usize j = 0; j < OddMultiples<C>::kCount; ++j) {
      const Affine<C> entry = {tables[i].x[j], tables[i].y[j]};
      wrong += group.is(to_jacobian(entry), (2 * j + 1) * (i + 1) % C::kOrder) ? 0 : 1;
    }
    // All scalars of 8 bits, so also those that are not below the order.
    for (u64 u = 0; u < 256; u += i % 24 == 0 ? 1 : 7) {
      for (u64 k = 0; k < 256; k += i % 24 == 0 ? 1 : 11) {
        Jacobian<C> r;
        base_and_key<C>(r, {u, 0, 0, 0}, {k, 0, 0, 0}, tables[i]);
        wrong += group.is(r, (u + k * (i + 1)) % C::kOrder) ? 0 : 1;
      }
    }
  }
  CHECK(wrong == 0);
}

TEST_CASE_TEMPLATE("sums of many terms of a tiny group", C, Order79, Order61, Order199) {
  const Group<C> group;
  constexpr usize kTerms = 3;
  OddMultiples<C> tables[kTerms];
  typename C::Field scratch[2 * kTerms];
  usize wrong = 0;
  for (usize i = 1; i < C::kOrder; ++i) {
    const Affine<C> points[kTerms] = {group.affine(i), group.affine(i * 2 % C::kOrder), group.affine(C::kOrder - i)};
    odd_multiples(tables, points, kTerms, scratch);
    for (u64 k = 0; k < C::kOrder; ++k) {
      const u64 scalars[kTerms] = {k, 5 * k % C::kOrder, (k + 9) % C::kOrder};
      Term<C> terms[kTerms];
      Digit digits[(C::kSteps + 1) * kTerms] = {};
      for (usize t = 0; t < kTerms; ++t) {
        key_terms<C>(terms + t, digits + t, kTerms, tables[t], {scalars[t], 0, 0, 0});
      }
      terms[1].negative = true;
      Jacobian<C> r;
      straus<C>(r, {k, 0, 0, 0}, terms, digits, kTerms);
      const u64 n = C::kOrder;
      const u64 expected = k + i * scalars[0] + (n - 2 * i % n) * scalars[1] + (n - i) * scalars[2];
      wrong += group.is(r, expected % n) ? 0 : 1;
    }
  }
  CHECK(wrong == 0);
}

TEST_CASE_TEMPLATE("every x of a tiny field is lifted or refused", C, Order13, Order7, Order79, Order61, Order199) {
  const Group<C> group;
  for (u64 x = 0; x < 300; ++x) {
    for (const bool odd : {false, true}) {
      bool exists = false;
      for (const Plain& p : group.points) exists = exists || (!p.infinite && p.x == x && (p.y & 1) == (odd ? 1u : 0u));
      Affine<C> r;
      const bool lifted = lift_x(r, {x, 0, 0, 0}, odd);
      REQUIRE(lifted == exists);
      if (lifted) CHECK((r.x.value() == x && C::Field::is_odd(r.y) == odd && is_on_curve(r)));
    }
  }
}

TEST_CASE("signed digits spell the number and keep their distance") {
  for (const int window : {2, 3, 5, 8, 12}) {
    for (u64 k = 0; k < 4096; ++k) {
      i32 digits[20] = {};
      signed_digits(digits, 1, Words{k << 60, k >> 4, 0, 0}, 60, 12, window);
      i64 value = 0;
      usize last = 0;
      bool good = true, any = false;
      for (usize i = 0; i <= 12; ++i) {
        value += static_cast<i64>(digits[i]) * (i64{1} << i);
        if (digits[i] == 0) continue;
        good = good && (digits[i] & 1) == 1 && digits[i] < (1 << (window - 1)) && -digits[i] < (1 << (window - 1));
        good = good && (!any || i - last >= static_cast<usize>(window));
        any = true;
        last = i;
      }
      REQUIRE((good && value == static_cast<i64>(k)));
    }
  }
}

}  // namespace isthmus::curve
