// SHA-512 of many messages at once, one per lane (FIPS 180-4, section 6.4.2), written once over a lane type.
//
// The including file defines ISTHMUS_TIER (the namespace) and ISTHMUS_LANES (a type of simd/lanes_u64.hpp).
// Cost per lane group and block: 80 rounds and 64 schedule words. A last, partial pass fills its spare lanes with
// its first message.
#include "hash/passes.inl"
#include "hash/sha512_tiers.hpp"
#include "simd/lanes_u64.hpp"

namespace isthmus::ISTHMUS_TIER {
namespace {

using V = simd::ISTHMUS_LANES;
constexpr usize kLanes = V::kLanes;

ISTHMUS_INLINE V big0(V a) { return xor3(simd::rotr<28>(a), simd::rotr<34>(a), simd::rotr<39>(a)); }
ISTHMUS_INLINE V big1(V e) { return xor3(simd::rotr<14>(e), simd::rotr<18>(e), simd::rotr<41>(e)); }
ISTHMUS_INLINE V small0(V w) { return xor3(simd::rotr<1>(w), simd::rotr<8>(w), simd::shr<7>(w)); }
ISTHMUS_INLINE V small1(V w) { return xor3(simd::rotr<19>(w), simd::rotr<61>(w), simd::shr<6>(w)); }

// One round; the caller renames the registers instead of moving them. The sums are in order of arrival: what
// depends on the previous round's e (big1) and a (big0) comes last.
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

// Eight rounds on the words w[at..at+7] bring every register back to its own name.
template <usize kAt>
ISTHMUS_INLINE void rounds8(V (&s)[8], const V (&w)[16], const u64* c) {
  V kw[8];
  for (usize i = 0; i < 8; ++i) kw[i] = w[kAt + i] + V::set1(c[kAt + i]);
  round(s[0], s[1], s[2], s[3], s[4], s[5], s[6], s[7], kw[0]);
  round(s[7], s[0], s[1], s[2], s[3], s[4], s[5], s[6], kw[1]);
  round(s[6], s[7], s[0], s[1], s[2], s[3], s[4], s[5], kw[2]);
  round(s[5], s[6], s[7], s[0], s[1], s[2], s[3], s[4], kw[3]);
  round(s[4], s[5], s[6], s[7], s[0], s[1], s[2], s[3], kw[4]);
  round(s[3], s[4], s[5], s[6], s[7], s[0], s[1], s[2], kw[5]);
  round(s[2], s[3], s[4], s[5], s[6], s[7], s[0], s[1], kw[6]);
  round(s[1], s[2], s[3], s[4], s[5], s[6], s[7], s[0], kw[7]);
}

// Words t..t+15 of the schedule become words t+16..t+31, in place.
ISTHMUS_INLINE void expand(V (&w)[16]) {
  for (usize i = 0; i < 16; ++i) {
    w[i] = w[i] + small0(w[(i + 1) % 16]) + w[(i + 9) % 16] + small1(w[(i + 14) % 16]);
  }
}

// state := compression of state and the block w, which is used up.
ISTHMUS_INLINE void compress(V (&state)[8], V (&w)[16]) {
  V s[8] = {state[0], state[1], state[2], state[3], state[4], state[5], state[6], state[7]};
  rounds8<0>(s, w, kSha512Round);
  rounds8<8>(s, w, kSha512Round);
#pragma GCC unroll 1
  for (usize t = 16; t < 80; t += 16) {
    expand(w);
    rounds8<0>(s, w, kSha512Round + t);
    rounds8<8>(s, w, kSha512Round + t);
  }
  for (usize i = 0; i < 8; ++i) state[i] = state[i] + s[i];
}

ISTHMUS_INLINE void load_block(V (&w)[16], const u8* const* rows, usize offset) {
  simd::load_rows16(w, rows, offset);
  for (usize i = 0; i < 16; ++i) w[i] = swap_bytes(w[i]);
}

}  // namespace

void sha512_lanes(u64* state, const u8* const* blocks, usize length) {
  V s[8];
  for (usize i = 0; i < 8; ++i) s[i] = V::load(state + kLanes * i);
  for (usize block = 0; block < length; ++block) {
    V w[16];
    load_block(w, blocks, 128 * block);
    compress(s, w);
  }
  for (usize i = 0; i < 8; ++i) s[i].store(state + kLanes * i);
}

void sha512_blocks(u8* out, const u8* in, usize length, usize count) {
  const auto pass = [length](u8* digests, const u8* const* rows) {
    alignas(64) u64 words[8 * kLanes];
    for (usize i = 0; i < 8; ++i) V::set1(kSha512Start[i]).store(words + kLanes * i);
    sha512_lanes(words, rows, length);
    V state[8];
    for (usize i = 0; i < 8; ++i) state[i] = swap_bytes(V::load(words + kLanes * i));
    simd::store_rows8(digests, state);
  };
  hash::passes<kLanes, 64>(out, in, 128 * length, count, pass);
}

}  // namespace isthmus::ISTHMUS_TIER
