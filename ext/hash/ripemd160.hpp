// RIPEMD-160 (Dobbertin, Bosselaers, Preneel 1996; ISO/IEC 10118-3) and HASH160 = RIPEMD-160 of SHA-256: one
// stream, or many messages at a time. Cost: (n + 8) / 64 + 1 compressions for n bytes; HASH160 of a short key is
// one compression of each kind.
#pragma once

#include "hash/stream.hpp"

namespace isthmus::hash {

inline constexpr usize kRipemd160Digest = 20;

// The state (5 words, native order) absorbs `count` blocks of 64 bytes.
void ripemd160_compress(u32* state, const u8* blocks, usize count);

// out[20 i ..] = digest of message i, already padded to `length` blocks, at in[64 length i ..]. length >= 1,
// no overlap.
void ripemd160_blocks(u8* out, const u8* in, usize length, usize count);

struct Ripemd160Core {
  using Word = u32;
  static constexpr usize kWords = 5;
  static constexpr usize kBlock = 64;
  static constexpr u8 kPad = 0x80;
  static constexpr usize kLengthBytes = 8;
  static constexpr usize kFresh = 0;
  static constexpr usize kFinal = 0;
  static constexpr usize kDigest = kRipemd160Digest;
  static constexpr bool kBig = false;
  static constexpr u32 kStart[5] = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0};
  static void compress(u32* state, const u8* blocks, usize count) { ripemd160_compress(state, blocks, count); }
};

using Ripemd160 = Stream<Ripemd160Core>;

void ripemd160(u8* out, Bytes message);
void hash160(u8* out, Bytes message);

}  // namespace isthmus::hash
