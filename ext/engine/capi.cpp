// The C surface over Engine: names looked up, null pointers refused, memory exhaustion turned into a return value.
#include <algorithm>
#include <memory>
#include <mutex>
#include <new>

#include "engine/engine.hpp"
#include "hash/hasher.hpp"
#include "hash/report.hpp"
#include "include/isthmus/isthmus.h"
#include "sig/report.hpp"

struct isthmus_engine {
  explicit isthmus_engine(isthmus::u32 threads) : engine(threads, isthmus::Limits{}) {}
  isthmus::engine::Engine engine;
};

struct isthmus_hasher {
  explicit isthmus_hasher(isthmus::Hash hash) : hasher(hash) {}
  std::mutex lock;
  isthmus::hash::Hasher hasher;
};

namespace {

using isthmus::Bytes;
using isthmus::u32;
using isthmus::u8;
using isthmus::usize;

class Borrowed : public isthmus::engine::Rows {
 public:
  Borrowed(const isthmus_bytes* items, usize count) : items_(items), count_(count) {}
  usize size() const override { return count_; }
  Bytes operator[](usize i) const override { return {items_[i].data, items_[i].len}; }

  bool readable() const {
    if (items_ == nullptr) return count_ == 0;
    return std::all_of(items_, items_ + count_, [](const isthmus_bytes& item) { return item.data || item.len == 0; });
  }

 private:
  const isthmus_bytes* items_;
  usize count_;
};

// Runs `work`, which returns an ISTHMUS_ value.
template <typename Work>
int guarded(Work&& work) {
  try {
    return work();
  } catch (const std::bad_alloc&) {
    return ISTHMUS_NO_MEMORY;
  }
}

void fill(isthmus_verdict& out, const isthmus::engine::Outcome& outcome) {
  out.status = static_cast<u32>(outcome.status);
  out.code = static_cast<u32>(outcome.code);
  out.finding_count = static_cast<u32>(outcome.findings.size());
  const usize len = std::min(outcome.place.size(), sizeof(out.place) - 1);
  std::copy_n(outcome.place.data(), len, out.place);
  std::fill(out.place + len, std::end(out.place), '\0');
}

// A run of memory cut into rows of one width.
class Cut : public isthmus::engine::Rows {
 public:
  Cut(const u8* data, usize width, usize count) : data_(data), width_(width), count_(count) {}
  usize size() const override { return count_; }
  Bytes operator[](usize i) const override { return {data_ + width_ * i, width_}; }
  const u8* contiguous(usize width) const override { return width == width_ ? data_ : nullptr; }

 private:
  const u8* data_;
  usize width_;
  usize count_;
};

// The rule of that name with that hash, null meaning its usual one.
bool find_rule(const char* name, const char* hash, isthmus::merkle::Rule& rule) {
  const isthmus::Tree* const tree = isthmus::engine::find_tree(name);
  const isthmus::Hash* const open = hash == nullptr ? &isthmus::kUsualHash : isthmus::engine::find_hash(hash);
  return tree != nullptr && open != nullptr && isthmus::merkle::rule_of(*tree, *open, rule);
}

constexpr isthmus_api kApi = {
    ISTHMUS_API_VERSION, sizeof(isthmus_api), isthmus_engine_new,       isthmus_engine_free,   isthmus_check,
    isthmus_verify,      isthmus_hash_many,   isthmus_digest_size,      isthmus_merkle_root,   isthmus_code_name,
    isthmus_verify_with, isthmus_recover,     isthmus_merkle_root_with, isthmus_merkle_verify, isthmus_hash_pairs,
    isthmus_hasher_new,  isthmus_hasher_free, isthmus_hasher_update,    isthmus_hasher_digest};

}  // namespace

isthmus_engine* isthmus_engine_new(uint32_t threads) {
  if (threads < 1 || threads > 1024) return nullptr;
  isthmus::hash::init();
  isthmus::sig::init();
  return new (std::nothrow) isthmus_engine(threads);
}

void isthmus_engine_free(isthmus_engine* engine) { delete engine; }

int isthmus_check(isthmus_engine* engine, const char* chain, size_t count, const isthmus_bytes* inputs,
                  const isthmus_bytes* anchors, isthmus_verdict* verdicts) {
  const Borrowed in(inputs, count);
  const Borrowed trusted(anchors, count);
  if (!engine || !chain || !verdicts || !in.readable() || !trusted.readable()) return ISTHMUS_BAD_ARGUMENT;
  const isthmus::chain::Chain* const found = isthmus::engine::find_chain(chain);
  if (found == nullptr) return ISTHMUS_UNKNOWN_NAME;
  return guarded([&] {
    std::vector<isthmus::engine::Outcome> outcomes;
    isthmus::engine::BadAnchor bad{};
    if (!engine->engine.check(*found, in, trusted, outcomes, bad)) return ISTHMUS_BAD_ANCHOR;
    for (usize i = 0; i < count; ++i) fill(verdicts[i], outcomes[i]);
    return ISTHMUS_OK;
  });
}

int isthmus_verify(isthmus_engine* engine, const char* scheme, size_t count, const isthmus_bytes* keys,
                   const isthmus_bytes* messages, const isthmus_bytes* signatures, uint32_t flags, uint8_t* ok) {
  return isthmus_verify_with(engine, scheme, count, keys, messages, signatures, flags, nullptr, ok);
}

int isthmus_verify_with(isthmus_engine* engine, const char* scheme, size_t count, const isthmus_bytes* keys,
                        const isthmus_bytes* messages, const isthmus_bytes* signatures, uint32_t flags,
                        const isthmus_bytes* signer_id, uint8_t* ok) {
  const Borrowed k(keys, count);
  const Borrowed m(messages, count);
  const Borrowed s(signatures, count);
  if (!engine || !scheme || !ok || !k.readable() || !m.readable() || !s.readable()) return ISTHMUS_BAD_ARGUMENT;
  if (signer_id != nullptr && !Borrowed(signer_id, 1).readable()) return ISTHMUS_BAD_ARGUMENT;
  const isthmus::Scheme* const found = isthmus::engine::find_scheme(scheme);
  if (found == nullptr) return ISTHMUS_UNKNOWN_NAME;
  return guarded([&] {
    // Answers are built aside: a call that fails half-way leaves no half of them behind.
    std::vector<u8> answers(count);
    isthmus::sig::Context context;
    if (signer_id != nullptr) context.signer_id = {signer_id->data, signer_id->len};
    engine->engine.verify(*found, k, m, s, flags, answers.data(), context);
    std::copy(answers.begin(), answers.end(), ok);
    return ISTHMUS_OK;
  });
}

int isthmus_recover(isthmus_engine* engine, size_t count, const isthmus_bytes* digests, const isthmus_bytes* signatures,
                    uint32_t flags, uint8_t* keys, uint8_t* ok) {
  const Borrowed d(digests, count);
  const Borrowed s(signatures, count);
  if (!engine || !keys || !ok || !d.readable() || !s.readable()) return ISTHMUS_BAD_ARGUMENT;
  return guarded([&] {
    std::vector<u8> found(isthmus::sig::kRecoveredKey * count);
    std::vector<u8> answers(count);
    engine->engine.recover(d, s, flags, found.data(), answers.data());
    std::copy(found.begin(), found.end(), keys);
    std::copy(answers.begin(), answers.end(), ok);
    return ISTHMUS_OK;
  });
}

int isthmus_hash_many(isthmus_engine* engine, const char* hash, size_t count, const isthmus_bytes* messages,
                      uint8_t* digests) {
  const Borrowed m(messages, count);
  if (!engine || !hash || !digests || !m.readable()) return ISTHMUS_BAD_ARGUMENT;
  const isthmus::Hash* const found = isthmus::engine::find_hash(hash);
  if (found == nullptr) return ISTHMUS_UNKNOWN_NAME;
  return guarded([&] {
    engine->engine.hash_many(*found, m, digests);
    return ISTHMUS_OK;
  });
}

size_t isthmus_digest_size(const char* hash) {
  const isthmus::Hash* const found = hash ? isthmus::engine::find_hash(hash) : nullptr;
  return found == nullptr ? 0 : isthmus::digest_size(*found);
}

isthmus_hasher* isthmus_hasher_new(const char* hash) {
  const isthmus::Hash* const found = hash ? isthmus::engine::find_hash(hash) : nullptr;
  if (found == nullptr) return nullptr;
  isthmus::hash::init();
  return new (std::nothrow) isthmus_hasher(*found);
}

void isthmus_hasher_free(isthmus_hasher* hasher) { delete hasher; }

int isthmus_hasher_update(isthmus_hasher* hasher, const uint8_t* data, size_t len) {
  if (!hasher || (data == nullptr && len != 0)) return ISTHMUS_BAD_ARGUMENT;
  const std::lock_guard<std::mutex> locked(hasher->lock);
  hasher->hasher.update({data, len});
  return ISTHMUS_OK;
}

int isthmus_hasher_digest(isthmus_hasher* hasher, uint8_t* digest) {
  if (!hasher || !digest) return ISTHMUS_BAD_ARGUMENT;
  const std::lock_guard<std::mutex> locked(hasher->lock);
  hasher->hasher.digest(digest);
  return ISTHMUS_OK;
}

int isthmus_merkle_root(isthmus_engine* engine, const char* rule, size_t count, const isthmus_bytes* leaves,
                        uint8_t* root, uint8_t* mutated) {
  return isthmus_merkle_root_with(engine, rule, nullptr, count, leaves, root, mutated);
}

int isthmus_merkle_root_with(isthmus_engine* engine, const char* rule, const char* hash, size_t count,
                             const isthmus_bytes* leaves, uint8_t* root, uint8_t* mutated) {
  const Borrowed l(leaves, count);
  if (!engine || !rule || !root || !mutated || !l.readable()) return ISTHMUS_BAD_ARGUMENT;
  isthmus::merkle::Rule found;
  if (!find_rule(rule, hash, found)) return ISTHMUS_UNKNOWN_NAME;
  for (usize i = 0; i < count && found.leaf != isthmus::merkle::Leaf::prefixed; ++i) {
    if (leaves[i].len != isthmus::merkle::kNode) return ISTHMUS_BAD_ARGUMENT;
  }
  return guarded([&] {
    *mutated = engine->engine.merkle_root(found, l, root) ? 0 : 1;
    return ISTHMUS_OK;
  });
}

int isthmus_merkle_verify(isthmus_engine* engine, const char* rule, const char* hash, const uint8_t* root,
                          uint64_t leaf_count, size_t count, const uint64_t* indices, const isthmus_bytes* leaves,
                          const isthmus_bytes* proofs, uint8_t* ok) {
  const Borrowed l(leaves, count);
  const Borrowed p(proofs, count);
  if (!engine || !rule || !root || !ok || !l.readable() || !p.readable()) return ISTHMUS_BAD_ARGUMENT;
  if (indices == nullptr && count != 0) return ISTHMUS_BAD_ARGUMENT;
  isthmus::merkle::Rule found;
  if (!find_rule(rule, hash, found)) return ISTHMUS_UNKNOWN_NAME;
  return guarded([&] {
    std::vector<u8> answers(count);
    const uint64_t counts[] = {leaf_count};
    engine->engine.merkle_verify(found, Cut(root, isthmus::merkle::kNode, 1), {indices, count}, counts, l, p,
                                 answers.data());
    std::copy(answers.begin(), answers.end(), ok);
    return ISTHMUS_OK;
  });
}

int isthmus_hash_pairs(isthmus_engine* engine, const char* hash, size_t count, const uint8_t* pairs, uint8_t* digests) {
  if (!engine || !hash || !digests || (pairs == nullptr && count != 0)) return ISTHMUS_BAD_ARGUMENT;
  const isthmus::merkle::Pairs found = isthmus::engine::find_pairs(hash);
  if (found == nullptr) return ISTHMUS_UNKNOWN_NAME;
  return guarded([&] {
    engine->engine.hash_pairs(found, Cut(pairs, 2 * isthmus::merkle::kNode, count), digests);
    return ISTHMUS_OK;
  });
}

const char* isthmus_code_name(uint32_t code) {
  for (const isthmus::CodeEntry& entry : isthmus::kCodes) {
    if (static_cast<u32>(entry.code) == code) return entry.name;
  }
  return nullptr;
}

const isthmus_api* isthmus_api_table(void) { return &kApi; }
