#include "chain/chainmaker_anchor.hpp"

#include <algorithm>
#include <string_view>

#include "membership/members.hpp"

namespace isthmus::chain::chainmaker {
namespace {

using wire::field_bit;

constexpr u64 kAnchorRepeated =
    field_bit(6) | field_bit(7) | field_bit(8) | field_bit(9) | field_bit(10) | field_bit(11);
constexpr u64 kOrgRepeated = field_bit(2) | field_bit(3) | field_bit(4) | field_bit(5);
constexpr u64 kPolicyRepeated = field_bit(3) | field_bit(4);
constexpr usize kNameLenMax = 256;
constexpr char kBase58[] = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";

Ref take(ProtobufReader& reader) {
  const Bytes bytes = reader.as_bytes();
  return Ref::make(Space::anchor, reader.value_off(), bytes.size());
}

Ref take_name(ProtobufReader& reader) {
  const Bytes bytes = reader.as_bytes(kNameLenMax);
  return Ref::make(Space::anchor, reader.value_off(), bytes.size());
}

Ref take_hash(ProtobufReader& reader) {
  const Bytes bytes = reader.as_bytes_exactly(kHashLen);
  return Ref::make(Space::anchor, reader.value_off(), bytes.size());
}

// A number that names one of 1 to `most`, but for those whose bits are set in `gaps`.
template <class E>
void take_enum(ProtobufReader& reader, E& into, u32 most, u32 gaps = 0) {
  const u32 value = reader.as_u32();
  // 0 is what a field gives that could not be read.
  if (value == 0 || value > most || (gaps >> value & 1) != 0) return reader.refuse(Code::field_value);
  into = static_cast<E>(value);
}

// Base58 (Bitcoin's alphabet) of a multihash of SHA-256: 46 digits or fewer, 34 bytes that begin with 12 20.
bool decode_node_id(Bytes text, u8* digest) {
  u8 number[kNodeIdLen] = {};  // big-endian
  if (text.empty() || text.size() > 46) return false;
  for (const u8 letter : text) {
    const char* const end = kBase58 + 58;
    const char* const found = std::find(kBase58, end, static_cast<char>(letter));
    if (found == end) return false;
    u32 carry = static_cast<u32>(found - kBase58);
    for (usize i = kNodeIdLen; i-- > 0;) {
      carry += 58u * number[i];
      number[i] = static_cast<u8>(carry);
      carry >>= 8;
    }
    if (carry != 0) return false;
  }
  if (number[0] != 0x12 || number[1] != kHashLen) return false;
  memcpy(digest, number + 2, kHashLen);
  return true;
}

Node read_node(ProtobufReader reader) {
  Node node;
  while (reader.next()) {
    switch (reader.number()) {
      case 1:
        node.org_id = take_name(reader);
        break;
      case 2: {
        const Bytes text = reader.as_bytes();
        node.node_id = Ref::make(Space::anchor, reader.value_off(), text.size());
        if (!decode_node_id(text, node.digest)) reader.refuse(Code::field_value);
        break;
      }
      default:
        reader.unknown();
    }
  }
  reader.require(2);
  return node;
}

struct RoleName {
  std::string_view name;
  u32 role;
};

constexpr RoleName kRoles[] = {{"admin", membership::kAdmin},
                               {"client", membership::kClient},
                               {"light", membership::kLight},
                               {"consensus", membership::kConsensus},
                               {"common", membership::kCommon}};

u32 take_role(ProtobufReader& reader) {
  const Bytes text = reader.as_bytes();
  for (const auto& [name, role] : kRoles) {
    const bool same = std::equal(text.begin(), text.end(), name.begin(), name.end(), [](u8 given, char wanted) {
      const u8 lower = given >= 'A' && given <= 'Z' ? static_cast<u8>(given | 0x20) : given;
      return lower == static_cast<u8>(wanted);
    });
    if (same) return role;
  }
  reader.refuse(Code::field_value);
  return 0;
}

Organisation read_org(ProtobufReader reader) {
  Organisation org;
  while (reader.next()) {
    switch (reader.number()) {
      case 1:
        org.name = take_name(reader);
        break;
      case 2:
        org.roots.push_back(take(reader));
        break;
      case 3:
        org.intermediates.push_back(take(reader));
        break;
      case 4:
        org.revocation_lists.push_back(take(reader));
        break;
      case 5:
        org.frozen.push_back(take(reader));
        break;
      default:
        reader.unknown();
    }
  }
  reader.require(1);
  return org;
}

TrustedKey read_key(ProtobufReader reader) {
  TrustedKey key;
  while (reader.next()) {
    switch (reader.number()) {
      case 1:
        key.spki = take(reader);
        break;
      case 2:
        key.org_id = take_name(reader);
        break;
      case 3:
        key.roles = take_role(reader);
        break;
      default:
        reader.unknown();
    }
  }
  reader.require(1);
  return key;
}

TrustMember read_trust_member(ProtobufReader reader) {
  TrustMember member;
  while (reader.next()) {
    switch (reader.number()) {
      case 1:
        member.certificate = take(reader);
        break;
      case 2:
        member.org_id = take_name(reader);
        break;
      case 3:
        member.role = take_name(reader);
        break;
      default:
        reader.unknown();
    }
  }
  for (const u32 number : {1, 2, 3}) reader.require(number);
  return member;
}

NamedCertificate read_certificate(ProtobufReader reader) {
  NamedCertificate named;
  while (reader.next()) {
    switch (reader.number()) {
      case 1:
        named.name = take_name(reader);
        break;
      case 2:
        named.certificate = take(reader);
        break;
      default:
        reader.unknown();
    }
  }
  reader.require(1);
  reader.require(2);
  return named;
}

Trusted read_trusted(ProtobufReader reader) {
  Trusted trusted;
  trusted.present = true;
  while (reader.next()) {
    switch (reader.number()) {
      case 1:
        trusted.height = reader.as_u64();
        break;
      case 2:
        trusted.hash = take_hash(reader);
        break;
      case 3:
        trusted.is_config = reader.as_bool();
        break;
      case 4:
        trusted.pre_conf_height = reader.as_u64();
        break;
      default:
        reader.unknown();
    }
  }
  reader.require(2);
  return trusted;
}

u64 read_config(ProtobufReader reader) {
  u64 height = 0;
  while (reader.next()) {
    if (reader.number() != 1) reader.unknown();
    height = reader.as_u64();
  }
  return height;
}

Policy read_policy(ProtobufReader reader) {
  Policy policy;
  while (reader.next()) {
    switch (reader.number()) {
      case 1:
        policy.resource = take(reader);
        break;
      case 2:
        take_enum(reader, policy.rule, 7);
        break;
      case 3:
        policy.orgs.push_back(take_name(reader));
        break;
      case 4:
        policy.roles |= take_role(reader);
        break;
      case 5:
        policy.numerator = reader.as_u64();
        break;
      case 6:
        policy.denominator = reader.as_u64();
        break;
      default:
        reader.unknown();
    }
  }
  reader.require(1);
  reader.require(2);
  return policy;
}

void take_hash_name(ProtobufReader& reader, Anchor& anchor) {
  constexpr Hash kHashes[] = {Hash::sha256, Hash::sm3, Hash::sha3_256};
  u32 value = 1;
  take_enum(reader, value, 3);
  anchor.hash = kHashes[value - 1];
}

void take_chain(ProtobufReader& reader, Anchor& anchor) {
  switch (reader.number()) {
    case 1:
      anchor.chain_id = take_name(reader);
      break;
    case 2:
      take_enum(reader, anchor.format, 3);
      break;
    case 3:
      take_enum(reader, anchor.mode, 3);
      break;
    case 4:
      take_hash_name(reader, anchor);
      break;
    case 5:
      take_enum(reader, anchor.consensus, 6, 1u << 3);
      break;
    default:
      reader.unknown();
  }
}

void take_option(ProtobufReader& reader, Anchor& anchor) {
  switch (reader.number()) {
    case 12:
      anchor.block_hash = take_hash(reader);
      break;
    case 13:
      anchor.trusted = read_trusted(reader.as_message());
      break;
    case 14:
      anchor.config_height = read_config(reader.as_message());
      anchor.has_config = true;
      break;
    case 15:
      take_enum(reader, anchor.sm2_engine, 2);
      break;
    case 16:
      anchor.signed_only = reader.as_bool();
      break;
    case 17:
      anchor.follow = reader.as_bool();
      break;
    default:
      take_chain(reader, anchor);
  }
}

void take_part(ProtobufReader& reader, Anchor& anchor) {
  switch (reader.number()) {
    case 6:
      anchor.nodes.push_back(read_node(reader.as_message()));
      break;
    case 7:
      anchor.orgs.push_back(read_org(reader.as_message(kOrgRepeated)));
      break;
    case 8:
      anchor.keys.push_back(read_key(reader.as_message()));
      break;
    case 9:
      anchor.members.push_back(read_trust_member(reader.as_message()));
      break;
    case 10:
      anchor.certificates.push_back(read_certificate(reader.as_message()));
      break;
    case 11:
      anchor.policies.push_back(read_policy(reader.as_message(kPolicyRepeated)));
      break;
    default:
      take_option(reader, anchor);
  }
}

void read_fields(ProtobufReader& reader, Anchor& anchor, u32 count_max) {
  u32 parts = 0;
  while (reader.next()) {
    const bool repeated = (field_bit(reader.number()) & kAnchorRepeated) != 0;
    if (repeated && ++parts > count_max) return reader.refuse(Code::limit_exceeded);
    take_part(reader, anchor);
  }
}

// A node that stands twice would let one voter count twice.
bool has_repeated_node(const Anchor& anchor) {
  std::vector<const u8*> digests;
  digests.reserve(anchor.nodes.size());
  for (const Node& node : anchor.nodes) digests.push_back(node.digest);
  std::sort(digests.begin(), digests.end(), [](const u8* a, const u8* b) { return memcmp(a, b, kHashLen) < 0; });
  for (usize i = 1; i < digests.size(); ++i) {
    if (memcmp(digests[i - 1], digests[i], kHashLen) == 0) return true;
  }
  return false;
}

bool is_policy_sound(const Policy& policy) {
  if (policy.rule == Rule::count) return policy.numerator != 0 && policy.denominator == 0;
  if (policy.rule == Rule::share) return policy.numerator != 0 && policy.numerator <= policy.denominator;
  return policy.numerator == 0 && policy.denominator == 0;
}

// Of two policies for one resource nobody could say which is meant.
bool has_repeated_policy(Bytes anchor_bytes, const Anchor& anchor) {
  std::vector<Bytes> names;
  names.reserve(anchor.policies.size());
  for (const Policy& policy : anchor.policies) {
    names.push_back(anchor_bytes.subspan(policy.resource.off, policy.resource.len()));
  }
  const auto before = [](Bytes a, Bytes b) {
    return std::lexicographical_compare(a.begin(), a.end(), b.begin(), b.end());
  };
  std::sort(names.begin(), names.end(), before);
  for (usize i = 1; i < names.size(); ++i) {
    if (equal(names[i - 1], names[i])) return true;
  }
  return false;
}

}  // namespace

AnchorError read_anchor(Bytes bytes, u32 count_max, Anchor& anchor) {
  WireError error;
  ProtobufReader reader(bytes, error, {.repeated = kAnchorRepeated});
  read_fields(reader, anchor, count_max);
  for (const u32 number : {1, 2, 3, 4, 5}) reader.require(number);
  if (error.failed()) return {entry_of(error.code).text, error.byte_off};
  if (has_repeated_node(anchor)) return {"a validator stands twice", 0};
  const bool has_certificates = !anchor.members.empty() || !anchor.certificates.empty();
  if (anchor.mode == Mode::certificate && !anchor.keys.empty()) return {"keys belong to permissionedWithKey", 0};
  if (anchor.mode != Mode::certificate && has_certificates) return {"certificates belong to permissionedWithCert", 0};
  if (anchor.format != Format::v2 && anchor.mode != Mode::certificate) return {"v1 knows certificates only", 0};
  if (!std::all_of(anchor.policies.begin(), anchor.policies.end(), is_policy_sound)) {
    return {"a policy's numbers do not belong to its rule", 0};
  }
  if (has_repeated_policy(bytes, anchor)) return {"a resource has two policies", 0};
  return {};
}

}  // namespace isthmus::chain::chainmaker
