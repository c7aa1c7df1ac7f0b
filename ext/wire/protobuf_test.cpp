#include "wire/protobuf.hpp"

#include <doctest/doctest.h>

#include <initializer_list>
#include <vector>

namespace isthmus::wire {
namespace {

std::vector<u8> bytes_of(std::initializer_list<u8> list) { return std::vector<u8>(list); }

struct OneField {
  u64 value = 0;
  WireError error;
};

OneField first_u64(const std::vector<u8>& bytes, const ProtobufRules& rules = {}) {
  OneField got;
  ProtobufReader reader(bytes, got.error, rules);
  if (reader.next()) got.value = reader.as_u64();
  return got;
}

TEST_CASE("varints: values, shortest form, 64 bits") {
  CHECK(first_u64(bytes_of({0x08, 0x01})).value == 1);
  CHECK(first_u64(bytes_of({0x08, 0xac, 0x02})).value == 300);
  CHECK(first_u64(bytes_of({0x08, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01})).value == ~u64{0});

  const OneField padded = first_u64(bytes_of({0x08, 0x81, 0x00}));
  CHECK(padded.error.code == Code::not_canonical);
  CHECK(padded.error.byte_off == 1);
  CHECK(first_u64(bytes_of({0x08, 0x81, 0x00}), {.minimal_varints = false}).value == 1);
  CHECK(first_u64(bytes_of({0x88, 0x00, 0x01})).error.code == Code::not_canonical);

  // Bit 64, and an eleventh byte.
  CHECK(first_u64(bytes_of({0x08, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02})).error.code ==
        Code::field_value);
  CHECK(first_u64(bytes_of({0x08, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01}),
                  {.minimal_varints = false})
            .error.code == Code::field_value);
}

TEST_CASE("truncation is found at every length") {
  const std::vector<u8> whole = bytes_of({0x08, 0xac, 0x02, 0x12, 0x03, 1, 2, 3, 0x19, 1, 2, 3, 4, 5, 6, 7, 8});
  for (usize len = 0; len <= whole.size(); ++len) {
    WireError error;
    ProtobufReader reader(Bytes(whole).first(len), error);
    usize count = 0;
    while (reader.next()) ++count;
    const bool boundary = len == 0 || len == 3 || len == 8 || len == 17;
    CHECK(error.failed() == !boundary);
    if (!boundary) CHECK(error.code == Code::truncated);
    CHECK(count == (len >= 3) + (len >= 8) + (len >= 17));
  }
}

TEST_CASE("lengths that overflow are truncation, not wrap-around") {
  CHECK(first_u64(bytes_of({0x0a, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01, 0x00})).error.code ==
        Code::truncated);
}

TEST_CASE("wire types") {
  for (u8 type : {3, 4, 6, 7}) {
    CHECK(first_u64({static_cast<u8>(0x08 | type), 0, 0, 0, 0}).error.code == Code::wire_type);
  }
  const OneField mixed = first_u64(bytes_of({0x08, 0x01, 0x0d, 1, 0, 0, 0}));
  CHECK(mixed.value == 1);
  const std::vector<u8> fixed = bytes_of({0x0d, 1, 0, 0, 0, 0x11, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff});
  WireError error;
  ProtobufReader reader(fixed, error);
  REQUIRE(reader.next());
  CHECK(reader.as_fixed32() == 1);
  REQUIRE(reader.next());
  CHECK(reader.as_sfixed64() == -1);
  CHECK(reader.value_off() == 6);
  CHECK_FALSE(reader.next());
  CHECK_FALSE(error.failed());
  CHECK(first_u64(fixed).error.code == Code::wire_type);
}

TEST_CASE("field numbers: zero, too large, repeated, out of order") {
  CHECK(first_u64(bytes_of({0x00, 0x01})).error.code == Code::field_value);
  CHECK(first_u64(bytes_of({0x80, 0x80, 0x80, 0x80, 0x10, 0x01})).error.code == Code::field_value);

  const auto walk = [](const std::vector<u8>& bytes, const ProtobufRules& rules) {
    WireError error;
    ProtobufReader reader(bytes, error, rules);
    while (reader.next()) reader.as_u64();
    return error;
  };
  const std::vector<u8> twice = bytes_of({0x08, 0x01, 0x08, 0x02});
  CHECK(walk(twice, {}).code == Code::field_repeated);
  CHECK(walk(twice, {}).byte_off == 2);
  CHECK_FALSE(walk(twice, {.repeated = field_bit(1)}).failed());
  const std::vector<u8> fallen = bytes_of({0x10, 0x01, 0x08, 0x02});
  CHECK(walk(fallen, {}).code == Code::not_canonical);
  CHECK_FALSE(walk(fallen, {.ascending = false}).failed());
  CHECK(walk(bytes_of({0x10, 1, 0x08, 2, 0x10, 3}), {.ascending = false}).code == Code::field_repeated);
  CHECK(walk(bytes_of({0x80, 0x04, 1, 0x80, 0x04, 1}), {}).code == Code::field_repeated);  // number 64
}

TEST_CASE("defaults that are written out") {
  CHECK(first_u64(bytes_of({0x08, 0x00})).error.code == Code::not_canonical);
  CHECK_FALSE(first_u64(bytes_of({0x08, 0x00}), {.omit_defaults = false}).error.failed());
  CHECK_FALSE(first_u64(bytes_of({0x08, 0x00}), {.repeated = field_bit(1)}).error.failed());
  const std::vector<u8> empty = bytes_of({0x0a, 0x00});
  WireError as_bytes_error;
  ProtobufReader reader(empty, as_bytes_error);
  REQUIRE(reader.next());
  reader.as_bytes();
  CHECK(as_bytes_error.code == Code::not_canonical);
  WireError as_message_error;
  ProtobufReader other(empty, as_message_error);
  REQUIRE(other.next());
  CHECK_FALSE(other.as_message().next());
  CHECK_FALSE(as_message_error.failed());
}

TEST_CASE("ranges of the typed getters") {
  const auto read = [](std::vector<u8> value, auto getter) {
    value.insert(value.begin(), 0x08);
    WireError error;
    ProtobufReader reader(value, error);
    REQUIRE(reader.next());
    getter(reader);
    return error.code;
  };
  const auto u32_of = [](ProtobufReader& r) { return static_cast<void>(r.as_u32()); };
  const auto i32_of = [](ProtobufReader& r) { return static_cast<void>(r.as_i32()); };
  const auto bool_of = [](ProtobufReader& r) { return static_cast<void>(r.as_bool()); };
  CHECK(read(bytes_of({0xff, 0xff, 0xff, 0xff, 0x0f}), u32_of) == Code::ok);
  CHECK(read(bytes_of({0x80, 0x80, 0x80, 0x80, 0x10}), u32_of) == Code::field_value);
  CHECK(read(bytes_of({0x80, 0x80, 0x80, 0x80, 0x08}), i32_of) == Code::field_value);
  // -1 as int32 is sign-extended to ten bytes; the five-byte form is another number.
  CHECK(read(bytes_of({0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01}), i32_of) == Code::ok);
  CHECK(read(bytes_of({0xff, 0xff, 0xff, 0xff, 0x0f}), i32_of) == Code::field_value);
  CHECK(read(bytes_of({0x01}), bool_of) == Code::ok);
  CHECK(read(bytes_of({0x02}), bool_of) == Code::field_value);
}

TEST_CASE("nested messages: offsets in the outermost message, shared first error, lengths") {
  // 1: 5; 3: { 2: "xyz", 4: <padded varint> }
  const std::vector<u8> bytes = bytes_of({0x08, 0x05, 0x1a, 0x08, 0x12, 0x03, 'x', 'y', 'z', 0x20, 0x80, 0x00});
  WireError error;
  ProtobufReader outer(bytes, error);
  REQUIRE(outer.next());
  REQUIRE(outer.next());
  CHECK(outer.off() == 2);
  CHECK(outer.value_off() == 4);
  ProtobufReader inner = outer.as_message();
  REQUIRE(inner.next());
  CHECK(inner.off() == 4);
  CHECK(inner.as_bytes(3).size() == 3);
  CHECK(inner.value_off() == 6);
  CHECK_FALSE(inner.next());
  CHECK(error.code == Code::not_canonical);
  CHECK(error.byte_off == 10);
  CHECK_FALSE(outer.next());
  outer.unknown();
  CHECK(error.code == Code::not_canonical);  // the first stays

  WireError limit_error;
  ProtobufReader limited(Bytes(bytes).subspan(4, 5), limit_error, {}, 4);
  REQUIRE(limited.next());
  CHECK(limited.as_bytes(2).empty());
  CHECK(limit_error.code == Code::length_out_of_range);
  CHECK(limit_error.byte_off == 4);
  WireError exact_error;
  ProtobufReader exact(Bytes(bytes).subspan(4, 5), exact_error);
  REQUIRE(exact.next());
  CHECK(exact.as_bytes_exactly(3).size() == 3);
  CHECK_FALSE(exact_error.failed());
  CHECK(exact.require(2));
  CHECK_FALSE(exact.require(1));
  CHECK(exact_error.code == Code::field_missing);
  CHECK(exact_error.byte_off == 5);
}

TEST_CASE("three arbitrary bytes hold at most one field") {
  u32 longest = 0;
  for (u32 n = 0; n < (1u << 24); n += 7) {
    const u8 raw[3] = {static_cast<u8>(n), static_cast<u8>(n >> 8), static_cast<u8>(n >> 16)};
    WireError error;
    ProtobufReader reader(Bytes(raw), error, {.minimal_varints = false, .ascending = false});
    u32 fields = 0;
    while (reader.next()) ++fields;
    longest = fields > longest ? fields : longest;
  }
  CHECK(longest == 1);
}

}  // namespace
}  // namespace isthmus::wire
