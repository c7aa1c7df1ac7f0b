// Recoding and evaluation of Ed25519Sum.
#include "curve/ed25519_sum.hpp"

#include "base/check.hpp"

namespace isthmus::curve {

using field::Fe25519;
using field::Sc25519;

void Ed25519Sum::clear() {
  count_ = 0;
  for (u16& first : first_) first = kEnd;
}

// Signed sliding windows: c = sum of digit * 2^position, each digit odd and below 2^(w-1) in absolute value.
// `carry` is what a negative digit below has borrowed: while it is set, runs of ones are skipped instead of
// runs of zeros. c < L < 2^253 leaves a carry at position 253 at most, so a window never starts beyond it.
template <int kWidth, class Entry>
void Ed25519Sum::add_digits(const Sc25519& c, const Entry* odd, bool affine, bool flip) {
  const u64 word[5] = {c.word[0], c.word[1], c.word[2], c.word[3], 0};
  u64 carry = 0;
  int bit = 0;
  while (bit < kPositions) {
    const int shift = bit & 63;
    const int at = bit >> 6;
    const u64 ahead = shift == 0 ? word[at] : word[at] >> shift | word[at + 1] << (64 - shift);
    const u64 change = carry != 0 ? ~ahead : ahead;
    if (change == 0) {
      bit += 64;
      continue;
    }
    const int run = __builtin_ctzll(change);
    if (run != 0) {
      bit += run;
      continue;
    }
    const u64 window = (ahead & ((u64{1} << kWidth) - 1)) + carry;
    carry = window >> (kWidth - 1);
    const u64 magnitude = carry != 0 ? (u64{1} << kWidth) - window : window;
    ISTHMUS_CHECK((magnitude & 1) == 1 && bit <= 253 && count_ < kDigitsMax);
    digits_[count_] = {odd + magnitude / 2, first_[bit], affine, (carry != 0) != flip};
    first_[bit] = count_++;
    bit += kWidth;
  }
  ISTHMUS_CHECK(carry == 0);
}

template void Ed25519Sum::add_digits<5>(const Sc25519&, const Cached<Fe25519>*, bool, bool);
template void Ed25519Sum::add_digits<9>(const Sc25519&, const Affine<Fe25519>*, bool, bool);

Completed<Fe25519> Ed25519Sum::total() const {
  using field::kFe25519One;
  Completed<Fe25519> sum = {field::kFe25519Zero, kFe25519One, kFe25519One, kFe25519One};
  int position = kPositions - 1;
  while (position > 0 && first_[position] == kEnd) --position;
  for (bool top = true; position >= 0; --position, top = false) {
    if (!top) sum = twice(to_projective(sum));
    for (u16 at = first_[position]; at != kEnd; at = digits_[at].next) {
      const Digit& digit = digits_[at];
      const Ed25519Point p = to_extended(sum);
      if (digit.affine) {
        const auto& entry = *static_cast<const Affine<Fe25519>*>(digit.entry);
        sum = digit.negative ? minus(p, entry) : plus(p, entry);
      } else {
        const auto& entry = *static_cast<const Cached<Fe25519>*>(digit.entry);
        sum = digit.negative ? minus(p, entry) : plus(p, entry);
      }
    }
  }
  return sum;
}

}  // namespace isthmus::curve
