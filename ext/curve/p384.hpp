// The parameters of P-384, also called secp384r1 (FIPS 186-5, SP 800-186 section 3.2.1.4; SEC 2 version 2, section
// 2.5.1). Every number stands here and nowhere else; `python tools/derive_prime_curves.py --check` derives all of them
// again from the curve's definition.
#pragma once

#include "field/mont.hpp"

namespace isthmus::curve {

struct P384 {
  using Words = field::WordArray<6>;
  struct Prime {
    static constexpr Words kModulus = {0x00000000FFFFFFFF, 0xFFFFFFFF00000000, 0xFFFFFFFFFFFFFFFE,
                                       0xFFFFFFFFFFFFFFFF, 0xFFFFFFFFFFFFFFFF, 0xFFFFFFFFFFFFFFFF};
  };
  using Field = field::Mont<Prime>;

  static constexpr int kA = -3;
  static constexpr Words kB = {0x2A85C8EDD3EC2AEF, 0xC656398D8A2ED19D, 0x0314088F5013875A,
                               0x181D9C6EFE814112, 0x988E056BE3F82D19, 0xB3312FA7E23EE7E4};
  static constexpr Field b() { return Field::from_constant(kB); }

  static constexpr Words kGeneratorX = {0x3A545E3872760AB7, 0x5502F25DBF55296C, 0x59F741E082542A38,
                                        0x6E1D3B628BA79B98, 0x8EB1C71EF320AD74, 0xAA87CA22BE8B0537};
  static constexpr Words kGeneratorY = {0x7A431D7C90EA0E5F, 0x0A60B1CE1D7E819D, 0xE9DA3113B5F0B8C0,
                                        0xF8F41DBD289A147C, 0x5D9E98BF9292DC29, 0x3617DE4A96262C6F};

  // The order n of the group, a prime: the cofactor is 1, so every point on the curve but infinity has order n.
  struct Order {
    static constexpr Words kModulus = {0xECEC196ACCC52973, 0x581A0DB248B0A77A, 0xC7634D81F4372DDF,
                                       0xFFFFFFFFFFFFFFFF, 0xFFFFFFFFFFFFFFFF, 0xFFFFFFFFFFFFFFFF};
  };
  using Scalar = field::Mont<Order>;

  // Shape of the multiplication (curve/strauss.hpp).
  static constexpr bool kEndomorphism = false;
  static constexpr usize kScalarBits = 384;
  static constexpr usize kSteps = 384;
  static constexpr int kKeyWindow = 5;    // 8 odd multiples of each key
  static constexpr int kBaseWindow = 10;  // 256 odd multiples of G: 24 KiB
  static constexpr u64 kBaseTableCheck = 0xF3269EE43402A602;
};

}  // namespace isthmus::curve
