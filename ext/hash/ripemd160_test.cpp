// RIPEMD-160 and HASH160: the paper's answers, all lengths, splits.
#include "hash/ripemd160.hpp"

#include <doctest/doctest.h>

#include "hash/slow_test.hpp"

using namespace isthmus;
using slow::Buffer;

namespace {

Buffer fast(Bytes message) {
  Buffer out(20);
  hash::ripemd160(out.data(), message);
  return out;
}

}  // namespace

TEST_CASE("RIPEMD-160 known answers") {
  CHECK(fast({}) == slow::from_hex("9c1185a5c5e9fc54612808977ee8f548b2258d31"));
  CHECK(fast(slow::text_bytes("a")) == slow::from_hex("0bdc9d2d256b3ee9daae347be6f4dc835a467ffe"));
  CHECK(fast(slow::text_bytes("abc")) == slow::from_hex("8eb208f7e05d987a9b044a8e98c6b087f15a0bfc"));
  CHECK(fast(slow::text_bytes("message digest")) == slow::from_hex("5d0689ef49d2fae572b881b123a85ffa21595f36"));
  CHECK(fast(slow::text_bytes("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq")) ==
        slow::from_hex("12a053384a9c0c88e405a06c27dcf49ada62eb2b"));
  const Buffer million(1000000, 'a');
  CHECK(fast(million) == slow::from_hex("52783243c1697bdbe16d37f97f68f08325dc1528"));
}

TEST_CASE("HASH160 known answer") {
  // The compressed generator of secp256k1, whose HASH160 is in every key-derivation table.
  const Buffer key = slow::from_hex("0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798");
  Buffer out(20);
  hash::hash160(out.data(), key);
  CHECK(out == slow::from_hex("751e76e8199196d454941c45d1b3a323f1433bd6"));
}

TEST_CASE("RIPEMD-160 of every length from 0 to 300") {
  for (usize len = 0; len <= 300; ++len) {
    CAPTURE(len);
    const Buffer message = slow::paint(len, len);
    CHECK(fast(message) == slow::ripemd160(message));
    Buffer both(20);
    hash::hash160(both.data(), message);
    CHECK(both == slow::hash160(message));
  }
}

TEST_CASE("a RIPEMD-160 stream may be cut anywhere") {
  const Buffer message = slow::paint(150, 2);
  const Buffer expected = slow::ripemd160(message);
  for (usize cut = 0; cut <= 150; ++cut) {
    hash::Ripemd160 stream;
    stream.update(Bytes(message).first(cut));
    stream.update(Bytes(message).subspan(cut));
    Buffer out(20);
    stream.finish(out.data());
    CHECK(out == expected);
  }
}
