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

// Blake3 h; h.update(bytes); h.finish(out). Plain data: copying it forks the message.
class Blake3 {
 public:
  Blake3() { begin_chunk(0); }

  void update(Bytes data);

  // Writes 32 bytes. The object holds no message afterwards; assign a fresh one before the next.
  void finish(u8* out);

 private:
  static constexpr usize kLevels = 54;  // 2^64 bytes are 2^54 chunks

  void begin_chunk(u64 counter);
  void absorb(Bytes data);
  void end_chunk();

  u32 state_[12];   // of the open chunk, as blake3_lanes has it for one lane
  u64 chunks_ = 0;  // ended ones
  usize held_ = 0;  // bytes of buffer_
  usize size_ = 0;  // bytes of the open chunk
  u8 buffer_[64];
  u8 stack_[kBlake3Digest * kLevels];  // chaining values of whole subtrees, one per bit of chunks_
};

void blake3(u8* out, Bytes message);

}  // namespace isthmus::hash
