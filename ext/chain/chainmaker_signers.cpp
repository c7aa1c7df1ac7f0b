#include "chain/chainmaker_signers.hpp"

#include <algorithm>

#include "wire/der_reader.hpp"

namespace isthmus::chain::chainmaker {
namespace {

using claim::Compare;
using membership::Identity;

// PublicKey of libp2p: {1: type, 2: SubjectPublicKeyInfo}. Types of common/v2/crypto: 3 ECDSA on NIST curves, 4 SM2.
constexpr u8 kTypeTag = 0x08;
constexpr u8 kDataTag = 0x12;
constexpr u8 kTypeEcdsa = 3;
constexpr u8 kTypeSm2 = 4;
constexpr usize kSmallLen = 0x80;  // lengths below take one byte

int order_of(Bytes left, Bytes right) {
  if (left.size() != right.size()) return left.size() < right.size() ? -1 : 1;
  return left.empty() ? 0 : memcmp(left.data(), right.data(), left.size());
}

// What a member of a certificate mode signs over.
bool signing_hash(wire::SignatureAlgorithm algorithm, Hash& hash) {
  switch (algorithm) {
    case wire::SignatureAlgorithm::ecdsa_sha256:
    case wire::SignatureAlgorithm::sm2_sha256:
      hash = Hash::sha256;
      return true;
    case wire::SignatureAlgorithm::sm2_sm3:
      hash = Hash::sm3;
      return true;
    default:
      return false;  // the nodes' library has no other hash that a certificate names
  }
}

bool is_supported(wire::KeyAlgorithm algorithm) {
  return algorithm == wire::KeyAlgorithm::p256 || algorithm == wire::KeyAlgorithm::p384 ||
         algorithm == wire::KeyAlgorithm::sm2;
}

Signer nobody(Status status, Code code) {
  Signer signer;
  signer.status = status;
  signer.code = code;
  return signer;
}

// r and s, 32 bytes each; what follows them does not matter.
bool read_numbers(Bytes der, u8* out) {
  wire::DerReader outer(der);
  wire::DerReader inside = outer.inside(wire::der::kSequence);
  for (u8* const half : {out, out + kHashLen}) {
    Bytes digits = inside.integer();
    if (inside.failed() || digits[0] >= 0x80) return false;
    if (digits[0] == 0) digits = digits.subspan(1);
    if (digits.size() > kHashLen) return false;
    std::fill(half, half + kHashLen, u8{0});
    std::copy(digits.begin(), digits.end(), half + kHashLen - digits.size());
  }
  return true;
}

// 08 T 12 len SPKI, hashed.
Ref state_node_digest(Sheet& sheet, wire::KeyAlgorithm algorithm, Ref spki) {
  const u8 type = algorithm == wire::KeyAlgorithm::sm2 ? kTypeSm2 : kTypeEcdsa;
  // A P-384 key's length, 120 bytes, still takes one byte.
  if (spki.len() >= kSmallLen) return sheet.hash(Hash::sha256, {spki});
  const Ref head = sheet.text({kTypeTag, type, kDataTag, static_cast<u8>(spki.len())});
  return sheet.hash(Hash::sha256, {head, spki});
}

}  // namespace

bool Signers::Less::operator()(const std::vector<u8>& left, const std::vector<u8>& right) const {
  return order_of(left, right) < 0;
}

bool Signers::Name::operator<(const Name& other) const {
  if (type != other.type) return type < other.type;
  const int order = order_of(info, other.info);
  return order != 0 ? order < 0 : order_of(org_id, other.org_id) < 0;
}

Signers::Signers(Sheet& sheet, const Anchor& anchor, i64 time)
    : sheet_(sheet), anchor_(anchor), time_(time), members_(sheet, membership::chainmaker_rules()) {
  if (anchor.mode == Mode::certificate) add_organisations();
}

void Signers::add_organisations() {
  for (const Organisation& each : anchor_.orgs) {
    membership::Organisation org;
    org.name = each.name;
    org.roots = each.roots;
    org.intermediates = each.intermediates;
    org.revocation_lists = each.revocation_lists;
    org.frozen = each.frozen;
    for (const TrustMember& member : anchor_.members) {
      if (same_bytes(sheet_, member.org_id, each.name)) org.members.push_back({member.certificate, member.role});
    }
    members_.add(org);
  }
}

const Signer& Signers::of(const Member& member) {
  const Name name{member.type, sheet_.bytes(member.org_id), sheet_.bytes(member.info)};
  const auto found = known_.find(name);
  if (found != known_.end()) return found->second;
  return known_.emplace(name, make(member)).first->second;
}

Signer Signers::make(const Member& member) {
  if (!sheet_.within_limits()) return nobody(Status::undecided, Code::limit_exceeded);
  switch (member.type) {
    case MemberType::certificate:
    case MemberType::certificate_hash:
    case MemberType::alias:
      if (anchor_.mode == Mode::certificate) return make_certificate(member);
      return nobody(Status::invalid, Code::chainmaker_member_type);
    case MemberType::public_key:
      if (anchor_.mode != Mode::certificate) return make_key(member);
      return nobody(Status::invalid, Code::chainmaker_member_type);
    case MemberType::did:
    case MemberType::address:
      return nobody(Status::undecided, Code::chainmaker_member_unknown);
  }
  return nobody(Status::invalid, Code::chainmaker_member_type);
}

Signer Signers::make_key(const Member& member) {
  const membership::BareKey key = membership::read_key(sheet_, member.info);
  if (key.code != Code::ok) return nobody(Status::invalid, Code::chainmaker_member_key);
  if (!is_supported(key.algorithm)) return nobody(Status::undecided, Code::chainmaker_key_type);
  Signer signer;
  signer.algorithm = key.algorithm;
  signer.hash = anchor_.hash;
  signer.key = key.key;
  // Whose key it is the anchor says, not the member: in public mode everyone is of the organisation without a name.
  signer.listed = anchor_.mode == Mode::open;
  signer.node_digest = state_node_digest(sheet_, key.algorithm, key.spki);
  // Text of the sheet moves when it grows: what is compared later is kept by number.
  const Bytes spki = sheet_.bytes(key.spki);
  const auto [at, added] =
      key_numbers_.emplace(std::vector<u8>(spki.begin(), spki.end()), static_cast<u32>(key_numbers_.size()));
  signer.identity = at->second;
  for (const TrustedKey& known : anchor_.keys) {
    if (!same_bytes(sheet_, known.spki, key.spki)) continue;
    signer.roles |= known.roles;
    signer.org_id = known.org_id;
    signer.listed = true;
  }
  return signer;
}

Ref Signers::certificate_of(const Member& member) const {
  if (member.type == MemberType::certificate) return member.info;
  for (const NamedCertificate& each : anchor_.certificates) {
    if (same_bytes(sheet_, each.name, member.info)) return each.certificate;
  }
  return {};
}

Signer Signers::make_certificate(const Member& member) {
  const Ref certificate = certificate_of(member);
  if (certificate.len() == 0) return nobody(Status::undecided, Code::chainmaker_member_unknown);
  const Identity& identity = members_.identify(members_.find(sheet_.bytes(member.org_id)), certificate);
  const NodeId node =
      members_.attach(claim::kRoot, static_cast<u32>(known_.size()), identity, membership::Instant::at(time_));
  if (!identity.good()) return nobody(identity.status, identity.code);
  if (member.type == MemberType::certificate_hash) {
    sheet_.require(node, Code::chainmaker_member_unknown,
                   sheet_.compare(Compare::equal, sheet_.hash(anchor_.hash, {identity.der}), member.info));
  }
  Signer signer;
  if (!signing_hash(identity.signature_algorithm, signer.hash) || !is_supported(identity.key_algorithm)) {
    return nobody(Status::undecided, Code::chainmaker_key_type);
  }
  signer.algorithm = identity.key_algorithm;
  signer.key = identity.key;
  // A trusted member is of the organisation that lists him, whichever he says.
  signer.org_id = members_.name(identity.organisation);
  signer.roles = identity.roles;
  signer.identity = identity.key_number;
  return signer;
}

const Signer& Signers::bind(NodeId node, Code code, const Signed& entry, std::span<const Ref> message) {
  const Signer& signer = of(entry.signer);
  if (signer.status == Status::undecided) {
    sheet_.undecided(node, signer.code, entry.off);
  } else if (signer.status == Status::invalid) {
    sheet_.fail(node, signer.code, entry.off);
  } else if (entry.signature.len() == 0) {
    sheet_.fail(node, Code::signature_missing, entry.off);
  } else if (signer.algorithm == wire::KeyAlgorithm::sm2 && signer.hash != Hash::sm3) {
    bind_sm2_over_digest(node, code, signer, entry, message);
  } else {
    membership::sign(sheet_, node, signer.algorithm, signer.key, entry.signature, message, {.ecdsa_hash = signer.hash},
                     code);
  }
  return signer;
}

void Signers::bind_sm2_over_digest(NodeId node, Code code, const Signer& signer, const Signed& entry,
                                   std::span<const Ref> message) {
  if (anchor_.sm2_engine == Sm2Engine::none) return sheet_.undecided(node, Code::chainmaker_sm2_engine, entry.off);
  u8 compact[2 * kHashLen];
  if (!read_numbers(sheet_.bytes(entry.signature), compact)) {
    return sheet_.fail(node, Code::signature_encoding, entry.off);
  }
  const u32 flags = anchor_.sm2_engine == Sm2Engine::plain_digest ? kSigPrehashed : 0;
  const Ref digest = sheet_.hash(signer.hash, message);
  sheet_.require(node, code, sheet_.signature(Scheme::sm2_sm3, flags, signer.key, sheet_.text(compact), digest));
}

}  // namespace isthmus::chain::chainmaker
