// SM3 with plain C: the truth that the other tiers are compared with. About 64 x 25 operations per block.
#define ISTHMUS_TIER base
#define ISTHMUS_LANES U32x1
#include "hash/sm3_kernel.inl"

namespace isthmus::base {

void sm3_compress(u32* state, const u8* blocks, usize count) { sm3_lanes(state, &blocks, count); }

}  // namespace isthmus::base
