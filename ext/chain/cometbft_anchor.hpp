// What a caller trusts before a CometBFT light block is looked at, and the protobuf message that carries it.
//
//   message Anchor {
//     string chain_id = 1;                 // 1 to 50 bytes
//     bytes header_hash = 2;               // 32: the block's header is this one
//     bytes validators_hash = 3;           // 32: the block's validators are these
//     Trusted trusted = 4;                 // an earlier header that was verified
//     Timestamp trusting_period = 5;       // seconds >= 0 and nanos; more than zero with `trusted`
//     Timestamp now = 6;                   // needed with `trusted`
//     Timestamp max_clock_drift = 7;       // seconds >= 0 and nanos
//     uint64 level_numerator = 8;          // trust level, 1/3 to 1; both absent: 1/3
//     uint64 level_denominator = 9;
//     bool early_stop = 10;                // check signatures only until each threshold is passed
//     uint64 block_protocol = 11;          // 0: any; else the header's version.block
//     tendermint.types.ValidatorSet evidence_validators = 12;  // for duplicate votes: the set of the votes' height
//     bool amino = 13;                     // hashes and sign bytes as before Tendermint 0.34
//   }
//   message Trusted {
//     int64 height = 1;                    // more than zero
//     Timestamp time = 2;
//     bytes hash = 3;                      // 0 or 32: when given, an adjacent block must name it as its last block
//     bytes next_validators_hash = 4;      // 32
//     tendermint.types.ValidatorSet validators = 5;  // needed to skip heights
//     bytes validators_hash = 6;           // 0 or 32: when given, `validators` is the trusted header's own set
//                                          // with this hash; else the next set, with next_validators_hash
//   }
//
// Without header_hash, validators_hash and trusted nothing is trusted: every rule is checked, and the verdict of a
// block that keeps them all is `undecided` with cometbft_no_anchor. What is given must all hold.
#pragma once

#include "chain/chain.hpp"
#include "chain/cometbft_parse.hpp"

namespace isthmus::chain::cometbft {

// How a block's parts are encoded for hashing and signing.
enum class Format : u8 {
  protobuf = 0,  // Tendermint 0.34 and later
  amino = 1,     // Tendermint 0.33; the input is the same protobuf message
};

struct Trusted {
  u64 height = 0;  // 0: no trusted header was given
  Time time;
  Ref hash;
  Ref next_validators_hash;
  Ref validators_hash;
  bool has_set = false;
  ValidatorSet set;
};

struct Anchor {
  Ref chain_id;
  Ref header_hash;
  Ref validators_hash;
  Trusted trusted;
  Time trusting_period;
  Time now;
  Time max_clock_drift;
  u64 level_numerator = 1;
  u64 level_denominator = 3;
  bool early_stop = false;
  u64 block_protocol = 0;
  bool has_evidence_set = false;
  ValidatorSet evidence_set;
  Format format = Format::protobuf;

  bool trusts_nothing() const { return header_hash.len() == 0 && validators_hash.len() == 0 && trusted.height == 0; }
};

// Strict; `anchor` is to be used only if the error's `what` is null.
AnchorError read_anchor(Bytes bytes, u32 count_max, Anchor& anchor);

}  // namespace isthmus::chain::cometbft
