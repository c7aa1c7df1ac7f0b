// The judge: folds settled claims over the threshold tree. The only place that can say "valid".
#pragma once

#include <array>
#include <string>
#include <vector>

#include "claim/sheet.hpp"

namespace isthmus::exec {
class Executor;
}

namespace isthmus::claim {

inline constexpr usize kKindCount = 32;

// One outcome per claim of one sheet. Only the executor can make one, after every row was computed: a decoder, a cache
// or a caller cannot claim that something was verified.
class Settled {
 public:
  u64 sheet_id() const { return sheet_id_; }
  usize count() const { return holds_.size(); }
  bool holds(ClaimId claim) const { return holds_[claim] != 0; }

 private:
  friend class exec::Executor;
  Settled(u64 sheet_id, std::vector<u8> holds) : sheet_id_(sheet_id), holds_(std::move(holds)) {}

  u64 sheet_id_;
  std::vector<u8> holds_;
};

// Something that is not valid, with its place: every bad row is named.
struct Finding {
  Status status;
  Code code;
  NodeId node;
  u64 byte_off;  // in the input; 0 where the finding is about a settled claim
};

struct Verdict {
  Status status;
  Code code;                                          // the first in decode order that explains the status
  NodeId node;                                        // where
  std::vector<Finding> findings;                      // in decode order
  std::array<std::array<u32, 3>, kKindCount> counts;  // nodes by kind and status
};

// Precondition: `settled` was made from this very sheet (checked: otherwise the verdict is undecided, part_undecided).
Verdict judge(const Sheet& sheet, const Settled& settled);

}  // namespace isthmus::claim
