// The view of bytes that every layer passes; never used inside per-ISA files (its templates would emit weak symbols).
#pragma once

#include <span>

#include "base/bytes.hpp"

namespace isthmus {

using Bytes = std::span<const u8>;

}  // namespace isthmus
