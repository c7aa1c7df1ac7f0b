// Integer names and byte-order loads; the only base header a per-ISA file may include.
// Plain C constructs in an anonymous namespace, so that no object built with wide instructions can emit a symbol
// that the linker would share with a baseline object.
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <string.h>

namespace isthmus {

using u8 = uint8_t;
using u16 = uint16_t;
using u32 = uint32_t;
using u64 = uint64_t;
using i32 = int32_t;
using i64 = int64_t;
using usize = size_t;
__extension__ typedef unsigned __int128 u128;

namespace {

[[maybe_unused]] inline u16 load_le16(const u8* p) { return static_cast<u16>(p[0] | (p[1] << 8)); }

[[maybe_unused]] inline u32 load_le32(const u8* p) {
  u32 v;
  memcpy(&v, p, 4);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
  v = __builtin_bswap32(v);
#endif
  return v;
}

[[maybe_unused]] inline u64 load_le64(const u8* p) {
  u64 v;
  memcpy(&v, p, 8);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
  v = __builtin_bswap64(v);
#endif
  return v;
}

[[maybe_unused]] inline u32 load_be32(const u8* p) { return __builtin_bswap32(load_le32(p)); }
[[maybe_unused]] inline u64 load_be64(const u8* p) { return __builtin_bswap64(load_le64(p)); }

[[maybe_unused]] inline void store_le32(u8* p, u32 v) {
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
  v = __builtin_bswap32(v);
#endif
  memcpy(p, &v, 4);
}

[[maybe_unused]] inline void store_le64(u8* p, u64 v) {
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
  v = __builtin_bswap64(v);
#endif
  memcpy(p, &v, 8);
}

[[maybe_unused]] inline void store_be32(u8* p, u32 v) { store_le32(p, __builtin_bswap32(v)); }
[[maybe_unused]] inline void store_be64(u8* p, u64 v) { store_le64(p, __builtin_bswap64(v)); }

}  // namespace
}  // namespace isthmus
