// What sponges of 64-bit words ask of a lane beside lanes_u64.hpp:
//
//   and_not_xor(a, b, c)      (a & ~b) ^ c
//   rotl<n>(a)                0 <= n < 64
//   xor_rotl<n>(a, b)         rotl<n>(a ^ b)
//   xor_turned(a, b)          a ^ rotl<1>(b)
//   load_column(rows, offset) lane i = the word at rows[i] + offset (native order)
//   store_rows4(rows, w[4])   row i of 32 bytes at rows + 32 i = words 0..3 of lane i
//
// On AArch64 a file compiled for the SHA-3 extension gets its instructions (Arm ARM, C7.2: BCAX, XAR, RAX1;
// lanes_u64.hpp has EOR3). Everything has internal linkage: nothing here can make a weak symbol.
#pragma once

#include "simd/lanes_u64.hpp"

namespace isthmus::simd {
namespace {

// ---- plain C, and what follows from the operations of lanes_u64.hpp ----

template <int kBits, typename V>
ISTHMUS_INLINE V rotl(V a) {
  if constexpr (kBits == 0) {
    return a;
  } else {
    return rotr<64 - kBits>(a);
  }
}

template <usize N>
ISTHMUS_INLINE U64Plain<N> and_not_xor(U64Plain<N> a, U64Plain<N> b, U64Plain<N> c) {
  return and_not(a, b) ^ c;
}
template <int kBits, usize N>
ISTHMUS_INLINE U64Plain<N> xor_rotl(U64Plain<N> a, U64Plain<N> b) {
  return rotl<kBits>(a ^ b);
}
template <usize N>
ISTHMUS_INLINE U64Plain<N> xor_turned(U64Plain<N> a, U64Plain<N> b) {
  return a ^ rotl<1>(b);
}
template <usize N>
ISTHMUS_INLINE U64Plain<N> load_column(const u8* const (&rows)[N], usize offset) {
  U64Plain<N> out;
  for (usize i = 0; i < N; ++i) memcpy(&out.v[i], rows[i] + offset, 8);
  return out;
}
template <usize N>
ISTHMUS_INLINE void store_rows4(u8* rows, const U64Plain<N> (&w)[4]) {
  for (usize i = 0; i < N; ++i) {
    for (usize j = 0; j < 4; ++j) memcpy(rows + 32 * i + 8 * j, &w[j].v[i], 8);
  }
}

// ---- two lanes, NEON ----

#if defined(__aarch64__)

#if defined(__ARM_FEATURE_SHA3)

ISTHMUS_INLINE U64x2 and_not_xor(U64x2 a, U64x2 b, U64x2 c) { return {vbcaxq_u64(c.v, a.v, b.v)}; }
template <int kBits>
ISTHMUS_INLINE U64x2 xor_rotl(U64x2 a, U64x2 b) {
  return {vxarq_u64(a.v, b.v, (64 - kBits) % 64)};
}
ISTHMUS_INLINE U64x2 xor_turned(U64x2 a, U64x2 b) { return {vrax1q_u64(a.v, b.v)}; }

#else

ISTHMUS_INLINE U64x2 and_not_xor(U64x2 a, U64x2 b, U64x2 c) { return and_not(a, b) ^ c; }
template <int kBits>
ISTHMUS_INLINE U64x2 xor_rotl(U64x2 a, U64x2 b) {
  return rotl<kBits>(a ^ b);
}
ISTHMUS_INLINE U64x2 xor_turned(U64x2 a, U64x2 b) { return a ^ rotl<1>(b); }

#endif

ISTHMUS_INLINE U64x2 load_column(const u8* const (&rows)[2], usize offset) {
  const uint8x8_t low = vld1_u8(rows[0] + offset);
  return {vreinterpretq_u64_u8(vcombine_u8(low, vld1_u8(rows[1] + offset)))};
}
ISTHMUS_INLINE void store_rows4(u8* rows, const U64x2 (&w)[4]) {
  for (usize j = 0; j < 4; j += 2) {
    U64x2 x[2] = {w[j], w[j + 1]};
    transpose(x);
    x[0].store(rows + 8 * j);
    x[1].store(rows + 32 + 8 * j);
  }
}

#endif

// ---- four lanes, AVX2 ----

#if defined(__AVX2__)

ISTHMUS_INLINE U64x4 and_not_xor(U64x4 a, U64x4 b, U64x4 c) { return and_not(a, b) ^ c; }
// Turns by a byte are one shuffle instead of two shifts and their union.
template <int kBits>
ISTHMUS_INLINE U64x4 xor_rotl(U64x4 a, U64x4 b) {
  const __m256i x = _mm256_xor_si256(a.v, b.v);
  if constexpr (kBits == 8) {
    const __m256i up = _mm256_set_epi8(14, 13, 12, 11, 10, 9, 8, 15, 6, 5, 4, 3, 2, 1, 0, 7,  //
                                       14, 13, 12, 11, 10, 9, 8, 15, 6, 5, 4, 3, 2, 1, 0, 7);
    return {_mm256_shuffle_epi8(x, up)};
  } else if constexpr (kBits == 56) {
    const __m256i down = _mm256_set_epi8(8, 15, 14, 13, 12, 11, 10, 9, 0, 7, 6, 5, 4, 3, 2, 1,  //
                                         8, 15, 14, 13, 12, 11, 10, 9, 0, 7, 6, 5, 4, 3, 2, 1);
    return {_mm256_shuffle_epi8(x, down)};
  } else {
    return rotl<kBits>(U64x4{x});
  }
}
ISTHMUS_INLINE U64x4 xor_turned(U64x4 a, U64x4 b) {
  return a ^ U64x4{_mm256_or_si256(_mm256_add_epi64(b.v, b.v), _mm256_srli_epi64(b.v, 63))};
}
ISTHMUS_INLINE U64x4 load_column(const u8* const (&rows)[4], usize offset) {
  return {_mm256_set_epi64x(
      static_cast<long long>(load_le64(rows[3] + offset)), static_cast<long long>(load_le64(rows[2] + offset)),
      static_cast<long long>(load_le64(rows[1] + offset)), static_cast<long long>(load_le64(rows[0] + offset)))};
}
ISTHMUS_INLINE void store_rows4(u8* rows, const U64x4 (&w)[4]) {
  U64x4 x[4] = {w[0], w[1], w[2], w[3]};
  transpose(x);
  for (usize i = 0; i < 4; ++i) x[i].store(rows + 32 * i);
}

#endif

// ---- eight lanes, AVX-512 ----

#if defined(__AVX512F__) && defined(__AVX512BW__) && defined(__AVX512DQ__)

ISTHMUS_INLINE U64x8 and_not_xor(U64x8 a, U64x8 b, U64x8 c) { return {_mm512_ternarylogic_epi64(a.v, b.v, c.v, 0x9a)}; }
template <int kBits>
ISTHMUS_INLINE U64x8 xor_rotl(U64x8 a, U64x8 b) {
  return rotl<kBits>(a ^ b);
}
ISTHMUS_INLINE U64x8 xor_turned(U64x8 a, U64x8 b) { return a ^ rotl<1>(b); }
ISTHMUS_INLINE U64x8 load_column(const u8* const (&rows)[8], usize offset) {
  long long w[8];
  for (usize i = 0; i < 8; ++i) w[i] = static_cast<long long>(load_le64(rows[i] + offset));
  return {_mm512_set_epi64(w[7], w[6], w[5], w[4], w[3], w[2], w[1], w[0])};
}
ISTHMUS_INLINE void store_rows4(u8* rows, const U64x8 (&w)[4]) {
  const __m512i low = _mm512_set_epi64(11, 10, 3, 2, 9, 8, 1, 0);
  const __m512i high = _mm512_set_epi64(15, 14, 7, 6, 13, 12, 5, 4);
  const __m512i even01 = _mm512_unpacklo_epi64(w[0].v, w[1].v), odd01 = _mm512_unpackhi_epi64(w[0].v, w[1].v);
  const __m512i even23 = _mm512_unpacklo_epi64(w[2].v, w[3].v), odd23 = _mm512_unpackhi_epi64(w[2].v, w[3].v);
  // Lanes 0 2, 4 6, 1 3, 5 7: halves of a vector each.
  const __m512i pairs[4] = {
      _mm512_permutex2var_epi64(even01, low, even23), _mm512_permutex2var_epi64(even01, high, even23),
      _mm512_permutex2var_epi64(odd01, low, odd23), _mm512_permutex2var_epi64(odd01, high, odd23)};
  for (usize i = 0; i < 4; ++i) {
    u8* const at = rows + 128 * (i % 2) + 32 * (i / 2);
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(at), _mm512_castsi512_si256(pairs[i]));
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(at + 64), _mm512_extracti64x4_epi64(pairs[i], 1));
  }
}

#endif

}  // namespace
}  // namespace isthmus::simd
