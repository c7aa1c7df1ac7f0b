// Reading messages that stand in segments, and copying and fetching their few bytes.
#pragma once

#include "hash/hash.hpp"

namespace isthmus::hash {

inline u64 length_of(const Message& message) {
  u64 length = 0;
  for (usize i = 0; i < message.segment_count; ++i) length += message.segments[i].len;
  return length;
}

// `count` bytes, at least kStep, in steps of kStep, the last of which may overlap the one before.
template <usize kStep>
void copy_steps(u8* out, const u8* in, usize count) {
  for (usize i = 0; i + kStep < count; i += kStep) memcpy(out + i, in + i, kStep);
  memcpy(out + count - kStep, in + count - kStep, kStep);
}

// memcpy of 1 KiB at most: without a call, and in few steps.
inline void copy_bytes(u8* out, const u8* in, usize count) {
  if (count >= 16) return copy_steps<16>(out, in, count);
  if (count >= 8) return copy_steps<8>(out, in, count);
  for (usize i = 0; i < count; ++i) out[i] = in[i];
}

// A short message in one piece.
inline void copy_message(u8* out, const Message& message) {
  for (usize i = 0; i < message.segment_count; ++i) {
    copy_bytes(out, message.segments[i].data, message.segments[i].len);
    out += message.segments[i].len;
  }
}

// The first bytes of what is read soon: no hardware expects them. Into the second level, which has more room for what
// is under way.
inline void prefetch_start(const u8* data, usize size) {
  constexpr usize kMost = 512;  // then the hardware sees a stream
  for (usize at = 0; at < (size < kMost ? size : kMost); at += 64) __builtin_prefetch(data + at, 0, 2);
}

}  // namespace isthmus::hash
