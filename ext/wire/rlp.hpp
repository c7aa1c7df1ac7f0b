// Ethereum's RLP (Yellow Paper, appendix B): byte strings and lists of items. Only the one encoding of each item is
// read: a byte below 80 stands for itself, lengths are in their shortest form, and nothing is left over.
#pragma once

#include <bit>

#include "base/span.hpp"

namespace isthmus::wire {

struct RlpItem {
  bool is_list = false;
  Bytes payload;   // the string, or the encodings of the list's items one after the other
  Bytes encoding;  // header and payload
};

inline constexpr u8 kRlpString = 0x80;
inline constexpr u8 kRlpList = 0xc0;
inline constexpr usize kRlpShortMax = 55;   // longest payload whose length stands in the first byte
inline constexpr usize kRlpHeaderMax = 9;   // bytes before a payload
inline constexpr usize kRlpNumberMax = 9;   // bytes of a number of 64 bits
inline constexpr usize kRlpDepthMax = 256;  // lists within lists that is_canonical_rlp follows

// Takes the item at the front of `in`; what a list holds is not looked at. False iff the bytes are not the canonical
// form of an item with its end inside `in`.
bool take_rlp(Bytes& in, RlpItem& item);

// Whether `bytes` are exactly one item, canonical to its innermost list. Cost: one step an item; no allocation.
bool is_canonical_rlp(Bytes bytes);

// Bytes of the header of a payload of that length, for a string of one byte below 80 see rlp_string_header_len.
constexpr usize rlp_header_len(usize payload_len) {
  if (payload_len <= kRlpShortMax) return 1;
  usize len = 1;
  for (; payload_len != 0; payload_len >>= 8) ++len;
  return len;
}

// Writes the header of a string (kRlpString) or list (kRlpList); returns its length.
inline usize write_rlp_header(u8* out, u8 kind, usize payload_len) {
  if (payload_len <= kRlpShortMax) {
    out[0] = static_cast<u8>(kind + payload_len);
    return 1;
  }
  const usize len = rlp_header_len(payload_len);
  out[0] = static_cast<u8>(kind + kRlpShortMax + len - 1);
  for (usize i = 1; i < len; ++i) out[i] = static_cast<u8>(payload_len >> (8 * (len - 1 - i)));
  return len;
}

inline bool stands_for_itself(Bytes string) { return string.size() == 1 && string[0] < kRlpString; }

inline usize rlp_string_header_len(Bytes string) {
  return stands_for_itself(string) ? 0 : rlp_header_len(string.size());
}

inline usize write_rlp_string_header(u8* out, Bytes string) {
  return stands_for_itself(string) ? 0 : write_rlp_header(out, kRlpString, string.size());
}

// Writes a number, the string of its big-endian bytes without leading zeros; returns the length of its encoding.
inline usize write_rlp_number(u8* out, u64 number) {
  u8 bytes[8];
  store_be64(bytes, number);
  const usize len = (static_cast<usize>(std::bit_width(number)) + 7) / 8;
  const Bytes string{bytes + sizeof bytes - len, len};
  const usize header = write_rlp_string_header(out, string);
  memcpy(out + header, string.data(), len);
  return header + len;
}

}  // namespace isthmus::wire
