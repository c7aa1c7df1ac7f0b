// Chain decoders: untrusted bytes and an anchor in, a claim sheet out. A decoder sees no hash, curve or scheme: it can
// only name them.
#pragma once

#include "claim/sheet.hpp"

namespace isthmus::chain {

// An anchor that is not of its documented form is the caller's mistake, not the block's.
struct AnchorError {
  const char* what = nullptr;  // null: the anchor is well formed
  u64 byte_off = 0;
};

// Reads `input` under `anchor` and states every claim in `sheet`. Total: any bytes give a sheet with a finding or rows.
using Decode = AnchorError (*)(Bytes input, Bytes anchor, const Limits& limits, claim::Sheet& sheet);

struct Chain {
  const char* name;
  Decode decode;
};

#define X(symbol, name) \
  AnchorError decode_##symbol(Bytes input, Bytes anchor, const Limits& limits, claim::Sheet& sheet);
#include "chain/registry.def"
#undef X

inline constexpr Chain kChains[] = {
#define X(symbol, name) {name, decode_##symbol},
#include "chain/registry.def"
#undef X
};

}  // namespace isthmus::chain
