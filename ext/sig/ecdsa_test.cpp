// ECDSA over secp256k1: known answers, the catalogue of edge cases, and one call for many rows against calls of one.
#include <algorithm>

#include "sig/secp256k1_test.hpp"

namespace isthmus::sig {
namespace {

using namespace test;

constexpr Verifier kVerify = verify_secp256k1_ecdsa;

const Words& order() { return C::Order::kModulus; }

// A signature made from the equation backwards: for u1, u2 and a key Q the point R = u1 G + u2 Q gives r, and
// s = r / u2, e = u1 s. It is valid whatever u1 and u2 are, so both can be chosen to be awkward.
Case forged(const Scalar& u1, const Scalar& u2, const curve::Affine<C>& key) {
  curve::Jacobian<C> sum, part = curve::multiply_plain<C>(Scalar::to_words(u2), key);
  curve::add(sum, curve::multiply_plain<C>(Scalar::to_words(u1), generator()), part);
  const Scalar r = Scalar::from_words_reduced(F::to_words(affine(sum).x));
  Scalar s, e;
  Scalar::invert(s, u2);
  Scalar::mul(s, s, r);
  Scalar::mul(e, u1, s);
  return {compressed(key), joined(big_endian(Scalar::to_words(r)), big_endian(Scalar::to_words(s))),
          big_endian(Scalar::to_words(e)), true};
}

curve::Affine<C> random_key(field::TestNoise& noise) { return times(random_scalar(noise), generator()); }

Words plus(const Words& a, const Words& b) {
  Words r = {};
  field::add_words(r, a, b);
  return r;
}

Words minus(const Words& a, const Words& b) {
  Words r = {};
  field::sub_words(r, a, b);
  return r;
}

Words part(const Case& one, usize at) { return field::words_from_be(one.sig.data() + at); }

Case with_sig(Case one, const Words& r, const Words& s, bool valid) {
  one.sig = joined(big_endian(r), big_endian(s));
  one.valid = valid;
  return one;
}

}  // namespace

TEST_CASE("ecdsa: known answers") {
  // Key 1 and SHA-256("Satoshi Nakamoto"), key n - 1 and SHA-256("Equations are more important to me, ...") with nonces
  // of RFC 6979: the vectors that Bitcoin wallets share.
  const std::vector<Case> cases = {
      {from_hex("0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798"),
       from_hex("934b1ea10a4b3c1757e2b0c017d0b6143ce3c9a7e6a4a49860d7a6ab210ee3d8"
                "2442ce9d2b916064108014783e923ec36b49743e2ffa1c4496f01a512aafd9e5"),
       from_hex("a0dc65ffca799873cbea0ac274015b9526505daaaed385155425f7337704883e"), true, kSigLowS},
      {from_hex("0379be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798"),
       from_hex("54c4a33c6423d689378f160a7ff8b61330444abb58fb470f96ea16d99d4a2fed"
                "07082304410efa6b2943111b6a4e0aaa7b7db55a07e9861d1fb3cb1f421044a5"),
       from_hex("5e9f0a0d593efdcf78ac923bc3313e4e7d408d574354ee2b3288c0da9fbba6ed"), true, kSigLowS},
      {from_hex("0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798"),
       from_hex("54c4a33c6423d689378f160a7ff8b61330444abb58fb470f96ea16d99d4a2fed"
                "07082304410efa6b2943111b6a4e0aaa7b7db55a07e9861d1fb3cb1f421044a5"),
       from_hex("5e9f0a0d593efdcf78ac923bc3313e4e7d408d574354ee2b3288c0da9fbba6ed"), false},
  };
  CHECK(wrong_answers(kVerify, cases) == 0);
}

TEST_CASE("ecdsa: ranges of r and s, high s") {
  field::TestNoise noise(1);
  const Case good = forged(random_scalar(noise), random_scalar(noise), random_key(noise));
  const Words r = part(good, 0), s = part(good, 32), zero = {}, ones = {~u64{0}, ~u64{0}, ~u64{0}, ~u64{0}};
  std::vector<Case> cases = {good};
  for (const Words& bad :
       {zero, order(), plus(order(), {1, 0, 0, 0}), F::kModulus, ones, minus(order(), {1, 0, 0, 0})}) {
    cases.push_back(with_sig(good, bad, s, false));
    cases.push_back(with_sig(good, r, bad, false));
    cases.push_back(with_sig(good, bad, bad, false));
  }
  const bool is_low = !field::less_words(field::half_words(order()), s);
  const Words low = is_low ? s : minus(order(), s), high = minus(order(), low);
  for (const u32 flags : {0u, kSigLowS}) {
    cases.push_back(with_sig(good, r, low, true));
    cases.back().flags = flags;
    cases.push_back(with_sig(good, r, high, flags == 0));
    cases.back().flags = flags;
  }
  CHECK(wrong_answers(kVerify, cases) == 0);
}

TEST_CASE("ecdsa: s at the border of low and high") {
  // For a wanted s choose u2 = r / s: r must be known first, so R is fixed and the key follows: Q = (R - u1 G) / u2.
  field::TestNoise noise(2);
  const Words half = field::half_words(order());
  for (const bool low : {true, false}) {
    const curve::Affine<C> point = random_key(noise);
    const Scalar r = Scalar::from_words_reduced(F::to_words(point.x));
    const Scalar s = Scalar::from_constant(low ? half : plus(half, {1, 0, 0, 0}));
    const Scalar u1 = random_scalar(noise);
    Scalar e, factor;
    Scalar::mul(e, u1, s);
    Scalar::invert(factor, r);
    Scalar::mul(factor, factor, s);  // 1 / u2
    curve::Affine<C> minus_u1_g;
    curve::negate(minus_u1_g, times(u1, generator()));
    curve::Jacobian<C> rest;
    curve::add_mixed(rest, curve::to_jacobian(point), minus_u1_g);
    Case one = {compressed(times(factor, affine(rest))),
                joined(big_endian(Scalar::to_words(r)), big_endian(Scalar::to_words(s))),
                big_endian(Scalar::to_words(e)), true};
    CHECK(wrong_answers(kVerify, {one}) == 0);
    one.flags = kSigLowS;
    one.valid = low;
    CHECK(wrong_answers(kVerify, {one}) == 0);
  }
}

TEST_CASE("ecdsa: R.x between n and p") {
  // Points with x = n + k, x < p: r is k. The key is made from R as above, with u1 = u2 = 1: Q = R - G.
  usize found = 0;
  std::vector<Case> cases;
  for (u64 k = 1; found < 4; ++k) {
    curve::Affine<C> point, minus_g;
    if (!curve::lift_x(point, plus(order(), {k, 0, 0, 0}), k % 2 == 0)) continue;
    ++found;
    curve::negate(minus_g, generator());
    curve::Jacobian<C> key;
    curve::add_mixed(key, curve::to_jacobian(point), minus_g);
    const Blob r = big_endian({k, 0, 0, 0});  // s = r / u2 = r, e = u1 s = r
    cases.push_back({compressed(affine(key)), joined(r, r), r, true});
    cases.push_back(cases.back());
    cases.back().sig = joined(big_endian(plus(order(), {k, 0, 0, 0})), r);  // x itself is not below n
    cases.back().valid = false;
  }
  CHECK(wrong_answers(kVerify, cases) == 0);
  // r = p - n is the first r whose r + n would be p: x = 0, which no point has; nothing may wrap around.
  const Words gap = minus(F::kModulus, order());
  Case wrapped = cases[0];
  wrapped.sig = joined(big_endian(gap), big_endian(gap));
  wrapped.valid = false;
  CHECK(wrong_answers(kVerify, {wrapped}) == 0);
}

TEST_CASE("ecdsa: sums that double, cancel or vanish") {
  field::TestNoise noise(3);
  const Scalar d = random_scalar(noise), one = Scalar::one();
  const curve::Affine<C> key = times(d, generator());
  std::vector<Case> cases;
  // u1 G = u2 Q: the last addition is a doubling.
  cases.push_back(forged(d, one, key));
  // Q = G and Q = -G, with awkward halves.
  curve::Affine<C> minus_g;
  curve::negate(minus_g, generator());
  const std::vector<Words> special = {{1, 0, 0, 0},
                                      {2, 0, 0, 0},
                                      {16, 0, 0, 0},
                                      {0, 0, 1, 0},
                                      {~u64{0}, ~u64{0}, 0, 0},
                                      {0, u64{1} << 63, 0, 0},
                                      C::kLambda,
                                      minus(order(), {1, 0, 0, 0})};
  for (const Words& a : special) {
    for (const Words& b : special) {
      Scalar sum, difference, minus_b;
      const Scalar u1 = Scalar::from_constant(a), u2 = Scalar::from_constant(b);
      Scalar::neg(minus_b, u2);
      Scalar::add(sum, u1, u2);
      Scalar::add(difference, u1, minus_b);
      if (!Scalar::is_zero(sum)) cases.push_back(forged(u1, u2, generator()));
      if (!Scalar::is_zero(difference)) cases.push_back(forged(u1, u2, minus_g));
    }
    cases.push_back(forged(Scalar::zero(), Scalar::from_constant(a), key));  // digest 0
  }
  CHECK(wrong_answers(kVerify, cases) == 0);
  // u1 G = -u2 Q: R is infinity whatever r is. With s = r / u2 and e = u1 s = -d r.
  cases.clear();
  for (const u64 r : {1, 2, 3, 77}) {
    Scalar e;
    Scalar::mul(e, d, Scalar::from_int(r));
    Scalar::neg(e, e);
    cases.push_back({compressed(key), joined(big_endian({r, 0, 0, 0}), big_endian({r, 0, 0, 0})),
                     big_endian(Scalar::to_words(e)), false});
  }
  // The same with u1 = 1, u2 Q = -G and r = G.x: what is left over from before the last addition has the wanted x.
  const Scalar s = random_scalar(noise), r = Scalar::from_words_reduced(C::kGeneratorX);
  Scalar factor;
  Scalar::invert(factor, r);
  Scalar::mul(factor, factor, s);
  const Blob s_bytes = big_endian(Scalar::to_words(s));
  cases.push_back(
      {compressed(times(factor, minus_g)), joined(big_endian(Scalar::to_words(r)), s_bytes), s_bytes, false});
  CHECK(wrong_answers(kVerify, cases) == 0);
}

TEST_CASE("ecdsa: digests of every length") {
  field::TestNoise noise(4);
  const Scalar d = random_scalar(noise), k = random_scalar(noise);
  const curve::Affine<C> key = times(d, generator());
  const Scalar r = Scalar::from_words_reduced(F::to_words(times(k, generator()).x));
  Scalar inverse, rd;
  Scalar::invert(inverse, k);
  Scalar::mul(rd, r, d);
  const auto sign = [&](const Words& e) {
    Scalar s;
    Scalar::add(s, Scalar::from_words_reduced(e), rd);
    Scalar::mul(s, s, inverse);
    return joined(big_endian(Scalar::to_words(r)), big_endian(Scalar::to_words(s)));
  };
  std::vector<Case> cases;
  for (usize len = 0; len <= 80; ++len) {
    Blob digest(len);
    noise.fill(digest.data(), len);
    Words e = {};  // the leftmost 32 bytes, or all of them
    for (usize i = 0; i < len && i < 32; ++i) {
      for (usize w = 4; w-- > 1;) e[w] = e[w] << 8 | e[w - 1] >> 56;
      e[0] = e[0] << 8 | digest[i];
    }
    cases.push_back({compressed(key), sign(e), digest, len != 0});
  }
  // Digests that are 0, n, n + 1, 2^256 - 1 count modulo n.
  for (const Words& e : {Words{}, order(), plus(order(), {1, 0, 0, 0}), Words{~u64{0}, ~u64{0}, ~u64{0}, ~u64{0}}}) {
    cases.push_back({compressed(key), sign(e), big_endian(e), true});
  }
  CHECK(wrong_answers(kVerify, cases) == 0);
}

TEST_CASE("ecdsa: key forms and lengths") {
  field::TestNoise noise(5);
  const curve::Affine<C> key = random_key(noise);
  Case good = forged(random_scalar(noise), random_scalar(noise), key);
  const u8 parity = F::is_odd(key.y) ? 1 : 0;
  std::vector<Case> cases = {good};
  const auto push = [&](const Blob& bytes, bool valid, u32 flags) {
    cases.push_back(good);
    cases.back().key = bytes;
    cases.back().valid = valid;
    cases.back().flags = flags;
  };
  push(uncompressed(key), true, 0);
  push(uncompressed(key, static_cast<u8>(6 + parity)), false, 0);
  push(uncompressed(key, static_cast<u8>(6 + parity)), true, kSigHybrid);
  push(uncompressed(key, static_cast<u8>(7 - parity)), false, kSigHybrid);
  for (usize len = 0; len <= 66; ++len) {
    Blob bytes = uncompressed(key);
    bytes.resize(len);
    if (len != 65) push(bytes, false, kSigHybrid);
    bytes = compressed(key);
    bytes.resize(len);
    if (len != 33) push(bytes, false, kSigHybrid);
  }
  for (usize len = 0; len <= 66; ++len) {
    if (len == 64) continue;
    cases.push_back(good);
    cases.back().sig.resize(len);
    cases.back().valid = false;
  }
  CHECK(wrong_answers(kVerify, cases) == 0);
}

TEST_CASE("ecdsa: many rows answer as rows alone, in any order and number") {
  field::TestNoise noise(6);
  std::vector<Case> cases;
  for (usize i = 0; i < 150; ++i) {
    cases.push_back(forged(random_scalar(noise), random_scalar(noise), random_key(noise)));
    Case& one = cases.back();
    if (noise.below(3) != 0) continue;
    one.valid = false;
    const usize kind = noise.below(4);
    if (kind == 0) one.sig[noise.below(64)] ^= static_cast<u8>(1 << noise.below(8));
    if (kind == 1) one.msg[noise.below(32)] ^= static_cast<u8>(1 << noise.below(8));
    if (kind == 2) one.key[0] ^= 1;  // the other point with this x
    if (kind == 3) one.sig.clear();
  }
  CHECK(wrong_answers(kVerify, cases) == 0);
  for (int round = 0; round < 6; ++round) {
    for (usize i = cases.size(); i > 1; --i) std::swap(cases[i - 1], cases[noise.below(i)]);
    const std::vector<Case> some(cases.begin(), cases.begin() + static_cast<long>(noise.below(cases.size())));
    const std::vector<u8> ok = answers(kVerify, some);
    for (usize i = 0; i < some.size(); ++i) REQUIRE(ok[i] == (some[i].valid ? 1 : 0));
  }
  kVerify({}, nullptr);
}

}  // namespace isthmus::sig
