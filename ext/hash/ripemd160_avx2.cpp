// RIPEMD-160, eight messages at a time, AVX2.
#define ISTHMUS_TIER avx2
#define ISTHMUS_LANES U32x8
#include "hash/ripemd160_kernel.inl"
