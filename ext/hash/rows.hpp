// Inside of the hash room: what its files give to each other and to their tests, and what all of them need to run one
// named row.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "cpu/row.hpp"
#include "hash/hash.hpp"
#include "hash/stream.hpp"

namespace isthmus::hash {

// Types of the operations by the word of a state; the *_tiers.hpp say what they do.
template <typename Word>
using Compress = void (*)(Word* state, const u8* blocks, usize count);
template <typename Word>
using Lanes = void (*)(Word* state, const u8* const* blocks, usize length);
using Blocks = void (*)(u8* out, const u8* in, usize length, usize count);
using Of64 = void (*)(u8* out, const u8* in, usize count);

inline constexpr usize kLanesMost = 16;  // of any row

// Usable rows of a *_lanes operation, best first; the last has one lane or needs no second message.
template <typename Word>
using LaneRows = std::span<const cpu::Row<Lanes<Word>>* const>;
LaneRows<u32> sha256_lane_rows();
LaneRows<u64> sha512_lane_rows();
LaneRows<u32> ripemd160_lane_rows();
LaneRows<u32> sm3_lane_rows();
LaneRows<u64> keccak_lane_rows();
LaneRows<u32> blake3_lane_rows();

// blake3_many of blake3.hpp with these rows for its chunks, for tests of one row or of some.
void blake3_many_with(LaneRows<u32> rows, std::span<const Message> messages);

// The same as digest_rows of messages wherever they are.
bool digest_even(Hash hash, std::span<const Message> messages);

struct RowCall {
  std::string_view operation;
  std::string_view tier;
  u8* out;
  const u8* in;
  usize length;
  usize count;
};

// Append one report per operation of the file; `again` re-runs the known answers.
void append_sha256_reports(bool again, std::vector<cpu::Report>& out);
void append_sha512_reports(bool again, std::vector<cpu::Report>& out);
void append_ripemd160_reports(bool again, std::vector<cpu::Report>& out);
void append_sm3_reports(bool again, std::vector<cpu::Report>& out);
void append_keccak_reports(bool again, std::vector<cpu::Report>& out);
void append_blake3_reports(bool again, std::vector<cpu::Report>& out);

// Run one named row; false if the file has no such operation, or the tier is unknown or may not run here.
bool run_sha256_row(const RowCall& call);
bool run_sha512_row(const RowCall& call);
bool run_ripemd160_row(const RowCall& call);
bool run_sm3_row(const RowCall& call);
bool run_keccak_row(const RowCall& call);
bool run_blake3_row(const RowCall& call);

// ---- one named row ----

template <typename Core>
bool run_compress(Compress<typename Core::Word> run, const RowCall& call) {
  if (run == nullptr) return false;
  typename Core::Word state[Core::kWords];
  memcpy(state, call.out, sizeof(state));
  run(state, call.in, call.count);
  memcpy(call.out, state, sizeof(state));
  return true;
}

inline bool run_blocks(Blocks run, const RowCall& call) {
  if (run != nullptr) run(call.out, call.in, call.length, call.count);
  return run != nullptr;
}

inline bool run_of_64(Of64 run, const RowCall& call) {
  if (run != nullptr) run(call.out, call.in, call.count);
  return run != nullptr;
}

// A *_lanes row over padded messages, as *_blocks takes them; lanes without a message repeat the first of the pass.
template <typename Core>
bool run_lanes(const cpu::Row<Lanes<typename Core::Word>>* row, const RowCall& call) {
  if (row == nullptr) return false;
  const usize lanes = row->lanes;
  for (usize first = 0; first < call.count; first += lanes) {
    const usize here = call.count - first < lanes ? call.count - first : lanes;
    typename Core::Word state[Core::kWords * kLanesMost];
    const u8* blocks[kLanesMost];
    for (usize i = 0; i < lanes; ++i) {
      blocks[i] = call.in + Core::kBlock * call.length * (first + (i < here ? i : 0));
      for (usize w = 0; w < Core::kWords; ++w) state[lanes * w + i] = Core::kStart[w];
    }
    row->run(state, blocks, call.length);
    for (usize i = 0; i < here; ++i) {
      Stream<Core>::store_digest(call.out + Core::kDigest * (first + i), state + i, lanes);
    }
  }
  return true;
}

}  // namespace isthmus::hash
