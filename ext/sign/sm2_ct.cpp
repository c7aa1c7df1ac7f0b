#include "sign/sm2_ct.hpp"

namespace isthmus::sign {
namespace {

// 1 iff 1 <= d <= n - 2.
u64 is_secret_ct(const Words& d) {
  Words last = {};
  field::sub_words(last, ScSm2::kModulus, {1, 0, 0, 0});
  return less_ct(d, last) & (is_zero_ct(d[0] | d[1] | d[2] | d[3]) ^ 1);
}

// Secrets live in the frames of the next two and below them (7 KiB with GCC 12 on x86-64), where their callers wipe the
// stack; so neither is inlined.
__attribute__((noinline)) Sm2Status sign_inside(u8* out, const u8* secret, const u8* e, const u8* extra) {
  Wiped<Words> d;
  *d = field::words_from_be(secret);
  // Whether a secret is in range is known to whoever made it and true of every one in use.
  if (declassify(is_secret_ct(*d)) == 0) return Sm2Status::bad_secret;
  const Words digest = ScSm2::from_words(field::words_from_be(e)).to_words();
  u8 reduced[32];
  field::words_to_be(reduced, digest);
  NoncesSm2 nonces(secret, reduced, extra);
  return sign_sm2_with_ct(out, *d, digest, nonces);
}

__attribute__((noinline)) Sm2Status public_inside(u8* out, const u8* secret) {
  Wiped<Words> d;
  *d = field::words_from_be(secret);
  // As above.
  if (declassify(is_secret_ct(*d)) == 0) return Sm2Status::bad_secret;
  Words x, y;
  affine_ct(x, y, multiply_generator_ct(*d));
  out[0] = 4;
  field::words_to_be(out + 1, x);
  field::words_to_be(out + 33, y);
  return Sm2Status::ok;
}

}  // namespace

// s = (1 + d)^-1 (k - r d) = (1 + d)^-1 (k + r) - r.
u64 try_sign_sm2_ct(Words& r, Words& s, const Words& d, const Words& e, const Words& k) {
  Words x, y;
  affine_ct(x, y, multiply_generator_ct(k));
  const ScSm2 r_value = ScSm2::from_words(e) + ScSm2::from_words(x);
  const ScSm2 sum = ScSm2::from_words(k) + r_value;
  const ScSm2 s_value = sum * (ScSm2::one() + ScSm2::from_words(d)).inverse() - r_value;
  r = r_value.to_words();
  s = s_value.to_words();
  const u64 in_range = less_ct(k, ScSm2::kModulus) & (is_zero_ct(k[0] | k[1] | k[2] | k[3]) ^ 1);
  return in_range & ((r_value.is_zero() | sum.is_zero() | s_value.is_zero()) ^ 1);
}

Sm2Status sign_sm2_ct(u8* out, const u8* secret, const u8* e, const u8* extra) {
  const Sm2Status status = sign_inside(out, secret, e, extra);
  wipe_stack();
  return status;
}

Sm2Status public_sm2_ct(u8* out, const u8* secret) {
  const Sm2Status status = public_inside(out, secret);
  wipe_stack();
  return status;
}

}  // namespace isthmus::sign
