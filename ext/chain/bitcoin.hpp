// Bitcoin's decoders for callers other than the registry: signature hashes as sheets.
//
// Each function states the hash rows of one digest and records it as the fact "digest" (32 bytes). `sheet` must have
// been made over `tx` as its input. A transaction that cannot be parsed, an index out of range and whatever else makes
// a digest impossible are the caller's mistakes: AnchorError, with an offset into the argument that is wrong.
#pragma once

#include "chain/chain.hpp"

namespace isthmus::chain::bitcoin {

// The digest before SegWit. `script_code` as it is executed: its OP_CODESEPARATORs are left out here. `signature`,
// unless empty, is first removed from it where it is pushed (FindAndDelete).
AnchorError signature_hash_legacy(Bytes tx, u32 input, Bytes script_code, Bytes signature, u32 hash_type,
                                  claim::Sheet& sheet);

// BIP143. `script_code` without its length; `value` in satoshi.
AnchorError signature_hash_v0(Bytes tx, u32 input, Bytes script_code, u64 value, u32 hash_type, claim::Sheet& sheet);

// BIP341, and BIP342 when `leaf` (a tapleaf hash, 32 bytes) is not empty. `prevouts`: container of the spent outputs,
// one per input (bitcoin_anchor.hpp). `annex`: empty for none, else it begins with 50.
AnchorError signature_hash_taproot(Bytes tx, u32 input, Bytes prevouts, u32 hash_type, Bytes annex, Bytes leaf,
                                   claim::Sheet& sheet);

}  // namespace isthmus::chain::bitcoin
