// RIPEMD-160 kernels by tier, and the constants that all of them share (Dobbertin, Bosselaers, Preneel 1996).
//
//   ripemd160_compress  state (5 words, native order) absorbs `count` blocks of 64 bytes
//   ripemd160_lanes     as many states at once as the tier has lanes: word w of lane i is state[lanes w + i], and
//                       lane i absorbs `length` blocks from blocks[i] on
//   ripemd160_blocks    out[20 i ..] = digest of the padded message of `length` blocks at in[64 length i ..]
//
// No overlap. A count of 0 touches nothing.
#pragma once

#include "base/bytes.hpp"

namespace isthmus {

using Ripemd160Compress = void (*)(u32* state, const u8* blocks, usize count);
using Ripemd160Lanes = void (*)(u32* state, const u8* const* blocks, usize length);
using Ripemd160Blocks = void (*)(u8* out, const u8* in, usize length, usize count);

#define ISTHMUS_RIPEMD160_TIER(tier)                                       \
  namespace tier {                                                         \
  void ripemd160_lanes(u32* state, const u8* const* blocks, usize length); \
  void ripemd160_blocks(u8* out, const u8* in, usize length, usize count); \
  }

ISTHMUS_RIPEMD160_TIER(base)
#if defined(__x86_64__)
ISTHMUS_RIPEMD160_TIER(avx512)
ISTHMUS_RIPEMD160_TIER(avx2)
#elif defined(__aarch64__)
ISTHMUS_RIPEMD160_TIER(neon)
#endif

#undef ISTHMUS_RIPEMD160_TIER

namespace base {
void ripemd160_compress(u32* state, const u8* blocks, usize count);
}

namespace {

// Word order and rotation of step j: `left` and `right` are the paper's two parallel lines.
constexpr u8 kRipemdLeftWord[80] = {0, 1,  2,  3,  4,  5,  6,  7,  8,  9, 10, 11, 12, 13, 14, 15,  //
                                    7, 4,  13, 1,  10, 6,  15, 3,  12, 0, 9,  5,  2,  14, 11, 8,   //
                                    3, 10, 14, 4,  9,  15, 8,  1,  2,  7, 0,  6,  13, 11, 5,  12,  //
                                    1, 9,  11, 10, 0,  8,  12, 4,  13, 3, 7,  15, 14, 5,  6,  2,   //
                                    4, 0,  5,  9,  7,  12, 2,  10, 14, 1, 3,  8,  11, 6,  15, 13};
constexpr u8 kRipemdRightWord[80] = {5,  14, 7,  0, 9, 2,  11, 4,  13, 6,  15, 8,  1,  10, 3,  12,  //
                                     6,  11, 3,  7, 0, 13, 5,  10, 14, 15, 8,  12, 4,  9,  1,  2,   //
                                     15, 5,  1,  3, 7, 14, 6,  9,  11, 8,  12, 2,  10, 0,  4,  13,  //
                                     8,  6,  4,  1, 3, 11, 15, 0,  5,  12, 2,  13, 9,  7,  10, 14,  //
                                     12, 15, 10, 4, 1, 5,  8,  7,  6,  2,  13, 14, 0,  3,  9,  11};
constexpr u8 kRipemdLeftTurn[80] = {11, 14, 15, 12, 5,  8,  7,  9,  11, 13, 14, 15, 6,  7,  9,  8,   //
                                    7,  6,  8,  13, 11, 9,  7,  15, 7,  12, 15, 9,  11, 7,  13, 12,  //
                                    11, 13, 6,  7,  14, 9,  13, 15, 14, 8,  13, 6,  5,  12, 7,  5,   //
                                    11, 12, 14, 15, 14, 15, 9,  8,  9,  14, 5,  6,  8,  6,  5,  12,  //
                                    9,  15, 5,  11, 6,  8,  13, 12, 5,  12, 13, 14, 11, 8,  5,  6};
constexpr u8 kRipemdRightTurn[80] = {8,  9,  9,  11, 13, 15, 15, 5,  7,  7,  8,  11, 14, 14, 12, 6,   //
                                     9,  13, 15, 7,  12, 8,  9,  11, 7,  7,  12, 7,  6,  15, 13, 11,  //
                                     9,  7,  15, 11, 8,  6,  6,  14, 12, 13, 5,  14, 13, 13, 7,  5,   //
                                     15, 5,  8,  11, 14, 14, 6,  14, 6,  9,  12, 9,  12, 5,  15, 8,   //
                                     8,  5,  12, 9,  12, 5,  14, 6,  8,  13, 6,  5,  15, 13, 11, 11};
// Integer parts of 2^30 times the square (left) and cube (right) roots of 2, 3, 5, 7.
constexpr u32 kRipemdLeftRound[5] = {0, 0x5a827999, 0x6ed9eba1, 0x8f1bbcdc, 0xa953fd4e};
constexpr u32 kRipemdRightRound[5] = {0x50a28be6, 0x5c4dd124, 0x6d703ef3, 0x7a6d76e9, 0};

constexpr u32 kRipemdStart[5] = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0};

}  // namespace
}  // namespace isthmus
