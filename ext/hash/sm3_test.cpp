// SM3: known answers, all lengths and splits, every tier against the slow hash at every count around its lanes.
#include "hash/sm3.hpp"

#include <doctest/doctest.h>

#include "hash/named_row_test.hpp"
#include "hash/report.hpp"
#include "hash/slow_test.hpp"

using namespace isthmus;
using slow::Buffer;

namespace {

constexpr const char* kTiers[] = {"avx512", "avx2", "armsm3", "neon", "base"};

Buffer fast(Bytes message) {
  Buffer out(32);
  hash::sm3(out.data(), message);
  return out;
}

}  // namespace

TEST_CASE("SM3 known answers") {
  // GB/T 32905-2016, annex A, and OpenSSL's answers for the empty message and a million times "a".
  CHECK(fast(slow::text_bytes("abc")) ==
        slow::from_hex("66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"));
  CHECK(fast(slow::text_bytes("abcdabcdabcdabcdabcdabcdabcdabcdabcdabcdabcdabcdabcdabcdabcdabcd")) ==
        slow::from_hex("debe9ff92275b8a138604889c18e5a4d6fdb70e5387e5765293dcba39c0c5732"));
  CHECK(fast({}) == slow::from_hex("1ab21d8355cfa17f8e61194831e81a8f22bec8c728fefb747ed035eb5082aa2b"));
  const Buffer million(1000000, 'a');
  CHECK(fast(million) == slow::from_hex("c8aaf89429554029e231941a2acc0ad61ff2a5acd8fadd25847a3a732b3b02c3"));
}

TEST_CASE("SM3 of every length from 0 to 300") {
  for (usize len = 0; len <= 300; ++len) {
    CAPTURE(len);
    const Buffer message = slow::paint(len, len);
    CHECK(fast(message) == slow::sm3(message));
  }
}

TEST_CASE("an SM3 stream may be cut anywhere, and goes on from a midstate") {
  const Buffer message = slow::paint(200, 9);
  const Bytes all = message;
  const Buffer expected = slow::sm3(message);
  Buffer out(32);
  for (usize cut = 0; cut <= 200; ++cut) {
    hash::Sm3 stream;
    stream.update(all.first(cut));
    stream.update({});
    stream.update(all.subspan(cut));
    stream.finish(out.data());
    CHECK(out == expected);
  }
  u32 state[8];
  memcpy(state, hash::Sm3Core::kStart, sizeof(state));
  hash::sm3_compress(state, message.data(), 2);
  hash::Sm3 stream(state, 128);
  stream.update(all.subspan(128));
  stream.finish(out.data());
  CHECK(out == expected);
}

TEST_CASE("every tier: SM3 of messages of 64 bytes") {
  constexpr usize kMost = 70;
  const Buffer in = slow::paint(64 * kMost, 5);
  Buffer expected;
  for (usize i = 0; i < kMost; ++i) {
    const Buffer digest = slow::sm3(Bytes(in).subspan(64 * i, 64));
    expected.insert(expected.end(), digest.begin(), digest.end());
  }
  for (const char* tier : kTiers) {
    if (!hash::may_run("sm3_64", tier)) continue;
    CAPTURE(tier);
    for (usize count = 0; count <= kMost; ++count) {
      CAPTURE(count);
      Buffer out(32 * kMost + 1, 0xee);
      REQUIRE(hash::run_row("sm3_64", tier, out.data(), in.data(), 0, count));
      CHECK(memcmp(out.data(), expected.data(), 32 * count) == 0);
      for (usize i = 32 * count; i < out.size(); ++i) REQUIRE(out[i] == 0xee);
      Buffer place = in;  // in place
      REQUIRE(hash::run_row("sm3_64", tier, place.data(), place.data(), 0, count));
      CHECK(memcmp(place.data(), expected.data(), 32 * count) == 0);
    }
  }
  for (usize count = 0; count <= kMost; ++count) {
    Buffer place = in;
    hash::sm3_64(place.data(), place.data(), count);
    CHECK(memcmp(place.data(), expected.data(), 32 * count) == 0);
    CHECK(memcmp(place.data() + 64 * count, in.data() + 64 * count, in.size() - 64 * count) == 0);
  }
}

TEST_CASE("every tier: padded SM3 messages of several blocks") {
  for (const usize length : {usize{1}, usize{2}, usize{3}, usize{5}}) {
    constexpr usize kMost = 35;
    Buffer in;
    Buffer expected;
    for (usize i = 0; i < kMost; ++i) {
      const Buffer message = slow::paint(64 * length - 9 - i % 50, i);
      const Buffer whole = slow::padded(message, 64, 8, true);
      REQUIRE(whole.size() == 64 * length);
      in.insert(in.end(), whole.begin(), whole.end());
      const Buffer digest = slow::sm3(message);
      expected.insert(expected.end(), digest.begin(), digest.end());
    }
    for (const char* tier : kTiers) {
      if (!hash::may_run("sm3_blocks", tier)) continue;
      CAPTURE(tier);
      CAPTURE(length);
      for (usize count = 0; count <= kMost; ++count) {
        CAPTURE(count);
        Buffer out(32 * kMost, 0xee);
        REQUIRE(hash::run_row("sm3_blocks", tier, out.data(), in.data(), length, count));
        CHECK(memcmp(out.data(), expected.data(), 32 * count) == 0);
        for (usize i = 32 * count; i < out.size(); ++i) REQUIRE(out[i] == 0xee);
        hash::sm3_blocks(out.data(), in.data(), length, count);
        CHECK(memcmp(out.data(), expected.data(), 32 * count) == 0);
      }
    }
  }
}

TEST_CASE("SM3 of unaligned input and output, on every tier") {
  Buffer in(64 * 17 + 3);
  Buffer out(32 * 17 + 3);
  const Buffer message = slow::paint(64 * 17, 8);
  memcpy(in.data() + 3, message.data(), message.size());
  for (const char* tier : kTiers) {
    if (!hash::may_run("sm3_64", tier)) continue;
    CAPTURE(tier);
    REQUIRE(hash::run_row("sm3_64", tier, out.data() + 1, in.data() + 3, 0, 17));
    for (usize i = 0; i < 17; ++i) {
      const Buffer digest = slow::sm3(Bytes(message).subspan(64 * i, 64));
      CHECK(memcmp(out.data() + 1 + 32 * i, digest.data(), 32) == 0);
    }
  }
}
