// PEM as Go's encoding/pem reads it, which is looser than RFC 7468: text before the block is skipped, headers are
// skipped, blanks and line ends within the base64 do not matter, whatever follows is left over. Identity bytes of
// Fabric and ChainMaker are such text, so one certificate has many spellings: compare what was decoded, never the text.
//
// Bounded: at most kPemTries begin lines are tried; text with more bad ones before a good one has no block.
#pragma once

#include <string_view>
#include <vector>

#include "base/span.hpp"

namespace isthmus::wire {

inline constexpr u32 kPemTries = 64;

struct PemBlock {
  std::string_view type;  // what stands behind BEGIN, within the text
  std::vector<u8> bytes;
  usize rest = 0;  // where the text behind the block begins
};

// The first block; false iff there is none.
bool pem_block(Bytes text, PemBlock& out);

}  // namespace isthmus::wire
