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
// Cost per row: one double multiplication (curve/strauss.hpp), no scalar inversion; a square root for a 33-byte key; Z
// (four blocks) and the key's decoding once for a run of rows with the same key. One field inversion is shared by
// kChunk rows.
#include "curve/sm2.hpp"

#include "curve/strauss.hpp"
#include "hash/sm3.hpp"
#include "sig/integers.hpp"
#include "sig/schemes.hpp"

namespace isthmus::sig {
namespace {

using C = curve::Sm2;
using Words = C::Words;
using F = C::Field;
using Scalar = C::Scalar;

constexpr usize kChunk = 32;      // rows that share an inversion
constexpr usize kIdMax = 8191;    // bytes, of which ENTL can count the bits
constexpr u32 kDigestBytes = 32;  // of SM3

struct Chunk {
  usize row[kChunk];  // where the answer goes
  Words x[kChunk];    // what R.x must be modulo n
  Words s[kChunk];
  Words t[kChunk];
  curve::Affine<C> key[kChunk];
  usize count = 0;
};

// The key of the row before, with its Z: rows of one signer often stand together.
struct LastKey {
  Bytes bytes;  // nothing, or a key that was accepted
  curve::Affine<C> point;
  u8 z[kDigestBytes];
  bool has_z = false;
};

void update_words(hash::Sm3& state, const Words& a) {
  u8 bytes[32];
  field::words_to_be(bytes, a);
  state.update(Bytes(bytes, sizeof bytes));
}

// Z of GB/T 32918.2, section 5.5.
void identity_digest(u8* z, Bytes id, const curve::Affine<C>& key) {
  static_assert(C::kA == -3);
  Words a = {};
  field::sub_words(a, F::kModulus, {3});
  const u8 bits[2] = {static_cast<u8>(id.size() >> 5), static_cast<u8>(id.size() << 3)};
  hash::Sm3 state;
  state.update(Bytes(bits, sizeof bits));
  state.update(id);
  for (const Words& each : {a, C::kB, C::kGeneratorX, C::kGeneratorY, F::to_words(key.x), F::to_words(key.y)}) {
    update_words(state, each);
  }
  state.finish(z);
}

bool decode_key(curve::Affine<C>& point, Bytes key) {
  return key.size() == 64 ? curve::decode_raw<C>(point, key) : curve::decode_sec1<C>(point, key, false);
}

bool same(Bytes left, Bytes right) {
  return left.size() == right.size() && memcmp(left.data(), right.data(), left.size()) == 0;
}

// Makes `last` the row's key; false iff it is refused.
bool take_key(LastKey& last, Bytes key) {
  if (!last.bytes.empty() && same(last.bytes, key)) return true;
  last.bytes = {};
  last.has_z = false;
  if (!decode_key(last.point, key)) return false;
  last.bytes = key;
  return true;
}

// e of a row whose key is `last`.
void message_digest(u8* e, const Row& row, LastKey& last, Bytes id) {
  if ((row.flags & kSigPrehashed) != 0) {
    memcpy(e, row.msg, kDigestBytes);
    return;
  }
  if (!last.has_z) identity_digest(last.z, id, last.point);
  last.has_z = true;
  hash::Sm3 state;
  state.update(Bytes(last.z, kDigestBytes));
  state.update(Bytes(row.msg, static_cast<usize>(row.msg_len)));
  state.finish(e);
}

// Reads row into place `chunk.count`; false iff an encoding or range rule refuses it.
bool parse_row(Chunk& chunk, LastKey& last, const Row& row, Bytes id) {
  const usize at = chunk.count;
  Words r, s;
  if ((row.flags & kSigPrehashed) != 0 && row.msg_len != kDigestBytes) return false;
  if (!read_pair<C>(r, s, Bytes(row.sig, row.sig_len))) return false;
  const Scalar r_mod = Scalar::from_constant(r);
  Scalar t;
  Scalar::add(t, r_mod, Scalar::from_constant(s));
  if (Scalar::is_zero(t)) return false;
  if (!take_key(last, Bytes(row.key, row.key_len))) return false;
  u8 digest[kDigestBytes];
  message_digest(digest, row, last, id);
  Scalar x;
  Scalar::sub(x, r_mod, Scalar::from_words_reduced(field::words_from_be(digest)));
  chunk.x[at] = Scalar::to_words(x);
  chunk.s[at] = s;
  chunk.t[at] = Scalar::to_words(t);
  chunk.key[at] = last.point;
  return true;
}

void verify_chunk(Chunk& chunk, u8* ok) {
  if (chunk.count == 0) return;
  F scratch[2 * kChunk];
  curve::OddMultiples<C> tables[kChunk];
  curve::odd_multiples(tables, chunk.key, chunk.count, scratch);
  for (usize i = 0; i < chunk.count; ++i) {
    curve::Jacobian<C> point;
    curve::base_and_key(point, chunk.s[i], chunk.t[i], tables[i]);
    ok[chunk.row[i]] = !point.infinity && x_is_r(point, chunk.x[i]) ? 1 : 0;
  }
  chunk.count = 0;
}

}  // namespace

void verify_sm2_sm3(std::span<const Row> rows, u8* ok, const Context& context) {
  const bool id_fits = context.signer_id.size() <= kIdMax;
  Chunk chunk;
  LastKey last;
  for (usize i = 0; i < rows.size(); ++i) {
    ok[i] = 0;
    if (!id_fits || !parse_row(chunk, last, rows[i], context.signer_id)) continue;
    chunk.row[chunk.count++] = i;
    if (chunk.count == kChunk) verify_chunk(chunk, ok);
  }
  verify_chunk(chunk, ok);
}

}  // namespace isthmus::sig
