// SHA-512, eight messages at a time, AVX-512 (vprorq, vpternlogq).
#define ISTHMUS_TIER avx512
#define ISTHMUS_LANES U64x8
#include "hash/sha512_kernel.inl"
