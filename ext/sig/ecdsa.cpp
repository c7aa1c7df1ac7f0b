// ECDSA verification (SEC 1 version 2, section 4.1.4; FIPS 186-5, section 6.4.2), rows n at a time.
//
// What `secp256k1-ecdsa`, `p256-ecdsa` and `p384-ecdsa` accept (vector by vector: tests/accept/*_ecdsa.toml), with B
// the bytes of the curve's order, 32 or 48:
//   key  SEC1 02|03 x or 04 x y, coordinates below p, on the curve; secp256k1 only, and only with kSigHybrid: 06|07 x y
//        with the right parity
//   sig  2 B bytes r || s, big-endian, 1 <= r, s < n; s > n/2 is accepted unless kSigLowS is set
//   msg  a digest of one byte or more: its leftmost 8 B bits as an integer; a shorter one is the integer that it
//        spells. The empty digest is refused: no hash function makes it, so it is a caller's mistake, not a message
//   R = (e/s) G + (r/s) Q is not infinity and R.x = r mod n, where R.x may be r or, below p, r + n
// Cost per row: one double multiplication (curve/strauss.hpp), 5 scalar products, a square root for a 33-byte key;
// one scalar and one field inversion are shared by kChunk rows.
#include "curve/decode.hpp"
#include "curve/p256.hpp"
#include "curve/p384.hpp"
#include "curve/secp256k1.hpp"
#include "curve/strauss.hpp"
#include "sig/integers.hpp"
#include "sig/schemes.hpp"

namespace isthmus::sig {
namespace {

// Rows that share inversions; their tables (some 1 KiB each) live on the stack.
constexpr usize kChunk = 32;

template <class C>
struct Chunk {
  using F = typename C::Field;
  using Scalar = typename C::Scalar;
  using Words = typename C::Words;
  usize row[kChunk];  // where the answer goes
  Words r[kChunk];
  Scalar e[kChunk];
  Scalar s[kChunk];
  curve::Affine<C> key[kChunk];
  usize count = 0;
};

// Reads row into place `chunk.count`; false iff an encoding or range rule refuses it.
template <class C>
bool parse_row(Chunk<C>& chunk, const Row& row, bool hybrid_allowed) {
  using Scalar = typename C::Scalar;
  using Words = typename C::Words;
  if (row.msg_len == 0) return false;
  const usize at = chunk.count;
  Words& r = chunk.r[at];
  Words s;
  if (!read_pair<C>(r, s, Bytes(row.sig, row.sig_len))) return false;
  if ((row.flags & kSigLowS) != 0 && is_high<C>(s)) return false;
  const bool hybrid = hybrid_allowed && (row.flags & kSigHybrid) != 0;
  if (!curve::decode_sec1(chunk.key[at], Bytes(row.key, row.key_len), hybrid)) return false;
  chunk.s[at] = Scalar::from_constant(s);
  chunk.e[at] = Scalar::from_words_reduced(digest_integer<C>(row.msg, row.msg_len));
  return true;
}

template <class C>
void verify_chunk(Chunk<C>& chunk, u8* ok) {
  using F = typename C::Field;
  using Scalar = typename C::Scalar;
  if (chunk.count == 0) return;
  F field_scratch[2 * kChunk];
  Scalar scalar_scratch[kChunk];
  curve::OddMultiples<C> tables[kChunk];
  field::invert_all(chunk.s, scalar_scratch, chunk.count);
  curve::odd_multiples(tables, chunk.key, chunk.count, field_scratch);
  for (usize i = 0; i < chunk.count; ++i) {
    Scalar u1, u2;
    Scalar::mul(u1, chunk.e[i], chunk.s[i]);
    Scalar::mul(u2, Scalar::from_constant(chunk.r[i]), chunk.s[i]);
    curve::Jacobian<C> point;
    curve::base_and_key(point, Scalar::to_words(u1), Scalar::to_words(u2), tables[i]);
    ok[chunk.row[i]] = !point.infinity && x_is_r(point, chunk.r[i]) ? 1 : 0;
  }
}

template <class C>
void verify_ecdsa(std::span<const Row> rows, u8* ok, bool hybrid_allowed) {
  Chunk<C> chunk;
  for (usize i = 0; i < rows.size(); ++i) {
    ok[i] = 0;
    if (!parse_row(chunk, rows[i], hybrid_allowed)) continue;
    chunk.row[chunk.count++] = i;
    if (chunk.count < kChunk) continue;
    verify_chunk(chunk, ok);
    chunk.count = 0;
  }
  verify_chunk(chunk, ok);
}

}  // namespace

void verify_secp256k1_ecdsa(std::span<const Row> rows, u8* ok) { verify_ecdsa<curve::Secp256k1>(rows, ok, true); }
void verify_p256_ecdsa(std::span<const Row> rows, u8* ok) { verify_ecdsa<curve::P256>(rows, ok, false); }
void verify_p384_ecdsa(std::span<const Row> rows, u8* ok) { verify_ecdsa<curve::P384>(rows, ok, false); }

}  // namespace isthmus::sig
