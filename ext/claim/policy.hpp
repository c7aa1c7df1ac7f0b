// Signature policies: nested "n out of these" over "signed by someone who is this principal", as Hyperledger Fabric
// evaluates them (common/cauthdsl/cauthdsl.go, common/policies/policy.go).
//
// The order of voters and of rules matters, and no identity counts twice: a rule "signed by" takes the first voter that
// is not used yet and satisfies its principal, and gives it back only if a rule around it fails. That is not the best
// assignment, but it is the one that every node of the chain computes.
// Cost: rules * voters steps, and a copy of the marks for each rule.
#pragma once

#include <vector>

#include "base/bytes.hpp"
#include "base/codes.hpp"
#include "base/span.hpp"

namespace isthmus::claim {

using NodeId = u32;
using ProgramId = u32;

inline constexpr NodeId kNoNode = ~NodeId{0};
inline constexpr ProgramId kNoProgram = ~ProgramId{0};  // from a sheet beyond its limits, or rules that are no program

// Rules in preorder: an "n out of" is followed by its parts.
struct Rule {
  static constexpr u32 kNobody = ~u32{0};

  u32 principal;  // for "signed by"
  i32 need;       // for "n out of": how many of the parts must hold
  u32 parts;      // how many rules stand directly below it
  bool signed_by;

  static constexpr Rule by(u32 principal) { return {principal, 0, 0, true}; }
  static constexpr Rule n_of(i32 need, u32 parts) { return {kNobody, need, parts, false}; }
};

struct Program {
  u32 rule_first;
  u32 rule_count;
  u32 principals;
  bool vacuous;  // holds although nobody signed: true in Fabric, but nothing is vacuously true here
};

// One signature in a policy. The voter counts if `signature` holds and no earlier voter that counts is the same
// `person`: a false signature in someone's name does not spoil a later good one, and whoever signed well once is not
// looked at again. He satisfies a principal if the proof of that holds, which is looked at only then.
struct Voter {
  NodeId signature;
  u32 person;  // the same number for the same certificate, however it is written
};

struct Policy {
  ProgramId program;
  u32 voter_first;
  u32 voter_count;
  u32 proof_first;  // a node for each voter and principal
};

// A policy with its parts looked up.
struct Ballot {
  std::span<const Rule> rules;
  std::span<const Voter> voters;
  std::span<const NodeId> proofs;  // voter by voter: the node that holds iff he is the principal; kNoNode: he is not
  u32 principals;
};

// Bounds of a program, far above any that is in use; deeper or longer ones are refused.
inline constexpr u32 kRulesMax = 4096;
inline constexpr u32 kRuleDepthMax = 64;

// Whether the rules are one tree in preorder within the bounds, with principals below `principals`.
bool well_formed(std::span<const Rule> rules, u32 principals);

// Whether the rules hold although nobody signed.
bool holds_vacuously(std::span<const Rule> rules);

// valid, invalid or undecided: the outcome of a ballot, given the status of each node. As the order of voters matters,
// one voter who is undecided and could count for some principal leaves the whole ballot undecided.
Status count(const Ballot& ballot, std::span<const Status> status);

}  // namespace isthmus::claim
