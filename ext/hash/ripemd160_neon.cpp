// RIPEMD-160, four messages at a time, NEON (always there on AArch64).
#define ISTHMUS_TIER neon
#define ISTHMUS_LANES U32x4
#include "hash/ripemd160_kernel.inl"
