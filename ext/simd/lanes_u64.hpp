// Lanes of 64-bit words: U64Plain<N> in plain C (U64x1 and the emulation of wider types), U64x2 (NEON), U64x4
// (AVX2), U64x8 (AVX-512), each where the file's flags allow it. Field and curve kernels are written once
// over these.
//
//   set1 load store lane(i)            construction and memory, any alignment
//   load_bytes(p)                      a byte per lane
//   + -                                modulo 2^64
//   & | ^ and_not(a, b)                and_not is a & ~b
//   shl<n> shr<n> sar<n> rotr<n>       0 < n < 64; sar fills with the sign
//   shl_by(a, n) shr_by(a, n)          0 <= n < 64, the same for all lanes, known only when it runs
//   mul32(a, b)                        low 32 bits of a times low 32 bits of b, exact in 64 bits
//   equal(a, b) less(a, b)             masks: a lane is all ones or all zeros; less is unsigned
//   select(mask, a, b)                 mask ? a : b; mask lanes must be all ones or all zeros
//   any(mask)                          true iff some lane is not zero
//   xor3 choose majority swap_bytes    as in lanes_u32.hpp
//   pin load_rows16 store_rows8        as in lanes_u32.hpp
//   gather(table, index)               table[index] by lane; the caller has proved the indices in range
//   transpose(x[kLanes])               word j of x[i] <-> word i of x[j]
//   gather4(out[4], places[kLanes])    out[i] = places[lane][i] by lane: four words that stand together in every lane
//   scatter4(places[kLanes], in[4])    places[lane][i] = in[i], in the order of lanes
//
// Everything has internal linkage: nothing here can make a weak symbol.
#pragma once

#include "base/bytes.hpp"
#include "simd/intrinsics.hpp"
#include "simd/rows.hpp"

namespace isthmus::simd {
namespace {

// ---- plain C, any number of lanes ----

template <usize N>
struct U64Plain {
  static constexpr usize kLanes = N;
  u64 v[N];

  static ISTHMUS_INLINE U64Plain set1(u64 x) {
    U64Plain out;
    for (usize i = 0; i < N; ++i) out.v[i] = x;
    return out;
  }
  static ISTHMUS_INLINE U64Plain load(const void* p) {
    U64Plain out;
    memcpy(out.v, p, 8 * N);
    return out;
  }
  static ISTHMUS_INLINE U64Plain load_bytes(const u8* p) {
    U64Plain out;
    for (usize i = 0; i < N; ++i) out.v[i] = p[i];
    return out;
  }
  ISTHMUS_INLINE void store(void* p) const { memcpy(p, v, 8 * N); }
  ISTHMUS_INLINE u64 lane(usize i) const { return v[i]; }
};

using U64x1 = U64Plain<1>;

#define ISTHMUS_PLAIN(name, expression)                           \
  template <usize N>                                              \
  ISTHMUS_INLINE U64Plain<N> name(U64Plain<N> a, U64Plain<N> b) { \
    for (usize i = 0; i < N; ++i) a.v[i] = (expression);          \
    return a;                                                     \
  }
ISTHMUS_PLAIN(operator+, a.v[i] + b.v[i])
ISTHMUS_PLAIN(operator-, a.v[i] - b.v[i])
ISTHMUS_PLAIN(operator^, a.v[i] ^ b.v[i])
ISTHMUS_PLAIN(operator&, a.v[i] & b.v[i])
ISTHMUS_PLAIN(operator|, a.v[i] | b.v[i])
ISTHMUS_PLAIN(and_not, a.v[i] & ~b.v[i])
ISTHMUS_PLAIN(mul32, u64{static_cast<u32>(a.v[i])} * static_cast<u32>(b.v[i]))
ISTHMUS_PLAIN(equal, a.v[i] == b.v[i] ? ~u64{0} : u64{0})
ISTHMUS_PLAIN(less, a.v[i] < b.v[i] ? ~u64{0} : u64{0})
#undef ISTHMUS_PLAIN

template <int kBits, usize N>
ISTHMUS_INLINE U64Plain<N> shl(U64Plain<N> a) {
  for (usize i = 0; i < N; ++i) a.v[i] <<= kBits;
  return a;
}
template <int kBits, usize N>
ISTHMUS_INLINE U64Plain<N> shr(U64Plain<N> a) {
  for (usize i = 0; i < N; ++i) a.v[i] >>= kBits;
  return a;
}
template <usize N>
ISTHMUS_INLINE U64Plain<N> shl_by(U64Plain<N> a, u32 n) {
  for (usize i = 0; i < N; ++i) a.v[i] <<= n;
  return a;
}
template <usize N>
ISTHMUS_INLINE U64Plain<N> shr_by(U64Plain<N> a, u32 n) {
  for (usize i = 0; i < N; ++i) a.v[i] >>= n;
  return a;
}
template <int kBits, usize N>
ISTHMUS_INLINE U64Plain<N> sar(U64Plain<N> a) {
  for (usize i = 0; i < N; ++i) a.v[i] = static_cast<u64>(static_cast<i64>(a.v[i]) >> kBits);
  return a;
}
template <int kBits, usize N>
ISTHMUS_INLINE U64Plain<N> rotr(U64Plain<N> a) {
  for (usize i = 0; i < N; ++i) a.v[i] = (a.v[i] >> kBits) | (a.v[i] << (64 - kBits));
  return a;
}
template <usize N>
ISTHMUS_INLINE U64Plain<N> select(U64Plain<N> mask, U64Plain<N> a, U64Plain<N> b) {
  for (usize i = 0; i < N; ++i) a.v[i] = b.v[i] ^ (mask.v[i] & (a.v[i] ^ b.v[i]));
  return a;
}
template <usize N>
ISTHMUS_INLINE bool any(U64Plain<N> mask) {
  u64 seen = 0;
  for (usize i = 0; i < N; ++i) seen |= mask.v[i];
  return seen != 0;
}
template <usize N>
ISTHMUS_INLINE U64Plain<N> xor3(U64Plain<N> a, U64Plain<N> b, U64Plain<N> c) {
  return a ^ b ^ c;
}
template <usize N>
ISTHMUS_INLINE U64Plain<N> choose(U64Plain<N> e, U64Plain<N> f, U64Plain<N> g) {
  return g ^ (e & (f ^ g));
}
template <usize N>
ISTHMUS_INLINE U64Plain<N> majority(U64Plain<N> a, U64Plain<N> b, U64Plain<N> c) {
  return (a & b) | (c & (a | b));
}
template <usize N>
ISTHMUS_INLINE U64Plain<N> swap_bytes(U64Plain<N> a) {
  for (usize i = 0; i < N; ++i) a.v[i] = __builtin_bswap64(a.v[i]);
  return a;
}
template <usize N>
ISTHMUS_INLINE U64Plain<N> gather(const u64* table, U64Plain<N> index) {
  for (usize i = 0; i < N; ++i) index.v[i] = table[index.v[i]];
  return index;
}
template <usize N>
ISTHMUS_INLINE void pin(U64Plain<N>&) {}
template <usize N>
ISTHMUS_INLINE void transpose(U64Plain<N> (&x)[N]) {
  for (usize i = 0; i < N; ++i) {
    for (usize j = i + 1; j < N; ++j) {
      const u64 kept = x[i].v[j];
      x[i].v[j] = x[j].v[i];
      x[j].v[i] = kept;
    }
  }
}

template <usize N>
ISTHMUS_INLINE void gather4(U64Plain<N> (&out)[4], const u64* const (&places)[N]) {
  for (usize i = 0; i < 4; ++i) {
    for (usize lane = 0; lane < N; ++lane) out[i].v[lane] = places[lane][i];
  }
}
template <usize N>
ISTHMUS_INLINE void scatter4(u64* const (&places)[N], const U64Plain<N> (&in)[4]) {
  for (usize lane = 0; lane < N; ++lane) {
    for (usize i = 0; i < 4; ++i) places[lane][i] = in[i].v[lane];
  }
}

// ---- two lanes, NEON ----

#if defined(__aarch64__)

struct U64x2 {
  static constexpr usize kLanes = 2;
  uint64x2_t v;

  static ISTHMUS_INLINE U64x2 set1(u64 x) { return {vdupq_n_u64(x)}; }
  static ISTHMUS_INLINE U64x2 load(const void* p) {
    return {vreinterpretq_u64_u8(vld1q_u8(static_cast<const u8*>(p)))};
  }
  static ISTHMUS_INLINE U64x2 load_bytes(const u8* p) { return {vcombine_u64(vcreate_u64(p[0]), vcreate_u64(p[1]))}; }
  ISTHMUS_INLINE void store(void* p) const { vst1q_u8(static_cast<u8*>(p), vreinterpretq_u8_u64(v)); }
  ISTHMUS_INLINE u64 lane(usize i) const { return i == 0 ? vgetq_lane_u64(v, 0) : vgetq_lane_u64(v, 1); }
};

ISTHMUS_INLINE U64x2 operator+(U64x2 a, U64x2 b) { return {vaddq_u64(a.v, b.v)}; }
ISTHMUS_INLINE U64x2 operator-(U64x2 a, U64x2 b) { return {vsubq_u64(a.v, b.v)}; }
ISTHMUS_INLINE U64x2 operator^(U64x2 a, U64x2 b) { return {veorq_u64(a.v, b.v)}; }
ISTHMUS_INLINE U64x2 operator&(U64x2 a, U64x2 b) { return {vandq_u64(a.v, b.v)}; }
ISTHMUS_INLINE U64x2 operator|(U64x2 a, U64x2 b) { return {vorrq_u64(a.v, b.v)}; }
ISTHMUS_INLINE U64x2 and_not(U64x2 a, U64x2 b) { return {vbicq_u64(a.v, b.v)}; }
template <int kBits>
ISTHMUS_INLINE U64x2 shl(U64x2 a) {
  return {vshlq_n_u64(a.v, kBits)};
}
template <int kBits>
ISTHMUS_INLINE U64x2 shr(U64x2 a) {
  return {vshrq_n_u64(a.v, kBits)};
}
ISTHMUS_INLINE U64x2 shl_by(U64x2 a, u32 n) { return {vshlq_u64(a.v, vdupq_n_s64(n))}; }
ISTHMUS_INLINE U64x2 shr_by(U64x2 a, u32 n) { return {vshlq_u64(a.v, vdupq_n_s64(-static_cast<i64>(n)))}; }
template <int kBits>
ISTHMUS_INLINE U64x2 sar(U64x2 a) {
  return {vreinterpretq_u64_s64(vshrq_n_s64(vreinterpretq_s64_u64(a.v), kBits))};
}
template <int kBits>
ISTHMUS_INLINE U64x2 rotr(U64x2 a) {
  return {vsriq_n_u64(vshlq_n_u64(a.v, 64 - kBits), a.v, kBits)};
}
ISTHMUS_INLINE U64x2 mul32(U64x2 a, U64x2 b) { return {vmull_u32(vmovn_u64(a.v), vmovn_u64(b.v))}; }
ISTHMUS_INLINE U64x2 equal(U64x2 a, U64x2 b) { return {vceqq_u64(a.v, b.v)}; }
ISTHMUS_INLINE U64x2 less(U64x2 a, U64x2 b) { return {vcltq_u64(a.v, b.v)}; }
ISTHMUS_INLINE U64x2 select(U64x2 mask, U64x2 a, U64x2 b) { return {vbslq_u64(mask.v, a.v, b.v)}; }
ISTHMUS_INLINE bool any(U64x2 mask) { return (vgetq_lane_u64(mask.v, 0) | vgetq_lane_u64(mask.v, 1)) != 0; }
#if defined(__ARM_FEATURE_SHA3)
ISTHMUS_INLINE U64x2 xor3(U64x2 a, U64x2 b, U64x2 c) { return {veor3q_u64(a.v, b.v, c.v)}; }
#else
ISTHMUS_INLINE U64x2 xor3(U64x2 a, U64x2 b, U64x2 c) { return a ^ b ^ c; }
#endif
ISTHMUS_INLINE U64x2 choose(U64x2 e, U64x2 f, U64x2 g) { return {vbslq_u64(e.v, f.v, g.v)}; }
ISTHMUS_INLINE U64x2 majority(U64x2 a, U64x2 b, U64x2 c) { return {vbslq_u64(veorq_u64(a.v, b.v), c.v, b.v)}; }
ISTHMUS_INLINE U64x2 swap_bytes(U64x2 a) { return {vreinterpretq_u64_u8(vrev64q_u8(vreinterpretq_u8_u64(a.v)))}; }
ISTHMUS_INLINE U64x2 gather(const u64* table, U64x2 index) {
  return {vcombine_u64(vcreate_u64(table[index.lane(0)]), vcreate_u64(table[index.lane(1)]))};
}
ISTHMUS_INLINE void pin(U64x2& a) { __asm__("" : "+w"(a.v)); }
ISTHMUS_INLINE void transpose(U64x2 (&x)[2]) {
  const uint64x2_t low = vzip1q_u64(x[0].v, x[1].v);
  x[1].v = vzip2q_u64(x[0].v, x[1].v);
  x[0].v = low;
}

ISTHMUS_INLINE void gather4(U64x2 (&out)[4], const u64* const (&places)[2]) {
  for (usize i = 0; i < 4; i += 2) {
    U64x2 square[2] = {U64x2::load(places[0] + i), U64x2::load(places[1] + i)};
    transpose(square);
    out[i] = square[0];
    out[i + 1] = square[1];
  }
}
ISTHMUS_INLINE void scatter4(u64* const (&places)[2], const U64x2 (&in)[4]) {
  U64x2 low[2] = {in[0], in[1]}, high[2] = {in[2], in[3]};
  transpose(low);
  transpose(high);
  for (usize lane = 0; lane < 2; ++lane) {
    low[lane].store(places[lane]);
    high[lane].store(places[lane] + 2);
  }
}

#endif

// ---- four lanes, AVX2 ----

#if defined(__AVX2__)

struct U64x4 {
  static constexpr usize kLanes = 4;
  __m256i v;

  static ISTHMUS_INLINE U64x4 set1(u64 x) { return {_mm256_set1_epi64x(static_cast<long long>(x))}; }
  static ISTHMUS_INLINE U64x4 load(const void* p) { return {_mm256_loadu_si256(static_cast<const __m256i*>(p))}; }
  static ISTHMUS_INLINE U64x4 load_bytes(const u8* p) {
    return {_mm256_cvtepu8_epi64(_mm_cvtsi32_si128(static_cast<int>(load_le32(p))))};
  }
  ISTHMUS_INLINE void store(void* p) const { _mm256_storeu_si256(static_cast<__m256i*>(p), v); }
  ISTHMUS_INLINE u64 lane(usize i) const {
    u64 all[4];
    store(all);
    return all[i];
  }
};

ISTHMUS_INLINE U64x4 operator+(U64x4 a, U64x4 b) { return {_mm256_add_epi64(a.v, b.v)}; }
ISTHMUS_INLINE U64x4 operator-(U64x4 a, U64x4 b) { return {_mm256_sub_epi64(a.v, b.v)}; }
ISTHMUS_INLINE U64x4 operator^(U64x4 a, U64x4 b) { return {_mm256_xor_si256(a.v, b.v)}; }
ISTHMUS_INLINE U64x4 operator&(U64x4 a, U64x4 b) { return {_mm256_and_si256(a.v, b.v)}; }
ISTHMUS_INLINE U64x4 operator|(U64x4 a, U64x4 b) { return {_mm256_or_si256(a.v, b.v)}; }
ISTHMUS_INLINE U64x4 and_not(U64x4 a, U64x4 b) { return {_mm256_andnot_si256(b.v, a.v)}; }
template <int kBits>
ISTHMUS_INLINE U64x4 shl(U64x4 a) {
  return {_mm256_slli_epi64(a.v, kBits)};
}
template <int kBits>
ISTHMUS_INLINE U64x4 shr(U64x4 a) {
  return {_mm256_srli_epi64(a.v, kBits)};
}
ISTHMUS_INLINE U64x4 shl_by(U64x4 a, u32 n) { return {_mm256_sll_epi64(a.v, _mm_cvtsi32_si128(static_cast<int>(n)))}; }
ISTHMUS_INLINE U64x4 shr_by(U64x4 a, u32 n) { return {_mm256_srl_epi64(a.v, _mm_cvtsi32_si128(static_cast<int>(n)))}; }
// AVX2 has no 64-bit arithmetic shift: the sign mask fills the top.
template <int kBits>
ISTHMUS_INLINE U64x4 sar(U64x4 a) {
  const __m256i sign = _mm256_cmpgt_epi64(_mm256_setzero_si256(), a.v);
  if constexpr (kBits == 63) return {sign};
  return {_mm256_or_si256(_mm256_srli_epi64(a.v, kBits), _mm256_slli_epi64(sign, 64 - kBits))};
}
template <int kBits>
ISTHMUS_INLINE U64x4 rotr(U64x4 a) {
  return {_mm256_or_si256(_mm256_srli_epi64(a.v, kBits), _mm256_slli_epi64(a.v, 64 - kBits))};
}
ISTHMUS_INLINE U64x4 mul32(U64x4 a, U64x4 b) { return {_mm256_mul_epu32(a.v, b.v)}; }
ISTHMUS_INLINE U64x4 equal(U64x4 a, U64x4 b) { return {_mm256_cmpeq_epi64(a.v, b.v)}; }
// The compare is signed; flipping the top bits turns the unsigned order into it.
ISTHMUS_INLINE U64x4 less(U64x4 a, U64x4 b) {
  const U64x4 top = U64x4::set1(u64{1} << 63);
  return {_mm256_cmpgt_epi64((b ^ top).v, (a ^ top).v)};
}
ISTHMUS_INLINE U64x4 select(U64x4 mask, U64x4 a, U64x4 b) { return {_mm256_blendv_epi8(b.v, a.v, mask.v)}; }
ISTHMUS_INLINE bool any(U64x4 mask) { return _mm256_testz_si256(mask.v, mask.v) == 0; }
ISTHMUS_INLINE U64x4 xor3(U64x4 a, U64x4 b, U64x4 c) { return a ^ b ^ c; }
ISTHMUS_INLINE U64x4 choose(U64x4 e, U64x4 f, U64x4 g) { return g ^ (e & (f ^ g)); }
ISTHMUS_INLINE U64x4 majority(U64x4 a, U64x4 b, U64x4 c) { return (a & b) | (c & (a | b)); }
ISTHMUS_INLINE U64x4 swap_bytes(U64x4 a) {
  const __m256i order = _mm256_set_epi8(8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7,  //
                                        8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7);
  return {_mm256_shuffle_epi8(a.v, order)};
}
ISTHMUS_INLINE U64x4 gather(const u64* table, U64x4 index) {
  return {_mm256_i64gather_epi64(reinterpret_cast<const long long*>(table), index.v, 8)};
}
ISTHMUS_INLINE void pin(U64x4& a) { __asm__("" : "+x"(a.v)); }
ISTHMUS_INLINE void transpose(U64x4 (&x)[4]) {
  const __m256i t0 = _mm256_unpacklo_epi64(x[0].v, x[1].v);
  const __m256i t1 = _mm256_unpackhi_epi64(x[0].v, x[1].v);
  const __m256i t2 = _mm256_unpacklo_epi64(x[2].v, x[3].v);
  const __m256i t3 = _mm256_unpackhi_epi64(x[2].v, x[3].v);
  x[0].v = _mm256_permute2x128_si256(t0, t2, 0x20);
  x[1].v = _mm256_permute2x128_si256(t1, t3, 0x20);
  x[2].v = _mm256_permute2x128_si256(t0, t2, 0x31);
  x[3].v = _mm256_permute2x128_si256(t1, t3, 0x31);
}

ISTHMUS_INLINE void gather4(U64x4 (&out)[4], const u64* const (&places)[4]) {
  for (usize lane = 0; lane < 4; ++lane) out[lane] = U64x4::load(places[lane]);
  transpose(out);
}
ISTHMUS_INLINE void scatter4(u64* const (&places)[4], const U64x4 (&in)[4]) {
  U64x4 square[4] = {in[0], in[1], in[2], in[3]};
  transpose(square);
  for (usize lane = 0; lane < 4; ++lane) square[lane].store(places[lane]);
}

#endif

// ---- eight lanes, AVX-512 ----

#if defined(__AVX512F__) && defined(__AVX512BW__) && defined(__AVX512DQ__)

struct U64x8 {
  static constexpr usize kLanes = 8;
  __m512i v;

  static ISTHMUS_INLINE U64x8 set1(u64 x) { return {_mm512_set1_epi64(static_cast<long long>(x))}; }
  static ISTHMUS_INLINE U64x8 load(const void* p) { return {_mm512_loadu_si512(p)}; }
  static ISTHMUS_INLINE U64x8 load_bytes(const u8* p) {
    return {_mm512_cvtepu8_epi64(_mm_cvtsi64_si128(static_cast<long long>(load_le64(p))))};
  }
  ISTHMUS_INLINE void store(void* p) const { _mm512_storeu_si512(p, v); }
  ISTHMUS_INLINE u64 lane(usize i) const {
    u64 all[8];
    store(all);
    return all[i];
  }
};

ISTHMUS_INLINE U64x8 operator+(U64x8 a, U64x8 b) { return {_mm512_add_epi64(a.v, b.v)}; }
ISTHMUS_INLINE U64x8 operator-(U64x8 a, U64x8 b) { return {_mm512_sub_epi64(a.v, b.v)}; }
ISTHMUS_INLINE U64x8 operator^(U64x8 a, U64x8 b) { return {_mm512_xor_si512(a.v, b.v)}; }
ISTHMUS_INLINE U64x8 operator&(U64x8 a, U64x8 b) { return {_mm512_and_si512(a.v, b.v)}; }
ISTHMUS_INLINE U64x8 operator|(U64x8 a, U64x8 b) { return {_mm512_or_si512(a.v, b.v)}; }
ISTHMUS_INLINE U64x8 and_not(U64x8 a, U64x8 b) { return {_mm512_andnot_si512(b.v, a.v)}; }
template <int kBits>
ISTHMUS_INLINE U64x8 shl(U64x8 a) {
  return {_mm512_slli_epi64(a.v, kBits)};
}
template <int kBits>
ISTHMUS_INLINE U64x8 shr(U64x8 a) {
  return {_mm512_srli_epi64(a.v, kBits)};
}
ISTHMUS_INLINE U64x8 shl_by(U64x8 a, u32 n) { return {_mm512_sll_epi64(a.v, _mm_cvtsi32_si128(static_cast<int>(n)))}; }
ISTHMUS_INLINE U64x8 shr_by(U64x8 a, u32 n) { return {_mm512_srl_epi64(a.v, _mm_cvtsi32_si128(static_cast<int>(n)))}; }
template <int kBits>
ISTHMUS_INLINE U64x8 sar(U64x8 a) {
  return {_mm512_srai_epi64(a.v, kBits)};
}
template <int kBits>
ISTHMUS_INLINE U64x8 rotr(U64x8 a) {
  return {_mm512_ror_epi64(a.v, kBits)};
}
ISTHMUS_INLINE U64x8 mul32(U64x8 a, U64x8 b) { return {_mm512_mul_epu32(a.v, b.v)}; }
ISTHMUS_INLINE U64x8 equal(U64x8 a, U64x8 b) { return {_mm512_movm_epi64(_mm512_cmpeq_epu64_mask(a.v, b.v))}; }
ISTHMUS_INLINE U64x8 less(U64x8 a, U64x8 b) { return {_mm512_movm_epi64(_mm512_cmplt_epu64_mask(a.v, b.v))}; }
ISTHMUS_INLINE U64x8 select(U64x8 mask, U64x8 a, U64x8 b) {
  return {_mm512_ternarylogic_epi64(mask.v, a.v, b.v, 0xca)};
}
ISTHMUS_INLINE bool any(U64x8 mask) { return _mm512_test_epi64_mask(mask.v, mask.v) != 0; }
ISTHMUS_INLINE U64x8 xor3(U64x8 a, U64x8 b, U64x8 c) { return {_mm512_ternarylogic_epi64(a.v, b.v, c.v, 0x96)}; }
ISTHMUS_INLINE U64x8 choose(U64x8 e, U64x8 f, U64x8 g) { return select(e, f, g); }
ISTHMUS_INLINE U64x8 majority(U64x8 a, U64x8 b, U64x8 c) { return {_mm512_ternarylogic_epi64(a.v, b.v, c.v, 0xe8)}; }
ISTHMUS_INLINE U64x8 swap_bytes(U64x8 a) {
  const __m512i order = _mm512_broadcast_i32x4(_mm_set_epi8(8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7));
  return {_mm512_shuffle_epi8(a.v, order)};
}
ISTHMUS_INLINE U64x8 gather(const u64* table, U64x8 index) { return {_mm512_i64gather_epi64(index.v, table, 8)}; }

ISTHMUS_INLINE void pin(U64x8& a) { __asm__("" : "+v"(a.v)); }

ISTHMUS_INLINE void transpose(U64x8 (&x)[8]) {
  __m512i t[8];
  for (usize i = 0; i < 8; i += 2) {
    t[i] = _mm512_unpacklo_epi64(x[i].v, x[i + 1].v);      // columns 0 2 4 6 of rows i, i+1
    t[i + 1] = _mm512_unpackhi_epi64(x[i].v, x[i + 1].v);  // columns 1 3 5 7
  }
  for (usize j = 0; j < 2; ++j) {
    const __m512i low02 = _mm512_shuffle_i64x2(t[j], t[j + 2], 0x88);  // parts 0 2 of rows 0-1, then of rows 2-3
    const __m512i low13 = _mm512_shuffle_i64x2(t[j], t[j + 2], 0xdd);
    const __m512i high02 = _mm512_shuffle_i64x2(t[j + 4], t[j + 6], 0x88);
    const __m512i high13 = _mm512_shuffle_i64x2(t[j + 4], t[j + 6], 0xdd);
    x[j].v = _mm512_shuffle_i64x2(low02, high02, 0x88);
    x[j + 4].v = _mm512_shuffle_i64x2(low02, high02, 0xdd);
    x[j + 2].v = _mm512_shuffle_i64x2(low13, high13, 0x88);
    x[j + 6].v = _mm512_shuffle_i64x2(low13, high13, 0xdd);
  }
}

// Lanes a and b in one vector, so that the second half comes from memory and not from a shuffle.
ISTHMUS_INLINE __m512i load_pair(const u64* a, const u64* b) {
  const __m256i low = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(a));
  return _mm512_inserti64x4(_mm512_castsi256_si512(low), _mm256_loadu_si256(reinterpret_cast<const __m256i*>(b)), 1);
}
// The pairs are such that the order of lanes comes out right.
ISTHMUS_INLINE void gather4(U64x8 (&out)[4], const u64* const (&places)[8]) {
  const __m512i p02 = load_pair(places[0], places[2]), p13 = load_pair(places[1], places[3]);
  const __m512i p46 = load_pair(places[4], places[6]), p57 = load_pair(places[5], places[7]);
  const __m512i even0 = _mm512_unpacklo_epi64(p02, p13);  // words 0 of lanes 0 1, 2 of 0 1, 0 of 2 3, 2 of 2 3
  const __m512i odd0 = _mm512_unpackhi_epi64(p02, p13);
  const __m512i even4 = _mm512_unpacklo_epi64(p46, p57);
  const __m512i odd4 = _mm512_unpackhi_epi64(p46, p57);
  out[0].v = _mm512_shuffle_i64x2(even0, even4, 0x88);
  out[1].v = _mm512_shuffle_i64x2(odd0, odd4, 0x88);
  out[2].v = _mm512_shuffle_i64x2(even0, even4, 0xdd);
  out[3].v = _mm512_shuffle_i64x2(odd0, odd4, 0xdd);
}
ISTHMUS_INLINE void store_pair(u64* a, u64* b, __m512i both) {
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(a), _mm512_castsi512_si256(both));
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(b), _mm512_extracti64x4_epi64(both, 1));
}
ISTHMUS_INLINE void scatter4(u64* const (&places)[8], const U64x8 (&in)[4]) {
  const __m512i low = _mm512_set_epi64(11, 10, 3, 2, 9, 8, 1, 0);
  const __m512i high = _mm512_set_epi64(15, 14, 7, 6, 13, 12, 5, 4);
  const __m512i even01 = _mm512_unpacklo_epi64(in[0].v, in[1].v), odd01 = _mm512_unpackhi_epi64(in[0].v, in[1].v);
  const __m512i even23 = _mm512_unpacklo_epi64(in[2].v, in[3].v), odd23 = _mm512_unpackhi_epi64(in[2].v, in[3].v);
  store_pair(places[0], places[2], _mm512_permutex2var_epi64(even01, low, even23));
  store_pair(places[1], places[3], _mm512_permutex2var_epi64(odd01, low, odd23));
  store_pair(places[4], places[6], _mm512_permutex2var_epi64(even01, high, even23));
  store_pair(places[5], places[7], _mm512_permutex2var_epi64(odd01, high, odd23));
}

#endif

// ---- rows of words ----

// Row i of 64 bytes at rows + 64 i = words 0..7 of lane i.
template <typename V>
ISTHMUS_INLINE void store_rows8(u8* rows, const V (&w)[8]) {
  for (usize block = 0; block < 8; block += V::kLanes) {
    V x[V::kLanes];
    for (usize j = 0; j < V::kLanes; ++j) x[j] = w[block + j];
    transpose(x);
    for (usize i = 0; i < V::kLanes; ++i) x[i].store(rows + 64 * i + 8 * block);
  }
}

}  // namespace
}  // namespace isthmus::simd
