// BLAKE3 with digests of 32 bytes, without key or context (the BLAKE3 paper, section 2): one stream, many messages at a
// time, and the nodes of its tree.
//
// A message is cut into chunks of 1,024 bytes; a chunk takes a compression per 64 bytes, begun ones included, and n
// chunks are joined by n - 1 parents of one compression each.
#pragma once

#include <span>

#include "hash/hash.hpp"

namespace isthmus::hash {

inline constexpr usize kBlake3Digest = 32;
inline constexpr usize kBlake3Chunk = 1024;

// out[32 i ..] = chaining value of the parent node of the two chaining values in[64 i ..] (section 2.5; keyed with the
// start value). blake3_parent_root: of a parent that is the root of its tree, so a digest. out == in is allowed; else
// no overlap.
void blake3_parent(u8* out, const u8* in, usize count);
void blake3_parent_root(u8* out, const u8* in, usize count);

// Digests of all messages: the chunks of all of them fill the lanes, then the nodes of each level of all trees. Memory:
// about 40 KiB of stack, whatever the lengths.
void blake3_many(std::span<const Message> messages);

// Chaining values of subtrees from left to right: two of a size are joined as soon as they stand side by side, if more
// follows them (section 5.1.2). Sizes are in units of the caller's, chunks or more.
class Blake3Stack {
 public:
  // One more subtree, which is not the last of its message; `units` is a power of two that divides count().
  void push(const u8* node, u64 units = 1);

  // The digest of a message whose last subtree is `node`, of any size up to that of the others; one at least has been
  // pushed.
  void root(u8* out, const u8* node) const;

  u64 count() const { return count_; }

 private:
  static constexpr usize kLevels = 54;  // 2^64 bytes are 2^54 chunks

  u64 count_ = 0;  // units pushed; one value per bit that is set
  u8 nodes_[kBlake3Digest * kLevels];
};

// Pushes `count` whole chunks at `data`, which are not the last of their message, onto a stack that counts in chunks:
// in lanes, as blake3_many does it.
void blake3_push_chunks(Blake3Stack& stack, const u8* data, usize count);

// Blake3 h; h.update(bytes); h.finish(out). Plain data: copying it forks the message.
class Blake3 {
 public:
  Blake3();

  void update(Bytes data);

  // Writes 32 bytes. The object holds no message afterwards; assign a fresh one before the next.
  void finish(u8* out);

 private:
  void begin_chunk();
  void absorb(Bytes data);
  void end_chunk();

  Blake3Stack chunks_;  // ended ones
  u32 state_[12];       // of the open chunk, as blake3_lanes has it for one lane
  usize size_;          // bytes of the open chunk
  usize held_;          // those in buffer_
  u8 buffer_[64];
};

void blake3(u8* out, Bytes message);

}  // namespace isthmus::hash
