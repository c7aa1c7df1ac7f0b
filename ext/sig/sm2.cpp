// SM2 signature verification with SM3 (GB/T 32918.2-2016, section 7; use and default id: GM/T 0009-2012), rows n at a
// time.
//
// What `sm2-sm3` accepts (vector by vector: tests/accept/sm2_sm3.toml):
//   key  04 x y or 02|03 x as SEC1, or the 64 bytes x y alone; coordinates below p, on the curve
//   sig  64 bytes r || s, big-endian, 1 <= r, s < n; s is never asked to be low: (r, n - s) is no second signature here
//   msg  any length: e = SM3(Z || msg), Z = SM3(ENTL || id || a || b || G.x || G.y || x || y), where ENTL is the number
//        of the id's bits in two bytes, so that no id has more than 8,191 bytes. With kSigPrehashed the message is e
//        itself, 32 bytes
//   t = r + s mod n is not 0, R = s G + t Q is not infinity, and e + R.x = r mod n
// Cost per row: one sum of two multiples (sig/sums.hpp), no scalar inversion; a square root for a 33-byte key; Z (four
// blocks) once for a run of rows with the same key. Digests and sums of a chunk are computed together.
#include "curve/sm2.hpp"

#include <algorithm>
#include <memory>

#include "hash/hash.hpp"
#include "hash/sm3.hpp"
#include "sig/integers.hpp"
#include "sig/schemes.hpp"
#include "sig/sums.hpp"

namespace isthmus::sig {
namespace {

using C = curve::Sm2;
using Words = C::Words;
using F = C::Field;
using Scalar = C::Scalar;

// Rows that share inversions and fill lanes: some 100 KiB on the heap, or a few rows on the stack.
constexpr usize kChunk = 128;
constexpr usize kFew = 4;
constexpr usize kIdMax = 8191;    // bytes, of which ENTL can count the bits
constexpr u32 kDigestBytes = 32;  // of SM3

// Before the key in Z: ENTL apart, a || b || G.x || G.y.
constexpr usize kCurveBytes = 128;

template <usize kRows>
struct Chunk {
  const Row* rows[kRows];
  u8* ok[kRows];
  Words r[kRows];
  Words s[kRows];
  Words t[kRows];
  u32 key_of[kRows];      // index into keys
  u8 digests[kRows][32];  // e
  usize count = 0;
  WireKey<C> keys[kRows];  // whole
  u8 key_bytes[kRows][64];
  u8 z[kRows][32];
  usize key_count = 0;
  hash::Segment segments[4 * kRows];
  hash::Message messages[kRows];
  Sums<C, kRows> sums;
};

// What every Z has between the id and the key.
void curve_bytes(u8 (&out)[kCurveBytes]) {
  static_assert(C::kA == -3);
  Words a = {};
  field::sub_words(a, F::kModulus, {3});
  u8* at = out;
  for (const Words& each : {a, C::kB, C::kGeneratorX, C::kGeneratorY}) {
    field::words_to_be(at, each);
    at += 32;
  }
}

// The coordinates of a key; y is computed where only a parity is given, because Z is over both.
bool read_key(WireKey<C>& out, Bytes key) {
  if (key.size() == 64) {
    out = {field::words_from_be(key.data()), field::words_from_be(key.data() + 32), PointForm::full};
    return field::less_words(out.x, F::kModulus) && field::less_words(out.y, F::kModulus);
  }
  if (!read_sec1<C>(out, key, false)) return false;
  if (out.form == PointForm::full) return true;
  curve::Affine<C> point;
  if (!curve::lift_x(point, out.x, out.form == PointForm::odd)) return false;
  out.y = F::to_words(point.y);
  out.form = PointForm::full;
  return true;
}

bool same(const Row& left, const Row& right) {
  return left.key_len == right.key_len && memcmp(left.key, right.key, left.key_len) == 0;
}

// The index of the row's key in the chunk, that of the row before where they are the same; false iff it is refused.
template <usize kRows>
bool take_key(Chunk<kRows>& chunk, u32& index, const Row& row) {
  if (chunk.count != 0 && same(*chunk.rows[chunk.count - 1], row)) {
    index = chunk.key_of[chunk.count - 1];
    return true;
  }
  WireKey<C>& key = chunk.keys[chunk.key_count];
  if (!read_key(key, Bytes(row.key, row.key_len))) return false;
  field::words_to_be(chunk.key_bytes[chunk.key_count], key.x);
  field::words_to_be(chunk.key_bytes[chunk.key_count] + 32, key.y);
  index = static_cast<u32>(chunk.key_count++);
  return true;
}

// Takes a row; false iff an encoding or range rule refuses it, the curve's equation excepted.
template <usize kRows>
bool take_row(Chunk<kRows>& chunk, const Row& row) {
  const usize at = chunk.count;
  Words& r = chunk.r[at];
  Words& s = chunk.s[at];
  if ((row.flags & kSigPrehashed) != 0 && row.msg_len != kDigestBytes) return false;
  if (!read_pair<C>(r, s, Bytes(row.sig, row.sig_len))) return false;
  Scalar t;
  Scalar::add(t, Scalar::from_constant(r), Scalar::from_constant(s));
  if (Scalar::is_zero(t)) return false;
  if (!take_key(chunk, chunk.key_of[at], row)) return false;
  chunk.t[at] = Scalar::to_words(t);
  return true;
}

// Z of every key (GB/T 32918.2, section 5.5), then e of every row.
template <usize kRows>
void hash_rows(Chunk<kRows>& chunk, Bytes id) {
  u8 curve[kCurveBytes];
  curve_bytes(curve);
  const u8 bits[2] = {static_cast<u8>(id.size() >> 5), static_cast<u8>(id.size() << 3)};
  const auto prehashed = [](const Row* row) { return (row->flags & kSigPrehashed) != 0; };
  const bool none_hashed = std::all_of(chunk.rows, chunk.rows + chunk.count, prehashed);
  const usize z_count = none_hashed ? 0 : chunk.key_count;
  for (usize k = 0; k < z_count; ++k) {
    hash::Segment* const part = chunk.segments + 4 * k;
    part[0] = {bits, sizeof bits};
    part[1] = {id.data(), id.size()};
    part[2] = {curve, sizeof curve};
    part[3] = {chunk.key_bytes[k], 64};
    chunk.messages[k] = {part, 4, chunk.z[k]};
  }
  hash::digest_many(Hash::sm3, {chunk.messages, z_count});
  usize count = 0;
  for (usize i = 0; i < chunk.count; ++i) {
    const Row& row = *chunk.rows[i];
    if ((row.flags & kSigPrehashed) != 0) {
      memcpy(chunk.digests[i], row.msg, kDigestBytes);
      continue;
    }
    hash::Segment* const part = chunk.segments + 2 * count;
    part[0] = {chunk.z[chunk.key_of[i]], kDigestBytes};
    part[1] = {row.msg, static_cast<usize>(row.msg_len)};
    chunk.messages[count++] = {part, 2, chunk.digests[i]};
  }
  hash::digest_many(Hash::sm3, {chunk.messages, count});
}

template <usize kRows>
void verify_chunk(Chunk<kRows>& chunk, const Context& context) {
  if (chunk.count == 0) return;
  hash_rows(chunk, context.signer_id);
  chunk.sums.clear();
  for (usize i = 0; i < chunk.count; ++i) chunk.sums.add(chunk.keys[chunk.key_of[i]], chunk.s[i], chunk.t[i]);
  chunk.sums.compute(context.known);
  for (usize i = 0; i < chunk.count; ++i) {
    Scalar x;
    Scalar::sub(x, Scalar::from_constant(chunk.r[i]),
                Scalar::from_words_reduced(field::words_from_be(chunk.digests[i])));
    *chunk.ok[i] = chunk.sums.is_finite(i) && is_x_mod_n<C>(chunk.sums.x(i), Scalar::to_words(x)) ? 1 : 0;
  }
  chunk.count = 0;
  chunk.key_count = 0;
}

template <usize kRows>
void verify_rows(Chunk<kRows>& chunk, std::span<const Row> rows, u8* ok, const Context& context) {
  for (usize i = 0; i < rows.size(); ++i) {
    ok[i] = 0;
    if (context.signer_id.size() > kIdMax || !take_row(chunk, rows[i])) continue;
    chunk.rows[chunk.count] = &rows[i];
    chunk.ok[chunk.count++] = ok + i;
    if (chunk.count == kRows) verify_chunk(chunk, context);
  }
  verify_chunk(chunk, context);
}

}  // namespace

void verify_sm2_sm3(std::span<const Row> rows, u8* ok, const Context& context) {
  if (rows.size() <= kFew) {
    Chunk<kFew> chunk;
    return verify_rows(chunk, rows, ok, context);
  }
  // Without memory std::bad_alloc passes through: an answer that was not computed must be neither true nor false.
  const std::unique_ptr<Chunk<kChunk>> chunk(new Chunk<kChunk>);
  verify_rows(*chunk, rows, ok, context);
}

}  // namespace isthmus::sig
