// Nonces for SM2: HMAC-DRBG over SHA-256 as RFC 6979 sections 3.2 and 3.6 run it, so that equal inputs give equal
// nonces, no broken source of randomness can make two messages share one, and fresh randomness, where there is some,
// keeps an attacker who injects faults from having the same nonce twice.
//
// The additional data k' of section 3.6 is the caller's 32 bytes and a tag. The tag keeps the nonces of SM2 apart from
// those of ECDSA with the same secret and digest: one nonce under two group orders gives the secret away.
//
// Constant time: HMAC reads its key and message with fixed lengths; SHA-256 (ext/hash) has no table and no branch on
// data, and the hardware's SHA instructions are assumed to have none either.
#pragma once

#include "base/span.hpp"
#include "field/words.hpp"

namespace isthmus::sign {

class NoncesSm2 {
 public:
  // secret and digest: 32 bytes big-endian, the digest already reduced modulo n (bits2octets); extra: 32 bytes.
  NoncesSm2(const u8* secret, const u8* digest, const u8* extra);
  NoncesSm2(const NoncesSm2&) = delete;
  NoncesSm2& operator=(const NoncesSm2&) = delete;
  ~NoncesSm2();

  // The next candidate, any 256-bit number; who uses it checks that it is one of 1 to n - 1.
  void next(field::Words& k);

 private:
  void update();

  u8 key_[32];
  u8 v_[32];
  bool used_ = false;
};

}  // namespace isthmus::sign
