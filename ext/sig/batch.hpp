// Signature verification, n at a time: the one entry through which every scheme is reached. There is no call for one
// signature: one is a batch of one.
#pragma once

#include "base/ids.hpp"
#include "base/span.hpp"

namespace isthmus::sig {

// One row. The bytes are the caller's and stay alive during the call; any length is allowed, a wrong one is a false
// row.
struct Row {
  const u8* key;
  const u8* sig;
  const u8* msg;
  u32 key_len;
  u32 sig_len;
  u64 msg_len;
  u32 flags;  // kSig... of base/ids.hpp
};

// ok[i] = 1 iff row i verifies under the scheme's rule, else 0; always one answer per row, never an exception.
//   ed25519-*        : key 32, sig 64 (R || s), msg of any length
//   secp256k1-ecdsa  : key SEC1 33 / 65 (hybrid only with kSigHybrid), sig 64 (r || s, big-endian), msg = digest of any
//                      length, of which the leftmost 256 bits count
//   secp256k1-bip340 : key 32 (x only), sig 64, msg of any length
//   secp256k1-taproot-tweak : key 32 (x of the output key), sig 33 (parity, x of the internal key), msg 32 (tweak)
void verify(Scheme scheme, std::span<const Row> rows, u8* ok);

}  // namespace isthmus::sig
