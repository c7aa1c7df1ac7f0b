// What a caller trusts before a block of a Fabric channel is looked at, and the protobuf message that carries it.
//
//   message Anchor {
//     string channel_id = 1;             // 1 to 249 bytes
//     uint32 dialect = 2;                // 1 legacy: Fabric 1.0 to 1.4.0; 2 standard: 1.4.1 and later, one orderer
//     signs;
//                                        // 3 bft: 3.x with consenters that sign by their number; 4 x: Fabric-X
//     uint32 form = 3;                   // 0 common.Block; 1 the record of a block file, without its length
//     bytes config = 4;                  // common.Config that is in force before the block
//     uint64 config_index = 5;           // number of the block that the config came with
//     bytes header_hash = 6;             // 32: the block's header is this one
//     Parent parent = 7;                 // the block before, whose header was verified
//     repeated Endorsement endorsements = 8;  // which policy holds for which chaincode; ascending by name
//     bool commit_hash = 9;              // recompute the commit hash and compare it with the block's
//     bytes previous_commit_hash = 10;   // 0 or 32: that of the block before; none before block 1
//     bytes seen_tx_ids = 11;            // n * 32: identifiers of earlier transactions that must not come again
//     uint32 transactions = 12;          // 0 judge: those not flagged as without effect must hold; 1 report: all are
//                                        // judged beside the block's verdict; 2 skip
//     bool demand_policies = 13;         // a transaction without a policy for what it writes is undecided
//     bool check_update = 14;            // a config block's update must be one that the config before allows
//   }
//   message Parent {
//     uint64 number = 1;
//     bytes hash = 2;                    // 32
//   }
//   message Endorsement {
//     string chaincode = 1;
//     bytes policy = 2;                  // common.SignaturePolicyEnvelope, or
//     string reference = 3;              // the name of a policy of the channel, such as
//     /Channel/Application/Endorsement
//   }
//
// Without header_hash and config nothing is trusted: every rule that needs none is checked, and the verdict of a block
// that keeps them is `undecided` with fabric_no_anchor.
#pragma once

#include <vector>

#include "chain/chain.hpp"
#include "chain/fabric_wire.hpp"

namespace isthmus::chain::fabric {

enum class Dialect : u32 { legacy = 1, standard = 2, bft = 3, x = 4 };
enum class Transactions : u32 { judge = 0, report = 1, skip = 2 };

struct EndorsementRule {
  Ref chaincode;
  Ref policy;
  Ref reference;
};

struct Anchor {
  Ref channel_id;
  Dialect dialect = Dialect::standard;
  Form form = Form::block;
  Ref config;
  u64 config_index = 0;
  Ref header_hash;
  bool has_parent = false;
  u64 parent_number = 0;
  Ref parent_hash;
  std::vector<EndorsementRule> endorsements;
  bool commit_hash = false;
  Ref previous_commit_hash;
  Ref seen_tx_ids;
  Transactions transactions = Transactions::judge;
  bool demand_policies = false;
  bool check_update = false;

  bool has_config() const { return config.len() != 0; }
  bool has_pin() const { return header_hash.len() != 0; }
};

// Strict; `anchor` is to be used only if the error's `what` is null.
AnchorError read_anchor(const Sheet& sheet, Bytes bytes, u32 count_max, Anchor& anchor);

}  // namespace isthmus::chain::fabric
