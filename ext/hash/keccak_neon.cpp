// Keccak-f[1600], two states at a time, NEON (always there on AArch64).
#define ISTHMUS_TIER neon
#define ISTHMUS_LANES U64x2
#include "hash/keccak_kernel.inl"
