#include "claim/policy.hpp"

#include <algorithm>

namespace isthmus::claim {
namespace {

// For each voter that signed well which principals he satisfies. Nobody's row is left out for satisfying none: it
// stands in the way of his own later signatures.
struct Counted {
  std::vector<std::vector<u8>> rows;
  bool undecided = false;
};

Status status_of(NodeId proof, std::span<const Status> status) {
  return proof == kNoNode ? Status::invalid : status[proof];
}

// One voter; `signed_well` is not invalid.
void admit(Counted& counted, std::span<const NodeId> proofs, Status signed_well, std::span<const Status> status) {
  std::vector<u8>& row = counted.rows.emplace_back();
  for (const NodeId proof : proofs) {
    const Status holds = status_of(proof, status);
    row.push_back(holds == Status::valid);
    counted.undecided |= holds == Status::undecided || (holds == Status::valid && signed_well == Status::undecided);
  }
}

Counted admit_all(const Ballot& ballot, std::span<const Status> status) {
  Counted counted;
  std::vector<u32> persons;
  for (usize i = 0; i < ballot.voters.size(); ++i) {
    const Voter& voter = ballot.voters[i];
    const bool again = std::find(persons.begin(), persons.end(), voter.person) != persons.end();
    if (again || status[voter.signature] == Status::invalid) continue;
    persons.push_back(voter.person);
    admit(counted, ballot.proofs.subspan(i * ballot.principals, ballot.principals), status[voter.signature], status);
  }
  return counted;
}

// Evaluates the rule at `at` and moves `at` behind it; marks in `used` whom it took.
class Evaluator {
 public:
  Evaluator(std::span<const Rule> rules, const std::vector<std::vector<u8>>& rows) : rules_(rules), rows_(rows) {}

  bool holds(usize& at, std::vector<u8>& used) const {
    const Rule& rule = rules_[at++];
    return rule.signed_by ? take(rule.principal, used) : enough(rule, at, used);
  }

 private:
  bool take(u32 principal, std::vector<u8>& used) const {
    for (usize i = 0; i < rows_.size(); ++i) {
      if (used[i] != 0 || rows_[i][principal] == 0) continue;
      used[i] = 1;
      return true;
    }
    return false;
  }

  // All parts are evaluated, also beyond the number that is needed: what they take is taken.
  bool enough(const Rule& rule, usize& at, std::vector<u8>& used) const {
    i64 held = 0;
    for (u32 part = 0; part < rule.parts; ++part) {
      std::vector<u8> tried = used;
      if (!holds(at, tried)) continue;
      ++held;
      used = std::move(tried);
    }
    return held >= rule.need;
  }

  std::span<const Rule> rules_;
  const std::vector<std::vector<u8>>& rows_;
};

bool evaluate(std::span<const Rule> rules, const std::vector<std::vector<u8>>& rows) {
  usize at = 0;
  std::vector<u8> used(rows.size());
  return Evaluator(rules, rows).holds(at, used);
}

}  // namespace

bool well_formed(std::span<const Rule> rules, u32 principals) {
  if (rules.empty() || rules.size() > kRulesMax) return false;
  std::vector<u32> open = {1};  // parts still to come, of each rule around the next one
  for (const Rule& rule : rules) {
    while (!open.empty() && open.back() == 0) open.pop_back();
    if (open.empty() || open.size() > kRuleDepthMax) return false;
    --open.back();
    if (rule.signed_by && rule.principal >= principals) return false;
    if (!rule.signed_by) open.push_back(rule.parts);
  }
  return std::all_of(open.begin(), open.end(), [](u32 left) { return left == 0; });
}

bool holds_vacuously(std::span<const Rule> rules) { return evaluate(rules, {}); }

Status count(const Ballot& ballot, std::span<const Status> status) {
  const Counted counted = admit_all(ballot, status);
  if (counted.undecided) return Status::undecided;
  return evaluate(ballot.rules, counted.rows) ? Status::valid : Status::invalid;
}

}  // namespace isthmus::claim
