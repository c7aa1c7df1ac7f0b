// BLAKE3, four chunks or nodes at a time, NEON (always there on AArch64).
#define ISTHMUS_TIER neon
#define ISTHMUS_LANES U32x4
#include "hash/blake3_kernel.inl"
