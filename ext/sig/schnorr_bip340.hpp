// What the two ways of verifying BIP340 rows share: a row as far as its bytes go, and where lanes take over.
#pragma once

#include "curve/secp256k1.hpp"
#include "sig/schemes.hpp"

namespace isthmus::sig::bip340 {

struct Signature {
  usize row;         // where the answer goes
  field::Words r;    // below p
  field::Words key;  // below p
  curve::Secp256k1::Scalar s;
  curve::Secp256k1::Scalar e;
};

// False iff an encoding or range rule refuses the row; whether r and key are those of points is another question.
bool read_signature(Signature& out, const Row& row);

// The fewest rows that verify_in_lanes takes here; 0 where this machine has no lanes.
u32 lanes_count_min();

// ok[i] = 1 iff rows[i] verifies, else 0. Precondition: lanes_count_min() != 0. Throws std::bad_alloc.
void verify_in_lanes(std::span<const Row> rows, u8* ok, KeyTables* known);

}  // namespace isthmus::sig::bip340
