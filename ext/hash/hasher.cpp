#include "hash/hasher.hpp"

#include <type_traits>

#include "base/check.hpp"

namespace isthmus::hash {

// What copies its bytes cannot be left without a value, so that std::visit has nothing to throw.
static_assert(std::is_trivially_copyable_v<Hasher>);

usize block_size(Hash hash) {
  switch (hash) {
    case Hash::sha384:
    case Hash::sha512:
      return Sha512Core::kBlock;
    case Hash::keccak256:
    case Hash::sha3_256:
      return Sha3Core::kBlock;
    case Hash::sha256:
    case Hash::sha256d:
    case Hash::ripemd160:
    case Hash::hash160:
    case Hash::sm3:
    case Hash::blake3:
      return 64;
  }
  return 0;
}

Hasher::Hasher(Hash hash) : hash_(hash) {
  switch (hash) {
    case Hash::sha256:
    case Hash::sha256d:
    case Hash::hash160:
      stream_.emplace<Sha256>();
      return;
    case Hash::sha512:
      stream_.emplace<Sha512>();
      return;
    case Hash::sha384:
      stream_.emplace<Sha384>();
      return;
    case Hash::ripemd160:
      stream_.emplace<Ripemd160>();
      return;
    case Hash::sm3:
      stream_.emplace<Sm3>();
      return;
    case Hash::keccak256:
      stream_.emplace<Keccak256>();
      return;
    case Hash::sha3_256:
      stream_.emplace<Sha3_256>();
      return;
    case Hash::blake3:
      stream_.emplace<Blake3>();
      return;
  }
  ISTHMUS_CHECK(false);  // ids come from hashes.def; the caller has refused others
}

void Hasher::update(Bytes data) {
  std::visit([&](auto& stream) { stream.update(data); }, stream_);
}

void Hasher::digest(u8* out) const {
  u8 whole[kSha512Digest];  // the longest
  std::visit([&](auto stream) { stream.finish(whole); }, stream_);
  if (hash_ == Hash::sha256d) return sha256(out, {whole, kSha256Digest});
  if (hash_ == Hash::hash160) return ripemd160(out, {whole, kSha256Digest});
  memcpy(out, whole, digest_size(hash_));
}

}  // namespace isthmus::hash
