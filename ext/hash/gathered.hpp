// Blocks of 64 bytes that are found one by one and hashed many at a time.
#pragma once

#include "hash/rows.hpp"

namespace isthmus::hash {

inline constexpr usize kPass = kLanesMost;  // blocks gathered before a pass

// A digest of 32 bytes at `block` as the only block of the message that Outer hashes.
template <typename Outer>
void pad_digest(u8* block) {
  static_assert(Outer::kBlock == 64);
  memset(block + 32, 0, 32);
  block[32] = Outer::kPad;
  Stream<Outer>::store_end(block + 64, 32);
}

// Blocks of 64 bytes and where their digests go, hashed a pass at a time.
template <usize kDigest>
class Gathered {
 public:
  explicit Gathered(Of64 run) : run_(run) {}

  // Makes every block a padded message of Outer whose first 32 bytes are still to be written.
  template <typename Outer>
  void pad_digests() {
    for (usize i = 0; i < kPass; ++i) pad_digest<Outer>(blocks_ + 64 * i);
  }

  // Where the next block is to be written; put() takes it in.
  u8* block() { return blocks_ + 64 * count_; }

  void put(u8* out) {
    outs_[count_++] = out;
    if (count_ == kPass) flush();
  }

  void flush() {
    u8 digests[kDigest * kPass];
    run_(digests, blocks_, count_);
    for (usize i = 0; i < count_; ++i) memcpy(outs_[i], digests + kDigest * i, kDigest);
    count_ = 0;
  }

 private:
  Of64 run_;
  alignas(64) u8 blocks_[64 * kPass];
  u8* outs_[kPass];
  usize count_ = 0;
};

}  // namespace isthmus::hash
