// Bitcoin's compactSize: one byte below 253, else fd, fe or ff and two, four or eight bytes, little-endian. Only the
// shortest form of a number is an encoding of it, and a length above 0x02000000 is refused, as the reference node does.
#pragma once

#include "wire/cursor.hpp"

namespace isthmus::wire {

inline constexpr u64 kCompactSizeMax = 0x02000000;

// Reads a count or a length. Errors: `truncated`, `not_canonical`, `length_out_of_range`, placed where it begins.
inline u64 read_compact_size(Cursor& cursor) {
  const usize off = cursor.at();
  const u8 first = cursor.byte();
  u64 value = first;
  u64 least = 0;
  if (first == 0xfd) {
    value = cursor.le16();
    least = 0xfd;
  } else if (first == 0xfe) {
    value = cursor.le32();
    least = 0x10000;
  } else if (first == 0xff) {
    value = cursor.le64();
    least = u64{1} << 32;
  }
  if (cursor.failed()) return 0;
  if (value < least) {
    cursor.fail(Code::not_canonical, off);
  } else if (value > kCompactSizeMax) {
    cursor.fail(Code::length_out_of_range, off);
  }
  return cursor.failed() ? 0 : value;
}

// Bytes of the shortest form.
constexpr usize compact_size_len(u64 value) {
  if (value < 0xfd) return 1;
  if (value <= 0xffff) return 3;
  return value <= 0xffffffff ? 5 : 9;
}

// Writes the shortest form to `out` (room for nine bytes); returns its length.
inline usize write_compact_size(u8* out, u64 value) {
  const usize len = compact_size_len(value);
  if (len == 1) {
    out[0] = static_cast<u8>(value);
    return 1;
  }
  out[0] = len == 3 ? 0xfd : len == 5 ? 0xfe : 0xff;
  for (usize i = 1; i < len; ++i) out[i] = static_cast<u8>(value >> (8 * (i - 1)));
  return len;
}

}  // namespace isthmus::wire
