// Keccak-f[1600] with plain C: the truth that the other tiers are compared with. About 24 x 150 operations per block.
#define ISTHMUS_TIER base
#define ISTHMUS_LANES U64x1
#include "hash/keccak_kernel.inl"

namespace isthmus::base {

void keccak_compress(u64* state, const u8* blocks, usize count) { keccak_lanes(state, &blocks, count); }

}  // namespace isthmus::base
