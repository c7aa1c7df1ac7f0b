#include "wire/rlp.hpp"

namespace isthmus::wire {
namespace {

// The length that stands in `count` bytes behind the first one: without leading zeros, and too long for the short form.
bool read_length(Bytes in, usize count, u64& length) {
  if (in.size() <= count || in[1] == 0) return false;
  length = 0;
  for (usize i = 1; i <= count; ++i) length = length << 8 | in[i];
  return length > kRlpShortMax;
}

}  // namespace

bool take_rlp(Bytes& in, RlpItem& item) {
  if (in.empty()) return false;
  const u8 first = in[0];
  item.is_list = first >= kRlpList;
  usize header = first < kRlpString ? 0 : 1;
  u64 length = 1;
  if (header != 0) {
    length = first - (item.is_list ? kRlpList : kRlpString);
    if (length > kRlpShortMax) {
      header += static_cast<usize>(length) - kRlpShortMax;
      if (!read_length(in, header - 1, length)) return false;
    }
  }
  if (length > in.size() - header) return false;
  item.encoding = in.first(header + static_cast<usize>(length));
  item.payload = item.encoding.subspan(header);
  if (header == 1 && !item.is_list && stands_for_itself(item.payload)) return false;
  in = in.subspan(item.encoding.size());
  return true;
}

bool is_canonical_rlp(Bytes bytes) {
  RlpItem item;
  if (!take_rlp(bytes, item) || !bytes.empty()) return false;
  if (!item.is_list) return true;
  Bytes rest[kRlpDepthMax];  // what is still to be read of each open list
  usize depth = 1;
  rest[0] = item.payload;
  while (depth != 0) {
    if (rest[depth - 1].empty()) {
      --depth;
      continue;
    }
    if (!take_rlp(rest[depth - 1], item)) return false;
    if (!item.is_list) continue;
    if (depth == kRlpDepthMax) return false;
    rest[depth++] = item.payload;
  }
  return true;
}

}  // namespace isthmus::wire
