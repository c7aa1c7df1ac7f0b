// A strict, bounded reader of TARS (JCE), the encoding of FISCO BCOS 3 (TarsCloud/TarsGo, tars/protocol/codec).
//
// A struct is a run of fields; a field is a head (tag << 4 | type, and one more byte for tags from 15) and a value. The
// reader takes one value in one encoding: ascending tags, none twice, integers and lengths in the narrowest type that
// holds them. A field that has its default may stand or not: writers differ in that. Nothing is copied or allocated.
// Cost: each head is read once for every struct or list around it, the bytes of strings not at all.
#pragma once

#include "base/span.hpp"
#include "wire/protobuf.hpp"

namespace isthmus::wire {

enum class TarsType : u8 {
  int8 = 0,
  int16 = 1,
  int32 = 2,
  int64 = 3,
  float32 = 4,
  float64 = 5,
  text_short = 6,  // length in one byte
  text_long = 7,   // length in four bytes
  map = 8,
  list = 9,
  struct_begin = 10,
  struct_end = 11,
  zero = 12,   // the integer 0
  bytes = 13,  // a list of bytes
};

class TarsList;

// Walks the fields of one struct:
//
//   WireError error;
//   TarsReader reader(bytes, error);
//   while (reader.next()) {
//     switch (reader.tag()) {
//       case 1: number = reader.as_i64(); break;
//       case 2: hash = reader.as_bytes(); break;
//       default: reader.refuse(Code::field_unknown);
//     }
//   }
//
// After an error each reader that shares it stops: next() is false, values are 0 or empty.
class TarsReader {
 public:
  // `fields` are those of a struct, without begin and end; `base_off` is where they begin in the outermost message.
  TarsReader(Bytes fields, WireError& error, u64 base_off = 0) : fields_(fields), error_(&error), base_off_(base_off) {}

  // To the next field; false at the end of the struct and after an error.
  bool next();

  u32 tag() const { return tag_; }
  // Where the field begins, in the outermost message.
  u64 off() const { return base_off_ + field_off_; }

  // The field's value; `wire_type` when it is of another type.
  i64 as_i64();
  i32 as_i32();  // outside 32 bits: `field_value`
  Bytes as_text();
  Bytes as_bytes();
  TarsReader as_struct();
  TarsList as_list();

  // An error at the current field.
  void refuse(Code code) { error_->set(code, off()); }

 private:
  friend class TarsList;
  bool take_value();

  Bytes fields_;
  WireError* error_;
  u64 base_off_;
  usize at_ = 0;         // next unread byte
  usize field_off_ = 0;  // current field: its head,
  Bytes value_;          // what follows it,
  u32 tag_ = 0;
  TarsType type_ = TarsType::zero;
  bool begun_ = false;
};

// Walks the items of a list: values of tag 0, fetched as fields are.
class TarsList {
 public:
  TarsList(Bytes items, u32 count, WireError& error, u64 base_off) : reader_(items, error, base_off), count_(count) {}

  u32 count() const { return count_; }
  // To the next item; false after the last one and after an error.
  bool next();
  // The item that next() went to.
  TarsReader& item() { return reader_; }

 private:
  TarsReader reader_;
  u32 count_;
  u32 seen_ = 0;
};

}  // namespace isthmus::wire
