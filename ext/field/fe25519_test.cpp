// field/fe25519.hpp and its chains against SlowFe: limb patterns at the bounds of each range, then random
// ones.
#include "field/fe25519.hpp"

#include <doctest/doctest.h>

#include <vector>

#include "field/fe25519_chains.hpp"
#include "field/fe25519_reference_test.hpp"

namespace isthmus::field {
namespace {

bool same(const Fe25519& fast, const SlowFe& slow) {
  u8 left[32];
  u8 right[32];
  to_bytes(left, fast);
  slow.to_bytes(right);
  return memcmp(left, right, 32) == 0;
}

// Limbs that each range allows, worst first.
std::vector<u64> edge_limbs(u64 bound) {
  std::vector<u64> limbs = {bound - 1, 0, 1, 18, 19, kFe25519Mask - 19, kFe25519Mask - 18, kFe25519Mask};
  if (bound > kFe25519Tight) limbs.insert(limbs.end(), {kFe25519Tight - 1, bound / 2});
  return limbs;
}

// All limbs equal, each single limb different, and random mixtures.
std::vector<Fe25519> patterns(u64 bound, TestRandom& random, int random_count) {
  const std::vector<u64> limbs = edge_limbs(bound);
  std::vector<Fe25519> out;
  for (u64 most : limbs) {
    for (u64 one : limbs) {
      for (int at = 0; at < 5; ++at) {
        Fe25519 a = {{most, most, most, most, most}};
        a.limb[at] = one;
        out.push_back(a);
      }
    }
  }
  for (int i = 0; i < random_count; ++i) {
    Fe25519 a;
    for (u64& limb : a.limb) {
      limb = random.below(3) == 0 ? limbs[random.below(static_cast<u32>(limbs.size()))] : random.next() % bound;
    }
    out.push_back(a);
  }
  return out;
}

TEST_CASE("fe25519: products of loose limbs equal the slow reference and are tight") {
  TestRandom random(1);
  const std::vector<Fe25519> all = patterns(kFe25519Loose, random, 2000);
  u64 wrong = 0;
  for (const Fe25519& a : all) {
    const SlowFe slow_a = SlowFe::from_limbs(a);
    const Fe25519& b = all[random.below(static_cast<u32>(all.size()))];
    for (const Fe25519& factor : {b, all[0], a}) {
      const Fe25519 product = mul(a, factor);
      wrong += !below(product, kFe25519Tight) || !same(product, slow_a * SlowFe::from_limbs(factor)) ? 1 : 0;
    }
    const Fe25519 square = sqr(a);
    wrong += !below(square, kFe25519Tight) || !same(square, slow_a * slow_a) ? 1 : 0;
    const Fe25519 carried = carry(a);
    wrong += !below(carried, kFe25519Tight) || !same(carried, slow_a) || !same(a, slow_a) ? 1 : 0;
  }
  CHECK(wrong == 0);
}

TEST_CASE("fe25519: sums and differences at the bounds of their ranges") {
  TestRandom random(2);
  const std::vector<Fe25519> tight = patterns(kFe25519Tight, random, 1000);
  const std::vector<Fe25519> wide = patterns(kFe25519Wide, random, 1000);
  u64 wrong = 0;
  for (const Fe25519& a : wide) {
    const SlowFe slow_a = SlowFe::from_limbs(a);
    const Fe25519& b = wide[random.below(static_cast<u32>(wide.size()))];
    const Fe25519& c = tight[random.below(static_cast<u32>(tight.size()))];
    const SlowFe slow_b = SlowFe::from_limbs(b);
    const SlowFe slow_c = SlowFe::from_limbs(c);
    wrong += !below(add(a, b), kFe25519Loose) || !same(add(a, b), slow_a + slow_b) ? 1 : 0;
    wrong += !below(sub_wide(a, b), kFe25519Loose) || !same(sub_wide(a, b), slow_a - slow_b) ? 1 : 0;
    wrong += !below(sub(a, c), kFe25519Loose) || !same(sub(a, c), slow_a - slow_c) ? 1 : 0;
  }
  for (const Fe25519& a : tight) {
    const SlowFe slow_a = SlowFe::from_limbs(a);
    const Fe25519& b = tight[random.below(static_cast<u32>(tight.size()))];
    const SlowFe slow_b = SlowFe::from_limbs(b);
    wrong += !below(add(a, b), kFe25519Wide) || !same(add(a, b), slow_a + slow_b) ? 1 : 0;
    wrong += !below(sub(a, b), kFe25519Wide) || !same(sub(a, b), slow_a - slow_b) ? 1 : 0;
    wrong += !below(neg(a), kFe25519Wide) || !same(neg(a), SlowFe() - slow_a) ? 1 : 0;
    wrong += equal(a, b) != (slow_a == slow_b) || is_zero(a) != slow_a.is_zero() || is_odd(a) != slow_a.is_odd();
  }
  CHECK(wrong == 0);
}

TEST_CASE("fe25519: 100,000 random products and squares of bytes") {
  TestRandom random(3);
  u64 wrong = 0;
  u8 bytes[64];
  for (int i = 0; i < 100000; ++i) {
    random.fill(bytes, 64);
    bytes[31] &= 0x7f;
    bytes[63] &= 0x7f;
    const SlowFe a = SlowFe::from_bytes(bytes);
    const SlowFe b = SlowFe::from_bytes(bytes + 32);
    const Fe25519 fast_a = from_bytes(bytes);
    wrong += same(mul(fast_a, from_bytes(bytes + 32)), a * b) && same(sqr(fast_a), a * a) ? 0 : 1;
  }
  CHECK(wrong == 0);
}

TEST_CASE("fe25519: values around p and 2^255 are read and written as residues") {
  for (int offset = -40; offset <= 18; ++offset) {
    // p + offset, from p = ed ff .. ff 7f.
    u8 bytes[32];
    memset(bytes, 0xff, 32);
    bytes[31] = 0x7f;
    bytes[0] = static_cast<u8>(0xed + offset);
    const Fe25519 a = from_bytes(bytes);
    CHECK(below(a, u64{1} << 51));
    u8 back[32];
    to_bytes(back, a);
    u8 expected[32] = {static_cast<u8>(offset)};
    if (offset < 0) memcpy(expected, bytes, 32);
    CHECK(memcmp(back, expected, 32) == 0);
    CHECK(is_zero(a) == (offset == 0));
    // Bit 255 is not read.
    bytes[31] |= 0x80;
    CHECK(equal(a, from_bytes(bytes)));
  }
}

TEST_CASE("fe25519: chains are the powers that they claim") {
  u8 minus_two[32];
  memset(minus_two, 0xff, 32);
  minus_two[0] = 0xeb;
  minus_two[31] = 0x7f;  // p - 2
  u8 p58[32];
  memset(p58, 0xff, 32);
  p58[0] = 0xfd;
  p58[31] = 0x0f;  // 2^252 - 3
  TestRandom random(4);
  for (const Fe25519& a : patterns(kFe25519Tight, random, 100)) {
    const SlowFe slow = SlowFe::from_limbs(a);
    CHECK(same(invert(a), slow.power(minus_two)));
    CHECK(same(power_p58(a), slow.power(p58)));
    CHECK(is_zero(a) == !equal(mul(a, invert(a)), kFe25519One));
  }
  CHECK(is_zero(invert(kFe25519Zero)));
}

}  // namespace
}  // namespace isthmus::field
