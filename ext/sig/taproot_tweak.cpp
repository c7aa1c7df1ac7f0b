// The commitment check of a taproot script path (BIP341, "Script validation rules"): Q = P + t G, rows n at a time.
//
// What `secp256k1-taproot-tweak` accepts:
//   key  32 bytes, the x coordinate of the output key Q, below p
//   sig  33 bytes: the parity of Q's y (0 or 1), then the 32-byte internal key, the x below p of a point P with even y
//   msg  32 bytes, the tweak hash t, below n
//   P + t G is not infinity, has x = key and y of that parity
// Cost per row: a square root, about 20 additions and 128 doublings; one inversion shared by a chunk.
#include "curve/decode.hpp"
#include "curve/secp256k1.hpp"
#include "curve/strauss.hpp"
#include "sig/schemes.hpp"

namespace isthmus::sig {
namespace {

using C = curve::Secp256k1;
using F = C::Field;
using Point = curve::Jacobian<C>;

constexpr usize kChunk = 32;  // rows that share an inversion

// A row whose sum has the right x; its y's parity is still to be compared.
struct Candidate {
  usize row;
  bool odd;
  Point point;
};

// False iff an encoding, a range or the x coordinate refuses the row.
bool parse_and_add(Candidate& out, const Row& row) {
  if (row.key_len != 32 || row.sig_len != 33 || row.msg_len != 32 || row.sig[0] > 1) return false;
  const field::Words x = field::words_from_be(row.key);
  const field::Words tweak = field::words_from_be(row.msg);
  if (!field::less_words(x, F::kModulus) || !field::less_words(tweak, C::Order::kModulus)) return false;
  curve::Affine<C> internal;
  if (!curve::decode_x_only(internal, Bytes(row.sig + 1, 32))) return false;
  static constexpr curve::Digit kNoDigits[C::kSteps + 1] = {};
  curve::straus<C>(out.point, tweak, {}, kNoDigits, 1);
  curve::add_mixed(out.point, out.point, internal);
  out.odd = row.sig[0] == 1;
  return !out.point.infinity && curve::has_x(out.point, F::from_constant(x));
}

void compare_parities(const Candidate* candidates, usize count, u8* ok) {
  F z[kChunk], scratch[kChunk];
  for (usize i = 0; i < count; ++i) z[i] = candidates[i].point.z;
  field::invert_all(z, scratch, count);
  for (usize i = 0; i < count; ++i) {
    curve::Affine<C> point;
    curve::to_affine(point, candidates[i].point, z[i]);
    ok[candidates[i].row] = F::is_odd(point.y) == candidates[i].odd ? 1 : 0;
  }
}

}  // namespace

void verify_secp256k1_taproot_tweak(std::span<const Row> rows, u8* ok, const Context&) {
  Candidate candidates[kChunk];
  usize count = 0;
  for (usize i = 0; i < rows.size(); ++i) {
    ok[i] = 0;
    if (!parse_and_add(candidates[count], rows[i])) continue;
    candidates[count].row = i;
    if (++count < kChunk) continue;
    compare_parities(candidates, count, ok);
    count = 0;
  }
  compare_parities(candidates, count, ok);
}

}  // namespace isthmus::sig
