#include "chain/membership_anchor.hpp"

namespace isthmus::chain::membership_chain {
namespace {

using claim::Ref;
using claim::Space;
using membership::Organisation;
using wire::field_bit;
using wire::ProtobufReader;

constexpr u64 kOrganisationRepeated =
    field_bit(2) | field_bit(3) | field_bit(4) | field_bit(5) | field_bit(6) | field_bit(7) | field_bit(9);

Ref take(ProtobufReader& reader) {
  const Bytes bytes = reader.as_bytes();
  return Ref::make(Space::anchor, reader.value_off(), bytes.size());
}

bool rules_of(u32 number, membership::Rules& out) {
  if (number >= 1 && number <= 5) {
    out = membership::fabric_rules(static_cast<membership::Fabric>(number - 1));
    return true;
  }
  if (number != 16) return false;
  out = membership::chainmaker_rules();
  return true;
}

membership::Unit read_unit(ProtobufReader reader) {
  membership::Unit unit;
  while (reader.next()) {
    switch (reader.number()) {
      case 1:
        unit.name = take(reader);
        break;
      case 2:
        unit.certifier = take(reader);
        break;
      default:
        reader.unknown();
    }
  }
  reader.require(1);
  return unit;
}

void read_node_units(ProtobufReader reader, Organisation& out) {
  out.node_units = true;
  membership::Unit* const units[] = {&out.client, &out.peer, &out.admin, &out.orderer};
  while (reader.next()) {
    if (reader.number() > 4) {
      reader.unknown();
    } else {
      *units[reader.number() - 1] = read_unit(reader.as_message());
    }
  }
}

membership::TrustedMember read_member(ProtobufReader reader) {
  membership::TrustedMember member;
  while (reader.next()) {
    switch (reader.number()) {
      case 1:
        member.certificate = take(reader);
        break;
      case 2:
        member.role = take(reader);
        break;
      default:
        reader.unknown();
    }
  }
  reader.require(1);
  return member;
}

Organisation read_organisation(ProtobufReader reader) {
  Organisation out;
  while (reader.next()) {
    switch (reader.number()) {
      case 1:
        out.name = take(reader);
        break;
      case 2:
        out.roots.push_back(take(reader));
        break;
      case 3:
        out.intermediates.push_back(take(reader));
        break;
      case 4:
        out.revocation_lists.push_back(take(reader));
        break;
      case 5:
        out.admins.push_back(take(reader));
        break;
      case 6:
        out.frozen.push_back(take(reader));
        break;
      case 7:
        out.units.push_back(read_unit(reader.as_message()));
        break;
      case 8:
        read_node_units(reader.as_message(), out);
        break;
      case 9:
        out.members.push_back(read_member(reader.as_message()));
        break;
      default:
        reader.unknown();
    }
  }
  reader.require(1);
  return out;
}

membership::Instant read_instant(ProtobufReader reader) {
  i64 seconds = 0;
  while (reader.next()) {
    if (reader.number() == 1) {
      seconds = reader.as_i64();
    } else {
      reader.unknown();
    }
  }
  return membership::Instant::at(seconds);
}

}  // namespace

AnchorError read_trust_roots(Bytes anchor, TrustRoots& out) {
  wire::WireError error;
  ProtobufReader reader(anchor, error, {.repeated = field_bit(2)});
  while (reader.next()) {
    switch (reader.number()) {
      case 1:
        if (!rules_of(reader.as_u32(), out.rules)) reader.refuse(Code::field_value);
        break;
      case 2:
        out.organisations.push_back(read_organisation(reader.as_message(kOrganisationRepeated)));
        break;
      case 3:
        out.instant = read_instant(reader.as_message());
        break;
      case 4:
        if (reader.as_bool()) out.instant = membership::Instant::any();
        break;
      default:
        reader.unknown();
    }
  }
  reader.require(1);
  reader.require(2);
  if (error.failed()) return {entry_of(error.code).text, error.byte_off};
  return {};
}

}  // namespace isthmus::chain::membership_chain
