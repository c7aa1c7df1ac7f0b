// One message in pieces, under every hash: against the slow forms, with every kind of split, and forked.
#include "hash/hasher.hpp"

#include <doctest/doctest.h>

#include <array>
#include <iterator>

#include "hash/slow_test.hpp"

using namespace isthmus;

namespace {

struct Named {
  Hash hash;
  slow::Buffer (*slow)(Bytes message);
};

constexpr Named kAll[] = {
#define X(symbol, number, name, size) {Hash::symbol, slow::symbol},
#include "base/hashes.def"
#undef X
};

slow::Buffer digest_of(const hash::Hasher& hasher) {
  slow::Buffer out(digest_size(hasher.hash()));
  hasher.digest(out.data());
  return out;
}

}  // namespace

TEST_CASE("hasher: splits around blocks and chunks, and a digest after each piece") {
  constexpr usize kCuts[] = {0, 1, 63, 64, 65, 127, 128, 136, 137, 1023, 1024, 1025, 2048, 3073, 5120, 9000};
  const slow::Buffer message = slow::paint(9000, 3);
  for (const Named& named : kAll) {
    hash::Hasher hasher(named.hash);
    CHECK(digest_of(hasher) == named.slow({}));
    for (usize i = 0; i + 1 < std::size(kCuts); ++i) {
      hasher.update(Bytes(message).subspan(kCuts[i], kCuts[i + 1] - kCuts[i]));
      CHECK(digest_of(hasher) == named.slow(Bytes(message).first(kCuts[i + 1])));
    }
  }
}

TEST_CASE("hasher: a copy forks the message") {
  const slow::Buffer message = slow::paint(4100, 5);
  for (const Named& named : kAll) {
    hash::Hasher hasher(named.hash);
    hasher.update(Bytes(message).first(2100));
    const hash::Hasher copy = hasher;
    hasher.update(Bytes(message).subspan(2100));
    CHECK(digest_of(copy) == named.slow(Bytes(message).first(2100)));
    CHECK(digest_of(hasher) == named.slow(message));
  }
}

TEST_CASE("hasher: BLAKE3's subtrees stand where the whole message has them, wherever it was cut") {
  constexpr usize kWindow = 256 * 1024;
  const slow::Buffer message = slow::paint(3 * kWindow + 700, 7);
  constexpr std::array<usize, 6> kFirst = {1, 1024, 5 * 1024, 100 * 1024 + 1, kWindow - 1024, kWindow + 1025};
  for (const usize size : {usize{40 * 1024}, usize{2 * kWindow}, message.size()}) {
    const slow::Buffer whole = slow::blake3(Bytes(message).first(size));
    for (const usize first : kFirst) {
      if (first > size) continue;
      hash::Hasher hasher(Hash::blake3);
      hasher.update(Bytes(message).first(first));
      hasher.update(Bytes(message).first(size).subspan(first));
      CHECK(digest_of(hasher) == whole);
    }
    for (const usize step : {usize{3 * 1024}, usize{77'777}}) {
      hash::Hasher hasher(Hash::blake3);
      for (usize at = 0; at < size; at += step) {
        hasher.update(Bytes(message).subspan(at, size - at < step ? size - at : step));
      }
      CHECK(digest_of(hasher) == whole);
    }
  }
}

TEST_CASE("hasher: bytes of a block") {
  CHECK(hash::block_size(Hash::sha256) == 64);
  CHECK(hash::block_size(Hash::sha512) == 128);
  CHECK(hash::block_size(Hash::keccak256) == 136);
}
