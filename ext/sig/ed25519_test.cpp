// Both Ed25519 rules: known answers typed in from RFC 8032 section 7.1, edge cases of the acceptance tables,
// and equality of the common equation with the single one for false rows of every kind in every position.
#include "sig/ed25519.hpp"

#include <doctest/doctest.h>

#include <memory>
#include <string>
#include <vector>

#include "field/fe25519_chains.hpp"
#include "field/fe25519_reference_test.hpp"
#include "hash/sha512.hpp"
#include "sig/schemes.hpp"

namespace isthmus::sig::ed25519 {
namespace {

using field::TestRandom;

using Buffer = std::vector<u8>;

Buffer from_hex(const std::string& text) {
  Buffer out;
  for (usize i = 0; i + 1 < text.size(); i += 2) {
    out.push_back(static_cast<u8>(std::stoi(text.substr(i, 2), nullptr, 16)));
  }
  return out;
}

struct Signed {
  Buffer key, sig, msg;
};

Row row_of(const Signed& s) {
  return {s.key.data(),
          s.sig.data(),
          s.msg.data(),
          static_cast<u32>(s.key.size()),
          static_cast<u32>(s.sig.size()),
          s.msg.size(),
          0};
}

Buffer answers_by(Means means, const std::vector<Signed>& all, PointRule rule, Path path) {
  std::vector<Row> rows;
  for (const Signed& s : all) rows.push_back(row_of(s));
  Buffer ok(rows.size() + 1, 0x55);
  verify(rows, ok.data(), rule, path, means);
  CHECK(ok.back() == 0x55);
  ok.pop_back();
  return ok;
}

// Lanes where the machine has them and scalar code must agree on everything that is asked here.
Buffer answers(const std::vector<Signed>& all, PointRule rule, Path path) {
  const Buffer ok = answers_by(Means::best, all, rule, path);
  CHECK(answers_by(Means::scalar, all, rule, path) == ok);
  return ok;
}

bool accepts(const Signed& s, PointRule rule) {
  const Buffer alone = answers({s}, rule, Path::automatic);
  // In company a row may take another path; it must not get another answer.
  for (Path path : {Path::one_by_one, Path::together}) {
    const Buffer pair = answers({s, s, s}, rule, path);
    CHECK(pair == Buffer(3, alone[0]));
  }
  return alone[0] == 1;
}

void check_both(const Signed& s, bool zip215, bool rfc8032) {
  CHECK(accepts(s, PointRule::zip215) == zip215);
  CHECK(accepts(s, PointRule::rfc8032) == rfc8032);
}

// --- making signatures, by RFC 8032 section 5.1.6

void hash_of(u8* digest, std::initializer_list<Bytes> parts) {
  hash::Sha512 h;
  for (Bytes part : parts) h.update(part);
  h.finish(digest);
}

Sc25519 reduced_hash(std::initializer_list<Bytes> parts) {
  u8 digest[64];
  hash_of(digest, parts);
  return field::sc_reduce(digest);
}

Ed25519Point base_times(const Sc25519& c) {
  Ed25519Sum sum;
  sum.add_base(c);
  return to_extended(sum.total());
}

Buffer encoded(const Ed25519Point& p) {
  Buffer out(32);
  curve::encode_ed25519(out.data(), to_projective(p), field::invert(p.Z));
  return out;
}

Ed25519Point decoded(const Buffer& bytes) {
  Ed25519Point p;
  REQUIRE(curve::decode_ed25519(p, bytes.data(), PointRule::zip215));
  return p;
}

Ed25519Point sum_of(const Ed25519Point& p, const Ed25519Point& q) {
  return to_extended(plus(p, to_cached(q, curve::kEd25519D2)));
}

struct Secret {
  Sc25519 scalar;
  u8 prefix[32];
};

// The clamped scalar enters modulo L, which changes nothing of a multiple of B.
Secret expand(Bytes seed) {
  u8 digest[64];
  hash_of(digest, {seed});
  Secret secret;
  memcpy(secret.prefix, digest + 32, 32);
  digest[0] &= 0xf8;
  digest[31] = static_cast<u8>((digest[31] & 0x7f) | 0x40);
  memset(digest + 32, 0, 32);
  secret.scalar = field::sc_reduce(digest);
  return secret;
}

// A signature whose key and R are moved by given points of small order.
Signed make(Bytes seed, const Buffer& msg, const Ed25519Point& move_key, const Ed25519Point& move_r) {
  const Secret secret = expand(seed);
  Signed out;
  out.msg = msg;
  out.key = encoded(sum_of(base_times(secret.scalar), move_key));
  const Sc25519 r = reduced_hash({Bytes(secret.prefix, 32), msg});
  const Buffer r_bytes = encoded(sum_of(base_times(r), move_r));
  const Sc25519 k = reduced_hash({r_bytes, out.key, msg});
  out.sig = r_bytes;
  out.sig.resize(64);
  field::sc_to_bytes(out.sig.data() + 32, sc_add(r, sc_mul(k, secret.scalar)));
  return out;
}

Signed make(u32 seed_number, u32 msg_number) {
  Buffer seed(32, 0x5a);
  store_le32(seed.data(), seed_number);
  Buffer msg(msg_number % 200, 0xa5);
  if (msg.size() >= 4) store_le32(msg.data(), msg_number);
  return make(seed, msg, curve::kEd25519Identity, curve::kEd25519Identity);
}

// i times a point of order 8.
Ed25519Point torsion(int i) {
  const Ed25519Point generator = decoded(from_hex("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a"));
  Ed25519Point p = curve::kEd25519Identity;
  for (int j = 0; j < i; ++j) p = sum_of(p, generator);
  return p;
}

// Adds (or takes away, negative) `times` times L to s, as bytes.
void move_s(Signed& s, int times) {
  for (int n = 0; n < times; ++n) {
    u32 carry = 0;
    for (usize i = 0; i < 32; ++i) {
      carry += u32{s.sig[32 + i]} + static_cast<u8>(field::kSc25519Order[i / 8] >> (8 * (i % 8)));
      s.sig[32 + i] = static_cast<u8>(carry);
      carry >>= 8;
    }
  }
}

// Adds c to the scalar s of a signature.
void shift_s(Signed& s, const Sc25519& c) {
  Sc25519 old;
  REQUIRE(field::sc_from_bytes(old, s.sig.data() + 32));
  field::sc_to_bytes(s.sig.data() + 32, sc_add(old, c));
}

// --- known answers

struct Known {
  const char* seed;
  const char* key;
  const char* msg;
  const char* sig;
};

const Known kKnown[] = {
    {"9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
     "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
     "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155"
     "5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"},
    {"4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
     "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
     "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
     "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"},
    {"c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
     "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
     "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac"
     "18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a"},
    {"833fe62409237b9d62ec77587520911e9a759cec1d19755b7da901b96dca3d42",
     "ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf",
     "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
     "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
     "dc2a4459e7369633a52b1bf277839a00201009a3efbf3ecb69bea2186c26b589"
     "09351fc9ac90b3ecfdfbc7c66431e0303dca179c138ac17ad9bef1177331a704"},
};

TEST_CASE("ed25519: RFC 8032 section 7.1") {
  for (const Known& known : kKnown) {
    const Signed s = {from_hex(known.key), from_hex(known.sig), from_hex(known.msg)};
    REQUIRE(s.key.size() == 32);
    check_both(s, true, true);
    const Signed made = make(from_hex(known.seed), s.msg, curve::kEd25519Identity, curve::kEd25519Identity);
    CHECK(made.key == s.key);
    CHECK(made.sig == s.sig);
  }
}

TEST_CASE("ed25519: a changed bit anywhere makes the row false") {
  const Signed good = make(1, 33);
  check_both(good, true, true);
  for (usize bit = 0; bit < 256; bit += 5) {
    Signed s = good;
    s.key[bit / 8] = static_cast<u8>(s.key[bit / 8] ^ (1 << (bit % 8)));
    check_both(s, false, false);
  }
  for (usize bit = 0; bit < 512; bit += 5) {
    Signed s = good;
    s.sig[bit / 8] = static_cast<u8>(s.sig[bit / 8] ^ (1 << (bit % 8)));
    check_both(s, false, false);
  }
  for (usize bit = 0; bit < 8 * good.msg.size(); bit += 5) {
    Signed s = good;
    s.msg[bit / 8] = static_cast<u8>(s.msg[bit / 8] ^ (1 << (bit % 8)));
    check_both(s, false, false);
  }
}

TEST_CASE("ed25519: lengths") {
  const Signed good = make(2, 40);
  for (usize len : {0, 1, 31, 33, 64}) {
    Signed s = good;
    s.key.resize(len);
    check_both(s, false, false);
  }
  for (usize len : {0, 32, 63, 65, 96, 128}) {
    Signed s = good;
    s.sig.resize(len);
    check_both(s, false, false);
  }
  Row row = row_of(good);
  row.sig_len = 0x80000000;
  u8 ok = 7;
  verify_ed25519_zip215({&row, 1}, &ok);
  CHECK(ok == 0);
  const Signed empty = make(2, 0);
  row = row_of(empty);
  row.msg = nullptr;
  verify_ed25519_rfc8032({&row, 1}, &ok);
  CHECK(ok == 1);
  verify_ed25519_zip215({}, nullptr);
}

TEST_CASE("ed25519: s of L and more is refused, also where the equation holds") {
  for (int times : {1, 2, 8, 15}) {
    Signed s = make(3, 50);
    move_s(s, times);
    check_both(s, false, false);
  }
  // The identity as key and R, s = 0 and s = L.
  Buffer one(32);
  one[0] = 1;
  Signed trivial = {one, one, {}};
  trivial.sig.resize(64);
  check_both(trivial, true, true);
  move_s(trivial, 1);
  check_both(trivial, false, false);
}

// A key and an R of the 8 small orders each, s = 0: true with the cofactor; without it iff R + kA = 0.
TEST_CASE("ed25519: small orders") {
  int strict = 0;
  for (int i = 0; i < 8; ++i) {
    for (int j = 0; j < 8; ++j) {
      Signed s = {encoded(torsion(i)), encoded(torsion(j)), {'x'}};
      const Sc25519 k = reduced_hash({s.sig, s.key, s.msg});
      s.sig.resize(64);
      const bool equation = (static_cast<u64>(j) + k.word[0] * static_cast<u64>(i)) % 8 == 0;
      check_both(s, true, equation);
      strict += equation ? 1 : 0;
    }
  }
  CHECK(strict > 0);
  CHECK(strict < 64);
}

// Encodings that decode only under ZIP 215: y = 1 and y = -1 with sign 1, y = p, y = p + 1 with either sign.
TEST_CASE("ed25519: other encodings of a point, as key and as R") {
  const std::string ff(60, 'f');
  for (const std::string& text : {"01" + std::string(60, '0') + "80", "ec" + ff + "ff", "ed" + ff + "7f",
                                  "ed" + ff + "ff", "ee" + ff + "7f", "ee" + ff + "ff"}) {
    Buffer other = from_hex(text);
    REQUIRE(other.size() == 32);
    Buffer zero_s = encoded(torsion(0));
    zero_s.resize(64);
    check_both({other, zero_s, {'y'}}, true, false);
    Signed s = {encoded(torsion(0)), other, {'y'}};
    s.sig.resize(64);
    check_both(s, true, false);
  }
  // y = p + 2 is no curve point.
  Buffer none = from_hex("ef" + ff + "7f");
  Buffer zero_s = encoded(torsion(0));
  zero_s.resize(64);
  check_both({none, zero_s, {}}, false, false);
  none.resize(64);
  check_both({encoded(torsion(0)), none, {}}, false, false);
}

TEST_CASE("ed25519: mixed orders hold with the cofactor, and without it only when the parts cancel") {
  Buffer seed(32, 0x11);
  int strict = 0;
  for (int i = 0; i < 8; ++i) {
    for (int j = 0; j < 8; ++j) {
      const Signed s = make(seed, {'m', static_cast<u8>(i), static_cast<u8>(j)}, torsion(i), torsion(j));
      const Sc25519 k = reduced_hash({Bytes(s.sig.data(), 32), s.key, s.msg});
      const bool cancels = (static_cast<u64>(j) + k.word[0] * static_cast<u64>(i)) % 8 == 0;
      check_both(s, true, cancels);
      strict += cancels ? 1 : 0;
    }
  }
  CHECK(strict > 0);
  CHECK(strict < 64);
}

// --- many rows

constexpr int kFaults = 9;

// Makes a row false in one of kFaults ways, or (kind 0) leaves it true under ZIP 215 alone.
void spoil(Signed& s, int kind, TestRandom& random) {
  switch (kind) {
    case 0:  // R moved by a point of small order would need a new s; a new signature has one
      s = make(s.key, s.msg, torsion(3), torsion(1 + static_cast<int>(random.below(7))));
      return;
    case 1:
      shift_s(s, {{1, 0, 0, 0}});
      return;
    case 2:
      s.msg.push_back(0);
      return;
    case 3:
      s.key = make(9999, 4).key;
      return;
    case 4:
      move_s(s, 1);
      return;
    case 5:
      s.sig.resize(random.below(64));
      return;
    case 6: {  // y = 2 is no curve point
      memset(s.key.data(), 0, 32);
      s.key[0] = 2;
      return;
    }
    case 7:
      memset(s.sig.data(), 0, 32);
      s.sig[0] = 2;
      return;
    default: {  // R off by a multiple of B
      const Buffer r = encoded(sum_of(decoded({s.sig.begin(), s.sig.begin() + 32}), base_times({{5, 0, 0, 0}})));
      memcpy(s.sig.data(), r.data(), 32);
      return;
    }
  }
}

void check_paths(const std::vector<Signed>& all) {
  for (PointRule rule : {PointRule::zip215, PointRule::rfc8032}) {
    Buffer single;
    for (const Signed& s : all) single.push_back(answers({s}, rule, Path::one_by_one)[0]);
    for (Path path : {Path::automatic, Path::one_by_one, Path::together}) CHECK(answers(all, rule, path) == single);
  }
}

std::vector<Signed> good_rows(u32 count, u32 distinct_keys) {
  std::vector<Signed> all;
  for (u32 i = 0; i < count; ++i) all.push_back(make(i % distinct_keys, 17 * i + 5));
  return all;
}

TEST_CASE("ed25519: every row of every size is true, with distinct and repeated keys") {
  for (u32 count : {1u, 2u, 3u, 4u, 5u, 7u, 8u, 31u, 63u, 64u, 65u, 129u}) {
    for (u32 distinct_keys : {1u, 3u, count}) {
      const std::vector<Signed> all = good_rows(count, distinct_keys);
      for (PointRule rule : {PointRule::zip215, PointRule::rfc8032}) {
        for (Path path : {Path::automatic, Path::one_by_one, Path::together}) {
          CHECK(answers(all, rule, path) == Buffer(count, 1));
        }
      }
    }
  }
}

// How many common equations fail for these rows, in sequence by key; all of them are answered.
u32 failed_equations(const std::vector<Signed>& all, Buffer& ok) {
  const std::unique_ptr<Group> group(new Group);
  std::vector<Row> rows;
  for (const Signed& s : all) rows.push_back(row_of(s));
  ok.assign(rows.size(), 0);
  clear(*group, PointRule::zip215, 2);
  for (usize i = 0; i < rows.size(); ++i) admit(*group, rows[i], &ok[i]);
  hash_challenges({group->items, group->item_count});
  REQUIRE(settle_together(*group));
  return group->failures;
}

// A wrong equation that always failed would hide behind the single ones.
TEST_CASE("ed25519: the common equation itself holds for true rows and fails with a false one") {
  TestRandom random(9);
  for (u32 count : {2u, 3u, 8u, 64u}) {
    std::vector<Signed> all;
    for (u32 i = 0; i < count; ++i) all.push_back(make(i / 3, i));
    all[1] = make(Buffer(32, 0x42), {'t'}, torsion(5), torsion(2));
    Buffer ok;
    CHECK(failed_equations(all, ok) == 0);
    CHECK(ok == Buffer(count, 1));
    for (u32 at : {0u, count / 2, count - 1}) {
      std::vector<Signed> rows = all;
      spoil(rows[at], 1 + static_cast<int>(at % 2), random);
      Buffer expected(count, 1);
      expected[at] = 0;
      CHECK(failed_equations(rows, ok) > 0);
      CHECK(ok == expected);
    }
  }
}

u32 failed_lane_equations(const std::vector<Signed>& all, Buffer& ok) {
  std::vector<Row> rows;
  std::vector<Ranked> ranked;
  for (const Signed& s : all) {
    ranked.push_back({load_be64(s.key.data()), static_cast<u32>(rows.size())});
    rows.push_back(row_of(s));
  }
  sort(ranked);
  ok.assign(rows.size(), 0);
  const LanesPointer lanes = make_lanes();
  verify_ranked(*lanes, ranked, rows, ok.data(), PointRule::zip215, Path::together);
  return failures_of(*lanes);
}

TEST_CASE("ed25519: the common equation in lanes holds for true rows and fails with a false one") {
  if (lanes_count_min() == 0) return;
  TestRandom random(12);
  for (u32 count : {2u, 9u, 40u, 300u, 1024u}) {
    std::vector<Signed> all;
    for (u32 i = 0; i < count; ++i) all.push_back(make(i / 3, i));
    all[1] = make(Buffer(32, 0x42), {'t'}, torsion(5), torsion(2));
    all[0] = {encoded(torsion(3)), encoded(torsion(1)), {'s'}};
    all[0].sig.resize(64);
    Buffer ok;
    CHECK(failed_lane_equations(all, ok) == 0);
    CHECK(ok == Buffer(count, 1));
    for (u32 at : {0u, count / 2, count - 1}) {
      std::vector<Signed> rows = all;
      spoil(rows[at], 1 + static_cast<int>(at % 2), random);
      Buffer expected(count, 1);
      expected[at] = 0;
      CHECK(failed_lane_equations(rows, ok) > 0);
      CHECK(ok == expected);
    }
  }
}

TEST_CASE("ed25519: false rows anywhere in a large group are named, and no other") {
  TestRandom random(13);
  const std::vector<Signed> all = good_rows(260, 90);
  for (u32 at = 0; at < 260; at += 3) {
    std::vector<Signed> rows = all;
    Buffer expected(260, 1);
    for (u32 n = 0; n < 1 + at % 3; ++n) {
      const u32 where = (at + n * random.below(260)) % 260;
      if (expected[where] == 0) continue;
      spoil(rows[where], 1 + static_cast<int>(random.below(kFaults - 1)), random);
      expected[where] = 0;
    }
    CHECK(answers_by(Means::best, rows, PointRule::zip215, Path::automatic) == expected);
  }
}

// The same row many times, the identity as every key, and nothing but false rows.
TEST_CASE("ed25519: large groups of one kind") {
  const Buffer identity = encoded(torsion(0));
  Signed trivial = {identity, identity, {'i'}};
  trivial.sig.resize(64);
  Signed wrong = make(4, 77);
  shift_s(wrong, {{1, 0, 0, 0}});
  for (const Signed& s : {trivial, make(3, 55), wrong}) {
    const std::vector<Signed> all(150, s);
    const Buffer expected(150, s.sig == wrong.sig ? 0 : 1);
    for (PointRule rule : {PointRule::zip215, PointRule::rfc8032}) {
      for (Path path : {Path::automatic, Path::one_by_one, Path::together}) CHECK(answers(all, rule, path) == expected);
    }
  }
  std::vector<Signed> none;
  for (u32 i = 0; i < 150; ++i) {
    none.push_back(make(i, i));
    shift_s(none.back(), {{i + 1, 0, 0, 0}});
  }
  check_paths(none);
}

TEST_CASE("ed25519: one false row of each kind in each position is named, and no other") {
  TestRandom random(10);
  for (u32 count : {2u, 3u, 5u, 9u, 16u}) {
    const std::vector<Signed> all = good_rows(count, count);
    for (u32 at = 0; at < count; ++at) {
      for (int kind = 0; kind < kFaults; ++kind) {
        std::vector<Signed> rows = all;
        spoil(rows[at], kind, random);
        Buffer expected(count, 1);
        expected[at] = kind == 0 ? 1 : 0;
        CHECK(answers(rows, PointRule::zip215, Path::together) == expected);
      }
    }
  }
  const std::vector<Signed> all = good_rows(70, 70);
  for (u32 at = 0; at < 70; ++at) {
    std::vector<Signed> rows = all;
    spoil(rows[at], 1 + static_cast<int>(at) % (kFaults - 1), random);
    Buffer expected(70, 1);
    expected[at] = 0;
    CHECK(answers(rows, PointRule::zip215, Path::automatic) == expected);
  }
}

TEST_CASE("ed25519: mixtures of true and false rows equal single rows") {
  TestRandom random(11);
  for (u32 count : {4u, 17u, 64u, 130u, 300u}) {
    for (u32 one_in : {2u, 5u, 20u, 100u}) {
      std::vector<Signed> all = good_rows(count, 1 + count / 3);
      for (Signed& s : all) {
        if (random.below(one_in) == 0) spoil(s, static_cast<int>(random.below(kFaults)), random);
      }
      check_paths(all);
    }
  }
}

TEST_CASE("ed25519: more rows than are sorted at once") {
  std::vector<Signed> all = good_rows(100, 7);
  const std::vector<Signed> part = all;
  while (all.size() < 1100) all.insert(all.end(), part.begin(), part.end());
  Buffer expected(all.size(), 1);
  for (usize at : {usize{0}, usize{500}, usize{1023}, usize{1024}, all.size() - 1}) {
    all[at].msg.push_back(1);
    expected[at] = 0;
  }
  CHECK(answers(all, PointRule::zip215, Path::automatic) == expected);
  CHECK(answers(all, PointRule::rfc8032, Path::automatic) == expected);
}

TEST_CASE("ed25519: errors that cancel in the sum of s are both named") {
  std::vector<Signed> all = good_rows(6, 6);
  const Sc25519 d = {{12345, 6, 7, 8}};
  shift_s(all[1], d);
  shift_s(all[4], field::sc_neg(d));
  for (Path path : {Path::automatic, Path::one_by_one, Path::together}) {
    CHECK(answers(all, PointRule::zip215, path) == Buffer{1, 0, 1, 1, 0, 1});
  }
}

// Torsion in every entry: without the cofactor a common equation would accept or refuse at random.
TEST_CASE("ed25519: torsion everywhere gives the same answer every time") {
  Buffer seed(32, 0x77);
  std::vector<Signed> all;
  for (int i = 0; i < 8; ++i) {
    seed[0] = static_cast<u8>(i);
    all.push_back(make(seed, {'t', static_cast<u8>(i)}, torsion(i), torsion(7 - i)));
  }
  for (int n = 0; n < 100; ++n) CHECK(answers(all, PointRule::zip215, Path::together) == Buffer(8, 1));
  check_paths(all);
}

}  // namespace
}  // namespace isthmus::sig::ed25519
