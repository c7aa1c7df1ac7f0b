// The view of bytes that every layer passes; never used inside per-ISA files (its templates would emit weak symbols).
#pragma once

#include <span>

#include "base/bytes.hpp"

namespace isthmus {

using Bytes = std::span<const u8>;

// An empty span may point nowhere, where memcmp must not look.
inline bool equal(Bytes a, Bytes b) {
  return a.size() == b.size() && (a.empty() || memcmp(a.data(), b.data(), a.size()) == 0);
}

}  // namespace isthmus
