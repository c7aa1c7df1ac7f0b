// What an SM2 signature is made over (GB/T 32918.2, sections 5.5 and 6.1): e = SM3(Z || M). Public data, any time.
#pragma once

#include "base/span.hpp"

namespace isthmus::sign {

// Bytes of the longest identity: two bytes hold its length in bits.
inline constexpr usize kSm2IdMax = 8191;

// out = SM3(Z || message), 32 bytes, for the key 04 || x || y; Z is SM3 of the identity, the curve and the key.
// Precondition: id.size() <= kSm2IdMax.
void sm2_digest(u8* out, const u8* key, Bytes id, Bytes message);

}  // namespace isthmus::sign
