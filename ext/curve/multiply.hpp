// Sums a G + b P for many rows at once: what ECDSA, SM2, BIP340 and recovery ask of a curve. Each lane of a vector
// works on a row of its own, so control flow is the same for all of them. Public data only.
//
// Cost of one row on secp256k1 (curve/multiply_kernel.inl): 128 doublings (3M 4S), 66 additions from the key's table
// and 22 from G's (8M 3S), 110 M for the key's table, 270 more where y has to be found from x; two inversions for all
// rows of a call. On P-256 and SM2: 255 doublings (4M 4S), 64 and 22 additions.
//
// A row is left `unsettled` where its sum, or a sum on the way to it, met a special case of the addition formulas: a
// point added to itself or to its negative. Then z is 0 from there on (see curve/jacobian_lanes.hpp), so nothing wrong
// can come out; the caller computes such a row with the complete formulas of curve/weierstrass.hpp. Honest rows never
// are; a hostile one costs one scalar verification.
#pragma once

#include <span>

#include "base/bytes.hpp"

namespace isthmus::curve {

enum class LaneCurve : u8 { secp256k1, p256, sm2 };

// How y is given.
enum class PointForm : u8 { full = 0, even = 2, odd = 3 };

struct MultiplyRow {
  u64 x[4];        // of the key, below p; words from the least significant up, as everywhere here
  u64 y[4];        // below p; only for PointForm::full
  u64 base[4];     // magnitude of a, below 2^255
  u64 part[2][4];  // magnitude of b, below 2^255; with an endomorphism of its two halves, each below 2^128
  PointForm form;
  u8 negative;  // bits 0 and 1: the parts of b, bit 2: a
};

enum class SumState : u8 { no_point, settled, unsettled };

// A row whose key has a comb (curve/comb.hpp): no doublings, and nothing to find out about the key.
struct CombRow {
  u64 base[4];       // magnitude of a, below 2^255
  u64 part[4];       // magnitude of b, below 2^255
  const u64* table;  // of the key
  u8 negative;       // bit 0: b, bit 2: a
};

struct MultiplyResult {
  u64 x[4];  // affine, below p; only when settled
  u64 y[4];
  SumState state;  // no_point: x, y is not on the curve, or no point has this x
};

// The fewest rows for which lanes are worth it here; 0 when this machine has no lanes for it.
u32 multiply_count_min(LaneCurve curve);

// The same for rows with combs: a pass without doublings costs less than half.
u32 comb_count_min(LaneCurve curve);

// results[i] answers rows[i]. Precondition: multiply_count_min(curve) != 0. False, and nothing written, iff there is no
// memory for it.
bool multiply_rows(LaneCurve curve, std::span<const MultiplyRow> rows, MultiplyResult* results);

// The same for rows whose tables have `width`.
bool comb_rows(LaneCurve curve, std::span<const CombRow> rows, u32 width, MultiplyResult* results);

}  // namespace isthmus::curve
