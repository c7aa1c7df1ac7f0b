// Keccak-f[1600] of many states at once, one per lane (FIPS 202, section 3), written once over a lane type.
//
// The including file defines ISTHMUS_TIER (the namespace) and ISTHMUS_LANES (a type of simd/lanes_u64.hpp).
// Cost per lane group and round: with three-input logic 96 instructions, with the SHA-3 extension of AArch64 66,
// else 188. A round needs all of the one before it, which costs about ten cycles that nothing fills: the state and its
// temporary words take every register, so no second state fits. A last, partial pass fills its spare lanes with its
// first message.
#include "hash/keccak_tiers.hpp"
#include "hash/passes.inl"
#include "simd/lanes_u64_logic.hpp"

namespace isthmus::ISTHMUS_TIER {
namespace {

using V = simd::ISTHMUS_LANES;
constexpr usize kLanes = V::kLanes;

ISTHMUS_INLINE V sum5(V a, V b, V c, V d, V e) { return xor3(xor3(a, b, c), d, e); }

// What theta adds to the words of each column. With three-input logic it could be two summands instead of one, and no
// instruction of its own; but ten such registers beside the state are spilled, which costs more.
ISTHMUS_INLINE void theta(V (&d)[5], const V (&parity)[5]) {
  for (usize x = 0; x < 5; ++x) d[x] = xor_turned(parity[(x + 4) % 5], parity[(x + 1) % 5]);
}

// theta and rho of one word.
template <usize kX, usize kY>
ISTHMUS_INLINE V turned(const V (&a)[25], const V (&d)[5]) {
  return simd::xor_rotl<keccak_offset(kX, kY)>(a[kX + 5 * kY], d[kX]);
}

// rho and pi: word x of row kY comes from row x, column x + 3 y.
template <usize kY>
ISTHMUS_INLINE void gather_row(V (&b)[5], const V (&a)[25], const V (&d)[5]) {
  constexpr usize kFirst = 3 * kY % 5;
  b[0] = turned<kFirst, 0>(a, d);
  b[1] = turned<(kFirst + 1) % 5, 1>(a, d);
  b[2] = turned<(kFirst + 2) % 5, 2>(a, d);
  b[3] = turned<(kFirst + 3) % 5, 3>(a, d);
  b[4] = turned<(kFirst + 4) % 5, 4>(a, d);
}

// chi of one word.
ISTHMUS_INLINE V chi(V b0, V b1, V b2) { return and_not_xor(b2, b1, b0); }

template <usize kY>
ISTHMUS_INLINE void row(V (&out)[25], const V (&a)[25], const V (&d)[5]) {
  V b[5];
  gather_row<kY>(b, a, d);
  for (usize x = 0; x < 5; ++x) out[x + 5 * kY] = chi(b[x], b[(x + 1) % 5], b[(x + 2) % 5]);
}

// rho, pi, chi and iota.
ISTHMUS_INLINE void rows(V (&a)[25], const V (&d)[5], u64 constant) {
  V out[25];
  row<0>(out, a, d);
  row<1>(out, a, d);
  row<2>(out, a, d);
  row<3>(out, a, d);
  row<4>(out, a, d);
  out[0] = out[0] ^ V::set1(constant);
#pragma GCC unroll 25
  for (usize i = 0; i < 25; ++i) a[i] = out[i];
}

ISTHMUS_INLINE void parities(V (&parity)[5], const V (&a)[25]) {
  for (usize x = 0; x < 5; ++x) parity[x] = sum5(a[x], a[x + 5], a[x + 10], a[x + 15], a[x + 20]);
}

ISTHMUS_INLINE void round(V (&a)[25], u64 constant) {
  V parity[5];
  V d[5];
  parities(parity, a);
  theta(d, parity);
  rows(a, d, constant);
}

ISTHMUS_INLINE void rounds(V (&a)[25], usize from, usize to) {
#pragma GCC unroll 1
  for (usize i = from; i < to; ++i) round(a, kKeccakRound.word[i]);
}

// Words 0..3 after the last round: only the diagonal of the state goes into them.
ISTHMUS_INLINE void last_round(V (&out)[4], const V (&a)[25]) {
  V parity[5];
  V d[5];
  V b[5];
  parities(parity, a);
  theta(d, parity);
  gather_row<0>(b, a, d);
  for (usize x = 0; x < 4; ++x) out[x] = chi(b[x], b[x + 1], b[(x + 2) % 5]);
  out[0] = out[0] ^ V::set1(kKeccakRound.word[23]);
}

// The first round on words 0..7 of a message of 64 bytes: word 8 is the first byte of the padding, word 16 ends in the
// last one, and all others are zero.
ISTHMUS_INLINE void first_round(V (&a)[25], const V (&w)[8]) {
  const V first = V::set1(1);
  const V last = V::set1(u64{1} << 63);
  const V parity[5] = {w[0] ^ w[5], xor3(w[1], w[6], last), w[2] ^ w[7], w[3] ^ first, w[4]};
  V d[5];
  theta(d, parity);
#pragma GCC unroll 25
  for (usize i = 0; i < 25; ++i) a[i] = i < 8 ? w[i] : V::set1(0);
  a[8] = first;
  a[16] = last;
  rows(a, d, kKeccakRound.word[0]);
}

ISTHMUS_INLINE void load_words8(V (&w)[8], const u8* const* at, usize offset) {
  for (usize block = 0; block < 8; block += kLanes) {
    V x[kLanes];
    for (usize i = 0; i < kLanes; ++i) x[i] = V::load(at[i] + offset + 8 * block);
    transpose(x);
    for (usize j = 0; j < kLanes; ++j) w[block + j] = x[j];
  }
}

ISTHMUS_INLINE void absorb(V (&a)[25], const u8* const* blocks, usize offset) {
  for (usize half = 0; half < 16; half += 8) {
    V w[8];
    load_words8(w, blocks, offset + 8 * half);
    for (usize i = 0; i < 8; ++i) a[half + i] = a[half + i] ^ w[i];
  }
  const u8* at[kLanes];
  for (usize i = 0; i < kLanes; ++i) at[i] = blocks[i];
  a[16] = a[16] ^ simd::load_column(at, offset + 128);
}

}  // namespace

void keccak_lanes(u64* state, const u8* const* blocks, usize length) {
  V a[25];
  if ((length & kKeccakFresh) != 0) {
#pragma GCC unroll 25
    for (usize i = 0; i < 25; ++i) a[i] = V::set1(0);
  } else {
#pragma GCC unroll 25
    for (usize i = 0; i < 25; ++i) a[i] = V::load(state + kLanes * i);
  }
  const usize count = length & ~(kKeccakFresh | kKeccakFinal);
  const bool final = count != 0 && (length & kKeccakFinal) != 0;
  for (usize block = 0; block < count; ++block) {
    absorb(a, blocks, kKeccakRate * block);
    rounds(a, 0, final && block + 1 == count ? 23 : 24);
  }
  if (final) {
    V digest[4];
    last_round(digest, a);
    for (usize i = 0; i < 4; ++i) digest[i].store(state + kLanes * i);
    return;
  }
#pragma GCC unroll 25
  for (usize i = 0; i < 25; ++i) a[i].store(state + kLanes * i);
}

void keccak256_64(u8* out, const u8* in, usize count) {
  const auto pass = [](u8* digests, const u8* const* rows_in) {
    V w[8];
    V a[25];
    load_words8(w, rows_in, 0);
    first_round(a, w);
    rounds(a, 1, 23);
    V digest[4];
    last_round(digest, a);
    simd::store_rows4(digests, digest);
  };
  hash::passes<kLanes, 32>(out, in, 64, count, pass);
}

void keccak_blocks(u8* out, const u8* in, usize length, usize count) {
  const auto pass = [length](u8* digests, const u8* const* rows_in) {
    alignas(64) u64 words[25 * kLanes];
    keccak_lanes(words, rows_in, length | kKeccakFresh | kKeccakFinal);
    V digest[4];
    for (usize i = 0; i < 4; ++i) digest[i] = V::load(words + kLanes * i);
    simd::store_rows4(digests, digest);
  };
  hash::passes<kLanes, 32>(out, in, kKeccakRate * length, count, pass);
}

}  // namespace isthmus::ISTHMUS_TIER
