// BLAKE3 kernels by tier, and the constants that all of them share (the BLAKE3 paper, sections 2.2 to 2.5; no key, no
// context string).
//
//   blake3_lanes        as many chunks at once as the tier has lanes. A state has 12 rows of one word per lane: the
//                       chaining value, then what the compression is told: counter (low, high), bytes in the block,
//                       flags. Lane i absorbs `count` blocks of 64 bytes from blocks[i] on, and its flags lose
//                       kBlake3Start with the first of them.
//   blake3_parent       out[32 i ..] = chaining value of the parent node of the two at in[64 i ..]
//   blake3_parent_root  the same of a parent that is the root: a digest
//
// The parents may run in place (out == in): every pass reads its inputs before it writes. Any other overlap is
// forbidden. A count of 0 touches nothing.
#pragma once

#include "base/bytes.hpp"

namespace isthmus {

using Blake3Lanes = void (*)(u32* state, const u8* const* blocks, usize count);
using Blake3Parent = void (*)(u8* out, const u8* in, usize count);

#define ISTHMUS_BLAKE3_TIER(tier)                                      \
  namespace tier {                                                     \
  void blake3_lanes(u32* state, const u8* const* blocks, usize count); \
  void blake3_parent(u8* out, const u8* in, usize count);              \
  void blake3_parent_root(u8* out, const u8* in, usize count);         \
  }

ISTHMUS_BLAKE3_TIER(base)
#if defined(__x86_64__)
ISTHMUS_BLAKE3_TIER(avx512)
ISTHMUS_BLAKE3_TIER(avx2)
#elif defined(__aarch64__)
ISTHMUS_BLAKE3_TIER(neon)
#endif

#undef ISTHMUS_BLAKE3_TIER

namespace {

constexpr usize kBlake3Block = 64;
constexpr usize kBlake3Words = 12;  // of a state

// Flags of a compression (section 2.2, table 3).
constexpr u32 kBlake3Start = 1;  // first block of a chunk
constexpr u32 kBlake3End = 2;    // last block of a chunk
constexpr u32 kBlake3Parent = 4;
constexpr u32 kBlake3Root = 8;

// The start of SHA-256.
alignas(32) constexpr u32 kBlake3Iv[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                          0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};

// Which word of the block round r takes at place i: the block is permuted after every round.
struct Blake3Schedule {
  u8 at[7][16];
};

constexpr Blake3Schedule blake3_schedule() {
  constexpr u8 kPermutation[16] = {2, 6, 3, 10, 7, 0, 4, 13, 1, 11, 12, 5, 9, 14, 15, 8};
  Blake3Schedule out{};
  for (usize i = 0; i < 16; ++i) out.at[0][i] = static_cast<u8>(i);
  for (usize r = 1; r < 7; ++r) {
    for (usize i = 0; i < 16; ++i) out.at[r][i] = out.at[r - 1][kPermutation[i]];
  }
  return out;
}

constexpr Blake3Schedule kBlake3Schedule = blake3_schedule();

}  // namespace
}  // namespace isthmus
