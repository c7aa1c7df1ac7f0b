// Table and encodings of edwards25519. Decoding follows RFC 8032 section 5.1.3: the square root of u / v with
// u = y^2 - 1, v = d y^2 + 1 is x = u v^3 (u v^7)^((p - 5) / 8), up to a factor sqrt(-1), when there is one.
#include "curve/ed25519.hpp"

#include "field/fe25519_chains.hpp"

namespace isthmus::curve {

using field::Fe25519;

const Affine<Fe25519> kEd25519BaseTable[kEd25519BaseCount] = {
#include "curve/ed25519_base.inc"
};

namespace {

// For limbs below 2^51, as from_bytes leaves them: p is 2^51 - 19 below four limbs of ones.
bool below_p(const Fe25519& y) {
  for (int i = 1; i < 5; ++i) {
    if (y.limb[i] != field::kFe25519Mask) return true;
  }
  return y.limb[0] < field::kFe25519Mask - 18;
}

}  // namespace

bool decode_ed25519(Ed25519Point& out, const u8* bytes, PointRule rule) {
  const Fe25519 y = field::from_bytes(bytes);
  if (rule == PointRule::rfc8032 && !below_p(y)) return false;
  const Fe25519 yy = sqr(y);
  const Fe25519 u = sub(yy, field::kFe25519One);
  const Fe25519 v = add(mul(yy, kEd25519D), field::kFe25519One);
  const Fe25519 v3 = mul(sqr(v), v);
  const Fe25519 uv7 = mul(mul(sqr(v3), v), u);
  Fe25519 x = mul(mul(u, v3), field::power_p58(uv7));
  const Fe25519 vxx = mul(v, sqr(x));
  if (!equal(vxx, u)) {
    if (!is_zero(add(vxx, carry(u)))) return false;
    x = mul(x, kEd25519SqrtM1);
  }
  x = canonical(x);
  const bool sign = (bytes[31] & 0x80) != 0;
  if (is_odd(x) != sign) {
    // -0 is 0: no x has the parity 1 here, and only ZIP 215 takes the encoding for the point all the same.
    if (rule == PointRule::rfc8032 && is_zero(x)) return false;
    x = carry(neg(x));
  }
  out = {x, y, field::kFe25519One, mul(x, y)};
  return true;
}

void encode_ed25519(u8* bytes, const Projective<Fe25519>& p, const Fe25519& z_inverse) {
  to_bytes(bytes, mul(p.Y, z_inverse));
  bytes[31] = static_cast<u8>(bytes[31] | (is_odd(mul(p.X, z_inverse)) ? 0x80 : 0));
}

bool is_identity(const Projective<Fe25519>& p) { return is_zero(p.X) && equal(p.Y, p.Z); }

}  // namespace isthmus::curve
