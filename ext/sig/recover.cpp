// Public-key recovery over secp256k1 (SEC 1 version 2, section 4.1.6), rows n at a time.
//
// What is accepted:
//   sig  65 bytes r || s || v, r and s big-endian, 1 <= r, s < n; s > n/2 is accepted unless kSigLowS is set.
//        v is 0, 1, 2 or 3, or one of 27 to 30, which count as 0 to 3: bit 0 is the parity of R.y, bit 1 says that R.x
//        is r + n. Nothing else is a v: other offsets (compressed keys, chain ids) are the caller's to take off
//   msg  a digest of one byte or more: its leftmost 256 bits as an integer e; a shorter one is the integer that it
//        spells
//   R.x is below p and the x of a point, and Q = (s/r) R - (e/r) G, the key, is not infinity
// Every key that comes out verifies its signature: (e/s) G + (r/s) Q = R.
// Cost per row: one square root, one double multiplication (curve/strauss.hpp), 3 scalar products; one scalar and two
// field inversions are shared by kChunk rows.
#include "sig/recover.hpp"

#include "curve/secp256k1.hpp"
#include "curve/strauss.hpp"
#include "sig/integers.hpp"

namespace isthmus::sig {
namespace {

using C = curve::Secp256k1;
using Words = C::Words;
using F = C::Field;
using Scalar = C::Scalar;

constexpr usize kChunk = 32;  // rows that share inversions

struct Chunk {
  usize row[kChunk];  // where the answer goes
  Scalar r[kChunk];
  Scalar s[kChunk];
  Scalar e[kChunk];
  curve::Affine<C> nonce[kChunk];  // R
  usize count = 0;
};

// The two bits of v; false iff it is none.
bool read_v(u32& bits, u8 v) {
  bits = v >= 27 ? v - 27u : v;
  return bits <= 3;
}

// Reads row into place `chunk.count`; false iff an encoding or range rule refuses it or R is no point.
bool parse_row(Chunk& chunk, const RecoverRow& row) {
  Words r, s;
  u32 v = 0;
  if (row.sig_len != 65 || row.msg_len == 0 || !read_v(v, row.sig[64])) return false;
  if (!read_pair<C>(r, s, Bytes(row.sig, 64))) return false;
  if ((row.flags & kSigLowS) != 0 && is_high<C>(s)) return false;
  Words x = r;
  if ((v & 2) != 0 && field::add_words(x, r, C::Order::kModulus) != 0) return false;
  const usize at = chunk.count;
  if (!curve::lift_x(chunk.nonce[at], x, (v & 1) != 0)) return false;  // refuses p and above
  chunk.r[at] = Scalar::from_constant(r);
  chunk.s[at] = Scalar::from_constant(s);
  chunk.e[at] = Scalar::from_words_reduced(digest_integer<C>(row.msg, row.msg_len));
  return true;
}

void write_key(u8* out, const curve::Jacobian<C>& point, const F& z_inverse) {
  curve::Affine<C> key;
  curve::to_affine(key, point, z_inverse);
  out[0] = 4;
  field::words_to_be(out + 1, F::to_words(key.x));
  field::words_to_be(out + 33, F::to_words(key.y));
}

void recover_chunk(Chunk& chunk, u8* keys, u8* ok) {
  Scalar scalar_scratch[kChunk];
  F z[kChunk], field_scratch[2 * kChunk];
  curve::OddMultiples<C> tables[kChunk];
  curve::Jacobian<C> points[kChunk];
  usize finite[kChunk], finite_count = 0;
  if (chunk.count == 0) return;
  field::invert_all(chunk.r, scalar_scratch, chunk.count);
  curve::odd_multiples(tables, chunk.nonce, chunk.count, field_scratch);
  for (usize i = 0; i < chunk.count; ++i) {
    Scalar u1, u2;
    Scalar::mul(u1, chunk.e[i], chunk.r[i]);
    Scalar::neg(u1, u1);
    Scalar::mul(u2, chunk.s[i], chunk.r[i]);
    curve::base_and_key(points[i], Scalar::to_words(u1), Scalar::to_words(u2), tables[i]);
    if (points[i].infinity) continue;
    z[finite_count] = points[i].z;
    finite[finite_count++] = i;
  }
  field::invert_all(z, field_scratch, finite_count);
  for (usize k = 0; k < finite_count; ++k) {
    const usize i = finite[k];
    write_key(keys + kRecoveredKey * chunk.row[i], points[i], z[k]);
    ok[chunk.row[i]] = 1;
  }
  chunk.count = 0;
}

}  // namespace

void recover(std::span<const RecoverRow> rows, u8* keys, u8* ok) {
  Chunk chunk;
  for (usize i = 0; i < rows.size(); ++i) {
    ok[i] = 0;
    memset(keys + kRecoveredKey * i, 0, kRecoveredKey);
    if (!parse_row(chunk, rows[i])) continue;
    chunk.row[chunk.count++] = i;
    if (chunk.count == kChunk) recover_chunk(chunk, keys, ok);
  }
  recover_chunk(chunk, keys, ok);
}

}  // namespace isthmus::sig
