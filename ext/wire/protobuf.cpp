#include "wire/protobuf.hpp"

namespace isthmus::wire {
namespace {

constexpr usize kVarintLenMax = 10;
constexpr u64 kNumberMax = (u64{1} << 29) - 1;

}  // namespace

bool ProtobufReader::read_varint(u64& value) {
  value = 0;
  for (usize i = 0; i < kVarintLenMax; ++i) {
    if (at_ + i >= message_.size()) {
      error_->set(Code::truncated, base_off_ + at_);
      return false;
    }
    const u8 byte = message_[at_ + i];
    // The tenth byte holds bit 63 alone.
    if (i == kVarintLenMax - 1 && byte > 1) break;
    value |= static_cast<u64>(byte & 0x7f) << (7 * i);
    if (byte & 0x80) continue;
    if (rules_.minimal_varints && i > 0 && byte == 0) {
      error_->set(Code::not_canonical, base_off_ + at_);
      return false;
    }
    at_ += i + 1;
    return true;
  }
  error_->set(Code::field_value, base_off_ + at_);
  return false;
}

bool ProtobufReader::admit_number(u64 tag) {
  const u64 number = tag >> 3;
  if (number == 0 || number > kNumberMax) {
    refuse(Code::field_value);
    return false;
  }
  const u32 previous = number_;
  number_ = static_cast<u32>(number);
  const u64 bit = field_bit(number_);
  // Numbers of 64 and more are no part of any structure here, so one look at the previous field is enough for them.
  if ((seen_ & bit & ~rules_.repeated) != 0 || (bit == 0 && number_ == previous)) {
    refuse(Code::field_repeated);
    return false;
  }
  if (rules_.ascending && number_ < previous) {
    refuse(Code::not_canonical);
    return false;
  }
  seen_ |= bit;
  return true;
}

bool ProtobufReader::read_value() {
  value_off_ = at_;
  value_len_ = 0;
  value_ = 0;
  if (type_ == WireType::varint) return read_varint(value_);
  u64 len = type_ == WireType::fixed64 ? 8 : 4;
  if (type_ == WireType::bytes && !read_varint(len)) return false;
  if (len > message_.size() - at_) {
    error_->set(Code::truncated, off());
    return false;
  }
  value_off_ = at_;
  value_len_ = static_cast<usize>(len);
  at_ += value_len_;
  if (type_ == WireType::fixed64) value_ = load_le64(message_.data() + value_off_);
  if (type_ == WireType::fixed32) value_ = load_le32(message_.data() + value_off_);
  return true;
}

bool ProtobufReader::next() {
  if (error_->failed() || at_ == message_.size()) return false;
  field_off_ = at_;
  u64 tag;
  if (!read_varint(tag) || !admit_number(tag)) return false;
  const u8 type = tag & 7;
  if (type != 0 && type != 1 && type != 2 && type != 5) {
    refuse(Code::wire_type);
    return false;
  }
  type_ = static_cast<WireType>(type);
  return read_value();
}

bool ProtobufReader::expect(WireType type, bool is_default) {
  if (error_->failed()) return false;
  if (type_ != type) {
    refuse(Code::wire_type);
    return false;
  }
  if (rules_.omit_defaults && is_default && (rules_.repeated & field_bit(number_)) == 0) {
    refuse(Code::not_canonical);
    return false;
  }
  return true;
}

u64 ProtobufReader::as_u64() { return expect(WireType::varint, value_ == 0) ? value_ : 0; }

u32 ProtobufReader::as_u32() {
  const u64 value = as_u64();
  if (value > 0xffffffffu) refuse(Code::field_value);
  return error_->failed() ? 0 : static_cast<u32>(value);
}

i64 ProtobufReader::as_i64() { return static_cast<i64>(as_u64()); }

i32 ProtobufReader::as_i32() {
  const i64 value = as_i64();
  if (value != static_cast<i32>(value)) refuse(Code::field_value);
  return error_->failed() ? 0 : static_cast<i32>(value);
}

bool ProtobufReader::as_bool() {
  const u64 value = as_u64();
  if (value > 1) refuse(Code::field_value);
  return !error_->failed() && value == 1;
}

u64 ProtobufReader::as_fixed64() { return expect(WireType::fixed64, value_ == 0) ? value_ : 0; }

u32 ProtobufReader::as_fixed32() { return expect(WireType::fixed32, value_ == 0) ? static_cast<u32>(value_) : 0; }

Bytes ProtobufReader::as_bytes(usize len_max) {
  if (!expect(WireType::bytes, value_len_ == 0)) return {};
  if (value_len_ > len_max) {
    refuse(Code::length_out_of_range);
    return {};
  }
  return message_.subspan(value_off_, value_len_);
}

Bytes ProtobufReader::as_bytes_exactly(usize len) {
  const Bytes bytes = as_bytes();
  if (!error_->failed() && bytes.size() != len) refuse(Code::length_out_of_range);
  return error_->failed() ? Bytes{} : bytes;
}

ProtobufReader ProtobufReader::as_message(u64 repeated) {
  ProtobufRules rules = rules_;
  rules.repeated = repeated;
  const Bytes bytes = expect(WireType::bytes, false) ? message_.subspan(value_off_, value_len_) : Bytes{};
  return ProtobufReader(bytes, *error_, rules, value_off());
}

bool ProtobufReader::require(u32 number) {
  if (has(number)) return true;
  error_->set(Code::field_missing, base_off_ + message_.size());
  return false;
}

}  // namespace isthmus::wire
