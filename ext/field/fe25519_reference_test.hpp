// Slow arithmetic modulo 2^255 - 19 for tests: eight words of 32 bits, schoolbook products, reduction by
// 2^256 = 38 and trial subtraction. Shares neither radix nor reduction with field/fe25519.hpp.
#pragma once

#include "field/fe25519.hpp"

namespace isthmus::field {

class SlowFe {
 public:
  SlowFe() = default;
  explicit SlowFe(u32 small) { word_[0] = small; }

  // Any 32 bytes, all 256 bits of them, reduced.
  static SlowFe from_bytes(const u8* bytes) {
    SlowFe r;
    for (int i = 0; i < 8; ++i) r.word_[i] = load_le32(bytes + 4 * i);
    r.reduce(0);
    return r;
  }

  // The exact value of any limbs, reduced.
  static SlowFe from_limbs(const Fe25519& a) {
    SlowFe r;
    SlowFe weight(1);
    const SlowFe radix = power_of_two(51);
    for (u64 limb : a.limb) {
      u8 bytes[32] = {};
      store_le64(bytes, limb);
      r = r + from_bytes(bytes) * weight;
      weight = weight * radix;
    }
    return r;
  }

  static SlowFe power_of_two(int exponent) {
    SlowFe r(1);
    for (int i = 0; i < exponent; ++i) r = r + r;
    return r;
  }

  void to_bytes(u8* bytes) const {
    for (int i = 0; i < 8; ++i) store_le32(bytes + 4 * i, word_[i]);
  }

  friend SlowFe operator+(const SlowFe& a, const SlowFe& b) {
    SlowFe r;
    u64 carry = 0;
    for (int i = 0; i < 8; ++i) {
      carry += u64{a.word_[i]} + b.word_[i];
      r.word_[i] = static_cast<u32>(carry);
      carry >>= 32;
    }
    r.reduce(carry);
    return r;
  }

  // b is below p, so p - b is not negative.
  friend SlowFe operator-(const SlowFe& a, const SlowFe& b) {
    SlowFe complement;
    i64 borrow = 0;
    for (int i = 0; i < 8; ++i) {
      borrow += i64{kPrime[i]} - b.word_[i];
      complement.word_[i] = static_cast<u32>(borrow);
      borrow >>= 32;
    }
    return a + complement;
  }

  friend SlowFe operator*(const SlowFe& a, const SlowFe& b) {
    u32 wide[16] = {};
    for (int i = 0; i < 8; ++i) {
      u64 carry = 0;
      for (int j = 0; j < 8; ++j) {
        carry += u64{a.word_[i]} * b.word_[j] + wide[i + j];
        wide[i + j] = static_cast<u32>(carry);
        carry >>= 32;
      }
      wide[i + 8] = static_cast<u32>(carry);
    }
    SlowFe r;
    u64 carry = 0;
    for (int i = 0; i < 8; ++i) {
      carry += wide[i] + u64{38} * wide[i + 8];
      r.word_[i] = static_cast<u32>(carry);
      carry >>= 32;
    }
    r.reduce(carry);
    return r;
  }

  friend bool operator==(const SlowFe& a, const SlowFe& b) {
    for (int i = 0; i < 8; ++i) {
      if (a.word_[i] != b.word_[i]) return false;
    }
    return true;
  }

  bool is_zero() const { return *this == SlowFe(); }
  bool is_odd() const { return (word_[0] & 1) != 0; }

  // this^e, e given as 32 little-endian bytes.
  SlowFe power(const u8* exponent) const {
    SlowFe r(1);
    for (int bit = 255; bit >= 0; --bit) {
      r = r * r;
      if ((exponent[bit / 8] >> (bit % 8) & 1) != 0) r = r * *this;
    }
    return r;
  }

 private:
  static constexpr u32 kPrime[8] = {0xffffffed, 0xffffffff, 0xffffffff, 0xffffffff,
                                    0xffffffff, 0xffffffff, 0xffffffff, 0x7fffffff};

  void reduce(u64 carry) {
    while (carry != 0) {
      u64 sum = 38 * carry;
      for (int i = 0; i < 8; ++i) {
        sum += word_[i];
        word_[i] = static_cast<u32>(sum);
        sum >>= 32;
      }
      carry = sum;
    }
    while (subtract_prime()) {
    }
  }

  // Takes p away if that leaves no negative number.
  bool subtract_prime() {
    u32 difference[8];
    i64 borrow = 0;
    for (int i = 0; i < 8; ++i) {
      borrow += i64{word_[i]} - kPrime[i];
      difference[i] = static_cast<u32>(borrow);
      borrow >>= 32;
    }
    if (borrow != 0) return false;
    for (int i = 0; i < 8; ++i) word_[i] = difference[i];
    return true;
  }

  u32 word_[8] = {};
};

// A small seeded generator (xorshift64*) for tests.
class TestRandom {
 public:
  explicit TestRandom(u64 seed) : state_(seed) {}
  u64 next() {
    state_ ^= state_ >> 12;
    state_ ^= state_ << 25;
    state_ ^= state_ >> 27;
    return state_ * 0x2545f4914f6cdd1d;
  }
  u32 below(u32 bound) { return static_cast<u32>((next() >> 32) % bound); }
  void fill(u8* out, usize len) {
    for (usize i = 0; i < len; ++i) out[i] = static_cast<u8>(next() >> 56);
  }

 private:
  u64 state_;
};

}  // namespace isthmus::field
