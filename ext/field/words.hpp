// Unsigned integers of 256 bits and more as 64-bit words, least significant first: the common language of the field
// types.
// Everything is constexpr, so that constants follow from the modulus at compile time instead of being typed in.
// Cost: a few instructions each. Invariant: none; any words are a value.
#pragma once

#include <array>

#include "base/bytes.hpp"

namespace isthmus::field {

template <usize n>
using WordArray = std::array<u64, n>;

// 256 bits, what most fields have; 384 bits are WordArray<6>.
using Words = WordArray<4>;

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

// r = a + b mod 2^(64 n); the carry out is returned. r may be a or b.
template <usize n>
constexpr u64 add_words(WordArray<n>& r, const WordArray<n>& a, const WordArray<n>& b) {
  u64 carry = 0;
  for (usize i = 0; i < n; ++i) r[i] = add_carry(a[i], b[i], carry);
  return carry;
}

// r = a - b mod 2^(64 n); the borrow out is returned. r may be a or b.
template <usize n>
constexpr u64 sub_words(WordArray<n>& r, const WordArray<n>& a, const WordArray<n>& b) {
  u64 borrow = 0;
  for (usize i = 0; i < n; ++i) r[i] = sub_borrow(a[i], b[i], borrow);
  return borrow;
}

template <usize n>
constexpr bool less_words(const WordArray<n>& a, const WordArray<n>& b) {
  for (usize i = n; i-- > 0;) {
    if (a[i] != b[i]) return a[i] < b[i];
  }
  return false;
}

template <usize n>
constexpr bool is_zero_words(const WordArray<n>& a) {
  u64 any = 0;
  for (usize i = 0; i < n; ++i) any |= a[i];
  return any == 0;
}

// a >> 1.
template <usize n>
constexpr WordArray<n> half_words(const WordArray<n>& a) {
  WordArray<n> r = {};
  for (usize i = 0; i + 1 < n; ++i) r[i] = a[i] >> 1 | a[i + 1] << 63;
  r[n - 1] = a[n - 1] >> 1;
  return r;
}

// Big-endian bytes, the order of SEC1 and BIP340: 8 n of them.
template <usize n = 4>
WordArray<n> words_from_be(const u8* bytes) {
  WordArray<n> a = {};
  for (usize i = 0; i < n; ++i) a[i] = load_be64(bytes + 8 * (n - 1 - i));
  return a;
}

template <usize n>
void words_to_be(u8* bytes, const WordArray<n>& a) {
  for (usize i = 0; i < n; ++i) store_be64(bytes + 8 * (n - 1 - i), a[i]);
}

// 2^bits mod m by doubling 1.
template <usize n>
constexpr WordArray<n> power_of_two_mod(usize bits, const WordArray<n>& m) {
  WordArray<n> r = {1};
  for (usize i = 0; i < bits; ++i) {
    const u64 carry = add_words(r, r, r);
    WordArray<n> t = {};
    const u64 borrow = sub_words(t, r, m);
    if (carry != 0 || borrow == 0) r = t;
  }
  return r;
}

// -1/m mod 2^64 for odd m. Newton: an inverse mod 2^k becomes one mod 2^2k; m itself is its inverse mod 2^3.
constexpr u64 negated_inverse_64(u64 m) {
  u64 inverse = m;
  for (int i = 0; i < 5; ++i) inverse *= 2 - m * inverse;
  return 0 - inverse;
}

}  // namespace isthmus::field
