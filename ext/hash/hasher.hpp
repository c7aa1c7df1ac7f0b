// One message in pieces under a hash whose name is known at run time: the streams of all hashes as one type.
#pragma once

#include <variant>

#include "base/ids.hpp"
#include "hash/blake3.hpp"
#include "hash/keccak.hpp"
#include "hash/ripemd160.hpp"
#include "hash/sha256.hpp"
#include "hash/sha512.hpp"
#include "hash/sm3.hpp"

namespace isthmus::hash {

// Bytes that the hash takes in at a time; of a double hash, the inner one's.
usize block_size(Hash hash);

// Plain data: copying it forks the message. One thread at a time.
class Hasher {
 public:
  explicit Hasher(Hash hash);

  Hash hash() const { return hash_; }

  void update(Bytes data);

  // Writes digest_size(hash()) bytes: the digest of everything so far. The message may go on.
  void digest(u8* out) const;

 private:
  Hash hash_;
  std::variant<Sha256, Sha384, Sha512, Ripemd160, Sm3, Keccak256, Sha3_256, Blake3> stream_;
};

}  // namespace isthmus::hash
