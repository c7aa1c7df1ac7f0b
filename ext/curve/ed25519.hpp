// The curve edwards25519 (RFC 8032 section 5.1): parameters, the table of its base point, point encodings.
// Cost: decoding 1 power_p58 (251 S + 11 M) and about 10 more products; encoding 2 M once 1 / Z is known.
#pragma once

#include "curve/edwards.hpp"
#include "field/fe25519.hpp"

namespace isthmus::curve {

using Ed25519Point = Extended<field::Fe25519>;

// d = -121665 / 121666, 2d and a square root of -1; `tools/derive_ed25519.py` recomputes them.
inline constexpr field::Fe25519 kEd25519D = {
    {0x34dca135978a3, 0x1a8283b156ebd, 0x5e7a26001c029, 0x739c663a03cbb, 0x52036cee2b6ff}};
inline constexpr field::Fe25519 kEd25519D2 = {
    {0x69b9426b2f159, 0x35050762add7a, 0x3cf44c0038052, 0x6738cc7407977, 0x2406d9dc56dff}};
inline constexpr field::Fe25519 kEd25519SqrtM1 = {
    {0x61b274a0ea0b0, 0xd5a5fc8f189d, 0x7ef5e9cbd0c60, 0x78595a6804c9e, 0x2b8324804fc1d}};

inline constexpr Ed25519Point kEd25519Identity = {field::kFe25519Zero, field::kFe25519One, field::kFe25519One,
                                                  field::kFe25519Zero};

// B, 3B, 5B, ..., 255B: what signed digits of width 9 need.
inline constexpr int kEd25519BaseCount = 128;
extern const Affine<field::Fe25519> kEd25519BaseTable[kEd25519BaseCount];

// Which encodings are points.
enum class PointRule : u8 {
  zip215,   // any y of 255 bits, taken modulo p; x = 0 with either sign bit
  rfc8032,  // section 5.1.3: y < p, and x = 0 only with sign bit 0: exactly the encodings that encoding
            // produces
};

// The point of 32 bytes; false when no curve point has this y or the rule refuses the encoding (`out` is then
// unspecified). Z = 1.
bool decode_ed25519(Ed25519Point& out, const u8* bytes, PointRule rule);

// The canonical 32 bytes of a point, given 1 / Z.
void encode_ed25519(u8* bytes, const Projective<field::Fe25519>& p, const field::Fe25519& z_inverse);

// True iff p is (0, 1).
bool is_identity(const Projective<field::Fe25519>& p);

}  // namespace isthmus::curve
