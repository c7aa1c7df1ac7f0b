// The parameters of P-256, also called secp256r1 and prime256v1 (FIPS 186-5, SP 800-186 section 3.2.1.3; SEC 2 version
// 2, section 2.4.2). Every number stands here and nowhere else; `python tools/derive_prime_curves.py --check` derives
// all of them again from the curve's definition.
#pragma once

#include "field/mont.hpp"
#include "field/mont52.hpp"

namespace isthmus::curve {

struct P256 {
  using Words = field::Words;
  struct Prime {
    static constexpr Words kModulus = {0xFFFFFFFFFFFFFFFF, 0x00000000FFFFFFFF, 0x0000000000000000, 0xFFFFFFFF00000001};
  };
  using Field = field::Mont52<Prime>;

  static constexpr int kA = -3;
  static constexpr Words kB = {0x3BCE3C3E27D2604B, 0x651D06B0CC53B0F6, 0xB3EBBD55769886BC, 0x5AC635D8AA3A93E7};
  static constexpr Field b() { return Field::from_constant(kB); }

  static constexpr Words kGeneratorX = {0xF4A13945D898C296, 0x77037D812DEB33A0, 0xF8BCE6E563A440F2, 0x6B17D1F2E12C4247};
  static constexpr Words kGeneratorY = {0xCBB6406837BF51F5, 0x2BCE33576B315ECE, 0x8EE7EB4A7C0F9E16, 0x4FE342E2FE1A7F9B};

  // The order n of the group, a prime: the cofactor is 1, so every point on the curve but infinity has order n.
  struct Order {
    static constexpr Words kModulus = {0xF3B9CAC2FC632551, 0xBCE6FAADA7179E84, 0xFFFFFFFFFFFFFFFF, 0xFFFFFFFF00000000};
  };
  using Scalar = field::Mont<Order>;

  // Shape of the multiplication (curve/strauss.hpp).
  static constexpr bool kEndomorphism = false;
  static constexpr usize kScalarBits = 256;
  static constexpr usize kSteps = 256;
  static constexpr int kKeyWindow = 5;    // 8 odd multiples of each key
  static constexpr int kBaseWindow = 12;  // 1,024 odd multiples of G: 64 KiB
  static constexpr u64 kBaseTableCheck = 0x619856F01E744276;
};

}  // namespace isthmus::curve
