// SM3 with the instructions of ARMv8.2's SM3 extension (Arm ARM, C7.2: SM3SS1, SM3TT1A/B, SM3TT2A/B, SM3PARTW1,
// SM3PARTW2), one message at a time.
//
// A vector holds four words of the state with the first of them in its last lane.
#include "hash/sm3_tiers.hpp"
#include "simd/intrinsics.hpp"

namespace isthmus::armsm3 {
namespace {

struct State {
  uint32x4_t dcba, hgfe;
};

ISTHMUS_INLINE uint32x4_t load_words(const u8* p) { return vreinterpretq_u32_u8(vrev32q_u8(vld1q_u8(p))); }

ISTHMUS_INLINE uint32x4_t reversed(uint32x4_t x) {
  const uint32x4_t pairs = vrev64q_u32(x);
  return vextq_u32(pairs, pairs, 2);
}

// Rounds 0..15 mix with xor, the others with majority and choice.
template <bool kEarly, int kLane>
ISTHMUS_INLINE void round(State& s, uint32x4_t words, uint32x4_t mixed, const u32* constant) {
  const uint32x4_t ss1 = vsm3ss1q_u32(s.dcba, vdupq_n_u32(*constant), s.hgfe);
  if constexpr (kEarly) {
    s.dcba = vsm3tt1aq_u32(s.dcba, ss1, mixed, kLane);
    s.hgfe = vsm3tt2aq_u32(s.hgfe, ss1, words, kLane);
  } else {
    s.dcba = vsm3tt1bq_u32(s.dcba, ss1, mixed, kLane);
    s.hgfe = vsm3tt2bq_u32(s.hgfe, ss1, words, kLane);
  }
}

// Four rounds on `words`; W' is their sum with the four after them.
template <bool kEarly>
ISTHMUS_INLINE void rounds4(State& s, uint32x4_t words, uint32x4_t following, const u32* constants) {
  const uint32x4_t mixed = veorq_u32(words, following);
  round<kEarly, 0>(s, words, mixed, constants);
  round<kEarly, 1>(s, words, mixed, constants + 1);
  round<kEarly, 2>(s, words, mixed, constants + 2);
  round<kEarly, 3>(s, words, mixed, constants + 3);
}

// Words j + 16 to j + 19 from words j to j + 15, four in a vector.
ISTHMUS_INLINE uint32x4_t next(uint32x4_t w0, uint32x4_t w4, uint32x4_t w8, uint32x4_t w12) {
  const uint32x4_t begun = vsm3partw1q_u32(vextq_u32(w4, w8, 3), w0, w12);
  return vsm3partw2q_u32(begun, vextq_u32(w8, w12, 2), vextq_u32(w0, w4, 3));
}

ISTHMUS_INLINE void compress(State& state, const u8* block) {
  uint32x4_t w[17];
  for (usize i = 0; i < 4; ++i) w[i] = load_words(block + 16 * i);
  for (usize i = 4; i < 17; ++i) w[i] = next(w[i - 4], w[i - 3], w[i - 2], w[i - 1]);
  State s = state;
  for (usize i = 0; i < 4; ++i) rounds4<true>(s, w[i], w[i + 1], kSm3Round.turned + 4 * i);
  for (usize i = 4; i < 16; ++i) rounds4<false>(s, w[i], w[i + 1], kSm3Round.turned + 4 * i);
  state.dcba = veorq_u32(state.dcba, s.dcba);
  state.hgfe = veorq_u32(state.hgfe, s.hgfe);
}

ISTHMUS_INLINE State load_state(const u32* words) {
  return {reversed(vld1q_u32(words)), reversed(vld1q_u32(words + 4))};
}

ISTHMUS_INLINE void store_digest(u8* out, const State& s) {
  vst1q_u8(out, vrev32q_u8(vreinterpretq_u8_u32(reversed(s.dcba))));
  vst1q_u8(out + 16, vrev32q_u8(vreinterpretq_u8_u32(reversed(s.hgfe))));
}

// The block that pads a message of 64 bytes.
alignas(16) constexpr u8 kPadding[64] = {0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
                                         0,    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
                                         0,    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0};

}  // namespace

void sm3_compress(u32* state, const u8* blocks, usize count) {
  State s = load_state(state);
  for (usize block = 0; block < count; ++block) compress(s, blocks + 64 * block);
  vst1q_u32(state, reversed(s.dcba));
  vst1q_u32(state + 4, reversed(s.hgfe));
}

void sm3_lanes(u32* state, const u8* const* blocks, usize length) { sm3_compress(state, blocks[0], length); }

void sm3_64(u8* out, const u8* in, usize count) {
  for (; count != 0; --count, in += 64, out += 32) {
    State s = load_state(kSm3Start);
    compress(s, in);
    compress(s, kPadding);
    store_digest(out, s);
  }
}

void sm3_blocks(u8* out, const u8* in, usize length, usize count) {
  for (; count != 0; --count, out += 32) {
    State s = load_state(kSm3Start);
    for (usize block = 0; block < length; ++block, in += 64) compress(s, in);
    store_digest(out, s);
  }
}

}  // namespace isthmus::armsm3
