// Tables of known signers: earned, bounded, never wrong; and ECDSA, BIP340 and SM2 with and without them.
#include "sig/key_tables.hpp"

#include <doctest/doctest.h>

#include <vector>

#include "curve/comb.hpp"
#include "curve/weierstrass.hpp"
#include "field/slow_int_test.hpp"
#include "sig/schemes.hpp"
#include "sig/sums.hpp"

namespace isthmus::sig {
namespace {

using Blob = std::vector<u8>;
using field::Words;

template <class C>
curve::Affine<C> multiple(const Words& k) {
  using F = typename C::Field;
  const curve::Affine<C> g = {F::from_constant(C::kGeneratorX), F::from_constant(C::kGeneratorY)};
  const curve::Jacobian<C> p = curve::multiply_plain<C>(k, g);
  F inverse;
  F::invert(inverse, p.z);
  curve::Affine<C> r;
  curve::to_affine(r, p, inverse);
  return r;
}

template <class C>
WireKey<C> wire(const curve::Affine<C>& p, PointForm form = PointForm::full) {
  using F = typename C::Field;
  const Words y = F::to_words(p.y);
  if (form != PointForm::full) form = (y[0] & 1) != 0 ? PointForm::odd : PointForm::even;
  return {F::to_words(p.x), y, form};
}

// Uses a key `times` times, one at a time; the table that the last use found.
template <class C>
std::shared_ptr<const KeyTable> use(KeyTables& tables, const WireKey<C>& key, usize times) {
  const WireKey<C>* const one[1] = {&key};
  std::shared_ptr<const KeyTable> found;
  for (usize i = 0; i < times; ++i) tables.find<C>(one, &found);
  return found;
}

// An ECDSA row that verifies, made without a secret: for any u1, u2 let R = u1 G + u2 Q, r = R.x, s = r / u2, e = u1 s.
template <class C>
struct Signed {
  Blob key, sig, msg;
  Signed(const Words& secret, field::TestNoise& noise) {
    using F = typename C::Field;
    using Scalar = typename C::Scalar;
    const curve::Affine<C> q = multiple<C>(secret);
    const Scalar u1 = Scalar::from_words_reduced(noise.words()), u2 = Scalar::from_words_reduced(noise.words());
    curve::Jacobian<C> r_point = curve::multiply_plain<C>(Scalar::to_words(u2), q), other;
    const curve::Affine<C> g = {F::from_constant(C::kGeneratorX), F::from_constant(C::kGeneratorY)};
    other = curve::multiply_plain<C>(Scalar::to_words(u1), g);
    curve::add(r_point, r_point, other);
    F inverse;
    F::invert(inverse, r_point.z);
    curve::Affine<C> affine;
    curve::to_affine(affine, r_point, inverse);
    const Scalar r = Scalar::from_words_reduced(F::to_words(affine.x));
    Scalar s, e;
    Scalar::invert(s, u2);
    Scalar::mul(s, s, r);
    Scalar::mul(e, u1, s);
    key.resize(65, 4);
    field::words_to_be(key.data() + 1, F::to_words(q.x));
    field::words_to_be(key.data() + 33, F::to_words(q.y));
    sig.resize(64);
    field::words_to_be(sig.data(), Scalar::to_words(r));
    field::words_to_be(sig.data() + 32, Scalar::to_words(s));
    msg.resize(32);
    field::words_to_be(msg.data(), Scalar::to_words(e));
  }
  Row row() const {
    return {key.data(), sig.data(), msg.data(), static_cast<u32>(key.size()), static_cast<u32>(sig.size()),
            msg.size(), 0};
  }
};

// Rows of a few keys, some with a spoilt signature, message or key, in one order: the same answers before a table
// exists, while tables are made, and after.
template <class C>
void check_answers(void (*verify)(std::span<const Row>, u8*, const Context&)) {
  field::TestNoise noise(7);
  std::vector<Signed<C>> made;
  std::vector<u8> expected;
  for (u64 i = 0; i < 90; ++i) {
    made.emplace_back(Words{i % 3 + 2, i % 3 * 77, 5, 0}, noise);
    expected.push_back(1);
    if (i % 10 == 3) made.back().sig[63] ^= 1;
    if (i % 10 == 5) made.back().msg[0] ^= 0x80;
    if (i % 10 == 7) made.back().key[64] ^= 1;  // whole, off the curve
    if (i % 10 == 3 || i % 10 == 5 || i % 10 == 7) expected.back() = 0;
  }
  std::vector<Row> rows;
  for (const Signed<C>& each : made) rows.push_back(each.row());
  KeyTables tables(u64{8} << 20);
  Context context;
  context.known = &tables;
  for (usize round = 0; round < 8; ++round) {
    CAPTURE(round);
    std::vector<u8> ok(rows.size(), 7);
    verify(rows, ok.data(), context);
    REQUIRE(ok == expected);
    std::vector<u8> single(rows.size(), 7);
    for (usize i = 0; i < rows.size(); ++i) verify({&rows[i], 1}, &single[i], context);
    REQUIRE(single == expected);
  }
  if (Sums<C, 4>::has_lanes()) CHECK(tables.stats().tables == 3);
}

}  // namespace

TEST_CASE("a key earns its table, then a wider one") {
  using C = curve::P256;
  KeyTables tables(u64{8} << 20);
  const WireKey<C> key = wire<C>(multiple<C>({12345}));
  CHECK(use<C>(tables, key, KeyTables::kUsesNarrow) == nullptr);
  const auto narrow = use<C>(tables, key, 1);
  REQUIRE(narrow != nullptr);
  CHECK(narrow->width == KeyTables::kNarrow);
  CHECK(reinterpret_cast<usize>(narrow->entries) % 64 == 0);
  const auto wide = use<C>(tables, key, KeyTables::kUsesWide);
  CHECK(wide->width == KeyTables::kWide);
  CHECK(tables.stats().tables == 1);
  CHECK(tables.stats().built == 2);
  // The same point in its other forms is the same key; its x with another y is not.
  CHECK(use<C>(tables, wire<C>(multiple<C>({12345}), PointForm::even), 1) == wide);
  WireKey<C> off = key;
  off.y[1] ^= 1;
  CHECK(use<C>(tables, off, 1) == nullptr);
  WireKey<C> other = wire<C>(multiple<C>({12345}), PointForm::even);
  other.form = other.form == PointForm::odd ? PointForm::even : PointForm::odd;
  CHECK(use<C>(tables, other, 1) == nullptr);
}

TEST_CASE("tables stay within their bytes, the least recently used give way") {
  using C = curve::Secp256k1;
  const u64 bytes_max = 3 * (curve::comb_words(KeyTables::kNarrow) * 8 + 1024);
  KeyTables tables(bytes_max);
  std::vector<WireKey<C>> keys;
  for (u64 i = 0; i < 6; ++i) {
    keys.push_back(wire<C>(multiple<C>({1000 + i})));
    REQUIRE(use<C>(tables, keys.back(), KeyTables::kUsesNarrow + 1) != nullptr);
    if (i != 0) REQUIRE(use<C>(tables, keys[0], 1) != nullptr);  // kept by being used
    CHECK(tables.stats().bytes <= bytes_max);
  }
  CHECK(tables.stats().tables == 3);
  CHECK(use<C>(tables, keys[5], 1) != nullptr);
  CHECK(use<C>(tables, keys[1], 1) == nullptr);
}

TEST_CASE("no room, no table; a key that is no point gets none") {
  using C = curve::Sm2;
  KeyTables none(1);
  const WireKey<C> key = wire<C>(multiple<C>({9}));
  CHECK(use<C>(none, key, 1000) == nullptr);
  CHECK(none.stats().tables == 0);
  KeyTables tables(u64{8} << 20);
  WireKey<C> off = key;
  off.y[0] ^= 2;
  CHECK(use<C>(tables, off, 1000) == nullptr);
  CHECK(tables.stats().built == 0);
}

TEST_CASE("many strangers leave known keys alone") {
  using C = curve::Secp256k1;
  KeyTables tables(u64{8} << 20);
  const WireKey<C> key = wire<C>(multiple<C>({31}));
  REQUIRE(use<C>(tables, key, KeyTables::kUsesNarrow + 1) != nullptr);
  field::TestNoise noise(7);
  for (usize i = 0; i < 20'000; ++i) {
    const Words x = noise.words();
    use<C>(tables, {x, {}, PointForm::even}, 1);
  }
  CHECK(tables.stats().tables == 1);
  CHECK(use<C>(tables, key, 1) != nullptr);
}

TEST_CASE("tables change no answer: ECDSA over secp256k1") { check_answers<curve::Secp256k1>(verify_secp256k1_ecdsa); }
TEST_CASE("tables change no answer: ECDSA over P-256") { check_answers<curve::P256>(verify_p256_ecdsa); }

}  // namespace isthmus::sig
