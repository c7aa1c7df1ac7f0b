// field/sc25519.hpp against shift-and-subtract division, with values around the multiples of L and the word
// boundaries.
#include "field/sc25519.hpp"

#include <doctest/doctest.h>

#include <vector>

#include "field/fe25519_reference_test.hpp"

namespace isthmus::field {
namespace {

using Wide = std::vector<u8>;  // little-endian

// value modulo L, a bit at a time from the top.
Sc25519 slow_mod(const Wide& value) {
  Sc25519 r = {{0, 0, 0, 0}};
  for (usize bit = 8 * value.size(); bit-- > 0;) {
    u64 carry = value[bit / 8] >> (bit % 8) & 1;
    for (u64& word : r.word) {
      const u64 out = word >> 63;
      word = word << 1 | carry;
      carry = out;
    }
    u64 difference[4];
    u64 borrow = 0;
    for (int i = 0; i < 4; ++i) {
      const u64 right = kSc25519Order[i];
      difference[i] = r.word[i] - right - borrow;
      borrow = r.word[i] < right || (r.word[i] == right && borrow != 0) ? 1 : 0;
    }
    if (borrow == 0) memcpy(r.word, difference, sizeof difference);
  }
  return r;
}

// a * b in bytes, schoolbook.
Wide slow_product(const Sc25519& a, const Sc25519& b) {
  u8 left[32];
  u8 right[32];
  sc_to_bytes(left, a);
  sc_to_bytes(right, b);
  u32 column[64] = {};
  for (int i = 0; i < 32; ++i) {
    for (int j = 0; j < 32; ++j) column[i + j] += u32{left[i]} * right[j];
  }
  Wide out(64);
  u32 carry = 0;
  for (int i = 0; i < 64; ++i) {
    carry += column[i];
    out[static_cast<usize>(i)] = static_cast<u8>(carry);
    carry >>= 8;
  }
  return out;
}

bool same(const Sc25519& a, const Sc25519& b) { return memcmp(a.word, b.word, sizeof a.word) == 0; }

Wide order_bytes(usize len) {
  Wide out(len);
  for (int i = 0; i < 4; ++i) store_le64(out.data() + 8 * i, kSc25519Order[i]);
  return out;
}

// Adds a small signed number to a little-endian value, modulo its size.
void bump(Wide& value, int delta) {
  int carry = delta;
  for (u8& byte : value) {
    const int sum = byte + carry;
    byte = static_cast<u8>(sum & 0xff);
    carry = sum >> 8;
  }
}

TEST_CASE("sc25519: s is accepted exactly below L") {
  for (int delta = -3; delta <= 3; ++delta) {
    Wide bytes = order_bytes(32);
    bump(bytes, delta);
    Sc25519 s;
    CHECK(sc_from_bytes(s, bytes.data()) == (delta < 0));
    if (delta < 0) {
      u8 back[32];
      sc_to_bytes(back, s);
      CHECK(memcmp(back, bytes.data(), 32) == 0);
    }
  }
  u8 bytes[32] = {};
  Sc25519 s;
  CHECK(sc_from_bytes(s, bytes));
  for (int high : {0x10, 0x1f, 0x20, 0x40, 0x80, 0xff}) {
    bytes[31] = static_cast<u8>(high);
    CHECK(sc_from_bytes(s, bytes) == (high == 0x10));
  }
  memset(bytes, 0xff, 32);
  CHECK_FALSE(sc_from_bytes(s, bytes));
}

TEST_CASE("sc25519: reduction of 512 bits") {
  TestRandom random(5);
  u64 wrong = 0;
  const auto check = [&](const Wide& value) { wrong += same(sc_reduce(value.data()), slow_mod(value)) ? 0 : 1; };
  check(Wide(64, 0x00));
  check(Wide(64, 0xff));
  // Small changes around L 2^(8 shift), where an estimated quotient is off by one.
  for (usize shift = 0; shift <= 32; ++shift) {
    for (int delta = -2; delta <= 2; ++delta) {
      Wide value(64);
      const Wide order = order_bytes(32);
      memcpy(value.data() + shift, order.data(), 32);
      bump(value, delta);
      check(value);
    }
  }
  for (int i = 0; i < 3000; ++i) {
    Wide value(64);
    random.fill(value.data(), 64);
    // Runs of zeros and ones at word boundaries.
    if (i % 2 == 0) memset(value.data() + 8 * random.below(8), i % 4 == 0 ? 0xff : 0x00, 8);
    check(value);
  }
  CHECK(wrong == 0);
}

TEST_CASE("sc25519: products, sums and negatives") {
  TestRandom random(6);
  std::vector<Sc25519> values = {kSc25519Zero, {{1, 0, 0, 0}}, sc_neg({{1, 0, 0, 0}}), sc_neg({{2, 0, 0, 0}})};
  for (int i = 0; i < 60; ++i) {
    u8 bytes[64];
    random.fill(bytes, 64);
    values.push_back(i % 2 == 0 ? sc_reduce(bytes) : sc_from_half(bytes));
  }
  u64 wrong = 0;
  for (const Sc25519& a : values) {
    for (const Sc25519& b : values) {
      wrong += same(sc_mul(a, b), slow_mod(slow_product(a, b))) ? 0 : 1;
      wrong += same(sc_add(sc_add(a, b), sc_neg(b)), a) ? 0 : 1;
    }
    wrong += same(sc_add(a, sc_neg(a)), kSc25519Zero) ? 0 : 1;
    wrong += same(sc_neg(a), sc_mul(a, values[2])) ? 0 : 1;
  }
  CHECK(wrong == 0);
}

}  // namespace
}  // namespace isthmus::field
