#include "sign/sm2_nonce_ct.hpp"

#include <initializer_list>

#include "hash/sha256.hpp"
#include "sign/wipe.hpp"

namespace isthmus::sign {
namespace {

constexpr usize kBlock = hash::Sha256Core::kBlock;
constexpr char kTag[] = "SM2-GB/T 32918.2";

// HMAC (RFC 2104) with a key of 32 bytes, over parts as if they stood in a row. out may be the key or a part.
void hmac(u8* out, const u8* key, std::initializer_list<Bytes> parts) {
  Wiped<u8[kBlock]> pad;
  Wiped<hash::Sha256> inner, outer;
  u8(&block)[kBlock] = *pad;
  for (usize i = 0; i < kBlock; ++i) block[i] = 0x36 ^ (i < 32 ? key[i] : 0);
  inner->update(block);
  for (const Bytes part : parts) inner->update(part);
  for (usize i = 0; i < kBlock; ++i) block[i] ^= 0x36 ^ 0x5c;
  outer->update(block);
  inner->finish(block);
  outer->update({block, 32});
  outer->finish(out);
}

}  // namespace

// RFC 6979, section 3.2, steps b to g.
NoncesSm2::NoncesSm2(const u8* secret, const u8* digest, const u8* extra) {
  memset(v_, 0x01, sizeof(v_));
  memset(key_, 0x00, sizeof(key_));
  const Bytes tag(reinterpret_cast<const u8*>(kTag), sizeof(kTag) - 1);
  for (const u8 separator : {u8{0}, u8{1}}) {
    hmac(key_, key_, {v_, {&separator, 1}, {secret, 32}, {digest, 32}, {extra, 32}, tag});
    hmac(v_, key_, {v_});
  }
}

NoncesSm2::~NoncesSm2() {
  explicit_bzero(key_, sizeof(key_));
  explicit_bzero(v_, sizeof(v_));
}

// Step h: one block of HMAC is exactly the 256 bits of n.
void NoncesSm2::next(field::Words& k) {
  if (used_) update();
  used_ = true;
  hmac(v_, key_, {v_});
  k = field::words_from_be(v_);
}

// What step h.3 does after a candidate that was refused.
void NoncesSm2::update() {
  constexpr u8 kZero = 0;
  hmac(key_, key_, {v_, {&kZero, 1}});
  hmac(v_, key_, {v_});
}

}  // namespace isthmus::sign
