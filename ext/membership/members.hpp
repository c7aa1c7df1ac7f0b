// Who belongs to which organisation of a permissioned network, and in which role: X.509 certificates, stated as claims.
//
//   Members members(sheet, fabric_rules(Fabric::v3_0));   // or chainmaker_rules()
//   const u32 org = members.add(organisation);            // for each; the bytes come from the anchor or a config
//   ...
//   const u32 org = members.find(name);                   // kNone: unknown
//   const Identity& signer = members.identify(org, bytes);
//   const NodeId node = members.attach(parent, index, signer, instant);  // holds iff the certificate is good
//   members.sign(node, signer, signature, message, code);                // a claim bound there, or a note
//
// identify() looks the certificate up by its bytes and states its chain's signatures once for a sheet, however often it
// signs; attach() binds those claims at a node of kind `certificate` below the node where they should count. It notes
// what is wrong without cryptography: form, issuers, times, roles. `parent` decides what a bad certificate means there:
// under `all` it makes the parent invalid, under `quorum` the child just does not count.
//
// One identity must not count twice: `number` is the same for every spelling of one certificate in one organisation
// (PEM blanks and headers, bytes behind the block, the twin signature (r, n - s), a second signature over the same
// contents). `key_number` is the same for every certificate over the same public key, in every organisation.
//
// Bounded: chains of at most kChainMax certificates, at most kIssuerTries issuers tried for one certificate, identities
// and organisations by what the sheet's limits allow. Total: any bytes give an identity, good or bad.
#pragma once

#include <memory>
#include <vector>

#include "claim/sheet.hpp"
#include "wire/x509.hpp"

namespace isthmus::membership {

using claim::ClaimId;
using claim::NodeId;
using claim::Ref;
using claim::Sheet;

inline constexpr u32 kNone = ~u32{0};
inline constexpr u32 kChainMax = 16;
inline constexpr u32 kIssuerTries = 100;                // crypto/x509's bound on signatures checked for one certificate
inline constexpr usize kIdentityMax = usize{64} << 10;  // bytes of one identity

// Roles, as bits.
inline constexpr u32 kMember = 1;  // valid in the organisation
inline constexpr u32 kAdmin = 2;
inline constexpr u32 kClient = 4;
inline constexpr u32 kPeer = 8;
inline constexpr u32 kOrderer = 16;
inline constexpr u32 kConsensus = 32;
inline constexpr u32 kLight = 64;
inline constexpr u32 kCommon = 128;

// How organisational units give roles.
enum class UnitRules : u8 {
  fabric_v1_0,    // units only gate membership: if the organisation lists some, one must match
  fabric_v1_1,    // besides, with node units enabled: exactly one of client and peer
  fabric_v1_4_3,  // besides, with node units enabled: exactly one of client, peer, admin and orderer
  chainmaker,     // the first unit, whatever its case, is the role
};

// When a certificate must be valid.
enum class Clock : u8 {
  leaf_start,  // one second after the identity's own certificate begins: expiry does not matter (Fabric)
  given,       // at the instant that attach() is given (ChainMaker: the block's time)
};

// What differs between the networks. `fabric_rules` and `chainmaker_rules` are the two that exist.
struct Rules {
  UnitRules units = UnitRules::fabric_v1_4_3;
  Clock clock = Clock::leaf_start;
  u8 identity_keys = 0;            // bit 1 << KeyAlgorithm: keys that an identity may have
  u8 authority_keys = 0;           // keys that may sign certificates
  u8 usages = 0;                   // wire::kUsage... bits that are asked for, one of which must be allowed; 0: any
  bool one_chain = false;          // exactly one chain to a root, else at least one
  bool authorities_sign = false;   // a CA's certificate is an identity like any other
  bool leaf_issuers_only = false;  // an issuer of intermediates certifies no identities
  bool authorities_have_key_ids = false;
  bool roots_are_self_issued = false;
  bool organization_is_name = false;  // the subject's first O is the organisation's name
  bool last_is_root = false;          // add() finds the roots among the certificates itself
  bool pem_only = false;              // DER without PEM is no identity
  bool whole_chain_revoked = false;   // a list may name any certificate of the chain by its own authority key id
};

enum class Fabric : u8 { v1_0, v1_1, v1_3, v1_4_3, v3_0 };  // membership provider versions

// The version follows from the channel's capabilities: V1_1 1.1, V1_3 and V1_4_2 1.3, V1_4_3 and V2_0 1.4.3, V3_0 3.0.
Rules fabric_rules(Fabric version);
Rules chainmaker_rules();

// A unit's name and, if not empty, the authority that must have certified who bears it.
struct Unit {
  Ref name;
  Ref certifier;  // a certificate, PEM or DER
};

// ChainMaker's trust_members: whoever presents these very bytes is this member; no chain is looked at.
struct TrustedMember {
  Ref certificate;
  Ref role;
};

// An organisation as its configuration spells it. Certificates are PEM or DER; one Ref may hold several PEM blocks
// where last_is_root is set. Everything must outlive Members.
struct Organisation {
  Ref name;
  std::vector<Ref> roots;
  std::vector<Ref> intermediates;
  std::vector<Ref> revocation_lists;
  std::vector<Ref> admins;  // Fabric: who is an admin by being listed
  std::vector<Ref> frozen;  // ChainMaker: certificates that may not sign
  std::vector<Unit> units;  // Fabric: organizational_unit_identifiers
  std::vector<TrustedMember> members;
  bool node_units = false;  // Fabric: fabric_node_ous.enable; a unit with an empty name is absent
  Unit client, peer, admin, orderer;
};

struct Path {
  std::vector<u32> issuers;      // numbers of authorities, from the certificate's issuer to the root
  std::vector<ClaimId> claims;   // signatures that must hold
  std::vector<ClaimId> refutes;  // signatures of revocation lists that name a certificate of the path
  i64 not_before = 0;            // when all its certificates are valid, both ends included
  i64 not_after = 0;
  Code code = Code::ok;  // why the path does not give an identity
  Status status = Status::valid;
};

struct Identity {
  // valid: nothing is wrong so far, the claims decide; invalid or undecided: `code` says why, whatever the claims.
  Status status = Status::invalid;
  Code code = Code::organisation_unknown;
  u32 organisation = kNone;
  u32 roles = 0;
  u32 number = kNone;
  u32 key_number = kNone;
  wire::KeyAlgorithm key_algorithm = wire::KeyAlgorithm::other;
  wire::SignatureAlgorithm signature_algorithm = wire::SignatureAlgorithm::other;  // of the certificate
  Ref key;                        // as signature rows take it; empty unless the algorithm is one of ours
  Ref der;                        // the certificate's DER bytes, empty if there are none
  Ref presented;                  // the bytes that were given
  wire::Certificate certificate;  // its parts lie in `der`
  std::vector<Path> paths;        // more than one only where different keys bear the issuer's name
  Ref trusted;                    // what the bytes must equal (a trusted member, or a root that signs itself)

  bool good() const { return status == Status::valid; }
};

// A time, or that none is known, or that it does not matter. Not looked at under Clock::leaf_start.
struct Instant {
  enum class Kind : u8 { missing, given, any } kind = Kind::missing;
  i64 seconds = 0;  // since 1970

  static constexpr Instant at(i64 seconds) { return {Kind::given, seconds}; }
  static constexpr Instant any() { return {Kind::any, 0}; }
};

// How a message's signature is written and what it is over.
struct SignatureForm {
  Hash ecdsa_hash = Hash::sha256;
  bool low_s = false;    // s > n/2 is refused (Fabric)
  bool trailing = true;  // bytes behind r and s, inside or behind the SEQUENCE, do not matter, as for encoding/asn1
};

// A public key by itself: ChainMaker's key modes. `key` and `algorithm` as in Identity.
struct BareKey {
  Code code = Code::certificate_key;
  wire::KeyAlgorithm algorithm = wire::KeyAlgorithm::other;
  Ref key;
  Ref spki;  // the SubjectPublicKeyInfo's DER bytes
};

struct Room;

class Members {
 public:
  // Claims are stated in `sheet`, which must outlive this object.
  Members(Sheet& sheet, const Rules& rules);
  ~Members();
  Members(const Members&) = delete;
  Members& operator=(const Members&) = delete;

  // The organisation's number: 0, 1, ... A name that is there already is the first one's.
  u32 add(const Organisation& organisation);
  u32 find(Bytes name) const;
  usize count() const;
  Ref name(u32 organisation) const;
  // Code::ok, or organisation_malformed: nobody can be of this organisation. `problem_detail` tells what is wrong.
  Code problem(u32 organisation) const;
  Code problem_detail(u32 organisation) const;

  // Who presents these bytes (in any space but scratch), PEM or DER, as a member of `organisation`; kNone gives an
  // identity that is bad. The answer is the same object for the same bytes and organisation.
  const Identity& identify(u32 organisation, Ref presented);

  // A node of kind `certificate` below `parent` that holds iff the identity is good at `instant`. Each call makes one;
  // claims are not stated again. `byte_off`: where findings without claims are said to be.
  NodeId attach(NodeId parent, u32 index, const Identity& identity, Instant instant = {}, u64 weight = 0,
                u64 byte_off = 0);

  // The claim that `signature` (DER for ECDSA and SM2) is the identity's over the message, bound at `node`. Where no
  // claim can be made, a note and kNoClaim. The signature's bytes are looked at at once, so they do not lie in scratch;
  // a message may, but not one in several parts under SM2 or Ed25519.
  ClaimId sign(NodeId node, const Identity& identity, Ref signature, std::span<const Ref> message,
               const SignatureForm& form, Code code = Code::signature_false);

  // Whether the certificate, spelt in whatever way, is the identity's (Fabric compares identities so). Unparsable: no.
  bool same(const Identity& identity, Ref certificate);

  // SHA-256 of the certificate's DER bytes with its signature brought to low s: Fabric's identifier of an identity.
  Ref fingerprint(const Identity& identity);
  // The same into 32 bytes of scratch, which stay as they are where there is no certificate.
  void fingerprint_into(Ref out, const Identity& identity);
  // Under Fabric: SHA-256 over the certificates of the first path, issuer first: a unit's certifiers identifier.
  Ref certifiers_identifier(const Identity& identity);

 private:
  std::unique_ptr<Room> room_;
};

// The key in a PEM block or in DER, for rows without a certificate.
BareKey read_key(Sheet& sheet, Ref text);

// The signature claim for a bare key, as Members::sign.
ClaimId sign(Sheet& sheet, NodeId node, wire::KeyAlgorithm algorithm, Ref key, Ref signature,
             std::span<const Ref> message, const SignatureForm& form, Code code = Code::signature_false);

}  // namespace isthmus::membership
