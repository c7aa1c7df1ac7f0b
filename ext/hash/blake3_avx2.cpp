// BLAKE3, eight chunks or nodes at a time, AVX2.
#define ISTHMUS_TIER avx2
#define ISTHMUS_LANES U32x8
#include "hash/blake3_kernel.inl"
