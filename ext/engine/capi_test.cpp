// The C surface as an embedder meets it: right answers, and every kind of wrong call.
#include <doctest/doctest.h>

#include <cstring>
#include <string>
#include <vector>

#include "include/isthmus/isthmus.h"

namespace {

isthmus_bytes borrow(const std::string& text) { return {reinterpret_cast<const uint8_t*>(text.data()), text.size()}; }

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
