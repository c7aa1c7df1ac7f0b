// SHA-256 of many messages at once, one per lane (FIPS 180-4, section 6.2.2), written once over a lane type.
//
// The including file defines ISTHMUS_TIER (the namespace) and ISTHMUS_LANES (a type of simd/lanes_u32.hpp).
// Cost per lane group: sha256_64 64 rounds with a schedule and 64 rounds on constants; sha256d_64 adds one
// compression whose first schedule words skip the eight known words; sha256_node's second compression skips fifteen;
// the others one compression per block. Every pass handles kLanes messages; a last, partial pass fills its spare lanes
// with its first message.
#include "hash/passes.inl"
#include "hash/sha256_tiers.hpp"
#include "simd/lanes_u32.hpp"

namespace isthmus::ISTHMUS_TIER {
namespace {

using V = simd::ISTHMUS_LANES;
constexpr usize kLanes = V::kLanes;

ISTHMUS_INLINE V big0(V a) { return xor3(simd::rotr<2>(a), simd::rotr<13>(a), simd::rotr<22>(a)); }
ISTHMUS_INLINE V big1(V e) { return xor3(simd::rotr<6>(e), simd::rotr<11>(e), simd::rotr<25>(e)); }
ISTHMUS_INLINE V small0(V w) { return xor3(simd::rotr<7>(w), simd::rotr<18>(w), simd::shr<3>(w)); }
ISTHMUS_INLINE V small1(V w) { return xor3(simd::rotr<17>(w), simd::rotr<19>(w), simd::shr<10>(w)); }

// One round; the caller renames the registers instead of moving them. The sums are in order of arrival: what
// depends on the previous round's e (big1) and a (big0) comes last, which leaves four operations between one
// e and the next.
ISTHMUS_INLINE void round(V a, V b, V c, V& d, V e, V f, V g, V& h, V kw) {
  V t = h + kw;
  pin(t);
  t = t + choose(e, f, g);
  pin(t);
  t = t + big1(e);
  pin(t);
  d = d + t;
  t = t + majority(a, b, c);
  pin(t);
  h = t + big0(a);
}

// Eight rounds bring every register back to its own name.
ISTHMUS_INLINE void rounds8(V (&s)[8], const V (&kw)[8]) {
  round(s[0], s[1], s[2], s[3], s[4], s[5], s[6], s[7], kw[0]);
  round(s[7], s[0], s[1], s[2], s[3], s[4], s[5], s[6], kw[1]);
  round(s[6], s[7], s[0], s[1], s[2], s[3], s[4], s[5], kw[2]);
  round(s[5], s[6], s[7], s[0], s[1], s[2], s[3], s[4], kw[3]);
  round(s[4], s[5], s[6], s[7], s[0], s[1], s[2], s[3], kw[4]);
  round(s[3], s[4], s[5], s[6], s[7], s[0], s[1], s[2], kw[5]);
  round(s[2], s[3], s[4], s[5], s[6], s[7], s[0], s[1], kw[6]);
  round(s[1], s[2], s[3], s[4], s[5], s[6], s[7], s[0], kw[7]);
}

ISTHMUS_INLINE V k(const u32* word) { return V::set1(*word); }

ISTHMUS_INLINE void rounds16(V (&s)[8], const V (&w)[16], const u32* c) {
  const V low[8] = {w[0] + k(c),     w[1] + k(c + 1), w[2] + k(c + 2), w[3] + k(c + 3),
                    w[4] + k(c + 4), w[5] + k(c + 5), w[6] + k(c + 6), w[7] + k(c + 7)};
  rounds8(s, low);
  const V high[8] = {w[8] + k(c + 8),   w[9] + k(c + 9),   w[10] + k(c + 10), w[11] + k(c + 11),
                     w[12] + k(c + 12), w[13] + k(c + 13), w[14] + k(c + 14), w[15] + k(c + 15)};
  rounds8(s, high);
}

ISTHMUS_INLINE V next(V w0, V w1, V w9, V w14) { return w0 + small0(w1) + w9 + small1(w14); }

// Words t..t+15 of the schedule become words t+16..t+31, in place.
ISTHMUS_INLINE void expand(V (&w)[16]) {
  w[0] = next(w[0], w[1], w[9], w[14]);
  w[1] = next(w[1], w[2], w[10], w[15]);
  w[2] = next(w[2], w[3], w[11], w[0]);
  w[3] = next(w[3], w[4], w[12], w[1]);
  w[4] = next(w[4], w[5], w[13], w[2]);
  w[5] = next(w[5], w[6], w[14], w[3]);
  w[6] = next(w[6], w[7], w[15], w[4]);
  w[7] = next(w[7], w[8], w[0], w[5]);
  w[8] = next(w[8], w[9], w[1], w[6]);
  w[9] = next(w[9], w[10], w[2], w[7]);
  w[10] = next(w[10], w[11], w[3], w[8]);
  w[11] = next(w[11], w[12], w[4], w[9]);
  w[12] = next(w[12], w[13], w[5], w[10]);
  w[13] = next(w[13], w[14], w[6], w[11]);
  w[14] = next(w[14], w[15], w[7], w[12]);
  w[15] = next(w[15], w[0], w[8], w[13]);
}

// The first expansion when w[8..15] pad a 32-byte message: w[8] = 80000000, w[9..14] = 0, w[15] = 256 bits.
// Terms of zero words are left out: small0(0) = small1(0) = 0.
ISTHMUS_INLINE void expand_digest(V (&w)[16]) {
  constexpr u32 kLength = 256;
  constexpr u32 kEnd = 0x80000000;
  constexpr u32 kSmall1Length =
      ((kLength >> 17) | (kLength << 15)) ^ ((kLength >> 19) | (kLength << 13)) ^ (kLength >> 10);
  constexpr u32 kSmall0Length =
      ((kLength >> 7) | (kLength << 25)) ^ ((kLength >> 18) | (kLength << 14)) ^ (kLength >> 3);
  constexpr u32 kSmall0End = ((kEnd >> 7) | (kEnd << 25)) ^ ((kEnd >> 18) | (kEnd << 14)) ^ (kEnd >> 3);
  w[0] = w[0] + small0(w[1]);
  w[1] = w[1] + small0(w[2]) + V::set1(kSmall1Length);
  w[2] = w[2] + small0(w[3]) + small1(w[0]);
  w[3] = w[3] + small0(w[4]) + small1(w[1]);
  w[4] = w[4] + small0(w[5]) + small1(w[2]);
  w[5] = w[5] + small0(w[6]) + small1(w[3]);
  w[6] = w[6] + small0(w[7]) + V::set1(kLength) + small1(w[4]);
  w[7] = w[7] + V::set1(kSmall0End) + w[0] + small1(w[5]);
  w[8] = V::set1(kEnd) + w[1] + small1(w[6]);
  w[9] = w[2] + small1(w[7]);
  w[10] = w[3] + small1(w[8]);
  w[11] = w[4] + small1(w[9]);
  w[12] = w[5] + small1(w[10]);
  w[13] = w[6] + small1(w[11]);
  w[14] = V::set1(kSmall0Length) + w[7] + small1(w[12]);
  w[15] = V::set1(kLength) + small0(w[0]) + w[8] + small1(w[13]);
}

ISTHMUS_INLINE void start(V (&s)[8]) {
  for (usize i = 0; i < 8; ++i) s[i] = V::set1(kSha256Start[i]);
}

// Rounds 16..63 once the first sixteen words have been expanded.
ISTHMUS_INLINE void finish_rounds(V (&s)[8], V (&w)[16]) {
  rounds16(s, w, kSha256Round + 16);
#pragma GCC unroll 1
  for (usize t = 32; t < 64; t += 16) {
    expand(w);
    rounds16(s, w, kSha256Round + t);
  }
}

// state := compression of state and the block w, which is used up.
ISTHMUS_INLINE void compress(V (&state)[8], V (&w)[16]) {
  V s[8] = {state[0], state[1], state[2], state[3], state[4], state[5], state[6], state[7]};
  rounds16(s, w, kSha256Round);
  expand(w);
  finish_rounds(s, w);
  for (usize i = 0; i < 8; ++i) state[i] = state[i] + s[i];
}

// The compression of the constant block that pads 64 bytes.
ISTHMUS_INLINE void compress_padding(V (&state)[8]) {
  V s[8] = {state[0], state[1], state[2], state[3], state[4], state[5], state[6], state[7]};
#pragma GCC unroll 1
  for (usize t = 0; t < 64; t += 8) {
    const u32* c = kSha256Pad64.word + t;
    const V kw[8] = {k(c), k(c + 1), k(c + 2), k(c + 3), k(c + 4), k(c + 5), k(c + 6), k(c + 7)};
    rounds8(s, kw);
  }
  for (usize i = 0; i < 8; ++i) state[i] = state[i] + s[i];
}

// ---- nodes with a prefix of one byte ----

constexpr u32 kFirstByte = 0xff000000;

// The words of 64 bytes become those of 01 and the first 63 of them; returns the word that begins the second block.
ISTHMUS_INLINE V put_prefix(V (&w)[16]) {
  const V first = V::set1(kFirstByte);
  V before = V::set1(kSha256NodePrefix);
  for (usize i = 0; i < 16; ++i) {
    const V turned = simd::rotr<8>(w[i]);
    w[i] = choose(first, before, turned);
    before = turned;
  }
  return choose(first, before, V::set1(kSha256NodeEnd));
}

// The first expansion when only w[0] and w[15] = 520 bits are not zero: small0(0) = small1(0) = 0.
ISTHMUS_INLINE void expand_node_end(V (&w)[16]) {
  constexpr u32 kBits = kSha256NodeBits;
  constexpr u32 kSmall0Bits = ((kBits >> 7) | (kBits << 25)) ^ ((kBits >> 18) | (kBits << 14)) ^ (kBits >> 3);
  constexpr u32 kSmall1Bits = ((kBits >> 17) | (kBits << 15)) ^ ((kBits >> 19) | (kBits << 13)) ^ (kBits >> 10);
  w[1] = V::set1(kSmall1Bits);
  w[2] = small1(w[0]);
  w[3] = small1(w[1]);
  w[4] = small1(w[2]);
  w[5] = small1(w[3]);
  w[6] = V::set1(kBits) + small1(w[4]);
  w[7] = w[0] + small1(w[5]);
  w[8] = w[1] + small1(w[6]);
  w[9] = w[2] + small1(w[7]);
  w[10] = w[3] + small1(w[8]);
  w[11] = w[4] + small1(w[9]);
  w[12] = w[5] + small1(w[10]);
  w[13] = w[6] + small1(w[11]);
  w[14] = V::set1(kSmall0Bits) + w[7] + small1(w[12]);
  w[15] = V::set1(kBits) + small0(w[0]) + w[8] + small1(w[13]);
}

// The compression of the block that ends a node's message.
ISTHMUS_INLINE void compress_node_end(V (&state)[8], V first) {
  V s[8] = {state[0], state[1], state[2], state[3], state[4], state[5], state[6], state[7]};
  const u32* const c = kSha256Round;
  const V low[8] = {first + k(c), k(c + 1), k(c + 2), k(c + 3), k(c + 4), k(c + 5), k(c + 6), k(c + 7)};
  rounds8(s, low);
  const V high[8] = {k(c + 8),  k(c + 9),  k(c + 10), k(c + 11),
                     k(c + 12), k(c + 13), k(c + 14), V::set1(kSha256NodeBits + kSha256Round[15])};
  rounds8(s, high);
  V w[16];
  w[0] = first;
  expand_node_end(w);
  finish_rounds(s, w);
  for (usize i = 0; i < 8; ++i) state[i] = state[i] + s[i];
}

// state := SHA-256 of the digest in state.
ISTHMUS_INLINE void compress_digest(V (&state)[8]) {
  const V zero = V::set1(0);
  V w[16] = {state[0], state[1], state[2], state[3], state[4], state[5], state[6],    state[7], V::set1(0x80000000),
             zero,     zero,     zero,     zero,     zero,     zero,     V::set1(256)};
  V s[8];
  start(s);
  rounds16(s, w, kSha256Round);
  expand_digest(w);
  finish_rounds(s, w);
  for (usize i = 0; i < 8; ++i) state[i] = s[i] + V::set1(kSha256Start[i]);
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

template <bool kTwice>
ISTHMUS_INLINE void all_messages(u8* out, const u8* in, usize count) {
  const auto pass = [](u8* digests, const u8* const* rows) {
    V w[16];
    V state[8];
    load_block(w, rows, 0);
    start(state);
    compress(state, w);
    compress_padding(state);
    if constexpr (kTwice) compress_digest(state);
    store_digests(digests, state);
  };
  hash::passes<kLanes, 32>(out, in, 64, count, pass);
}

}  // namespace

void sha256_lanes(u32* state, const u8* const* blocks, usize length) {
  V s[8];
  for (usize i = 0; i < 8; ++i) s[i] = V::load(state + kLanes * i);
  for (usize block = 0; block < length; ++block) {
    V w[16];
    load_block(w, blocks, 64 * block);
    compress(s, w);
  }
  for (usize i = 0; i < 8; ++i) s[i].store(state + kLanes * i);
}

void sha256_64(u8* out, const u8* in, usize count) { all_messages<false>(out, in, count); }

void sha256d_64(u8* out, const u8* in, usize count) { all_messages<true>(out, in, count); }

void sha256_node(u8* out, const u8* in, usize count) {
  const auto pass = [](u8* digests, const u8* const* rows) {
    V w[16];
    V state[8];
    load_block(w, rows, 0);
    const V last = put_prefix(w);
    start(state);
    compress(state, w);
    compress_node_end(state, last);
    store_digests(digests, state);
  };
  hash::passes<kLanes, 32>(out, in, 64, count, pass);
}

void sha256_blocks(u8* out, const u8* in, usize length, usize count) {
  const auto pass = [length](u8* digests, const u8* const* rows) {
    alignas(64) u32 words[8 * kLanes];
    for (usize i = 0; i < 8; ++i) V::set1(kSha256Start[i]).store(words + kLanes * i);
    sha256_lanes(words, rows, length);
    V state[8];
    for (usize i = 0; i < 8; ++i) state[i] = V::load(words + kLanes * i);
    store_digests(digests, state);
  };
  hash::passes<kLanes, 32>(out, in, 64 * length, count, pass);
}

}  // namespace isthmus::ISTHMUS_TIER
