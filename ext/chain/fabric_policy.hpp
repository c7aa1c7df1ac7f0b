// Fabric's policies stated over a set of signatures: signature policies as programs (claim/policy.hpp), implicit meta
// policies as quorums over the policies of the groups below (common/policies/{policy,implicitmeta}.go,
// common/cauthdsl/cauthdsl.go).
//
// Stricter than Fabric in one thing: a policy that would hold without any signature never holds here. Fabric takes an
// implicit meta policy over no groups as satisfied, and "0 out of" as well; they are told by policy_vacuous.
#pragma once

#include <string_view>
#include <unordered_map>
#include <vector>

#include "chain/fabric_config.hpp"
#include "chain/fabric_people.hpp"

namespace isthmus::chain::fabric {

// Signatures in the order of the input. Each has a node under one that counts nowhere, so that a false one is named and
// spoils nothing; policies look at them.
class SignatureSet {
 public:
  // `kind` is that of each signature's node.
  SignatureSet(Sheet& sheet, People& people, NodeId parent, claim::Kind kind);

  // `message`: what was signed, in pieces; `off` names the signature in the input.
  void add(u32 index, const Person& person, Ref signature, std::span<const Ref> message, u64 off);
  // A signature by someone whom the policy cannot count: told at its node.
  void add_nobody(u32 index, Code code, u64 off);

  struct Entry {
    const Person* person;
    NodeId node;
  };
  std::span<const Entry> entries() const { return entries_; }
  usize size() const { return nodes_.size(); }

  // Besides what policies say, at `node`: every signature and every signer's certificate must be good.
  void require_all(NodeId node);

 private:
  Sheet& sheet_;
  People& people_;
  NodeId aside_;
  claim::Kind kind_;
  std::vector<Entry> entries_;
  std::vector<NodeId> nodes_;  // of all signatures, those by nobody too
};

class Policies {
 public:
  Policies(Sheet& sheet, const Config& config, People& people) : sheet_(sheet), config_(config), people_(people) {}

  // The policy at a path from `group`, or from the root where the path begins with /Channel/. A name that leads nowhere
  // is a policy that nobody satisfies, as it is in Fabric.
  void state(NodeId parent, u32 index, u32 group, std::string_view path, const SignatureSet& set, u64 weight = 0);
  // A common.SignaturePolicyEnvelope.
  void state_envelope(NodeId parent, u32 index, Ref envelope, const SignatureSet& set, u64 weight = 0);

 private:
  struct Compiled {
    claim::ProgramId program = claim::kNoProgram;
    std::vector<Principal> principals;
  };

  const Compiled& compile(Ref envelope);
  void state_meta(NodeId parent, u32 index, u32 group, Ref value, const SignatureSet& set, u64 weight);
  void state_missing(NodeId parent, u32 index);

  Sheet& sheet_;
  const Config& config_;
  People& people_;
  std::unordered_map<u64, Compiled> compiled_;
};

// Whether an envelope is exactly "quorum of the consenters": NOutOf(q, signed_by 0..n-1) over their identities in order
// (common/policies/bft.go). A BFT orderer refuses every other BlockValidation.
bool is_quorum_of(const Sheet& sheet, Ref envelope, std::span<const Consenter> consenters);

// ceil((n + f + 1) / 2) with f = (n - 1) div 3.
u32 bft_quorum(u32 consenters);

}  // namespace isthmus::chain::fabric
