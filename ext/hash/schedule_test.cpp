// The schedule on every row of lanes alone and in pairs that take over from one another, and every *_blocks and
// *_lanes row by name: unequal lengths, segments of all kinds, against the slow hashes.
#include "hash/schedule.hpp"

#include <doctest/doctest.h>

#include <random>
#include <set>
#include <string>

#include "hash/keccak.hpp"
#include "hash/named_row_test.hpp"
#include "hash/report.hpp"
#include "hash/ripemd160.hpp"
#include "hash/sha256.hpp"
#include "hash/sha512.hpp"
#include "hash/slow_test.hpp"
#include "hash/sm3.hpp"

using namespace isthmus;
using namespace isthmus::hash;
using slow::Buffer;

namespace {

template <typename CoreType>
struct Subject {
  using Core = CoreType;
  const char* name;
  LaneRows<typename Core::Word> rows;
  Buffer (*slow)(Bytes);

  Buffer padded(Bytes message) const {
    if constexpr (Core::kLengthBytes == 0) return slow::padded_sponge(message, Core::kPad);
    return slow::padded(message, Core::kBlock, Core::kLengthBytes, Core::kBig);
  }
};

template <typename Call>
void for_every_hash(Call&& call) {
  call(Subject<Sha256Core>{"sha256", sha256_lane_rows(), slow::sha256});
  call(Subject<Sha512Core>{"sha512", sha512_lane_rows(), slow::sha512});
  call(Subject<Ripemd160Core>{"ripemd160", ripemd160_lane_rows(), slow::ripemd160});
  call(Subject<Sm3Core>{"sm3", sm3_lane_rows(), slow::sm3});
  call(Subject<Keccak256Core>{"keccak", keccak_lane_rows(), slow::keccak256});
  call(Subject<Sha3Core>{"keccak", keccak_lane_rows(), slow::sha3_256});
}

// Keeps digests, and that every message ends once.
template <typename Core>
struct Keeper {
  std::multiset<const Message*> ended;
  usize taken = 0;
  u64 take_length = ~u64{0};  // messages of this length are the sink's own

  bool take(const Message& message, u64 length) {
    if (length != take_length) return false;
    ++taken;
    memset(message.out, 0x77, Core::kDigest);
    return true;
  }
  void finish(const Message& message, const typename Core::Word* state, usize stride) {
    ended.insert(&message);
    Stream<Core>::store_digest(message.out, state, stride);
  }
};

// Messages of the given lengths, cut by `random` into segments, some of them empty.
struct Batch {
  std::vector<Buffer> bytes;
  std::vector<std::vector<Segment>> segments;
  Buffer out;
  std::vector<Message> messages;

  Batch(const std::vector<usize>& lengths, usize digest, std::mt19937& random) : segments(lengths.size()) {
    for (usize i = 0; i < lengths.size(); ++i) bytes.push_back(slow::paint(lengths[i], i));
    out.assign(digest * lengths.size() + 1, 0xee);
    for (usize i = 0; i < lengths.size(); ++i) {
      cut(i, random);
      messages.push_back({segments[i].data(), segments[i].size(), out.data() + digest * i});
    }
  }

  void cut(usize i, std::mt19937& random) {
    constexpr usize kSizes[] = {0, 1, 3, 31, 63, 64, 65, 127, 128, 129, 200, 1000};
    const bool whole = random() % 3 == 0;
    usize at = 0;
    while (at < bytes[i].size()) {
      const usize size = whole ? bytes[i].size() : kSizes[random() % std::size(kSizes)];
      const usize take = size < bytes[i].size() - at ? size : bytes[i].size() - at;
      segments[i].push_back({bytes[i].data() + at, take});
      at += take;
    }
    if (random() % 4 == 0) segments[i].push_back({nullptr, 0});
  }
};

template <typename Core>
void check_schedule(LaneRows<typename Core::Word> rows, Batch& batch, const std::vector<Buffer>& expected) {
  memset(batch.out.data(), 0xee, batch.out.size());
  Keeper<Core> keeper;
  Schedule<Core, Keeper<Core>> schedule(batch.messages, keeper);
  schedule.run(rows);
  REQUIRE(keeper.ended.size() == batch.messages.size());
  for (usize i = 0; i < batch.messages.size(); ++i) {
    CAPTURE(i);
    CAPTURE(batch.bytes[i].size());
    CHECK(keeper.ended.count(&batch.messages[i]) == 1);
    CHECK(memcmp(batch.messages[i].out, expected[i].data(), Core::kDigest) == 0);
  }
  CHECK(batch.out.back() == 0xee);
}

// Every usable row alone, every pair in which one takes over from the other, and all as chosen.
template <typename Given>
void check_lengths(const Given& given, const std::vector<usize>& lengths, u32 seed) {
  using Core = typename Given::Core;
  CAPTURE(given.name);
  std::mt19937 random(seed);
  Batch batch(lengths, Core::kDigest, random);
  std::vector<Buffer> expected;
  for (const Buffer& message : batch.bytes) expected.push_back(given.slow(message));
  for (usize i = 0; i < given.rows.size(); ++i) {
    CAPTURE(given.rows[i]->tier);
    check_schedule<Core>(given.rows.subspan(i, 1), batch, expected);
    for (usize j = i + 1; j < given.rows.size(); ++j) {
      CAPTURE(given.rows[j]->tier);
      const cpu::Row<Lanes<typename Core::Word>>* pair[2] = {given.rows[i], given.rows[j]};
      check_schedule<Core>(pair, batch, expected);
    }
  }
  check_schedule<Core>(given.rows, batch, expected);
}

}  // namespace

TEST_CASE("schedule: every length from 0 to 300") {
  std::vector<usize> lengths;
  for (usize len = 0; len <= 300; ++len) lengths.push_back(len);
  for_every_hash([&](const auto& given) { check_lengths(given, lengths, 1); });
}

TEST_CASE("schedule: counts around every number of lanes, equal and unequal lengths") {
  for (usize count = 0; count <= 35; ++count) {
    CAPTURE(count);
    std::vector<usize> mixed;
    for (usize i = 0; i < count; ++i) mixed.push_back(i * i % 290);
    for_every_hash([&](const auto& given) {
      check_lengths(given, std::vector<usize>(count, 119), 2);
      check_lengths(given, mixed, 3);
    });
  }
}

TEST_CASE("schedule: a few long messages among many short ones are taken over by the next row") {
  std::vector<usize> lengths(200, 40);
  lengths[3] = 20000;
  lengths[77] = 9000;
  lengths[199] = 64 * 64 - 9;  // the first block count without a class of its own
  lengths[5] = 64 * 64 - 10;
  lengths[6] = 128 * 64 - 17;
  lengths[7] = 128 * 64 - 16;
  for_every_hash([&](const auto& given) { check_lengths(given, lengths, 4); });
}

TEST_CASE("schedule: random lengths and cuts") {
  std::mt19937 random(20240612);
  for (u32 round = 0; round < 12; ++round) {
    std::vector<usize> lengths(random() % 150);
    for (usize& length : lengths) length = random() % 2 == 0 ? random() % 200 : random() % 1500;
    for_every_hash([&](const auto& given) { check_lengths(given, lengths, round); });
  }
}

TEST_CASE("schedule: several windows") {
  std::vector<usize> lengths;
  for (usize i = 0; i < 2500; ++i) lengths.push_back(i % 61 == 0 ? 700 : i % 60);
  for_every_hash([&](const auto& given) { check_lengths(given, lengths, 5); });
}

TEST_CASE("schedule: what the sink takes is not hashed") {
  std::mt19937 random(6);
  std::vector<usize> lengths;
  for (usize i = 0; i < 1500; ++i) lengths.push_back(i % 3 == 0 ? 64 : i % 100);
  Batch batch(lengths, 32, random);
  Keeper<Sm3Core> keeper;
  keeper.take_length = 64;
  Schedule<Sm3Core, Keeper<Sm3Core>> schedule(batch.messages, keeper);
  schedule.run(sm3_lane_rows());
  usize of64 = 0;
  for (const Buffer& message : batch.bytes) of64 += message.size() == 64 ? 1 : 0;
  CHECK(keeper.taken == of64);
  CHECK(keeper.ended.size() == lengths.size() - of64);
  for (usize i = 0; i < lengths.size(); ++i) {
    const Buffer expected = lengths[i] == 64 ? Buffer(32, 0x77) : slow::sm3(batch.bytes[i]);
    CHECK(memcmp(batch.messages[i].out, expected.data(), 32) == 0);
  }
}

TEST_CASE("every tier: padded messages through *_blocks and *_lanes") {
  for_every_hash([](const auto& given) {
    using Core = typename std::remove_reference_t<decltype(given)>::Core;
    constexpr usize kMost = 35;
    for (const usize length : {usize{1}, usize{2}, usize{3}, usize{5}}) {
      Buffer in;
      Buffer expected;
      for (usize i = 0; i < kMost; ++i) {
        const usize len = Core::kBlock * length - 1 - Core::kLengthBytes - i % 50;
        const Buffer message = slow::paint(len, i);
        const Buffer whole = given.padded(message);
        REQUIRE(whole.size() == Core::kBlock * length);
        in.insert(in.end(), whole.begin(), whole.end());
        const Buffer digest = given.slow(message);
        expected.insert(expected.end(), digest.begin(), digest.end());
      }
      in.insert(in.begin(), 1, 0);  // unaligned
      for (const char* kind : {"_blocks", "_lanes"}) {
        const std::string operation = std::string(given.name) + kind;
        for (const auto* row : given.rows) {
          REQUIRE(may_run(operation, row->tier));
          CAPTURE(operation);
          CAPTURE(row->tier);
          for (usize count = 0; count <= kMost; ++count) {
            CAPTURE(count);
            Buffer out(Core::kDigest * kMost + 1, 0xee);
            REQUIRE(run_row(operation, row->tier, out.data() + 1, in.data() + 1, length, count));
            CHECK(memcmp(out.data() + 1, expected.data(), Core::kDigest * count) == 0);
            for (usize i = 1 + Core::kDigest * count; i < out.size(); ++i) REQUIRE(out[i] == 0xee);
          }
        }
      }
    }
  });
}

TEST_CASE("sha512_blocks and ripemd160_blocks share their rows out") {
  for (usize count = 0; count <= 20; ++count) {
    CAPTURE(count);
    Buffer in512;
    Buffer in160;
    for (usize i = 0; i < count; ++i) {
      const Buffer whole512 = slow::padded(slow::paint(200, i), 128, 16, true);
      const Buffer whole160 = slow::padded(slow::paint(100, i), 64, 8, false);
      in512.insert(in512.end(), whole512.begin(), whole512.end());
      in160.insert(in160.end(), whole160.begin(), whole160.end());
    }
    Buffer out512(64 * count);
    Buffer out160(20 * count);
    sha512_blocks(out512.data(), in512.data(), 2, count);
    ripemd160_blocks(out160.data(), in160.data(), 2, count);
    for (usize i = 0; i < count; ++i) {
      CHECK(memcmp(out512.data() + 64 * i, slow::sha512(slow::paint(200, i)).data(), 64) == 0);
      CHECK(memcmp(out160.data() + 20 * i, slow::ripemd160(slow::paint(100, i)).data(), 20) == 0);
    }
  }
}
