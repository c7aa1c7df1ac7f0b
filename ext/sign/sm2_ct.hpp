// SM2 signatures (GB/T 32918.2, section 6.1) in constant time: the only code here that holds secrets.
//
// No branch, no memory address and no division depends on the secret, the nonce or what is computed from them, but for
// the two bits that declassify() lets out, each with the reason why it may go; ci/ct.py checks it on the release
// objects. Not covered: faults, power and radiation, and an attacker who shares the core and reads the cache of what is
// public anyway. Secrets are wiped from everything that these functions leave behind.
//
// Cost: 64 doublings, 64 additions and two inversions, 0.2 ms. No memory besides the stack, no state.
#pragma once

#include "sign/declassify.hpp"
#include "sign/sm2_nonce_ct.hpp"
#include "sign/sm2_point_ct.hpp"
#include "sign/wipe.hpp"

namespace isthmus::sign {

enum class Sm2Status : u8 {
  ok,
  bad_secret,  // not one of 1 to n - 2 (GB/T 32918.1, section 6.1)
  no_nonce,    // kTriesMax candidates in a row were refused: the nonces are broken, not unlucky (each is refused with
               // a chance of 2^-32)
};

inline constexpr int kTriesMax = 64;

// out = r || s, 64 bytes. e is SM3(Z || M), 32 bytes; extra are 32 bytes of fresh randomness, or zeros for a signature
// that depends on secret and e alone. Nothing is written unless the status is ok.
Sm2Status sign_sm2_ct(u8* out, const u8* secret, const u8* e, const u8* extra);

// out = 04 || x || y, 65 bytes. Nothing is written unless the status is ok.
Sm2Status public_sm2_ct(u8* out, const u8* secret);

// One try with a given nonce: 1, and (r, s), iff k is one of 1 to n - 1, and neither r, r + k nor s is 0 modulo n.
// Precondition: 1 <= d <= n - 2. For sign_sm2_ct and its tests; whoever chooses k badly gives d away.
u64 try_sign_sm2_ct(Words& r, Words& s, const Words& d, const Words& e, const Words& k);

// Tries the nonces of a source, which has next(Words&), until one is accepted.
//
// That a candidate was refused becomes public, for the loop takes its time. It tells nothing of use: a refused nonce is
// never used again, and the next one is another output of the generator, independent of it. k outside 1 to n - 1 and
// r = 0 do not involve the secret at all; r + k = n and s = 0 (k = r d) state an equation between the secret and that
// one discarded nonce, which nobody else can solve for either, and happen with a chance of 2^-256.
template <class Nonces>
Sm2Status sign_sm2_with_ct(u8* out, const Words& d, const Words& e, Nonces& nonces) {
  Wiped<Words> k;
  Words r, s;
  for (int i = 0; i < kTriesMax; ++i) {
    nonces.next(*k);
    if (declassify(try_sign_sm2_ct(r, s, d, e, *k)) == 0) continue;
    field::words_to_be(out, r);
    field::words_to_be(out + 32, s);
    return Sm2Status::ok;
  }
  return Sm2Status::no_nonce;
}

}  // namespace isthmus::sign
