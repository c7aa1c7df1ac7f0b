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
// Cost per row: one square root and one sum of two multiples (sig/sums.hpp), 3 scalar products; inversions are shared
// by the rows of a chunk.
#include "sig/recover.hpp"

#include <memory>

#include "sig/integers.hpp"
#include "sig/sums.hpp"

namespace isthmus::sig {
namespace {

using C = curve::Secp256k1;
using Words = C::Words;
using Scalar = C::Scalar;

// Rows that share inversions and fill lanes: some 100 KiB on the heap, or a few rows on the stack.
constexpr usize kChunk = 128;
constexpr usize kFew = 4;

template <usize kRows>
struct Chunk {
  usize row[kRows];  // where the answer goes
  Scalar r[kRows];
  Scalar s[kRows];
  Scalar e[kRows];
  Scalar scratch[kRows];
  WireKey<C> nonce[kRows];  // R
  usize count = 0;
  Sums<C, kRows> sums;
};

// The two bits of v; false iff it is none.
bool read_v(u32& bits, u8 v) {
  bits = v >= 27 ? v - 27u : v;
  return bits <= 3;
}

// Reads row into place `chunk.count`; false iff an encoding or range rule refuses it.
template <usize kRows>
bool parse_row(Chunk<kRows>& chunk, const RecoverRow& row) {
  Words r, s;
  u32 v = 0;
  if (row.sig_len != 65 || row.msg_len == 0 || !read_v(v, row.sig[64])) return false;
  if (!read_pair<C>(r, s, Bytes(row.sig, 64))) return false;
  if ((row.flags & kSigLowS) != 0 && is_high<C>(s)) return false;
  const usize at = chunk.count;
  WireKey<C>& nonce = chunk.nonce[at];
  nonce.x = r;
  nonce.form = (v & 1) != 0 ? PointForm::odd : PointForm::even;
  if ((v & 2) != 0 && field::add_words(nonce.x, r, C::Order::kModulus) != 0) return false;
  if (!field::less_words(nonce.x, C::Field::kModulus)) return false;
  chunk.r[at] = Scalar::from_constant(r);
  chunk.s[at] = Scalar::from_constant(s);
  chunk.e[at] = Scalar::from_words_reduced(digest_integer<C>(row.msg, row.msg_len));
  return true;
}

template <usize kRows>
void recover_chunk(Chunk<kRows>& chunk, u8* keys, u8* ok) {
  if (chunk.count == 0) return;
  field::invert_all(chunk.r, chunk.scratch, chunk.count);
  chunk.sums.clear();
  for (usize i = 0; i < chunk.count; ++i) {
    Scalar u1, u2;
    Scalar::mul(u1, chunk.e[i], chunk.r[i]);
    Scalar::neg(u1, u1);
    Scalar::mul(u2, chunk.s[i], chunk.r[i]);
    chunk.sums.add(chunk.nonce[i], Scalar::to_words(u1), Scalar::to_words(u2));
  }
  chunk.sums.compute();
  for (usize i = 0; i < chunk.count; ++i) {
    if (!chunk.sums.is_finite(i)) continue;
    u8* const key = keys + kRecoveredKey * chunk.row[i];
    key[0] = 4;
    field::words_to_be(key + 1, chunk.sums.x(i));
    field::words_to_be(key + 33, chunk.sums.y(i));
    ok[chunk.row[i]] = 1;
  }
  chunk.count = 0;
}

template <usize kRows>
void recover_rows(Chunk<kRows>& chunk, std::span<const RecoverRow> rows, u8* keys, u8* ok) {
  for (usize i = 0; i < rows.size(); ++i) {
    ok[i] = 0;
    memset(keys + kRecoveredKey * i, 0, kRecoveredKey);
    if (!parse_row(chunk, rows[i])) continue;
    chunk.row[chunk.count++] = i;
    if (chunk.count == kRows) recover_chunk(chunk, keys, ok);
  }
  recover_chunk(chunk, keys, ok);
}

}  // namespace

void recover(std::span<const RecoverRow> rows, u8* keys, u8* ok) {
  if (rows.size() <= kFew) {
    Chunk<kFew> chunk;
    return recover_rows(chunk, rows, keys, ok);
  }
  const std::unique_ptr<Chunk<kChunk>> chunk(new Chunk<kChunk>);
  recover_rows(*chunk, rows, keys, ok);
}

}  // namespace isthmus::sig
