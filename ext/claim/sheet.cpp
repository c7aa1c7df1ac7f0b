#include "claim/sheet.hpp"

#include <algorithm>
#include <atomic>

#include "base/check.hpp"

namespace isthmus::claim {
namespace {

// Identity of a sheet: a Settled names the sheet that it was made from.
std::atomic<u64> next_id{1};

// Ref keeps 30 bits of length.
constexpr usize kRefLenMax = (usize{1} << 30) - 1;
constexpr usize kRefOffMax = ~u32{0};
// Rows that read from this level on would need a level that u16 cannot hold; no block hashes that deep.
constexpr u16 kLevelMax = 0xffff;
// Persons are told apart by looking through those before, so a policy of a hostile input stays bounded.
constexpr usize kVotersMax = 4096;

}  // namespace

const char* word_of(Kind kind) {
  switch (kind) {
#define X(symbol, number, word) \
  case Kind::symbol:            \
    return word;
#include "base/kinds.def"
#undef X
  }
  return "?";
}

Sheet::Sheet(Bytes input, Bytes anchor, const Limits& limits)
    : input_(input), anchor_(anchor), limits_(limits), id_(next_id.fetch_add(1, std::memory_order_relaxed)) {
  nodes_.push_back({kNoParent, 0, 0, 0, Code::empty, Kind::none, Fold::all});
  if (input.size() > limits.bytes_max || input.size() > kRefLenMax || anchor.size() > kRefLenMax) exceed();
}

void Sheet::exceed() {
  if (!within_limits_) return;
  within_limits_ = false;
  note(kRoot, Status::undecided, Code::limit_exceeded, 0);
}

bool Sheet::admit_row() {
  if (row_count_ >= limits_.rows_max) exceed();
  if (!within_limits_) return false;
  ++row_count_;
  return true;
}

Ref Sheet::text(Bytes bytes) {
  const usize off = text_.size();
  if (bytes.size() > kRefLenMax || off + bytes.size() > std::min<u64>(limits_.text_max, kRefOffMax)) {
    exceed();
    return Ref::make(Space::text, 0, 0);
  }
  text_.insert(text_.end(), bytes.begin(), bytes.end());
  return Ref::make(Space::text, off, bytes.size());
}

Ref Sheet::reserve(usize len) {
  ISTHMUS_CHECK(len % 4 == 0);
  const usize off = scratch_.size();
  if (len > kRefLenMax || off + len > std::min<u64>(limits_.scratch_max, kRefOffMax)) {
    exceed();
    return Ref::make(Space::scratch, 0, 0);
  }
  scratch_.resize(off + len);
  levels_.resize((off + len) / 4);
  return Ref::make(Space::scratch, off, len);
}

Bytes Sheet::bytes(Ref ref) const {
  switch (ref.space()) {
    case Space::input:
      return input_.subspan(ref.off, ref.len());
    case Space::anchor:
      return anchor_.subspan(ref.off, ref.len());
    case Space::text:
      return Bytes(text_).subspan(ref.off, ref.len());
    case Space::scratch:
      return Bytes(scratch_).subspan(ref.off, ref.len());
  }
  return {};
}

// A scratch run may be read at the level after the last row that writes into it; everything else at level 0.
u16 Sheet::level_of(Ref ref) const {
  if (ref.space() != Space::scratch) return 0;
  u16 level = 0;
  for (usize cell = ref.off / 4; cell < (usize{ref.off} + ref.len() + 3) / 4; ++cell) {
    level = std::max(level, levels_[cell]);
  }
  return level;
}

u16 Sheet::level_after(std::span<const Ref> segments) const {
  u16 level = 0;
  for (const Ref& ref : segments) level = std::max(level, level_of(ref));
  return level;
}

void Sheet::set_level(Ref ref, u16 level) {
  for (usize cell = ref.off / 4; cell < (usize{ref.off} + ref.len()) / 4; ++cell) levels_[cell] = level;
  level_count_ = std::max(level_count_, level);
}

Ref Sheet::hash(Hash id, std::span<const Ref> segments) {
  const Ref out = reserve(digest_size(id));
  hash_into(out, id, segments);
  return out;
}

void Sheet::hash_into(Ref out, Hash id, std::span<const Ref> segments) {
  if (!admit_row()) return;
  ISTHMUS_CHECK(out.space() == Space::scratch && out.len() == digest_size(id));
  const u16 level = level_after(segments);
  if (level == kLevelMax) return exceed();
  hash_rows_.push_back({id, level, static_cast<u32>(refs_.size()), static_cast<u32>(segments.size()), out});
  refs_.insert(refs_.end(), segments.begin(), segments.end());
  set_level(out, static_cast<u16>(level + 1));
}

Sheet::TreeResult Sheet::tree(Tree id, Ref leaves, Hash hash) {
  const Ref root = reserve(32);
  const ClaimId made = claim(ClaimKind::tree, tree_rows_.size());
  if (made == kNoClaim) return {root, made};
  ISTHMUS_CHECK(leaves.len() % 32 == 0);
  const u16 level = level_of(leaves);
  if (level == kLevelMax) {
    exceed();
    return {root, made};
  }
  tree_rows_.push_back({id, hash, level, leaves, root});
  set_level(root, static_cast<u16>(level + 1));
  return {root, made};
}

ClaimId Sheet::claim(ClaimKind kind, usize row) {
  if (!admit_row()) return kNoClaim;
  claims_.push_back({kind, static_cast<u32>(row)});
  return static_cast<ClaimId>(claims_.size() - 1);
}

ClaimId Sheet::signature(Scheme scheme, u32 flags, Ref key, Ref sig, Ref msg) {
  const ClaimId made = claim(ClaimKind::signature, signature_rows_.size());
  if (made != kNoClaim) signature_rows_.push_back({scheme, flags, key, sig, msg});
  return made;
}

ClaimId Sheet::multisig(Scheme scheme, u32 flags, std::span<const Ref> keys, std::span<const Ref> sigs,
                        std::span<const Ref> msgs) {
  ISTHMUS_CHECK(sigs.size() == msgs.size());
  const ClaimId made = claim(ClaimKind::multisig, multisig_rows_.size());
  if (made == kNoClaim) return made;
  const u32 sigs_first = static_cast<u32>(refs_.size());
  refs_.insert(refs_.end(), sigs.begin(), sigs.end());
  refs_.insert(refs_.end(), msgs.begin(), msgs.end());
  const u32 keys_first = static_cast<u32>(refs_.size());
  refs_.insert(refs_.end(), keys.begin(), keys.end());
  multisig_rows_.push_back(
      {scheme, flags, sigs_first, static_cast<u32>(sigs.size()), keys_first, static_cast<u32>(keys.size())});
  return made;
}

ClaimId Sheet::compare(Compare compare, Ref left, Ref right) {
  const ClaimId made = claim(ClaimKind::compare, compare_rows_.size());
  if (made != kNoClaim) compare_rows_.push_back({compare, left, right});
  return made;
}

Sheet::Recovered Sheet::recover(u32 flags, Ref sig, Ref msg) {
  const Ref key = reserve(64);
  const ClaimId made = claim(ClaimKind::recover, recover_rows_.size());
  if (made == kNoClaim) return {key, made};
  const u16 level = std::max(level_of(sig), level_of(msg));
  if (level == kLevelMax) {
    exceed();
    return {key, made};
  }
  recover_rows_.push_back({flags, level, sig, msg, key});
  set_level(key, static_cast<u16>(level + 1));
  return {key, made};
}

NodeId Sheet::node(const Node& node) {
  if (nodes_.size() >= limits_.nodes_max) exceed();
  if (!within_limits_) return kRoot;
  ISTHMUS_CHECK(node.parent < nodes_.size());
  nodes_.push_back(node);
  return static_cast<NodeId>(nodes_.size() - 1);
}

NodeId Sheet::all(NodeId parent, Kind kind, u32 index, u64 weight) {
  return node({parent, index, 0, weight, Code::empty, kind, Fold::all});
}

NodeId Sheet::quorum(NodeId parent, Kind kind, u32 index, u64 need, Fold fold, Code code, u64 weight) {
  return node({parent, index, need, weight, code, kind, fold});
}

NodeId Sheet::aside(NodeId parent, Kind kind, u32 index) {
  return node({parent, index, 0, 0, Code::empty, kind, Fold::aside});
}

ProgramId Sheet::program(std::span<const Rule> rules, u32 principals) {
  if (!well_formed(rules, principals) || !admit_row()) return kNoProgram;
  programs_.push_back(
      {static_cast<u32>(rules_.size()), static_cast<u32>(rules.size()), principals, holds_vacuously(rules)});
  rules_.insert(rules_.end(), rules.begin(), rules.end());
  return static_cast<ProgramId>(programs_.size() - 1);
}

NodeId Sheet::policy(NodeId parent, Kind kind, u32 index, ProgramId program, std::span<const Voter> voters,
                     std::span<const NodeId> proofs, u64 weight, Code code) {
  const usize room = static_cast<usize>(std::min<u64>(limits_.text_max, kRefOffMax) / sizeof(NodeId));
  const bool fits = proofs.size() <= room && proofs_.size() <= room - proofs.size();
  if (program == kNoProgram || !fits || voters.size() > kVotersMax) exceed();
  const NodeId made = node({parent, index, policies_.size(), weight, code, kind, Fold::policy});
  if (!within_limits_) return made;
  ISTHMUS_CHECK(proofs.size() == voters.size() * programs_[program].principals);
  policies_.push_back(
      {program, static_cast<u32>(voters_.size()), static_cast<u32>(voters.size()), static_cast<u32>(proofs_.size())});
  voters_.insert(voters_.end(), voters.begin(), voters.end());
  proofs_.insert(proofs_.end(), proofs.begin(), proofs.end());
  if (programs_[program].vacuous) fail(made, Code::policy_vacuous);
  return made;
}

Ballot Sheet::ballot(const Policy& policy) const {
  const Program& program = programs_[policy.program];
  return {std::span(rules_).subspan(program.rule_first, program.rule_count),
          std::span(voters_).subspan(policy.voter_first, policy.voter_count),
          std::span(proofs_).subspan(policy.proof_first, usize{policy.voter_count} * program.principals),
          program.principals};
}

void Sheet::bind(NodeId node, ClaimId claim, Code code) {
  if (claim != kNoClaim) bindings_.push_back({sequence_++, node, claim, code, false});
}

void Sheet::refute(NodeId node, ClaimId claim, Code code) {
  if (claim != kNoClaim) bindings_.push_back({sequence_++, node, claim, code, true});
}

void Sheet::note(NodeId node, Status status, Code code, u64 byte_off) {
  notes_.push_back({sequence_++, node, status, code, byte_off});
}

std::string Sheet::place(NodeId node) const {
  std::vector<NodeId> path;
  for (NodeId at = node; at != kNoParent; at = nodes_[at].parent) path.push_back(at);
  std::string text;
  for (usize i = path.size(); i-- > 0;) {
    const Node& part = nodes_[path[i]];
    if (part.kind == Kind::none) continue;
    if (!text.empty()) text += ' ';
    text += word_of(part.kind);
    text += ' ' + std::to_string(part.index);
  }
  return text;
}

}  // namespace isthmus::claim
