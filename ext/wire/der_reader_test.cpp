#include "wire/der_reader.hpp"

#include <doctest/doctest.h>

#include <string_view>
#include <vector>

using namespace isthmus;
using wire::DerReader;

namespace {

using Buffer = std::vector<u8>;

Buffer element(u8 tag, std::string_view body) {
  Buffer out;
  out.reserve(2 + body.size());
  out.push_back(tag);
  out.push_back(static_cast<u8>(body.size()));
  for (const char c : body) out.push_back(static_cast<u8>(c));
  return out;
}

bool reads_time(u8 tag, std::string_view text, i64 expected) {
  const Buffer der = element(tag, text);
  DerReader reader(der);
  const i64 seconds = reader.time();
  return reader.finished() && seconds == expected;
}

bool refuses_time(u8 tag, std::string_view text) {
  const Buffer der = element(tag, text);
  DerReader reader(der);
  reader.time();
  return reader.failed();
}

bool refuses(const Buffer& der, auto read) {
  DerReader reader(der);
  read(reader);
  return reader.failed() && reader.empty();
}

}  // namespace

TEST_CASE("DER reader: lengths are definite, shortest, within the bytes and of at most four bytes") {
  const auto any = [](DerReader& reader) { reader.any(); };
  CHECK(refuses({}, any));
  CHECK(refuses({0x04}, any));
  CHECK(refuses({0x04, 0x80, 0x00, 0x00}, any));  // indefinite
  CHECK(refuses({0x04, 0x81, 0x01, 0xaa}, any));  // a short length in long form
  CHECK(refuses({0x04, 0x82, 0x00, 0x80}, any));  // a leading zero
  CHECK(refuses({0x04, 0x84, 0xff, 0xff, 0xff, 0xff}, any));
  CHECK(refuses({0x04, 0x85, 0x01, 0x00, 0x00, 0x00, 0x00}, any));
  CHECK(refuses({0x04, 0x02, 0xaa}, any));
  CHECK(refuses({0x1f, 0x20, 0x00}, any));  // a tag of more than one byte
  Buffer longer = {0x04, 0x81, 0x80};
  longer.resize(3 + 0x80, 7);
  DerReader reader(longer);
  CHECK(reader.take(wire::der::kOctetString).size() == 0x80);
  CHECK(reader.finished());
}

TEST_CASE("DER reader: after an error nothing is read") {
  const Buffer der = {0x02, 0x01, 0x05, 0x04, 0x01, 0xaa};
  DerReader reader(der);
  reader.take(wire::der::kOctetString);
  CHECK(reader.failed());
  CHECK(reader.integer().empty());
  CHECK_FALSE(reader.finished());
}

TEST_CASE("DER reader: integers, booleans, bit strings and identifiers in their only form") {
  const auto integer = [](DerReader& reader) { reader.integer(); };
  CHECK(refuses({0x02, 0x00}, integer));
  CHECK(refuses({0x02, 0x02, 0x00, 0x7f}, integer));
  CHECK(refuses({0x02, 0x02, 0xff, 0x80}, integer));
  CHECK_FALSE(refuses({0x02, 0x02, 0x00, 0x80}, integer));
  const auto small = [](DerReader& reader) { reader.small_integer(); };
  CHECK(refuses({0x02, 0x01, 0xff}, small));
  CHECK(refuses({0x02, 0x09, 0x00, 0xff, 1, 2, 3, 4, 5, 6, 7}, small));
  const auto boolean = [](DerReader& reader) { reader.boolean(); };
  CHECK(refuses({0x01, 0x01, 0x01}, boolean));
  CHECK_FALSE(refuses({0x01, 0x01, 0xff}, boolean));
  const auto bits = [](DerReader& reader) {
    usize count = 0;
    reader.bits(count);
  };
  CHECK(refuses({0x03, 0x00}, bits));
  CHECK(refuses({0x03, 0x01, 0x01}, bits));
  CHECK(refuses({0x03, 0x02, 0x08, 0x00}, bits));
  CHECK(refuses({0x03, 0x02, 0x03, 0x04}, bits));  // padding that is not zero
  CHECK_FALSE(refuses({0x03, 0x02, 0x03, 0x08}, bits));
  CHECK_FALSE(refuses({0x03, 0x01, 0x00}, bits));
  const auto oid = [](DerReader& reader) { reader.oid(); };
  CHECK(refuses({0x06, 0x00}, oid));
  CHECK(refuses({0x06, 0x01, 0x86}, oid));                                // cut off within an arc
  CHECK(refuses({0x06, 0x03, 0x55, 0x80, 0x01}, oid));                    // a leading zero digit
  CHECK(refuses({0x06, 0x06, 0x55, 0x88, 0x80, 0x80, 0x80, 0x00}, oid));  // 2^31
  CHECK_FALSE(refuses({0x06, 0x06, 0x55, 0x87, 0xff, 0xff, 0xff, 0x7f}, oid));
}

TEST_CASE("DER reader: times as Go reads them") {
  constexpr u8 kUtc = wire::der::kUtcTime;
  constexpr u8 kGeneral = wire::der::kGeneralizedTime;
  CHECK(reads_time(kUtc, "700101000000Z", 0));
  CHECK(reads_time(kUtc, "491231235959Z", 2524607999));
  CHECK(reads_time(kUtc, "500101000000Z", -631152000));
  CHECK(reads_time(kUtc, "240229120000Z", 1709208000));
  CHECK(reads_time(kUtc, "2402291200Z", 1709208000));  // no seconds
  CHECK(reads_time(kUtc, "240229200000+0800", 1709208000));
  CHECK(reads_time(kUtc, "2402292000+0800", 1709208000));
  CHECK(reads_time(kGeneral, "20500101000000Z", 2524608000));
  CHECK(reads_time(kGeneral, "99991231235959Z", 253402300799));
  CHECK(reads_time(kGeneral, "00010101000000Z", -62135596800));
  for (const std::string_view bad : {"", "Z", "230229120000Z", "241301000000Z", "240001000000Z", "240100000000Z",
                                     "240101240000Z", "240101006000Z", "240101000060Z", "240101000000", "24010100000Z",
                                     "240101000000+0000", "240101000000Y", "2401010000 0Z", "240101000000Z0"}) {
    CAPTURE(bad);
    CHECK(refuses_time(kUtc, bad));
  }
  CHECK(refuses_time(kGeneral, "202401010000Z"));
  CHECK(refuses_time(kGeneral, "20240101000000.5Z"));
  CHECK(refuses_time(wire::der::kOctetString, "240101000000Z"));
}
