// BLAKE3 compressions, one per lane (the BLAKE3 paper, section 2.2), written once over a lane type.
//
// The including file defines ISTHMUS_TIER (the namespace) and ISTHMUS_LANES (a type of simd/lanes_u32.hpp).
// Cost per lane group and block: 7 rounds of 8 quarter rounds of 14 operations where a turn is one. A last, partial
// pass fills its spare lanes with its first node.
#include "hash/blake3_tiers.hpp"
#include "hash/passes.inl"
#include "simd/lanes_u32.hpp"

namespace isthmus::ISTHMUS_TIER {
namespace {

using V = simd::ISTHMUS_LANES;
constexpr usize kLanes = V::kLanes;

// The message word is added first: b is the last of the three to be known.
ISTHMUS_INLINE void quarter(V& a, V& b, V& c, V& d, V x, V y) {
  V sum = a + x;
  pin(sum);
  a = sum + b;
  d = simd::rotr<16>(d ^ a);
  c = c + d;
  b = simd::rotr<12>(b ^ c);
  sum = a + y;
  pin(sum);
  a = sum + b;
  d = simd::rotr<8>(d ^ a);
  c = c + d;
  b = simd::rotr<7>(b ^ c);
}

template <usize kRound>
ISTHMUS_INLINE void round(V (&v)[16], const V (&m)[16]) {
  constexpr const u8(&at)[16] = kBlake3Schedule.at[kRound];
  quarter(v[0], v[4], v[8], v[12], m[at[0]], m[at[1]]);
  quarter(v[1], v[5], v[9], v[13], m[at[2]], m[at[3]]);
  quarter(v[2], v[6], v[10], v[14], m[at[4]], m[at[5]]);
  quarter(v[3], v[7], v[11], v[15], m[at[6]], m[at[7]]);
  quarter(v[0], v[5], v[10], v[15], m[at[8]], m[at[9]]);
  quarter(v[1], v[6], v[11], v[12], m[at[10]], m[at[11]]);
  quarter(v[2], v[7], v[8], v[13], m[at[12]], m[at[13]]);
  quarter(v[3], v[4], v[9], v[14], m[at[14]], m[at[15]]);
}

// h := the chaining value after the block m. `parameters`: counter (low, high), bytes in the block, flags.
ISTHMUS_INLINE void compress(V (&h)[8], const V (&m)[16], const V (&parameters)[4]) {
  V v[16] = {h[0],
             h[1],
             h[2],
             h[3],
             h[4],
             h[5],
             h[6],
             h[7],
             V::set1(kBlake3Iv[0]),
             V::set1(kBlake3Iv[1]),
             V::set1(kBlake3Iv[2]),
             V::set1(kBlake3Iv[3]),
             parameters[0],
             parameters[1],
             parameters[2],
             parameters[3]};
  round<0>(v, m);
  round<1>(v, m);
  round<2>(v, m);
  round<3>(v, m);
  round<4>(v, m);
  round<5>(v, m);
  round<6>(v, m);
  for (usize i = 0; i < 8; ++i) h[i] = v[i] ^ v[i + 8];
}

ISTHMUS_INLINE void parents(u8* out, const u8* in, usize count, u32 flags) {
  const auto pass = [flags](u8* nodes, const u8* const* rows) {
    V m[16];
    V h[8];
    simd::load_rows16(m, rows, 0);
    for (usize i = 0; i < 8; ++i) h[i] = V::set1(kBlake3Iv[i]);
    const V parameters[4] = {V::set1(0), V::set1(0), V::set1(kBlake3Block), V::set1(flags)};
    compress(h, m, parameters);
    store_rows8(nodes, h);
  };
  hash::passes<kLanes, 32>(out, in, kBlake3Block, count, pass);
}

}  // namespace

void blake3_lanes(u32* state, const u8* const* blocks, usize count) {
  V h[8];
  V parameters[4];
  for (usize i = 0; i < 8; ++i) h[i] = V::load(state + kLanes * i);
  for (usize i = 0; i < 4; ++i) parameters[i] = V::load(state + kLanes * (8 + i));
  for (usize block = 0; block < count; ++block) {
    V m[16];
    simd::load_rows16(m, blocks, kBlake3Block * block);
    compress(h, m, parameters);
    parameters[3] = parameters[3] & V::set1(~kBlake3Start);
  }
  for (usize i = 0; i < 8; ++i) h[i].store(state + kLanes * i);
  parameters[3].store(state + kLanes * 11);
}

void blake3_parent(u8* out, const u8* in, usize count) { parents(out, in, count, kBlake3Parent); }

void blake3_parent_root(u8* out, const u8* in, usize count) { parents(out, in, count, kBlake3Parent | kBlake3Root); }

}  // namespace isthmus::ISTHMUS_TIER
