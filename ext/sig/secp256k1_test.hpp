// What the tests of both secp256k1 schemes share: hexadecimal, owned rows, keys and a slow signer's arithmetic.
#pragma once

#include <doctest/doctest.h>

#include <string_view>
#include <vector>

#include "curve/decode.hpp"
#include "curve/secp256k1.hpp"
#include "field/slow_int_test.hpp"
#include "sig/schemes.hpp"

namespace isthmus::sig::test {

using C = curve::Secp256k1;
using F = C::Field;
using Scalar = C::Scalar;
using field::Words;
using Blob = std::vector<u8>;
using Verifier = void (*)(std::span<const Row>, u8*);

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
  verifier(rows, ok.data());
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

inline curve::Affine<C> generator() { return {F::from_constant(C::kGeneratorX), F::from_constant(C::kGeneratorY)}; }

inline curve::Affine<C> affine(const curve::Jacobian<C>& p) {
  REQUIRE_FALSE(p.infinity);
  F inverse;
  F::invert(inverse, p.z);
  curve::Affine<C> r;
  curve::to_affine(r, p, inverse);
  return r;
}

// k P by plain doubling and adding.
inline curve::Affine<C> times(const Scalar& k, const curve::Affine<C>& p) {
  return affine(curve::multiply_plain<C>(Scalar::to_words(k), p));
}

inline Blob big_endian(const Words& a) {
  Blob out(32);
  field::words_to_be(out.data(), a);
  return out;
}

inline Blob joined(const Blob& left, const Blob& right) {
  Blob out = left;
  out.insert(out.end(), right.begin(), right.end());
  return out;
}

inline Blob compressed(const curve::Affine<C>& p) {
  return joined({static_cast<u8>(F::is_odd(p.y) ? 3 : 2)}, big_endian(F::to_words(p.x)));
}

inline Blob uncompressed(const curve::Affine<C>& p, u8 first = 4) {
  return joined(joined({first}, big_endian(F::to_words(p.x))), big_endian(F::to_words(p.y)));
}

inline Scalar random_scalar(field::TestNoise& noise) { return Scalar::from_words_reduced(noise.words()); }

}  // namespace isthmus::sig::test
