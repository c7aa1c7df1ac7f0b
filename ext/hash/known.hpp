// Known answers of rows that hash many messages. The answers come through the plain compression, one message at
// a time: a road that no lane code shares, and itself held to typed answers by its own row's test.
#pragma once

#include <algorithm>

#include "hash/rows.hpp"

namespace isthmus::hash {

inline constexpr usize kKnownMost = 35;  // items of the longest call

// `call(out, in, count)` must give the expected digests for every count and leave the byte after them alone.
template <usize kDigest, typename Call>
bool known_counts(const u8* expected, const u8* in, Call&& call) {
  constexpr usize kCounts[] = {0, 1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 32, 33, kKnownMost};
  constexpr u8 kCanary = 0xa5;
  u8 out[kDigest * kKnownMost + 1];
  for (const usize count : kCounts) {
    memset(out, kCanary, sizeof(out));
    call(out, in, count);
    if (memcmp(out, expected, kDigest * count) != 0 || out[kDigest * count] != kCanary) return false;
  }
  return true;
}

// The lanes of the row that runs `run`; 0 if none does.
template <typename Word, usize N>
usize lanes_of(const cpu::Row<Lanes<Word>> (&rows)[N], Lanes<Word> run) {
  for (const auto& row : rows) {
    if (row.run == run) return row.lanes;
  }
  return 0;
}

template <typename Core>
struct Known {
  using Word = typename Core::Word;

  static constexpr usize kMost = kKnownMost;
  static constexpr usize kLengthMost = 3;
  static constexpr usize kPadding = 1 + Core::kLengthBytes;  // the shortest

  // Pads `len` bytes at `message` in place to `length` blocks.
  static void pad(u8* message, usize len, usize length) {
    memset(message + len, 0, Core::kBlock * length - len);
    message[len] = Core::kPad;
    Stream<Core>::store_end(message + Core::kBlock * length, len);
  }

  // Message i of `len` bytes: 0, 1, 2, .. for i = 0; its neighbours differ from it in every word.
  static void message(u8* out, usize len, usize i) {
    for (usize j = 0; j < len; ++j) out[j] = static_cast<u8>(j + 67 * i);
  }

  static void start(Word* state) { memcpy(state, Core::kStart, sizeof(Core::kStart)); }

  static void digest(Compress<Word> base, u8* out, const u8* padded, usize length) {
    Word state[Core::kWords];
    start(state);
    base(state, padded, length);
    Stream<Core>::store_digest(out, state, 1);
  }

  static bool blocks(Compress<Word> base, Blocks run) {
    for (usize length = 1; length <= kLengthMost; ++length) {
      u8 in[Core::kBlock * kLengthMost * kMost];
      u8 expected[Core::kDigest * kMost];
      for (usize i = 0; i < kMost; ++i) {
        u8* const at = in + Core::kBlock * length * i;
        message(at, Core::kBlock * length - kPadding, i);
        pad(at, Core::kBlock * length - kPadding, length);
        digest(base, expected + Core::kDigest * i, at, length);
      }
      const auto call = [&](u8* out, const u8* from, usize count) { run(out, from, length, count); };
      if (!known_counts<Core::kDigest>(expected, in, call)) return false;
    }
    return true;
  }

  static void once(u8*) {}

  // Messages of 64 bytes behind `before` (a few bytes): also in place, as Merkle levels use it. `then` makes of a
  // digest what `run` gives; `first` is what it gives for message 0, typed.
  static bool of_64(Compress<Word> base, Of64 run, const u8* first, void (*then)(u8* digest) = once,
                    Bytes before = {}) {
    const usize length = (before.size() + 64 + kPadding + Core::kBlock - 1) / Core::kBlock;
    u8 in[64 * kMost];
    u8 expected[Core::kDigest * kMost];
    for (usize i = 0; i < kMost; ++i) {
      u8 padded[Core::kBlock * kLengthMost];
      message(in + 64 * i, 64, i);
      std::copy(before.begin(), before.end(), padded);
      memcpy(padded + before.size(), in + 64 * i, 64);
      pad(padded, before.size() + 64, length);
      digest(base, expected + Core::kDigest * i, padded, length);
      then(expected + Core::kDigest * i);
    }
    if (memcmp(expected, first, Core::kDigest) != 0) return false;
    if (!known_counts<Core::kDigest>(expected, in, run)) return false;
    run(in, in, kMost);
    return memcmp(in, expected, sizeof(expected)) == 0;
  }

  // Every lane another message at another place, absorbed in two calls of unequal length. The table says how many
  // lanes `run` has.
  template <usize N>
  static bool lanes(Compress<Word> base, Lanes<Word> run, const cpu::Row<Lanes<Word>> (&rows)[N]) {
    const usize lane_count = lanes_of(rows, run);
    if (lane_count == 0 || lane_count > kLanesMost) return false;
    u8 in[Core::kBlock * (kLengthMost + 1) * kLanesMost];
    const u8* at[kLanesMost];
    Word state[Core::kWords * kLanesMost];
    for (usize i = 0; i < lane_count; ++i) {
      u8* const place =
          in + Core::kBlock * (kLengthMost + 1) * (lane_count - 1 - i) + i;  // neither ordered nor aligned
      message(place, Core::kBlock * kLengthMost, i);
      at[i] = place;
      for (usize w = 0; w < Core::kWords; ++w) state[lane_count * w + i] = Core::kStart[w];
    }
    run(state, at, 0);
    run(state, at, 1);
    for (usize i = 0; i < lane_count; ++i) at[i] += Core::kBlock;
    run(state, at, kLengthMost - 1);
    for (usize i = 0; i < lane_count; ++i) {
      Word expected[Core::kWords];
      start(expected);
      base(expected, at[i] - Core::kBlock, kLengthMost);
      for (usize w = 0; w < Core::kWords; ++w) {
        if (state[lane_count * w + i] != expected[w]) return false;
      }
    }
    return true;
  }
};

}  // namespace isthmus::hash
