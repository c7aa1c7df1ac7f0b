// digest_many: every hash, message shapes of all kinds, splits at every place.
#include "hash/hash.hpp"

#include <doctest/doctest.h>

#include <random>

#include "hash/slow_test.hpp"

using namespace isthmus;
using hash::Message;
using hash::Segment;
using slow::Buffer;

namespace {

constexpr Hash kHashes[] = {
#define X(symbol, number, name, size) Hash::symbol,
#include "base/hashes.def"
#undef X
};

Buffer expected(Hash hash, Bytes message) {
  switch (hash) {
    case Hash::sha256:
      return slow::sha256(message);
    case Hash::sha256d:
      return slow::sha256d(message);
    case Hash::sha512:
      return slow::sha512(message);
    case Hash::sha384:
      return slow::sha384(message);
    case Hash::ripemd160:
      return slow::ripemd160(message);
    case Hash::hash160:
      return slow::hash160(message);
    case Hash::sm3:
      return slow::sm3(message);
    case Hash::keccak256:
      return slow::keccak256(message);
    case Hash::sha3_256:
      return slow::sha3_256(message);
    case Hash::blake3:
      return slow::blake3(message);
  }
  return {};
}

// Hashes all messages in one call, each cut into pieces of the lengths in `cuts` (cyclic), and checks every
// digest and the bytes between the outputs.
void check_all(Hash hash, const std::vector<Buffer>& messages, const std::vector<usize>& cuts) {
  const usize size = digest_size(hash);
  const usize stride = size + 3;
  Buffer out(stride * messages.size() + 1, 0xee);
  std::vector<std::vector<Segment>> segments(messages.size());
  std::vector<Message> rows;
  for (usize i = 0; i < messages.size(); ++i) {
    usize at = 0;
    usize k = i;
    while (at < messages[i].size()) {
      const usize want = cuts[k++ % cuts.size()];
      const usize take = want < messages[i].size() - at ? want : messages[i].size() - at;
      segments[i].push_back({messages[i].data() + at, take});
      at += take;
    }
    rows.push_back({segments[i].data(), segments[i].size(), out.data() + stride * i});
  }
  hash::digest_many(hash, rows);
  for (usize i = 0; i < messages.size(); ++i) {
    CAPTURE(i);
    CAPTURE(messages[i].size());
    const Buffer digest = expected(hash, messages[i]);
    REQUIRE(digest.size() == size);
    CHECK(memcmp(out.data() + stride * i, digest.data(), size) == 0);
    for (usize j = size; j < stride; ++j) CHECK(out[stride * i + j] == 0xee);
  }
}

}  // namespace

TEST_CASE("no messages, no segments, empty segments") {
  for (const Hash hash : kHashes) {
    CAPTURE(name_of(hash));
    hash::digest_many(hash, {});
    const Segment empty[3] = {{nullptr, 0}, {nullptr, 0}, {nullptr, 0}};
    for (const usize count : {usize{1}, usize{2}, usize{5}, usize{40}}) {
      Buffer out(64 * count);
      std::vector<Message> rows;
      for (usize i = 0; i < count; ++i) rows.push_back({i % 2 == 0 ? nullptr : empty, i % 2 * 3, out.data() + 64 * i});
      hash::digest_many(hash, rows);
      const Buffer digest = expected(hash, {});
      for (usize i = 0; i < count; ++i) CHECK(memcmp(out.data() + 64 * i, digest.data(), digest.size()) == 0);
    }
  }
}

TEST_CASE("all lengths from 0 to 300 in one call") {
  std::vector<Buffer> messages;
  for (usize len = 0; len <= 300; ++len) messages.push_back(slow::paint(len, len));
  for (const Hash hash : kHashes) {
    CAPTURE(name_of(hash));
    check_all(hash, messages, {~usize{0}});
    check_all(hash, messages, {1, 7, 64});
  }
}

TEST_CASE("runs of equal length around the lane counts") {
  for (const usize len : {usize{0}, usize{32}, usize{55}, usize{56}, usize{63}, usize{64}, usize{65}, usize{119}}) {
    for (const usize count : {1, 2, 3, 7, 8, 9, 15, 16, 17, 31, 32, 33}) {
      std::vector<Buffer> messages;
      for (usize i = 0; i < count; ++i) messages.push_back(slow::paint(len, i));
      for (const Hash hash : kHashes) check_all(hash, messages, {32, 1, ~usize{0}});
    }
  }
}

TEST_CASE("a cut at every place") {
  const Buffer message = slow::paint(130, 6);
  for (const Hash hash : kHashes) {
    const Buffer digest = expected(hash, message);
    const Buffer short_digest = expected(hash, Bytes(message).first(64));
    for (usize cut = 0; cut <= 130; ++cut) {
      const Segment segments[2] = {{message.data(), cut}, {message.data() + cut, 130 - cut}};
      const usize inner = cut < 64 ? cut : 64;
      const Segment pair[2] = {{message.data(), inner}, {message.data() + inner, 64 - inner}};
      Buffer out(4 * 64);
      const Message rows[4] = {{segments, 2, out.data()},
                               {pair, 2, out.data() + 64},
                               {pair, 2, out.data() + 128},
                               {segments, 2, out.data() + 192}};
      hash::digest_many(hash, rows);
      CHECK(memcmp(out.data(), digest.data(), digest.size()) == 0);
      CHECK(memcmp(out.data() + 64, short_digest.data(), digest.size()) == 0);
      CHECK(memcmp(out.data() + 128, short_digest.data(), digest.size()) == 0);
      CHECK(memcmp(out.data() + 192, digest.data(), digest.size()) == 0);
    }
  }
}

TEST_CASE("random mixtures") {
  std::mt19937 random(20240502);
  for (int round = 0; round < 20; ++round) {
    std::vector<Buffer> messages(random() % 120);
    for (Buffer& message : messages) {
      const usize len = random() % 3 == 0 ? 64 : random() % 700;
      message = slow::paint(len, random() % 1000);
    }
    const std::vector<usize> cuts{random() % 90 + 1};
    for (const Hash hash : kHashes) check_all(hash, messages, cuts);
  }
}

TEST_CASE("rows of one width, side by side or apart, equal single messages; or nothing is done") {
  for (const Hash hash : kHashes) {
    CAPTURE(name_of(hash));
    const usize size = digest_size(hash);
    for (const usize width :
         {0, 1, 7, 8, 20, 32, 33, 55, 56, 64, 80, 119, 120, 135, 136, 239, 240, 247, 248, 271, 272}) {
      for (const usize gap : {0, 5}) {
        for (const usize count : {1, 3, 4, 63, 64, 65, 130}) {
          const usize stride = width + gap;
          const Buffer bytes = slow::paint(stride * count + 1, width);
          const hash::EvenRows rows = {bytes.data(), static_cast<std::ptrdiff_t>(stride), width};
          Buffer out(size * count + 1, 0xee);
          const bool done = hash::digest_rows(hash, rows, count, out.data());
          CHECK(out.back() == 0xee);
          if (!done) CHECK(out == Buffer(size * count + 1, 0xee));
          for (usize i = 0; done && i < count; i += i == 0 || count - i < 4 ? 1 : 31) {
            CHECK(Buffer(out.data() + size * i, out.data() + size * (i + 1)) ==
                  expected(hash, Bytes(bytes).subspan(stride * i, width)));
          }
        }
      }
    }
  }
}

TEST_CASE("rows that chains need go straight through their kernels") {
  const Buffer bytes = slow::paint(80 * 4, 1);
  Buffer out(32 * 4);
  CHECK(hash::digest_rows(Hash::hash160, {bytes.data(), 33, 33}, 4, out.data()));
  CHECK(hash::digest_rows(Hash::sha256d, {bytes.data(), 80, 80}, 4, out.data()));
  CHECK(hash::digest_rows(Hash::keccak256, {bytes.data(), 64, 64}, 4, out.data()));
  CHECK(!hash::digest_rows(Hash::sha256d, {bytes.data(), 80, 80}, 3, out.data()));
  CHECK(!hash::digest_rows(Hash::sha256d, {bytes.data(), 0, 248}, 4, out.data()));
}
