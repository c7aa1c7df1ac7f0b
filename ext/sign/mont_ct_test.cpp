// sign/mont_ct.hpp against slow big integers: every pair of limb patterns, then 10^5 random and jagged pairs.
#include "sign/mont_ct.hpp"

#include <doctest/doctest.h>

#include <new>

#include "field/slow_int_test.hpp"
#include "sign/sm2_point_ct.hpp"
#include "sign/wipe.hpp"

namespace isthmus::sign {
namespace {

using field::SlowInt;
using field::TestNoise;

// One pair through every operation.
template <class F>
bool agrees(const Words& left, const Words& right) {
  const Words& m = F::kModulus;
  const SlowInt a(left), b(right);
  const F x = F::from_words(left), y = F::from_words(right);
  const Words ra = a.mod(m), rb = b.mod(m);
  F chosen = x;
  bool good = x.to_words() == ra && y.to_words() == rb;
  good = good && (x * y).to_words() == (a * b).mod(m);
  good = good && (x * x).to_words() == (a * a).mod(m);
  good = good && (x + y).to_words() == (a + b).mod(m);
  good = good && ((x - y) + y).to_words() == ra && SlowInt((x - y).to_words()).mod(m) == (x - y).to_words();
  good = good && x.is_zero() == (field::is_zero_words(ra) ? 1 : 0);
  good = good && less_ct(left, right) == (field::less_words(left, right) ? 1 : 0);
  chosen.select(y, mask_ct(0));
  good = good && chosen.to_words() == ra;
  chosen.select(y, mask_ct(1));
  return good && chosen.to_words() == rb;
}

template <class F>
bool inverts(const Words& a) {
  const F x = F::from_words(a);
  return (x * x.inverse()).to_words() == Words{1 - x.is_zero(), 0, 0, 0};
}

}  // namespace

TEST_CASE_TEMPLATE("sign: constant-time fields equal slow integers", F, FeSm2, ScSm2) {
  const std::vector<Words> patterns = field::limb_patterns(F::kModulus);
  usize wrong = 0;
  for (const Words& a : patterns) {
    wrong += inverts<F>(a) ? 0 : 1;
    for (const Words& b : patterns) wrong += agrees<F>(a, b) ? 0 : 1;
  }
  CHECK(wrong == 0);
  TestNoise noise(F::kModulus[0]);
  for (int i = 0; i < 100'000; ++i) {
    const bool smooth = i % 2 == 0;
    const Words a = smooth ? noise.words() : noise.jagged(), b = smooth ? noise.words() : noise.jagged();
    wrong += agrees<F>(a, b) ? 0 : 1;
    if (i % 32 == 0) wrong += inverts<F>(a) ? 0 : 1;
  }
  CHECK(wrong == 0);
}

TEST_CASE_TEMPLATE("sign: constants in Montgomery form", F, FeSm2, ScSm2) {
  TestNoise noise(23);
  CHECK(F::one().to_words() == Words{1, 0, 0, 0});
  CHECK(F().is_zero() == 1);
  for (int i = 0; i < 100; ++i) {
    const Words a = SlowInt(noise.jagged()).mod(F::kModulus);
    CHECK(F::from_constant(a).to_words() == a);
  }
}

TEST_CASE("sign: an object that held a secret is zero when its scope ends") {
  alignas(16) unsigned char room[sizeof(Wiped<u64[5]>)];
  auto* held = new (room) Wiped<u64[5]>;
  for (u64& word : **held) word = 0x5a5a5a5a5a5a5a5a;
  const volatile unsigned char* seen = room;
  CHECK(seen[0] == 0x5a);
  held->~Wiped();
  unsigned left = 0;
  for (usize i = 0; i < sizeof(room); ++i) left |= seen[i];
  CHECK(left == 0);
}

}  // namespace isthmus::sign
