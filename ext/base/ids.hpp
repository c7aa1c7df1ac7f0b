// Names of schemes, hashes and tree rules by number: a chain decoder can say what must be settled without being able to
// compute it.
#pragma once

#include <algorithm>

#include "base/bytes.hpp"

namespace isthmus {

enum class Scheme : u16 {
#define X(symbol, number, name) symbol = number,
#include "base/schemes.def"
#undef X
};

enum class Hash : u16 {
#define X(symbol, number, name, size) symbol = number,
#include "base/hashes.def"
#undef X
};

enum class Tree : u16 {
#define X(symbol, number, name) symbol = number,
#include "base/trees.def"
#undef X
};

inline constexpr Hash kUsualHash = Hash{};  // of a tree: the one that its rule has unless another is named

// Flags of a signature row; a scheme ignores flags that it does not name in its acceptance table.
inline constexpr u32 kSigLowS = 1;       // ECDSA: s > n/2 is refused
inline constexpr u32 kSigHybrid = 2;     // SEC1 hybrid keys 06/07 are accepted when the parity matches (Bitcoin legacy)
inline constexpr u32 kSigPrehashed = 4;  // SM2: the message is the 32-byte digest e of identity and message
inline constexpr u32 kSigRemember = 8;   // not the scheme's: the same row comes again and again, as certificates' do

constexpr u32 digest_size(Hash hash) {
  switch (hash) {
#define X(symbol, number, name, size) \
  case Hash::symbol:                  \
    return size;
#include "base/hashes.def"
#undef X
  }
  return 0;
}

inline constexpr u32 kDigestMost = std::max({
#define X(symbol, number, name, size) u32{size},
#include "base/hashes.def"
#undef X
});
static_assert(digest_size(kUsualHash) == 0);  // 0 is no hash's number

constexpr const char* name_of(Scheme id) {
  switch (id) {
#define X(symbol, number, name) \
  case Scheme::symbol:          \
    return name;
#include "base/schemes.def"
#undef X
  }
  return "?";
}

constexpr const char* name_of(Hash id) {
  switch (id) {
#define X(symbol, number, name, size) \
  case Hash::symbol:                  \
    return name;
#include "base/hashes.def"
#undef X
  }
  return "?";
}

constexpr const char* name_of(Tree id) {
  switch (id) {
#define X(symbol, number, name) \
  case Tree::symbol:            \
    return name;
#include "base/trees.def"
#undef X
  }
  return "?";
}

}  // namespace isthmus
