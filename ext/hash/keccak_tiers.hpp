// Keccak-f[1600] kernels by tier, and the constants that all of them share (FIPS 202, section 3.2). Words are lanes
// of the standard: word x + 5 y of a state is Lane(x, y), little-endian in memory. The rate is 136 bytes, that of a
// digest of 32.
//
//   keccak_compress  state (25 words, native order) absorbs `count` blocks of 136 bytes
//   keccak_lanes     as many states at once as the tier has lanes: word w of lane i is state[lanes w + i], and
//                    lane i absorbs `length` blocks from blocks[i] on. With kKeccakFresh added to `length` the states
//                    are empty ones, whatever stands there; with kKeccakFinal only words 0..3 of each are asked for
//   keccak256_64     out[32 i ..] = Keccak-256 of the 64 bytes at in[64 i ..]: one permutation, two thirds of whose
//                    input are known, and of whose last round four words are asked for
//   keccak_blocks    out[32 i ..] = digest of the padded message of `length` blocks at in[136 length i ..]
//
// keccak256_64 may run in place (out == in): every pass reads its inputs before it writes. Any other overlap is
// forbidden. A count of 0 touches nothing.
#pragma once

#include "base/bytes.hpp"

namespace isthmus {

using KeccakCompress = void (*)(u64* state, const u8* blocks, usize count);
using KeccakLanes = void (*)(u64* state, const u8* const* blocks, usize length);
using KeccakOf64 = void (*)(u8* out, const u8* in, usize count);
using KeccakBlocks = void (*)(u8* out, const u8* in, usize length, usize count);

#define ISTHMUS_KECCAK_TIER(tier)                                       \
  namespace tier {                                                      \
  void keccak_lanes(u64* state, const u8* const* blocks, usize length); \
  void keccak256_64(u8* out, const u8* in, usize count);                \
  void keccak_blocks(u8* out, const u8* in, usize length, usize count); \
  }

ISTHMUS_KECCAK_TIER(base)
#if defined(__x86_64__)
ISTHMUS_KECCAK_TIER(avx512)
ISTHMUS_KECCAK_TIER(avx2)
#elif defined(__aarch64__)
ISTHMUS_KECCAK_TIER(armsha3)
ISTHMUS_KECCAK_TIER(neon)
#endif

#undef ISTHMUS_KECCAK_TIER

namespace base {
void keccak_compress(u64* state, const u8* blocks, usize count);
}

namespace {

constexpr usize kKeccakRate = 136;
constexpr usize kKeccakFresh = usize{1} << 63;
constexpr usize kKeccakFinal = usize{1} << 62;

struct KeccakRound {
  alignas(64) u64 word[24];
};

// Bit 2^j - 1 of the constant of round i is bit 7 i + j of the stream of x^8 + x^6 + x^5 + x^4 + 1 (section 3.2.5).
constexpr KeccakRound keccak_round_constants() {
  KeccakRound out{};
  u32 r = 1;
  for (usize i = 0; i < 24; ++i) {
    for (usize j = 0; j < 7; ++j) {
      if ((r & 1) != 0) out.word[i] |= u64{1} << ((1 << j) - 1);
      r = (r << 1) ^ ((r >> 7) * 0x171);
    }
  }
  return out;
}

constexpr KeccakRound kKeccakRound = keccak_round_constants();

// How far rho turns Lane(x, y) to the left (section 3.2.2).
constexpr int keccak_offset(usize x, usize y) {
  usize at_x = 1;
  usize at_y = 0;
  for (usize t = 0; t < 24; ++t) {
    if (at_x == x && at_y == y) return static_cast<int>((t + 1) * (t + 2) / 2 % 64);
    const usize next = (2 * at_x + 3 * at_y) % 5;
    at_x = at_y;
    at_y = next;
  }
  return 0;
}

}  // namespace
}  // namespace isthmus
