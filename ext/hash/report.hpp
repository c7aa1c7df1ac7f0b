// What the hash room chose on this machine and why, and single rows by name for tests.
//
// Operations: for each of sha256, sha512, ripemd160, sm3, keccak a *_compress, *_blocks and *_lanes; sha256_64,
// sha256d_64, sha256_node, sm3_64, keccak256_64; blake3_lanes, blake3_parent, blake3_parent_root.
#pragma once

#include <string_view>
#include <vector>

#include "cpu/row.hpp"

namespace isthmus::hash {

// Makes every choice now (self-tests included, well under 10 ms); later calls do nothing. For module load,
// before threads.
void init();

// One report per operation, as chosen.
std::vector<cpu::Report> report();

// The same after running the known answers of every row again; a row that fails now is `failed`. Choices
// stay.
std::vector<cpu::Report> self_test();

// Runs the row `tier` of `operation`; false if there is no such row or it may not run here.
//   *_compress  out: state words in native order (32, 64, 20 or 200 bytes), read and written; in: count blocks
//   *_64        out: count digests; in: 64 count bytes; so the blake3_parent and blake3_parent_root
//   *_blocks    out: count digests; in: count padded messages of `length` blocks
//   *_lanes     the same, through the row that scheduled messages of unequal length go through; of blake3 the
//               messages are unpadded chunks of `length` whole blocks, at most 16
// `length` counts only for the last two.
bool run_row(std::string_view operation, std::string_view tier, u8* out, const u8* in, usize length, usize count);

}  // namespace isthmus::hash
