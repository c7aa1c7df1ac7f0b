#include "exec/remembered.hpp"

#include "hash/hash.hpp"

namespace isthmus::exec {
namespace {

// Scheme, flags and the three lengths: with them no two rows spell the same bytes.
constexpr usize kHead = 22;

void write_head(u8* out, Scheme scheme, const sig::Row& row) {
  out[0] = static_cast<u8>(scheme);
  out[1] = static_cast<u8>(static_cast<u32>(scheme) >> 8);
  store_le32(out + 2, row.flags & ~kSigRemember);
  store_le32(out + 6, row.key_len);
  store_le32(out + 10, row.sig_len);
  store_le64(out + 14, row.msg_len);
}

}  // namespace

std::vector<RowDigest> digests_of(Scheme scheme, std::span<const sig::Row> rows) {
  constexpr usize kSegments = 4;
  std::vector<RowDigest> out(rows.size());
  std::vector<u8> heads(kHead * rows.size());
  std::vector<hash::Segment> segments;
  segments.reserve(kSegments * rows.size());  // messages point into it
  std::vector<hash::Message> messages;
  messages.reserve(rows.size());
  for (usize i = 0; i < rows.size(); ++i) {
    const sig::Row& row = rows[i];
    const hash::Segment* const first = segments.data() + segments.size();
    write_head(heads.data() + kHead * i, scheme, row);
    segments.push_back({heads.data() + kHead * i, kHead});
    segments.push_back({row.key, row.key_len});
    segments.push_back({row.sig, row.sig_len});
    segments.push_back({row.msg, static_cast<usize>(row.msg_len)});
    messages.push_back({first, kSegments, out[i].data()});
  }
  hash::digest_many(Hash::sha256, messages);
  return out;
}

Remembered::Remembered() : made_by_(getpid()) {
  // Without the kernel's randomness places could be aimed at, which would cost time, never a wrong answer.
  if (getentropy(salt_, sizeof salt_) != 0) {
    salt_[0] = 0x9E3779B97F4A7C15;
    salt_[1] = 0xC2B2AE3D27D4EB4F;
  }
}

Remembered::Entry* Remembered::set_of(const RowDigest& digest) {
  const u128 product =
      static_cast<u128>(load_le64(digest.data()) ^ salt_[0]) * (load_le64(digest.data() + 8) ^ salt_[1]);
  const u64 mixed = static_cast<u64>(product) ^ static_cast<u64>(product >> 64);
  return entries_.data() + kWays * (mixed % kSets);
}

std::vector<Remembered::Outcome> Remembered::find(std::span<const RowDigest> rows) {
  std::vector<Outcome> out(rows.size(), Outcome::unknown);
  if (is_forked()) return out;
  const std::lock_guard<std::mutex> lock(mutex_);
  if (entries_.empty()) return out;
  for (usize i = 0; i < rows.size(); ++i) {
    const Entry* const set = set_of(rows[i]);
    for (usize way = 0; way < kWays; ++way) {
      if (set[way].outcome == Outcome::unknown || set[way].digest != rows[i]) continue;
      out[i] = set[way].outcome;
      ++hits_;
      break;
    }
  }
  return out;
}

void Remembered::keep(std::span<const RowDigest> rows, std::span<const u8> ok) {
  if (rows.empty() || is_forked()) return;
  const std::lock_guard<std::mutex> lock(mutex_);
  if (entries_.empty()) entries_.resize(kSets * kWays);
  for (usize i = 0; i < rows.size(); ++i) {
    Entry* const set = set_of(rows[i]);
    usize way = 0;
    while (way < kWays && set[way].outcome != Outcome::unknown && set[way].digest != rows[i]) ++way;
    // A full set: some bits of the digest that the place does not follow from say which one goes.
    if (way == kWays) way = rows[i][31] % kWays;
    set[way] = {rows[i], ok[i] != 0 ? Outcome::holds : Outcome::fails};
  }
}

u64 Remembered::hits() const {
  if (is_forked()) return 0;
  const std::lock_guard<std::mutex> lock(mutex_);
  return hits_;
}

}  // namespace isthmus::exec
