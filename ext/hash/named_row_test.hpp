// Whether a row may run on this machine, for tests that go through all tiers.
#pragma once

#include <string_view>

#include "hash/report.hpp"

namespace isthmus::hash {

inline bool may_run(std::string_view operation, std::string_view tier) {
  u8 none[200] = {};  // the longest state, Keccak's, which *_compress reads and writes even for no block
  return run_row(operation, tier, none, none, 1, 0);
}

}  // namespace isthmus::hash
