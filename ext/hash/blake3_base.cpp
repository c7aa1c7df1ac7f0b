// BLAKE3, one chunk or node at a time with plain C: the truth that the other tiers are compared with.
#define ISTHMUS_TIER base
#define ISTHMUS_LANES U32x1
#include "hash/blake3_kernel.inl"
