// ECDSA verification (SEC 1 version 2, section 4.1.4; FIPS 186-5, section 6.4.2), rows n at a time.
//
// What `secp256k1-ecdsa` accepts (vector by vector: tests/accept/secp256k1_ecdsa.toml):
//   key  SEC1 02|03 x or 04 x y, coordinates below p, on the curve; 06|07 x y only with kSigHybrid and right parity
//   sig  64 bytes r || s, big-endian, 1 <= r, s < n; s > n/2 is accepted unless kSigLowS is set
//   msg  a digest of one byte or more: its leftmost 256 bits as an integer; a shorter one is the integer that it
//   spells.
//        The empty digest is refused: no hash function makes it, so it is a caller's mistake, not a message
//   R = (e/s) G + (r/s) Q is not infinity and R.x = r mod n, where R.x may be r or, below p, r + n
// Cost per row: one double multiplication (curve/strauss.hpp), 5 scalar products, a square root for a 33-byte key;
// one scalar and one field inversion are shared by kChunk rows.
#include "curve/decode.hpp"
#include "curve/secp256k1.hpp"
#include "curve/strauss.hpp"
#include "sig/schemes.hpp"

namespace isthmus::sig {
namespace {

using field::Words;

// Rows that share inversions; their tables (some 1 KiB each) live on the stack.
constexpr usize kChunk = 32;

template <class C>
struct Chunk {
  using F = typename C::Field;
  using Scalar = typename C::Scalar;
  usize row[kChunk];  // where the answer goes
  Words r[kChunk];
  Scalar e[kChunk];
  Scalar s[kChunk];
  curve::Affine<C> key[kChunk];
  usize count = 0;
};

// n / 2 rounded down: s is low iff it is at most this.
template <class C>
constexpr Words half_order() {
  return field::half_words(C::Order::kModulus);
}

// The digest as an integer: bits2int of SEC 1, section 4.1.3 step 5, for a group order of 256 bits.
Words digest_integer(const u8* digest, u64 len) {
  u8 bytes[32] = {};
  const usize take = len < 32 ? static_cast<usize>(len) : 32;
  memcpy(bytes + 32 - take, digest, take);
  return field::words_from_be(bytes);
}

// Reads row into place `chunk.count`; false iff an encoding or range rule refuses it.
template <class C>
bool parse_row(Chunk<C>& chunk, const Row& row) {
  using Scalar = typename C::Scalar;
  if (row.sig_len != 64 || row.msg_len == 0) return false;
  const usize at = chunk.count;
  const Words r = field::words_from_be(row.sig), s = field::words_from_be(row.sig + 32);
  if (field::is_zero_words(r) || !field::less_words(r, C::Order::kModulus)) return false;
  if (field::is_zero_words(s) || !Scalar::from_words(chunk.s[at], s)) return false;
  if ((row.flags & kSigLowS) != 0 && field::less_words(half_order<C>(), s)) return false;
  if (!curve::decode_sec1(chunk.key[at], Bytes(row.key, row.key_len), (row.flags & kSigHybrid) != 0)) return false;
  chunk.r[at] = r;
  chunk.e[at] = Scalar::from_words_reduced(digest_integer(row.msg, row.msg_len));
  return true;
}

// Whether the x of a finite point is r modulo n. As n < p < 2n, x is r or r + n; the second only if that is below p.
template <class C>
bool x_is_r(const curve::Jacobian<C>& point, const Words& r) {
  using F = typename C::Field;
  static_assert(field::less_words(C::Order::kModulus, F::kModulus));
  if (curve::has_x(point, F::from_constant(r))) return true;
  Words other = {};
  if (field::add_words(other, r, C::Order::kModulus) != 0 || !field::less_words(other, F::kModulus)) return false;
  return curve::has_x(point, F::from_constant(other));
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
void verify_ecdsa(std::span<const Row> rows, u8* ok) {
  Chunk<C> chunk;
  for (usize i = 0; i < rows.size(); ++i) {
    ok[i] = 0;
    if (!parse_row(chunk, rows[i])) continue;
    chunk.row[chunk.count++] = i;
    if (chunk.count < kChunk) continue;
    verify_chunk(chunk, ok);
    chunk.count = 0;
  }
  verify_chunk(chunk, ok);
}

}  // namespace

void verify_secp256k1_ecdsa(std::span<const Row> rows, u8* ok) { verify_ecdsa<curve::Secp256k1>(rows, ok); }

}  // namespace isthmus::sig
