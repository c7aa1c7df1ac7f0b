// secp256k1 for many points at once, in lanes: points from their x, and sums of multiples of many points, what an
// equation over many BIP340 signatures asks for. Public data only.
//
// A sum is Pippenger's: signed digits of 4 to 8 bits, one bucket per magnitude, and the lanes of a vector are windows,
// so that a point is broadcast and its digits are one load. A term has two parts, the second for the image under the
// endomorphism, which is the same y beside another x.
//
// The addition formulas are not complete (curve/xyzz_lanes.hpp), and rows that repeat or that somebody has made with
// care would meet what they leave out: the first point of a bucket, a point twice, points whose sum is the next one.
// Therefore no bucket begins empty but with T = t G for a t of this process that nobody else knows, the topmost one
// with 2 T, and t times what that comes to is taken off G's multiple. Then every addition has points a T + A and
// b T + B, A and B made of the terms and a, b small numbers known beforehand: to a bucket a >= 1 and b = 0, to the sum
// of buckets from the top a = 2, 3, 4, ... and b = 1, to the sum of those sums a = 2, 5, 9, 14, ... and
// b = 3, 4, 5, 6, .... Never is a = b or a = -b modulo the order, so for any terms one addition is special for at most
// two t, and with fewer than 2^18 additions none is for all but 2^19 of 2^256. Should it happen, ZZ is 0 at the end:
// `sum` says so and gives nothing.
//
// Cost in vector additions of 10 M for vectors of 8 lanes (of 4): a whole term with digits of 8 bits 4 (8), a half one
// 2 (4); besides, for a sum, 582 (1,094) of 14 M for the buckets, 128 scalar doublings and about 38 scalar additions.
// Lifting an x: 273 M in a lane.
#pragma once

#include <memory>
#include <new>
#include <span>

#include "curve/bucket_sum_tiers.hpp"
#include "curve/secp256k1.hpp"
#include "curve/weierstrass.hpp"

namespace isthmus::curve {

// A coordinate of a lifted point.
constexpr field::Words words_of(const u64 (&limbs)[5]) {
  return {limbs[0] | limbs[1] << 52, limbs[1] >> 12 | limbs[2] << 40, limbs[2] >> 24 | limbs[3] << 28,
          limbs[3] >> 36 | limbs[4] << 16};
}

// T and 2 T with their t.
struct BucketOffset {
  Secp256k1::Scalar scalar;
  BucketStart points;

  // Precondition: 0 < t < n.
  explicit BucketOffset(const field::Words& t);
  // That of this process; null where the system has no randomness.
  static const BucketOffset* secret();
};

// The best lanes of this machine with memory to work in; one call at a time.
class BucketSum {
 public:
  // The fewest BIP340 rows with different keys for which an equation is faster than rows by themselves here
  // (sig/schnorr_bip340_lanes.cpp); 0 when this machine has no lanes or no randomness for it.
  static u32 count_min();

  // Precondition: count_min() != 0. Throws std::bad_alloc.
  BucketSum();
  // A kernel and an offset of one's own choice, for tests.
  BucketSum(const BucketKernel& kernel, const BucketOffset& offset);

  // out[i] is the point with x = xs[i] and even y. Precondition: xs[i] < p.
  void lift(LiftedPoint* out, std::span<const u64[4]> xs) const;

  // r = base G + the sum of at most kBucketTermsMax terms; false iff a special case was met and nothing is known.
  // `width` is that of the digits, or 0 for the fastest. Precondition: base < n.
  [[nodiscard]] bool sum(Jacobian<Secp256k1>& r, const field::Words& base, std::span<const BucketTerm> terms,
                         u32 width = 0) const;

 private:
  struct Free {
    void operator()(void* data) const { ::operator delete(data, std::align_val_t(64)); }
  };

  const BucketKernel& kernel_;
  const BucketOffset& offset_;
  std::unique_ptr<void, Free> workspace_;
};

}  // namespace isthmus::curve
