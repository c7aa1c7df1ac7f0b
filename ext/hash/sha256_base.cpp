// SHA-256 with plain C: the truth that the other tiers are compared with. About 64 x 20 operations per block.
#define ISTHMUS_TIER base
#define ISTHMUS_LANES U32x1
#include "hash/sha256_kernel.inl"

namespace isthmus::base {

void sha256_compress(u32* state, const u8* blocks, usize count) {
  V s[8];
  for (usize i = 0; i < 8; ++i) s[i] = V::load(state + i);
  for (; count != 0; --count) {
    V w[16];
    load_block(w, blocks, 64);
    compress(s, w);
    blocks += 64;
  }
  for (usize i = 0; i < 8; ++i) s[i].store(state + i);
}

}  // namespace isthmus::base
