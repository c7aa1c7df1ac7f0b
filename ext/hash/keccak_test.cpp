// Keccak-256 and SHA3-256: known answers, all lengths and splits, every tier against the slow sponge at every count
// around its lanes.
#include "hash/keccak.hpp"

#include <doctest/doctest.h>

#include "hash/named_row_test.hpp"
#include "hash/report.hpp"
#include "hash/slow_test.hpp"

using namespace isthmus;
using slow::Buffer;

namespace {

constexpr const char* kTiers[] = {"avx512", "avx2", "armsha3", "neon", "base"};

Buffer keccak256(Bytes message) {
  Buffer out(32);
  hash::keccak256(out.data(), message);
  return out;
}

Buffer sha3_256(Bytes message) {
  Buffer out(32);
  hash::sha3_256(out.data(), message);
  return out;
}

template <typename Stream>
void check_cuts(Buffer (*slow)(Bytes)) {
  const Buffer message = slow::paint(300, 9);
  const Bytes all = message;
  const Buffer expected = slow(message);
  Buffer out(32);
  for (usize cut = 0; cut <= 300; ++cut) {
    CAPTURE(cut);
    Stream stream;
    stream.update(all.first(cut));
    stream.update({});
    stream.update(all.subspan(cut));
    stream.finish(out.data());
    CHECK(out == expected);
  }
  Stream stream;
  for (usize i = 0; i < 300; ++i) stream.update(all.subspan(i, 1));
  Stream fork = stream;
  stream.finish(out.data());
  CHECK(out == expected);
  fork.finish(out.data());
  CHECK(out == expected);
}

}  // namespace

TEST_CASE("Keccak-256 and SHA3-256 known answers") {
  // Ethereum's hash of nothing (EIP-1052) and of a function's signature, of which the first four bytes are its
  // selector.
  CHECK(keccak256({}) == slow::from_hex("c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470"));
  CHECK(keccak256(slow::text_bytes("transfer(address,uint256)")) ==
        slow::from_hex("a9059cbb2ab09eb219583f4a59a5d0623ade346d962bcd4e46b11da047c9049b"));
  // FIPS 202 examples.
  CHECK(sha3_256({}) == slow::from_hex("a7ffc6f8bf1ed76651c14756a061d662f580ff4de43b49fa82d80a4b80f8434a"));
  CHECK(sha3_256(slow::text_bytes("abc")) ==
        slow::from_hex("3a985da74fe225b2045c172d6bd390bd855f086e3e9d525b46bfe24511431532"));
  const Buffer million(1000000, 'a');
  CHECK(sha3_256(million) == slow::from_hex("5c8875ae474a3634ba4fd55ec85bffd661f32aca75c6d699d0cdcb6c115891c1"));
}

TEST_CASE("Keccak-256 and SHA3-256 of every length from 0 to 300") {
  for (usize len = 0; len <= 300; ++len) {
    CAPTURE(len);
    const Buffer message = slow::paint(len, len);
    CHECK(keccak256(message) == slow::keccak256(message));
    CHECK(sha3_256(message) == slow::sha3_256(message));
  }
}

TEST_CASE("a stream of a sponge may be cut anywhere") {
  check_cuts<hash::Keccak256>(slow::keccak256);
  check_cuts<hash::Sha3_256>(slow::sha3_256);
}

TEST_CASE("every tier: Keccak-256 of messages of 64 bytes") {
  constexpr usize kMost = 35;
  const Buffer in = slow::paint(64 * kMost, 5);
  Buffer expected;
  for (usize i = 0; i < kMost; ++i) {
    const Buffer digest = slow::keccak256(Bytes(in).subspan(64 * i, 64));
    expected.insert(expected.end(), digest.begin(), digest.end());
  }
  for (const char* tier : kTiers) {
    if (!hash::may_run("keccak256_64", tier)) continue;
    CAPTURE(tier);
    for (usize count = 0; count <= kMost; ++count) {
      CAPTURE(count);
      Buffer out(32 * kMost + 1, 0xee);
      REQUIRE(hash::run_row("keccak256_64", tier, out.data(), in.data(), 0, count));
      CHECK(memcmp(out.data(), expected.data(), 32 * count) == 0);
      for (usize i = 32 * count; i < out.size(); ++i) REQUIRE(out[i] == 0xee);
      Buffer place = in;
      place.insert(place.begin(), 1, 0);  // in place, and unaligned
      REQUIRE(hash::run_row("keccak256_64", tier, place.data() + 1, place.data() + 1, 0, count));
      CHECK(memcmp(place.data() + 1, expected.data(), 32 * count) == 0);
    }
  }
  for (usize count = 0; count <= kMost; ++count) {
    Buffer place = in;
    hash::keccak256_64(place.data(), place.data(), count);
    CHECK(memcmp(place.data(), expected.data(), 32 * count) == 0);
    CHECK(memcmp(place.data() + 64 * count, in.data() + 64 * count, in.size() - 64 * count) == 0);
  }
}

TEST_CASE("one compression of Keccak absorbs as many blocks as it is given") {
  const Buffer blocks = slow::paint(136 * 3, 4);
  u64 expected[5][5] = {};
  for (usize i = 0; i < blocks.size(); ++i) {
    const usize at = i % 136;
    expected[at / 8 % 5][at / 40] ^= u64{blocks[i]} << (8 * (at % 8));
    if (at == 135) slow::keccak_f(expected);
  }
  u64 state[25] = {};
  REQUIRE(hash::run_row("keccak_compress", "base", reinterpret_cast<u8*>(state), blocks.data(), 0, 3));
  for (usize i = 0; i < 25; ++i) CHECK(state[i] == expected[i % 5][i / 5]);
}
