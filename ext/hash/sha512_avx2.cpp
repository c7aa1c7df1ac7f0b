// SHA-512, four messages at a time, AVX2.
#define ISTHMUS_TIER avx2
#define ISTHMUS_LANES U64x4
#include "hash/sha512_kernel.inl"
