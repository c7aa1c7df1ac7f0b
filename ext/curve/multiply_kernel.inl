// a G + b P in lanes; see curve/multiply.hpp. The including file defines ISTHMUS_TIER, ISTHMUS_FE52 (a policy of
// simd/lanes_fe52.hpp) and, where the policy asks for it, ISTHMUS_ROUNDING.
//
// One pass takes kBlock rows: groups of one vector each. A group's key gets the multiples P, 2P, ..., 8P, made affine
// by one inversion for the whole block; then doublings run from the top bit down, and at every fourth position a signed
// digit of b in [-8, 8] adds a multiple of P, at every twelfth a digit of a in [-2048, 2048] one of G. With an
// endomorphism b has two halves and a is read as two streams, of G and of 2^128 G, so that half the doublings do.
#include <string.h>

#include "curve/jacobian_lanes.hpp"
#include "curve/multiply_tiers.hpp"
#include "curve/p256.hpp"
#include "curve/secp256k1.hpp"
#include "curve/sm2.hpp"

#ifndef ISTHMUS_ROUNDING
#define ISTHMUS_ROUNDING static_cast<void>(0)
#endif

namespace isthmus::ISTHMUS_TIER {
namespace {

using curve::AffineLanes;
using curve::CombRow;
using curve::JacobianLanes;
using curve::MultiplyResult;
using curve::MultiplyRow;
using curve::PointForm;
using curve::SumState;

using P = simd::ISTHMUS_FE52;
using V = P::V;
constexpr usize kLanes = V::kLanes;
constexpr usize kGroups = curve::kMultiplyBlock / kLanes;
constexpr u32 kWindow = 4;
constexpr u32 kBaseWindow = curve::kMultiplyBaseWindow;
constexpr usize kEntries = usize{1} << (kWindow - 1);
constexpr usize kEntryWords = 8;  // x and y, one cache line

struct LaneSecp256k1 : curve::Secp256k1 {
  using LanePrime = field::LanePrime256k1;
  static constexpr field::Words kB = Field::to_words(b());
};
struct LaneP256 : curve::P256 {
  using LanePrime = field::LanePrimeP256;
};
struct LaneSm2 : curve::Sm2 {
  using LanePrime = field::LanePrimeSm2;
};

// A curve constant in the form of products.
template <class C>
constexpr field::Limbs52 lane_constant(const field::Words& a) {
  using Prime = typename C::LanePrime;
  static_assert(Prime::kModulus == C::Field::kModulus);
  if constexpr (!Prime::kMontgomery) {
    return field::limbs52(a);
  } else {
    using Plain = field::Mont<Prime>;
    Plain scaled;
    Plain::mul(scaled, Plain::from_constant(a), Plain::from_constant(field::power_of_two_mod(260, Prime::kModulus)));
    return field::limbs52(Plain::to_words(scaled));
  }
}

template <class C>
struct Kernel {
  using F = field::FeLanes<P, typename C::LanePrime>;
  using Point = JacobianLanes<F>;
  using Addend = AffineLanes<F>;

  static constexpr usize kParts = C::kEndomorphism ? 2 : 1;
  static constexpr u32 kTopBit = C::kEndomorphism ? 128 : 252;  // where the first digit of b stands
  // a is read in streams of 128 bits where half the doublings must do for it, else whole.
  static constexpr usize kStreams = kParts;
  static constexpr u32 kBaseTopBit = C::kEndomorphism ? 120 : 252;

  struct Sum {
    Point point;
    V infinite;  // lanes that have no addend yet
  };

  // One vector of rows.
  struct Group {
    V key_digits[kParts][4];     // b with 8 added in every digit's place but the top one's
    V base_digits[kStreams][4];  // a, likewise with 2048
    V negative[3];
    V on_curve;
    alignas(64) u64 table[kParts][kEntries][kLanes][kEntryWords];
  };
  struct Workspace {
    Group groups[kGroups];
    Point multiples[kGroups][kEntries - 1];  // 2P ... 8P
    F products[kGroups * (kEntries - 1) + 1];
    Sum sums[kGroups];
    usize group_count;
  };

  // ---- between rows and lanes ----

  // Word `word` of every lane, `at` giving the words of a row.
  template <class At>
  static void load_words(V (&out)[4], usize count, At&& at) {
    u64 columns[4][kLanes];
    for (usize lane = 0; lane < kLanes; ++lane) {
      const u64* words = at(lane < count ? lane : 0);
      for (usize w = 0; w < 4; ++w) columns[w][lane] = words[w];
    }
    for (usize w = 0; w < 4; ++w) out[w] = V::load(columns[w]);
  }
  template <class At>
  static V load_mask(usize count, At&& at) {
    u64 lanes[kLanes];
    for (usize lane = 0; lane < kLanes; ++lane) lanes[lane] = at(lane < count ? lane : 0) ? ~u64{0} : 0;
    return V::load(lanes);
  }
  static F unpack(const V (&w)[4]) { return F::unpack(w[0], w[1], w[2], w[3]); }

  // Eight words of every lane, at places of its own.
  static ISTHMUS_INLINE void gather_entries(V (&words)[8], const u64* const (&places)[kLanes]) {
    static_assert(kLanes == 8 || kLanes == 4 || kLanes == 2);
    for (usize first = 0; first < 8; first += kLanes) {
      V square[kLanes];
      for (usize lane = 0; lane < kLanes; ++lane) square[lane] = V::load(places[lane] + first);
      transpose(square);
      for (usize i = 0; i < kLanes; ++i) words[first + i] = square[i];
    }
  }
  static ISTHMUS_INLINE void scatter_entries(u64 (*rows)[kEntryWords], const V (&words)[8]) {
    for (usize first = 0; first < 8; first += kLanes) {
      V square[kLanes];
      for (usize i = 0; i < kLanes; ++i) square[i] = words[first + i];
      transpose(square);
      for (usize lane = 0; lane < kLanes; ++lane) square[lane].store(rows[lane] + first);
    }
  }
  static void store_entry(u64 (*rows)[kEntryWords], const F& x, const F& y) {
    V words[8], half[4];
    F::pack(half, F::packable(x));
    for (usize i = 0; i < 4; ++i) words[i] = half[i];
    F::pack(half, F::packable(y));
    for (usize i = 0; i < 4; ++i) words[4 + i] = half[i];
    scatter_entries(rows, words);
  }

  // ---- digits ----

  // w += the constant that has 2^(width - 1) at every width-th bit below `bits`: afterwards a window less 2^(width - 1)
  // is a signed digit. The callers' magnitudes leave room for the carry, which is the digit above the last window.
  static void add_bias(V (&w)[4], u32 width, u32 bits) {
    u64 bias[4] = {};
    for (u32 bit = width - 1; bit < bits; bit += width) bias[bit / 64] |= u64{1} << (bit % 64);
    V carry = V::set1(0);
    for (usize i = 0; i < 4; ++i) {
      const V term = V::set1(bias[i]);
      const V sum = w[i] + term;
      const V next = sum - carry;  // the mask -1 counts as 1
      carry = less(sum, term) | less(next, sum);
      w[i] = next;
    }
  }
  // Bits [at, at + width) of every lane's number.
  static ISTHMUS_INLINE V window(const V (&w)[4], u32 at, u32 width) {
    const u32 word = at / 64, shift = at % 64;
    V out = simd::shr_by(w[word], shift);
    if (shift + width > 64 && word < 3) out = out | simd::shl_by(w[word + 1], 64 - shift);
    return out & V::set1((u64{1} << width) - 1);
  }

  // ---- keys ----

  // P of every lane, and whether it is on the curve; a lane that is not goes on with G, so that all formulas hold.
  static void decode_keys(Group& group, Addend& key, const MultiplyRow* rows, usize count) {
    V words[4];
    load_words(words, count, [&](usize lane) { return rows[lane].x; });
    const F x = F::to_form(unpack(words));
    const F cube = F::mul(F::sqr(x), x);
    F square;  // x^3 + a x + b
    const F b = F::constant(lane_constant<C>(C::kB));
    if constexpr (C::kA == 0) {
      square = F::template fold<0>(cube + b);
    } else {
      square = F::template fold<7>(cube + b - x - x - x);
    }
    const V computed = load_mask(count, [&](usize lane) { return rows[lane].form != PointForm::full; });
    load_words(words, count, [&](usize lane) { return rows[lane].y; });
    F y = F::to_form(unpack(words));
    if (any(computed)) {
      const V odd = load_mask(count, [&](usize lane) { return rows[lane].form == PointForm::odd; });
      const F root = C::LanePrime::template root<F>(square);
      const V parity = V::set1(0) - (F::canonical(F::from_form(root)).v[0] & V::set1(1));
      const F other = F::template tight<3>(zero() - root);
      y = F::select(computed, F::select(parity ^ odd, other, root), y);
    }
    group.on_curve = F::is_zero(F::template fold<3>(F::sqr(y) - square));
    // y = 0 is no point of these groups of odd order, so no lane can have an odd root where there is none.
    key.x = F::select(group.on_curve, x, F::constant(lane_constant<C>(C::kGeneratorX)));
    key.y = F::select(group.on_curve, y, F::constant(lane_constant<C>(C::kGeneratorY)));
    key.x = F::template fold<0>(key.x);
    key.y = F::template fold<0>(key.y);
  }
  static ISTHMUS_INLINE F zero() { return F::constant({{0, 0, 0, 0, 0}}); }

  static F beta() {
    if constexpr (C::kEndomorphism) return F::constant(lane_constant<C>(C::kBeta));
    return F::one();
  }
  static void store_multiple(Group& group, usize entry, const F& x, const F& y) {
    store_entry(group.table[0][entry], x, y);
    if constexpr (C::kEndomorphism) store_entry(group.table[1][entry], F::mul(x, beta()), y);
  }

  static void load_scalars(Group& group, const MultiplyRow* rows, usize count) {
    for (usize part = 0; part < kParts; ++part) {
      load_words(group.key_digits[part], count, [&](usize lane) { return rows[lane].part[part]; });
      add_bias(group.key_digits[part], kWindow, kTopBit);
      group.negative[part] = load_mask(count, [&](usize lane) { return (rows[lane].negative >> part & 1) != 0; });
    }
    V words[4];
    load_words(words, count, [&](usize lane) { return rows[lane].base; });
    for (usize stream = 0; stream < kStreams; ++stream) {
      for (usize w = 0; w < 4; ++w) {
        if (kStreams == 1) {
          group.base_digits[stream][w] = words[w];
        } else {
          group.base_digits[stream][w] = w < 2 ? words[2 * stream + w] : V::set1(0);
        }
      }
      add_bias(group.base_digits[stream], kBaseWindow, kBaseTopBit);
    }
    group.negative[2] = load_mask(count, [&](usize lane) { return (rows[lane].negative >> 2 & 1) != 0; });
  }

  // P, 2P, ..., 8P; the order of P is far above 8, so no addition is special.
  static void load_group(Group& group, Point (&multiples)[kEntries - 1], const MultiplyRow* rows, usize count) {
    load_scalars(group, rows, count);
    Addend key;
    decode_keys(group, key, rows, count);
    store_multiple(group, 0, key.x, key.y);
    multiples[0] = {key.x, key.y, F::one()};
    curve::double_points<C, 1>(multiples[0]);
    for (usize i = 1; i < kEntries - 1; ++i) {
      if (i % 2 == 1) {
        curve::add_mixed(multiples[i], multiples[i - 1], key);  // 3P, 5P, 7P
      } else {
        multiples[i] = multiples[i / 2 - 1];  // 4P from 2P, 6P from 3P, 8P from 4P
        curve::double_points<C, 1>(multiples[i]);
      }
    }
  }

  // Divides all multiples by their z with one inversion (Montgomery's trick) and fills the tables.
  static void make_tables(Workspace& work) {
    F* const products = work.products;
    products[0] = F::one();
    usize at = 0;
    for (usize g = 0; g < work.group_count; ++g) {
      for (usize i = 0; i < kEntries - 1; ++i, ++at) products[at + 1] = F::mul(products[at], work.multiples[g][i].z);
    }
    F inverse = C::LanePrime::template inverse<F>(products[at]);
    for (usize g = work.group_count; g-- > 0;) {
      for (usize i = kEntries - 1; i-- > 0;) {
        const Point& p = work.multiples[g][i];
        const Addend affine = divide(p, F::mul(inverse, products[--at]));
        inverse = F::mul(inverse, p.z);
        store_multiple(work.groups[g], i + 1, affine.x, affine.y);
      }
    }
  }
  static Addend divide(const Point& p, const F& z_inverse) {
    const F square = F::sqr(z_inverse);
    return {F::mul(p.x, square), F::mul(p.y, F::mul(square, z_inverse))};
  }

  // ---- the sum ----

  // Adds the entry |digit| of a table, negated where the digit and `negative` say so; nothing where it is 0.
  // place(lane, e) is where entry e (for |digit| = e + 1) of the lane's table stands.
  template <class Place>
  static ISTHMUS_INLINE void add_digit(Sum& sum, V digit, V negative, Place&& place) {
    const V below = simd::sar<63>(digit);
    const V magnitude = (digit ^ below) - below;
    const V present = simd::less(V::set1(0), magnitude);
    u64 entry[kLanes];
    (magnitude + present).store(entry);  // less 1 where there is a digit
    const u64* places[kLanes];
    for (usize lane = 0; lane < kLanes; ++lane) places[lane] = place(lane, entry[lane]);
    add_entries(sum, places, below ^ negative, present);
  }
  static void add_entries(Sum& sum, const u64* const (&places)[kLanes], V negative, V present) {
    V words[8];
    gather_entries(words, places);
    Addend addend = {F::unpack(words[0], words[1], words[2], words[3]),
                     F::unpack(words[4], words[5], words[6], words[7])};
    addend.y = F::select(negative, F::template tight<2>(zero() - addend.y), addend.y);
    Point next;
    curve::add_mixed(next, sum.point, addend);
    const V adds = simd::and_not(present, sum.infinite);
    sum.point.x = F::select(adds, next.x, sum.point.x);
    sum.point.y = F::select(adds, next.y, sum.point.y);
    sum.point.z = F::select(adds, next.z, sum.point.z);
    const V starts = present & sum.infinite;
    if (any(starts)) {
      sum.point.x = F::select(starts, addend.x, sum.point.x);
      sum.point.y = F::select(starts, addend.y, sum.point.y);
      sum.point.z = F::select(starts, F::one(), sum.point.z);
      sum.infinite = simd::and_not(sum.infinite, present);
    }
  }
  static void start(Sum& sum) { sum = {{F::one(), F::one(), F::one()}, V::set1(~u64{0})}; }

  // The signed digit of a biased number at bit `at`; the top one has no bias.
  static V signed_digit(const V (&number)[4], u32 at, u32 width, u32 top) {
    const V digit = window(number, at, width);
    return at == top ? digit : digit - V::set1(u64{1} << (width - 1));
  }

  static void add_group(Sum& sum, const Group& group, const u64* base_table) {
    start(sum);
    for (u32 bit = kTopBit;; bit -= kWindow) {
      for (usize part = 0; part < kParts; ++part) {
        const auto& table = group.table[part];
        add_digit(sum, signed_digit(group.key_digits[part], bit, kWindow, kTopBit), group.negative[part],
                  [&](usize lane, u64 entry) { return table[entry][lane]; });
      }
      if (bit % kBaseWindow == 0 && bit <= kBaseTopBit) {
        for (usize stream = 0; stream < kStreams; ++stream) {
          const u64* const table = base_table + stream * curve::kMultiplyBaseEntries * kEntryWords;
          add_digit(sum, signed_digit(group.base_digits[stream], bit, kBaseWindow, kBaseTopBit), group.negative[2],
                    [&](usize, u64 entry) { return table + kEntryWords * entry; });
        }
      }
      if (bit == 0) return;
      curve::double_points<C, kWindow>(sum.point);
    }
  }

  // ---- known keys: no doublings ----

  // Adds all digits of a number, each from its own row of a comb: entry e of window w stands at
  // table + (w 2^(width - 1) + e) kEntryWords.
  static void add_comb(Sum& sum, V (&number)[4], V negative, u32 width, const u64* const (&tables)[kLanes]) {
    const u32 windows = curve::comb_windows(width), top = width * (windows - 1);
    add_bias(number, width, top);
    for (u32 w = 0; w < windows; ++w) {
      const usize row = usize{w} << (width - 1);
      add_digit(sum, signed_digit(number, w * width, width, top), negative,
                [&](usize lane, u64 entry) { return tables[lane] + kEntryWords * (row + entry); });
    }
  }

  static void comb_group(Sum& sum, const CombRow* rows, usize count, u32 width, const u64* base_comb) {
    V base[4], part[4];
    load_words(base, count, [&](usize lane) { return rows[lane].base; });
    load_words(part, count, [&](usize lane) { return rows[lane].part; });
    const V part_negative = load_mask(count, [&](usize lane) { return (rows[lane].negative & 1) != 0; });
    const V base_negative = load_mask(count, [&](usize lane) { return (rows[lane].negative & 4) != 0; });
    const u64 *tables[kLanes], *bases[kLanes];
    for (usize lane = 0; lane < kLanes; ++lane) {
      tables[lane] = rows[lane < count ? lane : 0].table;
      bases[lane] = base_comb;
    }
    start(sum);
    add_comb(sum, part, part_negative, width, tables);
    add_comb(sum, base, base_negative, curve::kBaseCombWidth, bases);
  }

  // ---- results ----

  // Replaces z by 1 where the sum is not settled, so that one inversion serves all; tells where.
  static V unsettled(Sum& sum) {
    const V bad = F::is_zero(sum.point.z) | sum.infinite;
    sum.point.z = F::select(bad, F::one(), sum.point.z);
    return bad;
  }

  static void store_results(MultiplyResult* results, usize count, const Addend& point, V on_curve, V bad) {
    u64 columns[8][kLanes], states[2][kLanes];
    V words[4];
    F::pack(words, F::canonical(F::from_form(point.x)));
    for (usize w = 0; w < 4; ++w) words[w].store(columns[w]);
    F::pack(words, F::canonical(F::from_form(point.y)));
    for (usize w = 0; w < 4; ++w) words[w].store(columns[4 + w]);
    on_curve.store(states[0]);
    bad.store(states[1]);
    for (usize lane = 0; lane < count; ++lane) {
      MultiplyResult& out = results[lane];
      for (usize w = 0; w < 4; ++w) {
        out.x[w] = columns[w][lane];
        out.y[w] = columns[4 + w][lane];
      }
      out.state = states[0][lane] == 0   ? SumState::no_point
                  : states[1][lane] != 0 ? SumState::unsettled
                                         : SumState::settled;
    }
  }

  // Makes all sums affine with one inversion; `state_of(g)` says which lanes of group g have a point at all.
  template <class OnCurve>
  static void finish(Workspace& work, MultiplyResult* results, usize count, OnCurve&& on_curve) {
    V bad[kGroups];
    work.products[0] = F::one();
    for (usize g = 0; g < work.group_count; ++g) {
      bad[g] = unsettled(work.sums[g]);
      work.products[g + 1] = F::mul(work.products[g], work.sums[g].point.z);
    }
    F inverse = C::LanePrime::template inverse<F>(work.products[work.group_count]);
    for (usize g = work.group_count; g-- > 0;) {
      const Point& sum = work.sums[g].point;
      const Addend point = divide(sum, F::mul(inverse, work.products[g]));
      inverse = F::mul(inverse, sum.z);
      const usize first = g * kLanes, left = count - first;
      store_results(results + first, left < kLanes ? left : kLanes, point, on_curve(g), bad[g]);
    }
  }

  [[gnu::noinline]] static void run(const MultiplyRow* rows, usize count, const u64* base_table,
                                    MultiplyResult* results, Workspace& work) {
    work.group_count = (count + kLanes - 1) / kLanes;
    for (usize g = 0; g < work.group_count; ++g) {
      const usize first = g * kLanes, left = count - first;
      load_group(work.groups[g], work.multiples[g], rows + first, left < kLanes ? left : kLanes);
    }
    make_tables(work);
    for (usize g = 0; g < work.group_count; ++g) add_group(work.sums[g], work.groups[g], base_table);
    finish(work, results, count, [&](usize g) { return work.groups[g].on_curve; });
  }

  [[gnu::noinline]] static void run_comb(const CombRow* rows, usize count, u32 width, const u64* base_comb,
                                         MultiplyResult* results, Workspace& work) {
    work.group_count = (count + kLanes - 1) / kLanes;
    for (usize g = 0; g < work.group_count; ++g) {
      const usize first = g * kLanes, left = count - first;
      comb_group(work.sums[g], rows + first, left < kLanes ? left : kLanes, width, base_comb);
    }
    finish(work, results, count, [](usize) { return V::set1(~u64{0}); });
  }
};

}  // namespace

usize multiply_workspace() {
  const usize first = sizeof(Kernel<LaneSecp256k1>::Workspace), second = sizeof(Kernel<LaneP256>::Workspace);
  return first > second ? first : second;
}

#define ISTHMUS_CURVE(name, Curve)                                                                             \
  void multiply_##name(const MultiplyRow* rows, usize count, const u64* base_table, MultiplyResult* results,   \
                       void* workspace) {                                                                      \
    ISTHMUS_ROUNDING;                                                                                          \
    Kernel<Curve>::run(rows, count, base_table, results, *static_cast<Kernel<Curve>::Workspace*>(workspace));  \
  }                                                                                                            \
  void comb_##name(const CombRow* rows, usize count, u32 width, const u64* base_comb, MultiplyResult* results, \
                   void* workspace) {                                                                          \
    ISTHMUS_ROUNDING;                                                                                          \
    Kernel<Curve>::run_comb(rows, count, width, base_comb, results,                                            \
                            *static_cast<Kernel<Curve>::Workspace*>(workspace));                               \
  }

ISTHMUS_CURVE(secp256k1, LaneSecp256k1)
ISTHMUS_CURVE(p256, LaneP256)
ISTHMUS_CURVE(sm2, LaneSm2)
#undef ISTHMUS_CURVE

}  // namespace isthmus::ISTHMUS_TIER
