// SHA-512, two messages at a time, NEON (always there on AArch64).
#define ISTHMUS_TIER neon
#define ISTHMUS_LANES U64x2
#include "hash/sha512_kernel.inl"
