// Ed25519 verification under two rules. A row is (key A, signature R || s, message M); B is the base point of
// order L.
//
//   what                                   ed25519-zip215             ed25519-rfc8032
//   key not of 32, signature not of 64     refused                    refused
//   s >= L                                 refused                    refused (5.1.7 step 1)
//   k                                      SHA-512(R || A || M) mod L over the bytes as given, in both
//   y of A or R is no curve point          refused                    refused (5.1.3 step 3)
//   y >= p in A or R                       accepted, taken modulo p   refused (5.1.3 step 1)
//   x = 0 with sign bit 1 in A or R        accepted, as x = 0         refused (5.1.3 step 4)
//   A or R of small order                  accepted                   accepted: the text names no such check
//   A or R of mixed order                  accepted                   accepted if the equation holds
//   equation                               [8]sB = [8]R + [8]kA       sB = R + kA: encode(sB - kA) is R
//
// Sources: ZIP 215; RFC 8032 sections 5.1.3 and 5.1.7, which allow the equation with or without the cofactor:
// without it, `ed25519-rfc8032` decides as the original software and its descendants do, except that it
// keeps 5.1.3's refusal of non-canonical keys, which some of them have dropped. Vector by vector:
// tests/accept/ed25519_{zip215,rfc8032}.toml.
//
// Cost of one row by itself: about 2,700 field multiplications. R is not decoded unless it must be: sB - kA
// is brought to its canonical bytes, one inversion serving the whole group, and equal bytes mean equal points
// under both rules. Where the machine has lanes they take calls of a few rows and more (ed25519_lanes.cpp).
#include "sig/ed25519.hpp"

#include <algorithm>
#include <memory>

#include "field/fe25519_chains.hpp"
#include "hash/hash.hpp"
#include "sig/schemes.hpp"

namespace isthmus::sig::ed25519 {
namespace {

using curve::Projective;

// What one call needs, too large for the stack of a small thread; the parts that work are made when they are needed.
struct Workspace {
  u32 ranked_count = 0;
  Ranked ranked[kSortMax];
  std::unique_ptr<Group> group;
  LanesPointer lanes;
};

// How many messages are hashed together at most.
constexpr usize kHashMax = 128;

// sB - kA.
Ed25519Point evaluate(Ed25519Sum& sum, const Item& item, const Ed25519Table& key) {
  sum.clear();
  sum.add_base(item.s);
  sum.take_term(item.k, key);
  return to_extended(sum.total());
}

// The index of the row's key in the group; equal keys stand next to one another. Decodes a new one.
u32 key_of(Group& group, const Row& row) {
  if (group.key_count != 0 && memcmp(group.keys[group.key_count - 1].bytes, row.key, 32) == 0) {
    return group.key_count - 1;
  }
  Key& key = group.keys[group.key_count];
  key.bytes = row.key;
  Ed25519Point point;
  key.valid = curve::decode_ed25519(point, row.key, group.rule);
  if (key.valid) key.table.fill(point);
  return group.key_count++;
}

// The least number of items for which a common equation is tried: out of reach where there is none.
u32 together_min(PointRule rule, Path path) {
  if (rule == PointRule::rfc8032 || path == Path::one_by_one) return kGroupMax + 1;
  return path == Path::together ? 2 : kTogetherMin;
}

// Answers the group. `trusting` follows what the last group showed: where more than one row in 32 was false a
// common equation would fail too, so the next group is decided one by one. A stream of false rows then costs
// no more than that.
void settle(Group& group, bool& trusting) {
  if (group.item_count == 0) return;
  hash_challenges({group.items, group.item_count});
  const u32 count = group.item_count;
  u8* answers[kGroupMax];
  for (u32 i = 0; i < count; ++i) answers[i] = group.items[i].ok;
  const bool together = trusting && count >= group.together_min;
  if (!together || !settle_together(group)) settle_singly(group, 0, group.item_count);
  u32 false_count = 0;
  for (u32 i = 0; i < count; ++i) false_count += *answers[i] == 0 ? 1 : 0;
  trusting = 32 * false_count <= count;
}

void verify_scalar(Group& group, std::span<const Ranked> ranked, std::span<const Row> rows, u8* ok, PointRule rule,
                   Path path) {
  usize next = 0;
  bool trusting = true;
  while (next < ranked.size()) {
    clear(group, rule, together_min(rule, path));
    // A false key uses a slot of `keys` without an item, so both counts are bounded.
    while (next < ranked.size() && group.item_count < kGroupMax && group.key_count < kGroupMax) {
      const u32 row = ranked[next++].row;
      admit(group, rows[row], ok + row);
    }
    settle(group, trusting);
  }
}

// Rows that were sorted together. Not make_unique for the parts, which would zero them. Without memory std::bad_alloc
// passes through: an answer that was not computed must be neither true nor false.
void verify_sorted(Workspace& work, std::span<const Row> rows, u8* ok, PointRule rule, Path path, Means means) {
  const std::span<Ranked> ranked(work.ranked, work.ranked_count);
  sort(ranked);
  const u32 lanes_min = means == Means::scalar ? 0 : lanes_count_min();
  if (lanes_min != 0 && ranked.size() >= lanes_min) {
    if (work.lanes == nullptr) work.lanes = make_lanes();
    verify_ranked(*work.lanes, ranked, rows, ok, rule, path);
  } else {
    if (work.group == nullptr) work.group.reset(new Group);
    verify_scalar(*work.group, ranked, rows, ok, rule, path);
  }
}

}  // namespace

void sort(std::span<Ranked> ranked) {
  std::sort(ranked.begin(), ranked.end(), [](const Ranked& left, const Ranked& right) {
    return left.prefix != right.prefix ? left.prefix < right.prefix : left.row < right.row;
  });
}

bool holds_with_cofactor(const Ed25519Point& p, const u8* r_bytes) {
  Ed25519Point r;
  if (!curve::decode_ed25519(r, r_bytes, PointRule::zip215)) return false;
  const auto rest = minus(p, to_cached(r, curve::kEd25519D2));
  return curve::is_identity(times_cofactor8(to_projective(rest)));
}

void clear(Group& group, PointRule rule, u32 together_min) {
  group.rule = rule;
  group.together_min = together_min;
  group.item_count = 0;
  group.key_count = 0;
  group.failures = 0;
}

void admit(Group& group, const Row& row, u8* ok) {
  Sc25519 s;
  if (!field::sc_from_bytes(s, row.sig + 32)) return;
  const u32 key = key_of(group, row);
  if (!group.keys[key].valid) return;
  Item& item = group.items[group.item_count++];
  item.row = &row;
  item.ok = ok;
  item.key = key;
  item.s = s;
}

void hash_challenges(std::span<Item> items) {
  hash::Segment segments[3 * kHashMax];
  hash::Message messages[kHashMax];
  u8 digests[kHashMax][64];
  while (!items.empty()) {
    const std::span<Item> part = items.first(std::min(items.size(), kHashMax));
    for (usize i = 0; i < part.size(); ++i) {
      const Row& row = *part[i].row;
      hash::Segment* const segment = segments + 3 * i;
      segment[0] = {row.sig, 32};
      segment[1] = {row.key, 32};
      segment[2] = {row.msg, row.msg_len};
      messages[i] = {segment, 3, digests[i]};
    }
    hash::digest_many(Hash::sha512, {messages, part.size()});
    for (usize i = 0; i < part.size(); ++i) part[i].k = field::sc_reduce(digests[i]);
    items = items.subspan(part.size());
  }
}

void settle_singly(Group& group, u32 first, u32 last) {
  // Montgomery's trick: before[i] is the product of the Z of earlier items, so one inversion of the whole
  // product gives every 1 / Z. No Z is 0: the addition law is complete.
  Ed25519Point points[kGroupMax];
  Fe25519 before[kGroupMax];
  Fe25519 product = field::kFe25519One;
  for (u32 i = first; i < last; ++i) {
    points[i] = evaluate(group.sum, group.items[i], group.keys[group.items[i].key].table);
    before[i] = product;
    product = mul(product, points[i].Z);
  }
  Fe25519 inverse = field::invert(product);
  for (u32 i = last; i-- > first;) {
    const Fe25519 z_inverse = mul(inverse, before[i]);
    inverse = mul(inverse, points[i].Z);
    u8 bytes[32];
    curve::encode_ed25519(bytes, to_projective(points[i]), z_inverse);
    const Item& item = group.items[i];
    const bool same = memcmp(bytes, item.row->sig, 32) == 0;
    const bool holds = same || (group.rule == PointRule::zip215 && holds_with_cofactor(points[i], item.row->sig));
    *item.ok = holds ? 1 : 0;
  }
}

void verify(std::span<const Row> rows, u8* ok, PointRule rule, Path path, Means means) {
  for (usize i = 0; i < rows.size(); ++i) ok[i] = 0;
  const std::unique_ptr<Workspace> work(new Workspace);
  usize begin = 0;
  while (begin < rows.size()) {
    const usize end = std::min(rows.size(), begin + kSortMax);
    work->ranked_count = 0;
    for (usize i = begin; i < end; ++i) {
      if (rows[i].key_len != 32 || rows[i].sig_len != 64) continue;
      work->ranked[work->ranked_count++] = {load_be64(rows[i].key), static_cast<u32>(i - begin)};
    }
    verify_sorted(*work, rows.subspan(begin, end - begin), ok + begin, rule, path, means);
    begin = end;
  }
}

}  // namespace isthmus::sig::ed25519

namespace isthmus::sig {

void verify_ed25519_zip215(std::span<const Row> rows, u8* ok) {
  ed25519::verify(rows, ok, curve::PointRule::zip215, ed25519::Path::automatic);
}

void verify_ed25519_rfc8032(std::span<const Row> rows, u8* ok) {
  ed25519::verify(rows, ok, curve::PointRule::rfc8032, ed25519::Path::automatic);
}

}  // namespace isthmus::sig
