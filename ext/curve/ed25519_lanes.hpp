// edwards25519 for many points at once, in lanes: decoding, sums of multiples of many points, and rows sB - kA. Public
// data only. The formulas are complete, so small orders, equal points and the identity need nothing of their own.
//
// A sum is Pippenger's: signed digits of `width` bits, one bucket per magnitude, and the lanes of a vector are windows,
// so that every point is broadcast and its row of digits is one load. Straus' method with items in lanes was rejected:
// it needs two tables per signature, 8 times the additions for 4 times the memory traffic.
//
// Cost of one point in vectors of 8 lanes, of 4 in parentheses, in vector additions (7 M): whole scalar with digits of
// 8 bits 4 (8), half scalar 2 (4); of one sum besides 1,024 (2,048) of 9 M for the buckets and 253 scalar doublings.
// Decoding: 252 S + 20 M in lanes. One row sB - kA: 252 doublings (4 M + 3 S), 64 additions (8 M) and 32 (7 M), a table
// (63 M) and its share of an inversion.
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
