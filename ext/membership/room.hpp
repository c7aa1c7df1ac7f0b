// What Members keeps for one sheet; internal to this folder.
#pragma once

#include <deque>
#include <map>
#include <string>
#include <vector>

#include "membership/members.hpp"

namespace isthmus::membership {

// Bytes in an order that looks at lengths first; keys are copies, looked up without one.
struct ByBytes {
  using is_transparent = void;
  bool operator()(Bytes a, Bytes b) const {
    if (a.size() != b.size()) return a.size() < b.size();
    return !a.empty() && memcmp(a.data(), b.data(), a.size()) < 0;
  }
};
template <class Value>
using BytesMap = std::map<std::vector<u8>, Value, ByBytes>;

// A certificate that may sign others.
struct Authority {
  Ref der;
  wire::Certificate certificate;
  bool is_root = false;
  bool certifies_authorities = false;
};

struct Revocations {
  Ref der;
  wire::RevocationList list;
};

// A unit that gives membership or a role.
struct UnitEntry {
  std::string name;
  bool any_certifier = true;
  std::vector<u32> certifiers;  // numbers of authorities, from the unit's certifier to its root
};

// A claim, or why there is none.
struct Stated {
  ClaimId claim = claim::kNoClaim;
  Status status = Status::valid;
  Code code = Code::ok;

  bool is_claim() const { return status == Status::valid; }
};

struct Group {
  Ref name;
  Code problem = Code::ok;
  Code problem_detail = Code::ok;
  std::vector<Authority> authorities;
  std::vector<Revocations> revocations;
  std::vector<Ref> admins;  // DER
  std::vector<Ref> frozen;  // DER
  std::vector<UnitEntry> units;
  bool node_units = false;
  UnitEntry client, peer, admin, orderer;            // absent: an empty name
  std::map<std::pair<u32, u32>, Stated> edges;       // (child, issuer): the child's signature
  std::map<std::pair<u32, u32>, Stated> list_edges;  // (revocation list, issuer): the list's signature
  BytesMap<u32> identities;                          // presented bytes -> number in Room::identities
  BytesMap<u32> numbers;                             // signed part -> Identity::number
};

struct Trusted {
  Ref bytes;
  u32 group;
  u32 roles;
};

struct Room {
  Sheet& sheet;
  Rules rules;
  std::deque<Group> groups;
  std::deque<Identity> identities;  // addresses stay
  BytesMap<u32> names;
  BytesMap<u32> key_numbers;
  BytesMap<Trusted> trusted;
  u32 number_count = 0;
  Identity unknown;

  Bytes part(Ref der, wire::Part part) const { return part.of(sheet.bytes(der)); }
};

inline bool equal_bytes(Bytes a, Bytes b) { return a.size() == b.size() && !ByBytes()(a, b) && !ByBytes()(b, a); }

// ---- reading.cpp

// The DER bytes of the first PEM block of `text`, or `text` itself where there is no block; an empty Ref where neither
// can be a structure of X.509.
Ref der_of(Sheet& sheet, Ref text, bool pem_only);
// All blocks, or the text itself; `complete` becomes false where there are more than are read.
std::vector<Ref> all_der_of(Sheet& sheet, Ref text, bool& complete);

// ---- chains.cpp

// A certificate whose issuers are looked for: an identity's, or authority `authority` of the group.
struct Child {
  Ref der;
  const wire::Certificate* certificate;
  u32 authority = kNone;
};

struct Chains {
  std::vector<Path> paths;  // those that lead to a root; empty: `code` says why
  Status status = Status::invalid;
  Code code = Code::certificate_issuer_unknown;
};

// Every chain from `child` to a root of the group that is good but for its signatures.
Chains find_chains(Room& room, Group& group, const Child& child);

// ---- roles.cpp

// Sets the code of a path that gives no membership or not one role.
void check_units(const Group& group, const Rules& rules, const wire::Certificate& certificate, Path& path);
u32 roles_of(const Group& group, const Rules& rules, const wire::Certificate& certificate);
// Of a word that a configuration has for a role, whatever its case; 0 for others.
u32 role_of_word(std::string_view word);

// ---- signatures.cpp

// The claim that `signature`, made by `algorithm`, over `tbs` is the issuer's.
Stated state_signature(Sheet& sheet, wire::SignatureAlgorithm algorithm, Ref tbs, Ref signature,
                       wire::KeyAlgorithm issuer_algorithm, Ref issuer_key);

}  // namespace isthmus::membership
