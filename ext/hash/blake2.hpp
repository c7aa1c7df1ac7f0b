// BLAKE2b-512 and BLAKE2s-256 (RFC 7693), unkeyed, one message after the other: what few proofs ask for has no lanes.
// Cost: a compression for each begun block of 128 or 64 bytes.
#pragma once

#include <bit>

#include "hash/sha256.hpp"
#include "hash/sha512.hpp"

namespace isthmus::hash {

// Parameters of the two variants (RFC 7693, section 2.1); their start values are SHA-512's and SHA-256's.
struct Blake2bTraits {
  using Word = u64;
  static constexpr u32 kRounds = 12;
  static constexpr int kRotations[4] = {32, 24, 16, 63};
  static constexpr const Word* kStart = Sha512Core::kStart;
};

struct Blake2sTraits {
  using Word = u32;
  static constexpr u32 kRounds = 10;
  static constexpr int kRotations[4] = {16, 12, 8, 7};
  static constexpr const Word* kStart = Sha256Core::kStart;
};

template <typename Traits>
class Blake2 {
 public:
  using Word = typename Traits::Word;
  static constexpr usize kBlock = 16 * sizeof(Word);
  static constexpr usize kDigest = 8 * sizeof(Word);

  Blake2() {
    for (usize i = 0; i < 8; ++i) state_[i] = Traits::kStart[i];
    state_[0] ^= 0x01010000 ^ kDigest;  // one lane, no key, the digest's length (section 2.5)
  }

  void update(Bytes data) {
    while (!data.empty()) {
      // A full block waits until it is known whether it is the last.
      if (held_ == kBlock) absorb(false);
      const usize room = kBlock - held_;
      const usize take = data.size() < room ? data.size() : room;
      memcpy(buffer_ + held_, data.data(), take);
      held_ += take;
      data = data.subspan(take);
    }
  }

  // Writes kDigest bytes. The object holds no message afterwards.
  void finish(u8* out) {
    memset(buffer_ + held_, 0, kBlock - held_);
    absorb(true);
    for (usize i = 0; i < 8; ++i) store(out + sizeof(Word) * i, state_[i]);
  }

 private:
  // Section 2.7.
  static constexpr u8 kSigma[10][16] = {
      {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}, {14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3},
      {11, 8, 12, 0, 5, 2, 15, 13, 10, 14, 3, 6, 7, 1, 9, 4}, {7, 9, 3, 1, 13, 12, 11, 14, 2, 6, 5, 10, 4, 0, 15, 8},
      {9, 0, 5, 7, 2, 4, 10, 15, 14, 1, 11, 12, 6, 8, 3, 13}, {2, 12, 6, 10, 0, 11, 8, 3, 4, 13, 7, 5, 15, 14, 1, 9},
      {12, 5, 1, 15, 14, 13, 4, 10, 0, 7, 6, 3, 9, 2, 8, 11}, {13, 11, 7, 14, 12, 1, 3, 9, 5, 0, 15, 4, 8, 6, 2, 10},
      {6, 15, 14, 9, 11, 3, 0, 8, 12, 2, 13, 7, 1, 4, 10, 5}, {10, 2, 8, 4, 7, 6, 1, 5, 15, 11, 9, 14, 3, 12, 13, 0},
  };

  static Word load(const u8* p) {
    if constexpr (sizeof(Word) == 8) {
      return load_le64(p);
    } else {
      return load_le32(p);
    }
  }

  static void store(u8* p, Word word) {
    if constexpr (sizeof(Word) == 8) {
      store_le64(p, word);
    } else {
      store_le32(p, word);
    }
  }

  // G of section 3.1.
  static void mix(Word* v, usize a, usize b, usize c, usize d, Word x, Word y) {
    v[a] += v[b] + x;
    v[d] = std::rotr(v[d] ^ v[a], Traits::kRotations[0]);
    v[c] += v[d];
    v[b] = std::rotr(v[b] ^ v[c], Traits::kRotations[1]);
    v[a] += v[b] + y;
    v[d] = std::rotr(v[d] ^ v[a], Traits::kRotations[2]);
    v[c] += v[d];
    v[b] = std::rotr(v[b] ^ v[c], Traits::kRotations[3]);
  }

  // F of section 3.2 over the buffer.
  void absorb(bool is_last) {
    length_ += held_;
    held_ = 0;
    Word m[16], v[16];
    for (usize i = 0; i < 16; ++i) m[i] = load(buffer_ + sizeof(Word) * i);
    for (usize i = 0; i < 8; ++i) v[i] = state_[i];
    for (usize i = 0; i < 8; ++i) v[8 + i] = Traits::kStart[i];
    v[12] ^= static_cast<Word>(length_);
    if constexpr (sizeof(Word) == 4) v[13] ^= static_cast<Word>(length_ >> 32);  // the upper half of 128 bits is zero
    if (is_last) v[14] = ~v[14];
    for (u32 round = 0; round < Traits::kRounds; ++round) {
      const u8* const s = kSigma[round % 10];
      for (usize i = 0; i < 4; ++i) mix(v, i, 4 + i, 8 + i, 12 + i, m[s[2 * i]], m[s[2 * i + 1]]);
      for (usize i = 0; i < 4; ++i) {
        mix(v, i, 4 + (i + 1) % 4, 8 + (i + 2) % 4, 12 + (i + 3) % 4, m[s[8 + 2 * i]], m[s[9 + 2 * i]]);
      }
    }
    for (usize i = 0; i < 8; ++i) state_[i] ^= v[i] ^ v[8 + i];
  }

  Word state_[8];
  u64 length_ = 0;  // absorbed
  usize held_ = 0;
  u8 buffer_[kBlock];
};

using Blake2b512 = Blake2<Blake2bTraits>;
using Blake2s256 = Blake2<Blake2sTraits>;

}  // namespace isthmus::hash
