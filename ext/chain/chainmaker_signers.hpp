// Who signs in a ChainMaker network, and what a signature of theirs claims.
//
// permissionedWithCert: a member is a certificate (or its hash or alias, which the anchor resolves), and what it signs
// is hashed as its own signatureAlgorithm says, whatever the chain's hash is. permissionedWithKey and public: a member
// is a public key, and the chain's hash is used. A key's node id is base58 of 12 20 SHA-256(08 T 12 len SPKI): its
// digest is a hash row here, compared with what the anchor's node ids decode to.
//
// Encodings are the node's (Go's encoding/asn1): s may be high, and what follows r and s, in the SEQUENCE or behind it,
// is not looked at.
#pragma once

#include <map>
#include <memory>
#include <span>
#include <vector>

#include "chain/chainmaker_anchor.hpp"
#include "membership/members.hpp"

namespace isthmus::chain::chainmaker {

using claim::ClaimId;
using claim::NodeId;

bool same_bytes(const Sheet& sheet, Ref left, Ref right);

struct Signer {
  // Not valid: nobody can be named, for this reason.
  Status status = Status::valid;
  Code code = Code::ok;
  wire::KeyAlgorithm algorithm = wire::KeyAlgorithm::other;
  Hash hash = Hash::sha256;  // of what is signed
  Ref key;                   // as signature rows take it
  Ref node_digest;           // key modes: what the node id's multihash holds
  Ref org_id;                // by the anchor; a member's own word for it counts nowhere
  bool listed = true;        // permissionedWithKey: the anchor has the key
  u32 roles = 0;             // membership's bits
  u32 identity = 0;          // one number for one key
};

class Signers {
 public:
  // `time`: seconds since 1970 at which certificates must be valid.
  Signers(Sheet& sheet, const Anchor& anchor, i64 time);

  const Signer& of(const Member& member);

  // At `node`: this member signed the message; `code` is said when the signature is false.
  const Signer& bind(NodeId node, Code code, const Signed& entry, std::span<const Ref> message);

 private:
  struct Name {
    MemberType type;
    Bytes org_id;
    Bytes info;
    bool operator<(const Name& other) const;
  };
  struct Less {
    bool operator()(const std::vector<u8>& left, const std::vector<u8>& right) const;
  };

  Signer make(const Member& member);
  Signer make_key(const Member& member);
  Signer make_certificate(const Member& member);
  // The certificate that a member shows or is named by; empty if the anchor has none.
  Ref certificate_of(const Member& member) const;
  void add_organisations();
  void bind_sm2_over_digest(NodeId node, Code code, const Signer& signer, const Signed& entry,
                            std::span<const Ref> message);

  Sheet& sheet_;
  const Anchor& anchor_;
  i64 time_;
  membership::Members members_;
  std::map<Name, Signer> known_;
  std::map<std::vector<u8>, u32, Less> key_numbers_;
};

}  // namespace isthmus::chain::chainmaker
