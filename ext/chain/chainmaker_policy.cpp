// Who must endorse a transaction; see chainmaker_claims.hpp and the node's accesscontrol/ac_server.go.
//
// Every endorser's signature is a claim of its own that must hold, so counting organisations needs none: what is
// counted here either verifies, or the transaction is invalid anyway.
#include <algorithm>
#include <cstddef>

#include "chain/chainmaker_claims.hpp"

namespace isthmus::chain::chainmaker {
namespace {

constexpr u8 kHyphen = '-';
constexpr u32 kInvokeContract = 0;  // TxType of v2: queries are not endorsed

// v1 names a resource by the method alone.
bool is_resource(const Sheet& sheet, const Transaction& tx, Ref resource, Format format) {
  if (format != Format::v2) return tx.endorsed.len() != 0 && same_bytes(sheet, resource, tx.method);
  if (tx.tx_type != kInvokeContract) return false;
  const Bytes contract = sheet.bytes(tx.contract_name);
  const Bytes method = sheet.bytes(tx.method);
  const Bytes wanted = sheet.bytes(resource);
  if (wanted.size() != contract.size() + 1 + method.size() || wanted[contract.size()] != kHyphen) return false;
  return std::equal(contract.begin(), contract.end(), wanted.begin()) &&
         std::equal(method.begin(), method.end(), wanted.begin() + static_cast<std::ptrdiff_t>(contract.size()) + 1);
}

const Policy* policy_of(const Case& c, const Transaction& tx) {
  for (const Policy& policy : c.anchor.policies) {
    if (is_resource(c.sheet, tx, policy.resource, c.anchor.format)) return &policy;
  }
  return nullptr;
}

bool holds(const Sheet& sheet, std::span<const Ref> orgs, Ref org) {
  return std::any_of(orgs.begin(), orgs.end(), [&](Ref each) { return same_bytes(sheet, each, org); });
}

// Distinct organisations among the endorsers that have one of the roles.
u64 count_orgs(const Case& c, std::span<const Signed> endorsers, std::span<const Ref> orgs, u32 roles) {
  std::vector<Ref> seen;
  for (const Signed& entry : endorsers) {
    const Signer& signer = c.signers.of(entry.signer);
    if (signer.status != Status::valid || !signer.listed || (roles != 0 && (signer.roles & roles) == 0)) continue;
    if (!orgs.empty() && !holds(c.sheet, orgs, signer.org_id)) continue;
    if (!holds(c.sheet, seen, signer.org_id)) seen.push_back(signer.org_id);
  }
  return seen.size();
}

// Ceiling of total * numerator / denominator: totals are counts of an anchor's parts.
u64 share_of(u64 total, const Policy& policy) {
  const u128 product = static_cast<u128>(total) * policy.numerator;
  return static_cast<u64>((product + policy.denominator - 1) / policy.denominator);
}

bool is_met(const Case& c, const Policy& policy, const Transaction& tx, std::span<const Signed> endorsers) {
  const u64 total = policy.orgs.empty() ? c.anchor.orgs.size() : policy.orgs.size();
  switch (policy.rule) {
    case Rule::any:
      return count_orgs(c, endorsers, policy.orgs, policy.roles) >= 1;
    case Rule::all:
      return total != 0 && count_orgs(c, endorsers, policy.orgs, policy.roles) == total;
    case Rule::majority:  // of all organisations, administrators only, whatever else the policy names
      return 2 * count_orgs(c, endorsers, {}, membership::kAdmin) > c.anchor.orgs.size();
    case Rule::self:
      return tx.target_org.len() != 0 &&
             count_orgs(c, endorsers, std::span(&tx.target_org, 1), membership::kAdmin) == 1;
    case Rule::count:
      return count_orgs(c, endorsers, policy.orgs, policy.roles) >= policy.numerator;
    case Rule::share:
      return total != 0 && count_orgs(c, endorsers, policy.orgs, policy.roles) >= share_of(total, policy);
    case Rule::forbidden:
      break;
  }
  return false;
}

bool asks_administrators(const Policy& policy) {
  return policy.rule == Rule::majority || policy.rule == Rule::self || policy.roles == membership::kAdmin;
}

}  // namespace

void state_policy(const Case& c, NodeId node, const Transaction& tx, std::span<const Signed> endorsers) {
  const Policy* const policy = policy_of(c, tx);
  if (policy == nullptr) return;
  if (policy->rule == Rule::forbidden) return c.sheet.fail(node, Code::chainmaker_policy_forbidden, tx.off);
  // Without endorsers the sender is asked.
  const std::span<const Signed> asked = endorsers.empty() ? std::span(&tx.sender, 1) : endorsers;
  if (is_met(c, *policy, tx, asked)) return;
  // A key that the anchor does not have may be registered in the chain's state, but not as an administrator's: those
  // are the configuration's.
  const bool unlisted =
      !asks_administrators(*policy) &&
      std::any_of(asked.begin(), asked.end(), [&](const Signed& entry) { return !c.signers.of(entry.signer).listed; });
  if (unlisted) return c.sheet.undecided(node, Code::chainmaker_member_unknown, tx.off);
  c.sheet.fail(node, Code::chainmaker_policy, tx.off);
}

}  // namespace isthmus::chain::chainmaker
