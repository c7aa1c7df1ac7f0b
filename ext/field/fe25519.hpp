// Arithmetic in GF(p), p = 2^255 - 19 (RFC 8032 section 5.1), one element as five limbs of radix 2^51:
// value = l0 + l1 2^51 + l2 2^102 + l3 2^153 + l4 2^204. Public data only: branches and timing may depend on
// values.
//
// Ranges of a limb, each contained in the next; limbs are never negative:
//   tight < 2^51 + 2^18      wide < 2^53 - 2^7      loose < 2^54
//
//   mul, sqr  : loose x loose -> tight          carry   : loose -> tight
//   add       : tight x tight -> wide           add     : wide x wide  -> loose
//   sub       : tight x tight -> wide           sub     : wide x tight -> loose
//   sub_wide  : wide x wide   -> loose          neg     : tight -> wide
//   from_bytes: -> tight (limbs < 2^51)         to_bytes, is_zero, is_odd, equal : loose ->
//
// Other field types (several lanes per limb) offer the same names and ranges, or narrower ones, so that
// field/fe25519_chains.hpp and curve/edwards.hpp serve them unchanged. Every function checks its ranges under
// ISTHMUS_DEBUG. Cost: mul 25 and sqr 15 products of 64 x 64 -> 128 bits.
#pragma once

#include "base/bytes.hpp"
#include "base/check.hpp"

namespace isthmus::field {

struct Fe25519 {
  u64 limb[5];
};

inline constexpr u64 kFe25519Tight = (u64{1} << 51) + (u64{1} << 18);
inline constexpr u64 kFe25519Wide = (u64{1} << 53) - (u64{1} << 7);
inline constexpr u64 kFe25519Loose = u64{1} << 54;
inline constexpr u64 kFe25519Mask = (u64{1} << 51) - 1;

inline constexpr Fe25519 kFe25519Zero = {{0, 0, 0, 0, 0}};
inline constexpr Fe25519 kFe25519One = {{1, 0, 0, 0, 0}};

// True iff every limb is below `bound`; used by the range checks and by tests.
constexpr bool below(const Fe25519& a, u64 bound) {
  for (u64 limb : a.limb) {
    if (limb >= bound) return false;
  }
  return true;
}

// tight x tight -> wide: 2 (2^51 + 2^18) < 2^53 - 2^7; wide x wide -> loose: 2 (2^53 - 2^7) < 2^54.
inline Fe25519 add(const Fe25519& a, const Fe25519& b) {
  ISTHMUS_CHECK(below(a, kFe25519Wide) && below(b, kFe25519Wide));
  return {{a.limb[0] + b.limb[0], a.limb[1] + b.limb[1], a.limb[2] + b.limb[2], a.limb[3] + b.limb[3],
           a.limb[4] + b.limb[4]}};
}

// a + 2p - b. The limbs of 2p are 2^52 - 38 and 2^52 - 2, above any tight limb, so no difference is negative.
// tight x tight -> wide: 2^52 + 2^51 + 2^18 < 2^53 - 2^7; wide x tight -> loose: 2^53 + 2^52 < 2^54.
inline Fe25519 sub(const Fe25519& a, const Fe25519& b) {
  ISTHMUS_CHECK(below(a, kFe25519Wide) && below(b, kFe25519Tight));
  constexpr u64 k0 = (u64{1} << 52) - 38;
  constexpr u64 k1 = (u64{1} << 52) - 2;
  return {{a.limb[0] + k0 - b.limb[0], a.limb[1] + k1 - b.limb[1], a.limb[2] + k1 - b.limb[2],
           a.limb[3] + k1 - b.limb[3], a.limb[4] + k1 - b.limb[4]}};
}

// a + 4p - b. The limbs of 4p are 2^53 - 76 and 2^53 - 4, above any wide limb.
// wide x wide -> loose: 2^53 - 2^7 + 2^53 - 4 < 2^54.
inline Fe25519 sub_wide(const Fe25519& a, const Fe25519& b) {
  ISTHMUS_CHECK(below(a, kFe25519Wide) && below(b, kFe25519Wide));
  constexpr u64 k0 = (u64{1} << 53) - 76;
  constexpr u64 k1 = (u64{1} << 53) - 4;
  return {{a.limb[0] + k0 - b.limb[0], a.limb[1] + k1 - b.limb[1], a.limb[2] + k1 - b.limb[2],
           a.limb[3] + k1 - b.limb[3], a.limb[4] + k1 - b.limb[4]}};
}

inline Fe25519 neg(const Fe25519& a) { return sub(kFe25519Zero, a); }

// All carries at once: each is below 2^54 / 2^51 = 8, the top one returns as 19 * 7, so limbs end below 2^51
// + 2^8.
inline Fe25519 carry(const Fe25519& a) {
  ISTHMUS_CHECK(below(a, kFe25519Loose));
  return {{(a.limb[0] & kFe25519Mask) + 19 * (a.limb[4] >> 51), (a.limb[1] & kFe25519Mask) + (a.limb[0] >> 51),
           (a.limb[2] & kFe25519Mask) + (a.limb[1] >> 51), (a.limb[3] & kFe25519Mask) + (a.limb[2] >> 51),
           (a.limb[4] & kFe25519Mask) + (a.limb[3] >> 51)}};
}

// Five column sums of a product to tight limbs, in two rounds of carries that do not wait for one another.
// Round 1: of columns below 77 * 2^108 < 2^114.3 each carry is below 2^63.3 and fits one word; column 4 holds
// no folded term, so 19 times its carry is below 19 * 5 * 2^57 < 2^63.6. With 51 bits below it, each sum
// stays under 2^64. Round 2: carries are below 2^64 / 2^51 = 2^13, the top one returns as 19 * 2^13 < 2^17.3:
// limbs below 2^51 + 2^18.
inline Fe25519 fold_columns(u128 r0, u128 r1, u128 r2, u128 r3, u128 r4) {
  const u64 l0 = (static_cast<u64>(r0) & kFe25519Mask) + 19 * static_cast<u64>(r4 >> 51);
  const u64 l1 = (static_cast<u64>(r1) & kFe25519Mask) + static_cast<u64>(r0 >> 51);
  const u64 l2 = (static_cast<u64>(r2) & kFe25519Mask) + static_cast<u64>(r1 >> 51);
  const u64 l3 = (static_cast<u64>(r3) & kFe25519Mask) + static_cast<u64>(r2 >> 51);
  const u64 l4 = (static_cast<u64>(r4) & kFe25519Mask) + static_cast<u64>(r3 >> 51);
  return {{(l0 & kFe25519Mask) + 19 * (l4 >> 51), (l1 & kFe25519Mask) + (l0 >> 51), (l2 & kFe25519Mask) + (l1 >> 51),
           (l3 & kFe25519Mask) + (l2 >> 51), (l4 & kFe25519Mask) + (l3 >> 51)}};
}

// 2^255 = 19 (mod p): a product of limbs i + j >= 5 counts 19 times in column i + j - 5; 19 * 2^54 < 2^59
// fits a word. Column 0 is the largest: 1 + 4 * 19 products below 2^108.
[[gnu::always_inline]] inline Fe25519 mul(const Fe25519& a, const Fe25519& b) {
  ISTHMUS_CHECK(below(a, kFe25519Loose) && below(b, kFe25519Loose));
  const u64 a0 = a.limb[0], a1 = a.limb[1], a2 = a.limb[2], a3 = a.limb[3], a4 = a.limb[4];
  const u64 b0 = b.limb[0], b1 = b.limb[1], b2 = b.limb[2], b3 = b.limb[3], b4 = b.limb[4];
  const u64 c1 = 19 * b1, c2 = 19 * b2, c3 = 19 * b3, c4 = 19 * b4;
  const u128 r0 = u128{a0} * b0 + u128{a1} * c4 + u128{a2} * c3 + u128{a3} * c2 + u128{a4} * c1;
  const u128 r1 = u128{a0} * b1 + u128{a1} * b0 + u128{a2} * c4 + u128{a3} * c3 + u128{a4} * c2;
  const u128 r2 = u128{a0} * b2 + u128{a1} * b1 + u128{a2} * b0 + u128{a3} * c4 + u128{a4} * c3;
  const u128 r3 = u128{a0} * b3 + u128{a1} * b2 + u128{a2} * b1 + u128{a3} * b0 + u128{a4} * c4;
  const u128 r4 = u128{a0} * b4 + u128{a1} * b3 + u128{a2} * b2 + u128{a3} * b1 + u128{a4} * b0;
  return fold_columns(r0, r1, r2, r3, r4);
}

// As mul with equal products joined: 2 a_i < 2^55 and 38 a_i < 2^60 fit a word, the columns are the same
// sums.
[[gnu::always_inline]] inline Fe25519 sqr(const Fe25519& a) {
  ISTHMUS_CHECK(below(a, kFe25519Loose));
  const u64 a0 = a.limb[0], a1 = a.limb[1], a2 = a.limb[2], a3 = a.limb[3], a4 = a.limb[4];
  const u64 d0 = 2 * a0, d1 = 2 * a1, c3 = 19 * a3, c4 = 19 * a4, e4 = 2 * c4;
  const u128 r0 = u128{a0} * a0 + u128{a1} * e4 + u128{2 * a2} * c3;
  const u128 r1 = u128{d0} * a1 + u128{a2} * e4 + u128{a3} * c3;
  const u128 r2 = u128{d0} * a2 + u128{a1} * a1 + u128{a3} * e4;
  const u128 r3 = u128{d0} * a3 + u128{d1} * a2 + u128{a4} * c4;
  const u128 r4 = u128{d0} * a4 + u128{d1} * a3 + u128{a2} * a2;
  return fold_columns(r0, r1, r2, r3, r4);
}

// The low 255 bits of 32 little-endian bytes; the value may be p or more. Bit 255 is ignored.
inline Fe25519 from_bytes(const u8* bytes) {
  const u64 w0 = load_le64(bytes), w1 = load_le64(bytes + 8), w2 = load_le64(bytes + 16), w3 = load_le64(bytes + 24);
  return {{w0 & kFe25519Mask, (w0 >> 51 | w1 << 13) & kFe25519Mask, (w1 >> 38 | w2 << 26) & kFe25519Mask,
           (w2 >> 25 | w3 << 39) & kFe25519Mask, (w3 >> 12) & kFe25519Mask}};
}

// The one representative in [0, p), limbs < 2^51. Tight limbs give a value below 2^255 (1 + 2^-32) < 2p, so
// the quotient is 0 or 1: the carry that leaves bit 255 when 19 is added. Then a - quotient * p = a + 19
// quotient mod 2^255.
inline Fe25519 canonical(const Fe25519& loose) {
  Fe25519 a = carry(loose);
  u64 quotient = (a.limb[0] + 19) >> 51;
  for (int i = 1; i < 5; ++i) quotient = (a.limb[i] + quotient) >> 51;
  a.limb[0] += 19 * quotient;
  for (int i = 0; i < 4; ++i) {
    a.limb[i + 1] += a.limb[i] >> 51;
    a.limb[i] &= kFe25519Mask;
  }
  a.limb[4] &= kFe25519Mask;
  return a;
}

// 32 little-endian bytes of the canonical representative; bit 255 is 0.
inline void to_bytes(u8* bytes, const Fe25519& a) {
  const Fe25519 c = canonical(a);
  store_le64(bytes, c.limb[0] | c.limb[1] << 51);
  store_le64(bytes + 8, c.limb[1] >> 13 | c.limb[2] << 38);
  store_le64(bytes + 16, c.limb[2] >> 26 | c.limb[3] << 25);
  store_le64(bytes + 24, c.limb[3] >> 39 | c.limb[4] << 12);
}

inline bool is_zero(const Fe25519& a) {
  const Fe25519 c = canonical(a);
  return (c.limb[0] | c.limb[1] | c.limb[2] | c.limb[3] | c.limb[4]) == 0;
}

inline bool is_odd(const Fe25519& a) { return (canonical(a).limb[0] & 1) != 0; }

// Same residue. Both sides tight after carry, as sub demands.
inline bool equal(const Fe25519& a, const Fe25519& b) { return is_zero(sub(carry(a), carry(b))); }

}  // namespace isthmus::field
