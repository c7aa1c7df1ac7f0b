// SM3 kernels by tier, and the constants that all of them share (GB/T 32905-2016, sections 4.1, 4.2 and 5.3).
//
//   sm3_compress  state (8 words, native order) absorbs `count` blocks of 64 bytes
//   sm3_lanes     kLanes states at once: word w of lane i is state[kLanes w + i], and lane i absorbs `length`
//                 blocks from blocks[i] on
//   sm3_64        out[32 i ..] = SM3 of the 64 bytes at in[64 i ..]: two compressions, the second of known words
//   sm3_blocks    out[32 i ..] = digest of the padded message of `length` blocks at in[64 length i ..]
//
// sm3_64 may run in place (out == in): every pass reads its inputs before it writes. Any other overlap is
// forbidden. A count of 0 touches nothing.
#pragma once

#include "base/bytes.hpp"

namespace isthmus {

using Sm3Compress = void (*)(u32* state, const u8* blocks, usize count);
using Sm3Lanes = void (*)(u32* state, const u8* const* blocks, usize length);
using Sm3Of64 = void (*)(u8* out, const u8* in, usize count);
using Sm3Blocks = void (*)(u8* out, const u8* in, usize length, usize count);

#define ISTHMUS_SM3_TIER(tier)                                       \
  namespace tier {                                                   \
  void sm3_lanes(u32* state, const u8* const* blocks, usize length); \
  void sm3_64(u8* out, const u8* in, usize count);                   \
  void sm3_blocks(u8* out, const u8* in, usize length, usize count); \
  }

ISTHMUS_SM3_TIER(base)
#if defined(__x86_64__)
ISTHMUS_SM3_TIER(avx512)
ISTHMUS_SM3_TIER(avx2)
#elif defined(__aarch64__)
ISTHMUS_SM3_TIER(armsm3)
ISTHMUS_SM3_TIER(neon)
#endif

#undef ISTHMUS_SM3_TIER

namespace base {
void sm3_compress(u32* state, const u8* blocks, usize count);
}
#if defined(__aarch64__)
namespace armsm3 {
void sm3_compress(u32* state, const u8* blocks, usize count);
}
#endif

namespace {

alignas(32) constexpr u32 kSm3Start[8] = {0x7380166f, 0x4914b2b9, 0x172442d7, 0xda8a0600,
                                          0xa96f30bc, 0x163138aa, 0xe38dee4d, 0xb0fb0e4e};

constexpr u32 sm3_rotl(u32 x, u32 bits) { return bits == 0 ? x : (x << bits) | (x >> (32 - bits)); }

// Per round: T_j turned left by j, as the round wants it.
struct Sm3Round {
  alignas(64) u32 turned[64];
};

constexpr Sm3Round sm3_round_constants() {
  Sm3Round out{};
  for (u32 j = 0; j < 64; ++j) out.turned[j] = sm3_rotl(j < 16 ? 0x79cc4519 : 0x7a879d8a, j % 32);
  return out;
}

constexpr Sm3Round kSm3Round = sm3_round_constants();

// Words W_j, and W'_j = W_j ^ W_(j+4), of one block.
struct Sm3Schedule {
  alignas(64) u32 word[64];
  alignas(64) u32 mixed[64];
};

// Those of the block that pads a 64-byte message: 80 00 .. 00, length 512 bits.
constexpr Sm3Schedule sm3_padding_schedule() {
  Sm3Schedule out{};
  u32 w[68] = {0x80000000};
  w[15] = 512;
  for (usize j = 16; j < 68; ++j) {
    const u32 x = w[j - 16] ^ w[j - 9] ^ sm3_rotl(w[j - 3], 15);
    w[j] = x ^ sm3_rotl(x, 15) ^ sm3_rotl(x, 23) ^ sm3_rotl(w[j - 13], 7) ^ w[j - 6];
  }
  for (usize j = 0; j < 64; ++j) {
    out.word[j] = w[j];
    out.mixed[j] = w[j] ^ w[j + 4];
  }
  return out;
}

constexpr Sm3Schedule kSm3Pad64 = sm3_padding_schedule();

}  // namespace
}  // namespace isthmus
