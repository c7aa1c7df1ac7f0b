// SM3 of many messages at once, one per lane (GB/T 32905-2016, section 5.3), written once over a lane type.
//
// The including file defines ISTHMUS_TIER (the namespace) and ISTHMUS_LANES (a type of simd/lanes_u32.hpp).
// Cost per lane group and block: 64 rounds and 52 schedule words; the second block of sm3_64 has no schedule.
// A last, partial pass fills its spare lanes with its first message.
#include "hash/passes.inl"
#include "hash/sm3_tiers.hpp"
#include "simd/lanes_u32.hpp"

namespace isthmus::ISTHMUS_TIER {
namespace {

using V = simd::ISTHMUS_LANES;
constexpr usize kLanes = V::kLanes;

template <int kBits>
ISTHMUS_INLINE V rotl(V x) {
  return simd::rotr<32 - kBits>(x);
}

ISTHMUS_INLINE V p0(V x) { return xor3(x, rotl<9>(x), rotl<17>(x)); }
ISTHMUS_INLINE V p1(V x) { return xor3(x, rotl<15>(x), rotl<23>(x)); }
ISTHMUS_INLINE V k(const u32* word) { return V::set1(*word); }

// Rounds 0..15 mix with xor, the others with majority and choice.
template <bool kEarly>
ISTHMUS_INLINE V ff(V a, V b, V c) {
  if constexpr (kEarly) return xor3(a, b, c);
  return majority(a, b, c);
}

template <bool kEarly>
ISTHMUS_INLINE V gg(V e, V f, V g) {
  if constexpr (kEarly) return xor3(e, f, g);
  return choose(e, f, g);
}

// One round; the caller renames the registers instead of moving them. Sums are in order of arrival: e is the
// last word of the round before to be known, so it meets sums that are already there.
template <bool kEarly>
ISTHMUS_INLINE void round(V a, V& b, V c, V& d, V e, V& f, V g, V& h, V t, V word, V mixed) {
  const V a12 = rotl<12>(a);
  V x = a12 + t;
  pin(x);
  const V ss1 = rotl<7>(x + e);
  V y = h + word;
  pin(y);
  y = y + gg<kEarly>(e, f, g);
  pin(y);
  V z = d + mixed;
  pin(z);
  z = z + ff<kEarly>(a, b, c);
  pin(z);
  h = p0(y + ss1);
  d = z + (ss1 ^ a12);
  b = rotl<9>(b);
  f = rotl<19>(f);
}

// Four rounds bring every register back to its own name. `mixed` are the words W'.
template <bool kEarly>
ISTHMUS_INLINE void rounds4(V (&s)[8], const u32* c, const V (&word)[4], const V (&mixed)[4]) {
  round<kEarly>(s[0], s[1], s[2], s[3], s[4], s[5], s[6], s[7], k(c), word[0], mixed[0]);
  round<kEarly>(s[3], s[0], s[1], s[2], s[7], s[4], s[5], s[6], k(c + 1), word[1], mixed[1]);
  round<kEarly>(s[2], s[3], s[0], s[1], s[6], s[7], s[4], s[5], k(c + 2), word[2], mixed[2]);
  round<kEarly>(s[1], s[2], s[3], s[0], s[5], s[6], s[7], s[4], k(c + 3), word[3], mixed[3]);
}

// W_(j+16) from W_j, W_(j+3), W_(j+7), W_(j+10), W_(j+13).
ISTHMUS_INLINE V next(V w0, V w3, V w7, V w10, V w13) {
  return xor3(p1(xor3(w0, w7, rotl<15>(w13))), rotl<7>(w3), w10);
}

// Four rounds on the words w[at..at+3] of the circular schedule; W' needs the four after them.
template <bool kEarly, usize kAt>
ISTHMUS_INLINE void rounds4_at(V (&s)[8], const V (&w)[16], const u32* c) {
  constexpr usize kNext = (kAt + 4) % 16;
  const V word[4] = {w[kAt], w[kAt + 1], w[kAt + 2], w[kAt + 3]};
  const V mixed[4] = {w[kAt] ^ w[kNext], w[kAt + 1] ^ w[kNext + 1], w[kAt + 2] ^ w[kNext + 2],
                      w[kAt + 3] ^ w[kNext + 3]};
  rounds4<kEarly>(s, c + kAt, word, mixed);
}

// The four words w[at..at+3] become those sixteen further on.
template <usize kAt>
ISTHMUS_INLINE void expand4(V (&w)[16]) {
  for (usize i = kAt; i < kAt + 4; ++i) {
    w[i] = next(w[i], w[(i + 3) % 16], w[(i + 7) % 16], w[(i + 10) % 16], w[(i + 13) % 16]);
  }
}

// state := compression of state and the block w, which is used up.
ISTHMUS_INLINE void compress(V (&state)[8], V (&w)[16]) {
  V s[8] = {state[0], state[1], state[2], state[3], state[4], state[5], state[6], state[7]};
  rounds4_at<true, 0>(s, w, kSm3Round.turned);
  rounds4_at<true, 4>(s, w, kSm3Round.turned);
  rounds4_at<true, 8>(s, w, kSm3Round.turned);
  expand4<0>(w);
  rounds4_at<true, 12>(s, w, kSm3Round.turned);
#pragma GCC unroll 1
  for (usize t = 16; t < 64; t += 16) {
    const u32* const c = kSm3Round.turned + t;
    expand4<4>(w);
    rounds4_at<false, 0>(s, w, c);
    expand4<8>(w);
    rounds4_at<false, 4>(s, w, c);
    expand4<12>(w);
    rounds4_at<false, 8>(s, w, c);
    expand4<0>(w);
    rounds4_at<false, 12>(s, w, c);
  }
  for (usize i = 0; i < 8; ++i) state[i] = state[i] ^ s[i];
}

template <bool kEarly>
ISTHMUS_INLINE void padding_rounds4(V (&s)[8], usize t) {
  const u32* const w = kSm3Pad64.word + t;
  const u32* const m = kSm3Pad64.mixed + t;
  const V word[4] = {k(w), k(w + 1), k(w + 2), k(w + 3)};
  const V mixed[4] = {k(m), k(m + 1), k(m + 2), k(m + 3)};
  rounds4<kEarly>(s, kSm3Round.turned + t, word, mixed);
}

// The compression of the constant block that pads 64 bytes.
ISTHMUS_INLINE void compress_padding(V (&state)[8]) {
  V s[8] = {state[0], state[1], state[2], state[3], state[4], state[5], state[6], state[7]};
#pragma GCC unroll 1
  for (usize t = 0; t < 16; t += 4) padding_rounds4<true>(s, t);
#pragma GCC unroll 1
  for (usize t = 16; t < 64; t += 8) {
    padding_rounds4<false>(s, t);
    padding_rounds4<false>(s, t + 4);
  }
  for (usize i = 0; i < 8; ++i) state[i] = state[i] ^ s[i];
}

ISTHMUS_INLINE void start(V (&s)[8]) {
  for (usize i = 0; i < 8; ++i) s[i] = V::set1(kSm3Start[i]);
}

ISTHMUS_INLINE void load_block(V (&w)[16], const u8* const* rows, usize offset) {
  simd::load_rows16(w, rows, offset);
  for (usize i = 0; i < 16; ++i) w[i] = swap_bytes(w[i]);
}

ISTHMUS_INLINE void store_digests(u8* out, const V (&state)[8]) {
  V s[8];
  for (usize i = 0; i < 8; ++i) s[i] = swap_bytes(state[i]);
  store_rows8(out, s);
}

}  // namespace

void sm3_lanes(u32* state, const u8* const* blocks, usize length) {
  V s[8];
  for (usize i = 0; i < 8; ++i) s[i] = V::load(state + kLanes * i);
  for (usize block = 0; block < length; ++block) {
    V w[16];
    load_block(w, blocks, 64 * block);
    compress(s, w);
  }
  for (usize i = 0; i < 8; ++i) s[i].store(state + kLanes * i);
}

void sm3_64(u8* out, const u8* in, usize count) {
  const auto pass = [](u8* digests, const u8* const* rows) {
    V w[16];
    V state[8];
    load_block(w, rows, 0);
    start(state);
    compress(state, w);
    compress_padding(state);
    store_digests(digests, state);
  };
  hash::passes<kLanes, 32>(out, in, 64, count, pass);
}

void sm3_blocks(u8* out, const u8* in, usize length, usize count) {
  const auto pass = [length](u8* digests, const u8* const* rows) {
    V state[8];
    start(state);
    alignas(64) u32 words[8 * kLanes];
    for (usize i = 0; i < 8; ++i) state[i].store(words + kLanes * i);
    sm3_lanes(words, rows, length);
    for (usize i = 0; i < 8; ++i) state[i] = V::load(words + kLanes * i);
    store_digests(digests, state);
  };
  hash::passes<kLanes, 32>(out, in, 64 * length, count, pass);
}

}  // namespace isthmus::ISTHMUS_TIER
