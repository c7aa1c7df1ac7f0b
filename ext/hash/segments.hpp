// Reading messages that stand in segments.
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

// memcpy of a few blocks at most: without a call, and in few steps.
inline void copy_bytes(u8* out, const u8* in, usize count) {
  if (count >= 16) return copy_steps<16>(out, in, count);
  if (count >= 8) return copy_steps<8>(out, in, count);
  for (usize i = 0; i < count; ++i) out[i] = in[i];
}

// Zeros, in the same way.
inline void clear_bytes(u8* out, usize count) {
  static constexpr u8 kZeros[2 * 136] = {};
  copy_bytes(out, kZeros, count);
}

// The first bytes of what is read soon: no hardware expects them. Into the second level, which has more room for what
// is under way.
inline void prefetch_start(const u8* data, usize size) {
  constexpr usize kMost = 512;  // then the hardware sees a stream
  for (usize at = 0; at < (size < kMost ? size : kMost); at += 64) __builtin_prefetch(data + at, 0, 2);
}

}  // namespace isthmus::hash
