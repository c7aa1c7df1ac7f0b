// Who stands behind an identity of a Fabric channel, and which principals he is (msp/mspimpl.go), over the certificates
// of ext/membership.
//
// Whether a chain of certificates holds is settled at a node of the sheet that stands aside; each certificate has one,
// however many signatures it makes. Expiry does not matter: Fabric checks a chain at the moment when the certificate
// begins.
#pragma once

#include <deque>
#include <map>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "chain/fabric_config.hpp"
#include "membership/members.hpp"

namespace isthmus::chain::fabric {

// How identities are written: SerializedIdentity, or the Identity of Fabric-X. That may name one of the certificates in
// the MSP's configuration by its hash instead of holding it, which is not judged here.
enum class IdentityForm : u8 { serialized, x };

struct Person {
  Code code = Code::ok;           // not ok: nobody can be told from the identity's bytes, and this is why
  Status status = Status::valid;  // of that: invalid, or undecided where the rule is missing here
  u32 number = 0;                 // the same for every spelling of one certificate in one MSP
  NodeId node = claim::kNoNode;   // holds if the certificate is good in its MSP
  const membership::Identity* identity = nullptr;
  u32 msp = 0;
};

enum class Classification : u32 { role = 0, organization_unit = 1, identity = 2, anonymity = 3, combined = 4 };

// MSPPrincipal. A combined one is the list of its parts, all of which must be satisfied; others are a list of one. An
// empty list satisfies nobody.
struct Principal {
  struct Part {
    Classification classification;
    Ref msp_id;
    u32 role = 0;    // a bit of membership's roles
    Ref unit;        // organizational_unit_identifier
    Ref certifiers;  // certifiers_identifier
    const Person* person = nullptr;
  };
  std::vector<Part> parts;
};

class People {
 public:
  // `config`: whose MSPs are used. `problem()` tells whether they can be.
  People(Sheet& sheet, const Config& config, MspVersion version, IdentityForm form);

  // Code::ok, or why the MSPs are not usable: two of one name that differ, or a malformed one.
  Code problem() const { return problem_; }

  // The person of an identity's bytes; the same object for the same bytes. Stays where it is.
  const Person& find(Ref identity);
  const Person& find_member(Ref msp_id, Ref id_bytes);

  Principal read_principal(Ref principal);
  // The node that holds iff the person is the principal; kNoNode where he is not.
  NodeId proof(const Person& person, const Principal& principal);

  // At `node`: the person signed the message, which stands in pieces.
  void state_signature(NodeId node, const Person& person, Ref signature, std::span<const Ref> message);

 private:
  struct Msp {
    Ref name;
    Ref config;
    u32 organisation = membership::kNone;
    Hash hash = Hash::sha256;
    bool supported = true;
  };

  void add_msp(const MspValue& value);
  void read_msp(Msp& msp, WireError& error);
  u32 find_msp(Ref name) const;
  const Person& nobody(Code code, Status status);
  const Person& read_identity(Ref identity);
  bool collect(Ref principal, u32 depth, std::vector<Principal::Part>& parts);
  bool read_part(Classification classification, Ref body, Principal::Part& part);
  bool may_be(const Person& person, const Principal::Part& part) const;

  Sheet& sheet_;
  MspVersion version_;
  IdentityForm form_;
  Code problem_ = Code::ok;
  NodeId aside_;
  membership::Members members_;
  std::vector<Msp> msps_;
  std::deque<Person> persons_;
  std::unordered_map<std::string_view, const Person*> by_bytes_;
  std::unordered_map<const membership::Identity*, const Person*> by_identity_;
  std::map<std::pair<u32, u64>, NodeId> unit_proofs_;  // by person and certifiers identifier
};

}  // namespace isthmus::chain::fabric
