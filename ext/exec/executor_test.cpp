// The executor: levels, comparison rules, multisig order, many sheets and threads at once.
#include "exec/executor.hpp"

#include <doctest/doctest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <numeric>

#include "hash/hash.hpp"

using namespace isthmus;
using claim::Compare;
using claim::Kind;
using claim::kRoot;
using claim::Ref;
using claim::Sheet;

namespace {

std::vector<u8> digest(Hash id, const std::vector<u8>& message) {
  std::vector<u8> out(digest_size(id));
  const hash::Segment segment{message.data(), message.size()};
  const hash::Message row{&segment, 1, out.data()};
  hash::digest_many(id, {&row, 1});
  return out;
}

claim::Verdict settle_and_judge(exec::Executor& executor, Sheet& sheet) {
  Sheet* const one[] = {&sheet};
  return claim::judge(sheet, executor.settle(one).front());
}

// The root of four leaves, each a chain of `depth` hashes over one input byte, must equal `expected`.
Sheet layered_sheet(Bytes input, int depth, const std::vector<u8>& expected) {
  Sheet sheet(input, {}, Limits{});
  const Ref leaves = sheet.reserve(4 * 32);
  for (u32 i = 0; i < 4; ++i) {
    Ref at = sheet.input(i, 1);
    for (int k = 1; k < depth; ++k) at = sheet.hash(Hash::sha256, {at});
    sheet.hash_into(leaves.sub(32 * i, 32), Hash::sha256, {at});
  }
  const Sheet::TreeResult tree = sheet.tree(Tree::sha256_pairs, leaves);
  sheet.bind(kRoot, tree.claim, Code::merkle_mutated);
  sheet.bind(kRoot, sheet.compare(Compare::equal, tree.root, sheet.text(expected)), Code::merkle_root_differs);
  return sheet;
}

std::vector<u8> layered_root(Bytes input, int depth) {
  std::vector<u8> leaves;
  for (u32 i = 0; i < 4; ++i) {
    std::vector<u8> at{input[i]};
    for (int k = 0; k < depth; ++k) at = digest(Hash::sha256, at);
    leaves.insert(leaves.end(), at.begin(), at.end());
  }
  std::vector<u8> level;
  for (usize i = 0; i < 128; i += 64) {
    const std::vector<u8> node =
        digest(Hash::sha256, {leaves.begin() + static_cast<long>(i), leaves.begin() + static_cast<long>(i) + 64});
    level.insert(level.end(), node.begin(), node.end());
  }
  return digest(Hash::sha256, level);
}

}  // namespace

TEST_CASE("a tree row under a hash of choice") {
  const std::vector<u8> input(64, 5);
  std::vector<u8> leaves = digest(Hash::sha256, {1});
  const std::vector<u8> other = digest(Hash::sha256, {2});
  leaves.insert(leaves.end(), other.begin(), other.end());
  exec::Executor executor(2);
  for (const Hash hash : {Hash::sha256, Hash::sm3}) {
    Sheet sheet(input, {}, Limits{});
    const Sheet::TreeResult tree = sheet.tree(Tree::chainmaker, sheet.text(leaves), hash);
    sheet.bind(kRoot, tree.claim, Code::merkle_mutated);
    const Ref expected = sheet.text(digest(hash, leaves));
    sheet.bind(kRoot, sheet.compare(Compare::equal, tree.root, expected), Code::merkle_root_differs);
    CHECK(settle_and_judge(executor, sheet).status == Status::valid);
  }
  Sheet mutated(input, {}, Limits{});
  mutated.bind(kRoot, mutated.tree(Tree::chainmaker, mutated.input(0, 64)).claim, Code::merkle_mutated);
  CHECK(settle_and_judge(executor, mutated).code == Code::merkle_mutated);
}

TEST_CASE("executor: recovered keys stand at their rows, whatever the chunks and threads") {
  // Signatures of any digest with r = 1 .. and s = 1: whether r is an x decides, and each row has its own key.
  constexpr usize kRows = 300;
  std::vector<std::array<u8, 65>> sigs(kRows);
  const std::vector<u8> message(32, 7);
  std::vector<sig::RecoverRow> rows;
  for (usize i = 0; i < kRows; ++i) {
    sigs[i] = {};
    store_be32(sigs[i].data() + 28, static_cast<u32>(i));
    sigs[i][63] = 1;
    rows.push_back({sigs[i].data(), message.data(), 65, message.size(), 0});
  }
  std::vector<u8> expected(65 * kRows), expected_ok(kRows);
  for (usize i = 0; i < kRows; ++i) sig::recover({&rows[i], 1}, expected.data() + 65 * i, &expected_ok[i]);
  REQUIRE(std::count(expected_ok.begin(), expected_ok.end(), 1) > 50);
  for (const u32 threads : {1u, 3u}) {
    exec::Executor executor(threads);
    std::vector<u8> keys(65 * kRows, 9), ok(kRows, 9);
    executor.recover(rows, keys.data(), ok.data());
    CHECK(keys == expected);
    CHECK(ok == expected_ok);
    CHECK(executor.stats().signature_rows == kRows);
  }
}

TEST_CASE("executor: a recover row reads a hash, writes a key for later rows, and is false without one") {
  // The signer's key by definition: r = x of the generator, s = 1 and any digest give one, whichever v of 0 and 1.
  std::vector<u8> input(65 + 65 + 3);
  const std::vector<u8> generator_x = {0x79, 0xbe, 0x66, 0x7e, 0xf9, 0xdc, 0xbb, 0xac, 0x55, 0xa0, 0x62,
                                       0x95, 0xce, 0x87, 0x0b, 0x07, 0x02, 0x9b, 0xfc, 0xdb, 0x2d, 0xce,
                                       0x28, 0xd9, 0x59, 0xf2, 0x81, 0x5b, 0x16, 0xf8, 0x17, 0x98};
  std::copy(generator_x.begin(), generator_x.end(), input.begin());
  input[63] = 1;
  input[65 + 63] = 1;  // r = 0: no key
  const std::vector<u8> message(input.end() - 3, input.end());
  const std::vector<u8> hashed = digest(Hash::sha256, message);
  const sig::RecoverRow row{input.data(), hashed.data(), 65, hashed.size(), 0};
  std::vector<u8> key(65);
  u8 ok = 0;
  sig::recover({&row, 1}, key.data(), &ok);
  REQUIRE(ok == 1);
  const std::vector<u8> expected = digest(Hash::keccak256, {key.begin() + 1, key.end()});

  exec::Executor executor(2);
  for (const bool broken : {false, true}) {
    Sheet sheet(input, {}, Limits{});
    const Ref hash = sheet.hash(Hash::sha256, {sheet.input(130, 3)});
    const Sheet::Recovered recovered = sheet.recover(0, sheet.input(broken ? 65 : 0, 65), hash);
    const Ref address = sheet.hash(Hash::keccak256, {recovered.key});
    sheet.bind(kRoot, recovered.claim, Code::signature_false);
    sheet.bind(kRoot, sheet.compare(Compare::equal, address, sheet.text(expected)), Code::hash_differs);
    const claim::Verdict verdict = settle_and_judge(executor, sheet);
    CHECK(verdict.status == (broken ? Status::invalid : Status::valid));
    CHECK(verdict.code == (broken ? Code::signature_false : Code::ok));
    CHECK(verdict.findings.size() == (broken ? 2 : 0));
    const Bytes written = sheet.bytes(recovered.key);
    const std::vector<u8> wanted = broken ? std::vector<u8>(64) : std::vector<u8>(key.begin() + 1, key.end());
    CHECK(std::equal(written.begin(), written.end(), wanted.begin(), wanted.end()));
  }
  CHECK(executor.stats().recover_rows == 2);
}

TEST_CASE("executor: recover rows of many sheets at one level keep their places") {
  constexpr usize kSheets = 150;
  std::vector<std::vector<u8>> inputs(kSheets, std::vector<u8>(65));
  std::vector<Sheet> sheets;
  std::vector<claim::Sheet::Recovered> recovered;
  const std::vector<u8> message(32, 7);
  for (usize i = 0; i < kSheets; ++i) {
    store_be32(inputs[i].data() + 28, static_cast<u32>(i));
    inputs[i][63] = 1;
    sheets.emplace_back(inputs[i], message, Limits{});
    recovered.push_back(sheets[i].recover(0, sheets[i].input(0, 65), sheets[i].anchor(0, 32)));
    sheets[i].bind(kRoot, recovered[i].claim, Code::signature_false);
  }
  std::vector<Sheet*> pointers;
  for (Sheet& sheet : sheets) pointers.push_back(&sheet);
  exec::Executor executor(3);
  const std::vector<claim::Settled> settled = executor.settle(pointers);
  usize holding = 0;
  for (usize i = 0; i < kSheets; ++i) {
    const sig::RecoverRow row{inputs[i].data(), message.data(), 65, message.size(), 0};
    std::vector<u8> key(65);
    u8 ok = 0;
    sig::recover({&row, 1}, key.data(), &ok);
    CHECK(settled[i].holds(recovered[i].claim) == (ok != 0));
    const Bytes written = sheets[i].bytes(recovered[i].key);
    CHECK(std::equal(written.begin(), written.end(), key.begin() + 1, key.end()));
    holding += ok;
  }
  CHECK(holding > 50);
}

TEST_CASE("executor: rows read what earlier levels wrote, over many sheets and threads") {
  const std::vector<u8> input{10, 20, 30, 40};
  for (const u32 threads : {1u, 2u, 4u}) {
    exec::Executor executor(threads);
    std::vector<Sheet> sheets;
    for (int i = 0; i < 40; ++i) {
      std::vector<u8> root = layered_root(input, 1 + i % 5);
      if (i % 7 == 3) root[i % 32] ^= 1;
      sheets.push_back(layered_sheet(input, 1 + i % 5, root));
    }
    std::vector<Sheet*> pointers;
    for (Sheet& sheet : sheets) pointers.push_back(&sheet);
    const std::vector<claim::Settled> settled = executor.settle(pointers);
    for (usize i = 0; i < sheets.size(); ++i) {
      const claim::Verdict verdict = claim::judge(sheets[i], settled[i]);
      CHECK(verdict.status == (i % 7 == 3 ? Status::invalid : Status::valid));
      if (i % 7 == 3) CHECK(verdict.code == Code::merkle_root_differs);
    }
  }
}

TEST_CASE("executor: equal and little-endian comparison") {
  const u8 input[] = {5, 1, 4, 2, 5, 1, 6, 1};
  const auto holds = [&](Compare compare, u32 left, u32 left_len, u32 right, u32 right_len) {
    Sheet sheet(Bytes(input), {}, Limits{});
    sheet.bind(kRoot, sheet.compare(compare, sheet.input(left, left_len), sheet.input(right, right_len)),
               Code::hash_differs);
    exec::Executor executor(1);
    return settle_and_judge(executor, sheet).status == Status::valid;
  };
  CHECK(holds(Compare::equal, 0, 2, 4, 2));
  CHECK(!holds(Compare::equal, 0, 2, 6, 2));
  CHECK(!holds(Compare::equal, 0, 1, 0, 2));
  CHECK(holds(Compare::le_at_most, 0, 2, 4, 2));  // equal
  CHECK(holds(Compare::le_at_most, 0, 2, 2, 2));  // 0x0105 <= 0x0204: the last byte weighs most
  CHECK(!holds(Compare::le_at_most, 2, 2, 0, 2));
  CHECK(holds(Compare::le_at_most, 0, 2, 6, 2));
  CHECK(!holds(Compare::le_at_most, 0, 1, 0, 2));  // lengths differ
  CHECK(holds(Compare::one_of, 0, 2, 0, 8));
  CHECK(holds(Compare::one_of, 6, 2, 2, 6));  // the last piece
  CHECK(!holds(Compare::one_of, 2, 2, 4, 4));
  CHECK(!holds(Compare::one_of, 1, 2, 0, 8));  // across two pieces
  CHECK(!holds(Compare::one_of, 0, 2, 0, 7));  // no whole number of pieces
  CHECK(!holds(Compare::one_of, 0, 2, 0, 0));
  CHECK(!holds(Compare::one_of, 0, 0, 0, 8));
}

TEST_CASE("pool: every index once, in any number of threads, again and again") {
  for (const u32 threads : {1u, 2u, 3u, 8u}) {
    exec::Pool pool(threads);
    for (const usize count : {usize{0}, usize{1}, usize{2}, usize{7}, usize{1000}}) {
      std::vector<int> seen(count);
      pool.run(count, [&](usize i) { ++seen[i]; });
      CHECK(std::accumulate(seen.begin(), seen.end(), usize{0}) == count);
      CHECK(std::find(seen.begin(), seen.end(), 2) == seen.end());
    }
  }
}

TEST_CASE("pool: running out of memory in one job is an error of the whole") {
  exec::Pool pool(3);
  std::atomic<int> ran{0};
  const auto job = [&](usize i) {
    ++ran;
    if (i == 5) throw std::bad_alloc();
  };
  CHECK_THROWS_AS(pool.run(20, job), std::bad_alloc);
  CHECK(ran.load() == 20);
  pool.run(4, [&](usize) { ++ran; });
  CHECK(ran.load() == 24);
}

TEST_CASE("pool: a forked child makes its own threads") {
  exec::Pool pool(3);
  std::atomic<int> ran{0};
  pool.run(8, [&](usize) { ++ran; });
  const pid_t child = fork();
  if (child == 0) {
    std::atomic<int> mine{0};
    pool.run(8, [&](usize) { ++mine; });
    _exit(mine.load() == 8 ? 0 : 1);
  }
  int status = 0;
  REQUIRE(waitpid(child, &status, 0) == child);
  CHECK(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == 0);
  CHECK(ran.load() == 8);
}
