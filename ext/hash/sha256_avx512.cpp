// SHA-256, sixteen messages at a time, AVX-512.
#define ISTHMUS_TIER avx512
#define ISTHMUS_LANES U32x16
#include "hash/sha256_kernel.inl"
