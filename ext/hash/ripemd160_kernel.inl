// RIPEMD-160 of many messages at once, one per lane, written once over a lane type.
//
// The including file defines ISTHMUS_TIER (the namespace) and ISTHMUS_LANES (a type of simd/lanes_u32.hpp).
// Cost per lane group and block: two lines of 80 steps, which are independent and interleaved. A last, partial
// pass fills its spare lanes with its first message.
#include "hash/passes.inl"
#include "hash/ripemd160_tiers.hpp"
#include "simd/lanes_u32.hpp"

namespace isthmus::ISTHMUS_TIER {
namespace {

using V = simd::ISTHMUS_LANES;
constexpr usize kLanes = V::kLanes;

template <int kBits>
ISTHMUS_INLINE V rotl(V x) {
  return simd::rotr<32 - kBits>(x);
}

template <usize kKind>
ISTHMUS_INLINE V mix(V x, V y, V z) {
  if constexpr (kKind == 0) return xor3(x, y, z);
  if constexpr (kKind == 1) return choose(x, y, z);
  if constexpr (kKind == 2) return or_not_xor(x, y, z);
  if constexpr (kKind == 3) return choose(z, x, y);
  return or_not_xor(y, z, x);
}

// One step of one line with the registers renamed instead of moved: in step j role r (a = 0 .. e = 4) is in slot
// (r - j) mod 5, so 80 steps bring every role back to its own slot. Every turn is in 5..15, so the rotations are
// defined.
template <usize kStep, usize kKind, u32 kAdd, int kTurn>
ISTHMUS_INLINE void step(V (&s)[5], V word) {
  constexpr usize kShift = 5 - kStep % 5;
  V& a = s[kShift % 5];
  const V b = s[(kShift + 1) % 5];
  V& turned = s[(kShift + 2) % 5];
  const V d = s[(kShift + 3) % 5];
  const V e = s[(kShift + 4) % 5];
  V sum = a + word;
  if constexpr (kAdd != 0) sum = sum + V::set1(kAdd);
  pin(sum);
  a = rotl<kTurn>(sum + mix<kKind>(b, turned, d)) + e;
  turned = rotl<10>(turned);
}

template <usize kStep>
ISTHMUS_INLINE void steps(V (&left)[5], V (&right)[5], const V (&w)[16]) {
  if constexpr (kStep < 80) {
    constexpr usize kRound = kStep / 16;
    step<kStep, kRound, kRipemdLeftRound[kRound], kRipemdLeftTurn[kStep]>(left, w[kRipemdLeftWord[kStep]]);
    step<kStep, 4 - kRound, kRipemdRightRound[kRound], kRipemdRightTurn[kStep]>(right, w[kRipemdRightWord[kStep]]);
    steps<kStep + 1>(left, right, w);
  }
}

ISTHMUS_INLINE void compress(V (&state)[5], const V (&w)[16]) {
  V left[5] = {state[0], state[1], state[2], state[3], state[4]};
  V right[5] = {state[0], state[1], state[2], state[3], state[4]};
  steps<0>(left, right, w);
  const V first = state[1] + left[2] + right[3];
  state[1] = state[2] + left[3] + right[4];
  state[2] = state[3] + left[4] + right[0];
  state[3] = state[4] + left[0] + right[1];
  state[4] = state[0] + left[1] + right[2];
  state[0] = first;
}

}  // namespace

void ripemd160_lanes(u32* state, const u8* const* blocks, usize length) {
  V s[5];
  for (usize i = 0; i < 5; ++i) s[i] = V::load(state + kLanes * i);
  for (usize block = 0; block < length; ++block) {
    V w[16];
    simd::load_rows16(w, blocks, 64 * block);  // little-endian words, as all our machines have them
    compress(s, w);
  }
  for (usize i = 0; i < 5; ++i) s[i].store(state + kLanes * i);
}

void ripemd160_blocks(u8* out, const u8* in, usize length, usize count) {
  const auto pass = [length](u8* digests, const u8* const* rows) {
    alignas(64) u32 words[5 * kLanes];
    for (usize i = 0; i < 5; ++i) V::set1(kRipemdStart[i]).store(words + kLanes * i);
    ripemd160_lanes(words, rows, length);
    for (usize i = 0; i < kLanes; ++i) {
      for (usize w = 0; w < 5; ++w) store_le32(digests + 20 * i + 4 * w, words[kLanes * w + i]);
    }
  };
  hash::passes<kLanes, 20>(out, in, 64 * length, count, pass);
}

}  // namespace isthmus::ISTHMUS_TIER
