// BLAKE3: known answers, lengths around every border, splits, every tier's nodes and chunks against the slow tree.
#include "hash/blake3.hpp"

#include <doctest/doctest.h>

#include <random>

#include "hash/named_row_test.hpp"
#include "hash/report.hpp"
#include "hash/rows.hpp"
#include "hash/slow_test.hpp"

using namespace isthmus;
using slow::Buffer;

namespace {

constexpr const char* kTiers[] = {"avx512", "avx2", "neon", "base"};

Buffer stream(Bytes message) {
  Buffer out(32);
  hash::blake3(out.data(), message);
  return out;
}

void check_nodes(const char* operation, bool root, void (*chosen)(u8*, const u8*, usize)) {
  CAPTURE(operation);
  constexpr usize kMost = 70;
  const Buffer in = slow::paint(64 * kMost, 5);
  Buffer expected;
  for (usize i = 0; i < kMost; ++i) {
    const Buffer node = slow::blake3_parent(Bytes(in).subspan(64 * i, 64), root);
    expected.insert(expected.end(), node.begin(), node.end());
  }
  for (const char* tier : kTiers) {
    if (!hash::may_run(operation, tier)) continue;
    CAPTURE(tier);
    for (usize count = 0; count <= kMost; ++count) {
      CAPTURE(count);
      Buffer out(32 * kMost + 1, 0xee);
      REQUIRE(hash::run_row(operation, tier, out.data(), in.data(), 0, count));
      CHECK(memcmp(out.data(), expected.data(), 32 * count) == 0);
      for (usize i = 32 * count; i < out.size(); ++i) REQUIRE(out[i] == 0xee);
      Buffer place = in;
      place.insert(place.begin(), 1, 0);  // in place, and unaligned
      REQUIRE(hash::run_row(operation, tier, place.data() + 1, place.data() + 1, 0, count));
      CHECK(memcmp(place.data() + 1, expected.data(), 32 * count) == 0);
    }
  }
  for (usize count = 0; count <= kMost; ++count) {
    Buffer place = in;
    chosen(place.data(), place.data(), count);
    CHECK(memcmp(place.data(), expected.data(), 32 * count) == 0);
    CHECK(memcmp(place.data() + 64 * count, in.data() + 64 * count, in.size() - 64 * count) == 0);
  }
}

// Digests of messages of the given lengths, through every usable row alone and through all: in one segment each, then
// cut at random, with empty segments between.
void check_many(const std::vector<usize>& lengths, u32 seed) {
  std::mt19937 random(seed);
  std::vector<Buffer> messages;
  std::vector<Buffer> expected;
  for (usize i = 0; i < lengths.size(); ++i) {
    messages.push_back(slow::paint(lengths[i], i));
    expected.push_back(slow::blake3(messages.back()));
  }
  for (const bool cut : {false, true}) {
    std::vector<std::vector<hash::Segment>> segments(lengths.size());
    Buffer out(32 * lengths.size() + 1);
    std::vector<hash::Message> rows;
    for (usize i = 0; i < lengths.size(); ++i) {
      const u8* const data = messages[i].data();
      for (usize at = 0; at < lengths[i];) {
        const usize left = lengths[i] - at;
        const usize size = cut ? random() % 2 == 0 ? random() % 70 : random() % 3000 : left;
        const usize take = size < left ? size : left;
        segments[i].push_back({data + at, take});
        at += take;
      }
      if (cut) segments[i].push_back({nullptr, 0});
      rows.push_back({segments[i].data(), segments[i].size(), out.data() + 32 * i});
    }
    const auto check = [&](hash::LaneRows<u32> lanes) {
      std::fill(out.begin(), out.end(), u8{0xee});
      hash::blake3_many_with(lanes, rows);
      for (usize i = 0; i < lengths.size(); ++i) {
        CAPTURE(i);
        CAPTURE(lengths[i]);
        CHECK(memcmp(out.data() + 32 * i, expected[i].data(), 32) == 0);
      }
      CHECK(out.back() == 0xee);
    };
    const hash::LaneRows<u32> all = hash::blake3_lane_rows();
    for (usize i = 0; i < all.size(); ++i) {
      CAPTURE(all[i]->tier);
      // A row alone hashes only what it takes; the last one takes the rest.
      const cpu::Row<hash::Lanes<u32>>* const pair[2] = {all[i], all.back()};
      check(pair);
    }
    check(all);
  }
}

}  // namespace

TEST_CASE("BLAKE3 known answers") {
  CHECK(stream({}) == slow::from_hex("af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262"));
  CHECK(stream(slow::text_bytes("abc")) ==
        slow::from_hex("6437b3ac38465133ffb63b75273a8db548c558465d79db03fd359c6cd5bd9d85"));
  CHECK(stream(slow::paint(1025, 0)) ==
        slow::from_hex("d00278ae47eb27b34faecf67b4fe263f82d5412916c1ffd97c8cb7fb814b8444"));
}

TEST_CASE("every tier: parents of BLAKE3") {
  check_nodes("blake3_parent", false, hash::blake3_parent);
  check_nodes("blake3_parent_root", true, hash::blake3_parent_root);
}

TEST_CASE("every tier: chunks of BLAKE3") {
  constexpr usize kMost = 35;
  for (usize length = 1; length <= 16; ++length) {
    CAPTURE(length);
    const Buffer in = slow::paint(64 * length * kMost, length);
    Buffer expected;
    for (usize i = 0; i < kMost; ++i) {
      const Buffer digest = slow::blake3(Bytes(in).subspan(64 * length * i, 64 * length));
      expected.insert(expected.end(), digest.begin(), digest.end());
    }
    for (const char* tier : kTiers) {
      if (!hash::may_run("blake3_lanes", tier)) continue;
      CAPTURE(tier);
      for (const usize count : {1, 2, 7, 8, 9, 15, 16, 17, 35}) {
        Buffer out(32 * kMost, 0xee);
        REQUIRE(hash::run_row("blake3_lanes", tier, out.data(), in.data(), length, count));
        CHECK(memcmp(out.data(), expected.data(), 32 * count) == 0);
        for (usize i = 32 * count; i < out.size(); ++i) REQUIRE(out[i] == 0xee);
      }
    }
  }
  Buffer none(64 * 17);
  CHECK(!hash::run_row("blake3_lanes", "base", none.data(), none.data(), 17, 1));
  CHECK(!hash::run_row("blake3_lanes", "base", none.data(), none.data(), 0, 1));
}

TEST_CASE("a BLAKE3 stream of every length around blocks and chunks") {
  for (usize len = 0; len <= 300; ++len) {
    CAPTURE(len);
    const Buffer message = slow::paint(len, len);
    CHECK(stream(message) == slow::blake3(message));
  }
  for (usize chunks = 1; chunks <= 17; ++chunks) {
    for (const usize len : {1024 * chunks - 64, 1024 * chunks - 1, 1024 * chunks, 1024 * chunks + 1, 1024 * chunks + 64,
                            1024 * chunks + 65}) {
      CAPTURE(len);
      const Buffer message = slow::paint(len, len);
      CHECK(stream(message) == slow::blake3(message));
    }
  }
}

TEST_CASE("a BLAKE3 stream may be cut anywhere") {
  const Buffer message = slow::paint(3100, 9);
  const Bytes all = message;
  const Buffer expected = slow::blake3(message);
  Buffer out(32);
  for (usize cut = 0; cut <= all.size(); ++cut) {
    CAPTURE(cut);
    hash::Blake3 cut_stream;
    cut_stream.update(all.first(cut));
    cut_stream.update({});
    cut_stream.update(all.subspan(cut));
    cut_stream.finish(out.data());
    CHECK(out == expected);
  }
  for (const usize piece : {usize{1}, usize{63}, usize{64}, usize{65}, usize{1023}, usize{1025}}) {
    CAPTURE(piece);
    hash::Blake3 pieces;
    for (usize at = 0; at < all.size(); at += piece) {
      pieces.update(all.subspan(at, piece < all.size() - at ? piece : all.size() - at));
    }
    hash::Blake3 fork = pieces;
    pieces.finish(out.data());
    CHECK(out == expected);
    fork.finish(out.data());
    CHECK(out == expected);
  }
}

TEST_CASE("many BLAKE3 messages: every length around blocks and chunks in one call") {
  std::vector<usize> lengths;
  for (usize len = 0; len <= 300; ++len) lengths.push_back(len);
  for (usize chunks = 1; chunks <= 9; ++chunks) {
    for (const usize len : {1024 * chunks - 64, 1024 * chunks - 1, 1024 * chunks, 1024 * chunks + 1}) {
      lengths.push_back(len);
    }
  }
  check_many(lengths, 1);
}

TEST_CASE("many BLAKE3 messages: counts around every number of lanes") {
  for (usize count = 0; count <= 35; ++count) {
    CAPTURE(count);
    std::vector<usize> mixed;
    for (usize i = 0; i < count; ++i) mixed.push_back(i * i * 37 % 2600);
    check_many(std::vector<usize>(count, 200), 2);
    check_many(mixed, 3);
  }
}

TEST_CASE("many BLAKE3 messages: random lengths fill and overfill windows") {
  std::mt19937 random(20240805);
  for (u32 round = 0; round < 6; ++round) {
    std::vector<usize> lengths(random() % 400);
    for (usize& length : lengths) length = random() % 4 == 0 ? random() % 9000 : random() % 400;
    check_many(lengths, round);
  }
}

TEST_CASE("many BLAKE3 messages: around a window of chunks, and several of them") {
  constexpr usize kWindow = 256 * 1024;
  check_many({kWindow}, 4);
  check_many({70, kWindow - 1, 5000, kWindow, 100, kWindow + 1, 0, 1025}, 5);
  check_many({3 * kWindow + 1, 2 * kWindow, 2 * kWindow + 1025, 4 * kWindow, 5 * kWindow - 1}, 6);
}
