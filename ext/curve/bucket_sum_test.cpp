// Points from their x and sums over many points of secp256k1, on every tier that runs here and emulated, against the
// scalar code: every width and number of terms around a vector, digits at their ends, terms that repeat, cancel and
// add up to one another, and what happens when the offset is known.
#include "curve/bucket_sum.hpp"

#include <doctest/doctest.h>

#include <vector>

#include "cpu/features.hpp"
#include "curve/decode.hpp"

#define ISTHMUS_TIER emulated
#define ISTHMUS_FE52 Fe52Plain<4>
#include "curve/bucket_sum_kernel.inl"

namespace isthmus::curve {
namespace {

using C = Secp256k1;
using F = C::Field;
using Scalar = C::Scalar;
using Point = Jacobian<C>;
using field::Words;

struct Tier {
  const char* name;
  const BucketKernel* kernel;
};

std::vector<Tier> tiers() {
  std::vector<Tier> out = {{"emulated", &emulated::bucket_sum}};
#if defined(__x86_64__)
  const u32 have = cpu::features().hardware & ~cpu::features().cleared;
  if ((have & cpu::kWide256) == cpu::kWide256) out.push_back({"avx2", &avx2::bucket_sum});
  if ((have & cpu::kWide512) == cpu::kWide512) out.push_back({"avx512", &avx512::bucket_sum});
  if ((have & (cpu::kWide512 | cpu::kIfma)) == (cpu::kWide512 | cpu::kIfma)) out.push_back({"ifma", &ifma::bucket_sum});
#elif defined(__aarch64__)
  out.push_back({"neon", &neon::bucket_sum});
#endif
  return out;
}

struct Noise {
  u64 state = 1;
  u64 next() {
    state += 0x9E3779B97F4A7C15;
    u64 z = state;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
    return z ^ (z >> 31);
  }
  Words words() { return {next(), next(), next(), next()}; }
};

const Affine<C> kGenerator = {F::from_constant(C::kGeneratorX), F::from_constant(C::kGeneratorY)};

Affine<C> affine(const Point& p) {
  F inverse;
  F::invert(inverse, p.z);
  Affine<C> r;
  to_affine(r, p, inverse);
  return r;
}

bool same_point(const Point& a, const Point& b) {
  if (a.infinity || b.infinity) return a.infinity == b.infinity;
  Point difference;
  negate(difference, b);
  add(difference, difference, a);
  return difference.infinity;
}

// Points with even y whose multiples d of G are known.
struct KnownPoint {
  Words x;
  Scalar d;
};
KnownPoint known_point(const Words& d) {
  KnownPoint out = {{}, Scalar::from_words_reduced(d)};
  const Affine<C> p = affine(multiply_plain<C>(Scalar::to_words(out.d), kGenerator));
  if (F::is_odd(p.y)) Scalar::neg(out.d, out.d);
  out.x = F::to_words(p.x);
  return out;
}

std::vector<LiftedPoint> lift_all(const BucketSum& lanes, const std::vector<KnownPoint>& points) {
  std::vector<LiftedPoint> out(points.size());
  const std::unique_ptr<u64[][4]> xs(new u64[points.size() + 1][4]);
  for (usize i = 0; i < points.size(); ++i) memcpy(xs[i], points[i].x.data(), sizeof xs[i]);
  lanes.lift(out.data(), {xs.get(), points.size()});
  for (const LiftedPoint& point : out) REQUIRE(point.is_point == ~u64{0});
  return out;
}

// Terms of points by number, and what they come to as a multiple of G.
struct Terms {
  const std::vector<KnownPoint>& points;
  std::vector<LiftedPoint> lifted;
  std::vector<BucketTerm> terms = {};
  Scalar total = Scalar::zero();

  Terms(const BucketSum& lanes, const std::vector<KnownPoint>& known) : points(known), lifted(lift_all(lanes, known)) {}

  void add(usize point, const u64 (&k)[2], const u64 (&l)[2], u8 negative, bool half) {
    terms.push_back({&lifted[point], {{k[0], k[1]}, {l[0], l[1]}}, negative, half});
    Scalar first = Scalar::from_constant({k[0], k[1], 0, 0}), second = Scalar::from_constant({l[0], l[1], 0, 0});
    if ((negative & 1) != 0) Scalar::neg(first, first);
    if ((negative & 2) != 0) Scalar::neg(second, second);
    Scalar::mul(second, second, Scalar::from_constant(C::kLambda));
    Scalar::add(first, first, second);
    Scalar::mul(first, first, points[point].d);
    Scalar::add(total, total, first);
  }
  // base G + the terms.
  Point expected(const Words& base) const {
    Scalar all;
    Scalar::add(all, total, Scalar::from_constant(base));
    return multiply_plain<C>(Scalar::to_words(all), kGenerator);
  }
};

// Parts at the ends of digits and ranges, and any.
void make_part(u64 (&out)[2], Noise& noise, bool half) {
  constexpr u64 kBytes = 0x0101010101010101;
  const u64 kind = noise.next() % 8;
  const u64 both = kind == 0 ? 0 : kind == 1 ? 0x80 * kBytes : kind == 2 ? 0x7F * kBytes : kind == 3 ? ~u64{0} : 1;
  out[0] = kind < 5 ? both : noise.next();
  out[1] = kind < 5 ? both : noise.next();
  if (kind == 4) out[1] = (kBucketPartTop << 56) - 1;
  if (!half) {
    while (out[1] >= kBucketPartTop << 56) out[1] >>= 1;
    return;
  }
  out[1] = 0;
  if (out[0] > u64{1} << 63) out[0] = kind == 3 ? u64{1} << 63 : out[0] >> 1;
}

const BucketOffset& some_offset() {
  static const BucketOffset offset({0x452821E638D01377, 0xBE5466CF34E90C6C, 0xC0AC29B7C97C50DD, 0x3F84D5B5B5470917});
  return offset;
}

std::vector<KnownPoint> many_points(usize count, Noise& noise) {
  std::vector<KnownPoint> out;
  for (usize i = 0; i < count; ++i) out.push_back(known_point(noise.words()));
  return out;
}

}  // namespace

TEST_CASE("bucket sums: points from their x as the scalar code finds them") {
  for (const Tier& tier : tiers()) {
    CAPTURE(tier.name);
    const BucketSum lanes(*tier.kernel, some_offset());
    Noise noise;
    for (usize count = 0; count <= 2 * 8 + 1; ++count) {
      u64 xs[17][4];
      for (usize i = 0; i < count; ++i) {
        Words x = noise.words();
        if (i % 3 == 1) x = {noise.next() % 8, 0, 0, 0};
        if (i % 3 == 2) field::sub_words(x, F::kModulus, {1 + noise.next() % 8, 0, 0, 0});
        if (!field::less_words(x, F::kModulus)) x = {};
        memcpy(xs[i], x.data(), sizeof xs[i]);
      }
      LiftedPoint out[18];
      out[count].is_point = 77;
      lanes.lift(out, {xs, count});
      CHECK(out[count].is_point == 77);
      for (usize i = 0; i < count; ++i) {
        Affine<C> point, minus;
        const bool exists = lift_x(point, {xs[i][0], xs[i][1], xs[i][2], xs[i][3]}, false);
        REQUIRE(out[i].is_point == (exists ? ~u64{0} : 0));
        if (!exists) continue;
        F image;
        F::mul(image, point.x, C::beta());
        negate(minus, point);
        REQUIRE(words_of(out[i].x) == F::to_words(point.x));
        REQUIRE(words_of(out[i].y) == F::to_words(point.y));
        REQUIRE(words_of(out[i].minus_y) == F::to_words(minus.y));
        REQUIRE(words_of(out[i].image_x) == F::to_words(image));
      }
    }
  }
}

TEST_CASE("bucket sums: every width, numbers of terms around a vector, digits at their ends") {
  Noise noise;
  const std::vector<KnownPoint> points = many_points(40, noise);
  for (const Tier& tier : tiers()) {
    CAPTURE(tier.name);
    const BucketSum lanes(*tier.kernel, some_offset());
    for (u32 width = 0; width <= kBucketWidthMax; width = width == 0 ? kBucketWidthMin : width + 1) {
      CAPTURE(width);
      for (const usize count : {0, 1, 2, 7, 8, 9, 40}) {
        Terms terms(lanes, points);
        for (usize i = 0; i < count; ++i) {
          u64 k[2], l[2];
          const bool half = noise.next() % 2 == 0;
          make_part(k, noise, half);
          make_part(l, noise, half);
          terms.add(i, k, l, static_cast<u8>(noise.next() % 4), half);
        }
        const Words base = count % 2 == 0 ? Words{} : Words{noise.next(), noise.next(), noise.next(), 1};
        Point sum;
        REQUIRE(lanes.sum(sum, base, terms.terms, width));
        REQUIRE(same_point(sum, terms.expected(base)));
      }
    }
  }
}

TEST_CASE("bucket sums: terms that repeat, cancel and add up to one another are no special case") {
  // d = 1, 2, ..., 12: the points are each other's sums and differences, G is one of them, and equal parts make them
  // meet in the same buckets.
  std::vector<KnownPoint> points;
  for (u64 d = 1; d <= 12; ++d) points.push_back(known_point({d, 0, 0, 0}));
  Noise noise;
  for (const Tier& tier : tiers()) {
    CAPTURE(tier.name);
    const BucketSum lanes(*tier.kernel, some_offset());
    for (const u32 width : {4, 6, 8}) {
      Terms terms(lanes, points);
      for (usize i = 0; i < 200; ++i) {
        const u64 part[2] = {1 + i % 3, i % 5 == 0 ? u64{1} << 40 : 0};
        terms.add(i % 12, part, part, static_cast<u8>(noise.next() % 4), part[1] == 0);
      }
      Point sum;
      REQUIRE(lanes.sum(sum, {5, 0, 0, 0}, terms.terms, width));
      REQUIRE(same_point(sum, terms.expected({5, 0, 0, 0})));
    }
    // All terms there may be, of one point, and each with its negative: infinity.
    Terms terms(lanes, points);
    for (usize i = 0; i < kBucketTermsMax; ++i) terms.add(3, {i / 2, 7}, {9, i / 2}, i % 2 == 0 ? 0 : 3, false);
    Point sum;
    REQUIRE(lanes.sum(sum, {}, terms.terms));
    REQUIRE(sum.infinity);
  }
}

TEST_CASE("bucket sums: with an offset that is known special cases are noticed, never answered wrongly") {
  std::vector<KnownPoint> points;
  for (u64 d = 1; d <= 6; ++d) points.push_back(known_point({d, 0, 0, 0}));
  Noise noise;
  for (const Tier& tier : tiers()) {
    CAPTURE(tier.name);
    usize unknown = 0, total = 0;
    for (u64 t = 1; t <= 4; ++t) {
      const BucketOffset offset({t, 0, 0, 0});
      const BucketSum lanes(*tier.kernel, offset);
      Terms terms(lanes, points);
      for (usize i = 0; i < 24; ++i, ++total) {
        terms.add(noise.next() % 6, {noise.next() % 20, 0}, {0, 0}, static_cast<u8>(noise.next() % 2), i % 2 == 0);
        Point sum;
        if (!lanes.sum(sum, {i, 0, 0, 0}, terms.terms, i % 4 == 0 ? 5 : 4)) {
          ++unknown;
        } else {
          REQUIRE(same_point(sum, terms.expected({i, 0, 0, 0})));
        }
      }
    }
    CHECK(unknown > 0);
  }
}

TEST_CASE("bucket sums: the process has an offset of its own, always the same") {
  const BucketOffset* const offset = BucketOffset::secret();
  REQUIRE(offset != nullptr);
  CHECK(offset == BucketOffset::secret());
  CHECK_FALSE(Scalar::is_zero(offset->scalar));
  CHECK_FALSE(Scalar::equal(offset->scalar, some_offset().scalar));
}

}  // namespace isthmus::curve
