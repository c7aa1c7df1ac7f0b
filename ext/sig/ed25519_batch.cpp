// One equation for many rows under ZIP 215:
//
//   [8] ( - (sum z_i s_i) B + sum z_i R_i + sum (z_i k_i) A_i ) = 0
//
// with z_i of 128 random bits, fresh in every group. Every term of a true row is 0 after multiplication by 8,
// so true rows never make the equation fail. A false row leaves a point other than 0 in the group of prime
// order L, where at most one z_i of 2^128 can cancel it: a wrong acceptance has probability 2^-128 for each
// equation, whatever the rows are. Hence the answers are those of the single equation, which has the cofactor
// too; without the cofactor this would not be so, and `ed25519-rfc8032` never comes here.
//
// The z_i come from the operating system's generator, hashed together with s and k of every row: they cannot be known
// when the rows are made, and a generator that repeats itself still gives other z_i to other rows, because k is a hash
// of R, A and M.
//
// Cost per row, 64 rows with distinct keys: 2 decodings (530 field multiplications), 2 tables (144), 63
// additions (530) and 1/64 of the doublings (28). A failed equation is bisected, which costs additions and
// doublings only; kFailuresMax bounds it.
#include <unistd.h>

#include <algorithm>

#include "hash/hash.hpp"
#include "hash/sha512.hpp"
#include "sig/ed25519.hpp"

namespace isthmus::sig::ed25519 {
namespace {

// A part of at most kSinglyMax rows that fails is decided row by row; so is the rest after kFailuresMax
// failures, which is enough to find one false row of 64 (64, 32, 16, 8, 4) and some more.
constexpr u32 kSinglyMax = 4;
constexpr u32 kFailuresMax = 8;
constexpr char kWeightDomain[] = "isthmus ed25519-zip215 batch weights";
constexpr char kExpandDomain[] = "isthmus ed25519-zip215 batch expand";

// Domain names enter with their terminating 0, so that none is a prefix of another input.
template <usize kLen>
Bytes domain_bytes(const char (&domain)[kLen]) {
  return {reinterpret_cast<const u8*>(domain), kLen};
}

// Four weights per SHA-512(domain || seed || counter).
void expand_weights(std::span<Item> items, const u8 (&seed)[64]) {
  constexpr usize kBlocks = 32;
  u8 counters[kBlocks][8], digests[kBlocks][64];
  hash::Segment segments[3 * kBlocks];
  hash::Message messages[kBlocks];
  const Bytes domain = domain_bytes(kExpandDomain);
  for (usize first = 0; first < items.size(); first += 4 * kBlocks) {
    const std::span<Item> part = items.subspan(first, std::min(items.size() - first, 4 * kBlocks));
    const usize blocks = (part.size() + 3) / 4;
    for (usize i = 0; i < blocks; ++i) {
      hash::Segment* const segment = segments + 3 * i;
      store_le64(counters[i], first / 4 + i);
      segment[0] = {domain.data(), domain.size()};
      segment[1] = {seed, sizeof seed};
      segment[2] = {counters[i], sizeof counters[i]};
      messages[i] = {segment, 3, digests[i]};
    }
    hash::digest_many(Hash::sha512, {messages, blocks});
    for (usize i = 0; i < part.size(); ++i) part[i].weight = field::sc_from_half(digests[i / 4] + 16 * (i % 4));
  }
}

// Keeps the items whose R is a point, with the table of R; the others are answered: their 0 stays.
void decode_commitments(Group& group) {
  u32 kept = 0;
  for (u32 i = 0; i < group.item_count; ++i) {
    Ed25519Point r;
    if (!curve::decode_ed25519(r, group.items[i].row->sig, PointRule::zip215)) continue;
    group.r_tables[kept].fill(r);
    if (kept != i) group.items[kept] = group.items[i];
    ++kept;
  }
  group.item_count = kept;
}

// Whether the equation holds for items[first, last). Items of one key are neighbours and share its term.
bool equation_holds(Group& group, u32 first, u32 last) {
  Ed25519Sum& sum = group.sum;
  sum.clear();
  Sc25519 base = field::kSc25519Zero;
  Sc25519 key_factor = field::kSc25519Zero;
  for (u32 i = first; i < last; ++i) {
    const Item& item = group.items[i];
    base = sc_add(base, sc_mul(item.weight, item.s));
    key_factor = sc_add(key_factor, sc_mul(item.weight, item.k));
    sum.add_term(item.weight, group.r_tables[i]);
    if (i + 1 == last || group.items[i + 1].key != item.key) {
      sum.add_term(key_factor, group.keys[item.key].table);
      key_factor = field::kSc25519Zero;
    }
  }
  sum.add_base(sc_neg(base));
  return curve::is_identity(times_cofactor8(to_projective(sum.total())));
}

// Answers items[first, last); true iff all of them hold. `fails` says that their equation is known to fail.
// The depth of the recursion is at most log2(kGroupMax).
bool bisect(Group& group, u32 first, u32 last, bool fails) {
  if (!fails && group.failures < kFailuresMax && last - first >= group.together_min) {
    if (equation_holds(group, first, last)) {
      for (u32 i = first; i < last; ++i) *group.items[i].ok = 1;
      return true;
    }
    ++group.failures;
  }
  if (last - first <= kSinglyMax || group.failures >= kFailuresMax) {
    settle_singly(group, first, last);
    for (u32 i = first; i < last; ++i) {
      if (*group.items[i].ok == 0) return false;
    }
    return true;
  }
  const u32 middle = first + (last - first) / 2;
  const bool left_holds = bisect(group, first, middle, false);
  bisect(group, middle, last, left_holds);
  return false;
}

}  // namespace

// seed = SHA-512(domain || 32 random bytes || count || s k of every item);
// see expand_weights for the rest. False without randomness.
bool draw_weights(std::span<Item> items) {
  u8 random[32];
  // The kernel's generator (getrandom); it fails only where the system call is missing.
  if (getentropy(random, sizeof random) != 0) return false;
  u8 number[8];
  hash::Sha512 transcript;
  transcript.update(domain_bytes(kWeightDomain));
  transcript.update(Bytes(random, sizeof random));
  store_le64(number, items.size());
  transcript.update(Bytes(number, sizeof number));
  for (const Item& item : items) {
    u8 k[32];
    field::sc_to_bytes(k, item.k);
    transcript.update(Bytes(item.row->sig + 32, 32));
    transcript.update(Bytes(k, sizeof k));
  }
  u8 seed[64];
  transcript.finish(seed);
  expand_weights(items, seed);
  return true;
}

bool settle_together(Group& group) {
  if (!draw_weights({group.items, group.item_count})) return false;
  decode_commitments(group);
  bisect(group, 0, group.item_count, false);
  return true;
}

}  // namespace isthmus::sig::ed25519
