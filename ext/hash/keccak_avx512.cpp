// Keccak-f[1600], eight states at a time, AVX-512.
#define ISTHMUS_TIER avx512
#define ISTHMUS_LANES U64x8
#include "hash/keccak_kernel.inl"
