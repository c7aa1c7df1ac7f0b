// What a caller trusts before a FISCO BCOS block is looked at, and the protobuf message that carries it.
//
//   message Anchor {
//     uint64 version = 1;        // major << 24 | minor << 16 | patch << 8 | candidate, 255 where it is no candidate:
//                                // 2.0.0-rc1 to 2.255.255, or any of major 3 (whose blocks tell their own version)
//     uint64 suite = 2;          // 0: Keccak-256 and secp256k1; 1: SM3 and SM2
//     repeated Sealer sealers = 3;  // who makes blocks, in the order of the headers
//     uint64 change = 4;         // 0: other sealers are refused; 1: believed when a quorum of `sealers` signed as well
//     bytes header_hash = 5;     // 32: the block's header is this one
//     Trusted trusted = 6;       // an earlier header that was verified
//     bytes chain_id = 7;        // transactions are of this chain: ASCII; in version 2 a big-endian number
//     bytes group_id = 8;        // and of this group
//   }
//   message Sealer {
//     bytes id = 1;              // 64: public key x || y
//     uint64 weight = 2;         // 1 to 2^63 - 1; in version 2 always 1
//   }
//   message Trusted {
//     uint64 number = 1;
//     bytes hash = 2;            // 32: the next block must name it as its parent
//   }
//
// A header says who its sealers are, but only they sign it, so no header proves that the sealers changed. That is why
// `change` is the anchor's: the list is pinned, or (overlap) the old sealers must have signed the new list's header.
// Without header_hash and sealers nothing is trusted: every rule is checked, and a block that keeps them all is
// `undecided` with fisco_no_anchor. What is given must all hold.
#pragma once

#include <vector>

#include "chain/chain.hpp"

namespace isthmus::chain::fisco {

using claim::Ref;
using claim::Space;

inline constexpr usize kHashLen = 32;
inline constexpr usize kNodeIdLen = 64;
inline constexpr usize kAddressLen = 20;
inline constexpr u64 kWeightMax = (u64{1} << 63) - 1;

struct Sealer {
  Ref id;
  u64 weight = 1;
};

// Versions at which rules of major 2 change.
inline constexpr u32 kVersionRc1 = 0x02000001;
inline constexpr u32 kVersionRc2 = 0x02000002;        // block's order of parts, transactions in one byte string
inline constexpr u32 kVersionTree = 0x02020000;       // 2.2.0: roots are those of trees
inline constexpr u32 kVersionRemainGas = 0x02090000;  // 2.9.0: receipts tell the remaining gas
inline constexpr u32 kVersion3 = 0x03000000;

struct Anchor {
  u32 version = 0;
  Hash hash = Hash::keccak256;
  bool sm = false;  // SM2 in the place of secp256k1
  std::vector<Sealer> sealers;
  bool overlap = false;
  Ref header_hash;
  bool has_trusted = false;
  u64 trusted_number = 0;
  Ref trusted_hash;
  Ref chain_id;
  Ref group_id;

  bool is_v3() const { return version >= kVersion3; }
  bool trusts_nothing() const { return header_hash.len() == 0 && sealers.empty(); }
};

// Strict; `anchor` is to be used only if the error's `what` is null.
AnchorError read_anchor(Bytes bytes, u32 count_max, Anchor& anchor);

}  // namespace isthmus::chain::fisco
