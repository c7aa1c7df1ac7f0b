// ECDSA over secp256k1, P-256 and P-384: known answers, the catalogue of edge cases, and one call for many rows against
// calls of one.
#include <algorithm>

#include "curve/p256.hpp"
#include "curve/p384.hpp"
#include "curve/secp256k1.hpp"
#include "sig/curve_test.hpp"

namespace isthmus::sig {
namespace {

using namespace test;

struct K1 : Suite<curve::Secp256k1> {
  static constexpr auto kVerify = verify_secp256k1_ecdsa;
  static constexpr bool kHybrid = true;
};
struct P256 : Suite<curve::P256> {
  static constexpr auto kVerify = verify_p256_ecdsa;
  static constexpr bool kHybrid = false;
};
struct P384 : Suite<curve::P384> {
  static constexpr auto kVerify = verify_p384_ecdsa;
  static constexpr bool kHybrid = false;
};

// A signature made from the equation backwards: for u1, u2 and a key Q the point R = u1 G + u2 Q gives r, and
// s = r / u2, e = u1 s. It is valid whatever u1 and u2 are, so both can be chosen to be awkward.
template <class S>
Case forged(const typename S::Scalar& u1, const typename S::Scalar& u2, const typename S::Point& key) {
  using C = typename S::C;
  using Scalar = typename S::Scalar;
  curve::Jacobian<C> sum, part = curve::multiply_plain<C>(Scalar::to_words(u2), key);
  curve::add(sum, curve::multiply_plain<C>(Scalar::to_words(u1), S::generator()), part);
  const Scalar r = S::x_of(affine(sum));
  const Scalar s = S::quotient(r, u2);
  return {compressed(key), joined(S::bytes(r), S::bytes(s)), S::bytes(S::product(u1, s)), true};
}

template <class S>
Case random_case(field::TestNoise& noise) {
  const auto u1 = S::random_scalar(noise), u2 = S::random_scalar(noise);
  return forged<S>(u1, u2, S::random_key(noise));
}

}  // namespace

TEST_CASE("ecdsa: known answers, secp256k1") {
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
  CHECK(wrong_answers(K1::kVerify, cases) == 0);
}

TEST_CASE("ecdsa: known answers, P-256") {
  // RFC 6979, A.2.5: "sample" with SHA-256 and SHA-512, "test" with SHA-256.
  const Blob key = from_hex(
      "0460fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6"
      "7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299");
  const std::vector<Case> cases = {
      {key,
       from_hex("efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716"
                "f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8"),
       from_hex("af2bdbe1aa9b6ec1e2ade1d694f41fc71a831d0268e9891562113d8a62add1bf"), true},
      {key,
       from_hex("8496a60b5e9b47c825488827e0495b0e3fa109ec4568fd3f8d1097678eb97f00"
                "2362ab1adbe2b8adf9cb9edab740ea6049c028114f2460f96554f61fae3302fe"),
       from_hex("39a5e04aaff7455d9850c605364f514c11324ce64016960d23d5dc57d3ffd8f4"
                "9a739468ab8049bf18eef820cdb1ad6c9015f838556bc7fad4138b23fdf986c7"),
       true},
      {key,
       from_hex("f1abb023518351cd71d881567b1ea663ed3efcf6c5132b354f28d3b0b7d38367"
                "019f4113742a2b14bd25926b49c649155f267e60d3814b4c0cc84250e46f0083"),
       from_hex("9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"), true},
      {key,
       from_hex("efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716"
                "f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8"),
       from_hex("9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"), false},
  };
  CHECK(wrong_answers(P256::kVerify, cases) == 0);
}

TEST_CASE("ecdsa: known answers, P-384") {
  // RFC 6979, A.2.6: "sample" with SHA-384 and with SHA-256, which is shorter than the order, "test" with SHA-384.
  const Blob key = from_hex(
      "04ec3a4e415b4e19a4568618029f427fa5da9a8bc4ae92e02e06aae5286b300c64def8f0ea9055866064a254515480bc13"
      "8015d9b72d7d57244ea8ef9ac0c621896708a59367f9dfb9f54ca84b3f1c9db1288b231c3ae0d4fe7344fd2533264720");
  const std::vector<Case> cases = {
      {key,
       from_hex("94edbb92a5ecb8aad4736e56c691916b3f88140666ce9fa73d64c4ea95ad133c81a648152e44acf96e36dd1e80fabe46"
                "99ef4aeb15f178cea1fe40db2603138f130e740a19624526203b6351d0a3a94fa329c145786e679e7b82c71a38628ac8"),
       from_hex("9a9083505bc92276aec4be312696ef7bf3bf603f4bbd381196a029f340585312313bca4a9b5b890efee42c77b1ee25fe"),
       true},
      {key,
       from_hex("21b13d1e013c7fa1392d03c5f99af8b30c570c6f98d4ea8e354b63a21d3daa33bde1e888e63355d92fa2b3c36d8fb2cd"
                "f3aa443fb107745bf4bd77cb3891674632068a10ca67e3d45db2266fa7d1feebefdc63eccd1ac42ec0cb8668a4fa0ab0"),
       from_hex("af2bdbe1aa9b6ec1e2ade1d694f41fc71a831d0268e9891562113d8a62add1bf"), true},
      {key,
       from_hex("8203b63d3c853e8d77227fb377bcf7b7b772e97892a80f36ab775d509d7a5feb0542a7f0812998da8f1dd3ca3cf023db"
                "ddd0760448d42d8a43af45af836fce4de8be06b485e9b61b827c2f13173923e06a739f040649a667bf3b828246baa5a5"),
       from_hex("768412320f7b0aa5812fce428dc4706b3cae50e02a64caa16a782249bfe8efc4b7ef1ccb126255d196047dfedf17a0a9"),
       true},
      {key,
       from_hex("8203b63d3c853e8d77227fb377bcf7b7b772e97892a80f36ab775d509d7a5feb0542a7f0812998da8f1dd3ca3cf023db"
                "ddd0760448d42d8a43af45af836fce4de8be06b485e9b61b827c2f13173923e06a739f040649a667bf3b828246baa5a5"),
       from_hex("9a9083505bc92276aec4be312696ef7bf3bf603f4bbd381196a029f340585312313bca4a9b5b890efee42c77b1ee25fe"),
       false},
  };
  CHECK(wrong_answers(P384::kVerify, cases) == 0);
}

TEST_CASE_TEMPLATE("ecdsa: ranges of r and s, high s", S, K1, P256, P384) {
  using Words = typename S::Words;
  field::TestNoise noise(1);
  const Case good = random_case<S>(noise);
  const Words r = S::part(good, 0), s = S::part(good, 1), zero = {}, order = S::order();
  Words ones = {};
  ones.fill(~u64{0});
  std::vector<Case> cases = {good};
  for (const Words& bad : {zero, order, plus(order, {1}), S::F::kModulus, ones, minus(order, {1})}) {
    cases.push_back(S::with_sig(good, bad, s, false));
    cases.push_back(S::with_sig(good, r, bad, false));
    cases.push_back(S::with_sig(good, bad, bad, false));
  }
  const bool is_low = !field::less_words(field::half_words(order), s);
  const Words low = is_low ? s : minus(order, s), high = minus(order, low);
  for (const u32 flags : {0u, kSigLowS}) {
    cases.push_back(S::with_sig(good, r, low, true));
    cases.back().flags = flags;
    cases.push_back(S::with_sig(good, r, high, flags == 0));
    cases.back().flags = flags;
  }
  CHECK(wrong_answers(S::kVerify, cases) == 0);
}

TEST_CASE_TEMPLATE("ecdsa: s at the border of low and high", S, K1, P256, P384) {
  using Scalar = typename S::Scalar;
  using Words = typename S::Words;
  using Point = typename S::Point;
  // For a wanted s choose u2 = r / s: r must be known first, so R is fixed and the key follows: Q = (R - u1 G) / u2.
  field::TestNoise noise(2);
  const Words half = field::half_words(S::order());
  for (const bool low : {true, false}) {
    const Point point = S::random_key(noise);
    const Scalar r = S::x_of(point), s = Scalar::from_constant(low ? half : plus(half, {1}));
    const Scalar u1 = S::random_scalar(noise);
    const Point rest = S::sum(point, S::opposite(times(u1, S::generator())));
    Case one = {compressed(times(S::quotient(s, r), rest)), joined(S::bytes(r), S::bytes(s)),
                S::bytes(S::product(u1, s)), true};
    CHECK(wrong_answers(S::kVerify, {one}) == 0);
    one.flags = kSigLowS;
    one.valid = low;
    CHECK(wrong_answers(S::kVerify, {one}) == 0);
  }
}

TEST_CASE_TEMPLATE("ecdsa: R.x between n and p", S, K1, P256, P384) {
  using Words = typename S::Words;
  using Point = typename S::Point;
  // Points with x = n + k, x < p: r is k. The key is made from R as above, with u1 = u2 = 1: Q = R - G.
  usize found = 0;
  std::vector<Case> cases;
  for (u64 k = 1; found < 4; ++k) {
    Point point;
    if (!curve::lift_x(point, plus(S::order(), {k}), k % 2 == 0)) continue;
    ++found;
    const Point key = S::sum(point, S::opposite(S::generator()));
    const Blob r = big_endian(Words{k});  // s = r / u2 = r, e = u1 s = r
    cases.push_back({compressed(key), joined(r, r), r, true});
    cases.push_back(cases.back());
    cases.back().sig = joined(big_endian(plus(S::order(), {k})), r);  // x itself is not below n
    cases.back().valid = false;
  }
  CHECK(wrong_answers(S::kVerify, cases) == 0);
  // r = p - n is the first r whose r + n would be p: nothing may wrap around to x = 0.
  const Words gap = minus(S::F::kModulus, S::order());
  CHECK(wrong_answers(S::kVerify, {S::with_sig(cases[0], gap, gap, false)}) == 0);
}

TEST_CASE_TEMPLATE("ecdsa: sums that double, cancel or vanish", S, K1, P256, P384) {
  using Scalar = typename S::Scalar;
  using Words = typename S::Words;
  using Point = typename S::Point;
  field::TestNoise noise(3);
  const Scalar d = S::random_scalar(noise), one = Scalar::one();
  const Point key = times(d, S::generator()), minus_g = S::opposite(S::generator());
  std::vector<Case> cases;
  // u1 G = u2 Q: the last addition is a doubling.
  cases.push_back(forged<S>(d, one, key));
  // Q = G and Q = -G, with scalars that are awkward to cut into digits or halves.
  std::vector<Words> special = {Words{1},
                                Words{2},
                                Words{16},
                                Words{0, 0, 1},
                                Words{~u64{0}, ~u64{0}},
                                Words{0, u64{1} << 63},
                                minus(S::order(), {1})};
  if constexpr (S::C::kEndomorphism) special.push_back(S::C::kLambda);
  for (const Words& a : special) {
    for (const Words& b : special) {
      const Scalar u1 = Scalar::from_constant(a), u2 = Scalar::from_constant(b), rest = S::difference(u1, u2);
      Scalar sum;
      Scalar::add(sum, u1, u2);
      if (!Scalar::is_zero(sum)) cases.push_back(forged<S>(u1, u2, S::generator()));
      if (!Scalar::is_zero(rest)) cases.push_back(forged<S>(u1, u2, minus_g));
    }
    cases.push_back(forged<S>(Scalar::zero(), Scalar::from_constant(a), key));  // digest 0
  }
  CHECK(wrong_answers(S::kVerify, cases) == 0);
  // u1 G = -u2 Q: R is infinity whatever r is. With s = r / u2 and e = u1 s = -d r.
  cases.clear();
  for (const u64 r : {1, 2, 3, 77}) {
    const Scalar e = S::difference(Scalar::zero(), S::product(d, Scalar::from_int(r)));
    const Blob bytes = big_endian(Words{r});
    cases.push_back({compressed(key), joined(bytes, bytes), S::bytes(e), false});
  }
  // The same with u1 = 1, u2 Q = -G and r = G.x: what is left over from before the last addition has the wanted x.
  const Scalar s = S::random_scalar(noise), r = S::x_of(S::generator());
  cases.push_back(
      {compressed(times(S::quotient(s, r), minus_g)), joined(S::bytes(r), S::bytes(s)), S::bytes(s), false});
  CHECK(wrong_answers(S::kVerify, cases) == 0);
}

TEST_CASE_TEMPLATE("ecdsa: digests of every length", S, K1, P256, P384) {
  using Scalar = typename S::Scalar;
  using Words = typename S::Words;
  using Point = typename S::Point;
  field::TestNoise noise(4);
  const Scalar d = S::random_scalar(noise), k = S::random_scalar(noise);
  const Point key = times(d, S::generator());
  const Scalar r = S::x_of(times(k, S::generator())), rd = S::product(r, d);
  const auto sign = [&](const Words& e) {
    Scalar s;
    Scalar::add(s, Scalar::from_words_reduced(e), rd);
    return joined(S::bytes(r), S::bytes(S::quotient(s, k)));
  };
  std::vector<Case> cases;
  for (usize len = 0; len <= 2 * S::kBytes + 16; ++len) {
    Blob digest(len);
    noise.fill(digest.data(), len);
    Words e = {};  // the leftmost kBytes bytes, or all of them
    for (usize i = 0; i < len && i < S::kBytes; ++i) {
      for (usize w = e.size(); w-- > 1;) e[w] = e[w] << 8 | e[w - 1] >> 56;
      e[0] = e[0] << 8 | digest[i];
    }
    cases.push_back({compressed(key), sign(e), digest, len != 0});
  }
  // Digests that are 0, n, n + 1 and all ones count modulo n.
  Words ones = {};
  ones.fill(~u64{0});
  for (const Words& e : {Words{}, S::order(), plus(S::order(), {1}), ones}) {
    cases.push_back({compressed(key), sign(e), big_endian(e), true});
  }
  CHECK(wrong_answers(S::kVerify, cases) == 0);
}

TEST_CASE_TEMPLATE("ecdsa: key forms and lengths", S, K1, P256, P384) {
  using Point = typename S::Point;
  field::TestNoise noise(5);
  const Point key = S::random_key(noise);
  const Case good = forged<S>(S::random_scalar(noise), S::random_scalar(noise), key);
  const u8 parity = S::F::is_odd(key.y) ? 1 : 0;
  std::vector<Case> cases = {good};
  const auto push = [&](const Blob& bytes, bool valid, u32 flags) {
    cases.push_back(good);
    cases.back().key = bytes;
    cases.back().valid = valid;
    cases.back().flags = flags;
  };
  push(uncompressed(key), true, 0);
  push(uncompressed(key, static_cast<u8>(6 + parity)), false, 0);
  push(uncompressed(key, static_cast<u8>(6 + parity)), S::kHybrid, kSigHybrid);
  push(uncompressed(key, static_cast<u8>(7 - parity)), false, kSigHybrid);
  push(raw(key), false, kSigHybrid);
  for (usize len = 0; len <= 2 * S::kBytes + 2; ++len) {
    Blob bytes = uncompressed(key);
    bytes.resize(len);
    if (len != 1 + 2 * S::kBytes) push(bytes, false, kSigHybrid);
    bytes = compressed(key);
    bytes.resize(len);
    if (len != 1 + S::kBytes) push(bytes, false, kSigHybrid);
  }
  for (usize len = 0; len <= 2 * S::kBytes + 2; ++len) {
    if (len == 2 * S::kBytes) continue;
    cases.push_back(good);
    cases.back().sig.resize(len);
    cases.back().valid = false;
  }
  CHECK(wrong_answers(S::kVerify, cases) == 0);
}

TEST_CASE_TEMPLATE("ecdsa: many rows answer as rows alone, in any order and number", S, K1, P256, P384) {
  field::TestNoise noise(6);
  std::vector<Case> cases;
  for (usize i = 0; i < 150; ++i) {
    cases.push_back(random_case<S>(noise));
    Case& one = cases.back();
    if (noise.below(3) != 0) continue;
    one.valid = false;
    const usize kind = noise.below(4);
    if (kind == 0) one.sig[noise.below(2 * S::kBytes)] ^= static_cast<u8>(1 << noise.below(8));
    if (kind == 1) one.msg[noise.below(S::kBytes)] ^= static_cast<u8>(1 << noise.below(8));
    if (kind == 2) one.key[0] ^= 1;  // the other point with this x
    if (kind == 3) one.sig.clear();
  }
  CHECK(wrong_answers(S::kVerify, cases) == 0);
  for (int round = 0; round < 6; ++round) {
    for (usize i = cases.size(); i > 1; --i) std::swap(cases[i - 1], cases[noise.below(i)]);
    const std::vector<Case> some(cases.begin(), cases.begin() + static_cast<long>(noise.below(cases.size())));
    const std::vector<u8> ok = answers(S::kVerify, some);
    for (usize i = 0; i < some.size(); ++i) REQUIRE(ok[i] == (some[i].valid ? 1 : 0));
  }
  S::kVerify({}, nullptr, {});
}

}  // namespace isthmus::sig
