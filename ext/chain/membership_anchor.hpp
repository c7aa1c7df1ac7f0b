// Trust roots of the organisations of a permissioned network, and the protobuf message that carries them.
//
//   message TrustRoots {
//     uint32 rules = 1;                      // Rules below
//     repeated Organisation organisations = 2;
//     Instant at = 3;                        // ChainMaker: when certificates must be valid; absent: undecided
//     bool any_time = 4;                     // ChainMaker: times do not matter
//   }
//   message Instant { int64 seconds = 1; }   // since 1970
//   message Organisation {
//     string name = 1;                       // Fabric: the MSP id; ChainMaker: the org id
//     repeated bytes roots = 2;              // certificates in PEM or DER
//     repeated bytes intermediates = 3;
//     repeated bytes revocation_lists = 4;   // PEM or DER
//     repeated bytes admins = 5;             // Fabric
//     repeated bytes frozen = 6;             // ChainMaker
//     repeated Unit units = 7;               // Fabric: organizational_unit_identifiers
//     NodeUnits node_units = 8;              // Fabric: fabric_node_ous, enabled iff present
//     repeated TrustedMember members = 9;    // ChainMaker: trust_members
//   }
//   message Unit { string name = 1; bytes certifier = 2; }
//   message NodeUnits { Unit client = 1; Unit peer = 2; Unit admin = 3; Unit orderer = 4; }
//   message TrustedMember { bytes certificate = 1; string role = 2; }
//   enum Rules { fabric 1.0: 1; 1.1: 2; 1.3: 3; 1.4.3: 4; 3.0: 5; chainmaker: 16 }
#pragma once

#include <vector>

#include "chain/chain.hpp"
#include "membership/members.hpp"
#include "wire/protobuf.hpp"

namespace isthmus::chain::membership_chain {

struct TrustRoots {
  membership::Rules rules;
  std::vector<membership::Organisation> organisations;
  membership::Instant instant;
};

AnchorError read_trust_roots(Bytes anchor, TrustRoots& out);

}  // namespace isthmus::chain::membership_chain
