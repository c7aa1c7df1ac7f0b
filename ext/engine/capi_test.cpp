// The C surface as an embedder meets it: right answers, and every kind of wrong call.
#include <doctest/doctest.h>

#include <algorithm>
#include <cstring>
#include <string>
#include <vector>

#include "include/isthmus/isthmus.h"

namespace {

isthmus_bytes borrow(const std::string& text) { return {reinterpret_cast<const uint8_t*>(text.data()), text.size()}; }

std::string from_hex(const char* hex) {
  const auto nibble = [](char c) { return c <= '9' ? c - '0' : c - 'a' + 10; };
  std::string out;
  for (; hex[0] != 0; hex += 2) out.push_back(static_cast<char>(nibble(hex[0]) << 4 | nibble(hex[1])));
  return out;
}

struct Engine {
  isthmus_engine* get = isthmus_engine_new(2);
  ~Engine() { isthmus_engine_free(get); }
};

}  // namespace

TEST_CASE("capi: digests, and the table says the same") {
  const Engine engine;
  const std::string abc = "abc";
  const isthmus_bytes message = borrow(abc);
  uint8_t digest[32];
  REQUIRE(isthmus_digest_size("sha256") == 32);
  REQUIRE(isthmus_hash_many(engine.get, "sha256", 1, &message, digest) == ISTHMUS_OK);
  const uint8_t expected[] = {0xba, 0x78, 0x16, 0xbf};  // FIPS 180-4 example, first word
  CHECK(std::memcmp(digest, expected, 4) == 0);
  uint8_t again[32];
  const isthmus_api* const api = isthmus_api_table();
  CHECK(api->version == ISTHMUS_API_VERSION);
  CHECK(api->size == sizeof(isthmus_api));
  REQUIRE(api->hash_many(engine.get, "sha256", 1, &message, again) == ISTHMUS_OK);
  CHECK(std::memcmp(digest, again, 32) == 0);
}

TEST_CASE("capi: wrong calls") {
  const Engine engine;
  const std::string abc = "abc";
  const isthmus_bytes item = borrow(abc);
  const isthmus_bytes null_with_length = {nullptr, 3};
  uint8_t out[64];
  isthmus_verdict verdict;
  CHECK(isthmus_engine_new(0) == nullptr);
  CHECK(isthmus_engine_new(1025) == nullptr);
  CHECK(isthmus_hash_many(engine.get, "sha-256", 1, &item, out) == ISTHMUS_UNKNOWN_NAME);
  CHECK(isthmus_digest_size("sha-256") == 0);
  CHECK(isthmus_digest_size(nullptr) == 0);
  CHECK(isthmus_hash_many(nullptr, "sha256", 1, &item, out) == ISTHMUS_BAD_ARGUMENT);
  CHECK(isthmus_hash_many(engine.get, "sha256", 1, &null_with_length, out) == ISTHMUS_BAD_ARGUMENT);
  CHECK(isthmus_hash_many(engine.get, "sha256", 1, nullptr, out) == ISTHMUS_BAD_ARGUMENT);
  CHECK(isthmus_verify(engine.get, "rot13", 1, &item, &item, &item, 0, out) == ISTHMUS_UNKNOWN_NAME);
  CHECK(isthmus_check(engine.get, "atlantis", 1, &item, &item, &verdict) == ISTHMUS_UNKNOWN_NAME);
  CHECK(isthmus_check(engine.get, "bitcoin-block", 1, &item, &item, nullptr) == ISTHMUS_BAD_ARGUMENT);
  uint8_t mutated = 7;
  CHECK(isthmus_merkle_root(engine.get, "sha256d-bitcoin", 1, &item, out, &mutated) == ISTHMUS_BAD_ARGUMENT);
  CHECK(mutated == 7);
}

TEST_CASE("capi: the signer's id, and recovered keys") {
  const Engine engine;
  const isthmus_api* const api = isthmus_api_table();
  // GB/T 32918.5, annex A.2: the key without its first byte, over "message digest".
  const std::string key = from_hex(
      "09f9df311e5421a150dd7d161e4bc5c672179fad1833fc076bb08ff356f35020"
      "ccea490ce26775a52dc6ea718cc1aa600aed05fbf35e084a6632f6072da9ad13");
  const std::string sig = from_hex(
      "f5a03b0648d2c4630eeac513e1bb81a15944da3827d5b74143ac7eaceee720b3"
      "b1b6aa29df212fd8763182bc0d421ca1bb9038fd1f7f42d4840b69c485bbc1aa");
  const std::string text = "message digest", id = "1234567812345678", alice = "ALICE123@YAHOO.COM";
  const isthmus_bytes k = borrow(key), s = borrow(sig), m = borrow(text), right = borrow(id), wrong = borrow(alice);
  const isthmus_bytes null_with_length = {nullptr, 3};
  uint8_t ok = 9;
  REQUIRE(isthmus_verify(engine.get, "sm2-sm3", 1, &k, &m, &s, 0, &ok) == ISTHMUS_OK);
  CHECK(ok == 1);
  REQUIRE(api->verify_with(engine.get, "sm2-sm3", 1, &k, &m, &s, 0, &right, &ok) == ISTHMUS_OK);
  CHECK(ok == 1);
  REQUIRE(api->verify_with(engine.get, "sm2-sm3", 1, &k, &m, &s, 0, nullptr, &ok) == ISTHMUS_OK);
  CHECK(ok == 1);
  REQUIRE(isthmus_verify_with(engine.get, "sm2-sm3", 1, &k, &m, &s, 0, &wrong, &ok) == ISTHMUS_OK);
  CHECK(ok == 0);
  CHECK(isthmus_verify_with(engine.get, "sm2-sm3", 1, &k, &m, &s, 0, &null_with_length, &ok) == ISTHMUS_BAD_ARGUMENT);
  const std::string e = from_hex("f0b43e94ba45accaace692ed534382eb17e6ab5a19ce7b31f4486fdfc0d28640");
  const isthmus_bytes digest = borrow(e);
  REQUIRE(isthmus_verify_with(engine.get, "sm2-sm3", 1, &k, &digest, &s, ISTHMUS_PREHASHED, &wrong, &ok) == ISTHMUS_OK);
  CHECK(ok == 1);

  const std::string signature = from_hex(
      "9242685bf161793cc25603c231bc2f568eb630ea16aa137d2664ac8038825608"
      "4f8ae3bd7535248d0bd448298cc2e2071e56992d0774dc340c368ae950852ada1c");
  const std::string said = from_hex("456e9aea5e197a1f1af7a3e85a3212fa4049a3ba34c2289b4c860fc0b0c64ef3");
  const std::string signer = from_hex(
      "04f57c1d4c961024e998eaec4b6bebec90e788ef5ade22e636ce76111b60db107d"
      "4c3404b9908a2f357c84ccb48cf412be41d09574a9291c9c7eb5173ccf2a339f");
  const isthmus_bytes digests[] = {borrow(said), {nullptr, 0}}, sigs[] = {borrow(signature), borrow(signature)};
  uint8_t keys[130], answers[2];
  std::memset(keys, 7, sizeof keys);
  REQUIRE(api->recover(engine.get, 2, digests, sigs, 0, keys, answers) == ISTHMUS_OK);
  CHECK(answers[0] == 1);
  CHECK(answers[1] == 0);
  CHECK(std::memcmp(keys, signer.data(), 65) == 0);
  CHECK(std::all_of(keys + 65, keys + 130, [](uint8_t byte) { return byte == 0; }));
  CHECK(isthmus_recover(engine.get, 1, digests, &null_with_length, 0, keys, answers) == ISTHMUS_BAD_ARGUMENT);
  CHECK(isthmus_recover(engine.get, 1, digests, sigs, 0, nullptr, answers) == ISTHMUS_BAD_ARGUMENT);
  CHECK(isthmus_recover(nullptr, 1, digests, sigs, 0, keys, answers) == ISTHMUS_BAD_ARGUMENT);
}

TEST_CASE("capi: malformed signature rows are false, malformed anchors are the caller's") {
  const Engine engine;
  const std::string junk(31, 'x');
  const isthmus_bytes item = borrow(junk);
  uint8_t ok = 9;
  REQUIRE(isthmus_verify(engine.get, "ed25519-zip215", 1, &item, &item, &item, 0, &ok) == ISTHMUS_OK);
  CHECK(ok == 0);
  isthmus_verdict verdict;
  CHECK(isthmus_check(engine.get, "bitcoin-block", 1, &item, &item, &verdict) == ISTHMUS_BAD_ANCHOR);
}

TEST_CASE("capi: an input of no bytes is invalid, with a name for why") {
  const Engine engine;
  const isthmus_bytes nothing = {nullptr, 0};
  isthmus_verdict verdict;
  REQUIRE(isthmus_check(engine.get, "bitcoin-block", 1, &nothing, &nothing, &verdict) == ISTHMUS_OK);
  CHECK(verdict.status == ISTHMUS_INVALID);
  REQUIRE(isthmus_code_name(verdict.code) != nullptr);
  CHECK(std::string(isthmus_code_name(verdict.code)) == "truncated");
  CHECK(isthmus_code_name(65000) == nullptr);
}

TEST_CASE("capi: Merkle roots with a hash of choice, pairs and proofs") {
  const Engine engine;
  const isthmus_api* const api = isthmus_api_table();
  // Two leaves: the root is the hash of both, each is the other's proof.
  const std::string left(32, '\1'), right(32, '\2'), both = left + right, longer(64, '\1');
  const isthmus_bytes leaves[] = {borrow(left), borrow(right)};
  uint8_t sha256[32], sm3[32], pair[32], mutated = 7;
  REQUIRE(isthmus_merkle_root(engine.get, "chainmaker", 2, leaves, sha256, &mutated) == ISTHMUS_OK);
  CHECK(mutated == 0);
  REQUIRE(api->merkle_root_with(engine.get, "chainmaker", nullptr, 2, leaves, pair, &mutated) == ISTHMUS_OK);
  CHECK(std::memcmp(sha256, pair, 32) == 0);
  REQUIRE(api->merkle_root_with(engine.get, "chainmaker", "sm3", 2, leaves, sm3, &mutated) == ISTHMUS_OK);
  CHECK(std::memcmp(sha256, sm3, 32) != 0);
  REQUIRE(api->hash_pairs(engine.get, "sm3", 1, reinterpret_cast<const uint8_t*>(both.data()), pair) == ISTHMUS_OK);
  CHECK(std::memcmp(pair, sm3, 32) == 0);
  CHECK(isthmus_merkle_root_with(engine.get, "rfc6962", "sm3", 2, leaves, pair, &mutated) == ISTHMUS_UNKNOWN_NAME);
  CHECK(isthmus_hash_pairs(engine.get, "sha512", 1, sm3, pair) == ISTHMUS_UNKNOWN_NAME);
  CHECK(isthmus_hash_pairs(engine.get, "sm3", 1, nullptr, pair) == ISTHMUS_BAD_ARGUMENT);

  const uint64_t indices[] = {0, 1, 0, 2, 1};
  const isthmus_bytes claimed[] = {leaves[0], leaves[1], leaves[1], leaves[0], leaves[1]};
  const isthmus_bytes proofs[] = {leaves[1], leaves[0], leaves[0], leaves[1], borrow(longer)};
  uint8_t ok[5];
  REQUIRE(api->merkle_verify(engine.get, "chainmaker", "sm3", sm3, 2, 5, indices, claimed, proofs, ok) == ISTHMUS_OK);
  const uint8_t wanted[] = {1, 1, 0, 0, 0};
  CHECK(std::memcmp(ok, wanted, 5) == 0);
  CHECK(isthmus_merkle_verify(engine.get, "chainmaker", "sm3", nullptr, 2, 1, indices, claimed, proofs, ok) ==
        ISTHMUS_BAD_ARGUMENT);
  CHECK(isthmus_merkle_verify(engine.get, "oak", nullptr, sm3, 2, 1, indices, claimed, proofs, ok) ==
        ISTHMUS_UNKNOWN_NAME);
}

TEST_CASE("capi: a message in pieces") {
  const Engine engine;
  const isthmus_api* const api = isthmus_api_table();
  std::string message(5000, 'x');
  for (size_t i = 0; i < message.size(); ++i) message[i] = static_cast<char>(i * i);
  for (const char* name :
       {"sha256", "sha256d", "sha384", "sha512", "ripemd160", "hash160", "sm3", "keccak256", "sha3-256", "blake3"}) {
    isthmus_hasher* const hasher = api->hasher_new(name);
    REQUIRE(hasher != nullptr);
    CHECK(api->hasher_update(hasher, nullptr, 0) == ISTHMUS_OK);
    const isthmus_bytes parts[] = {{nullptr, 0}, {borrow(message).data, 3001}, borrow(message)};
    for (size_t i = 0; i < 3; ++i) {
      const size_t done = i == 0 ? 0 : parts[i - 1].len;
      REQUIRE(isthmus_hasher_update(hasher, borrow(message).data + done, parts[i].len - done) == ISTHMUS_OK);
      uint8_t whole[64], pieces[64];
      REQUIRE(isthmus_hash_many(engine.get, name, 1, &parts[i], whole) == ISTHMUS_OK);
      REQUIRE(isthmus_hasher_digest(hasher, pieces) == ISTHMUS_OK);
      CHECK(std::memcmp(whole, pieces, isthmus_digest_size(name)) == 0);
    }
    CHECK(isthmus_hasher_update(hasher, nullptr, 1) == ISTHMUS_BAD_ARGUMENT);
    CHECK(api->hasher_digest(hasher, nullptr) == ISTHMUS_BAD_ARGUMENT);
    api->hasher_free(hasher);
  }
  uint8_t digest[64];
  CHECK(isthmus_hasher_new("sha-256") == nullptr);
  CHECK(isthmus_hasher_new(nullptr) == nullptr);
  CHECK(isthmus_hasher_update(nullptr, digest, 1) == ISTHMUS_BAD_ARGUMENT);
  CHECK(isthmus_hasher_digest(nullptr, digest) == ISTHMUS_BAD_ARGUMENT);
  isthmus_hasher_free(nullptr);
}
