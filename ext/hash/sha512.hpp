// SHA-512 (FIPS 180-4, section 6.4): one stream, or many messages at a time. Cost: (n + 16) / 128 + 1 compressions
// for n bytes.
#pragma once

#include "hash/stream.hpp"

namespace isthmus::hash {

inline constexpr usize kSha512Digest = 64;
inline constexpr usize kSha384Digest = 48;

// The state (8 words, native order) absorbs `count` blocks of 128 bytes.
void sha512_compress(u64* state, const u8* blocks, usize count);

// out[64 i ..] = digest of message i, already padded to `length` blocks, at in[128 length i ..]. length >= 1,
// no overlap.
void sha512_blocks(u8* out, const u8* in, usize length, usize count);

struct Sha512Core {
  using Word = u64;
  static constexpr usize kWords = 8;
  static constexpr usize kBlock = 128;
  static constexpr u8 kPad = 0x80;
  static constexpr usize kLengthBytes = 16;
  static constexpr usize kFresh = 0;
  static constexpr usize kFinal = 0;
  static constexpr usize kDigest = kSha512Digest;
  static constexpr bool kBig = true;
  // First 64 bits of the fractional parts of the square roots of the first 8 primes.
  static constexpr u64 kStart[8] = {0x6a09e667f3bcc908, 0xbb67ae8584caa73b, 0x3c6ef372fe94f82b, 0xa54ff53a5f1d36f1,
                                    0x510e527fade682d1, 0x9b05688c2b3e6c1f, 0x1f83d9abfb41bd6b, 0x5be0cd19137e2179};
  static void compress(u64* state, const u8* blocks, usize count) { sha512_compress(state, blocks, count); }
};

// SHA-384 (FIPS 180-4, section 6.5): SHA-512 from another start, cut to 48 bytes. It has no kernel for messages of one
// short length: only certificates use it.
struct Sha384Core : Sha512Core {
  static constexpr usize kDigest = kSha384Digest;
  // First 64 bits of the fractional parts of the square roots of the 9th to 16th primes (section 5.3.4).
  static constexpr u64 kStart[8] = {0xcbbb9d5dc1059ed8, 0x629a292a367cd507, 0x9159015a3070dd17, 0x152fecd8f70e5939,
                                    0x67332667ffc00b31, 0x8eb44a8768581511, 0xdb0c2e0d64f98fa7, 0x47b5481dbefa4fa4};
};

// Sha512 h; h.update(bytes); h.finish(out).
using Sha512 = Stream<Sha512Core>;
using Sha384 = Stream<Sha384Core>;

void sha512(u8* out, Bytes message);

}  // namespace isthmus::hash
