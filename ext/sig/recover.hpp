// Recovery of the secp256k1 key that made an ECDSA signature (SEC 1 version 2, section 4.1.6), n at a time.
#pragma once

#include "base/ids.hpp"
#include "base/span.hpp"

namespace isthmus::sig {

inline constexpr usize kRecoveredKey = 65;  // 04 || x || y

// One row. The bytes are the caller's and stay alive during the call; any length is allowed, a wrong one is a false
// row.
struct RecoverRow {
  const u8* sig;
  const u8* msg;
  u32 sig_len;
  u64 msg_len;
  u32 flags;  // kSigLowS
};

// keys[65 i ..] = the key of row i and ok[i] = 1, or 65 zeros and 0 where there is none; never an exception. What is
// accepted stands at the top of sig/recover.cpp. A key that comes out only says that it would verify the signature:
// whether it is the right one is for the caller to compare.
void recover(std::span<const RecoverRow> rows, u8* keys, u8* ok);

}  // namespace isthmus::sig
