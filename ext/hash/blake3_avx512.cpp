// BLAKE3, sixteen chunks or nodes at a time, AVX-512 (vprord).
#define ISTHMUS_TIER avx512
#define ISTHMUS_LANES U32x16
#include "hash/blake3_kernel.inl"
