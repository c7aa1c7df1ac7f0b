// BIP340: known answers, edge cases, and the equation for many rows against rows alone.
#include <algorithm>

#include "hash/sha256.hpp"
#include "sig/key_tables.hpp"
#include "sig/schnorr_bip340.hpp"
#include "sig/secp256k1_test.hpp"

namespace isthmus::sig {
namespace {

using namespace test;

constexpr Verifier kVerify = verify_secp256k1_bip340;

struct Signer {
  Scalar secret;
  curve::Affine<C> key;  // even y
};

Signer random_signer(field::TestNoise& noise) {
  Signer signer = {random_scalar(noise), {}};
  signer.key = times(signer.secret, generator());
  if (F::is_odd(signer.key.y)) {
    Scalar::neg(signer.secret, signer.secret);
    curve::negate(signer.key, signer.key);
  }
  return signer;
}

Scalar challenge(const Blob& r, const Blob& key, const Blob& msg, std::string_view tag = "BIP0340/challenge") {
  u8 of_tag[32], digest[32];
  hash::sha256(of_tag, Bytes(reinterpret_cast<const u8*>(tag.data()), tag.size()));
  Blob all(of_tag, of_tag + 32);
  all = joined(joined(joined(joined(all, all), r), key), msg);
  hash::sha256(digest, all);
  return Scalar::from_words_reduced(field::words_from_be(digest));
}

// A valid row with R = k G or its opposite, or with `odd_nonce` the same with R of odd y.
Case row_with_nonce(const Signer& signer, Scalar k, const Blob& msg, bool odd_nonce = false) {
  Scalar s;
  const curve::Affine<C> point = times(k, generator());
  if (F::is_odd(point.y) != odd_nonce) Scalar::neg(k, k);
  const Blob r = big_endian(F::to_words(point.x)), key = big_endian(F::to_words(signer.key.x));
  Scalar::mul(s, challenge(r, key, msg), signer.secret);
  Scalar::add(s, s, k);
  return {key, joined(r, big_endian(Scalar::to_words(s))), msg, !odd_nonce};
}

Case signed_row(const Signer& signer, field::TestNoise& noise, const Blob& msg, bool odd_nonce = false) {
  return row_with_nonce(signer, random_scalar(noise), msg, odd_nonce);
}

Case random_row(field::TestNoise& noise) {
  Blob msg(32);
  noise.fill(msg.data(), msg.size());
  return signed_row(random_signer(noise), noise, msg);
}

void spoil(Case& one, field::TestNoise& noise) {
  one.valid = false;
  const usize kind = noise.below(5);
  if (kind == 0) one.sig[32 + noise.below(32)] ^= static_cast<u8>(1 << noise.below(8));
  if (kind == 1) one.sig[noise.below(32)] ^= static_cast<u8>(1 << noise.below(8));
  if (kind == 2) one.msg[noise.below(32)] ^= static_cast<u8>(1 << noise.below(8));
  if (kind == 3) one.key = big_endian(F::to_words(random_signer(noise).key.x));
  if (kind == 4) one.sig.push_back(1);
}

}  // namespace

TEST_CASE("bip340: vectors of the proposal") {
  const Blob zero(32, 0);
  const Blob key = from_hex("DFF1D77F2A671C5F36183726DB2341BE58FEAE1DA2DECED843240F7B502BA659");
  const Blob msg = from_hex("243F6A8885A308D313198A2E03707344A4093822299F31D0082EFA98EC4E6C89");
  const std::vector<Case> cases = {
      {from_hex("F9308A019258C31049344F85F89D5229B531C845836F99B08601F113BCE036F9"),
       from_hex("E907831F80848D1069A5371B402410364BDF1C5F8307B0084C55F1CE2DCA8215"
                "25F66A4A85EA8B71E482A74F382D2CE5EBEEE8FDB2172F477DF4900D310536C0"),
       zero, true},
      {key,
       from_hex("6896BD60EEAE296DB48A229FF71DFE071BDE413E6D43F917DC8DCF8C78DE3341"
                "8906D11AC976ABCCB20B091292BFF4EA897EFCB639EA871CFA95F6DE339E4B0A"),
       msg, true},
      {key,  // R has odd y
       from_hex("FFF97BD5755EEEA420453A14355235D382F6472F8568A18B2F057A1460297556"
                "3CC27944640AC607CD107AE10923D9EF7A73C643E166BE5EBEAFA34B1AC553E2"),
       msg, false},
      {key,  // s G - e P is infinity, r = 0
       from_hex("0000000000000000000000000000000000000000000000000000000000000000"
                "123DDA8328AF9C23A94C1FEECFD123BA4FB73476F0D594DCB65C6425BD186051"),
       msg, false},
      {key,  // the same with r = 1
       from_hex("0000000000000000000000000000000000000000000000000000000000000001"
                "7615FBAF5AE28864013C099742DEADB4DBA87F11AC6754F93780D5A1837CF197"),
       msg, false},
  };
  CHECK(wrong_answers(kVerify, cases) == 0);
}

TEST_CASE("bip340: messages of every length") {
  field::TestNoise noise(1);
  const Signer signer = random_signer(noise);
  std::vector<Case> cases;
  for (const usize len : {0, 1, 17, 31, 32, 33, 54, 55, 56, 63, 64, 65, 100, 118, 119, 120, 128, 1000}) {
    Blob msg(len);
    noise.fill(msg.data(), len);
    cases.push_back(signed_row(signer, noise, msg));
  }
  CHECK(wrong_answers(kVerify, cases) == 0);
}

TEST_CASE("bip340: ranges, lengths, parities and tags") {
  field::TestNoise noise(2);
  const Signer signer = random_signer(noise);
  const Blob msg(32, 9);
  const Case good = signed_row(signer, noise, msg);
  std::vector<Case> cases = {good, signed_row(signer, noise, msg, true)};
  const auto push = [&](const Blob& key, const Blob& sig) { cases.push_back({key, sig, msg, false}); };
  const Blob r(good.sig.begin(), good.sig.begin() + 32), s(good.sig.begin() + 32, good.sig.end());
  Words above = {};
  field::add_words(above, field::words_from_be(s.data()), C::Order::kModulus);  // wraps or is at least n
  for (const Blob& bad : {Blob(32, 0xFF), big_endian(C::Order::kModulus), big_endian(above)})
    push(good.key, joined(r, bad));
  for (const Blob& bad : {Blob(32, 0xFF), big_endian(F::kModulus)}) {
    push(good.key, joined(bad, s));
    push(bad, good.sig);
  }
  Words negated = {};
  field::sub_words(negated, C::Order::kModulus, field::words_from_be(s.data()));
  push(good.key, joined(r, big_endian(negated)));
  push(joined({2}, good.key), good.sig);  // a compressed key is not an x-only key
  for (const usize len : {0, 1, 31, 33, 65}) {
    Blob key = good.key;
    key.resize(len);
    push(key, good.sig);
  }
  for (const usize len : {0, 1, 32, 63, 65, 66, 128}) {
    Blob sig = good.sig;
    sig.resize(len, 1);
    push(good.key, sig);
  }
  // The challenge under another tag: s = k + e' d.
  Scalar k = random_scalar(noise), other;
  const curve::Affine<C> point = times(k, generator());
  if (F::is_odd(point.y)) Scalar::neg(k, k);
  const Blob x = big_endian(F::to_words(point.x));
  Scalar::mul(other, challenge(x, good.key, msg, "BIP0340/nonce"), signer.secret);
  Scalar::add(other, other, k);
  push(good.key, joined(x, big_endian(Scalar::to_words(other))));
  CHECK(wrong_answers(kVerify, cases) == 0);
}

TEST_CASE("bip340: a row with s = 0 does not disturb its neighbours") {
  // s = 0 is in range, but a true row with it would need e before R: the row is false, and by the equation, not by
  // range.
  field::TestNoise noise(3);
  std::vector<Case> cases;
  for (int i = 0; i < 12; ++i) cases.push_back(random_row(noise));
  std::fill(cases[5].sig.begin() + 32, cases[5].sig.end(), static_cast<u8>(0));
  cases[5].valid = false;
  CHECK(wrong_answers(kVerify, cases) == 0);
}

TEST_CASE("bip340: infinite R is refused alone and among others") {
  field::TestNoise noise(4);
  std::vector<Case> cases;
  for (int i = 0; i < 10; ++i) cases.push_back(random_row(noise));
  for (const u64 r : {0, 1, 2, 3}) {
    const Signer signer = random_signer(noise);
    const Blob key = big_endian(F::to_words(signer.key.x)), rx = big_endian({r, 0, 0, 0}), msg(32, 1);
    Scalar s;
    Scalar::mul(s, challenge(rx, key, msg), signer.secret);
    cases.push_back({key, joined(rx, big_endian(Scalar::to_words(s))), msg, false});
  }
  CHECK(wrong_answers(kVerify, cases) == 0);
}

TEST_CASE("bip340: errors that cancel in a plain sum are both named") {
  field::TestNoise noise(5);
  for (const usize count : {2, 4, 16, 64, 100}) {
    std::vector<Case> cases;
    for (usize i = 0; i < count; ++i) cases.push_back(random_row(noise));
    const usize first = noise.below(count / 2), second = count / 2 + noise.below(count / 2);
    Scalar shift = random_scalar(noise);
    for (const usize i : {first, second}) {
      Scalar s = Scalar::from_constant(field::words_from_be(cases[i].sig.data() + 32));
      Scalar::add(s, s, shift);
      Scalar::neg(shift, shift);
      const Blob bytes = big_endian(Scalar::to_words(s));
      std::copy(bytes.begin(), bytes.end(), cases[i].sig.begin() + 32);
      cases[i].valid = false;
    }
    const std::vector<u8> ok = answers(kVerify, cases);
    for (usize i = 0; i < count; ++i) CHECK(ok[i] == (cases[i].valid ? 1 : 0));
  }
}

TEST_CASE("bip340: many rows answer as rows alone, in any order, number and share of bad rows") {
  field::TestNoise noise(6);
  std::vector<Case> good;
  for (int i = 0; i < 140; ++i) good.push_back(random_row(noise));
  CHECK(wrong_answers(kVerify, good) == 0);
  for (const usize bad_of_100 : {0, 1, 5, 30, 100}) {
    std::vector<Case> cases = good;
    for (Case& one : cases) {
      if (noise.below(100) < bad_of_100) spoil(one, noise);
    }
    for (const usize count : {1, 2, 3, 4, 5, 31, 32, 63, 64, 65, 130}) {
      for (usize i = cases.size(); i > 1; --i) std::swap(cases[i - 1], cases[noise.below(i)]);
      const std::vector<Case> some(cases.begin(), cases.begin() + static_cast<long>(count));
      const std::vector<u8> ok = answers(kVerify, some);
      for (usize i = 0; i < count; ++i) REQUIRE(ok[i] == (some[i].valid ? 1 : 0));
    }
  }
  // One bad row at each place of a full equation.
  for (usize at = 0; at < 64; ++at) {
    std::vector<Case> cases(good.begin(), good.begin() + 64);
    cases[at].msg[0] ^= 1;
    std::vector<u8> expected(64, 1);
    expected[at] = 0;
    REQUIRE(answers(kVerify, cases) == expected);
  }
  kVerify({}, nullptr, {});
}

TEST_CASE("bip340: one, two, many and all rows bad among more than an equation takes") {
  field::TestNoise noise(7);
  std::vector<Case> good;
  for (int i = 0; i < 1100; ++i) good.push_back(random_row(noise));
  const auto check = [&](const std::vector<Case>& cases) {
    std::vector<u8> expected;
    for (const Case& one : cases) expected.push_back(one.valid ? 1 : 0);
    REQUIRE(answers(kVerify, cases) == expected);
  };
  check(good);
  for (const usize count : {200, 600, 1024, 1025, 1100}) {
    const std::vector<Case> some(good.begin(), good.begin() + static_cast<long>(count));
    for (const usize bad : {usize{1}, usize{2}, usize{3}, usize{8}, count / 2, count}) {
      std::vector<Case> cases = some;
      for (usize left = bad; left > 0;) {
        Case& one = cases[bad == count ? left - 1 : noise.below(count)];
        if (!one.valid) continue;
        spoil(one, noise);
        --left;
      }
      check(cases);
    }
  }
  for (usize at = 0; at < 300; at += 13) {
    std::vector<Case> cases(good.begin(), good.begin() + 300);
    spoil(cases[at], noise);
    check(cases);
  }
}

TEST_CASE("bip340: rows that repeat, share keys and nonces, or have points that add up to one another") {
  field::TestNoise noise(8);
  const auto spoil_and_check = [&](std::vector<Case> cases) {
    CHECK(wrong_answers(kVerify, cases) == 0);
    for (const usize bad : {0, 1, 1, 30}) {
      for (usize i = 0; i < bad; ++i) {
        Case& one = cases[noise.below(cases.size())];
        if (one.valid) spoil(one, noise);
      }
      std::vector<u8> expected;
      for (const Case& one : cases) expected.push_back(one.valid ? 1 : 0);
      REQUIRE(answers(kVerify, cases) == expected);
    }
  };
  const auto message = [](usize i) { return Blob(32, static_cast<u8>(i)); };
  constexpr usize kCount = 150;
  std::vector<Case> same, one_key, one_nonce, few_keys;
  std::vector<Signer> signers;
  for (usize i = 0; i < 5; ++i) signers.push_back(random_signer(noise));
  const Scalar nonce = random_scalar(noise);
  for (usize i = 0; i < kCount; ++i) {
    same.push_back(i == 0 ? random_row(noise) : same[0]);
    one_key.push_back(signed_row(signers[0], noise, message(i)));
    one_nonce.push_back(row_with_nonce(random_signer(noise), nonce, message(i)));
    few_keys.push_back(row_with_nonce(signers[i % 5], i % 3 == 0 ? nonce : random_scalar(noise), message(i)));
  }
  spoil_and_check(same);
  spoil_and_check(one_key);
  spoil_and_check(one_nonce);
  spoil_and_check(few_keys);
  // Nonces and secrets 1, 2, 3, ...: points are sums of others, up to signs, G is among them, and R is P in places.
  std::vector<Case> small;
  for (u64 i = 0; i < kCount; ++i) {
    Signer signer = {Scalar::from_constant({1 + i % 12, 0, 0, 0}), {}};
    signer.key = times(signer.secret, generator());
    if (F::is_odd(signer.key.y)) {
      Scalar::neg(signer.secret, signer.secret);
      curve::negate(signer.key, signer.key);
    }
    small.push_back(row_with_nonce(signer, Scalar::from_constant({1 + i / 12, 0, 0, 0}), message(i)));
  }
  spoil_and_check(small);
}

TEST_CASE("bip340: errors that cancel are named in a large equation, with one key and with two") {
  field::TestNoise noise(9);
  const Signer signer = random_signer(noise);
  std::vector<Case> cases;
  for (usize i = 0; i < 260; ++i) {
    cases.push_back(i % 2 == 0 ? random_row(noise) : signed_row(signer, noise, Blob(3, static_cast<u8>(i))));
  }
  Scalar shift = random_scalar(noise);
  for (const usize at : {3, 255, 100, 200}) {
    Scalar s = Scalar::from_constant(field::words_from_be(cases[at].sig.data() + 32));
    Scalar::add(s, s, shift);
    Scalar::neg(shift, shift);
    const Blob bytes = big_endian(Scalar::to_words(s));
    std::copy(bytes.begin(), bytes.end(), cases[at].sig.begin() + 32);
    cases[at].valid = false;
  }
  CHECK(wrong_answers(kVerify, cases) == 0);
}

TEST_CASE("bip340: known signers among others") {
  field::TestNoise noise(10);
  KeyTables known(u64{1} << 24);
  const Context context = {.known = &known};
  const Signer signer = random_signer(noise);
  std::vector<Case> few;
  for (usize i = 0; i < 5; ++i) few.push_back(signed_row(signer, noise, Blob(32, static_cast<u8>(i))));
  const auto verify = [&](const std::vector<Case>& cases) {
    std::vector<Row> rows;
    for (const Case& one : cases) rows.push_back(one.row());
    std::vector<u8> ok(cases.size(), 77);
    verify_secp256k1_bip340(rows, ok.data(), context);
    for (usize i = 0; i < cases.size(); ++i) REQUIRE(ok[i] == (cases[i].valid ? 1 : 0));
  };
  for (usize round = 0; round < 15; ++round) verify(few);
  std::vector<Case> cases;
  for (usize i = 0; i < 100; ++i) cases.push_back(random_row(noise));
  for (const usize at : {0, 77, 99}) cases[at] = few[at % 5];
  const u64 before = known.stats().rows;
  verify(cases);
  if (bip340::lanes_count_min() != 0) CHECK(known.stats().rows == before + 3);
  spoil(cases[77], noise);
  spoil(cases[78], noise);
  verify(cases);
}

}  // namespace isthmus::sig
