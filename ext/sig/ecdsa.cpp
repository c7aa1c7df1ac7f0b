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
// Cost per row: one sum of two multiples (sig/sums.hpp), 5 scalar products, a square root for a compressed key; one
// scalar inversion and those of the sums are shared by the rows of a chunk.
#include <memory>

#include "sig/integers.hpp"
#include "sig/schemes.hpp"
#include "sig/sums.hpp"

namespace isthmus::sig {
namespace {

// Rows that share inversions and fill lanes: some 100 KiB on the heap, or a few rows on the stack.
constexpr usize kChunk = 128;
constexpr usize kFew = 4;

template <class C, usize kRows>
struct Chunk {
  using Scalar = typename C::Scalar;
  using Words = typename C::Words;
  usize row[kRows];  // where the answer goes
  Words r[kRows];
  Scalar e[kRows];
  Scalar s[kRows];
  Scalar scratch[kRows];
  WireKey<C> key[kRows];
  usize count = 0;
  Sums<C, kRows> sums;
};

// Reads row into place `chunk.count`; false iff an encoding or range rule refuses it, the curve's equation excepted.
template <class C, usize kRows>
bool parse_row(Chunk<C, kRows>& chunk, const Row& row, bool hybrid_allowed) {
  using Scalar = typename C::Scalar;
  using Words = typename C::Words;
  if (row.msg_len == 0) return false;
  const usize at = chunk.count;
  Words& r = chunk.r[at];
  Words s;
  if (!read_pair<C>(r, s, Bytes(row.sig, row.sig_len))) return false;
  if ((row.flags & kSigLowS) != 0 && is_high<C>(s)) return false;
  const bool hybrid = hybrid_allowed && (row.flags & kSigHybrid) != 0;
  if (!read_sec1<C>(chunk.key[at], Bytes(row.key, row.key_len), hybrid)) return false;
  chunk.s[at] = Scalar::from_constant(s);
  chunk.e[at] = Scalar::from_words_reduced(digest_integer<C>(row.msg, row.msg_len));
  return true;
}

template <class C, usize kRows>
void verify_chunk(Chunk<C, kRows>& chunk, u8* ok, KeyTables* known) {
  using Scalar = typename C::Scalar;
  if (chunk.count == 0) return;
  field::invert_all(chunk.s, chunk.scratch, chunk.count);
  chunk.sums.clear();
  for (usize i = 0; i < chunk.count; ++i) {
    Scalar u1, u2;
    Scalar::mul(u1, chunk.e[i], chunk.s[i]);
    Scalar::mul(u2, Scalar::from_constant(chunk.r[i]), chunk.s[i]);
    chunk.sums.add(chunk.key[i], Scalar::to_words(u1), Scalar::to_words(u2));
  }
  chunk.sums.compute(known);
  for (usize i = 0; i < chunk.count; ++i) {
    ok[chunk.row[i]] = chunk.sums.is_finite(i) && is_x_mod_n<C>(chunk.sums.x(i), chunk.r[i]) ? 1 : 0;
  }
  chunk.count = 0;
}

template <class C, usize kRows>
void verify_rows(Chunk<C, kRows>& chunk, std::span<const Row> rows, u8* ok, bool hybrid_allowed, KeyTables* known) {
  for (usize i = 0; i < rows.size(); ++i) {
    ok[i] = 0;
    if (!parse_row(chunk, rows[i], hybrid_allowed)) continue;
    chunk.row[chunk.count++] = i;
    if (chunk.count == kRows) verify_chunk(chunk, ok, known);
  }
  verify_chunk(chunk, ok, known);
}

template <class C>
void verify_ecdsa(std::span<const Row> rows, u8* ok, bool hybrid_allowed, KeyTables* known) {
  if (rows.size() <= kFew) {
    Chunk<C, kFew> chunk;
    return verify_rows(chunk, rows, ok, hybrid_allowed, known);
  }
  // Without memory std::bad_alloc passes through: an answer that was not computed must be neither true nor false.
  const std::unique_ptr<Chunk<C, kChunk>> chunk(new Chunk<C, kChunk>);
  verify_rows(*chunk, rows, ok, hybrid_allowed, known);
}

}  // namespace

void verify_secp256k1_ecdsa(std::span<const Row> rows, u8* ok, const Context& context) {
  verify_ecdsa<curve::Secp256k1>(rows, ok, true, context.known);
}
void verify_p256_ecdsa(std::span<const Row> rows, u8* ok, const Context& context) {
  verify_ecdsa<curve::P256>(rows, ok, false, context.known);
}
void verify_p384_ecdsa(std::span<const Row> rows, u8* ok, const Context&) {
  verify_ecdsa<curve::P384>(rows, ok, false, nullptr);
}

}  // namespace isthmus::sig
