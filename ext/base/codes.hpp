// Stable codes: what a verdict says. One list (codes.def) makes this enum, Python's and the documentation's table.
#pragma once

#include "base/bytes.hpp"

namespace isthmus {

enum class Code : u16 {
#define X(symbol, number, text) symbol = number,
#include "base/codes.def"
#undef X
};

// Nothing may be believed about a block but `valid`; `undecided` names the context or rule that is missing.
enum class Status : u8 { valid = 0, invalid = 1, undecided = 2 };

struct CodeEntry {
  Code code;
  const char* name;
  const char* text;
};

inline constexpr CodeEntry kCodes[] = {
#define X(symbol, number, text) {Code::symbol, #symbol, text},
#include "base/codes.def"
#undef X
};

constexpr const CodeEntry& entry_of(Code code) {
  for (const CodeEntry& entry : kCodes) {
    if (entry.code == code) return entry;
  }
  return kCodes[0];
}

}  // namespace isthmus
