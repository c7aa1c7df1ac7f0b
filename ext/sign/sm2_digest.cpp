#include "sign/sm2_digest.hpp"

#include "base/check.hpp"
#include "curve/sm2.hpp"
#include "hash/sm3.hpp"

namespace isthmus::sign {

void sm2_digest(u8* out, const u8* key, Bytes id, Bytes message) {
  ISTHMUS_CHECK(id.size() <= kSm2IdMax);
  using C = curve::Sm2;
  field::Words a = {};
  field::sub_words(a, C::Prime::kModulus, {3, 0, 0, 0});
  u8 curve[128];
  usize at = 0;
  for (const field::Words& number : {a, C::kB, C::kGeneratorX, C::kGeneratorY}) {
    field::words_to_be(curve + at, number);
    at += 32;
  }
  const usize bits = 8 * id.size();
  const u8 length[2] = {static_cast<u8>(bits >> 8), static_cast<u8>(bits)};
  u8 z[hash::kSm3Digest];
  hash::Sm3 inner, outer;
  inner.update(length);
  inner.update(id);
  inner.update(curve);
  inner.update({key + 1, 64});
  inner.finish(z);
  outer.update(z);
  outer.update(message);
  outer.finish(out);
}

}  // namespace isthmus::sign
