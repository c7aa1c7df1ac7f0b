// The lanes of edwards25519 on every tier that runs here, and emulated: field operations against slow arithmetic,
// decoding, sums and rows against the scalar code.
#include "curve/ed25519_lanes.hpp"

#include <doctest/doctest.h>

#include <cstdlib>
#include <string>
#include <vector>

#include "cpu/features.hpp"
#include "curve/ed25519_sum.hpp"
#include "field/fe25519_chains.hpp"
#include "field/fe25519_reference_test.hpp"
#include "field/sc25519.hpp"

#define ISTHMUS_TIER emulated
#define ISTHMUS_FE52 Fe52Plain<3>
#include "curve/ed25519_kernel.inl"

namespace isthmus::curve {
namespace {

using field::Fe25519;
using field::Sc25519;
using field::SlowFe;
using field::TestRandom;

struct Tier {
  const char* name;
  const Ed25519Kernel* kernel;
};

std::vector<Tier> tiers() {
  std::vector<Tier> out = {{"emulated", &emulated::ed25519}};
#if defined(__x86_64__)
  const u32 have = cpu::features().hardware & ~cpu::features().cleared;
  if ((have & cpu::kWide256) == cpu::kWide256) out.push_back({"avx2", &avx2::ed25519});
  if ((have & cpu::kWide512) == cpu::kWide512) out.push_back({"avx512", &avx512::ed25519});
  if ((have & (cpu::kWide512 | cpu::kIfma)) == (cpu::kWide512 | cpu::kIfma)) out.push_back({"ifma", &ifma::ed25519});
#elif defined(__aarch64__)
  out.push_back({"neon", &neon::ed25519});
#endif
  return out;
}

// Pairs of operands; ISTHMUS_TEST_ROUNDS asks for more in long runs.
usize pair_count() {
  const char* rounds = std::getenv("ISTHMUS_TEST_ROUNDS");
  return rounds != nullptr ? std::strtoull(rounds, nullptr, 10) : 17000;
}

// Limbs at the ends of their range, around 2^51 and with long runs of ones more often than by chance.
Fe25519 jagged(TestRandom& random) {
  constexpr u64 kTight = (u64{1} << 51) + (u64{1} << 16);
  Fe25519 out;
  for (u64& limb : out.limb) {
    const u64 any = random.next();
    switch (random.below(8)) {
      case 0:
        limb = 0;
        break;
      case 1:
        limb = kTight - 1;
        break;
      case 2:
        limb = (u64{1} << 51) - 1 - (any & 31);
        break;
      case 3:
        limb = (u64{1} << 51) + (any & 31);
        break;
      case 4:
        limb = (~u64{0} << random.below(51)) & ((u64{1} << 51) - 1);
        break;
      default:
        limb = any % kTight;
    }
  }
  return out;
}

SlowFe slow_result(const SlowFe& a, const SlowFe& b, Ed25519FieldOperation operation) {
  switch (operation) {
    case Ed25519FieldOperation::multiply:
      return a * b;
    case Ed25519FieldOperation::square:
      return a * a;
    case Ed25519FieldOperation::add:
      return a + b;
    case Ed25519FieldOperation::subtract:
      return a - b;
    case Ed25519FieldOperation::negate:
      return SlowFe() - a;
    case Ed25519FieldOperation::sum_wide:
      return a * b + a * a - b * b;
  }
  return a;
}

TEST_CASE("ed25519 lanes: field operations on every tier equal slow arithmetic") {
  using Limbs = u64[5];
  constexpr usize kBlock = 61;  // no whole number of vectors
  TestRandom random(21);
  u64 wrong = 0;
  for (usize done = 0; done < pair_count(); done += kBlock) {
    Limbs a[kBlock], b[kBlock], out[kBlock];
    SlowFe slow_a[kBlock], slow_b[kBlock];
    for (usize i = 0; i < kBlock; ++i) {
      const Fe25519 left = jagged(random), right = jagged(random);
      memcpy(a[i], left.limb, sizeof a[i]);
      memcpy(b[i], right.limb, sizeof b[i]);
      slow_a[i] = SlowFe::from_limbs(left);
      slow_b[i] = SlowFe::from_limbs(right);
    }
    for (u8 number = 0; number <= static_cast<u8>(Ed25519FieldOperation::sum_wide); ++number) {
      const Ed25519FieldOperation operation{number};
      u8 expected[kBlock][32];
      for (usize i = 0; i < kBlock; ++i) slow_result(slow_a[i], slow_b[i], operation).to_bytes(expected[i]);
      for (const Tier& tier : tiers()) {
        tier.kernel->field(out, a, b, kBlock, operation);
        for (usize i = 0; i < kBlock; ++i) {
          const Fe25519 want = field::from_bytes(expected[i]);
          wrong += memcmp(want.limb, out[i], sizeof out[i]) != 0 ? 1 : 0;
        }
      }
    }
  }
  CHECK(wrong == 0);
}

// ---- points ----

Ed25519Encoding encoded(const Ed25519Point& p) {
  Ed25519Encoding out;
  u8 bytes[32];
  encode_ed25519(bytes, to_projective(p), field::invert(p.Z));
  memcpy(out.word, bytes, sizeof bytes);
  return out;
}

// False iff there is no point.
bool decoded(Ed25519Point& out, const Ed25519Encoding& encoding) {
  u8 bytes[32];
  memcpy(bytes, encoding.word, sizeof bytes);
  return decode_ed25519(out, bytes, PointRule::zip215);
}

bool same(const Ed25519Point& p, const Ed25519Point& q) {
  return is_identity(to_projective(minus(p, to_cached(q, kEd25519D2))));
}

Ed25519Point sum_of(const Ed25519Point& p, const Ed25519Point& q) {
  return to_extended(plus(p, to_cached(q, kEd25519D2)));
}

Ed25519Point point_of(const Ed25519Row& row) {
  Affine<Fe25519> affine;
  memcpy(affine.sum.limb, row.sum, sizeof row.sum);
  memcpy(affine.difference.limb, row.difference, sizeof row.difference);
  memcpy(affine.xy2d.limb, row.xy2d, sizeof row.xy2d);
  return to_extended(plus(kEd25519Identity, affine));
}

// All small orders, points of order L and 8 L, then random ones.
std::vector<Ed25519Point> structured_points(usize count, TestRandom& random) {
  const Ed25519Encoding order8 = {{0x4fd84d3d706a17c7, 0x670d760d0b3cba3c, 0xcc9c2cfa53202a0f, 0x7a03ac9277fdc74e}};
  Ed25519Point torsion;
  REQUIRE(decoded(torsion, order8));
  std::vector<Ed25519Point> out = {kEd25519Identity};
  for (int i = 1; i < 8; ++i) out.push_back(sum_of(out.back(), torsion));
  while (out.size() < count) {
    Sc25519 c = {{random.below(4), 0, 0, 0}};
    if (random.below(3) != 0) {
      u8 bytes[64];
      random.fill(bytes, sizeof bytes);
      c = field::sc_reduce(bytes);
    }
    Ed25519Sum sum;
    sum.add_base(c);
    out.push_back(sum_of(to_extended(sum.total()), out[random.below(8)]));
  }
  return out;
}

Sc25519 structured_scalar(TestRandom& random) {
  u8 bytes[64];
  random.fill(bytes, sizeof bytes);
  switch (random.below(8)) {
    case 0:
      return field::kSc25519Zero;
    case 1:
      return {{random.below(300), 0, 0, 0}};
    case 2:
      return field::sc_neg({{1 + random.below(300), 0, 0, 0}});
    case 3:
      return {{0x8888888888888888, 0x8888888888888888, 0x8888888888888888, 0x0888888888888888}};
    case 4:
      return {{~u64{0}, ~u64{0}, ~u64{0}, 0x0fffffffffffffff}};
    case 5:
      return {{0x8080808080808080, 0x7f7f7f7f7f7f7f7f, 0x8080808080808080, 0x0080808080808080}};
    default:
      return field::sc_reduce(bytes);
  }
}

TEST_CASE("ed25519 lanes: decoding equals the scalar code for points, other encodings and bytes that are none") {
  TestRandom random(22);
  std::vector<Ed25519Encoding> all;
  for (const Ed25519Point& p : structured_points(40, random)) {
    all.push_back(encoded(p));
    all.push_back(all.back());
    all.back().word[3] ^= u64{1} << 63;
  }
  for (u64 low = 0; low < 40; ++low) {
    all.push_back({{low, 0, 0, low << 63}});
    all.push_back({{~u64{0} - low, ~u64{0}, ~u64{0}, ~u64{0} ^ low << 63}});
  }
  for (int i = 0; i < 100; ++i) all.push_back({{random.next(), random.next(), random.next(), random.next()}});
  for (const Tier& tier : tiers()) {
    CAPTURE(std::string(tier.name));
    const Ed25519Lanes lanes(*tier.kernel);
    for (const usize count : {usize{0}, usize{1}, usize{7}, usize{8}, usize{9}, usize{17}, all.size()}) {
      std::vector<Ed25519Row> rows(count + 1);
      rows[count].is_point = 0x55;
      lanes.decode(rows.data(), {all.data(), count});
      CHECK(rows[count].is_point == 0x55);
      for (usize i = 0; i < count; ++i) {
        Ed25519Point p;
        const bool is_point = decoded(p, all[i]);
        REQUIRE((rows[i].is_point != 0) == is_point);
        if (is_point) CHECK(same(point_of(rows[i]), p));
      }
    }
  }
}

// u - 0x8080...80 as two's complement, with ends of the range among them; the scalar it equals modulo L.
Sc25519 half_factor(Ed25519Term& term, TestRandom& random) {
  const u64 bias = 0x8080808080808080;
  u64 u[2] = {random.next(), random.next()};
  const u32 kind = random.below(5);
  if (kind < 2) u[0] = u[1] = kind == 0 ? 0 : ~u64{0};
  if (kind == 2) u[1] = bias;
  const u64 borrow = u[0] < bias ? 1 : 0;
  term.half = true;
  term.factor[0] = u[0] - bias;
  term.factor[1] = u[1] - bias - borrow;
  const bool negative = u[1] < bias || (u[1] == bias && borrow == 1);
  term.factor[2] = term.factor[3] = negative ? ~u64{0} : 0;
  return sc_add({{u[0], u[1], 0, 0}}, field::sc_neg({{bias, bias, 0, 0}}));
}

TEST_CASE("ed25519 lanes: sums with every width equal the scalar code") {
  TestRandom random(23);
  for (const usize count : {0, 1, 2, 7, 16, 33, 60}) {
    std::vector<Ed25519Encoding> encodings;
    std::vector<Ed25519Table> tables(count);
    const std::vector<Ed25519Point> points = structured_points(count + 8, random);
    for (usize i = 0; i < count; ++i) {
      const Ed25519Point& p = points[i < count / 2 ? i : random.below(static_cast<u32>(count))];
      encodings.push_back(encoded(p));
      tables[i].fill(p);
    }
    std::vector<Ed25519Row> rows(count);
    std::vector<Ed25519Term> terms(count);
    Ed25519Sum sum;
    for (usize i = 0; i < count; ++i) {
      terms[i].point = &rows[i];
      if (random.below(2) == 0) {
        const Sc25519 factor = half_factor(terms[i], random);
        // As an integer, not modulo L: points of mixed order tell the difference.
        const bool negative = terms[i].factor[3] != 0;
        const Sc25519 magnitude = negative ? field::sc_neg(factor) : factor;
        negative ? sum.take_term(magnitude, tables[i]) : sum.add_term(magnitude, tables[i]);
      } else {
        const Sc25519 factor = structured_scalar(random);
        terms[i].half = false;
        memcpy(terms[i].factor, factor.word, sizeof factor.word);
        sum.add_term(factor, tables[i]);
      }
    }
    const Ed25519Point expected = to_extended(sum.total());
    for (const Tier& tier : tiers()) {
      CAPTURE(std::string(tier.name));
      const Ed25519Lanes lanes(*tier.kernel);
      lanes.decode(rows.data(), encodings);
      for (const u32 width : {0, 4, 5, 6, 7, 8}) {
        CAPTURE(width);
        CHECK(same(lanes.sum(terms, width), expected));
      }
    }
  }
}

TEST_CASE("ed25519 lanes: rows equal the scalar code") {
  TestRandom random(24);
  const std::vector<Ed25519Point> points = structured_points(140, random);
  std::vector<Ed25519Encoding> encodings;
  for (const Ed25519Point& p : points) encodings.push_back(encoded(p));
  std::vector<Ed25519Row> rows(points.size());
  std::vector<Ed25519Product> products(points.size());
  std::vector<Ed25519Encoding> expected;
  Ed25519Sum sum;
  for (usize i = 0; i < points.size(); ++i) {
    const Sc25519 base = structured_scalar(random), factor = structured_scalar(random);
    products[i].point = &rows[i];
    memcpy(products[i].base, base.word, sizeof base.word);
    memcpy(products[i].factor, factor.word, sizeof factor.word);
    Ed25519Table table;
    table.fill(points[i]);
    sum.clear();
    sum.add_base(base);
    sum.take_term(factor, table);
    expected.push_back(encoded(to_extended(sum.total())));
  }
  for (const Tier& tier : tiers()) {
    CAPTURE(std::string(tier.name));
    const Ed25519Lanes lanes(*tier.kernel);
    lanes.decode(rows.data(), encodings);
    for (const usize count : {usize{0}, usize{1}, usize{5}, usize{8}, usize{9}, points.size()}) {
      std::vector<Ed25519Encoding> out(count);
      lanes.products(out.data(), {products.data(), count});
      for (usize i = 0; i < count; ++i) CHECK(memcmp(out[i].word, expected[i].word, 32) == 0);
    }
  }
}

TEST_CASE("ed25519 lanes: the dispatched kernel exists where the machine has lanes") {
  CHECK((Ed25519Lanes::count_min() != 0) == (tiers().size() > 1));
  CHECK(same(point_of(Ed25519Lanes::base_point()), to_extended(plus(kEd25519Identity, kEd25519BaseTable[0]))));
}

}  // namespace
}  // namespace isthmus::curve
