#include "chain/fabric_people.hpp"

#include <algorithm>

namespace isthmus::chain::fabric {
namespace {

using claim::Kind;
using membership::Organisation;

constexpr u32 kCombinedDepthMax = 8;
constexpr u32 kCombinedPartsMax = 64;
constexpr u64 kMspRepeated = wire::field_bit(2) | wire::field_bit(3) | wire::field_bit(4) | wire::field_bit(5) |
                             wire::field_bit(7) | wire::field_bit(9) | wire::field_bit(10) | wire::field_bit(12);

membership::Fabric rules_version(MspVersion version) {
  switch (version) {
    case MspVersion::v1_0:
      return membership::Fabric::v1_0;
    case MspVersion::v1_1:
      return membership::Fabric::v1_1;
    case MspVersion::v1_3:
      return membership::Fabric::v1_3;
    case MspVersion::v1_4_3:
      return membership::Fabric::v1_4_3;
    case MspVersion::v3_0:
      break;
  }
  return membership::Fabric::v3_0;
}

// FabricOUIdentifier {1: certificate, 2: organizational_unit_identifier}.
membership::Unit read_unit(const Sheet& sheet, Ref ref, WireError& error) {
  membership::Unit unit;
  Ref* const fields[] = {&unit.certifier, &unit.name};
  read_pieces(sheet, ref, error, fields);
  return unit;
}

// FabricNodeOUs {1: enable, 2: client, 3: peer, 4: admin, 5: orderer}.
void read_node_units(const Sheet& sheet, Ref ref, Organisation& organisation, WireError& error) {
  membership::Unit* const units[] = {&organisation.client, &organisation.peer, &organisation.admin,
                                     &organisation.orderer};
  ProtobufReader reader = reader_of(sheet, ref, error);
  while (reader.next()) {
    const u32 number = reader.number();
    if (number == 1) {
      organisation.node_units = reader.as_bool();
    } else if (number <= 5) {
      *units[number - 2] = read_unit(sheet, take(reader, ref.space()), error);
    } else {
      reader.unknown();
    }
  }
}

// FabricCryptoConfig {1: signature_hash_family, 2: identity_identifier_hash_function}. The second only tells one
// certificate from another, which whole certificates do as well.
bool read_hash(const Sheet& sheet, Ref ref, Hash& hash, WireError& error) {
  Ref family, identifier;
  Ref* const fields[] = {&family, &identifier};
  read_pieces(sheet, ref, error, fields);
  if (family.len() == 0 || is_text(sheet, family, "SHA2")) return true;
  hash = Hash::sha3_256;
  return is_text(sheet, family, "SHA3");
}

u32 role_bit(u32 role) {
  constexpr u32 kBits[] = {membership::kMember, membership::kAdmin, membership::kClient, membership::kPeer,
                           membership::kOrderer};
  return role < std::size(kBits) ? kBits[role] : 0;
}

}  // namespace

People::People(Sheet& sheet, const Config& config, MspVersion version, IdentityForm form)
    : sheet_(sheet),
      version_(version),
      form_(form),
      aside_(sheet.aside(claim::kRoot, Kind::none, 0)),
      members_(sheet, membership::fabric_rules(rules_version(version))) {
  WireError error;
  for (const MspValue& value : read_msp_values(sheet, config, error)) {
    if (!error.failed()) add_msp(value);
  }
  if (error.failed()) problem_ = Code::fabric_config_malformed;
}

void People::add_msp(const MspValue& value) {
  Msp msp;
  msp.config = value.config;
  msp.supported = value.type == 0;
  WireError error;
  read_msp(msp, error);
  if (error.failed()) problem_ = Code::fabric_config_malformed;
  const u32 earlier = find_msp(msp.name);
  if (earlier != membership::kNone) {
    // An organisation may stand in several groups, but with one configuration (common/channelconfig/msp.go).
    if (!same_bytes(sheet_, msps_[earlier].config, msp.config)) problem_ = Code::fabric_config_malformed;
    return;
  }
  msps_.push_back(std::move(msp));
}

void People::read_msp(Msp& msp, WireError& error) {
  Organisation organisation;
  ProtobufReader reader = reader_of(sheet_, msp.config, error, loose(kMspRepeated));
  const Space space = msp.config.space();
  while (reader.next()) {
    switch (reader.number()) {
      case 1:
        msp.name = organisation.name = take(reader, space);
        break;
      case 2:
        organisation.roots.push_back(take(reader, space));
        break;
      case 3:
        organisation.intermediates.push_back(take(reader, space));
        break;
      case 4:
        organisation.admins.push_back(take(reader, space));
        break;
      case 5:
        organisation.revocation_lists.push_back(take(reader, space));
        break;
      case 7:
        organisation.units.push_back(read_unit(sheet_, take(reader, space), error));
        break;
      case 8:
        if (!read_hash(sheet_, take(reader, space), msp.hash, error)) msp.supported = false;
        break;
      case 11:
        read_node_units(sheet_, take(reader, space), organisation, error);
        break;
      case 6:  // a node's own signing identity, never in a channel
      case 9:  // TLS roots and intermediates: no part of an identity
      case 10:
      case 12:  // Fabric-X: certificates that identities may name by their hashes
        reader.as_bytes();
        break;
      default:
        // A rule of a later version: nobody of this MSP can be judged.
        reader.as_bytes();
        msp.supported = false;
    }
  }
  if (msp.supported && !error.failed()) msp.organisation = members_.add(organisation);
}

u32 People::find_msp(Ref name) const {
  for (u32 i = 0; i < msps_.size(); ++i) {
    if (same_bytes(sheet_, msps_[i].name, name)) return i;
  }
  return membership::kNone;
}

const Person& People::nobody(Code code, Status status) {
  Person person;
  person.code = code;
  person.status = status;
  // No other person has it: what cannot be told apart is not taken for the same.
  person.number = ~static_cast<u32>(persons_.size());
  if (status == Status::undecided) {
    person.node = sheet_.all(aside_, Kind::identity, static_cast<u32>(persons_.size()));
    sheet_.undecided(person.node, code);
  }
  return persons_.emplace_back(person);
}

const Person& People::find(Ref identity) {
  const auto [at, made] = by_bytes_.try_emplace(text_of(sheet_, identity), nullptr);
  if (made) at->second = &read_identity(identity);
  return *at->second;
}

const Person& People::read_identity(Ref identity) {
  WireError error;
  Ref msp_id, id_bytes, id;
  Ref* const fields[] = {&msp_id, &id_bytes, &id};
  read_pieces(sheet_, identity, error, std::span(fields).first(form_ == IdentityForm::x ? 3 : 2));
  if (error.failed() || (id_bytes.len() != 0 && id.len() != 0)) {
    return nobody(Code::fabric_identity_malformed, Status::invalid);
  }
  if (id.len() != 0) return nobody(Code::fabric_msp_unsupported, Status::undecided);
  return find_member(msp_id, id_bytes);
}

const Person& People::find_member(Ref msp_id, Ref id_bytes) {
  const u32 msp = find_msp(msp_id);
  if (msp == membership::kNone) return nobody(Code::fabric_msp_unknown, Status::invalid);
  if (!msps_[msp].supported) return nobody(Code::fabric_msp_unsupported, Status::undecided);
  const membership::Identity& identity = members_.identify(msps_[msp].organisation, id_bytes);
  const auto [at, made] = by_identity_.try_emplace(&identity, nullptr);
  if (!made) return *at->second;
  if (identity.key.len() == 0) {
    at->second = &nobody(identity.code == Code::ok ? Code::fabric_identity_malformed : identity.code, identity.status);
    return *at->second;
  }
  Person person;
  person.number = identity.number;
  person.identity = &identity;
  person.msp = msp;
  person.node = members_.attach(aside_, identity.number, identity);
  at->second = &persons_.emplace_back(person);
  return *at->second;
}

Principal People::read_principal(Ref principal) {
  Principal made;
  if (!collect(principal, 0, made.parts)) made.parts.clear();
  return made;
}

bool People::collect(Ref principal, u32 depth, std::vector<Principal::Part>& parts) {
  WireError error;
  u32 classification = 0;
  Ref body;
  ProtobufReader reader = reader_of(sheet_, principal, error);
  while (reader.next()) {
    if (reader.number() == 1) {
      classification = static_cast<u32>(reader.as_i32());
    } else if (reader.number() == 2) {
      body = take(reader, principal.space());
    } else {
      reader.unknown();
    }
  }
  if (error.failed() || parts.size() >= kCombinedPartsMax) return false;
  if (classification != static_cast<u32>(Classification::combined)) {
    Principal::Part part{static_cast<Classification>(classification), {}, 0, {}, {}, nullptr};
    if (!read_part(part.classification, body, part)) return false;
    parts.push_back(part);
    return true;
  }
  // CombinedPrincipal {1: principals}, since MSP 1.3; one without parts satisfies nobody.
  if (version_ < MspVersion::v1_3 || depth == kCombinedDepthMax) return false;
  bool any = false;
  ProtobufReader inner = reader_of(sheet_, body, error, loose(wire::field_bit(1)));
  while (inner.next()) {
    if (inner.number() != 1 || !collect(take(inner, body.space()), depth + 1, parts)) return false;
    any = true;
  }
  return any && !error.failed();
}

bool People::read_part(Classification classification, Ref body, Principal::Part& part) {
  WireError error;
  switch (classification) {
    case Classification::role:
    case Classification::anonymity: {
      // MSPRole {1: msp_identifier, 2: role}; MSPIdentityAnonymity {1: anonymity_type}, 0 for a nominal identity.
      u32 number = 0;
      ProtobufReader reader = reader_of(sheet_, body, error);
      while (reader.next()) {
        if (classification == Classification::role && reader.number() == 1) {
          part.msp_id = take(reader, body.space());
        } else if (reader.number() == (classification == Classification::role ? 2u : 1u)) {
          number = static_cast<u32>(reader.as_i32());
        } else {
          reader.unknown();
        }
      }
      part.role = classification == Classification::role ? role_bit(number) : membership::kMember;
      if (classification == Classification::role) return !error.failed() && part.role != 0;
      return !error.failed() && number == 0 && version_ >= MspVersion::v1_3;
    }
    case Classification::organization_unit: {
      Ref* const fields[] = {&part.msp_id, &part.unit, &part.certifiers};
      read_pieces(sheet_, body, error, fields);
      return !error.failed();
    }
    case Classification::identity:
      part.person = &find(body);
      return part.person->code == Code::ok;
    case Classification::combined:
      break;
  }
  return false;
}

// What can be told without cryptography.
bool People::may_be(const Person& person, const Principal::Part& part) const {
  switch (part.classification) {
    case Classification::role:
      return same_bytes(sheet_, msps_[person.msp].name, part.msp_id) && (person.identity->roles & part.role) != 0;
    case Classification::anonymity:
      return true;
    case Classification::identity:
      return person.msp == part.person->msp && person.number == part.person->number;
    case Classification::organization_unit: {
      const std::vector<std::string>& units = person.identity->certificate.organizational_units;
      return same_bytes(sheet_, msps_[person.msp].name, part.msp_id) &&
             std::find(units.begin(), units.end(), text_of(sheet_, part.unit)) != units.end();
    }
    case Classification::combined:
      break;
  }
  return false;
}

NodeId People::proof(const Person& person, const Principal& principal) {
  if (person.code != Code::ok) return person.status == Status::undecided ? person.node : claim::kNoNode;
  if (principal.parts.empty()) return claim::kNoNode;
  Ref certifiers;
  for (const Principal::Part& part : principal.parts) {
    if (!may_be(person, part)) return claim::kNoNode;
    if (part.classification != Classification::organization_unit) continue;
    // Two units under different authorities cannot both be one certificate's.
    if (certifiers.len() != 0 && !same_bytes(sheet_, certifiers, part.certifiers)) return claim::kNoNode;
    certifiers = part.certifiers;
    if (certifiers.len() == 0) return claim::kNoNode;
  }
  if (certifiers.len() == 0) return person.node;
  const auto [at, made] = unit_proofs_.try_emplace({person.number, u64{certifiers.off} << 32 | certifiers.len_space});
  if (!made) return at->second;
  at->second = members_.attach(aside_, person.number, *person.identity);
  const Ref identifier = members_.certifiers_identifier(*person.identity);
  sheet_.require(at->second, Code::fabric_certifiers, sheet_.compare(claim::Compare::equal, identifier, certifiers));
  return at->second;
}

void People::state_signature(NodeId node, const Person& person, Ref signature, std::span<const Ref> message) {
  membership::SignatureForm form;
  form.ecdsa_hash = msps_[person.msp].hash;
  form.low_s = true;
  form.trailing = false;
  members_.sign(node, *person.identity, signature, message, form);
}

}  // namespace isthmus::chain::fabric
