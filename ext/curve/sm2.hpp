// The parameters of the curve that GB/T 32918.5-2017 recommends for SM2 (sm2p256v1). Every number stands here and
// nowhere else; `python tools/derive_prime_curves.py --check` derives all of them again from the curve's definition.
#pragma once

#include "field/mont.hpp"
#include "field/mont52.hpp"

namespace isthmus::curve {

struct Sm2 {
  using Words = field::Words;
  struct Prime {
    static constexpr Words kModulus = {0xFFFFFFFFFFFFFFFF, 0xFFFFFFFF00000000, 0xFFFFFFFFFFFFFFFF, 0xFFFFFFFEFFFFFFFF};
  };
  using Field = field::Mont52<Prime>;

  static constexpr int kA = -3;
  static constexpr Words kB = {0xDDBCBD414D940E93, 0xF39789F515AB8F92, 0x4D5A9E4BCF6509A7, 0x28E9FA9E9D9F5E34};
  static constexpr Field b() { return Field::from_constant(kB); }

  static constexpr Words kGeneratorX = {0x715A4589334C74C7, 0x8FE30BBFF2660BE1, 0x5F9904466A39C994, 0x32C4AE2C1F198119};
  static constexpr Words kGeneratorY = {0x02DF32E52139F0A0, 0xD0A9877CC62A4740, 0x59BDCEE36B692153, 0xBC3736A2F4F6779C};

  // The order n of the group, a prime: the cofactor is 1, so every point on the curve but infinity has order n.
  struct Order {
    static constexpr Words kModulus = {0x53BBF40939D54123, 0x7203DF6B21C6052B, 0xFFFFFFFFFFFFFFFF, 0xFFFFFFFEFFFFFFFF};
  };
  using Scalar = field::Mont<Order>;

  // Shape of the multiplication (curve/strauss.hpp).
  static constexpr bool kEndomorphism = false;
  static constexpr usize kScalarBits = 256;
  static constexpr usize kSteps = 256;
  static constexpr int kKeyWindow = 5;    // 8 odd multiples of each key
  static constexpr int kBaseWindow = 12;  // 1,024 odd multiples of G: 64 KiB
  static constexpr u64 kBaseTableCheck = 0xAC73DE3373DA8EA1;
};

}  // namespace isthmus::curve
