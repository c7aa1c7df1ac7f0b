// Keccak-f[1600], four states at a time, AVX2.
#define ISTHMUS_TIER avx2
#define ISTHMUS_LANES U64x4
#include "hash/keccak_kernel.inl"
