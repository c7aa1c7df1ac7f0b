// SHA-256 with plain C: the truth that the other tiers are compared with. About 64 x 20 operations per block.
#define ISTHMUS_TIER base
#define ISTHMUS_LANES U32x1
#include "hash/sha256_kernel.inl"

namespace isthmus::base {

void sha256_compress(u32* state, const u8* blocks, usize count) { sha256_lanes(state, &blocks, count); }

}  // namespace isthmus::base
