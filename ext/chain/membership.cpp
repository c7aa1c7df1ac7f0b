// Identities of a permissioned network ("membership"): is each certificate one of an organisation's, and in which role?
//
// Input:
//   message Identities { repeated Presented identities = 1; }
//   message Presented {
//     string organisation = 1;  // whom it claims to be of; empty: whichever organisation takes it
//     bytes identity = 2;       // what a block carries: a certificate in PEM, for ChainMaker also in DER
//   }
// Anchor: chain/membership_anchor.hpp. An organisation whose roots cannot be used makes the anchor ill formed.
//
//   valid       every identity's chain, times, roles and revocation are good
//   invalid     one is not; its place is "certificate i", counted from 0
//   undecided   certificate_algorithm, certificate_name_constraints, certificate_instant_missing
//
// Facts, one record for each identity in order: `members` (20 bytes: organisation, roles, number, key number and how
// many chains lead to a root, each 32 bits, little-endian; ffffffff where there is none), `fingerprints` (32 bytes:
// SHA-256 of the certificate with low s, zero where there is no certificate). They describe; whether an identity may be
// believed is the verdict's to say.
#include "chain/membership_anchor.hpp"

namespace isthmus::chain {

namespace membership_chain {
namespace {

using claim::NodeId;
using claim::Ref;
using claim::Sheet;
using claim::Space;
using membership::Identity;
using membership::Members;
using wire::ProtobufReader;

constexpr usize kRecord = 20;
constexpr u32 kDigest = 32;

struct Presented {
  Bytes organisation;
  Ref identity;
  u64 byte_off = 0;
};

Presented read_presented(ProtobufReader reader) {
  Presented out;
  while (reader.next()) {
    switch (reader.number()) {
      case 1:
        out.organisation = reader.as_bytes();
        break;
      case 2: {
        const Bytes bytes = reader.as_bytes();
        out.byte_off = reader.value_off();
        out.identity = Ref::make(Space::input, out.byte_off, bytes.size());
        break;
      }
      default:
        reader.unknown();
    }
  }
  return out;
}

std::vector<Presented> read_identities(ProtobufReader reader, usize count_max) {
  std::vector<Presented> out;
  while (reader.next()) {
    if (reader.number() != 1) {
      reader.unknown();
    } else if (out.size() == count_max) {
      reader.refuse(Code::limit_exceeded);
    } else {
      out.push_back(read_presented(reader.as_message()));
    }
  }
  reader.require(1);
  return out;
}

// Of the organisation that is named, or of the first one that takes it.
const Identity& identify(Members& members, const Presented& presented) {
  if (!presented.organisation.empty()) {
    return members.identify(members.find(presented.organisation), presented.identity);
  }
  const Identity* first = nullptr;
  for (u32 i = 0; i < members.count(); ++i) {
    const Identity& identity = members.identify(i, presented.identity);
    if (identity.good()) return identity;
    if (first == nullptr) first = &identity;
  }
  return *first;
}

void write_record(std::vector<u8>& records, const Identity& identity) {
  u8 record[kRecord];
  store_le32(record, identity.organisation);
  store_le32(record + 4, identity.roles);
  store_le32(record + 8, identity.number);
  store_le32(record + 12, identity.key_number);
  store_le32(record + 16, static_cast<u32>(identity.paths.size()));
  records.insert(records.end(), record, record + kRecord);
}

void state_identities(Sheet& sheet, Members& members, const TrustRoots& trust, const std::vector<Presented>& all) {
  std::vector<u8> records;
  const Ref digests = sheet.reserve(kDigest * all.size());
  for (u32 i = 0; i < all.size() && sheet.within_limits(); ++i) {
    const Identity& identity = identify(members, all[i]);
    members.attach(claim::kRoot, i, identity, trust.instant, 0, all[i].byte_off);
    members.fingerprint_into(digests.sub(kDigest * i, kDigest), identity);
    write_record(records, identity);
  }
  sheet.fact("members", sheet.text(records));
  sheet.fact("fingerprints", digests);
}

}  // namespace
}  // namespace membership_chain

AnchorError decode_membership(Bytes input, Bytes anchor, const Limits& limits, claim::Sheet& sheet) {
  using namespace membership_chain;
  if (!sheet.within_limits()) return {};
  TrustRoots trust;
  const AnchorError anchor_error = read_trust_roots(anchor, trust);
  if (anchor_error.what != nullptr) return anchor_error;
  Members members(sheet, trust.rules);
  for (const membership::Organisation& organisation : trust.organisations) {
    const usize count = members.count();
    const u32 number = members.add(organisation);
    if (members.count() == count) return {"an organisation stands twice", organisation.name.off};
    const bool only_members = organisation.roots.empty() && !organisation.members.empty();
    if (members.problem(number) != Code::ok && !only_members) {
      return {entry_of(members.problem_detail(number)).text, organisation.name.off};
    }
  }
  wire::WireError error;
  const std::vector<Presented> all =
      read_identities(ProtobufReader(input, error, {.repeated = wire::field_bit(1)}), limits.rows_max);
  if (error.failed()) {
    if (error.code == Code::limit_exceeded) sheet.undecided(claim::kRoot, error.code, error.byte_off);
    if (error.code != Code::limit_exceeded) sheet.fail(claim::kRoot, error.code, error.byte_off);
    return {};
  }
  state_identities(sheet, members, trust, all);
  return {};
}

}  // namespace isthmus::chain
