// SHA-256: known answers, all lengths and splits, every tier against the slow hash at every count around its
// lanes.
#include "hash/sha256.hpp"

#include <doctest/doctest.h>

#include "hash/named_row_test.hpp"
#include "hash/report.hpp"
#include "hash/slow_test.hpp"

using namespace isthmus;
using hash::Sha256;
using slow::Buffer;

namespace {

constexpr const char* kTiers[] = {"avx512", "shani", "avx2", "armce", "neon", "base"};

Buffer fast(Bytes message) {
  Buffer out(32);
  hash::sha256(out.data(), message);
  return out;
}

}  // namespace

TEST_CASE("SHA-256 known answers") {
  // FIPS 180 examples and the empty message.
  CHECK(fast({}) == slow::from_hex("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"));
  CHECK(fast(slow::text_bytes("abc")) ==
        slow::from_hex("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"));
  CHECK(fast(slow::text_bytes("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq")) ==
        slow::from_hex("248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"));
  const Buffer million(1000000, 'a');
  CHECK(fast(million) == slow::from_hex("cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"));
  // The header of Bitcoin's first block.
  const Buffer genesis = slow::from_hex(
      "0100000000000000000000000000000000000000000000000000000000000000000000003ba3edfd7a7b12b27ac72c3e67768f"
      "61"
      "7fc81bc3888a51323a9fb8aa4b1e5e4a29ab5f49ffff001d1dac2b7c");
  REQUIRE(genesis.size() == 80);
  Buffer id(32);
  hash::sha256d(id.data(), genesis);
  CHECK(id == slow::from_hex("6fe28c0ab6f1b372c1a6a246ae63f74f931e8365e15a089c68d6190000000000"));
}

TEST_CASE("SHA-256 of every length from 0 to 300") {
  for (usize len = 0; len <= 300; ++len) {
    CAPTURE(len);
    const Buffer message = slow::paint(len, len);
    CHECK(fast(message) == slow::sha256(message));
    Buffer twice(32);
    hash::sha256d(twice.data(), message);
    CHECK(twice == slow::sha256d(message));
  }
}

TEST_CASE("a SHA-256 stream may be cut anywhere") {
  const Buffer message = slow::paint(200, 9);
  const Buffer expected = slow::sha256(message);
  const Bytes all = message;
  for (usize first = 0; first <= 200; ++first) {
    for (const usize second : {usize{0}, usize{1}, usize{63}, usize{64}, usize{65}}) {
      const usize end = first + second < 200 ? first + second : 200;
      Sha256 stream;
      stream.update(all.first(first));
      stream.update(all.subspan(first, end - first));
      const Sha256 forked = stream;
      stream.update(all.subspan(end));
      Buffer out(32);
      stream.finish(out.data());
      CHECK(out == expected);
      stream = forked;
      stream.finish(out.data());
      CHECK(out == slow::sha256(all.first(end)));
    }
  }
}

TEST_CASE("a SHA-256 stream goes on from a midstate") {
  const Buffer message = slow::paint(150, 3);
  u32 state[8];
  memcpy(state, hash::Sha256Core::kStart, sizeof(state));
  hash::sha256_compress(state, message.data(), 2);
  Sha256 stream(state, 128);
  stream.update(Bytes(message).subspan(128));
  Buffer out(32);
  stream.finish(out.data());
  CHECK(out == slow::sha256(message));
}

TEST_CASE("tagged hashes") {
  for (const char* tag : {"BIP0340/challenge", "TapLeaf", ""}) {
    const Buffer tag_hash = slow::sha256(slow::text_bytes(tag));
    const Buffer message = slow::paint(96, 1);
    Buffer whole = tag_hash;
    whole.insert(whole.end(), tag_hash.begin(), tag_hash.end());
    whole.insert(whole.end(), message.begin(), message.end());
    Sha256 stream = hash::sha256_tagged(tag);
    stream.update(message);
    Buffer out(32);
    stream.finish(out.data());
    CHECK(out == slow::sha256(whole));
  }
}

TEST_CASE("every tier: messages of 64 bytes") {
  for (const std::string name : {"sha256_64", "sha256d_64", "sha256_node"}) {
    const char* const operation = name.c_str();
    constexpr usize kMost = 70;
    const Buffer in = slow::paint(64 * kMost, 5);
    Buffer expected;
    for (usize i = 0; i < kMost; ++i) {
      Buffer message(in.begin() + 64 * i, in.begin() + 64 * (i + 1));
      if (name == "sha256_node") message.insert(message.begin(), 0x01);
      const Buffer digest = name == "sha256d_64" ? slow::sha256d(message) : slow::sha256(message);
      expected.insert(expected.end(), digest.begin(), digest.end());
    }
    for (const char* tier : kTiers) {
      if (!hash::may_run(operation, tier)) continue;
      CAPTURE(operation);
      CAPTURE(tier);
      for (usize count = 0; count <= kMost; ++count) {
        CAPTURE(count);
        Buffer out(32 * kMost + 1, 0xee);
        REQUIRE(hash::run_row(operation, tier, out.data(), in.data(), 0, count));
        CHECK(memcmp(out.data(), expected.data(), 32 * count) == 0);
        for (usize i = 32 * count; i < out.size(); ++i) REQUIRE(out[i] == 0xee);
        Buffer place = in;  // in place
        REQUIRE(hash::run_row(operation, tier, place.data(), place.data(), 0, count));
        CHECK(memcmp(place.data(), expected.data(), 32 * count) == 0);
      }
    }
    // The chosen rows, which share the items out.
    for (usize count = 0; count <= kMost; ++count) {
      Buffer place = in;
      const auto run =
          name == "sha256_64" ? hash::sha256_64 : (name == "sha256d_64" ? hash::sha256d_64 : hash::sha256_node);
      run(place.data(), place.data(), count);
      CHECK(memcmp(place.data(), expected.data(), 32 * count) == 0);
      CHECK(memcmp(place.data() + 64 * count, in.data() + 64 * count, in.size() - 64 * count) == 0);
    }
  }
}

TEST_CASE("every tier: padded SHA-256 messages of several blocks") {
  for (const usize length : {usize{1}, usize{2}, usize{3}, usize{5}}) {
    constexpr usize kMost = 35;
    Buffer in;
    Buffer expected;
    for (usize i = 0; i < kMost; ++i) {
      const Buffer message = slow::paint(64 * length - 9 - i % 50, i);
      const Buffer whole = slow::padded(message, 64, 8, true);
      REQUIRE(whole.size() == 64 * length);
      in.insert(in.end(), whole.begin(), whole.end());
      const Buffer digest = slow::sha256(message);
      expected.insert(expected.end(), digest.begin(), digest.end());
    }
    for (const char* tier : kTiers) {
      if (!hash::may_run("sha256_blocks", tier)) continue;
      CAPTURE(tier);
      CAPTURE(length);
      for (usize count = 0; count <= kMost; ++count) {
        CAPTURE(count);
        Buffer out(32 * kMost, 0xee);
        REQUIRE(hash::run_row("sha256_blocks", tier, out.data(), in.data(), length, count));
        CHECK(memcmp(out.data(), expected.data(), 32 * count) == 0);
        for (usize i = 32 * count; i < out.size(); ++i) REQUIRE(out[i] == 0xee);
        hash::sha256_blocks(out.data(), in.data(), length, count);
        CHECK(memcmp(out.data(), expected.data(), 32 * count) == 0);
      }
    }
  }
}

TEST_CASE("every tier: one stream of blocks") {
  const Buffer blocks = slow::paint(64 * 9, 77);
  for (const char* tier : kTiers) {
    if (!hash::may_run("sha256_compress", tier)) continue;
    CAPTURE(tier);
    for (usize count = 0; count <= 9; ++count) {
      u32 expected[8];
      u32 state[8];
      memcpy(state, hash::Sha256Core::kStart, sizeof(state));
      memcpy(expected, state, sizeof(state));
      u8* bytes = reinterpret_cast<u8*>(state);
      REQUIRE(hash::run_row("sha256_compress", tier, bytes, blocks.data(), 0, count));
      REQUIRE(hash::run_row("sha256_compress", "base", reinterpret_cast<u8*>(expected), blocks.data(), 0, count));
      CHECK(memcmp(state, expected, sizeof(state)) == 0);
    }
  }
}

TEST_CASE("every tier: unaligned input and output") {
  Buffer in(64 * 17 + 3);
  Buffer out(32 * 17 + 3);
  const Buffer message = slow::paint(64 * 17, 8);
  memcpy(in.data() + 3, message.data(), message.size());
  for (const char* tier : kTiers) {
    if (!hash::may_run("sha256_64", tier)) continue;
    CAPTURE(tier);
    REQUIRE(hash::run_row("sha256_64", tier, out.data() + 1, in.data() + 3, 0, 17));
    for (usize i = 0; i < 17; ++i) {
      const Buffer digest = slow::sha256(Bytes(message).subspan(64 * i, 64));
      CHECK(memcmp(out.data() + 1 + 32 * i, digest.data(), 32) == 0);
    }
  }
}

TEST_CASE("reports name every operation and every usable row passes again") {
  hash::init();
  const std::vector<cpu::Report> chosen = hash::report();
  const std::vector<cpu::Report> again = hash::self_test();
  const char* kOperations[] = {
      "sha256_compress", "sha256_64",     "sha256d_64",   "sha256_node",        "sha256_blocks",     "sha256_lanes",
      "sha512_compress", "sha512_blocks", "sha512_lanes", "ripemd160_compress", "ripemd160_blocks",  "ripemd160_lanes",
      "sm3_compress",    "sm3_64",        "sm3_blocks",   "sm3_lanes",          "keccak_compress",   "keccak256_64",
      "keccak_blocks",   "keccak_lanes",  "blake3_lanes", "blake3_parent",      "blake3_parent_root"};
  constexpr usize kCount = std::size(kOperations);
  REQUIRE(chosen.size() == kCount);
  REQUIRE(again.size() == kCount);
  for (usize i = 0; i < kCount; ++i) {
    CHECK(chosen[i].operation == kOperations[i]);
    CHECK(chosen[i].rows.back().tier == "base");
    usize chosen_count = 0;
    for (usize j = 0; j < chosen[i].rows.size(); ++j) {
      const cpu::RowReport& row = chosen[i].rows[j];
      chosen_count += row.state == cpu::RowState::chosen;
      CHECK(row.state != cpu::RowState::failed);
      CHECK(again[i].rows[j].state == row.state);
      CHECK_FALSE(row.reason.empty());
      const bool runs = row.state == cpu::RowState::chosen || row.state == cpu::RowState::usable;
      CHECK(hash::may_run(kOperations[i], row.tier.c_str()) == runs);
    }
    CHECK(chosen_count == 1);
    CHECK_FALSE(hash::may_run(kOperations[i], "none"));
  }
  CHECK_FALSE(hash::may_run("sha256", "base"));
}
