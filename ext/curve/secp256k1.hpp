// The parameters of secp256k1 (SEC 2 version 2, section 2.4.1) and of its endomorphism (x, y) -> (beta x, y) = lambda
// (x, y). Every number but the modulus, which is part of the field type, stands here and nowhere else;
// `python tools/derive_secp256k1.py --check` derives all of them again from the curve's definition.
#pragma once

#include "field/fe256k1.hpp"
#include "field/mont.hpp"

namespace isthmus::curve {

struct Secp256k1 {
  using Field = field::Fe256k1;
  using Words = field::Words;

  static constexpr int kA = 0;
  static constexpr Field b() { return Field::from_int(7); }

  static constexpr Words kGeneratorX = {0x59F2815B16F81798, 0x029BFCDB2DCE28D9, 0x55A06295CE870B07, 0x79BE667EF9DCBBAC};
  static constexpr Words kGeneratorY = {0x9C47D08FFB10D4B8, 0xFD17B448A6855419, 0x5DA4FBFC0E1108A8, 0x483ADA7726A3C465};

  // The order n of the group, a prime: the cofactor is 1, so every point on the curve but infinity has order n.
  struct Order {
    static constexpr Words kModulus = {0xBFD25E8CD0364141, 0xBAAEDCE6AF48A03B, 0xFFFFFFFFFFFFFFFE, 0xFFFFFFFFFFFFFFFF};
  };
  using Scalar = field::Mont<Order>;

  static constexpr bool kEndomorphism = true;
  static constexpr Words kBeta = {0xC1396C28719501EE, 0x9CF0497512F58995, 0x6E64479EAC3434E9, 0x7AE96A2B657C0710};
  static constexpr Words kLambda = {0xDF02967C1B23BD72, 0x122E22EA20816678, 0xA5261C028812645A, 0x5363AD4CC05C30E0};
  static constexpr Field beta() { return Field::from_constant(kBeta); }

  // Basis (a1, b1), (a2, b2) and scaled quotients for curve/glv.hpp. |a1| + |a2| and |b1| + |b2| are below 2^129 - 8,
  // so both halves of a scalar are below 2^128.
  static constexpr u64 kA1[3] = {0xE86C90E49284EB15, 0x3086D221A7D46BCD, 0};
  static constexpr u64 kMinusB1[3] = {0x6F547FA90ABFE4C3, 0xE4437ED6010E8828, 0};
  static constexpr u64 kA2[3] = {0x57C1108D9D44CFD8, 0x14CA50F7A8E2F3F6, 0x0000000000000001};
  static constexpr u64 kB2[3] = {0xE86C90E49284EB15, 0x3086D221A7D46BCD, 0};
  static constexpr Words kG1 = {0xE893209A45DBB031, 0x3DAA8A1471E8CA7F, 0xE86C90E49284EB15, 0x3086D221A7D46BCD};
  static constexpr Words kG2 = {0x1571B4AE8AC47F71, 0x221208AC9DF506C6, 0x6F547FA90ABFE4C4, 0xE4437ED6010E8828};

  // Shape of the multiplication (curve/strauss.hpp).
  static constexpr usize kScalarBits = 256;
  static constexpr usize kSteps = 128;    // doublings: the size of half a scalar
  static constexpr int kKeyWindow = 5;    // 8 odd multiples of each key
  static constexpr int kBaseWindow = 12;  // 1,024 odd multiples of G and of 2^128 G: 128 KiB, fits a core's L2
  static constexpr u64 kBaseTableCheck = 0xB149BBC944B45C19;
};

}  // namespace isthmus::curve
