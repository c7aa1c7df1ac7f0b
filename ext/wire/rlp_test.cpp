// RLP: the boundaries of every form, what no form may be, and lists within lists.
#include "wire/rlp.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <vector>

namespace isthmus::wire {
namespace {

using Buffer = std::vector<u8>;

// Not inlined: GCC 12 for AArch64 warns of bytes behind the header that nobody writes.
[[gnu::noinline]] Buffer encoded(u8 kind, const Buffer& payload) {
  u8 header[2 * kRlpHeaderMax];
  const usize size = write_rlp_header(header, kind, payload.size());
  Buffer out(header, header + size);
  CHECK(out.size() == rlp_header_len(payload.size()));
  out.insert(out.end(), payload.begin(), payload.end());
  return out;
}

TEST_CASE("RLP headers are written and read at every length around their forms") {
  for (const usize size : {0, 1, 2, 54, 55, 56, 57, 255, 256, 257, 65535, 65536}) {
    for (const u8 kind : {kRlpString, kRlpList}) {
      const Buffer whole = encoded(kind, Buffer(size, 0x81));
      for (const usize behind : {0, 1, 40}) {
        Buffer more = whole;
        for (usize i = 0; i < behind; ++i) more.push_back(0);
        Bytes in = more;
        RlpItem item;
        REQUIRE(take_rlp(in, item));
        CHECK(item.is_list == (kind == kRlpList));
        CHECK(item.payload.size() == size);
        CHECK(item.encoding.size() == whole.size());
        CHECK(in.size() == behind);
      }
      for (usize cut = 0; cut < whole.size() && cut < 300; ++cut) {
        Bytes in = Bytes(whole).first(cut);
        RlpItem item;
        CHECK_FALSE(take_rlp(in, item));
      }
    }
  }
}

TEST_CASE("RLP of numbers is that of their bytes without leading zeros") {
  for (u32 bits = 0; bits <= 64; ++bits) {
    const u64 top = bits == 64 ? 0 : u64{1} << bits;
    for (const u64 number : {top, top - 1, top + 1}) {
      Buffer digits;
      for (u64 left = number; left != 0; left >>= 8) digits.insert(digits.begin(), static_cast<u8>(left));
      u8 out[2 * kRlpNumberMax];
      Bytes in = {out, write_rlp_number(out, number)};
      CHECK(in.size() <= kRlpNumberMax);
      CHECK(is_canonical_rlp(in));
      RlpItem item;
      REQUIRE(take_rlp(in, item));
      CHECK_FALSE(item.is_list);
      CHECK(equal(item.payload, digits));
    }
  }
}

TEST_CASE("RLP of single bytes") {
  for (u32 value = 0; value < 256; ++value) {
    const Buffer bare = {static_cast<u8>(value)};
    const Buffer wrapped = {0x81, static_cast<u8>(value)};
    CHECK(is_canonical_rlp(bare) == (value <= 0x80 || value == 0xc0));
    CHECK(is_canonical_rlp(wrapped) == (value >= 0x80));
    CHECK(rlp_string_header_len(bare) == (value < 0x80 ? 0 : 1));
  }
}

TEST_CASE("RLP lengths in another form than the shortest") {
  const auto long_form = [](u8 first, const Buffer& digits, usize size) {
    Buffer out(1 + digits.size() + size, 0x01);
    out[0] = first;
    std::copy(digits.begin(), digits.end(), out.begin() + 1);
    return out;
  };
  for (const u8 base : {0xb7, 0xf7}) {
    CHECK(is_canonical_rlp(long_form(base + 1, {56}, 56)));
    CHECK_FALSE(is_canonical_rlp(long_form(base + 1, {55}, 55)));
    CHECK_FALSE(is_canonical_rlp(long_form(base + 1, {0}, 0)));
    CHECK_FALSE(is_canonical_rlp(long_form(base + 2, {0, 56}, 56)));
    CHECK(is_canonical_rlp(long_form(base + 2, {1, 0}, 256)));
    CHECK_FALSE(is_canonical_rlp(long_form(base + 8, {0, 0, 0, 0, 0, 0, 1, 0}, 256)));
    CHECK_FALSE(is_canonical_rlp(long_form(base + 8, Buffer(8, 0xff), 300)));
    CHECK_FALSE(is_canonical_rlp(long_form(base + 4, {0xff, 0xff, 0xff, 0xff}, 300)));
    CHECK_FALSE(is_canonical_rlp(long_form(base + 8, {}, 7)));
  }
}

TEST_CASE("RLP lists: the ends of inner items, and depth") {
  CHECK(is_canonical_rlp(Buffer{0xc7, 0xc0, 0xc1, 0xc0, 0xc3, 0xc0, 0xc1, 0xc0}));
  CHECK_FALSE(is_canonical_rlp(Buffer{0xc2, 0xc2, 0x01}));        // the inner list ends behind the outer one
  CHECK_FALSE(is_canonical_rlp(Buffer{0xc2, 0xc2, 0x01, 0x01}));  // likewise, and bytes are left
  CHECK_FALSE(is_canonical_rlp(Buffer{0xc1, 0x81}));
  CHECK_FALSE(is_canonical_rlp(Buffer{0xc2, 0x81, 0x01}));
  Buffer nested = {0xc0};
  for (usize depth = 1; depth <= kRlpDepthMax + 1; ++depth) {
    CHECK(is_canonical_rlp(nested) == (depth <= kRlpDepthMax));
    nested = encoded(kRlpList, nested);
  }
  const Buffer bomb(1000000, 0xc1);
  CHECK_FALSE(is_canonical_rlp(bomb));
}

}  // namespace
}  // namespace isthmus::wire
