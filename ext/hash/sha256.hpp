// SHA-256 (FIPS 180-4), double SHA-256 (Bitcoin) and BIP340 tagged hashes: one stream, or many short messages
// at a time.
//
// Cost in compressions: n bytes take (n + 8) / 64 + 1; a 64-byte message two, of which the second has a known
// schedule; so does a node of 65 but for one word. Every function chooses its row by the CPU and by the number of items
// (cpu/row.hpp).
#pragma once

#include <string_view>

#include "hash/stream.hpp"

namespace isthmus::hash {

inline constexpr usize kSha256Digest = 32;

// The state (8 words, native order) absorbs `count` blocks of 64 bytes.
void sha256_compress(u32* state, const u8* blocks, usize count);

// out[32 i ..] = SHA-256, or SHA-256 of SHA-256, of the 64 bytes in[64 i ..]. out == in is allowed; else no
// overlap.
void sha256_64(u8* out, const u8* in, usize count);
void sha256d_64(u8* out, const u8* in, usize count);

// The same for nodes of RFC 6962, section 2.1: SHA-256 of the byte 01 and the 64 bytes.
void sha256_node(u8* out, const u8* in, usize count);

// out[32 i ..] = digest of message i, already padded to `length` blocks, at in[64 length i ..]. length >= 1,
// no overlap.
void sha256_blocks(u8* out, const u8* in, usize length, usize count);

struct Sha256Core {
  using Word = u32;
  static constexpr usize kWords = 8;
  static constexpr usize kBlock = 64;
  static constexpr u8 kPad = 0x80;
  static constexpr usize kLengthBytes = 8;
  static constexpr usize kFresh = 0;
  static constexpr usize kFinal = 0;
  static constexpr usize kDigest = kSha256Digest;
  static constexpr bool kBig = true;
  static constexpr u32 kStart[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                    0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
  static void compress(u32* state, const u8* blocks, usize count) { sha256_compress(state, blocks, count); }
};

// Sha256 h; h.update(bytes); h.finish(out).
using Sha256 = Stream<Sha256Core>;

void sha256(u8* out, Bytes message);
void sha256d(u8* out, Bytes message);

// A stream that has absorbed SHA-256(tag) || SHA-256(tag) (BIP340, "Tagged Hashes"). Keep it and copy it: the
// block of the tag is then paid for once.
Sha256 sha256_tagged(std::string_view tag);

}  // namespace isthmus::hash
