// SHA-512 with the instructions that come with ARMv8.2's SHA-3 extension (Arm ARM, C7.2: SHA512H, SHA512H2, SHA512SU0,
// SHA512SU1), one message at a time.
//
// SHA512H and SHA512H2 do two rounds between them: the first gives T1 of both, the second, from a..d, what becomes a
// and b.
#include "hash/sha512_tiers.hpp"
#include "simd/intrinsics.hpp"

namespace isthmus::armsha3 {
namespace {

// Words 2 i and 2 i + 1 of eight.
struct State {
  uint64x2_t ab, cd, ef, gh;
};

ISTHMUS_INLINE uint64x2_t load_words(const u8* p) { return vreinterpretq_u64_u8(vrev64q_u8(vld1q_u8(p))); }

// Rounds t and t + 1; the sum of words and constants is wanted the other way round.
ISTHMUS_INLINE void rounds2(State& s, uint64x2_t words, const u64* constants) {
  const uint64x2_t sum = vaddq_u64(words, vld1q_u64(constants));
  const uint64x2_t fg = vextq_u64(s.ef, s.gh, 1);
  const uint64x2_t de = vextq_u64(s.cd, s.ef, 1);
  const uint64x2_t t = vsha512hq_u64(vaddq_u64(s.gh, vextq_u64(sum, sum, 1)), fg, de);
  const uint64x2_t ab = vsha512h2q_u64(t, s.cd, s.ab);
  s.gh = s.ef;
  s.ef = vaddq_u64(s.cd, t);
  s.cd = s.ab;
  s.ab = ab;
}

// Words t + 16 and t + 17 from words t to t + 15, two in a vector, the first of them w[at].
ISTHMUS_INLINE uint64x2_t next(const uint64x2_t (&w)[8], usize at) {
  const uint64x2_t early = vsha512su0q_u64(w[at], w[(at + 1) % 8]);
  return vsha512su1q_u64(early, w[(at + 7) % 8], vextq_u64(w[(at + 4) % 8], w[(at + 5) % 8], 1));
}

ISTHMUS_INLINE void compress(State& state, const u8* block) {
  uint64x2_t w[8];
  for (usize i = 0; i < 8; ++i) w[i] = load_words(block + 16 * i);
  State s = state;
#pragma GCC unroll 1
  for (usize t = 0; t < 64; t += 16) {
    for (usize i = 0; i < 8; ++i) {
      rounds2(s, w[i], kSha512Round + t + 2 * i);
      w[i] = next(w, i);
    }
  }
  for (usize i = 0; i < 8; ++i) rounds2(s, w[i], kSha512Round + 64 + 2 * i);
  state.ab = vaddq_u64(state.ab, s.ab);
  state.cd = vaddq_u64(state.cd, s.cd);
  state.ef = vaddq_u64(state.ef, s.ef);
  state.gh = vaddq_u64(state.gh, s.gh);
}

ISTHMUS_INLINE State load_state(const u64* words) {
  return {vld1q_u64(words), vld1q_u64(words + 2), vld1q_u64(words + 4), vld1q_u64(words + 6)};
}

ISTHMUS_INLINE void store_swapped(u8* out, uint64x2_t words) { vst1q_u8(out, vrev64q_u8(vreinterpretq_u8_u64(words))); }

}  // namespace

void sha512_compress(u64* state, const u8* blocks, usize count) {
  State s = load_state(state);
  for (usize block = 0; block < count; ++block) compress(s, blocks + 128 * block);
  vst1q_u64(state, s.ab);
  vst1q_u64(state + 2, s.cd);
  vst1q_u64(state + 4, s.ef);
  vst1q_u64(state + 6, s.gh);
}

void sha512_lanes(u64* state, const u8* const* blocks, usize length) { sha512_compress(state, blocks[0], length); }

void sha512_blocks(u8* out, const u8* in, usize length, usize count) {
  for (; count != 0; --count, out += 64) {
    State s = load_state(kSha512Start);
    for (usize block = 0; block < length; ++block, in += 128) compress(s, in);
    store_swapped(out, s.ab);
    store_swapped(out + 16, s.cd);
    store_swapped(out + 32, s.ef);
    store_swapped(out + 48, s.gh);
  }
}

}  // namespace isthmus::armsha3
