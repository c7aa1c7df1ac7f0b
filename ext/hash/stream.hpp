// The shell that hashes of whole blocks share: a block buffer, a length and the padding. That of SHA-256, SHA-512, SM3
// and RIPEMD-160 is 80 00..00 length (FIPS 180-4, section 5.1; RIPEMD-160 with a little-endian length); that of the
// sponges Keccak-256 and SHA3-256, which write no length, is their domain's byte, zeros, and a last bit (FIPS 202,
// sections 5.1 and B.2).
//
// Core gives: Word, kWords, kBlock (bytes), kPad (first byte of the padding), kLengthBytes (0: a sponge), kDigest
// (bytes), kBig (byte order), kStart[kWords] and compress(Word* state, const u8* blocks, usize count); for schedule.hpp
// what is added to a kernel's count of blocks when all of its states are to be kStart (kFresh), and when nothing but
// digests is wanted of them (kFinal), or 0 where a kernel does not know that. A Stream is plain data: copying it forks
// the message. Messages are below 2^61 bytes; longer ones have no standard digest (SHA-256, RIPEMD-160) or none that
// anybody can wait for.
#pragma once

#include "base/span.hpp"

namespace isthmus::hash {

template <typename Core>
class Stream {
 public:
  using Word = typename Core::Word;

  Stream() {
    for (usize i = 0; i < Core::kWords; ++i) state_[i] = Core::kStart[i];
  }

  // Goes on from a midstate: `state` after `length` bytes, a multiple of the block.
  Stream(const Word* state, u64 length) : length_(length) {
    for (usize i = 0; i < Core::kWords; ++i) state_[i] = state[i];
  }

  void update(Bytes data) {
    const u8* p = data.data();
    usize left = data.size();
    const usize held = length_ % Core::kBlock;
    length_ += left;
    if (held != 0) {
      const usize room = Core::kBlock - held;
      const usize take = left < room ? left : room;
      if (take != 0) memcpy(buffer_ + held, p, take);
      if (take < room) return;
      Core::compress(state_, buffer_, 1);
      p += take;
      left -= take;
    }
    const usize blocks = left / Core::kBlock;
    if (blocks != 0) Core::compress(state_, p, blocks);
    const usize rest = left % Core::kBlock;
    if (rest != 0) memcpy(buffer_, p + blocks * Core::kBlock, rest);
  }

  // Writes kDigest bytes. The object holds no message afterwards; assign a fresh one before the next.
  void finish(u8* out) {
    constexpr usize kLengthAt = Core::kBlock - Core::kLengthBytes;
    usize held = length_ % Core::kBlock;
    buffer_[held++] = Core::kPad;
    if (held > kLengthAt) {
      memset(buffer_ + held, 0, Core::kBlock - held);
      Core::compress(state_, buffer_, 1);
      held = 0;
    }
    memset(buffer_ + held, 0, Core::kBlock - held);
    store_end(buffer_ + Core::kBlock, length_);
    Core::compress(state_, buffer_, 1);
    store_digest(out, state_, 1);
  }

  // What the padding of a message of `length` bytes ends with; `end` is where its last block ends.
  static void store_end(u8* end, u64 length) {
    if constexpr (Core::kLengthBytes == 0) {
      end[-1] |= 0x80;
    } else if constexpr (Core::kBig) {
      store_be64(end - 8, length << 3);
      // The upper half of SHA-512's 128-bit length: byte counts are 64-bit, so only three bits of it can be
      // set.
      if constexpr (Core::kLengthBytes == 16) store_be64(end - 16, length >> 61);
    } else {
      store_le64(end - 8, length << 3);
    }
  }

  // The digest that stands in a state whose words are `stride` apart.
  static void store_digest(u8* out, const Word* state, usize stride) {
    for (usize i = 0; i < Core::kDigest / sizeof(Word); ++i) store(out + sizeof(Word) * i, state[stride * i]);
  }

 private:
  static void store(u8* p, Word word) {
    if constexpr (sizeof(Word) == 8 && Core::kBig) {
      store_be64(p, word);
    } else if constexpr (sizeof(Word) == 8) {
      store_le64(p, word);
    } else if constexpr (Core::kBig) {
      store_be32(p, word);
    } else {
      store_le32(p, word);
    }
  }

  Word state_[Core::kWords];
  u64 length_ = 0;
  u8 buffer_[Core::kBlock];  // the first length_ % kBlock bytes are held
};

}  // namespace isthmus::hash
