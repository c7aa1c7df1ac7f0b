#include "chain/fabric_policy.hpp"

namespace isthmus::chain::fabric {
namespace {

using claim::Kind;
using claim::Rule;

// Far above any policy in use: a rule of a program is at least two bytes.
constexpr u32 kPrincipalsMax = 4096;

u64 key_of(Ref ref) { return u64{ref.off} << 32 | ref.len_space; }

struct PolicyParts {
  Ref rule;
  std::vector<Ref> principals;
};

PolicyParts read_policy(const Sheet& sheet, Ref ref, WireError& error) {
  PolicyParts parts;
  ProtobufReader reader = reader_of(sheet, ref, error, loose(wire::field_bit(3)));
  while (reader.next()) {
    switch (reader.number()) {
      case 1:
        // Version 0 is the only one that there is (cauthdsl/policy.go).
        if (reader.as_i32() != 0) reader.refuse(Code::field_value);
        break;
      case 2:
        parts.rule = take(reader, ref.space());
        break;
      case 3:
        if (parts.principals.size() == kPrincipalsMax) reader.refuse(Code::limit_exceeded);
        parts.principals.push_back(take(reader, ref.space()));
        break;
      default:
        reader.unknown();
    }
  }
  reader.require(2);
  return parts;
}

// Rules in preorder from nested SignaturePolicy messages: {1: signed_by, 2: NOutOf {1: n, 2: rules}}.
class RuleReader {
 public:
  RuleReader(const Sheet& sheet, WireError& error, std::vector<Rule>& rules)
      : sheet_(sheet), error_(error), rules_(rules) {}

  void read(Ref ref, u32 depth) {
    if (depth > claim::kRuleDepthMax || rules_.size() >= claim::kRulesMax) error_.set(Code::limit_exceeded, ref.off);
    ProtobufReader reader = reader_of(sheet_, ref, error_);
    bool met = false;
    while (reader.next()) {
      // One of the two, once: which of several counted would depend on the reader.
      if (met) reader.refuse(Code::field_repeated);
      met = true;
      if (reader.number() == 1) {
        rules_.push_back(Rule::by(static_cast<u32>(reader.as_i32())));
      } else if (reader.number() == 2) {
        read_n_of(take(reader, ref.space()), depth);
      } else {
        reader.unknown();
      }
    }
    if (!met) error_.set(Code::field_missing, ref.off);
  }

 private:
  void read_n_of(Ref ref, u32 depth) {
    const usize at = rules_.size();
    rules_.push_back(Rule::n_of(0, 0));
    ProtobufReader reader = reader_of(sheet_, ref, error_, loose(wire::field_bit(2)));
    while (reader.next()) {
      if (reader.number() == 1) {
        rules_[at].need = reader.as_i32();
      } else if (reader.number() == 2) {
        ++rules_[at].parts;
        read(take(reader, ref.space()), depth + 1);
      } else {
        reader.unknown();
      }
    }
  }

  const Sheet& sheet_;
  WireError& error_;
  std::vector<Rule>& rules_;
};

// The first part of a path and what follows it.
std::string_view split(std::string_view& path) {
  const usize slash = path.find('/');
  const std::string_view first = path.substr(0, slash);
  path = slash == std::string_view::npos ? std::string_view{} : path.substr(slash + 1);
  return first;
}

}  // namespace

SignatureSet::SignatureSet(Sheet& sheet, People& people, NodeId parent, Kind kind)
    : sheet_(sheet), people_(people), aside_(sheet.aside(parent, Kind::none, 0)), kind_(kind) {}

void SignatureSet::add(u32 index, const Person& person, Ref signature, std::span<const Ref> message, u64 off) {
  if (person.code != Code::ok && person.status != Status::undecided) return add_nobody(index, person.code, off);
  const NodeId node = sheet_.all(aside_, kind_, index);
  if (person.code == Code::ok) {
    people_.state_signature(node, person, signature, message);
  } else {
    sheet_.undecided(node, person.code, off);
  }
  entries_.push_back({&person, node});
  nodes_.push_back(node);
}

void SignatureSet::add_nobody(u32 index, Code code, u64 off) {
  nodes_.push_back(sheet_.all(aside_, kind_, index));
  sheet_.fail(nodes_.back(), code, off);
}

void SignatureSet::require_all(NodeId node) {
  for (const NodeId each : nodes_) sheet_.rely(node, each, Code::fabric_endorsement_invalid);
  for (const Entry& entry : entries_) sheet_.rely(node, entry.person->node, Code::fabric_identity_invalid);
}

const Policies::Compiled& Policies::compile(Ref envelope) {
  const auto [at, made] = compiled_.try_emplace(key_of(envelope));
  Compiled& compiled = at->second;
  if (!made) return compiled;
  WireError error;
  const PolicyParts parts = read_policy(sheet_, envelope, error);
  std::vector<Rule> rules;
  RuleReader(sheet_, error, rules).read(parts.rule, 0);
  if (error.failed()) return compiled;
  for (const Ref principal : parts.principals) compiled.principals.push_back(people_.read_principal(principal));
  const u32 count = static_cast<u32>(compiled.principals.size());
  if (claim::well_formed(rules, count)) compiled.program = sheet_.program(rules, count);
  return compiled;
}

void Policies::state_missing(NodeId parent, u32 index) {
  sheet_.fail(sheet_.all(parent, Kind::policy, index), Code::fabric_policy_missing);
}

void Policies::state_envelope(NodeId parent, u32 index, Ref envelope, const SignatureSet& set, u64 weight) {
  const Compiled& compiled = compile(envelope);
  if (compiled.program == claim::kNoProgram) return state_missing(parent, index);
  std::vector<claim::Voter> voters;
  std::vector<NodeId> proofs;
  for (const SignatureSet::Entry& entry : set.entries()) {
    voters.push_back({entry.node, entry.person->number});
    for (const Principal& principal : compiled.principals) proofs.push_back(people_.proof(*entry.person, principal));
  }
  sheet_.policy(parent, Kind::policy, index, compiled.program, voters, proofs, weight);
}

void Policies::state(NodeId parent, u32 index, u32 group, std::string_view path, const SignatureSet& set, u64 weight) {
  if (path.starts_with('/')) {
    path.remove_prefix(1);
    if (split(path) != "Channel") return state_missing(parent, index);
    group = 0;
  }
  std::string_view name = split(path);
  while (!path.empty() && group != kNoGroup) {
    group = find_group(sheet_, config_, group, name);
    name = split(path);
  }
  const ConfigItem* policy = group == kNoGroup ? nullptr : find_policy(sheet_, config_.groups[group], name);
  if (policy == nullptr) return state_missing(parent, index);
  switch (static_cast<PolicyType>(policy->policy_type)) {
    case PolicyType::signature:
      return state_envelope(parent, index, policy->value, set, weight);
    case PolicyType::implicit_meta:
      return state_meta(parent, index, group, policy->value, set, weight);
  }
  state_missing(parent, index);
}

// ImplicitMetaPolicy {1: sub_policy, 2: rule}: the same policy of that many of the groups below.
void Policies::state_meta(NodeId parent, u32 index, u32 group, Ref value, const SignatureSet& set, u64 weight) {
  Ref sub_policy;
  u32 rule = 0;
  WireError error;
  ProtobufReader reader = reader_of(sheet_, value, error);
  while (reader.next()) {
    if (reader.number() == 1) {
      sub_policy = take(reader, value.space());
    } else if (reader.number() == 2) {
      rule = static_cast<u32>(reader.as_i32());
    } else {
      reader.unknown();
    }
  }
  if (error.failed() || rule > 2) return state_missing(parent, index);
  const std::vector<u32>& below = config_.groups[group].groups;
  const u64 need = rule == 0 ? 1 : rule == 1 ? below.size() : below.size() / 2 + 1;
  // Over no groups the threshold is 0 in Fabric, and that is true; here it is a quorum of nobody.
  if (below.empty()) {
    sheet_.fail(sheet_.all(parent, Kind::policy, index, weight), Code::policy_vacuous);
    return;
  }
  const NodeId node =
      sheet_.quorum(parent, Kind::policy, index, need, claim::Fold::quorum, Code::policy_not_satisfied, weight);
  for (u32 i = 0; i < below.size() && sheet_.within_limits(); ++i) {
    // A name within the group below: a path from the root would lead out of it, and back here.
    const std::string_view name = text_of(sheet_, sub_policy);
    if (name.starts_with('/')) {
      state_missing(node, i);
    } else {
      state(node, i, below[i], name, set, 1);
    }
  }
}

u32 bft_quorum(u32 consenters) {
  const u32 faulty = consenters == 0 ? 0 : (consenters - 1) / 3;
  return (consenters + faulty + 2) / 2;
}

bool is_quorum_of(const Sheet& sheet, Ref envelope, std::span<const Consenter> consenters) {
  WireError error;
  const PolicyParts parts = read_policy(sheet, envelope, error);
  std::vector<Rule> rules;
  RuleReader(sheet, error, rules).read(parts.rule, 0);
  const usize count = consenters.size();
  if (error.failed() || count == 0 || rules.size() != count + 1 || parts.principals.size() != count) return false;
  const Rule& head = rules[0];
  if (head.signed_by || head.parts != count || head.need != static_cast<i32>(bft_quorum(static_cast<u32>(count)))) {
    return false;
  }
  for (u32 i = 0; i < count; ++i) {
    if (!rules[i + 1].signed_by || rules[i + 1].principal != i) return false;
    u32 classification = 0;
    Ref principal;
    ProtobufReader reader = reader_of(sheet, parts.principals[i], error);
    while (reader.next()) {
      if (reader.number() == 1) {
        classification = static_cast<u32>(reader.as_i32());
      } else if (reader.number() == 2) {
        principal = take(reader, envelope.space());
      } else {
        reader.unknown();
      }
    }
    const SerializedIdentity identity = read_serialized_identity(sheet, principal, error);
    if (error.failed() || classification != static_cast<u32>(Classification::identity)) return false;
    if (!same_bytes(sheet, identity.msp_id, consenters[i].msp_id)) return false;
    if (!same_bytes(sheet, identity.id_bytes, consenters[i].identity)) return false;
  }
  return true;
}

}  // namespace isthmus::chain::fabric
