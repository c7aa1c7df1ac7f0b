// RIPEMD-160 with plain C: the truth that the other tiers are compared with. About 160 x 10 operations per block.
#define ISTHMUS_TIER base
#define ISTHMUS_LANES U32x1
#include "hash/ripemd160_kernel.inl"

namespace isthmus::base {

void ripemd160_compress(u32* state, const u8* blocks, usize count) { ripemd160_lanes(state, &blocks, count); }

}  // namespace isthmus::base
