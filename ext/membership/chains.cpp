// Chains from a certificate to a trusted root: crypto/x509's search with signatures left to the sheet's rows.
#include <algorithm>

#include "membership/room.hpp"

namespace isthmus::membership {
namespace {

using wire::Certificate;

bool same_part(const Room& room, Ref a_der, wire::Part a, Ref b_der, wire::Part b) {
  return equal_bytes(room.part(a_der, a), room.part(b_der, b));
}

class Search {
 public:
  Search(Room& room, Group& group, const Child& child) : room_(room), group_(group), child_(child) {}

  Chains run() {
    const Certificate& leaf = *child_.certificate;
    Path path;
    path.not_before = leaf.not_before;
    path.not_after = leaf.not_after;
    if (child_.authority != kNone && group_.authorities[child_.authority].is_root) {
      out_.paths.push_back(path);
    } else if (!leaf_starts_in_time(leaf)) {
      note(Status::invalid, Code::certificate_expired);
    } else if (leaf.has_unknown_critical) {
      note(Status::invalid, Code::certificate_extension_critical);
    } else if (u8 usages = room_.rules.usages; !allow_usage(leaf, usages)) {
      note(Status::invalid, Code::certificate_usage);
    } else {
      grow(child_, path, usages);
    }
    if (!out_.paths.empty()) keep_distinct();
    return std::move(out_);
  }

 private:
  i64 start() const { return child_.certificate->not_before + 1; }

  bool leaf_starts_in_time(const Certificate& leaf) const {
    return room_.rules.clock != Clock::leaf_start || start() <= leaf.not_after;
  }

  // The first thing that was wrong explains a certificate without a chain best.
  void note(Status status, Code code) {
    if (out_.code != Code::certificate_issuer_unknown) return;
    out_.status = status;
    out_.code = code;
  }

  // Every certificate of a chain narrows what was asked for; false iff nothing is left.
  bool allow_usage(const Certificate& certificate, u8& usages) const {
    if (usages == 0 || certificate.extended_usage == 0) return true;
    if ((certificate.extended_usage & wire::kUsageAny) != 0) return true;
    usages &= certificate.extended_usage;
    return usages != 0;
  }

  void grow(const Child& child, const Path& path, u8 usages) {
    for (u32 i = 0; i < group_.authorities.size(); ++i) {
      const Authority& issuer = group_.authorities[i];
      if (!same_part(room_, child.der, child.certificate->issuer, issuer.der, issuer.certificate.subject)) continue;
      if (is_in_chain(issuer, path)) continue;
      if (++tries_ > kIssuerTries || path.issuers.size() == kChainMax) {
        return note(Status::undecided, Code::certificate_chain_limit);
      }
      follow(child, path, i, usages);
    }
  }

  // The same subject, key and alternative names: a second certificate of one authority makes no step.
  bool is_same_authority(Ref der, const Certificate& certificate, const Authority& issuer) const {
    return certificate.key.algorithm == issuer.certificate.key.algorithm &&
           same_part(room_, der, certificate.subject, issuer.der, issuer.certificate.subject) &&
           same_part(room_, der, certificate.key.key, issuer.der, issuer.certificate.key.key) &&
           same_part(room_, der, certificate.subject_alt_name, issuer.der, issuer.certificate.subject_alt_name);
  }

  bool is_in_chain(const Authority& issuer, const Path& path) const {
    if (is_same_authority(child_.der, *child_.certificate, issuer)) return true;
    return std::any_of(path.issuers.begin(), path.issuers.end(), [&](u32 number) {
      const Authority& met = group_.authorities[number];
      return is_same_authority(met.der, met.certificate, issuer);
    });
  }

  // What forbids `issuer` above `path`, whatever the signature; ok if nothing.
  Code objection(const Certificate& issuer, bool is_root, const Path& path) const {
    const bool may_sign = issuer.has_basic_constraints ? issuer.is_ca : issuer.version < 3 && is_root;
    if (!may_sign) return Code::issuer_not_authority;
    if (issuer.key_usage != 0 && (issuer.key_usage & wire::kKeyUsageCertSign) == 0) return Code::issuer_not_authority;
    if (issuer.has_unknown_critical) return Code::certificate_extension_critical;
    const i64 intermediates = static_cast<i64>(path.issuers.size());
    if (issuer.path_len >= 0 && intermediates > issuer.path_len) return Code::issuer_path_length;
    if (room_.rules.clock != Clock::leaf_start) return Code::ok;
    if (start() < issuer.not_before) return Code::certificate_not_yet_valid;
    return start() > issuer.not_after ? Code::certificate_expired : Code::ok;
  }

  void follow(const Child& child, const Path& path, u32 number, u8 usages) {
    const Authority& issuer = group_.authorities[number];
    const Certificate& certificate = issuer.certificate;
    const Code code = objection(certificate, issuer.is_root, path);
    if (code != Code::ok) return note(Status::invalid, code);
    if (!allow_usage(certificate, usages)) return note(Status::invalid, Code::certificate_usage);
    const Stated stated = edge(child, number);
    if (stated.status == Status::invalid) return note(stated.status, stated.code);
    Path longer = path;
    longer.issuers.push_back(number);
    if (stated.is_claim()) longer.claims.push_back(stated.claim);
    if (!stated.is_claim()) set_undecided(longer, stated.code);
    if (certificate.has_name_constraints) set_undecided(longer, Code::certificate_name_constraints);
    if (!issuer_may_certify(issuer, path)) set_invalid(longer, Code::issuer_not_for_identities);
    longer.not_before = std::max(longer.not_before, certificate.not_before);
    longer.not_after = std::min(longer.not_after, certificate.not_after);
    add_revocations(child, longer);
    if (issuer.is_root) return finish(longer);
    grow({issuer.der, &certificate, number}, longer, usages);
  }

  static void set_undecided(Path& path, Code code) {
    if (path.status != Status::valid) return;
    path.status = Status::undecided;
    path.code = code;
  }

  static void set_invalid(Path& path, Code code) {
    if (path.status == Status::invalid) return;
    path.status = Status::invalid;
    path.code = code;
  }

  // Fabric: an authority that certifies authorities certifies no identities.
  bool issuer_may_certify(const Authority& issuer, const Path& path) const {
    const bool is_identity = child_.authority == kNone && path.issuers.empty();
    return !room_.rules.leaf_issuers_only || !is_identity || !issuer.certifies_authorities;
  }

  Stated edge(const Child& child, u32 number) {
    auto& known = child.authority == kNone ? leaf_edges_ : group_.edges;
    const auto key = std::pair(child.authority, number);
    const auto found = known.find(key);
    if (found != known.end()) return found->second;
    const Certificate& certificate = *child.certificate;
    const Authority& issuer = group_.authorities[number];
    const wire::PublicKey& issuer_key = issuer.certificate.key;
    const bool takes = (room_.rules.authority_keys >> static_cast<u32>(issuer_key.algorithm) & 1) != 0;
    const Stated stated = takes
                              ? state_signature(room_.sheet, certificate.signature_algorithm,
                                                ref(child.der, certificate.tbs), ref(child.der, certificate.signature),
                                                issuer_key.algorithm, ref(issuer.der, issuer_key.key))
                              : Stated{claim::kNoClaim, Status::invalid, Code::certificate_key_refused};
    known.emplace(key, stated);
    return stated;
  }

  static Ref ref(Ref der, wire::Part part) { return der.sub(part.off, part.len); }

  // Lists that name the child, made by who signed the last step of `path`, or by whom its own key id names.
  void add_revocations(const Child& child, Path& path) {
    for (u32 i = 0; i < group_.revocations.size(); ++i) {
      const Revocations& list = group_.revocations[i];
      if (list.list.authority_key_id.empty()) continue;
      if (!list.list.names(room_.sheet.bytes(list.der), room_.part(child.der, child.certificate->serial))) continue;
      const u32 signer = list_signer(list, child, path.issuers.back());
      if (signer == kNone) continue;
      const Stated stated = list_edge(i, signer);
      if (stated.is_claim()) path.refutes.push_back(stated.claim);
      if (stated.status == Status::undecided) set_undecided(path, stated.code);
    }
  }

  // Fabric: the issuer, if its key id is the list's. ChainMaker: whichever authority has the key id that both the list
  // and the certificate name.
  u32 list_signer(const Revocations& list, const Child& child, u32 issuer) const {
    const Bytes id = room_.part(list.der, list.list.authority_key_id);
    if (has_key_id(issuer, id)) {
      const bool by_child = equal_bytes(room_.part(child.der, child.certificate->authority_key_id), id);
      return !room_.rules.whole_chain_revoked || by_child ? issuer : kNone;
    }
    if (!room_.rules.whole_chain_revoked) return kNone;
    if (!equal_bytes(room_.part(child.der, child.certificate->authority_key_id), id)) return kNone;
    for (u32 i = 0; i < group_.authorities.size(); ++i) {
      if (has_key_id(i, id)) return i;
    }
    return kNone;
  }

  bool has_key_id(u32 number, Bytes id) const {
    const Authority& authority = group_.authorities[number];
    return equal_bytes(room_.part(authority.der, authority.certificate.subject_key_id), id);
  }

  Stated list_edge(u32 number, u32 signer) {
    const auto key = std::pair(number, signer);
    const auto found = group_.list_edges.find(key);
    if (found != group_.list_edges.end()) return found->second;
    const Revocations& list = group_.revocations[number];
    const Authority& issuer = group_.authorities[signer];
    const Stated stated = state_signature(room_.sheet, list.list.signature_algorithm, ref(list.der, list.list.tbs),
                                          ref(list.der, list.list.signature), issuer.certificate.key.algorithm,
                                          ref(issuer.der, issuer.certificate.key.key));
    group_.list_edges.emplace(key, stated);
    return stated;
  }

  void finish(const Path& path) {
    if (out_.paths.size() < kIssuerTries) out_.paths.push_back(path);
  }

  bool same_keys(const Path& a, const Path& b) const {
    return std::equal(a.issuers.begin(), a.issuers.end(), b.issuers.begin(), b.issuers.end(), [&](u32 x, u32 y) {
      const Authority& p = group_.authorities[x];
      const Authority& q = group_.authorities[y];
      return p.certificate.key.algorithm == q.certificate.key.algorithm &&
             same_part(room_, p.der, p.certificate.key.key, q.der, q.certificate.key.key);
    });
  }

  // Paths over the same keys hold together, so where one chain is demanded neither gives an identity. Paths over
  // different keys cannot hold together: a signature verifies under one key.
  void keep_distinct() {
    if (!room_.rules.one_chain) return;
    std::vector<Path>& paths = out_.paths;
    for (usize i = 0; i < paths.size(); ++i) {
      for (usize k = 0; k < i; ++k) {
        if (!same_keys(paths[i], paths[k])) continue;
        set_invalid(paths[i], Code::certificate_chain_ambiguous);
        set_invalid(paths[k], Code::certificate_chain_ambiguous);
      }
    }
  }

  Room& room_;
  Group& group_;
  const Child& child_;
  Chains out_;
  u32 tries_ = 0;
  std::map<std::pair<u32, u32>, Stated> leaf_edges_;
};

}  // namespace

Chains find_chains(Room& room, Group& group, const Child& child) { return Search(room, group, child).run(); }

}  // namespace isthmus::membership
