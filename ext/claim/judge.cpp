#include "claim/judge.hpp"

#include <algorithm>

namespace isthmus::claim {
namespace {

// What a node's children add up to so far, and what was found at the node itself.
struct Tally {
  u64 weight_valid = 0;
  u64 weight_undecided = 0;
  bool occupied = false;  // a claim, a child or something to rely on exists
  bool invalid_child = false;
  bool undecided_child = false;
  bool invalid_here = false;
  bool undecided_here = false;
};

// Sums saturate: a sum that does not fit 64 bits is above any threshold that does.
u64 add_saturating(u64 a, u64 b) {
  u64 sum;
  return __builtin_add_overflow(a, b, &sum) ? ~u64{0} : sum;
}

Status fold(const Node& node, const Tally& tally) {
  if (tally.invalid_here) return Status::invalid;
  if (node.fold == Fold::policy) return tally.undecided_here ? Status::undecided : Status::valid;
  if (!tally.occupied) return tally.undecided_here ? Status::undecided : Status::invalid;
  if (node.fold != Fold::quorum && tally.invalid_child) return Status::invalid;
  bool undecided = tally.undecided_here || (node.fold != Fold::quorum && tally.undecided_child);
  if (node.fold == Fold::quorum || node.fold == Fold::strict) {
    // need 0 would hold vacuously
    if (node.need == 0) return Status::invalid;
    if (tally.weight_valid < node.need) {
      if (add_saturating(tally.weight_valid, tally.weight_undecided) < node.need) return Status::invalid;
      undecided = true;
    }
  }
  return undecided ? Status::undecided : Status::valid;
}

void count_child(Tally& parent, const Node& node, Status status) {
  if (node.fold == Fold::aside) return;
  parent.occupied = true;
  if (status == Status::valid) parent.weight_valid = add_saturating(parent.weight_valid, node.weight);
  if (status == Status::undecided) parent.weight_undecided = add_saturating(parent.weight_undecided, node.weight);
  parent.invalid_child |= status == Status::invalid;
  parent.undecided_child |= status == Status::undecided;
}

struct Sequenced {
  u32 sequence;
  Finding finding;
};

// Notes, false claims and what was relied on in vain, in the order in which the decoder stated them.
std::vector<Finding> collect_findings(const Sheet& sheet, const Settled& settled, const std::vector<Status>& status) {
  std::vector<Sequenced> found;
  for (const Note& note : sheet.notes()) {
    found.push_back({note.sequence, {note.status, note.code, note.node, note.byte_off}});
  }
  for (const Binding& binding : sheet.bindings()) {
    if (settled.holds(binding.claim) != binding.refutes) continue;
    found.push_back({binding.sequence, {Status::invalid, binding.code, binding.node, 0}});
  }
  for (const Reliance& reliance : sheet.reliances()) {
    const Status on = status[reliance.on];
    if (on != Status::valid) found.push_back({reliance.sequence, {on, reliance.code, reliance.node, 0}});
  }
  std::sort(found.begin(), found.end(), [](const Sequenced& a, const Sequenced& b) { return a.sequence < b.sequence; });
  std::vector<Finding> findings;
  findings.reserve(found.size());
  for (const Sequenced& item : found) findings.push_back(item.finding);
  return findings;
}

// A node explains the root's status iff every node from it up to the root has that status.
std::vector<u8> explaining_nodes(const Sheet& sheet, const std::vector<Status>& status) {
  const std::span<const Node> nodes = sheet.nodes();
  std::vector<u8> explains(nodes.size());
  explains[kRoot] = 1;
  for (usize i = 1; i < nodes.size(); ++i) {
    explains[i] = explains[nodes[i].parent] && status[i] == status[kRoot] && nodes[i].fold != Fold::aside &&
                  (nodes[nodes[i].parent].fold != Fold::quorum || status[i] != Status::invalid);
  }
  return explains;
}

void explain(const Sheet& sheet, const std::vector<Status>& status, Verdict& verdict) {
  const std::vector<u8> explains = explaining_nodes(sheet, status);
  for (const Finding& finding : verdict.findings) {
    if (!explains[finding.node] || finding.status != verdict.status) continue;
    verdict.code = finding.code;
    verdict.node = finding.node;
    return;
  }
  // No finding: a fold that was not satisfied, or an empty node. The deepest such node says most.
  const std::span<const Node> nodes = sheet.nodes();
  for (usize i = nodes.size(); i-- > 0;) {
    if (!explains[i]) continue;
    verdict.code = nodes[i].code;
    verdict.node = static_cast<NodeId>(i);
    return;
  }
}

// Nodes that look elsewhere in the tree, and all nodes above them: they are folded after the others.
std::vector<u8> late_nodes(const Sheet& sheet) {
  const std::span<const Node> nodes = sheet.nodes();
  std::vector<u8> late(nodes.size());
  for (const Reliance& reliance : sheet.reliances()) late[reliance.node] = 1;
  for (usize i = nodes.size(); i-- > 1;) {
    late[i] |= nodes[i].fold == Fold::policy;
    late[nodes[i].parent] |= late[i];
  }
  return late;
}

void mark(Tally& tally, Status status) {
  tally.invalid_here |= status == Status::invalid;
  tally.undecided_here |= status == Status::undecided;
}

// A child has a higher number than its parent, so one backward pass folds all nodes that are `late` or all that are
// not. What nobody has folded yet is invalid, so that nothing can rely on it.
void fold_nodes(const Sheet& sheet, const std::vector<u8>& late, bool now, std::vector<Tally>& tallies,
                std::vector<Status>& status) {
  const std::span<const Node> nodes = sheet.nodes();
  for (usize i = nodes.size(); i-- > 0;) {
    if ((late[i] != 0) != now) continue;
    if (nodes[i].fold == Fold::policy) mark(tallies[i], count(sheet.ballot(sheet.policies()[nodes[i].need]), status));
    status[i] = fold(nodes[i], tallies[i]);
    if (i != kRoot) count_child(tallies[nodes[i].parent], nodes[i], status[i]);
  }
}

}  // namespace

Verdict judge(const Sheet& sheet, const Settled& settled) {
  Verdict verdict{Status::undecided, Code::part_undecided, kRoot, {}, {}};
  if (settled.sheet_id() != sheet.id() || settled.count() != sheet.claims().size()) return verdict;
  if (!sheet.within_limits()) {
    // Rows stated after the limit do not exist, so nothing can be concluded from those stated before it.
    verdict.code = Code::limit_exceeded;
    verdict.findings.push_back({Status::undecided, Code::limit_exceeded, kRoot, 0});
    return verdict;
  }

  const std::span<const Node> nodes = sheet.nodes();
  std::vector<Tally> tallies(nodes.size());
  for (const Binding& binding : sheet.bindings()) {
    tallies[binding.node].occupied |= !binding.refutes;
    tallies[binding.node].invalid_here |= settled.holds(binding.claim) == binding.refutes;
  }
  for (const Note& note : sheet.notes()) mark(tallies[note.node], note.status);

  std::vector<Status> status(nodes.size(), Status::invalid);
  const std::vector<u8> late = late_nodes(sheet);
  fold_nodes(sheet, late, false, tallies, status);
  for (const Reliance& reliance : sheet.reliances()) {
    tallies[reliance.node].occupied = true;
    mark(tallies[reliance.node], status[reliance.on]);
  }
  fold_nodes(sheet, late, true, tallies, status);
  for (usize i = 0; i < nodes.size(); ++i) {
    ++verdict.counts[static_cast<usize>(nodes[i].kind)][static_cast<usize>(status[i])];
  }

  verdict.status = status[kRoot];
  verdict.findings = collect_findings(sheet, settled, status);
  verdict.code = Code::ok;
  if (verdict.status != Status::valid) explain(sheet, status, verdict);
  return verdict;
}

}  // namespace isthmus::claim
