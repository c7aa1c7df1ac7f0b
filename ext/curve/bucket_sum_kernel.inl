// Points from their x and sums of multiples of many points of secp256k1 in lanes; see curve/bucket_sum.hpp. The
// including file defines ISTHMUS_TIER, ISTHMUS_FE52 (a policy of simd/lanes_fe52.hpp) and, where the policy asks for
// it, ISTHMUS_ROUNDING.
#include <stddef.h>
#include <string.h>

#include "curve/bucket_sum_tiers.hpp"
#include "curve/secp256k1.hpp"
#include "curve/xyzz_lanes.hpp"

#ifndef ISTHMUS_ROUNDING
#define ISTHMUS_ROUNDING static_cast<void>(0)
#endif

namespace isthmus::ISTHMUS_TIER {
namespace {

using curve::BucketStart;
using curve::BucketTerm;
using curve::BucketWindow;
using curve::LiftedPoint;

using P = simd::ISTHMUS_FE52;
using V = P::V;
using Prime = field::LanePrime256k1;
using F = field::FeLanes<P, Prime>;
using Sum = curve::XyzzLanes<F>;
constexpr usize kLanes = V::kLanes;

constexpr field::Limbs52 kZero = {{0, 0, 0, 0, 0}};
constexpr usize kSumWords = 20;  // four coordinates

// ---- memory ----

ISTHMUS_INLINE F broadcast(const u64 (&limbs)[5]) {
  F r;
#pragma GCC unroll 5
  for (usize i = 0; i < 5; ++i) r.v[i] = V::set1(limbs[i]);
  return r;
}
// Words that stand together in every lane, at places that lanes pick by themselves.
ISTHMUS_INLINE void load_words(V (&words)[kSumWords], u64* const (&places)[kLanes]) {
#pragma GCC unroll 5
  for (usize first = 0; first < kSumWords; first += 4) {
    const u64* here[kLanes];
    for (usize lane = 0; lane < kLanes; ++lane) here[lane] = places[lane] + first;
    V four[4];
    gather4(four, here);
    for (usize i = 0; i < 4; ++i) words[first + i] = four[i];
  }
}
ISTHMUS_INLINE void store_words(u64* const (&places)[kLanes], const V (&words)[kSumWords]) {
#pragma GCC unroll 5
  for (usize first = 0; first < kSumWords; first += 4) {
    u64* here[kLanes];
    for (usize lane = 0; lane < kLanes; ++lane) here[lane] = places[lane] + first;
    const V four[4] = {words[first], words[first + 1], words[first + 2], words[first + 3]};
    scatter4(here, four);
  }
}
ISTHMUS_INLINE F field_at(const V* words) {
  F r;
#pragma GCC unroll 5
  for (usize i = 0; i < 5; ++i) r.v[i] = words[i];
  return r;
}
ISTHMUS_INLINE Sum load_sum(u64* const (&places)[kLanes]) {
  V words[kSumWords];
  load_words(words, places);
  return {field_at(words), field_at(words + 5), field_at(words + 10), field_at(words + 15)};
}
ISTHMUS_INLINE void store_four(u64* const (&places)[kLanes], const F& a, const F& b, const F& c, const F& d) {
  V words[kSumWords];
#pragma GCC unroll 5
  for (usize i = 0; i < 5; ++i) {
    words[i] = a.v[i];
    words[5 + i] = b.v[i];
    words[10 + i] = c.v[i];
    words[15 + i] = d.v[i];
  }
  store_words(places, words);
}

// ---- points from their x ----

[[gnu::noinline]] void load_x(F& x, const u64 (*xs)[4], usize count) {
  u64 columns[4][kLanes];
  for (usize lane = 0; lane < kLanes; ++lane) {
    for (usize w = 0; w < 4; ++w) columns[w][lane] = xs[lane < count ? lane : 0][w];
  }
  x = F::unpack(V::load(columns[0]), V::load(columns[1]), V::load(columns[2]), V::load(columns[3]));
}

ISTHMUS_INLINE F cube_plus_7(const F& x) {
  return F::template fold<0>(F::mul(F::sqr(x), x) + F::constant(field::limbs52({7, 0, 0, 0})));
}

// No point has y = 0, since the group's order is odd: of y and p - y one is even.
[[gnu::noinline]] void store_lifted(LiftedPoint* out, usize count, const F& x, const F& root) {
  const F y = F::canonical(root), other = F::template tight<1>(F::constant(kZero) - y);
  const V odd = V::set1(0) - (y.v[0] & V::set1(1));
  const V is_point = F::is_zero(F::template fold<2>(F::sqr(y) - cube_plus_7(x)));
  const F image = F::canonical(F::mul(x, F::constant(field::limbs52(curve::Secp256k1::kBeta))));
  LiftedPoint rows[kLanes];
  u64* places[kLanes];
  for (usize lane = 0; lane < kLanes; ++lane) places[lane] = rows[lane].x;
  static_assert(offsetof(LiftedPoint, is_point) == kSumWords * sizeof(u64));
  store_four(places, x, F::select(odd, other, y), F::select(odd, y, other), image);
  u64 flags[kLanes];
  is_point.store(flags);
  for (usize lane = 0; lane < kLanes && lane < count; ++lane) {
    rows[lane].is_point = flags[lane];
    out[lane] = rows[lane];
  }
}

[[gnu::noinline]] void lift_inner(LiftedPoint* out, const u64 (*xs)[4], usize count) {
  for (usize first = 0; first < count; first += kLanes) {
    F x;
    load_x(x, xs + first, count - first);
    store_lifted(out + first, count - first, x, Prime::root(cube_plus_7(x)));
  }
}

// ---- digits ----

// Windows of a part; the top one counts without a sign, so the carry below it needs none of its own.
constexpr u32 window_count(u32 width, bool half) {
  return ((half ? curve::kBucketHalfBits : curve::kBucketBits) + width - 1) / width;
}
constexpr usize round_count(u32 windows) { return (windows + kLanes - 1) / kLanes; }

// The largest digit of a round: 2^(width - 1), or what the top window of a whole part comes to with the carry. Half
// parts are at most 2^63, so that their top window stays at 2^(width - 1), too.
constexpr u32 entry_count(u32 width, usize round) {
  const u32 windows = window_count(width, false), entries = 1u << (width - 1);
  if (round + 1 < round_count(windows)) return entries;
  const u32 below = width * (windows - 1);
  const u32 top = (static_cast<u32>(curve::kBucketPartTop - 1) >> (below - 120)) + 1;
  return top > entries ? top : entries;
}
constexpr u32 entries_max() {
  u32 most = 0;
  for (u32 width = curve::kBucketWidthMin; width <= curve::kBucketWidthMax; ++width) {
    const u32 entries = entry_count(width, round_count(window_count(width, false)) - 1);
    if (entries > most) most = entries;
  }
  return most;
}

// A signed digit is kept as the byte 128 + digit, the one of the top window as itself.
constexpr u8 kDigitBias = 128;

// 2^(width - 1) is added in every place but the top one, so that a window less 2^(width - 1) is the digit. The part is
// below 0xA3 2^120 and what is added below 2^124, or 2^63 and below 2^63: no carry leaves the top window.
void write_digits(u8* out, const u64 (&part)[2], u32 width, u32 windows) {
  u64 bias[2] = {};
  for (u32 w = 0; w + 1 < windows; ++w) {
    const u32 bit = w * width + width - 1;
    bias[bit / 64] |= u64{1} << (bit % 64);
  }
  u64 word[3] = {part[0] + bias[0], part[1] + bias[1], 0};
  word[1] += word[0] < bias[0] ? 1 : 0;
  if (width == 8) {
    memcpy(out, word, windows);
    return;
  }
  const u64 mask = (u64{1} << width) - 1, lift = kDigitBias - (u64{1} << (width - 1));
  for (u32 w = 0; w < windows; ++w) {
    const u32 at = w * width / 64, shift = w * width % 64;
    u64 window = word[at] >> shift;
    if (shift + width > 64) window |= word[at + 1] << (64 - shift);
    out[w] = static_cast<u8>((window & mask) + (w + 1 < windows ? lift : 0));
  }
}

// ---- sums ----

struct Workspace {
  alignas(64) u64 buckets[(entries_max() + 1) * kLanes * kSumWords];
  alignas(64) u8 digits[curve::kBucketTermsMax][2][curve::kBucketWindowsMax];
  u64 bias[2][curve::kBucketWindowsMax];  // of every window, for whole terms and for half ones
};
static_assert(curve::kBucketBits / curve::kBucketWidthMin == curve::kBucketWindowsMax);
static_assert(curve::kBucketWindowsMax % kLanes == 0);

void fill_digits(Workspace& work, const BucketTerm* terms, usize count, u32 width) {
  // A window that a term does not have is a digit of 0 without a bias.
  memset(work.bias, 0, sizeof work.bias);
  for (usize half = 0; half < 2; ++half) {
    for (u32 w = 0; w + 1 < window_count(width, half != 0); ++w) work.bias[half][w] = kDigitBias;
  }
  for (usize i = 0; i < count; ++i) {
    memset(work.digits[i], 0, sizeof work.digits[i]);
    for (usize part = 0; part < 2; ++part) {
      write_digits(work.digits[i][part], terms[i].part[part], width, window_count(width, terms[i].half));
    }
  }
}

ISTHMUS_INLINE void place_entry(u64* (&places)[kLanes], u64* buckets, usize entry) {
  for (usize lane = 0; lane < kLanes; ++lane) places[lane] = buckets + (entry * kLanes + lane) * kSumWords;
}

// Adds a point to one bucket of every lane; digits of 0 go to the entry 0, which nobody reads.
[[gnu::noinline]] void add_point(u64* buckets, const u8* digits, const u64* bias, V negative, const u64 (&x)[5],
                                 const LiftedPoint& point) {
  const V digit = V::load_bytes(digits) - V::load(bias);
  const V below = simd::sar<63>(digit);
  const V magnitude = (digit ^ below) - below;
  u64 offset[kLanes];
  mul32(magnitude, V::set1(kLanes * kSumWords)).store(offset);
  u64* places[kLanes];
  for (usize lane = 0; lane < kLanes; ++lane) places[lane] = buckets + offset[lane] + lane * kSumWords;
  Sum sum = load_sum(places);
  curve::add_xyzz(sum, sum, broadcast(x), F::select(below ^ negative, broadcast(point.minus_y), broadcast(point.y)));
  store_four(places, sum.x, sum.y, sum.zz, sum.zzz);
}

[[gnu::noinline]] void add_points(Workspace& work, const BucketTerm* terms, usize count, u32 width, usize round) {
  const bool halves_have_digits = round < round_count(window_count(width, true));
  for (usize i = 0; i < count; ++i) {
    const BucketTerm& term = terms[i];
    if (term.half && !halves_have_digits) continue;
    const u64* const bias = work.bias[term.half ? 1 : 0] + round * kLanes;
    for (usize part = 0; part < 2; ++part) {
      const V negative = V::set1(0) - V::set1(term.negative >> part & 1);
      add_point(work.buckets, work.digits[i][part] + round * kLanes, bias, negative,
                part == 0 ? term.point->x : term.point->image_x, *term.point);
    }
  }
}

[[gnu::noinline]] void start_buckets(u64* buckets, u32 entries, const BucketStart& start) {
  const F one = F::one();
  u64* places[kLanes];
  for (usize entry = 0; entry <= entries; ++entry) {
    const auto& point = entry == entries ? start.twice : start.once;
    place_entry(places, buckets, entry);
    store_four(places, broadcast(point[0]), broadcast(point[1]), one, one);
  }
}

[[gnu::noinline]] void add_sum(Sum& p, const Sum& q) { curve::add_xyzz(p, p, q); }

// The sum of m times bucket m, by sums of sums from the top.
[[gnu::noinline]] void add_buckets(Sum& total, u64* buckets, u32 entries) {
  u64* places[kLanes];
  place_entry(places, buckets, entries);
  Sum running = load_sum(places);
  total = running;
  for (usize entry = entries - 1; entry > 0; --entry) {
    place_entry(places, buckets, entry);
    add_sum(running, load_sum(places));
    add_sum(total, running);
  }
}

void store_windows(BucketWindow* windows, usize count, const Sum& sum, u32 entries) {
  const F coordinates[4] = {F::canonical(sum.x), F::canonical(sum.y), F::canonical(sum.zz), F::canonical(sum.zzz)};
  for (usize i = 0; i < kSumWords; ++i) {
    u64 column[kLanes];
    coordinates[i / 5].v[i % 5].store(column);
    for (usize lane = 0; lane < kLanes && lane < count; ++lane) {
      windows[lane].coordinate[i / 5][i % 5] = column[lane];
      windows[lane].entries = entries;
    }
  }
}

[[gnu::noinline]] u32 sums_inner(BucketWindow* windows, const BucketTerm* terms, usize count, u32 width,
                                 const BucketStart& start, Workspace& work) {
  const u32 window_total = window_count(width, false);
  fill_digits(work, terms, count, width);
  for (usize round = 0; round < round_count(window_total); ++round) {
    const u32 entries = entry_count(width, round);
    start_buckets(work.buckets, entries, start);
    add_points(work, terms, count, width, round);
    Sum total;
    add_buckets(total, work.buckets, entries);
    store_windows(windows + round * kLanes, window_total - round * kLanes, total, entries);
  }
  return window_total;
}

// In products: 10 for an addition to a bucket, twice 14 for a bucket.
u32 best_width(usize whole, usize half) {
  u32 best = curve::kBucketWidthMin;
  usize best_cost = ~usize{0};
  for (u32 width = curve::kBucketWidthMin; width <= curve::kBucketWidthMax; ++width) {
    const usize rounds = round_count(window_count(width, false));
    usize cost = 20 * (rounds * whole + round_count(window_count(width, true)) * half);
    for (usize round = 0; round < rounds; ++round) cost += 28 * entry_count(width, round);
    if (cost >= best_cost) continue;
    best = width;
    best_cost = cost;
  }
  return best;
}

// ---- what the table points to ----

void lift(LiftedPoint* out, const u64 (*xs)[4], usize count) {
  ISTHMUS_ROUNDING;
  lift_inner(out, xs, count);
}
u32 sums(BucketWindow* windows, const BucketTerm* terms, usize count, u32 width, const BucketStart& start,
         void* workspace) {
  ISTHMUS_ROUNDING;
  return sums_inner(windows, terms, count, width, start, *static_cast<Workspace*>(workspace));
}

}  // namespace

const curve::BucketKernel bucket_sum = {sizeof(Workspace), lift, sums, best_width};

}  // namespace isthmus::ISTHMUS_TIER
