// A strict, bounded reader of the protobuf wire format (protobuf.dev/programming-guides/encoding) over bytes in memory.
//
// It walks the fields of one message, checks each before giving it out and keeps the first error with its byte offset;
// nested messages are read by a reader of their own that shares that error. Nothing is copied and nothing is allocated.
// By default one value has one encoding: shortest varints, ascending field numbers, no field twice, no default values
// written out. Cost: each byte of tags and varints is read once; the bytes of a string or message are not touched.
#pragma once

#include "base/codes.hpp"
#include "base/span.hpp"

namespace isthmus::wire {

// The first thing that was wrong with a run of bytes, shared by all readers of one outermost message.
struct WireError {
  Code code = Code::ok;
  u64 byte_off = 0;  // in the outermost message

  bool failed() const { return code != Code::ok; }
  // Later errors do not replace the first.
  void set(Code what, u64 off) {
    if (failed()) return;
    code = what;
    byte_off = off;
  }
};

enum class WireType : u8 { varint = 0, fixed64 = 1, bytes = 2, fixed32 = 5 };

// The bit of a field number below 64 in ProtobufRules::repeated.
constexpr u64 field_bit(u32 number) { return number < 64 ? u64{1} << number : 0; }

struct ProtobufRules {
  u64 repeated = 0;             // field_bit() of every field that may stand more than once
  bool minimal_varints = true;  // else any varint of at most ten bytes and 64 bits
  bool ascending = true;        // field numbers never fall; else any order
  bool omit_defaults = true;    // a scalar 0 or an empty string stands only where it is repeated
};

// Walks one message:
//
//   WireError error;
//   ProtobufReader reader(bytes, error, {.repeated = field_bit(4)});
//   while (reader.next()) {
//     switch (reader.number()) {
//       case 1: height = reader.as_i64(); break;
//       case 4: read_part(reader.as_message()); break;
//       default: reader.unknown();
//     }
//   }
//   if (error.failed()) ...
//
// Every value is fetched by one as_...() call or refused by unknown(); next() passes over a value that was not fetched
// without a look at its type. After an error each reader that shares it stops: next() is false, values are 0 or empty.
class ProtobufReader {
 public:
  // `message` and `error` must outlive the reader. `base_off` is where `message` begins in the outermost message.
  ProtobufReader(Bytes message, WireError& error, const ProtobufRules& rules = {}, u64 base_off = 0)
      : message_(message), error_(&error), rules_(rules), base_off_(base_off) {}

  // To the next field; false at the end of the message and after an error.
  bool next();

  // Bytes of the whole message.
  usize size() const { return message_.size(); }

  u32 number() const { return number_; }
  WireType type() const { return type_; }
  // Where the current field's tag begins, in the outermost message.
  u64 off() const { return base_off_ + field_off_; }
  // Where its value's bytes begin: behind the length of a string or message, in the outermost message.
  u64 value_off() const { return base_off_ + value_off_; }
  // Where it ends, in the outermost message.
  u64 end_off() const { return base_off_ + at_; }
  // True iff a field of this number (below 64) has been met.
  bool has(u32 number) const { return (seen_ & field_bit(number)) != 0; }

  // The current field's value. Wrong wire type: `wire_type`; outside the type's range: `field_value`.
  u64 as_u64();
  u32 as_u32();
  i64 as_i64();  // int64: two's complement, negative values take ten bytes
  i32 as_i32();  // int32 and enums: sign-extended to 64 bits on the wire
  bool as_bool();
  u64 as_fixed64();
  i64 as_sfixed64() { return static_cast<i64>(as_fixed64()); }
  u32 as_fixed32();
  // string and bytes. Longer than `len_max`: `length_out_of_range`.
  Bytes as_bytes(usize len_max = ~usize{0});
  // bytes of exactly `len` bytes, or an error `length_out_of_range`.
  Bytes as_bytes_exactly(usize len);
  // A reader of the nested message, which may be empty. Same rules but for `repeated`.
  ProtobufReader as_message(u64 repeated = 0);

  // The structure has no such field: an error `field_unknown`.
  void unknown() { refuse(Code::field_unknown); }
  // The value is not one that the structure allows: an error at the current field.
  void refuse(Code code) { error_->set(code, off()); }
  // The message lacks a field: an error `field_missing` at the message's end. Returns whether the field was met.
  bool require(u32 number);

 private:
  bool read_varint(u64& value);
  bool read_value();
  bool admit_number(u64 tag);
  bool expect(WireType type, bool is_default);

  Bytes message_;
  WireError* error_;
  ProtobufRules rules_;
  u64 base_off_;
  usize at_ = 0;         // next unread byte
  usize field_off_ = 0;  // current field: its tag,
  usize value_off_ = 0;  // its value's first byte
  usize value_len_ = 0;  // and, for bytes, its length
  u64 value_ = 0;        // for varint and fixed types
  u64 seen_ = 0;
  u32 number_ = 0;
  WireType type_ = WireType::varint;
};

}  // namespace isthmus::wire
