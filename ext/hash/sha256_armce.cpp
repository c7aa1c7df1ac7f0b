// SHA-256 with the ARMv8 SHA-2 instructions (Arm ARM, C7.2: SHA256H, SHA256H2, SHA256SU0, SHA256SU1).
//
// SHA256H and SHA256H2 do four rounds between them: the first gives a..d, the second, from the old a..d,
// gives e..h.
#include "hash/sha256_tiers.hpp"
#include "simd/intrinsics.hpp"

#define ISTHMUS_TIER armce

namespace isthmus::armce {
namespace {

struct Words {
  uint32x4_t v;
};

struct State {
  uint32x4_t abcd;
  uint32x4_t efgh;
};

ISTHMUS_INLINE Words load_words(const u8* p) { return {vreinterpretq_u32_u8(vrev32q_u8(vld1q_u8(p)))}; }

ISTHMUS_INLINE Words constants(const u32* p) { return {vld1q_u32(p)}; }

ISTHMUS_INLINE Words add(Words a, Words b) { return {vaddq_u32(a.v, b.v)}; }

ISTHMUS_INLINE void quad(State& s, Words kw) {
  const uint32x4_t before = s.abcd;
  s.abcd = vsha256hq_u32(s.abcd, s.efgh, kw.v);
  s.efgh = vsha256h2q_u32(s.efgh, before, kw.v);
}

ISTHMUS_INLINE Words next(Words m0, Words m1, Words m2, Words m3) {
  return {vsha256su1q_u32(vsha256su0q_u32(m0.v, m1.v), m2.v, m3.v)};
}

ISTHMUS_INLINE State from_words(const u32* w) { return {vld1q_u32(w), vld1q_u32(w + 4)}; }

ISTHMUS_INLINE void digest_words(const State& s, Words& low, Words& high) {
  low.v = s.abcd;
  high.v = s.efgh;
}

ISTHMUS_INLINE void to_words(u32* w, const State& s) {
  vst1q_u32(w, s.abcd);
  vst1q_u32(w + 4, s.efgh);
}

ISTHMUS_INLINE State add_state(const State& a, const State& b) {
  return {vaddq_u32(a.abcd, b.abcd), vaddq_u32(a.efgh, b.efgh)};
}

ISTHMUS_INLINE void store_digest(u8* out, const State& s) {
  vst1q_u8(out, vrev32q_u8(vreinterpretq_u8_u32(s.abcd)));
  vst1q_u8(out + 16, vrev32q_u8(vreinterpretq_u8_u32(s.efgh)));
}

}  // namespace
}  // namespace isthmus::armce

#include "hash/sha256_quad_kernel.inl"
