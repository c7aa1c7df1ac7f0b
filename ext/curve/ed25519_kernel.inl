// Decoding, sums and rows of edwards25519 in lanes; see curve/ed25519_lanes.hpp. The including file defines
// ISTHMUS_TIER, ISTHMUS_FE52 (a policy of simd/lanes_fe52.hpp) and, where the policy asks for it, ISTHMUS_ROUNDING.
#include <string.h>

#include "curve/ed25519.hpp"
#include "curve/ed25519_tiers.hpp"
#include "curve/edwards_lanes.hpp"
#include "field/fe25519_chains.hpp"
#include "field/fe25519_lanes.hpp"

#ifndef ISTHMUS_ROUNDING
#define ISTHMUS_ROUNDING static_cast<void>(0)
#endif

namespace isthmus::ISTHMUS_TIER {
namespace {

using curve::Ed25519Encoding;
using curve::Ed25519Limbs;
using curve::Ed25519Product;
using curve::Ed25519Row;
using curve::Ed25519Term;

using P = simd::ISTHMUS_FE52;
using V = P::V;
using F = field::Fe25519Lanes<P>;
using Point = curve::Extended<F>;
constexpr usize kLanes = V::kLanes;

// ---- two vectors at a time ----
// A chain of squarings waits for every product; two chains fill each other's gaps.

struct Two {
  F a, b;
};
[[gnu::noinline]] Two mul(const Two& x, const Two& y) { return {mul(x.a, y.a), mul(x.b, y.b)}; }
ISTHMUS_INLINE Two sqr(const Two& x) { return {sqr(x.a), sqr(x.b)}; }
[[gnu::noinline]] Two sqr_times(Two x, int count) {
  for (int i = 0; i < count; ++i) x = sqr(x);
  return x;
}

// ---- memory ----

// Words that stand together in every lane, at places that lanes pick by themselves.
constexpr usize kPointWords = 20;  // four coordinates
constexpr usize kRowWords = 16;    // Ed25519Row

template <usize kWords>
ISTHMUS_INLINE void load_words(V (&words)[kWords], const u64* const (&places)[kLanes]) {
#pragma GCC unroll 5
  for (usize first = 0; first < kWords; first += 4) {
    const u64* here[kLanes];
    for (usize lane = 0; lane < kLanes; ++lane) here[lane] = places[lane] + first;
    V four[4];
    gather4(four, here);
    for (usize i = 0; i < 4; ++i) words[first + i] = four[i];
  }
}
template <usize kWords>
ISTHMUS_INLINE void store_words(u64* const (&places)[kLanes], const V (&words)[kWords]) {
#pragma GCC unroll 5
  for (usize first = 0; first < kWords; first += 4) {
    u64* here[kLanes];
    for (usize lane = 0; lane < kLanes; ++lane) here[lane] = places[lane] + first;
    const V four[4] = {words[first], words[first + 1], words[first + 2], words[first + 3]};
    scatter4(here, four);
  }
}
ISTHMUS_INLINE F field_at(const V* words) { return {{words[0], words[1], words[2], words[3], words[4]}}; }

// Four field elements of every lane: the coordinates of Extended and of Cached.
struct Quad {
  F v[4];
};
ISTHMUS_INLINE Quad load_quad(const u64* const (&places)[kLanes]) {
  V words[kPointWords];
  load_words(words, places);
  return {{field_at(words), field_at(words + 5), field_at(words + 10), field_at(words + 15)}};
}
ISTHMUS_INLINE void store_quad(u64* const (&places)[kLanes], const Quad& q) {
  V words[kPointWords];
#pragma GCC unroll 20
  for (usize i = 0; i < kPointWords; ++i) words[i] = q.v[i / 5].v[i % 5];
  store_words(places, words);
}
using Sum = curve::Sheared<F>;
ISTHMUS_INLINE Quad quad_of(const Sum& p) { return {{p.difference, p.sum, p.Z, p.T}}; }
ISTHMUS_INLINE Sum sum_of(const Quad& q) { return {q.v[0], q.v[1], q.v[2], q.v[3]}; }

ISTHMUS_INLINE Point identity() {
  const F zero = F::constant(field::kFe25519Zero), one = F::constant(field::kFe25519One);
  return {zero, one, one, zero};
}
ISTHMUS_INLINE Sum empty_sum() {
  const F zero = F::constant(field::kFe25519Zero), one = F::constant(field::kFe25519One);
  return {one, one, one, zero};
}

// ---- digits ----

// A signed digit is kept as the byte 128 + digit.
constexpr u8 kNoDigit = 128;

// Signed digits of `width` bits from the lowest up, `windows` of them: 2^(width - 1) is added in every place, so that a
// window less 2^(width - 1) is the digit. `factor` is 256 bits of two's complement; the caller has seen to it that no
// carry is left above the last window.
void write_digits(u8* out, const u64* factor, u32 width, u32 windows) {
  u64 word[6] = {factor[0], factor[1], factor[2], factor[3], 0 - (factor[3] >> 63), 0};
  u64 bias[5] = {};
  for (u32 w = 0; w < windows; ++w) {
    const u32 bit = w * width + width - 1;
    bias[bit / 64] |= u64{1} << (bit % 64);
  }
  u64 carry = 0;
  for (usize i = 0; i < 5; ++i) {
    const u128 sum = u128{word[i]} + bias[i] + carry;
    word[i] = static_cast<u64>(sum);
    carry = static_cast<u64>(sum >> 64);
  }
  const u64 mask = (u64{1} << width) - 1;
  const u64 lift = kNoDigit - (u64{1} << (width - 1));
  for (u32 w = 0; w < windows; ++w) {
    const u32 at = w * width / 64, shift = w * width % 64;
    u64 window = word[at] >> shift;
    if (shift + width > 64) window |= word[at + 1] << (64 - shift);
    out[w] = static_cast<u8>((window & mask) + lift);
  }
}

// The digits of every lane: their signs, and where in `table` the entries of their magnitudes stand. Entry m of a lane
// stands at m * stride + lane * lane_stride words.
ISTHMUS_INLINE V place_digits(u64* (&places)[kLanes], const u8* digits, u64* table, u64 stride, u64 lane_stride) {
  const V digit = V::load_bytes(digits) - V::set1(kNoDigit);
  const V negative = simd::sar<63>(digit);
  const V magnitude = (digit ^ negative) - negative;
  u64 offset[kLanes];
  mul32(magnitude, V::set1(stride)).store(offset);
  for (usize lane = 0; lane < kLanes; ++lane) places[lane] = table + offset[lane] + lane * lane_stride;
  return negative;
}

// ---- decoding ----

// RFC 8032 section 5.1.3 as decode_ed25519 does it, for ZIP 215's encodings.
struct Decoder {
  F y, u, v, v3, uv7;
  V sign;

  ISTHMUS_INLINE void start(const V (&words)[4]) {
    const F one = F::constant(field::kFe25519One);
    y = F::unpack(words);
    sign = simd::sar<63>(words[3]);
    const F yy = sqr(y);
    u = sub(yy, one);
    v = add(mul(yy, F::constant(curve::kEd25519D)), one);
    v3 = mul(sqr(v), v);
    uv7 = mul(mul(sqr(v3), v), u);
  }
  ISTHMUS_INLINE void finish(V (&out)[kRowWords], const F& power) const {
    F x = mul(mul(u, v3), power);
    const F vxx = mul(v, sqr(x));
    const V root = is_zero(sub(vxx, u));
    const V other = is_zero(add(vxx, u));
    x = canonical(select(root, x, mul(x, F::constant(curve::kEd25519SqrtM1))));
    x = select((V::set1(0) - (x.v[0] & V::set1(1))) ^ sign, neg(x), x);
    const F sum = add(y, x), difference = sub(y, x), xy2d = mul(mul(x, y), F::constant(curve::kEd25519D2));
    for (usize i = 0; i < 5; ++i) {
      out[i] = sum.v[i];
      out[5 + i] = difference.v[i];
      out[10 + i] = xy2d.v[i];
    }
    out[15] = root | other;
  }
};

[[gnu::noinline]] void load_encodings(V (&words)[4], const Ed25519Encoding* encodings, usize count) {
  u64 columns[4][kLanes];
  for (usize lane = 0; lane < kLanes; ++lane) {
    for (usize w = 0; w < 4; ++w) columns[w][lane] = encodings[lane < count ? lane : 0].word[w];
  }
  for (usize w = 0; w < 4; ++w) words[w] = V::load(columns[w]);
}

[[gnu::noinline]] void finish_decoding(Ed25519Row* out, usize count, const Decoder& decoder, const F& power) {
  V words[kRowWords];
  decoder.finish(words, power);
  Ed25519Row rows[kLanes];
  u64* places[kLanes];
  for (usize lane = 0; lane < kLanes; ++lane) places[lane] = rows[lane].sum;
  store_words(places, words);
  for (usize lane = 0; lane < kLanes && lane < count; ++lane) out[lane] = rows[lane];
}
[[gnu::noinline]] void start_decoding(Decoder& decoder, const Ed25519Encoding* encodings, usize count) {
  V words[4];
  load_encodings(words, encodings, count);
  decoder.start(words);
}

[[gnu::noinline]] void decode_inner(Ed25519Row* out, const Ed25519Encoding* encodings, usize count) {
  while (count != 0) {
    const usize first = count < kLanes ? count : kLanes;
    const usize rest = count - first < kLanes ? count - first : kLanes;
    Decoder decoders[2];
    start_decoding(decoders[0], encodings, first);
    start_decoding(decoders[1], encodings + (rest != 0 ? first : 0), rest != 0 ? rest : first);
    const Two power = field::power_p58(Two{decoders[0].uv7, decoders[1].uv7});
    finish_decoding(out, first, decoders[0], power.a);
    finish_decoding(out + first, rest, decoders[1], power.b);
    out += first + rest;
    encodings += first + rest;
    count -= first + rest;
  }
}

// ---- sums ----

constexpr u32 kWidthMax = 8;
constexpr usize kEntriesMax = (usize{1} << (kWidthMax - 1)) + 1;  // of magnitudes 0, 1, ..., 128

// Windows of a factor: 253 bits and one more for the carry; of a half one 128 bits and one more, except that digits of
// 8 bits are made for its range.
constexpr u32 window_count(u32 width, bool half) {
  if (!half) return 253 / width + 1;
  return width == 8 ? 16 : 128 / width + 1;
}
constexpr usize round_count(u32 windows) { return (windows + kLanes - 1) / kLanes; }

struct SumWorkspace {
  alignas(64) u64 buckets[kEntriesMax * kLanes * kPointWords];
  alignas(64) u8 digits[curve::kEd25519TermsMax][curve::kEd25519Windows];
};

// Adds one point to a bucket of every lane.
[[gnu::noinline]] void add_term(u64* buckets, const u8* digits, const Ed25519Row& row) {
  u64* places[kLanes];
  const V negative = place_digits(places, digits, buckets, kLanes * kPointWords, kPointWords);
  const u64* sources[kLanes];
  for (usize lane = 0; lane < kLanes; ++lane) sources[lane] = places[lane];
  const Sum bucket = sum_of(load_quad(sources));
  curve::Affine<F> addend;
#pragma GCC unroll 5
  for (usize i = 0; i < 5; ++i) {
    addend.sum.v[i] = V::set1(row.sum[i]);
    addend.difference.v[i] = V::set1(row.difference[i]);
    addend.xy2d.v[i] = V::set1(row.xy2d[i]);
  }
  store_quad(places, quad_of(curve::sheared_lanes(curve::plus_lanes(bucket, addend, negative))));
}

[[gnu::noinline]] void add_terms(SumWorkspace& work, const Ed25519Term* terms, usize count, u32 width, usize round) {
  const bool halves_have_digits = round < round_count(window_count(width, true));
  for (usize i = 0; i < count; ++i) {
    if (terms[i].half && !halves_have_digits) continue;
    add_term(work.buckets, work.digits[i] + round * kLanes, *terms[i].point);
  }
}

[[gnu::noinline]] void add_sum(Sum& p, const Sum& q) {
  p = curve::sheared_lanes(curve::plus_lanes(p, q, F::constant(curve::kEd25519D2)));
}

[[gnu::noinline]] void clear_buckets(SumWorkspace& work, usize entries) {
  const Quad none = quad_of(empty_sum());
  for (usize entry = 0; entry < entries; ++entry) {
    u64* places[kLanes];
    for (usize lane = 0; lane < kLanes; ++lane) {
      places[lane] = work.buckets + (entry * kLanes + lane) * kPointWords;
    }
    store_quad(places, none);
  }
}

// The sum of m times bucket m, by sums of sums from the top.
[[gnu::noinline]] Sum add_buckets(const SumWorkspace& work, usize entries) {
  Sum running = empty_sum(), total = empty_sum();
  for (usize entry = entries - 1; entry > 0; --entry) {
    const u64* places[kLanes];
    for (usize lane = 0; lane < kLanes; ++lane) {
      places[lane] = work.buckets + (entry * kLanes + lane) * kPointWords;
    }
    add_sum(running, sum_of(load_quad(places)));
    add_sum(total, running);
  }
  return total;
}

void store_windows(Ed25519Limbs* windows, usize count, const Sum& sum) {
  const Point p = curve::extended_lanes(sum);
  const Quad q = {{p.X, p.Y, p.Z, p.T}};
  for (usize i = 0; i < 20; ++i) {
    u64 column[kLanes];
    q.v[i / 5].v[i % 5].store(column);
    for (usize lane = 0; lane < kLanes && lane < count; ++lane) windows[lane][i / 5][i % 5] = column[lane];
  }
}

[[gnu::noinline]] u32 sums_inner(Ed25519Limbs* windows, const Ed25519Term* terms, usize count, u32 width,
                                 SumWorkspace& work) {
  const u32 window_total = window_count(width, false);
  const usize entries = (usize{1} << (width - 1)) + 1;
  for (usize i = 0; i < count; ++i) {
    memset(work.digits[i], kNoDigit, sizeof work.digits[i]);
    write_digits(work.digits[i], terms[i].factor, width, window_count(width, terms[i].half));
  }
  for (usize round = 0; round < round_count(window_total); ++round) {
    clear_buckets(work, entries);
    add_terms(work, terms, count, width, round);
    const usize first = round * kLanes;
    store_windows(windows + first, window_total - first, add_buckets(work, entries));
  }
  return window_total;
}

// In vector additions; a bucket costs two of 9 M and its share of clearing.
u32 best_width(usize whole, usize half) {
  u32 best = 4;
  usize best_cost = ~usize{0};
  for (u32 width = 4; width <= kWidthMax; ++width) {
    const usize rounds = round_count(window_count(width, false));
    const usize buckets = usize{5} << (width - 1);  // twice 2.5 additions
    const usize cost = 2 * (rounds * whole + round_count(window_count(width, true)) * half) + rounds * buckets;
    if (cost >= best_cost) continue;
    best = width;
    best_cost = cost;
  }
  return best;
}

// ---- rows ----

constexpr u32 kKeyWidth = 4, kKeyWindows = 64;
constexpr usize kKeyEntries = (usize{1} << (kKeyWidth - 1)) + 1;
constexpr u32 kBaseWidth = 8, kBaseWindows = 32;

struct ProductWorkspace {
  static constexpr usize kVectors = (curve::kEd25519Block + kLanes - 1) / kLanes;
  alignas(64) u64 table[kKeyEntries * kLanes * kPointWords];
  u8 key_digits[kKeyWindows][kLanes];
  u8 base_digits[kBaseWindows][kLanes];
  curve::Projective<F> sums[kVectors];
  F before[kVectors];
};

void load_digits(ProductWorkspace& work, const Ed25519Product* rows, usize count) {
  for (usize lane = 0; lane < kLanes; ++lane) {
    const Ed25519Product& row = rows[lane < count ? lane : 0];
    u8 digits[kKeyWindows];
    write_digits(digits, row.factor, kKeyWidth, kKeyWindows);
    for (usize w = 0; w < kKeyWindows; ++w) work.key_digits[w][lane] = digits[w];
    write_digits(digits, row.base, kBaseWidth, kBaseWindows);
    for (usize w = 0; w < kBaseWindows; ++w) work.base_digits[w][lane] = digits[w];
  }
}

ISTHMUS_INLINE curve::Affine<F> load_affine(const u64* const (&places)[kLanes]) {
  V words[kRowWords];
  load_words(words, places);
  return {field_at(words), field_at(words + 5), field_at(words + 10)};
}

[[gnu::noinline]] void store_multiple(ProductWorkspace& work, usize entry, const Point& p) {
  u64* places[kLanes];
  for (usize lane = 0; lane < kLanes; ++lane) places[lane] = work.table + (entry * kLanes + lane) * kPointWords;
  const F t2d = mul(p.T, F::constant(curve::kEd25519D2));
  store_quad(places, {{add(p.Y, p.X), sub(p.Y, p.X), add(p.Z, p.Z), t2d}});
}

// 0, A, 2A, ..., 8A.
[[gnu::noinline]] void fill_table(ProductWorkspace& work, const Ed25519Product* rows, usize count) {
  const u64* places[kLanes];
  for (usize lane = 0; lane < kLanes; ++lane) places[lane] = rows[lane < count ? lane : 0].point->sum;
  const curve::Affine<F> key = load_affine(places);
  Point multiple = identity();
  store_multiple(work, 0, multiple);
  for (usize entry = 1; entry < kKeyEntries; ++entry) {
    multiple = curve::extended_lanes(curve::plus_lanes(multiple, key, V::set1(0)));
    store_multiple(work, entry, multiple);
  }
}

[[gnu::noinline]] void multiply_by_16(Point& out, curve::Projective<F> p) {
  for (u32 i = 1; i < kKeyWidth; ++i) p = curve::projective_lanes(curve::twice_lanes(p));
  out = curve::extended_lanes(curve::twice_lanes(p));
}
ISTHMUS_INLINE curve::Completed<F> take_key(const Point& p, ProductWorkspace& work, usize window) {
  u64* places[kLanes];
  const V negative = place_digits(places, work.key_digits[window], work.table, kLanes * kPointWords, kPointWords);
  const u64* sources[kLanes];
  for (usize lane = 0; lane < kLanes; ++lane) sources[lane] = places[lane];
  const Quad q = load_quad(sources);
  const V minus = negative ^ V::set1(~u64{0});
  return curve::plus_lanes(p, curve::Cached<F>{q.v[0], q.v[1], q.v[2], q.v[3]}, minus);
}
ISTHMUS_INLINE curve::Completed<F> add_base(const Point& p, const ProductWorkspace& work, usize window,
                                            const Ed25519Row* base) {
  const V digit = V::load_bytes(work.base_digits[window]) - V::set1(kNoDigit);
  const V negative = simd::sar<63>(digit);
  u64 entry[kLanes];
  ((digit ^ negative) - negative).store(entry);
  const u64* places[kLanes];
  for (usize lane = 0; lane < kLanes; ++lane) places[lane] = base[entry[lane]].sum;
  return curve::plus_lanes(p, load_affine(places), negative);
}

[[gnu::noinline]] void take_first_key(curve::Projective<F>& out, const Point& p, ProductWorkspace& work, usize window) {
  out = curve::projective_lanes(take_key(p, work, window));
}
[[gnu::noinline]] void take_second_key(Point& out, const Point& p, ProductWorkspace& work, usize window) {
  out = curve::extended_lanes(take_key(p, work, window));
}
[[gnu::noinline]] void add_base_multiple(curve::Projective<F>& out, const Point& p, const ProductWorkspace& work,
                                         usize window, const Ed25519Row* base) {
  out = curve::projective_lanes(add_base(p, work, window, base));
}

[[gnu::noinline]] void multiply(curve::Projective<F>& p, ProductWorkspace& work, const Ed25519Row* base) {
  static_assert(kBaseWidth == 2 * kKeyWidth && kKeyWindows % 2 == 0);
  p = to_projective(identity());
  Point wide;
  for (usize pair = kBaseWindows; pair-- > 0;) {
    multiply_by_16(wide, p);
    take_first_key(p, wide, work, 2 * pair + 1);
    multiply_by_16(wide, p);
    take_second_key(wide, wide, work, 2 * pair);
    add_base_multiple(p, wide, work, pair, base);
  }
}

[[gnu::noinline]] void store_encodings(Ed25519Encoding* out, usize count, const curve::Projective<F>& p,
                                       const F& z_inverse) {
  V words[4];
  canonical(mul(p.Y, z_inverse)).pack(words);
  words[3] = words[3] | simd::shl<63>(canonical(mul(p.X, z_inverse)).v[0]);
  u64 columns[4][kLanes];
  for (usize w = 0; w < 4; ++w) words[w].store(columns[w]);
  for (usize lane = 0; lane < kLanes && lane < count; ++lane) {
    for (usize w = 0; w < 4; ++w) out[lane].word[w] = columns[w][lane];
  }
}

// Montgomery's trick: one inversion gives the 1 / Z of every vector. No Z is 0.
[[gnu::noinline]] void products_inner(Ed25519Encoding* out, const Ed25519Product* rows, usize count,
                                      const Ed25519Row* base, ProductWorkspace& work) {
  const usize vectors = (count + kLanes - 1) / kLanes;
  F product = F::constant(field::kFe25519One);
  for (usize i = 0; i < vectors; ++i) {
    load_digits(work, rows + i * kLanes, count - i * kLanes);
    fill_table(work, rows + i * kLanes, count - i * kLanes);
    multiply(work.sums[i], work, base);
    work.before[i] = product;
    product = mul(product, work.sums[i].Z);
  }
  F inverse = field::invert(Two{product, product}).a;
  for (usize i = vectors; i-- > 0;) {
    store_encodings(out + i * kLanes, count - i * kLanes, work.sums[i], mul(inverse, work.before[i]));
    inverse = mul(inverse, work.sums[i].Z);
  }
}

// ---- field operations for tests ----

using curve::Ed25519FieldOperation;

F field_result(const F& a, const F& b, Ed25519FieldOperation operation) {
  switch (operation) {
    case Ed25519FieldOperation::multiply:
      return mul(a, b);
    case Ed25519FieldOperation::square:
      return sqr(a);
    case Ed25519FieldOperation::add:
      return add(a, b);
    case Ed25519FieldOperation::subtract:
      return sub(a, b);
    case Ed25519FieldOperation::negate:
      return neg(a);
    case Ed25519FieldOperation::sum_wide:
      return carry(sub_wide(mul_wide(a, b) + sqr_wide(a), sqr_wide(b)));
  }
  return a;
}
F load_limbs(const u64 (*limbs)[5], usize count) {
  F out;
  for (usize i = 0; i < 5; ++i) {
    u64 column[kLanes];
    for (usize lane = 0; lane < kLanes; ++lane) column[lane] = limbs[lane < count ? lane : 0][i];
    out.v[i] = V::load(column);
  }
  return out;
}
[[gnu::noinline]] void field_inner(u64 (*out)[5], const u64 (*a)[5], const u64 (*b)[5], usize count,
                                   Ed25519FieldOperation operation) {
  for (usize first = 0; first < count; first += kLanes) {
    const F result =
        canonical(field_result(load_limbs(a + first, count - first), load_limbs(b + first, count - first), operation));
    for (usize i = 0; i < 5; ++i) {
      u64 column[kLanes];
      result.v[i].store(column);
      for (usize lane = 0; lane < kLanes && lane < count - first; ++lane) out[first + lane][i] = column[lane];
    }
  }
}

// ---- what the table points to ----

void field_operation(u64 (*out)[5], const u64 (*a)[5], const u64 (*b)[5], usize count,
                     Ed25519FieldOperation operation) {
  ISTHMUS_ROUNDING;
  field_inner(out, a, b, count, operation);
}

void decode(Ed25519Row* out, const Ed25519Encoding* encodings, usize count) {
  ISTHMUS_ROUNDING;
  decode_inner(out, encodings, count);
}
u32 sums(Ed25519Limbs* windows, const Ed25519Term* terms, usize count, u32 width, void* workspace) {
  ISTHMUS_ROUNDING;
  return sums_inner(windows, terms, count, width, *static_cast<SumWorkspace*>(workspace));
}
void products(Ed25519Encoding* out, const Ed25519Product* rows, usize count, const Ed25519Row* base, void* workspace) {
  ISTHMUS_ROUNDING;
  products_inner(out, rows, count, base, *static_cast<ProductWorkspace*>(workspace));
}

constexpr usize kWorkspace = sizeof(SumWorkspace) > sizeof(ProductWorkspace) ? sizeof(SumWorkspace)
                                                                             : sizeof(ProductWorkspace);

}  // namespace

const curve::Ed25519Kernel ed25519 = {kWorkspace, decode, sums, products, field_operation, best_width};

}  // namespace isthmus::ISTHMUS_TIER
