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

// The signer's id that GM/T 0009 sets where none is agreed on.
inline constexpr u8 kSm2DefaultId[16] = {'1', '2', '3', '4', '5', '6', '7', '8',
                                         '1', '2', '3', '4', '5', '6', '7', '8'};

// What holds for all rows of a call. A scheme ignores what it does not name.
struct Context {
  // sm2-sm3: hashed with the key. No row can carry an id of more than 8,191 bytes: such a one makes every row false.
  Bytes signer_id = kSm2DefaultId;
};

// ok[i] = 1 iff row i verifies under the scheme's rule, else 0; always one answer per row, never an exception.
//   ed25519-*        : key 32, sig 64 (R || s), msg of any length
//   secp256k1-ecdsa  : key SEC1 33 / 65 (hybrid only with kSigHybrid), sig 64 (r || s, big-endian), msg = digest of any
//                      length but 0, of which the leftmost 256 bits count
//   p256-ecdsa       : the same, never hybrid
//   p384-ecdsa       : the same with keys of 49 / 97, sig 96, and 384 bits; never hybrid
//   sm2-sm3          : key SEC1 33 / 65 (never hybrid) or 64 (x || y), sig 64, msg of any length; with kSigPrehashed
//                      msg 32 (the digest e)
//   secp256k1-bip340 : key 32 (x only), sig 64, msg of any length
//   secp256k1-taproot-tweak : key 32 (x of the output key), sig 33 (parity, x of the internal key), msg 32 (tweak)
void verify(Scheme scheme, std::span<const Row> rows, u8* ok, const Context& context = {});

}  // namespace isthmus::sig
