// Edwards25519 in lanes, eight at a time, AVX-512 with 52-bit multiply-adds.
#define ISTHMUS_TIER ifma
#define ISTHMUS_FE52 Fe52Ifma
#include "curve/ed25519_kernel.inl"
