// Remembered outcomes: the same answers as without, positive and negative, bounded, from many threads, after a fork.
#include "exec/remembered.hpp"

#include <doctest/doctest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <thread>
#include <vector>

#include "exec/executor.hpp"

using namespace isthmus;
using exec::digests_of;
using exec::Remembered;
using exec::RowDigest;

namespace {

// RFC 8032, section 7.1, test 2: key, signature, message of one byte.
constexpr u8 kKey[32] = {0x3d, 0x40, 0x17, 0xc3, 0xe8, 0x43, 0x89, 0x5a, 0x92, 0xb7, 0x0a,
                         0xa7, 0x4d, 0x1b, 0x7e, 0xbc, 0x9c, 0x98, 0x2c, 0xcf, 0x2e, 0xc4,
                         0x96, 0x8c, 0xc0, 0xcd, 0x55, 0xf1, 0x2a, 0xf4, 0x66, 0x0c};
constexpr u8 kSig[64] = {0x92, 0xa0, 0x09, 0xa9, 0xf0, 0xd4, 0xca, 0xb8, 0x72, 0x0e, 0x82, 0x0b, 0x5f,
                         0x64, 0x25, 0x40, 0xa2, 0xb2, 0x7b, 0x54, 0x16, 0x50, 0x3f, 0x8f, 0xb3, 0x76,
                         0x22, 0x23, 0xeb, 0xdb, 0x69, 0xda, 0x08, 0x5a, 0xc1, 0xe4, 0x3e, 0x15, 0x99,
                         0x6e, 0x45, 0x8f, 0x36, 0x13, 0xd0, 0xf1, 0x1d, 0x8c, 0x38, 0x7b, 0x2e, 0xae,
                         0xb4, 0x30, 0x2a, 0xee, 0xb0, 0x0d, 0x29, 0x16, 0x12, 0xbb, 0x0c, 0x00};
constexpr u8 kMessage[1] = {0x72};
constexpr u8 kOther[1] = {0x73};

sig::Row row_of(const u8* message, u32 flags = kSigRemember) { return {kKey, kSig, message, 32, 64, 1, flags}; }

RowDigest digest_number(u32 number) {
  RowDigest out{};
  store_le32(out.data(), number);
  store_le32(out.data() + 8, number * 2654435761u);
  out[31] = static_cast<u8>(number);
  return out;
}

}  // namespace

TEST_CASE("remembered: answers are those of verify, the first time and every time after") {
  exec::Executor executor(2);
  const std::vector<sig::Row> rows = {row_of(kMessage), row_of(kOther), row_of(kMessage), row_of(kMessage)};
  for (int pass = 0; pass < 3; ++pass) {
    std::array<u8, 4> ok = {9, 9, 9, 9};
    executor.verify_remembered(Scheme::ed25519_rfc8032, rows, ok.data());
    CHECK(ok == std::array<u8, 4>{1, 0, 1, 1});
    CHECK(executor.remembered_rows() == 4u * static_cast<u64>(pass));
    CHECK(executor.stats().signature_rows.load() == 2);
  }
}

TEST_CASE("remembered: rows that differ in anything have different digests, kSigRemember apart") {
  const u8 joined[2] = {0x72, 0x73};
  std::vector<sig::Row> rows = {row_of(kMessage), row_of(kOther), row_of(kMessage, kSigLowS)};
  rows.push_back({kKey, kSig, joined, 32, 64, 2, 0});
  rows.push_back({kKey, kSig, joined, 31, 64, 2, 0});
  rows.push_back({kSig, kKey, joined, 64, 32, 2, 0});
  std::vector<RowDigest> digests = digests_of(Scheme::ed25519_rfc8032, rows);
  digests.push_back(digests_of(Scheme::ed25519_zip215, rows)[0]);
  for (usize i = 0; i < digests.size(); ++i) {
    for (usize k = 0; k < i; ++k) CHECK(digests[i] != digests[k]);
  }
  const std::vector<sig::Row> plain = {row_of(kMessage, 0)};
  CHECK(digests_of(Scheme::ed25519_rfc8032, plain)[0] == digests[0]);
}

TEST_CASE("remembered: bounded, and what was kept last is found with its own outcome") {
  Remembered memory;
  constexpr u32 kCount = 200'000;  // six times what there is room for
  usize found = 0;
  for (u32 first = 0; first < kCount; first += 100) {
    std::vector<RowDigest> digests;
    std::vector<u8> ok;
    for (u32 i = first; i < first + 100; ++i) {
      digests.push_back(digest_number(i));
      ok.push_back(i % 3 == 0 ? 1 : 0);
    }
    memory.keep(digests, ok);
    const std::vector<Remembered::Outcome> said = memory.find(digests);
    for (u32 i = 0; i < 100; ++i) {
      if (said[i] == Remembered::Outcome::unknown) continue;
      ++found;
      CHECK((said[i] == Remembered::Outcome::holds) == (ok[i] != 0));
    }
  }
  CHECK(found > kCount * 9 / 10);
  std::vector<RowDigest> all;
  for (u32 i = 0; i < kCount; ++i) all.push_back(digest_number(i));
  usize held = 0;
  for (const Remembered::Outcome each : memory.find(all)) held += each != Remembered::Outcome::unknown;
  CHECK(held <= Remembered::kSets * Remembered::kWays);
  CHECK(held > Remembered::kSets);
}

TEST_CASE("remembered: many threads") {
  exec::Executor executor(1);
  std::vector<std::thread> threads;
  std::array<u8, 8> good = {};
  for (usize t = 0; t < 8; ++t) {
    threads.emplace_back([&, t] {
      bool all = true;
      for (int pass = 0; pass < 50; ++pass) {
        const std::vector<sig::Row> rows = {row_of(kMessage), row_of(kOther)};
        std::array<u8, 2> ok = {};
        executor.verify_remembered(Scheme::ed25519_rfc8032, rows, ok.data());
        all &= ok == std::array<u8, 2>{1, 0};
      }
      good[t] = all ? 1 : 0;
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (const u8 each : good) CHECK(each == 1);
}

TEST_CASE("remembered: a forked child remembers nothing and still answers") {
  Remembered memory;
  const std::vector<RowDigest> one = {digest_number(1)};
  memory.keep(one, std::vector<u8>{1});
  CHECK(memory.find(one)[0] == Remembered::Outcome::holds);
  const pid_t child = fork();
  if (child == 0) {
    memory.keep(one, std::vector<u8>{1});
    _exit(memory.find(one)[0] == Remembered::Outcome::unknown && memory.hits() == 0 ? 0 : 1);
  }
  int status = 1;
  waitpid(child, &status, 0);
  CHECK(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == 0);
}
