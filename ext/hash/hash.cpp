// Many messages of any shape; see hash.hpp.
//
// Short messages of the SHA-256 family are gathered by their number of padded blocks until a pass of lanes is
// full, so that messages of mixed lengths still fill lanes; messages of exactly 64 bytes keep their own,
// cheaper pass. Everything else is streamed alone. Cost beside the compressions: one copy of each short
// message.
#include "hash/hash.hpp"

#include <memory>

#include "base/check.hpp"
#include "hash/ripemd160.hpp"
#include "hash/sha256.hpp"
#include "hash/sha512.hpp"
#include "hash/sm3.hpp"

namespace isthmus::hash {
namespace {

constexpr usize kPass = 16;                       // messages gathered before a pass: the widest tier's lanes
constexpr usize kBlocksMax = 8;                   // longer messages gain little from lanes and would need large buffers
constexpr usize kShortMax = 64 * kBlocksMax - 9;  // longest message of kBlocksMax blocks
constexpr usize kGatherMin = 3;                   // below this many messages, gathering cannot fill anything
constexpr usize kLong = ~usize{0};

// The length of a message, or kLong when it is above kShortMax: the sum stops before it could wrap.
usize short_len(const Message& message) {
  usize total = 0;
  for (usize i = 0; i < message.segment_count; ++i) {
    if (message.segments[i].len > kShortMax - total) return kLong;
    total += message.segments[i].len;
  }
  return total;
}

void gather(u8* out, const Message& message) {
  for (usize i = 0; i < message.segment_count; ++i) {
    const Segment& segment = message.segments[i];
    if (segment.len != 0) memcpy(out, segment.data, segment.len);
    out += segment.len;
  }
}

template <typename Core>
void stream_one(u8* out, const Message& message) {
  Stream<Core> stream;
  for (usize i = 0; i < message.segment_count; ++i) {
    stream.update({message.segments[i].data, message.segments[i].len});
  }
  stream.finish(out);
}

template <typename Core>
void stream_all(std::span<const Message> messages) {
  for (const Message& message : messages) stream_one<Core>(message.out, message);
}

// From the SHA-256 of a message to the digest that the caller asked for.
void finish_inner(Hash hash, u8* out, const u8* inner) {
  if (hash == Hash::sha256) memcpy(out, inner, kSha256Digest);
  if (hash == Hash::sha256d) sha256(out, {inner, kSha256Digest});
  if (hash == Hash::hash160) ripemd160(out, {inner, kSha256Digest});
}

void stream_sha256(Hash hash, const Message& message) {
  u8 inner[kSha256Digest];
  stream_one<Sha256Core>(inner, message);
  finish_inner(hash, message.out, inner);
}

// Gathers short messages: shelf b holds up to kPass messages of b padded blocks, shelf 0 those of exactly 64
// bytes.
class Shelves {
 public:
  explicit Shelves(Hash hash) : hash_(hash), store_(std::make_unique_for_overwrite<u8[]>(base_of(kBlocksMax + 1))) {}

  void put(const Message& message, usize len) {
    const usize shelf = len == 64 ? 0 : (len + 8) / 64 + 1;
    const usize size = 64 * blocks_of(shelf);
    u8* slot = store_.get() + base_of(shelf) + size * held_[shelf];
    gather(slot, message);
    if (shelf != 0) {
      slot[len] = 0x80;
      memset(slot + len + 1, 0, size - len - 1);
      store_be64(slot + size - 8, u64{len} * 8);
    }
    outs_[shelf][held_[shelf]++] = message.out;
    if (held_[shelf] == kPass) flush(shelf);
  }

  void flush_all() {
    for (usize shelf = 0; shelf <= kBlocksMax; ++shelf) flush(shelf);
  }

 private:
  static constexpr usize blocks_of(usize shelf) { return shelf == 0 ? 1 : shelf; }

  // A slot of shelf 0 is one block, of shelf b it is b: before shelf b stand 1 + b (b - 1) / 2 blocks per
  // slot.
  static constexpr usize base_of(usize shelf) { return shelf == 0 ? 0 : 64 * kPass * (1 + shelf * (shelf - 1) / 2); }

  void flush(usize shelf) {
    const usize count = held_[shelf];
    if (count == 0) return;
    held_[shelf] = 0;
    u8 digests[kSha256Digest * kPass];
    const u8* in = store_.get() + base_of(shelf);
    if (shelf == 0 && hash_ == Hash::sha256d) {
      sha256d_64(digests, in, count);
    } else if (shelf == 0) {
      sha256_64(digests, in, count);
    } else {
      sha256_blocks(digests, in, shelf, count);
      if (hash_ == Hash::sha256d) again(digests, count);
    }
    for (usize i = 0; i < count; ++i) {
      const u8* digest = digests + kSha256Digest * i;
      if (hash_ == Hash::hash160) {
        ripemd160(outs_[shelf][i], {digest, kSha256Digest});
      } else {
        memcpy(outs_[shelf][i], digest, kSha256Digest);
      }
    }
  }

  // The second hash of SHA-256d, all digests of a pass at once.
  static void again(u8* digests, usize count) {
    u8 padded[64 * kPass] = {};
    for (usize i = 0; i < count; ++i) {
      memcpy(padded + 64 * i, digests + kSha256Digest * i, kSha256Digest);
      padded[64 * i + 32] = 0x80;
      store_be64(padded + 64 * i + 56, 256);
    }
    sha256_blocks(digests, padded, 1, count);
  }

  Hash hash_;
  std::unique_ptr<u8[]> store_;  // about 37 KiB, never cleared
  u8* outs_[kBlocksMax + 1][kPass];
  usize held_[kBlocksMax + 1] = {};
};

void sha256_family(Hash hash, std::span<const Message> messages) {
  if (messages.size() < kGatherMin) {
    for (const Message& message : messages) stream_sha256(hash, message);
    return;
  }
  Shelves shelves(hash);
  for (const Message& message : messages) {
    const usize len = short_len(message);
    if (len == kLong) {
      stream_sha256(hash, message);
    } else {
      shelves.put(message, len);
    }
  }
  shelves.flush_all();
}

}  // namespace

void digest_many(Hash hash, std::span<const Message> messages) {
  switch (hash) {
    case Hash::sha256:
    case Hash::sha256d:
    case Hash::hash160:
      return sha256_family(hash, messages);
    case Hash::sha512:
      return stream_all<Sha512Core>(messages);
    case Hash::ripemd160:
      return stream_all<Ripemd160Core>(messages);
    case Hash::sm3:
      return stream_all<Sm3Core>(messages);
  }
  ISTHMUS_CHECK(false);  // ids come from hashes.def; the caller has refused others
}

}  // namespace isthmus::hash
