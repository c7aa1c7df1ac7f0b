// Edwards25519 in lanes, eight at a time, AVX-512 with double-precision multiply-adds.
#define ISTHMUS_TIER avx512
#define ISTHMUS_FE52 Fe52Fma8
#include "curve/ed25519_kernel.inl"
