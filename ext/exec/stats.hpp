// Counters of what an executor did since it was made. Relaxed: each is exact, a snapshot of several is not a moment.
#pragma once

#include <atomic>

#include "base/bytes.hpp"

namespace isthmus::exec {

struct Stats {
  std::atomic<u64> sheets{0};
  std::atomic<u64> hash_rows{0};
  std::atomic<u64> tree_rows{0};
  std::atomic<u64> compare_rows{0};
  std::atomic<u64> signature_rows{0};  // evaluations given to a scheme, those of multisig rows among them
  std::atomic<u64> multisig_rows{0};
  std::atomic<u64> recover_rows{0};  // those of sheets; counted among signature_rows as well
  std::atomic<u64> settle_ns{0};
};

}  // namespace isthmus::exec
