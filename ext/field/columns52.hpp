// Products of numbers of five limbs in radix 2^52, column by column: what the lazy field types share.
// Column k of a product is the sum of all limb products a_i b_j with i + j = k; its weight is 2^(52 k). A column is
// asked for by its number at compile time, so that a reduction can take it just when it needs it. Cost: 25 word
// products for a product, 15 for a square.
#pragma once

#include "base/bytes.hpp"

namespace isthmus::field::columns52 {

inline constexpr u64 kLow = (u64{1} << 52) - 1;

struct Product {
  const u64* a;
  const u64* b;
  template <int k>
  [[gnu::always_inline]] constexpr u128 column() const {
    constexpr int first = k > 4 ? k - 4 : 0, last = k > 4 ? 4 : k;
    u128 t = static_cast<u128>(a[first]) * b[k - first];
    if constexpr (first + 1 <= last) t += static_cast<u128>(a[first + 1]) * b[k - first - 1];
    if constexpr (first + 2 <= last) t += static_cast<u128>(a[first + 2]) * b[k - first - 2];
    if constexpr (first + 3 <= last) t += static_cast<u128>(a[first + 3]) * b[k - first - 3];
    if constexpr (first + 4 <= last) t += static_cast<u128>(a[first + 4]) * b[k - first - 4];
    return t;
  }
};

// The same with a = b: mixed products once, with one factor doubled (limbs stay below 2^59).
struct Square {
  const u64* a;
  u64 twice[4];
  [[gnu::always_inline]] constexpr explicit Square(const u64* limbs)
      : a(limbs), twice{limbs[0] * 2, limbs[1] * 2, limbs[2] * 2, limbs[3] * 2} {}
  template <int k>
  [[gnu::always_inline]] constexpr u128 column() const {
    constexpr int first = k > 4 ? k - 4 : 0;
    if constexpr (k == 0 || k == 8) {
      return static_cast<u128>(a[k / 2]) * a[k / 2];
    } else {
      u128 t = static_cast<u128>(twice[first]) * a[k - first];
      if constexpr (first + 1 < k - first - 1) t += static_cast<u128>(twice[first + 1]) * a[k - first - 1];
      if constexpr (k % 2 == 0) t += static_cast<u128>(a[k / 2]) * a[k / 2];
      return t;
    }
  }
};

template <class Left, class Right>
struct Sum {
  Left left;
  Right right;
  template <int k>
  [[gnu::always_inline]] constexpr u128 column() const {
    return left.template column<k>() + right.template column<k>();
  }
};

}  // namespace isthmus::field::columns52
