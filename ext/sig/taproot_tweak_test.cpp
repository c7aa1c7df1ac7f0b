// The taproot commitment check: BIP341's published wallet cases, and everything about them altered.
#include <doctest/doctest.h>

#include <cstring>
#include <string>
#include <vector>

#include "sig/batch.hpp"

using namespace isthmus;

namespace {

std::vector<u8> unhex(const std::string& text) {
  std::vector<u8> out;
  for (usize i = 0; i + 1 < text.size(); i += 2)
    out.push_back(static_cast<u8>(std::stoi(text.substr(i, 2), nullptr, 16)));
  return out;
}

// One commitment: output key, parity of its y, internal key, tweak.
struct Case {
  std::vector<u8> key;
  std::vector<u8> sig;
  std::vector<u8> msg;

  Case(const char* output, u8 parity, const char* internal, const char* tweak)
      : key(unhex(output)), sig(unhex(internal)), msg(unhex(tweak)) {
    sig.insert(sig.begin(), parity);
  }

  sig::Row row() const {
    return {key.data(), sig.data(), msg.data(), static_cast<u32>(key.size()), static_cast<u32>(sig.size()),
            msg.size(), 0};
  }
};

// BIP341, wallet-test-vectors, scriptPubKey cases with a script tree; parities are those of their control blocks.
Case script_tree_case() {
  return {"147c9c57132f6e7ecddba9800bb0c4449251c92a1e60371ee77557b6620f3ea3", 1,
          "187791b6f712a8ea41c8ecdd0ee77fab3e85263b37e1ec18a3651926b3a6cf27",
          "cbd8679ba636c1110ea247542cfbd964131a6be84f873f7f3b62a777528ed001"};
}

bool holds(const Case& one) {
  const sig::Row row = one.row();
  u8 ok = 9;
  sig::verify(Scheme::secp256k1_taproot_tweak, {&row, 1}, &ok);
  REQUIRE(ok <= 1);
  return ok == 1;
}

}  // namespace

TEST_CASE("taproot tweak: a published commitment, and each part of it altered") {
  const Case good = script_tree_case();
  CHECK(holds(good));
  for (const auto part : {&Case::key, &Case::sig, &Case::msg}) {
    for (usize i = 0; i < (good.*part).size(); ++i) {
      Case bad = good;
      (bad.*part)[i] ^= 1;
      CHECK_FALSE(holds(bad));
    }
  }
}

TEST_CASE("taproot tweak: lengths, parity byte and ranges") {
  const Case good = script_tree_case();
  for (const auto part : {&Case::key, &Case::sig, &Case::msg}) {
    Case shorter = good;
    (shorter.*part).pop_back();
    CHECK_FALSE(holds(shorter));
    Case longer = good;
    (longer.*part).push_back(0);
    CHECK_FALSE(holds(longer));
    Case none = good;
    (none.*part).clear();
    CHECK_FALSE(holds(none));
  }
  Case parity = good;
  parity.sig[0] = 2;
  CHECK_FALSE(holds(parity));
  Case order = good;  // the tweak is n itself
  order.msg = unhex("fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141");
  CHECK_FALSE(holds(order));
  Case modulus = good;  // x = p
  modulus.key = unhex("fffffffffffffffffffffffffffffffffffffffffffffffffffffffefffffc2f");
  CHECK_FALSE(holds(modulus));
}

TEST_CASE("taproot tweak: a zero tweak commits to the internal key itself") {
  const char* const x = "79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798";
  const char* const zero = "0000000000000000000000000000000000000000000000000000000000000000";
  CHECK(holds({x, 0, x, zero}));
  CHECK_FALSE(holds({x, 1, x, zero}));
}

TEST_CASE("taproot tweak: a sum at infinity holds for nothing") {
  // G has an even y, so G + (n - 1) G is infinity.
  const char* const x = "79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798";
  const char* const minus_one = "fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364140";
  CHECK_FALSE(holds({x, 0, x, minus_one}));
  CHECK_FALSE(holds({"0000000000000000000000000000000000000000000000000000000000000000", 0, x, minus_one}));
}

TEST_CASE("taproot tweak: one answer per row at every place of a batch") {
  const Case good = script_tree_case();
  Case bad = good;
  bad.sig[0] ^= 1;
  for (const usize count : {usize{1}, usize{31}, usize{32}, usize{33}, usize{70}}) {
    std::vector<sig::Row> rows;
    for (usize i = 0; i < count; ++i) rows.push_back(i % 3 == 1 ? bad.row() : good.row());
    std::vector<u8> ok(count, 9);
    sig::verify(Scheme::secp256k1_taproot_tweak, rows, ok.data());
    for (usize i = 0; i < count; ++i) CHECK(ok[i] == (i % 3 == 1 ? 0 : 1));
  }
}
