// a G + b P in lanes, tier by tier, against plain doubling and adding: random rows, rows of every special kind, all
// small multiples, every number of rows around a vector.
#include <doctest/doctest.h>

#include <cstdlib>
#include <memory>
#include <vector>

#include "curve/comb.hpp"
#include "curve/multiply_report.hpp"
#include "curve/p256.hpp"
#include "curve/secp256k1.hpp"
#include "curve/sm2.hpp"
#include "curve/weierstrass.hpp"

namespace isthmus::curve {
namespace {

using field::Words;

constexpr const char* kTiers[] = {"ifma", "avx512", "avx2"};

struct Noise {
  u64 state = 1;
  u64 next() {
    state += 0x9E3779B97F4A7C15;
    u64 z = state;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
    return z ^ (z >> 31);
  }
};

template <class C>
Affine<C> generator() {
  using F = typename C::Field;
  return {F::from_constant(C::kGeneratorX), F::from_constant(C::kGeneratorY)};
}

template <class C>
Affine<C> affine(const Jacobian<C>& p) {
  typename C::Field inverse;
  C::Field::invert(inverse, p.z);
  Affine<C> r;
  to_affine(r, p, inverse);
  return r;
}

// A row, and its two scalars as signed sums: what it must come to.
template <class C>
struct Case {
  MultiplyRow row = {};
  Jacobian<C> sum;
  bool on_curve = true;
};

void copy(u64 (&out)[4], const Words& words) { memcpy(out, words.data(), sizeof out); }

// k as the row's parts of b: itself, or with an endomorphism k = part 0, and part 1 a multiple of lambda of its own.
template <class C>
Case<C> make_case(const Affine<C>& key, PointForm form, const Words& a, const Words& b0, const Words& b1, u8 negative) {
  using F = typename C::Field;
  Case<C> out;
  const Words x = F::to_words(key.x), y = F::to_words(key.y);
  copy(out.row.x, x);
  copy(out.row.y, y);
  copy(out.row.base, a);
  copy(out.row.part[0], b0);
  copy(out.row.part[1], b1);
  out.row.form = form == PointForm::full ? form : (y[0] & 1) != 0 ? PointForm::odd : PointForm::even;
  out.row.negative = negative;
  const auto signed_multiple = [&](const Words& k, const Affine<C>& p, u32 bit) {
    Jacobian<C> product = multiply_plain<C>(k, p);
    if ((negative >> bit & 1) != 0) negate(product, product);
    return product;
  };
  out.sum = signed_multiple(a, generator<C>(), 2);
  add(out.sum, out.sum, signed_multiple(b0, key, 0));
  if constexpr (C::kEndomorphism) {
    Affine<C> image = key;
    F::mul(image.x, key.x, C::beta());
    add(out.sum, out.sum, signed_multiple(b1, image, 1));
  }
  return out;
}

// Runs the cases and compares; returns how many were left unsettled.
template <class C>
usize run(MultiplyKernel kernel, LaneCurve curve, const std::vector<Case<C>>& cases) {
  const usize size = multiply_workspace_max();
  const std::unique_ptr<void, decltype(&std::free)> workspace(std::aligned_alloc(64, (size + 63) / 64 * 64),
                                                              &std::free);
  std::vector<MultiplyRow> rows;
  for (const Case<C>& each : cases) rows.push_back(each.row);
  std::vector<MultiplyResult> results(cases.size());
  usize unsettled = 0;
  for (usize first = 0; first < cases.size(); first += kMultiplyBlock) {
    const usize count = std::min(kMultiplyBlock, cases.size() - first);
    kernel(rows.data() + first, count, multiply_base_table(curve), results.data() + first, workspace.get());
  }
  for (usize i = 0; i < cases.size(); ++i) {
    CAPTURE(i);
    if (!cases[i].on_curve) {
      REQUIRE(results[i].state == SumState::no_point);
      continue;
    }
    REQUIRE(results[i].state != SumState::no_point);
    if (results[i].state == SumState::unsettled) {
      ++unsettled;
      continue;
    }
    REQUIRE_FALSE(cases[i].sum.infinity);
    const Affine<C> point = affine<C>(cases[i].sum);
    const Words x = C::Field::to_words(point.x), y = C::Field::to_words(point.y);
    REQUIRE(memcmp(x.data(), results[i].x, 32) == 0);
    REQUIRE(memcmp(y.data(), results[i].y, 32) == 0);
  }
  return unsettled;
}

template <class C>
Words random_part(Noise& noise) {
  if constexpr (C::kEndomorphism) return {noise.next(), noise.next(), 0, 0};
  return {noise.next(), noise.next(), noise.next(), noise.next() >> 1};
}

// Digits at their bounds: all nibbles of one value, and powers of two.
template <class C>
Words pattern_part(Noise& noise, usize kind) {
  Words out = {};
  const usize words = C::kEndomorphism ? 2 : 4;
  for (usize w = 0; w < words; ++w) out[w] = 0x1111111111111111 * (kind % 16);
  if (kind >= 16) {
    out = {};
    const usize bit = noise.next() % (C::kEndomorphism ? 128 : 255);
    out[bit / 64] = u64{1} << (bit % 64);
  }
  if (!C::kEndomorphism) out[3] &= ~u64{0} >> 1;
  return out;
}

template <class C>
std::vector<Case<C>> many_cases(usize count) {
  Noise noise;
  std::vector<Case<C>> cases;
  for (usize i = 0; i < count; ++i) {
    const Affine<C> key = affine<C>(multiply_plain<C>({noise.next(), noise.next(), noise.next(), 7}, generator<C>()));
    const bool patterns = i % 3 == 0;
    const Words a = patterns && !C::kEndomorphism ? pattern_part<C>(noise, noise.next() % 20)
                                                  : Words{noise.next(), noise.next(), noise.next(), noise.next() >> 1};
    const Words b0 = patterns ? pattern_part<C>(noise, noise.next() % 20) : random_part<C>(noise);
    const Words b1 = C::kEndomorphism ? random_part<C>(noise) : Words{};
    cases.push_back(make_case<C>(key, i % 2 == 0 ? PointForm::full : PointForm::even, a, b0, b1,
                                 static_cast<u8>(noise.next() % 8)));
    if (i % 11 == 5) {
      cases.back().row.y[0] ^= 4;
      cases.back().on_curve = cases.back().row.form != PointForm::full;
    }
  }
  return cases;
}

// Rows of several known keys mixed, every width, against plain multiplication; small numbers meet the special cases.
template <class C>
void check_combs(CombKernel kernel, LaneCurve curve) {
  using F = typename C::Field;
  const usize size = multiply_workspace_max();
  const std::unique_ptr<void, decltype(&std::free)> workspace(std::aligned_alloc(64, (size + 63) / 64 * 64),
                                                              &std::free);
  Noise noise;
  for (const u32 width : {5u, 7u}) {
    CAPTURE(width);
    std::vector<Affine<C>> keys;
    std::vector<std::vector<u64>> tables;
    for (u64 i = 0; i < 3; ++i) {
      const Words secret = i == 0 ? Words{2} : Words{noise.next(), noise.next(), noise.next(), 5};
      keys.push_back(affine<C>(multiply_plain<C>(secret, generator<C>())));
      tables.emplace_back(comb_words(width));
      write_comb(tables.back().data(), keys.back(), width);
    }
    std::vector<CombRow> rows;
    std::vector<Jacobian<C>> sums;
    for (usize i = 0; i < 120; ++i) {
      Words a = {noise.next(), noise.next(), noise.next(), noise.next() >> 1}, b = a;
      for (u64& word : b) word = noise.next();
      b[3] >>= 1;
      if (i % 4 == 1) a = b = {i % 7};
      if (i % 4 == 2) a = {~u64{0}, ~u64{0}, ~u64{0}, ~u64{0} >> 1};
      const u8 negative = static_cast<u8>(i % 8 & 5);
      const usize key = i % keys.size();
      CombRow row = {{}, {}, tables[key].data(), negative};
      copy(row.base, a);
      copy(row.part, b);
      rows.push_back(row);
      Jacobian<C> left = multiply_plain<C>(a, generator<C>()), right = multiply_plain<C>(b, keys[key]);
      if ((negative & 4) != 0) negate(left, left);
      if ((negative & 1) != 0) negate(right, right);
      add(left, left, right);
      sums.push_back(left);
    }
    usize unsettled = 0;
    for (usize count : {usize{1}, usize{7}, usize{9}, rows.size()}) {
      std::vector<MultiplyResult> results(count);
      kernel(rows.data(), count, width, base_comb(curve), results.data(), workspace.get());
      for (usize i = 0; i < count; ++i) {
        CAPTURE(i);
        if (results[i].state == SumState::unsettled) {
          ++unsettled;
          REQUIRE(i % 4 == 1);
          continue;
        }
        const Affine<C> point = affine<C>(sums[i]);
        REQUIRE(memcmp(F::to_words(point.x).data(), results[i].x, 32) == 0);
        REQUIRE(memcmp(F::to_words(point.y).data(), results[i].y, 32) == 0);
      }
    }
    CHECK(unsettled > 0);
  }
}

template <class C>
void check_curve(LaneCurve curve) {
  for (const char* tier : kTiers) {
    CAPTURE(tier);
    const MultiplyKernels kernels = named_multiply(curve, tier);
    if (kernels.multiply == nullptr) continue;
    const MultiplyKernel kernel = kernels.multiply;
    check_combs<C>(kernels.comb, curve);
    std::vector<Case<C>> cases = many_cases<C>(150);
    CHECK(run<C>(kernel, curve, cases) == 0);
    for (usize count = 1; count <= 17; ++count) {
      CHECK(run<C>(kernel, curve, std::vector<Case<C>>(cases.begin(), cases.begin() + count)) == 0);
    }
    // a G + b (j G) with small numbers of every sign meets all special cases: equal points, opposite points, infinity.
    // Whatever is settled must be right, and what has no special case must be settled.
    std::vector<Case<C>> small;
    for (u64 j = 1; j <= 3; ++j) {
      const Affine<C> key = affine<C>(multiply_plain<C>({j}, generator<C>()));
      for (u64 a = 0; a <= 10; ++a) {
        for (u64 b = 0; b <= 10; ++b) {
          for (u8 negative = 0; negative < 8; negative = static_cast<u8>(negative + 5)) {
            small.push_back(make_case<C>(key, PointForm::full, {a}, {b}, {}, negative));
          }
        }
      }
    }
    const usize unsettled = run<C>(kernel, curve, small);
    CHECK(unsettled > 0);
    CHECK(unsettled < small.size() / 4);
  }
}

}  // namespace

TEST_CASE("sums of multiples in lanes, secp256k1") { check_curve<Secp256k1>(LaneCurve::secp256k1); }
TEST_CASE("sums of multiples in lanes, P-256") { check_curve<P256>(LaneCurve::p256); }
TEST_CASE("sums of multiples in lanes, SM2") { check_curve<Sm2>(LaneCurve::sm2); }

}  // namespace isthmus::curve
