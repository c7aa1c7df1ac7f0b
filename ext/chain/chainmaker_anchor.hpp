// What a caller trusts before a ChainMaker block is looked at, and the protobuf message that carries it.
//
//   message Anchor {
//     string chain_id = 1;         // 1 to 256 bytes
//     uint32 format = 2;           // 1: version 2.0 and later; 2: 1.1 and 1.2; 3: 1.0.0
//     uint32 mode = 3;             // 1: permissionedWithCert (v1: identity); 2: permissionedWithKey; 3: public
//     uint32 hash = 4;             // 1: SHA256; 2: SM3; 3: SHA3_256
//     uint32 consensus = 5;        // the chain's number plus one. 1: SOLO; 2: TBFT; 4: MAXBFT; 5: RAFT; 6: DPOS
//     repeated Node node = 6;      // the validators of the configuration in force (DPOS: of the epoch)
//     repeated Org org = 7;        // trust_roots
//     repeated Key key = 8;        // mode 2: administrators, and the keys of PUBKEY_MANAGE
//     repeated TrustMember trust_member = 9;       // mode 1
//     repeated NamedCertificate certificate = 10;  // mode 1: what members named by a hash or an alias are
//     repeated Policy policy = 11; // who must endorse
//     bytes block_hash = 12;       // 32: the block is this one
//     Trusted trusted = 13;        // an earlier block that was verified
//     Config config = 14;          // where the configuration stands from which the parts above were taken
//     uint32 sm2_engine = 15;      // what an SM2 key signs where the hash is not SM3. 1: the digest itself (tjfoc);
//                                  // 2: SM2 with id and SM3 over the digest (GmSSL, TencentSM). 0: left undecided
//     bool signed_only = 16;       // a transaction without a block is valid when its signatures are
//     bool follow = 17;            // a header that is marked as a configuration's needs proof of what it holds
//   }
//   message Node { string org_id = 1; string node_id = 2; }
//   message Org {                  // certificates and lists in PEM or DER; none in the key modes
//     string name = 1;
//     repeated bytes root = 2;
//     repeated bytes intermediate = 3;
//     repeated bytes revocation_list = 4;
//     repeated bytes frozen = 5;   // certificates
//   }
//   message Key { bytes spki = 1; string org_id = 2; string role = 3; }  // SubjectPublicKeyInfo in DER
//   message TrustMember { bytes certificate = 1; string org_id = 2; string role = 3; }
//   message NamedCertificate { bytes name = 1; bytes certificate = 2; }  // name: the hash's 32 bytes, or the alias
//   message Policy {
//     string resource = 1;         // contract name, '-', method
//     uint32 rule = 2;             // 1 ANY; 2 ALL; 3 MAJORITY; 4 SELF; 5 FORBIDDEN; 6 count; 7 share
//     repeated string org = 3;     // none: all
//     repeated string role = 4;    // none: all
//     uint64 numerator = 5;        // of count and share
//     uint64 denominator = 6;      // of share
//   }
//   message Trusted { uint64 height = 1; bytes hash = 2; bool is_config = 3; uint64 pre_conf_height = 4; }
//   message Config { uint64 height = 1; }
//
// Roles are admin, client, light, consensus and common, in either case.
//
// Without `block_hash` a block needs a certificate of the validators (SOLO and RAFT: the proposer's signature); with
// neither it is `undecided` with chainmaker_no_anchor.
#pragma once

#include <vector>

#include "chain/chain.hpp"
#include "chain/chainmaker_parse.hpp"

namespace isthmus::chain::chainmaker {

enum class Mode : u8 { certificate = 1, key = 2, open = 3 };
enum class Consensus : u8 { solo = 1, tbft = 2, maxbft = 4, raft = 5, dpos = 6 };
enum class Sm2Engine : u8 { none = 0, plain_digest = 1, sm2_of_digest = 2 };
enum class Rule : u8 { any = 1, all = 2, majority = 3, self = 4, forbidden = 5, count = 6, share = 7 };

inline constexpr usize kNodeIdLen = 34;  // 12 20 and a SHA-256 digest

struct Node {
  Ref org_id;
  Ref node_id;
  u8 digest[kHashLen];  // in key modes what the key's hash must be
};

struct Organisation {
  Ref name;
  std::vector<Ref> roots;
  std::vector<Ref> intermediates;
  std::vector<Ref> revocation_lists;
  std::vector<Ref> frozen;
};

struct TrustedKey {
  Ref spki;
  Ref org_id;
  u32 roles = 0;  // membership's bits
};

struct TrustMember {
  Ref certificate;
  Ref org_id;
  Ref role;
};

struct NamedCertificate {
  Ref name;
  Ref certificate;
};

struct Policy {
  Ref resource;
  Rule rule = Rule::any;
  std::vector<Ref> orgs;
  u32 roles = 0;
  u64 numerator = 0;
  u64 denominator = 0;
};

struct Trusted {
  u64 height = 0;
  Ref hash;
  bool is_config = false;
  u64 pre_conf_height = 0;
  bool present = false;
};

struct Anchor {
  Ref chain_id;
  Format format = Format::v2;
  Mode mode = Mode::certificate;
  Hash hash = Hash::sha256;
  Consensus consensus = Consensus::tbft;
  std::vector<Node> nodes;
  std::vector<Organisation> orgs;
  std::vector<TrustedKey> keys;
  std::vector<TrustMember> members;
  std::vector<NamedCertificate> certificates;
  std::vector<Policy> policies;
  Ref block_hash;
  Trusted trusted;
  bool has_config = false;
  u64 config_height = 0;
  Sm2Engine sm2_engine = Sm2Engine::none;
  bool signed_only = false;
  bool follow = false;

  bool is_bft() const { return consensus != Consensus::solo && consensus != Consensus::raft; }
};

// Strict; `anchor` is to be used only if the error's `what` is null.
AnchorError read_anchor(Bytes bytes, u32 count_max, Anchor& anchor);

}  // namespace isthmus::chain::chainmaker
