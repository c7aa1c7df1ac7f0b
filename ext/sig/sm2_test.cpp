// SM2 with SM3: the standard's example, the rules that ECDSA does not have, and many rows against rows alone.
#include <algorithm>

#include "curve/sm2.hpp"
#include "hash/sm3.hpp"
#include "sig/curve_test.hpp"

namespace isthmus::sig {
namespace {

using namespace test;
using S = Suite<curve::Sm2>;
using Scalar = S::Scalar;
using Words = S::Words;
using Point = S::Point;

void verify_default(std::span<const Row> rows, u8* ok, const Context&) { verify(Scheme::sm2_sm3, rows, ok); }

void verify_as_alice(std::span<const Row> rows, u8* ok, const Context&) {
  static const Blob id = from_hex("414c494345313233405941484f4f2e434f4d");  // ALICE123@YAHOO.COM
  verify(Scheme::sm2_sm3, rows, ok, {id});
}

const Blob kDefaultId = from_hex("31323334353637383132333435363738");

Blob sm3(const Blob& message) {
  Blob out(32);
  hash::sm3(out.data(), message);
  return out;
}

// e = SM3(Z || message), put together from the text of the standard: a, b and G as GB/T 32918.5 prints them.
Blob digest_of(const Blob& id, const Point& key, const Blob& message) {
  const Blob curve = from_hex(
      "fffffffeffffffffffffffffffffffffffffffff00000000fffffffffffffffc"
      "28e9fa9e9d9f5e344d5a9e4bcf6509a7f39789f515ab8f92ddbcbd414d940e93"
      "32c4ae2c1f1981195f9904466a39c9948fe30bbff2660be1715a4589334c74c7"
      "bc3736a2f4f6779c59bdcee36b692153d0a9877cc62a474002df32e52139f0a0");
  const usize bits = 8 * id.size();
  const Blob length = {static_cast<u8>(bits >> 8), static_cast<u8>(bits)};
  return sm3(joined(sm3(joined(joined(length, id), joined(curve, raw(key)))), message));
}

// r = e + (k G).x and s = (k - r d) / (1 + d).
Blob sign(const Scalar& d, const Scalar& k, const Blob& digest) {
  Scalar r, one_more;
  Scalar::add(r, Scalar::from_words_reduced(field::words_from_be(digest.data())), S::x_of(times(k, S::generator())));
  Scalar::add(one_more, d, Scalar::one());
  const Scalar s = S::quotient(S::difference(k, S::product(r, d)), one_more);
  return joined(S::bytes(r), S::bytes(s));
}

Case random_case(field::TestNoise& noise, const Scalar& d) {
  const Point key = times(d, S::generator());
  Blob message(noise.below(200));
  noise.fill(message.data(), message.size());
  const Blob sig = sign(d, S::random_scalar(noise), digest_of(kDefaultId, key, message));
  return {uncompressed(key), sig, message, true};
}

// A prehashed row that holds: the point R = s G + t Q has the x that makes r.
Case prehashed(const Words& r, const Words& s, const Point& key, const Point& nonce) {
  const Scalar e = S::difference(Scalar::from_constant(r), S::x_of(nonce));
  return {uncompressed(key), joined(big_endian(r), big_endian(s)), S::bytes(e), true, kSigPrehashed};
}

}  // namespace

TEST_CASE("sm2: the example of GB/T 32918.5, annex A.2") {
  const Blob x = from_hex("09f9df311e5421a150dd7d161e4bc5c672179fad1833fc076bb08ff356f35020");
  const Blob y = from_hex("ccea490ce26775a52dc6ea718cc1aa600aed05fbf35e084a6632f6072da9ad13");
  const Blob sig = from_hex(
      "f5a03b0648d2c4630eeac513e1bb81a15944da3827d5b74143ac7eaceee720b3"
      "b1b6aa29df212fd8763182bc0d421ca1bb9038fd1f7f42d4840b69c485bbc1aa");
  const Blob message = from_hex("6d65737361676520646967657374");  // "message digest"
  const Blob e = from_hex("f0b43e94ba45accaace692ed534382eb17e6ab5a19ce7b31f4486fdfc0d28640");
  Blob other = message;
  other[0] ^= 1;
  const std::vector<Case> cases = {
      {joined({4}, joined(x, y)), sig, message, true},
      {joined(x, y), sig, message, true},
      {joined({3}, x), sig, message, true},
      {joined({2}, x), sig, message, false},
      {joined(x, y), sig, other, false},
      {joined(x, y), sig, e, true, kSigPrehashed},
      {joined(x, y), sig, e, false},
      {joined(x, y), sig, message, false, kSigPrehashed},
      {joined(x, y), sig, message, true, kSigLowS},
  };
  CHECK(wrong_answers(verify_default, cases) == 0);
  // Another signer's id makes another Z; the digest itself has no id.
  std::vector<Case> with_id = cases;
  for (Case& one : with_id) one.valid = one.flags == kSigPrehashed && one.msg == e;
  CHECK(wrong_answers(verify_as_alice, with_id) == 0);
}

TEST_CASE("sm2: the signer's id, of every length that fits") {
  field::TestNoise noise(1);
  const Scalar d = S::random_scalar(noise);
  const Point key = times(d, S::generator());
  const Blob message = from_hex("00");
  for (const usize len : {0, 1, 31, 32, 255, 256, 8191, 8192, 70000}) {
    Blob id(len);
    noise.fill(id.data(), len);
    const Case one = {raw(key), sign(d, S::random_scalar(noise), digest_of(id, key, message)), message, true};
    const Row row = one.row();
    u8 ok = 77;
    verify(Scheme::sm2_sm3, {&row, 1}, &ok, {id});
    CHECK(ok == (len <= 8191 ? 1 : 0));
    verify(Scheme::sm2_sm3, {&row, 1}, &ok);
    CHECK(ok == 0);
  }
}

TEST_CASE("sm2: ranges of r and s, and r + s = n") {
  field::TestNoise noise(2);
  const Scalar d = S::random_scalar(noise);
  const Point key = times(d, S::generator());
  const Case good = random_case(noise, d);
  const Words r = S::part(good, 0), s = S::part(good, 1), zero = {}, order = S::order();
  std::vector<Case> cases = {good};
  for (const Words& bad : {zero, order, plus(order, {1}), S::F::kModulus, minus(order, {1}), minus(zero, {1})}) {
    cases.push_back(S::with_sig(good, bad, s, false));
    cases.push_back(S::with_sig(good, r, bad, false));
    cases.push_back(S::with_sig(good, bad, bad, false));
  }
  cases.push_back(S::with_sig(good, r, minus(order, s), false));  // no second signature by negating s
  // t = 0 leaves R = s G, which no key takes part in: anybody could make such a signature.
  const Scalar any = S::random_scalar(noise);
  Scalar opposite;
  Scalar::neg(opposite, any);
  cases.push_back(prehashed(Scalar::to_words(opposite), Scalar::to_words(any), key, times(any, S::generator())));
  cases.back().valid = false;
  CHECK(wrong_answers(verify_default, cases) == 0);
}

TEST_CASE("sm2: the whole range of s, whatever kSigLowS says") {
  field::TestNoise noise(3);
  const Words half = field::half_words(S::order());
  std::vector<Case> cases;
  for (const Words& s : {Words{1}, Words{2}, half, plus(half, {1}), minus(S::order(), {1})}) {
    for (const u32 flags : {0u, kSigLowS, kSigHybrid}) {
      // r first, then R = s G + (r + s) Q, and e last.
      const Scalar r = S::random_scalar(noise), s_mod = Scalar::from_constant(s);
      const Point key = S::random_key(noise);
      Scalar t;
      Scalar::add(t, r, s_mod);
      cases.push_back(prehashed(Scalar::to_words(r), s, key, S::sum(times(t, key), times(s_mod, S::generator()))));
      cases.back().flags |= flags;
    }
  }
  CHECK(wrong_answers(verify_default, cases) == 0);
}

TEST_CASE("sm2: R at infinity and R.x at and above n") {
  field::TestNoise noise(4);
  std::vector<Case> cases;
  // s G + t Q = infinity with Q = d G: s = -t d. Whatever x is taken for it, e = r - x.
  const Scalar d = S::random_scalar(noise), t = S::random_scalar(noise);
  const Point key = times(d, S::generator());
  const Scalar s = S::difference(Scalar::zero(), S::product(t, d)), r = S::difference(t, s);
  for (const Scalar& x : {Scalar::zero(), Scalar::one(), S::x_of(S::generator()), S::x_of(times(s, S::generator()))}) {
    cases.push_back({raw(key), joined(S::bytes(r), S::bytes(s)), S::bytes(S::difference(r, x)), false, kSigPrehashed});
  }
  // R.x = n + k below p: Q = (R - s G) / t.
  usize found = 0;
  for (u64 k = 0; found < 4; ++k) {
    Point nonce;
    if (!curve::lift_x(nonce, plus(S::order(), {k}), k % 2 == 0)) continue;
    ++found;
    const Scalar any_s = S::random_scalar(noise), any_r = S::random_scalar(noise);
    Scalar sum;
    Scalar::add(sum, any_r, any_s);
    const Point rest = S::sum(nonce, S::opposite(times(any_s, S::generator())));
    const Point signer = times(S::quotient(Scalar::one(), sum), rest);
    cases.push_back(prehashed(Scalar::to_words(any_r), Scalar::to_words(any_s), signer, nonce));
  }
  CHECK(wrong_answers(verify_default, cases) == 0);
}

TEST_CASE("sm2: digests count modulo n and have 32 bytes") {
  field::TestNoise noise(5);
  const Scalar d = S::random_scalar(noise);
  const Point key = times(d, S::generator());
  std::vector<Case> cases;
  Words ones = {};
  ones.fill(~u64{0});
  for (const Words& e : {Words{}, Words{1}, S::order(), plus(S::order(), {1}), ones}) {
    const Blob digest = big_endian(e);
    cases.push_back({raw(key), sign(d, S::random_scalar(noise), digest), digest, true, kSigPrehashed});
  }
  for (usize len = 0; len <= 70; ++len) {
    Case one = cases[1];
    one.msg.resize(len);
    one.valid = len == 32;
    cases.push_back(one);
  }
  CHECK(wrong_answers(verify_default, cases) == 0);
}

TEST_CASE("sm2: key forms and lengths") {
  field::TestNoise noise(6);
  const Scalar d = S::random_scalar(noise);
  const Point key = times(d, S::generator());
  const Case good = random_case(noise, d);
  const u8 parity = S::F::is_odd(key.y) ? 1 : 0;
  std::vector<Case> cases;
  const auto push = [&](const Blob& bytes, bool valid) {
    cases.push_back(good);
    cases.back().key = bytes;
    cases.back().valid = valid;
    cases.back().flags = kSigHybrid;
  };
  push(raw(key), true);
  push(compressed(key), true);
  push(uncompressed(key), true);
  push(uncompressed(key, static_cast<u8>(6 + parity)), false);
  push(raw(S::opposite(key)), false);
  for (usize at = 0; at < 64; ++at) {
    Blob changed = raw(key);
    changed[at] ^= 1;
    push(changed, false);
  }
  for (usize len = 0; len <= 70; ++len) {
    Blob bytes = uncompressed(key);
    bytes.resize(len);
    if (len != 65) push(bytes, false);
    bytes = raw(key);
    bytes.resize(len);
    if (len != 64) push(bytes, false);
    cases.push_back(good);
    cases.back().sig.resize(len);
    cases.back().valid = len == 64;
  }
  CHECK(wrong_answers(verify_default, cases) == 0);
}

TEST_CASE("sm2: many rows answer as rows alone, whoever stands beside them") {
  field::TestNoise noise(7);
  std::vector<Case> cases;
  // Few signers in runs, each with several forms of its key, so that what is kept of the row before is used and
  // dropped.
  for (usize signer = 0; signer < 12; ++signer) {
    const Scalar d = S::random_scalar(noise);
    const Point key = times(d, S::generator());
    for (usize i = noise.below(16); i-- > 0;) {
      cases.push_back(random_case(noise, d));
      Case& one = cases.back();
      const usize form = noise.below(4);
      if (form == 0) one.key = compressed(key);
      if (form == 1) one.key = raw(key);
      if (noise.below(3) != 0) continue;
      one.valid = false;
      const usize kind = noise.below(5);
      if (kind == 0) one.sig[noise.below(64)] ^= static_cast<u8>(1 << noise.below(8));
      if (kind == 1) one.msg.push_back(0);
      if (kind == 2) one.key[0] ^= 0x40;
      if (kind == 3) one.key.clear();
      if (kind == 4) one.flags = kSigPrehashed, one.msg.resize(33);
    }
  }
  REQUIRE(cases.size() > 40);
  CHECK(wrong_answers(verify_default, cases) == 0);
  for (int round = 0; round < 6; ++round) {
    for (usize i = cases.size(); i > 1; --i) std::swap(cases[i - 1], cases[noise.below(i)]);
    const std::vector<u8> ok = answers(verify_default, cases);
    for (usize i = 0; i < cases.size(); ++i) REQUIRE(ok[i] == (cases[i].valid ? 1 : 0));
  }
  verify_default({}, nullptr, {});
}

}  // namespace isthmus::sig
