// Keccak-256 (the hash of Ethereum) and SHA3-256 (FIPS 202): one stream, or many messages at a time. They differ in
// one byte of the padding. Cost: n / 136 + 1 permutations for n bytes. Every function chooses its row by the CPU and by
// the number of items (cpu/row.hpp).
#pragma once

#include "hash/stream.hpp"

namespace isthmus::hash {

inline constexpr usize kKeccakDigest = 32;

// The state (25 words, native order) absorbs `count` blocks of 136 bytes.
void keccak_compress(u64* state, const u8* blocks, usize count);

// out[32 i ..] = Keccak-256 of the 64 bytes in[64 i ..]. out == in is allowed; else no overlap.
void keccak256_64(u8* out, const u8* in, usize count);

// out[32 i ..] = digest of message i, already padded to `length` blocks, at in[136 length i ..]. length >= 1,
// no overlap.
void keccak_blocks(u8* out, const u8* in, usize length, usize count);

// kFirst: the first byte of the padding, which holds the domain.
template <u8 kFirst>
struct KeccakCore {
  using Word = u64;
  static constexpr usize kWords = 25;
  static constexpr usize kBlock = 136;
  static constexpr u8 kPad = kFirst;
  static constexpr usize kLengthBytes = 0;
  static constexpr usize kFresh = usize{1} << 63;
  static constexpr usize kFinal = usize{1} << 62;
  static constexpr usize kDigest = kKeccakDigest;
  static constexpr bool kBig = false;
  static constexpr u64 kStart[25] = {};
  static void compress(u64* state, const u8* blocks, usize count) { keccak_compress(state, blocks, count); }
};

using Keccak256Core = KeccakCore<0x01>;
using Sha3Core = KeccakCore<0x06>;

// Keccak256 h; h.update(bytes); h.finish(out).
using Keccak256 = Stream<Keccak256Core>;
using Sha3_256 = Stream<Sha3Core>;

void keccak256(u8* out, Bytes message);
void sha3_256(u8* out, Bytes message);

}  // namespace isthmus::hash
