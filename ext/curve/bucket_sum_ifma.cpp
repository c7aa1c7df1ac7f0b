// Sums over many points of secp256k1, eight windows at a time, AVX-512 with 52-bit multiply-adds.
#define ISTHMUS_TIER ifma
#define ISTHMUS_FE52 Fe52Ifma
#include "curve/bucket_sum_kernel.inl"
