// ICS-23 over a store of three leaves that is made here with slow hashes: what holds, what is cut or changed, specs.
#include "merkle/ics23.hpp"

#include <doctest/doctest.h>

#include <string>

#include "hash/slow_test.hpp"
#include "merkle/ics23_proof.hpp"

using namespace isthmus;
using slow::Buffer;
namespace ics23 = merkle::ics23;

namespace {

Buffer text(const std::string& words) { return {words.begin(), words.end()}; }

Buffer operator+(Buffer a, const Buffer& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

// A field of a message; all lengths here are below 128.
Buffer field(u8 number, const Buffer& value) {
  return Buffer{static_cast<u8>(number << 3 | 2), static_cast<u8>(value.size())} + value;
}
Buffer field(u8 number, u8 value) { return {static_cast<u8>(number << 3), value}; }

const Buffer kLeafOp = field(1, u8{1}) + field(3, u8{1}) + field(4, u8{1}) + field(5, Buffer{0});

// The Tendermint spec with a given bound of its prefixes.
Buffer spec_of(u8 prefix_max) {
  const Buffer inner =
      field(1, Buffer{0, 1}) + field(2, u8{32}) + field(3, u8{1}) + field(4, prefix_max) + field(6, u8{1});
  return field(1, kLeafOp) + field(2, inner);
}

Buffer leaf(const Buffer& key, const Buffer& value) {
  return slow::sha256(Buffer{0, static_cast<u8>(key.size())} + key + Buffer{32} + slow::sha256(value));
}

Buffer left_step(const Buffer& right) { return field(1, u8{1}) + field(2, Buffer{1}) + field(3, right); }
Buffer right_step(const Buffer& left) { return field(1, u8{1}) + field(2, Buffer{1} + left); }

// ((b, d), f) under values named like their keys.
struct Store {
  Buffer b = text("b"), d = text("d"), f = text("f");
  Buffer lower = slow::sha256(Buffer{1} + leaf(b, b) + leaf(d, d));
  Buffer root = slow::sha256(Buffer{1} + lower + leaf(f, f));

  static Buffer exist(const Buffer& key, const std::vector<Buffer>& steps) {
    Buffer out = field(1, key) + field(2, key) + field(3, kLeafOp);
    for (const Buffer& step : steps) out = out + field(4, step);
    return out;
  }
  Buffer of_b() const { return exist(b, {left_step(leaf(d, d)), left_step(leaf(f, f))}); }
  Buffer of_d() const { return exist(d, {right_step(leaf(b, b)), left_step(leaf(f, f))}); }
  Buffer of_f() const { return exist(f, {right_step(lower)}); }
};

// A message with lengths of two bytes, for what is too long for field().
Buffer long_field(u8 number, const Buffer& value) {
  if (value.size() < 128) return field(number, value);
  return Buffer{static_cast<u8>(number << 3 | 2), static_cast<u8>(value.size() | 0x80),
                static_cast<u8>(value.size() >> 7)} +
         value;
}

bool holds(const Buffer& root, const Buffer& proof, const Buffer& key, const Buffer* value) {
  const Buffer bytes = spec_of(1);
  ics23::Spec spec;
  REQUIRE(ics23::read_spec(bytes, spec) == nullptr);
  const ics23::Link link = {&spec, key, proof};
  const ics23::Statement statement = {
      {&link, 1}, root, value != nullptr, value != nullptr ? Bytes(*value) : Bytes(), true};
  u8 ok = 0xee;
  ics23::verify({&statement, 1}, &ok);
  CHECK(ok <= 1);
  return ok == 1;
}

TEST_CASE("ICS-23: existence, and nothing when a byte is missing or changed") {
  const Store store;
  for (const auto& [key, body] : {std::pair{store.b, store.of_b()}, {store.d, store.of_d()}, {store.f, store.of_f()}}) {
    const Buffer proof = long_field(1, body);
    CHECK(holds(store.root, proof, key, &key));
    CHECK_FALSE(holds(store.root, proof, key, nullptr));
    CHECK_FALSE(holds(store.lower, proof, key, &key));
    CHECK_FALSE(holds(store.root, proof + Buffer{0}, key, &key));
    for (usize i = 0; i < proof.size(); ++i) {
      Buffer changed = proof;
      changed[i] ^= static_cast<u8>(1 << i % 8);
      CHECK_FALSE(holds(store.root, changed, key, &key));
      CHECK_FALSE(holds(store.root, {proof.begin(), proof.begin() + static_cast<i64>(i)}, key, &key));
    }
  }
}

TEST_CASE("ICS-23: absence between neighbours and at the ends only") {
  const Store store;
  const auto absent = [&](const Buffer& body, const char* key) {
    return holds(store.root, long_field(2, body), text(key), nullptr);
  };
  const Buffer between = long_field(2, store.of_b()) + long_field(3, store.of_d());
  CHECK(absent(between, "c"));
  CHECK_FALSE(absent(between, "b"));
  CHECK_FALSE(absent(between, "d"));
  CHECK_FALSE(absent(between, "e"));
  CHECK(absent(long_field(2, store.of_d()) + long_field(3, store.of_f()), "e"));
  CHECK_FALSE(absent(long_field(2, store.of_b()) + long_field(3, store.of_f()), "c"));
  CHECK_FALSE(absent(long_field(2, store.of_b()) + long_field(3, store.of_b()), "c"));
  CHECK(absent(long_field(3, store.of_b()), "a"));
  CHECK(absent(long_field(2, store.of_f()), "g"));
  CHECK_FALSE(absent(long_field(3, store.of_d()), "a"));
  CHECK_FALSE(absent(long_field(2, store.of_d()), "g"));
  CHECK_FALSE(absent({}, "g"));
}

TEST_CASE("ICS-23: a chain of stores") {
  const Store store;
  const Buffer name = text("ibc");
  const Buffer outer = leaf(name, store.root);
  const Buffer bytes = spec_of(1);
  ics23::Spec spec;
  REQUIRE(ics23::read_spec(bytes, spec) == nullptr);
  const Buffer inner_proof = long_field(1, store.of_f());
  const Buffer outer_proof = long_field(1, field(1, name) + field(2, store.root) + field(3, kLeafOp));
  const ics23::Link links[] = {{&spec, store.f, inner_proof}, {&spec, name, outer_proof}};
  const ics23::Statement statements[] = {
      {links, outer, true, store.f, false},
      {links, outer, true, store.b, false},
      {links, store.root, true, store.f, false},
      {{links, 1}, store.root, true, store.f, false},
      {{links + 1, 1}, outer, true, store.root, false},
      {{}, outer, true, store.f, false},
  };
  u8 ok[6];
  ics23::verify(statements, ok);
  const u8 wanted[6] = {1, 0, 0, 1, 1, 0};
  for (usize i = 0; i < 6; ++i) CHECK(ok[i] == wanted[i]);
}

TEST_CASE("ICS-23: specs under which a node could be read as another") {
  const auto wrong = [](const Buffer& bytes) {
    ics23::Spec spec;
    return ics23::read_spec(bytes, spec) != nullptr;
  };
  CHECK_FALSE(wrong(spec_of(1)));
  CHECK_FALSE(wrong(spec_of(32)));
  CHECK(wrong(spec_of(33)));  // min_prefix_length + child_size
  CHECK(wrong({}));
  CHECK(wrong(spec_of(1) + field(3, u8{0})));
  const Buffer whole = spec_of(1);
  for (usize i = 0; i < whole.size(); ++i) CHECK(wrong({whole.begin(), whole.begin() + static_cast<i64>(i)}));
}

TEST_CASE("ICS-23: proofs that are larger than any tree stop early") {
  ics23::Proof proof;
  Buffer body = Store().of_f();
  for (usize i = 0; i < 100000; ++i) body.insert(body.end(), {0x22, 0x00});
  const usize size = body.size();
  const Buffer whole =
      Buffer{0x0a, static_cast<u8>(size | 0x80), static_cast<u8>((size >> 7) | 0x80), static_cast<u8>(size >> 14)} +
      body;
  CHECK_FALSE(ics23::read_proof(whole, 128, proof));
  CHECK(proof.ops.size() <= 130);
}

}  // namespace
