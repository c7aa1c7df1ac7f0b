// SHA-256 with the x86 SHA instructions (Intel SDM volume 2: SHA256RNDS2, SHA256MSG1, SHA256MSG2).
//
// SHA256RNDS2 wants the state as two registers, ABEF and CDGH with A and C in the top word, and does two
// rounds with the two low words of its implicit third operand.
#include "hash/sha256_tiers.hpp"
#include "simd/intrinsics.hpp"

#define ISTHMUS_TIER shani

namespace isthmus::shani {
namespace {

struct Words {
  __m128i v;
};

struct State {
  __m128i abef;
  __m128i cdgh;
};

ISTHMUS_INLINE __m128i swap_words(__m128i x) {
  return _mm_shuffle_epi8(x, _mm_set_epi8(12, 13, 14, 15, 8, 9, 10, 11, 4, 5, 6, 7, 0, 1, 2, 3));
}

ISTHMUS_INLINE Words load_words(const u8* p) {
  return {swap_words(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p)))};
}

ISTHMUS_INLINE Words constants(const u32* p) { return {_mm_loadu_si128(reinterpret_cast<const __m128i*>(p))}; }

ISTHMUS_INLINE Words add(Words a, Words b) { return {_mm_add_epi32(a.v, b.v)}; }

ISTHMUS_INLINE void quad(State& s, Words kw) {
  s.cdgh = _mm_sha256rnds2_epu32(s.cdgh, s.abef, kw.v);
  s.abef = _mm_sha256rnds2_epu32(s.abef, s.cdgh, _mm_shuffle_epi32(kw.v, 0x0e));
}

ISTHMUS_INLINE Words next(Words m0, Words m1, Words m2, Words m3) {
  const __m128i t = _mm_add_epi32(_mm_sha256msg1_epu32(m0.v, m1.v), _mm_alignr_epi8(m3.v, m2.v, 4));
  return {_mm_sha256msg2_epu32(t, m3.v)};
}

// Words a b c d | e f g h, lowest first, to the instructions' order.
ISTHMUS_INLINE State from_words(const u32* w) {
  const __m128i badc = _mm_shuffle_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(w)), 0xb1);
  const __m128i hgfe = _mm_shuffle_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(w + 4)), 0x1b);
  return {_mm_alignr_epi8(badc, hgfe, 8), _mm_blend_epi16(hgfe, badc, 0xf0)};
}

ISTHMUS_INLINE void digest_words(const State& s, Words& low, Words& high) {
  const __m128i feba = _mm_shuffle_epi32(s.abef, 0x1b);
  const __m128i dchg = _mm_shuffle_epi32(s.cdgh, 0xb1);
  low.v = _mm_blend_epi16(feba, dchg, 0xf0);
  high.v = _mm_alignr_epi8(dchg, feba, 8);
}

ISTHMUS_INLINE void to_words(u32* w, const State& s) {
  Words low;
  Words high;
  digest_words(s, low, high);
  _mm_storeu_si128(reinterpret_cast<__m128i*>(w), low.v);
  _mm_storeu_si128(reinterpret_cast<__m128i*>(w + 4), high.v);
}

ISTHMUS_INLINE State add_state(const State& a, const State& b) {
  return {_mm_add_epi32(a.abef, b.abef), _mm_add_epi32(a.cdgh, b.cdgh)};
}

ISTHMUS_INLINE void store_digest(u8* out, const State& s) {
  Words low;
  Words high;
  digest_words(s, low, high);
  _mm_storeu_si128(reinterpret_cast<__m128i*>(out), swap_words(low.v));
  _mm_storeu_si128(reinterpret_cast<__m128i*>(out + 16), swap_words(high.v));
}

}  // namespace
}  // namespace isthmus::shani

#include "hash/sha256_quad_kernel.inl"
