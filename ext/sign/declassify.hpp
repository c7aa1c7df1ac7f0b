// The places where something computed from a secret becomes public on purpose.
//
// The function lives in a translation unit of its own and does nothing, so that ci/ct.py can link the very objects of
// the release with another definition, which tells valgrind that the bit is public from here on.
#pragma once

#include "base/bytes.hpp"

namespace isthmus::sign {

// bit, which may be branched on afterwards. Every caller says why an observer may know it.
u64 declassify(u64 bit);

}  // namespace isthmus::sign
