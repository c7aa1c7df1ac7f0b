// Runs signing and key generation under valgrind with secrets marked undefined: memcheck reports every jump and every
// address that depends on one. ci/ct.py links this with the release's own objects and runs it; it is part of no
// library.
//
//   ct_taint sign | public    must be silent
//   ct_taint jump | address   must be reported: what a leak looks like, so that a silent checker cannot pass
#include <valgrind/memcheck.h>

#include <cstdio>
#include <cstring>

#include "sign/declassify.hpp"
#include "sign/sm2_ct.hpp"

namespace isthmus::sign {

// In place of declassify.cpp: from here on the bit is public, for the reason that its caller gives.
u64 declassify(u64 bit) {
  VALGRIND_MAKE_MEM_DEFINED(&bit, sizeof(bit));
  return bit;
}

namespace {

void taint(u8 (&bytes)[32]) { VALGRIND_MAKE_MEM_UNDEFINED(bytes, sizeof(bytes)); }

// Whether memcheck knows of undefined bits there; asking is no error, unlike VALGRIND_CHECK_MEM_IS_DEFINED.
bool is_tainted(const u8* bytes, usize len) {
  u8 bits[65] = {};
  VALGRIND_GET_VBITS(bytes, bits, len);
  u8 any = 0;
  for (usize i = 0; i < len; ++i) any |= bits[i];
  return any != 0;
}

// A hundred secrets and digests, so that masks, carries and borrows go both ways.
void fill(u8 (&bytes)[32], u32 seed) {
  u64 state = seed;
  for (u8& byte : bytes) {
    state = state * 6364136223846793005 + 1442695040888963407;
    byte = static_cast<u8>(state >> 56);
  }
  bytes[0] &= 0x7f;
}

int sign() {
  for (u32 i = 1; i <= 100; ++i) {
    u8 secret[32], extra[32], e[32], out[64] = {};
    fill(secret, i);
    fill(extra, 1000 + i);
    fill(e, 2000 + i);
    taint(secret);
    taint(extra);
    if (sign_sm2_ct(out, secret, e, extra) != Sm2Status::ok) return 2;
    // A signature is made to be published; and it must have come from what was marked.
    if (!is_tainted(out, sizeof(out))) return 3;
    VALGRIND_MAKE_MEM_DEFINED(out, sizeof(out));
  }
  return 0;
}

int make_public() {
  for (u32 i = 1; i <= 100; ++i) {
    u8 secret[32], out[65] = {};
    fill(secret, i);
    taint(secret);
    if (public_sm2_ct(out, secret) != Sm2Status::ok) return 2;
    if (!is_tainted(out, sizeof(out))) return 3;
    // So is a public key.
    VALGRIND_MAKE_MEM_DEFINED(out, sizeof(out));
  }
  return 0;
}

int jump() {
  u8 secret[32];
  fill(secret, 1);
  taint(secret);
  volatile int seen = 0;
  if (secret[7] & 1) seen = seen + 1;
  return 0;
}

int address() {
  static const volatile u8 table[256] = {};
  u8 secret[32];
  fill(secret, 1);
  taint(secret);
  volatile u8 seen = table[secret[7]];
  return seen == 1;
}

}  // namespace
}  // namespace isthmus::sign

int main(int count, char** words) {
  using namespace isthmus::sign;
  if (count != 2 || !RUNNING_ON_VALGRIND) {
    std::fprintf(stderr, "ct_taint: for ci/ct.py, under valgrind\n");
    return 4;
  }
  if (std::strcmp(words[1], "sign") == 0) return sign();
  if (std::strcmp(words[1], "public") == 0) return make_public();
  if (std::strcmp(words[1], "jump") == 0) return jump();
  if (std::strcmp(words[1], "address") == 0) return address();
  return 4;
}
