// secp256k1: its endomorphism and scalar splitting, and keys at the edge of the field. What holds for every curve is in
// curve/prime_curves_test.cpp.
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
