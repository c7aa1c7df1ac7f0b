// Scalars modulo L = 2^252 + 27742317777372353535851937790883648493, the prime order of the Ed25519 base
// point (RFC 8032 section 5.1). A scalar is four little-endian 64-bit words and always fully reduced: its
// value is below L. Public data only. Cost: a reduction of 512 bits is 45 word products (Barrett), a product
// 16 more.
#pragma once

#include "base/bytes.hpp"

namespace isthmus::field {

struct Sc25519 {
  u64 word[4];
};

inline constexpr Sc25519 kSc25519Zero = {{0, 0, 0, 0}};

// `tools/derive_ed25519.py` recomputes both.
inline constexpr u64 kSc25519Order[4] = {0x5812631a5cf5d3ed, 0x14def9dea2f79cd6, 0x0000000000000000,
                                         0x1000000000000000};
// floor(2^512 / L)
inline constexpr u64 kSc25519Barrett[5] = {0xed9ce5a30a2c131b, 0x2106215d086329a7, 0xffffffffffffffeb,
                                           0xffffffffffffffff, 0x000000000000000f};

// The value of 32 little-endian bytes; false, and `out` untouched, unless it is below L (RFC 8032
// section 5.1.7 step 1).
bool sc_from_bytes(Sc25519& out, const u8* bytes);

// 64 little-endian bytes modulo L: the challenge hash.
Sc25519 sc_reduce(const u8* bytes);

// 16 little-endian bytes: below 2^128, so reduced as they are.
Sc25519 sc_from_half(const u8* bytes);

void sc_to_bytes(u8* bytes, const Sc25519& a);

Sc25519 sc_add(const Sc25519& a, const Sc25519& b);
Sc25519 sc_mul(const Sc25519& a, const Sc25519& b);
Sc25519 sc_neg(const Sc25519& a);

}  // namespace isthmus::field
