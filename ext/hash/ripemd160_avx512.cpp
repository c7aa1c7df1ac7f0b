// RIPEMD-160, sixteen messages at a time, AVX-512 (vprold, vpternlogd).
#define ISTHMUS_TIER avx512
#define ISTHMUS_LANES U32x16
#include "hash/ripemd160_kernel.inl"
