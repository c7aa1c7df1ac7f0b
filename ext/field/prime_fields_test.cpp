// field/mont.hpp, field/mont52.hpp and field/fe256k1.hpp against slow big integers: every pair of limb patterns, then
// 10^5 random pairs.
#include <doctest/doctest.h>

#include <type_traits>

#include "field/fe256k1.hpp"
#include "field/mont.hpp"
#include "field/mont52.hpp"
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
struct OrderP256 {
  static constexpr Words kModulus = {0xF3B9CAC2FC632551, 0xBCE6FAADA7179E84, ~u64{0}, 0xFFFFFFFF00000000};
};
struct PrimeSm2 {
  static constexpr Words kModulus = {~u64{0}, 0xFFFFFFFF00000000, ~u64{0}, 0xFFFFFFFEFFFFFFFF};
};
struct OrderSm2 {
  static constexpr Words kModulus = {0x53BBF40939D54123, 0x7203DF6B21C6052B, ~u64{0}, 0xFFFFFFFEFFFFFFFF};
};
struct PrimeP384 {
  static constexpr WordArray<6> kModulus = {0xFFFFFFFF, 0xFFFFFFFF00000000, ~u64{1}, ~u64{0}, ~u64{0}, ~u64{0}};
};
struct OrderP384 {
  static constexpr WordArray<6> kModulus = {
      0xECEC196ACCC52973, 0x581A0DB248B0A77A, 0xC7634D81F4372DDF, ~u64{0}, ~u64{0}, ~u64{0}};
};
using FieldP256 = Mont52<PrimeP256>;
using FieldSm2 = Mont52<PrimeSm2>;

// A prime far below 2^256: (2^255 - 19) leaves the top bit free.
struct Prime25519 {
  static constexpr Words kModulus = {0xFFFFFFFFFFFFFFED, ~u64{0}, ~u64{0}, 0x7FFFFFFFFFFFFFFF};
};

template <class F>
using WordsOf = std::remove_const_t<decltype(F::kModulus)>;

template <class F>
F element(const WordsOf<F>& a) {
  F r;
  REQUIRE(F::from_words(r, SlowInt(a).mod(F::kModulus)));
  return r;
}

// One pair through every operation of two operands.
template <class F>
bool agrees(const WordsOf<F>& left, const WordsOf<F>& right) {
  const WordsOf<F>& m = F::kModulus;
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
bool inverts(const WordsOf<F>& a) {
  const WordsOf<F> value = SlowInt(a).mod(F::kModulus);
  if (is_zero_words(value)) return true;
  F r;
  F::invert(r, element<F>(value));
  return (SlowInt(F::to_words(r)) * SlowInt(value)).mod(F::kModulus) == WordsOf<F>{1};
}

}  // namespace

TEST_CASE_TEMPLATE("prime fields equal slow integers", F, Fe256k1, FieldP256, FieldSm2, Mont<OrderK1>, Mont<OrderP256>,
                   Mont<OrderSm2>, Mont<PrimeP384>, Mont<OrderP384>, Mont<PrimeK1>, Mont<PrimeP256>, Mont<Prime25519>) {
  constexpr usize n = F::kModulus.size();
  const auto patterns = limb_patterns(F::kModulus);
  usize wrong = 0;
  for (const auto& a : patterns) {
    if (!inverts<F>(a)) ++wrong;
    for (const auto& b : patterns) wrong += agrees<F>(a, b) ? 0 : 1;
  }
  CHECK(wrong == 0);
  TestNoise noise(F::kModulus[0]);
  // The last three are in no use.
  constexpr bool kUsed =
      !std::is_same_v<F, Mont<PrimeK1>> && !std::is_same_v<F, Mont<PrimeP256>> && !std::is_same_v<F, Mont<Prime25519>>;
  constexpr int kRounds = kUsed ? 4'000 : 1'000;
  for (int i = 0; i < kRounds; ++i) {
    const bool smooth = noise.below(2) == 0;
    const auto a = smooth ? noise.words<n>() : noise.jagged<n>(), b = smooth ? noise.words<n>() : noise.jagged<n>();
    wrong += agrees<F>(a, b) ? 0 : 1;
    if (i % 8 == 0) wrong += inverts<F>(a) ? 0 : 1;
  }
  CHECK(wrong == 0);
}

TEST_CASE_TEMPLATE("prime fields: 100000 random products", F, Fe256k1, FieldP256, FieldSm2, Mont<OrderK1>,
                   Mont<OrderP256>, Mont<OrderSm2>, Mont<PrimeP384>, Mont<OrderP384>) {
  constexpr usize n = F::kModulus.size();
  TestNoise noise(7);
  usize wrong = 0;
  auto a = noise.words<n>();
  for (int i = 0; i < 100'000; ++i) {
    const auto b = i % 2 == 0 ? noise.words<n>() : noise.jagged<n>();
    F r;
    F::mul(r, element<F>(a), element<F>(b));
    const auto product = (SlowInt(a) * SlowInt(b)).mod(F::kModulus);
    wrong += F::to_words(r) == product ? 0 : 1;
    a = i % 3 == 0 ? noise.jagged<n>() : product;
  }
  CHECK(wrong == 0);
}

TEST_CASE_TEMPLATE("prime fields refuse what is not below the modulus", F, Fe256k1, FieldP256, FieldSm2, Mont<OrderK1>,
                   Mont<PrimeP256>, Mont<PrimeP384>) {
  for (const auto& a : limb_patterns(F::kModulus)) {
    F r;
    CHECK(F::from_words(r, a) == less_words(a, F::kModulus));
  }
}

TEST_CASE_TEMPLATE("scalars take all their bits modulo the order", P, OrderK1, OrderP256, OrderSm2, OrderP384) {
  TestNoise noise(3);
  auto values = limb_patterns(P::kModulus);
  for (int i = 0; i < 1000; ++i) values.push_back(noise.jagged<P::kModulus.size()>());
  for (const auto& a : values) {
    const auto reduced = Mont<P>::to_words(Mont<P>::from_words_reduced(a));
    CHECK(reduced == SlowInt(a).mod(P::kModulus));
  }
}

TEST_CASE_TEMPLATE("lazy fields: sums up to the limit of a product", F, Fe256k1, FieldP256, FieldSm2) {
  // Magnitudes m and 64 / m, built from the largest limbs that a carried element can have.
  TestNoise noise(5);
  usize wrong = 0;
  for (const u32 m : {1u, 2u, 3u, 4u, 6u, 8u, 16u, 32u}) {
    for (int i = 0; i < 400; ++i) {
      const Words wa = noise.jagged(), wb = i % 2 == 0 ? noise.jagged() : Words{~u64{0}, ~u64{0}, ~u64{0}, ~u64{0}};
      F a = element<F>(wa), b = element<F>(wb), sum_a = a, sum_b = b, r;
      const u32 n = 64 / m < 32 ? 64 / m : 32;
      // Negations give limbs near the bound of their magnitude, sums of one element all the same limbs.
      F::neg(a, a, 1);
      F::neg(a, a, 2);
      F::carry(a);
      for (u32 k = 1; k < m; ++k) F::add(sum_a, sum_a, a);
      F::mul_int(sum_b, b, n);
      F::mul(r, sum_a, sum_b);
      const Words times_m = {m, 0, 0, 0}, times_n = {n, 0, 0, 0};
      const Words left = (SlowInt(wa) * SlowInt(times_m)).mod(F::kModulus);
      const Words right = (SlowInt(wb) * SlowInt(times_n)).mod(F::kModulus);
      wrong += F::to_words(r) == (SlowInt(left) * SlowInt(right)).mod(F::kModulus) ? 0 : 1;
      if (m <= 8) {
        F::sqr(r, sum_a);
        wrong += F::to_words(r) == (SlowInt(left) * SlowInt(left)).mod(F::kModulus) ? 0 : 1;
      }
      wrong += F::to_words(sum_a) == left ? 0 : 1;
      F::half(r, sum_a);
      F::carry(r);
      F::add(r, r, r);
      wrong += F::to_words(r) == left ? 0 : 1;
    }
  }
  CHECK(wrong == 0);
}

TEST_CASE_TEMPLATE("lazy fields: zero is found in every lazy form of it", F, Fe256k1, FieldP256, FieldSm2) {
  TestNoise noise(11);
  for (u32 m = 1; m <= 14; ++m) {
    F a = element<F>(noise.words()), t;
    F::mul_int(a, a, m);
    F::neg(t, a, m);
    F::add(t, t, a);  // a multiple of p, never the number 0
    CHECK(F::is_zero(t));
    F::add(t, t, F::one());
    CHECK_FALSE(F::is_zero(t));
    CHECK(F::equal(t, F::one()));
  }
}

TEST_CASE_TEMPLATE("square roots", F, Fe256k1, FieldP256, FieldSm2, Mont<PrimeK1>, Mont<PrimeP384>) {
  TestNoise noise(13);
  for (int i = 0; i < 60; ++i) {
    F a = element<F>(noise.words<F::kModulus.size()>()), square, root, t;
    F::sqr(square, a);
    REQUIRE(F::sqrt(root, square));
    F::sqr(t, root);
    CHECK(F::equal(t, square));
    // -1 is no square when p = 3 mod 4, so the negative of a square is none.
    F::neg(t, square, 1);
    CHECK_FALSE(F::sqrt(root, t));
  }
}

TEST_CASE_TEMPLATE("shared inversions", F, Fe256k1, FieldP256, Mont<OrderK1>, Mont<OrderP384>) {
  TestNoise noise(17);
  for (const usize count : {usize{0}, usize{1}, usize{2}, usize{33}}) {
    std::vector<F> values, scratch(count), before;
    for (usize i = 0; i < count; ++i) values.push_back(element<F>(noise.words<F::kModulus.size()>()));
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
