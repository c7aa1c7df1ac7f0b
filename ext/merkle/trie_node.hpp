// What nodes of Merkle-Patricia tries are made of, for those who write them and those who read them.
#pragma once

#include "base/span.hpp"

namespace isthmus::merkle {

inline constexpr usize kInline = 32;          // a node whose encoding is shorter stands in its parent, not its hash
inline constexpr usize kBranchChildren = 16;  // and one item more, the value
// Flags in the first nibble of a hex-prefix path (Yellow Paper, appendix C). After that of an even one a zero nibble.
inline constexpr u8 kLeafFlag = 0x20;
inline constexpr u8 kOddFlag = 0x10;

inline u8 nibble(Bytes bytes, usize at) { return at % 2 == 0 ? bytes[at / 2] >> 4 : bytes[at / 2] & 0x0f; }

}  // namespace isthmus::merkle
