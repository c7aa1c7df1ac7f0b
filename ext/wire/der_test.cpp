// wire/der.hpp: what strict DER, BIP66 and the tolerant parser take and refuse; every cut and every flipped byte.
#include <doctest/doctest.h>

#include <string>
#include <string_view>
#include <vector>

#include "wire/der.hpp"

namespace isthmus::wire {
namespace {

using Blob = std::vector<u8>;

Blob from_hex(std::string_view hex) {
  Blob out;
  const auto nibble = [](char c) { return static_cast<u8>(c <= '9' ? c - '0' : c - 'a' + 10); };
  for (usize i = 0; i + 1 < hex.size(); i += 2) {
    out.push_back(static_cast<u8>(nibble(hex[i]) << 4 | nibble(hex[i + 1])));
  }
  return out;
}

Blob joined(std::initializer_list<Blob> parts) {
  Blob out;
  for (const Blob& part : parts) out.insert(out.end(), part.begin(), part.end());
  return out;
}

// r || s with both numbers below 2^64.
Blob pair(u64 r, u64 s) {
  Blob out(64);
  store_be64(out.data() + 24, r);
  store_be64(out.data() + 56, s);
  return out;
}

using Parser = bool (*)(Bytes, u8*, usize);

// The 2 * width bytes, or nothing when refused. The input stands at the end of its own allocation, so that a sanitizer
// sees any read behind it.
Blob parsed(Parser parser, const Blob& der, usize width = 32) {
  const Blob copy(der);
  Blob out(2 * width, 0xAA);
  if (!parser(copy, out.data(), width)) return {};
  return out;
}

Blob strict(const Blob& der) { return parsed(der_signature_strict, der); }
Blob lax(const Blob& der) { return parsed(der_signature_lax, der); }
bool bip66(const Blob& der) {
  Blob with_type = der;
  with_type.push_back(1);
  return bip66_encoding(with_type);
}

struct Case {
  const char* name;
  const char* hex;
  bool strict, bip66, lax;
  u64 r = 0, s = 0;  // where some parser accepts
};

constexpr Case kCases[] = {
    {"plain", "3006020101020102", true, true, true, 1, 2},
    {"both zero", "3006020100020100", true, true, true, 0, 0},
    {"top bit behind a zero", "3008020200ff02020080", true, true, true, 0xFF, 0x80},
    {"two bytes", "3008020201000202ff00", false, false, true, 0x100, 0xFF00},
    {"negative r", "3006020180020102", false, false, true, 0x80, 2},
    {"negative s", "3006020101020180", false, false, true, 1, 0x80},
    {"needless zero in r", "300702020001020102", false, false, true, 1, 2},
    {"needless zero in s", "300702010102020002", false, false, true, 1, 2},
    {"zero as two bytes", "300702020000020102", false, false, true, 0, 2},
    {"empty r", "30050200020102", false, false, true, 0, 2},
    {"empty s", "30050201010200", false, false, true, 1, 0},
    {"sequence too short", "3005020101020102", false, false, true, 1, 2},
    {"sequence too long", "3007020101020102", false, false, true, 1, 2},
    {"bytes behind s inside the sequence", "300802010102010205ff", false, false, true, 1, 2},
    {"bytes behind the sequence", "30060201010201020500", false, false, true, 1, 2},
    {"sequence length in long form", "308106020101020102", false, false, true, 1, 2},
    {"sequence length in long form with zeros", "3083000006020101020102", false, false, true, 1, 2},
    {"indefinite sequence length", "30800201010201020000", false, false, true, 1, 2},
    {"sequence length of no sense", "3084ffffffff020101020102", false, false, true, 1, 2},
    {"sequence length of 126 bytes that are not there", "30fe020101020102", false, false, false},
    {"r length in long form", "30070281010102010200", false, false, true, 1, 2},
    {"s length in long form", "300702010102810102", false, false, true, 1, 2},
    {"r length with five zeros before it", "300c02860000000000010102010200", false, false, true, 1, 2},
    {"r length of four bytes that count", "300a02840100000001020102", false, false, false},
    {"r length of three bytes, too large", "300902830100000101020102", false, false, false},
    {"r length in the indefinite form", "30060280020102", false, false, true, 0, 2},
    {"r longer than the rest", "3006020501020102", false, false, false},
    {"s longer than the rest", "3006020101020202", false, false, false},
    {"no s", "3003020101", false, false, false},
    {"wrong tag of the sequence", "3106020101020102", false, false, false},
    {"wrong tag of r", "3006030101020102", false, false, false},
    {"wrong tag of s", "3006020101030102", false, false, false},
    {"nothing", "", false, false, false},
    {"one byte", "30", false, false, false},
    {"an empty sequence", "3000", false, false, false},
};

}  // namespace

TEST_CASE("der: table of forms") {
  for (const Case& one : kCases) {
    INFO(std::string(one.name));
    const Blob der = from_hex(one.hex), value = pair(one.r, one.s);
    CHECK(strict(der) == (one.strict ? value : Blob()));
    CHECK(bip66(der) == one.bip66);
    CHECK(lax(der) == (one.lax ? value : Blob()));
  }
}

TEST_CASE("der: 256-bit integers and longer ones") {
  const Blob full(32, 0xFF), head = from_hex("02210080"), tail(31, 0x11);
  const Blob r = joined({from_hex("022100"), full}), s = joined({head, tail});
  const Blob good = joined({from_hex("3046"), r, s});
  Blob value = joined({full, from_hex("80"), tail});
  CHECK(strict(good) == value);
  CHECK(lax(good) == value);
  CHECK(bip66(good));
  // 33 bytes that count: well formed, but never below a 256-bit order.
  const Blob large = joined({from_hex("3026022101"), Blob(32, 0), from_hex("020101")});
  CHECK(strict(large).empty());
  CHECK(bip66(large));
  CHECK(lax(large) == Blob(64, 0));
  const Blob large_s = joined({from_hex("3026020101022101"), Blob(32, 0)});
  CHECK(strict(large_s).empty());
  CHECK(lax(large_s) == Blob(64, 0));
  // Any number of zeros before 32 bytes is read over by the tolerant parser.
  const Blob padded = joined({from_hex("3000028188"), Blob(104, 0), full, from_hex("020101")});
  CHECK(lax(padded) == joined({full, Blob(31, 0), from_hex("01")}));
  CHECK(strict(padded).empty());
  // A length byte of 127 in the sequence is short form; 128 needs, and is given, the long one.
  Blob long_form = joined({from_hex("308180023f01"), Blob(62, 1), from_hex("023d01"), Blob(60, 1)});
  CHECK(strict(long_form).empty());
  CHECK_FALSE(bip66(long_form));
  CHECK(lax(long_form) == Blob(64, 0));
}

TEST_CASE("der: 384-bit integers") {
  const Blob full(48, 0xFF), small(32, 0x22);
  const Blob good = joined({from_hex("3066023100"), full, from_hex("023100"), full});
  CHECK(parsed(der_signature_strict, good, 48) == joined({full, full}));
  CHECK(parsed(der_signature_lax, good, 48) == joined({full, full}));
  CHECK(strict(good).empty());
  CHECK(lax(good) == Blob(64, 0));
  // Shorter integers are filled up on the left.
  const Blob mixed = joined({from_hex("30370231"), from_hex("00"), full, from_hex("020105")});
  CHECK(parsed(der_signature_strict, mixed, 48).empty());  // the sequence's length is wrong
  const Blob right = joined({from_hex("30360231"), from_hex("00"), full, from_hex("020105")});
  CHECK(parsed(der_signature_strict, right, 48) == joined({full, Blob(47, 0), from_hex("05")}));
  const Blob short_r = joined({from_hex("30250220"), small, from_hex("020107")});
  CHECK(parsed(der_signature_strict, short_r, 48) == joined({Blob(16, 0), small, Blob(47, 0), from_hex("07")}));
  // 49 bytes that count.
  const Blob large = joined({from_hex("3036023101"), Blob(48, 0), from_hex("020101")});
  CHECK(parsed(der_signature_strict, large, 48).empty());
  CHECK(parsed(der_signature_lax, large, 48) == Blob(96, 0));
}

TEST_CASE("der: three bytes of a length count, whatever the input holds") {
  const usize most = 0xFFFFFF;
  Blob large = joined({from_hex("30000283ffffff"), Blob(most, 0), from_hex("020105")});
  large[7 + most - 1] = 9;
  CHECK(lax(large) == pair(9, 5));
  Blob larger = joined({from_hex("3000028401000000"), Blob(most + 1, 0), from_hex("020105")});
  CHECK(lax(larger).empty());
}

TEST_CASE("der: BIP66 counts the hash type and bounds the whole") {
  CHECK_FALSE(bip66_encoding({}));
  const Blob shortest = from_hex("300602010102010201");
  CHECK(bip66_encoding(shortest));
  CHECK_FALSE(bip66_encoding(Bytes(shortest).first(8)));
  const Blob full(32, 0xFF);
  const Blob largest = joined({from_hex("3046022100"), full, from_hex("022100"), full, from_hex("01")});
  REQUIRE(largest.size() == 73);
  CHECK(bip66_encoding(largest));
  const Blob larger = joined({from_hex("304702220100"), full, from_hex("022100"), full, from_hex("01")});
  CHECK_FALSE(bip66_encoding(larger));
}

TEST_CASE("der: every cut and every changed byte of a signature has one answer") {
  const Blob good = joined({from_hex("3045022100"), Blob(32, 0xC3), from_hex("0220"), Blob(32, 0x5A)});
  REQUIRE_FALSE(strict(good).empty());
  for (usize len = 0; len < good.size(); ++len) {
    const Blob cut(good.begin(), good.begin() + static_cast<long>(len));
    CHECK(strict(cut).empty());
    CHECK(lax(cut).empty());
    CHECK_FALSE(bip66(cut));
  }
  for (usize at = 0; at < good.size(); ++at) {
    for (int value = 0; value < 256; ++value) {
      Blob changed = good;
      changed[at] = static_cast<u8>(value);
      const Blob by_strict = strict(changed), by_lax = lax(changed);
      // Strict DER is unique: what it takes, the others take alike.
      if (!by_strict.empty()) REQUIRE((by_lax == by_strict && bip66(changed)));
      if (bip66(changed)) REQUIRE_FALSE(by_lax.empty());
    }
  }
}

}  // namespace isthmus::wire
