// Lanes of 32-bit words: U32x1 everywhere, U32x4 (NEON), U32x8 (AVX2), U32x16 (AVX-512), each where the
// file's flags allow it. A kernel is written once over one of these types.
//
// Every type has: kLanes, set1, load, store (any alignment), + ^ & |, and the free functions rotr<n>, shr<n>,
// xor3(a,b,c), choose(e,f,g) = e ? f : g, majority(a,b,c), or_not_xor(a,b,c) = (a | ~b) ^ c, swap_bytes,
// transpose(x[kLanes]): word j of x[i]
// <-> word i of x[j], store_rows8, and pin(x), which emits nothing but keeps the compiler from regrouping
// sums across it: the order of additions decides the length of a dependency chain. Words wrap modulo 2^32.
// Everything has internal linkage: nothing here can make a weak symbol.
#pragma once

#include "base/bytes.hpp"
#include "simd/intrinsics.hpp"
#include "simd/rows.hpp"

namespace isthmus::simd {
namespace {

// ---- one lane ----

struct U32x1 {
  static constexpr usize kLanes = 1;
  u32 v;

  static ISTHMUS_INLINE U32x1 set1(u32 x) { return {x}; }
  static ISTHMUS_INLINE U32x1 load(const void* p) {
    U32x1 out;
    memcpy(&out.v, p, 4);
    return out;
  }
  ISTHMUS_INLINE void store(void* p) const { memcpy(p, &v, 4); }
};

ISTHMUS_INLINE U32x1 operator+(U32x1 a, U32x1 b) { return {a.v + b.v}; }
ISTHMUS_INLINE U32x1 operator^(U32x1 a, U32x1 b) { return {a.v ^ b.v}; }
ISTHMUS_INLINE U32x1 operator&(U32x1 a, U32x1 b) { return {a.v & b.v}; }
ISTHMUS_INLINE U32x1 operator|(U32x1 a, U32x1 b) { return {a.v | b.v}; }
template <int kBits>
ISTHMUS_INLINE U32x1 shr(U32x1 a) {
  return {a.v >> kBits};
}
template <int kBits>
ISTHMUS_INLINE U32x1 rotr(U32x1 a) {
  return {(a.v >> kBits) | (a.v << (32 - kBits))};
}
ISTHMUS_INLINE U32x1 xor3(U32x1 a, U32x1 b, U32x1 c) { return {a.v ^ b.v ^ c.v}; }
ISTHMUS_INLINE U32x1 choose(U32x1 e, U32x1 f, U32x1 g) { return {g.v ^ (e.v & (f.v ^ g.v))}; }
ISTHMUS_INLINE U32x1 majority(U32x1 a, U32x1 b, U32x1 c) { return {(a.v & b.v) | (c.v & (a.v | b.v))}; }
ISTHMUS_INLINE U32x1 or_not_xor(U32x1 a, U32x1 b, U32x1 c) { return {(a.v | ~b.v) ^ c.v}; }
ISTHMUS_INLINE U32x1 swap_bytes(U32x1 a) { return {__builtin_bswap32(a.v)}; }
ISTHMUS_INLINE void transpose(U32x1 (&)[1]) {}
ISTHMUS_INLINE void pin(U32x1&) {}

ISTHMUS_INLINE void store_rows8(u8* rows, const U32x1 (&w)[8]) {
  for (usize j = 0; j < 8; ++j) memcpy(rows + 4 * j, &w[j].v, 4);
}

// ---- four lanes, NEON ----

#if defined(__aarch64__)

struct U32x4 {
  static constexpr usize kLanes = 4;
  uint32x4_t v;

  static ISTHMUS_INLINE U32x4 set1(u32 x) { return {vdupq_n_u32(x)}; }
  static ISTHMUS_INLINE U32x4 load(const void* p) {
    return {vreinterpretq_u32_u8(vld1q_u8(static_cast<const u8*>(p)))};
  }
  ISTHMUS_INLINE void store(void* p) const { vst1q_u8(static_cast<u8*>(p), vreinterpretq_u8_u32(v)); }
};

ISTHMUS_INLINE U32x4 operator+(U32x4 a, U32x4 b) { return {vaddq_u32(a.v, b.v)}; }
ISTHMUS_INLINE U32x4 operator^(U32x4 a, U32x4 b) { return {veorq_u32(a.v, b.v)}; }
ISTHMUS_INLINE U32x4 operator&(U32x4 a, U32x4 b) { return {vandq_u32(a.v, b.v)}; }
ISTHMUS_INLINE U32x4 operator|(U32x4 a, U32x4 b) { return {vorrq_u32(a.v, b.v)}; }
template <int kBits>
ISTHMUS_INLINE U32x4 shr(U32x4 a) {
  return {vshrq_n_u32(a.v, kBits)};
}
template <int kBits>
ISTHMUS_INLINE U32x4 rotr(U32x4 a) {
  if constexpr (kBits == 16) return {vreinterpretq_u32_u16(vrev32q_u16(vreinterpretq_u16_u32(a.v)))};
  return {vsriq_n_u32(vshlq_n_u32(a.v, 32 - kBits), a.v, kBits)};
}
ISTHMUS_INLINE U32x4 xor3(U32x4 a, U32x4 b, U32x4 c) { return a ^ b ^ c; }
ISTHMUS_INLINE U32x4 choose(U32x4 e, U32x4 f, U32x4 g) { return {vbslq_u32(e.v, f.v, g.v)}; }
ISTHMUS_INLINE U32x4 majority(U32x4 a, U32x4 b, U32x4 c) { return {vbslq_u32(veorq_u32(a.v, b.v), c.v, b.v)}; }
ISTHMUS_INLINE U32x4 or_not_xor(U32x4 a, U32x4 b, U32x4 c) { return {veorq_u32(vornq_u32(a.v, b.v), c.v)}; }
ISTHMUS_INLINE U32x4 swap_bytes(U32x4 a) { return {vreinterpretq_u32_u8(vrev32q_u8(vreinterpretq_u8_u32(a.v)))}; }

ISTHMUS_INLINE void pin(U32x4& a) { __asm__("" : "+w"(a.v)); }

ISTHMUS_INLINE void transpose(U32x4 (&x)[4]) {
  const uint32x4x2_t t = vtrnq_u32(x[0].v, x[1].v);  // a0 b0 a2 b2 | a1 b1 a3 b3
  const uint32x4x2_t u = vtrnq_u32(x[2].v, x[3].v);
  x[0].v = vcombine_u32(vget_low_u32(t.val[0]), vget_low_u32(u.val[0]));
  x[1].v = vcombine_u32(vget_low_u32(t.val[1]), vget_low_u32(u.val[1]));
  x[2].v = vcombine_u32(vget_high_u32(t.val[0]), vget_high_u32(u.val[0]));
  x[3].v = vcombine_u32(vget_high_u32(t.val[1]), vget_high_u32(u.val[1]));
}

ISTHMUS_INLINE void store_rows8(u8* rows, const U32x4 (&w)[8]) {
  U32x4 low[4] = {w[0], w[1], w[2], w[3]};
  U32x4 high[4] = {w[4], w[5], w[6], w[7]};
  transpose(low);
  transpose(high);
  for (usize i = 0; i < 4; ++i) {
    low[i].store(rows + 32 * i);
    high[i].store(rows + 32 * i + 16);
  }
}

#endif

// ---- eight lanes, AVX2 ----

#if defined(__AVX2__)

struct U32x8 {
  static constexpr usize kLanes = 8;
  __m256i v;

  static ISTHMUS_INLINE U32x8 set1(u32 x) { return {_mm256_set1_epi32(static_cast<int>(x))}; }
  static ISTHMUS_INLINE U32x8 load(const void* p) { return {_mm256_loadu_si256(static_cast<const __m256i*>(p))}; }
  ISTHMUS_INLINE void store(void* p) const { _mm256_storeu_si256(static_cast<__m256i*>(p), v); }
};

ISTHMUS_INLINE U32x8 operator+(U32x8 a, U32x8 b) { return {_mm256_add_epi32(a.v, b.v)}; }
ISTHMUS_INLINE U32x8 operator^(U32x8 a, U32x8 b) { return {_mm256_xor_si256(a.v, b.v)}; }
ISTHMUS_INLINE U32x8 operator&(U32x8 a, U32x8 b) { return {_mm256_and_si256(a.v, b.v)}; }
ISTHMUS_INLINE U32x8 operator|(U32x8 a, U32x8 b) { return {_mm256_or_si256(a.v, b.v)}; }
template <int kBits>
ISTHMUS_INLINE U32x8 shr(U32x8 a) {
  return {_mm256_srli_epi32(a.v, kBits)};
}
// Turns by whole bytes are one shuffle instead of two shifts and their union.
template <int kBits>
ISTHMUS_INLINE U32x8 rotr(U32x8 a) {
  if constexpr (kBits == 8) {
    const __m256i by1 = _mm256_set_epi8(12, 15, 14, 13, 8, 11, 10, 9, 4, 7, 6, 5, 0, 3, 2, 1,  //
                                        12, 15, 14, 13, 8, 11, 10, 9, 4, 7, 6, 5, 0, 3, 2, 1);
    return {_mm256_shuffle_epi8(a.v, by1)};
  } else if constexpr (kBits == 16) {
    const __m256i by2 = _mm256_set_epi8(13, 12, 15, 14, 9, 8, 11, 10, 5, 4, 7, 6, 1, 0, 3, 2,  //
                                        13, 12, 15, 14, 9, 8, 11, 10, 5, 4, 7, 6, 1, 0, 3, 2);
    return {_mm256_shuffle_epi8(a.v, by2)};
  } else {
    return {_mm256_or_si256(_mm256_srli_epi32(a.v, kBits), _mm256_slli_epi32(a.v, 32 - kBits))};
  }
}
ISTHMUS_INLINE U32x8 xor3(U32x8 a, U32x8 b, U32x8 c) { return a ^ b ^ c; }
ISTHMUS_INLINE U32x8 choose(U32x8 e, U32x8 f, U32x8 g) { return g ^ (e & (f ^ g)); }
ISTHMUS_INLINE U32x8 majority(U32x8 a, U32x8 b, U32x8 c) { return (a & b) | (c & (a | b)); }
// (a | ~b) ^ c is ~(b & ~a) ^ c.
ISTHMUS_INLINE U32x8 or_not_xor(U32x8 a, U32x8 b, U32x8 c) {
  return {_mm256_xor_si256(_mm256_andnot_si256(a.v, b.v), _mm256_xor_si256(c.v, _mm256_set1_epi32(-1)))};
}
ISTHMUS_INLINE U32x8 swap_bytes(U32x8 a) {
  const __m256i order = _mm256_set_epi8(12, 13, 14, 15, 8, 9, 10, 11, 4, 5, 6, 7, 0, 1, 2, 3,  //
                                        12, 13, 14, 15, 8, 9, 10, 11, 4, 5, 6, 7, 0, 1, 2, 3);
  return {_mm256_shuffle_epi8(a.v, order)};
}

ISTHMUS_INLINE void pin(U32x8& a) { __asm__("" : "+x"(a.v)); }

// Three butterfly steps: words, pairs of words, halves of the register.
ISTHMUS_INLINE void transpose(U32x8 (&x)[8]) {
  __m256i t[8];
  __m256i q[8];
  for (usize i = 0; i < 8; i += 2) {
    t[i] = _mm256_unpacklo_epi32(x[i].v, x[i + 1].v);
    t[i + 1] = _mm256_unpackhi_epi32(x[i].v, x[i + 1].v);
  }
  for (usize i = 0; i < 8; i += 4) {
    q[i] = _mm256_unpacklo_epi64(t[i], t[i + 2]);
    q[i + 1] = _mm256_unpackhi_epi64(t[i], t[i + 2]);
    q[i + 2] = _mm256_unpacklo_epi64(t[i + 1], t[i + 3]);
    q[i + 3] = _mm256_unpackhi_epi64(t[i + 1], t[i + 3]);
  }
  for (usize i = 0; i < 4; ++i) {
    x[i].v = _mm256_permute2x128_si256(q[i], q[i + 4], 0x20);
    x[i + 4].v = _mm256_permute2x128_si256(q[i], q[i + 4], 0x31);
  }
}

ISTHMUS_INLINE void store_rows8(u8* rows, const U32x8 (&w)[8]) {
  U32x8 x[8] = {w[0], w[1], w[2], w[3], w[4], w[5], w[6], w[7]};
  transpose(x);
  for (usize i = 0; i < 8; ++i) x[i].store(rows + 32 * i);
}

#endif

// ---- sixteen lanes, AVX-512 ----

#if defined(__AVX512F__) && defined(__AVX512BW__)

struct U32x16 {
  static constexpr usize kLanes = 16;
  __m512i v;

  static ISTHMUS_INLINE U32x16 set1(u32 x) { return {_mm512_set1_epi32(static_cast<int>(x))}; }
  static ISTHMUS_INLINE U32x16 load(const void* p) { return {_mm512_loadu_si512(p)}; }
  ISTHMUS_INLINE void store(void* p) const { _mm512_storeu_si512(p, v); }
};

ISTHMUS_INLINE U32x16 operator+(U32x16 a, U32x16 b) { return {_mm512_add_epi32(a.v, b.v)}; }
ISTHMUS_INLINE U32x16 operator^(U32x16 a, U32x16 b) { return {_mm512_xor_si512(a.v, b.v)}; }
ISTHMUS_INLINE U32x16 operator&(U32x16 a, U32x16 b) { return {_mm512_and_si512(a.v, b.v)}; }
ISTHMUS_INLINE U32x16 operator|(U32x16 a, U32x16 b) { return {_mm512_or_si512(a.v, b.v)}; }
template <int kBits>
ISTHMUS_INLINE U32x16 shr(U32x16 a) {
  return {_mm512_srli_epi32(a.v, kBits)};
}
template <int kBits>
ISTHMUS_INLINE U32x16 rotr(U32x16 a) {
  return {_mm512_ror_epi32(a.v, kBits)};
}
// vpternlogd: bit i of the constant is the result for inputs (a, b, c) = the bits of i, a first.
ISTHMUS_INLINE U32x16 xor3(U32x16 a, U32x16 b, U32x16 c) { return {_mm512_ternarylogic_epi32(a.v, b.v, c.v, 0x96)}; }
ISTHMUS_INLINE U32x16 choose(U32x16 e, U32x16 f, U32x16 g) { return {_mm512_ternarylogic_epi32(e.v, f.v, g.v, 0xca)}; }
ISTHMUS_INLINE U32x16 majority(U32x16 a, U32x16 b, U32x16 c) {
  return {_mm512_ternarylogic_epi32(a.v, b.v, c.v, 0xe8)};
}
ISTHMUS_INLINE U32x16 or_not_xor(U32x16 a, U32x16 b, U32x16 c) {
  return {_mm512_ternarylogic_epi32(a.v, b.v, c.v, 0x59)};
}
ISTHMUS_INLINE U32x16 swap_bytes(U32x16 a) {
  const __m512i order = _mm512_broadcast_i32x4(_mm_set_epi8(12, 13, 14, 15, 8, 9, 10, 11, 4, 5, 6, 7, 0, 1, 2, 3));
  return {_mm512_shuffle_epi8(a.v, order)};
}

ISTHMUS_INLINE void pin(U32x16& a) { __asm__("" : "+v"(a.v)); }

// Two steps inside the four 128-bit parts: then part p of q[4b + j] holds word 4p + j of rows 4b..4b+3. Two
// more steps move the parts.
ISTHMUS_INLINE void transpose(U32x16 (&x)[16]) {
  __m512i t[16];
  __m512i q[16];
  for (usize i = 0; i < 16; i += 2) {
    t[i] = _mm512_unpacklo_epi32(x[i].v, x[i + 1].v);
    t[i + 1] = _mm512_unpackhi_epi32(x[i].v, x[i + 1].v);
  }
  for (usize i = 0; i < 16; i += 4) {
    q[i] = _mm512_unpacklo_epi64(t[i], t[i + 2]);
    q[i + 1] = _mm512_unpackhi_epi64(t[i], t[i + 2]);
    q[i + 2] = _mm512_unpacklo_epi64(t[i + 1], t[i + 3]);
    q[i + 3] = _mm512_unpackhi_epi64(t[i + 1], t[i + 3]);
  }
  for (usize j = 0; j < 4; ++j) {
    const __m512i low01 = _mm512_shuffle_i32x4(q[j], q[j + 4], 0x44);  // parts 0 1 of rows 0-3 and 4-7
    const __m512i low23 = _mm512_shuffle_i32x4(q[j], q[j + 4], 0xee);
    const __m512i high01 = _mm512_shuffle_i32x4(q[j + 8], q[j + 12], 0x44);
    const __m512i high23 = _mm512_shuffle_i32x4(q[j + 8], q[j + 12], 0xee);
    x[j].v = _mm512_shuffle_i32x4(low01, high01, 0x88);
    x[j + 4].v = _mm512_shuffle_i32x4(low01, high01, 0xdd);
    x[j + 8].v = _mm512_shuffle_i32x4(low23, high23, 0x88);
    x[j + 12].v = _mm512_shuffle_i32x4(low23, high23, 0xdd);
  }
}

// Half a transpose: after the two in-part steps, part p of low[r] and high[r] are the halves of row 4p + r.
ISTHMUS_INLINE void store_rows8(u8* rows, const U32x16 (&w)[8]) {
  __m512i t[8];
  for (usize i = 0; i < 8; i += 2) {
    t[i] = _mm512_unpacklo_epi32(w[i].v, w[i + 1].v);
    t[i + 1] = _mm512_unpackhi_epi32(w[i].v, w[i + 1].v);
  }
  const __m512i low[4] = {_mm512_unpacklo_epi64(t[0], t[2]), _mm512_unpackhi_epi64(t[0], t[2]),
                          _mm512_unpacklo_epi64(t[1], t[3]), _mm512_unpackhi_epi64(t[1], t[3])};
  const __m512i high[4] = {_mm512_unpacklo_epi64(t[4], t[6]), _mm512_unpackhi_epi64(t[4], t[6]),
                           _mm512_unpacklo_epi64(t[5], t[7]), _mm512_unpackhi_epi64(t[5], t[7])};
  const __m512i first = _mm512_set_epi64(11, 10, 3, 2, 9, 8, 1, 0);  // parts: low0 high0 low1 high1
  const __m512i second = _mm512_set_epi64(15, 14, 7, 6, 13, 12, 5, 4);
  for (usize r = 0; r < 4; ++r) {
    const __m512i a = _mm512_permutex2var_epi64(low[r], first, high[r]);
    const __m512i b = _mm512_permutex2var_epi64(low[r], second, high[r]);
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(rows + 32 * r), _mm512_castsi512_si256(a));
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(rows + 32 * (4 + r)), _mm512_extracti64x4_epi64(a, 1));
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(rows + 32 * (8 + r)), _mm512_castsi512_si256(b));
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(rows + 32 * (12 + r)), _mm512_extracti64x4_epi64(b, 1));
  }
}

#endif

}  // namespace
}  // namespace isthmus::simd
