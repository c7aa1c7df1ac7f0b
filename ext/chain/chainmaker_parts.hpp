// What the readers of ChainMaker's messages share: fields as Refs, numbers within their ranges, members and signatures.
#pragma once

#include "chain/chainmaker_parse.hpp"

namespace isthmus::chain::chainmaker {

using wire::field_bit;

inline Ref take(ProtobufReader& reader) { return ref_of(reader, reader.as_bytes().size()); }

// A hash that may be absent, but has 32 bytes where it stands.
inline Ref take_hash(ProtobufReader& reader) { return ref_of(reader, reader.as_bytes_exactly(kHashLen).size()); }

inline Ref body_of(const ProtobufReader& reader, const ProtobufReader& nested) { return ref_of(reader, nested.size()); }

inline Ref between(u64 first, u64 end) { return Ref::make(Space::input, first, end - first); }

inline Field field_of(const ProtobufReader& reader) {
  return {between(reader.off(), reader.end_off()), between(reader.value_off(), reader.end_off()), true};
}

// An enum or a count that is never negative.
inline u32 take_u31(ProtobufReader& reader) {
  const i32 value = reader.as_i32();
  if (value < 0) reader.refuse(Code::field_value);
  return value < 0 ? 0 : static_cast<u32>(value);
}

inline u64 take_u63(ProtobufReader& reader) {
  const i64 value = reader.as_i64();
  if (value < 0) reader.refuse(Code::field_value);
  return value < 0 ? 0 : static_cast<u64>(value);
}

// Heights and counts are unsigned in v2 and signed in v1.
inline u64 take_height(ProtobufReader& reader, Format format) {
  return format == Format::v2 ? reader.as_u64() : take_u63(reader);
}

template <class T>
bool is_full(ProtobufReader& reader, const std::vector<T>& list, const ParseContext& context) {
  if (list.size() < context.count_max) return false;
  reader.refuse(Code::limit_exceeded);
  return true;
}

// A member as its format writes it, and a member with its signature.
Member read_member(ProtobufReader reader, Format format);
Signed read_signed(ProtobufReader reader, u64 off, Format format);
inline Signed take_signed(ProtobufReader& reader, Format format) {
  return read_signed(reader.as_message(), reader.off(), format);
}

}  // namespace isthmus::chain::chainmaker
