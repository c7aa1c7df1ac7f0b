// Messages of one length, of few blocks: there is nothing to schedule. Their padding is written once into rows of
// whole blocks, and each pass copies so many messages over what is not padding. Headers, keys and digests are of this
// kind.
//
// Measured against the scheduler on a Zen 4 server core with GCC 12, ns a message of 100,000 rows: HASH160 of 33 bytes
// 41 for 57, double SHA-256 of 80 bytes 69 for 87, SHA-256 of 32 bytes 23 for 38, SM3 of 32 bytes 24 for 37, Keccak-256
// of 64 bytes 49 for 60, SHA-512 of 80 bytes 55 for 70. BLAKE3 has its own road.
#include <algorithm>
#include <type_traits>

#include "hash/gathered.hpp"
#include "hash/keccak.hpp"
#include "hash/ripemd160.hpp"
#include "hash/segments.hpp"
#include "hash/sha256.hpp"
#include "hash/sha512.hpp"
#include "hash/sm3.hpp"

namespace isthmus::hash {
namespace {

// Of whole blocks: four of 64, two of 128 or 136. There a tenth is gained still; four of 136 lose as much.
constexpr usize kBytesMost = 272;
constexpr usize kRows = 64;    // of a pass: a few of the widest lanes, within the first-level cache
constexpr usize kRowsMin = 4;  // from here on a tenth is gained, whatever the hash

// Where messages come from and digests go to. Source has size(), first(n), after(n) and
//   void copy(u8* out, usize i)   message i
//   u8* place(u8* own)            where all digests go: `own`, or at once to where they belong
//   void hand_out(const u8* own)  from there
//   const u8* one_piece()         all messages, when they lie side by side, else null
template <usize kDigest>
class OfMessages {
 public:
  explicit OfMessages(std::span<const Message> messages) : messages_(messages) {}
  usize size() const { return messages_.size(); }
  OfMessages first(usize n) const { return OfMessages(messages_.first(n)); }
  OfMessages after(usize n) const { return OfMessages(messages_.subspan(n)); }

  void copy(u8* out, usize i) const { copy_message(out, messages_[i]); }
  static u8* place(u8* own) { return own; }
  void hand_out(const u8* own) const {
    for (usize i = 0; i < messages_.size(); ++i) memcpy(messages_[i].out, own + kDigest * i, kDigest);
  }
  static const u8* one_piece() { return nullptr; }

 private:
  std::span<const Message> messages_;
};

template <usize kDigest>
class OfRows {
 public:
  OfRows(const EvenRows& rows, usize count, u8* out) : rows_(rows), count_(count), out_(out) {}
  usize size() const { return count_; }
  OfRows first(usize n) const { return OfRows(rows_, n, out_); }
  OfRows after(usize n) const { return OfRows(rows_.from(n), count_ - n, out_ + kDigest * n); }

  void copy(u8* out, usize i) const {
    if (rows_.width != 0) copy_bytes(out, rows_.from(i).first, rows_.width);
  }
  u8* place(u8*) const { return out_; }
  static void hand_out(const u8*) {}
  const u8* one_piece() const {
    return rows_.stride == static_cast<std::ptrdiff_t>(rows_.width) ? rows_.first : nullptr;
  }

 private:
  EvenRows rows_;
  usize count_;
  u8* out_;
};

// Blocks of `size` bytes at `blocks`, a pass of messages at a time, for run(digests, blocks, count).
template <usize kDigest, typename Source, typename Run>
void in_passes(Source source, u8* blocks, usize size, Run&& run) {
  u8 own[kDigest * kRows];
  while (source.size() != 0) {
    const Source here = source.first(std::min(kRows, source.size()));
    for (usize i = 0; i < here.size(); ++i) here.copy(blocks + size * i, i);
    run(here.place(own), blocks, here.size());
    here.hand_out(own);
    source = source.after(here.size());
  }
}

// ---- roads ----

// run(digests, blocks, blocks of a message, count)
template <typename Core, usize kDigest, typename Source, typename Run>
bool padded(const Source& source, usize width, Run&& run) {
  const usize length = (width + Core::kLengthBytes) / Core::kBlock + 1;
  const usize size = Core::kBlock * length;
  if (size > kBytesMost) return false;
  alignas(64) u8 blocks[kBytesMost * kRows];
  for (usize i = 0; i < std::min(kRows, source.size()); ++i) {
    u8* const row = blocks + size * i;
    memset(row + width, 0, size - width);
    row[width] = Core::kPad;
    Stream<Core>::store_end(row + size, width);
  }
  in_passes<kDigest>(source, blocks, size, [&](u8* out, const u8* in, usize count) { run(out, in, length, count); });
  return true;
}

template <typename Core, typename Source>
bool once(const Source& source, usize width, Blocks run) {
  return padded<Core, Core::kDigest>(source, width, run);
}

// Outer of SHA-256.
template <typename Outer, typename Source>
bool of_sha256(const Source& source, usize width, Blocks outer) {
  alignas(64) u8 of_digest[Outer::kBlock * kRows];
  for (usize i = 0; i < std::min(kRows, source.size()); ++i) pad_digest<Outer>(of_digest + Outer::kBlock * i);
  const auto outer_of = [&](u8* out, const u8* inner, usize count) {
    for (usize i = 0; i < count; ++i) {
      memcpy(of_digest + Outer::kBlock * i, inner + kSha256Digest * i, kSha256Digest);
    }
    outer(out, of_digest, 1, count);
  };
  u8 inner[kSha256Digest * kRows];
  if (width == 64) {  // whose padding block is known beforehand
    alignas(64) u8 blocks[64 * kRows];
    in_passes<Outer::kDigest>(source, blocks, 64, [&](u8* out, const u8* in, usize count) {
      sha256_64(inner, in, count);
      outer_of(out, inner, count);
    });
    return true;
  }
  return padded<Sha256Core, Outer::kDigest>(source, width, [&](u8* out, const u8* in, usize length, usize count) {
    sha256_blocks(inner, in, length, count);
    outer_of(out, inner, count);
  });
}

template <typename Source>
bool of_64(const Source& source, Of64 run) {
  if (const u8* const all = source.one_piece()) {
    run(source.place(nullptr), all, source.size());
    return true;
  }
  alignas(64) u8 blocks[64 * kRows];
  in_passes<32>(source, blocks, 64, run);
  return true;
}

// source(digest bytes) gives the messages, of `width` bytes each.
template <typename Make>
bool digest_from(Hash hash, usize width, const Make& source) {
  constexpr std::integral_constant<usize, kSha512Digest> k64;
  constexpr std::integral_constant<usize, 32> k32;
  constexpr std::integral_constant<usize, kRipemd160Digest> k20;
  switch (hash) {
    case Hash::sha256:
      return width == 64 ? of_64(source(k32), sha256_64) : once<Sha256Core>(source(k32), width, sha256_blocks);
    case Hash::sha256d:
      return width == 64 ? of_64(source(k32), sha256d_64) : of_sha256<Sha256Core>(source(k32), width, sha256_blocks);
    case Hash::hash160:
      return of_sha256<Ripemd160Core>(source(k20), width, ripemd160_blocks);
    case Hash::ripemd160:
      return once<Ripemd160Core>(source(k20), width, ripemd160_blocks);
    case Hash::sm3:
      return width == 64 ? of_64(source(k32), sm3_64) : once<Sm3Core>(source(k32), width, sm3_blocks);
    case Hash::keccak256:
      return width == 64 ? of_64(source(k32), keccak256_64) : once<Keccak256Core>(source(k32), width, keccak_blocks);
    case Hash::sha3_256:
      return once<Sha3Core>(source(k32), width, keccak_blocks);
    case Hash::sha512:
      return once<Sha512Core>(source(k64), width, sha512_blocks);
    case Hash::blake3:
    case Hash::sha384:
      return false;
  }
  return false;
}

bool equal_lengths(std::span<const Message> messages, u64 length) {
  return std::all_of(messages.begin(), messages.end(), [&](const Message& each) { return length_of(each) == length; });
}

}  // namespace

bool digest_even(Hash hash, std::span<const Message> messages) {
  if (messages.size() < kRowsMin) return false;
  const u64 width = length_of(messages[0]);
  if (width > kBytesMost || !equal_lengths(messages, width)) return false;
  return digest_from(hash, static_cast<usize>(width), [&](auto digest) { return OfMessages<digest()>(messages); });
}

bool digest_rows(Hash hash, const EvenRows& rows, usize count, u8* out) {
  if (count < kRowsMin || rows.width > kBytesMost) return false;
  return digest_from(hash, rows.width, [&](auto digest) { return OfRows<digest()>(rows, count, out); });
}

}  // namespace isthmus::hash
