// The transactions of a Fabric block: what can be told of one without the state of the ledger
// (core/common/validation/msgvalidation.go, core/committer/txvalidator/v20/plugindispatcher/dispatcher.go).
//
// Checked: headers, creator's signature and identity, transaction identifier, proposal hash, endorsements and, where
// the anchor names one for each chaincode that is written, the endorsement policies. Not checked, because they need
// state: policies of keys and of collections, which override those of chaincodes; and whether what was read is still
// current (MVCC). So a valid transaction was ordered and endorsed; that it had an effect only a replay can tell.
// Cost: one pass over tags; a hash row for each of payload, identifier, proposal and endorsement; a signature row for
// the creator and each endorsement.
#pragma once

#include <string_view>
#include <unordered_set>
#include <vector>

#include "chain/fabric_anchor.hpp"
#include "chain/fabric_policy.hpp"

namespace isthmus::chain::fabric {

// Writes to one key of one namespace, or to the hash of one key of a collection.
struct Write {
  Ref key;
  Ref value;
  bool is_delete = false;
};

struct WriteSet {
  std::vector<Write> writes;
  std::vector<Ref> metadata_keys;  // whose metadata is written

  bool any() const { return !writes.empty() || !metadata_keys.empty(); }
};

struct CollectionWrites {
  Ref name;
  WriteSet set;
};

struct NamespaceWrites {
  Ref name;
  WriteSet set;
  std::vector<CollectionWrites> collections;

  bool any() const;
};

struct Transaction {
  u32 type = 0;
  Ref tx_id;  // 32 bytes, once its text was read; else empty
  std::vector<NamespaceWrites> namespaces;
};

class TransactionReader {
 public:
  // `people` and `policies` are null where no config is known.
  TransactionReader(Sheet& sheet, const Anchor& anchor, People* people, Policies* policies);

  // Every rule for one transaction at `node`. `bootstrap`: a config whose creator is not judged. `counted`: it
  // claims to have had an effect, so its identifier may not come again.
  Transaction state(NodeId node, const Envelope& envelope, bool bootstrap, bool counted);

 private:
  struct Action {
    Ref header;
    Ref proposal_payload;
    Ref response_payload;
    Ref proposal_hash;
    Ref chaincode_action;
    std::vector<Ref> endorsements;
  };

  void state_creator(NodeId node, const SignatureHeader& header, const Envelope& envelope);
  void state_endorser(NodeId node, const Payload& payload, const ChannelHeader& header,
                      const SignatureHeader& signed_by, bool counted, Transaction& tx);
  void state_tx_id(NodeId node, const ChannelHeader& header, const SignatureHeader& signed_by, bool counted,
                   Transaction& tx);
  Action read_action(Ref data, WireError& error) const;
  Ref read_chaincode_action(NodeId node, Ref body, Ref extension, Transaction& tx, WireError& error);
  void state_endorsements(NodeId node, const Action& action, Ref chaincode, const Transaction& tx);
  bool state_policy(NodeId node, NodeId aside, u32 index, Ref chaincode, const SignatureSet& set);
  const EndorsementRule* rule_for(Ref chaincode) const;

  Sheet& sheet_;
  const Anchor& anchor_;
  People* people_;
  Policies* policies_;
  std::unordered_set<std::string_view> seen_;    // identifiers of earlier blocks, 32 bytes
  std::unordered_set<std::string_view> tx_ids_;  // of this block, as they are written
};

}  // namespace isthmus::chain::fabric
