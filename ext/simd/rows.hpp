// Rows of words to lanes, for lane types of any word: sizeof(V) is kLanes words.
#pragma once

#include "base/bytes.hpp"
#include "simd/intrinsics.hpp"

namespace isthmus::simd {
namespace {

// w[j] lane i = word j (native order) of the sixteen words at rows[i] + offset, for j < 16 and i < kLanes.
template <typename V>
ISTHMUS_INLINE void load_rows16(V (&w)[16], const u8* const* rows, usize offset) {
  constexpr usize kWord = sizeof(V) / V::kLanes;
  for (usize block = 0; block < 16; block += V::kLanes) {
    V x[V::kLanes];
    for (usize i = 0; i < V::kLanes; ++i) x[i] = V::load(rows[i] + offset + kWord * block);
    transpose(x);
    for (usize j = 0; j < V::kLanes; ++j) w[block + j] = x[j];
  }
}

}  // namespace
}  // namespace isthmus::simd
