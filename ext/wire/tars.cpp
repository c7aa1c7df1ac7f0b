#include "wire/tars.hpp"

#include <limits>

namespace isthmus::wire {
namespace {

constexpr u32 kDepthMax = 16;  // structs, lists and maps within each other; blocks need seven
constexpr u32 kLongTag = 15;

// Reads forward over `bytes`; the first error stops it.
struct Walk {
  Bytes bytes;
  usize at = 0;
  Code code = Code::ok;

  bool fail(Code what) {
    if (code == Code::ok) code = what;
    return false;
  }
  Bytes take(usize n) {
    if (n > bytes.size() - at) {
      fail(Code::truncated);
      return {};
    }
    at += n;
    return bytes.subspan(at - n, n);
  }
};

struct Head {
  u32 tag = 0;
  TarsType type = TarsType::zero;
};

bool read_head(Walk& walk, Head& head) {
  const Bytes first = walk.take(1);
  if (first.empty()) return false;
  head.tag = first[0] >> 4;
  if ((first[0] & 15) > static_cast<u8>(TarsType::bytes)) return walk.fail(Code::wire_type);
  head.type = static_cast<TarsType>(first[0] & 15);
  if (head.tag < kLongTag) return true;
  const Bytes second = walk.take(1);
  if (second.empty()) return false;
  head.tag = second[0];
  return head.tag >= kLongTag || walk.fail(Code::not_canonical);
}

// Bytes of an integer's value; false iff the type is no integer's.
bool integer_size(TarsType type, usize& size) {
  if (type == TarsType::zero) {
    size = 0;
    return true;
  }
  size = usize{1} << static_cast<u8>(type);
  return type <= TarsType::int64;
}

i64 integer_of(Bytes value) {
  u64 bits = value.empty() || value[0] < 0x80 ? 0 : ~u64{0};
  for (const u8 byte : value) bits = bits << 8 | byte;
  return static_cast<i64>(bits);
}

// Whether the next narrower type would have held the number.
bool is_narrowest(i64 number, usize size) {
  switch (size) {
    case 0:
      return true;
    case 1:
      return number != 0;
    case 2:
      return number != static_cast<signed char>(number);
    case 4:
      return number != static_cast<int16_t>(number);
    default:
      return number != static_cast<i32>(number);
  }
}

// The integer of tag 0 that says how many items or bytes follow.
bool read_count(Walk& walk, u32& count) {
  Head head;
  if (!read_head(walk, head)) return false;
  usize size = 0;
  if (head.tag != 0 || !integer_size(head.type, size)) return walk.fail(Code::wire_type);
  const Bytes value = walk.take(size);
  if (walk.code != Code::ok) return false;
  const i64 number = integer_of(value);
  if (!is_narrowest(number, size)) return walk.fail(Code::not_canonical);
  if (number < 0 || number > std::numeric_limits<i32>::max()) return walk.fail(Code::length_out_of_range);
  count = static_cast<u32>(number);
  return true;
}

bool skip_text(Walk& walk, usize length_size) {
  const Bytes raw = walk.take(length_size);
  if (raw.empty()) return false;
  const usize length = length_size == 1 ? raw[0] : load_be32(raw.data());
  if (length_size != 1 && length < 256) return walk.fail(Code::not_canonical);
  walk.take(length);
  return walk.code == Code::ok;
}

// Passes over the payload of a list of bytes.
bool skip_bytes(Walk& walk) {
  Head head;
  u32 count = 0;
  if (!read_head(walk, head)) return false;
  if (head.tag != 0 || head.type != TarsType::int8) return walk.fail(Code::wire_type);
  if (!read_count(walk, count)) return false;
  walk.take(count);
  return walk.code == Code::ok;
}

bool skip_value(Walk& walk, TarsType type, u32 depth);

// Passes over `count` values of tag 0, or of a map's tags 0 and 1.
bool skip_items(Walk& walk, u32 count, bool pairs, u32 depth) {
  for (u32 i = 0; i < count; ++i) {
    for (u32 tag = 0; tag < (pairs ? 2u : 1u); ++tag) {
      Head head;
      if (!read_head(walk, head)) return false;
      if (head.tag != tag || head.type == TarsType::struct_end) return walk.fail(Code::wire_type);
      if (!skip_value(walk, head.type, depth)) return false;
    }
  }
  return true;
}

bool skip_struct(Walk& walk, u32 depth) {
  Head head;
  while (read_head(walk, head)) {
    if (head.type == TarsType::struct_end) return head.tag == 0 || walk.fail(Code::wire_type);
    if (!skip_value(walk, head.type, depth)) return false;
  }
  return false;
}

// Recursion is bounded by kDepthMax. Every item of a list takes a byte or more, so counts bound themselves.
bool skip_value(Walk& walk, TarsType type, u32 depth) {
  u32 count = 0;
  usize size = 0;
  if (depth == kDepthMax) return walk.fail(Code::length_out_of_range);
  if (integer_size(type, size)) {
    walk.take(size);
    return walk.code == Code::ok;
  }
  switch (type) {
    case TarsType::float32:
    case TarsType::float64:
      walk.take(type == TarsType::float32 ? 4 : 8);
      return walk.code == Code::ok;
    case TarsType::text_short:
      return skip_text(walk, 1);
    case TarsType::text_long:
      return skip_text(walk, 4);
    case TarsType::map:
    case TarsType::list:
      return read_count(walk, count) && skip_items(walk, count, type == TarsType::map, depth + 1);
    case TarsType::struct_begin:
      return skip_struct(walk, depth + 1);
    case TarsType::bytes:
      return skip_bytes(walk);
    default:
      return walk.fail(Code::wire_type);
  }
}

}  // namespace

bool TarsReader::take_value() {
  Walk walk{fields_, at_};
  Head head;
  usize value_at = at_;
  if (read_head(walk, head)) {
    value_at = walk.at;
    skip_value(walk, head.type, 0);
  }
  field_off_ = at_;
  if (walk.code != Code::ok) {
    error_->set(walk.code, base_off_ + walk.at);
    return false;
  }
  tag_ = head.tag;
  type_ = head.type;
  value_ = fields_.subspan(value_at, walk.at - value_at);
  at_ = walk.at;
  return true;
}

bool TarsReader::next() {
  if (error_->failed() || at_ == fields_.size()) return false;
  const u32 before = tag_;
  if (!take_value()) return false;
  if (begun_ && tag_ <= before) {
    refuse(tag_ == before ? Code::field_repeated : Code::not_canonical);
    return false;
  }
  begun_ = true;
  return true;
}

i64 TarsReader::as_i64() {
  usize size = 0;
  if (!integer_size(type_, size)) {
    refuse(Code::wire_type);
    return 0;
  }
  const i64 number = integer_of(value_);
  if (!is_narrowest(number, size)) refuse(Code::not_canonical);
  return number;
}

i32 TarsReader::as_i32() {
  const i64 number = as_i64();
  if (number != static_cast<i32>(number)) refuse(Code::field_value);
  return static_cast<i32>(number);
}

Bytes TarsReader::as_text() {
  if (type_ == TarsType::text_short) return value_.subspan(1);
  if (type_ == TarsType::text_long) return value_.subspan(4);
  refuse(Code::wire_type);
  return {};
}

Bytes TarsReader::as_bytes() {
  if (type_ != TarsType::bytes) {
    refuse(Code::wire_type);
    return {};
  }
  Walk walk{value_, 1};
  u32 count = 0;
  read_count(walk, count);  // was read when the value was passed over
  return value_.subspan(walk.at);
}

TarsReader TarsReader::as_struct() {
  const u64 off = base_off_ + static_cast<u64>(value_.data() - fields_.data());
  if (type_ == TarsType::struct_begin) return TarsReader(value_.first(value_.size() - 1), *error_, off);
  refuse(Code::wire_type);
  return TarsReader({}, *error_, off);
}

TarsList TarsReader::as_list() {
  const u64 off = base_off_ + static_cast<u64>(value_.data() - fields_.data());
  if (type_ != TarsType::list) {
    refuse(Code::wire_type);
    return TarsList({}, 0, *error_, off);
  }
  Walk walk{value_};
  u32 count = 0;
  read_count(walk, count);
  return TarsList(value_.subspan(walk.at), count, *error_, off + walk.at);
}

bool TarsList::next() {
  if (reader_.error_->failed() || seen_ == count_) return false;
  ++seen_;
  return reader_.take_value();
}

}  // namespace isthmus::wire
