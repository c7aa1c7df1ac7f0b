// Modular inversion by division steps (Bernstein and Yang, "Fast constant-time gcd computation and modular inversion",
// 2019), in the variable-time form: runs of zero bits are taken at once. Public data only.
// Cost: about ten blocks of 62 steps, some 3,000 cycles; callers share one inversion among many values (invert_all).
// Invariant: numbers are signed, limbs of 62 bits (five for 256-bit moduli), all but the last in [0, 2^62), the last
// carries the sign.
#pragma once

#include "base/check.hpp"
#include "field/words.hpp"

namespace isthmus::field {

__extension__ typedef __int128 i128;

namespace inverse_detail {

inline constexpr u64 kLimb = ~u64{0} >> 2;  // 2^62 - 1

template <usize n>
struct Signed62 {
  static constexpr usize kLimbs = (64 * n + 2) / 62 + 1;  // room for the sign and for a factor of two
  static constexpr usize kLast = kLimbs - 1;
  i64 limb[kLimbs];
};

template <usize n>
constexpr Signed62<n> to_signed62(const WordArray<n>& a) {
  Signed62<n> r = {};
  for (usize i = 0; i < Signed62<n>::kLimbs; ++i) {
    const usize word = 62 * i / 64, shift = 62 * i % 64;
    u64 v = word < n ? a[word] >> shift : 0;
    if (shift > 2 && word + 1 < n) v |= a[word + 1] << (64 - shift);
    r.limb[i] = static_cast<i64>(v & kLimb);
  }
  return r;
}

// Precondition: the value is in [0, 2^(64 n)).
template <usize n>
constexpr WordArray<n> from_signed62(const Signed62<n>& a) {
  WordArray<n> r = {};
  for (usize i = 0; i < n; ++i) {
    const usize limb = 64 * i / 62, shift = 64 * i % 62;
    r[i] = static_cast<u64>(a.limb[limb]) >> shift;
    if (limb + 1 < Signed62<n>::kLimbs) r[i] |= static_cast<u64>(a.limb[limb + 1]) << (62 - shift);
  }
  return r;
}

// 62 steps as one matrix: 2^62 f' = u f + v g and 2^62 g' = q f + r g.
struct Steps {
  i64 u, v, q, r;
};

// Runs 62 steps on the low words of f (odd) and g and returns their matrix. `delta` is the state of the recurrence:
// a step with g odd and delta > 0 swaps and negates, then sets delta = 1 - delta; any other step adds one to delta.
// Entries stay within +-2^62: each step doubles one row at most, and there are 62.
inline Steps run_steps(i64& delta, u64 f, u64 g) {
  u64 u = 1, v = 0, q = 0, r = 1;
  int left = 62;
  for (;;) {
    // A marker above the bits that are left bounds the run of zeros.
    const int zeros = __builtin_ctzll(g | ~u64{0} << left);
    g >>= zeros;
    u <<= zeros;
    v <<= zeros;
    delta += zeros;
    left -= zeros;
    if (left == 0) break;
    if (delta > 0) {
      delta = -delta;
      const u64 old_f = f, old_u = u, old_v = v;
      f = g, g = 0 - old_f;
      u = q, q = 0 - old_u;
      v = r, r = 0 - old_v;
    }
    // While delta stays <= 0 every odd g just gets f added, so several low bits of g are cleared by one multiple of f:
    // 1 - delta steps are free of a swap. f * (2 - f * f) is 1/f mod 2^6 because f is its own inverse mod 2^3.
    const i64 free = 1 - delta;
    int bits = free < left ? static_cast<int>(free) : left;
    if (bits > 6) bits = 6;
    const u64 multiple = (0 - g * (f * (2 - f * f))) & ((u64{1} << bits) - 1);
    g += f * multiple;
    q += u * multiple;
    r += v * multiple;
  }
  return {static_cast<i64>(u), static_cast<i64>(v), static_cast<i64>(q), static_cast<i64>(r)};
}

// (f, g) = (u f + v g, q f + r g) / 2^62, exact by construction.
template <usize n>
void update_fg(Signed62<n>& f, Signed62<n>& g, const Steps& t) {
  i128 cf = static_cast<i128>(t.u) * f.limb[0] + static_cast<i128>(t.v) * g.limb[0];
  i128 cg = static_cast<i128>(t.q) * f.limb[0] + static_cast<i128>(t.r) * g.limb[0];
  cf >>= 62;
  cg >>= 62;
  for (usize i = 1; i < Signed62<n>::kLimbs; ++i) {
    cf += static_cast<i128>(t.u) * f.limb[i] + static_cast<i128>(t.v) * g.limb[i];
    cg += static_cast<i128>(t.q) * f.limb[i] + static_cast<i128>(t.r) * g.limb[i];
    f.limb[i - 1] = static_cast<i64>(static_cast<u64>(cf) & kLimb);
    g.limb[i - 1] = static_cast<i64>(static_cast<u64>(cg) & kLimb);
    cf >>= 62;
    cg >>= 62;
  }
  f.limb[Signed62<n>::kLast] = static_cast<i64>(cf);
  g.limb[Signed62<n>::kLast] = static_cast<i64>(cg);
}

// (d, e) = (u d + v e, q d + r e) / 2^62 mod m. d and e in (-2m, m) stay there: a negative one counts as itself plus m,
// so both are in (-m, m) with |u| + |v| <= 2^62; the multiple of m that makes the low limb zero lies in (-2^62, 0].
// `minus_inverse` is -1/m mod 2^64 (its low 62 bits are used).
template <usize n>
void update_de(Signed62<n>& d, Signed62<n>& e, const Steps& t, const Signed62<n>& m, u64 minus_inverse) {
  const i64 d_sign = d.limb[Signed62<n>::kLast] >> 63, e_sign = e.limb[Signed62<n>::kLast] >> 63;
  i64 md = (t.u & d_sign) + (t.v & e_sign);
  i64 me = (t.q & d_sign) + (t.r & e_sign);
  i128 cd = static_cast<i128>(t.u) * d.limb[0] + static_cast<i128>(t.v) * e.limb[0];
  i128 ce = static_cast<i128>(t.q) * d.limb[0] + static_cast<i128>(t.r) * e.limb[0];
  const u64 inverse = 0 - minus_inverse;
  md -= static_cast<i64>((inverse * static_cast<u64>(cd) + static_cast<u64>(md)) & kLimb);
  me -= static_cast<i64>((inverse * static_cast<u64>(ce) + static_cast<u64>(me)) & kLimb);
  cd += static_cast<i128>(m.limb[0]) * md;
  ce += static_cast<i128>(m.limb[0]) * me;
  ISTHMUS_CHECK((static_cast<u64>(cd) & kLimb) == 0 && (static_cast<u64>(ce) & kLimb) == 0);
  cd >>= 62;
  ce >>= 62;
  for (usize i = 1; i < Signed62<n>::kLimbs; ++i) {
    cd += static_cast<i128>(t.u) * d.limb[i] + static_cast<i128>(t.v) * e.limb[i] + static_cast<i128>(m.limb[i]) * md;
    ce += static_cast<i128>(t.q) * d.limb[i] + static_cast<i128>(t.r) * e.limb[i] + static_cast<i128>(m.limb[i]) * me;
    d.limb[i - 1] = static_cast<i64>(static_cast<u64>(cd) & kLimb);
    e.limb[i - 1] = static_cast<i64>(static_cast<u64>(ce) & kLimb);
    cd >>= 62;
    ce >>= 62;
  }
  d.limb[Signed62<n>::kLast] = static_cast<i64>(cd);
  e.limb[Signed62<n>::kLast] = static_cast<i64>(ce);
}

template <usize n>
void carry_limbs(Signed62<n>& a) {
  for (usize i = 0; i < Signed62<n>::kLast; ++i) {
    a.limb[i + 1] += a.limb[i] >> 62;
    a.limb[i] = static_cast<i64>(static_cast<u64>(a.limb[i]) & kLimb);
  }
}

// From (-2m, m), negated first if asked for, to [0, m).
template <usize n>
WordArray<n> settle_range(Signed62<n> a, bool negate, const Signed62<n>& m) {
  const auto add_if_negative = [&] {
    if (a.limb[Signed62<n>::kLast] >= 0) return;
    for (usize i = 0; i < Signed62<n>::kLimbs; ++i) a.limb[i] += m.limb[i];
    carry_limbs(a);
  };
  add_if_negative();  // (-m, m)
  if (negate) {
    for (i64& limb : a.limb) limb = -limb;
    carry_limbs(a);
  }
  add_if_negative();
  return from_signed62(a);
}

template <usize n>
bool is_zero(const Signed62<n>& a) {
  i64 any = 0;
  for (const i64 limb : a.limb) any |= limb;
  return any == 0;
}

// Blocks of 62 steps that are enough for 64 n bits: (49 d + 57) / 17 steps for d >= 46 bits (Bernstein and Yang,
// theorem 11.2). 741 steps, twelve blocks, for 256 bits.
template <usize n>
inline constexpr usize kBlocks = ((49 * 64 * n + 57) / 17 + 61) / 62;

}  // namespace inverse_detail

// 1/a mod m. Preconditions: m an odd prime below 2^(64 n), 0 < a < m, minus_inverse = negated_inverse_64(m[0]).
template <usize n>
WordArray<n> invert_words(const WordArray<n>& a, const WordArray<n>& m, u64 minus_inverse) {
  using namespace inverse_detail;
  ISTHMUS_CHECK(!is_zero_words(a) && less_words(a, m));
  const Signed62<n> modulus = to_signed62(m);
  Signed62<n> f = modulus, g = to_signed62(a);
  Signed62<n> d = {}, e = {{1}};  // d a = f and e a = g (mod m), up to the same power of two
  i64 delta = 1;
  for (usize block = 0; block < kBlocks<n> && !is_zero(g); ++block) {
    const u64 f_low = static_cast<u64>(f.limb[0]) | static_cast<u64>(f.limb[1]) << 62;
    const u64 g_low = static_cast<u64>(g.limb[0]) | static_cast<u64>(g.limb[1]) << 62;
    const Steps steps = run_steps(delta, f_low, g_low);
    update_de(d, e, steps, modulus, minus_inverse);
    update_fg(f, g, steps);
  }
  ISTHMUS_CHECK(is_zero(g));  // f is now +1 or -1
  return settle_range(d, f.limb[Signed62<n>::kLast] < 0, modulus);
}

// All of values[0, count) inverted with one inversion and 3 (count - 1) multiplications (Montgomery's trick).
// Preconditions: none is zero; `scratch` has room for `count`. Values must be at most what F::mul accepts squared.
template <class F>
void invert_all(F* values, F* scratch, usize count) {
  if (count == 0) return;
  scratch[0] = values[0];
  for (usize i = 1; i < count; ++i) F::mul(scratch[i], scratch[i - 1], values[i]);
  F inverse;
  F::invert(inverse, scratch[count - 1]);
  for (usize i = count - 1; i > 0; --i) {
    F value;
    F::mul(value, inverse, scratch[i - 1]);
    F::mul(inverse, inverse, values[i]);
    values[i] = value;
  }
  values[0] = inverse;
}

}  // namespace isthmus::field
