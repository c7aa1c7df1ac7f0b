#include "wire/tars.hpp"

#include <doctest/doctest.h>

#include <vector>

namespace isthmus::wire {
namespace {

using Raw = std::vector<u8>;

// Every field of a struct read as whatever it is; the code that ended it.
Code walk(const Raw& raw) {
  WireError error;
  TarsReader reader(raw, error);
  while (reader.next()) {
  }
  return error.code;
}

i64 number(const Raw& raw, Code& code) {
  WireError error;
  TarsReader reader(raw, error);
  const i64 value = reader.next() ? reader.as_i64() : 0;
  code = error.code;
  return value;
}

TEST_CASE("integers in the narrowest type") {
  Code code = Code::ok;
  CHECK(number({0x1c}, code) == 0);
  CHECK(number({0x10, 0x80}, code) == -128);
  CHECK(number({0x11, 0x01, 0x2c}, code) == 300);
  CHECK(number({0x12, 0x80, 0x00, 0x00, 0x00}, code) == -2147483648LL);
  CHECK(number({0x13, 0x00, 0x00, 0x00, 0x00, 0x80, 0x00, 0x00, 0x00}, code) == 2147483648LL);
  CHECK(code == Code::ok);
  for (const Raw& wide : {Raw{0x10, 0x00}, Raw{0x11, 0x00, 0x7f}, Raw{0x12, 0x00, 0x00, 0x7f, 0xff},
                          Raw{0x13, 0, 0, 0, 0, 0x7f, 0xff, 0xff, 0xff}}) {
    number(wide, code);
    CHECK(code == Code::not_canonical);
  }
  number({0x16, 0x00}, code);
  CHECK(code == Code::wire_type);
}

TEST_CASE("texts, bytes, lists and structs") {
  // {1: "ab", 2: bytes 0102, 3: [5, 0], 4: {1: 7}, 15: 1}
  const Raw raw = {0x16, 0x02, 'a',  'b',  0x2d, 0x00, 0x00, 0x02, 0x01, 0x02, 0x39, 0x00,
                   0x02, 0x00, 0x05, 0x0c, 0x4a, 0x10, 0x07, 0x0b, 0xf0, 0x0f, 0x01};
  WireError error;
  TarsReader reader(raw, error);
  REQUIRE(reader.next());
  CHECK(reader.as_text().size() == 2);
  REQUIRE(reader.next());
  CHECK(reader.as_bytes()[1] == 2);
  REQUIRE(reader.next());
  TarsList list = reader.as_list();
  CHECK(list.count() == 2);
  REQUIRE(list.next());
  CHECK(list.item().as_i64() == 5);
  REQUIRE(list.next());
  CHECK(list.item().as_i64() == 0);
  CHECK(!list.next());
  REQUIRE(reader.next());
  CHECK(reader.off() == 16);
  TarsReader inner = reader.as_struct();
  REQUIRE(inner.next());
  CHECK(inner.off() == 17);
  CHECK(inner.as_i64() == 7);
  CHECK(!inner.next());
  REQUIRE(reader.next());
  CHECK(reader.tag() == 15);
  CHECK(!reader.next());
  CHECK(!error.failed());
  // Every shorter input ends inside a field or between two.
  for (usize len = 1; len < raw.size(); ++len) {
    const Code code = walk(Raw(raw.begin(), raw.begin() + static_cast<long>(len)));
    CHECK((code == Code::truncated || code == Code::ok));
  }
}

TEST_CASE("what is refused") {
  CHECK(walk({0x2c, 0x1c}) == Code::not_canonical);                            // descending tags
  CHECK(walk({0x1c, 0x1c}) == Code::field_repeated);                           // one tag twice
  CHECK(walk({0x1e}) == Code::wire_type);                                      // no such type
  CHECK(walk({0x1b}) == Code::wire_type);                                      // the end of nothing
  CHECK(walk({0xfc, 0x05}) == Code::not_canonical);                            // a small tag in two bytes
  CHECK(walk({0x17, 0x00, 0x00, 0x00, 0x01, 'a'}) == Code::not_canonical);     // a short text in the long form
  CHECK(walk({0x16, 0x05, 'a'}) == Code::truncated);                           // a length beyond the end
  CHECK(walk({0x1d, 0x00, 0x12, 0x7f, 0xff, 0xff, 0xff}) == Code::wire_type);  // a count under another tag
  CHECK(walk({0x1d, 0x00, 0x02, 0x7f, 0xff, 0xff, 0xff}) == Code::truncated);
  CHECK(walk({0x1d, 0x00, 0x00, 0xff}) == Code::length_out_of_range);  // a negative count
  CHECK(walk({0x19, 0x00, 0x01, 0x1c}) == Code::wire_type);            // an item of another tag
  CHECK(walk({0x19, 0x00, 0x01, 0x0b}) == Code::wire_type);            // an item that ends a struct
  CHECK(walk({0x1a, 0x1c}) == Code::truncated);                        // a struct without an end
  CHECK(walk({0x18, 0x00, 0x01, 0x0c, 0x0c}) == Code::wire_type);      // a map whose value is no second
  CHECK(walk({0x18, 0x00, 0x01, 0x0c, 0x1c}) == Code::ok);
  CHECK(walk(Raw(100, 0x1a)) == Code::length_out_of_range);                   // structs without an end
  CHECK(walk({0x14, 0, 0, 0, 0, 0x25, 0, 0, 0, 0, 0, 0, 0, 0}) == Code::ok);  // floats are passed over
}

TEST_CASE("values of another type, numbers of more than 32 bits") {
  const Raw raw = {0x13, 0, 0, 0, 0, 0x80, 0, 0, 0};
  const auto code_of = [&](auto take) {
    WireError error;
    TarsReader reader(raw, error);
    REQUIRE(reader.next());
    take(reader);
    return error.code;
  };
  CHECK(code_of([](TarsReader& reader) { reader.as_i32(); }) == Code::field_value);
  CHECK(code_of([](TarsReader& reader) { reader.as_text(); }) == Code::wire_type);
  CHECK(code_of([](TarsReader& reader) { reader.as_bytes(); }) == Code::wire_type);
  CHECK(code_of([](TarsReader& reader) { CHECK(!reader.as_struct().next()); }) == Code::wire_type);
  CHECK(code_of([](TarsReader& reader) { CHECK(!reader.as_list().next()); }) == Code::wire_type);
}

}  // namespace
}  // namespace isthmus::wire
