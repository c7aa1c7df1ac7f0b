// Hashing many messages at a time, whatever the hash: its number says which. One message in pieces is for hasher.hpp.
#pragma once

#include <cstddef>

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

// Messages of `width` bytes, `stride` apart.
struct EvenRows {
  const u8* first;
  std::ptrdiff_t stride;
  usize width;

  EvenRows from(usize i) const { return {first + static_cast<std::ptrdiff_t>(i) * stride, stride, width}; }
};

// Digests of `count` rows, one after the other, without a Message for each: for short widths and not too few rows.
// False, with nothing done, for others, which are digest_many's.
bool digest_rows(Hash hash, const EvenRows& rows, usize count, u8* out);

}  // namespace isthmus::hash
