#include "wire/der_reader.hpp"

namespace isthmus::wire {
namespace {

// The size of the header at the front of `in` and the length that it states; 0 iff there is no well-formed one.
usize header_of(Bytes in, usize& length) {
  if (in.size() < 2 || (in[0] & 0x1f) == 0x1f) return 0;
  const u8 first = in[1];
  if (first < 0x80) {
    length = first;
    return 2;
  }
  const usize count = first & 0x7f;  // 0 would be the indefinite form
  if (count == 0 || count > 4 || in.size() < 2 + count) return 0;
  length = 0;
  for (usize i = 0; i < count; ++i) length = length << 8 | in[2 + i];
  const usize least = count == 1 ? 0x80 : usize{1} << (8 * (count - 1));
  return length >= least ? 2 + count : 0;
}

// Two decimal digits at p; 100 where there are none.
u32 two_digits(const u8* p) {
  const u32 tens = p[0] - u32{'0'};
  const u32 ones = p[1] - u32{'0'};
  return tens > 9 || ones > 9 ? 100 : 10 * tens + ones;
}

bool is_leap(i64 year) { return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0); }

u32 days_in_month(i64 year, u32 month) {
  constexpr u8 kDays[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  return month == 2 && is_leap(year) ? 29 : kDays[month - 1];
}

// Days from 1970-01-01 to the first of the month, by counting years of March to February (so that a leap day is last).
i64 days_to_month(i64 year, u32 month) {
  const i64 years = month > 2 ? year : year - 1;
  const i64 era = (years >= 0 ? years : years - 399) / 400;
  const i64 year_of_era = years - era * 400;
  const i64 day_of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5;
  const i64 day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
  return era * 146097 + day_of_era - 719468;
}

// The offset in seconds that "Z", "+hhmm" or "-hhmm" names; an offset of zero is written Z only. False iff malformed.
bool zone_offset(Bytes zone, i64& seconds) {
  seconds = 0;
  if (zone.size() == 1) return zone[0] == 'Z';
  if (zone.size() != 5 || (zone[0] != '+' && zone[0] != '-')) return false;
  const u32 hours = two_digits(zone.data() + 1);
  const u32 minutes = two_digits(zone.data() + 3);
  if (hours > 23 || minutes > 59 || hours + minutes == 0) return false;
  seconds = (hours * 60 + minutes) * 60;
  if (zone[0] == '-') seconds = -seconds;
  return true;
}

// Month, day, hour, minute and, but for the short form, second at the front of `text`, then the zone.
bool rest_of_time(i64 year, Bytes text, bool seconds_optional, i64& out) {
  if (text.size() < 9) return false;
  u32 part[5] = {};
  const bool has_seconds = text.size() >= 11 && two_digits(text.data() + 8) < 100;
  if (!has_seconds && !seconds_optional) return false;
  const usize digits = has_seconds ? 10 : 8;
  for (usize i = 0; i < digits / 2; ++i) part[i] = two_digits(text.data() + 2 * i);
  const auto [month, day, hour, minute, second] = part;
  if (month < 1 || month > 12 || day < 1 || day > days_in_month(year, month)) return false;
  if (hour > 23 || minute > 59 || second > 59) return false;
  i64 offset = 0;
  if (!zone_offset(text.subspan(digits), offset)) return false;
  out = ((days_to_month(year, month) + day - 1) * 24 + hour) * 3600 + minute * 60 + second - offset;
  return true;
}

}  // namespace

DerElement DerReader::any() {
  usize length = 0;
  const usize header = header_of(left_, length);
  if (header == 0 || length > left_.size() - header) {
    fail();
    return {};
  }
  const DerElement element = {left_[0], left_.subspan(header, length), left_.first(header + length)};
  left_ = left_.subspan(header + length);
  return element;
}

DerElement DerReader::element(u8 tag) {
  if (!next_is(tag)) {
    fail();
    return {};
  }
  return any();
}

DerReader DerReader::inside(u8 tag) {
  const DerElement found = element(tag);
  DerReader reader(found.body);
  if (failed_) reader.fail();
  return reader;
}

Bytes DerReader::take_optional(u8 tag, bool& found) {
  found = next_is(tag);
  return found ? take(tag) : Bytes{};
}

bool DerReader::boolean() {
  const Bytes body = take(der::kBoolean);
  if (body.size() != 1 || (body[0] != 0 && body[0] != 0xff)) {
    fail();
    return false;
  }
  return body[0] != 0;
}

Bytes DerReader::integer() {
  const Bytes body = take(der::kInteger);
  const bool longer = body.size() > 1 && ((body[0] == 0 && body[1] < 0x80) || (body[0] == 0xff && body[1] >= 0x80));
  if (body.empty() || longer) {
    fail();
    return {};
  }
  return body;
}

i64 DerReader::small_integer() {
  const Bytes body = integer();
  if (failed_ || body.size() > 8 || body[0] >= 0x80) {
    fail();
    return 0;
  }
  i64 value = 0;
  for (const u8 byte : body) value = value << 8 | byte;
  return value;
}

Bytes DerReader::bits(usize& count) {
  count = 0;
  const Bytes body = take(der::kBitString);
  const usize padding = body.empty() ? 8 : body[0];
  const bool stray =
      !body.empty() && (body.size() == 1 ? padding != 0 : (body.back() & ((1u << (padding & 7)) - 1)) != 0);
  if (padding > 7 || stray) {
    fail();
    return {};
  }
  count = 8 * (body.size() - 1) - padding;
  return body.subspan(1);
}

Bytes DerReader::whole_bits() {
  usize count = 0;
  const Bytes body = bits(count);
  if (count % 8 != 0) fail();
  return failed_ ? Bytes{} : body;
}

Bytes DerReader::oid() {
  const Bytes body = take(der::kOid);
  u64 arc = 0;
  bool inside_arc = false;
  for (const u8 byte : body) {
    if (!inside_arc && byte == 0x80) arc = ~u64{0};  // a leading zero digit
    if (arc >> 24 != 0) {
      fail();
      return {};
    }
    arc = arc << 7 | (byte & 0x7f);
    inside_arc = byte >= 0x80;
    if (!inside_arc) arc = 0;
  }
  if (body.empty() || inside_arc) {
    fail();
    return {};
  }
  return body;
}

i64 DerReader::time() {
  const DerElement found = any();
  const Bytes text = found.body;
  i64 seconds = 0;
  bool good = false;
  if (found.tag == der::kUtcTime && text.size() >= 2) {
    const u32 year = two_digits(text.data());
    good = year < 100 && rest_of_time(year < 50 ? 2000 + year : 1900 + year, text.subspan(2), true, seconds);
  } else if (found.tag == der::kGeneralizedTime && text.size() >= 4) {
    const u32 century = two_digits(text.data());
    const u32 year = two_digits(text.data() + 2);
    good = century < 100 && year < 100 && rest_of_time(100 * century + year, text.subspan(4), false, seconds);
  }
  if (!good) fail();
  return seconds;
}

}  // namespace isthmus::wire
