// RIPEMD-160 in plain C; see ripemd160.hpp. The two lines of the algorithm are independent and interleave by
// themselves.
#include "hash/ripemd160.hpp"

#include <utility>

#include "hash/rows.hpp"
#include "hash/sha256.hpp"

namespace isthmus::hash {
namespace {

using Ripemd160Compress = void (*)(u32* state, const u8* blocks, usize count);

// Word order and rotation of step j: `left` and `right` are the paper's two parallel lines.
constexpr u8 kLeftWord[80] = {0, 1,  2,  3,  4,  5,  6,  7,  8,  9, 10, 11, 12, 13, 14, 15,  //
                              7, 4,  13, 1,  10, 6,  15, 3,  12, 0, 9,  5,  2,  14, 11, 8,   //
                              3, 10, 14, 4,  9,  15, 8,  1,  2,  7, 0,  6,  13, 11, 5,  12,  //
                              1, 9,  11, 10, 0,  8,  12, 4,  13, 3, 7,  15, 14, 5,  6,  2,   //
                              4, 0,  5,  9,  7,  12, 2,  10, 14, 1, 3,  8,  11, 6,  15, 13};
constexpr u8 kRightWord[80] = {5,  14, 7,  0, 9, 2,  11, 4,  13, 6,  15, 8,  1,  10, 3,  12,  //
                               6,  11, 3,  7, 0, 13, 5,  10, 14, 15, 8,  12, 4,  9,  1,  2,   //
                               15, 5,  1,  3, 7, 14, 6,  9,  11, 8,  12, 2,  10, 0,  4,  13,  //
                               8,  6,  4,  1, 3, 11, 15, 0,  5,  12, 2,  13, 9,  7,  10, 14,  //
                               12, 15, 10, 4, 1, 5,  8,  7,  6,  2,  13, 14, 0,  3,  9,  11};
constexpr u8 kLeftTurn[80] = {11, 14, 15, 12, 5,  8,  7,  9,  11, 13, 14, 15, 6,  7,  9,  8,   //
                              7,  6,  8,  13, 11, 9,  7,  15, 7,  12, 15, 9,  11, 7,  13, 12,  //
                              11, 13, 6,  7,  14, 9,  13, 15, 14, 8,  13, 6,  5,  12, 7,  5,   //
                              11, 12, 14, 15, 14, 15, 9,  8,  9,  14, 5,  6,  8,  6,  5,  12,  //
                              9,  15, 5,  11, 6,  8,  13, 12, 5,  12, 13, 14, 11, 8,  5,  6};
constexpr u8 kRightTurn[80] = {8,  9,  9,  11, 13, 15, 15, 5,  7,  7,  8,  11, 14, 14, 12, 6,   //
                               9,  13, 15, 7,  12, 8,  9,  11, 7,  7,  12, 7,  6,  15, 13, 11,  //
                               9,  7,  15, 11, 8,  6,  6,  14, 12, 13, 5,  14, 13, 13, 7,  5,   //
                               15, 5,  8,  11, 14, 14, 6,  14, 6,  9,  12, 9,  12, 5,  15, 8,   //
                               8,  5,  12, 9,  12, 5,  14, 6,  8,  13, 6,  5,  15, 13, 11, 11};
// Integer parts of 2^30 times the square (left) and cube (right) roots of 2, 3, 5, 7.
constexpr u32 kLeftRound[5] = {0, 0x5a827999, 0x6ed9eba1, 0x8f1bbcdc, 0xa953fd4e};
constexpr u32 kRightRound[5] = {0x50a28be6, 0x5c4dd124, 0x6d703ef3, 0x7a6d76e9, 0};

inline u32 rotl(u32 x, u32 bits) { return (x << bits) | (x >> (32 - bits)); }

template <int kKind>
inline u32 mix(u32 x, u32 y, u32 z) {
  if constexpr (kKind == 0) return x ^ y ^ z;
  if constexpr (kKind == 1) return z ^ (x & (y ^ z));
  if constexpr (kKind == 2) return (x | ~y) ^ z;
  if constexpr (kKind == 3) return y ^ (z & (x ^ y));
  return x ^ (y | ~z);
}

// Step J of one line with the registers renamed instead of moved: role r (a = 0 .. e = 4) is in slot (r - J)
// mod 5, so 80 steps bring every role back to its own slot. Every turn is in 5..15, so the rotations are
// defined.
template <usize J, int kKind>
inline void step(u32 (&s)[5], const u32* words, const u8* order, const u8* turns, u32 c) {
  constexpr usize kShift = 5 - J % 5;
  u32& a = s[kShift % 5];
  const u32 b = s[(kShift + 1) % 5];
  u32& turned = s[(kShift + 2) % 5];
  const u32 d = s[(kShift + 3) % 5];
  const u32 e = s[(kShift + 4) % 5];
  a = rotl(a + mix<kKind>(b, turned, d) + words[order[J]] + c, turns[J]) + e;
  turned = rotl(turned, 10);
}

template <usize... J>
inline void all_steps(u32 (&left)[5], u32 (&right)[5], const u32* words, std::index_sequence<J...>) {
  ((step<J, J / 16>(left, words, kLeftWord, kLeftTurn, kLeftRound[J / 16]),
    step<J, 4 - J / 16>(right, words, kRightWord, kRightTurn, kRightRound[J / 16])),
   ...);
}

void base_compress(u32* state, const u8* blocks, usize count) {
  for (; count != 0; --count) {
    u32 words[16];
    for (usize i = 0; i < 16; ++i) words[i] = load_le32(blocks + 4 * i);
    u32 left[5] = {state[0], state[1], state[2], state[3], state[4]};
    u32 right[5] = {state[0], state[1], state[2], state[3], state[4]};
    all_steps(left, right, words, std::make_index_sequence<80>());
    const u32 first = state[1] + left[2] + right[3];
    state[1] = state[2] + left[3] + right[4];
    state[2] = state[3] + left[4] + right[0];
    state[3] = state[4] + left[0] + right[1];
    state[4] = state[0] + left[1] + right[2];
    state[0] = first;
    blocks += 64;
  }
}

constexpr cpu::Row<Ripemd160Compress> kCompress[] = {
    {"base", cpu::kNone, 1, 1, base_compress},
};

// The paper's examples "abc" and the 448-bit message, which needs two blocks.
bool known_compress(Ripemd160Compress run) {
  constexpr u8 kAbc[20] = {0x8e, 0xb2, 0x08, 0xf7, 0xe0, 0x5d, 0x98, 0x7a, 0x9b, 0x04,
                           0x4a, 0x8e, 0x98, 0xc6, 0xb0, 0x87, 0xf1, 0x5a, 0x0b, 0xfc};
  constexpr u8 kTwoBlocks[20] = {0x12, 0xa0, 0x53, 0x38, 0x4a, 0x9c, 0x0c, 0x88, 0xe4, 0x05,
                                 0xa0, 0x6c, 0x27, 0xdc, 0xf4, 0x9a, 0xda, 0x62, 0xeb, 0x2b};
  u8 blocks[128] = {'a', 'b', 'c', 0x80};
  store_le64(blocks + 56, 24);
  u32 state[5];
  memcpy(state, Ripemd160Core::kStart, sizeof(state));
  run(state, blocks, 0);
  if (memcmp(state, Ripemd160Core::kStart, sizeof(state)) != 0) return false;
  run(state, blocks, 1);
  for (usize i = 0; i < 5; ++i) {
    if (state[i] != load_le32(kAbc + 4 * i)) return false;
  }
  memset(blocks, 0, sizeof(blocks));
  memcpy(blocks, "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 56);
  blocks[56] = 0x80;
  store_le64(blocks + 120, 448);
  memcpy(state, Ripemd160Core::kStart, sizeof(state));
  run(state, blocks, 2);
  for (usize i = 0; i < 5; ++i) {
    if (state[i] != load_le32(kTwoBlocks + 4 * i)) return false;
  }
  return true;
}

const auto& compress_choice() {
  static const cpu::Choice value("ripemd160_compress", kCompress, known_compress);
  return value;
}

}  // namespace

void ripemd160_compress(u32* state, const u8* blocks, usize count) { compress_choice().best()(state, blocks, count); }

void ripemd160(u8* out, Bytes message) {
  Ripemd160 stream;
  stream.update(message);
  stream.finish(out);
}

void hash160(u8* out, Bytes message) {
  u8 inner[kSha256Digest];
  sha256(inner, message);
  ripemd160(out, inner);
}

void append_ripemd160_reports(bool again, std::vector<cpu::Report>& out) {
  out.push_back(compress_choice().report(again));
}

bool run_ripemd160_row(const RowCall& call) {
  if (call.operation != "ripemd160_compress") return false;
  const Ripemd160Compress run = compress_choice().named(call.tier);
  if (run == nullptr) return false;
  u32 state[5];
  memcpy(state, call.out, sizeof(state));
  run(state, call.in, call.count);
  memcpy(call.out, state, sizeof(state));
  return true;
}

}  // namespace isthmus::hash
