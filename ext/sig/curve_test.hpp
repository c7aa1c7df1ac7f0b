// What the tests of signatures over short Weierstrass curves share: hexadecimal, owned rows, keys and a slow signer's
// arithmetic.
#pragma once

#include <doctest/doctest.h>

#include <string_view>
#include <vector>

#include "curve/decode.hpp"
#include "field/slow_int_test.hpp"
#include "sig/schemes.hpp"

namespace isthmus::sig::test {

using Blob = std::vector<u8>;
using Verifier = void (*)(std::span<const Row>, u8*, const Context&);

inline Blob from_hex(std::string_view hex) {
  Blob out;
  const auto nibble = [](char c) { return static_cast<u8>(c <= '9' ? c - '0' : (c | 32) - 'a' + 10); };
  for (usize i = 0; i + 1 < hex.size(); i += 2) {
    out.push_back(static_cast<u8>(nibble(hex[i]) << 4 | nibble(hex[i + 1])));
  }
  return out;
}

// A row that owns its bytes. `valid` is what a verifier must say.
struct Case {
  Blob key, sig, msg;
  bool valid;
  u32 flags = 0;

  Row row() const {
    return {key.data(), sig.data(), msg.data(), static_cast<u32>(key.size()), static_cast<u32>(sig.size()),
            msg.size(), flags};
  }
};

inline std::vector<u8> answers(Verifier verifier, const std::vector<Case>& cases) {
  std::vector<Row> rows;
  for (const Case& one : cases) rows.push_back(one.row());
  std::vector<u8> ok(cases.size(), 77);  // neither answer
  verifier(rows, ok.data(), {});
  return ok;
}

// Number of cases that are answered wrongly in one call, and in calls of one.
inline usize wrong_answers(Verifier verifier, const std::vector<Case>& cases) {
  const std::vector<u8> together = answers(verifier, cases);
  usize wrong = 0;
  for (usize i = 0; i < cases.size(); ++i) {
    const u8 expected = cases[i].valid ? 1 : 0;
    const u8 alone = answers(verifier, {cases[i]})[0];
    if (together[i] != expected || alone != expected) {
      ++wrong;
      MESSAGE("case ", i, ": expected ", int{expected}, ", together ", int{together[i]}, ", alone ", int{alone});
    }
  }
  return wrong;
}

template <usize n>
Blob big_endian(const field::WordArray<n>& a) {
  Blob out(8 * n);
  field::words_to_be(out.data(), a);
  return out;
}

inline Blob joined(const Blob& left, const Blob& right) {
  Blob out = left;
  out.insert(out.end(), right.begin(), right.end());
  return out;
}

template <usize n>
field::WordArray<n> plus(const field::WordArray<n>& a, const field::WordArray<n>& b) {
  field::WordArray<n> r = {};
  field::add_words(r, a, b);
  return r;
}

template <usize n>
field::WordArray<n> minus(const field::WordArray<n>& a, const field::WordArray<n>& b) {
  field::WordArray<n> r = {};
  field::sub_words(r, a, b);
  return r;
}

template <class C>
curve::Affine<C> affine(const curve::Jacobian<C>& p) {
  REQUIRE_FALSE(p.infinity);
  typename C::Field inverse;
  C::Field::invert(inverse, p.z);
  curve::Affine<C> r;
  curve::to_affine(r, p, inverse);
  return r;
}

// k P by plain doubling and adding.
template <class C>
curve::Affine<C> times(const typename C::Scalar& k, const curve::Affine<C>& p) {
  return affine(curve::multiply_plain<C>(C::Scalar::to_words(k), p));
}

template <class C>
Blob compressed(const curve::Affine<C>& p) {
  using F = typename C::Field;
  return joined({static_cast<u8>(F::is_odd(p.y) ? 3 : 2)}, big_endian(F::to_words(p.x)));
}

// x || y.
template <class C>
Blob raw(const curve::Affine<C>& p) {
  using F = typename C::Field;
  return joined(big_endian(F::to_words(p.x)), big_endian(F::to_words(p.y)));
}

template <class C>
Blob uncompressed(const curve::Affine<C>& p, u8 first = 4) {
  return joined({first}, raw(p));
}

// A curve's types and the arithmetic of a slow signer.
template <class Curve>
struct Suite {
  using C = Curve;
  using F = typename C::Field;
  using Scalar = typename C::Scalar;
  using Words = typename C::Words;
  using Point = curve::Affine<C>;
  static constexpr usize kBytes = curve::kCoordinateBytes<C>;

  static const Words& order() { return C::Order::kModulus; }
  static Point generator() { return {F::from_constant(C::kGeneratorX), F::from_constant(C::kGeneratorY)}; }
  static Point opposite(const Point& p) {
    Point r;
    curve::negate(r, p);
    return r;
  }
  // a + b for different points, none the other's opposite.
  static Point sum(const Point& a, const Point& b) {
    curve::Jacobian<C> r;
    curve::add_mixed(r, curve::to_jacobian(a), b);
    return affine(r);
  }
  static Scalar random_scalar(field::TestNoise& noise) { return Scalar::from_words_reduced(noise.words<kBytes / 8>()); }
  static Point random_key(field::TestNoise& noise) { return times(random_scalar(noise), generator()); }

  static Scalar product(const Scalar& a, const Scalar& b) {
    Scalar r;
    Scalar::mul(r, a, b);
    return r;
  }
  static Scalar quotient(const Scalar& a, const Scalar& b) {
    Scalar r;
    Scalar::invert(r, b);
    return product(a, r);
  }
  static Scalar difference(const Scalar& a, const Scalar& b) {
    Scalar r;
    Scalar::sub(r, a, b);
    return r;
  }
  static Blob bytes(const Scalar& a) { return big_endian(Scalar::to_words(a)); }
  static Scalar x_of(const Point& p) { return Scalar::from_words_reduced(F::to_words(p.x)); }

  static Words part(const Case& one, usize at) { return curve::coordinate_from_be<C>(one.sig.data() + at * kBytes); }
  static Case with_sig(Case one, const Words& r, const Words& s, bool valid) {
    one.sig = joined(big_endian(r), big_endian(s));
    one.valid = valid;
    return one;
  }
};

}  // namespace isthmus::sig::test
