// BIP340 verification in lanes: by one equation for up to 1,024 rows where that is measured to be faster, else each row
// by a sum of its own (sig/sums.hpp).
//
//   sum a_i R_i + sum (a_i e_i) P_i - (sum a_i s_i) G = 0,  R_i the even point with x = r_i
//
// with a_i = b_i + c_i lambda for random b_i, c_i in [-2^63, 2^63). The short vectors of the lattice of lambda have
// 2^127 size and more, so the 2^128 pairs (b, c) are different numbers mod n, and a false row passes with a chance of
// 2^-128, whatever the others are. Coefficients are SHA-256 of 32 bytes from the system's random source and of s and e
// of all rows, e being a hash of r, key and message: nobody can foresee them, nor can they be the same for other rows.
// All points have order n (cofactor 1), so a true row always satisfies its part, and both ways give the same answers.
//
// The sum is that of curve/bucket_sum.hpp. Rows of one key share its term. Rows that repeat, or whose points add up to
// one another, need nothing of their own there; should it meet a special case nevertheless, it says so, and the rows
// are checked one by one.
//
// Cost per row, 1,024 rows with different keys, vectors of 8 lanes: 2 points lifted (273 M in a lane each), 6 additions
// to buckets (10 M) and 0.6 for the sum of the buckets (14 M), where a sum of its own takes 2,284 M in a lane.
#include <unistd.h>

#include <algorithm>
#include <memory>

#include "curve/bucket_sum.hpp"
#include "curve/glv.hpp"
#include "hash/sha256.hpp"
#include "sig/schnorr_bip340.hpp"
#include "sig/sums.hpp"

namespace isthmus::sig::bip340 {
namespace {

using curve::BucketTerm;
using curve::LiftedPoint;
using field::Words;
using C = curve::Secp256k1;
using Scalar = C::Scalar;
using Point = curve::Jacobian<C>;

// Rows whose own sums are computed together.
constexpr usize kChunk = 128;
// Rows of one equation at most.
constexpr usize kGroup = 1024;
static_assert(2 * kGroup <= curve::kBucketTermsMax);

// In groups of fewer rows those whose keys have tables (sig/key_tables.hpp) are checked by themselves with them; from
// here on an equation is faster than tables, which outgrow the caches. Measured 2026-11 on a Zen 4 (EPYC), 200 signers
// in turn, in microseconds per row with tables / by one equation: IFMA 50 rows 4.7 / 6.4, 100 rows 4.1 / 5.5, 150 rows
// 4.8 / 4.9, 200 rows 5.6 / 4.6, 1,000 rows 5.3 / 2.4; AVX-512 50 rows 7.9 / 10.0, 100 rows 8.6 / 8.9, 150 rows
// 8.7 / 8.1, 1,000 rows 7.3 / 3.8; AVX2 50 rows 14.4 / 17.8, 100 rows 15.4 / 15.5, 150 rows 16.3 / 14.8.
constexpr usize kTogetherAlways = 128;

// Rows checked each by a sum of its own.
class Singly {
 public:
  explicit Singly(u8* ok) : ok_(ok) {}

  void add(const Signature& one, KeyTables* known) { add(one, even_key(one), known); }
  void add(const Signature& one, const WireKey<C>& key, KeyTables* known) {
    place(one, key);
    if (sums_.count() == kChunk) flush(known);
  }
  void flush(KeyTables* known) {
    sums_.compute(known);
    for (usize i = 0; i < sums_.count(); ++i) answer(i);
    sums_.clear();
  }

  // Checks those of rows[0, count) whose keys have tables; moves the others to the front and returns their number.
  usize settle_known(Signature* rows, usize count, KeyTables& known) {
    usize kept = 0;
    for (usize first = 0; first < count; first += kChunk) {
      const usize last = std::min(first + kChunk, count);
      for (usize i = first; i < last; ++i) place(rows[i], even_key(rows[i]));
      bool left[kChunk] = {};
      for (const usize at : sums_.compute_known(known)) left[at] = true;
      for (usize i = first; i < last; ++i) {
        if (left[i - first]) {
          rows[kept++] = rows[i];
        } else {
          answer(i - first);
        }
      }
      sums_.clear();
    }
    return kept;
  }

 private:
  static WireKey<C> even_key(const Signature& one) { return {one.key, {}, PointForm::even}; }
  void place(const Signature& one, const WireKey<C>& key) {
    Scalar minus_e;
    Scalar::neg(minus_e, one.e);
    const usize at = sums_.add(key, Scalar::to_words(one.s), Scalar::to_words(minus_e));
    row_[at] = one.row;
    r_[at] = one.r;
  }
  void answer(usize at) {
    const bool holds = sums_.is_finite(at) && sums_.x(at) == r_[at] && (sums_.y(at)[0] & 1) == 0;
    ok_[row_[at]] = holds ? 1 : 0;
  }

  u8* const ok_;
  usize row_[kChunk];
  Words r_[kChunk];
  Sums<C, kChunk> sums_;
};

constexpr Scalar kLambda = Scalar::from_constant(C::kLambda);

// A row of an equation.
struct Item {
  u32 row;    // of the group
  u32 nonce;  // its points among those lifted
  u32 key;
  i64 b, c;     // a = b + c lambda
  Scalar base;  // a s
  Scalar part;  // a e
};

Scalar scalar_of(i64 a) {
  Scalar r = Scalar::from_constant({a < 0 ? 0 - static_cast<u64>(a) : static_cast<u64>(a), 0, 0, 0});
  if (a < 0) Scalar::neg(r, r);
  return r;
}

class Group {
 public:
  Group(u8* ok, KeyTables* known) : ok_(ok), known_(known), singly_(ok) {}

  void add(const Signature& one) {
    rows_[count_++] = one;
    if (count_ == kGroup) flush();
  }

  void flush() {
    if (known_ != nullptr && count_ < kTogetherAlways) count_ = singly_.settle_known(rows_, count_, *known_);
    rank();
    if (count_ < curve::BucketSum::count_min() || !draw_coefficients()) {
      for (usize i = 0; i < count_; ++i) singly_.add(rows_[i], nullptr);
    } else {
      settle_together();
    }
    singly_.flush(nullptr);
    count_ = 0;
  }

 private:
  // Orders rows by their keys, so that those of one key are neighbours, and numbers the keys.
  void rank() {
    struct Ranked {
      u64 first;
      u32 row;
    };
    Ranked ranked[kGroup];
    for (u32 i = 0; i < count_; ++i) ranked[i] = {rows_[i].key[0], i};
    std::sort(ranked, ranked + count_, [&](const Ranked& a, const Ranked& b) {
      return a.first != b.first ? a.first < b.first : rows_[a.row].key < rows_[b.row].key;
    });
    key_count_ = 0;
    for (u32 i = 0; i < count_; ++i) {
      const bool same = i != 0 && rows_[items_[i - 1].row].key == rows_[ranked[i].row].key;
      items_[i].row = ranked[i].row;
      items_[i].key = same ? items_[i - 1].key : key_count_++;
    }
    item_count_ = count_;
  }

  // False without randomness.
  bool draw_coefficients() {
    u8 bytes[64] = {};
    // The kernel's generator (getrandom); it fails only where the system call is missing.
    if (getentropy(bytes, 32) != 0) return false;
    hash::Sha256 transcript;
    transcript.update(Bytes(bytes, 32));
    for (usize i = 0; i < item_count_; ++i) {
      const Signature& one = rows_[items_[i].row];
      field::words_to_be(bytes, Scalar::to_words(one.s));
      field::words_to_be(bytes + 32, Scalar::to_words(one.e));
      transcript.update(Bytes(bytes, 64));
    }
    u8 seed[32];
    transcript.finish(seed);
    // SHA-256 of seed || number of a pair || zeros, for a pair of rows each.
    constexpr usize kPairs = 32;
    u8 blocks[64 * kPairs] = {}, digests[32 * kPairs];
    for (usize first = 0; first < item_count_; first += 2 * kPairs) {
      const usize rows = std::min(item_count_ - first, 2 * kPairs);
      for (usize pair = 0; pair < (rows + 1) / 2; ++pair) {
        memcpy(blocks + 64 * pair, seed, 32);
        store_le64(blocks + 64 * pair + 32, first / 2 + pair);
      }
      hash::sha256_64(digests, blocks, (rows + 1) / 2);
      for (usize i = 0; i < rows; ++i) weigh(items_[first + i], digests + 16 * i);
    }
    return true;
  }
  void weigh(Item& item, const u8* random) {
    const Signature& one = rows_[item.row];
    item.b = static_cast<i64>(load_le64(random));
    item.c = static_cast<i64>(load_le64(random + 8));
    Scalar a;
    Scalar::mul(a, scalar_of(item.c), kLambda);
    Scalar::add(a, a, scalar_of(item.b));
    Scalar::mul(item.base, a, one.s);
    Scalar::mul(item.part, a, one.e);
  }

  void settle_together() {
    lift();
    Point sum;
    given_up_ = !sum_items(sum, 0, item_count_);
    work_left_ = item_count_ + item_count_ / 2;
    settle(0, item_count_, sum, 0);
  }

  // Finds the points of all rows; keeps the items of which both exist, the others are answered: their 0 stays.
  void lift() {
    for (u32 i = 0; i < item_count_; ++i) {
      items_[i].nonce = i;
      copy_words(xs_[i], rows_[items_[i].row].r);
      copy_words(xs_[item_count_ + items_[i].key], rows_[items_[i].row].key);
    }
    lanes_.lift(points_, {xs_, item_count_ + key_count_});
    const LiftedPoint* const keys = points_ + item_count_;
    usize kept = 0;
    for (usize i = 0; i < item_count_; ++i) {
      items_[i].key += static_cast<u32>(keys - points_);
      if (points_[items_[i].nonce].is_point == 0 || points_[items_[i].key].is_point == 0) continue;
      if (kept != i) items_[kept] = items_[i];
      ++kept;
    }
    item_count_ = kept;
  }
  static void copy_words(u64 (&out)[4], const Words& words) { memcpy(out, words.data(), sizeof out); }

  // What the parts of items [first, last) add up to: infinity iff all of them hold, up to a chance of 2^-128. False iff
  // that is not known.
  bool sum_items(Point& sum, usize first, usize last) {
    usize count = 0;
    Scalar base = Scalar::zero(), part = Scalar::zero();
    for (usize i = first; i < last; ++i) {
      const Item& item = items_[i];
      add_nonce(terms_[count++], item);
      Scalar::add(base, base, item.base);
      Scalar::add(part, part, item.part);
      if (i + 1 < last && items_[i + 1].key == item.key) continue;
      add_key(terms_[count++], item, Scalar::to_words(part));
      part = Scalar::zero();
    }
    Scalar::neg(base, base);
    return lanes_.sum(sum, Scalar::to_words(base), {terms_, count});
  }
  void add_nonce(BucketTerm& term, const Item& item) {
    const i64 parts[2] = {item.b, item.c};
    term = {points_ + item.nonce, {}, 0, true};
    for (usize i = 0; i < 2; ++i) {
      term.part[i][0] = parts[i] < 0 ? 0 - static_cast<u64>(parts[i]) : static_cast<u64>(parts[i]);
      if (parts[i] < 0) term.negative |= static_cast<u8>(1 << i);
    }
  }
  void add_key(BucketTerm& term, const Item& item, const Words& factor) {
    curve::Half half[2] = {};
    curve::split_scalar<C>(half[0], half[1], factor);
    term = {points_ + item.key, {}, 0, false};
    for (usize i = 0; i < 2; ++i) {
      term.part[i][0] = half[i].magnitude[0];
      term.part[i][1] = half[i].magnitude[1];
      if (half[i].negative) term.negative |= static_cast<u8>(1 << i);
    }
  }

  // Answers items [first, last), whose parts add up to `sum`. A false range is halved; the right half's sum is what the
  // left half's leaves of the whole. So a single false row costs the additions once more, but no decoding, and a check
  // of the last kSinglyMax rows. Where both halves are false three times in a row, false rows are many: then, and when
  // the work is used up, what is not known to be true is checked row by row.
  void settle(usize first, usize last, const Point& sum, u32 crowded) {
    if (!given_up_ && sum.infinity) return accept(first, last);
    const usize middle = first + (last - first) / 2;
    if (given_up_ || last - first <= kSinglyMax || middle - first > work_left_) return check_singly(first, last);
    work_left_ -= middle - first;
    Point left, right = sum;
    if (!sum_items(left, first, middle)) return check_singly(first, last);
    if (!left.infinity) {
      curve::negate(right, left);
      curve::add(right, right, sum);
    }
    crowded = left.infinity || right.infinity ? 0 : crowded + 1;
    if (crowded == kCrowdedMax) given_up_ = true;
    settle(first, middle, left, crowded);
    settle(middle, last, right, crowded);
  }
  void accept(usize first, usize last) {
    for (usize i = first; i < last; ++i) ok_[rows_[items_[i].row].row] = 1;
  }
  // The y of keys are known by now.
  void check_singly(usize first, usize last) {
    for (usize i = first; i < last; ++i) {
      const Signature& one = rows_[items_[i].row];
      singly_.add(one, {one.key, curve::words_of(points_[items_[i].key].y), PointForm::full}, nullptr);
    }
  }

  // Giving up after one / two / three such times costs, measured 2026-11 on a Zen 4 (EPYC) with IFMA, in microseconds
  // per row for 1,024 rows of which 2 are false 11.3 / 8.3 / 8.2, 4 false 11.2 / 11.0 / 9.7, half of them false
  // 11.7 / 11.8 / 12.6; rows by themselves take 7.5 whatever they are, one equation for true ones 4.4.
  static constexpr usize kSinglyMax = 64;
  static constexpr u32 kCrowdedMax = 3;

  u8* const ok_;
  KeyTables* const known_;
  curve::BucketSum lanes_;
  usize count_ = 0, item_count_ = 0;
  u32 key_count_ = 0;
  usize work_left_ = 0;    // rows that may be summed again
  bool given_up_ = false;  // on equations
  Signature rows_[kGroup];
  Item items_[kGroup];
  u64 xs_[2 * kGroup][4];
  LiftedPoint points_[2 * kGroup];
  BucketTerm terms_[2 * kGroup];
  Singly singly_;
};

}  // namespace

u32 lanes_count_min() { return Sums<C, kChunk>::has_lanes() ? 3 : 0; }

void verify_in_lanes(std::span<const Row> rows, u8* ok, KeyTables* known) {
  for (usize i = 0; i < rows.size(); ++i) ok[i] = 0;
  Signature one;
  const u32 together_min = curve::BucketSum::count_min();
  // Not make_unique, which would zero them.
  if (together_min == 0 || rows.size() < together_min) {
    const std::unique_ptr<Singly> singly(new Singly(ok));
    for (one.row = 0; one.row < rows.size(); ++one.row) {
      if (read_signature(one, rows[one.row])) singly->add(one, known);
    }
    return singly->flush(known);
  }
  const std::unique_ptr<Group> group(new Group(ok, known));
  for (one.row = 0; one.row < rows.size(); ++one.row) {
    if (read_signature(one, rows[one.row])) group->add(one);
  }
  group->flush();
}

}  // namespace isthmus::sig::bip340
