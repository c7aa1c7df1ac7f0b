// What differs between Bitcoin's networks: genesis, activation heights, difficulty rules, subsidy. Facts of the public
// networks; hashes are kept in internal order (the reverse of what is printed).
#pragma once

#include <array>

#include "base/span.hpp"

namespace isthmus::chain::bitcoin {

using Digest = std::array<u8, 32>;

inline constexpr u32 kPeriod = 2016;               // headers between two changes of difficulty
inline constexpr u32 kPeriodSeconds = 14 * 86400;  // what they should take
inline constexpr u32 kNetworkCount = 5;
inline constexpr u64 kMoneyMax = u64{21'000'000} * 100'000'000;
inline constexpr u64 kWeightMax = 4'000'000;
inline constexpr u32 kSigopCostMax = 80'000;
inline constexpr u32 kCoinbaseMaturity = 100;

// A block whose scripts were mined against rules that did not bind yet (P2SH from the start, SegWit and Taproot
// always).
struct RuleException {
  u32 height;
  Digest hash;
  bool p2sh;  // P2SH and witness rules hold in it; Taproot's do not hold in any exception
};

struct Params {
  Digest genesis;
  u32 bip34_height;   // height in the coinbase, version 2
  u32 bip66_height;   // strict DER, version 3
  u32 bip65_height;   // version 4
  u32 csv_height;     // BIP68, BIP112, BIP113
  u32 segwit_height;  // witness commitment, NULLDUMMY
  u32 limit_bits;     // easiest target; what a full-width limit has below these digits never shows in compact form
  u32 halving_interval;
  bool min_difficulty;  // a block 20 minutes after its parent may use the easiest target
  bool no_retarget;
  bool bip94;   // testnet4: retarget from the period's first header, no time warp
  bool signet;  // blocks carry a signature in the coinbase (BIP325)
  std::array<RuleException, 2> exceptions;
  u32 exception_count;
};

// `network` < kNetworkCount: 0 main, 1 testnet3, 2 signet, 3 regtest, 4 testnet4.
const Params& params_of(u32 network);

}  // namespace isthmus::chain::bitcoin
