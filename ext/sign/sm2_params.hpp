// The curve of SM2, y^2 = x^3 - 3 x + b over GF(p), of prime order n (GB/T 32918.5, the recommended curve).
// `python tools/derive_sm2_sign.py --check` proves these words against the definition.
#pragma once

#include "field/words.hpp"

namespace isthmus::sign {

struct PrimeSm2 {
  static constexpr field::Words kModulus = {0xFFFFFFFFFFFFFFFF, 0xFFFFFFFF00000000, 0xFFFFFFFFFFFFFFFF,
                                            0xFFFFFFFEFFFFFFFF};
};

struct OrderSm2 {
  static constexpr field::Words kModulus = {0x53BBF40939D54123, 0x7203DF6B21C6052B, 0xFFFFFFFFFFFFFFFF,
                                            0xFFFFFFFEFFFFFFFF};
};

inline constexpr field::Words kB = {0xDDBCBD414D940E93, 0xF39789F515AB8F92, 0x4D5A9E4BCF6509A7, 0x28E9FA9E9D9F5E34};
inline constexpr field::Words kGeneratorX = {0x715A4589334C74C7, 0x8FE30BBFF2660BE1, 0x5F9904466A39C994,
                                             0x32C4AE2C1F198119};
inline constexpr field::Words kGeneratorY = {0x02DF32E52139F0A0, 0xD0A9877CC62A4740, 0x59BDCEE36B692153,
                                             0xBC3736A2F4F6779C};

}  // namespace isthmus::sign
