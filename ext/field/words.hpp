// 256-bit unsigned integers as four 64-bit words, least significant first: the common language of the field types.
// Everything is constexpr, so that constants follow from the modulus at compile time instead of being typed in.
// Cost: a few instructions each. Invariant: none; any four words are a value.
#pragma once

#include <array>

#include "base/bytes.hpp"

namespace isthmus::field {

using Words = std::array<u64, 4>;

// a + b + carry; carry (0 or 1) in and out.
constexpr u64 add_carry(u64 a, u64 b, u64& carry) {
  const u128 t = static_cast<u128>(a) + b + carry;
  carry = static_cast<u64>(t >> 64);
  return static_cast<u64>(t);
}

// a - b - borrow; borrow (0 or 1) in and out.
constexpr u64 sub_borrow(u64 a, u64 b, u64& borrow) {
  const u128 t = static_cast<u128>(a) - b - borrow;
  borrow = static_cast<u64>(t >> 64) & 1;
  return static_cast<u64>(t);
}

// r = a + b mod 2^256; the carry out is returned. r may be a or b.
constexpr u64 add_words(Words& r, const Words& a, const Words& b) {
  u64 carry = 0;
  for (usize i = 0; i < 4; ++i) r[i] = add_carry(a[i], b[i], carry);
  return carry;
}

// r = a - b mod 2^256; the borrow out is returned. r may be a or b.
constexpr u64 sub_words(Words& r, const Words& a, const Words& b) {
  u64 borrow = 0;
  for (usize i = 0; i < 4; ++i) r[i] = sub_borrow(a[i], b[i], borrow);
  return borrow;
}

constexpr bool less_words(const Words& a, const Words& b) {
  for (usize i = 4; i-- > 0;) {
    if (a[i] != b[i]) return a[i] < b[i];
  }
  return false;
}

constexpr bool is_zero_words(const Words& a) { return (a[0] | a[1] | a[2] | a[3]) == 0; }

// a >> 1.
constexpr Words half_words(const Words& a) {
  return {a[0] >> 1 | a[1] << 63, a[1] >> 1 | a[2] << 63, a[2] >> 1 | a[3] << 63, a[3] >> 1};
}

// Big-endian bytes, the order of SEC1 and BIP340.
inline Words words_from_be(const u8* bytes) {
  return {load_be64(bytes + 24), load_be64(bytes + 16), load_be64(bytes + 8), load_be64(bytes)};
}

inline void words_to_be(u8* bytes, const Words& a) {
  for (usize i = 0; i < 4; ++i) store_be64(bytes + 8 * (3 - i), a[i]);
}

// -1/m mod 2^64 for odd m. Newton: an inverse mod 2^k becomes one mod 2^2k; m itself is its inverse mod 2^3.
constexpr u64 negated_inverse_64(u64 m) {
  u64 inverse = m;
  for (int i = 0; i < 5; ++i) inverse *= 2 - m * inverse;
  return 0 - inverse;
}

}  // namespace isthmus::field
