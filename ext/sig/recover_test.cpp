// Key recovery: against a slow signer, against the verifier, every value of v, and rows where no key can be.
#include "sig/recover.hpp"

#include <algorithm>

#include "sig/secp256k1_test.hpp"

namespace isthmus::sig {
namespace {

using namespace test;

// A row that owns its bytes, and the key that must come out; nothing where there is none.
struct Recovery {
  Blob sig, msg, key;
  u32 flags = 0;

  RecoverRow row() const { return {sig.data(), msg.data(), static_cast<u32>(sig.size()), msg.size(), flags}; }
};

// Number of rows answered wrongly in one call; a refused row has a key of zeros.
usize wrong_keys(const std::vector<Recovery>& cases) {
  std::vector<RecoverRow> rows;
  for (const Recovery& one : cases) rows.push_back(one.row());
  Blob keys(kRecoveredKey * cases.size(), 0xAA);
  std::vector<u8> ok(cases.size(), 77);
  recover(rows, keys.data(), ok.data());
  usize wrong = 0;
  for (usize i = 0; i < cases.size(); ++i) {
    const Blob found(keys.begin() + static_cast<long>(kRecoveredKey * i),
                     keys.begin() + static_cast<long>(kRecoveredKey * (i + 1)));
    const Blob expected = cases[i].key.empty() ? Blob(kRecoveredKey, 0) : cases[i].key;
    if (found == expected && ok[i] == (cases[i].key.empty() ? 0 : 1)) continue;
    ++wrong;
    MESSAGE("row ", i, " of ", cases.size());
  }
  return wrong;
}

usize wrong_keys_alone(const std::vector<Recovery>& cases) {
  usize wrong = 0;
  for (const Recovery& one : cases) wrong += wrong_keys({one});
  return wrong;
}

Recovery with_v(Recovery one, u8 v, bool valid) {
  one.sig[64] = v;
  if (!valid) one.key.clear();
  return one;
}

// r = (k G).x, s = (e + r d) / k, v by the parity of (k G).y. A nonce whose x is n or more is never met by chance.
Recovery signed_case(const Scalar& d, const Scalar& k, const Blob& digest) {
  u8 last[32] = {};
  const usize take = std::min<usize>(digest.size(), 32);
  std::copy_n(digest.data(), take, last + 32 - take);
  const curve::Affine<C> nonce = times(k, generator());
  const Scalar r = K1::x_of(nonce), e = Scalar::from_words_reduced(field::words_from_be(last));
  Scalar s;
  Scalar::add(s, e, K1::product(r, d));
  const Blob pair = joined(K1::bytes(r), K1::bytes(K1::quotient(s, k)));
  return {joined(pair, {static_cast<u8>(F::is_odd(nonce.y) ? 1 : 0)}), digest, uncompressed(times(d, generator()))};
}

Recovery random_case(field::TestNoise& noise, usize digest_len = 32) {
  Blob digest(digest_len);
  noise.fill(digest.data(), digest_len);
  const Scalar d = random_scalar(noise);
  return signed_case(d, random_scalar(noise), digest);
}

bool verifies(const Recovery& one, const Blob& key) {
  const test::Case row = {key, Blob(one.sig.begin(), one.sig.begin() + 64), one.msg, true};
  return answers(verify_secp256k1_ecdsa, {row})[0] == 1;
}

}  // namespace

TEST_CASE("recover: a known answer") {
  // The row that Ethereum's documentation uses for its ecrecover precompile.
  const Recovery one = {from_hex("9242685bf161793cc25603c231bc2f568eb630ea16aa137d2664ac8038825608"
                                 "4f8ae3bd7535248d0bd448298cc2e2071e56992d0774dc340c368ae950852ada1c"),
                        from_hex("456e9aea5e197a1f1af7a3e85a3212fa4049a3ba34c2289b4c860fc0b0c64ef3"),
                        from_hex("04f57c1d4c961024e998eaec4b6bebec90e788ef5ade22e636ce76111b60db107d"
                                 "4c3404b9908a2f357c84ccb48cf412be41d09574a9291c9c7eb5173ccf2a339f")};
  CHECK(wrong_keys({one, with_v(one, 1, true)}) == 0);
  CHECK(verifies(one, one.key));
}

TEST_CASE("recover: every value of v") {
  field::TestNoise noise(1);
  const Recovery good = random_case(noise);
  const u8 parity = good.sig[64];
  for (int v = 0; v < 256; ++v) {
    const int bits = v >= 27 ? v - 27 : v;
    const Recovery one = with_v(good, static_cast<u8>(v), true);
    if (bits == parity) {
      CHECK(wrong_keys({one}) == 0);
    } else if (bits == (parity ^ 1)) {
      // The point on the other side gives another key, which verifies too.
      Blob key(kRecoveredKey);
      u8 ok = 77;
      const RecoverRow row = one.row();
      recover({&row, 1}, key.data(), &ok);
      REQUIRE(ok == 1);
      CHECK(key != good.key);
      CHECK(verifies(good, key));
    } else {
      CHECK(wrong_keys({with_v(one, static_cast<u8>(v), false)}) == 0);  // 2 and 3: r + n is not below p
    }
  }
}

TEST_CASE("recover: R.x between n and p") {
  // R with x = n + k: r is k and bit 1 of v is set. The key is made from the equation: Q = (s R - e G) / r.
  field::TestNoise noise(2);
  std::vector<Recovery> cases;
  for (u64 k = 1; cases.size() < 16; ++k) {
    curve::Affine<C> nonce;
    const bool odd = k % 2 == 0;
    if (!curve::lift_x(nonce, plus(C::Order::kModulus, {k}), odd)) continue;
    const Scalar s = random_scalar(noise), e = random_scalar(noise), r = Scalar::from_int(k);
    const curve::Affine<C> rest = K1::sum(times(s, nonce), K1::opposite(times(e, generator())));
    const Blob key = uncompressed(times(K1::quotient(Scalar::one(), r), rest));
    const Blob pair = joined(big_endian(Words{k}), K1::bytes(s));
    cases.push_back({joined(pair, {static_cast<u8>(2 + (odd ? 1 : 0))}), K1::bytes(e), key});
    CHECK(verifies(cases.back(), key));
    cases.push_back(with_v(cases.back(), static_cast<u8>(29 + (odd ? 1 : 0)), true));
  }
  CHECK(wrong_keys(cases) == 0);
  // r + n = p, r + n above p, r + n above 2^256.
  const Words gap = minus(F::kModulus, C::Order::kModulus);
  for (const Words& r : {gap, plus(gap, {1}), minus(C::Order::kModulus, {1})}) {
    for (const u8 v : {2, 3}) {
      CHECK(wrong_keys({{joined(joined(big_endian(r), big_endian(Words{1})), {v}), Blob(32, 1), {}}}) == 0);
    }
  }
}

TEST_CASE("recover: ranges, lengths and an x of no point") {
  field::TestNoise noise(3);
  const Recovery good = random_case(noise);
  std::vector<Recovery> cases = {good};
  const auto push = [&](const Words& r, const Words& s) {
    cases.push_back({joined(joined(big_endian(r), big_endian(s)), {good.sig[64]}), good.msg, {}});
  };
  const Words r = field::words_from_be(good.sig.data()), s = field::words_from_be(good.sig.data() + 32);
  for (const Words& bad :
       {Words{}, C::Order::kModulus, plus(C::Order::kModulus, {1}), F::kModulus, minus(Words{}, {1})}) {
    push(bad, s);
    push(r, bad);
  }
  curve::Affine<C> point;
  for (u64 x = 1; x < 30; ++x) {
    if (!curve::lift_x(point, {x}, false)) push({x}, s);
  }
  for (usize len = 0; len <= 70; ++len) {
    if (len == 65) continue;
    cases.push_back(good);
    cases.back().sig.resize(len);
    cases.back().key.clear();
  }
  cases.push_back(good);
  cases.back().msg.clear();
  cases.back().key.clear();
  CHECK(wrong_keys(cases) == 0);
  CHECK(wrong_keys_alone(cases) == 0);
}

TEST_CASE("recover: high s only without kSigLowS") {
  field::TestNoise noise(4);
  std::vector<Recovery> cases;
  for (int i = 0; i < 8; ++i) {
    // The other signature of the pair: s negated, and R with it.
    const Recovery one = random_case(noise);
    Recovery other = one;
    const Words s = field::words_from_be(one.sig.data() + 32), opposite = minus(C::Order::kModulus, s);
    field::words_to_be(other.sig.data() + 32, opposite);
    other.sig[64] ^= 1;
    const bool low = field::less_words(s, opposite);
    cases.push_back(one);
    cases.push_back(other);
    cases.push_back(low ? one : other);
    cases.back().flags = kSigLowS;
    cases.push_back(low ? other : one);
    cases.back().flags = kSigLowS;
    cases.back().key.clear();
  }
  CHECK(wrong_keys(cases) == 0);
}

TEST_CASE("recover: the point at infinity is no key") {
  // s R = e G for R = k G and e = s k.
  field::TestNoise noise(5);
  std::vector<Recovery> cases;
  for (int i = 0; i < 3; ++i) {
    const Scalar k = random_scalar(noise), s = random_scalar(noise);
    const curve::Affine<C> nonce = times(k, generator());
    const Blob pair = joined(K1::bytes(K1::x_of(nonce)), K1::bytes(s));
    cases.push_back({joined(pair, {static_cast<u8>(F::is_odd(nonce.y) ? 1 : 0)}), K1::bytes(K1::product(s, k)), {}});
    cases.push_back(random_case(noise));
  }
  CHECK(wrong_keys(cases) == 0);
  CHECK(wrong_keys_alone(cases) == 0);
}

TEST_CASE("recover: digests of every length, many rows") {
  field::TestNoise noise(6);
  std::vector<Recovery> cases;
  for (usize len = 1; len <= 80; ++len) cases.push_back(random_case(noise, len));
  for (usize i = 0; i < 40; ++i) {
    cases.push_back(random_case(noise));
    if (noise.below(3) != 0) continue;
    cases.back().sig[64] = 4;
    cases.back().key.clear();
  }
  for (int round = 0; round < 4; ++round) {
    CHECK(wrong_keys(cases) == 0);
    for (usize i = cases.size(); i > 1; --i) std::swap(cases[i - 1], cases[noise.below(i)]);
  }
  recover({}, nullptr, nullptr);
}

}  // namespace isthmus::sig
