// Many messages of any shape; see hash.hpp and schedule.hpp.
//
// Messages of one short length go straight through their kernels (even.cpp). Messages of exactly 64 bytes, for which
// some hashes have a cheaper pass, are gathered for it; so are the inner digests of the double hashes. Everything else
// is scheduled over lanes; BLAKE3, whose messages are trees, by itself.
#include "hash/hash.hpp"

#include "base/check.hpp"
#include "hash/blake3.hpp"
#include "hash/gathered.hpp"
#include "hash/keccak.hpp"
#include "hash/ripemd160.hpp"
#include "hash/schedule.hpp"
#include "hash/sha256.hpp"
#include "hash/sha512.hpp"
#include "hash/sm3.hpp"

namespace isthmus::hash {
namespace {

constexpr usize kLanesWorth = 3;  // with fewer messages no row of lanes is worth its set-up

template <usize kDigest>
void put_message(Gathered<kDigest>& gathered, const Message& message) {
  copy_message(gathered.block(), message);
  gathered.put(message.out);
}

// ---- sinks of the schedule ----

template <typename Core>
struct Direct {
  static bool take(const Message&, u64) { return false; }
  static void finish(const Message& message, const typename Core::Word* state, usize stride) {
    Stream<Core>::store_digest(message.out, state, stride);
  }
  static void flush() {}
};

// Hashes that have a pass for 64 bytes.
template <typename Core>
class DirectWith64 {
 public:
  explicit DirectWith64(Of64 of64) : of64_(of64) {}

  bool take(const Message& message, u64 length) {
    if (length == 64) put_message(of64_, message);
    return length == 64;
  }
  static void finish(const Message& message, const typename Core::Word* state, usize stride) {
    Stream<Core>::store_digest(message.out, state, stride);
  }
  void flush() { of64_.flush(); }

 private:
  Gathered<Core::kDigest> of64_;
};

// Outer of SHA-256.
template <typename Outer>
class OfSha256 {
 public:
  OfSha256(Of64 of64, Of64 of_digest) : of64_(of64), of_digest_(of_digest) { of_digest_.template pad_digests<Outer>(); }

  bool take(const Message& message, u64 length) {
    if (length == 64) put_message(of64_, message);
    return length == 64;
  }
  void finish(const Message& message, const u32* state, usize stride) {
    Sha256::store_digest(of_digest_.block(), state, stride);
    of_digest_.put(message.out);
  }
  void flush() {
    of64_.flush();
    of_digest_.flush();
  }

 private:
  Gathered<Outer::kDigest> of64_;
  Gathered<Outer::kDigest> of_digest_;
};

void sha256_of_digest(u8* out, const u8* in, usize count) { sha256_blocks(out, in, 1, count); }
void ripemd160_of_digest(u8* out, const u8* in, usize count) { ripemd160_blocks(out, in, 1, count); }

void hash160_64(u8* out, const u8* in, usize count) {
  u8 inner[kSha256Digest * kPass];
  u8 blocks[64 * kPass];
  sha256_64(inner, in, count);
  for (usize i = 0; i < count; ++i) {
    memcpy(blocks + 64 * i, inner + kSha256Digest * i, kSha256Digest);
    pad_digest<Ripemd160Core>(blocks + 64 * i);
  }
  ripemd160_blocks(out, blocks, 1, count);
}

// ---- roads ----

template <typename Core>
void stream_one(u8* out, const Message& message) {
  Stream<Core> stream;
  for (usize i = 0; i < message.segment_count; ++i) {
    stream.update({message.segments[i].data, message.segments[i].len});
  }
  stream.finish(out);
}

void stream_hash(Hash hash, const Message& message) {
  u8 inner[kSha256Digest];
  switch (hash) {
    case Hash::sha256:
      return stream_one<Sha256Core>(message.out, message);
    case Hash::sha256d:
      stream_one<Sha256Core>(inner, message);
      return sha256(message.out, inner);
    case Hash::hash160:
      stream_one<Sha256Core>(inner, message);
      return ripemd160(message.out, inner);
    case Hash::sha512:
      return stream_one<Sha512Core>(message.out, message);
    case Hash::sha384:
      return stream_one<Sha384Core>(message.out, message);
    case Hash::ripemd160:
      return stream_one<Ripemd160Core>(message.out, message);
    case Hash::sm3:
      return stream_one<Sm3Core>(message.out, message);
    case Hash::keccak256:
      return stream_one<Keccak256Core>(message.out, message);
    case Hash::sha3_256:
      return stream_one<Sha3Core>(message.out, message);
    case Hash::blake3:  // never asked for one by one
      break;
  }
  ISTHMUS_CHECK(false);
}

template <typename Core, typename Sink>
void schedule(std::span<const Message> messages, LaneRows<typename Core::Word> rows, Sink&& sink) {
  Schedule<Core, Sink> work(messages, sink);
  work.run(rows);
  sink.flush();
}

}  // namespace

void digest_many(Hash hash, std::span<const Message> messages) {
  // Trees fill the lanes by themselves, a single message's too.
  if (hash == Hash::blake3) return blake3_many(messages);
  if (messages.size() < kLanesWorth) {
    for (const Message& message : messages) stream_hash(hash, message);
    return;
  }
  if (digest_even(hash, messages)) return;
  switch (hash) {
    case Hash::sha256:
      return schedule<Sha256Core>(messages, sha256_lane_rows(), DirectWith64<Sha256Core>(sha256_64));
    case Hash::sha256d:
      return schedule<Sha256Core>(messages, sha256_lane_rows(), OfSha256<Sha256Core>(sha256d_64, sha256_of_digest));
    case Hash::hash160:
      return schedule<Sha256Core>(messages, sha256_lane_rows(),
                                  OfSha256<Ripemd160Core>(hash160_64, ripemd160_of_digest));
    case Hash::sha512:
      return schedule<Sha512Core>(messages, sha512_lane_rows(), Direct<Sha512Core>());
    case Hash::sha384:
      return schedule<Sha384Core>(messages, sha512_lane_rows(), Direct<Sha384Core>());
    case Hash::ripemd160:
      return schedule<Ripemd160Core>(messages, ripemd160_lane_rows(), Direct<Ripemd160Core>());
    case Hash::sm3:
      return schedule<Sm3Core>(messages, sm3_lane_rows(), DirectWith64<Sm3Core>(sm3_64));
    case Hash::keccak256:
      return schedule<Keccak256Core>(messages, keccak_lane_rows(), DirectWith64<Keccak256Core>(keccak256_64));
    case Hash::sha3_256:
      return schedule<Sha3Core>(messages, keccak_lane_rows(), Direct<Sha3Core>());
    case Hash::blake3:  // settled above
      break;
  }
  ISTHMUS_CHECK(false);  // ids come from hashes.def; the caller has refused others
}

}  // namespace isthmus::hash
