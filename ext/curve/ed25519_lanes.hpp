// edwards25519 for many points at once, in lanes: decoding, sums of multiples of many points, and rows sB - kA. Public
// data only. The formulas are complete, so small orders, equal points and the identity need nothing of their own.
//
// A sum is Pippenger's: signed digits of 4 to 8 bits, one bucket per magnitude, and the lanes of a vector are windows,
// so that a point is broadcast and its digits are one load. Straus' method with items in lanes was rejected: 97
// additions of 8 M per signature in a lane against 48 of 7 M, and a table for every point.
//
// Cost in vector additions of 7 M for vectors of 8 lanes (of 4): a whole scalar with digits of 8 bits 4 (8), a half one
// 2 (4); besides, for a sum, 1,024 (2,048) of 9 M for the buckets and 253 scalar doublings. Decoding: 252 S + 20 M in a
// lane. One row sB - kA: 252 doublings (4 M + 3 S), 64 additions (8 M), 32 (7 M), a table (63 M) and its share of an
// inversion. Measured on a Zen 4 with IFMA / AVX-512 / AVX2, in microseconds: decoding 0.49 / 0.71 / 0.85 a point;
// 1,024 whole and 1,024 half terms 1.35 / 1.85 / 2.15 a pair; a row 6.3 / 9.0 / 12.8.
#pragma once

#include <memory>
#include <new>
#include <span>

#include "curve/ed25519.hpp"
#include "curve/ed25519_tiers.hpp"

namespace isthmus::curve {

// The best lanes of this machine with memory to work in; one call at a time.
class Ed25519Lanes {
 public:
  // The fewest rows for which `products` is faster than scalar code here; 0 when this machine has no lanes for it.
  static u32 count_min();

  // Precondition: count_min() != 0. Throws std::bad_alloc.
  Ed25519Lanes();
  // A kernel of one's own choice, for tests.
  explicit Ed25519Lanes(const Ed25519Kernel& kernel);

  // out[i] is the point of encodings[i] as PointRule::zip215 takes it.
  void decode(Ed25519Row* out, std::span<const Ed25519Encoding> encodings) const;

  // At most kEd25519TermsMax terms. `width` is that of the digits, 4 to 8, or 0 for the fastest.
  Ed25519Point sum(std::span<const Ed25519Term> terms, u32 width = 0) const;

  // The canonical encodings of the rows.
  void products(Ed25519Encoding* out, std::span<const Ed25519Product> rows) const;

  // B.
  static const Ed25519Row& base_point();

 private:
  struct Free {
    void operator()(void* data) const { ::operator delete(data, std::align_val_t(64)); }
  };

  const Ed25519Kernel& kernel_;
  std::unique_ptr<void, Free> workspace_;
};

}  // namespace isthmus::curve
