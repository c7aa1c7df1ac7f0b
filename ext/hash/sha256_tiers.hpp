// SHA-256 kernels by tier, and the constants that all of them share (FIPS 180-4, sections 4.2.2 and 5.3.3).
//
//   sha256_compress  state (8 words, native order) absorbs `count` blocks of 64 bytes
//   sha256_lanes     as many states at once as the tier has lanes: word w of lane i is state[lanes w + i], and
//                    lane i absorbs `length` blocks from blocks[i] on
//   sha256_64        out[32 i ..] = SHA-256 of the 64 bytes at in[64 i ..]: two compressions, one half known
//   sha256d_64       the same, SHA-256 of SHA-256: three compressions
//   sha256_node      out[32 i ..] = SHA-256 of the byte 01 and the 64 bytes at in[64 i ..] (RFC 6962, section 2.1): two
//                    compressions, of the second only the first word is not known
//   sha256_blocks    out[32 i ..] = digest of the padded message of `length` blocks at in[64 length i ..]
//
// sha256_64, sha256d_64 and sha256_node may run in place (out == in): every pass reads its inputs before it writes. Any
// other overlap is forbidden. A count of 0 touches nothing.
#pragma once

#include "base/bytes.hpp"

namespace isthmus {

using Sha256Compress = void (*)(u32* state, const u8* blocks, usize count);
using Sha256Lanes = void (*)(u32* state, const u8* const* blocks, usize length);
using Sha256Of64 = void (*)(u8* out, const u8* in, usize count);
using Sha256Blocks = void (*)(u8* out, const u8* in, usize length, usize count);

#define ISTHMUS_SHA256_MANY(tier)                                       \
  namespace tier {                                                      \
  void sha256_lanes(u32* state, const u8* const* blocks, usize length); \
  void sha256_64(u8* out, const u8* in, usize count);                   \
  void sha256d_64(u8* out, const u8* in, usize count);                  \
  void sha256_node(u8* out, const u8* in, usize count);                 \
  void sha256_blocks(u8* out, const u8* in, usize length, usize count); \
  }
#define ISTHMUS_SHA256_ONE(tier)                                   \
  namespace tier {                                                 \
  void sha256_compress(u32* state, const u8* blocks, usize count); \
  }

ISTHMUS_SHA256_MANY(base)
ISTHMUS_SHA256_ONE(base)
#if defined(__x86_64__)
ISTHMUS_SHA256_MANY(avx512)
ISTHMUS_SHA256_MANY(avx2)
ISTHMUS_SHA256_MANY(shani)
ISTHMUS_SHA256_ONE(shani)
#elif defined(__aarch64__)
ISTHMUS_SHA256_MANY(armce)
ISTHMUS_SHA256_ONE(armce)
ISTHMUS_SHA256_MANY(neon)
#endif

#undef ISTHMUS_SHA256_MANY
#undef ISTHMUS_SHA256_ONE

namespace {

// First 32 bits of the fractional parts of the cube roots of the first 64 primes.
alignas(64) constexpr u32 kSha256Round[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

// First 32 bits of the fractional parts of the square roots of the first 8 primes.
alignas(32) constexpr u32 kSha256Start[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                             0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};

struct Sha256Schedule {
  alignas(64) u32 word[64];
};

// Round constant plus message schedule of the block that pads a 64-byte message: 80 00 .. 00, length 512
// bits.
constexpr Sha256Schedule sha256_padding_schedule() {
  Sha256Schedule out{};
  u32 w[64] = {0x80000000};
  w[15] = 512;
  for (usize t = 16; t < 64; ++t) {
    const u32 x = w[t - 15];
    const u32 y = w[t - 2];
    const u32 s0 = ((x >> 7) | (x << 25)) ^ ((x >> 18) | (x << 14)) ^ (x >> 3);
    const u32 s1 = ((y >> 17) | (y << 15)) ^ ((y >> 19) | (y << 13)) ^ (y >> 10);
    w[t] = w[t - 16] + s0 + w[t - 7] + s1;
  }
  for (usize t = 0; t < 64; ++t) out.word[t] = w[t] + kSha256Round[t];
  return out;
}

constexpr Sha256Schedule kSha256Pad64 = sha256_padding_schedule();

// The message of a node, 01 || 64 bytes: what it begins with, and the second block, whose first byte is the 64th of
// the bytes.
constexpr u32 kSha256NodePrefix = 0x01000000;
constexpr u32 kSha256NodeEnd = 0x00800000;
constexpr u32 kSha256NodeBits = 65 * 8;

}  // namespace
}  // namespace isthmus
