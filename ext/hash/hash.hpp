// Hashing, many messages at a time; the one entry through which every hash function is reached.
#pragma once

#include "base/ids.hpp"
#include "base/span.hpp"

namespace isthmus::hash {

struct Segment {
  const u8* data;
  usize len;
};

// A message is the concatenation of its segments; its digest (digest_size(hash) bytes) goes to `out`.
struct Message {
  const Segment* segments;
  usize segment_count;
  u8* out;
};

// Digests of all messages. Outputs must not overlap inputs.
void digest_many(Hash hash, std::span<const Message> messages);

}  // namespace isthmus::hash
