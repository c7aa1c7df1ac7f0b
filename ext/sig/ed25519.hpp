// Inside of Ed25519 verification, shared by ed25519.cpp (rules, rows one by one), ed25519_batch.cpp (one equation for
// many rows) and ed25519_lanes.cpp (both of these in lanes); nobody else but tests includes it. What is accepted stands
// at the top of ed25519.cpp.
//
// Rows come sorted by key and are worked on in groups, so that a key which stands in several rows is decoded once and,
// in the common equation, costs one term. Scalar code takes few rows and works everywhere; where the machine has lanes
// they take the others, in larger groups.
#pragma once

#include <memory>

#include "curve/ed25519_sum.hpp"
#include "sig/batch.hpp"

namespace isthmus::sig::ed25519 {

using curve::Ed25519Point;
using curve::Ed25519Sum;
using curve::Ed25519Table;
using curve::PointRule;
using field::Fe25519;
using field::Sc25519;

// Which code works; answers are the same.
enum class Means : u8 { best, scalar };

// Answers are the same on every path; tests and benchmarks name one, everybody else says `automatic`.
enum class Path : u8 {
  automatic,
  one_by_one,
  together,  // the common equation from two rows on; rfc8032 has none and stays one by one
};

// Rows of one group. Two points per row fill Ed25519Sum; the tables of a group (164 kB) stay in a
// second-level cache.
inline constexpr u32 kGroupMax = 64;
static_assert(2 * kGroupMax == Ed25519Sum::kTermsMax);

// Fewer rows than this are decided one by one.
// Measured 2026-11 on a Zen 5 (EPYC, one core), GCC 12 -O3, distinct keys, 120-byte messages, in
// microseconds per row one by one / together:
// 2 rows 28.3 / 24.4, 4 rows 27.4 / 18.9, 16 rows 26.8 / 15.1, 64 rows 27.1 / 13.8.
inline constexpr u32 kTogetherMin = 2;

// One distinct key of a group.
struct Key {
  const u8* bytes;
  bool valid;  // decodes under the rule; only then `table` is filled
  Ed25519Table table;
};

// One row that passed the cheap checks: lengths, s < L, a key that decodes.
struct Item {
  const Row* row;
  u8* ok;   // its answer, 0 so far
  u32 key;  // index into Group::keys
  Sc25519 s;
  Sc25519 k;  // SHA-512(R || A || M) mod L
  Sc25519 weight;
};

struct Group {
  PointRule rule;
  u32 together_min;  // fewer items than this are decided one by one
  u32 item_count;
  u32 key_count;
  u32 failures;  // common equations that failed
  Item items[kGroupMax];
  Key keys[kGroupMax];
  Ed25519Table r_tables[kGroupMax];  // of the items, filled by settle_together
  Ed25519Sum sum;
};

// Empties the group for another use under the rule; `together_min` of kGroupMax + 1 or more means never
// together.
void clear(Group& group, PointRule rule, u32 together_min);

// Takes a row with key 32 and signature 64 into the group unless it is false already; `ok` is where its
// answer stands, 0 so far. At most kGroupMax calls between two clears, rows of one key in sequence.
void admit(Group& group, const Row& row, u8* ok);

// k of every item, all hashes at once. Needed before rows are settled.
void hash_challenges(std::span<Item> items);

// Draws the weight of every item, 128 bits each, for the common equation of these items; false when the operating
// system gives no randomness. Their k must be there.
bool draw_weights(std::span<Item> items);

// [8](p - R) = 0 for an R that is not p byte by byte: R may be another encoding of p, or differ by a point of order 8.
bool holds_with_cofactor(const Ed25519Point& p, const u8* r_bytes);

// Answers items[first, last) by one equation each.
void settle_singly(Group& group, u32 first, u32 last);

// Answers all items under ZIP 215 through common equations, bisecting where one fails; false, with nothing
// answered, when the operating system gives no randomness. Removes items whose R is no point from the group,
// after answering them.
bool settle_together(Group& group);

// Rows that are sorted by key together.
inline constexpr u32 kSortMax = 1024;

struct Ranked {
  u64 prefix;  // first bytes of the key; other rows with the same prefix only cost a shared decoding
  u32 row;
};

// Orders rows so that equal keys stand next to one another.
void sort(std::span<Ranked> ranked);

// Rows with key 32 and signature 64 in lanes, sorted; true rows become 1 in `ok`. Kept from call to call of one verify,
// because it is large.
class Lanes;
struct DeleteLanes {
  void operator()(Lanes* lanes) const;
};
using LanesPointer = std::unique_ptr<Lanes, DeleteLanes>;
// The fewest rows that lanes take; 0 where there are none.
u32 lanes_count_min();
LanesPointer make_lanes();
void verify_ranked(Lanes& lanes, std::span<const Ranked> ranked, std::span<const Row> rows, u8* ok, PointRule rule,
                   Path path);
// How many common equations failed in the last group of rows.
u32 failures_of(const Lanes& lanes);

// The whole scheme for any number of rows.
void verify(std::span<const Row> rows, u8* ok, PointRule rule, Path path, Means means = Means::best);

}  // namespace isthmus::sig::ed25519
