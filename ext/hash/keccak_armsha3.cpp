// Keccak-f[1600], two states at a time, NEON with the instructions of the SHA-3 extension of ARMv8.2.
#define ISTHMUS_TIER armsha3
#define ISTHMUS_LANES U64x2
#include "hash/keccak_kernel.inl"
