// SM3 (GB/T 32905-2016, ISO/IEC 10118-3): one stream, or many messages at a time. Cost: (n + 8) / 64 + 1
// compressions for n bytes. Every function chooses its row by the CPU and by the number of items (cpu/row.hpp).
#pragma once

#include "hash/stream.hpp"

namespace isthmus::hash {

inline constexpr usize kSm3Digest = 32;

// The state (8 words, native order) absorbs `count` blocks of 64 bytes.
void sm3_compress(u32* state, const u8* blocks, usize count);

// out[32 i ..] = SM3 of the 64 bytes in[64 i ..]. out == in is allowed; else no overlap.
void sm3_64(u8* out, const u8* in, usize count);

// out[32 i ..] = digest of message i, already padded to `length` blocks, at in[64 length i ..]. length >= 1,
// no overlap.
void sm3_blocks(u8* out, const u8* in, usize length, usize count);

struct Sm3Core {
  using Word = u32;
  static constexpr usize kWords = 8;
  static constexpr usize kBlock = 64;
  static constexpr u8 kPad = 0x80;
  static constexpr usize kLengthBytes = 8;
  static constexpr usize kFresh = 0;
  static constexpr usize kFinal = 0;
  static constexpr usize kDigest = kSm3Digest;
  static constexpr bool kBig = true;
  static constexpr u32 kStart[8] = {0x7380166f, 0x4914b2b9, 0x172442d7, 0xda8a0600,
                                    0xa96f30bc, 0x163138aa, 0xe38dee4d, 0xb0fb0e4e};
  static void compress(u32* state, const u8* blocks, usize count) { sm3_compress(state, blocks, count); }
};

// Sm3 h; h.update(bytes); h.finish(out).
using Sm3 = Stream<Sm3Core>;

void sm3(u8* out, Bytes message);

}  // namespace isthmus::hash
