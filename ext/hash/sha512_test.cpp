// SHA-512: known answers, all lengths, splits and the base row.
#include "hash/sha512.hpp"

#include <doctest/doctest.h>

#include "hash/slow_test.hpp"

using namespace isthmus;
using slow::Buffer;

namespace {

Buffer fast(Bytes message) {
  Buffer out(64);
  hash::sha512(out.data(), message);
  return out;
}

}  // namespace

TEST_CASE("SHA-512 known answers") {
  CHECK(fast({}) == slow::from_hex("cf83e1357eefb8bdf1542850d66d8007d620e4050b5715dc83f4a921d36ce9ce"
                                   "47d0d13c5d85f2b0ff8318d2877eec2f63b931bd47417a81a538327af927da3e"));
  CHECK(fast(slow::text_bytes("abc")) ==
        slow::from_hex("ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
                       "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f"));
  const Buffer million(1000000, 'a');
  CHECK(fast(million) == slow::from_hex("e718483d0ce769644e2e42c7bc15b4638e1f98b13b2044285632a803afa973eb"
                                        "de0ff244877ea60a4cb0432ce577c31beb009c5c2c49aa2e4eadb217ad8cc09b"));
}

TEST_CASE("SHA-512 of every length from 0 to 300") {
  for (usize len = 0; len <= 300; ++len) {
    CAPTURE(len);
    const Buffer message = slow::paint(len, len);
    CHECK(fast(message) == slow::sha512(message));
  }
}

TEST_CASE("a SHA-512 stream may be cut anywhere, and goes on from a midstate") {
  const Buffer message = slow::paint(300, 4);
  const Bytes all = message;
  const Buffer expected = slow::sha512(message);
  Buffer out(64);
  for (usize cut = 0; cut <= 300; ++cut) {
    hash::Sha512 stream;
    stream.update(all.first(cut));
    stream.update({});
    stream.update(all.subspan(cut));
    stream.finish(out.data());
    CHECK(out == expected);
  }
  u64 state[8];
  memcpy(state, hash::Sha512Core::kStart, sizeof(state));
  hash::sha512_compress(state, message.data(), 2);
  hash::Sha512 stream(state, 256);
  stream.update(all.subspan(256));
  stream.finish(out.data());
  CHECK(out == expected);
}

TEST_CASE("the upper half of the 128-bit length") {
  // A midstate that claims 2^62 bytes: the length field must read 1 0...0 over 64 bits of zeros and the rest.
  u64 state[8];
  memcpy(state, hash::Sha512Core::kStart, sizeof(state));
  hash::Sha512 stream(state, u64{1} << 62);
  Buffer out(64);
  stream.finish(out.data());
  u8 block[128] = {0x80};
  store_be64(block + 112, 2);  // 2^62 bytes = 2^65 bits
  hash::sha512_compress(state, block, 1);
  for (usize i = 0; i < 8; ++i) CHECK(load_be64(out.data() + 8 * i) == state[i]);
}
