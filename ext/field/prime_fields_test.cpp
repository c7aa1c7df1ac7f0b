// field/mont.hpp and field/fe256k1.hpp against slow big integers: every pair of limb patterns, then 10^5 random pairs.
#include <doctest/doctest.h>

#include <type_traits>

#include "field/fe256k1.hpp"
#include "field/mont.hpp"
#include "field/slow_int_test.hpp"

namespace isthmus::field {
namespace {

struct OrderK1 {
  static constexpr Words kModulus = {0xBFD25E8CD0364141, 0xBAAEDCE6AF48A03B, 0xFFFFFFFFFFFFFFFE, ~u64{0}};
};
// p of secp256k1 again, now in Montgomery form, and p of P-256, whose words hold both zeros and ones.
struct PrimeK1 {
  static constexpr Words kModulus = Fe256k1::kModulus;
};
struct PrimeP256 {
  static constexpr Words kModulus = {~u64{0}, 0xFFFFFFFF, 0, 0xFFFFFFFF00000001};
};
// A prime far below 2^256: (2^255 - 19) leaves the top bit free.
struct Prime25519 {
  static constexpr Words kModulus = {0xFFFFFFFFFFFFFFED, ~u64{0}, ~u64{0}, 0x7FFFFFFFFFFFFFFF};
};

template <class F>
F element(const Words& a) {
  F r;
  REQUIRE(F::from_words(r, SlowInt(a).mod(F::kModulus)));
  return r;
}

// One pair through every operation of two operands.
template <class F>
bool agrees(const Words& left, const Words& right) {
  const Words& m = F::kModulus;
  const SlowInt a(left), b(right);
  const F x = element<F>(left), y = element<F>(right);
  F r, minus;
  bool good = true;
  F::mul(r, x, y);
  good = good && F::to_words(r) == (a * b).mod(m);
  F::sqr(r, x);
  good = good && F::to_words(r) == (a * a).mod(m);
  F::add(r, x, y);
  good = good && F::to_words(r) == (a + b).mod(m);
  F::neg(minus, y, 1);
  F::add(r, x, minus);
  F::add(r, r, y);
  good = good && F::to_words(r) == a.mod(m);
  F::mul_add(r, x, y, y, y);
  good = good && F::to_words(r) == (a * b + b * b).mod(m);
  F::mul_add_sqr(r, x, y, x);
  good = good && F::to_words(r) == (a * b + a * a).mod(m);
  F::half(r, x);
  F::add(r, r, r);
  good = good && F::to_words(r) == a.mod(m);
  F::mul_int(r, x, 3);
  good = good && F::to_words(r) == (a + a + a).mod(m);
  good = good && F::equal(x, y) == (a.mod(m) == b.mod(m));
  good = good && F::is_zero(x) == is_zero_words(a.mod(m));
  good = good && F::is_odd(x) == ((a.mod(m)[0] & 1) == 1);
  good = good && F::to_words(F::unpack(F::pack(x))) == a.mod(m);
  // r may be an operand.
  r = x;
  F::mul(r, r, r);
  good = good && F::to_words(r) == (a * a).mod(m);
  r = y;
  F::mul(r, x, r);
  return good && F::to_words(r) == (a * b).mod(m);
}

template <class F>
bool inverts(const Words& a) {
  const Words value = SlowInt(a).mod(F::kModulus);
  if (is_zero_words(value)) return true;
  F r;
  F::invert(r, element<F>(value));
  return (SlowInt(F::to_words(r)) * SlowInt(value)).mod(F::kModulus) == Words{1, 0, 0, 0};
}

}  // namespace

TEST_CASE_TEMPLATE("prime fields equal slow integers", F, Fe256k1, Mont<OrderK1>, Mont<PrimeK1>, Mont<PrimeP256>,
                   Mont<Prime25519>) {
  const std::vector<Words> patterns = limb_patterns(F::kModulus);
  usize wrong = 0;
  for (const Words& a : patterns) {
    if (!inverts<F>(a)) ++wrong;
    for (const Words& b : patterns) wrong += agrees<F>(a, b) ? 0 : 1;
  }
  CHECK(wrong == 0);
  TestNoise noise(F::kModulus[0]);
  // The two types in use get most of the time.
  constexpr int kRounds = std::is_same_v<F, Fe256k1> || std::is_same_v<F, Mont<OrderK1>> ? 15'000 : 2'000;
  for (int i = 0; i < kRounds; ++i) {
    const bool smooth = noise.below(2) == 0;
    const Words a = smooth ? noise.words() : noise.jagged(), b = smooth ? noise.words() : noise.jagged();
    wrong += agrees<F>(a, b) ? 0 : 1;
    if (i % 8 == 0) wrong += inverts<F>(a) ? 0 : 1;
  }
  CHECK(wrong == 0);
}

TEST_CASE_TEMPLATE("prime fields: 100000 random products", F, Fe256k1, Mont<OrderK1>) {
  TestNoise noise(7);
  usize wrong = 0;
  Words a = noise.words();
  for (int i = 0; i < 100'000; ++i) {
    const Words b = i % 2 == 0 ? noise.words() : noise.jagged();
    F r;
    F::mul(r, element<F>(a), element<F>(b));
    const Words product = (SlowInt(a) * SlowInt(b)).mod(F::kModulus);
    wrong += F::to_words(r) == product ? 0 : 1;
    a = i % 3 == 0 ? noise.jagged() : product;
  }
  CHECK(wrong == 0);
}

TEST_CASE_TEMPLATE("prime fields refuse what is not below the modulus", F, Fe256k1, Mont<OrderK1>, Mont<PrimeP256>) {
  for (const Words& a : limb_patterns(F::kModulus)) {
    F r;
    CHECK(F::from_words(r, a) == less_words(a, F::kModulus));
  }
}

TEST_CASE("scalars take any 256 bits modulo the order") {
  TestNoise noise(3);
  std::vector<Words> values = limb_patterns(OrderK1::kModulus);
  for (int i = 0; i < 1000; ++i) values.push_back(noise.jagged());
  for (const Words& a : values) {
    const Words reduced = Mont<OrderK1>::to_words(Mont<OrderK1>::from_words_reduced(a));
    CHECK(reduced == SlowInt(a).mod(OrderK1::kModulus));
  }
}

TEST_CASE("fe256k1: lazy sums up to the limit of a product") {
  // Magnitudes m and 64 / m, built from the largest limbs that a carried element can have.
  TestNoise noise(5);
  usize wrong = 0;
  for (const u32 m : {1u, 2u, 3u, 4u, 6u, 8u, 16u, 32u}) {
    for (int i = 0; i < 400; ++i) {
      const Words wa = noise.jagged(), wb = i % 2 == 0 ? noise.jagged() : Words{~u64{0}, ~u64{0}, ~u64{0}, ~u64{0}};
      Fe256k1 a = element<Fe256k1>(wa), b = element<Fe256k1>(wb), sum_a = a, sum_b = b, r;
      const u32 n = 64 / m < 32 ? 64 / m : 32;
      // Negations give limbs near the bound of their magnitude, sums of one element all the same limbs.
      Fe256k1::neg(a, a, 1);
      Fe256k1::neg(a, a, 2);
      Fe256k1::carry(a);
      for (u32 k = 1; k < m; ++k) Fe256k1::add(sum_a, sum_a, a);
      Fe256k1::mul_int(sum_b, b, n);
      Fe256k1::mul(r, sum_a, sum_b);
      const Words times_m = {m, 0, 0, 0}, times_n = {n, 0, 0, 0};
      const Words left = (SlowInt(wa) * SlowInt(times_m)).mod(Fe256k1::kModulus);
      const Words right = (SlowInt(wb) * SlowInt(times_n)).mod(Fe256k1::kModulus);
      wrong += Fe256k1::to_words(r) == (SlowInt(left) * SlowInt(right)).mod(Fe256k1::kModulus) ? 0 : 1;
      if (m <= 8) {
        Fe256k1::sqr(r, sum_a);
        wrong += Fe256k1::to_words(r) == (SlowInt(left) * SlowInt(left)).mod(Fe256k1::kModulus) ? 0 : 1;
      }
      wrong += Fe256k1::to_words(sum_a) == left ? 0 : 1;
      Fe256k1::half(r, sum_a);
      Fe256k1::carry(r);
      Fe256k1::add(r, r, r);
      wrong += Fe256k1::to_words(r) == left ? 0 : 1;
    }
  }
  CHECK(wrong == 0);
}

TEST_CASE("fe256k1: zero is found in every lazy form of it") {
  TestNoise noise(11);
  for (u32 m = 1; m <= 14; ++m) {
    Fe256k1 a = element<Fe256k1>(noise.words()), t;
    Fe256k1::mul_int(a, a, m);
    Fe256k1::neg(t, a, m);
    Fe256k1::add(t, t, a);  // a multiple of p, never the number 0
    CHECK(Fe256k1::is_zero(t));
    Fe256k1::add(t, t, Fe256k1::one());
    CHECK_FALSE(Fe256k1::is_zero(t));
    CHECK(Fe256k1::equal(t, Fe256k1::one()));
  }
}

TEST_CASE_TEMPLATE("square roots", F, Fe256k1, Mont<PrimeK1>, Mont<PrimeP256>) {
  TestNoise noise(13);
  for (int i = 0; i < 60; ++i) {
    F a = element<F>(noise.words()), square, root, t;
    F::sqr(square, a);
    REQUIRE(F::sqrt(root, square));
    F::sqr(t, root);
    CHECK(F::equal(t, square));
    // -1 is no square when p = 3 mod 4, so the negative of a square is none.
    F::neg(t, square, 1);
    CHECK_FALSE(F::sqrt(root, t));
  }
}

TEST_CASE_TEMPLATE("shared inversions", F, Fe256k1, Mont<OrderK1>) {
  TestNoise noise(17);
  for (const usize count : {usize{0}, usize{1}, usize{2}, usize{33}}) {
    std::vector<F> values, scratch(count), before;
    for (usize i = 0; i < count; ++i) values.push_back(element<F>(noise.words()));
    before = values;
    invert_all(values.data(), scratch.data(), count);
    for (usize i = 0; i < count; ++i) {
      F r;
      F::mul(r, values[i], before[i]);
      CHECK(F::equal(r, F::one()));
    }
  }
}

}  // namespace isthmus::field
