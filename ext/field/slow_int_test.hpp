// Slow big integers for tests of the fields of 256 and 384 bits: 32-bit digits, schoolbook product, remainder by shift
// and subtract. Shares nothing with the code under test but the words that go in and come out.
#pragma once

#include <vector>

#include "field/words.hpp"

namespace isthmus::field {

class SlowInt {
 public:
  template <usize n>
  explicit SlowInt(const WordArray<n>& a) : count_(2 * n) {
    for (usize i = 0; i < 2 * n; ++i) digits_[i] = static_cast<u32>(a[i / 2] >> (32 * (i % 2)));
  }

  SlowInt operator+(const SlowInt& other) const {
    SlowInt sum;
    sum.count_ = (count_ > other.count_ ? count_ : other.count_) + 1;
    u64 carry = 0;
    for (usize i = 0; i < sum.count_; ++i) {
      carry += u64{digits_[i]} + other.digits_[i];
      sum.digits_[i] = static_cast<u32>(carry);
      carry >>= 32;
    }
    return sum;
  }

  SlowInt operator*(const SlowInt& other) const {
    SlowInt product;
    product.count_ = count_ + other.count_;
    for (usize i = 0; i < count_; ++i) {
      u64 carry = 0;
      for (usize j = 0; j < other.count_; ++j) {
        carry += u64{digits_[i]} * other.digits_[j] + product.digits_[i + j];
        product.digits_[i + j] = static_cast<u32>(carry);
        carry >>= 32;
      }
      product.digits_[i + other.count_] = static_cast<u32>(carry);
    }
    return product;
  }

  // The remainder, bit by bit from the top.
  template <usize n>
  WordArray<n> mod(const WordArray<n>& modulus) const {
    const SlowInt m(modulus);
    SlowInt rest;
    for (usize bit = 32 * count_; bit-- > 0;) {
      for (usize i = 2 * n + 1; i-- > 1;) rest.digits_[i] = rest.digits_[i] << 1 | rest.digits_[i - 1] >> 31;
      rest.digits_[0] = rest.digits_[0] << 1 | (digits_[bit / 32] >> (bit % 32) & 1);
      if (!rest.below(m)) rest.take(m);
    }
    WordArray<n> out = {};
    for (usize i = 0; i < 2 * n; ++i) out[i / 2] |= u64{rest.digits_[i]} << (32 * (i % 2));
    return out;
  }

 private:
  static constexpr usize kDigits = 32;  // a product of two sums of 384-bit numbers has 28

  SlowInt() = default;
  // For a remainder, which has one digit more than the modulus.
  bool below(const SlowInt& other) const {
    for (usize i = other.count_ + 1; i-- > 0;) {
      if (digits_[i] != other.digits_[i]) return digits_[i] < other.digits_[i];
    }
    return false;
  }
  void take(const SlowInt& other) {
    u64 borrow = 0;
    for (usize i = 0; i <= other.count_; ++i) {
      const u64 t = u64{digits_[i]} - other.digits_[i] - borrow;
      digits_[i] = static_cast<u32>(t);
      borrow = t >> 63;
    }
  }

  u32 digits_[kDigits] = {};
  usize count_ = 0;
};

// Reproducible noise (splitmix64).
class TestNoise {
 public:
  explicit TestNoise(u64 seed) : state_(seed) {}
  u64 next() {
    u64 z = state_ += 0x9E3779B97F4A7C15;
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9;
    z = (z ^ z >> 27) * 0x94D049BB133111EB;
    return z ^ z >> 31;
  }
  u64 below(u64 bound) { return next() % bound; }
  template <usize n = 4>
  WordArray<n> words() {
    WordArray<n> a = {};
    for (u64& word : a) word = next();
    return a;
  }
  // Words whose limbs are often all zeros or all ones: where carries break.
  template <usize n = 4>
  WordArray<n> jagged() {
    WordArray<n> a = words<n>();
    for (u64& word : a) {
      const u64 kind = below(4);
      if (kind == 0) word = 0;
      if (kind == 1) word = ~u64{0};
      if (kind == 2) word = ~u64{0} << below(64);
    }
    return a;
  }
  void fill(u8* out, usize len) {
    for (usize i = 0; i < len; ++i) out[i] = static_cast<u8>(next());
  }

 private:
  u64 state_;
};

// 0, 1, m - 1, m, m + 1, all ones, each limb alone all ones, each limb alone zero, powers of two around limb edges.
template <usize n>
std::vector<WordArray<n>> limb_patterns(const WordArray<n>& m) {
  using Number = WordArray<n>;
  const u64 ones = ~u64{0};
  Number below = {}, above = {}, full = {};
  sub_words(below, m, {1});
  add_words(above, m, {1});
  full.fill(ones);
  std::vector<Number> all = {Number{}, Number{1}, Number{2}, below, m, above, full};
  for (usize i = 0; i < n; ++i) {
    Number alone = {}, hole = full;
    alone[i] = ones;
    hole[i] = 0;
    all.push_back(alone);
    all.push_back(hole);
  }
  std::vector<usize> bits = {51, 52, 53, 103, 104, 155, 156, 207, 208};
  for (usize i = 1; i <= n; ++i) {
    bits.push_back(64 * i - 1);
    bits.push_back(i < n ? 64 * i : 64 * n - 2);
  }
  for (const usize bit : bits) {
    Number power = {}, ramp = {};
    power[bit / 64] = u64{1} << (bit % 64);
    all.push_back(power);
    sub_words(ramp, power, {1});
    all.push_back(ramp);
    sub_words(ramp, m, power);
    if (less_words(power, m)) all.push_back(ramp);
  }
  return all;
}

}  // namespace isthmus::field
