#include "chain/fisco_claims.hpp"

#include <algorithm>

namespace isthmus::chain::fisco {
namespace {

using claim::ClaimId;
using claim::Compare;
using claim::Fold;
using claim::Kind;

constexpr usize kRecoverableLen = 65;
constexpr usize kSm2Len = 64;
constexpr usize kSm2WithKeyLen = 128;

u32 index_of(u64 number) { return number > ~u32{0} ? ~u32{0} : static_cast<u32>(number); }

bool same_bytes(const Sheet& sheet, Ref left, Ref right) {
  const Bytes a = sheet.bytes(left);
  const Bytes b = sheet.bytes(right);
  return std::equal(a.begin(), a.end(), b.begin(), b.end());
}

// 2f + 1 of n = 3f + 1, by weight: all but a third, rounded so that two quorums share an honest sealer.
u64 quorum_of(const std::vector<Sealer>& sealers) {
  u64 total = 0;
  for (const Sealer& sealer : sealers) total += sealer.weight;  // checked: below 2^63
  return total == 0 ? 0 : total - (total - 1) / 3;
}

// Index of each sealer of `wanted` in `list`, or its size.
class Places {
 public:
  Places(const Sheet& sheet, const std::vector<Sealer>& list) : sheet_(sheet), list_(list) {
    for (u32 i = 0; i < list.size(); ++i) sorted_.push_back(i);
    std::sort(sorted_.begin(), sorted_.end(), [&](u32 a, u32 b) {
      if (same_bytes(sheet_, list_[a].id, list_[b].id)) return a < b;
      return less(list_[a].id, list_[b].id);
    });
  }
  usize find(Ref id) const {
    const auto at = std::lower_bound(sorted_.begin(), sorted_.end(), id,
                                     [&](u32 each, Ref wanted) { return less(list_[each].id, wanted); });
    return at != sorted_.end() && same_bytes(sheet_, list_[*at].id, id) ? *at : list_.size();
  }
  bool has_repeated() const {
    for (usize i = 1; i < sorted_.size(); ++i) {
      if (same_bytes(sheet_, list_[sorted_[i - 1]].id, list_[sorted_[i]].id)) return true;
    }
    return false;
  }

 private:
  bool less(Ref left, Ref right) const {
    const Bytes a = sheet_.bytes(left);
    const Bytes b = sheet_.bytes(right);
    return std::lexicographical_compare(a.begin(), a.end(), b.begin(), b.end());
  }
  const Sheet& sheet_;
  const std::vector<Sealer>& list_;
  std::vector<u32> sorted_;
};

bool same_sealers(const Sheet& sheet, const std::vector<Sealer>& left, const std::vector<Sealer>& right) {
  if (left.size() != right.size()) return false;
  for (usize i = 0; i < left.size(); ++i) {
    if (left[i].weight != right[i].weight || !same_bytes(sheet, left[i].id, right[i].id)) return false;
  }
  return true;
}

// What one signature claims: that it can be read as some key's, and that this is the sealer's.
struct SignatureClaims {
  ClaimId verifies = claim::kNoClaim;
  ClaimId is_sealer = claim::kNoClaim;
  Code refused = Code::ok;  // the signature is refused without a look at its numbers

  void bind(Sheet& sheet, NodeId node, u64 off) const {
    if (refused != Code::ok) return sheet.fail(node, refused, off);
    sheet.bind(node, verifies, Code::signature_false);
    sheet.bind(node, is_sealer, Code::fisco_signer_differs);
  }
};

SignatureClaims state_recoverable(Sheet& sheet, Ref bytes, Ref key, Ref digest) {
  SignatureClaims claims;
  if (bytes.len() != kRecoverableLen) {
    claims.refused = Code::signature_encoding;
  } else if (sheet.bytes(bytes)[kRecoverableLen - 1] > 1) {
    claims.refused = Code::fisco_recovery_id;
  } else {
    const Sheet::Recovered recovered = sheet.recover(0, bytes, digest);
    claims.verifies = recovered.claim;
    claims.is_sealer = sheet.compare(Compare::equal, recovered.key, key);
  }
  return claims;
}

// Version 2 appends the key to every signature, version 3 leaves it out of those of sealers.
SignatureClaims state_sm2(Sheet& sheet, Ref bytes, Ref key, Ref digest, bool may_be_bare) {
  SignatureClaims claims;
  const bool bare = may_be_bare && bytes.len() == kSm2Len;
  if (!bare && bytes.len() != kSm2WithKeyLen) {
    claims.refused = Code::signature_encoding;
  } else if (!bare && !same_bytes(sheet, bytes.sub(kSm2Len, kNodeIdLen), key)) {
    claims.refused = Code::fisco_signer_differs;
  } else {
    claims.verifies = sheet.signature(Scheme::sm2_sm3, 0, key, bytes.sub(0, kSm2Len), digest);
  }
  return claims;
}

SignatureClaims state_signature(Sheet& sheet, const Anchor& anchor, Ref bytes, Ref key, Ref digest) {
  if (anchor.sm) return state_sm2(sheet, bytes, key, digest, anchor.is_v3());
  return state_recoverable(sheet, bytes, key, digest);
}

// Who the sealers are according to whom.
struct Trust {
  bool pinned = false;   // the anchor names the header
  bool listed = false;   // the header's sealers are the anchor's
  bool overlap = false;  // they are others, and the anchor's have to have signed as well
};

Trust trust_of(const Sheet& sheet, const Header& header, const Anchor& anchor) {
  Trust trust;
  trust.pinned = anchor.header_hash.len() != 0;
  trust.listed = !anchor.sealers.empty() && same_sealers(sheet, header.sealers, anchor.sealers);
  trust.overlap = !anchor.sealers.empty() && !trust.listed && anchor.overlap;
  return trust;
}

// The header itself: parents, sealers, sizes, and the hash that the source states.
void state_header_rules(Sheet& sheet, NodeId node, const Block& block, const Anchor& anchor, const Trust& trust,
                        Ref hash) {
  const Header& header = block.header;
  note_problems(sheet, node, header.problems);
  if (block.stated_hash.len() != 0) {
    sheet.require(node, Code::hash_differs, sheet.compare(Compare::equal, hash, block.stated_hash));
  }
  if (trust.pinned) {
    sheet.require(node, Code::fisco_pinned_header, sheet.compare(Compare::equal, hash, anchor.header_hash));
  }
  if (header.is_genesis()) return;
  if (header.sealer >= header.sealers.size()) sheet.fail(node, Code::fisco_sealer_index, header.off);
  if (Places(sheet, header.sealers).has_repeated()) sheet.fail(node, Code::fisco_sealer_repeated, header.off);
  if (!anchor.sealers.empty() && !trust.listed && !trust.overlap) {
    sheet.fail(node, Code::fisco_sealers, header.off);
  }
  // With the anchor's list the bytes of the sealers are known, and so is where the extra data begins.
  if (header.shifts && !trust.listed) sheet.undecided(node, Code::fisco_extra_data, header.off);
}

void state_trusted(Sheet& sheet, NodeId node, const Header& header, const Anchor& anchor) {
  if (!anchor.has_trusted) return;
  if (header.number <= anchor.trusted_number) return sheet.fail(node, Code::fisco_number_not_later, header.off);
  if (header.number != anchor.trusted_number + 1) return;
  sheet.require(node, Code::fisco_parent_hash, sheet.compare(Compare::equal, header.parent_hash, anchor.trusted_hash));
}

// A quorum of the block's own sealers, and when they changed one of the anchor's.
void state_signatures(Sheet& sheet, const Block& block, const Anchor& anchor, const Trust& trust, Ref hash) {
  const Header& header = block.header;
  const u32 count = static_cast<u32>(block.signatures.size());
  const NodeId own =
      sheet.quorum(claim::kRoot, Kind::signatures, count, quorum_of(header.sealers), Fold::strict, Code::fisco_quorum);
  const Places old_places(sheet, anchor.sealers);
  NodeId old = claim::kRoot;
  if (trust.overlap) {
    old = sheet.quorum(claim::kRoot, Kind::old_signatures, count, quorum_of(anchor.sealers), Fold::strict,
                       Code::fisco_trusted_quorum);
  }
  std::vector<u8> seen(header.sealers.size());
  for (const Signature& signature : block.signatures) {
    if (!sheet.within_limits()) return;
    if (signature.index >= header.sealers.size()) {
      sheet.fail(own, Code::fisco_signer_index, signature.off);
      continue;
    }
    if (seen[signature.index] != 0) {
      sheet.fail(own, Code::fisco_signer_repeated, signature.off);
      continue;
    }
    seen[signature.index] = 1;
    const Sealer& sealer = trust.listed ? anchor.sealers[signature.index] : header.sealers[signature.index];
    const SignatureClaims claims = state_signature(sheet, anchor, signature.bytes, sealer.id, hash);
    const u32 index = index_of(signature.index);
    claims.bind(sheet, sheet.all(own, Kind::signer, index, sealer.weight), signature.off);
    if (!trust.overlap) continue;
    const usize at = old_places.find(sealer.id);
    if (at == anchor.sealers.size()) continue;
    claims.bind(sheet, sheet.all(old, Kind::signer, index, anchor.sealers[at].weight), signature.off);
  }
}

Ref sealers_text(Sheet& sheet, const std::vector<Sealer>& sealers) {
  std::vector<u8> out;
  for (const Sealer& sealer : sealers) {
    const Bytes id = sheet.bytes(sealer.id);
    out.insert(out.end(), id.begin(), id.end());
    u8 weight[8];
    store_le64(weight, sealer.weight);
    out.insert(out.end(), weight, weight + 8);
  }
  return sheet.text(out);
}

Ref words(Sheet& sheet, const std::string& text) {
  return sheet.text(Bytes(reinterpret_cast<const u8*>(text.data()), text.size()));
}

Ref le64_text(Sheet& sheet, u64 value) {
  u8 raw[8];
  store_le64(raw, value);
  return sheet.text(raw);
}

void state_facts(Sheet& sheet, const Block& block, const Trust& trust, Ref hash) {
  const Header& header = block.header;
  sheet.fact("header_hash", hash);
  sheet.fact("number", le64_text(sheet, header.number));
  sheet.fact("timestamp", le64_text(sheet, header.timestamp));
  sheet.fact("parent_hash", header.parent_hash);
  sheet.fact("state_root", header.state_root);
  sheet.fact("transactions_root", header.transactions_root);
  sheet.fact("receipts_root", header.receipts_root);
  sheet.fact("sealers", sealers_text(sheet, header.sealers));
  std::string trusted = trust.listed ? "quorum" : trust.overlap ? "overlap" : "";
  if (trust.pinned) trusted = trusted.empty() ? "pinned" : "pinned " + trusted;
  sheet.fact("trust", words(sheet, trusted.empty() ? "none" : trusted));
}

}  // namespace

Leaves::Leaves(Sheet& sheet, const Anchor& anchor, usize count)
    : sheet_(sheet), anchor_(anchor), run_(sheet.reserve(kHashLen * count)) {
  leaves_.reserve(count);
}

Ref Leaves::add(std::span<const Ref> hashed) {
  if (!sheet_.within_limits()) return run_;
  const Ref out = run_.sub(static_cast<u32>(kHashLen * leaves_.size()), kHashLen);
  sheet_.hash_into(out, anchor_.hash, hashed);
  leaves_.push_back(out);
  return out;
}

void Leaves::add_digest(Ref digest) {
  leaves_.push_back(digest);
  in_run_ = false;
}

Ref Leaves::root() {
  if (in_run_) return sheet_.tree(anchor_.is_v3() ? Tree::fisco_v3 : Tree::fisco_v2, run_, anchor_.hash).root;
  // Digests of the input among them (version 3): pairs, and a lone last node by itself.
  std::vector<Ref> level = leaves_;
  while (level.size() > 1 && sheet_.within_limits()) {
    std::vector<Ref> above;
    for (usize i = 0; i < level.size(); i += 2) {
      const std::span<const Ref> group = std::span<const Ref>(level).subspan(i, std::min<usize>(2, level.size() - i));
      above.push_back(sheet_.hash(anchor_.hash, group));
    }
    level = std::move(above);
  }
  return level.empty() ? run_ : level[0];
}

void note_problems(Sheet& sheet, NodeId node, const std::vector<Problem>& problems) {
  for (const Problem& problem : problems) {
    if (problem.status == Status::invalid) sheet.fail(node, problem.code, problem.byte_off);
    if (problem.status == Status::undecided) sheet.undecided(node, problem.code, problem.byte_off);
  }
}

void note_wire_error(Sheet& sheet, const WireError& error) {
  if (error.code == Code::limit_exceeded) return sheet.undecided(claim::kRoot, error.code, error.byte_off);
  sheet.fail(claim::kRoot, error.code, error.byte_off);
}

bool state_header(Sheet& sheet, const Block& block, const Anchor& anchor, bool unsigned_source) {
  const Header& header = block.header;
  sheet.root(Kind::block, index_of(header.number));
  if (header.hashed.empty()) {  // a version whose rule is not known
    note_problems(sheet, claim::kRoot, header.problems);
    return false;
  }
  const Trust trust = trust_of(sheet, header, anchor);
  const Ref hash = sheet.hash(anchor.hash, header.hashed);
  state_header_rules(sheet, claim::kRoot, block, anchor, trust, hash);
  state_trusted(sheet, claim::kRoot, header, anchor);
  state_facts(sheet, block, trust, hash);
  // Nobody signs the first block; only its hash can be trusted.
  const bool needs_pin = header.is_genesis() || anchor.trusts_nothing();
  if (needs_pin && !trust.pinned) sheet.undecided(claim::kRoot, Code::fisco_no_anchor);
  if (block.signatures.empty() && (trust.pinned || header.is_genesis())) return true;
  if (block.signatures.empty() && unsigned_source) {
    sheet.undecided(claim::kRoot, Code::fisco_field_missing);
    return true;
  }
  state_signatures(sheet, block, anchor, trust, hash);
  return true;
}

Ref state_sender(Sheet& sheet, NodeId node, const Transaction& tx, Ref hash, const Anchor& anchor) {
  if (anchor.chain_id.len() != 0 && !same_bytes(sheet, tx.chain_id, anchor.chain_id)) {
    sheet.fail(node, Code::fisco_chain_id, tx.off);
  }
  if (anchor.group_id.len() != 0 && !same_bytes(sheet, tx.group_id, anchor.group_id)) {
    sheet.fail(node, Code::fisco_chain_id, tx.off);
  }
  if (tx.web3) return {};
  if (tx.signature.len() == 0) {
    if (tx.sender.len() != 0) sheet.undecided(node, Code::fisco_sender_unproved, tx.off);
    return {};
  }
  const Ref digest = tx.signed_part.empty() ? hash : sheet.hash(anchor.hash, tx.signed_part);
  Ref key = tx.key;
  if (anchor.sm) {
    sheet.bind(node, sheet.signature(Scheme::sm2_sm3, 0, key, tx.signature, digest), Code::signature_false);
  } else {
    if (sheet.bytes(tx.signature)[kRecoverableLen - 1] > 1) sheet.fail(node, Code::fisco_recovery_id, tx.off);
    const Sheet::Recovered recovered = sheet.recover(0, tx.signature, digest);
    sheet.bind(node, recovered.claim, Code::signature_false);
    key = recovered.key;
  }
  const Ref hashed_key = sheet.hash(anchor.hash, {key});
  if (!sheet.within_limits()) return {};
  const Ref address = hashed_key.sub(kHashLen - kAddressLen, kAddressLen);
  if (tx.sender.len() != 0) {
    sheet.require(node, Code::fisco_sender_differs, sheet.compare(Compare::equal, address, tx.sender));
  }
  return address;
}

void state_proved(Sheet& sheet, const Proved& proved) {
  std::string text;
  const auto say = [&](bool holds, const char* word) {
    if (!holds) return;
    if (!text.empty()) text += ' ';
    text += word;
  };
  say(proved.ordered, "ordered");
  say(proved.included, "included");
  say(proved.effective, "effective");
  sheet.fact("proves", words(sheet, text));
}

}  // namespace isthmus::chain::fisco
