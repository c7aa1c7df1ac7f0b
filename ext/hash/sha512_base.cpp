// SHA-512 with plain C: the truth that the other tiers are compared with. About 80 x 20 operations per block.
#define ISTHMUS_TIER base
#define ISTHMUS_LANES U64x1
#include "hash/sha512_kernel.inl"

namespace isthmus::base {

void sha512_compress(u64* state, const u8* blocks, usize count) { sha512_lanes(state, &blocks, count); }

}  // namespace isthmus::base
