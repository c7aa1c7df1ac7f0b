// Ed25519 verification in lanes: what ed25519.cpp and ed25519_batch.cpp do, for groups of up to 1,024 rows.
//
// The common equation is that of ed25519_batch.cpp with the base point as one more term, and with weights of another
// range: u - 0x8080...80 for the u of 128 random bits that were drawn. That is as many weights, still different modulo
// L, and it makes 16 signed bytes of every weight.
//
// Cost per row, 1,024 rows with distinct keys, in vectors of 8 lanes: 2 decodings (272 M in a lane each), 6 additions
// to buckets (7 M) and one for the sum of the buckets (9 M); see curve/ed25519_lanes.hpp. A failed equation is
// bisected, which costs additions only; a row that is false by itself two more decodings under ZIP 215.
#include "curve/ed25519_lanes.hpp"

#include <algorithm>

#include "field/fe25519_chains.hpp"
#include "sig/ed25519.hpp"

namespace isthmus::sig::ed25519 {

using curve::Ed25519Encoding;
using curve::Ed25519Product;
using curve::Ed25519Row;
using curve::Ed25519Term;

namespace {

constexpr u32 kLaneGroupMax = 1024;
static_assert(2 * kLaneGroupMax + 1 <= curve::kEd25519TermsMax);

// Fewer rows than this have no common equation. Measured 2026-11 on a Zen 4 (EPYC), GCC 12, distinct keys, 120-byte
// messages, scalar SHA-512, in microseconds per row by themselves / together: IFMA 8 rows 8.8 / 12.1, 9 rows 13.5
// / 12.0 (they begin a second vector), 16 rows 7.8 / 8.3, 64 rows 7.5 / 5.2, 1,024 rows 7.6 / 3.4; AVX-512 8 rows 12.2
// / 14.7, 9 rows 18.8 / 14.8, 1,024 rows 10.4 / 4.3; AVX2 8 rows 15.0 / 16.8, 9 rows 19.8 / 16.2, 1,024 rows 14.4
// / 4.9; scalar code together: 64 rows 19.4.
constexpr u32 kLanesTogetherMin = 9;

// A part of at most kLanesSinglyMax rows that is known to fail is decided row by row; so is the rest after
// kLanesFailuresMax failures, which is enough to find one false row of 1,024 (1024, 512, 256, 128, 64) and some more.
constexpr u32 kLanesSinglyMax = 32;
constexpr u32 kLanesFailuresMax = 12;

// 0x8080...80, 128 bits.
constexpr Sc25519 kWeightBias = {{0x8080808080808080, 0x8080808080808080, 0, 0}};

Ed25519Encoding encoding_of(const u8* bytes) {
  return {{load_le64(bytes), load_le64(bytes + 8), load_le64(bytes + 16), load_le64(bytes + 24)}};
}

// RFC 8032 section 5.1.3: y < p, and x = 0, that is y = 1 or -1, only with sign bit 0. Whether y is that of a point is
// another question.
bool is_canonical(const Ed25519Encoding& encoding) {
  const u64* const w = encoding.word;
  const u64 top = w[3] << 1 >> 1;
  const bool upper_ones = (w[1] & w[2]) == ~u64{0} && top == ~u64{0} >> 1;
  if (upper_ones && w[0] >= ~u64{0} - 18) return false;
  const bool one = w[0] == 1 && (w[1] | w[2] | top) == 0;
  const bool minus_one = w[0] == ~u64{0} - 19 && upper_ones;
  return top == w[3] || !(one || minus_one);
}

curve::Affine<Fe25519> affine_of(const Ed25519Row& row) {
  curve::Affine<Fe25519> out;
  memcpy(out.sum.limb, row.sum, sizeof row.sum);
  memcpy(out.difference.limb, row.difference, sizeof row.difference);
  memcpy(out.xy2d.limb, row.xy2d, sizeof row.xy2d);
  return out;
}

void copy_words(u64 (&out)[4], const Sc25519& a) { memcpy(out, a.word, sizeof out); }

}  // namespace

class Lanes {
 public:
  void verify(std::span<const Ranked> ranked, std::span<const Row> rows, u8* ok, PointRule rule, Path path) {
    rule_ = rule;
    together_min_ = rule == PointRule::rfc8032 || path == Path::one_by_one ? kLaneGroupMax + 1
                    : path == Path::together                               ? 2
                                                                           : kLanesTogetherMin;
    usize next = 0;
    bool trusting = true;
    while (next < ranked.size()) {
      item_count_ = key_count_ = failures_ = 0;
      for (; next < ranked.size() && item_count_ < kLaneGroupMax; ++next) {
        admit(rows[ranked[next].row], ok + ranked[next].row);
      }
      settle(trusting);
    }
  }

  u32 failures() const { return failures_; }

 private:
  std::span<Item> items() { return {items_, item_count_}; }

  // As admit of ed25519.cpp, but whether a key is a point is found out later, for all keys at once.
  void admit(const Row& row, u8* ok) {
    Sc25519 s;
    if (!field::sc_from_bytes(s, row.sig + 32)) return;
    if (key_count_ == 0 || memcmp(key_bytes_[key_count_ - 1], row.key, 32) != 0) {
      const Ed25519Encoding encoding = encoding_of(row.key);
      if (rule_ == PointRule::rfc8032 && !is_canonical(encoding)) return;
      encodings_[key_count_] = encoding;
      key_bytes_[key_count_++] = row.key;
    }
    Item& item = items_[item_count_++];
    item.row = &row;
    item.ok = ok;
    item.key = key_count_ - 1;
    item.s = s;
  }

  // See settle of ed25519.cpp.
  void settle(bool& trusting) {
    if (item_count_ == 0) return;
    const u32 count = item_count_;
    u8* answers[kLaneGroupMax];
    for (u32 i = 0; i < count; ++i) answers[i] = items_[i].ok;
    const bool together = trusting && count >= together_min_;
    decode(together);
    hash_challenges(items());
    if (together && draw_weights(items())) {
      bisect(0, item_count_, false);
    } else {
      settle_singly(0, item_count_);
    }
    u32 false_count = 0;
    for (u32 i = 0; i < count; ++i) false_count += *answers[i] == 0 ? 1 : 0;
    trusting = 32 * false_count <= count;
  }

  // Decodes all keys, and every R for a common equation; keeps the items of which these are points, the others are
  // answered: their 0 stays. The R of item i is points_[key_count_ + commitment_[i]].
  void decode(bool commitments) {
    u32 count = key_count_;
    if (commitments) {
      for (const Item& item : items()) encodings_[count++] = encoding_of(item.row->sig);
    }
    lanes_.decode(points_, {encodings_, count});
    u32 kept = 0;
    for (u32 i = 0; i < item_count_; ++i) {
      if (points_[items_[i].key].is_point == 0) continue;
      if (commitments && points_[key_count_ + i].is_point == 0) continue;
      if (kept != i) items_[kept] = items_[i];
      commitment_[kept++] = i;
    }
    item_count_ = kept;
  }

  // Whether the common equation holds for items [first, last).
  bool equation_holds(u32 first, u32 last) {
    usize count = 0;
    Sc25519 base = field::kSc25519Zero;
    Sc25519 key_factor = field::kSc25519Zero;
    for (u32 i = first; i < last; ++i) {
      const Item& item = items_[i];
      const Sc25519 weight = sc_add(item.weight, sc_neg(kWeightBias));
      base = sc_add(base, sc_mul(weight, item.s));
      key_factor = sc_add(key_factor, sc_mul(weight, item.k));
      // The same weight as an integer of two's complement.
      u64 borrow = 0;
      Ed25519Term& term = terms_[count++];
      term.point = &points_[key_count_ + commitment_[i]];
      term.half = true;
      for (usize w = 0; w < 4; ++w) {
        const u128 difference = u128{item.weight.word[w]} - kWeightBias.word[w] - borrow;
        term.factor[w] = static_cast<u64>(difference);
        borrow = static_cast<u64>(difference >> 64) & 1;
      }
      if (i + 1 == last || items_[i + 1].key != item.key) {
        add_whole_term(count, points_[item.key], key_factor);
        key_factor = field::kSc25519Zero;
      }
    }
    add_whole_term(count, curve::Ed25519Lanes::base_point(), sc_neg(base));
    const Ed25519Point sum = lanes_.sum({terms_, count});
    return curve::is_identity(times_cofactor8(to_projective(sum)));
  }
  void add_whole_term(usize& count, const Ed25519Row& point, const Sc25519& factor) {
    Ed25519Term& term = terms_[count++];
    term.point = &point;
    term.half = false;
    copy_words(term.factor, factor);
  }

  // See bisect of ed25519_batch.cpp.
  bool bisect(u32 first, u32 last, bool fails) {
    if (first == last) return true;
    if (!fails && failures_ < kLanesFailuresMax && last - first >= together_min_) {
      if (equation_holds(first, last)) {
        for (u32 i = first; i < last; ++i) *items_[i].ok = 1;
        return true;
      }
      ++failures_;
    }
    if (last - first <= kLanesSinglyMax || failures_ >= kLanesFailuresMax) return settle_singly(first, last);
    const u32 middle = first + (last - first) / 2;
    const bool left_holds = bisect(first, middle, false);
    bisect(middle, last, left_holds);
    return false;
  }

  // Answers items [first, last) one by one; true iff all of them hold.
  bool settle_singly(u32 first, u32 last) {
    for (u32 i = first; i < last; ++i) {
      Ed25519Product& product = products_[i - first];
      product.point = &points_[items_[i].key];
      copy_words(product.base, items_[i].s);
      copy_words(product.factor, items_[i].k);
    }
    lanes_.products(encodings_, {products_, last - first});
    u32 others = 0;
    for (u32 i = first; i < last; ++i) {
      const Ed25519Encoding sum = encodings_[i - first], r = encoding_of(items_[i].row->sig);
      if (memcmp(sum.word, r.word, sizeof r.word) == 0) {
        *items_[i].ok = 1;
      } else {
        others_[others] = i;
        encodings_[others++] = sum;
      }
    }
    return others == 0 || (rule_ == PointRule::zip215 && settle_others(others));
  }
  // [8](p - R) = 0 where R is not byte by byte the p = sB - kA in encodings_; see holds_with_cofactor.
  bool settle_others(u32 count) {
    for (u32 i = 0; i < count; ++i) encodings_[count + i] = encoding_of(items_[others_[i]].row->sig);
    lanes_.decode(other_points_, {encodings_, 2 * count});
    bool all = true;
    for (u32 i = 0; i < count; ++i) {
      const Ed25519Row& r = other_points_[count + i];
      bool holds = r.is_point != 0;
      if (holds) {
        const Ed25519Point p = to_extended(plus(curve::kEd25519Identity, affine_of(other_points_[i])));
        holds = curve::is_identity(times_cofactor8(to_projective(minus(p, affine_of(r)))));
      }
      *items_[others_[i]].ok = holds ? 1 : 0;
      all = all && holds;
    }
    return all;
  }

  curve::Ed25519Lanes lanes_;
  PointRule rule_;
  u32 together_min_;
  u32 item_count_, key_count_, failures_;
  Item items_[kLaneGroupMax];
  const u8* key_bytes_[kLaneGroupMax];
  u32 commitment_[kLaneGroupMax];
  u32 others_[kLaneGroupMax];
  Ed25519Encoding encodings_[2 * kLaneGroupMax];
  Ed25519Row points_[2 * kLaneGroupMax];
  Ed25519Row other_points_[2 * kLaneGroupMax];
  union {
    Ed25519Term terms_[2 * kLaneGroupMax + 1];
    Ed25519Product products_[kLaneGroupMax];
  };
};

void DeleteLanes::operator()(Lanes* lanes) const { delete lanes; }

u32 lanes_count_min() { return curve::Ed25519Lanes::count_min(); }

// Not make_unique, which would zero it.
LanesPointer make_lanes() { return LanesPointer(new Lanes); }

u32 failures_of(const Lanes& lanes) { return lanes.failures(); }

void verify_ranked(Lanes& lanes, std::span<const Ranked> ranked, std::span<const Row> rows, u8* ok, PointRule rule,
                   Path path) {
  lanes.verify(ranked, rows, ok, rule, path);
}

}  // namespace isthmus::sig::ed25519
