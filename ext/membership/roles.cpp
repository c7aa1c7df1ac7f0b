#include <algorithm>
#include <string_view>

#include "membership/room.hpp"

namespace isthmus::membership {
namespace {

using wire::Certificate;

bool has_unit(const Certificate& certificate, const std::string& name) {
  const auto& units = certificate.organizational_units;
  return std::find(units.begin(), units.end(), name) != units.end();
}

bool certified(const UnitEntry& unit, const Path& path) {
  return unit.any_certifier || unit.certifiers == path.issuers;
}

// Fabric's oldest rule: where the organisation lists units, a member bears one of them under its certifier.
bool in_listed_units(const Group& group, const Certificate& certificate, const Path& path) {
  if (group.units.empty()) return true;
  return std::any_of(group.units.begin(), group.units.end(), [&](const UnitEntry& unit) {
    return has_unit(certificate, unit.name) && unit.certifiers == path.issuers;
  });
}

// The node unit that a name means: of two with one name the later wins, as in the reference's map.
const UnitEntry* node_unit(const Group& group, bool all_four, const std::string& name) {
  const UnitEntry* const later[] = {&group.orderer, &group.admin, &group.peer, &group.client};
  const UnitEntry* const earlier[] = {&group.client, &group.peer};
  const std::span<const UnitEntry* const> units = all_four ? std::span<const UnitEntry* const>(later) : earlier;
  for (const UnitEntry* unit : units) {
    if (!unit->name.empty() && unit->name == name) return unit;
  }
  return nullptr;
}

// Exactly one unit of the certificate is a node unit, and of the certifier that the configuration names for it.
Code check_node_units(const Group& group, bool all_four, const Certificate& certificate, const Path& path) {
  u32 count = 0;
  for (const std::string& name : certificate.organizational_units) {
    const UnitEntry* const unit = node_unit(group, all_four, name);
    if (unit == nullptr) continue;
    if (!certified(*unit, path)) return Code::certificate_certifier_differs;
    if (++count > 1) break;
  }
  return count == 1 ? Code::ok : Code::certificate_role_missing;
}

}  // namespace

u32 role_of_word(std::string_view word) {
  std::string upper(word);
  for (char& c : upper) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  }
  struct Named {
    std::string_view word;
    u32 role;
  };
  constexpr Named kNamed[] = {{"ADMIN", kAdmin}, {"CLIENT", kClient},       {"PEER", kPeer},    {"ORDERER", kOrderer},
                              {"LIGHT", kLight}, {"CONSENSUS", kConsensus}, {"COMMON", kCommon}};
  for (const Named& each : kNamed) {
    if (each.word == upper) return each.role;
  }
  return 0;
}

void check_units(const Group& group, const Rules& rules, const Certificate& certificate, Path& path) {
  if (rules.units == UnitRules::chainmaker || path.status != Status::valid) return;
  Code code = in_listed_units(group, certificate, path) ? Code::ok : Code::certificate_unit_unknown;
  if (code == Code::ok && group.node_units && rules.units != UnitRules::fabric_v1_0) {
    code = check_node_units(group, rules.units == UnitRules::fabric_v1_4_3, certificate, path);
  }
  if (code == Code::ok) return;
  path.code = code;
  path.status = Status::invalid;
}

u32 roles_of(const Group& group, const Rules& rules, const Certificate& certificate) {
  if (rules.units == UnitRules::chainmaker) {
    const auto& units = certificate.organizational_units;
    return units.empty() ? kMember : kMember | role_of_word(units[0]);
  }
  u32 roles = kMember;
  if (!group.node_units || rules.units == UnitRules::fabric_v1_0) return roles;
  const auto add = [&](const UnitEntry& unit, u32 role) {
    if (!unit.name.empty() && has_unit(certificate, unit.name)) roles |= role;
  };
  add(group.client, kClient);
  add(group.peer, kPeer);
  if (rules.units != UnitRules::fabric_v1_4_3) return roles;
  add(group.admin, kAdmin);
  add(group.orderer, kOrderer);
  return roles;
}

}  // namespace isthmus::membership
