// A sum of multiples c B + c1 P1 + c2 P2 + ... on edwards25519, by Straus' method: every scalar is written
// with signed sliding windows, one run of doublings serves all terms, and the additions wait in one list per
// bit position.
//
// Cost: 253 doublings in all (4 S + 3 M); per point and full scalar 253 / 6 = 42 additions (8 M) with 8 odd
// multiples, per point and 128-bit scalar 21; for the base point 253 / 10 = 25 additions of 7 M from a
// constant table.
#pragma once

#include "curve/ed25519.hpp"
#include "field/sc25519.hpp"

namespace isthmus::curve {

// Odd multiples P, 3P, ..., 15P: what signed digits of width 5 need.
struct Ed25519Table {
  static constexpr int kCount = 8;
  Cached<field::Fe25519> odd[kCount];

  void fill(const Ed25519Point& p) { odd_multiples(odd, kCount, p, kEd25519D2); }
};

class Ed25519Sum {
 public:
  // Terms that fit besides the base point.
  static constexpr int kTermsMax = 128;

  Ed25519Sum() { clear(); }
  void clear();

  // Adds c P or takes it away, P given by its table, which must live until total() returns. At most kTermsMax
  // calls between two clears. Taking away is not adding (L - c) P: the two differ by L P, which is not 0 for
  // a P of mixed order.
  void add_term(const field::Sc25519& c, const Ed25519Table& table) { add_digits<5>(c, table.odd, false, false); }
  void take_term(const field::Sc25519& c, const Ed25519Table& table) { add_digits<5>(c, table.odd, false, true); }
  // Adds c B. At most one call between two clears.
  void add_base(const field::Sc25519& c) { add_digits<9>(c, kEd25519BaseTable, true, false); }

  // The sum; the identity when there is no term.
  Completed<field::Fe25519> total() const;

 private:
  // Digits of width w stand at least w bits apart in positions 0..253.
  static constexpr int kPositions = 256;
  static constexpr int kDigitsMax = kTermsMax * 51 + 29;
  static constexpr u16 kEnd = 0xffff;
  static_assert(kDigitsMax < kEnd);

  // One addition: of entry[+-] to the running sum; `affine` says which kind of entry.
  struct Digit {
    const void* entry;
    u16 next;
    bool affine;
    bool negative;
  };

  // The digits of c, `flip` turning every sign.
  template <int kWidth, class Entry>
  void add_digits(const field::Sc25519& c, const Entry* odd, bool affine, bool flip);

  u16 count_;
  u16 first_[kPositions];
  Digit digits_[kDigitsMax];
};

}  // namespace isthmus::curve
