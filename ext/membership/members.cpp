#include "membership/members.hpp"

#include <algorithm>

#include "membership/room.hpp"
#include "wire/der.hpp"

namespace isthmus::membership {

using wire::Certificate;
using wire::KeyAlgorithm;

namespace {

#include "membership/orders.inc"

constexpr u8 bit(KeyAlgorithm algorithm) { return static_cast<u8>(1u << static_cast<u32>(algorithm)); }

// RSA and other curves: what the networks do with them is not known here, so they are undecided, not refused.
constexpr u8 kUndecidedKeys = bit(KeyAlgorithm::other);

std::string text_of(const Sheet& sheet, Ref ref) {
  const Bytes bytes = sheet.bytes(ref);
  return std::string(bytes.begin(), bytes.end());
}

std::vector<u8> copy_of(Bytes bytes) { return std::vector<u8>(bytes.begin(), bytes.end()); }

// ---- organisations

// Reads an organisation's configuration into its group; the first thing that makes it unusable is its problem.
class Setup {
 public:
  Setup(Room& room, Group& group) : room_(room), group_(group) {}

  void run(const Organisation& source) {
    for (const Ref root : source.roots) add_roots(root);
    for (const Ref intermediate : source.intermediates) {
      for (const Ref der : blocks_of(intermediate)) add_authority(der, false);
    }
    if (std::none_of(group_.authorities.begin(), group_.authorities.end(), is_root)) {
      fail(Code::certificate_issuer_unknown);
    }
    for (const Ref list : source.revocation_lists) add_lists(list);
    for (const Ref admin : source.admins) group_.admins.push_back(der_of(room_.sheet, admin, false));
    for (const Ref frozen : source.frozen) group_.frozen.push_back(der_of(room_.sheet, frozen, false));
    if (group_.problem == Code::ok) mark_issuers();
    if (group_.problem == Code::ok) read_units(source);
  }

 private:
  static bool is_root(const Authority& authority) { return authority.is_root; }

  void fail(Code detail = Code::organisation_malformed) {
    if (group_.problem != Code::ok) return;
    group_.problem = Code::organisation_malformed;
    group_.problem_detail = detail;
  }

  // Fabric reads the first block of a text and no more; ChainMaker all of them.
  std::vector<Ref> blocks_of(Ref text) {
    if (!room_.rules.last_is_root) return {der_of(room_.sheet, text, false)};
    bool complete = true;
    std::vector<Ref> all = all_der_of(room_.sheet, text, complete);
    if (!complete) fail();
    return all;
  }

  // One root for each Ref, or a chain in which those are roots that none of the others has certified.
  void add_roots(Ref source) {
    const std::vector<Ref> all = blocks_of(source);
    if (!room_.rules.last_is_root || all.size() == 1) {
      for (const Ref der : all) add_authority(der, true);
      return;
    }
    std::vector<Certificate> parsed(all.size());
    for (usize i = 0; i < all.size(); ++i) {
      const Code code = wire::parse_certificate(room_.sheet.bytes(all[i]), parsed[i]);
      if (code != Code::ok) return fail(code);
    }
    for (usize i = 0; i < all.size(); ++i) {
      const Bytes issuer = room_.part(all[i], parsed[i].issuer);
      bool has_issuer = false;
      for (usize k = 0; k < all.size(); ++k) {
        has_issuer |= k != i && equal_bytes(issuer, room_.part(all[k], parsed[k].subject));
      }
      add_authority(all[i], !has_issuer || equal_bytes(issuer, room_.part(all[i], parsed[i].subject)));
    }
  }

  void add_authority(Ref der, bool root) {
    Authority authority;
    authority.der = der;
    authority.is_root = root;
    const Code code = wire::parse_certificate(room_.sheet.bytes(der), authority.certificate);
    if (code != Code::ok) return fail(code);
    const Certificate& certificate = authority.certificate;
    if (!certificate.is_ca) {
      // Only a network that lists whole chains may list what is no authority; it can certify nothing.
      if (root || !room_.rules.last_is_root) fail(Code::issuer_not_authority);
      return;
    }
    if (room_.rules.authorities_have_key_ids && !certificate.has_subject_key_id) return fail();
    const bool self_issued = equal_bytes(room_.part(der, certificate.issuer), room_.part(der, certificate.subject));
    if (root && room_.rules.roots_are_self_issued && !self_issued) return fail();
    for (const Authority& met : group_.authorities) {
      if (equal_bytes(room_.sheet.bytes(met.der), room_.sheet.bytes(der))) return;
    }
    group_.authorities.push_back(std::move(authority));
  }

  void add_lists(Ref source) {
    for (const Ref der : blocks_of(source)) {
      Revocations list;
      list.der = der;
      const Code code = wire::parse_revocation_list(room_.sheet.bytes(der), list.list);
      if (code != Code::ok) return fail(code);
      if (!list.list.has_authority_key_id && !room_.rules.whole_chain_revoked) {
        return fail(Code::revocation_list_encoding);
      }
      group_.revocations.push_back(std::move(list));
    }
  }

  std::vector<Path> paths_of(u32 authority) {
    const Authority& child = group_.authorities[authority];
    return find_chains(room_, group_, {child.der, &child.certificate, authority}).paths;
  }

  // Every intermediate must have a chain; who stands above one certifies authorities.
  void mark_issuers() {
    if (!room_.rules.leaf_issuers_only) return;
    for (u32 i = 0; i < group_.authorities.size(); ++i) {
      if (group_.authorities[i].is_root) continue;
      const std::vector<Path> paths = paths_of(i);
      if (paths.empty()) return fail(Code::certificate_issuer_unknown);
      for (const Path& path : paths) {
        for (const u32 number : path.issuers) group_.authorities[number].certifies_authorities = true;
      }
    }
  }

  void read_units(const Organisation& source) {
    for (const Unit& unit : source.units) {
      UnitEntry entry;
      if (!read_unit(unit, entry) || entry.any_certifier) return fail(Code::certificate_certifier_differs);
      group_.units.push_back(std::move(entry));
    }
    group_.node_units = source.node_units;
    if (!source.node_units) return;
    const std::pair<const Unit*, UnitEntry*> nodes[] = {{&source.client, &group_.client},
                                                        {&source.peer, &group_.peer},
                                                        {&source.admin, &group_.admin},
                                                        {&source.orderer, &group_.orderer}};
    bool any = false;
    for (const auto& [unit, entry] : nodes) {
      if (!read_unit(*unit, *entry)) return fail(Code::certificate_certifier_differs);
      any |= !entry->name.empty();
    }
    const bool both = !group_.client.name.empty() && !group_.peer.name.empty();
    if (room_.rules.units == UnitRules::fabric_v1_1 && !both) fail(Code::certificate_role_missing);
    group_.node_units = any;
  }

  // False iff the certifier is none of the organisation's authorities, or has no chain.
  bool read_unit(const Unit& unit, UnitEntry& entry) {
    entry.name = text_of(room_.sheet, unit.name);
    entry.any_certifier = unit.certifier.len() == 0;
    if (entry.any_certifier) return true;
    const Ref der = der_of(room_.sheet, unit.certifier, false);
    for (u32 i = 0; i < group_.authorities.size(); ++i) {
      if (!equal_bytes(room_.sheet.bytes(group_.authorities[i].der), room_.sheet.bytes(der))) continue;
      const std::vector<Path> paths = paths_of(i);
      if (paths.empty()) return false;
      entry.certifiers.assign(1, i);
      entry.certifiers.insert(entry.certifiers.end(), paths[0].issuers.begin(), paths[0].issuers.end());
      return true;
    }
    return false;
  }

  Room& room_;
  Group& group_;
};

// ---- identities

void refuse(Identity& identity, Status status, Code code) {
  identity.status = status;
  identity.code = code;
}

// Finds the certificate in what was presented; false iff there is none.
bool read_identity(Room& room, Identity& identity) {
  const Ref presented = identity.presented;
  if (presented.len() > kIdentityMax) {
    refuse(identity, Status::invalid, Code::certificate_encoding);
    return false;
  }
  identity.der = der_of(room.sheet, presented, room.rules.pem_only);
  if (identity.der.len() == 0) {
    refuse(identity, Status::invalid, Code::certificate_pem);
    return false;
  }
  const Code code = wire::parse_certificate(room.sheet.bytes(identity.der), identity.certificate);
  if (code == Code::ok) return true;
  refuse(identity, Status::invalid, code);
  return false;
}

void number_identity(Room& room, Group& group, Identity& identity) {
  const Certificate& certificate = identity.certificate;
  identity.signature_algorithm = certificate.signature_algorithm;
  identity.key_algorithm = certificate.key.algorithm;
  const auto [number, is_new] =
      group.numbers.try_emplace(copy_of(room.part(identity.der, certificate.tbs)), room.number_count);
  room.number_count += is_new ? 1 : 0;
  identity.number = number->second;
  std::vector<u8> key = copy_of(room.part(identity.der, certificate.key.whole));
  if (identity.key_algorithm != KeyAlgorithm::other) {
    // The point says all: SM2 keys come under two algorithms.
    identity.key = identity.der.sub(certificate.key.key.off, certificate.key.key.len);
    key = copy_of(room.sheet.bytes(identity.key));
    key.push_back(static_cast<u8>(identity.key_algorithm));
  }
  identity.key_number =
      room.key_numbers.try_emplace(std::move(key), static_cast<u32>(room.key_numbers.size())).first->second;
}

bool is_listed(const Room& room, const std::vector<Ref>& list, const Identity& identity) {
  const Bytes tbs = room.part(identity.der, identity.certificate.tbs);
  return std::any_of(list.begin(), list.end(), [&](Ref der) {
    Certificate listed;
    return wire::parse_certificate(room.sheet.bytes(der), listed) == Code::ok &&
           equal_bytes(room.part(der, listed.tbs), tbs);
  });
}

// What forbids the certificate as an identity, its chain apart.
Code objection(const Room& room, const Group& group, const Identity& identity) {
  const Rules& rules = room.rules;
  const Certificate& certificate = identity.certificate;
  if (group.problem != Code::ok) return group.problem;
  if ((rules.identity_keys & bit(identity.key_algorithm)) == 0) return Code::certificate_key_refused;
  if (certificate.is_ca && !rules.authorities_sign) return Code::certificate_is_authority;
  if (rules.organization_is_name) {
    const Bytes name = room.sheet.bytes(group.name);
    const bool same =
        !certificate.organizations.empty() && !name.empty() &&
        std::equal(name.begin(), name.end(), certificate.organizations[0].begin(), certificate.organizations[0].end(),
                   [](u8 a, char b) { return a == static_cast<u8>(b); });
    if (!same) return Code::certificate_organisation_differs;
  }
  return is_listed(room, group.frozen, identity) ? Code::certificate_frozen : Code::ok;
}

// A root that signs for itself: its chain is itself.
const Authority* as_root(const Room& room, const Group& group, const Identity& identity) {
  for (const Authority& authority : group.authorities) {
    if (authority.is_root && equal_bytes(room.sheet.bytes(authority.der), room.sheet.bytes(identity.der))) {
      return &authority;
    }
  }
  return nullptr;
}

// A path that may give an identity; if there is none, one that is undecided; else the first one.
const Path& best_path(const Identity& identity) {
  for (const Status wanted : {Status::valid, Status::undecided}) {
    for (const Path& path : identity.paths) {
      if (path.status == wanted) return path;
    }
  }
  return identity.paths[0];
}

void find_paths(Room& room, Group& group, Identity& identity) {
  if (const Authority* root = as_root(room, group, identity)) {
    Path path;
    path.not_before = identity.certificate.not_before;
    path.not_after = identity.certificate.not_after;
    if (identity.certificate.has_unknown_critical) {
      return refuse(identity, Status::invalid, Code::certificate_extension_critical);
    }
    path.claims.push_back(room.sheet.compare(claim::Compare::equal, identity.der, root->der));
    identity.paths.push_back(std::move(path));
  } else {
    Chains chains = find_chains(room, group, {identity.der, &identity.certificate});
    if (chains.paths.empty()) return refuse(identity, chains.status, chains.code);
    identity.paths = std::move(chains.paths);
  }
  for (Path& path : identity.paths) check_units(group, room.rules, identity.certificate, path);
  const Path& best = best_path(identity);
  refuse(identity, best.status, best.code);
}

void judge_identity(Room& room, Group& group, Identity& identity) {
  refuse(identity, Status::valid, Code::ok);
  const Code code = objection(room, group, identity);
  if (code != Code::ok) return refuse(identity, Status::invalid, code);
  if ((kUndecidedKeys & bit(identity.key_algorithm)) != 0) {
    return refuse(identity, Status::undecided, Code::certificate_algorithm);
  }
  find_paths(room, group, identity);
  identity.roles = roles_of(group, room.rules, identity.certificate);
  if (is_listed(room, group.admins, identity)) identity.roles |= kAdmin;
}

// ---- canonical bytes

// The certificate's bytes with s brought to the lower half of the order, as Fabric's sanitised certificate has them;
// the bytes as they are where it is low already or the signature is none of ECDSA.
std::vector<u8> sanitised(Bytes der, const Certificate& certificate, usize width) {
  std::vector<u8> out = copy_of(der);
  const u8* const order = width == 48 ? kP384Order : kP256Order;
  const u8* const half = width == 48 ? kP384HalfOrder : kP256HalfOrder;
  u8 pair[96];
  if (!wire::der_signature_strict(certificate.signature.of(der), pair, width)) return out;
  u8* const s = pair + width;
  if (memcmp(s, half, width) <= 0 || memcmp(s, order, width) >= 0) return out;
  u32 borrow = 0;
  for (usize i = width; i-- > 0;) {
    const u32 difference = u32{order[i]} - s[i] - borrow;
    s[i] = static_cast<u8>(difference);
    borrow = difference >> 31;
  }
  const auto append_integer = [](std::vector<u8>& to, const u8* digits, usize count) {
    while (count > 1 && digits[0] == 0) {
      ++digits;
      --count;
    }
    const usize zero = digits[0] >> 7;
    to.insert(to.end(), {0x02, static_cast<u8>(count + zero)});
    if (zero != 0) to.push_back(0);
    to.insert(to.end(), digits, digits + count);
  };
  std::vector<u8> numbers;
  append_integer(numbers, pair, width);
  append_integer(numbers, s, width);
  // Two numbers of at most 49 bytes: every length below fits one byte.
  std::vector<u8> field = {0x03, static_cast<u8>(numbers.size() + 3), 0x00, 0x30, static_cast<u8>(numbers.size())};
  field.insert(field.end(), numbers.begin(), numbers.end());
  std::vector<u8> body(der.begin() + certificate.tbs.off, der.begin() + certificate.signature_field.off);
  body.insert(body.end(), field.begin(), field.end());
  out = {0x30};
  if (body.size() < 0x80) {
    out.push_back(static_cast<u8>(body.size()));
  } else {
    const usize bytes = body.size() < 0x100 ? 1 : body.size() < 0x10000 ? 2 : 3;
    out.push_back(static_cast<u8>(0x80 | bytes));
    for (usize i = bytes; i-- > 0;) out.push_back(static_cast<u8>(body.size() >> (8 * i)));
  }
  out.insert(out.end(), body.begin(), body.end());
  return out;
}

bool is_ecdsa_signed(const Certificate& certificate) {
  return certificate.signature_algorithm >= wire::SignatureAlgorithm::ecdsa_sha1 &&
         certificate.signature_algorithm <= wire::SignatureAlgorithm::ecdsa_sha512;
}

// `issuer` is null for a root, which signs itself.
Ref sanitised_ref(Room& room, Ref der, const Certificate& certificate, const Certificate& issuer) {
  const bool short_order = issuer.key.algorithm == KeyAlgorithm::p256;
  const bool has_order = short_order || issuer.key.algorithm == KeyAlgorithm::p384;
  if (!is_ecdsa_signed(certificate) || !has_order) return der;
  const Bytes bytes = room.sheet.bytes(der);
  const std::vector<u8> clean = sanitised(bytes, certificate, short_order ? 32 : 48);
  return equal_bytes(clean, bytes) ? der : room.sheet.text(clean);
}

// ---- attaching

struct Verdict {
  Status status;
  Code code;
};

Verdict at_instant(const Rules& rules, const Path& path, Instant instant) {
  if (path.status != Status::valid) return {path.status, path.code};
  if (rules.clock == Clock::leaf_start || instant.kind == Instant::Kind::any) return {Status::valid, Code::ok};
  if (instant.kind == Instant::Kind::missing) return {Status::undecided, Code::certificate_instant_missing};
  if (instant.seconds < path.not_before) return {Status::invalid, Code::certificate_not_yet_valid};
  if (instant.seconds > path.not_after) return {Status::invalid, Code::certificate_expired};
  return {Status::valid, Code::ok};
}

void note(Sheet& sheet, NodeId node, Status status, Code code, u64 byte_off) {
  if (status == Status::invalid) sheet.fail(node, code, byte_off);
  if (status == Status::undecided) sheet.undecided(node, code, byte_off);
}

void bind_path(Sheet& sheet, NodeId node, const Path& path) {
  for (const ClaimId made : path.claims) sheet.bind(node, made, Code::certificate_signature_false);
  for (const ClaimId made : path.refutes) sheet.refute(node, made, Code::certificate_revoked);
}

}  // namespace

// ---- rules

Rules fabric_rules(Fabric version) {
  Rules rules;
  rules.units = version == Fabric::v1_0                              ? UnitRules::fabric_v1_0
                : version == Fabric::v1_1 || version == Fabric::v1_3 ? UnitRules::fabric_v1_1
                                                                     : UnitRules::fabric_v1_4_3;
  rules.clock = Clock::leaf_start;
  rules.identity_keys = bit(KeyAlgorithm::other) | bit(KeyAlgorithm::p256) | bit(KeyAlgorithm::p384);
  if (version == Fabric::v3_0) rules.identity_keys |= bit(KeyAlgorithm::ed25519);
  rules.authority_keys = static_cast<u8>(bit(KeyAlgorithm::other) | bit(KeyAlgorithm::p256) | bit(KeyAlgorithm::p384) |
                                         bit(KeyAlgorithm::ed25519));
  // Fabric asks crypto/x509 for nothing, which then asks for a server's certificate.
  rules.usages = wire::kUsageServer;
  rules.one_chain = true;
  rules.leaf_issuers_only = true;
  rules.authorities_have_key_ids = true;
  rules.roots_are_self_issued = true;
  rules.pem_only = true;
  return rules;
}

Rules chainmaker_rules() {
  Rules rules;
  rules.units = UnitRules::chainmaker;
  rules.clock = Clock::given;
  rules.identity_keys = static_cast<u8>(bit(KeyAlgorithm::other) | bit(KeyAlgorithm::p256) | bit(KeyAlgorithm::p384) |
                                        bit(KeyAlgorithm::sm2));
  rules.authority_keys = rules.identity_keys;
  rules.authorities_sign = true;
  rules.organization_is_name = true;
  rules.last_is_root = true;
  rules.whole_chain_revoked = true;
  return rules;
}

// ---- Members

Members::Members(Sheet& sheet, const Rules& rules) : room_(new Room{sheet, rules, {}, {}, {}, {}, {}, 0, {}}) {}
Members::~Members() = default;

u32 Members::add(const Organisation& organisation) {
  Room& room = *room_;
  const u32 number = static_cast<u32>(room.groups.size());
  const auto [at, is_new] = room.names.try_emplace(copy_of(room.sheet.bytes(organisation.name)), number);
  if (!is_new) return at->second;
  Group& group = room.groups.emplace_back();
  group.name = organisation.name;
  Setup(room, group).run(organisation);
  for (const TrustedMember& member : organisation.members) {
    const u32 roles = kMember | role_of_word(text_of(room.sheet, member.role));
    room.trusted.try_emplace(copy_of(room.sheet.bytes(member.certificate)), Trusted{member.certificate, number, roles});
  }
  return number;
}

u32 Members::find(Bytes name) const {
  const auto at = room_->names.find(name);
  return at == room_->names.end() ? kNone : at->second;
}

usize Members::count() const { return room_->groups.size(); }
Ref Members::name(u32 organisation) const { return room_->groups[organisation].name; }
Code Members::problem(u32 organisation) const { return room_->groups[organisation].problem; }
Code Members::problem_detail(u32 organisation) const { return room_->groups[organisation].problem_detail; }

const Identity& Members::identify(u32 organisation, Ref presented) {
  Room& room = *room_;
  const Bytes bytes = room.sheet.bytes(presented);
  const auto trusted = room.trusted.find(bytes);
  if (trusted != room.trusted.end()) organisation = trusted->second.group;
  if (organisation == kNone) return room.unknown;
  Group& group = room.groups[organisation];
  const auto known = group.identities.find(bytes);
  if (known != group.identities.end()) return room.identities[known->second];
  group.identities.emplace(copy_of(bytes), static_cast<u32>(room.identities.size()));
  Identity& identity = room.identities.emplace_back();
  identity.organisation = organisation;
  identity.presented = presented;
  if (!read_identity(room, identity)) return identity;
  number_identity(room, group, identity);
  if (trusted == room.trusted.end()) {
    judge_identity(room, group, identity);
    return identity;
  }
  refuse(identity, Status::valid, Code::ok);
  if (identity.key_algorithm == KeyAlgorithm::other) refuse(identity, Status::undecided, Code::certificate_algorithm);
  identity.roles = trusted->second.roles;
  identity.trusted = trusted->second.bytes;
  return identity;
}

NodeId Members::attach(NodeId parent, u32 index, const Identity& identity, Instant instant, u64 weight, u64 byte_off) {
  Room& room = *room_;
  Sheet& sheet = room.sheet;
  const NodeId node = sheet.all(parent, claim::Kind::certificate, index, weight);
  if (identity.trusted.len() != 0) {
    const ClaimId same = sheet.compare(claim::Compare::equal, identity.presented, identity.trusted);
    sheet.bind(node, same, Code::certificate_not_the_trusted_one);
  }
  if (!identity.good() || identity.paths.empty()) {
    note(sheet, node, identity.status, identity.code, byte_off);
    return node;
  }
  std::vector<u32> open;                       // paths that only their signatures can close
  Verdict closed = {Status::valid, Code::ok};  // why the others are, the undecided ones first
  for (u32 i = 0; i < identity.paths.size(); ++i) {
    const Verdict verdict = at_instant(room.rules, identity.paths[i], instant);
    if (verdict.status == Status::valid) open.push_back(i);
    if (verdict.status != Status::valid && closed.status != Status::undecided) closed = verdict;
  }
  if (open.empty()) {
    note(sheet, node, closed.status, closed.code, byte_off);
  } else if (open.size() == 1 && closed.status != Status::undecided) {
    bind_path(sheet, node, identity.paths[open[0]]);
  } else {
    const NodeId any =
        sheet.quorum(node, claim::Kind::none, 0, 1, claim::Fold::quorum, Code::certificate_signature_false);
    for (const u32 i : open) bind_path(sheet, sheet.all(any, claim::Kind::chain, i, 1), identity.paths[i]);
    // Where no open path holds, one that nobody here can judge may.
    if (closed.status == Status::undecided) {
      const u32 last = static_cast<u32>(identity.paths.size());
      note(sheet, sheet.all(any, claim::Kind::chain, last, 1), closed.status, closed.code, byte_off);
    }
  }
  return node;
}

ClaimId Members::sign(NodeId node, const Identity& identity, Ref signature, std::span<const Ref> message,
                      const SignatureForm& form, Code code) {
  return membership::sign(room_->sheet, node, identity.key_algorithm, identity.key, signature, message, form, code);
}

bool Members::same(const Identity& identity, Ref certificate) {
  if (identity.der.len() == 0) return false;
  return is_listed(*room_, {der_of(room_->sheet, certificate, false)}, identity);
}

Ref Members::fingerprint(const Identity& identity) {
  const Ref out = room_->sheet.reserve(digest_size(Hash::sha256));
  fingerprint_into(out, identity);
  return out;
}

void Members::fingerprint_into(Ref out, const Identity& identity) {
  Room& room = *room_;
  // Both are empty where the sheet has met its limits.
  if (identity.number == kNone || out.len() == 0) return;
  const bool has_issuer = !identity.paths.empty() && !identity.paths[0].issuers.empty();
  const Certificate& issuer =
      has_issuer ? room.groups[identity.organisation].authorities[identity.paths[0].issuers[0]].certificate
                 : identity.certificate;
  room.sheet.hash_into(out, Hash::sha256, {sanitised_ref(room, identity.der, identity.certificate, issuer)});
}

Ref Members::certifiers_identifier(const Identity& identity) {
  Room& room = *room_;
  if (identity.paths.empty()) return {};
  const Group& group = room.groups[identity.organisation];
  const std::vector<u32>& issuers = identity.paths[0].issuers;
  std::vector<Ref> segments;
  for (usize i = 0; i < issuers.size(); ++i) {
    const Authority& authority = group.authorities[issuers[i]];
    const Authority& above = group.authorities[issuers[i + 1 < issuers.size() ? i + 1 : i]];
    segments.push_back(sanitised_ref(room, authority.der, authority.certificate, above.certificate));
  }
  return room.sheet.hash(Hash::sha256, segments);
}

}  // namespace isthmus::membership
